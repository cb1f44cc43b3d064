"""Potentials beyond the outermost cell centres of a stage in which no ion passes either face.

Both faces keep the displacement that the stage before left. Its charge sits next to the face, in a layer as thin as the
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


def potentials_at_closed_faces(problem: Problem, y: FloatArray, last_potential: float) -> tuple[float, float]:
    """Potential of the surface, with that of the last cell as zero, and of the last cell against the back [V].

    The outer half of a cell that is no thicker than the Debye length has the field of the face, as in the kernels. A
    thicker one has that of its inner face: what the layer of the surface charge adds, its field times the Debye length,
    is below a microvolt after the current of any experiment.

    Args:
        problem: of the stage; its permittivity is greater than zero.
        y: the unknowns, shape (cells, ions + 1).
        last_potential: of the last cell at the end of the stage before [V], which tells the field at the back.
    """
    cells, medium = problem.cells, problem.medium
    potential = y[:, -1]
    slope = np.diff(potential[[0, 1, -2, -1]])[[0, 2]] / cells.distance[[1, -2]]
    front, back = cells.distance[0], cells.distance[-1]
    surface_field = problem.boundaries.surface_displacement / medium.permittivity
    at_surface = _drop(float(front), float(-slope[0]), surface_field, _debye_length(problem, y[0]))
    at_back = _drop(float(back), float(-slope[1]), last_potential / float(back), _debye_length(problem, y[-1]))
    return float(potential[0]) + at_surface, at_back


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
