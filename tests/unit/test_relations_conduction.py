"""Conduction, foreign diffusion coefficient and Onsager relations against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape import relations
from ionscape.errors import InputError

# k_B T = 1.380649e-23 * 323.15 = 4.4615672e-21 J; e² = 2.5669697e-38 C².
TEMPERATURE = 323.15


def test_thermal_voltage_at_room_temperature() -> None:
    # 1.380649e-23 * 298.15 / 1.602176634e-19
    assert relations.thermal_voltage(298.15) == pytest.approx(0.0256926, rel=1e-5, abs=0)


def test_conductivity_of_lithium_borate() -> None:
    # 2.5669697e-38 * 1.4e28 * 5.8e-19 / 4.4615672e-21
    sigma = relations.partial_conductivity(diffusion_coefficient=5.8e-19, density=1.4e28, temperature=TEMPERATURE)
    assert sigma == pytest.approx(4.67186e-8, rel=1e-5, abs=0)


def test_conductivities_of_several_ions_add_with_the_square_of_the_charge() -> None:
    one = relations.partial_conductivity(diffusion_coefficient=1e-18, density=1e27, temperature=TEMPERATURE)
    three = relations.ionic_conductivity(
        diffusion_coefficients=[1e-18, 2e-18, 1e-18],
        densities=[[1e27, 1e27, 1e27], [1e27, 0.0, 3e27]],
        charges=[1, -1, 2],
        temperature=TEMPERATURE,
    )
    assert three == pytest.approx(one * np.array([1 + 2 + 4, 1 + 0 + 12]), rel=1e-14, abs=0)


def test_diffusion_coefficient_from_conductivity_of_a_divalent_ion() -> None:
    # D = 1e-8 * 4.4615672e-21 / (4 * 2.5669697e-38 * 5e27)
    coefficient = relations.diffusion_coefficient_from_conductivity(
        conductivity=1e-8, density=5e27, temperature=TEMPERATURE, charge=2
    )
    assert coefficient == pytest.approx(8.69034e-20, rel=1e-5, abs=0)


def test_debye_length_of_the_native_glass() -> None:
    length = relations.debye_length(densities=1.4e28, relative_permittivity=7, temperature=TEMPERATURE)
    assert length == pytest.approx(0.028e-9, rel=0.01, abs=0)
    # √(8.8541878e-12 * 7 * 4.4615672e-21 / (2.5669697e-38 * 1.4e28)) = √7.69458e-22
    assert length == pytest.approx(2.77391e-11, rel=1e-5, abs=0)


def test_debye_length_counts_the_square_of_each_charge() -> None:
    salt = relations.debye_length(densities=[1e24, 2e24], charges=[2, -1], relative_permittivity=10, temperature=300)
    single = relations.debye_length(densities=6e24, relative_permittivity=10, temperature=300)
    assert salt == pytest.approx(single, rel=1e-14, abs=0)


def test_dielectric_relaxation_takes_about_a_millisecond() -> None:
    # 8.8541878e-12 * 7 / 4.67186e-8
    time = relations.dielectric_relaxation_time(conductivity=4.67186e-8, relative_permittivity=7)
    assert time == pytest.approx(1.32665e-3, rel=1e-5, abs=0)


def test_native_current_of_the_first_stage() -> None:
    current = relations.native_bulk_current(
        diffusion_coefficient=5.8e-19, density=1.4e28, voltage=15, thickness=2.325e-3, area=28.26e-6,
        temperature=TEMPERATURE,
    )  # fmt: skip
    # 4.67186e-8 * 28.26e-6 * 15 / 2.325e-3; physics of the case: 8.52 nA at the start
    assert current == pytest.approx(8.51786e-9, rel=1e-5, abs=0)


@pytest.mark.parametrize(
    ("zone", "front", "zone_diffusion", "gradient", "slope", "expected"),
    [
        pytest.param(1.96e27, 3.72e-19, 1.1e-22, -1.427e3, 1.19e36, 1.987e-22, id="K"),
        pytest.param(1.12e27, 7.08e-19, 1.00e-23, -3.97e3, 3.30e35, 1.909e-21, id="Rb"),
        pytest.param(4.2e26, 7.08e-19, 2.62e-23, -3.40e3, 3.43e35, 1.425e-21, id="Cs"),
    ],
)
def test_foreign_diffusion_coefficients_of_the_papers_table(
    zone: float, front: float, zone_diffusion: float, gradient: float, slope: float, expected: float
) -> None:
    foreign = relations.foreign_diffusion_coefficient(
        native_density_zone=zone, native_density_bulk=1.4e28, native_diffusion_zone=zone_diffusion,
        native_diffusion_front=front, native_diffusion_bulk=3.9e-17, bulk_potential_gradient=gradient,
        native_density_gradient=slope,
    )  # fmt: skip
    assert foreign == pytest.approx(expected, rel=5e-4, abs=0)


def test_foreign_diffusion_coefficient_solves_the_three_layer_balance() -> None:
    """Put back into (S 71) and (S 78), it must give the same flux in zone, front and bulk."""
    bulk, zone = 1.4e28, 1.1e27
    diffusion_bulk, diffusion_front, diffusion_zone = 4e-17, 8e-19, 2e-23
    field, slope = -4e3, 3e35
    foreign = relations.foreign_diffusion_coefficient(
        native_density_zone=zone, native_density_bulk=bulk, native_diffusion_zone=diffusion_zone,
        native_diffusion_front=diffusion_front, native_diffusion_bulk=diffusion_bulk,
        bulk_potential_gradient=field, native_density_gradient=slope,
    )  # fmt: skip
    flux = -diffusion_bulk * bulk * field
    zone_field = -flux / (diffusion_zone * zone + float(foreign) * (bulk - zone))
    front_flux = -diffusion_front * (slope + (bulk + zone) / 2 * (field + zone_field) / 2)
    assert front_flux == pytest.approx(flux, rel=1e-12, abs=0)


def test_potential_gradient_of_a_chamber_experiment() -> None:
    # -15 V / 2.325 mm / 0.0278469 V
    gradient = relations.reduced_potential_gradient(voltage=15, length=2.325e-3, temperature=TEMPERATURE)
    assert gradient == pytest.approx(-2.31682e5, rel=1e-5, abs=0)


def test_foreign_diffusion_refuses_a_plateau_above_the_bulk() -> None:
    with pytest.raises(InputError, match=r"native_density_zone.*native_density_bulk"):
        relations.foreign_diffusion_coefficient(
            native_density_zone=2e28, native_density_bulk=1.4e28, native_diffusion_zone=1e-23,
            native_diffusion_front=1e-19, native_diffusion_bulk=1e-17, bulk_potential_gradient=-1e3,
            native_density_gradient=1e35,
        )  # fmt: skip


def test_foreign_diffusion_refuses_a_field_of_the_wrong_sign() -> None:
    with pytest.raises(InputError, match="bulk_potential_gradient"):
        relations.foreign_diffusion_coefficient(
            native_density_zone=1e27, native_density_bulk=1.4e28, native_diffusion_zone=1e-23,
            native_diffusion_front=1e-17, native_diffusion_bulk=1e-17, bulk_potential_gradient=+1e3,
            native_density_gradient=1e35,
        )  # fmt: skip


def test_onsager_coefficients_without_cross_terms() -> None:
    # L_11 = 5.8e-19 * 1.4e28 / 4.4615672e-21 = 1.81999e30; L_22 = 2.67e-22 * 1e28 / 4.4615672e-21 = 5.98445e26
    matrix = relations.onsager_matrix(
        diffusion_coefficients=[5.8e-19, 2.67e-22], densities=[1.4e28, 1e28], temperature=TEMPERATURE
    )
    assert matrix == pytest.approx(np.diag([1.81999e30, 5.98445e26]), rel=1e-5, abs=0)


def test_cross_terms_add_to_the_effective_coefficients() -> None:
    # (S 61): k_B T/n_1 (L_11 + L_12) = 4.4615672e-21 / 1e28 * (3e26 + 1e26) = 1.784627e-22
    # (S 62): k_B T/n_2 (L_21 + L_22) = 4.4615672e-21 / 4e27 * (1e26 + 2e26) = 3.346175e-22
    effective = relations.effective_diffusion_coefficients(
        onsager=[[3e26, 1e26], [1e26, 2e26]], densities=[1e28, 4e27], temperature=TEMPERATURE
    )
    assert effective == pytest.approx([1.784627e-22, 3.346175e-22], rel=1e-6, abs=0)


def test_effective_coefficients_are_the_drift_of_unequally_charged_ions() -> None:
    """j_i = -Σ_j L_ij Z_j e φ' must equal the drift term -D_i Z_i n_i e φ'/(k_B T)."""
    onsager, charges, densities = np.array([[4e26, -1e26], [-1e26, 3e26]]), np.array([1, 2]), np.array([8e27, 3e27])
    effective = relations.effective_diffusion_coefficients(
        onsager=onsager, densities=densities, temperature=TEMPERATURE, charges=charges
    )
    force = 1.602176634e-19 * 1e6
    drift = effective * charges * densities * force / (1.380649e-23 * TEMPERATURE)
    assert drift == pytest.approx(onsager @ charges * force, rel=1e-12, abs=0)


def test_tracer_coefficients_with_the_papers_coupling_of_chemical_potentials() -> None:
    """With ∂μ1/∂n2 = -∂μ1/∂n1 (S 30): D_1* = L_11 μ11 - L_12 μ22, worked out for L in 1e26 and μ in 1e-48."""
    tracer = relations.tracer_diffusion_coefficients(
        onsager=[[3e26, 1e26], [1e26, 2e26]],
        chemical_potential_derivatives=[[4e-49, -4e-49], [-5e-49, 5e-49]],
    )
    assert tracer == pytest.approx([(12 - 5) * 1e-23, (-4 + 10) * 1e-23], rel=1e-12, abs=0)


def test_ideal_mixture_without_cross_terms_has_haven_ratio_one() -> None:
    densities = np.array([9e27, 5e27])
    matrix = relations.onsager_matrix(
        diffusion_coefficients=[1e-18, 1e-21], densities=densities, temperature=TEMPERATURE
    )
    tracer = relations.tracer_diffusion_coefficients(
        onsager=matrix,
        chemical_potential_derivatives=relations.ideal_chemical_potential_derivatives(
            densities=densities, temperature=TEMPERATURE
        ),
    )
    ratio = relations.haven_ratio(tracer_diffusion_coefficient=tracer, effective_diffusion_coefficient=[1e-18, 1e-21])
    assert ratio == pytest.approx(relations.HAVEN_RATIO_DILUTE, rel=1e-12, abs=0)


def test_papers_haven_ratio_halves_the_tracer_coefficient() -> None:
    tracer = relations.tracer_from_effective(
        effective_diffusion_coefficient=5.8e-19, haven_ratio=relations.HAVEN_RATIO_COUPLED
    )
    assert tracer == pytest.approx(2.9e-19, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1.0, 0.5], [0.4, 1.0]], "not symmetric"),
        ([[1.0, 1.1], [1.1, 1.0]], "not positive semidefinite"),
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], "square"),
        ([[1.0, 0.0], [0.0, -1.0]], "at least 0"),
        ([[1e30, 1e27], [1e27, 1e22]], "not positive semidefinite"),
    ],
)
def test_onsager_matrices_that_contradict_thermodynamics(matrix: list[list[float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        relations.check_onsager_matrix(matrix)


def test_perfect_coupling_is_still_allowed() -> None:
    """L_12² = L_11 L_22 with mobilities twelve decades apart."""
    matrix = [[1e30, 1e24], [1e24, 1e18]]
    assert relations.check_onsager_matrix(matrix) == pytest.approx(np.array(matrix))


def test_cross_coefficients_that_are_too_large_are_refused() -> None:
    """D_2 = 0 leaves L_22 = -L_12 = 1e26, L_11 = 2.24e28 + 1e26; with +1e26 it would be negative."""
    arguments = {"diffusion_coefficients": [1e-20, 0.0], "densities": [1e28, 1e28], "temperature": TEMPERATURE}
    allowed = relations.onsager_matrix(**arguments, cross_coefficients=[[0, -1e26], [-1e26, 0]])
    assert allowed[1, 1] == pytest.approx(1e26)
    with pytest.raises(InputError, match="at least 0"):
        relations.onsager_matrix(**arguments, cross_coefficients=[[0, 1e26], [1e26, 0]])


@pytest.mark.parametrize(("cross", "accepted"), [(4.39e26, True), (4.40e26, False)])
def test_largest_cross_coefficient_of_two_ions(cross: float, accepted: bool) -> None:
    """With a, b = D_i n_i/(k_B T), L_12² <= (a - L_12)(b - L_12) holds up to L_12 = a b/(a + b) = 4.3949e26."""
    arguments = {
        "diffusion_coefficients": [1e-20, 2e-22], "densities": [1e28, 1e28], "temperature": TEMPERATURE,
        "cross_coefficients": [[0, cross], [cross, 0]],
    }  # fmt: skip
    if accepted:
        relations.onsager_matrix(**arguments)
    else:
        with pytest.raises(InputError, match=r"L_12\^2 <= L_11 L_22"):
            relations.onsager_matrix(**arguments)


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"density": -1.0}, {"charge": 0}, {"density": np.nan}])
def test_conductivity_refuses_meaningless_arguments(wrong: dict[str, float]) -> None:
    arguments = {"diffusion_coefficient": 1e-18, "density": 1e28, "temperature": 300.0, "charge": 1} | wrong
    with pytest.raises(InputError, match=next(iter(wrong))):
        relations.partial_conductivity(**arguments)
