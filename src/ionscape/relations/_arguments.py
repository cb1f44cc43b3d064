"""Diffusion coefficients as arguments of the analytic relations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ionscape.arguments import non_negative
from ionscape.arrays import FloatArray

DiffusionOfFraction = float | Callable[[FloatArray], FloatArray]
"""A diffusion coefficient [m²/s]: a number, or a function of the fraction of the ion's own density (any shape)."""


def coefficient_function(name: str, coefficient: DiffusionOfFraction) -> Callable[[FloatArray], FloatArray]:
    """A diffusion coefficient as a function of the fraction that refuses negative and undefined values."""
    if not callable(coefficient):
        value = non_negative(name, coefficient)
        return lambda fractions: np.broadcast_to(value, np.shape(fractions))
    return lambda fractions: non_negative(name, coefficient(fractions))
