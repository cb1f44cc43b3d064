"""`ionscape figure`, `ionscape summary` and `ionscape export`: what a stored result can still tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ionscape.cli.options import Overwrite, Quiet, SummaryFile
from ionscape.cli.stored_tables import fit_table, sweep_table
from ionscape.errors import InputError
from ionscape.files.writing import check_output, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from typing_extensions import TypeIs

    from ionscape.inference import FitResult
    from ionscape.profiling import DepthProfile
    from ionscape.series import SeriesResult
    from ionscape.transport import SimulationResult

    Stored = SimulationResult | DepthProfile | SeriesResult | FitResult


class Kind(StrEnum):
    """The figures that can be drawn of a stored result."""

    overview = "overview"
    profiles = "profiles"
    diffusion = "diffusion"
    energies = "energies"
    populations = "populations"
    current = "current"
    potential = "potential"
    movie = "movie"
    densities = "densities"
    counts = "counts"
    activation_energy = "activation-energy"
    conductivity = "conductivity"
    arrhenius = "arrhenius"
    correlation = "correlation"
    starts = "starts"
    likelihoods = "likelihoods"
    posterior = "posterior"


SWEEPS = "ionscape sweep"  # how their format begins; `ionscape.sweeps` would have to import the solver
OF_PROFILES = (Kind.densities, Kind.counts)
OF_SERIES = (Kind.activation_energy, Kind.conductivity, Kind.arrhenius)
OF_FITS = (
    Kind.profiles, Kind.diffusion, Kind.activation_energy, Kind.energies, Kind.correlation, Kind.starts,
    Kind.likelihoods, Kind.posterior,
)  # fmt: skip
OF_DATA_SETS = OF_FITS[:4]
OF_SIMULATIONS = (
    Kind.overview, Kind.profiles, Kind.diffusion, Kind.energies, Kind.populations, Kind.current, Kind.potential,
    Kind.movie,
)  # fmt: skip
WRITERS = "`ionscape simulate`, `sweep`, `calibrate`, `fit` or `conductivity`"

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
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=", ".join(Kind), show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="PNG, SVG or PDF; MP4 or GIF for a movie.")
    ],
    time: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIME",
            help='Time since the start, such as "20 h"; may be given several times [default: the end of every stage]. '
            "For profiles, populations, potential.",
        ),
    ] = None,
    depth: Annotated[str | None, typer.Option(metavar="DEPTH", help="For populations [default: 10 nm].")] = None,
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
    """Draw one figure, or the film, of a stored simulation, calibrated profile, fit or series of glasses."""
    from ionscape.figures.movie import MOVIE_EXTENSIONS
    from ionscape.figures.style import FIGURE_EXTENSIONS

    given = {
        "--time": time, "--depth": depth, "--ion": ion, "--stage": stage, "--moved": moved,
        "--densities": densities or None, "--data-set": data_set,
    }  # fmt: skip
    _check_options(kind, given)
    extensions = MOVIE_EXTENSIONS if kind is Kind.movie else FIGURE_EXTENSIONS
    check_output(output, extensions=extensions, key="--output", overwrite=overwrite)
    choices = Choices(
        times=[_read(text, "time", "--time") for text in time] if time else None,
        depth=1e-8 if depth is None else _read(depth, "length", "--depth"),
        ion=ion,
        stage=None if stage is None else stage - 1,
        moved=moved,
        normalised=not densities,
        data_set=0 if data_set is None else data_set - 1,
    )
    loaded = load(result)
    _say_of_the_file(loaded.dataset)
    _check_kind(result, kind, loaded)
    _check_owner(result, loaded, given)
    _draw_stored(loaded, kind, choices, output)


def _draw_stored(loaded: Stored, kind: Kind, choices: Choices, output: Path) -> None:
    """Draw a figure of whatever was stored in a file."""
    from ionscape.figures import movie, save

    if is_fit(loaded):
        save(draw_fit(loaded, kind, choices.data_set), output)
    elif is_profile(loaded):
        save(draw_profile(loaded, kind), output)
    elif is_series(loaded):
        save(draw_series(loaded, kind), output)
    elif kind is Kind.movie:
        movie(loaded, output)
    else:
        save(draw(loaded, kind, choices), output)


USERS = {
    "--time": (Kind.profiles, Kind.populations, Kind.potential),
    "--depth": (Kind.populations,),
    "--ion": (Kind.energies,),
    "--stage": (Kind.energies, Kind.diffusion),
    "--moved": (Kind.energies,),
    "--densities": (Kind.profiles,),
    "--data-set": OF_DATA_SETS,
}


def _check_options(kind: Kind, given: Mapping[str, object]) -> None:
    """Refuse an option that the figure does not use."""
    for option, value in given.items():
        if value is not None and kind not in USERS[option]:
            users = ", ".join(USERS[option])
            raise InputError(
                f"does not belong to the figure {kind}", key=option, remedy=f"leave it out, or draw {users}"
            )


def _check_owner(path: Path, loaded: Stored, given: Mapping[str, object]) -> None:
    """Refuse an option of the same figure of another kind of result."""
    for option, value in given.items():
        if value is not None and is_fit(loaded) is not (option == "--data-set"):
            what = "a fit" if is_fit(loaded) else "no fit"
            raise InputError(f"does not belong to {path.name}, which is {what}", key=option, remedy="leave it out")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be chosen about a figure, in SI units; None is the default of the figure.

    Stages and data sets are counted from 0.
    """

    times: list[float] | None
    depth: float
    ion: str | None
    stage: int | None
    moved: float | None
    normalised: bool
    data_set: int = 0


