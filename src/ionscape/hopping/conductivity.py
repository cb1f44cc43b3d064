"""The dc conductivity of a landscape, and where its current flows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import positive_number
from ionscape.arrays import FloatArray
from ionscape.errors import InputError, PercolationError

from .jumps import ATTEMPT_FREQUENCY, JUMP_DISTANCE, conductance_networks, jumps_of, node_numbers
from .lattice import links
from .network import Method, Network, NetworkSolution, check_solver, solve_network
from .percolation import no_path

if TYPE_CHECKING:
    import xarray

    from .landscape import Landscape


MOST_DECADES = 300.0
"""Of a conductivity in S/m below or above 1: a double holds 308, and products of it are formed."""

_VARIABLES = {
    "conductivity": ("S/m", "dc conductivity"),
    "lower_bound": ("S/m", "bound that the conductivity of this landscape cannot be below (Thomson's principle)"),
    "upper_bound": ("S/m", "bound that the conductivity of this landscape cannot be above (Dirichlet's principle)"),
    "imbalance": ("1", "largest relative error of the three tests of the solution"),
    "decades_below": ("1", "decades of link conductances below the bottleneck that were kept"),
    "decades_above": ("1", "decades of link conductances above the bottleneck that were kept"),
    "solved_links": ("1", "links of the network that was solved"),
    "remaining_nodes": ("1", "nodes left after the elimination"),
    "iterations": ("1", "conjugate gradient iterations"),
}


def conductivity(
    landscape: Landscape,
    *,
    temperature: float | Sequence[float],
    attempt_frequency: float = ATTEMPT_FREQUENCY,
    jump_distance: float = JUMP_DISTANCE,
    direction: int = 0,
    tolerance: float = 1e-3,
    method: Method = "automatic",
) -> xarray.Dataset:
    """Dc conductivity of a landscape from Kirchhoff's equations: Bosi 2021 (7), (10)-(13).

    The sites of the first and of the last plane along the field are the electrodes. With N planes and a cross-section
    of M sites, σ = G N/(M a), which is G/(N a) for a cube.

    Args:
        landscape: the landscape.
        temperature: one or several [K].
        attempt_frequency: ν [Hz]; σ is proportional to it.
        jump_distance: a, the lattice constant [m]; σ is inversely proportional to it.
        direction: axis of the field, 0, 1 or 2.
        tolerance: largest distance of the bounds relative to the conductivity.
        method: solver of what is left after the elimination; "automatic" chooses, and the result names it.

    Returns:
        Over `temperature`, if several are given: `conductivity`, `lower_bound`, `upper_bound` [S/m], and how they
        were found (reference: series file).

    Raises:
        InputError: a value out of range; a temperature so low that the conductivity is below 1e-300 S/m.
        PercolationError: no path of accessible sites connects the electrodes.
        NetworkError: a solution failed one of its tests.
    """
    import xarray

    temperatures = _temperatures(temperature)
    jumps = jumps_of(landscape, attempt_frequency=attempt_frequency, jump_distance=jump_distance)
    check_solver(tolerance, method)
    columns: dict[str, list[float]] = {name: [] for name in _VARIABLES}
    methods: list[str] = []
    networks = conductance_networks(links(landscape, direction), landscape, jumps, temperatures)
    for value, network in zip(temperatures, networks, strict=True):
        solution = _solve(network, landscape, direction, tolerance=tolerance, method=method)
        size = _size_factor(landscape, direction) / jumps.jump_distance
        result = _representable(solution.log_conductance + math.log(size), temperature=value)
        columns["conductivity"].append(result)
        columns["lower_bound"].append(result * solution.lower)
        columns["upper_bound"].append(result * solution.upper)
        for name in list(_VARIABLES)[3:]:
            columns[name].append(getattr(solution, name))
        methods.append(solution.method)
    variables: dict[str, Any] = {
        name: ("temperature", columns[name], {"units": unit, "long_name": meaning})
        for name, (unit, meaning) in _VARIABLES.items()
    }
    variables["method"] = ("temperature", methods, {"long_name": "how the network was solved"})
    dataset = xarray.Dataset(
        variables,
        coords={"temperature": ("temperature", temperatures, {"units": "K", "long_name": "temperature"})},
        attrs={
            "attempt_frequency": jumps.attempt_frequency,
            "jump_distance": jumps.jump_distance,
            "direction": direction,
            "lattice": landscape.lattice,
            "tolerance": tolerance,
        },
    )
    return dataset if np.ndim(temperature) else dataset.isel(temperature=0)


@dataclass(frozen=True, kw_only=True, eq=False)
class CurrentDistribution:
    """Currents in the links of a landscape at unit voltage.

    Attributes:
        potentials: of the sites (nx, ny, nz), 1 at the source and 0 at the drain, NaN at blocked sites.
        currents: current through each site in units of the total current (nx, ny, nz): half of the sum over its links,
            the sum at the electrodes; NaN at blocked sites.
        direction: axis of the field.
        temperature: [K].
    """

    potentials: FloatArray
    currents: FloatArray
    direction: int
    temperature: float


def current_distribution(
    landscape: Landscape, *, temperature: float, direction: int = 0, tolerance: float = 1e-3
) -> CurrentDistribution:
    """Where the current flows: potentials and currents of all sites.

    Args:
        landscape: the landscape.
        temperature: [K].
        direction: axis of the field, 0, 1 or 2.
        tolerance: largest distance of the bounds of the conductance relative to it.

    Raises:
        InputError: a value out of range.
        PercolationError: no path of accessible sites connects the electrodes.
        NetworkError: the solution failed one of its tests.
    """
    joined = links(landscape, direction)
    (network,) = conductance_networks(joined, landscape, jumps_of(landscape), [temperature])
    solution = _solve(network, landscape, direction, tolerance=tolerance, method="automatic")
    magnitude = np.abs(solution.currents(network))
    through = _at_ends(network.first, network.second, magnitude, network.nodes)
    through[2:] *= 0.5
    nodes = node_numbers(joined)
    potentials, currents = solution.potentials[nodes], through[nodes]
    potentials[nodes < 0] = currents[nodes < 0] = np.nan
    # the electrodes are one node each: a site there carries what its own link does
    electrodes = np.concatenate((joined.source, joined.drain))
    currents.reshape(-1)[electrodes] = _at_ends(joined.first, joined.second, magnitude, joined.sites)[electrodes]
    return CurrentDistribution(potentials=potentials, currents=currents, direction=direction, temperature=temperature)


def _at_ends(first: NDArray[np.int32], second: NDArray[np.int32], values: FloatArray, count: int) -> FloatArray:
    """Sums of the values of links over those at each of their ends (count,)."""
    sums: FloatArray = np.zeros(count)
    for ends in (first, second):
        sums += np.bincount(ends, weights=values, minlength=count)
    return sums


def _solve(
    network: Network, landscape: Landscape, direction: int, *, tolerance: float, method: Method
) -> NetworkSolution:
    try:
        return solve_network(network, tolerance=tolerance, method=method)
    except PercolationError:
        raise no_path(landscape, direction) from None


def _size_factor(landscape: Landscape, direction: int) -> float:
    """N/M: planes along the field over sites of the cross-section."""
    planes = landscape.lattice[direction]
    return planes / (landscape.accessible.size / planes)


def _temperatures(given: object) -> list[float]:
    """One temperature or several [K]."""
    entries = cast(list[object], np.atleast_1d(np.asarray(given, dtype=object)).tolist())
    values = [positive_number(value, key="temperature") for value in entries]
    if not values:
        raise InputError("must not be empty", key="temperature", value=[])
    return values


def _representable(logarithm: float, *, temperature: float) -> float:
    """The number with that natural logarithm, in S/m.

    Raises:
        InputError: it cannot be told from 0, or overflows.
    """
    decades = logarithm / math.log(10.0)
    if abs(decades) > MOST_DECADES:
        remedy = "give a higher one" if decades < 0.0 else "check attempt frequency and jump distance"
        raise InputError(
            f"gives a conductivity of 10^{decades:.0f} S/m, beyond the range of floating-point numbers",
            key="temperature", value=temperature, remedy=remedy,
        )  # fmt: skip
    return math.exp(logarithm)
