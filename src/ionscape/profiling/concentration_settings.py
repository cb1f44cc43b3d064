"""The table [measurement.concentrations]: a profile that is no counts but concentrations already."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from ionscape.files.fields import NOT_NEGATIVE, POSITIVE, Bounds, Number, Quantity
from ionscape.files.table import Table

Share = Annotated[float, Number(Bounds(at_least=0.0, below=1.0), shown=0.02)]


class ConcentrationsTable(Table):
    """What a table of concentrations leaves open: the glass, units and errors."""

    name_in_messages: ClassVar[str] = "concentrations"

    unit: str | None = Field(
        default=None,
        description="Unit of the columns that state none: 1/cm^3 or another number density, at.%, mol% (of oxides) or"
        " wt.% (of elements or oxides).",
        examples=["mol%"],
    )
    glass: str | None = Field(
        default=None,
        description="Formula of the native glass in moles; needed for at.%, mol% and wt.%.",
        examples=["0.14 Na2O 0.10 Al2O3 0.76 SiO2"],
    )
    mass_density: Annotated[float, Quantity("mass density", POSITIVE, "2.45 g/cm^3")] | None = Field(
        default=None, description="Mass density of the native glass; needed for at.%, mol% and wt.%."
    )
    relative_error: Share | None = Field(
        default=None,
        description="Standard deviation of each value relative to it, independent from point to point, where the table"
        " has no column of errors.",
    )
    absolute_error: Annotated[float, Number(NOT_NEGATIVE, shown=0.1)] | None = Field(
        default=None,
        description="Standard deviation of each value in the unit of its column, independent from point to point, where"
        " the table has no column of errors; with a relative one both are added in quadrature.",
    )
    scale_error: Share = Field(
        default=0.0,
        description="Relative standard deviation of a factor that all values of an ion share, such as that of the"
        " standard; a fit varies it.",
    )
    depth_error: Share = Field(
        default=0.0, description="Relative standard deviation of a factor that all depths share; a fit varies it."
    )
