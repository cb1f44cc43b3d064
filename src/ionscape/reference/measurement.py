"""From spectra, or conductivities, and the geometry of the sample to the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import positive
from ionscape.arrays import FloatArray
from ionscape.constants import ICE_POINT
from ionscape.errors import InputError, nearest_name
from ionscape.files.csv_table import read_csv_table
from ionscape.files.fields import POSITIVE, Quantity
from ionscape.files.quantities import DimensionName, quantity
from ionscape.remarks import Kind, Remark

from .arrhenius import Law, arrhenius_fit
from .circuit import BulkResistance, bulk_resistance
from .result import Reference, make_reference
from .spectra import ImpedanceSpectrum

LARGEST_KRAMERS_KRONIG = 0.03
"""Relative; a spectrum further from one that obeys the relations is told of."""
WORSE_THAN_NOISE = 3.0
"""The same in units of what the circuit leaves: of two poor numbers the second may be the better one."""

NOT_KRAMERS_KRONIG = Kind(
    "not_kramers_kronig",
    "The spectrum of {file} at {temperature:.5g} K is {percent:.2g} % away from any that obeys Kramers and Kronig: it"
    " drifted while it was measured, or the voltage was too high.",
)
EXTRAPOLATED = Kind(
    "resistance_extrapolated",
    "The spectrum of {file} at {temperature:.5g} K ends before its arc comes down: its resistance is that of the"
    " circuit beyond what was measured; go to lower frequencies, or leave it out.",
)
OUTLIERS = Kind(
    "arrhenius_outliers",
    "Away from the Arrhenius line by more than scatter explains: {temperatures}; look at these measurements, or leave"
    " them out.",
)
CURVED = Kind(
    "arrhenius_scatter",
    "The points scatter {factor:.2g} times as much about the Arrhenius line as their errors say; the errors of the line"
    " are as much larger.",
)

CONDUCTIVITIES = {
    "temperature": Quantity("temperature", POSITIVE), "conductivity": Quantity("conductivity", POSITIVE)
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Of the sample between its two electrodes.

    Attributes:
        thickness: [m].
        area: of an electrode [m^2].
        thickness_error: standard deviation [m].
        area_error: standard deviation [m^2].
    """

    thickness: float
    area: float
    thickness_error: float = 0.0
    area_error: float = 0.0

    def __post_init__(self) -> None:
        for key in ("thickness", "area"):
            positive(key, getattr(self, key))
        for key in ("thickness_error", "area_error"):
            if not 0.0 <= getattr(self, key) < getattr(self, key.removesuffix("_error")):
                raise InputError("must be from 0 to below the value itself", key=key, value=getattr(self, key))

    @property
    def cell_constant(self) -> float:
        """d/A [1/m]."""
        return self.thickness / self.area

    @property
    def relative_error(self) -> float:
        """Of the cell constant; all conductivities share it."""
        return math.hypot(self.thickness_error / self.thickness, self.area_error / self.area)

    @staticmethod
    def parse(text: str) -> Geometry:
        """Read `thickness = 1.02 mm, area = 78.5 mm^2`, with `thickness_error`, `area_error` or `diameter` too.

        Raises:
            InputError: an unknown or missing name, or a value without its unit.
        """
        dimensions: dict[str, DimensionName] = {
            "thickness": "length", "area": "area", "diameter": "length", "thickness_error": "length",
            "area_error": "area", "diameter_error": "length",
        }  # fmt: skip
        found: dict[str, float] = {}
        for part in filter(None, (each.strip() for each in text.split(","))):
            name, _, value = (each.strip().strip('"') for each in part.partition("="))
            if name not in dimensions:
                raise InputError("is no part of a geometry", key="geometry", value=name,
                                 remedy=f'the nearest is "{nearest_name(name, dimensions)}"')  # fmt: skip
            found[name] = quantity(value, dimensions[name])
        if "diameter" in found and "area" not in found:
            diameter, error = found.pop("diameter"), found.pop("diameter_error", 0.0)
            found |= {"area": math.pi * diameter**2 / 4.0, "area_error": math.pi * diameter * error / 2.0}
        missing = [name for name in ("thickness", "area") if name not in found]
        if missing or "diameter" in found:
            problem = f"lacks {' and '.join(missing)}" if missing else "has both an area and a diameter"
            raise InputError(
                problem, key="geometry", value=text, remedy='write "thickness = 1.02 mm, area = 78.5 mm^2"'
            )
        return Geometry(**found)


def reference_from_spectra(
    spectra: Sequence[ImpedanceSpectrum], geometry: Geometry, *, law: Law = "conductivity-temperature",
    left_out: Sequence[float] = (), title: str = "",
) -> Reference:  # fmt: skip
    """Bulk conductivities σ = d/(A R) of spectra, and their Arrhenius law.

    Args:
        spectra: at two temperatures or more.
        geometry: of the sample.
        law: whether ln(σT) or ln σ lies on a line over 1/T.
        left_out: temperatures that are shown but not fitted, within 0.5 K [K].
        title: of the result.

    Raises:
        InputError: a spectrum without an arc, or fewer than two temperatures.
    """
    found = [bulk_resistance(spectrum) for spectrum in spectra]
    order = np.argsort([spectrum.temperature for spectrum in spectra], kind="stable")
    spectra, found = [spectra[place] for place in order], [found[place] for place in order]
    resistance = np.array([each.resistance for each in found])
    return _reference(
        np.array([spectrum.temperature for spectrum in spectra]), geometry.cell_constant / resistance,
        np.array([each.relative_error for each in found]), geometry.relative_error, law=law, left_out=left_out,
        title=title,
        remarks=_spectrum_remarks(spectra, found), circuits=found, files=[spectrum.file for spectrum in spectra],
    )  # fmt: skip


