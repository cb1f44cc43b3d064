"""Plots as data, layout and config of plotly, for a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from .plot import INK, SYMBOL, Axis, Curve, Label, Mark, Panel, Plot, Region, region_rows
from .plotly_traces import curve_traces, dash, escaped, heat_map, rgba

DARK_INK = "#dddddd"
GRID, DARK_GRID = "#e6e6e6", "#3a3a3a"
FONT = "Roboto, system-ui, sans-serif"
LEGEND_HEIGHT = 22  # of names above the panels, in pixels
MOST_LABELS = 7  # along a logarithmic axis
DARK_POINTS = 0.35  # by which points are less pale there
LEAST_LUMINANCE = 0.45  # of a line on dark ground
BAR_HEIGHT = 0.07  # of the panel: by which one of several overlapping regions is dragged
BETWEEN_COLUMNS, BETWEEN_ROWS, BETWEEN_NUMBERED_ROWS = 0.1, 0.06, 0.16  # of the width and height of the plot
HEIGHTS = {"bottom": "bottom", "center": "middle", "top": "top"}


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a panel is drawn: number behind its axes, and both stretches of the plot that it takes, 0 to 1."""

    number: str
    across: tuple[float, float]
    up: tuple[float, float]

    @property
    def x(self) -> str:
        return f"x{self.number}"

    @property
    def y(self) -> str:
        return f"y{self.number}"


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
    places = _places(plot)
    traces: list[dict[str, Any]] = []
    named: set[str] = set()
    for panel, place in zip(plot.panels, places, strict=True):
        axes = {"xaxis": place.x, "yaxis": place.y}
        if panel.field is not None:
            traces.append({**heat_map(panel.field), **axes})
        for number, curve in enumerate(panel.curves):
            legend = curve.legend and curve.name not in named and bool(panel.legend or plot.legend)
            named |= {curve.name} if legend else set()
            group = f"{place.number}-{number}" if len(plot.panels) == 1 else curve.name
            for trace in curve_traces(curve, group, shown(curve.colour), panel, legend=legend):
                traces.append({**trace, **axes})
    for trace in traces if dark else ():
        if trace.get("mode") == "markers":
            trace["opacity"] = min(1.0, trace["opacity"] + DARK_POINTS)
    layout = _layout(plot, places, shown, dark=dark, editable=editable, small=small, legend=len(named) > 1)
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
    if editable and any(panel.regions for panel in plot.panels):
        config["edits"] = {"shapePosition": True}
    return {"data": traces, "layout": layout, "config": config}


