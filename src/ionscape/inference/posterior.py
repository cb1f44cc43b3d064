"""The posterior by Markov chains on a surrogate of the residuals, corrected by full simulations.

The residuals depend smoothly on the parameters. Along the principal directions of the covariance, 1.5 standard
deviations to both sides of the optimum, simulations with derivatives give all second derivatives of the residuals and
those third ones that contain a direction twice. The posterior of this polynomial costs microseconds and is sampled by
an affine invariant ensemble (emcee: Foreman-Mackey 2013). Then draws are simulated in full, one in five of them farther
out than the surrogate has it: their importance weights say whether the two posteriors are equal, tails included, and
correct the sample. If the weights are too uneven the simulations improve the surrogate, which is sampled again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.errors import FitError, InputError
from ionscape.provenance import text_hash
from ionscape.scaleout import Executor, Outcome, RunStore, Tally, Task
from ionscape.scaleout.executors import SerialExecutor
from ionscape.sims.raw import FloatArray

from .curves import curve_variables
from .fit import problem_key
from .forward import ForwardModel
from .least_squares import EDGE, HUBER_SCALE
from .parameters import Parameter
from .problem import FitProblem
from .result import FitResult, model_of

IndexArray = NDArray[np.intp]

STEP = 1.5  # standard deviations along a principal direction
SHORTEST_STEP = 0.1
CURVED = 2.5  # standard deviations up to which the polynomial curves
FARTHEST = 8.0  # standard deviations; farther out the polynomial means nothing
ENSEMBLES = 2
WALKERS = 64
BLOCK = 1000  # steps between looks at the convergence
BURN_IN = 0.2  # share of the steps that is left out
LENGTH = 50.0  # integrated autocorrelation times that a chain must have
LARGEST_R_HAT = 1.02
SMALLEST_SAMPLE = 400.0
ROUNDS = 3
BATCH = 10  # simulations of one task
POOL = 4  # draws of the surrogate per draw that is kept
BAND_DRAWS = 300
PROPOSALS = 20000
STRETCHED = 0.2  # share of the draws that are stretched along a principal direction, for a look at the tails
STRETCH = 2.0
EXTENDS_TO_BOUND = 0.005
"""Share of the draws in the outermost 2 % of the bounds from which a bound cuts the posterior; 2 % if it is flat."""
LEVELS = {"lower_95": 2.5, "lower_68": 15.865, "upper_68": 84.135, "upper_95": 97.5}


@dataclass(frozen=True, kw_only=True, eq=False)
class Surrogate:
    """Residuals as a polynomial in u, where coordinates = origin + basis u.

    Attributes:
        origin: coordinates of the optimum, shape (parameters,).
        basis: principal directions times their standard deviations, as columns.
        factors: of the polynomial's terms (`_terms`), shape (residuals, terms), or fewer rows with the same products.
        robust: whether the cost is Huber's loss instead of the sum of squares.
        corrections: of the cost, which add up: kinds of terms (`_features`) and their factors.
    """

    origin: FloatArray
    basis: FloatArray
    factors: FloatArray
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
        cost = _loss(_terms(u) @ self.factors.T, self.robust)
        for kind, factors in self.corrections:
            cost = cost + _features(u, kind) @ factors
        return np.where(outside, np.inf, cost)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Chain:
    """What the sampler gave after the burn-in: u (steps, walkers, parameters); how well the coordinates converged."""

    draws: FloatArray
    r_hat: FloatArray
    autocorrelation_time: FloatArray
    effective_size: FloatArray

    @property
    def fault(self) -> str | None:
        """What speaks against it."""
        steps, longest = len(self.draws), float(np.max(self.autocorrelation_time))
        if not steps >= LENGTH * longest:
            return f"its {steps} steps are fewer than {LENGTH:.0f} integrated autocorrelation times of {longest:.0f}"
        if not np.max(self.r_hat) < LARGEST_R_HAT:
            return f"the split R-hat is {np.max(self.r_hat):.3f} instead of less than {LARGEST_R_HAT}"
        if not np.min(self.effective_size) >= SMALLEST_SAMPLE:
            size = float(np.min(self.effective_size))
            return f"its effective sample size is {size:.0f} instead of {SMALLEST_SAMPLE:.0f} or more"
        return None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Check:
    """Comparison of the surrogate with full simulations.

    Attributes:
        simulated: how many draws.
        size: effective sample size of the importance weights of the surrogate that was sampled.
        corrected_size: that of the corrected surrogate, each draw left out of the correction it is judged by.
        shift: largest shift of a mean by the weights, in standard deviations.
        correction: of the cost of the surrogate that was sampled, as in `Surrogate.corrections`.
        log_ratio: log of the mean weight, for the evidence.
    """

    simulated: int
    size: float
    corrected_size: float
    shift: float
    correction: tuple[str, FloatArray]
    log_ratio: float


def sample_posterior(
    result: FitResult,
    *,
    draws: int = 2000,
    check: int = 300,
    seed: int | None = None,
    maximum_steps: int = 20000,
    executor: Executor | None = None,
    store: RunStore | None = None,
    progress: Callable[[Tally], None] | None = None,
    model: ForwardModel | None = None,
) -> FitResult:
    """Draw from the posterior of all parameters: uniform within their bounds in their coordinates, times their priors.

    Args:
        result: of `fit`.
        draws: kept.
        check: draws that are simulated in full, 50 or more.
        seed: of the random numbers; None for that of the fit.
        maximum_steps: of the chains, after which they are given up.
        executor: what runs the simulations (`ionscape.scaleout.make_executor`); None for one after the other, here.
        store: keeps finished simulations, so that a stopped job is taken up again.
        progress: called while simulations are run.
        model: that is evaluated; None for that of the result.

    Returns:
        The result with `sample` (draw, parameter) [SI] and equal weights `weight` (draw), `posterior_mean`,
        `posterior_median`, `r_hat`, `effective_sample_size` and `autocorrelation_time` (parameter); intervals are
        percentiles of the sample, standard errors and covariances those of the sample, curves have its bands.
        The estimate stays that of the largest density. Attributes `posterior_*` tell how equal surrogate and full
        simulations are; `log_evidence` is integrated instead of approximated.

    Raises:
        FitError: the chains are too short after `maximum_steps`, or the surrogate is no good.
        InputError: `check` or `draws` are too few, or the inputs of the result are not at hand.
    """
    for key, value, least in (("draws", draws, 100), ("check", check, 50), ("maximum_steps", maximum_steps, 10)):
        if value < least:
            raise InputError(f"must be at least {least}", key=key, value=value)
    used = model if model is not None else model_of(result)
    problem = used.problem
    origin = np.asarray(result.dataset["coordinate"].values, dtype=float)
    work = _Work(
        model=used, runner=executor if executor is not None else SerialExecutor(), store=store, progress=progress,
        identity=text_hash("\n".join([problem_key(problem), repr(origin.tolist())])),
    )  # fmt: skip
    rng = np.random.default_rng(problem.settings.seed if seed is None else seed)
    surrogate = make_surrogate(work, origin, np.asarray(result.dataset["coordinate_covariance"].values, dtype=float))
    known: list[tuple[FloatArray, FloatArray]] = []
    worth = 0.0
    for turn in range(ROUNDS):
        chain = _sampled(surrogate, rng, maximum_steps)
        pool = _Pool(surrogate, chain.draws.reshape(-1, origin.size), POOL * max(draws, check), rng)
        chosen = rng.choice(len(pool.u), size=check, replace=False)
        cost = np.full(check, np.inf)
        inside = np.isfinite(pool.cost[chosen])
        cost[inside] = work.costs(surrogate.coordinates(pool.u[chosen[inside]]))
        fine = ~np.isnan(cost)
        if fine.sum() < 0.9 * check:
            raise FitError(f"{check - fine.sum()} of {check} simulations of draws failed: {work.failures[-1]}")
        known.append((pool.u[chosen[fine]], cost[fine]))
        found = _checked(surrogate, known, pool.log_proposal[chosen[fine]])
        if found.size >= 0.5 * found.simulated:
            return _entered(result, problem, surrogate, chain, pool, found, work, rng, draws=draws, rounds=turn + 1)
        worth = found.size
        if turn + 1 < ROUNDS:
            surrogate = replace(surrogate, corrections=(*surrogate.corrections, found.correction))
    raise FitError(
        f"the posterior is too far from the surrogate: weights of {check} simulations are worth"
        f" {worth:.0f} after {ROUNDS} rounds; more of them (check) may help, or narrower bounds")  # fmt: skip


@dataclass(kw_only=True, eq=False)
class _Work:
    """Simulations through an executor, counted."""

    model: ForwardModel
    runner: Executor
    store: RunStore | None
    progress: Callable[[Tally], None] | None
    identity: str
    simulations: int = 0
    failures: list[str] = field(default_factory=list[str])

    def derivatives(self, points: FloatArray) -> list[tuple[FloatArray, FloatArray] | None]:
        """Residuals and their derivatives by the coordinates at points, shape (points, parameters)."""
        found = [outcome.value for outcome in self._map(derivatives_task, "derivatives", list(points))]
        return [
            None if value is None else (np.asarray(value["residuals"]), np.asarray(value["jacobian"]))
            for value in found
        ]

    def costs(self, points: FloatArray) -> FloatArray:
        """-2 log posterior density at points, shape (points, parameters); NaN where a simulation fails."""
        batches = [points[begin : begin + BATCH] for begin in range(0, len(points), BATCH)]
        costs: list[FloatArray] = []
        for outcome, batch in zip(self._map(costs_task, "costs", batches), batches, strict=True):
            costs.append(np.full(len(batch), np.nan) if outcome.value is None else np.asarray(outcome.value["cost"]))
        return np.concatenate(costs)

    def _map(self, function: Callable[..., Any], name: str, parts: Sequence[FloatArray]) -> list[Outcome]:
        tasks = [
            Task(key=f"{name} {self.identity} {text_hash(repr(part.tolist()))}", arguments=(self.model, part))
            for part in parts
        ]
        outcomes = self.runner.map(function, tasks, store=self.store, progress=self.progress)
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


def make_surrogate(work: _Work, origin: FloatArray, covariance: FloatArray) -> Surrogate:
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
    steps = np.array([[_step(origin, sign * basis[:, k]) for sign in (1, -1)] for k in range(size)])
    wanted = [(k, side) for k in range(size) for side in (0, 1) if steps[k, side] >= SHORTEST_STEP]
    points = [origin + (1 - 2 * side) * steps[k, side] * basis[:, k] for k, side in wanted]
    centre, *others = work.derivatives(np.array([origin, *points]))
    if centre is None:
        raise FitError(f"the simulation of the optimum failed: {work.failures[-1]}")
    residuals, slopes = centre[0], centre[1] @ basis
    changes: dict[tuple[int, int], FloatArray] = {}
    for (k, side), found in zip(wanted, others, strict=True):
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
    rows, columns = np.triu_indices(size)
    quadratic = second[:, rows, columns] * np.where(rows == columns, 0.5, 1.0)
    cubic = third * np.where(np.eye(size) > 0.0, 1.0 / 6.0, 0.5)
    factors = np.concatenate([residuals[:, None], slopes, quadratic, cubic.reshape(residuals.size, -1)], axis=1)
    robust = work.model.problem.settings.robust
    if not robust and factors.shape[0] > factors.shape[1]:
        factors = np.asarray(np.linalg.qr(factors)[1], dtype=np.float64)  # sums of squares need no more
    return Surrogate(origin=origin, basis=basis, factors=factors, robust=robust)


def _step(origin: FloatArray, direction: FloatArray) -> float:
    """Standard deviations that one can go in a direction, `STEP` at most, within the bounds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(direction > 0.0, (1.0 - EDGE - origin) / direction, (EDGE - origin) / direction)
    return float(min(STEP, *np.maximum(room[direction != 0.0], 0.0)))


