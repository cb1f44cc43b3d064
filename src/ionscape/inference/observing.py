"""What of a simulated profile the points of a data set show: values at depths or means of intervals, and factors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.profiling.intervals import interval_matrix
from ionscape.profiling.resolution import DepthResponse

from .data_set import DataSet


def factors_at(data: DataSet, own: Mapping[str, int], values: FloatArray) -> FloatArray:
    """Density per count of each ion, or that over the stated one, shape (ions,).

    Args:
        data: the data set.
        own: places of its parameters by what they are.
        values: of all parameters, shape (parameters,).
    """
    places = [own.get(f"sensitivity_factor.{ion}") for ion in data.ions]
    fixed = zip(places, data.factors, strict=True)
    return np.array([float(factor) if place is None else values[place] for place, factor in fixed])


def smear_matrix(
    response: DepthResponse, edges: FloatArray, data: DataSet, stretch: float, offset: float
) -> FloatArray:
    """Operator from cell averages to what is observed at the points of a data set, shape (points, cells).

    Args:
        response: of the instrument.
        edges: of the cells [m], shape (cells + 1,).
        data: the data set.
        stretch: factor of its depths.
        offset: that is added to them [m].
    """
    if data.intervals is None:
        return response.matrix(edges, stretch * data.depth + offset)
    return interval_matrix(response, edges, stretch * data.intervals + offset)
