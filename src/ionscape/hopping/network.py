"""Kirchhoff's equations of a network of conductances between two electrodes, with rigorous bounds and three tests.

Link conductances of a glass span 40 decades at room temperature; on such a network sparse solvers fail without a sign.
So the network is cut to the range around the bottleneck g_c of its best path:

1. links below g_c 10^-A are deleted and those above g_c 10^B are contracted;
2. nodes of low degree are eliminated by star-mesh transformations, which only add positive numbers;
3. what is left, if anything, is solved by conjugate gradients with a sampled elimination as preconditioner, or by a
   sparse factorisation where they do not converge, and the eliminated potentials follow by substitution.

The potentials are then a trial function for Dirichlet's principle and the currents one for Thomson's, evaluated on the
complete network: they enclose its conductance. The range is widened until the bounds are as close as asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import positive_number, shown
from ionscape.arrays import FloatArray
from ionscape.errors import InputError, NetworkError, PercolationError

from .iteration_kernels import RemainingNetwork, conjugate_gradients, remaining_network, sampled_elimination
from .memory import NETWORK_BYTES, check_memory
from .reduction_kernels import (
    IntArray,
    Lists,
    Record,
    adjacency,
    contract,
    eliminate,
    extend_potentials,
    kept_links,
    route_through_clusters,
    substitute_back,
    trial_power,
)
from .union_find import connect, order_by_class

Method = Literal["automatic", "iterative", "direct"]

DECADES_BELOW, DECADES_ABOVE = 5.0, 4.0
"""A and B of the first attempt: bounds 1e-4 apart at 300 K."""
WIDENING = 1.0
"""Decades by which a side is widened when its bound is too far off."""
WIDEST = 12.0
CLASSES = 1 << 16
"""Of nearly equal ln g, in which links are ordered; an exact order is not needed."""
HIGHEST_DEGREE = 4
"""Nodes with more neighbours are left to the solver."""
TEST_TOLERANCE = 1e-6
"""Of the three tests, relative to the current; rounding stays far below, a wrong solution does not."""
ITERATION_TOLERANCE = 1e-9
"""Imbalance of a node, relative to the bottleneck conductance, at which the conjugate gradients end."""
MOST_ITERATIONS = 1000

_LN10 = math.log(10.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """Links between nodes, two of which are electrodes.

    Attributes:
        nodes: how many.
        first: one node of each link (links,).
        second: its other node (links,).
        logarithms: ln g of each link (links,), in any unit of conductance.
        source: node that is the electrode at unit voltage.
        drain: node that is the electrode at 0 V.
    """

    nodes: int
    first: IntArray
    second: IntArray
    logarithms: FloatArray
    source: int
    drain: int


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkSolution:
    """Potentials and conductance of a network.

    Attributes:
        log_conductance: ln G, in the unit of the links.
        lower: rigorous lower bound of G on the complete network, as a ratio to G, at most 1.
        upper: rigorous upper bound, as a ratio to G, at least 1.
        potentials: of all nodes at unit voltage (nodes,), 1 at the source and 0 at the drain.
        tree: indices of links inside contracted clusters that carry their current.
        tree_currents: in these, in units of the total current (tree,).
        bottleneck: ln g_c.
        decades_below: A, how far below the bottleneck links were solved.
        decades_above: B, how far above it.
        solved_nodes: left after contraction and deletion.
        solved_links: left after contraction and deletion.
        remaining_nodes: left to the sparse solver after the elimination.
        imbalance: largest of the relative errors of the three tests.
        method: in words.
        iterations: of the conjugate gradients; 0 without them.
    """

    log_conductance: float
    lower: float
    upper: float
    potentials: FloatArray
    tree: IntArray
    tree_currents: FloatArray
    bottleneck: float
    decades_below: float
    decades_above: float
    solved_nodes: int
    solved_links: int
    remaining_nodes: int
    imbalance: float
    method: str
    iterations: int

    def currents(self, network: Network) -> FloatArray:
        """Current in each link from its first to its second node, in units of the total current (links,)."""
        drops = self.potentials[network.first] - self.potentials[network.second]
        currents = np.exp(network.logarithms - self.log_conductance) * drops
        currents[self.tree] = self.tree_currents
        return currents


def solve_network(network: Network, *, tolerance: float = 1e-3, method: Method = "automatic") -> NetworkSolution:
    """Conductance of a network between its electrodes, with bounds that are at most `tolerance` apart.

    Args:
        network: any links; parts that do not hang together with both electrodes carry nothing.
        tolerance: of (upper - lower)/G.
        method: "iterative" and "direct" fix the solver of what is left after the elimination; "automatic" iterates and
            factorises only if that does not converge.

    Raises:
        InputError: an unknown method, a tolerance not between 0 and 1, or too little memory.
        PercolationError: no path connects the electrodes.
        NetworkError: a test failed, or the bounds cannot be brought as close as asked.
    """
    check_solver(tolerance, method)
    order, _ = order_by_class(network.logarithms, CLASSES)
    source, drain = (np.array([node], dtype=np.int32) for node in (network.source, network.drain))
    position = connect(source, drain, network.nodes, network.first, network.second, order)
    if position < 0:
        raise PercolationError("no path of links connects the electrodes")
    bottleneck = float(network.logarithms[order[position]])
    below, above = DECADES_BELOW, DECADES_ABOVE
    while True:
        solution = _solve_range(network, order, bottleneck, below=below, above=above, method=method)
        apart = solution.upper - solution.lower
        if apart <= tolerance:
            return solution
        if max(below, above) >= WIDEST:
            raise NetworkError(
                f"the bounds of a conductance stay {apart:.2g} of it apart with {below:g} decades of conductances below"
                f" the bottleneck and {above:g} above, where {tolerance:g} was asked"
            )
        # each side has half of the tolerance
        below += WIDENING * (solution.upper - 1.0 > 0.5 * tolerance)
        above += WIDENING * (1.0 - solution.lower > 0.5 * tolerance)


def check_solver(tolerance: object, method: object) -> None:
    """Refuse settings of `solve_network` that it does not know.

    Raises:
        InputError: an unknown method, or a tolerance not between 0 and 1.
    """
    if positive_number(tolerance, key="tolerance") >= 1.0:
        raise InputError("must be between 0 and 1", key="tolerance", value=shown(tolerance))
    if method not in get_args(Method):
        remedy = f"choose one of {', '.join(get_args(Method))}"
        raise InputError("is not a method of the solver", key="method", value=shown(method), remedy=remedy)


def _solve_range(
    network: Network, order: IntArray, bottleneck: float, *, below: float, above: float, method: Method
) -> NetworkSolution:
    """Solve with the links of a range of conductances, and enclose the conductance of the complete network."""
    first, second, logarithms = network.first, network.second, network.logarithms
    clusters, tree = contract(order, logarithms, first, second, network.nodes, bottleneck + above * _LN10)
    kept, numbers, count = kept_links(
        logarithms, first, second, clusters, network.source, network.drain, bottleneck - below * _LN10
    )
    check_memory(NETWORK_BYTES * kept.size, f"a network of {kept.size} links")
    weights = np.exp(logarithms[kept] - bottleneck)
    solved = _potentials(numbers[clusters[first[kept]]], numbers[clusters[second[kept]]], weights, count, method)
    number = numbers[clusters]
    present = number >= 0
    potentials = np.where(present, solved.potentials[number], np.nan)
    drops = potentials[first[kept]] - potentials[second[kept]]
    currents = weights * drops
    conductance = float(np.sum(currents * drops))
    # what arrives at each node by links between clusters; within a cluster it flows through the tree
    arriving = sums(second[kept], currents, network.nodes)
    arriving -= sums(first[kept], currents, network.nodes)
    imbalance = _test(sums(number[present], arriving[present], count), conductance, solved.potentials)
    tree_currents = route_through_clusters(tree, first, second, arriving, network.source, network.drain)
    dissipated = float(np.sum(tree_currents**2 * np.exp(bottleneck - logarithms[tree])))
    extend_potentials(order, first, second, potentials, clusters)
    return NetworkSolution(
        log_conductance=bottleneck + math.log(conductance),
        # Thomson: the power of any flow of unit current is at least 1/G
        lower=conductance / (conductance + dissipated),
        # Dirichlet: the power of any potential with unit voltage is at least G. Where no link was left out, both are
        # equal but for the rounding of sums in another order
        upper=max(trial_power(logarithms, first, second, potentials, bottleneck) / conductance, 1.0),
        potentials=potentials,
        tree=tree,
        tree_currents=tree_currents / conductance,
        bottleneck=bottleneck,
        decades_below=below,
        decades_above=above,
        solved_nodes=count,
        solved_links=kept.size,
        remaining_nodes=solved.remaining,
        imbalance=imbalance,
        method=solved.method,
        iterations=solved.iterations,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Potentials:
    """Potentials of the nodes of a reduced network, and how they were found."""

    potentials: FloatArray
    remaining: int
    method: str
    iterations: int


def _potentials(one: IntArray, other: IntArray, weights: FloatArray, count: int, method: Method) -> _Potentials:
    """Potentials of nodes 0 (at 1) ... count - 1, node 1 at 0."""
    found, gone, record = eliminate(Lists(*adjacency(one, other, weights, count)), 2, HIGHEST_DEGREE)
    lists = Lists(*found)
    del found
    potentials = np.zeros(count)
    potentials[0] = 1.0
    left = np.flatnonzero(~gone[2:]) + 2
    name, iterations = "elimination", 0
    if left.size:
        rest = RemainingNetwork(*remaining_network(left, lists))
        del lists  # half of the memory that is in use here
        solution, by, iterations = solve_remaining(rest, method)
        name = f"elimination, {by}"
        potentials[left] = solution
    substitute_back(potentials, Record(*record))
    return _Potentials(potentials=potentials, remaining=int(left.size), method=name, iterations=iterations)


def solve_remaining(rest: RemainingNetwork, method: Method) -> tuple[FloatArray, str, int]:
    """Potentials at which the current that leaves each node is its load; how in words; the number of iterations.

    Raises:
        NetworkError: iteration alone was asked for and did not converge.
    """
    iterations = 0
    if method != "direct":
        solution, iterations = _iterate(rest)
        if solution is not None:
            return solution, "conjugate gradients", iterations
    if method == "iterative":
        raise NetworkError(f"the conjugate gradients did not converge in {MOST_ITERATIONS} iterations")
    return _factorise(rest), "sparse factorisation", iterations


def solve_loads(rest: RemainingNetwork, loads: FloatArray, method: Method) -> FloatArray:
    """Potentials of several loads of one network (loads, size), which share its elimination or factorisation.

    Args:
        rest: the network; its own load does not count.
        loads: (loads, size).
        method: as of `solve_network`.

    Raises:
        NetworkError: iteration alone was asked for and did not converge.
    """
    if method != "direct":
        sampled = _sampled(rest)
        found: list[FloatArray] = []
        for load in loads:
            solution, converged = np.zeros(load.size), True
            if np.abs(load).max(initial=0.0) > ITERATION_TOLERANCE:
                one = rest._replace(load=load)
                solution, _, converged = conjugate_gradients(one, *sampled, ITERATION_TOLERANCE, MOST_ITERATIONS)
            if not converged:
                break
            found.append(solution)
        if len(found) == len(loads):
            return np.array(found)
    if method == "iterative":
        raise NetworkError(f"the conjugate gradients did not converge in {MOST_ITERATIONS} iterations")
    return _factorise(rest._replace(load=np.ascontiguousarray(loads.T))).T


def sums(index: NDArray[np.integer[Any]], weights: FloatArray, size: int) -> FloatArray:
    """Sums of the weights by index."""
    return np.asarray(np.bincount(index, weights=weights, minlength=size), dtype=np.float64)


def _iterate(rest: RemainingNetwork) -> tuple[FloatArray | None, int]:
    """Potentials by conjugate gradients, None if they do not converge, and the number of iterations."""
    solution, iterations, converged = conjugate_gradients(rest, *_sampled(rest), ITERATION_TOLERANCE, MOST_ITERATIONS)
    return (solution if converged else None), iterations


def _sampled(rest: RemainingNetwork) -> tuple[Record, FloatArray]:
    """A sampled elimination as preconditioner; the seed is fixed: the same network gives the same digits."""
    record, totals = sampled_elimination(rest, np.random.default_rng(0))
    return Record(*record), totals


def _factorise(rest: RemainingNetwork) -> FloatArray:
    """Potentials by a sparse factorisation of the Laplacian matrix."""
    from scipy.sparse import csc_matrix
    from scipy.sparse.linalg import splu

    size = rest.starts.size - 1
    rows = np.repeat(np.arange(size), np.diff(rest.starts))
    inner = rest.targets < size
    diagonal = sums(rows, rest.weights, size)
    matrix = csc_matrix(
        (
            np.concatenate((-rest.weights[inner], diagonal)),
            (np.concatenate((rows[inner], np.arange(size))), np.concatenate((rest.targets[inner], np.arange(size)))),
        ),
        shape=(size, size),
    )
    try:
        factors: Any = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    except RuntimeError:
        raise NetworkError(
            "a network of conductances cannot be factorised: they differ by more than numbers have digits;"
            ' take method="automatic"'
        ) from None
    return factors.solve(rest.load)


def _test(arriving: FloatArray, conductance: float, potentials: FloatArray) -> float:
    """The largest relative error in the tests: current in is current out, Σ g Δφ² is G, and 0 <= φ <= 1.

    Raises:
        NetworkError: one of them fails.
    """
    beyond = max(0.0, float(-potentials.min()), float(potentials.max()) - 1.0)
    tests = {
        "the current that enters is not the current that leaves": abs(arriving[0] + arriving[1]) / conductance,
        "a node gains or loses current": float(np.max(np.abs(arriving[2:]), initial=0.0)) / conductance,
        "the power is not conductance times voltage squared": abs(conductance - arriving[1]) / conductance,
        "a potential is outside those of the electrodes": beyond,
    }
    for sentence, error in tests.items():
        if not error <= TEST_TOLERANCE:
            raise NetworkError(f"the solution of a network of conductances is wrong: {sentence} ({error:.2g} of it)")
    return max(tests.values())
