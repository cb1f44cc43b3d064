"""The posterior by Markov chains on a surrogate of the residuals, corrected by full simulations.

The residuals depend smoothly on the parameters. Along the principal directions of the covariance, 1.5 standard
deviations to both sides of the optimum and farther along a tail that is longer than a normal one, simulations with
derivatives give all second derivatives of the residuals, those third ones that contain a direction twice, and fourth
and fifth ones that make values and slopes along each direction right at these points. The posterior of this polynomial
costs microseconds and is sampled by an affine invariant ensemble (emcee: Foreman-Mackey 2013). Then draws are simulated
in full, one in five of them farther out than the surrogate has it: their importance weights say whether the two
posteriors are equal, tails included, and correct the sample. If the weights are too uneven the simulations improve the
surrogate, which is sampled again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import FitError, InputError
from ionscape.optional import require_extra
from ionscape.remarks import Remark, of_kinds, remark_attributes
from ionscape.scaleout import Executor, RunStore, Tally

from .chains import Chain, sample_chains
from .curves import LEVELS, curve_variables
from .forward import ForwardModel
from .interval_check import without_rise_remarks, without_rises
from .least_squares import AT_BOUND, loss_weights
from .parameters import Parameter
from .parts import problem_key
from .problem import FitProblem
from .remarks import POSTERIOR_FAILED, POSTERIOR_OPEN_END, SIDES
from .result import FitResult, model_of
from .surrogate import Surrogate, Work, make_surrogate

IndexArray = NDArray[np.intp]

ROUNDS = 3
POOL = 4  # draws of the surrogate per draw that is kept
BAND_DRAWS = 300
PROPOSALS = 20000
STRETCHED = 0.2  # share of the draws that are stretched along a principal direction, for a look at the tails
STRETCH = 2.0
EXTENDS_TO_BOUND = 0.005
"""Share of the draws in the outermost 2 % of the bounds from which a bound cuts the posterior; 2 % if it is flat."""

CONTRADICTED = 9.0
"""Fall of the cost beyond the bounds from which the data contradict them: three standard errors."""


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
        percentiles of the sample, widened to the estimate where this lies beyond them, standard errors and covariances
        those of the sample, curves have its bands. The estimate stays that of the largest density. Attributes
        `posterior_*` tell how equal surrogate and full simulations are; `log_evidence` is integrated instead of
        approximated.

    Raises:
        FitError: the chains are too short after `maximum_steps`, or the surrogate is no good.
        InputError: the optimum lies at bounds that the data contradict; `check` or `draws` are too few, the inputs of
            the result are not at hand, or the extra `samplers` is not installed.
    """
    require_extra("samplers", value="sample_posterior")
    for key, value, least in (("draws", draws, 100), ("check", check, 50), ("maximum_steps", maximum_steps, 10)):
        if value < least:
            raise InputError(f"must be at least {least}", key=key, value=value)
    used = model if model is not None else model_of(result)
    problem = used.problem
    origin = np.asarray(result.dataset["coordinate"].values, dtype=float)
    work = Work(
        model=used, executor=executor, store=store, progress=progress,
        identity="\n".join([problem_key(problem), repr(origin.tolist())]),
    )  # fmt: skip
    rng = np.random.default_rng(problem.settings.seed if seed is None else seed)
    covariance = np.asarray(result.dataset["coordinate_covariance"].values, dtype=float)
    refuse_contradicted_bounds(work, origin, covariance)
    surrogate = make_surrogate(work, origin, covariance)
    known: list[tuple[FloatArray, FloatArray]] = []
    worth = 0.0
    for turn in range(ROUNDS):
        chain = sample_chains(surrogate, rng, maximum_steps, problem.names)
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


def refuse_contradicted_bounds(work: Work, origin: FloatArray, covariance: FloatArray) -> None:
    """Refuse an optimum at bounds beyond which the data ask for the parameters.

    A bound that cuts off a part of the posterior is knowledge like any other, and is sampled. But where the cost would
    fall by `CONTRADICTED` without it, the posterior is a sliver along the bound, far narrower than the covariance says,
    and tells of the bound alone.

    Args:
        work: runs the simulation of the optimum.
        origin: coordinates of the optimum, shape (parameters,).
        covariance: of the coordinates, shape (parameters, parameters).

    Raises:
        InputError: names the parameters and their bounds.
        FitError: the simulation of the optimum fails.
    """
    at_bound = (origin < AT_BOUND) | (origin > 1.0 - AT_BOUND)
    if not at_bound.any():
        return
    (found,) = work.derivatives(origin[None])
    if found is None:
        raise FitError(f"the simulation of the optimum failed: {work.failures[-1]}")
    residuals, jacobian = found
    weights = loss_weights(residuals, robust=work.model.problem.settings.robust)
    downhill = -jacobian.T @ (weights * residuals)
    outward = at_bound & (np.where(origin < 0.5, -downhill, downhill) > 0.0)
    push = np.where(outward, downhill, 0.0)
    # by as much the sum of squares falls with the step of Gauss and Newton
    if push @ covariance @ push <= CONTRADICTED:
        return
    free = work.model.problem.parameters
    named = [place for place in np.flatnonzero(outward) if free[place].kind == "experiment"] or np.flatnonzero(outward)
    shown = [f"{free[place].name} ({_bound_text(free[place], float(origin[place]))})" for place in named]
    raise InputError(
        f"the best point lies at the bounds of {' and '.join(shown)}, and the data ask for values beyond them: a chain"
        " cannot start there, since next to no walker finds a likelihood above zero",
        remedy="widen the bounds, fit again, and sample then")  # fmt: skip


