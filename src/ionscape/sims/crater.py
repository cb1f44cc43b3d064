"""Depth of a sputter crater from profilometer scans: regions, levelling, step height, mean with its error.

The crater depth is the level of the unsputtered surface minus that of the valley, each averaged over a region of the
scan, and the mean over several scans (Gunawan 2024 ESI 2.3, Fig. S2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ionscape.errors import InputError

from .crater_scan import CraterScan, read_crater_scan
from .depth_scale import NARROWEST, WIDEST, DepthScale, default_total_time, student_quantile

__all__ = [
    "CraterDepth", "CraterScan", "DepthScale", "Regions", "StepHeight", "crater_depth", "default_total_time",
    "find_regions", "levelled", "read_crater_scan", "step_height",
]  # fmt: skip

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Region = tuple[float, float]

OUTLIER = 4.5
"""Standard deviations beyond which a height is dust or a scratch."""

_BLOCKS = 240
_NARROWEST_SIDE = 0.04
_WALL_SHARE = 0.06
_MARGIN = 0.06
_FEWEST_IN_REGION = 10
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


@dataclass(frozen=True, kw_only=True, eq=False)
class StepHeight:
    """Depth of the crater in one scan.

    Attributes:
        depth: level of the surface minus level of the valley [m], positive.
        error: of it within the scan (noise and roughness, with their correlation along the scan) [m].
        degrees_of_freedom: of that error.
        surface_roughness: root mean square deviation of the surface from the levelling curve [m].
        valley_roughness: root mean square deviation of the floor from a straight line [m].
        regions: used.
        levelled: the scan with tilt and bow removed, the surface at 0.
        order: of the polynomial removed (0 offset, 1 tilt, 2 tilt and bow).
    """

    depth: float
    error: float
    degrees_of_freedom: float
    surface_roughness: float
    valley_roughness: float
    regions: Regions
    levelled: CraterScan
    order: int


@dataclass(frozen=True, kw_only=True, eq=False)
class CraterDepth:
    """Mean depth over the scans.

    Attributes:
        depth: mean [m].
        error: one standard deviation of the mean [m].
        degrees_of_freedom: of the error; few where scatter between few scans makes it.
        scatter: standard deviation between scans [m]; nan for a single scan, whose error then knows nothing of it.
        steps: of each scan.
    """

    depth: float
    error: float
    degrees_of_freedom: float
    scatter: float
    steps: tuple[StepHeight, ...]

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval that holds the depth with probability `level` [m], by Student's t."""
        width = student_quantile(level, self.degrees_of_freedom) * self.error
        return self.depth - width, self.depth + width

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Depths that are compatible with the scans [m], shape (size,); within 0.2 and 5 times the mean."""
        finite = math.isfinite(self.degrees_of_freedom)
        deviates = rng.standard_t(self.degrees_of_freedom, size) if finite else rng.standard_normal(size)
        return np.clip(self.depth + self.error * deviates, NARROWEST * self.depth, WIDEST * self.depth)


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


def levelled(scan: CraterScan, surface: Sequence[Region], order: int = 1) -> CraterScan:
    """Remove tilt (order 1) or tilt and bow (order 2), so that the surface lies at height 0.

    The polynomial is fitted to the surface regions alone, without dust and scratches.

    Args:
        scan: as measured.
        surface: (start, stop) of parts on the unsputtered surface [m].
        order: of the polynomial; 0 removes the mean only.

    Returns:
        The scan with other heights.

    Raises:
        InputError: fewer than 10 points lie in the regions.
    """
    inside = _inside(scan, surface, "surface_regions")
    place = _scaled(scan)
    coefficients, _ = _robust_polynomial(place[inside], scan.height[inside], order)
    return replace(scan, height=scan.height - np.vander(place, order + 1) @ coefficients)


def step_height(scan: CraterScan, regions: Regions | None = None, *, order: int | None = None) -> StepHeight:
    """Depth of the crater in one scan, with its error from noise and roughness.

    The depth is linear in the heights, d = Σ h_i y_i(surface) − mean(valley), where h is what the polynomial through
    the surface gives at the valley. Heights correlate along a scan (roughness, stylus); with the correlation time τ (in
    points, summed from the autocorrelation of the residuals up to five τ, as Sokal does)

        var d = τ_s σ_s² Σ h_i² + τ_v σ_v² / n_v

    Args:
        scan: as measured.
        regions: of surface and valley; found where absent.
        order: of the polynomial that is removed; where absent 2 (tilt and bow) with surface on both sides, else 1.

    Returns:
        The step.

    Raises:
        InputError: regions do not fit to the scan, or the valley does not lie below the surface.
    """
    regions = regions or find_regions(scan)
    order = (2 if regions.both_sides else 1) if order is None else order
    surface, valley = (
        _inside(scan, regions.surface, "surface_regions"),
        _inside(scan, [regions.valley], "valley_region"),
    )
    place = _scaled(scan)
    coefficients, clean = _robust_polynomial(place[surface], scan.height[surface], order)
    level = scan.height - np.vander(place, order + 1) @ coefficients
    line, clean_valley = _robust_polynomial(place[valley], level[valley], 1)
    floor = float(np.mean(level[valley][clean_valley]))
    if not floor < 0.0:
        raise InputError("has its valley above the surface", file=scan.file or None, value=f"{floor * 1e9:.4g} nm",
                         remedy="check surface_regions and valley_region")  # fmt: skip
    basis = np.vander(place[surface][clean], order + 1)
    reference = np.vander(place[valley][clean_valley], order + 1).mean(axis=0)
    weights = np.linalg.pinv(basis).T @ reference
    surface_residual = level[surface]
    valley_residual = level[valley] - np.vander(place[valley], 2) @ line
    surface_variance, surface_time = _noise(surface_residual, clean, _gaps(surface), order + 1)
    valley_variance, valley_time = _noise(valley_residual, clean_valley, _gaps(valley), 2)
    points = int(clean_valley.sum())
    from_surface = surface_time * surface_variance * float(np.sum(weights**2))
    from_valley = valley_time * valley_variance / points
    variance = from_surface + from_valley
    independent = (int(clean.sum()) / surface_time, points / valley_time)
    freedom = variance**2 / max(
        from_surface**2 / max(independent[0] - order - 1, 1.0) + from_valley**2 / max(independent[1] - 2, 1.0), 1e-300
    )
    return StepHeight(
        depth=-floor,
        error=math.sqrt(variance),
        degrees_of_freedom=max(freedom, 1.0) if variance > 0.0 else math.inf,
        surface_roughness=math.sqrt(surface_variance),
        valley_roughness=math.sqrt(valley_variance),
        regions=regions,
        levelled=replace(scan, height=level),
        order=order,
    )


def crater_depth(
    scans: Sequence[CraterScan],
    *,
    surface_regions: Sequence[Region] | None = None,
    valley_region: Region | None = None,
    relative_calibration_error: float = 0.0,
    single_scan_scatter: float = 0.0,
    order: int | None = None,
) -> CraterDepth:
    """Mean crater depth of several scans, with its error.

    A scan differs from the next by more than its own noise (the floor is not flat, the stylus drifts). The variance
    of the mean of k scans is the greater of S²/k, from the scatter S between them, and of what the noise within the
    scans gives, with k − 1 degrees of freedom either way: that the scatter is small by chance does not make it better
    known. A single scan has the degrees of freedom of its noise. The error of the profilometer's height scale is the
    same in all scans and is added, with many degrees of freedom; those of the sum are Welch's and Satterthwaite's.

    Args:
        scans: of the same crater.
        surface_regions: (start, stop) of parts on the unsputtered surface [m], for all scans; found where absent.
        valley_region: (start, stop) of the floor of the crater [m], for all scans; found where absent.
        relative_calibration_error: standard deviation of the height scale of the profilometer, relative.
        single_scan_scatter: standard deviation of the depth from place to place, relative; used for a single scan only.
        order: of the polynomial that is removed, as for `step_height`.

    Returns:
        The mean with its error and the steps of all scans.

    Raises:
        InputError: there is no scan, or one of them cannot be used.
    """
    if not scans:
        raise InputError("holds no scan", key="crater_scans", remedy="give one or more scans across the crater")
    if not (math.isfinite(relative_calibration_error) and relative_calibration_error >= 0.0):
        raise InputError("must be at least 0", key="relative_calibration_error", value=relative_calibration_error)
    steps = tuple(
        step_height(scan, _given_regions(scan, surface_regions, valley_region), order=order) for scan in scans
    )
    depths = np.array([step.depth for step in steps])
    within = np.array([step.error for step in steps]) ** 2
    count = len(steps)
    mean = float(depths.mean())
    inner = float(within.sum()) / count**2
    inner_freedom = inner**2 / max(
        sum(float(part / count**2) ** 2 / step.degrees_of_freedom for part, step in zip(within, steps, strict=True)),
        1e-300,
    )
    scatter = float(depths.std(ddof=1)) if count > 1 else math.nan
    outer = scatter**2 / count if count > 1 else 0.0
    variance, freedom = (max(outer, inner), count - 1.0) if count > 1 else (inner, inner_freedom)
    scale = (relative_calibration_error * mean) ** 2
    if count == 1:
        scale += (single_scan_scatter * mean) ** 2
    total = variance + scale
    known = variance == 0.0 or freedom == math.inf
    return CraterDepth(
        depth=mean,
        error=math.sqrt(total),
        degrees_of_freedom=math.inf if known else max(freedom * (total / variance) ** 2, 1.0),
        scatter=scatter,
        steps=steps,
    )


def _given_regions(scan: CraterScan, surface: Sequence[Region] | None, valley: Region | None) -> Regions | None:
    if surface is not None and valley is not None:
        return Regions(surface=tuple(sorted(surface)), valley=valley)
    if surface is None and valley is None:
        return None
    found = find_regions(scan)
    return Regions(
        surface=found.surface if surface is None else tuple(sorted(surface)),
        valley=found.valley if valley is None else valley,
    )


def _inside(scan: CraterScan, regions: Sequence[Region], key: str) -> BoolArray:
    inside = np.zeros(len(scan.lateral), dtype=np.bool_)
    for start, stop in regions:
        part = (scan.lateral >= start) & (scan.lateral <= stop)
        if int(part.sum()) < _FEWEST_IN_REGION:
            raise InputError(
                f"holds {int(part.sum())} points of the scan", file=scan.file or None, key=key,
                value=f"{start * 1e6:.6g} um to {stop * 1e6:.6g} um",
                bound=f"the scan reaches from {scan.lateral[0] * 1e6:.4g} um to {scan.lateral[-1] * 1e6:.4g} um",
                remedy=f"choose a region with at least {_FEWEST_IN_REGION} points",
            )  # fmt: skip
        inside |= part
    return inside


def _scaled(scan: CraterScan) -> FloatArray:
    """Position from −1 to 1, so that powers of it stay apart."""
    middle, half = 0.5 * (scan.lateral[0] + scan.lateral[-1]), 0.5 * (scan.lateral[-1] - scan.lateral[0])
    return (scan.lateral - middle) / half


def _gaps(inside: BoolArray) -> BoolArray:
    """Whether each point of a region follows its neighbour in the scan, for all but the first point."""
    return np.diff(np.flatnonzero(inside)) == 1


def _robust_polynomial(place: FloatArray, height: FloatArray, order: int) -> tuple[FloatArray, BoolArray]:
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


def _noise(residual: FloatArray, clean: BoolArray, follows: BoolArray, parameters: int) -> tuple[float, float]:
    """Variance of the heights and their correlation time in points, at least 1."""
    count = int(clean.sum())
    variance = float(np.sum(residual[clean] ** 2)) / max(count - parameters, 1)
    if variance <= 0.0:
        return 0.0, 1.0
    values = np.where(clean, residual, 0.0)
    stretch = np.concatenate([[0], np.cumsum(~follows)])
    time = 1.0
    for lag in range(1, max(2, count // 5)):
        pairs = (stretch[lag:] == stretch[:-lag]) & clean[lag:] & clean[:-lag]
        number = int(pairs.sum())
        if number < _FEWEST_IN_REGION:
            break
        covariance = float(np.sum((values[lag:] * values[:-lag])[pairs])) / number
        # Removing a fitted curve takes variance 'parameters/count' out of each residual, at every lag alike.
        time += 2.0 * (covariance / variance + parameters / count) * (1.0 - lag / count)
        if lag >= 5.0 * time:
            break
    return variance, max(time, 1.0)


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
    coefficients, clean = _robust_polynomial(place[outside], height[outside], order)
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
