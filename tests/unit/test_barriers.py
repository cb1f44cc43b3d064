"""Barriers that differ from link to link: their distribution, and what a chain of them conducts."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ionscape as isc
import ionscape.series
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


SPREAD = """
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = [0.3]
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[hopping]
attempt_frequency = "1e14 Hz"
barrier = { distribution = "exponential", mean = "0.1 eV", width = "0.08 eV" }
[percolation]
lattice = 5
landscapes = 3
[network]
lattice = 6
landscapes = 2
temperatures = ["500 K"]
[random]
seed = 4
"""


def of_series(purpose: int, number: int, lattice: int) -> tuple[isc.Landscape, isc.JumpLaw]:
    """A landscape of that file and its law, as a script makes them."""
    seed = np.random.SeedSequence([4, purpose, number])
    model = isc.LandscapeModel(energy_scale=0.64 * ELECTRON_VOLT, noise=0.42)
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.3 B2O3 0.7 P2O5)", lattice=lattice, rng=seed, model=model)
    barrier = isc.BarrierDistribution(
        distribution="exponential", mean=0.1 * ELECTRON_VOLT, width=0.08 * ELECTRON_VOLT,
        seed=int(isc.hopping.child_seed(seed, 5).generate_state(1)[0]),
    )  # fmt: skip
    return landscape, isc.JumpLaw(barrier=barrier, attempt_frequency=1e14, jump_distance=5e-10)


def test_series_percolate_and_conduct_with_the_barriers_of_their_links() -> None:
    """Thresholds by a search through all barriers, and the conductivities that the verbs of a script give."""
    data = isc.series.run_series(isc.series.parse_series(SPREAD), scheduler="serial").dataset
    for number in range(3):
        landscape, jumps = of_series(0, number, 5)
        assert data["landscape_activation_energy"].values[0, number] == pytest.approx(
            brute_force_threshold(landscape, jumps) / ELECTRON_VOLT, rel=1e-12
        )
    for number in range(2):
        landscape, jumps = of_series(1, number, 6)
        found = isc.conductivity(landscape, temperature=500.0, jumps=jumps)
        assert data["landscape_conductivity"].values[0, number, 0] == pytest.approx(
            float(found["conductivity"]), rel=1e-9
        )
    assert data["barrier"].values == pytest.approx([0.1])


def brute_force_threshold(landscape: isc.Landscape, jumps: isc.JumpLaw) -> float:
    """Lowest of all barriers (Bosi 2021 (8b)) up to which a flood from the first plane reaches the last one."""
    between = links(landscape)
    energies, fermi = landscape.energies.reshape(-1), landscape.fermi_energy
    here, there = energies[between.first], energies[between.second]
    apart = 0.5 * (np.abs(here - there) + np.abs(here - fermi) + np.abs(there - fermi))
    barriers = jumps.mean_barrier + apart + jumps.excess(between.first, between.second, landscape.lattice)
    planes = np.arange(energies.size) // (energies.size // landscape.lattice[0])
    for least in np.sort(barriers):
        wet = planes == 0
        while True:
            crossed = (barriers <= least) & (wet[between.first] != wet[between.second])
            if not crossed.any():
                break
            wet[between.first[crossed]] = wet[between.second[crossed]] = True
        if wet[planes == landscape.lattice[0] - 1].any():
            return float(least)
    raise AssertionError("no path")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("noise = 0.42", "noise = 0.42\nbarrier = 0.1", "stands in [landscape] too"),
        ('width = "0.08 eV"', 'width = "0.2 eV"', 'hopping.barrier.width = "0.2 eV": leaves barriers below 0'),
        ('energy_scale = "0.64 eV"\nnoise = 0.42', 'energy_scale = "fit"', "barriers differ from link to link"),
    ],
)
def test_series_refuse_in_one_sentence(old: str, new: str, said: str) -> None:
    assert old in SPREAD
    with pytest.raises(isc.InputError) as caught:
        isc.series.parse_series(SPREAD.replace(old, new))
    assert said in str(caught.value)
