"""Checks of the arguments of this package: whatever their type is, what is wrong becomes one sentence."""

from __future__ import annotations

import math
import numbers

from ionscape.errors import InputError


def positive_number(value: object, *, key: str) -> float:
    """The value as a float, if it is a finite number above 0.

    Raises:
        InputError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0.0 < float(value) < math.inf:
        raise InputError("must be a finite number greater than 0", key=key, value=shown(value))
    return float(value)


def whole_number(value: object, *, key: str, least: int = 0) -> int:
    """The value as an int, if it is a whole number of at least `least`; numpy's integers are.

    Raises:
        InputError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < least:
        raise InputError(f"must be a whole number of at least {least}", key=key, value=shown(value))
    return int(value)


def axis(direction: object) -> int:
    """The direction of the field as an int.

    Raises:
        InputError: it is not 0, 1 or 2.
    """
    if isinstance(direction, bool) or not isinstance(direction, numbers.Integral) or int(direction) not in (0, 1, 2):
        raise InputError("must be 0, 1 or 2, an axis of the lattice", key="direction", value=shown(direction))
    return int(direction)


def shown(value: object) -> object:
    """The value as an error shows it: numbers, texts and lists as they are, anything else as Python writes it."""
    return value if isinstance(value, int | float | str | list | tuple) else repr(value)