def _terms(u: FloatArray) -> FloatArray:
    """1, u_j, u_j u_k for j <= k, and u_j u_k² of the rows of u, shape (draws, terms).

    Beyond `CURVED` they go on as straight lines: a polynomial far from its points bends back to where it began.
    """
    rows, columns = np.triu_indices(u.shape[1])
    inner = np.clip(u, -CURVED, CURVED)
    outer = u - inner
    first, second = inner[:, :, None], inner[:, None, :]
    cubic = first * second**2 + outer[:, :, None] * second**2 + 2.0 * first * second * outer[:, None, :]
    return np.concatenate([np.ones((len(u), 1)), u, _products(u, rows, columns), cubic.reshape(len(u), -1)], axis=1)


def _products(u: FloatArray, rows: IndexArray, columns: IndexArray) -> FloatArray:
    inner = np.clip(u, -CURVED, CURVED)
    outer = u - inner
    return u[:, rows] * u[:, columns] - outer[:, rows] * outer[:, columns]


def _features(u: FloatArray, kind: str) -> FloatArray:
    """Terms of a correction of the cost: "constant", "linear", "squares", "quadratic" or "cubic"."""
    if kind == "cubic":
        return _terms(u)
    parts = [np.ones((len(u), 1))]
    if kind != "constant":
        parts.append(u)
    if kind == "squares":
        every = np.arange(u.shape[1])
        parts.append(_products(u, every, every))
    if kind == "quadratic":
        parts.append(_products(u, *np.triu_indices(u.shape[1])))
    return np.concatenate(parts, axis=1)


