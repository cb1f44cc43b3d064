"""The tables of an experiment as frozen data in SI units: sample, chamber, ions, stages, back electrode, grid.

The field descriptions are the reference of the experiment file; forms and documentation are made from them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ionscape.experiment.diffusion import DiffusionSpecification
from ionscape.files.fields import Bounds, Number, Quantity, reject
from ionscape.files.table import Table

POSITIVE = Bounds(above=0.0)
FRACTION_TOLERANCE = 1e-6

IonName = Annotated[str, Field(min_length=1, pattern=r"^[^\s.\[\]]+$")]
Density = Annotated[float, Quantity("number density", POSITIVE)]
Temperature = Annotated[float, Quantity("temperature", POSITIVE)]
Duration = Annotated[float, Quantity("time", POSITIVE)]


class Sample(Table):
    """The glass before the experiment."""

    name_in_messages: ClassVar[str] = "sample"

    thickness: Annotated[float, Quantity("length", POSITIVE)] = Field(
        description="Thickness of the sample, from the irradiated surface to the back electrode."
    )
    illuminated_area: Annotated[float, Quantity("area", POSITIVE)] = Field(
        description="Area through which ions enter and the current flows."
    )
    relative_permittivity: Annotated[float, Number(Bounds(at_least=1.0), shown=7.0)] = Field(
        description="Static relative permittivity of the glass."
    )
    native: dict[IonName, Density] = Field(
        description="Number density of each mobile or explicitly described ion before the experiment, the same at every"
        " depth. The fixed charge of the network balances it.",
        examples=[{"Li": "1.4e28 1/m^3"}],
    )

    @model_validator(mode="after")
    def _has_native_ions(self) -> Self:
        if not self.native:
            remedy = 'name at least one ion with its density, for example native = { Li = "1.4e28 1/m^3" }'
            reject("must not be empty", field="native", remedy=remedy)
        return self


class Chamber(Table):
    """The vacuum chamber in front of the sample."""

    name_in_messages: ClassVar[str] = "chamber"

    aperture_distance: Annotated[float, Quantity("length", POSITIVE, "8 mm")] = Field(
        default=8e-3,
        description="Distance of the grounded aperture in front of the sample; 8 mm if absent.",
        json_schema_extra={"default": "8 mm"},
    )


class Ion(Table):
    """An ion species."""

    name_in_messages: ClassVar[str] = "ion"

    charge: Annotated[int, Field(strict=True)] = Field(
        default=1, description="Charge number, negative for anions, not 0; 1 if absent.", examples=[1, -1, 2]
    )
    diffusion: DiffusionSpecification = Field(
        description="Diffusion model of the ion.",
        examples=[
            {
                "model": "constant",
                "coefficient": "2.67e-22 m^2/s",
                "reference_temperature": "323.15 K",
                "activation_energy": "0.65 eV",
            }
        ],
    )

    @model_validator(mode="after")
    def _is_charged(self) -> Self:
        if self.charge == 0:
            reject("must not be 0", field="charge", remedy="give the charge number of the ion, such as 1 or -1")
        return self


class _Stage(Table):
    """What all stages have."""

    name_in_messages: ClassVar[str] = "stage"

    temperature: Temperature = Field(description="Temperature of the sample.")
    duration: Duration = Field(description="How long the stage lasts.")
    diffusion: dict[IonName, DiffusionSpecification] = Field(
        default_factory=dict,
        description="Diffusion models that hold in this stage only; each replaces the whole model of its ion.",
    )

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The ions that the stage brings to the surface."""
        return ()


