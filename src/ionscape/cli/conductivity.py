"""`ionscape conductivity`: a series of glasses in, activation energies and conductivities out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ionscape.cli.options import (
    RESULT_EXTENSIONS,
    NoFigure,
    Overwrite,
    Processes,
    Quiet,
    Scheduler,
    SummaryFile,
    check_outputs,
    with_summary,
)
from ionscape.cli.progress import kept_result
from ionscape.cli.series_table import print_result
from ionscape.cli.table import print_written, write_summary

if TYPE_CHECKING:
    from ionscape.series import SeriesResult


FigureFormat = Literal["png", "svg", "pdf"]


def conductivity_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Series of glasses, a TOML file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="SERIES.nc", help="Result [default: FILE's name with .nc, here]."),
    ] = None,
    summary: SummaryFile = None,
    figure_format: Annotated[
        FigureFormat, typer.Option(help="Of the figures, which are written beside the result.")
    ] = "png",
    no_figure: NoFigure = False,
    landscapes: Annotated[
        int | None, typer.Option(min=1, help="Replaces the numbers of FILE: fewer for a quick look, more to be sure.")
    ] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where finished landscapes are kept [default: SERIES.runs]."),
    ] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Predict activation energies and conductivities of a series of glasses; a stopped run goes on where it was."""
    from ionscape.series import load_series, run_series

    series = load_series(file)
    if landscapes is not None:
        series = series.with_landscapes(landscapes)
    target = output if output is not None else Path(file.stem + ".nc")
    settings = series.settings
    figures = {} if no_figure else _figure_files(
        target, figure_format, energies=settings.percolation is not None,
        temperatures=0 if settings.network is None else len(settings.network.temperatures),
    )  # fmt: skip
    check_outputs(
        ("--output", target, RESULT_EXTENSIONS), with_summary(summary),
        *(("--figure-format", path, (path.suffix,)) for path in figures.values()), overwrite=overwrite,
    )  # fmt: skip
    result, folder = kept_result(run_series, series, target, "the series", store=store, scheduler=scheduler,
                                 processes=processes, quiet=quiet)  # fmt: skip
    write_summary(result.summary(), summary)
    _draw(result, figures)
    if not quiet:
        print_result(result)
        print_written([target, summary, *figures.values()], f"every landscape also kept in {folder}")


def _figure_files(target: Path, form: FigureFormat, *, energies: bool, temperatures: int) -> dict[str, Path]:
    """The files of the figures by what they show; a single temperature gives no Arrhenius plot."""
    kinds = {"activation-energy": energies, "conductivity": temperatures > 0, "arrhenius": temperatures > 1}
    return {kind: target.with_name(f"{target.stem}-{kind}.{form}") for kind, wanted in kinds.items() if wanted}


def _draw(result: SeriesResult, figures: dict[str, Path]) -> None:
    if not figures:
        return
    from ionscape.figures import activation_energies, arrhenius_plot, conductivities, save

    drawn = {
        "activation-energy": activation_energies, "conductivity": conductivities, "arrhenius": arrhenius_plot,
    }  # fmt: skip
    for kind, path in figures.items():
        save(drawn[kind](result), path)
