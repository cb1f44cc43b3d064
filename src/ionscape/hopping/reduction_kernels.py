"""Kernels that reduce a network of conductances between two electrodes to what has to be solved, and undo it.

Nodes are numbered; two of them are the electrodes. Links are given by their two nodes and ln g. Nothing here needs an
exact order of the conductances: classes of nearly equal ln g suffice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.compiled import kernel

from .degree_lists import delist, empty_degree_lists, enlist, grown
from .union_find import find, join

IntArray = NDArray[np.int32]
LongArray = NDArray[np.int64]

ROOM = 3
"""Of the lists of neighbours, in units of what they take at first; an elimination in a glass needs 1.8 to 2.7."""


class Lists(NamedTuple):
    """Neighbours of each node, one list behind the other.

    Attributes:
        start: where the list of each node begins (nodes,).
        length: neighbours of each node (nodes,).
        capacity: room in its list (nodes,).
        neighbours: their numbers.
        values: conductances to them.
    """

    start: LongArray
    length: IntArray
    capacity: IntArray
    neighbours: IntArray
    values: FloatArray


class Record(NamedTuple):
    """What an elimination did, to undo it.

    Attributes:
        order: nodes in the order of their elimination (eliminated,).
        start: where the entries of each begin (eliminated + 1,).
        nodes: neighbours at that time.
        shares: g_k / Σ g, conductance to the neighbour over the sum.
    """

    order: IntArray
    start: LongArray
    nodes: IntArray
    shares: FloatArray


# Kernels return plain tuples: a named one is made by Python, where a Ctrl-C that came while the kernel ran is raised,
# and numba does not survive that.
PlainLists = tuple[LongArray, IntArray, IntArray, IntArray, FloatArray]
PlainRecord = tuple[IntArray, LongArray, IntArray, FloatArray]


@kernel
def contract(
    order: IntArray, logarithms: FloatArray, first: IntArray, second: IntArray, nodes: int, above: float
) -> tuple[IntArray, IntArray]:
    """Join the ends of all links with ln g above a bound.

    Returns:
        The cluster of each node by its representative, and the links of a spanning forest of the clusters.
    """
    parents = np.arange(nodes).astype(np.int32)
    tree = np.empty(nodes, dtype=np.int32)
    joined = 0
    for position in range(order.size):
        link = order[position]
        if logarithms[link] <= above:
            # a class holds links on both sides of the bound; those of later classes are all below
            if position + 1 < order.size and logarithms[order[position + 1]] < above - 1.0:
                break
            continue
        if join(parents, first[link], second[link]) >= 0:
            tree[joined] = link
            joined += 1
    for node in range(nodes):
        parents[node] = find(parents, node)
    return parents, tree[:joined].copy()


@kernel
def kept_links(
    logarithms: FloatArray, first: IntArray, second: IntArray, clusters: IntArray, source: int, drain: int, below: float
) -> tuple[IntArray, IntArray, int]:
    """Links between clusters with ln g not below a bound, in the component of the electrodes.

    Returns:
        Their indices; the new number of each cluster by its representative, -1 outside the component, 0 and 1 for the
        electrodes; how many numbers there are.
    """
    nodes = clusters.size
    parents = np.arange(nodes).astype(np.int32)
    for link in range(logarithms.size):
        if logarithms[link] >= below:
            join(parents, clusters[first[link]], clusters[second[link]])
    main = find(parents, clusters[source])
    numbers = np.full(nodes, -1, dtype=np.int32)
    numbers[clusters[source]], numbers[clusters[drain]] = 0, 1
    count = 2
    kept = np.empty(logarithms.size, dtype=np.int32)
    links = 0
    for link in range(logarithms.size):
        if logarithms[link] < below:
            continue
        one, other = clusters[first[link]], clusters[second[link]]
        if one == other or find(parents, one) != main:
            continue
        kept[links] = link
        links += 1
        for node in (one, other):
            if numbers[node] < 0:
                numbers[node] = count
                count += 1
    return kept[:links].copy(), numbers, count


@kernel
def adjacency(one: IntArray, other: IntArray, weights: FloatArray, nodes: int) -> PlainLists:
    """Neighbours of each node with the conductances to them, as of `Lists`; parallel links are added."""
    length = np.zeros(nodes, dtype=np.int32)
    for link in range(one.size):
        length[one[link]] += 1
        length[other[link]] += 1
    start = np.zeros(nodes, dtype=np.int64)
    capacity = length.copy()
    total = 0
    for node in range(nodes):
        start[node] = total
        total += length[node]
        length[node] = 0
    # with room for the lists that an elimination moves: what is never written takes no memory, growing takes it twice
    neighbours = np.empty(ROOM * total, dtype=np.int32)
    values = np.empty(ROOM * total, dtype=np.float64)
    for link in range(one.size):
        for node, target in ((one[link], other[link]), (other[link], one[link])):
            place = start[node] + length[node]
            neighbours[place] = target
            values[place] = weights[link]
            length[node] += 1
    where = np.full(nodes, -1, dtype=np.int64)
    for node in range(nodes):
        begin = start[node]
        unique = 0
        for place in range(begin, begin + length[node]):
            target = neighbours[place]
            if where[target] >= begin and where[target] < begin + unique and neighbours[where[target]] == target:
                values[where[target]] += values[place]
            else:
                neighbours[begin + unique] = target
                values[begin + unique] = values[place]
                where[target] = begin + unique
                unique += 1
        length[node] = unique
    return start, length, capacity, neighbours, values


@kernel
def eliminate(lists: Lists, fixed: int, highest_degree: int) -> tuple[PlainLists, NDArray[np.bool_], PlainRecord]:
    """Eliminate nodes of low degree, the lowest first, by star-mesh transformations.

    A node with conductances g_k to its neighbours is replaced by links g_j g_k / Σ g between all pairs of them. Only
    positive numbers are added, so that no digits are lost. A node of degree one is a dead end.

    Args:
        lists: of `adjacency`; they are consumed.
        fixed: nodes 0 ... fixed - 1 stay.
        highest_degree: nodes with more neighbours stay.

    Returns:
        The lists of the nodes that are left, whether a node was eliminated, and the record of the elimination, in the
        order of `Lists` and `Record`.
    """
    # one function, longer than others: its steps share a dozen arrays and counters that grow while it runs
    start, length, capacity, neighbours, values = lists
    nodes = length.size
    used = start[nodes - 1] + capacity[nodes - 1]
    gone = np.zeros(nodes, dtype=np.bool_)
    queue = empty_degree_lists(highest_degree, nodes)
    for node in range(nodes - 1, fixed - 1, -1):
        if length[node] <= highest_degree:
            enlist(queue, node, length[node])
    where = np.full(nodes, -1, dtype=np.int32)
    eliminated = np.empty(nodes, dtype=np.int32)
    record_start = np.zeros(nodes + 1, dtype=np.int64)
    # room for all that can come; what is never written takes no memory
    record_nodes = np.empty(highest_degree * nodes, dtype=np.int32)
    record_shares = np.empty(highest_degree * nodes, dtype=np.float64)
    recorded, count = 0, 0
    degree = 0
    while True:
        while degree <= highest_degree and queue.head[degree] < 0:
            degree += 1
        if degree > highest_degree:
            break
        node = queue.head[degree]
        delist(queue, node)
        gone[node] = True
        begin, many = start[node], length[node]
        total = 0.0
        for k in range(many):
            total += values[begin + k]
        for k in range(many):
            record_nodes[recorded] = neighbours[begin + k]
            record_shares[recorded] = values[begin + k] / total
            recorded += 1
        eliminated[count] = node
        count += 1
        record_start[count] = recorded
        for k in range(many):
            one = neighbours[begin + k]
            share = values[begin + k] / total
            # the node itself leaves the list
            first_place, size = start[one], length[one]
            for place in range(first_place, first_place + size):
                if neighbours[place] == node:
                    neighbours[place] = neighbours[first_place + size - 1]
                    values[place] = values[first_place + size - 1]
                    break
            size -= 1
            if size + many - 1 > capacity[one]:
                # moved to the end of the lists, with room to grow
                room = 2 * (size + many)
                if used + room > neighbours.size:
                    total_room = neighbours.size + neighbours.size // 2 + room
                    neighbours = grown(neighbours, used, total_room)
                    values = grown(values, used, total_room)
                for place in range(size):
                    neighbours[used + place] = neighbours[first_place + place]
                    values[used + place] = values[first_place + place]
                start[one] = used
                capacity[one] = room
                first_place = used
                used += room
            for place in range(size):
                where[neighbours[first_place + place]] = place
            for other_index in range(many):
                if other_index == k:
                    continue
                other = neighbours[begin + other_index]
                added = share * values[begin + other_index]
                if where[other] >= 0:
                    values[first_place + where[other]] += added
                else:
                    neighbours[first_place + size] = other
                    values[first_place + size] = added
                    size += 1
            for place in range(size):
                where[neighbours[first_place + place]] = -1
            length[one] = size
            if one < fixed:
                continue
            if queue.listed[one] != size or size > highest_degree:
                if queue.listed[one] >= 0:
                    delist(queue, one)
                if size <= highest_degree:
                    enlist(queue, one, size)
                    degree = min(degree, size)
    # views, not copies
    record = (eliminated[:count], record_start[: count + 1], record_nodes[:recorded], record_shares[:recorded])
    return (start, length, capacity, neighbours, values), gone, record


@kernel
def substitute_back(potentials: FloatArray, record: Record) -> None:
    """Potentials of eliminated nodes from those of their neighbours, in place: φ = Σ g_k φ_k / Σ g."""
    for index in range(record.order.size - 1, -1, -1):
        value = 0.0
        for entry in range(record.start[index], record.start[index + 1]):
            value += record.shares[entry] * potentials[record.nodes[entry]]
        potentials[record.order[index]] = value


@kernel
def extend_potentials(
    order: IntArray, first: IntArray, second: IntArray, potentials: FloatArray, clusters: IntArray
) -> None:
    """Give every node without a potential (NaN) that of the neighbour to which it has the strongest way, in place.

    What deleted links have cut off hangs on the rest by its strongest link; a potential that is constant there is a
    good trial function for an upper bound.
    """
    nodes = potentials.size
    parents = clusters.copy()
    known = np.full(nodes, -1, dtype=np.int32)  # a node with a potential, by representative
    for node in range(nodes):
        root = find(parents, node)
        if not np.isnan(potentials[node]):
            known[root] = node
    for position in range(order.size):
        link = order[position]
        one, other = find(parents, first[link]), find(parents, second[link])
        if one == other or (known[one] >= 0 and known[other] >= 0):
            continue
        if known[one] < 0:
            one, other = other, one
        parents[other] = one
    for node in range(nodes):
        if np.isnan(potentials[node]):
            root = find(parents, node)
            potentials[node] = potentials[known[root]] if known[root] >= 0 else 0.0


@kernel
def route_through_clusters(
    tree: IntArray, first: IntArray, second: IntArray, imbalance: FloatArray, source: int, drain: int
) -> FloatArray:
    """Currents in the links of a spanning forest that carry what arrives at each node to where it leaves.

    Args:
        tree: links of the forest.
        first: first node of all links.
        second: their second node.
        imbalance: current that arrives at each node by other links, less what leaves; changed.
        source: electrode, which takes up any current.
        drain: the other one.

    Returns:
        Current in each link of the tree from `first` to `second`.
    """
    nodes = imbalance.size
    degrees = np.zeros(nodes, dtype=np.int32)
    # the exclusive or of all links at a node is the last one when the others have been removed
    remaining = np.zeros(nodes, dtype=np.int32)
    for index in range(tree.size):
        for node in (first[tree[index]], second[tree[index]]):
            degrees[node] += 1
            remaining[node] ^= index
    currents = np.zeros(tree.size)
    for begin in range(nodes):
        node = begin
        while degrees[node] == 1 and node != source and node != drain:
            index = remaining[node]
            link = tree[index]
            forwards = first[link] == node
            other = second[link] if forwards else first[link]
            currents[index] = imbalance[node] if forwards else -imbalance[node]
            imbalance[other] += imbalance[node]
            imbalance[node] = 0.0
            degrees[node] = 0
            degrees[other] -= 1
            remaining[other] ^= index
            node = other
    return currents


@kernel
def trial_power(
    logarithms: FloatArray, first: IntArray, second: IntArray, potentials: FloatArray, unit: float
) -> float:
    """Σ g Δφ² over all links, in units of a conductance given by its logarithm."""
    power = 0.0
    for link in range(logarithms.size):
        drop = potentials[first[link]] - potentials[second[link]]
        # contracted links have no drop, and may be too strong for a float
        if drop != 0.0:
            power += np.exp(logarithms[link] - unit) * drop * drop
    return power
