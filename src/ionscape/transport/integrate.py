"""Adaptive time integration: Newton's method in every implicit stage, error control, exact book-keeping of the ions that pass.

A stage Y = y* + s F(Y) is solved by Newton's method on the coupled block-tridiagonal system. Each linear solve conserves every
ion exactly: what a Newton update adds to the cells is what the *linearised* fluxes bring through the two faces. Counting those
(instead of the fluxes at the converged solution) closes the balance to rounding however loosely Newton's method converges.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .arrays import BEAM_LIMITED, BEAM_REPELLED, FRONT_BEAM, POTENTIAL_LIMITED, FloatArray
from .block_tridiagonal import solve_in_place
from .equations import assemble

MAXIMUM_NEWTON_ITERATIONS = 12

RUNNING = 0
FINISHED = 1
STEP_TOO_SMALL = 2


class Control(NamedTuple):
    """``tolerance``: accepted error of a scaled density per step; ``newton``: the same for the stages; ``weights`` (cells,): share
    of a cell in the error norm; ``smallest_step`` and ``largest_step`` [s]."""

    tolerance: float
    newton: float
    weights: FloatArray
    smallest_step: float
    largest_step: float


class State(NamedTuple):
    """All that changes, carried from call to call. ``y`` (cells, ions + 1): scaled densities, potential [V]; ``derivative`` (cells,
    ions) [1/s] and ``front_rate``, ``back_rate`` (ions,) [m/s] of the last stage of the last step; ``previous`` the y before,
    ``entered``, ``left`` (ions,): scaled amounts per area [m] that passed the faces since the start; ``clock`` (4,): time,
    proposed step, last step, error of the step before; ``counters`` (5,): steps, rejected steps, Newton iterations, regime of the beam,
    1 once a derivative exists."""

    y: FloatArray
    previous: FloatArray
    derivative: FloatArray
    front_rate: FloatArray
    back_rate: FloatArray
    entered: FloatArray
    left: FloatArray
    clock: FloatArray
    counters: np.ndarray[tuple[int], np.dtype[np.int64]]


@njit(cache=True)
def beam_regime(mode, potential, boundaries):
    """Regime of the beam that agrees with a surface potential: J = min(J_beam, max(0, g (U_R - phi_s))).

    Within an iteration the flux follows the straight line of the present regime beyond its ends, and the regime changes only
    between iterations; so Newton's method meets no kink and cannot cycle between the two flat ends of a steep law.
    """
    flux = boundaries.holding * (boundaries.front_potential - potential)
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


@njit(cache=True)
def update_norm(y, update, ions, thermal):
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


@njit(cache=True)
def damp_oscillation(update, before, ions):
    """Shorten the update of densities that jump back and forth, in place; True when any was shortened.

    Where D(n) falls off a cliff, the solution often lies on the cliff itself, and Newton's method jumps from one side to the
    other for ever. Two successive updates of opposite sign bracket the root; the secant between them lands on the cliff,
    from where the convergence is quadratic.
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


@njit(cache=True)
def solve_stage(
    y, known, step, cells, medium, coefficients, boundaries, control, work, counters, front_rate, back_rate
):
    """Newton's method from the guess ``y``, in place. Returns True when converged; fills the fluxes through both faces [m/s]."""
    ions = len(medium.charges)
    count = y.shape[0]
    norm_before = 0.0
    for iteration in range(MAXIMUM_NEWTON_ITERATIONS):
        mode = counters[3]
        assemble(y, known, step, cells, medium, coefficients, boundaries, mode, work)
        counters[2] += 1
        if not solve_in_place(work.lower, work.diagonal, work.upper, work.residual, work.augmented, medium.charges):
            return False
        update = work.residual
        for i in range(ions):
            front = work.front_flux[i]
            back = work.back_flux[i]
            for b in range(ions + 1):
                front -= work.front_slope[i, b] * update[0, b]
                back -= work.back_slope[i, b] * update[count - 1, b]
            front_rate[i] = front
            back_rate[i] = back
        norm = update_norm(y, update, ions, medium.thermal)
        if not norm < 1e6:
            return False
        damped = False
        if norm > control.newton and iteration > 0:
            damped = damp_oscillation(update, work.update_before, ions)
        if iteration < MAXIMUM_NEWTON_ITERATIONS - 1:
            work.update_before[:] = update
        for k in range(count):
            for a in range(ions + 1):
                y[k, a] -= update[k, a]
        changed = False
        if boundaries.front == FRONT_BEAM:
            counters[3] = beam_regime(mode, y[0, ions], boundaries)
            changed = counters[3] != mode
        if not (changed or damped):
            if norm <= control.newton:
                return True
            # quadratic convergence: the next update would be about norm^2 / norm_before^2 x norm
            if iteration > 0 and norm < 0.1 * norm_before:
                rate = norm / norm_before
                if rate * rate * norm <= control.newton:
                    return True
        if iteration > 3 and norm > 2.0 * norm_before and norm > 0.1:
            return False
        norm_before = norm
    return False


