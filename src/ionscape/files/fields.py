"""Building blocks of the experiment's data: quantities, bounded numbers, and tables that refuse unknown keys.

Whatever is wrong with a value leaves here as one `InputError`, wrapped so that pydantic adds the path of the key.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ionscape.errors import InputError, toml_value
from ionscape.files.quantities import DIMENSIONS, DimensionName, quantity

KIND_KEYS = ("kind", "model")
"""Keys that tell what kind of table one of several is."""


def reject(
    problem: str,
    *,
    field: str | None = None,
    value: object = None,
    bound: str | None = None,
    remedy: str | None = None,
    code: str = "",
) -> NoReturn:
    """Refuse a value while pydantic validates it.

    Args:
        problem: see `InputError`.
        field: path of the key below the table that is being validated; None for that table or value itself.
        value: what to show; None for what stands in the file.
        bound: see `InputError`.
        remedy: see `InputError`.
        code: see `InputError`.
    """
    raise wrapped(InputError(problem, value=value, bound=bound, remedy=remedy, code=code), field=field)


def wrapped(error: InputError, *, field: str | None = None) -> PydanticCustomError:
    """The error in the form to which pydantic adds the path of the table or value; see `problems.first_problem`."""
    return PydanticCustomError("input", "{message}", {"message": str(error), "error": error, "field": field})


@contextmanager
def located(field: str) -> Generator[None]:
    """Name the key below the value that is being validated of what is refused inside."""
    try:
        yield
    except PydanticCustomError as error:
        found = (error.context or {}).get("error")
        if not isinstance(found, InputError):
            raise
        raise wrapped(found, field=field) from None


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Bounds of a number; None is no bound."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None

    def describe(self, unit: str = "") -> str:
        """The bounds in words, empty without bounds."""
        return " and ".join(f"{words} {bound:g}{unit}" for words, _, _, bound in self._given())

    def hold(self, value: float) -> bool:
        """Whether a value is within the bounds."""
        return all(holds(value, bound) for _, _, holds, bound in self._given())

    def json_schema(self) -> dict[str, float]:
        """The bounds as JSON schema keywords."""
        return {keyword: bound for _, keyword, _, bound in self._given()}

    def _given(self) -> Iterator[tuple[str, str, Callable[[float, float], bool], float]]:
        for words, keyword, holds, bound in (
            ("greater than", "exclusiveMinimum", operator.gt, self.above),
            ("at least", "minimum", operator.ge, self.at_least),
            ("less than", "exclusiveMaximum", operator.lt, self.below),
            ("at most", "maximum", operator.le, self.at_most),
        ):
            if bound is not None:
                yield words, keyword, holds, bound


ANY = Bounds()
POSITIVE = Bounds(above=0.0)
NOT_NEGATIVE = Bounds(at_least=0.0)
FRACTION = Bounds(at_least=0.0, at_most=1.0)


class PartsOfWhole:
    """What stands in `Annotated[dict[...], ...]` of numbers that add up to 1: where some change the others follow."""


class InFile:
    """Context of a validation: what is validated stands in a file, where a quantity has its unit."""


IN_FILE = InFile()


class Marker:
    """What stands in `Annotated[float, ...]` and reads the value of a key in place of pydantic's own rules."""

    entries: type[Keyed] | None = None
    """Table of which a list may stand in the place of the value."""

    parts: Marker | None = None
    """What reads the parts of a whole of which a table may stand in the place of the value."""

    listed: Marker | None = None
    """What reads the entries of a list that may stand in the place of the value."""

    tables: tuple[type[Keyed], ...] = ()
    """Tables of which one may stand in the place of the value, told apart by their marking keys."""

    def read(self, value: object, *, in_file: bool = True) -> Any:
        """The value in SI units.

        Args:
            value: as it stands in a file, or in SI units already.
            in_file: whether it stands in a file.

        Raises:
            PydanticCustomError: it cannot be used.
        """
        raise NotImplementedError

    def json_schema(self) -> dict[str, Any]:
        """How the value stands in a file."""
        raise NotImplementedError

    def example(self) -> str:
        """A valid value as it stands in a file."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object, info: ValidationInfo) -> Any:
            return self.read(value, in_file=isinstance(info.context, InFile))

        return core_schema.with_info_plain_validator_function(read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.json_schema()


@dataclass(frozen=True)
class Quantity(Marker):
    """A text with a number and a unit, kept as an SI float; from Python a plain number in SI units too.

    Attributes:
        dimension: what it measures.
        bounds: in SI units.
        shown: an example of a valid text; None for that of the dimension.
    """

    dimension: DimensionName
    bounds: Bounds = Bounds()
    shown: str | None = None

    def read(self, value: object, *, in_file: bool = True) -> float:
        """The value in SI units, finite and within the bounds."""
        if not in_file and isinstance(value, int | float) and not isinstance(value, bool):
            result = finite(value, remedy=f"give it in {DIMENSIONS[self.dimension].unit}, or a text with its unit")
        else:
            try:
                result = quantity(value, self.dimension)
            except InputError as error:
                if error.remedy is not None:
                    usual = toml_value(DIMENSIONS[self.dimension].example)
                    error.remedy = error.remedy.replace(usual, self.example())
                raise wrapped(error) from None
        if not self.bounds.hold(result):
            article = "an" if self.dimension[0] in "aeio" else "a"
            reject(
                f"must be {self.bounds.describe(self._unit_of_bounds())}",
                value=value,
                remedy=f"give {article} {self.dimension} such as {self.example()}",
            )
        return result

    def json_schema(self) -> dict[str, Any]:
        """A text; the SI unit and the bounds stand in keywords of our own."""
        schema: dict[str, Any] = {"type": "string", "examples": [self._text()], "x-dimension": self.dimension}
        schema["x-unit"] = DIMENSIONS[self.dimension].unit
        if self.bounds != Bounds():
            schema["x-bounds"] = self.bounds.json_schema()
        return schema

    def example(self) -> str:
        """A valid text in quotation marks."""
        return toml_value(self._text())

    def _text(self) -> str:
        return self.shown if self.shown is not None else DIMENSIONS[self.dimension].example

    def _unit_of_bounds(self) -> str:
        # Zero of a temperature is the only bound whose meaning depends on the unit.
        return " K (-273.15 degC)" if self.dimension == "temperature" else ""


@dataclass(frozen=True)
class Number(Marker):
    """A plain number without unit.

    Attributes:
        bounds: of the number.
        shown: an example of a valid number.
        reason: why the bounds are there, where that helps.
    """

    bounds: Bounds = Bounds()
    shown: float = 1.0
    reason: str | None = None

    def read(self, value: object, *, in_file: bool = True) -> float:  # noqa: ARG002
        """The number, finite and within the bounds."""
        remedy = f"give a plain number such as {self.example()}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            reject("must be a number without quotation marks and unit", value=value, remedy=remedy, code="not_a_number")
        number = finite(value, remedy=remedy)
        if not self.bounds.hold(number):
            reject(f"must be {self.bounds.describe()}", value=value, bound=self.reason, remedy=remedy)
        return number

    def json_schema(self) -> dict[str, Any]:
        """A number with its bounds."""
        return {"type": "number", "examples": [self.shown], **self.bounds.json_schema()}

    def example(self) -> str:
        """A valid number."""
        return f"{self.shown:g}"


def finite(value: float, *, remedy: str) -> float:
    """A number that is no infinity; of an integer that is too large for one neither."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        reject("must be finite", value=value, remedy=remedy)
    return number


class Keyed(BaseModel):
    """Data with the keys of a table of a file; `ionscape.files.table.Table` is what can be done with them."""

    name_in_messages: ClassVar[str] = "table"
    example_keys: ClassVar[tuple[str, ...]] = ()
    """Keys of an example that are not required, since others can stand in their place."""
    marking_key: ClassVar[str | None] = None
    """Key by which the table is known among several of which one may stand in a place, where no key tells the kind."""
