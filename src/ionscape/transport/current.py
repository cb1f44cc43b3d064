"""The current through the sample, after a step has been accepted.

The sum of ionic and displacement current is the same at all depths. Its mean over the way from the first cell to the
grounded back electrode is

    I = (sum_k distance_k sum_i Z_i J_ik + permittivity dphi_1/dt) / sum_k distance_k,

since the displacement sums up to the potential of the first cell alone (Shockley 1938; Ramo 1939). The ionic currents
are those at the end of the step, the change of the potential is known as its mean over the step. At one face the two
may be large and opposite, as at a back electrode where a space charge forms, and times half a step apart do not cancel;
the potential of the first cell changes little.
"""

from __future__ import annotations

import numpy as np

from ionscape.arrays import FloatArray

from .arrays import LAST_STEP, SURFACE_CLOSED, SURFACE_OPEN_CIRCUIT, Problem, State
from .tangent_arrays import Tangents, one_by_one

OPEN_CIRCUIT = (SURFACE_CLOSED, SURFACE_OPEN_CIRCUIT)


def current_density(state: State, problem: Problem) -> float:
    """Scaled density of the total current at the end of the last step [m/s]; zero at open circuit."""
    if problem.boundaries.law in OPEN_CIRCUIT:
        return 0.0
    distance = problem.cells.distance[1:]
    return float(((distance * _ionic(state, problem)).sum() + _displacement(state, problem)) / distance.sum())


def current_slopes(state: State, problem: Problem, tangents: Tangents) -> FloatArray:
    """Derivatives of `current_density` by the parameters, shape (P,)."""
    if problem.boundaries.law in OPEN_CIRCUIT:
        return np.zeros(tangents.parameters)
    size, distance = problem.cells.size, problem.cells.distance[1:]
    charges, permittivity = problem.medium.charges, problem.medium.permittivity
    length = distance.sum()
    parameters = tangents.parameters
    ionic, displacement = _ionic(state, problem), _displacement(state, problem)
    current = current_density(state, problem)
    # sum_k distance_k sum_(m > k) x_m = sum_m x_m (distance from the first cell to cell m)
    lever = np.concatenate([[0.0], np.cumsum(distance[:-1])])
    gathered = np.einsum("k,kip,i->p", lever * size, one_by_one(tangents.rates[0], parameters), charges)
    rise = one_by_one(tangents.values[0, 0, -1] - tangents.potential_before, parameters)
    slopes = np.einsum("i,ip->p", charges, one_by_one(tangents.back[0], parameters))
    slopes += (gathered + permittivity * rise / state.clock[LAST_STEP]) / length
    if problem.cells.velocity.size > 0:
        slopes += _by_moved_cells(ionic - current, state.derivative @ charges, lever, tangents) / length
    variants = tangents.variants
    cells, medium = variants.problems.cells, variants.problems.medium
    for number, parameter in enumerate(variants.parameters):

        def change(lower_and_upper: FloatArray, number: int = number) -> FloatArray:
            return (lower_and_upper[1, number] - lower_and_upper[0, number]) / variants.spacing[number]

        varied = (change(cells.distance)[1:] * (ionic - current)).sum()
        varied += (lever * (state.derivative @ charges) * change(cells.size)).sum()
        if permittivity > 0.0:
            varied += change(medium.permittivity) / permittivity * displacement
        # fluxes are counted per unit of unchanged time; a current is not
        slopes[parameter] += varied / length - current * change(variants.duration)
    return slopes


def _by_moved_cells(excess: FloatArray, gain: FloatArray, lever: FloatArray, tangents: Tangents) -> FloatArray:
    """The part of a changed sum over the cells that their changed sizes and distances make, shape (P,)."""
    size = np.diff(one_by_one(tangents.faces, tangents.parameters), axis=0)
    distance = 0.5 * (size + np.concatenate([size[1:], 0.0 * size[:1]]))
    return excess @ distance + (lever * gain) @ size


def _ionic(state: State, problem: Problem) -> FloatArray:
    """Scaled density of the ions' current through the face behind each cell: through the back, and gathered before."""
    gathered = (state.derivative @ problem.medium.charges) * problem.cells.size
    ionic = np.full(gathered.size, float(state.back_rate @ problem.medium.charges))
    ionic[:-1] += np.cumsum(gathered[:0:-1])[::-1]
    return ionic


def _displacement(state: State, problem: Problem) -> float:
    """Permittivity times the mean change of the potential of the first cell over the last step."""
    change = float(state.y[0, -1] - state.previous[0, -1])
    return problem.medium.permittivity * change / float(state.clock[LAST_STEP])
