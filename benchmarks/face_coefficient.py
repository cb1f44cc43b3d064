"""Which diffusion coefficient belongs to a cell face? Rules against the profile without diffusion and the steady front.

A small electroneutral solver for two ions at constant total flux, independent of the package: finite volumes,
Scharfetter-Gummel fluxes, the drop of the potential at each face from the total flux, LSODA in time. The rule is a
function of the coefficients of the cell that gives (donor) and the cell that takes (receiver); the package uses
"harmonic / contraharmonic".

Run: python benchmarks/face_coefficient.py [--quick]     (about ten minutes, or three)
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import ode

from ionscape.diffusivity import site_energy_diffusion
from ionscape.relations import diffusion_free_profile, logistic_wave_fraction, travelling_wave_fraction

FloatArray = NDArray[np.float64]
Rule = Callable[[FloatArray, FloatArray], FloatArray]
Coefficient = Callable[[FloatArray], FloatArray]

SMALLEST = 1e-60
EARLIER = 0.6
FLUX, D_NATIVE, D_FOREIGN = 1.3e-13, 5.8e-19, 2.67e-22  # about the first stage
DECAY_LENGTH = 1.0 / (FLUX * (1.0 / D_FOREIGN - 1.0 / D_NATIVE))


def harmonic(donor: FloatArray, receiver: FloatArray) -> FloatArray:
    return 2.0 * donor * (receiver / (donor + receiver))


def arithmetic(donor: FloatArray, receiver: FloatArray) -> FloatArray:
    return 0.5 * (donor + receiver)


def upstream(donor: FloatArray, _receiver: FloatArray) -> FloatArray:
    return donor


def harmonic_arithmetic(donor: FloatArray, receiver: FloatArray) -> FloatArray:
    """Harmonic where D rises along the flux, arithmetic where it falls."""
    return np.where(receiver > donor, harmonic(donor, receiver), arithmetic(donor, receiver))


def harmonic_contraharmonic(donor: FloatArray, receiver: FloatArray) -> FloatArray:
    """Harmonic where D rises along the flux, contraharmonic (a² + b²)/(a + b) where it falls."""
    contraharmonic = donor + receiver - harmonic(donor, receiver)
    return np.where(receiver > donor, harmonic(donor, receiver), contraharmonic)


def limited_donor(donor: FloatArray, receiver: FloatArray) -> FloatArray:
    """D of the donor where the two differ much, the mean of both where they are close; symmetric in ln D."""
    ratio = np.minimum(donor, receiver) / np.maximum(donor, receiver)
    factor = 1.0 - 0.5 * (1.0 - ratio) * (2.0 * ratio / (1.0 + ratio)) ** 2
    return np.where(receiver > donor, donor / factor, donor * factor)


MEAN_DENSITY = "D of the mean density"
RULES: dict[str, Rule | None] = {
    "arithmetic mean": arithmetic,
    MEAN_DENSITY: None,
    "harmonic mean": harmonic,
    "donor": upstream,
    "harmonic / arithmetic": harmonic_arithmetic,
    "harmonic / contraharmonic": harmonic_contraharmonic,
    "donor, limited": limited_donor,
}


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Two ions of charge 1; coefficients [m²/s] as functions of the ion's own fraction; `flux` total/density [m/s]."""

    native: Coefficient
    foreign: Coefficient
    flux: float
    amount: float  # injected, Q = flux × time [m]


