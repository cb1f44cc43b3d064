"""`fit`: a problem in, estimates with intervals, curves and remarks out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import FitError, IonscapeError
from ionscape.files.values import read_scalar
from ionscape.provenance import package_version, text_hash
from ionscape.remarks import Remark, remark_attributes
from ionscape.scaleout import Executor, RunStore, Tally, Task

from .alternatives import Alternative, alternatives
from .forward import Evaluation, ForwardModel
from .interval_check import rise_remarks, rises_at_ends
from .judgement import background_remarks, misfit_remarks, pull_remarks, refit_with_discrepancy, with_alternatives
from .least_squares import (
    AT_BOUND,
    SAME_VALLEY,
    StartResult,
    covariance_of,
    polish,
    search,
    starting_points,
)
from .misfit import Misfit, judge_residuals
from .parameters import values_of
from .problem import FitProblem, with_discrepancies
from .remarks import AT_BOUND as ENDS_AT_BOUND
from .remarks import DEPENDS, FAILED, NOT_CONVERGED, ONE_START, PROFILED, TOGETHER, UNDETERMINED
from .result import FitResult, make_fit_result

LARGEST_DEVIATION = 0.2
"""Standard deviation of a coordinate beyond which a parameter is undetermined; a uniform one has 0.29."""
MOST_BATCHES = 3
STRONG_CORRELATION = 0.98
PROFILE_POINTS = 3


@dataclass(frozen=True, kw_only=True)
class FitProgress:
    """How far a fit is.

    Attributes:
        done: starts that are finished.
        starts: how many there are.
        cost: least cost so far.
        values: of the parameters there [SI], by name.
        simulations: done so far.
    """

    done: int
    starts: int
    cost: float
    values: dict[str, float]
    simulations: int


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
            that a stopped fit is taken up again; needs an executor.
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
    results: list[StartResult] = []
    failures: list[str] = []
    for batch in range(MOST_BATCHES):
        # the first batch begins with the given start; the others are all new
        points = starting_points(problem, count + (batch > 0), seed=problem.settings.seed + batch)[int(batch > 0) :]
        if executor is None:
            found, failed = _search_here(problem, points, progress, soften_first=batch > 0)
        else:
            found, failed = _search_there(problem, points, executor, store, progress, soften_first=batch > 0)
        results += found
        failures += failed
        if count == 1 or _agree(results):
            break
    if not results:
        raise FitError(f"no start of the fit succeeded: {failures[0]}")
    lowest = min(results, key=lambda result: result.cost)
    parts = _Parts(problem=problem, executor=executor, store=store)
    best = _restored(parts.done(polish_task, "polish", lowest))
    covariance, alone = covariance_of(best.evaluation)
    misfit, found, simulations = _judged(parts.done(judge_task, "judge", best, covariance))
    spent = best.simulations - lowest.simulations + simulations
    if misfit.significant and problem.settings.refit_misfit:
        better = [alternative for alternative in found if alternative.proposed]
        plain = parts.done(refit_task, "refit", best, [alternative.plain() for alternative in better])
        problem = with_discrepancies(problem, plain["discrepancies"])
        parts = _Parts(problem=problem, executor=executor, store=store)
        spent += int(plain["simulations"]) - best.simulations
        best = _restored(plain)
        covariance, alone = covariance_of(best.evaluation)
    rises = None
    checked: list[Remark] = []
    if check_intervals:
        check = parts.done(check_task, "check", best, covariance)
        rises = np.asarray(check["rises"], dtype=float)
        checked = rise_remarks(problem.parameters, best.coordinates, covariance, rises)
        spent += int(check["simulations"])
        failures += map(str, check["failures"])
    remarks = [
        *misfit_remarks(misfit, found, problem), *_remarks(problem, best, results, covariance, alone, failures),
        *pull_remarks(problem.parameters, best.coordinates, covariance),
        *background_remarks(problem, best, covariance), *checked,
    ]  # fmt: skip
    result = make_fit_result(
        problem, best, results, covariance, remarks=remarks, failures=failures, rises=rises, misfit=misfit,
        further_simulations=spent,
    )  # fmt: skip
    suspects = [remark.about[0] for remark in checked]
    return _with_true_intervals(result, suspects, executor, store) if suspects else result


def _with_true_intervals(
    result: FitResult, names: Sequence[str], executor: Executor | None, store: RunStore | None
) -> FitResult:
    """The result with the intervals of some parameters from their profile likelihoods, and a remark that says so."""
    from .profile_likelihood import profile_likelihood  # which builds on this module

    refined = profile_likelihood(result, parameters=names, points=PROFILE_POINTS, executor=executor, store=store)
    method = result.dataset.attrs["method"]
    refined.dataset.attrs |= {"method": method, **remark_attributes([*refined.remarks_of_fit, PROFILED(*names)])}
    return refined


def _agree(results: Sequence[StartResult]) -> bool:
    """Whether two starts came to the lowest cost."""
    costs = sorted(result.cost for result in results)
    return len(costs) > 1 and costs[1] < costs[0] + SAME_VALLEY


def _search_here(
    problem: FitProblem,
    points: FloatArray,
    progress: Callable[[FitProgress], None] | None,
    *,
    soften_first: bool,
) -> tuple[list[StartResult], list[str]]:
    """Search from one point after the other; a start whose simulations fail is noted, not skipped silently."""
    results: list[StartResult] = []
    failures: list[str] = []
    for number, point in enumerate(points):
        live = _live(problem, number, len(points), results, progress)
        try:
            found = search(problem, point, soften=soften_first or number > 0, progress=live)
        except IonscapeError as error:
            failures.append(str(error))
        else:
            results.append(found)
            failures.extend(found.failures)
        _report(problem, results, number + 1, len(points), progress)
    return results, failures


def _search_there(
    problem: FitProblem,
    points: FloatArray,
    executor: Executor,
    store: RunStore | None,
    progress: Callable[[FitProgress], None] | None,
    *,
    soften_first: bool,
) -> tuple[list[StartResult], list[str]]:
    """Search from all points at the same time."""
    key = text_hash(problem_key(problem))
    tasks = [
        Task(
            key=f"start {number} {key[:16]} {text_hash(str(point.tolist()))[:16]}",
            arguments=(problem, point, soften_first or number > 0),
        )
        for number, point in enumerate(points)
    ]
    done: list[StartResult] = []

    def show(tally: Tally) -> None:
        if tally.latest is not None and tally.latest.value is not None:
            done.append(_restored(tally.latest.value))
        _report(problem, done, tally.finished, len(points), progress)

    outcomes = executor.map(search_task, tasks, store=store, progress=show)
    failures = [outcome.error for outcome in outcomes if outcome.error is not None]
    results = [_restored(outcome.value) for outcome in outcomes if outcome.value is not None]
    for result in results:
        failures.extend(result.failures)
    return results, failures


def search_task(
    problem: FitProblem, point: FloatArray, soften: bool, progress: Callable[[Evaluation, int], None] | None = None
) -> dict[str, Any]:
    """One start as plain data, for an executor; without the derivatives, which `polish` calculates anyway."""
    return _plain(search(problem, point, soften=soften, progress=progress))


def polish_task(problem: FitProblem, found: StartResult) -> dict[str, Any]:
    """The last search as plain data, for an executor."""
    return _with_evaluation(polish(problem, found))


def _with_evaluation(best: StartResult) -> dict[str, Any]:
    """An optimum as plain data, with residuals and derivatives."""
    evaluation = best.evaluation
    return {
        **_plain(best),
        "residuals": evaluation.residuals,
        "jacobian": evaluation.jacobian,
        "densities": list(evaluation.densities),
    }


def judge_task(problem: FitProblem, best: StartResult, covariance: FloatArray) -> dict[str, Any]:
    """The judgement of the model as plain data, for an executor."""
    misfit = judge_residuals(problem, best.evaluation, covariance)
    found, simulations = alternatives(problem, best)
    return {
        "misfit": asdict(with_alternatives(misfit, found)),
        "alternatives": [alternative.plain() for alternative in found],
        "simulations": simulations,
    }


def _judged(value: dict[str, Any]) -> tuple[Misfit, list[Alternative], int]:
    """Judgement, other models and simulations from the plain data."""
    misfit: dict[str, Any] = {**value["misfit"], "stretch": tuple(value["misfit"]["stretch"])}
    found: list[dict[str, Any]] = [{**each, "coefficients": tuple(each["coefficients"])}
                                   for each in value["alternatives"]]  # fmt: skip
    return Misfit(**misfit), [Alternative(**each) for each in found], int(value["simulations"])


def refit_task(problem: FitProblem, best: StartResult, better: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The optimum with a discrepancy as plain data, for an executor."""
    problem, refit = refit_with_discrepancy(problem, best, [Alternative(**each) for each in better])
    departures = [asdict(data.discrepancy) if data.discrepancy else None for data in problem.datasets]
    return {**_with_evaluation(refit), "discrepancies": departures}


