"""What the ratio of two isotopes along a profile says about interference and saturation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .counting import intensity_variance
from .isotopes import ISOTOPES, abundances
from .raw import RawProfile

IsotopeVerdict = Literal["natural", "constant but not natural", "interference or saturation", "too few counts"]

# Ions of neighbouring masses leave the surface and pass the instrument with probabilities that differ by up to a few
# per cent; only beyond that is a ratio not the natural one.
MASS_FRACTIONATION = 0.05
# Isotope pairs of real profiles scatter with a reduced chi-square between 1 and 1.5.
LARGEST_REDUCED_CHI_SQUARE = 2.0
LARGEST_RELATIVE_ERROR = 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class IsotopeRatio:
    """Ratio of two isotopes of one element along a profile; errors are those of counting alone.

    Attributes:
        numerator: name of a channel.
        denominator: name of a channel.
        element: symbol.
        ratio: at each data point, shape (points,); NaN where the denominator has no counts.
        error: one standard deviation of `ratio`, shape (points,); NaN where `ratio` is.
        expected: natural ratio, or that of the overridden abundances.
        expected_interval: the smallest and the largest natural ratio where the abundances are given as intervals.
        mean: weighted mean ratio; NaN without counts.
        mean_error: one standard deviation of `mean`.
        chi_square_constant: reduced chi-square of a ratio that is `mean` everywhere.
        chi_square_expected: reduced chi-square of a ratio that is `expected` everywhere.
        points: number of data points with counts, on which both chi-squares rest.
        verdict: "natural", "constant but not natural" (an enriched material, or an interference in proportion),
            "interference or saturation" (the ratio changes along the profile), or "too few counts".
    """

    numerator: str
    denominator: str
    element: str
    ratio: FloatArray
    error: FloatArray
    expected: float
    expected_interval: tuple[float, float] | None
    mean: float
    mean_error: float
    chi_square_constant: float
    chi_square_expected: float
    points: int
    verdict: IsotopeVerdict


def isotope_ratio(
    raw: RawProfile,
    numerator: str,
    denominator: str,
    *,
    pulses: int | None,
    overrides: Mapping[str, float] | None = None,
) -> IsotopeRatio:
    """Compare two isotopes of an element along a profile.

    With A and B the counts of both channels and r the true ratio, A - r B has the mean 0 and, for pure counting, the
    variance v(A) + r^2 v(B), taken at the counts that A + B lets expect, r (A + B)/(1 + r) and (A + B)/(1 + r). So
    taken, the sum of squares is a fair measure also for a handful of counts, where an error from A and B themselves
    is not. The mean solves sum(w (A - r B)) = 0 with w the inverse of the excess of the variance over r (A + B).

    Args:
        raw: profile with both channels, Poisson-corrected or not.
        numerator: name of a channel of one isotope.
        denominator: name of a channel of another isotope of the same element.
        pulses: primary pulses per data point if the counts are Poisson-corrected; None otherwise.
        overrides: abundances that are not the natural ones, see `abundances`.

    Returns:
        The ratio along the profile and the judgement of it.

    Raises:
        InputError: a channel is missing or no isotope, both are the same isotope or of different elements.
    """
    first, second = (_isotope_of_channel(raw, name) for name in (numerator, denominator))
    element = ISOTOPES[first].element
    if ISOTOPES[second].element != element or first == second:
        problem = f"detects {second}, which is not another isotope of {element}"
        raise InputError(problem, file=raw.file or None, value=denominator, remedy="give two isotopes of one element")
    fractions = abundances(element, overrides)
    if min(fractions[first], fractions[second]) <= 0.0:
        raise InputError(f"the abundances of {first} and {second} must be greater than 0 for a ratio")
    expected = fractions[first] / fractions[second]
    above, below = raw.counts(numerator), raw.counts(denominator)
    ratio, error = _pointwise_ratio(above, below, pulses)
    counted = above + below > 0.0
    above, below = above[counted], below[counted]
    mean, mean_error = _mean_ratio(above, below, pulses)
    constant = _chi_square(above, below, mean, pulses) / max(above.size - 1, 1)
    natural = _chi_square(above, below, expected, pulses) / max(above.size, 1)
    interval = None if overrides and {first, second} & set(overrides) else _ratio_interval(first, second)
    return IsotopeRatio(
        numerator=numerator,
        denominator=denominator,
        element=element,
        ratio=ratio,
        error=error,
        expected=expected,
        expected_interval=interval,
        mean=mean,
        mean_error=mean_error,
        chi_square_constant=constant,
        chi_square_expected=natural,
        points=int(above.size),
        verdict=_judge(mean, mean_error, expected, interval, constant, above.size),
    )


def _isotope_of_channel(raw: RawProfile, name: str) -> str:
    channel = raw.channels[raw.index(name)]
    isotope = channel.species.isotope if channel.species is not None else None
    if isotope is None:
        raise InputError("is not the channel of an isotope", file=raw.file or None, value=name)
    return isotope


def _pointwise_ratio(above: FloatArray, below: FloatArray, pulses: int | None) -> tuple[FloatArray, FloatArray]:
    ratio, error = np.full(above.shape, math.nan), np.full(above.shape, math.nan)
    valid = below > 0.0
    a, b = above[valid], below[valid]
    variance_above, variance_below = intensity_variance(a, pulses), intensity_variance(b, pulses)
    ratio[valid] = a / b
    error[valid] = np.sqrt(variance_above / b**2 + (a / b) ** 2 * variance_below / b**2)
    return ratio, error


def _variance(total: FloatArray, ratio: float, pulses: int | None) -> FloatArray:
    """Variance of A - r B at given A + B, which is greater than 0."""
    below = total / (1.0 + ratio)
    return _variance_of_mean(ratio * below, pulses) + ratio**2 * _variance_of_mean(below, pulses)


def _variance_of_mean(mean: FloatArray, pulses: int | None) -> FloatArray:
    """Counting variance of counts with a known mean; one count is the least only where the mean is not known."""
    return np.where(mean < 1.0, mean, intensity_variance(mean, pulses))


def _mean_ratio(above: FloatArray, below: FloatArray, pulses: int | None) -> tuple[float, float]:
    total = above + below
    if not below.sum() > 0.0 or not above.sum() > 0.0:
        return math.nan, math.nan
    mean = float(above.sum() / below.sum())
    weight = np.ones_like(total)
    # The weights hardly depend on the ratio: two corrections suffice.
    for _ in range(3 if pulses is not None else 1):
        variance = _variance(total, mean, pulses)
        weight = mean * total / variance
        mean = float((weight @ above) / (weight @ below))
    error = math.sqrt(float((weight**2) @ _variance(total, mean, pulses))) / float(weight @ below)
    return mean, error


def _chi_square(above: FloatArray, below: FloatArray, ratio: float, pulses: int | None) -> float:
    if not ratio > 0.0 or above.size == 0:
        return math.nan
    return float(np.sum((above - ratio * below) ** 2 / _variance(above + below, ratio, pulses)))


def _ratio_interval(first: str, second: str) -> tuple[float, float] | None:
    one, other = ISOTOPES[first].interval, ISOTOPES[second].interval
    if one is None or other is None or min(other) <= 0.0:
        return None
    return one[0] / other[1], one[1] / other[0]


def _judge(
    mean: float,
    error: float,
    expected: float,
    interval: tuple[float, float] | None,
    chi_square: float,
    points: int,
) -> IsotopeVerdict:
    if points < 2 or not error <= LARGEST_RELATIVE_ERROR * mean:
        return "too few counts"
    # A reduced chi-square of m points scatters by sqrt(2/m) about 1.
    if chi_square > LARGEST_REDUCED_CHI_SQUARE + 4.0 * math.sqrt(2.0 / points):
        return "interference or saturation"
    lowest, highest = interval or (expected, expected)
    tolerance = MASS_FRACTIONATION * expected + 3.0 * error
    return "natural" if lowest - tolerance <= mean <= highest + tolerance else "constant but not natural"
