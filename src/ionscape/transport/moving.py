"""Around a grid that moves with the fronts (`mesh`): when it does, how it begins, and its values at common depths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray

if TYPE_CHECKING:
    from ionscape.experiment import GridSpecification

from .arrays import Cells

SMALLEST_CELL = 5e-12
"""Wanted size of a moving cell at the surface, and at a front however steep [m]."""
CELLS_FOR_A_FRONT = 200
CELLS_FOR_TWO = 600
"""Where a later front runs through an earlier one, the glass between both is narrow."""
MOST_ASKED = 1.2
"""In units of the cells that there are, as many may be asked for by the wanted sizes; where more are ..."""
MORE_CELLS = 4
MOST_CELLS = 1200
"""... the simulation begins again with so many times as many, but no more than that."""


def number_of_moving_cells(given: GridSpecification, *, moves: bool, fronts: int) -> int | None:
    """How many cells move; None where the grid stays.

    Args:
        given: what the experiment asks for; sizes of cells belong to a fixed grid.
        moves: whether a grid that moves suits the experiment.
        fronts: number of its fronts.
    """
    sizes = (given.cell, given.zone, given.surface_cell, given.growth)
    if given.kind == "fixed" or any(size is not None for size in sizes) or not (moves or given.kind == "moving"):
        return None
    return CELLS_FOR_A_FRONT if fronts < 2 else CELLS_FOR_TWO


def more_moving_cells(count: int, asked: float) -> int:
    """How many cells are to move in place of ``count``, where the wanted sizes ask for so many; the same if enough."""
    return count if asked <= MOST_ASKED * count else max(count, min(MORE_CELLS * count, MOST_CELLS))


def moving_cells(thickness: float, count: int) -> Cells:
    """Cells for the kernels that grow from the surface by equal ratios down to the thickness [m]."""
    from scipy.optimize import brentq

    def excess(growth: float) -> float:
        return float(SMALLEST_CELL * (growth ** np.arange(count)).sum() - thickness)

    growth = brentq(excess, 1.0, 2.0) if excess(1.0) < 0.0 else 1.0
    size = growth ** np.arange(count)
    size *= thickness / size.sum()
    distance = np.concatenate([[0.5 * size[0]], 0.5 * (size[1:] + size[:-1]), [0.5 * size[-1]]])
    faces = np.concatenate([[0.0], np.cumsum(size)])
    return Cells(size, distance, np.zeros(count + 1), np.full(count + 1, 0.5), faces, size.copy())


def redistribute(faces: FloatArray, values: FloatArray, at_faces: FloatArray, others: FloatArray) -> FloatArray:
    """Means over other cells of a profile with given means, whose integral is kept.

    Within a cell the profile is the parabola with its mean and with the values at both faces.

    Args:
        faces: depths of the faces of the cells, shape (cells + 1,) [m].
        values: means over the cells, shape (cells, columns).
        at_faces: values at the faces, shape (cells + 1, columns).
        others: faces of the other cells between the same two ends, shape (m + 1,) [m].
    """
    size = np.diff(faces)
    inside = np.clip(np.searchsorted(faces, others, side="right") - 1, 0, len(size) - 1)
    t = np.clip((others - faces[inside]) / size[inside], 0.0, 1.0)[:, None]
    means, left, right = values[inside], at_faces[inside], at_faces[inside + 1]
    up_to = means * t * t * (3.0 - 2.0 * t) + left * t * (1.0 - t) ** 2 - right * t * t * (1.0 - t)
    gathered = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values * size[:, None], axis=0)])
    amounts = gathered[inside] + up_to * size[inside][:, None]
    return np.diff(amounts, axis=0) / np.diff(others)[:, None]


def positive_at_faces(faces: FloatArray, values: FloatArray, charges: FloatArray) -> FloatArray:
    """Densities at the faces from their means over the cells, such that the parabolas between stay positive.

    Values on straight lines between the centres, at most three times the mean on either side (Fritsch & Carlson 1980,
    for the slopes of a monotone integral). What that takes from one ion goes to those of its sign that are there, so
    that no charge is made.

    Args:
        faces: depths of the faces, shape (cells + 1,) [m].
        values: means over the cells, shape (cells, ions).
        charges: charge numbers, shape (ions,).

    Returns:
        Shape (cells + 1, ions).
    """
    size = np.diff(faces)[:, None]
    share = size[1:] / (size[1:] + size[:-1])
    straight = share * values[:-1] + (1.0 - share) * values[1:]
    most = 3.0 * np.maximum(np.minimum(values[:-1], values[1:]), 0.0)
    limited = np.clip(straight, 0.0, most)
    for sign in (-1.0, 1.0):
        ions = charges * sign > 0.0
        missing = (straight - limited)[:, ions] @ np.abs(charges[ions])
        free = np.where(limited == straight, limited, 0.0)[:, ions]
        total = free @ np.abs(charges[ions])
        share = np.divide(missing, total, out=np.zeros_like(total), where=total > np.abs(missing))
        limited[:, ions] += free * share[:, None]
    return np.concatenate([values[:1], np.minimum(limited, most), values[-1:]])
