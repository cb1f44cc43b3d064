"""How much too high the conductivities of the network of mean occupations are: hops in time of many landscapes.

    python benchmarks/network_against_hops.py run --store FOLDER       # hours of one core
    python benchmarks/network_against_hops.py table --store FOLDER     # of what is there so far
    python benchmarks/network_against_hops.py table --store FOLDER --csv examples/gallery/network_against_hops.csv

The store keeps each finished landscape, so that `run` may be stopped at any moment and goes on where it was. Landscapes
differ by tens of percent, so that an error of 12 % of each is enough; a cap biases all the same way, so that it follows
an error of 7.5 %: it biases the network by less than 0.5 %. Other caps on some of the same landscapes show what is left
of that bias. Landscapes whose hops need more than the first budget wait until all others are done.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ionscape.errors import InputError
from ionscape.hopping.hops_setup import hopping_system
from ionscape.scaleout import Outcome, RunStore, Tally, run
from ionscape.scaleout.ensemble import outcome_key
from ionscape.series.hops_file import parse_hops_file
from ionscape.series.hops_run import CONTENTS, HOPS, follow
from ionscape.series.parts import LandscapePart
from ionscape.series.tasks import random_numbers

TARGET = 0.12
"""Relative error of each landscape."""
BUDGETS = (1.5e9, 6e9, 3e10)
"""Hops of each landscape of 16³ sites, of others in proportion to their length; more for those that need it."""
CAP_ERROR = 0.075
FILE = """
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = {mixing:g}
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[hopping]
attempt_frequency = "4e14 Hz"
jump_distance = "5 angstrom"
[kinetic_monte_carlo]
lattice = {lattice}
landscapes = {landscapes}
temperatures = ["{temperature:g} K"]
[random]
seed = 1
"""
NUMBERS = (
    "conductivity", "conductivity_error", "network_conductivity", "network_ratio", "network_ratio_error", "cap",
    "cap_bias", "lag", "replica_duration", "replicas", "return_share", "occupation_chi_square", "hops", "seconds",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """Landscapes of one size, mixing ratio and temperature [K].

    Attributes:
        cap_error: relative error that the cap follows; a fifteenth of it is the largest bias of the network.
    """

    lattice: int
    temperature: float
    landscapes: int
    mixing: float = 0.5
    cap_error: float = CAP_ERROR

    def parts(self, budget: float) -> list[tuple[LandscapePart, float]]:
        given = parse_hops_file(FILE.format(**vars(self)))
        most_hops = budget * self.lattice / 16
        hopping = given.settings.hopping
        return [
            (
                LandscapePart(
                    glass=given.glasses[0], model=given.model, lattice=self.lattice, seed=given.settings.random.seed,
                    landscape=number, temperature=self.temperature,
                    attempt_frequency=float(hopping.attempt_frequency), jump_distance=hopping.jump_distance,
                    barriers=None,
                    settings={"relative_error": TARGET, "most_hops": most_hops, "tracer": False},
                ),
                self.cap_error,
            )
            for number in range(self.landscapes)
        ]  # fmt: skip


CASES = (
    Case(lattice=16, temperature=400.0, landscapes=20),
    Case(lattice=16, temperature=1000.0, landscapes=20),
    Case(lattice=16, temperature=600.0, landscapes=20),
    *(
        Case(lattice=16, temperature=temperature, landscapes=10, mixing=mixing)
        for mixing in (0.0, 1.0) for temperature in (1000.0, 600.0)
    ),
    Case(lattice=35, temperature=1000.0, landscapes=10),
    *(Case(lattice=16, temperature=600.0, landscapes=10, cap_error=error) for error in (0.2, 0.015)),
    Case(lattice=16, temperature=300.0, landscapes=20),
    Case(lattice=35, temperature=600.0, landscapes=10),
    Case(lattice=35, temperature=400.0, landscapes=5),
    Case(lattice=16, temperature=600.0, landscapes=10, cap_error=0.003),
    Case(lattice=35, temperature=300.0, landscapes=4),
)  # fmt: skip
"""In the order in which they are calculated; those found in the store are not calculated again."""


def followed(part: LandscapePart, cap_error: float) -> dict[str, Any]:
    """Hops of a landscape with a cap that follows an error of its own."""
    began = time.process_time()
    landscape, law = part.made(random_numbers(part.seed, HOPS, part.landscape))
    cap = hopping_system(
        landscape, law, temperature=part.temperature, ions=None, ensemble="grand canonical", cap="automatic",
        direction=0, relative_error=cap_error,
    ).cap  # fmt: skip
    found = follow(replace(part, settings={**part.settings, "cap": cap}))
    return {**found, "seconds": time.process_time() - began}


def calculate(store: RunStore) -> None:
    for budget in BUDGETS:
        for case in CASES:
            print(case, f"{budget:.1e} hops", flush=True)
            waiting = [
                part
                for part, (_, outcome) in zip(case.parts(budget), found_of(case, store), strict=True)
                if outcome is None or outcome.failed
            ]
            run(followed, waiting, identity=CONTENTS, store=store, report=_say)


def _say(tally: Tally) -> None:
    if tally.latest is None:
        return
    value = tally.latest.value
    text = tally.latest.error if value is None else value.get("refused") or (
        f"{value['network_ratio']:.3f} ± {value['network_ratio_error']:.3f}, cap {value['cap']:g}"
        f" ({value['cap_bias']:.2%}), {value['hops']:.1e} hops, {value['seconds']:.0f} s"
    )  # fmt: skip
    print(f"{tally.finished}/{tally.total}: {text}", flush=True)


def found_of(case: Case, store: RunStore) -> Iterator[tuple[int, Outcome | None]]:
    """What is there of each landscape of a case: that of the least budget that told something, or the last refusal."""
    tried = [case.parts(budget) for budget in BUDGETS]
    for parts in zip(*tried, strict=True):
        outcomes = [store.get(outcome_key(followed, part, identity=CONTENTS)) for part in parts]
        there = [outcome for outcome in outcomes if outcome is not None]
        yield parts[0][0].landscape, next((each for each in there if not each.failed), there[-1] if there else None)


def tell(store: RunStore, path: Path | None) -> None:
    """Print a table of the cases, and write the values of all landscapes to a file."""
    print("| x | sites | T / K | cap for | landscapes | ratio of the means | mean of the ratios | median (quartiles)"
          " | least, greatest | error of one | hops | time / min |")  # fmt: skip
    print("| --- " * 12 + "|")
    lines: list[list[Any]] = []
    for case in CASES:
        outcomes = [(number, outcome) for number, outcome in found_of(case, store) if outcome is not None]
        good = [(number, each.value) for number, each in outcomes if not each.failed and "refused" not in each.value]
        lost = len(outcomes) - len(good)
        lines += [
            [case.mixing, case.lattice, case.temperature, case.cap_error, number,
             *(f"{float(value[name]):.6g}" for name in NUMBERS)]
            for number, value in good
        ]  # fmt: skip
        if len(good) < 2:
            continue
        column = {name: np.array([float(value[name]) for _, value in good]) for name in NUMBERS}
        hops, network, ratios = column["conductivity"], column["network_conductivity"], column["network_ratio"]
        mean = hops.mean() / network.mean()
        error = (hops - mean * network).std(ddof=1) / network.mean() / np.sqrt(len(good))
        low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
        print(
            f"| {case.mixing:g} | {case.lattice}³ | {case.temperature:g} | {case.cap_error:.1%} | {len(good)}"
            f"{f' ({lost} refused)' if lost else ''} | {mean:.3f} ± {error:.3f}"
            f" | {ratios.mean():.3f} ± {ratios.std(ddof=1) / np.sqrt(len(good)):.3f}"
            f" | {middle:.2f} ({low:.2f} to {high:.2f}) | {ratios.min():.2f}, {ratios.max():.2f}"
            f" | {np.median(column['network_ratio_error'] / ratios):.0%} | {column['hops'].sum():.1e}"
            f" | {column['seconds'].sum() / 60:.0f} |",
            flush=True,
        )
    if path is not None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["x", "lattice", "temperature", "cap_error", "landscape", *NUMBERS])
            writer.writerows(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--csv", type=Path)
    arguments = parser.parse_args()
    try:
        kept = RunStore(arguments.store)
        if arguments.what == "run":
            calculate(kept)
        tell(kept, arguments.csv)
    except InputError as error:
        parser.error(str(error))
