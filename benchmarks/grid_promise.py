"""Whether the automatic grid keeps its promise: widths of fronts within 0.5 % of those on cells four times finer.

    python benchmarks/grid_promise.py --experiments 100

Random experiments with a front: one or two irradiations, a beam that limits, contacts with and without a field,
blocking ones, storage afterwards, full and electroneutral; D constant and from site energies of either shape, D of the
foreign ion from 1e-4 to 10 times that of the native one. Every stage that ends with a front on both grids counts.
"""

from __future__ import annotations

import argparse
import math
import sys
import time as clock
from typing import Any

import numpy as np

from ionscape.errors import ConvergenceError
from ionscape.experiment import Experiment
from ionscape.transport import Settings, SimulationResult, simulate
from ionscape.transport.grid import Grid, make_grid

PROMISE = 0.005
THERMAL_PER_KELVIN = 1.380649e-23 / 1.602176634e-19
NATIVE_DENSITY = 1.4e28
ELEMENTARY_CHARGE = 1.602176634e-19
PERMITTIVITY = 7.0 * 8.8541878128e-12
MODELS = ("full", "electroneutral")
KINDS = (
    "irradiation", "beam limit", "two irradiations", "storage", "contact", "contact without field", "blocking contact",
)  # fmt: skip
ION_NAMES = {"two irradiations": ("Li", "Rb", "Cs"), "blocking contact": ("Li",)}

Row = dict[str, Any]


def random_experiment(rng: np.random.Generator) -> tuple[Experiment, str]:
    """An experiment whose first stage exchanges a chosen part of the sample, and what its stages are called."""
    kind = str(rng.choice(KINDS))
    temperature = float(rng.uniform(300.0, 450.0))
    thermal = THERMAL_PER_KELVIN * temperature
    native = 10.0 ** rng.uniform(-20.0, -15.0)
    foreign = native * 10.0 ** rng.uniform(-4.0, 1.0) if rng.random() < 0.8 else native
    thickness = 10.0 ** rng.uniform(-6.0, -2.5)
    potential = 10.0 ** rng.uniform(-0.3, 2.0)
    depth = thickness * 10.0 ** rng.uniform(-4.0, math.log10(0.3))
    # what the sharp front takes; no more than 2 V over the zone, or four times finer cells take minutes
    in_zone = potential * depth / foreign / (depth / foreign + (thickness - depth) / native)
    if in_zone > 2.0:
        depth *= 2.0 / in_zone
    duration = (depth * thickness / native + 0.5 * depth**2 * (1.0 / foreign - 1.0 / native)) * thermal / potential
    density = NATIVE_DENSITY
    if kind == "contact without field":
        potential, duration = 0.0, depth**2 / foreign
    elif kind == "blocking contact":
        density = 10.0 ** rng.uniform(22.0, 26.0)
        layer = math.sqrt(2.0 * PERMITTIVITY * potential / (ELEMENTARY_CHARGE * density))
        thickness = max(thickness, 5.0 * layer)
        duration = 10.0 * layer * thickness / native * thermal / potential
    ions = {
        "Li": {"diffusion": _diffusion(rng, native, temperature, energies=rng.random() < 0.5)},
        "Rb": {"diffusion": _diffusion(rng, foreign, temperature, energies=False)},
        "Cs": {"diffusion": _diffusion(rng, foreign * 10.0 ** rng.uniform(-0.5, 0.5), temperature, energies=False)},
    }
    common = {"temperature": f"{temperature:.8g} K", "duration": f"{duration:.8g} s"}
    irradiation = {"kind": "irradiation", "beam": "Rb", "source_potential": f"{potential:.8g} V", **common}
    contact = {"kind": "contact", "potential": f"{potential:.8g} V", "composition": {"Rb": 1.0}, **common}
    weak = {"beam_current": f"{0.7 * ELEMENTARY_CHARGE * density * 28e-6 * depth / duration:.8g} A"}
    stages = {
        "irradiation": [irradiation],
        "beam limit": [{**irradiation, **weak}],
        "blocking contact": [{"kind": "contact", "potential": f"{potential:.8g} V", "blocking": True, **common}],
        "two irradiations": [irradiation, {**irradiation, "beam": "Cs"}],
        "storage": [irradiation, {"kind": "storage", **common}],
        "contact": [contact],
        "contact without field": [contact],
    }[kind]
    data = {
        "sample": {
            "thickness": f"{thickness:.8g} m", "illuminated_area": "28 mm^2", "relative_permittivity": 7,
            "native": {"Li": f"{density:.8g} 1/m^3"},
        },
        "ions": {name: ions[name] for name in ION_NAMES.get(kind, ("Li", "Rb"))},
        "stages": stages,
    }  # fmt: skip
    return Experiment.model_validate(data), kind


def _diffusion(rng: np.random.Generator, coefficient: float, temperature: float, *, energies: bool) -> dict[str, Any]:
    common = {"reference_temperature": f"{temperature:.8g} K", "activation_energy": "0.65 eV"}
    if not energies:
        return {"model": "constant", "coefficient": f"{coefficient:.8g} m^2/s", **common}
    table: dict[str, Any] = {"model": "site-energies", "bulk_coefficient": f"{coefficient:.8g} m^2/s", **common}
    if rng.random() < 0.5:
        table |= {"shape": "gaussian", "width": f"{rng.uniform(0.03, 0.08):.4f} eV"}
    else:
        table |= {"width": f"{rng.uniform(0.05, 0.2):.4f} eV"}
    if rng.random() < 0.5:
        table |= {"trapped_fraction": round(float(rng.uniform(0.02, 0.2)), 4), "trapped_width": "0.04 eV"}
    return table


