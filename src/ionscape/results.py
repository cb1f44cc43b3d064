"""One family of results: what is stored is read, summarised and written as a table by its kind.

Every result has a dataset, remarks and a summary; `load` returns whichever a file holds.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.datasets import StoredResult, file_remarks, load_checked, stored_attributes
from ionscape.errors import InputError
from ionscape.remarks import Remark, remark_entries

if TYPE_CHECKING:
    import xarray

    from ionscape.files.table_files import Columns

__all__ = ["KINDS", "ResultKind", "StoredResult", "SweepResult", "kind_of", "load"]

WRITERS = (
    "`ionscape simulate`, `sweep`, `calibrate`, `fit`, `conductivity`, `hops`, `spectrum`, `mobility` or `reference`"
)


@dataclass(frozen=True, kw_only=True)
class ResultKind:
    """A kind of stored results.

    Attributes:
        name: by which figures and commands know it.
        form: how the attribute `format` of its files begins.
        what: it is, with its article.
        reader: module and function that read such a file; loaded with the first one.
        options: of that function.
    """

    name: str
    form: str
    what: str
    reader: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def load(self, path: str | Path) -> Any:
        """The result in a file of this kind, a `StoredResult`.

        Raises:
            InputError: it is damaged, or of another version.
        """
        module, _, function = self.reader.partition(":")
        return getattr(import_module(module), function)(path, **self.options)


@dataclass(frozen=True, kw_only=True, eq=False)
class SweepResult(StoredResult):
    """A sweep that was read from a file.

    Attributes:
        dataset: of `ionscape.sweep`.
    """

    dataset: xarray.Dataset

    @property
    def axes(self) -> list[str]:
        """Names of the parameters that were varied."""
        return list(map(str, self.dataset["error"].dims))

    def points(self) -> list[xarray.Dataset]:
        """The dataset of each point, that of the last parameter varying fastest."""
        sizes = (range(self.dataset.sizes[name]) for name in self.axes)
        return [self.dataset.isel(dict(zip(self.axes, place, strict=True))) for place in itertools.product(*sizes)]

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What a reader must know, as data: of the experiment, and of the file that it was read from."""
        from ionscape.experiment import parse_experiment

        return (*parse_experiment(str(self.dataset.attrs["experiment"])).remarks, *file_remarks(self.dataset))

    @property
    def _by_ion(self) -> list[str]:
        """Names of the figures that each ion has of its own."""
        wanted = (*self.axes, "stage", "ion")
        return [name for name in map(str, self.dataset.data_vars) if self.dataset[name].dims == wanted]

    def summary(self) -> dict[str, Any]:
        """Title, remarks and points: values by path, the figures of each stage, and the error, if any.

        Values are in SI units; NaN stands where there is none.
        """
        data = self.dataset
        of_stages = (*self.axes, "stage")
        figures = [name for name in map(str, data.data_vars) if data[name].dims == of_stages and name != "missing"]
        by_ion, ions = self._by_ion, [str(ion) for ion in data["ion"].values] if "ion" in data.coords else []
        points: list[dict[str, Any]] = []
        for point in self.points():
            stages = [
                {
                    "kind": str(kind),
                    **{name: float(point[name].values[index]) for name in figures},
                    **{name: dict(zip(ions, point[name].values[index].tolist(), strict=True)) for name in by_ion},
                    "missing": json.loads(str(point["missing"].values[index])) if "missing" in point else {},
                }
                for index, kind in enumerate(data["kind"].values)
            ]
            values = {str(data[name].attrs["path"]): float(point[name]) for name in self.axes}
            points.append({"values": values, "stages": stages, "error": str(point["error"].item())})
        return {"title": str(data.attrs["title"]), **remark_entries(self.remarks), "points": points}

    def columns(self) -> Columns:
        """The figures in SI units, a row for each point and stage (counted from 1)."""
        data, points = self.dataset, self.points()
        of_stages = (*self.axes, "stage")
        figures = [str(name) for name, variable in data.data_vars.items()
                   if variable.dims == of_stages and variable.dtype.kind == "f"]  # fmt: skip
        kinds = [str(kind) for kind in data["kind"].values]
        count = len(kinds)

        def each(value: Callable[[xarray.Dataset], Any]) -> list[Any]:
            return [value(point) for point in points for _ in kinds]

        return [
            *((f"{data[name].attrs['path']} ({data[name].attrs['units']})", each(lambda p, n=name: float(p[n])))
              for name in self.axes),
            ("stage", [str(number) for _ in points for number in range(1, count + 1)]),
            ("kind", kinds * len(points)),
            *((f"{name} ({data[name].attrs['units']})", np.concatenate([p[name].values for p in points]).tolist())
              for name in figures),
            *((f"{name.removesuffix('s')} of {ion} ({data[name].attrs['units']})",
               np.concatenate([p[name].values[:, place] for p in points]).tolist())
              for name in self._by_ion for place, ion in enumerate(map(str, data["ion"].values))),
            ("error", each(lambda p: str(p["error"].item()))),
        ]  # fmt: skip


