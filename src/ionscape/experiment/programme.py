"""Conditions of a stage that change in time: a list of values in the place of one.

Between two times the value lies on a straight line, or stays what it was; the last one stays to the end of the stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeGuard, cast

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from ionscape.files.fields import NOT_NEGATIVE, POSITIVE, InFile, Keyed, Quantity, reject
from ionscape.files.quantities import DimensionName, format_quantity
from ionscape.files.table import Table


class Setpoint(Table):
    """A value from a time on."""

    name_in_messages: ClassVar[str] = "programme entry"

    time: Annotated[float, Quantity("time", NOT_NEGATIVE, "1 h")] = Field(
        description="Time since the start of the stage: 0 in the first entry, not before that of the entry above. Two"
        " entries of one time make a jump."
    )
    value: float
    join: Literal["line", "step"] = Field(
        default="line",
        description="How the next value is reached: on a straight line, or by staying at this one until the next time.",
        examples=["step"],
    )


class PotentialSetpoint(Setpoint):
    """A potential from a time on."""

    value: Annotated[float, Quantity("voltage")] = Field(description="Potential at that time.")


class CurrentSetpoint(Setpoint):
    """A beam current from a time on."""

    value: Annotated[float, Quantity("current", POSITIVE)] = Field(description="Beam current at that time.")


class TemperatureSetpoint(Setpoint):
    """A temperature from a time on."""

    value: Annotated[float, Quantity("temperature", POSITIVE)] = Field(description="Temperature at that time.")


Programme = tuple[Setpoint, ...]
Potential = float | tuple[PotentialSetpoint, ...]
Current = float | tuple[CurrentSetpoint, ...]
Temperature = float | tuple[TemperatureSetpoint, ...]


@dataclass(frozen=True)
class Programmed(Quantity):
    """A quantity, or a list of its values over time.

    Attributes:
        entries: table of the entries of such a list.
    """

    entries: type[Keyed] | None = Setpoint

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        listed = handler.generate_schema(tuple.__class_getitem__((self.entries, ...)))

        def read(value: object, read_list: Any, info: ValidationInfo) -> Any:
            if isinstance(value, Mapping):
                remedy = f"put it in brackets: {self.example_of_list()}"
                reject("must be a value, or a list of tables with values over time", remedy=remedy)
            if not isinstance(value, list | tuple):
                return self.read(value, in_file=isinstance(info.context, InFile))
            programme = cast(Programme, read_list(value))
            if not programme:
                reject("has no entries", remedy=f"give the values over time, such as {self.example_of_list()}")
            _check_times(programme)
            return programme

        return core_schema.with_info_wrap_validator_function(
            read, listed, serialization=core_schema.simple_ser_schema("any")
        )

    def example_of_list(self) -> str:
        """A valid list of one entry."""
        return f'[{{ time = "0 s", value = {self.example()} }}]'

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        listed = handler(cast(Any, schema)["schema"])
        return {"anyOf": [self.json_schema(), listed]}


def _check_times(programme: Programme) -> None:
    if programme[0].time != 0.0:
        remedy = 'give the value at the start of the stage in a first entry with time = "0 s"'
        reject("must be 0, the start of the stage, in the first entry", field="[0].time", remedy=remedy)
    for number in range(1, len(programme)):
        if programme[number].time < programme[number - 1].time:
            before, time = (format_quantity(each.time, "time") for each in programme[number - 1 : number + 1])
            reject(f"must not be before the time of the entry above, {before}", field=f"[{number}].time", value=time,
                   remedy="sort the entries by time; where the time above is varied, it ends at this one")  # fmt: skip


def is_programme(value: object) -> TypeGuard[Programme]:
    """Whether the value of a key is a list of values over time."""
    entries = cast(tuple[object, ...], value) if isinstance(value, tuple) else ()
    return bool(entries) and all(isinstance(each, Setpoint) for each in entries)


def value_at(value: float | Programme, time: float, *, before: bool = False) -> float:
    """The value at a time.

    Args:
        value: of the key of a stage, in SI units.
        time: since the start of the stage [s].
        before: where it jumps at that time, give the value before the jump.
    """
    if not isinstance(value, tuple):
        return value
    number = max((k for k, each in enumerate(value) if each.time < time or (each.time == time and not before)),
                 default=0)  # fmt: skip
    last, following = value[number], value[number + 1] if number + 1 < len(value) else None
    if following is None or last.join == "step":
        return last.value
    if following.time == time:
        return following.value
    return last.value + (following.value - last.value) * ((time - last.time) / (following.time - last.time))


def values_of(value: float | Programme, key: str) -> Iterator[tuple[str, float]]:
    """Key and value of all that stands in the place of a value."""
    if not isinstance(value, tuple):
        yield key, value
        return
    for number, each in enumerate(value):
        yield f"{key}[{number}].value", each.value


def in_words(value: float | Programme, dimension: DimensionName, *, at: str = "", digits: int = 4) -> str:
    """A value for people, or the range of its programme: `at 15 V`, `between 5 V and 15 V`.

    Args:
        value: in SI units.
        dimension: of it.
        at: the word before a single value.
        digits: significant digits.
    """
    found = sorted({each for _, each in values_of(value, "")})
    shown = [format_quantity(each, dimension, digits=digits) for each in found]
    if len(shown) == 1:
        return f"{at} {shown[0]}".strip()
    return f"between {shown[0]} and {shown[-1]}"


def times_of(values: Sequence[float | Programme], duration: float) -> tuple[float, ...]:
    """Times at which one of several values begins to change otherwise [s], from 0 to the duration of the stage."""
    inside = {each.time for value in values if isinstance(value, tuple) for each in value}
    return tuple(sorted({0.0, duration} | {time for time in inside if time < duration}))