def check_task(problem: FitProblem, best: StartResult, covariance: FloatArray) -> dict[str, Any]:
    """The check of the intervals as plain data, for an executor."""
    model = ForwardModel(problem=problem)
    rises = rises_at_ends(model, best, covariance)
    return {"rises": rises, "simulations": model.simulations, "failures": list(model.failures)}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Parts:
    """What follows the starts, part by part, each kept once it is finished."""

    problem: FitProblem
    executor: Executor | None
    store: RunStore | None

    def done(self, function: Callable[..., dict[str, Any]], name: str, found: StartResult, *more: Any) -> Any:
        """What a part returns.

        Raises:
            FitError: it failed.
        """
        if self.executor is None:
            return function(self.problem, found, *more)
        inputs = [problem_key(self.problem), {**_plain(found), "coordinates": found.coordinates.tolist()}]
        told = [each.tolist() if isinstance(each, np.ndarray) else each for each in more]
        key = f"{name} {text_hash(repr([*inputs, *told]))}"
        task = Task(key=key, arguments=(self.problem, found, *more))
        (outcome,) = self.executor.map(function, [task], store=self.store)
        if outcome.error is not None:
            raise FitError(outcome.error)
        return outcome.value


def _plain(found: StartResult) -> dict[str, Any]:
    return {
        "coordinates": found.coordinates,
        "cost": found.cost,
        "simulations": found.simulations,
        "converged": found.converged,
        "message": found.message,
        "failures": list(found.failures),
    }


