"""What comes out of a sweep over the parameter that was varied."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.files.quantities import DimensionName

from .plot import Axis, Curve, Panel, Plot, axis_in
from .render_matplotlib import Drawing
from .style import axis_unit, colour_of_map

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


@Drawing
def swept_values(result: Sweep) -> Plot:
    """Draw charge of all stages, and front depth and plateau after the last, over the first parameter of a sweep.

    Every combination of the values of the others has a line of its own; points that failed are gaps.

    Args:
        result: `ionscape.results.load` of a sweep.
    """
    data = result.dataset
    first, *others = map(str, data["error"].dims)
    unit = str(data[first].attrs["units"])
    across = Axis(label=str(data[first].attrs["path"]), unit="" if unit == "1" else unit)
    places = list(itertools.product(*(range(data.sizes[name]) for name in others)))
    shown = [name for name in SHOWN if name in data]
    panels: list[Panel] = []
    for name in shown:
        label, dimension = SHOWN[name]
        values = _of_stages(data[name], name)
        largest = float(np.nanmax(np.abs(values.values), initial=0.0))
        vertical = Axis(label=label) if dimension is None else axis_in(axis_unit(largest, dimension), label)
        curves = [
            Curve(name=_name(data, others, place), x=data[first].values.astype(float), marker="o", thickness=1.4,
                  y=_line(values, first, others, place) / vertical.size,
                  colour=colour_of_map("viridis", 0.85 * number / max(len(places) - 1, 1)))
            for number, place in enumerate(places)
        ]  # fmt: skip
        below = Axis(hidden=True) if name != shown[-1] else across
        panels.append(Panel(horizontal=below, vertical=vertical, curves=tuple(curves), legend=""))
    return Plot(name="values", title=str(data.attrs["title"]), panels=tuple(panels), share="x", columns=2,
                legend="above" if others else "", size=(6.4, 1.2 + 2.2 * len(panels)))  # fmt: skip


def _of_stages(values: Any, name: str) -> Any:
    """The charge of all stages together; any other figure after the last."""
    return values.sum("stage", skipna=False) if name == "collected_charge" else values.isel(stage=-1)


def _line(values: Any, first: str, others: list[str], place: tuple[int, ...]) -> FloatArray:
    return values.isel(dict(zip(others, place, strict=True))).transpose(first).values.astype(float)


def _name(data: xarray.Dataset, others: list[str], place: tuple[int, ...]) -> str:
    """The values of the other parameters, which a line belongs to."""
    words = [f"{data[name].attrs['path']} = {float(data[name].values[number]):.4g} {data[name].attrs['units']}"
             for name, number in zip(others, place, strict=True)]  # fmt: skip
    return ", ".join(word.removesuffix(" 1") for word in words) or "values"
