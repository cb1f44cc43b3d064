"""Visits to pages of the workbench without a browser: build a page for a project, act on it, look at it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

from nicegui import ui
from nicegui.testing import User, user_simulation

from ionscape.workbench.app import page
from ionscape.workbench.project import LARGEST_UPLOAD, open_project
from ionscape.workbench.session import Session, Workbench

LONGEST = 240.0  # s, for a whole visit


class Visit:
    """A page that is open."""

    def __init__(self, user: User, session: Session) -> None:
        self.user, self.session = user, session
        self.document = session.project.document

    def element(self, marker: str) -> Any:
        (found,) = self.user.find(marker=marker).elements
        return found

    def there(self, marker: str) -> bool:
        with self.user.client or self.session._client:
            return bool(ui_elements(marker))

    def shown(self, marker: str) -> bool:
        """Whether an element is there and not hidden."""
        with self.user.client or self.session._client:
            return any(element.visible for element in ui_elements(marker))

    def set(self, marker: str, value: Any) -> None:
        with self.user.client:
            self.element(marker).set_value(value)

    def click(self, marker: str) -> None:
        self.user.find(marker=marker).click()

    def texts(self) -> str:
        """All visible texts of labels."""
        with self.user.client:
            return "\n".join(label.text for label in ui_kind(ui.label) if label.visible and label.text)

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never became true"
            await asyncio.sleep(0.02)

    async def settled(self) -> None:
        """Wait until changes have been told to the page."""
        await asyncio.sleep(0.15)


def ui_elements(marker: str) -> list[Any]:
    from nicegui import ElementFilter

    return list(ElementFilter(marker=marker))


def ui_kind(kind: type) -> list[Any]:
    from nicegui import ElementFilter

    return list(ElementFilter(kind=kind))


@contextlib.contextmanager
def short_collections() -> Generator[None]:
    """The simulated browser collects garbage before and after: it need not look through all that was there before."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _TooLate(KeyboardInterrupt):
    """As an interruption, which alone an event loop lets pass."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Generator[None]:
    """End what takes longer, the end of an event loop included, for whose stubborn tasks asyncio waits for ever.

    Raises:
        TimeoutError: it took longer; what was raised before it is its context.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def end(*_: object) -> None:
        raise _TooLate

    earlier = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, 2.0)
    try:
        yield
    except _TooLate:
        raise TimeoutError(f"a visit took longer than {seconds:g} s")  # noqa: B904 - its context tells what went wrong
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, earlier)


def visit(
    folder: Path,
    tab: str,
    act: Callable[[Visit], Awaitable[None]],
    *,
    text: str = "",
    upload_limit: int = LARGEST_UPLOAD,
    longest: float = LONGEST,
) -> None:
    """Open a page of a project (with `text` as its document) and act on it, for `longest` seconds at most."""
    project = open_project(folder)
    if text:
        project.document.replace(text)
    workbench = Workbench.of(project, upload_limit=upload_limit)
    sessions: list[Session] = []

    async def run() -> None:
        async with user_simulation(root=lambda: sessions.append(page(workbench, tab))) as user:
            await user.open("/")
            await act(Visit(user, sessions[-1]))

    try:
        with short_collections(), time_limit(longest):
            asyncio.run(run())
    finally:
        workbench.close()
