"""From displacements to diffusion coefficients: lags, where the slope no longer falls, errors from replicas."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray

SAMPLES = 1024
"""Times at which a replica is looked at."""
WINDOWS = 64
"""Stretches of a replica, at the ends of which the displacements of single ions are kept."""
LAGS = tuple(2**power for power in range(10))
"""In samples."""
ALLOWANCE = 0.25
"""Part of the error asked for by which a longer lag may have a lower slope and count as equal; the error has it too."""


def collective_displacements(corrected: FloatArray) -> FloatArray:
    """Mean-square displacement at each lag, from all pairs of samples (lags,).

    Args:
        corrected: at the begin and at each sample (SAMPLES + 1,).
    """
    found = [float(np.mean((corrected[lag:] - corrected[:-lag]) ** 2)) for lag in LAGS]
    return np.array(found, dtype=np.float64)


def single_displacements(squares: FloatArray, moved: NDArray[np.int32]) -> FloatArray:
    """Sum of the squared displacements of the ions at each lag (lags,).

    Lags within a window are counted from its begin, longer ones between all ends of windows that are so far apart.

    Args:
        squares: their sum since the begin of each window, at its samples (WINDOWS, samples of a window).
        moved: displacement of each ion during each window (WINDOWS, ions).
    """
    each = squares.shape[1]
    places = np.zeros((WINDOWS + 1, moved.shape[1]), np.int32)
    np.cumsum(moved, axis=0, out=places[1:])
    found: list[float] = []
    for lag in LAGS:
        if lag <= each:
            found.append(float(squares[:, lag - 1].mean()))
        else:
            changes = (places[lag // each :] - places[: -(lag // each)]).astype(np.float64)
            found.append(float(np.einsum("ij,ij->", changes, changes)) / len(changes))
    return np.array(found, dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Control:
    """Something of each replica whose mean is known, by which the noise that slopes share with it is taken off.

    Attributes:
        values: of each replica (replicas,).
        mean: that is known.
    """

    values: FloatArray = field(repr=False)
    mean: float

    def adjusted(self, values: FloatArray) -> FloatArray:
        """Values of each replica (replicas, n), less their regression on what is known: a control variate."""
        excess = self.values - self.values.mean()
        scatter = float(excess @ excess)
        if scatter == 0.0:
            return values
        factors: FloatArray = excess @ (values - values.mean(axis=0)) / scatter
        return values - (self.values - self.mean)[:, None] * factors


@dataclass(frozen=True, kw_only=True, eq=False)
class Slopes:
    """Half the slope of a mean-square displacement, between each lag and twice it, for each replica.

    In equilibrium it falls with the lag, to the diffusion coefficient: dynamics that obey detailed balance have a
    mean-square displacement of which the second derivative is a sum of falling exponentials with one sign.

    Attributes:
        values: (replicas, lags - 1).
        lag: from which it is not seen to fall, as an index; None if it falls to the end.
        used: index at which the slope is taken, one lag further; the last one where `lag` is None.
        resolution: error of the difference to the slope one lag further, or half of that two lags further: what could
            be seen of a fall.
        tolerated: fall, relative, that was not counted as one.
    """

    values: FloatArray = field(repr=False)
    lag: int | None
    used: int
    resolution: float
    tolerated: float

    @property
    def of_replicas(self) -> FloatArray:
        """At the lag that is used (replicas,)."""
        return self.values[:, self.used]

    @property
    def mean(self) -> float:
        """Over the replicas."""
        return float(self.of_replicas.mean())

    @property
    def error(self) -> float:
        """Standard error of the mean over the replicas, and the fall that is tolerated."""
        return math.hypot(standard_error(self.of_replicas), self.tolerated * self.mean)

    @property
    def relative_error(self) -> float:
        """The larger one of error and resolution, over the mean; infinite where that is 0."""
        return max(self.error, self.resolution) / self.mean if self.mean > 0.0 else math.inf


def slopes(
    displacements: FloatArray, lags: FloatArray, *, target: float, control: Control | None = None, least: float = 0.0,
    shortest: float = 0.0,
) -> Slopes:  # fmt: skip
    """Slopes of mean-square displacements, and from which lag on they are constant.

    A lag counts if no slope at a longer one is lower by more than two standard errors of the difference, taken replica
    by replica, and a part of the error asked for. The slope is then taken one lag further, for what was not seen.

    Args:
        displacements: mean-square displacement of each replica (replicas, lags).
        lags: times, each twice the one before.
        target: relative error asked for.
        control: that is known better than the slopes.
        least: mean-square displacement at the lag that is used.
        shortest: lag that may be used.
    """
    values = np.diff(displacements, axis=1) / (2.0 * np.diff(lags))
    values = values if control is None else control.adjusted(values)
    last = values.shape[1] - 1
    means = values.mean(axis=0)
    tolerated = ALLOWANCE * target
    far_enough = (displacements.mean(axis=0) >= least) & (lags >= shortest)
    for lag in range(last - 1):
        if not far_enough[lag + 1]:
            continue
        differences = values[:, [lag]] - values[:, lag + 1 :]
        errors = np.array([standard_error(column) for column in differences.T])
        equal = differences.mean(axis=0) <= 2.0 * errors + tolerated * abs(means[lag])
        if equal.all():
            seen = max(float(errors[0]), 0.5 * float(errors[1]))
            return Slopes(values=values, lag=lag, used=lag + 1, resolution=seen, tolerated=tolerated)
    return Slopes(values=values, lag=None, used=last, resolution=math.inf, tolerated=tolerated)


def standard_error(values: FloatArray) -> float:
    """Of the mean of independent values."""
    return float(np.std(values, ddof=1)) / math.sqrt(values.size)


def ratio(numerator: Slopes, denominator: Slopes, *, same: bool) -> tuple[float, float]:
    """Ratio of two diffusion coefficients and its error, to first order.

    Args:
        numerator: one of them.
        denominator: the other one.
        same: whether both are of the same replicas, whose noise they share in part.
    """
    value = numerator.mean / denominator.mean
    if not same:
        return value, abs(value) * math.hypot(numerator.error / numerator.mean, denominator.error / denominator.mean)
    shared = standard_error(numerator.of_replicas - value * denominator.of_replicas) / abs(denominator.mean)
    return value, math.hypot(shared, value * numerator.tolerated, value * denominator.tolerated)
