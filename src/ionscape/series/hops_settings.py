"""The tables of a hops file: glasses, landscape and rates as in a series file, and what is calculated of them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import Field, create_model, model_validator

from ionscape.files.fields import NOT_NEGATIVE, POSITIVE, Bounds, Number, Quantity, reject
from ionscape.files.schema import schema_of
from ionscape.files.table import Table

from .glass_settings import Glasses
from .settings import FIT, HoppingTable, LandscapeTable, RandomTable, check_barrier

CALCULATIONS = ("kinetic_monte_carlo", "spectrum", "mobility")
"""Tables of a hops file that ask for something."""
LARGEST_CHARGED = 100
"""Sites along an edge of lattices whose ions repel each other."""


class CoulombTable(Table):
    """Repulsion of the mobile ions."""

    name_in_messages: ClassVar[str] = "coulomb"

    relative_permittivity: Annotated[float, Number(POSITIVE, shown=7.0)] = Field(
        description="Of the glass without the hops of its mobile ions."
    )


class HopsHoppingTable(HoppingTable):
    """Jump rates, and what the ions do to each other."""

    coulomb: CoulombTable | None = Field(
        default=None,
        description="Coulomb interaction of the mobile ions in hops in time, as deviations from their mean occupation;"
        " spectra and D(n, T) cannot have it.",
        examples=[{"relative_permittivity": 7.0}],
    )


class LandscapesTable(Table):
    """Landscapes of which something is calculated."""

    lattice: Annotated[int, Field(strict=True, ge=2, le=1000)] = Field(
        description="Sites along each edge of the cubic lattice.", examples=[16]
    )
    landscapes: Annotated[int, Field(strict=True, ge=1, le=100_000)] = Field(
        description="Landscapes over which is averaged.", examples=[4]
    )
    temperatures: Annotated[
        tuple[Annotated[float, Quantity("temperature", POSITIVE, "600 K")], ...], Field(min_length=1)
    ] = Field(description="Temperatures; the same landscapes serve them all.", examples=[["400 K", "600 K"]])

    @model_validator(mode="after")
    def _temperatures_differ(self) -> Self:
        for place, temperature in enumerate(self.temperatures):
            if temperature in self.temperatures[:place]:
                reject("occurs twice", field=f"temperatures[{place}]", remedy="give every temperature once")
        return self


AnyLandscapes = TypeVar("AnyLandscapes", bound=LandscapesTable)


class KineticMonteCarloTable(LandscapesTable):
    """Hops in time."""

    name_in_messages: ClassVar[str] = "kinetic_monte_carlo"

    ensemble: Literal["grand canonical", "canonical"] | None = Field(
        default=None,
        description='Occupations at the beginning: drawn from the Fermi function ("grand canonical", if absent), or'
        ' with the number of ions fixed ("canonical", if absent where `coulomb` stands in [hopping]).',
    )
    cap: Literal["automatic", "none"] = Field(
        default="automatic",
        description="Cap on the rates: the lowest that biases the network by less than 1 % and a fifteenth of"
        " `relative_error`, or none.",
    )
    relative_error: Annotated[float, Number(Bounds(above=0.0, below=0.3), shown=0.05)] = Field(
        default=0.015, description="Of D_σ, tracer D and Haven ratio of each landscape, at which its run ends."
    )
    budget: Annotated[float, Quantity("time", POSITIVE, "5 min")] | None = Field(
        default=None,
        description="Processor time for all landscapes and temperatures, as hops of which a core makes four million a"
        " second (of ions that repel each other 7e8 over the sites of the lattice),"
        " so that the numbers are the same on every machine; in the place of `most_hops`. Each landscape has its share;"
        " one that cannot begin with it takes up to twenty times as many, and the result says so.",
    )
    most_hops: Annotated[float, Number(POSITIVE, shown=3e9)] = Field(
        default=3e9, description="Of each landscape and temperature, after which its run ends in any case."
    )

    tracer: bool = Field(
        default=True,
        description="Whether the run goes on for the tracer D where it needs longer ones than D_σ, as in most glasses.",
    )


_Frequency = Annotated[float, Quantity("frequency", POSITIVE, "1 mHz")]
_LOWEST: dict[str, Any] = {"from": (_Frequency, Field(default=1e-3, description="Lowest frequency."))}
# a key that is a word of Python's cannot be written as a field
_From: type[Table] = create_model("_From", __base__=Table, **_LOWEST)


class FrequenciesTable(_From):  # pyright: ignore[reportGeneralTypeIssues, reportUntypedBaseClass]
    """Frequencies f = ω/2π, as many to each decade."""

    name_in_messages: ClassVar[str] = "frequencies"

    to: Annotated[float, Quantity("frequency", Bounds(above=0.0, at_most=1e25), "10 THz")] | None = Field(
        default=None, description="Highest frequency; ten times the attempt frequency if absent."
    )
    per_decade: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        default=10, description="Frequencies to a decade."
    )

    @property
    def lowest(self) -> float:
        """The key `from` [Hz]."""
        return float(getattr(self, "from"))


class SecondIonTable(Table):
    """Foreign ions at constant total filling."""

    name_in_messages: ClassVar[str] = "second_ion"

    mobility: Literal["frozen", "random", "mobile"] = Field(
        default="mobile",
        description="Whether they stay in the highest of the occupied sites, in any of them, or move and share every"
        " site alike with the native ones.",
    )
    barrier: Annotated[float, Quantity("energy", NOT_NEGATIVE, "0.1 eV")] | None = Field(
        default=None, description="Least barrier of the jumps of mobile ones; that of the native ones if absent."
    )
    attempt_frequency: Annotated[float, Quantity("frequency", POSITIVE, "4e14 Hz")] | None = Field(
        default=None, description="Attempt frequency of mobile ones; that of the native ones if absent."
    )

    @model_validator(mode="after")
    def _frozen_ions_do_not_jump(self) -> Self:
        for key in ("barrier", "attempt_frequency"):
            if self.mobility != "mobile" and getattr(self, key) is not None:
                remedy = 'leave it out, or give mobility = "mobile"'
                reject("belongs to ions that move", field=key, remedy=remedy)
        return self


class SpectrumTable(LandscapesTable):
    """Conductivity over frequency."""

    name_in_messages: ClassVar[str] = "spectrum"

    frequencies: FrequenciesTable = Field(
        default_factory=FrequenciesTable, description="At which it is calculated; dc always is."
    )
    thickness: Annotated[float, Quantity("length", POSITIVE, "1 mm")] = Field(
        default=1e-3, description="Thickness of the sample of which impedances are written."
    )
    area: Annotated[float, Quantity("area", POSITIVE, "1 cm^2")] = Field(
        default=1e-4, description="Area of its electrodes."
    )
    relative_permittivity: Annotated[float, Number(POSITIVE, shown=7.0)] = Field(
        default=7.0, description="Of the glass without its mobile ions, for impedances."
    )
    spin_lattice_relaxation: bool = Field(
        default=False,
        description="Whether the spectral density of the occupations of single sites is calculated too, and the rate of"
        " spin-lattice relaxation that it would give.",
    )
    probes: Annotated[int, Field(strict=True, ge=2, le=10_000)] = Field(
        default=16, description="Random vectors for that, of each landscape; the error falls with their square root."
    )


class MobilityTable(LandscapesTable):
    """D(n, T) of the landscapes."""

    name_in_messages: ClassVar[str] = "mobility"

    filling: tuple[Annotated[float, Number(Bounds(above=0.0, below=1.0), shown=0.95)], ...] | None = Field(
        default=None,
        description="Fillings of the accessible sites for D over the filling; if absent, that is not calculated where a"
        " second ion is given, and at a choice of fillings where none is.",
        examples=[[0.98, 0.95, 0.9]],
    )
    second_ion: SecondIonTable | None = Field(
        default=None, description="Ions that replace the native ones at constant filling."
    )
    shares: tuple[Annotated[float, Number(POSITIVE, shown=0.5)], ...] | None = Field(
        default=None, description="Native ions over all ions, 1 among them, where a second ion replaces them."
    )


class HopsTable(Table):
    """A hops file."""

    name_in_messages: ClassVar[str] = "hops"

    title: str = Field(default="", description="Shown in figures.")
    glass: Glasses = Field(description="Compositions.")
    landscape: LandscapeTable = Field(default_factory=LandscapeTable, description="Site energies.")
    hopping: HopsHoppingTable = Field(default_factory=HopsHoppingTable, description="Jump rates.")
    kinetic_monte_carlo: KineticMonteCarloTable | None = Field(default=None, description="Hops in time.")
    spectrum: SpectrumTable | None = Field(
        default=None,
        description="Conductivity over frequency; if absent, of the landscapes of kinetic_monte_carlo.",
    )
    mobility: MobilityTable | None = Field(
        default=None, description="D(n, T) of the landscapes; if absent, of those of kinetic_monte_carlo."
    )
    random: RandomTable = Field(default_factory=RandomTable, description="Random numbers.")

    @property
    def tables(self) -> dict[str, LandscapesTable]:
        """Those of what is calculated, by name."""
        found = {name: getattr(self, name) for name in CALCULATIONS}
        return {name: table for name, table in found.items() if table is not None}

    @model_validator(mode="after")
    def _something_is_calculated(self) -> Self:
        if not self.tables:
            remedy = "add a table with the lattice, the number of landscapes and the temperatures"
            reject("is missing, as are spectrum and mobility", field="kinetic_monte_carlo", remedy=remedy)
        return self

    @model_validator(mode="after")
    def _has_one_barrier(self) -> Self:
        check_barrier(self.landscape, self.hopping)
        return self

    @model_validator(mode="after")
    def _ions_can_interact(self) -> Self:
        hops = self.kinetic_monte_carlo
        if self.hopping.coulomb is None:
            return self
        if self.landscape.transverse_faces == "open":
            reject("does not go with open faces in [landscape]", field="hopping.coulomb",
                   remedy='give transverse_faces = "periodic": the sum over all images needs it')  # fmt: skip
        if hops is not None and hops.ensemble == "grand canonical":
            reject("does not go with coulomb in [hopping]", field="kinetic_monte_carlo.ensemble",
                   remedy='leave it out, or give "canonical": the charge of a lattice cannot change')  # fmt: skip
        if hops is not None and hops.lattice > LARGEST_CHARGED:
            reject("has too many sites for a Coulomb interaction, of which every hop changes all potentials",
                   field="kinetic_monte_carlo.lattice", value=hops.lattice,
                   remedy=f"give at most {LARGEST_CHARGED}")  # fmt: skip
        return self

    @model_validator(mode="after")
    def _nothing_is_fitted(self) -> Self:
        remedy = "give a value: `ionscape conductivity` fits it to measurements"
        if self.landscape.energy_scale == FIT:
            reject("cannot be fitted to hops", field="landscape.energy_scale", remedy=remedy)
        if isinstance(self.hopping.attempt_frequency, str):
            reject("cannot be fitted to hops", field="hopping.attempt_frequency", remedy=remedy)
        return self


def of_landscapes(settings: HopsTable, kind: type[AnyLandscapes], name: str) -> AnyLandscapes:
    """A table of a hops file; if it is absent, one of its defaults for the landscapes of another calculation.

    Args:
        settings: the file.
        kind: of the table.
        name: of it.
    """
    table = settings.tables.get(name)
    if isinstance(table, kind):
        return table
    other = next(iter(settings.tables.values()))
    return kind(lattice=other.lattice, landscapes=other.landscapes, temperatures=other.temperatures)


def hops_schema() -> dict[str, object]:
    """JSON schema of a hops file, as it stands in TOML; see `ionscape.experiment_schema`."""
    return schema_of(HopsTable, title="ionscape hops file")
