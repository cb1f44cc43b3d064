"""The tables of an experiment as frozen data in SI units: sample, chamber, ions, back electrode, grid.

The field descriptions are the reference of the experiment file; forms and documentation are made from them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ionscape.experiment.diffusion import DiffusionSpecification
from ionscape.experiment.names import Density, IonName
from ionscape.files.fields import POSITIVE, Bounds, Number, Quantity, reject
from ionscape.files.table import Table


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

    kind: Literal["moving", "fixed"] | None = Field(
        default=None,
        description="Whether the cells move with the fronts; sizes of cells can be given to fixed ones only.",
    )
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
