"""What one browser tab works with: the project, its jobs, and where its page hears of changes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from nicegui import Client, context, ui
from nicegui.element import Element
from nicegui.outbox import Outbox

from ionscape.errors import InputError

from .document import Document
from .jobs import JobRunner
from .live import LiveModel
from .project import LARGEST_UPLOAD, Project


@dataclass(frozen=True, kw_only=True, eq=False)
class Workbench:
    """What all tabs share.

    Attributes:
        project: the open project.
        jobs: its long computations.
        live: the model behind sliders.
        upload_limit: most bytes of an uploaded file.
    """

    project: Project
    jobs: JobRunner
    live: LiveModel
    upload_limit: int = LARGEST_UPLOAD

    @classmethod
    def of(cls, project: Project, *, upload_limit: int = LARGEST_UPLOAD) -> Workbench:
        """A workbench for an open project."""
        return cls(project=project, jobs=JobRunner(project), live=LiveModel(), upload_limit=upload_limit)

    def close(self) -> None:
        """End jobs and processes, and let others open the project."""
        self.live.close()
        self.jobs.close()
        self.project.close()


class _NoOutbox(Outbox):
    """Takes what a closed tab is sent.

    An upload or a calculation that was begun in a tab goes on when the tab is closed, and shows its result at the end;
    each such place, in every page, would otherwise have to look whether there is still anybody.
    """

    def __init__(self, before: Outbox) -> None:
        """Take the place of an outbox, whose loop sees to its own end.

        `Outbox.__init__` is left out: it starts a loop.
        """
        self._before = before

    def enqueue_update(self, element: Element) -> None:
        """Nothing: there is no browser."""

    def enqueue_delete(self, element: Element) -> None:
        """Nothing: there is no browser."""

    def enqueue_message(self, message_type: str, data: Any, target_id: str) -> None:
        """Nothing: there is no browser."""

    def stop(self) -> None:
        """End the loop."""
        self._before.stop()


class Session:
    """One browser tab. Made while its page is built; used in the event loop only.

    Attributes:
        workbench: shared with the other tabs.
        project: of the workbench.
        jobs: of the workbench.
        live: of the workbench.
        errors: what is wrong with the document by path, as of the last change.
        series_errors: the same for the series of glasses.
        state: what pages of this tab remember or tell each other, by names such as "simulate.selected".
    """

    def __init__(self, workbench: Workbench) -> None:
        """Begin to listen; ends when the tab is closed."""
        self.workbench = workbench
        self.project, self.jobs, self.live = workbench.project, workbench.jobs, workbench.live
        self.state: dict[str, Any] = {}
        self.errors: dict[str, InputError] = self.project.problem()
        self.series_errors: dict[str, InputError] = self.project.series_problem()
        self._client: Client = context.client
        self._loop: asyncio.AbstractEventLoop | None
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._callbacks: list[Callable[[str], Any]] = []
        self._pending: list[str] = []
        self._scheduled = False
        self._unsubscribe = self.project.subscribe(self._changed)
        self._client.on_delete(self._end)

    @property
    def alive(self) -> bool:
        """Whether the page of this tab is still there; look after every wait."""
        return not self._client.is_deleted

    def edit(self, path: str, value: Any) -> InputError | None:
        """Write a value into the document, None removes it; gives the error of that value, None if it is good.

        The value is saved in either case, as it would be in a file.
        """
        return self._edit(lambda: self.project.document.set(path, value), path)

    def edit_many(self, values: dict[str, Any], *, follows: bool = False) -> dict[str, InputError]:
        """Write several values as one change; gives the errors of them by path.

        Args:
            values: by path.
            follows: what the workbench does itself after a change, with which it is taken back.
        """
        try:
            self.project.document.set_many(values, follows=follows)
        except InputError as error:
            return {next(iter(values)): error}
        self.check()
        return {path: error for path in values if (error := self.error(path)) is not None}

    def insert(self, path: str, index: int, table: Any) -> InputError | None:
        """Put an entry, such as a stage, into a list of the document."""
        return self._edit(lambda: self.project.document.insert(path, index, table), path)

    def move(self, path: str, index: int, to: int) -> InputError | None:
        """Move an entry of a list of the document."""
        return self._edit(lambda: self.project.document.move(path, index, to), path)

    def replace(self, text: str) -> InputError | None:
        """Write another text as the document; nothing is changed if it is not TOML."""
        return self._edit(lambda: self.project.document.replace(text), "")

    def edit_series(self, path: str, value: Any) -> InputError | None:
        """The same as `edit` for the series of glasses."""
        try:
            self.project.series.set(path, value)
        except InputError as error:
            return error
        self.series_errors = self.project.series_problem()
        return _about(self.series_errors, path)

    def undo(self) -> bool:
        """Take back the last change of the document."""
        done = self.project.document.undo()
        self.check()
        return done

    def error(self, path: str, document: Literal["document", "series"] = "document") -> InputError | None:
        """The error of a value, or of an entry of it; None if it is good."""
        return _about(self.errors if document == "document" else self.series_errors, path)

    def check(self) -> dict[str, InputError]:
        """Look at the documents again; gives the errors of the first one by path."""
        self.errors = self.project.problem()
        return self.errors

    def on_change(self, callback: Callable[[str], Any]) -> Callable[[], None]:
        """Call a function in the event loop, in the context of this tab, after every change by any tab or job.

        Args:
            callback: gets what changed: "document", "series", "uploads", "results" or "jobs"; changes that follow each
                other closely are told once. May be a coroutine function.

        Returns:
            A function that ends it.
        """
        self._callbacks.append(callback)

        def end() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return end

    def notify(self, text: str, *, kind: Literal["info", "positive", "negative", "warning"] = "info") -> None:
        """Show a sentence at the lower edge of the page; those about failures stay until they are closed."""
        with self._client:
            lasting = kind in ("negative", "warning")
            ui.notify(text, type=kind, position="bottom", timeout=0 if lasting else max(4000, 70 * len(text)),
                      close_button="close" if lasting else False, multi_line=True)  # fmt: skip

    def document(self, name: Literal["document", "series"]) -> Document:
        """One of the two documents by its name."""
        return self.project.document if name == "document" else self.project.series

    def _edit(self, change: Callable[[], None], path: str) -> InputError | None:
        try:
            change()
        except InputError as error:
            return error
        self.check()
        return self.error(path)

    def _end(self) -> None:
        """The tab is closed: hear of nothing any more, and let what still runs for it write to nobody."""
        self._unsubscribe()
        self._callbacks.clear()
        self._client.outbox = _NoOutbox(self._client.outbox)

    def _changed(self, what: str) -> None:
        """From any thread: remember it, and tell the page in the event loop."""
        if self._loop is None or self._loop.is_closed():
            return
        with suppress(RuntimeError):  # the server is being stopped
            self._loop.call_soon_threadsafe(self._remember, what)

    def _remember(self, what: str) -> None:
        if what not in self._pending:
            self._pending.append(what)
        if not self._scheduled and self._loop is not None:
            self._scheduled = True
            self._loop.call_later(0.02, self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        pending, self._pending = self._pending, []
        if not self.alive:
            return
        if "document" in pending:
            self.check()
        if "series" in pending:
            self.series_errors = self.project.series_problem()
        for what in pending:
            for callback in list(self._callbacks):
                self._call(callback, what)

    def _call(self, callback: Callable[[str], Any], what: str) -> None:
        from nicegui import background_tasks, core

        try:
            with self._client:
                if inspect.iscoroutinefunction(callback):
                    background_tasks.create(self._in_client(callback, what))
                else:
                    callback(what)
        except Exception as error:  # noqa: BLE001 - one page must not stop the news for the others
            core.app.handle_exception(error)

    async def _in_client(self, callback: Callable[[str], Any], what: str) -> None:
        with self._client:
            await callback(what)


def _about(errors: dict[str, InputError], path: str) -> InputError | None:
    if path in errors:
        return errors[path]
    inner = (error for key, error in errors.items() if path and key.startswith((f"{path}.", f"{path}[")))
    return next(inner, None)
