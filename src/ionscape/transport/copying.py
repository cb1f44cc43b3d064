"""Copies of arrays inside kernels."""

from __future__ import annotations

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel, rounding_kernel


@inner_kernel
def copy(target: FloatArray, source: FloatArray) -> None:
    """Copy an array of the same shape, both contiguous.

    ``target[:] = source`` would be shorter; but the sentence that numba makes for shapes that differ, and with it all
    its functions of strings, took a third of the time of compilation.
    """
    to, from_ = target.reshape(-1), source.reshape(-1)
    for k in range(to.shape[0]):
        to[k] = from_[k]


@rounding_kernel
def add_weighted(target: FloatArray, weight: float, source: FloatArray) -> None:
    """``target += weight * source``, shapes as in `copy` and for its reason; Python calls it as well."""
    to, from_ = target.reshape(-1), source.reshape(-1)
    for k in range(to.shape[0]):
        to[k] += weight * from_[k]
