"""`ionscape glass`: what a glass is made of, and the site energies of its ions."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ionscape.cli.table import write_summary
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError, PercolationError
from ionscape.outputs import check_output

if TYPE_CHECKING:
    from rich.console import Console

    from ionscape.glass import Composition, Glass, IonDensity
    from ionscape.hopping import Landscape, LandscapeModel

DEFAULT_FIGURE = Path("glass.png")
LARGEST_LATTICE = 400
JUMP_DISTANCE = "5 angstrom"
OPTIONS = (
    "energy_scale", "noise", "vacant_site_fraction", "barrier", "tetrahedral_borate_limit",
    "phosphate_disproportionation", "pyrophosphate_disproportionation", "mass_density", "jump_distance",
)  # fmt: skip


class Faces(StrEnum):
    """Whether the faces beside the field are joined."""

    periodic = "periodic"
    open = "open"


@dataclass(frozen=True, kw_only=True)
class Description:
    """All that the command says about a glass.

    Attributes:
        glass: composition and units.
        density: of the ions.
        landscape: None where no energy scale is known, or the ions find no room on its lattice.
        activation_energy: bottleneck of that landscape [J]; None without a path.
        seed: of the landscape.
        remarks: what to keep in mind, sentences without a full stop.
    """

    glass: Glass
    density: IonDensity
    landscape: Landscape | None
    activation_energy: float | None
    seed: int
    remarks: tuple[str, ...]

    def as_mapping(self) -> dict[str, Any]:
        """The same for a JSON file; energies in eV."""
        from ionscape.glass import UNIT_KINDS

        composition, landscape = self.glass.composition, self.landscape
        return {
            "formula": composition.formula,
            "alkali": composition.alkali,
            "y": composition.alkali_oxide_fraction,
            "x": composition.borate_fraction,
            "units": dict(self.glass.units.fractions),
            "charges": {kind.name: kind.charge for kind in UNIT_KINDS},
            "ions_per_cation": composition.ions_per_cation,
            "ion_density": self.density.value,
            "ion_density_basis": self.density.basis,
            "landscape": None
            if landscape is None
            else _landscape_mapping(landscape, self.activation_energy, seed=self.seed),
            "warnings": list(self.remarks),
        }


def glass_command(
    formula: Annotated[
        str,
        typer.Argument(
            metavar="FORMULA",
            help='Glass in moles, such as "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)".',
            show_default=False,
        ),
    ],
    figure: Annotated[
        Path | None,
        typer.Option("--figure", "--output", "-o", metavar="FILE", help="PNG, SVG or PDF [default: glass.png]."),
    ] = None,
    no_figure: Annotated[bool, typer.Option("--no-figure", help="Draw no figure.")] = False,
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write all numbers there, energies in eV.")
    ] = None,
    lattice: Annotated[int, typer.Option(help="Ion sites along each edge of the landscape.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of the random numbers.")] = 1,
    energy_scale: Annotated[
        str | None, typer.Option(help='V0, such as "0.64 eV" [default: published for the alkali].')
    ] = None,
    noise: Annotated[
        float | None, typer.Option(help="Width of the site energies' noise / V0 [default: published for the alkali].")
    ] = None,
    vacant_site_fraction: Annotated[
        float | None, typer.Option(help="Vacant sites per accessible site [default: 0.05].")
    ] = None,
    barrier: Annotated[float | None, typer.Option(help="Least barrier of a jump / V0 [default: 0.1].")] = None,
    transverse_faces: Annotated[Faces, typer.Option(help="Faces beside the field.")] = Faces.periodic,
    measured_units: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Measured units (columns x, B4, ...), not the model's.")
    ] = None,
    tetrahedral_borate_limit: Annotated[
        float | None, typer.Option(help="Largest fraction of B(4) [default: 3/7].")
    ] = None,
    phosphate_disproportionation: Annotated[
        float | None, typer.Option(help="Fraction of P(2) that becomes P(3) and P(1) [default: 0].")
    ] = None,
    pyrophosphate_disproportionation: Annotated[
        float | None, typer.Option(help="Fraction of P(1) that becomes P(2) and P(0) [default: 0].")
    ] = None,
    mass_density: Annotated[
        str | None, typer.Option(help='For the ion density, such as "2.3 g/cm^3" [default: from the lattice].')
    ] = None,
    jump_distance: Annotated[
        str | None, typer.Option(help="Lattice constant, for the ion density [default: 5 angstrom].")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace existing files.")] = True,
) -> None:
    """Say what a glass is made of: network former units, charges, density of states, Fermi and activation energy."""
    from rich.console import Console

    from ionscape.glass import known_weaknesses

    drawn = _check_files(figure, draw=not no_figure, summary=summary, overwrite=overwrite)
    if not 3 <= lattice <= LARGEST_LATTICE:
        raise InputError(f"must be from 3 to {LARGEST_LATTICE}", key="--lattice", value=lattice)
    with _option_names():
        glass = _glass(
            formula,
            measured_units,
            mass_density=mass_density,
            tetrahedral_borate_limit=tetrahedral_borate_limit,
            phosphate_disproportionation=phosphate_disproportionation,
            pyrophosphate_disproportionation=pyrophosphate_disproportionation,
        )
        model, remarks = _model(
            glass.composition,
            energy_scale=energy_scale,
            noise=noise,
            transverse_faces=transverse_faces,
            vacant_site_fraction=vacant_site_fraction,
            barrier=barrier,
        )
        if measured_units is None:
            limit = {} if tetrahedral_borate_limit is None else {"tetrahedral_borate_limit": tetrahedral_borate_limit}
            remarks = (*remarks, *known_weaknesses(glass.composition, **limit))
        density = _density(glass, jump_distance)
        found = describe(glass, model, lattice=lattice, seed=seed, density=density, remarks=remarks)
    if not quiet:
        print_description(Console(soft_wrap=True), found)
    if summary is not None:
        write_summary(found.as_mapping(), summary)
    if drawn is not None:
        from ionscape.figures.glass import glass_overview
        from ionscape.figures.style import save

        save(glass_overview(found.glass, found.landscape), drawn)
    written = ", ".join(str(path) for path in (summary, drawn) if path is not None)
    if written and not quiet:
        typer.echo(f"written: {written}")


def describe(
    glass: Glass,
    model: LandscapeModel | None,
    *,
    lattice: int,
    seed: int,
    density: IonDensity,
    remarks: tuple[str, ...] = (),
) -> Description:
    """Generate one landscape of a glass and find its activation energy.

    Args:
        glass: the glass.
        model: parameters of the landscape; without them there is none.
        lattice: sites along each edge.
        seed: of the random numbers.
        density: of the ions.
        remarks: what is known already.
    """
    if model is None:
        return Description(
            glass=glass, density=density, landscape=None, activation_energy=None, seed=seed, remarks=remarks
        )
    from ionscape.hopping import activation_energy, generate_landscape

    try:
        landscape = generate_landscape(glass, lattice=lattice, rng=seed, model=model)
    except InputError as error:
        own = model.vacant_site_fraction != type(model).vacant_site_fraction
        if own or error.key != "alkali_oxide_fraction":
            raise
        # the units are known all the same
        note = f"there is no landscape, since y {'; '.join(part for part in (error.problem, error.bound) if part)}"
        return Description(
            glass=glass, density=density, landscape=None, activation_energy=None, seed=seed, remarks=(*remarks, note)
        )
    try:
        energy = activation_energy(landscape)
    except PercolationError as error:
        energy, remarks = None, (*remarks, str(error).rstrip("."))
    return Description(
        glass=glass, density=density, landscape=landscape, activation_energy=energy, seed=seed, remarks=remarks
    )


def print_description(console: Console, found: Description) -> None:
    """Print a table of the units and what follows from them."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from ionscape.glass import UNIT_KINDS

    composition = found.glass.composition
    table = Table(title=Text(composition.formula), title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("unit")
    for heading in ("fraction", "charge", "charge per cation"):
        table.add_column(heading, justify="right")
    for kind in UNIT_KINDS:
        fraction = found.glass.units[kind.name]
        if fraction > 0.0:
            share = kind.charge * fraction
            charges = ("0", "0") if kind.charge == 0 else (f"{kind.charge:+d}", f"{share:+.4f}")
            table.add_row(Text(kind.symbol), f"{fraction:.4f}", *charges)
    table.add_section()
    ions = f"{composition.ions_per_cation:.4f}"
    table.add_row(f"{composition.alkali}⁺", ions, "+1", f"+{ions}")
    console.print(table, highlight=False)
    for name, value in _lines(found):
        console.print(f"{name:<22}{value}", highlight=False, markup=False)
    for remark in found.remarks:
        console.print(f"note: {remark}.", highlight=False, markup=False)


def _lines(found: Description) -> Iterator[tuple[str, str]]:
    composition = found.glass.composition
    yield "ions per cation", f"{composition.ions_per_cation:.4f}   (y = {composition.alkali_oxide_fraction:.4g})"
    yield "ion density", f"{found.density.value:.3g} 1/m^3   ({found.density.statement})"
    landscape = found.landscape
    if landscape is None:
        return
    model = landscape.model
    shape = " × ".join(str(edge) for edge in landscape.lattice)
    yield (
        "landscape",
        f"{shape} sites, {landscape.ions} ions, V0 = {model.energy_scale / ELECTRON_VOLT:.4g} eV, "
        f"noise {model.noise:g}, seed {found.seed}",
    )
    yield "blocked sites", f"{1.0 - landscape.accessible_sites / landscape.accessible.size:.4f}"
    yield "Fermi energy", f"{landscape.fermi_energy / ELECTRON_VOLT:.4f} eV"
    energy = found.activation_energy
    yield "activation energy", "-" if energy is None else f"{energy / ELECTRON_VOLT:.4f} eV   (of σT; this landscape)"


def _landscape_mapping(landscape: Landscape, energy: float | None, *, seed: int) -> dict[str, Any]:
    model = landscape.model
    return {
        "lattice": list(landscape.lattice),
        "seed": seed,
        "energy_scale": model.energy_scale / ELECTRON_VOLT,
        "noise": model.noise,
        "vacant_site_fraction": model.vacant_site_fraction,
        "barrier": model.barrier,
        "transverse_faces": model.transverse_faces,
        "ions": landscape.ions,
        "accessible_sites": landscape.accessible_sites,
        "unshared_units": landscape.unshared_units,
        "fermi_energy": landscape.fermi_energy / ELECTRON_VOLT,
        "activation_energy": None if energy is None else energy / ELECTRON_VOLT,
    }


def _check_files(figure: Path | None, *, draw: bool, summary: Path | None, overwrite: bool) -> Path | None:
    """Check that the outputs can be written; the figure's path, None for none."""
    from ionscape.figures.style import FIGURE_EXTENSIONS

    if figure is not None and not draw:
        raise InputError("contradicts --no-figure", key="--figure", value=str(figure), remedy="give one of the two")
    if summary is not None:
        check_output(summary, extensions=(".json",), key="--summary", overwrite=overwrite)
    if not draw:
        return None
    return check_output(
        DEFAULT_FIGURE if figure is None else figure, extensions=FIGURE_EXTENSIONS, key="--figure", overwrite=overwrite
    )


def _glass(formula: str, measured: Path | None, *, mass_density: str | None, **parameters: Any) -> Glass:
    from ionscape.glass import interpolate_units, make_glass, parse_composition, read_measured_units
    from ionscape.glass.units import NO_MEASURED_UNITS
    from ionscape.quantities import quantity

    density = None
    if mass_density is not None:
        try:
            density = quantity(mass_density, "mass density")
        except InputError as error:
            raise error.located(key="mass_density") from None
    composition = parse_composition(formula)
    units = None
    if measured is not None:
        try:
            units = interpolate_units(read_measured_units(measured), composition.borate_fraction)
        except InputError as error:
            if error.problem != NO_MEASURED_UNITS:
                raise
            problem = f"{error.problem} at x = {composition.borate_fraction:.6g}"
            raise InputError(
                problem, key="--measured-units", value=str(measured), bound=error.bound, remedy=error.remedy
            ) from None
    return make_glass(composition, units, mass_density=density, **parameters)


def _density(glass: Glass, jump_distance: str | None) -> IonDensity:
    from ionscape.glass import ion_number_density
    from ionscape.quantities import quantity

    if glass.mass_density is not None:
        if jump_distance is not None:
            raise InputError(
                "contradicts --mass-density, from which the ion density follows already", key="jump_distance",
                value=jump_distance, remedy="give one of the two",
            )  # fmt: skip
        return ion_number_density(glass.composition, mass_density=glass.mass_density)
    try:
        spacing = quantity(jump_distance or JUMP_DISTANCE, "length")
        if not spacing > 0.0:
            raise InputError("must be greater than 0", value=jump_distance)
    except InputError as error:
        raise error.located(key="jump_distance") from None
    return ion_number_density(glass.composition, lattice_constant=spacing)


def _model(
    composition: Composition,
    *,
    energy_scale: str | None,
    noise: float | None,
    transverse_faces: Faces,
    **others: float | None,
) -> tuple[LandscapeModel | None, tuple[str, ...]]:
    """Parameters as given, else as published; None with the reason where there are none for this alkali."""
    from ionscape.hopping import LandscapeModel, published_model
    from ionscape.quantities import quantity

    given: dict[str, Any] = {key: value for key, value in others.items() if value is not None}
    if energy_scale is not None:
        try:
            given["energy_scale"] = quantity(energy_scale, "energy")
        except InputError as error:
            raise error.located(key="energy_scale") from None
    if noise is not None:
        given["noise"] = noise
    for key, value in given.items():
        if not math.isfinite(value):
            raise InputError("must be finite", key=key, value=value)
    if {"energy_scale", "noise"} <= given.keys():
        return LandscapeModel(**given, transverse_faces=transverse_faces.value), ()
    try:
        published = published_model(composition)
    except InputError:
        if "energy_scale" in given or "noise" in given:
            raise
        alkali = composition.alkali
        return None, (f"no energy scale is published for {alkali}: a landscape needs --energy-scale and --noise",)
    return replace(published, **given, transverse_faces=transverse_faces.value), ()


@contextmanager
def _option_names() -> Generator[None]:
    """Call parameters by the names of their options in messages."""
    try:
        yield
    except InputError as error:
        if error.key in OPTIONS:
            error.key = f"--{error.key.replace('_', '-')}"
        raise
