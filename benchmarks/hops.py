"""Hops in time: hops per second beside plain numpy, exact solutions, conductivities and spectra beside the network.

    python benchmarks/hops.py speed                       # a minute
    python benchmarks/hops.py others                      # a minute, beside lattice_mc if it can be imported
    python benchmarks/hops.py exact                       # two minutes
    python benchmarks/hops.py caps --sizes 10 --most-hops 3e8    # minutes
    python benchmarks/hops.py seeds                       # four minutes
    python benchmarks/hops.py two-ions                    # minutes
    python benchmarks/hops.py spectrum                    # five minutes
    python benchmarks/hops.py glass --sizes 16 --temperatures 300 600 1000 --landscapes 3     # minutes

Processor times of one thread, after compilation. The plain reference keeps the same list of vacancies with the sums of
their rates in a numpy array, draws by its cumulative sum, and renews the same entries; it hops until a second is over.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import time
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import constants

import ionscape as isc
from ionscape.hopping.hops_kernels import EVENTS, TIME, hop
from ionscape.hopping.hops_setup import drawn_state, hopping_system
from ionscape.hopping.jumps import jumps_of

HARMLESS = 3.0  # a cap that biases the network by a thousandth at 600 K
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


class LookupTable:
    """Jump probabilities of lattice_mc by the labels of two sites: those of a landscape, whatever sites are taken."""

    def __init__(self, ways) -> None:
        self.jump_probability = defaultdict(dict)
        for into, row in enumerate(ways.neighbours):
            for way, origin in enumerate(row):
                probability = float(ways.rates[into, way])
                self.jump_probability[int(origin)][into] = defaultdict(lambda p=probability: defaultdict(lambda: p))


def lattice_mc_of(system):
    """The same sites, ions and rates as a lattice of lattice_mc, whose own makers know a few kinds of sites only."""
    from lattice_mc.atom import Atom
    from lattice_mc.lattice import Lattice
    from lattice_mc.lattice_site import Site

    state, ways = drawn_state(system, np.random.default_rng(1)), system.ways
    sites = [
        Site(number, np.zeros(3), [int(other) for other in row if other != number], 0.0, number)
        for number, row in enumerate(ways.neighbours)
    ]
    lattice = Lattice(sites, cell_lengths=np.ones(3))
    taken = np.flatnonzero(state.occupied)
    lattice.atoms = [Atom(initial_site=sites[number]) for number in taken]
    lattice.number_of_occupied_sites = taken.size
    lattice.jump_lookup_table = LookupTable(ways)
    return lattice


def lattice_mc_speed(system, seconds: float) -> float:
    """Hops per second of lattice_mc."""
    lattice, hops = lattice_mc_of(system), 0
    lattice.jump()
    began = time.process_time()
    while time.process_time() - began < seconds:
        lattice.jump()
        hops += 1
    return hops / (time.process_time() - began)


def others() -> None:
    if importlib.util.find_spec("lattice_mc") is None:
        print(
            "lattice_mc cannot be imported: pip install --no-deps --target FOLDER lattice_mc, and FOLDER in PYTHONPATH"
        )
        return
    print("| sites | temperature / K | vacancies | hops per second | lattice_mc | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for size, temperature in ((16, 1000.0), (35, 300.0), (35, 1000.0)):
        system = system_of(size, temperature, cap="none")
        vacancies = system.occupations.size - system.ions
        fast, other = compiled_speed(system, 1.5), lattice_mc_speed(system, 5.0)
        print(
            f"| {size}³ | {temperature:g} | {vacancies:.0f} | {fast:.2e} | {other:.2e} | {fast / other:.0f} |",
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


def caps(sizes, landscapes: int, target: float, most: float) -> None:
    """What a cap does to the hops beside what it does to the network, at 600 K.

    The bias of the hops is that of their σ beside the one with the highest cap, from other random numbers;
    the ratio is that of the differences from it.
    """
    print("| sites | landscape | cap | bias of the network | σ(hops)/σ(network) | bias of the hops | their ratio |"
          " hops | time / s |")  # fmt: skip
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in sizes:
        for seed in range(1, landscapes + 1):
            landscape = isc.generate_landscape(GLASS, lattice=size, rng=seed)
            reference = (math.nan, math.nan, math.nan)
            for cap in (HARMLESS, 2.5, 2.0, 1.5):
                began = time.process_time()
                try:
                    found = isc.kinetic_monte_carlo(
                        landscape, temperature=600.0, rng=round(100 * seed + 10 * cap), cap=cap, relative_error=target,
                        most_hops=most, tracer=False,
                    ).summary()  # fmt: skip
                except isc.HoppingError as refusal:
                    print(f"| {size}³ | {seed} | {cap} | {refusal} |", flush=True)
                    continue
                value, error = found["network_ratio"], found["network_ratio_error"]
                if math.isnan(reference[0]):
                    reference = value, error, found["cap_bias"]
                bias = value / reference[0] - 1.0
                uncertain = math.hypot(error / value, reference[1] / reference[0])
                of_hops = (
                    f"{bias:.1%} ± {uncertain:.1%} | {bias / (found['cap_bias'] - reference[2]):.0f}"
                    if cap < HARMLESS
                    else "0 | "
                )
                spent = time.process_time() - began
                print(f"| {size}³ | {seed} | {cap} | {found['cap_bias']:.3%} | {value:.3f} ± {error:.3f} | {of_hops} |"
                      f" {found['hops']:.1e} | {spent:.0f} |", flush=True)  # fmt: skip


def seeds(count: int = 24) -> None:
    """Whether errors are as large as they say: one landscape of 10³ sites at 600 K again and again, 5 % asked."""
    landscape = isc.generate_landscape(GLASS, lattice=10, rng=1)
    found = [
        isc.kinetic_monte_carlo(
            landscape, temperature=600.0, rng=100 + seed, cap=2.0, relative_error=0.05, tracer=False
        ).summary()
        for seed in range(count)
    ]
    values = np.array([each["network_ratio"] for each in found])
    errors = np.array([each["network_ratio_error"] for each in found])
    scatter = values.std(ddof=1)
    stated = math.sqrt(np.mean(errors**2))
    print(f"{count} runs: σ(hops)/σ(network) = {values.mean():.3f} ± {scatter / math.sqrt(count):.3f},"
          f" scatter {scatter:.3f}, stated errors {stated:.3f}")  # fmt: skip


def two_ions(target: float, most: float) -> None:
    """D of native and foreign ions beside the network, one landscape of 12³ sites at 1000 K."""
    landscape = isc.generate_landscape(GLASS, lattice=12, rng=1)
    law = jumps_of(landscape)
    print("| native share | rates of the foreign ions | D(native)/network | D(foreign)/network | D_12/(D_11 + D_22) |"
          " hops | time / s |")  # fmt: skip
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for share, factor in ((0.8, 1.0), (0.8, 0.1), (0.5, 1.0), (0.5, 0.1), (0.2, 0.1), (0.8, 1e-9), (0.5, 1e-9)):
        foreign = isc.MobileIon(attempt_frequency=factor * law.attempt_frequency)
        began = time.process_time()
        try:
            found = isc.hops_of_two_ions(
                landscape, temperature=1000.0, second_ion=foreign, native_share=share, rng=1, relative_error=target,
                most_hops=most,
            )  # fmt: skip
        except isc.HoppingError as error:
            print(f"| {share:g} | {factor:g} | {error} |", flush=True)
            continue
        spent, pairs = time.process_time() - began, found["onsager"].values
        cells = [
            f"{value:.3f} ± {error:.3f}"
            for value, error in zip(found["network_ratio"].values, found["network_ratio_error"].values, strict=True)
        ]
        print(f"| {share:g} | {factor:g} | {' | '.join(cells)} | {pairs[0, 1] / (pairs[0, 0] + pairs[1, 1]):.3f}"
              f" | {found.attrs['hops']:.1e} | {spent:.0f} |", flush=True)  # fmt: skip


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
    parser.add_argument("what", choices=("speed", "others", "exact", "glass", "caps", "seeds", "spectrum", "two-ions"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[16])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[300.0, 600.0, 1000.0])
    parser.add_argument("--landscapes", type=int, default=3)
    parser.add_argument("--relative-error", type=float, default=0.05)
    parser.add_argument("--most-hops", type=float, default=6e8)
    given = parser.parse_args()
    if given.what == "speed":
        speed()
    elif given.what == "others":
        others()
    elif given.what == "exact":
        exact(min(given.relative_error, 0.007))
    elif given.what == "caps":
        caps(given.sizes, given.landscapes, min(given.relative_error, 0.02), given.most_hops)
    elif given.what == "spectrum":
        spectrum(min(given.relative_error, 0.025))
    elif given.what == "seeds":
        seeds()
    elif given.what == "two-ions":
        two_ions(given.relative_error, given.most_hops)
    else:
        glass(given.sizes, given.temperatures, given.landscapes, given.relative_error, given.most_hops)
