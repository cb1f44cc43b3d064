"""Conduction in homogeneous glass: Nernst-Einstein relation, Debye length, dielectric relaxation, native current."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import non_negative, nonzero, positive
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY


def thermal_voltage(temperature: ArrayLike) -> FloatArray:
    """Thermal voltage k_B T / e [V] at `temperature` [K] (any shape)."""
    return BOLTZMANN_CONSTANT * positive("temperature", temperature) / ELEMENTARY_CHARGE


def partial_conductivity(
    *, diffusion_coefficient: ArrayLike, density: ArrayLike, temperature: ArrayLike, charge: ArrayLike = 1
) -> FloatArray:
    """Conductivity that each ion contributes, from its diffusion coefficient (Nernst-Einstein relation).

        σ_i = (Z_i e)² n_i D_i / (k_B T)

    ======  ==========================================================  =======  =====
    σ_i     partial conductivity                                        S/m      (...)
    D_i     diffusion coefficient that governs drift                    m²/s     (...)
    n_i     number density                                              1/m³     (...)
    Z_i     charge number, of either sign                               1        (...)
    T       temperature                                                 K        (...)
    ======  ==========================================================  =======  =====

    All arguments broadcast. Valid where each ion drifts in the field alone, without Onsager cross terms; D is that of
    the Nernst-Planck equation, not a tracer coefficient (they differ by the Haven ratio, see `onsager`).

    Raises:
        InputError: a negative coefficient or density, a temperature of 0 or below, a charge of 0.

    Source: Gunawan 2024 ESI (S 42, S 43); the same statement as (S 69) for the native bulk.
    """
    coefficient = non_negative("diffusion_coefficient", diffusion_coefficient)
    number = non_negative("density", density)
    charges = ELEMENTARY_CHARGE * nonzero("charge", charge)
    return charges**2 * number * coefficient / (BOLTZMANN_CONSTANT * positive("temperature", temperature))


def ionic_conductivity(
    *, diffusion_coefficients: ArrayLike, densities: ArrayLike, temperature: float, charges: ArrayLike = 1
) -> FloatArray:
    """Conductivity of several ions, σ = Σ_i (Z_i e)² n_i D_i / (k_B T) [S/m].

    `diffusion_coefficients` [m²/s], `densities` [1/m³] and `charges` broadcast to (..., ions); the sum runs over the
    last axis, so the result has shape (...). See `partial_conductivity` for validity, errors and source.
    """
    contributions = partial_conductivity(
        diffusion_coefficient=diffusion_coefficients, density=densities, temperature=temperature, charge=charges
    )
    return np.sum(np.atleast_1d(contributions), axis=-1)


def diffusion_coefficient_from_conductivity(
    *, conductivity: ArrayLike, density: ArrayLike, temperature: ArrayLike, charge: ArrayLike = 1
) -> FloatArray:
    """Diffusion coefficient of the one ion that carries `conductivity`, D = σ k_B T / ((Z e)² n) [m²/s].

    The inverse of `partial_conductivity` [S/m], with the same symbols, shapes, validity and source.

    Raises:
        InputError: a negative conductivity, a density or a temperature of 0 or below, a charge of 0.
    """
    sigma = non_negative("conductivity", conductivity)
    charges = ELEMENTARY_CHARGE * nonzero("charge", charge)
    thermal_energy = BOLTZMANN_CONSTANT * positive("temperature", temperature)
    return sigma * thermal_energy / (charges**2 * positive("density", density))


def debye_length(
    *, densities: ArrayLike, relative_permittivity: float, temperature: float, charges: ArrayLike = 1
) -> FloatArray:
    """Length over which mobile ions screen a charge.

        λ = √( ε0 ε_r k_B T / (e² Σ_i Z_i² n_i) )

    ======  ==========================================================  =======  ===========
    λ       Debye length                                                m        (...)
    n_i     densities of the mobile ions                                1/m³     (..., ions)
    Z_i     charge numbers                                              1        (ions,)
    ε_r     relative permittivity of the glass                          1        ()
    T       temperature                                                 K        ()
    ======  ==========================================================  =======  ===========

    Linear (Debye-Hückel) screening of a continuum: at the densities of a glass it is shorter than the distance of two
    ions (0.028 nm at 1.4e28 1/m³) and then means only that space charge takes part of one atomic layer. A background
    that cannot move does not screen and is not counted.

    Raises:
        InputError: no mobile charge, a permittivity or a temperature of 0 or below.

    Source: the length that Gunawan 2024 (eq. 1) and Gunawan 2026 (eq. 3) contain when linearised.
    """
    number = non_negative("densities", densities)
    strength = np.sum(np.atleast_1d(nonzero("charges", charges) ** 2 * number), axis=-1)
    permittivity = VACUUM_PERMITTIVITY * positive("relative_permittivity", relative_permittivity)
    thermal_energy = BOLTZMANN_CONSTANT * positive("temperature", temperature)
    return np.sqrt(permittivity * thermal_energy / (ELEMENTARY_CHARGE**2 * positive("densities", strength)))


def dielectric_relaxation_time(*, conductivity: ArrayLike, relative_permittivity: ArrayLike) -> FloatArray:
    """Time in which a conducting medium loses a charge in its interior, τ = ε0 ε_r / σ [s].

    `conductivity` σ [S/m] and `relative_permittivity` broadcast. It follows from Poisson's equation and the
    conservation of charge for a homogeneous medium; with S/m from `ionic_conductivity` it is λ²/D for a single ion.

    Raises:
        InputError: a conductivity or a permittivity of 0 or below.
    """
    permittivity = VACUUM_PERMITTIVITY * positive("relative_permittivity", relative_permittivity)
    return permittivity / positive("conductivity", conductivity)


def native_bulk_current(
    *,
    diffusion_coefficient: ArrayLike,
    density: ArrayLike,
    voltage: ArrayLike,
    thickness: ArrayLike,
    area: ArrayLike,
    temperature: ArrayLike,
    charge: ArrayLike = 1,
) -> FloatArray:
    """Current through a sample that still has its native composition everywhere: the start of a CAIT experiment.

        I = σ A U / L,   σ = (Z e)² n D / (k_B T)

    ======  ==========================================================  =======  =====
    I       current                                                     A        (...)
    D       diffusion coefficient of the native ion at native density   m²/s     (...)
    n       native density                                              1/m³     (...)
    U       voltage across the sample: the source potential             V        (...)
    L       thickness                                                   m        (...)
    A       irradiated area                                             m²       (...)
    T       temperature                                                 K        (...)
    Z       charge number                                               1        (...)
    ======  ==========================================================  =======  =====

    Valid once the field is established (later than the dielectric relaxation time) and before the replaced zone takes
    a share of the voltage; it presumes that the beam can deliver I.

    Raises:
        InputError: a thickness, an area or a temperature of 0 or below, a negative density or coefficient.

    Source: Gunawan 2024 ESI (S 69).
    """
    sigma = partial_conductivity(
        diffusion_coefficient=diffusion_coefficient, density=density, temperature=temperature, charge=charge
    )
    return sigma * positive("area", area) * np.asarray(voltage, dtype=np.float64) / positive("thickness", thickness)
