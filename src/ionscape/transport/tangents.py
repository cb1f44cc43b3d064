"""Derivatives of a simulation by its parameters, carried along with the time steps (forward sensitivities).

Every implicit substep solves G(Y, Y*, p) = 0 (`equations`). Its derivative by a parameter p,

    A dY/dp = -(dG/dY*) dY*/dp - dG/dp,        A = dG/dY at the converged substep,

has the matrix that Newton's method used, so that one more elimination per substep with one more right-hand side per
parameter gives the exact derivative of what the steps compute (staggered direct method; Caracotsios & Stewart 1985).
Differences between whole simulations are noise instead: each chooses its own steps.

Letters: Y, Y*, s, h, J, Z as in `equations`; S = dY/dp; K = dY*/dp; R = derivative of the substep's rate; P parameters.

Parameters go through the kernels in groups of ``LANES``, the last one filled up with zeros: the compiler knows the
length of the innermost loops, and no number of parameters needs kernels of its own. Arrays over P parameters have the
axes Q (groups) and ``LANES`` at their end.

Most parameters act on ln D alone. For them dG/dp needs dJ/dp = (dJ/d ln D_left) d ln D_left/dp + the same on the right,
whose first factors `equations.inner_face` leaves behind. All others (temperature, potential, currents, geometry) are
taken as central differences of G itself, at fixed Y, which is smooth.
"""

from __future__ import annotations

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel

from .arrays import (
    LANES,
    SURFACE_CLOSED,
    TIME,
    Boundaries,
    Cells,
    Coefficients,
    Medium,
    Problem,
    Ramp,
    State,
    Substeps,
    Workspace,
)
from .block_tridiagonal import solve, substitute
from .copying import copy
from .equations import assemble
from .mesh import place
from .moving_tangents import (
    amount_rate_tangents,
    density_rate_tangents,
    follow_fronts,
    size_tangents,
    subtract_moved_residuals,
)
from .ramp import conditions_at, share_of
from .runge_kutta import RungeKutta
from .tangent_arrays import Tangents


@inner_kernel
def carry_tangents(
    state: State,
    step: float,
    method: RungeKutta,
    substeps: Substeps,
    problem: Problem,
    ramp: Ramp,
    work: Workspace,
    tangents: Tangents,
) -> None:
    """Carry the derivatives over a step that is about to be accepted."""
    ions = len(problem.medium.ions)
    values, rates, known = tangents.values, tangents.rates, tangents.known
    count = state.y.shape[0]
    groups = tangents.departed.shape[1]
    last = method.nodes.shape[0] - 1
    scale = step * method.diagonal
    inverse = 1.0 / scale
    cells = problem.cells
    moving = cells.velocity.shape[0] > 0
    copy(tangents.potential_before, values[0, 0, ions])
    if moving:
        place(cells, 0.0)
        follow_fronts(state, step, cells, tangents)
        size_tangents(0.0, tangents)
        amount_rate_tangents(state, cells, tangents)
    for j in range(1, last + 1):
        if moving:
            place(cells, method.nodes[j] * step)
            size_tangents(method.nodes[j] * step, tangents)
        for k in range(count):
            at_start = cells.before[k] if moving else 1.0
            for i in range(ions):
                total = 0.0
                for g in range(groups):
                    for p in range(LANES):
                        known[k, i, g, p] = at_start * values[0, k, i, g, p]
                        if moving:
                            widened = tangents.faces[k + 1, g, p] - tangents.faces[k, g, p]
                            known[k, i, g, p] += widened * state.y[k, i]
                for q in range(j):
                    weight = step * method.a[j, q]
                    total += weight * substeps.rates[q, k, i]
                    for g in range(groups):
                        for p in range(LANES):
                            known[k, i, g, p] += weight * rates[q, k, i, g, p]
                if moving:
                    substeps.known[k, i] = (at_start * state.y[k, i] + total) / cells.size[k]
                    for g in range(groups):
                        for p in range(LANES):
                            known[k, i, g, p] -= substeps.known[k, i] * tangents.size[k, g, p]
                            known[k, i, g, p] /= cells.size[k]
                else:
                    substeps.known[k, i] = state.y[k, i] + total
        share = share_of(ramp, state.clock[TIME] + method.nodes[j] * step)
        now = conditions_at(problem, ramp, share)
        solve_substep_tangents(j, scale, substeps, now, share, work, tangents)
        for k in range(count):
            amount = cells.size[k] * inverse if moving else inverse
            for i in range(ions):
                for g in range(groups):
                    for p in range(LANES):
                        rates[j, k, i, g, p] = (values[j, k, i, g, p] - known[k, i, g, p]) * amount
                        if moving:
                            gained = (substeps.values[j, k, i] - substeps.known[k, i]) * inverse
                            rates[j, k, i, g, p] += gained * tangents.size[k, g, p]
    for i in range(ions):
        for j in range(last + 1):
            weight = step * method.a[last, j]
            for g in range(groups):
                for p in range(LANES):
                    tangents.departed[i, g, p] += weight * tangents.back[j, i, g, p]
    copy(values[0], values[last])
    copy(rates[0], rates[last])
    if moving:
        density_rate_tangents(substeps, last, cells, tangents)
        for f in range(count + 1):
            for g in range(groups):
                for p in range(LANES):
                    tangents.faces[f, g, p] += step * tangents.velocity[f, g, p]
    copy(tangents.back[0], tangents.back[last])


