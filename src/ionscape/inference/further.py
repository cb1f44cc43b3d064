"""Residuals of what was measured beside a profile: the charge, the current over time, the readings of the plate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.transport import SimulationResult

from .data_set import DataSet, irradiation_stages
from .predictions import Moved, predictions


def further_residuals(data: DataSet, result: SimulationResult, moved: Sequence[Moved]) -> tuple[FloatArray, FloatArray]:
    """Residuals in standard deviations, (calculated − measured)/error, and their derivatives by the coordinates.

    Args:
        data: the data set.
        result: its simulation.
        moved: the experiment with each of the parameters moved; none where no derivatives are wanted.

    Returns:
        Shapes (residuals,) and (residuals, len(moved)).
    """
    residuals, slopes = [np.zeros(0)], [np.zeros((0, len(moved)))]
    if data.observed_charge is not None:
        value, error = data.observed_charge
        total, slope = _charge(data, result, moved)
        residuals.append(np.array([(total - value) / error]))
        slopes.append(slope[None] / error)
    if data.current_curve is not None:
        times, currents, errors = data.current_curve
        own = result.dataset["time"].values
        apart = without_common(currents / errors, data.current_common_error)
        residuals.append(apart @ ((np.interp(times, own, result.dataset["current"].values) - currents) / errors))
        by_parameter = [
            np.zeros(times.size) if each.column is None
            else np.interp(times, own, result.dataset["current_slope"].values[:, each.column])
            for each in moved
        ]  # fmt: skip
        slopes.append(apart @ (np.array(by_parameter).reshape(len(moved), times.size).T / errors[:, None]))
    if data.readings:
        values, changes = predictions(result, data.readings, moved)
        errors = np.array([reading.error for reading in data.readings])
        residuals.append((values - np.array([reading.value for reading in data.readings])) / errors)
        slopes.append(changes / errors[:, None])
    return np.concatenate(residuals), np.concatenate(slopes)


def without_common(values: FloatArray, common: float) -> FloatArray:
    """The matrix that makes residuals independent whose values share a factor, (points, points).

    Residuals in their own standard deviations have the covariance 1 + c² u uᵀ, with the values u in the same and the
    relative standard deviation c of the factor; this is its inverse root.

    Args:
        values: measured, in standard deviations (points,).
        common: c.
    """
    square = float(values @ values)
    shrinking = (1.0 - 1.0 / np.sqrt(1.0 + common**2 * square)) / square
    return np.eye(values.size) - shrinking * np.outer(values, values)


def _charge(data: DataSet, result: SimulationResult, moved: Sequence[Moved]) -> tuple[float, FloatArray]:
    """Charge through the back of all irradiation stages [C], and its derivatives, shape (len(moved),)."""
    dataset = result.dataset
    stages, charge = dataset["stage"].values, dataset["collected_charge"].values
    total, slope = 0.0, np.zeros(len(moved))
    for number in irradiation_stages(data.experiment):
        last = int(np.flatnonzero(stages == number)[-1])
        before = int(np.flatnonzero(stages < number)[-1]) if np.any(stages < number) else 0
        total += float(charge[last].sum() - charge[before].sum())
        for place, each in enumerate(moved):
            if each.column is not None:
                by_parameter = dataset["collected_charge_slope"].values[..., each.column]
                slope[place] += by_parameter[last].sum() - by_parameter[before].sum()
    return total, slope
