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

from typing import NamedTuple

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel

from .arrays import (
    SURFACE_CLOSED,
    Boundaries,
    Cells,
    Coefficients,
    IntegerArray,
    Medium,
    Problem,
    State,
    Substeps,
    Variants,
    Workspace,
)
from .block_tridiagonal import LANES, solve, substitute
from .copying import copy
from .equations import assemble
from .runge_kutta import RungeKutta


class Tangents(NamedTuple):
    """Derivatives by P parameters in Q groups, in the scaled units of the kernels per unit of the parameter."""

    values: FloatArray  # (substeps, cells, ions + 1, Q, LANES) S; the state is that of the last substep
    rates: FloatArray  # (substeps, cells, ions, Q, LANES) R
    back: FloatArray  # (substeps, ions, Q, LANES) of the fluxes through the back
    known: FloatArray  # (cells, ions, Q, LANES) K
    departed: FloatArray  # (ions, Q, LANES) of the amount that left
    log_coefficient: FloatArray  # (cells, ions, Q, LANES) of ln D
    face: FloatArray  # (ions, Q, LANES) of the fluxes through one face, by ln D
    knots: FloatArray  # (ions, intervals + 1, 2, Q, LANES) of the table of ln D and its slopes
    acts: IntegerArray  # (ions,) 1 where some parameter changes ln D of the ion
    variants: Variants
    parameters: int  # P
    potential_before: FloatArray  # (Q, LANES) of the potential of the first cell, one step before


def in_groups(values: FloatArray) -> FloatArray:
    """Values over parameters, shape (..., P), in groups: shape (..., Q, LANES), a copy filled up with zeros."""
    *axes, parameters = values.shape
    groups = -(-parameters // LANES)
    result = np.zeros((*axes, groups * LANES))
    result[..., :parameters] = values
    return result.reshape(*axes, groups, LANES)


def one_by_one(values: FloatArray, parameters: int) -> FloatArray:
    """The inverse of `in_groups`, as a copy."""
    return values.reshape(*values.shape[:-2], -1)[..., :parameters].copy()


@inner_kernel
def carry_tangents(
    state: State,
    step: float,
    method: RungeKutta,
    substeps: Substeps,
    problem: Problem,
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
    copy(tangents.potential_before, values[0, 0, ions])
    for j in range(1, last + 1):
        for k in range(count):
            for i in range(ions):
                total = 0.0
                for g in range(groups):
                    for p in range(LANES):
                        known[k, i, g, p] = values[0, k, i, g, p]
                for q in range(j):
                    weight = step * method.a[j, q]
                    total += weight * substeps.rates[q, k, i]
                    for g in range(groups):
                        for p in range(LANES):
                            known[k, i, g, p] += weight * rates[q, k, i, g, p]
                substeps.known[k, i] = state.y[k, i] + total
        solve_substep_tangents(j, scale, substeps, problem, work, tangents)
        for k in range(count):
            for i in range(ions):
                for g in range(groups):
                    for p in range(LANES):
                        rates[j, k, i, g, p] = (values[j, k, i, g, p] - known[k, i, g, p]) * inverse
    for i in range(ions):
        for j in range(last + 1):
            weight = step * method.a[last, j]
            for g in range(groups):
                for p in range(LANES):
                    tangents.departed[i, g, p] += weight * tangents.back[j, i, g, p]
    copy(values[0], values[last])
    copy(rates[0], rates[last])
    copy(tangents.back[0], tangents.back[last])


@inner_kernel
def solve_substep_tangents(
    substep: int, step: float, substeps: Substeps, problem: Problem, work: Workspace, tangents: Tangents
) -> None:
    """S of one substep, and the derivatives of its fluxes through the back."""
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
    subtract_varied_residuals(y, step, substeps.known, problem, mode, work, tangents, right, back)
    assemble(y, substeps.known, step, problem, mode, work)
    tabulated_derivatives(y, problem, tangents)
    add_known_and_fluxes(step, problem, work, tangents, substep)
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
            if tangents.acts[i] == 0:
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
def subtract_varied_residuals(
    y: FloatArray,
    step: float,
    known: FloatArray,
    problem: Problem,
    mode: int,
    work: Workspace,
    tangents: Tangents,
    right: FloatArray,
    back: FloatArray,
) -> None:
    """The same for parameters that change more than ln D: central differences of the residual itself."""
    variants = tangents.variants
    problems = variants.problems
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
            varied = Problem(
                Cells(cells.size[s, v], cells.distance[s, v]),
                Medium(
                    medium.charges[s, v], medium.ions, medium.permittivity[s, v], medium.thermal[s, v],
                    medium.native[s, v],
                ),
                Coefficients(coefficients.knots[s, v], coefficients.spacing_inverse[s, v], coefficients.counts[s, v]),
                Boundaries(
                    boundaries.law[s, v], boundaries.beam[s, v], boundaries.beam_flux[s, v],
                    boundaries.holding[s, v], boundaries.applied_potential[s, v], boundaries.vacuum[s, v],
                    boundaries.surface_displacement[s, v], boundaries.held[s, v],
                    boundaries.held_coefficient[s, v], boundaries.deposits[s, v],
                ),
            )  # fmt: skip
            # a longer substep is the same substep in which everything flows faster
            factor = variants.duration[s, v]
            assemble(y, known, step * factor, varied, mode, work)
            for k in range(count):
                for a in range(ions + 1):
                    right[k, a, g, p] -= weight * work.residual[k, a]
            for i in range(ions):
                back[i, g, p] += weight * factor * work.back_flux[i]


def make_tangents(
    *, cells: int, ions: int, substeps: int, knots: FloatArray, variants: Variants, state: FloatArray,
    departed: FloatArray,
) -> Tangents:  # fmt: skip
    """Buffers for one stage of the experiment.

    Args:
        cells: number of cells.
        ions: number of ions.
        substeps: of the Runge-Kutta method, the explicit first one included.
        knots: derivatives of the tables of ln D, shape (ions, intervals + 1, 2, P).
        variants: see `Variants`.
        state: S at the start, shape (cells, ions + 1, P).
        departed: derivative of the amounts that have left, shape (ions, P).
    """
    grouped = in_groups(departed)
    lanes = grouped.shape[1:]
    values = np.zeros((substeps, cells, ions + 1, *lanes))
    values[0] = in_groups(state)
    return Tangents(
        values=values,
        rates=np.zeros((substeps, cells, ions, *lanes)),
        back=np.zeros((substeps, ions, *lanes)),
        known=np.zeros((cells, ions, *lanes)),
        departed=grouped,
        log_coefficient=np.zeros((cells, ions, *lanes)),
        face=np.zeros((ions, *lanes)),
        knots=in_groups(knots),
        acts=np.any(knots != 0.0, axis=(1, 2, 3)).astype(np.int64),
        variants=variants,
        parameters=departed.shape[1],
        potential_before=np.zeros(lanes),
    )
