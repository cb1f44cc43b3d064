"""The distribution of site energies and its inversion, the Fermi energy as a function of the density of ions.

Sites are filled from the bottom to the top (zero-kelvin approximation). Energies in joule, densities in 1/m^3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import finite, positive
from ionscape.arrays import FloatArray
from ionscape.errors import InputError

Shape = Literal["cosine-squared", "gaussian"]

GAUSSIAN_WIDTHS_PER_FULL_WIDTH = 2.0 * math.sqrt(2.0 * math.log(2.0))

TRAPPED_OFFSET_IN_FULL_WIDTHS = 2.0
"""Centre of the trapped branch below that of the mobile one, in full widths at half maximum of the mobile branch.

That is πΓ for cos² (Gunawan 2024 ESI (S15)), where branches of equal width just touch, and 4.71 standard deviations for
a Gaussian, where the density of sites halfway is a sixteenth of that at the top of a branch: the populations stay apart
in both shapes, so that the trapped fraction is where D falls off.
"""

SMALLEST_OCCUPATION = 1e-12
"""A distribution without a lowest (highest) energy is inverted no closer to empty (full) than this share of its
sites; below (above) it the Fermi energy stays constant, so that it is finite for a density of zero."""

LARGEST_ITERATION_COUNT = 200
UNGUARDED_STEPS = 20
BRACKET_COUNT = 1024


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One branch of a site energy distribution.

    Attributes:
        shape: "cosine-squared", a single period of cos² (Gunawan 2024 ESI (S15)), or "gaussian".
        centre: energy of its maximum [J].
        width: Γ of cos²((E − centre)/Γ) or the standard deviation [J].
        weight: density of its sites [1/m^3].
    """

    shape: Shape = "cosine-squared"
    centre: float
    width: float
    weight: float

    def __post_init__(self) -> None:
        if self.shape not in ("cosine-squared", "gaussian"):
            remedy = 'choose "cosine-squared" or "gaussian"'
            raise InputError("is not a shape of a branch", key="shape", value=self.shape, remedy=remedy)
        finite("centre", self.centre)
        positive("width", self.width)
        positive("weight", self.weight)

    @property
    def lowest(self) -> float:
        """Lower edge [J]; minus infinity for a Gaussian."""
        return self.centre - 0.5 * math.pi * self.width if self.shape == "cosine-squared" else -math.inf

    @property
    def highest(self) -> float:
        """Upper edge [J]; infinity for a Gaussian."""
        return self.centre + 0.5 * math.pi * self.width if self.shape == "cosine-squared" else math.inf

    @property
    def full_width_at_half_maximum(self) -> float:
        """Full width at half maximum [J]: πΓ/2 for cos², 2 √(2 ln 2) standard deviations for a Gaussian."""
        return full_width_at_half_maximum(self.width, shape=self.shape)

    def density_of_states(self, energy: ArrayLike) -> FloatArray:
        """Sites per energy [1/(m^3 J)], of the shape of `energy` [J]; S·(2/(πΓ)) cos²((E − E_c)/Γ) for cos²."""
        reduced = (np.asarray(energy, dtype=float) - self.centre) / self.width
        if self.shape == "gaussian":
            return self.weight / (self.width * math.sqrt(2.0 * math.pi)) * np.exp(-0.5 * reduced**2)
        inside = np.abs(reduced) <= 0.5 * math.pi
        cosine = np.where(inside, np.cos(np.where(inside, reduced, 0.0)), 0.0)
        return 2.0 * self.weight / (math.pi * self.width) * cosine**2

    def cumulative(self, energy: ArrayLike) -> FloatArray:
        """Sites at or below an energy [1/m^3], of the shape of `energy` [J].

        S·[(u + sin u cos u)/π + 1/2] with u = (E − E_c)/Γ for cos², kept accurate relative to its own size down to
        the lower edge.
        """
        energies = np.asarray(energy, dtype=float)
        if self.shape == "gaussian":
            return self.weight * _scipy_special().ndtr((energies - self.centre) / self.width)
        # u + sin u cos u = (x − sin x)/2 − π/2 with x = 2u + π, which does not cancel at the lower edge.
        angle = np.clip(2.0 * (energies - self.lowest) / self.width, 0.0, 2.0 * math.pi)
        return self.weight * _angle_minus_sine(angle) / (2.0 * math.pi)

    def quantile(self, density: ArrayLike) -> FloatArray:
        """Energy [J] up to which the branch alone holds `density` [1/m^3], its inverse of `cumulative`."""
        filled = np.clip(np.asarray(density, dtype=float) / self.weight, 0.0, 1.0)
        if self.shape == "gaussian":
            return self.centre + self.width * _scipy_special().ndtri(filled)
        return self.lowest + 0.5 * self.width * _inverse_angle_minus_sine(2.0 * math.pi * filled)


