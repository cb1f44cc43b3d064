"""`ionscape hops`: a hops file in, diffusion coefficients and conductivities of hops in time out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ionscape.cli.hops_table import print_hops
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
from ionscape.cli.table import print_written, write_summary


def hops_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Hops file, a TOML file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="HOPS.nc", help="Result [default: FILE's name with .nc, here]."),
    ] = None,
    summary: SummaryFile = None,
    figure_format: Annotated[
        Literal["png", "svg", "pdf"], typer.Option(help="Of the figures, which are written beside the result.")
    ] = "png",
    no_figure: NoFigure = False,
    landscapes: Annotated[
        int | None, typer.Option(min=1, help="Replaces the number of FILE: fewer for a quick look, more to be sure.")
    ] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where finished landscapes are kept [default: HOPS.runs]."),
    ] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Follow the hops of the ions of glasses in time; a stopped run goes on where it was."""
    from ionscape.series import load_hops_file, run_hops

    given = load_hops_file(file)
    if landscapes is not None:
        given = given.with_landscapes(landscapes)
    target = output if output is not None else Path(file.stem + ".nc")
    charged = given.settings.hopping.coulomb is not None
    kinds = () if no_figure else ("displacements", "network", *(("density-of-states",) if charged else ()))
    figures = {kind: target.with_name(f"{target.stem}-{kind}.{figure_format}") for kind in kinds}
    check_outputs(
        ("--output", target, RESULT_EXTENSIONS), with_summary(summary),
        *(("--figure-format", path, (path.suffix,)) for path in figures.values()), overwrite=overwrite,
    )  # fmt: skip
    result, folder = kept_result(run_hops, given, target, "the run", store=store, scheduler=scheduler,
                                 processes=processes, quiet=quiet)  # fmt: skip
    write_summary(result.summary(), summary)
    if figures:
        from ionscape.figures import hop_conductivities, hop_density_of_states, hop_displacements, save

        save(hop_displacements(result), figures["displacements"])
        save(hop_conductivities(result), figures["network"])
        if "density-of-states" in figures:
            save(hop_density_of_states(result), figures["density-of-states"])
    if not quiet:
        print_hops(result)
        print_written([target, summary, *figures.values()], f"every landscape also kept in {folder}")
