"""The dc conductivity against analytic results, an independent calculation, and other methods."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT, ELEMENTARY_CHARGE
from ionscape.errors import InputError, PercolationError
from ionscape.hopping import (
    LandscapeModel,
    activation_energy,
    chemical_potential,
    conductance_network,
    conductivity,
    current_distribution,
    generate_landscape,
    links,
    occupations,
)
from oracles import kron_conductance

GLASS = "0.33 Li2O 0.67 ({} B2O3 {} P2O5)"


def glass(x):
    return GLASS.format(x, round(1.0 - x, 12))


def mean_logarithm(x, *, lattice, landscapes, model=None, temperature=293.15):
    """Decadic logarithm of the mean conductivity in S/cm, and its standard error."""
    values = np.array(
        [
            float(conductivity(generate_landscape(glass(x), lattice=lattice, rng=seed, model=model),
                               temperature=temperature).conductivity)
            for seed in range(landscapes)
        ]
    )  # fmt: skip
    mean = values.mean()
    return np.log10(mean / 100.0), values.std(ddof=1) / np.sqrt(landscapes) / mean / np.log(10.0)


# log10 of σ(20 °C) in S/cm of an independent calculation with ν = 4e14 Hz and a = 5 Å
@pytest.mark.slow
@pytest.mark.parametrize(("x", "confirmed"), [(0.0, -11.86), (0.5, -9.01), (1.0, -9.24)])
def test_large_lattices_agree_with_an_independent_calculation(x, confirmed):
    logarithm, error = mean_logarithm(x, lattice=100, landscapes=4)
    assert logarithm == pytest.approx(confirmed, abs=0.1)
    assert error < 0.05


def test_small_lattices_conduct_too_well_by_as_much_as_in_an_independent_calculation():
    logarithm, _ = mean_logarithm(0.5, lattice=35, landscapes=60)
    assert logarithm == pytest.approx(-8.83, abs=0.1)


def test_open_transverse_faces_conduct_less():
    model = LandscapeModel(energy_scale=0.64 * ELECTRON_VOLT, noise=0.42, transverse_faces="open")
    logarithm, _ = mean_logarithm(0.5, lattice=35, landscapes=60, model=model)
    assert logarithm == pytest.approx(-9.08, abs=0.1)


def test_equal_sites_have_the_conductivity_of_free_hopping():
    # all sites alike but for an immeasurable noise: σ = N/(N - 1) β e² ν exp(-β u0) f (1 - f)/a, if all were accessible
    model = LandscapeModel(energy_scale=1e-6 * ELECTRON_VOLT, noise=0.0, barrier=0.1)
    landscape = generate_landscape("0.487 Li2O 0.513 (1.0 B2O3)", lattice=8, rng=0, model=model)
    assert landscape.accessible.all()
    thermal = BOLTZMANN_CONSTANT * 300.0
    occupied = landscape.ions / landscape.accessible_sites
    expected = 8 / 7 * ELEMENTARY_CHARGE**2 * 1e13 / thermal * occupied * (1.0 - occupied) / 4e-10
    found = conductivity(landscape, temperature=300.0, attempt_frequency=1e13, jump_distance=4e-10)
    assert float(found.conductivity) == pytest.approx(expected, rel=2e-4, abs=0.0)


def test_link_conductances_obey_detailed_balance():
    landscape = generate_landscape(glass(0.4), lattice=10, rng=3)
    temperature, frequency = 350.0, 2e14
    network, _ = conductance_network(landscape, temperature=temperature, attempt_frequency=frequency)
    joined = links(landscape)
    beta = 1.0 / (BOLTZMANN_CONSTANT * temperature)
    energies, occupied = landscape.energies.ravel(), occupations(landscape, temperature).ravel()

    def currents(start, end):
        # β e² w_ij f_i (1 - f_j) as it stands in Bosi 2021 (5) and (7)
        rates = np.minimum(1.0, np.exp(-beta * (energies[end] - energies[start])))
        rates *= frequency * np.exp(-beta * landscape.model.least_barrier)
        return beta * ELEMENTARY_CHARGE**2 * rates * occupied[start] * (1.0 - occupied[end])

    forwards, backwards = currents(joined.first, joined.second), currents(joined.second, joined.first)
    # 1 - f keeps too few digits elsewhere
    likely = np.minimum(1.0 - occupied[joined.first], 1.0 - occupied[joined.second]) > 1e-8
    assert likely.sum() > 50
    assert forwards[likely] == pytest.approx(backwards[likely], rel=1e-6, abs=0.0)
    assert np.exp(network.logarithms[likely]) == pytest.approx(forwards[likely], rel=1e-6, abs=0.0)


@pytest.mark.parametrize("temperature", [150.0, 300.0, 1000.0])
def test_small_landscapes_agree_with_the_kron_reduction(temperature):
    landscape = generate_landscape(glass(0.6), lattice=10, rng=1)
    network, _ = conductance_network(landscape, temperature=temperature, attempt_frequency=4e14)
    exact = np.exp(kron_conductance(network)) / (10 * 5e-10)
    found = conductivity(landscape, temperature=temperature, tolerance=1e-4)
    assert float(found.lower_bound) * (1 - 1e-8) <= exact <= float(found.upper_bound) * (1 + 1e-8)
    assert float(found.conductivity) == pytest.approx(exact, rel=1e-4, abs=0.0)


def test_the_slope_of_ln_sigma_t_approaches_the_percolation_barrier_at_low_temperature():
    landscape = generate_landscape(glass(0.5), lattice=30, rng=2)
    temperatures = np.array([60.0, 70.0])
    found = conductivity(landscape, temperature=temperatures)
    slope = (
        -np.diff(np.log(found.conductivity * temperatures))[0] / np.diff(1.0 / (BOLTZMANN_CONSTANT * temperatures))[0]
    )
    # at zero temperature the best path alone counts; what is left at 65 K is of the order of kT = 0.006 eV
    assert slope == pytest.approx(activation_energy(landscape), abs=0.012 * ELECTRON_VOLT)


def test_an_oblong_lattice_has_the_conductivity_of_its_shape():
    model = LandscapeModel(energy_scale=1e-6 * ELECTRON_VOLT, noise=0.0)
    values = []
    for lattice, direction in (((8, 12, 6), 0), ((12, 8, 6), 1), ((6, 12, 8), 2)):
        landscape = generate_landscape("0.487 Li2O 0.513 (1.0 B2O3)", lattice=lattice, rng=0, model=model)
        values.append(float(conductivity(landscape, temperature=300.0, direction=direction).conductivity))
    assert values == pytest.approx([values[0]] * 3, rel=1e-3, abs=0.0)


def test_the_current_through_each_plane_is_the_whole_current():
    landscape = generate_landscape(glass(0.5), lattice=14, rng=5)
    for direction in range(3):
        flow = current_distribution(landscape, temperature=300.0, direction=direction, tolerance=1e-6)
        planes = np.moveaxis(flow.currents, direction, 0)
        assert np.nansum(planes[0]) == pytest.approx(1.0, rel=1e-3)
        assert np.nansum(planes[-1]) == pytest.approx(1.0, rel=1e-3)
        assert (np.nansum(planes[1:-1], axis=(1, 2)) >= 1.0 - 1e-3).all()
        assert (np.isnan(flow.currents) == ~landscape.accessible).all()
        assert np.nanmin(flow.potentials) >= -1e-9
        assert np.nanmax(flow.potentials) <= 1.0 + 1e-9


def test_chemical_potential_enters_through_the_number_of_ions():
    landscape = generate_landscape(glass(0.5), lattice=20, rng=4)
    for temperature in (150.0, 300.0, 1000.0):
        assert np.nansum(occupations(landscape, temperature)) == pytest.approx(landscape.ions, rel=1e-9)
        assert np.isfinite(chemical_potential(landscape, temperature))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": [300.0, -5.0]}, "-5"),
        ({"temperature": []}, "temperature"),
        ({"temperature": 300.0, "attempt_frequency": 0.0}, "attempt_frequency"),
        ({"temperature": 300.0, "jump_distance": -1e-10}, "jump_distance"),
        ({"temperature": 300.0, "tolerance": 2.0}, "tolerance"),
        ({"temperature": 300.0, "direction": 3}, "direction"),
    ],
)
def test_values_out_of_range_are_named(arguments, words):
    landscape = generate_landscape(glass(0.5), lattice=8, rng=4)
    with pytest.raises(InputError, match=words):
        conductivity(landscape, **arguments)


def test_a_lattice_without_a_path_is_said_with_its_accessible_share():
    # 25 % of the sites are far below the percolation threshold
    landscape = generate_landscape("0.19 Li2O 0.81 (0.5 B2O3 0.5 P2O5)", lattice=30, rng=0)
    with pytest.raises(PercolationError, match=r"0\.247 of the sites are accessible"):
        conductivity(landscape, temperature=300.0)
