"""What stands for the barrier of [hopping]: a number, an energy, a glass transition, or a distribution over links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, cast

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from ionscape.errors import InputError
from ionscape.files.fields import IN_FILE, POSITIVE, Bounds, Marker, Number, Quantity, reject, wrapped
from ionscape.files.quantities import quantity
from ionscape.files.table import Table
from ionscape.files.validation import first_problem

from .glass_settings import input_error

AnyTable = TypeVar("AnyTable", bound=Table)
TRANSITION = Quantity("temperature", POSITIVE, "700 K")


def _inner(kind: type[AnyTable], value: Mapping[str, Any], *, in_file: bool) -> AnyTable:
    """A table that stands in the place of a value."""
    data = dict(value)
    try:
        return kind.model_validate(data, context=IN_FILE if in_file else None)
    except ValidationError as error:
        found = first_problem(error, file=None, data=data, model=kind)
        raise wrapped(found.replace(key=None), field=found.key) from None


class BarrierTable(Table):
    """Barriers that differ from link to link."""

    name_in_messages: ClassVar[str] = "barrier"
    marking_key: ClassVar[str | None] = "distribution"

    distribution: Literal["gaussian", "exponential", "uniform"] = Field(
        description="Of the barriers: gaussian without what would be below 0, exponential from mean - width on, or"
        " uniform from mean - width/2 to mean + width/2."
    )
    mean: Annotated[float, Quantity("energy", Bounds(at_least=0.0), "0.064 eV")] = Field(
        description="Mean of the barriers."
    )
    width: Annotated[float, Quantity("energy", POSITIVE, "0.02 eV")] = Field(
        description="Standard deviation, of the uniform distribution its whole width."
    )

    @model_validator(mode="after")
    def _has_no_barrier_below_zero(self) -> Self:
        least = {"gaussian": 0.0, "exponential": self.width, "uniform": 0.5 * self.width}[self.distribution]
        if self.mean < least:
            reject("leaves barriers below 0", field="width", remedy="give a smaller width, or a larger mean")
        return self


class LineTable(Table):
    """A straight line of the glass transition over the bridging oxygens."""

    name_in_messages: ClassVar[str] = "line"

    without_bridges: Annotated[float, Quantity("temperature", POSITIVE, "332 K")] = Field(
        description="Glass transition at no bridging oxygen, where the line begins.", examples=["332 K"]
    )
    per_bridging_oxygen: Annotated[float, Quantity("temperature", POSITIVE, "119 K")] = Field(
        description="By how much it rises for each bridging oxygen per network former cation.", examples=["119 K"]
    )


Transition = Literal[True] | float | tuple[float, ...] | str | LineTable
"""How the glass transition is known: by the line of the package, of all glasses, of each, from a file, by a line."""


class TransitionMarker(Marker):
    """What stands in `Annotated[Transition, ...]`: true, a temperature, a list of them, a file, or a line."""

    dimension = TRANSITION.dimension
    listed = TRANSITION
    tables = (LineTable,)
    remedy = (
        'write true for an estimate from the bridging oxygens, one temperature such as "700 K", a list with one for'
        ' each mixing ratio, a CSV file such as "transitions.csv", or a line such as'
        ' { without_bridges = "332 K", per_bridging_oxygen = "119 K" }'
    )

    def read(self, value: object, *, in_file: bool = True) -> Transition:
        """The same with temperatures in K."""
        if value is True or isinstance(value, LineTable):
            return value
        if isinstance(value, Mapping):
            return _inner(LineTable, cast(Mapping[str, Any], value), in_file=in_file)
        if isinstance(value, str):
            return value if value.lower().endswith(".csv") else TRANSITION.read(value, in_file=in_file)
        if isinstance(value, Sequence) and value:
            return tuple(TRANSITION.read(each, in_file=in_file) for each in cast(Sequence[object], value))
        if in_file or isinstance(value, bool) or not isinstance(value, float | int):
            reject("is no glass transition", value=value, remedy=self.remedy)
        return TRANSITION.read(value, in_file=False)

    def json_schema(self) -> dict[str, Any]:
        """Any of them."""
        one = TRANSITION.json_schema()
        return {"anyOf": [{"const": True}, one, {"type": "array", "items": one}, {"type": "object"}]}

    def example(self) -> str:
        """A valid value."""
        return "true"


class TransitionTable(Table):
    """Barriers that follow the glass transition."""

    name_in_messages: ClassVar[str] = "barrier"
    marking_key: ClassVar[str | None] = "from_glass_transition"

    from_glass_transition: Annotated[Transition, TransitionMarker()] = Field(
        description="Glass transition T_g: true for an estimate from the bridging oxygens, one temperature, a list with"
        " one for each mixing ratio, a CSV file with the columns `x` and `glass transition (K)`, or the line of the"
        " estimate.",
        examples=[True],
    )
    factor: Annotated[float, Number(POSITIVE, shown=1.0)] = Field(
        default=1.0, description="Least barrier over k_B T_g; 1 is what Bosi 2021 takes."
    )


Barrier = float | str | BarrierTable | TransitionTable


class BarrierMarker(Marker):
    """What stands in `Annotated[Barrier, ...]`: in units of V0, an energy or glass transition as a text, or a table."""

    tables = (BarrierTable, TransitionTable)
    number = Number(Bounds(at_least=0.0, at_most=10.0), shown=0.1)
    energy = Quantity("energy", Bounds(at_least=0.0), "0.064 eV")

    def read(self, value: object, *, in_file: bool = True) -> Barrier:
        """The number, the text of an energy, or the table."""
        if isinstance(value, BarrierTable | TransitionTable):
            return value
        if isinstance(value, Mapping):
            given = cast(Mapping[str, Any], value)
            transition = any(key in given for key in TransitionTable.model_fields)
            return _inner(TransitionTable if transition else BarrierTable, given, in_file=in_file)
        if not isinstance(value, str):
            return self.number.read(value, in_file=in_file)
        try:
            kelvin = quantity(value, "temperature")
        except InputError:
            kelvin = None
        if kelvin is not None:
            return TransitionTable(from_glass_transition=TRANSITION.read(kelvin, in_file=False))
        try:
            self.energy.read(value, in_file=in_file)
        except PydanticCustomError as error:
            found = input_error(error)
            found.remedy = f"{found.remedy or f'give an energy such as {self.energy.example()}'}, or a glass transition"
            found.remedy += f" such as {TRANSITION.example()}"
            raise wrapped(found) from None
        return value

    def json_schema(self) -> dict[str, Any]:
        """Either."""
        return {"anyOf": [self.number.json_schema(), self.energy.json_schema(), TRANSITION.json_schema(),
                          {"type": "object"}]}  # fmt: skip

    def example(self) -> str:
        """A valid number."""
        return self.number.example()


BARRIER = BarrierMarker()