def finer(grid: Grid, factor: int) -> Grid:
    """The same grid, each cell split into equal ones."""
    return Grid(
        size=np.repeat(grid.size / factor, factor), front_width=grid.front_width, cell=grid.cell / factor,
        zone=grid.zone, surface_cell=grid.surface_cell / factor, growth=grid.growth,
    )  # fmt: skip


def front(result: SimulationResult, index: int, levels: tuple[float, float, float]) -> list[float] | None:
    """Depths [m] at which the native fraction passes three levels at the end of a stage; None where it does not."""
    data = result.dataset
    last = int(np.flatnonzero(data["stage"].values == index)[-1])
    fraction = data["density"].sel(ion="Li").values[last] / result.experiment.sample.native["Li"]
    found: list[float] = []
    for level in levels:
        rising = np.flatnonzero((fraction[:-1] < level) & (fraction[1:] >= level))
        if not len(rising):
            return None
        k = int(rising[-1])
        depth = data["depth"].values[k : k + 2]
        found.append(float(np.interp(level, fraction[k : k + 2], depth)))
    return found


def compare(experiment: Experiment, *, model: str, tolerance: float, factor: int) -> list[Row]:
    """Fronts of every stage on the automatic and on the finer grid."""
    settings = Settings(model=model, relative_tolerance=tolerance)  # type: ignore[arg-type]
    grid = make_grid(experiment)
    results: list[SimulationResult] = []
    times: list[float] = []
    for cells in (grid, finer(grid, factor)):
        began = clock.process_time()
        results.append(simulate(experiment, settings=settings, grid=cells))
        times.append(clock.process_time() - began)
    rows: list[Row] = []
    for index, (coarse, fine) in enumerate(zip(*(result.summary()["stages"] for result in results), strict=True)):
        row: Row = {"kind": coarse["kind"], "cells": len(grid.size), "time": times[0], "cell": grid.cell, "width": None}
        rows.append(row)
        if coarse["front_width"] is None or fine["front_width"] is None:
            continue
        # the same densities on both grids: the plateau of the figures is a mean over whole cells
        plateau = fine["plateau"] or 0.0
        levels = (plateau + 0.16 * (1.0 - plateau), 0.5, plateau + 0.84 * (1.0 - plateau))
        places = [front(result, index, levels) for result in results]
        if places[0] is None or places[1] is None:
            continue
        width = places[1][2] - places[1][0]
        row["width"] = width
        row["width_error"] = (places[0][2] - places[0][0]) / width - 1.0
        row["depth_error"] = (places[0][1] - places[1][1]) / width
        row["figure_error"] = coarse["front_width"] / fine["front_width"] - 1.0
    return rows


def report(rows: list[Row]) -> None:
    """Print the table, one line for each kind of stage and model."""
    fronts = [row for row in rows if row["width"] is not None]
    print(f"\n{'error of the width':<40}{'fronts':>7}{'median':>9}{'95 %':>9}{'worst':>9}{'> 0.5 %':>9}{'depth':>9}")
    for kind in [*sorted({row["name"] for row in fronts}), "all"]:
        chosen = [row for row in fronts if kind in (row["name"], "all")]
        errors = 100.0 * np.abs([row["width_error"] for row in chosen])
        # a shift of the front counts in units of its width
        shifts = 100.0 * np.abs([row["depth_error"] for row in chosen])
        print(
            f"{kind:<40}{len(chosen):>7}{np.median(errors):>8.2f}%{np.quantile(errors, 0.95):>8.2f}%"
            f"{errors.max():>8.2f}%{int((errors > 100 * PROMISE).sum()):>9}{np.quantile(shifts, 0.95):>8.2f}%"
        )
    cells, times = [row["cells"] for row in rows], [row["time"] for row in rows]
    print(f"cells: median {np.median(cells):.0f}, most {max(cells)}; ", end="")
    print(f"processor time: median {np.median(times):.3f} s, most {max(times):.2f} s")
    print("beyond the promise:")
    for row in sorted(fronts, key=lambda row: -abs(row["width_error"])):
        if abs(row["width_error"]) > PROMISE:
            print(
                f"  seed {row['seed']:<5}{row['name']:<38}{100 * row['width_error']:+7.2f} % (figure"
                f" {100 * row['figure_error']:+.2f} %), width {1e9 * row['width']:.4g} nm,"
                f" cells of {1e9 * row['cell']:.3g} nm, {row['cells']} of them"
            )


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="Compare fronts on the automatic grid with those on finer cells.")
    parser.add_argument("--experiments", type=int, default=100, help="random experiments (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--factor", type=int, default=4, help="into how many each cell is split (default 4)")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="of a time step, on both grids (default 1e-4)")
    options = parser.parse_args()
    rows: list[Row] = []
    for seed in range(options.seed, options.seed + options.experiments):
        rng = np.random.default_rng(seed)
        experiment, kind = random_experiment(rng)
        # without space charge there is no depletion layer
        model = str(rng.choice(MODELS)) if kind != "blocking contact" else "full"
        try:
            compared = compare(experiment, model=model, tolerance=options.tolerance, factor=options.factor)
        except ConvergenceError as error:
            print(f"seed {seed}: {kind}, {model}: {error}")
            continue
        for number, row in enumerate(compared):
            what = f"{row['kind']} {number + 1}" if kind == "two irradiations" else row["kind"]
            name = f"{what if kind in ('two irradiations', 'storage') else kind}, {model}"
            rows.append({"seed": seed, "name": name, **row})
        if (seed + 1 - options.seed) % 10 == 0:
            print(f"{seed + 1 - options.seed} of {options.experiments} done", file=sys.stderr, flush=True)
    report(rows)


if __name__ == "__main__":
    main()
