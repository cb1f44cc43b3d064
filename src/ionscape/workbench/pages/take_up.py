"""A line that says that a computation was interrupted and can go on."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from ionscape.workbench.jobs import Job
from ionscape.workbench.session import Session


def interrupted(session: Session, kinds: tuple[str, ...] | None = None) -> list[Job]:
    """The interrupted jobs after which none of their kind was started.

    Args:
        session: of the tab.
        kinds: of the jobs; None for all.
    """
    latest = {job.kind: job for job in session.jobs.jobs}
    return [job for kind, job in latest.items() if job.state == "interrupted" and (kinds is None or kind in kinds)]


def line(session: Session, kinds: tuple[str, ...], mark: str) -> None:
    """Make a line for each interrupted job of these kinds, with a button that takes it up; none without such jobs."""
    place = ui.column().classes("w-full").style("gap: 4px")
    shown: list[Job] = []

    def refresh(what: str = "jobs") -> None:
        found = interrupted(session, kinds) if what == "jobs" else shown
        if found == shown:
            return
        shown[:] = found
        place.clear()
        place.set_visibility(bool(found))
        with place:
            for job in found:
                with ui.row().classes("w-full items-center no-wrap").style("gap: 8px"):
                    ui.label(f"Run {int(job.identifier)} ({job.kind}) was interrupted.").classes("workbench-error")
                    again = ui.button("Take up", on_click=partial(session.jobs.take_up, job))
                    again.props("dense outline size=sm").classes("q-px-sm").mark(mark)
                    again.tooltip("It goes on where it was")

    place.set_visibility(False)
    refresh()
    session.on_change(refresh)
