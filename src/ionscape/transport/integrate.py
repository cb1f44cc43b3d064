"""Adaptive time integration.

Newton's method in every implicit substep, error control, exact book-keeping of the ions that pass.

A substep Y = y* + s F(Y) is solved by Newton's method on the coupled block-tridiagonal system. Each linear solve
conserves every ion exactly: what a Newton update adds to the cells is what the *linearised* fluxes bring through the
two faces. Counting those (instead of the fluxes at the converged solution) closes the balance to rounding however
loosely Newton's method converges, up to the rounding errors of the linear solve (`balance_is_closed`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel, ordered_kernel

from .arrays import (
    BEAM_LIMITED,
    BEAM_REPELLED,
    HAS_HISTORY,
    LAST_ERROR,
    LAST_STEP,
    LONGEST_STEP,
    NEXT_STEP,
    POTENTIAL_LIMITED,
    REGIME,
    REJECTED,
    STEPS,
    SURFACE_BEAM,
    SURFACE_CLOSED,
    SYSTEMS,
    TIME,
    Boundaries,
    Cells,
    IntegerArray,
    Problem,
    Ramp,
    State,
    Substeps,
    Workspace,
)
from .block_tridiagonal import solve, substitute
from .copying import copy
from .equations import assemble, evaluate_coefficients
from .mesh import amount_rates, density_rates, has_strayed, hold, place, steer
from .ramp import conditions_at, share_of
from .runge_kutta import RungeKutta
from .tangent_arrays import Tangents
from .tangents import carry_tangents

MAXIMUM_NEWTON_ITERATIONS = 12
STEP_AFTER_FAILURE = 0.5
"""Longest step, in units of one in which Newton's method failed, right after that failure."""
GROWTH_AFTER_FAILURE = 1.15
"""Growth of that limit with every accepted step: without it the step returns at once to where it failed."""

BALANCE_ROUNDING = 1e-14
"""Rounding error of a balance that is accepted in one substep, relative to what has moved."""

SMALL_PASSAGE = 0.01
"""Share of the charge that has passed since the start of the experiment, below which that of a step is small ..."""
SMALLEST_PASSAGE = 1e-13
"""... and an amount that always is, in units of the native ions of such a depth [m]: its error matters less."""

STARTING_STEPS = 3
"""First steps of a stage, taken by backward Euler: each damps what the potential has to make up."""

RUNNING = 0
FINISHED = 1
STEP_TOO_SMALL = 2
GRID_STRAYED = 3
"""Moving cells no longer resolve the surface."""


