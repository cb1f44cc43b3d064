"""`ionscape reference`: impedance spectra or conductivities in, conductivity over temperature and its law out."""

from __future__ import annotations

import math
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
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError

if TYPE_CHECKING:
    from ionscape.reference import Reference


def reference_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", show_default=False,
                       help="Impedance spectra; or one table of conductivities over temperature."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="REFERENCE.nc", help="Result.")
    ] = Path("reference.nc"),
    geometry: Annotated[
        str | None,
        typer.Option(metavar="TEXT", show_default=False,
                     help='Of the sample, for spectra, such as "thickness = 1.02 mm, area = 78.5 mm^2"; diameter in'
                     " the place of area, and thickness_error, area_error or diameter_error too."),
    ] = None,
    law: Annotated[
        Literal["conductivity-temperature", "conductivity"],
        typer.Option(help="Whether ln(σT) or ln σ lies on a line over 1/T."),
    ] = "conductivity-temperature",
    leave_out: Annotated[
        list[str] | None,
        typer.Option(metavar="TEMPERATURE", help="Shown, but not fitted; may be given several times."),
    ] = None,
    density: Annotated[
        str | None,
        typer.Option(metavar="DENSITY", help='Of the mobile ions, such as "1.4e28 1/m^3": D is printed.'),
    ] = None,
    charge: Annotated[int, typer.Option(help="Their charge number.")] = 1,
    tracer: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help='A tracer diffusion coefficient, such as "3e-19 m^2/s at 323 K": the Haven'
                     " ratio is printed."),
    ] = None,
    title: Annotated[str, typer.Option(help="Of result and figure.")] = "",
    summary: SummaryFile = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write the points there.")] = None,
    figure_format: Annotated[
        Literal["png", "svg", "pdf"], typer.Option(help="Of the figure, which is written beside the result.")
    ] = "png",
    no_figure: NoFigure = False,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:  # fmt: skip
    """Find conductivity, activation energy and diffusion coefficient of the untouched glass, with their errors."""
    from ionscape.files.values import read_value

    figure = None if no_figure else output.with_suffix(f".{figure_format}")
    check_outputs(
        ("--output", output, RESULT_EXTENSIONS), with_summary(summary), ("--csv", csv, (".csv",)),
        *(("--figure-format", path, (path.suffix,)) for path in [figure] if path is not None), overwrite=overwrite,
    )  # fmt: skip
    left_out = [read_value(text, "temperature", key="--leave-out") for text in leave_out or ()]
    ions = None if density is None else read_value(density, "number density", key="--density")
    found = _reference(files, geometry, law, left_out, title)
    derived = _derived(found, ions, charge, tracer)
    found.to_netcdf(output)
    write_summary({**found.summary(), **derived}, summary)
    if csv is not None:
        found.to_csv(csv)
    if figure is not None:
        from ionscape.figures import reference_arrhenius, save

        save(reference_arrhenius(found), figure)
    if not quiet:
        print_reference(found)
        for name, value in derived.items():
            if not name.endswith("_error"):
                typer.echo(f"{name.replace('_', ' ')}: {value:.4g} ± {derived[name + '_error']:.2g}"
                           + (" m²/s at 323.15 K" if name == "diffusion_coefficient" else ""))  # fmt: skip
        print_written([output, summary, csv, figure])


ROOM = 323.15  # K: the temperature of the papers' irradiations


def _reference(files: list[Path], geometry: str | None, law: str, left_out: list[float], title: str) -> Reference:
    """The reference of spectra, or of one table of conductivities."""
    from ionscape.files.text import read_text
    from ionscape.reference import Geometry, read_impedance, reference_from_conductivities, reference_from_spectra
    from ionscape.reference.measurement import read_conductivities

    first = next((line for line in read_text(files[0]).splitlines() if line.strip() and not line.startswith("#")), "")
    if "conductivity" in first.lower():
        if len(files) > 1:
            raise InputError("is one of several files, and a table of conductivities stands for itself",
                             file=str(files[0]), remedy="give it alone")  # fmt: skip
        kelvin, sigma, errors = read_conductivities(files[0])
        common = 0.0 if geometry is None else Geometry.parse(geometry).relative_error
        return reference_from_conductivities(
            kelvin, sigma, relative_error=errors, common_error=common, law=law, left_out=left_out,  # pyright: ignore[reportArgumentType]
            title=title or files[0].stem,
        )  # fmt: skip
    if geometry is None:
        remedy = 'give it as --geometry "thickness = 1.02 mm, area = 78.5 mm^2"'
        raise InputError("is missing, and spectra have no conductivity without it", key="--geometry", remedy=remedy)
    shape = Geometry.parse(geometry)
    spectra = [spectrum for path in files for spectrum in read_impedance(path)]
    return reference_from_spectra(spectra, shape, law=law, left_out=left_out, title=title or files[0].parent.name)  # pyright: ignore[reportArgumentType]


def _derived(found: Reference, density: float | None, charge: int, tracer: str | None) -> dict[str, float]:
    """D at 323.15 K and the Haven ratio, with their errors, as far as they are asked for."""
    from ionscape.files.values import read_value

    if density is None:
        if tracer is not None:
            raise InputError("needs the density of the ions", key="--tracer", value=tracer, remedy="give --density too")
        return {}
    value, error = found.diffusion_coefficient(ROOM, density=density, charge=charge)
    derived = {"diffusion_coefficient": value, "diffusion_coefficient_error": error}
    if tracer is not None:
        number, _, at = tracer.partition(" at ")
        coefficient = read_value(number.strip(), "diffusion coefficient", key="--tracer")
        kelvin = read_value(at.strip() or "", "temperature", key="--tracer")
        ratio, ratio_error = found.haven_ratio(coefficient, kelvin, density=density, charge=charge)
        derived |= {"haven_ratio": ratio, "haven_ratio_error": ratio_error}
    return derived


def print_reference(found: Reference) -> None:
    """Print the points, the law and the remarks."""
    from rich.console import Console

    summary = found.summary()
    rows = [
        [f"{point['temperature']:.2f}", f"{point['conductivity'] * 0.01:.4g}",
         "-" if math.isnan(error := point["conductivity_error"] / point["conductivity"]) else f"{error:.2%}",
         f"{point['residual']:+.3f}", "outlier" if point["outlier"] else "" if point["used"] else "left out"]
        for point in summary["points"]
    ]  # fmt: skip
    print_table(Console(), summary["title"] or "Reference", ["T / K", "σ / S/cm", "error", "ln over law", ""], rows)
    symbol = "σT" if summary["law"] == "conductivity-temperature" else "σ"
    unit = "S K/cm" if symbol == "σT" else "S/cm"
    prefactor, energy = math.exp(summary["log_prefactor"]) * 0.01, summary["activation_energy"] / ELECTRON_VOLT
    typer.echo(
        f"{symbol} = A exp(-E/kT): E = {energy:.4f} ± {summary['activation_energy_error'] / ELECTRON_VOLT:.4f} eV,"
        f" A = {prefactor:.4g} {unit}, ln A ± {summary['log_prefactor_error']:.2g},"
        f" correlation {summary['correlation']:.4f}"
    )
    print_warnings(summary["warnings"])
