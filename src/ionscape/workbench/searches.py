"""The searches of a running fit: how far each is, and the best that any has found."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.files.writing import write_text
from ionscape.inference import FitProblem, FitProgress, FitResult
from ionscape.inference.fit import search_task
from ionscape.inference.forward import Evaluation
from ionscape.inference.least_squares import StartResult, covariance_of, fine_model
from ionscape.inference.parameters import coordinates_of, values_of
from ionscape.inference.remarks import STOPPED
from ionscape.inference.result import make_fit_result
from ionscape.scaleout import Executor, Outcome, Task

LOOK_EVERY = 0.25
LONGEST_TRACE = 400
PHASES = {"polish_task": "polishing the best", "check_task": "checking the intervals"}
"""By the name of the function of the package that does it."""
LAST_PHASE = "intervals from profile likelihoods"


class Searches:
    """Follows the searches of a fit from the process that started it; a context manager."""

    def __init__(
        self, problem: FitProblem, folder: Path, *, report: Callable[..., None], starts: int | None = None
    ) -> None:
        """Prepare the folder in which the searches say how far they are.

        Args:
            problem: what is fitted.
            folder: for small files; removed at the end.
            report: `JobContext.report`.
            starts: number of searches; None for that of the problem.
        """
        self.problem = problem
        self.folder = folder
        self._report = report
        self._starts = starts or problem.settings.starts
        self._latest: FitProgress | None = None
        self.phase = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Searches:
        """Begin to look."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()
        self._report(self.progress(), always=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def executor(self, inner: Executor) -> Executor:
        """An executor whose searches say how far they are."""
        return _TellingExecutor(inner, self)

    def show(self, progress: FitProgress) -> None:
        """Take the progress that `fit` reports."""
        self._latest = progress

    def progress(self) -> dict[str, Any]:
        """How far the fit is, as plain data."""
        latest, found = self._latest, self._told()
        best = min(found, key=lambda entry: entry["cost"], default=None)
        cost, values = (None, {}) if best is None else (best["cost"], self._values(best["coordinates"]))
        if latest is not None and (cost is None or latest.cost <= cost):
            cost, values = latest.cost, latest.values
        searches = [
            {
                "start": entry["start"], "cost": entry["cost"], "simulations": entry["simulations"],
                "values": self._values(entry["coordinates"]), "trace": entry["trace"],
            }
            for entry in found
        ]  # fmt: skip
        told = sum(entry["simulations"] for entry in found)
        return {
            "done": 0 if latest is None else latest.done,
            "starts": self._starts if latest is None else latest.starts,
            "cost": cost,
            "values": values,
            "simulations": max(told, 0 if latest is None else latest.simulations),
            "searches": searches,
            "phase": self.phase,
        }

    def best_so_far(self) -> FitResult | None:
        """The best point that any search has reached, as a result with a warning; None if there is none."""
        points = [(entry["cost"], np.array(entry["coordinates"], dtype=float)) for entry in self._told()]
        latest = self._latest
        if latest is not None:
            values = np.array([latest.values[name] for name in self.problem.names])
            points.append((latest.cost, coordinates_of(self.problem.parameters, values)))
        for _, point in sorted(points, key=lambda entry: entry[0]):
            model = fine_model(self.problem)
            evaluation = model.evaluate(np.clip(point, 0.0, 1.0))
            if evaluation is None:
                continue
            best = StartResult(
                coordinates=evaluation.coordinates, cost=evaluation.cost, evaluation=evaluation,
                simulations=int(self.progress()["simulations"]), converged=False, message="stopped", failures=(),
            )  # fmt: skip
            covariance, _ = covariance_of(evaluation)
            return make_fit_result(self.problem, best, [best], covariance, remarks=[STOPPED()], failures=[])
        return None

    def _values(self, coordinates: Sequence[float]) -> dict[str, float]:
        values = values_of(self.problem.parameters, np.asarray(coordinates, dtype=float))
        return dict(zip(self.problem.names, map(float, values), strict=True))

    def _told(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for path in sorted(self.folder.glob("start-*.json")):
            try:
                found.append(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError):
                continue  # being replaced, or of a process that was ended meanwhile
        return found

    def _look(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            self._report(self.progress())


class _TellingExecutor(Executor):
    """Hands everything on; searches of a fit tell what they find in small files."""

    def __init__(self, inner: Executor, searches: Searches) -> None:
        self._inner = inner
        self._searches = searches
        self._folder = searches.folder
        self._started = 0

    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], seed: int | None
    ) -> Generator[Outcome | str, None, None]:
        if function is search_task:
            first, self._started = self._started, self._started + len(tasks)
            tasks = [
                replace(task, arguments=(str(self._folder), first + number, *task.arguments))
                for number, task in enumerate(tasks)
            ]
            function, self._searches.phase = telling_search, ""
        else:
            self._searches.phase = PHASES.get(function.__name__, LAST_PHASE)
        yield from self._inner.completed(function, tasks, seed)


def telling_search(folder: str, number: int, problem: FitProblem, point: FloatArray, soften: bool) -> dict[str, Any]:
    """The same as `ionscape.inference.fit.search_task`, which also writes how far it is."""
    path = Path(folder) / f"start-{number:04d}.json"
    trace: list[list[float]] = []
    best: dict[str, Any] = {"cost": float("inf")}

    def tell(evaluation: Evaluation, simulations: int) -> None:
        nonlocal best
        if evaluation.cost < best["cost"]:
            best = {"cost": evaluation.cost, "coordinates": evaluation.coordinates.tolist()}
        trace.append([simulations, float(evaluation.cost)])
        entry = {"start": number, "simulations": simulations, "trace": trace[-LONGEST_TRACE:], **best}
        with suppress(InputError):  # the search is worth more than the news of it
            write_text(path, json.dumps(entry))

    return search_task(problem, point, soften, tell)
