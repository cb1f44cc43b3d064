"""Parameters of a fit: correlations, starts, profile likelihoods and the posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import CHI_SQUARE_68, CHI_SQUARE_95
from ionscape.errors import InputError

from .fit_values import SAME_OPTIMUM, likelihood_limit, likelihood_profile, profiled, readable_unit, short_names
from .plot import Axis, Curve, Field, Mark, Panel, Plot, area, grid_layout
from .render_matplotlib import Drawing

if TYPE_CHECKING:
    from ionscape.arrays import FloatArray
    from ionscape.inference import FitResult

LEAST_DIFFERENCE = 1e-4  # of costs, on the logarithmic axis
GREY = "#555555"
SAME, ELSEWHERE = "#0072B2", "#D55E00"
HISTOGRAM, SQUARES = 40, 30  # intervals of a parameter alone and of each of a pair
QUANTILES = ((0.025, "dotted"), (0.15865, "dashed"), (0.84135, "dashed"), (0.975, "dotted"))


@Drawing
def parameter_correlation(result: FitResult) -> Plot:
    """Draw the correlation matrix of all parameters."""
    data = result.dataset
    axis = Axis(ticks=_short(result))
    field = Field(values=np.asarray(data["correlation"].values, dtype=float), colours="RdBu_r", limits=(-1.0, 1.0),
                  label="correlation", written=True)  # fmt: skip
    size = 2.6 + 0.55 * len(axis.ticks)
    names = _names(result)
    columns = {name: field.values[:, place].tolist() for place, name in enumerate(names)}
    return Plot(name="correlation", panels=(Panel(horizontal=axis, vertical=axis, field=field),),
                size=(size + 0.8, size), table={"parameter": names, **columns})  # fmt: skip


@Drawing
def fit_starts(result: FitResult) -> Plot:
    """Draw where the starts ended: their costs above the best one, and their parameters between the bounds."""
    data = result.dataset
    cost = data["start_cost"].values
    order = np.argsort(cost)
    rank, difference = np.arange(1.0, len(cost) + 1.0), np.maximum(cost[order] - cost[order[0]], LEAST_DIFFERENCE)
    same, axis = difference < SAME_OPTIMUM, Axis(ticks=_short(result))
    groups = (("same optimum", same, SAME, "o"), ("elsewhere", ~same, ELSEWHERE, "s"))
    ends = [
        Curve(
            name=name, x=rank[chosen], y=difference[chosen], kind="points", marker=marker, colour=colour, thickness=6.0
        )
        for name, chosen, colour, marker in groups
        if chosen.any()
    ]
    highest = 3.0 * max(float(difference.max()), SAME_OPTIMUM)
    costs = Panel(
        horizontal=Axis(label="start, best first", limits=(0.5, len(cost) + 0.5)), curves=tuple(ends),
        vertical=Axis(label=f"cost above the best (at least {LEAST_DIFFERENCE:g})", log=True,
                      limits=(0.5 * LEAST_DIFFERENCE, highest)),
    )  # fmt: skip
    places = [
        Curve(name=f"start {number + 1}", x=_coordinates(result, data["start_estimate"].values[order[number]]),
              y=np.arange(float(len(axis.ticks))), kind="points", marker="o" if same[number] else "s", filled=False,
              colour=SAME if same[number] else ELSEWHERE, strength=0.7, thickness=4.8, legend=False)
        for number in range(len(cost) - 1, -1, -1)
    ]  # fmt: skip
    between = Panel(horizontal=Axis(label="place between the bounds", limits=(-0.02, 1.02)), vertical=axis,
                    curves=tuple(places), legend="")  # fmt: skip
    estimates = {name: data["start_estimate"].values[:, place] for place, name in enumerate(_names_with_units(result))}
    return Plot(
        name="starts", panels=(costs, between), layout=((0, 1),), widths=(1.0, 1.6), size=(8.6, 4.2),
        table={"cost": cost, "simulations": data["start_simulations"].values, **estimates},
    )  # fmt: skip


@Drawing
def likelihood_profiles(result: FitResult) -> Plot:
    """Draw the profile likelihoods, all other parameters refitted, beside the parabola of the standard error.

    Raises:
        InputError: the result holds none.
    """
    places = profiled(result)
    if not places:
        raise InputError("holds no profile likelihood", key="result", remedy='fit with method = "profile-likelihood"')
    data, names, columns = result.dataset, _names_with_units(result), min(len(places), 3)
    layout = grid_layout(len(places), columns)
    panels = [replace(_likelihood(result, place), legend="inside" if place == places[0] else "") for place in places]
    table: dict[str, Sequence[float]] = {}
    for place in places:
        table[names[place]] = data["profile_value"].values[place]
        table[f"{_names(result)[place]} cost"] = data["profile_cost"].values[place]
    return Plot(
        name="likelihoods", panels=tuple(panels), layout=layout,
        size=(max(3.4 * columns, 4.6), 2.7 * len(layout)), table=table,
    )  # fmt: skip


def _likelihood(result: FitResult, place: int) -> Panel:
    value, excess = likelihood_profile(result, place)
    horizontal = _axis(result, place)
    fine = np.linspace(value.min(), value.max(), 200)
    levels = ((CHI_SQUARE_68, "68 %"), (CHI_SQUARE_95, "95 %"))
    return Panel(
        horizontal=horizontal, vertical=Axis(label="cost above the least", limits=(0.0, likelihood_limit(excess))),
        curves=(
            Curve(name="profile", x=value / horizontal.size, y=excess, colour="#0072B2", marker="o", thickness=1.3),
            Curve(name="parabola", x=fine / horizontal.size, y=_parabola(result, place, fine), colour=GREY,
                  thickness=1.0, line=(0, (4, 2))),
        ),
        marks=tuple(Mark(value=level, name=text, across="horizontal", line="solid", thickness=0.5, colour="black")
                    for level, text in levels),
    )  # fmt: skip


@Drawing
def posterior_corner(result: FitResult) -> Plot:
    """Draw the draws of the posterior: every experiment parameter alone and every pair; lines bound 68 and 95 %.

    Raises:
        InputError: the result holds no draws.
    """
    data = result.dataset
    if "sample" not in data:
        raise InputError("holds no draws of the posterior", key="result", remedy='fit with method = "mcmc"')
    kinds = [str(kind) for kind in data["kind"].values]
    chosen = [place for place, kind in enumerate(kinds) if kind == "experiment"] or list(range(len(kinds)))
    sample = data["sample"].values
    weights = {"weight": data["weight"].values} if "weight" in data else {}
    weight = weights.get("weight", np.ones(sample.shape[0]))
    count = len(chosen)
    panels: list[Panel] = []
    layout = [[-1] * count for _ in chosen]
    for row in range(count):
        for column in range(row + 1):
            layout[row][column] = len(panels)
            panels.append(_pair(result, sample, weight, chosen[row], chosen[column], last=row == count - 1,
                                first=column == 0))  # fmt: skip
    draws = {name: sample[:, place] for place, name in enumerate(_names_with_units(result))}
    return Plot(
        name="posterior", title="dashed: 68 %, dotted: 95 %", panels=tuple(panels), layout=tuple(map(tuple, layout)),
        size=(1.2 + 1.75 * count, 1.0 + 1.6 * count), table={**draws, **weights},
    )  # fmt: skip


def _pair(
    result: FitResult, sample: FloatArray, weight: FloatArray, row: int, column: int, *, last: bool, first: bool
) -> Panel:
    """Density of the draws of two parameters, or of one where both are the same.

    last, first: whether the panel is in the last row and in the first column.
    """
    horizontal, vertical = _axis(result, column, hidden=not last), _axis(result, row, hidden=not first)
    x = sample[:, column] / horizontal.size
    if row != column:
        counts, right, up = np.histogram2d(x, sample[:, row] / vertical.size, bins=SQUARES, weights=weight)
        field = Field(values=counts.T, colours="Blues", edges=(right, up))
        return Panel(horizontal=horizontal, vertical=vertical, field=field, legend="")
    heights, edges = np.histogram(x, bins=HISTOGRAM, weights=weight)
    order = np.argsort(x)
    share = np.cumsum(weight[order]) / np.sum(weight)
    steps, tops = np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)
    alone = area(horizontal.label, steps, tops, colour="#0072B2", strength=0.45)
    marks = [Mark(value=float(np.interp(level, share, x[order])), line=line, colour="black", thickness=0.8)
             for level, line in QUANTILES]  # fmt: skip
    return Panel(horizontal=horizontal, vertical=Axis(limits=(0.0, None), hidden=True), curves=(alone,),
                 marks=tuple(marks), legend="")  # fmt: skip


def _names(result: FitResult) -> list[str]:
    return [str(name) for name in result.dataset["parameter"].values]


def _short(result: FitResult) -> tuple[str, ...]:
    return tuple(short_names(_names(result)))


def _names_with_units(result: FitResult) -> list[str]:
    """Names of the columns of parameters in SI units."""
    units = [str(unit) or "1" for unit in result.dataset["unit"].values]
    return [f"{name} ({unit})" for name, unit in zip(_names(result), units, strict=True)]


def _axis(result: FitResult, place: int, *, hidden: bool = False) -> Axis:
    """The axis of a parameter in the unit in which it is read best."""
    data = result.dataset
    unit = readable_unit(str(data["unit"].values[place]), float(data["estimate"].values[place]))
    return Axis(label=_short(result)[place], unit=unit.unit, size=unit.size, hidden=hidden)


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
