"""The distribution of site energies and its inversion, the Fermi energy as a function of the density of ions.

Sites are filled from the bottom to the top (zero-kelvin approximation). Energies in joule, densities in 1/m^3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import non_negative, positive
from ionscape.arrays import FloatArray
from ionscape.diffusivity.branches import AnyBranch, Branch, Shape, histogram_branches
from ionscape.diffusivity.branches import trapped_offset as usual_trapped_offset
from ionscape.errors import InputError

SMALLEST_OCCUPATION = 1e-12
"""A distribution without a lowest (highest) energy is inverted no closer to empty (full) than this share of its
sites; below (above) it the Fermi energy stays constant, so that it is finite for a density of zero."""

LARGEST_ITERATION_COUNT = 200
UNGUARDED_STEPS = 20
BRACKET_COUNT = 1024


@dataclass(frozen=True, kw_only=True)
class SiteEnergyDistribution:
    """Density of sites over energy, a sum of branches (Gunawan 2024 ESI (S15)).

    Attributes:
        branches: one or more; the first is the mobile one.
    """

    branches: tuple[AnyBranch, ...]

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
            if chosen.any():
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

    def shifted(self, by: float) -> SiteEnergyDistribution:
        """The same sites at energies that are higher [J]."""
        return SiteEnergyDistribution(branches=tuple(branch.shifted(by) for branch in self.branches))

    @cached_property
    def _densities_inverted(self) -> tuple[float, float]:
        total = self.total_sites
        lowest = 0.0 if math.isfinite(self.lowest) else SMALLEST_OCCUPATION * total
        highest = total if math.isfinite(self.highest) else (1.0 - SMALLEST_OCCUPATION) * total
        return lowest, highest

    @cached_property
    def _groups(self) -> list[tuple[AnyBranch, ...]]:
        """Branches that overlap, together; the groups from the lowest energy to the highest."""
        ordered = sorted(self.branches, key=lambda branch: branch.lowest)
        groups: list[tuple[AnyBranch, ...]] = []
        top = -math.inf
        for branch in ordered:
            if groups and branch.lowest < top:
                groups[-1] = (*groups[-1], branch)
            else:
                groups.append((branch,))
            top = max(top, branch.highest)
        return groups


def site_distribution(
    *,
    bulk_density: float,
    width: float | None = None,
    excess_sites: float = 0.10,
    trapped_fraction: float = 0.0,
    trapped_width: float | None = None,
    trapped_offset: float | None = None,
    shape: Shape = "cosine-squared",
    energies: Sequence[float] | None = None,
    weights: Sequence[float] | None = None,
) -> SiteEnergyDistribution:
    """Sites in units of the density of ions in the native glass: branches, or a histogram of any form.

    The mobile branch holds (1 + excess_sites − trapped_fraction) of `bulk_density` and is centred at zero, the trapped
    branch trapped_fraction of it, centred `trapped_offset` lower (Gunawan 2024 ESI (S15)). A histogram has the energies
    that are given.

    Args:
        bulk_density: n_bulk, unit in which sites are counted [1/m^3].
        width: Γ of the mobile branch, or its standard deviation if Gaussian [J]; None for a histogram.
        excess_sites: sites minus ions, relative to n_bulk; greater than 0 for a Gaussian.
        trapped_fraction: sites of the trapped branch relative to n_bulk, in [0, 1).
        trapped_width: Γ or standard deviation of the trapped branch [J]; needed if trapped_fraction > 0.
        trapped_offset: centre of the trapped branch below that of the mobile one [J]; two full widths at half maximum
            of the mobile branch if None: πΓ for cos², 4.71 standard deviations for a Gaussian.
        shape: of both branches.
        energies: middles of the intervals of a histogram, rising [J]; see `histogram_branches`.
        weights: its sites in each of them, in any unit.

    Raises:
        InputError: a value is out of its bounds.
    """
    positive("bulk_density", bulk_density)
    non_negative("excess_sites", excess_sites)
    if energies is not None or weights is not None:
        total = (1.0 + excess_sites) * bulk_density
        return SiteEnergyDistribution(
            branches=histogram_branches(energies=energies or (), weights=weights or (), total_sites=total)
        )
    if width is None:
        raise InputError("is missing", key="width", remedy="give the width of the mobile branch")
    positive("width", width)
    if not 0.0 <= trapped_fraction < 1.0:
        problem = "must be at least 0 and less than 1, or no mobile ions are left"
        raise InputError(problem, key="trapped_fraction", value=trapped_fraction)
    if shape == "gaussian" and excess_sites == 0.0:
        remedy = "a Gaussian has no highest energy, so that all its sites are never full"
        raise InputError("must be greater than 0", key="excess_sites", value=excess_sites, remedy=remedy)
    mobile = Branch(shape=shape, centre=0.0, width=width, weight=(1.0 + excess_sites - trapped_fraction) * bulk_density)
    if trapped_fraction == 0.0:
        return SiteEnergyDistribution(branches=(mobile,))
    if trapped_width is None:
        raise InputError("is missing", key="trapped_width", remedy="give the width of the trapped branch")
    positive("trapped_width", trapped_width)
    offset = usual_trapped_offset(width, shape=shape) if trapped_offset is None else trapped_offset
    positive("trapped_offset", offset)
    trapped = Branch(shape=shape, centre=-offset, width=trapped_width, weight=trapped_fraction * bulk_density)
    return SiteEnergyDistribution(branches=(mobile, trapped))


def _total(branches: tuple[AnyBranch, ...]) -> float:
    return math.fsum(branch.weight for branch in branches)


def _invert(branches: tuple[AnyBranch, ...], density: FloatArray) -> FloatArray:
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


def _quantile_or(branch: AnyBranch, density: FloatArray, otherwise: float) -> FloatArray:
    possible = (density >= 0.0) & (density <= branch.weight)
    return np.where(possible, branch.quantile(density), otherwise)


def _find_crossings(
    branches: tuple[AnyBranch, ...], density: FloatArray, lower: FloatArray, upper: FloatArray
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
