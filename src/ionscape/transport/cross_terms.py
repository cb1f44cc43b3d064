"""What ions of one charge number pass on to each other at a face: cross terms of the Onsager matrix.

With a_i = n_i D_i / k_B T and the sum A over the ions of one charge number,

    L_ij = lambda_ij a_i a_j / A,    L_ii = a_i - sum_(j != i) L_ij    (Gunawan 2024 ESI, S 61: sum_j L_ij = a_i),

is symmetric, and positive semidefinite for all lambda_ij <= 1: a a^T / A and Laplacians of weight 1 - lambda_ij. One
lambda = 1 - H for all pairs is Manning's form with the Haven ratio H. Written with the fluxes J_i = a_i g_i that the
ions have without cross terms, g_i the driving force in k_B T over the step,

    J_i + sum_(j != i) C_ij,    C_ij = lambda_ij a_i a_j (g_j - g_i) / A = lambda_ij (a_i J_j - a_j J_i) / A.

What one ion gains another one loses, so that the current is that without cross terms. a_i of a face has the mean
density that the Scharfetter-Gummel flux means, J_i / g_i; the production of entropy is then at least zero exactly.
"""

from __future__ import annotations

import math

from ionscape.arrays import FloatArray
from ionscape.compiled import inlined_kernel, inner_kernel, ordered_kernel

from .arrays import Problem, Workspace
from .copying import copy
from .fluxes import face_coefficient, flux_weights, scharfetter_gummel

ABSENT = 1e-30
"""Scaled density at which an ion counts as absent: its logarithm is that of this one."""


@ordered_kernel
def mean_exponential(x: float) -> tuple[float, float]:
    """(1 - exp(-x)) / x for x >= 0, and its derivative, which near zero come from a Taylor polynomial."""
    if x < 0.3:
        value = 1.0 + x * (
            -1.0 / 2.0
            + x
            * (
                1.0 / 6.0
                + x
                * (
                    -1.0 / 24.0
                    + x
                    * (
                        1.0 / 120.0
                        + x
                        * (
                            -1.0 / 720.0
                            + x * (1.0 / 5040.0 + x * (-1.0 / 40320.0 + x * (1.0 / 362880.0 - x / 3628800.0)))
                        )
                    )
                )
            )
        )
        slope = -1.0 / 2.0 + x * (
            1.0 / 3.0
            + x
            * (
                -1.0 / 8.0
                + x
                * (
                    1.0 / 30.0
                    + x
                    * (
                        -1.0 / 144.0
                        + x
                        * (
                            1.0 / 840.0
                            + x * (-1.0 / 5760.0 + x * (1.0 / 45360.0 + x * (-1.0 / 403200.0 + x / 3991680.0)))
                        )
                    )
                )
            )
        )
        return value, slope  # fmt: skip
    e = math.exp(-x)
    return (1.0 - e) / x, (e * (1.0 + x) - 1.0) / (x * x)


@ordered_kernel
def mean_density(
    w: float, weights: tuple[float, float, float], n_left: float, n_right: float
) -> tuple[float, float, float, float]:
    """Density that the Scharfetter-Gummel flux means, (B(w) n_l - B(-w) n_r) / (ln(n_l / n_r) - w), and derivatives.

    Args:
        w: dimensionless potential step, right minus left.
        weights: of `flux_weights`.
        n_left: scaled density on the left.
        n_right: on the right.

    Returns:
        The density, and its derivatives by both densities and by w.
    """
    b_plus, b_minus, db_plus = weights
    left, right = max(n_left, ABSENT), max(n_right, ABSENT)
    force = math.log(left / right) - w
    if force >= 0.0:
        mean, slope = mean_exponential(force)
        by_left = b_plus * (mean + slope)
        by_right = -b_plus * left * slope / right
        value = b_plus * left * mean
        by_step = db_plus * left * mean - b_plus * left * slope
    else:
        mean, slope = mean_exponential(-force)
        by_right = b_minus * (mean + slope)
        by_left = -b_minus * right * slope / left
        value = b_minus * right * mean
        by_step = (db_plus + 1.0) * right * mean + b_minus * right * slope
    return value, by_left if n_left > ABSENT else 0.0, by_right if n_right > ABSENT else 0.0, by_step


@ordered_kernel
def share_of_diffusion(coupling: FloatArray) -> float:
    """Smallest share of their diffusion with which ions mix, 1 - lambda; 1 without cross terms."""
    share = 1.0
    for i in range(coupling.shape[0]):
        for j in range(i):
            share = min(share, 1.0 - coupling[i, j])
    return share


