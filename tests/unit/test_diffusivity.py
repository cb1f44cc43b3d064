"""Diffusion models against quadrature, root finding and the figures of the papers."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import constants, integrate, optimize, stats
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

from ionscape.diffusivity import (
    Branch,
    ConstantDiffusion,
    DiffusionModel,
    SiteEnergyDiffusion,
    SiteEnergyDistribution,
    TableDiffusion,
    full_width_at_half_maximum,
    log_diffusion_table,
    site_energy_diffusion,
    trapped_offset,
    width_of_full_width,
)
from ionscape.diffusivity.site_energies import SMALLEST_OCCUPATION
from ionscape.diffusivity.table import (
    SMALLEST_COEFFICIENT,
    SMOOTHED_KNOTS,
    SMOOTHING_INTERVALS,
    monotone_slopes,
)
from ionscape.errors import InputError
from ionscape.experiment import experiment_schema

EV = constants.electron_volt
BULK = 1.4e28  # 1/m^3


def lithium(**changes: object) -> SiteEnergyDiffusion:
    """Lithium in Li3B7O12 with the figures of the papers."""
    values = {
        "bulk_density": BULK,
        "bulk_coefficient": 5.8e-19,
        "reference_temperature": 323.15,
        "activation_energy": 0.65 * EV,
        "width": 0.16 * EV,
        "excess_sites": 0.10,
        "trapped_fraction": 0.10,
        "trapped_width": 0.05 * EV,
    }
    return site_energy_diffusion(**(values | changes))  # type: ignore[arg-type]


DISTRIBUTIONS = {
    "one branch": {"trapped_fraction": 0.0},
    "two branches with a gap": {},
    "no empty site": {"excess_sites": 0.0},
    "branches that touch": {"trapped_width": 0.16 * EV},
    "branches that overlap": {"trapped_width": 0.30 * EV},
    "overlap, most of it trapped": {"trapped_width": 0.40 * EV, "trapped_fraction": 0.7},
    "one Gaussian": {"shape": "gaussian", "trapped_fraction": 0.0},
    "two Gaussians": {"shape": "gaussian"},
    "two wide Gaussians": {"shape": "gaussian", "trapped_fraction": 0.3, "trapped_width": 0.25 * EV},
}


@pytest.fixture(params=DISTRIBUTIONS, ids=str)
def model(request: pytest.FixtureRequest) -> SiteEnergyDiffusion:
    return lithium(**DISTRIBUTIONS[request.param])


def test_full_widths_of_the_papers() -> None:
    assert full_width_at_half_maximum(0.16) == pytest.approx(0.2513, abs=5e-5)
    assert width_of_full_width(0.225) == pytest.approx(0.1432, abs=5e-5)
    assert lithium().distribution.full_width_at_half_maximum() == pytest.approx(0.2513 * EV, rel=3e-4)
    assert lithium().distribution.full_width_at_half_maximum(1) == pytest.approx(0.05 * EV * math.pi / 2)


@pytest.mark.parametrize("shape", ["cosine-squared", "gaussian"])
def test_the_full_width_is_that_of_the_density_of_states(shape: str) -> None:
    branch = Branch(shape=shape, centre=-0.7 * EV, width=0.1 * EV, weight=1e28)  # type: ignore[arg-type]
    half = branch.density_of_states(branch.centre) / 2.0
    edge = optimize.brentq(
        lambda energy: float(branch.density_of_states(energy) - half), branch.centre, branch.centre + 0.15 * EV
    )
    assert branch.full_width_at_half_maximum == pytest.approx(2.0 * (edge - branch.centre), rel=1e-9)


def test_the_density_of_states_is_the_published_one() -> None:
    # Gunawan 2024 ESI (S15), with sin² as printed, inside one period of each branch.
    model = lithium()
    mobile, trapped = model.distribution.branches
    width, lower_width = 0.16 * EV, 0.05 * EV
    upper_sites, lower_sites = BULK, 0.1 * BULK
    inside = mobile.centre + np.linspace(-0.49, 0.49, 41) * math.pi * width
    published = 2.0 * upper_sites / (width * math.pi) * np.sin((inside - mobile.centre) / width + math.pi / 2.0) ** 2
    assert_allclose(model.distribution.density_of_states(inside), published, rtol=1e-12)
    inside = mobile.centre - math.pi * width + np.linspace(-0.49, 0.49, 41) * math.pi * lower_width
    phase = (inside - mobile.centre) / lower_width + math.pi / 2.0 + math.pi * width / lower_width
    published = 2.0 * lower_sites / (lower_width * math.pi) * np.sin(phase) ** 2
    assert_allclose(model.distribution.density_of_states(inside), published, rtol=1e-9)
    assert trapped.centre == pytest.approx(mobile.centre - math.pi * width)
    gap = 0.5 * (trapped.highest + mobile.lowest)
    assert model.distribution.density_of_states([gap, math.inf, -math.inf]).tolist() == [0.0, 0.0, 0.0]


def test_the_cumulative_is_the_integral(model: SiteEnergyDiffusion) -> None:
    distribution = model.distribution
    low = -4.0 * EV
    for energy in np.linspace(-1.4, -0.4, 11) * EV:
        breaks = sorted(branch.centre for branch in distribution.branches if branch.centre < energy)
        integral = integrate.quad(
            lambda scaled: float(distribution.density_of_states(scaled * EV)) * EV / BULK,
            low / EV,
            energy / EV,
            points=[value / EV for value in breaks] or None,
            limit=400,
        )[0]
        assert distribution.cumulative(energy) / BULK == pytest.approx(integral, abs=1e-7)


def test_the_cumulative_of_a_cosine_squared_branch() -> None:
    branch = Branch(centre=-0.7 * EV, width=0.16 * EV, weight=1.1e28)
    reduced = np.linspace(-0.5 * math.pi, 0.5 * math.pi, 101)
    formula = branch.weight * ((reduced + np.sin(reduced) * np.cos(reduced)) / math.pi + 0.5)
    assert_allclose(branch.cumulative(branch.centre + reduced * branch.width), formula, rtol=0, atol=1e-14 * 1.1e28)


def test_the_inversion_is_exact(model: SiteEnergyDiffusion) -> None:
    distribution = model.distribution
    total = distribution.total_sites
    largest = total if math.isfinite(distribution.highest) else (1.0 - SMALLEST_OCCUPATION) * total
    density = np.unique(
        np.concatenate([np.geomspace(1e-6 * BULK, BULK, 2001), np.linspace(1e-6 * BULK, largest, 2001)])
    )
    energy = distribution.fermi_energy(density)
    assert np.abs(distribution.cumulative(energy) - density).max() <= 1e-10 * BULK
    assert np.all(np.diff(energy) >= 0.0)


@pytest.mark.parametrize("fraction", [1e-6, 1e-3, 0.05, 0.0999, 0.1001, 0.3, 0.77, 1.0, 1.0999])
def test_the_inversion_agrees_with_root_finding(model: SiteEnergyDiffusion, fraction: float) -> None:
    branches = model.distribution.branches

    def occupation(energy: float) -> float:
        total = 0.0
        for branch in branches:
            reduced = (energy * EV - branch.centre) / branch.width
            if branch.shape == "gaussian":
                total += branch.weight * float(stats.norm.cdf(reduced))
            else:
                inside = min(max(reduced, -math.pi / 2.0), math.pi / 2.0)
                total += branch.weight * ((inside + math.sin(inside) * math.cos(inside)) / math.pi + 0.5)
        return total / BULK

    wanted = fraction * min(1.0, model.distribution.total_sites / (1.1 * BULK))
    root = optimize.brentq(lambda energy: occupation(energy) - wanted, -4.0, 3.0, xtol=1e-15, rtol=1e-14)
    # The formula above cancels near the lowest energy, where the density grows with the third power of the energy.
    assert float(model.distribution.fermi_energy(wanted * BULK)) / EV == pytest.approx(root, abs=2e-8)


def test_the_ends_of_the_distribution() -> None:
    distribution = lithium().distribution
    lowest, highest = distribution.lowest, distribution.highest
    assert_allclose(distribution.fermi_energy([-1e20, 0.0]), lowest, rtol=1e-14)
    assert_allclose(distribution.fermi_energy([distribution.total_sites, 1e30]), highest, rtol=1e-14)
    assert lowest == pytest.approx(distribution.branches[1].lowest)
    gaussian = lithium(shape="gaussian").distribution
    assert np.isfinite(gaussian.fermi_energy([-1.0, 0.0, 1e30])).all()
    assert np.isnan(distribution.fermi_energy([math.nan, 1e28])).tolist() == [True, False]
    assert np.isnan(lithium(trapped_width=0.3 * EV).distribution.fermi_energy([math.nan, 1e28])).tolist() == [
        True,
        False,
    ]


def test_the_jump_at_the_trapped_fraction() -> None:
    distribution = lithium().distribution
    trapped = distribution.branches[1].weight
    below, at, above = distribution.fermi_energy([trapped * (1 - 1e-12), trapped, trapped * (1 + 1e-12)]) / EV
    assert at - below == pytest.approx(0.173, abs=5e-4)
    assert at - below == pytest.approx(math.pi / 2.0 * (0.16 - 0.05), abs=1e-4)
    assert at == pytest.approx(distribution.branches[0].lowest / EV, rel=1e-12)
    assert above == pytest.approx(at, abs=1e-4)


def test_the_prefactor_of_lithium_and_its_bulk() -> None:
    model = lithium()
    assert model.prefactor == pytest.approx(7.96e-9, rel=1e-3)
    assert float(model.coefficient(BULK, 323.15)) == pytest.approx(5.8e-19, rel=1e-12)
    assert float(model.activation_energy(BULK)) == pytest.approx(0.65 * EV, rel=1e-12)


def test_bulk_values_hold_for_every_distribution(model: SiteEnergyDiffusion) -> None:
    assert float(model.activation_energy(BULK)) == pytest.approx(0.65 * EV, rel=1e-11)
    assert float(model.coefficient(BULK, 323.15)) == pytest.approx(5.8e-19, rel=1e-9)


def filled_by_quadrature(fraction: float, *, shape: str, offset: float) -> float:
    """Energy [eV] up to which the two branches of `lithium` hold a fraction of n_bulk; the mobile one is centred at 0.

    Densities of states as the documents write them, integrated by quadrature and inverted by root finding.
    """

    def states(energy: float, centre: float, width: float) -> float:
        reduced = (energy - centre) / width
        if shape == "gaussian":
            return math.exp(-0.5 * reduced**2) / (width * math.sqrt(2.0 * math.pi))
        return 2.0 / (math.pi * width) * math.cos(reduced) ** 2 if abs(reduced) <= math.pi / 2 else 0.0

    def held(energy: float) -> float:
        total = 0.0
        for centre, width, weight in ((0.0, 0.16, 1.0), (-offset, 0.05, 0.1)):
            half = math.pi / 2 * width if shape == "cosine-squared" else 12.0 * width
            top = min(energy, centre + half)
            if top > centre - half:
                middle = [min(centre, top)]
                total += weight * integrate.quad(states, centre - half, top, args=(centre, width), points=middle)[0]
        return total

    return float(optimize.brentq(lambda energy: held(energy) - fraction, -3.0, 3.0, xtol=1e-13))


@pytest.mark.parametrize(
    ("shape", "offset", "given"),
    [
        ("cosine-squared", math.pi * 0.16, None),
        ("gaussian", 2.0 * 2.354820045 * 0.16, None),
        ("gaussian", math.pi * 0.16, math.pi * 0.16 * EV),
        ("cosine-squared", 0.9, 0.9 * EV),
    ],
)
def test_deep_in_the_trapped_branch_the_coefficient_is_that_of_a_quadrature(
    shape: str, offset: float, given: float | None
) -> None:
    model = lithium(shape=shape, trapped_offset=given)
    mobile, trapped = model.distribution.branches
    assert mobile.centre - trapped.centre == pytest.approx(offset * EV, rel=1e-9)
    fallen = filled_by_quadrature(1.0, shape=shape, offset=offset) - filled_by_quadrature(
        0.02, shape=shape, offset=offset
    )
    expected = 5.8e-19 * math.exp(-fallen * EV / (constants.k * 323.15))
    assert float(model.coefficient(0.02 * BULK, 323.15)) == pytest.approx(expected, rel=1e-7)


def test_the_trapped_offset_is_two_full_widths_in_code_schema_and_documents() -> None:
    for shape, words in (("cosine-squared", "πΓ for cosine-squared"), ("gaussian", "4.71 standard deviations")):
        assert trapped_offset(0.16, shape=shape) == 2.0 * full_width_at_half_maximum(0.16, shape=shape)
        described = experiment_schema()["$defs"]["SiteEnergySpecification"]["properties"]["trapped_offset"]
        assert words in described["description"]
    assert trapped_offset(1.0) == pytest.approx(math.pi, rel=1e-15)
    assert round(trapped_offset(1.0, shape="gaussian"), 2) == 4.71


def test_the_prefactor_is_constant_in_temperature() -> None:
    model = lithium()
    density = np.array([0.05, 0.2, 0.6, 1.0]) * BULK
    energy = model.activation_energy(density)
    ratio = model.coefficient(density, 393.15) / model.coefficient(density, 323.15)
    assert_allclose(ratio, np.exp(-energy / constants.k * (1 / 393.15 - 1 / 323.15)), rtol=1e-11)
    assert ratio[0] > ratio[-1]  # the deeper sites are more strongly activated


@pytest.mark.parametrize("excess", [0.02, 0.1, 1.0])
def test_the_upper_tail_of_a_gaussian_is_a_parabola(excess: float) -> None:
    """Up to the tail the inverse of the normal distribution, beyond it bounded slopes; the bulk stays outside."""
    model = lithium(shape="gaussian", trapped_fraction=0.0, excess_sites=excess)
    begin, sites = model.tail_density, 1.0 + excess
    assert begin is not None
    assert BULK < begin < sites * BULK
    below = np.linspace(0.01, begin / BULK, 50)
    level = stats.norm.ppf(below / sites) - stats.norm.ppf(1.0 / sites)
    assert_allclose(-model.activation_energy(below * BULK) / EV, 0.16 * level - 0.65, rtol=1e-9)
    density = np.linspace(begin, 1.01 * sites * BULK, 2001)
    slope = np.gradient(-model.activation_energy(density) / EV, density / BULK)
    steepest = 0.16 / (sites * stats.norm.pdf(stats.norm.ppf(begin / BULK / sites)))
    assert slope[0] == pytest.approx(steepest, rel=5e-3)
    assert np.all(np.diff(slope) <= 1e-6 * steepest)
    assert slope[-1] == 0.0
    values, _ = log_diffusion_table(model, temperature=250.0, maximum_density=sites * BULK)
    assert np.diff(values)[-400:].max() < 1.02 * steepest * EV / (constants.k * 250.0) * sites / 4096


def test_the_number_of_sites_follows_the_fractions() -> None:
    model = lithium(excess_sites=0.25, trapped_fraction=0.2)
    mobile, trapped = model.distribution.branches
    assert mobile.weight == pytest.approx(1.05 * BULK)
    assert trapped.weight == pytest.approx(0.20 * BULK)
    assert model.density_limit == pytest.approx(1.25 * BULK)
    top = model.coefficient([model.density_limit, 1.3 * BULK, 2 * BULK], 323.15)
    assert top[0] == top[1] == top[2]


def test_a_constant_coefficient_follows_arrhenius() -> None:
    model = ConstantDiffusion(
        coefficient_at_reference=2.67e-22, reference_temperature=323.15, activation_energy_value=0.65 * EV
    )
    assert_allclose(model.coefficient(np.zeros((2, 3)), 323.15), np.full((2, 3), 2.67e-22))
    slope = math.log(float(model.coefficient(0.0, 300.0) / model.coefficient(0.0, 350.0))) / (1 / 300.0 - 1 / 350.0)
    assert slope == pytest.approx(-0.65 * EV / constants.k)
    assert_allclose(model.activation_energy([1.0, 2.0]), 0.65 * EV)
    assert (model.fermi_level_counts, model.density_limit) == (None, None)
    immobile = ConstantDiffusion(coefficient_at_reference=0.0)
    assert float(immobile.coefficient(1e28, 300.0)) == 0.0


def test_a_table_is_met_at_its_knots_monotone_between_and_constant_beyond() -> None:
    densities, coefficients = (0.0, 0.1 * BULK, 0.12 * BULK, BULK), (1e-26, 2e-26, 1e-20, 6e-19)
    model = TableDiffusion(
        densities=densities,
        coefficients=coefficients,
        reference_temperature=323.15,
        activation_energy_value=0.65 * EV,
    )
    assert_allclose(model.coefficient(densities, 323.15), coefficients, rtol=1e-12)
    between = model.coefficient(np.linspace(0, BULK, 1001), 323.15)
    assert np.all(np.diff(between) >= -1e-12 * between[1:])
    assert_allclose(model.coefficient([-1.0, 2 * BULK], 323.15), [1e-26, 6e-19], rtol=1e-12)
    step = 1e-6 * BULK
    left, at, right = np.log(model.coefficient([0.12 * BULK - step, 0.12 * BULK, 0.12 * BULK + step], 323.15))
    assert (at - left) / step == pytest.approx((right - at) / step, rel=0.05)
    factor = math.exp(-0.65 * EV / constants.k * (1 / 393.15 - 1 / 323.15))
    assert float(model.coefficient(BULK, 393.15)) == pytest.approx(6e-19 * factor)
    assert model.density_limit == BULK


@pytest.mark.parametrize(
    "model",
    [
        lithium(),
        ConstantDiffusion(coefficient_at_reference=0.0),
        TableDiffusion(
            densities=(0.0, 1.0), coefficients=(1.0, 2.0), reference_temperature=300.0, activation_energy_value=0.0
        ),
    ],
)
def test_models_obey_the_protocol(model: object) -> None:
    assert isinstance(model, DiffusionModel)


def test_the_table_of_the_logarithm(model: SiteEnergyDiffusion) -> None:
    intervals = 512
    limit = model.density_limit
    assert limit is not None
    values, slopes = log_diffusion_table(model, temperature=323.15, maximum_density=limit, intervals=intervals)
    knots = np.arange(intervals + 1) * (limit / intervals)
    expected = -model.activation_energy(knots) / (constants.k * 323.15) + math.log(model.prefactor)
    near = np.zeros(intervals + 1, dtype=bool)
    for jump in model.jumps:
        # the ends of the table keep their values
        near |= np.abs(knots - jump) <= min(SMOOTHED_KNOTS * limit / intervals, 0.5 * jump, 0.5 * (limit - jump))
    assert_allclose(values[~near], expected[~near], rtol=1e-12)
    # near a jump the mean over the stated width, here by brute force
    offsets = (np.arange(4000) + 0.5) / 4000 - 0.5
    for knot in np.flatnonzero(near)[::7]:
        places = knots[knot] + offsets * SMOOTHING_INTERVALS * limit / intervals
        logarithm = np.log(model.coefficient(np.clip(places, 0.0, limit), 323.15))
        assert values[knot] == pytest.approx(logarithm.mean(), abs=0.02)
    assert values.shape == slopes.shape == (intervals + 1,)
    assert np.all(slopes >= 0.0)
    spline = CubicHermiteSpline(knots / BULK, values, slopes * BULK)
    fine = spline(np.linspace(0.0, limit / BULK, 20 * intervals + 1))
    assert np.all(np.diff(fine) >= -1e-9)


def test_the_table_follows_a_jump_between_its_knots() -> None:
    """Places of a jump a fraction of an interval apart give tables that differ in proportion."""
    spacing = 1.1 / 512
    fractions = 0.1 + spacing * np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    means = [
        log_diffusion_table(
            lithium(trapped_fraction=float(fraction)), temperature=323.15, maximum_density=1.1 * BULK, intervals=512
        )[0][30:80].mean()
        for fraction in fractions
    ]
    steps = np.diff(means)
    assert np.all(steps < 0.0)
    assert_allclose(steps, steps.mean(), rtol=0.05)


def test_the_table_converges_to_the_model_between_the_knots() -> None:
    model = lithium()
    density = np.linspace(0.3, 1.0, 997) * BULK
    errors: list[float] = []
    for intervals in (512, 1024, 2048):
        values, slopes = log_diffusion_table(model, temperature=323.15, maximum_density=1.1 * BULK, intervals=intervals)
        knots = np.linspace(0.0, 1.1, intervals + 1)
        found = CubicHermiteSpline(knots, values, slopes * BULK)(density / BULK)
        errors.append(float(np.abs(found - np.log(model.coefficient(density, 323.15))).max()))
    assert errors[2] < 1e-5
    assert errors[0] / errors[1] > 3.0
    assert errors[1] / errors[2] > 3.0


def test_the_table_is_finite_for_an_immobile_ion_and_an_empty_gaussian() -> None:
    values, slopes = log_diffusion_table(
        ConstantDiffusion(coefficient_at_reference=0.0), temperature=300.0, maximum_density=BULK, intervals=8
    )
    assert_allclose(values, math.log(SMALLEST_COEFFICIENT))
    assert_allclose(slopes, 0.0)
    values, slopes = log_diffusion_table(lithium(shape="gaussian"), temperature=100.0, maximum_density=1.1 * BULK)
    assert np.isfinite(values).all()
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("changes", [{}, {"shape": "gaussian"}], ids=["cosine-squared", "gaussian"])
def test_the_inversion_is_fast(changes: dict[str, object]) -> None:
    model = lithium(**changes)
    density = np.linspace(0.0, 1.1 * BULK, 4097)
    durations: list[float] = []
    for _ in range(10):
        start = time.perf_counter()
        model.distribution.fermi_energy(density)
        durations.append(time.perf_counter() - start)
    # About 1 ms and 6 ms; the bound leaves room for a busy machine.
    assert min(durations) < 0.03


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"trapped_fraction": 1.0}, "trapped_fraction"),
        ({"trapped_fraction": -0.1}, "trapped_fraction"),
        ({"trapped_width": None}, "trapped_width"),
        ({"trapped_width": 0.0}, "trapped_width"),
        ({"trapped_offset": 0.0}, "trapped_offset"),
        ({"width": 0.0}, "width"),
        ({"excess_sites": -0.1}, "excess_sites"),
        ({"excess_sites": 0.0, "shape": "gaussian"}, "excess_sites"),
        ({"bulk_density": math.nan}, "bulk_density"),
        ({"bulk_coefficient": 0.0}, "bulk_coefficient"),
        ({"activation_energy": -1.0}, "activation_energy"),
        ({"activation_energy": 50.0 * EV}, "activation_energy"),
        ({"reference_temperature": 0.0}, "reference_temperature"),
        ({"shape": "square"}, "shape"),
    ],
)
def test_values_out_of_bounds_are_named(changes: dict[str, object], key: str) -> None:
    with pytest.raises(InputError) as caught:
        lithium(**changes)
    assert caught.value.key == key


def test_other_values_out_of_bounds_are_named() -> None:
    arrhenius = {"reference_temperature": 300.0, "activation_energy_value": 0.5 * EV}
    with pytest.raises(InputError, match="reference_temperature"):
        ConstantDiffusion(coefficient_at_reference=1e-20, activation_energy_value=1.0)
    with pytest.raises(InputError, match="coefficient_at_reference"):
        ConstantDiffusion(coefficient_at_reference=-1e-20, **arrhenius)
    with pytest.raises(InputError, match="temperature"):
        ConstantDiffusion(coefficient_at_reference=1e-20, **arrhenius).coefficient(0.0, 0.0)
    with pytest.raises(InputError, match="too large"):
        ConstantDiffusion(
            coefficient_at_reference=1e-20, reference_temperature=3.0, activation_energy_value=0.5 * EV
        ).coefficient(0.0, 300.0)
    with pytest.raises(InputError, match="temperature"):
        lithium().coefficient(BULK, -1.0)
    with pytest.raises(InputError, match="two or more"):
        TableDiffusion(densities=(0.0,), coefficients=(1.0,), **arrhenius)
    with pytest.raises(InputError, match="increase"):
        TableDiffusion(densities=(1.0, 1.0), coefficients=(1.0, 1.0), **arrhenius)
    with pytest.raises(InputError, match="coefficients"):
        TableDiffusion(densities=(0.0, 1.0), coefficients=(0.0, 1.0), **arrhenius)
    with pytest.raises(InputError, match="branches"):
        SiteEnergyDistribution(branches=())
    with pytest.raises(InputError, match="centre"):
        Branch(centre=math.nan, width=1.0, weight=1.0)
    with pytest.raises(InputError, match="intervals"):
        log_diffusion_table(lithium(), temperature=300.0, maximum_density=BULK, intervals=1)
    with pytest.raises(InputError, match="maximum_density"):
        log_diffusion_table(lithium(), temperature=300.0, maximum_density=0.0)


def test_coefficients_hold_at_a_stated_reference_density_on_the_same_sites() -> None:
    """ln D(n)/D(r) = (E_F(n) - E_F(r))/k_B T, E_F by bisection of the share of the mobile branch below it.

    At n_bulk D is 1.975 times what it is at 0.95 n_bulk, as an independent calculation of the double CAIT found.
    """
    width, temperature, reference = 0.1432 * EV, 323.15, 0.95 * BULK
    model = site_energy_diffusion(
        bulk_density=BULK, bulk_coefficient=2.67e-22, reference_temperature=temperature,
        activation_energy=0.65 * EV, width=width, excess_sites=0.10, trapped_fraction=0.10, trapped_width=0.05 * EV,
        reference_density=reference,
    )  # fmt: skip

    def level(density: float) -> float:
        filled = density / BULK - 0.10  # of the sites of the mobile branch, as many as native ions
        return width * optimize.brentq(
            lambda u: (u + math.sin(u) * math.cos(u)) / math.pi + 0.5 - filled, -0.5 * math.pi, 0.5 * math.pi
        )

    assert float(model.coefficient(reference, temperature)) == pytest.approx(2.67e-22, rel=1e-9)
    assert float(model.activation_energy(reference)) == pytest.approx(0.65 * EV, rel=1e-9)
    for density in (0.3 * BULK, 0.9 * BULK, BULK, 1.05 * BULK):
        rise = (level(density) - level(reference)) / (constants.k * temperature)
        assert float(model.coefficient(density, temperature)) == pytest.approx(2.67e-22 * math.exp(rise), rel=1e-6)
    assert float(model.coefficient(BULK, temperature)) / 2.67e-22 == pytest.approx(1.975, abs=0.001)
    assert model.density_limit == pytest.approx(1.1 * BULK, rel=1e-12)


@pytest.mark.parametrize(("shape", "reference"), [("cosine-squared", 1.11), ("gaussian", 1.1), ("cosine-squared", 0.0)])
def test_a_reference_density_that_the_sites_cannot_hold_is_refused(shape, reference) -> None:
    with pytest.raises(InputError) as caught:
        site_energy_diffusion(
            bulk_density=1e28, bulk_coefficient=2.67e-22, reference_temperature=323.15, activation_energy=1e-19,
            width=2e-20, shape=shape, reference_density=reference * 1e28,
        )  # fmt: skip
    assert caught.value.key == "reference_density"


@pytest.mark.parametrize("seed", range(20))
def test_monotone_slopes_are_those_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # flat pieces, turning points, and rises over many orders
    rises = rng.normal(size=40) * 10.0 ** rng.uniform(-9, 2, 40) * (rng.random(40) > 0.2)
    values = np.cumsum(rises if seed % 2 else np.abs(rises))
    knots = np.arange(values.size, dtype=float)
    expected = PchipInterpolator(knots, values).derivative()(knots)
    slopes = monotone_slopes(values)
    assert np.array_equal(slopes[:-1], expected[:-1])
    # scipy evaluates its cubic at the far end of the last interval
    assert slopes[-1] == pytest.approx(expected[-1], rel=1e-6, abs=1e-9 * np.abs(rises).max())
