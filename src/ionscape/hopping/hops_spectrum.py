"""Conductivity over frequency of hops in time: the power of their current, beside the network of mean occupations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import positive_number
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.errors import HoppingError, InputError

from .hops_kernels import EVENTS, hop
from .hops_setup import Ensemble, HoppingSystem, drawn_state, hopping_system
from .hops_statistics import standard_error
from .jumps import JumpLaw, jumps_of
from .landscape import RandomSource, child_seed, seed_sequence
from .site_energies import SiteEnergies
from .spectrum import conductivity_spectrum

if TYPE_CHECKING:
    import xarray

REPLICAS = 32
"""At first, each from an equilibrium of its own; an error from so many is itself uncertain by an eighth."""
SURE = 1.25
"""Errors up to that many times the one asked for are not improved."""
PERIODS = 8
"""Of a window at least, even. Where σ rises as ω² at most, the width of a window adds a third of 1/PERIODS² at most."""
OVERLAP = 1.0 + 2.0 / 36.0
"""Variance of a mean over half overlapping windows of Hann's form over that of as many independent ones."""
BIN_PART = 0.2
"""Of the error asked for, which bins may add."""
LEAST_BINS = 16
"""To a period."""
FOURTH_POWER = 35.0 / 18.0
"""Mean fourth power of Hann's window over the square of its mean square: how much more |Σ|² of few hops scatters."""
LARGEST_ERROR = 0.3


