"""Plots as plain data: drawn by plotly in the page, by matplotlib into a file, written as CSV.

A `Plot` holds numbers in the units of its axes and knows neither of the page nor of the one who draws it. What a plot
of results shows is taken from the same functions as the figures of the command line.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.figures.style import LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
CurveKind = Literal["line", "points", "band", "step"]

INK, DARK_INK = "#222222", "#dddddd"
GRID, DARK_GRID = "#e6e6e6", "#3a3a3a"
FONT = "Roboto, system-ui, sans-serif"
MOST_LABELS = 7  # along a logarithmic axis
BAR_HEIGHT = 0.07  # of the plot: by which one of several overlapping regions is dragged
LEAST_LUMINANCE = 0.45  # of a line on dark ground
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


def to_plotly(
    plot: Plot, *, dark: bool = False, editable: bool = False, small: bool = False, height: int | None = None
) -> dict[str, Any]:
    """Return the plot as data, layout and config of plotly.

    Args:
        plot: what to draw.
        dark: for dark ground.
        editable: whether the regions can be dragged; `moved_regions` reads the event that follows.
        small: one of several beside each other: smaller letters, no buttons.
        height: in pixels; None for that of the element.
    """
    ink, grid = (DARK_INK, DARK_GRID) if dark else (INK, GRID)
    shown: Callable[[str], str] = on_dark if dark else lambda colour: INK if colour == "black" else colour
    traces: list[dict[str, Any]] = []
    if plot.matrix is not None:
        traces.append(_heat_map(plot))
    for number, curve in enumerate(plot.curves):
        traces.extend(_traces(curve, f"{number}", shown(curve.colour), plot))
    layout: dict[str, Any] = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 10.5 if small else 12, "color": ink},
        "margin": {"l": 62, "r": 14, "t": 34 if plot.title else 14, "b": 44},
        "xaxis": _axis_layout(plot.horizontal, ink, grid),
        "yaxis": _axis_layout(plot.vertical, ink, grid),
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1.0, "xanchor": "right"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#999999", "activecolor": ink},
        "hovermode": "closest" if plot.matrix is not None else "x unified",
        "hoverlabel": {"bgcolor": "#222222" if dark else "#ffffff", "font": {"size": 11}},
        # zoom and hidden curves stay as they are while numbers change
        "uirevision": plot.name,
        "showlegend": sum(curve.legend for curve in plot.curves) > 1,
        "shapes": _region_shapes(plot, shown, editable=editable),
        "annotations": [
            _region_label(region, shown(region.colour), plot, place) for place, region in enumerate(plot.regions)
        ],
    }
    if plot.title:
        layout["title"] = {"text": _escaped(plot.title), "font": {"size": 13}, "x": 0.01, "xanchor": "left", "y": 0.985,
                           "yanchor": "top"}  # fmt: skip
        if layout["showlegend"]:
            layout["margin"]["t"] = 56
    if plot.matrix is not None:
        layout["xaxis"]["tickangle"] = -40
        layout["margin"] |= {"l": 170, "b": 120}
        layout["yaxis"]["autorange"] = "reversed"
    for mark in plot.marks:
        shape, label = _mark(mark, shown(mark.colour), plot)
        layout["shapes"].append(shape)
        layout["annotations"].extend(label)
    if height is not None:
        layout["height"] = height
    config: dict[str, Any] = {
        "displaylogo": False,
        "displayModeBar": False if small else "hover",
        "responsive": True,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "toImage"],
        # the button that would send the data elsewhere stays away
        "showSendToCloud": False,
        "showEditInChartStudio": False,
    }
    if editable and plot.regions:
        config["edits"] = {"shapePosition": True}
    return {"data": traces, "layout": layout, "config": config}


def moved_regions(plot: Plot, event: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the regions that a `plotly_relayout` event has moved: name to both ends in SI units, the lower first.

    Args:
        plot: what was drawn with `editable`.
        event: the arguments of the event, such as `{"shapes[0].x0": 3.1}`.
    """
    found: dict[str, tuple[float, float]] = {}
    for number, region in enumerate(plot.regions):
        ends = [event.get(f"shapes[{number}].{key}") for key in ("x0", "x1")]
        if ends == [None, None]:
            shapes = event.get("shapes")
            if not isinstance(shapes, Sequence) or len(cast(Sequence[Any], shapes)) <= number:
                continue
            ends = [shapes[number].get(key) for key in ("x0", "x1")]
        numbers = [
            float(end) if isinstance(end, int | float) else known
            for end, known in zip(ends, (region.start, region.end), strict=True)
        ]
        if numbers != [region.start, region.end]:
            low, high = sorted(numbers)
            found[region.name] = (low * plot.horizontal.size, high * plot.horizontal.size)
    return found


