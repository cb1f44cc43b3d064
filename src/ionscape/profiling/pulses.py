"""Primary pulses per data point, recovered from the fractions that the Poisson correction left in printed counts.

`counting` has the correction and its source.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

BoolArray = NDArray[np.bool_]

_FEWEST_INFORMATIVE = 12
_LARGEST_VALUE_FIRST = 200.0
_CERTAIN = 0.2
_MATCHING_SHARE = 0.9
_OBEYING_SHARE = 0.8
_LARGEST_INTENSITY = 1e12
_LARGEST_WITH_DECIMALS = 1e5
_LONGEST_SAMPLE = 20_000
_MOST_CANDIDATES = 400
_SIGNIFICANCE = 6.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PulseInference:
    """What the fractions of the counts say about the Poisson correction.

    Attributes:
        pulses: primary pulses per data point; None unless `status` is "inferred".
        status: "inferred", "uncorrected" (all counts are whole numbers) or "unknown" (neither).
        consistent: which channels obey the correction with these pulses (or hold whole numbers), shape (channels,);
            ratios, totals and channels that other peaks blocked do not; a channel without counts does.
        values: how many values decided.
        matching: share of them that agree.
    """

    pulses: int | None
    status: Literal["inferred", "uncorrected", "unknown"]
    consistent: BoolArray
    values: int
    matching: float


def infer_pulses(intensity: ArrayLike) -> PulseInference:
    """Find the primary pulses per data point in the fractions of the printed counts.

    Counts were whole numbers n before the correction, which adds n²/2N + n³/3N² + …. A small value therefore shows its
    n (the whole number below it) and with it, by its fraction and the digits printed, an interval for N. The N that
    lies in most intervals is taken; larger and larger values, whose n is known once N nearly is, then fix it to the
    unit.
    Channels that do not obey (ratios, totals, peaks behind other peaks) spread their intervals and do not decide.

    Args:
        intensity: as printed, shape (channels, points); channels of any kind may be among them, and a value that is
            negative or not finite (as a ratio to nothing) says nothing.

    Returns:
        The pulses, or why there are none.

    Raises:
        InputError: there are not two dimensions.
    """
    values = np.asarray(intensity, dtype=np.float64)
    values = np.where((values > 0.0) & (values < _LARGEST_INTENSITY), values, 0.0)
    if values.ndim != 2:
        raise InputError("must have the shape (channels, points)", key="intensity", value=str(values.shape))
    resolution = _printed_resolution(values)
    if (whole := _whole_numbers(values)) is not None:
        return whole
    candidates = _first_candidates(values, resolution)
    if candidates is not None:
        best = _best_candidate(values, resolution, candidates)
        if best is not None:
            return best
    return PulseInference(
        pulses=None, status="unknown", consistent=np.zeros(len(values), dtype=np.bool_), values=0, matching=0.0
    )


def _printed_resolution(values: FloatArray) -> FloatArray:
    """Half a unit of the last digit that was printed, shape of `values`."""
    # Below one count there are only ratios, some with hardly a digit left.
    sample = values[values >= 0.5]
    sample = sample[:: max(1, sample.size // _LONGEST_SAMPLE)]
    exponent = np.floor(np.log10(np.where(values > 0.0, values, 1.0)))
    digits = _fewest_digits(sample)
    decimals = _fewest_decimals(sample)
    half = 0.5 * 10.0 ** (exponent - digits + 1)
    # A format with fixed decimals has many digits in large values but no more decimals; one with fixed digits has many
    # decimals in small values only: whichever is coarser at a value limits it.
    return np.maximum(half, 0.5 * 10.0**-decimals)


def _fewest_digits(sample: FloatArray) -> int:
    exponent = np.floor(np.log10(sample)) if sample.size else sample
    for digits in range(1, 15):
        unit = 10.0 ** (exponent - digits + 1)
        if bool(np.all(np.abs(np.round(sample / unit) * unit - sample) <= 1e-13 * sample)):
            return digits
    return 15


def _fewest_decimals(sample: FloatArray) -> int:
    for decimals in range(12):
        if bool(np.all(np.abs(np.round(sample, decimals) - sample) <= 1e-13 * sample)):
            return decimals
    return 12


def _whole_numbers(values: FloatArray) -> PulseInference | None:
    positive = values > 0.0
    # With the usual six digits larger values have no decimals, whether they were corrected or not.
    telling = positive & (values < _LARGEST_WITH_DECIMALS)
    whole = np.abs(values - np.round(values)) <= 1e-9 * np.maximum(values, 1.0)
    # Ratios and normalised columns may stand beside counts: a column is all whole numbers, or hardly any.
    counted: BoolArray = np.logical_and.reduce(whole | ~telling, axis=1)
    decisive = telling & counted[:, None]
    decided = int(decisive.sum())
    nothing = not positive.any()
    # Small numbers show the correction least; a correction that does not show in 10 or more is none.
    if not nothing and (decided < _FEWEST_INFORMATIVE or float(values[decisive].max()) < 10.0):
        return None
    informative = (telling & (values >= 1.0)).sum(axis=1) >= _FEWEST_INFORMATIVE
    # In a profile of a few points no column says much by itself.
    if not nothing and not counted[informative if informative.any() else slice(None)].mean() > 0.5:
        return None
    return PulseInference(
        pulses=None, status="uncorrected", consistent=counted, values=decided, matching=1.0 if decided else 0.0
    )


def _first_candidates(values: FloatArray, resolution: FloatArray) -> tuple[float, float] | None:
    """Interval of N in which most of the small values agree."""
    whole = np.floor(values + resolution)
    excess = values - whole
    small = (values >= 1.0 - resolution) & (values < _LARGEST_VALUE_FIRST) & (excess > resolution) & (excess < 0.5)
    if int(small.sum()) < _FEWEST_INFORMATIVE:
        return None
    count, value, half = whole[small], values[small], resolution[small]
    lower, upper = _pulses_for(count, value + half), _pulses_for(count, value - half)
    # The depth of the intervals above each point, by sorted ends.
    ends = np.concatenate([lower, upper])
    steps = np.concatenate([np.ones_like(lower), -np.ones_like(upper)])
    order = np.lexsort((-steps, ends))
    depth = np.cumsum(steps[order])
    best = int(np.argmax(depth))
    if depth[best] < _FEWEST_INFORMATIVE / 2:
        return None
    following = min(best + 1, len(order) - 1)
    return float(ends[order[best]]), float(ends[order[following]])


def _pulses_for(count: FloatArray, value: FloatArray) -> FloatArray:
    """N that turns a count into a value, by Newton's method from n²/2N + n³/3N² = I − n; rising with falling value."""
    excess = np.maximum(value - count, 1e-12)
    pulses = count**2 / (4.0 * excess) * (1.0 + np.sqrt(1.0 + 16.0 * excess / (3.0 * count)))
    pulses = np.maximum(pulses, count * (1.0 + 1e-9))
    for _ in range(30):
        occupied = count / pulses
        residual = -np.log1p(-occupied) - value / pulses
        slope = (-occupied / (1.0 - occupied) + value / pulses) / pulses
        step = np.where(slope < 0.0, residual / np.where(slope < 0.0, slope, -1.0), 0.0)
        # For many pulses the residual is rounding; the series is exact there.
        step = np.where(occupied < 1e-4, 0.0, step)
        pulses = np.clip(pulses - step, 0.5 * (pulses + count), 2.0 * pulses)
    return pulses


