"""Plots as plain data: drawn by plotly in the page, by matplotlib into a file, written as CSV.

A `Plot` holds numbers in the units of its axes and knows neither of the page nor of the one who draws it, which are
`drawing_plotly` and `drawing_matplotlib`. What a plot of results shows is taken from the same functions as the figures
of the command line.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.figures.style import LineStyle
from ionscape.files.writing import csv_cell

CurveKind = Literal["line", "points", "band", "step"]

INK = "#222222"
BAR_HEIGHT = 0.07  # of the plot: by which one of several overlapping regions is dragged
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of a plot.

    Attributes:
        label: the quantity, without its unit.
        unit: of the numbers along the axis; empty for plain numbers.
        size: that unit in SI units, for whoever reads positions back.
        log: whether the axis is logarithmic.
        limits: both ends in the unit; None where the data decide.
        ticks: names instead of numbers, at 0, 1, 2 and so on.
    """

    label: str
    unit: str = ""
    size: float = 1.0
    log: bool = False
    limits: tuple[float | None, float | None] = (None, None)
    ticks: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Quantity / unit."""
        return f"{self.label} / {self.unit}" if self.unit else self.label


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """One line, cloud of points, band or step line, in the units of the axes; not-a-number leaves a gap.

    Attributes:
        name: in the legend and over the columns of the CSV.
        x: shape (points,).
        y: shape (points,); of a band, what lies within it.
        lower: lower end of the band or error bar, shape (points,); None without.
        upper: upper end, shape (points,).
        interval: what lower and upper are the ends of, over their columns of the CSV, such as "95 %".
        kind: how it is drawn.
        colour: on white ground.
        line: dashes as in matplotlib.
        thickness: of the line.
        strength: opacity, 0 to 1.
        legend: whether it has an entry in the legend.
    """

    name: str
    x: FloatArray
    y: FloatArray
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    interval: str = ""
    kind: CurveKind = "line"
    colour: str = INK
    line: LineStyle = "solid"
    thickness: float = 1.8
    strength: float = 1.0
    legend: bool = True


@dataclass(frozen=True, kw_only=True)
class Region:
    """A stretch of the abscissa that can be dragged, such as the bulk region.

    Attributes:
        name: unique within a plot.
        start: in the unit of the axis.
        end: in the unit of the axis.
        colour: of the area.
    """

    name: str
    start: float
    end: float
    colour: str = "#0072B2"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A straight line across the plot with a name, such as a Fermi level.

    Attributes:
        name: written beside it; empty for none.
        value: in the unit of the axis.
        across: "vertical" stands on the abscissa, "horizontal" on the ordinate.
        line: dashes.
        colour: on white ground.
    """

    name: str
    value: float
    across: Literal["vertical", "horizontal"] = "vertical"
    line: LineStyle = "dashed"
    colour: str = INK


@dataclass(frozen=True, kw_only=True, eq=False)
class Plot:
    """One pair of axes with everything that is drawn between them.

    Attributes:
        name: file name without extension when it is taken away.
        title: above the plot; may be empty.
        horizontal: the abscissa.
        vertical: the ordinate.
        curves: from the back to the front.
        regions: that can be dragged.
        marks: straight lines.
        matrix: numbers from -1 to 1 as a coloured field instead of curves, shape (rows, columns); both axes have ticks.
    """

    name: str
    title: str
    horizontal: Axis
    vertical: Axis
    curves: tuple[Curve, ...] = ()
    regions: tuple[Region, ...] = ()
    marks: tuple[Mark, ...] = ()
    matrix: FloatArray | None = None


def plain_formula(name: str) -> str:
    """Name of a channel with raised and lowered digits: `^6Li+` becomes ⁶Li⁺ and `Cs_2+` Cs₂⁺."""
    text = re.sub(r"\s+", " ", name.strip())
    match = re.fullmatch(r"((?:\^?\d*[A-Z][a-z]?(?:_?\d+)?)+)([+-]*)", text)
    if match is None:
        return text
    formula = re.sub(r"\^(\d+)|^(\d+)", lambda found: (found[1] or found[2]).translate(_SUPERSCRIPTS), match[1])
    formula = re.sub(r"(?<=[A-Za-z])_?(\d+)", lambda found: found[1].translate(_SUBSCRIPTS), formula)
    return formula + match[2].translate(_SUPERSCRIPTS)


def overlap(regions: Sequence[Region]) -> bool:
    """Whether any two regions have a stretch in common."""
    ordered = sorted(regions, key=lambda region: region.start)
    return any(after.start < before.end for before, after in pairwise(ordered))


def to_csv(plot: Plot) -> str:
    """Return the numbers behind a plot as a table: neighbouring curves with the same abscissa share its column."""
    columns: list[tuple[str, Sequence[Any]]] = []
    vertical, horizontal = _in_brackets(plot.vertical), f"{plot.horizontal.label}{_in_brackets(plot.horizontal)}"
    if plot.matrix is not None:
        columns.append(("", plot.vertical.ticks))
        columns += [(name, plot.matrix[:, place].tolist()) for place, name in enumerate(plot.horizontal.ticks)]
    before: FloatArray | None = None
    for curve in plot.curves:
        if before is None or not np.array_equal(before, curve.x, equal_nan=True):
            columns.append((horizontal, curve.x.tolist()))
        before = curve.x
        if curve.kind != "band":
            columns.append((f"{curve.name}{vertical}", curve.y.tolist()))
        if curve.lower is not None and curve.upper is not None:
            what = f" {curve.interval}" if curve.interval else ""
            columns.append((f"{curve.name} lower{what}{vertical}", curve.lower.tolist()))
            columns.append((f"{curve.name} upper{what}{vertical}", curve.upper.tolist()))
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow([csv_cell(name) for name, _ in columns])
    for row in range(max((len(values) for _, values in columns), default=0)):
        writer.writerow([_cell(values[row]) if row < len(values) else "" for _, values in columns])
    return output.getvalue()


def _in_brackets(axis: Axis) -> str:
    return f" ({axis.unit})" if axis.unit else ""


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return csv_cell(value)
    return f"{value:.10g}" if math.isfinite(value) else ""
