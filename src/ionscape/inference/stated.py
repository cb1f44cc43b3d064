"""Profiles of stated densities as data of a fit: noise that is known, factors that are known, means of intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .parameters import Parameter, Prior

if TYPE_CHECKING:
    import xarray

    from ionscape.profiling import Measurement

SCALE_RANGE = 5.0  # standard deviations


def observed(data: xarray.Dataset, *, stated: bool) -> dict[str, Any]:
    """What is compared: counts, or stated densities, of which some may not have been measured.

    Args:
        data: of a calibrated profile, the points that are compared.
        stated: whether it holds stated densities.

    Returns:
        Fields of a data set.
    """
    values, variance = data["intensity"].values.T, data["intensity_variance"].values.T
    if not stated:
        return {"intensity": values, "variance": variance}
    absent = ~np.isfinite(values)
    return {
        # an infinite variance takes what was not measured out of every sum
        "intensity": np.where(absent, 0.0, values),
        "variance": np.where(absent, np.inf, variance),
        "factor_errors": data["sensitivity_factor_error"].values,
        "intervals": data["interval"].values.T if "interval" in data else None,
    }


def bulk_charge(measurement: Measurement) -> float:
    """Charge of all native ions of the sample in elementary charges [1/m^3], whether the profile holds them or not."""
    return sum(measurement.charges.get(ion, 1) * density for ion, density in measurement.native.items())


def scale_parameter(name: str, number: int, ion: str, error: float) -> Parameter:
    """The factor that all stated densities of an ion share.

    Args:
        name: of the parameter.
        number: of the data set.
        ion: whose densities.
        error: its relative standard deviation.
    """
    reach = float(np.exp(SCALE_RANGE * error))
    return Parameter(
        name=name, kind="measurement", lower=1.0 / reach, upper=reach, scale="log", start=1.0,
        prior=Prior(mean=0.0, standard_deviation=error, scale="log"), paths=((number, f"sensitivity_factor.{ion}"),),
    )  # fmt: skip
