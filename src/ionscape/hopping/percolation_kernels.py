"""The link of a network that connects two electrodes, and the way through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ionscape.compiled import kernel

from .union_find import DRAIN, SOURCE, connect, join_ends, order_by_class, separate_nodes

_BUCKETS = 4096


@kernel
def spanning_links(
    source: NDArray[np.int32],
    drain: NDArray[np.int32],
    nodes: int,
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    order: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Links of the minimum spanning forest (Kruskal) up to the one that connects source and drain, which is the last.

    Arguments as of `connect`, `order` by rising weight. Empty if the electrodes are never connected.
    """
    parents, ends = separate_nodes(source, drain, nodes)
    taken = np.empty(len(order), np.int64)
    count = 0
    for position in range(len(order)):
        link = int(order[position])
        joined = join_ends(parents, ends, first[link], second[link])
        if joined >= 0:
            taken[count] = link
            count += 1
        if joined == SOURCE + DRAIN:
            return taken[:count].copy()
    return taken[:0].copy()


@kernel
def bottleneck(
    source: NDArray[np.int32],
    drain: NDArray[np.int32],
    nodes: int,
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    weights: NDArray[np.float64],
) -> int:
    """The link of largest weight on the path from source to drain whose largest weight is smallest; -1 without a path.

    The same link as `order[connect(..., order)]` with `order = argsort(weights, kind="stable")`, without sorting:
    links are put into buckets of equal width, and only those of the bucket that connects the electrodes are sorted,
    after a second round up to that bucket.

    Args:
        source: (s,) nodes of one electrode.
        drain: (d,) nodes of the other one.
        nodes: number of nodes.
        first: (m,) one end of each link.
        second: (m,) the other end.
        weights: (m,) finite.
    """
    links = len(weights)
    if links == 0 or len(source) == 0 or len(drain) == 0:
        return -1
    order, starts = order_by_class(-weights, _BUCKETS)
    connecting = connect(source, drain, nodes, first, second, order)
    if connecting < 0:
        return -1
    bucket = np.searchsorted(starts, connecting, side="right") - 1
    begin, end = starts[bucket], starts[bucket + 1]
    inside = order[begin:end].copy()
    order[begin:end] = inside[np.argsort(weights[inside], kind="mergesort")]
    return int(order[connect(source, drain, nodes, first, second, order[:end])])


@kernel
def forest_path(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    taken: NDArray[np.int64],
    begin: int,
    electrode: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Nodes from `begin` to the first node of an electrode along the links `taken` of a forest.

    electrode: bool (nodes,). Empty if none is reached.
    """
    nodes = len(electrode)
    starts = np.zeros(nodes + 1, np.int64)
    for link in taken:
        starts[first[link] + 1] += 1
        starts[second[link] + 1] += 1
    starts = np.cumsum(starts)
    filled = starts[:-1].copy()
    neighbour = np.empty(2 * len(taken), np.int64)
    for link in taken:
        a, b = first[link], second[link]
        neighbour[filled[a]] = b
        neighbour[filled[b]] = a
        filled[a] += 1
        filled[b] += 1
    came_from = np.full(nodes, -1, np.int64)
    queue = np.empty(nodes, np.int64)
    queue[0] = begin
    came_from[begin] = begin
    waiting, known = 0, 1
    while waiting < known:
        node = queue[waiting]
        waiting += 1
        if electrode[node]:
            steps = 1
            back = node
            while back != begin:
                back = came_from[back]
                steps += 1
            path = np.empty(steps, np.int64)
            for position in range(steps):
                path[steps - 1 - position] = node
                node = came_from[node]
            return path
        for place in range(starts[node], starts[node + 1]):
            other = neighbour[place]
            if came_from[other] < 0:
                came_from[other] = node
                queue[known] = other
                known += 1
    return queue[:0].copy()
