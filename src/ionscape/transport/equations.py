"""Residual and Jacobian of one implicit substep of the Nernst-Planck-Poisson equations on a one-dimensional grid.

Letters: n scaled density, u = n - n0 its departure from the native one, the unknown; phi potential [V]; u* known part
of a substep; s = (time step) x (diagonal coefficient) [s]; h cell size [m]; J flux / density scale [m/s];
w = Z e (phi_right - phi_left) / k_B T; eps E displacement, scaled.

Row of ion i in a cell:
    u_i - u*_i + (s / h) (J_i,right - J_i,left) = 0
Row of the potential in a cell:
    eps (E_right - E_left) / h - sum Z_i u*_i + (s / h) sum Z_i (J_i,right - J_i,left) = 0

The second row is Poisson's equation (Gunawan 2026, eq. 3) plus the charge-weighted sum of the first rows, in which the
unknown densities cancel: the total current instead of the total charge. Poisson's equation alone would have to find the
field from a charge that is below the rounding error of the densities wherever cells are much larger than the Debye
length; the total current is well conditioned on any grid and turns smoothly into the electroneutral limit eps = 0.

Departures instead of densities: in the wide cells of the bulk a density would lose 1e-16 of the whole inventory in
every step, which adds up to more than 1e-10 of what moves in a thin zone.
"""

from __future__ import annotations

import math

from ionscape.arrays import FloatArray
from ionscape.compiled import inlined_kernel, inner_kernel

from .arrays import (
    BEAM_LIMITED,
    POTENTIAL_LIMITED,
    SURFACE_BEAM,
    SURFACE_CLOSED,
    SURFACE_HELD,
    SURFACE_OPEN_CIRCUIT,
    Problem,
    Workspace,
)
from .cross_terms import exchange_at_contact, exchange_at_inner_faces
from .fluxes import OUTFLOW_SMOOTHING, flux_weights, log_coefficient, outflow, scharfetter_gummel
from .level_arrays import Populations
from .levels import find_activities
from .mesh import moving_faces


@inner_kernel
def evaluate_coefficients(y: FloatArray, problem: Problem, work: Workspace) -> None:
    """D_i of every cell and its logarithmic slope, from the densities that set the Fermi level of the ion."""
    coefficients = problem.coefficients
    native = problem.medium.native
    ions = problem.medium.ions
    cells = y.shape[0]
    for i in range(len(ions)):
        inverse = coefficients.spacing_inverse[i]
        knots = coefficients.knots[i]
        if inverse == 0.0:
            value = math.exp(knots[0, 0])
            for k in range(cells):
                work.coefficient[k, i] = value
                work.slope[k, i] = 0.0
            continue
        for k in range(cells):
            counted = 0.0
            for j in range(len(ions)):
                counted += coefficients.counts[i, j] * (native[j] + y[k, j])
            logarithm, slope = log_coefficient(knots, inverse, counted)
            work.coefficient[k, i] = math.exp(logarithm)
            work.slope[k, i] = slope


@inner_kernel
def assemble(
    y: FloatArray, known: FloatArray, step: float, problem: Problem, mode: int, work: Workspace,
    populations: Populations | None,
) -> None:  # fmt: skip
    """Fill ``work`` with the residual and the three block diagonals of its Jacobian at ``y`` (cells, ions + 1).

    The density of an ion whose population is resolved on its sites is stored, its activity flows (`levels`).
    """
    medium = problem.medium
    charges = medium.charges
    ions = len(medium.ions)
    m = ions + 1
    count = y.shape[0]
    residual = work.residual
    diagonal = work.diagonal
    evaluate_coefficients(y, problem, work)
    if populations is not None:
        find_activities(y, problem, populations)
    for k in range(count):
        charge = 0.0
        for a in range(m):
            for b in range(m):
                diagonal[k, a, b] = 0.0
        for i in range(ions):
            residual[k, i] = y[k, i] - known[k, i]
            charge += charges[i] * known[k, i]
            diagonal[k, i, i] = 1.0
        residual[k, ions] = -charge
    for k in range(count - 1):
        inner_face(k, y, step, problem, work, populations)
    if medium.coupling.shape[0] > 0:
        exchange_at_inner_faces(y, step, problem, work)
    if problem.cells.velocity.shape[0] > 0:
        moving_faces(y, step, problem, work)
    surface_face(y, step, problem, mode, work, populations)
    back_face(y, step, problem, work, populations)