def on_dark(colour: str) -> str:
    """Return the colour for dark ground: black becomes light, dark colours are mixed with white until they show."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = to_rgb(colour)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    if max(red, green, blue) - min(red, green, blue) < 0.05 and luminance < 0.5:
        return DARK_INK if luminance < 0.2 else "#aaaaaa"
    if luminance >= LEAST_LUMINANCE:
        return colour
    share = (LEAST_LUMINANCE - luminance) / (1.0 - luminance)
    red, green, blue = (part + share * (1.0 - part) for part in (red, green, blue))
    return to_hex((red, green, blue))


def plain_formula(name: str) -> str:
    """Name of a channel with raised and lowered digits: `^6Li+` becomes ⁶Li⁺ and `Cs_2+` Cs₂⁺."""
    text = re.sub(r"\s+", " ", name.strip())
    match = re.fullmatch(r"((?:\^?\d*[A-Z][a-z]?(?:_?\d+)?)+)([+-]*)", text)
    if match is None:
        return text
    formula = re.sub(r"\^(\d+)|^(\d+)", lambda found: (found[1] or found[2]).translate(_SUPERSCRIPTS), match[1])
    formula = re.sub(r"(?<=[A-Za-z])_?(\d+)", lambda found: found[1].translate(_SUBSCRIPTS), formula)
    return formula + match[2].translate(_SUPERSCRIPTS)


def _axis_layout(axis: Axis, ink: str, grid: str) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "title": {"text": _escaped(axis.title), "standoff": 8},
        "type": "log" if axis.log else "linear",
        "linecolor": ink, "linewidth": 1, "showline": True, "ticks": "inside", "tickcolor": ink, "gridcolor": grid,
        "zeroline": False, "automargin": True,
    }  # fmt: skip
    if axis.ticks:
        return layout | {"type": "linear", "tickvals": list(range(len(axis.ticks))), "showgrid": False,
                         "ticktext": [_escaped(tick) for tick in axis.ticks]}  # fmt: skip
    if axis.log:
        layout |= {"exponentformat": "power", "dtick": _decades_per_tick(axis), "tickfont": {"size": 11}}
    low, high = (None if end is None else (math.log10(end) if axis.log else end) for end in axis.limits)
    if low is not None and high is not None:
        layout["range"] = [low, high]
    elif low is not None:
        layout |= {"range": [low, None], "autorange": "max"}
    elif high is not None:
        layout |= {"range": [None, high], "autorange": "min"}
    return layout


def _decades_per_tick(axis: Axis) -> int:
    """So many decades from one label to the next that at most seven of them stand along the axis."""
    low, high = axis.limits
    if low is None or high is None:
        return 1
    return max(1, math.ceil(math.log10(high / low) / MOST_LABELS))


def _traces(curve: Curve, group: str, colour: str, plot: Plot) -> Iterable[dict[str, Any]]:
    """Plotly's traces of one curve: the band as two lines with the space between them filled, then the line."""
    x, y = _numbers(curve.x, plot.horizontal.log), _numbers(curve.y, plot.vertical.log)
    name = _escaped(curve.name)
    common = {"type": "scatter", "legendgroup": group, "name": name, "showlegend": curve.legend}
    error: dict[str, Any] = {}
    if curve.lower is not None and curve.upper is not None:
        if curve.kind == "points":
            error = {"error_y": {
                "type": "data", "symmetric": False, "thickness": 0.8, "width": 0, "color": colour,
                "array": _numbers(curve.upper - curve.y), "arrayminus": _numbers(curve.y - curve.lower),
            }}  # fmt: skip
        else:
            known = np.isfinite(curve.lower) & np.isfinite(curve.upper)
            edges = {**common, "x": _numbers(curve.x[known], plot.horizontal.log), "mode": "lines",
                     "line": {"width": 0}, "hoverinfo": "skip"}  # fmt: skip
            yield {**edges, "y": _numbers(curve.lower[known], plot.vertical.log), "showlegend": False}
            strength = curve.strength if curve.kind == "band" else 0.3 * curve.strength
            yield {**edges, "y": _numbers(curve.upper[known], plot.vertical.log), "fill": "tonexty",
                   "fillcolor": _rgba(colour, strength),
                   "showlegend": curve.legend and curve.kind == "band"}  # fmt: skip
    if curve.kind == "band":
        return
    template = "%{y:.4g}" if not plot.vertical.unit else f"%{{y:.4g}} {_escaped(plot.vertical.unit)}"
    trace = {**common, "x": x, "y": y, "opacity": curve.strength, "hovertemplate": f"{name}: {template}<extra></extra>"}
    if curve.kind == "points":
        yield {**trace, **error, "mode": "markers", "marker": {"color": colour, "size": 2.2 + 1.4 * curve.thickness}}
        return
    shape = {"shape": "hv"} if curve.kind == "step" else {}
    line = {"color": colour, "width": curve.thickness, "dash": _dash(curve.line, curve.thickness), **shape}
    yield {**trace, "mode": "lines", "line": line}


