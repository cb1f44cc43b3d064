"""The tables of a hops file: glasses, landscape and rates as in a series file, and kinetic Monte Carlo."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ionscape.files.fields import POSITIVE, Bounds, Number, Quantity, reject
from ionscape.files.schema import schema_of
from ionscape.files.table import Table

from .settings import FIT, GlassTable, HoppingTable, LandscapeTable, RandomTable


class KineticMonteCarloTable(Table):
    """Hops in time."""

    name_in_messages: ClassVar[str] = "kinetic_monte_carlo"

    lattice: Annotated[int, Field(strict=True, ge=2, le=1000)] = Field(
        description="Sites along each edge of the cubic lattice.", examples=[16]
    )
    landscapes: Annotated[int, Field(strict=True, ge=1, le=100_000)] = Field(
        description="Landscapes over which is averaged.", examples=[4]
    )
    temperatures: Annotated[
        tuple[Annotated[float, Quantity("temperature", POSITIVE, "600 K")], ...], Field(min_length=1)
    ] = Field(description="Temperatures; the same landscapes serve them all.", examples=[["400 K", "600 K"]])
    ensemble: Literal["grand canonical", "canonical"] = Field(
        default="grand canonical",
        description="Occupations at the beginning: drawn from the Fermi function, or with the number of ions fixed.",
    )
    cap: Literal["automatic", "none"] = Field(
        default="automatic",
        description="Cap on the rates: the lowest that biases the network by less than 1 %, or none.",
    )
    relative_error: Annotated[float, Number(Bounds(above=0.0, below=0.3), shown=0.05)] = Field(
        default=0.015, description="Of D_σ, tracer D and Haven ratio of each landscape, at which its run ends."
    )
    most_hops: Annotated[float, Number(POSITIVE, shown=3e9)] = Field(
        default=3e9, description="Of each landscape and temperature, after which its run ends in any case."
    )

    tracer: bool = Field(
        default=True,
        description="Whether the run goes on for the tracer D where it needs longer ones than D_σ, as in most glasses.",
    )

    @model_validator(mode="after")
    def _temperatures_differ(self) -> Self:
        for place, temperature in enumerate(self.temperatures):
            if temperature in self.temperatures[:place]:
                reject("occurs twice", field=f"temperatures[{place}]", remedy="give every temperature once")
        return self


class HopsTable(Table):
    """A hops file."""

    name_in_messages: ClassVar[str] = "hops"

    title: str = Field(default="", description="Shown in figures.")
    glass: GlassTable = Field(description="Compositions.")
    landscape: LandscapeTable = Field(default_factory=LandscapeTable, description="Site energies.")
    hopping: HoppingTable = Field(default_factory=HoppingTable, description="Jump rates.")
    kinetic_monte_carlo: KineticMonteCarloTable = Field(description="Hops in time.")
    random: RandomTable = Field(default_factory=RandomTable, description="Random numbers.")

    @model_validator(mode="after")
    def _nothing_is_fitted(self) -> Self:
        remedy = "give a value: `ionscape conductivity` fits it to measurements"
        if self.landscape.energy_scale == FIT:
            reject("cannot be fitted to hops", field="landscape.energy_scale", remedy=remedy)
        if isinstance(self.hopping.attempt_frequency, str):
            reject("cannot be fitted to hops", field="hopping.attempt_frequency", remedy=remedy)
        return self


def hops_schema() -> dict[str, object]:
    """JSON schema of a hops file, as it stands in TOML; see `ionscape.experiment_schema`."""
    return schema_of(HopsTable, title="ionscape hops file")
