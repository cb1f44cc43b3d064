"""What the compiled kernels read: plain arrays in scaled units, bundled in named tuples.

Scaling: densities are divided by ``density_scale`` (the total native density), so that they are of order one. Depths,
times, potentials and diffusion coefficients stay in SI. A flux divided by the density scale is a velocity [m/s].
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray

IntegerArray = NDArray[np.int64]

LANES = 4
"""Right-hand sides that lie side by side: as many as fit into a vector of the processor."""

SURFACE_BEAM = 0
SURFACE_HELD = 1
SURFACE_BLOCKING = 2
SURFACE_CLOSED = 3
SURFACE_OPEN_CIRCUIT = 4
"""Held like `SURFACE_HELD`, and no current flows: the potential is counted from the contact, and the back is closed."""

POTENTIAL_LIMITED = 0
BEAM_LIMITED = 1
BEAM_REPELLED = 2


class Cells(NamedTuple):
    """The grid: as it is, and, if it moves (`mesh`), how it does; the arrays of a fixed one's movement are empty."""

    size: FloatArray  # (cells,) [m]
    distance: FloatArray  # (cells + 1,) between neighbouring centres, half a cell at both ends [m]
    velocity: FloatArray  # (cells + 1,) of the faces in the running step [m/s]
    left_share: FloatArray  # (cells + 1,) weight of the cell on the left in what a moving face passes
    faces: FloatArray  # (cells + 1,) depths at the start of the running step [m]
    before: FloatArray  # (cells,) sizes at the start of the running step [m]


class Coefficients(NamedTuple):
    """ln D of every ion, tabulated at uniform knots of the density that sets its Fermi level.

    ``knots`` (ions, intervals + 1, 2): ln(D / m^2 s^-1) and its slope times the knot spacing; ``spacing_inverse``
    (ions,) [1 / scaled density], zero where D is constant; ``counts`` (ions, ions): 1 where the density of the second
    ion counts.
    """

    knots: FloatArray
    spacing_inverse: FloatArray
    counts: FloatArray


class Boundaries(NamedTuple):
    """The two faces during one stage. Fluxes are divided by the density scale [m/s].

    ``law``: one of the ``SURFACE_*`` codes; ``beam_share`` (ions,): flux of each injected ion in units of that of the
    first one if it carried the whole ion current, for which what follows holds; ``beam_flux`` [m/s], infinite when the
    beam is not limited; ``holding`` g [m/(s V)] of the law J = g (U_R - phi_s); ``applied_potential`` [V]: source
    potential or that of the contact; ``vacuum`` eps_0 / (e n d_aperture) [m/V]; ``surface_displacement`` [m]: frozen
    displacement of a closed face; ``back_field`` [V/m]: frozen field at the back at open circuit; ``held`` (ions,):
    scaled densities that a contact holds, ``held_coefficient`` (ions,) their D [m^2/s]; ``deposits`` (ions,): 1 where
    the back electrode takes the ion.
    """

    law: int
    beam_share: FloatArray
    beam_flux: float
    holding: float
    applied_potential: float
    vacuum: float
    surface_displacement: float
    back_field: float
    held: FloatArray
    held_coefficient: FloatArray
    deposits: FloatArray


class Medium(NamedTuple):
    """The glass at the temperature of one stage."""

    charges: FloatArray  # (ions,)
    ions: tuple[int, ...]  # one entry per ion: the compiler knows the length of a tuple and unrolls loops by it
    permittivity: float  # eps_0 eps_r / (e n) [m/V], zero for the electroneutral model
    thermal: float  # e / (k_B T) [1/V]
    native: FloatArray  # (ions,) scaled densities of the neutral sample; the unknowns are departures from them
    coupling: FloatArray  # (ions, ions) lambda of the pairs (`cross_terms`); (0, 0) without cross terms


class Problem(NamedTuple):
    """Everything that stays fixed during one stage."""

    cells: Cells
    medium: Medium
    coefficients: Coefficients
    boundaries: Boundaries