@inner_kernel
def solve_substep_tangents(
    substep: int, step: float, substeps: Substeps, problem: Problem, share: float, work: Workspace, tangents: Tangents
) -> None:
    """S of one substep, after a share of the piece of the stage, and the derivatives of its fluxes through the back."""
    medium = problem.medium
    ions = len(medium.ions)
    y = substeps.values[substep]
    right = tangents.values[substep]
    back = tangents.back[substep]
    count = y.shape[0]
    groups = tangents.departed.shape[1]
    mode = int(substeps.modes[substep])
    right[:] = 0.0
    back[:] = 0.0
    subtract_varied_residuals(y, step, substeps.known, problem, share, mode, work, tangents, right, back)
    assemble(y, substeps.known, step, problem, mode, work, None)
    tabulated_derivatives(y, problem, tangents)
    add_known_and_fluxes(step, problem, work, tangents, substep)
    if problem.cells.velocity.shape[0] > 0:
        subtract_moved_residuals(y, step, substeps.known, problem, work, tangents, right)
    if problem.boundaries.law == SURFACE_CLOSED:
        for g in range(groups):
            for p in range(LANES):
                right[count - 1, ions, g, p] = 0.0
    solve(work, medium.ions)
    substitute(work, right, medium.ions)
    for i in range(ions):
        for b in range(ions + 1):
            slope = work.back_slope[i, b]
            for g in range(groups):
                for p in range(LANES):
                    back[i, g, p] += slope * right[count - 1, b, g, p]


@inner_kernel
def tabulated_derivatives(y: FloatArray, problem: Problem, tangents: Tangents) -> None:
    """Derivatives of ln D by the parameters in every cell, at fixed density."""
    coefficients = problem.coefficients
    native = problem.medium.native
    ions = len(problem.medium.ions)
    result = tangents.log_coefficient
    groups = tangents.departed.shape[1]
    for i in range(ions):
        inverse = coefficients.spacing_inverse[i]
        knots = tangents.knots[i]
        if tangents.acts[i] == 0:
            continue
        last = knots.shape[0] - 1
        for k in range(y.shape[0]):
            counted = 0.0
            for j in range(ions):
                counted += coefficients.counts[i, j] * (native[j] + y[k, j])
            x = counted * inverse
            if x <= 0.0 or x >= last:
                end = 0 if x <= 0.0 else last
                for g in range(groups):
                    for p in range(LANES):
                        result[k, i, g, p] = knots[end, 0, g, p]
                continue
            n = int(x)
            t = x - n
            # cubic Hermite polynomials of the two values and the two slopes
            h1 = t * t * (3.0 - 2.0 * t)
            g0 = t * (1.0 - t) * (1.0 - t)
            g1 = -t * t * (1.0 - t)
            for g in range(groups):
                for p in range(LANES):
                    value = (1.0 - h1) * knots[n, 0, g, p] + h1 * knots[n + 1, 0, g, p]
                    result[k, i, g, p] = value + g0 * knots[n, 1, g, p] + g1 * knots[n + 1, 1, g, p]


