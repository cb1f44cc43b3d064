"""The grid: small cells where ions are exchanged, growing cells behind.

How deep the exchange reaches and how narrow its fronts are is estimated in `zone`, what the faces need in
`space_charge`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.remarks import Kind, Remark

from .arrays import Cells
from .moving import moving_cells, number_of_moving_cells
from .space_charge import Layer, layers_at_the_faces
from .suitability import ions_with_populations
from .zone import CELLS_PER_FRONT, ZONE_RESERVE, estimate_zone

FEWEST_ZONE_CELLS = 120
FEWEST_MELT_CELLS = 300
"""Of an exchange with a melt, whose profile is smooth from the surface on: a stress is the difference of its mean and
its values, and both are right within 1e-4."""
USUAL_ZONE_CELLS = 800
MOST_ZONE_CELLS = 3200
"""The front of the native ions may ask for so many; where it asks for more, the usual number places but does not
resolve it. Fronts between foreign ions are narrow and slow to follow: they ask for the usual number at most."""
UNRESOLVED = 1.5
"""Cells larger by more than this than those that resolve the front are remarked on: its width is off by over 1 %."""
GRID_STAYED = Kind(
    "grid_stayed",
    "The grid that moves with the fronts could not follow them after {time:time 3}; the simulation was repeated on a"
    " fixed one.",
)
FRONT_NOT_RESOLVED = Kind(
    "front_not_resolved",
    "Cells of {cell:length 3} place the front of the native ions but do not resolve it: its width, which would need"
    " cells of {needed:length 3}, comes out too large, its depth and the charge do not suffer; {path[grid.cell]} and"
    " {path[grid.zone]} set finer ones.",
)
LARGEST_MOVING_ZONE = 0.5
"""The grid moves with sharp fronts that lie in this part of the sample."""
SMALLEST_CELL = 1e-11
"""Automatic cells are not smaller [m]: a tenth of a bond length, below which densities have no meaning."""
SURFACE_CELL_FRACTION = 0.1
SURFACE_GROWTH = 1.3
CONTACT_CELL_FRACTION = 0.005
CONTACT_GROWTH = 1.1
SMALLEST_CONTACT_CELL = 1e-12
"""Next to a given composition D(n) of an ion that leaves falls by decades within the half cell, which is accurate to
first order only."""
GROWTH = 1.15


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Cells from the irradiated surface to the back electrode.

    Attributes:
        size: of the cells, shape (cells,) [m].
        front_width: estimated width of the narrowest front [m].
        cell: size in the exchanged zone [m].
        zone: depth of the zone of equal cells [m].
        surface_cell: size of the first cell [m].
        growth: ratio of neighbouring sizes behind the zone.
        front_cell: the largest cell that resolves the front of the native ions, where the automatic choice is larger
            because there would be too many [m]; None where it is not.
        moving: number of the cells that move with the fronts, whose values are brought to those above; None where the
            cells above are those of the simulation.
        stayed: time at which a grid that moves failed, so that this one took its place [s].
    """

    size: FloatArray
    front_width: float
    cell: float
    zone: float
    surface_cell: float
    growth: float
    front_cell: float | None = None
    moving: int | None = None
    stayed: float | None = None

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
        """Arrays for the kernels, at the start of the experiment."""
        return cells_of(self.size) if self.moving is None else moving_cells(float(self.size.sum()), self.moving)

    def description(self) -> dict[str, float | int]:
        """What is stated in a result."""
        return {
            "cells": len(self.size),
            "cell": self.cell,
            "zone": self.zone,
            "surface_cell": self.surface_cell,
            "growth": self.growth,
            "front_width": self.front_width,
            **({} if self.front_cell is None else {"front_cell": self.front_cell}),
            **({} if self.moving is None else {"moving": self.moving}),
            **({} if self.stayed is None else {"stayed": self.stayed}),
        }


def grid_remarks(description: Mapping[str, Any]) -> tuple[Remark, ...]:
    """What a reader must know of the grid of a result, from what is stored of it."""
    needed, stayed = description.get("front_cell"), description.get("stayed")
    remarks = () if needed is None else (FRONT_NOT_RESOLVED(cell=float(description["cell"]), needed=float(needed)),)
    return remarks if stayed is None else (*remarks, GRID_STAYED(time=float(stayed)))


def cells_of(size: FloatArray) -> Cells:
    """Arrays for the kernels of cells of these sizes [m], shape (cells,)."""
    distance = np.empty(len(size) + 1)
    distance[0] = 0.5 * size[0]
    distance[-1] = 0.5 * size[-1]
    distance[1:-1] = 0.5 * (size[1:] + size[:-1])
    nothing = np.empty(0)
    return Cells(size, distance, nothing, nothing, nothing, nothing)