class Ramp(NamedTuple):
    """What changes over a piece of a stage; M is 0 where the temperature does not.

    The tables are those of the whole stage: at M places between its lowest and its highest temperature.
    """

    start: float  # of the piece [s]
    duration: float  # of the piece [s]; 0 where nothing changes
    potential: FloatArray  # (2,) that is applied, at the start and at the end [V]
    beam_flux: FloatArray  # (2,) as in `Boundaries`
    temperature: FloatArray  # (2,) [K]
    ends: FloatArray  # (2,) temperatures at the places s = 0 and s = 1 [K]
    nodes: FloatArray  # (M,) places s
    knots: FloatArray  # (M, ions, intervals + 1, 2) as in `Coefficients`
    log_holding: FloatArray  # (M,) of the magnitude of `Boundaries.holding`
    log_held_coefficient: FloatArray  # (M, ions) of `Boundaries.held_coefficient`
    knots_now: FloatArray  # (ions, intervals + 1, 2) buffer
    held_coefficient_now: FloatArray  # (ions,) buffer


class Variants(NamedTuple):
    """The stage for slightly changed values of G of the P parameters.

    ``problems`` holds 2 x G problems on top of each other: each of its numbers and arrays has two more axes in front,
    the first for the lower and the upper value of a parameter, the second for the parameter.
    """

    parameters: IntegerArray  # (G,) which of the P parameters
    spacing: FloatArray  # (G,) upper minus lower value
    duration: FloatArray  # (2, G) of the stage in units of the unchanged one
    problems: Any  # in the form of a `Problem`
    ramps: Any  # in the form of a `Ramp`, the same way


class Workspace(NamedTuple):
    """Buffers that live as long as one stage. m = ions + 1 unknowns per cell, the potential last."""

    coefficient: FloatArray  # (cells, ions) D [m^2/s]
    slope: FloatArray  # (cells, ions) d ln D / d (counted density)
    diagonal: FloatArray  # (cells, m, m)
    lower: FloatArray  # (cells, m, m)
    upper: FloatArray  # (cells, m, m)
    residual: FloatArray  # (cells, m)
    update_before: FloatArray  # (cells, m)
    augmented: FloatArray  # (m, 2 m + 1)
    pivots: IntegerArray  # (cells, m) row that was exchanged
    total_left: FloatArray  # (m,) derivative of the total current through one face by the unknowns of its left cell
    total_right: FloatArray  # (m,)
    surface_flux: FloatArray  # (ions,)
    back_flux: FloatArray  # (ions,)
    surface_slope: FloatArray  # (ions, m) derivative of the surface flux by the unknowns of the first cell
    back_slope: FloatArray  # (ions, m) derivative of the back flux by the unknowns of the last cell
    flux: FloatArray  # (cells, ions) into each cell from the cell before it [m/s]
    flux_by_left: FloatArray  # (cells, ions) derivative of the flux into each cell by ln D of the cell before it [m/s]
    flux_by_right: FloatArray  # (cells, ions) the same by ln D of the cell itself
    filtered: FloatArray  # (cells, m, 1, LANES) estimated error, of which the linear solver has taken what is damped
    face_value: FloatArray  # (2, ions) flux without cross terms and conductance of one face [m/s]
    face_slope: FloatArray  # (2, ions, 2, m) their derivatives by the unknowns of the cells on both sides
    passed: FloatArray  # (ions,) flux that each ion gets from the others at that face [m/s]
    passed_slope: FloatArray  # (ions, 2, m)
    face_by_log: FloatArray  # (2, ions, 2) derivatives of `face_value` by ln D of the ion on both sides
    passed_by_log: FloatArray  # (ions, 2, ions) derivatives of `passed` by ln D of each ion on both sides
    exchanged_by_log: FloatArray  # (cells, ions, 2, ions) the same of the flux into each cell from the cell before it
    wanted: FloatArray  # (cells,) wanted sizes of a moving grid [m]
    target: FloatArray  # (cells + 1,) depths towards which its faces move [m]
    line: FloatArray  # (cells + 1,) of the elimination for its velocity
    asked: FloatArray  # (1,) how many cells the wanted sizes ask for


