"""Direct solution of block-tridiagonal systems with small blocks: Thomas' algorithm, pivoting inside the blocks.

One elimination serves one right-hand side, which it takes along, and then any number of others.
"""

from __future__ import annotations

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel

from .arrays import LANES, Workspace

DIAGONAL_PREFERENCE = 1e3
"""How much larger than the diagonal another pivot must be.

An exchange of rows mixes the rounding errors of the row of the potential, into which all ions flow, into the row of one
ion, whose balance must close.
"""


@inner_kernel
def solve(work: Workspace, size: tuple[int, ...]) -> bool:
    """Solve lower_k x_{k-1} + diagonal_k x_k + upper_k x_{k+1} = residual_k with the arrays of ``work``.

    x replaces ``work.residual``. For `substitute`, the triangular factors of the reduced blocks replace
    ``work.diagonal`` (the inverse pivots on their diagonal), ``work.pivots`` tells the exchanged rows, and what ties
    x_k to x_{k+1} replaces ``work.upper``. ``size`` is a tuple of length m - 1, from which the compiler knows the size
    m of the blocks. Returns False when a block is singular or a number is not finite.
    """
    lower, diagonal, upper = work.lower, work.diagonal, work.upper
    pivots, residual, augmented = work.pivots, work.residual, work.augmented
    m = len(size) + 1
    width = 2 * m + 1
    cells = residual.shape[0]
    for k in range(cells):
        for a in range(m):
            for b in range(m):
                augmented[a, b] = diagonal[k, a, b]
                augmented[a, m + b] = upper[k, a, b]
            augmented[a, 2 * m] = residual[k, a]
        if k > 0:
            for a in range(m):
                for c in range(m):
                    factor = lower[k, a, c]
                    for b in range(m):
                        augmented[a, b] -= factor * upper[k - 1, c, b]
                    augmented[a, 2 * m] -= factor * residual[k - 1, c]
        for p in range(m):
            best = p
            size_best = abs(augmented[p, p]) * DIAGONAL_PREFERENCE
            for a in range(p + 1, m):
                if abs(augmented[a, p]) > size_best:
                    size_best = abs(augmented[a, p])
                    best = a
            if not (0.0 < size_best < 1e300):
                return False
            pivots[k, p] = best
            if best != p:
                for b in range(p, width):
                    augmented[p, b], augmented[best, b] = augmented[best, b], augmented[p, b]
            inverse = 1.0 / augmented[p, p]
            diagonal[k, p, p] = inverse
            for a in range(p + 1, m):
                factor = augmented[a, p] * inverse
                diagonal[k, a, p] = factor
                for b in range(p + 1, width):
                    augmented[a, b] -= factor * augmented[p, b]
        for p in range(m - 1, -1, -1):
            inverse = diagonal[k, p, p]
            for b in range(m, width):
                value = augmented[p, b]
                for c in range(p + 1, m):
                    value -= augmented[p, c] * augmented[c, b]
                augmented[p, b] = value * inverse
        for a in range(m):
            for b in range(a + 1, m):
                diagonal[k, a, b] = augmented[a, b]
            for b in range(m):
                upper[k, a, b] = augmented[a, m + b]
            residual[k, a] = augmented[a, 2 * m]
    for k in range(cells - 2, -1, -1):
        for a in range(m):
            value = residual[k, a]
            for b in range(m):
                value -= upper[k, a, b] * residual[k + 1, b]
            residual[k, a] = value
    return True


@inner_kernel
def substitute(work: Workspace, right: FloatArray, size: tuple[int, ...]) -> None:
    """Solve, after `solve`, for more right-hand sides (cells, m, groups, LANES), in place.

    The innermost loops run over those that lie side by side.
    """
    lower, diagonal, upper, pivots = work.lower, work.diagonal, work.upper, work.pivots
    m = len(size) + 1
    groups = right.shape[2]
    cells = right.shape[0]
    for k in range(cells):
        if k > 0:
            for a in range(m):
                for c in range(m):
                    factor = lower[k, a, c]
                    for g in range(groups):
                        for p in range(LANES):
                            right[k, a, g, p] -= factor * right[k - 1, c, g, p]
        for q in range(m):
            best = pivots[k, q]
            if best != q:
                for g in range(groups):
                    for p in range(LANES):
                        right[k, q, g, p], right[k, best, g, p] = right[k, best, g, p], right[k, q, g, p]
            for a in range(q + 1, m):
                factor = diagonal[k, a, q]
                for g in range(groups):
                    for p in range(LANES):
                        right[k, a, g, p] -= factor * right[k, q, g, p]
        for q in range(m - 1, -1, -1):
            for c in range(q + 1, m):
                factor = diagonal[k, q, c]
                for g in range(groups):
                    for p in range(LANES):
                        right[k, q, g, p] -= factor * right[k, c, g, p]
            inverse = diagonal[k, q, q]
            for g in range(groups):
                for p in range(LANES):
                    right[k, q, g, p] *= inverse
    for k in range(cells - 2, -1, -1):
        for a in range(m):
            for b in range(m):
                factor = upper[k, a, b]
                for g in range(groups):
                    for p in range(LANES):
                        right[k, a, g, p] -= factor * right[k + 1, b, g, p]
