"""`ionscape stress` and `ionscape modes`: what an exchange does to the plate and to light, of a stored simulation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionscape.cli.options import NoFigure, Overwrite, Quiet, SummaryFile, check_outputs, drawn_figures, with_summary
from ionscape.cli.table import print_table, print_warnings, print_written, write_summary
from ionscape.errors import InputError

if TYPE_CHECKING:
    from ionscape.optics import SlabModes
    from ionscape.transport import PlateStress, SimulationResult

ResultFile = Annotated[Path, typer.Argument(metavar="RESULT.nc", help="Result of a simulation.", show_default=False)]
TableFile = Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write the values over depth there.")]
FigureFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Figure: PNG, SVG or PDF [default: beside RESULT]."),
]


def stress_command(
    result: ResultFile,
    output: FigureFile = None,
    summary: SummaryFile = None,
    csv: TableFile = None,
    no_figure: NoFigure = False,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Calculate the stress of an exchanged plate: surface compression, central tension and depth of layer."""
    from ionscape.transport import plate_stress

    figure = _figure(output, result, "stress", draw=not no_figure)
    _check(figure, summary, csv, overwrite=overwrite)
    loaded = _simulation(result)
    found = plate_stress(loaded)
    write_summary(found.summary(), summary)
    _write_table(found, csv)
    if figure is not None:
        from ionscape.figures import save, stress_figure

        save(stress_figure(loaded), figure)
    if not quiet:
        print_stress(found)
        print_written([summary, csv, figure])


def modes_command(
    result: ResultFile,
    wavelength: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help='In vacuum, such as "632.8 nm" [default: that of [optics]].',
                     show_default=False),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="TIME", help='Since the start, such as "20 h" [default: the end].')
    ] = None,
    output: FigureFile = None,
    summary: SummaryFile = None,
    csv: TableFile = None,
    no_figure: NoFigure = False,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:  # fmt: skip
    """Calculate the guided modes of an exchanged waveguide: effective indices, cut-off wavelengths and fields."""
    from ionscape.files.values import read_value
    from ionscape.transport import waveguide_modes

    length = None if wavelength is None else read_value(wavelength, "length", key="--wavelength")
    when = None if time is None else read_value(time, "time", key="--time")
    figure = _figure(output, result, "modes", draw=not no_figure)
    _check(figure, summary, csv, overwrite=overwrite)
    loaded = _simulation(result)
    found = waveguide_modes(loaded, wavelength=length, time=when)
    write_summary({"title": loaded.experiment.title, **found.summary()}, summary)
    _write_table(found, csv)
    if figure is not None:
        from ionscape.figures import modes_figure, save

        save(modes_figure(loaded, found, None if when is None else [when]), figure)
    if not quiet:
        print_modes(loaded.experiment.title, found)
        print_written([summary, csv, figure])


def _figure(given: Path | None, result: Path, kind: str, *, draw: bool) -> Path | None:
    """The file of the figure; none with --no-figure."""
    files = drawn_figures([given], Path(f"{result.stem}-{kind}.png"), draw=draw, key="--output")
    return files[0] if files else None


def _check(figure: Path | None, summary: Path | None, csv: Path | None, *, overwrite: bool) -> None:
    from ionscape.figures.style import FIGURE_EXTENSIONS

    check_outputs(("--output", figure, FIGURE_EXTENSIONS), with_summary(summary), ("--csv", csv, (".csv",)),
                  overwrite=overwrite)  # fmt: skip


def _write_table(found: PlateStress | SlabModes, csv: Path | None) -> None:
    from ionscape.files.table_files import write_table

    if csv is not None:
        write_table(found.columns(), csv)


def _simulation(path: Path) -> SimulationResult:
    """The result of a simulation.

    Raises:
        InputError: the file holds something else.
    """
    from ionscape.results import kind_of

    kind = kind_of(path)
    if kind.name != "simulation":
        raise InputError(f"is {kind.what}", file=str(path), remedy="give a result of `ionscape simulate`")
    return kind.load(path)


def print_stress(found: PlateStress) -> None:
    """Print stresses and depth of layer at the end of each stage, and the remarks."""
    from rich.console import Console

    from ionscape.transport.plate_rows import stress_rows

    table = stress_rows(found)
    print_table(Console(), found.experiment.title or table.title, table.head, table.rows)
    print_warnings(found.summary()["warnings"])


def print_modes(title: str, found: SlabModes) -> None:
    """Print the modes of both polarisations."""
    from rich.console import Console

    from ionscape.transport.plate_rows import mode_rows

    table = mode_rows(found)
    print_table(Console(), f"{title}: {table.title}" if title else table.title, table.head, table.rows)
