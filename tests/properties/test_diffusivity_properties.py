"""Properties of the site energy distribution, its inversion and the diffusion models made of it."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import constants

from ionscape.diffusivity import (
    Branch,
    SiteEnergyDiffusion,
    SiteEnergyDistribution,
    TableDiffusion,
    log_diffusion_table,
    site_energy_diffusion,
)

EV = constants.electron_volt

widths = st.floats(min_value=0.01, max_value=0.5)  # eV
fractions = st.floats(min_value=1e-6, max_value=1.0)


@st.composite
def branches(draw: st.DrawFn) -> Branch:
    return Branch(
        shape=draw(st.sampled_from(["cosine-squared", "gaussian"])),
        centre=draw(st.floats(min_value=-2.0, max_value=0.5)) * EV,
        width=draw(widths) * EV,
        weight=draw(st.floats(min_value=1e-3, max_value=1.0)) * 1e28,
    )


distributions = st.lists(branches(), min_size=1, max_size=4).map(
    lambda chosen: SiteEnergyDistribution(branches=tuple(chosen))
)


@st.composite
def models(draw: st.DrawFn) -> SiteEnergyDiffusion:
    return site_energy_diffusion(
        bulk_density=draw(st.floats(min_value=1e24, max_value=1e29)),
        bulk_coefficient=draw(st.floats(min_value=1e-24, max_value=1e-14)),
        reference_temperature=draw(st.floats(min_value=200.0, max_value=900.0)),
        activation_energy=draw(st.floats(min_value=0.2, max_value=1.5)) * EV,
        width=draw(widths) * EV,
        excess_sites=draw(st.floats(min_value=0.01, max_value=1.0)),
        trapped_fraction=draw(st.just(0.0) | st.floats(min_value=1e-3, max_value=0.95)),
        trapped_width=draw(widths) * EV,
        shape=draw(st.sampled_from(["cosine-squared", "gaussian"])),
    )


@given(distribution=distributions, filled=st.lists(fractions, min_size=1, max_size=20))
def test_filling_up_to_the_fermi_energy_gives_the_density(
    distribution: SiteEnergyDistribution, filled: list[float]
) -> None:
    total = distribution.total_sites
    largest = 1.0 if math.isfinite(distribution.highest) else 1.0 - 1e-12
    density = np.minimum(np.sort(filled), largest) * total
    energy = distribution.fermi_energy(density)
    assert np.abs(distribution.cumulative(energy) - density).max() <= 1e-10 * total
    assert np.all(np.diff(energy) >= -1e-12 * EV)


@given(distribution=distributions, energy=st.floats(min_value=-3.0, max_value=1.5))
def test_the_fermi_energy_of_what_is_filled_is_no_further_than_the_sites_allow(
    distribution: SiteEnergyDistribution, energy: float
) -> None:
    held = float(distribution.cumulative(energy * EV))
    assume(1e-9 * distribution.total_sites < held < (1.0 - 1e-9) * distribution.total_sites)
    found = float(distribution.fermi_energy(held))
    assert abs(float(distribution.cumulative(found)) - held) <= 1e-10 * distribution.total_sites


@given(model=models(), scale=st.floats(min_value=0.5, max_value=2.0))
def test_bulk_values_are_those_asked_for_and_prefactors_constant(model: SiteEnergyDiffusion, scale: float) -> None:
    density = np.array([0.01, 0.3, 0.9]) * model.distribution.total_sites
    temperature = 300.0 * scale
    prefactor = model.coefficient(density, temperature) * np.exp(
        model.activation_energy(density) / (constants.k * temperature)
    )
    np.testing.assert_allclose(prefactor, model.prefactor, rtol=1e-9)


BENT_BESIDE_A_JUMP = SiteEnergyDiffusion(
    distribution=SiteEnergyDistribution(
        branches=(
            Branch(shape="gaussian", centre=-3.24e-19, width=1.6e-21, weight=2.93e23),
            Branch(shape="gaussian", centre=-3.31e-19, width=8.01e-20, weight=7.19e23),
        )
    ),
    prefactor=3.5e9,
)


@given(model=models(), temperature=st.floats(min_value=150.0, max_value=1000.0))
@example(model=BENT_BESIDE_A_JUMP, temperature=150.0)
def test_the_coefficient_grows_with_density_and_its_table_is_finite(
    model: SiteEnergyDiffusion, temperature: float
) -> None:
    total = model.distribution.total_sites
    values, slopes = log_diffusion_table(model, temperature=temperature, maximum_density=total, intervals=64)
    assert np.isfinite(values).all()
    assert np.isfinite(slopes).all()
    assert np.all(np.diff(values) >= -1e-9)
    assert np.all(slopes >= -1e-9 / total)


def test_the_fermi_energy_of_a_narrow_branch_in_a_broad_one() -> None:
    """Newton's method goes to and fro between 0.27 too many and 0.04 too few of the sites for some densities."""
    narrow = Branch(shape="gaussian", centre=-3.2385402028670193e-19, width=1.6021766339999998e-21, weight=2.9296875e23)
    broad = Branch(shape="gaussian", centre=-3.3139969559354873e-19, width=8.01088317e-20, weight=7.1875e23)
    distribution = SiteEnergyDistribution(branches=(narrow, broad))
    shares = np.linspace(0.01, 0.99, 4001)
    shares = np.append(shares, 25 / 64)
    filled = distribution.cumulative(distribution.fermi_energy(shares * distribution.total_sites))
    assert np.abs(filled / distribution.total_sites - shares).max() < 1e-10


@given(
    steps=st.lists(st.floats(min_value=1e-3, max_value=1.0), min_size=2, max_size=12),
    logarithms=st.lists(st.floats(min_value=-60.0, max_value=-30.0), min_size=12, max_size=12),
    where=st.floats(min_value=-0.5, max_value=1.5),
)
def test_a_table_stays_between_its_knots(steps: list[float], logarithms: list[float], where: float) -> None:
    densities = np.cumsum(steps) * 1e28
    coefficients = np.exp(logarithms[: len(steps)])
    model = TableDiffusion(
        densities=tuple(densities.tolist()),
        coefficients=tuple(coefficients.tolist()),
        reference_temperature=300.0,
        activation_energy_value=0.5 * EV,
    )
    density = where * float(densities[-1])
    value = float(model.coefficient(density, 300.0))
    right = int(np.clip(np.searchsorted(densities, density), 1, len(steps) - 1))
    low, high = sorted([float(coefficients[right - 1]), float(coefficients[right])])
    if density <= densities[0]:
        low = high = float(coefficients[0])
    if density >= densities[-1]:
        low = high = float(coefficients[-1])
    assert low * (1 - 1e-9) <= value <= high * (1 + 1e-9)
