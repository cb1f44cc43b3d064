"""The result of the hops of a file: means over landscapes and the values of each, how it is summarised and read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.errors import HoppingError
from ionscape.files.table_files import Columns
from ionscape.provenance import provenance_attributes
from ionscape.remarks import Kind, Remark, remark_attributes, remark_entries

from .glass_settings import ratio_in_words
from .hops_settings import HopsTable, KineticMonteCarloTable

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape hops of glasses 1"
DIMENSIONS = ("x", "temperature")
_UNITS = {"lag_time": "s", "mean_square_displacement": "m^2", "half_slope": "m^2/s"}
MEANS = {
    "conductivity": "S/m", "network_conductivity": "S/m", "network_ratio": "1", "diffusion_coefficient": "m^2/s",
    "tracer_diffusion_coefficient": "m^2/s", "haven_ratio": "1", "chemical_diffusion_coefficient": "m^2/s",
}  # fmt: skip
"""Of which there is a mean over the landscapes with its standard error."""
CONTENT = Content(
    form=FORMAT,
    what="the hops of glasses",
    command="ionscape hops",
    variables={
        "x": ("x",), "temperature": ("temperature",), "conductivity": DIMENSIONS,
        "network_conductivity": DIMENSIONS, "landscape_conductivity": (*DIMENSIONS, "landscape"),
    },
    attributes={"title": "text", "warnings": "JSON", "settings": "JSON"},
    possible={"remarks": "JSON"},
)  # fmt: skip

UNKNOWN_TRACER = Kind(
    "tracer_unknown",
    "In {count} of {all} runs the tracer diffusion coefficient still falls at the longest lags: it and the Haven"
    " ratio are not given there.",
)
LESS_SURE = Kind(
    "landscapes_not_as_sure",
    "In {count} of {all} runs the error of D_σ is above the {asked:percent 2} that was asked, at most"
    " {worst:percent 2}.",
)
BEYOND_BUDGET = Kind(
    "hops_beyond_budget",
    "{count} of {all} runs took more hops than their share of the budget, at most {most:.2g} times as many: fewer would"
    " mean nothing.",
)
TOO_SHORT = Kind(
    "landscapes_too_short",
    "At {temperature:.5g} K (x = {x:.4g}) {count} of {all} landscapes did not get far enough within the hops that they"
    " are allowed, and there is no mean without them; the first: {why}",
)
FEW = Kind(
    "few_landscapes_of_hops",
    "Errors of the means over {number} landscapes say little: they are uncertain by a third or more.",
)
NOT_IN_EQUILIBRIUM = Kind(
    "landscapes_not_in_equilibrium",
    "In {count} of {all} runs the energy of the ions drifts, or depends on how the run began, at most by {worst:.3g} kT"
    " in all.",
)
LEAST_LANDSCAPES = 6
SHARE_IS_KEPT = 1.5
"""Hops over those allowed: the last replica of a run that keeps them may end beyond."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HopsOfGlasses(StoredResult):
    """Hops of several glasses, temperatures and landscapes.

    Attributes:
        dataset: means over the landscapes over `x` and `temperature`, and the values of each landscape.
    """

    dataset: xarray.Dataset

    def summary(self) -> dict[str, Any]:
        """Title, remarks, and an entry for each composition and temperature, in SI units; NaN where there is none."""
        data = self.dataset
        names = [f"{name}{end}" for name in MEANS for end in ("", "_error")]
        return {
            "title": str(data.attrs["title"]),
            **remark_entries(self.remarks),
            "landscapes": int(data.sizes["landscape"]),
            **({"relative_permittivity": self.relative_permittivity} if self.relative_permittivity else {}),
            "hops": [
                {
                    "x": float(x), "temperature": float(kelvin),
                    **{name: float(data[name].values[row, column]) for name in names},
                    **self._drift(row, column),
                }
                for row, x in enumerate(data["x"].values) for column, kelvin in enumerate(data["temperature"].values)
            ],
        }  # fmt: skip

    @property
    def relative_permittivity(self) -> float | None:
        """That of the Coulomb interaction; None without one."""
        given = json.loads(self.dataset.attrs["settings"])["hopping"].get("coulomb")
        return None if given is None else float(given["relative_permittivity"])

    def _drift(self, row: int, column: int) -> dict[str, float]:
        """Drift of the energy in kT, mean over the landscapes; nothing without a Coulomb interaction."""
        if "landscape_energy_drift" not in self.dataset:
            return {}
        values, errors = (self.dataset[f"landscape_energy_drift{end}"].values[row, column] for end in ("", "_error"))
        error = float(np.sqrt(np.sum(errors**2))) / errors.size
        return {"energy_drift": float(values.mean()), "energy_drift_error": error}

    def columns(self) -> Columns:
        """The means with their errors, a row for each composition and temperature, in SI units."""
        data = self.dataset
        rows, columns = data.sizes["x"], data.sizes["temperature"]
        return [
            ("x", np.repeat(data["x"].values, columns).tolist()),
            ("temperature (K)", np.tile(data["temperature"].values, rows).tolist()),
            *(
                (f"{(name + end).replace('_', ' ')} ({unit})", data[name + end].values.ravel().tolist())
                for name, unit in MEANS.items() for end in ("", "_error")
            ),
        ]  # fmt: skip


