"""`ionscape fit`: a fit file in, estimates with intervals out."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ionscape.cli.options import (
    RESULT_EXTENSIONS,
    STORE_EXTENSION,
    Overwrite,
    Processes,
    Quiet,
    Scheduler,
    SummaryFile,
    check_outputs,
    with_summary,
)
from ionscape.cli.progress import progress_bar, taken_up, tally_display
from ionscape.cli.table import print_table, print_warnings, print_written, write_summary
from ionscape.errors import InputError, IonscapeError
from ionscape.files.quantities import shown_unit, with_error
from ionscape.optional import require_extra

if TYPE_CHECKING:
    from rich.console import Console

    from ionscape.inference import FitProblem, FitProgress, FitResult


WIDTH = 112  # of the table: paths are long, and cut they tell nothing


Method = Literal["least-squares", "profile-likelihood", "mcmc"]


def fit_command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="TOML file with a table [fit], or the saved result of a fit.", show_default=False
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FIT.nc", help="Result [default: FILE's name with -fit.nc, here]."),
    ] = None,
    summary: SummaryFile = None,
    method: Annotated[
        Method | None, typer.Option(help="Replaces that of FILE; all but the first continue from least squares.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="REFERENCE.nc",
            help="Result of `ionscape reference`: a prior of the native coefficient and its activation energy.",
            show_default=False,
        ),
    ] = None,
    starts: Annotated[int | None, typer.Option(min=1, help="Starting points [default: that of FILE].")] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where finished parts are kept [default: FIT.runs]."),
    ] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Fit the free parameters of an experiment to measured depth profiles."""
    from rich.console import Console

    from ionscape.inference import FURTHER, fit
    from ionscape.scaleout import RunStore, make_executor

    result_file = output if output is not None else Path(f"{file.stem.removesuffix('-fit')}-fit.nc")
    check_outputs(("--output", result_file, RESULT_EXTENSIONS), with_summary(summary), overwrite=overwrite)
    problem, result = _read(file, reference)
    wanted = method or problem.settings.method
    if wanted == "mcmc":
        require_extra("samplers", key="method", value=wanted)
    given = result is not None
    kept = RunStore(store if store is not None else result_file.with_suffix(STORE_EXTENSION))
    with taken_up("the fit", "parts", kept.folder), make_executor(scheduler, processes) as executor:
        if result is None:
            with _display(len(problem.parameters), quiet=quiet) as show:
                result = fit(
                    problem, starts=starts, executor=executor, store=kept, progress=show,
                    # the other methods replace the intervals
                    check_intervals=wanted == "least-squares",
                )  # fmt: skip
            # what is found so far is safe before the longer part begins
            result.to_netcdf(result_file)
        if wanted != "least-squares":
            try:
                parts = "sides of profiles" if wanted == "profile-likelihood" else "simulations"
                with tally_display(parts, quiet=quiet) as tell:
                    result = FURTHER[wanted](result, executor=executor, store=kept, progress=tell)
            except IonscapeError as error:
                if not given:
                    error.add_note(f"The least-squares fit is in {result_file}: `ionscape summary` prints it.")
                raise
    result.to_netcdf(result_file)
    write_summary(result.summary(), summary)
    if not quiet:
        print_fit(Console(width=max(Console().width, WIDTH)), result)
        print_written([result_file, summary])


def _read(file: Path, reference: Path | None) -> tuple[FitProblem, FitResult | None]:
    """The problem of a fit file, or of a saved result, which comes along.

    Raises:
        InputError: the inputs of a saved result are not at hand.
    """
    from ionscape.inference import load_fit, load_fit_result

    if file.suffix.lower() != ".nc":
        return load_fit(file, reference=reference), None
    if reference is not None:
        raise InputError("belongs to a fit that begins, and a saved one has its priors", key="--reference",
                         value=str(reference), remedy="leave it out, or give the fit file")  # fmt: skip
    saved = load_fit_result(file)
    if saved.problem is None:
        raise InputError("has inputs that are not at hand", file=str(file),
                         remedy="give the fit file itself, where its measurements lie")  # fmt: skip
    return saved.problem, saved