def _loss(residuals: FloatArray, robust: bool) -> FloatArray:
    """Cost of rows of residuals: as scipy's "linear" and "huber" losses, twice."""
    squares = residuals**2
    if robust:
        scaled = squares / HUBER_SCALE**2
        squares = HUBER_SCALE**2 * np.where(scaled <= 1.0, scaled, 2.0 * np.sqrt(np.maximum(scaled, 1.0)) - 1.0)
    return np.asarray(np.sum(squares, axis=1), dtype=np.float64)


def _sampled(surrogate: Surrogate, rng: np.random.Generator, maximum_steps: int) -> _Chain:
    """Chains that have converged.

    Raises:
        FitError: they have not after `maximum_steps`.
    """
    import emcee

    size = surrogate.origin.size
    walkers = max(WALKERS, 4 * size)
    moves = [(emcee.moves.DEMove(), 0.7), (emcee.moves.DESnookerMove(), 0.1), (emcee.moves.StretchMove(), 0.2)]

    def log_density(u: FloatArray) -> FloatArray:
        return -0.5 * surrogate.cost(u)

    samplers: list[Any] = []
    states: list[Any] = []
    for _ in range(ENSEMBLES):
        samplers.append(emcee.EnsembleSampler(walkers, size, log_density, vectorize=True, moves=moves))
        random = np.random.RandomState(int(rng.integers(2**31)))
        states.append(emcee.State(_first(surrogate, rng, walkers), random_state=random.get_state()))
    chain = None
    done = 0
    while done < maximum_steps:
        block = min(BLOCK, maximum_steps - done)
        for number, sampler in enumerate(samplers):
            states[number] = sampler.run_mcmc(states[number], block, skip_initial_state_check=True)
        done += block
        draws = np.concatenate([sampler.get_chain(discard=int(BURN_IN * done)) for sampler in samplers], axis=1)
        chain = _judged(surrogate, draws)
        if chain.fault is None:
            return chain
    assert chain is not None
    raise FitError(f"the chain of the posterior is too short: {chain.fault}; allow more than {maximum_steps} steps")


