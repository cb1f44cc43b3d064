"""How kernels are compiled: once, cached on disk beside the installed package (or in the user's cache folder)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Fused multiply-add and reordering of sums, but no assumption that numbers are finite: tests for that stay.
_FAST = {"contract", "reassoc", "arcp", "nsz"}


def kernel(function: _Function) -> _Function:
    """Compile a function at its first call. Divisions by zero give infinities, as in numpy."""
    return cast(_Function, njit(cache=True, error_model="numpy", fastmath=_FAST)(function))


def kernel_inline(function: _Function) -> _Function:
    """The same, but copied into its callers before they are compiled: for large functions of the innermost loops."""
    return cast(_Function, njit(cache=True, error_model="numpy", fastmath=_FAST, inline="always")(function))
