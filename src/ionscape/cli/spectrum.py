"""`ionscape spectrum`: a hops file in, complex conductivities over frequency out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

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
from ionscape.cli.spectrum_table import print_spectra
from ionscape.cli.table import print_written, write_summary

FIGURES = ("frequency", "scaled")
RELAXATION = "relaxation"


def spectrum_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Hops file, a TOML file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="SPECTRA.nc", help="Result [default: FILE-spectrum.nc, here]."),
    ] = None,
    summary: SummaryFile = None,
    impedance: Annotated[
        Path | None,
        typer.Option(metavar="Z.csv", help="Impedances of the sample in [spectrum]: frequency, Z′ and Z″.",
                     show_default=False),
    ] = None,
    impedance_header: Annotated[
        bool, typer.Option(help="Name the columns in its first line, as pyimpspec asks; impedance.py wants none.")
    ] = True,
    figure_format: Annotated[
        Literal["png", "svg", "pdf"], typer.Option(help="Of the figures, which are written beside the result.")
    ] = "png",
    no_figure: NoFigure = False,
    processes: Processes = None,
    scheduler: Scheduler = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where finished landscapes are kept [default: SPECTRA.runs]."),
    ] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:  # fmt: skip
    """Calculate the complex conductivity of glasses over frequency; a stopped run goes on where it was."""
    from ionscape.series import load_hops_file, run_spectra

    given = load_hops_file(file)
    target = output if output is not None else Path(file.stem + "-spectrum.nc")
    kinds = (*FIGURES, RELAXATION) if given.spectrum.spin_lattice_relaxation else FIGURES
    figures = {} if no_figure else {
        kind: target.with_name(f"{target.stem}-{kind}.{figure_format}") for kind in kinds
    }  # fmt: skip
    check_outputs(
        ("--output", target, RESULT_EXTENSIONS), with_summary(summary), ("--impedance", impedance, (".csv",)),
        *(("--figure-format", path, (path.suffix,)) for path in figures.values()), overwrite=overwrite,
    )  # fmt: skip
    result, folder = kept_result(run_spectra, given, target, "the run", store=store, scheduler=scheduler,
                                 processes=processes, quiet=quiet)  # fmt: skip
    write_summary(result.summary(), summary)
    written: list[Path | None] = [target, summary]
    if impedance is not None:
        table = given.spectrum
        written += result.write_impedances(
            impedance, thickness=table.thickness, area=table.area, header=impedance_header,
            relative_permittivity=table.relative_permittivity,
        )  # fmt: skip
    if figures:
        from ionscape.figures import save
        from ionscape.figures.registry import figures_of

        drawn = figures_of("spectra of glasses")
        for kind, path in figures.items():
            save(drawn[kind].drawing(result), path)
    if not quiet:
        print_spectra(result)
        print_written([*written, *figures.values()], f"every landscape also kept in {folder}")
