"""Exchanged plates: similarity solutions at default settings, stress of an erfc, guided modes and how long they take.

    python benchmarks/plates.py

prints the tables of the documentation.
"""

from __future__ import annotations

import math
import time

import numpy as np
from scipy.interpolate import PchipInterpolator

import ionscape as isc

EXPERIMENT = """
[sample]
thickness = "1 mm"
illuminated_area = "1 cm^2"
relative_permittivity = 7.5
native = {{ Na = "1e28 1/m^3" }}
[ions.Na.diffusion]
model = "constant"
coefficient = "{native} m^2/s"
reference_temperature = "420 degC"
activation_energy = "1 eV"
[ions.K.diffusion]
model = "constant"
coefficient = "1e-15 m^2/s"
reference_temperature = "420 degC"
activation_energy = "1 eV"
[[stages]]
kind = "contact"
composition = {{ K = 1.0 }}
temperature = "420 degC"
duration = "1e5 s"
[mechanics]
young_modulus = "72 GPa"
poisson_ratio = 0.22
exchangeable = 10
dilatation = {{ K = 1e-3 }}
"""
SIMILARITY = {
    0.0: (1.128379, 0.476936, 1.385904),
    0.5: (1.388353, 0.632691, 1.539827),
    0.9: (2.034655, 1.015072, 1.842638),
    0.99: (2.903127, 1.476391, 2.180857),
}
"""Of D/D_A = 1/(1 - αc): -D c'(0), and η = x/(2 √(D_A t)) at c = 0.5 and 0.05, by α."""
LENGTH = math.sqrt(1e-15 * 1e5)
MODES = [1.517860784, 1.515305327, 1.513840500, 1.512999373, 1.512589690]
CLOSED_FORM = {"surface_stress": -902.25e6, "central_stress": 20.832e6, "depth_of_layer": 32.254e-6}


def similarity() -> None:
    """Amount that entered and depths of two concentrations, relative to the similarity solution."""
    print("| α | amount | η at c = 0.5 | η at c = 0.05 | steps | time / s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for alpha, (slope, half, foot) in SIMILARITY.items():
        experiment = isc.parse_experiment(EXPERIMENT.format(native=1e-15 / (1.0 - alpha)))
        isc.simulate(experiment)
        began = time.perf_counter()
        data = isc.simulate(experiment).dataset
        spent = time.perf_counter() - began
        fraction = data["density"].sel(ion="K").values[-1] / 1e28
        amount = float(fraction @ data["cell_size"].values) / LENGTH
        curve = PchipInterpolator(data["depth"].values, fraction)
        found = [float(curve.solve(level, extrapolate=False)[0]) / (2.0 * LENGTH) for level in (0.5, 0.05)]
        away = [amount / slope - 1.0, found[0] / half - 1.0, found[1] / foot - 1.0]
        print(f"| {alpha:g} | {away[0]:+.1e} | {away[1]:+.1e} | {away[2]:+.1e} | {data.attrs['steps']} | {spent:.2f} |")


def stress() -> None:
    """The plate with an erfc beside its closed form."""
    summary = isc.plate_stress(isc.simulate(isc.parse_experiment(EXPERIMENT.format(native=1e-15)))).summary()
    print("\n| stress of an erfc | closed form | here |\n| --- | --- | --- |")
    for name, exact in CLOSED_FORM.items():
        print(f"| {name} | {exact:.6g} | {summary[name]:.6g} ({summary[name] / exact - 1.0:+.1e}) |")


def exponential(rise: float):
    """n² of the profile with closed forms, 5 µm deep."""
    return lambda depth: np.sqrt(1.5125**2 + 2.0 * 1.5125 * rise * np.exp(-depth / 5e-6))


def modes() -> None:
    """Effective indices beside the exact ones, and the time that 20 modes take."""
    depth = np.linspace(0.0, 150e-6, 4001)
    found = isc.slab_modes(depth, exponential(0.01)(depth), wavelength=632.8e-9).TE
    print("\n| TE mode | exact | here less exact | estimated error | WKB less exact |")
    print("| --- | --- | --- | --- | --- |")
    for mode, exact in enumerate(MODES):
        print(f"| {mode} | {exact} | {found.effective_index[mode] - exact:+.1e} | {found.estimated_error[mode]:.1e} |"
              f" {found.wkb_effective_index[mode] - exact:+.1e} |")  # fmt: skip
    index = exponential(0.14)(depth)
    times = []
    for _ in range(7):
        began = time.perf_counter()
        many = isc.slab_modes(depth, index, wavelength=632.8e-9)
        times.append(time.perf_counter() - began)
    count = many.TE.effective_index.size
    print(f"\n{count} TE and {many.TM.effective_index.size} TM modes of 4000 cells, with errors, WKB and cut-offs:"
          f" {min(times):.2f} s, median {sorted(times)[3]:.2f} s")  # fmt: skip
    began = time.perf_counter()
    inverse = isc.inverse_wkb(found.effective_index, wavelength=632.8e-9)
    between = np.linspace(inverse.turning_depth[0], inverse.turning_depth[-1], 200)
    away = (np.interp(between, inverse.depth, inverse.index) - exponential(0.01)(between)) / 0.01
    surface = (inverse.surface_index - exponential(0.01)(0.0)) / 0.01
    print(f"inverse WKB of the five: within {np.abs(away).max():.1%} of Δn between the turning points, {surface:+.1%}"
          f" at the surface, {time.perf_counter() - began:.3f} s")  # fmt: skip


if __name__ == "__main__":
    similarity()
    stress()
    modes()