def _heat_map(plot: Plot) -> dict[str, Any]:
    assert plot.matrix is not None
    text = [["–" if not math.isfinite(value) else f"{value + 0.0:.2f}" for value in row] for row in plot.matrix]
    return {
        "type": "heatmap", "z": [_numbers(row) for row in plot.matrix], "zmin": -1, "zmax": 1, "colorscale": "RdBu",
        "reversescale": False, "text": text, "texttemplate": "%{text}", "hoverinfo": "skip", "xgap": 1, "ygap": 1,
        "colorbar": {"thickness": 12, "len": 0.8},
    }  # fmt: skip


def _region_shapes(plot: Plot, shown: Callable[[str], str], *, editable: bool) -> list[dict[str, Any]]:
    """Rectangles of the regions; where these overlap each has a bar of its own to be dragged by."""
    overlap = _overlap(plot.regions)
    shapes: list[dict[str, Any]] = []
    for place, region in enumerate(plot.regions):
        colour = shown(region.colour)
        top = 1.0 - BAR_HEIGHT * place if overlap else 1.0
        shapes.append({
            "type": "rect", "xref": "x", "yref": "paper", "x0": region.start, "x1": region.end,
            "y0": top - BAR_HEIGHT if overlap else 0.0, "y1": top,
            "fillcolor": _rgba(colour, 0.3 if overlap else 0.16), "line": {"color": colour, "width": 1},
            # shapes below the curves do not take hold of the mouse
            "layer": "above" if editable else "below", "name": region.name,
        })  # fmt: skip
    if overlap:
        for region in plot.regions:
            shapes.append({
                "type": "rect", "xref": "x", "yref": "paper", "x0": region.start, "x1": region.end, "y0": 0, "y1": 1,
                "fillcolor": _rgba(shown(region.colour), 0.05), "layer": "below",
                "line": {"color": _rgba(shown(region.colour), 0.5), "width": 0.6, "dash": "dot"},
            })  # fmt: skip
    return shapes


def _overlap(regions: Sequence[Region]) -> bool:
    ordered = sorted(regions, key=lambda region: region.start)
    return any(after.start < before.end for before, after in pairwise(ordered))


def _region_label(region: Region, colour: str, plot: Plot, place: int) -> dict[str, Any]:
    height = 1.0 - BAR_HEIGHT * place if _overlap(plot.regions) else 0.99
    middle = 0.5 * (region.start + region.end)
    return {
        "x": math.log10(middle) if plot.horizontal.log and middle > 0 else middle, "xref": "x", "y": height,
        "yref": "paper", "yanchor": "top", "text": _escaped(region.name), "showarrow": False,
        "font": {"color": colour, "size": 11},
    }  # fmt: skip


