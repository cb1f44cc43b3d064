"""Who may talk to the workbench, and what it never serves or writes."""

import asyncio
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from ionscape.errors import InputError
from ionscape.workbench.app import free_port
from ionscape.workbench.project import open_project
from ionscape.workbench.security import COOKIE, SecurityMiddleware, make_token
from ionscape.workbench.session import Workbench

TOKEN = "a" * 43
HOME = [(b"host", b"127.0.0.1:8420")]


async def _application(scope, receive, send):
    """Reads the whole body and says how long it was."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def ask(
    headers=HOME, *, kind="http", path="/", query=b"", body=(b"",), host="127.0.0.1", token=None, limit=1000
):  # fmt: skip
    """Status, headers and body of the answer; for a websocket the type of the first message."""
    guarded = SecurityMiddleware(_application, host=host, port=8420, token=token, largest_request=limit)
    chunks = list(body)
    sent = []

    async def receive():
        if kind == "websocket":
            return {"type": "websocket.connect"}
        part = chunks.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(chunks)}

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "path": path, "query_string": query, "headers": list(headers), "method": "GET"}
    asyncio.run(guarded(scope, receive, send))
    if kind == "websocket":
        return sent[0]["type"]
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


class TestNames:
    @pytest.mark.parametrize("host", [b"127.0.0.1:8420", b"localhost:8420", b"LOCALHOST:8420", b"[::1]:8420"])
    def test_own_names(self, host):
        assert ask([(b"host", host)])[0] == 200

    @pytest.mark.parametrize(
        "host", [b"evil.example:8420", b"127.0.0.1", b"127.0.0.1:80", b"127.0.0.1:8420.evil.example", b"", b"localhost"]
    )
    def test_other_names_are_refused(self, host):
        assert ask([(b"host", host)])[0] == 421
        assert ask([(b"host", host)], kind="websocket") == "websocket.close"

    def test_without_a_name(self):
        assert ask([])[0] == 421


class TestOrigins:
    def test_own_origin(self):
        headers = [*HOME, (b"origin", b"http://127.0.0.1:8420")]
        assert ask(headers)[0] == 200
        assert ask(headers, kind="websocket") == "websocket.accept"

    @pytest.mark.parametrize(
        "origin",
        [b"http://evil.example", b"http://127.0.0.1:9999", b"http://localhost:8420", b"null", b"file://", b"http://[",
         b""],
    )  # fmt: skip
    def test_foreign_origins_are_refused(self, origin):
        headers = [*HOME, (b"origin", origin)]
        assert ask(headers)[0] == 403
        assert ask(headers, kind="websocket") == "websocket.close"

    def test_a_websocket_needs_an_origin(self):
        assert ask(kind="websocket") == "websocket.close"

    def test_what_other_sites_embed_is_refused(self):
        for mode, status in ((b"no-cors", 403), (b"cors", 403), (b"navigate", 200)):
            headers = [*HOME, (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", mode)]
            assert ask(headers)[0] == status


class TestSize:
    def test_announced(self):
        assert ask([*HOME, (b"content-length", b"1000")], body=[b"x" * 1000])[2] == b"1000"
        for length in (b"1001", b"-1", b"many"):
            assert ask([*HOME, (b"content-length", length)])[0] == 413

    def test_not_announced(self):
        assert ask(body=[b"x" * 500, b"x" * 500])[2] == b"1000"
        assert ask(body=[b"x" * 500, b"x" * 501])[0] == 413


class TestToken:
    def test_is_long_and_new_each_time(self):
        assert make_token() != make_token()
        assert len(make_token()) >= 43

    def test_without_it_nothing_is_told(self):
        for query in (b"", b"token=", b"token=wrong", b"token=" + b"a" * 42, b"token=%ff%00", "token=ä".encode()):
            status, _, body = ask(query=query, token=TOKEN)
            assert status == 403
            assert TOKEN.encode() not in body
            assert b"open the address that it printed" in body
        for cookie in (b"", b"wrong", "ä".encode(), TOKEN.encode()[:-1]):
            assert ask([*HOME, (b"cookie", COOKIE.encode() + b"=" + cookie)], token=TOKEN)[0] == 403
        assert ask([*HOME, (b"cookie", b"other=" + TOKEN.encode())], token=TOKEN)[0] == 403

    def test_becomes_a_cookie_and_leaves_the_address(self):
        status, headers, _ = ask(query=b"tab=fit&token=" + TOKEN.encode(), token=TOKEN)
        assert status == 303
        assert headers[b"location"] == b"/?tab=fit"
        cookie = headers[b"set-cookie"].decode()
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        brought = cookie.split(";")[0].encode()
        assert ask([*HOME, (b"cookie", brought)], token=TOKEN)[0] == 200

    def test_leaves_the_address_of_a_browser_that_has_the_cookie_too(self):
        cookie = (b"cookie", f"{COOKIE}-8420={TOKEN}".encode())
        assert ask([*HOME, cookie], query=b"token=" + TOKEN.encode(), token=TOKEN)[0] == 303

    def test_from_another_page_comes_by_a_page_of_our_own(self):
        """A browser sends no strict cookie with the redirect of a click in a mail, or in a file."""
        headers = [*HOME, (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate")]
        status, found, body = ask(headers, query=b"tab=%22%3E&token=" + TOKEN.encode(), token=TOKEN)
        assert status == 200
        assert COOKIE.encode() in found[b"set-cookie"]
        assert b'content="0; url=/?tab=%22%3E"' in body
        assert TOKEN.encode() not in body

    def test_of_two_workbenches_and_the_cookies_of_others_stay_apart(self):
        _, headers, _ = ask(query=b"token=" + TOKEN.encode(), token=TOKEN)
        own = headers[b"set-cookie"].split(b";")[0]
        assert own.startswith(b"ionscape-token-8420=")  # a browser keeps one for each port of a machine
        others = b'_xsrf=2|a|b; state={"a": 1}; ionscape-token-8421=other; ;x'
        assert ask([*HOME, (b"cookie", others + b"; " + own)], token=TOKEN)[0] == 200

    def test_does_not_lead_to_another_host(self):
        _, headers, _ = ask(path="//evil.example/", query=b"token=" + TOKEN.encode(), token=TOKEN)
        assert headers[b"location"] == b"/"

    def test_a_websocket_needs_the_cookie(self):
        origin = [*HOME, (b"origin", b"http://127.0.0.1:8420")]
        query = b"token=" + TOKEN.encode()
        assert ask(origin, kind="websocket", token=TOKEN, query=query) == "websocket.close"
        cookie = (b"cookie", f"{COOKIE}={TOKEN}".encode())
        assert ask([*origin, cookie], kind="websocket", token=TOKEN) == "websocket.accept"

    def test_all_addresses_of_a_machine(self):
        headers = [(b"host", b"glass-lab:8420"), (b"cookie", f"{COOKIE}={TOKEN}".encode())]
        assert ask(headers, host="0.0.0.0", token=TOKEN)[0] == 200
        assert ask([*headers, (b"origin", b"http://evil.example")], host="0.0.0.0", token=TOKEN)[0] == 403


def test_answers_allow_no_other_host_and_no_frame():
    _, headers, _ = ask()
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "*" not in policy
    assert headers[b"x-content-type-options"] == b"nosniff"


def test_a_taken_port_is_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="cannot be used"):
            free_port("127.0.0.1", taken.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Port, cookie and folder of a server; the project is in a folder of that folder."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "secret.txt").write_text("the secret")
    with serving(folder) as (port, token, _):
        yield port, {"Cookie": cookie_of(port, token)}, folder


def cookie_of(port, token):
    """What a browser sends after it has opened the address with the token."""
    status, headers, _ = ask_server(port, f"/?token={token}")
    assert (status, headers["location"]) == (303, "/")
    return headers["set-cookie"].split(";")[0]


@contextmanager
def serving(folder, *arguments):
    """Port, token and process of a server as `ionscape workbench` starts it."""
    script = folder / "serve.py"
    script.write_text(
        "import typer\nfrom ionscape.cli.workbench import workbench_command\n"
        "if __name__ == '__main__':\n    typer.run(workbench_command)\n",
        encoding="utf-8",
    )
    port = free_port("127.0.0.1", 0)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NICEGUI"))}
    words = [sys.executable, str(script), str(folder / "project"), "--no-browser", "--port", str(port), *arguments]
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, cwd=folder) as server:
        try:
            token = re.fullmatch(rf"ionscape workbench: http://127\.0\.0\.1:{port}/\?token=([\w-]{{43}})\n",
                                 server.stderr.readline())[1]  # fmt: skip
            end = time.monotonic() + 60
            while True:
                try:
                    ask_server(port, "/favicon.ico")
                    break
                except OSError:
                    assert time.monotonic() < end
                    time.sleep(0.1)
            yield port, token, server
        finally:
            server.terminate()


@pytest.mark.skipif(os.name != "posix", reason="needs /proc")
class TestServer:
    """The real server in a process of its own."""

    def test_the_page_names_no_other_host(self, served):
        port, cookie, _ = served
        status, headers, body = ask_server(port, "/", cookie)
        assert status == 200
        assert "default-src 'self'" in headers["content-security-policy"]
        assert not re.findall(rb"""(?:src|href)=["']?(?:https?:)?//""", body)

    def test_is_reached_by_this_machine_only(self, served):
        port = served[0]
        lines = Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()[1:]
        listening = [line.split()[1] for line in lines[1:] if line.split()[3] == "0A"]
        assert [address for address in listening if address.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]

    @pytest.mark.parametrize(
        "path",
        [
            "/secret.txt", "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/uploads/../../secret.txt",
            "/_nicegui/x/static/../../../secret.txt", "/etc/passwd", "//etc/passwd", "/project.json", "/analysis.toml",
        ],
    )  # fmt: skip
    def test_files_are_not_served(self, served, path):
        port, cookie, _ = served
        status, _, body = ask_server(port, path, cookie)
        assert status in (400, 404)
        assert b"the secret" not in body
        assert b"root:" not in body
        assert b"ionscape project" not in body

    def test_foreign_pages_are_refused(self, served):
        port, cookie, _ = served
        assert ask_server(port, "/", {"Host": "evil.example"})[0] == 421
        foreign = {**cookie, "Origin": "http://evil.example"}
        assert ask_server(port, "/", foreign)[0] == 403
        assert ask_server(port, "/_nicegui_ws/socket.io/?EIO=4&transport=polling", foreign)[0] == 403
        handshake = {
            **foreign, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }  # fmt: skip
        path = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
        assert ask_server(port, path, handshake)[0] == 403
        assert ask_server(port, path, {**handshake, "Origin": f"http://127.0.0.1:{port}"})[0] == 101

    def test_large_bodies_are_refused(self, served):
        status, _, _ = ask_server(served[0], "/", {"Content-Length": str(2**40)}, method="POST")
        assert status == 413

    @pytest.mark.parametrize("cookie", [{}, {"Cookie": f"{COOKIE}={TOKEN}"}])
    def test_other_accounts_of_the_machine_get_nothing(self, served, cookie):
        """They reach the port as the owner does, and may send any head."""
        port, mine, _ = served
        _, headers, body = ask_server(port, "/", mine)
        assert headers["content-type"].startswith("text/html")
        parts = set(re.findall(r"/_nicegui/[\w./-]+\.(?:js|css)", body.decode()))
        assert parts
        for path in ("/", "/?tab=files", "/favicon.ico", "/docs", "/openapi.json", *sorted(parts)[:3],
                     "/_nicegui/auto/dynamic/x", "/_nicegui/client/x/upload/1",
                     "/_nicegui_ws/socket.io/?EIO=4&transport=polling"):  # fmt: skip
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
                status, found, told = ask_server(port, path, {**cookie, "Content-Length": "0"}, method=method)
                assert (status, method) == (403, method)
                assert "set-cookie" not in found
                assert told == b"" if method == "HEAD" else b"the terminal where" in told
        handshake = {
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": f"http://127.0.0.1:{port}",
        }  # fmt: skip
        path = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
        assert ask_server(port, path, {**handshake, **cookie})[0] == 403
        assert ask_server(port, path, {**handshake, **mine})[0] == 101

    def test_the_token_is_in_no_file(self, served):
        _, mine, folder = served
        token = mine["Cookie"].split("=")[1].encode()
        assert [path for path in folder.rglob("*") if path.is_file() and token in path.read_bytes()] == []

    def test_nothing_is_written_outside_of_the_project(self, served):
        *_, folder = served
        assert {path.name for path in folder.iterdir()} == {"secret.txt", "serve.py", "project"}

    def test_a_second_server_is_refused(self, served):
        *_, folder = served
        words = [sys.executable, "-c", "import sys; from ionscape.workbench.app import run_workbench;"
                 "run_workbench(sys.argv[1], browser=False)", str(folder / "project")]  # fmt: skip
        found = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert "is open in another workbench already" in found.stderr

    def test_another_host_asks_for_the_token_that_is_printed_once(self, tmp_path):
        with serving(tmp_path, "--host", "0.0.0.0") as (port, token, server):
            assert ask_server(port, "/")[0] == 403
            assert ask_server(port, "/", {"Cookie": cookie_of(port, token)})[0] == 200
            server.terminate()
            assert token not in server.stderr.read()


