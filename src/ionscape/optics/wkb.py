"""The phase integral of guided light (WKB), with which modes can be counted and measured ones turned into a profile."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import scipy

from ionscape.arrays import FloatArray

from .index_profile import IndexProfile, points_between

Polarisation = Literal["TE", "TM"]

PARTS = 16
"""Straight pieces of n² in each interval of a profile."""
MOST_PIECES = 8_000


class PhaseIntegral:
    """∫ √(n²(x) − N²) dx over the depths where n exceeds N [m], with n² on straight pieces, and its phases."""

    def __init__(self, profile: IndexProfile, cover: float) -> None:
        """Of a profile [`IndexProfile`] under a cover of that index."""
        intervals = profile.nodes.size - 1
        points = points_between(profile.nodes, max(1, min(PARTS, MOST_PIECES // intervals)))
        self._squares = profile.of(points) ** 2
        self._lengths = np.diff(points, axis=1)
        self._rises = np.maximum(np.abs(np.diff(self._squares, axis=1)), 1e-300)
        self._surface = float(self._squares[0, 0])
        self._cover = cover**2
        self.most = float(self._squares.max())

    def __call__(self, effective_square: float) -> float:
        """The integral for N²; each straight piece of n² is integrated exactly."""
        over = np.maximum(self._squares - effective_square, 0.0)
        left, right = over[:, :-1], over[:, 1:]
        # where n² crosses N² inside a piece only a part of it counts
        crossed = np.minimum(self._squares[:, :-1], self._squares[:, 1:]) < effective_square
        part = np.where(crossed, np.maximum(left, right) / self._rises, 1.0)
        a, b = np.sqrt(left), np.sqrt(right)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(a + b > 0.0, 2.0 / 3.0 * (left + a * b + right) / (a + b), 0.0)
        return float(np.sum(mean * part * self._lengths))

    def surface_phase(self, effective_square: float, polarisation: Polarisation) -> float:
        """Half the phase that light loses at the surface: π/4 where it turns inside, arctan(r √…) at a step."""
        if self._surface <= effective_square:
            return 0.25 * math.pi
        ratio = (effective_square - self._cover) / (self._surface - effective_square)
        return math.atan((self._surface / self._cover if polarisation == "TM" else 1.0) * math.sqrt(max(ratio, 0.0)))


def wkb_effective_indices(
    profile: IndexProfile, *, wavenumber: float, cover: float, polarisation: Polarisation = "TE"
) -> FloatArray:
    """Effective indices N of a profile whose index falls with depth: k ∫ √(n² − N²) dx = (m + 1/4) π + φ(N).

    Off by some 1e-5 for weak guides, since the index changes within a wavelength of the turning point, and at the
    surface; of a guide with steps inside it is no approximation at all.

    Args:
        profile: the index over depth.
        wavenumber: k = 2π/λ in vacuum [1/m].
        cover: index above the surface.
        polarisation: of the light.

    Returns:
        N of each mode, falling (modes,).

    Source: P. K. Tien, Rev. Mod. Phys. 49, 361 (1977); φ(N) is half the phase of total reflection.
    """
    integral = PhaseIntegral(profile, cover)
    least, most = max(profile.substrate, cover) ** 2, integral.most

    def order(square: float, mode: int = 0) -> float:
        """The mode number that fits, a fraction between those of modes, less that of a mode."""
        phase = integral.surface_phase(square, polarisation)
        return (wavenumber * integral(square) - phase) / math.pi - 0.25 - mode

    if not least < most:
        return np.empty(0)
    found: list[float] = []
    for mode in range(math.floor(order(least)) + 1):
        if order(most) < mode < order(least):
            root = scipy.optimize.brentq(order, least, most, args=(mode,), xtol=1e-15)
            found.append(math.sqrt(float(root)))
    return np.array(found)
