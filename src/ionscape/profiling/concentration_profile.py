"""From a table of concentrations to a profile of densities: units, errors, checks; nothing is calibrated."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import NORMAL_95
from ionscape.errors import InputError
from ionscape.experiment.remarks import charge_remarks
from ionscape.provenance import provenance_attributes
from ionscape.remarks import Remark, remark_attributes

from . import remarks as told
from .concentration_table import UNITS, ConcentrationColumn, ConcentrationTable, Unit, read_unit
from .glass_amounts import EXCHANGED, NativeGlass, densities_of_shares, native_glass
from .profile import FORMAT, STATED, DepthProfile
from .resampling import point_widths

if TYPE_CHECKING:
    from .concentration_settings import ConcentrationsTable
    from .load import Measurement

LARGEST_SUM = 1.03
"""Of all shares of a point over 100 %, beyond three of its standard deviations: analyses add up to 98 to 102 %."""
NOTABLE_DIFFERENCE = 0.05  # relative, between the native ions of the glass and of the sample, or of the bulk region
COUNTS_ONLY = (
    "saturated", "pulses_per_point", "crater_scans", "surface_regions", "valley_region", "profilometer_error",
    "single_scan_scatter", "crater_depth", "sputter_rate", "layers", "sputter_time", "surface_time", "marker",
    "density_method", "calibration_region", "background", "native_background", "common_factor", "resamples", "seed",
)  # fmt: skip
"""Keys of a table [measurement] that belong to counts."""


def concentration_profile(measurement: Measurement, table: ConcentrationTable) -> DepthProfile:
    """The densities of the mobile ions that a table of concentrations states, with their errors.

    Args:
        measurement: with its settings, ions and charges.
        table: as it was read.

    Raises:
        InputError: a unit, an error, the glass or a native density is missing; shares above 100 %; keys of counts.
    """
    settings = measurement.settings
    for key in COUNTS_ONLY:
        if key in settings.model_fields_set:
            raise InputError("belongs to counts, and the file holds concentrations", file=measurement.file,
                             key=f"measurement.{key}", remedy="leave it out")  # fmt: skip
    stated = settings.concentrations
    assert stated is not None
    try:
        unit = _unit(table, stated)
        errors = _errors(table, stated)
        _check_values(table, errors, unit)
        glass = _glass(measurement, stated, unit)
    except InputError as error:
        raise error.located(file=measurement.file) from None
    native, mobile = _native(measurement, table, glass)
    chosen = [place for place, column in enumerate(table.columns) if column.element in mobile]
    if not chosen:
        raise InputError(f"has no column of {' or '.join(mobile)}", file=table.file,
                         remedy='name columns by their element or its oxide, as in "K2O (mol%)"')  # fmt: skip
    chosen.sort(key=lambda place: table.columns[place].element not in native)
    if glass is None:
        density = unit.size * np.array([table.columns[place].values for place in chosen])
        deviation, reference = unit.size * errors[chosen], ""
    else:
        order = [*chosen, *(place for place in range(len(table.columns)) if place not in chosen)]
        try:
            density, deviation, reference = densities_of_shares(
                [table.columns[place] for place in order], errors[order], table.depth, unit.kind, glass, mobile
            )
        except InputError as error:
            raise error.located(file=table.file) from None
    ions = tuple(table.columns[place].element for place in chosen)
    remarks = _remarks(measurement, native, glass, ions)
    return _dataset(
        measurement, table, ions=ions, density=density, deviation=deviation, native=native,
        origin={"unit": unit.kind, "network": reference}, remarks=remarks,
    )  # fmt: skip


def _unit(table: ConcentrationTable, stated: ConcentrationsTable) -> Unit:
    """The one unit of all columns; number densities may differ in size only by being given twice, which is refused."""
    found: dict[Unit, str] = {}
    for column in table.columns:
        text = column.unit if column.unit is not None else stated.unit
        if text is None:
            raise InputError("has no unit", file=table.file, key=f"column {column.name}",
                             remedy=f'write it as in "{column.name} (mol%)", or give unit in [measurement.'
                             f"concentrations]: {UNITS}")  # fmt: skip
        try:
            unit = read_unit(text)
        except InputError as error:
            raise error.located(key="measurement.concentrations.unit") from None
        found.setdefault(unit, column.name)
        _check_species(table, column, unit)
    if len(found) > 1:
        raise InputError(f"has other units than column {next(iter(found.values()))}", file=table.file,
                         key=f"column {list(found.values())[1]}", remedy="give all columns in one unit")  # fmt: skip
    return next(iter(found))


def _check_species(table: ConcentrationTable, column: ConcentrationColumn, unit: Unit) -> None:
    oxide = column.oxygens > 0
    if unit.kind in ("at.%", "number density") and (oxide or column.atoms != 1):
        raise InputError(f"is no element, of which {unit.kind} are understood", file=table.file,
                         key=f"column {column.name}", remedy="name the element, or give mol% or wt.%")  # fmt: skip
    if unit.kind == "mol%" and not oxide:
        raise InputError("is no oxide, of which mol% are understood", file=table.file, key=f"column {column.name}",
                         remedy="name the oxide, or give at.%")  # fmt: skip


def _errors(table: ConcentrationTable, stated: ConcentrationsTable) -> FloatArray:
    """Standard deviations of all values in their unit, shape (columns, points)."""
    relative, absolute = stated.relative_error or 0.0, stated.absolute_error or 0.0
    found: list[FloatArray] = []
    for column in table.columns:
        if column.errors is not None:
            found.append(column.errors)
            continue
        if stated.relative_error is None and stated.absolute_error is None:
            raise InputError("has no errors", file=table.file, key=f"column {column.name}",
                             remedy=f'add a column "{column.name} error", or relative_error = 0.02 or absolute_error'
                             " in [measurement.concentrations]")  # fmt: skip
        errors = np.hypot(relative * column.values, absolute)
        if np.any(errors == 0.0):
            raise InputError("is 0 at a depth, which a relative error alone makes exact", file=table.file,
                             key=f"column {column.name}",
                             remedy="give absolute_error too, in the unit of the column")  # fmt: skip
        found.append(errors)
    return np.array(found)


def _check_values(table: ConcentrationTable, errors: FloatArray, unit: Unit) -> None:
    for column, error in zip(table.columns, errors, strict=True):
        if not np.isfinite(column.values).any():
            raise InputError("has no numbers", file=table.file, key=f"column {column.name}", remedy="delete it")
        low = column.values < -3.0 * error
        if low.any():
            raise InputError("is negative by more than three standard deviations", file=table.file,
                             key=f"column {column.name}", value=float(column.values[np.argmax(low)]),
                             remedy="correct the background, or the error")  # fmt: skip
    if unit.kind == "number density":
        return
    total = np.nansum([column.values for column in table.columns], axis=0)
    above = total - 3.0 * np.sqrt(np.nansum(errors**2, axis=0)) > 100.0 * LARGEST_SUM
    if above.any():
        place = int(np.argmax(above))
        raise InputError(f"sums up to {total[place]:.4g} % at a depth of {table.depth[place] * 1e9:.4g} nm",
                         file=table.file, bound="all shares together are 100 %",
                         remedy="check the units of the columns")  # fmt: skip


def _glass(measurement: Measurement, stated: ConcentrationsTable, unit: Unit) -> NativeGlass | None:
    """The native glass; None where number densities need none and it is not described."""
    for key, remedy in (("glass", '"0.14 Na2O 0.10 Al2O3 0.76 SiO2"'), ("mass_density", '"2.45 g/cm^3"')):
        if getattr(stated, key) is None and unit.kind != "number density":
            raise InputError("is missing", key=f"measurement.concentrations.{key}",
                             remedy=f"{unit.kind} become densities by the native glass: give {key} = {remedy}"
                             )  # fmt: skip
    if stated.glass is None or stated.mass_density is None or unit.kind == "number density":
        return None
    try:
        return native_glass(stated.glass, stated.mass_density, measurement.settings.abundances)
    except InputError as error:
        raise error.replace(key="measurement.concentrations.glass") from None


def _native(
    measurement: Measurement, table: ConcentrationTable, glass: NativeGlass | None
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Densities of the native ions [1/m^3], and all ions that are mobile, native ones first."""
    elements = [column.element for column in table.columns]
    native = dict(measurement.native)
    if not native and glass is not None:
        native = {ion: glass.density(ion) for ion in glass.atoms if ion in EXCHANGED}
    if not native:
        raise InputError(
            "is not known", file=measurement.file, key="measurement.native",
            remedy='give the density of the native ions, as in native = { Na = "1.2e28 1/m^3" }, or an experiment file',
        )  # fmt: skip
    known = {**native, **measurement.charges}
    if measurement.experiment is None:
        network = () if glass is None else glass.atoms
        known.update({ion: 1 for ion in elements if ion in EXCHANGED or ion not in (*network, "O")})
    return native, tuple(known)