def reference_from_conductivities(
    temperature: ArrayLike, conductivity: ArrayLike, *, relative_error: ArrayLike | None = None,
    common_error: float = 0.0, law: Law = "conductivity-temperature", left_out: Sequence[float] = (), title: str = "",
) -> Reference:  # fmt: skip
    """The Arrhenius law of conductivities that are known.

    Args:
        temperature: [K], (points,).
        conductivity: [S/m], (points,).
        relative_error: of each by itself; None if it is not known.
        common_error: relative standard deviation of a factor that all share, as that of the geometry.
        law: whether ln(σT) or ln σ lies on a line over 1/T.
        left_out: temperatures that are shown but not fitted, within 0.5 K [K].
        title: of the result.

    Raises:
        InputError: values out of range, or fewer than two temperatures.
    """
    kelvin, sigma = positive("temperature", temperature), positive("conductivity", conductivity)
    errors = (
        None if relative_error is None else np.broadcast_to(positive("relative_error", relative_error), kelvin.shape)
    )
    order = np.argsort(kelvin, kind="stable")
    return _reference(kelvin[order], sigma[order], None if errors is None else errors[order], common_error, law=law,
                      left_out=left_out, title=title)  # fmt: skip


def read_conductivities(path: str | Path) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Temperatures [K], conductivities [S/m] and their relative errors of a CSV table; None without errors.

    Columns are `temperature (K)` or `(degC)`, `conductivity (S/cm)` or another unit, and, if known,
    `conductivity error` in the same kind of unit.

    Raises:
        InputError: a column or a number cannot be used.
    """
    target = Path(path)
    table = read_csv_table(target, file=str(target))
    celsius = any("temperature" in name.lower() and "C" in name.partition("(")[2] for name in table.names)
    if celsius:
        renamed = tuple(
            name.partition("(")[0] + "(K)" if "temperature" in name.lower() else name for name in table.names
        )
        table = type(table)(file=table.file, line=table.line, names=renamed, rows=table.rows, by_name=table.by_name)
    wanted = dict(CONDUCTIVITIES)
    if celsius:
        wanted["temperature"] = Quantity("temperature")
    with_errors = any(name.lower().startswith("conductivity error") for name in table.names)
    if with_errors:
        wanted["conductivity error"] = Quantity("conductivity", POSITIVE)
    found = table.quantities(wanted, example="temperature (K),conductivity (S/cm)", others=True)
    kelvin = found["temperature"] + (ICE_POINT if celsius else 0.0)
    return kelvin, found["conductivity"], found["conductivity error"] / found["conductivity"] if with_errors else None


def _spectrum_remarks(spectra: Sequence[ImpedanceSpectrum], found: Sequence[BulkResistance]) -> list[Remark]:
    remarks: list[Remark] = []
    for spectrum, each in zip(spectra, found, strict=True):
        about = {"file": spectrum.file, "temperature": spectrum.temperature}
        if each.kramers_kronig > LARGEST_KRAMERS_KRONIG:
            remarks.append(NOT_KRAMERS_KRONIG(**about, percent=100.0 * each.kramers_kronig))
        if each.extrapolated:
            remarks.append(EXTRAPOLATED(**about))
    return remarks


def _reference(
    temperature: FloatArray, conductivity: FloatArray, errors: FloatArray | None, common: float, *, law: Law,
    left_out: Sequence[float], title: str, remarks: Sequence[Remark] = (), circuits: Sequence[BulkResistance] = (),
    files: Sequence[str] = (),
) -> Reference:  # fmt: skip
    used = np.ones(temperature.size, dtype=bool)
    for kelvin in left_out:
        near = np.abs(temperature - kelvin) <= 0.5
        if not near.any():
            raise InputError("is none of the temperatures that were measured", key="left_out", value=f"{kelvin:g} K")
        used &= ~near
    fitted = arrhenius_fit(temperature[used], conductivity[used], law=law,
                           relative_error=None if errors is None else errors[used])  # fmt: skip
    said = list(remarks)
    if fitted.outliers.any():
        away = ", ".join(f"{kelvin:.5g} K" for kelvin in temperature[used][fitted.outliers])
        said.append(OUTLIERS(temperatures=away))
    if fitted.reduced_chi_squared > 4.0:
        said.append(CURVED(factor=math.sqrt(fitted.reduced_chi_squared)))
    return make_reference(fitted, temperature, conductivity, errors, used=used, common_error=common, title=title,
                          remarks=said, circuits=circuits, files=files)  # fmt: skip
