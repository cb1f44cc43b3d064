"""Readings of a plate beside their fit: stresses, depths of layer, effective indices of guided modes."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.errors import InputError

from .fit_values import readable_unit, residual_limit
from .lettering import wrapped
from .plot import Axis, Curve, Panel, Plot
from .render_matplotlib import Drawing

if TYPE_CHECKING:
    from ionscape.inference import FitResult

_MODE = re.compile(r"(T[EM])(\d+) (at .+)")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
FITTED = "#0072B2"
COLUMNS = ("data_set", "reading", "unit", "measured", "error", "fitted", "residual", "pull")


@Drawing
def fitted_readings(result: FitResult) -> Plot:
    """Draw effective indices over the mode, measured and fitted, and the residuals of all readings.

    Raises:
        InputError: nothing was read.
    """
    from ionscape.inference.reading_results import stored_readings

    found = stored_readings(result.dataset)
    if not found:
        raise InputError("holds no readings of a plate", key="result",
                         remedy="fit with stress_readings or effective_indices")  # fmt: skip
    modes = _modes(found)
    panels = [_residuals(found)]
    if modes:
        panels.insert(0, Panel(horizontal=Axis(label="mode"), vertical=Axis(label="effective index", symbol="N"),
                               curves=tuple(modes)))  # fmt: skip
    columns: dict[str, list[Any]] = {
        key: [math.nan if row[key] is None else row[key] for row in found] for key in COLUMNS
    }
    below = 0.9 + 0.26 * len(found)
    heights = (3.2, below) if modes else (below,)
    return Plot(
        name="readings", title=wrapped(str(result.dataset.attrs["title"])), panels=tuple(panels), heights=heights,
        size=(7.0, 0.8 + sum(heights)), table=columns,
    )  # fmt: skip


def _modes(found: list[dict[str, Any]]) -> list[Curve]:
    """Measured and fitted effective indices of every set of modes."""
    groups: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for row in found:
        match = _MODE.fullmatch(row["reading"])
        if match is not None:
            name = f"{match[1]} {match[3]}"
            groups.setdefault(f"{row['data_set']}: {name}" if row["data_set"] else name, []).append(
                (int(match[2]), row)
            )
    curves: list[Curve] = []
    for place, (name, rows) in enumerate(groups.items()):
        colour = COLOURS[place % len(COLOURS)]
        at = np.array([float(mode) for mode, _ in rows])
        measured, error, fitted = (np.array([row[key] for _, row in rows]) for key in ("measured", "error", "fitted"))
        curves += [
            Curve(name=f"{name}, measured ± 1 σ", x=at, y=measured, lower=measured - error, upper=measured + error,
                  interval="1 σ", kind="points", colour=colour),
            Curve(name=f"{name}, fitted", x=at, y=fitted, colour=colour, thickness=1.2, marker="_"),
        ]  # fmt: skip
    return curves


def _residuals(found: list[dict[str, Any]]) -> Panel:
    """Residuals of all readings in standard deviations, from the top down."""
    residual = np.array([row["residual"] for row in found])
    limit = residual_limit(residual)
    at = np.arange(float(len(found)))
    band = Curve(name="±2 σ", x=np.zeros(2), y=np.array([-0.5, len(found) - 0.5]), lower=np.full(2, -2.0),
                 upper=np.full(2, 2.0), kind="band", sideways=True, colour="#888888", strength=0.2)  # fmt: skip
    points = Curve(name="measured less fitted", x=residual, y=at, kind="points", colour=FITTED)
    axis = Axis(label="measured less fitted", unit="σ", limits=(-limit, limit))
    return Panel(horizontal=axis, vertical=Axis(ticks=tuple(map(_name, found))), curves=(band, points), legend="")


def _name(row: dict[str, Any]) -> str:
    """A reading with what was measured, in a unit for people."""
    name = f"{row['data_set']}: {row['reading']}" if row["data_set"] else row["reading"]
    unit = readable_unit(row["unit"], row["measured"])
    shown = f"{row['measured'] / unit.size:.6g} {unit.unit}".rstrip()
    return f"{name}: {shown}"
