"""A grid whose cells move with the fronts: a front at rest among its cells needs few time steps.

Letters as in `equations`; V velocity of a face, v the same before the relaxation, x depth of a face.

Within a step the faces move uniformly, x(t + c dt) = x + c dt V, and the amounts h u of the cells are integrated
instead of the departures u (arbitrary Lagrangian-Eulerian form). A moving face is passed by F = J - V u, with u of the
face from both sides. Sizes follow from the same V, so that constants stay constant for every Runge-Kutta method, and
native densities drop out of F. Both ends of the sample stay where they are.

The velocity minimises sum_i int (dn_i/dt + v dn_i/dx)^2 dx + int (dv/dx)^2 dx, the rate of change that the cells see
(moving finite elements: Miller & Miller 1981; here with the rates of a finite-volume scheme). What that leaves to
chance is mended by a slow relaxation towards the depths at which a wanted size of cells is equidistributed.
"""

from __future__ import annotations

import math

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel

from .arrays import Cells, Problem, State, Workspace
from .cross_terms import share_of_diffusion
from .moving import SMALLEST_CELL

CHANGE_PER_CELL = 0.04
"""Wanted change of a scaled density from one cell to the next: 25 cells share a front."""
SURFACE_SLOPE = 0.3
"""Wanted growth of the size with the depth next to the surface: a later front starts there."""
CELLS_PER_ZONE = 80.0
"""In the exchanged zone at least so many cells are wanted."""
STEEPEST_GRADING = 0.25
"""Largest wanted change of the size per depth."""
EXCHANGED = 0.02
"""Departure of a scaled density from which a cell belongs to the exchanged zone."""
STIFFNESS = 1.0
"""Weight of the gradient of the velocity beside the rates of change that the cells see."""
RELAXATION = 0.05
"""Time of the relaxation, in units of that in which the fastest face crosses the zone ..."""
LARGEST_APPROACH = 0.3
"""... and the largest part of the way that is made up in a step."""
LARGEST_SHRINKING = 0.5
"""Largest part of its size that a cell may lose in a step."""
LARGEST_SURFACE_CELL = 5.0
"""Size of the first cell in units of the wanted one at which the grid has gone astray.

With such a cell the front lands too deep, while balance and estimated error are as they should be.
"""
CHANGED = 1e-4
"""Departure of a scaled density from which the diffusion of its ion decides how it is advected."""


@inner_kernel
def place(cells: Cells, time: float) -> None:
    """Sizes and distances after a part of a step [s]."""
    size, distance, before, velocity = cells.size, cells.distance, cells.before, cells.velocity
    last = size.shape[0] - 1
    for k in range(last + 1):
        size[k] = before[k] + time * (velocity[k + 1] - velocity[k])
    distance[0] = 0.5 * size[0]
    for k in range(1, last + 1):
        distance[k] = 0.5 * (size[k] + size[k - 1])
    distance[last + 1] = 0.5 * size[last]


@inner_kernel
def amount_rates(rates: FloatArray, y: FloatArray, cells: Cells) -> None:
    """From rates of departures at fixed depths to those of amounts in moving cells, in place; h and V of now."""
    last = rates.shape[0] - 1
    for k in range(last + 1):
        for i in range(rates.shape[1]):
            swept_in = swept(k, cells, y[max(k - 1, 0), i], y[k, i], y[min(k + 1, last), i])
            rates[k, i] = cells.size[k] * rates[k, i] + swept_in


@inner_kernel
def density_rates(rates: FloatArray, y: FloatArray, cells: Cells) -> None:
    """The inverse of `amount_rates`."""
    last = rates.shape[0] - 1
    for k in range(last + 1):
        for i in range(rates.shape[1]):
            swept_in = swept(k, cells, y[max(k - 1, 0), i], y[k, i], y[min(k + 1, last), i])
            rates[k, i] = (rates[k, i] - swept_in) / cells.size[k]


@inner_kernel
def swept(k: int, cells: Cells, before: float, own: float, behind: float) -> float:
    """What the moving faces of cell k bring into it per time, from its departure and those of its two neighbours."""
    velocity, share = cells.velocity, cells.left_share
    from_right = velocity[k + 1] * (share[k + 1] * own + (1.0 - share[k + 1]) * behind)
    return from_right - velocity[k] * (share[k] * before + (1.0 - share[k]) * own)


