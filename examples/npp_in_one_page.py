"""Ion exchange in a glass on one page: Rb+ driven into Li3B7O12 (first stage of Gunawan 2026), without `ionscape`.

    dn_i/dt = -dJ_i/dx,   J_i = -D_i (dn_i/dx + n_i dψ/dx)       Nernst and Planck: both ions drift and diffuse
    λ² d²ψ/dx² = 1 - n_Li - n_Rb                                 Poisson: charge bends the potential

Densities n are fractions of the native density, the potential ψ is in units of k_B T/e, lengths in m, times in s, the
fluxes J in m/s. The Debye length λ = √(ε0 ε_r k_B T/(e² n_bulk)) is 0.028 nm, so that n_Li + n_Rb = 1 to within 1e-4.
Poisson's equation therefore serves to find n_Li, and the potential follows from the conservation of charge: the total
current, of the ions and of the displacement λ² dE/dt, is the same at every depth.
"""

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.linalg import solve_banded

ELEMENTARY_CHARGE, BOLTZMANN, EPSILON_0 = 1.602176634e-19, 1.380649e-23, 8.8541878188e-12
TEMPERATURE, DURATION, SOURCE_POTENTIAL = 323.15, 94.46 * 3600, 15.0
THICKNESS, AREA, APERTURE_DISTANCE = 2.325e-3, 28.26e-6, 8e-3
BULK_DENSITY, RELATIVE_PERMITTIVITY = 1.4e28, 7.0
D_RB, D_LI_BULK = 2.67e-22, 5.8e-19  # the activation energy shifts all site energies alike and cancels
WIDTH, TRAPPED_WIDTH, TRAPPED, SITES = 0.16, 0.05, 0.10, 1.10  # widths in eV, sites per native ion
THERMAL_VOLTAGE = BOLTZMANN * TEMPERATURE / ELEMENTARY_CHARGE
VACUUM = EPSILON_0 * THERMAL_VOLTAGE / (ELEMENTARY_CHARGE * BULK_DENSITY)  # λ² for ε_r = 1
SCREENING, SOURCE = RELATIVE_PERMITTIVITY * VACUUM, SOURCE_POTENTIAL / THERMAL_VOLTAGE  # λ² of the glass; ψ
STIFFNESS = D_LI_BULK * SOURCE / THICKNESS * THERMAL_VOLTAGE / 1e-6  # the beam: keeps the surface 1 µV below the source


def lithium_diffusion():
    """ln D_Li against n_Li: Li fills the site energies from below, the highest one filled sets D."""

    def fermi_energy(density):  # by bisection: fills two branches of sites, one period of cos² each, from below
        low, high = (np.full(density.shape, e) for e in (-np.pi * (WIDTH + TRAPPED_WIDTH / 2), np.pi / 2 * WIDTH))
        for _ in range(60):
            energy = (low + high) / 2
            u = np.clip([energy / WIDTH, (energy + np.pi * WIDTH) / TRAPPED_WIDTH], -np.pi / 2, np.pi / 2)
            filled = np.tensordot([SITES - TRAPPED, TRAPPED], (u + np.sin(u) * np.cos(u)) / np.pi + 0.5, 1)
            low, high = np.where(filled < density, (energy, high), (low, energy))
        return high

    knots, jump = np.linspace(0, SITES, 4097), TRAPPED / SITES * 4096
    near, energies = np.arange(int(jump) - 63, int(jump) + 65), fermi_energy(knots)
    ends = np.clip([near - 2, 0 * near + jump, near + 2], near - 2, near + 2)  # where D jumps ...
    width, (nodes, weights) = np.diff(ends, axis=0)[..., None], np.polynomial.legendre.leggauss(8)
    places = (ends[:2, :, None] + width * (nodes + 1) / 2) * SITES / 4096
    energies[near] = (width * weights * fermi_energy(places)).sum((0, 2)) / 8  # ... ln D is its mean over 4 knots
    return PchipInterpolator(knots, np.log(D_LI_BULK) + (energies - fermi_energy(np.ones(1))) / THERMAL_VOLTAGE)