def _remarks(
    measurement: Measurement, native: Mapping[str, float], glass: NativeGlass | None, ions: Sequence[str]
) -> list[Remark]:
    found: list[Remark] = []
    for ion in dict.fromkeys((*native, *measurement.charges)):
        if ion not in ions:
            found.append(told.NO_COLUMN(ion=ion))
    if measurement.experiment is None:
        for ion in ions:
            charge, table = measurement.charges.get(ion, 1), "measurement.charges"
            found.extend(charge_remarks(ion, charge, given=ion in measurement.charges, path=f"{table}.{ion}",
                                        table=table))  # fmt: skip
    for ion, density in native.items() if glass is not None else ():
        here = glass.density(ion) if glass is not None else 0.0
        if abs(here - density) > NOTABLE_DIFFERENCE * density:
            found.append(told.OTHER_GLASS(ion=ion, of_glass=here, of_sample=density))
    return found


def _dataset(
    measurement: Measurement, table: ConcentrationTable, *, ions: Sequence[str], density: FloatArray,
    deviation: FloatArray, native: Mapping[str, float], origin: Mapping[str, str], remarks: list[Remark],
) -> DepthProfile:  # fmt: skip
    import xarray

    settings, depth = measurement.settings, table.depth
    stated = settings.concentrations
    assert stated is not None
    per_volume, per_area, scale = {"units": "1/m^3"}, {"units": "1/m^2"}, NORMAL_95 * stated.scale_error
    charges = np.array([float(measurement.charges.get(ion, 1)) for ion in ions])
    bulk = np.array([native.get(ion, 0.0) for ion in ions])
    gained, error = _incorporated(table, density, deviation, bulk, stated)
    balance, balance_error = _balance(measurement, native, ions, charges, density, deviation)
    covariance = np.einsum("ip,ij->pij", deviation**2, np.eye(len(ions)))
    regions = _regions(measurement, depth)
    remarks = [*remarks, *_bulk_remarks(depth, ions, density, deviation, bulk, settings.bulk_region)]
    over_depth = {
        "density": density,
        "density_lower_95": density - NORMAL_95 * deviation,
        "density_upper_95": density + NORMAL_95 * deviation,
        "density_systematic_lower": density * (1.0 - scale),
        "density_systematic_upper": density * (1.0 + scale),
        "intensity": density,
        "intensity_variance": deviation**2,
    }
    variables: dict[str, Any] = {
        **{name: (("depth", "ion"), values.T, per_volume) for name, values in over_depth.items()},
        "density_covariance": (("depth", "ion", "other_ion"), covariance, {"units": "1/m^6"}),
        "balance": (("depth",), balance, {"units": "1"}),
        "balance_error": (("depth",), balance_error, {"units": "1"}),
        "dead_time_limited": (("depth",), np.zeros(depth.size, dtype=np.int8), {"units": "1"}),
        "channel_counts": (("depth", "channel"), measurement.raw.intensity.T, {"long_name": "values of the table"}),
        "bulk_density": (("ion",), bulk, per_volume),
        "charge_number": (("ion",), charges, {"units": "1"}),
        "sensitivity_factor": (("ion",), np.ones(len(ions)), {"units": "1", "long_name": "densities are stated"}),
        "sensitivity_factor_error": (("ion",), np.full(len(ions), stated.scale_error), {"units": "1"}),
        "sensitivity_factor_covariance": (
            ("ion", "other_ion"), stated.scale_error**2 * np.eye(len(ions)), {"units": "1"}
        ),
        "incorporated": (("ion",), gained, per_area),
        "incorporated_error": (("ion",), error, per_area),
        "incorporated_lower_95": (("ion",), gained - NORMAL_95 * error, per_area),
        "incorporated_upper_95": (("ion",), gained + NORMAL_95 * error, per_area),
    }  # fmt: skip
    if table.edges is not None:
        variables["interval"] = (("depth", "end"), table.edges.T, {"units": "m", "long_name": "values are its means"})
    coordinates = {
        "depth": ("depth", depth, {"units": "m", "long_name": "depth below the surface"}),
        "ion": list(ions), "other_ion": list(ions), "channel": [column.name for column in table.columns],
    }  # fmt: skip
    attributes = _attributes(measurement, stated, origin, regions, remarks)
    attributes["native_density"] = float(sum(native.values()))
    return DepthProfile(dataset=xarray.Dataset(variables, coords=coordinates, attrs=attributes))


