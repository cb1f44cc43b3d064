"""Closures and populations fitted to the published figures of the sequential double CAIT, and what each has to assume.

    python benchmarks/double_cait.py

Gunawan 2026 states for rubidium and then caesium on Li3B7O12: after rubidium 7 to 10 % of lithium in the zone; after
caesium mean fractions of 0.03, 0.40 and 0.57 of Li, Rb and Cs, a maximum of rubidium of 0.57, which runs 15 nm ahead of
caesium, and a front at about 100 nm. The profiles themselves are not public. Free beside the published numbers are D of
Cs and two trapped fractions, one for each irradiation, with a closure; D of Cs, one trapped fraction and one release
rate of both foreign ions, or one of each, with populations. The errors of the data are guesses of what was read off:
the sum of squares compares models, it is no chi square.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

import ionscape as isc
from ionscape.arrays import FloatArray
from ionscape.errors import ConvergenceError
from ionscape.experiment import Experiment

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PUBLISHED = {  # value and guessed error
    "Li after Rb": (0.085, 0.015),
    "Li": (0.03, 0.01),
    "Rb": (0.40, 0.02),
    "Rb maximum": (0.57, 0.03),
    "Rb ahead / nm": (15.0, 2.0),
    "front / nm": (100.0, 2.0),
}
REFERENCES = (1.0, 0.967, 0.95, 0.93)
WITHOUT_FRONT = 0.85
"""The zone ends at this part of the depth of the front."""
SETTINGS = isc.Settings(relative_tolerance=1e-3, snapshots_per_stage=2)

Model = tuple[str, Callable[[FloatArray], Experiment], FloatArray, tuple[str, ...]]


def main() -> None:
    """Fit all models and print the table."""
    names = list(PUBLISHED)
    print("| model | " + " | ".join(names) + " | Σ (deviation/error)² | free numbers |")
    print("| --- " * (3 + len(names)) + "|")
    stated = " | ".join(f"{value:g} ± {error:g}" for value, error in PUBLISHED.values())
    print(f"| Gunawan 2026 | {stated} | | |", flush=True)
    for name, make, start, parameters in models():
        found = least_squares(lambda point, make=make: deviations(make(np.exp(point))), np.log(start),
                              diff_step=0.01, x_scale=0.2, xtol=3e-3, ftol=3e-3, max_nfev=25)  # fmt: skip
        values = [value + part * error for part, (value, error) in zip(found.fun, PUBLISHED.values(), strict=True)]
        free = ", ".join(f"{key} {value:.3g}" for key, value in zip(parameters, np.exp(found.x), strict=True))
        shown = " | ".join(f"{value:.3f}" if value < 2.0 else f"{value:.1f}" for value in values)
        print(f"| {name} | {shown} | {2.0 * found.cost:.1f} | {free} |", flush=True)


def models() -> list[Model]:
    """Name, experiment for the free numbers, where their search begins, and what they are."""
    closure = isc.load_experiment(EXAMPLES / "rb-cs-double-cait-reference.toml")
    populations = isc.load_experiment(EXAMPLES / "rb-cs-double-populations.toml")

    def with_reference(part: float) -> Callable[[FloatArray], Experiment]:
        def make(values: FloatArray) -> Experiment:
            caesium, first, second = map(float, values)
            return closure.replace({
                "ions.Cs.diffusion.coefficient": caesium,
                "ions.Li.diffusion.trapped_fraction": first,
                "stages[2].diffusion.Li.trapped_fraction": second,
                "stages[2].diffusion.Rb.reference_density": part * closure.bulk_density,
            })  # fmt: skip

        return make

    def resolved(values: FloatArray) -> Experiment:
        caesium, trapped, *release = map(float, values)
        return populations.replace({
            "ions.Cs.diffusion.bulk_coefficient": caesium,
            "sites.borate.trapped_fraction": trapped,
            "ions.Rb.diffusion.release_rate": release[0],
            "ions.Cs.diffusion.release_rate": release[-1],
            "grid.cell": 0.8e-9,
        })  # fmt: skip

    traps = ("D of Cs / (m²/s)", "trapped with Rb", "trapped with Cs")
    found: list[Model] = [
        (f"closure, reference {part:g} of bulk", with_reference(part), np.array([3.1e-23, 0.085, 0.03]), traps)
        for part in REFERENCES
    ]
    released = ("D of Cs / (m²/s)", "trapped", "release rate of Rb and Cs / (1/s)")
    two = (*released[:2], "release rate of Rb / (1/s)", "of Cs")
    return [
        *found,
        ("populations, one release rate", resolved, np.array([2.4e-23, 0.03, 6e-4]), released),
        ("populations, two release rates", resolved, np.array([2.4e-23, 0.03, 6e-4, 6e-4]), two),
    ]


def deviations(experiment: Experiment) -> FloatArray:
    """Of an experiment from the published figures, in their errors."""
    try:
        result = isc.simulate(experiment, settings=SETTINGS)
    except ConvergenceError:
        return np.full(len(PUBLISHED), 1e3)
    first, last = profile(result, 0), profile(result, len(experiment.stages) - 1)
    zone = {stage: state["depth"] < WITHOUT_FRONT * crossing(state, "Li", 0.5)
            for stage, state in (("first", first), ("last", last))}  # fmt: skip
    found = {
        "Li after Rb": np.average(first["Li"][zone["first"]], weights=first["size"][zone["first"]]),
        "Li": np.average(last["Li"][zone["last"]], weights=last["size"][zone["last"]]),
        "Rb": np.average(last["Rb"][zone["last"]], weights=last["size"][zone["last"]]),
        "Rb maximum": last["Rb"].max(),
        "Rb ahead / nm": 1e9 * (crossing(last, "Rb", 0.25) - crossing(last, "Cs", 0.25)),
        "front / nm": 1e9 * crossing(last, "Li", 0.5),
    }
    return np.array([(found[name] - value) / error for name, (value, error) in PUBLISHED.items()])


def profile(result: isc.SimulationResult, stage: int) -> dict[str, FloatArray]:
    """Depth and size of the cells [m] and the fraction of each ion at the end of a stage."""
    end = result.dataset.isel(time=np.flatnonzero(result.dataset["stage"].values == stage)[-1])
    fraction = {
        str(ion): end["density"].sel(ion=ion).values / result.experiment.bulk_density for ion in end["ion"].values
    }
    return {"depth": end["depth"].values, "size": end["cell_size"].values, **fraction}


def crossing(state: dict[str, FloatArray], ion: str, level: float) -> float:
    """Depth of the last place where the fraction of an ion passes a level [m]."""
    above = state[ion] > level
    last = int(np.flatnonzero(above[:-1] != above[1:])[-1])
    pair = slice(last, last + 2)
    order = np.argsort(state[ion][pair])
    return float(np.interp(level, state[ion][pair][order], state["depth"][pair][order]))


if __name__ == "__main__":
    main()
