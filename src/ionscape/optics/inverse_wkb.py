"""From measured effective indices to an index profile: the phase integral solved for the depth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from ionscape.arguments import positive, positive_number
from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .wkb import Polarisation

LEAST_MODES = 3
Function = Callable[[FloatArray], FloatArray]
SURFACE_MODE = -0.75
"""Mode number at which the phase integral vanishes: light of the index of the surface turns there, with φ = π/2."""
HIGHEST_ORDER = 4
"""Of the polynomial that continues N(m) beyond the modes: more would swing there."""
POINTS, QUADRATURE = 200, 64


@dataclass(frozen=True, kw_only=True, eq=False)
class InverseWkb:
    """An index profile from effective indices.

    Attributes:
        depth: from the surface downwards [m], (points,).
        index: refractive index there (points,), falling.
        turning_depth: where the light of each mode turns [m], (modes,).
        effective_index: of the modes (modes,), falling.
        surface_index: index at depth 0; N(m) beyond the fundamental mode, and so the least certain value.
    """

    depth: FloatArray = field(repr=False)
    index: FloatArray = field(repr=False)
    turning_depth: FloatArray
    effective_index: FloatArray
    surface_index: float


def inverse_wkb(
    effective_index: ArrayLike, *, wavelength: float, cover_index: float = 1.0, polarisation: Polarisation = "TE"
) -> InverseWkb:
    """Index profile that falls with depth, from the effective indices of all its modes of one polarisation.

    The mode number m of k ∫ √(n² − N²) dx = (m + 1/4) π + φ(N) is taken as continuous, N(m) as a smooth curve through
    the measured values. The integral is one of Abel's: with F(N) = ((m(N) + 1/4) π + φ(N))/k light of index N turns at

        x(N) = (2/π) ∫ from N to n_0 of (−dF/dN') dN'/√(N'² − N²)

    where n_0, the index at the surface, is N at which F = 0. As exact as WKB and N(m) are: between the first and the
    last turning point some percent of the rise of the index; at the surface, beyond the measured modes, it is worse.

    Args:
        effective_index: of the modes 0, 1, 2, … without a gap (modes,).
        wavelength: in vacuum [m].
        cover_index: index above the surface.
        polarisation: of the light.

    Raises:
        InputError: fewer than three modes, values that do not fall or lie below that of the cover.

    Source: K. S. Chiang, J. Lightwave Technol. 3, 385 (1985); the stepwise form is that of J. M. White and P. F.
    Heidrich, Appl. Opt. 15, 151 (1976).
    """
    measured = np.atleast_1d(positive("effective_index", effective_index))
    cover, k = (
        positive_number(cover_index, key="cover_index"),
        2.0 * math.pi / positive_number(wavelength, key="wavelength"),
    )
    if measured.ndim != 1 or measured.size < LEAST_MODES:
        raise InputError("has too few modes for a profile", key="effective_index", value=measured.size,
                         bound=f"at least {LEAST_MODES}")  # fmt: skip
    if np.any(np.diff(measured) >= 0.0):
        remedy = "give all modes from the fundamental one upwards"
        raise InputError("must fall", key="effective_index", value=float(measured[1:][np.diff(measured) >= 0.0][0]),
                         remedy=remedy)  # fmt: skip
    if measured[-1] <= cover:
        raise InputError("must lie above the index of the cover", key="effective_index", value=float(measured[-1]),
                         bound=f"{cover:g}")  # fmt: skip
    modes = np.arange(measured.size, dtype=np.float64)
    curve, slope = _curve(modes, measured)
    if not slope(np.linspace(SURFACE_MODE, modes[-1], POINTS)).max() < 0.0:
        remedy = "look for a mode that is missing, or counted twice"
        raise InputError("do not lie on a falling curve over the mode number", key="effective_index",
                         value=measured.tolist(), remedy=remedy)  # fmt: skip
    numbers = np.unique(np.append(modes, np.linspace(SURFACE_MODE, modes[-1], POINTS + 1)[1:]))
    depths = _turning_depths(numbers, curve, slope, cover, polarisation) / k
    return InverseWkb(
        depth=np.append(0.0, depths), index=np.append(curve(np.array(SURFACE_MODE)), curve(numbers)),
        turning_depth=depths[np.searchsorted(numbers, modes)], effective_index=measured,
        surface_index=float(curve(np.array(SURFACE_MODE))),
    )  # fmt: skip


def _curve(modes: FloatArray, measured: FloatArray) -> tuple[Function, Function]:
    """N(m) and its slope: a polynomial through few modes, which continues a spline through many to the surface."""
    few = slice(0, HIGHEST_ORDER + 1)
    polynomial = np.polynomial.Polynomial.fit(modes[few], measured[few], modes[few].size - 1)
    if modes.size <= HIGHEST_ORDER + 1:
        return polynomial, polynomial.deriv()
    spline = CubicSpline(np.append(SURFACE_MODE, modes), np.append(polynomial(SURFACE_MODE), measured))
    return spline, spline.derivative()


def _turning_depths(
    numbers: FloatArray, curve: Function, steepness: Function, cover: float, polarisation: Polarisation
) -> FloatArray:
    """K times the depths at which light of some mode numbers turns, by Gauss' rule.

    With m' = m − (m − m_0) sin²ϑ both roots go, that of Abel's kernel at m and that of the phase at the surface.
    """
    nodes, weights = np.polynomial.legendre.leggauss(QUADRATURE)
    angle = 0.25 * np.pi * (nodes + 1.0)
    reach = (numbers - SURFACE_MODE)[:, None]
    index, slope = (part(numbers[:, None] - reach * np.sin(angle) ** 2) for part in (curve, steepness))
    surface = float(curve(np.array(SURFACE_MODE)))
    over, under = index**2 - cover**2, surface**2 - index**2
    ratio = (surface / cover) ** 2 if polarisation == "TM" else 1.0
    phase = ratio * slope * index * (surface**2 - cover**2) / (np.sqrt(over * under) * (under + ratio**2 * over))
    kernel = reach * np.sin(2.0 * angle) / np.sqrt(index**2 - curve(numbers)[:, None] ** 2)
    return (kernel * (np.pi + phase)) @ (0.25 * np.pi * weights) * (2.0 / np.pi)
