"""The grid that moves with the fronts beside the fixed one: time, steps, and errors against much finer cells.

    python benchmarks/thin_fronts.py --repeats 5 --reference moving

Both grids are timed one after the other, again and again, and the shortest times are compared. The reference has four
times the cells and a tenth of the tolerance: "moving" takes seconds, "fixed" many minutes for thin fronts. Thin fronts
are those of Cs+ and K+ on a lithium borate at 393 K: D_bulk / D_foreign 2e5 and 1e6, trapped fractions 0.03 and 0.20,
fronts at 140 to 160 nm. Derivatives by D of the foreign ion are compared with differences of whole simulations.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ionscape.experiment import Experiment, load_experiment
from ionscape.files.values import read_scalar
from ionscape.transport import Grid, Settings, SimulationResult, Variation, make_grid, simulate

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
FOREIGN = "ions.Rb.diffusion.coefficient"
FINER, TIGHTER = 4, 0.1
HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A simulation and the shortest processor time that it took [s]."""

    result: SimulationResult
    seconds: float


def thin_front(trapped: float, contrast: float, hours: float) -> Experiment:
    """One stage at 393 K whose front is one to two nanometres wide."""
    bulk = 3.9e-17
    return load_experiment(EXAMPLES / "rb-mono-cait.toml").replace({
        "ions.Li.diffusion.bulk_coefficient": bulk, "ions.Li.diffusion.reference_temperature": 393.0,
        "ions.Li.diffusion.trapped_fraction": trapped, FOREIGN: bulk / contrast,
        "ions.Rb.diffusion.reference_temperature": 393.0, "stages[0].temperature": 393.0,
        "stages[0].source_potential": 10.0, "stages[0].duration": hours * HOUR,
    })  # fmt: skip


def cases() -> dict[str, Experiment]:
    """What is simulated, by name."""
    first = load_experiment(EXAMPLES / "rb-mono-cait.toml")
    caesium, potassium = thin_front(0.03, 2e5, 70.0), thin_front(0.20, 1e6, 250.0)

    def longer(experiment: Experiment) -> Experiment:
        return experiment.replace({"stages[0].duration": 30.0 * experiment.stages[0].duration})

    return {
        "first stage, Rb 323 K": first,
        "thin front, Cs-like 393 K": caesium,
        "thinner front, K-like 393 K": potassium,
        "double CAIT": load_experiment(EXAMPLES / "rb-cs-double-cait.toml"),
        "first stage, 30 times as long": longer(first),
        "Cs-like, 30 times as long": longer(caesium),
        "K-like, 30 times as long": longer(potassium),
    }


def alternating(*runs: tuple[Experiment, Any], repeats: int) -> list[Timed]:
    """Run each of them `repeats` times in turn; the keyword arguments of `simulate` are beside each."""
    best: list[Timed | None] = [None] * len(runs)
    for _ in range(repeats):
        for place, (experiment, options) in enumerate(runs):
            began = process_time()
            result = simulate(experiment, **options)
            seconds, before = process_time() - began, best[place]
            if before is None or seconds < before.seconds:
                best[place] = Timed(result=result, seconds=seconds)
    return [each for each in best if each is not None]


def fine(experiment: Experiment, kind: str) -> SimulationResult:
    """What both are compared with."""
    grid = make_grid(experiment.replace({"grid.kind": kind}))
    if kind == "moving":
        grid = replace(grid, moving=FINER * (grid.moving or 0))
    else:
        grid = make_grid(experiment.replace({"grid.cell": grid.cell / FINER, "grid.zone": grid.zone}))
    return simulate(
        experiment, grid=grid, settings=Settings(relative_tolerance=TIGHTER * Settings().relative_tolerance)
    )


def native_fraction(result: SimulationResult, depths: np.ndarray) -> np.ndarray:
    """Of the first ion at the end, at some depths [m]."""
    data = result.dataset.isel(time=-1, ion=0)
    return np.interp(depths, data["depth"].values, data["density"].values) / result.experiment.bulk_density


