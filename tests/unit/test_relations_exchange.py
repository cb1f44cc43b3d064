"""Sharp-front charge law and travelling wave against direct integration and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from ionscape import relations
from ionscape.errors import InputError

CASE = {
    "voltage": 15.0,
    "thickness": 2.325e-3,
    "native_diffusion_coefficient": 5.8e-19,
    "foreign_diffusion_coefficient": 2.67e-22,
    "temperature": 323.15,
}
THERMAL_VOLTAGE = 1.380649e-23 * 323.15 / 1.602176634e-19
WAVE = {"flux": 1.2e-13, "native_diffusion": 5.8e-19, "foreign_diffusion": 2.67e-22}


def test_charge_law_is_the_integral_of_two_layers_in_series() -> None:
    def growth(_time: float, depth: np.ndarray) -> np.ndarray:
        resistance = (CASE["thickness"] - depth) / 5.8e-19 + depth / 2.67e-22
        return 15.0 / THERMAL_VOLTAGE / resistance

    times = np.array([3600.0, 94.46 * 3600, 2000 * 3600.0])
    path = integrate.solve_ivp(growth, (0, times[-1]), [0.0], t_eval=times, rtol=1e-11, atol=1e-20, method="DOP853")
    assert relations.sharp_front_depth(time=times, **CASE) == pytest.approx(path.y[0], rel=1e-9, abs=0)


def test_charge_law_with_residual_ions_is_the_integral_of_two_layers_in_series() -> None:
    residual = 0.15

    def growth(_time: float, amount: np.ndarray) -> np.ndarray:
        front = amount / (1 - residual)
        return 15.0 / THERMAL_VOLTAGE / ((CASE["thickness"] - front) / 5.8e-19 + front / (2.67e-22 * (1 - residual)))

    times = np.array([94.46 * 3600, 2000 * 3600.0])
    path = integrate.solve_ivp(growth, (0, times[-1]), [0.0], t_eval=times, rtol=1e-11, atol=1e-20, method="DOP853")
    depths = relations.sharp_front_depth(time=times, residual_fraction=residual, **CASE)
    assert depths == pytest.approx(path.y[0], rel=1e-9, abs=0)
    back = relations.sharp_front_time(depth=depths, residual_fraction=residual, **CASE)
    assert back == pytest.approx(times, rel=1e-12, abs=0)
    current = relations.sharp_front_current(
        depth=depths, density=1.4e28, area=28.26e-6, residual_fraction=residual, **CASE
    )
    rates = [growth(0.0, depth) for depth in depths]
    assert current == pytest.approx(1.602176634e-19 * 1.4e28 * 28.26e-6 * np.array(rates), rel=1e-9, abs=0)


def test_charge_of_the_first_stage() -> None:
    """a Q² + b Q = c: a = 1.87180e21, b = 2.325e-3/5.8e-19 = 4.00862e15, c = 538.659 * 340056 = 1.831751e8.

    Q = (-b + √(b² + 4 a c))/(2 a) = 44.76 nm, and times e 1.4e28 28.26e-6 it is 2.837 mC: 0.6 % above the simulated
    2.820 mC, which leaves a part of the native ions behind.
    """
    depth = relations.sharp_front_depth(time=94.46 * 3600, **CASE)
    a, b, c = 1.87180e21, 4.00862e15, 1.831751e8
    assert depth == pytest.approx((-b + np.sqrt(b * b + 4 * a * c)) / (2 * a), rel=1e-4, abs=0)
    assert depth * 1.602176634e-19 * 1.4e28 * 28.26e-6 == pytest.approx(2.820e-3, rel=0.01, abs=0)


def test_equal_coefficients_give_a_straight_line() -> None:
    case = CASE | {"foreign_diffusion_coefficient": 5.8e-19}
    depths = relations.sharp_front_depth(time=np.array([0.0, 1e6, 2e6]), **case)
    speed = 5.8e-19 * 15 / THERMAL_VOLTAGE / 2.325e-3
    assert depths == pytest.approx(speed * np.array([0, 1e6, 2e6]), rel=1e-12, abs=0)


@pytest.mark.parametrize("foreign", [2.67e-22, 5.8e-19, 3e-17])
def test_current_is_the_derivative_of_the_charge(foreign: float) -> None:
    case = CASE | {"foreign_diffusion_coefficient": foreign}
    times = 1e7 * (1 + np.array([-1e-4, 0, 1e-4]))
    depths = relations.sharp_front_depth(time=times, **case)
    current = relations.sharp_front_current(depth=depths[1], density=1.4e28, area=28.26e-6, **case)
    carried = 1.602176634e-19 * 1.4e28 * 28.26e-6
    assert current == pytest.approx(carried * (depths[2] - depths[0]) / (times[2] - times[0]), rel=1e-6, abs=0)


def test_faster_foreign_ion_reaches_the_back_when_the_law_says() -> None:
    """Q = L gives t = ½ L² (1/D1 + 1/D2) k_B T/(e U)."""
    case = CASE | {"thickness": 1e-6, "foreign_diffusion_coefficient": 5.8e-17}
    last = 0.5 * 1e-12 * (1 / 5.8e-19 + 1 / 5.8e-17) * THERMAL_VOLTAGE / 15
    assert relations.sharp_front_depth(time=last, **case) == pytest.approx(1e-6, rel=1e-9, abs=0)
    with pytest.raises(InputError, match="reached the back electrode"):
        relations.sharp_front_depth(time=1.01 * last, **case)
    with pytest.raises(InputError, match="must not exceed what the thickness"):
        relations.sharp_front_time(depth=1.01e-6, **case)


def test_voltage_that_drives_the_ions_out_is_refused() -> None:
    with pytest.raises(InputError, match="voltage times charge"):
        relations.sharp_front_depth(time=1.0, **(CASE | {"voltage": -15.0}))


def test_wave_of_constant_coefficients_is_a_logistic() -> None:
    """n1/n2 = exp(ξ/δ), hence ξ = δ ln(n1/n2) with δ = 1/(1.2e-13 (1/2.67e-22 - 1/5.8e-19)) = 2.226025 nm."""
    length = 2.226025e-9
    native = np.array([1e-6, 0.16, 0.5, 0.84, 1 - 1e-6])
    positions = relations.travelling_wave_position(native, **WAVE)
    assert positions == pytest.approx(length * np.log(native / (1 - native)), rel=1e-6, abs=1e-18)
    closed = relations.logistic_wave_fraction(
        positions, flux=1.2e-13, native_diffusion_coefficient=5.8e-19, foreign_diffusion_coefficient=2.67e-22
    )
    assert closed == pytest.approx(native, rel=1e-8, abs=0)
    assert relations.travelling_wave_width(**WAVE) == pytest.approx(2 * length * np.log(0.84 / 0.16), rel=1e-6, abs=0)


def exponential_coefficient(native: np.ndarray) -> np.ndarray:
    """From 2e-21 (no native ions) to 5.8e-19 m²/s, with a cliff of a factor 30 at n1 = 0.3."""
    smooth = 2e-21 * np.exp(native * np.log(290.0 / 30))
    return np.where(native < 0.3, smooth, 30 * smooth)


def test_wave_with_a_cliff_obeys_both_nernst_planck_equations() -> None:
    """Away from the cliff: with the profile's own gradients, J_1 = v n1 and J_2 = v n2 for one and the same field."""
    flux, foreign = 1.2e-13, 2.67e-22
    positions = np.linspace(-6e-9, 4e-9, 4001)
    native = relations.travelling_wave_fraction(
        positions, flux=flux, native_diffusion=exponential_coefficient, foreign_diffusion=foreign
    )
    slope = np.gradient(native, positions, edge_order=2)
    field_from_foreign = -(flux / foreign) + slope / (1 - native)  # dψ/dx, with dn2/dx = -dn1/dx
    field_from_native = -(flux / exponential_coefficient(native)) - slope / native
    away = np.abs(native - 0.3) > 0.01
    assert field_from_native[away] == pytest.approx(field_from_foreign[away], rel=1e-3, abs=0)