@inner_kernel
def moving_faces(y: FloatArray, step: float, problem: Problem, work: Workspace) -> None:
    """Add - V u of the inner faces to residual and Jacobian."""
    cells = problem.cells
    charges = problem.medium.charges
    ions = len(problem.medium.ions)
    residual, diagonal, lower, upper = work.residual, work.diagonal, work.lower, work.upper
    for k in range(y.shape[0] - 1):
        r = k + 1
        left_scale = step / cells.size[k]
        right_scale = step / cells.size[r]
        by_left = -cells.velocity[r] * cells.left_share[r]
        by_right = -cells.velocity[r] - by_left
        for i in range(ions):
            z = charges[i]
            flux = by_left * y[k, i] + by_right * y[r, i]
            residual[k, i] += left_scale * flux
            residual[r, i] -= right_scale * flux
            residual[k, ions] += left_scale * z * flux
            residual[r, ions] -= right_scale * z * flux
            diagonal[k, i, i] += left_scale * by_left
            upper[k, i, i] += left_scale * by_right
            lower[r, i, i] -= right_scale * by_left
            diagonal[r, i, i] -= right_scale * by_right
            diagonal[k, ions, i] += left_scale * z * by_left
            upper[k, ions, i] += left_scale * z * by_right
            lower[r, ions, i] -= right_scale * z * by_left
            diagonal[r, ions, i] -= right_scale * z * by_right


@inner_kernel
def steer(state: State, step: float, problem: Problem, weights: FloatArray, work: Workspace) -> None:
    """Choose the velocity of every face for the next step, and the weights of the cells in the error of the step."""
    cells = problem.cells
    y, velocity, faces = state.y, cells.velocity, cells.faces
    count = y.shape[0]
    ions = len(problem.medium.ions)
    wanted, target = work.wanted, work.target
    zone = wanted_sizes(y, cells, ions, wanted)
    for k in range(count):
        # a layer that the wanted cells resolve is judged as a whole
        weights[k] = min(1.0, CHANGE_PER_CELL * cells.size[k] / wanted[k])
    work.asked[0] = equidistribute(cells, wanted, target)
    least_squares_velocity(state, cells, ions, velocity, work.line)
    fastest = 0.0
    for f in range(1, count):
        fastest = max(fastest, abs(velocity[f]))
    time = step / LARGEST_APPROACH
    if fastest > 0.0:
        time = max(time, RELAXATION * zone / fastest)
    shrinking = 0.0
    for f in range(1, count):
        velocity[f] += (target[f] - faces[f]) / time
        shrinking = max(shrinking, (velocity[f - 1] - velocity[f]) * step / cells.size[f - 1])
    shrinking = max(shrinking, velocity[count - 1] * step / cells.size[count - 1])
    if shrinking > LARGEST_SHRINKING:
        for f in range(1, count):
            velocity[f] *= LARGEST_SHRINKING / shrinking
    weigh_advection(y, problem, work)


@inner_kernel
def hold(cells: Cells) -> None:
    """Let all faces rest in the next step."""
    for f in range(cells.velocity.shape[0]):
        cells.velocity[f] = 0.0
        cells.left_share[f] = 0.5


@inner_kernel
def has_strayed(cells: Cells, work: Workspace) -> bool:
    """Whether moving cells have left the surface behind."""
    return cells.velocity.shape[0] > 0 and cells.size[0] > LARGEST_SURFACE_CELL * max(SMALLEST_CELL, work.target[1])


