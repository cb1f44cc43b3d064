"""What a fit tells of its searches while they run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytic_models import parameter, problem_of
from ionscape.errors import FitError
from ionscape.inference import FitProgress
from ionscape.inference.forward import Evaluation
from ionscape.inference.least_squares import StartResult
from ionscape.inference.parts import LONGEST_TRACE, FitParts
from ionscape.scaleout import RunStore

COSTS = (9.0, 4.0, 6.0)
POINTS = np.array([[0.2, 0.5], [0.3, 0.1], [0.9, 0.5]])


def evaluation(coordinates: np.ndarray, cost: float) -> Evaluation:
    return Evaluation(
        coordinates=coordinates, residuals=np.array([math.sqrt(cost)]), jacobian=np.zeros((1, 2)), densities=()
    )


def search(_problem, start, *, soften, progress):
    """Three points, one of them better than those before and behind it; from far right there is no way."""
    points = [evaluation(start + 0.01 * step, cost + start[1]) for step, cost in enumerate(COSTS)]
    for number, point in enumerate(points, 1):
        progress(point, number)
    if start[0] > 0.8:
        raise FitError("there is no way")
    return StartResult(
        coordinates=points[1].coordinates, cost=points[1].cost, evaluation=points[1], simulations=7, converged=True,
        message="soft" if soften else "", failures=(f"one from {start[0]}",),
    )  # fmt: skip


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> tuple[list[FitProgress], FitParts, list[str]]:
    monkeypatch.setattr("ionscape.inference.parts.search", search)
    progress: list[FitProgress] = []
    problem = problem_of(parameter("a"), parameter("b", lower=10.0, upper=20.0))
    parts = FitParts(problem, executor=None, store=RunStore(tmp_path), progress=progress.append)
    return progress, parts, parts.search(POINTS, soften_first=False)


def test_the_least_cost_so_far_is_told_with_its_values(told) -> None:
    progress, _, _ = told
    first = [each for each in progress if len(each.searches) == 1][: len(COSTS)]
    assert [each.cost for each in first] == pytest.approx([9.5, 4.5, 4.5])
    assert first[-1].values == pytest.approx({"a": 0.21, "b": 15.1})
    assert [each.simulations for each in first] == [1, 2, 3]
    assert progress[-1].cost == pytest.approx(4.1)
    assert progress[-1].values == pytest.approx({"a": 0.31, "b": 11.1})
    (one, two, three) = progress[-1].searches
    assert [cost for _, cost in one.trace[:3]] == pytest.approx([9.5, 4.5, 6.5])
    # what a search has cost is known in the end, steps with softened errors included; of a failed one what it told
    assert [search.simulations for search in (one, two, three)] == [7, 7, 3]
    assert progress[-1].simulations == 17


def test_starts_are_counted_over_all_batches(told) -> None:
    progress, parts, failures = told
    assert (progress[0].done, progress[-1].done, progress[-1].starts) == (0, 3, 3)
    assert len(parts.results) == 2
    assert [result.message for result in parts.results] == ["", "soft"]
    assert failures == ["there is no way", "one from 0.2", "one from 0.3"]
    parts.search(POINTS[:2] + 0.05, soften_first=True)
    assert (progress[-1].done, progress[-1].starts, len(progress[-1].searches)) == (5, 5, 5)
    assert [each.start for each in progress[-1].searches] == [0, 1, 2, 3, 4]


def test_what_is_taken_up_again_is_told_too(told, tmp_path, monkeypatch) -> None:
    progress, parts, _ = told
    monkeypatch.setattr("ionscape.inference.parts.search", None)  # nothing is searched again
    later: list[FitProgress] = []
    again = FitParts(parts.problem, executor=None, store=RunStore(tmp_path), progress=later.append)
    again.search(POINTS, soften_first=False)
    assert later[-1].cost == progress[-1].cost
    assert [(each.start, each.simulations) for each in later[-1].searches] == [(0, 7), (1, 7)]
    assert [result.cost for result in again.results] == [result.cost for result in parts.results]


def test_a_trace_does_not_grow_for_ever(told, monkeypatch) -> None:
    progress, parts, _ = told

    def long(_problem, start, *, progress, **_):
        for number in range(LONGEST_TRACE + 10):
            progress(evaluation(start, 5.0), number)
        raise FitError("given up")

    monkeypatch.setattr("ionscape.inference.parts.search", long)
    parts.search(POINTS[:1] + 0.01, soften_first=False)
    assert len(progress[-1].searches[-1].trace) == LONGEST_TRACE
