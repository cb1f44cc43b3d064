"""Potentials beyond the outermost cell centres of a face that no ion passes.

Such a face keeps the displacement that the stage before left. Its charge sits next to it, in a layer of ions at rest
that is as thin as the Debye length, or thinner where ions have piled up. A cell that is thicker does not resolve the
layer: taking the field of the face for that of its outer half would add a drop in proportion to the size of the cell.
"""

from __future__ import annotations

import math

import numpy as np

from ionscape.arrays import FloatArray

from .arrays import Medium, Problem
from .fluxes import log_coefficient

CONDUCTING_SHARE = 1e-6
"""Ions that carry less of the local conductivity do not screen: a charge is screened by those that arrive first."""

RESOLVED_DROP = 0.1
"""Largest drop over the outer half of a cell that resolves the layer, in thermal voltages ..."""
LEAST_DROP = 1e-6
"""... and drop over a layer that is left out [V]: that of the charge that a beam leaves is below it by far."""


def potentials_at_closed_faces(problem: Problem, y: FloatArray, back_field: float) -> tuple[float, float]:
    """Potential of the surface, with that of the last cell as zero, and of the last cell against the back [V].

    The outer half of a cell that resolves the layer has the field of the face, as in the kernels. A larger one has that
    of its inner face, unless the drop over the layer matters, which is found from the next cell (`drop_over_layer`).

    Args:
        problem: of the stage; its permittivity is greater than zero.
        y: the unknowns, shape (cells, ions + 1).
        back_field: at the end of the stage before [V/m].
    """
    surface_field = problem.boundaries.surface_displacement / problem.medium.permittivity
    at_surface = _drop(problem, y[:3], problem.cells.distance[:3], surface_field)
    return float(y[0, -1]) + at_surface, last_potential_at_open_circuit(problem, y, back_field)


def last_potential_at_open_circuit(problem: Problem, y: FloatArray, back_field: float) -> float:
    """Potential of the last cell against the back that keeps its field [V]; arguments as above."""
    # seen from the back the sample begins there, and the field has the other sign
    return -_drop(problem, y[:-4:-1], problem.cells.distance[:-4:-1], -back_field)


def drop_over_layer(medium: Medium, densities: FloatArray, field: float, inner_field: float) -> float:
    """Potential of a face against a point before it, between which ions are at rest [V].

    Poisson's equation with Boltzmann's densities has a first integral, the theory of Gouy and Chapman with a network
    that holds the rest of the charge. With psi = e phi / kT against that point,

        eps (E^2 - E'^2) / (2 kT) = sum_i n_i (exp(-Z_i psi) - 1) + psi sum_i Z_i n_i,native.

    Args:
        medium: the glass.
        densities: scaled densities n_i at the point, shape (ions,).
        field: E at the face, towards the point [V/m].
        inner_field: E' at the point [V/m].
    """
    from scipy.optimize import brentq

    charges, thermal = medium.charges, medium.thermal
    energy = 0.5 * medium.permittivity * thermal * (field**2 - inner_field**2)
    sign = math.copysign(1.0, field)
    native = float(charges @ medium.native)

    def excess(size: float) -> float:
        psi = sign * size
        return float(densities @ np.expm1(np.minimum(-charges * psi, 600.0))) + native * psi - energy

    upper = 1e-6
    while excess(upper) < 0.0:
        upper *= 2.0
    return sign * float(brentq(excess, 0.0, upper, xtol=1e-12)) / thermal if energy > 0.0 else 0.0


def _drop(problem: Problem, unknowns: FloatArray, distance: FloatArray, field: float) -> float:
    """Potential of a face against the centre of its cell [V].

    Args:
        problem: of the stage.
        unknowns: of the cell at the face and of the next two, shape (3, ions + 1).
        distance: from the face to the centre of its cell, and on to those of the next ones [m].
        field: at the face, into the glass [V/m].
    """
    medium = problem.medium
    half, thermal = float(distance[0]), medium.thermal
    length = _debye_length(problem, unknowns[0])
    thinnest = length if field == 0.0 else min(length, RESOLVED_DROP / (thermal * abs(field)))
    if half <= thinnest:
        return half * field
    fields = -np.diff(unknowns[:, -1]) / distance[1:]
    if abs(field) * length < LEAST_DROP:
        return half * float(fields[0])
    densities = np.maximum(medium.native + unknowns[1, :-1], 0.0)
    layer = drop_over_layer(medium, densities, field, float(fields.mean()))
    return layer + float(unknowns[1, -1] - unknowns[0, -1])


def _debye_length(problem: Problem, unknowns: FloatArray) -> float:
    """Debye length of the ions of a cell that conduct [m]; infinite without any."""
    medium, coefficients = problem.medium, problem.coefficients
    densities = np.maximum(medium.native + unknowns[:-1], 0.0)
    counted = coefficients.counts @ densities
    logarithms = [
        log_coefficient(coefficients.knots[i], coefficients.spacing_inverse[i], counted[i])[0]
        for i in range(len(densities))
    ]  # fmt: skip
    strengths = medium.charges**2 * densities
    conductivities = strengths * np.exp(logarithms)
    strength = float(strengths[conductivities > CONDUCTING_SHARE * conductivities.sum()].sum())
    return math.sqrt(medium.permittivity / (medium.thermal * strength)) if strength > 0.0 else math.inf