def draw(result: SimulationResult, kind: Kind, choices: Choices) -> Figure:
    """Return the figure of that kind, which is any but the film."""
    from ionscape import figures
    from ionscape.figures.states import stage_ends

    experiment = result.experiment
    if kind is Kind.profiles:
        return figures.depth_profiles(result, choices.times, normalised=choices.normalised)
    if kind is Kind.diffusion:
        return figures.diffusion_coefficients(experiment, choices.stage)
    if kind is Kind.energies:
        name = choices.ion if choices.ion is not None else next(iter(experiment.sample.native))
        return figures.site_energy_distribution(experiment, name, choices.stage or 0, choices.moved)
    if kind is Kind.populations:
        moments = choices.times if choices.times is not None else list(stage_ends(result.dataset).values())
        return figures.local_populations(result, moments, choices.depth)
    if kind is Kind.current:
        return figures.current_and_charge(result)
    if kind is Kind.potential:
        return figures.potential(result, choices.times)
    return figures.overview(result)


def summary_command(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT.nc",
            help="Result of a simulation, a sweep, a fit or a series, or a calibrated profile.",
            show_default=False,
        ),
    ],
    summary: SummaryFile = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Print the summary of a stored simulation, sweep, calibrated profile, fit or series of glasses."""
    from rich.console import Console

    from ionscape.cli.calibrate import print_profile
    from ionscape.cli.fit import WIDTH, print_fit
    from ionscape.cli.series_table import print_result
    from ionscape.cli.table import print_summary, write_summary

    if summary is not None:
        check_output(summary, extensions=(".json",), key="--summary", overwrite=overwrite)
    if _stored_format(result).startswith(SWEEPS):
        _summarise_sweep(result, summary, quiet=quiet)
        return
    loaded = load(result)
    if not quiet:
        if is_series(loaded):
            print_result(loaded)
        elif is_fit(loaded):
            print_fit(Console(width=max(Console().width, WIDTH)), loaded)
        elif is_profile(loaded):
            print_profile(Console(soft_wrap=True), loaded)
        else:
            print_summary(Console(), loaded.summary())
    if summary is not None:
        write_summary(loaded.summary(), summary)


def _summarise_sweep(path: Path, summary: Path | None, *, quiet: bool) -> None:
    """Print the points of a stored sweep, and write them."""
    from rich.console import Console

    from ionscape.cli.sweep_table import print_sweep, sweep_summary
    from ionscape.cli.table import write_summary
    from ionscape.sweeps import load_sweep

    dataset = load_sweep(path)
    if not quiet:
        print_sweep(Console(), dataset)
    if summary is not None:
        write_summary(sweep_summary(dataset), summary)


def export_command(
    result: ResultFile,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.csv", help="The table; or give --output.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.csv", help="The same as the second argument.")
    ] = None,
    overwrite: Overwrite = True,
) -> None:
    """Write a stored result as CSV: depth profiles, parameters of a fit, points of a sweep, averages of a series."""
    if (file is None) == (output is None):
        problem = "is missing" if file is None else "is given twice"
        raise InputError(problem, key="FILE.csv", remedy="name the table once, behind the result or with --output")
    target = file or output
    assert target is not None
    check_output(target, extensions=(".csv",), key="FILE.csv", overwrite=overwrite)
    if _stored_format(result).startswith(SWEEPS):
        from ionscape.sweeps import load_sweep

        dataset = load_sweep(result)
        _say_of_the_file(dataset)
        write_text(target, sweep_table(dataset))
        return
    loaded = load(result)
    _say_of_the_file(loaded.dataset)
    if is_fit(loaded):
        write_text(target, fit_table(loaded.dataset))
        return
    loaded.to_csv(target)


def _say_of_the_file(dataset: Any) -> None:
    """Print what a reader must know about a stored file, such as that it has no checksum."""
    from ionscape.cli.table import print_warnings
    from ionscape.datasets import file_remarks

    print_warnings(map(str, file_remarks(dataset)))


def load(path: Path) -> Stored:
    """Read what is stored in a file: the result of a simulation, a fit or a series, or a calibrated profile.

    Raises:
        InputError: the file does not exist, or holds none of these.
    """
    from ionscape.datasets import load_checked
    from ionscape.inference.result import FORMAT as FIT
    from ionscape.profiling.profile import FORMAT as PROFILE
    from ionscape.series.result import FORMAT as SERIES
    from ionscape.transport import load_result
    from ionscape.transport.solution import FORMAT as SIMULATION

    if not path.exists():
        raise InputError("does not exist", value=str(path), remedy=f"give a result that {WRITERS} has written")
    written = _stored_format(path)
    if written == PROFILE:
        from ionscape.profiling.profile import load_profile

        return load_profile(path)
    if written == SERIES:
        from ionscape.series import load_series_result

        return load_series_result(path)
    if written == FIT:
        from ionscape.inference import load_fit_result

        return load_fit_result(path, with_problem=False)
    if written.startswith(SWEEPS):
        raise InputError(
            "is a sweep, which holds many simulations", file=str(path),
            remedy="print it with `ionscape summary`, write it as CSV with `ionscape export`, open it in Python with"
            f" `ionscape.load_sweep('{path.name}')`, or give the result of a single simulation",
        )  # fmt: skip
    if written and written != SIMULATION:
        if not written.startswith("ionscape "):
            raise InputError("is no result, but what an instrument wrote, or of another program", file=str(path),
                             remedy=f"look at it with `ionscape inspect`, or give a result of {WRITERS}")  # fmt: skip
        raise InputError(f'holds "{written[:40]}", which this version does not know', file=str(path),
                         remedy=f"give a result that {WRITERS} of this version has written")  # fmt: skip
    if not written:
        # what it was meant to hold is not known: any damage is named before what it lacks of a simulation
        load_checked(path, remedy=f"give a result that {WRITERS} has written")
    return load_result(path)


def _stored_format(path: Path) -> str:
    """What the file says of its format; empty if it cannot be read or says nothing."""
    from ionscape.datasets import stored_attributes

    return str((stored_attributes(path) or {}).get("format", ""))


def is_fit(loaded: Stored) -> TypeIs[FitResult]:
    """Whether it is the result of a fit."""
    from ionscape.inference import FitResult

    return isinstance(loaded, FitResult)


def is_profile(loaded: Stored) -> TypeIs[DepthProfile]:
    """Whether it is a calibrated profile."""
    from ionscape.profiling import DepthProfile

    return isinstance(loaded, DepthProfile)


def is_series(loaded: Stored) -> TypeIs[SeriesResult]:
    """Whether it is the result of a series of glasses."""
    from ionscape.series import SeriesResult

    return isinstance(loaded, SeriesResult)


def draw_series(result: SeriesResult, kind: Kind) -> Figure:
    """Return the figure of a series of glasses."""
    from ionscape import figures

    if kind is Kind.activation_energy:
        return figures.activation_energies(result)
    return figures.conductivities(result) if kind is Kind.conductivity else figures.arrhenius_plot(result)


def draw_fit(result: FitResult, kind: Kind, number: int) -> Figure:
    """Return the figure of a fit, or of one of its data sets, counted from 0."""
    from ionscape import figures
    from ionscape.figures.fit_values import data_sets

    if number >= len(data_sets(result)):
        raise InputError(f"is beyond the {len(data_sets(result))} of this fit", key="--data-set", value=number + 1)
    of_data_sets = {
        Kind.profiles: figures.fitted_profile, Kind.diffusion: figures.fitted_diffusion_coefficients,
        Kind.activation_energy: figures.fitted_activation_energies, Kind.energies: figures.fitted_site_energies,
    }  # fmt: skip
    if kind in of_data_sets:
        return of_data_sets[kind](result, number)
    of_parameters = {
        Kind.correlation: figures.parameter_correlation, Kind.starts: figures.fit_starts,
        Kind.likelihoods: figures.likelihood_profiles, Kind.posterior: figures.posterior_corner,
    }  # fmt: skip
    return of_parameters[kind](result)


def draw_profile(profile: DepthProfile, kind: Kind) -> Figure:
    """Return the figure of a calibrated profile: counts or densities."""
    from ionscape.figures import calibrated_profile, raw_counts

    return raw_counts(profile) if kind is Kind.counts else calibrated_profile(profile)


def _check_kind(path: Path, kind: Kind, loaded: Stored) -> None:
    """Refuse a figure that there is not of such a result."""
    names = {
        "a calibrated profile": OF_PROFILES, "the result of a series of glasses": OF_SERIES,
        "the result of a fit": OF_FITS, "a result of a simulation": OF_SIMULATIONS,
    }  # fmt: skip
    what = list(names)[0 if is_profile(loaded) else 1 if is_series(loaded) else 2 if is_fit(loaded) else 3]
    if kind in names[what]:
        return
    owner = next(name for name, kinds in names.items() if kind in kinds)
    raise InputError(
        f"is {what}, of which there is no figure {kind}", file=str(path),
        remedy=f"draw {', '.join(names[what])}, or give {owner}",
    )  # fmt: skip


def _read(text: str, dimension: Literal["time", "length"], option: str) -> float:
    """Read a quantity given on the command line, so that an error names the option."""
    from ionscape.files.quantities import quantity

    try:
        return quantity(text, dimension)
    except InputError as error:
        raise error.located(key=option) from None
