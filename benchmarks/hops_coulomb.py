"""Hops of ions that repel each other: speed, Coulomb gap, tracers, and conductivities of a glass beside those of noise.

    python benchmarks/hops_coulomb.py speed               # half a minute
    python benchmarks/hops_coulomb.py gap                 # a minute
    python benchmarks/hops_coulomb.py tracers             # a minute
    python benchmarks/hops_coulomb.py glass               # ten minutes

Processor times of one thread, after compilation.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import constants

import ionscape as isc
from ionscape.hopping.hops_charges import charged_ions, counted
from ionscape.hopping.hops_coulomb import ChargedIons, charged_system
from ionscape.hopping.hops_kernels import EVENTS, TIME
from ionscape.hopping.jumps import jumps_of

GLASS = "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)"
COULOMB = isc.CoulombInteraction(relative_permittivity=7.0)
COUPLING = COULOMB.energy(5e-10)
NOISES = {"none": (0.0, None), "noise": (0.42, None), "Coulomb": (0.0, COULOMB), "both": (0.42, COULOMB)}


def quiet_landscape(size: int, seed: int, noise: float):
    model = isc.LandscapeModel(energy_scale=0.64 * constants.e, noise=noise)
    return isc.generate_landscape(GLASS, lattice=size, rng=seed, model=model)


def speed() -> None:
    print("| sites | vacancies | hops per second |")
    print("| --- | --- | --- |")
    for size in (8, 12, 16, 24):
        landscape = quiet_landscape(size, 1, 0.0)
        system = charged_system(
            landscape, jumps_of(landscape), COULOMB, temperature=1000.0, ions=None, cap="automatic", direction=0,
            relative_error=0.05, generator=np.random.default_rng(1),
        )  # fmt: skip
        ions = ChargedIons(system.ways, system.charged, np.random.default_rng(2))
        best = 0.0
        for _ in range(4):
            before, began = ions.state.counts[EVENTS], time.process_time()
            ions.hop(np.array([ions.state.sums[TIME] + 5e4 / system.hop_rate]), np.empty((2, 1)))
            best = max(best, (ions.state.counts[EVENTS] - before) / (time.process_time() - began))
        print(f"| {size}³ | {system.carriers:.0f} | {best:.2e} |", flush=True)


def gap(size: int = 24, realisations: int = 12) -> None:
    """Two of nine sites, with energies anywhere in 2 eV, half of them taken, cooled down: g at the Fermi level.

    That is 0.11 sites to an eV and to a site of the lattice. Sites further from the Fermi level would stay as they are.
    """
    share, span, width = 2.0 / 9.0, 2.0, 0.02
    edges = width * np.arange(-13, 14)
    found = np.zeros((realisations, edges.size - 1))
    for number in range(realisations):
        generator = np.random.default_rng([7, number])
        energies = np.full(size**3, np.nan)
        chosen = generator.choice(size**3, round(share * size**3 / 2) * 2, replace=False)
        energies[chosen] = generator.uniform(-0.5 * span, 0.5 * span, chosen.size) * constants.e
        landscape = isc.landscape_from_energies(energies.reshape((size,) * 3))
        taken = None
        for kelvin in (1600.0, 800.0, 400.0, 200.0, 100.0, 50.0):
            unit = constants.k * kelvin
            charged = charged_ions(landscape, chosen.size // 2, unit, COUPLING)
            drawn = charged.drawn(generator, alike=False, sweeps=0)
            if taken is not None:
                drawn.occupied[:] = taken
                drawn.vacancies[:] = np.flatnonzero(taken == 0)
                drawn.levels[:] = charged.levels(taken)
            charged.exchanged(drawn, 1500, generator)
            taken = drawn.occupied.copy()
        for _ in range(20):
            charged.exchanged(drawn, 50, generator)
            there = drawn.levels[tuple(charged.charges.places.T)]
            # as many are taken above the Fermi level as are vacant below it
            half = chosen.size // 2
            level = 0.5 * float(np.sort(there)[half - 1 : half + 1].sum())
            both = counted(charged, drawn.occupied, drawn.levels, edges * constants.e / unit + level)
            found[number] += both.sum(axis=0) / (size**3 * width) / 20
    half = edges.size // 2
    folded = 0.5 * (found[:, half:] + found[:, half - 1 :: -1])
    mean, error = folded.mean(axis=0), folded.std(axis=0, ddof=1) / realisations**0.5
    middles, coupling = 0.5 * (edges[1:] + edges[:-1])[half:], COUPLING / constants.e
    expected = self_consistent(middles, share / span, coupling)
    print("| E - E_F / eV | g / (1/eV) | self-consistent | 3 (E - E_F)²/(π U³) |")
    print("| --- | --- | --- | --- |")
    for energy, value, own, other in zip(middles, mean, error, expected, strict=True):
        least = 3.0 * energy**2 / (np.pi * coupling**3)
        print(f"| {energy:.2f} | {value:.4f} ± {own:.4f} | {other:.4f} | {least:.4f} |")
    print(f"width of the gap: {(coupling**3 * share / span) ** 0.5:.3f} eV", flush=True)


def self_consistent(energies, density: float, coupling: float):
    """g(E) = g0 exp(-(2π/3) U³ ∫ g(E')/(E + E')³ dE'), E' from 0 on: Efros (1976), which is 3E²/(πU³) for E → 0."""
    grid = np.geomspace(1e-4, 1.0, 1500)
    kernel = np.gradient(grid) / (grid[:, None] + grid) ** 3
    found = np.full(grid.size, density)
    for _ in range(400):
        found = np.sqrt(found * density * np.exp(-2.0 * np.pi / 3.0 * coupling**3 * kernel @ found))
    return np.interp(energies, grid, found)


def tracers() -> None:
    """Equal energies: single ions and all together, with the Coulomb interaction and without."""
    print("| ions per site | T / K | D_σ / (a² ν) | Haven ratio | without: D_σ | Haven ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    jumps = isc.JumpLaw(barrier=0.0, attempt_frequency=1.0, jump_distance=5e-10)
    flat = isc.landscape_from_energies(np.zeros((8, 8, 8)))
    for ions in (486,):
        for kelvin in (700.0, 1000.0, 2000.0):
            cells = []
            for coulomb in (COULOMB, None):
                found = isc.kinetic_monte_carlo(
                    flat, jumps=jumps, temperature=kelvin, ions=ions, ensemble="canonical", coulomb=coulomb, rng=1,
                    relative_error=0.03, most_hops=4e6,
                ).summary()  # fmt: skip
                unit = 25e-20
                cells.append(f"{found['diffusion_coefficient'] / unit:.4f} ±"
                             f" {found['diffusion_coefficient_error'] / unit:.4f} |"
                             f" {found['haven_ratio']:.3f} ± {found['haven_ratio_error']:.3f}")  # fmt: skip
            print(f"| {ions / 512:.2f} | {kelvin:g} | {' | '.join(cells)} |", flush=True)


def glass(size: int, temperatures, landscapes: int, target: float, most: float) -> None:
    """Conductivities with the noise of Bosi 2021, with the Coulomb interaction, with both and with none."""
    print("| landscape | T / K | energies | σ / S/m | σ of the network | drift of the energy / kT | hops | time / s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    values = np.full((len(NOISES), landscapes, len(temperatures)), np.nan)
    errors, bounds = np.full_like(values, np.nan), np.full_like(values, np.nan)
    for seed in range(1, landscapes + 1):
        for column, kelvin in enumerate(temperatures):
            for row, (name, (noise, coulomb)) in enumerate(NOISES.items()):
                began = time.process_time()
                try:
                    found = isc.kinetic_monte_carlo(
                        quiet_landscape(size, seed, noise), temperature=kelvin, rng=seed, coulomb=coulomb,
                        ensemble="canonical" if coulomb else None, relative_error=target, most_hops=most, tracer=False,
                    ).summary()  # fmt: skip
                except isc.HoppingError as error:
                    print(f"| {seed} | {kelvin:g} | {name} | {error} |", flush=True)
                    continue
                values[row, seed - 1, column] = found["conductivity"]
                errors[row, seed - 1, column] = found["conductivity_error"]
                bounds[row, seed - 1, column] = found["tracer_upper_bound"] / found["diffusion_coefficient"]
                drift = f"{found['energy_drift']:.2f} ± {found['energy_drift_error']:.2f}" if coulomb else "-"
                print(
                    f"| {seed} | {kelvin:g} | {name} | {found['conductivity']:.4g} ± {found['conductivity_error']:.2g}"
                    f" | {found['network_conductivity']:.4g} | {drift} | {found['hops']:.1e} |"
                    f" {time.process_time() - began:.0f} |",
                    flush=True,
                )
    kelvins = np.array(temperatures)
    print("\n| energies | " + " | ".join(f"ln σ/σ(none), {kelvin:g} K" for kelvin in temperatures)
          + " | E_a / eV | E_a less that of none / eV | bounds of the Haven ratio |")  # fmt: skip
    print("| --- |" + " --- |" * (kelvins.size + 3))
    # E_a of σT, a straight line through all temperatures, for each landscape
    slopes = np.array([[-np.polyfit(1.0 / kelvins, np.log(one * kelvins), 1)[0] for one in row] for row in values])
    slopes *= constants.k / constants.e
    for row, name in enumerate(NOISES):
        cells = [f"{mean:.2f} ± {own:.2f}" for mean, own in map(over, np.log(values[row] / values[0]).T)]
        both = [f"{mean:.3f} ± {own:.3f}" for mean, own in (over(slopes[row]), over(slopes[row] - slopes[0]))]
        haven = ", ".join(f"{value:.2f}" for value in bounds[row].mean(axis=0))
        print(f"| {name} | {' | '.join(cells)} | {' | '.join(both)} | {haven} |", flush=True)


def over(values) -> tuple[float, float]:
    """Mean over the landscapes and its standard error."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "gap", "tracers", "glass"))
    parser.add_argument("--size", type=int, default=12)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1000.0, 800.0, 600.0])
    parser.add_argument("--landscapes", type=int, default=4)
    parser.add_argument("--relative-error", type=float, default=0.1)
    parser.add_argument("--most-hops", type=float, default=3e7)
    given = parser.parse_args()
    if given.what == "glass":
        glass(given.size, given.temperatures, given.landscapes, given.relative_error, given.most_hops)
    else:
        {"speed": speed, "gap": gap, "tracers": tracers}[given.what]()
