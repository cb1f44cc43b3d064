"""Means over intervals of depth, as layers that were etched off show them, instead of values at points.

With H, the integral of the cumulative G of the response (`ionscape.profiling.resolution`), the mean of R_ij over the
interval from a to b is

    (H(b − e_j) − H(a − e_j) − H(b − e_{j+1}) + H(a − e_{j+1})) / (b − a)

    no response          H(z) = max(z, 0), so that R_ij is the part of the interval that lies in the cell
    Gaussian             H(z) = z Φ(z/σ) + σ φ(z/σ)
    any other response   the mean of R_ij at the middles of equal parts of the interval

As there, rows are divided by their sums, and the last cell goes on below.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arrays import FloatArray

from .resolution import DepthResponse, GaussianResponse

PARTS_PER_WIDTH = 4.0  # of the standard deviation of a response
MOST_PARTS = 64


def interval_matrix(response: DepthResponse, edges: ArrayLike, intervals: ArrayLike) -> FloatArray:
    """Operator on cell averages that gives their means over intervals, smeared by a response.

    Args:
        response: of the instrument.
        edges: of the cells [m], rising, shape (cells + 1,).
        intervals: upper and lower ends [m], shape (2, points).

    Returns:
        Shape (points, cells), not negative, each row summing to 1.
    """
    borders = np.asarray(edges, dtype=np.float64)
    upper, lower = np.asarray(intervals, dtype=np.float64)
    width = response.standard_deviation
    if width > 0.0 and not isinstance(response, GaussianResponse):
        most = float(np.max(lower - upper))
        count = min(max(math.ceil(PARTS_PER_WIDTH * most / width), 1), MOST_PARTS)
        middles = (np.arange(count) + 0.5) / count
        return np.mean([response.matrix(borders, upper + part * (lower - upper)) for part in middles], axis=0)
    below = borders.copy()
    below[-1] = np.inf
    integral = _integral(lower[:, None] - below, width) - _integral(upper[:, None] - below, width)
    parts = np.maximum(integral[:, :-1] - integral[:, 1:], 0.0)
    return parts / parts.sum(axis=1, keepdims=True)


def _integral(distance: FloatArray, width: float) -> FloatArray:
    """H of the module; 0 where the distance is −∞."""
    if width == 0.0:
        return np.maximum(distance, 0.0)
    from scipy.special import ndtr

    finite = np.where(np.isfinite(distance), distance, 0.0)
    scaled = finite / width
    found = finite * ndtr(scaled) + width * np.exp(-0.5 * scaled**2) / math.sqrt(2.0 * math.pi)
    return np.where(np.isfinite(distance), found, 0.0)
