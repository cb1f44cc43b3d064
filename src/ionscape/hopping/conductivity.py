"""The dc conductivity of a landscape, and where its current flows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import positive_number
from ionscape.arrays import FloatArray
from ionscape.errors import InputError, PercolationError

from .jumps import JumpLaw, conductance_networks, joined_links, jumps_of, node_numbers, periodic_conductances
from .lattice import links
from .network import Method, Network, NetworkSolution, check_solver, solve_network
from .percolation import no_path
from .periodic import PeriodicSolution, solve_periodic
from .site_energies import SiteEnergies

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
    landscape: SiteEnergies,
    *,
    temperature: float | Sequence[float],
    jumps: JumpLaw | None = None,
    ions: float | None = None,
    attempt_frequency: float | None = None,
    jump_distance: float | None = None,
    direction: int = 0,
    electrodes: bool = True,
    tolerance: float = 1e-3,
    method: Method = "automatic",
) -> xarray.Dataset:
    """Dc conductivity of a landscape from Kirchhoff's equations: Bosi 2021 (7), (10)-(13).

    The sites of the first and of the last plane along the field are the electrodes. With N planes and a cross-section
    of M sites, σ = G N/(M a), which is G/(N a) for a cube. Without electrodes these planes are joined and a force
    stands in every link along the field: σ = Σ g (e + ∇ψ)²/(V a), V the number of sites, in units of the force.

    Args:
        landscape: the landscape, that of a glass or one's own (`landscape_from_energies`).
        temperature: one or several [K].
        jumps: law of the jumps; None takes that of the landscape's model and the next two.
        ions: number of ions, which may be fractional; that of the glass if None.
        attempt_frequency: ν [Hz]; σ is proportional to it; 4e14 Hz if None.
        jump_distance: a, the lattice constant [m]; σ is inversely proportional to it; 5 Å if None.
        direction: axis of the field, 0, 1 or 2.
        electrodes: whether the end planes are electrodes; if not, they are joined.
        tolerance: largest distance of the bounds relative to the conductivity.
        method: solver of what is left after the elimination; "automatic" chooses, and the result names it.

    Returns:
        Over `temperature`, if several are given: `conductivity`, `lower_bound`, `upper_bound` [S/m], and how they
        were found (reference: series file).

    Raises:
        InputError: a value out of range; a temperature so low that the conductivity is below 1e-300 S/m; no law of
            jumps or number of ions for a landscape that is of no glass.
        PercolationError: no path of accessible sites connects the electrodes.
        NetworkError: a solution failed one of its tests.
    """
    import xarray

    temperatures = temperatures_of(temperature)
    further = {"attempt_frequency": attempt_frequency, "jump_distance": jump_distance}
    law = jumps_of(landscape, jumps, **{key: value for key, value in further.items() if value is not None})
    check_solver(tolerance, method)
    columns: dict[str, list[float]] = {name: [] for name in _VARIABLES}
    methods: list[str] = []
    solutions = (_with_electrodes if electrodes else _without_electrodes)(
        landscape, law, temperatures, ions, direction, tolerance=tolerance, method=method
    )
    for value, (solution, logarithm) in zip(temperatures, solutions, strict=True):
        result = _representable(logarithm - math.log(law.jump_distance), temperature=value)
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
            "attempt_frequency": law.attempt_frequency,
            "jump_distance": law.jump_distance,
            "direction": direction,
            "electrodes": int(electrodes),
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


Solutions = Iterator[tuple[NetworkSolution | PeriodicSolution, float]]
"""With the logarithm of σ a [ln S]."""


def _with_electrodes(
    landscape: SiteEnergies, law: JumpLaw, temperatures: Sequence[float], ions: float | None, direction: int, *,
    tolerance: float, method: Method,
) -> Solutions:  # fmt: skip
    joined, size = links(landscape, direction), math.log(_size_factor(landscape, direction))
    for network in conductance_networks(joined, landscape, law, temperatures, ions):
        solution = _solve(network, landscape, direction, tolerance=tolerance, method=method)
        yield solution, solution.log_conductance + size


def _without_electrodes(
    landscape: SiteEnergies, law: JumpLaw, temperatures: Sequence[float], ions: float | None, direction: int, *,
    tolerance: float, method: Method,
) -> Solutions:  # fmt: skip
    joined, sites = joined_links(landscape, direction), math.log(landscape.accessible.size)
    for temperature in temperatures:
        logarithms = periodic_conductances(joined, landscape, law, temperature=temperature, ions=ions)
        try:
            solution = solve_periodic(joined, logarithms, tolerance=tolerance, method=method)
        except PercolationError:
            raise no_path(landscape, direction) from None
        yield solution, solution.log_conductance - sites


def _solve(
    network: Network, landscape: SiteEnergies, direction: int, *, tolerance: float, method: Method
) -> NetworkSolution:
    try:
        return solve_network(network, tolerance=tolerance, method=method)
    except PercolationError:
        raise no_path(landscape, direction) from None


def _size_factor(landscape: SiteEnergies, direction: int) -> float:
    """N/M: planes along the field over sites of the cross-section."""
    planes = landscape.lattice[direction]
    return planes / (landscape.accessible.size / planes)


def temperatures_of(given: object) -> list[float]:
    """One temperature or several [K].

    Args:
        given: a number, or numbers.

    Raises:
        InputError: none, or one that is not above 0.
    """
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
