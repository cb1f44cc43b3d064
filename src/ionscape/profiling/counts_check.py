"""Whether the intensities of an export are counts: their noise is known from their number only if they are."""

from __future__ import annotations

import re

import numpy as np

from ionscape.arrays import FloatArray

from .pulses import infer_pulses
from .raw import RawProfile

LARGEST_COUNT = 1e12
"""Per data point; densities are above it, in whatever unit."""

FEWEST_POINTS = 8
"""Points from which scatter can be judged; for the scatter of single channels `FEWEST_FOR_SCATTER`."""

FEWEST_FOR_SCATTER = 20
CERTAIN = 1e-9
"""Chance that counts scatter so little."""

_CONSTANT = 0.1
_EVEN = 0.05
_TOO_LITTLE = 0.5
_TOO_MUCH = 2.0
_SCALED_FROM = 4.0
_BELOW_ONE = 0.95
_SHARE_BELOW_ONE = 0.02
_MEDIAN = 0.4549  # of χ² with one degree of freedom
_NORMALISED_HEAD = re.compile(r"intens[^\t;,]*norm(?:al|iert)|norm(?:al|iert)[^\t;,]*intens", re.IGNORECASE)


def why_not_counts(raw: RawProfile) -> str | None:
    """The reason why intensities are no counts, for a sentence; None where nothing speaks against counts.

    Counts scatter from point to point by the root of their number at least: a dead time, and a factor common to all
    channels, only add to that. So a total or a sum of all channels that hardly changes has been made constant, and
    channels that scatter far less have been scaled down, smoothed or averaged. Those whose variance is in the same
    ratio to their number in channels of few and of many counts, and far above one, have been scaled up, unless the
    shares of the channels scatter as those of counts do. Besides, no count lies between nothing and one. Counts whose
    Poisson correction is found again in every digit are counts.

    Args:
        raw: export of any format.
    """
    ions = [place for place, channel in enumerate(raw.channels) if channel.kind in ("ion", "not recognised")]
    if not ions:
        return None
    counts = raw.intensity[ions]
    if float(counts.max()) > LARGEST_COUNT:
        return f"values of up to {float(counts.max()):.3g} are densities"
    if any(_NORMALISED_HEAD.search(line) for line in raw.header):
        return "the heads of their columns call them normalised"
    status = infer_pulses(counts).status
    if status == "inferred":
        return None
    found = _constant(raw, counts)
    if found is None:
        found = _no_counts(raw, ions) if status == "unknown" else _smoothed(raw, _unsaturated(counts))
    return found or _scaled_up(raw, ions)


def _constant(raw: RawProfile, counts: FloatArray) -> str | None:
    """A total, or sum of all channels, that does not scatter as counts do."""
    totals = {
        f"the channel {channel.name}": raw.intensity[place]
        for place, channel in enumerate(raw.channels)
        if channel.kind == "total"
    }
    several = {"the sum of all channels": counts.sum(axis=0)} if np.count_nonzero(counts.any(axis=1)) > 1 else {}
    for name, values in {**totals, **several}.items():
        if _is_even(values):
            return f"{name} is the same in all points ({float(values.mean()):.4g}), so they are normalised to it"
    return None


def _no_counts(raw: RawProfile, ions: list[int]) -> str | None:
    """What speaks against counts in numbers that are neither whole nor Poisson-corrected."""
    counts = raw.intensity[ions]
    for place, values in zip(ions, counts, strict=True):
        # A detector that is saturated gives the same in all points too, but hardly 1, 100 or 10,000.
        power = float(np.log10(values.mean())) if values.any() else 0.5
        if abs(power - round(power)) < 1e-4 and _is_even(values):
            name = raw.channels[place].name
            return f"{name} is the same in all points ({float(values.mean()):.4g}), so they are normalised to it"
    positive = counts[counts > 0.0]
    below = int(np.count_nonzero(positive < _BELOW_ONE))
    if below >= 5 and below > _SHARE_BELOW_ONE * positive.size:
        return f"{below} of {positive.size} values lie between 0 and 1, so they are normalised"
    return _smoothed(raw, counts)


def _smoothed(raw: RawProfile, counts: FloatArray) -> str | None:
    """Channels that scatter far less than counts of their size, unless the file says why."""
    if "enabled" not in (raw.smoothing or "").lower() and _scatters_too_little(
        counts, _TOO_LITTLE, fewest=FEWEST_FOR_SCATTER
    ):
        return (
            f"they scatter from point to point {_times(1.0 / _ratio(counts))} less than counts of their size, so they"
            " are normalised, averaged or smoothed, or thousands separators were lost"
        )
    return None


