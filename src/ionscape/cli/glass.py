"""`ionscape glass`: what a glass is made of, and the site energies of its ions."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ionscape.cli.glass_description import NOT_PUBLISHED, describe, print_description
from ionscape.cli.options import NoFigure, Overwrite, Quiet, SummaryFile, check_outputs, drawn_figures, with_summary
from ionscape.cli.progress import starting
from ionscape.cli.table import print_written, write_summary
from ionscape.errors import InputError

if TYPE_CHECKING:
    from ionscape.glass import Composition, Glass, IonDensity
    from ionscape.hopping import LandscapeModel
    from ionscape.remarks import Remark

DEFAULT_FIGURE = Path("glass.png")
LARGEST_LATTICE = 400
JUMP_DISTANCE = "5 angstrom"
OPTIONS = (
    "energy_scale", "noise", "mismatch_energy", "vacant_site_fraction", "barrier", "tetrahedral_borate_limit",
    "phosphate_disproportionation", "pyrophosphate_disproportionation", "silicate_equilibrium",
    "mass_density", "jump_distance",
)  # fmt: skip


Faces = Literal["periodic", "open"]
FigureFile = Annotated[
    Path | None,
    typer.Option("--figure", "--output", "-o", metavar="FILE", help="PNG, SVG or PDF [default: glass.png]."),
]
EnergyScale = Annotated[
    str | None,
    typer.Option("--energy-scale", help='V0, such as "0.64 eV" [default: published for the nearest content].'),
]
Noise = Annotated[
    float | None,
    typer.Option("--noise", help="Width of the site energies' noise / V0 [default: as that of V0]."),
]
VacantSites = Annotated[
    float | None, typer.Option("--vacant-site-fraction", help="Vacant sites per accessible site [default: 0.05].")
]
MismatchEnergy = Annotated[
    str | None,
    typer.Option("--mismatch-energy", help='What a site of the other of two alkali ions costs, such as "0.2 eV".'),
]
Barrier = Annotated[float | None, typer.Option("--barrier", help="Least barrier of a jump / V0 [default: 0.1].")]
MeasuredUnits = Annotated[
    Path | None,
    typer.Option("--measured-units", metavar="FILE.csv", help="Measured units (columns x, B4, ...), not the model's."),
]
TetrahedralLimit = Annotated[
    float | None, typer.Option("--tetrahedral-borate-limit", help="Largest fraction of B(4) [default: 3/7].")
]
PhosphateShare = Annotated[
    float | None,
    typer.Option("--phosphate-disproportionation", help="Fraction of P(2) that becomes P(3) and P(1) [default: 0]."),
]
SilicateEquilibrium = Annotated[
    tuple[float, float, float] | None,
    typer.Option(
        "--silicate-equilibrium", metavar="K3 K2 K1", help="Of 2 Q(n) = Q(n-1) + Q(n+1) in silicates [default: 0 0 0]."
    ),
]
OwnUnitsFile = Annotated[
    Path | None,
    typer.Option("--units", metavar="FILE.toml", help="Own kinds of units and their fractions, not the model's."),
]
PyrophosphateShare = Annotated[
    float | None,
    typer.Option(
        "--pyrophosphate-disproportionation", help="Fraction of P(1) that becomes P(2) and P(0) [default: 0]."
    ),
]
MassDensity = Annotated[
    str | None,
    typer.Option("--mass-density", help='For the ion density, such as "2.3 g/cm^3" [default: from the lattice].'),
]
JumpDistance = Annotated[
    str | None,
    typer.Option("--jump-distance", help="Lattice constant, for the ion density [default: 5 angstrom]."),
]


def glass_command(
    formula: Annotated[
        str,
        typer.Argument(
            metavar="FORMULA",
            help='Glass in moles, such as "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)".',
            show_default=False,
        ),
    ],
    figure: FigureFile = None,
    no_figure: NoFigure = False,
    summary: SummaryFile = None,
    lattice: Annotated[int, typer.Option(help="Ion sites along each edge of the landscape.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of the random numbers.")] = 1,
    energy_scale: EnergyScale = None,
    noise: Noise = None,
    vacant_site_fraction: VacantSites = None,
    barrier: Barrier = None,
    mismatch_energy: MismatchEnergy = None,
    transverse_faces: Annotated[Faces, typer.Option(help="Faces beside the field.")] = "periodic",
    measured_units: MeasuredUnits = None,
    units: OwnUnitsFile = None,
    tetrahedral_borate_limit: TetrahedralLimit = None,
    phosphate_disproportionation: PhosphateShare = None,
    pyrophosphate_disproportionation: PyrophosphateShare = None,
    silicate_equilibrium: SilicateEquilibrium = None,
    mass_density: MassDensity = None,
    jump_distance: JumpDistance = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Say what a glass is made of: network former units, charges, density of states, Fermi and activation energy."""
    from ionscape.figures.style import FIGURE_EXTENSIONS
    from ionscape.glass import known_weaknesses, lattice_density_remarks
    from ionscape.hopping import published_parameters

    drawn = drawn_figures([figure], DEFAULT_FIGURE, draw=not no_figure)
    check_outputs(
        with_summary(summary), *(("--figure", path, FIGURE_EXTENSIONS) for path in drawn), overwrite=overwrite
    )
    if not 3 <= lattice <= LARGEST_LATTICE:
        raise InputError(f"must be from 3 to {LARGEST_LATTICE}", key="--lattice", value=lattice)
    with _option_names():
        glass = _glass(
            formula,
            measured_units, units, mass_density=mass_density, tetrahedral_borate_limit=tetrahedral_borate_limit,
            phosphate_disproportionation=phosphate_disproportionation,
            pyrophosphate_disproportionation=pyrophosphate_disproportionation,
            silicate_equilibrium=silicate_equilibrium,
        )  # fmt: skip
        model, remarks = _model(
            glass.composition, energy_scale=energy_scale, noise=noise, transverse_faces=transverse_faces,
            mismatch_energy=mismatch_energy, vacant_site_fraction=vacant_site_fraction, barrier=barrier,
        )  # fmt: skip
        if measured_units is None and units is None:
            limit = {} if tetrahedral_borate_limit is None else {"tetrahedral_borate_limit": tetrahedral_borate_limit}
            remarks = (*remarks, *known_weaknesses(glass.composition, **limit))
        density = _density(glass, jump_distance)
        if density.lattice_constant is not None:
            remarks = (*remarks, *lattice_density_remarks([glass.composition], density.lattice_constant))
        taken = None
        if model is not None and (energy_scale is None or noise is None):
            taken = published_parameters(glass.composition)
        with starting("generating the landscape", quiet=quiet or model is None, kernels="glass"):
            found = describe(
                glass, model, lattice=lattice, seed=seed, density=density, published=taken, remarks=remarks
            )
    if not quiet:
        from rich.console import Console

        print_description(Console(soft_wrap=True), found)
    write_summary(found.as_mapping(), summary)
    for path in drawn:
        from ionscape.figures import glass_overview, save

        save(glass_overview(found.glass, found.landscape), path)
    if not quiet:
        print_written([summary, *drawn])


