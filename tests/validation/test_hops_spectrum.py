"""Conductivity of hops over frequency against master equations, the ends of the spectrum, and equal energies."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import constants

import ionscape as isc

K, E = constants.Boltzmann, constants.elementary_charge
FREQUENCY, DISTANCE = 1e13, 5e-10  # Hz, m
JUMPS = isc.JumpLaw(barrier=0.06 * E, attempt_frequency=FREQUENCY, jump_distance=DISTANCE)
EXACT = Path(__file__).parents[1] / "data" / "exact-hopping"


def rate(kelvin):
    """ν exp(-βu0) [1/s]."""
    return FREQUENCY * np.exp(-JUMPS.barrier / (K * kelvin))


@pytest.mark.parametrize(
    ("name", "error"), [("cube-27-sites-25-ions-600K", 0.04), ("cube-27-sites-25-ions-1000K", 0.05)]
)
def test_few_ions_are_those_of_the_master_equation(name, error):
    data = json.loads((EXACT / f"{name}.json").read_text(encoding="utf-8"))
    exact = [entry for entry in data["ac"] if entry["omega"] >= 1e-3]  # those below are dc
    assert exact[-1]["re"] > 1.4 * exact[0]["re"]
    landscape = isc.landscape_from_energies(np.array(data["energies_eV"]).reshape(data["shape"]) * E)
    jumps = isc.JumpLaw(barrier=data["barrier_eV"] * E, attempt_frequency=FREQUENCY, jump_distance=DISTANCE)
    found = isc.hopping_spectrum(
        landscape, jumps=jumps, temperature=data["temperature"], ions=data["ions"], ensemble="canonical", rng=1,
        angular_frequency=[entry["omega"] * FREQUENCY for entry in exact], relative_error=error,
    )  # fmt: skip
    scale = FREQUENCY * DISTANCE**2
    values, errors = (found[f"diffusion_coefficient_real{end}"].values / scale for end in ("", "_error"))
    expected = np.array([entry["re"] for entry in exact])
    assert (errors < 1.6 * error * values).all()
    assert (np.abs(values - expected) < 3.0 * errors).all()


def test_spectrum_ends_at_the_conductivity_of_the_links_and_at_that_of_the_displacements():
    """Far above all rates nothing has come back yet; far below, the spread of displacements is another measurement."""
    energies = np.random.default_rng(3).normal(0.0, 0.12 * E, (5, 5, 5))
    landscape = isc.landscape_from_energies(energies)
    given = {"jumps": JUMPS, "temperature": 600.0, "ions": 120.0, "rng": 1}
    ends = np.array([0.01, 300.0]) * rate(600.0)
    found = isc.hopping_spectrum(landscape, angular_frequency=ends, relative_error=0.05, **given)
    steady = isc.kinetic_monte_carlo(landscape, relative_error=0.03, tracer=False, cap="none", **given).summary()
    network = isc.conductivity_spectrum(landscape, temperature=600.0, jumps=JUMPS, ions=120.0)
    values, errors = found["conductivity_real"].values, found["conductivity_real_error"].values
    assert values[1] > 1.8 * values[0]
    error = np.hypot(errors[0], steady["conductivity_error"])
    assert abs(values[0] - steady["conductivity"]) < 3.0 * error < 0.2 * values[0]
    assert abs(values[1] - float(network.dataset["high_frequency_conductivity"])) < 3.0 * errors[1] < 0.2 * values[1]


def test_equal_energies_have_no_dispersion_and_are_the_network():
    flat = isc.landscape_from_energies(np.zeros((6, 6, 6)))
    found = isc.hopping_spectrum(
        flat, jumps=JUMPS, temperature=500.0, ions=200.0, rng=2, relative_error=0.06,
        angular_frequency=np.array([0.3, 3.0, 30.0]) * rate(500.0),
    )  # fmt: skip
    ratio, error = found["network_ratio"].values, found["network_ratio_error"].values
    assert (np.abs(ratio - 1.0) < 3.0 * error).all()
    expected = 200.0 * (1.0 - 200.0 / 216.0) * rate(500.0) * E**2 / (216 * DISTANCE * K * 500.0)
    assert found["network_conductivity_real"].values == pytest.approx(expected, rel=1e-3)


def test_same_seed_has_the_same_hops():
    flat = isc.landscape_from_energies(np.zeros((4, 4, 4)))
    given = {"jumps": JUMPS, "temperature": 500.0, "ions": 50.0, "angular_frequency": rate(500.0)}
    first, again, other = (isc.hopping_spectrum(flat, rng=seed, relative_error=0.2, **given) for seed in (1, 1, 2))
    assert first.identical(again)
    assert first["conductivity_real"].item() != other["conductivity_real"].item()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"angular_frequency": [0.0, 1e12]}, r"angular_frequency = 0\.0: must be above 0.*kinetic_monte_carlo"),
        ({"relative_error": 0.5}, r"relative_error = 0\.5: must be between 0 and 0\.3"),
    ],
)
def test_values_that_make_no_sense_are_refused(given, message):
    flat = isc.landscape_from_energies(np.zeros((4, 4, 4)))
    arguments = {"temperature": 500.0, "jumps": JUMPS, "ions": 50, "rng": 1, "angular_frequency": 1e12, **given}
    with pytest.raises(isc.InputError, match=message):
        isc.hopping_spectrum(flat, **arguments)


def test_more_hops_than_allowed_are_refused_before_they_are_made():
    flat = isc.landscape_from_energies(np.zeros((4, 4, 4)))
    told = []
    with pytest.raises(isc.HoppingError, match="higher frequencies, a larger error or more hops"):
        isc.hopping_spectrum(
            flat, temperature=500.0, jumps=JUMPS, ions=50, rng=1, angular_frequency=1.0, progress=told.append
        )
    assert told == []
