"""Plots as figures of matplotlib, for files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ionscape.workbench.drawing import BAR_HEIGHT, INK, Curve, Plot, overlap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(plot: Plot, *, width: float = 6.4, height: float = 4.2) -> Figure:
    """Return the plot as a matplotlib figure of that size [inch]; `ionscape.figures.save` writes it."""
    from ionscape.figures.style import new_figure, tidy

    figure = new_figure(width, height)
    axes = figure.subplots()
    if plot.matrix is not None:
        _draw_matrix(axes, plot)
    for curve in plot.curves:
        _draw_curve(axes, curve)
    bars = overlap(plot.regions)
    for place, region in enumerate(plot.regions):
        axes.axvspan(region.start, region.end, color=region.colour, alpha=0.08 if bars else 0.16, lw=0)
        height = 0.99 - (BAR_HEIGHT * place if bars else 0.0)
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
