"""The tables of a series file: compositions, landscape, rates, lattices, experiments; SI units inside.

The field descriptions are the reference of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import toml_value
from ionscape.files.fields import POSITIVE, Bounds, Marker, Number, Quantity, reject, wrapped
from ionscape.files.quantities import DimensionName
from ionscape.files.schema import schema_of
from ionscape.files.table import Table

from .barrier_settings import BARRIER, Barrier, BarrierTable
from .glass_settings import FormulaTable, Glasses, input_error

FIT, FIT_COMMON = "fit", "fit-common"

Lattice = Annotated[int, Field(strict=True, ge=2, le=1000)]


@dataclass(frozen=True)
class QuantityOr(Marker):
    """What stands in `Annotated[float | str, ...]`: a quantity, or one of some words.

    Attributes:
        quantity: how the quantity is read.
        words: that may stand instead.
    """

    quantity: Quantity
    words: tuple[str, ...]

    @property
    def dimension(self) -> DimensionName:
        """Of the quantity."""
        return self.quantity.dimension

    def read(self, value: object, *, in_file: bool = True) -> float | str:
        """The value in SI units, or the word."""
        if isinstance(value, str) and value.strip() in self.words:
            return value.strip()
        try:
            return self.quantity.read(value, in_file=in_file)
        except PydanticCustomError as error:
            found = input_error(error)
            words = " or ".join(toml_value(word) for word in self.words)
            found.remedy = f"{found.remedy}, or write {words}" if found.remedy else f"write {words} or a quantity"
            raise wrapped(found) from None

    def json_schema(self) -> dict[str, Any]:
        """The quantity, or a word."""
        return {"anyOf": [self.quantity.json_schema(), *({"const": word} for word in self.words)]}

    def example(self) -> str:
        """A valid quantity."""
        return self.quantity.example()


class LandscapeTable(Table):
    """Site energies."""

    name_in_messages: ClassVar[str] = "landscape"

    energy_scale: Annotated[float | str, QuantityOr(Quantity("energy", POSITIVE, "0.64 eV"), (FIT,))] | None = Field(
        default=None,
        description="Energy V0 of one counter charge; `fit` finds it, with the noise, from measured activation"
        " energies; the value published for the nearest content of the alkali if absent.",
        examples=["0.64 eV"],
    )
    noise: Annotated[float, Number(Bounds(at_least=0.0, at_most=10.0), shown=0.42)] | None = Field(
        default=None,
        description="Standard deviation of the noise of the site energies, in units of V0; absent where `energy_scale`"
        " is absent or fitted.",
    )
    vacant_site_fraction: Annotated[float, Number(Bounds(above=0.0, below=1.0), shown=0.05)] = Field(
        default=0.05, description="Vacant sites per accessible site."
    )
    barrier: Annotated[float, Number(Bounds(at_least=0.0, at_most=10.0), shown=0.1)] = Field(
        default=0.10, description="Least barrier u0 of a jump, in units of V0."
    )
    transverse_faces: Literal["periodic", "open"] = Field(
        default="periodic", description="Faces along the field; those across it are the electrodes."
    )

    mismatch_energy: Annotated[float, Quantity("energy", Bounds(at_least=0.0), "0.2 eV")] | None = Field(
        default=None,
        description="What a site of the other ion costs an ion in glasses with two alkali ions, which need it.",
    )

    @model_validator(mode="after")
    def _scale_and_noise_belong_together(self) -> Self:
        if self.energy_scale == FIT:
            if self.noise is not None:
                remedy = 'leave it out: energy_scale = "fit" finds both'
                reject("is fitted", field="noise", remedy=remedy)
        elif self.energy_scale is None and self.noise is not None:
            reject("is missing", field="energy_scale", remedy="give it too, or neither for published values")
        elif self.energy_scale is not None and self.noise is None:
            reject("is missing", field="noise", remedy="give it too, or neither for published values")
        return self


class HoppingTable(Table):
    """Jump rates."""

    name_in_messages: ClassVar[str] = "hopping"

    attempt_frequency: Annotated[
        float | str, QuantityOr(Quantity("frequency", POSITIVE, "4e14 Hz"), (FIT, FIT_COMMON))
    ] = Field(
        default=4e14,
        description="Attempt frequency; `fit` fits one per composition to measured conductivities, `fit-common` one for"
        " all.",
        examples=["4e14 Hz"],
        json_schema_extra={"default": "4e14 Hz"},
    )
    jump_distance: Annotated[float, Quantity("length", POSITIVE, "5 angstrom")] = Field(
        default=5e-10, description="Distance of neighbouring ion sites.", json_schema_extra={"default": "5 angstrom"}
    )
    barrier: Annotated[Barrier, BARRIER] | None = Field(
        default=None,
        description="Least barrier u0 of a jump, in the place of `barrier` in [landscape]: in units of V0; an energy;"
        ' from the glass transition, `"700 K"` or `{ from_glass_transition = true, factor = 1.0 }`; or a distribution'
        ' over the links, `{ distribution = "gaussian", mean = "0.064 eV", width = "0.02 eV" }`, or exponential or'
        " uniform.",
        examples=[0.1],
    )


def check_barrier(landscape: LandscapeTable, hopping: HoppingTable) -> None:
    """Refuse a barrier that stands in both tables."""
    if hopping.barrier is not None and "barrier" in landscape.model_fields_set:
        reject("stands in [landscape] too", field="hopping.barrier", remedy="leave one of the two out")


class _Averages(Table):
    lattice: Lattice = Field(description="Sites along each edge of the cubic lattice.", examples=[100])
    landscapes: Annotated[int, Field(strict=True, ge=1, le=100_000)] = Field(
        description="Landscapes over which is averaged.", examples=[20]
    )
    directions: Annotated[int, Field(strict=True, ge=1, le=3)] = Field(
        default=1, description="Directions of the field in each landscape: 1, 2 or 3; they are averaged first."
    )
    least_percolating_fraction: Annotated[float, Number(Bounds(above=0.0, at_most=1.0), shown=1.0)] = Field(
        default=1.0,
        description="Part of the landscapes that has to have a path from face to face; with fewer, the series is an"
        " error.",
    )


class PercolationTable(_Averages):
    """Lattices for the activation energy."""

    name_in_messages: ClassVar[str] = "percolation"


class NetworkTable(_Averages):
    """Lattices for the conductivity."""

    name_in_messages: ClassVar[str] = "network"

    temperatures: Annotated[
        tuple[Annotated[float, Quantity("temperature", POSITIVE, "303 K")], ...], Field(min_length=1)
    ] = Field(description="Temperatures; one landscape serves them all.", examples=[["303 K", "343 K", "393 K"]])

    @model_validator(mode="after")
    def _temperatures_differ(self) -> Self:
        for place, temperature in enumerate(self.temperatures):
            if temperature in self.temperatures[:place]:
                reject("occurs twice", field=f"temperatures[{place}]", remedy="give every temperature once")
        return self


class RandomTable(Table):
    """Random numbers."""

    name_in_messages: ClassVar[str] = "random"

    seed: Annotated[int, Field(strict=True, ge=0)] = Field(
        default=1, description="Seed; equal seeds give equal numbers on any number of processes."
    )


class ExperimentTable(Table):
    """Measured activation energies and conductivities, to compare with or to fit to."""

    name_in_messages: ClassVar[str] = "experiment"

    file: str = Field(
        description="CSV file with measured glasses (reference: glasses), beside this file.",
        examples=["literature.csv"],
    )
    alkali_oxide_fraction: Annotated[float, Number(Bounds(above=0.0, below=1.0), shown=0.333)] | None = Field(
        default=None, description="Molar fraction of the alkali oxide that is looked for; that of [glass] if absent."
    )
    tolerance: Annotated[float, Number(Bounds(at_least=0.0, at_most=0.2), shown=0.01)] = Field(
        default=0.01, description="By how much it may differ."
    )
    authors: tuple[str, ...] = Field(
        default=(),
        description="First authors to keep, initials may be omitted; all if empty.",
        examples=[["Magistris"]],
    )
    leave_out: tuple[str, ...] = Field(
        default=(), description="First authors, or identifiers of single glasses, to leave out.", examples=[["Müller"]]
    )
    largest_deviation: Annotated[float, Number(POSITIVE, shown=1.0)] = Field(
        default=1.0,
        description="Decades by which a conductivity may differ from the median of the others within 0.05 of its x; a"
        " glass that differs by more is left out.",
    )
    conductivity_error: Annotated[float, Number(POSITIVE, shown=0.1)] = Field(
        default=0.1, description="Standard deviation of the decadic logarithm of a measured conductivity."
    )
    activation_energy_error: Annotated[float, Quantity("energy", POSITIVE, "0.01 eV")] = Field(
        default=0.01 * ELECTRON_VOLT, description="Standard deviation of a measured activation energy.",
        json_schema_extra={"default": "0.01 eV"},
    )  # fmt: skip
    fit_to: Literal["ends", "all"] = Field(
        default="ends",
        description="Glasses to which energy scale and noise are fitted: those without borate and without phosphate, or"
        " all.",
    )
    composition_tolerance: Annotated[float, Number(Bounds(at_least=0.0, at_most=0.5), shown=0.03)] = Field(
        default=0.03,
        description="By how much x of a measured glass may differ from that of a composition to count as it.",
    )


class SeriesTable(Table):
    """A series of glasses."""

    name_in_messages: ClassVar[str] = "series"

    title: str = Field(default="", description="Shown in figures.")
    glass: Glasses = Field(description="Compositions.")
    landscape: LandscapeTable = Field(default_factory=LandscapeTable, description="Site energies.")
    hopping: HoppingTable = Field(default_factory=HoppingTable, description="Jump rates.")
    percolation: PercolationTable | None = Field(
        default=None, description="Lattices for the activation energy, which is left out if this table is absent."
    )
    network: NetworkTable | None = Field(
        default=None, description="Lattices for the conductivity, which is left out if this table is absent."
    )
    random: RandomTable = Field(default_factory=RandomTable, description="Random numbers.")
    experiment: ExperimentTable | None = Field(default=None, description="Measurements to compare with.")

    @model_validator(mode="before")
    @classmethod
    def _ions_do_not_interact(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("hopping"), dict) and "coulomb" in data["hopping"]:
            reject("belongs to hops in time: the networks of a series know no interactions",
                   field="hopping.coulomb", remedy="leave it out, or give it to `ionscape hops`")  # fmt: skip
        return data

    @model_validator(mode="after")
    def _has_one_barrier(self) -> Self:
        check_barrier(self.landscape, self.hopping)
        return self

    @model_validator(mode="after")
    def _has_something_to_do(self) -> Self:
        if self.percolation is None and self.network is None:
            remedy = "add [percolation] for activation energies, [network] for conductivities, or both"
            reject("is missing", field="percolation", remedy=remedy)
        return self

    @model_validator(mode="after")
    def _fits_have_data(self) -> Self:
        fitted = [
            key
            for key, value in (
                ("landscape.energy_scale", self.landscape.energy_scale),
                ("hopping.attempt_frequency", self.hopping.attempt_frequency),
            )
            if isinstance(value, str)
        ]
        if self.experiment is not None and isinstance(self.glass, FormulaTable):
            remedy = "give alkali, alkali_oxide_fraction and borate_fraction, or leave [experiment] out"
            reject("compares borophosphates with one alkali", field="experiment", remedy=remedy)
        if fitted and isinstance(self.hopping.barrier, BarrierTable) and self.landscape.energy_scale == FIT:
            reject("is not fitted where barriers differ from link to link", field="landscape.energy_scale",
                   remedy="give energy_scale and noise, or one barrier")  # fmt: skip
        if fitted and self.experiment is None:
            reject("needs measurements", field=fitted[0], remedy="add a table [experiment] with their file")
        if "hopping.attempt_frequency" in fitted and self.network is None:
            remedy = "add a table [network], or give a frequency"
            reject("needs conductivities", field="hopping.attempt_frequency", remedy=remedy)
        return self


def series_schema() -> dict[str, Any]:
    """JSON schema of a series file, as it stands in TOML; see `ionscape.experiment_schema`."""
    return schema_of(SeriesTable, title="ionscape series file")