def _first(surrogate: Surrogate, rng: np.random.Generator, walkers: int) -> FloatArray:
    """Where the walkers start: as the covariance says, folded at the bounds."""
    u = np.clip(rng.standard_normal((walkers, surrogate.origin.size)), -2.5, 2.5)
    folded = 1.0 - np.abs(1.0 - np.mod(surrogate.coordinates(u), 2.0))
    inside = np.clip(folded, EDGE, 1.0 - EDGE) - surrogate.origin
    u = np.asarray(np.linalg.solve(surrogate.basis, inside.T).T, dtype=np.float64)
    return np.clip(u, -0.99 * FARTHEST, 0.99 * FARTHEST)


def _judged(surrogate: Surrogate, draws: FloatArray) -> _Chain:
    """How well u, shape (steps, walkers, parameters), has converged, by the coordinates of the parameters."""
    from emcee.autocorr import integrated_time

    steps, walkers, size = draws.shape
    coordinates = surrogate.coordinates(draws.reshape(-1, size)).reshape(draws.shape)
    time = np.maximum(np.asarray(integrated_time(coordinates, tol=0, quiet=True), dtype=float), 1.0)
    return _Chain(
        draws=draws, r_hat=split_r_hat(coordinates), autocorrelation_time=time, effective_size=steps * walkers / time
    )  # fmt: skip


