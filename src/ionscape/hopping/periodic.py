"""Conductivity of a periodic network without electrodes: a force in every link along the field, no end planes.

With ψ the change of the electrochemical potential over the force, σ is the least of Σ g (e + ∇ψ)² over all ψ, e = 1 in
links along the field. A potential that falls along the strongest links so that their force vanishes is subtracted
first (see `unwound`): what is left of the force, the number of times a link closes a loop around the lattice, stands in
links that are no stronger than the bottleneck. Strong links then carry differences of potential near 0, as between
electrodes, and the range of conductances can be cut in the same way (`network`), with the same two bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import NetworkError, PercolationError

from .iteration_kernels import RemainingNetwork
from .network import (
    CLASSES,
    DECADES_ABOVE,
    DECADES_BELOW,
    TEST_TOLERANCE,
    WIDENING,
    WIDEST,
    Method,
    check_solver,
    solve_remaining,
    sums,
)
from .periodic_kernels import unwound
from .reduction_kernels import IntArray, contract, extend_potentials, route_through_clusters
from .union_find import order_by_class

NOWHERE = -1
"""Stands for an electrode where there is none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PeriodicLinks:
    """Links of a lattice whose faces along the field are joined; each once, from a site to its successor along an axis.

    Where a period is two sites long, both directions are links; an axis of length one has none.

    Attributes:
        numbers: node of each site (nx, ny, nz), -1 where blocked.
        first: node at which each link begins (m,).
        second: node at which it ends (m,).
        along: its axis (m,), int8.
        direction: axis of the field.
    """

    numbers: IntArray = field(repr=False)
    first: IntArray = field(repr=False)
    second: IntArray = field(repr=False)
    along: NDArray[np.int8] = field(repr=False)
    direction: int

    @property
    def nodes(self) -> int:
        """How many there are."""
        return int(self.numbers.max()) + 1

    @property
    def forces(self) -> FloatArray:
        """e, 1 in links along the field and 0 in those across it (m,)."""
        return (self.along == self.direction).astype(np.float64)


