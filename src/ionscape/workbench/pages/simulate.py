"""The page of the simulations: run, look at any time, compare runs with the measurement, move parameters."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from nicegui import run, ui

from ionscape.errors import InputError, IonscapeError
from ionscape.figures.states import values
from ionscape.figures.style import axis_unit
from ionscape.inference.paths import Scalar, scalars
from ionscape.quantities import format_quantity
from ionscape.workbench.forms import button
from ionscape.workbench.pages import take_up
from ionscape.workbench.plots import (
    Plot,
    current_plot,
    diffusion_depth_plot,
    live_plot,
    potential_plot,
    profile_plot,
    shown_depth_of,
    to_plotly,
)
from ionscape.workbench.reading import NOT_OF_THE_EXPERIMENT, read_experiment
from ionscape.workbench.theme import empty_figure, is_dark, on_theme

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.sims import DepthProfile
    from ionscape.transport import SimulationResult
    from ionscape.workbench.jobs import Job
    from ionscape.workbench.live import LiveProfile
    from ionscape.workbench.session import Session

MODELS = {"full": "full: Nernst-Planck-Poisson", "electroneutral": "electroneutral: quicker, no space charge"}
SLIDER_STEPS = 200
DECADES = 1.5  # that a slider of a diffusion coefficient reaches to either side
KELVINS = 60.0  # that a slider of a temperature reaches to either side
WRITTEN_DIGITS = 5
SMALL_FIGURE = "height: max(210px, calc(40vh - 55px))"
LARGE_FIGURE = "height: max(300px, calc(60vh - 60px))"


def build(session: Session) -> None:
    """Make the page in the current container."""
    SimulatePage(session)


@dataclass(frozen=True, kw_only=True)
class SliderRange:
    """Where a slider of a parameter reaches.

    Attributes:
        low: lower end in SI units.
        high: upper end in SI units.
        log: whether steps are factors.
    """

    low: float
    high: float
    log: bool

    @classmethod
    def around(cls, scalar: Scalar) -> SliderRange:
        """A sensible range around the present value of a parameter."""
        value = scalar.value
        if scalar.dimension == "diffusion coefficient" and value > 0.0:
            return cls(low=value * 10.0**-DECADES, high=value * 10.0**DECADES, log=True)
        if scalar.dimension == "temperature":
            return cls(low=max(value - KELVINS, 0.5 * value), high=value + KELVINS, log=False)
        if scalar.dimension is None and 0.0 <= value < 1.0:
            return cls(low=0.0, high=min(max(3.0 * value, 0.2), 0.99), log=False)
        ends = sorted((0.25 * value, 2.0 * value)) if value else [-1.0, 1.0]
        return cls(low=ends[0], high=ends[1], log=False)

    def value(self, place: float) -> float:
        """The value at a place from 0 to 1."""
        if self.log:
            return self.low * (self.high / self.low) ** place
        return self.low + place * (self.high - self.low)

    def place(self, value: float) -> float:
        """The place of a value, kept within 0 and 1."""
        if self.log:
            found = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            found = (value - self.low) / (self.high - self.low)
        return min(max(found, 0.0), 1.0)


def written(scalar: Scalar, value: float) -> str | float:
    """A value as it is written into the file: with its unit, or as a plain number."""
    if scalar.dimension is None:
        return float(f"{value:.{WRITTEN_DIGITS}g}")
    return format_quantity(value, scalar.dimension, digits=WRITTEN_DIGITS)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A simulation in the project."""

    name: str
    path: Path
    label: str


