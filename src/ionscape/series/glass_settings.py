"""The table [glass] of a series file: borophosphates by their borate fraction, or any glass by its formula."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from ionscape.errors import InputError
from ionscape.files.description import by_marking_key
from ionscape.files.fields import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Bounds,
    Keyed,
    Marker,
    Number,
    Quantity,
    reject,
    wrapped,
)
from ionscape.files.table import Table
from ionscape.glass import own_units

LARGEST_NUMBER_OF_COMPOSITIONS = 1001
ROUNDING = 1e-9  # of a step: a range ends with its last value in spite of rounding

Alkali = Literal["Li", "Na", "K", "Rb", "Cs"]


class MixingRatios(Marker):
    """What stands in `Annotated[tuple[float, ...], ...]`: a number, a list of numbers, or a range with a step."""

    number = Number(FRACTION, shown=0.4)
    step = Number(Bounds(above=0.0, at_most=1.0), shown=0.2)
    keys = ("from", "to", "step")
    remedy = "write one number, a list of numbers, or { from = 0.0, to = 1.0, step = 0.2 }"

    def read(self, value: object, *, in_file: bool = True) -> tuple[float, ...]:  # noqa: ARG002
        """All values, in the order of the file; those of a range rise."""
        if isinstance(value, Mapping):
            return self._range(cast(Mapping[str, object], value))
        if isinstance(value, bool) or not isinstance(value, int | float | Sequence) or isinstance(value, str):
            reject("must be a number, a list of numbers or a range", value=value, remedy=self.remedy)
        if not isinstance(value, Sequence):
            return (self.number.read(value),)
        values = cast(Sequence[object], value)
        if not values:
            reject("must not be empty", value=value, remedy=self.remedy)
        numbers = tuple(self.number.read(entry) for entry in values)
        for place, number in enumerate(numbers):
            if number in numbers[:place]:
                reject(f"has the value {number:g} twice", value=value, remedy="give every value once")
        return numbers

    def _range(self, table: Mapping[str, object]) -> tuple[float, ...]:
        for key in table:
            if key not in self.keys:
                reject("is an unknown key", field=str(key), remedy=self.remedy)
        for key in self.keys:
            if key not in table:
                reject("is missing", field=key, remedy=self.remedy)
        first, last, step = (self._entry(table, key) for key in self.keys)
        if last < first:
            reject(f"must be at least from = {first:g}", field="to", remedy="give the smaller value first")
        count = math.floor((last - first) / step + ROUNDING) + 1
        if count > LARGEST_NUMBER_OF_COMPOSITIONS:
            problem = f"makes {count} compositions, more than {LARGEST_NUMBER_OF_COMPOSITIONS}"
            reject(problem, field="step", remedy="give a larger one")
        # decimal fractions stay what they are: 0.6, not 0.6000000000000001
        return tuple(min(round(first + place * step, 12), 1.0) for place in range(count))

    def _entry(self, table: Mapping[str, object], key: str) -> float:
        try:
            return (self.step if key == "step" else self.number).read(table[key])
        except PydanticCustomError as error:
            raise wrapped(input_error(error), field=key) from None

    def example(self) -> str:
        """A valid list."""
        return "[0.0, 0.5, 1.0]"

    def json_schema(self) -> dict[str, Any]:
        """A number, a list or a range."""
        number = self.number.json_schema()
        properties = {"from": number, "to": number, "step": self.step.json_schema()}
        span = {"type": "object", "properties": properties, "required": list(self.keys), "additionalProperties": False}
        return {"anyOf": [number, {"type": "array", "items": number, "minItems": 1}, span]}


class UnitsOrFile(Marker):
    """What stands in `Annotated[str | dict[str, Any], ...]`: the name of a file with units, or a table of them."""

    def read(self, value: object, *, in_file: bool = True) -> str | dict[str, Any]:  # noqa: ARG002
        """The name or the table as it stands, once its units are known to be some."""
        if isinstance(value, str):
            return value
        try:
            own_units(value, key="")
        except InputError as error:
            field = (error.key or "").strip(".")
            raise wrapped(error.replace(key=None), field=field or None) from None
        return dict(cast(Mapping[str, Any], value))

    def example(self) -> str:
        """A name."""
        return '"my-units.toml"'

    def json_schema(self) -> dict[str, Any]:
        """A text, or a table with a fraction or a table for each unit."""
        entry = {"anyOf": [{"type": "number", "minimum": 0.0, "maximum": 1.0}, {"type": "object"}]}
        return {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": entry}]}


def input_error(error: PydanticCustomError) -> InputError:
    """The sentence inside an error that a marker has raised."""
    found = (error.context or {})["error"]
    assert isinstance(found, InputError)
    return found


class GlassTable(Table):
    """Borophosphates with one alkali ion, and how their network former units are found."""

    name_in_messages: ClassVar[str] = "glass"

    alkali: Alkali = Field(description="The mobile ion.", examples=["Li"])
    alkali_oxide_fraction: Annotated[float, Number(Bounds(above=0.0, below=1.0), shown=0.33)] = Field(
        description="Molar fraction y of the alkali oxide in y M2O – (1 − y)[x B2O3 – (1 − x) P2O5]."
    )
    borate_fraction: Annotated[tuple[float, ...], MixingRatios()] = Field(
        description="Mixing ratios x: a number, a list, or a range with both ends.",
        examples=[{"from": 0.0, "to": 1.0, "step": 0.2}],
    )
    tetrahedral_borate_limit: Annotated[float, Number(FRACTION, shown=0.4286)] = Field(
        default=3.0 / 7.0, description="Largest number of B(4) units per network former cation.",
        json_schema_extra={"default": 0.4286},
    )  # fmt: skip
    phosphate_disproportionation: Annotated[float, Number(FRACTION, shown=0.05)] = Field(
        default=0.0, description="Part of the P(2) units that reacts, 2 P(2) → P(3) + P(1)."
    )
    pyrophosphate_disproportionation: Annotated[float, Number(FRACTION, shown=0.05)] = Field(
        default=0.0, description="Part of the P(1) units that reacts, 2 P(1) → P(2) + P(0)."
    )
    measured_units: str | None = Field(
        default=None,
        description="CSV file with measured fractions of the units (columns `x`, `B4`, ...) instead of the model;"
        " linear between its lines.",
        examples=["units.csv"],
    )
    mass_density: Annotated[float, Quantity("mass density", POSITIVE)] | None = Field(
        default=None,
        description="Mass density, for the number density of ions; that of the lattice sites if absent. Neither changes"
        " the conductivity.",
    )

    @property
    def mixing_ratios(self) -> tuple[float, ...]:
        """X of all glasses."""
        return self.borate_fraction

    @property
    def in_words(self) -> str:
        """What all glasses have in common."""
        return f"{self.alkali}, y = {self.alkali_oxide_fraction:g}"

    @model_validator(mode="after")
    def _units_come_from_one_place(self) -> Self:
        keys = ("tetrahedral_borate_limit", "phosphate_disproportionation", "pyrophosphate_disproportionation")
        for key in keys:
            usual = type(self).model_fields[key].default
            if self.measured_units is not None and getattr(self, key) != usual:
                remedy = "leave it out, or leave out the measured units"
                reject("belongs to the model of the units, not to measured ones", field=key, remedy=remedy)
        return self


Constant = Annotated[float, Number(NOT_NEGATIVE, shown=0.01)]


class FormulaTable(Table):
    """Glasses of any network by their formulas."""

    name_in_messages: ClassVar[str] = "glass"
    marking_key: ClassVar[str | None] = "formula"

    formula: str = Field(
        description="Glass in moles, of alkali oxides (one or two), B2O3, P2O5 and SiO2.",
        examples=["0.25 Na2O 0.75 SiO2"],
    )
    other_formula: str | None = Field(
        default=None,
        description="Another glass, with which it is mixed: a part x of the moles of oxides is the other's.",
        examples=["0.25 K2O 0.75 SiO2"],
    )
    mixing_ratio: Annotated[tuple[float, ...], MixingRatios()] = Field(
        default=(0.0,), description="Parts x of the other glass: a number, a list, or a range with both ends.",
        examples=[{"from": 0.0, "to": 1.0, "step": 0.2}], json_schema_extra={"default": 0.0},
    )  # fmt: skip
    silicate_equilibrium: Annotated[tuple[Constant, ...], Field(min_length=3, max_length=3)] | None = Field(
        default=None,
        description="Constants k_3, k_2, k_1 of 2 Q(n) = Q(n−1) + Q(n+1) in silicates; none happens if absent.",
        examples=[[0.01, 0.0, 0.0]],
    )
    units: Annotated[str | dict[str, Any], UnitsOrFile()] | None = Field(
        default=None,
        description="Units of one glass instead of those of a model: a TOML file with tables [units.NAME], or such a"
        " table here (reference: glasses).",
        examples=["my-units.toml"],
    )
    mass_density: Annotated[float, Quantity("mass density", POSITIVE)] | None = Field(
        default=None,
        description="Mass density, for the number density of ions; that of the lattice sites if absent. Neither changes"
        " the conductivity.",
    )

    @property
    def mixing_ratios(self) -> tuple[float, ...]:
        """X of all glasses."""
        return self.mixing_ratio

    @property
    def in_words(self) -> str:
        """What all glasses have in common."""
        return self.formula if self.other_formula is None else f"(1 − x) ({self.formula}), x ({self.other_formula})"

    @model_validator(mode="after")
    def _ratios_have_two_ends(self) -> Self:
        if self.other_formula is None and self.mixing_ratio != (0.0,):
            reject("is missing", field="other_formula", remedy="give the glass that is mixed with formula")
        if self.units is not None:
            if self.other_formula is not None:
                reject("belong to one glass", field="units", remedy="leave out other_formula and mixing_ratio")
            if self.silicate_equilibrium is not None:
                reject("contradicts units", field="silicate_equilibrium", remedy="give one of the two")
        return self


BORATE_RATIO = "B2O3 / (B2O3 + P2O5)"


def ratio_in_words(table: GlassTable | FormulaTable) -> str:
    """What the mixing ratio x is."""
    if isinstance(table, GlassTable):
        return BORATE_RATIO
    return "the only glass" if table.other_formula is None else f"part of {table.other_formula} in {table.formula}"


def _tag(data: object) -> str:
    """By which pydantic tells the two tables apart; no key of a file begins with a bracket."""
    if isinstance(data, Keyed):
        table: type[Keyed] = type(data)
    else:
        given = cast(Mapping[str, Any], data) if isinstance(data, Mapping) else {}
        table = by_marking_key((GlassTable, FormulaTable), given)
    return "[formula]" if table is FormulaTable else "[borophosphate]"


Glasses = Annotated[
    Annotated[GlassTable, Tag("[borophosphate]")] | Annotated[FormulaTable, Tag("[formula]")], Discriminator(_tag)
]
"""A borophosphate series or any glass, by whether there is a formula."""
