"""Spin-lattice relaxation of a landscape, from how long its sites remember whether they were taken.

The approximation: a spin relaxes by the occupations of single sites alone, in the network of mean occupations. No
distances between spins, no pairs of sites, no correlations beyond that network; the strength of the coupling is left
open, so that rates are in units of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import positive_number, whole_number
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.errors import InputError

from .conductivity import temperatures_of
from .jumps import JumpLaw, jumps_of, periodic_conductances
from .landscape import RandomSource, child_seed, seed_sequence
from .network import Method
from .periodic import PeriodicLinks, periodic_links
from .site_energies import SiteEnergies
from .site_memory import SiteMemory, parts_of, solve_memory
from .spectrum import BEYOND, PER_DECADE, frequencies_of, unit_rate
from .statistics import ions_of, occupation_variances

if TYPE_CHECKING:
    import xarray

PROBES = 16
MOST_SITES = 4096
"""Of a landscape all of whose sites are followed one by one."""

_VARIABLES = {
    "spectral_density": ("s", "spectral density J of the occupation of a site, mean over the sites by f (1 - f)"),
    "spectral_density_error": ("s", "standard error, of the random vectors"),
    "relaxation_rate": ("s", "J(ω) + 4 J(2ω), 1/T1 over the square of the coupling"),
    "relaxation_rate_error": ("s", "standard error, of the random vectors"),
}
NUMBERS = {
    "variance_per_ion": ("1", "Σ f (1 - f) over all sites, per ion"),
    "conserved_share": ("1", "share of J's integral that no hop relaxes, as the number of ions is constant"),
    "estimated_error": ("1", "largest relative error of the spectral density, by that of half the space"),
}


def spin_lattice_relaxation(
    landscape: SiteEnergies,
    *,
    temperature: float | Sequence[float],
    rng: RandomSource,
    angular_frequency: ArrayLike | None = None,
    jumps: JumpLaw | None = None,
    ions: float | None = None,
    probes: int | Literal["all"] = PROBES,
    method: Method = "automatic",
) -> xarray.Dataset:
    """Spectral density of the occupations of single sites, and the rate 1/T1 ∝ J(ω) + 4 J(2ω) that it would give.

    With δn the occupations less their means, in the network of mean occupations (`conductivity_spectrum`),

        J(ω) = ∫ dt e^(−iωt) Σ_i ⟨δn_i(t) δn_i(0)⟩/Σ_i f_i (1 − f_i) = 2 Re tr[C (K + iωC)⁻¹ C]/tr C,

    whose integral over ω/2π is 1 less `conserved_share`. One relaxation time gives 2τ/(1 + ω²τ²). Opposite faces are
    joined as the landscape says, the first two always.

    Args:
        landscape: the landscape, that of a glass or one's own (`landscape_from_energies`).
        temperature: one or several [K].
        rng: seed of the random vectors.
        angular_frequency: ω, at least 0 [1/s]; None for ten to the decade, from where J begins to fall to above the
            fastest rate, with 0.
        jumps: law of the jumps; that of the landscape's model if None.
        ions: number of ions, which may be fractional; that of the glass if None.
        probes: random vectors for the trace, at least 2, or "all" for each site of a small landscape by itself.
        method: solver of the networks; "automatic" chooses.

    Returns:
        Over `temperature`, if several are given, and `angular_frequency`: `spectral_density` and `relaxation_rate` [s]
        with `_error`, of the random vectors; over temperature `variance_per_ion`, `conserved_share`,
        `estimated_error`.

    Raises:
        InputError: a value out of range, or no two sites are neighbours.
        NetworkError: a solution failed.
    """
    temperatures = temperatures_of(temperature)
    law, count = jumps_of(landscape, jumps), ions_of(landscape, ions)
    wanted = None if angular_frequency is None else frequencies_of(angular_frequency)
    joined = periodic_links(landscape.accessible, 0, transverse=landscape.periodic)
    if not joined.first.size:
        raise InputError("has no two sites that are neighbours", key="landscape", value=list(landscape.lattice))
    vectors = _vectors(joined.nodes, probes, seed_sequence(rng))
    lowest = None if wanted is None or not (wanted > 0.0).all() else float(wanted.min())
    solved = [_solved(landscape, joined, law, vectors, kelvin, ions, lowest, method) for kelvin in temperatures]
    if wanted is None:
        ends = (min(rate * memory.lowest for memory, rate, _ in solved),
                max(rate * memory.highest for memory, rate, _ in solved) * BEYOND)  # fmt: skip
        number = round(PER_DECADE * math.log10(ends[1] / ends[0])) + 1
        wanted = np.concatenate([[0.0], np.geomspace(*ends, number)])
    columns: dict[str, list[Any]] = {name: [] for name in (*_VARIABLES, *NUMBERS)}
    for memory, rate, capacitances in solved:
        for name, values in _densities(memory, wanted / rate, capacitances, summed=probes == "all").items():
            columns[name].append(values / rate if name in _VARIABLES else values)
        columns["variance_per_ion"].append(float(capacitances.sum()) / count)
        columns["conserved_share"].append(_conserved(joined, capacitances))
    dataset = _dataset(columns, temperatures, wanted, law, landscape, probes)
    return dataset if np.ndim(temperature) else dataset.isel(temperature=0)


def activation_of_maximum(relaxation: xarray.Dataset) -> xarray.Dataset:
    """Where the rate is largest over the temperature, frequency by frequency, and the activation energy of that.

    The maximum is that of a parabola of ln R over 1/T through the largest value and its neighbours.

    Args:
        relaxation: of at least three temperatures.

    Returns:
        `temperature_of_maximum` [K] over `angular_frequency`, NaN where the rate is largest at an end; and
        `activation_energy` [J], −d ln ω/d(1/k_B T) along the maxima by least squares, NaN of fewer than two.

    Raises:
        InputError: fewer than three temperatures.
    """
    import xarray

    if relaxation["relaxation_rate"].ndim != 2 or relaxation.sizes["temperature"] < 3:
        raise InputError("must have three temperatures or more, and no other axis but the frequency", key="relaxation",
                         value=dict(relaxation["relaxation_rate"].sizes))  # fmt: skip
    data = relaxation.sortby("temperature").transpose("temperature", "angular_frequency", ...)
    inverse = 1.0 / data["temperature"].values
    logarithms = np.log(data["relaxation_rate"].values)
    omega = data["angular_frequency"].values
    found = np.full(omega.size, np.nan)
    for column in range(omega.size):
        place = int(np.argmax(logarithms[:, column]))
        if 0 < place < inverse.size - 1 and np.isfinite(logarithms[:, column]).all():
            near = slice(place - 1, place + 2)
            curve = np.polyfit(inverse[near] - inverse[place], logarithms[near, column], 2)
            found[column] = 1.0 / (inverse[place] - 0.5 * curve[1] / curve[0])
    known = np.isfinite(found) & (omega > 0.0)
    slope = np.polyfit(1.0 / found[known], np.log(omega[known]), 1)[0] if np.count_nonzero(known) > 1 else np.nan
    return xarray.Dataset(
        {
            "temperature_of_maximum": ("angular_frequency", found, {
                "units": "K", "long_name": "temperature at which the relaxation is fastest",
            }),
            "activation_energy": ((), -BOLTZMANN_CONSTANT * slope, {
                "units": "J", "long_name": "activation energy of the fastest relaxation",
            }),
        },
        coords={"angular_frequency": data["angular_frequency"]},
    )  # fmt: skip


def _vectors(nodes: int, probes: object, seed: np.random.SeedSequence) -> FloatArray:
    """Random signs (probes, nodes), or all unit vectors."""
    if probes == "all":
        if nodes > MOST_SITES:
            raise InputError("follows every site", key="probes", value="all", bound=f"{nodes} sites are more than"
                             f" {MOST_SITES}", remedy="give a number of random vectors, such as 16")  # fmt: skip
        return np.eye(nodes)
    count = whole_number(probes, key="probes", least=2)
    # one child each: more of them leave the first ones as they were
    signs = [np.random.Generator(np.random.PCG64(child_seed(seed, number))).integers(0, 2, nodes)
             for number in range(count)]  # fmt: skip
    return np.where(np.array(signs) == 1, 1.0, -1.0)


def _solved(
    landscape: SiteEnergies, joined: PeriodicLinks, law: JumpLaw, vectors: FloatArray, kelvin: float,
    ions: float | None, lowest: float | None, method: Method,
) -> tuple[SiteMemory, float, FloatArray]:  # fmt: skip
    """The spaces at one temperature, in units of a rate [1/s], and f (1 - f) of the sites."""
    rate = unit_rate(law, positive_number(kelvin, key="temperature"))
    unit = math.log(ELEMENTARY_CHARGE**2 * rate / (BOLTZMANN_CONSTANT * kelvin))
    logarithms = periodic_conductances(joined, landscape, law, temperature=kelvin, ions=ions) - unit
    capacitances = occupation_variances(landscape, kelvin, ions=ions)
    memory = solve_memory(joined, logarithms, capacitances, vectors, method=method,
                          lowest=None if lowest is None else lowest / rate)  # fmt: skip
    return memory, rate, capacitances


def _densities(memory: SiteMemory, omega: FloatArray, capacitances: FloatArray, *, summed: bool) -> dict[str, Any]:
    """J, the rate and their errors at scaled frequencies; the estimated error."""
    both = np.concatenate((omega, 2.0 * omega))
    values = 2.0 * memory.at(both) / float(capacitances.sum())
    coarse = 2.0 * memory.halved().at(both) / float(capacitances.sum())
    single, double = values[:, : omega.size], values[:, omega.size :]
    found: dict[str, Any] = {}
    for name, each in (("spectral_density", single), ("relaxation_rate", single + 4.0 * double)):
        count = len(each)
        found[name] = each.sum(axis=0) if summed else each.mean(axis=0)
        found[f"{name}_error"] = np.zeros(omega.size) if summed else each.std(axis=0, ddof=1) / math.sqrt(count)
    # the error falls exponentially with the shifts per decade: that of twice as many is its square
    found["estimated_error"] = float(np.max(np.abs(coarse.sum(axis=0) / values.sum(axis=0) - 1.0))) ** 2
    return found


def _conserved(joined: PeriodicLinks, capacitances: FloatArray) -> float:
    """Σ C²/Σ C over the parts that hang together, over Σ C."""
    part, parts = parts_of(joined)
    squares, stored = (np.bincount(part, weights=each, minlength=parts) for each in (capacitances**2, capacitances))
    return float(np.sum(squares / stored)) / float(capacitances.sum())


def _dataset(
    columns: dict[str, list[Any]], temperatures: Sequence[float], omega: FloatArray, law: JumpLaw,
    landscape: SiteEnergies, probes: object,
) -> xarray.Dataset:  # fmt: skip
    import xarray

    variables: dict[str, Any] = {
        name: (("temperature", "angular_frequency"), np.array(columns[name]), {"units": unit, "long_name": meaning})
        for name, (unit, meaning) in _VARIABLES.items()
    }
    for name, (unit, meaning) in NUMBERS.items():
        variables[name] = ("temperature", columns[name], {"units": unit, "long_name": meaning})
    return xarray.Dataset(
        variables,
        coords={
            "temperature": ("temperature", list(temperatures), {"units": "K", "long_name": "temperature"}),
            "angular_frequency": ("angular_frequency", omega, {"units": "1/s", "long_name": "angular frequency"}),
        },
        attrs={
            "approximation": "occupations of single sites in the network of mean occupations, no dipolar geometry",
            "probes": str(probes),
            "barrier": law.mean_barrier,
            "attempt_frequency": law.attempt_frequency,
            "lattice": list(landscape.lattice),
        },
    )
