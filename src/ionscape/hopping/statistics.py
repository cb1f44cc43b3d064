"""Equilibrium statistics of a landscape: chemical potential, occupations, density of states."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import number, positive_number, whole_number
from ionscape.arrays import FloatArray
from ionscape.compiled import kernel
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import InputError, NetworkError

from .landscape import Landscape, middle_of_gap
from .landscape_kernels import CHARGE_PARTS
from .site_energies import SiteEnergies

if TYPE_CHECKING:
    import xarray

_STEPS = 200


def ions_of(landscape: SiteEnergies, ions: float | None = None) -> float:
    """Number of ions in a landscape: the one that is given, or that of the glass; it may be fractional, as a mean is.

    Raises:
        InputError: it is not between 0 and the number of sites, or none is given where the landscape has none.
    """
    if ions is None:
        if isinstance(landscape, Landscape):
            return landscape.ions
        raise InputError("is missing", key="ions", remedy="give a number: these site energies are of no glass")
    if not 0.0 < number(ions, key="ions") < landscape.accessible_sites:
        problem = f"must be greater than 0 and less than the number of sites, {landscape.accessible_sites}"
        raise InputError(problem, key="ions", value=ions)
    return float(ions)


def chemical_potential(landscape: SiteEnergies, temperature: float, *, ions: float | None = None) -> float:
    """Chemical potential at which the mean occupations sum to the number of ions [J]: Bosi 2021 (4).

    The ions above the Fermi level are balanced against the vacancies below it: both sums are small, so that neither is
    the difference of large numbers, and their logarithms keep their digits however low the temperature is.

    Args:
        landscape: the landscape.
        temperature: [K].
        ions: number of ions, which may be fractional; that of the glass if None.

    Raises:
        InputError: the temperature is not above 0, or there is no such number of ions.
    """
    thermal_energy = _thermal_energy(temperature)
    count = ions_of(landscape, ions)
    whole = math.floor(count)
    energies = landscape.energies[landscape.accessible]
    if whole < count:
        return _partly_filled(energies, count, thermal_energy)
    if isinstance(landscape, Landscape) and whole == landscape.ions:
        level = landscape.fermi_energy
    else:
        level = middle_of_gap(energies, whole)
    ordered = np.partition(energies, (whole - 1, whole)) - level
    return level + _balance(ordered / thermal_energy, whole) * thermal_energy


def occupations(landscape: SiteEnergies, temperature: float, *, ions: float | None = None) -> FloatArray:
    """Mean occupation of every site, shape (nx, ny, nz), NaN at blocked ones: Bosi 2021 (4).

    Args:
        landscape: the landscape.
        temperature: [K].
        ions: number of ions, which may be fractional; that of the glass if None.

    Raises:
        InputError: the temperature is not above 0, or there is no such number of ions.
    """
    scaled = _above_level(landscape, temperature, ions)
    # The exponential of a negative number only: the other one overflows at low temperature.
    decay = np.exp(-np.abs(scaled))
    return np.where(scaled > 0.0, decay, 1.0) / (1.0 + decay)


def occupation_variances(landscape: SiteEnergies, temperature: float, *, ions: float | None = None) -> FloatArray:
    """F (1 − f) of every accessible site, in their order, (sites,): without a difference of numbers near 1.

    Args:
        landscape: the landscape.
        temperature: [K].
        ions: number of ions, which may be fractional; that of the glass if None.

    Raises:
        InputError: the temperature is not above 0, or there is no such number of ions.
    """
    decay = np.exp(-np.abs(_above_level(landscape, temperature, ions)[landscape.accessible]))
    return decay / (1.0 + decay) ** 2


def _above_level(landscape: SiteEnergies, temperature: float, ions: float | None) -> FloatArray:
    """(ε − μ)/kT of every site, shape (nx, ny, nz), NaN at blocked ones."""
    level = chemical_potential(landscape, temperature, ions=ions)
    return (landscape.energies - level) / _thermal_energy(temperature)


def density_of_states(landscape: Landscape, *, bins: int = 100, environments: int = 8) -> xarray.Dataset:
    """Histogram of the site energies, altogether and by counter charge: Bosi 2021 (2).

    Args:
        landscape: the landscape.
        bins: number of intervals of energy, from the lowest site to the highest.
        environments: number of counter charges that are shown by themselves, the most frequent ones; all others
            together stand at the counter charge NaN.

    Returns:
        `density(energy)` and `density_by_environment(environment, energy)`, both per accessible site [1/J];
        `share(environment)` of the accessible sites; coordinates `energy` [J], middle of the interval, and
        `counter_charge(environment)` [e]; attributes `fermi_energy` [J], `accessible_sites`, `ions`.

    Raises:
        InputError: `bins` or `environments` below 1.
    """
    import xarray

    for key, value in (("bins", bins), ("environments", environments)):
        whole_number(value, key=key, least=1)
    energies = landscape.energies[landscape.accessible]
    charges, inverse, counts = np.unique(
        landscape.charge_parts[landscape.accessible], return_inverse=True, return_counts=True
    )
    shown = np.sort(np.argsort(-counts, kind="stable")[:environments])
    row_of_charge = np.full(len(charges), len(shown))
    row_of_charge[shown] = np.arange(len(shown))
    rows = len(shown) + 1
    lowest, highest = float(energies.min()), float(energies.max())
    if not highest > lowest:
        lowest, highest = lowest - 0.5 * landscape.model.energy_scale, highest + 0.5 * landscape.model.energy_scale
    edges = np.linspace(lowest, highest, bins + 1)
    width = (highest - lowest) / bins
    column = np.minimum(((energies - lowest) / width).astype(np.int64), bins - 1)
    table = np.bincount(row_of_charge[inverse.reshape(-1)] * bins + column, minlength=rows * bins).reshape(rows, bins)
    density = table / (len(energies) * width)
    return xarray.Dataset(
        {
            "density": (
                "energy",
                density.sum(axis=0),
                {"units": "1/J", "long_name": "density of states per accessible site"},
            ),
            "density_by_environment": (
                ("environment", "energy"),
                density,
                {"units": "1/J", "long_name": "part of the density of states by counter charge"},
            ),
            "share": (
                "environment",
                table.sum(axis=1) / len(energies),
                {"units": "1", "long_name": "share of the accessible sites"},
            ),
        },
        coords={
            "energy": ("energy", 0.5 * (edges[1:] + edges[:-1]), {"units": "J", "long_name": "site energy"}),
            "counter_charge": (
                "environment",
                np.append(charges[shown] / CHARGE_PARTS, np.nan),
                {"units": "e", "long_name": "counter charge; NaN: all others"},
            ),
        },
        attrs={
            "fermi_energy": landscape.fermi_energy,
            "accessible_sites": landscape.accessible_sites,
            "ions": landscape.ions,
        },
    )


def _thermal_energy(temperature: float) -> float:
    return BOLTZMANN_CONSTANT * positive_number(temperature, key="temperature")


def _partly_filled(energies: FloatArray, ions: float, thermal_energy: float) -> float:
    """Chemical potential [J] for a number of ions that is no whole one.

    The highest occupied site is partly filled at zero temperature; ions above it less vacancies below it are its part,
    a sum without large numbers.
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    whole = math.floor(ions)
    ordered = np.partition(energies, whole)
    level = float(ordered[whole])
    levels = (ordered - level) / thermal_energy
    below, above = levels[:whole], levels[whole:]

    def surplus(potential: float) -> float:
        return float(expit(potential - above).sum() - expit(below - potential).sum()) - (ions - whole)

    reach = 1.0
    while not surplus(-reach) < 0.0 < surplus(reach):
        reach *= 2.0
    return level + float(brentq(surplus, -reach, reach, xtol=1e-13, rtol=1e-14)) * thermal_energy


