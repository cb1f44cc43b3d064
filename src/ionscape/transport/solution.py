"""The result of a simulation: a dataset with named axes, its summary and its files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.datasets import Content, StoredResult, check_content, file_remarks, read_dataset
from ionscape.experiment import Experiment, parse_experiment
from ionscape.files.table_files import Columns
from ionscape.provenance import provenance_attributes
from ionscape.remarks import Remark, remark_entries

from .grid import Grid, grid_remarks
from .history import History
from .settings import Settings
from .stage_arrays import Scales
from .variation import Variation, charge_slopes, native_slopes

if TYPE_CHECKING:
    import xarray


FORMAT = "ionscape simulation result 1"
CONTENT = Content(
    form=FORMAT,
    what="the result of a simulation",
    command="ionscape simulate",
    variables={
        "time": ("time",), "depth": ("depth",), "cell_size": ("depth",), "stage": ("time",),
        "density": ("time", "depth", "ion"), "potential": ("time", "depth"), "current": ("time",),
        "surface_potential": ("time",), "injected_charge": ("time", "ion"), "collected_charge": ("time", "ion"),
    },
    labels={"ion": ("ion",)},
    attributes={"experiment": "text", "title": "text"},
    possible={"grid": "JSON object", "settings": "JSON object", "steps": "number", "wall_time": "number"},
)  # fmt: skip
OF_SUMMARY = replace(
    CONTENT,
    variables={
        "balance_error": ("time", "ion"), "stage_steps": ("experiment_stage",),
        "stage_wall_time": ("experiment_stage",),
    },
)  # fmt: skip
"""What only the summary needs."""

DatasetVariable = tuple[Any, FloatArray, dict[str, str]]  # dimensions, values, attributes

INVENTORY_SHARE = 1e-4
"""Share of the inventory of an ion that is added to the amount moved, in relation to which its balance is stated."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulationResult(StoredResult):
    """What a simulation gives.

    Attributes:
        dataset: densities, potential, currents and charges with named axes and units (reference: result file).
        experiment: the experiment that was simulated.
    """

    dataset: xarray.Dataset
    experiment: Experiment
    compressed: ClassVar[bool] = True

    @cached_property
    def _summary(self) -> dict[str, Any]:
        from .summary import summarise

        check_content(self.dataset, OF_SUMMARY, file=str(self.dataset.attrs.get("title", "")))
        return summarise(self.dataset, self.experiment)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What a reader must know, as data."""
        grid = json.loads(self.dataset.attrs.get("grid", "{}"))
        return (*self.experiment.remarks, *grid_remarks(grid), *file_remarks(self.dataset))

    def summary(self) -> dict[str, Any]:
        """Title, warnings and `stages`: the figures of each stage in SI units (reference: result file)."""
        return {**self._summary, **remark_entries(self.remarks)}

    def columns(self) -> Columns:
        """Densities of all kept times: time, stage, depth, potential, one column per ion (SI units)."""
        data = self.dataset
        times, cells = data["time"].size, data["depth"].size
        density = data["density"].values
        return [
            ("time (s)", np.repeat(data["time"].values, cells).tolist()),
            ("stage", np.repeat(data["stage"].values, cells).tolist()),
            ("depth (m)", np.tile(data["depth"].values, times).tolist()),
            ("potential (V)", data["potential"].values.ravel().tolist()),
            *((f"{name} (1/m^3)", density[:, :, place].ravel().tolist())
              for place, name in enumerate(data["ion"].values)),
        ]  # fmt: skip


def load_result(path: str | Path) -> SimulationResult:
    """Read a result that `SimulationResult.to_netcdf` wrote.

    Raises:
        InputError: the file does not exist, is no simulation result, or is damaged.
    """
    dataset = read_dataset(path, CONTENT)
    experiment = parse_experiment(str(dataset.attrs["experiment"]), file=str(dataset.attrs.get("file", path)))
    return SimulationResult(dataset=dataset, experiment=experiment)


def make_result(
    experiment: Experiment,
    *,
    settings: Settings,
    grid: Grid,
    scales: Scales,
    history: History,
    variations: Sequence[Variation] = (),
) -> SimulationResult:
    """Put the kept states of a simulation into a dataset."""
    import xarray

    charge = ELEMENTARY_CHARGE * experiment.sample.illuminated_area * scales.density
    variables = {**_curves(history, grid, scales, charge), **_stage_figures(history)}
    if variations:
        variables |= _slopes(variations, history, grid, scales, charge, np.array(scales.charges))
    dataset = xarray.Dataset(
        {name: (dims, values, attributes) for name, (dims, values, attributes) in variables.items()},
        coords={
            "time": ("time", history.of("time"), {"units": "s", "long_name": "time since the first stage began"}),
            "depth": ("depth", grid.depth, {"units": "m", "long_name": "depth of the cell centre below the surface"}),
            "ion": ("ion", np.array(scales.names, dtype=object)),
            **({"parameter": [variation.name for variation in variations]} if variations else {}),
        },
        attrs={
            "format": FORMAT,
            "title": experiment.title,
            "file": experiment.file or "",
            "grid": json.dumps(grid.description()),
            "steps": sum(history.steps),
            "wall_time": sum(history.wall_times),
            **provenance_attributes(source=experiment.self_contained_source(), settings=settings),
        },
    )
    return SimulationResult(dataset=dataset, experiment=experiment)


def _curves(history: History, grid: Grid, scales: Scales, charge: float) -> dict[str, DatasetVariable]:
    """Densities and potential over depth, currents and charges over time; `charge` is that of one scaled amount [C]."""
    ions = len(scales.names)
    states = history.of("y")
    charges = np.array(scales.charges)
    departure = states[:, :, :ions]
    density = (scales.native + departure) * scales.density
    profile = ("time", "depth")
    return {
        "density": ((*profile, "ion"), density, {"units": "1/m^3", "long_name": "number density"}),
        "potential": (
            profile,
            states[:, :, ions],
            {"units": "V", "long_name": "electric potential against the back electrode"},
        ),
        "current": (
            "time",
            history.of("current") * charge,
            {"units": "A", "long_name": "current through the back electrode, displacement included"},
        ),
        "surface_potential": (
            "time",
            history.of("surface_potential"),
            {"units": "V", "long_name": "potential of the surface"},
        ),
        "injected_charge": (
            ("time", "ion"),
            history.of("entered") * charges * charge,
            {"units": "C", "long_name": "charge that entered through the surface, net"},
        ),
        "collected_charge": (
            ("time", "ion"),
            history.of("departed") * charges * charge,
            {"units": "C", "long_name": "charge that left through the back electrode"},
        ),
        "stage": ("time", history.of("stage"), {"long_name": "stage, counted from 0"}),
        "cell_size": ("depth", grid.size, {"units": "m", "long_name": "size of the cell"}),
        "balance_error": (
            ("time", "ion"),
            _balance_error(departure, history, grid, scales),
            {
                "units": "1",
                "long_name": "(inside + left - entered) / (amount moved + 1e-4 inventory)",
            },
        ),
    }


def _stage_figures(history: History) -> dict[str, DatasetVariable]:
    """How much work each stage took."""
    return {
        "stage_steps": ("experiment_stage", np.array(history.steps), {"long_name": "accepted time steps"}),
        "stage_rejected_steps": ("experiment_stage", np.array(history.rejected), {"long_name": "rejected time steps"}),
        "stage_newton_iterations": (
            "experiment_stage",
            np.array(history.iterations),
            {"long_name": "solved linear systems"},
        ),
        "stage_wall_time": ("experiment_stage", np.array(history.wall_times), {"units": "s", "long_name": "run time"}),
    }


def _slopes(
    variations: Sequence[Variation],
    history: History,
    grid: Grid,
    scales: Scales,
    charge: float,
    charges: FloatArray,
) -> dict[str, DatasetVariable]:
    """Derivatives of densities at the ends of the stages, and of current and charges at all kept times."""
    ions, count, done = len(scales.names), len(variations), len(history.stage_end_slopes)
    ends = np.array(history.stage_end_slopes).reshape(done, len(grid.size), ions, count)
    lefts = history.of("departed_slopes")
    area = charge_slopes(variations, scales)
    left = history.of("departed")[..., None] * area + lefts * charge
    last = [max(t for t, kept in enumerate(history.kept) if kept.stage == index) for index in range(done)]
    # what entered is what is inside more, and what has left
    inside = np.einsum("skip,k->sip", ends, grid.size)
    entered = history.of("entered")[last][..., None] * area + (inside + lefts[last]) * charge
    current = history.of("current")[:, None] * area + history.of("current_slopes") * charge
    by_parameter = {"long_name": "derivative by the parameter, in SI units per unit of it"}
    native = native_slopes(variations, scales)
    return {
        "density_slope": (
            ("stage_end", "depth", "ion", "parameter"), (ends + native) * scales.density, by_parameter
        ),
        "current_slope": (("time", "parameter"), current, by_parameter),
        "collected_charge_slope": (("time", "ion", "parameter"), left * charges[:, None], by_parameter),
        "injected_charge_slope": (("stage_end", "ion", "parameter"), entered * charges[:, None], by_parameter),
    }  # fmt: skip


def _balance_error(departure: FloatArray, history: History, grid: Grid, scales: Scales) -> FloatArray:
    """Shape (times, ions).

    1e-10 means that the balance closes to 1e-10 of the amount moved plus 1e-14 of the inventory.
    Moved is what passed either face, and what has been rearranged inside.
    """
    inside = np.einsum("tki,k->ti", departure, grid.size)
    entered, left = history.of("entered"), history.of("departed")
    inventory = scales.native * grid.size.sum()
    moved = np.abs(entered) + np.abs(left) + 0.5 * np.einsum("tki,k->ti", np.abs(departure), grid.size)
    # less than 1e-20 of all ions is less than one ion: numbers that small are rounding errors of zero
    reference = moved + INVENTORY_SHARE * inventory + 1e-10 * inventory.sum()
    return np.divide(inside + left - entered, reference, out=np.zeros_like(entered), where=reference > 0.0)
