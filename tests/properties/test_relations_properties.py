"""Properties of the analytic relations over wide ranges of their arguments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from ionscape import relations


def decades(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers spread evenly over the powers of ten from 10^low to 10^high."""
    return st.floats(low, high).map(lambda exponent: 10.0**exponent)


coefficients = decades(-24, -14)
densities = decades(22, 29)
temperatures = st.floats(200, 900)
voltages = decades(-2, 3)
charges = st.sampled_from([-2, -1, 1, 2, 3])


@given(coefficient=coefficients, density=densities, temperature=temperatures, charge=charges)
def test_conductivity_and_its_inverse(coefficient: float, density: float, temperature: float, charge: int) -> None:
    shared = {"density": density, "temperature": temperature, "charge": charge}
    sigma = relations.partial_conductivity(diffusion_coefficient=coefficient, **shared)
    returned = relations.diffusion_coefficient_from_conductivity(conductivity=sigma, **shared)
    assert returned == pytest.approx(coefficient, rel=1e-12, abs=0)


@given(coefficient=coefficients, density=densities, temperature=temperatures, charge=charges)
def test_relaxation_time_is_diffusion_over_the_debye_length(
    coefficient: float, density: float, temperature: float, charge: int
) -> None:
    sigma = relations.partial_conductivity(
        diffusion_coefficient=coefficient, density=density, temperature=temperature, charge=charge
    )
    length = relations.debye_length(densities=density, charges=charge, relative_permittivity=7, temperature=temperature)
    time = relations.dielectric_relaxation_time(conductivity=sigma, relative_permittivity=7)
    assert length**2 / coefficient == pytest.approx(time, rel=1e-12, abs=0)


