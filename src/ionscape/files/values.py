"""Tables as values: their numbers by path, the same table with other values, and the text of a file that says it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from ionscape.errors import InputError, nearest_name, toml_key, toml_value
from ionscape.files.columns import to_number
from ionscape.files.description import Value, describe, step, value_at
from ionscape.files.fields import KIND_KEYS, Keyed
from ionscape.files.quantities import DIMENSIONS, DimensionName, format_quantity, quantity
from ionscape.files.validation import first_problem
from ionscape.wording import Part, join_path, split_path

AnyTable = TypeVar("AnyTable", bound=Keyed)

DIGITS = 12
"""Significant digits up to which a quantity is written in a unit for people, where it reads back exactly."""

ROUNDING = 1e-9
"""By how much fractions may exceed their whole."""


@dataclass(frozen=True, kw_only=True)
class Scalar:
    """A number of a table.

    Attributes:
        path: dotted path; list entries are counted from 0.
        value: in SI units.
        dimension: what it measures; None for a pure number.
    """

    path: str
    value: float
    dimension: DimensionName | None

    @property
    def unit(self) -> str:
        """SI unit; empty for a pure number."""
        return "" if self.dimension is None else DIMENSIONS[self.dimension].unit

    def written(self, value: float | None = None, *, digits: int) -> str | float:
        """A value of its dimension, or its own one, as it stands in a file: with its unit, or as a plain number."""
        value = self.value if value is None else value
        if self.dimension is None:
            return float(f"{value:.{digits}g}")
        # 323.15 K is no round number
        wanted = max(digits, 5) if self.dimension == "temperature" else digits
        return format_quantity(value, self.dimension, digits=wanted)


def scalars(table: Keyed) -> dict[str, Scalar]:
    """All scalars of a table by path; those that are absent from the file and have no default are left out."""
    found = _scalars(table, Value(kind="table", tables=(type(table),)), ())
    return {scalar.path: scalar for scalar in found}


def read_scalar(table: Keyed, path: str) -> Scalar:
    """The scalar of a table at a path.

    Raises:
        InputError: there is none; the nearest path is named, one of the same entry if an entry of a mapping is named.
    """
    known = scalars(table)
    if path in known:
        return known[path]
    nearest = _nearest(table, path, known)
    node: Any = table
    for part in split_path(path):
        node = step(node, part)
    # a truth value is a whole number to Python
    kinds = {bool: "true or false", int: "a whole number", str: "a text"}
    what = next((name for kind, name in kinds.items() if isinstance(node, kind)), "")
    described = value_at(type(table), split_path(path), table)
    if isinstance(node, tuple) and described is not None and described.kind == "quantity":
        raise InputError("is a list of values over time, which cannot be varied as one", key=path,
                         remedy=f'vary one of them, such as "{path}[0].value"')  # fmt: skip
    if what:
        problem = f"is {what} and cannot be varied, as only numbers without steps can"
        remedy = f'write an experiment file for each value, or vary a number such as "{nearest}"'
        raise InputError(problem, key=path, remedy=remedy)
    if described is not None and described.kind in ("quantity", "number") and described.marker is not None:
        raise InputError("is not given, and only numbers that are there can be varied", key=path,
                         remedy=f"give it a first value in the file, such as {described.marker.example()}, or vary"
                         f' "{nearest}"')  # fmt: skip
    raise InputError(f"is not a number of the {table.name_in_messages}", key=path,
                     remedy=f'the nearest path is "{nearest}"')  # fmt: skip


def read_value(
    value: object, dimension: DimensionName | None, *, key: str | None = None, in_file: bool = True
) -> float:
    """A number that may stand in the place of a scalar, in SI units.

    Args:
        value: a text with a unit, or a plain number where the scalar has no dimension; not in a file also a number in
            SI units, or a plain number as a text.
        dimension: of the scalar; None for a pure number.
        key: where it stands, for the message.
        in_file: whether it stands in a file.

    Raises:
        InputError: a text without number and unit where a quantity is wanted, or the other way round.
    """
    if dimension is not None and (in_file or isinstance(value, str)):
        try:
            return quantity(value, dimension)
        except InputError as error:
            raise error.located(key=key) from None
    number = to_number(value) if isinstance(value, str) and not in_file else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InputError("must be a number without quotation marks and unit", key=key, value=value,
                         remedy="give a pure number", code="not_a_number")  # fmt: skip
    if not math.isfinite(number):
        raise InputError("must be a finite number", key=key, value=value)
    return float(number)


def replaced(table: AnyTable, values: Mapping[str, Any]) -> AnyTable:
    """See `Table.replace`."""
    data: Any = table.model_dump(exclude_unset=True)
    before = data
    for path, value in values.items():
        parts = split_path(path)
        if not _exists(type(table), parts, data):
            nearest = nearest_name(path, _paths(table))
            raise InputError(f"is nothing of the {table.name_in_messages}", key=path,
                             remedy=f'the nearest path is "{nearest}"')  # fmt: skip
        data = _with_entry(data, parts, value)
    data = _with_the_rest(type(table), before, data, values)
    try:
        return type(table).model_validate(data)
    except ValidationError as error:
        raise first_problem(error, file=None, data=data, model=type(table)) from None


def parts_following(table: Keyed, path: str, value: Any) -> dict[str, float]:
    """Parts of a whole that change where another is replaced, by path; see `Table.replace`."""
    parts, before = split_path(path), table.model_dump(exclude_unset=True)
    data = _with_the_rest(type(table), before, _with_entry(before, parts, value), {path: value})
    for part in parts[:-1]:
        before, data = step(before, part), step(data, part)
    if not isinstance(data, Mapping):
        return {}
    after = cast(Mapping[str, Any], data)
    return {join_path((*parts[:-1], name)): new for name, new in after.items()
            if name != parts[-1] and new != before[name]}  # fmt: skip


def to_toml(table: Keyed) -> str:
    """See `Table.to_toml`."""
    described = Value(kind="table", tables=(type(table),))
    data = cast(dict[str, Any], _in_file(table.model_dump(exclude_unset=True), described))
    return "\n".join(_lines(data, "")).strip("\n") + "\n"


def _scalars(node: Any, described: Value, place: tuple[Part, ...]) -> Iterator[Scalar]:
    if isinstance(node, float):
        if described.kind in ("quantity", "number") and described.marker is not None:
            yield Scalar(path=join_path(place), value=node, dimension=described.dimension)
    elif isinstance(node, Keyed):
        for name, key in describe(type(node)).items():
            yield from _scalars(getattr(node, name), key.value, (*place, name))
    elif described.entry is not None and isinstance(node, dict | tuple):
        entries = cast(Any, node)
        for part in entries if isinstance(node, dict) else range(len(entries)):
            yield from _scalars(entries[part], described.entry, (*place, part))


def _nearest(table: Keyed, path: str, known: Mapping[str, Scalar]) -> str | None:
    """The known path that resembles one most: one of the same entry of a mapping, if it names such an entry."""
    entries = {str(part).lower() for part in split_path(path)} & {name.lower() for name in _names(table)}
    same = [other for other in known if entries & {str(part).lower() for part in split_path(other)}]
    return nearest_name(path, same or known)


def _names(node: Any) -> Iterator[str]:
    """Names of the entries of all mappings."""
    if isinstance(node, Keyed):
        for key in describe(type(node)):
            yield from _names(getattr(node, key))
    elif isinstance(node, dict | tuple):
        for name in cast(Any, node):
            if isinstance(node, dict):
                yield str(name)
            yield from _names(cast(Any, node)[name] if isinstance(node, dict) else name)


def _exists(model: type[Keyed], parts: Sequence[Part], data: Any) -> bool:
    """Whether there is something at a path, or may be: a key that is absent, or a further entry of a mapping."""
    for place, part in enumerate(parts):
        around = value_at(model, parts[:place], data)
        node = data
        for before in parts[:place]:
            node = step(node, before)
        entries = len(cast(Sequence[Any], node)) if isinstance(node, list | tuple) else 0
        if isinstance(part, int) and part >= entries:
            return False
        inner = around is not None and around.kind == "mapping" and place + 1 < len(parts)
        if inner and not (isinstance(node, Mapping) and part in node):
            return False
    return bool(parts) and value_at(model, parts, data) is not None


def _with_the_rest(model: type[Keyed], before: Any, data: Any, values: Mapping[str, Any]) -> Any:
    """Data in which parts of a whole that are not among the values share what these leave, in their ratios.

    Args:
        model: of the table.
        before: what was there.
        data: the same with the values.
        values: by path.

    Raises:
        InputError: the values leave less than nothing.
    """
    given: dict[tuple[Part, ...], set[Part]] = {}
    for path in values:
        parts = split_path(path)
        around = value_at(model, parts[:-1], data)
        if around is not None and around.whole:
            given.setdefault(parts[:-1], set()).add(parts[-1])
    for place, names in given.items():
        entries, earlier = data, before
        for part in place:
            entries, earlier = step(entries, part), step(earlier, part)
        others = {name: value for name, value in entries.items() if name not in names}
        numbers = [_number_of(entries[name]) for name in names]
        # what is no fraction is refused by its own name
        if entries == earlier or not others or any(value is None or not 0.0 <= value <= 1.0 for value in numbers):
            continue
        rest = round(1.0 - math.fsum(filter(None, numbers)), 15)
        shared = math.fsum(others.values())
        if rest < -ROUNDING:
            raise InputError(f"has fractions that leave less than nothing for {', '.join(map(str, others))}",
                             key=join_path(place), remedy="give fractions that add up to 1 at most")  # fmt: skip
        if shared > 0.0 or len(others) == 1:
            parts_now = {name: max(rest, 0.0) * (value / shared if shared else 1.0) for name, value in others.items()}
            data = _with_entry(data, place, {**entries, **parts_now})
    return data


def _number_of(value: object) -> float | None:
    """A pure number, or a text that holds one; None for anything else."""
    try:
        return read_value(value, None, in_file=False)
    except InputError:
        return None


def _paths(node: Any, place: tuple[Part, ...] = ()) -> Iterator[str]:
    """Paths of everything that can be replaced."""
    if place:
        yield join_path(place)
    if isinstance(node, Keyed):
        for name in describe(type(node)):
            yield from _paths(getattr(node, name), (*place, name))
    elif isinstance(node, dict | tuple):
        entries = cast(Any, node)
        for part in entries if isinstance(node, dict) else range(len(entries)):
            yield from _paths(entries[part], (*place, part))


def _with_entry(data: Any, parts: Sequence[Part], value: Any) -> Any:
    """A copy of nested tables and lists in which one entry is another."""
    if not parts:
        return value
    part, rest = parts[0], parts[1:]
    if isinstance(part, int):
        entries = list(cast(Sequence[Any], data))
        entries[part] = _with_entry(entries[part], rest, value)
        return entries
    table = dict(cast(Mapping[str, Any], data)) if data is not None else {}
    table[part] = _with_entry(table.get(part), rest, value)
    return table


def _in_file(data: Any, described: Value | None) -> Any:
    """Plain SI data as they stand in a file."""
    if described is None:
        return data
    if described.dimension is not None and isinstance(data, float):
        return text_of(data, described.dimension)
    if isinstance(data, Mapping):
        entries = cast(Mapping[str, Any], data)
        if described.kind == "mapping":
            return {name: _in_file(entry, described.entry) for name, entry in entries.items()}
        table = described.table_of(data)
        keys = describe(table) if table is not None else {}
        order = sorted(entries, key=lambda name: name not in KIND_KEYS)
        return {name: _in_file(entries[name], keys[name].value if name in keys else None)
                for name in order if entries[name] is not None}  # fmt: skip
    if isinstance(data, list | tuple):
        entries = [_in_file(entry, described.entry) for entry in cast(Sequence[Any], data)]
        return _Inline(entries) if described.kind == "quantity" else entries
    return data


class _Inline(list[Any]):
    """A list of tables that stands behind its key, a line for each."""


def text_of(value: float, dimension: DimensionName) -> str:
    """An SI value as a text with a unit that `quantity` reads back to the last digit, short where that is possible."""
    if DIMENSIONS[dimension].display:
        shown = format_quantity(value, dimension, digits=DIGITS)
        if quantity(shown, dimension) == value:
            return shown
    return f"{value!r} {DIMENSIONS[dimension].unit}"


def _lines(table: Mapping[str, Any], place: str) -> Iterator[str]:
    """Lines of a table in TOML, those of its own keys first, then those of the tables in it."""
    inner: dict[str, Any] = {}
    for key, value in table.items():
        name = toml_key(key)
        if isinstance(value, _Inline):
            yield from (f"{name} = [", *(f"  {toml_value(entry)}," for entry in value), "]")
        elif isinstance(value, Mapping) or (isinstance(value, list) and value and isinstance(value[0], Mapping)):
            inner[f"{place}.{name}" if place else name] = value
        else:
            yield f"{name} = {toml_value(value)}"
    for path, value in inner.items():
        for entry in cast(Any, value if isinstance(value, list) else [value]):
            if isinstance(value, list) or not entry or not all(isinstance(each, Mapping) for each in entry.values()):
                yield ""
                yield f"[[{path}]]" if isinstance(value, list) else f"[{path}]"
            yield from _lines(entry, path)
