"""Ions that repel each other against sums over images, and against their master equation with all configurations."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy import constants, special

import ionscape as isc
from ionscape.hopping.coulomb import lattice_potential
from ionscape.hopping.hops_coulomb import ChargedIons, charged_system
from ionscape.hopping.hops_kernels import EVENTS, VARIATION

K, E = constants.Boltzmann, constants.elementary_charge
FREQUENCY, DISTANCE = 1e13, 5e-10  # Hz, m
JUMPS = isc.JumpLaw(barrier=0.06 * E, attempt_frequency=FREQUENCY, jump_distance=DISTANCE)
OWN_IMAGES = (
    -2.837297
)  # potential of the images of a charge in a cubic cell of edge 1 and its background, at the charge
MADELUNG = 1.747565  # of NaCl, over the distance of neighbours


def ewald(lattice, splitting, images, waves):
    """G of each site by the textbook's two sums, with the images of a charge counted cell by cell."""
    lattice, volume = np.array(lattice), float(np.prod(lattice))
    cells = np.array(list(product(range(-images, images + 1), repeat=3))) * lattice
    integers = [wave for wave in product(range(-waves, waves + 1), repeat=3) if any(wave)]
    vectors = 2.0 * np.pi * np.array(integers) / lattice
    square = np.sum(vectors**2, axis=1)
    found = np.zeros(lattice)
    for site in np.ndindex(*lattice):
        if not any(site):
            continue
        apart = np.linalg.norm(cells + np.array(site), axis=1)
        near = np.sum(special.erfc(splitting * apart) / apart)
        far = np.sum(np.exp(-square / (4.0 * splitting**2)) / square * np.cos(vectors @ np.array(site)))
        found[site] = near + 4.0 * np.pi / volume * far - np.pi / (splitting**2 * volume)
    return found


@pytest.mark.parametrize("edge", [2, 4, 16])
def test_rock_salt_has_its_madelung_constant(edge):
    lattice = (edge, edge, edge)
    signs = (-1.0) ** np.indices(lattice).sum(axis=0)
    potential = np.sum(signs * lattice_potential(lattice)) + OWN_IMAGES / edge
    assert potential == pytest.approx(-MADELUNG, abs=1e-6)


@pytest.mark.parametrize("lattice", [(3, 3, 1), (2, 3, 4)])
def test_potential_is_that_of_ewald_sums_with_another_splitting(lattice):
    assert lattice_potential(lattice) == pytest.approx(ewald(lattice, 0.5, 12, 4), abs=1e-10)


def test_potential_is_that_of_a_single_charge_nearby():
    """In a large cell 1/r, with the images' potential at the charge and the background's, 2π r²/3V."""
    edge = 64
    potential = lattice_potential((edge, edge, edge))
    for site in ((1, 0, 0), (1, 1, 1), (0, 2, 1)):
        square = float(np.dot(site, site))
        expected = square**-0.5 + OWN_IMAGES / edge + 2.0 * np.pi * square / (3.0 * edge**3)
        assert potential[site] == pytest.approx(expected, abs=1e-6)