def bernoulli(w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """w/(exp w - 1) and its derivative."""
    near = np.abs(w) < 1e-3
    safe = np.where(near, 1.0, np.clip(w, -600.0, 600.0))
    away = np.exp(-np.abs(safe))
    value = np.where(safe > 0, safe * away, -safe) / (1.0 - away)
    slope = np.where(safe > 0, (away - value) / (1.0 - away), (value * away - 1.0) / (1.0 - away))
    return np.where(near, 1.0 - w / 2 + w * w / 12, value), np.where(near, -0.5 + w / 6, slope)


def native_fluxes(n1: FloatArray, h: float, case: Exchange, rule: Rule | None, drop: FloatArray) -> FloatArray:
    """Flux of the native ion at the inner faces [m/s]; `drop` is the guess of the potential step, improved in place."""
    fractions = np.stack([n1, 1.0 - n1])
    left, right = fractions[:, :-1], fractions[:, 1:]
    if rule is None:
        mean = 0.5 * (left + right)
        fixed = np.stack([case.native(mean[0]), case.foreign(mean[1])])
    else:
        own = np.stack([case.native(fractions[0]), case.foreign(fractions[1])])
        forward, backward = rule(own[:, :-1], own[:, 1:]), rule(own[:, 1:], own[:, :-1])
    for _ in range(60):
        plus, slope = bernoulli(drop)
        bracket = plus * left - (plus + drop) * right
        face = fixed if rule is None else np.where(bracket >= 0.0, forward, backward)
        flux = face * bracket / h
        by_drop = np.sum(face * (slope * left - (slope + 1.0) * right), axis=0) / h
        change = (np.sum(flux, axis=0) - case.flux) / by_drop
        drop -= change
        if np.all(np.abs(change) < 1e-11 * (1.0 + np.abs(drop))):
            break
    return flux[0]


def solve(
    case: Exchange, *, cell: float, length: float, rule: Rule | None, tolerance: float = 1e-7
) -> tuple[FloatArray, FloatArray]:
    """Native fraction of the equal cells (cells,) when 60 % of the amount has entered a native glass, and all of it."""
    cells = round(length / cell)
    drop = np.full(cells - 1, -case.flux * cell / float(case.native(np.ones(1))[0]))

    def rate(_time: float, n1: FloatArray) -> FloatArray:
        inner = native_fluxes(n1, cell, case, rule, drop)
        return -np.diff(np.concatenate([[0.0], inner, [case.flux]])) / (cell * case.flux)

    # time in metres of injected amount
    solver = ode(rate).set_integrator(
        "lsoda", rtol=tolerance, atol=tolerance, lband=1, uband=1, nsteps=2_000_000, first_step=1e-6 * cell
    )
    solver.set_initial_value(np.ones(cells), 0.0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", UserWarning)
        earlier = solver.integrate(EARLIER * case.amount).copy()
        result = solver.integrate(case.amount) if solver.successful() else earlier
    if not (solver.successful() and np.all(np.isfinite(result)) and result[0] < 0.5):
        raise RuntimeError("locked: no field lets the flux pass")
    return earlier, result


def from_table(knots: FloatArray, coefficients: FloatArray) -> Coefficient:
    logarithms = np.log(np.maximum(coefficients, SMALLEST))
    return lambda fraction: np.exp(np.interp(fraction, knots, logarithms))


def constant(value: float) -> Coefficient:
    return lambda fraction: np.full(np.shape(fraction), value)


def trapping_glass(bulk_coefficient: float, *, temperature: float, trapped_fraction: float) -> Coefficient:
    """The lithium borate glass: D against the fraction, as the package's kernels read it but linear in ln D."""
    model = site_energy_diffusion(
        bulk_density=1e28, bulk_coefficient=bulk_coefficient, reference_temperature=temperature,
        activation_energy=0.65 * 1.602176634e-19, width=0.16 * 1.602176634e-19, excess_sites=0.1,
        trapped_fraction=trapped_fraction, trapped_width=0.05 * 1.602176634e-19,
    )  # fmt: skip
    knots = np.linspace(0.0, 1.1, 4097)
    return from_table(knots, model.coefficient(knots * 1e28, temperature))


def crossing(depth: FloatArray, n1: FloatArray, level: float) -> float:
    last = int(np.flatnonzero(n1 < level)[-1])
    return float(np.interp(level, n1[last : last + 2], depth[last : last + 2]))


def show_welge(
    title: str, case: Exchange, *, length: float, cells: tuple[float, ...], depths: tuple[float, ...]
) -> None:
    """Table of native fraction minus Welge's at some depths, and of depth and speed of the shock."""
    exact = diffusion_free_profile(native_diffusion=case.native, foreign_diffusion=case.foreign)
    shock = exact.shocks[-1]
    level = 0.5 * (shock.fraction_behind + shock.fraction_ahead)
    place = shock.reduced_depth * case.amount
    print(f"\n{title}\n  shock at {place * 1e9:.4g} nm from n1 = {shock.fraction_behind:.4f} to 1")
    heads = "".join(f"{'at ' + format(depth * 1e9, '.4g') + ' nm':>12}" for depth in depths)
    print(f"  {'n1 by Welge':34}" + "".join(f"{exact.native_fraction(d / case.amount):12.4f}" for d in depths))
    print(f"  {'rule':26}{'cell/nm':>8}{heads}{'shock/%':>10}{'speed/%':>10}{'s':>7}")
    for name, rule in RULES.items():
        for cell in cells:
            began = time.perf_counter()
            try:
                earlier, n1 = solve(case, cell=cell, length=length, rule=rule)
            except RuntimeError as error:
                print(f"  {name:26}{cell * 1e9:8.4g}  {error}")
                continue
            centres = (np.arange(len(n1)) + 0.5) * cell
            errors = np.interp(depths, centres, n1) - exact.native_fraction(np.array(depths) / case.amount)
            found = crossing(centres, n1, level)
            speed = (found - crossing(centres, earlier, level)) / ((1 - EARLIER) * place)
            row = "".join(f"{error:12.4f}" for error in errors)
            row += f"{100 * (found / place - 1):10.2f}{100 * (speed - 1):10.2f}{time.perf_counter() - began:7.1f}"
            print(f"  {name:26}{cell * 1e9:8.4g}{row}", flush=True)


def show_order(title: str, case: Exchange, exact: Callable[[FloatArray], FloatArray], *, length: float) -> None:
    """Table of the largest error of the steady front and the order between successive grids."""
    print(f"\n{title}\n  {'rule':26}{'cells across 16-84 %: error (order)':>36}")
    for name, rule in RULES.items():
        errors: list[float] = []
        resolutions = (6, 12, 24)
        for cells in resolutions:
            cell = 3.3165 * DECAY_LENGTH / cells
            _, n1 = solve(case, cell=cell, length=length, rule=rule, tolerance=1e-9)
            edges = np.arange(len(n1) + 1) * cell - case.amount
            fine = np.linspace(edges[:-1], edges[1:], 9)
            weights = np.array([1, 4, 2, 4, 2, 4, 2, 4, 1]) / 24
            errors.append(float(np.max(np.abs(n1 - weights @ exact(fine)))))
        orders = [np.nan, *np.log2(np.array(errors[:-1]) / np.array(errors[1:]))]
        print(f"  {name:26}" + "".join(
            f"   {c:3d}: {e:.1e} ({o:.2f})" for c, e, o in zip(resolutions, errors, orders, strict=True)
        ), flush=True)  # fmt: skip


def main() -> None:
    quick = "--quick" in sys.argv
    cells = (1e-9, 0.5e-9) if quick else (1e-9, 0.5e-9, 0.25e-9)
    strong = 3.9e-17
    for trapped in (0.20, 0.03):
        case = Exchange(
            native=trapping_glass(strong, temperature=393.0, trapped_fraction=trapped),
            foreign=constant(strong / 2e5), flux=8.5e-13, amount=60e-9,
        )  # fmt: skip
        show_welge(
            f"Residual ions: contrast 2e5, trapped fraction {trapped}, front narrower than a cell",
            case, length=90e-9, cells=cells, depths=(5e-9, 10e-9, 20e-9, 40e-9),
        )  # fmt: skip
    knots = np.linspace(0.0, 1.0, 1001)
    for title, foreign, length in (
        ("vanishes exponentially below n2 = 0.3", np.log(1e-20) * np.maximum(1.0 - knots / 0.3, 0.0), 6000e-9),
        ("falls to 1e-4 exponentially below n2 = 0.3", np.log(1e-4) * np.maximum(1.0 - knots / 0.3, 0.0), 6000e-9),
        ("is proportional to it", np.log(np.maximum(knots, 1e-6)), 4300e-9),
    ):
        show_welge(
            f"An ion whose D {title}; ten times the native D at the top",
            Exchange(
                native=constant(5.8e-19), foreign=from_table(knots, 5.8e-18 * np.exp(foreign)), flux=2.1e-10,
                amount=2000e-9,
            ),
            length=length, cells=(80e-9, 40e-9) if quick else (80e-9, 40e-9, 20e-9), depths=(1000e-9, 2000e-9),
        )  # fmt: skip
    slow = np.exp(np.log(1e-40) + (np.log(2.67e-22) - np.log(1e-40)) * np.minimum(knots / 0.3, 1.0))
    show_welge(
        "An ion whose D vanishes exponentially below n2 = 0.3, slower than the native one: the shock is total",
        Exchange(native=constant(5.8e-19), foreign=from_table(knots, slow), flux=1.3e-13, amount=30e-9),
        length=45e-9, cells=cells, depths=(10e-9, 20e-9),
    )  # fmt: skip
    steady = {"flux": FLUX, "amount": 18 * DECAY_LENGTH}
    length = 28 * DECAY_LENGTH
    show_order(
        "Order, constant coefficients (logistic front)",
        Exchange(native=constant(D_NATIVE), foreign=constant(D_FOREIGN), **steady),
        lambda xi: logistic_wave_fraction(
            xi, flux=FLUX, native_diffusion_coefficient=D_NATIVE, foreign_diffusion_coefficient=D_FOREIGN
        ),
        length=length,
    )
    smooth = Exchange(
        native=lambda n: D_NATIVE * np.exp(3.0 * (n - 1.0)), foreign=lambda n: D_FOREIGN * np.exp(n - 1.0), **steady
    )
    show_order(
        "Order, D falling smoothly by exp(-3) and exp(-1) with the own density", smooth,
        travelling_wave_profile(smooth), length=length,
    )  # fmt: skip


def travelling_wave_profile(case: Exchange) -> Callable[[FloatArray], FloatArray]:
    """Steady front shifted such that it holds the injected amount."""
    xi = np.linspace(-40e-9, 40e-9, 8001)
    n1 = travelling_wave_fraction(xi, flux=case.flux, native_diffusion=case.native, foreign_diffusion=case.foreign)
    # amount of n2 beyond that of a step at ξ = 0
    surplus = np.trapezoid(1.0 - n1, xi) + xi[0]
    return lambda position: np.interp(position + surplus, xi, n1)


if __name__ == "__main__":
    main()