def row(name: str, timed: Timed, reference: SimulationResult) -> str:
    """One line of the table."""
    (*_, found), (*_, exact) = timed.result.summary()["stages"], reference.summary()["stages"]
    behind = np.linspace(2e-9, exact["front_depth"] - 2.0 * exact["front_width"], 100)
    residual = np.abs(native_fraction(timed.result, behind) - native_fraction(reference, behind)).max()
    data = timed.result.dataset
    cells = data.sizes.get("cell", data.sizes["depth"])
    return (
        f"| {name} | {cells} | {data.attrs['steps']} | {int(data['stage_newton_iterations'].sum())} "
        f"| {timed.seconds:.3f} | {1e9 * (found['front_depth'] - exact['front_depth']):+.3f} "
        f"| {100 * (found['collected_charge'] / exact['collected_charge'] - 1):+.3f} "
        f"| {100 * (found['front_width'] / exact['front_width'] - 1):+.2f} | {residual:.4f} |"
    )


def profiles(repeats: int, reference: str) -> None:
    """Time and errors of both grids."""
    print("| case, grid | cells | steps | linear systems | time / s | front / nm | charge / % | width / % "
          "| residual ions, worst |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")  # fmt: skip
    ratios = []
    for name, experiment in cases().items():
        long = "30 times" in name
        fixed, moving = alternating(
            *((experiment.replace({"grid.kind": kind}), {}) for kind in ("fixed", "moving")),
            repeats=1 if long else repeats,
        )  # fmt: skip
        exact = fine(experiment, reference)
        print(row(f"{name}, fixed", fixed, exact), flush=True)
        print(row(f"{name}, moving", moving, exact), flush=True)
        ratios.append(f"{name}: {moving.seconds / fixed.seconds:.3f}")
    print("\ntime on the moving grid over that on the fixed one:", "; ".join(ratios))


def varied(experiment: Experiment, paths: tuple[str, ...]) -> list[Variation]:
    """By the logarithms of parameters."""
    found = []
    for path in paths:
        value = read_scalar(experiment, path).value
        lower, upper = (experiment.replace({path: value * factor}) for factor in (1.0 - 1e-4, 1.0 + 1e-4))
        found.append(Variation(name=path, lower=lower, upper=upper, spacing=2e-4))
    return found


def derivatives(repeats: int) -> None:
    """Derivative of the charge by ln D of the foreign ion, and what seven derivatives cost."""
    print("\n| derivative of the charge / mC | fixed | moving | moving, half as many cells more "
          "| differences of simulations |\n| --- | --- | --- | --- | --- |")  # fmt: skip
    for name in ("first stage, Rb 323 K", "thin front, Cs-like 393 K", "thinner front, K-like 393 K"):
        experiment = cases()[name].replace({"grid.kind": "moving"})
        grid, value = make_grid(experiment), read_scalar(experiment, FOREIGN).value
        more = replace(grid, moving=3 * (grid.moving or 0) // 2)

        def slope(grid: Grid, experiment: Experiment = experiment) -> float:
            data = simulate(experiment, grid=grid, variations=varied(experiment, (FOREIGN,))).dataset
            return 1e3 * float(data["collected_charge_slope"].values[-1].sum())

        low, high = (
            float(simulate(experiment.replace({FOREIGN: value * factor}), grid=more)
                  .dataset["collected_charge"].values[-1].sum())
            for factor in (0.98, 1.02)
        )  # fmt: skip
        fixed = slope(make_grid(experiment.replace({"grid.kind": "fixed"})))
        print(f"| {name} | {fixed:+.4f} | {slope(grid):+.4f} | {slope(more):+.4f} | {1e3 * (high - low) / 0.04:+.4f} |",
              flush=True)  # fmt: skip
    experiment = cases()["first stage, Rb 323 K"]
    names = ("bulk_coefficient", "activation_energy", "width", "excess_sites", "trapped_fraction", "trapped_width")
    paths = (*(f"ions.Li.diffusion.{name}" for name in names), FOREIGN)
    plain, seven = alternating(
        (experiment, {}), (experiment, {"variations": varied(experiment, paths)}), repeats=repeats
    )
    print(f"\nseven derivatives of the first stage: {seven.seconds / plain.seconds:.2f} times the time without")


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--reference", choices=("moving", "fixed"), default="moving")
    parser.add_argument("--only", choices=("profiles", "derivatives"), default=None)
    options = parser.parse_args()
    simulate(cases()["first stage, Rb 323 K"])  # compiled
    if options.only != "derivatives":
        profiles(options.repeats, options.reference)
    if options.only != "profiles":
        derivatives(options.repeats)
    return 0


if __name__ == "__main__":
    sys.exit(main())
