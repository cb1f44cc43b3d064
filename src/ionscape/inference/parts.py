"""The parts of a fit, each a task: the searches from all starts and what follows them, and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import FitError
from ionscape.scaleout import Executor, RunStore, Tally, run

from .alternatives import Alternative, alternatives
from .forward import Evaluation, ForwardModel
from .interval_check import rises_at_ends
from .judgement import refit_with_discrepancy, with_alternatives
from .least_squares import StartResult, polish, search
from .misfit import judge_residuals
from .parameters import values_of
from .problem import FitProblem

LONGEST_TRACE = 400


@dataclass(frozen=True, kw_only=True)
class SearchProgress:
    """How far the search from one start is.

    Attributes:
        start: its number, counted from 0.
        cost: least so far.
        values: of the parameters there [SI], by name.
        simulations: done so far.
        trace: simulations and cost of the latest evaluations.
    """

    start: int
    cost: float
    values: dict[str, float]
    simulations: int
    trace: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class FitProgress:
    """How far a fit is.

    Attributes:
        done: starts that are finished.
        starts: how many there are.
        cost: least cost so far.
        values: of the parameters there [SI], by name.
        simulations: of the searches, done so far.
        searches: those that have told something, by the number of their start.
        phase: what follows the starts, in words; empty while they are searched from.
    """

    done: int
    starts: int
    cost: float
    values: dict[str, float]
    simulations: int
    searches: tuple[SearchProgress, ...] = ()
    phase: str = ""


class FitParts:
    """Runs the parts of a fit, keeps each once it is finished, and tells how far they are.

    Attributes:
        problem: of the parts that follow.
        results: of the starts that have led to an optimum.
    """

    def __init__(
        self,
        problem: FitProblem,
        *,
        executor: Executor | None,
        store: RunStore | None,
        progress: Callable[[FitProgress], None] | None,
    ) -> None:
        """See `ionscape.inference.fit`."""
        self.problem = problem
        self.results: list[StartResult] = []
        self._executor, self._store, self._progress = executor, store, progress
        self._searches: dict[int, SearchProgress] = {}
        self._done, self._starts, self._phase = 0, 0, ""

    def search(self, points: FloatArray, *, soften_first: bool) -> list[str]:
        """Search from all points, shape (starts, parameters); returns sentences about simulations that failed."""
        first = self._starts
        self._starts += len(points)

        def show(tally: Tally) -> None:
            self._done = first + tally.finished
            if tally.told is not None:
                self._evaluated(first + tally.told.number, **tally.told.content)
            self._report()

        inputs = [(point, soften_first or number > 0) for number, point in enumerate(points)]
        outcomes = self._run(search_task, inputs, show)
        failures = [outcome.error for outcome in outcomes if outcome.error is not None]
        for number, outcome in enumerate(outcomes, first):
            if outcome.value is None:
                continue
            result = restored(outcome.value)
            self.results.append(result)
            failures.extend(result.failures)
            self._evaluated(number, result.simulations, result.cost, result.coordinates)
        self._report()
        return failures

    def done(self, function: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
        """What a part that follows the starts returns.

        Raises:
            FitError: it failed.
        """
        self.begin(_PHASES[function])
        (outcome,) = self._run(function, [given])
        if outcome.error is not None:
            raise FitError(outcome.error)
        return outcome.value

    def begin(self, phase: str) -> None:
        """Tell what is being done now."""
        self._phase = phase
        self._report()

    def _run(
        self, function: Callable[..., Any], inputs: list[tuple[Any, ...]], report: Callable[[Tally], None] | None = None
    ) -> list[Any]:
        return run(
            function, inputs, identity=problem_key(self.problem), shared=(self.problem,), executor=self._executor,
            store=self._store, report=report,
        )  # fmt: skip

    def _evaluated(self, start: int, simulations: int, cost: float, coordinates: Sequence[float] | FloatArray) -> None:
        """A search has come to a point."""
        before = self._searches.get(start)
        point = (simulations, cost)
        trace = (point,) if before is None else (*before.trace, point)[-LONGEST_TRACE:]
        if before is not None and before.cost < cost:
            cost, values = before.cost, before.values
        else:
            found = values_of(self.problem.parameters, np.asarray(coordinates, dtype=float))
            values = dict(zip(self.problem.names, map(float, found), strict=True))
        self._searches[start] = SearchProgress(
            start=start, cost=cost, values=values, simulations=simulations, trace=trace
        )

    def _report(self) -> None:
        if self._progress is None or not self._searches:
            return
        searches = tuple(self._searches[start] for start in sorted(self._searches))
        best = min(searches, key=lambda search: search.cost)
        self._progress(FitProgress(
            done=self._done, starts=self._starts, cost=best.cost, values=best.values,
            simulations=sum(search.simulations for search in searches), searches=searches, phase=self._phase,
        ))  # fmt: skip


def search_task(
    problem: FitProblem, point: FloatArray, soften: bool, report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """One start as plain data; without the derivatives, which `polish` calculates anyway."""

    def tell(evaluation: Evaluation, simulations: int) -> None:
        coordinates = evaluation.coordinates.tolist()
        report({"simulations": simulations, "cost": float(evaluation.cost), "coordinates": coordinates})

    return _plain(search(problem, point, soften=soften, progress=tell))


def polish_task(problem: FitProblem, found: StartResult) -> dict[str, Any]:
    """The last search as plain data."""
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
    """The judgement of the model as plain data."""
    misfit = judge_residuals(problem, best.evaluation, covariance)
    found, simulations = alternatives(problem, best)
    return {
        "misfit": asdict(with_alternatives(misfit, found)),
        "alternatives": [alternative.plain() for alternative in found],
        "simulations": simulations,
    }


def refit_task(problem: FitProblem, best: StartResult, better: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The optimum with a discrepancy as plain data."""
    problem, refit = refit_with_discrepancy(problem, best, [Alternative(**each) for each in better])
    departures = [asdict(data.discrepancy) if data.discrepancy else None for data in problem.datasets]
    return {**_with_evaluation(refit), "discrepancies": departures}


