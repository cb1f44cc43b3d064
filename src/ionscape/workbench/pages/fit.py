"""The page of the fit: free parameters, a fit that can be watched and stopped, its result with intervals and bands."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from nicegui import background_tasks, run, ui

from ionscape.errors import InputError
from ionscape.inference import FitResult
from ionscape.workbench.drawing import Axis, Curve, Plot
from ionscape.workbench.fitting import progress_rows
from ionscape.workbench.jobs import Job
from ionscape.workbench.pages import notes, take_up
from ionscape.workbench.pages.fit_parameters import ParameterList, experiment_of
from ionscape.workbench.pages.fit_results import FitResults, fitted_values
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.reading import fit_problems, read_fit_result
from ionscape.workbench.session import Session

KINDS = ("fit", "profile-likelihood", "mcmc")
TITLES = {"fit": "Least squares", "profile-likelihood": "Profile likelihood", "mcmc": "Posterior"}
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#8C510A")
NO_RESOLUTION = (
    "The measurement has no depth resolution: the front of a simulation is then sharper than any instrument shows it,"
    " which bends all parameters. Give it on the page Measurement."
)
ASSUMED_RESOLUTION = (
    "The depth resolution of the measurement is assumed, not measured: it bends all parameters. Give that of your"
    " instrument on the page Measurement."
)
RESOLUTION = "measurement.depth_resolution"
WELCOME = (
    "A fit needs a calibrated measurement and an experiment. The usual parameters are ticked on the left with bounds"
    " around the values of the experiment; start the fit when they suit you."
)


_STYLE = """
.fit-bounds .q-field__control { padding: 0 6px; }
.fit-bounds .q-field__native { font-size: 12.5px; }
"""


def build(session: Session) -> None:
    """Build the page in the current container."""
    ui.add_css(_STYLE)
    notes.add_style()
    FitPage(session)


class FitPage:
    """Parameters and settings on the left; progress and result on the right."""

    def __init__(self, session: Session) -> None:
        """Make the elements, and show what is there already."""
        self.session = session
        self._found: dict[str, str] = {}
        self._checked_revision = -1
        self._loaded: object = None
        self._waiting_report = ""
        with ui.row().classes("w-full no-wrap").style("gap: 0; align-items: stretch"):
            with ui.column().classes("workbench-settings").style("gap: 8px"):
                self._buttons()
                self._list = ParameterList(session)
            with ui.column().classes("workbench-figures").style("gap: 8px"):
                self._live()
                self._welcome = ui.label(WELCOME).classes("workbench-note q-pa-md").style("max-width: 620px")
                self._results = FitResults(session)
        session.on_change(self._changed)
        self._experiment = experiment_of(session)
        self._list.suggest(self._experiment)
        self._show()
        ui.timer(0.01, self._load, once=True)

    def _buttons(self) -> None:
        with ui.row().classes("w-full items-center").style("gap: 6px"):
            self._start = ui.button("Start the fit", icon="play_arrow", on_click=self._submit_fit)
            self._start.props("dense no-caps").classes("q-px-md").mark("fit-start")
            self._cancel = ui.button("Stop", icon="stop", on_click=self._stop).props("dense outline no-caps")
            self._cancel.classes("q-px-sm").mark("fit-cancel").tooltip("The best so far is kept")
        with ui.row().classes("w-full items-center").style("gap: 6px"):
            self._further: list[ui.button] = []
            for text, kind, tip in (
                ("Profile likelihood", "profile-likelihood", "Intervals without the assumption of normal errors"),
                ("Posterior", "mcmc", "Draws from the posterior by Markov chains"),
            ):
                again = ui.button(text, on_click=partial(self._submit, kind)).props("dense flat no-caps")
                again.mark(f"fit-{kind}").tooltip(tip)
                self._further.append(again)
            self._report = ui.button("Report", icon="description", on_click=self._submit_report)
            self._report.props("dense flat no-caps").mark("fit-report").tooltip("Write the report and take it away")
            self._further.append(self._report)
        self._take = ui.button("Take the fitted values into the experiment", icon="input", on_click=self._take_values)
        self._take.props("dense flat no-caps size=sm").mark("fit-take-values")
        self._take.tooltip("Write the estimates into the experiment; the fit then starts from them")
        take_up.line(self.session, KINDS, "fit-take-up")
        self._problem = ui.label().classes("workbench-error w-full").props("role=alert").mark("fit-problem")
        self._note = notes.warning(NO_RESOLUTION).mark("fit-no-resolution")

    def _live(self) -> None:
        self._progress = ui.column().classes("w-full").style("gap: 4px").mark("fit-progress")
        with self._progress:
            with ui.row().classes("w-full items-center no-wrap").style("gap: 10px"):
                ui.spinner(size="1.2em")
                self._headline = ui.label().mark("fit-headline")
            self._bar = ui.linear_progress(value=0.0, show_value=False).props("instant-feedback")
            self._bar.props["aria-label"] = "progress of the fit"
            with ui.row().classes("w-full no-wrap").style("gap: 16px"):
                with ui.column().style("flex: 1 1 0; min-width: 0"):
                    self._costs = PlotView(
                        self.session, mark="fit-cost-plot", label="Cost over simulations", height=220
                    )
                self._values = ui.column().style("gap: 0; width: 330px").mark("fit-values")

    # what happens ----------------------------------------------------------------------------------------------------

    def _changed(self, what: str) -> None:
        if what == "document":
            self._experiment = experiment_of(self.session)
            if self._list.suggest(self._experiment):
                return  # it is told again
            self._show()
        elif what == "jobs":
            self._show_job()
            self._take_report()
        if what == "results" or (what == "document" and self._results.result is not None):
            background_tasks.create(self._load(), name="fit result")

    async def _submit_fit(self) -> None:
        """Look at the whole document first: what is wrong with it stands beside its field at once."""
        self._start.set_enabled(False)
        try:
            self._found = await run.io_bound(fit_problems, self.session.project.document.path) or {}
        except InputError as error:
            self._found = {"": str(error)}
        if not self.session.alive:
            return
        self._checked_revision = self.session.project.document.revision
        if not self._found:
            self._submit("fit")
        self._show()

    def _submit(self, kind: str) -> None:
        # this page continues from least squares by its own buttons
        self.session.jobs.submit(kind, {"method": "least-squares"} if kind == "fit" else {})

    def _submit_report(self) -> None:
        self._waiting_report = self.session.jobs.submit("report", {"format": "html"}).identifier
        self._report.props("loading")

    def _take_report(self) -> None:
        """Hand the report out once it is written."""
        job = next((job for job in self.session.jobs.jobs if job.identifier == self._waiting_report), None)
        if job is None or job.active:
            return
        self._waiting_report = ""
        self._report.props(remove="loading")
        if job.state == "finished":
            ui.download.file(self.session.project.result_path("report.html"), "report.html")

    def _fitted(self) -> dict[str, str | float]:
        result = self._results.result
        if result is None or self._experiment is None:
            return {}
        return fitted_values(result, self._experiment)

    def _take_values(self) -> None:
        found = self._fitted()
        problems = self.session.edit_many(dict(found))
        if problems:
            self.session.notify(" ".join(problems.values()), kind="negative")
        else:
            self.session.notify(f"{len(found)} values were written into the experiment.", kind="positive")

    def _stop(self) -> None:
        job = self._job()
        if job is not None:
            self.session.jobs.cancel(job)
            self._headline.set_text("Stopping; the best so far is kept …")

    async def _load(self) -> None:
        """Read the result if it is another one, or if the document is."""
        project = self.session.project
        path = project.result_path("fit.nc")
        status = path.stat() if path.is_file() else None
        loaded = None if status is None else (status.st_mtime_ns, status.st_size, project.document.revision)
        if loaded == self._loaded:
            return
        self._loaded = loaded
        result: FitResult | None = None
        if status is not None:
            try:
                result = await run.io_bound(read_fit_result, path, project.document.path)
            except InputError as error:
                if self.session.alive:
                    self.session.notify(str(error), kind="negative")
        if not self.session.alive:
            return
        if loaded == self._loaded:
            self._results.show(result)
            self._show_buttons()

    def _job(self) -> Job | None:
        """The fit that waits or runs."""
        return next((job for job in self.session.jobs.active if job.kind in KINDS), None)

    # what is shown ---------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        if self.session.project.document.revision != self._checked_revision:
            self._found = {}
        self._list.show(self._experiment, self._found)
        beside = tuple(key for key in self._found if key.startswith("fit"))
        told = [text for key, text in self._found.items() if key not in beside]
        self._problem.set_text(" ".join(told) or ("See the sentences beside the fields." if beside else ""))
        self._problem.set_visibility(bool(self._found))
        document = self.session.project.document
        measured = bool(document.get("measurement.file"))
        assumed = RESOLUTION in getattr(self.session.project, "assumed", ())
        self._note.set_text(ASSUMED_RESOLUTION if assumed else NO_RESOLUTION)
        self._note.set_visibility(measured and (assumed or not document.get(RESOLUTION)))
        self._show_job()

    def _show_buttons(self) -> None:
        busy = self._job() is not None
        document = self.session.project.document
        ready = self._experiment is not None and bool(document.get("measurement.file"))
        self._start.set_enabled(ready and not busy and bool(document.get("fit.parameters")))
        self._cancel.set_enabled(busy)
        result = self._results.result
        for each in self._further:
            each.set_enabled(not busy and result is not None and result.problem is not None)
        self._report.set_enabled(not busy and result is not None)
        self._take.set_enabled(not busy and self._experiment is not None and bool(self._fitted()))
        self._welcome.set_visibility(result is None and not busy)

    def _show_job(self) -> None:
        job = self._job()
        self._show_buttons()
        self._progress.set_visibility(job is not None)
        if job is None:
            self._costs.show(None)
            self._values.clear()
            return
        self._headline.set_text(_headline(job))
        self._bar.set_value(job.fraction or 0.0)
        searches = job.progress.get("searches") or []
        self._costs.show(_cost_plot(searches) if searches else None)
        self._values.clear()
        free: Any = self.session.project.document.get("fit.parameters") or {}
        values = job.progress.get("values") or {}
        if self._experiment is not None and values:
            with self._values:
                ui.label("best so far").classes("workbench-note")
                for name, value in progress_rows(values, free, self._experiment):
                    with ui.row().classes("w-full no-wrap justify-between"):
                        ui.label(name)
                        ui.label(value)


def _headline(job: Job) -> str:
    """How far a job is, in a line."""
    progress, title = job.progress, TITLES[job.kind]
    if job.state == "waiting":
        return f"{title}: waits for another job"
    if "starts" in progress:
        cost = progress.get("cost")
        told = "" if cost is None else f", cost {cost:.2f}"
        starts = f"{progress['done']} of {progress['starts']} starts"
        return f"{title}: {starts}{told}, {progress['simulations']} simulations"
    if "total" in progress:
        return f"{title}: {progress['done']} of {progress['total']}"
    return f"{title}: starts …"


def _cost_plot(searches: list[dict[str, Any]]) -> Plot:
    """Cost of every start over its simulations."""
    curves: list[Curve] = []
    for place, search in enumerate(searches):
        trace = np.array(search["trace"], dtype=float).reshape(-1, 2)
        # the least so far: what a search tries in between says little
        curves.append(Curve(name=f"start {search['start'] + 1}", x=trace[:, 0], kind="step", thickness=1.4,
                            y=np.minimum.accumulate(trace[:, 1]), colour=COLOURS[place % len(COLOURS)]))  # fmt: skip
    return Plot(
        name="convergence", title="", horizontal=Axis(label="simulations of the start"),
        vertical=Axis(label="least cost", log=True), curves=tuple(curves),
    )  # fmt: skip
