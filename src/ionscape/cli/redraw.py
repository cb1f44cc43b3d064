"""`ionscape figure`, `ionscape summary` and `ionscape export`: what a stored result can still tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionscape.cli.options import Overwrite, Quiet, SummaryFile, check_outputs, with_summary
from ionscape.errors import InputError
from ionscape.figures.registry import FIGURES, figures_of

if TYPE_CHECKING:
    from ionscape.inference import FitResult
    from ionscape.results import ResultKind

MOVIE = "movie"
NAMES = (*dict.fromkeys(figure.name for figure in FIGURES), MOVIE)
"""Of all figures that can be drawn of a stored result."""
OPTIONS = {
    "--time": "times", "--depth": "depth", "--ion": "ion", "--stage": "stage", "--moved": "moved",
    "--densities": "normalised", "--data-set": "data_set",
}  # fmt: skip
"""What can be chosen about a figure, as the registry calls it."""


def _known(name: str) -> str:
    """A figure by its name.

    Raises:
        BadParameter: there is none of that name.
    """
    if name not in NAMES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, NAMES))}.")
    return name


ResultFile = Annotated[
    Path,
    typer.Argument(
        metavar="RESULT.nc",
        help="Result of a simulation, a sweep, a fit or a series, or a calibrated profile.",
        show_default=False,
    ),
]


def figure_command(
    result: ResultFile,
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help=", ".join(NAMES), show_default=False, callback=_known),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="PNG, SVG or PDF; MP4 or GIF for a movie.")
    ],
    time: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIME",
            help='Time since the start, such as "20 h"; may be given several times [default: the end of every stage]. '
            "For profiles, diffusion-depth, populations, potential.",
        ),
    ] = None,
    depth: Annotated[
        str | None,
        typer.Option(
            metavar="DEPTH", help="For populations [default: 10 nm]; for a movie with populations beside the profile."
        ),
    ] = None,
    ion: Annotated[
        str | None, typer.Option(metavar="ION", help="For energies [default: the first native ion].")
    ] = None,
    stage: Annotated[
        int | None,
        typer.Option(min=1, help="Counted from 1; for energies [default: 1] and diffusion [default: all]."),
    ] = None,
    moved: Annotated[
        float | None,
        typer.Option(
            metavar="FRACTION", help="Part of the ions that has left; for energies [default: all but the trapped]."
        ),
    ] = None,
    densities: Annotated[
        bool, typer.Option("--densities", help="Densities instead of fractions of bulk; for profiles.")
    ] = False,
    data_set: Annotated[
        int | None, typer.Option(min=1, help="Of a fit to several, counted from 1 [default: the first].")
    ] = None,
    overwrite: Overwrite = True,
) -> None:
    """Draw one figure, or the film, of a stored simulation, sweep, calibrated profile, fit or series of glasses."""
    from ionscape.figures import movie, save
    from ionscape.figures.film import MOVIE_EXTENSIONS
    from ionscape.figures.render_matplotlib import draw
    from ionscape.figures.style import FIGURE_EXTENSIONS
    from ionscape.files.values import read_value
    from ionscape.results import kind_of

    below = None if depth is None else read_value(depth, "length", key="--depth")
    given = {
        "--time": [read_value(text, "time", key="--time") for text in time] if time else None,
        "--depth": below,
        "--ion": ion,
        "--stage": None if stage is None else stage - 1,
        "--moved": moved,
        "--densities": False if densities else None,
        "--data-set": None if data_set is None else data_set - 1,
    }
    given = {option: value for option, value in given.items() if value is not None}
    _check_options(kind, given)
    extensions = MOVIE_EXTENSIONS if kind == MOVIE else FIGURE_EXTENSIONS
    check_outputs(("--output", output, extensions), overwrite=overwrite)
    stored = kind_of(result)
    _check_kind(result, kind, stored)
    loaded = stored.load(result)
    _say_of_the_file(loaded.dataset)
    if kind == MOVIE:
        movie(loaded, output, depth=below)
        return
    figure = figures_of(stored.name)[kind]
    for option in given:
        if OPTIONS[option] not in figure.choices:
            what = "a fit" if stored.name == "fit" else "no fit"
            raise InputError(f"does not belong to {result.name}, which is {what}", key=option, remedy="leave it out")
    if data_set is not None:
        _check_data_set(loaded, data_set)
    save(draw(figure.plot(loaded, **{OPTIONS[option]: value for option, value in given.items()})), output)


def _check_options(kind: str, given: Mapping[str, object]) -> None:
    """Refuse an option that no figure of that name uses."""
    for option in given:
        users = [figure.name for figure in FIGURES if OPTIONS[option] in figure.choices]
        if option == "--depth":
            users.append(MOVIE)
        if kind not in users:
            raise InputError(
                f"does not belong to the figure {kind}", key=option, remedy=f"leave it out, or draw {', '.join(users)}"
            )


def _check_data_set(loaded: FitResult, number: int) -> None:
    from ionscape.figures.fit_values import data_sets

    count = len(data_sets(loaded))
    if number > count:
        raise InputError(f"is beyond the {count} of this fit", key="--data-set", value=number)


def _check_kind(path: Path, kind: str, stored: ResultKind) -> None:
    """Refuse a figure that there is not of such a result."""
    from ionscape.results import KINDS

    names = {each.name: [*figures_of(each.name), *([MOVIE] if each.name == "simulation" else [])] for each in KINDS}
    if kind in names[stored.name]:
        return
    owner = next(each.what for each in KINDS if kind in names[each.name])
    raise InputError(
        f"is {stored.what}, of which there is no figure {kind}", file=str(path),
        remedy=f"draw {', '.join(names[stored.name])}, or give {owner}",
    )  # fmt: skip


def summary_command(
    result: ResultFile,
    summary: SummaryFile = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Print the summary of a stored simulation, sweep, calibrated profile, fit or series of glasses."""
    from rich.console import Console

    from ionscape.cli.calibrate import print_profile
    from ionscape.cli.fit import WIDTH, print_fit
    from ionscape.cli.hops_table import print_hops, print_landscape
    from ionscape.cli.mobility import print_mobility
    from ionscape.cli.reference import print_reference
    from ionscape.cli.series_table import print_result
    from ionscape.cli.spectrum_table import print_spectra, print_spectrum
    from ionscape.cli.sweep_table import print_sweep
    from ionscape.cli.table import print_summary, write_summary
    from ionscape.results import kind_of

    check_outputs(with_summary(summary), overwrite=overwrite)
    stored = kind_of(result)
    loaded = stored.load(result)
    printers: dict[str, Callable[[], None]] = {
        "simulation": lambda: print_summary(Console(), loaded.summary()),
        "profile": lambda: print_profile(Console(soft_wrap=True), loaded),
        "fit": lambda: print_fit(Console(width=max(Console().width, WIDTH)), loaded),
        "series": lambda: print_result(loaded),
        "sweep": lambda: print_sweep(Console(), loaded.dataset),
        "hops": lambda: print_landscape(loaded),
        "hops of glasses": lambda: print_hops(loaded),
        "mobility": lambda: print_mobility(loaded),
        "spectrum": lambda: print_spectrum(loaded),
        "reference": lambda: print_reference(loaded),
        "spectra of glasses": lambda: print_spectra(loaded),
    }
    if not quiet:
        printers[stored.name]()
    write_summary(loaded.summary(), summary)


