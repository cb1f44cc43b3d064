"""`ionscape mobility`: a hops file in, D(n, T) of its landscapes out, for experiments."""

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
from ionscape.cli.table import print_table, print_warnings, print_written, write_summary

if TYPE_CHECKING:
    from ionscape.hopping import Mobility


def mobility_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Hops file, a TOML file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="MOBILITY.nc", help="Result [default: FILE-mobility.nc, here]."),
    ] = None,
    summary: SummaryFile = None,
    figure_format: Annotated[
        Literal["png", "svg", "pdf"], typer.Option(help="Of the figure, which is written beside the result.")
    ] = "png",
    no_figure: NoFigure = False,
    processes: Processes = None,
    scheduler: Scheduler = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where finished landscapes are kept [default: MOBILITY.runs]."),
    ] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Calculate D(n, T) of the landscapes of a glass, as a diffusion model; a stopped run goes on where it was."""
    from ionscape.series import load_hops_file, run_mobility

    given = load_hops_file(file)
    target = output if output is not None else Path(file.stem + "-mobility.nc")
    figure = None if no_figure else target.with_suffix(f".{figure_format}")
    check_outputs(
        ("--output", target, RESULT_EXTENSIONS), with_summary(summary),
        *(("--figure-format", path, (path.suffix,)) for path in [figure] if path is not None), overwrite=overwrite,
    )  # fmt: skip
    result, folder = kept_result(run_mobility, given, target, "the run", store=store, scheduler=scheduler,
                                 processes=processes, quiet=quiet)  # fmt: skip
    write_summary(result.summary(), summary)
    if figure is not None:
        from ionscape.figures import landscape_mobility, save

        save(landscape_mobility(result), figure)
    if not quiet:
        print_mobility(result)
        print_written([target, summary, figure], f"every landscape also kept in {folder}")


def print_mobility(result: Mobility) -> None:
    """Print D with its standard error, a line for each temperature and share, and the remarks."""
    from rich.console import Console

    from ionscape.series.landscape_rows import mobility_rows

    for table in mobility_rows(result):
        print_table(Console(), table.title, table.head, table.rows)
    print_warnings(result.warnings)