def master_equation(energies, ions, kelvin, relative_permittivity):
    """Occupations, D_σ in a² ν exp(-βu0), and mean energy, of all configurations (energies [J], with no blocked site).

    D_σ N = ½ Σ π w d² - ⟨j x⟩ with -W x = j, j the mean displacement per time in each configuration.
    """
    shape, beta = energies.shape, 1.0 / (K * kelvin)
    places = list(np.ndindex(*shape))
    coupling = E**2 / (4.0 * np.pi * constants.epsilon_0 * relative_permittivity * DISTANCE)
    table = ewald(shape, 0.5, 12, 4)
    between = np.array([[table[tuple(np.subtract(a, b) % shape)] for b in places] for a in places]) * coupling
    configurations = list(combinations(range(len(places)), ions))
    numbers = {configuration: number for number, configuration in enumerate(configurations)}
    taken = np.zeros((len(configurations), len(places)))
    for number, configuration in enumerate(configurations):
        taken[number, list(configuration)] = 1.0
    excess = taken - ions / len(places)
    whole = taken @ energies.ravel() + 0.5 * np.einsum("si,ij,sj->s", excess, between, excess)
    weights = np.exp(-beta * (whole - whole.min()))
    weights /= weights.sum()
    rates = np.zeros((len(configurations),) * 2)
    drift, power = np.zeros(len(configurations)), 0.0
    for number, configuration in enumerate(configurations):
        for ion in configuration:
            for axis, step in product([a for a in range(3) if shape[a] > 1], (-1, 1)):
                there = list(places[ion])
                there[axis] = (there[axis] + step) % shape[axis]
                target = places.index(tuple(there))
                if target in configuration:
                    continue
                after = numbers[tuple(sorted({*configuration, target} - {ion}))]
                rate = min(1.0, np.exp(-beta * (whole[after] - whole[number])))
                rates[number, after] += rate
                along = step if axis == 0 else 0
                drift[number] += rate * along
                power += 0.5 * weights[number] * rate * along**2
    generator = rates - np.diag(rates.sum(axis=1))
    # on the mean, which the generator leaves undetermined
    answer = np.linalg.solve(np.outer(np.ones_like(weights), weights) - generator, drift)
    return weights @ taken, (power - weights @ (drift * answer)) / ions, float(weights @ whole)


@pytest.mark.parametrize(
    ("shape", "ions", "kelvin", "relative_permittivity", "width"),
    [((3, 3, 1), 4, 1200.0, 7.0, 0.05), ((2, 3, 2), 3, 1500.0, 5.0, 0.1), ((4, 2, 2), 13, 1200.0, 9.0, 0.0)],
)
def test_few_ions_are_those_of_the_master_equation(shape, ions, kelvin, relative_permittivity, width):
    energies = np.random.default_rng(1).normal(0.0, 1.0, shape) * width * E
    occupied, diffusion, energy = master_equation(energies, ions, kelvin, relative_permittivity)
    hops = isc.kinetic_monte_carlo(
        isc.landscape_from_energies(energies), jumps=JUMPS, temperature=kelvin, ions=ions, rng=1, tracer=False,
        coulomb=isc.CoulombInteraction(relative_permittivity=relative_permittivity), relative_error=0.03,
    )  # fmt: skip
    found = hops.summary()
    unit = DISTANCE**2 * FREQUENCY * np.exp(-JUMPS.mean_barrier / (K * kelvin))
    value, error = found["diffusion_coefficient"] / unit, found["diffusion_coefficient_error"] / unit
    assert error < 0.03 * value
    assert abs(value - diffusion) < 3.0 * error
    if width == 0.0:
        # ions that do not interact would have (V - N)/(V - 1)
        assert diffusion < 0.9 * (np.prod(shape) - ions) / (np.prod(shape) - 1)
    there, own = (hops.dataset[name].values.ravel() for name in ("occupation", "occupation_error"))
    deviations = (there - occupied) / own
    assert np.sqrt(np.mean(deviations**2)) < 1.8
    assert np.max(np.abs(deviations)) < 4.0
    # the energy is that of all configurations; its error is not above that by which the halves of the runs differ
    assert abs(found["energy_per_ion"] * ions - energy) < 3.0 * found["energy_drift_error"] * K * kelvin
    assert abs(found["energy_drift"]) < 4.0 * found["energy_drift_error"]
    assert abs(found["start_dependence"]) < 4.0 * found["start_dependence_error"]