def moved_regions(plot: Plot, event: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the regions that a `plotly_relayout` event has moved: name to both ends in SI units, the lower first.

    Args:
        plot: what was drawn with `editable`.
        event: the arguments of the event, such as `{"shapes[0].x0": 3.1}`.
    """
    found: dict[str, tuple[float, float]] = {}
    every = [(panel, region) for panel in plot.panels for region in panel.regions]
    for number, (panel, region) in enumerate(every):
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
            found[region.name] = (low * panel.horizontal.size, high * panel.horizontal.size)
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


def _places(plot: Plot) -> list[_Place]:
    """Divide the plot among its panels by the layout; rows whose numbers are hidden stand closer together."""
    rows = np.array(plot.rows)
    gap = BETWEEN_ROWS
    for below, above in zip(rows[1:].ravel(), rows[:-1].ravel(), strict=True):
        if above not in (below, -1) and (not plot.panels[above].horizontal.hidden or plot.panels[below].title):
            gap = BETWEEN_NUMBERED_ROWS
    across = _stretches(plot.widths or (1.0,) * rows.shape[1], BETWEEN_COLUMNS)
    down = _stretches(plot.heights or (1.0,) * rows.shape[0], gap)
    found: list[_Place] = []
    for number in range(len(plot.panels)):
        own_rows, own_columns = np.nonzero(rows == number)
        left, right = across[own_columns.min()][0], across[own_columns.max()][1]
        top, bottom = down[own_rows.min()][0], down[own_rows.max()][1]
        found.append(_Place(number=str(number + 1) if number else "", across=(left, right), up=(1 - bottom, 1 - top)))
    return found


def _stretches(shares: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Both ends of stretches from 0 to 1, lengths by their shares, with gaps between them."""
    room = (1.0 - gap * (len(shares) - 1)) / sum(shares)
    ends = np.cumsum([0.0, *(share * room for share in shares)])
    return [(float(ends[k] + gap * k), float(ends[k + 1] + gap * k)) for k in range(len(shares))]


def _layout(
    plot: Plot, places: Sequence[_Place], shown: Callable[[str], str], *, dark: bool, editable: bool, small: bool,
    legend: bool,
) -> dict[str, Any]:  # fmt: skip
    """Axes, legend, title, and what is drawn across the plot; `shown` gives a colour on the ground at hand."""
    ink, grid = (DARK_INK, DARK_GRID) if dark else (INK, GRID)
    single = plot.panels[0] if len(plot.panels) == 1 else None
    title = plot.title or (" ".join(filter(None, (single.title, single.remark))) if single is not None else "")
    field = any(panel.field is not None for panel in plot.panels)
    above = bool(title) + (any(panel.title for panel in plot.panels) and single is None)
    layout: dict[str, Any] = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 10.5 if small else 12, "color": ink},
        "margin": {"l": 62, "r": 14, "t": 14 + 20 * above + (LEGEND_HEIGHT if legend and above else 0), "b": 44},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1.0, "xanchor": "right"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#999999", "activecolor": ink},
        "hovermode": "closest" if field or single is None else "x unified",
        "hoverlabel": {"bgcolor": "#222222" if dark else "#ffffff", "font": {"size": 11}},
        # zoom and hidden curves stay as they are while numbers change
        "uirevision": plot.name,
        "showlegend": legend,
        "bargap": 0.3,
        "shapes": [],
        "annotations": [],
    }
    if title:
        layout["title"] = {"text": _lines(title), "font": {"size": 13}, "x": 0.01, "xanchor": "left", "y": 0.985,
                           "yanchor": "top"}  # fmt: skip
    beside = [curve for panel in plot.panels for curve in panel.curves if curve.end_label]
    if beside:
        layout["margin"]["r"] = 34
    areas: list[dict[str, Any]] = []
    highest = [(panel, place) for panel, place in zip(plot.panels, places, strict=True) if place.up[1] == 1.0]
    # the names stand above the right end of the figure, where the title of a panel may be too
    raised = LEGEND_HEIGHT if legend and any(panel.title and place.across[0] > 0.0 for panel, place in highest) else 0
    for panel, place in zip(plot.panels, places, strict=True):
        names = plot.vertical is not None and place.across[0] == 0.0 and not panel.vertical.words
        vertical = plot.vertical if plot.vertical is not None and names else panel.vertical
        layout[f"xaxis{place.number}"] = {**_axis_layout(panel.horizontal, ink, grid), "domain": list(place.across),
                                          "anchor": place.y}  # fmt: skip
        layout[f"yaxis{place.number}"] = {**_axis_layout(vertical, ink, grid, downwards=True), "domain": list(place.up),
                                          "anchor": place.x}  # fmt: skip
        if place.number and plot.share in ("x", "both"):
            layout[f"xaxis{place.number}"]["matches"] = "x"
        if place.number and plot.share in ("y", "both"):
            layout[f"yaxis{place.number}"]["matches"] = "y"
        if panel.square:
            layout[f"yaxis{place.number}"]["scaleanchor"] = place.x
        _draw_field_axes(layout, panel, place)
        shapes, further = _region_shapes(panel, place, shown, editable=editable)
        layout["shapes"] += shapes
        areas += further
        texts = layout["annotations"]
        texts += [_region_label(region, row, shown(region.colour), panel, place)
                  for region, row in zip(panel.regions, region_rows(panel.regions), strict=True)]  # fmt: skip
        texts += [_label(label, shown(label.colour), place) for label in panel.labels]
        texts += [_end_label(curve, shown(curve.colour), panel, place) for curve in panel.curves if curve.end_label]
        if panel.title and single is None:
            texts.append({"x": place.across[0], "y": place.up[1], "xref": "paper", "yref": "paper", "xanchor": "left",
                          "yanchor": "bottom", "showarrow": False, "text": _lines(panel.title), "align": "left",
                          "font": {"size": 12}, "yshift": raised if place.up[1] == 1.0 else 0})  # fmt: skip
        for mark in panel.marks:
            shape, label = _mark(mark, shown(mark.colour), panel, place)
            areas.append(shape)
            texts += label
    layout["shapes"] += areas
    return layout


def _draw_field_axes(layout: dict[str, Any], panel: Panel, place: _Place) -> None:
    """Room for names beside a field."""
    if panel.field is None or not panel.vertical.ticks:
        return
    layout[f"xaxis{place.number}"]["tickangle"] = -40
    layout["margin"] |= {"l": 170, "b": 120}


def _axis_layout(axis: Axis, ink: str, grid: str, *, downwards: bool = False) -> dict[str, Any]:
    """One axis; `downwards`: whether names along it begin at the far end."""
    layout: dict[str, Any] = {
        "title": {"text": _axis_text(axis), "standoff": 8},
        "type": "log" if axis.log else "linear",
        "linecolor": ink, "linewidth": 1, "showline": True, "ticks": "inside", "tickcolor": ink, "gridcolor": grid,
        "zeroline": False, "automargin": True,
    }  # fmt: skip
    if axis.hidden:
        layout |= {"title": {"text": ""}, "showticklabels": False}
    if axis.ticks:
        names = {"tickvals": list(range(len(axis.ticks))), "ticktext": [_lines(tick) for tick in axis.ticks]}
        return layout | {**names, "showgrid": False, "autorange": "reversed" if downwards else True}
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


