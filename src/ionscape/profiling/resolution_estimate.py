"""Depth resolution from a profile itself: the width of its sharpest feature, which the resolution cannot exceed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

_FEWEST_POINTS = 5


@dataclass(frozen=True, kw_only=True)
class ResolutionEstimate:
    """Width of the sharpest feature, which the resolution cannot exceed.

    Attributes:
        sigma: standard deviation of the error function that fits it best [m], an upper bound of the resolution.
        error: its standard deviation [m].
        depth: of the feature [m].
        height: by which the density changes there, in its units.
        reduced_chi_squared: of the fit.
    """

    sigma: float
    error: float
    depth: float
    height: float
    reduced_chi_squared: float


def estimate_resolution(depth: ArrayLike, density: ArrayLike, error: ArrayLike) -> ResolutionEstimate:
    """Width of the sharpest feature of a profile, as an upper bound of the depth resolution.

    A step of the true density of any shape is measured at least as wide as the response. In windows of several widths
    around the steepest places an error function between two straight lines of equal slope is fitted by weighted least
    squares. Fits count whose step stands out from the noise by ten standard deviations and that describe their window:
    of each feature the most precise, and of all features the narrowest.

    Args:
        depth: of the points [m], rising, shape (points,).
        density: in any unit, shape (points,).
        error: standard deviation of each density, in its unit, positive, shape (points,).

    Returns:
        The estimate, its error scaled up where the fit is worse than the noise.

    Raises:
        InputError: shapes differ, errors are not positive, or no step stands out from the noise.
    """
    place, value, noise = (np.asarray(entry, dtype=np.float64) for entry in (depth, density, error))
    if place.ndim != 1 or value.shape != place.shape or noise.shape != place.shape:
        raise InputError("must all have the shape (points,)", key="depth, density and error",
                         value=f"{place.shape}, {value.shape} and {noise.shape}")  # fmt: skip
    if not (np.all(np.isfinite(value)) and np.all(np.isfinite(noise)) and np.all(noise > 0.0)):
        raise InputError("must be finite, and greater than 0 for errors", key="density and error")
    if len(place) and not np.all(np.diff(place) > 0.0):
        raise InputError("must rise", key="depth")
    candidates: list[ResolutionEstimate] = []
    half = _FEWEST_POINTS
    while 2 * half + 1 <= max(len(place), 2 * _FEWEST_POINTS + 1):
        for middle in _steepest(value, noise, half):
            window = slice(max(0, middle - 2 * half), middle + 2 * half + 1)
            fitted = _fit_step(place[window], value[window], noise[window], place[middle])
            if fitted is not None:
                candidates.append(fitted)
        half *= 2
    if not candidates:
        raise InputError("shows no step that stands out from the noise", key="density",
                         remedy="give the depth resolution")  # fmt: skip
    # Of several windows on one feature the most precise is taken; the narrowest would be narrow by chance.
    features: list[ResolutionEstimate] = []
    for entry in sorted(candidates, key=lambda entry: entry.error / entry.sigma):
        if all(abs(entry.depth - other.depth) > 2.0 * (entry.sigma + other.sigma) for other in features):
            features.append(entry)
    return min(features, key=lambda entry: entry.sigma + entry.error)


def _steepest(value: FloatArray, noise: FloatArray, half: int) -> list[int]:
    """Places where the means over `half` points on both sides differ most in terms of their errors."""
    count = len(value)
    if count < 2 * half + 1:
        return []
    sums, squares = np.concatenate([[0.0], np.cumsum(value)]), np.concatenate([[0.0], np.cumsum(noise**2)])
    middle = np.arange(half, count - half)
    difference = sums[middle + 1 + half] - sums[middle + 1] - sums[middle] + sums[middle - half]
    scatter = np.sqrt(squares[middle + 1 + half] - squares[middle - half])
    clearness = np.abs(difference) / scatter
    chosen: list[int] = []
    for place in np.argsort(clearness)[::-1]:
        if clearness[place] < 5.0 or len(chosen) == 4:
            break
        if all(abs(int(middle[place]) - other) > half for other in chosen):
            chosen.append(int(middle[place]))
    return chosen


def _fit_step(place: FloatArray, value: FloatArray, noise: FloatArray, start: float) -> ResolutionEstimate | None:
    """Step in a window; None where it is unclear, narrower than the points, wider than the window, or badly fitted."""
    if len(place) < 2 * _FEWEST_POINTS:
        return None
    from scipy.optimize import least_squares
    from scipy.special import ndtr

    span = float(place[-1] - place[0])
    spacing = span / (len(place) - 1)
    line = np.vander((place - place.mean()) / span, 2)

    def linear(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        basis = np.column_stack([line, ndtr((place - start - parameters[0] * span) / (span * np.exp(parameters[1])))])
        basis = basis / noise[:, None]
        return basis, np.asarray(np.linalg.lstsq(basis, value / noise)[0], dtype=np.float64)

    def residual(parameters: FloatArray) -> FloatArray:
        basis, coefficients = linear(parameters)
        return basis @ coefficients - value / noise

    bounds = ([-0.5, math.log(0.1 * spacing / span)], [0.5, 0.0])
    fit = least_squares(residual, [0.0, math.log(0.1)], bounds=bounds)
    parameters: FloatArray = np.asarray(fit.x, dtype=np.float64)
    sigma = span * math.exp(parameters[1])
    freedom = len(place) - 5
    chi_squared = 2.0 * float(fit.cost) / freedom
    basis, coefficients = linear(parameters)
    with_shape = np.column_stack([basis, np.asarray(fit.jac, dtype=np.float64)])
    inverse = np.linalg.pinv(with_shape[:, :3].T @ with_shape[:, :3])
    height, height_error = float(coefficients[2]), math.sqrt(inverse[2, 2] * max(chi_squared, 1.0))
    curvature = np.asarray(fit.jac, dtype=np.float64).T @ np.asarray(fit.jac, dtype=np.float64)
    variance = float(np.linalg.pinv(curvature)[1, 1]) * max(chi_squared, 1.0)
    clear = abs(height) > 10.0 * height_error and math.sqrt(variance) < 0.5
    described = chi_squared < 1.0 + 4.0 * math.sqrt(2.0 / freedom)
    if not (clear and described and 0.3 * spacing < sigma < 0.25 * span):
        return None
    return ResolutionEstimate(
        sigma=sigma,
        error=sigma * math.sqrt(variance),
        depth=start + parameters[0] * span,
        height=height,
        reduced_chi_squared=chi_squared,
    )
