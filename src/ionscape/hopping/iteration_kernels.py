"""Conjugate gradients for a network of conductances, preconditioned by a sampled elimination.

An exact elimination of a node with d neighbours links all pairs of them; on large three-dimensional networks that fills
the memory. Here each neighbour is linked to one other, drawn so that the expected network is the exact one (Kyng and
Sachdeva 2016, "Approximate Gaussian elimination for Laplacians"). The result is a network without cycles to fill, near
enough to the true one that some dozens of iterations suffice whatever the range of the conductances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.compiled import kernel

from .degree_lists import delist, empty_degree_lists, enlist, grown
from .reduction_kernels import IntArray, Lists, LongArray, PlainRecord, Record


class RemainingNetwork(NamedTuple):
    """Links of the nodes to solve for; the target `size` stands for both electrodes.

    Attributes:
        starts: where the links of each node begin (size + 1,).
        targets: their other ends.
        weights: their conductances.
        load: conductance of each node to the electrode at 1 (size,).
    """

    starts: LongArray
    targets: IntArray
    weights: FloatArray
    load: FloatArray


@kernel
def remaining_network(left: LongArray, lists: Lists) -> tuple[LongArray, IntArray, FloatArray, FloatArray]:
    """Links of the nodes that an elimination has left (size,), as of `RemainingNetwork`, without the gaps of the lists.

    Nodes 0 and 1 are the electrodes, at 1 and at 0.
    """
    size = left.size
    numbers = np.empty(lists.length.size, dtype=np.int32)
    numbers[:2] = size
    starts = np.zeros(size + 1, dtype=np.int64)
    for index in range(size):
        numbers[left[index]] = index
        starts[index + 1] = starts[index] + lists.length[left[index]]
    targets = np.empty(starts[size], dtype=np.int32)
    weights = np.empty(starts[size], dtype=np.float64)
    load = np.zeros(size)
    for index in range(size):
        begin = lists.start[left[index]]
        for place in range(starts[index], starts[index + 1]):
            entry = begin + place - starts[index]
            targets[place] = numbers[lists.neighbours[entry]]
            weights[place] = lists.values[entry]
            if lists.neighbours[entry] == 0:
                load[index] += weights[place]
    return starts, targets, weights, load


@kernel
def sampled_elimination(network: RemainingNetwork, generator: np.random.Generator) -> tuple[PlainRecord, FloatArray]:
    """Eliminate all nodes, those of low degree first; a node's neighbours are linked by a random tree.

    Args:
        network: whose nodes are eliminated.
        generator: of the random choices.

    Returns:
        The record of the elimination, and Σ g of each node at its turn.
    """
    # one function, longer than others: its steps share a dozen arrays and counters that grow while it runs
    starts, targets, weights, _ = network
    nodes = starts.size - 1
    electrode = nodes
    # lists of links in one array of records, chained by `chain`; dead links are skipped when a node is taken, and the
    # records of its list are then free for others: there are never more than at first by much
    capacity = 2 * targets.size + 16
    chain = np.empty(capacity, dtype=np.int64)
    free = np.int64(-1)
    ends = np.empty(capacity, dtype=np.int32)
    values = np.empty(capacity, dtype=np.float64)
    head = np.full(nodes, -1, dtype=np.int64)
    degrees = np.zeros(nodes + 1, dtype=np.int32)
    used = 0
    for node in range(nodes):
        for place in range(starts[node], starts[node + 1]):
            ends[used] = targets[place]
            values[used] = weights[place]
            chain[used] = head[node]
            head[node] = used
            used += 1
        degrees[node] = starts[node + 1] - starts[node]
    # the last list holds all higher degrees
    highest = 64
    queue = empty_degree_lists(highest, nodes)
    for node in range(nodes - 1, -1, -1):
        enlist(queue, node, min(degrees[node], highest))
    gone = np.zeros(nodes + 1, dtype=np.bool_)
    where = np.full(nodes + 1, -1, dtype=np.int32)
    order = np.empty(nodes, dtype=np.int32)
    record_start = np.zeros(nodes + 1, dtype=np.int64)
    record_nodes = np.empty(targets.size + 16, dtype=np.int32)
    record_shares = np.empty(targets.size + 16, dtype=np.float64)
    totals = np.empty(nodes, dtype=np.float64)
    recorded = 0
    neighbours = np.empty(nodes + 1, dtype=np.int32)
    parts = np.empty(nodes + 1, dtype=np.float64)
    level = 0
    for count in range(nodes):
        while queue.head[level] < 0:
            level += 1
        node = queue.head[level]
        delist(queue, node)
        gone[node] = True
        many = 0
        place = head[node]
        while place >= 0:
            end = ends[place]
            if not gone[end]:
                if where[end] >= 0:
                    parts[where[end]] += values[place]
                else:
                    where[end] = many
                    neighbours[many] = end
                    parts[many] = values[place]
                    many += 1
            following = chain[place]
            chain[place] = free
            free = place
            place = following
        for k in range(many):
            where[neighbours[k]] = -1
        # from the weakest to the strongest
        chosen = np.argsort(parts[:many])
        total = 0.0
        for k in range(many):
            total += parts[k]
        if recorded + many > record_nodes.size:
            room = 2 * record_nodes.size + many
            record_nodes, record_shares = grown(record_nodes, recorded, room), grown(record_shares, recorded, room)
        for k in range(many):
            record_nodes[recorded] = neighbours[chosen[k]]
            record_shares[recorded] = parts[chosen[k]] / total
            recorded += 1
        order[count] = node
        totals[count] = total
        record_start[count + 1] = recorded
        if used + 2 * many > capacity:
            capacity = 2 * capacity + 2 * many
            chain, ends, values = (
                grown(chain, used, capacity), grown(ends, used, capacity), grown(values, used, capacity)
            )  # fmt: skip
        for k in range(many):
            degrees[neighbours[k]] -= 1
        behind = total
        for k in range(many - 1):
            one, part = neighbours[chosen[k]], parts[chosen[k]]
            behind -= part
            if k == many - 2:
                behind = parts[chosen[many - 1]]
            draw = generator.random() * behind
            pick = k + 1
            while pick < many - 1 and draw >= parts[chosen[pick]]:
                draw -= parts[chosen[pick]]
                pick += 1
            other = neighbours[chosen[pick]]
            value = part * behind / total
            for here, there in ((one, other), (other, one)):
                if here != electrode:
                    if free >= 0:
                        place = free
                        free = chain[free]
                    else:
                        place = np.int64(used)
                        used += 1
                    ends[place] = there
                    values[place] = value
                    chain[place] = head[here]
                    head[here] = place
                degrees[here] += 1
        for k in range(many):
            one = neighbours[k]
            if one == electrode:
                continue
            new_level = min(degrees[one], highest)
            if new_level == queue.listed[one]:
                continue
            delist(queue, one)
            enlist(queue, one, new_level)
            level = min(level, new_level)
    return (order, record_start, record_nodes[:recorded], record_shares[:recorded]), totals


@kernel
def _precondition(residual: FloatArray, out: FloatArray, record: Record, totals: FloatArray) -> None:
    """Solve the sampled network for currents `residual` into its nodes; the electrodes are the last node, at 0."""
    size = residual.size
    out[:size] = residual
    out[size] = 0.0
    for index in range(size):
        value = out[record.order[index]]
        for entry in range(record.start[index], record.start[index + 1]):
            out[record.nodes[entry]] += record.shares[entry] * value
    out[size] = 0.0
    for index in range(size - 1, -1, -1):
        value = out[record.order[index]] / totals[index]
        for entry in range(record.start[index], record.start[index + 1]):
            value += record.shares[entry] * out[record.nodes[entry]]
        out[record.order[index]] = value


@kernel
def conjugate_gradients(
    network: RemainingNetwork, record: Record, totals: FloatArray, tolerance: float, most: int
) -> tuple[FloatArray, int, bool]:
    """Potentials at which the current that leaves each node is its load; the number of iterations; whether converged.

    Args:
        network: to solve.
        record: of `sampled_elimination`.
        totals: of the same.
        tolerance: the largest imbalance of a node at which the iteration ends.
        most: iterations after which it gives up.
    """
    starts, targets, weights, load = network
    size = load.size
    potentials = np.zeros(size + 1)
    residual = load.copy()
    preconditioned = np.zeros(size + 1)
    _precondition(residual, preconditioned, record, totals)
    direction = preconditioned.copy()
    image = np.empty(size)
    product = 0.0
    for node in range(size):
        product += residual[node] * preconditioned[node]
    iterations = 0
    converged = False
    while iterations < most:
        curvature = 0.0
        for node in range(size):
            value = 0.0
            here = direction[node]
            for place in range(starts[node], starts[node + 1]):
                value += weights[place] * (here - direction[targets[place]])
            image[node] = value
            curvature += here * value
        if curvature <= 0.0:
            break
        step = product / curvature
        worst = 0.0
        for node in range(size):
            potentials[node] += step * direction[node]
            residual[node] -= step * image[node]
            worst = max(worst, abs(residual[node]))
        iterations += 1
        if worst <= tolerance:
            converged = True
            break
        _precondition(residual, preconditioned, record, totals)
        following = 0.0
        for node in range(size):
            following += residual[node] * preconditioned[node]
        ratio = following / product
        product = following
        for node in range(size):
            direction[node] = preconditioned[node] + ratio * direction[node]
    return potentials[:size].copy(), iterations, converged