@inner_kernel
def add_known_and_fluxes(step: float, problem: Problem, work: Workspace, tangents: Tangents, substep: int) -> None:
    """Add -(dG/dY*) K - dG/dp by ln D to the right-hand sides, and dJ/dp by ln D of the fluxes through the back.

    The row of the potential is the charge-weighted sum of those of the ions (`equations`).
    """
    size = problem.cells.size
    charges = problem.medium.charges
    ions = len(problem.medium.ions)
    coupled = problem.medium.coupling.shape[0] > 0
    groups = tangents.departed.shape[1]
    right = tangents.values[substep]
    back = tangents.back[substep]
    logarithm, known, before = tangents.log_coefficient, tangents.known, tangents.face
    count = right.shape[0]
    for i in range(ions):
        for g in range(groups):
            for p in range(LANES):
                before[i, g, p] = 0.0
    for k in range(count):
        scale = step / size[k]
        for i in range(ions):
            z = charges[i]
            if tangents.acts[i] == 0 and not coupled:
                for g in range(groups):
                    for p in range(LANES):
                        right[k, i, g, p] += known[k, i, g, p]
                        right[k, ions, g, p] += z * known[k, i, g, p]
                continue
            r = min(k + 1, count - 1)
            by_left = work.flux_by_left[r, i]
            by_right = work.flux_by_right[r, i]
            if k == count - 1:
                by_left = work.back_flux[i]
                by_right = 0.0
            for g in range(groups):
                for p in range(LANES):
                    change = by_left * logarithm[k, i, g, p] + by_right * logarithm[r, i, g, p]
                    if coupled and k < count - 1:
                        for j in range(ions):
                            change += work.exchanged_by_log[r, i, 0, j] * logarithm[k, j, g, p]
                            change += work.exchanged_by_log[r, i, 1, j] * logarithm[r, j, g, p]
                    source = known[k, i, g, p] - scale * (change - before[i, g, p])
                    before[i, g, p] = change
                    right[k, i, g, p] += source
                    right[k, ions, g, p] += z * source
    for i in range(ions):
        if tangents.acts[i] == 1:
            for g in range(groups):
                for p in range(LANES):
                    back[i, g, p] += before[i, g, p]


@inner_kernel
def varied_cells(cells: Cells, size: FloatArray, distance: FloatArray, factor: float) -> Cells:
    """Cells of a varied sample: those given, or the moving ones, the last of which makes up for its thickness.

    The faces go the same way in a step that takes longer by a factor.
    """
    if cells.velocity.shape[0] == 0:
        return Cells(size, distance, cells.velocity, cells.left_share, cells.faces, cells.before)
    last = size.shape[0] - 1
    thickness = cells.faces[last + 1]
    change = size.sum() - thickness
    moved_size, moved_distance = cells.size, cells.distance
    if abs(change) > 1e-13 * thickness:
        moved_size, moved_distance = cells.size.copy(), cells.distance.copy()
        moved_size[last] += change
        moved_distance[last] += 0.5 * change
        moved_distance[last + 1] += 0.5 * change
    velocity = cells.velocity if factor == 1.0 else cells.velocity / factor
    return Cells(moved_size, moved_distance, velocity, cells.left_share, cells.faces, cells.before)


@inner_kernel
def subtract_varied_residuals(
    y: FloatArray,
    step: float,
    known: FloatArray,
    problem: Problem,
    share: float,
    mode: int,
    work: Workspace,
    tangents: Tangents,
    right: FloatArray,
    back: FloatArray,
) -> None:
    """The same for parameters that change more than ln D: central differences of the residual itself."""
    variants = tangents.variants
    problems, ramps = variants.problems, variants.ramps
    cells, medium, coefficients, boundaries = (
        problems.cells,
        problems.medium,
        problems.coefficients,
        problems.boundaries,
    )
    ions = len(problem.medium.ions)
    count = y.shape[0]
    for v in range(variants.parameters.shape[0]):
        g = variants.parameters[v] // LANES
        p = variants.parameters[v] % LANES
        for s in range(2):
            sign = 1.0 if s == 1 else -1.0
            weight = sign / variants.spacing[v]
            # a longer substep is the same substep in which everything flows faster
            factor = variants.duration[s, v]
            varied = Problem(
                varied_cells(problem.cells, cells.size[s, v], cells.distance[s, v], factor),
                Medium(
                    medium.charges[s, v], medium.ions, medium.permittivity[s, v], medium.thermal[s, v],
                    medium.native[s, v], medium.coupling[s, v],
                ),
                Coefficients(coefficients.knots[s, v], coefficients.spacing_inverse[s, v], coefficients.counts[s, v]),
                Boundaries(
                    boundaries.law[s, v], boundaries.beam_share[s, v], boundaries.beam_flux[s, v],
                    boundaries.holding[s, v], boundaries.applied_potential[s, v], boundaries.vacuum[s, v],
                    boundaries.surface_displacement[s, v], boundaries.back_field[s, v], boundaries.held[s, v],
                    boundaries.held_coefficient[s, v], boundaries.deposits[s, v],
                ),
            )  # fmt: skip
            ramp = Ramp(
                ramps.start[s, v], ramps.duration[s, v], ramps.potential[s, v], ramps.beam_flux[s, v],
                ramps.temperature[s, v], ramps.ends[s, v], ramps.nodes[s, v], ramps.knots[s, v],
                ramps.log_holding[s, v], ramps.log_held_coefficient[s, v], ramps.knots_now[s, v],
                ramps.held_coefficient_now[s, v],
            )  # fmt: skip
            assemble(y, known, step * factor, conditions_at(varied, ramp, share), mode, work, None)
            for k in range(count):
                for a in range(ions + 1):
                    right[k, a, g, p] -= weight * work.residual[k, a]
            for i in range(ions):
                back[i, g, p] += weight * factor * work.back_flux[i]
