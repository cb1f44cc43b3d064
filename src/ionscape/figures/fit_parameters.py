"""Parameters of a fit: correlations, starts, profile likelihoods and the posterior."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import CHI_SQUARE_68, CHI_SQUARE_95
from ionscape.errors import InputError
from ionscape.figures.fit_values import (
    DARK,
    SAME_OPTIMUM,
    likelihood_limit,
    likelihood_profile,
    profiled,
    readable_unit,
    short_names,
)
from ionscape.figures.style import new_figure, plain_text, shade, tidy
from ionscape.files.quantities import DisplayUnit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ionscape.arrays import FloatArray
    from ionscape.inference import FitResult

LEAST_DIFFERENCE = 1e-4  # of costs, on the logarithmic axis
GREY = "#555555"
SAME, ELSEWHERE = "#0072B2", "#D55E00"


def parameter_correlation(result: FitResult) -> Figure:
    """Draw the correlation matrix of all parameters."""
    data = result.dataset
    correlation = data["correlation"].values
    names = short_names([str(name) for name in data["parameter"].values])
    count = len(names)
    size = 2.6 + 0.55 * count
    figure = new_figure(size + 0.8, size)
    axes = figure.subplots()
    picture = axes.imshow(correlation, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    axes.set_xticks(range(count), names, rotation=45, ha="right", rotation_mode="anchor", fontsize=8, parse_math=False)
    axes.set_yticks(range(count), names, fontsize=8, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row in range(count):
        for column in range(count):
            value = float(correlation[row, column])
            colour = "white" if abs(value) > 0.6 else "black"
            text = "–" if not math.isfinite(value) else f"{round(value, 2) + 0.0:.2f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=7.5, color=colour)
    figure.colorbar(picture, ax=axes, shrink=0.8, label="correlation")
    return figure


def fit_starts(result: FitResult) -> Figure:
    """Draw where the starts ended: their costs above the best one, and their parameters between the bounds."""
    data = result.dataset
    cost = data["start_cost"].values
    order = np.argsort(cost)
    difference = np.maximum(cost[order] - cost[order[0]], LEAST_DIFFERENCE)
    names = short_names([str(name) for name in data["parameter"].values])
    figure = new_figure(8.6, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.6))
    same = difference < SAME_OPTIMUM
    left.plot(np.arange(1, len(cost) + 1)[same], difference[same], "o", color=SAME, label="same optimum")
    if not same.all():
        left.plot(np.arange(1, len(cost) + 1)[~same], difference[~same], "s", color=ELSEWHERE, label="elsewhere")
    left.set_yscale("log")
    left.set_ylim(0.5 * LEAST_DIFFERENCE, 3.0 * max(float(difference.max()), SAME_OPTIMUM))
    left.set_xlim(0.5, len(cost) + 0.5)
    left.xaxis.get_major_locator().set_params(integer=True)
    tidy(left, horizontal="start, best first", vertical=f"cost above the best (at least {LEAST_DIFFERENCE:g})")
    left.legend(fontsize=8, frameon=False, loc="upper left")
    for rank in range(len(cost) - 1, -1, -1):
        colour = SAME if same[rank] else ELSEWHERE
        right.plot(_coordinates(result, data["start_estimate"].values[order[rank]]), range(len(names)),
                   "o" if same[rank] else "s", color=shade(colour, 0.7), ms=5, mfc="none")  # fmt: skip
    right.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
    right.invert_yaxis()
    right.set_xlim(-0.02, 1.02)
    right.grid(axis="y", lw=0.4, color="#CCCCCC")
    tidy(right, horizontal="place between the bounds", vertical="")
    return figure


def likelihood_profiles(result: FitResult) -> Figure:
    """Draw the profile likelihoods, all other parameters refitted, beside the parabola of the standard error.

    Raises:
        InputError: the result holds none.
    """
    data = result.dataset
    places = profiled(result)
    if not places:
        raise InputError("holds no profile likelihood", key="result", remedy='fit with method = "profile-likelihood"')
    names = short_names([str(name) for name in data["parameter"].values])
    figure, panels = _panels(len(places), width=3.4, height=2.7)
    for axes, place in zip(panels, places, strict=False):
        value, excess = likelihood_profile(result, place)
        unit = readable_unit(str(data["unit"].values[place]), float(data["estimate"].values[place]))
        axes.plot(value / unit.size, excess, "o-", color="#0072B2", ms=3, lw=1.3, label="profile")
        fine = np.linspace(value.min(), value.max(), 200)
        axes.plot(
            fine / unit.size, _parabola(result, place, fine), color=GREY, lw=1.0, ls=(0, (4, 2)), label="parabola"
        )
        for level, text in ((CHI_SQUARE_68, "68 %"), (CHI_SQUARE_95, "95 %")):
            axes.axhline(level, color="black", lw=0.5)
            axes.text(0.99, level, text, fontsize=7, ha="right", va="bottom", transform=axes.get_yaxis_transform())
        axes.set_ylim(0.0, likelihood_limit(excess))
        axes.locator_params(axis="x", nbins=5)
        tidy(axes, horizontal=_axis_name(names[place], unit), vertical="cost above the least")
    panels[0].legend(fontsize=8, frameon=False, loc="upper center")
    return figure


def posterior_corner(result: FitResult) -> Figure:
    """Draw the draws of the posterior: every experiment parameter alone and every pair; lines bound 68 and 95 %.

    Raises:
        InputError: the result holds no draws.
    """
    data = result.dataset
    if "sample" not in data:
        raise InputError("holds no draws of the posterior", key="result", remedy='fit with method = "mcmc"')
    all_names = short_names([str(name) for name in data["parameter"].values])
    kinds = [str(kind) for kind in data["kind"].values]
    places = [place for place, kind in enumerate(kinds) if kind == "experiment"] or list(range(len(kinds)))
    sample = data["sample"].values
    weight = data["weight"].values if "weight" in data else np.ones(sample.shape[0])
    units = [readable_unit(str(data["unit"].values[place]), float(data["estimate"].values[place])) for place in places]
    count = len(places)
    figure = new_figure(1.2 + 1.75 * count, 1.0 + 1.6 * count)
    grid = figure.subplots(count, count, squeeze=False, sharex="col")
    figure.suptitle("dashed: 68 %, dotted: 95 %", fontsize=8, x=0.98, ha="right")
    for row in range(count):
        for column in range(count):
            axes: Axes = grid[row, column]
            if column > row:
                axes.set_visible(False)
                continue
            horizontal = sample[:, places[column]] / units[column].size
            if row == column:
                _draw_marginal(axes, horizontal, weight)
            else:
                vertical = sample[:, places[row]] / units[row].size
                # thousands of squares as one picture: a vector file of them is slow to open
                axes.hist2d(horizontal, vertical, bins=30, weights=weight, cmap="Blues", rasterized=True)
            tidy(axes, horizontal="", vertical="")
            axes.tick_params(labelsize=7)
            axes.locator_params(nbins=4)
            if row == count - 1:
                axes.set_xlabel(_axis_name(all_names[places[column]], units[column], split=True), fontsize=8)
            if column == 0 and row > 0:
                axes.set_ylabel(_axis_name(all_names[places[row]], units[row], split=True), fontsize=8)
            elif column > 0 and column != row:
                axes.tick_params(labelleft=False)
    return figure


def _draw_marginal(axes: Axes, values: FloatArray, weight: FloatArray) -> None:
    axes.hist(values, bins=40, weights=weight, color=shade("#0072B2", DARK), lw=0)
    order = np.argsort(values)
    share = np.cumsum(weight[order]) / np.sum(weight)
    for level, line in ((0.025, "dotted"), (0.15865, "dashed"), (0.84135, "dashed"), (0.975, "dotted")):
        axes.axvline(float(np.interp(level, share, values[order])), color="black", lw=0.8, ls=line)
    axes.set_yticks([])


def _coordinates(result: FitResult, estimates: FloatArray) -> FloatArray:
    """Places of parameters between their bounds, each on its scale, 0 to 1."""
    data = result.dataset
    lower, upper = data["lower_bound"].values, data["upper_bound"].values
    linear = (estimates - lower) / (upper - lower)
    logarithmic = np.array([str(scale) == "log" for scale in data["scale"].values])
    places = linear.copy()
    places[logarithmic] = (np.log(estimates / np.where(logarithmic, lower, 1.0))[logarithmic]
                           / np.log(upper[logarithmic] / lower[logarithmic]))  # fmt: skip
    return places


def _parabola(result: FitResult, place: int, values: FloatArray) -> FloatArray:
    """Cost above the least one that the standard error predicts, quadratic on the scale of the parameter."""
    data = result.dataset
    estimate, error = (float(data[kind].values[place]) for kind in ("estimate", "estimate_error"))
    if str(data["scale"].values[place]) == "log":
        return (np.log(values / estimate) * estimate / error) ** 2
    return ((values - estimate) / error) ** 2


def _panels(count: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    columns = min(count, 3)
    rows = math.ceil(count / columns)
    figure = new_figure(width * columns, height * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    panels: list[Axes] = list(grid.ravel())
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, panels


def _axis_name(name: str, unit: DisplayUnit, *, split: bool = False) -> str:
    return plain_text(name) + (("\n" if split else " ") + f"/ {unit.unit}" if unit.unit else "")