@dataclass(frozen=True, kw_only=True)
class SiteEnergyDistribution:
    """Density of sites over energy, a sum of branches (Gunawan 2024 ESI (S15)).

    Attributes:
        branches: one or more; the first is the mobile one.
    """

    branches: tuple[Branch, ...]

    def __post_init__(self) -> None:
        if not self.branches:
            raise InputError("must not be empty", key="branches", remedy="give at least one branch")

    @property
    def total_sites(self) -> float:
        """Density of all sites [1/m^3]."""
        return math.fsum(branch.weight for branch in self.branches)

    @property
    def lowest(self) -> float:
        """Lowest energy of a site [J]; minus infinity if a branch is Gaussian."""
        return min(branch.lowest for branch in self.branches)

    @property
    def highest(self) -> float:
        """Highest energy of a site [J]; infinity if a branch is Gaussian."""
        return max(branch.highest for branch in self.branches)

    def density_of_states(self, energy: ArrayLike) -> FloatArray:
        """S(E): sites per energy [1/(m^3 J)], of the shape of `energy` [J]."""
        return np.add.reduce([branch.density_of_states(energy) for branch in self.branches])

    def cumulative(self, energy: ArrayLike) -> FloatArray:
        """N(E): sites at or below an energy [1/m^3], of the shape of `energy` [J]."""
        return np.add.reduce([branch.cumulative(energy) for branch in self.branches])

    def full_width_at_half_maximum(self, branch: int = 0) -> float:
        """Full width at half maximum of a branch [J]; 0 is the mobile branch."""
        return self.branches[branch].full_width_at_half_maximum

    def fermi_energy(self, density: ArrayLike) -> FloatArray:
        """E_F(n): the energy up to which the sites are filled, N(E_F) = n (Gunawan 2024 ESI (S16); 2026 (eq. 7)).

        |N(E_F(n)) − n| ≤ 1e-10 of the sites for 0 ≤ n ≤ `total_sites`. A density at which the branches leave a gap
        (one is exactly full, the next one empty) gives the upper end of the gap, which is the lowest energy of the
        next branch: E_F is continuous from above. Densities below zero give the lowest energy, densities above
        `total_sites` the highest one; where these are infinite see `SMALLEST_OCCUPATION`.

        Args:
            density: of any shape [1/m^3]; not a number gives not a number.

        Returns:
            Fermi energies, of the shape of `density` [J].
        """
        densities = np.asarray(density, dtype=float)
        lowest_density, highest_density = self._densities_inverted
        wanted = np.clip(densities, lowest_density, highest_density).ravel()
        groups = self._groups
        floors = np.concatenate([[0.0], np.cumsum([_total(group) for group in groups])[:-1]])
        index = np.clip(np.searchsorted(floors, wanted, side="right") - 1, 0, len(groups) - 1)
        energies = np.empty_like(wanted)
        for number, group in enumerate(groups):
            chosen = index == number
            energies[chosen] = _invert(group, wanted[chosen] - floors[number])
        # Rounding errors of a density count by their cube root at the ends.
        energies[wanted <= 0.0] = self.lowest
        energies[wanted >= self.total_sites] = self.highest
        energies[np.isnan(wanted)] = math.nan
        return energies.reshape(densities.shape)

    @property
    def gaps(self) -> tuple[float, ...]:
        """Densities at which the Fermi energy jumps over a gap between branches [1/m^3], rising."""
        return tuple(float(floor) for floor in np.cumsum([_total(group) for group in self._groups])[:-1])

    @cached_property
    def _densities_inverted(self) -> tuple[float, float]:
        total = self.total_sites
        lowest = 0.0 if math.isfinite(self.lowest) else SMALLEST_OCCUPATION * total
        highest = total if math.isfinite(self.highest) else (1.0 - SMALLEST_OCCUPATION) * total
        return lowest, highest

    @cached_property
    def _groups(self) -> list[tuple[Branch, ...]]:
        """Branches that overlap, together; the groups from the lowest energy to the highest."""
        ordered = sorted(self.branches, key=lambda branch: branch.lowest)
        groups: list[tuple[Branch, ...]] = []
        top = -math.inf
        for branch in ordered:
            if groups and branch.lowest < top:
                groups[-1] = (*groups[-1], branch)
            else:
                groups.append((branch,))
            top = max(top, branch.highest)
        return groups