@njit(cache=True)
def restore_positivity(y, size, ions):
    """Fill cells whose density is below zero from a neighbour; the amount of each ion is unchanged.

    No linear method of order above one keeps the sign unconditionally; here undershoots stay far below the tolerance, and the
    transfer is equivalent to a correction of one face's flux of that size.
    """
    count = y.shape[0]
    for i in range(len(ions)):
        for _ in range(3):
            clean = True
            for k in range(count):
                if y[k, i] < 0.0:
                    missing = -y[k, i] * size[k]
                    left = y[k - 1, i] * size[k - 1] if k > 0 else 0.0
                    right = y[k + 1, i] * size[k + 1] if k < count - 1 else 0.0
                    give_left = min(max(left, 0.0), missing) if left >= right else 0.0
                    give_right = min(max(right, 0.0), missing - give_left)
                    if give_left + give_right < missing and left < right:
                        give_left = min(max(left, 0.0), missing - give_right)
                    if give_left > 0.0:
                        y[k - 1, i] -= give_left / size[k - 1]
                    if give_right > 0.0:
                        y[k + 1, i] -= give_right / size[k + 1]
                    gained = give_left + give_right
                    if gained >= missing:
                        y[k, i] = 0.0
                    else:
                        y[k, i] += gained / size[k]
                        clean = False
            if clean:
                break


@njit(cache=True)
def extrapolate(guess, c, nodes, values, previous, previous_node, last):
    """Quadratic (linear, constant) extrapolation of stage values to node ``c`` from the last three known nodes."""
    count, m = guess.shape
    if last >= 2:
        c0, c1, c2 = nodes[last - 2], nodes[last - 1], nodes[last]
        first = values[last - 2]
        second = values[last - 1]
    elif last == 1:
        c0, c1, c2 = previous_node, nodes[0], nodes[1]
        first = previous
        second = values[0]
    else:
        c1, c2 = previous_node, nodes[0]
        l1 = (c - c2) / (c1 - c2)
        l2 = (c - c1) / (c2 - c1)
        for k in range(count):
            for a in range(m):
                guess[k, a] = l1 * previous[k, a] + l2 * values[0, k, a]
            for a in range(m - 1):
                if guess[k, a] < 0.0:
                    guess[k, a] = 0.0
        return
    l0 = (c - c1) * (c - c2) / ((c0 - c1) * (c0 - c2))
    l1 = (c - c0) * (c - c2) / ((c1 - c0) * (c1 - c2))
    l2 = (c - c0) * (c - c1) / ((c2 - c0) * (c2 - c1))
    for k in range(count):
        for a in range(m):
            guess[k, a] = l0 * first[k, a] + l1 * second[k, a] + l2 * values[last, k, a]
        for a in range(m - 1):
            if guess[k, a] < 0.0:
                guess[k, a] = 0.0