@st.composite
def onsager_cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A symmetric positive definite L = G Gᵀ (scaled over decades), densities and charges."""
    ions = draw(st.integers(1, 4))
    numbers = st.floats(-1, 1)
    factor = np.array([[draw(numbers) for _ in range(ions)] for _ in range(ions)]) + 1.5 * np.eye(ions)
    scale = np.array([draw(decades(12, 16)) for _ in range(ions)])
    matrix = np.outer(scale, scale) * (factor @ factor.T)
    return (
        (matrix + matrix.T) / 2,
        np.array([draw(densities) for _ in range(ions)]),
        np.array([draw(charges) for _ in range(ions)]),
    )


@given(case=onsager_cases(), temperature=temperatures)
def test_onsager_coefficients_and_effective_coefficients_are_inverse(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], temperature: float
) -> None:
    matrix, number, charge = case
    effective = relations.effective_diffusion_coefficients(
        onsager=matrix, densities=number, temperature=temperature, charges=charge
    )
    drift = charge * (matrix @ charge)
    if np.any(drift <= 1e-6 * np.diag(matrix)):
        return  # dragged backwards by the others: no matrix is built from a negative coefficient
    rebuilt = relations.onsager_matrix(
        diffusion_coefficients=effective,
        densities=number,
        temperature=temperature,
        charges=charge,
        cross_coefficients=matrix,
    )
    scale = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    # The diagonal is a difference of the drift term and the cross terms.
    cancelled = np.max(np.abs(matrix) @ np.abs(charge) / np.diag(matrix))
    assert np.max(np.abs(rebuilt - matrix) / scale) < 1e-13 * (1 + cancelled)


@given(case=onsager_cases(), temperature=temperatures)
def test_conductivity_is_the_quadratic_form_of_the_onsager_matrix(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], temperature: float
) -> None:
    """σ = e² Zᵀ L Z, never negative, whatever single coefficients do."""
    matrix, number, charge = case
    effective = relations.effective_diffusion_coefficients(
        onsager=matrix, densities=number, temperature=temperature, charges=charge
    )
    elementary, boltzmann = 1.602176634e-19, 1.380649e-23
    parts = (charge * elementary) ** 2 * number * effective / (boltzmann * temperature)
    quadratic = elementary**2 * charge @ matrix @ charge
    assert np.sum(parts) == pytest.approx(quadratic, rel=1e-9, abs=1e-12 * np.sum(np.abs(parts)))


@given(
    native=coefficients,
    foreign=coefficients,
    voltage=voltages,
    thickness=decades(-6, -2.3),
    share=st.floats(1e-6, 1),
    residual=st.floats(0, 0.9),
    temperature=temperatures,
)
def test_sharp_front_depth_and_time_are_inverse(
    native: float,
    foreign: float,
    voltage: float,
    thickness: float,
    share: float,
    residual: float,
    temperature: float,
) -> None:
    case = {
        "voltage": voltage,
        "thickness": thickness,
        "native_diffusion_coefficient": native,
        "foreign_diffusion_coefficient": foreign,
        "temperature": temperature,
        "residual_fraction": residual,
    }
    depth = share * (1 - residual) * thickness * (1 - 1e-12)
    time = relations.sharp_front_time(depth=depth, **case)
    returned = relations.sharp_front_depth(time=time, **case)
    # A foreign ion much faster than the native one runs away at the end: the depth is then ill-conditioned in time.
    sensitivity = 1 / (1 - share + share * native / (foreign * (1 - residual)))
    assert returned == pytest.approx(depth, rel=1e-13 * (100 + sensitivity**2), abs=0)


@settings(max_examples=40)
@given(native=decades(-20, -16), contrast=decades(0.2, 6), flux=decades(-16, -10), fraction=st.floats(1e-6, 1 - 1e-6))
def test_travelling_wave_of_constant_coefficients(native: float, contrast: float, flux: float, fraction: float) -> None:
    foreign = native / contrast
    position = relations.travelling_wave_position(
        fraction, flux=flux, native_diffusion=native, foreign_diffusion=foreign
    )
    closed = relations.logistic_wave_fraction(
        position, flux=flux, native_diffusion_coefficient=native, foreign_diffusion_coefficient=foreign
    )
    assert closed == pytest.approx(fraction, rel=1e-8, abs=0)


@st.composite
def coefficient_functions(draw: st.DrawFn) -> relations.DiffusionOfFraction:
    """ln D piecewise linear over random fractions, with or without a cliff."""
    places = np.array([0.0, *sorted(draw(st.lists(st.floats(0.02, 0.98), min_size=1, max_size=4, unique=True))), 1.0])
    logarithms = np.array([draw(st.floats(-6, 6)) for _ in places])
    cliff, height = draw(st.floats(0.05, 0.95)), draw(st.sampled_from([0.0, 2.0, 6.0]))

    def coefficient(fraction: np.ndarray) -> np.ndarray:
        return np.exp(np.interp(fraction, places, logarithms) + np.where(fraction > cliff, height, 0.0))

    return coefficient


@settings(max_examples=40)
@given(native=coefficient_functions(), foreign=coefficient_functions())
def test_diffusion_free_profiles_conserve_and_obey_the_entropy_condition(
    native: relations.DiffusionOfFraction, foreign: relations.DiffusionOfFraction
) -> None:
    flow = {"native_diffusion": native, "foreign_diffusion": foreign}
    profile = relations.diffusion_free_profile(**flow)
    depths, fractions = profile.reduced_depths, profile.native_fractions
    assert np.all(np.diff(depths) >= -1e-6 * depths[1:])
    assert np.all(np.diff(fractions) >= -1e-12)
    # ∫ n2 d(x/Q) = 1, with n2 = 1 ahead of the first depth.
    held = depths[0] + integrate.trapezoid(1 - fractions, depths)
    assert held == pytest.approx(1.0, abs=1e-3)
    for shock in profile.shocks:
        speed = relations.rankine_hugoniot_speed(
            fraction_behind=shock.fraction_behind, fraction_ahead=shock.fraction_ahead, **flow
        )
        assert speed == pytest.approx(shock.reduced_depth, rel=1e-5)
        # Oleinik: every jump to an intermediate composition would be at least as fast as the shock.
        between = np.linspace(shock.fraction_behind, shock.fraction_ahead, 201)[1:-1]
        share = relations.fractional_flow(between, **flow)
        start = relations.fractional_flow(shock.fraction_behind, **flow)
        intermediate = (start - share) / (between - shock.fraction_behind)
        assert np.all(intermediate >= shock.reduced_depth * (1 - 1e-5) - 1e-9)


@given(velocity=decades(-14, -9), diffusion=decades(-24, -16), time=decades(1, 7), place=st.floats(0, 20))
def test_flux_inlet_fractions_stay_between_zero_and_one_and_fall_with_depth(
    velocity: float, diffusion: float, time: float, place: float
) -> None:
    reach = velocity * time + np.sqrt(diffusion * time)
    depths = reach * np.array([0.0, place, 1.01 * place + 0.01, 30.0])
    fractions = relations.flux_inlet_fraction(depths, time, velocity=velocity, diffusion_coefficient=diffusion)
    assert np.all(np.isfinite(fractions))
    assert np.all((fractions >= 0) & (fractions <= 1))
    assert np.all(np.diff(np.sort(depths)) >= 0)
    assert np.all(np.diff(fractions[np.argsort(depths)]) <= 1e-12)


@given(left=coefficients, right=coefficients, temperature=temperatures, charge=charges)
def test_bi_ionic_potential_is_antisymmetric_and_agrees_with_henderson(
    left: float, right: float, temperature: float, charge: int
) -> None:
    shared = {"temperature": temperature}
    forth = relations.bi_ionic_potential(
        diffusion_coefficient_left=left, diffusion_coefficient_right=right, charge=charge, **shared
    )
    back = relations.bi_ionic_potential(
        diffusion_coefficient_left=right, diffusion_coefficient_right=left, charge=charge, **shared
    )
    henderson = relations.henderson_potential(
        diffusion_coefficients=[left, right], densities_left=[1e28, 0.0], densities_right=[0.0, 1e28],
        charges=charge, **shared,
    )  # fmt: skip
    assert back == pytest.approx(-forth, rel=1e-12, abs=1e-15)
    assert henderson == pytest.approx(forth, rel=1e-9, abs=1e-12)


@given(a=coefficients, b=coefficients, density_a=densities, density_b=densities)
def test_interdiffusion_lies_between_the_two_coefficients(
    a: float, b: float, density_a: float, density_b: float
) -> None:
    value = relations.interdiffusion_coefficient(
        diffusion_coefficient_a=a, diffusion_coefficient_b=b, density_a=density_a, density_b=density_b
    )
    assert min(a, b) * (1 - 1e-12) <= value <= max(a, b) * (1 + 1e-12)


@given(
    voltage=decades(0, 3), density=decades(22, 26), thickness=decades(-4, -2), coefficient=coefficients,
    temperature=temperatures, moment=st.floats(1e-3, 5),
)  # fmt: skip
def test_depletion_obeys_its_rate_equation(
    voltage: float, density: float, thickness: float, coefficient: float, temperature: float, moment: float
) -> None:
    """dw/dt = D E e/(k_B T), with E what the depleted layer leaves of the voltage."""
    layer = {"voltage": voltage, "density": density, "relative_permittivity": 7.0}
    if relations.final_depletion_width(**layer) > 0.9 * thickness:
        return
    case = layer | {"thickness": thickness, "diffusion_coefficient": coefficient, "temperature": temperature}
    constant = float(relations.depletion_time(**case))
    step = 1e-4 * constant
    before, width, after = relations.depletion_width(moment * constant + np.array([-step, 0, step]) * moment, **case)
    left = voltage - 1.602176634e-19 * density * width**2 / (2 * 7 * 8.8541878188e-12)
    rate = coefficient * left / thickness * 1.602176634e-19 / (1.380649e-23 * temperature)
    initial = coefficient * voltage / thickness * 1.602176634e-19 / (1.380649e-23 * temperature)
    assert (after - before) / (2 * step * moment) == pytest.approx(rate, rel=1e-5, abs=1e-7 * initial)
