"""The evidence of a fit, by which models are compared."""

from __future__ import annotations

import numpy as np

from ionscape.arrays import FloatArray

from .least_squares import StartResult
from .noise import discrepancy_root
from .problem import FitProblem


def log_evidence(problem: FitProblem, best: StartResult, covariance: FloatArray) -> float:
    """Logarithm of the evidence by Laplace's approximation, but for a constant of the data.

    log Z = −cost/2 + (1/2) log det(2π C) with the prior uniform in the coordinates, whose volume is one, and normal
    ones normalised; C as `covariance_of` gives it. A discrepancy adds −(1/2) log det V.
    """
    sign, logarithm = np.linalg.slogdet(2.0 * np.pi * covariance)
    normalisation = 0.0
    for parameter, coordinate in zip(problem.parameters, best.coordinates, strict=True):
        if parameter.prior is not None:
            slope = parameter.prior.slope(parameter.value(float(coordinate))) * parameter.slope(float(coordinate))
            normalisation += float(np.log(abs(slope) / np.sqrt(2.0 * np.pi)))
    return float(-0.5 * (best.cost + log_volume(problem)) + 0.5 * sign * logarithm + normalisation)


def log_volume(problem: FitProblem) -> float:
    """Logarithm of det V of the discrepancies, the constant by which costs with different ones differ."""
    roots = [discrepancy_root(problem, number) for number, data in enumerate(problem.datasets) if data.discrepancy]
    return float(sum(2.0 * np.sum(np.log(np.diag(root))) for root in roots))
