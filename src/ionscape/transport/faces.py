"""Potentials beyond the outermost cell centres of a face that no ion passes.

Such a face keeps the displacement that the stage before left. Its charge sits next to it, in a layer as thin as the
Debye length that the mobile ions there have. A cell that is thicker does not resolve the layer: taking the field of the
face for that of its outer half would add a drop in proportion to the size of the cell.
"""

from __future__ import annotations

import math

import numpy as np

from ionscape.arrays import FloatArray

from .arrays import Problem
from .fluxes import log_coefficient

CONDUCTING_SHARE = 1e-6
"""Ions that carry less of the local conductivity do not screen: a charge is screened by those that arrive first."""


def potentials_at_closed_faces(problem: Problem, y: FloatArray, back_field: float) -> tuple[float, float]:
    """Potential of the surface, with that of the last cell as zero, and of the last cell against the back [V].

    The outer half of a cell that is no thicker than the Debye length has the field of the face, as in the kernels. A
    thicker one has that of its inner face: what the layer of the surface charge adds, its field times the Debye length,
    is below a microvolt after the current of any experiment.

    Args:
        problem: of the stage; its permittivity is greater than zero.
        y: the unknowns, shape (cells, ions + 1).
        back_field: at the end of the stage before [V/m].
    """
    cells, medium = problem.cells, problem.medium
    potential = y[:, -1]
    front = float(cells.distance[0])
    slope = float(potential[1] - potential[0]) / float(cells.distance[1])
    surface_field = problem.boundaries.surface_displacement / medium.permittivity
    at_surface = _drop(front, -slope, surface_field, _debye_length(problem, y[0]))
    return float(potential[0]) + at_surface, last_potential_at_open_circuit(problem, y, back_field)


def last_potential_at_open_circuit(problem: Problem, y: FloatArray, back_field: float) -> float:
    """Potential of the last cell against the back that keeps its field [V]; arguments as above."""
    distance, potential = problem.cells.distance, y[:, -1]
    slope = float(potential[-1] - potential[-2]) / float(distance[-2])
    return _drop(float(distance[-1]), -slope, back_field, _debye_length(problem, y[-1]))


def _drop(half: float, inner: float, outer: float, debye_length: float) -> float:
    return half * (outer if half <= debye_length else inner)


def _debye_length(problem: Problem, unknowns: FloatArray) -> float:
    """Debye length of the ions of a cell that conduct [m]; infinite without any."""
    medium, coefficients = problem.medium, problem.coefficients
    densities = np.maximum(medium.native + unknowns[:-1], 0.0)
    strengths = medium.charges**2 * densities
    counted = coefficients.counts @ densities
    logarithms = [
        log_coefficient(coefficients.knots[i], coefficients.spacing_inverse[i], counted[i])[0]
        for i in range(len(densities))
    ]  # fmt: skip
    conductivities = strengths * np.exp(logarithms)
    strength = float(strengths[conductivities > CONDUCTING_SHARE * conductivities.sum()].sum())
    return math.sqrt(medium.permittivity / (medium.thermal * strength)) if strength > 0.0 else math.inf