class SimulatePage:
    """Controls of one tab."""

    def __init__(self, session: Session) -> None:
        """Build everything and listen to changes."""
        self.session = session
        self.document = session.project.document
        self.selected: str | None = None
        self.compared: set[str] = set()
        self.following: str | None = None  # the run that the last release of a slider started
        self.sliders: dict[str, tuple[Scalar, SliderRange, ui.slider, ui.label]] = {}
        self.moved: dict[str, float] = {}
        self.known: dict[str, Scalar] = {}
        self.live: tuple[Experiment, LiveProfile] | None = None
        self.dirty = self.busy = self.warm = False
        with ui.row().classes("w-full no-wrap items-stretch").style("gap: 0"):
            with ui.column().classes("workbench-settings").style("gap: 8px"):
                self._controls()
                self._runs()
                self._parameters()
            with ui.column().classes("workbench-figures").style("gap: 4px"):
                self._figures()
        self.runs = self._find_runs()
        if self.runs:
            self.selected = self.runs[-1].name
        self._show_runs()
        self._show_state()
        session.on_change(self._changed)
        on_theme(session, self.draw)
        ui.timer(0.05, self._load, once=True)

    # left ------------------------------------------------------------------------------------------------------------

    def _controls(self) -> None:
        self.model = ui.select(MODELS, value="full", label="model").props("dense outlined stack-label options-dense")
        self.model.classes("w-full").mark("simulate-model").props["aria-label"] = "model"
        with ui.row().classes("w-full items-center no-wrap").style("gap: 8px"):
            self.run_button = ui.button("Simulate", icon="play_arrow", on_click=self._run).props("dense")
            self.run_button.classes("q-px-sm").mark("simulate-run")
            self.cancel_button = ui.button("Cancel", on_click=self._cancel).props("dense outline")
            self.cancel_button.classes("q-px-sm").mark("simulate-cancel")
        self.progress = ui.linear_progress(value=0.0, show_value=False).props("instant-feedback rounded")
        self.progress.props["aria-label"] = "progress of the simulation"
        take_up.line(self.session, ("simulate",), "simulate-take-up")
        self.state = ui.label().classes("workbench-note").mark("simulate-state")
        self.problem = ui.label().classes("workbench-error").props("role=alert").mark("simulate-problem")

    def _runs(self) -> None:
        ui.separator()
        ui.label("Runs: shown, compared").classes("text-weight-medium")
        self.run_list = ui.column().classes("w-full").style("gap: 2px").mark("simulate-runs")
        self.with_profile = ui.checkbox("with the measurement", value=True, on_change=self.draw).props("dense")
        self.with_profile.mark("simulate-measurement")
        self.normalised = ui.checkbox("as fractions of the bulk density", value=True, on_change=self.draw).props(
            "dense"
        )
        self.normalised.mark("simulate-normalised")

    def _parameters(self) -> None:
        ui.separator()
        ui.label("Move parameters").classes("text-weight-medium")
        ui.label(
            "The profile at the end follows with the electroneutral model while a slider moves; on release the value is"
            " written into the experiment."
        ).classes("workbench-note")
        self.chooser = ui.select([], label="parameter", with_input=True, on_change=self._choose)
        self.chooser.props("dense outlined stack-label options-dense").classes("w-full").mark("simulate-parameter")
        self.chooser.props["aria-label"] = "add a slider for a parameter"
        self.slider_place = ui.column().classes("w-full").style("gap: 2px")
        self.on_release = ui.checkbox("simulate with the full model on release", value=True).props("dense")
        self.on_release.mark("simulate-on-release")
        self.live_note = ui.label().classes("workbench-note").mark("simulate-live")

    def _show_state(self) -> None:
        """Progress, state and what stands against a run."""
        problems = [text for key, text in self.session.errors.items() if not key.startswith(NOT_OF_THE_EXPERIMENT)]
        described = bool(self.document.get("stages"))
        job = self._job()
        self.run_button.set_enabled(described and not problems)
        self.cancel_button.set_enabled(job is not None and job.active)
        self.progress.set_visibility(job is not None and job.active)
        failed = job is not None and job.state in ("failed", "interrupted") and job.message
        text = problems[0] if problems else (job.message if job is not None and failed else "")
        self.problem.set_text(text)
        self.problem.set_visibility(bool(text))
        if job is None:
            hint = "Simulate the experiment, then look at any time of it."
            self.state.set_text(hint if described else "Describe an experiment first, on its page.")
            return
        self.progress.set_value(job.fraction or 0.0)
        self.state.set_text(_state_of(job))

    def _job(self) -> Job | None:
        return self.session.jobs.latest("simulate")

    def _run(self) -> None:
        self._submit({"model": str(self.model.value)})

    def _submit(self, options: dict[str, str]) -> str:
        job = self.session.jobs.submit("simulate", options)
        self._show_state()
        return job.identifier

    def _cancel(self) -> None:
        job = self._job()
        if job is not None and job.active:
            self.session.jobs.cancel(job)
        self._show_state()

    def _find_runs(self) -> list[_Run]:
        jobs = {job.identifier: job for job in self.session.jobs.jobs}
        found: list[_Run] = []
        for path in self.session.project.results("simulations/*.nc"):
            number = path.name.split(".", 1)[0]
            job = jobs.get(number)
            words = [str(job.options.get("label") or job.options.get("model", "full"))] if job else []
            if job and job.ended:
                words.append(job.ended[11:16])
            if ".partial" in path.name:
                words.append("not finished")
            found.append(_Run(name=path.name, path=path, label=f"{number}  {', '.join(words)}"))
        return found

    def _show_runs(self) -> None:
        self.run_list.clear()
        self.compared &= {one.name for one in self.runs}
        with self.run_list:
            if not self.runs:
                ui.label("There are none yet.").classes("workbench-note")
            for one in reversed(self.runs):
                with ui.row().classes("w-full items-center no-wrap").style("gap: 6px"):
                    shown = ui.button(one.label, on_click=partial(self._select, one.name)).props(
                        "dense size=sm align=left " + ("unelevated" if one.name == self.selected else "flat")
                    )
                    shown.classes("col ellipsis").mark(f"simulate-show-{one.name}")
                    shown.props["aria-pressed"] = "true" if one.name == self.selected else "false"
                    compare = ui.checkbox(value=one.name in self.compared,
                                          on_change=partial(self._compare, one.name)).props("dense")  # fmt: skip
                    compare.props["aria-label"] = f"compare run {one.label}"
                    compare.mark(f"simulate-compare-{one.name}").tooltip("lay over the shown run")
        profile = self.session.project.folder / "results" / "profile.nc"
        self.with_profile.set_visibility(profile.is_file())

    async def _select(self, name: str) -> None:
        self.selected = name
        self.live = None
        self._show_runs()
        await self._load()

    async def _compare(self, name: str, event: Any) -> None:
        (self.compared.add if event.value else self.compared.discard)(name)
        await self.draw()

    # sliders ---------------------------------------------------------------------------------------------------------

    async def _offer_parameters(self) -> None:
        found = await run.io_bound(_scalars_of, str(self.document.path)) if self.document.data else None
        if found is None:
            return
        self.known = found
        self.chooser.set_options([path for path in found if path not in self.sliders])
        for path in list(self.sliders):
            if path not in found:
                self._remove_slider(path)
                continue
            _, reach, slider, label = self.sliders[path]
            scalar = found[path]
            self.sliders[path] = (scalar, reach, slider, label)
            if path not in self.moved:
                label.set_text(f"{path} = {written(scalar, scalar.value)}")
                place = round(SLIDER_STEPS * reach.place(scalar.value))
                if slider.value != place:
                    slider.set_value(place)

    def _choose(self, event: Any) -> None:
        path = event.value
        if path is None or path in self.sliders or path not in self.known:
            return
        self.chooser.set_value(None)
        scalar = self.known[path]
        reach = SliderRange.around(scalar)
        with self.slider_place, ui.column().classes("w-full").style("gap: 0") as row:
            row.mark(f"slider-row-{path}")
            with ui.row().classes("w-full items-center no-wrap").style("gap: 4px"):
                label = ui.label(f"{path} = {written(scalar, scalar.value)}").classes("col ellipsis")
                label.style("font-size: 12px").mark(f"slider-value-{path}")
                button("close", f"remove the slider of {path}", partial(self._remove_slider, path), f"unslide-{path}")
            slider = ui.slider(min=0, max=SLIDER_STEPS, step=1, value=round(SLIDER_STEPS * reach.place(scalar.value)))
            slider.props("dense").classes("q-px-sm").mark(f"slider-{path}").props["aria-label"] = path
        self.sliders[path] = (scalar, reach, slider, label)
        slider.on_value_change(partial(self._moved, path))
        slider.on("change", partial(self._released, path))
        self.chooser.set_options([one for one in self.known if one not in self.sliders])
        if not self.warm:
            self.warm = True
            self.live_note.set_text("The electroneutral model is being started.")
        self.session.live.warm_up()

    def _remove_slider(self, path: str) -> None:
        _, _, slider, _ = self.sliders.pop(path)
        self.moved.pop(path, None)
        assert slider.parent_slot is not None
        slider.parent_slot.parent.delete()
        self.chooser.set_options([one for one in self.known if one not in self.sliders])

    async def _moved(self, path: str, event: Any) -> None:
        """Follow a slider with the electroneutral model; only the latest request is answered."""
        if path not in self.sliders:
            return
        scalar, reach, _, label = self.sliders[path]
        place = float(event.value or 0.0)
        if place == round(SLIDER_STEPS * reach.place(scalar.value)) and path not in self.moved:
            return
        self.moved[path] = reach.value(place / SLIDER_STEPS)
        label.set_text(f"{path} = {written(scalar, self.moved[path])}")
        self._show_stale(True)
        found = await self._simulated(dict(self.moved))
        if found is not None:
            self.live = found
            await self.draw()

    async def _simulated(self, moved: Mapping[str, float]) -> tuple[Experiment, LiveProfile] | None:
        try:
            text = self.document.text
            folder = str(self.session.project.folder)
            future = self.session.live.request(text, moved, folder=folder, file="analysis.toml")
            found = await asyncio.wrap_future(future)
            experiment = await run.io_bound(read_experiment, self.document.path)
        except IonscapeError as error:
            self.live_note.set_text(str(error))
            return None
        if found is None or experiment is None:
            return None
        self.live_note.set_text(f"electroneutral model, {found.wall_time:.2f} s")
        return experiment, found

    def _released(self, path: str) -> None:
        """Write the value into the experiment, and simulate with the full model."""
        if path not in self.moved:
            return
        scalar, moved = self.sliders[path][0], self.moved.pop(path)
        sentence = self.session.edit(path, written(scalar, moved))
        if sentence is not None:
            self.live_note.set_text(sentence)
        elif self.on_release.value:
            job = self._job()
            if job is not None and job.active and job.identifier == self.following:
                self.session.jobs.cancel(job)
            label = f"full, {path.removeprefix('ions.')} {written(scalar, moved)}"
            self.following = self._submit({"model": "full", "label": label})

    # right -----------------------------------------------------------------------------------------------------------

    def _figures(self) -> None:
        self.profiles = ui.plotly(empty_figure()).classes("w-full").style(LARGE_FIGURE).mark("simulate-profiles")
        self.profiles.props["aria-label"] = "densities over depth"
        with ui.row().classes("w-full items-center no-wrap q-px-md").style("gap: 12px"):
            self.time_label = ui.label("time").style("min-width: 130px").mark("simulate-time-label")
            self.time = ui.slider(min=0, max=1, step=1, value=1, on_change=self.draw).mark("simulate-time")
            self.time.props("dense").props["aria-label"] = "time of the simulation"
        with ui.element("div").classes("w-full").style("display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 4px"):
            self.small: list[ui.plotly] = []
            for name, text in (("potential", "potential over depth"), ("diffusion", "D over depth"),
                               ("current", "current over time")):  # fmt: skip
                element = ui.plotly(empty_figure()).classes("w-full").style(SMALL_FIGURE + "; min-width: 0")
                element.mark(f"simulate-{name}").props["aria-label"] = text
                self.small.append(element)

    async def _load(self) -> None:
        """Show the selected run from its last time on."""
        await self._offer_parameters()
        result = await self._result(self.selected)
        if result is not None:
            count = int(result.dataset.sizes["time"])
            self.time.props(f"max={max(count - 1, 1)}")
            self.time.set_value(max(count - 1, 0))
        await self.draw()

    async def _result(self, name: str | None) -> SimulationResult | None:
        path = next((one.path for one in self.runs if one.name == name), None)
        if path is None:
            return None
        try:
            return await run.io_bound(_load_result, str(path), path.stat().st_mtime_ns)
        except (InputError, OSError) as error:
            self.session.notify(str(error), kind="negative")
            return None

    async def _profile(self) -> DepthProfile | None:
        path = self.session.project.folder / "results" / "profile.nc"
        if not self.with_profile.value or not path.is_file():
            return None
        try:
            return await run.io_bound(_load_profile, str(path), path.stat().st_mtime_ns)
        except (InputError, OSError):
            return None

    async def draw(self) -> None:
        """Draw what is chosen; choices that come meanwhile are drawn at the end, together."""
        self.dirty = True
        if self.busy:
            return
        self.busy = True
        try:
            while self.dirty:
                self.dirty = False
                await self._draw_once()
        finally:
            self.busy = False

    async def _draw_once(self) -> None:
        result, profile = await self._result(self.selected), await self._profile()
        others: list[tuple[str, SimulationResult]] = []
        for one in self.runs:
            if one.name in self.compared and one.name != self.selected:
                other = await self._result(one.name)
                if other is not None:
                    others.append((one.label.split(" ")[0], other))
        normalised = bool(self.normalised.value)
        if self.live is not None:
            experiment, found = self.live
            plots = await run.io_bound(_live_plots, experiment, found, profile, result, normalised)
            self.time_label.set_text("end of the last stage")
        elif result is not None:
            times = values(result.dataset, "time")
            time = float(times[min(int(self.time.value or 0), times.size - 1)])
            clock = axis_unit(float(times[-1]), "time")
            self.time_label.set_text(
                f"{time / clock.size:.4g} {clock.unit} of {times[-1] / clock.size:.4g} {clock.unit}"
            )
            plots = await run.io_bound(_plots_at, result, time, profile, others, normalised)
        else:
            plots = []
        self.time.set_enabled(result is not None)
        if not self.session.alive:
            return
        self._show_stale(bool(self.moved) or self.live is not None)
        dark = is_dark(self.session)
        figures = [to_plotly(plot, dark=dark, small=place > 0) for place, plot in enumerate(plots or ())]
        for element, figure in zip([self.profiles, *self.small], figures, strict=False):
            element.update_figure(figure)
        if plots:
            self.session.state["simulate.plots"] = plots
        if not plots:
            for element in [self.profiles, *self.small]:
                element.update_figure(empty_figure())

    def _show_stale(self, stale: bool) -> None:
        """Grey out the figures that the electroneutral model does not draw: they are of the run, not of the slider."""
        for element in self.small:
            element.classes("workbench-stale" if stale else "", remove="" if stale else "workbench-stale")

    # changes ---------------------------------------------------------------------------------------------------------

    async def _changed(self, what: str) -> None:
        if what in ("jobs", "document"):
            self._show_state()
        if what == "document":
            await self._offer_parameters()
        if what == "results":
            before = {one.name for one in self.runs}
            self.runs = self._find_runs()
            new = [one.name for one in self.runs if one.name not in before]
            if new:
                self.selected, self.live = new[-1], None
            self._show_runs()
            await (self._load() if new else self.draw())


