"""The result of a series: its dataset, the summary, and how it is written and read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.files.table_files import Columns
from ionscape.remarks import remark_entries

from .load import Series

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape series 1"
CONTENT = Content(
    form=FORMAT,
    what="the result of a series",
    command="ionscape conductivity",
    variables={
        "x": ("x",), "units": ("x", "unit"), "ion_density": ("x",), "attempt_frequency": ("x",),
        "attempt_frequency_error": ("x",), "log10_attempt_frequency_error": ("x",),
    },
    labels={"unit": ("unit",), "attempt_frequency_origin": ("x",)},
    attributes={
        "title": "text", "alkali": "text", "alkali_oxide_fraction": "number", "energy_scale": "number",
        "noise": "number", "energy_scale_origin": "text", "warnings": "JSON", "settings": "JSON", "files": "JSON",
    },
    possible={"remarks": "JSON"},
)  # fmt: skip
LANDSCAPE_ATTRIBUTES = (
    "energy_scale", "energy_scale_error", "noise", "noise_error", "energy_scale_origin",
    "energy_scale_noise_correlation", "energy_scale_chi_square", "energy_scale_degrees_of_freedom",
)  # fmt: skip
"""Attributes of the dataset that stand in the summary under the same names; some exist after a fit only."""
ENDS = ("", "_error", "_lower_95", "_upper_95")
OF_CONDUCTIVITY = ("error", "lower_95", "upper_95", "lower_bound", "upper_bound")
CONDUCTIVITY = {"value": "conductivity", **{key: f"conductivity_{key}" for key in OF_CONDUCTIVITY}}
"""Keys of a conductivity in the summary, and the variables of the dataset that they hold."""

OF_A_COMPOSITION = (
    *(f"activation_energy{end}" for end in ENDS),
    "attempt_frequency",
)
OF_A_TEMPERATURE = tuple(f"conductivity{end}" for end in (*ENDS, "_lower_bound", "_upper_bound"))
PRODUCT = "log10 of conductivity times temperature (S K/m)"
PRODUCT_ERROR = "log10 error"


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesResult(StoredResult):
    """Activation energies and conductivities of a series.

    Attributes:
        dataset: averages, errors and single values with named axes and units (reference: series file).
        series: what was calculated; None for a result read from a file.
    """

    dataset: xarray.Dataset
    series: Series | None = None

    def summary(self) -> dict[str, Any]:
        """Title, warnings, landscape and `compositions`: energies in eV, all else in SI units (reference: series file).

        What was not calculated, or has no error, is NaN or None.
        """
        data = self.dataset
        return {
            "title": str(data.attrs["title"]),
            **remark_entries(self.remarks),
            **{name: _plain(data.attrs.get(name)) for name in LANDSCAPE_ATTRIBUTES},
            "compositions": [_composition(data, place) for place in range(data.sizes["x"])],
        }

    def columns(self) -> Columns:
        """The averages, a row for each composition and temperature, or for each composition without conductivities.

        Energies are in eV, everything else in SI units.
        """
        data = self.dataset
        energies, values = (
            {name: f"{name.replace('_', ' ')} ({data[name].attrs['units']})" for name in names if name in data}
            for names in (OF_A_COMPOSITION, OF_A_TEMPERATURE)
        )
        kelvins = data["temperature"].values if values else np.empty(0)
        rows, count = max(len(kelvins), 1), data.sizes["x"]
        columns = [("x", data["x"].values), ("y", _contents(data))]
        columns += [(title, data[name].values) for name, title in energies.items()]
        found = [(title, np.repeat(numbers, rows).tolist()) for title, numbers in columns]
        if values:
            products = data["log10_conductivity"].values + np.log10(kelvins)
            found.append(("temperature (K)", np.tile(kelvins, count).tolist()))
            found += [(title, data[name].values.ravel().tolist()) for name, title in values.items()]
            found.append((PRODUCT, products.ravel().tolist()))
            found.append((PRODUCT_ERROR, data["log10_conductivity_error"].values.ravel().tolist()))
        return found


def load_series_result(path: str | Path) -> SeriesResult:
    """Read a result that `SeriesResult.to_netcdf` wrote.

    Raises:
        InputError: the file does not exist, is no result of a series, or is damaged.
    """
    return SeriesResult(dataset=read_dataset(path, CONTENT))


def landscapes_with_path(data: xarray.Dataset, name: str) -> int:
    """How many landscapes a mean is of, at the composition where there are fewest.

    Args:
        data: of a result.
        name: `landscape_activation_energy` or `landscape_conductivity`; 0 if it is absent.
    """
    if name not in data:
        return 0
    known = data[name].notnull()
    if "temperature" in known.dims:
        known = known.all("temperature")
    return int(known.sum([str(dimension) for dimension in known.dims if dimension != "x"]).min())


def _contents(data: xarray.Dataset) -> FloatArray:
    """Alkali oxide fraction y of each glass; results of earlier versions have one for all."""
    if "y" in data:
        return data["y"].values
    return np.full(data.sizes["x"], float(data.attrs["alkali_oxide_fraction"]))


def _composition(data: xarray.Dataset, place: int) -> dict[str, Any]:
    """The entry of one composition in the summary."""
    here = data.isel(x=place)

    def number(name: str) -> float:
        return float(here[name].values) if name in here else math.nan

    kelvins = data["temperature"].values if "temperature" in data else ()
    return {
        "x": number("x"),
        "y": float(_contents(data)[place]),
        **{f"activation_energy{end}": number(f"activation_energy{end}") for end in ENDS},
        **{f"arrhenius_energy{end}": number(f"arrhenius_energy{end}") for end in ENDS},
        "conductivity": {
            f"{temperature:.10g} K": {
                key: float(here[name].values[column]) for key, name in CONDUCTIVITY.items() if name in here
            }
            for column, temperature in enumerate(kelvins)
        },
        **{
            name: number(name)
            for name in (
                "barrier",
                "glass_transition",
                "attempt_frequency",
                "attempt_frequency_error",
                "log10_attempt_frequency_error",
            )
        },
        "attempt_frequency_origin": str(here["attempt_frequency_origin"].values),
        "units": {
            str(name): float(fraction) for name, fraction in zip(data["unit"].values, here["units"].values, strict=True)
        },
    }


def _plain(value: Any) -> Any:
    """An attribute as a number or text of Python, whatever the file made of it."""
    return value.item() if hasattr(value, "item") else value
