"""Whether the intervals of a least-squares fit end where the cost says: simulations at their ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import CHI_SQUARE_95, NORMAL_95
from ionscape.remarks import Remark

from .forward import Evaluation, ForwardModel
from .least_squares import AT_BOUND, WEAK_INFORMATION, StartResult, cost_of, loss_weights
from .parameters import Parameter
from .remarks import INTERVAL

if TYPE_CHECKING:
    import xarray

TOLERATED = 1.3
"""Factor by which the distance to the end of an interval may be wrong: the signed root of the rise by as much."""
LEAST_RISE, LARGEST_RISE = CHI_SQUARE_95 / TOLERATED**2, CHI_SQUARE_95 * TOLERATED**2
RISES = ("rise_at_lower_95", "rise_at_upper_95")
"""Names of the rises in the dataset of a result."""


def rises_at_ends(model: ForwardModel, best: StartResult, covariance: FloatArray) -> FloatArray:
    """Rise of the cost at the ends of the intervals of the experiment's parameters, shape (2, parameters).

    A parameter is displaced by ±1.96 standard errors and the others follow along the covariance, Δ = C[:, k]/C[k, k] d,
    all within their bounds. For a normal likelihood that is the profile, and the rise is 3.84. Otherwise the others
    would move on; what they would gain is taken from the derivatives there, as the first step of a refit would.

    Args:
        model: simulates the optimum, and twice for each parameter of the experiment.
        best: the optimum.
        covariance: of the coordinates, shape (parameters, parameters).

    Returns:
        Below and above; NaN for the parameters of the measurement and where a simulation failed.
    """
    parameters = model.problem.parameters
    rises = np.full((2, len(parameters)), np.nan)
    robust = model.problem.settings.robust
    optimum = model.evaluate(best.coordinates)
    if optimum is None:
        return rises
    # of the same simulations as the ends: those of the optimum may have been finer
    cost = cost_of(optimum.residuals, robust=robust)
    for place, parameter in enumerate(parameters):
        if parameter.kind != "experiment":
            continue
        for side, sign in enumerate((-1.0, 1.0)):
            end = model.evaluate(interval_end(best.coordinates, covariance, place, sign))
            if end is not None:
                rises[side, place] = cost_of(end.residuals, robust=robust) - _gain(end, place, robust=robust) - cost
    return rises


def _gain(end: Evaluation, held: int, *, robust: bool) -> float:
    """By how much one step of Gauss and Newton in all parameters but one lowers the cost, its model being right."""
    others = (end.coordinates > AT_BOUND) & (end.coordinates < 1.0 - AT_BOUND)
    others[held] = False
    weights = np.sqrt(loss_weights(end.residuals, robust=robust))
    jacobian = weights[:, None] * end.jacobian[:, others]
    gradient = jacobian.T @ (weights * end.residuals)
    information = jacobian.T @ jacobian
    # as in the covariance: what the data leave undetermined does not run beyond its bounds
    step = np.linalg.solve(information + WEAK_INFORMATION * np.eye(len(gradient)), gradient)
    return float(2.0 * gradient @ step - step @ information @ step)


def interval_end(optimum: FloatArray, covariance: FloatArray, place: int, sign: float) -> FloatArray:
    """Coordinates at an end of the 95 % interval of a parameter, the others along the covariance; shape (parameters,).

    Args:
        optimum: coordinates, shape (parameters,).
        covariance: of the coordinates, shape (parameters, parameters).
        place: of the parameter.
        sign: 1 for the upper end, -1 for the lower one.
    """
    own = optimum[place] + sign * NORMAL_95 * np.sqrt(covariance[place, place])
    displacement = np.clip(own, 0.0, 1.0) - optimum[place]
    return np.clip(optimum + covariance[:, place] / covariance[place, place] * displacement, 0.0, 1.0)


def rise_remarks(
    parameters: Sequence[Parameter], optimum: FloatArray, covariance: FloatArray, rises: FloatArray
) -> list[Remark]:
    """One remark for each parameter whose interval ends elsewhere than the cost says.

    An interval that ends at a bound cannot be too narrow there. A rise of `LEAST_RISE` or `LARGEST_RISE` puts the limit
    farther out or in by the factor `TOLERATED`, as far as the signed root of the rise is a straight line.

    Args:
        parameters: of the fit.
        optimum: coordinates, shape (parameters,).
        covariance: of the coordinates, shape (parameters, parameters).
        rises: from `rises_at_ends`.
    """
    found: list[Remark] = []
    for place, parameter in enumerate(parameters):
        far: dict[str, float] = {}
        for side, (sign, end) in enumerate(((-1.0, "lower"), (1.0, "upper"))):
            rise = float(rises[side, place])
            coordinate = interval_end(optimum, covariance, place, sign)[place]
            inside = AT_BOUND < coordinate < 1.0 - AT_BOUND
            if rise > LARGEST_RISE or (rise < LEAST_RISE and inside):
                far[end] = rise
        if far:
            found.append(INTERVAL(parameter.name, **far))
    return found


def without_rise_remarks(remarks: Iterable[Remark], names: Collection[str]) -> list[Remark]:
    """The remarks but for those of `rise_remarks` about the parameters of these names."""
    return [remark for remark in remarks if remark.code != INTERVAL.code or remark.about[0] not in names]


def without_rises(dataset: xarray.Dataset, places: Sequence[int]) -> xarray.Dataset:
    """The dataset with NaN for the rises of parameters whose intervals are not those of least squares any more."""
    changed = {}
    for name in RISES:
        if name in dataset:
            values = np.array(dataset[name].values, dtype=float)
            values[list(places)] = np.nan
            changed[name] = ("parameter", values, dataset[name].attrs)
    return dataset.assign(changed)