class Control(NamedTuple):
    """Tolerances of the time integration."""

    tolerance: float  # accepted error of the scaled densities per step
    newton: float  # accepted error of a substep
    weights: FloatArray  # (cells,) share of each cell's squared error in the error norm
    smallest_step: float  # [s]


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
def update_norm(y: FloatArray, update: FloatArray, ions: int, thermal: float) -> float:
    """Largest change of a scaled density, or a tenth of the largest change of the potential relative to its range."""
    norm = 0.0
    potential_scale = 1.0 / thermal
    potential_change = 0.0
    for k in range(y.shape[0]):
        for i in range(ions):
            norm = max(norm, abs(update[k, i]))
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
def solve_substep(
    substep: int,
    step: float,
    substeps: Substeps,
    problem: Problem,
    control: Control,
    work: Workspace,
    counters: IntegerArray,
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
        assemble(y, substeps.known, step, problem, mode, work)
        counters[SYSTEMS] += 1
        if not solve(work, problem.medium.ions):
            return False
        update = work.residual
        for i in range(ions):
            surface = work.surface_flux[i]
            back = work.back_flux[i]
            for b in range(ions + 1):
                surface -= work.surface_slope[i, b] * update[0, b]
                back -= work.back_slope[i, b] * update[count - 1, b]
            substeps.surface[substep, i] = surface
            substeps.back[substep, i] = back
        norm = update_norm(y, update, ions, problem.medium.thermal)
        if not norm < 1e6:
            return False
        damped = False
        if norm > control.newton and iteration > 0:
            damped = damp_oscillation(update, work.update_before, ions)
        if iteration < MAXIMUM_NEWTON_ITERATIONS - 1:
            copy(work.update_before, update)
        for k in range(count):
            for a in range(ions + 1):
                y[k, a] -= update[k, a]
        changed = False
        if problem.boundaries.law == SURFACE_BEAM:
            counters[REGIME] = beam_regime(mode, y[0, ions], problem.boundaries)
            changed = counters[REGIME] != mode
        if not (changed or damped):
            # quadratic convergence: the next update would be about norm^2 / norm_before^2 x norm
            rate = norm / norm_before if iteration > 0 and norm < 0.1 * norm_before else 1.0
            if rate * rate * norm <= control.newton:
                if refinements == 2 or balance_is_closed(substep, step, substeps, problem):
                    return True
                refinements += 1
        if iteration > 3 and norm > 2.0 * norm_before and norm > 0.1:
            return False
        norm_before = norm
    return False


@inner_kernel
def restore_positivity(state: State, size: FloatArray, native: FloatArray) -> None:
    """Fill cells whose density is below zero from their surroundings; the amount of each ion is unchanged.

    No linear method of order above one keeps the sign unconditionally; here undershoots stay far below the tolerance,
    and the transfer is equivalent to a correction of some faces' flux of that size. A window around the cell grows
    towards the richer neighbour until its content is positive; there negative cells become empty and the others are
    scaled down. When more of an ion has left than there was, the excess is taken back from the amount that passed the
    face through which it leaves.
    """
    y = state.y
    count = y.shape[0]
    for i in range(native.shape[0]):
        base = native[i]
        k = 0
        while k < count:
            if y[k, i] >= -base:
                k += 1
                continue
            first = k
            last = k
            content = (base + y[k, i]) * size[k]
            while content < 0.0 and last - first < count - 1:
                before = (base + y[first - 1, i]) * size[first - 1] if first > 0 else -np.inf
                behind = (base + y[last + 1, i]) * size[last + 1] if last < count - 1 else -np.inf
                if before >= behind:
                    first -= 1
                    content += before
                else:
                    last += 1
                    content += behind
            if content < 0.0 and state.back_rate[i] != 0.0:
                state.departed[i] += content
            elif content < 0.0 and state.surface_rate[i] != 0.0:
                state.entered[i] -= content
            positive = 0.0
            for j in range(first, last + 1):
                positive += max(base + y[j, i], 0.0) * size[j]
            factor = content / positive if content > 0.0 else 0.0
            for j in range(first, last + 1):
                y[j, i] = max(base + y[j, i], 0.0) * factor - base
            k = last + 1


@inner_kernel
def extrapolate(
    substep: int, nodes: FloatArray, substeps: Substeps, previous: FloatArray, previous_node: float, native: FloatArray
) -> None:
    """First guess of a substep.

    Extrapolation from the last three known nodes (two for the first substep), densities not below 0.
    """
    values = substeps.values
    guess = values[substep]
    c = nodes[substep]
    last = substep - 1
    c2 = nodes[last]
    c1 = nodes[last - 1] if last >= 1 else previous_node
    second = values[last - 1] if last >= 1 else previous
    l0 = 0.0
    l1 = (c - c2) / (c1 - c2)
    l2 = (c - c1) / (c2 - c1)
    first = previous
    if last >= 1:
        c0 = nodes[last - 2] if last >= 2 else previous_node
        first = values[last - 2] if last >= 2 else previous
        l0 = (c - c1) * (c - c2) / ((c0 - c1) * (c0 - c2))
        l1 *= (c - c0) / (c1 - c0)
        l2 *= (c - c0) / (c2 - c0)
    count, m = guess.shape
    for k in range(count):
        for a in range(m):
            guess[k, a] = l0 * first[k, a] + l1 * second[k, a] + l2 * values[last, k, a]
        for a in range(m - 1):
            guess[k, a] = max(guess[k, a], -native[a])


@inner_kernel
def start_moving(state: State, step: float, steered: bool, problem: Problem, control: Control, work: Workspace) -> None:
    """Put the cells back to the start of the step, and give them the velocity with which they move in it.

    They rest in the steps that begin a stage, which have no error estimate and follow no rates.
    """
    cells = problem.cells
    place(cells, 0.0)
    if steered:
        evaluate_coefficients(state.y, problem, work)
        steer(state, step, problem, control.weights, work)
    else:
        hold(cells)


@inner_kernel
def filter_error(method: RungeKutta, rates: FloatArray, problem: Problem, work: Workspace) -> None:
    """Estimated error per unit of the step, through the last matrix of Newton's method (Hosea & Shampine 1996).

    The estimate of a stiff problem counts what the step has damped already. The row of the potential is the sum of the
    ions' rows (`equations`).
    """
    filtered, charges, ions = work.filtered, problem.medium.charges, len(problem.medium.ions)
    filtered[:] = 0.0
    for k in range(rates.shape[1]):
        for i in range(ions):
            total = 0.0
            for j in range(method.nodes.shape[0]):
                total += method.weights_error[j] * rates[j, k, i]
            total /= problem.cells.size[k]
            filtered[k, i, 0, 0] = total
            filtered[k, ions, 0, 0] += charges[i] * total
    if problem.boundaries.law == SURFACE_CLOSED:
        filtered[rates.shape[1] - 1, ions, 0, 0] = 0.0
    substitute(work, filtered, problem.medium.ions)


@inner_kernel
def attempt_step(
    state: State,
    step: float,
    method: RungeKutta,
    substeps: Substeps,
    problem: Problem,
    ramp: Ramp,
    control: Control,
    work: Workspace,
) -> float:
    """One Runge-Kutta step from ``state.y`` into ``substeps``, whose last values are the new state.

    Returns the error norm in units of the tolerance, or -1 when Newton's method failed.
    """
    ions = len(problem.medium.ions)
    count = state.y.shape[0]
    number = method.nodes.shape[0]
    values, rates = substeps.values, substeps.rates
    cells = problem.cells
    moving = cells.velocity.shape[0] > 0
    copy(values[0], state.y)
    copy(rates[0], state.derivative)
    copy(substeps.surface[0], state.surface_rate)
    copy(substeps.back[0], state.back_rate)
    scale = step * method.diagonal
    time = state.clock[TIME]
    if moving:
        now = conditions_at(problem, ramp, share_of(ramp, time))
        start_moving(state, step, number > 2, now, control, work)
        amount_rates(rates[0], values[0], cells)
    has_history = state.counters[HAS_HISTORY] > 0 and state.clock[LAST_STEP] > 0.0
    for j in range(1, number):
        if moving:
            place(cells, method.nodes[j] * step)
        for k in range(count):
            for i in range(ions):
                total = 0.0
                for s in range(j):
                    total += method.a[j, s] * rates[s, k, i]
                if moving:
                    substeps.known[k, i] = (cells.before[k] * state.y[k, i] + step * total) / cells.size[k]
                else:
                    substeps.known[k, i] = state.y[k, i] + step * total
        if has_history:
            extrapolate(
                j, method.nodes, substeps, state.previous, -state.clock[LAST_STEP] / step, problem.medium.native
            )
        else:
            copy(values[j], values[j - 1])
        now = conditions_at(problem, ramp, share_of(ramp, time + method.nodes[j] * step))
        if not solve_substep(j, scale, substeps, now, control, work, state.counters):
            return -1.0
        inverse = 1.0 / scale
        for k in range(count):
            amount = cells.size[k] * inverse if moving else inverse
            for i in range(ions):
                rates[j, k, i] = (values[j, k, i] - substeps.known[k, i]) * amount
    if moving:
        filter_error(method, rates, problem, work)
    error = 0.0
    lowest = 0.0
    for k in range(count):
        worst = 0.0
        for i in range(ions):
            total = 0.0
            if moving:
                total = work.filtered[k, i, 0, 0]
            else:
                for j in range(number):
                    total += method.weights_error[j] * rates[j, k, i]
            worst = max(worst, abs(total))
            lowest = min(lowest, problem.medium.native[i] + values[number - 1, k, i])
        error += control.weights[k] * worst * worst
    passed = 0.0
    if ramp.temperature[0] != ramp.temperature[1]:
        passed = error_of_passage(state, step, method, substeps, problem)
    return max(step * np.sqrt(error), -0.1 * lowest, passed) / control.tolerance


@inner_kernel
def error_of_passage(state: State, step: float, method: RungeKutta, substeps: Substeps, problem: Problem) -> float:
    """Estimated error of the charge that leaves through the back in a step, relative to that charge.

    On a ramp of temperature it is an integral over time of a glass that may not change at all: the densities tell
    nothing of its error.
    """
    charges = problem.medium.charges
    wrong = 0.0
    passed = 0.0
    before = 0.0
    last = method.nodes.shape[0] - 1
    for i in range(len(problem.medium.ions)):
        before += charges[i] * state.departed[i]
        for j in range(last + 1):
            wrong += step * method.weights_error[j] * charges[i] * substeps.back[j, i]
            passed += step * method.a[last, j] * charges[i] * substeps.back[j, i]
    return abs(wrong) / (abs(passed) + SMALL_PASSAGE * abs(before) + SMALLEST_PASSAGE)


@inner_kernel
def stop_moving(state: State, step: float, cells: Cells) -> None:
    """Take the moved grid for the start of the next step, and the rates for those at fixed depths."""
    density_rates(state.derivative, state.y, cells)
    for f in range(cells.faces.shape[0]):
        cells.faces[f] += step * cells.velocity[f]
    copy(cells.before, cells.size)


@inner_kernel
def accept(state: State, step: float, error: float, method: RungeKutta, substeps: Substeps, problem: Problem) -> None:
    """Make the last substep the new state, count what passed the faces, and propose the next step."""
    last = method.nodes.shape[0] - 1
    for i in range(len(problem.medium.ions)):
        for j in range(last + 1):
            weight = step * method.a[last, j]
            state.entered[i] += weight * substeps.surface[j, i]
            state.departed[i] += weight * substeps.back[j, i]
    copy(state.previous, state.y)
    copy(state.y, substeps.values[last])
    copy(state.derivative, substeps.rates[last])
    if problem.cells.velocity.shape[0] > 0:
        stop_moving(state, step, problem.cells)
    copy(state.surface_rate, substeps.surface[last])
    copy(state.back_rate, substeps.back[last])
    restore_positivity(state, problem.cells.size, problem.medium.native)
    # proportional-integral control (Soederlind 2002): the memory of the last error damps the step sequence
    error = max(error, 1e-4)
    if problem.cells.velocity.shape[0] > 0:
        factor = 0.9 * error ** (-1.0 / method.order)
    else:
        factor = 0.9 * error ** (-0.7 / method.order) * state.clock[LAST_ERROR] ** (0.3 / method.order)
    state.clock[NEXT_STEP] = step * min(5.0, max(0.3, factor))
    state.clock[LAST_STEP] = step
    state.clock[LAST_ERROR] = error
    state.clock[LONGEST_STEP] *= GROWTH_AFTER_FAILURE
    state.counters[STEPS] += 1
    state.counters[HAS_HISTORY] = 1


@ordered_kernel
def advance(
    state: State,
    mark: float,
    end: float,
    attempts_limit: int,
    method: RungeKutta,
    starter: RungeKutta,
    problem: Problem,
    ramp: Ramp,
    control: Control,
    work: Workspace,
    tangents: Tangents | None,
) -> int:
    """Integrate until a step reaches or passes ``mark``, until ``end``, or until ``attempts_limit`` steps are tried.

    The derivatives of the state are carried along where there are ``tangents``. The first steps of a stage are taken
    by ``starter``. Returns the status.
    """
    ions = len(problem.medium.ions)
    count = state.y.shape[0]
    number = method.nodes.shape[0]
    all_substeps = Substeps(
        np.empty((number, count, ions + 1)),
        np.empty((number, count, ions)),
        np.empty((number, ions)),
        np.empty((number, ions)),
        np.empty((count, ions)),
        np.zeros(number, dtype=np.int64),
    )
    for _ in range(attempts_limit):
        time = state.clock[TIME]
        remaining = end - time
        step = min(state.clock[NEXT_STEP], state.clock[LONGEST_STEP])
        finishing = step >= remaining * (1.0 - 1e-12)
        if finishing:
            step = remaining
        elif step > 0.5 * remaining:
            step = 0.5 * remaining
        used = starter if state.counters[STEPS] < STARTING_STEPS else method
        regime = state.counters[REGIME]
        error = attempt_step(state, step, used, all_substeps, problem, ramp, control, work)
        if error < 0.0 or error > 1.0:
            state.counters[REJECTED] += 1
            state.counters[REGIME] = regime
            if error < 0.0:
                state.clock[LONGEST_STEP] = step * STEP_AFTER_FAILURE
                state.clock[NEXT_STEP] = step * 0.25
            else:
                state.clock[NEXT_STEP] = step * max(0.2, 0.9 * error ** (-1.0 / used.order))
            if state.clock[NEXT_STEP] < control.smallest_step or time + state.clock[NEXT_STEP] == time:
                return STEP_TOO_SMALL
            continue
        if tangents is not None:
            carry_tangents(state, step, used, all_substeps, problem, ramp, work, tangents)
        accept(state, step, error, used, all_substeps, problem)
        state.clock[TIME] = end if finishing else time + step
        if has_strayed(problem.cells, work):
            return GRID_STRAYED
        if finishing:
            return FINISHED
        if state.clock[TIME] >= mark:
            return RUNNING
    return RUNNING
