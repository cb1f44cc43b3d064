"""Least barriers of jumps: those of a glass transition, and ones that differ from link to link, alike both ways."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import number, positive_number, shown, whole_number
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import InputError

Kind = Literal["gaussian", "exponential", "uniform"]


def barrier_of_glass_transition(temperature: float, *, factor: float = 1.0) -> float:
    """Least barrier u0 = factor k_B T_g [J]: Bosi 2021, section III.

    The network froze at T_g, so that the smallest barriers in it are of the order of k_B T_g; the paper takes them to
    be equal, which at 700 K is its 0.06 eV, a tenth of V0. The factor is an assumption, not a result.

    Args:
        temperature: T_g of the glass [K].
        factor: u0/(k_B T_g).

    Raises:
        InputError: a value is not above 0.
    """
    return positive_number(factor, key="factor") * BOLTZMANN_CONSTANT * positive_number(temperature, key="temperature")


@dataclass(frozen=True, kw_only=True)
class BarrierDistribution:
    """Least barriers of the links, drawn for each: Bosi 2021 names distributed barriers as open.

    Attributes:
        distribution: "gaussian" (without what would be below 0), "exponential" from mean − width on, or "uniform" from
            mean − width/2 to mean + width/2.
        mean: of the barriers; of the gaussian one before what is below 0 is left out [J].
        width: standard deviation of the gaussian and the exponential one, whole width of the uniform one [J].
        seed: of the draws: the same link has the same barrier in all that is calculated.

    Raises:
        InputError: a value out of range, or barriers below 0.
    """

    distribution: Kind
    mean: float
    width: float
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every value."""
        if self.distribution not in get_args(Kind):
            raise InputError("is unknown", key="distribution", value=shown(self.distribution),
                             remedy=f"choose one of {', '.join(get_args(Kind))}")  # fmt: skip
        if number(self.mean, key="mean") < 0.0:
            raise InputError("must be a finite number of at least 0", key="mean", value=self.mean)
        positive_number(self.width, key="width")
        whole_number(self.seed, key="seed")
        least = {"gaussian": 0.0, "exponential": self.width, "uniform": 0.5 * self.width}[self.distribution]
        if self.mean < least:
            raise InputError("leaves barriers below 0", key="width", value=self.width,
                             bound=f"the mean must be at least {least:.4g} J")  # fmt: skip

    def of_links(self, axis: NDArray[np.int64], begin: NDArray[np.int64], sites: int) -> FloatArray:
        """Barriers of links, each from a site to its successor along an axis [J] (m,).

        Args:
            axis: of each (m,).
            begin: flat index of the site where each begins (m,).
            sites: of the lattice.
        """
        return self._quantile(_draws(self.seed, sites)[axis, begin])

    def _quantile(self, share: FloatArray) -> FloatArray:
        if self.distribution == "uniform":
            return self.mean + self.width * (share - 0.5)
        if self.distribution == "exponential":
            return self.mean - self.width - self.width * np.log1p(-share)
        from scipy.special import ndtr, ndtri

        below = ndtr(-self.mean / self.width)
        return np.maximum(self.mean + self.width * ndtri(below + share * (1.0 - below)), 0.0)


@lru_cache(maxsize=2)
def _draws(seed: int, sites: int) -> FloatArray:
    return np.random.Generator(np.random.Philox(seed)).random((3, sites))
