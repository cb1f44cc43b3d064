"""Straight lines in the Arrhenius plot, with covariance and outliers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from ionscape.arguments import positive
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import InputError

Law = Literal["conductivity-temperature", "conductivity"]

LEAST_POINTS = 2
OUTLIER_LEVEL = 0.05
"""Probability with which some point of a good line would be called an outlier (Bonferroni)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrheniusFit:
    """ln y = a − E/(k_B T), with y = σT or σ.

    Attributes:
        law: whether y is σT [S K/m] or σ [S/m].
        log_prefactor: a.
        activation_energy: E [J].
        covariance: of a and E, (2, 2).
        residuals: ln y − line, (points,).
        studentised: residuals over their standard deviations, each without its point; NaN of fewer than four points.
        outliers: points that a line with normal errors has in one of twenty measurements only, (points,).
        reduced_chi_squared: by the errors given; NaN without errors or degrees of freedom.
    """

    law: Law
    log_prefactor: float
    activation_energy: float
    covariance: FloatArray
    residuals: FloatArray = field(repr=False)
    studentised: FloatArray = field(repr=False)
    outliers: NDArray[np.bool_] = field(repr=False)
    reduced_chi_squared: float

    def log_value(self, temperature: ArrayLike) -> FloatArray:
        """Ln y at temperatures [K]."""
        return self.log_prefactor - self.activation_energy / (BOLTZMANN_CONSTANT * np.asarray(temperature, np.float64))


def arrhenius_fit(
    temperature: ArrayLike, conductivity: ArrayLike, *, relative_error: ArrayLike | None = None,
    law: Law = "conductivity-temperature",
) -> ArrheniusFit:  # fmt: skip
    """Fit ln(σT), or ln σ, over 1/T by linear least squares.

    Without errors all points weigh alike, and the scatter tells the covariance. With errors the covariance is theirs,
    times the reduced χ² where that is above 1: points that scatter more than they say are not known better for it.

    Args:
        temperature: [K], (points,).
        conductivity: [S/m], (points,).
        relative_error: standard deviations over the values, (points,) or one; None if they are not known. Errors that
            all points share, as that of the geometry, do not belong here.
        law: "conductivity-temperature" for σT, whose energy is that of D; or "conductivity".

    Raises:
        InputError: fewer than two temperatures, or values that are not above 0.
    """
    kelvin, sigma = (
        np.atleast_1d(positive(*each)) for each in (("temperature", temperature), ("conductivity", conductivity))
    )
    if kelvin.shape != sigma.shape or kelvin.ndim != 1:
        raise InputError("must have one value for each temperature", key="conductivity", value=sigma.size,
                         bound=f"{kelvin.size} temperatures")  # fmt: skip
    if np.unique(kelvin).size < LEAST_POINTS:
        raise InputError("has too few different values for an activation energy", key="temperature",
                         value=np.unique(kelvin).size, bound=f"at least {LEAST_POINTS}")  # fmt: skip
    if law not in ("conductivity-temperature", "conductivity"):
        raise InputError('must be "conductivity-temperature" or "conductivity"', key="law", value=str(law))
    y = np.log(sigma * kelvin if law == "conductivity-temperature" else sigma)
    errors = np.ones(y.size)
    if relative_error is not None:
        errors = np.broadcast_to(positive("relative_error", relative_error), y.shape).astype(np.float64)
    weights = errors**-2
    x = -1.0 / (BOLTZMANN_CONSTANT * kelvin)
    # about the weighted mean both parameters are independent, which keeps all digits
    total = weights.sum()
    middle, level = (weights @ x) / total, (weights @ y) / total
    spread = weights @ (x - middle) ** 2
    energy = (weights @ ((x - middle) * (y - level))) / spread
    residuals = y - level - energy * (x - middle)
    degrees = y.size - 2
    reduced = float(weights @ residuals**2 / degrees) if degrees > 0 else math.nan
    if relative_error is None:
        factor = reduced if degrees > 0 else math.nan
    else:
        factor = max(1.0, reduced) if degrees > 0 else 1.0
    variance = factor / spread
    covariance = np.array([[factor / total + middle**2 * variance, -middle * variance], [-middle * variance, variance]])
    studentised = _studentised(residuals, weights, x - middle, spread, degrees)
    bound = student.isf(OUTLIER_LEVEL / (2.0 * y.size), degrees - 1) if degrees > 1 else math.inf
    return ArrheniusFit(
        law=law, log_prefactor=float(level - energy * middle), activation_energy=float(energy), covariance=covariance,
        residuals=residuals, studentised=studentised, outliers=np.abs(studentised) > bound,
        reduced_chi_squared=reduced if relative_error is not None else math.nan,
    )  # fmt: skip


def _studentised(
    residuals: FloatArray, weights: FloatArray, away: FloatArray, spread: float, degrees: int
) -> FloatArray:
    """Externally studentised residuals (Belsley, Kuh & Welsch, Regression Diagnostics (1980), chapter 2)."""
    if degrees < 2:
        return np.full(residuals.size, np.nan)
    scaled = residuals * np.sqrt(weights)
    leverage = weights * (1.0 / weights.sum() + away**2 / spread)
    left = np.maximum(1.0 - leverage, 1e-12)
    without = np.maximum((scaled @ scaled - scaled**2 / left) / (degrees - 1), 1e-300)
    return scaled / np.sqrt(without * left)
