"""Landscapes of one's own energies, fractional numbers of ions, and periodic networks without electrodes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import constants

import ionscape as isc
from ionscape.hopping.periodic import periodic_links, solve_periodic

K, E = constants.Boltzmann, constants.elementary_charge
JUMPS = isc.JumpLaw(barrier=0.1 * E, attempt_frequency=1e13, jump_distance=5e-10)
DATA = Path(__file__).parents[1] / "data" / "network-response"


def near(value, rel):
    """Equal to a relative tolerance alone."""
    return pytest.approx(value, rel=rel, abs=0.0)


def test_conductivity_of_a_periodic_landscape_is_that_in_extended_precision():
    data = json.loads((DATA / "periodic-8-600K.json").read_text(encoding="utf-8"))
    energies = np.array(data["energies_eV"], dtype=float).reshape(data["shape"]) * E
    landscape = isc.landscape_from_energies(energies)
    ions, kelvin = data["ions"], data["temperature"]
    level = isc.chemical_potential(landscape, kelvin, ions=ions)
    assert level / E == near(data["chemical_potential_eV"], 1e-9)
    assert np.nansum(isc.occupations(landscape, kelvin, ions=ions)) == near(ions, 1e-13)
    jumps = isc.JumpLaw(barrier=data["barrier_eV"] * E, attempt_frequency=1e13, jump_distance=5e-10)
    found = isc.conductivity(
        landscape, temperature=kelvin, jumps=jumps, ions=ions, electrodes=False, tolerance=1e-7
    )  # fmt: skip
    unit = E**2 / (K * kelvin) * 1e13 / 5e-10
    exact = data["sigma"][0]["re"] * unit
    assert float(found["conductivity"]) == near(exact, 1e-6)
    assert float(found["lower_bound"]) <= exact * (1.0 + 1e-9)
    assert exact <= float(found["upper_bound"]) * (1.0 + 1e-9)


@pytest.mark.parametrize("shape", [(2, 1, 1), (2, 2, 2), (5, 1, 3), (3, 4, 1)])
@pytest.mark.parametrize("ions", [1.0, 1.25])
def test_equal_energies_conduct_by_every_link_along_the_field(shape, ions):
    """σ = β e² ν exp(-βu0) f (1 - f)/a: a period of two sites has two links, as many as sites."""
    landscape = isc.landscape_from_energies(np.full(shape, 0.3 * E))
    found = isc.conductivity(landscape, temperature=500.0, jumps=JUMPS, ions=ions, electrodes=False)
    filled = ions / np.prod(shape)
    expected = E**2 / (K * 500.0) * 1e13 * np.exp(-0.1 * E / (K * 500.0)) * filled * (1.0 - filled) / 5e-10
    assert float(found["conductivity"]) == near(expected, 1e-12)


@pytest.mark.parametrize("transverse", [True, False])
def test_periodic_network_by_a_dense_solver(transverse):
    """Least Σ g (e + ∇ψ)² by numpy's least squares; unequal sides, blocked sites, four decades of conductances."""
    rng = np.random.default_rng(5)
    accessible = rng.random((5, 4, 3)) < 0.75
    joined = periodic_links(accessible, 0, transverse=transverse)
    logarithms = rng.uniform(-4.6, 4.6, joined.first.size)
    found = solve_periodic(joined, logarithms, tolerance=1e-9)
    incidence = np.zeros((joined.first.size, joined.nodes))
    incidence[np.arange(joined.first.size), joined.second] = 1.0
    incidence[np.arange(joined.first.size), joined.first] -= 1.0
    root = np.exp(0.5 * logarithms)
    psi, *_ = np.linalg.lstsq(root[:, None] * incidence, -root * joined.forces, rcond=None)
    power = float(np.sum((root * (joined.forces + incidence @ psi)) ** 2))
    assert np.exp(found.log_conductance) == near(power, 1e-8)
    assert found.lower <= 1.0 <= found.upper
    drops = joined.forces + found.potentials[joined.second] - found.potentials[joined.first]
    assert float(np.sum(np.exp(logarithms) * drops**2)) == near(power, 1e-8)


def test_no_way_around_the_lattice_is_an_error():
    energies = np.zeros((6, 3, 3))
    energies[2] = np.nan
    landscape = isc.landscape_from_energies(energies)
    with pytest.raises(isc.PercolationError, match="no path of accessible sites leads through"):
        isc.conductivity(landscape, temperature=300.0, jumps=JUMPS, ions=3, electrodes=False)


@pytest.mark.parametrize("kelvin", [2.0, 300.0, 3000.0])
@pytest.mark.parametrize("ions", [0.5, 3.0, 3.001, 17.5, 26.75])
def test_fractional_numbers_of_ions_are_the_sum_of_the_occupations(kelvin, ions):
    rng = np.random.default_rng(2)
    landscape = isc.landscape_from_energies(rng.normal(0.0, 0.4 * E, (3, 3, 3)))
    filled = isc.occupations(landscape, kelvin, ions=ions)
    assert filled.sum() == near(ions, 1e-11)
    assert np.all(np.diff(filled.ravel()[np.argsort(landscape.energies.ravel())]) <= 0.0)


FLAT = isc.landscape_from_energies(np.zeros((3, 3, 3)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: isc.landscape_from_energies([1.0, 2.0]), "energies = .2.: must have three axes"),
        (lambda: isc.landscape_from_energies(np.full((2, 2, 2), np.inf)), "energies = .*: must be finite, or NaN"),
        (lambda: isc.landscape_from_energies(np.full((2, 2, 2), np.nan)), "at least two sites"),
        (lambda: isc.landscape_from_energies("cold"), "must be an array of numbers"),
        (lambda: isc.landscape_from_energies([[[0.0], [0.3]]]), "spans more than 100 eV; give joules: 1 eV is 1.602e"),
        (lambda: isc.JumpLaw(barrier=0.06), "barrier = 0.06: is more than 100 eV; give joules"),
        (lambda: isc.landscape_from_energies(np.zeros((3, 3, 3)), periodic="yes"), "periodic = .*True or False"),
        (lambda: isc.conductivity(FLAT, temperature=300.0, ions=3), "jumps: is missing; give JumpLaw"),
        (lambda: isc.conductivity(FLAT, temperature=300.0, jumps=JUMPS), "ions: is missing; give a number"),
        (lambda: isc.conductivity(FLAT, temperature=300.0, jumps=JUMPS, ions=27), "less than the number of sites, 27"),
        (lambda: isc.conductivity(FLAT, temperature=0.0, jumps=JUMPS, ions=3), "temperature = 0.0: must be"),
        (
            lambda: isc.conductivity(FLAT, temperature=300.0, jumps=JUMPS, ions=3, jump_distance=4e-10),
            "jump_distance = 4e-10: is given twice",
        ),
        (lambda: isc.JumpLaw(barrier=-1e-20), "barrier = -1e-20: must be a finite number of at least 0"),
        (
            lambda: isc.conductivity(
                isc.landscape_from_energies(np.zeros((1, 3, 3))), temperature=300.0, jumps=JUMPS, ions=3,
                electrodes=False,
            ),
            "must be at least 2 along the field",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(isc.InputError, match=words):
        call()
