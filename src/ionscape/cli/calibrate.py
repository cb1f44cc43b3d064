"""`ionscape calibrate`: a measurement file in, the calibrated profile, its summary and its figures out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionscape.outputs import atomic_output, check_output

if TYPE_CHECKING:
    from rich.console import Console

    from ionscape.sims import DepthProfile


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
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write the summary there, in SI units.")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write the densities there.")] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD", help="charge-balance, proportional, equal or summed-intensities; overrides FILE."
        ),
    ] = None,
    no_figure: Annotated[bool, typer.Option("--no-figure", help="Draw no figures.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace existing files.")] = True,
) -> None:
    """Turn the counts of a measurement into densities over depth.

    Beside PROFILE.nc figures are drawn of the counts (PROFILE-counts.png), the densities (PROFILE.png) and the crater
    (PROFILE-crater.png).
    """
    from rich.console import Console

    from ionscape.cli.table import write_summary
    from ionscape.figures import save
    from ionscape.sims import calibrate, load_measurement

    result = output if output is not None else Path(file.stem + "-profile.nc")
    check_output(result, extensions=(".nc",), key="--output", overwrite=overwrite)
    pictures = {part: result.with_name(f"{result.stem}{part}.png") for part in ("-counts", "", "-crater")}
    if summary is not None:
        check_output(summary, extensions=(".json",), key="--summary", overwrite=overwrite)
    if csv is not None:
        check_output(csv, extensions=(".csv",), key="--csv", overwrite=overwrite)
    if not no_figure:
        for path in pictures.values():
            check_output(path, extensions=(".png",), key="--output", overwrite=overwrite)
    measurement = load_measurement(file)
    profile = calibrate(measurement, **({"density_method": method} if method is not None else {}))
    written = [result]
    with atomic_output(result) as temporary:
        profile.to_netcdf(temporary)
    if summary is not None:
        write_summary(profile.summary(), summary)
        written.append(summary)
    if csv is not None:
        with atomic_output(csv) as temporary:
            profile.to_csv(temporary)
        written.append(csv)
    if not no_figure:
        for part, figure in _figures(profile).items():
            save(figure, pictures[part])
            written.append(pictures[part])
    if not quiet:
        console = Console(soft_wrap=True)
        print_profile(console, profile)
        console.print("written: " + ", ".join(str(path) for path in written), highlight=False)


def _figures(profile: DepthProfile) -> dict[str, Any]:
    from ionscape.figures import calibrated_profile, crater_scans, raw_counts

    drawn = {"-counts": raw_counts(profile), "": calibrated_profile(profile)}
    if profile.crater is not None:
        drawn["-crater"] = crater_scans(profile.crater)
    return drawn


def print_profile(console: Console, profile: DepthProfile) -> None:
    """Print the figures of a calibration, the factors of the ions with their errors, and the warnings."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    found = profile.summary()
    table = Table(title=found["title"], title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in ("", "value", "error"):
        table.add_column(name, justify="left" if not name else "right")
    rows = (
        ("crater depth / nm", found["crater_depth"] / 1e-9, found["crater_depth_error"] / 1e-9),
        ("sputter rate / (nm/s)", found["sputter_rate"] / 1e-9, found["sputter_rate_error"] / 1e-9),
    )
    for label, value, error in rows:
        if value == value:
            table.add_row(label, f"{value:.5g}", f"{error:.2g}")
    for ion, factor in found["sensitivity_factors"].items():
        table.add_row(
            f"sensitivity factor {ion} / (1/m^3 per count)", f"{factor['value']:.5g}", f"{factor['error']:.2g}"
        )
    for ion, gain in found["incorporated"].items():
        table.add_row(f"incorporated {ion} / (1/m^2)", f"{gain['value']:.4g}", f"{gain['error']:.2g}")
    table.add_row("common factor / %", f"{100 * found['common_factor']:.3g}", "")
    table.add_row("pulses per point", str(found["pulses_per_point"] or "not Poisson-corrected"), "")
    console.print(table, highlight=False)
    low, high = (value / 1e-9 for value in found["calibration_region"])
    start, stop = (value / 1e-9 for value in found["bulk_region"])
    console.print(
        f"method {found['method']}, factors from {low:.4g} to {high:.4g} nm, bulk from {start:.4g} to {stop:.4g} nm;"
        " errors are one standard deviation",
        highlight=False,
    )
    for warning in found["warnings"]:
        console.print(f"warning: {warning}", highlight=False, style="yellow")
