"""The two kernels of a linear system in a loop, so that a call from Python does not count."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ionscape.transport.arrays import Problem, Workspace
from ionscape.transport.block_tridiagonal import solve
from ionscape.transport.equations import assemble

FloatArray = NDArray[np.float64]


@njit(cache=True)
def assemble_only(
    repeats: int, y: FloatArray, known: FloatArray, step: float, problem: Problem, mode: int, work: Workspace
) -> None:
    """Assemble the same system again and again."""
    for _ in range(repeats):
        assemble(y, known, step, problem, mode, work, None)


@njit(cache=True)
def assemble_and_solve(
    repeats: int, y: FloatArray, known: FloatArray, step: float, problem: Problem, mode: int, work: Workspace
) -> bool:
    """Assemble and solve the same system again and again."""
    fine = True
    for _ in range(repeats):
        assemble(y, known, step, problem, mode, work, None)
        fine = solve(work, problem.medium.ions) and fine
    return fine