def _balance(levels: NDArray[np.float64], ions: int) -> float:
    """Chemical potential in units of kT where ln(ions above) = ln(vacancies below); levels as of `_excitations`."""
    below, above = levels[:ions], levels[ions:]
    low = min(below[-1], -1.0) - math.log(len(levels)) - 1.0
    high = max(above[0], 1.0) + math.log(len(levels)) + 1.0
    level = 0.0
    for _ in range(_STEPS):
        mismatch, slope = _excitations(below, above, level)
        low, high = (level, high) if mismatch < 0.0 else (low, level)
        step = level - mismatch / slope
        following = step if low < step < high else 0.5 * (low + high)
        if abs(following - level) <= 1e-13 * max(1.0, abs(level)):
            return following
        level = following
    raise NetworkError("the chemical potential of the landscape could not be found.")


@kernel
def _excitations(below: NDArray[np.float64], above: NDArray[np.float64], level: float) -> tuple[float, float]:
    """ln(ions above / vacancies below) and its slope.

    Both are sums of 1 / (1 + exp s), s the distance of a site from the chemical potential on its unlikely side. The
    factor exp(-least s) is taken out of each sum, so that neither is lost to underflow.

    below: levels / kT of the `ions` lowest sites, the highest of them last; above: of all others, the lowest first;
    level: chemical potential / kT.
    """
    results = np.empty((2, 2))
    for side in range(2):
        levels = above if side == 0 else below
        sign = 1.0 if side == 0 else -1.0
        least = max(0.0, sign * ((above[0] if side == 0 else below[-1]) - level))
        total = 0.0
        change = 0.0
        for entry in levels:
            s = sign * (entry - level)
            decay = np.exp(-abs(s))
            # f and 1 - f, the first one times exp(least)
            if s > 0.0:
                share = np.exp(least - s) / (1.0 + decay)
                other = 1.0 / (1.0 + decay)
            else:
                share = 1.0 / (1.0 + decay)
                other = decay / (1.0 + decay)
            total += share
            change += share * other
        results[side, 0] = np.log(total) - least
        results[side, 1] = change / total
    return results[0, 0] - results[1, 0], results[0, 1] + results[1, 1]
