"""A data set of a fit: a measured profile, the experiment that made it, and what else was measured of the sample."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.files.csv_table import read_csv_table
from ionscape.files.fields import Quantity
from ionscape.profiling import DepthProfile, Measurement, calibrate
from ionscape.profiling.resolution import DepthResponse, GaussianResponse, MixingRoughnessInformationResponse

from .discrepancy import Discrepancy
from .readings import PlateReading
from .settings import FitTable
from .stated import bulk_charge, observed

CURVE_COLUMNS = {"time": Quantity("time"), "current": Quantity("current")}


@dataclass(frozen=True, kw_only=True, eq=False)
class DataSet:
    """A measured profile and the experiment that made it.

    Attributes:
        name: of the data set; empty if there is one only.
        experiment: with the first values of the parameters.
        profile: calibrated profile; None if there is none, and nothing to compare below.
        ions: that the profile holds, shape (ions,).
        depth: of the points that are compared [m], shape (points,).
        intensity: counts there, shape (ions, points).
        variance: of the counts by counting, shape (ions, points).
        common_factor: relative standard deviation of the factor that all ions of a point share.
        factors: sensitivity factors of the calibration [1/m^3 per count], shape (ions,).
        response: depth response of the instrument.
        response_error: relative standard deviation of its width; 0 if it is exact.
        charges: charge numbers of the ions, of the sign that makes their sum in the bulk positive, shape (ions,).
        native: their densities in the bulk [1/m^3], shape (ions,).
        background: of native ions over their counts in the bulk, as the calibration has taken it off, shape (ions,).
        background_error: its standard deviation, shape (ions,).
        discrepancy: of the model; None for none.
        stage: after which the profile was measured, counted from 0.
        factor_errors: relative standard deviations of the factors, which are known where densities were stated and no
            counts, shape (ions,); None where the data determine the factors.
        intervals: of which the values are the means [m], shape (2, points); None for values at points.
        charge_density: of all mobile ions in the bulk, also of those that a stated profile does not hold [1/m^3].
        observed_charge: (value, standard deviation) of the charge through the back [C]; None if it is not known.
        current_curve: times [s], currents [A] and standard deviations [A], shape (3, points); None if there is none.
        current_common_error: relative standard deviation of the factor that all currents share.
        readings: stresses and effective indices of the plate.
    """

    name: str
    experiment: Experiment
    profile: DepthProfile | None
    ions: tuple[str, ...]
    depth: FloatArray
    intensity: FloatArray
    variance: FloatArray
    common_factor: float
    factors: FloatArray
    response: DepthResponse
    response_error: float
    charges: FloatArray
    native: FloatArray
    background: FloatArray
    background_error: FloatArray
    stage: int
    factor_errors: FloatArray | None = None
    intervals: FloatArray | None = None
    charge_density: float = 0.0
    discrepancy: Discrepancy | None = None
    observed_charge: tuple[float, float] | None = None
    current_curve: FloatArray | None = None
    current_common_error: float = 0.0
    readings: tuple[PlateReading, ...] = ()

    @property
    def further_residuals(self) -> int:
        """How many residuals follow those of the counts: of the charge, the current curve and the readings."""
        curve = 0 if self.current_curve is None else self.current_curve.shape[1]
        return (self.observed_charge is not None) + curve + len(self.readings)


def make_data_set(
    name: str, measured: Measurement | Experiment, settings: FitTable, readings: tuple[PlateReading, ...], folder: Path
) -> DataSet:
    """A data set with all that was measured of it.

    Args:
        name: of the data set; empty if there is one only.
        measured: a profile with its experiment, or an experiment of which no profile was measured.
        settings: the table [fit].
        readings: of the plate.
        folder: in which files of the table lie.

    Raises:
        InputError: nothing was measured, or something of it cannot be used.
    """
    charge, curve = settings.observed_charge, settings.current_curve
    further: dict[str, Any] = {
        "observed_charge": None if charge is None else (charge.value, charge.relative_error * charge.value),
        "current_curve": None if curve is None else _current_curve(folder / curve.file, curve.relative_error),
        "current_common_error": 0.0 if curve is None else curve.common_error,
        "readings": readings,
    }
    if isinstance(measured, Measurement):
        return replace(_of_profile(name, measured), **further)
    if not (charge or curve or readings):
        about = f" of {name}" if name else ""
        raise InputError(f"has nothing{about} to compare with", key="fit",
                         remedy="add a table [measurement] with a profile, stress_readings, effective_indices,"
                         " observed_charge or current_curve")  # fmt: skip
    return DataSet(
        name=name, experiment=measured, profile=None, ions=(), depth=np.zeros(0), intensity=np.zeros((0, 0)),
        variance=np.zeros((0, 0)), common_factor=0.0, factors=np.zeros(0), response=GaussianResponse(sigma=0.0),
        response_error=0.0, charges=np.zeros(0), native=np.zeros(0), background=np.zeros(0),
        background_error=np.zeros(0), stage=len(measured.stages) - 1, **further,
    )  # fmt: skip


def _of_profile(name: str, measurement: Measurement) -> DataSet:
    """A data set with its profile alone."""
    experiment = measurement.experiment
    if experiment is None:
        raise InputError("is missing", file=measurement.file, key="experiment",
                         remedy="a fit needs the experiment file of the sample")  # fmt: skip
    stage = measurement.settings.after_stage
    if stage is not None and stage > len(experiment.stages):
        raise InputError(f"is beyond the {len(experiment.stages)} stages of the experiment", file=measurement.file,
                         key="measurement.after_stage", value=stage, remedy="count stages from 1")  # fmt: skip
    profile = calibrate(measurement)
    data = profile.dataset
    start, stop = data.attrs["fit_region"]
    inside = (data["depth"].values >= start) & (data["depth"].values <= stop)
    if inside.sum() < 5:
        raise InputError(f"holds {int(inside.sum())} points", file=measurement.file, key="measurement.fit_region",
                         remedy="choose a wider region")  # fmt: skip
    response, response_error = _response(data.attrs["depth_response"])
    charges, native = data["charge_number"].values, data["bulk_density"].values
    signed = float(charges @ native) if not profile.is_stated else bulk_charge(measurement)
    background = json.loads(data.attrs["native_background"])
    shares = np.array([background.get(ion, [0.0, 0.0]) for ion in profile.ions])
    return DataSet(
        name=name,
        experiment=experiment,
        profile=profile,
        ions=profile.ions,
        depth=data["depth"].values[inside],
        **observed(data.isel(depth=inside), stated=profile.is_stated),
        common_factor=float(data.attrs["balance_scatter"]),
        factors=data["sensitivity_factor"].values,
        response=response,
        response_error=response_error,
        charges=charges * np.sign(signed),
        charge_density=abs(signed),
        native=native,
        background=shares[:, 0],
        background_error=shares[:, 1],
        stage=len(experiment.stages) - 1 if stage is None else stage - 1,
    )


def _response(stored: str) -> tuple[DepthResponse, float]:
    """Depth response, and the relative error of its width."""
    table = json.loads(stored)
    if table is None:
        return GaussianResponse(sigma=0.0), 0.0
    error = float(table["relative_error"])
    if table["model"] == "gaussian":
        return GaussianResponse(sigma=table["standard_deviation"]), error
    lengths = {key: table[key] for key in ("mixing_length", "roughness", "information_depth")}
    return MixingRoughnessInformationResponse(**lengths), error


def _current_curve(path: Path, relative_error: float) -> FloatArray:
    """Times [s], currents [A] and their errors, shape (3, points); titles may stand above the names of the columns."""

    def is_header(cells: Sequence[str]) -> bool:
        return {cell.partition("(")[0].strip() for cell in cells}.issuperset(CURVE_COLUMNS)

    table = read_csv_table(path, file=str(path), is_header=is_header)
    columns = table.quantities(CURVE_COLUMNS, example="`time (h), current (nA)`", others=True)
    if not table.rows:
        raise InputError("has no numbers below the names of its columns", file=str(path), key=f"line {table.line}",
                         remedy="give times and currents")  # fmt: skip
    errors = np.abs(columns["current"]) * relative_error
    if not errors.all():
        raise InputError("is a current of 0, which a relative error makes exact", file=str(path),
                         key=f"line {table.rows[int(np.flatnonzero(errors == 0.0)[0])][0]}", remedy="leave the line out"
                         )  # fmt: skip
    return np.array([columns["time"], columns["current"], errors])


def irradiation_stages(experiment: Experiment) -> list[int]:
    """Numbers of the stages whose charge an observed charge counts, from 0."""
    return [number for number, stage in enumerate(experiment.stages) if stage.charge_is_counted]