def load_swept(path: str | Path) -> SweepResult:
    """Read a sweep as a result; `ionscape.load_sweep` gives its dataset alone."""
    from ionscape.sweeps import load_sweep

    return SweepResult(dataset=load_sweep(path))


KINDS = (
    ResultKind(name="simulation", form="ionscape simulation result ", what="a result of a simulation",
               reader="ionscape.transport:load_result"),
    ResultKind(name="profile", form="ionscape depth profile ", what="a calibrated profile",
               reader="ionscape.profiling:load_profile"),
    ResultKind(name="series", form="ionscape series ", what="the result of a series of glasses",
               reader="ionscape.series:load_series_result"),
    ResultKind(name="fit", form="ionscape fit ", what="the result of a fit",
               reader="ionscape.inference:load_fit_result", options={"with_problem": False}),
    ResultKind(name="hops", form="ionscape hops ", what="a result of hops in time",
               reader="ionscape.hopping:load_hops"),
    ResultKind(name="mobility", form="ionscape mobility ", what="the D(n, T) of a landscape",
               reader="ionscape.hopping:load_mobility"),
    ResultKind(name="spectra of glasses", form="ionscape spectra of glasses ", what="conductivity spectra of glasses",
               reader="ionscape.series:load_spectra"),
    ResultKind(name="spectrum", form="ionscape spectrum ", what="a conductivity spectrum",
               reader="ionscape.hopping:load_spectrum"),
    ResultKind(name="hops of glasses", form="ionscape hops of glasses ", what="the hops of glasses",
               reader="ionscape.series:load_hops_result"),
    ResultKind(name="reference", form="ionscape reference ", what="a reference measurement",
               reader="ionscape.reference:load_reference"),
    ResultKind(name="sweep", form="ionscape sweep ", what="a sweep", reader="ionscape.results:load_swept"),
)  # fmt: skip


def kind_of(path: str | Path) -> ResultKind:
    """The kind of result that a file says it holds.

    Args:
        path: of the file.

    Raises:
        InputError: the file does not exist, is damaged, or holds none of these.
    """
    target = Path(path)
    if not target.exists():
        raise InputError("does not exist", value=str(path), remedy=f"give a result that {WRITERS} has written")
    written = str((stored_attributes(target) or {}).get("format", ""))
    for kind in KINDS:
        if written.startswith(kind.form) and written[len(kind.form) :].isdigit():
            return kind
    if written and not written.startswith("ionscape "):
        raise InputError("is no result, but what an instrument wrote, or of another program", file=str(path),
                         remedy=f"look at it with `ionscape inspect`, or give a result of {WRITERS}")  # fmt: skip
    if written:
        raise InputError(f'holds "{written[:40]}", which this version does not know', file=str(path),
                         remedy=f"give a result that {WRITERS} of this version has written")  # fmt: skip
    # what it was meant to hold is not known: any damage is named before what it lacks of a simulation
    load_checked(target, remedy=f"give a result that {WRITERS} has written")
    return KINDS[0]


def load(path: str | Path) -> StoredResult:
    """Read a stored result of any kind: of a simulation, a fit, a series, a sweep or hops, or a calibrated profile.

    Args:
        path: of the file.

    Returns:
        A `SimulationResult`, `FitResult`, `SeriesResult`, `SweepResult`, `DepthProfile`, `Hops`, `HopsOfGlasses`,
        `ConductivitySpectrum`, `Reference` or the mobility of a landscape; of a fit its problem is not read again.

    Raises:
        InputError: the file does not exist, holds none of these, or is damaged.
    """
    return kind_of(path).load(path)
