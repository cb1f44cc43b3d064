"""The link of a network that connects two electrodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ionscape.compiled import kernel

from .union_find import connect, order_by_class

_BUCKETS = 4096


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