def _state_of(job: Job) -> str:
    progress = job.progress
    number = int(job.identifier)
    if job.state == "running" and "fraction" in progress:
        stage = f"stage {int(progress.get('stage', 0)) + 1} of {int(progress.get('stages', 1))}"
        return f"run {number}: {stage}, {100 * float(progress['fraction']):.0f} %, {progress.get('steps', 0)} steps"
    if job.state == "running":
        return f"run {number} starts"
    return f"run {number} {'waits' if job.state == 'waiting' else job.state}"


def _plots_at(
    result: SimulationResult, time: float, profile: DepthProfile | None,
    others: list[tuple[str, SimulationResult]], normalised: bool,
) -> list[Plot]:  # fmt: skip
    limit = max([shown_depth_of(result), *(shown_depth_of(other) for _, other in others)])
    return [
        profile_plot(result, time, profile=profile, others=others, normalised=normalised, limit=limit),
        replace(potential_plot(result, time, limit=limit), title="potential"),
        replace(diffusion_depth_plot(result, time, limit=limit), title="diffusion coefficients"),
        replace(current_plot(result, time), title="current"),
    ]


def _live_plots(
    experiment: Experiment, found: LiveProfile, profile: DepthProfile | None, reference: SimulationResult | None,
    normalised: bool,
) -> list[Plot]:  # fmt: skip
    densities = {name: found.density[-1, place] for place, name in enumerate(found.ions)}
    change = np.abs(found.density[-1] - found.density[-1][:, -1:]).max(axis=0)
    near = found.depth < 0.5 * found.depth[-1]
    deep = found.depth[near][change[near] > 0.02 * change[near].max()] if change[near].max() > 0.0 else found.depth[:1]
    limits = [1.2 * float(deep.max(initial=0.0)), *([shown_depth_of(reference)] if reference is not None else [])]
    limit = min(max(limits), float(found.depth[-1]))
    return [live_plot(experiment, found.depth, densities, title="end of the last stage, electroneutral model",
                      profile=profile, reference=reference, limit=limit, normalised=normalised)]  # fmt: skip


def _scalars_of(path: str) -> dict[str, Scalar] | None:
    """The numbers of a document that sliders are offered for; None if it cannot be used."""
    try:
        found = scalars(read_experiment(path))
    except InputError:
        return None
    return {name: scalar for name, scalar in found.items() if not name.startswith("grid.")}


@lru_cache(maxsize=8)
def _load_result(path: str, _changed: int) -> SimulationResult:
    from ionscape.transport import load_result

    return load_result(path)


@lru_cache(maxsize=2)
def _load_profile(path: str, _changed: int) -> DepthProfile:
    from ionscape.sims import load_profile

    return load_profile(path)
