"""`ionscape simulate`: an experiment file in, the result, its summary and its figures out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionscape.cli.options import (
    RESULT_EXTENSIONS,
    ModelChoice,
    NoFigure,
    Overwrite,
    Quiet,
    SummaryFile,
    Tolerance,
    check_outputs,
    chosen_settings,
    drawn_figures,
    with_summary,
)
from ionscape.cli.progress import progress_bar
from ionscape.cli.table import print_summary, print_written, write_summary
from ionscape.cli.terminal import say
from ionscape.errors import ConvergenceError, InputError, SimulationInterrupted
from ionscape.interrupts import undisturbed

if TYPE_CHECKING:
    from collections.abc import Generator

    from ionscape.experiment import Experiment
    from ionscape.transport import Progress, Settings, SimulationResult


@contextmanager
def progress_display(experiment: Experiment, *, quiet: bool) -> Generator[Callable[[Progress], None] | None]:
    """Show a progress bar on standard error and give the function that moves it; None if `quiet`."""
    from rich.progress import BarColumn, TaskProgressColumn

    columns = (
        f"stage {{task.fields[stage]}} of {len(experiment.stages)}", BarColumn(), TaskProgressColumn(),
        "{task.fields[hours]:.4g} h simulated, {task.fields[steps]} steps",
    )  # fmt: skip
    with progress_bar(*columns, quiet=quiet, total=1.0, stage=1, hours=0.0, steps=0) as update:

        def show(progress: Progress) -> None:
            assert update is not None
            update(completed=progress.fraction, stage=progress.stage + 1, hours=progress.time / 3600,
                   steps=progress.steps)  # fmt: skip

        if update is not None:
            update()
        yield None if update is None else show


def simulate_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Experiment, a TOML file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="RESULT.nc", help="Result [default: FILE's name with .nc, here]."),
    ] = None,
    model: ModelChoice = "full",
    tolerance: Tolerance = None,
    summary: SummaryFile = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write the profiles there.")] = None,
    figure: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Figure: PNG, SVG or PDF; may be given several times [default: RESULT.png]."),
    ] = None,
    no_figure: NoFigure = False,
    movie: Annotated[Path | None, typer.Option(metavar="FILE.mp4", help="Film of the profiles: MP4 or GIF.")] = None,
    populations: Annotated[
        int,
        typer.Option(
            min=1, metavar="COUNT", help="States of each stage that keep populations on sites, if there are some."
        ),
    ] = 1,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Simulate an experiment and write the result, a summary table and a figure."""
    from ionscape.experiment import load_experiment
    from ionscape.figures.film import MOVIE_EXTENSIONS
    from ionscape.figures.style import FIGURE_EXTENSIONS

    experiment = load_experiment(file)
    target = output if output is not None else Path(file.stem + ".nc")
    figures = drawn_figures(figure, target.with_suffix(".png"), draw=not no_figure)
    check_outputs(
        ("--output", target, RESULT_EXTENSIONS), with_summary(summary), ("--csv", csv, (".csv",)),
        *(("--figure", path, FIGURE_EXTENSIONS) for path in figures), ("--movie", movie, MOVIE_EXTENSIONS),
        overwrite=overwrite, file=file,
    )  # fmt: skip
    settings = replace(chosen_settings(model, tolerance), populations_per_stage=populations)
    result = _run(experiment, target.with_suffix(".partial.nc"), settings=settings, quiet=quiet)
    with undisturbed():
        result.to_netcdf(target)
    if not quiet:
        from rich.console import Console

        print_summary(Console(soft_wrap=True), result.summary())
    write_summary(result.summary(), summary)
    if csv is not None:
        result.to_csv(csv)
    if figures:
        from ionscape.figures import overview, save

        picture = overview(result)
        for path in figures:
            save(picture, path)
    if movie is not None:
        from ionscape.figures import movie as film

        if not quiet:
            say(f"drawing {movie} ...", err=True)
        film(result, movie)
    if not quiet:
        print_written((target, summary, csv, *figures, movie))


def _run(experiment: Experiment, partial: Path, *, settings: Settings, quiet: bool) -> SimulationResult:
    """Run the simulation; what a failed or interrupted one has reached is saved in another file than the result."""
    from ionscape.transport import simulate

    try:
        with progress_display(experiment, quiet=quiet) as show:
            return simulate(experiment, settings=settings, progress=show)
    except (ConvergenceError, SimulationInterrupted) as error:
        if error.partial is not None:
            try:
                with undisturbed():
                    error.partial.to_netcdf(partial)
                error.add_note(f"The result up to there is in {partial}.")
            except InputError as failure:
                error.add_note(f"The result up to there is lost: {failure}")
        raise
    except KeyboardInterrupt:
        raise SimulationInterrupted from None