def _mark(mark: Mark, colour: str, plot: Plot) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    vertical = mark.across == "vertical"
    ends = (
        {"xref": "x", "yref": "paper", "x0": mark.value, "x1": mark.value, "y0": 0, "y1": 1}
        if vertical
        else {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": mark.value, "y1": mark.value}
    )
    shape = {"type": "line", **ends, "line": {"color": colour, "width": 1, "dash": _dash(mark.line, 1.0)}}
    if not mark.name:
        return shape, []
    axis = plot.horizontal if vertical else plot.vertical
    place = math.log10(mark.value) if axis.log else mark.value
    label: dict[str, Any] = {"text": _escaped(mark.name), "showarrow": False, "font": {"color": colour, "size": 11}}
    if vertical:
        label |= {"x": place, "xref": "x", "y": 1.0, "yref": "paper", "xanchor": "left", "yanchor": "top",
                  "textangle": 90}  # fmt: skip
    else:
        label |= {"x": 1.0, "xref": "paper", "y": place, "yref": "y", "xanchor": "right", "yanchor": "bottom"}
    return shape, [label]


def _numbers(values: FloatArray, log: bool = False) -> list[float | None]:
    """Plain numbers for JSON, which knows no not-a-number."""
    return [float(value) if math.isfinite(value) and (value > 0.0 or not log) else None for value in values]


def _rgba(colour: str, opacity: float) -> str:
    from matplotlib.colors import to_rgb

    red, green, blue = (round(255 * part) for part in to_rgb(colour))
    return f"rgba({red},{green},{blue},{opacity:g})"


def _dash(line: LineStyle, thickness: float) -> str:
    if isinstance(line, str):
        return {"solid": "solid", "dashed": "dash", "dotted": "dot"}[line]
    return ",".join(f"{part * thickness:.3g}px" for part in line[1])


def _escaped(text: str) -> str:
    """Plotly reads a little HTML in texts; names from files are texts."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
            columns.append((f"{curve.name} lower{vertical}", curve.lower.tolist()))
            columns.append((f"{curve.name} upper{vertical}", curve.upper.tolist()))
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    for row in range(max((len(values) for _, values in columns), default=0)):
        writer.writerow([_cell(values[row]) if row < len(values) else "" for _, values in columns])
    return output.getvalue()


def draw(plot: Plot, *, width: float = 6.4, height: float = 4.2) -> Figure:
    """Return the plot as a matplotlib figure of that size [inch]; `ionscape.figures.save` writes it."""
    from ionscape.figures.style import new_figure, tidy

    figure = new_figure(width, height)
    axes = figure.subplots()
    if plot.matrix is not None:
        _draw_matrix(axes, plot)
    for curve in plot.curves:
        _draw_curve(axes, curve)
    overlap = _overlap(plot.regions)
    for place, region in enumerate(plot.regions):
        axes.axvspan(region.start, region.end, color=region.colour, alpha=0.08 if overlap else 0.16, lw=0)
        height = 0.99 - (BAR_HEIGHT * place if overlap else 0.0)
        axes.text(0.5 * (region.start + region.end), height, region.name, color=region.colour, fontsize=8, ha="center",
                  va="top", transform=axes.get_xaxis_transform(), parse_math=False)  # fmt: skip
    for mark in plot.marks:
        line = axes.axvline if mark.across == "vertical" else axes.axhline
        line(mark.value, color=mark.colour, lw=1.0, ls=mark.line, label=mark.name or "_")
    for axis, set_scale, set_limits in (
        (plot.horizontal, axes.set_xscale, axes.set_xlim),
        (plot.vertical, axes.set_yscale, axes.set_ylim),
    ):
        if axis.log:
            set_scale("log")
        if axis.limits != (None, None):
            set_limits(*axis.limits)
    tidy(axes, horizontal=plot.horizontal.title.replace("$", r"\$"), vertical=plot.vertical.title.replace("$", r"\$"))
    if plot.title:
        axes.set_title(plot.title, fontsize=10, loc="left", parse_math=False)
    _, labels = axes.get_legend_handles_labels()
    if len(labels) > 1:
        legend = axes.legend(fontsize=8, loc="best", framealpha=0.85, edgecolor="none")
        for text in legend.get_texts():
            text.set_parse_math(False)
    return figure


def _draw_curve(axes: Axes, curve: Curve) -> None:
    label = curve.name if curve.legend else "_"
    if curve.kind == "points":
        error = None
        if curve.lower is not None and curve.upper is not None:
            error = np.maximum([curve.y - curve.lower, curve.upper - curve.y], 0.0)
        axes.errorbar(curve.x, curve.y, error, fmt="o", ms=1.2 + 0.8 * curve.thickness, elinewidth=0.6,
                      color=curve.colour, alpha=curve.strength, label=label)  # fmt: skip
        return
    if curve.lower is not None and curve.upper is not None:
        alone = curve.kind == "band"
        strength = curve.strength if alone else 0.3 * curve.strength
        axes.fill_between(curve.x, curve.lower, curve.upper, color=curve.colour, lw=0, alpha=strength,
                          label=label if alone else "_")  # fmt: skip
        if alone:
            return
    style = "steps-post" if curve.kind == "step" else "default"
    axes.plot(curve.x, curve.y, color=curve.colour, ls=curve.line, lw=curve.thickness, alpha=curve.strength,
              drawstyle=style, label=label)  # fmt: skip


def _draw_matrix(axes: Axes, plot: Plot) -> None:
    assert plot.matrix is not None
    picture = axes.imshow(plot.matrix, cmap="RdBu", vmin=-1.0, vmax=1.0, aspect="auto")
    axes.set_xticks(range(len(plot.horizontal.ticks)), plot.horizontal.ticks, rotation=40, ha="right", fontsize=8,
                    parse_math=False)  # fmt: skip
    axes.set_yticks(range(len(plot.vertical.ticks)), plot.vertical.ticks, fontsize=8, parse_math=False)
    for (row, column), value in np.ndenumerate(plot.matrix):
        text = "–" if not math.isfinite(value) else f"{value + 0.0:.2f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=7, color="white" if abs(value) > 0.6 else INK)
    axes.figure.colorbar(picture, ax=axes, shrink=0.8)


def _in_brackets(axis: Axis) -> str:
    return f" ({axis.unit})" if axis.unit else ""


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.10g}" if math.isfinite(value) else ""