def split_r_hat(draws: FloatArray) -> FloatArray:
    """Potential scale reduction of half chains (Gelman et al. 2013), shape (parameters,).

    Args:
        draws: shape (steps, chains, parameters).
    """
    half = draws.shape[0] // 2
    halves = np.concatenate([draws[:half], draws[-half:]], axis=1)
    within = np.mean(np.var(halves, axis=0, ddof=1), axis=0)
    between = np.var(np.mean(halves, axis=0), axis=0, ddof=1)
    ratio = (half - 1) / half + between / np.maximum(within, 1e-300)
    return np.asarray(np.sqrt(ratio), dtype=np.float64)


class _Pool:
    """Draws of the surrogate, some of them stretched along a principal direction about the mean.

    Attributes:
        u: shape (draws, parameters).
        cost: of the surrogate there; infinite outside of the bounds, shape (draws,).
        log_proposal: of the density from which they come, but for a constant, shape (draws,).
    """

    def __init__(self, surrogate: Surrogate, flat: FloatArray, count: int, rng: np.random.Generator) -> None:
        from scipy.special import logsumexp

        # at random: evenly spaced draws would be those of a few walkers
        u = flat[rng.choice(len(flat), size=min(count, len(flat)), replace=False)]
        size = u.shape[1]
        centre = flat.mean(axis=0)
        rows = np.flatnonzero(rng.random(len(u)) < STRETCHED)
        directions = rng.integers(size, size=rows.size)
        u[rows, directions] = centre[directions] + STRETCH * (u[rows, directions] - centre[directions])
        self.u, self.cost = u, surrogate.cost(u)
        densities = [math.log(1.0 - STRETCHED) - 0.5 * self.cost]
        for k in range(size):
            origin = u.copy()
            origin[:, k] = centre[k] + (u[:, k] - centre[k]) / STRETCH
            densities.append(math.log(STRETCHED / size / STRETCH) - 0.5 * surrogate.cost(origin))
        self.log_proposal: FloatArray = np.asarray(logsumexp(np.array(densities), axis=0), dtype=float)


def _checked(surrogate: Surrogate, known: Sequence[tuple[FloatArray, FloatArray]], log_proposal: FloatArray) -> _Check:
    """Compare costs of full simulations with those of the surrogate.

    Args:
        surrogate: that was sampled last.
        known: u and costs of the draws that were simulated in each round; the last ones are of this surrogate.
        log_proposal: of the last draws.
    """
    u, cost = known[-1]
    own = surrogate.cost(u)
    full, sampled = _weights(-0.5 * cost - log_proposal), _weights(-0.5 * own - log_proposal)
    coordinates = surrogate.coordinates(u)
    mean = sampled @ coordinates
    shift = np.abs(full @ coordinates - mean) / np.sqrt(sampled @ (coordinates - mean) ** 2)
    every = np.concatenate([rows for rows, _ in known])
    costs = np.concatenate([costs for _, costs in known])
    kinds = ["constant"]
    kinds += [
        kind
        for kind in ("linear", "squares", "quadratic", "cubic")
        if 4 * _features(u[:1], kind).shape[1] <= np.isfinite(costs).sum()
    ]
    corrections = [_regression(every, costs, surrogate.cost(every), kind, log_proposal) for kind in kinds]
    size, correction = max(corrections, key=lambda found: found[0])
    return _Check(
        simulated=int(np.isfinite(cost).sum()),
        size=_equality(cost, own, log_proposal),
        corrected_size=size,
        shift=float(np.max(shift)),
        correction=correction,
        log_ratio=_log_sum(-0.5 * cost - log_proposal) - _log_sum(-0.5 * own - log_proposal),
    )


