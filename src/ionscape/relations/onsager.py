"""Onsager coefficients and the diffusion coefficients of conduction and of tracers (Gunawan 2024 ESI 2.7 to 2.9).

The flux of ion i is j_i = -Σ_j L_ij ∂(Z_j e φ + μ_j)/∂x (S 18, S 19). L is symmetric and positive semidefinite, as the
production of entropy demands. Charge numbers may be given; the papers' equations are those for equal charges.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import finite, non_negative, nonzero, positive
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import InputError

HAVEN_RATIO_COUPLED: Final = 0.5
"""D*/D_σ when each ion replaces another one for one, as the papers argue (S 46); it rests on S 30."""

HAVEN_RATIO_DILUTE: Final = 1.0
"""D*/D_σ of independent interstitial ions (S 56)."""

SYMMETRY_TOLERANCE: Final = 1e-9
"""Relative to √(L_ii L_jj): deviations from symmetry and negative eigenvalues up to this count as rounding."""


def onsager_matrix(
    *,
    diffusion_coefficients: ArrayLike,
    densities: ArrayLike,
    temperature: float,
    charges: ArrayLike = 1,
    cross_coefficients: ArrayLike | None = None,
) -> FloatArray:
    """Onsager coefficients from the diffusion coefficients that conduction shows.

        without cross terms:  L_ii = D_i n_i / (k_B T)
        with cross terms:     L_ii = D_i n_i / (k_B T) - Σ_{j≠i} (Z_j/Z_i) L_ij

    ======  ==========================================================  =================  ============
    L       Onsager coefficients                                        1/(J m s)          (ions, ions)
    D_i     effective (conductivity) diffusion coefficients             m²/s               (ions,)
    n_i     densities                                                   1/m³               (ions,)
    L_ij    `cross_coefficients`, symmetric; the diagonal is not read   1/(J m s)          (ions, ions)
    Z_i     charge numbers                                              1                  (ions,) or ()
    T       temperature                                                 K                  ()
    ======  ==========================================================  =================  ============

    Raises:
        InputError: shapes that do not fit, values of the wrong sign, or cross coefficients that leave a matrix
            which is not positive semidefinite.

    Source: Gunawan 2024 ESI (S 42, S 43) without, (S 61, S 62) with cross terms; for unequal charges the ratio
    Z_j/Z_i follows from the drift terms of (S 22, S 23).
    """
    coefficients = np.atleast_1d(non_negative("diffusion_coefficients", diffusion_coefficients))
    number = np.broadcast_to(positive("densities", densities), coefficients.shape)
    charge = np.broadcast_to(nonzero("charges", charges), coefficients.shape)
    thermal_energy = BOLTZMANN_CONSTANT * positive("temperature", temperature)
    ions = len(coefficients)
    matrix = np.zeros((ions, ions))
    if cross_coefficients is not None:
        matrix = finite("cross_coefficients", cross_coefficients).copy()
        if matrix.shape != (ions, ions):
            raise InputError(
                f"must have one row and one column for each of the {ions} ions",
                key="cross_coefficients",
                value=str(matrix.shape),
            )
        np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, coefficients * number / thermal_energy - matrix @ charge / charge)
    return check_onsager_matrix(matrix)


def effective_diffusion_coefficients(
    *, onsager: ArrayLike, densities: ArrayLike, temperature: float, charges: ArrayLike = 1
) -> FloatArray:
    """Diffusion coefficients of conduction that a matrix of Onsager coefficients implies.

        D_i,σ = (k_B T / n_i) Σ_j (Z_j/Z_i) L_ij

    Symbols, units and shapes as in `onsager_matrix`, whose inverse this is; the result has shape (ions,), in m²/s. With
    cross terms it may be negative: the ion is then dragged against its own force by the others.

    Raises:
        InputError: a matrix that is not square, symmetric and positive semidefinite, a density or a temperature of 0
            or below, a charge of 0.

    Source: Gunawan 2024 ESI (S 42, S 43) without, (S 61, S 62) with cross terms.
    """
    matrix = check_onsager_matrix(onsager)
    number = np.broadcast_to(positive("densities", densities), matrix.shape[:1])
    charge = np.broadcast_to(nonzero("charges", charges), matrix.shape[:1])
    thermal_energy = BOLTZMANN_CONSTANT * positive("temperature", temperature)
    return thermal_energy / number * (matrix @ charge) / charge


def tracer_diffusion_coefficients(*, onsager: ArrayLike, chemical_potential_derivatives: ArrayLike) -> FloatArray:
    """Tracer diffusion coefficients from the Onsager coefficients and the thermodynamics of the mixture.

        D_i* = Σ_j L_ij ∂μ_j/∂n_i

    ==========  ======================================================  =================  ============
    D_i*        tracer diffusion coefficients                           m²/s               (ions,)
    L           Onsager coefficients                                    1/(J m s)          (ions, ions)
    ∂μ_j/∂n_i   element [j, i] of `chemical_potential_derivatives`      J m³               (ions, ions)
    ==========  ======================================================  =================  ============

    In an ideal mixture the derivatives are diagonal, k_B T/n_i, and the cross terms drop out (see
    `ideal_chemical_potential_derivatives`). The papers' factor two needs ∂μ1/∂n2 = -∂μ1/∂n1 (S 30) instead.

    Raises:
        InputError: shapes that do not fit, or a matrix that is not symmetric and positive semidefinite.

    Source: Gunawan 2024 ESI (S 63, S 64); without cross terms (S 36, S 37).
    """
    matrix = check_onsager_matrix(onsager)
    derivatives = finite("chemical_potential_derivatives", chemical_potential_derivatives)
    if derivatives.shape != matrix.shape:
        raise InputError(
            f"must have the shape of the Onsager matrix, {matrix.shape}",
            key="chemical_potential_derivatives",
            value=str(derivatives.shape),
        )
    return np.einsum("ij,ji->i", matrix, derivatives)


def ideal_chemical_potential_derivatives(*, densities: ArrayLike, temperature: float) -> FloatArray:
    """∂μ_j/∂n_i of an ideal mixture, μ_i = k_B T ln n_i + constant: diagonal, k_B T/n_i [J m³], shape (ions, ions).

    The dilute case of Gunawan 2024 ESI (S 51). `densities` [1/m³] have shape (ions,), `temperature` in K.

    Raises:
        InputError: a density or a temperature of 0 or below.
    """
    number = np.atleast_1d(positive("densities", densities))
    return np.diag(BOLTZMANN_CONSTANT * float(positive("temperature", temperature)) / number)


def tracer_from_effective(*, effective_diffusion_coefficient: ArrayLike, haven_ratio: ArrayLike) -> FloatArray:
    """Tracer diffusion coefficient D* = H D_eff [m²/s] for the Haven ratio H; both arguments broadcast.

    `HAVEN_RATIO_COUPLED` (1/2) is the papers' argument for exchange one for one, `HAVEN_RATIO_DILUTE` (1) the limit of
    independent ions. There is no default: which H a glass has is a matter of measurement.

    Raises:
        InputError: a Haven ratio of 0 or below, a negative coefficient.

    Source: Gunawan 2024 ESI (S 44 to S 46, S 56).
    """
    effective = non_negative("effective_diffusion_coefficient", effective_diffusion_coefficient)
    return positive("haven_ratio", haven_ratio) * effective


def effective_from_tracer(*, tracer_diffusion_coefficient: ArrayLike, haven_ratio: ArrayLike) -> FloatArray:
    """Effective diffusion coefficient D_eff = D*/H [m²/s]: the inverse of `tracer_from_effective`."""
    tracer = non_negative("tracer_diffusion_coefficient", tracer_diffusion_coefficient)
    return tracer / positive("haven_ratio", haven_ratio)


def haven_ratio(*, tracer_diffusion_coefficient: ArrayLike, effective_diffusion_coefficient: ArrayLike) -> FloatArray:
    """Haven ratio H = D*/D_σ from a tracer and a conductivity diffusion coefficient [m²/s]; both broadcast.

    Raises:
        InputError: a negative tracer coefficient, an effective coefficient of 0 or below.

    Source: Gunawan 2024 ESI (S 46).
    """
    tracer = non_negative("tracer_diffusion_coefficient", tracer_diffusion_coefficient)
    return tracer / positive("effective_diffusion_coefficient", effective_diffusion_coefficient)


def check_onsager_matrix(onsager: ArrayLike) -> FloatArray:
    """The Onsager coefficients as an array of shape (ions, ions), made exactly symmetric.

    Raises:
        InputError: the matrix is not square, not symmetric (Onsager's reciprocal relations), or not positive
            semidefinite (the production of entropy would be negative). The bounds are relative to √(L_ii L_jj), so
            that the verdict does not depend on how much the mobilities differ.
    """
    matrix = finite("onsager", onsager)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError("must be a square matrix", key="onsager", value=str(matrix.shape))
    diagonal = non_negative("onsager diagonal", np.diag(matrix))
    # An ion that cannot move has a row of zeros; any positive scale serves it.
    scale = np.sqrt(np.where(diagonal > 0, diagonal, np.max(diagonal) if np.any(diagonal > 0) else 1.0))
    scaled = matrix / np.outer(scale, scale)
    asymmetry = float(np.max(np.abs(scaled - scaled.T)))
    if asymmetry > SYMMETRY_TOLERANCE:
        raise InputError(
            "is not symmetric", key="onsager", bound=f"largest relative difference of L_ij and L_ji: {asymmetry:.3g}",
            remedy="reciprocal relations demand L_ij = L_ji",
        )  # fmt: skip
    smallest = float(np.min(np.linalg.eigvalsh((scaled + scaled.T) / 2)))
    if smallest < -SYMMETRY_TOLERANCE:
        raise InputError(
            "is not positive semidefinite", key="onsager", bound=f"smallest scaled eigenvalue: {smallest:.3g}",
            remedy="cross coefficients of two ions must satisfy L_12^2 <= L_11 L_22",
        )  # fmt: skip
    return (matrix + matrix.T) / 2
