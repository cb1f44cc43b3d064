"""The conductivity spectra of a file: means over landscapes, how they are read, summarised, written as impedances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.datasets import Content, read_dataset
from ionscape.files.table_files import Columns, csv_text
from ionscape.files.writing import write_text
from ionscape.hopping.spectrum_result import NUMBERS, ConductivitySpectrum, as_whole
from ionscape.provenance import provenance_attributes
from ionscape.remarks import remark_attributes, remark_entries

if TYPE_CHECKING:
    import xarray

    from .hops_settings import SpectrumTable

FORMAT = "ionscape spectra of glasses 1"
DIMENSIONS = ("x", "temperature")
CONTENT = Content(
    form=FORMAT,
    what="conductivity spectra of glasses",
    command="ionscape spectrum",
    variables={
        "x": ("x",), "temperature": ("temperature",), "angular_frequency": ("angular_frequency",),
        "conductivity_real": (*DIMENSIONS, "angular_frequency"), "dc_conductivity": DIMENSIONS,
    },
    gaps={"conductivity_imaginary": (*DIMENSIONS, "angular_frequency")},
    attributes={"title": "text", "warnings": "JSON", "remarks": "JSON", "settings": "JSON"},
)  # fmt: skip
RELAXATION = ("spectral_density", "relaxation_rate", "spectral_density_error", "relaxation_rate_error")
"""What a file may ask for beside: see `spin_lattice_relaxation`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SpectraOfGlasses(ConductivitySpectrum):
    """Conductivity spectra of several glasses and temperatures, means over landscapes.

    Attributes:
        dataset: `conductivity`, complex, over `x`, `temperature` and `angular_frequency`, with `conductivity_error` of
            its real part; the scalars of a spectrum over `x` and `temperature`, and those of each landscape.
    """

    dataset: xarray.Dataset

    def summary(self) -> dict[str, Any]:
        """Title, remarks, and an entry for each composition and temperature, in SI units; NaN where there is none."""
        data = self.dataset
        return {
            "title": str(data.attrs["title"]),
            **remark_entries(self.remarks),
            "landscapes": int(data.sizes["landscape"]),
            "spectra": [
                {
                    "x": float(x), "temperature": float(kelvin),
                    **{name: float(data[name].values[row, column]) for name in (*NUMBERS, "dc_conductivity_error")},
                }
                for row, x in enumerate(data["x"].values) for column, kelvin in enumerate(data["temperature"].values)
            ],
        }  # fmt: skip

    def columns(self) -> Columns:
        """A row for each composition, temperature and frequency, in SI units."""
        data = self.dataset
        x, kelvin, omega = np.meshgrid(*(data[name].values for name in (*DIMENSIONS, "angular_frequency")),
                                       indexing="ij")  # fmt: skip
        sigma = data["conductivity"].values
        return [
            ("x", x.ravel().tolist()),
            ("temperature (K)", kelvin.ravel().tolist()),
            ("angular_frequency (1/s)", omega.ravel().tolist()),
            ("conductivity, real part (S/m)", np.real(sigma).ravel().tolist()),
            ("conductivity, imaginary part (S/m)", np.imag(sigma).ravel().tolist()),
            ("conductivity, error of the real part (S/m)", data["conductivity_error"].values.ravel().tolist()),
            *((f"{name.replace('_', ' ')} (s)", data[name].values.ravel().tolist())
              for name in RELAXATION if name in data),
        ]  # fmt: skip

    def write_impedances(
        self, path: Path, *, thickness: float, area: float, relative_permittivity: float, header: bool
    ) -> list[Path]:
        """Write impedances as CSV with frequency, Z′ and Z″, as programs for impedance spectra read them.

        Args:
            path: of the file; of several compositions or temperatures each has its own, with both in its name.
            thickness: of the sample [m].
            area: of its electrodes [m^2].
            relative_permittivity: ε∞.
            header: whether the first line names the columns: pyimpspec asks for it, impedance.py for none.

        Returns:
            The files.
        """
        found = self.impedance(thickness=thickness, area=area, relative_permittivity=relative_permittivity)
        found = found.isel(angular_frequency=found["angular_frequency"].values > 0.0)
        frequency = found["angular_frequency"].values[::-1] / (2.0 * math.pi)
        several = found.sizes["x"] * found.sizes["temperature"] > 1
        written: list[Path] = []
        for row, x in enumerate(found["x"].values):
            for column, kelvin in enumerate(found["temperature"].values):
                values = found.values[row, column][::-1]
                text = csv_text([
                    ("Frequency (Hz)", frequency.tolist()), ("Z' (ohm)", np.real(values).tolist()),
                    ("Z'' (ohm)", np.imag(values).tolist()),
                ])  # fmt: skip
                target = path.with_name(f"{path.stem}-x{x:g}-{kelvin:g}K{path.suffix}") if several else path
                write_text(target, text if header else text.partition("\n")[2])
                written.append(target)
        return written