@njit(cache=True)
def attempt_step(
    state, step, method, cells, medium, coefficients, boundaries, control, work, values, rates, front, back, known
):
    """One Runge-Kutta step from ``state.y``. Fills ``values`` (stages, cells, m), ``rates`` (stages, cells, ions), ``front`` and ``back``
    (stages, ions). Returns the error norm in units of the tolerance, or -1 when Newton's method failed."""
    ions = len(medium.charges)
    count = state.y.shape[0]
    stages = method.nodes.shape[0]
    values[0] = state.y
    rates[0] = state.derivative
    front[0] = state.front_rate
    back[0] = state.back_rate
    scale = step * method.diagonal
    has_history = state.counters[4] > 0 and state.clock[2] > 0.0
    previous_node = -state.clock[2] / step
    for j in range(1, stages):
        for k in range(count):
            for i in range(ions):
                total = 0.0
                for l in range(j):
                    total += method.a[j, l] * rates[l, k, i]
                known[k, i] = state.y[k, i] + step * total
        guess = values[j]
        if has_history:
            extrapolate(guess, method.nodes[j], method.nodes, values, state.previous, previous_node, j - 1)
        else:
            guess[:] = values[j - 1]
        if not solve_stage(
            guess,
            known,
            scale,
            cells,
            medium,
            coefficients,
            boundaries,
            control,
            work,
            state.counters,
            front[j],
            back[j],
        ):
            return -1.0
        inverse = 1.0 / scale
        for k in range(count):
            for i in range(ions):
                rates[j, k, i] = (guess[k, i] - known[k, i]) * inverse
    error = 0.0
    lowest = 0.0
    for k in range(count):
        worst = 0.0
        for i in range(ions):
            total = 0.0
            for j in range(stages):
                total += method.weights_error[j] * rates[j, k, i]
            worst = max(worst, abs(total))
            lowest = min(lowest, values[stages - 1, k, i])
        error += control.weights[k] * worst * worst
    return max(step * np.sqrt(error), -0.1 * lowest) / control.tolerance


@njit(cache=True)
def advance(
    state, end, accepted_limit, method, starter, cells, medium, coefficients, boundaries, control, work, record
):
    """Integrate until ``end`` or until ``accepted_limit`` steps are accepted; every accepted state goes into ``record``.

    Returns (status, number of recorded states). ``record`` = (times, y, entered, left, currents) with room for the limit.
    """
    times, states, entered, left, currents = record
    ions = len(medium.charges)
    count = state.y.shape[0]
    stages = method.nodes.shape[0]
    values = np.empty((stages, count, ions + 1))
    rates = np.empty((stages, count, ions))
    front = np.empty((stages, ions))
    back = np.empty((stages, ions))
    known = np.empty((count, ions))
    accepted = 0
    attempts = 0
    while accepted < accepted_limit and attempts < 4 * accepted_limit:
        attempts += 1
        time = state.clock[0]
        remaining = end - time
        step = min(state.clock[1], control.largest_step)
        finishing = step >= remaining * (1.0 - 1e-12)
        if finishing:
            step = remaining
        elif step > 0.5 * remaining:
            step = 0.5 * remaining
        first = state.counters[4] == 0
        used = starter if first else method
        used_stages = used.nodes.shape[0]
        regime = state.counters[3]
        error = attempt_step(
            state, step, used, cells, medium, coefficients, boundaries, control, work, values[:used_stages],
            rates[:used_stages], front[:used_stages], back[:used_stages], known,
        )  # fmt: skip
        if error < 0.0 or error > 1.0:
            state.counters[1] += 1
            state.counters[3] = regime
            if error < 0.0:
                factor = 0.25
            else:
                factor = max(0.2, 0.9 * error ** (-1.0 / used.order))
            state.clock[1] = step * factor
            if state.clock[1] < control.smallest_step or time + state.clock[1] == time:
                return STEP_TOO_SMALL, accepted
            continue
        last = used_stages - 1
        displacement = state.y[count - 1, ions]
        for i in range(ions):
            for j in range(used_stages):
                weight = used.a[last, j]
                state.entered[i] += step * weight * front[j, i]
                state.left[i] += step * weight * back[j, i]
        state.previous[:] = state.y
        state.y[:] = values[last]
        restore_positivity(state.y, cells.size, medium.charges)
        state.derivative[:] = rates[last]
        state.front_rate[:] = front[last]
        state.back_rate[:] = back[last]
        state.clock[0] = end if finishing else time + step
        state.clock[2] = step
        previous_error = state.clock[3]
        error = max(error, 1e-4)
        # proportional-integral control (Soederlind): the integral part damps the step sequence
        factor = 0.9 * error ** (-0.7 / used.order) * previous_error ** (0.3 / used.order)
        state.clock[1] = step * min(5.0, max(0.3, factor))
        state.clock[3] = error
        state.counters[0] += 1
        state.counters[4] = 1
        times[accepted] = state.clock[0]
        states[accepted] = state.y
        entered[accepted] = state.entered
        left[accepted] = state.left
        current = 0.0
        for i in range(ions):
            current += medium.charges[i] * back[last, i]
        # displacement current of the back electrode, by the difference over the step
        currents[accepted] = current + medium.permittivity * (state.y[count - 1, ions] - displacement) / (
            cells.distance[count] * step
        )
        accepted += 1
        if finishing:
            return FINISHED, accepted
    return RUNNING, accepted
