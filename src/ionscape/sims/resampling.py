"""What else the data could have meant: a calibration repeated for drawn counts, common factors and depth scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import densities
from .channels import IonCounts
from .counting import draw_intensity
from .crater import DepthScale
from .densities import Balance, Factors
from .raw import FloatArray
from .settings import DensityMethod

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
    scale: DepthScale,
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
    channels = counts.channels
    drawn = channels.weights @ draw_intensity(channels.counts, counts.pulses, rng, size)
    common = rng.normal(1.0, factors.common_factor, size=(size, 1, depth.size))
    intensity = drawn * np.maximum(common, 0.05)
    if method == "charge-balance":
        values = densities.refit_charge_balance(factors, intensity, counts.variance, balance)
    elif method == "summed-intensities":
        values = densities.equal_sensitivity_factors(intensity, balance)
    else:
        values = densities.papers_factors(intensity, balance)
    density = densities.shared_out(
        method, values, intensity, counts.variance, balance, common_factor=factors.common_factor
    )
    depths = scale.draw_depths(time, rng, size)
    widths = point_widths(depths)
    inside = (np.arange(depth.size) < np.argmax(balance.bulk)) & (depth >= 0.0)
    gained = density - balance.native[:, None]
    incorporated = np.einsum("rip,rp->ri", gained[..., inside], widths[:, inside])
    return Resampled(
        density=density + _shift(densities.densities_of(method, counts, balance, factors), depth, depths),
        factors=values,
        incorporated=incorporated,
    )


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


def _shift(density: FloatArray, depth: FloatArray, depths: FloatArray) -> FloatArray:
    """Change of the density at the stated depths if the points lay at other ones, shape (resamples, ions, points).

    Taken from the smoothed profile: interpolating the noisy one would average its noise away.
    """
    from scipy.signal import savgol_filter

    window = min(SMOOTHING_POINTS, depth.size - (depth.size + 1) % 2)
    smooth: FloatArray = np.asarray(savgol_filter(density, window, 2, axis=-1)) if window >= 3 else density
    shifted = np.array([[np.interp(depth, drawn, row) for row in smooth] for drawn in depths])
    return shifted - smooth
