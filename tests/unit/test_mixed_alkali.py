"""Landscapes of two alkali ions against limits that the code for one ion knows, and against the plain formula."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.hopping import (
    BarrierDistribution,
    JumpLaw,
    LandscapeModel,
    activation_energy,
    conductivity,
    generate_landscape,
    generate_mixed_landscape,
    landscape_from_energies,
    mixed_activation_energies,
    mixed_conductivities,
)
from ionscape.hopping.mixed import MixedLandscape, shared_levels

GLASS = "0.30 Li2O 0.15 Na2O 0.55 B2O3"


def landscape(mismatch: float, glass: str = GLASS, lattice: int = 10) -> MixedLandscape:
    model = LandscapeModel(energy_scale=0.3 * ELECTRON_VOLT, noise=0.4, mismatch_energy=mismatch * ELECTRON_VOLT)
    return generate_mixed_landscape(glass, lattice=lattice, rng=3, model=model)


def test_without_mismatch_both_are_one_ion():
    two = landscape(0.0)
    kelvins = [300.0, 600.0]
    one = conductivity(two.shared, temperature=kelvins)["conductivity"].values
    found = mixed_conductivities(two, temperature=kelvins)
    assert found["Li"]["conductivity"] + found["Na"]["conductivity"] == pytest.approx(one, rel=1e-3)
    share = two.ions[1] / sum(two.ions)
    assert found["Na"]["conductivity"] == pytest.approx(share * one, rel=1e-3)
    for energy in mixed_activation_energies(two).values():
        assert energy == pytest.approx(activation_energy(two.shared))


def test_with_a_large_mismatch_sites_of_the_other_ion_are_blocked():
    two = landscape(4.0)
    alone = landscape_from_energies(np.where(two.own_sites, np.nan, two.shared.energies))
    jumps = JumpLaw(barrier=two.shared.model.least_barrier)
    one = conductivity(alone, temperature=600.0, jumps=jumps, ions=two.ions[0])["conductivity"].item()
    assert mixed_conductivities(two, temperature=[600.0])["Li"]["conductivity"][0] == pytest.approx(one, rel=2e-3)


@pytest.mark.parametrize("mismatch", [0.05, 0.2])
def test_levels_give_as_many_ions_as_there_are(mismatch):
    two, kelvin = landscape(mismatch), 500.0
    thermal = BOLTZMANN_CONSTANT * kelvin
    levels = shared_levels(two, kelvin)
    potentials = [levels.levels[ion] - levels.penalties[ion][ion] for ion in (0, 1)]
    # one ion per site at most: weights exp(−β(ε − μ)) of each ion beside the 1 of a vacancy
    weights = [np.exp(-(two.energies(symbol)[two.shared.accessible] - potential) / thermal)
               for symbol, potential in zip(two.symbols, potentials, strict=True)]  # fmt: skip
    for ion in (0, 1):
        assert (weights[ion] / (1.0 + weights[0] + weights[1])).sum() == pytest.approx(two.ions[ion], rel=1e-9)


@pytest.mark.parametrize("mismatch", [0.02, 0.1])
def test_activation_energies_are_limits_of_low_temperature(mismatch):
    two = landscape(mismatch)
    thermal = BOLTZMANN_CONSTANT * np.array([30.0, 36.0])
    for symbol, values in mixed_conductivities(two, temperature=[30.0, 36.0]).items():
        slope = -np.diff(np.log(values["conductivity"] * thermal)) / np.diff(1.0 / thermal)
        assert slope[0] == pytest.approx(mixed_activation_energies(two)[symbol], abs=3e-3 * ELECTRON_VOLT)


def test_mixing_two_ions_lowers_the_conductivity():
    model = landscape(0.2).shared.model
    ends = conductivity(generate_landscape("0.45 Li2O 0.55 B2O3", lattice=10, rng=3, model=model), temperature=400.0)
    middle = mixed_conductivities(landscape(0.2), temperature=[400.0])
    assert sum(each["conductivity"][0] for each in middle.values()) < 0.5 * ends["conductivity"].item()


def test_own_sites_are_shares_that_are_nested():
    few, many = landscape(0.2), landscape(0.2, "0.15 Li2O 0.30 Na2O 0.55 B2O3")
    assert few.own_sites.sum() == round(few.shared.accessible_sites / 3)
    assert not np.any(few.own_sites & ~many.own_sites)
    assert np.array_equal(few.shared.energies, many.shared.energies, equal_nan=True)


def test_refusals():
    model = LandscapeModel(energy_scale=1e-19, noise=0.4)
    with pytest.raises(InputError, match="mismatch_energy: is missing"):
        generate_mixed_landscape(GLASS, lattice=6, rng=1, model=model)
    with pytest.raises(InputError, match="has one alkali ion"):
        generate_mixed_landscape("0.3 Li2O 0.7 B2O3", lattice=6, rng=1, model=model)
    with pytest.raises(InputError, match="has two alkali ions"):
        generate_landscape(GLASS, lattice=6, rng=1, model=model)
    with pytest.raises(InputError, match="must be at least 0"):
        LandscapeModel(energy_scale=1e-19, noise=0.4, mismatch_energy=-1e-20)


def test_barriers_of_links_are_those_of_one_ion():
    two = landscape(0.0)
    jumps = JumpLaw(barrier=BarrierDistribution(distribution="uniform", mean=2e-20, width=5e-21))
    one = conductivity(two.shared, temperature=400.0, jumps=jumps)["conductivity"].item()
    found = mixed_conductivities(two, temperature=[400.0], jumps=jumps)
    assert sum(each["conductivity"][0] for each in found.values()) == pytest.approx(one, rel=1e-3)
    paths = mixed_activation_energies(two, jumps=jumps)
    assert min(paths.values()) == pytest.approx(activation_energy(two.shared, jumps=jumps), rel=1e-9)