def test_wave_by_quadrature_and_by_integration_are_inverse() -> None:
    wave = {"flux": 1.2e-13, "native_diffusion": exponential_coefficient, "foreign_diffusion": 2.67e-22}
    native = np.array([0.02, 0.16, 0.29, 0.31, 0.5, 0.84, 0.999])
    positions = relations.travelling_wave_position(native, **wave)
    assert relations.travelling_wave_fraction(positions, **wave) == pytest.approx(native, rel=1e-6, abs=0)
    assert positions[4] == 0.0


def test_wave_with_residual_ions_travels_at_the_rankine_hugoniot_speed() -> None:
    """Behind, n1 = 0.23 is slow (D1 = 1e-22); both fluxes in the moving frame must be the same on both sides."""
    flux, behind, foreign = 1e-13, 0.23, 1e-21

    def native_coefficient(native: np.ndarray) -> np.ndarray:
        return 1e-23 * np.exp(np.log(1e4) / (1 + np.exp(-(native - 0.25) / 0.02)))

    wave = {"flux": flux, "native_diffusion": native_coefficient, "foreign_diffusion": foreign}
    speed = flux * relations.rankine_hugoniot_speed(
        fraction_behind=behind, fraction_ahead=1.0, native_diffusion=native_coefficient, foreign_diffusion=foreign
    )
    positions = np.linspace(-2e-9, 6e-9, 3001)
    native = relations.travelling_wave_fraction(positions, fraction_behind=behind, **wave)
    slope = np.gradient(native, positions, edge_order=2)
    # J_2 = v n2 fixes the field; J_1 = J - v n2 must follow from it.
    field = -speed / foreign + slope / (1 - native)
    native_flux = -native_coefficient(native) * (slope + native * field)
    assert native_flux[2:-2] == pytest.approx((flux - speed * (1 - native))[2:-2], rel=2e-3, abs=0)


def test_faster_foreign_ion_has_no_steady_front() -> None:
    with pytest.raises(InputError, match="no steady front"):
        relations.travelling_wave_width(flux=1e-13, native_diffusion=1e-21, foreign_diffusion=1e-19)
    with pytest.raises(InputError, match="below that of the native ion"):
        relations.logistic_wave_fraction(
            0.0, flux=1e-13, native_diffusion_coefficient=1e-21, foreign_diffusion_coefficient=1e-19
        )


def test_trapped_ions_cannot_be_left_out_of_the_wave() -> None:
    def trapped(native: np.ndarray) -> np.ndarray:
        return np.where(native < 0.1, 1e-24, 1e-18)

    with pytest.raises(InputError, match=r"native fraction of 0\.099.*diffusion_free_profile"):
        relations.travelling_wave_width(flux=1e-13, native_diffusion=trapped, foreign_diffusion=1e-21)


def test_fractions_outside_the_wave_are_refused() -> None:
    with pytest.raises(InputError, match="greater than 0 and below 1"):
        relations.travelling_wave_position(1.0, **WAVE)
