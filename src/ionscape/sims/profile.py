"""The calibrated depth profile: a dataset with named axes, its summary and its files."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.errors import InputError
from ionscape.provenance import provenance_attributes

from . import densities
from .raw import FloatArray
from .resampling import incorporated_ions

if TYPE_CHECKING:
    import xarray

    from .channels import IonCounts
    from .crater import CraterDepth, DepthScale
    from .densities import Balance, Factors
    from .load import Measurement
    from .resampling import Resampled

FORMAT = "ionscape depth profile 1"
LEVELS = (2.5, 97.5)  # per cent: the 95 % interval


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthProfile:
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
    def warnings(self) -> tuple[str, ...]:
        """What the calibration found wanting, one sentence each."""
        return tuple(json.loads(self.dataset.attrs["warnings"]))

    def summary(self) -> dict[str, Any]:
        """The figures of the calibration in SI units; errors are one standard deviation (reference: profile file)."""
        data = self.dataset
        found = data.attrs
        pulses = int(found["pulses_per_point"])

        def by_ion(name: str, error: str) -> dict[str, dict[str, float]]:
            return {
                ion: {"value": float(data[name].values[k]), "error": float(data[error].values[k])}
                for k, ion in enumerate(self.ions)
            }

        return {
            "title": found["title"],
            "method": found["density_method"],
            "sputter_rate": float(found["sputter_rate"]),
            "sputter_rate_error": float(found["sputter_rate_error"]),
            "sputter_rate_lower_95": float(found["sputter_rate_lower_95"]),
            "sputter_rate_upper_95": float(found["sputter_rate_upper_95"]),
            "crater_depth": float(found["crater_depth"]),
            "crater_depth_error": float(found["crater_depth_error"]),
            "sensitivity_factors": by_ion("sensitivity_factor", "sensitivity_factor_error"),
            "incorporated": by_ion("incorporated", "incorporated_error"),
            "pulses_per_point": pulses if pulses > 0 else None,
            "common_factor": float(found["common_factor"]),
            "balance_reduced_chi_square": float(found["balance_reduced_chi_square"]),
            "bulk_region": [float(value) for value in found["bulk_region"]],
            "calibration_region": [float(value) for value in found["calibration_region"]],
            "fit_region": [float(value) for value in found["fit_region"]],
            "surface_time": float(found["surface_time"]),
            "warnings": list(self.warnings),
        }

    def to_netcdf(self, path: str | Path) -> None:
        """Write a NetCDF file that any NetCDF reader opens."""
        self.dataset.to_netcdf(Path(path), engine="h5netcdf")

    def to_csv(self, path: str | Path) -> None:
        """Write densities and their bounds as a table: one row per point, SI units."""
        data = self.dataset
        columns: dict[str, FloatArray] = {"depth (m)": data["depth"].values}
        if "sputter_time" in data:
            columns["sputter time (s)"] = data["sputter_time"].values
        names = ("density", "density_lower", "density_upper", "density_systematic_lower", "density_systematic_upper")
        for k, ion in enumerate(self.ions):
            for name in names:
                label = " ".join([ion, *name.split("_")[1:]])
                columns[f"{label} (1/m^3)"] = data[name].values[:, k]
            columns[f"{ion} counts"] = data["intensity"].values[:, k]
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([[f"{value:.10g}" for value in row] for row in zip(*columns.values(), strict=True)])


def load_profile(path: str | Path) -> DepthProfile:
    """Read a profile that `DepthProfile.to_netcdf` wrote.

    Raises:
        InputError: the file does not exist or is no profile.
    """
    import xarray

    if Path(path).is_dir():
        raise InputError("is a folder", file=str(path), remedy="give the file in it")
    try:
        dataset = xarray.load_dataset(Path(path), engine="h5netcdf")
    except FileNotFoundError:
        raise InputError("does not exist", file=str(path), remedy="give the path of a profile") from None
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0][:60]
        raise InputError(
            "is not a NetCDF file", file=str(path), remedy=f"give a profile of ionscape ({reason})"
        ) from None
    if dataset.attrs.get("format") != FORMAT:
        raise InputError("is not a profile of ionscape", file=str(path), remedy="give a file that calibrate wrote")
    return DepthProfile(dataset=dataset)


def make_profile(
    measurement: Measurement,
    *,
    counts: IonCounts,
    scale: DepthScale,
    crater: CraterDepth | None,
    depth: FloatArray,
    used: Any,
    balance: Balance,
    factors: Factors,
    resampled: Resampled,
    warnings: list[str],
) -> DepthProfile:
    """Put a calibration into a dataset."""
    import xarray

    method = measurement.settings.density_method
    density = densities.densities_of(method, counts, balance, factors)
    others = np.array([densities.densities_of(other, counts, balance, factors) for other in ("proportional", "equal")])
    lowest = np.minimum(density, others.min(axis=0))
    highest = np.maximum(density, others.max(axis=0))
    lower, upper = np.percentile(resampled.density, LEVELS, axis=0)
    covariance = densities.point_covariance(
        method, factors.values, counts.intensity, counts.variance, balance, common_factor=factors.common_factor
    )
    over_depth, per_ion = ("depth", "ion"), ("ion",)
    per_cubic_metre, per_square_metre = {"units": "1/m^3"}, {"units": "1/m^2"}
    channels = counts.channels
    variables: dict[str, Any] = {
        "density": (over_depth, density.T[used], {**per_cubic_metre, "long_name": "number density"}),
        "density_lower": (over_depth, np.minimum(lower, density).T[used],
                          {**per_cubic_metre, "long_name": "lower end of the statistical 95 % interval"}),
        "density_upper": (over_depth, np.maximum(upper, density).T[used],
                          {**per_cubic_metre, "long_name": "upper end of the statistical 95 % interval"}),
        "density_systematic_lower": (over_depth, lowest.T[used],
                                     {**per_cubic_metre, "long_name": "lower end of the band of normalisations"}),
        "density_systematic_upper": (over_depth, highest.T[used],
                                     {**per_cubic_metre, "long_name": "upper end of the band of normalisations"}),
        "density_covariance": (("depth", "ion", "other_ion"), covariance[used], {"units": "1/m^6", "long_name":
        "covariance of a point by counting and common factor"}),
        "intensity": (over_depth, counts.intensity.T[used], {"units": "1", "long_name": "counts of all isotopes"}),
        "intensity_variance": (over_depth, counts.variance.T[used], {"units": "1", "long_name": "by counting alone"}),
        "balance": (("depth",), densities.balance_deviation(counts, balance, factors)[used],
                    {"units": "1", "long_name": "relative deviation of the charge balance before it is shared out"}),
        "balance_error": (("depth",), densities.balance_error(counts, balance, factors)[used],
                          {"units": "1", "long_name": "standard deviation of the charge balance by noise"}),
        "dead_time_limited": (("depth",), counts.limited[used].astype(np.int8), {"units": "1"}),
        "channel_counts": (("depth", "channel"), channels.counts.T[used], {"units": "1"}),
        "charge_number": (per_ion, balance.charges, {"units": "1"}),
        "bulk_density": (per_ion, balance.native, per_cubic_metre),
        "sensitivity_factor": (per_ion, factors.values, {"units": "1/m^3", "long_name": "density per count"}),
        "sensitivity_factor_error": (per_ion, np.sqrt(np.diag(factors.covariance)), per_cubic_metre),
        "sensitivity_factor_covariance": (("ion", "other_ion"), factors.covariance, {"units": "1/m^6"}),
        "incorporated": (per_ion, incorporated_ions(density, balance, depth), per_square_metre),
        "incorporated_error": (per_ion, resampled.incorporated.std(axis=0, ddof=1), per_square_metre),
    }  # fmt: skip
    if measurement.raw.sputter_time is not None:
        variables["sputter_time"] = (("depth",), measurement.raw.sputter_time[used], {"units": "s"})
    coordinates = {
        "depth": ("depth", depth[used], {"units": "m", "long_name": "depth below the surface"}),
        "ion": list(channels.ions),
        "other_ion": list(channels.ions),
        "channel": list(channels.channels),
    }
    attributes = _attributes(measurement, counts, scale, crater, depth, balance, factors, warnings)
    return DepthProfile(dataset=xarray.Dataset(variables, coords=coordinates, attrs=attributes), crater=crater)


def _attributes(
    measurement: Measurement,
    counts: IonCounts,
    scale: DepthScale,
    crater: CraterDepth | None,
    depth: FloatArray,
    balance: Balance,
    factors: Factors,
    warnings: list[str],
) -> dict[str, Any]:
    settings = measurement.settings
    raw = measurement.raw
    fit = settings.fit_region or (float(depth[balance.zone].min()), float(depth[balance.zone].max()))
    response = settings.depth_resolution
    nan = float("nan")
    lower, upper = scale.rate_interval()
    return {
        "format": FORMAT,
        "title": measurement.title,
        "raw_file": raw.file,
        "raw_format": raw.format,
        "raw_sha256": raw.sha256,
        "smoothing": raw.smoothing or "",
        "density_method": settings.density_method,
        "sputter_rate": scale.rate if raw.sputter_time is not None else nan,
        "sputter_rate_error": scale.rate_error if raw.sputter_time is not None else nan,
        "sputter_rate_lower_95": lower if raw.sputter_time is not None else nan,
        "sputter_rate_upper_95": upper if raw.sputter_time is not None else nan,
        "depth_scale_relative_error": scale.rate_error / scale.rate,
        "surface_time": scale.surface_time,
        "crater_depth": crater.depth if crater else (settings.crater_depth.value if settings.crater_depth else nan),
        "crater_depth_error": crater.error
        if crater
        else (settings.crater_depth.error if settings.crater_depth else nan),
        "pulses_per_point": counts.pulses or 0,
        "common_factor": counts.common_factor,
        "common_factor_error": counts.common_factor_error,
        "balance_scatter": factors.common_factor,
        "balance_reduced_chi_square": factors.reduced_chi_square,
        "bulk_region": [float(depth[balance.bulk].min()), float(depth[balance.bulk].max())],
        "calibration_region": [float(depth[balance.zone].min()), float(depth[balance.zone].max())],
        "fit_region": [float(fit[0]), float(fit[1])],
        "depth_response": json.dumps(response.model_dump() if response is not None else None),
        "warnings": json.dumps(warnings, ensure_ascii=False),
        **{
            name.replace("experiment", "source"): value
            for name, value in provenance_attributes(source=measurement.source, settings=measurement.table).items()
        },
    }
