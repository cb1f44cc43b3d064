"""What one browser tab works with: the project, its jobs, and where its page hears of changes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nicegui import Client, context, ui
from nicegui.element import Element
from nicegui.outbox import Outbox

from ionscape.errors import InputError

from .document import Document
from .jobs import JobRunner
from .live import LiveModel
from .project import LARGEST_UPLOAD, Project
from .theme import Theme

if TYPE_CHECKING:
    from ionscape.experiment import Experiment

Which = Literal["document", "series", "landscapes"]
"""The documents: experiment, measurement and fit in one, a series of glasses, what is calculated of its landscapes."""


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
        theme: whether the page is dark.
        errors: what is wrong with the document by path, as of the last change.
        series_errors: the same for the series of glasses.
        landscapes_errors: the same for what is calculated of its landscapes.
        experiment: that the document describes, as of the last change; None if there is none without mistakes.
    """

    def __init__(self, workbench: Workbench) -> None:
        """Begin to listen; ends when the tab is closed."""
        self.workbench = workbench
        self.project, self.jobs, self.live = workbench.project, workbench.jobs, workbench.live
        self.theme = Theme()
        self.errors: dict[str, InputError] = {}
        self.series_errors: dict[str, InputError] = {}
        self.landscapes_errors: dict[str, InputError] = {}
        self.experiment: Experiment | None = None
        self.check()
        self.check("series")
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

    def edit(self, path: str, value: Any, which: Which = "document") -> InputError | None:
        """Write a value into a document, None removes it; gives the error of that value, None if it is good.

        The value is saved in either case, as it would be in a file.
        """
        return self.edit_many({path: value}, which=which).get(path)

    def edit_many(
        self, values: Mapping[str, Any], *, follows: bool = False, which: Which = "document"
    ) -> dict[str, InputError]:
        """Write several values as one change; gives the errors of them by path.

        Args:
            values: by path.
            follows: what the workbench does itself after a change, with which it is taken back.
            which: of the documents.
        """
        try:
            self.document(which).set_many(values, follows=follows)
        except InputError as error:
            return {next(iter(values)): error}
        self.check(which)
        return {path: error for path in values if (error := self.error(path, which)) is not None}

    def undo(self, which: Which = "document") -> bool:
        """Take back the last change of a document; False, and a word about it, if there is none."""
        done = self.document(which).undo()
        if not done:
            self.notify("There is nothing to take back.")
        self.check(which)
        return done

    def error(self, path: str, which: Which = "document") -> InputError | None:
        """The error of a value, or of an entry of it; None if it is good."""
        errors = self.errors_of(which)
        inner = (error for key, error in errors.items() if path and key.startswith((f"{path}.", f"{path}[")))
        return errors.get(path) or next(inner, None)

    def errors_of(self, which: Which) -> dict[str, InputError]:
        """What is wrong with a document by path, as of the last change."""
        found = {"document": self.errors, "series": self.series_errors, "landscapes": self.landscapes_errors}
        return found[which]

    def check(self, which: Which = "document") -> None:
        """Look at a document again."""
        if which == "document":
            looked = self.project.look()
            self.errors, self.experiment = looked.errors, looked.experiment
            return
        if which == "series":
            self.series_errors = self.project.series_problem()
        # they are those of the glasses of the series
        self.landscapes_errors = self.project.landscapes_problem()

    def on_change(self, callback: Callable[[str], Any]) -> None:
        """Call a function in the event loop, in the context of this tab, after every change by any tab or job.

        Args:
            callback: gets what changed: "document", "series", "landscapes", "uploads", "results" or "jobs"; changes
                that follow each other closely are told once. May be a coroutine function.
        """
        self._callbacks.append(callback)

    def notify(self, text: str, *, kind: Literal["info", "positive", "negative", "warning"] = "info") -> None:
        """Show a sentence at the lower edge of the page; those about failures stay until they are closed."""
        with self._client:
            lasting = kind in ("negative", "warning")
            ui.notify(text, type=kind, position="bottom", timeout=0 if lasting else max(4000, 70 * len(text)),
                      close_button="close" if lasting else False, multi_line=True)  # fmt: skip

    def document(self, which: Which) -> Document:
        """One of the documents by its name."""
        return getattr(self.project, which)

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
        for what in pending:
            if what in ("document", "series", "landscapes"):
                self.check(what)
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