def test_the_browser_is_started_without_the_token_among_its_words(monkeypatch, tmp_path):
    """Other accounts see the words of every process; the page that they name is for its owner alone."""
    from ionscape.workbench import app

    opened, seen = threading.Event(), []

    def browser(address):
        page = Path(urllib.request.url2pathname(urllib.parse.urlsplit(address).path))
        seen.extend([address, page.read_text(encoding="utf-8"), page.parent, page.parent.stat().st_mode & 0o777])
        opened.set()

    workbench = Workbench.of(open_project(tmp_path / "project"))
    monkeypatch.setattr(app.webbrowser, "open", browser)
    monkeypatch.setattr(app.app, "add_middleware", lambda *_, **__: None)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        monkeypatch.setattr(app.ui, "run", lambda **_: opened.wait(20.0))
        app.serve(workbench, host="127.0.0.1", port=port, token=TOKEN, browser=True)
    address, text, folder, mode = seen
    assert TOKEN not in address
    assert f"http://127.0.0.1:{port}/?token={TOKEN}" in text
    assert mode == 0o700 or os.name != "posix"
    assert not folder.exists()


def ask_server(port, path, headers=None, *, method="GET"):
    """Status, headers (lower case) and body of an answer; the path is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in (headers or {}))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = b"" if answer.status == 101 else answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
    finally:
        connection.close()
