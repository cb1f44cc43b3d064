"""Plots as plain data: panels with axes, curves and what stands beside them, in the units of the axes.

A `Plot` knows nothing of who draws it: `render_matplotlib` makes figures for files, `render_plotly` those of a page,
and `to_csv` the table of its numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.files.quantities import DisplayUnit
from ionscape.files.table_files import csv_text

from .style import LineStyle

CurveKind = Literal["line", "points", "band", "step", "bars", "stems"]
Frame = Literal["data", "panel"]

INK = "#222222"
SYMBOL = re.compile(r"([^\W\d_])(?:_([^\W\d_]+))?")
"""A letter of a symbol of a quantity, and its subscript."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of a panel.

    Attributes:
        label: the quantity in words, without its unit.
        symbol: that of the quantity behind the words, such as "n/n_bulk": letters are italic, what follows `_` is a
            subscript.
        unit: of the numbers along the axis; empty for plain numbers.
        size: that unit in SI units.
        si_unit: the SI unit of the quantity; empty where the numbers are never written in it.
        log: whether the axis is logarithmic.
        limits: both ends in the unit; None where the data decide.
        ticks: names instead of numbers, at 0, 1, 2 and so on; along the vertical from the top down.
        hidden: whether labels and numbers are left out, since another panel below or beside has the same.
    """

    label: str = ""
    symbol: str = ""
    unit: str = ""
    size: float = 1.0
    si_unit: str = ""
    log: bool = False
    limits: tuple[float | None, float | None] = (None, None)
    ticks: tuple[str, ...] = ()
    hidden: bool = False

    @property
    def words(self) -> str:
        """What is drawn along the axis, without its unit."""
        return " ".join(filter(None, (self.label, self.symbol)))

    @property
    def unit_text(self) -> str:
        """The unit as it stands behind the words; empty without one."""
        if not self.unit:
            return ""
        return f" / ({self.unit})" if re.search(r"[ /]", self.unit) else f" / {self.unit}"

    @property
    def title(self) -> str:
        """Quantity / unit."""
        return f"{self.words}{self.unit_text}"


def axis_in(unit: DisplayUnit, label: str, si_unit: str = "", **others: Any) -> Axis:
    """An axis whose numbers are in a unit for people.

    Args:
        unit: of the numbers.
        label: the quantity in words.
        si_unit: see `Axis`.
        others: further fields of `Axis`; `limits` are in SI units.
    """
    low, high = others.pop("limits", (None, None))
    limits = (None if low is None else low / unit.size, None if high is None else high / unit.size)
    return Axis(label=label, unit=unit.unit, size=unit.size, si_unit=si_unit, limits=limits, **others)


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """One line, cloud of points, band, step line or set of bars, in the units of the axes; not-a-number leaves a gap.

    A curve without points is an entry of the legend only.

    Attributes:
        name: in the legend and over the columns of the table.
        x: shape (points,).
        y: shape (points,); of a band, what lies within it.
        lower: lower end of the band or error bar, shape (points,); None without. Error bars belong to curves with
            markers, bands to others.
        upper: upper end, shape (points,).
        interval: what lower and upper are the ends of, over their columns of the table, such as "95 %".
        kind: how it is drawn; "stems" are thin bars, and bars begin at 0.
        sideways: whether a band lies between `lower` and `upper` on the abscissa, with y along the ordinate.
        colour: on white ground.
        line: dashes as in matplotlib.
        marker: that of matplotlib at every point; empty for none. Points without one have a circle.
        filled: whether markers are filled.
        thickness: of the line; the size of points grows with it.
        strength: how much of the colour is left beside white, 0 to 1.
        legend: whether it has an entry in the legend.
        order: those with higher ones are drawn in front; those below 0 stand last in the legend of all panels.
        end_label: written behind the last point, outside the panel.
        notes: written beside every point, or above every bar.
    """

    name: str
    x: FloatArray
    y: FloatArray
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    interval: str = ""
    kind: CurveKind = "line"
    sideways: bool = False
    colour: str = INK
    line: LineStyle = "solid"
    marker: str = ""
    filled: bool = True
    thickness: float = 1.8
    strength: float = 1.0
    legend: bool = True
    order: float = 0.0
    end_label: str = ""
    notes: tuple[str, ...] = ()

    @property
    def symbol(self) -> str:
        """The marker of every point."""
        return self.marker or ("o" if self.kind == "points" else "")

    @property
    def ends(self) -> tuple[FloatArray, FloatArray] | None:
        """Both ends of the band or error bars; None without any."""
        return None if self.lower is None or self.upper is None else (self.lower, self.upper)


def entry(name: str, **style: Any) -> Curve:
    """An entry of a legend for what curves have in common; `style` are fields of `Curve`."""
    return Curve(name=name, x=np.empty(0), y=np.empty(0), **style)


@dataclass(frozen=True, kw_only=True)
class Region:
    """A stretch of the abscissa that can be dragged, such as the bulk region.

    Attributes:
        name: unique within a panel.
        start: in the unit of the axis.
        end: in the unit of the axis.
        colour: of the area.
        bar: whether figures for files show it as a bar along the upper edge.
        named: whether figures for files write its name.
    """

    name: str
    start: float
    end: float
    colour: str = "#0072B2"
    bar: bool = False
    named: bool = True


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A straight line across a panel with a name, such as a Fermi level.

    Attributes:
        value: in the unit of the axis.
        name: written beside it, or in the legend; empty for none.
        symbol: in front of the name; see `Axis`.
        across: "vertical" stands on the abscissa, "horizontal" on the ordinate.
        line: dashes.
        colour: on white ground.
        thickness: of the line.
        legend: whether the name stands in the legend of figures for files instead of beside the line.
    """

    value: float
    name: str = ""
    symbol: str = ""
    across: Literal["vertical", "horizontal"] = "vertical"
    line: LineStyle = "dashed"
    colour: str = INK
    thickness: float = 1.0
    legend: bool = False


