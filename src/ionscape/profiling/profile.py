"""The calibrated depth profile: a dataset with named axes, its summary and its files."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import PERCENTILES_68, PERCENTILES_95
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.files.table_files import Columns
from ionscape.provenance import provenance_attributes
from ionscape.remarks import Remark, remark_attributes, remark_entries

from . import densities
from .marker import MarkerScale, constant_difference
from .resampling import incorporated_ions, shift, smoothed

if TYPE_CHECKING:
    import xarray

    from .channels import IonCounts
    from .crater import CraterDepth
    from .densities import Balance, Factors
    from .depth_scale import DepthScale
    from .load import Measurement
    from .resampling import Resampled
    from .settings import DensityMethod

FORMAT = "ionscape depth profile 1"
STATED = "stated concentrations"
"""Method of a profile that was no counts."""
OVER_DEPTH = (
    "density", "density_lower_95", "density_upper_95", "density_systematic_lower", "density_systematic_upper",
    "intensity", "intensity_variance",
)  # fmt: skip
PER_ION = (
    "bulk_density", "charge_number", "sensitivity_factor", "sensitivity_factor_error", "incorporated",
    "incorporated_error", "incorporated_lower_95", "incorporated_upper_95",
)  # fmt: skip
NUMBERS = (
    "sputter_rate", "sputter_rate_error", "sputter_rate_lower_95", "sputter_rate_upper_95", "crater_depth",
    "crater_depth_error", "depth_scale_relative_error", "surface_time", "pulses_per_point", "common_factor",
    "balance_reduced_chi_square", "balance_scatter",
)  # fmt: skip
MARKED = ("depth_systematic_largest", "depth_systematic_largest_at")
"""Numbers of a profile whose depths follow from a marker: how far it is from a constant rate at most, and where [m]."""
REGIONS = ("bulk_region", "calibration_region", "fit_region")
CONTENT = Content(
    form=FORMAT,
    what="a calibrated profile",
    command="ionscape calibrate",
    variables={
        "depth": ("depth",),
        **dict.fromkeys(OVER_DEPTH, ("depth", "ion")),
        **dict.fromkeys(PER_ION, ("ion",)),
        "sensitivity_factor_covariance": ("ion", "other_ion"),
        "density_covariance": ("depth", "ion", "other_ion"),
        "channel_counts": ("depth", "channel"),
    },
    # where a native ion was not measured there is no balance
    gaps={"balance": ("depth",), "balance_error": ("depth",)},
    labels={"ion": ("ion",), "channel": ("channel",)},
    attributes={
        "title": "text", "raw_file": "text", "raw_sha256": "text", "density_method": "text", "warnings": "JSON",
        "depth_response": "JSON", "settings": "JSON", **dict.fromkeys(NUMBERS, "number"),
        **dict.fromkeys(REGIONS, "pair of numbers"),
    },
    possible={"remarks": "JSON", "concentrations": "JSON", "native_density": "number", "marker": "text"},
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthProfile(StoredResult):
    """Densities of the ions over depth, as `calibrate` gives them.

    Attributes:
        dataset: densities, intervals, counts, factors and regions with named axes and units (reference: profile file).
        crater: the evaluated crater scans; None if there were none, or for a profile read from a file.
    """

    dataset: xarray.Dataset
    crater: CraterDepth | None = None

    def __repr__(self) -> str:
        data = self.dataset
        ions, method = ", ".join(self.ions), data.attrs["density_method"]
        return f"DepthProfile({data.attrs['title']!r}, {ions}, {data.sizes['depth']} points, {method})"

    @property
    def ions(self) -> tuple[str, ...]:
        """Names of the ions, native ones first."""
        return tuple(str(name) for name in self.dataset["ion"].values)

    @property
    def is_stated(self) -> bool:
        """Whether the densities were given as concentrations, not made of counts."""
        return self.dataset.attrs["density_method"] == STATED

    @property
    def native_density(self) -> float:
        """Density of all native ions in the bulk [1/m^3], also of those that a stated profile does not hold."""
        data = self.dataset
        return float(data.attrs.get("native_density", np.sum(data["bulk_density"].values)))

    def summary(self) -> dict[str, Any]:
        """The figures of the calibration in SI units; errors are one standard deviation (reference: profile file)."""
        data = self.dataset
        found = data.attrs
        pulses = int(found["pulses_per_point"])

        def numbers(*names: str) -> dict[str, float]:
            return {name: float(found[name]) for name in names}

        def by_ion(name: str, error: str) -> dict[str, dict[str, float]]:
            return {
                ion: {"value": float(data[name].values[k]), "error": float(data[error].values[k])}
                for k, ion in enumerate(self.ions)
            }

        return {
            "title": found["title"],
            **remark_entries(self.remarks),
            "method": found["density_method"],
            **numbers("sputter_rate", "sputter_rate_error", "sputter_rate_lower_95", "sputter_rate_upper_95"),
            **numbers("crater_depth", "crater_depth_error"),
            # Files of earlier versions do not say it.
            "crater_sputter_time": float(found.get("crater_sputter_time", math.nan)),
            "crater_sputter_time_from": found.get("crater_sputter_time_from") or None,
            "marker": found.get("marker") or None,
            **numbers(*(name for name in MARKED if name in found)),
            "concentrations": json.loads(found["concentrations"]) if "concentrations" in found else None,
            "sensitivity_factors": by_ion("sensitivity_factor", "sensitivity_factor_error"),
            "incorporated": {
                ion: {
                    **entry,
                    "lower_95": float(data["incorporated_lower_95"].values[k]),
                    "upper_95": float(data["incorporated_upper_95"].values[k]),
                }
                for k, (ion, entry) in enumerate(by_ion("incorporated", "incorporated_error").items())
            },
            "pulses_per_point": pulses if pulses > 0 else None,
            **numbers("common_factor", "common_factor_error", "balance_scatter", "balance_reduced_chi_square"),
            **{name: [float(value) for value in found[name]] for name in REGIONS},
            **numbers("surface_time"),
        }

    def columns(self) -> Columns:
        """Densities and their bounds, one row per point, SI units."""
        data = self.dataset
        columns: dict[str, FloatArray] = {"depth (m)": data["depth"].values}
        if "sputter_time" in data:
            columns["sputter time (s)"] = data["sputter_time"].values
        endings = ("", "_lower_95", "_upper_95", "_systematic_lower", "_systematic_upper")
        for k, ion in enumerate(self.ions):
            for ending in endings:
                columns[f"{ion}{ending.replace('_', ' ')} (1/m^3)"] = data[f"density{ending}"].values[:, k]
            if not self.is_stated:
                columns[f"{ion} counts"] = data["intensity"].values[:, k]
        return [(name, values.tolist()) for name, values in columns.items()]


def load_profile(path: str | Path) -> DepthProfile:
    """Read a profile that `DepthProfile.to_netcdf` wrote.

    Raises:
        InputError: the file does not exist, is no profile, or is damaged.
    """
    return DepthProfile(dataset=read_dataset(path, CONTENT))


def make_profile(
    measurement: Measurement,
    *,
    counts: IonCounts,
    scale: DepthScale | MarkerScale,
    crater: CraterDepth | None,
    depth: FloatArray,
    used: Any,
    balance: Balance,
    factors: Factors,
    resampled: Resampled,
    remarks: list[Remark],
) -> DepthProfile:
    """Put a calibration into a dataset."""
    import xarray

    method = measurement.settings.density_method
    density = densities.shared_out(method, factors, counts, balance)
    time = measurement.raw.sputter_time
    others = [densities.shared_out(other, factors, counts, balance) for other in ("proportional", "equal")]
    marked: dict[str, Any] = {}
    if isinstance(scale, MarkerScale) and time is not None:
        constant = scale.constant.depth(time)
        others.append(density + shift(smoothed(density), depth, constant[None])[0])
        marked = _by_marker(scale, depth, constant, time, used)
    variables = {
        **_over_depth(method, density, np.array(others), counts, balance, factors, resampled, used),
        **marked,
        **_per_ion(density, depth, balance, factors, resampled),
        "charge_number": (
            ("ion",), [float(measurement.charges.get(ion, 1)) for ion in counts.channels.ions], {"units": "1"}
        ),
    }  # fmt: skip
    if measurement.raw.sputter_time is not None:
        variables["sputter_time"] = (("depth",), measurement.raw.sputter_time[used], {"units": "s"})
    coordinates = {
        "depth": ("depth", depth[used], {"units": "m", "long_name": "depth below the surface"}),
        "ion": list(counts.channels.ions),
        "other_ion": list(counts.channels.ions),
        "channel": list(counts.channels.channels),
    }
    attributes = _attributes(measurement, counts, scale, crater, depth, balance, factors, remarks)
    return DepthProfile(dataset=xarray.Dataset(variables, coords=coordinates, attrs=attributes), crater=crater)


def _over_depth(
    method: DensityMethod,
    density: FloatArray,
    others: FloatArray,
    counts: IonCounts,
    balance: Balance,
    factors: Factors,
    resampled: Resampled,
    used: Any,
) -> dict[str, Any]:
    """Variables with a value at every point that is used; `others` are the densities that span the systematic band."""
    lower, upper = np.percentile(resampled.density, PERCENTILES_95, axis=0)
    covariance = densities.point_covariance(method, factors, counts, balance)
    over_ions = {
        "density": (density, "1/m^3", "number density"),
        "density_lower_95": (np.minimum(lower, density), "1/m^3", "lower end of the statistical 95 % interval"),
        "density_upper_95": (np.maximum(upper, density), "1/m^3", "upper end of the statistical 95 % interval"),
        "density_systematic_lower": (
            np.minimum(density, others.min(axis=0)), "1/m^3", "lower end of the systematic band"
        ),
        "density_systematic_upper": (
            np.maximum(density, others.max(axis=0)), "1/m^3", "upper end of the systematic band"
        ),
        "intensity": (counts.intensity, "1", "counts of all isotopes"),
        "intensity_variance": (counts.variance, "1", "by counting alone"),
    }  # fmt: skip
    return {
        **{
            name: (("depth", "ion"), values.T[used], {"units": units, "long_name": meaning})
            for name, (values, units, meaning) in over_ions.items()
        },
        "density_covariance": (("depth", "ion", "other_ion"), covariance[used], {"units": "1/m^6", "long_name":
        "covariance of a point by counting and common factor"}),
        "balance": (("depth",), densities.balance_deviation(counts, balance, factors)[used],
                    {"units": "1", "long_name": "relative deviation of the charge balance before it is shared out"}),
        "balance_error": (("depth",), densities.balance_error(counts, balance, factors)[used],
                          {"units": "1", "long_name": "standard deviation of the charge balance by noise"}),
        "dead_time_limited": (("depth",), counts.limited[used].astype(np.int8), {"units": "1"}),
        "channel_counts": (("depth", "channel"), counts.channels.counts.T[used], {"units": "1"}),
    }  # fmt: skip


def _by_marker(scale: MarkerScale, depth: FloatArray, constant: FloatArray, time: FloatArray, used: Any) -> Any:
    """Depths between those by the marker and those of a constant rate, and the error by the counts of the marker."""
    length = {"units": "m"}
    return {
        "depth_systematic_lower": (("depth",), np.minimum(depth, constant)[used], length),
        "depth_systematic_upper": (("depth",), np.maximum(depth, constant)[used], length),
        "depth_counting_error": (("depth",), scale.counting_error(time)[used], length),
    }


def _per_ion(
    density: FloatArray, depth: FloatArray, balance: Balance, factors: Factors, resampled: Resampled
) -> dict[str, Any]:
    """Variables with one value for each ion."""
    ions, per_square_metre = ("ion",), {"units": "1/m^2"}
    gained = incorporated_ions(density, balance, depth)
    lower, upper = np.percentile(resampled.incorporated, PERCENTILES_95, axis=0)
    # Not the standard deviation: that of Student's t with the two degrees of freedom that three scans leave does not
    # exist, and that of a sample of it is a matter of luck.
    low, high = np.percentile(resampled.incorporated, PERCENTILES_68, axis=0)
    return {
        "bulk_density": (ions, balance.native, {"units": "1/m^3"}),
        "sensitivity_factor": (ions, factors.values, {"units": "1/m^3", "long_name": "density per count"}),
        "sensitivity_factor_error": (ions, np.sqrt(np.diag(factors.covariance)), {"units": "1/m^3"}),
        "sensitivity_factor_covariance": (("ion", "other_ion"), factors.covariance, {"units": "1/m^6"}),
        "incorporated": (ions, gained, per_square_metre),
        "incorporated_error": (ions, 0.5 * (high - low), per_square_metre),
        "incorporated_lower_95": (ions, np.minimum(lower, gained), per_square_metre),
        "incorporated_upper_95": (ions, np.maximum(upper, gained), per_square_metre),
    }


def _native_background(counts: IonCounts, balance: Balance) -> dict[str, list[float]]:
    """Share of the counts in the bulk that was taken off as background of a native ion, and its error, by ion."""
    if counts.taken_off is None or counts.taken_off_error is None:
        return {}
    known = (balance.native > 0.0) & ((counts.taken_off > 0.0) | (counts.taken_off_error > 0.0))
    return {
        counts.channels.ions[place]: [float(counts.taken_off[place]), float(counts.taken_off_error[place])]
        for place in np.flatnonzero(known)
    }


def _attributes(
    measurement: Measurement,
    counts: IonCounts,
    scale: DepthScale | MarkerScale,
    crater: CraterDepth | None,
    depth: FloatArray,
    balance: Balance,
    factors: Factors,
    remarks: list[Remark],
) -> dict[str, Any]:
    settings = measurement.settings
    raw = measurement.raw
    fit = settings.fit_region or (float(depth[balance.zone].min()), float(depth[balance.zone].max()))
    response = settings.depth_resolution
    stored = None if response is None else {**response.model_dump(), "relative_error": response.relative_error}
    nan = float("nan")
    depth_known = crater or settings.crater_depth
    rates = (scale.rate, scale.rate_error, *scale.rate_interval()) if raw.sputter_time is not None else (nan,) * 4
    rate_names = ("sputter_rate", "sputter_rate_error", "sputter_rate_lower_95", "sputter_rate_upper_95")
    return {
        "format": FORMAT,
        "title": measurement.title,
        "raw_file": raw.file,
        "raw_format": raw.format,
        "raw_sha256": raw.sha256,
        "smoothing": raw.smoothing or "",
        "density_method": settings.density_method,
        **dict(zip(rate_names, rates, strict=True)),
        "depth_scale_relative_error": scale.rate_error / scale.rate,
        "surface_time": scale.surface_time,
        **(_marker(scale, raw.sputter_time) if isinstance(scale, MarkerScale) and raw.sputter_time is not None else {}),
        "crater_depth": crater.depth if crater else settings.crater_depth.value if settings.crater_depth else nan,
        "crater_depth_error": depth_known.error if depth_known else nan,
        "crater_sputter_time": scale.total_time,
        "crater_sputter_time_from": _time_from(measurement, scale),
        "pulses_per_point": counts.pulses or 0,
        "common_factor": counts.common_factor,
        "common_factor_error": counts.common_factor_error,
        "balance_scatter": factors.common_factor,
        "balance_reduced_chi_square": factors.reduced_chi_square,
        "bulk_region": [float(depth[balance.bulk].min()), float(depth[balance.bulk].max())],
        "calibration_region": [float(depth[balance.zone].min()), float(depth[balance.zone].max())],
        "fit_region": [float(fit[0]), float(fit[1])],
        "native_background": json.dumps(_native_background(counts, balance)),
        "depth_response": json.dumps(stored),
        **remark_attributes(remarks),
        **provenance_attributes(source=measurement.source, settings=measurement.table, kind="source"),
    }


def _marker(scale: MarkerScale, time: FloatArray) -> dict[str, Any]:
    largest, at, _ = constant_difference(scale, time)
    return {"marker": scale.element, "depth_systematic_largest": largest, "depth_systematic_largest_at": at}


def _time_from(measurement: Measurement, scale: DepthScale | MarkerScale) -> str:
    """Where the sputter time of the crater comes from; empty where the depth scale needs none."""
    if math.isnan(scale.total_time):
        return ""
    return "last data point" if measurement.settings.sputter_time is None else "given"
