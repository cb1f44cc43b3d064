"""Residual ions of the package against the profile without diffusion: cells, tolerances, methods.

Strong contrast (D_bulk/D_foreign = 2e5, 10 V across 2.3 mm, 393 K) in the full model: native fraction minus Welge's at
some depths, the largest difference between 5 nm and 0.7 of the front depth, and the depth of the shock. Weaker contrast
(2e3, the first stage) in the electroneutral model at 15 V and 150 V: what diffusion adds shrinks with the potential.

Run: python benchmarks/residual_ions.py [--quick]     (about five minutes, or one)
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

import ionscape as isc
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.relations import DiffusionFreeProfile, diffusion_free_profile

BULK_DENSITY = 1.4e28
AREA = 28.26e-6
DEPTHS = (5e-9, 10e-9, 20e-9, 40e-9, 60e-9)

CASE = """
[sample]
thickness = "{thickness} mm"
illuminated_area = "28.26 mm^2"
relative_permittivity = 7
native = {{ Li = "1.4e28 1/m^3" }}
[ions.Li.diffusion]
model = "site-energies"
bulk_coefficient = "{bulk} m^2/s"
reference_temperature = "{temperature} K"
activation_energy = "0.65 eV"
width = "0.16 eV"
trapped_fraction = {trapped}
trapped_width = "0.05 eV"
[ions.Cs.diffusion]
model = "constant"
coefficient = "{foreign} m^2/s"
reference_temperature = "{temperature} K"
activation_energy = "0.65 eV"
[[stages]]
kind = "irradiation"
beam = "Cs"
source_potential = "{potential} V"
temperature = "{temperature} K"
duration = "{duration} s"
"""


def strong(trapped: float, hours: float) -> str:
    return CASE.format(
        thickness=2.3, bulk=3.9e-17, foreign=3.9e-17 / 2e5, temperature=393.0, trapped=trapped, potential=10.0,
        duration=hours * 3600.0,
    )  # fmt: skip


def weak(potential: float) -> str:
    return CASE.format(
        thickness=2.325, bulk=5.8e-19, foreign=2.67e-22, temperature=323.15, trapped=0.10, potential=potential,
        duration=94.46 * 3600.0 * 15.0 / potential,
    )  # fmt: skip


def without_diffusion(experiment: isc.Experiment) -> DiffusionFreeProfile:
    models, temperature = experiment.diffusion_models(0), experiment.stages[0].temperature
    return diffusion_free_profile(
        native_diffusion=lambda n: models["Li"].coefficient(n * BULK_DENSITY, temperature),
        foreign_diffusion=lambda n: models["Cs"].coefficient(n * BULK_DENSITY, temperature),
    )


def show(text: str, cell: float | None, zone: float, **settings: Any) -> None:
    """One line of a table."""
    if cell is not None:
        text += f'[grid]\ncell = "{cell} m"\nzone = "{zone} m"\nsurface_cell = "{0.1 * cell} m"\n'
    experiment = isc.parse_experiment(text)
    exact = without_diffusion(experiment)
    began = time.perf_counter()
    data = isc.simulate(experiment, settings=isc.Settings(**settings)).dataset
    seconds = time.perf_counter() - began
    amount = float(data["injected_charge"].values[-1, 1]) / (ELEMENTARY_CHARGE * BULK_DENSITY * AREA)
    depth, native = data["depth"].values, data["density"].values[-1, :, 0] / BULK_DENSITY
    shock = exact.shocks[-1]
    level = 0.5 * (shock.fraction_behind + shock.fraction_ahead)
    last = int(np.flatnonzero(native < level)[-1])
    front = float(np.interp(level, native[last : last + 2], depth[last : last + 2]))
    zone_of_test = (depth > 5e-9) & (depth < 0.7 * front)
    largest = float(np.max(np.abs(native - exact.native_fraction(depth / amount))[zone_of_test]))
    errors = np.interp(DEPTHS, depth, native) - exact.native_fraction(np.array(DEPTHS) / amount)
    size = float(data["cell_size"].values[len(depth) // 2]) if cell is None else cell
    label = f"{size * 1e9:7.3g}{' *' if cell is None else '  '} {settings.get('method', 'default'):8}"
    label += f"{settings.get('relative_tolerance', isc.Settings().relative_tolerance):8.0e}"
    row = "".join(f"{error:9.4f}" for error in errors)
    print(
        f"  {label}{row}{largest:10.4f}{100 * (front / (shock.reduced_depth * amount) - 1):9.2f}{front * 1e9:9.2f}"
        f"{data.attrs['steps']:8d}{seconds:8.1f}",
        flush=True,
    )


def heading(title: str) -> None:
    print(
        f"\n{title}\n  cell/nm   method  tolerance" + "".join(f"{f'{depth * 1e9:g} nm':>9}" for depth in DEPTHS), end=""
    )
    print("   largest  shock/%  front/nm   steps       s      (* automatic grid)")


def main() -> None:
    quick = "--quick" in sys.argv
    isc.simulate(isc.parse_experiment(weak(15.0)))  # compile
    for trapped, hours in ((0.20, 32.0), (0.03, 40.0)):
        heading(f"Contrast 2e5, trapped fraction {trapped}: native fraction minus that without diffusion")
        for cell in (None, 1e-9, 0.5e-9) if quick else (None, 1e-9, 0.5e-9, 0.25e-9):
            show(strong(trapped, hours), cell, 150e-9)
        for method in ("tr-bdf2", "esdirk3", "esdirk4"):
            for tolerance in (1e-3, 1e-4) if quick else (1e-3, 1e-4, 1e-5):
                show(strong(trapped, hours), 0.5e-9, 150e-9, method=method, relative_tolerance=tolerance)
    heading("Contrast 2e3, electroneutral: 15 V, and 150 V with cells a tenth as large, at equal charge")
    show(weak(15.0), 0.5e-9, 65e-9, model="electroneutral")
    show(weak(150.0), 0.05e-9, 65e-9, model="electroneutral")


if __name__ == "__main__":
    main()
