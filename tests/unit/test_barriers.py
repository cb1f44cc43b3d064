"""Barriers that differ from link to link: their distribution, and what a chain of them conducts."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ionscape as isc
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.hopping.lattice import links

TEMPERATURE = 600.0
THERMAL = BOLTZMANN_CONSTANT * TEMPERATURE
MEANS = {
    "gaussian": lambda s: math.exp(0.5 * s * s),
    "uniform": lambda s: math.sinh(0.5 * s) / (0.5 * s),
    "exponential": lambda s: math.exp(-s) / (1.0 - s),
}
"""Mean of exp(β (u - mean)) over a width in units of kT."""


def law(kind: str, width: float, seed: int = 1) -> isc.JumpLaw:
    """Barriers around 0.5 eV, a width in units of kT."""
    barrier = isc.BarrierDistribution(distribution=kind, mean=0.5 * ELECTRON_VOLT, width=width * THERMAL, seed=seed)
    return isc.JumpLaw(barrier=barrier, attempt_frequency=1e13, jump_distance=5e-10)


@pytest.mark.parametrize(("kind", "width"), [("gaussian", 1.0), ("uniform", 3.0), ("exponential", 0.3)])
def test_a_chain_conducts_as_the_mean_resistance_says(kind: str, width: float) -> None:
    """Links in series, 40,000 of them: σ of equal barriers over the mean of exp(β (u - mean)), within its scatter."""
    chain = isc.landscape_from_energies(np.zeros((40_000, 1, 1)))
    given = {"temperature": TEMPERATURE, "ions": 20_000.0, "electrodes": False}
    equal = isc.JumpLaw(barrier=0.5 * ELECTRON_VOLT, attempt_frequency=1e13, jump_distance=5e-10)
    ratio = float(isc.conductivity(chain, jumps=equal, **given)["conductivity"]) / float(
        isc.conductivity(chain, jumps=law(kind, width), **given)["conductivity"]
    )
    assert ratio == pytest.approx(MEANS[kind](width), rel=0.03)


def test_the_same_link_has_the_same_barrier_everywhere() -> None:
    """With electrodes and without, at any frequency, and whichever way it is crossed."""
    landscape = isc.landscape_from_energies(np.zeros((4, 3, 5)))
    jumps = law("uniform", 4.0)
    between = links(landscape)
    there = jumps.excess(between.first, between.second, landscape.lattice)
    assert there == pytest.approx(jumps.excess(between.second, between.first, landscape.lattice), abs=0.0)
    assert np.ptp(there) > 3.0 * THERMAL
    assert there == pytest.approx(np.zeros(there.size), abs=2.0 * THERMAL)
    other = law("uniform", 4.0, seed=2).excess(between.first, between.second, landscape.lattice)
    assert not np.array_equal(there, other)
    spectrum = isc.conductivity_spectrum(landscape, temperature=TEMPERATURE, ions=30.0, jumps=jumps)
    steady = isc.conductivity(landscape, temperature=TEMPERATURE, ions=30.0, jumps=jumps, electrodes=False)
    assert spectrum.summary()["dc_conductivity"] == pytest.approx(float(steady["conductivity"]), rel=1e-3)


def test_of_symmetric_random_barriers_hops_are_the_network() -> None:
    """With equal energies and any symmetric rates, occupations drawn from the Fermi function."""
    flat = isc.landscape_from_energies(np.zeros((6, 6, 6)))
    hops = isc.kinetic_monte_carlo(flat, jumps=law("uniform", 2.3), temperature=TEMPERATURE, ions=108.0, rng=1,
                                   cap="none", relative_error=0.03, tracer=False).summary()  # fmt: skip
    assert abs(hops["network_ratio"] - 1.0) < 3.0 * hops["network_ratio_error"]
    assert hops["network_ratio_error"] < 0.03


def test_the_best_path_goes_around_high_barriers() -> None:
    """Barriers of a glass that are spread raise or lower its bottleneck; equal ones of that mean leave it as it was."""
    landscape = isc.generate_landscape("0.33 Li2O 0.67 B2O3", lattice=10, rng=1)
    mean = landscape.model.least_barrier
    spread = isc.JumpLaw(barrier=isc.BarrierDistribution(distribution="uniform", mean=mean, width=mean, seed=3))
    equal = isc.JumpLaw(barrier=mean)
    assert isc.activation_energy(landscape, jumps=equal) == isc.activation_energy(landscape)
    assert abs(isc.activation_energy(landscape, jumps=spread) - isc.activation_energy(landscape)) <= 0.5 * mean
    path = isc.critical_path(landscape, jumps=spread)
    assert path.activation_energy == pytest.approx(isc.activation_energy(landscape, jumps=spread))
    assert path.barriers.max() == pytest.approx(path.activation_energy)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"distribution": "flat"}, "distribution"),
        ({"width": 0.0}, "width"),
        ({"distribution": "uniform", "width": 3e-20}, "barriers below 0"),
        ({"distribution": "exponential", "width": 2e-20}, "barriers below 0"),
        ({"mean": -1e-20}, "mean"),
        ({"seed": -1}, "seed"),
    ],
)
def test_values_out_of_range_are_refused(changed: dict[str, object], said: str) -> None:
    given = {"distribution": "gaussian", "mean": 1e-20, "width": 1e-21} | changed
    with pytest.raises(isc.InputError, match=said):
        isc.BarrierDistribution(**given)  # type: ignore[arg-type]
