"""Whether the residuals of a fit are those of noise: their size, and how alike neighbours in depth are.

At a data point with counts of K ions a whitened residual has K components. One of them, along the counts themselves, is
what the factor common to the ions does; its size was taken from the same data and tells nothing. The other K − 1 are
the shares of the ions, which the model predicts: e_k contrasts the ion k with those behind it. Of points and ions whose
expected counts are too few for normal noise none is formed; they would pull the mean square below 1.

If model and noise are right, e is normal with the covariance M = B (1 − J C Jᵀ) Bᵀ, which takes into account what the
fitted parameters have adapted to (B takes the shares of the residuals, J their derivatives, C the covariance of the
parameters). All statistics but one are quadratic forms Q = eᵀ W e, whose cumulants under M are

    κ_r = 2^(r − 1) (r − 1)! tr (W M)^r

and whose upper tail is that of the Pearson III distribution with the first three of them (exact for χ²; Solomon and
Stephens, J. Am. Stat. Assoc. 72 (1977) 881):

    size          W = 1: χ² of the shares
    neighbours    W_ij = 1 for 1 ≤ |i − j| ≤ L and the same contrast, L = 1, 4 and 12: products of residuals that are
                  neighbours, one within a front, or one within a plateau

and, which no single large residual can make,

    runs          too few changes of sign along the depth (Wald and Wolfowitz, Ann. Math. Stat. 11 (1940) 147).

The p-value of the fit is the least of all times their number (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray

from .forward import Evaluation, expected_counts
from .noise import whitening
from .problem import DataSet, FitProblem

SIGNIFICANT = 0.02
"""p-value below which a fit is called a misfit: at most one of fifty right models is."""
FEWEST_COUNTS = 5.0
"""Expected counts of an ion from which the noise of a residual is taken as normal."""
FEWEST_POINTS = 20
NEIGHBOURS = (1, 4, 12)
"""Distances in data points up to which residuals are compared."""
SHORTEST_STRETCH = 5
LEAST_SKEWNESS = 1e-6


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """What the residuals of a fit say of its model.

    Attributes:
        p_value: probability that a right model with this noise would give residuals as unlikely as these; NaN where
            there are too few points to tell.
        chi_square: of the shares of the ions where their counts are expected.
        degrees_of_freedom: what it would be with the right model.
        correlation: of neighbouring residuals; 0 for noise.
        size_p_value: of `chi_square` alone.
        order_p_value: of neighbours and runs, the smaller one times the number of these tests.
        data_set: name of the data set with the stretch below.
        ion: whose share is off there.
        stretch: depths between which the residuals are off most in one direction [m].
        excess: mean residual there in standard deviations; positive where more of the ion was measured than fitted.
    """

    p_value: float
    chi_square: float
    degrees_of_freedom: float
    correlation: float
    size_p_value: float
    order_p_value: float
    data_set: str
    ion: str
    stretch: tuple[float, float]
    excess: float

    @property
    def significant(self) -> bool:
        """Whether noise does not explain the residuals."""
        return self.p_value < SIGNIFICANT

    @property
    def reduced_chi_square(self) -> float:
        """χ² of the shares over its expectation."""
        return self.chi_square / self.degrees_of_freedom if self.degrees_of_freedom > 0.0 else math.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class _Shares:
    """Contrasts of one ion with those behind it along the depth.

    Attributes:
        data: the data set.
        ion: its name.
        depth: of the points that have one [m], shape (points,).
        rows: numbers of the residuals that each combines, shape (points, ions).
        weights: with which, shape (points, ions).
    """

    data: DataSet
    ion: str
    depth: FloatArray
    rows: NDArray[np.intp]
    weights: FloatArray


def judge_residuals(problem: FitProblem, evaluation: Evaluation, covariance: FloatArray) -> Misfit:
    """Judge the residuals of an optimum.

    Args:
        problem: that was fitted.
        evaluation: of the optimum, with derivatives.
        covariance: of the coordinates there, shape (parameters, parameters).
    """
    series = _series(problem, evaluation)
    sizes = np.array([part.depth.size for part in series], dtype=np.intp)
    places = np.repeat(np.arange(len(series)), sizes)
    few = places.size < FEWEST_POINTS
    # with errors that were stated the size alone tells something of few points too
    if few and (any(data.factor_errors is None for data in problem.datasets) or places.size <= len(problem.parameters)):
        return Misfit(
            p_value=math.nan, chi_square=math.nan, degrees_of_freedom=0.0, correlation=math.nan, size_p_value=math.nan,
            order_p_value=math.nan, data_set="", ion="", stretch=(math.nan, math.nan), excess=math.nan,
        )  # fmt: skip
    residual = np.concatenate([np.sum(part.weights * evaluation.residuals[part.rows], axis=1) for part in series])
    jacobian = np.concatenate(
        [np.einsum("pk,pkc->pc", part.weights, evaluation.jacobian[part.rows]) for part in series]
    )
    null = np.eye(residual.size) - jacobian @ covariance @ jacobian.T
    size = tail_of_form(residual, np.eye(residual.size), null)
    order: list[float] = []
    if not few:
        order = [tail_of_form(residual, neighbours(places, reach), null) for reach in NEIGHBOURS]
        order.append(too_few_runs([residual[places == number] for number in range(len(series))]))
    next_ones = neighbours(places, 1)
    worst = max(
        ((number, *farthest_stretch(residual[places == number])) for number in range(len(series))),
        key=lambda found: abs(found[3]) * math.sqrt(found[2] - found[1]),
    )
    number, start, stop, mean = worst
    part = series[number]
    return Misfit(
        p_value=min(1.0, (1 + len(order)) * min([size, *order])),
        chi_square=float(residual @ residual),
        degrees_of_freedom=float(np.trace(null)),
        correlation=float(residual @ next_ones @ residual / (residual @ residual) * residual.size / next_ones.sum()),
        size_p_value=size,
        order_p_value=min(1.0, len(order) * min(order)) if order else math.nan,
        data_set=part.data.name,
        ion=part.ion,
        stretch=(float(part.depth[start]), float(part.depth[stop - 1])),
        excess=float(mean),
    )


def _series(problem: FitProblem, evaluation: Evaluation) -> list[_Shares]:
    """The shares of all data sets, ion after ion, with the rows of the residuals of which they are made."""
    found: list[_Shares] = []
    begin = 0
    for number, data in enumerate(problem.datasets):
        if data.profile is None:
            begin += data.further_residuals
            continue
        if data.factor_errors is not None:
            found += _stated(data, rows=begin + np.arange(data.intensity.size).reshape(data.intensity.shape))
            begin += data.intensity.size + data.further_residuals
            continue
        counts = expected_counts(problem, number, evaluation)
        root, _ = whitening(data, problem.settings.discrepancy)
        rows = begin + np.arange(data.intensity.size).reshape(data.intensity.shape)
        begin += data.intensity.size + data.further_residuals
        common = counts / root
        behind = np.cumsum((common**2)[::-1], axis=0)[::-1] - common**2
        others = np.cumsum(counts[::-1], axis=0)[::-1] - counts
        for k, ion in enumerate(data.ions[:-1]):
            used = (counts[k] >= FEWEST_COUNTS) & (others[k] >= FEWEST_COUNTS)
            if not used.any():
                continue
            # orthogonal to the common direction and to the contrasts of the ions before
            weights = np.zeros((int(used.sum()), len(data.ions)))
            weights[:, k] = behind[k, used]
            weights[:, k + 1 :] = -(common[k] * common[k + 1 :])[:, used].T
            weights /= np.sqrt(np.sum(weights**2, axis=1, keepdims=True))
            found.append(_Shares(data=data, ion=ion, depth=data.depth[used], rows=rows[:, used].T, weights=weights))
    return found


def _stated(data: DataSet, rows: NDArray[np.intp]) -> list[_Shares]:
    """The residuals of stated densities, whose noise is normal and not common to the ions, as they are."""
    found: list[_Shares] = []
    for k, ion in enumerate(data.ions):
        used = np.isfinite(data.variance[k])
        weights = np.zeros((int(used.sum()), len(data.ions)))
        weights[:, k] = 1.0
        found.append(_Shares(data=data, ion=ion, depth=data.depth[used], rows=rows[:, used].T, weights=weights))
    return found


def neighbours(series: NDArray[np.intp], reach: int) -> FloatArray:
    """W of the statistic `neighbours`, shape (points, points): 1 for two of the same series at most `reach` apart.

    Args:
        series: number of the series of each point, points of a series in their order along the depth.
        reach: distance in points.
    """
    place = np.arange(series.size)
    distance = np.abs(place[:, None] - place[None, :])
    near = (distance >= 1) & (distance <= reach) & (series[:, None] == series[None, :])
    return near.astype(np.float64)


def tail_of_form(residual: FloatArray, form: FloatArray, covariance: FloatArray) -> float:
    """Probability that eᵀ W e of a normal e is larger than that of `residual`, by its first three cumulants.

    Args:
        residual: shape (points,).
        form: W, shape (points, points).
        covariance: of e, shape (points, points).
    """
    from scipy.special import ndtr
    from scipy.stats import chi2

    product = form @ covariance
    square = product @ product
    mean, variance = float(np.trace(product)), 2.0 * float(np.trace(square))
    third = 8.0 * float(np.sum(square * product.T))
    scaled = (float(residual @ form @ residual) - mean) / math.sqrt(variance)
    skewness = third / variance**1.5
    if abs(skewness) < LEAST_SKEWNESS:
        return float(ndtr(-scaled))
    # Pearson III: a shifted χ² of ν = 8/skewness² degrees of freedom, or its mirror image
    freedom = 8.0 / skewness**2
    place = freedom + math.copysign(math.sqrt(2.0 * freedom), skewness) * scaled
    return float(chi2.sf(place, freedom) if skewness > 0.0 else chi2.cdf(place, freedom))


def too_few_runs(series: Sequence[FloatArray]) -> float:
    """Probability of as few runs of residuals of one sign as these have, or fewer, were their signs independent."""
    from scipy.special import ndtr

    runs = expected = variance = 0.0
    for residual in series:
        positive = residual > 0.0
        above, count = float(positive.sum()), float(residual.size)
        below = count - above
        if above == 0.0 or below == 0.0 or count < 2.0:
            continue
        product = 2.0 * above * below
        runs += 1.0 + float(np.count_nonzero(positive[1:] != positive[:-1]))
        expected += 1.0 + product / count
        variance += product * (product - count) / (count**2 * (count - 1.0))
    return float(ndtr((runs + 0.5 - expected) / math.sqrt(variance))) if variance > 0.0 else 1.0


def farthest_stretch(residual: FloatArray) -> tuple[int, int, float]:
    """Neighbouring points whose mean residual is the most significant: start, stop, mean.

    At least five points and at most half of all, so that an offset that the parameters leave does not hide where it is.
    """
    total = np.concatenate([[0.0], np.cumsum(residual)])
    best, found = -1.0, (0, residual.size, float(residual.mean()))
    for length in range(min(SHORTEST_STRETCH, residual.size), max(residual.size // 2, SHORTEST_STRETCH) + 1):
        sums = total[length:] - total[:-length]
        if not sums.size:
            break
        start = int(np.argmax(np.abs(sums)))
        score = abs(float(sums[start])) / math.sqrt(length)
        if score > best:
            best, found = score, (start, start + length, float(sums[start]) / length)
    return found
