"""Adaptive time integration: steps of a Runge-Kutta method, their error, and how long the next one is."""

from __future__ import annotations

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel, ordered_kernel

from .arrays import (
    LAST_ERROR,
    LAST_STEP,
    LONGEST_STEP,
    NEXT_STEP,
    REGIME,
    REJECTED,
    SINCE_JUMP,
    STEPS,
    SURFACE_CLOSED,
    TIME,
    Cells,
    Control,
    Problem,
    Ramp,
    State,
    Substeps,
    Workspace,
)
from .block_tridiagonal import substitute
from .copying import copy
from .equations import evaluate_coefficients
from .level_arrays import Populations
from .levels import begin_step, guess_within_sites, keep_levels, level_error, prepare_levels, settle_levels, warm
from .mesh import amount_rates, density_rates, has_strayed, hold, place, steer
from .newton import solve_substep, unit_of_error
from .ramp import conditions_at, share_of
from .runge_kutta import RungeKutta
from .tangent_arrays import Tangents
from .tangents import carry_tangents

STEP_AFTER_FAILURE = 0.5
"""Longest step, in units of one in which Newton's method failed, right after that failure."""
GROWTH_AFTER_FAILURE = 1.15
"""Growth of that limit with every accepted step: without it the step returns at once to where it failed."""

SMALL_PASSAGE = 0.01
"""Share of the charge that has passed since the start of the experiment, below which that of a step is small ..."""
SMALLEST_PASSAGE = 1e-13
"""... and an amount that always is, in units of the native ions of such a depth [m]: its error matters less."""

STARTING_STEPS = 3
"""First steps after a jump of conditions, taken by backward Euler: each damps what the potential has to make up."""

RUNNING = 0
FINISHED = 1
STEP_TOO_SMALL = 2
GRID_STRAYED = 3
"""Moving cells no longer resolve the surface."""


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
    populations: Populations | None,
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
    if populations is not None:
        begin_step(populations)
    has_history = state.counters[SINCE_JUMP] > 0 and state.clock[LAST_STEP] > 0.0
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
        if populations is not None:
            guess_within_sites(values[j - 1], values[j], problem, populations)
            if populations.log_factor.shape[0] > 0:
                warm(ramp, share_of(ramp, time + method.nodes[j] * step), populations)
            prepare_levels(j, step, method, populations)
        if not solve_substep(j, scale, substeps, now, control, work, state.counters, populations):
            return -1.0
        if populations is not None:
            settle_levels(j, scale, values[j], problem, populations)
        inverse = 1.0 / scale
        for k in range(count):
            amount = cells.size[k] * inverse if moving else inverse
            for i in range(ions):
                rates[j, k, i] = (values[j, k, i] - substeps.known[k, i]) * amount
    return error_of_step(state, step, method, substeps, problem, ramp, control, work, populations)


@inner_kernel
def error_of_step(
    state: State,
    step: float,
    method: RungeKutta,
    substeps: Substeps,
    problem: Problem,
    ramp: Ramp,
    control: Control,
    work: Workspace,
    populations: Populations | None,
) -> float:
    """Estimated error of a step in units of the tolerance; a density below zero counts as one."""
    ions = len(problem.medium.ions)
    count = state.y.shape[0]
    number = method.nodes.shape[0]
    values, rates = substeps.values, substeps.rates
    moving = problem.cells.velocity.shape[0] > 0
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
            density = problem.medium.native[i] + values[number - 1, k, i]
            worst = max(worst, abs(total) / unit_of_error(density))
            lowest = min(lowest, density)
        if populations is not None:
            worst = max(worst, level_error(k, method, populations))
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
def accept(
    state: State, step: float, error: float, method: RungeKutta, substeps: Substeps, problem: Problem,
    populations: Populations | None,
) -> None:  # fmt: skip
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
    if populations is not None:
        keep_levels(state, last, problem, populations)
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
    state.counters[SINCE_JUMP] += 1


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
    populations: Populations | None,
) -> int:
    """Integrate until a step reaches or passes ``mark``, until ``end``, or until ``attempts_limit`` steps are tried.

    The derivatives of the state are carried along where there are ``tangents``. The first steps after
    a jump are taken by ``starter``. Returns the status.
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
        proposed = min(state.clock[NEXT_STEP], state.clock[LONGEST_STEP])
        step = proposed
        finishing = step >= remaining * (1.0 - 1e-12)
        if finishing:
            step = remaining
        elif step > 0.5 * remaining:
            step = 0.5 * remaining
        used = starter if state.counters[SINCE_JUMP] < STARTING_STEPS else method
        regime = state.counters[REGIME]
        error = attempt_step(state, step, used, all_substeps, problem, ramp, control, work, populations)
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
        accept(state, step, error, used, all_substeps, problem, populations)
        state.clock[TIME] = end if finishing else time + step
        if has_strayed(problem.cells, work):
            return GRID_STRAYED
        if finishing:
            # in what goes on without a jump, that this step was cut short is no reason for a short one
            state.clock[NEXT_STEP] = max(state.clock[NEXT_STEP], proposed)
            return FINISHED
        if state.clock[TIME] >= mark:
            return RUNNING
    return RUNNING
