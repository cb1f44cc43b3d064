"""Ions that repel each other: what is refused, potentials that are kept, equilibrium, and what a result holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import constants

import ionscape as isc
from ionscape.figures import hop_density_of_states
from ionscape.hopping.coulomb import MOST_SITES, lattice_potential
from ionscape.hopping.hops_charges import BIN_WIDTH, charged_ions
from ionscape.hopping.hops_coulomb import ChargedIons, charged_system
from ionscape.hopping.hops_kernels import EVENTS

K, E = constants.Boltzmann, constants.elementary_charge
JUMPS = isc.JumpLaw(barrier=1e-20, attempt_frequency=1e13, jump_distance=5e-10)
COULOMB = isc.CoulombInteraction(relative_permittivity=7.0)
ENERGIES = np.random.default_rng(3).normal(0.0, 0.1, (4, 5, 6)) * E
ENERGIES[np.random.default_rng(4).random(ENERGIES.shape) < 0.2] = np.nan
LANDSCAPE = isc.landscape_from_energies(ENERGIES)


def hops(landscape=LANDSCAPE, **given):
    arguments = {"jumps": JUMPS, "temperature": 1500.0, "ions": 60, "rng": 1, "relative_error": 0.1, "tracer": False}
    return isc.kinetic_monte_carlo(landscape, **{**arguments, "coulomb": COULOMB, **given})


def test_two_ions_repel_each_other_as_in_vacuum_over_the_permittivity():
    assert COULOMB.energy(5e-10) == pytest.approx(14.39964548 / 7.0 / 5.0 * E, rel=1e-8)  # e²/(4πε0) in eV Å


@pytest.mark.parametrize("value", [0.0, -7.0, np.nan, np.inf, "7"])
def test_a_permittivity_is_a_positive_number(value):
    with pytest.raises(isc.InputError, match="relative_permittivity"):
        isc.CoulombInteraction(relative_permittivity=value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ensemble": "grand canonical"}, "does not go with a Coulomb interaction"),
        ({"ions": 60.5}, "must be a whole number where it is fixed"),
        ({"landscape": isc.landscape_from_energies(ENERGIES, periodic=False)}, "open faces"),
        ({"landscape": isc.landscape_from_energies(np.zeros((1, 1000, 1001)))}, f"at most {MOST_SITES:,} sites"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_one_sentence(given, words):
    with pytest.raises(isc.InputError, match=words):
        hops(**given)


def test_potential_is_the_same_from_every_site_and_both_ways():
    """Of a lattice whose edges differ: G(-r) = G(r), and the table of the kernels has its periods."""
    lattice = (4, 5, 6)
    potential = lattice_potential(lattice)
    turned = np.roll(potential[::-1, ::-1, ::-1], (1, 1, 1), (0, 1, 2))
    assert potential == pytest.approx(turned, abs=1e-12)
    charged = charged_ions(LANDSCAPE, 60, K * 1500.0, COULOMB.energy(5e-10))
    occupied = (np.arange(LANDSCAPE.accessible_sites) < 60).astype(np.uint8)
    moved = np.roll(ENERGIES, (1, 2, 3), (0, 1, 2))
    shifted = charged_ions(isc.landscape_from_energies(moved), 60, K * 1500.0, COULOMB.energy(5e-10))
    whole = np.zeros(lattice, np.uint8)
    whole[LANDSCAPE.accessible] = occupied
    there = np.roll(whole, (1, 2, 3), (0, 1, 2))[~np.isnan(moved)]
    levels = np.roll(charged.levels(occupied), (1, 2, 3), (0, 1, 2))
    assert shifted.levels(there) == pytest.approx(levels, abs=1e-10)


def test_potentials_and_energy_are_those_of_the_places_after_many_hops():
    generator = np.random.default_rng(5)
    system = charged_system(
        LANDSCAPE, JUMPS, COULOMB, temperature=1500.0, ions=60, cap="automatic", direction=1, relative_error=0.1,
        generator=generator,
    )  # fmt: skip
    charged = system.charged
    ions = ChargedIons(system.ways, charged, generator)
    record = np.empty((2, 2))
    ions.hop(np.array([0.5, 1.0]) * 1e5 / system.hop_rate, record)
    assert ions.state.counts[EVENTS] > 50_000
    occupied = ions.state.occupied
    excess = np.zeros(LANDSCAPE.lattice)
    excess[LANDSCAPE.accessible] = occupied - 60.0 / LANDSCAPE.accessible_sites
    between = lattice_potential(LANDSCAPE.lattice) * (COULOMB.energy(5e-10) / (K * 1500.0))
    # one by one, without any of the tables
    expected = np.zeros(LANDSCAPE.lattice)
    for place in np.ndindex(*LANDSCAPE.lattice):
        expected[place] = np.sum(np.roll(between, place, (0, 1, 2)) * excess)
    sites = ENERGIES[LANDSCAPE.accessible] / (K * 1500.0)
    assert charged.levels(occupied)[LANDSCAPE.accessible] == pytest.approx(sites + expected[LANDSCAPE.accessible])
    kept, whole = ions.kept()
    assert kept == pytest.approx(charged.levels(occupied), abs=1e-9)
    assert whole == pytest.approx(sites @ occupied + 0.5 * np.sum(excess * expected), abs=1e-9)


def test_densities_of_occupied_and_vacant_sites_are_in_equilibrium(tmp_path):
    """All sites are counted, and of sites of one energy exp((E - μ)/kT) times as many are vacant as taken."""
    result = hops()
    data = result.dataset
    energy = data["single_site_energy"].values / (K * 1500.0)
    vacant, occupied = (data[f"{name}_density_of_states"].values for name in ("vacant", "occupied"))
    sites = LANDSCAPE.accessible_sites
    assert (vacant.sum() * BIN_WIDTH, occupied.sum() * BIN_WIDTH) == pytest.approx((1.0 - 60 / sites, 60 / sites))
    often = np.minimum(vacant, occupied) > 0.02 * occupied.max()
    slope = np.polyfit(energy[often], np.log(vacant[often] / occupied[often]), 1)
    # a fixed number of ions shifts both by a part of 1/N
    assert slope == pytest.approx([1.0, 0.0], abs=0.08)
    summary = result.summary()
    assert abs(summary["energy_drift"]) < 4.0 * summary["energy_drift_error"]
    result.to_netcdf(tmp_path / "hops.nc")
    assert isc.load(tmp_path / "hops.nc").dataset.drop_attrs().equals(data.drop_attrs())
    (panel,) = hop_density_of_states.plot(result).panels
    assert [curve.name for curve in panel.curves] == ["all", "occupied", "vacant"]
    with pytest.raises(isc.InputError, match="do not repel each other"):
        hop_density_of_states.plot(hops(coulomb=None, relative_error=0.2))


def test_a_seed_gives_the_same_hops():
    first, second, other = (hops(relative_error=0.25, rng=seed).dataset for seed in (1, 1, 2))
    assert first.equals(second)
    assert not first.equals(other)
