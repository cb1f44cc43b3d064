"""The grid: small cells where ions are exchanged, growing cells behind.

The automatic choice estimates, stage by stage, how deep ions are exchanged and how wide the front is, from the sharp-front charge
law and the steady electroneutral front. The estimates only place cells; a wrong one costs accuracy that shows when the grid is refined.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.diffusivity import DiffusionModel
from ionscape.errors import InputError
from ionscape.experiment import Contact, Experiment, Irradiation, is_immobile

from .arrays import Cells, FloatArray

CELLS_PER_FRONT = 12
"""Cells across the 16-84 % width of the narrowest front: its width is then within 0.5 % of a converged one."""

FEWEST_ZONE_CELLS = 120
MOST_ZONE_CELLS = 800
SURFACE_CELL_FRACTION = 0.1
SURFACE_GROWTH = 1.3
GROWTH = 1.15
LOGISTIC_WIDTH = 2.0 * math.log(0.84 / 0.16)
"""16-84 % width of a logistic front in units of its decay length."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Cells from the irradiated surface to the back electrode.

    Attributes:
        size: of the cells, shape (cells,) [m].
        cell: size in the exchanged zone [m].
        zone: depth of the zone of equal cells [m].
        surface_cell: size of the first cell [m].
        growth: ratio of neighbouring sizes behind the zone.
    """

    size: FloatArray
    cell: float
    zone: float
    surface_cell: float
    growth: float

    @property
    def faces(self) -> FloatArray:
        """Depths of the faces, shape (cells + 1,) [m]."""
        return np.concatenate([[0.0], np.cumsum(self.size)])

    @property
    def depth(self) -> FloatArray:
        """Depths of the cell centres, shape (cells,) [m]."""
        faces = self.faces
        return 0.5 * (faces[1:] + faces[:-1])

    def cells(self) -> Cells:
        """Arrays for the kernels."""
        distance = np.empty(len(self.size) + 1)
        distance[0] = 0.5 * self.size[0]
        distance[-1] = 0.5 * self.size[-1]
        distance[1:-1] = 0.5 * (self.size[1:] + self.size[:-1])
        return Cells(self.size, distance)

    def description(self) -> dict[str, float | int]:
        """What is stated in a result."""
        return {
            "cells": len(self.size),
            "cell": self.cell,
            "zone": self.zone,
            "surface_cell": self.surface_cell,
            "growth": self.growth,
        }


@dataclass(frozen=True, kw_only=True)
class ZoneEstimate:
    """Expected depth of exchange [m] and width of the narrowest front [m]."""

    depth: float
    width: float


def make_grid(experiment: Experiment) -> Grid:
    """The grid of an experiment: what its `grid` table gives, the rest chosen automatically.

    Raises:
        InputError: the given values do not fit each other or the sample.
    """
    thickness = experiment.sample.thickness
    given = experiment.grid
    estimate = estimate_zone(experiment)
    zone = given.zone if given.zone is not None else min(1.1 * estimate.depth + 2.0 * estimate.width, thickness)
    if zone > thickness:
        raise InputError(
            "must not exceed the thickness of the sample",
            file=experiment.file, key="grid.zone", value=f"{zone:g} m", bound=f"at most {thickness:g} m",
        )  # fmt: skip
    if given.cell is not None:
        cell = given.cell
    else:
        cell = min(max(estimate.width / CELLS_PER_FRONT, zone / MOST_ZONE_CELLS), zone / FEWEST_ZONE_CELLS)
    if cell > thickness / 4:
        raise InputError(
            "is too large for the sample",
            file=experiment.file, key="grid.cell", value=f"{cell:g} m", bound=f"at most {thickness / 4:g} m",
        )  # fmt: skip
    surface_cell = min(given.surface_cell if given.surface_cell is not None else SURFACE_CELL_FRACTION * cell, cell)
    growth = given.growth if given.growth is not None else GROWTH
    two_sided = _piles_up_at_back(experiment)
    half = _graded_sizes(thickness / 2 if two_sided else thickness, cell, zone, surface_cell, growth)
    size = np.concatenate([half, half[::-1]]) if two_sided else half
    return Grid(size=size, cell=cell, zone=zone, surface_cell=surface_cell, growth=growth)


def _graded_sizes(length: float, cell: float, zone: float, surface_cell: float, growth: float) -> FloatArray:
    """Cells that grow from the surface to ``cell``, stay equal down to ``zone`` and grow again, filling ``length`` exactly."""
    sizes = [surface_cell]
    while sizes[-1] * SURFACE_GROWTH < cell:
        sizes.append(sizes[-1] * SURFACE_GROWTH)
    head = np.array(sizes)
    equal = max(1, math.ceil((min(zone, length) - head.sum()) / cell))
    near = np.concatenate([head, np.full(equal, cell)])
    rest = length - near.sum()
    if rest <= 0.5 * cell:
        return near * (length / near.sum())
    tail: list[float] = []
    while sum(tail) < rest:
        tail.append((tail[-1] if tail else cell) * growth)
    # the last cell would overshoot: share the difference over the tail, whose ratio of neighbours stays the same
    return np.concatenate([near, np.array(tail) * (rest / sum(tail))])


def _piles_up_at_back(experiment: Experiment) -> bool:
    deposits = experiment.back_electrode.deposits
    if deposits is None:
        return False
    return any(name not in deposits and not is_immobile(ion.diffusion) for name, ion in experiment.ions.items())


def estimate_zone(experiment: Experiment) -> ZoneEstimate:
    """Depth of exchange and width of the narrowest front, by the sharp-front law carried from stage to stage.

    Exchanged layers are resistances in series; each stage drives its ions by what its potential leaves, adds their
    diffusion length, and moves the older fronts ahead.
    """
    sample = experiment.sample
    charge_density = sum(
        abs(experiment.ions[name].charge) * density
        for name, density in sample.native.items()
        if not is_immobile(experiment.ions[name].diffusion)
    )
    if charge_density == 0.0:
        return ZoneEstimate(depth=sample.thickness, width=sample.thickness)
    exchanged = 0.0
    layers = 0.0  # resistance of the exchanged layers, in units of length / diffusion coefficient
    depth = 0.0
    width = math.inf
    for index, stage in enumerate(experiment.stages):
        models = experiment.diffusion_models(index)
        native = _mean_coefficient(experiment, models, stage.temperature)
        thermal = ELEMENTARY_CHARGE / (BOLTZMANN_CONSTANT * stage.temperature)
        if isinstance(stage, Irradiation):
            entering, potential = [stage.beam], abs(stage.source_potential)
        elif isinstance(stage, Contact) and stage.composition is not None:
            entering = [name for name, fraction in stage.composition.items() if fraction > 0.0]
            potential = abs(stage.potential)
        elif isinstance(stage, Contact):
            permittivity = VACUUM_PERMITTIVITY * sample.relative_permittivity
            layer = math.sqrt(
                2 * permittivity * max(abs(stage.potential), 1 / thermal) / (ELEMENTARY_CHARGE * charge_density)
            )
            depth = max(depth, 2 * layer)
            width = min(width, 0.3 * layer)
            continue
        else:
            continue
        foreign = max(
            float(models[name].coefficient(np.array(experiment.bulk_density), stage.temperature)) for name in entering
        )
        slow, fast = max(min(native, foreign), 1e-60), max(native, foreign)
        if native <= 0.0:
            continue
        drive = potential * thermal * stage.duration
        resistance = max(sample.thickness - exchanged, 0.0) / native + layers
        gain = 1.0 / max(foreign, 1e-60) - 1.0 / native
        new = _positive_root(0.5 * gain, resistance, -drive)
        if isinstance(stage, Irradiation) and stage.beam_current is not None:
            flux = stage.beam_current / (sample.illuminated_area * ELEMENTARY_CHARGE * charge_density)
            new = min(new, flux * stage.duration)
        new = min(new, sample.thickness)
        spread = (
            math.sqrt(slow * stage.duration)
            if isinstance(stage, Irradiation)
            else 5 * math.sqrt(foreign * stage.duration)
        )
        exchanged = min(exchanged + new, sample.thickness)
        layers += new / max(foreign, 1e-60)
        # a fast foreign ion runs ahead of the amount that entered (a rarefaction); trapped ions widen the zone
        ahead = min(max(foreign / native, 1.0), 1e3)
        depth = min(max(depth, new * ahead + exchanged - new) + min(spread, sample.thickness), sample.thickness)
        if new > 0.0:
            speed = new / stage.duration
            drift = 1.0 / slow - 1.0 / fast
            front = LOGISTIC_WIDTH / (speed * drift) if drift > 0.0 else math.inf
            width = min(width, front)
        if isinstance(stage, Contact):
            width = min(width, math.sqrt(foreign * stage.duration))
    residual = max((_trapped_fraction(experiment, index) for index in range(len(experiment.stages))), default=0.0)
    depth = min(depth / (1.0 - min(residual, 0.9)), sample.thickness)
    if depth == 0.0:
        depth = sample.thickness
    return ZoneEstimate(depth=depth, width=min(width, depth))


def _positive_root(a: float, b: float, c: float) -> float:
    """Root of a q^2 + b q + c = 0 that is continuous to -c / b for a -> 0; infinite where the law has none."""
    discriminant = b * b - 4.0 * a * c
    return (
        math.inf
        if discriminant < 0.0
        else -2.0 * c / (b + math.sqrt(discriminant))
        if b > 0.0 or discriminant > 0.0
        else 0.0
    )


def _mean_coefficient(experiment: Experiment, models: dict[str, DiffusionModel], temperature: float) -> float:
    """Charge-weighted mean D of the native ions at native density [m^2/s]."""
    weight = total = 0.0
    for name, density in experiment.sample.native.items():
        model = models[name]
        counted = model.fermi_level_counts or (name,)
        fermi_density = sum(experiment.sample.native.get(other, 0.0) for other in counted)
        if is_immobile(experiment.ions[name].diffusion):
            continue
        charge = experiment.ions[name].charge
        total += charge * charge * density * float(model.coefficient(np.array(fermi_density), temperature))
        weight += abs(charge) * density
    return total / weight if weight > 0.0 else 0.0


def _trapped_fraction(experiment: Experiment, index: int) -> float:
    specifications = experiment.diffusion_specifications(index)
    return max((getattr(s, "trapped_fraction", 0.0) for s in specifications.values()), default=0.0)