def check_task(problem: FitProblem, best: StartResult, covariance: FloatArray) -> dict[str, Any]:
    """The check of the intervals as plain data."""
    model = ForwardModel(problem=problem)
    rises = rises_at_ends(model, best, covariance)
    return {"rises": rises, "simulations": model.simulations, "failures": list(model.failures)}


_PHASES: dict[Callable[..., Any], str] = {
    polish_task: "polishing the best",
    judge_task: "judging the residuals",
    refit_task: "fitting again with a discrepancy",
    check_task: "checking the intervals",
}
"""What is being done, for people."""


def _plain(found: StartResult) -> dict[str, Any]:
    return {
        "coordinates": found.coordinates,
        "cost": found.cost,
        "simulations": found.simulations,
        "converged": found.converged,
        "message": found.message,
        "failures": list(found.failures),
    }


def restored(value: dict[str, Any]) -> StartResult:
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
    parts = [problem.settings.model_dump_json(), repr(problem.parameters)]
    for data in problem.datasets:
        parts.append(data.experiment.self_contained_source())
        parts.append(str([data.depth.tolist(), data.intensity.tolist(), data.variance.tolist(), data.common_factor]))
        parts.append(repr((data.response, data.stage, data.observed_charge, data.background.tolist())))
        parts.append(repr(data.readings))
        parts.append(str(None if data.current_curve is None else data.current_curve.tolist()))
        parts.append(str(data.current_common_error))
        departure = data.discrepancy
        if departure is not None:
            found = departure.shares.tolist(), departure.directions.tolist()
            parts.append(repr((departure.size, departure.length, *found)))
    return "\n".join(parts)