def full_width_at_half_maximum(width: float, *, shape: Shape = "cosine-squared") -> float:
    """Full width at half maximum of a branch, in the unit of `width`: πΓ/2 for cos² (Gunawan 2024 ESI, 2.6).

    Args:
        width: Γ, or the standard deviation of a Gaussian.
        shape: of the branch.

    Examples:
        >>> round(full_width_at_half_maximum(0.16), 4)
        0.2513
    """
    return width * (0.5 * math.pi if shape == "cosine-squared" else GAUSSIAN_WIDTHS_PER_FULL_WIDTH)


def trapped_offset(width: float, *, shape: Shape = "cosine-squared") -> float:
    """How far the centre of the trapped branch lies below that of the mobile one if nobody says, in its unit.

    `TRAPPED_OFFSET_IN_FULL_WIDTHS` full widths at half maximum of the mobile branch: πΓ for cos² (Gunawan 2024 ESI
    (S15)), 4 √(2 ln 2) standard deviations for a Gaussian.

    Args:
        width: of the mobile branch: Γ, or the standard deviation of a Gaussian.
        shape: of the branches.

    Examples:
        >>> round(trapped_offset(0.16), 4)
        0.5027
        >>> round(trapped_offset(0.16, shape="gaussian"), 4)
        0.7535
    """
    return TRAPPED_OFFSET_IN_FULL_WIDTHS * full_width_at_half_maximum(width, shape=shape)


def width_of_full_width(full_width: float, *, shape: Shape = "cosine-squared") -> float:
    """Γ (or the standard deviation of a Gaussian) that has a full width at half maximum, in its unit.

    Args:
        full_width: at half maximum.
        shape: of the branch.

    Examples:
        >>> round(width_of_full_width(225.0), 1)
        143.2
    """
    return full_width / full_width_at_half_maximum(1.0, shape=shape)


def _total(branches: tuple[Branch, ...]) -> float:
    return math.fsum(branch.weight for branch in branches)


def _invert(branches: tuple[Branch, ...], density: FloatArray) -> FloatArray:
    """Energies up to which overlapping branches hold `density`: exact for one, by bracketed Newton steps for more."""
    if len(branches) == 1:
        return branches[0].quantile(density)
    lowest, highest = min(branch.lowest for branch in branches), max(branch.highest for branch in branches)
    if math.isfinite(lowest) and math.isfinite(highest):
        energies = np.linspace(lowest, highest, BRACKET_COUNT + 1)
        held = np.add.reduce([branch.cumulative(energies) for branch in branches])
        index = np.clip(np.searchsorted(held, density), 1, BRACKET_COUNT)
        return _find_crossings(branches, density, energies[index - 1], energies[index])
    # Where a single branch already holds n the sum holds at least n; where each holds at most its share, at most n.
    # The same from above, counted in empty sites.
    empty = _total(branches) - density
    upper = np.minimum.reduce([_quantile_or(branch, density, math.inf) for branch in branches])
    lower = np.maximum.reduce([_quantile_or(branch, branch.weight - empty, -math.inf) for branch in branches])
    share = 1.0 / len(branches)
    lower = np.maximum(lower, np.minimum.reduce([branch.quantile(share * density) for branch in branches]))
    upper = np.minimum(
        upper, np.maximum.reduce([branch.quantile(branch.weight - share * empty) for branch in branches])
    )
    return _find_crossings(branches, density, lower, np.maximum(lower, upper))


