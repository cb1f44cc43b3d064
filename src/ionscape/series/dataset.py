"""Averages over landscapes with their errors, every landscape's own values and measurements, in one dataset."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.glass import ion_number_density
from ionscape.provenance import provenance_attributes
from ionscape.remarks import remark_attributes

from .averages import (
    Averages,
    arrhenius_energies,
    error_of_log_mean,
    mean_and_errors,
    mean_of_open,
    percolated_fraction,
    student_factor,
)
from .fit import EnergyScaleFit
from .frequency import FrequencyFit, fit_attempt_frequency, interpolated_frequencies
from .glass_settings import ratio_in_words
from .load import Series
from .remarks import series_remarks, source_of
from .result import ENDS, FORMAT, SeriesResult
from .settings import FIT_COMMON
from .tasks import REFERENCE_DISTANCE, REFERENCE_FREQUENCY

PERCOLATED = "part of the landscapes and directions with a path"
INTERVAL = "end of the 95 % interval of the mean over landscapes, by Student's t"


def make_series_result(series: Series, averages: Averages, *, fitted: EnergyScaleFit | None) -> SeriesResult:
    """Average over landscapes and put everything into a dataset.

    Args:
        series: what was calculated, with its model.
        averages: values of all landscapes.
        fitted: the fit of energy scale and noise; None if they were given.
    """
    import xarray

    settings = series.settings
    temperatures = settings.network.temperatures if settings.network is not None else ()
    conductivity, error, landscapes = _conductivities(averages, len(series.glasses), len(temperatures))
    frequencies = _fit_frequencies(series, conductivity, error, temperatures)
    frequency, frequency_error, origin = _attempt_frequency(series, frequencies)
    # the conductances were those of the reference frequency and distance
    scale = frequency / REFERENCE_FREQUENCY * REFERENCE_DISTANCE / settings.hopping.jump_distance
    variables: dict[str, Any] = {
        **_energy_variables(averages, len(series.glasses)),
        **_conductivity_variables(conductivity, error, landscapes, averages, scale, temperatures),
        "attempt_frequency": ("x", frequency, {"units": "Hz", "long_name": "attempt frequency"}),
        "attempt_frequency_error": ("x", frequency_error, {"units": "Hz", "long_name": "standard error; 0 if given"}),
        "log10_attempt_frequency_error": (
            "x",
            frequency_error / frequency / math.log(10.0),
            {"long_name": "standard error in decades; 0 if given"},
        ),
        "attempt_frequency_origin": ("x", np.array(origin, dtype=object)),
        **_glass_variables(series),
        **series.barriers.variables(series.models, series.glasses, series.mixing_ratios, in_electron_volts=True),
        **_measured_variables(series),
        **_fit_variables(frequencies, fitted),
    }
    coordinates = {
        "x": ("x", np.array(series.mixing_ratios), {"units": "1", "long_name": ratio_in_words(series.settings.glass)}),
        "temperature": ("temperature", np.array(temperatures, dtype=float), {"units": "K"}),
        "unit": ("unit", np.array(_unit_names(series), dtype=object)),
    }
    dataset = xarray.Dataset(variables, coords=coordinates, attrs=_attributes(series, averages, fitted))
    # what was not asked for has no values
    absent = [name for name, variable in dataset.variables.items() if variable.size == 0]
    dataset = dataset.drop_vars(absent)
    return SeriesResult(dataset=dataset, series=series)


def _with_errors(
    name: str,
    dims: str | tuple[str, ...],
    values: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    *,
    units: str,
    meaning: str,
    error: str = "standard error of the mean",
) -> dict[str, Any]:
    """A mean, its standard error and both ends of its 95 % interval."""
    meanings = (meaning, error, f"lower {INTERVAL}", f"upper {INTERVAL}")
    return {
        f"{name}{ending}": (dims, numbers, {"units": units, "long_name": said})
        for ending, numbers, said in zip(ENDS, values, meanings, strict=True)
    }


def _energy_variables(averages: Averages, compositions: int) -> dict[str, Any]:
    """Activation and Fermi energies [eV]."""
    if averages.activation_energy.size:
        energies = mean_of_open(averages.activation_energy, axis=2) / ELECTRON_VOLT
    else:
        energies = np.full((compositions, 0), np.nan)
    mean, error, scatter = mean_and_errors(energies)
    fermi, fermi_error, _ = mean_and_errors(averages.fermi_energy / ELECTRON_VOLT)
    percolated = percolated_fraction(np.isfinite(averages.activation_energy), compositions)
    factor = _student_factors(energies)
    unit = {"units": "eV"}
    return {
        **_with_errors(
            "activation_energy",
            "x",
            (mean, error, mean - factor * error, mean + factor * error),
            units="eV",
            meaning="activation energy of σT, mean over landscapes",
        ),
        "activation_energy_scatter": ("x", scatter, {**unit, "long_name": "standard deviation of single landscapes"}),
        "landscape_activation_energy": (("x", "landscape"), energies, {**unit, "long_name": "of each landscape"}),
        "percolated_fraction": ("x", percolated, {"units": "1", "long_name": PERCOLATED}),
        "fermi_energy": ("x", fermi, {**unit, "long_name": "Fermi energy at zero temperature, mean over landscapes"}),
        "fermi_energy_error": ("x", fermi_error, {**unit, "long_name": "standard error of the mean"}),
    }


def _conductivities(averages: Averages, compositions: int, temperatures: int) -> tuple[FloatArray, ...]:
    """Mean conductivity, its standard error, and that of each landscape, for the reference frequency [S/m]."""
    if not averages.conductivity.size:
        empty = np.full((compositions, temperatures), np.nan)
        return empty, empty, np.full((compositions, 0, temperatures), np.nan)
    landscapes = mean_of_open(averages.conductivity, axis=2)
    mean, _, _ = mean_and_errors(landscapes)
    return mean, mean * error_of_log_mean(landscapes), landscapes


def _student_factors(landscapes: FloatArray) -> FloatArray:
    """By composition, from values of single landscapes, NaN without a path, shape (compositions, landscapes, ...)."""
    known = np.isfinite(landscapes).all(axis=tuple(range(2, landscapes.ndim)))
    return np.array([student_factor(count) for count in known.sum(axis=1)])


def _conductivity_variables(
    conductivity: FloatArray,
    error: FloatArray,
    landscapes: FloatArray,
    averages: Averages,
    scale: FloatArray,
    temperatures: Sequence[float],
) -> dict[str, Any]:
    """Conductivities [S/m] with the attempt frequency of each composition, and what follows from them."""
    unit = {"units": "S/m"}
    dims = ("x", "temperature")
    mean, deviation = conductivity * scale[:, None], error * scale[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm, logarithm_error = np.log10(mean), deviation / mean / math.log(10.0)
        single = np.log10(landscapes * scale[:, None, None])
    typical, _, spread = mean_and_errors(single)
    slope, slope_error = arrhenius_energies(landscapes, temperatures)
    factor = _student_factors(landscapes)
    with np.errstate(over="ignore"):
        width = 10.0 ** (factor[:, None] * logarithm_error)
    bounds: dict[str, Any] = {}
    for name in ("lower", "upper"):
        values: FloatArray = getattr(averages, f"{name}_bound")
        mean_bound = mean_and_errors(mean_of_open(values, axis=2))[0] if values.size else np.full_like(mean, np.nan)
        meaning = f"rigorous {name} bound of the mean over these landscapes"
        # the mean of bounds that enclose does so but for rounding
        enclosing = np.minimum if name == "lower" else np.maximum
        bounds[f"conductivity_{name}_bound"] = (
            dims,
            enclosing(mean_bound * scale[:, None], mean),
            {**unit, "long_name": meaning},
        )
    percolated = percolated_fraction(averages.percolates, len(scale))
    return {
        **_with_errors(
            "conductivity", dims, (mean, deviation, mean / width, mean * width),
            units="S/m", meaning="dc conductivity, mean over landscapes",
        ),
        "log10_conductivity": (dims, logarithm, {"long_name": "log10 of the mean conductivity in S/m"}),
        "log10_conductivity_error": (dims, logarithm_error, {"long_name": "standard error"}),
        "mean_log10_conductivity": (dims, typical, {"long_name": "mean of log10 of the conductivities in S/m"}),
        "log10_conductivity_scatter": (dims, spread, {"long_name": "standard deviation of log10 of single landscapes"}),
        "landscape_conductivity": (
            ("x", "network_landscape", "temperature"), landscapes * scale[:, None, None],
            {**unit, "long_name": "of each landscape"},
        ),
        **bounds,
        "network_percolated_fraction": ("x", percolated, {"units": "1", "long_name": PERCOLATED}),
        **_with_errors(
            "arrhenius_energy", "x", (slope, slope_error, slope - factor * slope_error, slope + factor * slope_error),
            units="eV", meaning="slope of ln(σT) over −1/(k_B T)", error="standard error, jackknife over landscapes",
        ),
    }  # fmt: skip


def _fit_frequencies(
    series: Series, conductivity: FloatArray, error: FloatArray, temperatures: Sequence[float]
) -> FrequencyFit | None:
    """Attempt frequencies that measured conductivities ask for; None without measurements or conductivities."""
    table = series.settings.experiment
    if table is None or series.literature is None or not temperatures:
        return None
    distance = REFERENCE_DISTANCE / series.settings.hopping.jump_distance
    return fit_attempt_frequency(
        conductivity * distance,
        conductivity_error=error * distance,
        borate_fractions=series.mixing_ratios,
        temperatures=temperatures,
        attempt_frequency=REFERENCE_FREQUENCY,
        measured=series.literature.glasses,
        composition_tolerance=table.composition_tolerance,
        error=table.conductivity_error,
    )


def _attempt_frequency(series: Series, fitted: FrequencyFit | None) -> tuple[FloatArray, FloatArray, list[str]]:
    """Attempt frequency of each composition [Hz], its standard error and where it comes from.

    Raises:
        InputError: it is to be fitted, and no measurement lies in the range of the series.
    """
    wanted = series.settings.hopping.attempt_frequency
    count = len(series.glasses)
    if not isinstance(wanted, str):
        return np.full(count, wanted), np.zeros(count), ["given"] * count
    if fitted is None or not (fitted.common_glasses if wanted == FIT_COMMON else fitted.glasses.any()):
        raise InputError(
            "finds no measured conductivity within the compositions and temperatures of the series",
            file=series.file, key="hopping.attempt_frequency", value=wanted,
            remedy="choose temperatures between which the measured ones lie, such as 20 and 150 degC",
        )  # fmt: skip
    if wanted == FIT_COMMON:
        common, error = fitted.common, fitted.common * fitted.common_relative_error
        return np.full(count, common), np.full(count, error), ["fitted to all"] * count
    frequency = interpolated_frequencies(fitted, series.mixing_ratios)
    origin = ["fitted" if glasses else "interpolated" for glasses in fitted.glasses]
    return frequency, frequency * fitted.relative_error, origin


def _glass_variables(series: Series) -> dict[str, Any]:
    """Units and number density of the ions."""
    density: list[float] = []
    statement = ""
    for glass in series.glasses:
        if glass.mass_density is not None:
            found = ion_number_density(glass.composition, mass_density=glass.mass_density)
        else:
            found = ion_number_density(glass.composition, lattice_constant=series.settings.hopping.jump_distance)
        density.append(found.value)
        statement = found.statement
    names = _unit_names(series)
    units = np.array([[glass.units.fractions.get(name, 0.0) for name in names] for glass in series.glasses])
    contents = np.array([glass.composition.alkali_oxide_fraction for glass in series.glasses])
    return {
        "y": ("x", contents, {"units": "1", "long_name": "moles of alkali oxides per mole of oxides"}),
        "units": (("x", "unit"), units, {"units": "1", "long_name": "units per network former cation"}),
        "ion_density": (
            "x", np.array(density), {"units": "1/m^3", "long_name": "number density of ions", "basis": statement},
        ),
    }  # fmt: skip


def _unit_names(series: Series) -> list[str]:
    """Of all kinds that the glasses of a series have, in their order."""
    return list(dict.fromkeys(name for glass in series.glasses for name in glass.units.names))


def _measured_variables(series: Series) -> dict[str, Any]:
    """Glasses of the literature, and the conductivities of each."""
    if series.literature is None:
        return {}
    glasses = series.literature.glasses
    rows = [(place, *entry) for place, glass in enumerate(glasses) for entry in sorted(glass.conductivity.items())]
    energies = [math.nan if glass.activation_energy is None else glass.activation_energy for glass in glasses]
    left_out = series.literature.left_out
    one, other, third = "measured_glass", "measured_point", "left_out_glass"
    return {
        "measured_x": (one, np.array([glass.borate_fraction for glass in glasses]), {"units": "1"}),
        "measured_activation_energy": (
            one, np.array(energies) / ELECTRON_VOLT, {"units": "eV", "long_name": "measured activation energy of σT"},
        ),
        "measured_source": (one, np.array([source_of(glass) for glass in glasses], dtype=object)),
        "measured_identifier": (one, np.array([glass.identifier for glass in glasses], dtype=object)),
        "left_out_x": (third, np.array([glass.borate_fraction for glass, _ in left_out]), {"units": "1"}),
        "left_out_source": (third, np.array([source_of(glass) for glass, _ in left_out], dtype=object)),
        "left_out_identifier": (third, np.array([glass.identifier for glass, _ in left_out], dtype=object)),
        "left_out_reason": (third, np.array([str(reason) for _, reason in left_out], dtype=object)),
        "measured_point_glass": (other, np.array([row[0] for row in rows], dtype=int)),
        "measured_temperature": (other, np.array([row[1] for row in rows]), {"units": "K"}),
        "measured_conductivity": (other, np.array([row[2] for row in rows]), {"units": "S/m"}),
    }  # fmt: skip


def _fit_variables(frequencies: FrequencyFit | None, fitted: EnergyScaleFit | None) -> dict[str, Any]:
    """What was fitted to measurements, whether it was used or not."""
    variables: dict[str, Any] = {}
    if frequencies is not None:
        meaning = {"units": "Hz", "long_name": "attempt frequency that measured conductivities ask for"}
        variables["fitted_attempt_frequency"] = ("x", frequencies.frequency, meaning)
        variables["fitted_attempt_frequency_error"] = (
            "x", frequencies.frequency * frequencies.relative_error, {"units": "Hz", "long_name": "standard error"},
        )  # fmt: skip
        variables["common_attempt_frequency"] = ((), frequencies.common, {"units": "Hz"})
        variables["common_attempt_frequency_error"] = (
            (), frequencies.common * frequencies.common_relative_error, {"units": "Hz"},
        )  # fmt: skip
    if fitted is not None:
        unit = {"units": "eV"}
        variables["energy_scale_fit_x"] = ("energy_scale_point", fitted.borate_fractions)
        variables["energy_scale_fit_measured"] = ("energy_scale_point", fitted.measured / ELECTRON_VOLT, unit)
        variables["energy_scale_fit_fitted"] = ("energy_scale_point", fitted.fitted / ELECTRON_VOLT, unit)
    return variables


def _energy_scale_origin(series: Series, fitted: EnergyScaleFit | None) -> str:
    """Where energy scale and noise come from."""
    if fitted is not None:
        return "fitted"
    return "published" if series.settings.landscape.energy_scale is None else "given"


def _attributes(series: Series, averages: Averages, fitted: EnergyScaleFit | None) -> dict[str, Any]:
    settings, model = series.settings, series.model
    assert model is not None
    first = series.glasses[0].composition
    attributes: dict[str, Any] = {
        "format": FORMAT,
        "title": series.title,
        "file": series.file or "",
        "alkali": first.alkali,
        "alkali_oxide_fraction": first.alkali_oxide_fraction,
        "energy_scale": model.energy_scale / ELECTRON_VOLT,
        "noise": model.noise,
        "energy_scale_units": "eV",
        "energy_scale_origin": _energy_scale_origin(series, fitted),
        "network_method": "; ".join(averages.methods),
        **remark_attributes(series_remarks(series, averages, fitted)),
        "files": json.dumps(dict(series.hashes)),
        **provenance_attributes(source=series.source, settings=settings.model_dump(), kind="source"),
    }
    if fitted is not None:
        attributes |= {
            "energy_scale_error": fitted.energy_scale_error / ELECTRON_VOLT,
            "noise_error": fitted.noise_error,
            "energy_scale_noise_correlation": fitted.correlation,
            "energy_scale_chi_square": fitted.chi_square,
            "energy_scale_degrees_of_freedom": fitted.degrees_of_freedom,
        }
    return attributes
