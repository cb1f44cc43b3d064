"""The figures by which a simulated stage is compared with an experiment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.experiment import Experiment, is_immobile

if TYPE_CHECKING:
    import xarray

SKIPPED_DEPTH = 2e-9
"""Depth from which the plateau is averaged [m]: the first nanometres are a sputter transient in every measurement."""

SURFACE_CHARGE_DEBYE_LENGTHS = 10.0
"""Depth of the charge of a surface, which is no excess charge of the glass, in Debye lengths."""

ESTABLISHED_FRACTION = 1e-4
"""Share of a stage after which its field counts as established."""

UNCHANGED_WITHIN = 0.05
"""Glass behind a front is unchanged where its native fraction differs from one by no more."""


def summarise(dataset: xarray.Dataset, experiment: Experiment) -> dict[str, Any]:
    """Title, warnings of the experiment, and `stages`: figures of every stage that was begun, in SI units.

    A figure that does not exist is None.

    `collected_charge`, `injected_charge` [C] of the stage; `initial_current` (after 1e-4 of the stage),
    `final_current` [A]; `front_depth` [m]: where the native fraction (see `native_fraction`) of the first mobile native
    ion is one half; `front_width` [m]: between 16 and 84 % of the step from plateau to bulk; `plateau`: mean native
    fraction from 2 nm to half the front depth, all three only of a front as `front_figures` defines it;
    `peak_excess_charge`: signed extreme of sum Z_i (n_i - n_i0) / n_bulk beyond the surface charge, that is the first
    cell and ten Debye lengths; `zone_voltage` [V]: surface potential minus that at 1.5 front depths; `balance_error`;
    `steps`; `wall_time` [s].
    """
    stages = dataset["stage"].values
    return {
        "title": experiment.title,
        "warnings": list(experiment.warnings),
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
    depth = dataset["depth"].values
    native = next(
        (name for name in experiment.sample.native if not is_immobile(experiment.ions[name].diffusion)),
        next(iter(experiment.sample.native)),
    )
    names = [str(name) for name in dataset["ion"].values]
    fraction = native_fraction(experiment, names, dataset["density"].values[last], native)
    front, width, plateau = front_figures(depth, fraction)
    potential = dataset["potential"].values[last]
    surface = float(dataset["surface_potential"].values[last])
    behind = None if front is None or 1.5 * front > depth[-1] else float(np.interp(1.5 * front, depth, potential))
    zone_voltage = None if behind is None else surface - behind
    collected = dataset["collected_charge"].values.sum(axis=1)
    injected = dataset["injected_charge"].values.sum(axis=1)
    return {
        "kind": stage.kind,
        "duration": float(time[last]) - start,
        "temperature": stage.temperature,
        "collected_charge": float(collected[last] - collected[before]),
        "injected_charge": float(injected[last] - injected[before]),
        "initial_current": float(current[established[0]]) if len(established) else None,
        "final_current": float(current[last]),
        "front_depth": front,
        "front_width": width,
        "plateau": plateau,
        "peak_excess_charge": _peak_excess_charge(dataset, experiment, last, names),
        "zone_voltage": zone_voltage,
        "balance_error": float(np.abs(dataset["balance_error"].values[last]).max()),
        "steps": int(dataset["stage_steps"].values[index]),
        "wall_time": float(dataset["stage_wall_time"].values[index]),
    }


def native_fraction(experiment: Experiment, names: Sequence[str], density: FloatArray, native: str) -> FloatArray:
    """How much of a native ion has stayed at each depth, 1 in the unchanged glass, shape (cells,).

    It is the ion's density over the native one. Where ions of both signs move, it is the ion's share of the charge of
    all mobile ions of its sign over the native share: a salt that is diluted or piles up at an electrode takes its ions
    along unexchanged, which is no front.

    Args:
        experiment: what was simulated.
        names: of the columns of `density`.
        density: shape (cells, ions) [1/m^3].
        native: name of the ion; it must be mobile in a salt.
    """
    own = density[:, names.index(native)]
    charges = {name: ion.charge for name, ion in experiment.ions.items() if not is_immobile(ion.diffusion)}
    if native not in charges or all(charge * charges[native] > 0 for charge in charges.values()):
        return own / experiment.sample.native[native]
    like = [name for name, charge in charges.items() if charge * charges[native] > 0]
    weights = np.array([abs(charges[name]) for name in like], dtype=float)
    together = density[:, [names.index(name) for name in like]] @ weights
    at_first = float(np.array([experiment.sample.native.get(name, 0.0) for name in like]) @ weights)
    native_share = abs(charges[native]) * experiment.sample.native[native] / at_first
    # where no such ion is left, nothing says that this one was replaced
    share = np.divide(
        abs(charges[native]) * own, together, out=np.full_like(own, native_share), where=together > 0.0
    )  # fmt: skip
    return share / native_share


def front_figures(depth: FloatArray, fraction: FloatArray) -> tuple[float | None, float | None, float | None]:
    """Depth and 16-84 % width of the front [m] and the plateau before it, of a native fraction over depth.

    A front lies between a zone on the side of the surface that has lost more than half of the native ion and unchanged
    glass (within 5 %). Behind the 84 % point there must be at least as much unchanged glass as the front is wide.
    So neither a layer at the back electrode nor a slope through the whole sample is a front.

    Args:
        depth: shape (points,) [m].
        fraction: native density over that of the bulk, shape (points,).

    Returns:
        None where the profile has no front; the plateau also where it would be no deeper than 2 nm.
    """
    front = _first_crossing(depth, fraction, 0.5)
    if front is None:
        return None, None, None
    zone = (depth > SKIPPED_DEPTH) & (depth < 0.5 * front)
    plateau = _mean_over_depth(depth[zone], fraction[zone])
    base = plateau if plateau is not None else float(fraction[0])
    low = _first_crossing(depth, fraction, base + 0.16 * (1.0 - base), around=front)
    high = _first_crossing(depth, fraction, base + 0.84 * (1.0 - base), around=front)
    if high is None:
        return None, None, None
    width = None if low is None else high - low
    unchanged = (depth >= high) & (np.abs(fraction - 1.0) <= UNCHANGED_WITHIN)
    behind = float(np.diff(depth)[unchanged[1:] & unchanged[:-1]].sum())
    if behind < (width if width is not None else high):
        return None, None, None
    return front, width, plateau


def _mean_over_depth(depth: FloatArray, values: FloatArray) -> float | None:
    if len(depth) < 2:
        return float(values[0]) if len(depth) else None
    means = 0.5 * (values[1:] + values[:-1])
    return float(np.average(means, weights=np.diff(depth)))


def _first_crossing(depth: FloatArray, fraction: FloatArray, level: float, around: float | None = None) -> float | None:
    """Depth at which the fraction rises through a level, the one nearest to ``around`` if given.

    Linear between centres.
    """
    rising = np.flatnonzero((fraction[:-1] < level) & (fraction[1:] >= level))
    if len(rising) == 0:
        return None
    steps = (level - fraction[rising]) / (fraction[rising + 1] - fraction[rising])
    crossings = depth[rising] + steps * (depth[rising + 1] - depth[rising])
    best = 0 if around is None else int(np.argmin(np.abs(crossings - around)))
    crossing = float(crossings[best])
    return crossing if math.isfinite(crossing) else None


def _peak_excess_charge(dataset: xarray.Dataset, experiment: Experiment, last: int, names: list[str]) -> float | None:
    # the charge of the surfaces themselves sits within a few Debye lengths, which may be several small cells
    sizes, depth = dataset["cell_size"].values, dataset["depth"].values
    stage = experiment.stages[int(dataset["stage"].values[last])]
    skipped = max(float(sizes[0]), SURFACE_CHARGE_DEBYE_LENGTHS * _debye_length(experiment, stage.temperature))
    inside = (depth > skipped) & (depth < experiment.sample.thickness - skipped)
    if not inside.any():
        return None
    charges = np.array([experiment.ions[name].charge for name in names], dtype=float)
    native = np.array([experiment.sample.native.get(name, 0.0) for name in names])
    scale = experiment.bulk_density or float(native.sum())
    excess = (dataset["density"].values[last, inside] - native) @ charges / scale
    return float(excess[np.argmax(np.abs(excess))])


def _debye_length(experiment: Experiment, temperature: float) -> float:
    # what cannot move does not screen
    strength = sum(
        experiment.ions[name].charge ** 2 * density
        for name, density in experiment.sample.native.items()
        if not is_immobile(experiment.ions[name].diffusion)
    )
    if strength == 0.0:
        return 0.0
    permittivity = VACUUM_PERMITTIVITY * experiment.sample.relative_permittivity
    return math.sqrt(permittivity * BOLTZMANN_CONSTANT * temperature / (ELEMENTARY_CHARGE**2 * strength))
