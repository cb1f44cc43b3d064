"""Populations on the energies of their sites, as a simulation has them (Gunawan 2026, Fig. 2, calculated)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError

from .axes import MOBILE_ENERGY, SITES
from .plot import Curve, Label, Mark, Panel, Plot
from .profiles import density_scale, moment_title, shown_depth_of
from .site_systems import population_systems
from .states import Array, Result, arrival_order, state_at, values
from .style import axis_unit, ion_styles

if TYPE_CHECKING:
    from ionscape.experiment import Experiment

LEAST_SHARE = 5e-3
"""Of the native ions: less is drawn and not named."""


def kept_times(result: Result) -> Array:
    """Times [s] of which the populations were kept."""
    return values(result.dataset, "population_time")


def system_names(result: Result) -> tuple[str, ...]:
    """The site systems that have populations."""
    return tuple(str(name) for name in result.dataset["system"].values)


def check_depth(experiment: Experiment, depth: float) -> None:
    """Refuse a depth [m] that lies outside the sample.

    Raises:
        InputError: it does.
    """
    thickness = experiment.sample.thickness
    if not 0 <= depth <= thickness:
        raise InputError(
            "lies outside the sample", key="depth", value=f"{depth * 1e9:.6g} nm",
            bound=f"must be between 0 and {thickness * 1e9:.6g} nm", remedy="choose a depth inside the sample",
        )  # fmt: skip


def populations_beside_profile(result: Result, time: float, depth: float, *, normalised: bool = True) -> Plot:
    """The profile with a line at a depth, and beside it who sits on which sites there, in a panel for each system.

    Axes are the same for all times and depths.

    Args:
        result: of a simulation with populations.
        time: the kept one that is nearest is drawn [s].
        depth: below the irradiated surface; the cell that is nearest is drawn [m].
        normalised: densities of the profile as fractions of bulk; otherwise per cubic nanometre.
    """
    time = nearest(kept_times(result), time)
    depth = nearest(values(result.dataset, "depth"), depth)
    state = state_at(result.dataset, time)
    scale = density_scale(result, shown_depth_of(result), normalised=normalised)
    clock, unit = axis_unit(float(values(result.dataset, "time")[-1]), "time"), axis_unit(depth, "length")
    mark = Mark(value=depth / scale.unit.size, line="solid", colour="#D55E00", thickness=1.2)
    every = [state_at(result.dataset, float(kept)) for kept in kept_times(result)]
    vertical = scale.vertical([curve for each in every for curve in scale.curves(each, absent=True)])
    profile = Panel(
        title=moment_title(result.experiment, state, clock), horizontal=scale.horizontal, vertical=vertical,
        curves=tuple(scale.curves(state, absent=True)), marks=(mark,), legend="",
    )  # fmt: skip
    place = f"at {depth / unit.size:.4g} {unit.unit}"
    names = system_names(result)
    systems = [
        # the lines of the profile have the names of the ions
        replace(panel, title=place if len(names) == 1 else f"{name}, {place}",
                curves=tuple(replace(curve, legend=curve.kind != "band") for curve in panel.curves))
        for name in names
        for panel in with_common_ends([calculated_populations(result, time, depth, name)])
    ]  # fmt: skip
    return Plot(
        name="populations-over-depth", panels=(profile, *systems), layout=(tuple(range(1 + len(systems))),),
        widths=(1.7, *(1.0 for _ in systems)), legend="above", columns=8, size=(6.0 + 3.4 * len(systems), 4.6),
    )  # fmt: skip


def nearest(among: Array, value: float) -> float:
    """The one of some numbers that is nearest to a value."""
    return float(among[np.abs(among - value).argmin()])


def with_common_ends(panels: Sequence[Panel]) -> list[Panel]:
    """Panels of one system, whose last curves are all sites, with common ends of their axes and room for labels."""
    widest = max(float(panel.curves[-1].x.max()) for panel in panels)
    energies = np.concatenate([panel.curves[-1].y for panel in panels])
    limits = (float(energies.min()), float(energies.max()))
    return [
        replace(panel, horizontal=replace(SITES, limits=(0.0, 1.4 * widest)),
                vertical=replace(panel.vertical, limits=limits))
        for panel in panels
    ]  # fmt: skip


def calculated_populations(result: Result, time: float, depth: float, system: str) -> Panel:
    """The ions of a system on its sites at one kept time and depth, on top of each other.

    The density of all sites is the last curve.

    Args:
        result: of a simulation with populations.
        time: a kept one [s].
        depth: below the irradiated surface [m].
        system: its name.
    """
    data, experiment = result.dataset, result.experiment
    place = int(data["stage"].sel(time=time).values) if time > 0.0 else 0
    levels = data["site_system"].values == system
    cell = int(np.abs(data["depth"].values - depth).argmin())
    here = data["population"].sel(population_time=time).isel(depth=cell).values[:, levels]
    volts = data["energy"].values[levels] / ELECTRON_VOLT
    native = next(each for each in population_systems(experiment, place) if each.name == system).native_density
    width = data["energy_width"].values[levels] / ELECTRON_VOLT * native
    names = [str(name) for name in data["ion"].values]
    styles = ion_styles(experiment.ions)
    curves: list[Curve] = []
    labels: list[Label] = []
    below = np.zeros(volts.size)
    for name in arrival_order(experiment, place):
        own = here[names.index(name)]
        share = float(own.sum()) / native
        if not own.any() or np.isnan(own).any():
            continue
        above = below + own / width
        curves.append(Curve(name=name, x=above, y=volts, lower=below, upper=above, kind="band", sideways=True,
                            colour=styles[name].colour, strength=0.6))  # fmt: skip
        if share > LEAST_SHARE:
            middle = float(np.interp(0.5, np.cumsum(own) / own.sum(), volts))
            labels.append(Label(text=f"{name} {share:.2f}", x=float(np.interp(middle, volts, above)), y=middle))
        below = above
    sites = data["site_density"].values[levels] / width
    curves.append(Curve(name="all sites", x=sites, y=volts, colour="black", thickness=1.2))
    level = float(data["native_fermi_energy"].sel(system=system).values[place]) / ELECTRON_VOLT
    labels.append(Label(text="(native glass)", symbol="E_F", x=1.0, y=level, frame=("panel", "data"),
                        anchor=("right", "bottom")))  # fmt: skip
    mark = Mark(value=level, across="horizontal", colour="black", thickness=0.9)
    return Panel(horizontal=SITES, vertical=MOBILE_ENERGY, curves=tuple(curves), labels=tuple(labels), marks=(mark,),
                 legend="")  # fmt: skip
