"""What a reader must know about the errors of a series: too few landscapes, skewed ones, a fit that does not fit."""

from __future__ import annotations

import math

import numpy as np

from .averages import mean_and_errors, mean_of_open, student_factor
from .fit import EnergyScaleFit
from .remarks import Averages

FEWEST_LANDSCAPES = 4
"""Below so many, a standard error is itself uncertain by half or more."""
SKEWED_SCATTER = 0.3
"""Decades between single landscapes from which on 95 % intervals of the mean hold in 90 of 100 cases or fewer."""
IMPROBABLE = 1e-3  # probability of so large a chi square below which a fit is said not to describe the measurements


def error_warnings(averages: Averages, fitted: EnergyScaleFit | None) -> list[str]:
    """What a reader must know about the errors, one sentence each.

    Args:
        averages: values of all landscapes.
        fitted: the fit of energy scale and noise; None if they were given.
    """
    return [*_few_warnings(averages), *_skew_warnings(averages), *_fit_warnings(fitted)]


def _fit_warnings(fitted: EnergyScaleFit | None) -> list[str]:
    """That energy scale and noise do not describe the measurements they were fitted to, if so."""
    from scipy.special import chdtrc

    if fitted is None or fitted.degrees_of_freedom < 1:
        return []
    freedom, chi_square = fitted.degrees_of_freedom, fitted.chi_square
    if chdtrc(freedom, chi_square) >= IMPROBABLE:
        return []
    return [
        "The measured activation energies scatter about the fitted energy scale and noise by more than their errors:"
        f" χ² is {chi_square:.3g} for {freedom} degree{'' if freedom == 1 else 's'} of freedom, and the errors of both"
        f" were raised by a factor of {math.sqrt(chi_square / freedom):.2g}."
    ]


def _few_warnings(averages: Averages) -> list[str]:
    """That the errors of means over few or very different landscapes are uncertain themselves."""
    found: dict[int, list[str]] = {}
    for values, what in (
        (averages.activation_energy, "activation energies"), (averages.conductivity[..., :1], "conductivities"),
    ):  # fmt: skip
        if values.size:
            counts = np.isfinite(values).reshape(*values.shape[:3]).any(axis=2).sum(axis=1)
            found.setdefault(int(counts.min()), []).append(what)
    warnings: list[str] = []
    for count, names in found.items():
        if count == 1:
            warnings.append(f"The {' and '.join(names)} of one landscape have no errors.")
        elif count < FEWEST_LANDSCAPES:
            warnings.append(
                f"The {' and '.join(names)} are means over {count} landscapes: a standard error of so few is itself"
                f" uncertain by {1.0 / math.sqrt(2.0 * (count - 1)):.0%}, and a 95 % interval is"
                f" ± {student_factor(count):.1f} of them."
            )
    return warnings


def _skew_warnings(averages: Averages) -> list[str]:
    """That the conductivities of single landscapes differ so much that errors of their mean are too small."""
    if not averages.conductivity.size:
        return []
    logarithms = np.log10(mean_of_open(averages.conductivity, axis=2))
    scatter = np.nan_to_num(mean_and_errors(logarithms)[2])
    largest = float(scatter.max())
    # of very few, the scatter says little, and there is a warning already
    if largest < SKEWED_SCATTER or int(np.isfinite(logarithms).sum(axis=1).min()) < FEWEST_LANDSCAPES:
        return []
    return [
        f"Conductivities of single landscapes scatter by up to {largest:.2g} decades: their mean rests on few of them,"
        " is more often too low than too high, and its errors are rather too small; a larger lattice mends it."
    ]
