"""Kinetic Monte Carlo against exact solutions: master equations, equal energies, tracer correlations, networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import constants

import ionscape as isc
from ionscape.hopping.hops_kernels import Ways, hop
from ionscape.hopping.hops_setup import drawn_state, hopping_system

K, E = constants.Boltzmann, constants.elementary_charge
FREQUENCY, DISTANCE = 1e13, 5e-10  # Hz, m
JUMPS = isc.JumpLaw(barrier=0.06 * E, attempt_frequency=FREQUENCY, jump_distance=DISTANCE)
EXACT = sorted((Path(__file__).parents[1] / "data" / "exact-hopping").glob("*.json"))


def unit(kelvin):
    """Of a diffusion coefficient, a² ν exp(-βu0) [m²/s]."""
    return DISTANCE**2 * FREQUENCY * np.exp(-JUMPS.barrier / (K * kelvin))


@pytest.mark.parametrize("file", EXACT, ids=lambda path: path.stem)
def test_few_ions_are_those_of_the_master_equation(file):
    data = json.loads(file.read_text(encoding="utf-8"))
    landscape = isc.landscape_from_energies(np.array(data["energies_eV"]).reshape(data["shape"]) * E)
    jumps = isc.JumpLaw(barrier=data["barrier_eV"] * E, attempt_frequency=FREQUENCY, jump_distance=DISTANCE)
    hops = isc.kinetic_monte_carlo(
        landscape, jumps=jumps, temperature=data["temperature"], ions=data["ions"], ensemble="canonical", rng=2,
        relative_error=0.02,
    )  # fmt: skip
    found = hops.summary()
    scale = DISTANCE**2 * FREQUENCY
    expected = {
        "diffusion_coefficient": data["D_sigma"] * scale,
        "tracer_diffusion_coefficient": data["D_tracer"] * scale,
        "haven_ratio": data["haven"],
    }
    for name, value in expected.items():
        error = found[f"{name}_error"]
        assert 0.0 < error <= 0.02 * found[name]
        assert abs(found[name] - value) <= 3.0 * error, name
    occupied, error = (hops.dataset[name].values.ravel() for name in ("occupation", "occupation_error"))
    # where a site is vacant in few replicas, its error is not known
    known = 1.0 - np.array(data["occupation"]) > 1e-3
    deviations = (occupied - data["occupation"])[known] / error[known]
    assert np.sqrt(np.mean(deviations**2)) < 2.0
    assert np.max(np.abs(deviations)) < 4.0  # the largest of up to 27 normal numbers


def test_equal_energies_have_the_collective_coefficient_of_free_sites():
    """D_σ = (V - N)/(V - 1) at fixed N; by the Fermi function the network is exact, and tracers are correlated."""
    flat = isc.landscape_from_energies(np.zeros((12, 12, 12)))
    fixed = isc.kinetic_monte_carlo(
        flat, jumps=JUMPS, temperature=500.0, ions=864, ensemble="canonical", rng=1, relative_error=0.02
    ).summary()
    assert fixed["diffusion_coefficient_error"] < 0.02 * fixed["diffusion_coefficient"]
    expected = 864 / 1727 * unit(500.0)
    assert abs(fixed["diffusion_coefficient"] - expected) < 3.0 * fixed["diffusion_coefficient_error"]
    # f(0.5) = 0.845 ± 0.003 for single ions, of (1 - c) for all together
    correlation = fixed["tracer_diffusion_coefficient"] / expected
    assert correlation == pytest.approx(0.845, rel=0.01)


def test_a_few_vacancies_correlate_single_ions_more():
    """f(c → 1) = 0.6531 (Montet 1973); 0.659 at two vacancies in a hundred sites."""
    flat = isc.landscape_from_energies(np.zeros((10, 10, 10)))
    found = isc.kinetic_monte_carlo(
        flat, jumps=JUMPS, temperature=500.0, ions=980, ensemble="canonical", rng=1, relative_error=0.02
    ).summary()
    share = (1000 - 980) / 999
    assert found["tracer_diffusion_coefficient"] / unit(500.0) / share == pytest.approx(0.659, rel=0.01)
    assert found["haven_ratio"] == pytest.approx(0.659, abs=3.0 * found["haven_ratio_error"])


def test_blocked_lattice_of_equal_energies_is_the_network():
    rng = np.random.default_rng(4)
    energies = np.where(rng.random((8, 8, 8)) < 0.7, 0.0, np.nan)
    landscape = isc.landscape_from_energies(energies)
    found = isc.kinetic_monte_carlo(
        landscape, jumps=JUMPS, temperature=500.0, ions=200.5, rng=3, relative_error=0.02, most_hops=3e6
    ).summary()
    assert found["network_ratio_error"] < 0.02
    assert abs(found["network_ratio"] - 1.0) < 3.0 * found["network_ratio_error"]
    separate = isc.conductivity(landscape, temperature=500.0, jumps=JUMPS, ions=200.5, electrodes=False)
    assert found["network_conductivity"] == pytest.approx(float(separate["conductivity"]), rel=1e-3)


def test_symmetric_random_barriers_are_the_network():
    """With equal energies and any symmetric rates; here they span a decade, set in the hops themselves."""
    flat = isc.landscape_from_energies(np.zeros((6, 6, 6)))
    system = hopping_system(
        flat,
        isc.JumpLaw(barrier=0.0),
        temperature=500.0,
        ions=108.0,
        ensemble="grand canonical",
        cap="none",
        direction=0,
    )
    ways = system.ways
    pairs = np.sort(np.stack((np.repeat(np.arange(216), 6), ways.neighbours.ravel())), axis=0)
    factors = np.exp(np.random.default_rng(1).uniform(-2.3, 0.0, (216, 216)))[pairs[0], pairs[1]].reshape(216, 6)
    # each link stands here twice, with f(1 - f) = 1/4 and half the squared step; potentials by a dense solver
    laplacian, load, power = np.zeros((216, 216)), np.zeros(216), 0.0
    for site in range(216):
        for way in range(6):
            other, g, e = ways.neighbours[site, way], factors[site, way], float(ways.steps[site, way])
            laplacian[site, site] += 0.5 * g
            laplacian[site, other] -= 0.5 * g
            load[site] -= 0.5 * g * e
            power += 0.125 * g * e * e
    psi = np.linalg.lstsq(laplacian, load, rcond=None)[0]
    corrected = ways.steps + psi[:, None] - psi[ways.neighbours]
    expected = 0.125 * float(np.sum(factors * corrected**2))
    assert expected < 0.9 * power
    barred = Ways(ways.neighbours, factors, corrected, ways.steps)
    squares = []
    for replica in range(400):
        generator = np.random.Generator(np.random.PCG64([5, replica]))
        state = drawn_state(system, generator)
        record = np.empty((2, 1))
        hop(barred, _planted(barred, state), np.array([40.0]), record, generator)
        squares.append(record[0, 0] ** 2 / 80.0)
    found, error = np.mean(squares), np.std(squares) / 20.0
    assert abs(found - expected) < 3.0 * error


def _planted(ways, state):
    from ionscape.hopping.hops_kernels import plant

    plant(ways, state)
    return state


def test_hops_conduct_less_than_the_network_with_a_cap_and_without():
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=6, rng=5)
    capped, plain = (
        isc.kinetic_monte_carlo(landscape, temperature=1000.0, rng=1, cap=cap, relative_error=0.1, most_hops=3e6)
        for cap in ("automatic", "none")
    )
    one, other = capped.summary(), plain.summary()
    assert one["cap"] < other["cap"] == np.inf
    assert -0.01 < one["cap_bias"] <= 0.0 == other["cap_bias"]
    assert (
        abs(one["conductivity"] - other["conductivity"])
        < 3.0 * np.hypot(one["conductivity_error"], other["conductivity_error"]) + 0.01 * other["conductivity"]
    )
    for found in (one, other):
        assert found["network_ratio"] <= 1.0 + 3.0 * found["network_ratio_error"]
    # rates are capped both ways: the equilibrium is the Fermi function in both
    for hops in (capped, plain):
        assert 0.3 < hops.summary()["occupation_chi_square"] < 2.0