MANY_ROWS = 100_000
"""Of a sheet of XLSX: a few megabytes, which a spreadsheet opens in seconds."""


def export_command(
    result: ResultFile,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE.csv", help="The table, or .xlsx; or give --output.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.csv", help="The same as the second argument.")
    ] = None,
    overwrite: Overwrite = True,
) -> None:
    """Write a stored result as CSV or XLSX: profiles, parameters of a fit, points of a sweep, averages of a series."""
    from ionscape.files.table_files import TABLE_EXTENSIONS, write_table
    from ionscape.results import kind_of

    if (file is None) == (output is None):
        problem = "is missing" if file is None else "is given twice"
        raise InputError(problem, key="FILE.csv", remedy="name the table once, behind the result or with --output")
    target = file or output
    assert target is not None
    check_outputs(("FILE.csv", target, TABLE_EXTENSIONS), overwrite=overwrite)
    loaded = kind_of(result).load(result)
    _say_of_the_file(loaded.dataset)
    chosen = loaded
    if target.suffix.lower() == ".xlsx" and hasattr(loaded, "at_most"):
        chosen = loaded.at_most(MANY_ROWS)
    write_table(chosen.columns(), target)
    left, kept = (each.dataset.sizes.get("time", 0) for each in (chosen, loaded))
    if left < kept:
        from ionscape.cli.table import print_written

        print_written([target], f"{left} of {kept} times, since spreadsheets are slow with more; CSV has all of them")


def _say_of_the_file(dataset: Any) -> None:
    """Print what a reader must know about a stored file, such as that it has no checksum."""
    from ionscape.cli.table import print_warnings
    from ionscape.datasets import file_remarks

    print_warnings(map(str, file_remarks(dataset)))
