"""Figures of exchanged plates: stress and refractive index over depth, guided modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.files.quantities import format_quantity

from .axes import depth_axis
from .plot import Axis, Curve, Mark, Panel, Plot
from .render_matplotlib import Drawing
from .style import axis_unit, colour_of_map

if TYPE_CHECKING:
    import xarray

    from ionscape.arrays import FloatArray
    from ionscape.optics import PolarisedModes, SlabModes
    from ionscape.transport import SimulationResult

_LIGHT = (("TE", "in_plane", "solid"), ("TM", "normal", "dashed"))
MOST_FIELDS = 6
STRESS = Axis(label="stress", unit="MPa", size=1e6, si_unit="Pa")
LAYER = Axis(label="depth of layer", unit="µm", size=1e-6, si_unit="m", limits=(0.0, None))
CENTRAL_COLOUR, SURFACE_COLOUR, MODE_COLOURS = "#D55E00", "#0072B2", "viridis"
SHARE = 0.02
"""Of the largest change over depth, which a figure shows as far as it goes."""


def _ends(result: SimulationResult, times: Sequence[float] | None) -> list[float]:
    """Kept times nearest to those asked for; the ends of the stages if none are."""
    kept = result.dataset["time"].values
    wanted = np.cumsum([stage.duration for stage in result.experiment.stages]) if times is None else times
    return sorted({float(kept[np.abs(kept - time).argmin()]) for time in wanted})


def _shown(depth: FloatArray, values: FloatArray) -> float:
    """Depth down to which values (times, depths) differ from their deepest ones [m]."""
    away = np.abs(values - values[:, -1:])
    there = np.flatnonzero((away > SHARE * away.max()).any(axis=0))
    return float(min(1.4 * depth[there[-1]], depth[-1])) if there.size else float(depth[-1])


def _over_depth(
    values: xarray.DataArray, axis: Axis, times: Sequence[float], limit: float, **style: Any
) -> list[Curve]:
    """One curve for each time, later ones darker."""
    depth = values["depth"].values
    last = min(int(np.searchsorted(depth, limit)) + 1, depth.size)
    unit = axis_unit(limit, "length")
    return [
        Curve(
            name=f"after {format_quantity(time, 'time', digits=4)}", x=depth[:last] / unit.size,
            y=values.sel(time=time).values[:last] / axis.size,
            colour=colour_of_map(MODE_COLOURS, 0.75 * (1.0 - (place + 1) / len(times))), **style,
        )
        for place, time in enumerate(times)
    ]  # fmt: skip


@Drawing
def stress_figure(result: SimulationResult, times: Sequence[float] | None = None) -> Plot:
    """Draw the stress over depth at some times, and stresses and depth of layer over the time.

    Args:
        result: of a simulation whose experiment has a table [mechanics].
        times: since the first stage began [s]; the ends of the stages if None.
    """
    from ionscape.transport import plate_stress

    found = plate_stress(result).dataset
    limit = _shown(found["depth"].values, found["stress"].values)
    over = Panel(
        horizontal=depth_axis(limit), vertical=STRESS,
        curves=tuple(_over_depth(found["stress"], STRESS, _ends(result, times), limit)),
        marks=(Mark(value=0.0, across="horizontal", line="solid", thickness=0.6, colour="grey"),),
    )  # fmt: skip
    unit = axis_unit(float(found["time"][-1]), "time")
    clock = Axis(label="time", unit=unit.unit, size=unit.size, si_unit="s", limits=(0.0, None))
    hours = found["time"].values / unit.size

    def course(name: str, key: str, axis: Axis, colour: str) -> Curve:
        return Curve(name=name, x=hours, y=found[key].values / axis.size, colour=colour)

    stresses = Panel(
        horizontal=clock, vertical=STRESS,
        curves=(course("surface", "surface_stress", STRESS, SURFACE_COLOUR),
                course("mid-plane", "central_stress", STRESS, CENTRAL_COLOUR)),
    )  # fmt: skip
    layers = Panel(horizontal=clock, vertical=LAYER, legend="",
                   curves=(course("depth of layer", "depth_of_layer", LAYER, SURFACE_COLOUR),))  # fmt: skip
    return Plot(name="plate-stress", title=result.experiment.title, panels=(over, stresses, layers),
                layout=((0, 0), (1, 2)), heights=(1.3, 1.0), size=(7.6, 6.4))  # fmt: skip


@Drawing
def index_figure(result: SimulationResult, times: Sequence[float] | None = None) -> Plot:
    """Draw the refractive index over depth at some times; of light across the plane too where stress sets it apart.

    Args:
        result: of a simulation whose experiment has a table [optics].
        times: since the first stage began [s]; the ends of the stages if None.
    """
    from ionscape.transport import refractive_index

    found = refractive_index(result)
    limit = _shown(found["depth"].values, found["in_plane"].values)
    axis = Axis(label="refractive index", symbol="n")
    kept = _ends(result, times)
    curves = _over_depth(found["in_plane"], axis, kept, limit)
    if bool(np.any(found["birefringence"].values)):
        across = _over_depth(found["normal"], axis, kept, limit, line="dashed", legend=len(kept) == 1)
        curves += [replace(curve, name=f"{curve.name}, field across the plane") for curve in across]
    return Plot(name="refractive-index", title=result.experiment.title,
                panels=(Panel(horizontal=depth_axis(limit), vertical=axis, curves=tuple(curves)),))  # fmt: skip


@Drawing
def result_modes(result: SimulationResult, time: Sequence[float] | None = None) -> Plot:
    """Draw the guided modes of a simulation at the wavelength of its [optics].

    Args:
        result: of the simulation.
        time: since the first stage began [s], one value; the end if None.
    """
    from ionscape.transport import waveguide_modes

    return modes_figure.plot(result, waveguide_modes(result, time=None if not time else time[0]), time)


@Drawing
def modes_figure(result: SimulationResult, modes: SlabModes, time: Sequence[float] | None = None) -> Plot:
    """Draw the index over depth with the effective indices to where light turns, and the fields of the lowest modes.

    Points are what inverse WKB makes of the effective indices alone.

    Args:
        result: of the simulation.
        modes: of its index profile.
        time: at which they are, one value [s]; the end if None.
    """
    from ionscape.errors import InputError
    from ionscape.transport import refractive_index

    index = refractive_index(result)
    there = index.isel(time=-1) if not time else index.sel(time=time[0], method="nearest")
    depth = there["depth"].values
    limit = min(float(each.depth[-1]) for each in (modes.TE, modes.TM) if each.effective_index.size)
    limit = min(limit, _shown(depth, index["in_plane"].values) * 1.5)
    unit = axis_unit(limit, "length")
    last = min(int(np.searchsorted(depth, limit)) + 1, depth.size)
    curves = [
        Curve(name=f"index for {name}", x=depth[:last] / unit.size, y=there[key].values[:last], line=dashes)
        for name, key, dashes in _LIGHT[: 1 if modes_feel_alike(there) else 2]
    ]
    lines = [
        Curve(name=f"{name} {number}", x=np.array([0.0, _turning(there, key, value)]) / unit.size, y=np.full(2, value),
              thickness=0.9, colour=_colour(each, number), line=dashes, legend=False)
        for (name, key, dashes), each in zip(_LIGHT, (modes.TE, modes.TM), strict=True)
        for number, value in enumerate(each.effective_index)
    ]  # fmt: skip
    try:
        inverse = modes.inverse_wkb()
        curves.append(Curve(name="inverse WKB of TE", x=inverse.turning_depth / unit.size, y=inverse.effective_index,
                            kind="points", colour="black", filled=False))  # fmt: skip
    except InputError:
        pass  # too few modes for a profile
    horizontal = depth_axis(limit)
    above = Panel(horizontal=horizontal, vertical=Axis(label="refractive index", symbol="n"),
                  curves=(*lines, *curves))  # fmt: skip
    fields = [
        Panel(horizontal=horizontal, vertical=Axis(label=f"{name} field", unit="1/√µm", size=1e3, si_unit="1/√m"),
              curves=tuple(_field(each, number, limit, unit.size)
                           for number in range(min(each.effective_index.size, MOST_FIELDS))),
              legend="")
        for name, each in (("TE", modes.TE), ("TM", modes.TM)) if each.effective_index.size
    ]  # fmt: skip
    wave = format_quantity(modes.wavelength, "length", digits=5)
    return Plot(name="modes", title=f"{result.experiment.title} at {wave}".strip(), panels=(above, *fields),
                heights=(1.5, *(1.0 for _ in fields)), size=(6.8, 3.6 + 2.0 * len(fields)))  # fmt: skip


def modes_feel_alike(index: xarray.Dataset) -> bool:
    """Whether the index is the same for both polarisations."""
    return not bool(np.any(index["birefringence"].values))


def _turning(index: xarray.Dataset, key: str, value: float) -> float:
    """Depth below which the index stays under a value [m]."""
    above = np.flatnonzero(index[key].values >= value)
    return float(index["depth"].values[above[-1]]) if above.size else 0.0


def _colour(modes: PolarisedModes, number: int) -> str:
    return colour_of_map(MODE_COLOURS, 0.85 * number / max(modes.effective_index.size - 1, 1))


def _field(modes: PolarisedModes, number: int, limit: float, size: float) -> Curve:
    last = int(np.searchsorted(modes.depth, limit)) + 1
    return Curve(name=str(number), x=modes.depth[:last] / size, y=modes.field[number, :last] / 1e3,
                 colour=_colour(modes, number))  # fmt: skip
