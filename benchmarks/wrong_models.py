"""What fits say when the truth lies outside their model: the remark of a misfit, and coverage of the 95 % intervals.

    python benchmarks/wrong_models.py --number 8 --processes 2 --json cases.json

Each synthetic measurement (tests/synthetic_fits.py; 323 K, one ion after the other) is made by the right model and by
five wrong ones: D of the foreign ion that rises with its density (0.6 to 1.8 times, and 0.8 to 1.3 times the stated
one), a depth resolution stated as 3 and as 4 nm that is 2 nm, and a background of lithium of 3 % of the bulk. It is
fitted as it was in version 0.1.0 (depth resolution exact, nothing allowed for) and as it is now. The table states how
many of the four intervals hold the truth, how wide they are against those before, how many results carry a remark that
what is wrong may be wrong (a misfit, a proposal, a statement that the data contradict, an assumption with its effect),
and in how many neither all intervals hold the truth nor a remark is there. With the right model the remark of a misfit
is a false alarm.

Fits start at the values of the stated model's truth: what is asked here is what they say, not whether they get there
(`benchmarks/fit_coverage.py` asks that). Finished cases are kept in the file given by --json and taken up again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time as clock
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np

TEMPERATURE = 323.15  # K; thin fronts at 393 K take minutes for each fit
BEFORE: dict[str, Any] = {"fit_resolution": False, "refit_misfit": False}
"""Keys of [fit] with which a fit does what it did in version 0.1.0."""

QUICKEST_FIRST = ("Cs", "Rb", "K")
"""Ions of the beam; a fit of K takes up to forty times as long as one of Cs."""

Case = dict[str, Any]


def departures() -> dict[str, Any]:
    """What is wrong with the model, by its name."""
    from synthetic_fits import RIGHT, Departure

    return {
        "right": RIGHT,
        "D rises 0.6-1.8": Departure(foreign=(0.6, 1.8)),
        "D rises 0.8-1.3": Departure(foreign=(0.8, 1.3)),
        "3 nm stated": Departure(stated_resolution=3e-9),
        "4 nm stated": Departure(stated_resolution=4e-9),
        "background 3 %": Departure(background=0.03),
    }


def ion_of(seed: int) -> str:
    """The ion of the beam of a sample."""
    from synthetic_fits import random_truth

    return random_truth(seed).ion


def told(result: Any) -> dict[str, bool]:
    """Which remarks a result carries."""
    from ionscape.inference import remarks

    kinds = {"misfit": remarks.MISFIT, "pull": remarks.PULL, "background": remarks.BACKGROUND,
             "proposal": remarks.PROPOSAL, "constant D": remarks.CONSTANT}  # fmt: skip
    codes = {remark.code for remark in result.remarks}
    return {name: kind.code in codes for name, kind in kinds.items()}


REMARKS = {"D": ("misfit", "proposal", "constant D"), "3": ("misfit", "pull"), "4": ("misfit", "pull"),
           "b": ("misfit", "background"), "r": ()}  # fmt: skip
"""Remarks that are about what is wrong, by the first letter of the model."""


def right_remark(case: Case) -> bool:
    """Whether the result says that what is wrong may be wrong."""
    return any(case["now"]["told"][name] for name in REMARKS[case["model"][0]])


def rows_of(result: Any, truth: Any, departure: Any) -> dict[str, dict[str, float]]:
    """Intervals against the truth; where D depends on density its truth is a range, which an interval must meet."""
    from synthetic_fits import deviations

    rows = deviations(result, truth)
    row, (low, high) = rows["foreign"], departure.foreign
    nearest = min(max(row["estimate"], low * row["truth"]), high * row["truth"])
    row["deviation"] = math.log(row["estimate"] / nearest) / (row["relative_error"] * row["truth"] / row["estimate"])
    row["held"] = float(row["lower"] <= high * row["truth"] and row["upper"] >= low * row["truth"])
    return rows


def run_case(seed: int, name: str) -> Case:
    """Make one measurement and fit it both ways."""
    from ionscape.errors import IonscapeError
    from ionscape.inference import fit
    from ionscape.inference.problem import with_starts
    from synthetic_fits import measure, problem_of, random_truth

    truth = replace(random_truth(seed), temperature=TEMPERATURE)
    if random_truth(seed).temperature != TEMPERATURE:  # its coefficients are those of the other temperature
        truth = replace(truth, **{key: getattr(random_truth(seed + 3), key) for key in ("bulk", "foreign")})
    case: Case = {"seed": seed, "model": name, "ion": truth.ion, "problem": None}
    began = clock.process_time()
    try:
        measurement = measure(truth, departures()[name])
        for way, settings in (("before", BEFORE), ("now", {})):
            problem = problem_of(truth, measurements={"": measurement}, seed=seed, **settings)
            result = fit(with_starts(problem, truth.values), starts=1)
            found = result.summary()
            case[way] = {
                "rows": rows_of(result, truth, departures()[name]), "told": told(result),
                "p_value": found["misfit_p_value"], "reduced": found["reduced_chi_square"],
                "simulations": found["simulations"], "discrepancies": found["discrepancies"],
            }  # fmt: skip
    except IonscapeError as error:
        case["problem"] = str(error)
    case["seconds"] = clock.process_time() - began
    return case


def say(case: Case) -> None:
    """One line about a case."""
    head = f"{case['seed']:>3} {case['ion']:>2}+ {case['model']:<16}"
    if case["problem"] is not None:
        print(f"{head} {case['problem']}", flush=True)
        return
    shown = "".join(
        f"  {way}: {sum(row['held'] for row in case[way]['rows'].values()):.0f} of 4,"
        f" largest {max(abs(row['deviation']) for row in case[way]['rows'].values()):.1f} σ,"
        f" χ²/ν {case[way]['reduced']:.2f}, p {case[way]['p_value']:.1g}"
        for way in ("before", "now")
    )
    remarks = ", ".join(name for name, there in case["now"]["told"].items() if there)
    print(f"{head}{shown}  [{remarks}]  {case['seconds']:.0f} s", flush=True)


def width_ratio(case: Case) -> list[float]:
    """Widths of the intervals now over those before."""
    rows = [(case["now"]["rows"][key], case["before"]["rows"][key]) for key in case["now"]["rows"]]
    return [(now["upper"] - now["lower"]) / (old["upper"] - old["lower"]) for now, old in rows]


def report(cases: list[Case]) -> bool:
    """Print the table; returns whether it is as it must be."""
    print(f"\n{'truth':<17}{'samples':>8}{'held before':>13}{'largest/σ':>11}{'held now':>10}{'largest/σ':>11}"
          f"{'width':>7}{'misfit':>8}{'proposal':>10}{'remark':>8}{'neither':>9}")  # fmt: skip
    good = True
    for name in departures():
        own = [case for case in cases if case["model"] == name and case["problem"] is None]
        if not own:
            continue
        held = {way: np.mean([row["held"] for case in own for row in case[way]["rows"].values()])
                for way in ("before", "now")}  # fmt: skip
        off = {way: max(abs(row["deviation"]) for case in own for row in case[way]["rows"].values())
               for way in ("before", "now")}  # fmt: skip
        misfits = sum(case["now"]["told"]["misfit"] for case in own)
        proposals = sum(case["now"]["told"]["proposal"] for case in own)
        remarks = sum(map(right_remark, own))
        neither = sum(
            not right_remark(case) and not all(row["held"] for row in case["now"]["rows"].values()) for case in own
        )
        ratio = float(np.median([value for case in own for value in width_ratio(case)]))
        print(f"{name:<17}{len(own):>8}{100 * held['before']:>11.0f} %{off['before']:>11.1f}{100 * held['now']:>8.0f} %"
              f"{off['now']:>11.1f}{ratio:>7.2f}{misfits:>8}{proposals:>10}{remarks:>8}{neither:>9}")  # fmt: skip
        if name == "right":
            good &= misfits <= 0.05 * len(own) and ratio <= 1.1
        else:
            good &= neither == 0
    return bool(good)


def main() -> int:
    """Run the benchmark from the command line; the status is 1 if results are not as they must be."""
    parser = argparse.ArgumentParser(description="What fits say when the truth lies outside their model.")
    parser.add_argument("--number", type=int, default=8, help="measurements of each kind (default 8)")
    parser.add_argument("--right", type=int, default=None, help="measurements by the right model (default as others)")
    parser.add_argument("--processes", type=int, default=2, help="worker processes (default 2)")
    parser.add_argument("--models", nargs="+", default=list(departures()), help="kinds (default all)")
    parser.add_argument("--ions", nargs="+", default=list(QUICKEST_FIRST), help="of the beam (default all)")
    parser.add_argument("--json", type=Path, help="keep finished cases here, and take them up again")
    options = parser.parse_args()
    wanted = [
        (seed, name)
        for ion in QUICKEST_FIRST
        for name in options.models
        for seed in range(options.right if name == "right" and options.right is not None else options.number)
        if ion_of(seed) == ion and ion in options.ions
    ]
    kept = options.json is not None and options.json.is_file()
    cases: list[Case] = json.loads(options.json.read_text(encoding="utf-8")) if kept else []
    done = {(case["seed"], case["model"]) for case in cases}
    with ProcessPoolExecutor(options.processes) as pool:
        tasks = [pool.submit(run_case, seed, name) for seed, name in wanted if (seed, name) not in done]
        for future in as_completed(tasks):
            cases.append(future.result())
            say(cases[-1])
            if options.json is not None:
                options.json.write_text(json.dumps(cases, indent=1), encoding="utf-8")
    good = report([case for case in cases if (case["seed"], case["model"]) in set(wanted)])
    failed = [case for case in cases if case["problem"] is not None]
    print(f"{len(failed)} fits failed")
    return int(not good or bool(failed))


if __name__ == "__main__":
    sys.exit(main())
