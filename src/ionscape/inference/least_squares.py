"""Bounded least squares from several starts, with the derivatives that the simulation carries along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import FitError

from .forward import Evaluation, ForwardModel
from .parameters import coordinates_of
from .problem import FitProblem

SAME_COST = 0.1
"""Costs (−2 log likelihood) that differ by less belong to the same optimum: a third of a standard deviation."""
SAME_VALLEY = 1.0
"""The same for searches with coarse simulations, whose costs are jagged by some tenths."""
SOFT_DISCREPANCY = 0.3
SOFT_SIMULATIONS = 10
FIRST_LOOK = 14  # simulations after which it is asked whether a parameter has run to a bound
NEAR_BOUND = 0.02
FEWEST_SIMULATIONS = 8  # for which it is worth to search again
COARSE_CELLS, COARSE_TOLERANCE = 2.0, 3.0  # of the search, in units of those of the fit: a third of the time
POLISHING = 0.1  # tolerance of the last simulations in units of that of the fit
POLISHING_SIMULATIONS = 20
SMALLEST_DROP = 0.05  # predicted by Gauss and Newton, of the cost
FAILED = 1e3  # residual where a simulation failed: no optimum
EDGE = 1e-6  # coordinates are kept this far inside of their bounds
AT_BOUND = 1e-3
OPEN_INFORMATION = 1e-6  # of a coordinate that nothing is known of, so that a singular matrix has an inverse
WEAK_INFORMATION = 12.0  # of a uniform distribution between 0 and 1, whose variance is 1/12
HUBER_SCALE = 1.345


@dataclass(frozen=True, kw_only=True, eq=False)
class StartResult:
    """What one start came to.

    Attributes:
        coordinates: of the optimum, shape (parameters,).
        cost: sum of squared residuals there (of their loss if robust).
        evaluation: with the derivatives.
        simulations: that it took.
        converged: whether it ended by itself.
        message: why it ended.
        failures: sentences about failed simulations.
    """

    coordinates: FloatArray
    cost: float
    evaluation: Evaluation
    simulations: int
    converged: bool
    message: str
    failures: tuple[str, ...]


def starting_points(problem: FitProblem, count: int, *, seed: int) -> FloatArray:
    """Coordinates to start from, shape (count, parameters): the given start, then a Latin hypercube.

    Nuisance parameters of the measurements always start at what the calibration says.
    """
    from scipy.stats import qmc

    parameters = problem.parameters
    given = coordinates_of(parameters, np.array([parameter.start for parameter in parameters]))
    points = [given]
    free = [place for place, parameter in enumerate(parameters) if parameter.kind == "experiment"]
    if count > 1:
        sample = qmc.LatinHypercube(d=len(free), rng=np.random.default_rng(seed)).random(count - 1)
        for row in 0.02 + 0.96 * sample:
            point = given.copy()
            point[free] = row
            points.append(point)
    return np.clip(np.array(points), EDGE, 1.0 - EDGE)


def search(
    problem: FitProblem,
    start: FloatArray,
    *,
    soften: bool,
    progress: Callable[[Evaluation, int], None] | None = None,
) -> StartResult:
    """Find the optimum from one start.

    From far away the way is found with errors that are widened by a third of the counts, which flattens the valleys
    that narrow fronts dig; then with the true ones. An optimum at a bound of a parameter of the experiment is left
    once, from the middle of its range: the other side of a ridge is often lower. All of it with coarser simulations
    than the fit asks for, whose optimum is a fraction of a standard deviation off; `polish` goes on from the best.

    Args:
        problem: what is fitted.
        start: coordinates, shape (parameters,).
        soften: whether to begin with the widened errors.
        progress: called with every evaluation and the number of simulations.
    """
    model = coarse_model(problem)
    problem = model.problem  # with the looser tolerance
    spent = 0
    point = start
    failures: tuple[str, ...] = ()
    if soften:
        settings = problem.settings.model_copy(
            update={"discrepancy": SOFT_DISCREPANCY, "maximum_simulations": SOFT_SIMULATIONS}
        )
        soft = ForwardModel(problem=replace(problem, settings=settings), coarsening=COARSE_CELLS)
        found = minimise(soft, start, precision=1e-2)
        point, spent, failures = found.coordinates, found.simulations, found.failures
    allowed = max(problem.settings.maximum_simulations - spent, FEWEST_SIMULATIONS)
    first = min(FIRST_LOOK, allowed)
    best = minimise(model, np.clip(point, EDGE, 1.0 - EDGE), maximum=first, progress=progress)
    spent += best.simulations
    edge = AT_BOUND if best.converged else NEAR_BOUND
    stuck = [
        place
        for place, parameter in enumerate(problem.parameters)
        if parameter.kind == "experiment" and not edge < best.coordinates[place] < 1.0 - edge
    ]
    allowed = problem.settings.maximum_simulations - spent
    if (stuck or not best.converged) and allowed >= FEWEST_SIMULATIONS:
        onward = best.coordinates.copy()
        onward[stuck] = 0.5
        again = minimise(model, np.clip(onward, EDGE, 1.0 - EDGE), maximum=allowed, progress=progress)
        spent += again.simulations
        best = again if again.cost < best.cost else best
    return replace(best, simulations=spent, failures=(*failures, *best.failures))


def minimise(
    model: ForwardModel,
    start: FloatArray,
    *,
    fixed: Sequence[int] = (),
    precision: float = 1e-5,
    maximum: int | None = None,
    progress: Callable[[Evaluation, int], None] | None = None,
) -> StartResult:
    """Trust-region least squares (Branch, Coleman & Li 1999, as in scipy) within the bounds.

    Args:
        model: simulations and residuals.
        start: coordinates, shape (parameters,).
        fixed: parameters that keep their start.
        precision: relative change of cost and coordinates at which to stop.
        maximum: simulations after which to stop; None for that of the settings.
        progress: called with every evaluation and the number of simulations.

    Raises:
        FitError: the simulation of the start fails.
    """
    from scipy.optimize import least_squares

    free = np.array([place for place in range(start.size) if place not in set(fixed)], dtype=np.intp)
    before = model.simulations
    settings = model.problem.settings
    best: list[Evaluation] = []

    def whole(part: FloatArray) -> FloatArray:
        point = start.copy()
        point[free] = part
        return point

    def evaluate(part: FloatArray) -> Evaluation | None:
        found = model.evaluate(whole(part))
        if found is not None:
            if not best or found.cost < best[0].cost:
                best[:] = [found]
            if progress is not None:
                progress(found, model.simulations)
        return found

    first = evaluate(start[free])
    if first is None:
        raise FitError(f"the first simulation of a fit failed: {model.failures[-1]}")
    size = first.residuals.size

    def residuals(part: FloatArray) -> FloatArray:
        found = evaluate(part)
        return np.full(size, FAILED) if found is None else found.residuals

    def jacobian(part: FloatArray) -> FloatArray:
        found = evaluate(part)
        return np.zeros((size, free.size)) if found is None else found.jacobian[:, free]

    allowed = settings.maximum_simulations if maximum is None else maximum
    solution = cast(Any, least_squares)(
        residuals, start[free], jac=jacobian, bounds=(0.0, 1.0), x_scale="jac", method="trf",
        loss="huber" if settings.robust else "linear", f_scale=HUBER_SCALE, ftol=precision, xtol=precision, gtol=1e-8,
        max_nfev=allowed,
    )  # fmt: skip
    last = model.evaluate(whole(solution.x))
    evaluation = last if last is not None else best[0]
    return StartResult(
        coordinates=whole(solution.x),
        cost=2.0 * float(solution.cost),
        evaluation=evaluation,
        simulations=model.simulations - before,
        converged=solution.status > 0,
        message=str(solution.message),
        failures=tuple(model.failures),
    )


def cost_of(residuals: FloatArray, *, robust: bool) -> float:
    """Sum of squared residuals; if robust, of their loss by Huber, which is linear beyond 1.345 standard deviations."""
    size = np.abs(residuals)
    if robust:
        return float(np.sum(np.where(size > HUBER_SCALE, HUBER_SCALE * (2.0 * size - HUBER_SCALE), size**2)))
    return float(np.sum(size**2))


def loss_weights(residuals: FloatArray, *, robust: bool) -> FloatArray:
    """Slope of that loss by the squared residual: 1, or less for those that are robustly held back."""
    size = np.abs(residuals)
    return HUBER_SCALE / np.maximum(size, HUBER_SCALE) if robust else np.ones_like(size)


def coarse_model(problem: FitProblem) -> ForwardModel:
    """Simulations with larger cells and a looser tolerance, to find the way."""
    settings = problem.settings.model_copy(update={"tolerance": COARSE_TOLERANCE * problem.settings.tolerance})
    return ForwardModel(problem=replace(problem, settings=settings), coarsening=COARSE_CELLS)


def fine_model(problem: FitProblem) -> ForwardModel:
    """Simulations of a tenth of the tolerance, for the last words of a fit."""
    settings = problem.settings.model_copy(update={"tolerance": POLISHING * problem.settings.tolerance})
    return ForwardModel(problem=replace(problem, settings=settings))


def polish(problem: FitProblem, found: StartResult) -> StartResult:
    """The optimum with the simulations that the fit asks for, and then with a tenth of their tolerance.

    On a long ridge the steps that a simulation chooses make the cost jagged by some tenths, and the search stops early;
    the finer simulations search on if they see a way down.

    Args:
        problem: what is fitted.
        found: the best start.
    """
    start = np.clip(found.coordinates, EDGE, 1.0 - EDGE)
    near = minimise(ForwardModel(problem=problem), start, maximum=POLISHING_SIMULATIONS)
    near = replace(
        near, simulations=found.simulations + near.simulations, failures=(*found.failures, *near.failures),
        converged=near.converged and found.converged,
        message=near.message if found.converged else found.message,
    )  # fmt: skip
    model = fine_model(problem)
    evaluation = model.evaluate(near.coordinates)
    if evaluation is None:
        return near
    if _drop_ahead(evaluation) < SMALLEST_DROP:
        return replace(
            near, cost=evaluation.cost, evaluation=evaluation, simulations=near.simulations + model.simulations,
            converged=True,
        )  # fmt: skip
    better = minimise(model, np.clip(near.coordinates, EDGE, 1.0 - EDGE), maximum=POLISHING_SIMULATIONS)
    return replace(
        better, simulations=near.simulations + model.simulations, failures=(*near.failures, *better.failures),
        converged=better.converged or _drop_ahead(better.evaluation) < SMALLEST_DROP,
    )  # fmt: skip


def _drop_ahead(evaluation: Evaluation) -> float:
    """By how much the cost would fall in a step of Gauss and Newton, those at their bounds left there.

    Where that is next to nothing, the point is an optimum, however often a search on a jagged cost was turned back.
    """
    coordinates = evaluation.coordinates
    inside = (coordinates > AT_BOUND) & (coordinates < 1.0 - AT_BOUND)
    gradient = (evaluation.jacobian.T @ evaluation.residuals)[inside]
    part = evaluation.jacobian[:, inside]
    return float(gradient @ np.linalg.pinv(part.T @ part) @ gradient)


def covariance_of(evaluation: Evaluation) -> tuple[FloatArray, FloatArray]:
    """Covariance of the coordinates, shape (parameters, parameters), and how far the data determine each direction.

    (Jᵀ J)⁻¹ with the uniform prior within the bounds as a weak normal one, so that a parameter that the data leave
    undetermined gets the width of its bounds instead of infinity. To the error of one that is known far better than
    its bounds they add nothing: see `_information_of_bounds`.

    Returns:
        The covariance, and the standard deviation of each coordinate by the data alone (large where undetermined).
    """
    information = evaluation.jacobian.T @ evaluation.jacobian
    weak = np.diag(_information_of_bounds(information))
    alone = np.sqrt(np.maximum(np.diag(np.linalg.pinv(information, rcond=1e-14)), 0.0))
    dead = np.diag(information) <= 1e-12
    return np.asarray(np.linalg.inv(information + weak), dtype=float), np.where(dead, np.inf, alone)


def _information_of_bounds(information: FloatArray) -> FloatArray:
    """What the bounds tell of each coordinate beside the data: 12 of one that these leave open, next to 0 of others.

    A normal distribution of standard deviation s in the middle of the bounds, and cut off there, has the variance
    v = s² (1 - 2 a φ(a)/(2 Φ(a) - 1)) with a = 1/(2 s); the difference 1/v - 1/s² is the share of the bounds. A normal
    prior of their own variance, 1/12, makes the error of a coordinate whose bounds are five standard deviations away
    too small by 5 %.
    """
    from scipy.special import erf

    variance = np.diag(np.linalg.inv(information + OPEN_INFORMATION * np.eye(information.shape[0])))
    half = 0.5 / np.sqrt(variance)
    density = np.exp(-0.5 * half**2) / np.sqrt(2.0 * np.pi)
    removed = 2.0 * half * density / erf(half / np.sqrt(2.0))
    return np.asarray(removed / (1.0 - removed) / variance, dtype=np.float64)