def _unsaturated(counts: FloatArray) -> FloatArray:
    """The half of the channels with the fewest counts, but one or more per point: the others may be saturated."""
    means = counts.mean(axis=1)
    order = [place for place in np.argsort(means) if means[place] >= 1.0]
    return counts[order[: (len(order) + 1) // 2]]


def _scaled_up(raw: RawProfile, ions: list[int]) -> str | None:
    """Channels of few and of many counts that scatter alike, in units of counts: a common factor tells them apart."""
    from scipy.stats import chi2

    judged = sorted((float(values.mean()), place) for place in ions if np.median(values := raw.intensity[place]) > 0.0)
    if len(judged) < 2 or raw.points < FEWEST_FOR_SCATTER:
        return None
    ratios = {place: _robust_ratio(raw.intensity[place]) for _, place in judged}
    (low, few), (high, many) = judged[0], judged[-1]
    expected = 1.0 + max(ratios[many] - 1.0, 0.0) * low / high
    freedom = _freedom(raw.points)
    clear = high > 2.0 * low and min(ratios.values()) > _SCALED_FROM and ratios[few] > _TOO_MUCH * expected
    if not clear or float(chi2.sf(freedom * ratios[few] / expected, freedom)) > CERTAIN:
        return None
    # At a front the channel of many counts is one of few in most points, and says too little of a common factor.
    if _share_ratio(raw.intensity[few], raw.intensity[ions].sum(axis=0)) < _TOO_MUCH:
        return None
    return (
        f"those of {raw.channels[few].name} scatter {_times(ratios[few])} more than counts of their size, as those of"
        f" {raw.channels[many].name} do ({_times(ratios[many])}), so they are normalised or multiplied"
    )


def _is_even(values: FloatArray) -> bool:
    """Whether something is the same in all points but for rounding, which counts cannot be."""
    even = float(np.ptp(values)) < _EVEN * float(values.mean())
    return even and _scatters_too_little(values[None, :], _CONSTANT, fewest=FEWEST_POINTS)


def _scatters_too_little(channels: FloatArray, share: float, *, fewest: int) -> bool:
    """Whether channels scatter by less than a share of what counts of their size do, which chance does not explain."""
    from scipy.stats import chi2

    used = channels[channels.any(axis=1)]
    if not used.size or channels.shape[1] < fewest:
        return False
    ratio, freedom = _ratio(used), _freedom(channels.shape[1]) * len(used)
    return ratio < share and float(chi2.cdf(freedom * ratio, freedom)) < CERTAIN


def _ratio(channels: FloatArray) -> float:
    """Variance by second differences, which a smooth course hardly enters, over the mean; 1 for counts."""
    used = channels[channels.any(axis=1)]
    return float(np.mean(np.mean(np.diff(used, n=2, axis=1) ** 2, axis=1) / 6.0 / used.mean(axis=1)))


def _robust_ratio(values: FloatArray) -> float:
    """As `_ratio` of one channel, by the median, which a front does not enter."""
    return float(np.median(np.diff(values, n=2) ** 2)) / 6.0 / _MEDIAN / float(values.mean())


def _share_ratio(values: FloatArray, total: FloatArray) -> float:
    """Variance of the share in a total over that of counts, point by point: 1 whatever factor is common to all.

    Fourth differences, as shares of millions of counts scatter less than second differences of a smooth course amount
    to.
    """
    mean = np.ones(5) / 5.0
    size = np.maximum(np.convolve(total, mean, mode="valid"), 1.0)
    share = np.convolve(values, mean, mode="valid") / size
    expected = share * (1.0 - share) / size
    found = np.diff(values / np.maximum(total, 1.0), n=4) ** 2
    used = expected > 0.0
    return float(np.median(found[used] / expected[used])) / 70.0 / _MEDIAN if used.any() else 0.0


def _freedom(points: int) -> float:
    """Degrees of freedom of a variance by second differences, whose squares correlate with their neighbours'."""
    return max((points - 2) / 1.94, 1.0)


def _times(factor: float) -> str:
    return "infinitely" if not np.isfinite(factor) else f"{factor:.2g} times"
