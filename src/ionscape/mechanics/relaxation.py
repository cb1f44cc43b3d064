"""Relaxation of a stress whose cause grows in time."""

from __future__ import annotations

import math

import numpy as np
import scipy

from ionscape.arrays import FloatArray


def relaxed(misfit: FloatArray, reduced_time: FloatArray, exponent: float = 1.0) -> FloatArray:
    """What is left at each time of a misfit that relaxes while it grows: ∫ R(ξ − ξ') (dε/dξ') dξ'.

        R(ξ) = exp(−ξ^β),   ξ = ∫ dt/τ(T)

    β = 1 is Maxwell's material. Between the times the misfit lies on straight lines over ξ, for which the integral is
    exact: with G(s) = ∫ R ds from 0 to s, each piece leaves Δε (G(ξ − ξ_k) − G(ξ − ξ_k+1))/Δξ. Since R is the same
    at all depths, a plate in equilibrium stays in it.

    Args:
        misfit: strain or stress without relaxation (times, cells).
        reduced_time: ξ of each time, rising from 0 (times,).
        exponent: β.

    Returns:
        The same shape; the first misfit is there from the start and relaxes from then on.

    Source: superposition of Boltzmann; for exchanged glass A. Y. Sane & A. R. Cooper, J. Am. Ceram. Soc. 70, 86 (1987).
    """
    ages = reduced_time[:, None] - reduced_time[None, :]
    area = _area(np.maximum(ages, 0.0), exponent)
    widths = np.diff(reduced_time)
    # a piece that takes no time is a jump, of which R itself is left
    slopes = np.where(widths > 0.0, (area[:, :-1] - area[:, 1:]) / np.where(widths > 0.0, widths, 1.0),
                      np.exp(-np.maximum(ages[:, 1:], 0.0) ** exponent))  # fmt: skip
    done = np.tril(np.ones(ages.shape), -1)[:, :-1]
    first = np.exp(-(np.maximum(ages[:, 0], 0.0) ** exponent))
    return first[:, None] * misfit[0] + (slopes * done) @ np.diff(misfit, axis=0)


def _area(age: FloatArray, exponent: float) -> FloatArray:
    """G(s), by the incomplete gamma function; exact for small arguments too."""
    share = np.asarray(scipy.special.gammainc(1.0 / exponent, age**exponent), dtype=np.float64)
    return math.gamma(1.0 + 1.0 / exponent) * share
