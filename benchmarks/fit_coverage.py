"""How often the 95 % intervals of a fit hold the truth, over many synthetic measurements.

    python benchmarks/fit_coverage.py --number 40 --processes 2

Each measurement is of one CAIT stage of K+, Rb+ or Cs+ on a lithium borate glass at 323 or 393 K with its own D_bulk,
D_foreign, Γ1, trapped fraction, front depth and thickness of the sample (tests/synthetic_fits.py). The truth is
simulated on finer cells and to a tighter tolerance than the fit uses; a synthetic instrument counts with common factor,
transient and depth response. The fit does not start at the truth. A table states the coverage with its binomial error,
mean and scatter of the deviation in stated standard errors (0 and 1 if the errors are right), and the relative errors.

A least-squares search can end in another optimum than the best one. Each case is searched from the truth too, which a
user cannot do: where that ends lower, the starts missed the optimum, and a second table leaves these cases out. What is
left then is owed to the intervals themselves.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time as clock
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np

LOWEST_OF_40, LOWEST, HIGHEST = 34, 0.90, 0.99
MISSED = 1.0
"""Excess of −2 log likelihood over that reached from the truth, beyond which the starts missed the optimum."""
NAMES = {
    "ions.Li.diffusion.bulk_coefficient": "D_bulk",
    "foreign": "D_foreign",
    "ions.Li.diffusion.width": "Γ1",
    "ions.Li.diffusion.trapped_fraction": "trapped fraction",
}

Case = dict[str, Any]


def run_case(seed: int, *, starts: int, profile: bool, settings: dict[str, Any]) -> Case:
    """Make and fit one measurement; what came out, in numbers that can be put together."""
    from ionscape.errors import IonscapeError
    from ionscape.inference import fit
    from synthetic_fits import deviations, fit_from_afar, problem_of, random_truth, search_from_truth

    truth = random_truth(seed)
    case: Case = {"seed": seed, "ion": truth.ion, "temperature": truth.temperature, "problem": None}
    try:
        problem = problem_of(truth, seed=seed, **settings)
        began = clock.perf_counter()
        result = fit_from_afar(problem) if starts == 1 else fit(problem, starts=starts)
        case["wall_time"] = clock.perf_counter() - began
        case["best_cost"] = search_from_truth(problem, truth).cost
        rows = deviations(result, truth)
        profiled = profile_rows(result, truth, rows) if profile else None
    except IonscapeError as error:
        case["problem"] = str(error)
        return case
    attributes = result.dataset.attrs
    case |= {
        "rows": rows, "profile_rows": profiled, "cost": float(attributes["cost"]),
        "degrees_of_freedom": int(attributes["degrees_of_freedom"]),
        "simulations": int(attributes["simulations"]), "failed": int(attributes["failed_simulations"]),
        "missed": float(attributes["cost"]) - case["best_cost"] > MISSED, "warnings": list(result.warnings),
    }  # fmt: skip
    return case


def profile_rows(result: Any, truth: Any, rows: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The same rows with the intervals of the profile likelihood."""
    from ionscape.inference import profile_likelihood

    refined = profile_likelihood(result).dataset
    profiled = {}
    for path, true in truth.values.items():
        name = path if path in NAMES else "foreign"
        lower, upper = (float(refined[f"{side}_95"].sel(parameter=path)) for side in ("lower", "upper"))
        profiled[name] = rows[name] | {"lower": lower, "upper": upper, "held": float(lower <= true <= upper)}
    return profiled


def run_cases(seeds: list[int], *, processes: int, **options: Any) -> list[Case]:
    """All measurements, in the order of the seeds."""
    cases: list[Case] = []
    if processes == 1:
        for seed in seeds:
            cases.append(run_case(seed, **options))
            say(cases[-1])
        return cases
    with ProcessPoolExecutor(processes) as pool:
        for future in as_completed([pool.submit(run_case, seed, **options) for seed in seeds]):
            cases.append(future.result())
            say(cases[-1])
    return sorted(cases, key=lambda case: case["seed"])