@inlined_kernel
def inner_face(
    k: int, y: FloatArray, step: float, problem: Problem, work: Workspace, populations: Populations | None
) -> None:
    """Add the face between cells k and k + 1: fluxes out of the left and into the right cell, and the displacement."""
    cells = problem.cells
    medium = problem.medium
    coefficients = problem.coefficients
    charges = medium.charges
    ions = len(medium.ions)
    m = ions + 1
    r = k + 1
    residual = work.residual
    diagonal = work.diagonal
    lower = work.lower
    upper = work.upper
    total_left = work.total_left
    total_right = work.total_right
    inverse_distance = 1.0 / cells.distance[r]
    left_scale = step / cells.size[k]
    right_scale = step / cells.size[r]
    drop = y[r, ions] - y[k, ions]
    # the row of the potential, in units of step / h: displacement plus charge-weighted fluxes
    displacement = medium.permittivity * inverse_distance / step
    total = -displacement * drop
    for b in range(ions):
        total_left[b] = 0.0
        total_right[b] = 0.0
    total_left[ions] = displacement
    total_right[ions] = -displacement
    previous = 0.0
    weights = (1.0, 1.0, -0.5)
    for i in range(ions):
        z = charges[i]
        if z != previous:
            weights = flux_weights(z, medium.thermal, drop)
            previous = z
        n_left = medium.native[i] + y[k, i]
        n_right = medium.native[i] + y[r, i]
        if populations is not None:
            n_left = populations.activity[k, i]
            n_right = populations.activity[r, i]
        flux, by_n_left, by_n_right, by_drop, by_left, by_right = scharfetter_gummel(
            z, medium.thermal, weights, inverse_distance, n_left, n_right,
            work.coefficient[k, i], work.coefficient[r, i],
        )  # fmt: skip
        work.flux[r, i] = flux
        work.flux_by_left[r, i] = by_left
        work.flux_by_right[r, i] = by_right
        g_left = by_left * work.slope[k, i]
        g_right = by_right * work.slope[r, i]
        for j in range(m):
            if j == ions:
                left = -by_drop
                right = by_drop
            else:
                left = coefficients.counts[i, j] * g_left
                right = coefficients.counts[i, j] * g_right
                if populations is not None:
                    left += by_n_left * populations.slope[k, i, j]
                    right += by_n_right * populations.slope[r, i, j]
                elif j == i:
                    left += by_n_left
                    right += by_n_right
            total_left[j] += z * left
            total_right[j] += z * right
            diagonal[k, i, j] += left_scale * left
            upper[k, i, j] = left_scale * right
            lower[r, i, j] = -right_scale * left
            diagonal[r, i, j] -= right_scale * right
        total += z * flux
        residual[k, i] += left_scale * flux
        residual[r, i] -= right_scale * flux
    residual[k, ions] += left_scale * total
    residual[r, ions] -= right_scale * total
    for j in range(m):
        diagonal[k, ions, j] += left_scale * total_left[j]
        upper[k, ions, j] = left_scale * total_right[j]
        lower[r, ions, j] = -right_scale * total_left[j]
        diagonal[r, ions, j] -= right_scale * total_right[j]


@inner_kernel
def surface_face(
    y: FloatArray, step: float, problem: Problem, mode: int, work: Workspace, populations: Populations | None
) -> None:
    """Add the irradiated face: beam, contact or closed surface (kinds: ``arrays.SURFACE_*``)."""
    cells = problem.cells
    medium = problem.medium
    coefficients = problem.coefficients
    boundaries = problem.boundaries
    charges = medium.charges
    ions = len(medium.ions)
    h = cells.size[0]
    scale = step / h
    potential = y[0, ions]
    diagonal = work.diagonal
    residual = work.residual
    for i in range(ions):
        work.surface_flux[i] = 0.0
        for b in range(ions + 1):
            work.surface_slope[i, b] = 0.0

    if boundaries.law == SURFACE_BEAM:
        # the field between surface and grounded aperture starts at the surface: displacement -eps_0 phi / d
        residual[0, ions] += boundaries.vacuum * potential / h
        diagonal[0, ions, ions] += boundaries.vacuum / h
        for i in range(ions):
            share = boundaries.beam_share[i]
            if share == 0.0:
                continue
            if mode == POTENTIAL_LIMITED:
                work.surface_flux[i] = share * (boundaries.holding * (boundaries.applied_potential - potential))
                work.surface_slope[i, ions] = -(share * boundaries.holding)
            elif mode == BEAM_LIMITED:
                work.surface_flux[i] = share * boundaries.beam_flux
    elif boundaries.law == SURFACE_CLOSED:
        residual[0, ions] -= boundaries.surface_displacement / h
    else:
        inverse_distance = 1.0 / cells.distance[0]
        drop = potential - boundaries.applied_potential
        field = -medium.permittivity * drop * inverse_distance
        residual[0, ions] -= field / h
        diagonal[0, ions, ions] += medium.permittivity * inverse_distance / h
        if boundaries.law == SURFACE_HELD or boundaries.law == SURFACE_OPEN_CIRCUIT:
            for i in range(ions):
                z = charges[i]
                n = medium.native[i] + y[0, i] if populations is None else populations.activity[0, i]
                flux, _, by_density, by_drop, _, by_log_coefficient = scharfetter_gummel(
                    z, medium.thermal, flux_weights(z, medium.thermal, drop), inverse_distance, boundaries.held[i],
                    n, boundaries.held_coefficient[i], work.coefficient[0, i],
                )  # fmt: skip
                work.surface_flux[i] = flux
                if populations is None:
                    work.surface_slope[i, i] += by_density
                else:
                    for j in range(ions):
                        work.surface_slope[i, j] += by_density * populations.slope[0, i, j]
                work.surface_slope[i, ions] = by_drop
                if coefficients.spacing_inverse[i] != 0.0:
                    g = by_log_coefficient * work.slope[0, i]
                    for j in range(ions):
                        work.surface_slope[i, j] += coefficients.counts[i, j] * g
            if medium.coupling.shape[0] > 0:
                exchange_at_contact(y, drop, problem, work)

    for i in range(ions):
        residual[0, i] -= scale * work.surface_flux[i]
        residual[0, ions] -= scale * charges[i] * work.surface_flux[i]
        for b in range(ions + 1):
            diagonal[0, i, b] -= scale * work.surface_slope[i, b]
            diagonal[0, ions, b] -= scale * charges[i] * work.surface_slope[i, b]


