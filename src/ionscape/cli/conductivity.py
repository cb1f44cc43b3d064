"""`ionscape conductivity`: a series of glasses in, activation energies and conductivities out."""

from __future__ import annotations

from collections.abc import Generator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionscape.cli.options import (
    RESULT_EXTENSIONS,
    STORE_EXTENSION,
    NoFigure,
    Overwrite,
    Processes,
    Quiet,
    Scheduler,
    SummaryFile,
)
from ionscape.cli.progress import tally_display
from ionscape.cli.table import print_warnings, print_written, write_summary
from ionscape.errors import SimulationInterrupted
from ionscape.outputs import check_output
from ionscape.quantities import with_error

if TYPE_CHECKING:
    from rich.console import Console

    from ionscape.series import SeriesResult

TEMPERATURES_PER_TABLE = 4


class FigureFormat(StrEnum):
    """How figures are written."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


def conductivity_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Series of glasses, a TOML file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="SERIES.nc", help="Result [default: FILE's name with .nc, here]."),
    ] = None,
    summary: SummaryFile = None,
    figure_format: Annotated[
        FigureFormat, typer.Option(help="Of the figures, which are written beside the result.")
    ] = FigureFormat.png,
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
    target = check_output(target, extensions=RESULT_EXTENSIONS, key="--output", overwrite=overwrite)
    if summary is not None:
        check_output(summary, extensions=(".json",), key="--summary", overwrite=overwrite)
    settings = series.settings
    figures = {} if no_figure else _figure_files(
        target, figure_format, energies=settings.percolation is not None, conductivities=settings.network is not None
    )  # fmt: skip
    for path in figures.values():
        check_output(path, extensions=(path.suffix,), key="--figure-format", overwrite=overwrite)
    folder = store if store is not None else target.with_suffix(STORE_EXTENSION)
    try:
        with tally_display("landscapes", quiet=quiet) as show:
            result = run_series(series, store=folder, scheduler=scheduler, processes=processes, progress=show)
    except (KeyboardInterrupt, SimulationInterrupted):
        raise SimulationInterrupted(
            f"the series was interrupted; finished landscapes are in {folder}, and the same command goes on from there"
        ) from None
    result.to_netcdf(target)
    if summary is not None:
        write_summary(result.summary(), summary)
    _draw(result, figures)
    if not quiet:
        print_result(result)
        print_written([target, summary, *figures.values()], f"every landscape also kept in {folder}")


def _figure_files(target: Path, form: FigureFormat, *, energies: bool, conductivities: bool) -> dict[str, Path]:
    """The files of the figures by what they show."""
    kinds = {"activation-energy": energies, "conductivity": conductivities, "arrhenius": conductivities}
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


def print_result(result: SeriesResult) -> None:
    """Print the table, what was fitted and the warnings."""
    from rich.console import Console

    console = Console(soft_wrap=True)
    print_series(Console(), result)
    for line in _fits(result):
        console.print(line, highlight=False, markup=False)
    print_warnings(result.warnings)


def print_series(console: Console, result: SeriesResult) -> None:
    """Print activation energies and conductivities with their standard errors, a line per composition."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    data = result.dataset
    count = data.sizes.get("temperature", 0)
    for first in range(0, max(count, 1), TEMPERATURES_PER_TABLE):
        table = Table(title=Text(str(data.attrs["title"])), title_justify="left", title_style="bold", box=SIMPLE_HEAD)
        table.add_column("x", justify="right")
        if "activation_energy" in data:
            table.add_column("E_a\n/ eV", justify="right")
        shown = range(first, min(first + TEMPERATURES_PER_TABLE, count))
        for place in shown:
            table.add_column(f"log σ\n{data['temperature'].values[place]:.5g} K", justify="right")
        for row, x in enumerate(data["x"].values):
            cells = [f"{x:.4g}"]
            if "activation_energy" in data:
                energy, error = (float(data[f"activation_energy{end}"].values[row]) for end in ("", "_error"))
                cells.append(_with_error(energy, error))
            for place in shown:
                logarithm, error = (
                    float(data[f"log10_conductivity{end}"].values[row, place]) for end in ("", "_error")
                )
                cells.append(_with_error(logarithm - 2.0, error))  # in S/cm
            table.add_row(*cells)
        if count:
            table.caption = "log σ: log10 of the mean conductivity in S/cm; files hold it in S/m"
            table.caption_justify = "left"
        console.print(table, highlight=False)


def _with_error(value: float, error: float) -> str:
    shown, deviation = with_error(value, error)
    return shown if deviation == "-" else f"{shown} ± {deviation}"


def _fits(result: SeriesResult) -> Generator[str]:
    """What was fitted to measurements, a line each."""
    data = result.dataset
    if "energy_scale_error" in data.attrs:
        scale = _with_error(float(data.attrs["energy_scale"]), float(data.attrs["energy_scale_error"]))
        noise = _with_error(float(data.attrs["noise"]), float(data.attrs["noise_error"]))
        points = data.sizes["energy_scale_point"]
        yield f"fitted to {points} measured activation energies: energy scale {scale} eV, noise {noise}"
    if "common_attempt_frequency" in data and float(data["common_attempt_frequency"]) > 0.0:
        value, error = (float(data[f"common_attempt_frequency{end}"]) for end in ("", "_error"))
        yield f"attempt frequency for all measured conductivities: {_with_error(value, error)} Hz"