def say(case: Case) -> None:
    """One line about a case."""
    head = f"{case['seed']:>4} {case['ion']:>2}+ {case['temperature']:.0f} K "
    if case["problem"] is not None:
        print(f"{head} {case['problem']}", flush=True)
        return
    shown = "  ".join(f"{NAMES[key]} {row['deviation']:+6.2f}{' ' if row['held'] else '*'}"
                      for key, row in case["rows"].items())  # fmt: skip
    missed = f"  missed the optimum by {case['cost'] - case['best_cost']:.1f}" if case["missed"] else ""
    print(f"{head} {case['wall_time']:5.1f} s {case['simulations']:>4} simulations, cost {case['cost']:6.1f} for "
          f"{case['degrees_of_freedom']}  {shown}{missed}", flush=True)  # fmt: skip


def report(cases: list[Case], *, title: str, key: str = "rows") -> bool:
    """Print the table of one kind of intervals; returns whether coverage is as it must be."""
    print(f"\n{title}: {len(cases)} measurements")
    if not cases:
        return False
    print(f"{'95 % interval of':<18}{'held':>6}{'coverage/%':>16}{'mean/σ':>15}{'scatter/σ':>11}"
          f"{'median σ/%':>12}{'largest σ/%':>13}{'undetermined':>14}")  # fmt: skip
    good, held = True, 0.0
    for path, name in NAMES.items():
        rows = [case[key][path] for case in cases]
        deviation = np.array([row["deviation"] for row in rows])
        count = sum(row["held"] for row in rows)
        held += count
        share, size = count / len(rows), len(rows)
        binomial = math.sqrt(max(share * (1.0 - share), 0.25 / size) / size)
        good &= share >= LOWEST_OF_40 / 40
        errors = 100.0 * np.array([row["relative_error"] for row in rows])
        print(f"{name:<18}{count:>6.0f}{100 * share:>9.1f} ±{100 * binomial:>5.1f}"
              f"{deviation.mean():>+9.2f} ±{deviation.std(ddof=1) / math.sqrt(size) if size > 1 else math.nan:>4.2f}"
              f"{deviation.std(ddof=1) if size > 1 else math.nan:>11.2f}{np.median(errors):>12.2f}{errors.max():>13.2f}"
              f"{sum(row['undetermined'] for row in rows):>14.0f}")  # fmt: skip
    overall = held / (len(NAMES) * len(cases))
    good &= LOWEST <= overall <= HIGHEST
    reduced = np.array([case["cost"] / case["degrees_of_freedom"] for case in cases])
    freedom = sum(case["degrees_of_freedom"] for case in cases)
    print(f"all: {held:.0f} of {len(NAMES) * len(cases)} = {100 * overall:.1f} %;"
          f" reduced χ² {reduced.mean():.3f}, expected 1 ± {math.sqrt(2.0 / freedom):.3f}")  # fmt: skip
    return bool(good)


def main() -> int:
    """Run the benchmark from the command line; the status is 1 if coverage is not as it must be."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals of fits of synthetic measurements.")
    parser.add_argument("--number", type=int, default=40, help="synthetic measurements (default 40)")
    parser.add_argument("--seed", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--processes", type=int, default=2, help="worker processes (default 2)")
    parser.add_argument("--starts", type=int, default=3, help="starts of each fit; 1 is a random one (default 3)")
    parser.add_argument("--profile", action="store_true", help="intervals by profile likelihood, too")
    parser.add_argument("--settings", default="{}", help='further keys of [fit] as JSON, as {"cell": "0.125 nm"}')
    parser.add_argument("--json", type=Path, help="write all cases to this file")
    options = parser.parse_args()
    seeds = list(range(options.seed, options.seed + options.number))
    began = clock.perf_counter()
    cases = run_cases(seeds, processes=options.processes, starts=options.starts, profile=options.profile,
                      settings=json.loads(options.settings))  # fmt: skip
    if options.json is not None:
        options.json.write_text(json.dumps(cases, indent=1), encoding="utf-8")
    done = [case for case in cases if case["problem"] is None]
    good = report(done, title="all fits, least squares")
    missed = sum(case["missed"] for case in done)
    if options.profile:
        good &= report(done, title="all fits, profile likelihood", key="profile_rows")
    if missed:
        report([case for case in done if not case["missed"]], title="fits that found the optimum")
    print(f"{missed} of {len(done)} fits missed the optimum, {len(cases) - len(done)} failed;"
          f" {clock.perf_counter() - began:.0f} s")  # fmt: skip
    return int(not good or len(done) < len(cases))


if __name__ == "__main__":
    sys.exit(main())
