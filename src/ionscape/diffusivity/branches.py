"""The parts of a distribution of site energies: branches of a formula, and histograms of sites that were counted.

Energies in joule, densities in 1/m^3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
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

    def shifted(self, by: float) -> Branch:
        """The same branch at energies that are higher [J]."""
        return Branch(shape=self.shape, centre=self.centre + by, width=self.width, weight=self.weight)

    @property
    def largest_density_of_states(self) -> float:
        """Sites per energy at the centre [1/(m^3 J)]."""
        return float(self.density_of_states(self.centre))


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Sites that are spread evenly over each of several intervals of energy, which touch: N(E) is piecewise linear.

    Attributes:
        edges: of the intervals, rising, one more than there are intervals [J].
        sites: density of the sites in each interval, positive [1/m^3].
    """

    edges: tuple[float, ...]
    sites: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.sites or len(self.edges) != len(self.sites) + 1:
            problem = f"has {len(self.edges)} edges and {len(self.sites)} densities of sites"
            raise InputError(problem, key="edges", remedy="give one edge more than there are intervals")
        for edge in self.edges:
            finite("edges", edge)
        if not all(lower < upper for lower, upper in pairwise(self.edges)):
            raise InputError("must increase from edge to edge", key="edges", value=self.edges)
        for density in self.sites:
            positive("sites", density)

    @cached_property
    def weight(self) -> float:
        """Density of all its sites [1/m^3]."""
        return math.fsum(self.sites)

    @property
    def lowest(self) -> float:
        """Lower edge [J]."""
        return self.edges[0]

    @property
    def highest(self) -> float:
        """Upper edge [J]."""
        return self.edges[-1]

    @property
    def centre(self) -> float:
        """Middle of the intervals in which there are at least half as many sites per energy as at most [J]."""
        lower, upper = self._half_maximum
        return 0.5 * (lower + upper)

    @property
    def full_width_at_half_maximum(self) -> float:
        """Width of the same [J]."""
        lower, upper = self._half_maximum
        return upper - lower

    @property
    def largest_density_of_states(self) -> float:
        """Sites per energy where they are densest [1/(m^3 J)]."""
        return float(self._densities.max())

    def density_of_states(self, energy: ArrayLike) -> FloatArray:
        """Sites per energy [1/(m^3 J)], of the shape of `energy` [J]; at an edge those of the interval above it."""
        index = np.searchsorted(self.edges, np.asarray(energy, dtype=float), side="right")
        return np.concatenate([[0.0], self._densities, [0.0]])[index]

    def cumulative(self, energy: ArrayLike) -> FloatArray:
        """Sites at or below an energy [1/m^3], of the shape of `energy` [J]."""
        return np.interp(np.asarray(energy, dtype=float), self.edges, self._held)

    def quantile(self, density: ArrayLike) -> FloatArray:
        """Energy [J] up to which the histogram alone holds `density` [1/m^3]: the inverse of straight lines, exact."""
        return np.interp(np.asarray(density, dtype=float), self._held, self.edges)

    def shifted(self, by: float) -> Histogram:
        """The same histogram at energies that are higher [J]."""
        return Histogram(edges=tuple(edge + by for edge in self.edges), sites=self.sites)

    @cached_property
    def _held(self) -> FloatArray:
        """Sites below each edge [1/m^3]."""
        held = np.concatenate([[0.0], np.cumsum(self.sites)])
        held[-1] = self.weight
        return held

    @cached_property
    def _densities(self) -> FloatArray:
        return np.asarray(self.sites) / np.diff(self.edges)

    @cached_property
    def _half_maximum(self) -> tuple[float, float]:
        dense = np.flatnonzero(self._densities >= 0.5 * self._densities.max())
        return self.edges[dense[0]], self.edges[dense[-1] + 1]


AnyBranch = Branch | Histogram


def histogram_branches(
    *, energies: Sequence[float], weights: Sequence[float], total_sites: float
) -> tuple[Histogram, ...]:
    """Branches of sites that are counted in intervals of energy, the highest one first.

    Each interval reaches halfway to its neighbours, the outer ones as far to either side. Intervals without sites
    divide the branches.

    Args:
        energies: middles of the intervals, rising, two or more [J].
        weights: sites in each, not negative, in any unit; only their ratios matter.
        total_sites: density of all sites together [1/m^3].

    Raises:
        InputError: the lists do not make a histogram.
    """
    middles, counts = np.asarray(energies, dtype=float), np.asarray(weights, dtype=float)
    positive("total_sites", total_sites)
    if middles.size < 2 or middles.size != counts.size:
        problem = f"do not make a histogram with {counts.size} weights"
        raise InputError(problem, key="energies", remedy="give two or more energies and as many weights")
    if not np.all(np.diff(middles) > 0.0):
        raise InputError("must increase from interval to interval", key="energies", remedy="sort them")
    if not np.all(counts >= 0.0) or not counts.sum() > 0.0:
        remedy = "give sites of at least 0 in each interval, and more than that in one of them"
        raise InputError("do not make a histogram", key="weights", remedy=remedy)
    between = 0.5 * (middles[1:] + middles[:-1])
    edges = np.concatenate([[2.0 * middles[0] - between[0]], between, [2.0 * middles[-1] - between[-1]]])
    sites = counts * (total_sites / math.fsum(counts))
    filled = np.flatnonzero(sites > 0.0)
    runs = np.split(filled, np.flatnonzero(np.diff(filled) > 1) + 1)
    return tuple(
        Histogram(edges=tuple(edges[run[0] : run[-1] + 2].tolist()), sites=tuple(sites[run].tolist()))
        for run in reversed(runs)
    )


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
