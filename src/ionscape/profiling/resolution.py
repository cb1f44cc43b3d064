"""Depth resolution: what sputtering makes of a profile, as operators on simulated densities.

A response g(z) is the signal of a thin layer at a distance z below it: the measured density is the convolution
m(x) = ∫ n(x') g(x − x') dx'. The density comes in cells, n_j between the edges e_j and e_{j+1}, so that with G, the
cumulative of g,

    m(x_i) = Σ_j R_ij n_j / Σ_j R_ij,        R_ij = G(x_i − e_j) − G(x_i − e_{j+1})

    letter  meaning                                                                    unit   shape
    x       depth where the density is observed                                        m      (points,)
    e       edges of the cells                                                         m      (cells + 1,)
    σ       standard deviation of the Gaussian (MRI: roughness)                        m      scalar
    w, λ    mixing length and information depth of MRI                                 m      scalar

There is no material above the surface; dividing by the row sum lets the response end there, so that a constant profile
stays constant. Below the last edge its cell goes on, for the same reason. Cell integrals are exact for any cell width.

Source of the mixing–roughness–information-depth (MRI) response: Hofmann, Surf. Interface Anal. 21 (1994) 673.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import non_negative
from ionscape.arrays import FloatArray
from ionscape.errors import InputError

_FAR = 40.0


class DepthResponse(ABC):
    """What a thin layer looks like in a depth profile."""

    @property
    @abstractmethod
    def standard_deviation(self) -> float:
        """Of the response [m]."""

    @abstractmethod
    def scaled(self, factor: float) -> Self:
        """The same with all lengths times a factor."""

    @abstractmethod
    def _parts(self, distance: FloatArray) -> FloatArray:
        """R of the module, shape (points, cells), for distances below the edges [m], shape (points, cells + 1)."""

    def matrix(self, edges: ArrayLike, at: ArrayLike) -> FloatArray:
        """Operator on cell averages.

        Args:
            edges: of the cells [m], rising, shape (cells + 1,).
            at: depths to observe [m], shape (points,).

        Returns:
            Shape (points, cells), not negative, each row summing to 1.

        Raises:
            InputError: edges do not rise, or a depth is not finite.
        """
        borders, depths = _geometry(edges, at)
        if self.standard_deviation == 0.0:
            return _sampling(borders, depths)
        return _normalised(self._parts(depths[:, None] - borders[None, :]), borders, depths)


@dataclass(frozen=True, kw_only=True)
class GaussianResponse(DepthResponse):
    """A Gaussian response.

    Attributes:
        sigma: standard deviation [m]; 0 samples the cell that holds the point.
    """

    sigma: float

    def __post_init__(self) -> None:
        """Check the width.

        Raises:
            InputError: it is negative or not finite.
        """
        non_negative("sigma", self.sigma)

    @property
    def standard_deviation(self) -> float:
        """Of the response [m]."""
        return self.sigma

    def scaled(self, factor: float) -> GaussianResponse:
        """The same, wider by a factor."""
        return GaussianResponse(sigma=factor * self.sigma)

    def _parts(self, distance: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        scaled = distance / self.sigma
        # Differences of the upper tail keep their digits where both cumulatives are nearly 1.
        below, above = ndtr(scaled), ndtr(-scaled)
        parts = np.where(scaled[:, 1:] > 0.0, above[:, 1:] - above[:, :-1], below[:, :-1] - below[:, 1:])
        parts[:, -1] = below[:, -2]
        return parts


@dataclass(frozen=True, kw_only=True)
class MixingRoughnessInformationResponse(DepthResponse):
    """Hofmann's MRI response: a Gaussian roughness, with mixing that drags ions inwards and ions that come from below.

    Mixing over w turns a layer at x' into exp(−(x − x' + w)/w)/w for x > x' − w; detecting ions down to λ below the
    surface turns it into exp((x − x')/λ)/λ for x < x'; roughness is a Gaussian of σ. The response is the convolution of
    the three, of mean 0 (σ), 0 (mixing: w − w) and −λ. A layer thus appears λ too shallow.

    Attributes:
        mixing_length: w [m].
        roughness: σ [m].
        information_depth: λ [m].
    """

    mixing_length: float
    roughness: float
    information_depth: float

    def __post_init__(self) -> None:
        """Check the lengths.

        Raises:
            InputError: one is negative or not finite.
        """
        for name in ("mixing_length", "roughness", "information_depth"):
            non_negative(name, getattr(self, name))

    @property
    def standard_deviation(self) -> float:
        """Of the response [m], √(σ² + w² + λ²)."""
        return math.sqrt(self.roughness**2 + self.mixing_length**2 + self.information_depth**2)

    def scaled(self, factor: float) -> MixingRoughnessInformationResponse:
        """The same with its three lengths times a factor."""
        return MixingRoughnessInformationResponse(
            mixing_length=factor * self.mixing_length,
            roughness=factor * self.roughness,
            information_depth=factor * self.information_depth,
        )

    def cumulative(self, distance: ArrayLike) -> FloatArray:
        """Integral of the response up to a distance below the layer [m], of the shape of `distance`.

        An exponential towards greater depth of length w and one towards lesser depth of length λ have the cumulatives

            W(z) = 1 − exp(−z/w) for z > 0, else 0;    L(z) = exp(z/λ) for z < 0, else 1

        and their convolution is (λ L + w W) / (λ + w) by partial fractions; that with a Gaussian turns each into an
        exponentially modified Gaussian.
        """
        distance = np.asarray(distance, dtype=np.float64)
        mixing, depth = self.mixing_length, self.information_depth
        shifted = distance + mixing
        if mixing == 0.0 and depth == 0.0:
            return _cumulative_gaussian(distance, self.roughness)
        deeper = _cumulative_exponential(shifted, mixing, self.roughness)
        # The exponential towards the surface is the mirror image of the other.
        shallower = 1.0 - _cumulative_exponential(-shifted, depth, self.roughness)
        return (mixing * deeper + depth * shallower) / (mixing + depth)

    def _parts(self, distance: FloatArray) -> FloatArray:
        cumulative = self.cumulative(distance)
        cumulative[:, -1] = 0.0
        return np.maximum(cumulative[:, :-1] - cumulative[:, 1:], 0.0)


def _geometry(edges: ArrayLike, at: ArrayLike) -> tuple[FloatArray, FloatArray]:
    borders, depths = np.asarray(edges, dtype=np.float64), np.asarray(at, dtype=np.float64)
    if borders.ndim != 1 or borders.size < 2 or depths.ndim != 1:
        raise InputError("must have the shapes (cells + 1,) and (points,)", key="edges and at",
                         value=f"{borders.shape} and {depths.shape}")  # fmt: skip
    if not (np.all(np.isfinite(borders)) and np.all(np.diff(borders) > 0.0)):
        raise InputError("must rise", key="edges")
    if not np.all(np.isfinite(depths)):
        raise InputError("must be finite", key="at")
    return borders, depths


def _sampling(edges: FloatArray, at: FloatArray) -> FloatArray:
    """One for the cell that holds the point; points beyond the cells belong to the nearest one."""
    cells = len(edges) - 1
    cell = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, cells - 1)
    return (np.arange(cells)[None, :] == cell[:, None]).astype(np.float64)


def _normalised(parts: FloatArray, edges: FloatArray, at: FloatArray) -> FloatArray:
    total = parts.sum(axis=1, keepdims=True)
    # A point so far above the surface that nothing reaches it shows the first cell.
    reached = total > 1e-290
    return np.where(reached, parts / np.where(reached, total, 1.0), _sampling(edges, at))


def _cumulative_gaussian(distance: FloatArray, sigma: float) -> FloatArray:
    if sigma == 0.0:
        return (distance >= 0.0).astype(np.float64)
    from scipy.special import ndtr

    return ndtr(distance / sigma)


def _cumulative_exponential(distance: FloatArray, length: float, sigma: float) -> FloatArray:
    """Cumulative of an exponential of a length, folded with a Gaussian (exponentially modified Gaussian).

    F(z) = Φ(z/σ) − exp(−z/w + σ²/2w²) Φ(z/σ − σ/w). With erfcx, exp(x²) erfc(x), the product is
    exp(−z²/2σ²) erfcx((σ/w − z/σ)/√2)/2, which cannot overflow while that argument is not negative; where it is,
    Φ is between 1/2 and 1 and the exponent is negative, so that the plain form is safe.
    """
    if length == 0.0:
        return _cumulative_gaussian(distance, sigma)
    if sigma == 0.0:
        return -np.expm1(-np.maximum(distance, 0.0) / length)
    from scipy.special import erfcx, ndtr

    scaled = distance / sigma
    ratio = sigma / length
    argument = (ratio - scaled) / math.sqrt(2.0)
    near = argument >= 0.0
    far = np.exp(np.where(near, -1.0, 0.5 * ratio**2 - ratio * scaled)) * ndtr(np.where(near, 0.0, scaled - ratio))
    close = 0.5 * np.exp(-0.5 * np.minimum(np.abs(scaled), _FAR) ** 2) * erfcx(np.where(near, argument, 0.0))
    return np.maximum(ndtr(scaled) - np.where(near, close, far), 0.0)