def test_weak_interaction_leaves_what_there_is_without():
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=6, rng=1)
    weak, none = (
        isc.kinetic_monte_carlo(landscape, temperature=1500.0, rng=1, coulomb=coulomb, ensemble="canonical",
                                relative_error=0.1, tracer=False).summary()
        for coulomb in (isc.CoulombInteraction(relative_permittivity=1e9), None)
    )  # fmt: skip
    assert weak["network_conductivity"] == pytest.approx(none["network_conductivity"], rel=1e-12)
    assert weak["interacting_network_conductivity"] == pytest.approx(none["network_conductivity"], rel=1e-3)
    error = np.hypot(weak["conductivity_error"], none["conductivity_error"])
    assert abs(weak["conductivity"] - none["conductivity"]) < 3.0 * error
    assert np.isnan(weak["chemical_diffusion_coefficient"])


def test_two_vacancies_repel_each_other_as_ions_do():
    """Two vacancies in 64 sites, by their own master equation: seen from one the other is anywhere of 63 sites.

    All ions together go as both vacancies do, so that D_σ N is half the rate by which vacancies step along the field,
    less what the interaction sends back: a walk of one vacancy relative to the other.
    """
    edge, kelvin, relative_permittivity = 4, 800.0, 7.0
    lattice = (edge,) * 3
    coupling = E**2 / (4.0 * np.pi * constants.epsilon_0 * relative_permittivity * DISTANCE * K * kelvin)
    energy = coupling * ewald(lattice, 0.5, 8, 5)
    places = [place for place in np.ndindex(*lattice) if any(place)]
    weights = np.exp(-np.array([energy[place] for place in places]))
    weights /= weights.sum()
    generator, drift, power = np.zeros((len(places),) * 2), np.zeros(len(places)), 0.0
    for number, place in enumerate(places):
        for vacancy, axis, step in product((-1, 1), range(3), (-1, 1)):
            after = list(place)
            after[axis] = (after[axis] + vacancy * step) % edge
            if not any(after):
                continue
            target = places.index(tuple(after))
            rate = min(1.0, np.exp(energy[place] - energy[tuple(after)]))
            generator[number, target] += rate
            generator[number, number] -= rate
            drift[number] += rate * step * (axis == 0)
            power += 0.5 * weights[number] * rate * (axis == 0)
    answer = np.linalg.solve(np.outer(np.ones_like(weights), weights) - generator, drift)
    expected = (power - weights @ (drift * answer)) / 62.0
    found = isc.kinetic_monte_carlo(
        isc.landscape_from_energies(np.zeros(lattice)), jumps=JUMPS, temperature=kelvin, ions=62, rng=1,
        coulomb=isc.CoulombInteraction(relative_permittivity=relative_permittivity), relative_error=0.03,
    ).summary()  # fmt: skip
    unit = DISTANCE**2 * FREQUENCY * np.exp(-JUMPS.mean_barrier / (K * kelvin))
    assert abs(found["diffusion_coefficient"] - expected * unit) < 3.0 * found["diffusion_coefficient_error"]
    assert 0.0 < found["haven_ratio"] < 1.0


def test_mean_hops_over_the_links_are_those_that_are_made():
    """So many that the squared corrected steps of the hops are the network's, above which D_σ is not."""
    energies = np.random.default_rng(6).normal(0.0, 0.1, (8, 8, 8)) * E
    system = charged_system(
        isc.landscape_from_energies(energies), JUMPS, isc.CoulombInteraction(relative_permittivity=7.0),
        temperature=1000.0, ions=256, cap="none", direction=2, relative_error=0.1, generator=np.random.default_rng(1),
    )  # fmt: skip
    assert abs(np.log(system.network / system.compared)) > 0.1
    duration, values, rates = 4e3 / system.hop_rate, [], []
    for number in range(24):
        ions = ChargedIons(system.ways, system.charged, np.random.default_rng([2, number]))
        ions.hop(np.array([duration]), np.empty((2, 1)))
        values.append(ions.state.sums[VARIATION] / (2.0 * duration))
        rates.append(ions.state.counts[EVENTS] / duration)
    error = np.std(values, ddof=1) / 24**0.5
    assert error < 0.01 * system.network
    assert abs(np.mean(values) - system.network) < 3.0 * error
    assert np.mean(rates) == pytest.approx(system.hop_rate, rel=0.03)
