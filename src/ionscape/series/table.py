"""The averages of a series as a table: one row for each composition and temperature."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray

OF_A_COMPOSITION = {
    "activation_energy": "activation energy (eV)",
    "activation_energy_error": "activation energy error (eV)",
    "activation_energy_lower_95": "activation energy lower 95 (eV)",
    "activation_energy_upper_95": "activation energy upper 95 (eV)",
    "attempt_frequency": "attempt frequency (Hz)",
}
OF_A_TEMPERATURE = {
    "conductivity": "conductivity (S/m)",
    "conductivity_error": "conductivity error (S/m)",
    "conductivity_lower_95": "conductivity lower 95 (S/m)",
    "conductivity_upper_95": "conductivity upper 95 (S/m)",
    "conductivity_lower_bound": "conductivity lower bound (S/m)",
    "conductivity_upper_bound": "conductivity upper bound (S/m)",
}
PRODUCT = "log10 of conductivity times temperature (S K/m)"
PRODUCT_ERROR = "log10 error"


def series_table(data: xarray.Dataset) -> str:
    """Write the averages of a series as CSV text.

    Args:
        data: dataset of a `SeriesResult`.

    Returns:
        Names with units in the first line, then a row for each composition and temperature, or for each composition
        if there are no conductivities. Energies are in eV, everything else in SI units; what does not exist is empty.
    """
    energies = {name: title for name, title in OF_A_COMPOSITION.items() if name in data}
    values = {name: title for name, title in OF_A_TEMPERATURE.items() if name in data}
    kelvins = data["temperature"].values if values else ()
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    of_temperatures = ["temperature (K)", *values.values(), PRODUCT, PRODUCT_ERROR] if values else []
    writer.writerow(["x", "y", *energies.values(), *of_temperatures])
    fraction = float(data.attrs["alkali_oxide_fraction"])
    for place, x in enumerate(data["x"].values):
        composition = [x, fraction, *(data[name].values[place] for name in energies)]
        if not values:
            writer.writerow([_cell(value) for value in composition])
        for column, kelvin in enumerate(kelvins):
            row = [kelvin, *(data[name].values[place, column] for name in values)]
            product = data["log10_conductivity"].values[place, column] + np.log10(kelvin)
            error = data["log10_conductivity_error"].values[place, column]
            writer.writerow([_cell(value) for value in (*composition, *row, product, error)])
    return stream.getvalue()


def _cell(value: float) -> str:
    return f"{value:.10g}" if math.isfinite(value) else ""
