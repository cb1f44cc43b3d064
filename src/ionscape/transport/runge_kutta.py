"""Coefficients of the diagonally implicit Runge-Kutta methods: explicit first substep, stiffly accurate, L-stable.

Their stages are called substeps, since an experiment has stages. The last one is the new solution, so that Poisson's
equation, an algebraic constraint, holds exactly at every accepted time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ionscape.arrays import FloatArray


class RungeKutta(NamedTuple):
    """Coefficients of one method."""

    a: FloatArray  # (substeps, substeps), the last row also holds the weights b
    nodes: FloatArray  # (substeps,)
    weights_error: FloatArray  # (substeps,) b minus the embedded weights
    diagonal: float
    order: int  # power of the step size in the error estimate


def _method(a: list[list[float]], embedded: list[float], order: int) -> RungeKutta:
    substeps = len(a)
    matrix = np.zeros((substeps, substeps))
    for row, values in enumerate(a):
        matrix[row, : len(values)] = values
    return RungeKutta(matrix, matrix.sum(axis=1), matrix[-1] - np.array(embedded), float(matrix[-1, -1]), order)


def backward_euler() -> RungeKutta:
    """Order 1, no error estimate.

    Takes the first, very short step of a stage, whose initial potential is not yet consistent.
    """
    return _method([[0.0], [0.0, 1.0]], [0.0, 1.0], 2)


def tr_bdf2() -> RungeKutta:
    """Order 2 with an embedded third-order estimate (Bank 1985; Hosea & Shampine 1996)."""
    g = 1.0 - np.sqrt(0.5)
    w = np.sqrt(2.0) / 4.0
    return _method([[0.0], [g, g], [w, w, g]], [(1.0 - w) / 3.0, (3.0 * w + 1.0) / 3.0, g / 3.0], 3)


def esdirk3() -> RungeKutta:
    """Order 3 with an embedded second-order solution: ARK3(2)4L[2]SA, implicit part (Kennedy & Carpenter 2003)."""
    g = 1767732205903.0 / 4055673282236.0
    a = [
        [0.0],
        [g, g],
        [2746238789719.0 / 10658868560708.0, -640167445237.0 / 6845629431997.0, g],
        [1471266399579.0 / 7840856788654.0, -4482444167858.0 / 7529755066697.0, 11266239266428.0 / 11593286722821.0, g],
    ]
    embedded = [
        2756255671327.0 / 12835298489170.0,
        -10771552573575.0 / 22201958757719.0,
        9247589265047.0 / 10645013368117.0,
        2193209047091.0 / 5459859503100.0,
    ]
    return _method(a, embedded, 3)


def esdirk4() -> RungeKutta:
    """Order 4 with an embedded third-order solution: ARK4(3)6L[2]SA, implicit part (Kennedy & Carpenter 2003)."""
    g = 0.25
    a = [
        [0.0],
        [g, g],
        [8611.0 / 62500.0, -1743.0 / 31250.0, g],
        [5012029.0 / 34652500.0, -654441.0 / 2922500.0, 174375.0 / 388108.0, g],
        [
            15267082809.0 / 155376265600.0,
            -71443401.0 / 120774400.0,
            730878875.0 / 902184768.0,
            2285395.0 / 8070912.0,
            g,
        ],
        [82889.0 / 524892.0, 0.0, 15625.0 / 83664.0, 69875.0 / 102672.0, -2260.0 / 8211.0, g],
    ]
    embedded = [
        4586570599.0 / 29645900160.0,
        0.0,
        178811875.0 / 945068544.0,
        814220225.0 / 1159782912.0,
        -3700637.0 / 11593932.0,
        61727.0 / 225920.0,
    ]
    return _method(a, embedded, 4)


METHODS = {"esdirk3": esdirk3, "esdirk4": esdirk4, "tr-bdf2": tr_bdf2}
