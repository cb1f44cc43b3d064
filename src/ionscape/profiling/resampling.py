"""What else the data could have meant: a calibration repeated for drawn counts, common factors and depth scales."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ionscape.arrays import FloatArray

from . import densities
from .channels import IonCounts
from .counting import draw_intensity
from .densities import Balance, Factors
from .depth_scale import DepthScale
from .marker import MarkerScale
from .settings import DensityMethod

LARGEST_PORTION = 200  # resamplings at a time
SMOOTHING_POINTS = 7  # over which the slope of the profile is taken when the depth scale is varied


@dataclass(frozen=True, kw_only=True, eq=False)
class Resampled:
    """Resamplings of a calibration: what else the data could have meant.

    Attributes:
        density: [1/m^3], shape (resamples, ions, points).
        factors: [1/m^3 per count], shape (resamples, ions).
        incorporated: [1/m^2], shape (resamples, ions).
    """

    density: FloatArray
    factors: FloatArray
    incorporated: FloatArray


def resample(
    method: DensityMethod,
    counts: IonCounts,
    balance: Balance,
    factors: Factors,
    scale: DepthScale | MarkerScale,
    time: FloatArray,
    *,
    size: int,
    seed: int,
) -> Resampled:
    """Draw true mean counts, common factors and depth scales that are compatible with the data, and calibrate again.

    Args:
        method: of the densities.
        counts: with their noise.
        balance: what is known of the glass.
        factors: of the data.
        scale: depth scale with its error.
        time: sputter time of the points [s], shape (points,).
        size: number of resamplings.
        seed: of the random numbers.
    """
    rng = np.random.default_rng(seed)
    depth = scale.depth(time)
    inside = (np.arange(depth.size) < np.argmax(balance.bulk)) & (depth >= 0.0)
    smooth = smoothed(densities.shared_out(method, factors, counts, balance))
    parts: list[Resampled] = []
    # in portions, so that long profiles fit the memory
    for start in range(0, size, LARGEST_PORTION):
        number = min(LARGEST_PORTION, size - start)
        drawn = replace(counts, intensity=_drawn(counts, balance, factors, rng, number))
        if method == "charge-balance":
            values = densities.refit_charge_balance(factors, drawn, balance)
        else:
            values = densities.plain_factors(method, drawn.intensity, balance)
        density = densities.shared_out(method, replace(factors, values=values), drawn, balance)
        depths = scale.draw_depths(time, rng, number)
        gained = (density - balance.native[:, None])[..., inside]
        parts.append(
            Resampled(
                density=density + shift(smooth, depth, depths),
                factors=values,
                incorporated=np.einsum("rip,rp->ri", gained, point_widths(depths)[:, inside]),
            )
        )
    return Resampled(
        density=np.concatenate([part.density for part in parts]),
        factors=np.concatenate([part.factors for part in parts]),
        incorporated=np.concatenate([part.incorporated for part in parts]),
    )


def _drawn(counts: IonCounts, balance: Balance, factors: Factors, rng: np.random.Generator, number: int) -> FloatArray:
    """Counts of the ions that are compatible with the data, shape (number, ions, points)."""
    channels = counts.channels
    mean = channels.weights @ draw_intensity(channels.counts, counts.pulses, rng, number)
    if counts.relative is not None:
        mean = mean * counts.relative
    common = rng.normal(1.0, factors.common_factor, size=(number, 1, mean.shape[-1]))
    intensity = mean * np.maximum(common, 0.05)
    if counts.taken_off is not None and counts.taken_off_error is not None:
        share = counts.taken_off
        if counts.taken_off_error.any():
            share = share + counts.taken_off_error * rng.standard_normal((number, share.size))
        intensity -= share[..., None] * intensity[..., balance.bulk].mean(axis=-1, keepdims=True)
    return intensity


def incorporated_ions(density: FloatArray, balance: Balance, depth: FloatArray) -> FloatArray:
    """Gain of each ion per area between the surface and the bulk [1/m^2], negative for native ions, shape (ions,)."""
    inside = (np.arange(depth.size) < np.argmax(balance.bulk)) & (depth >= 0.0)
    return (density - balance.native[:, None])[:, inside] @ point_widths(depth)[inside]


def point_widths(depth: FloatArray) -> FloatArray:
    """Thickness that each point stands for, the first one from the surface on; shape of `depth` (..., points)."""
    middle = 0.5 * (depth[..., 1:] + depth[..., :-1])
    first = np.zeros_like(depth[..., :1])
    edges = np.concatenate([first, np.maximum(middle, 0.0), depth[..., -1:]], axis=-1)
    return np.diff(edges, axis=-1)


def smoothed(density: FloatArray) -> FloatArray:
    """Densities without their noise, shape (ions, points): interpolating the noisy ones would average it away."""
    from scipy.signal import savgol_filter

    points = density.shape[-1]
    window = min(SMOOTHING_POINTS, points - (points + 1) % 2)
    return np.asarray(savgol_filter(density, window, 2, axis=-1)) if window >= 3 else density


def shift(smooth: FloatArray, depth: FloatArray, depths: FloatArray) -> FloatArray:
    """Change of the density at the stated depths if the points lay at other ones, shape (resamples, ions, points).

    Args:
        smooth: densities without their noise [1/m^3], shape (ions, points).
        depth: as stated [m], shape (points,).
        depths: the other ones [m], shape (resamples, points).
    """
    return np.array([[np.interp(depth, drawn, row) for row in smooth] for drawn in depths]) - smooth
