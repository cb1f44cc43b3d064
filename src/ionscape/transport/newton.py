"""Newton's method for one implicit substep, with exact book-keeping of the ions that pass.

A substep Y = y* + s F(Y) is solved on the coupled block-tridiagonal system. Each linear solve conserves every ion
exactly: what a Newton update adds to the cells is what the *linearised* fluxes bring through the two faces. Counting
those (instead of the fluxes at the converged solution) closes the balance to rounding however loosely Newton's method
converges, up to the rounding errors of the linear solve (`balance_is_closed`).
"""

from __future__ import annotations

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel, ordered_kernel

from .arrays import (
    BEAM_LIMITED,
    BEAM_REPELLED,
    POTENTIAL_LIMITED,
    REGIME,
    SURFACE_BEAM,
    SYSTEMS,
    Boundaries,
    Control,
    IntegerArray,
    Problem,
    Substeps,
    Workspace,
)
from .block_tridiagonal import solve
from .copying import copy
from .equations import assemble
from .level_arrays import Populations
from .levels import follow_update, stay_within_sites

MAXIMUM_NEWTON_ITERATIONS = 12

BALANCE_ROUNDING = 1e-14
"""Rounding error of a balance that is accepted in one substep, relative to what has moved."""

DENSE = 2.0
"""Scaled density beyond which errors are relative to it: more than ions that have replaced each other reach."""


@ordered_kernel
def beam_regime(mode: int, potential: float, boundaries: Boundaries) -> int:
    """Regime of the beam that agrees with a surface potential: J = min(J_beam, max(0, g (U_R - phi_s))).

    Within an iteration the flux follows the straight line of the present regime beyond its ends, and the regime
    changes only between iterations; so Newton's method meets no kink and cannot cycle between the two flat ends of a
    steep law.
    """
    flux = boundaries.holding * (boundaries.applied_potential - potential)
    if mode == POTENTIAL_LIMITED:
        if flux > boundaries.beam_flux:
            return BEAM_LIMITED
        if flux < 0.0:
            return BEAM_REPELLED
    elif mode == BEAM_LIMITED:
        if flux < boundaries.beam_flux:
            return POTENTIAL_LIMITED
    elif flux > 0.0:
        return POTENTIAL_LIMITED
    return mode


@inner_kernel
def unit_of_error(density: float) -> float:
    """Unit in which the error of a scaled density is judged: the native one, and the density itself where it is dense.

    Where ions pile up they are up to millions of times as dense as in the glass, and an error of such a density in
    units of the native one would have to be below its rounding error.
    """
    return max(1.0, density / DENSE)


@inner_kernel
def update_norm(y: FloatArray, update: FloatArray, native: FloatArray, thermal: float) -> float:
    """Largest change of a scaled density, or a tenth of the largest change of the potential relative to its range."""
    ions = native.shape[0]
    norm = 0.0
    potential_scale = 1.0 / thermal
    potential_change = 0.0
    for k in range(y.shape[0]):
        for i in range(ions):
            norm = max(norm, abs(update[k, i]) / unit_of_error(native[i] + y[k, i]))
        potential_change = max(potential_change, abs(update[k, ions]))
        potential_scale = max(potential_scale, abs(y[k, ions]))
    norm = max(norm, 0.1 * potential_change / potential_scale)
    return norm if np.isfinite(norm) else np.inf


@ordered_kernel
def damp_oscillation(update: FloatArray, before: FloatArray, ions: int) -> bool:
    """Shorten the update of densities that jump back and forth, in place; True when any was shortened.

    Where D(n) falls off a cliff, the solution often lies on the cliff itself, and Newton's method jumps from one side
    to the other for ever. Two successive updates of opposite sign bracket the root; the secant between them lands on
    the cliff, from where the convergence is quadratic.
    """
    damped = False
    for k in range(update.shape[0]):
        for i in range(ions):
            now = update[k, i]
            last = before[k, i]
            if now * last < 0.0 and abs(now) > 0.3 * abs(last):
                update[k, i] = now * abs(last) / (abs(last) + abs(now))
                damped = True
    return damped