def _bound_text(parameter: Parameter, coordinate: float) -> str:
    side, value = ("lower", parameter.lower) if coordinate < 0.5 else ("upper", parameter.upper)
    return f"{side} bound {value:.6g} {parameter.unit}".strip()


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
        if 4 * surrogate.features(u[:1], kind).shape[1] <= np.isfinite(costs).sum()
    ]
    corrections = [_regression(surrogate, every, costs, kind, log_proposal) for kind in kinds]
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
    surrogate: Surrogate, u: FloatArray, cost: FloatArray, kind: str, log_proposal: FloatArray
) -> tuple[float, tuple[str, FloatArray]]:
    """A correction of the cost, and how equal it makes the last draws, with each left out of its own.

    Draws of little density matter less.
    """
    own = surrogate.cost(u)
    fine = np.isfinite(cost) & np.isfinite(own)
    difference = np.where(fine, cost - np.where(fine, own, 0.0), 0.0)
    least = np.minimum(cost, own)
    root = np.where(fine, np.exp(-0.125 * (least - np.min(least))), 0.0)
    columns = surrogate.features(u, kind)
    q, r = np.linalg.qr(columns * root[:, None])
    factors = np.asarray(np.linalg.lstsq(r, q.T @ (difference * root))[0], dtype=np.float64)
    leverage = np.minimum(np.sum(q**2, axis=1), 0.999)
    left = np.where(fine, (difference - columns @ factors) / (1.0 - leverage), 0.0)
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
    chain: Chain,
    pool: _Pool,
    found: _Check,
    work: Work,
    rng: np.random.Generator,
    *,
    draws: int,
    rounds: int,
) -> FitResult:
    """The result with the sample and all that follows from it."""
    kind, factors = found.correction
    corrected = pool.cost + surrogate.features(pool.u, kind) @ factors
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
        "estimate_error": ("parameter", deviation),
        "covariance": (both, covariance),
        "correlation": (both, covariance / np.outer(deviation, deviation)),
        "coordinate_covariance": (both, np.atleast_2d(np.cov(kept.T))),
        "r_hat": ("parameter", chain.r_hat),
        "effective_sample_size": ("parameter", chain.effective_size),
        "autocorrelation_time": ("parameter", chain.autocorrelation_time),
        **_intervals(values, np.asarray(data["estimate"].values, dtype=float)),
    }
    band = kept[np.linspace(0, draws - 1, min(BAND_DRAWS, draws)).astype(int)]
    optimum = np.asarray(data["coordinate"].values, dtype=float)
    variables |= curve_variables(problem, optimum, np.asarray(variables["coordinate_covariance"][1]), draws=band)
    dataset = without_rises(data.drop_vars(old), range(len(free))).assign(variables)
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
        **remark_attributes([*_kept(result), *_at_bounds(free, kept, work)]),
    }
    return FitResult(dataset=dataset, problem=result.problem)


def _intervals(values: FloatArray, estimate: FloatArray) -> dict[str, Any]:
    """Percentiles of the draws, shape (draws, parameters), widened to the estimate: at a bound it lies beyond them."""
    widened = {"lower": np.minimum, "upper": np.maximum}
    return {
        name: ("parameter", widened[name.split("_")[0]](np.percentile(values, level, axis=0), estimate))
        for name, level in LEVELS.items()
    }


def _kept(result: FitResult) -> list[Remark]:
    """Remarks that are not of an earlier posterior, nor of intervals that are replaced."""
    remarks = without_rise_remarks(result.remarks_of_fit, list(map(str, result.dataset["parameter"].values)))
    replaced = of_kinds(remarks, POSTERIOR_OPEN_END, POSTERIOR_FAILED)
    return [remark for remark in remarks if remark not in replaced]


def _at_bounds(parameters: Sequence[Parameter], kept: FloatArray, work: Work) -> list[Remark]:
    """Remarks about parameters whose posterior is cut by their bounds, and about failed simulations."""
    found: list[Remark] = []
    for place, parameter in enumerate(parameters):
        for end, near in (("lower", kept[:, place] < 0.02), ("upper", kept[:, place] > 0.98)):
            if parameter.kind == "experiment" and np.mean(near) > EXTENDS_TO_BOUND:
                found.append(POSTERIOR_OPEN_END(parameter.name, side=SIDES[end], end=end))
    if work.failures:
        found.append(POSTERIOR_FAILED(count=len(work.failures), first=work.failures[0]))
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
