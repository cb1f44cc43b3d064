"""What runs inside the process of a job: the functions of the package, as on the command line.

    kind                options                          progress
    calibrate           method                           -
    simulate            model, tolerance, values, label  fraction, stage, stages, time, steps
    fit                 starts, method, processes        done, starts, cost, values, simulations, searches, phase
    profile-likelihood  parameters, points, processes    done, total, failed, resumed
    mcmc                draws, seed, processes           done, total, failed, resumed
    series              landscapes, processes            done, total, failed, resumed
    spectrum            source, processes                done, total, failed, resumed
    hops                source, processes                done, total, failed, resumed
    mobility            source, processes                done, total, failed, resumed
    report              format ("html", "pdf")           -

All options but `source`, the text of a hops file, may be absent. `values` are numbers in SI units by path that take
the place of those of the experiment, `label` is for people. Each entry of `searches` has `start`, `cost`,
`simulations`, `values` (SI, by name) and `trace`, a list of [simulations, cost]. Results are `profile.nc`,
`simulations/<identifier>.nc`, `fit.nc`, `series.nc`, `spectrum.nc`, `hops.nc`, `mobility.nc` and `report.html` or
`.pdf`, all in `results`.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.errors import ConvergenceError, InputError, IonscapeError, SimulationInterrupted
from ionscape.files.writing import write_bytes, write_text
from ionscape.interrupts import ignore_signals
from ionscape.optional import require_extra
from ionscape.remarks import Remark

from . import endings as ends
from .endings import Ending
from .landscapes import CALCULATIONS, Calculation, parse_hops
from .project import DOCUMENT_FILE, SERIES_FILE, assumed_in, beginning_file
from .reading import read_document, read_fit_result

if TYPE_CHECKING:
    from ionscape.inference import FitResult
    from ionscape.scaleout import Tally

CHOICES = {"profile-likelihood": ("parameters", "points"), "mcmc": ("draws", "seed")}
"""Options of what goes on from least squares."""
POPULATIONS_PER_STAGE = 8
"""Of simulations with populations: enough to look at on the page; the double CAIT of the examples takes 20 MB."""
REPORT_EVERY = 0.1
"""Time [s] between two reports, so that the page is not flooded."""


@dataclass(eq=False)
class Cancelled(Exception):
    """The user stopped the job; the remark says what is kept."""

    remark: Remark


@dataclass(kw_only=True, eq=False)
class JobContext:
    """What a task needs to know of its job.

    Attributes:
        folder: of the project.
        identifier: of the job.
        kind: of the job.
        sender: where reports go.
        written: results, relative to the project.
        assumed: paths of values of the document that nobody had given or confirmed when the job read it.
    """

    folder: Path
    identifier: str
    kind: str
    sender: Connection
    written: list[str] = field(default_factory=list[str])
    assumed: tuple[str, ...] = ()
    _told: float = 0.0

    @property
    def document(self) -> Path:
        """The document of the project."""
        return self.folder / DOCUMENT_FILE

    @property
    def store(self) -> Path:
        """Where finished parts are kept; parts of other inputs do not disturb there, as they are named by them."""
        return self.folder / "jobs" / "stores" / self.kind

    def report(self, progress: Any, *, always: bool = False) -> None:
        """Say how far the job is, by a dataclass or a mapping; too frequent reports are dropped."""
        now = time.monotonic()
        if always or now - self._told >= REPORT_EVERY:
            self._told = now
            self.sender.send(("progress", progress if isinstance(progress, Mapping) else asdict(progress)))

    def show(self, tally: Tally) -> None:
        """Say how far an ensemble is."""
        self.report(
            {"done": tally.finished, "total": tally.total, "failed": tally.failed, "resumed": tally.resumed},
            always=tally.finished == tally.total,
        )

    def save(self, name: str, write: Callable[[Path], object]) -> Path:
        """Write a result with a function that leaves it complete or not at all."""
        target = self.folder / "results" / name
        if not target.parent.resolve().is_relative_to(self.folder.resolve()):
            raise InputError("is a link that leads out of the project", file=f"results/{name}",
                             remedy="put a folder of the project in its place")  # fmt: skip
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target)
        self.written.append(f"results/{name}")
        return target


def run_job(sender: Connection, kind: str, options: dict[str, Any], folder: str, identifier: str) -> None:
    """Do a job, and say what has become of it; called in a `Worker`."""
    context = JobContext(folder=Path(folder), identifier=identifier, kind=kind, sender=sender)
    try:
        state, ending = "finished", Ending(remarks=TASKS[kind](context, options))
    except Cancelled as stopped:
        state, ending = "cancelled", Ending(reason=stopped.remark)
    except (KeyboardInterrupt, SimulationInterrupted):
        ignore_signals()
        state, ending = "cancelled", Ending(reason=ends.FINISHED_KEPT())
    except IonscapeError as error:
        state, ending = "failed", Ending(reason=error)
    except MemoryError:
        state, ending = "failed", Ending(reason=ends.NO_MEMORY())
    except Exception as error:  # noqa: BLE001 - a fault of the program is shown on the page and kept in a file
        log = f"jobs/{identifier}.log"
        state, ending = "failed", Ending(reason=ends.FAULT(kind=type(error).__name__, text=str(error), log=log))
        with suppress(InputError):
            write_text(context.folder / log, traceback.format_exc())
    ignore_signals()
    sender.send(("outcome", {"state": state, "results": context.written, **ending.entries()}))
    sender.close()


def calibrate_task(context: JobContext, options: Mapping[str, Any]) -> tuple[Remark, ...]:
    """Counts to densities."""
    from ionscape.profiling import calibrate, load_measurement

    method = options.get("method")
    measurement = read_document(context.document, load_measurement)
    profile = calibrate(measurement, **({"density_method": method} if method is not None else {}))
    context.save("profile.nc", profile.to_netcdf)
    return ()


def simulate_task(context: JobContext, options: Mapping[str, Any]) -> tuple[Remark, ...]:
    """The experiment of the document, with other values where some are given."""
    from ionscape.experiment import load_experiment
    from ionscape.transport import Settings, simulate
    from ionscape.transport.suitability import ions_with_populations

    experiment = read_document(context.document, load_experiment).replace(options.get("values") or {})
    chosen: dict[str, Any] = {"model": options.get("model", "full")}
    if options.get("tolerance") is not None:
        chosen["relative_tolerance"] = float(options["tolerance"])
    if ions_with_populations(experiment):
        chosen["populations_per_stage"] = POPULATIONS_PER_STAGE

    name = f"simulations/{context.identifier}"
    try:
        result = simulate(experiment, settings=Settings(**chosen), progress=context.report)
    except (ConvergenceError, SimulationInterrupted) as error:
        ignore_signals()
        if error.partial is not None:
            context.save(f"{name}.partial.nc", error.partial.to_netcdf)
        if isinstance(error, SimulationInterrupted):
            raise Cancelled(ends.PART_KEPT()) from None
        raise
    context.save(f"{name}.nc", result.to_netcdf)
    return ()


def fit_task(context: JobContext, options: Mapping[str, Any]) -> tuple[Remark, ...]:
    """Least squares, and what the document wants after it."""
    from ionscape.inference import FitProgress, fit, load_fit
    from ionscape.inference.fit import result_so_far
    from ionscape.scaleout import RunStore, make_executor

    problem = read_document(context.document, load_fit)
    wanted = options.get("method") or problem.settings.method
    if wanted == "mcmc":
        require_extra("samplers", key="method", value=wanted)
    context.assumed = tuple(sorted(assumed_in(context.folder)))
    kept = RunStore(context.store)
    latest: FitProgress | None = None
    result: FitResult | None = None

    def show(progress: FitProgress) -> None:
        nonlocal latest
        before, latest = latest, progress
        same = before is not None and (before.done, before.phase) == (progress.done, progress.phase)
        context.report(progress, always=not same)

    try:
        with make_executor(processes=options.get("processes")) as executor:
            result = fit(
                problem, starts=options.get("starts"), executor=executor, store=kept, progress=show,
                check_intervals=wanted == "least-squares",
            )  # fmt: skip
            _save_fit(context, result)
            if wanted != "least-squares":
                result = _continued(context, result, wanted, executor, kept, options)
                _save_fit(context, result)
    except (KeyboardInterrupt, SimulationInterrupted):
        ignore_signals()
        if result is not None:
            raise Cancelled(ends.LEAST_SQUARES_KEPT()) from None
        best = None if latest is None else result_so_far(problem, latest)
        if best is None:
            raise Cancelled(ends.NOTHING_FOUND()) from None
        _save_fit(context, best)
        raise Cancelled(ends.BEST_KEPT()) from None
    return result.remarks


def go_on_task(method: str, context: JobContext, options: Mapping[str, Any]) -> tuple[Remark, ...]:
    """Profile likelihoods, or the posterior, of a finished fit."""
    from ionscape.scaleout import RunStore, make_executor

    result = _beginning(context)
    if result.problem is None:
        raise InputError("is not the document of the last fit any more", file=DOCUMENT_FILE,
                         remedy="fit again, or take back what was changed since")  # fmt: skip
    context.assumed = tuple(sorted(assumed_in(context.folder)))
    with make_executor(processes=options.get("processes")) as executor:
        result = _continued(context, result, method, executor, RunStore(context.store), options)
    _save_fit(context, result)
    return result.remarks


def series_task(context: JobContext, options: Mapping[str, Any]) -> tuple[Remark, ...]:
    """Activation energies and conductivities of the series of glasses."""
    from ionscape.series import load_series, run_series

    series = read_document(context.folder / SERIES_FILE, load_series)
    if options.get("landscapes") is not None:
        series = series.with_landscapes(int(options["landscapes"]))
    result = run_series(series, store=context.store, processes=options.get("processes"), progress=context.show)
    context.save("series.nc", result.to_netcdf)
    return result.remarks


def landscapes_task(calculation: Calculation, context: JobContext, options: Mapping[str, Any]) -> tuple[Remark, ...]:
    """Spectra, hops in time or D(n, T) of the landscapes of a glass."""
    import ionscape

    given = parse_hops(options["source"], folder=context.folder)
    calculate = getattr(ionscape, calculation.run)
    result = calculate(given, store=context.store, processes=options.get("processes"), progress=context.show)
    context.save(f"{calculation.kind}.nc", result.to_netcdf)
    return result.remarks


def report_task(context: JobContext, options: Mapping[str, Any]) -> tuple[Remark, ...]:
    """The report of the fit."""
    from ionscape.report import write_report
    from ionscape.report.conditions import assumed_paths

    results = context.folder / "results"
    target = results / f"report.{options.get('format', 'html')}"
    result = read_fit_result(results / "fit.nc", context.document)
    if result.problem is not None:  # the document is that of the fit: what was confirmed since is no longer assumed
        left = sorted(assumed_in(context.folder).intersection(assumed_paths(result)))
        result.dataset.attrs["assumed"] = json.dumps(left)
    written = write_report(result, target, result_file=results / "fit.nc")
    context.written.extend(path.relative_to(context.folder).as_posix() for path in written)
    return ()


TASKS: Mapping[str, Callable[[JobContext, Mapping[str, Any]], tuple[Remark, ...]]] = {
    "calibrate": calibrate_task,
    "simulate": simulate_task,
    "fit": fit_task,
    "profile-likelihood": partial(go_on_task, "profile-likelihood"),
    "mcmc": partial(go_on_task, "mcmc"),
    "series": series_task,
    **{kind: partial(landscapes_task, calculation) for kind, calculation in CALCULATIONS.items()},
    "report": report_task,
}
"""By the kind of the job; each returns the remarks of its result."""


def _beginning(context: JobContext) -> FitResult:
    """The fit from which a job goes on; one that is taken up again begins where it began.

    It may have been killed after it had replaced the fit: from that one it would come to other numbers.
    """
    file, kept = context.folder / "results" / "fit.nc", beginning_file(context.folder, context.identifier)
    result = read_fit_result(file, context.document)
    if kept.is_file():
        earlier = read_fit_result(kept, context.document)
        if earlier.dataset.attrs["created"] == result.dataset.attrs["created"]:  # not of another fit
            return earlier
    write_bytes(kept, file.read_bytes())
    return result


def _continued(
    context: JobContext, result: FitResult, method: str, executor: Any, store: Any, options: Mapping[str, Any]
) -> FitResult:
    from ionscape.inference import FURTHER

    given = {name: options[name] for name in CHOICES[method] if options.get(name) is not None}
    return FURTHER[method](result, executor=executor, store=store, progress=context.show, **given)


def _save_fit(context: JobContext, result: FitResult) -> None:
    if "results/fit.nc" in context.written:
        context.written.remove("results/fit.nc")
    # for the report, wherever it is written
    result.dataset.attrs["assumed"] = json.dumps(context.assumed)
    context.save("fit.nc", result.to_netcdf)
