"""How many of many random experiments are simulated, and what becomes of the others.

    python benchmarks/robustness.py --number 500 --jobs 2
    python benchmarks/robustness.py --number 200 --populations

Every case is a seed of `tests/strategies.py`. It converges, or raises the documented error, or counts as a defect: a
NaN, a negative density, an open balance, a charge that runs backwards, another exception, or a run over the time limit.
Faces that do not take an ion let it pile up without bound, to densities that no solid has: such results are remarked
on, and counted in a line of their own, but they count as any other.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time as clock
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from strategies import ELEMENTARY_CHARGE, as_toml, random_experiment, random_populations

BALANCE_TOLERANCE = 1e-12
MONOTONE_TOLERANCE = 1e-3
"""Share of the largest charge by which a charge may run back: the accuracy of a time step."""

Case = dict[str, Any]


def run_case(
    seed: int, *, steps: int, timeout: float, model: str = "full", populations: bool = False
) -> Case:  # fmt: skip
    """Simulate one random experiment and judge the result."""
    from ionscape.errors import ConvergenceError, InputError
    from ionscape.experiment import parse_experiment
    from ionscape.transport import Progress, Settings, simulate

    # processor time: what runs beside it on the machine does not count
    began = clock.process_time()
    case: Case = {"seed": seed, "outcome": "defect", "problems": [], "kinds": [], "steps": 0, "rejected": 0}

    def watch(_: Progress) -> None:
        if clock.process_time() - began > timeout:
            raise TimeoutError

    result = None
    try:
        make = random_populations if populations else random_experiment
        experiment = parse_experiment(make(np.random.default_rng(seed)))
        case["kinds"] = [kind_of(stage) for stage in experiment.stages]
        result = simulate(experiment, settings=Settings(maximum_steps=steps, model=model), progress=watch)
        case["outcome"] = "converged"
    except ConvergenceError as error:
        case["outcome"] = "not converged"
        case["problems"].append(str(error))
        case["stage"] = error.stage
        result = error.partial
    except InputError as error:
        # random experiments are valid, but not each one is for the electroneutral model, or for populations
        case["outcome"] = "refused" if model == "electroneutral" or populations else "defect"
        case["problems"].append(str(error))
    except TimeoutError:
        case["problems"].append(f"took longer than {timeout:g} s")
    except Exception as error:  # noqa: BLE001 whatever it is, it is to be counted
        case["problems"].append(f"{type(error).__name__}: {error}")
    case["processor_time"] = clock.process_time() - began
    if result is not None:
        problems = check_result(result)
        if problems:
            case["outcome"] = "defect"
            case["problems"] += problems
        data = result.dataset
        case["steps"] = int(data["stage_steps"].values.sum())
        case["rejected"] = int(data["stage_rejected_steps"].values.sum())
        case["iterations"] = int(data["stage_newton_iterations"].values.sum())
        case["cells"] = int(data.sizes["depth"])
        case["piled_up"] = any(remark.code == "piled_up" for remark in result.remarks)
        case["balance_error"] = float(np.nanmax(np.abs(data["balance_error"].values)))
    return case


def warm_up() -> None:
    """Compile the kernels for every number of ions, so that no run time contains it."""
    from ionscape.experiment import parse_experiment
    from ionscape.transport import simulate

    diffusion = {
        "model": "constant",
        "coefficient": "1e-18 m^2/s",
        "reference_temperature": "300 K",
        "activation_energy": "0.5 eV",
    }
    for names in (["Li"], ["Li", "Na"], ["Li", "Na", "K"], ["Li", "Na", "K", "Rb"]):
        stage = {"kind": "irradiation", "beam": "Li", "source_potential": "1 V"}
        native = {"Li": "1e28 1/m^3"}
        data = {
            "sample": {"thickness": "1 mm", "illuminated_area": "1 mm^2", "relative_permittivity": 7, "native": native},
            "ions": {name: {"diffusion": diffusion} for name in names},
            "stages": [{**stage, "temperature": "300 K", "duration": "1 s"}],
        }
        simulate(parse_experiment(as_toml(data)))


def kind_of(stage: Any) -> str:
    """Kind of a stage, as the table lists it."""
    if stage.kind == "irradiation":
        return "irradiation, beam limit" if stage.beam_current is not None else "irradiation"
    if stage.kind == "contact":
        return "blocking contact" if stage.blocking else "contact"
    return "storage"


def check_result(result: Any) -> list[str]:
    """What is wrong with a result: numbers, signs, balances, charges that run backwards."""
    data = result.dataset
    problems = [
        f"{name} is not finite"
        for name in ("density", "potential", "current", "surface_potential", "injected_charge", "collected_charge")
        if not np.isfinite(data[name].values).all()
    ]
    density = data["density"].values
    if (density < 0.0).any():
        problems.append(f"negative density {density.min():.2g}")
    if "population" in data:
        held = np.nan_to_num(data["population"].values)
        if (held < 0.0).any():
            problems.append(f"negative population {held.min():.2g}")
        filling = held.sum(axis=2) / np.maximum(data["site_density"].values, 1.0)
        if (filling > 1.0 + 1e-12).any():
            problems.append(f"{filling.max():.13g} ions to a site")
    balance = float(np.abs(data["balance_error"].values).max())
    if not balance <= BALANCE_TOLERANCE:
        problems.append(f"balance error {balance:.2g}")
    experiment = result.experiment
    stages = data["stage"].values[1:]
    sample = experiment.sample
    volume = sample.thickness * sample.illuminated_area
    inventory = ELEMENTARY_CHARGE * sum(sample.native.values()) * volume
    for i, name in enumerate(str(name) for name in data["ion"].values):
        sign = np.sign(experiment.ions[name].charge)
        left = np.diff(sign * data["collected_charge"].values[:, i])
        entered = np.diff(sign * data["injected_charge"].values[:, i])
        kinds = [kind_of(experiment.stages[stage]) for stage in stages]
        beam = np.array([kind.startswith("irradiation") for kind in kinds], dtype=bool)
        closed = np.array([kind in ("storage", "blocking contact") for kind in kinds], dtype=bool)
        storage = np.array([kind == "storage" for kind in kinds], dtype=bool)
        rounding = 1e-15 * inventory
        passed = max(np.abs(data[f"{kind}_charge"].values).max() for kind in ("injected", "collected"))
        allowed = MONOTONE_TOLERANCE * passed + rounding
        if (left < -allowed).any():
            problems.append(f"{name} comes back from the back electrode")
        if (entered[beam] < -allowed).any():
            problems.append(f"{name} leaves into the beam")
        if (entered[closed] != 0.0).any() or (left[storage] != 0.0).any():
            problems.append(f"{name} passes a closed face")
    return problems


def report(cases: list[Case]) -> float:
    """Print the tables; returns the share of converged experiments."""
    outcomes = Counter(case["outcome"] for case in cases)
    print(f"\n{len(cases)} random experiments: " + ", ".join(f"{n} {name}" for name, n in outcomes.most_common()))
    kinds = sorted({kind for case in cases for kind in case["kinds"]})
    print(f"\n{'stage kind':<28}{'experiments':>12}{'converged':>12}")
    for kind in kinds:
        with_kind = [case for case in cases if kind in case["kinds"]]
        print(f"{kind:<28}{len(with_kind):>12}{sum(case['outcome'] == 'converged' for case in with_kind):>12}")
    piled = [case for case in cases if case.get("piled_up")]
    if piled:
        converged = sum(case["outcome"] == "converged" for case in piled)
        print(f"{'ions denser than any solid':<28}{len(piled):>12}{converged:>12}")
    done = [case for case in cases if case["outcome"] == "converged"]
    if done:
        print("\nof those converged:")
        for name in ("processor_time", "steps", "rejected", "cells", "balance_error"):
            values = np.array([case[name] for case in done], dtype=float)
            print(f"  {name:<16} median {np.median(values):<10.3g} 95 % {np.quantile(values, 0.95):<10.3g} ", end="")
            print(f"worst {values.max():<10.3g} (seed {done[int(np.argmax(values))]['seed']})")
    print("\nslowest:")
    for case in sorted(cases, key=lambda case: -case["processor_time"])[:8]:
        kinds_of_case = ", ".join(case["kinds"])
        print(f"  seed {case['seed']:<6} {case['processor_time']:7.2f} s  {case['steps']:>6} steps  {kinds_of_case}")
    failed = [case for case in cases if case["outcome"] != "converged"]
    if failed:
        print("\nnot converged:")
    for case in sorted(failed, key=lambda case: case["seed"]):
        print(f"  seed {case['seed']:<6} {case['outcome']:<14} {', '.join(case['kinds'])}")
        for problem in case["problems"]:
            print(f"      {problem}")
    share = len(done) / max(len(cases), 1)
    print(f"\nconverged: {100 * share:.1f} %")
    return share


def main() -> int:
    """Run the benchmark from the command line; the status is 1 below 99 % or with any defect."""
    parser = argparse.ArgumentParser(description="Simulate random experiments and judge every result.")
    parser.add_argument("--number", type=int, default=500, help="experiments (default 500)")
    parser.add_argument("--seed", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (default 2)")
    parser.add_argument("--timeout", type=float, default=60.0, help="processor time of one experiment [s] (default 60)")
    parser.add_argument("--steps", type=int, default=50_000, help="limit of time steps of a stage (default 50000)")
    parser.add_argument("--model", choices=["full", "electroneutral"], default="full")
    parser.add_argument("--populations", action="store_true", help="ions with populations resolved in energy")
    parser.add_argument("--json", type=Path, help="write all cases to this file")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    seeds = range(options.seed, options.seed + options.number)
    limits = {"steps": options.steps, "timeout": options.timeout, "model": options.model,
              "populations": options.populations}  # fmt: skip
    cases: list[Case] = []
    warm_up()
    with ProcessPoolExecutor(options.jobs) as pool:
        futures = [pool.submit(run_case, seed, **limits) for seed in seeds]
        for future in as_completed(futures):
            cases.append(future.result())
            if len(cases) % 50 == 0:
                print(f"{len(cases)} of {options.number} done", file=sys.stderr, flush=True)
            if options.json is not None:
                options.json.write_text(json.dumps(cases, indent=1), encoding="utf-8")
    refused = [case for case in cases if case["outcome"] == "refused"]
    if refused:
        print(f"{len(refused)} refused, such as: {refused[0]['problems'][0]}")
    share = report([case for case in cases if case["outcome"] != "refused"])
    return int(share < 0.99 or any(case["outcome"] == "defect" for case in cases))


if __name__ == "__main__":
    sys.exit(main())
