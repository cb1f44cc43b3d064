"""Densities, potential and diffusion coefficients over depth (as Gunawan 2024, Fig. 1; Gunawan 2026, Figs. 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.files.quantities import DisplayUnit

from .axes import DENSITY, DIFFUSION, PER_CUBIC_NANOMETRE, decades, depth_axis
from .plot import Axis, Curve, Panel, Plot, entry, grid_layout
from .render_matplotlib import Drawing
from .states import (
    Array,
    Result,
    State,
    arrival_order,
    bulk_density,
    exchanging_ions,
    has_mobile_salt,
    ion_names,
    mobile_ions,
    reference_density,
    shown_depth,
    stage_ends,
    state_at,
    values,
)
from .style import TOTAL, axis_unit, colour_of_map, ion_styles

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.profiling import DepthProfile

WHOLE = 0.999  # of the thickness: a figure that reaches so deep shows the whole sample
HIGHEST_LINEAR = 20.0  # times the native density
LEAST_LOGARITHMIC = 1e-3  # of the native density
LEAST_FRACTION = 1e-6  # of bulk: an ion that has not come yet would only draw over the axis
PALEST = 0.35  # strength of the first of several times


def stage_title(experiment: Experiment, stage: int) -> str:
    """Return a short name of a stage such as `stage 1, Rb irradiation`."""
    return f"stage {stage + 1}, {experiment.stages[stage].title}"


def named_stages(experiment: Experiment, stages: Sequence[int]) -> list[str]:
    """Return the names of stages without their numbers, with their temperatures where these differ."""
    named = [experiment.stages[stage] for stage in stages]
    alike = len({stage.temperature_in_words for stage in named}) < 2
    return [stage.title if alike else f"{stage.title}, {stage.temperature_in_words}" for stage in named]


def moment_title(experiment: Experiment, state: State, clock: DisplayUnit) -> str:
    """Return the short name of the stage of a state, and its time."""
    return f"{stage_title(experiment, state.stage)}, after {state.time / clock.size:.4g} {clock.unit}"


def profile_curves(experiment: Experiment, state: State) -> dict[str, Array]:
    """Return what a profile shows, each of shape (cells,) [1/m^3]: every mobile ion by name, then their sum.

    The sum is named `total`, or `charge` (weighted with the charge numbers) where these differ from one; with anions it
    has no meaning and is left out.
    """
    names = [name for name in state.ions if name in mobile_ions(experiment)]
    charges = [experiment.ions[name].charge for name in names]
    curves = {name: state.of(name) for name in names}
    if names and min(charges) > 0:
        weighted = [charge * state.of(name) for name, charge in zip(names, charges, strict=True)]
        curves["total" if max(charges) == 1 else "charge"] = np.sum(weighted, axis=0)
    return curves


@dataclass(frozen=True, kw_only=True)
class DensityScale:
    """In what densities over depth are drawn.

    Attributes:
        experiment: gives the native densities.
        exchanging: native ions that are exchanged (`states.exchanging_ions`), to which fractions refer.
        limit: end of the abscissa [m].
        normalised: as fractions of the native density of the ions that are exchanged, in a salt of those of like
            charge; otherwise per cubic nanometre.
    """

    experiment: Experiment
    exchanging: Sequence[str]
    limit: float
    normalised: bool = True

    @property
    def unit(self) -> DisplayUnit:
        """That of the depths."""
        return axis_unit(self.limit, "length")

    @property
    def horizontal(self) -> Axis:
        """The axis of the depths."""
        return depth_axis(self.limit)

    def curves(self, state: State, *, absent: bool = False, suffix: str = "", **style: Any) -> list[Curve]:
        """Density of every mobile ion and their sum over depth.

        Args:
            state: the time to draw.
            absent: draw ions too that have not come yet, as a line along the axis.
            suffix: behind the names, of another run; the sum is left out of it.
            style: fields of `Curve` instead of those of the ions.
        """
        count = cells_shown(state.depth, self.limit)
        drawn = profile_curves(self.experiment, state)
        styles = ion_styles(name for name in drawn if name in self.experiment.ions)
        found: list[Curve] = []
        for name, density in drawn.items():
            native, look = reference_density(self.experiment, name, self.exchanging), styles.get(name, TOTAL)
            if (not absent and density.max() < LEAST_FRACTION * native) or (suffix and look is TOTAL):
                continue
            own: dict[str, Any] = {
                "colour": look.colour,
                "line": look.line,
                "thickness": look.thickness,
                "order": look.order - 2.0,
            }
            found.append(Curve(name=f"{name}{suffix}", x=state.depth[:count] / self.unit.size,
                               y=density[:count] / (native if self.normalised else PER_CUBIC_NANOMETRE),
                               **{**own, **style}))  # fmt: skip
        return found

    def measured(self, profile: DepthProfile) -> list[Curve]:
        """Points of a measurement, as fractions of its own bulk density of the ions that are exchanged."""
        data = profile.dataset
        bulk = dict(zip(profile.ions, data["bulk_density"].values, strict=True))
        unity = sum(bulk[ion] for ion in self.exchanging if ion in bulk) or profile.native_density
        unity = float(unity) if self.normalised else PER_CUBIC_NANOMETRE
        inside = data["depth"].values <= self.limit
        styles = ion_styles(profile.ions)

        def of(name: str, place: int) -> Array:
            return data[name].values[inside, place] / unity

        return [
            Curve(name=f"{ion} measured", x=data["depth"].values[inside] / self.unit.size, y=of("density", place),
                  lower=of("density_lower_95", place), upper=of("density_upper_95", place), interval="95 %",
                  kind="points", colour=styles[ion].colour, strength=0.55, thickness=1.2, order=-1.5)
            for place, ion in enumerate(profile.ions)
        ]  # fmt: skip

    def vertical(self, curves: Sequence[Curve], *, highest: float | None = None) -> Axis:
        """The axis of densities: linear from 0 on, or logarithmic where ions pile up so high that the rest is flat.

        Args:
            curves: what is drawn.
            highest: density that is drawn, in the unit of the axis; None for that of the curves.
        """
        curves = [curve for curve in curves if curve.x.size]
        unity = 1.0 if self.normalised else bulk_density(self.experiment, self.exchanging) / PER_CUBIC_NANOMETRE
        if highest is None:
            highest = max((float(np.nanmax(curve.y)) for curve in curves), default=unity)
        lowest = min((float(np.nanmin(curve.y)) for curve in curves), default=0.0)
        log = highest > HIGHEST_LINEAR * unity
        limits = (LEAST_LOGARITHMIC * unity, 2.0 * highest) if log else (min(0.0, 1.05 * lowest), 1.06 * highest)
        if not self.normalised:
            return replace(DENSITY, log=log, limits=limits)
        label, symbol = self._fraction()
        return Axis(label=label, symbol=symbol, log=log, limits=limits)

    def _fraction(self) -> tuple[str, str]:
        """Name and symbol of normalised densities."""
        if staying_ions(self.experiment, self.exchanging):
            return f"density / native density of {' + '.join(self.exchanging)}", ""
        if has_mobile_salt(self.experiment):
            return "fraction of native ions\nof like charge", "n/n_native"
        return "fraction of bulk", "n/n_bulk"

    def panel(self, curves: Sequence[Curve], *, title: str = "", **others: Any) -> Panel:
        """Curves of densities in a panel; `others` are further fields of it."""
        return Panel(title=title, horizontal=self.horizontal, vertical=self.vertical(curves), curves=tuple(curves),
                     **others)  # fmt: skip


def density_scale(result: Result, limit: float, *, normalised: bool = True) -> DensityScale:
    """The scale of the densities of a result."""
    exchanging = exchanging_ions(result)
    return DensityScale(experiment=result.experiment, exchanging=exchanging, limit=limit, normalised=normalised)


def staying_ions(experiment: Experiment, exchanging: Sequence[str] | None) -> tuple[str, ...]:
    """Return the mobile native ions that are not exchanged, to which fractions of bulk do not refer."""
    mobile = [name for name in experiment.sample.native if name not in experiment.immobile_ions]
    return tuple(name for name in mobile if exchanging and name not in exchanging)


def zone_name(experiment: Experiment, limit: float) -> str:
    """Return what to call the part of the sample from the surface to `limit` [m]."""
    if limit >= WHOLE * experiment.sample.thickness:
        return "whole sample"
    arriving = any(stage.newcomers for stage in experiment.stages)
    return "exchanged zone" if arriving else "zone below the surface"


def cells_shown(depth: Array, limit: float) -> int:
    """Return how many cells to draw so that the lines reach the end of the abscissa: one more than lie before it."""
    return min(int(np.searchsorted(depth, limit)) + 2, depth.size)


def shown_depth_of(result: Result, times: Sequence[float] | None = None) -> float:
    """Depth [m] up to which profiles are drawn.

    Args:
        result: a simulation.
        times: those that are drawn [s]; None for the ends of all stages, so that it does not jump with the time.
    """
    dataset = result.dataset
    states = [state_at(dataset, time) for time in (stage_ends(dataset).values() if times is None else times)]
    initial = state_at(dataset, float(values(dataset, "time")[0]))
    names = [name for name in mobile_ions(result.experiment) if name in ion_names(dataset)]
    return shown_depth(states, initial, names)


def _states(result: Result, times: Sequence[float] | None) -> list[State]:
    """States at some times [s], early ones first; at the end of every stage without any."""
    chosen = sorted(times) if times is not None else stage_ends(result.dataset).values()
    return [state_at(result.dataset, time) for time in chosen]


@Drawing
def depth_profiles(result: Result, times: Sequence[float] | None = None, normalised: bool = True) -> Plot:
    """Draw the density of each ion and their sum over depth, up to about one and a half times the depth of the front.

    Args:
        result: a simulation.
        times: the times [s] to draw into one panel, early ones pale; without them, the end of every stage in a panel
            of its own.
        normalised: as fractions of the native density of the ions that are exchanged, in a salt of those of like
            charge; otherwise per cubic nanometre.

    Raises:
        InputError: a time outside the simulated interval.
    """
    states = _states(result, times)
    scale = density_scale(result, shown_depth_of(result, [state.time for state in states]), normalised=normalised)
    clock = axis_unit(states[-1].time, "time")
    if times is not None:
        return _profiles_at_times(scale, states, clock)
    every = [scale.curves(state) for state in states]
    vertical = scale.vertical([curve for curves in every for curve in curves])
    columns = 1 if len(states) <= 3 else 2
    layout = grid_layout(len(states), columns)
    panels: list[Panel] = []
    for number, (state, curves) in enumerate(zip(states, every, strict=True)):
        last = number + columns >= len(states)
        own = replace(vertical, hidden=number % columns > 0, **({"label": "", "symbol": ""} if len(layout) > 1 else {}))
        panels.append(
            Panel(title=moment_title(result.experiment, state, clock), vertical=own, legend="",
                  horizontal=replace(scale.horizontal, hidden=not last), curves=tuple(curves))
        )  # fmt: skip
    return Plot(
        name="profiles", panels=tuple(panels), layout=layout, legend="above", columns=8,
        # one name for all rows: low panels have no room for their own
        vertical=vertical if len(layout) > 1 else None,
        size=(6.4 * columns, 0.7 + (3.2 if len(layout) == 1 else 2.5 * len(layout))),
    )  # fmt: skip


def _profiles_at_times(scale: DensityScale, states: Sequence[State], clock: DisplayUnit) -> Plot:
    """Draw several times into one panel, from pale to full colour."""
    strengths = [float(strength) for strength in np.linspace(PALEST, 1.0, len(states))] if len(states) > 1 else [1.0]
    curves: list[Curve] = []
    for state, strength in zip(states, strengths, strict=True):
        name = f"{state.time / clock.size:.4g} {clock.unit}"
        curves.append(entry(name, thickness=3.0, colour="black", strength=strength, order=-3.0))
        curves += [
            replace(curve, strength=strength, order=curve.order + 0.1 * strength) for curve in scale.curves(state)
        ]
    return Plot(name="profiles", panels=(scale.panel(curves, legend=""),), legend="right", size=(6.8, 4.2))


def potential_panel(state: State, *, limit: float, **style: Any) -> Panel:
    """The potential [V] over depth up to `limit` [m]; `style` are fields of its `Curve`."""
    horizontal = depth_axis(limit)
    thickness = state.depth[-1] + 0.5 * state.last_cell
    depth = np.concatenate([[0.0], state.depth, [thickness]])
    volts = np.concatenate([[state.surface_potential], state.potential, [0.0]])
    count = int(np.searchsorted(depth, limit)) + 2
    look: dict[str, Any] = {"name": "potential", "colour": "black", "thickness": 1.5, **style}
    curve = Curve(x=depth[:count] / horizontal.size, y=volts[:count], **look)
    return Panel(horizontal=horizontal, vertical=Axis(label="potential", unit="V"), curves=(curve,), legend="")


@Drawing
def potential(result: Result, times: Sequence[float] | None = None) -> Plot:
    """Draw the potential over depth: in the exchanged zone, if there is one, and beside it in the whole sample.

    Args:
        result: a simulation.
        times: the times [s] to draw, early ones pale; without them, the end of every stage.

    Raises:
        InputError: a time outside the simulated interval.
    """
    experiment, states = result.experiment, _states(result, times)
    zone = shown_depth_of(result, [state.time for state in states])
    thickness = experiment.sample.thickness
    limits = [zone, thickness] if zone < WHOLE * thickness else [thickness]
    shares = np.linspace(0.8, 0.0, len(states)) if len(states) > 1 else [0.0]
    clock = axis_unit(states[-1].time, "time")
    panels: list[Panel] = []
    for limit in limits:
        lines: list[Curve] = []
        for state, share in zip(states, shares, strict=True):
            moment = f"{state.time / clock.size:.4g} {clock.unit}"
            name = moment if times is not None else f"{moment}, {stage_title(experiment, state.stage)}"
            lines += potential_panel(state, limit=limit, name=name, colour=colour_of_map("cividis", share)).curves
        shown = potential_panel(states[-1], limit=limit)
        panels.append(replace(shown, curves=tuple(lines), title=zone_name(experiment, limit)))
    return Plot(name="potential", panels=tuple(panels), layout=(tuple(range(len(limits))),), legend="above",
                columns=min(len(states), 3), size=(4.2 * len(limits), 3.8))  # fmt: skip


def diffusion_over_depth_panel(result: Result, state: State, *, limit: float) -> Panel:
    """Diffusion coefficients over depth: those of the local densities and of the stage of a state.

    Ions with populations have the effective one of the kept time that is nearest; a remark says which, if it is another
    one.
    """
    experiment, horizontal = result.experiment, depth_axis(limit)
    count = cells_shown(state.depth, limit)
    models = experiment.diffusion_models(state.stage)
    temperature = experiment.stage_at(state.stage, state.time).first_temperature
    styles = ion_styles(experiment.ions)
    effective, kept = _effective_diffusion(result, state.time)
    curves: list[Curve] = []
    for name in arrival_order(experiment, state.stage):
        if name in effective:
            coefficient = effective[name][:count]
        else:
            counted = models[name].fermi_level_counts or (name,)
            density = np.sum([np.maximum(state.of(other)[:count], 0.0) for other in counted], axis=0)
            coefficient = np.asarray(models[name].coefficient(density, temperature), dtype=np.float64)
        if np.any(coefficient > 0.0):
            curves.append(Curve(name=name, x=state.depth[:count] / horizontal.size, y=coefficient,
                                colour=styles[name].colour, line=styles[name].line))  # fmt: skip
    vertical = replace(DIFFUSION, limits=decades(curves), symbol="D_eff" if effective else DIFFUSION.symbol)
    clock = axis_unit(max(kept, state.time), "time")
    other = bool(effective) and not np.isclose(kept, state.time)
    remark = f"populations of {kept / clock.size:.4g} {clock.unit}" if other else ""
    return Panel(horizontal=horizontal, vertical=vertical, curves=tuple(curves), remark=remark)


def _effective_diffusion(result: Result, time: float) -> tuple[dict[str, Array], float]:
    """D of the ions with populations (cells,) [m^2/s] at the kept time nearest to one, and that time [s]."""
    if "population" not in result.dataset:
        return {}, time
    from ionscape.transport.population_figures import coefficients_in_a_field

    nearest = result.dataset[["population", "activity"]].sel(population_time=[time], method="nearest")
    population = nearest["population"].rename(population_time="time")
    found = coefficients_in_a_field(result.experiment, population, nearest["activity"]).isel(time=0)
    names = [str(name) for name in found["ion"].values]
    every = {name: np.asarray(found.sel(ion=name).values, dtype=np.float64) for name in names}
    return {name: own for name, own in every.items() if not np.isnan(own).all()}, float(found["time"])


@Drawing
def diffusion_over_depth(result: Result, times: Sequence[float] | None = None) -> Plot:
    """Draw the diffusion coefficient of every ion over depth, that of the local densities; one panel per time.

    Of ions with populations it is `effective_diffusion`, at the kept times next to those wanted.

    Args:
        result: a simulation.
        times: [s]; without them, the end of every stage.

    Raises:
        InputError: a time outside the simulated interval.
    """
    states = _states(result, times)
    limit, clock = shown_depth_of(result, [state.time for state in states]), axis_unit(states[-1].time, "time")
    panels = [diffusion_over_depth_panel(result, state, limit=limit) for state in states]
    limits = decades([curve for panel in panels for curve in panel.curves])
    panels = [
        replace(panel, title=moment_title(result.experiment, state, clock), legend="",
                vertical=replace(panel.vertical, limits=limits),
                horizontal=replace(panel.horizontal, hidden=panel is not panels[-1]))
        for state, panel in zip(states, panels, strict=True)
    ]  # fmt: skip
    return Plot(name="diffusion-over-depth", panels=tuple(panels), legend="above", columns=8,
                size=(6.4, 0.9 + 2.6 * len(panels)))  # fmt: skip
