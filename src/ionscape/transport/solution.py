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
from ionscape.errors import InputError
from ionscape.experiment import Experiment, parse_experiment
from ionscape.files.table_files import Columns
from ionscape.provenance import provenance_attributes
from ionscape.remarks import Remark, remark_entries

from .grid import Grid, grid_remarks
from .history import History, Kept
from .moving import positive_at_faces, redistribute
from .pile_up import pile_up_remarks
from .population_arrays import PopulatedSystem
from .population_results import add_populations
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
        own = (*grid_remarks(grid), *pile_up_remarks(self.dataset))
        return (*self.experiment.remarks, *own, *file_remarks(self.dataset))

    def summary(self) -> dict[str, Any]:
        """Title, warnings and `stages`: the figures of each stage in SI units (reference: result file)."""
        return {**self._summary, **remark_entries(self.remarks)}

    @property
    def population(self) -> xarray.DataArray:
        """Ions on the levels of their sites at the kept times, dimensions time, depth, ion and energy [1/m^3].

        The first time is that of the native glass; `Settings.populations_per_stage` says how many follow.

        Raises:
            InputError: no ion of the experiment has populations.
        """
        if "population" not in self.dataset:
            remedy = 'give an ion the diffusion model "populations"'
            raise InputError("has no populations: the energies of the sites are not resolved", key="population",
                             file=self.experiment.file, remedy=remedy)  # fmt: skip
        return self.dataset["population"].rename(population_time="time")

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

    def at_most(self, rows: int) -> SimulationResult:
        """The same with fewer of the kept times, such that its table has about so many rows.

        Every k-th time is left, and those at which a stage ends or its conditions begin to change otherwise.

        Args:
            rows: of the table; one per time and depth.
        """
        times, stages = self.dataset["time"].values, self.dataset["stage"].values
        step = -(-times.size * self.dataset["depth"].size // rows)
        if step == 1:
            return self
        ends = np.cumsum([stage.duration for stage in self.experiment.in_pieces().starts.stages])
        needed = np.isclose(times[:, None], ends[None, :], rtol=1e-9, atol=0.0).any(axis=1)
        needed |= np.append(np.diff(stages) > 0, True) | (np.arange(times.size) % step == 0)
        return replace(self, dataset=self.dataset.isel(time=np.flatnonzero(needed)))


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
    systems: tuple[PopulatedSystem, ...] = (),
) -> SimulationResult:
    """Put the kept states of a simulation into a dataset."""
    import xarray

    charge = ELEMENTARY_CHARGE * experiment.sample.illuminated_area * scales.density
    variables = {**_curves(history, grid, scales, charge), **_stage_figures(history)}
    if variations:
        variables |= _slopes(variations, history, grid, scales, charge, np.array(scales.charges))
        if settings.slopes_over_time:
            variables |= _slopes_over_time(variations, history, grid, scales)
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
    dataset = add_populations(dataset, history, systems, experiment, scales)
    return SimulationResult(dataset=dataset, experiment=experiment)


def _curves(history: History, grid: Grid, scales: Scales, charge: float) -> dict[str, DatasetVariable]:
    """Densities and potential over depth, currents and charges over time; `charge` is that of one scaled amount [C]."""
    ions = len(scales.names)
    states = history.of("y")
    charges = np.array(scales.charges)
    departure = states[:, :, :ions]
    density = (scales.native + departure) * scales.density
    moving: dict[str, DatasetVariable] = {}
    if grid.moving is not None:
        faces = history.of("faces")
        size = np.diff(faces, axis=1)
        moving = _moving_curves(faces, density, states[:, :, ions])
        density, potential = _at_common_depths(history, grid, scales)
    else:
        size, potential = np.broadcast_to(grid.size, departure.shape[:2]), states[:, :, ions]
    profile = ("time", "depth")
    return {
        "density": ((*profile, "ion"), density, {"units": "1/m^3", "long_name": "number density"}),
        "potential": (
            profile,
            potential,
            {"units": "V", "long_name": "electric potential against the back electrode"},
        ),
        **moving,
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
            _balance_error(departure, history, size, scales),
            {
                "units": "1",
                "long_name": "(inside + left - entered) / (amount moved + 1e-4 inventory)",
            },
        ),
    }


def _moving_curves(faces: FloatArray, density: FloatArray, potential: FloatArray) -> dict[str, DatasetVariable]:
    """What has been calculated, cell by cell of the grid that moves; `density` in 1/m^3, `faces` (times, cells + 1)."""
    cell = ("time", "cell")
    centres = 0.5 * (faces[:, 1:] + faces[:, :-1])
    return {
        "mesh_depth": (cell, centres, {"units": "m", "long_name": "depth of the centre of the moving cell"}),
        "mesh_cell_size": (cell, np.diff(faces, axis=1), {"units": "m", "long_name": "size of the moving cell"}),
        "mesh_density": ((*cell, "ion"), density, {"units": "1/m^3", "long_name": "number density in the moving cell"}),
        "mesh_potential": (cell, potential, {"units": "V", "long_name": "electric potential of the moving cell"}),
    }


