"""Hops of native and foreign ions: two colours of one ion, one kind of ions, and foreign ions that only block."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import constants

import ionscape as isc

K, E = constants.Boltzmann, constants.elementary_charge
FREQUENCY, DISTANCE, KELVIN = 1e13, 5e-10, 500.0  # Hz, m, K
JUMPS = isc.JumpLaw(barrier=0.06 * E, attempt_frequency=FREQUENCY, jump_distance=DISTANCE)
UNIT = DISTANCE**2 * FREQUENCY * np.exp(-JUMPS.barrier / (K * KELVIN))  # m²/s
ALIKE, FIXED = isc.MobileIon(), isc.MobileIon(barrier=10.0 * E)


def test_two_colours_of_one_ion_are_coupled_by_the_tracer_correlation():
    """D_12 = (1 - H) c_1 c_2 D exactly, and H = 0.845 at half filling of equal energies."""
    flat = isc.landscape_from_energies(np.zeros((6, 6, 6)))
    found = isc.hops_of_two_ions(
        flat, temperature=KELVIN, jumps=JUMPS, ions=108.0, second_ion=ALIKE, native_share=0.5, rng=1,
        relative_error=0.04,
    )  # fmt: skip
    value, error = found["diffusion_coefficient"].values, found["diffusion_coefficient_error"].values
    assert (error < 0.05 * value).all()
    assert (np.abs(value - 0.5 * UNIT) < 3.0 * error).all()
    onsager, scatter = found["onsager"].values / (0.5 * UNIT), found["onsager_error"].values / (0.5 * UNIT)
    assert abs(onsager[0, 1] - 0.155 * 0.25) < 3.0 * scatter[0, 1] < 0.04
    assert abs(onsager[1, 1] - (0.5 - 0.155 * 0.25)) < 3.0 * scatter[1, 1] < 0.1


def test_equal_ions_are_one_kind_of_ions():
    energies = np.random.default_rng(5).normal(0.0, 0.13 * E, (6, 6, 6))
    landscape = isc.landscape_from_energies(energies)
    given = {"temperature": KELVIN, "jumps": JUMPS, "ions": 200.0, "rng": 2}
    one = isc.kinetic_monte_carlo(landscape, relative_error=0.03, tracer=False, **given).summary()
    two = isc.hops_of_two_ions(landscape, second_ion=ALIKE, native_share=0.6, relative_error=0.06, **given)
    whole = float(two["onsager"].sum())  # of all ions, whatever their colours
    errors = np.hypot(two["diffusion_coefficient_error"].values, one["diffusion_coefficient_error"])
    assert one["network_ratio"] < 0.95
    assert (np.abs(two["diffusion_coefficient"].values - one["diffusion_coefficient"]) < 3.0 * errors).all()
    assert abs(whole - one["diffusion_coefficient"]) < 3.0 * errors.min()
    assert float(two["network_ratio"][0]) == pytest.approx(
        float(two["diffusion_coefficient"][0]) / one["diffusion_coefficient"] * one["network_ratio"], rel=2e-3
    )


def test_foreign_ions_that_do_not_hop_block_their_sites():
    """What is left has equal energies and blocked sites, where the network is exact: averaged over where they sit."""
    filled, share = 0.5, 0.4
    flat = isc.landscape_from_energies(np.zeros((8, 8, 8)))
    found = isc.hops_of_two_ions(
        flat, temperature=KELVIN, jumps=JUMPS, ions=filled * 512, second_ion=FIXED, native_share=share, rng=3,
        relative_error=0.04,
    )  # fmt: skip
    rng, expected = np.random.default_rng(1), []
    for _ in range(30):
        blocked = rng.random((8, 8, 8)) < filled * (1.0 - share)
        left = isc.landscape_from_energies(np.where(blocked, np.nan, 0.0))
        ions = filled * share / (1.0 - filled * (1.0 - share)) * left.accessible_sites
        sigma = float(
            isc.conductivity(left, temperature=KELVIN, jumps=JUMPS, ions=ions, electrodes=False)["conductivity"]
        )
        expected.append(sigma * K * KELVIN * DISTANCE**3 / (E**2 * filled * share))  # D of the native ions
    value, error = float(found["diffusion_coefficient"][0]), float(found["diffusion_coefficient_error"][0])
    error = np.hypot(error, np.std(expected) / np.sqrt(len(expected)))
    assert np.mean(expected) < 0.9 * 0.5 * UNIT  # they are in the way
    assert abs(value - np.mean(expected)) < 3.0 * error < 0.2 * value
    assert np.isnan(found["diffusion_coefficient"][1])


def test_slow_ions_are_carried_along_by_fast_ones():
    """The diagonal and the sum cannot be above the network, D of the slow ions can: others make room for them."""
    flat = isc.landscape_from_energies(np.zeros((6, 6, 6)))
    slow = isc.MobileIon(attempt_frequency=0.2 * FREQUENCY)
    found = isc.hops_of_two_ions(
        flat, temperature=KELVIN, jumps=JUMPS, ions=162.0, second_ion=slow, native_share=0.5, rng=4, relative_error=0.06
    )
    onsager, error = found["onsager"].values, found["onsager_error"].values
    network = found["network_diffusion_coefficient"].values
    assert network == pytest.approx(0.25 * UNIT * np.array([1.0, 0.2]), rel=1e-3)
    assert onsager[0, 1] > 3.0 * error[0, 1]
    assert (np.diag(onsager) < 0.5 * network + 3.0 * np.diag(error)).all()
    assert onsager.sum() < 0.5 * network.sum()


def test_native_ions_without_a_way_have_no_coefficient():
    """A quarter of the sites is left, less than the 0.3116 that percolate."""
    flat = isc.landscape_from_energies(np.zeros((10, 10, 10)))
    with pytest.raises(isc.HoppingError, match="mean anything"):
        isc.hops_of_two_ions(
            flat, temperature=KELVIN, jumps=JUMPS, ions=950.0, second_ion=FIXED, native_share=0.2, rng=1,
            relative_error=0.1, most_hops=1.5e6,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"native_share": 1.0}, r"native_share = 1\.0: must be between 0 and 1"),
        ({"relative_error": 0.0}, "relative_error"),
    ],
)
def test_values_that_make_no_sense_are_refused(given, message):
    flat = isc.landscape_from_energies(np.zeros((4, 4, 4)))
    arguments = {"temperature": KELVIN, "jumps": JUMPS, "ions": 50, "rng": 1, "second_ion": ALIKE, "native_share": 0.5}
    with pytest.raises(isc.InputError, match=message):
        isc.hops_of_two_ions(flat, **{**arguments, **given})