@inner_kernel
def wanted_sizes(y: FloatArray, cells: Cells, ions: int, wanted: FloatArray) -> float:
    """Wanted size at every cell [m]; returns the depth of the exchanged zone [m]."""
    count = y.shape[0]
    faces = cells.faces
    zone = 0.0
    for k in range(count):
        exchanged = 0.0
        for i in range(ions):
            exchanged += 0.5 * abs(y[k, i])
        if exchanged > EXCHANGED:
            zone = faces[k + 1]
    zone = max(zone, faces[1])
    for k in range(count):
        centre = 0.5 * (faces[k] + faces[k + 1])
        wanted[k] = min(SMALLEST_CELL + SURFACE_SLOPE * centre, faces[count])
        if centre < zone:
            wanted[k] = min(wanted[k], max(SMALLEST_CELL, zone / CELLS_PER_ZONE))
    for k in range(1, count):
        change = 0.0
        for i in range(ions):
            # half of it, since what one ion loses another gains
            change += 0.5 * abs(y[k, i] - y[k - 1, i])
        size = CHANGE_PER_CELL * cells.distance[k]
        size = max(SMALLEST_CELL, size / change) if change > 0.0 else np.inf
        wanted[k] = min(wanted[k], size)
        wanted[k - 1] = min(wanted[k - 1], size)
    for k in range(1, count):
        wanted[k] = min(wanted[k], wanted[k - 1] + STEEPEST_GRADING * cells.distance[k])
    for k in range(count - 2, -1, -1):
        wanted[k] = min(wanted[k], wanted[k + 1] + STEEPEST_GRADING * cells.distance[k + 1])
    return zone


@inner_kernel
def equidistribute(cells: Cells, wanted: FloatArray, target: FloatArray) -> float:
    """Depths of the faces between which int dx / (wanted size) is the same in all cells [m]; returns it for all."""
    faces, size = cells.faces, cells.size
    count = size.shape[0]
    total = 0.0
    for k in range(count):
        total += size[k] / wanted[k]
    target[0] = 0.0
    target[count] = faces[count]
    k = 0
    gone = 0.0  # up to the face on the left of cell k
    for f in range(1, count):
        level = total * f / count
        while k < count - 1 and gone + size[k] / wanted[k] < level:
            gone += size[k] / wanted[k]
            k += 1
        target[f] = faces[k] + (level - gone) * wanted[k]
    return total


@inner_kernel
def least_squares_velocity(state: State, cells: Cells, ions: int, velocity: FloatArray, line: FloatArray) -> None:
    """The v of the module's description, by elimination of a tridiagonal system into ``velocity``; 0 at both ends."""
    y, rate, size, distance = state.y, state.derivative, cells.size, cells.distance
    count = y.shape[0]
    velocity[0] = 0.0
    velocity[count] = 0.0
    line[0] = 0.0
    for f in range(1, count):
        square = 0.0
        product = 0.0
        for i in range(ions):
            slope = (y[f, i] - y[f - 1, i]) / distance[f]
            share = 0.5 * size[f] / distance[f]
            square += slope * slope
            product += slope * (share * rate[f - 1, i] + (1.0 - share) * rate[f, i])
        below = -STIFFNESS / size[f - 1]
        above = -STIFFNESS / size[f]
        pivot = square * distance[f] - below - above - below * line[f - 1]
        line[f] = above / pivot
        velocity[f] = (-product * distance[f] - below * velocity[f - 1]) / pivot
    for f in range(count - 1, 0, -1):
        velocity[f] -= line[f] * velocity[f + 1]


@inner_kernel
def weigh_advection(y: FloatArray, problem: Problem, work: Workspace) -> None:
    """Share of the left cell in u of every face, the same for all ions, so that no face carries charge.

    The mean is that of the distances, and upwind as far as diffusion asks for it: with kappa = coth(p/2) - 2/p of the
    cell Peclet number p the scheme is exact for constant V and D (Il'in 1969; Scharfetter & Gummel 1969).
    """
    cells = problem.cells
    diffusing = share_of_diffusion(problem.medium.coupling)
    for r in range(1, y.shape[0]):
        slowest = np.inf
        for i in range(len(problem.medium.ions)):
            if max(abs(y[r, i]), abs(y[r - 1, i])) > CHANGED:
                slowest = min(slowest, work.coefficient[r, i], work.coefficient[r - 1, i])
        speed = cells.velocity[r]
        p = abs(speed) * cells.distance[r] / (diffusing * slowest)
        upwind = p / 6.0
        if p > 60.0:
            upwind = 1.0 - 2.0 / p
        elif p > 0.1:
            upwind = 1.0 / math.tanh(0.5 * p) - 2.0 / p
        share = 0.5 * cells.size[r] / cells.distance[r]
        # seen from a face that moves to the right, what is on its right comes towards it
        cells.left_share[r] = (1.0 - upwind) * share + (upwind if speed < 0.0 else 0.0)
