"""Material for tests that hold the package against calculations that share no code with it.

The readable twin `examples/npp_in_one_page.py`, the grids that it and `ida_oracle` are run on, and the diffusion
coefficient of two cos² branches of site energies by Brent's root finding, apart from `ionscape.diffusivity`; the
conductance of small networks by Kron reduction of a dense matrix, apart from `ionscape.hopping`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, interpolate, optimize

from ionscape.hopping import Network

BOLTZMANN_IN_ELECTRON_VOLT = 8.617333262e-5  # eV/K
TABLE_INTERVALS = 4096

FloatArray = NDArray[np.float64]


def load_twin() -> ModuleType:
    """The readable twin as a module: `run(faces, duration, tolerance)` and its constants in capitals."""
    path = Path(__file__).resolve().parent.parent / "examples" / "npp_in_one_page.py"
    specification = importlib.util.spec_from_file_location("npp_in_one_page", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def graded_faces(*, thickness: float, cell: float, zone: float, growth: float) -> FloatArray:
    """Faces [m]: cells of size `cell` down to `zone`, behind it growing by the factor `growth` to the back."""
    near = np.arange(round(zone / cell) + 1) * cell
    sizes = [growth * cell]
    while near[-1] + sum(sizes) < thickness:
        sizes.append(growth * sizes[-1])
    behind = np.cumsum(sizes)
    return np.concatenate([near, near[-1] + behind * (thickness - near[-1]) / behind[-1]])


def cosine_squared_coefficients(
    fractions: FloatArray,
    *,
    bulk_coefficient: float,
    temperature: float,
    width: float = 0.16,
    trapped_fraction: float = 0.10,
    trapped_width: float = 0.05,
    excess_sites: float = 0.10,
) -> FloatArray:
    """D [m²/s] of an ion with two cos² branches (widths in eV), from Brent's root finding at each fraction of bulk."""
    lowest = min(-np.pi * (width + trapped_width / 2), -np.pi / 2 * width)
    highest = np.pi / 2 * width

    def filled(energy: float) -> float:
        total = 0.0
        for centre, gamma, weight in (
            (0.0, width, 1 + excess_sites - trapped_fraction),
            (-np.pi * width, trapped_width, trapped_fraction),
        ):
            # With θ from the lower edge of the branch, its integral is weight (θ - sin θ cos θ)/π.
            theta = np.clip((energy - centre) / gamma + np.pi / 2, 0.0, np.pi)
            total += weight * (theta - np.sin(theta) * np.cos(theta)) / np.pi
        return total

    def fermi_energy(fraction: float) -> float:
        if fraction <= 0:
            return lowest
        if fraction >= filled(highest):
            return highest
        return float(optimize.brentq(lambda energy: filled(energy) - fraction, lowest, highest, xtol=1e-15, rtol=1e-14))

    native = fermi_energy(1.0)
    energies = np.array([fermi_energy(float(value)) for value in np.ravel(fractions)])
    shift = (energies - native) / (BOLTZMANN_IN_ELECTRON_VOLT * temperature)
    return bulk_coefficient * np.exp(shift).reshape(np.shape(fractions))


def tabulated(
    coefficients: Callable[[FloatArray], FloatArray],
    *,
    highest: float,
    intervals: int = TABLE_INTERVALS,
    jump: float | None = None,
) -> Callable[[FloatArray], FloatArray]:
    """D as the solvers read it: PCHIP of ln D over uniform intervals of the fraction from 0 to `highest`.

    Around a `jump` ln D is its mean over four intervals at the 64 knots to either side.
    """
    knots = np.linspace(0.0, highest, intervals + 1)
    values = np.log(coefficients(knots))
    if jump is not None:
        spacing = highest / intervals
        for k in np.flatnonzero(np.abs(knots - jump) <= 64 * spacing):
            low, high = knots[k] - 2 * spacing, knots[k] + 2 * spacing
            middle = min(max(jump, low), high)
            values[k] = 0.0
            for start, stop in ((low, middle), (middle, high)):
                part, _ = integrate.fixed_quad(lambda places: np.log(coefficients(places)), start, stop, n=8)
                values[k] += part / (high - low)
    table = interpolate.PchipInterpolator(knots, values)
    return lambda fractions: np.exp(table(np.clip(fractions, 0.0, highest)))


def kron_conductance(network: Network) -> float:
    """Logarithm of G between the electrodes, all other nodes eliminated one by one: Bosi 2021 (11)-(13), literally.

    Memory grows with the square of the number of nodes and time with its cube.

    Args:
        network: the network, whose logarithms may be in any unit of conductance.

    Returns:
        ln G in that unit; -inf without a connection.
    """
    unit = float(network.logarithms.max())
    matrix: FloatArray = np.zeros((network.nodes, network.nodes))
    weights = np.exp(network.logarithms - unit)
    np.add.at(matrix, (network.first, network.second), weights)
    np.add.at(matrix, (network.second, network.first), weights)
    np.fill_diagonal(matrix, 0.0)
    inner = [node for node in range(network.nodes) if node not in (network.source, network.drain)]
    for node in inner:
        links = matrix[node].copy()
        total = links.sum()
        matrix[node] = matrix[:, node] = 0.0
        if total > 0.0:
            neighbours = np.flatnonzero(links)
            added = np.outer(links[neighbours], links[neighbours] / total)
            matrix[np.ix_(neighbours, neighbours)] += added
            np.fill_diagonal(matrix, 0.0)
    with np.errstate(divide="ignore"):
        return unit + float(np.log(matrix[network.source, network.drain]))
