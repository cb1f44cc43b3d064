"""Attempt frequencies from measured conductivities (Bosi 2021 V)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.glass import LiteratureGlass


@dataclass(frozen=True, kw_only=True, eq=False)
class FrequencyFit:
    """Attempt frequencies that reproduce measured conductivities.

    Attributes:
        frequency: [Hz], shape (compositions,); NaN where nothing was measured.
        relative_error: standard error of its natural logarithm, of measurements and model, shape (compositions,).
        glasses: measured glasses that entered, shape (compositions,).
        common: one frequency for all measured glasses [Hz]; NaN if there are none.
        common_relative_error: standard error of its natural logarithm, of measurements and model.
        common_glasses: how many measured glasses.
    """

    frequency: FloatArray
    relative_error: FloatArray
    glasses: NDArray[np.int64]
    common: float
    common_relative_error: float
    common_glasses: int


def fit_attempt_frequency(
    conductivity: FloatArray,
    *,
    borate_fractions: Sequence[float],
    temperatures: Sequence[float],
    attempt_frequency: float,
    measured: Sequence[LiteratureGlass],
    composition_tolerance: float,
    error: float,
    conductivity_error: FloatArray | None = None,
) -> FrequencyFit:
    """Find attempt frequencies by least squares to the logarithms of measured conductivities (Bosi 2021 V.A).

    A conductivity is proportional to the attempt frequency, so that the best one is a geometric mean of ratios.
    Measurements at temperatures outside those of the model are left out; between them ln(σT) is linear in 1/T. For the
    common frequency, ln(σ) is linear in x between the compositions.

    A measured glass counts once, with the mean over its temperatures: they share its composition, electrodes and
    geometry. Its standard deviation is `error`, or that of its temperatures about their mean if it is larger. The error
    of the model is added in quadrature, once per composition: all glasses are compared with the same landscapes. For
    the common frequency it is the mean of the relative errors, since compositions share their random numbers.

    Args:
        conductivity: of the model [S/m], shape (compositions, temperatures).
        borate_fractions: x of the compositions.
        temperatures: [K].
        attempt_frequency: with which the conductivities were calculated [Hz].
        measured: glasses with conductivities.
        composition_tolerance: by how much x of a measured glass may differ to count for a composition.
        error: standard deviation of the decadic logarithm of the conductivity of a measured glass.
        conductivity_error: standard error of the model's conductivity [S/m], same shape; 0 if None. NaN, as of a single
            landscape, makes the errors of the frequencies NaN.
    """
    places = np.asarray(borate_fractions)
    order = np.argsort(places)
    relative = np.zeros_like(conductivity) if conductivity_error is None else conductivity_error / conductivity
    own: list[list[_Ratio]] = [[] for _ in places]
    every: list[_Ratio] = []
    for glass in measured:
        x = glass.borate_fraction
        rows = [
            (math.log(value) - calculated, _at_temperature(relative, temperatures, temperature))
            for temperature, value in glass.conductivity.items()
            if (calculated := _log_conductivity(conductivity, temperatures, temperature)) is not None
        ]
        if not rows:
            continue
        # shape (temperatures of this glass, compositions)
        ratios, errors = (np.array(column) for column in zip(*rows, strict=True))
        nearest = int(np.argmin(np.abs(places - x)))
        if abs(places[nearest] - x) <= composition_tolerance:
            own[nearest].append(_ratio(ratios[:, nearest], errors[:, nearest], single=error))
        if places.min() - composition_tolerance <= x <= places.max() + composition_tolerance:
            weights = np.array([np.interp(x, places[order], row) for row in np.eye(len(places))])
            weights[order] = weights.copy()
            every.append(_ratio(ratios @ weights, errors @ weights, single=error))
    means = [_mean_and_error(ratios) for ratios in own]
    common, common_error = _mean_and_error(every)
    return FrequencyFit(
        frequency=attempt_frequency * np.exp(np.array([mean for mean, _ in means])),
        relative_error=np.array([deviation for _, deviation in means]),
        glasses=np.array([len(ratios) for ratios in own]),
        common=attempt_frequency * math.exp(common),
        common_relative_error=common_error,
        common_glasses=len(every),
    )


@dataclass(frozen=True, kw_only=True)
class _Ratio:
    """ln(measured / calculated conductivity) of one glass, its standard deviation, and the error of the model."""

    value: float
    measured_error: float
    model_error: float


def _ratio(values: FloatArray, model_errors: FloatArray, *, single: float) -> _Ratio:
    """Of one glass, from its temperatures; `single` is the given standard deviation in decades."""
    scatter = float(np.std(values, ddof=1)) if values.size > 1 else 0.0
    return _Ratio(
        value=float(values.mean()),
        measured_error=max(math.log(10.0) * single, scatter),
        model_error=float(model_errors.mean()),
    )


def interpolated_frequencies(fit: FrequencyFit, borate_fractions: Sequence[float]) -> FloatArray:
    """Fitted frequencies [Hz], those of compositions without measurements from their neighbours.

    The logarithm is linear in x between fitted compositions and constant outside; NaN if none was fitted.
    """
    places, known = np.asarray(borate_fractions), np.isfinite(fit.frequency)
    if not known.any():
        return np.full(len(places), np.nan)
    order = np.argsort(places[known])
    logarithms = np.interp(places, places[known][order], np.log(fit.frequency[known])[order])
    return np.where(known, fit.frequency, np.exp(logarithms))


def _log_conductivity(conductivity: FloatArray, temperatures: Sequence[float], temperature: float) -> FloatArray | None:
    """Ln σ of all compositions at a temperature between those of the model; None outside."""
    inverse = 1.0 / np.asarray(temperatures)
    slack = 1e-3 * inverse.max()  # 0.3 K at room temperature: rounded temperatures are the same ones
    if not inverse.min() - slack <= 1.0 / temperature <= inverse.max() + slack:
        return None
    with np.errstate(divide="ignore"):
        logarithms = np.log(conductivity * np.asarray(temperatures))
    return _at_temperature(logarithms, temperatures, temperature) - math.log(temperature)


def _at_temperature(values: FloatArray, temperatures: Sequence[float], temperature: float) -> FloatArray:
    """Values of all compositions at a temperature, linear in 1/T between those of the model."""
    inverse = 1.0 / np.asarray(temperatures)
    order = np.argsort(inverse)
    return np.array([float(np.interp(1.0 / temperature, inverse[order], row)) for row in values[:, order]])


def _mean_and_error(ratios: Sequence[_Ratio]) -> tuple[float, float]:
    """Mean over glasses, and its standard error.

    That of the measurements is the one that their standard deviations give, or that of their scatter if it is larger;
    the error of the model does not become smaller with more glasses.
    """
    count = len(ratios)
    if not count:
        return math.nan, math.nan
    values = [ratio.value for ratio in ratios]
    given = math.sqrt(math.fsum(ratio.measured_error**2 for ratio in ratios)) / count
    scatter = float(np.std(values, ddof=1)) / math.sqrt(count) if count > 1 else 0.0
    model = math.fsum(ratio.model_error for ratio in ratios) / count
    return float(np.mean(values)), math.hypot(max(given, scatter), model)
