"""Checks of arguments that the analytic relations share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

DiffusionOfFraction = float | Callable[[FloatArray], FloatArray]
"""A diffusion coefficient [m²/s]: a number, or a function of the fraction of the ion's own density (any shape)."""


def finite(name: str, value: ArrayLike) -> FloatArray:
    """`value` as an array of floats; InputError if a number is not finite."""
    return _require(name, value, np.isfinite, "must be finite")


def positive(name: str, value: ArrayLike) -> FloatArray:
    """`value` as an array of floats; InputError unless all are finite and greater than 0."""
    return _require(name, value, lambda array: np.isfinite(array) & (array > 0), "must be finite and greater than 0")


def non_negative(name: str, value: ArrayLike) -> FloatArray:
    """`value` as an array of floats; InputError unless all are finite and at least 0."""
    return _require(name, value, lambda array: np.isfinite(array) & (array >= 0), "must be finite and at least 0")


def nonzero(name: str, value: ArrayLike) -> FloatArray:
    """`value` as an array of floats; InputError unless all are finite and differ from 0."""
    return _require(name, value, lambda array: np.isfinite(array) & (array != 0), "must be finite and not 0")


def fraction(name: str, value: ArrayLike) -> FloatArray:
    """`value` as an array of floats; InputError unless all lie from 0 to 1."""
    return _require(name, value, lambda array: (array >= 0) & (array <= 1), "must lie from 0 to 1")


def coefficient_function(name: str, coefficient: DiffusionOfFraction) -> Callable[[FloatArray], FloatArray]:
    """A diffusion coefficient as a function of the fraction that refuses negative and undefined values."""
    if not callable(coefficient):
        value = non_negative(name, coefficient)
        return lambda fractions: np.broadcast_to(value, np.shape(fractions))
    return lambda fractions: non_negative(name, coefficient(fractions))


def _require(name: str, value: ArrayLike, holds: Callable[[FloatArray], NDArray[np.bool_]], problem: str) -> FloatArray:
    array = np.asarray(value, dtype=np.float64)
    accepted = holds(array)
    if not np.all(accepted):
        raise InputError(problem, key=name, value=float(array[~accepted][0]))
    return array