@inlined_kernel
def ion_at_face(
    i: int, drop: float, inverse_distance: float, n_left: float, n_right: float, d_left: float, d_right: float,
    slope_left: float, slope_right: float, problem: Problem, work: Workspace,
) -> None:  # fmt: skip
    """Enter flux and a of one ion into `work`, with their derivatives by the unknowns on both sides.

    ``drop`` is the potential step [V], ``slope_left`` and ``slope_right`` are d ln D / d (counted density).
    """
    medium, counts = problem.medium, problem.coefficients.counts
    ions = len(medium.ions)
    z, thermal = medium.charges[i], medium.thermal
    weights = flux_weights(z, thermal, drop)
    flux, by_n_left, by_n_right, by_drop, by_log_left, by_log_right = scharfetter_gummel(
        z, thermal, weights, inverse_distance, n_left, n_right, d_left, d_right
    )
    density, mean_by_left, mean_by_right, mean_by_step = mean_density(z * thermal * drop, weights, n_left, n_right)
    if flux >= 0.0:
        d_face, face_left, face_right = face_coefficient(d_left, d_right)
    else:
        d_face, face_right, face_left = face_coefficient(d_right, d_left)
    mobility = d_face * inverse_distance
    value, slopes = work.face_value, work.face_slope
    value[0, i] = flux
    value[1, i] = mobility * density
    by_step = mobility * mean_by_step * z * thermal
    by_log = work.face_by_log
    by_log[0, i, 0], by_log[0, i, 1] = by_log_left, by_log_right
    by_log[1, i, 0] = density * inverse_distance * face_left * d_left
    by_log[1, i, 1] = density * inverse_distance * face_right * d_right
    for quantity in range(2):
        for j in range(ions):
            slopes[quantity, i, 0, j] = counts[i, j] * (by_log[quantity, i, 0] * slope_left)
            slopes[quantity, i, 1, j] = counts[i, j] * (by_log[quantity, i, 1] * slope_right)
    slopes[0, i, 0, i] += by_n_left
    slopes[0, i, 1, i] += by_n_right
    slopes[1, i, 0, i] += mobility * mean_by_left
    slopes[1, i, 1, i] += mobility * mean_by_right
    slopes[0, i, 0, ions], slopes[0, i, 1, ions] = -by_drop, by_drop
    slopes[1, i, 0, ions], slopes[1, i, 1, ions] = -by_step, by_step


@inlined_kernel
def exchange(problem: Problem, work: Workspace) -> None:
    """Sums of C_ij over j of the face whose ions `ion_at_face` has entered, and their derivatives."""
    medium = problem.medium
    coupling, charges = medium.coupling, medium.charges
    ions = len(medium.ions)
    value, slopes, by_log = work.face_value, work.face_slope, work.face_by_log
    passed, passed_slope, passed_by_log = work.passed, work.passed_slope, work.passed_by_log
    passed[:] = 0.0
    passed_slope[:] = 0.0
    passed_by_log[:] = 0.0
    for i in range(ions):
        total = 0.0
        for k in range(ions):
            if charges[k] == charges[i]:
                total += value[1, k]
        if not total > 0.0:
            continue
        for j in range(i):
            if coupling[i, j] == 0.0:
                continue
            share = coupling[i, j] / total
            gained = share * (value[1, i] * value[0, j] - value[1, j] * value[0, i])
            passed[i] += gained
            passed[j] -= gained
            for side in range(2):
                for b in range(ions + 1):
                    slope = slopes[1, i, side, b] * value[0, j] + value[1, i] * slopes[0, j, side, b]
                    slope -= slopes[1, j, side, b] * value[0, i] + value[1, j] * slopes[0, i, side, b]
                    change = 0.0
                    for k in range(ions):
                        if charges[k] == charges[i]:
                            change += slopes[1, k, side, b]
                    slope = share * slope - gained * change / total
                    passed_slope[i, side, b] += slope
                    passed_slope[j, side, b] -= slope
                for k in range(ions):
                    if charges[k] != charges[i]:
                        continue
                    change = -gained * by_log[1, k, side] / total
                    if k == i:
                        change += share * (by_log[1, i, side] * value[0, j] - value[1, j] * by_log[0, i, side])
                    elif k == j:
                        change += share * (value[1, i] * by_log[0, j, side] - by_log[1, j, side] * value[0, i])
                    passed_by_log[i, side, k] += change
                    passed_by_log[j, side, k] -= change


@inner_kernel
def exchange_at_inner_faces(y: FloatArray, step: float, problem: Problem, work: Workspace) -> None:
    """Add the cross terms of all inner faces to residual, Jacobian and fluxes. The current does not change."""
    cells, native = problem.cells, problem.medium.native
    ions = len(problem.medium.ions)
    residual, diagonal, lower, upper = work.residual, work.diagonal, work.lower, work.upper
    for k in range(y.shape[0] - 1):
        r = k + 1
        inverse_distance = 1.0 / cells.distance[r]
        for i in range(ions):
            ion_at_face(
                i, y[r, ions] - y[k, ions], inverse_distance, native[i] + y[k, i], native[i] + y[r, i],
                work.coefficient[k, i], work.coefficient[r, i], work.slope[k, i], work.slope[r, i], problem, work,
            )  # fmt: skip
        exchange(problem, work)
        left_scale = step / cells.size[k]
        right_scale = step / cells.size[r]
        copy(work.exchanged_by_log[r], work.passed_by_log)
        for i in range(ions):
            work.flux[r, i] += work.passed[i]
            residual[k, i] += left_scale * work.passed[i]
            residual[r, i] -= right_scale * work.passed[i]
            for b in range(ions + 1):
                diagonal[k, i, b] += left_scale * work.passed_slope[i, 0, b]
                upper[k, i, b] += left_scale * work.passed_slope[i, 1, b]
                lower[r, i, b] -= right_scale * work.passed_slope[i, 0, b]
                diagonal[r, i, b] -= right_scale * work.passed_slope[i, 1, b]


@inner_kernel
def exchange_at_contact(y: FloatArray, drop: float, problem: Problem, work: Workspace) -> None:
    """Add the cross terms between a held composition and the first cell to the fluxes through the surface."""
    boundaries, native = problem.boundaries, problem.medium.native
    ions = len(problem.medium.ions)
    inverse_distance = 1.0 / problem.cells.distance[0]
    for i in range(ions):
        ion_at_face(
            i, drop, inverse_distance, boundaries.held[i], native[i] + y[0, i], boundaries.held_coefficient[i],
            work.coefficient[0, i], 0.0, work.slope[0, i], problem, work,
        )  # fmt: skip
    exchange(problem, work)
    for i in range(ions):
        work.surface_flux[i] += work.passed[i]
        for b in range(ions + 1):
            work.surface_slope[i, b] += work.passed_slope[i, 1, b]
