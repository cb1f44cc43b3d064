"""`ionscape calibrate`: a measurement file in, the calibrated profile, its summary and its figures out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionscape.cli.options import RESULT_EXTENSIONS, NoFigure, Overwrite, Quiet, SummaryFile
from ionscape.cli.table import print_warnings, print_written, write_summary
from ionscape.errors import InputError
from ionscape.files.writing import check_output

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console

    from ionscape.profiling import DepthProfile


class Method(StrEnum):
    """How counts become densities."""

    charge_balance = "charge-balance"
    proportional = "proportional"
    equal = "equal"
    summed_intensities = "summed-intensities"


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The files that a calibration writes, all checked before it starts; pictures by their part of the name."""

    result: Path
    summary: Path | None
    table: Path | None
    pictures: dict[str, Path]


def calibrate_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="TOML file with a table [measurement].", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PROFILE.nc", help="Profile [default: FILE's name with -profile.nc, here]."
        ),
    ] = None,
    summary: SummaryFile = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write the densities there.")] = None,
    method: Annotated[
        Method | None,
        typer.Option(
            metavar="METHOD", help="charge-balance, proportional, equal or summed-intensities; overrides FILE."
        ),
    ] = None,
    no_figure: NoFigure = False,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Turn the counts of a measurement into densities over depth.

    Beside PROFILE.nc figures are drawn of the counts (PROFILE-counts.png), the densities (PROFILE.png) and the crater
    (PROFILE-crater.png).
    """
    from ionscape.profiling import calibrate, load_measurement

    result = output if output is not None else Path(file.stem + "-profile.nc")
    outputs = _plan(result, summary=summary, table=csv, draw=not no_figure, overwrite=overwrite)
    _refuse_export(file)
    measurement = load_measurement(file)
    profile = calibrate(measurement, **({"density_method": method.value} if method is not None else {}))
    written = _write(profile, outputs)
    if not quiet:
        from rich.console import Console

        print_profile(Console(soft_wrap=True), profile)
        print_written(written)


def _plan(result: Path, *, summary: Path | None, table: Path | None, draw: bool, overwrite: bool) -> Outputs:
    """The files to write, after checking that every one of them can be written."""
    check_output(result, extensions=RESULT_EXTENSIONS, key="--output", overwrite=overwrite)
    parts = ("-counts", "", "-crater") if draw else ()
    pictures = {part: result.with_name(f"{result.stem}{part}.png") for part in parts}
    if summary is not None:
        check_output(summary, extensions=(".json",), key="--summary", overwrite=overwrite)
    if table is not None:
        check_output(table, extensions=(".csv",), key="--csv", overwrite=overwrite)
    for path in pictures.values():
        check_output(path, extensions=(".png",), key="--output", overwrite=overwrite)
    return Outputs(result=result, summary=summary, table=table, pictures=pictures)


def _refuse_export(file: Path) -> None:
    """Refuse what is no TOML file but can be read: without a table [measurement] nothing can be calibrated."""
    from ionscape.profiling import read_raw_profile

    if file.suffix.lower() == ".toml":
        return
    raw = read_raw_profile(file)
    raise InputError(
        f"is an export ({raw.format}), which says nothing of the sample and the crater", file=str(file),
        remedy=f'write a TOML file with a table [measurement]: file = "{file.name}", native, and crater_scans,'
        " crater_depth or sputter_rate",
    )  # fmt: skip


def _write(profile: DepthProfile, outputs: Outputs) -> list[Path]:
    """Write what is asked for and return the names."""
    from ionscape.figures import save

    written = [outputs.result]
    profile.to_netcdf(outputs.result)
    if outputs.summary is not None:
        write_summary(profile.summary(), outputs.summary)
        written.append(outputs.summary)
    if outputs.table is not None:
        profile.to_csv(outputs.table)
        written.append(outputs.table)
    if outputs.pictures:
        for part, figure in _figures(profile).items():
            save(figure, outputs.pictures[part])
            written.append(outputs.pictures[part])
    return written


def _figures(profile: DepthProfile) -> dict[str, Figure]:
    from ionscape.figures import calibrated_profile, crater_scans, raw_counts

    drawn = {"-counts": raw_counts(profile), "": calibrated_profile(profile)}
    if profile.crater is not None:
        drawn["-crater"] = crater_scans(profile.crater)
    return drawn


def print_profile(console: Console, profile: DepthProfile) -> None:
    """Print the figures of a calibration, the factors of the ions with their errors, and the warnings."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from ionscape.profiling.calibration_rows import calibration_rows

    found = profile.summary()
    table = Table(title=Text(found["title"]), title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in ("", "value", "error"):
        table.add_column(name, justify="left" if not name else "right")
    for row in calibration_rows(found):
        table.add_row(Text(row.label), *row.shown)
    table.add_row("pulses per point", str(found["pulses_per_point"] or "not Poisson-corrected"), "")
    console.print(table, highlight=False)
    low, high = (value / 1e-9 for value in found["calibration_region"])
    start, stop = (value / 1e-9 for value in found["bulk_region"])
    console.print(
        f"method {found['method']}, factors from {low:.4g} to {high:.4g} nm, bulk from {start:.4g} to {stop:.4g} nm;"
        " errors are one standard deviation",
        highlight=False,
        markup=False,
    )
    print_warnings(found["warnings"])
