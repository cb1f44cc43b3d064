"""Fits: from depth profiles to D(n) and site energies with intervals."""

from ionscape.inference.comparison import compare
from ionscape.inference.fit import fit
from ionscape.inference.information import information_by_density
from ionscape.inference.parameters import Parameter, Prior
from ionscape.inference.parts import FitProgress
from ionscape.inference.posterior import sample_posterior
from ionscape.inference.problem import DataSet, FitProblem, load_fit, make_fit
from ionscape.inference.profile_likelihood import profile_likelihood
from ionscape.inference.result import FitResult, load_fit_result

__all__ = [
    "DataSet",
    "FitProblem",
    "FitProgress",
    "FitResult",
    "Parameter",
    "Prior",
    "compare",
    "fit",
    "information_by_density",
    "load_fit",
    "load_fit_result",
    "make_fit",
    "profile_likelihood",
    "sample_posterior",
]

FURTHER = {"profile-likelihood": profile_likelihood, "mcmc": sample_posterior}
"""What goes on from least squares, by the name that it has as the method of a fit file."""
