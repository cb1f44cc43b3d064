"""Union-find: which nodes of a network hang together as links are added one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.compiled import kernel

BUCKETS = 4096
"""Of weights, of which `bottleneck` sorts one only."""


@kernel
def find(parents: NDArray[np.int32], node: Any) -> Any:
    """Representative of the tree of a node; halves the path to it."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@kernel
def join(parents: NDArray[np.int32], one: Any, other: Any) -> Any:
    """Join the trees of two nodes: representative of the new tree; -1 if it was one tree already.

    The lower index becomes the representative: for links in space that keeps the search local in memory, which counts
    for more than balanced trees; halving the paths bounds their length.
    """
    one, other = find(parents, one), find(parents, other)
    if one == other:
        return -1
    if one > other:
        one, other = other, one
    parents[other] = one
    return one


@kernel
def order_by_class(values: NDArray[np.float64], classes: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Indices by falling values, in classes of equal width, and where the classes begin (classes + 1,).

    Counting takes linear time; within a class the order is that of the indices.
    """
    count = values.size
    highest, lowest = -np.inf, np.inf
    for index in range(count):
        highest = max(highest, values[index])
        lowest = min(lowest, values[index])
    scale = (classes - 1) / (highest - lowest) if highest > lowest else 0.0
    starts = np.zeros(classes + 1, dtype=np.int64)
    for index in range(count):
        starts[int((highest - values[index]) * scale) + 1] += 1
    for place in range(classes):
        starts[place + 1] += starts[place]
    filled = starts[:-1].copy()
    order = np.empty(count, dtype=np.int32)
    for index in range(count):
        place = int((highest - values[index]) * scale)
        order[filled[place]] = index
        filled[place] += 1
    return order, starts


@kernel
def connect(
    source: NDArray[np.int32],
    drain: NDArray[np.int32],
    nodes: int,
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    order: NDArray[Any],
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
    if len(source) == 0 or len(drain) == 0:
        return -1
    parents = np.arange(nodes).astype(np.int32)
    for electrode in (source, drain):
        for node in electrode:
            parents[node] = electrode[0]
    for position in range(len(order)):
        link = int(order[position])
        joined = join(parents, first[link], second[link]) >= 0
        if joined and find(parents, source[0]) == find(parents, drain[0]):
            return position
    return -1


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
    order, starts = order_by_class(-weights, BUCKETS)
    connecting = connect(source, drain, nodes, first, second, order)
    if connecting < 0:
        return -1
    bucket = np.searchsorted(starts, connecting, side="right") - 1
    begin, end = starts[bucket], starts[bucket + 1]
    inside = order[begin:end].copy()
    order[begin:end] = inside[np.argsort(weights[inside], kind="mergesort")]
    return int(order[connect(source, drain, nodes, first, second, order[:end])])
