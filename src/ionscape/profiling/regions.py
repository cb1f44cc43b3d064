"""Where the glass begins, where the sputter transient ends and where the bulk begins, if nobody says so."""

from __future__ import annotations

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

BULK_SHARE = 0.15
"""Deepest part of a profile that is taken for bulk to begin with."""
BULK_TOLERANCE = 0.01
"""Relative deviation of the native counts from the bulk that ends the bulk, beyond their noise."""
FEWEST_BULK_POINTS = 8
FEWEST_SURFACE_COUNTS = 25.0
STEADY_POINTS = 10
"""Length of the run of points, nine in ten of which must obey the charge balance, that ends the sputter transient."""


def surface_time(time: FloatArray, intensity: FloatArray) -> float:
    """Sputter time at which the surface of the glass is reached [s].

    Through an adsorbed layer the counts of every ion rise. Where any ion has half of its own highest level near the
    surface there is glass: an ion that is exchanged for another one there does not count as a rise. Without a rise the
    surface is where the sputtering began, 0 s.

    Args:
        time: sputter time of the points [s], shape (points,).
        intensity: counts of the ions, shape (ions, points).
    """
    from scipy.ndimage import median_filter

    near = max(20, time.size // 5)
    level = median_filter(intensity[:, :near], size=(1, 5), mode="nearest").max(axis=1)
    seen = level >= FEWEST_SURFACE_COUNTS
    if not seen.any():
        return 0.0
    risen = (intensity[seen] / level[seen, None]).max(axis=0)
    above = np.flatnonzero(risen >= 0.5)
    first = int(above[0]) if above.size else 0
    if first == 0:
        return 0.0
    share = (0.5 - risen[first - 1]) / (risen[first] - risen[first - 1])
    return float(time[first - 1] + share * (time[first] - time[first - 1]))


def bulk_start(native: FloatArray, variance: FloatArray, *, common_factor: float) -> int:
    """First point of the unchanged bulk.

    Blocks of points are added from the deep end as long as their mean agrees with the bulk so far.

    Args:
        native: counts of the native ions together, shape (points,).
        variance: their variance by counting, shape (points,).
        common_factor: relative standard deviation of the factor shared by all channels.

    Raises:
        InputError: the native ions do not level off.
    """
    points = native.size
    block = max(4, points // 60)
    start = points - max(FEWEST_BULK_POINTS, round(BULK_SHARE * points))
    if start <= block:
        raise _no_bulk()
    first_half, second_half = np.array_split(native[start:], 2)
    noise = _noise(native[start:], variance[start:], common_factor)
    if abs(first_half.mean() - second_half.mean()) > BULK_TOLERANCE * native[start:].mean() + 4.0 * noise / np.sqrt(
        first_half.size
    ):
        raise _no_bulk()
    while start >= block:
        level = native[start:].mean()
        piece = slice(start - block, start)
        error = _noise(native[piece], variance[piece], common_factor) / np.sqrt(block)
        if abs(native[piece].mean() - level) > BULK_TOLERANCE * level + 3.0 * error:
            break
        start -= block
    # the foot of the front begins before it exceeds the noise
    return min(start + 2 * block, points - FEWEST_BULK_POINTS)


def transient_end(deviation: FloatArray) -> int | None:
    """First point behind the sputter transient.

    Args:
        deviation: of the charge balance from its bulk value in standard deviations, from the surface on, shape
            (points,).

    Returns:
        Its place from the surface on; None where the balance is nowhere steady or the points are too few to tell.
    """
    if deviation.size < STEADY_POINTS:
        return None
    steady = np.abs(deviation) < 3.0
    run = np.convolve(steady, np.ones(STEADY_POINTS), mode="valid")
    candidates = np.flatnonzero((run >= 0.9 * STEADY_POINTS) & steady[: run.size])
    if not candidates.size:
        return None
    # What has decayed from a hundred to three standard deviations needs as long again to drown in the mean of many
    # points.
    return min(2 * int(candidates[0]), deviation.size - 1)


def _noise(native: FloatArray, variance: FloatArray, common_factor: float) -> float:
    return float(np.sqrt(variance.mean() + (common_factor * native.mean()) ** 2))


def _no_bulk() -> InputError:
    return InputError(
        "has no depth at which the native ions level off",
        remedy="measure deeper, or give the depths of the unchanged glass as bulk_region",
    )
