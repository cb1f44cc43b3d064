"""The result of a series: its dataset, the summary, and how it is written and read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.outputs import read_dataset, write_dataset

from .load import Series

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape series 1"


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesResult:
    """Activation energies and conductivities of a series.

    Attributes:
        dataset: averages, errors and single values with named axes and units (reference: series file).
        series: what was calculated; None for a result read from a file.
    """

    dataset: xarray.Dataset
    series: Series | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know, one sentence each."""
        return tuple(json.loads(self.dataset.attrs["warnings"]))

    def summary(self) -> dict[str, Any]:
        """Title, warnings and `compositions`: energies in eV, all else in SI units (reference: series file)."""
        data = self.dataset
        kelvins = data["temperature"].values if "temperature" in data else ()
        temperatures = [f"{temperature:.10g} K" for temperature in kelvins]

        def conductivities(place: int) -> dict[str, dict[str, float]]:
            return {
                temperature: {
                    "value": float(data["conductivity"].values[place, column]),
                    "error": float(data["conductivity_error"].values[place, column]),
                }
                for column, temperature in enumerate(temperatures)
            }

        compositions = [
            {
                "x": float(x),
                "y": float(data.attrs["alkali_oxide_fraction"]),
                "activation_energy": float(data["activation_energy"].values[place]),
                "activation_energy_error": float(data["activation_energy_error"].values[place]),
                "conductivity": conductivities(place),
                "attempt_frequency": float(data["attempt_frequency"].values[place]),
                "units": {
                    str(name): float(fraction)
                    for name, fraction in zip(data["unit"].values, data["units"].values[place], strict=True)
                },
            }
            for place, x in enumerate(data["x"].values)
        ]
        return {"title": str(data.attrs["title"]), "warnings": list(self.warnings), "compositions": compositions}

    def to_netcdf(self, path: str | Path) -> None:
        """Write a NetCDF file that any NetCDF reader opens, complete or not at all."""
        write_dataset(self.dataset, path)


def load_series_result(path: str | Path) -> SeriesResult:
    """Read a result that `SeriesResult.to_netcdf` wrote.

    Raises:
        InputError: the file does not exist or is no result of a series.
    """
    dataset = read_dataset(path, form=FORMAT, what="the result of a series", command="ionscape conductivity")
    return SeriesResult(dataset=dataset)