def hopping_spectrum(
    landscape: SiteEnergies,
    *,
    temperature: float,
    rng: RandomSource,
    angular_frequency: ArrayLike,
    jumps: JumpLaw | None = None,
    ions: float | None = None,
    ensemble: Ensemble = "grand canonical",
    direction: int = 0,
    relative_error: float = 0.05,
    most_hops: float = 3e9,
    progress: Callable[[float], None] | None = None,
) -> xarray.Dataset:
    """Let all ions of a landscape hop, and measure the real part of their conductivity over frequency.

    The current of the hops fluctuates in equilibrium as it answers a field: with d_k the displacements of the hops at
    the times t_k, N Re D_σ(ω) is the mean of |Σ d_k exp(iωt_k)|²/(2T) for long T. Means are over half overlapping
    windows of Hann's form (Welch 1967), each frequency with hops of its own. No rate is capped, since fast hops are
    part of the spectrum, and low frequencies at low temperatures take many hops.

    Args:
        landscape: the landscape, that of a glass or one's own (`landscape_from_energies`).
        temperature: [K].
        rng: a seed, which always gives the same hops; or a generator, which gives others at each call.
        angular_frequency: ω, above 0 [1/s]; `kinetic_monte_carlo` finds the dc value.
        jumps: law of the jumps; that of the landscape's model if None.
        ions: number of ions; that of the glass if None.
        ensemble: of the occupations at the beginning, see `kinetic_monte_carlo`.
        direction: axis of the field, 0, 1 or 2.
        relative_error: standard error of each value, about; replicas are added while it is above by a quarter.
        most_hops: that may be made. Where more are needed by an estimate, they are refused before they are made.
        progress: called after every replica with the hops so far.

    Returns:
        Over `angular_frequency`: `conductivity_real` [S/m] and `diffusion_coefficient_real` [m²/s] of the hops,
        `network_conductivity_real`, that of the network, and `network_ratio` of the two, with an `_error` each but the
        network: standard errors over the replicas and, in quadrature, bounds of what bins and windows add.

    Raises:
        InputError: a value out of range; fewer than one ion or vacancy, or none where a way leads.
        PercolationError: no way leads around the lattice.
        HoppingError: that takes more hops than are allowed.
    """
    import xarray

    law = jumps_of(landscape, jumps)
    if not 0.0 < positive_number(relative_error, key="relative_error") < LARGEST_ERROR:
        problem = f"must be between 0 and {LARGEST_ERROR}"
        raise InputError(problem, key="relative_error", value=relative_error)
    positive_number(most_hops, key="most_hops")
    system = hopping_system(
        landscape, law, temperature=temperature, ions=ions, ensemble=ensemble, cap="none", direction=direction
    )
    network = conductivity_spectrum(
        landscape, temperature=temperature, angular_frequency=angular_frequency, jumps=law, ions=system.ions,
        direction=direction,
    ).dataset  # fmt: skip
    omega = network["angular_frequency"].values
    if not (omega > 0.0).all():
        remedy = "leave it out: `kinetic_monte_carlo` finds the dc value"
        raise InputError("must be above 0", key="angular_frequency", value=0.0, remedy=remedy)
    thermal_energy = BOLTZMANN_CONSTANT * temperature
    rate = law.attempt_frequency * math.exp(-law.mean_barrier / thermal_energy)
    # of N D in steps and times of the lattice to S/m
    unit = ELEMENTARY_CHARGE**2 * rate / (landscape.accessible.size * law.jump_distance * thermal_energy)
    expected = np.real(network["conductivity"].values) / unit
    highest = float(network["high_frequency_conductivity"]) / unit
    windows = [
        _windows(float(frequency), float(power), highest, relative_error)
        for frequency, power in zip(omega / rate, expected, strict=True)
    ]
    needed = REPLICAS * system.hop_rate * np.array([each.duration for each in windows])
    if needed.sum() > most_hops:
        raise HoppingError(
            f"an error of {relative_error:.2g} at these frequencies takes {needed.sum():.2g} hops, more than the"
            f" {most_hops:.2g} that are allowed; give higher frequencies, a larger error or more hops"
        )
    seed, hops, found = seed_sequence(rng), 0.0, np.empty((2, omega.size))
    for number, window in enumerate(windows):
        run = _Run(system=system, seed=child_seed(seed, number), target=relative_error, progress=progress)
        # what the frequencies after this one need at least is left to them
        powers, hops = _powers(run, window, hops, most_hops - float(needed[number + 1 :].sum()))
        mean = float(powers.mean())
        systematic = max(highest - mean, 0.0) * _unresolved(window.bins), mean / (3.0 * PERIODS**2)
        found[:, number] = mean, math.hypot(standard_error(powers), *systematic)
    columns = {
        "conductivity_real": (found * unit, "S/m", "real part of the conductivity of the hops"),
        "diffusion_coefficient_real": (
            found * rate * law.jump_distance**2 / system.ions, "m^2/s", "real part of D_sigma of the hops"
        ),
        "network_ratio": (found / expected, "1", "conductivity of the hops over that of the network, real parts"),
    }  # fmt: skip
    variables: dict[str, Any] = {
        name + end: ("angular_frequency", values[place], {"units": unit_name, "long_name": prefix + meaning})
        for name, (values, unit_name, meaning) in columns.items()
        for place, (end, prefix) in enumerate((("", ""), ("_error", "standard error of the ")))
    }
    variables["network_conductivity_real"] = (
        "angular_frequency", expected * unit, {"units": "S/m", "long_name": "real part of that of the network"}
    )  # fmt: skip
    coordinate = ("angular_frequency", omega, {"units": "1/s", "long_name": "angular frequency"})
    return xarray.Dataset(
        variables,
        coords={"angular_frequency": coordinate},
        attrs={
            "temperature": float(temperature), "ions": system.ions, "direction": direction, "ensemble": ensemble,
            "hops": float(hops), "replicas": REPLICAS,
            "seed": f"entropy {seed.entropy}, spawn key {seed.spawn_key}",
        },
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Windows:
    """Of each replica at one frequency.

    Attributes:
        frequency: ω [ν exp(-βu0)].
        number: how many.
        periods: of the frequency in each, even.
        bins: to a period.
    """

    frequency: float
    number: int
    periods: int
    bins: int

    @property
    def duration(self) -> float:
        """Of a replica, windows half overlapping."""
        return (self.number + 1) * 0.5 * self.periods * 2.0 * math.pi / self.frequency


def _windows(frequency: float, expected: float, highest: float, relative_error: float) -> _Windows:
    """Windows with which the error is about the one asked for.

    The power in a window scatters by itself, and more where there are few hops in it, so that there are longer ones.

    Args:
        frequency: ω.
        expected: N Re D_σ at that frequency, about.
        highest: above all rates, half the number of steps along the field per time.
        relative_error: asked for.
    """
    fewness = FOURTH_POWER * frequency / (2.0 * math.pi * PERIODS * 2.0 * highest)
    longer = max(1, math.ceil(fewness))
    number = max(2, math.ceil(OVERLAP * (1.0 + fewness / longer) / (REPLICAS * relative_error**2)))
    # the lower σ is beside its highest value, the more would high frequencies add that bins cannot tell apart
    bins = _bins(highest / expected - 1.0, BIN_PART * relative_error)
    return _Windows(frequency=frequency, number=number, periods=longer * PERIODS, bins=bins)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Run:
    """What does not change from replica to replica; see `hopping_spectrum`."""

    system: HoppingSystem
    seed: np.random.SeedSequence
    target: float
    progress: Callable[[float], None] | None


def _powers(run: _Run, windows: _Windows, hops: float, most: float) -> tuple[FloatArray, float]:
    """`_power` of as many replicas as the error asked for takes, or the hops allow; and the hops so far."""
    powers: list[float] = []
    more, before = REPLICAS, hops
    while more > 0:
        for _ in range(more):
            generator = np.random.Generator(np.random.PCG64(child_seed(run.seed, len(powers))))
            power, made = _power(run.system, windows, generator)
            powers.append(power)
            hops += made
            if run.progress is not None:
                run.progress(hops)
        error = standard_error(np.array(powers)) / max(float(np.mean(powers)), 1e-300)
        # where the ions hop in bursts, that is more than expected; the error from few is itself not sure
        wanted = math.ceil(((error / run.target) ** 2 - 1.0) * len(powers)) if error > SURE * run.target else 0
        more = min(wanted, 3 * len(powers), int((most - hops) * len(powers) / (hops - before)) if hops > before else 0)
    return np.array(powers), hops


def _power(system: HoppingSystem, windows: _Windows, generator: np.random.Generator) -> tuple[float, int]:
    """Mean of |Σ w d exp(iωt)|²/(2 ∫w²dt) over the windows of a replica, and its hops."""
    samples = windows.periods // 2 * windows.bins
    middles = np.arange(2 * samples) + 0.5
    window = np.sin(math.pi * middles / (2 * samples)) ** 2
    waves = (window * np.exp(2j * math.pi * middles / windows.bins)).reshape(2, samples)
    width = 2.0 * math.pi / (windows.frequency * windows.bins)
    # the plain steps instead of the corrected ones, which hide what is fast
    ways = system.ways._replace(corrected=system.ways.steps.astype(float))
    state = drawn_state(system, generator)
    displacement, record = np.zeros(samples + 1), np.empty((2, samples))
    ends = np.arange(1, samples + 1, dtype=np.float64)
    first, total = 0.0j, 0.0
    for half in range(windows.number + 1):
        hop(ways, state, width * (half * samples + ends), record, generator)
        displacement[0] = displacement[-1]
        displacement[1:] = record[0]
        begun, ended = waves @ np.diff(displacement)
        # a whole number of periods to each half, so that the phase goes on
        total += abs(first + ended) ** 2 if half else 0.0
        first = begun
    return total / (windows.number * 2.0 * width * float(window @ window)), int(state.counts[EVENTS])


def _unresolved(bins: int) -> float:
    """Share of the white power of higher frequencies that so many bins to a period put to a frequency."""
    return 1.0 - float(np.sinc(1.0 / bins)) ** 2


def _bins(excess: float, largest: float) -> int:
    """Bins to a period with which higher frequencies add less than that, relative.

    Args:
        excess: the highest conductivity over that at the frequency, less 1.
        largest: relative.
    """
    return max(LEAST_BINS, math.ceil(math.pi * math.sqrt(max(excess, 0.0) / (3.0 * largest))))