def _regression(
    u: FloatArray, cost: FloatArray, own: FloatArray, kind: str, log_proposal: FloatArray
) -> tuple[float, tuple[str, FloatArray]]:
    """A correction of the cost, and how equal it makes the last draws, with each left out of its own.

    Draws of little density matter less.
    """
    fine = np.isfinite(cost) & np.isfinite(own)
    difference = np.where(fine, cost - np.where(fine, own, 0.0), 0.0)
    least = np.minimum(cost, own)
    root = np.where(fine, np.exp(-0.125 * (least - np.min(least))), 0.0)
    features = _features(u, kind)
    q, r = np.linalg.qr(features * root[:, None])
    factors = np.asarray(np.linalg.lstsq(r, q.T @ (difference * root))[0], dtype=np.float64)
    leverage = np.minimum(np.sum(q**2, axis=1), 0.999)
    left = np.where(fine, (difference - features @ factors) / (1.0 - leverage), 0.0)
    last = len(log_proposal)
    return _equality(cost[-last:], (cost - left)[-last:], log_proposal), (kind, factors)


def _equality(cost: FloatArray, other: FloatArray, log_proposal: FloatArray) -> float:
    """Effective sample size of the weights that turn draws of one posterior into such of another.

    Args:
        cost: of the posterior that is wanted, shape (draws,).
        other: of the one that would be sampled.
        log_proposal: of the density from which the draws come.
    """
    fine = np.isfinite(cost) & np.isfinite(other)
    sampled = _weights(-0.5 * other[fine] - log_proposal[fine])
    logarithm = -0.5 * (cost[fine] - other[fine])
    ratio = np.exp(logarithm - np.max(logarithm))
    return float(fine.sum() * (sampled @ ratio) ** 2 / (sampled @ ratio**2))


def _log_sum(logarithm: FloatArray) -> float:
    top = float(np.max(logarithm))
    return top + math.log(float(np.sum(np.exp(logarithm - top))))


def _weights(logarithm: FloatArray) -> FloatArray:
    """Weights that add up to 1."""
    weight = np.exp(logarithm - np.max(logarithm))
    return weight / weight.sum()


def effective_size(weight: FloatArray) -> float:
    """How many equal weights are worth as much as these (Kish)."""
    return float(weight.sum() ** 2 / np.sum(weight**2))


