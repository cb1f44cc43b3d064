"""D(n, T) of landscapes as a result, as a table, and as a diffusion model of an experiment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.diffusivity.landscape import ORIGINS, LandscapeDiffusion, Origin
from ionscape.errors import InputError
from ionscape.files.table_files import Columns
from ionscape.glass import Glass
from ionscape.provenance import package_version, settings_text
from ionscape.remarks import Kind, Remark, remark_attributes, remark_entries

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape mobility 1"
CONTENT = Content(
    form=FORMAT,
    what="the D(n, T) of a landscape",
    command="ionscape mobility",
    variables={"temperature": ("temperature",), "native_density": ()},
    attributes={"title": "text", "second_ion": "text", "warnings": "JSON", "remarks": "JSON", "settings": "JSON"},
)
PARTS: dict[Origin, tuple[str, str]] = {"filling": ("", "filling"), "replacement": ("native_", "share")}
"""How the names of the variables begin, and what they are over."""

FILLING = Kind(
    "mobility_of_filling",
    "D over the filling of the sites is no D of ions that foreign ones replace: there vacancies grow in number, here"
    " they stay.",
)
MIXED = Kind(
    "mobility_mixed",
    "Mobile foreign ions share every site alike with the native ones, so that D of neither depends on how many have"
    " been replaced.",
)
NO_PATH = Kind("mobility_without_path", "No path leads through at shares up to {share:percent 3} of the native ions.")

Ion = Literal["native", "foreign"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mobility(StoredResult):
    """D over the filling of the sites, and over the share of native ions where foreign ones replace them.

    Attributes:
        dataset: over `temperature` and `filling`: `diffusion_coefficient`, `chemical_diffusion_coefficient`,
            `thermodynamic_factor`, with `_error` of the first, `activation_energy` over `filling`; over `temperature`
            and `share` the same of the native ions with `native_` before; `foreign_diffusion_coefficient` over
            `temperature`; `native_density`. What was not asked for is absent.
    """

    dataset: xarray.Dataset

    @property
    def origins(self) -> tuple[Origin, ...]:
        """What varied: there may be a D of each."""
        return tuple(origin for origin, (_, axis) in PARTS.items() if axis in self.dataset.dims)

    def model(
        self, ion: Ion = "native", *, origin: Origin = "replacement", native_density: float | None = None
    ) -> LandscapeDiffusion:
        """D(n, T) for the ion of an experiment.

        Args:
            ion: the native ones, or the foreign ones that replace them.
            origin: whether foreign ions replace native ones, or their number alone varies.
            native_density: that the native ions of the experiment have [1/m^3]; that of the lattice if None.

        Raises:
            InputError: the result has no such D.
        """
        data = self.dataset
        if origin not in self.origins:
            there = " and ".join(ORIGINS[each] for each in self.origins)
            raise InputError(f"is not in the result, which has D {there}", key="origin", value=origin,
                             remedy=f"choose of {', '.join(self.origins)}")  # fmt: skip
        begins, axis = PARTS[origin]
        shares = tuple(map(float, data[axis].values))
        coefficients = data[f"{begins}diffusion_coefficient"].values
        energies = data[f"{begins}activation_energy"].values
        if ion == "foreign":
            if origin == "filling":
                raise InputError("are not in D over the filling", key="ion", value=ion)
            if data.attrs["second_ion"] != "mobile":
                raise InputError("do not move in this result", key="ion", value=ion,
                                 remedy="calculate it with a mobile second ion")  # fmt: skip
            shares, energies = (1.0,), energies[-1:]
            coefficients = data["foreign_diffusion_coefficient"].values[:, None]
        elif origin == "filling":
            # in units of the filling of the glass
            shares = tuple(share / float(data.attrs["native_filling"]) for share in shares)
        return LandscapeDiffusion(
            native_density=float(data["native_density"]) if native_density is None else native_density, shares=shares,
            temperatures=tuple(map(float, data["temperature"].values)),
            coefficients=tuple(tuple(map(float, row)) for row in coefficients), origin=origin,
            energies=tuple(map(float, np.nan_to_num(energies))) if data.sizes["temperature"] == 1 else None,
        )  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """Title, remarks, what varied, and D at every temperature and share in SI units; NaN where there is none."""
        data = self.dataset
        points: list[dict[str, Any]] = []
        for origin in self.origins:
            begins, axis = PARTS[origin]
            points += [
                {
                    "temperature": float(temperature), axis: float(share),
                    **{name: float(data[f"{begins}{name}"].values[t, k]) for name in BY_BOTH},
                    "activation_energy": float(data[f"{begins}activation_energy"].values[k]),
                }
                for t, temperature in enumerate(data["temperature"].values)
                for k, share in enumerate(data[axis].values)
            ]  # fmt: skip
        return {
            "title": str(data.attrs["title"]), **remark_entries(self.remarks), "origins": list(self.origins),
            "second_ion": str(data.attrs["second_ion"]), "landscapes": int(data.attrs["landscapes"]),
            "native_density": float(data["native_density"]), "points": points,
        }  # fmt: skip

    def columns(self) -> Columns:
        """D and its error, a row for each temperature and filling, then for each temperature and share."""
        points = self.summary()["points"]
        return [
            ("temperature (K)", [point["temperature"] for point in points]),
            *((f"{what} (1)", [point.get(axis, math.nan) for point in points])
              for axis, what in (("filling", "filling"), ("share", "share of native ions"))),
            *((f"{name.replace('_', ' ')} (m^2/s)", [point[name] for point in points]) for name in BY_BOTH[:3]),
        ]  # fmt: skip


BY_BOTH = ("diffusion_coefficient", "diffusion_coefficient_error", "chemical_diffusion_coefficient",
           "thermodynamic_factor")  # fmt: skip


def load_mobility(path: str | Path) -> Mobility:
    """Read a result that `Mobility.to_netcdf` wrote.

    Args:
        path: of the file.

    Raises:
        InputError: the file does not exist, is no such result, or is damaged.
    """
    return Mobility(dataset=read_dataset(path, CONTENT))


def make_mobility(
    values: Mapping[str, FloatArray], *, fillings: Sequence[float], shares: Sequence[float],
    temperatures: Sequence[float], second_ion: str, native_density: float, foreign_factors: FloatArray, glass: Glass,
    lattice: int, seed: int, native_filling: float, title: str,
) -> Mobility:  # fmt: skip
    """The result, averaged over landscapes.

    Args:
        values: of each landscape, the first axis.
        fillings: of the sites; none if not asked for.
        shares: of native ions; none if not asked for.
        temperatures: [K].
        second_ion: how foreign ions sit; empty without any.
        native_density: of the ions of the glass [1/m^3].
        foreign_factors: D of a foreign ion over that of a native one, at each temperature.
        glass: the glass.
        lattice: sites along each edge.
        seed: of all landscapes.
        native_filling: of the accessible sites in the glass.
        title: of the result.
    """
    import xarray

    variables: dict[str, Any] = {}
    coords: dict[str, Any] = {
        "temperature": ("temperature", list(temperatures), {"units": "K", "long_name": "temperature"})
    }
    remarks: list[Remark] = []
    if fillings:
        variables |= _averages(values, "filling", "filling", "")
        coords["filling"] = ("filling", list(fillings), {"units": "1", "long_name": "filling of the accessible sites"})
        remarks.append(FILLING())
    if shares:
        variables |= _averages(values, "native", "share", "native_")
        coords["share"] = ("share", list(shares), {"units": "1", "long_name": "native ions over all ions"})
        mean = variables["native_diffusion_coefficient"][1]
        variables["foreign_diffusion_coefficient"] = (
            "temperature", mean[:, -1] * foreign_factors, {"units": "m^2/s", "long_name": "D_sigma of the foreign ions"}
        )  # fmt: skip
        if second_ion == "mobile":
            remarks.append(MIXED())
        if (mean[0] == 0.0).any():
            remarks.append(NO_PATH(share=float(np.asarray(shares)[mean[0] == 0.0].max())))
    variables["native_density"] = ((), native_density, {"units": "1/m^3", "long_name": "density of the native ions"})
    attributes = {
        "format": FORMAT,
        "title": title,
        "second_ion": second_ion,
        "native_filling": native_filling,
        "landscapes": len(next(iter(values.values()))),
        "glass": str(glass.composition),
        "settings": settings_text({"lattice": lattice, "seed": seed}),
        **remark_attributes(remarks),
        "ionscape_version": package_version(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return Mobility(dataset=xarray.Dataset(variables, coords=coords, attrs=attributes))


def _averages(values: Mapping[str, FloatArray], part: str, axis: str, begins: str) -> dict[str, Any]:
    """Variables of one part, averages over the landscapes."""
    coefficient = values[f"{part}_diffusion_coefficient"]
    mean, error = coefficient.mean(axis=0), coefficient.std(axis=0, ddof=1) / math.sqrt(len(coefficient))
    chemical = (coefficient * np.nan_to_num(values[f"{part}_thermodynamic_factor"])).mean(axis=0)
    factor = np.divide(chemical, mean, out=np.full_like(mean, np.nan), where=mean > 0.0)
    barriers = values[f"{part}_activation_energy"]
    with_path = np.isfinite(barriers).sum(axis=0)
    by_both, unit, over = ("temperature", axis), {"units": "m^2/s"}, "standard error over landscapes"
    return {
        f"{begins}diffusion_coefficient": (by_both, mean, {**unit, "long_name": "D_sigma"}),
        f"{begins}diffusion_coefficient_error": (by_both, error, {**unit, "long_name": over}),
        f"{begins}chemical_diffusion_coefficient": (
            by_both, chemical, {**unit, "long_name": "D_sigma times n/kT dmu/dn"},
        ),
        f"{begins}thermodynamic_factor": (by_both, factor, {"units": "1", "long_name": "n/kT dmu/dn"}),
        f"{begins}activation_energy": (
            axis, _mean(barriers, with_path), {"units": "J", "long_name": "barrier of the best path"},
        ),
        f"{begins}landscapes_with_path": (axis, with_path, {"units": "1", "long_name": "landscapes with a path"}),
    }  # fmt: skip


def _mean(barriers: FloatArray, with_path: np.ndarray) -> FloatArray:
    """Mean over the landscapes with a path; NaN without any."""
    total = np.nansum(barriers, axis=0)
    return np.divide(total, with_path, out=np.full(total.shape, np.nan), where=with_path > 0)