class Irradiation(_Stage):
    """An ion beam attaches charge to the surface, which rises to the source potential and stays there."""

    kind: Literal["irradiation"] = Field(default="irradiation", description="Kind of the stage.")
    beam: IonName = Field(description="Ion of the beam.", examples=["Rb"])
    source_potential: Annotated[float, Quantity("voltage")] = Field(
        description="Potential of the ion source, of the sign of the ion's charge: the surface does not rise beyond it."
    )
    beam_current: Annotated[float, Quantity("current", POSITIVE)] | None = Field(
        default=None,
        description="Magnitude of the beam current onto the illuminated area; if absent the surface is at the source"
        " potential from the start.",
    )

    @model_validator(mode="after")
    def _has_potential(self) -> Self:
        if self.source_potential == 0.0:
            remedy = 'give a potential such as "15 V"'
            reject("must not be 0", field="source_potential", remedy=remedy)
        return self

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The ion of the beam."""
        return (self.beam,)


class Contact(_Stage):
    """An electrode or a melt touches the surface at a given potential."""

    kind: Literal["contact"] = Field(default="contact", description="Kind of the stage.")
    potential: Annotated[float, Quantity("voltage")] = Field(
        description="Potential of the contact against the back electrode."
    )
    composition: dict[IonName, Annotated[float, Number(Bounds(at_least=0.0, at_most=1.0), 0.5)]] | None = Field(
        default=None,
        description="Number fractions of the ions that the contact holds at the surface, adding up to 1; ions pass"
        " either way. Their total density is the one that makes the surface neutral: they carry the charge of the"
        " native ions that they replace, which are the mobile ones. Immobile ions keep their density and cannot be"
        " named. Where the mobile ones are a neutral salt, the composition is neutral too (to three digits, such as"
        " Ca = 0.333 and F = 0.667), and as dense.",
        examples=[{"Na": 0.1, "K": 0.9}],
    )
    blocking: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true if no ion passes the contact; instead of a composition."
    )

    @model_validator(mode="after")
    def _passes_or_blocks(self) -> Self:
        if self.blocking == (self.composition is not None):
            found = "both a composition and blocking = true" if self.blocking else "neither a composition nor blocking"
            remedy = "give either composition = { Na = 0.1, K = 0.9 } or blocking = true"
            reject(f"has {found}", remedy=remedy)
        if self.composition is not None:
            total = sum(self.composition.values())
            if abs(total - 1.0) > FRACTION_TOLERANCE:
                remedy = f"change the fractions so that they add up to 1 within {FRACTION_TOLERANCE:g}"
                reject(f"has fractions that add up to {total:.8g}", field="composition", remedy=remedy)
        return self

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The ions that the contact holds."""
        return tuple(name for name, fraction in (self.composition or {}).items() if fraction > 0.0)


class Storage(_Stage):
    """Open circuit: no ion passes either face, the total current is zero, diffusion potentials are free."""

    kind: Literal["storage"] = Field(default="storage", description="Kind of the stage.")


Stage = Annotated[Irradiation | Contact | Storage, Field(discriminator="kind")]


class BackElectrode(Table):
    """The grounded electrode at the back."""

    name_in_messages: ClassVar[str] = "back electrode"

    deposits: tuple[IonName, ...] | None = Field(
        default=None,
        description="Ions that are neutralised and leave; all others pile up. Every ion leaves if absent.",
        examples=[["Na"]],
    )


class GridSpecification(Table):
    """Choices that replace those of the automatic grid."""

    name_in_messages: ClassVar[str] = "grid"

    cell: Annotated[float, Quantity("length", POSITIVE, "0.25 nm")] | None = Field(
        default=None, description="Size of the cells in the zone."
    )
    zone: Annotated[float, Quantity("length", POSITIVE, "80 nm")] | None = Field(
        default=None, description="Depth down to which the cells have that size; behind it they grow."
    )
    surface_cell: Annotated[float, Quantity("length", POSITIVE, "0.05 nm")] | None = Field(
        default=None, description="Size of the first cell."
    )
    growth: Annotated[float, Number(Bounds(at_least=1.0, at_most=2.0), shown=1.03)] | None = Field(
        default=None, description="Ratio of the sizes of neighbouring cells behind the zone."
    )
