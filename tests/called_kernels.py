"""Kernels that other kernels alone call, for tests that call them from Python."""

from __future__ import annotations

from ionscape.arrays import FloatArray
from ionscape.compiled import ordered_kernel
from ionscape.transport import block_tridiagonal, equations, integrate
from ionscape.transport.arrays import Control, Problem, Ramp, State, Substeps, Workspace
from ionscape.transport.runge_kutta import RungeKutta


@ordered_kernel
def assemble(y: FloatArray, known: FloatArray, step: float, problem: Problem, mode: int, work: Workspace) -> None:
    """As `equations.assemble`."""
    equations.assemble(y, known, step, problem, mode, work)


@ordered_kernel
def solve(work: Workspace, right: FloatArray, size: tuple[int, ...]) -> bool:
    """`block_tridiagonal.solve`, then `substitute` for ``right``."""
    if not block_tridiagonal.solve(work, size):
        return False
    block_tridiagonal.substitute(work, right, size)
    return True


@ordered_kernel
def restore_positivity(state: State, size: FloatArray, native: FloatArray) -> None:
    """As `integrate.restore_positivity`."""
    integrate.restore_positivity(state, size, native)


@ordered_kernel
def attempt_step(
    state: State, step: float, method: RungeKutta, stages: Substeps, problem: Problem, ramp: Ramp, control: Control,
    work: Workspace,
) -> float:  # fmt: skip
    """As `integrate.attempt_step`."""
    return integrate.attempt_step(state, step, method, stages, problem, ramp, control, work)


@ordered_kernel
def accept(state: State, step: float, error: float, method: RungeKutta, stages: Substeps, problem: Problem) -> None:
    """As `integrate.accept`."""
    integrate.accept(state, step, error, method, stages, problem)
