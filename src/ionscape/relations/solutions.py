"""Closed solutions of Nernst-Planck(-Poisson) problems that a simulation can be held against.

Flux-inlet advection and dispersion, diffusion potentials, exchange without a field, depletion at a blocking anode.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ionscape.arguments import finite, non_negative, nonzero, positive
from ionscape.arrays import FloatArray
from ionscape.constants import ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.errors import InputError
from ionscape.relations.conduction import thermal_voltage

ASYMPTOTIC_ARGUMENT: Final = 40.0
"""From here on six terms of the asymptotic series of erfcx are exact to double precision."""


def flux_inlet_fraction(
    depth: ArrayLike, time: ArrayLike, *, velocity: ArrayLike, diffusion_coefficient: ArrayLike
) -> FloatArray:
    """Fraction of the injected ion when it enters by a given flux and drifts and diffuses as the native one does.

        c_t = D c_xx - v c_x;   v c - D c_x = v at x = 0;   c = 0 at t = 0 and at x → ∞

        c = ½ erfc(a) + √(v² t/(π D)) exp(-a²) - ½ (1 + v x/D + v² t/D) exp(v x/D) erfc(b)
        a = (x - v t)/√(4 D t),   b = (x + v t)/√(4 D t)

    ======  ======================================================================  =======  =====
    c       injected ion's density / total density                                  1        (...)
    x       depth                                                                   m        (...)
    t       time                                                                    s        (...)
    v       `velocity`: D Z e E/(k_B T) = total flux / total density                m/s      (...)
    D       diffusion coefficient, the same for both ions                           m²/s     (...)
    ======  ======================================================================  =======  =====

    Valid for two ions of equal charge and equal constant D at constant total flux in a sample much thicker than v t +
    √(D t): the field is then uniform. ∫ c dx = v t exactly.

    Raises:
        InputError: a negative depth, time or velocity, a coefficient of 0 or below.

    Source: the third-type solution of Lindstrom et al. (1967), in van Genuchten and Alves (1982), their A2; here for
    Gunawan 2024 (eq. 1). The product exp(v x/D) erfc(b) is taken as exp(-a²) erfcx(b), which cannot overflow, and the
    two last terms are combined so that they do not cancel.
    """
    x, t = non_negative("depth", depth), non_negative("time", time)
    v, diffusion = non_negative("velocity", velocity), positive("diffusion_coefficient", diffusion_coefficient)
    spread = 2 * np.sqrt(diffusion * t)
    started = np.broadcast_to(spread > 0, np.broadcast_shapes(x.shape, t.shape, v.shape, diffusion.shape))
    scale = np.where(spread > 0, spread, 1.0)
    a, b = (x - v * t) / scale, (x + v * t) / scale
    strength = 2 * v * t / scale
    inlet = np.exp(-(a**2)) * (strength * _erfcx_remainder(b) - scipy.special.erfcx(b) / 2)
    return np.where(started, np.clip(scipy.special.erfc(a) / 2 + inlet, 0.0, 1.0), 0.0)


def bi_ionic_potential(
    *, diffusion_coefficient_left: ArrayLike, diffusion_coefficient_right: ArrayLike, temperature: ArrayLike,
    charge: ArrayLike = 1,
) -> FloatArray:  # fmt: skip
    """Diffusion potential between two ions of equal charge that interdiffuse at constant total density and no current.

        φ_right - φ_left = (k_B T/(Z e)) ln(D_left/D_right)   [V]

    Only the left ion is present on the far left, only the right one on the far right; constant coefficients [m²/s],
    `temperature` in K, `charge` Z; all broadcast. The side towards which the faster cation diffuses is positive. The
    shape of the profile between the two sides does not matter (Planck's and Henderson's results coincide).

    Raises:
        InputError: a coefficient or a temperature of 0 or below, a charge of 0.

    Source: Gunawan 2024 (eq. 1) with vanishing total flux, integrated.
    """
    left = positive("diffusion_coefficient_left", diffusion_coefficient_left)
    right = positive("diffusion_coefficient_right", diffusion_coefficient_right)
    return thermal_voltage(temperature) / nonzero("charge", charge) * np.log(left / right)


def henderson_potential(
    *,
    diffusion_coefficients: ArrayLike,
    densities_left: ArrayLike,
    densities_right: ArrayLike,
    temperature: float,
    charges: ArrayLike = 1,
) -> FloatArray:
    """Diffusion potential without current when all densities vary in proportion across the layer (Henderson).

        φ_right - φ_left = -(k_B T/e) (Σ Z_i D_i Δn_i) / (Σ Z_i² D_i Δn_i) · ln(S_right/S_left)
        S = Σ Z_i² D_i n_i,   Δn_i = n_i,right - n_i,left

    ======  ======================================================================  =======  ===========
    D_i     diffusion coefficients (0 for what cannot move)                         m²/s     (..., ions)
    n_i     densities on either side                                                1/m³     (..., ions)
    Z_i     charge numbers, of either sign                                          1        (..., ions)
    T       temperature                                                             K        ()
    ======  ======================================================================  =======  ===========

    The arguments broadcast, the result has shape (...), in V. Exact for linear profiles and, whatever the profiles, for
    two ions of equal charge at constant total density; an approximation otherwise. If both sides conduct equally the
    quotient is taken in its limit.

    Raises:
        InputError: a side that does not conduct, negative coefficients or densities, a charge of 0.

    Source: Gunawan 2024 (eq. 1) for all ions with vanishing electric current, integrated along the mixing line.
    """
    coefficients = non_negative("diffusion_coefficients", diffusion_coefficients)
    left, right = non_negative("densities_left", densities_left), non_negative("densities_right", densities_right)
    charge = nonzero("charges", charges)

    def summed(terms: FloatArray) -> FloatArray:
        return np.sum(np.atleast_1d(terms), axis=-1)

    conductance_left = positive("conductance on the left", summed(charge**2 * coefficients * left))
    conductance_right = positive("conductance on the right", summed(charge**2 * coefficients * right))
    drive = summed(charge * coefficients * (right - left)) / conductance_left
    change = summed(charge**2 * coefficients * (right - left)) / conductance_left
    # ln(1 + s)/s: exact near its limit 1 at s = 0, and where the sides differ by decades and 1 + s would cancel.
    small = np.abs(change) < 0.5
    logarithm = np.where(small, np.log1p(np.where(small, change, 0.0)), np.log(conductance_right / conductance_left))
    mean = np.where(change == 0, 1.0, logarithm / np.where(change == 0, 1.0, change))
    return -thermal_voltage(temperature) * drive * mean


def interdiffusion_coefficient(
    *,
    diffusion_coefficient_a: ArrayLike,
    diffusion_coefficient_b: ArrayLike,
    density_a: ArrayLike,
    density_b: ArrayLike,
    charge_a: ArrayLike = 1,
    charge_b: ArrayLike = 1,
) -> FloatArray:
    """Coefficient with which two ions exchange thermally, without field and current from outside.

        D_AB = D_A D_B (Z_A² n_A + Z_B² n_B) / (Z_A² n_A D_A + Z_B² n_B D_B)

    ========  ====================================================================  =======  =====
    D_AB      J_A = -D_AB ∂n_A/∂x, the same for B                                   m²/s     (...)
    D_A, D_B  coefficients of the two ions, greater than 0                          m²/s     (...)
    n_A, n_B  densities, not both 0                                                 1/m³     (...)
    Z_A, Z_B  charge numbers, of equal or opposite sign                             1        (...)
    ========  ====================================================================  =======  =====

    For equal charges D_A D_B (n_A + n_B)/(D_A n_A + D_B n_B): the coefficient of the scarcer ion weighs more. Local
    electroneutrality with whatever background cannot move.

    Raises:
        InputError: coefficients of 0 or below, negative densities, no ion at all, a charge of 0.

    Source: Gunawan 2024 (eq. 1) for both ions, with Z_A J_A + Z_B J_B = 0 and Z_A n_A + Z_B n_B constant.
    """
    a = positive("diffusion_coefficient_a", diffusion_coefficient_a)
    b = positive("diffusion_coefficient_b", diffusion_coefficient_b)
    strength_a = nonzero("charge_a", charge_a) ** 2 * non_negative("density_a", density_a)
    strength_b = nonzero("charge_b", charge_b) ** 2 * non_negative("density_b", density_b)
    total = positive("density_a + density_b", strength_a + strength_b)
    # Divided by D_A D_B, so that small coefficients cannot underflow.
    return total / (strength_a / b + strength_b / a)


def final_depletion_width(
    *, voltage: ArrayLike, density: ArrayLike, relative_permittivity: ArrayLike, charge: ArrayLike = 1
) -> FloatArray:
    """Depth to which a blocking anode has driven the mobile cations away when no current flows any more.

        w∞ = √( 2 ε0 ε_r U / (Z e n0) )

    ======  ======================================================================  =======  =====
    w∞      final width of the depleted layer                                       m        (...)
    U       voltage across the sample, of the sign that drives the ion away         V        (...)
    n0      density of the mobile ion; what compensates it cannot move              1/m³     (...)
    ε_r     relative permittivity                                                   1        (...)
    Z       charge number of the mobile ion                                         1        (...)
    ======  ======================================================================  =======  =====

    All of U then drops in a layer of charge density -Z e n0 that ends where the field vanishes. Valid for Z e U much
    larger than k_B T (thermal motion at the edge takes k_B T/(Z e) off U) and w∞ below the thickness.

    Raises:
        InputError: a density or permittivity of 0 or below, a voltage of the wrong sign.

    Source: Poisson's equation, Gunawan 2026 (eq. 3), integrated twice over the layer.
    """
    charge_density = ELEMENTARY_CHARGE * nonzero("charge", charge) * positive("density", density)
    permittivity = VACUUM_PERMITTIVITY * positive("relative_permittivity", relative_permittivity)
    ratio = positive("voltage times charge", finite("voltage", voltage) / charge_density)
    return np.sqrt(2 * permittivity * ratio)


def depletion_time(
    *,
    voltage: ArrayLike,
    density: ArrayLike,
    relative_permittivity: ArrayLike,
    thickness: ArrayLike,
    diffusion_coefficient: ArrayLike,
    temperature: ArrayLike,
    charge: ArrayLike = 1,
) -> FloatArray:
    """Time constant of the depletion at a blocking anode, τ = w∞ L k_B T / (D Z e U) [s]; see `depletion_width`.

    With the thickness L [m], the diffusion coefficient D [m²/s] of the mobile ion, the temperature T [K] and the
    arguments of `final_depletion_width`; all broadcast.

    Raises:
        InputError: arguments of 0 or below, a final width that is not below the thickness.
    """
    width = final_depletion_width(
        voltage=voltage, density=density, relative_permittivity=relative_permittivity, charge=charge
    )
    length = positive("thickness", thickness)
    if np.any(width >= length):
        raise InputError(
            "the whole sample would be depleted", key="thickness", value=float(np.min(length)),
            bound=f"final depletion width {float(np.max(width)):.6g} m", remedy="lower the voltage",
        )  # fmt: skip
    drift = positive("diffusion_coefficient", diffusion_coefficient) * nonzero("charge", charge)
    return width * length * thermal_voltage(temperature) / (drift * np.asarray(voltage, dtype=np.float64))


def depletion_width(
    time: ArrayLike,
    *,
    voltage: ArrayLike,
    density: ArrayLike,
    relative_permittivity: ArrayLike,
    thickness: ArrayLike,
    diffusion_coefficient: ArrayLike,
    temperature: ArrayLike,
    charge: ArrayLike = 1,
) -> FloatArray:
    """Width of the layer that a blocking anode has depleted after `time` at constant voltage.

        w(t) = w∞ tanh(t/τ),   w∞ = √(2 ε0 ε_r U/(Z e n0)),   τ = w∞ L k_B T/(D Z e U)

    Derivation: the layer 0 < x < w holds no mobile ion and the charge density -Z e n0, the rest is neutral and has the
    uniform field E. Integrated over the sample, U = E L + Z e n0 w²/(2 ε0 ε_r): no factor is lost, as E acts across the
    layer too. The edge recedes with the ions that stand there, dw/dt = D Z e E/(k_B T). Both together give
    dw/dt = (w∞/τ)(1 - w²/w∞²). The displacement current of the anode closes the circuit, so nothing is neglected for
    w of the order of L as long as w∞ < L.

    ======  ======================================================================  =======  =====
    w       width of the depleted layer                                             m        (...)
    t       `time` since the voltage was switched on                                s        (...)
    L       thickness of the sample                                                 m        (...)
    D       constant diffusion coefficient of the mobile ion                        m²/s     (...)
    T       temperature                                                             K        (...)
    ======  ======================================================================  =======  =====

    The other symbols as in `final_depletion_width`. Assumed: one mobile ion of constant D over an immobile, uniform
    background; a sharp edge, which needs Z e U much larger than k_B T and w much larger than the Debye length;
    the back electrode takes every arriving ion. The anode is charged by the voltage source, so the field is there at
    once and the law holds from t = 0 on.

    Raises:
        InputError: a negative time, arguments of 0 or below, a final width that is not below the thickness.

    Source: Gunawan 2024 (eq. 1) and Gunawan 2026 (eq. 3) in the two layers.
    """
    elapsed = non_negative("time", time)
    final = final_depletion_width(
        voltage=voltage, density=density, relative_permittivity=relative_permittivity, charge=charge
    )
    constant = depletion_time(
        voltage=voltage, density=density, relative_permittivity=relative_permittivity, thickness=thickness,
        diffusion_coefficient=diffusion_coefficient, temperature=temperature, charge=charge,
    )  # fmt: skip
    return final * np.tanh(elapsed / constant)


def _erfcx_remainder(argument: FloatArray) -> FloatArray:
    """1/√π - b erfcx(b) for b ≥ 0, which tends to 1/(2 √π b²) and would cancel there.

    The asymptotic series is 1/√π · (1/(2b²) - 3/(2b²)² + 15/(2b²)³ - ...).
    """
    b = np.maximum(argument, ASYMPTOTIC_ARGUMENT)
    inverse = 1 / (2 * b**2)
    series = np.zeros_like(b)
    for odd in (11.0, 9.0, 7.0, 5.0, 3.0, 1.0):
        series = odd * inverse * (1 - series)
    direct = 1 / np.sqrt(np.pi) - argument * scipy.special.erfcx(argument)
    return np.where(argument < ASYMPTOTIC_ARGUMENT, direct, series / np.sqrt(np.pi))
