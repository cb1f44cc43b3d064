"""Surface and floor of a sputter crater in a profilometer scan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .crater_scan import CraterScan

BoolArray = NDArray[np.bool_]
Region = tuple[float, float]

OUTLIER = 4.5
"""Standard deviations beyond which a height is dust or a scratch."""

FEWEST_IN_REGION = 10
"""Points of a scan that a region must hold."""

_BLOCKS = 240
_NARROWEST_SIDE = 0.04
_WALL_SHARE = 0.06
_MARGIN = 0.06
_DUST_BLOCKS = 11
_CLEAR_STEP = 8.0


@dataclass(frozen=True, kw_only=True)
class Regions:
    """Parts of a scan from which levels are taken.

    Attributes:
        surface: (start, stop) of each part on the unsputtered surface [m], from left to right.
        valley: (start, stop) of the part on the floor of the crater [m].
    """

    surface: tuple[Region, ...]
    valley: Region

    @property
    def both_sides(self) -> bool:
        """Whether there is surface on both sides of the valley."""
        left = any(stop <= self.valley[0] for _, stop in self.surface)
        right = any(start >= self.valley[1] for start, _ in self.surface)
        return left and right


def find_regions(scan: CraterScan) -> Regions:
    """Find surface and valley.

    The scan, as running medians of some 240 blocks (dust does not move them, walls stay), is fitted by a polynomial
    plus a box for every pair of walls, and the pair with the least squares is taken; tilt of any size so cannot hide
    the crater. Then the walls are followed to where the levelled blocks reach surface and floor, and a margin is kept
    from them.

    Args:
        scan: across the crater, with surface on at least one side.

    Returns:
        The regions.

    Raises:
        InputError: no step downwards stands out from the scatter.
    """
    count = min(_BLOCKS, len(scan.lateral) // 3)
    cuts = np.linspace(0, len(scan.lateral), count + 1).astype(np.intp)
    position = np.array([scan.lateral[a:b].mean() for a, b in pairwise(cuts)])
    height = np.array([np.median(scan.height[a:b]) for a, b in pairwise(cuts)])
    height = _running_median(height, _DUST_BLOCKS)
    side = max(2, round(_NARROWEST_SIDE * count))
    fits = [
        (*found, order)
        for order, reach in ((2, side), (1, 0))
        if (found := _best_box(height, order=order, side=reach)) is not None
    ]
    # A scan with two walls must not be taken for one with a single wall, which has to fit clearly better.
    left_over, left, right, order = min(
        fits, key=lambda fit: fit[0] * (2.0 if fit[3] == 1 else 1.0), default=(0.0, 0, 0, 0)
    )
    if not fits or not _stands_out(height, (left_over, left, right), order):
        raise InputError("shows no crater: no step downwards stands out from the scatter", file=scan.file or None,
                         remedy="give surface_regions and valley_region, or leave the scan out")  # fmt: skip
    return _regions_around(
        position, height, left, right, order, bounds=(float(scan.lateral[0]), float(scan.lateral[-1]))
    )


def points_inside(scan: CraterScan, regions: Sequence[Region], key: str) -> BoolArray:
    """Points of a scan that lie in any of the regions.

    Raises:
        InputError: a region holds fewer than 10 points.
    """
    inside = np.zeros(len(scan.lateral), dtype=np.bool_)
    for start, stop in regions:
        part = (scan.lateral >= start) & (scan.lateral <= stop)
        if int(part.sum()) < FEWEST_IN_REGION:
            raise InputError(
                f"holds {int(part.sum())} points of the scan", file=scan.file or None, key=key,
                value=f"{start * 1e6:.6g} um to {stop * 1e6:.6g} um",
                bound=f"the scan reaches from {scan.lateral[0] * 1e6:.4g} um to {scan.lateral[-1] * 1e6:.4g} um",
                remedy=f"choose a region with at least {FEWEST_IN_REGION} points",
            )  # fmt: skip
        inside |= part
    return inside


def scaled_position(scan: CraterScan) -> FloatArray:
    """Position from −1 to 1, so that powers of it stay apart."""
    middle, half = 0.5 * (scan.lateral[0] + scan.lateral[-1]), 0.5 * (scan.lateral[-1] - scan.lateral[0])
    return (scan.lateral - middle) / half


def robust_polynomial(place: FloatArray, height: FloatArray, order: int) -> tuple[FloatArray, BoolArray]:
    """Coefficients (highest power first) without outliers, and which points are clean.

    Least absolute deviations by reweighting give the start, which dust on less than half of the points cannot turn.
    """
    basis = np.vander(place, order + 1)
    coefficients = np.asarray(np.linalg.lstsq(basis, height)[0], dtype=np.float64)
    for _ in range(20):
        deviation = np.abs(height - basis @ coefficients)
        weights = 1.0 / np.sqrt(np.maximum(deviation, 1e-3 * np.median(deviation) + 1e-300))
        weights /= weights.max()
        coefficients[:] = np.linalg.lstsq(basis * weights[:, None], height * weights)[0]
    clean = np.ones(len(height), dtype=np.bool_)
    for _ in range(10):
        residual = height - basis @ coefficients
        spread = 1.4826 * float(np.median(np.abs(residual)))
        outlying = np.abs(residual) > OUTLIER * spread
        # The flanks of a speck of dust are within the limit and yet not surface.
        widened = np.convolve(outlying, np.ones(5), mode="same") > 0.5 if spread > 0.0 else outlying & False
        if np.array_equal(clean, ~widened) or int((~widened).sum()) <= order + 1:
            break
        clean = ~widened
        coefficients[:] = np.linalg.lstsq(basis[clean], height[clean])[0]
    return coefficients, clean


def _running_median(values: FloatArray, width: int) -> FloatArray:
    """Median over `width` neighbours; at the ends over the deviations from a line, as the tilt would flatten there."""
    half = width // 2
    slope = np.median(np.diff(values))
    straight = slope * np.arange(-half, len(values) + half)
    padded = np.pad(values - straight[half:-half], half, mode="reflect") + straight
    return np.median(np.lib.stride_tricks.sliding_window_view(padded - straight, width), axis=1) + straight[half:-half]


def _best_box(height: FloatArray, *, order: int, side: int) -> tuple[float, int, int] | None:
    """Sum of squares left, first block of the box and first block behind it, of the best box downwards."""
    count = len(height)
    place = np.linspace(-1.0, 1.0, count)
    basis, _ = np.linalg.qr(np.vander(place, order + 1))
    residual = height - basis @ (basis.T @ height)
    sums = np.concatenate([[0.0], np.cumsum(residual)])
    projections = np.concatenate([np.zeros((1, order + 1)), np.cumsum(basis, axis=0)])
    first, last = np.triu_indices(count + 1, k=max(3, count // 40))
    if side:
        allowed = (first >= side) & (last <= count - side)
    else:
        # A scan that starts or ends within the crater has one wall.
        allowed = ((first == 0) ^ (last == count)) & (last - first <= 0.9 * count)
    first, last = first[allowed], last[allowed]
    if not first.size:
        return None
    along = sums[last] - sums[first]
    length = (last - first) - np.sum((projections[last] - projections[first]) ** 2, axis=1)
    gain = np.where((along < 0.0) & (length > 1e-9), along**2 / np.maximum(length, 1e-9), 0.0)
    best = int(np.argmax(gain))
    left = float(np.sum(residual**2) - gain[best])
    return (left, int(first[best]), int(last[best])) if gain[best] > 0.0 else None


def _box_fit(height: FloatArray, left: int, right: int, order: int, skip: int) -> tuple[FloatArray, float]:
    """Levelled blocks and their scatter, for a box between two blocks with walls of `skip` blocks around."""
    count = len(height)
    place = np.linspace(-1.0, 1.0, count)
    number = np.arange(count)
    outside = (number < left - skip) | (number >= right + skip)
    if int(outside.sum()) < order + 3:
        outside = (number < left) | (number >= right)
    coefficients, clean = robust_polynomial(place[outside], height[outside], order)
    level = height - np.vander(place, order + 1) @ coefficients
    return level, 1.4826 * float(np.median(np.abs(level[outside][clean])))


def _stands_out(height: FloatArray, found: tuple[float, int, int], order: int) -> bool:
    _, left, right = found
    level, spread = _box_fit(height, left, right, order, max(1, (right - left) // 10))
    floor = float(np.median(level[left:right]))
    # Running medians of neighbours are one and the same: the independent ones count.
    independent = max(1.0, min(right - left, len(height) - right + left) / _DUST_BLOCKS)
    return floor < 0.0 and -floor > _CLEAR_STEP * spread / math.sqrt(independent)


def _regions_around(
    position: FloatArray, height: FloatArray, left: int, right: int, order: int, *, bounds: Region
) -> Regions:
    count = len(height)
    width = right - left
    level, spread = _box_fit(height, left, right, order, max(1, width // 10))
    core = slice(left + width // 4, max(right - width // 4, left + width // 4 + 1))
    depth = -float(np.median(level[core]))
    # Walls end where the blocks come within a few percent of surface or floor, or within their scatter.
    near = max(_WALL_SHARE * depth, 3.0 * spread)
    on_floor, on_surface = level < -depth + near, level > -near
    inner_left = next((i for i in range(left, right) if on_floor[i]), left)
    inner_right = next((i for i in range(right - 1, left - 1, -1) if on_floor[i]), right - 1)
    outer_left = next((i for i in range(left - 1, -1, -1) if on_surface[i]), -1)
    outer_right = next((i for i in range(right, count) if on_surface[i]), count)
    margin = max(1, round(_MARGIN * width))
    half = 0.5 * (position[1] - position[0])
    surface: list[Region] = []
    if outer_left - margin >= 1 and left > 0:
        surface.append((bounds[0], float(position[outer_left - margin] + half)))
    if outer_right + margin <= count - 2 and right < count:
        surface.append((float(position[outer_right + margin] - half), bounds[1]))
    if not surface:
        raise InputError("leaves no surface beside the walls of the crater",
                         remedy="give surface_regions and valley_region, or a longer scan")  # fmt: skip
    if inner_right - inner_left > 2 * margin + 2:
        inner_left, inner_right = inner_left + margin, inner_right - margin
    start = bounds[0] if left == 0 else float(position[inner_left] - half)
    stop = bounds[1] if right == count else float(position[inner_right] + half)
    return Regions(surface=tuple(surface), valley=(start, stop))
