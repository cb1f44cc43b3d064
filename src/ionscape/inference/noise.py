"""The noise of a data set: what makes residuals of counts independent and of unit variance, and what widens them.

See `ionscape.inference.forward` for the error model, `ionscape.inference.discrepancy` for what a model leaves out.
"""

from __future__ import annotations

import numpy as np

from ionscape.arrays import FloatArray

from .discrepancy import departures, root_of
from .problem import DataSet, FitProblem

SMOOTHED_POINTS = 9


def whitening(data: DataSet, discrepancy: float) -> tuple[FloatArray, FloatArray]:
    """Square roots of the counting variances, and s m over them, each of shape (ions, points).

    Args:
        data: the data set.
        discrepancy: relative one that is stated.
    """
    from scipy.ndimage import uniform_filter1d

    level = np.maximum(uniform_filter1d(data.intensity, SMOOTHED_POINTS, axis=1, mode="nearest"), 0.0)
    root = np.sqrt(data.variance + (discrepancy * level) ** 2)
    return root, data.common_factor * level / root


def whitened(scaled: FloatArray, common: FloatArray) -> FloatArray:
    """(1 + a aᵀ)^(-1/2) applied to every point, with a in `common`; both of shape (ions, points)."""
    size = np.sum(common**2, axis=0)
    share = np.where(size > 0.0, (1.0 - 1.0 / np.sqrt(1.0 + size)) / np.where(size > 0.0, size, 1.0), 0.0)
    return scaled - share * common * np.sum(common * scaled, axis=0)


def whitened_counts(problem: FitProblem, number: int, counts: FloatArray) -> FloatArray:
    """Counts that are added to the data as a change of their residuals by noise alone, shape (ions · points,).

    Args:
        problem: that is fitted.
        number: of the data set.
        counts: shape (ions, points).
    """
    root, common = whitening(problem.datasets[number], problem.settings.discrepancy)
    return whitened(counts / root, common).ravel()


def share_responses(data: DataSet, discrepancy: float) -> FloatArray:
    """Change of the whitened residual of ion i where the share of ion k in the charge changes by one.

    Args:
        data: the data set.
        discrepancy: relative one that is stated.

    Returns:
        Shape (ions, ions, points).
    """
    root, common = whitening(data, discrepancy)
    counts = data.charge_density / np.abs(data.charges) / data.factors
    ions, points = root.shape
    found = np.empty((ions, ions, points))
    for k in range(ions):
        change = np.zeros((ions, points))
        change[k] = counts[k]
        found[:, k] = whitened(change / root, common)
    return found


def discrepancy_root(problem: FitProblem, number: int) -> FloatArray:
    """Root of the covariance of the whitened residuals of a data set, with its discrepancy: lower triangular."""
    data = problem.datasets[number]
    own = data.discrepancy
    assert own is not None
    responses = share_responses(data, problem.settings.discrepancy)
    return root_of(departures(data.depth, own.shares, responses, own.length), own.size, own.directions)
