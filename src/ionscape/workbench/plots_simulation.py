"""Plots of experiments and simulations: densities, potential and D over depth, D(n), site energies, current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.figures.energies import energy_grid
from ionscape.figures.profiles import (
    LEAST_FRACTION,
    PER_CUBIC_NANOMETRE,
    cells_shown,
    profile_curves,
    stage_title,
    staying_ions,
)
from ionscape.figures.states import (
    Result,
    State,
    arrival_order,
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
from ionscape.figures.style import LOWEST_DECADES, STAGE_LINES, TOTAL, LineStyle, axis_unit, ion_styles, reject
from ionscape.transport.exchange import exchanging_ions as exchanging_in
from ionscape.workbench.drawing import Axis, Curve, Mark, Plot

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.profiling import DepthProfile

ENERGY_POINTS = 800


def profile_plot(
    result: Result,
    time: float,
    *,
    profile: DepthProfile | None = None,
    others: Sequence[tuple[str, Result]] = (),
    normalised: bool = True,
    limit: float | None = None,
) -> Plot:
    """Densities of all mobile ions over depth at one time.

    Args:
        result: a simulation.
        time: from the start of the first stage [s].
        profile: a measurement to lay over it, as points with 95 % error bars.
        others: further simulations by name, as thin lines at the same time (or at their end, where they are shorter).
        normalised: as fractions of the native density of the ions that are exchanged; otherwise per cubic nanometre.
        limit: end of the abscissa [m]; None for about one and a half times the depth of the deepest front.

    Raises:
        InputError: the time lies outside the simulated interval.
    """
    state = state_at(result.dataset, time)
    limit = shown_depth_of(result) if limit is None else limit
    unit = axis_unit(limit, "length")
    curves: list[Curve] = []
    reference = None if normalised else PER_CUBIC_NANOMETRE
    exchanging = exchanging_ions(result)
    if profile is not None:
        curves += _measured(profile, unit.size, reference=reference, limit=limit, exchanging=exchanging)
    for number, (name, other) in enumerate(others):
        last = float(values(other.dataset, "time")[-1])
        line = STAGE_LINES[1 + number % (len(STAGE_LINES) - 1)]
        curves += _densities(other, state_at(other.dataset, min(time, last)), limit, unit.size, reference,
                             suffix=f", {name}", line=line, strength=0.65, thickness=1.2)  # fmt: skip
    curves += _densities(result, state, limit, unit.size, reference)
    what = _density_axis(result.experiment, normalised, exchanging)
    return _profile_axes(curves, _moment(result, state), limit / unit.size, unit.unit, unit.size, what)


def live_plot(
    experiment: Experiment,
    depth: FloatArray,
    densities: Mapping[str, FloatArray],
    *,
    title: str = "",
    profile: DepthProfile | None = None,
    reference: Result | None = None,
    limit: float | None = None,
    normalised: bool = True,
) -> Plot:
    """Densities that are not kept in a result: those of the electroneutral model while a slider moves.

    Args:
        experiment: gives the native densities.
        depth: shape (points,) [m].
        densities: of every ion, shape (points,) [1/m^3].
        title: above the plot.
        profile: a measurement to lay over it.
        reference: a simulation whose last state is drawn pale behind it.
        limit: end of the abscissa [m]; None for all depths.
        normalised: as fractions of the native density of the ions that are exchanged.
    """
    limit = float(depth[-1]) if limit is None else limit
    unit = axis_unit(limit, "length")
    scale = None if normalised else PER_CUBIC_NANOMETRE
    curves: list[Curve] = []
    names = [name for name in experiment.ions if name in densities]
    now = np.stack([densities[name] for name in names], axis=1)
    exchanging = exchanging_in(experiment, names, depth, now)
    if profile is not None:
        curves += _measured(profile, unit.size, reference=scale, limit=limit, exchanging=exchanging)
    if reference is not None:
        last = float(values(reference.dataset, "time")[-1])
        curves += _densities(reference, state_at(reference.dataset, last), limit, unit.size, scale,
                             suffix=", last run", strength=0.45, thickness=1.2)  # fmt: skip
    count = cells_shown(depth, limit)
    styles = ion_styles(experiment.ions)
    for name in mobile_ions(experiment):
        if name in densities:
            heights = densities[name][:count] / (scale or reference_density(experiment, name, exchanging))
            curves.append(Curve(name=name, x=depth[:count] / unit.size, y=heights,
                                colour=styles[name].colour, line=styles[name].line))  # fmt: skip
    what = _density_axis(experiment, normalised, exchanging)
    return _profile_axes(curves, title, limit / unit.size, unit.unit, unit.size, what)


def potential_plot(result: Result, time: float, *, whole: bool = False, limit: float | None = None) -> Plot:
    """Potential over depth at one time.

    Args:
        result: a simulation.
        time: from the start of the first stage [s].
        whole: the whole sample instead of the exchanged zone.
        limit: end of the abscissa [m] where not whole.

    Raises:
        InputError: the time lies outside the simulated interval.
    """
    state = state_at(result.dataset, time)
    thickness = float(state.depth[-1] + 0.5 * state.last_cell)
    limit = thickness if whole else (shown_depth_of(result) if limit is None else limit)
    unit = axis_unit(limit, "length")
    depth = np.concatenate([[0.0], state.depth, [thickness]])
    volts = np.concatenate([[state.surface_potential], state.potential, [0.0]])
    count = min(int(np.searchsorted(depth, limit)) + 2, depth.size)
    curve = Curve(name="potential", x=depth[:count] / unit.size, y=volts[:count], colour="black", thickness=1.5)
    horizontal = Axis(label="depth", unit=unit.unit, size=unit.size, limits=(0.0, limit / unit.size))
    return Plot(name="potential-sample" if whole else "potential", title=_moment(result, state), horizontal=horizontal,
                vertical=Axis(label="potential", unit="V"), curves=(curve,))  # fmt: skip


def diffusion_depth_plot(result: Result, time: float, *, limit: float | None = None) -> Plot:
    """Diffusion coefficient of every ion over depth at one time: that of the local densities and the stage.

    Raises:
        InputError: the time lies outside the simulated interval.
    """
    experiment, state = result.experiment, state_at(result.dataset, time)
    limit = shown_depth_of(result) if limit is None else limit
    unit = axis_unit(limit, "length")
    count = cells_shown(state.depth, limit)
    models = experiment.diffusion_models(state.stage)
    temperature = experiment.stages[state.stage].temperature
    styles = ion_styles(experiment.ions)
    curves: list[Curve] = []
    for name in arrival_order(experiment, state.stage):
        counted = models[name].fermi_level_counts or (name,)
        density = np.sum([np.maximum(state.of(other)[:count], 0.0) for other in counted], axis=0)
        coefficient = np.asarray(models[name].coefficient(density, temperature), dtype=np.float64)
        if coefficient.max() > 0.0:
            curves.append(Curve(name=name, x=state.depth[:count] / unit.size, y=coefficient,
                                colour=styles[name].colour, line=styles[name].line))  # fmt: skip
    horizontal = Axis(label="depth", unit=unit.unit, size=unit.size, limits=(0.0, limit / unit.size))
    return Plot(
        name="diffusion-over-depth",
        title=_moment(result, state),
        horizontal=horizontal,
        vertical=Axis(label="D", unit="m²/s", log=True, limits=_decades(curves)),
        curves=tuple(curves),
    )


def diffusion_plot(experiment: Experiment, stages: Sequence[int] | None = None) -> Plot:
    """Diffusion coefficients over the density that sets the Fermi level, as Gunawan 2026, Figs. 4, 6, 7.

    Args:
        experiment: what is described.
        stages: counted from 0, one kind of line each; None for all but storage.

    Raises:
        InputError: there is no such stage.
    """
    fraction = np.unique(np.concatenate([np.geomspace(1e-4, 1e-2, 40), np.linspace(0.0, 1.0, 601)[1:]]))
    styles = ion_styles(experiment.ions)
    chosen = _driven_stages(experiment) if stages is None else list(stages)
    curves: list[Curve] = []
    counted: dict[str, str] = {}
    depends = False
    for place, number in enumerate(chosen):
        if not 0 <= number < len(experiment.stages):
            raise reject("stage", number, range(len(experiment.stages)))
        models, temperature = experiment.diffusion_models(number), experiment.stages[number].temperature
        for name in arrival_order(experiment, number):
            density = fraction * experiment.reference_density(name, number)
            coefficient = np.asarray(models[name].coefficient(density, temperature), dtype=np.float64)
            if not coefficient.max() > 0.0:
                continue
            depends |= float(np.ptp(coefficient)) > 0.0
            label = name if len(chosen) == 1 else f"{name}, stage {number + 1}"
            curve = Curve(name=label, x=fraction, y=coefficient, colour=styles[name].colour,
                          line=STAGE_LINES[place % len(STAGE_LINES)])  # fmt: skip
            same = next((each for each, other in enumerate(curves) if other.colour == curve.colour
                         and np.array_equal(other.y, coefficient)), None)  # fmt: skip
            if same is None:
                curves.append(curve)
            else:  # a line under another would be missed
                curves[same] = replace(curves[same], name=f"{curves[same].name} and {number + 1}")
            counts = models[name].fermi_level_counts
            if counts and counts != (name,):
                counted[name] = f"{name}: {' + '.join(counts)}"
    note = f" ({'; '.join(counted.values())})" if counted else ""
    what = f"density that sets the Fermi level{note}" if depends else "density, on which no coefficient depends"
    return Plot(
        name="diffusion-coefficients", title=f"diffusion coefficients at {_temperatures(experiment, chosen)}",
        horizontal=Axis(label=f"{what}, n/n_bulk", limits=(0.0, 1.0)),
        vertical=Axis(label="D", unit="m²/s", log=True, limits=_decades(curves)), curves=tuple(curves),
    )  # fmt: skip


def _temperatures(experiment: Experiment, stages: Sequence[int]) -> str:
    """The temperature of the stages, or that of each."""
    found = {number: f"{experiment.stages[number].temperature:.5g} K" for number in stages}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return ", ".join(f"{text} (stage {number + 1})" for number, text in found.items())


def site_energy_plot(experiment: Experiment, ion: str | None = None, stage: int | None = None) -> Plot | None:
    """Densities of sites over energy with the Fermi levels of the native glass, as Gunawan 2024, Fig. 4.

    Energies are counted from the threshold of long-range transport.

    Args:
        experiment: what is described.
        ion: its name; None for every ion with site energies.
        stage: counted from 0; None for all but storage, models that are the same drawn once.

    Returns:
        None if no ion has site energies there.

    Raises:
        InputError: no such ion or stage.
    """
    from ionscape.diffusivity import SiteEnergyDiffusion

    if ion is not None and ion not in experiment.ions:
        raise reject("ion", ion, experiment.ions)
    stages = range(len(experiment.stages)) if stage is None else [stage]
    styles = ion_styles(experiment.ions)
    curves: list[Curve] = []
    marks: list[Mark] = []
    driven = _driven_stages(experiment)
    for name in experiment.ions if ion is None else [ion]:
        drawn: list[object] = []
        for number in stages:
            if not 0 <= number < len(experiment.stages):
                raise reject("stage", number, range(len(experiment.stages)))
            model = experiment.diffusion_models(number)[name]
            if not isinstance(model, SiteEnergyDiffusion) or (stage is None and number not in driven):
                continue
            if name not in arrival_order(experiment, number) or model.distribution in drawn:
                continue
            distribution = model.distribution
            line = STAGE_LINES[len(drawn) % len(STAGE_LINES)]
            label = f"{name}, stage {number + 1}" if drawn else name
            bulk = experiment.reference_density(name, number)
            level = float(distribution.fermi_energy(experiment.native_fermi_density(name, number) or bulk))
            energy = energy_grid(distribution, [level], points=ENERGY_POINTS)
            sites = np.asarray(distribution.density_of_states(energy)) * ELECTRON_VOLT / bulk
            occupied = energy <= level
            curves.append(Curve(name=f"{label}, occupied", x=energy[occupied] / ELECTRON_VOLT, y=sites[occupied],
                                lower=np.zeros(int(occupied.sum())), upper=sites[occupied], kind="band", legend=False,
                                colour=styles[name].colour, strength=0.15 if drawn else 0.3))  # fmt: skip
            curves.append(Curve(name=label, x=energy / ELECTRON_VOLT, y=sites, colour=styles[name].colour, line=line,
                                thickness=1.5))  # fmt: skip
            mark = Mark(name=f"E_F({name}) = {level / ELECTRON_VOLT:.3f} eV", value=level / ELECTRON_VOLT,
                        colour=styles[name].colour)  # fmt: skip
            if all(abs(mark.value - other.value) > 1e-9 for other in marks):
                marks.append(mark)
            drawn.append(distribution)
    if not curves:
        return None
    return Plot(
        name="site-energies", title="site energies",
        horizontal=Axis(label="site energy from transport threshold", unit="eV", size=ELECTRON_VOLT),
        vertical=Axis(label="S(E)/n_bulk", unit="eV⁻¹", limits=(0.0, None)), curves=tuple(curves), marks=tuple(marks),
    )  # fmt: skip


def current_plot(result: Result, time: float | None = None) -> Plot:
    """Current through the back electrode over time, with a line at the time that is shown."""
    dataset = result.dataset
    times, current = values(dataset, "time"), values(dataset, "current")
    clock = axis_unit(float(times[-1]), "time")
    unit = axis_unit(float(np.abs(current[1:]).max()) if current.size > 1 else 1.0, "current")
    marks = [Mark(name="", value=end / clock.size, line="dotted", colour="#888888")
             for end in list(stage_ends(dataset).values())[:-1]]  # fmt: skip
    if time is not None:
        marks.append(Mark(name="", value=time / clock.size, line="solid", colour="#D55E00"))
    curve = Curve(name="current", x=times[1:] / clock.size, y=current[1:] / unit.size, colour="black", thickness=1.4)
    return Plot(
        name="current",
        title="current through the back electrode",
        horizontal=Axis(label="time", unit=clock.unit, size=clock.size),
        vertical=Axis(label="current", unit=unit.unit, size=unit.size),
        curves=(curve,),
        marks=tuple(marks),
    )


def shown_depth_of(result: Result) -> float:
    """Depth [m] up to which profiles of all times of a result are drawn, so that it does not jump with the time."""
    dataset = result.dataset
    states = [state_at(dataset, time) for time in stage_ends(dataset).values()]
    initial = state_at(dataset, float(values(dataset, "time")[0]))
    names = [name for name in mobile_ions(result.experiment) if name in ion_names(dataset)]
    return shown_depth(states, initial, names)


def _densities(
    result: Result,
    state: State,
    limit: float,
    size: float,
    reference: float | None,
    *,
    suffix: str = "",
    line: LineStyle | None = None,
    strength: float = 1.0,
    thickness: float | None = None,
) -> list[Curve]:
    experiment, exchanging = result.experiment, exchanging_ions(result)
    count = cells_shown(state.depth, limit)
    styles = ion_styles(name for name in experiment.ions)
    found: list[Curve] = []
    for name, density in profile_curves(experiment, state).items():
        style = styles.get(name, TOTAL)
        native = reference_density(experiment, name, exchanging)
        if density.max() < LEAST_FRACTION * native or (suffix and name not in styles):
            continue
        heights = density[:count] / (reference or native)
        found.append(Curve(name=f"{name}{suffix}", x=state.depth[:count] / size, y=heights,
                           colour=style.colour, line=style.line if line is None else line, strength=strength,
                           thickness=thickness or style.thickness))  # fmt: skip
    return found


def _measured(
    profile: DepthProfile, size: float, *, reference: float | None, limit: float, exchanging: Sequence[str]
) -> list[Curve]:
    """Points of a measurement; `reference` None for fractions of its own bulk density of the ions exchanged."""
    data = profile.dataset
    if reference is None:
        bulk = dict(zip(profile.ions, data["bulk_density"].values, strict=True))
        reference = float(sum(bulk[ion] for ion in exchanging if ion in bulk) or sum(bulk.values()))
    inside = data["depth"].values <= limit
    depth = data["depth"].values[inside] / size
    styles = ion_styles(profile.ions)
    return [
        Curve(name=f"{ion} measured", x=depth, kind="points", colour=styles[ion].colour, strength=0.55, thickness=1.2,
              y=data["density"].values[inside, place] / reference,
              lower=data["density_lower_95"].values[inside, place] / reference,
              upper=data["density_upper_95"].values[inside, place] / reference)
        for place, ion in enumerate(profile.ions)
    ]  # fmt: skip


def _density_axis(experiment: Experiment, normalised: bool, exchanging: Sequence[str]) -> Axis:
    if not normalised:
        return Axis(label="density", unit="nm⁻³")
    if staying_ions(experiment, exchanging):
        return Axis(label=f"density / native density of {' + '.join(exchanging)}")
    salt = has_mobile_salt(experiment)
    return Axis(label="fraction of native ions of like charge n/n_native" if salt else "fraction of bulk n/n_bulk")


def _profile_axes(curves: Sequence[Curve], title: str, limit: float, unit: str, size: float, vertical: Axis) -> Plot:
    lowest = min((float(np.nanmin(curve.y)) for curve in curves), default=0.0)
    highest = max((float(np.nanmax(curve.y)) for curve in curves), default=1.0)
    limits = (min(0.0, 1.05 * lowest), 1.06 * highest)
    return Plot(
        name="profiles", title=title, horizontal=Axis(label="depth", unit=unit, size=size, limits=(0.0, limit)),
        vertical=Axis(label=vertical.label, unit=vertical.unit, limits=limits), curves=tuple(curves),
    )  # fmt: skip


def _moment(result: Result, state: State) -> str:
    clock = axis_unit(float(values(result.dataset, "time")[-1]), "time")
    return f"{stage_title(result.experiment, state.stage)}, at {state.time / clock.size:.4g} {clock.unit}"


def _driven_stages(experiment: Experiment) -> list[int]:
    """The stages in which ions are driven, or all if there is none."""
    driven = [number for number, stage in enumerate(experiment.stages) if stage.kind != "storage"]
    if not experiment.stages:
        raise InputError("has no stages", key="stages", remedy="add one")
    return driven or list(range(len(experiment.stages)))


def _decades(curves: Sequence[Curve]) -> tuple[float | None, float | None]:
    """Limits of a logarithmic axis: whole decades, not further down than is of use."""
    positive = [curve.y[np.isfinite(curve.y) & (curve.y > 0.0)] for curve in curves]
    if not any(part.size for part in positive):
        return None, None
    highest = max(float(part.max()) for part in positive if part.size)
    lowest = max(min(float(part.min()) for part in positive if part.size), highest * 10.0**-LOWEST_DECADES)
    return 10.0 ** float(np.floor(np.log10(lowest))), 10.0 ** float(np.ceil(np.log10(highest * 1.001)))
