"""The reference as a result: conductivities over temperature, their law with its covariance, and D from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arguments import nonzero, positive, positive_number
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.files.table_files import Columns
from ionscape.provenance import package_version
from ionscape.remarks import Remark, remark_attributes, remark_entries

from .arrhenius import ArrheniusFit, Law
from .circuit import BulkResistance

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape reference 1"
CONTENT = Content(
    form=FORMAT,
    what="a reference measurement",
    command="ionscape reference",
    variables={"temperature": ("point",), "conductivity": ("point",), "log_prefactor": (), "activation_energy": (),
               "covariance": ("coefficient", "other_coefficient")},
    gaps={"conductivity_error": ("point",), "residual": ("point",)},
    attributes={"title": "text", "law": "text", "warnings": "JSON", "remarks": "JSON"},
)  # fmt: skip
OF_CIRCUITS = {
    "resistance": ("ohm", "bulk resistance"), "exponent": ("1", "exponent of the constant-phase element"),
    "capacitance": ("F", "capacitance of the constant-phase element at its relaxation time"),
    "noise": ("1", "scatter about the circuit over the modulus"),
    "kramers_kronig": ("1", "the same about the nearest spectrum that obeys Kramers and Kronig"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference(StoredResult):
    """Conductivity of the untouched glass over temperature.

    Attributes:
        dataset: `temperature` [K], `conductivity` with `conductivity_error` [S/m] of each point by itself, whether it
            was `used`, its `residual` and whether it is an `outlier`; the law's `log_prefactor` (ln of S K/m, or S/m)
            and `activation_energy` [J] with their `covariance`, that of the geometry included.
    """

    dataset: xarray.Dataset

    @property
    def law(self) -> Law:
        """Which of σT and σ lies on the line."""
        return cast(Law, str(self.dataset.attrs["law"]))

    def conductivity(self, temperature: ArrayLike) -> FloatArray:
        """σ of the law at temperatures [S/m]."""
        kelvin = positive("temperature", temperature)
        value = np.exp(self._line(kelvin))
        return value / kelvin if self.law == "conductivity-temperature" else value

    def diffusion_coefficient(self, temperature: float, *, density: float, charge: int = 1) -> tuple[float, float]:
        """D_σ = σ k_B T/(n (Z e)²) at a temperature and its standard deviation [m^2/s].

        Args:
            temperature: [K].
            density: n of the ions that carry the current [1/m^3].
            charge: Z, their charge number.

        Source: Nernst and Einstein; Gunawan 2024 takes D_bulk from it.
        """
        mean, covariance = self.diffusion_prior(temperature, density=density, charge=charge)
        value = math.exp(mean[0])
        return value, value * math.sqrt(covariance[0, 0])

    def diffusion_prior(self, temperature: float, *, density: float, charge: int = 1) -> tuple[FloatArray, FloatArray]:
        """Mean (2,) and covariance (2, 2) of ln(D_σ / m²/s) at a temperature and of its activation energy [J].

        Where σ lies on the line, and not σT, the energy of D is k_B T larger, at that temperature.
        """
        kelvin = positive_number(temperature, key="temperature")
        ions = positive_number(density, key="density") * (float(nonzero("charge", charge)) * ELEMENTARY_CHARGE) ** 2
        thermal = BOLTZMANN_CONSTANT * kelvin
        energy = float(self.dataset["activation_energy"])
        mean = np.array([math.log(float(self.conductivity(kelvin)) * thermal / ions), energy])
        if self.law == "conductivity":
            mean[1] += thermal
        slopes = np.array([[1.0, -1.0 / thermal], [0.0, 1.0]])
        return mean, slopes @ self.dataset["covariance"].values @ slopes.T

    def haven_ratio(
        self, tracer: float, temperature: float, *, density: float, charge: int = 1, tracer_error: float = 0.0
    ) -> tuple[float, float]:
        """H = D*/D_σ at a temperature, and its standard deviation, for a tracer diffusion coefficient D* [m^2/s]."""
        value, error = self.diffusion_coefficient(temperature, density=density, charge=charge)
        ratio = positive_number(tracer, key="tracer") / value
        return ratio, ratio * math.hypot(error / value, tracer_error / tracer)

    def summary(self) -> dict[str, Any]:
        """Title, remarks, law, activation energy and prefactor with errors and correlation, in SI units."""
        data = self.dataset
        covariance = data["covariance"].values
        errors = np.sqrt(np.diag(covariance))
        return {
            "title": str(data.attrs["title"]), **remark_entries(self.remarks), "law": self.law,
            "activation_energy": float(data["activation_energy"]), "activation_energy_error": float(errors[1]),
            "log_prefactor": float(data["log_prefactor"]), "log_prefactor_error": float(errors[0]),
            "correlation": float(covariance[0, 1] / (errors[0] * errors[1])),
            "reduced_chi_squared": float(data["reduced_chi_squared"]),
            "points": [
                {name: value.item() for name, value in zip(names, row, strict=True)}
                for names in [("temperature", "conductivity", "conductivity_error", "residual", "used", "outlier")]
                for row in zip(*(data[name].values for name in names), strict=True)
            ],
        }  # fmt: skip

    def columns(self) -> Columns:
        """A row for each point, in SI units."""
        data = self.dataset
        return [
            ("temperature (K)", data["temperature"].values.tolist()),
            ("conductivity (S/m)", data["conductivity"].values.tolist()),
            ("conductivity error (S/m)", data["conductivity_error"].values.tolist()),
            ("of the law (S/m)", self.conductivity(data["temperature"].values).tolist()),
            *((f"{name} ({data[name].attrs['units']})", data[name].values.tolist())
              for name in OF_CIRCUITS if name in data),
        ]  # fmt: skip

    def _line(self, kelvin: FloatArray) -> FloatArray:
        data = self.dataset
        return float(data["log_prefactor"]) - float(data["activation_energy"]) / (BOLTZMANN_CONSTANT * kelvin)


def make_reference(
    fitted: ArrheniusFit, temperature: FloatArray, conductivity: FloatArray, errors: FloatArray | None, *,
    used: NDArray[np.bool_], common_error: float, title: str, remarks: Sequence[Remark],
    circuits: Sequence[BulkResistance], files: Sequence[str],
) -> Reference:  # fmt: skip
    """Put a fitted line and its points into a dataset; the error that all points share goes to the prefactor."""
    import xarray

    covariance = fitted.covariance.copy()
    covariance[0, 0] += common_error**2
    y = np.log(conductivity * temperature if fitted.law == "conductivity-temperature" else conductivity)
    outlier = np.zeros(temperature.size, dtype=bool)
    outlier[used] = fitted.outliers
    own = np.full(temperature.size, np.nan) if errors is None else errors * conductivity
    point = "point"
    variables: dict[str, Any] = {
        "temperature": (point, temperature, {"units": "K", "long_name": "temperature"}),
        "conductivity": (point, conductivity, {"units": "S/m", "long_name": "dc conductivity"}),
        "conductivity_error": (point, own, {"units": "S/m", "long_name": "its standard deviation, geometry apart"}),
        "residual": (point, y - fitted.log_value(temperature), {"units": "1", "long_name": "ln of it over the law"}),
        "used": (point, used.astype(np.int8)), "outlier": (point, outlier.astype(np.int8)),
        "log_prefactor": ((), fitted.log_prefactor, {"units": "1", "long_name": "ln of the prefactor in SI units"}),
        "activation_energy": ((), fitted.activation_energy, {"units": "J", "long_name": "activation energy"}),
        "covariance": (("coefficient", "other_coefficient"), covariance),
        "reduced_chi_squared": ((), fitted.reduced_chi_squared),
        **{
            name: (point, np.array([getattr(each, name) for each in circuits]), {"units": units, "long_name": long})
            for name, (units, long) in OF_CIRCUITS.items() if circuits
        },
    }  # fmt: skip
    if files:
        variables["file"] = (point, np.array(list(files), dtype=object))
    attrs = {
        "format": FORMAT, "title": title, "law": fitted.law, "common_error": common_error,
        "ionscape_version": package_version(), **remark_attributes(tuple(remarks)),
    }  # fmt: skip
    return Reference(dataset=xarray.Dataset(variables, attrs=attrs))


def load_reference(path: str | Path) -> Reference:
    """Read a reference that `Reference.to_netcdf` wrote.

    Raises:
        InputError: the file does not exist, is none, or is damaged.
    """
    return Reference(dataset=read_dataset(path, CONTENT))
