"""`calibrate`: counts and crater scans in, densities over depth with their errors out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.experiment.remarks import charge_remarks
from ionscape.remarks import Remark, in_percent

from . import densities, regions
from . import remarks as told
from .channels import IonChannels, IonCounts, ion_channels
from .concentration_profile import concentration_profile
from .counting import VARIANCE_POINTS, common_factor, dead_time_limited, intensity_variance, local_mean
from .counts_check import why_not_counts
from .crater import CraterDepth, crater_depth
from .densities import Balance, BoolArray, Factors
from .depth_scale import DepthScale, default_total_time
from .load import Measurement, load_measurement
from .marker import MarkerScale, constant_difference, marker_scale, relative_to_marker
from .profile import DepthProfile, make_profile
from .pulses import infer_pulses
from .resampling import resample
from .settings import DensityMethod, MarkerTable, Region

LARGEST_CRATER_SCATTER = 0.05  # of the depth, between scans, beyond which a region is probably wrong
LARGEST_BACKGROUND = 0.3  # mean counts of a foreign ion in a bulk that was found, in units of its largest counts
NOTABLE_BACKGROUND = 0.03
LARGEST_FACTOR_ERROR = 0.25  # relative
LARGEST_EXCESS = 4.0  # of a background over the least counts of its ion, in standard errors of their local mean


def calibrate(measurement: Measurement | str | Path, **changes: Any) -> DepthProfile:
    """Turn counts over sputter time, or stated concentrations, into densities over depth.

    Args:
        measurement: as `load_measurement` reads it, or the path of its file.
        changes: keys of the table [measurement] that replace those of the file, as they stand in a file:
            `density_method="proportional"`, `bulk_region=["110 nm", "160 nm"]`.

    Returns:
        Densities with their 95 % interval from counting, common factor, sensitivity factors, bulk region and depth
        scale (by resampling), the band between the methods "proportional" and "equal" as systematic uncertainty, and
        everything that was used.

    Raises:
        InputError: something that is needed is missing or contradicts the data.
    """
    if isinstance(measurement, str | Path):
        measurement = load_measurement(measurement)
    if changes:
        measurement = measurement.with_settings(**changes)
    if measurement.concentrations is not None:
        return concentration_profile(measurement, measurement.concentrations)
    remarks: list[Remark] = []
    if not measurement.native:
        raise InputError(
            "is not known", file=measurement.file, key="measurement.native",
            remedy='give the density of the native ions, as in native = { Li = "1.4e28 1/m^3" }, or an experiment file',
        )  # fmt: skip
    counts = _ion_counts(measurement, remarks)
    scale, crater = _depth_scale(measurement, counts, remarks)
    if measurement.settings.marker is not None:
        scale = _marker_scale(measurement, measurement.settings.marker, counts, scale, remarks)
        counts = _relative_counts(measurement, measurement.settings.marker, counts, remarks)
    depth = scale.depth(_time(measurement))
    used = depth >= 0.0
    _check_ions(measurement, counts, remarks)
    balance = _balance(measurement, counts, depth, used)
    _check_bulk(measurement, counts, balance, remarks)
    background = _background(measurement, counts, balance, depth)
    if background.any():
        counts = counts.without_background(background[0], background[1], balance.bulk)
    method = measurement.settings.density_method
    try:
        balance = _behind_transient(measurement, counts, balance, depth, remarks)
        factors = _factors(method, counts, balance)
    except InputError as error:
        raise error.located(file=measurement.file) from None
    _check_factors(factors, counts, remarks)
    resampled = resample(
        method, counts, balance, factors, scale, _time(measurement),
        size=measurement.settings.resamples, seed=measurement.settings.seed,
    )  # fmt: skip
    factors = densities.with_covariance(factors, resampled.factors)
    return make_profile(
        measurement, counts=counts, scale=scale, crater=crater, depth=depth, used=used, balance=balance,
        factors=factors, resampled=resampled, remarks=remarks,
    )  # fmt: skip


def _ion_counts(measurement: Measurement, remarks: list[Remark]) -> IonCounts:
    channels = ion_channels(measurement)
    if (reason := why_not_counts(measurement.raw)) is not None:
        raise InputError(
            f"holds no counts: {reason}", file=measurement.raw.file or None,
            remedy="export Poisson-corrected or raw counts per data point, whose noise follows from their number",
        )  # fmt: skip
    pulses = _pulses(measurement, channels, remarks)
    variance = channels.weights**2 @ intensity_variance(local_mean(channels.counts), pulses)
    intensity = channels.intensity
    limited = dead_time_limited(channels.counts, pulses)
    for name, points in zip(channels.channels, limited, strict=True):
        if points.any():
            remarks.append(told.DEAD_TIME(channel=name, points=int(points.sum())))
    size, error = _common_factor(measurement, intensity, variance, remarks)
    return IonCounts(
        channels=channels, intensity=intensity, variance=variance, pulses=pulses, common_factor=size,
        common_factor_error=error, limited=np.asarray(limited.any(axis=0)),
    )  # fmt: skip


def _pulses(measurement: Measurement, channels: IonChannels, remarks: list[Remark]) -> int | None:
    """Pulses per data point: given, or found from the counts; None for counts without Poisson correction."""
    raw, given = measurement.raw, measurement.settings.pulses_per_point
    counted = [number for number, channel in enumerate(raw.channels) if channel.kind not in ("ratio", "total")]
    inferred = infer_pulses(raw.intensity[counted])
    if given is not None:
        largest = float(channels.counts.max())
        if largest > given * np.log(given) + 1.0:
            raise InputError(
                f"contradicts the counts, of which the largest is {largest:.6g}", file=measurement.file,
                key="measurement.pulses_per_point", value=given,
                bound=f"N pulses give at most N ln N = {given * np.log(given):.4g}",
                remedy="leave it out, so that it is found from the counts",
            )  # fmt: skip
        if inferred.pulses is not None and inferred.pulses != given:
            remarks.append(told.OTHER_PULSES(found=int(inferred.pulses), given=given))
        return given
    if inferred.status == "unknown":
        if channels.counts.max() < 20.0:
            raise InputError(
                f"holds intensities that are no counts (the largest is {channels.counts.max():.3g}), so that their"
                " noise is unknown",
                file=raw.file or None, remedy="export Poisson-corrected or raw counts, not normalised ones",
            )  # fmt: skip
        remarks.append(told.UNKNOWN_NOISE())
    return inferred.pulses


def _common_factor(
    measurement: Measurement, intensity: FloatArray, variance: FloatArray, remarks: list[Remark]
) -> tuple[float, float]:
    """Size of the common factor and its error; nothing where the counts are too few to show one."""
    if measurement.settings.common_factor is not None:
        return measurement.settings.common_factor, 0.0
    if not np.any(intensity > 0.0):
        raise InputError("has no counts of any ion", file=measurement.raw.file or None, remedy="choose other channels")
    try:
        estimate = common_factor(intensity, variance)
    except InputError:
        remarks.append(told.NO_COMMON_FACTOR())
        return 0.0, 0.0
    return estimate.size, estimate.error


def _time(measurement: Measurement) -> FloatArray:
    """Sputter time of the points; depths of the file themselves where it gives no times."""
    raw = measurement.raw
    return cast(FloatArray, raw.sputter_time if raw.sputter_time is not None else raw.depth)


def _depth_scale(
    measurement: Measurement, counts: IonCounts, remarks: list[Remark]
) -> tuple[DepthScale, CraterDepth | None]:
    """The depth scale by what is given: scans, crater depth, rate, layers, or the depths of the file."""
    settings, raw = measurement.settings, measurement.raw
    time = _time(measurement)
    if raw.sputter_time is None:
        for key in ("crater_scans", "crater_depth", "sputter_rate", "layers", "sputter_time", "surface_time"):
            if getattr(settings, key) or measurement.crater_scans:
                raise InputError("contradicts the depths that the export gives", file=measurement.file,
                                 key=f"measurement.{key}", remedy="leave it out, or export sputter times")  # fmt: skip
        return DepthScale(rates=(1.0,), rate_errors=(0.0,)), None
    for key in ("sputter_time", "surface_time"):
        value = getattr(settings, key)
        wrong = value is not None and (value < time[-1] * (1.0 - 1e-6) if key == "sputter_time" else value >= time[-1])
        if wrong:
            where = "before" if key == "sputter_time" else "behind"
            raise InputError(f"lies {where} the last data point, at {time[-1]:.6g} s", file=measurement.file,
                             key=f"measurement.{key}", value=measurement.table.get(key),
                             remedy="give the time in seconds of sputtering")  # fmt: skip
    surface = settings.surface_time
    if surface is None:
        surface = regions.surface_time(time, counts.intensity)
        if surface > 0.0:
            remarks.append(told.FOUND_SURFACE("measurement.surface_time", time=float(surface)))
    total = settings.sputter_time if settings.sputter_time is not None else default_total_time(time)
    if settings.sputter_time is not None and (settings.sputter_rate is not None or settings.layers):
        given = "sputter_rate" if settings.sputter_rate is not None else "layers"
        remarks.append(told.UNUSED_SPUTTER_TIME("measurement.sputter_time", f"measurement.{given}"))
    if settings.sputter_rate is not None:
        rate = settings.sputter_rate
        return DepthScale(rates=(rate.value,), rate_errors=(rate.error,), surface_time=surface), None
    if settings.layers:
        return _layers(measurement, surface), None
    if (settings.crater_depth is not None or measurement.crater_scans) and settings.sputter_time is None:
        remarks.append(told.ASSUMED_SPUTTER_TIME("measurement.sputter_time", time=float(total)))
    if settings.crater_depth is not None:
        given = settings.crater_depth
        return DepthScale.from_crater(
            depth=given.value, depth_error=given.error, total_time=total, surface_time=surface
        ), None
    if not measurement.crater_scans:
        raise InputError(
            "has no depth scale", file=measurement.file, key="measurement", code="no_depth_scale",
            remedy='give crater_scans, or crater_depth = { value = "160 nm", error = "1 nm" }, or sputter_rate',
        )  # fmt: skip
    crater = crater_depth(
        measurement.crater_scans,
        surface_regions=settings.surface_regions,
        valley_region=settings.valley_region,
        relative_calibration_error=settings.profilometer_error,
        single_scan_scatter=settings.single_scan_scatter,
    )
    _check_crater(crater, remarks)
    scale = DepthScale.from_crater(
        depth=crater.depth,
        depth_error=crater.error,
        degrees_of_freedom=crater.degrees_of_freedom,
        total_time=total,
        surface_time=surface,
    )
    return scale, crater


def _marker_scale(
    measurement: Measurement, table: MarkerTable, counts: IonCounts, constant: DepthScale, remarks: list[Remark]
) -> MarkerScale:
    """The depth scale by the counts of a marker within the depth of the crater."""
    if measurement.raw.sputter_time is None:
        raise InputError("contradicts the depths that the export gives", file=measurement.file,
                         key="measurement.marker", remedy="leave it out, or export sputter times")  # fmt: skip
    scale = marker_scale(table, measurement.raw, counts, constant, file=measurement.file)
    if scale.transient and table.steady_from is None:
        behind = float(scale.edges[int(np.searchsorted(scale.edges, scale.surface_time)) + scale.transient])
        remarks.append(told.MARKER_TRANSIENT("measurement.marker.steady_from", element=table.element, time=behind))
    largest, at, by_counting = constant_difference(scale, measurement.raw.sputter_time)
    if not by_counting:
        remarks.append(told.UNEVEN_RATE(element=table.element, largest=abs(largest), at=at))
    return scale


def _relative_counts(
    measurement: Measurement, table: MarkerTable, counts: IonCounts, remarks: list[Remark]
) -> IonCounts:
    """Counts relative to the marker, whose noise becomes that of the factor common to the ions of a point."""
    relative = relative_to_marker(counts, table, measurement.raw, file=measurement.file)
    told_before = len(remarks)
    size, error = _common_factor(measurement, relative.intensity, relative.variance, remarks)
    # that it cannot be told has been said of the counts
    del remarks[told_before:]
    return replace(relative, common_factor=size, common_factor_error=error)


def _check_crater(crater: CraterDepth, remarks: list[Remark]) -> None:
    if len(crater.steps) == 1:
        remarks.append(told.SINGLE_SCAN())
    for number, step in enumerate(crater.steps, start=1):
        if not step.regions.both_sides:
            remarks.append(told.ONE_SIDE(f"measurement.crater_scans[{number - 1}]", number=number))
    if crater.scatter > LARGEST_CRATER_SCATTER * crater.depth:
        remarks.append(told.SCANS_DISAGREE(depths=tuple(float(step.depth) for step in crater.steps)))


def _layers(measurement: Measurement, surface: float) -> DepthScale:
    layers = measurement.settings.layers
    return DepthScale(
        rates=tuple(layer.sputter_rate.value for layer in layers),
        rate_errors=tuple(layer.sputter_rate.error for layer in layers),
        # that all but the last have an end, and that these rise, the settings have checked
        ends=cast(tuple[float, ...], tuple(layer.until for layer in layers[:-1])),
        surface_time=surface,
    )


def _region(region: Region | None, depth: FloatArray, *, key: str, measurement: Measurement) -> BoolArray | None:
    if region is None:
        return None
    inside = (depth >= region[0]) & (depth <= region[1])
    if inside.sum() < 3:
        raise InputError(
            f"holds {int(inside.sum())} points", file=measurement.file, key=f"measurement.{key}",
            bound=f"the profile reaches from {depth[0] * 1e9:.4g} nm to {depth[-1] * 1e9:.4g} nm",
            remedy="choose a region within the profile with at least three points",
        )  # fmt: skip
    return inside


def _check_ions(measurement: Measurement, counts: IonCounts, remarks: list[Remark]) -> None:
    ions = counts.channels.ions
    for ion in dict.fromkeys((*measurement.native, *measurement.charges)):
        if ion not in ions and (ion in measurement.native or measurement.experiment is None):
            remarks.append(told.NO_CHANNEL(ion=ion))
    if measurement.experiment is None:
        for ion in ions:
            charge, given, table = measurement.charges.get(ion, 1), ion in measurement.charges, "measurement.charges"
            remarks.extend(charge_remarks(ion, charge, given=given, path=f"{table}.{ion}", table=table))
    if all(ion in measurement.native for ion in ions):
        recognised = [channel.name for channel in measurement.raw.channels if channel.kind == "ion"]
        unused = [name for name in recognised if name not in counts.channels.channels]
        raise InputError(
            "names no foreign ion, without which the charge balance says nothing", file=measurement.file,
            key="measurement.channels",
            remedy="add the ion that came in" + (f"; the export also has {', '.join(unused[:6])}" if unused else ""),
        )  # fmt: skip


def _balance(measurement: Measurement, counts: IonCounts, depth: FloatArray, used: BoolArray) -> Balance:
    settings = measurement.settings
    ions = counts.channels.ions
    native = np.array([measurement.native.get(ion, 0.0) for ion in ions])
    charges = np.array([float(measurement.charges.get(ion, 1)) for ion in ions])
    if charges @ native == 0.0:
        raise InputError("give the native ions no charge together, so that there is no balance", file=measurement.file,
                         key="measurement.charges", remedy="check the charge numbers")  # fmt: skip
    # Where the mobile ions are anions all signs are turned round, which changes no density.
    charges *= np.sign(charges @ native)
    bulk = _region(settings.bulk_region, depth, key="bulk_region", measurement=measurement)
    if bulk is None:
        weighted = charges * np.where(native > 0.0, 1.0, 0.0)
        try:
            start = regions.bulk_start(
                weighted @ counts.intensity, weighted**2 @ counts.variance, common_factor=counts.common_factor
            )
        except InputError as error:
            raise error.located(file=measurement.file, key="measurement.bulk_region") from None
        bulk = np.arange(depth.size) >= start
    zone = _region(settings.calibration_region, depth, key="calibration_region", measurement=measurement)
    _region(settings.fit_region, depth, key="fit_region", measurement=measurement)
    if zone is None:
        zone = used & (np.arange(depth.size) < max(int(np.argmax(bulk)), 3))
    return Balance(charges=charges, native=native, bulk=bulk, zone=zone)


def _check_bulk(measurement: Measurement, counts: IonCounts, balance: Balance, remarks: list[Remark]) -> None:
    """The bulk must be free of foreign ions: a plateau in the exchanged zone is level too."""
    smooth = local_mean(counts.intensity)
    for number in np.flatnonzero(balance.native == 0.0):
        ion, largest = counts.channels.ions[number], float(smooth[number].max())
        share = float(counts.intensity[number, balance.bulk].mean()) / largest if largest > 0.0 else 0.0
        if share > LARGEST_BACKGROUND and measurement.settings.bulk_region is None:
            raise InputError(
                f"is nowhere free of {ion}: where {next(iter(measurement.native))} is level in the depth, {ion} still"
                f" has {100 * share:.0f} % of its largest counts",
                file=measurement.file, key="measurement.bulk_region",
                remedy="measure deeper, or give the depths of the unchanged glass",
            )  # fmt: skip
        if share > NOTABLE_BACKGROUND:
            remarks.append(told.FOREIGN_IN_BULK(ion=ion, share=share))


def _background(measurement: Measurement, counts: IonCounts, balance: Balance, depth: FloatArray) -> FloatArray:
    """Share of its counts in the bulk that is background of an ion, and the error of the share, shape (2, ions).

    All of it for foreign ions, which are not there; for native ones what is stated, or what is counted where they must
    be absent.
    """
    settings, ions = measurement.settings, counts.channels.ions
    found = np.zeros((2, len(ions)))
    if settings.background == "bulk":
        found[0, balance.native == 0.0] = 1.0
    for ion, table in settings.native_background.items():
        key = f"native_background.{ion}"
        if ion not in ions or balance.native[ions.index(ion)] == 0.0:
            native = ", ".join(np.array(ions)[balance.native > 0.0])
            raise InputError("is not a native ion with a channel", file=measurement.file, key=f"measurement.{key}",
                             remedy=f"name one of them ({native}); that of foreign ions is taken from the bulk"
                             )  # fmt: skip
        place = ions.index(ion)
        bulk = counts.intensity[place, balance.bulk]
        if table.absent_region is None:
            found[:, place] = table.value or 0.0, table.error or 0.0
        else:
            absent = _region(table.absent_region, depth, key=f"{key}.absent_region", measurement=measurement)
            there = counts.intensity[place, absent]
            share = float(there.mean() / bulk.mean())
            # its own scatter holds counting and common factor; those of the bulk are as large, relatively
            error = float(np.hypot(_mean_error(there), share * _mean_error(bulk)) / bulk.mean())
            found[:, place] = share, error
        least = float(local_mean(counts.intensity)[place].min() / bulk.mean())
        if found[0, place] > least + LARGEST_EXCESS * _mean_error(bulk[:VARIANCE_POINTS]) / bulk.mean():
            raise InputError(
                f"is {in_percent(found[0, place], digits=2)} of the counts of {ion} in the bulk, more than is left of"
                f" it at its least, {in_percent(least, digits=2)}", file=measurement.file, key=f"measurement.{key}",
                remedy="lower it, or give depths at which the ion is absent",
            )  # fmt: skip
    return found


def _mean_error(counts: FloatArray) -> float:
    """Standard error of the mean; that of a single count where there are none."""
    return float(max(counts.std(ddof=1), 1.0) / np.sqrt(counts.size))


def _factors(method: DensityMethod, counts: IonCounts, balance: Balance) -> Factors:
    if method == "charge-balance":
        return densities.charge_balance_factors(counts, balance)
    values = densities.plain_factors(method, counts.intensity, balance)
    return Factors(
        values=values, covariance=np.zeros((values.size, values.size)), common_factor=counts.common_factor,
        reduced_chi_square=float("nan"),
    )  # fmt: skip


def _behind_transient(
    measurement: Measurement, counts: IonCounts, balance: Balance, depth: FloatArray, remarks: list[Remark]
) -> Balance:
    """The balance without the sputter transient in its zone, unless the zone was given."""
    if measurement.settings.calibration_region is not None:
        return balance
    # whatever the method: these factors are robust against the transient, those of the papers are not
    factors = _factors("charge-balance", counts, balance)
    deviation = densities.balance_deviation(counts, balance, factors)
    first = int(np.argmax(depth >= 0.0))
    steps = regions.transient_end((deviation / densities.balance_error(counts, balance, factors))[first:])
    zone = balance.zone & (np.arange(depth.size) >= first + (steps or 0))
    if steps is None or zone.sum() < 3:
        remarks.append(told.NO_TRANSIENT_END())
        return balance
    return Balance(charges=balance.charges, native=balance.native, bulk=balance.bulk, zone=zone)


def _check_factors(factors: Factors, counts: IonCounts, remarks: list[Remark]) -> None:
    for ion, value, variance in zip(counts.channels.ions, factors.values, np.diag(factors.covariance), strict=True):
        if value <= 1e-6 * factors.values.max():
            remarks.append(told.FACTOR_AT_LIMIT(ion=ion))
        elif np.sqrt(variance) > LARGEST_FACTOR_ERROR * value:
            remarks.append(told.LOOSE_FACTOR(ion=ion))
    if factors.common_factor > 1.5 * counts.common_factor + 3.0 * counts.common_factor_error + 1e-3:
        scatter, explained = float(factors.common_factor), float(counts.common_factor)
        remarks.append(told.BALANCE_OFF(scatter=scatter, explained=explained))
