"""A polynomial in place of the simulations, for a posterior that is sampled cheaply (`posterior`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import FitError
from ionscape.scaleout import Executor, Outcome, RunStore, Tally, run

from .forward import ForwardModel
from .least_squares import EDGE, HUBER_SCALE

IndexArray = NDArray[np.intp]

STEP = 1.5  # standard deviations along a principal direction
SHORTEST_STEP = 0.1
FLAT = 0.7  # rise of the cost, in units of that of a normal posterior, below which a step goes farther
LONG_RISE = 2.0  # standard deviations for which the cost rises over such a step, about
LONGEST_STEP = 4.0  # standard deviations
CURVED = 5.0 / 3.0  # steps up to which the polynomial curves
FARTHEST = 8.0  # standard deviations; farther out the polynomial means nothing
BATCH = 10  # simulations of one task


@dataclass(frozen=True, kw_only=True, eq=False)
class Surrogate:
    """Residuals as a polynomial in u, where coordinates = origin + basis u.

    Attributes:
        origin: coordinates of the optimum, shape (parameters,).
        basis: principal directions times their standard deviations, as columns.
        factors: of the polynomial's terms (`_terms`), shape (residuals, terms), or fewer rows with the same products.
        reach: how far the polynomial curves, backwards and forwards along each direction, shape (2, parameters).
        robust: whether the cost is Huber's loss instead of the sum of squares.
        corrections: of the cost, which add up: kinds of terms (`features`) and their factors.
    """

    origin: FloatArray
    basis: FloatArray
    factors: FloatArray
    reach: FloatArray
    robust: bool
    corrections: tuple[tuple[str, FloatArray], ...] = ()

    def coordinates(self, u: FloatArray) -> FloatArray:
        """Coordinates of the parameters, shape (draws, parameters)."""
        return self.origin + u @ self.basis.T

    def cost(self, u: FloatArray) -> FloatArray:
        """-2 log posterior density at u, shape (draws, parameters); infinite outside of the bounds."""
        outside = np.any(np.abs(u) > FARTHEST, axis=1)
        coordinates = self.coordinates(u)
        outside |= np.any((coordinates < 0.0) | (coordinates > 1.0), axis=1)
        cost = _loss(self._terms(u) @ self.factors.T, self.robust)
        for kind, factors in self.corrections:
            cost = cost + self.features(u, kind) @ factors
        return np.where(outside, np.inf, cost)

    def features(self, u: FloatArray, kind: str) -> FloatArray:
        """Terms of a correction of the cost: "constant", "linear", "squares", "quadratic" or "cubic"."""
        if kind == "cubic":
            return self._cubic(u)
        parts = [np.ones((len(u), 1))]
        if kind != "constant":
            parts.append(u)
        if kind == "squares":
            every = np.arange(u.shape[1])
            parts.append(self._products(u, every, every))
        if kind == "quadratic":
            parts.append(self._products(u, *np.triu_indices(u.shape[1])))
        return np.concatenate(parts, axis=1)

    def _terms(self, u: FloatArray) -> FloatArray:
        """Those of `_cubic`, and u_j⁴ and u_j⁵."""
        inner = np.clip(u, -self.reach[0], self.reach[1])
        outer = u - inner
        powers = [inner**power + power * inner ** (power - 1) * outer for power in (4, 5)]
        return np.concatenate([self._cubic(u), *powers], axis=1)

    def _cubic(self, u: FloatArray) -> FloatArray:
        """1, u_j, u_j u_k for j <= k, and u_j u_k² of the rows of u, shape (draws, terms).

        Beyond `reach` they go on as straight lines: a polynomial far from its points bends back to where it began.
        """
        rows, columns = np.triu_indices(u.shape[1])
        inner = np.clip(u, -self.reach[0], self.reach[1])
        outer = u - inner
        first, second = inner[:, :, None], inner[:, None, :]
        cubic = first * second**2 + outer[:, :, None] * second**2 + 2.0 * first * second * outer[:, None, :]
        products = self._products(u, rows, columns)
        return np.concatenate([np.ones((len(u), 1)), u, products, cubic.reshape(len(u), -1)], axis=1)

    def _products(self, u: FloatArray, rows: IndexArray, columns: IndexArray) -> FloatArray:
        outer = u - np.clip(u, -self.reach[0], self.reach[1])
        return u[:, rows] * u[:, columns] - outer[:, rows] * outer[:, columns]


@dataclass(kw_only=True, eq=False)
class Work:
    """Simulations through an executor, counted."""

    model: ForwardModel
    executor: Executor | None
    store: RunStore | None
    progress: Callable[[Tally], None] | None
    identity: str
    simulations: int = 0
    failures: list[str] = field(default_factory=list[str])

    def derivatives(self, points: FloatArray) -> list[tuple[FloatArray, FloatArray] | None]:
        """Residuals and their derivatives by the coordinates at points, shape (points, parameters)."""
        found = [outcome.value for outcome in self._run(derivatives_task, list(points))]
        return [
            None if value is None else (np.asarray(value["residuals"]), np.asarray(value["jacobian"]))
            for value in found
        ]

    def costs(self, points: FloatArray) -> FloatArray:
        """-2 log posterior density at points, shape (points, parameters); NaN where a simulation fails."""
        batches = [points[begin : begin + BATCH] for begin in range(0, len(points), BATCH)]
        costs: list[FloatArray] = []
        for outcome, batch in zip(self._run(costs_task, batches), batches, strict=True):
            costs.append(np.full(len(batch), np.nan) if outcome.value is None else np.asarray(outcome.value["cost"]))
        return np.concatenate(costs)

    def _run(self, function: Callable[..., Any], parts: Sequence[FloatArray]) -> list[Outcome]:
        outcomes = run(
            function, [(part,) for part in parts], identity=self.identity, shared=(self.model,),
            executor=self.executor, store=self.store, report=self.progress,
        )  # fmt: skip
        for outcome, part in zip(outcomes, parts, strict=True):
            self.simulations += 1 if part.ndim == 1 else len(part)
            if outcome.error is not None:
                self.failures.append(outcome.error)
            else:
                self.failures.extend(map(str, outcome.value["failures"]))
        return outcomes


def derivatives_task(model: ForwardModel, point: FloatArray) -> dict[str, Any]:
    """Residuals and their derivatives at a point, as plain data for an executor."""
    found = model.evaluate(point)
    if found is None:
        raise FitError(model.failures[-1])
    return {"residuals": found.residuals, "jacobian": found.jacobian, "failures": []}


def costs_task(model: ForwardModel, points: FloatArray) -> dict[str, Any]:
    """Costs at points, as plain data for an executor; NaN where a simulation fails."""
    before = len(model.failures)
    costs = np.full(len(points), np.nan)
    for number, point in enumerate(points):
        found = model.evaluate(point, derivatives=False)
        if found is not None:
            costs[number] = float(_loss(found.residuals[None], model.problem.settings.robust)[0])
    return {"cost": costs, "failures": list(model.failures[before:])}


def make_surrogate(work: Work, origin: FloatArray, covariance: FloatArray) -> Surrogate:
    """The polynomial about the optimum.

    Args:
        work: runs the simulations.
        origin: coordinates of the optimum, shape (parameters,).
        covariance: of the coordinates.

    Raises:
        FitError: the simulation of the optimum fails.
    """
    size = origin.size
    variance, directions = np.linalg.eigh(covariance)
    basis = directions * np.sqrt(np.maximum(variance, 1e-24))
    robust = work.model.problem.settings.robust
    steps = np.array([[_step(origin, sign * basis[:, k], STEP) for sign in (1, -1)] for k in range(size)])
    wanted = [(k, side) for k in range(size) for side in (0, 1) if steps[k, side] >= SHORTEST_STEP]

    def points(places: Sequence[tuple[int, int]]) -> list[FloatArray]:
        return [origin + (1 - 2 * side) * steps[k, side] * basis[:, k] for k, side in places]

    centre, *found = work.derivatives(np.array([origin, *points(wanted)]))
    if centre is None:
        raise FitError(f"the simulation of the optimum failed: {work.failures[-1]}")
    at_steps = dict(zip(wanted, found, strict=True))
    # along a tail that is longer than that of a normal posterior the points lie farther out, as the cost rises
    long: list[tuple[int, int]] = []
    for (k, side), there in at_steps.items():
        rise = np.nan if there is None else float(np.diff(_loss(np.array([centre[0], there[0]]), robust))[0])
        step = steps[k, side]
        if 0.0 < rise < FLAT * step**2:
            wished = min(step * LONG_RISE / np.sqrt(rise), LONGEST_STEP)
            farther = _step(origin, (1 - 2 * side) * basis[:, k], wished)
            if farther > step:
                steps[k, side] = farther
                long.append((k, side))
    if long:
        at_steps |= dict(zip(long, work.derivatives(np.array(points(long))), strict=True))
    residuals, slopes = centre[0], centre[1] @ basis
    changes: dict[tuple[int, int], FloatArray] = {}
    for (k, side), found in at_steps.items():
        if found is not None:
            step = (1 - 2 * side) * steps[k, side]
            changes[k, side] = (found[1] @ basis - slopes) / step
    second, third = np.zeros((residuals.size, size, size)), np.zeros((residuals.size, size, size))
    for k in range(size):
        sides = [changes[k, side] for side in (0, 1) if (k, side) in changes]
        if len(sides) == 2:  # a parabola through three slopes
            bend = (sides[0] - sides[1]) / (steps[k, 0] + steps[k, 1])
            second[:, :, k], third[:, :, k] = sides[0] - bend * steps[k, 0], 2.0 * bend
        elif sides:
            second[:, :, k] = sides[0]
    second = 0.5 * (second + second.transpose(0, 2, 1))
    along = np.zeros((2, residuals.size, size))  # factors of the fourth and fifth powers
    for k in range(size):
        both = [at_steps.get((k, side)) for side in (0, 1)]
        if both[0] is not None and both[1] is not None:
            values = np.array([residuals, both[0][0], both[1][0]])
            rates = np.array([slopes[:, k], both[0][1] @ basis[:, k], both[1][1] @ basis[:, k]])
            squares, cubes, *along[:, :, k] = _quintic(steps[k, 0], -steps[k, 1], values, rates)
            second[:, k, k], third[:, k, k] = 2.0 * squares, 6.0 * cubes
    rows, columns = np.triu_indices(size)
    quadratic = second[:, rows, columns] * np.where(rows == columns, 0.5, 1.0)
    cubic = third * np.where(np.eye(size) > 0.0, 1.0 / 6.0, 0.5)
    factors = np.concatenate([residuals[:, None], slopes, quadratic, cubic.reshape(residuals.size, -1), *along], axis=1)
    if not robust and factors.shape[0] > factors.shape[1]:
        factors = np.asarray(np.linalg.qr(factors)[1], dtype=np.float64)  # sums of squares need no more
    reach = CURVED * np.maximum(steps, STEP).T[::-1]
    return Surrogate(origin=origin, basis=basis, factors=factors, reach=reach, robust=robust)


def _quintic(first: float, second: float, values: FloatArray, slopes: FloatArray) -> FloatArray:
    """Factors of the second to fifth powers of a polynomial with given values and slopes at 0 and two other places.

    Args:
        first: place.
        second: place.
        values: at 0, `first` and `second`, shape (3, functions).
        slopes: at the same places.

    Returns:
        Shape (4, functions).
    """
    powers = np.arange(2, 6)
    rows = [[place**powers, powers * place ** (powers - 1)] for place in (first, second)]
    wanted = [
        [values[number] - values[0] - slopes[0] * place, slopes[number] - slopes[0]]
        for number, place in ((1, first), (2, second))
    ]
    return np.asarray(np.linalg.solve(np.concatenate(rows), np.concatenate(wanted)), dtype=np.float64)


def _step(origin: FloatArray, direction: FloatArray, most: float) -> float:
    """Standard deviations that one can go in a direction, so many at most, within the bounds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(direction > 0.0, (1.0 - EDGE - origin) / direction, (EDGE - origin) / direction)
    return float(min(most, *np.maximum(room[direction != 0.0], 0.0)))


def _loss(residuals: FloatArray, robust: bool) -> FloatArray:
    """Cost of rows of residuals: as scipy's "linear" and "huber" losses, twice."""
    squares = residuals**2
    if robust:
        scaled = squares / HUBER_SCALE**2
        squares = HUBER_SCALE**2 * np.where(scaled <= 1.0, scaled, 2.0 * np.sqrt(np.maximum(scaled, 1.0)) - 1.0)
    return np.asarray(np.sum(squares, axis=1), dtype=np.float64)
