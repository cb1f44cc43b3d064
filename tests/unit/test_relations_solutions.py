"""Closed solutions against the equations that they claim to solve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, special

from ionscape import relations
from ionscape.errors import InputError

ELEMENTARY_CHARGE, BOLTZMANN, EPSILON_0 = 1.602176634e-19, 1.380649e-23, 8.8541878188e-12

# Péclet numbers v² t/D of 0.01 … 1e6: dispersion wins, dispersion loses.
FLUX_INLETS = [
    pytest.param(1e-12, 1e-18, 1e4, id="diffusive"),
    pytest.param(1e-12, 1e-18, 1e7, id="mixed"),
    pytest.param(1e-11, 1e-20, 1e4, id="advective"),
    pytest.param(1e-10, 1e-22, 1e4, id="sharp"),
]


def central_differences(
    depth: float, time: float, velocity: float, diffusion: float, step: float
) -> tuple[float, float, float]:
    def value(offset: float, later: float = 0.0) -> float:
        return float(
            relations.flux_inlet_fraction(
                depth + offset, time + later, velocity=velocity, diffusion_coefficient=diffusion
            )
        )

    pause = 1e-3 * min(time, step / velocity, step**2 / diffusion) * 1e1
    rate = (value(0, pause) - value(0, -pause)) / (2 * pause)
    slope = (value(step) - value(-step)) / (2 * step)
    curvature = (value(step) - 2 * value(0) + value(-step)) / step**2
    return rate, slope, curvature


@pytest.mark.parametrize(("velocity", "diffusion", "time"), FLUX_INLETS)
def test_flux_inlet_solves_the_advection_dispersion_equation(velocity: float, diffusion: float, time: float) -> None:
    spread = np.sqrt(2 * diffusion * time)
    for position in (-0.7, 0.1, 1.2):
        depth = velocity * time + position * spread
        if depth < 0.1 * spread:
            depth = 0.1 * spread * (2 + position)
        rate, slope, curvature = central_differences(depth, time, velocity, diffusion, 1e-3 * spread)
        terms = np.array([rate, -diffusion * curvature, velocity * slope])
        assert abs(np.sum(terms)) < 1e-4 * np.max(np.abs(terms))


@pytest.mark.parametrize(("velocity", "diffusion", "time"), FLUX_INLETS)
def test_flux_through_any_depth_is_the_first_type_solution(velocity: float, diffusion: float, time: float) -> None:
    """c - (D/v) c_x obeys the same equation with the value 1 at the inlet: ½ (erfc a + exp(v x/D) erfc b)."""
    spread = np.sqrt(2 * diffusion * time)
    step = 1e-4 * spread
    # From one step off the surface, so that the difference stays inside.
    depths = np.concatenate([[step], np.linspace(0.1, velocity * time / spread + 3, 30) * spread])
    values = [
        relations.flux_inlet_fraction(depths + offset, time, velocity=velocity, diffusion_coefficient=diffusion)
        for offset in (-step, 0.0, step)
    ]
    flux = values[1] - diffusion / velocity * (values[2] - values[0]) / (2 * step)
    a = (depths - velocity * time) / np.sqrt(4 * diffusion * time)
    b = (depths + velocity * time) / np.sqrt(4 * diffusion * time)
    expected = (special.erfc(a) + np.exp(-(a**2)) * special.erfcx(b)) / 2
    assert flux == pytest.approx(expected, abs=2e-6 * max(1.0, diffusion / (velocity * spread)))


@pytest.mark.parametrize(("velocity", "diffusion", "time"), FLUX_INLETS)
def test_flux_inlet_holds_what_has_entered(velocity: float, diffusion: float, time: float) -> None:
    spread, edge = np.sqrt(diffusion * time), velocity * time
    start = max(edge - 12 * spread, 0.0)
    depths = np.unique([*np.linspace(0, start, 50), *np.linspace(start, edge + 12 * spread, 20001)])
    fractions = relations.flux_inlet_fraction(depths, time, velocity=velocity, diffusion_coefficient=diffusion)
    assert integrate.trapezoid(fractions, depths) == pytest.approx(edge, rel=1e-6, abs=0)
    assert np.all(np.diff(fractions) <= 1e-12)


def test_flux_inlet_before_the_start_and_without_flux_is_empty() -> None:
    depths = np.array([0.0, 1e-9])
    assert np.all(relations.flux_inlet_fraction(depths, 0.0, velocity=1e-12, diffusion_coefficient=1e-18) == 0)
    still = relations.flux_inlet_fraction(depths, 1e5, velocity=0.0, diffusion_coefficient=1e-18)
    assert still == pytest.approx([0, 0], abs=1e-15)


def test_flux_inlet_is_smooth_where_its_series_takes_over() -> None:
    """At the front b = v √(t/D). Scanned through b = 40, the fourth difference shows no jump."""
    velocity, diffusion = 1e-10, 1e-22
    middle = (40 * np.sqrt(diffusion) / velocity) ** 2
    times = middle * (1 + np.linspace(-1e-3, 1e-3, 201))
    values = relations.flux_inlet_fraction(velocity * middle, times, velocity=velocity, diffusion_coefficient=diffusion)
    assert np.max(np.abs(np.diff(values, 4))) < 5e-14


def test_bi_ionic_potential_of_a_decade() -> None:
    # 0.0258520 V * ln 10 at 300 K
    potential = relations.bi_ionic_potential(
        diffusion_coefficient_left=1e-17, diffusion_coefficient_right=1e-18, temperature=300
    )
    assert potential == pytest.approx(0.0595264, rel=1e-5, abs=0)


def potential_of_profile(
    charges: np.ndarray, coefficients: np.ndarray, left: np.ndarray, right: np.ndarray, temperature: float
) -> float:
    """φ_right - φ_left from the field that makes the current of all ions vanish, along a sigmoid profile."""

    def slope(position: float) -> float:
        share = special.expit(position)
        density, gradient = left + share * (right - left), share * (1 - share) * (right - left)
        return -np.sum(charges * coefficients * gradient) / np.sum(charges**2 * coefficients * density)

    value, _ = integrate.quad(slope, -40, 40, epsabs=1e-13, epsrel=1e-11, limit=400)
    return value * BOLTZMANN * temperature / ELEMENTARY_CHARGE


@pytest.mark.parametrize(
    ("charges", "coefficients", "left", "right"),
    [
        pytest.param([1, 1], [5.8e-19, 2.67e-22], [1.0, 0.0], [0.0, 1.0], id="two-cations"),
        pytest.param([1, -1], [1.33, 2.03], [1.0, 1.0], [0.1, 0.1], id="salt-of-two-strengths"),
        pytest.param([1, 2, -1], [1.3, 0.7, 2.0], [1.0, 0.0, 1.0], [0.2, 0.3, 0.8], id="divalent"),
        pytest.param([1, 1, -1], [1.0, 2.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], id="immobile-anion"),
    ],
)
def test_henderson_potential_is_the_integrated_field(
    charges: list[int], coefficients: list[float], left: list[float], right: list[float]
) -> None:
    potential = relations.henderson_potential(
        diffusion_coefficients=coefficients, densities_left=left, densities_right=right, charges=charges,
        temperature=330.0,
    )  # fmt: skip
    expected = potential_of_profile(np.array(charges), np.array(coefficients), np.array(left), np.array(right), 330.0)
    assert potential == pytest.approx(expected, rel=1e-8, abs=0)


def test_henderson_potential_between_equally_conducting_sides() -> None:
    """S is the same on both sides, but the ions differ: ψ = -Σ Z D Δn/S."""
    potential = relations.henderson_potential(
        diffusion_coefficients=[1.0, 0.5], densities_left=[2.0, 0.5], densities_right=[1.0, 1.0], charges=[1, 2],
        temperature=300.0,
    )  # fmt: skip
    # S_left = 2 + 4*0.5*0.5 = 3, S_right = 1 + 4*0.5*1 = 3; Σ Z D Δn = -1 + 2*0.5*0.5 = -0.5
    assert potential == pytest.approx(0.5 / 3 * BOLTZMANN * 300 / ELEMENTARY_CHARGE, rel=1e-12, abs=0)


def test_henderson_gives_the_bi_ionic_potential() -> None:
    henderson = relations.henderson_potential(
        diffusion_coefficients=[5.8e-19, 2.67e-22], densities_left=[1.4e28, 0], densities_right=[0, 1.4e28],
        temperature=323.15,
    )  # fmt: skip
    bi_ionic = relations.bi_ionic_potential(
        diffusion_coefficient_left=5.8e-19, diffusion_coefficient_right=2.67e-22, temperature=323.15
    )
    assert henderson == pytest.approx(bi_ionic, rel=1e-12, abs=0)


@pytest.mark.parametrize(("charge_a", "charge_b"), [(1, 1), (1, 2), (-1, 1), (2, 2)])
def test_interdiffusion_from_the_two_fluxes_without_current(charge_a: int, charge_b: int) -> None:
    """Gradients of equal and opposite charge; the field that cancels the current; then the flux of A."""
    a, b, density_a, density_b = 4e-18, 3e-20, 2e27, 7e27
    slope_a = 1.0
    slope_b = -charge_a * slope_a / charge_b
    field = -(charge_a * a * slope_a + charge_b * b * slope_b) / (
        charge_a**2 * a * density_a + charge_b**2 * b * density_b
    )
    flux_a = -a * (slope_a + charge_a * density_a * field)
    coefficient = relations.interdiffusion_coefficient(
        diffusion_coefficient_a=a, diffusion_coefficient_b=b, density_a=density_a, density_b=density_b,
        charge_a=charge_a, charge_b=charge_b,
    )  # fmt: skip
    assert coefficient == pytest.approx(-flux_a / slope_a, rel=1e-12, abs=0)


def test_interdiffusion_of_traces() -> None:
    """A trace of either ion diffuses with its own coefficient."""
    shared = {"diffusion_coefficient_a": 1e-18, "diffusion_coefficient_b": 1e-21}
    traces = relations.interdiffusion_coefficient(
        density_a=np.array([0, 1e28]), density_b=np.array([1e28, 0]), **shared
    )
    assert traces == pytest.approx([1e-18, 1e-21], rel=1e-14, abs=0)


DEPLETION = {
    "voltage": 20.0,
    "density": 1e24,
    "relative_permittivity": 7.0,
    "thickness": 4e-7,
    "diffusion_coefficient": 1e-16,
    "temperature": 400.0,
}


def test_final_depletion_width() -> None:
    # √(2 * 8.8541878e-12 * 7 * 20 / (1.602176634e-19 * 1e24)) = √1.547378e-14
    width = relations.final_depletion_width(voltage=20.0, density=1e24, relative_permittivity=7.0)
    assert width == pytest.approx(1.243936e-7, rel=1e-6, abs=0)


def test_depletion_follows_from_the_circuit() -> None:
    """The field profile is integrated numerically over the whole sample, the bulk field found by root finding."""
    permittivity, carried = EPSILON_0 * 7, ELEMENTARY_CHARGE * 1e24
    mobility = 1e-16 * ELEMENTARY_CHARGE / (BOLTZMANN * 400)
    depths = np.linspace(0, 4e-7, 8001)

    def recession(_time: float, width: np.ndarray) -> list[float]:
        def voltage(bulk_field: float) -> float:
            excess = carried / permittivity * np.maximum(width[0] - depths, 0)
            return float(integrate.trapezoid(bulk_field + excess, depths)) - 20.0

        return [mobility * optimize.brentq(voltage, -1e9, 1e9, xtol=1e-3)]

    constant = float(relations.depletion_time(**DEPLETION))
    times = constant * np.array([0.1, 0.5, 1.0, 2.0])
    path = integrate.solve_ivp(recession, (0, times[-1]), [0.0], t_eval=times, rtol=1e-8, atol=1e-14)
    assert relations.depletion_width(times, **DEPLETION) == pytest.approx(path.y[0], rel=1e-5, abs=0)
    # τ = 1.243936e-7 * 4e-7 * 0.0344693 / (1e-16 * 20)
    assert constant == pytest.approx(0.857553, rel=1e-5, abs=0)


def test_depletion_starts_with_the_drift_in_the_full_field() -> None:
    speed = 1e-16 * ELEMENTARY_CHARGE * 20.0 / (BOLTZMANN * 400 * 4e-7)
    assert relations.depletion_width(1e-6, **DEPLETION) == pytest.approx(speed * 1e-6, rel=1e-9, abs=0)


def test_depletion_of_an_anion_needs_the_opposite_voltage() -> None:
    anion = DEPLETION | {"voltage": -20.0, "charge": -1}
    assert relations.depletion_width(0.5, **anion) == pytest.approx(
        relations.depletion_width(0.5, **DEPLETION), rel=1e-12, abs=0
    )
    with pytest.raises(InputError, match="voltage times charge"):
        relations.depletion_width(0.5, **(DEPLETION | {"voltage": -20.0}))


def test_depletion_deeper_than_the_sample_is_refused() -> None:
    with pytest.raises(InputError, match="whole sample would be depleted"):
        relations.depletion_width(0.5, **(DEPLETION | {"thickness": 1e-7}))
