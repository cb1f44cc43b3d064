"""What was calculated, its means over landscapes, and their errors: standard ones, jackknife, Student's factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT


@dataclass(frozen=True, kw_only=True, eq=False)
class Averages:
    """What was calculated, before it is averaged; axes without tasks have length 0.

    Attributes:
        activation_energy: [J], shape (compositions, landscapes, directions), NaN without a path.
        fermi_energy: [J], shape (compositions, landscapes).
        conductivity: [S/m] for the reference frequency and distance, shape (compositions, landscapes, directions,
            temperatures), NaN without a path.
        percolates: whether there is a path for the conductivity, shape (compositions, landscapes, directions).
        lower_bound: of the conductivity, same shape.
        upper_bound: of the conductivity, same shape.
        methods: by which networks were solved, in words.
    """

    activation_energy: FloatArray
    fermi_energy: FloatArray
    conductivity: FloatArray
    percolates: NDArray[np.bool_]
    lower_bound: FloatArray
    upper_bound: FloatArray
    methods: tuple[str, ...]


def mean_and_errors(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean over the second axis, its standard error and the scatter (standard deviation); NaNs are left out.

    A single value has neither error nor scatter: both are NaN.
    """
    known = np.isfinite(values)
    count = known.sum(axis=1)
    filled = np.where(known, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=1) / count
        squares = np.where(known, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
        scatter = np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
        return mean, scatter / np.sqrt(count), scatter


def mean_of_open(values: FloatArray, *, axis: int) -> FloatArray:
    """Mean over the directions that have a path; NaN of a landscape without any.

    A landscape counts once, however many directions it was looked at in, since they share its sites. Activation
    energies and conductivities follow the same rule: what has no path is left out, and the percolated fraction says so.
    """
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0.0).sum(axis=axis) / known.sum(axis=axis)


def student_factor(landscapes: int | np.integer) -> float:
    """Half of a 95 % interval of a mean over so many landscapes, in standard errors; NaN below two."""
    from scipy.special import stdtrit

    return float(stdtrit(landscapes - 1, 0.975)) if landscapes > 1 else float("nan")


def error_of_log_mean(landscapes: FloatArray) -> FloatArray:
    """Standard error of ln of the mean conductivity; NaN of a single landscape.

    Conductivities of small lattices are skewed: a mean over few landscapes mostly lacks the rare large ones that make
    up much of the expectation, and then its scatter is too small as well. So there are two estimates, and the larger
    one holds: the delete-one jackknife (Efron 1982), and the standard deviation of ln of a mean of n log-normal numbers
    whose logarithms have the variance s² of these, the square root of ln(1 + (exp s² - 1) / n) (Fenton 1960). Where
    landscapes differ little, both are the relative standard error of the mean.

    Args:
        landscapes: conductivity of each landscape, NaN without a path, shape (compositions, landscapes, temperatures).

    Returns:
        Shape (compositions, temperatures).
    """
    errors = np.full((landscapes.shape[0], landscapes.shape[2]), np.nan)
    for place, row in enumerate(landscapes):
        known = _with_path(row)
        count = len(known)
        if count < 2:
            continue
        variance = np.log(known).var(axis=0, ddof=1)
        # exp s² can be too large for a number, at low temperature
        log_normal = np.sqrt(np.logaddexp(np.log1p(-1.0 / count), variance - np.log(count)))
        errors[place] = np.maximum(_jackknife(np.log(_means_without_one(known))), log_normal)
    return errors


def arrhenius_energies(landscapes: FloatArray, temperatures: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Slope of ln(σT) over −1/(k_B T) by least squares [eV], of the mean conductivity, and its standard error.

    A landscape that conducts well does so at all temperatures, so that most of the error of the conductivities is
    common to them and leaves the slope alone. The error is the delete-one jackknife over landscapes (Efron 1982): the
    slope is calculated again without each of them, with all temperatures at once.

    Args:
        landscapes: conductivity of each landscape, NaN without a path, shape (compositions, landscapes, temperatures).
        temperatures: [K].

    Returns:
        Both of shape (compositions,); NaN with one temperature, the error also with one landscape.
    """
    kelvins = np.asarray(temperatures, dtype=float)
    slopes, errors = (np.full(landscapes.shape[0], np.nan) for _ in range(2))
    if kelvins.size < 2:
        return slopes, errors
    inverse = ELECTRON_VOLT / (BOLTZMANN_CONSTANT * kelvins)
    weights = (inverse - inverse.mean()) / np.sum((inverse - inverse.mean()) ** 2)
    for place, row in enumerate(landscapes):
        known = _with_path(row)
        if len(known):
            slopes[place] = -np.log(known.mean(axis=0) * kelvins) @ weights
        if len(known) > 1:
            errors[place] = _jackknife(-np.log(_means_without_one(known) * kelvins) @ weights)
    return slopes, errors


def _with_path(landscapes: FloatArray) -> FloatArray:
    """Rows that have a conductivity at every temperature, shape (landscapes with a path, temperatures)."""
    return landscapes[np.isfinite(landscapes).all(axis=1)]


def _means_without_one(values: FloatArray) -> FloatArray:
    """Means of all rows but each; sums of all less one would lose the digits of what a large one leaves."""
    return np.array([np.delete(values, number, axis=0).mean(axis=0) for number in range(len(values))])


def _jackknife(without_one: FloatArray) -> FloatArray:
    """Standard error over the first axis of what was calculated without each landscape."""
    count = len(without_one)
    return np.sqrt((count - 1) / count * np.sum((without_one - without_one.mean(axis=0)) ** 2, axis=0))


def percolated_fraction(percolates: NDArray[np.bool_], compositions: int) -> FloatArray:
    """Part of the landscapes and directions of each composition that have a path; NaN if none was looked at."""
    return percolates.mean(axis=(1, 2)) if percolates.size else np.full(compositions, np.nan)
