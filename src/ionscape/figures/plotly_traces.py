"""Curves and fields as traces of plotly."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray

from .plot import Curve, Field, Panel
from .style import LineStyle

MARKERS = {
    "o": "circle", "s": "square", "D": "diamond", "v": "triangle-down", "^": "triangle-up", "<": "triangle-left",
    ">": "triangle-right", "p": "pentagon", "h": "hexagon", "*": "star", "X": "x", "d": "diamond-tall", "8": "octagon",
    "P": "cross", "|": "line-ns-open",
}  # fmt: skip


def curve_traces(curve: Curve, group: str, colour: str, panel: Panel, *, legend: bool) -> Iterable[dict[str, Any]]:
    """Plotly's traces of one curve: the band as two lines with the space between them filled, then the line."""
    across, along = panel.horizontal.log, panel.vertical.log
    # an entry of the legend only needs a point that is not drawn
    x, y = (_numbers(curve.x, across), _numbers(curve.y, along)) if curve.x.size else ([None], [None])
    name = escaped(curve.name)
    common: dict[str, Any] = {"type": "scatter", "legendgroup": group, "name": name, "showlegend": legend}
    error: dict[str, Any] = {}
    band = curve.kind == "band"
    if curve.ends is not None and curve.symbol:
        low, high = np.nan_to_num(curve.y - curve.ends[0], posinf=0.0), np.nan_to_num(curve.ends[1] - curve.y, posinf=0)
        error = {"error_y": {
            "type": "data", "symmetric": False, "thickness": 0.8, "width": 0, "color": colour,
            "array": _numbers(high), "arrayminus": _numbers(low),
        }}  # fmt: skip
    elif curve.ends is not None:
        known = np.isfinite(curve.ends[0]) & np.isfinite(curve.ends[1])
        strength = curve.strength if band else 0.3 * curve.strength
        for place, end in enumerate(curve.ends):
            edge = (end[known], curve.y[known]) if curve.sideways else (curve.x[known], end[known])
            filled = {"fill": "tonextx" if curve.sideways else "tonexty", "fillcolor": rgba(colour, strength)}
            yield {**common, "x": _numbers(edge[0], across), "y": _numbers(edge[1], along), "mode": "lines",
                   "line": {"width": 0}, "hoverinfo": "skip", **(filled if place else {}),
                   "showlegend": bool(place) and legend and band}  # fmt: skip
    if band and curve.x.size:
        return
    unit = f" {escaped(panel.vertical.unit)}" if panel.vertical.unit else ""
    trace = {
        **common,
        "x": x,
        "y": y,
        "opacity": curve.strength,
        "hovertemplate": f"{name}: %{{y:.4g}}{unit}<extra></extra>",
    }
    if curve.kind in ("bars", "stems"):
        bars = {"color": colour} if curve.kind == "bars" else {"color": colour, "line": {"width": 0}}
        yield {**trace, "type": "bar", "marker": bars, "text": list(curve.notes), "textposition": "outside"}
        return
    size = 2.2 + 1.4 * curve.thickness if curve.kind == "points" else 4.5
    if band:
        yield {**trace, "mode": "markers", "marker": {"color": colour, "size": 11, "symbol": "square"}}
        return
    if curve.symbol:
        symbol = MARKERS.get(curve.symbol, "circle") + ("" if curve.filled else "-open")
        trace["marker"] = {"color": colour, "size": size, "symbol": symbol.replace("-open-open", "-open")}
    if curve.kind == "points":
        yield {**trace, **error, "mode": "markers"}
        return
    shape = {"shape": "hv"} if curve.kind == "step" else {}
    line = {"color": colour, "width": curve.thickness, "dash": dash(curve.line, curve.thickness), **shape}
    yield {**trace, **error, "mode": "lines+markers" if curve.symbol else "lines", "line": line}


def heat_map(field: Field) -> dict[str, Any]:
    """Plotly's trace of a field, with its scale of colours."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    low, high = field.limits or (float(np.nanmin(field.values)), float(np.nanmax(field.values)))
    values = np.log10(np.maximum(field.values, low)) if field.log else field.values
    if field.log:
        low, high = math.log10(low), math.log10(high)
    colours = [[share, to_hex(colormaps[field.colours](share))] for share in np.linspace(0.0, 1.0, 11).tolist()]
    label = escaped(f"log₁₀ {field.label}" if field.log else field.label)
    trace: dict[str, Any] = {
        "type": "heatmap", "z": [_numbers(row) for row in values], "zmin": low, "zmax": high, "colorscale": colours,
        "showscale": bool(field.label), "hoverinfo": "skip",
        "colorbar": {"thickness": 12, "len": 0.8, "title": {"text": label, "side": "right"}},
    }  # fmt: skip
    if field.edges is not None:
        trace |= {"x": _numbers(field.edges[0]), "y": _numbers(field.edges[1])}
    if field.written:
        text = [["–" if not math.isfinite(value) else f"{value + 0.0:.2f}" for value in row] for row in field.values]
        trace |= {"text": text, "texttemplate": "%{text}", "xgap": 1, "ygap": 1}
    return trace


def _numbers(values: FloatArray, log: bool = False) -> list[float | None]:
    """Plain numbers for JSON, which knows no not-a-number."""
    return [float(value) if math.isfinite(value) and (value > 0.0 or not log) else None for value in values]


def rgba(colour: str, opacity: float) -> str:
    """A colour that lets through what lies behind it."""
    from matplotlib.colors import to_rgb

    red, green, blue = (round(255 * part) for part in to_rgb(colour))
    return f"rgba({red},{green},{blue},{opacity:g})"


def dash(line: LineStyle, thickness: float) -> str:
    """Dashes of a line in plotly's words."""
    if isinstance(line, str):
        return {"solid": "solid", "dashed": "dash", "dotted": "dot"}[line]
    return ",".join(f"{part * thickness:.3g}px" for part in line[1])


def escaped(text: str) -> str:
    """Plotly reads a little HTML in texts; names from files are texts."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
