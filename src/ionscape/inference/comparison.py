"""Which of several models of the same data they prefer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .result import FitResult

if TYPE_CHECKING:
    import xarray


def compare(results: Mapping[str, FitResult]) -> xarray.Dataset:
    """Compare fits of different models to the same data.

    Args:
        results: of the fits, by the name of their model.

    Returns:
        Over `model`, the one with the greatest evidence first: `cost`, `parameters`, `reduced_chi_square`,
        `bayesian_information_criterion` and `akaike_information_criterion` (less is better) with their `..._difference`
        from the best, `log_evidence` with `log_bayes_factor`, its difference from the best, and `probability`, where
        all models are equally probable beforehand. Evidences depend on the bounds of the parameters, which are their
        priors: they are comparable where bounds say what was thought possible.

    Raises:
        InputError: there is no result, or the results are of different data.
    """
    import xarray

    if not results:
        raise InputError("are missing", key="results", remedy="give the fits of two or more models")
    names = list(results)
    first = _data_of(results[names[0]])
    for name in names[1:]:
        other = _data_of(results[name])
        if list(first) != list(other) or not all(np.array_equal(first[key], other[key]) for key in first):
            raise InputError(
                f"was not fitted to the data of {names[0]!r}", key="results", value=name,
                remedy="compare models by the same measurements, points and charges",
            )  # fmt: skip
    attributes = [results[name].dataset.attrs for name in names]
    evidence = np.array([float(found["log_evidence"]) for found in attributes])
    order = np.argsort(-evidence, kind="stable")
    evidence = evidence[order]
    ratio = evidence - evidence[0]
    columns: dict[str, Any] = {
        "cost": _column(attributes, "cost")[order],
        "parameters": np.array([results[name].dataset.sizes["parameter"] for name in names])[order],
        "reduced_chi_square": (
            _column(attributes, "cost") / np.maximum(_column(attributes, "degrees_of_freedom"), 1.0)
        )[order],
        "log_evidence": evidence,
        "log_bayes_factor": ratio,
        "probability": np.exp(ratio) / np.sum(np.exp(ratio)),
    }
    for criterion in ("bayesian_information_criterion", "akaike_information_criterion"):
        values = _column(attributes, criterion)[order]
        columns[criterion], columns[f"{criterion}_difference"] = values, values - values.min()
    return xarray.Dataset(
        {name: ("model", values) for name, values in columns.items()}, coords={"model": [names[k] for k in order]}
    )


def _column(attributes: list[dict[str, Any]], name: str) -> FloatArray:
    return np.array([float(found[name]) for found in attributes])


def _data_of(result: FitResult) -> dict[str, Any]:
    """What tells the data of a fit from those of others: depths, and counts and charges where they are at hand."""
    data = result.dataset
    found: dict[str, Any] = {"datasets": data.attrs["datasets"], "ions": data.attrs["ions"]}
    found |= {str(name): data[name].values for name in data.data_vars if str(name).startswith("residual_")}
    found = {name: np.shape(value) if name.startswith("residual_") else value for name, value in found.items()}
    found |= {str(name): data[name].values for name in data.data_vars if str(name).startswith("depth_")
              and str(name).removeprefix("depth_").isdigit()}  # fmt: skip
    if "reading_measured" in data:
        found |= {name: data[f"reading_{name}"].values for name in ("measured", "error")}
    return found
