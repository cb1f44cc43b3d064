"""One irradiation stage through SUNDIALS IDA with a compiled residual and a compiled banded Jacobian.

IDA solves the very equations of the package on the same grid: the balance of every ion, and in place of Poisson's
equation its time derivative, the total current through the faces of a cell. That is a plain implicit differential
equation F(y, y') = 0 with y = (n_1 ... n_m, phi) cell by cell; Poisson's equation is then a linear invariant of IDA's
multistep formulas. Rows, each multiplied by the cell size h:

    h n_i' + J_i,right - J_i,left = 0
    D_right(phi') - D_left(phi') + sum Z_i (J_i,right - J_i,left) = 0        D: displacement at a face

The Jacobian dF/dy + c_j dF/dy' is h c_j times what the package assembles for an implicit stage with s = 1/c_j.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg import solve_banded
from sksundae.ida import IDA

from ionscape.transport.arrays import POTENTIAL_LIMITED, Problem, Workspace, make_workspace
from ionscape.transport.equations import assemble
from ionscape.transport.fluxes import OUTFLOW_SMOOTHING, bernoulli, face_coefficient, log_coefficient, outflow

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one integration by IDA gave.

    Attributes:
        state: at the end, departures of the scaled densities and potential [V] (cells, ions + 1)
        wall_time: of the integration [s]
        residuals: evaluations of F
        jacobians: evaluations of the Jacobian
    """

    state: FloatArray
    wall_time: float
    residuals: int
    jacobians: int


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
def fill_residual(
    y: FloatArray,
    rate: FloatArray,
    out: FloatArray,
    size: FloatArray,
    distance: FloatArray,
    knots: FloatArray,
    spacing_inverse: FloatArray,
    counts: FloatArray,
    charges: FloatArray,
    deposits: FloatArray,
    permittivity: float,
    thermal: float,
    holding: float,
    source: float,
    vacuum: float,
    beam: int,
    flux: FloatArray,
    coefficient: FloatArray,
) -> None:
    """F(y, y') of the beam's potential-limited regime; ``flux`` (ions,) and ``coefficient`` (2, ions) are buffers.

    Plain arrays instead of the package's bundles: unpacking those at every call from Python would cost as much as the
    residual itself.
    """
    ions = charges.shape[0]
    m = ions + 1
    count = size.shape[0]
    for i in range(ions):
        flux[i] = 0.0
    flux[beam] = holding * (source - y[ions])
    displacement = -vacuum * rate[ions]
    own = coefficient[0]
    next_cell = coefficient[1]
    for i in range(ions):
        own[i] = cell_coefficient(0, i, y, m, knots, spacing_inverse, counts)
    for k in range(count):
        base = k * m
        total = 0.0
        for i in range(ions):
            out[base + i] = size[k] * rate[base + i] - flux[i]
            total += charges[i] * flux[i]
        out[base + ions] = -displacement - total
        inverse = 1.0 / distance[k + 1]
        if k < count - 1:
            drop = y[base + m + ions] - y[base + ions]
            displacement = -permittivity * inverse * (rate[base + m + ions] - rate[base + ions])
            for i in range(ions):
                w = charges[i] * thermal * drop
                plus, _ = bernoulli(w)
                bracket = plus * y[base + i] - (plus + w) * y[base + m + i]
                next_cell[i] = cell_coefficient(k + 1, i, y, m, knots, spacing_inverse, counts)
                if bracket >= 0.0:
                    face, _, _ = face_coefficient(own[i], next_cell[i])
                else:
                    face, _, _ = face_coefficient(next_cell[i], own[i])
                flux[i] = face * inverse * bracket
        else:
            displacement = permittivity * inverse * rate[base + ions]
            for i in range(ions):
                drift, _ = outflow(charges[i] * thermal * y[base + ions], abs(charges[i]) * OUTFLOW_SMOOTHING)
                flux[i] = deposits[i] * own[i] * inverse * drift * y[base + i]
        total = 0.0
        for i in range(ions):
            out[base + i] += flux[i]
            total += charges[i] * flux[i]
            own[i] = next_cell[i]
        out[base + ions] += displacement + total


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
def cell_coefficient(
    k: int, i: int, y: FloatArray, m: int, knots: FloatArray, spacing_inverse: FloatArray, counts: FloatArray
) -> float:
    """D of one ion in one cell [m^2/s]."""
    if spacing_inverse[i] == 0.0:
        return math.exp(knots[i, 0, 0])
    counted = 0.0
    for j in range(m - 1):
        counted += counts[i, j] * y[k * m + j]
    logarithm, _ = log_coefficient(knots[i], spacing_inverse[i], counted)
    return math.exp(logarithm)


