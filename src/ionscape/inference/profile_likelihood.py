"""Profile likelihoods: how much worse the best fit becomes while one parameter is held off its optimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import CHI_SQUARE_68, CHI_SQUARE_95
from ionscape.errors import FitError, InputError
from ionscape.remarks import Remark, of_kinds, remark_attributes
from ionscape.scaleout import Executor, RunStore, Tally, run

from .forward import ForwardModel
from .interval_check import without_rise_remarks, without_rises
from .least_squares import EDGE, SAME_COST, StartResult, covariance_of, minimise
from .parts import problem_key
from .remarks import BETTER_OPTIMUM, OPEN_END, POSTERIOR_OPEN_END, PROFILE_FAILED, PROFILED, SIDE_FAILED
from .result import MISFIT_ATTRIBUTES, FitResult, make_fit_result, model_of

if TYPE_CHECKING:
    import xarray

LEVELS = {"95": CHI_SQUARE_95, "68": CHI_SQUARE_68}
"""Rise of the cost, -2 log likelihood, at the ends of the intervals: quantiles of chi square with one degree."""
REACH = 1.1
"""The last point lies this much farther out than the 95 % crossing, in signed roots of the rise."""
MOST_FURTHER_POINTS = 8
GREATEST_STRIDE = 1.7  # times the distance so far
LEAST_STRIDE = 1.05
LOWER = 0.02
"""Costs that differ by less are the same but for the errors of the simulations."""
MOST_RESTARTS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class _Side:
    """Refits on one side of the optimum, from the inside out.

    Attributes:
        coordinates: shape (points, parameters).
        cost: shape (points,).
        ended: "reached", "bound", or what stopped it before.
        simulations: that it took.
        failures: sentences about failed simulations.
    """

    coordinates: FloatArray
    cost: FloatArray
    ended: str
    simulations: int
    failures: tuple[str, ...]


def profile_likelihood(
    result: FitResult,
    *,
    parameters: Sequence[str] | None = None,
    points: int = 5,
    executor: Executor | None = None,
    store: RunStore | None = None,
    progress: Callable[[Tally], None] | None = None,
    model: ForwardModel | None = None,
) -> FitResult:
    """Intervals from profile likelihoods: each parameter is held at several values while all others are fitted again.

    The parameter moves outwards from its optimum until the cost has risen beyond 3.84, the 95 % point of chi square
    with one degree of freedom (Wilks' theorem), or to its bounds. Between the points the signed root of the rise, which
    is a straight line for a normal likelihood, is interpolated monotonically.

    Args:
        result: of `fit`.
        parameters: names; None for all of the experiments.
        points: refits on each side, two or more; some are added where the likelihood is far from normal.
        executor: what runs the two sides of each parameter (`ionscape.scaleout.make_executor`); None for one after the
            other, here.
        store: keeps finished sides, so that a stopped job is taken up again.
        progress: called after each finished side.
        model: that is evaluated; None for that of the result.

    Returns:
        The result with new `lower_95` ... `upper_68` of these parameters, and the profiles: `profile_value` [SI],
        `profile_cost` (parameter, point) and `profile_estimate` (parameter, point, other_parameter), filled with NaN.
        An interval without an end within the bounds ends at the bound, with a remark. If a refit finds a better
        optimum than that of the result, the result is that of the better one, with a remark.

    Raises:
        InputError: a parameter does not exist, `points` is less than 2, or the inputs of the result are not at hand.
    """
    if points < 2:
        raise InputError("must be at least 2", key="points", value=points)
    used = model if model is not None else model_of(result)
    problem = used.problem
    if parameters is None:
        places = [place for place, parameter in enumerate(problem.parameters) if parameter.kind == "experiment"]
    else:
        places = [problem.index(name) for name in parameters]
    notes: list[Remark] = []
    spent, failures = 0, list[str]()
    sides: dict[tuple[int, int], _Side] = {}
    for attempt in range(MOST_RESTARTS + 1):
        sides, errors = _all_sides(result, used, places, points, executor, store, progress)
        spent += sum(side.simulations for side in sides.values())
        failures += [failure for side in sides.values() for failure in side.failures]
        cost = float(result.dataset.attrs["cost"])
        lowest = _lowest(sides)
        if lowest is None or lowest[1] > cost - LOWER or attempt == MOST_RESTARTS:
            notes += errors
            break
        better = minimise(used, np.clip(lowest[0], EDGE, 1.0 - EDGE))
        spent += better.simulations
        if cost - better.cost > SAME_COST:
            notes.append(BETTER_OPTIMUM(cost=better.cost, before=cost))
        result = _with_optimum(result, used, better)
    dataset, further = _entered(result, used, places, sides)
    replaced = [problem.names[place] for place in places]
    kept = without_rise_remarks(result.remarks_of_fit, replaced)
    dataset = without_rises(dataset, places)
    return _finished(FitResult(dataset=dataset, problem=result.problem), kept, [*notes, *further], spent, failures)


def _all_sides(
    result: FitResult,
    model: ForwardModel,
    places: Sequence[int],
    points: int,
    executor: Executor | None,
    store: RunStore | None,
    progress: Callable[[Tally], None] | None,
) -> tuple[dict[tuple[int, int], _Side], list[Remark]]:
    """Both sides of every parameter, and remarks about those that failed."""
    data = result.dataset
    optimum = np.asarray(data["coordinate"].values, dtype=float)
    covariance = np.asarray(data["coordinate_covariance"].values, dtype=float)
    cost = float(data.attrs["cost"])
    wanted = [(place, sign) for place in places for sign in (-1, 1)]
    outcomes = run(
        profile_side, wanted, identity="\n".join([problem_key(model.problem), repr((optimum.tolist(), cost, points))]),
        shared=(model, optimum, cost, covariance, points), executor=executor, store=store, report=progress,
    )  # fmt: skip
    sides: dict[tuple[int, int], _Side] = {}
    errors: list[Remark] = []
    for (place, sign), outcome in zip(wanted, outcomes, strict=True):
        if outcome.failed:
            side = "above" if sign > 0 else "below"
            errors.append(SIDE_FAILED(model.problem.names[place], side=side, reason=outcome.error))
            continue
        value = outcome.value
        sides[place, sign] = _Side(
            coordinates=np.asarray(value["coordinates"], dtype=float).reshape(-1, optimum.size),
            cost=np.asarray(value["cost"], dtype=float),
            ended=str(value["ended"]),
            simulations=int(value["simulations"]),
            failures=tuple(map(str, value["failures"])),
        )
    return sides, errors


def profile_side(
    model: ForwardModel, optimum: FloatArray, cost: float, covariance: FloatArray, points: int, place: int, sign: int
) -> dict[str, Any]:
    """Refits on one side of the optimum as plain data.

    Args:
        model: that is evaluated.
        optimum: coordinates, shape (parameters,).
        cost: there.
        covariance: of the coordinates.
        points: refits if the likelihood is nearly normal.
        place: of the parameter that is held.
        sign: 1 towards larger coordinates, -1 towards smaller ones.
    """
    before, failed_before = model.simulations, len(model.failures)
    bound = 1.0 if sign > 0 else 0.0
    room = abs(bound - optimum[place])
    deviation = math.sqrt(max(covariance[place, place], 1e-24))
    end = math.sqrt(LEVELS["95"])
    targets = [*np.linspace(0.0, end, points)[1:], REACH * end, *[REACH * end] * MOST_FURTHER_POINTS]
    found: list[FloatArray] = [optimum]
    costs, distances, roots = [cost], [0.0], [0.0]
    ended = f"the cost had not risen enough after {len(targets)} points" if room > EDGE else "bound"
    for target in targets if room > EDGE else ():
        distance = min(_stride(distances, roots, deviation, float(target)), room)
        start = _conditional(found, distances, covariance, place, sign, distance)
        start[place] = bound if distance == room else optimum[place] + sign * distance
        try:
            refit = _refit(model, start, place)
        except FitError as error:
            ended = str(error)
            break
        found.append(refit.coordinates)
        costs.append(refit.cost)
        distances.append(distance)
        roots.append(math.sqrt(max(refit.cost - cost, 0.0)))
        if refit.cost < cost - SAME_COST:
            ended = "lower"
            break
        if roots[-1] > end * 1.02 or distance == room:
            ended = "reached" if roots[-1] > end else "bound"
            break
    return {
        "coordinates": np.array(found[1:]).reshape(-1, optimum.size),
        "cost": np.array(costs[1:]),
        "ended": ended,
        "simulations": model.simulations - before,
        "failures": list(model.failures[failed_before:]),
    }


def _stride(distances: Sequence[float], roots: Sequence[float], deviation: float, target: float) -> float:
    """Distance from the optimum at which the root of the rise is expected to be `target`."""
    last = distances[-1]
    if last == 0.0:
        return target * deviation
    if len(roots) > 1 and roots[-1] < roots[-2]:
        return last + 0.5 * (last - distances[-2])  # into another valley, which a longer stride would miss
    if roots[-1] < 0.05:
        return GREATEST_STRIDE * last
    # distance per root is constant for a normal likelihood; otherwise nearly a straight line over the root
    ratio = last / roots[-1]
    inner_root, inner_ratio = 0.0, deviation
    if len(roots) > 2 and roots[-2] >= 0.05:
        inner_root, inner_ratio = roots[-2], distances[-2] / roots[-2]
    if roots[-1] - inner_root > 0.05:
        ratio += (ratio - inner_ratio) / (roots[-1] - inner_root) * (target - roots[-1])
    return min(max(target * ratio, LEAST_STRIDE * last), GREATEST_STRIDE * last)


def _conditional(
    found: Sequence[FloatArray],
    distances: Sequence[float],
    covariance: FloatArray,
    place: int,
    sign: int,
    distance: float,
) -> FloatArray:
    """Where the other parameters are expected: by the covariance, then along the line through the last two refits."""
    if len(found) == 1:
        slope = sign * covariance[:, place] / max(covariance[place, place], 1e-24)
    else:
        slope = (found[-1] - found[-2]) / (distances[-1] - distances[-2])
    return np.clip(found[-1] + slope * (distance - distances[-1]), EDGE, 1.0 - EDGE)


def _refit(model: ForwardModel, start: FloatArray, place: int) -> StartResult:
    if start.size > 1:
        return minimise(model, start, fixed=[place])
    evaluation = model.evaluate(start)
    if evaluation is None:
        raise FitError(f"a simulation failed: {model.failures[-1]}")
    return StartResult(
        coordinates=start, cost=evaluation.cost, evaluation=evaluation, simulations=1, converged=True, message="",
        failures=(),
    )  # fmt: skip


def _lowest(sides: Mapping[tuple[int, int], _Side]) -> tuple[FloatArray, float] | None:
    """Coordinates and cost of the best refit."""
    candidates = [
        (row, float(cost))
        for side in sides.values()
        for row, cost in zip(side.coordinates, side.cost, strict=True)
    ]  # fmt: skip
    return min(candidates, key=lambda candidate: candidate[1]) if candidates else None


def _with_optimum(result: FitResult, model: ForwardModel, better: StartResult) -> FitResult:
    """The result with another optimum; what it says of its starts stays."""
    covariance, _ = covariance_of(better.evaluation)
    # the ends of the intervals at the new optimum were not simulated
    remarks = without_rise_remarks(result.remarks_of_fit, model.problem.names)
    made = make_fit_result(model.problem, better, [better], covariance, remarks=remarks, failures=())
    old = result.dataset
    kept = {str(name): old[name].variable for name in old.data_vars if "start" in old[name].dims}
    dataset = made.dataset.drop_dims("start").assign(kept)
    dataset.attrs = made.dataset.attrs | {
        name: old.attrs[name]
        for name in ("simulations", "failed_simulations", "method", "created", *MISFIT_ATTRIBUTES)
        if name in old.attrs
    }
    return FitResult(dataset=dataset, problem=result.problem)


def _entered(
    result: FitResult, model: ForwardModel, places: Sequence[int], sides: Mapping[tuple[int, int], _Side]
) -> tuple[xarray.Dataset, list[Remark]]:
    """The dataset with intervals and profiles, and remarks about what is undetermined."""
    data = result.dataset
    free = model.problem.parameters
    optimum = np.asarray(data["coordinate"].values, dtype=float)
    cost = float(data.attrs["cost"])
    ends = {
        f"{end}_{level}": np.array(data[f"{end}_{level}"].values, dtype=float)
        for end in ("lower", "upper")
        for level in LEVELS
    }
    tables: dict[int, tuple[FloatArray, FloatArray]] = {}
    notes: list[Remark] = []
    for place in places:
        own = [sides.get((place, sign)) for sign in (-1, 1)]
        rows = [optimum[None], *[side.coordinates for side in own if side is not None]]
        costs = [np.array([cost]), *[side.cost for side in own if side is not None]]
        table, values = np.concatenate(rows), np.concatenate(costs)
        order = np.argsort(table[:, place], kind="stable")
        tables[place] = table[order], values[order]
        for end, sign, side in zip(("lower", "upper"), (-1, 1), own, strict=True):
            if side is None:
                continue
            bound = 1.0 if sign > 0 else 0.0
            for level, rise in LEVELS.items():
                found = crossing(
                    sign * (side.coordinates[:, place] - optimum[place]), np.maximum(side.cost - cost, 0.0), rise
                )
                coordinate = bound if found is None else optimum[place] + sign * found
                ends[f"{end}_{level}"][place] = free[place].value(float(coordinate))
                if found is None and level == "95":
                    reason = "" if side.ended == "bound" else side.ended
                    notes.append(OPEN_END(free[place].name, end=end, reason=reason))
    size = max((len(values) for _, values in tables.values()), default=0)
    profile_value, profile_cost = np.full((len(free), size), np.nan), np.full((len(free), size), np.nan)
    profile_estimate = np.full((len(free), size, len(free)), np.nan)
    for place, (table, values) in tables.items():
        shown = np.array([
            [parameter.value(float(x)) for parameter, x in zip(free, row, strict=True)] for row in table
        ])  # fmt: skip
        profile_value[place, : len(values)] = shown[:, place]
        profile_cost[place, : len(values)] = values
        profile_estimate[place, : len(values)] = shown
    dataset = data.drop_vars([name for name in data.variables if str(name).startswith("profile_")])
    return dataset.assign({
        **{name: ("parameter", values) for name, values in ends.items()},
        "profile_value": (("parameter", "point"), profile_value),
        "profile_cost": (("parameter", "point"), profile_cost),
        "profile_estimate": (("parameter", "point", "other_parameter"), profile_estimate),
    }), notes  # fmt: skip


def crossing(distance: FloatArray, rise: FloatArray, level: float) -> float | None:
    """Outermost distance from the optimum at which the cost has risen by `level`; None if it nowhere has.

    Args:
        distance: of the points, increasing and positive, shape (points,).
        rise: of the cost there, not negative, shape (points,).
        level: of the rise.
    """
    from scipy.interpolate import PchipInterpolator

    root = math.sqrt(level)
    roots = np.sqrt(np.concatenate([[0.0], rise]))
    if roots[-1] < root:
        return None
    places = np.concatenate([[0.0], distance])
    inside = np.flatnonzero(roots < root)[-1]
    curve = PchipInterpolator(places, roots)
    found = [float(x) for x in curve.solve(root, extrapolate=False) if places[inside] <= x <= places[inside + 1]]
    return found[0] if found else float(places[inside + 1])


def _finished(
    result: FitResult, remarks: Sequence[Remark], notes: Sequence[Remark], spent: int, failures: Sequence[str]
) -> FitResult:
    """The result with its method, its simulations and its remarks, old ones that still hold and new ones."""
    data = result.dataset
    replaced = of_kinds(remarks, PROFILED, BETTER_OPTIMUM, SIDE_FAILED, OPEN_END, POSTERIOR_OPEN_END)
    old = [remark for remark in remarks if remark not in replaced]
    if failures:
        notes = [*notes, PROFILE_FAILED(count=len(failures), first=failures[0])]
    data.attrs = {
        **data.attrs,
        "method": "profile-likelihood",
        "simulations": int(data.attrs["simulations"]) + spent,
        "failed_simulations": int(data.attrs["failed_simulations"]) + len(failures),
        **remark_attributes([*old, *notes]),
    }
    return result