def _quantile_or(branch: Branch, density: FloatArray, otherwise: float) -> FloatArray:
    possible = (density >= 0.0) & (density <= branch.weight)
    return np.where(possible, branch.quantile(density), otherwise)


def _find_crossings(
    branches: tuple[Branch, ...], density: FloatArray, lower: FloatArray, upper: FloatArray
) -> FloatArray:
    """Solve N(E) = n inside brackets by Newton steps, halving the bracket where a step leaves it.

    Where a narrow branch stands in a broad one, steps can go to and fro between the two for ever: after
    `UNGUARDED_STEPS` every second one halves the bracket.
    """
    tolerance = 1e-14 * _total(branches)
    energy = 0.5 * (lower + upper)
    lower, upper = lower.copy(), upper.copy()
    active = np.flatnonzero(np.isfinite(energy))
    for iteration in range(LARGEST_ITERATION_COUNT):
        if active.size == 0:
            break
        trial, target = energy[active], density[active]
        excess = np.add.reduce([branch.cumulative(trial) for branch in branches]) - target
        slope = np.add.reduce([branch.density_of_states(trial) for branch in branches])
        low = np.where(excess <= 0.0, trial, lower[active])
        high = np.where(excess >= 0.0, trial, upper[active])
        with np.errstate(divide="ignore", invalid="ignore"):
            step = trial - excess / slope
        inside = (step >= low) & (step <= high) & (iteration < UNGUARDED_STEPS or iteration % 2 == 1)
        converged = np.abs(excess) <= tolerance
        following = np.where(inside, step, np.where(converged, trial, 0.5 * (low + high)))
        lower[active], upper[active], energy[active] = low, high, following
        narrow = high - low <= 4.0 * np.finfo(float).eps * np.maximum(np.abs(low), np.abs(high))
        active = active[~(converged | narrow)]
    return energy


def _angle_minus_sine(angle: FloatArray) -> FloatArray:
    """Compute x − sin x for 0 ≤ x ≤ 2π, without cancellation near zero."""
    square = angle * angle
    # Taylor series, good to 1e-17 relative below 0.5.
    series = angle * square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0 * (
        1.0 - square / 110.0 * (1.0 - square / 156.0)))))  # fmt: skip
    return np.where(angle < 0.5, series, angle - np.sin(angle))


def _inverse_angle_minus_sine(value: FloatArray) -> FloatArray:
    """Find x with x − sin x = M for 0 ≤ M ≤ 2π: Kepler's equation of an orbit of eccentricity one.

    The cube-root series is accurate to 1 % up to M = π, the upper half follows by symmetry, and three steps of
    Halley's method reach the rounding error.
    """
    mirrored = value > math.pi
    mean = np.where(mirrored, 2.0 * math.pi - value, value)
    root = np.cbrt(6.0 * mean)
    square = root * root
    angle = root * (1.0 + square / 60.0 * (1.0 + 3.0 * square / 70.0 * (1.0 + square / 18.0)))
    for _ in range(3):
        excess = _angle_minus_sine(angle) - mean
        # 1 − cos x and sin x, by the half angle so that nothing cancels.
        sine, cosine = np.sin(0.5 * angle), np.cos(0.5 * angle)
        first, second = 2.0 * sine * sine, 2.0 * sine * cosine
        denominator = 2.0 * first * first - excess * second
        positive = denominator > 0.0
        angle = angle - np.where(positive, 2.0 * excess * first / np.where(positive, denominator, 1.0), 0.0)
    return np.where(mirrored, 2.0 * math.pi - angle, angle)


def _scipy_special() -> _NormalDistribution:
    from scipy import special

    return cast(_NormalDistribution, special)


class _NormalDistribution:
    """The two functions of scipy.special used here, typed."""

    ndtr: Callable[[Any], FloatArray]
    ndtri: Callable[[Any], FloatArray]
