"""The jobs of a page: started, cancelled, watched, taken up again where they were interrupted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nicegui import ui

from ionscape.workbench.jobs import Job
from ionscape.workbench.parts import OUTLINED, column, line, row, text_button
from ionscape.workbench.session import Session
from ionscape.workbench.wording import page_words


class JobPanel:
    """Controls of the latest job of a kind.

    Attributes:
        buttons: the row of its buttons.
    """

    def __init__(self, session: Session, kind: str, name: str, what: str, start: tuple[str, Callable[[], Any]]) -> None:
        """Make the controls.

        Args:
            session: of the tab.
            kind: of the jobs.
            name: of the page, which begins the marks.
            what: it is that makes progress.
            start: what starts one, and its word on the button.
        """
        self._session, self._kind = session, kind
        self.buttons = row(8)
        with self.buttons:
            self._run = text_button(*start, f"{name}-run", icon="play_arrow", look="dense")
            self._cancel = text_button("Cancel", self._stop, f"{name}-cancel", look="dense outline")
        self._progress = ui.linear_progress(value=0.0, show_value=False).props("instant-feedback rounded")
        self._progress.props["aria-label"] = f"progress of the {what}"
        take_up_line(session, (kind,), f"{name}-take-up")
        self._state = line("note").mark(f"{name}-state")
        self._problem = line("error").mark(f"{name}-problem")

    @property
    def job(self) -> Job | None:
        """The latest job of the kind."""
        return self._session.jobs.latest(self._kind)

    def show(self, *, ready: bool, state: str, problem: str) -> None:
        """Show the job as it is now.

        Args:
            ready: whether another one can be started.
            state: of the job, in a few words.
            problem: what stands against a job, or why it failed.
        """
        job = self.job
        active = job is not None and job.active
        self._run.set_enabled(ready)
        self._cancel.set_enabled(active)
        self._progress.set_visibility(active)
        self._progress.set_value((job.fraction if job is not None else None) or 0.0)
        self._state.set_text(state)
        self._problem.set_text(problem)

    def _stop(self) -> None:
        job = self.job
        if job is not None and job.active:
            self._session.jobs.cancel(job)


def state_of_landscapes(job: Job | None) -> tuple[str, str]:
    """How far a job over landscapes is, and what stands against it or why it failed; in words."""
    if job is None:
        return "", ""
    if job.active:
        done, total = job.progress.get("done", 0), job.progress.get("total")
        found = job.progress.get("resumed", 0)
        state = f"{done} of {total} landscapes" if total else "starts" if job.state == "running" else "waits"
        return state + (f", {found} of an earlier run" if found else ""), ""
    return ("finished", "") if job.state == "finished" else ("", job.ending.told(page_words) or job.state)


def interrupted(session: Session, kinds: tuple[str, ...] | None = None) -> list[Job]:
    """The interrupted jobs after which none of their kind was started.

    Args:
        session: of the tab.
        kinds: of the jobs; None for all.
    """
    latest = {job.kind: job for job in session.jobs.jobs}
    return [job for kind, job in latest.items() if job.state == "interrupted" and (kinds is None or kind in kinds)]


def take_up_line(session: Session, kinds: tuple[str, ...], mark: str) -> None:
    """Make a line for each interrupted job of these kinds, with a button that takes it up; none without such jobs."""
    shown: list[Job] = []

    @ui.refreshable
    def lines() -> None:
        shown[:] = interrupted(session, kinds)
        for job in shown:
            with row(8):
                line("error", f"Run {int(job.identifier)} ({job.kind}) was interrupted.")
                text_button("Take up", partial(session.jobs.take_up, job), mark, look=OUTLINED,
                            tip="It goes on where it was")  # fmt: skip

    def refresh(what: str) -> None:
        if what == "jobs" and interrupted(session, kinds) != shown:
            lines.refresh()

    with column():
        lines()
    session.on_change(refresh)
