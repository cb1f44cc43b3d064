"""`ionscape calibrate`: a measurement file in, the calibrated profile, its summary and its figures out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ionscape.cli.options import (
    RESULT_EXTENSIONS,
    NoFigure,
    Overwrite,
    Quiet,
    SummaryFile,
    check_outputs,
    with_summary,
)
from ionscape.cli.table import print_table, print_warnings, print_written, write_summary
from ionscape.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console

    from ionscape.profiling import DepthProfile


Method = Literal["charge-balance", "proportional", "equal", "summed-intensities"]


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
    from ionscape.figures import save
    from ionscape.profiling import calibrate, load_measurement

    result = output if output is not None else Path(file.stem + "-profile.nc")
    parts = () if no_figure else ("-counts", "", "-crater")
    pictures = {part: result.with_name(f"{result.stem}{part}.png") for part in parts}
    check_outputs(
        ("--output", result, RESULT_EXTENSIONS), with_summary(summary), ("--csv", csv, (".csv",)),
        *(("--output", path, (".png",)) for path in pictures.values()), overwrite=overwrite,
    )  # fmt: skip
    _refuse_export(file)
    measurement = load_measurement(file)
    profile = calibrate(measurement, **({"density_method": method} if method is not None else {}))
    profile.to_netcdf(result)
    write_summary(profile.summary(), summary)
    if csv is not None:
        profile.to_csv(csv)
    figures = {} if no_figure else _figures(profile)
    for part, figure in figures.items():
        save(figure, pictures[part])
    if not quiet:
        from rich.console import Console

        print_profile(Console(soft_wrap=True), profile)
        print_written([result, summary, csv, *(pictures[part] for part in figures)])


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


def _figures(profile: DepthProfile) -> dict[str, Figure]:
    from ionscape.figures import calibrated_profile, crater_scans, raw_counts

    drawn = {"-counts": raw_counts(profile), "": calibrated_profile(profile)}
    if profile.crater is not None:
        drawn["-crater"] = crater_scans(profile.crater)
    return drawn


def print_profile(console: Console, profile: DepthProfile) -> None:
    """Print the figures of a calibration, the factors of the ions with their errors, and the warnings."""
    from ionscape.profiling.calibration_rows import calibration_rows

    found = profile.summary()
    rows = [[row.label, *row.shown] for row in calibration_rows(found)]
    if profile.is_stated:
        print_table(console, found["title"], ["", "value", "error"], rows)
        origin = found["concentrations"]
        network = f", network by {origin['network']}" if origin["network"] else ""
        text = f"stated concentrations ({origin['unit']}{network}); errors are one standard deviation"
        console.print(text, highlight=False, markup=False)
        print_warnings(found["warnings"])
        return
    rows.append(["pulses per point", str(found["pulses_per_point"] or "not Poisson-corrected"), ""])
    print_table(console, found["title"], ["", "value", "error"], rows)
    low, high = (value / 1e-9 for value in found["calibration_region"])
    start, stop = (value / 1e-9 for value in found["bulk_region"])
    console.print(
        f"method {found['method']}, factors from {low:.4g} to {high:.4g} nm, bulk from {start:.4g} to {stop:.4g} nm;"
        " errors are one standard deviation",
        highlight=False,
        markup=False,
    )
    print_warnings(found["warnings"])
