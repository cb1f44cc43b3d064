"""Derivatives of a simulation by its parameters, carried along with the time steps (forward sensitivities).

Every implicit stage solves G(Y, Y*, p) = 0 (`equations`). Its derivative by a parameter p,

    A dY/dp = -(dG/dY*) dY*/dp - dG/dp,        A = dG/dY at the converged stage,

has the matrix that Newton's method used, so that one more elimination per stage with one more right-hand side per
parameter gives the exact derivative of what the steps compute (staggered direct method; Caracotsios & Stewart 1985).
Differences between whole simulations are noise instead: each chooses its own steps.

Letters: Y, Y*, s, h, J, Z as in `equations`; S = dY/dp; K = dY*/dp; R = derivative of the stage's rate; P parameters.

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
    FRONT_CLOSED,
    Boundaries,
    Cells,
    Coefficients,
    IntegerArray,
    Medium,
    Problem,
    Stages,
    State,
    Variants,
    Workspace,
)
from .block_tridiagonal import solve_many_in_place
from .copying import copy
from .equations import assemble
from .runge_kutta import RungeKutta


class Tangents(NamedTuple):
    """Derivatives by P parameters, in the scaled units of the kernels per unit of the parameter."""

    values: FloatArray  # (stages, cells, ions + 1, P) S; the state is that of the last stage
    rates: FloatArray  # (stages, cells, ions, P) R
    back: FloatArray  # (stages, ions, P) of the fluxes through the back
    known: FloatArray  # (cells, ions, P) K
    left: FloatArray  # (ions, P) of the amount that left
    log_coefficient: FloatArray  # (cells, ions, P) of ln D
    face: FloatArray  # (ions, P) of the fluxes through one face, by ln D
    knots: FloatArray  # (ions, intervals + 1, 2, P) of the table of ln D and its slopes
    acts: IntegerArray  # (ions,) 1 where some parameter changes ln D of the ion
    lanes: tuple[int, ...]  # P entries: the compiler knows the length of a tuple and unrolls loops by it
    variants: Variants
    potential_before: FloatArray  # (P,) of the potential of the first cell, one step before


@inner_kernel
def carry_tangents(
    state: State,
    step: float,
    method: RungeKutta,
    stages: Stages,
    problem: Problem,
    work: Workspace,
    tangents: Tangents,
) -> None:
    """Carry the derivatives over a step that is about to be accepted."""
    ions = len(problem.medium.ions)
    values, rates, known = tangents.values, tangents.rates, tangents.known
    count = state.y.shape[0]
    parameters = len(tangents.lanes)
    last = method.nodes.shape[0] - 1
    scale = step * method.diagonal
    inverse = 1.0 / scale
    copy(tangents.potential_before, values[0, 0, ions])
    for j in range(1, last + 1):
        for k in range(count):
            for i in range(ions):
                total = 0.0
                for p in range(parameters):
                    known[k, i, p] = values[0, k, i, p]
                for q in range(j):
                    weight = step * method.a[j, q]
                    total += weight * stages.rates[q, k, i]
                    for p in range(parameters):
                        known[k, i, p] += weight * rates[q, k, i, p]
                stages.known[k, i] = state.y[k, i] + total
        solve_stage_tangents(j, scale, stages, problem, work, tangents)
        for k in range(count):
            for i in range(ions):
                for p in range(parameters):
                    rates[j, k, i, p] = (values[j, k, i, p] - known[k, i, p]) * inverse
    for i in range(ions):
        for j in range(last + 1):
            weight = step * method.a[last, j]
            for p in range(parameters):
                tangents.left[i, p] += weight * tangents.back[j, i, p]
    copy(values[0], values[last])
    copy(rates[0], rates[last])
    copy(tangents.back[0], tangents.back[last])


@inner_kernel
def solve_stage_tangents(
    stage: int, step: float, stages: Stages, problem: Problem, work: Workspace, tangents: Tangents
) -> None:
    """S of one stage, and the derivatives of its fluxes through the back."""
    medium = problem.medium
    ions = len(medium.ions)
    y = stages.values[stage]
    right = tangents.values[stage]
    back = tangents.back[stage]
    count = y.shape[0]
    parameters = len(tangents.lanes)
    mode = int(stages.modes[stage])
    right[:] = 0.0
    back[:] = 0.0
    subtract_varied_residuals(y, step, stages.known, problem, mode, work, tangents, right, back)
    assemble(y, stages.known, step, problem, mode, work)
    tabulated_derivatives(y, problem, tangents)
    add_known_and_fluxes(step, problem, work, tangents, stage)
    if problem.boundaries.front == FRONT_CLOSED:
        for p in range(parameters):
            right[count - 1, ions, p] = 0.0
    solve_many_in_place(work, right, medium.ions, tangents.lanes)
    for i in range(ions):
        for b in range(ions + 1):
            slope = work.back_slope[i, b]
            for p in range(parameters):
                back[i, p] += slope * right[count - 1, b, p]


@inner_kernel
def tabulated_derivatives(y: FloatArray, problem: Problem, tangents: Tangents) -> None:
    """Derivatives of ln D by the parameters in every cell, at fixed density."""
    coefficients = problem.coefficients
    native = problem.medium.native
    ions = len(problem.medium.ions)
    result = tangents.log_coefficient
    parameters = len(tangents.lanes)
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
                for p in range(parameters):
                    result[k, i, p] = knots[end, 0, p]
                continue
            n = int(x)
            t = x - n
            # cubic Hermite polynomials of the two values and the two slopes
            h1 = t * t * (3.0 - 2.0 * t)
            g0 = t * (1.0 - t) * (1.0 - t)
            g1 = -t * t * (1.0 - t)
            for p in range(parameters):
                value = (1.0 - h1) * knots[n, 0, p] + h1 * knots[n + 1, 0, p]
                result[k, i, p] = value + g0 * knots[n, 1, p] + g1 * knots[n + 1, 1, p]


@inner_kernel
def add_known_and_fluxes(step: float, problem: Problem, work: Workspace, tangents: Tangents, stage: int) -> None:
    """Add -(dG/dY*) K - dG/dp by ln D to the right-hand sides, and dJ/dp by ln D of the fluxes through the back.

    The row of the potential is the charge-weighted sum of those of the ions (`equations`).
    """
    size = problem.cells.size
    charges = problem.medium.charges
    ions = len(problem.medium.ions)
    parameters = len(tangents.lanes)
    right = tangents.values[stage]
    back = tangents.back[stage]
    logarithm, known, before = tangents.log_coefficient, tangents.known, tangents.face
    count = right.shape[0]
    for i in range(ions):
        for p in range(parameters):
            before[i, p] = 0.0
    for k in range(count):
        scale = step / size[k]
        for i in range(ions):
            z = charges[i]
            if tangents.acts[i] == 0:
                for p in range(parameters):
                    right[k, i, p] += known[k, i, p]
                    right[k, ions, p] += z * known[k, i, p]
                continue
            r = min(k + 1, count - 1)
            by_left = work.flux_by_left[r, i]
            by_right = work.flux_by_right[r, i]
            if k == count - 1:
                by_left = work.back_flux[i]
                by_right = 0.0
            for p in range(parameters):
                change = by_left * logarithm[k, i, p] + by_right * logarithm[r, i, p]
                source = known[k, i, p] - scale * (change - before[i, p])
                before[i, p] = change
                right[k, i, p] += source
                right[k, ions, p] += z * source
    for i in range(ions):
        if tangents.acts[i] == 1:
            for p in range(parameters):
                back[i, p] += before[i, p]


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
    medium, coefficients, boundaries = problem.medium, problem.coefficients, problem.boundaries
    ions = len(medium.ions)
    count = y.shape[0]
    for g in range(variants.parameters.shape[0]):
        p = variants.parameters[g]
        for side in range(2):
            sign = 1.0 if side == 1 else -1.0
            weight = sign / variants.spacing[g]
            varied = Problem(
                Cells(variants.size[side, g], variants.distance[side, g]),
                Medium(
                    medium.charges, medium.ions, variants.permittivity[side, g], variants.thermal[side, g],
                    variants.native[side, g],
                ),
                Coefficients(variants.knots[side, g], coefficients.spacing_inverse, coefficients.counts),
                Boundaries(
                    boundaries.front, boundaries.beam, variants.beam_flux[side, g], boundaries.holding,
                    variants.front_potential[side, g], variants.vacuum[side, g], variants.front_displacement[side, g],
                    variants.surface[side, g], variants.surface_coefficient[side, g], boundaries.deposits,
                ),
            )  # fmt: skip
            # a longer stage is the same stage in which everything flows faster
            factor = variants.duration[side, g]
            assemble(y, known, step * factor, varied, mode, work)
            for k in range(count):
                for a in range(ions + 1):
                    right[k, a, p] -= weight * work.residual[k, a]
            for i in range(ions):
                back[i, p] += weight * factor * work.back_flux[i]


def make_tangents(
    *, cells: int, ions: int, stages: int, knots: FloatArray, variants: Variants, state: FloatArray, left: FloatArray,
) -> Tangents:  # fmt: skip
    """Buffers for one stage of the experiment.

    Args:
        cells: number of cells.
        ions: number of ions.
        stages: Runge-Kutta stages, the explicit first one included.
        knots: see `Tangents`.
        variants: see `Variants`.
        state: S at the start, shape (cells, ions + 1, P).
        left: derivative of the amounts that have left, shape (ions, P).
    """
    parameters = state.shape[2]
    acts = np.any(knots != 0.0, axis=(1, 2, 3)).astype(np.int64)
    values = np.zeros((stages, cells, ions + 1, parameters))
    values[0] = state
    return Tangents(
        values=values,
        rates=np.zeros((stages, cells, ions, parameters)),
        back=np.zeros((stages, ions, parameters)),
        known=np.zeros((cells, ions, parameters)),
        left=left.copy(),
        log_coefficient=np.zeros((cells, ions, parameters)),
        face=np.zeros((ions, parameters)),
        knots=knots,
        acts=acts,
        lanes=tuple(range(parameters)),
        variants=variants,
        potential_before=np.zeros(parameters),
    )