def _at_common_depths(history: History, grid: Grid, scales: Scales) -> tuple[FloatArray, FloatArray]:
    """Densities [1/m^3], shape (times, depths, ions), and potential [V] of a moving grid at the depths of a fixed one.

    The amounts of the ions are kept, the potential lies on straight lines between the cells and the two ends.
    """
    ions = len(scales.names)
    densities, potentials = [], []
    thickness = grid.faces[-1]
    for kept in history.kept:
        means = _means_at(kept.faces, kept.y[:, :ions], grid, scales)
        densities.append(np.maximum(scales.native + means, 0.0) * scales.density)
        centres = 0.5 * (kept.faces[1:] + kept.faces[:-1])
        known = np.concatenate([[0.0], centres, [thickness]])
        potentials.append(
            np.interp(grid.depth, known, np.concatenate([[kept.surface_potential], kept.y[:, ions], [0.0]]))
        )
    return np.array(densities), np.array(potentials)


def _means_at(faces: FloatArray, departure: FloatArray, grid: Grid, scales: Scales) -> FloatArray:
    """Mean departures over the cells of a fixed grid, shape (depths, ions), from those of moving cells."""
    at_faces = positive_at_faces(faces, scales.native + departure, np.array(scales.charges)) - scales.native
    return redistribute(faces, departure, at_faces, grid.faces)


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
    lefts = history.of("departed_slopes")
    area = charge_slopes(variations, scales)
    left = history.of("departed")[..., None] * area + lefts * charge
    last = [max(t for t, kept in enumerate(history.kept) if kept.stage == index) for index in range(done)]
    states = [
        slopes if grid.moving is None else _slopes_at_common_depths(history.kept[end], slopes, faces, grid, scales)
        for (slopes, faces), end in zip(history.stage_end_slopes, last, strict=True)
    ]
    ends = np.array(states).reshape(done, len(grid.size), ions, count)
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


def _slopes_over_time(
    variations: Sequence[Variation], history: History, grid: Grid, scales: Scales
) -> dict[str, DatasetVariable]:
    """Derivatives of the densities of all kept states; at the start, those of the native ones."""
    found = np.zeros((len(history.kept), len(grid.size), len(scales.names), len(variations)))
    for place, kept in enumerate(history.kept):
        if kept.state_slopes.size:
            slopes = kept.state_slopes
            found[place] = (
                slopes if grid.moving is None
                else _slopes_at_common_depths(kept, slopes, kept.face_slopes, grid, scales)
            )  # fmt: skip
    told = {"long_name": "derivative by the parameter, in SI units per unit of it"}
    over = ("time", "depth", "ion", "parameter")
    return {"density_slope_over_time": (over, (found + native_slopes(variations, scales)) * scales.density, told)}


def _slopes_at_common_depths(
    kept: Kept, slopes: FloatArray, faces: FloatArray, grid: Grid, scales: Scales
) -> FloatArray:
    """Derivatives at the depths of a fixed grid, shape (depths, ions, P): those of `_at_common_depths`.

    Args:
        kept: the state.
        slopes: derivatives of its departures, shape (cells, ions, P).
        faces: of the depths of its faces, shape (cells + 1, P).
        grid: with the depths.
        scales: of the ions.
    """
    departure = kept.y[:, : slopes.shape[1]]
    size = np.diff(kept.faces)[:, None]
    found = []
    for parameter in range(slopes.shape[2]):
        by_size = np.abs(np.diff(faces[:, parameter])[:, None] / size).max(initial=0.0)
        largest = max(float(by_size), float(np.abs(slopes[:, :, parameter]).max()), 1e-300)
        step = 1e-5 / largest
        lower, upper = (
            _means_at(kept.faces + sign * faces[:, parameter], departure + sign * slopes[:, :, parameter], grid, scales)
            for sign in (-step, step)
        )
        found.append((upper - lower) / (2.0 * step))
    return np.stack(found, axis=-1)


def _balance_error(departure: FloatArray, history: History, size: FloatArray, scales: Scales) -> FloatArray:
    """Shape (times, ions), from departures (times, cells, ions) and sizes (times, cells) [m].

    1e-10 means that the balance closes to 1e-10 of the amount moved plus 1e-14 of the inventory.
    Moved is what passed either face, and what has been rearranged inside.
    """
    inside = np.einsum("tki,tk->ti", departure, size)
    entered, left = history.of("entered"), history.of("departed")
    inventory = scales.native * size[0].sum()
    moved = np.abs(entered) + np.abs(left) + 0.5 * np.einsum("tki,tk->ti", np.abs(departure), size)
    # less than 1e-20 of all ions is less than one ion: numbers that small are rounding errors of zero
    reference = moved + INVENTORY_SHARE * inventory + 1e-10 * inventory.sum()
    return np.divide(inside + left - entered, reference, out=np.zeros_like(entered), where=reference > 0.0)
