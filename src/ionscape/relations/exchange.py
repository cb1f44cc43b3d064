"""Exchange of one ion for another in a field: the sharp-front charge law and the electroneutral travelling wave.

Densities are fractions of the constant total density, n1 (native) + n2 (foreign) = 1; amounts and fluxes are divided by
the total density, so that the exchanged amount Q is a length [m] and a flux J a speed [m/s]. Equal charges.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ionscape.arguments import finite, fraction, nonzero, positive
from ionscape.arguments import non_negative as at_least_zero
from ionscape.arrays import FloatArray
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.errors import InputError
from ionscape.relations._arguments import DiffusionOfFraction, coefficient_function
from ionscape.relations.conduction import thermal_voltage

QUADRATURE_PANELS: Final = 96
"""Panels that each share the adaptive quadrature of a travelling wave, so that no cliff of D(n) is stepped over."""

QUADRATURE_TOLERANCE: Final = 1e-10
"""Relative tolerance of the quadrature and of the integration of a travelling wave."""


def sharp_front_time(
    *,
    depth: ArrayLike,
    voltage: ArrayLike,
    thickness: ArrayLike,
    native_diffusion_coefficient: ArrayLike,
    foreign_diffusion_coefficient: ArrayLike,
    temperature: ArrayLike,
    charge: ArrayLike = 1,
    residual_fraction: ArrayLike = 0.0,
) -> FloatArray:
    """Time in which a constant voltage exchanges a given amount behind a sharp front.

        Q L/D1 + ½ Q² (1/D2 - 1/D1) = Z U e/(k_B T) t                                         (r = 0)
        Q L/D1 + ½ Q² (1/(D2 (1 - r)²) - 1/(D1 (1 - r))) = Z U e/(k_B T) t                    (general)

    ======  ======================================================================  =======  =====
    t       time                                                                    s        (...)
    Q       `depth` of complete exchange = exchanged ions / total density           m        (...)
    L       thickness of the sample                                                 m        (...)
    U       voltage across the sample                                               V        (...)
    D1      native ion at native density                                            m²/s     (...)
    D2      foreign ion in the exchanged layer                                      m²/s     (...)
    T       temperature                                                             K        (...)
    Z       charge number of both ions                                              1        (...)
    r       `residual_fraction` of native ions that stay behind, immobile           1        (...)
    ======  ======================================================================  =======  =====

    Two layers in series: the front stands at X = Q/(1 - r), Z U e/(k_B T) = J ((L - X)/D1 + X/(D2 (1 - r))), and
    dQ/dt = J. Valid for eU much larger than k_B T ln(D1/D2), about the diffusion potential of the front, for Q much
    larger than the width of the front, and as long as X stays below L.

    Raises:
        InputError: a front beyond the thickness, a voltage, length, coefficient or temperature of 0 or below.

    Source: the currents of bulk and zone in Gunawan 2024 ESI (S 69, S 70), integrated over time.
    """
    amount, length = at_least_zero("depth", depth), positive("thickness", thickness)
    native, growth = _layers(native_diffusion_coefficient, foreign_diffusion_coefficient, residual_fraction)
    furthest = length * (1 - np.asarray(residual_fraction, dtype=np.float64))
    if np.any(amount > furthest):
        raise InputError(
            "must not exceed what the thickness of the sample holds", key="depth", value=float(np.max(amount)),
            bound=f"{float(np.min(furthest)):.6g} m",
        )  # fmt: skip
    return amount * (length * native + amount * growth / 2) / _drive(voltage, temperature, charge)


def sharp_front_depth(
    *,
    time: ArrayLike,
    voltage: ArrayLike,
    thickness: ArrayLike,
    native_diffusion_coefficient: ArrayLike,
    foreign_diffusion_coefficient: ArrayLike,
    temperature: ArrayLike,
    charge: ArrayLike = 1,
    residual_fraction: ArrayLike = 0.0,
) -> FloatArray:
    """Depth Q [m] of complete exchange after `time` [s]: the charge law of `sharp_front_time` solved for Q.

    Times the total density, the area and Z e it is the charge that has passed. Symbols, shapes and validity as there.

    Raises:
        InputError: a time at which the front has reached the back, or an argument of the wrong sign.
    """
    native, growth = _layers(native_diffusion_coefficient, foreign_diffusion_coefficient, residual_fraction)
    length, drive = positive("thickness", thickness), _drive(voltage, temperature, charge)
    driven = drive * at_least_zero("time", time)
    furthest = length * (1 - np.asarray(residual_fraction, dtype=np.float64))
    last = furthest * (length * native + furthest * growth / 2)
    if np.any(driven > last * (1 + 1e-12)):
        raise InputError(
            "the front has reached the back electrode", key="time", value=float(np.max(time)),
            bound=f"it arrives after {float(np.min(last / drive)):.6g} s",
        )  # fmt: skip
    linear = length * native
    # The root in this form cancels neither for D1 = D2 nor for short times.
    return 2 * driven / (linear + np.sqrt(np.maximum(linear**2 + 2 * growth * driven, 0.0)))


def sharp_front_current(
    *,
    depth: ArrayLike,
    density: ArrayLike,
    area: ArrayLike,
    voltage: ArrayLike,
    thickness: ArrayLike,
    native_diffusion_coefficient: ArrayLike,
    foreign_diffusion_coefficient: ArrayLike,
    temperature: ArrayLike,
    charge: ArrayLike = 1,
    residual_fraction: ArrayLike = 0.0,
) -> FloatArray:
    """Current I = Z e n A dQ/dt [A] when the amount `depth` Q [m] has been exchanged.

        dQ/dt = Z U e/(k_B T) / (L/D1 + Q (1/(D2 (1 - r)²) - 1/(D1 (1 - r))))

    with the total density n = `density` [1/m³] and the `area` A [m²]; the other symbols, shapes and the validity as in
    `sharp_front_time`.

    Raises:
        InputError: an argument of the wrong sign.
    """
    native, growth = _layers(native_diffusion_coefficient, foreign_diffusion_coefficient, residual_fraction)
    resistance = positive("thickness", thickness) * native + at_least_zero("depth", depth) * growth
    carried = nonzero("charge", charge) * ELEMENTARY_CHARGE * positive("density", density) * positive("area", area)
    return carried * _drive(voltage, temperature, charge) / positive("thickness left to cross", resistance)


def travelling_wave_position(
    native_fraction: ArrayLike,
    *,
    flux: float,
    native_diffusion: DiffusionOfFraction,
    foreign_diffusion: DiffusionOfFraction,
    fraction_behind: float = 0.0,
) -> FloatArray:
    """Position at which the steady diffusion front has a given native fraction, by quadrature.

        dn2/dξ = -n1 n2 ( v/D2 - (J - v n2)/(D1 n1) ),     v = J f2(b)/n2(b)

    with ξ = x - ∫v dt. Without residual ions (n1 = 0 behind) v = J and dn2/dξ = -J n1 n2 (1/D2 - 1/D1).

    ======  ======================================================================  =======  =====
    ξ       position in the frame of the front, 0 where n1 is half way between
            the two sides; increases towards the bulk                               m        (...)
    n1      `native_fraction`, between `fraction_behind` and 1                      1        (...)
    n2      foreign fraction 1 - n1                                                 1        (...)
    J       `flux`: total ion flux divided by the total density                     m/s      ()
    D1, D2  native and foreign coefficient, numbers or functions of n1 and n2       m²/s
    n1(b)   `fraction_behind`: native fraction that the front leaves behind         1        ()
    f2      foreign share of the drift current, see `fractional_flow`               1
    v       speed of the front                                                      m/s
    ======  ======================================================================  =======  =====

    Valid for constant total flux and local electroneutrality, equal charges, after the front has become steady. The
    variable of the quadrature is ln(n2/n1), which leaves no singularity at either end.

    Raises:
        InputError: fractions outside the wave, or coefficients for which no steady front joins the two sides (for
            instance a foreign ion that is faster: that front spreads for ever).

    Source: Gunawan 2024 (eq. 1) for both ions with constant total flux, Gunawan 2024 ESI (S 67); solved here in the
    frame of the front.
    """
    wave = _steepness(flux, native_diffusion, foreign_diffusion, fraction_behind)
    native = fraction("native_fraction", native_fraction)
    if np.any((native <= fraction_behind) | (native >= 1)):
        raise InputError(
            "must lie between the two sides of the front", key="native_fraction", value=float(np.ravel(native)[0]),
            bound=f"greater than {fraction_behind:g} and below 1",
        )  # fmt: skip
    middle = float(scipy.special.logit((1 - fraction_behind) / 2))
    targets = np.log1p(-native) - np.log(native)
    edges = np.union1d(np.linspace(min(np.min(targets), middle), max(np.max(targets), middle), QUADRATURE_PANELS + 1),
                       np.append(np.ravel(targets), middle))  # fmt: skip

    def slowness(logit: float) -> float:
        return float(-1 / wave(np.asarray(logit, dtype=np.float64)))

    panels = [_quadrature(slowness, low, high) for low, high in pairwise(edges)]
    positions = np.concatenate([[0.0], np.cumsum(panels)])
    return np.interp(targets, edges, positions) - np.interp(middle, edges, positions)


def travelling_wave_fraction(
    position: ArrayLike,
    *,
    flux: float,
    native_diffusion: DiffusionOfFraction,
    foreign_diffusion: DiffusionOfFraction,
    fraction_behind: float = 0.0,
) -> FloatArray:
    """Native fraction n1 at `position` ξ [m] of the steady diffusion front, integrated from its middle outwards.

    The inverse of `travelling_wave_position`, found independently of it as an initial value problem; symbols, shapes,
    validity, errors and source as there. For constant coefficients use `logistic_wave_fraction`.
    """
    wave = _steepness(flux, native_diffusion, foreign_diffusion, fraction_behind)
    xi = finite("position", position)
    middle = float(scipy.special.logit((1 - fraction_behind) / 2))
    logits = np.full(xi.shape, middle)
    for side in (xi > 0, xi < 0):
        if np.any(side):
            logits[side] = _march(wave, middle, xi[side])
    return scipy.special.expit(-logits)


def travelling_wave_width(
    *,
    flux: float,
    native_diffusion: DiffusionOfFraction,
    foreign_diffusion: DiffusionOfFraction,
    fraction_behind: float = 0.0,
    lower: float = 0.16,
    upper: float = 0.84,
) -> float:
    """Distance [m] over which the steady front climbs from `lower` to `upper` of the step from behind to the bulk.

    Arguments, validity, errors and source as in `travelling_wave_position`.
    """
    levels = fraction_behind + (1 - fraction_behind) * np.array([lower, upper])
    positions = travelling_wave_position(
        levels, flux=flux, native_diffusion=native_diffusion, foreign_diffusion=foreign_diffusion,
        fraction_behind=fraction_behind,
    )  # fmt: skip
    return float(positions[1] - positions[0])


def logistic_wave_fraction(
    position: ArrayLike, *, flux: float, native_diffusion_coefficient: float, foreign_diffusion_coefficient: float
) -> FloatArray:
    """Native fraction of the steady front between two ions of constant coefficients, in closed form.

        n1(ξ) = 1/(1 + exp(-ξ/δ)),     1/δ = J (1/D2 - 1/D1)

    `position` ξ [m] (any shape), `flux` J [m/s], coefficients in m²/s, D2 < D1. The 16 to 84 % width is 3.3165 δ.
    Validity and source as in `travelling_wave_position`.

    Raises:
        InputError: a foreign ion that is not the slower one, for which no steady front exists.
    """
    native = 1 / positive("native_diffusion_coefficient", native_diffusion_coefficient)
    foreign = 1 / positive("foreign_diffusion_coefficient", foreign_diffusion_coefficient)
    if np.any(foreign <= native):
        raise InputError(
            "must be below that of the native ion for a steady front", key="foreign_diffusion_coefficient",
            value=float(foreign_diffusion_coefficient),
            bound=f"native_diffusion_coefficient = {native_diffusion_coefficient:g} m^2/s",
        )  # fmt: skip
    return scipy.special.expit(finite("position", position) * positive("flux", flux) * (foreign - native))


def _layers(native: ArrayLike, foreign: ArrayLike, residual: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """1/D1 of the bulk, and what each exchanged length adds to the integral of 1/D over depth [s/m²]."""
    replaced = 1 - fraction("residual_fraction", residual)
    bulk = 1 / positive("native_diffusion_coefficient", native)
    zone = 1 / (positive("foreign_diffusion_coefficient", foreign) * positive("1 - residual_fraction", replaced))
    return bulk, (zone - bulk) / replaced


def _drive(voltage: ArrayLike, temperature: ArrayLike, charge: ArrayLike) -> FloatArray:
    """Z U e/(k_B T), which must drive the ions inwards."""
    drive = nonzero("charge", charge) * finite("voltage", voltage) / thermal_voltage(temperature)
    return positive("voltage times charge", drive)


def _steepness(
    flux: float, native_diffusion: DiffusionOfFraction, foreign_diffusion: DiffusionOfFraction, behind: float
) -> Callable[[FloatArray], FloatArray]:
    """-d ln(n2/n1)/dξ [1/m] of the wave as a function of ln(n2/n1), after a check that it is positive throughout."""
    current = float(positive("flux", flux))
    native = coefficient_function("native_diffusion", native_diffusion)
    foreign = coefficient_function("foreign_diffusion", foreign_diffusion)
    if not 0 <= behind < 1:
        raise InputError("must be at least 0 and below 1", key="fraction_behind", value=behind)
    speed = current
    if behind > 0:
        left = np.array([behind])
        moved = float(foreign(1 - left)[0]) * (1 - behind)
        speed = current * moved / ((moved + float(native(left)[0]) * behind) * (1 - behind))

    def steepness(logit: FloatArray) -> FloatArray:
        n1, n2 = scipy.special.expit(-logit), scipy.special.expit(logit)
        # J - v n2 = J n1 without residual ions: n1 cancels and must not be subtracted from 1.
        native_term = current / native(n1) if behind == 0 else (current - speed * n2) / (native(n1) * n1)
        return speed / foreign(n2) - native_term

    last = 30.0 if behind == 0 else float(scipy.special.logit(1 - behind))
    probes = np.linspace(-30.0, last, 4001)[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = steepness(probes)
    if not np.all(values > 0):
        turns = scipy.special.expit(-probes[~(values > 0)][0])
        raise InputError(
            "no steady front joins the bulk and the fraction behind", key="fraction_behind", value=behind,
            bound=f"the front would turn back at a native fraction of {turns:.4g}",
            remedy="use diffusion_free_profile to find the fraction behind the shock",
        )  # fmt: skip
    return steepness


def _march(wave: Callable[[FloatArray], FloatArray], middle: float, positions: FloatArray) -> FloatArray:
    """ln(n2/n1) at positions on one side of the middle of the front."""
    wanted, places = np.unique(np.abs(positions), return_inverse=True)
    sign = float(np.sign(positions[0]))

    def slope(_distance: float, logit: FloatArray) -> FloatArray:
        return -sign * wave(logit)

    solution = cast(
        Any,
        scipy.integrate.solve_ivp(
            slope, (0.0, wanted[-1]), [middle], t_eval=wanted, method="LSODA",
            rtol=QUADRATURE_TOLERANCE, atol=QUADRATURE_TOLERANCE,
        ),
    )  # fmt: skip
    return solution.y[0][places]


def _quadrature(function: Callable[[float], float], low: float, high: float) -> float:
    result = cast(Any, scipy.integrate.quad(function, low, high, epsabs=0.0, epsrel=QUADRATURE_TOLERANCE, limit=400))
    return float(result[0])
