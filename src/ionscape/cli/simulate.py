"""`ionscape simulate`: an experiment file in, the result, its summary and its figures out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionscape.cli.options import (
    RESULT_EXTENSIONS,
    Model,
    ModelChoice,
    NoFigure,
    Overwrite,
    Quiet,
    SummaryFile,
    Tolerance,
)
from ionscape.cli.terminal import say
from ionscape.errors import ConvergenceError, InputError, SimulationInterrupted
from ionscape.files.writing import check_output
from ionscape.interrupts import undisturbed

if TYPE_CHECKING:
    from collections.abc import Generator

    from ionscape.experiment import Experiment
    from ionscape.transport import Progress, SimulationResult


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The files that a run writes, all checked before it starts."""

    result: Path
    summary: Path | None
    table: Path | None
    figures: tuple[Path, ...]
    movie: Path | None

    @property
    def partial(self) -> Path:
        """Where the result goes that a run leaves behind when it does not reach its end."""
        return self.result.with_suffix(".partial.nc")


def plan_outputs(
    file: Path,
    *,
    output: Path | None,
    summary: Path | None,
    table: Path | None,
    figures: list[Path] | None,
    draw: bool,
    movie: Path | None,
    overwrite: bool,
) -> Outputs:
    """Return the files to write after checking that every one of them can be written.

    Raises:
        InputError: an unknown extension, a missing folder, a file that must not be overwritten, or one named twice.
    """
    from ionscape.figures.film import MOVIE_EXTENSIONS
    from ionscape.figures.style import FIGURE_EXTENSIONS

    if figures and not draw:
        raise InputError("contradicts --no-figure", key="--figure", value=str(figures[0]), remedy="give one of the two")
    result = output if output is not None else Path(file.stem + ".nc")
    drawn = tuple(figures or (result.with_suffix(".png"),)) if draw else ()

    def checked(path: Path | None, extensions: tuple[str, ...], key: str) -> Path | None:
        return None if path is None else check_output(path, extensions=extensions, key=key, overwrite=overwrite)

    checked(result, RESULT_EXTENSIONS, "--output")
    checked(summary, (".json",), "--summary")
    checked(table, (".csv",), "--csv")
    for figure in drawn:
        checked(figure, FIGURE_EXTENSIONS, "--figure")
    checked(movie, MOVIE_EXTENSIONS, "--movie")
    used: set[Path] = {file.resolve()}
    for path in (result, summary, table, *drawn, movie):
        if path is not None and path.resolve() in used:
            raise InputError("is used for two files", value=str(path), remedy="give every file its own name")
        if path is not None:
            used.add(path.resolve())
    return Outputs(result=result, summary=summary, table=table, figures=drawn, movie=movie)


@contextmanager
def progress_display(experiment: Experiment, *, quiet: bool) -> Generator[Callable[[Progress], None] | None]:
    """Show a progress bar on standard error and give the function that moves it; None if `quiet`."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    stages = len(experiment.stages)
    columns = (
        TextColumn("stage {task.fields[stage]} of " + str(stages)),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[hours]:.4g} h simulated, {task.fields[steps]} steps"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as display:
        task = display.add_task("simulate", total=1.0, stage=1, hours=0.0, steps=0)

        def show(progress: Progress) -> None:
            display.update(
                task, completed=progress.fraction, stage=progress.stage + 1, hours=progress.time / 3600,
                steps=progress.steps,
            )  # fmt: skip

        yield show


def simulate_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Experiment, a TOML file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="RESULT.nc", help="Result [default: FILE's name with .nc, here]."),
    ] = None,
    model: ModelChoice = Model.full,
    tolerance: Tolerance = None,
    summary: SummaryFile = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write the profiles there.")] = None,
    figure: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Figure: PNG, SVG or PDF; may be given several times [default: RESULT.png]."),
    ] = None,
    no_figure: NoFigure = False,
    movie: Annotated[Path | None, typer.Option(metavar="FILE.mp4", help="Film of the profiles: MP4 or GIF.")] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Simulate an experiment and write the result, a summary table and a figure."""
    from ionscape.experiment import load_experiment

    experiment = load_experiment(file)
    outputs = plan_outputs(
        file, output=output, summary=summary, table=csv, figures=figure, draw=not no_figure, movie=movie,
        overwrite=overwrite,
    )  # fmt: skip
    result = _run(experiment, outputs, model=model, tolerance=tolerance, quiet=quiet)
    with undisturbed():
        result.to_netcdf(outputs.result)
    _write_the_rest(result, outputs, quiet=quiet)


def _run(
    experiment: Experiment, outputs: Outputs, *, model: Model, tolerance: float | None, quiet: bool
) -> SimulationResult:
    """Run the simulation; what a failed or interrupted one has reached is saved beside the output."""
    from ionscape.transport import Settings, simulate

    try:
        with progress_display(experiment, quiet=quiet) as show:
            settings = Settings(model=model.value)
            if tolerance is not None:
                settings = replace(settings, relative_tolerance=tolerance)
            return simulate(experiment, settings=settings, progress=show)
    except (ConvergenceError, SimulationInterrupted) as error:
        if error.partial is not None:
            try:
                with undisturbed():
                    error.partial.to_netcdf(outputs.partial)
                error.add_note(f"The result up to there is in {outputs.partial}.")
            except InputError as failure:
                error.add_note(f"The result up to there is lost: {failure}")
        raise
    except KeyboardInterrupt:
        raise SimulationInterrupted from None


def _write_the_rest(result: SimulationResult, outputs: Outputs, *, quiet: bool) -> None:
    """Write summary, table, figures and film, and say what there is."""
    from rich.console import Console

    from ionscape.cli.table import print_summary, print_written, write_summary

    numbers: dict[str, Any] = result.summary()
    if not quiet:
        print_summary(Console(soft_wrap=True), numbers)
    if outputs.summary is not None:
        write_summary(numbers, outputs.summary)
    if outputs.table is not None:
        result.to_csv(outputs.table)
    if outputs.figures:
        from ionscape.figures import overview, save

        picture = overview(result)
        for path in outputs.figures:
            save(picture, path)
    if outputs.movie is not None:
        from ionscape.figures import movie

        if not quiet:
            say(f"drawing {outputs.movie} ...", err=True)
        movie(result, outputs.movie)
    if not quiet:
        print_written((outputs.result, outputs.summary, outputs.table, *outputs.figures, outputs.movie))