def _entered(
    result: FitResult,
    problem: FitProblem,
    surrogate: Surrogate,
    chain: _Chain,
    pool: _Pool,
    found: _Check,
    work: _Work,
    rng: np.random.Generator,
    *,
    draws: int,
    rounds: int,
) -> FitResult:
    """The result with the sample and all that follows from it."""
    kind, factors = found.correction
    corrected = pool.cost + _features(pool.u, kind) @ factors
    weight = _weights(-0.5 * corrected - pool.log_proposal)
    # systematic resampling: every draw as often as its weight says, up to one
    places = np.searchsorted(np.cumsum(weight), (np.arange(draws) + rng.random()) / draws)
    kept = np.clip(surrogate.coordinates(pool.u[np.minimum(places, len(weight) - 1)]), 0.0, 1.0)
    free = problem.parameters
    values = np.array([[p.value(float(x)) for p, x in zip(free, row, strict=True)] for row in kept])
    data = result.dataset
    old = [name for name in data.variables if str(name) in ("sample", "weight")]
    covariance = np.atleast_2d(np.cov(values.T))
    deviation = np.sqrt(np.diag(covariance))
    both = ("parameter", "other_parameter")
    variables: dict[str, Any] = {
        "sample": (("draw", "parameter"), values),
        "weight": ("draw", np.full(draws, 1.0 / draws)),
        "posterior_mean": ("parameter", values.mean(axis=0)),
        "posterior_median": ("parameter", np.median(values, axis=0)),
        "standard_error": ("parameter", deviation),
        "covariance": (both, covariance),
        "correlation": (both, covariance / np.outer(deviation, deviation)),
        "coordinate_covariance": (both, np.atleast_2d(np.cov(kept.T))),
        "r_hat": ("parameter", chain.r_hat),
        "effective_sample_size": ("parameter", chain.effective_size),
        "autocorrelation_time": ("parameter", chain.autocorrelation_time),
        **{name: ("parameter", np.percentile(values, level, axis=0)) for name, level in LEVELS.items()},
    }
    band = kept[np.linspace(0, draws - 1, min(BAND_DRAWS, draws)).astype(int)]
    optimum = np.asarray(data["coordinate"].values, dtype=float)
    variables |= curve_variables(problem, optimum, np.asarray(variables["coordinate_covariance"][1]), draws=band)
    dataset = data.drop_vars(old).assign(variables)
    dataset.attrs = {
        **data.attrs,
        "method": "mcmc",
        "simulations": int(data.attrs["simulations"]) + work.simulations,
        "failed_simulations": int(data.attrs["failed_simulations"]) + len(work.failures),
        "log_evidence": _log_evidence(problem, surrogate, chain.draws, optimum, rng) + found.log_ratio,
        "posterior_steps": int(chain.draws.shape[0]),
        "posterior_walkers": int(chain.draws.shape[1]),
        "posterior_rounds": rounds,
        "posterior_check_draws": found.simulated,
        "posterior_check_effective_sample_size": found.size,
        "posterior_check_corrected_effective_sample_size": found.corrected_size,
        "posterior_check_largest_shift": found.shift,
        "warnings": json.dumps([*_kept(result), *_at_bounds(free, kept, work)], ensure_ascii=False),
    }
    return FitResult(dataset=dataset, problem=result.problem)


def _kept(result: FitResult) -> list[str]:
    """Warnings that are not of an earlier posterior."""
    return [warning for warning in result.warnings if "the posterior" not in warning.lower()]


def _at_bounds(parameters: Sequence[Parameter], kept: FloatArray, work: _Work) -> list[str]:
    """Sentences about parameters whose posterior is cut by their bounds, and about failed simulations."""
    found: list[str] = []
    for place, parameter in enumerate(parameters):
        for end, near in (("lower", kept[:, place] < 0.02), ("upper", kept[:, place] > 0.98)):
            if parameter.kind == "experiment" and np.mean(near) > EXTENDS_TO_BOUND:
                side = "below" if end == "lower" else "above"
                found.append(f"{parameter.name} is undetermined from {side}: the posterior extends to its {end} bound.")
    if work.failures:
        found.append(
            f"{len(work.failures)} simulations of the posterior failed and were left out; the first: {work.failures[0]}"
        )
    return found


def _log_evidence(
    problem: FitProblem, surrogate: Surrogate, draws: FloatArray, optimum: FloatArray, rng: np.random.Generator
) -> float:
    """Logarithm of the evidence of the surrogate, up to the constant of `result.log_evidence`.

    By importance sampling from a Student distribution with five degrees of freedom that has the mean and covariance of
    the draws.
    """
    from scipy.special import logsumexp
    from scipy.stats import multivariate_t

    flat = draws.reshape(-1, draws.shape[-1])
    covariance: Any = np.atleast_2d(np.cov(flat.T))  # the stubs take no matrix
    proposal: Any = multivariate_t(flat.mean(axis=0), covariance, df=5, seed=rng)
    drawn: Any = proposal.rvs(size=PROPOSALS)
    u = np.asarray(drawn, dtype=np.float64).reshape(PROPOSALS, -1)
    terms: FloatArray = -0.5 * surrogate.cost(u) - proposal.logpdf(u)
    volume = float(np.linalg.slogdet(surrogate.basis)[1])  # of u in coordinates
    total: Any = logsumexp(terms)
    found = float(total) - math.log(PROPOSALS) + volume
    for parameter, coordinate in zip(problem.parameters, optimum, strict=True):
        if parameter.prior is not None:
            slope = parameter.prior.slope(parameter.value(float(coordinate))) * parameter.slope(float(coordinate))
            found += math.log(abs(slope) / math.sqrt(2.0 * math.pi))
    return found
