"""Hops in time of native and foreign ions on the sites of one landscape, at constant filling."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import number, positive_number
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import HoppingError, InputError

from .hops_kernels import EVENTS, VARIATION, hop, plant
from .hops_setup import Cap, HoppingSystem, drawn_state, hopping_system
from .hops_statistics import Control, Slopes, slopes, standard_error
from .jumps import JumpLaw, jumps_of
from .landscape import RandomSource, child_seed, seed_sequence
from .mobility import MobileIon
from .site_energies import SiteEnergies

if TYPE_CHECKING:
    import xarray

IONS = ("native", "foreign")
REPLICAS = 32
SAMPLES = 128
"""Times at which a replica is looked at."""
LAGS = tuple(2**power for power in range(7))
"""In samples."""
LEAST_TRANSPORT_TIMES = 2.0
"""Least length of a replica, in mean times between two hops of an ion of either kind over the bottleneck."""
LEAST_HOPS, LEAST_HOPS_EACH = 2000.0, 64.0
LONGER = 4.0
"""Factor by which replicas are made longer while slopes fall."""
SLOWEST = 1e-2
"""Foreign ions that hop more seldom by more than that are not waited for: they have no D, and stay where they are."""
LEAST_FACTOR = 1e-200
LARGEST_ERROR = 0.3


def hops_of_two_ions(
    landscape: SiteEnergies,
    *,
    temperature: float,
    second_ion: MobileIon,
    native_share: float,
    rng: RandomSource,
    jumps: JumpLaw | None = None,
    ions: float | None = None,
    cap: Cap = "automatic",
    direction: int = 0,
    relative_error: float = 0.05,
    most_hops: float = 3e9,
    progress: Callable[[float, float], None] | None = None,
) -> xarray.Dataset:
    """Let native ions hop, and foreign ones that replace some of them: the same sites, rates of their own.

    All ions have the same site energies, so that in equilibrium each is a native one with the same probability
    whatever its site. With X_a the sum of the displacements of the ions of one kind, D_ab = ⟨X_a X_b⟩/(2 t N) over all
    N ions for long t, and D_a = Σ_b D_ab/c_a with c_a the share of the kind: what a field moves that acts on both.
    In the network of mean occupations D_a is that of the native glass with the rates of the ion.

    Args:
        landscape: the landscape, that of a glass or one's own (`landscape_from_energies`).
        temperature: [K].
        second_ion: barrier and attempt frequency of the foreign ions. Where they hop a hundred times more seldom than
            native ones, or less, they are not waited for.
        native_share: native ions over all ions, between 0 and 1.
        rng: a seed, which always gives the same hops; or a generator, which gives others at each call.
        jumps: law of the jumps of the native ions; that of the landscape's model if None.
        ions: number of all ions, a mean; that of the glass if None.
        cap: see `kinetic_monte_carlo`.
        direction: axis of the field, 0, 1 or 2.
        relative_error: of D of the native ions, and of the foreign ones if these are waited for.
        most_hops: after which the run ends in any case.
        progress: called after every replica with the hops so far and the largest relative error, NaN at first.

    Returns:
        Over `ion` ("native", "foreign"): `diffusion_coefficient` [m²/s], `network_diffusion_coefficient`, and the
        `network_ratio` of the two; over `ion` and `other`: `onsager`, D_ab. All but the network with an `_error`, the
        standard error over the replicas. What was not waited for is NaN.

    Raises:
        InputError: a value out of range; fewer than one ion or vacancy, or none where a way leads.
        PercolationError: no way leads around the lattice.
        HoppingError: the run is too short to mean anything.
    """
    law = jumps_of(landscape, jumps)
    share = number(native_share, key="native_share")
    if not 0.0 < share < 1.0:
        raise InputError("must be between 0 and 1", key="native_share", value=share,
                         remedy="take kinetic_monte_carlo for one kind of ions")  # fmt: skip
    if not 0.0 < positive_number(relative_error, key="relative_error") < LARGEST_ERROR:
        problem = f"must be between 0 and {LARGEST_ERROR}"
        raise InputError(problem, key="relative_error", value=relative_error)
    system = hopping_system(
        landscape, law, temperature=temperature, ions=ions, ensemble="grand canonical", cap=cap, direction=direction,
        relative_error=relative_error,
    )  # fmt: skip
    seed = seed_sequence(rng)
    run = _Run(
        system=system, shares=(share, 1.0 - share),
        factors=(1.0, max(second_ion.factor(law, temperature), LEAST_FACTOR)), seed=seed, target=relative_error,
        most=positive_number(most_hops, key="most_hops"), progress=progress,
    )  # fmt: skip
    batch = _followed(run)
    _check(batch, run)
    rate = law.attempt_frequency * math.exp(-law.mean_barrier / (BOLTZMANN_CONSTANT * temperature))
    return _dataset(
        batch, run, unit=rate * law.jump_distance**2,
        attributes={
            "temperature": float(temperature), "ions": system.ions, "native_share": share,
            "rate_factor": run.factors[1],
            "direction": direction, "cap": system.cap, "cap_bias": system.bias, "hops": batch.hops,
            "replicas": len(batch.replicas), "replica_duration": batch.duration / rate,
            "seed": f"entropy {seed.entropy}, spawn key {seed.spawn_key}",
        },
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class _Run:
    """What does not change from replica to replica.

    Attributes:
        system: the hops of native ions.
        shares: of native and of foreign ions.
        factors: of their rates.
        seed: of all replicas.
        target: relative error asked for.
        most: hops after which the run ends.
        progress: called after every replica.
    """

    system: HoppingSystem
    shares: tuple[float, float]
    factors: tuple[float, float]
    seed: np.random.SeedSequence
    target: float
    most: float
    progress: Callable[[float, float], None] | None

    @property
    def waited_for(self) -> tuple[bool, bool]:
        """Whether D of each kind is asked for."""
        return True, self.factors[1] >= SLOWEST

    @property
    def networks(self) -> tuple[float, float]:
        """N D_aa of each kind, if only mean occupations mattered, with capped rates."""
        first, second = (share * factor for share, factor in zip(self.shares, self.factors, strict=True))
        return first * self.system.capped_network, second * self.system.capped_network

    @property
    def hop_rate(self) -> float:
        """Of all ions."""
        return self.system.hop_rate * float(np.dot(self.shares, self.factors))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Batch:
    """Replicas of one length.

    Attributes:
        duration: their length.
        level: how often they were made longer.
        hops: of all replicas, shorter ones before included.
        replicas: mean squares of the displacements of native, foreign and all ions (3, lags), and half the sum of the
            squared corrected steps of all ions over the time.
    """

    duration: float
    level: int = 0
    hops: float = 0.0
    replicas: tuple[tuple[FloatArray, float], ...] = field(default=(), repr=False)

    def slopes(self, run: _Run) -> tuple[Slopes, Slopes, Slopes]:
        """Of native, of foreign and of all ions together; each can only fall with the lag."""
        squares = np.array([displacements for displacements, _ in self.replicas])
        variation = np.array([value for _, value in self.replicas])
        control = Control(values=variation, mean=sum(run.networks))
        lags = np.array(LAGS) * (self.duration / SAMPLES)
        # before each carrier has hopped once, the slope is that of the network, whatever follows
        waits = [run.system.carriers / run.system.hop_rate / factor for factor in run.factors]
        native, foreign, together = (
            slopes(squares[:, kind], lags, target=run.target, control=control, shortest=shortest)
            for kind, shortest in enumerate((*waits, waits[0]))
        )
        return native, foreign, together

    def coefficients(self, run: _Run) -> FloatArray:
        """N D_ab of each replica (replicas, 2, 2)."""
        native, foreign, together = (each.of_replicas for each in self.slopes(run))
        cross = 0.5 * (together - native - foreign)
        return np.stack([native, cross, cross, foreign], axis=1).reshape(-1, 2, 2)

    def error(self, run: _Run) -> float:
        """Largest relative error of the D that are waited for; NaN while a slope falls."""
        found = self.slopes(run)
        if any(each.lag is None for each, waited in zip(found, (*run.waited_for, True), strict=True) if waited):
            return math.nan
        sums = self.coefficients(run).sum(axis=2)
        errors = [
            math.hypot(standard_error(values), found[2].tolerated * values.mean()) / max(float(values.mean()), 1e-300)
            for values, waited in zip(sums.T, run.waited_for, strict=True) if waited
        ]  # fmt: skip
        return max(*errors, *(each.relative_error for each in found[:1]))


def _followed(run: _Run) -> _Batch:
    """Replicas that are made longer while slopes fall, then more of them until the errors are small enough."""
    slowest = min(
        share * factor
        for share, factor, waited in zip(run.shares, run.factors, run.waited_for, strict=True) if waited
    )  # fmt: skip
    least = max(LEAST_HOPS, LEAST_HOPS_EACH * run.system.carriers) / (run.system.hop_rate * slowest)
    batch = _Batch(duration=max(LEAST_TRANSPORT_TIMES / (run.system.transport_rate * slowest), least))
    if REPLICAS * batch.duration * run.hop_rate > run.most:
        raise HoppingError(
            f"{run.most:.2g} hops are too few to mean anything: {REPLICAS} runs take"
            f" {REPLICAS * batch.duration * run.hop_rate:.2g}; give more hops or a higher temperature"
        )
    batch = _enlarged(run, batch, REPLICAS, math.nan)
    while True:
        error = batch.error(run)
        each = batch.duration * run.hop_rate
        if error <= run.target:
            return batch
        if math.isnan(error):
            if batch.hops + REPLICAS * LONGER * each > run.most:
                return batch
            longer = _Batch(duration=LONGER * batch.duration, level=batch.level + 1, hops=batch.hops)
            batch = _enlarged(run, longer, REPLICAS, error)
            continue
        wanted = math.ceil(1.1 * (min((error / run.target) ** 2, 4.0) - 1.0) * len(batch.replicas))
        more = min(max(wanted, REPLICAS // 4), int((run.most - batch.hops) / each))
        if more <= 0:
            return batch
        batch = _enlarged(run, batch, more, error)


def _enlarged(run: _Run, batch: _Batch, more: int, error: float) -> _Batch:
    """With some more replicas."""
    level = child_seed(run.seed, batch.level)
    replicas, hops = list(batch.replicas), batch.hops
    for _ in range(more):
        generator = np.random.Generator(np.random.PCG64(child_seed(level, len(replicas))))
        squares, variation, made = _replica(run, batch.duration, generator)
        replicas.append((squares, variation))
        hops += made
        if run.progress is not None:
            run.progress(hops, error)
    return _Batch(duration=batch.duration, level=batch.level, hops=hops, replicas=tuple(replicas))


def _replica(run: _Run, duration: float, generator: np.random.Generator) -> tuple[FloatArray, float, int]:
    """Mean squares (3, lags), half the sum of the squared steps over the time, and the hops of one replica."""
    drawn = drawn_state(run.system, generator)
    foreign = (generator.random(drawn.displacements.size) >= run.shares[0]).astype(np.intp)
    inside = drawn.occupied.astype(bool)
    weights = np.zeros(inside.size)
    weights[inside] = np.array(run.factors)[foreign[drawn.ions[inside]]]
    state = drawn._replace(occupied=weights)
    plant(run.system.ways, state)
    moved, record = np.zeros((SAMPLES + 1, 2)), np.empty((2, 1))

    def corrected() -> FloatArray:
        """Σ of the displacements and of ψ of each kind (2,): the corrected displacements, up to a constant."""
        sites = np.flatnonzero(state.occupied)
        kinds: NDArray[np.intp] = foreign[state.ions[sites]]
        found: FloatArray = np.zeros(2)
        np.add.at(found, kinds, run.system.potentials[sites])
        np.add.at(found, foreign, state.displacements)
        return found

    moved[0] = corrected()
    for sample in range(SAMPLES):
        hop(run.system.ways, state, np.array([duration * (sample + 1) / SAMPLES]), record, generator)
        moved[sample + 1] = corrected()
    whole = np.column_stack((moved, moved.sum(axis=1)))
    squares = np.array([np.mean((whole[lag:] - whole[:-lag]) ** 2, axis=0) for lag in LAGS]).T
    return squares, float(state.sums[VARIATION]) / (2.0 * duration), int(state.counts[EVENTS])


def _check(batch: _Batch, run: _Run) -> None:
    """Refuse what means nothing.

    Raises:
        HoppingError: a slope still falls, or an error is too large.
    """
    error = batch.error(run)
    if math.isnan(error) or error > LARGEST_ERROR:
        falls = "the slope of a mean-square displacement still falls at the longest lag"
        raise HoppingError(
            f"{len(batch.replicas)} runs of {batch.hops / len(batch.replicas):.2g} hops each are too short to mean"
            f" anything: {falls if math.isnan(error) else f'D has an error of {error:.0%}'}; give more hops, a higher"
            " temperature or another share"
        )


def _dataset(batch: _Batch, run: _Run, *, unit: float, attributes: dict[str, Any]) -> xarray.Dataset:
    """Means over the replicas and their errors in SI units; NaN for what was not waited for."""
    import xarray

    system, tolerated = run.system, batch.slopes(run)[2].tolerated
    onsager = batch.coefficients(run) / system.ions * unit
    shares = np.array(run.shares)
    single = onsager.sum(axis=2) / shares
    network = np.array(run.networks) / (shares * system.ions) * unit * (system.network / system.capped_network)
    waited = np.array(run.waited_for)
    unknown = np.where(waited, 0.0, math.nan)
    pairs = unknown[:, None] + unknown[None, :]

    def error(values: FloatArray) -> FloatArray:
        scatter = values.std(axis=0, ddof=1) / math.sqrt(len(values))
        return np.hypot(scatter, tolerated * np.abs(values.mean(axis=0)))

    def entry(values: FloatArray, dims: tuple[str, ...], units: str, meaning: str) -> tuple[Any, ...]:
        return dims, values, {"units": units, "long_name": meaning}

    one, two = ("ion",), ("ion", "other")
    mean, scatter = single.mean(axis=0) + unknown, error(single) + unknown
    said = "standard error of the same"
    return xarray.Dataset(
        {
            "diffusion_coefficient": entry(mean, one, "m^2/s", "D of each kind where a field acts on both"),
            "diffusion_coefficient_error": entry(scatter, one, "m^2/s", said),
            "network_diffusion_coefficient": entry(network, one, "m^2/s", "D of the network of mean occupations"),
            "network_ratio": entry(mean / network, one, "1", "D over that of the network"),
            "network_ratio_error": entry(scatter / network, one, "1", said),
            "onsager": entry(onsager.mean(axis=0) + pairs, two, "m^2/s", "D_ab, of which D of a kind is a sum"),
            "onsager_error": entry(error(onsager) + pairs, two, "m^2/s", said),
        },
        coords={"ion": list(IONS), "other": list(IONS)},
        attrs=attributes,
    )
