"""What a conductivity spectrum over nineteen decades costs, how exact it is, and whether random barriers give theirs.

    python benchmarks/spectrum.py
    python benchmarks/spectrum.py --largest 100

Times are processor times of one core after compilation.
"""

from __future__ import annotations

import argparse
import os
import resource
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

import ionscape as isc
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.hopping.jumps import joined_links, jumps_of, periodic_conductances
from ionscape.hopping.response import solve_response

GLASS, TEMPERATURE = "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", 300.0
SIZES = (24, 35, 60, 100)
DECADES = 19
COMPLEX_SIZE, COMPLEX_FREQUENCIES = 24, 3
BARRIER_SIZE, BARRIER_WIDTHS = 50, (20.0, 40.0, 80.0)
"""Of uniform barriers in units of kT, from 0."""
COMPARED = np.logspace(0.0, 2.0, 21)
"""Scaled frequencies at which they are compared with the master curve."""


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=60, help="largest lattice (default 60)")
    largest = parser.parse_args().largest
    landscape = isc.generate_landscape(GLASS, lattice=10, rng=1)
    isc.conductivity_spectrum(landscape, temperature=TEMPERATURE)  # compiles
    print_sizes([size for size in SIZES if size <= largest])
    print_complex()
    print_barriers()


def frequencies(landscape: isc.Landscape) -> FloatArray:
    """Ten to the decade, up to ten times the attempt frequency."""
    highest = np.log10(10.0 * jumps_of(landscape).attempt_frequency)
    return np.logspace(highest - DECADES, highest, 10 * DECADES + 1)


def print_sizes(sizes: list[int]) -> None:
    """Processor time and memory over the size of the lattice."""
    print("| sites | time / s | peak of memory / GB | σ(∞)/σ(0) | estimated error | Kramers–Kronig error |")
    print("| --- " * 6 + "|")
    for size in sizes:
        landscape = isc.generate_landscape(GLASS, lattice=size, rng=1)
        start = time.process_time()
        found = isc.conductivity_spectrum(
            landscape, temperature=TEMPERATURE, angular_frequency=frequencies(landscape)
        ).summary()
        taken = time.process_time() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        ratio = found["high_frequency_conductivity"] / found["dc_conductivity"]
        errors = f"{found['estimated_error']:.1e} | {found['kramers_kronig_error']:.1e}"
        print(f"| {size}³ | {taken:.1f} | {memory:.2f} | {ratio:.1e} | {errors} |", flush=True)
    print()


def print_complex() -> None:
    """One complex sparse factorisation for each frequency, beside."""
    landscape = isc.generate_landscape(GLASS, lattice=COMPLEX_SIZE, rng=1)
    omega = frequencies(landscape)
    start = time.process_time()
    spectrum = isc.conductivity_spectrum(landscape, temperature=TEMPERATURE, angular_frequency=omega)
    projected = time.process_time() - start
    law, links = jumps_of(landscape), joined_links(landscape)
    conductances = np.exp(periodic_conductances(links, landscape, law, temperature=TEMPERATURE))
    potential = isc.chemical_potential(landscape, TEMPERATURE)
    thermal_energy = BOLTZMANN_CONSTANT * TEMPERATURE
    decay = np.exp(-np.abs(landscape.energies[landscape.accessible] - potential) / thermal_energy)
    capacitances = ELEMENTARY_CHARGE**2 / thermal_energy * decay / (1.0 + decay) ** 2
    ends = np.append(links.first, links.second), np.append(links.second, links.first)
    joined = coo_array((np.append(conductances, conductances), ends), (links.nodes, links.nodes)).tocsr()
    diagonal = np.arange(links.nodes)
    laplacian = coo_array((joined.sum(axis=1), (diagonal, diagonal))) - joined
    driven = conductances * links.forces
    load = (np.bincount(links.first, driven, links.nodes) - np.bincount(links.second, driven, links.nodes)).astype(
        complex
    )
    chosen = np.linspace(0, omega.size - 1, COMPLEX_FREQUENCIES + 2).astype(int)[1:-1]
    times, errors = [], []
    for place in chosen:
        start = time.process_time()
        matrix = (laplacian + coo_array((1j * omega[place] * capacitances, (diagonal, diagonal)))).tocsc()
        psi = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(load)
        times.append(time.process_time() - start)
        drops = links.forces + psi[links.second] - psi[links.first]
        direct = conductances @ drops**2 + 1j * omega[place] * (capacitances @ psi**2)
        direct /= landscape.accessible.size * law.jump_distance
        errors.append(abs(spectrum.dataset["conductivity"].values[place] / direct - 1.0))
    whole = float(np.mean(times)) * omega.size
    print(f"{COMPLEX_SIZE}³, {omega.size} frequencies: {projected:.2f} s; one complex factorisation for each"
          f" {np.mean(times):.2f} s, {whole:.0f} s in all: {whole / projected:.0f} times as long;"
          f" largest difference {max(errors):.1e}\n", flush=True)  # fmt: skip


def print_barriers() -> None:
    """Equal energies and uniform barriers, against the master curve.

    Sites that only high barriers reach charge slowly and add to the slope at zero frequency, which the curve does not
    know: the frequency is scaled so that the two agree best.
    """
    landscape = isc.landscape_from_energies(np.zeros((BARRIER_SIZE,) * 3))
    links = joined_links(landscape)
    print(f"Uniform barriers, {BARRIER_SIZE}³:\n")
    print("| widest barrier / kT | scale of the frequency | largest difference of the real parts, ω̃ from 1 to 100 |")
    print("| --- | --- | --- |")
    expected = isc.random_barrier_conductivity(COMPARED).real
    for width in BARRIER_WIDTHS:
        barriers = width * np.random.default_rng(1).random(links.first.size)
        response = solve_response(links, -barriers, np.ones(links.nodes), lowest=None, highest=10.0)
        ladder = np.logspace(-1.0, 3.0, 201)
        found = response.at(ladder / response.relaxation).real / float(response.powers[-1])
        best = min(
            (float(np.max(np.abs(np.interp(COMPARED / scale, ladder, found) / expected - 1.0))), scale)
            for scale in np.linspace(0.5, 1.2, 141)
        )
        print(f"| {width:g} | {best[1]:.2f} | {100 * best[0]:.1f} % |", flush=True)


if __name__ == "__main__":
    main()