def make_grid(experiment: Experiment) -> Grid:
    """The grid of an experiment: what its `grid` table gives, the rest chosen automatically.

    Raises:
        InputError: the given values do not fit each other or the sample.
    """
    thickness = experiment.sample.thickness
    given = experiment.grid
    estimate = estimate_zone(experiment)
    experiment, _ = experiment.sampled()
    zone = (
        given.zone if given.zone is not None else min(ZONE_RESERVE * estimate.depth + 2.0 * estimate.width, thickness)
    )
    if zone > thickness:
        raise InputError(
            "must not exceed the thickness of the sample",
            file=experiment.file, key="grid.zone", value=f"{zone:g} m", bound=f"at most {thickness:g} m",
        )  # fmt: skip
    if given.cell is not None:
        cell = given.cell
    else:
        cell = max(estimate.width / CELLS_PER_FRONT, zone / USUAL_ZONE_CELLS)
        if estimate.cell * MOST_ZONE_CELLS >= zone:
            cell = min(cell, estimate.cell)
        cell = max(min(cell, zone / _fewest_cells(experiment)), SMALLEST_CELL)
    if cell > thickness / 4:
        raise InputError(
            "is too large for the sample",
            file=experiment.file, key="grid.cell", value=f"{cell:g} m", bound=f"at most {thickness / 4:g} m",
        )  # fmt: skip
    fraction, surface_growth = SURFACE_CELL_FRACTION, SURFACE_GROWTH
    if _steep_at_the_surface(experiment):
        fraction, surface_growth = CONTACT_CELL_FRACTION, CONTACT_GROWTH
    automatic = max(fraction * cell, SMALLEST_CELL if fraction == SURFACE_CELL_FRACTION else SMALLEST_CONTACT_CELL)
    surface_cell = min(given.surface_cell if given.surface_cell is not None else automatic, cell)
    growth = given.growth if given.growth is not None else GROWTH
    at_surface, at_back = layers_at_the_faces(experiment)
    two_sided = at_back != Layer()
    if given.surface_cell is not None:
        at_surface, at_back = Layer(), Layer()
    length = thickness / 2 if two_sided else thickness
    back_cell, surface_cell = min(surface_cell, at_back.outermost), min(surface_cell, at_surface.outermost)
    size = _graded_sizes(length, cell, zone, surface_cell, growth, surface_growth, at_surface)
    if two_sided:
        behind = _graded_sizes(length, cell, zone, back_cell, growth, surface_growth, at_back)
        size = np.concatenate([size, behind[::-1]])
    moves = estimate.fronts > 0 and zone < LARGEST_MOVING_ZONE * thickness and not two_sided
    moves = moves and not _steep_at_the_surface(experiment) and not ions_with_populations(experiment)
    moving = number_of_moving_cells(given, moves=moves, fronts=estimate.fronts)
    unresolved = given.cell is None and cell > UNRESOLVED * estimate.cell
    return Grid(
        size=size, front_width=estimate.width, cell=cell, zone=zone, surface_cell=surface_cell, growth=growth,
        front_cell=estimate.cell if unresolved and moving is None else None, moving=moving,
    )  # fmt: skip


def _graded_sizes(
    length: float, cell: float, zone: float, surface_cell: float, growth: float, surface_growth: float, layer: Layer
) -> FloatArray:
    """Cells that grow from a face to ``cell``, are equal down to ``zone`` and grow again, filling ``length``.

    Down to its depth they are no larger than those of the layer.
    """
    sizes = [surface_cell]
    while sizes[-1] * surface_growth < cell:
        sizes.append(sizes[-1] * surface_growth)
        if sizes[-1] > layer.cell and sum(sizes) < layer.depth:
            sizes[-1] = max(layer.cell, SMALLEST_CELL)
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


def _fewest_cells(experiment: Experiment) -> int:
    """Cells that the zone has at least."""
    laws = [stage.surface_law() for stage in experiment.stages]
    melts = any(law.composition is not None and law.potential is None for law in laws)
    return FEWEST_MELT_CELLS if melts else FEWEST_ZONE_CELLS


def _steep_at_the_surface(experiment: Experiment) -> bool:
    """Whether a surface has a given composition, and D of an ion depends on density."""
    return any(
        stage.surface_law().composition is not None
        and any(model.density_limit is not None for model in experiment.diffusion_models(index).values())
        for index, stage in enumerate(experiment.stages)
    )
