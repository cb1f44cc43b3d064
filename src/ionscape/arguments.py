"""Checks of the arguments of public functions: whatever their type is, what is wrong becomes one sentence."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError


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


def number(value: object, *, key: str) -> float:
    """The value as a float; InputError unless it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise InputError("must be a finite number", key=key, value=shown(value))
    return float(value)


def positive_number(value: object, *, key: str) -> float:
    """The value as a float; InputError unless it is a finite number greater than 0."""
    if not number(value, key=key) > 0.0:
        raise InputError("must be a finite number greater than 0", key=key, value=shown(value))
    return number(value, key=key)


def whole_number(value: object, *, key: str, least: int = 0) -> int:
    """The value as an int; InputError unless it is a whole number of at least `least`, as numpy's integers are."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < least:
        raise InputError(f"must be a whole number of at least {least}", key=key, value=shown(value))
    return int(value)


def shown(value: object) -> object:
    """The value as an error shows it: numbers, texts and lists as they are, anything else as Python writes it."""
    return value if isinstance(value, int | float | str | list | tuple) else repr(value)


def _require(name: str, value: ArrayLike, holds: Callable[[FloatArray], NDArray[np.bool_]], problem: str) -> FloatArray:
    array = np.asarray(value, dtype=np.float64)
    accepted = holds(array)
    if not (accepted if array.ndim == 0 else accepted.all()):  # most are single numbers, thousands of them in a fit
        raise InputError(problem, key=name, value=float(array[~accepted][0]))
    return array
