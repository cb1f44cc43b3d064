"""The figures by which a simulated stage is compared with an experiment."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.experiment import Experiment
from ionscape.remarks import remark_entries

from .exchange import exchanged_ions, exchanging_ions, find_front, mobile_native_ions, native_fraction

if TYPE_CHECKING:
    import xarray

SURFACE_CHARGE_DEBYE_LENGTHS = 10.0
"""Depth of the charge of a surface, which is no excess charge of the glass, in Debye lengths."""

ESTABLISHED_FRACTION = 1e-4
"""Share of a stage after which its field counts as established."""

FRONT_KEYS = {"depth": "front_depth", "width": "front_width", "plateau": "plateau"}
"""Keys of a summary by the attributes of `Front`."""


def summarise(dataset: xarray.Dataset, experiment: Experiment) -> dict[str, Any]:
    """Title, warnings of the experiment, and `stages`: figures of every stage that was begun, in SI units.

    A figure that does not exist is None, and `missing` says why, a sentence by the key of the figure.

    `collected_charge`, `injected_charge` [C] of the stage, `injected_charges` by ion; `initial_current` (after 1e-4 of
    the stage), `final_current` [A]; `exchanged_ions`: native ions that have been replaced; `front_depth` [m]: where the
    native fraction of these (see `native_fraction`) is one half; `front_width` [m]: between 16 and 84 % of the step
    from plateau to bulk; `plateau`: mean native fraction from 2 nm to half the front depth, all three only of a front
    as `front_figures` defines it; `peak_excess_charge`: signed extreme of sum Z_i (n_i - n_i0) / n_bulk beyond the
    surface charge, that is the first cell and ten Debye lengths, n_bulk that of the native ions that take part in the
    exchange; `surface_potential` [V] at the end of the stage; `zone_voltage` [V]: that minus the potential at 1.5 front
    depths; `balance_error`; `steps`; `wall_time` [s].
    """
    stages = dataset["stage"].values
    return {
        "title": experiment.title,
        **remark_entries(experiment.remarks),
        "stages": [
            _summarise_stage(dataset, experiment, index)
            for index in range(len(experiment.stages))
            if index in stages[1:]
        ],
    }


def _summarise_stage(dataset: xarray.Dataset, experiment: Experiment, index: int) -> dict[str, Any]:
    stage = experiment.stages[index]
    time = dataset["time"].values
    inside = np.flatnonzero(dataset["stage"].values == index)
    inside = inside[inside > 0]
    first, last = int(inside[0]), int(inside[-1])
    before = first - 1
    start = float(time[before])
    current = dataset["current"].values
    established = inside[time[inside] >= start + ESTABLISHED_FRACTION * stage.duration]
    names = [str(name) for name in dataset["ion"].values]
    depth, density, potential = (calculated(dataset, name)[last] for name in ("depth", "density", "potential"))
    exchanged = exchanged_ions(experiment, names, depth, density)
    missing: dict[str, str] = {}
    front = find_front(depth, native_fraction(experiment, names, density, exchanged or _first_sign(experiment)))
    if not exchanged:
        front = replace(front, reasons=dict.fromkeys(front.reasons, "no native ion has been replaced"))
    missing |= {FRONT_KEYS[key]: reason for key, reason in front.reasons.items()}
    surface = float(dataset["surface_potential"].values[last])
    zone_voltage = None
    if front.depth is None:
        missing["zone_voltage"] = front.reasons["depth"]
    elif 1.5 * front.depth > depth[-1]:
        missing["zone_voltage"] = "1.5 front depths reach beyond the back electrode"
    else:
        zone_voltage = surface - float(np.interp(1.5 * front.depth, depth, potential))
    if not len(established):
        missing["initial_current"] = "the run ended before the field was established"
    neutral = json.loads(str(dataset.attrs.get("settings", "{}"))).get("model") == "electroneutral"
    excess = None if neutral else _peak_excess_charge(dataset, experiment, last, names)
    if neutral:
        missing["peak_excess_charge"] = "the electroneutral model has no charge"
    elif excess is None:
        missing["peak_excess_charge"] = "no cell lies beyond the charge of the two faces"
    collected = dataset["collected_charge"].values.sum(axis=1)
    injected = dataset["injected_charge"].values.sum(axis=1)
    by_ion = dataset["injected_charge"].values[last] - dataset["injected_charge"].values[before]
    return {
        "kind": stage.kind,
        "duration": float(time[last]) - start,
        "temperature": experiment.stage_at(index, float(time[last])).first_temperature,
        "collected_charge": float(collected[last] - collected[before]),
        "injected_charge": float(injected[last] - injected[before]),
        "injected_charges": dict(zip(names, by_ion.tolist(), strict=True)),
        "initial_current": float(current[established[0]]) if len(established) else None,
        "final_current": float(current[last]),
        "exchanged_ions": list(exchanged),
        "front_depth": front.depth,
        "front_width": front.width,
        "plateau": front.plateau,
        "peak_excess_charge": excess,
        "surface_potential": surface,
        "zone_voltage": zone_voltage,
        "balance_error": float(np.abs(dataset["balance_error"].values[last]).max()),
        "steps": int(dataset["stage_steps"].values[index]),
        "wall_time": float(dataset["stage_wall_time"].values[index]),
        "missing": missing,
    }


def calculated(dataset: xarray.Dataset, name: str) -> FloatArray:
    """What was calculated in each cell, times first: of the moving grid, where there is one, else at the common depths.

    Args:
        dataset: of a simulation result.
        name: "depth", "cell_size", "density" or "potential".
    """
    moving = dataset.get(f"mesh_{name}")
    if moving is not None:
        return moving.values
    values = dataset[name].values
    return values if values.ndim > 1 else np.broadcast_to(values, (dataset["time"].size, values.size))


def _first_sign(experiment: Experiment) -> tuple[str, ...]:
    """Native ions that could be exchanged, of the sign of the first one."""
    mobile = mobile_native_ions(experiment)
    return tuple(name for name in mobile if experiment.ions[name].charge * experiment.ions[mobile[0]].charge > 0)


def _peak_excess_charge(dataset: xarray.Dataset, experiment: Experiment, last: int, names: list[str]) -> float | None:
    # the charge of the surfaces themselves sits within a few Debye lengths, which may be several small cells
    sizes, depth, density = (calculated(dataset, name)[last] for name in ("cell_size", "depth", "density"))
    stage = experiment.stage_at(int(dataset["stage"].values[last]), float(dataset["time"].values[last]))
    skipped = max(float(sizes[0]), SURFACE_CHARGE_DEBYE_LENGTHS * _debye_length(experiment, stage.first_temperature))
    inside = (depth > skipped) & (depth < experiment.sample.thickness - skipped)
    if not inside.any():
        return None
    charges = np.array([experiment.ions[name].charge for name in names], dtype=float)
    native = np.array([experiment.sample.native.get(name, 0.0) for name in names])
    exchanging = exchanging_ions(experiment, names, depth, density)
    scale = sum(experiment.sample.native[name] for name in exchanging)
    excess = (density[inside] - native) @ charges / scale
    return float(excess[np.argmax(np.abs(excess))])


def _debye_length(experiment: Experiment, temperature: float) -> float:
    # what cannot move does not screen
    immobile = experiment.immobile_ions
    strength = sum(
        experiment.ions[name].charge ** 2 * density
        for name, density in experiment.sample.native.items()
        if name not in immobile
    )
    if strength == 0.0:
        return 0.0
    permittivity = VACUUM_PERMITTIVITY * experiment.sample.relative_permittivity
    return math.sqrt(permittivity * BOLTZMANN_CONSTANT * temperature / (ELEMENTARY_CHARGE**2 * strength))