# places in `State.clock` [s, except the error]
TIME = 0
NEXT_STEP = 1
"""Step that is proposed."""
LAST_STEP = 2
LAST_ERROR = 3
"""Of that step, in units of the tolerance."""
LONGEST_STEP = 4
"""Limit after a step in which Newton's method failed."""

# places in `State.counters`
STEPS = 0
REJECTED = 1
SYSTEMS = 2
"""Linear systems that were solved."""
REGIME = 3
"""Of the beam."""
SINCE_JUMP = 4
"""Accepted steps since conditions jumped."""


class State(NamedTuple):
    """All that changes, carried from call to call."""

    y: FloatArray  # (cells, ions + 1) departures of the scaled densities from the native ones, and potential [V]
    previous: FloatArray  # y one step before
    derivative: FloatArray  # (cells, ions) of the last substep of the last step [1/s]
    surface_rate: FloatArray  # (ions,) flux through the surface in that substep [m/s]
    back_rate: FloatArray  # (ions,) flux through the back in that substep [m/s]
    entered: FloatArray  # (ions,) scaled amount per area that passed the surface since the start of the experiment [m]
    departed: FloatArray  # (ions,) the same for the back
    clock: FloatArray  # (5,) at the places TIME, NEXT_STEP, ...
    counters: IntegerArray  # (5,) at the places STEPS, REJECTED, ...


class Substeps(NamedTuple):
    """Buffers of one step: its substeps are the stages of the Runge-Kutta method, of which the first is known."""

    values: FloatArray  # (substeps, cells, ions + 1)
    rates: FloatArray  # (substeps, cells, ions) [1/s]
    surface: FloatArray  # (substeps, ions) fluxes through the surface [m/s]
    back: FloatArray  # (substeps, ions)
    known: FloatArray  # (cells, ions) y* of the running substep
    modes: IntegerArray  # (substeps,) regime of the beam


class Control(NamedTuple):
    """Tolerances of the time integration."""

    tolerance: float  # accepted error of the scaled densities per step
    newton: float  # accepted error of a substep
    weights: FloatArray  # (cells,) share of each cell's squared error in the error norm
    smallest_step: float  # [s]


def no_ramp() -> Ramp:
    """Of a piece in which nothing changes."""
    two, none = np.zeros(2), np.zeros(0)
    return Ramp(0.0, 0.0, two, two, two, two, none, np.zeros((0, 0, 0, 0)), none, np.zeros((0, 0)),
                np.zeros((0, 0, 0)), none)  # fmt: skip


def make_workspace(cells: int, ions: int) -> Workspace:
    """Buffers for a grid of ``cells`` cells and ``ions`` ions."""
    m = ions + 1
    return Workspace(
        coefficient=np.empty((cells, ions)),
        slope=np.empty((cells, ions)),
        diagonal=np.empty((cells, m, m)),
        lower=np.empty((cells, m, m)),
        upper=np.empty((cells, m, m)),
        residual=np.empty((cells, m)),
        update_before=np.zeros((cells, m)),
        augmented=np.empty((m, 2 * m + 1)),
        pivots=np.empty((cells, m), dtype=np.int64),
        total_left=np.zeros(m),
        total_right=np.zeros(m),
        surface_flux=np.zeros(ions),
        back_flux=np.zeros(ions),
        surface_slope=np.zeros((ions, m)),
        back_slope=np.zeros((ions, m)),
        flux=np.zeros((cells, ions)),
        flux_by_left=np.zeros((cells, ions)),
        flux_by_right=np.zeros((cells, ions)),
        filtered=np.zeros((cells, m, 1, LANES)),
        face_value=np.zeros((2, ions)),
        face_slope=np.zeros((2, ions, 2, m)),
        passed=np.zeros(ions),
        passed_slope=np.zeros((ions, 2, m)),
        face_by_log=np.zeros((2, ions, 2)),
        passed_by_log=np.zeros((ions, 2, ions)),
        exchanged_by_log=np.zeros((cells, ions, 2, ions)),
        wanted=np.empty(cells),
        target=np.full(cells + 1, np.inf),
        line=np.empty(cells + 1),
        asked=np.zeros(1),
    )
