"""Spin-lattice relaxation: closed forms, a dense decomposition, limits, sums; what a hops file makes of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

import ionscape as isc
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT, ELEMENTARY_CHARGE
from ionscape.figures import relaxation_rates as figure
from ionscape.hopping.jumps import periodic_conductances
from ionscape.hopping.periodic import periodic_links
from ionscape.series import load_hops_file, run_spectra

Array = NDArray[np.float64]
JUMPS = isc.JumpLaw(barrier=0.1 * ELECTRON_VOLT, attempt_frequency=1e13, jump_distance=5e-10)


def random_landscape(sites: int = 6, blocked: float = 0.2, width: float = 0.15) -> isc.SiteEnergies:
    rng = np.random.default_rng(3)
    energies = rng.normal(0.0, width * ELECTRON_VOLT, (sites, sites, sites))
    energies[rng.random(energies.shape) < blocked] = np.nan
    return isc.landscape_from_energies(energies)


def dense(landscape: isc.SiteEnergies, kelvin: float, ions: float) -> tuple[Array, Array, Array, Array]:
    """Rates λ [1/s] and weights c of all modes that relax, C, and the jump matrix K [1/s]."""
    joined = periodic_links(landscape.accessible, 0, transverse=landscape.periodic)
    logarithms = periodic_conductances(joined, landscape, JUMPS, temperature=kelvin, ions=ions)
    links = np.exp(logarithms) * BOLTZMANN_CONSTANT * kelvin / ELEMENTARY_CHARGE**2
    filled = isc.occupations(landscape, kelvin, ions=ions)[landscape.accessible]
    variances = filled * (1.0 - filled)
    matrix = np.zeros((filled.size, filled.size))
    for first, second, value in zip(joined.first, joined.second, links, strict=True):
        matrix[[first, second], [first, second]] += value
        matrix[[first, second], [second, first]] -= value
    rates, modes = np.linalg.eigh(matrix / np.sqrt(np.outer(variances, variances)))
    weights = np.sum(variances[:, None] * modes**2, axis=0)
    kept = rates > 1e-12 * rates.max()
    return rates[kept], weights[kept], variances, matrix


def modes_at(omega: Array, rates: Array, weights: Array, variances: Array) -> Array:
    return 2.0 * np.array([np.sum(weights * rates / (rates**2 + each**2)) for each in omega]) / variances.sum()


@pytest.mark.parametrize("kelvin", [300.0, 700.0])
def test_agrees_with_all_modes(kelvin: float) -> None:
    """All unit vectors within 1e-3, random ones within three standard errors; the rate too."""
    landscape = random_landscape()
    ions = 0.9 * landscape.accessible_sites
    omega = np.append(0.0, np.logspace(3.0, 15.0, 9))
    given = {"temperature": kelvin, "ions": ions, "jumps": JUMPS, "angular_frequency": omega, "rng": 5}
    rates, weights, variances, _ = dense(landscape, kelvin, ions)
    expected = modes_at(omega, rates, weights, variances)
    exact = isc.spin_lattice_relaxation(landscape, probes="all", **given)
    assert exact["spectral_density"].values == pytest.approx(expected, rel=1e-3, abs=0.0)
    assert exact["spectral_density"].values == pytest.approx(expected, rel=1e-5, abs=0.0)
    assert float(exact["estimated_error"]) < 1e-3
    rate = expected + 4.0 * modes_at(2.0 * omega, rates, weights, variances)
    assert exact["relaxation_rate"].values == pytest.approx(rate, rel=1e-5, abs=0.0)
    assert (exact["spectral_density_error"].values == 0.0).all()
    random = isc.spin_lattice_relaxation(landscape, probes=64, **given)
    for name, known in (("spectral_density", expected), ("relaxation_rate", rate)):
        error = random[f"{name}_error"].values
        assert (np.abs(random[name].values - known) < 3.0 * error).all()
        assert (error < 0.1 * known).all()


def test_limits_of_high_and_low_frequencies() -> None:
    """ω → ∞: the mean rate of hops alone, 2 Σ K_ii/ω²; ω → 0: a solution of K with the constant taken out."""
    landscape = random_landscape(4)
    ions = 0.8 * landscape.accessible_sites
    data = isc.spin_lattice_relaxation(landscape, temperature=700.0, ions=ions, jumps=JUMPS, rng=1, probes="all",
                                       angular_frequency=[0.0, 1e20])  # fmt: skip
    _, _, variances, matrix = dense(landscape, 700.0, ions)
    total = variances.sum()
    low, high = data["spectral_density"].values
    assert high == pytest.approx(2.0 * np.trace(matrix) / 1e40 / total, rel=1e-9, abs=0.0)
    projected = np.diag(variances) - np.outer(variances, variances) / total
    inverse = np.linalg.inv(matrix + np.outer(variances, variances) * matrix.max() / total**2)
    assert low == pytest.approx(2.0 * np.trace(projected @ inverse @ projected) / total, rel=1e-6, abs=0.0)
    assert float(data["variance_per_ion"]) == pytest.approx(total / ions)
    assert float(data["conserved_share"]) == pytest.approx(np.sum(variances**2) / total**2)


def test_two_sites_have_one_relaxation_time() -> None:
    """Debye: c λ/(λ² + ω²) with λ = Γ (1/C1 + 1/C2), c = 2 C1 C2/(C1 + C2), Γ over both links."""
    kelvin, apart = 500.0, 0.08 * ELECTRON_VOLT
    thermal = BOLTZMANN_CONSTANT * kelvin
    landscape = isc.landscape_from_energies(np.array([0.0, apart]).reshape(2, 1, 1))
    omega = np.logspace(9.0, 15.0, 7)
    data = isc.spin_lattice_relaxation(landscape, temperature=kelvin, ions=1.0, jumps=JUMPS, rng=1, probes="all",
                                       angular_frequency=omega)  # fmt: skip
    low, high = (1.0 / (1.0 + math.exp(sign * 0.5 * apart / thermal)) for sign in (-1.0, 1.0))  # μ is midway
    variance = low * high  # of either: f1 = 1 − f2
    hops = 2.0 * 1e13 * math.exp(-0.1 * ELECTRON_VOLT / thermal) * high * high  # down: f2 (1 − f1)
    rate = 2.0 * hops / variance
    expected = 2.0 * variance * rate / (rate**2 + omega**2) / (2.0 * variance)
    assert data["spectral_density"].values == pytest.approx(expected, rel=1e-9, abs=0.0)
    assert float(data["conserved_share"]) == pytest.approx(0.5)


def test_ring_of_equal_sites_has_the_modes_of_diffusion() -> None:
    """λ = 2 w (1 − cos q): exact for ions that only exclude each other, too."""
    sites, kelvin = 12, 500.0
    ring = isc.landscape_from_energies(np.zeros((sites, 1, 1)))
    omega = np.append(0.0, np.logspace(9.0, 14.0, 6))
    data = isc.spin_lattice_relaxation(ring, temperature=kelvin, ions=5.0, jumps=JUMPS, rng=1, probes="all",
                                       angular_frequency=omega)  # fmt: skip
    wave = 2.0 * math.pi * np.arange(1, sites) / sites
    hop = 1e13 * math.exp(-0.1 * ELECTRON_VOLT / (BOLTZMANN_CONSTANT * kelvin))
    rates = 2.0 * hop * (1.0 - np.cos(wave))
    expected = 2.0 * np.array([np.sum(rates / (rates**2 + each**2)) for each in omega]) / sites
    assert data["spectral_density"].values == pytest.approx(expected, rel=1e-6, abs=0.0)


def test_the_integral_is_one_less_what_is_conserved() -> None:
    """Two parts that a wall of blocked sites keeps apart: each keeps its ions."""
    rng = np.random.default_rng(8)
    energies = rng.normal(0.0, 0.05 * ELECTRON_VOLT, (6, 3, 3))
    energies[[0, 3]] = np.nan
    walls = isc.landscape_from_energies(energies)
    omega = np.logspace(6.0, 17.0, 221)
    data = isc.spin_lattice_relaxation(walls, temperature=600.0, ions=20.0, jumps=JUMPS, rng=1, probes="all",
                                       angular_frequency=omega)  # fmt: skip
    density = data["spectral_density"].values
    integral = np.trapezoid(density * omega, np.log(omega)) / math.pi  # both signs of ω
    assert integral == pytest.approx(1.0 - float(data["conserved_share"]), rel=1e-4)


def test_activation_energy_of_the_fastest_relaxation() -> None:
    """One relaxation time 1/λ ∝ exp(u0/kT): the rate is largest at ωτ = 0.6158, whose slope is u0."""
    two = isc.landscape_from_energies(np.zeros((2, 1, 1)))
    kelvins = np.linspace(300.0, 600.0, 31)
    omega = np.array([0.0, 1e12, 1.5e12, 2e12])
    data = isc.spin_lattice_relaxation(two, temperature=kelvins.tolist(), ions=1.0, jumps=JUMPS, rng=1,
                                       angular_frequency=omega, probes="all")  # fmt: skip
    found = isc.activation_of_maximum(data)
    assert math.isnan(found["temperature_of_maximum"].values[0])
    assert float(found["activation_energy"]) / ELECTRON_VOLT == pytest.approx(0.1, rel=0.01)
    # Γ = 2 w f (1 − f) over both links, λ = 2 Γ/C
    rate = 4.0 * 1e13 * np.exp(-0.1 * ELECTRON_VOLT / (BOLTZMANN_CONSTANT * found["temperature_of_maximum"].values[1:]))
    assert omega[1:] / rate == pytest.approx(0.6158, rel=0.01)
    with pytest.raises(isc.InputError, match="three temperatures"):
        isc.activation_of_maximum(data.isel(temperature=0))


def test_frequencies_are_chosen_and_vectors_added() -> None:
    landscape = random_landscape(4)
    given = {"temperature": 500.0, "ions": 0.8 * landscape.accessible_sites, "jumps": JUMPS}
    chosen = isc.spin_lattice_relaxation(landscape, rng=2, probes=3, **given)
    omega, density = chosen["angular_frequency"].values, chosen["spectral_density"].values
    assert omega[0] == 0.0
    assert density[1] == pytest.approx(density[0], rel=0.01)
    assert -np.diff(np.log(density[-2:]))[0] / np.diff(np.log(omega[-2:]))[0] == pytest.approx(2.0, rel=0.01)
    # 3 · mean of 3 − 2 · mean of the first 2 is the third vector's alone, which cannot be negative
    fewer = isc.spin_lattice_relaxation(landscape, rng=2, probes=2, angular_frequency=omega[1:], **given)
    assert (3.0 * density[1:] - 2.0 * fewer["spectral_density"].values > 0.0).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"probes": 1}, "probes"),
        ({"probes": "some"}, "probes"),
        ({"temperature": 0.0}, "temperature"),
        ({"angular_frequency": [-1.0]}, "angular_frequency"),
        ({"rng": -1}, "rng"),
    ],
)
def test_values_out_of_range_are_refused(changed: dict[str, object], said: str) -> None:
    given = {"temperature": 500.0, "ions": 40.0, "jumps": JUMPS, "rng": 1} | changed
    with pytest.raises(isc.InputError, match=said):
        isc.spin_lattice_relaxation(random_landscape(4), **given)


def test_sites_without_neighbours_and_too_many_are_refused() -> None:
    alone = np.full((3, 3, 3), np.nan)
    alone[0, 0, 0] = alone[1, 1, 1] = 0.0
    with pytest.raises(isc.InputError, match="no two sites"):
        isc.spin_lattice_relaxation(isc.landscape_from_energies(alone), temperature=500.0, ions=1.0, jumps=JUMPS, rng=1)
    many = isc.landscape_from_energies(np.zeros((20, 20, 20)))
    with pytest.raises(isc.InputError, match="8000 sites"):
        isc.spin_lattice_relaxation(many, temperature=500.0, ions=100.0, jumps=JUMPS, rng=1, probes="all")


FILE = """
title = "relaxation"
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = 0.5
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[hopping]
attempt_frequency = "1e13 Hz"
[spectrum]
lattice = 6
landscapes = 2
temperatures = ["500 K", "700 K", "1000 K"]
frequencies = { from = "1 MHz", to = "10 THz", per_decade = 2 }
spin_lattice_relaxation = true
probes = 4
"""


def test_hops_file_asks_for_it(tmp_path) -> None:
    (tmp_path / "hops.toml").write_text(FILE, encoding="utf-8")
    result = run_spectra(load_hops_file(tmp_path / "hops.toml"), scheduler="serial")
    result.to_netcdf(tmp_path / "spectra.nc")
    data = isc.load(tmp_path / "spectra.nc").dataset
    assert data["spectral_density"].dims == ("x", "temperature", "angular_frequency")
    assert np.isnan(data["spectral_density"].values[..., 0]).all()
    single = []
    for number in range(2):
        seed = np.random.SeedSequence([1, 3, number])
        model = isc.LandscapeModel(energy_scale=0.64 * ELECTRON_VOLT, noise=0.42)
        landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=6, rng=seed, model=model)
        found = isc.spin_lattice_relaxation(
            landscape, temperature=700.0, rng=isc.hopping.child_seed(seed, 3), probes=4,
            angular_frequency=data["angular_frequency"].values[1:],
            jumps=isc.JumpLaw(barrier=model.least_barrier, attempt_frequency=1e13),
        )  # fmt: skip
        single.append(found["spectral_density"].values)
    assert data["spectral_density"].values[0, 1, 1:] == pytest.approx(np.mean(single, axis=0), rel=1e-9)
    half = 0.5 * np.abs(single[0] - single[1])
    assert data["spectral_density_error"].values[0, 1, 1:] == pytest.approx(half, rel=1e-6)
    drawn = figure.plot(result)
    assert len(drawn.panels) == 2
    assert "relaxation rate (s)" in [name for name, _ in result.columns()]


def test_figure_needs_a_spectral_density(tmp_path) -> None:
    (tmp_path / "hops.toml").write_text(FILE.replace("relaxation = true", "relaxation = false"), encoding="utf-8")
    result = run_spectra(load_hops_file(tmp_path / "hops.toml"), scheduler="serial")
    assert "spectral_density" not in result.dataset
    with pytest.raises(isc.InputError, match="has no spectral density"):
        figure.plot(result)