@contextmanager
def _display(count: int, *, quiet: bool) -> Generator[Callable[[FitProgress], None] | None]:
    """Show cost, simulations and parameters on standard error while a fit runs."""
    from rich.progress import BarColumn

    columns = (
        "starts {task.completed:.0f} of {task.total:.0f}", BarColumn(bar_width=20),
        "cost {task.fields[cost]}, {task.fields[simulations]} simulations  {task.fields[values]}",
    )  # fmt: skip
    with progress_bar(*columns, quiet=quiet, total=1, cost="-", simulations=0, values="") as update:

        def show(progress: FitProgress) -> None:
            assert update is not None
            shown = list(progress.values.items())[:count]
            values = ", ".join(
                f"{name.rsplit('.', 1)[-1]} {value:.4g}" for name, value in shown if "sensitivity" not in name
            )
            update(total=progress.starts, completed=progress.done, cost=f"{progress.cost:.2f}",
                   simulations=progress.simulations, values=values)  # fmt: skip

        if update is not None:
            update()
        yield None if update is None else show


def _judgement(found: Mapping[str, Any]) -> str:
    """The cost by its degrees of freedom, beside what noise alone gives, and how probable the residuals are."""
    freedom = found["degrees_of_freedom"]
    if freedom < 1:
        return ""
    expected = math.sqrt(2.0 / freedom)
    told = f": {found['cost'] / freedom:.3f} per degree of freedom, where noise alone gives 1.000 ± {expected:.3f}"
    p_value = found["misfit_p_value"]
    return told if p_value is None else f"{told} ({'misfit' if found['misfit'] else 'no misfit'}, p = {p_value:.2g})"


def _print_readings(console: Console, readings: Sequence[Mapping[str, Any]]) -> None:
    """Print what was measured beside profiles, with the fit and the residuals; nothing where there is none."""
    from rich.table import Column
    from rich.text import Text

    from ionscape.figures.fit_values import readable_unit

    rows: list[list[Text]] = []
    for found in readings:
        chosen = readable_unit(found["unit"], found["measured"])
        size, unit = chosen.size, chosen.unit
        measured, error = with_error(found["measured"] / size, found["error"] / size)
        fitted, _ = with_error(found["fitted"] / size, found["error"] / size)
        name = f"{found['data_set']}: {found['reading']}" if found["data_set"] else found["reading"]
        pull = "-" if found["pull"] is None else f"{found['pull']:+.2f}"
        cells = (name, measured, error, fitted, f"{found['residual']:+.2f}", pull, unit)
        rows.append([Text(cell) for cell in cells])
    if rows:
        columns = ["reading", "measured", "± 1 σ", "fitted", "residual / σ", "pull", Column("unit")]
        print_table(console, "readings of the plate", columns, rows)


def print_fit(console: Console, result: FitResult) -> None:
    """Print estimates with errors and 95 % intervals, the quality of the fit, and the warnings."""
    from rich.table import Column
    from rich.text import Text

    found = result.summary()
    rows: list[list[Text]] = []
    for place, name in enumerate(map(str, result.dataset["parameter"].values)):
        entry = found["parameters"][name]
        size, unit = shown_unit(entry["unit"])
        value, error = with_error(entry["value"] / size, entry["error"] / size)
        interval = f"{entry['lower_95'] / size:.4g} to {entry['upper_95'] / size:.4g}"
        style = "" if result.dataset["kind"].values[place] == "experiment" else "dim"
        rows.append([Text(cell, style=style) for cell in (name, value, error, interval, unit)])
    columns = ["parameter", "estimate", "± 1 σ", "95 % interval", Column("unit")]
    print_table(console, found["title"], columns, rows)
    _print_readings(console, found["readings"])
    console.print(
        f"{found['method']}: cost {found['cost']:.2f} for {found['degrees_of_freedom']} degrees of freedom"
        f"{_judgement(found)}, {found['simulations']} simulations",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    print_warnings(found["warnings"])