def _incorporated(
    table: ConcentrationTable, density: FloatArray, deviation: FloatArray, bulk: FloatArray, stated: ConcentrationsTable
) -> tuple[FloatArray, FloatArray]:
    """Gain of each ion down to its last point and its standard deviation [1/m^2], shape (ions,)."""
    gained, error = np.empty(len(density)), np.empty(len(density))
    for ion, (values, deviations) in enumerate(zip(density, deviation, strict=True)):
        known = np.isfinite(values)
        widths = point_widths(table.depth[known]) if table.edges is None else np.diff(table.edges, axis=0)[0, known]
        gained[ion] = (values[known] - bulk[ion]) @ widths
        shared = math.hypot(stated.scale_error * float(values[known] @ widths), stated.depth_error * gained[ion])
        error[ion] = math.hypot(float(np.linalg.norm(deviations[known] * widths)), shared)
    return gained, error


def _balance(
    measurement: Measurement, native: Mapping[str, float], ions: Sequence[str], charges: FloatArray,
    density: FloatArray, deviation: FloatArray,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """(Σ Z n − q)/q and its standard deviation, shape (points,); NaN where a native ion has no column."""
    total = sum(measurement.charges.get(ion, 1) * value for ion, value in native.items())
    if total == 0.0 or not set(native) <= set(ions):
        return np.full(density.shape[1], np.nan), np.full(density.shape[1], np.nan)
    return charges @ density / total - 1.0, np.sqrt(charges**2 @ deviation**2) / abs(total)


def _regions(measurement: Measurement, depth: FloatArray) -> dict[str, list[float]]:
    settings, whole = measurement.settings, [float(depth[0]), float(depth[-1])]
    return {
        "bulk_region": [*(settings.bulk_region or (depth[-1], depth[-1]))],
        "calibration_region": whole,
        "fit_region": [*(settings.fit_region or whole)],
    }  # fmt: skip


def _bulk_remarks(
    depth: FloatArray, ions: Sequence[str], density: FloatArray, deviation: FloatArray, bulk: FloatArray,
    region: tuple[float, float] | None,
) -> list[Remark]:  # fmt: skip
    """Native ions whose density in the stated bulk is not that of the sample."""
    found: list[Remark] = []
    for ion, values, errors, expected in zip(ions, density, deviation, bulk, strict=True):
        if region is None or expected == 0.0:
            continue
        inside = (depth >= region[0]) & (depth <= region[1]) & np.isfinite(values)
        if not inside.any():
            continue
        mean, error = float(values[inside].mean()), float(np.linalg.norm(errors[inside])) / int(inside.sum())
        if abs(mean - expected) > NOTABLE_DIFFERENCE * expected + 3.0 * error:
            found.append(told.OTHER_BULK(ion=ion, measured=mean, of_sample=float(expected)))
    return found


def _attributes(
    measurement: Measurement, stated: ConcentrationsTable, origin: Mapping[str, str],
    regions: Mapping[str, list[float]], remarks: list[Remark],
) -> dict[str, Any]:  # fmt: skip
    raw, response = measurement.raw, measurement.settings.depth_resolution
    kept = None if response is None else {**response.model_dump(), "relative_error": response.relative_error}
    absent = (
        "sputter_rate", "sputter_rate_error", "sputter_rate_lower_95", "sputter_rate_upper_95", "crater_depth",
        "crater_depth_error", "crater_sputter_time", "common_factor_error", "balance_reduced_chi_square",
    )  # fmt: skip
    return {
        "format": FORMAT,
        "title": measurement.title,
        "raw_file": raw.file,
        "raw_format": raw.format,
        "raw_sha256": raw.sha256,
        "smoothing": "",
        "density_method": STATED,
        "concentrations": json.dumps(origin),
        **dict.fromkeys(absent, math.nan),
        "depth_scale_relative_error": stated.depth_error,
        "surface_time": math.nan,
        "crater_sputter_time_from": "",
        "pulses_per_point": 0,
        "common_factor": 0.0,
        "balance_scatter": 0.0,
        **regions,
        "native_background": "{}",
        "depth_response": json.dumps(kept),
        **remark_attributes(remarks),
        **provenance_attributes(source=measurement.source, settings=measurement.table, kind="source"),
    }
