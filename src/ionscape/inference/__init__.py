"""Fits: from depth profiles to D(n) and site energies with intervals."""

from ionscape.inference.fit import FitProgress, fit
from ionscape.inference.parameters import Parameter, Prior
from ionscape.inference.problem import DataSet, FitProblem, load_fit, make_fit
from ionscape.inference.result import FitResult, load_fit_result

__all__ = [
    "DataSet",
    "FitProblem",
    "FitProgress",
    "FitResult",
    "Parameter",
    "Prior",
    "fit",
    "load_fit",
    "load_fit_result",
    "make_fit",
]
