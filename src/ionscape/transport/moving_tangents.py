"""Derivatives along a grid that moves with the fronts (`mesh`), whose faces follow the derivatives of the fronts.

The solution does not depend on the grid; its error does. With the grid as given, a front that shifts with a parameter
moves through cells among which it is at rest otherwise, and the error of where it stands among them, small as it is,
is taken for a force on the front: where D(n) falls off a cliff, derivatives came out with the wrong sign. So every
parameter shifts the faces too, by xi = dx/dp with the velocity eta, chosen such that the densities in the cells change
little. What is carried is then the derivative in a cell, S = du/dp along the shifted cells; that at a fixed depth is
S - xi dn/dx.

Letters as in `tangents` and `mesh`; d distance of two centres, dx size; ' derivative by a parameter of what belongs to
the grid: h' = xi_right - xi_left, d' = (h'_left + h'_right) / 2.
"""

from __future__ import annotations

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel

from .arrays import LANES, LAST_STEP, Cells, Problem, State, Substeps, Workspace
from .mesh import STIFFNESS, swept
from .tangent_arrays import Tangents


@inner_kernel
def follow_fronts(state: State, step: float, cells: Cells, tangents: Tangents) -> None:
    """Choose eta such that xi minimises sum_i int (S_x + xi dn/dx)^2 dx + int (dxi/dx)^2 dx at the end of the step.

    S_x = S - xi dn/dx is the derivative at fixed depth. The minimum at the start is carried on over the step as it
    changed over the last one. The first and the last cell stay.
    """
    y, size, distance = state.y, cells.size, cells.distance
    faces, velocity, line = tangents.faces, tangents.velocity, tangents.line
    values = tangents.values[0]
    count, ions = state.derivative.shape
    groups = faces.shape[1]
    for f in (0, 1, count - 1, count):
        for g in range(groups):
            for p in range(LANES):
                velocity[f, g, p] = 0.0
    line[1] = 0.0
    for f in range(2, count - 1):
        square = 0.0
        for i in range(ions):
            slope = (y[f, i] - y[f - 1, i]) / distance[f]
            square += slope * slope
        below = -STIFFNESS / size[f - 1]
        above = -STIFFNESS / size[f]
        pivot = square * distance[f] - below - above - below * line[f - 1]
        line[f] = above / pivot
        share = 0.5 * size[f] / distance[f]
        for g in range(groups):
            for p in range(LANES):
                product = -square * faces[f, g, p]
                for i in range(ions):
                    slope = (y[f, i] - y[f - 1, i]) / distance[f]
                    product += slope * (share * values[f - 1, i, g, p] + (1.0 - share) * values[f, i, g, p])
                velocity[f, g, p] = (-product * distance[f] - below * velocity[f - 1, g, p]) / pivot
    for f in range(count - 2, 1, -1):
        for g in range(groups):
            for p in range(LANES):
                velocity[f, g, p] -= line[f] * velocity[f + 1, g, p]
    inverse = 1.0 / step
    last = state.clock[LAST_STEP]
    trend = 1.0 / last if last > 0.0 else 0.0
    aim = tangents.aim
    for f in range(2, count - 1):
        for g in range(groups):
            for p in range(LANES):
                now = velocity[f, g, p]
                velocity[f, g, p] = (now - faces[f, g, p]) * inverse + (now - aim[f, g, p]) * trend
                aim[f, g, p] = now


@inner_kernel
def size_tangents(time: float, tangents: Tangents) -> None:
    """H' after a part of the step [s]."""
    faces, velocity, size = tangents.faces, tangents.velocity, tangents.size
    for k in range(size.shape[0]):
        for g in range(size.shape[1]):
            for p in range(LANES):
                widening = velocity[k + 1, g, p] - velocity[k, g, p]
                size[k, g, p] = faces[k + 1, g, p] - faces[k, g, p] + time * widening


