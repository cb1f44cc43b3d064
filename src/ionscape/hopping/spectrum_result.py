"""The conductivity over frequency as a result, and what measurements make of it: impedance, permittivity, modulus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arguments import positive_number
from ionscape.arrays import FloatArray
from ionscape.constants import VACUUM_PERMITTIVITY
from ionscape.datasets import Content, StoredResult, read_dataset, write_dataset
from ionscape.files.table_files import Columns
from ionscape.provenance import package_version, settings_text
from ionscape.remarks import remark_attributes, remark_entries

from .jumps import JumpLaw
from .response import ComplexArray
from .site_energies import SiteEnergies

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape spectrum 1"
CONTENT = Content(
    form=FORMAT,
    what="a conductivity spectrum",
    command="ionscape spectrum",
    variables={"conductivity_real": ("angular_frequency",), "dc_conductivity": ()},
    gaps={"conductivity_imaginary": ("angular_frequency",)},
    attributes={"title": "text", "warnings": "JSON", "remarks": "JSON", "settings": "JSON"},
)
NUMBERS = {
    "dc_conductivity": ("S/m", "dc conductivity"),
    "lower_bound": ("S/m", "bound that the dc conductivity cannot be below"),
    "upper_bound": ("S/m", "bound that the dc conductivity cannot be above"),
    "high_frequency_conductivity": ("S/m", "conductivity at infinite frequency, of the links alone"),
    "relaxation_time": ("s", "time tau of sigma = sigma_dc (1 + i omega tau) at low frequencies"),
    "estimated_error": ("1", "largest relative error of the conductivity, by that of half the space"),
    "kramers_kronig_error": ("1", "largest relative distance from the nearest causal and passive spectrum"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class ConductivitySpectrum(StoredResult):
    """Conductivity of a landscape over angular frequency.

    Attributes:
        dataset: `conductivity`, complex [S/m], over `angular_frequency` [1/s], with scalars: `dc_conductivity` and its
            bounds, `high_frequency_conductivity`, `relaxation_time`, `estimated_error`, `kramers_kronig_error`.
    """

    dataset: xarray.Dataset

    def impedance(self, *, thickness: float, area: float, relative_permittivity: float) -> xarray.DataArray:
        """Z = d/(A (σ + iωε₀ε∞)) of a sample between electrodes that pass the ions [Ohm].

        Args:
            thickness: d [m].
            area: A of the electrodes [m^2].
            relative_permittivity: ε∞ of the glass without its mobile ions.

        Raises:
            InputError: a value is not above 0.
        """
        thick, wide = positive_number(thickness, key="thickness"), positive_number(area, key="area")
        found = thick / (wide * self._total(relative_permittivity))
        return found.rename("impedance").assign_attrs(units="ohm", long_name="impedance")

    def permittivity(self, *, relative_permittivity: float) -> xarray.DataArray:
        """ε = ε∞ + σ/(iωε₀), relative; ω = 0, where it diverges, is left out.

        Args:
            relative_permittivity: ε∞ of the glass without its mobile ions.

        Raises:
            InputError: a value is not above 0.
        """
        total = self._total(relative_permittivity)
        total = total.isel(angular_frequency=total["angular_frequency"].values > 0.0)
        found = total / (1j * total["angular_frequency"] * VACUUM_PERMITTIVITY)
        return found.rename("permittivity").assign_attrs(units="1", long_name="relative permittivity")

    def modulus(self, *, relative_permittivity: float) -> xarray.DataArray:
        """M = iωε₀/(σ + iωε₀ε∞), the reciprocal of the permittivity.

        Args:
            relative_permittivity: ε∞ of the glass without its mobile ions.

        Raises:
            InputError: a value is not above 0.
        """
        total = self._total(relative_permittivity)
        found = 1j * total["angular_frequency"] * VACUUM_PERMITTIVITY / total
        return found.rename("modulus").assign_attrs(units="1", long_name="electric modulus")

    def _total(self, relative_permittivity: float) -> xarray.DataArray:
        """σ + iωε₀ε∞ [S/m]."""
        background = positive_number(relative_permittivity, key="relative_permittivity") * VACUUM_PERMITTIVITY
        return self.dataset["conductivity"] + 1j * background * self.dataset["angular_frequency"]

    def summary(self) -> dict[str, Any]:
        """Title, remarks, temperature, ions and scalars in SI units; NaN where there is none."""
        data = self.dataset
        return {
            "title": str(data.attrs["title"]),
            **remark_entries(self.remarks),
            **{name: float(data.attrs[name]) for name in ("temperature", "ions")},
            **{name: float(data[name]) for name in NUMBERS},
            "frequencies": int(data.sizes["angular_frequency"]),
        }

    def columns(self) -> Columns:
        """Angular frequency, real and imaginary part of the conductivity."""
        data = self.dataset
        return [
            ("angular_frequency (1/s)", data["angular_frequency"].values.tolist()),
            ("conductivity, real part (S/m)", np.real(data["conductivity"].values).tolist()),
            ("conductivity, imaginary part (S/m)", np.imag(data["conductivity"].values).tolist()),
        ]

    def to_netcdf(self, path: str | Path) -> None:
        """Write a NetCDF file that any NetCDF reader opens: real and imaginary part are variables of their own."""
        write_dataset(in_parts(self.dataset), path)


def in_parts(dataset: xarray.Dataset) -> xarray.Dataset:
    """The dataset with real and imaginary part of the conductivity for itself, which every reader of NetCDF knows."""
    whole = dataset["conductivity"]
    parts = {
        "conductivity_real": whole.copy(data=np.real(whole.values)),
        "conductivity_imaginary": whole.copy(data=np.imag(whole.values)),
    }
    return dataset.drop_vars("conductivity").assign(parts)


def as_whole(stored: xarray.Dataset) -> xarray.Dataset:
    """The inverse of `in_parts`."""
    real = stored["conductivity_real"]
    whole = real.copy(data=real.values + 1j * stored["conductivity_imaginary"].values)
    return stored.drop_vars(["conductivity_real", "conductivity_imaginary"]).assign(conductivity=whole)


def load_spectrum(path: str | Path) -> ConductivitySpectrum:
    """Read a spectrum that `ConductivitySpectrum.to_netcdf` wrote.

    Args:
        path: of the file.

    Raises:
        InputError: the file does not exist, is no spectrum, or is damaged.
    """
    return ConductivitySpectrum(dataset=as_whole(read_dataset(path, CONTENT)))


def make_spectrum(
    frequency: FloatArray, conductivity: ComplexArray, numbers: Mapping[str, float], landscape: SiteEnergies,
    law: JumpLaw, *, temperature: float, ions: float, settings: Mapping[str, Any], title: str,
) -> ConductivitySpectrum:  # fmt: skip
    """The result, in SI units.

    Args:
        frequency: angular (n,) [1/s].
        conductivity: at each of them (n,) [S/m].
        numbers: of `NUMBERS`.
        landscape: whose conductivity it is.
        law: of its jumps.
        temperature: [K].
        ions: number of ions.
        settings: to store.
        title: of the result.
    """
    import xarray

    variables: dict[str, Any] = {
        "conductivity": ("angular_frequency", conductivity, {"units": "S/m", "long_name": "conductivity"}),
        **{name: ((), numbers[name], {"units": unit, "long_name": meaning})
           for name, (unit, meaning) in NUMBERS.items()},
    }  # fmt: skip
    return ConductivitySpectrum(dataset=xarray.Dataset(
        variables,
        coords={
            "angular_frequency": ("angular_frequency", frequency, {"units": "1/s", "long_name": "angular frequency"}),
        },
        attrs={
            "format": FORMAT,
            "title": title,
            "temperature": temperature,
            "ions": ions,
            "barrier": law.mean_barrier,
            "attempt_frequency": law.attempt_frequency,
            "jump_distance": law.jump_distance,
            "lattice": list(landscape.lattice),
            "settings": settings_text(dict(settings)),
            **remark_attributes(()),
            "ionscape_version": package_version(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    ))  # fmt: skip