def load_hops_result(path: str | Path) -> HopsOfGlasses:
    """Read a result that `HopsOfGlasses.to_netcdf` wrote.

    Args:
        path: of the file.

    Raises:
        InputError: the file does not exist, is no such result, or is damaged.
    """
    return HopsOfGlasses(dataset=read_dataset(path, CONTENT))


def make_result(
    found: Sequence[Mapping[str, Any]], *, title: str, source: str, settings: HopsTable,
    table: KineticMonteCarloTable, borate_fractions: Sequence[float], variables: Mapping[str, Any], allowed: float,
) -> HopsOfGlasses:  # fmt: skip
    """Means over the landscapes.

    Args:
        found: values of each part by name, landscapes varying fastest, then temperatures.
        title: shown in figures.
        source: text of the file.
        settings: of it.
        table: of the hops.
        borate_fractions: of the glasses.
        variables: further ones, of the glasses.
        allowed: hops of each part.
    """
    import xarray

    from ionscape.hopping.hops_density import COULOMB_NUMBERS, ENERGY_UNITS
    from ionscape.hopping.hops_result import NUMBERS, VALUES

    shape = (len(borate_fractions), len(table.temperatures), table.landscapes)
    whole = next((part for part in found if "too_short" not in part), None)
    if whole is None:
        raise HoppingError(f"all {len(found)} runs are too short to mean anything; the first: {found[0]['too_short']}")
    found, why = [_filled(part, whole) for part in found], [part.get("too_short", "") for part in found]
    units = {
        **{name: unit for name, (unit, _) in VALUES.items()},
        **{name: unit for name, (unit, _) in (NUMBERS | COULOMB_NUMBERS).items()},
        **ENERGY_UNITS,
    }
    single: dict[str, FloatArray] = {
        name: np.array([part[name] for part in found], dtype=np.float64).reshape(*shape, *np.shape(found[0][name]))
        for name in found[0]
    }
    variables = dict(variables)
    for name, values in single.items():
        bare = name.removesuffix("_error")
        unit = units.get(bare) or _UNITS[bare.removeprefix("tracer_")]
        own = "energy" if bare in ENERGY_UNITS else "lag"
        variables[f"landscape_{name}"] = ((*DIMENSIONS, "landscape", own)[: values.ndim], values, {"units": unit})
    for name, unit in MEANS.items():
        mean, error = _mean(name, single)
        variables[name] = (DIMENSIONS, mean, {"units": unit, "long_name": "mean over the landscapes"})
        variables[f"{name}_error"] = (DIMENSIONS, error, {"units": unit, "long_name": "standard error of the mean"})
    dataset = xarray.Dataset(
        variables,
        coords={
            "x": ("x", list(borate_fractions), {"units": "1", "long_name": ratio_in_words(settings.glass)}),
            "temperature": ("temperature", list(table.temperatures), {"units": "K", "long_name": "temperature"}),
        },
        attrs={
            "format": FORMAT,
            "title": title,
            **remark_attributes((*_too_short(why, borate_fractions, table), *_remarks(single, table, allowed))),
            **provenance_attributes(source=source, settings=settings.model_dump(), kind="source"),
        },
    )
    return HopsOfGlasses(dataset=dataset)