def _region_shapes(
    panel: Panel, place: _Place, shown: Callable[[str], str], *, editable: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rectangles of the regions; where these overlap each has a bar of its own to be dragged by, and a pale area."""
    rows = region_rows(panel.regions)
    bars, height = any(rows), BAR_HEIGHT * (place.up[1] - place.up[0])
    shapes: list[dict[str, Any]] = []
    areas: list[dict[str, Any]] = []
    for region, row in zip(panel.regions, rows, strict=True):
        colour, top = shown(region.colour), place.up[1] - height * row
        rectangle = {"type": "rect", "xref": place.x, "yref": "paper", "x0": region.start, "x1": region.end}
        shapes.append({
            **rectangle, "y0": top - height if bars else place.up[0], "y1": top,
            "fillcolor": rgba(colour, 0.3 if bars else 0.16), "line": {"color": colour, "width": 1},
            # shapes below the curves do not take hold of the mouse
            "layer": "above" if editable else "below", "name": region.name,
        })  # fmt: skip
        if bars:
            areas.append({
                **rectangle, "y0": place.up[0], "y1": place.up[1], "fillcolor": rgba(colour, 0.05), "layer": "below",
                "line": {"color": rgba(colour, 0.5), "width": 0.6, "dash": "dot"},
            })  # fmt: skip
    return shapes, areas


def _region_label(region: Region, row: int, colour: str, panel: Panel, place: _Place) -> dict[str, Any]:
    middle = 0.5 * (region.start + region.end)
    return {
        "x": math.log10(middle) if panel.horizontal.log and middle > 0 else middle, "xref": place.x,
        "y": place.up[1] - BAR_HEIGHT * row * (place.up[1] - place.up[0]), "yref": "paper", "yanchor": "top",
        "text": escaped(region.name), "showarrow": False, "font": {"color": colour, "size": 11},
    }  # fmt: skip


def _label(label: Label, colour: str, place: _Place) -> dict[str, Any]:
    axes = (place.x, place.y)
    refs = [name if frame == "data" else f"{name} domain" for name, frame in zip(axes, label.frame, strict=True)]
    return {
        "x": label.x, "y": label.y, "xref": refs[0], "yref": refs[1], "showarrow": False,
        "xanchor": label.anchor[0], "yanchor": HEIGHTS[label.anchor[1]],
        "xshift": 6 if label.anchor[0] == "left" else 0,
        "text": _symbol(label.symbol) + escaped(label.text), "font": {"color": colour, "size": label.size + 2.0},
    }  # fmt: skip


def _end_label(curve: Curve, colour: str, panel: Panel, place: _Place) -> dict[str, Any]:
    height = float(curve.y[-1])
    return {
        "x": 1.0, "xref": f"{place.x} domain", "y": math.log10(height) if panel.vertical.log else height,
        "yref": place.y, "xanchor": "left", "yanchor": "middle", "showarrow": False, "text": escaped(curve.end_label),
        "font": {"color": colour, "size": 12},
    }  # fmt: skip


def _mark(mark: Mark, colour: str, panel: Panel, place: _Place) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    vertical = mark.across == "vertical"
    ends = (
        {"xref": place.x, "yref": f"{place.y} domain", "x0": mark.value, "x1": mark.value, "y0": 0, "y1": 1}
        if vertical
        else {"xref": f"{place.x} domain", "yref": place.y, "x0": 0, "x1": 1, "y0": mark.value, "y1": mark.value}
    )
    line = {"color": colour, "width": mark.thickness, "dash": dash(mark.line, 1.0)}
    shape = {"type": "line", **ends, "line": line}
    text = f"{_symbol(mark.symbol)} {escaped(mark.name)}".strip()
    if not text:
        return shape, []
    axis = panel.horizontal if vertical else panel.vertical
    at = math.log10(mark.value) if axis.log else mark.value
    label: dict[str, Any] = {"text": text, "showarrow": False, "font": {"color": colour, "size": 11}}
    if vertical:
        label |= {"x": at, "xref": place.x, "y": 1.0, "yref": f"{place.y} domain", "xanchor": "left",
                  "yanchor": "top", "textangle": 90}  # fmt: skip
    else:
        label |= {"x": 1.0, "xref": f"{place.x} domain", "y": at, "yref": place.y, "xanchor": "right",
                  "yanchor": "bottom"}  # fmt: skip
    return shape, [label]


def _axis_text(axis: Axis) -> str:
    words = " ".join(filter(None, (_lines(axis.label), _symbol(axis.symbol))))
    return f"{words}{escaped(axis.unit_text)}"


def _symbol(symbol: str) -> str:
    """A symbol such as `n/n_bulk` with italic letters and upright subscripts."""
    return SYMBOL.sub(
        lambda found: f"<i>{found[1]}</i><sub>{found[2]}</sub>" if found[2] else f"<i>{found[1]}</i>", escaped(symbol)
    )


def _lines(text: str) -> str:
    return escaped(text).replace("\n", "<br>")