@njit(cache=True)
def fill_jacobian(
    y: FloatArray, shift: float, problem: Problem, work: Workspace, state: FloatArray, matrix: FloatArray
) -> None:
    """dF/dy + shift dF/dy' into the band of ``matrix``; ``state`` (cells, ions + 1) is a buffer."""
    cells, m = state.shape
    for k in range(cells):
        for a in range(m):
            state[k, a] = y[k * m + a]
            if a < m - 1:
                state[k, a] -= problem.medium.native[a]
    assemble(state, state, 1.0 / shift, problem, POTENTIAL_LIMITED, work, None)
    for k in range(cells):
        scale = problem.cells.size[k] * shift
        for a in range(m):
            row = k * m + a
            for b in range(m):
                matrix[row, row - a + b] = scale * work.diagonal[k, a, b]
                if k > 0:
                    matrix[row, row - a - m + b] = scale * work.lower[k, a, b]
                if k < cells - 1:
                    matrix[row, row - a + m + b] = scale * work.upper[k, a, b]


class BandedIda:
    """IDA on the arrays of one irradiation stage in its potential-limited regime."""

    def __init__(self, problem: Problem) -> None:
        boundaries, medium = problem.boundaries, problem.medium
        if np.count_nonzero(boundaries.beam_share) != 1 or not math.isinf(boundaries.beam_flux):
            raise ValueError("only for a beam of one ion without a limit of its current")
        self.problem = problem
        self.cells = len(problem.cells.size)
        self.ions = len(medium.charges)
        self.work = make_workspace(self.cells, self.ions)
        self._state = np.empty((self.cells, self.ions + 1))
        self._arguments = (
            problem.cells.size, problem.cells.distance, problem.coefficients.knots,
            problem.coefficients.spacing_inverse, problem.coefficients.counts, medium.charges, boundaries.deposits,
            medium.permittivity, medium.thermal, boundaries.holding, boundaries.applied_potential, boundaries.vacuum,
            int(np.argmax(boundaries.beam_share)), np.zeros(self.ions), np.zeros((2, self.ions)),
        )  # fmt: skip
        self.residuals = self.jacobians = 0

    def residual(self, _time: float, y: FloatArray, rate: FloatArray, out: FloatArray) -> None:
        self.residuals += 1
        fill_residual(y, rate, out, *self._arguments)

    def jacobian(
        self, _time: float, y: FloatArray, _rate: FloatArray, _out: FloatArray, shift: float, matrix: FloatArray
    ) -> None:
        self.jacobians += 1
        fill_jacobian(y, shift, self.problem, self.work, self._state, matrix)

    def initial_rate(self, y: FloatArray) -> FloatArray:
        """y' that satisfies F(y, y') = 0 (cells, ions + 1)."""
        m = self.ions + 1
        out = np.empty(self.cells * m)
        fill_residual(y.ravel(), np.zeros_like(out), out, *self._arguments)
        out = out.reshape(self.cells, m)
        distance = self.problem.cells.distance
        capacitance = self.problem.medium.permittivity / distance[1:]
        laplacian = np.zeros((3, self.cells))
        laplacian[0, 1:] = laplacian[2, :-1] = -capacitance[:-1]
        laplacian[1] = capacitance
        laplacian[1, 1:] += capacitance[:-1]
        laplacian[1, 0] += self.problem.boundaries.vacuum
        rate = -out / self.problem.cells.size[:, None]
        rate[:, -1] = solve_banded((1, 1), laplacian, -out[:, -1])
        return rate

    def run(
        self, state: FloatArray, start: float, end: float, *, rtol: float, atol: float, potential_atol: float,
        first_step: float = 0.0,
    ) -> Run:  # fmt: skip
        """Integrate from ``state`` (cells, ions + 1) at ``start`` to ``end`` [s].

        ``atol`` belongs to the scaled densities, ``potential_atol`` [V] to the potential. IDA sees the densities
        themselves, so that its relative tolerance has a meaning; the state of the package is their departure from the
        native ones.

        Raises:
            RuntimeError: IDA gave up.
        """
        m = self.ions + 1
        tolerances = np.full((self.cells, m), atol)
        tolerances[:, -1] = potential_atol
        self.residuals = self.jacobians = 0
        solver = IDA(
            self.residual, jacfn=self.jacobian, rtol=rtol, atol=tolerances.ravel(), linsolver="band",
            lband=2 * m - 1, uband=2 * m - 1, first_step=first_step, max_num_steps=1_000_000,
        )  # fmt: skip
        native = np.append(self.problem.medium.native, 0.0)
        initial = state + native
        rate = self.initial_rate(initial)
        # with only two times every step would be kept and copied
        times = np.array([start, 0.5 * (start + end), end])
        began = time.perf_counter()
        solution = solver.solve(times, initial.ravel(), rate.ravel())
        elapsed = time.perf_counter() - began
        if not solution.success:
            raise RuntimeError(f"IDA stopped at {solution.t[-1]:g} s: {solution.message}")
        return Run(
            state=solution.y[-1].reshape(self.cells, m) - native, wall_time=elapsed, residuals=self.residuals,
            jacobians=self.jacobians,
        )  # fmt: skip
