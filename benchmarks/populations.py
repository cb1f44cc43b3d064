"""What populations on the energies of sites cost, and what they say: release rates over six decades, times of mixing.

    python benchmarks/populations.py

Times are processor times of one core, the least of several repetitions that alternate between the cases, after
compilation.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import ionscape as isc
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.diffusivity import PopulationDiffusion

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CLOSURE, FIRST = EXAMPLES / "rb-mono-cait.toml", EXAMPLES / "rb-mono-populations.toml"
DOUBLE = EXAMPLES / "rb-cs-double-populations.toml"
RELEASE_RATES = (10.0, 1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # 1/s
TEMPERATURES = (278.0, 300.0, 323.15, 393.0)  # K
MIXING = (1e-1, 1e-3, 6e-4)  # release rates of the slow ion at 323.15 K, 1/s
SHARE_OF_RUBIDIUM = 0.9
REPETITIONS = 7
LEVELS = 120


def main() -> None:
    """Print all tables."""
    if sys.argv[1:] == ["double"]:
        print_double()
        return
    print_speed()
    subprocess.run([sys.executable, __file__, "double"], check=True)  # alone: the peak is that of one run
    print_fall()
    print_mixing()


def print_speed() -> None:
    """The first stage: populations beside a closure D(n), on the same cells and on those that move."""
    thermal = BOLTZMANN_CONSTANT * 323.15
    plain = isc.load_experiment(FIRST)
    (system,) = plain.site_systems.values()
    levels = len(system.levels(thermal / 2).energy)
    spacing = thermal / 2 * levels / LEVELS  # the gap between the branches has none
    ions = ("Li", "Rb")
    coarse = plain.replace({f"ions.{ion}.diffusion.level_spacing": spacing for ion in ions})
    closure = isc.load_experiment(CLOSURE)
    cases = {
        "closure D(n), moving grid": closure,
        "closure D(n), fixed grid": closure.replace({"grid.kind": "fixed"}),
        f"populations, levels of k_B T/2 ({levels})": plain,
        f"populations, {len(system.levels(spacing).energy)} levels": coarse,
    }
    results = {name: isc.simulate(described) for name, described in cases.items()}
    best = dict.fromkeys(cases, np.inf)
    for _ in range(REPETITIONS):
        for name, described in cases.items():
            start = time.process_time()
            isc.simulate(described)
            best[name] = min(best[name], time.process_time() - start)
    print("| first stage, 94 h | time / s | cells | steps | linear systems | front / nm |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, result in results.items():
        data, (stage,) = result.dataset, result.summary()["stages"]
        cells = data.sizes.get("cell", data.sizes["depth"])
        iterations = int(data["stage_newton_iterations"].sum())
        front = stage["front_depth"] * 1e9
        print(f"| {name} | {best[name]:.3f} | {cells} | {stage['steps']} | {iterations} | {front:.3f} |")
    print(flush=True)


def print_double() -> None:
    """The double experiment, its processor time and the peak of its memory."""
    described = isc.load_experiment(DOUBLE)
    isc.simulate(described.replace({"grid.cell": 4e-9}))  # compiles
    start = time.process_time()
    result = isc.simulate(described)
    taken = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    data = result.dataset
    steps, systems = int(data["stage_steps"].sum()), int(data["stage_newton_iterations"].sum())
    print("| double experiment, 346 h | time / s | cells | levels | steps | linear systems | peak / MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    cells, levels = data.sizes["depth"], data.sizes["energy"]
    print(f"| three ions | {taken:.1f} | {cells} | {levels} | {steps} | {systems} | {peak:.0f} |\n", flush=True)


def fractions_at_end(result: isc.SimulationResult) -> dict[str, FloatArray]:
    """Densities at the end in units of bulk."""
    end = result.dataset["density"].isel(time=-1) / result.experiment.bulk_density
    return {str(ion): end.sel(ion=ion).values for ion in end["ion"].values}


def at_fraction(level: float, fraction: FloatArray, value: FloatArray) -> float:
    """A quantity at the last place where a fraction passes a level."""
    last = int(np.flatnonzero((fraction[:-1] <= level) & (fraction[1:] > level))[-1])
    part = slice(last, last + 2)
    return float(np.interp(level, fraction[part], value[part]))


def print_fall() -> None:
    """How far D of lithium falls, and how constant that of rubidium is, over the release rate of rubidium."""
    described = isc.load_experiment(FIRST)
    lithium = float(described.diffusion_models(0)["Li"].coefficient(0.0, 323.15))
    rubidium = float(described.diffusion_models(0)["Rb"].coefficient(0.0, 323.15))
    print("| κ of Rb / (1/s) | D_Li/D_bulk at n_Li = 1/2 | D_Rb at n_Rb = 0.2, 0.5, 0.8, in units of D at θ = 1"
          " | largest/smallest D_Rb, n_Rb 0.2 to 0.8 | overlap at n_Li = 1/2 |")  # fmt: skip
    print("| --- | --- | --- | --- | --- |")
    for rate in RELEASE_RATES:
        result = isc.simulate(described.replace({"ions.Rb.diffusion.release_rate": rate}))
        fraction = fractions_at_end(result)
        effective = isc.effective_diffusion(result).isel(time=-1)
        fall = at_fraction(0.5, fraction["Li"], effective.sel(ion="Li").values / lithium)
        depleted = 1.0 - fraction["Rb"]
        of_rubidium = effective.sel(ion="Rb").values / rubidium
        values = [at_fraction(1.0 - level, depleted, of_rubidium) for level in (0.2, 0.5, 0.8)]
        inside = of_rubidium[(fraction["Rb"] > 0.2) & (fraction["Rb"] < 0.8)]
        overlap = isc.population_overlap(result, "Li", "Rb").isel(time=-1).values
        shown = ", ".join(f"{value:.2f}" for value in values)
        print(f"| {rate:.0e} | {fall:.4f} | {shown} | {inside.max() / inside.min():.2f}"
              f" | {at_fraction(0.5, fraction['Li'], overlap):.3f} |", flush=True)  # fmt: skip
    print()


def mixing_rates(
    slow: PopulationDiffusion,
    energies: FloatArray,
    fermi_level: float,
    temperature: float,
    activities: Mapping[str, float],
) -> FloatArray:
    """Rates at which levels mix: Γ = κ_slow e (1 + R/(1 + L)), L = θ_fast/e, R = θ_slow/e [1/s].

    The fast ion keeps its part of a level in equilibrium with its activity while the slow one comes and goes:
    dn_slow/dt = κ (θ_slow v − e n_slow) with n_fast = L v and S = n_slow + (1 + L) v.
    """
    factor = np.exp((energies - fermi_level) / (BOLTZMANN_CONSTANT * temperature))
    release = slow.release_rate(temperature)
    return release * factor * (1.0 + activities["slow"] / factor / (1.0 + activities["fast"] / factor))


def print_mixing() -> None:
    """How long levels take to mix in a glass of which rubidium has nine tenths of the ions, at equilibrium."""
    described = isc.load_experiment(FIRST)
    (system,) = described.site_systems.values()
    depths = (0.0, 0.1, 0.2, 0.3, 0.4)  # below the Fermi level, eV
    hours = ("0 eV", *(f"{depth:g} eV" for depth in depths[1:]))
    print("| T / K | κ of Rb at 323 K / (1/s) | at T / (1/s) | " + " | ".join(f"1/Γ, {name} deep / h" for name in hours)
          + " | mixed in 94 h down to / eV |")  # fmt: skip
    print("| --- " * (4 + len(depths)) + "|")
    for temperature in TEMPERATURES:
        thermal = BOLTZMANN_CONSTANT * temperature
        level = system.levels(thermal / 4).fermi_level(system.native_density, temperature)
        for rate in MIXING:
            model = described.replace({"ions.Rb.diffusion.release_rate": rate}).diffusion_models(0)["Rb"]
            assert isinstance(model, PopulationDiffusion)
            activities = {"slow": SHARE_OF_RUBIDIUM, "fast": 1.0 - SHARE_OF_RUBIDIUM}
            energies = level - np.array(depths) * ELECTRON_VOLT
            times = 1.0 / mixing_rates(model, energies, level, temperature, activities) / 3600.0
            ladder = level - np.linspace(-1.0, 1.5, 25001) * ELECTRON_VOLT
            mixed = mixing_rates(model, ladder, level, temperature, activities) * 94.0 * 3600.0 >= 1.0
            deepest = (level - ladder[mixed].min()) / ELECTRON_VOLT
            print(f"| {temperature:g} | {rate:g} | {model.release_rate(temperature):.2g} | "
                  + " | ".join(f"{value:.2g}" for value in times) + f" | {deepest:.2f} |")  # fmt: skip
    print()


if __name__ == "__main__":
    main()