def _filled(part: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part with not-a-number for whatever it did not get to, in the shapes of another one."""
    if "too_short" not in part:
        return part
    missing = {name: np.full(np.shape(value), np.nan) for name, value in whole.items()}
    return missing | {name: value for name, value in part.items() if name != "too_short"}


def _too_short(why: Sequence[str], x: Sequence[float], table: KineticMonteCarloTable) -> list[Remark]:
    """A remark for each composition and temperature at which landscapes are missing."""
    remarks: list[Remark] = []
    groups = [why[start : start + table.landscapes] for start in range(0, len(why), table.landscapes)]
    for number, group in enumerate(groups):
        said = [text for text in group if text]
        if said:
            row, column = divmod(number, len(table.temperatures))
            remarks.append(TOO_SHORT(temperature=table.temperatures[column], x=float(x[row]), count=len(said),
                                     all=len(group), why=said[0].rstrip(".") + "."))  # fmt: skip
    return remarks


def _mean(name: str, single: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Mean over the landscapes and its standard error, from their scatter; that of the run where there is one only.

    The ratio to the network is that of the two mean conductivities, in which the common scatter cancels. Few landscapes
    can lie closer together by chance than their runs are sure: the error is never below that of these.
    """
    values = single[name]
    count = values.shape[-1]
    own = single.get(f"{name}_error", np.zeros_like(values))
    if count == 1:
        return values[..., 0], own[..., 0]
    runs = np.sqrt((own**2).sum(axis=-1)) / count
    if name == "network_ratio":
        hops, network = single["conductivity"], single["network_conductivity"]
        mean = hops.mean(axis=-1) / network.mean(axis=-1)
        scatter = (hops - mean[..., None] * network).std(axis=-1, ddof=1) / network.mean(axis=-1)
        runs = np.sqrt((single["conductivity_error"] ** 2).sum(axis=-1)) / count / network.mean(axis=-1)
        return mean, np.maximum(scatter / math.sqrt(count), runs)
    return values.mean(axis=-1), np.maximum(values.std(axis=-1, ddof=1) / math.sqrt(count), runs)


def _remarks(single: Mapping[str, FloatArray], table: KineticMonteCarloTable, allowed: float) -> list[Remark]:
    from ionscape.hopping.hops_density import SEEN

    asked = table.relative_error
    tracer, errors = single["tracer_diffusion_coefficient"], single["diffusion_coefficient_error"]
    relative = errors / single["diffusion_coefficient"]
    unknown, unsure = int((np.isnan(tracer) & ~np.isnan(relative)).sum()), int((relative > asked).sum())
    remarks: list[Remark] = []
    beyond = single["hops"] / allowed
    if np.nanmax(beyond) > SHARE_IS_KEPT:
        remarks.append(BEYOND_BUDGET(count=int((beyond > SHARE_IS_KEPT).sum()), all=tracer.size,
                                     most=float(np.nanmax(beyond))))  # fmt: skip
    if unknown and table.tracer:
        remarks.append(UNKNOWN_TRACER(count=unknown, all=tracer.size))
    if unsure:
        remarks.append(LESS_SURE(count=unsure, all=tracer.size, asked=asked, worst=float(np.nanmax(relative))))
    drifts = [
        (np.abs(single[name]), SEEN * single[f"{name}_error"])
        for name in ("energy_drift", "start_dependence") if name in single
    ]  # fmt: skip
    drifting = [(value > bound) & (bound > 0.0) for value, bound in drifts]
    if np.any(drifting):
        worst = max(float(value[seen].max(initial=0.0)) for (value, _), seen in zip(drifts, drifting, strict=True))
        count = int(np.any(drifting, axis=0).sum())
        remarks.append(NOT_IN_EQUILIBRIUM(count=count, all=tracer.size, worst=worst))
    if 1 < tracer.shape[-1] < LEAST_LANDSCAPES:
        remarks.append(FEW(number=tracer.shape[-1]))
    return remarks
