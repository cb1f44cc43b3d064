"""Nernst-Planck-Poisson irradiation through SUNDIALS IDA: an independent solver of the package's equations.

Any number of ions of any charge. The unknowns of a cell are the densities n_i/n_bulk and the potential ψ = e φ/(k_B T).
The equations are the balance of every ion and, instead of Poisson's equation, its time derivative: the total current
Σ Z_i J_i + λ² dE/dt is the same at all faces. Poisson's equation is then a linear invariant, which the multistep
formulas of IDA keep (the result tells how well). The Jacobian is banded and found by IDA from difference quotients.

Shared with the package is only the discretisation under test: cell averages, Scharfetter-Gummel fluxes, the rule for D
at a face, the drop of the potential over half of the last cell, the surface potential in the first cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded
from sksundae.ida import IDA

FloatArray = NDArray[np.float64]

ELEMENTARY_CHARGE = 1.602176634e-19
BOLTZMANN = 1.380649e-23
VACUUM_PERMITTIVITY = 8.8541878188e-12


@dataclass(frozen=True, kw_only=True)
class Irradiation:
    """One irradiation stage; SI units.

    Attributes:
        faces: faces of the cells from the irradiated surface to the back electrode [m] (cells + 1,)
        diffusion: for each ion, D [m²/s] (cells,) from the densities of all ions / bulk density (ions, cells)
        charges: charge numbers (ions,)
        initial_densities: [1/m³] (ions,) or (ions, cells)
        initial_potential: [V] (cells,), in accord with Poisson's equation; None = 0, the glass being neutral
        bulk_density: unit of density [1/m³]
        beam: index of the ion that the beam adds
        source_potential: [V]
        beam_flux: largest flux that the beam delivers [1/(m² s)]; None = as much as the surface takes
        surface_stiffness: flux that enters per volt that the surface lies below the source [1/(m² s V)]
        relative_permittivity, aperture_distance [m], temperature [K], duration [s], area [m²]
    """

    faces: FloatArray
    diffusion: tuple[Callable[[FloatArray], FloatArray], ...]
    charges: tuple[int, ...]
    initial_densities: FloatArray
    bulk_density: float
    beam: int
    source_potential: float
    surface_stiffness: float
    relative_permittivity: float
    aperture_distance: float
    temperature: float
    duration: float
    area: float
    beam_flux: float | None = None
    initial_potential: FloatArray | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """State at the end and what has passed; SI units.

    Attributes:
        depth: centres of the cells [m] (cells,)
        densities: [1/m³] (ions, cells)
        potential: [V] (cells,)
        current: through the back electrode [A]
        collected_charge, injected_charge: through back and surface, by ion [C] (ions,)
        poisson_violation: largest charge density that contradicts the potential, relative to e n_bulk
        evaluations: of the residual
    """

    depth: FloatArray
    densities: FloatArray
    potential: FloatArray
    current: float
    collected_charge: FloatArray
    injected_charge: FloatArray
    poisson_violation: float
    evaluations: int


class _Equations:
    """Residuals in units of n_bulk, k_B T/e, m and s; y = cells × (n_1 … n_m, ψ), then the collected amounts."""

    def __init__(self, problem: Irradiation) -> None:
        self.problem = problem
        self.size = np.diff(problem.faces)
        self.depth = (problem.faces[1:] + problem.faces[:-1]) / 2
        self.spacing = np.diff(self.depth)
        self.ions, self.cells = len(problem.charges), len(self.size)
        self.charge = np.array(problem.charges, dtype=np.float64)[:, None]
        self.thermal_voltage = BOLTZMANN * problem.temperature / ELEMENTARY_CHARGE
        vacuum = VACUUM_PERMITTIVITY * self.thermal_voltage / (ELEMENTARY_CHARGE * problem.bulk_density)
        # Displacement at a face = capacitance × difference of ψ across it, from the aperture to the back electrode.
        glass = vacuum * problem.relative_permittivity
        self.capacitance = np.concatenate(
            [[vacuum / problem.aperture_distance], glass / self.spacing, [2 * glass / self.size[-1]]]
        )
        self.stiffness = problem.surface_stiffness * self.thermal_voltage / problem.bulk_density
        self.source = problem.source_potential / self.thermal_voltage
        self.beam_flux = np.inf if problem.beam_flux is None else problem.beam_flux / problem.bulk_density

    def split(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        cells = y[: self.cells * (self.ions + 1)].reshape(self.cells, self.ions + 1)
        return cells[:, : self.ions].T, cells[:, self.ions]

    def displacement(self, psi: FloatArray) -> FloatArray:
        return -self.capacitance * np.diff(psi, prepend=0.0, append=0.0)

    def fluxes(self, n: FloatArray, psi: FloatArray) -> FloatArray:
        """J_i/n_bulk [m/s] at all faces (ions, cells + 1)."""
        coefficient = np.array([function(n) for function in self.problem.diffusion])
        drop = self.charge * np.diff(psi)
        net = _bernoulli(drop) * n[:, :-1] - _bernoulli(-drop) * n[:, 1:]
        left, right = coefficient[:, :-1], coefficient[:, 1:]
        from_left = net > 0
        donor, receiver = np.where(from_left, left, right), np.where(from_left, right, left)
        mean = np.where(receiver > donor, _harmonic_mean(left, right), _contraharmonic_mean(left, right))
        flux = np.zeros((self.ions, self.cells + 1))
        flux[:, 1:-1] = mean * net / self.spacing
        flux[self.problem.beam, 0] = min(self.beam_flux, self.stiffness * (self.source - psi[0]))
        pull = np.maximum(self.charge[:, 0] * psi[-1], 0.0) / (self.size[-1] / 2)
        flux[:, -1] = coefficient[:, -1] * n[:, -1] * pull
        return flux

    def residual(self, _time: float, y: FloatArray, yp: FloatArray, out: FloatArray) -> None:
        n, psi = self.split(y)
        dn, dpsi = self.split(yp)
        flux = self.fluxes(n, psi)
        cells = np.empty((self.cells, self.ions + 1))
        cells[:, : self.ions] = (self.size * dn + np.diff(flux)).T
        cells[:, self.ions] = np.diff(self.displacement(dpsi)) + np.diff(np.sum(self.charge * flux, axis=0))
        out[: cells.size] = cells.ravel()
        out[cells.size :] = yp[cells.size :] - flux[:, -1]

    def initial_rate(self, y: FloatArray) -> FloatArray:
        n, psi = self.split(y)
        flux = self.fluxes(n, psi)
        inner = self.capacitance[1:-1]
        laplacian = np.zeros((3, self.cells))
        laplacian[0, 1:], laplacian[2, :-1] = -inner, -inner
        laplacian[1] = self.capacitance[1:] + self.capacitance[:-1]
        charging = solve_banded((1, 1), laplacian, -np.diff(np.sum(self.charge * flux, axis=0)))
        cells = np.vstack([-np.diff(flux) / self.size, charging]).T
        return np.concatenate([cells.ravel(), flux[:, -1]])


def irradiate(problem: Irradiation, *, rtol: float = 1e-8, atol: float = 1e-10) -> Outcome:
    """Integrate one irradiation stage; `atol` is relative to bulk density and to k_B T/e.

    Raises:
        RuntimeError: IDA gave up.
    """
    equations = _Equations(problem)
    ions, cells = equations.ions, equations.cells
    densities = np.asarray(problem.initial_densities, dtype=np.float64) / problem.bulk_density
    n = np.broadcast_to(densities if densities.ndim == 2 else densities[:, None], (ions, cells))
    psi = np.zeros(cells)
    if problem.initial_potential is not None:
        psi = problem.initial_potential / equations.thermal_voltage
    start = np.concatenate([np.vstack([n, psi]).T.ravel(), np.zeros(ions)])
    band = 2 * (ions + 1) - 1
    solver = IDA(
        equations.residual, rtol=rtol, atol=atol, linsolver="band", lband=band, uband=band,
        first_step=1e-12, max_num_steps=1_000_000, max_nonlin_iters=8,
    )  # fmt: skip
    # With only two times IDA would keep every step in memory.
    times = np.array([0.0, 0.5, 1.0]) * problem.duration
    solution = solver.solve(times, start, equations.initial_rate(start))
    if not solution.success:
        raise RuntimeError(f"IDA stopped at {solution.t[-1]:g} s: {solution.message}")
    end = solution.y[-1]
    final, potential = equations.split(end)
    collected = end[cells * (ions + 1) :]
    injected = (final - n) @ equations.size + collected
    charge = np.sum(equations.charge * (final - n), axis=0)
    implied = np.diff(equations.displacement(potential - psi)) / equations.size
    flux = equations.fluxes(final, potential)
    coulomb = ELEMENTARY_CHARGE * problem.bulk_density * problem.area
    return Outcome(
        depth=equations.depth,
        densities=final * problem.bulk_density,
        potential=potential * equations.thermal_voltage,
        current=float(coulomb * np.sum(equations.charge[:, 0] * flux[:, -1])),
        collected_charge=coulomb * equations.charge[:, 0] * collected,
        injected_charge=coulomb * equations.charge[:, 0] * injected,
        poisson_violation=float(np.max(np.abs(charge - implied))),
        evaluations=solution.nfev,
    )


def _bernoulli(w: FloatArray) -> FloatArray:
    """w/(exp w - 1), by its series where the quotient would cancel."""
    near = np.abs(w) < 1e-2
    away = np.where(near, 1.0, w)
    return np.where(near, 1 - w / 2 + w**2 / 12 - w**4 / 720, away / np.expm1(away))


def _contraharmonic_mean(a: FloatArray, b: FloatArray) -> FloatArray:
    total = a + b
    return np.divide(a * a + b * b, total, out=np.zeros_like(total), where=total > 0)


def _harmonic_mean(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.divide(2 * a * b, a + b, out=np.zeros_like(a), where=(a + b) > 0)
