"""The longest runs that are asked of the package: each in a process of its own, with its time and its memory.

    python benchmarks/long_runs.py                               # all of them, half an hour on a busy core
    python benchmarks/long_runs.py --only single double lattice  # without the posterior, a minute

single: one stage of 300 h (`rb-mono-cait.toml`) on 4000 cells. double: the double experiment of 346 h
(`rb-cs-double-cait.toml`) on 4000 cells. lattice: landscape, activation energy and conductivity of 200³ sites.
posterior: 20,000 draws of the posterior of `rb-mono-fit.toml`, every one of them simulated in full, with cells of 2 nm
and a tolerance of 1e-3 so that it takes minutes, one simulation after the other.

The peak is that of the whole process; "begin" is its resident memory once kernels are compiled and inputs are read,
"end" the one after the run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
GLASS = "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)"
CELLS = 4000
SIMULATIONS = 20_000
HOUR = 3600.0


def resident() -> float:
    """Resident memory of this process now [MB]."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    """Largest resident memory of this process so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What the work returns, and its times and memory."""
    begin, wall, processor = resident(), time.perf_counter(), time.process_time()
    value = work()
    figures = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    return value, {**figures, "begin": begin, "end": resident(), "peak": peak()}


def with_cells(experiment: Any, count: int) -> Any:
    """The experiment with the cell size at which its grid has that many cells, to one in a thousand."""
    from ionscape.experiment import GridSpecification
    from ionscape.transport.grid import make_grid

    def of(cell: float) -> Any:
        table = GridSpecification.model_construct(cell=cell, zone=None, surface_cell=None, growth=None)
        return experiment.model_copy(update={"grid": table})

    low, high = 1e-12, 10e-9
    for _ in range(60):
        middle = (low * high) ** 0.5
        found = len(make_grid(of(middle)).size)
        if abs(found - count) <= count // 1000:
            return of(middle)
        low, high = (middle, high) if found > count else (low, middle)
    raise SystemExit(f"no cell size gives {count} cells")


def simulation(file: str, hours: float | None) -> dict[str, Any]:
    """One experiment on many cells; `hours` replaces the duration of its only stage."""
    import ionscape as isc

    experiment = isc.load_experiment(EXAMPLES / file)
    if hours is not None:
        (stage,) = experiment.stages
        experiment = experiment.model_copy(update={"stages": (stage.model_copy(update={"duration": hours * HOUR}),)})
    isc.simulate(experiment)
    fine = with_cells(experiment, CELLS)
    result, figures = timed(lambda: isc.simulate(fine))
    stage = result.summary()["stages"][-1]
    note = (
        f"{experiment.duration / HOUR:.0f} h, {result.dataset.sizes['depth']} cells, {result.dataset.attrs['steps']}"
        f" steps, front {stage['front_depth'] * 1e9:.2f} nm, balance {stage['balance_error']:.0e}"
    )
    return {**figures, "note": note}


def lattice(sites: int) -> dict[str, Any]:
    """Landscape, activation energy and conductivity of one lattice."""
    import ionscape as isc
    from ionscape.constants import ELECTRON_VOLT

    small = isc.generate_landscape(GLASS, lattice=12, rng=1)
    isc.activation_energy(small)
    isc.conductivity(small, temperature=300.0)

    def work() -> tuple[float, float]:
        landscape = isc.generate_landscape(GLASS, lattice=sites, rng=1)
        energy = isc.activation_energy(landscape) / ELECTRON_VOLT
        return energy, float(isc.conductivity(landscape, temperature=300.0)["conductivity"])

    (energy, value), figures = timed(work)
    return {**figures, "note": f"{sites}³ sites, 300 K, E_a {energy:.3f} eV, σ {value / 100.0:.2e} S/cm"}


def posterior(count: int = SIMULATIONS) -> dict[str, Any]:
    """A posterior all of whose draws are simulated."""
    from ionscape.experiment import GridSpecification
    from ionscape.inference import fit, load_fit, sample_posterior
    from ionscape.scaleout import Tally

    problem = load_fit(EXAMPLES / "rb-mono-fit.toml")
    (data,) = problem.datasets
    grid = GridSpecification.model_construct(cell=2e-9, zone=None, surface_cell=None, growth=1.1)
    coarse = replace(data, experiment=data.experiment.model_copy(update={"grid": grid}))
    settings = problem.settings.model_copy(update={"tolerance": 1e-3})
    found = fit(replace(problem, datasets=(coarse,), settings=settings), starts=1, check_intervals=False)
    before = int(found.dataset.attrs["simulations"])
    marks: list[float] = []

    def look(tally: Tally) -> None:
        if tally.finished * 10 >= tally.total * (len(marks) % 11):
            marks.append(resident())

    sampled, figures = timed(lambda: sample_posterior(found, check=count, progress=look))
    attributes = sampled.dataset.attrs
    size, worth = attributes["posterior_check_draws"], attributes["posterior_check_effective_sample_size"]
    note = (
        f"{int(attributes['simulations']) - before} simulations, {int(attributes['failed_simulations'])} failed,"
        f" {attributes['posterior_rounds']} round(s), effective sample size {worth:.0f} of {size}; resident MB on the"
        f" way: {', '.join(f'{mark:.0f}' for mark in marks)}"
    )
    return {**figures, "note": note}


RUNS: dict[str, Callable[[], dict[str, Any]]] = {
    "single": lambda: simulation("rb-mono-cait.toml", 300.0),
    "double": lambda: simulation("rb-cs-double-cait.toml", None),
    "lattice": lambda: lattice(200),
    "posterior": posterior,
}


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="Time and memory of the longest runs, each in its own process.")
    parser.add_argument("--only", nargs="+", choices=list(RUNS), default=list(RUNS), help="which of them")
    parser.add_argument("--measure", choices=list(RUNS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(RUNS[options.measure]()))
        return
    print(f"{'run':<11}{'time/s':>9}{'processor/s':>13}{'peak/MB':>9}{'begin/MB':>10}{'end/MB':>8}  what")
    for run in options.only:
        done = subprocess.run([sys.executable, __file__, "--measure", run], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{run:<11} failed: {(done.stderr.strip().splitlines() or ['killed'])[-1]}", flush=True)
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        print(f"{run:<11}{row['wall']:>9.1f}{row['processor']:>13.1f}{row['peak']:>9.0f}{row['begin']:>10.0f}"
              f"{row['end']:>8.0f}  {row['note']}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