def _restored(value: dict[str, Any]) -> StartResult:
    """A start from its plain data, with the derivatives if they are there."""
    coordinates = np.asarray(value["coordinates"], dtype=float)
    evaluation = Evaluation(
        coordinates=coordinates,
        residuals=np.asarray(value.get("residuals", ()), dtype=float),
        jacobian=np.asarray(value.get("jacobian", np.empty((0, 0))), dtype=float),
        densities=tuple(np.asarray(density, dtype=float) for density in value.get("densities", ())),
    )
    return StartResult(
        coordinates=coordinates, cost=float(value["cost"]), evaluation=evaluation,
        simulations=int(value["simulations"]), converged=bool(value["converged"]), message=str(value["message"]),
        failures=tuple(map(str, value["failures"])),
    )  # fmt: skip


def problem_key(problem: FitProblem) -> str:
    """Text that identifies a problem with all its data, for stores of finished parts."""
    parts = [package_version(), problem.settings.model_dump_json(), repr(problem.parameters)]
    for data in problem.datasets:
        parts.append(data.experiment.self_contained_source())
        parts.append(str([data.depth.tolist(), data.intensity.tolist(), data.variance.tolist(), data.common_factor]))
        parts.append(repr((data.response, data.stage, data.observed_charge, data.background.tolist())))
        parts.append(str(None if data.current_curve is None else data.current_curve.tolist()))
        departure = data.discrepancy
        if departure is not None:
            found = departure.shares.tolist(), departure.directions.tolist()
            parts.append(repr((departure.size, departure.length, *found)))
    return "\n".join(parts)


def _live(
    problem: FitProblem,
    start: int,
    starts: int,
    results: Sequence[StartResult],
    progress: Callable[[FitProgress], None] | None,
) -> Callable[[Evaluation, int], None] | None:
    if progress is None:
        return None
    before = sum(result.simulations for result in results)

    def show(evaluation: Evaluation, simulations: int) -> None:
        values = values_of(problem.parameters, evaluation.coordinates)
        named = dict(zip(problem.names, map(float, values), strict=True))
        progress(FitProgress(done=start, starts=starts, cost=evaluation.cost, values=named,
                             simulations=before + simulations))  # fmt: skip

    return show


def _report(
    problem: FitProblem,
    results: Sequence[StartResult],
    number: int,
    starts: int,
    progress: Callable[[FitProgress], None] | None,
) -> None:
    if progress is None or not results:
        return
    best = min(results, key=lambda result: result.cost)
    values = values_of(problem.parameters, best.coordinates)
    progress(FitProgress(
        done=number, starts=starts, cost=best.cost, values=dict(zip(problem.names, map(float, values), strict=True)),
        simulations=sum(result.simulations for result in results),
    ))  # fmt: skip


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
            found.append(ENDS_AT_BOUND(parameter.name, side="lower" if coordinate < 0.5 else "upper"))
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
