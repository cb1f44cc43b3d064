"""`ionscape conductivity`: a series of glasses in, activation energies and conductivities out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionscape.cli.simulate import RESULT_EXTENSIONS
from ionscape.cli.table import without_nan
from ionscape.errors import SimulationInterrupted
from ionscape.outputs import atomic_output, check_output
from ionscape.quantities import with_error

if TYPE_CHECKING:
    from rich.console import Console

    from ionscape.scaleout import Tally
    from ionscape.series import SeriesResult

STORE_EXTENSION = ".runs"
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
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write a list with one entry per composition there.")
    ] = None,
    figure_format: Annotated[
        FigureFormat, typer.Option(help="Of the figures, which are written beside the result.")
    ] = FigureFormat.png,
    no_figure: Annotated[bool, typer.Option("--no-figure", help="Draw no figures.")] = False,
    landscapes: Annotated[
        int | None, typer.Option(min=1, help="Replaces the numbers of FILE: fewer for a quick look, more to be sure.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine [default: one per core].", show_default=False)
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask scheduler to use instead, such as tcp://10.0.0.1:8786."),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where finished landscapes are kept [default: SERIES.runs]."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace existing files.")] = True,
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
        with _display(quiet=quiet) as show:
            result = run_series(series, store=folder, scheduler=scheduler, processes=processes, progress=show)
    except (KeyboardInterrupt, SimulationInterrupted):
        raise SimulationInterrupted(
            f"the series was interrupted; finished landscapes are in {folder}, and the same command goes on from there"
        ) from None
    with atomic_output(target) as temporary:
        result.to_netcdf(temporary)
    if summary is not None:
        write_list(result.summary(), summary)
    _draw(result, figures)
    if not quiet:
        _report(result, [target, *([summary] if summary is not None else []), *figures.values()], folder)


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


@contextmanager
def _display(*, quiet: bool) -> Generator[Callable[[Tally], None] | None]:
    """Show how many landscapes are done on standard error and give the function that moves it; None if `quiet`."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        MofNCompleteColumn(),
        TextColumn("landscapes"),
        BarColumn(),
        TextColumn("{task.fields[remarks]}"),
        TimeElapsedColumn(),
    )
    display = Progress(*columns, console=Console(stderr=True), transient=False)
    bar = display.add_task("series", total=None, remarks="")
    try:

        def show(tally: Tally) -> None:
            display.start()  # not before there is something to count: a refusal comes without a bar
            counts = ((tally.resumed, "found in the store"), (tally.failed, "failed"))
            remarks = ", ".join(f"{count} {what}" for count, what in counts if count)
            display.update(bar, total=tally.total, completed=tally.finished, remarks=remarks)

        yield show
    finally:
        if display.live.is_started:
            display.stop()


def write_list(entries: list[dict[str, Any]], path: Path) -> None:
    """Write the summary as JSON; what does not exist is null."""
    import json

    with atomic_output(path) as temporary:
        text = json.dumps(without_nan(entries), indent=2, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _report(result: SeriesResult, written: list[Path], folder: Path) -> None:
    """Print the table, what was fitted, the warnings and what was written."""
    from rich.console import Console

    print_result(result)
    Console(soft_wrap=True).print(
        f"written: {', '.join(map(str, written))} (every landscape also kept in {folder})",
        highlight=False, markup=False,
    )  # fmt: skip


def print_result(result: SeriesResult) -> None:
    """Print the table, what was fitted and the warnings."""
    from rich.console import Console

    console = Console(soft_wrap=True)
    print_series(Console(), result)
    for line in _fits(result):
        console.print(line, highlight=False, markup=False)
    for warning in result.warnings:
        console.print(f"warning: {warning}", highlight=False, style="yellow", markup=False)


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
            table.caption = "log σ: log10 of the mean conductivity in S/cm"
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
