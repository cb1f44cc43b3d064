"""Union-find with steps along the field: which links close a loop around a periodic lattice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.compiled import kernel

from .reduction_kernels import IntArray


@kernel
def unwound(
    order: IntArray, first: IntArray, second: IntArray, steps: IntArray, nodes: int
) -> tuple[IntArray, int, NDArray[np.bool_]]:
    """Places of the nodes along the field as the strongest links tell them.

    Links are added in the given order, which joins the nodes to trees (Kruskal). Each tree is laid out on a straight
    line: a link leads as many steps along it as it does in the lattice. A link that closes a loop agrees with that
    unless the loop leads around the lattice.

    Args:
        order: links, the strongest first (m,).
        first: node at which each link begins (m,).
        second: node at which it ends (m,).
        steps: that it leads along the field (m,).
        nodes: how many.

    Returns:
        Place of each node on its line; position in `order` of the first link that closes a loop around the lattice,
        -1 without any; whether a node hangs together with such a loop.
    """
    parents = np.arange(nodes).astype(np.int32)
    shifts = np.zeros(nodes, dtype=np.int32)  # place of a node less that of its parent
    winding = np.zeros(nodes, dtype=np.bool_)  # by representative
    position = -1
    for index in range(order.size):
        link = order[index]
        one, here = _find(parents, shifts, first[link])
        other, there = _find(parents, shifts, second[link])
        apart = here + steps[link] - there
        if one != other:
            if one < other:
                parents[other] = one
                shifts[other] = apart
                winding[one] |= winding[other]
            else:
                parents[one] = other
                shifts[one] = -apart
                winding[other] |= winding[one]
        elif apart != 0:
            winding[one] = True
            if position < 0:
                position = index
    places = np.empty(nodes, dtype=np.int32)
    hanging = np.empty(nodes, dtype=np.bool_)
    for node in range(nodes):
        root, places[node] = _find(parents, shifts, node)
        hanging[node] = winding[root]
    return places, position, hanging


@kernel
def _find(parents: IntArray, shifts: IntArray, node: Any) -> Any:
    """Representative of the tree of a node, and the place of the node less that of the representative.

    The whole path then leads to the representative at once.
    """
    root, place = node, 0
    while parents[root] != root:
        place += shifts[root]
        root = parents[root]
    walked, left = node, place
    while parents[walked] != root and walked != root:
        above, shift = parents[walked], shifts[walked]
        parents[walked], shifts[walked] = root, left
        left -= shift
        walked = above
    return root, place
