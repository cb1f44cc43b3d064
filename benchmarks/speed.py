"""How fast and how accurate the solver is, and how it compares with SUNDIALS IDA on the same grid.

    python benchmarks/speed.py            about five minutes
    python benchmarks/speed.py --quick    about half a minute: fewer repetitions, no fine double exchange

Wall times are the best of several interleaved repetitions on one core, after compilation. Needs scikit-sundae for the
comparison with IDA.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import kernel_costs
import numpy as np
from banded_ida import BandedIda
from numpy.typing import NDArray
from sksundae.ida import IDA

import ionscape as isc
from ionscape.transport import front_figures
from ionscape.transport.arrays import POTENTIAL_LIMITED, Problem, make_workspace
from ionscape.transport.grid import make_grid
from ionscape.transport.runge_kutta import METHODS
from ionscape.transport.settings import MethodName
from ionscape.transport.stage_arrays import make_scales, make_stage

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
FIRST_STAGE, DOUBLE = EXAMPLES / "rb-mono-cait.toml", EXAMPLES / "rb-cs-double-cait.toml"
METHOD_TOLERANCES = (3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6)
IDA_TOLERANCES = (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6)
# absolute tolerances in units of the relative one: of the densities (of bulk), of the potential (V); what is best
# depends on the accuracy wanted, so all are tried
IDA_ABSOLUTE = ((1.0, 1e3), (0.1, 1e2), (0.1, 0.1), (0.01, 10.0))


def load(file: Path, *, cell: float | None = None) -> isc.Experiment:
    """An example on the grid that stays, which other integrators need; with another cell size [m] in the zone."""
    return isc.load_experiment(file).replace({"grid.kind": "fixed"} if cell is None else {"grid.cell": cell})


def best_times(calls: Sequence[Callable[[], object]], repetitions: int) -> list[float]:
    """Shortest wall time [s] of each call; the calls take turns, so that all meet the same other load."""
    best = [np.inf] * len(calls)
    for _ in range(repetitions):
        for index, call in enumerate(calls):
            began = time.perf_counter()
            call()
            best[index] = min(best[index], time.perf_counter() - began)
    return best


def show_machine() -> None:
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    packages = ("ionscape", "numba", "numpy", "scipy", "scikit-sundae")
    print(f"date      {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC")
    print(f"machine   {model}, {os.cpu_count()} cores; {platform.system()} {platform.release()}")
    if hasattr(os, "getloadavg"):
        print(f"load      {os.getloadavg()[0]:.1f} at the start (jobs that run or wait, this one included)")
    print(f"versions  Python {platform.python_version()}, " + ", ".join(f"{p} {version(p)}" for p in packages))


# (a) the two examples on the default settings


PEAK_MEMORY = """
import json, sys
import ionscape as isc
def peak():
    # VmHWM belongs to this program; the peak of getrusage may be that of the process that started it
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
result = isc.simulate(isc.load_experiment(sys.argv[1]))
result.summary()
print(json.dumps(peak()))
"""


def peak_memory(file: Path) -> float:
    """Peak resident memory of a fresh process that simulates an example [byte]."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK_MEMORY, str(file)], check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(json.loads(done.stdout))