def periodic_links(accessible: NDArray[np.bool_], direction: int, *, transverse: bool) -> PeriodicLinks:
    """Links between the accessible sites of a lattice.

    Args:
        accessible: bool (nx, ny, nz).
        direction: axis of the field, whose faces are joined.
        transverse: whether the faces beside the field are joined.
    """
    numbers = np.full(accessible.shape, -1, dtype=np.int32)
    numbers[accessible] = np.arange(np.count_nonzero(accessible), dtype=np.int32)
    first: list[IntArray] = []
    second: list[IntArray] = []
    for axis, length in enumerate(accessible.shape):
        if length == 1:
            continue
        begin, end = numbers, np.roll(numbers, -1, axis)
        if axis != direction and not transverse:
            begin, end = (np.take(array, np.arange(length - 1), axis) for array in (begin, end))
        open_ends = (begin >= 0) & (end >= 0)
        first.append(begin[open_ends])
        second.append(end[open_ends])
    axes = [axis for axis, length in enumerate(accessible.shape) if length > 1]
    return PeriodicLinks(
        numbers=numbers,
        first=np.concatenate(first) if first else np.empty(0, np.int32),
        second=np.concatenate(second) if second else np.empty(0, np.int32),
        along=np.repeat(np.array(axes, np.int8), [part.size for part in first]),
        direction=direction,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class PeriodicSolution:
    """Potentials and conductance of a periodic network.

    Attributes:
        log_conductance: ln of the least Σ g (e + ∇ψ)², in the unit of the links.
        lower: rigorous lower bound of it on the complete network (Thomson), as a ratio to it.
        upper: rigorous upper bound (Dirichlet), as a ratio to it.
        potentials: ψ of all nodes (nodes,), in steps of the lattice.
        bottleneck: ln g_c, of the link by which the strongest links first lead around the lattice.
        conducting: whether a node hangs together with a way around the lattice (nodes,).
        decades_below: how far below the bottleneck links were solved.
        decades_above: how far above it.
        solved_links: left after contraction and deletion.
        remaining_nodes: left to the solver.
        imbalance: current that a node gains or loses, over that of the bottleneck; the largest.
        method: in words.
        iterations: of the conjugate gradients; 0 without them.
    """

    log_conductance: float
    lower: float
    upper: float
    potentials: FloatArray = field(repr=False)
    bottleneck: float
    conducting: NDArray[np.bool_] = field(repr=False)
    decades_below: float
    decades_above: float
    solved_links: int
    remaining_nodes: int
    imbalance: float
    method: str
    iterations: int


def solve_periodic(
    joined: PeriodicLinks, logarithms: FloatArray, *, tolerance: float = 1e-3, method: Method = "automatic"
) -> PeriodicSolution:
    """The least power of a force along the field in a periodic network, with bounds at most `tolerance` apart.

    Args:
        joined: the links.
        logarithms: ln g of each (m,), in any unit.
        tolerance: of (upper - lower) over the power.
        method: as of `solve_network`.

    Raises:
        InputError: an unknown method, or a tolerance not between 0 and 1.
        PercolationError: no way leads around the lattice.
        NetworkError: a node gains or loses current, or the bounds cannot be brought as close as asked.
    """
    check_solver(tolerance, method)
    order, _ = order_by_class(logarithms, CLASSES) if logarithms.size else (np.empty(0, np.int32), None)
    steps = joined.forces.astype(np.int32)
    offsets, position, conducting = unwound(order, joined.first, joined.second, steps, joined.nodes)
    if position < 0:
        raise PercolationError("no way leads around the lattice")
    forces = (steps + offsets[joined.first] - offsets[joined.second]).astype(np.float64)
    bottleneck = float(logarithms[order[position]])
    below, above = DECADES_BELOW, DECADES_ABOVE
    while True:
        found = _solve_range(
            joined, order, logarithms, forces, bottleneck, below=below, above=above, method=method,
            conducting=conducting,
        )  # fmt: skip
        if found.upper - found.lower <= tolerance:
            # the force that was subtracted belongs to the potentials again
            return replace(found, potentials=found.potentials - offsets)
        if max(below, above) >= WIDEST:
            raise NetworkError(
                f"the bounds of a periodic network stay {found.upper - found.lower:.2g} of it apart with {below:g}"
                f" decades of conductances below the bottleneck and {above:g} above, where {tolerance:g} was asked"
            )
        below += WIDENING * (found.upper - 1.0 > 0.5 * tolerance)
        above += WIDENING * (1.0 - found.lower > 0.5 * tolerance)


def _solve_range(
    joined: PeriodicLinks, order: IntArray, logarithms: FloatArray, forces: FloatArray, bottleneck: float, *,
    below: float, above: float, method: Method, conducting: NDArray[np.bool_],
) -> PeriodicSolution:  # fmt: skip
    """Solve the links from some decades below to some above the bottleneck; bounds on all of them."""
    first, second, nodes = joined.first, joined.second, joined.nodes
    decade = math.log(10.0)
    clusters, tree = contract(order, logarithms, first, second, nodes, bottleneck + above * decade)
    numbers, kept, count = _active_links(joined, logarithms, forces, clusters, bottleneck - below * decade)
    one, other = numbers[clusters[first[kept]]], numbers[clusters[second[kept]]]
    weights, pull = np.exp(logarithms[kept] - bottleneck), forces[kept]
    apart = one != other
    unknown, name, iterations = _potentials(
        one[apart], other[apart], weights[apart], (weights * pull)[apart], count, method
    )
    drops = unknown[other] - unknown[one] + pull
    currents = weights * drops
    power = float(np.sum(currents * drops))
    # what each node of a cluster gains by links outside it has to leave through the links inside
    arriving = sums(second[kept], currents, nodes) - sums(first[kept], currents, nodes)
    present = numbers[clusters] >= 0
    gained = sums(numbers[clusters][present], arriving[present], count)
    imbalance = float(np.max(np.abs(gained))) / power
    if not imbalance <= TEST_TOLERANCE:
        raise NetworkError(f"the solution of a periodic network is wrong: a node gains {imbalance:.2g} of the current")
    inside = route_through_clusters(tree, first, second, arriving, NOWHERE, NOWHERE)
    dissipated = float(np.sum(inside**2 * np.exp(bottleneck - logarithms[tree])))
    potentials = np.full(nodes, np.nan)
    potentials[present] = unknown[numbers[clusters][present]]
    extend_potentials(order, first, second, potentials, clusters)
    return PeriodicSolution(
        log_conductance=bottleneck + math.log(power),
        lower=power / (power + dissipated),
        upper=max(_power(joined, logarithms, forces, potentials, bottleneck) / power, 1.0),
        potentials=potentials,
        bottleneck=bottleneck,
        conducting=conducting,
        decades_below=below,
        decades_above=above,
        solved_links=int(kept.size),
        remaining_nodes=count,
        imbalance=imbalance,
        method=name,
        iterations=iterations,
    )


def _active_links(
    joined: PeriodicLinks, logarithms: FloatArray, forces: FloatArray, clusters: IntArray, least: float
) -> tuple[IntArray, IntArray, int]:
    """Links between clusters that are not too weak, of the parts that a force drives around the lattice.

    Returns:
        Number of each cluster by its representative, -1 outside these parts; the links; how many clusters.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = clusters[joined.first], clusters[joined.second]
    # a link within a cluster counts if it closes a loop around the lattice
    strong = (logarithms >= least) & ((one != other) | (forces != 0.0))
    graph = coo_array((np.ones(np.count_nonzero(strong)), (one[strong], other[strong])), (joined.nodes, joined.nodes))
    parts, part = connected_components(graph, directed=False)
    driven = np.zeros(parts, np.bool_)
    driven[part[one[strong & (forces != 0.0)]]] = True
    active = driven[part] & (clusters == np.arange(joined.nodes))
    numbers = np.where(active, np.cumsum(active) - 1, -1).astype(np.int32)
    kept = np.flatnonzero(strong & driven[part[one]]).astype(np.int32)
    return numbers, kept, int(np.count_nonzero(active))


def _potentials(
    one: IntArray, other: IntArray, weights: FloatArray, driven: FloatArray, count: int, method: Method
) -> tuple[FloatArray, str, int]:
    """Potentials at which no node gains current, one node of each part held at 0; how, and the iterations.

    Args:
        one: node at which each link begins; no link within one node.
        other: node at which it ends.
        weights: conductances.
        driven: current that the force drives through each.
        count: of the nodes.
        method: as of `solve_network`.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.append(one, other), np.append(other, one)
    matrix = coo_array((np.append(weights, weights), ends), (count, count)).tocsr()
    _, part = connected_components(matrix, directed=False)
    free = np.ones(count, np.bool_)
    free[np.unique(part, return_index=True)[1]] = False
    potentials = np.zeros(count)
    if not free.any():
        return potentials, "series and parallel", 0
    size = int(np.count_nonzero(free))
    places = np.where(free, np.cumsum(free) - 1, size).astype(np.int32)
    rows: Any = matrix[np.flatnonzero(free)]
    load = (sums(one, driven, count) - sums(other, driven, count))[free]
    rest = RemainingNetwork(rows.indptr.astype(np.int64), places[rows.indices], rows.data, load)
    potentials[free], name, iterations = solve_remaining(rest, method)
    return potentials, name, iterations


def _power(
    joined: PeriodicLinks, logarithms: FloatArray, forces: FloatArray, potentials: FloatArray, unit: float
) -> float:
    """Σ g (e + ∇ψ)² over all links, in units of a conductance given by its logarithm."""
    drops = forces + potentials[joined.second] - potentials[joined.first]
    # contracted links have no drop, and may be too strong for a float
    with_drop = drops != 0.0
    return float(np.sum(np.exp(logarithms[with_drop] - unit) * drops[with_drop] ** 2))