def _glass(
    formula: str, measured: Path | None, own: Path | None, *, mass_density: str | None, **parameters: Any
) -> Glass:
    from ionscape.files.values import read_value
    from ionscape.glass import interpolate_units, make_glass, parse_composition, read_measured_units, read_own_units

    density = None if mass_density is None else read_value(mass_density, "mass density", key="mass_density")
    composition = parse_composition(formula)
    if own is not None:
        if measured is not None:
            raise InputError(
                "contradicts --measured-units", key="--units", value=str(own), remedy="give one of the two"
            )
        try:
            return make_glass(composition, read_own_units(own), mass_density=density, **parameters)
        except InputError as error:
            raise error.located(file=str(own)) from None
    units = None
    if measured is not None:
        table = read_measured_units(measured)
        try:
            units = interpolate_units(table, composition.borate_fraction)
        except InputError as error:
            raise error.located(key="--measured-units", value=str(measured)) from None
    return make_glass(composition, units, mass_density=density, **parameters)


def _density(glass: Glass, jump_distance: str | None) -> IonDensity:
    from ionscape.files.values import read_value
    from ionscape.glass import ion_number_density

    if glass.mass_density is not None:
        if jump_distance is not None:
            raise InputError(
                "contradicts --mass-density, from which the ion density follows already", key="jump_distance",
                value=jump_distance, remedy="give one of the two",
            )  # fmt: skip
        return ion_number_density(glass.composition, mass_density=glass.mass_density)
    spacing = read_value(jump_distance or JUMP_DISTANCE, "length", key="jump_distance")
    if not spacing > 0.0:
        raise InputError("must be greater than 0", key="jump_distance", value=jump_distance)
    return ion_number_density(glass.composition, lattice_constant=spacing)


def _model(
    composition: Composition,
    *,
    energy_scale: str | None,
    noise: float | None,
    transverse_faces: Faces,
    mismatch_energy: str | None,
    **others: float | None,
) -> tuple[LandscapeModel | None, tuple[Remark, ...]]:
    """Parameters as given, else as published for the nearest content; None and a remark without any."""
    from ionscape.files.values import read_value
    from ionscape.hopping import LandscapeModel, published_model

    given: dict[str, Any] = {key: value for key, value in others.items() if value is not None}
    if energy_scale is not None:
        given["energy_scale"] = read_value(energy_scale, "energy", key="energy_scale")
    if mismatch_energy is not None:
        if composition.second_alkali is None:
            raise InputError("belongs to glasses with two alkali ions", key="mismatch_energy", value=mismatch_energy)
        given["mismatch_energy"] = read_value(mismatch_energy, "energy", key="mismatch_energy")
    if noise is not None:
        given["noise"] = noise
    for key, value in given.items():
        if not math.isfinite(value):
            raise InputError("must be finite", key=key, value=value)
    if {"energy_scale", "noise"} <= given.keys():
        return LandscapeModel(**given, transverse_faces=transverse_faces), ()
    try:
        published = published_model(composition)
    except InputError:
        if "energy_scale" in given or "noise" in given:
            raise
        return None, (NOT_PUBLISHED(glass=_in_words(composition)),)
    return replace(published, **given, transverse_faces=transverse_faces), ()


def _in_words(composition: Composition) -> str:
    alkalis = " and ".join(composition.alkalis)
    return f"{alkalis} glasses with silica" if composition.silicate_fraction > 0.0 else alkalis


@contextmanager
def _option_names() -> Generator[None]:
    """Call parameters by the names of their options in messages."""
    try:
        yield
    except InputError as error:
        if error.key in OPTIONS:
            error.key = f"--{error.key.replace('_', '-')}"
        raise