class Sample:
    """The equations on a grid: the unknowns of a cell are y = (n_Rb, ψ), and d content(y)/dt = rate(y)."""

    def __init__(self, faces):
        self.size, self.depth = np.diff(faces), (faces[1:] + faces[:-1]) / 2
        self.spacing, self.to_back = np.diff(self.depth), self.size[-1] / 2
        self.log_d = lithium_diffusion()
        self.log_d_slope = self.log_d.derivative()

    def displacement(self, psi):
        """λ² E at all faces; ψ falls to zero at the aperture in front of the glass and at the electrode behind it."""
        inside = SCREENING * (psi[..., :-1] - psi[..., 1:]) / self.spacing
        front, back = -VACUUM * psi[..., :1] / APERTURE_DISTANCE, SCREENING * psi[..., -1:] / self.to_back
        return np.concatenate([front, inside, back], axis=-1)

    def lithium(self, y):
        return 1 - y[..., 0] + np.diff(self.displacement(y[..., 1])) / self.size  # Poisson

    def flux(self, n, d, psi, injected):
        """J at all faces: exact for uniform J and field between two cell centres (Scharfetter and Gummel)."""
        drop = np.diff(psi)
        bracket = bernoulli(drop) * n[..., :-1] - bernoulli(-drop) * n[..., 1:]
        donor = np.where(bracket.real > 0, d[..., :-1], d[..., 1:])
        receiver = np.where(bracket.real > 0, d[..., 1:], d[..., :-1])
        # Ions trapped in the donor stay there (harmonic mean); an empty receiver does not lock them out.
        products = np.where(receiver.real > donor.real, 2 * donor * receiver, donor**2 + receiver**2)
        face = products / (donor + receiver)
        leaving = d[..., -1:] * n[..., -1:] * np.where(psi[..., -1:].real > 0, psi[..., -1:], 0) / self.to_back
        return np.concatenate([injected, face / self.spacing * bracket, leaving], axis=-1)

    def fluxes(self, y):
        n_rb, psi, n_li = y[..., 0], y[..., 1], self.lithium(y)
        known = np.clip(n_li.real, 0, SITES)  # an imaginary part carries a derivative, see `jacobian`
        d_li = np.exp(self.log_d(known) + (n_li - n_li.real) * self.log_d_slope(known))
        beam = STIFFNESS * (SOURCE - psi[..., :1])
        return self.flux(n_rb, np.full_like(n_rb, D_RB), psi, beam), self.flux(n_li, d_li, psi, 0 * beam)

    def content(self, y):
        """What a cell holds of Rb and of charge (by Gauss, the difference of λ² E at its faces)."""
        return np.stack([self.size * y[..., 0], np.diff(self.displacement(y[..., 1]))], axis=-1)

    def rate(self, y):
        rubidium, lithium = self.fluxes(y)
        return -np.stack([np.diff(rubidium), np.diff(rubidium + lithium)], axis=-1)


def bernoulli(w):
    safe = np.where(small := np.abs(w) < 1e-3, 1, w)
    return np.where(small, 1 - w / 2 + w * w / 12, safe / np.expm1(safe))


def jacobian(function, y):
    """d function/dy by complex steps, as a band of 11 diagonals: a cell depends on two neighbours on either side."""
    cells, colour, row = len(y), np.arange(10)[:, None], np.arange(y.size)
    seeds = (row % 10 == colour).reshape(10, cells, 2)  # unknowns five cells apart do not meet in any equation
    slopes = function(y + 1e-30j * seeds).imag.reshape(10, -1) / 1e-30
    cell = row // 2 + (colour // 2 - row // 2 + 2) % 5 - 2
    column, inside, band = 2 * cell + colour % 2, (cell >= 0) & (cell < cells), np.zeros((11, y.size))
    band[(5 + row - column)[inside], column[inside]] = slopes[inside]
    return band


# RODAS: a Runge-Kutta method of order 4(3) for stiff equations that needs no iteration (Hairer and Wanner, volume II).
A = [[], [1.544], [0.9466785280815826, 0.2557011698983284], [3.314825187068521, 2.896124015972201, 0.9986419139977817],
     [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950],
     [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0]]  # fmt: skip
C = [[], [-5.6688], [-2.430093356833875, -0.2063599157091915],
     [-0.1073529058151375, -9.594562251023355, -20.47028614809616],
     [7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160],
     [8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054]]  # fmt: skip


def run(faces, duration=DURATION, tolerance=1e-8):
    """State after `duration` [s] of the cells between `faces` [m]; `tolerance` is that of a time step."""
    sample, y, time, step, steps = Sample(faces), np.zeros((len(faces) - 1, 2)), 0.0, 1e-7, 0
    nothing, mass = y, jacobian(sample.content, y)
    while duration - time > 1e-12 * duration:
        slope, error = jacobian(sample.rate, y), np.inf
        while error >= 1:
            taken, stages = min(step, duration - time), []
            for a, c in zip(A, C, strict=True):
                point = y + sum((factor * k for factor, k in zip(a, stages, strict=True)), nothing)
                memory = sum((factor * k for factor, k in zip(c, stages, strict=True)), nothing)
                right = sample.rate(point) + sample.content(memory) / taken
                stages.append(solve_banded((5, 5), 4 * mass / taken - slope, right.ravel()).reshape(y.shape))
            scale = tolerance * (1 + np.maximum(np.abs(y), np.abs(point + stages[-1])))
            error = np.nan_to_num(np.sqrt(np.mean((stages[-1] / scale) ** 2)), nan=1e9)
            step = taken * np.clip(0.9 * error**-0.25, 0.2, 5)
        y, time, steps = point + stages[-1], time + taken, steps + 1
    coulomb, field = ELEMENTARY_CHARGE * BULK_DENSITY * AREA, sample.displacement(y[:, 1])
    return {"depth": sample.depth, "size": sample.size, "lithium": sample.lithium(y), "rubidium": y[:, 0],
            "potential": y[:, 1] * THERMAL_VOLTAGE, "current": coulomb * sum(j[-1] for j in sample.fluxes(y)),
            "charge": coulomb * (sample.size @ y[:, 0] - field[-1] + field[0]), "steps": steps}  # fmt: skip


if __name__ == "__main__":
    zone, growing = np.arange(121) * 0.5e-9, np.expm1(13.6 * np.arange(1, 81) / 80) / np.expm1(13.6)
    result = run(np.concatenate([zone, zone[-1] + (THICKNESS - zone[-1]) * growing]))
    depth, lithium, front = result["depth"], result["lithium"], np.interp(0.5, result["lithium"], result["depth"])
    print(f"passed {result['charge'] * 1e3:.4f} mC, now {result['current'] * 1e9:.4f} nA, front {front * 1e9:.3f} nm")
    print(*(f"Li {np.interp(nm * 1e-9, depth, lithium):.4f} at {nm} nm" for nm in (5, 10, 20, 40)), sep=", ")