@inner_kernel
def back_face(y: FloatArray, step: float, problem: Problem, work: Workspace, populations: Populations | None) -> None:
    """Add the back electrode: potential zero, arriving ions leave (those that it takes), none comes back.

    At open circuit nothing passes, and the field that the stage before left at the back stays: the current is then zero
    at every depth. The zero of the potential is that of the last cell where the surface is closed, and otherwise that
    of the contact, whose potential against the back electrode follows.
    """
    cells = problem.cells
    medium = problem.medium
    coefficients = problem.coefficients
    boundaries = problem.boundaries
    charges = medium.charges
    ions = len(medium.ions)
    last = y.shape[0] - 1
    h = cells.size[last]
    scale = step / h
    inverse_distance = 1.0 / cells.distance[last + 1]
    potential = y[last, ions]
    residual = work.residual
    diagonal = work.diagonal
    closed = boundaries.law == SURFACE_CLOSED
    open_circuit = boundaries.law == SURFACE_OPEN_CIRCUIT
    for i in range(ions):
        work.back_flux[i] = 0.0
        for b in range(ions + 1):
            work.back_slope[i, b] = 0.0
        if closed or open_circuit or boundaries.deposits[i] == 0.0:
            continue
        z = charges[i]
        drift, drift_slope = outflow(z * medium.thermal * potential, abs(z) * OUTFLOW_SMOOTHING)
        d = work.coefficient[last, i]
        mobility = d * inverse_distance
        n = medium.native[i] + y[last, i] if populations is None else populations.activity[last, i]
        work.back_flux[i] = mobility * drift * n
        if populations is None:
            work.back_slope[i, i] += mobility * drift
        else:
            for j in range(ions):
                work.back_slope[i, j] += mobility * drift * populations.slope[last, i, j]
        work.back_slope[i, ions] += mobility * n * drift_slope * z * medium.thermal
        if coefficients.spacing_inverse[i] != 0.0:
            g = work.back_flux[i] * work.slope[last, i]
            for j in range(ions):
                work.back_slope[i, j] += coefficients.counts[i, j] * g
        residual[last, i] += scale * work.back_flux[i]
        residual[last, ions] += scale * z * work.back_flux[i]
        for b in range(ions + 1):
            diagonal[last, i, b] += scale * work.back_slope[i, b]
            diagonal[last, ions, b] += scale * z * work.back_slope[i, b]
    if closed:
        # without a current the charge of the last cell follows from all others; its row fixes the zero of the potential
        for b in range(ions + 1):
            diagonal[last, ions, b] = 0.0
            work.lower[last, ions, b] = 0.0
        residual[last, ions] = potential * medium.thermal
        diagonal[last, ions, ions] = medium.thermal
    elif open_circuit:
        residual[last, ions] += medium.permittivity * boundaries.back_field / h
    else:
        field = medium.permittivity * potential * inverse_distance
        residual[last, ions] += field / h
        diagonal[last, ions, ions] += medium.permittivity * inverse_distance / h
