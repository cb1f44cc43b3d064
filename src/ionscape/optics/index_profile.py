"""Refractive index over depth, from values at depths or from a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from ionscape.arguments import finite
from ionscape.arrays import FloatArray
from ionscape.errors import InputError

IndexFunction = Callable[[FloatArray], ArrayLike]
LEAST_INDEX, LARGEST_INDEX = 0.9, 10.0
"""Of glasses, films and covers; what lies outside is in other units."""


@dataclass(frozen=True, kw_only=True, eq=False)
class IndexProfile:
    """Refractive index of a plate from its surface at depth 0 downwards.

    Attributes:
        nodes: depths between which the index is smooth, from 0 to where the substrate begins [m], (nodes,).
        of: index at depths inside the intervals between nodes.
        substrate: index below the last node.
        coarser: the same from every second value; None of a function.
    """

    nodes: FloatArray = field(repr=False)
    of: Callable[[FloatArray], FloatArray] = field(repr=False)
    substrate: float
    coarser: Callable[[FloatArray], FloatArray] | None = field(default=None, repr=False)

    @property
    def largest(self) -> float:
        """Largest index at or between nodes."""
        return float(self.of(points_between(self.nodes, 3).ravel()).max())


def points_between(nodes: FloatArray, parts: int) -> FloatArray:
    """Points inside each interval and, as nearly as rounding allows, at its two ends (intervals, parts + 1)."""
    shares = np.linspace(1e-9, 1.0 - 1e-9, parts + 1)
    return nodes[:-1, None] + np.diff(nodes)[:, None] * shares


def index_profile(
    depth: ArrayLike, index: ArrayLike | IndexFunction, substrate_index: float | None = None
) -> IndexProfile:
    """An index profile from its values, or from a function.

    Values lie on monotone cubics (Fritsch & Carlson, SIAM J. Numer. Anal. 17, 238 (1980)), which do not overshoot; a
    depth that is given twice is a step. Above the first depth the index is that of the first value.

    Args:
        depth: from the surface downwards [m], (points,), not falling. For a function the depths between which it is
            smooth; a step belongs on one of them.
        index: values at these depths (points,), or a function of an array of depths.
        substrate_index: index below the last depth; that of the last one if None.

    Raises:
        InputError: depths that fall or begin above the surface, or an index out of range.
    """
    places = np.atleast_1d(finite("depth", depth))
    if places.ndim != 1 or places.size < 2:
        raise InputError("must be a list of at least two depths", key="depth", value=places.size)
    if np.any(np.diff(places) < 0.0) or places[0] < 0.0:
        worst = float(places[0] if places[0] < 0.0 else places[1:][np.diff(places) < 0.0][0])
        remedy = "give depths from the surface downwards, in metres"
        raise InputError("must not be negative or fall", key="depth", value=worst, remedy=remedy)
    if callable(index):
        of, coarser = _of_function(index), None
        nodes = np.unique(np.append(0.0, places))
        last = of(nodes[-1:] - 1e-9 * (nodes[-1] - nodes[-2]))[0]
    else:
        values = _checked_index(np.atleast_1d(np.asarray(index, dtype=np.float64)))
        if values.shape != places.shape:
            raise InputError("must have one value for each depth", key="index", value=values.size,
                             bound=f"{places.size} depths")  # fmt: skip
        of, coarser = _interpolated(places, values), _coarser(places, values)
        nodes, last = np.unique(np.append(0.0, places)), values[-1]
    substrate = float(last) if substrate_index is None else substrate_index
    return IndexProfile(
        nodes=nodes, of=of, coarser=coarser, substrate=float(_checked_index(substrate, key="substrate_index"))
    )


def _of_function(index: IndexFunction) -> Callable[[FloatArray], FloatArray]:
    def of(depth: FloatArray) -> FloatArray:
        found = np.asarray(index(depth), dtype=np.float64)
        if found.ndim and found.shape != depth.shape:
            raise InputError("must give one index for each depth", key="index", value=str(found.shape))
        return _checked_index(np.broadcast_to(found, depth.shape))

    return of


def _checked_index(values: ArrayLike, key: str = "index") -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    wrong = ~((array >= LEAST_INDEX) & (array <= LARGEST_INDEX))
    if np.any(wrong):
        raise InputError("is no refractive index", key=key, value=float(array[wrong][0] if array.ndim else array),
                         bound=f"{LEAST_INDEX:g} to {LARGEST_INDEX:g}")  # fmt: skip
    return array


def _interpolated(depth: FloatArray, values: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Monotone cubics between steps, constant above the first depth."""
    starts = np.append(0, np.flatnonzero(np.diff(depth) == 0.0) + 1)
    pieces = [slice(start, stop) for start, stop in zip(starts, np.append(starts[1:], depth.size), strict=True)]
    curves = [PchipInterpolator(depth[each], values[each]) if each.stop > each.start + 1 else None for each in pieces]
    first = depth[starts]

    def of(at: FloatArray) -> FloatArray:
        flat = np.clip(at.ravel(), depth[0], depth[-1])
        which = np.maximum(np.searchsorted(first, flat, side="right") - 1, 0)
        found = np.empty(flat.size)
        for number, curve in enumerate(curves):
            here = which == number
            if here.any():
                found[here] = values[starts[number]] if curve is None else curve(flat[here])
        return found.reshape(at.shape)

    return of


def _coarser(depth: FloatArray, values: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """The same without every second value; both sides of steps and the ends are kept."""
    steps = np.flatnonzero(np.diff(depth) == 0.0)
    kept = np.unique(np.concatenate([np.arange(0, depth.size, 2), steps, steps + 1, [depth.size - 1]]))
    return _interpolated(depth[kept], values[kept])
