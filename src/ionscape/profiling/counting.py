"""Counting statistics of a pulsed instrument: Poisson correction, scatter of counts, and what all channels share.

A time-of-flight instrument registers at most one ion of a kind per primary pulse. Of N pulses per data point n are seen
with the ion, and the instrument writes the intensity that would have been seen without that limit.

    I = −N ln(1 − n/N)                n = N (1 − exp(−I/N))

    letter  meaning                                                        unit   shape
    N       primary pulses per data point                                  1      scalar
    n       pulses with a detected ion (binomial)                          1      (..., points)
    I       Poisson-corrected intensity, expected ions per data point      1      (..., points)
    c       relative standard deviation of the factor common to channels   1      scalar

Source of the correction: Stephan, Zehnpfenning and Benninghoven, J. Vac. Sci. Technol. A 12 (1994) 405.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

BoolArray = NDArray[np.bool_]

COMMON_HALF_WIDTH = 6
"""Points to either side from which the smooth course of the total is taken."""

WINSOR_LIMIT = 2.5
"""Standard deviations at which a deviation stops counting more (a front, the surface transient, a discharge)."""

FEWEST_WINDOWS = 20
"""Windows of neighbouring points that an estimate of a scatter needs."""


@dataclass(frozen=True, kw_only=True)
class CommonFactor:
    """The factor that moves all channels of one data point together.

    Attributes:
        size: relative standard deviation; 0 where the data scatter no more than counting explains.
        error: of `size`, one standard deviation upwards, √(max(variance, 0) + variance_error) − size. It is
            variance_error / (2 size) for a factor that stands out, and an upper bound for one that does not.
        variance: relative variance, an unbiased estimate that can be negative.
        variance_error: its standard deviation.
        windows: windows of neighbouring points that went in.
    """

    size: float
    error: float
    variance: float
    variance_error: float
    windows: int


def detected_counts(intensity: ArrayLike, pulses: int) -> FloatArray:
    """Pulses with a detected ion, n = N (1 − exp(−I/N)).

    They are not rounded: the intensity is printed with few digits, and a sum of several peaks is no whole number.

    Args:
        intensity: Poisson-corrected, not negative, any shape.
        pulses: N, primary pulses per data point.

    Returns:
        Of the shape of `intensity`, between 0 and N.

    Raises:
        InputError: an intensity is negative or not finite, or `pulses` is not positive.
    """
    values = _checked(intensity, pulses)
    return -pulses * np.expm1(-values / pulses)


def poisson_corrected(counts: ArrayLike, pulses: int) -> FloatArray:
    """Intensity from the pulses with a detected ion, I = −N ln(1 − n/N).

    Where every pulse saw an ion there is no finite intensity; n = N − 1/2 stands for it then.

    Args:
        counts: n, between 0 and N, any shape.
        pulses: N, primary pulses per data point.

    Returns:
        Of the shape of `counts`.

    Raises:
        InputError: a count is negative, not finite or greater than `pulses`, or `pulses` is not positive.
    """
    values = _checked(counts, pulses)
    if values.size and float(values.max()) > pulses:
        raise InputError("is more than one ion per pulse", key="counts", value=float(values.max()),
                         bound=f"at most {pulses}", remedy="check the pulses per data point")  # fmt: skip
    return -pulses * np.log1p(-np.minimum(values, pulses - 0.5) / pulses)


VARIANCE_POINTS = 9  # over which counts are averaged for their variance


def local_mean(counts: FloatArray) -> FloatArray:
    """Counts averaged over neighbouring points: their variances, as weights, must not follow the noise of the counts.

    Otherwise points that counted too little weigh too much, which biases factors by tenths at ten counts per point.

    Args:
        counts: shape (channels, points).
    """
    from scipy.ndimage import convolve1d

    window = min(VARIANCE_POINTS, counts.shape[1])
    return convolve1d(counts, np.full(window, 1.0 / window), axis=1, mode="nearest")


def intensity_variance(intensity: ArrayLike, pulses: int | None) -> FloatArray:
    """Variance of an intensity from counting alone.

    n is binomial with variance N p (1 − p), and dI/dn = 1/(1 − p), so that var I = N p/(1 − p) = N (exp(I/N) − 1): I
    for rare ions, and more and more where the pulses fill up. Without N it is that of Poisson, I.

    Args:
        intensity: not negative, any shape.
        pulses: N; None for counts without Poisson correction.

    Returns:
        Of the shape of `intensity`, at least 1: a data point without counts is as uncertain as one with a single count.

    Raises:
        InputError: an intensity is negative or not finite, or `pulses` is not positive.
    """
    values = np.maximum(_checked(intensity, pulses), 1.0)
    if pulses is None:
        return values
    # Beyond 700 the exponential overflows, far above the N ln N that the correction can give.
    return pulses * np.expm1(np.minimum(values / pulses, 700.0))


def draw_intensity(intensity: ArrayLike, pulses: int | None, rng: np.random.Generator, size: int) -> FloatArray:
    """True mean intensities that are compatible with the counts.

    Half of the draws are from the distribution whose quantiles are the exact lower confidence limits (Clopper and
    Pearson), p ~ Beta(n, N − n + 1), half from that of the upper ones, p ~ Beta(n + 1, N − n), and I = −N ln(1 − p);
    without N, I ~ Gamma(n) or Gamma(n + 1). Stevens, Biometrika 37, 117 (1950): its intervals cover as they say even
    for few counts, and half of what no count allows is exactly nothing.

    Args:
        intensity: not negative, any shape.
        pulses: N; None for counts without Poisson correction.
        rng: source of random numbers.
        size: how many draws.

    Returns:
        Shape (size, *intensity.shape).

    Raises:
        InputError: an intensity is negative or not finite, or `pulses` is not positive.
    """
    values = _checked(intensity, pulses)
    shape = (size, *values.shape)
    detected = values if pulses is None else detected_counts(values, pulses)
    shifted = detected + rng.integers(0, 2, size=shape)
    drawable = np.maximum(shifted, np.finfo(np.float64).tiny)
    if pulses is None:
        return np.where(shifted > 0.0, rng.standard_gamma(drawable), 0.0)
    # The share of pulses without an ion is drawn, since one minus it loses its digits where nearly all pulses saw one.
    missed = np.maximum(pulses - shifted, 0.0) + 1.0
    share = np.maximum(rng.beta(missed, drawable), np.finfo(np.float64).tiny)
    return np.where(shifted > 0.0, -pulses * np.log(share), 0.0)


def dead_time_limited(intensity: ArrayLike, pulses: int | None, fraction: float = 0.95) -> BoolArray:
    """Data points where so many pulses saw an ion that the correction cannot be relied on.

    At n/N = 0.95 the correction is threefold: the spread of the ion yield over the area, and of the primary ions over
    the pulses, which it takes to be none, then moves the intensity by more than counting does.

    Args:
        intensity: not negative, any shape.
        pulses: N; None where there is no correction, so that no point is limited.
        fraction: n/N above which a point is limited.

    Returns:
        Of the shape of `intensity`.

    Raises:
        InputError: an intensity is negative or not finite, or `pulses` is not positive.
    """
    values = _checked(intensity, pulses)
    if pulses is None:
        return np.zeros(values.shape, dtype=np.bool_)
    return -np.expm1(-values / pulses) > fraction


def common_factor(intensity: ArrayLike, variance: ArrayLike) -> CommonFactor:
    """Size of the factor shared by all channels of a data point, from the scatter beyond counting.

    The channels are added, T = Σ w_k I_k, each weighted by its median intensity over variance, which is one for rare
    ions and little for saturated ones. The deviation d_t = Σ_j a_j ln T_{t+j} of a point from the quintic fitted to it
    and its six neighbours on either side (Savitzky and Golay) knows no smooth trend and hardly a front of five points.
    Counting and common factor both are independent from point to point, so

        var d_t = Σ_j a_j² (c² + v_{t+j}),        v = Σ_k w_k² var I_k / T²

    and c² solves Σ_t W_t (ψ(d_t/s_t)² − β) = 0 with s_t² = var d_t, ψ(z) = z within ±2.5 and ±2.5 beyond, β = E ψ(Z)²
    for a normal Z and W_t = 1/s_t²: maximum likelihood for the bulk of the points, while single large deviations count
    little (Huber's proposal 2). Neighbouring d overlap; the squares of their correlations widen the error.

    Args:
        intensity: of channels without isotopes in common (elements), shape (elements, points).
        variance: of each from counting, as by `intensity_variance`, same shape.

    Returns:
        The size with its error.

    Raises:
        InputError: shapes differ, or fewer than 20 windows of 13 points have counts enough.
    """
    counts, scatter = _checked(intensity, None), np.asarray(variance, dtype=np.float64)
    if counts.ndim != 2 or counts.shape != scatter.shape:
        raise InputError("must both have the shape (elements, points)", key="intensity and variance",
                         value=f"{counts.shape} and {scatter.shape}")  # fmt: skip
    weights = _channel_weights(counts, scatter)
    total = weights @ counts
    noise = (weights**2) @ scatter
    # With fewer than 25 counts the logarithm is neither linear nor normal.
    usable = (total > 0.0) & (noise < 0.04 * total**2)
    logarithm = np.log(np.where(usable, total, 1.0))
    relative = np.where(usable, noise / np.where(usable, total, 1.0) ** 2, 0.0)
    kernel = _smooth_course_removed(COMMON_HALF_WIDTH)
    keep = _windows(usable.astype(np.float64), np.ones(kernel.size)) > kernel.size - 0.5
    windows = int(keep.sum())
    if windows < FEWEST_WINDOWS:
        raise InputError(f"has {windows} windows of {kernel.size} points with counts enough to show a common factor",
                         bound=f"{FEWEST_WINDOWS} are needed", remedy="give the size of the common factor")  # fmt: skip
    deviation = _windows(logarithm, kernel)[keep]
    counting = _windows(relative, kernel**2)[keep]
    size_squared, spread = _excess_variance(deviation, counting, kernel)
    size = math.sqrt(max(size_squared, 0.0))
    return CommonFactor(
        size=size,
        error=math.sqrt(max(size_squared, 0.0) + spread) - size,
        variance=size_squared,
        variance_error=spread,
        windows=windows,
    )


def _checked(values: ArrayLike, pulses: int | None) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if pulses is not None and not (math.isfinite(pulses) and pulses >= 1):
        raise InputError("must be at least 1", key="pulses", value=pulses)
    if not bool(np.all(np.isfinite(array))):
        raise InputError("must be finite", key="intensity", remedy="leave out points that were not measured")
    if array.size and float(array.min()) < 0.0:
        raise InputError("must be at least 0", key="intensity", value=float(array.min()),
                         remedy="counts without subtracted background are needed")  # fmt: skip
    return array


def _channel_weights(counts: FloatArray, variance: FloatArray) -> FloatArray:
    ratio = counts / np.maximum(variance, 1e-300)
    return np.clip(np.median(ratio, axis=1), 1e-12, 1.0)


def _windows(values: FloatArray, coefficients: FloatArray) -> FloatArray:
    return np.convolve(values, coefficients[::-1], mode="valid") if values.size >= coefficients.size else np.zeros(0)


def _smooth_course_removed(half_width: int) -> FloatArray:
    """Coefficients a_j of the deviation of a point from the quintic fitted to it and its neighbours."""
    place = np.arange(-half_width, half_width + 1, dtype=np.float64) / half_width
    basis, _ = np.linalg.qr(np.vander(place, 6))
    kernel = -(basis @ basis[half_width])
    kernel[half_width] += 1.0
    return kernel


def _winsor_moments(limit: float) -> tuple[float, float]:
    """E ψ(Z)² and E ψ(Z)⁴ of a standard normal Z limited at ±limit."""
    density = math.exp(-0.5 * limit**2) / math.sqrt(2.0 * math.pi)
    outside = math.erfc(limit / math.sqrt(2.0))
    inside = 1.0 - outside
    second = inside - 2.0 * limit * density + limit**2 * outside
    fourth = 3.0 * inside - 2.0 * density * (limit**3 + 3.0 * limit) + limit**4 * outside
    return second, fourth


def _excess_variance(deviation: FloatArray, counting: FloatArray, kernel: FloatArray) -> tuple[float, float]:
    """c² and its standard deviation for deviations of variance Σa²·c² + counting."""
    gain = float(np.sum(kernel**2))
    second, fourth = _winsor_moments(WINSOR_LIMIT)

    def score(size_squared: float) -> float:
        variance = gain * size_squared + counting
        limited = np.minimum(deviation**2 / variance, WINSOR_LIMIT**2)
        return float(np.sum((limited - second) / variance))

    # Above the largest square there is no root; below, the variance of the quietest window must stay positive.
    upper = float(np.max(deviation**2)) / gain / second + float(counting.max())
    lower = -0.98 * float(counting.min()) / gain
    for _ in range(80):
        middle = 0.5 * (lower + upper)
        lower, upper = (middle, upper) if score(middle) > 0.0 else (lower, middle)
    size_squared = 0.5 * (lower + upper)
    # Error where the factor is not negative: the score at a negative variance has no statistical meaning.
    variance = gain * max(size_squared, 0.0) + counting
    correlation = np.correlate(kernel, kernel, mode="full") / gain
    overlap = float(np.sum(correlation**2))
    inside = math.erf(WINSOR_LIMIT / math.sqrt(2.0))
    density = math.exp(-0.5 * WINSOR_LIMIT**2) / math.sqrt(2.0 * math.pi)
    slope = (inside - 2.0 * WINSOR_LIMIT * density) * gain * float(np.sum(1.0 / variance**2))
    scatter = (fourth - second**2) * overlap * float(np.sum(1.0 / variance**2))
    return size_squared, math.sqrt(scatter) / slope
