"""The page of the simulations: run, look at any time, compare runs with the measurement, move parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import run, ui

from ionscape.compiled import first_use
from ionscape.errors import InputError
from ionscape.figures.states import values
from ionscape.figures.style import axis_unit
from ionscape.workbench.pages.job_panel import JobPanel
from ionscape.workbench.pages.latest import Latest
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.pages.simulate_plates import Modes, Stress
from ionscape.workbench.pages.simulate_populations import Populations
from ionscape.workbench.pages.simulate_runs import find_runs, load_run, remarks_on
from ionscape.workbench.pages.simulate_sliders import Sliders
from ionscape.workbench.parts import column, grid, heading, line, row, sides
from ionscape.workbench.plots import live_plot, plots_at
from ionscape.workbench.reading import about_experiment, is_of_sample, read_profile
from ionscape.workbench.wording import page_words

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.figures.plot import Plot
    from ionscape.profiling import DepthProfile
    from ionscape.transport import SimulationResult
    from ionscape.workbench.jobs import Job
    from ionscape.workbench.session import Session

NOT_DESCRIBED = "Describe an experiment first, on its page."
MODELS = {"full": "full: Nernst-Planck-Poisson", "electroneutral": "electroneutral: quicker, no space charge"}
OTHER_SAMPLE = (
    "The measurement is not laid over it: it is one of other ions, or of a sample with other native densities."
)
PROFILES = "Profiles"
OTHER_TABS: Mapping[str, Callable[..., Populations | Stress | Modes]] = {
    "Populations": Populations, "Stress": Stress, "Modes": Modes,
}  # fmt: skip
SMALL_FIGURE = "max(210px, calc(40vh - 55px))"
LARGE_FIGURE = "max(300px, calc(60vh - 60px))"


class Page:
    """Controls of one tab."""

    def __init__(self, session: Session) -> None:
        """Build everything and listen to changes."""
        self.session = session
        self.document = session.project.document
        self.selected: str | None = None
        self.loaded = False
        self.compared: set[str] = set()
        self.apart = ""  # why the measurement is not drawn
        self.drawing = Latest(self._draw_once)
        left, right = sides()
        with left:
            self._controls()
            self._runs()
            self.sliders = Sliders(session, draw=self.draw, stale=self._show_stale, submit=self._submit)
        with right:
            self._figures()
        self.runs = find_runs(self.session)
        if self.runs:
            self.selected = self.runs[-1].name
        self._show_runs()
        self._show_state()
        session.on_change(self._changed)
        ui.timer(0.05, self._load, once=True)

    # left ------------------------------------------------------------------------------------------------------------

    def _controls(self) -> None:
        self.model = ui.select(MODELS, value="full", label="model").props("dense outlined stack-label options-dense")
        self.model.classes("w-full").mark("simulate-model").props["aria-label"] = "model"
        self.panel = JobPanel(self.session, "simulate", "simulate", "simulation", ("Simulate", self._run))

    def _runs(self) -> None:
        ui.separator()
        heading("Runs: shown, compared")
        self.run_list = column(2).mark("simulate-runs")
        self.with_profile = ui.checkbox("with the measurement", value=True, on_change=self.draw).props("dense")
        self.with_profile.mark("simulate-measurement")
        self.normalised = ui.checkbox("as fractions of the bulk density", value=True, on_change=self.draw).props(
            "dense"
        )
        self.normalised.mark("simulate-normalised")

    def _show_state(self) -> None:
        """Progress, state and what stands against a run."""
        problems = list(map(page_words, about_experiment(self.session.errors).values()))
        described = bool(self.document.get("stages"))
        job = self.panel.job
        failed = job is not None and job.state in ("failed", "interrupted")
        hint = "Simulate the experiment, then look at any time of it."
        self.panel.show(
            ready=described and not problems,
            state=_state_of(job) if job is not None else hint if described else NOT_DESCRIBED,
            problem=problems[0] if problems else job.ending.told(page_words) if job is not None and failed else "",
        )

    def _run(self) -> None:
        self._submit({"model": str(self.model.value)})

    def _submit(self, options: dict[str, str]) -> str:
        job = self.session.jobs.submit("simulate", options)
        self._show_state()
        return job.identifier

    def _show_runs(self) -> None:
        self.run_list.clear()
        self.compared &= {one.name for one in self.runs}
        with self.run_list:
            if not self.runs:
                line("note", "There are none yet.")
            for one in reversed(self.runs):
                with row():
                    shown = ui.button(one.label, on_click=partial(self._select, one.name)).props(
                        "dense size=sm align=left " + ("unelevated" if one.name == self.selected else "flat")
                    )
                    shown.classes("col ellipsis").mark(f"simulate-show-{one.name}")
                    shown.props["aria-pressed"] = "true" if one.name == self.selected else "false"
                    compare = ui.checkbox(value=one.name in self.compared,
                                          on_change=partial(self._compare, one.name)).props("dense")  # fmt: skip
                    compare.props["aria-label"] = f"compare run {one.label}"
                    compare.mark(f"simulate-compare-{one.name}").tooltip("lay over the shown run")
        named = self.document.get("measurement.file") is not None
        self.with_profile.set_visibility(named and self.session.project.result("profile.nc") is not None)

    async def _select(self, name: str) -> None:
        self.selected = name
        self.sliders.live = None
        self._show_runs()
        await self._load()

    async def _compare(self, name: str, event: Any) -> None:
        (self.compared.add if event.value else self.compared.discard)(name)
        await self.draw()

    # right -----------------------------------------------------------------------------------------------------------

    def _figures(self) -> None:
        self.remarks = line("banner").mark("simulate-remarks")
        self.shown = ui.tabs(on_change=self.draw).props("dense no-caps inline-label align=left")
        self.shown.mark("simulate-tabs").props["aria-label"] = "what of the run is shown"
        with self.shown:
            self.tabs = {name: ui.tab(name).mark(f"simulate-tab-{name}") for name in (PROFILES, *OTHER_TABS)}
        self.shown.set_value(PROFILES)
        self.shown.set_visibility(False)
        self.others = {name: made(self.session, self.draw) for name, made in OTHER_TABS.items()}
        self.over_time = column().mark("simulate-at-a-time")
        with self.over_time:
            self._figures_over_time()

    def _figures_over_time(self) -> None:
        self.profiles = PlotView(self.session, mark="simulate-profiles", label="densities over depth",
                                 height=LARGE_FIGURE, stays=True)  # fmt: skip
        self.time_row = row(12).classes("q-px-md")
        with self.time_row:
            self.time_label = ui.label("time").style("min-width: 130px").mark("simulate-time-label")
            self.time = ui.slider(min=0, max=1, step=1, value=1, on_change=self.draw).mark("simulate-time")
            self.time.props("dense").props["aria-label"] = "time of the simulation"
        with grid("1fr 1fr 1fr", gap=4):
            self.small = [
                PlotView(self.session, mark=f"simulate-{name}", label=text, height=SMALL_FIGURE, small=True, stays=True)
                for name, text in (("potential", "potential over depth"), ("diffusion", "D over depth"),
                                   ("current", "current over time"))
            ]  # fmt: skip

    async def _load(self) -> None:
        """Show the selected run from its last time on."""
        self.sliders.offer()
        result = await self._result(self.selected)
        if result is not None:
            count = int(result.dataset.sizes["time"])
            self.time.props(f"max={max(count - 1, 1)}")
            self.time.set_value(max(count - 1, 0))
            for tab in self.others.values():
                tab.begin(result)
        self.loaded = True
        await self.draw()

    async def _result(self, name: str | None) -> SimulationResult | None:
        path = next((one.path for one in self.runs if one.name == name), None)
        if path is None:
            return None
        try:
            return await run.io_bound(load_run, path)
        except (InputError, OSError) as error:
            self.session.notify(str(error), kind="negative")
            return None

    async def _profile(self, experiment: Experiment | None) -> DepthProfile | None:
        """The measurement, where it is wanted and is one of the sample that is drawn."""
        self.apart = ""
        if not self.with_profile.value or experiment is None:
            return None
        try:
            profile = await run.io_bound(read_profile, self.session.project)
        except (InputError, OSError):
            return None
        if profile is None or is_of_sample(profile, experiment):
            return profile
        self.apart = OTHER_SAMPLE
        return None

    async def draw(self) -> None:
        """Draw what is chosen; choices that come meanwhile are drawn at the end, together."""
        await self.drawing.request()

    async def _draw_once(self) -> None:
        if not self.loaded:
            return  # sliders that are moved before the run is there would be put back
        result = await self._result(self.selected)
        chosen = self._choose(result)
        if chosen is not None and result is not None:
            plot = await chosen.plot(result, normalised=bool(self.normalised.value))
            await self._show_remarks()
            if self.session.alive:
                chosen.view.show(plot)
            return
        drawn = self.sliders.live[0] if self.sliders.live is not None else result.experiment if result else None
        profile = await self._profile(drawn)
        others: list[tuple[str, SimulationResult]] = []
        for one in self.runs:
            if one.name in self.compared and one.name != self.selected:
                other = await self._result(one.name)
                if other is not None:
                    others.append((one.number, other))
        normalised = bool(self.normalised.value)
        plots: Sequence[Plot | None] | None = None
        if self.sliders.live is not None:
            experiment, found = self.sliders.live
            live = partial(live_plot, experiment, found, profile=profile, reference=result, normalised=normalised)
            plots = [await run.io_bound(live)]
            self.time_label.set_text("end of the last stage")
        elif result is not None:
            times = values(result.dataset, "time")
            time = float(times[min(int(self.time.value or 0), times.size - 1)])
            clock = axis_unit(float(times[-1]), "time")
            self.time_label.set_text(
                f"{time / clock.size:.4g} {clock.unit} of {times[-1] / clock.size:.4g} {clock.unit}"
            )
            plots = await run.io_bound(plots_at, result, time, profile=profile, others=others, normalised=normalised)
        self.time_row.set_visibility(result is not None)
        await self._show_remarks()
        if not self.session.alive:
            return
        self._show_stale(bool(self.sliders.moved) or self.sliders.live is not None)
        views = [self.profiles, *self.small]
        for view, plot in zip(views, plots or [None] * len(views), strict=False):
            view.show(plot)

    def _choose(self, result: SimulationResult | None) -> Populations | Stress | Modes | None:
        """Offer what a run has beside its profiles; which of it is to be shown, None for the profiles."""
        offered = [name for name, tab in self.others.items() if tab.offered(result)]
        for name in self.others:
            self.tabs[name].set_visibility(name in offered)
        self.shown.set_visibility(bool(offered))
        if self.sliders.live is not None or self.shown.value not in offered:
            self.shown.set_value(PROFILES)  # that of a moved parameter is all that there is
        chosen = str(self.shown.value)
        self.over_time.set_visibility(chosen == PROFILES)
        for name, tab in self.others.items():
            tab.place.set_visibility(name == chosen)
        return self.others.get(chosen)

    async def _show_remarks(self) -> None:
        """Say what is to be known of the run that is shown."""
        shown = next((one for one in self.runs if one.name == self.selected), None)
        result = await self._result(self.selected)
        found: list[str] = []
        if shown is not None and result is not None:
            found = remarks_on(shown, result, self.session.experiment)
        if self.apart:
            found = [*found, self.apart]
        if self.session.alive:
            self.remarks.set_text(" ".join(found))

    def _show_stale(self, stale: bool) -> None:
        """Grey out the figures that the electroneutral model does not draw: they are of the run, not of the slider."""
        for view in self.small:
            assert view.element is not None
            view.element.classes("workbench-stale" if stale else "", remove="" if stale else "workbench-stale")

    # changes ---------------------------------------------------------------------------------------------------------

    async def _changed(self, what: str) -> None:
        if what in ("jobs", "document"):
            self._show_state()
        if what == "document":
            self.sliders.offer()
            self._show_runs()
            await self.draw()
        if what == "results":
            before = {one.name for one in self.runs}
            self.runs = find_runs(self.session)
            new = [one.name for one in self.runs if one.name not in before]
            if new:
                self.selected, self.sliders.live = new[-1], None
            self._show_runs()
            await (self._load() if new else self.draw())


def _state_of(job: Job) -> str:
    progress = job.progress
    number = int(job.identifier)
    if job.state == "running" and "fraction" in progress:
        stage = f"stage {int(progress.get('stage', 0)) + 1} of {int(progress.get('stages', 1))}"
        return f"run {number}: {stage}, {100 * float(progress['fraction']):.0f} %, {progress.get('steps', 0)} steps"
    if job.state == "running":
        first = first_use("transport")
        return f"run {number} starts" + (f" with the solver; {first}" if first else "")
    return f"run {number} {'waits' if job.state == 'waiting' else job.state}"
