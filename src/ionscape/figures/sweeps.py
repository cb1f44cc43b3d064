"""What comes out of a sweep over the parameter that was varied."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.files.quantities import DimensionName, dimension_of

from .plot import Axis, Curve, Panel, Plot, axis_in
from .render_matplotlib import Drawing
from .style import axis_unit, colour_of_map, ion_styles

if TYPE_CHECKING:
    import xarray

SHOWN: dict[str, tuple[str, DimensionName | None]] = {
    "collected_charge": ("charge", "charge"), "front_depth": ("front depth", "length"),
    "plateau": ("native ions in the plateau", None),
}  # fmt: skip
"""Figures of a stage by name: what they are called, and what they measure."""


class Sweep(Protocol):
    """A sweep that was read."""

    @property
    def dataset(self) -> xarray.Dataset:
        """What `ionscape.sweep` returns."""
        ...


BY_ION = "injected_charges"
LEAST_CHARGE = 1e-6  # of the largest charge: an ion with less has not passed the surface
PALEST = 0.4  # strength of the first of several lines of an ion


@Drawing
def swept_values(result: Sweep) -> Plot:
    """Draw charge of all stages, and front depth and plateau after the last, over the first parameter of a sweep.

    Every combination of the values of the others has a line of its own; points that failed are gaps. Where several ions
    pass the surface, the charge that each carried through it is drawn too, and the collected charge only if any was.

    Args:
        result: `ionscape.results.load` of a sweep.
    """
    data = result.dataset
    first, *others = map(str, data["error"].dims)
    across = _axis_of(data[first])
    places = list(itertools.product(*(range(data.sizes[name]) for name in others)))
    of_ions = [*_charges_by_ion(data, first, others, places, across)]
    panels = list(of_ions)
    for name in SHOWN:
        if name not in data:
            continue
        label, dimension = SHOWN[name]
        values = _of_stages(data[name], name)
        largest = float(np.nanmax(np.abs(values.values), initial=0.0))
        if panels and name == "collected_charge" and largest == 0.0:
            continue
        vertical = Axis(label=label) if dimension is None else axis_in(axis_unit(largest, dimension), label)
        curves = [
            Curve(name=_name(data, others, place), x=data[first].values.astype(float) / across.size, marker="o",
                  thickness=1.4, y=_line(values, first, others, place) / vertical.size,
                  colour=colour_of_map("viridis", 0.85 * number / max(len(places) - 1, 1)))
            for number, place in enumerate(places)
        ]  # fmt: skip
        # lines of ions have colours of their own, and a legend
        own = "above" if others and of_ions and len(panels) == len(of_ions) else ""
        panels.append(Panel(horizontal=across, vertical=vertical, curves=tuple(curves), legend=own))
    hidden = [replace(panel, horizontal=Axis(hidden=True, size=across.size)) for panel in panels[:-1]]
    return Plot(name="values", title=str(data.attrs["title"]), panels=(*hidden, *panels[-1:]), share="x", columns=2,
                legend="above" if others and not of_ions else "", size=(6.4, 1.2 + 2.2 * len(panels)))  # fmt: skip


def _charges_by_ion(
    data: xarray.Dataset, first: str, others: list[str], places: list[tuple[int, ...]], across: Axis
) -> Iterator[Panel]:
    """What each ion carried through the surface in all stages, if more than one did."""
    if BY_ION not in data:
        return
    charges = data[BY_ION].sum("stage", skipna=False)
    ions, largest = [str(ion) for ion in data["ion"].values], float(np.nanmax(np.abs(charges.values), initial=0.0))
    passed = [place for place, _ in enumerate(ions)
              if np.nanmax(np.abs(charges.isel(ion=place).values), initial=0.0) > LEAST_CHARGE * largest]  # fmt: skip
    if len(passed) < 2:
        return
    vertical, styles = axis_in(axis_unit(largest, "charge"), "charge through\nthe surface"), ion_styles(ions)
    curves = [
        Curve(name=", ".join([ions[ion], *([_name(data, others, place)] if others else [])]),
              x=data[first].values.astype(float) / across.size,
              y=_line(charges.isel(ion=ion), first, others, place) / vertical.size, marker="o", thickness=1.4,
              colour=styles[ions[ion]].colour, strength=PALEST + (1.0 - PALEST) * (number + 1) / len(places))
        for ion in passed
        for number, place in enumerate(places)
    ]  # fmt: skip
    yield Panel(horizontal=across, vertical=vertical, curves=tuple(curves), legend="above")


def _axis_of(parameter: Any) -> Axis:
    """The axis of the values of a parameter, in a unit for people."""
    label, unit = str(parameter.attrs["path"]), str(parameter.attrs["units"])
    dimension = dimension_of(unit)
    if dimension is None:
        return Axis(label=label, unit="" if unit == "1" else unit)
    return axis_in(axis_unit(float(np.abs(parameter.values).max()), dimension, least=1.0), label, unit)


def _of_stages(values: Any, name: str) -> Any:
    """The charge of all stages together; any other figure after the last."""
    return values.sum("stage", skipna=False) if name == "collected_charge" else values.isel(stage=-1)


def _line(values: Any, first: str, others: list[str], place: tuple[int, ...]) -> FloatArray:
    return values.isel(dict(zip(others, place, strict=True))).transpose(first).values.astype(float)


def _name(data: xarray.Dataset, others: list[str], place: tuple[int, ...]) -> str:
    """The values of the other parameters, which a line belongs to."""
    axes = [
        (_axis_of(data[name]), float(data[name].values[number])) for name, number in zip(others, place, strict=True)
    ]
    words = [f"{axis.label} = {value / axis.size:.4g} {axis.unit}".strip() for axis, value in axes]
    return ", ".join(words) or "values"
