"""Union-find over the links of a network: which link connects two electrodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ionscape.compiled import kernel

_BUCKETS = 4096
_SOURCE = 1
_DRAIN = 2


@kernel
def connect(
    source: NDArray[np.int32],
    drain: NDArray[np.int32],
    nodes: int,
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    order: NDArray[np.int64],
) -> int:
    """Position in `order` of the link that first connects source and drain when links are added in that order.

    Every source node counts as connected with every other one, and so does every drain node.

    Args:
        source: (s,) nodes of one electrode.
        drain: (d,) nodes of the other one.
        nodes: number of nodes.
        first: (m,) one end of each link.
        second: (m,) the other end.
        order: (k,) links in the order in which they are added.

    Returns:
        the position; -1 if the links never connect the electrodes.
    """
    parent, ends = _separate_nodes(source, drain, nodes)
    if len(source) == 0 or len(drain) == 0:
        return -1
    for position in range(len(order)):
        link = int(order[position])
        if _join(parent, ends, first[link], second[link]) == _SOURCE + _DRAIN:
            return position
    return -1


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
    parent, ends = _separate_nodes(source, drain, nodes)
    taken = np.empty(len(order), np.int64)
    count = 0
    for position in range(len(order)):
        link = int(order[position])
        joined = _join(parent, ends, first[link], second[link])
        if joined >= 0:
            taken[count] = link
            count += 1
        if joined == _SOURCE + _DRAIN:
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
    order, starts = _bucket_order(weights)
    parent, ends = _separate_nodes(source, drain, nodes)
    connecting = -1
    for position in range(links):
        link = int(order[position])
        if _join(parent, ends, first[link], second[link]) == _SOURCE + _DRAIN:
            connecting = position
            break
    if connecting < 0:
        return -1
    bucket = np.searchsorted(starts, connecting, side="right") - 1
    begin, end = starts[bucket], starts[bucket + 1]
    parent, ends = _separate_nodes(source, drain, nodes)
    for position in range(begin):
        link = int(order[position])
        _join(parent, ends, first[link], second[link])
    inside = order[begin:end]
    ranks = np.argsort(weights[inside], kind="mergesort")
    for position in range(len(ranks)):
        link = int(inside[ranks[position]])
        if _join(parent, ends, first[link], second[link]) == _SOURCE + _DRAIN:
            return link
    return -1


@kernel
def link_barriers(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    energies: NDArray[np.float64],
    fermi_energy: float,
    least_barrier: float,
) -> NDArray[np.float64]:
    """Δ = u0 + (|εi - εj| + |εi - εF| + |εj - εF|) / 2 of each link: Bosi 2021 (8b).

    Half the sum of the distances between three numbers is the range that they span: Δ = u0 + max - min.

    letter  meaning                        shape
    εi, εj  energies [J] at first, second  (sites,)
    εF      fermi_energy [J]
    u0      least_barrier [J]
    Δ       returned [J]                   (m,)
    """
    barriers = np.empty(len(first))
    for link in range(len(first)):
        a = energies[first[link]]
        b = energies[second[link]]
        barriers[link] = least_barrier + (max(a, b, fermi_energy) - min(a, b, fermi_energy))
    return barriers


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


@kernel
def _separate_nodes(
    source: NDArray[np.int32], drain: NDArray[np.int32], nodes: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """A forest of single nodes, but for the electrodes: parents, and which electrodes each tree holds."""
    parent = np.arange(nodes).astype(np.int32)
    ends = np.zeros(nodes, np.uint8)
    for node in source:
        parent[node] = source[0]
    for node in drain:
        parent[node] = drain[0]
    if len(source) > 0:
        ends[source[0]] = _SOURCE
    if len(drain) > 0:
        ends[drain[0]] = _DRAIN
    return parent, ends


@kernel
def _join(parent: NDArray[np.int32], ends: NDArray[np.uint8], a: int, b: int) -> int:
    """Join the trees of two nodes: the electrodes that the new tree holds; -1 if it was one tree already."""
    while parent[a] != a:
        parent[a] = parent[parent[a]]
        a = parent[a]
    while parent[b] != b:
        parent[b] = parent[parent[b]]
        b = parent[b]
    if a == b:
        return -1
    # The lower index becomes the root: for links in space that keeps the search local in memory, which counts for more
    # than balanced trees; halving the paths bounds their length.
    if a > b:
        a, b = b, a
    parent[b] = a
    ends[a] |= ends[b]
    return int(ends[a])


@kernel
def _bucket_order(weights: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Links sorted into buckets of equal width, and where the buckets begin."""
    lowest, highest = weights.min(), weights.max()
    scale = (_BUCKETS - 1) / (highest - lowest) if highest > lowest else 0.0
    bucket = np.empty(len(weights), np.int16)
    starts = np.zeros(_BUCKETS + 1, np.int64)
    for link in range(len(weights)):
        number = int((weights[link] - lowest) * scale)
        bucket[link] = number
        starts[number + 1] += 1
    starts = np.cumsum(starts)
    filled = starts[:-1].copy()
    order = np.empty(len(weights), np.int32)
    for link in range(len(weights)):
        number = bucket[link]
        order[filled[number]] = link
        filled[number] += 1
    return order, starts