def show_defaults(quick: bool) -> None:
    print("\n(a) Default settings; time of simulate() with everything from the file's values to the dataset")
    print(f"{'':14}{'time/s':>8}{'cells':>7}{'steps':>7}{'rejected':>9}{'systems':>9}{'memory/MB':>11}"
          f"{'front/nm':>10}{'off by/nm':>11}{'width/nm':>10}{'off by/%':>10}")  # fmt: skip
    experiments = [load(FIRST_STAGE), load(DOUBLE)]
    results = [isc.simulate(experiment) for experiment in experiments]
    times = best_times([partial(isc.simulate, experiment) for experiment in experiments], 3 if quick else 9)
    for file, result, wall in zip((FIRST_STAGE, DOUBLE), results, times, strict=True):
        data, grid = result.dataset, json.loads(result.dataset.attrs["grid"])
        front, width = last_front(result)
        line = (
            f"{'first stage' if file is FIRST_STAGE else 'double CAIT':14}{wall:8.3f}{grid['cells']:7d}"
            f"{int(data['stage_steps'].sum()):7d}{int(data['stage_rejected_steps'].sum()):9d}"
            f"{int(data['stage_newton_iterations'].sum()):9d}{peak_memory(file) / 1e6:11.0f}{front * 1e9:10.3f}"
        )
        if quick and file is DOUBLE:
            print(line)
            continue
        settings = isc.Settings(relative_tolerance=isc.Settings().relative_tolerance / 10)
        fine_front, fine_width = last_front(isc.simulate(load(file, cell=grid["cell"] / 4), settings=settings))
        print(line + f"{(front - fine_front) * 1e9:+11.4f}{width * 1e9:10.3f}{100 * (width / fine_width - 1):+10.2f}",
              flush=True)  # fmt: skip
    print("off by: against a run with four times smaller cells and a ten times smaller tolerance; last stage")


def last_front(result: isc.SimulationResult) -> tuple[float, float]:
    """Front depth and 16-84 % width at the end [m]."""
    stage = result.summary()["stages"][-1]
    return stage["front_depth"], stage["front_width"]


# (b) integrators on one stage


