"""Depth of a sputter crater from profilometer scans: regions, levelling, step height, mean with its error.

The crater depth is the level of the unsputtered surface minus that of the valley, each averaged over a region of the
scan, and the mean over several scans (Gunawan 2024 ESI 2.3, Fig. S2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ionscape.arguments import non_negative
from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .crater_regions import (
    FEWEST_IN_REGION,
    BoolArray,
    Region,
    Regions,
    find_regions,
    points_inside,
    robust_polynomial,
    scaled_position,
)
from .crater_scan import CraterScan
from .depth_scale import student_quantile

PRIOR_FREEDOM = 1.0
"""Degrees of freedom with which an assumed scatter joins that of a few scans: it counts as much as one further scan."""


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
        points_inside(scan, regions.surface, "surface_regions"),
        points_inside(scan, [regions.valley], "valley_region"),
    )
    place = scaled_position(scan)
    coefficients, clean = robust_polynomial(place[surface], scan.height[surface], order)
    level = scan.height - np.vander(place, order + 1) @ coefficients
    line, clean_valley = robust_polynomial(place[valley], level[valley], 1)
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

    A scan differs from the next by more than its own noise (the floor is not flat, the stylus drifts). A few scans
    show that scatter badly: three that agree by chance within 0.3 % do not lie within 0.2 % of the truth. So the
    scatter s that is assumed for a single scan is a prior for that of a few, conjugate to the normal distribution
    (Gelman et al., Bayesian Data Analysis, section 3.3: scaled inverse χ² with ν₀ degrees of freedom), which pools it
    with the scatter S between k scans,

        σ² = [ν₀ s² + (k − 1) S²] / (ν₀ + k − 1),    ν = ν₀ + k − 1

    With ν₀ = 1 it weighs as one further scan does: it hinders nobody who has five, and a scatter that is really three
    times as large still shows. (Two degrees of freedom and more would hold such a depth in too few of the intervals.)

    The variance of the mean is the greater of σ²/k and of what the noise within the scans gives, with ν degrees of
    freedom either way: that the scatter is small by chance does not make it better known. A single scan has the degrees
    of freedom of its noise, and s as it stands. The error of the profilometer's height scale is the same in all scans
    and is added, with many degrees of freedom; those of the sum are Welch's and Satterthwaite's.

    Args:
        scans: of the same crater.
        surface_regions: (start, stop) of parts on the unsputtered surface [m], for all scans; found where absent.
        valley_region: (start, stop) of the floor of the crater [m], for all scans; found where absent.
        relative_calibration_error: standard deviation of the height scale of the profilometer, relative.
        single_scan_scatter: standard deviation of the depth from place to place that is assumed, relative; 0 leaves the
            scans to themselves.
        order: of the polynomial that is removed, as for `step_height`.

    Returns:
        The mean with its error and the steps of all scans.

    Raises:
        InputError: there is no scan, or one of them cannot be used.
    """
    if not scans:
        raise InputError("holds no scan", key="crater_scans", remedy="give one or more scans across the crater")
    non_negative("relative_calibration_error", relative_calibration_error)
    steps = tuple(
        step_height(scan, _given_regions(scan, surface_regions, valley_region), order=order) for scan in scans
    )
    depth, variance, freedom, scatter = _mean_with_variance(steps, assumed=single_scan_scatter)
    scale = (relative_calibration_error * depth) ** 2
    if len(steps) == 1:
        scale += (single_scan_scatter * depth) ** 2
    total = variance + scale
    known = variance == 0.0 or freedom == math.inf
    return CraterDepth(
        depth=depth,
        error=math.sqrt(total),
        degrees_of_freedom=math.inf if known else max(freedom * (total / variance) ** 2, 1.0),
        scatter=scatter,
        steps=steps,
    )


def _mean_with_variance(steps: Sequence[StepHeight], *, assumed: float) -> tuple[float, float, float, float]:
    """Mean depth [m], its variance [m²] with degrees of freedom, and the scatter between scans [m].

    `assumed` is the relative scatter of the prior; that of a single scan is left to the caller.
    """
    depths = np.array([step.depth for step in steps])
    within = np.array([step.error for step in steps]) ** 2
    count = len(steps)
    mean = float(depths.mean())
    inner = float(within.sum()) / count**2
    inner_freedom = inner**2 / max(
        sum(float(part / count**2) ** 2 / step.degrees_of_freedom for part, step in zip(within, steps, strict=True)),
        1e-300,
    )
    if count == 1:
        return mean, inner, inner_freedom, math.nan
    scatter = float(depths.std(ddof=1))
    prior = PRIOR_FREEDOM if assumed > 0.0 else 0.0
    freedom = prior + count - 1.0
    pooled = (prior * (assumed * mean) ** 2 + (count - 1.0) * scatter**2) / freedom
    return mean, max(pooled / count, inner), freedom, scatter


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


def _gaps(inside: BoolArray) -> BoolArray:
    """Whether each point of a region follows its neighbour in the scan, for all but the first point."""
    return np.diff(np.flatnonzero(inside)) == 1


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
        if number < FEWEST_IN_REGION:
            break
        covariance = float(np.sum((values[lag:] * values[:-lag])[pairs])) / number
        # Removing a fitted curve takes variance 'parameters/count' out of each residual, at every lag alike.
        time += 2.0 * (covariance / variance + parameters / count) * (1.0 - lag / count)
        if lag >= 5.0 * time:
            break
    return variance, max(time, 1.0)
