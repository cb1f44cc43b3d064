"""Kernels that other kernels alone call, for tests that call them from Python."""

from __future__ import annotations

from ionscape.arrays import FloatArray
from ionscape.compiled import ordered_kernel
from ionscape.transport import block_tridiagonal, equations, integrate, levels
from ionscape.transport.arrays import Control, Problem, Ramp, State, Substeps, Workspace
from ionscape.transport.level_arrays import Populations
from ionscape.transport.runge_kutta import RungeKutta


@ordered_kernel
def assemble(y: FloatArray, known: FloatArray, step: float, problem: Problem, mode: int, work: Workspace) -> None:
    """As `equations.assemble`."""
    equations.assemble(y, known, step, problem, mode, work, None)


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
    return integrate.attempt_step(state, step, method, stages, problem, ramp, control, work, None)


@ordered_kernel
def accept(state: State, step: float, error: float, method: RungeKutta, stages: Substeps, problem: Problem) -> None:
    """As `integrate.accept`."""
    integrate.accept(state, step, error, method, stages, problem, None)


@ordered_kernel
def relax_levels(
    densities: FloatArray, steps: int, step: float, method: RungeKutta, state: State, problem: Problem,
    populations: Populations, theta: FloatArray,
) -> None:  # fmt: skip
    """Populations after some steps.

    ``densities`` (steps, cells, ions) of the ions, less the native ones; where ``theta`` (P,) is not empty, activities
    that are held instead.
    """
    last = method.nodes.shape[0] - 1
    for number in range(steps):
        state.y[:, :-1] = densities[min(number, densities.shape[0] - 1)]
        levels.begin_step(populations)
        for j in range(1, last + 1):
            levels.prepare_levels(j, step, method, populations)
            if theta.shape[0] > 0:
                _hold(j, step * method.diagonal, populations, theta)
            else:
                levels.settle_levels(j, step * method.diagonal, state.y, problem, populations)
        if theta.shape[0] > 0:
            populations.held[:] = populations.values[last]
            populations.rate[:] = populations.rates[last]
        else:
            levels.keep_levels(state, last, problem, populations)


@ordered_kernel
def _hold(substep: int, step: float, populations: Populations, theta: FloatArray) -> None:
    populations.theta[0] = theta
    levels.sum_levels(0, 0, populations)
    for p in range(theta.shape[0]):
        base = populations.base[0, p]
        values = base + theta[p] * populations.capture[p] * populations.vacancy[0]
        populations.values[substep, 0, p] = values
        populations.rates[substep, 0, p] = (values - base / populations.stay[p]) / step