def _best_candidate(values: FloatArray, resolution: FloatArray, around: tuple[float, float]) -> PulseInference | None:
    positive = values > 0.0
    value, half = values[positive], resolution[positive]
    if value.size > _LONGEST_SAMPLE:
        stride = np.linspace(0, value.size - 1, _LONGEST_SAMPLE).astype(np.intp)
        value, half = value[stride], half[stride]
    low, high = around
    width = max(high - low, 2.0)
    first, last = max(1, math.floor(low - width)), math.ceil(high + width)
    numbers = np.arange(first, last + 1, max(1, (last - first) // _MOST_CANDIDATES), dtype=np.float64)
    # Values whose whole number is the same for all candidates compare them fairly; larger ones follow once few remain.
    limit = 0.3 * low / math.sqrt(max((last - first) * 0.5, 1.0))
    chosen = (value <= max(limit, 20.0)) & (half < _CERTAIN)
    if int(chosen.sum()) < _FEWEST_INFORMATIVE:
        return None
    score = np.array([_agreement(value[chosen], half[chosen], number)[0].sum() for number in numbers])
    leading = numbers[score == score.max()]
    if leading.size > 1 or numbers[1] - numbers[0] > 1.0:
        chosen = half < _CERTAIN
        spacing = float(numbers[1] - numbers[0])
        numbers = np.arange(max(1.0, leading[0] - spacing), leading[-1] + spacing + 1.0)[: 4 * _MOST_CANDIDATES]
        score = np.array([_agreement(value[chosen], half[chosen], number)[0].sum() for number in numbers])
        leading = numbers[score == score.max()]
    number = float(leading[len(leading) // 2])
    return _judged(values, resolution, number) if leading.size == 1 else None


def _agreement(value: FloatArray, half: FloatArray, pulses: float) -> tuple[BoolArray, FloatArray]:
    """Which values stand for a whole number of detected ions, and with what chance any number would."""
    share = np.exp(-value / pulses)
    count = -pulses * np.expm1(-value / pulses)
    # The digits printed, plus what the arithmetic of the writer in single precision may add.
    tolerance = 1.05 * half * share + 1e-9 * np.maximum(count, 1.0)
    agrees = (np.abs(count - np.round(count)) <= tolerance) & (np.round(count) >= 1.0)
    return agrees, np.minimum(2.0 * tolerance, 1.0)


def _judged(values: FloatArray, resolution: FloatArray, number: float) -> PulseInference | None:
    positive = values > 0.0
    agrees, chance = _agreement(values, resolution, number)
    informative = positive & (chance < 2.0 * _CERTAIN)
    decided = int(informative.sum())
    matching = int((agrees & informative).sum())
    share = _share(agrees, informative)
    consistent = (share >= _MATCHING_SHARE) | ~positive.any(axis=1)
    # A number so large that no value shows its fraction agrees with anything that is whole.
    fraction = values - np.round(-number * np.expm1(-values / number))
    visible = positive & (chance < _CERTAIN) & (fraction > resolution)
    found, expected = int((agrees & visible).sum()), float(chance[visible].sum())
    spread = math.sqrt(float((chance * (1.0 - chance))[visible].sum()) + 1.0)
    if found < _FEWEST_INFORMATIVE or found - expected < _SIGNIFICANCE * spread:
        return None
    # Sums and means of corrected counts agree now and then; a channel of its own does so nearly always. Where other
    # peaks disturb every channel, a number as rasters have it, a power of two, is believed on the whole of the values.
    often = (visible.sum(axis=1) >= _FEWEST_INFORMATIVE) & (_share(agrees, visible) >= _OBEYING_SHARE)
    if not often.any() and int(number) & (int(number) - 1):
        return None
    return PulseInference(
        pulses=int(number),
        status="inferred",
        consistent=consistent,
        values=decided,
        matching=matching / decided if decided else 0.0,
    )


def _share(agrees: BoolArray, among: BoolArray) -> FloatArray:
    """Share of the values of each channel that agree, 0 where there is none to judge by, shape (channels,)."""
    return (agrees & among).sum(axis=1) / np.maximum(among.sum(axis=1), 1)
