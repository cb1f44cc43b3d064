"""Hops in time: hops per second beside plain numpy, exact solutions, conductivities and spectra beside the network.

    python benchmarks/hops.py speed                       # a minute
    python benchmarks/hops.py exact                       # two minutes
    python benchmarks/hops.py caps                        # minutes
    python benchmarks/hops.py spectrum                    # five minutes
    python benchmarks/hops.py glass --sizes 16 --temperatures 300 600 1000 --landscapes 3     # minutes

Processor times of one thread, after compilation. The plain reference keeps the same list of vacancies with the sums of
their rates in a numpy array, draws by its cumulative sum, and renews the same entries; it hops until a second is over.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import constants

import ionscape as isc
from ionscape.hopping.hops_kernels import EVENTS, TIME, hop
from ionscape.hopping.hops_setup import drawn_state, hopping_system
from ionscape.hopping.jumps import jumps_of

GLASS = "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)"
EXACT = Path(__file__).parents[1] / "tests" / "data" / "exact-hopping"


def system_of(size: int, temperature: float, cap="automatic"):
    landscape = isc.generate_landscape(GLASS, lattice=size, rng=1)
    return hopping_system(
        landscape, jumps_of(landscape), temperature=temperature, ions=None, ensemble="grand canonical", cap=cap,
        direction=0,
    )  # fmt: skip


def compiled_speed(system, seconds: float) -> float:
    """Hops per second of the kernel, the best of three runs."""
    generator = np.random.default_rng(1)
    state = drawn_state(system, generator)
    record, best, duration = np.empty((2, 1)), 0.0, 2e4 / system.hop_rate
    for _ in range(4):
        before, began = state.counts[EVENTS], time.process_time()
        hop(system.ways, state, np.array([state.sums[TIME] + duration]), record, generator)
        spent = time.process_time() - began
        best = max(best, (state.counts[EVENTS] - before) / spent)
        duration *= max(1.0, seconds / spent) if duration * system.hop_rate < 1e5 else 1.0
    return best


def plain_speed(system, seconds: float) -> float:
    """Hops per second in Python and numpy."""
    generator = np.random.default_rng(1)
    state, ways = drawn_state(system, generator), system.ways
    occupied = state.occupied.astype(bool)
    vacancies, numbers = state.vacancies.copy(), state.numbers.copy()

    def into(site):
        return ways.rates[site] * occupied[ways.neighbours[site]]

    rates = np.array([into(site).sum() for site in vacancies])
    clock, displacement, hops = 0.0, 0.0, 0
    began = time.process_time()
    while time.process_time() - began < seconds:
        for _ in range(100):
            sums = np.cumsum(rates)
            clock += generator.standard_exponential() / sums[-1]
            vacancy = int(np.searchsorted(sums, generator.random() * sums[-1], side="right"))
            site = vacancies[vacancy]
            ways_in = np.cumsum(into(site))
            way = int(np.searchsorted(ways_in, generator.random() * ways_in[-1], side="right"))
            origin = ways.neighbours[site, way]
            displacement += ways.corrected[site, way]
            occupied[site], occupied[origin] = True, False
            numbers[site], numbers[origin], vacancies[vacancy] = -1, vacancy, origin
            beside = np.unique(numbers[np.concatenate((ways.neighbours[site], ways.neighbours[origin]))])
            for other in {vacancy, *beside[beside >= 0].tolist()}:
                rates[other] = into(vacancies[other]).sum()
            hops += 1
    return hops / (time.process_time() - began)


def speed() -> None:
    print("| sites | temperature / K | vacancies | hops per second | numpy | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for size, temperature in ((16, 300.0), (16, 1000.0), (35, 300.0), (35, 1000.0), (60, 1000.0)):
        system = system_of(size, temperature)
        vacancies = system.occupations.size - system.ions
        fast, plain = compiled_speed(system, 1.5), plain_speed(system, 1.0)
        print(
            f"| {size}³ | {temperature:g} | {vacancies:.0f} | {fast:.2e} | {plain:.2e} | {fast / plain:.0f} |",
            flush=True,
        )


def exact(target: float) -> None:
    print("| system | D_σ / exact | tracer D / exact | Haven ratio / exact | hops | time / s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for path in sorted(EXACT.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        energies = np.array(data["energies_eV"]).reshape(data["shape"]) * constants.e
        jumps = isc.JumpLaw(barrier=data["barrier_eV"] * constants.e, attempt_frequency=1e13, jump_distance=5e-10)
        began = time.process_time()
        found = isc.kinetic_monte_carlo(
            isc.landscape_from_energies(energies), jumps=jumps, temperature=data["temperature"], ions=data["ions"],
            ensemble="canonical", rng=1, relative_error=target, most_hops=6e8,
        ).summary()  # fmt: skip
        scale = 1e13 * 25e-20
        cells = []
        for name, key, unit in (
            ("diffusion_coefficient", "D_sigma", scale), ("tracer_diffusion_coefficient", "D_tracer", scale),
            ("haven_ratio", "haven", 1.0),
        ):  # fmt: skip
            value, error = found[name] / unit / data[key], found[f"{name}_error"] / unit / data[key]
            cells.append(f"{value:.4f} ± {error:.4f}")
        spent = time.process_time() - began
        print(f"| {path.stem} | {' | '.join(cells)} | {found['hops']:.1e} | {spent:.0f} |", flush=True)


def glass(sizes, temperatures, landscapes: int, target: float, most: float) -> None:
    print("| sites | T / K | landscape | cap | bias | σ(hops)/σ(network) | returns | hops | time / s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in sizes:
        for temperature in temperatures:
            for seed in range(1, landscapes + 1):
                landscape = isc.generate_landscape(GLASS, lattice=size, rng=seed)
                began = time.process_time()
                try:
                    found = isc.kinetic_monte_carlo(
                        landscape, temperature=temperature, rng=seed, relative_error=target, most_hops=most,
                        tracer=False,
                    ).summary()  # fmt: skip
                except isc.HoppingError as error:
                    print(f"| {size}³ | {temperature:g} | {seed} | {error} |", flush=True)
                    continue
                spent = time.process_time() - began
                print(
                    f"| {size}³ | {temperature:g} | {seed} | {found['cap']:g} | {found['cap_bias']:.2%} |"
                    f" {found['network_ratio']:.3f} ± {found['network_ratio_error']:.3f} |"
                    f" {found['return_share']:.0%} | {found['hops']:.1e} | {spent:.0f} |",
                    flush=True,
                )


def caps(target: float, most: float) -> None:
    """What a cap does to the hops, where it does much: 8³ sites at 600 K."""
    landscape = isc.generate_landscape(GLASS, lattice=8, rng=5)
    print("| cap | bias of the network | σ(hops)/σ(network) | hops | time / s |")
    print("| --- | --- | --- | --- | --- |")
    for cap in (2.0, 2.5, 3.5, "none"):
        began = time.process_time()
        found = isc.kinetic_monte_carlo(
            landscape, temperature=600.0, rng=7, cap=cap, relative_error=target, most_hops=most, tracer=False
        ).summary()
        ratio = f"{found['network_ratio']:.3f} ± {found['network_ratio_error']:.3f}"
        spent = time.process_time() - began
        print(f"| {cap} | {found['cap_bias']:.2%} | {ratio} | {found['hops']:.1e} | {spent:.0f} |", flush=True)


def spectrum(target: float) -> None:
    """Re σ(ω) of hops and of the network of one landscape of 12³ sites."""
    landscape = isc.generate_landscape(GLASS, lattice=12, rng=1)
    law = jumps_of(landscape)
    print("| T / K | ω/(ν exp(-βu0)) | σ(network)/σ(network, dc) | σ(hops)/σ(network), real parts |")
    print("| --- | --- | --- | --- |")
    for temperature, decades in ((2000.0, (-2.0, 1.5, 8)), (1000.0, (-3.0, 1.5, 10))):
        rate = law.attempt_frequency * np.exp(-law.mean_barrier / (constants.k * temperature))
        scaled = np.logspace(*decades)
        began = time.process_time()
        found = isc.hopping_spectrum(
            landscape, temperature=temperature, rng=1, angular_frequency=scaled * rate, relative_error=target
        )
        spent = time.process_time() - began
        steady = float(isc.conductivity(landscape, temperature=temperature, electrodes=False)["conductivity"])
        columns = ("network_conductivity_real", "network_ratio", "network_ratio_error")
        for omega, mean, ratio, error in zip(scaled, *(found[name].values for name in columns), strict=True):
            print(f"| {temperature:g} | {omega:.3g} | {mean / steady:.3g} | {ratio:.3f} ± {error:.3f} |", flush=True)
        print(f"{temperature:g} K: {found.attrs['hops']:.1e} hops, {spent:.0f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "exact", "glass", "caps", "spectrum"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[16])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[300.0, 600.0, 1000.0])
    parser.add_argument("--landscapes", type=int, default=3)
    parser.add_argument("--relative-error", type=float, default=0.05)
    parser.add_argument("--most-hops", type=float, default=6e8)
    given = parser.parse_args()
    if given.what == "speed":
        speed()
    elif given.what == "exact":
        exact(min(given.relative_error, 0.007))
    elif given.what == "caps":
        caps(min(given.relative_error, 0.02), max(given.most_hops, 1.3e9))
    elif given.what == "spectrum":
        spectrum(min(given.relative_error, 0.025))
    else:
        glass(given.sizes, given.temperatures, given.landscapes, given.relative_error, given.most_hops)
