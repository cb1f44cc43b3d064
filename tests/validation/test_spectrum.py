"""Conductivity over frequency against extended precision, direct complex solutions, and exact limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

import ionscape as isc
from experiments import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.hopping import kramers_kronig_distance
from ionscape.hopping.jumps import joined_links, periodic_conductances

DATA = Path(__file__).parents[1] / "data" / "network-response"
FREQUENCY, DISTANCE = 1e13, 5e-10  # Hz, m


def jumps(barrier: float) -> isc.JumpLaw:
    """A law with a barrier in eV."""
    return isc.JumpLaw(barrier=barrier * ELECTRON_VOLT, attempt_frequency=FREQUENCY, jump_distance=DISTANCE)


def test_a_landscape_against_extended_precision() -> None:
    """Eleven frequencies over nine decades, of another program; the estimated error is above the true one."""
    exact: dict[str, Any] = json.loads((DATA / "periodic-8-600K.json").read_text())
    energies = np.array([np.nan if value is None else value for value in exact["energies_eV"]]).reshape(exact["shape"])
    sigma = np.array([complex(entry["re"], entry["im"]) for entry in exact["sigma"]])
    spectrum = isc.conductivity_spectrum(
        isc.landscape_from_energies(energies * ELECTRON_VOLT), temperature=exact["temperature"], ions=exact["ions"],
        jumps=jumps(exact["barrier_eV"]),
        angular_frequency=[entry["omega"] * FREQUENCY for entry in exact["sigma"]],
    )  # fmt: skip
    thermal_energy = BOLTZMANN_CONSTANT * exact["temperature"]
    unit = ELEMENTARY_CHARGE**2 * FREQUENCY / (thermal_energy * DISTANCE)
    error = np.abs(spectrum.dataset["conductivity"].values / unit / sigma - 1.0)
    assert error[0] < 1e-8
    assert error.max() < 2e-4
    assert error.max() < spectrum.summary()["estimated_error"]


def random_landscape() -> isc.SiteEnergies:
    """A few sites, a quarter of them blocked."""
    rng = np.random.default_rng(3)
    energies = rng.normal(0.0, 0.15, (6, 5, 4))
    energies[rng.random(energies.shape) < 0.25] = np.nan
    return isc.landscape_from_energies(energies * ELECTRON_VOLT)


@pytest.mark.parametrize("direction", [0, 2])
def test_a_landscape_against_direct_complex_solutions(direction: int) -> None:
    """(K + iωC) ψ = b by a sparse factorisation at each frequency, σ = Σ g e (e + ∇ψ)."""
    landscape, law, temperature, ions = random_landscape(), jumps(0.1), 500.0, 40.25
    frequency = np.logspace(5.0, 15.0, 11)
    spectrum = isc.conductivity_spectrum(landscape, temperature=temperature, ions=ions, jumps=law, direction=direction,
                                         angular_frequency=frequency)  # fmt: skip
    links = joined_links(landscape, direction)
    conductances = np.exp(periodic_conductances(links, landscape, law, temperature=temperature, ions=ions))
    occupied = isc.occupations(landscape, temperature, ions=ions)[landscape.accessible]
    capacitances = ELEMENTARY_CHARGE**2 * occupied * (1.0 - occupied) / (BOLTZMANN_CONSTANT * temperature)
    expected = direct(links, conductances, capacitances, frequency) / (landscape.accessible.size * DISTANCE)
    assert spectrum.dataset["conductivity"].values == pytest.approx(expected, rel=1e-4)
    at_infinity = conductances @ links.forces / (landscape.accessible.size * DISTANCE)
    assert spectrum.summary()["high_frequency_conductivity"] == pytest.approx(at_infinity, rel=1e-12)
    steady = isc.conductivity(landscape, temperature=temperature, ions=ions, jumps=law, direction=direction,
                              electrodes=False)  # fmt: skip
    assert spectrum.summary()["dc_conductivity"] == pytest.approx(float(steady["conductivity"]), rel=1e-3)


def direct(links: Any, conductances: FloatArray, capacitances: FloatArray, frequency: FloatArray) -> Any:
    """σ times the number of sites and the lattice constant."""
    ends = np.append(links.first, links.second), np.append(links.second, links.first)
    joined = coo_array((np.append(conductances, conductances), ends), (links.nodes, links.nodes)).tocsr()
    laplacian = coo_array((joined.sum(axis=1), (range(links.nodes), range(links.nodes)))) - joined
    driven = conductances * links.forces
    load = np.bincount(links.first, driven, links.nodes) - np.bincount(links.second, driven, links.nodes)
    found = []
    for omega in frequency:
        stored = coo_array((1j * omega * capacitances, (range(links.nodes), range(links.nodes))))
        psi = spsolve((laplacian + stored).tocsc(), load.astype(complex))
        found.append(driven @ (links.forces + psi[links.second] - psi[links.first]))
    return np.array(found)


def test_equal_energies_conduct_alike_at_all_frequencies() -> None:
    landscape = isc.landscape_from_energies(np.zeros((4, 4, 4)))
    spectrum = isc.conductivity_spectrum(landscape, temperature=300.0, ions=16.0, jumps=jumps(0.3))
    expected = float(isc.conductivity(landscape, temperature=300.0, ions=16.0, jumps=jumps(0.3), electrodes=False)
                     ["conductivity"])  # fmt: skip
    assert spectrum.dataset["conductivity"].values == pytest.approx(np.full(spectrum.dataset.sizes["angular_frequency"],
                                                                            expected), rel=1e-9)  # fmt: skip


def test_what_measurements_make_of_a_spectrum(tmp_path: Path) -> None:
    """Impedance, permittivity and modulus are of the same σ + iωε₀ε∞; a file keeps all digits."""
    spectrum = isc.conductivity_spectrum(random_landscape(), temperature=500.0, ions=40.0, jumps=jumps(0.1))
    sigma, omega = spectrum.dataset["conductivity"].values, spectrum.dataset["angular_frequency"].values
    assert omega[0] == 0.0
    assert (np.diff(sigma.real) >= 0.0).all()
    impedance = spectrum.impedance(thickness=1e-3, area=1e-4, relative_permittivity=7.0).values
    assert 10.0 / impedance == pytest.approx(sigma + 7j * omega * VACUUM_PERMITTIVITY, rel=1e-12)
    permittivity = spectrum.permittivity(relative_permittivity=7.0).values
    assert permittivity * spectrum.modulus(relative_permittivity=7.0).values[1:] == pytest.approx(1.0, rel=1e-12)
    low = omega[1]
    rise = float(spectrum.summary()["relaxation_time"]) * low * sigma[0].real
    assert sigma[1].imag == pytest.approx(rise, rel=0.02)
    path = tmp_path / "spectrum.nc"
    spectrum.to_netcdf(path)
    assert isc.load(path).dataset.identical(isc.load_spectrum(path).dataset)
    assert (isc.load_spectrum(path).dataset["conductivity"].values == sigma).all()


def test_the_cold_is_as_causal_as_the_warm() -> None:
    """Sites on a ring in the cold relax in few steps far apart: σ is real at both ends, and monotonic between."""
    ring = isc.landscape_from_energies(np.random.default_rng(5).normal(0.0, 0.1, (4, 4, 4)) * ELECTRON_VOLT)
    spectrum = isc.conductivity_spectrum(ring, jumps=jumps(0.05), ions=50.0, temperature=20.0)
    values = spectrum.dataset["conductivity"].values
    assert (np.diff(values.real) >= -1e-6 * values.real[1:]).all()
    assert spectrum.summary()["kramers_kronig_error"] < 1e-2


def test_an_acausal_spectrum_is_found_out() -> None:
    """Parts that do not belong together are far from every sum of relaxations; those of one relaxation are one."""
    frequency = np.logspace(0.0, 6.0, 61)
    causal = 1.0 + 5.0 * 1j * frequency / (1j * frequency + 1e3)
    assert kramers_kronig_distance(frequency, causal, 1.0) < 1e-2
    assert kramers_kronig_distance(frequency, causal.conj(), 1.0) > 0.1


def test_the_master_curve_of_random_barriers() -> None:
    """Real parts at four frequencies, by another calculation (Schrøder & Dyre 2008), and the limit of low ones."""
    found = isc.random_barrier_conductivity([0.0, 1e-6, 1.0, 10.0, 100.0, 1000.0])
    assert found[0] == 1.0
    assert found[1] == pytest.approx(1.0 + 1e-6j, abs=1e-11)
    assert found[2:].real == pytest.approx([1.274, 2.433, 6.862, 26.07], rel=5e-4)
    assert (isc.random_barrier_conductivity(np.full((2, 3), 10.0)) == found[3]).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"angular_frequency": [-1.0]}, "angular_frequency"),
        ({"angular_frequency": "fast"}, "angular_frequency"),
        ({"angular_frequency": [0.0, 1e30]}, "angular_frequency = 1e.30: must be at most 1e.26/s"),
        ({"temperature": 0.01}, "temperature = 0.01: gives rates too small"),
        ({"temperature": 0.0}, "temperature"),
        ({"ions": 1e9}, "ions"),
    ],
)
def test_values_out_of_range_are_refused(changed: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"temperature": 500.0, "ions": 40.0, "jumps": jumps(0.1)}
    with pytest.raises(isc.InputError, match=said):
        isc.conductivity_spectrum(random_landscape(), **(given | changed))
