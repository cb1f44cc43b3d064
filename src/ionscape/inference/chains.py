"""Markov chains on a surrogate, and whether they have converged."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import FitError

from .least_squares import EDGE
from .surrogate import FARTHEST, Surrogate

IndexArray = NDArray[np.intp]

ENSEMBLES = 2
WALKERS = 64
BLOCK = 1000  # steps between looks at the convergence
BURN_IN = 0.2  # share of the steps that is left out
LENGTH = 50.0  # integrated autocorrelation times that a chain must have
LARGEST_R_HAT = 1.02
SMALLEST_SAMPLE = 400.0
CANDIDATES = 50  # starts that are drawn for a walker, at each of so many scales
SCALES = 40


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """What the sampler gave after the burn-in: u (steps, walkers, parameters); how well the coordinates converged."""

    draws: FloatArray
    r_hat: FloatArray
    autocorrelation_time: FloatArray
    effective_size: FloatArray

    @property
    def still(self) -> IndexArray:
        """Places of the parameters that no step has moved: nothing can be said of their convergence."""
        return np.flatnonzero(~np.isfinite(self.autocorrelation_time))

    @property
    def fault(self) -> str | None:
        """What speaks against it, of a chain in which every parameter moves."""
        steps, longest = len(self.draws), float(np.max(self.autocorrelation_time))
        if not steps >= LENGTH * longest:
            return f"its {steps} steps are fewer than {LENGTH:.0f} integrated autocorrelation times of {longest:.0f}"
        if not np.max(self.r_hat) < LARGEST_R_HAT:
            return f"the split R-hat is {np.max(self.r_hat):.3f} instead of less than {LARGEST_R_HAT}"
        if not np.min(self.effective_size) >= SMALLEST_SAMPLE:
            size = float(np.min(self.effective_size))
            return f"its effective sample size is {size:.0f} instead of {SMALLEST_SAMPLE:.0f} or more"
        return None


def sample_chains(surrogate: Surrogate, rng: np.random.Generator, maximum_steps: int, names: Sequence[str]) -> Chain:
    """Chains that have converged.

    Args:
        surrogate: whose posterior is sampled.
        rng: random numbers.
        maximum_steps: of the chains, after which they are given up.
        names: of the parameters, for messages.

    Raises:
        FitError: they have not after `maximum_steps`, no walker has a likelihood above zero, or nothing moves.
    """
    import emcee

    size = surrogate.origin.size
    walkers = max(WALKERS, 4 * size)
    moves = [(emcee.moves.DEMove(), 0.7), (emcee.moves.DESnookerMove(), 0.1), (emcee.moves.StretchMove(), 0.2)]

    def log_density(u: FloatArray) -> FloatArray:
        cost = surrogate.cost(u)
        return np.where(np.isnan(cost), -np.inf, -0.5 * cost)  # emcee takes no NaN

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
        with warnings.catch_warnings():
            # what they say of infinities and zeros is judged below, in words that name the parameters
            warnings.simplefilter("ignore")
            for number, sampler in enumerate(samplers):
                states[number] = sampler.run_mcmc(states[number], block, skip_initial_state_check=True)
            done += block
            draws = np.concatenate([sampler.get_chain(discard=int(BURN_IN * done)) for sampler in samplers], axis=1)
            chain = _judged(surrogate, draws)
        if chain.still.size:
            stuck = ", ".join([names[int(place)] for place in chain.still])
            raise FitError(
                f"the chain of the posterior does not move along {stuck} in {done} steps, and more of them do not help:"
                " look whether the fit converged, and whether its bounds leave these parameters any room")  # fmt: skip
        if chain.fault is None:
            return chain
    assert chain is not None
    raise FitError(f"the chain of the posterior is too short: {chain.fault}; allow more than {maximum_steps} steps")


def _first(surrogate: Surrogate, rng: np.random.Generator, walkers: int) -> FloatArray:
    """Where the walkers start: as the covariance says, folded at the bounds, shape (walkers, parameters).

    Near a corner of the bounds draws of strongly correlated parameters leave the ridge when they are folded, for
    densities of zero hundreds of standard deviations away, from where no step leads back. Those are replaced by draws
    from ever narrower distributions about the optimum, which is inside.

    Raises:
        FitError: no walker has a likelihood above zero, the optimum itself neither.
    """
    u = np.clip(rng.standard_normal((walkers, surrogate.origin.size)), -2.5, 2.5)
    folded = 1.0 - np.abs(1.0 - np.mod(surrogate.coordinates(u), 2.0))
    inside = np.clip(folded, EDGE, 1.0 - EDGE) - surrogate.origin
    with np.errstate(all="ignore"):
        u = np.asarray(np.linalg.solve(surrogate.basis, inside.T).T, dtype=np.float64)
        u = np.clip(u, -0.99 * FARTHEST, 0.99 * FARTHEST)
        found = u[np.isfinite(surrogate.cost(u))]
        for scale in 0.5 ** np.arange(SCALES):
            if len(found) == walkers:
                return found
            u = scale * np.clip(rng.standard_normal((CANDIDATES * walkers, surrogate.origin.size)), -2.5, 2.5)
            u = u[np.isfinite(surrogate.cost(u))]
            found = np.concatenate([found, u[: walkers - len(found)]])
    raise FitError(
        "no walker of the chain finds a likelihood above zero near the best point of the fit: look whether it converged"
    )


def _judged(surrogate: Surrogate, draws: FloatArray) -> Chain:
    """How well u, shape (steps, walkers, parameters), has converged, by the coordinates of the parameters."""
    from emcee.autocorr import integrated_time

    steps, walkers, size = draws.shape
    coordinates = surrogate.coordinates(draws.reshape(-1, size)).reshape(draws.shape)
    time = np.maximum(np.asarray(integrated_time(coordinates, tol=0, quiet=True), dtype=float), 1.0)
    return Chain(
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
