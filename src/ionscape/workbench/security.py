"""Who may talk to the server: whoever has the token, from this page, under the names of the server."""

from __future__ import annotations

import hmac
import secrets
from html import escape
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEBIBYTE = 2**20
COOKIE = "ionscape-token"
"""The name of the cookie begins so and ends with the port: browsers send cookies to all ports of a machine, and two
workbenches must not take each other's away."""
WITHOUT_TOKEN = (
    "This workbench asks for a token: open the address that it printed, with the token in it, in the terminal where"
    " `ionscape workbench` was started."
)
TOO_LARGE = "The file is larger than this workbench takes."
LOOPBACK = ("127.0.0.1", "localhost", "::1")

# Nothing but this server is ever asked: scripts, styles, fonts and pictures come from it, and no page may frame it.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: data:; worker-src 'self' blob:;"
    " object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def make_token() -> str:
    """A token that nobody guesses: 256 random bits."""
    return secrets.token_urlsafe(32)


class SecurityMiddleware:
    """Refuses requests by other sites, under other names, without the token, or that are too large."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, token: str | None, largest_request: int) -> None:
        """Keep the rules.

        Args:
            app: what answers the requests that are let through.
            host: address that the server listens on.
            port: of the server.
            token: that requests must bring; None asks for none.
            largest_request: bytes of the body of a request.
        """
        self.app = app
        self.port = port
        self.token = token
        self.largest_request = largest_request
        # an address such as 0.0.0.0 stands for all names of the machine, which are not known; the token guards it
        named = None if host in ("0.0.0.0", "::") else {host, *(LOOPBACK if host in LOOPBACK else ())}
        self.hosts = None if named is None else {_authority(name, port) for name in named}
        if self.hosts is not None and port == 80:
            self.hosts |= {bracketed(name) for name in named or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a refusal."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        refusal = self._refusal(asked)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
            return
        if self.token is not None:
            # also with the cookie: the token has no place in an address that stays
            if scope["type"] == "http" and self._is_token(asked.query_params.get("token", "")):
                await self._keep_token(asked)(scope, receive, send)
                return
            if not any(self._is_token(value) for name, value in asked.cookies.items() if name.startswith(COOKIE)):
                await _refuse(scope, receive, send, 403, WITHOUT_TOKEN)
                return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(_with_headers(message))

        try:
            await self.app(scope, self._limited(receive), sending)
        except _TooLargeError:
            if started:
                raise
            await _refuse(scope, receive, send, 413, TOO_LARGE)

    def _refusal(self, asked: HTTPConnection) -> tuple[int, str] | None:
        headers = asked.headers
        host = headers.get("host", "").lower()
        if self.hosts is not None and host not in self.hosts:
            return 421, "This server answers under its own name only."
        origin = headers.get("origin")
        if origin is not None:
            if origin.lower() not in (f"http://{host}", f"https://{host}"):
                return 403, "Requests of other sites are refused."
        elif asked.scope["type"] == "websocket":
            return 403, "A connection without an origin is refused."
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            return 403, "Requests of other sites are refused."
        length = headers.get("content-length")
        if length is not None and (not length.isdigit() or int(length) > self.largest_request):
            return 413, TOO_LARGE
        return None

    def _is_token(self, found: str) -> bool:
        return self.token is not None and hmac.compare_digest(found.encode(), self.token.encode())

    def _keep_token(self, asked: HTTPConnection) -> ASGIApp:
        """The answer that keeps the token as a cookie, and shows the address without it."""
        query = [(name, value) for name, value in asked.query_params.multi_items() if name != "token"]
        place = quote(asked.scope["path"]) or "/"
        if place.startswith("//"):
            place = "/"  # would be read as the name of another host
        if query:
            place += f"?{urlencode(query)}"
        target = escape(place)
        # a redirect of a click in another page, or in a file, brings no strict cookie; a page of our own does
        page = f'<!doctype html><meta http-equiv="refresh" content="0; url={target}"><a href="{target}">ionscape</a>'
        cross = asked.headers.get("sec-fetch-site") == "cross-site"
        answer = HTMLResponse(page) if cross else RedirectResponse(place, 303)
        cookie = f"{COOKIE}-{self.port}={self.token}; Path=/; HttpOnly; SameSite=Strict"
        answer.raw_headers += [(b"set-cookie", cookie.encode()), (b"cache-control", b"no-store"), *HEADERS]
        return answer

    def _limited(self, receive: Receive) -> Receive:
        """Count a body, which may come without its length."""
        total = 0

        async def counted() -> Message:
            nonlocal total
            message = await receive()
            if message["type"] == "http.request":
                total += len(message.get("body", b""))
                if total > self.largest_request:
                    raise _TooLargeError
            return message

        return counted


class _TooLargeError(Exception):
    """The body of a request has become too large."""


def _authority(name: str, port: int) -> str:
    return f"{bracketed(name)}:{port}"


def bracketed(name: str) -> str:
    """A host as it stands in an address, where IPv6 needs brackets."""
    return f"[{name}]" if ":" in name else name


def _with_headers(message: Message) -> Message:
    if message["type"] != "http.response.start":
        return message
    present = {name.lower() for name, _ in message.get("headers", ())}
    added = [(name, value) for name, value in HEADERS if name not in present]
    return {**message, "headers": [*message.get("headers", ()), *added]}


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await receive()  # the request to connect, which has to be taken before it is refused
        await send({"type": "websocket.close", "code": 1008, "reason": sentence})
        return
    answer = PlainTextResponse(f"{sentence}\n", status, {"connection": "close"})
    answer.raw_headers += HEADERS
    await answer(scope, receive, send)
