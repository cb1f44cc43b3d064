"""What a simulation predicts of the readings of a plate, with derivatives by the parameters.

A reading is a functional F of the densities and of the tables [mechanics] and [optics]. With the derivatives S of the
densities that the simulation carries along, F of the densities n + S δ in the experiment whose parameter is moved by δ,
less F of n, is the change: no further simulation is needed, and none at all for a parameter of these tables alone.
Effective indices change by perturbation theory (`ionscape.optics.followed_indices`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.experiment import Experiment
from ionscape.transport import SimulationResult, plate_stress, refractive_index

from .readings import PlateReading

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, kw_only=True)
class Moved:
    """An experiment one of whose parameters is moved a little.

    Attributes:
        experiment: with the other value.
        shift: of the coordinate of the parameter.
        column: of the parameter among those by which the simulation is differentiated; None if it is not one of them.
    """

    experiment: Experiment
    shift: float
    column: int | None


def needs_history(experiment: Experiment, readings: Sequence[PlateReading]) -> bool:
    """Whether readings depend on the states between the ends of the stages, since the stress relaxes."""
    mechanics, optics = experiment.mechanics, experiment.optics
    if not readings or mechanics is None or mechanics.relaxation is None:
        return False
    stressed = optics is not None and optics.elasto_optic is not None
    return stressed or any(reading.kind not in ("TE", "TM") for reading in readings)


def predictions(
    result: SimulationResult, readings: Sequence[PlateReading], moved: Sequence[Moved]
) -> tuple[FloatArray, FloatArray]:
    """Predicted values in SI units, shape (readings,), and derivatives by the coordinates, (readings, len(moved)).

    Args:
        result: of the simulation, with its experiment; with the derivatives of `density` where `moved` asks for them.
        readings: of its plate.
        moved: the experiment with each of the parameters moved.
    """
    data = result.dataset
    stages = data["stage"].values
    ends = {reading.stage: int(np.flatnonzero(stages == reading.stage)[-1]) for reading in readings}
    states = [result, *(_state_beside(result, each) for each in moved)]
    if not needs_history(result.experiment, readings):
        kept = sorted(set(ends.values()))
        ends = {stage: kept.index(end) for stage, end in ends.items()}
        states = [replace(state, dataset=state.dataset.isel(time=kept)) for state in states]
    values, changes = np.empty(len(readings)), np.empty((len(readings), len(moved)))
    light = [place for place, reading in enumerate(readings) if reading.kind in ("TE", "TM")]
    others = [place for place in range(len(readings)) if place not in light]
    if others:
        found = [plate_stress(state).dataset for state in states]
        for place in others:
            reading = readings[place]
            row = np.array([float(each[reading.kind].values[ends[reading.stage]]) for each in found])
            row = np.nan_to_num(row)  # without any stress there is no layer
            values[place], changes[place] = row[0], row[1:] - row[0]
    if light:
        indices = [refractive_index(state) for state in states]
        covers = [state.experiment.optics.cover_index for state in states if state.experiment.optics is not None]
        for group in _groups(readings, light):
            first = readings[group[0]]
            own, beside = _indices(first, ends[first.stage], indices, covers, max(readings[k].mode for k in group) + 1)
            for place in group:
                values[place], changes[place] = own[readings[place].mode], beside[:, readings[place].mode]
    return values, changes / np.array([each.shift for each in moved])


def _groups(readings: Sequence[PlateReading], places: Sequence[int]) -> list[list[int]]:
    """Places of the readings of one polarisation, wavelength and stage."""
    found: dict[tuple[str, float, int], list[int]] = {}
    for place in places:
        reading = readings[place]
        found.setdefault((reading.kind, reading.wavelength, reading.stage), []).append(place)
    return list(found.values())


def _indices(
    reading: PlateReading, end: int, indices: Sequence[xarray.Dataset], covers: Sequence[float], modes: int
) -> tuple[FloatArray, FloatArray]:
    """Effective indices at a stage's end, and their changes in the other states."""
    from ionscape.optics import followed_indices  # which loads the compiler

    depth = indices[0]["depth"].values
    plates = [
        (each["in_plane"].values[end], each["normal"].values[end], cover)
        for each, cover in zip(indices, covers, strict=True)
    ]
    polarisation = "TM" if reading.kind == "TM" else "TE"
    return followed_indices(depth, plates, wavelength=reading.wavelength, polarisation=polarisation, modes=modes)


def _state_beside(result: SimulationResult, moved: Moved) -> SimulationResult:
    """The result with one parameter moved, to first order in the densities."""
    data, experiment = result.dataset, moved.experiment
    if moved.column is not None:
        density = data["density"].values.copy()
        if "density_slope_over_time" in data:
            density += moved.shift * data["density_slope_over_time"].values[..., moved.column]
        else:
            for stage, slope in enumerate(data["density_slope"].values[..., moved.column]):
                density[np.flatnonzero(data["stage"].values == stage)[-1]] += moved.shift * slope
        data = data.assign(density=(data["density"].dims, density))
        data = _on_sample_of(data, result.experiment, experiment)
    return SimulationResult(dataset=data, experiment=experiment)


def _on_sample_of(data: xarray.Dataset, before: Experiment, after: Experiment) -> xarray.Dataset:
    """Cells and times of an experiment whose thickness or durations are others."""
    thicker = after.sample.thickness - before.sample.thickness
    if thicker:
        size, depth = data["cell_size"].values.copy(), data["depth"].values.copy()
        size[-1] += thicker
        depth[-1] += 0.5 * thicker
        data = data.assign(cell_size=("depth", size)).assign_coords(depth=depth)
    old, new = (np.cumsum([0.0, *(stage.duration for stage in each.stages)]) for each in (before, after))
    if not np.array_equal(old, new):
        data = data.assign_coords(time=np.interp(data["time"].values, old, new))
    return data
