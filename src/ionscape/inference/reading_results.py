"""What a fit says of its readings: measured and fitted values, residuals and pulls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.remarks import Remark

from .least_squares import StartResult
from .problem import FitProblem
from .remarks import MISSED_READING

if TYPE_CHECKING:
    import xarray

LEAST_FREEDOM = 1e-3
"""Share of its variance that a residual must keep beside the parameters, so that it can contradict them."""
LARGEST_PULL = 3.0
CHARGE = "charge through the back"


def reading_variables(problem: FitProblem, best: StartResult, covariance: FloatArray) -> dict[str, Any]:
    """Variables over `reading`: every charge, stress, layer and effective index; none where nothing was read.

    A pull is the residual over the standard deviation that it has if model and errors are right, (1 − JCJ')^½: less
    than one, since the parameters follow each reading. It is NaN where a reading alone determines a parameter.

    Args:
        problem: what was fitted.
        best: its optimum, with derivatives.
        covariance: of the coordinates, shape (parameters, parameters).
    """
    rows: list[tuple[str, str, str, float, float, int]] = []
    begin = 0
    for data in problem.datasets:
        begin += data.intensity.size
        if data.observed_charge is not None:
            rows.append((data.name, CHARGE, "C", *data.observed_charge, begin))
        first = begin + data.further_residuals - len(data.readings)
        rows += [(data.name, reading.name, reading.unit, reading.value, reading.error, first + place)
                 for place, reading in enumerate(data.readings)]  # fmt: skip
        begin += data.further_residuals
    if not rows:
        return {}
    sets, names, units, measured, errors, places = zip(*rows, strict=True)
    # the residuals of the search are calculated less measured; shown is the other sign, as of profiles
    residual = -best.evaluation.residuals[list(places)]
    jacobian = best.evaluation.jacobian[list(places)]
    freedom = 1.0 - np.einsum("rp,pq,rq->r", jacobian, covariance, jacobian)
    pull = np.where(freedom > LEAST_FREEDOM, residual / np.sqrt(np.maximum(freedom, LEAST_FREEDOM)), math.nan)
    deviations = {"units": "1", "long_name": "measured less fitted, in standard deviations"}
    own = {"long_name": "in the unit of the reading"}
    return {
        "reading": ("reading", list(names), {"long_name": "what was read"}),
        "reading_data_set": ("reading", list(sets)),
        "reading_unit": ("reading", list(units)),
        "reading_measured": ("reading", np.array(measured), own),
        "reading_error": ("reading", np.array(errors), own),
        "reading_fitted": ("reading", np.array(measured) - np.array(errors) * residual, own),
        "reading_residual": ("reading", residual, deviations),
        "reading_pull": ("reading", pull, {"units": "1", "long_name": "residual over its own standard deviation"}),
    }


def stored_readings(data: xarray.Dataset) -> list[dict[str, Any]]:
    """The readings of a stored fit, for its summary and its report; pulls that are not known are None."""
    if "reading_measured" not in data:
        return []
    texts = {"reading": "reading", "data_set": "reading_data_set", "unit": "reading_unit"}
    numbers = ("measured", "error", "fitted", "residual", "pull")
    found: list[dict[str, Any]] = []
    for place in range(data.sizes["reading"]):
        entry: dict[str, Any] = {key: str(data[name].values[place]) for key, name in texts.items()}
        for key in numbers:
            value = float(data[f"reading_{key}"].values[place])
            entry[key] = value if math.isfinite(value) else None
        found.append(entry)
    return found


def reading_remarks(problem: FitProblem, best: StartResult, covariance: FloatArray) -> list[Remark]:
    """Readings that the fit misses by more than their errors explain."""
    found = reading_variables(problem, best, covariance)
    if not found:
        return []
    names, pulls = found["reading"][1], found["reading_pull"][1]
    return [
        MISSED_READING(reading=name, data_set=data_set, pull=float(pull))
        for name, data_set, pull in zip(names, found["reading_data_set"][1], pulls, strict=True)
        if abs(pull) > LARGEST_PULL
    ]
