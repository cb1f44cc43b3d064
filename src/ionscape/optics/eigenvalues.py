"""Eigenvalues of symmetric bands in an interval, every one of them: counted, separated by halving, refined.

By Sylvester's law of inertia A − σB has as many positive pivots as there are eigenvalues of A x = λ B x above σ, if B
is positive definite. Lanczos methods take a hundred times longer where eigenvalues lie densely at the end of the
interval, as modes do near their cut-off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.compiled import ordered_kernel

HALVED = 3
"""How often an interval with a single eigenvalue is halved before that is refined: others are then seldom nearer."""
CLOSEST = 4e-16
"""Relative width of an interval that is not halved further: what it holds counts as one value."""
CONVERGED = 1e-8
"""Relative change of Rayleigh's quotient after which it is exact: its error falls with the third power."""
INVERSE, ITERATIONS = 4, 14
"""Steps with the shift as it was given, and all."""


@ordered_kernel
def decompose(matrix: FloatArray, weight: FloatArray, shift: float, factors: FloatArray) -> int:
    """L D Lᵀ of A − σB without pivoting; how many pivots are positive.

    Args:
        matrix: A, entries (j + k, j) at [k, j], shape (width + 1, size).
        weight: B, likewise.
        shift: σ.
        factors: receives D at [j, 0] and the entries (j + k, j) of L at [j, k], shape (size, width + 1).
    """
    width, size = matrix.shape[0] - 1, matrix.shape[1]
    for j in range(size):
        for k in range(width + 1):
            factors[j, k] = matrix[k, j] - shift * weight[k, j]
    above = 0
    for j in range(size):
        pivot = factors[j, 0]
        if pivot == 0.0:
            pivot = factors[j, 0] = -1e-300
        above += pivot > 0.0
        last = min(width, size - 1 - j)
        for k in range(1, last + 1):
            share = factors[j, k] / pivot
            for r in range(k, last + 1):
                factors[j + k, r - k] -= share * factors[j, r]
        for k in range(1, last + 1):
            factors[j, k] /= pivot
    return above


@ordered_kernel
def solve(factors: FloatArray, right: FloatArray) -> None:
    """Replace the right-hand side (size,) by the solution, with the factors of `decompose`."""
    size, width = factors.shape[0], factors.shape[1] - 1
    for j in range(size):
        for k in range(1, min(width, size - 1 - j) + 1):
            right[j + k] -= factors[j, k] * right[j]
    for j in range(size):
        right[j] /= factors[j, 0]
    for j in range(size - 1, -1, -1):
        for k in range(1, min(width, size - 1 - j) + 1):
            right[j] -= factors[j, k] * right[j + k]


@ordered_kernel
def product(band: FloatArray, vector: FloatArray) -> FloatArray:
    """A x of a symmetric band."""
    width, size = band.shape[0] - 1, band.shape[1]
    result = band[0] * vector
    for k in range(1, width + 1):
        for j in range(size - k):
            result[j + k] += band[k, j] * vector[j]
            result[j] += band[k, j] * vector[j + k]
    return result


def count_above(matrix: FloatArray, weight: FloatArray, shift: float) -> int:
    """How many eigenvalues of A x = λ B x lie above a value; bands as for `decompose`."""
    return decompose(matrix, weight, shift, np.empty(matrix.shape[::-1]))


def eigenvalues_between(
    matrix: FloatArray, weight: FloatArray, low: float, high: float, most: int
) -> tuple[FloatArray, FloatArray]:
    """The eigenvalues of A x = λ B x between two values, from above, with their vectors.

    Args:
        matrix: A as a band (width + 1, size), entries (j + k, j) at [k, j].
        weight: B likewise, positive definite.
        low: lower end.
        high: upper end; no eigenvalue lies above it.
        most: how many are wanted at most.

    Returns:
        Eigenvalues, falling (values,), and vectors with xᵀ B x = 1 (size, values).
    """
    factors = np.empty(matrix.shape[::-1])
    vectors: list[FloatArray] = []
    values: list[float] = []
    # intervals with the numbers of eigenvalues above their upper and lower ends, and how often they were halved since
    # they hold a single one; the highest on top
    intervals = [(low, high, 0, decompose(matrix, weight, low, factors), 0)]
    while intervals and len(values) < most:
        low, high, before, after, halved = intervals.pop()
        if before == after:
            continue
        middle = 0.5 * (low + high)
        narrow = high - low <= CLOSEST * max(abs(low), abs(high))
        if narrow or halved >= HALVED:
            value, vector = refined(matrix, weight, middle, vectors[-1:])
            if narrow or low <= value <= high:
                values.append(value)
                vectors.append(vector)
                intervals.append((low, high, before + 1, after, 0))
                continue
        between = decompose(matrix, weight, middle, factors)
        halved = halved + 1 if after == before + 1 else 0
        intervals += [(low, middle, between, after, halved), (middle, high, before, between, halved)]
    return np.array(values), np.array(vectors).reshape(-1, matrix.shape[1]).T


def refined(
    matrix: FloatArray, weight: FloatArray, shift: float, apart: Sequence[FloatArray] = ()
) -> tuple[float, FloatArray]:
    """The eigenvalue nearest to a value, and its vector: inverse iterations, then shifts by Rayleigh's quotient.

    Args:
        matrix: A as a band.
        weight: B as a band.
        shift: nearer to the eigenvalue sought than to others.
        apart: vectors to which that of the result is orthogonal.
    """
    factors = np.empty(matrix.shape[::-1])
    weighted = product(weight, np.cos(np.arange(matrix.shape[1]) * 2.3) + 1.1)  # neither random nor smooth
    others = [(other, product(weight, other)) for other in apart]
    vector, value = weighted, shift
    for iteration in range(ITERATIONS):
        if iteration == 0 or iteration >= INVERSE:
            shift = value if iteration else shift
            decompose(matrix, weight, shift, factors)
        vector = weighted.copy()
        solve(factors, vector)
        for other, heavy in others:
            vector -= other * (heavy @ vector)
        size = np.abs(vector).max()  # a shift that is the eigenvalue itself makes it huge
        vector /= size
        before, last = value, weighted
        weighted = product(weight, vector)
        square = float(vector @ weighted)
        # Rayleigh's quotient of y with (A - σB) y = B x is σ + yᵀB x / yᵀB y
        value = shift + float(vector @ last) / (size * square)
        vector, weighted = vector / np.sqrt(square), weighted / np.sqrt(square)
        if iteration and abs(value - before) <= CONVERGED * abs(value):
            break
    return value, vector
