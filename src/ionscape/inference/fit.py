"""`fit`: a problem in, estimates with intervals, curves and remarks out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import FitError, InputError
from ionscape.files.values import read_scalar
from ionscape.remarks import Remark, remark_attributes
from ionscape.scaleout import Executor, RunStore

from .alternatives import Alternative
from .interval_check import rise_remarks
from .judgement import background_remarks, misfit_remarks, pull_remarks
from .least_squares import (
    AT_BOUND,
    SAME_VALLEY,
    StartResult,
    covariance_of,
    fine_model,
    starting_points,
)
from .misfit import Misfit
from .parameters import Parameter, coordinates_of
from .parts import FitParts, FitProgress, check_task, judge_task, polish_task, refit_task, restored
from .problem import FitProblem, with_discrepancies
from .profile_likelihood import profile_likelihood
from .reading_results import reading_remarks
from .remarks import AT_BOUND as ENDS_AT_BOUND
from .remarks import DEPENDS, FAILED, NOT_CONVERGED, ONE_START, PROFILED, STOPPED, TOGETHER, UNDETERMINED
from .result import FitResult, make_fit_result

LARGEST_DEVIATION = 0.2
"""Standard deviation of a coordinate beyond which a parameter is undetermined; a uniform one has 0.29."""
MOST_BATCHES = 3
STRONG_CORRELATION = 0.98
PROFILE_POINTS = 3


def fit(
    problem: FitProblem,
    *,
    starts: int | None = None,
    executor: Executor | None = None,
    store: RunStore | None = None,
    progress: Callable[[FitProgress], None] | None = None,
    check_intervals: bool = True,
) -> FitResult:
    """Fit the free parameters by least squares from several starts.

    Args:
        problem: what `load_fit` or `make_fit` give.
        starts: number of starting points; None for that of the file.
        executor: what runs the starts (`ionscape.scaleout.make_executor`); None for one after the other, here.
        store: keeps finished parts (each start, the last search from the best of them, the check of the intervals), so
            that a stopped fit is taken up again.
        progress: called while the fit runs.
        check_intervals: simulate also at both ends of the interval of each parameter of the experiment; where the cost
            has not risen as it must (`ionscape.inference.interval_check`), the interval is replaced by that of the
            profile likelihood, with a remark. These simulations count in `simulations`, but not in those of any start.

    If no two starts come to the same optimum, more are tried, up to three times as many.

    Returns:
        Estimates, covariance, intervals, fitted profiles, D(n) and site energies with bands, remarks.

    Raises:
        FitError: no start leads to an optimum.
    """
    count = starts or problem.settings.starts
    parts = FitParts(problem, executor=executor, store=store, progress=progress)
    failures: list[str] = []
    for batch in range(MOST_BATCHES):
        # the first batch begins with the given start; the others are all new
        points = starting_points(problem, count + (batch > 0), seed=problem.settings.seed + batch)[int(batch > 0) :]
        failures += parts.search(points, soften_first=batch > 0)
        if count == 1 or _agree(parts.results):
            break
    results = parts.results
    if not results:
        raise FitError(f"no start of the fit succeeded: {failures[0]}")
    lowest = min(results, key=lambda result: result.cost)
    best = restored(parts.done(polish_task, lowest))
    covariance, alone = covariance_of(best.evaluation)
    misfit, found, simulations = _judged(parts.done(judge_task, best, covariance))
    spent = best.simulations - lowest.simulations + simulations
    if misfit.significant and problem.settings.refit_misfit:
        better = [alternative for alternative in found if alternative.proposed]
        plain = parts.done(refit_task, best, [alternative.plain() for alternative in better])
        problem = parts.problem = with_discrepancies(problem, plain["discrepancies"])
        spent += int(plain["simulations"]) - best.simulations
        best = restored(plain)
        covariance, alone = covariance_of(best.evaluation)
    rises = None
    checked: list[Remark] = []
    if check_intervals:
        check = parts.done(check_task, best, covariance)
        rises = np.asarray(check["rises"], dtype=float)
        checked = rise_remarks(problem.parameters, best.coordinates, covariance, rises)
        spent += int(check["simulations"])
        failures += map(str, check["failures"])
    remarks = [
        *misfit_remarks(misfit, found, problem), *_remarks(problem, best, results, covariance, alone, failures),
        *pull_remarks(problem.parameters, best.coordinates, covariance),
        *background_remarks(problem, best, covariance), *reading_remarks(problem, best, covariance), *checked,
    ]  # fmt: skip
    result = make_fit_result(
        problem, best, results, covariance, remarks=remarks, failures=failures, rises=rises, misfit=misfit,
        further_simulations=spent,
    )  # fmt: skip
    suspects = [remark.about[0] for remark in checked]
    if not suspects:
        return result
    parts.begin("intervals from profile likelihoods")
    return _with_true_intervals(result, suspects, executor, store)


def result_so_far(problem: FitProblem, progress: FitProgress) -> FitResult | None:
    """The best point of a fit that was stopped, as a result with a remark; None if it cannot be simulated.

    Args:
        problem: what was fitted.
        progress: the latest that `fit` has reported.
    """
    points = {each.cost: each.values for each in (progress, *progress.searches)}
    for _, values in sorted(points.items()):
        point = coordinates_of(problem.parameters, np.array([values[name] for name in problem.names]))
        evaluation = fine_model(problem).evaluate(np.clip(point, 0.0, 1.0))
        if evaluation is None:
            continue
        best = StartResult(
            coordinates=evaluation.coordinates, cost=evaluation.cost, evaluation=evaluation,
            simulations=progress.simulations, converged=False, message="stopped", failures=(),
        )  # fmt: skip
        covariance, _ = covariance_of(evaluation)
        return make_fit_result(problem, best, [best], covariance, remarks=[STOPPED()], failures=[])
    return None


def _with_true_intervals(
    result: FitResult, names: Sequence[str], executor: Executor | None, store: RunStore | None
) -> FitResult:
    """The result with the intervals of some parameters from their profile likelihoods, and a remark that says so."""
    refined = profile_likelihood(result, parameters=names, points=PROFILE_POINTS, executor=executor, store=store)
    method = result.dataset.attrs["method"]
    refined.dataset.attrs |= {"method": method, **remark_attributes([*refined.remarks_of_fit, PROFILED(*names)])}
    return refined


def _agree(results: Sequence[StartResult]) -> bool:
    """Whether two starts came to the lowest cost."""
    costs = sorted(result.cost for result in results)
    return len(costs) > 1 and costs[1] < costs[0] + SAME_VALLEY


def _judged(value: dict[str, Any]) -> tuple[Misfit, list[Alternative], int]:
    """Judgement, other models and simulations from the plain data."""
    misfit: dict[str, Any] = {**value["misfit"], "stretch": tuple(value["misfit"]["stretch"])}
    found: list[dict[str, Any]] = [{**each, "coefficients": tuple(each["coefficients"])}
                                   for each in value["alternatives"]]  # fmt: skip
    return Misfit(**misfit), [Alternative(**each) for each in found], int(value["simulations"])


def is_last(problem: FitProblem, parameter: Parameter, *, lower: bool) -> bool:
    """Whether the experiment refuses what is beyond a bound of a parameter, such as a Haven ratio above 1."""
    number, path = parameter.paths[0]
    reach = 1e-6 * (parameter.upper - parameter.lower)
    beyond = parameter.lower - reach if lower else parameter.upper + reach
    try:
        problem.datasets[number].experiment.replace({path: beyond})
    except InputError:
        return True
    return False


def _remarks(
    problem: FitProblem,
    best: StartResult,
    results: Sequence[StartResult],
    covariance: FloatArray,
    alone: FloatArray,
    failures: Sequence[str],
) -> list[Remark]:
    """What a reader of the result must know."""
    found = list(dict.fromkeys(remark for data in problem.datasets for remark in data.experiment.remarks))
    deviation = np.sqrt(np.diag(covariance))
    for place, parameter in enumerate(problem.parameters):
        coordinate = best.coordinates[place]
        if parameter.kind == "experiment" and not AT_BOUND < coordinate < 1.0 - AT_BOUND:
            side, last = ("lower" if coordinate < 0.5 else "upper"), is_last(problem, parameter, lower=coordinate < 0.5)
            found.append(ENDS_AT_BOUND(parameter.name, side=side, **({"last": True} if last else {})))
        elif parameter.prior is None and (deviation[place] > LARGEST_DEVIATION or not np.isfinite(alone[place])):
            found.append(UNDETERMINED(parameter.name))
    found += _assumed_sites(problem)
    correlation = covariance / np.outer(deviation, deviation)
    for row in range(len(problem.parameters)):
        for column in range(row):
            if abs(correlation[row, column]) > STRONG_CORRELATION:
                pair = problem.names[column], problem.names[row]
                found.append(TOGETHER(*pair, correlation=float(correlation[row, column])))
    # costs of the search among themselves: those of the finer simulations differ
    same = sum(result.cost < min(other.cost for other in results) + SAME_VALLEY for result in results)
    if len(results) > 1 and same < 2:
        found.append(ONE_START())
    if not best.converged:
        found.append(NOT_CONVERGED(reason=best.message))
    if failures:
        found.append(FAILED(count=len(failures), first=failures[0]))
    return found


def _assumed_sites(problem: FitProblem) -> list[Remark]:
    """A width is known as well as the excess of sites, with which it moves: say so where that is not fitted."""
    fitted = {place for parameter in problem.parameters for place in parameter.paths}
    found: list[Remark] = []
    for parameter in problem.parameters:
        widths = [(number, path.removesuffix("width")) for number, path in parameter.paths if path.endswith(".width")]
        beside = {(number, f"{path}excess_sites") for number, path in widths}
        values = {read_scalar(problem.datasets[number].experiment, path).value for number, path in beside - fitted}
        if values:
            excess = parameter.name.removesuffix("width") + "excess_sites"
            found.append(DEPENDS(parameter.name, excess, values=tuple(sorted(values))))
    return found
