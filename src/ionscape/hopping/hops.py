"""Hops in time: kinetic Monte Carlo of all ions of a landscape, until the errors are as small as asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import positive_number, shown
from ionscape.arrays import FloatArray
from ionscape.errors import HoppingError, InputError

from .coulomb import CoulombInteraction
from .hops_coulomb import ChargedIons, ChargedRecord, charged_system
from .hops_kernels import CORRECTED, EVENTS, RETURNS, SQUARES, TIME, VARIATION, hop
from .hops_result import Hops, Measured, make_hops
from .hops_setup import Cap, Ensemble, HoppingSystem, drawn_state, hopping_system
from .hops_statistics import (
    LAGS,
    SAMPLES,
    WINDOWS,
    Control,
    Slopes,
    collective_displacements,
    ratio,
    single_displacements,
    slopes,
)
from .jumps import JumpLaw, jumps_of
from .landscape import RandomSource, child_seed, seed_sequence
from .site_energies import SiteEnergies

REPLICAS = 32
"""With which a run begins: an error from so many is itself uncertain by an eighth."""
LEAST_TRANSPORT_TIMES = 2.0
"""Least length of a replica, in mean times between two hops over the bottleneck; the longest lag is half of it."""
LEAST_HOPS, LEAST_HOPS_EACH = 2000.0, 64.0
"""In a replica, and for each vacancy or ion, whichever are fewer; they count where the bottleneck is none."""
LONGER = 4.0
"""Factor by which replicas are made longer while their slopes fall."""
MOST_MORE = 4.0
"""Factor by which the number of replicas grows at most before the errors are looked at again."""
LEAST_STEPS = 1.5
"""Root of the mean square by which single ions move within the lag that gives their D, in steps of the lattice."""
TRACER_REPLICAS = 16
"""Longer ones, where only the tracer needs them: each has the displacements of all ions."""
COLLECTIVE_PART, SINGLE_PART = 0.8, 0.6
"""Of the error asked for, where D_σ and the tracer D have replicas of their own: both make that of the Haven ratio."""
LARGEST_ERROR = 0.3
"""Relative; a conductivity whose error is larger is refused."""
PILOT = 1 << 20
"""Stream of random numbers of the pilot that finds the equilibrium of ions that repel each other."""


def kinetic_monte_carlo(
    landscape: SiteEnergies,
    *,
    temperature: float,
    rng: RandomSource,
    jumps: JumpLaw | None = None,
    ions: float | None = None,
    coulomb: CoulombInteraction | None = None,
    ensemble: Ensemble | None = None,
    cap: Cap = "automatic",
    direction: int = 0,
    relative_error: float = 0.015,
    most_hops: float = 3e9,
    tracer: bool = True,
    progress: Callable[[float, float], None] | None = None,
) -> Hops:
    """Let all ions of a landscape hop, each site taken by one ion at most, and measure how far they get.

    Every replica begins in equilibrium, drawn anew, so that none has to be waited for. D_σ follows from the sum of all
    displacements, each less the change of a function of the state that the network of mean occupations gives: their
    difference is bounded, so that both grow alike, but hops to and fro cancel. Rates of hops far above the bottleneck
    may be capped, both ways, which leaves the equilibrium as it is. The faces along the field are joined.

    Args:
        landscape: the landscape, that of a glass or one's own (`landscape_from_energies`).
        temperature: [K].
        rng: a seed, which always gives the same hops; or a generator, which gives others at each call.
        jumps: law of the jumps; that of the landscape's model if None.
        ions: number of ions; that of the glass if None.
        coulomb: repulsion of the ions; None for ions that only exclude each other from their sites.
        ensemble: "grand canonical" draws the occupations from the Fermi function, `ions` is their mean; "canonical"
            keeps their number. None for the first, and for the second where ions repel each other.
        cap: "automatic" for the lowest cap that biases the network by less than 1 % and a fifteenth of the error asked
            for, "none", or decades above the bottleneck.
        direction: axis of the field, 0, 1 or 2.
        relative_error: of D_σ, the tracer D and the Haven ratio, at which the run ends.
        most_hops: after which it ends in any case; what is not as sure as asked is remarked on.
        tracer: whether longer replicas are added for the tracer D where it needs them; in a glass that takes most hops.
        progress: called after every replica with the hops so far and the largest relative error, NaN at first.

    Returns:
        D_σ, tracer D, Haven ratio, conductivity and its ratio to the network's, each with its standard error over the
        replicas; mean-square displacements and occupations.

    Raises:
        InputError: a value out of range; fewer than one ion or vacancy, or none where a way leads.
        PercolationError: no way leads around the lattice.
        HoppingError: the run is too short to mean anything, or ions that repel each other do not come to equilibrium.
    """
    law = jumps_of(landscape, jumps)
    if not 0.0 < positive_number(relative_error, key="relative_error") < LARGEST_ERROR:
        problem = f"must be between 0 and {LARGEST_ERROR}"
        raise InputError(problem, key="relative_error", value=relative_error)
    positive_number(most_hops, key="most_hops")
    seed = seed_sequence(rng)
    if coulomb is None:
        ensemble = "grand canonical" if ensemble is None else ensemble
        system = hopping_system(
            landscape, law, temperature=temperature, ions=ions, ensemble=ensemble, cap=cap, direction=direction,
            relative_error=relative_error,
        )  # fmt: skip
    else:
        ensemble = _checked_ensemble(ensemble)
        system = charged_system(
            landscape, law, coulomb, temperature=temperature, ions=ions, cap=cap, direction=direction,
            relative_error=relative_error, generator=np.random.Generator(np.random.PCG64(child_seed(seed, PILOT))),
        )  # fmt: skip
    run = _Run(
        system=system, seed=seed, target=relative_error, most=float(most_hops), tracer=bool(tracer), progress=progress
    )
    return make_hops(
        _measured(run, *_followed(run)), system, landscape, law, temperature=temperature,
        settings={
            "ensemble": ensemble, "cap": cap, "direction": direction, "relative_error": relative_error,
            "most_hops": most_hops, "tracer": bool(tracer),
            **({} if coulomb is None else {"relative_permittivity": coulomb.relative_permittivity}),
            "seed": f"entropy {seed.entropy}, spawn key {seed.spawn_key}",
        },
    )  # fmt: skip


def _checked_ensemble(ensemble: object) -> Ensemble:
    """The one that ions with a Coulomb interaction can have."""
    if ensemble not in (None, "canonical"):
        remedy = 'leave it out, or take "canonical": the charge of a periodic lattice cannot change'
        raise InputError("does not go with a Coulomb interaction", key="ensemble", value=shown(ensemble),
                         remedy=remedy)  # fmt: skip
    return "canonical"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Replica:
    """What one replica tells; times in 1/(ν exp(-βu0)), lengths in steps of the lattice.

    Attributes:
        collective: mean-square corrected displacement of all ions together at each lag (lags,).
        single: sum of the squared displacements of the ions at each lag (lags,).
        variation: half the sum of the squared corrected steps over the time.
        vacant: share of the time for which each site was vacant (sites,), in single precision.
        hops: how many.
        returns: by which an ion went back to where it had just come from.
        charged: what it tells of the energies of ions that repel each other; None of others.
    """

    collective: FloatArray = field(repr=False)
    single: FloatArray = field(repr=False)
    variation: float
    vacant: NDArray[np.float32] = field(repr=False)
    hops: int
    returns: int
    charged: ChargedRecord | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Batch:
    """Replicas of one length.

    Attributes:
        duration: their length.
        level: how often they were made longer.
        hops: of all replicas, shorter ones before included.
        spent: whether the hops that are allowed are used up.
        replicas: in the order of their seeds.
    """

    duration: float
    level: int = 0
    hops: float = 0.0
    spent: bool = False
    replicas: tuple[_Replica, ...] = field(default=(), repr=False)

    @property
    def lags(self) -> FloatArray:
        """Times of the lags."""
        return np.array(LAGS) * (self.duration / SAMPLES)

    def displacements(self, name: str) -> FloatArray:
        """Mean squares of the collective or of the single displacements (replicas, lags)."""
        return np.array([getattr(replica, name) for replica in self.replicas])

    def collective(self, run: _Run) -> Slopes:
        """Of the collective displacements, with what is known of the mean of the squared steps."""
        variation = np.array([replica.variation for replica in self.replicas])
        known = run.system.ensemble == "grand canonical"
        control = Control(values=variation, mean=run.system.capped_network) if known else None
        # before each carrier has hopped once, the slope is that of the network, whatever follows
        return slopes(
            self.displacements("collective"), self.lags, target=run.target, control=control,
            shortest=run.system.carriers / run.system.hop_rate,
        )  # fmt: skip

    def single(self, run: _Run) -> Slopes:
        """Of the displacements of single ions."""
        least = LEAST_STEPS**2 * run.system.ions
        return slopes(self.displacements("single"), self.lags, target=run.target, least=least)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Run:
    """What does not change from replica to replica.

    Attributes:
        system: the hops.
        seed: of all replicas.
        target: relative error asked for.
        most: hops after which the run ends.
        tracer: whether replicas are made longer for the tracer.
        progress: called after every replica.
    """

    system: HoppingSystem
    seed: np.random.SeedSequence
    target: float
    most: float
    tracer: bool
    progress: Callable[[float, float], None] | None


def _followed(run: _Run) -> tuple[_Batch, _Batch]:
    """Replicas until the errors are small enough: those for D_σ, and those for the tracer, the same or longer ones."""

    def collective_error(batch: _Batch) -> float:
        collective, single = batch.collective(run), batch.single(run)
        if collective.lag is None:
            return math.nan
        if single.lag is None:
            return collective.relative_error / COLLECTIVE_PART
        return max(collective.relative_error, single.relative_error, _relative(*_haven(collective, single)))

    def single_error(batch: _Batch) -> float:
        single = batch.single(run)
        return math.nan if single.lag is None else single.relative_error / SINGLE_PART

    system = run.system
    duration = max(
        LEAST_TRANSPORT_TIMES / system.transport_rate,
        max(LEAST_HOPS, LEAST_HOPS_EACH * system.carriers) / system.hop_rate,
    )
    batch = _enlarged(run, _Batch(duration=duration), REPLICAS, math.nan)
    batch = _until(collective_error, run, batch, REPLICAS)
    collective = batch.collective(run)
    if batch.single(run).lag is not None or collective.lag is None or not run.tracer:
        return batch, batch
    traced = _until(single_error, run, batch, TRACER_REPLICAS)
    return replace(batch, hops=traced.hops), traced


def _until(error_of: Callable[[_Batch], float], run: _Run, batch: _Batch, first: int) -> _Batch:
    """Longer replicas while an error is NaN, since slopes still fall, then more until it is small enough.

    Args:
        error_of: relative error of what is asked for.
        run: what does not change.
        batch: to begin with.
        first: number of replicas of a new length.
    """
    while not batch.spent:
        error = error_of(batch)
        if math.isnan(error):
            longer = _Batch(duration=LONGER * batch.duration, level=batch.level + 1, hops=batch.hops)
            if longer.hops + first * longer.duration * run.system.hop_rate > run.most:
                break
            batch = _enlarged(run, longer, first, error)
        elif error <= run.target:
            break
        else:
            more = math.ceil(1.1 * (min((error / run.target) ** 2, MOST_MORE) - 1.0) * len(batch.replicas))
            batch = _enlarged(run, batch, max(more, first // 4), error)
    return batch


def _enlarged(run: _Run, batch: _Batch, more: int, error: float) -> _Batch:
    """With some more replicas, as long as hops are left.

    Raises:
        HoppingError: there are too few hops for the first replicas.
    """
    expected = batch.duration * run.system.hop_rate
    allowed = int((run.most - batch.hops) / expected)
    if not batch.replicas and allowed < more:
        failure = HoppingError(
            f"{run.most:.2g} hops are too few to mean anything: {more} runs, each of {LEAST_TRANSPORT_TIMES:g} times"
            f" the mean time between hops over the bottleneck, take {more * expected:.2g} hops; give more"
            " (most_hops, or a larger budget), a higher temperature or, if there is none, a cap"
        )
        failure.least_hops = more * expected
        raise failure
    level = child_seed(run.seed, batch.level)
    replicas, hops = list(batch.replicas), batch.hops
    for _ in range(min(more, allowed)):
        generator = np.random.Generator(np.random.PCG64(child_seed(level, len(replicas))))
        replicas.append(_replica(run.system, batch.duration, generator))
        hops += replicas[-1].hops
        if run.progress is not None:
            run.progress(hops, error)
    return replace(batch, replicas=tuple(replicas), hops=hops, spent=allowed < more)


def _replica(system: HoppingSystem, duration: float, generator: np.random.Generator) -> _Replica:
    """Hops from an equilibrium that is drawn, for some time."""
    charged = system.charged
    ions = _FreeIons(system, generator) if charged is None else ChargedIons(system.ways, charged, generator)
    state = ions.state
    each = SAMPLES // WINDOWS
    corrected, squares = np.zeros(SAMPLES + 1), np.zeros((WINDOWS, each))
    moved = np.empty((WINDOWS, state.displacements.size), np.int32)
    times = duration * np.arange(1, SAMPLES + 1) / SAMPLES
    for window in range(WINDOWS):
        record = np.empty((2, each))
        state.displacements[:] = 0
        state.sums[SQUARES] = 0.0
        ions.hop(times[window * each : (window + 1) * each], record)
        corrected[1 + window * each : 1 + (window + 1) * each], squares[window] = record
        moved[window] = state.displacements
    vacant = state.vacant
    vacant[state.vacancies] += state.sums[TIME] - state.since
    assert corrected[-1] == state.sums[CORRECTED]
    return _Replica(
        collective=collective_displacements(corrected),
        single=single_displacements(squares, moved),
        variation=float(state.sums[VARIATION]) / (2.0 * duration),
        vacant=(vacant / duration).astype(np.float32),
        hops=int(state.counts[EVENTS]),
        returns=int(state.counts[RETURNS]),
        charged=ions.recorded() if isinstance(ions, ChargedIons) else None,
    )


class _FreeIons:
    """Ions of one replica that begin in equilibrium and exclude each other from their sites only."""

    def __init__(self, system: HoppingSystem, generator: np.random.Generator) -> None:
        """Draw the beginning."""
        self._ways, self._generator = system.ways, generator
        self.state = drawn_state(system, generator)

    def hop(self, times: FloatArray, record: FloatArray) -> None:
        """Let them hop; the displacements at some times go into a record (2, samples)."""
        hop(self._ways, self.state, times, record, self._generator)


def _relative(value: float, error: float) -> float:
    """Error over the value; infinite where that is 0."""
    return error / value if value > 0.0 else math.inf


def _haven(collective: Slopes, single: Slopes) -> tuple[float, float]:
    """Haven ratio and its error, of the same replicas; of nothing that moves 0."""
    return ratio(single, collective, same=True) if collective.mean > 0.0 else (0.0, 0.0)


def _measured(run: _Run, batch: _Batch, traced: _Batch) -> Measured:
    """Means over the replicas.

    Args:
        run: what did not change.
        batch: for D_σ.
        traced: for the tracer, the same or longer ones.

    Raises:
        HoppingError: the slope of the collective displacement still falls, or its error is too large.
    """
    collective, single = batch.collective(run), traced.single(run)
    relative = collective.relative_error
    if collective.lag is None or relative > LARGEST_ERROR:
        longest = LAGS[-2] / SAMPLES * batch.duration * run.system.transport_rate
        falls = f"still falls at lags of {longest:.3g} times the mean time between hops over the bottleneck"
        raise HoppingError(
            f"{len(batch.replicas)} runs of {batch.hops / len(batch.replicas):.2g} hops each are too short to mean"
            " anything: the slope of the mean-square displacement"
            f" {falls if collective.lag is None else f'has an error of {relative:.0%}'}; give more hops"
            " (most_hops, or a larger budget) or a higher temperature"
        )
    return Measured(
        collective=collective,
        single=single,
        same=traced.level == batch.level,
        lags=batch.lags,
        tracer_lags=traced.lags,
        displacements=batch.displacements("collective") / run.system.ions,
        tracer_displacements=traced.displacements("single") / run.system.ions,
        vacant=np.array([replica.vacant for replica in batch.replicas]),
        returns=sum(replica.returns for replica in batch.replicas) / max(sum(r.hops for r in batch.replicas), 1),
        hops=batch.hops,
        duration=batch.duration,
        tracer_duration=traced.duration,
        charged=tuple(replica.charged for replica in batch.replicas if replica.charged is not None),
    )
