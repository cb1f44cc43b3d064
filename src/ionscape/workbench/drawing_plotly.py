"""Plots as data, layout and config of plotly, for the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.figures.style import LineStyle
from ionscape.workbench.drawing import BAR_HEIGHT, INK, Axis, Curve, Mark, Plot, Region, overlap

DARK_INK = "#dddddd"
GRID, DARK_GRID = "#e6e6e6", "#3a3a3a"
FONT = "Roboto, system-ui, sans-serif"
MOST_LABELS = 7  # along a logarithmic axis
DARK_POINTS = 0.35  # by which points are less pale there
LEAST_LUMINANCE = 0.45  # of a line on dark ground


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
    shown: Callable[[str], str] = on_dark if dark else lambda colour: INK if colour == "black" else colour
    traces = [] if plot.matrix is None else [_heat_map(plot)]
    for number, curve in enumerate(plot.curves):
        traces.extend(_traces(curve, f"{number}", shown(curve.colour), plot))
    for trace in traces if dark else ():
        if trace.get("mode") == "markers":
            trace["opacity"] = min(1.0, trace["opacity"] + DARK_POINTS)
    layout = _layout(plot, shown, dark=dark, editable=editable, small=small)
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


def _layout(plot: Plot, shown: Callable[[str], str], *, dark: bool, editable: bool, small: bool) -> dict[str, Any]:
    """Axes, legend, title, and what is drawn across the plot; `shown` gives a colour on the ground at hand."""
    ink, grid = (DARK_INK, DARK_GRID) if dark else (INK, GRID)
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
    return layout


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
    bars = overlap(plot.regions)
    shapes: list[dict[str, Any]] = []
    for place, region in enumerate(plot.regions):
        colour = shown(region.colour)
        top = 1.0 - BAR_HEIGHT * place if bars else 1.0
        shapes.append({
            "type": "rect", "xref": "x", "yref": "paper", "x0": region.start, "x1": region.end,
            "y0": top - BAR_HEIGHT if bars else 0.0, "y1": top,
            "fillcolor": _rgba(colour, 0.3 if bars else 0.16), "line": {"color": colour, "width": 1},
            # shapes below the curves do not take hold of the mouse
            "layer": "above" if editable else "below", "name": region.name,
        })  # fmt: skip
    if bars:
        for region in plot.regions:
            shapes.append({
                "type": "rect", "xref": "x", "yref": "paper", "x0": region.start, "x1": region.end, "y0": 0, "y1": 1,
                "fillcolor": _rgba(shown(region.colour), 0.05), "layer": "below",
                "line": {"color": _rgba(shown(region.colour), 0.5), "width": 0.6, "dash": "dot"},
            })  # fmt: skip
    return shapes


def _region_label(region: Region, colour: str, plot: Plot, place: int) -> dict[str, Any]:
    height = 1.0 - BAR_HEIGHT * place if overlap(plot.regions) else 0.99
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
