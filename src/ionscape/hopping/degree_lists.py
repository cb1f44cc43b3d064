"""Nodes of a network by their degree, in doubly linked lists: the next node to eliminate in constant time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ionscape.compiled import kernel


class DegreeLists(NamedTuple):
    """Lists of nodes.

    Attributes:
        head: first node of the list of each degree, -1 if it is empty (highest degree + 1,).
        following: next node in the list of each, -1 at its end (nodes,).
        previous: the one before, -1 at its head (nodes,).
        listed: degree under which each node is listed, -1 if it is not (nodes,).
    """

    head: NDArray[np.int32]
    following: NDArray[np.int32]
    previous: NDArray[np.int32]
    listed: NDArray[np.int32]


@kernel
def empty_degree_lists(highest: int, nodes: int) -> DegreeLists:
    """Lists for degrees 0 ... highest, without nodes."""
    return DegreeLists(
        np.full(highest + 1, -1, dtype=np.int32),
        np.full(nodes, -1, dtype=np.int32),
        np.full(nodes, -1, dtype=np.int32),
        np.full(nodes, -1, dtype=np.int32),
    )


@kernel
def enlist(lists: DegreeLists, node: Any, degree: Any) -> None:
    """Put a node that is not listed at the head of a list."""
    after = lists.head[degree]
    lists.listed[node] = degree
    lists.previous[node] = -1
    lists.following[node] = after
    if after >= 0:
        lists.previous[after] = node
    lists.head[degree] = node


@kernel
def delist(lists: DegreeLists, node: Any) -> None:
    """Take a node out of its list."""
    before, after = lists.previous[node], lists.following[node]
    if before >= 0:
        lists.following[before] = after
    else:
        lists.head[lists.listed[node]] = after
    if after >= 0:
        lists.previous[after] = before
    lists.listed[node] = -1


@kernel
def grown(array: Any, used: Any, size: Any) -> Any:
    """A larger array with the same first entries."""
    larger = np.empty(size, dtype=array.dtype)
    larger[:used] = array[:used]
    return larger
