"""Conductivity, its activation energy and network former units once more, with textbook constants and other solvers."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from scipy import constants, optimize, sparse, special
from scipy.sparse.linalg import spsolve

import ionscape as isc
from ionscape.figures import arrhenius_plot, conductivities
from ionscape.series import SeriesResult, parse_series, run_series
from ionscape.series.averages import arrhenius_energies

K, E = constants.Boltzmann, constants.elementary_charge
FREQUENCY, DISTANCE = 4e14, 5e-10  # Hz, m

SERIES = """
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = [0.1, 0.5]
[landscape]
energy_scale = "{energy}"
noise = 0.42
[hopping]
attempt_frequency = "{frequency}"
jump_distance = "{distance}"
[percolation]
lattice = 10
landscapes = 2
[network]
lattice = 8
landscapes = 2
temperatures = {temperatures}
[random]
seed = 3
"""
USUAL = {
    "energy": "0.64 eV",
    "frequency": "4e14 Hz",
    "distance": "5 angstrom",
    "temperatures": '["303.15 K", "393.15 K"]',
}
OTHERS = {
    "energy": "61.7506126 kJ/mol",
    "frequency": "400 THz",
    "distance": "0.5 nm",
    "temperatures": '["30 degC", "120 degC"]',
}


def near(value: object, rel: float) -> object:
    """Equal to a relative tolerance alone."""
    return pytest.approx(value, rel=rel, abs=0.0)


# --- Kirchhoff's equations, complete ----------------------------------------------------------------------------------


def complete_network(landscape: isc.Landscape, temperature: float) -> float:
    """Conductivity [S/m] along axis 0 from all sites and links of a landscape with periodic transverse faces.

    Fermi level by bisection, g = β e² ν exp(-β u0) min(1, exp(-β Δε)) f (1 - f'), sparse elimination of the whole
    matrix; first and last plane are the electrodes.
    """
    planes = landscape.lattice[0]
    energies, open_sites = landscape.energies, landscape.accessible
    beta = 1.0 / (K * temperature)

    def surplus(level: float) -> float:
        return float(special.expit(-beta * (energies[open_sites] - level * E)).sum() - landscape.ions)

    level = E * float(optimize.brentq(surplus, -20.0, 20.0, xtol=1e-14))
    filled = special.expit(-beta * (energies - level))
    empty = special.expit(beta * (energies - level))
    rate = FREQUENCY * np.exp(-beta * 0.1 * 0.64 * E)
    number = np.arange(energies.size).reshape(energies.shape)
    one, other, conductance = [], [], []
    for axis in range(3):
        begin = np.arange(planes - 1 if axis == 0 else landscape.lattice[axis])
        end = (begin + 1) % landscape.lattice[axis]
        pair = [np.take(array, places, axis) for places in (begin, end) for array in (number, energies, filled, empty)]
        first, low, f, _, second, high, _, vacant = pair
        known = np.isfinite(low) & np.isfinite(high)
        if axis:
            # two sites of one electrode are at the same potential
            known[0] = known[-1] = False
        jump = np.minimum(1.0, np.exp(-beta * (high - low)[known]))
        one.append(first[known])
        other.append(second[known])
        conductance.append(beta * E**2 * rate * jump * f[known] * vacant[known])
    ends, weights = (np.concatenate(one), np.concatenate(other)), np.concatenate(conductance)
    unit = weights.max()
    matrix = sparse.coo_array((weights / unit, ends), shape=(energies.size,) * 2).tocsr()
    matrix = matrix + matrix.T
    _, cluster = sparse.csgraph.connected_components(matrix, directed=False)
    source, drain = number[0][open_sites[0]], number[-1][open_sites[-1]]
    wet = np.isin(cluster, cluster[source]) | np.isin(cluster, cluster[drain])
    inner = np.flatnonzero(wet & ~np.isin(number.ravel(), [*source, *drain]))
    laplacian = sparse.diags_array(np.asarray(matrix.sum(axis=1)).ravel()) - matrix
    laplacian = laplacian.tocsr()
    potential = np.zeros(energies.size)
    potential[source] = 1.0
    load = -(laplacian[inner] @ potential)
    potential[inner] = spsolve(laplacian[inner][:, inner].tocsc(), load)
    current, arrived = float((laplacian[source] @ potential).sum()), -float((laplacian[drain] @ potential).sum())
    assert arrived == near(current, 1e-6)
    # resistance of a cube of edge N a: σ = G (N a)/(N a)²
    return current * unit / (planes * DISTANCE)


@pytest.mark.parametrize("temperature", [350.0, 700.0])
def test_conductivity_from_all_of_kirchhoffs_equations(temperature: float) -> None:
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=10, rng=6)
    found = isc.conductivity(landscape, temperature=temperature, tolerance=1e-6)
    expected = complete_network(landscape, temperature)
    assert found["conductivity"].attrs["units"] == "S/m"
    assert float(found["conductivity"]) == near(expected, 1e-5)
    # per centimetre: a cube of 1 cm has a hundredth of the resistance of one of 1 m times 1e4 cm²
    resistance = 1e-2 / (expected * 1e-4)  # Ω of a cube of 1 cm
    assert float(found["conductivity"]) * 0.01 == near(1.0 / resistance, 1e-5)


# --- slopes, units and axes of a series -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result() -> SeriesResult:
    return run_series(parse_series(SERIES.format(**USUAL)), scheduler="serial")


def test_a_series_in_other_units(result: SeriesResult) -> None:
    other = run_series(parse_series(SERIES.format(**OTHERS)), scheduler="serial").dataset
    for name in ("activation_energy", "conductivity", "temperature", "ion_density", "arrhenius_energy"):
        assert other[name].values == near(result.dataset[name].values, 1e-6), name


def test_logarithms_and_slopes_of_a_series(result: SeriesResult) -> None:
    data = result.dataset
    sigma, temperatures = data["conductivity"].values, data["temperature"].values
    assert 10.0 ** data["log10_conductivity"].values == near(sigma, 1e-12)
    errors = np.log10(sigma + data["conductivity_error"].values) - np.log10(sigma)
    small = data["conductivity_error"].values < 0.05 * sigma
    assert data["log10_conductivity_error"].values[small] == near(errors[small], 0.05)
    inverse = 1.0 / temperatures
    by_decades = np.diff(np.log10(sigma * temperatures))[:, 0] / np.diff(inverse) * -np.log(10.0) * K / E
    assert data["arrhenius_energy"].values == near(by_decades, 1e-10)
    # of σ itself it is lower, by kT at a temperature between both
    of_sigma = np.diff(np.log10(sigma))[:, 0] / np.diff(inverse) * -np.log(10.0) * K / E
    difference = data["arrhenius_energy"].values - of_sigma
    assert np.all(difference > K * temperatures.min() / E)
    assert np.all(difference < K * temperatures.max() / E)


def test_slope_of_conductivity_lacks_one_thermal_energy() -> None:
    """σ = c exp(-E/kT)/T: the slope of ln σT is E, that of ln σ lies k_B T below at every temperature."""
    temperatures = np.array([299.9, 300.1])
    sigma = 3.0 / temperatures * np.exp(-0.7 * E / (K * temperatures))
    slope, _ = arrhenius_energies(sigma[None, None, :], list(temperatures))
    assert slope[0] == near(0.7, 1e-9)
    bare, _ = arrhenius_energies((sigma / temperatures)[None, None, :], list(temperatures))
    assert bare[0] == near(0.7 - K * 300.0 / E, 1e-6)


def test_lines_of_the_figures_are_in_the_units_of_their_axes(result: SeriesResult) -> None:
    data = result.dataset
    figure = conductivities(result)
    axes = figure.axes[0]
    assert "S/cm" in axes.get_ylabel()
    # caps of the error bars have no line
    lines = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines if line.get_linestyle() == "-"]
    assert np.array(lines).T[:, ::-1] == near(0.01 * data["conductivity"].values, 1e-12)
    pyplot.close(figure)
    figure = arrhenius_plot(result)
    axes = figure.axes[0]
    assert "1000 K" in axes.get_xlabel()
    assert "S K/cm" in axes.get_ylabel()
    slopes = []
    for line in axes.lines:
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        if line.get_linestyle() == "-" and len(x) == 2:
            slopes.append(-float(np.diff(np.log(y))[0] / np.diff(x)[0]) * 1000.0 * K / E)
    assert sorted(slopes) == near(sorted(data["activation_energy"].values), 1e-9)
    pyplot.close(figure)


def test_number_of_ions_from_the_mass_of_a_mole(result: SeriesResult) -> None:
    # 0.33 Li2O, 0.67 B2O3 of 2.3 g/cm³ by the atomic weights of a textbook
    mass = 0.33 * (2 * 6.94 + 15.999) + 0.67 * (2 * 10.81 + 3 * 15.999)  # g/mol
    expected = 2 * 0.33 * 2.3e6 / mass * constants.Avogadro
    made = parse_series(SERIES.format(**USUAL).replace("[0.1, 0.5]", '[1.0]\nmass_density = "2.3 g/cm^3"'))
    density = run_series(made, scheduler="serial").dataset["ion_density"].values
    assert density == near(expected, 1e-3)
    # one network former cation in a cube of 5 Å otherwise
    assert result.dataset["ion_density"].values == near(0.33 / 0.67 / 1.25e-28, 1e-9)


# --- network former units as a linear programme -----------------------------------------------------------------------

UNITS = {"B4": -1, "P4": 1, "B2": -1, "P0": -3, "P1": -2, "P2": -1, "B3": 0, "P3": 0}
# what a unit costs: B(4) is gained at almost any price, then every further charge on one phosphate costs more
COSTS = {"B4": -10.0, "P4": 1.0, "B2": 100.0, "P0": 6.0, "P1": 3.0, "P2": 1.0, "B3": 0.0, "P3": 0.0}


@pytest.mark.parametrize("oxide", [0.1, 0.2, 0.33, 0.45, 0.52])
@pytest.mark.parametrize("borate", [0.0, 0.3, 0.55, 0.9])
def test_units_are_the_cheapest_that_balance_the_charge(oxide: float, borate: float) -> None:
    names = list(UNITS)
    balances = [
        [float(name.startswith("B")) for name in names],
        [float(name.startswith("P")) for name in names],
        [-float(UNITS[name]) for name in names],
    ]
    solution = optimize.linprog(
        [COSTS[name] for name in names],
        A_eq=balances,
        b_eq=[borate, 1.0 - borate, oxide / (1.0 - oxide)],
        bounds=[(0.0, 3.0 / 7.0 if name == "B4" else 1.0) for name in names],
    )
    assert solution.success
    glass = isc.Composition(alkali="Li", alkali_oxide_fraction=oxide, borate_fraction=borate)
    found = isc.network_former_units(glass)
    assert [found[name] for name in names] == pytest.approx(list(solution.x), abs=1e-9)