def load_spectra(path: str | Path) -> SpectraOfGlasses:
    """Read a result of `ionscape spectrum`.

    Args:
        path: of the file.

    Raises:
        InputError: the file does not exist, is no such result, or is damaged.
    """
    return SpectraOfGlasses(dataset=as_whole(read_dataset(path, CONTENT)))


def make_spectra(
    found: Sequence[Mapping[str, Any]], *, title: str, source: str, settings: Mapping[str, Any], table: SpectrumTable,
    borate_fractions: Sequence[float], angular_frequency: FloatArray, of_glasses: Mapping[str, Any],
) -> SpectraOfGlasses:  # fmt: skip
    """Means over the landscapes.

    Args:
        found: values of each part by name, landscapes varying fastest, then temperatures.
        title: shown in figures.
        source: text of the file.
        settings: of it.
        table: of the spectra.
        borate_fractions: of the glasses.
        angular_frequency: ω [1/s].
        of_glasses: further variables, of the glasses.
    """
    import xarray

    shape = (len(borate_fractions), len(table.temperatures), table.landscapes)

    def gathered(name: str) -> FloatArray:
        return np.array([part[name] for part in found]).reshape(*shape, *np.shape(found[0][name]))

    sigma = gathered("real") + 1j * gathered("imaginary")
    variables: dict[str, Any] = {
        **of_glasses,
        "conductivity": ((*DIMENSIONS, "angular_frequency"), sigma.mean(axis=2),
                         {"units": "S/m", "long_name": "conductivity, mean over the landscapes"}),
        "conductivity_error": ((*DIMENSIONS, "angular_frequency"), _error(np.real(sigma)),
                               {"units": "S/m", "long_name": "standard error of the real part of the mean"}),
        "dc_conductivity_error": (DIMENSIONS, _error(gathered("dc_conductivity")),
                                  {"units": "S/m", "long_name": "standard error of the mean"}),
    }  # fmt: skip
    for name in RELAXATION[:2] if RELAXATION[0] in found[0] else ():
        values, own = gathered(name), gathered(f"{name}_error")
        meaning = f"{name.replace('_', ' ')} of the occupations of single sites, mean over the landscapes"
        variables[name] = (
            (*DIMENSIONS, "angular_frequency"),
            values.mean(axis=2),
            {"units": "s", "long_name": meaning},
        )
        error = _error(values) if table.landscapes > 1 else own[:, :, 0]
        variables[f"{name}_error"] = ((*DIMENSIONS, "angular_frequency"), error,
                                      {"units": "s", "long_name": "standard error of the mean"})  # fmt: skip
    for name, (unit, meaning) in NUMBERS.items():
        values = gathered(name)
        variables[f"landscape_{name}"] = ((*DIMENSIONS, "landscape"), values, {"units": unit, "long_name": meaning})
        # σ of the mean, and the time in which that rises; of errors the largest
        mean = values.max(axis=2) if name.endswith("_error") else values.mean(axis=2)
        if name == "relaxation_time":
            direct = gathered("dc_conductivity")
            mean = (values * direct).mean(axis=2) / direct.mean(axis=2)
        variables[name] = (DIMENSIONS, mean, {"units": unit, "long_name": meaning})
    dataset = xarray.Dataset(
        variables,
        coords={
            "x": ("x", list(borate_fractions), {"units": "1", "long_name": "B2O3 / (B2O3 + P2O5)"}),
            "temperature": ("temperature", list(table.temperatures), {"units": "K", "long_name": "temperature"}),
            "angular_frequency": ("angular_frequency", angular_frequency,
                                  {"units": "1/s", "long_name": "angular frequency"}),
        },
        attrs={
            "format": FORMAT,
            "title": title,
            **remark_attributes(()),
            **provenance_attributes(source=source, settings=dict(settings), kind="source"),
        },
    )  # fmt: skip
    return SpectraOfGlasses(dataset=dataset)


def _error(values: FloatArray) -> FloatArray:
    """Standard error of the mean over the landscapes, the third axis; not a number of a single one."""
    count = values.shape[2]
    return np.full(values.mean(axis=2).shape, np.nan) if count < 2 else values.std(axis=2, ddof=1) / math.sqrt(count)