@inner_kernel
def balance_is_closed(substep: int, step: float, substeps: Substeps, problem: Problem) -> bool:
    """Whether the cells gained what passed the faces, up to rounding.

    A linear solve conserves every ion but for its rounding errors. They grow with the ratio of what diffuses to and fro
    to what stays, which is huge for a mobile ion that is held in equilibrium, and shrink with the update: one more
    iteration of Newton's method closes the balance.
    """
    size = problem.cells.size
    y = substeps.values[substep]
    for i in range(len(problem.medium.ions)):
        passed = step * (substeps.surface[substep, i] - substeps.back[substep, i])
        gained = 0.0
        moved = 0.0
        for k in range(y.shape[0]):
            gained += (y[k, i] - substeps.known[k, i]) * size[k]
            moved += abs(y[k, i]) * size[k]
        if abs(gained - passed) > BALANCE_ROUNDING * (moved + abs(passed)):
            return False
    return True


@inner_kernel
def close_balance(substep: int, step: float, substeps: Substeps, problem: Problem) -> None:
    """Give what a balance lacks to the cell in which the ion is densest, where the rounding errors come from.

    In a layer of ions that pile up, what diffuses to and fro is so much more than what stays that no iteration closes
    the balance. What is given is far less than the tolerance there.
    """
    size = problem.cells.size
    y = substeps.values[substep]
    for i in range(len(problem.medium.ions)):
        lacking = step * (substeps.surface[substep, i] - substeps.back[substep, i])
        densest = 0
        for k in range(y.shape[0]):
            lacking -= (y[k, i] - substeps.known[k, i]) * size[k]
            if y[k, i] > y[densest, i]:
                densest = k
        y[densest, i] += lacking / size[densest]


@inner_kernel
def solve_substep(
    substep: int,
    step: float,
    substeps: Substeps,
    problem: Problem,
    control: Control,
    work: Workspace,
    counters: IntegerArray,
    populations: Populations | None,
) -> bool:
    """Newton's method for one implicit substep, from the guess in ``substeps.values``; True when converged.

    Fills the fluxes through both faces, ``substeps.surface`` and ``substeps.back``.
    """
    y = substeps.values[substep]
    ions = len(problem.medium.ions)
    count = y.shape[0]
    norm_before = 0.0
    refinements = 0
    for iteration in range(MAXIMUM_NEWTON_ITERATIONS):
        mode = counters[REGIME]
        substeps.modes[substep] = mode
        assemble(y, substeps.known, step, problem, mode, work, populations)
        counters[SYSTEMS] += 1
        if not solve(work, problem.medium.ions):
            return False
        update = work.residual
        norm = update_norm(y, update, problem.medium.native, problem.medium.thermal)
        if refinements > 0 and norm > norm_before:
            # rounding errors of the linear solver: another update would bring more of them, and no closed balance
            close_balance(substep, step, substeps, problem)
            return True
        for i in range(ions):
            surface = work.surface_flux[i]
            back = work.back_flux[i]
            for b in range(ions + 1):
                surface -= work.surface_slope[i, b] * update[0, b]
                back -= work.back_slope[i, b] * update[count - 1, b]
            substeps.surface[substep, i] = surface
            substeps.back[substep, i] = back
        if not norm < 1e6:
            return False
        damped = False
        if norm > control.newton and iteration > 0:
            damped = damp_oscillation(update, work.update_before, ions)
        if populations is not None and stay_within_sites(y, update, problem, populations):
            damped = True
        if iteration < MAXIMUM_NEWTON_ITERATIONS - 1:
            copy(work.update_before, update)
        for k in range(count):
            for a in range(ions + 1):
                y[k, a] -= update[k, a]
        if populations is not None:
            follow_update(update, populations)
        changed = False
        if problem.boundaries.law == SURFACE_BEAM:
            counters[REGIME] = beam_regime(mode, y[0, ions], problem.boundaries)
            changed = counters[REGIME] != mode
        if not (changed or damped):
            # quadratic convergence: the next update would be about norm^2 / norm_before^2 x norm
            rate = norm / norm_before if iteration > 0 and norm < 0.1 * norm_before else 1.0
            if rate * rate * norm <= control.newton:
                if balance_is_closed(substep, step, substeps, problem):
                    return True
                if refinements == 2:
                    close_balance(substep, step, substeps, problem)
                    return True
                refinements += 1
        if iteration > 3 and norm > 2.0 * norm_before and norm > 0.1:
            return False
        norm_before = norm
    return False
