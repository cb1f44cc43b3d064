"""D(n, T) of landscapes as a result, as a table, and as a diffusion model of an experiment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.diffusivity.landscape import ORIGINS, LandscapeDiffusion, Origin
from ionscape.errors import InputError
from ionscape.files.table_files import Columns
from ionscape.glass import Glass
from ionscape.provenance import package_version, settings_text
from ionscape.remarks import Kind, remark_attributes, remark_entries

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape mobility 1"
CONTENT = Content(
    form=FORMAT,
    what="the D(n, T) of a landscape",
    command="ionscape mobility",
    variables={
        "diffusion_coefficient": ("temperature", "share"),
        "foreign_diffusion_coefficient": ("temperature",),
        "native_density": (),
    },
    attributes={"title": "text", "origin": "text", "warnings": "JSON", "remarks": "JSON", "settings": "JSON"},
)
FILLING = Kind(
    "mobility_of_filling",
    "D over the filling of the sites is no D of ions that foreign ones replace: there vacancies grow in number, here"
    " they stay.",
)
MIXED = Kind(
    "mobility_mixed",
    "Native and foreign ions share every site alike, so that D of neither depends on how many have been replaced.",
)
NO_PATH = Kind("mobility_without_path", "No path leads through at shares up to {share:percent 3} of the native ions.")

Ion = Literal["native", "foreign"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mobility(StoredResult):
    """D over the share of native ions or over the filling, of an average of landscapes.

    Attributes:
        dataset: `diffusion_coefficient`, `chemical_diffusion_coefficient` and `thermodynamic_factor` over `temperature`
            and `share`, `activation_energy` over `share`, with `_error` each; `foreign_diffusion_coefficient` over
            `temperature`; `native_density`.
    """

    dataset: xarray.Dataset

    @property
    def origin(self) -> Origin:
        """What varied."""
        return cast(Origin, str(self.dataset.attrs["origin"]))

    def model(self, ion: Ion = "native", *, native_density: float | None = None) -> LandscapeDiffusion:
        """D(n, T) for the ion of an experiment.

        Args:
            ion: the native ones, or the foreign ones that replace them.
            native_density: that the native ions of the experiment have [1/m^3]; that of the lattice if None.

        Raises:
            InputError: foreign ions where only the filling varied.
        """
        data = self.dataset
        density = float(data["native_density"]) if native_density is None else native_density
        shares = tuple(map(float, data["share"].values))
        coefficients = data["diffusion_coefficient"].values
        if ion == "foreign":
            if self.origin == "filling":
                raise InputError("are not in a result over the filling", key="ion", value=ion,
                                 remedy='calculate it with origin = "replacement"')  # fmt: skip
            shares, coefficients = (1.0,), data["foreign_diffusion_coefficient"].values[:, None]
        elif self.origin == "filling":
            # in units of the filling of the glass
            shares = tuple(share / float(data.attrs["native_filling"]) for share in shares)
        return LandscapeDiffusion(
            native_density=density, shares=shares, temperatures=tuple(map(float, data["temperature"].values)),
            coefficients=tuple(tuple(map(float, row)) for row in coefficients), origin=self.origin,
        )  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """Title, remarks, what varied, and D at every temperature and share in SI units; NaN where there is none."""
        data = self.dataset
        names = [str(name) for name in data.data_vars if data[name].dims == ("temperature", "share")]
        points = [
            {"temperature": float(temperature), "share": float(share),
             **{name: float(data[name].values[t, k]) for name in names}}
            for t, temperature in enumerate(data["temperature"].values) for k, share in enumerate(data["share"].values)
        ]  # fmt: skip
        return {
            "title": str(data.attrs["title"]), **remark_entries(self.remarks), "origin": self.origin,
            "foreign": str(data.attrs["foreign"]), "landscapes": int(data.attrs["landscapes"]),
            "native_density": float(data["native_density"]), "points": points,
        }  # fmt: skip

    def columns(self) -> Columns:
        """D and its error, a row for each temperature and share."""
        data = self.dataset
        rows = [(t, k) for t in range(data.sizes["temperature"]) for k in range(data.sizes["share"])]
        what = "filling" if self.origin == "filling" else "share of native ions"
        return [
            ("temperature (K)", [float(data["temperature"].values[t]) for t, _ in rows]),
            (f"{what} (1)", [float(data["share"].values[k]) for _, k in rows]),
            *((f"{name.replace('_', ' ')} (m^2/s)", [float(data[name].values[place]) for place in rows])
              for name in ("diffusion_coefficient", "diffusion_coefficient_error", "chemical_diffusion_coefficient")),
        ]  # fmt: skip


def load_mobility(path: str | Path) -> Mobility:
    """Read a result that `Mobility.to_netcdf` wrote.

    Args:
        path: of the file.

    Raises:
        InputError: the file does not exist, is no such result, or is damaged.
    """
    return Mobility(dataset=read_dataset(path, CONTENT))


def make_mobility(
    values: Mapping[str, FloatArray], *, shares: Sequence[float], temperatures: Sequence[float], origin: Origin,
    foreign: str, native_density: float, foreign_factors: FloatArray, glass: Glass, lattice: int, seed: int,
    native_filling: float, title: str = "",
) -> Mobility:  # fmt: skip
    """The result, averaged over landscapes.

    Args:
        values: of each landscape, the first axis.
        shares: of native ions, or fillings.
        temperatures: [K].
        origin: what varied.
        foreign: how foreign ions sit.
        native_density: of the ions of the glass [1/m^3].
        foreign_factors: D of a foreign ion over that of a native one, at each temperature.
        glass: the glass.
        lattice: sites along each edge.
        seed: of all landscapes.
        native_filling: of the accessible sites in the glass.
        title: of the result.
    """
    import xarray

    count = len(values["diffusion_coefficient"])
    coefficient = values["diffusion_coefficient"]
    mean, error = coefficient.mean(axis=0), coefficient.std(axis=0, ddof=1) / math.sqrt(count)
    chemical = (coefficient * np.nan_to_num(values["thermodynamic_factor"])).mean(axis=0)
    barriers = values["activation_energy"]
    factor = np.divide(chemical, mean, out=np.full_like(mean, np.nan), where=mean > 0.0)
    mobile = origin == "replacement" and foreign == "mixed"
    of_foreign = mean[:, -1] * foreign_factors if mobile else np.zeros(len(temperatures))
    by_both, unit = ("temperature", "share"), {"units": "m^2/s"}
    remarks = [FILLING()] if origin == "filling" else [MIXED()] if foreign == "mixed" else []
    if (mean[0] == 0.0).any():
        remarks.append(NO_PATH(share=float(np.asarray(shares)[mean[0] == 0.0].max())))
    with_path = np.isfinite(barriers).sum(axis=0)
    dataset = xarray.Dataset(
        {
            "diffusion_coefficient": (by_both, mean, {**unit, "long_name": "D_sigma of the native ions"}),
            "diffusion_coefficient_error": (by_both, error, {**unit, "long_name": "standard error over landscapes"}),
            "chemical_diffusion_coefficient": (by_both, chemical, {**unit, "long_name": "D_sigma times n/kT dmu/dn"}),
            "thermodynamic_factor": (by_both, factor, {"units": "1", "long_name": "n/kT dmu/dn"}),
            "activation_energy": ("share", _mean(barriers, with_path), {"units": "J", "long_name": "of the best path"}),
            "landscapes_with_path": ("share", with_path, {"units": "1", "long_name": "landscapes with a path"}),
            "foreign_diffusion_coefficient": (
                "temperature", of_foreign, {**unit, "long_name": "D_sigma of the foreign ions"},
            ),
            "native_density": ((), native_density, {"units": "1/m^3", "long_name": "density of the native ions"}),
        },
        coords={
            "temperature": ("temperature", list(temperatures), {"units": "K", "long_name": "temperature"}),
            "share": ("share", list(shares), {
                "units": "1", "long_name": "filling of the accessible sites" if origin == "filling"
                else "native ions over all ions",
            }),
        },
        attrs={
            "format": FORMAT,
            "title": title,
            "origin": origin,
            "origin_meaning": ORIGINS[origin],
            "foreign": foreign,
            "native_filling": native_filling,
            "landscapes": count,
            "glass": str(glass.composition),
            "settings": settings_text({"lattice": lattice, "seed": seed}),
            **remark_attributes(remarks),
            "ionscape_version": package_version(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )  # fmt: skip
    return Mobility(dataset=dataset)


def _mean(barriers: FloatArray, with_path: np.ndarray) -> FloatArray:
    """Mean over the landscapes with a path; NaN without any."""
    total = np.nansum(barriers, axis=0)
    return np.divide(total, with_path, out=np.full(total.shape, np.nan), where=with_path > 0)
