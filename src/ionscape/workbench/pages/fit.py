"""The page of the fit: free parameters, a fit that can be watched and stopped, its result with intervals and bands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from nicegui import background_tasks, run, ui

from ionscape.compiled import first_use
from ionscape.errors import InputError, MissingKey
from ionscape.figures.plot import Axis, Curve, Panel, Plot
from ionscape.inference import FitResult
from ionscape.wording import name_of
from ionscape.workbench.archive import packed
from ionscape.workbench.fitting import progress_rows, widened
from ionscape.workbench.jobs import Job
from ionscape.workbench.pages.fit_parameters import ParameterList
from ionscape.workbench.pages.fit_results import FitResults, fitted_values
from ionscape.workbench.pages.job_panel import take_up_line
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import column, line, row, sides, text_button, undo_button
from ionscape.workbench.reading import about_experiment, fit_problems, read_fit_result, remarks_of
from ionscape.workbench.session import Session
from ionscape.workbench.wording import page_words

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
    "A fit needs a calibrated measurement and an experiment. The usual parameters are then ticked on the left with"
    " bounds around the values of the experiment."
)
READY = (
    "Ready to start. The usual parameters are ticked on the left with bounds around the values of the experiment, from"
    " which the search starts; change what does not suit you. A fit takes a minute or a few."
)
LOADING = "Loading the result …"
FIRST_SIMULATION = "first simulation"
NAMES_SHOWN = 6


_STYLE = """
.fit-bounds .q-field__control { padding: 0 6px; }
.fit-bounds .q-field__native { font-size: 12.5px; }
/* a sentence about a bound has the whole width, under all fields of the row */
.fit-bounds > div { display: contents; }
.fit-bounds .workbench-error { grid-column: 1 / -1; order: 1; }
"""


class Page:
    """Parameters and settings on the left; progress and result on the right."""

    def __init__(self, session: Session) -> None:
        """Make the elements, and show what is there already."""
        ui.add_css(_STYLE)
        self.session = session
        self._found: dict[str, InputError] = {}
        self._checked_revision = -1
        self._loaded: object = None
        self._read: object = None  # stamp of the stored result that is shown
        self._waiting_report = ""
        left, right = sides()
        with left:
            self._unusual = line("warning").mark("fit-unusual")
            self._buttons()
            self._list = ParameterList(session)
        with right.style("gap: 8px"):
            self._live()
            self._welcome = line("note").classes("q-pa-md").style("max-width: 620px").mark("fit-welcome")
            self._loading = ui.row().classes("items-center q-pa-md").style("gap: 10px").mark("fit-loading")
            with self._loading:
                ui.spinner(size="1.2em")
                ui.label(LOADING)
            self._results = FitResults(session, widen=self._widen)
        session.on_change(self._changed)
        self._readable = session.experiment  # the last one without mistakes
        self._list.suggest(self._readable)
        self._show()
        ui.timer(0.01, self._load, once=True)

    def _buttons(self) -> None:
        with row():
            self._start = text_button("Start the fit", self._submit_fit, "fit-start", icon="play_arrow",
                                      look="dense no-caps").classes("q-px-md")  # fmt: skip
            self._cancel = text_button("Stop", self._stop, "fit-cancel", icon="stop", look="dense outline no-caps",
                                       tip="The best so far is kept")  # fmt: skip
            ui.space()
            undo_button(self.session, "fit-undo")
        self._why = line("note").props("role=status").mark("fit-why")
        with ui.row().classes("w-full items-center").style("gap: 6px"):
            flat = "dense flat no-caps"
            self._further = [
                text_button("Profile likelihood", partial(self._submit, "profile-likelihood"), "fit-profile-likelihood",
                            look=flat, tip="Intervals without the assumption of normal errors"),
                text_button("Posterior", partial(self._submit, "mcmc"), "fit-mcmc", look=flat,
                            tip="Draws from the posterior by Markov chains"),
            ]  # fmt: skip
            self._reports = [
                text_button("Report", partial(self._submit_report, "html"), "fit-report", icon="description", look=flat,
                            tip="Write the report and take it away, with the numbers of its figures"),
                text_button("PDF", partial(self._submit_report, "pdf"), "fit-report-pdf", icon="picture_as_pdf",
                            look=flat, tip="Write the report as PDF and take it away"),
            ]  # fmt: skip
        self._take = text_button("Take the fitted values into the experiment", self._take_values, "fit-take-values",
                                 icon="input", tip="Write the estimates into the experiment; the fit then starts from"
                                 " them")  # fmt: skip
        take_up_line(self.session, KINDS, "fit-take-up")
        self._problem = line("error").mark("fit-problem")
        self._note = line("warning").mark("fit-no-resolution")
        self._assumed = line("warning").mark("fit-assumed")

    def _live(self) -> None:
        self._progress = column().mark("fit-progress")
        with self._progress:
            with row(10):
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
            if self.session.experiment is not None or not self._mistakes():
                self._readable = self.session.experiment
            if self._list.suggest(self.session.experiment):
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
            self._found = {"": error}
        if not self.session.alive:
            return
        self._checked_revision = self.session.project.document.revision
        if not self._found:
            self._submit("fit")
        self._show()

    def _submit(self, kind: str) -> None:
        # this page continues from least squares by its own buttons
        self.session.jobs.submit(kind, {"method": "least-squares"} if kind == "fit" else {})

    def _submit_report(self, form: str) -> None:
        self._waiting_report = self.session.jobs.submit("report", {"format": form}).identifier
        self._reports[0].props("loading")
        self.session.notify("The report is being written; it takes some seconds.")

    def _take_report(self) -> None:
        """Hand the report out once it is written."""
        job = next((job for job in self.session.jobs.jobs if job.identifier == self._waiting_report), None)
        if job is None or job.active:
            return
        self._waiting_report = ""
        self._reports[0].props(remove="loading")
        if job.state == "finished":
            project = self.session.project
            if job.options.get("format") == "pdf":
                name = "report.pdf"
                ui.download.file(project.result_path(name), name)
            else:
                name = "report.zip"
                ui.download(packed([project.folder / path for path in job.results]), name, "application/zip")
            self.session.notify(
                f"{name} goes to the downloads of the browser; the report stays in results/ of the project.",
                kind="positive",
            )

    def _fitted(self) -> dict[str, str | float]:
        result = self._results.result
        if result is None or self.session.experiment is None:
            return {}
        return fitted_values(result, self.session.experiment)

    def _take_values(self) -> None:
        found = self._fitted()
        self._list.keep()  # other bounds would make it another fit
        problems = self.session.edit_many(dict(found))
        if problems:
            self.session.notify(" ".join(map(page_words, problems.values())), kind="negative")
        else:
            self.session.notify(f"{len(found)} values were written into the experiment.", kind="positive")

    def _widen(self, ended: Mapping[str, str]) -> None:
        """Move the bounds at which the search has ended."""
        free = self.session.project.document.get("fit.parameters") or {}
        changes = {} if self.session.experiment is None else widened(self.session.experiment, ended, free)
        if changes:
            self.session.edit_many(dict(changes))
            self.session.notify("The bounds are wider now: start the fit again.")

    def _stop(self) -> None:
        job = self._job()
        if job is not None:
            self.session.jobs.cancel(job)
            self._headline.set_text("Stopping; the best so far is kept …")

    async def _load(self) -> None:
        """Read the result if it is another one, or if the document is."""
        project = self.session.project
        path = project.result("fit.nc")
        status = path.stat() if path is not None else None
        loaded = None if status is None else (status.st_mtime_ns, status.st_size, project.document.revision)
        if loaded == self._loaded:
            return
        self._loaded = loaded
        result: FitResult | None = None
        if path is not None:
            try:
                result = await run.io_bound(read_fit_result, path, project.document.path)
            except InputError as error:
                if self.session.alive:
                    self.session.notify(str(error), kind="negative")
        if not self.session.alive:
            return
        if loaded == self._loaded:
            self._results.show(result)
            self._read = None if loaded is None else loaded[:2]
            self._show_buttons()

    def _unread(self) -> bool:
        """Whether there is a result that is not shown yet."""
        path = self.session.project.result("fit.nc")
        if path is None:
            return False
        status = path.stat()
        return self._read != (status.st_mtime_ns, status.st_size)

    def _mistakes(self) -> list[str]:
        """What is wrong with the experiment."""
        return [page_words(error) for error in self._told()]

    def _told(self) -> list[InputError]:
        """The errors of the experiment, mistakes before what is missing."""
        told = about_experiment(self.session.errors).values()
        return sorted(told, key=lambda error: isinstance(error, MissingKey))

    def _what_is_missing(self) -> str:
        """Why a fit cannot be started; empty if it can."""
        document, mistakes = self.session.project.document, self._mistakes()
        measured = [page_words(error) for key, error in self.session.errors.items() if key.startswith("measurement")]
        if mistakes:
            wrong = (
                "has a mistake"
                if any(not isinstance(error, MissingKey) for error in self._told())
                else "is not complete"
            )
            return f"The experiment {wrong}, see its page: {mistakes[0]}"
        if self.session.experiment is None:
            return "An experiment is needed: describe it on its page."
        if not document.get("measurement.file"):
            return "A measurement is needed: drop an export on the page Measurement."
        if measured:
            return f"The measurement has a mistake, see its page: {measured[0]}"
        if not document.get("fit.parameters"):
            return "Tick at least one parameter."
        wrong = self._list.mistakes
        return f"Something is wrong with {', '.join(map(name_of, wrong))}: see beside the field." if wrong else ""

    def _job(self) -> Job | None:
        """The fit that waits or runs."""
        return next((job for job in self.session.jobs.active if job.kind in KINDS), None)

    # what is shown ---------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        if self.session.project.document.revision != self._checked_revision:
            self._found = {}
        self._list.show(self._readable, self._found, mistaken=bool(self._mistakes()))
        beside = tuple(key for key in self._found if key.startswith("fit"))
        told = [page_words(error) for key, error in self._found.items() if key not in beside]
        self._problem.set_text(" ".join(told) or ("See the sentences beside the fields." if beside else ""))
        document = self.session.project.document
        measured = bool(document.get("measurement.file"))
        unknown = ASSUMED_RESOLUTION if RESOLUTION in self.session.project.assumed else NO_RESOLUTION
        known = document.get(RESOLUTION) and unknown is NO_RESOLUTION
        self._note.set_text(unknown if measured and not known else "")
        paths = [path for path in self.session.project.assumed if not path.startswith("measurement")]
        names = [name_of(path) for path in sorted(paths)]
        place = "here" if all(path.startswith("fit") for path in paths) else "on the page Experiment"
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        told = (
            f"Assumed, and not checked by anybody: {', '.join(names[:NAMES_SHOWN])}{more}. The fit starts from them or"
            f" takes them as known: check them {place}."
        )
        self._assumed.set_text(told if names else "")
        self._unusual.set_text(" ".join(remarks_of(self.session.experiment)))
        self._show_job()

    def _show_buttons(self) -> None:
        busy = self._job() is not None
        missing = self._what_is_missing()
        self._start.set_enabled(not missing and not busy)
        self._why.set_text("" if busy else missing)
        self._why.classes(add="workbench-error" if self._mistakes() else "workbench-note",
                          remove="workbench-note" if self._mistakes() else "workbench-error")  # fmt: skip
        self._cancel.set_enabled(busy)
        result = self._results.result
        for each in self._further:
            each.set_enabled(not busy and result is not None and result.problem is not None)
        for each in self._reports:
            each.set_enabled(not busy and result is not None)
        self._take.set_enabled(not busy and self.session.experiment is not None and bool(self._fitted()))
        loading = not busy and self._unread()
        self._loading.set_visibility(loading)
        both = self.session.experiment is not None and self.session.project.document.get("measurement.file")
        welcome = READY if not missing else missing if both else WELCOME
        self._welcome.set_text(welcome if result is None and not busy and not loading else "")

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
        # before the first search has ended nothing is known of how far it is
        self._bar.props(add="indeterminate" if not job.fraction else None,
                        remove="indeterminate" if job.fraction else None)  # fmt: skip
        searches = job.progress.get("searches") or []
        self._costs.show(_cost_plot(searches) if searches else None)
        self._values.clear()
        free: Any = self.session.project.document.get("fit.parameters") or {}
        values = job.progress.get("values") or {}
        if self.session.experiment is not None and values:
            with self._values:
                line("note", "best so far")
                for name, value in progress_rows(values, free, self.session.experiment):
                    with ui.row().classes("w-full no-wrap justify-between"):
                        ui.label(name)
                        ui.label(value)


def _headline(job: Job) -> str:
    """How far a job is, in a line."""
    progress, title = job.progress, TITLES[job.kind]
    if job.state == "waiting":
        return f"{title}: waits for another job"
    if "starts" in progress:
        if not progress["simulations"]:
            return f"{title}: {_first_simulation()}"
        cost = progress.get("cost")
        told = "" if cost is None else f", cost {cost:.2f}"
        starts = f"{progress['done']} of {progress['starts']} starts"
        phase = f"; {progress['phase']} …" if progress.get("phase") else ""
        return f"{title}: {starts}{told}, {progress['simulations']} simulations{phase}"
    if "total" in progress:
        return f"{title}: {progress['done']} of {progress['total']}"
    return f"{title}: starts; {_first_simulation()}"


def _first_simulation() -> str:
    first = first_use("transport")
    return f"{FIRST_SIMULATION} with the solver; {first}" if first else FIRST_SIMULATION


def _cost_plot(searches: list[dict[str, Any]]) -> Plot:
    """Cost of every start over its simulations."""
    curves: list[Curve] = []
    for place, search in enumerate(searches):
        trace = np.array(search["trace"], dtype=float).reshape(-1, 2)
        # the least so far: what a search tries in between says little
        curves.append(Curve(name=f"start {search['start'] + 1}", x=trace[:, 0], kind="step", thickness=1.4,
                            y=np.minimum.accumulate(trace[:, 1]), colour=COLOURS[place % len(COLOURS)]))  # fmt: skip
    panel = Panel(horizontal=Axis(label="simulations of the start"), vertical=Axis(label="least cost", log=True),
                  curves=tuple(curves))  # fmt: skip
    return Plot(name="convergence", panels=(panel,))