@inner_kernel
def _swept(k: int, i: int, g: int, p: int, y: FloatArray, cells: Cells, tangents: Tangents, substep: int) -> float:
    """Derivative of `mesh.swept`, the weights of both sides as given."""
    last = y.shape[0] - 1
    values, eta = tangents.values[substep], tangents.velocity
    before, behind = max(k - 1, 0), min(k + 1, last)
    share = cells.left_share[k + 1]
    total = cells.velocity[k + 1] * (share * values[k, i, g, p] + (1.0 - share) * values[behind, i, g, p])
    total += eta[k + 1, g, p] * (share * y[k, i] + (1.0 - share) * y[behind, i])
    share = cells.left_share[k]
    total -= cells.velocity[k] * (share * values[before, i, g, p] + (1.0 - share) * values[k, i, g, p])
    return total - eta[k, g, p] * (share * y[before, i] + (1.0 - share) * y[k, i])


@inner_kernel
def amount_rate_tangents(state: State, cells: Cells, tangents: Tangents) -> None:
    """Derivatives of `mesh.amount_rates` at the start of a step, in place."""
    rates, rate = tangents.rates[0], state.derivative
    for k in range(rate.shape[0]):
        for i in range(rate.shape[1]):
            for g in range(rates.shape[2]):
                for p in range(LANES):
                    own = cells.size[k] * rates[k, i, g, p] + tangents.size[k, g, p] * rate[k, i]
                    rates[k, i, g, p] = own + _swept(k, i, g, p, state.y, cells, tangents, 0)


@inner_kernel
def density_rate_tangents(substeps: Substeps, last: int, cells: Cells, tangents: Tangents) -> None:
    """Derivatives of `mesh.density_rates` at the end of a step, in place."""
    rates, y = tangents.rates[0], substeps.values[last]
    count, ions = rates.shape[0], rates.shape[1]
    for k in range(count):
        for i in range(ions):
            swept_in = swept(k, cells, y[max(k - 1, 0), i], y[k, i], y[min(k + 1, count - 1), i])
            rate = (substeps.rates[last, k, i] - swept_in) / cells.size[k]
            for g in range(rates.shape[2]):
                for p in range(LANES):
                    own = rates[k, i, g, p] - _swept(k, i, g, p, y, cells, tangents, 0)
                    rates[k, i, g, p] = (own - rate * tangents.size[k, g, p]) / cells.size[k]


@inner_kernel
def subtract_moved_residuals(
    y: FloatArray, step: float, known: FloatArray, problem: Problem, work: Workspace, tangents: Tangents,
    right: FloatArray,
) -> None:  # fmt: skip
    """Subtract dG/dp by the sizes, distances and velocities of the grid from the right-hand sides.

    A flux goes with 1 / d, what a moving face passes with V; at the solution the sum of all fluxes over h is what the
    known part leaves. That of y* by the sizes is in K.
    """
    cells, charges, permittivity = problem.cells, problem.medium.charges, problem.medium.permittivity
    size, eta = tangents.size, tangents.velocity
    count, ions = known.shape
    for k in range(count):
        for g in range(right.shape[2]):
            for p in range(LANES):
                grown = size[k, g, p] / cells.size[k]
                charge = 0.0
                for i in range(ions):
                    right[k, i, g, p] -= grown * (y[k, i] - known[k, i])
                    charge += charges[i] * known[k, i]
                right[k, ions, g, p] += grown * charge
    for r in range(1, count):
        k = r - 1
        share = cells.left_share[r]
        inverse = 1.0 / cells.distance[r]
        displacement = permittivity * (y[r, ions] - y[k, ions]) * inverse
        for g in range(right.shape[2]):
            for p in range(LANES):
                apart = 0.5 * (size[k, g, p] + size[r, g, p]) * inverse
                total = displacement * apart
                for i in range(ions):
                    flux = -work.flux[r, i] * apart - eta[r, g, p] * (share * y[k, i] + (1.0 - share) * y[r, i])
                    right[k, i, g, p] -= step / cells.size[k] * flux
                    right[r, i, g, p] += step / cells.size[r] * flux
                    total += step * charges[i] * flux
                right[k, ions, g, p] -= total / cells.size[k]
                right[r, ions, g, p] += total / cells.size[r]