@dataclass(frozen=True, kw_only=True)
class StageProblem:
    """One stage, and a tight solution of it on the same grid.

    ``problem``: the arrays that the kernels read; ``start``, ``begun``: time [s] and state at which IDA starts, shortly
    after the beginning of the stage, so that it need not follow the charging of the surface; ``finished``: state at
    ``end`` [s]. A state is (cells, ions + 1): departures of the densities from the native ones, of bulk; potential [V].
    """

    experiment: isc.Experiment
    index: int
    problem: Problem
    depth: FloatArray
    start: float
    end: float
    begun: FloatArray
    finished: FloatArray

    def run(self, method: MethodName, tolerance: float) -> Outcome:
        """The package, on all stages up to this one; the time is that of this one."""
        settings = isc.Settings(method=method, relative_tolerance=tolerance)
        data = isc.simulate(self.experiment, settings=settings).dataset
        counts = [int(data[f"stage_{name}"][self.index]) for name in ("steps", "rejected_steps", "newton_iterations")]
        return Outcome(
            state=state_of(data, self.experiment, -1), time=float(data["stage_wall_time"][self.index]),
            work="{} + {} steps, {} systems".format(*counts),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Final state, run time [s] and what had to be done."""

    state: FloatArray
    time: float
    work: str


def state_of(data: xarray.Dataset, experiment: isc.Experiment, index: int) -> FloatArray:
    """A kept state as the kernels hold it."""
    scales = make_scales(experiment)
    departures = data["density"].values[index] / scales.density - scales.native
    return np.column_stack([departures, data["potential"].values[index]])


def stage_problem(file: Path, index: int, tolerance: float) -> StageProblem:
    """The last stage, of number ``index``, of an example; its tight solution is by esdirk4."""
    experiment = load(file)
    settings = isc.Settings(method="esdirk4", relative_tolerance=tolerance)
    data = isc.simulate(experiment, settings=settings).dataset
    first = int(np.flatnonzero(data["stage"].values == index)[1 if index == 0 else 0])
    scales, grid = make_scales(experiment), make_grid(experiment)
    start = sum(stage.duration for stage in experiment.stages[:index])
    before = state_of(data, experiment, first - 1)
    stage = make_stage(
        experiment, index, scales=scales, cells=grid.cells(), start=start, surface_displacement=0.0, back_field=0.0,
        present=np.any(before[:, :-1] + scales.native > 0.0, axis=0), settings=settings,
    )  # fmt: skip
    return StageProblem(
        experiment=experiment, index=index, problem=stage.problem, depth=grid.depth,
        start=float(data["time"].values[first]), end=stage.end, begun=state_of(data, experiment, first),
        finished=state_of(data, experiment, -1),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One integrator at one tolerance."""

    label: str
    call: Callable[[], Outcome]


def own_trials(problem: StageProblem, quick: bool) -> list[Trial]:
    tolerances = METHOD_TOLERANCES[:-1] if quick else METHOD_TOLERANCES
    return [
        Trial(label=f"{method} {tolerance:.0e}", call=partial(problem.run, method, tolerance))
        for method in METHODS
        for tolerance in tolerances
    ]


def ida_trials(problem: StageProblem, quick: bool) -> list[Trial]:
    ida = BandedIda(problem.problem)

    def run(rtol: float, atol: float, potential_atol: float) -> Outcome:
        run = ida.run(
            problem.begun, problem.start, problem.end, rtol=rtol, atol=atol, potential_atol=potential_atol,
            first_step=1e-6 * (problem.end - problem.start),
        )  # fmt: skip
        work = f"{run.residuals} residuals, {run.jacobians} Jacobians"
        return Outcome(state=run.state, time=run.wall_time, work=work)

    tolerances = [
        (rtol, rtol * density, rtol * potential)
        for rtol in (IDA_TOLERANCES[:-1] if quick else IDA_TOLERANCES)
        for density, potential in IDA_ABSOLUTE
    ]
    return [Trial(label="IDA {:.0e}, {:.0e}, {:.0e} V".format(*t), call=partial(run, *t)) for t in tolerances]


def front_depth(depth: FloatArray, state: FloatArray) -> float:
    """Depth at which the fraction of the native ion, the first one, passes one half [m]; NaN without a front."""
    front, _, _ = front_figures(depth, 1.0 + state[:, 0])
    return np.nan if front is None else front


@dataclass(frozen=True, kw_only=True)
class Point:
    """Cost and errors of a trial."""

    label: str
    time: float
    density: float  # largest error of a density, of bulk
    front: float  # error of the front depth [nm]


def show_work_precision(title: str, problem: StageProblem, *, quick: bool, repetitions: int) -> None:
    """Table of all integrators against one tight reference on the same grid, and the time ratio at equal accuracy."""
    print(f"\n{title}: {len(problem.depth)} cells")
    best: dict[str, Outcome] = {}
    trials = [*own_trials(problem, quick), *ida_trials(problem, quick)]
    for _ in range(repetitions):
        for trial in list(trials):
            try:
                outcome = trial.call()
            except RuntimeError as error:
                print(f"  {trial.label}: {error}")
                trials.remove(trial)
                continue
            if trial.label not in best or outcome.time < best[trial.label].time:
                best[trial.label] = outcome
    print(f"  {'method, tolerance(s)':30}{'time/ms':>9}{'max |dn|':>11}{'front/nm':>11}   work")
    points: list[Point] = []
    reference = problem.finished
    for label, outcome in best.items():
        density = float(np.max(np.abs(outcome.state - reference)[:, :-1]))
        front = abs(front_depth(problem.depth, outcome.state) - front_depth(problem.depth, reference)) * 1e9
        points.append(Point(label=label, time=outcome.time, density=density, front=front))
        print(f"  {label:30}{outcome.time * 1e3:9.1f}{density:11.1e}{front:11.1e}   {outcome.work}")
    show_ratio(points)


def show_ratio(points: list[Point]) -> None:
    """Time of IDA over that of the package, both for the error that the package's default makes."""
    settings = isc.Settings()
    own = next(p for p in points if p.label == f"{settings.method} {settings.relative_tolerance:.0e}")
    by_ida = [p for p in points if p.label.startswith("IDA")]
    print(f"  default ({own.label}): {own.time * 1e3:.1f} ms")
    for what in ("density", "front"):
        error = getattr(own, what)
        needed = time_for(error, [(getattr(p, what), p.time) for p in by_ida])
        print(f"  IDA at the same error of the {what} ({error:.1e}): {needed * 1e3:.1f} ms, "
              f"ratio {needed / own.time:.2f}", flush=True)  # fmt: skip


def time_for(error: float, pairs: Sequence[tuple[float, float]]) -> float:
    """Shortest time for an error: between the best runs that are just better and just worse, linear in logarithms.

    Of the runs only those count that no other beats in both; the result is not longer than that of any run with a
    smaller error, so it leans towards the solver that is asked about.
    """
    best: list[tuple[float, float]] = []
    for pair in sorted(pairs, key=lambda pair: pair[1]):
        if not best or pair[0] < best[-1][0]:
            best.append(pair)
    errors, times = np.log(np.array(best).T)
    return float(np.exp(np.interp(-np.log(error), -errors, times)))


def show_glue(cells: int, unknowns: int) -> None:
    """Cost of the calls from IDA back to Python, which a program in C would not have."""
    size = cells * unknowns
    calls = 0

    def residual(_time: float, y: FloatArray, rate: FloatArray, out: FloatArray) -> None:
        nonlocal calls
        calls += 1
        np.add(y, rate, out=out)

    solver = IDA(residual, rtol=1e-6, atol=1e-9, linsolver="band", lband=0, uband=0, max_num_steps=100_000)
    start = np.ones(size)

    def call() -> None:
        solver.solve(np.array([0.0, 1.0, 10.0]), start, -start)

    (wall,) = best_times([call], 5)
    print(f"  one call from IDA to a trivial residual with everything around it: {wall / (calls / 5) * 1e6:.0f} us")


# (c) steps against cells


def show_scaling(quick: bool) -> None:
    print("\n(c) Time steps against the number of cells in the exchanged zone, first stage")
    zone = make_grid(load(FIRST_STAGE)).zone
    numbers = (250, 500, 1000) if quick else (250, 500, 1000, 2000, 4000)
    print(f"{'zone cells':>12}{'cell/nm':>9}{'cells':>7}{'steps':>7}{'rejected':>9}{'systems':>9}{'time/s':>8}"
          f"{'systems/step':>14}")  # fmt: skip
    steps: list[int] = []
    for number in numbers:
        experiment = load(FIRST_STAGE, cell=zone / number)
        walls = [isc.simulate(experiment) for _ in range(1 if quick else 3)]
        data = min((result.dataset for result in walls), key=lambda data: data.attrs["wall_time"])
        taken, systems = int(data["stage_steps"].sum()), int(data["stage_newton_iterations"].sum())
        steps.append(taken)
        print(f"{number:12d}{zone / number * 1e9:9.4f}{data.sizes['depth']:7d}{taken:7d}"
              f"{int(data['stage_rejected_steps'].sum()):9d}{systems:9d}{data.attrs['wall_time']:8.3f}"
              f"{systems / taken:14.2f}", flush=True)  # fmt: skip
    slope = np.polyfit(np.log(numbers), np.log(steps), 1)[0]
    print(f"steps grow as cells^{slope:.3f}")


# (d) electroneutral model


def show_electroneutral(quick: bool) -> None:
    print("\n(d) Electroneutral model against the full one")
    print(f"{'':14}{'full/s':>8}{'neutral/s':>11}{'charge/%':>10}{'front/nm':>10}{'max |dn|':>10}")
    for name, file in (("first stage", FIRST_STAGE), ("double CAIT", DOUBLE)):
        experiment = load(file)
        reduced = isc.Settings(model="electroneutral")
        full, neutral = isc.simulate(experiment), isc.simulate(experiment, settings=reduced)
        times = best_times(
            [partial(isc.simulate, experiment), partial(isc.simulate, experiment, settings=reduced)],
            2 if quick else 5,
        )
        charge = [result.summary()["stages"][-1]["collected_charge"] for result in (full, neutral)]
        # the charge of the surface sits in the first cells and is no difference of the glass
        inside = full.dataset["depth"].values > 1e-9
        densities = [result.dataset["density"].values[-1][inside] for result in (full, neutral)]
        difference = np.max(np.abs(densities[1] - densities[0])) / experiment.bulk_density
        shift = (last_front(neutral)[0] - last_front(full)[0]) * 1e9
        print(f"{name:14}{times[0]:8.3f}{times[1]:11.3f}{100 * (charge[1] / charge[0] - 1):+10.4f}"
              f"{shift:+10.4f}{difference:10.1e}", flush=True)  # fmt: skip
    print("max |dn|: of bulk, deeper than 1 nm, at the end")


# (e) where the time goes


def show_costs(quick: bool) -> None:
    print("\n(e) Cost of one linear system, and where the time of a stage goes")
    print(f"{'':20}{'cells':>7}{'blocks':>8}{'assemble/us':>13}{'solve/us':>10}{'ns per cell':>13}{'systems':>9}"
          f"{'stage/ms':>10}{'assemble/%':>12}{'solve/%':>9}{'rest/%':>8}")  # fmt: skip
    for label, file, index in (("first stage", FIRST_STAGE, 0), ("double, third stage", DOUBLE, 2)):
        problem = stage_problem(file, index, 1e-4)
        cells, m = problem.finished.shape
        data = isc.simulate(problem.experiment).dataset
        step = float(problem.end - problem.start) / int(data["stage_steps"][index])
        repeats = 100
        arguments = (
            problem.finished, problem.finished[:, :-1].copy(), step, problem.problem, POTENTIAL_LIMITED,
            make_workspace(cells, m - 1),
        )  # fmt: skip
        only = both = stage = np.inf
        for _ in range(4 if quick else 12):
            # the first round compiles
            times = best_times(
                [
                    partial(kernel_costs.assemble_only, repeats, *arguments),
                    partial(kernel_costs.assemble_and_solve, repeats, *arguments),
                ],
                3,
            )
            only, both = min(only, times[0] / repeats), min(both, times[1] / repeats)
            data = isc.simulate(problem.experiment).dataset
            stage = min(stage, float(data["stage_wall_time"][index]))
        systems = int(data["stage_newton_iterations"][index])
        shares = [100 * systems * only / stage, 100 * systems * (both - only) / stage]
        print(f"{label:20}{cells:7d}{f'{m}x{m}':>8}{only * 1e6:13.1f}{(both - only) * 1e6:10.1f}"
              f"{both / cells * 1e9:13.0f}{systems:9d}{stage * 1e3:10.1f}{shares[0]:12.0f}"
              f"{shares[1]:9.0f}{100 - sum(shares):8.0f}", flush=True)  # fmt: skip


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="Speed and accuracy of the solver, and of SUNDIALS IDA.")
    parser.add_argument("--quick", action="store_true", help="half a minute instead of five")
    parser.add_argument("--only", default="abcde", help="letters of the tables to print (default abcde)")
    options = parser.parse_args()
    quick = options.quick
    show_machine()
    if "a" in options.only:
        show_defaults(quick)
    if "b" in options.only:
        print("\n(b) Work and precision of the integrators alone, against a tight reference on the same grid")
        print("    IDA: compiled residual and banded Jacobian; relative tolerance, absolute of densities, of potential")
        first = stage_problem(FIRST_STAGE, 0, 1e-8)
        show_work_precision("First stage", first, quick=quick, repetitions=3 if quick else 9)
        show_glue(*first.finished.shape)
        if not quick:
            third = stage_problem(DOUBLE, 2, 3e-7)
            show_work_precision("Third stage of the double CAIT", third, quick=True, repetitions=2)
            show_glue(*third.finished.shape)
    if "c" in options.only:
        show_scaling(quick)
    if "d" in options.only:
        show_electroneutral(quick)
    if "e" in options.only:
        show_costs(quick)


if __name__ == "__main__":
    main()
