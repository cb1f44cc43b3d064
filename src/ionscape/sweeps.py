"""Grids of simulations: every combination of the values of some parameters, in one dataset."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.datasets import Content, check_content, read_dataset
from ionscape.errors import InputError, IonscapeError
from ionscape.experiment import Experiment, parse_experiment
from ionscape.files.values import Scalar, read_scalar, read_value
from ionscape.provenance import provenance_attributes, settings_text
from ionscape.scaleout import Executor, Outcome, RunStore, Tally, make_executor, run
from ionscape.transport import Settings, plate_stress, simulate

if TYPE_CHECKING:
    import xarray


__all__ = ["load_sweep", "sweep"]

FORMAT = "ionscape sweep 1"
CONTENT = Content(
    form=FORMAT,
    what="a sweep",
    command="ionscape sweep",
    labels={"kind": ("stage",)},
    attributes={"experiment": "text", "title": "text"},
    possible={
        "vary": "JSON",
        "settings": "JSON",
        "simulations": "number",
        "failed_simulations": "number",
    },
)

_TEXTS = ("kind", "exchanged_ions")
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")

_FIGURES = {
    "duration": ("s", "duration of the stage"),
    "temperature": ("K", "temperature of the stage"),
    "collected_charge": ("C", "charge of the stage that left through the back electrode"),
    "injected_charge": ("C", "charge of the stage that entered through the surface, net"),
    "initial_current": ("A", "current through the back electrode when the field is established"),
    "final_current": ("A", "current through the back electrode at the end of the stage"),
    "front_depth": ("m", "where the native fraction of the ions that are exchanged passes one half"),
    "front_width": ("m", "between 16 and 84 % of the step from plateau to bulk"),
    "plateau": ("1", "mean native fraction from 2 nm to half the front depth"),
    "peak_excess_charge": ("1", "signed extreme of the charge density beyond the faces, in units of the native one"),
    "surface_potential": ("V", "potential of the surface at the end of the stage"),
    "zone_voltage": ("V", "surface potential minus that at 1.5 front depths"),
    "balance_error": ("1", "worst balance error of all ions"),
    "steps": ("1", "accepted time steps"),
    "wall_time": ("s", "duration of the calculation"),
}
"""Figures of the summary of a stage that a sweep keeps: unit and meaning."""
_OF_PLATES = {
    "surface_stress": ("Pa", "stress of the surface at the end of the stage, tension positive"),
    "central_stress": ("Pa", "stress of the mid-plane at the end of the stage"),
    "depth_of_layer": ("m", "where the stress changes its sign at the end of the stage"),
}
"""The same of an experiment with a table [mechanics]."""
_BY_ION = {"injected_charges": ("C", "charge of the stage that each ion carried in through the surface")}
"""The same of the figures that each ion has of its own."""
_SHOWN = ("collected_charge", "front_depth", "front_width", "plateau")
"""Those without which a sweep cannot be printed."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A parameter that a sweep varies.

    Attributes:
        path: of the parameter in the experiment file.
        name: of its dimension in the dataset.
        unit: SI unit; empty for a pure number.
        values: in that unit, in the order given.
    """

    path: str
    name: str
    unit: str
    values: tuple[float, ...]


def sweep(
    experiment: Experiment,
    vary: Mapping[str, Sequence[float | str]],
    *,
    settings: Settings | None = None,
    store: str | Path | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    processes: int | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> xarray.Dataset:
    """Simulate an experiment with every combination of the values of some parameters.

    Args:
        experiment: what `load_experiment` returns.
        vary: values by path, such as `{"ions.Cs.diffusion.coefficient": ["2.4e-23 m^2/s", "3.1e-23 m^2/s"]}`: texts
            with a unit, or numbers in SI units.
        settings: numerical settings; None for the defaults.
        store: folder where finished simulations are kept; those found there are not run again. None keeps none.
        executor: of `make_executor`, to use one for several calls; None makes one of the next two.
        scheduler: None for processes on this machine, "serial", or the address of a Dask scheduler.
        processes: on this machine; None for one per core. In a script, several need `if __name__ == "__main__":`.
        progress: called at the start, and after every simulation.

    Returns:
        A dimension per parameter. `density` at the ends of the stages over a depth grid as fine as the finest of all
        simulations, NaN below the sample; the figures of the summary by stage, NaN where they do not exist (why: in
        `missing`); `error`, empty where a simulation succeeded (reference: sweep file).

    Raises:
        InputError: a path or value cannot be used; nothing has been simulated then.
        IonscapeError: every simulation failed, or the store cannot be written.
    """
    settings = settings or Settings()
    axes = make_axes(experiment, vary)
    points = itertools.product(*(axis.values for axis in axes))
    sources = [
        experiment.replace({axis.path: value for axis, value in zip(axes, values, strict=True)}) for values in points
    ]
    with make_executor(scheduler, processes, executor=executor) as chosen:
        outcomes = run(
            simulate_point, [(source.self_contained_source(),) for source in sources],
            identity=settings_text(settings), shared=(experiment.file, settings), executor=chosen,
            store=None if store is None else RunStore(store), report=progress,
        )  # fmt: skip
    return _gathered(experiment, axes, outcomes, settings)


def load_sweep(path: str | Path) -> xarray.Dataset:
    """Read a sweep that `ionscape sweep` or `ionscape.datasets.write_dataset` wrote.

    Returns:
        What `sweep` returned.

    Raises:
        InputError: the file does not exist, is no sweep, or is damaged.
    """
    dataset = read_dataset(path, CONTENT)
    dims = tuple(map(str, dataset["error"].dims)) if "error" in dataset else ()
    content = replace(
        CONTENT,
        variables={name: (name,) for name in dims},
        gaps={
            **{name: (*dims, "stage") for name in _FIGURES if name in dataset or name in _SHOWN},
            **{name: (*dims, "stage", "ion") for name in _BY_ION if name in dataset},
        },
        labels={"error": dims},
    )
    check_content(dataset, content, file=str(path))
    return dataset


def make_axes(experiment: Experiment, vary: Mapping[str, Sequence[float | str]]) -> tuple[Axis, ...]:
    """The parameters to vary, with values in SI units.

    Raises:
        InputError: nothing to vary, an unknown path, no value, one that occurs twice, or one that cannot be used.
    """
    if not vary:
        raise InputError("is needed", key="vary", remedy="name at least one parameter and its values")
    axes = tuple(_axis(read_scalar(experiment, path), values) for path, values in vary.items())
    for axis in axes:
        for value in axis.values:
            experiment.replace({axis.path: value})  # names the value that cannot be used, before all else
    return axes


def parse_vary(text: str) -> tuple[str, list[str]]:
    """Path and values of `PATH=VALUE,VALUE,... UNIT`; values without a unit take the next one that follows.

    Raises:
        InputError: it does not have that form.

    Examples:
        >>> parse_vary("stages[0].temperature=323, 333 K, 70 degC")
        ('stages[0].temperature', ['323 K', '333 K', '70 degC'])
    """
    path, equals, rest = text.partition("=")
    values = [value.strip() for value in rest.split(",")]
    if not equals or not path.strip() or not all(values):
        remedy = 'write it as in "ions.Cs.diffusion.coefficient=2.4e-23,3.1e-23 m^2/s"'
        raise InputError("does not name a path and its values", key="--vary", value=text, remedy=remedy)
    unit = ""
    for index in reversed(range(len(values))):
        number = _NUMBER.match(values[index])
        own = values[index][number.end() :].strip() if number else ""
        if number is not None and not own and unit:
            values[index] = f"{values[index]} {unit}"
        unit = own or unit
    return path.strip(), values


def simulate_point(file: str | None, settings: Settings, source: str) -> dict[str, Any]:
    """One simulation of a sweep, as plain data: what stands in the dataset about it, on its own grid.

    Args:
        file: name of the file the experiment was made from, for messages.
        settings: numerical settings.
        source: self-contained text of the experiment.
    """
    result = simulate(parse_experiment(source, file=file), settings=settings)
    data = result.dataset
    stages = data["stage"].values
    # a simulation that ended well has finished every stage
    ends = [int(np.flatnonzero(stages == stage)[-1]) for stage in range(len(result.experiment.stages))]
    plates: list[dict[str, Any]] = [{} for _ in ends]
    if result.experiment.mechanics is not None:
        plates = plate_stress(result).summary()["stages"]
    return {
        "ions": [str(name) for name in data["ion"].values],
        "cell_size": data["cell_size"].values,
        "density": data["density"].values[ends],
        "figures": [
            {**{key: value for key, value in stage.items() if key not in _TEXTS}, **plate}
            for stage, plate in zip(result.summary()["stages"], plates, strict=True)
        ],
    }


def common_faces(sizes: Sequence[FloatArray]) -> FloatArray:
    """Faces [m] of one grid that is nowhere coarser than any of the given ones, and as deep as the deepest.

    Args:
        sizes: of the cells of each grid, from the surface on [m].

    Returns:
        Shape (cells + 1,). Equal grids give that grid.
    """
    faces = {tuple(np.concatenate([[0.0], np.cumsum(size)]).tolist()) for size in sizes}
    return np.array(functools.reduce(_finer_of_both, sorted(faces)))


def _finer_of_both(first: tuple[float, ...], second: tuple[float, ...]) -> tuple[float, ...]:
    """Cells from the surface on, each as large as the smaller of the two cells in which it begins."""
    end = max(first[-1], second[-1])
    grids = np.array(first), np.array(second)
    sizes = [np.append(np.diff(grid), np.inf) for grid in grids]  # behind a sample there is nothing to resolve
    faces = [0.0]
    while faces[-1] < end:
        # a face that is reached but for rounding counts as reached
        at = faces[-1] * (1.0 + 1e-12)
        cells = [int(np.searchsorted(grid, at, side="right")) - 1 for grid in grids]
        faces.append(faces[-1] + min(float(size[cell]) for size, cell in zip(sizes, cells, strict=True)))
    # the last cell ends where the sample does; a sliver is joined to the cell before
    last_cell = min(float(size[-2]) for size in sizes)
    if len(faces) > 2 and end - faces[-2] < 0.5 * last_cell:
        faces.pop()
    faces[-1] = end
    return tuple(faces)


def _axis(scalar: Scalar, values: Sequence[float | str]) -> Axis:
    if isinstance(values, str) or not values:
        raise InputError("has no list of values", key=scalar.path, value=values or None, remedy="give one or more")
    numbers = tuple(read_value(value, scalar.dimension, key=scalar.path, in_file=False) for value in values)
    for index, number in enumerate(numbers):
        if number in numbers[:index]:
            raise InputError("occurs twice", key=scalar.path, value=values[index], remedy="give every value once")
    return Axis(path=scalar.path, name=axis_name(scalar.path), unit=scalar.unit, values=numbers)


def axis_name(path: str) -> str:
    """Name of the dimension of a parameter: its path as one word, without what goes without saying.

    Examples:
        >>> axis_name("ions.Cs.diffusion.coefficient"), axis_name("stages[0].temperature")
        ('Cs_coefficient', 'stage_0_temperature')
    """
    words = re.sub(r"^ions\.|\bdiffusion\.", "", path).replace("stages[", "stage[")
    return re.sub(r"[.\[\]]+", "_", words).strip("_")


def _gathered(
    experiment: Experiment, axes: Sequence[Axis], outcomes: Sequence[Outcome], settings: Settings
) -> xarray.Dataset:
    """The outcomes of all points as one dataset."""
    import xarray

    done = [outcome.value for outcome in outcomes if not outcome.failed]
    failed = [outcome for outcome in outcomes if outcome.failed]
    if not done:
        raise IonscapeError(f"all {len(outcomes)} simulations failed; the first: {failed[0].error}")
    faces = common_faces([value["cell_size"] for value in done])
    depth = 0.5 * (faces[1:] + faces[:-1])
    names: list[str] = done[0]["ions"]
    stages = len(experiment.stages)
    density = np.full((len(outcomes), stages, len(depth), len(names)), np.nan)
    known = {**_FIGURES, **({} if experiment.mechanics is None else _OF_PLATES)}
    figures = {name: np.full((len(outcomes), stages), np.nan) for name in known}
    by_ion = {name: np.full((len(outcomes), stages, len(names)), np.nan) for name in _BY_ION}
    missing = np.full((len(outcomes), stages), "{}", dtype=object)
    for index, outcome in enumerate(outcomes):
        if outcome.failed:
            continue
        density[index] = _on_common_grid(outcome.value, depth)
        for stage, numbers in enumerate(outcome.value["figures"]):
            # what an earlier version has stored gives no reasons
            missing[index, stage] = json.dumps(numbers.get("missing", {}))
            for name in known:
                value = numbers.get(name)  # what an earlier version has stored may lack it
                figures[name][index, stage] = np.nan if value is None else value
            for name in _BY_ION:
                values = numbers.get(name, {})
                by_ion[name][index, stage] = [values.get(ion, np.nan) for ion in names]
    shape = tuple(len(axis.values) for axis in axes)
    dims = tuple(axis.name for axis in axes)

    def shaped(values: NDArray[Any]) -> NDArray[Any]:
        return values.reshape(shape + values.shape[1:])

    errors = np.array([outcome.error or "" for outcome in outcomes], dtype=object)
    return xarray.Dataset(
        {
            "density": (
                (*dims, "stage", "depth", "ion"), shaped(density),
                {"units": "1/m^3", "long_name": "number density at the end of the stage"},
            ),
            **{
                name: ((*dims, "stage"), shaped(figures[name]), {"units": unit, "long_name": meaning})
                for name, (unit, meaning) in known.items()
            },
            **{
                name: ((*dims, "stage", "ion"), shaped(by_ion[name]), {"units": unit, "long_name": meaning})
                for name, (unit, meaning) in _BY_ION.items()
            },
            "missing": (
                (*dims, "stage"), shaped(missing), {"long_name": "why figures do not exist, as JSON by their names"},
            ),
            "error": (dims, shaped(errors), {"long_name": "why the simulation failed; empty if it did not"}),
        },
        coords={
            **{
                axis.name: (axis.name, np.array(axis.values), {"units": axis.unit or "1", "path": axis.path})
                for axis in axes
            },
            "stage": ("stage", np.arange(stages), {"long_name": "stage, counted from 0"}),
            "kind": ("stage", np.array([stage.kind for stage in experiment.stages], dtype=object)),
            "depth": ("depth", depth, {"units": "m", "long_name": "depth below the surface"}),
            "ion": ("ion", np.array(names, dtype=object)),
        },
        attrs={
            "format": FORMAT,
            "title": experiment.title,
            "file": experiment.file or "",
            "vary": json.dumps({axis.path: axis.values for axis in axes}),
            "simulations": len(outcomes),
            "failed_simulations": len(failed),
            **provenance_attributes(source=experiment.self_contained_source(), settings=settings),
        },
    )  # fmt: skip


def _on_common_grid(value: Mapping[str, Any], depth: FloatArray) -> FloatArray:
    """Densities at the stage ends at other depths, shape (stages, depths, ions); NaN below the sample."""
    sizes: FloatArray = value["cell_size"]
    faces = np.concatenate([[0.0], np.cumsum(sizes)])
    own = 0.5 * (faces[1:] + faces[:-1])
    density: FloatArray = value["density"]
    result = np.empty((density.shape[0], len(depth), density.shape[2]))
    for stage, ion in itertools.product(range(density.shape[0]), range(density.shape[2])):
        result[stage, :, ion] = np.interp(depth, own, density[stage, :, ion])
    result[:, depth > faces[-1]] = np.nan
    return result