@dataclass(frozen=True, kw_only=True)
class Label:
    """A text in a panel.

    Attributes:
        text: what is written.
        x: place in the unit of the abscissa, or from 0 to 1 across the panel.
        y: the same along the ordinate.
        frame: for both, in which of these x and y are.
        anchor: side of the text that lies there, horizontally and vertically.
        symbol: in front of the text; see `Axis`.
        colour: on white ground.
        size: of the letters in points.
    """

    text: str
    x: float
    y: float
    frame: tuple[Frame, Frame] = ("data", "data")
    anchor: tuple[Literal["left", "center", "right"], Literal["bottom", "center", "top"]] = ("left", "center")
    symbol: str = ""
    colour: str = INK
    size: float = 9.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """Numbers as a coloured field.

    Attributes:
        values: shape (rows, columns), the first row at the bottom, or at the top where the ordinate has names.
        colours: name of a colour map of matplotlib.
        limits: numbers at both ends of the colours; None for those of the values.
        log: whether colours follow the logarithm.
        label: along the scale of colours; empty for no scale.
        written: whether every number is written into its place.
        edges: of the columns and rows; None where every place is one unit wide, around 0, 1, 2 and so on.
    """

    values: FloatArray
    colours: str
    limits: tuple[float, float] | None = None
    log: bool = False
    label: str = ""
    written: bool = False
    edges: tuple[FloatArray, FloatArray] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondAxis:
    """Another quantity along the upper edge.

    Attributes:
        axis: its words and unit.
        at: places on the abscissa, rising.
        values: of the quantity there, rising.
    """

    axis: Axis
    at: FloatArray
    values: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """One pair of axes with everything that is drawn between them.

    Attributes:
        horizontal: the abscissa.
        vertical: the ordinate.
        title: above the panel; may be empty, and of several lines.
        remark: at the right end of the title.
        curves: from the back to the front where their orders are the same.
        regions: stretches of the abscissa.
        marks: straight lines.
        labels: texts.
        field: a coloured field behind the curves.
        upper: another quantity along the upper edge.
        legend: where the names of its curves stand: inside, beside or above the panel, or nowhere.
        legend_title: above the names.
        square: whether both axes have the same scale.
    """

    horizontal: Axis
    vertical: Axis
    title: str = ""
    remark: str = ""
    curves: tuple[Curve, ...] = ()
    regions: tuple[Region, ...] = ()
    marks: tuple[Mark, ...] = ()
    labels: tuple[Label, ...] = ()
    field: Field | None = None
    upper: SecondAxis | None = None
    legend: Literal["inside", "beside", "above", ""] = "inside"
    legend_title: str = ""
    square: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Plot:
    """A figure: one panel or several.

    Attributes:
        name: file name without extension when it is taken away.
        panels: in the order of their numbers.
        title: above all panels; may be empty.
        layout: rows of numbers of panels, each a rectangle, -1 for an empty place; empty for one below the other.
        widths: of the columns, relative to each other; empty for equal ones.
        heights: of the rows.
        share: which axes of all panels have the same ends.
        legend: where the names of the curves of all panels stand once, instead of in the panels; empty for nowhere.
        columns: of that legend, at most.
        vertical: words along the left edge of all panels.
        size: width and height for files [inch].
        table: columns of the table by name, where it is to hold other numbers than the curves do.
    """

    name: str
    panels: tuple[Panel, ...]
    title: str = ""
    layout: tuple[tuple[int, ...], ...] = ()
    widths: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()
    share: Literal["", "x", "y", "both"] = ""
    legend: Literal["", "above", "right"] = ""
    columns: int = 4
    vertical: Axis | None = None
    size: tuple[float, float] = (6.4, 4.2)
    table: Mapping[str, Sequence[Any] | NDArray[Any]] | None = None

    @property
    def rows(self) -> tuple[tuple[int, ...], ...]:
        """Rows of numbers of panels."""
        return self.layout or tuple((number,) for number in range(len(self.panels)))

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Those of all panels."""
        return tuple(curve for panel in self.panels for curve in panel.curves)


ZERO_LINE = Mark(value=0.0, across="horizontal", line="solid", thickness=0.5, colour="black")
"""Where what is drawn is as it should be."""


def area(name: str, x: FloatArray, y: FloatArray, **style: Any) -> Curve:
    """What lies below a line, as a band from 0 on; `style` are fields of `Curve`."""
    return Curve(name=name, x=x, y=y, lower=np.zeros_like(y), upper=y, kind="band", **style)


def grid_layout(count: int, columns: int, *, downwards: bool = False) -> tuple[tuple[int, ...], ...]:
    """The layout of a number of panels in columns, row by row or down each column; the last places may be empty."""
    rows = math.ceil(count / columns)
    numbers = np.arange(rows * columns)
    numbers[count:] = -1
    places = numbers.reshape(columns, rows).T if downwards else numbers.reshape(rows, columns)
    return tuple(tuple(int(number) for number in row) for row in places)


def region_rows(regions: Sequence[Region]) -> list[int]:
    """The row, counted from the top, in which the bar of each region stands, so that none covers another."""
    rows: list[int] = []
    for place, region in enumerate(regions):
        taken = {row for row, other in zip(rows, regions[:place], strict=True)
                 if other.start < region.end and region.start < other.end}  # fmt: skip
        rows.append(next(row for row in range(len(regions)) if row not in taken))
    return rows


def to_csv(plot: Plot, *, si: bool = False) -> str:
    """Return the numbers behind a plot as a table: neighbouring curves with the same abscissa share its column.

    Args:
        plot: any.
        si: in SI units, as far as the axes name them, instead of the units of the axes.
    """
    if plot.table is not None:
        return csv_text(list(plot.table.items()))
    columns: list[tuple[str, Sequence[Any]]] = []
    several = sum(bool(panel.title) for panel in plot.panels) > 1
    for panel in plot.panels:
        prefix = f"{panel.title.splitlines()[0]}: " if several and panel.title else ""
        columns += [(f"{prefix}{name}", values) for name, values in _panel_columns(panel, si)]
    return csv_text(columns)


def _panel_columns(panel: Panel, si: bool) -> Iterable[tuple[str, Sequence[Any]]]:
    if panel.field is not None:
        if panel.vertical.ticks:
            yield "", panel.vertical.ticks
        across = panel.horizontal.ticks or tuple(str(place) for place in range(panel.field.values.shape[1]))
        yield from ((name, panel.field.values[:, place].tolist()) for place, name in enumerate(across))
    across_unit, across_size = _unit_and_size(panel.horizontal, si)
    unit, size = _unit_and_size(panel.vertical, si)
    before: FloatArray | None = None
    for curve in panel.curves:
        if not curve.x.size:
            continue
        if before is None or not np.array_equal(before, curve.x, equal_nan=True):
            yield f"{panel.horizontal.words}{across_unit}", (curve.x * across_size).tolist()
        before = curve.x
        if curve.kind != "band":
            yield f"{curve.name}{unit}", (curve.y * size).tolist()
        if curve.ends is not None:
            what = f" {curve.interval}" if curve.interval else ""
            for end, values in zip(("lower", "upper"), curve.ends, strict=True):
                yield f"{curve.name} {end}{what}{unit}", (values * size).tolist()


def _unit_and_size(axis: Axis, si: bool) -> tuple[str, float]:
    """The unit in brackets, and what the numbers along an axis are to be multiplied by."""
    if si and axis.si_unit:
        return f" ({axis.si_unit})", axis.size
    return f" ({axis.unit})" if axis.unit else "", 1.0
