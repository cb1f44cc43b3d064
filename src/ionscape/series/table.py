"""The averages of a series as a table: one row for each composition and temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray

    from ionscape.files.table_files import Columns

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


def series_columns(data: xarray.Dataset) -> Columns:
    """The averages of a series.

    Args:
        data: dataset of a `SeriesResult`.

    Returns:
        A row for each composition and temperature, or for each composition if there are no conductivities. Energies
        are in eV, everything else in SI units.
    """
    energies = {name: title for name, title in OF_A_COMPOSITION.items() if name in data}
    values = {name: title for name, title in OF_A_TEMPERATURE.items() if name in data}
    kelvins = data["temperature"].values if values else np.empty(0)
    rows, count = max(len(kelvins), 1), data.sizes["x"]
    columns = [("x", data["x"].values), ("y", np.full(count, float(data.attrs["alkali_oxide_fraction"])))]
    columns += [(title, data[name].values) for name, title in energies.items()]
    found = [(title, np.repeat(numbers, rows).tolist()) for title, numbers in columns]
    if values:
        products = data["log10_conductivity"].values + np.log10(kelvins)
        found.append(("temperature (K)", np.tile(kelvins, count).tolist()))
        found += [(title, data[name].values.ravel().tolist()) for name, title in values.items()]
        found.append((PRODUCT, products.ravel().tolist()))
        found.append((PRODUCT_ERROR, data["log10_conductivity_error"].values.ravel().tolist()))
    return found
