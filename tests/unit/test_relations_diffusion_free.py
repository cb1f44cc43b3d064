"""Welge's construction against envelopes found by hand, and against root finding for site energies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize

import oracles
from ionscape import relations
from ionscape.errors import InputError


def test_slow_foreign_ion_replaces_everything_behind_one_shock() -> None:
    """D1 > D2: f2 is convex, its envelope the diagonal."""
    profile = relations.diffusion_free_profile(native_diffusion=2e-18, foreign_diffusion=1e-18)
    assert [(shock.fraction_behind, shock.fraction_ahead) for shock in profile.shocks] == [(0.0, 1.0)]
    assert profile.front == pytest.approx(1.0, rel=1e-12, abs=0)
    assert profile.native_fraction([0.0, 0.999, 1.001, 5.0]) == pytest.approx([0, 0, 1, 1])


def test_fast_foreign_ion_spreads_without_shock() -> None:
    """D2 = 50 D1: df2/dn2 = 50/(1 + 49 n1')², n1' = 1 - n1, whose inverse is elementary; edges at 1/50 and 50."""
    ratio = 50.0
    profile = relations.diffusion_free_profile(native_diffusion=1.0, foreign_diffusion=ratio)
    assert profile.shocks == ()
    assert profile.front == pytest.approx(ratio, rel=1e-5, abs=0)
    slopes = np.geomspace(1.001 / ratio, 0.999 * ratio, 50)
    foreign = (np.sqrt(ratio / slopes) - 1) / (ratio - 1)
    assert profile.native_fraction(slopes) == pytest.approx(1 - foreign, abs=2e-6)


def test_trapped_ions_with_a_jump_of_the_coefficient() -> None:
    """D1/D2 = a = 1e-4 for n1 ≤ c = 0.1, 300 above.

    Up to the jump f1 = a n1/(a n1 + n2) is convex: a rarefaction n1 = (√(a/s) - 1)/(a - 1). There the envelope has a
    corner: a plateau n1 = c. The chord on to (1, 1) lies below f1: a shock at (1 - f1(c))/(1 - c) with
    f1(c) = 1e-5/(1e-5 + 0.9).
    """
    low, jump = 1e-4, 0.1
    profile = relations.diffusion_free_profile(
        native_diffusion=lambda n: np.where(n <= jump, low, 300.0), foreign_diffusion=1.0
    )
    slopes = np.geomspace(1.01 * low, 0.99 * low / (low * jump + 1 - jump) ** 2, 20)
    assert profile.native_fraction(slopes) == pytest.approx((np.sqrt(low / slopes) - 1) / (low - 1), abs=1e-6)
    assert profile.native_fraction([2e-4, 0.01, 0.5, 1.11]) == pytest.approx(jump, abs=1e-8)
    front = (1 - 1e-5 / (1e-5 + 0.9)) / 0.9
    assert profile.front == pytest.approx(front, rel=1e-9, abs=0)
    assert profile.shocks[-1].fraction_behind == pytest.approx(jump, abs=1e-8)
    assert profile.native_fraction(1.0001 * front) == 1.0


@pytest.mark.parametrize("ratio", [0.04, 0.25, 0.81])
def test_ion_whose_coefficient_vanishes_with_its_density_still_advances(ratio: float) -> None:
    """D2 = n2, D1 = κ: f2 = n2²/(κ n1 + n2²); f2' = f2/n2 at n2 = √κ, where the shock has speed 1/(√κ (2 - √κ))."""
    profile = relations.diffusion_free_profile(native_diffusion=ratio, foreign_diffusion=lambda foreign: foreign)
    (shock,) = profile.shocks
    root = np.sqrt(ratio)
    assert shock.fraction_ahead == 1.0
    assert shock.fraction_behind == pytest.approx(1 - root, abs=1e-6)
    assert profile.front == pytest.approx(1 / (root * (2 - root)), rel=1e-9, abs=0)
    speed = relations.rankine_hugoniot_speed(
        fraction_behind=1 - root, fraction_ahead=1.0, native_diffusion=ratio, foreign_diffusion=lambda foreign: foreign
    )
    assert speed == pytest.approx(profile.front, rel=1e-12, abs=0)


def test_equal_ions_are_carried_along_unchanged() -> None:
    profile = relations.diffusion_free_profile(native_diffusion=3e-19, foreign_diffusion=3e-19)
    assert profile.front == pytest.approx(1.0, rel=1e-6, abs=0)
    assert profile.native_fraction([0.99, 1.01]) == pytest.approx([0.0, 1.0])


def test_only_the_ratio_of_the_coefficients_matters() -> None:
    first = relations.diffusion_free_profile(native_diffusion=lambda n: 1 + n, foreign_diffusion=lambda n: 5 * n + 0.1)
    second = relations.diffusion_free_profile(
        native_diffusion=lambda n: 1e-20 * (1 + n), foreign_diffusion=lambda n: 1e-20 * (5 * n + 0.1)
    )
    depths = np.linspace(0, 3, 40)
    assert second.native_fraction(depths) == pytest.approx(first.native_fraction(depths), abs=1e-9)


def site_energy_case(trapped: float) -> tuple[relations.DiffusionOfFraction, float]:
    """Li with a trapped branch at 393 K and a foreign ion slower than bulk by 2e5."""
    coefficient = oracles.tabulated(
        lambda fractions: oracles.cosine_squared_coefficients(
            fractions, bulk_coefficient=3.9e-17, temperature=393.15, trapped_fraction=trapped
        ),
        highest=1.1,
        intervals=1024,
    )
    return coefficient, 3.9e-17 / 2e5


@pytest.mark.parametrize("trapped", [0.03, 0.20])
def test_residual_ions_of_a_site_energy_model(trapped: float) -> None:
    native, foreign = site_energy_case(trapped)
    profile = relations.diffusion_free_profile(native_diffusion=native, foreign_diffusion=foreign)

    def native_share(fraction: float) -> float:
        carried = float(native(np.array([fraction]))[0]) * fraction
        return carried / (carried + foreign * (1 - fraction))

    def slope(fraction: float) -> float:
        step = 1e-6 * fraction
        return (native_share(fraction + step) - native_share(fraction - step)) / (2 * step)

    front = profile.shocks[-1]
    assert front.fraction_ahead == 1.0
    # Tangent: the chord from the bulk touches f1 at the composition behind the shock.
    chord = (1 - native_share(front.fraction_behind)) / (1 - front.fraction_behind)
    assert profile.front == pytest.approx(chord, rel=1e-8, abs=0)
    for depth in (0.05, 0.1, 0.3, 0.6, 0.9):
        residual = float(profile.native_fraction(depth * profile.front))
        wanted = depth * profile.front
        found = optimize.brentq(
            lambda fraction, wanted=wanted: slope(fraction) - wanted, 0.2 * trapped, front.fraction_behind
        )
        assert residual == pytest.approx(found, abs=2e-4)
    # Nearly all of the trapped ions stay, and the layer is deeper than Q accordingly.
    assert profile.front == pytest.approx(1 / (1 - trapped), rel=0.05, abs=0)


@pytest.mark.parametrize("trapped", [0.03, 0.20])
def test_profile_holds_the_injected_amount(trapped: float) -> None:
    native, foreign = site_energy_case(trapped)
    profile = relations.diffusion_free_profile(native_diffusion=native, foreign_diffusion=foreign)
    depths = np.concatenate([np.geomspace(1e-9, 0.1, 20001), np.linspace(0.1, 1.0, 200001)[1:]]) * profile.front
    missing = 1 - profile.native_fraction(depths)
    missing[-1] = 1 - profile.shocks[-1].fraction_behind
    assert integrate.trapezoid(missing, depths) == pytest.approx(1.0, abs=1e-5)


def test_composition_that_does_not_conduct_is_refused() -> None:
    with pytest.raises(InputError, match="no ion can move"):
        relations.diffusion_free_profile(native_diffusion=lambda n: np.where(n > 0.5, 1.0, 0.0), foreign_diffusion=0.0)
    with pytest.raises(InputError, match="native_diffusion"):
        relations.fractional_flow(0.5, native_diffusion=-1.0, foreign_diffusion=1.0)
    with pytest.raises(InputError, match="differ"):
        relations.rankine_hugoniot_speed(
            fraction_behind=0.5, fraction_ahead=0.5, native_diffusion=1.0, foreign_diffusion=1.0
        )
