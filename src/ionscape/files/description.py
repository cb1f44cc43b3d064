"""What may stand in a table of a file: the annotations of its model, walked once and given as plain data."""

from __future__ import annotations

import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ionscape.errors import toml_value
from ionscape.files.fields import KIND_KEYS, Bounds, Keyed, Marker, Number, PartsOfWhole, Quantity
from ionscape.files.quantities import DIMENSIONS, DimensionName
from ionscape.wording import Part

Kind = Literal[
    "quantity", "number", "integer", "flag", "choice", "text", "list", "mapping", "table", "union", "value"
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Value:
    """What may stand at a place of a file.

    Attributes:
        kind: "table" is one kind of table, "union" one of several; "value" is anything that no other kind describes.
        dimension: of a quantity.
        bounds: of a number, an integer or a quantity, the latter in SI units.
        words: of a choice.
        tables: models that may stand there.
        entry: of a list or mapping, or of a list or table that may stand in the place of a value.
        length: of a list that has a certain one.
        marker: what reads it, where that is none of pydantic's own rules.
        whole: whether the numbers of such a mapping or table are parts of a whole, which add up to 1.
    """

    kind: Kind
    dimension: DimensionName | None = None
    bounds: Bounds = field(default=Bounds())
    words: tuple[str, ...] = ()
    tables: tuple[type[Keyed], ...] = ()
    entry: Value | None = None
    length: int | None = None
    marker: Marker | None = None
    whole: bool = False

    @property
    def unit(self) -> str:
        """SI unit; empty for what is no quantity."""
        return "" if self.dimension is None else DIMENSIONS[self.dimension].unit

    def table_of(self, data: object) -> type[Keyed] | None:
        """The model that reads a table, by the key that tells its kind; None if no kind is chosen."""
        if isinstance(data, Keyed):
            return type(data)
        if len(self.tables) < 2:
            return next(iter(self.tables), None)
        found = cast(Mapping[str, Any], data) if isinstance(data, Mapping) else {}
        if any(model.marking_key for model in self.tables):
            return by_marking_key(self.tables, found)
        kind = found.get(kind_key(self.tables[0]))
        return next((model for model in self.tables if kind_of_table(model) == kind), None)


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a table.

    Attributes:
        name: as in the file.
        value: what may stand there.
        required: whether the table needs it.
        description: what it means.
        default: what an absent key stands for, as it is read in a file; None if absence has a meaning of its own.
        example: a valid value as it is read in a file; None if there is none.
        table: that it belongs to, which says what is wrong with a value alone; None for an entry of a mapping.
    """

    name: str
    value: Value
    required: bool
    description: str
    default: Any = None
    example: Any = None
    table: type[Keyed] | None = None


@cache
def describe(model: type[Keyed]) -> Mapping[str, Key]:
    """The keys of a table by name, in their order."""
    return MappingProxyType({name: _key(model, name, entry) for name, entry in model.model_fields.items()})


def value_at(model: type[Keyed], parts: Sequence[Part], data: object = None) -> Value | None:
    """What may stand at the parts of a path; None if the path leads nowhere.

    Args:
        model: of the table in which the path begins.
        parts: see `ionscape.wording.split_path`.
        data: the table as it stands in a file, or made of it; it tells which of several kinds of tables is there.
    """
    node: Value | None = Value(kind="table", tables=(model,))
    for part in parts:
        if node is None:
            return None
        if isinstance(part, int):
            node = node.entry if node.kind in ("list", "quantity") else None
        elif node.kind == "mapping" or (node.whole and isinstance(data, Mapping)):
            node = node.entry
        else:
            table = node.table_of(data)
            key = describe(table).get(part) if table is not None else None
            node = key.value if key is not None else None
        data = step(data, part)
    return node


def step(data: object, part: Part) -> Any:
    """The value one part further in nested tables and lists; None if there is none."""
    if isinstance(part, int):
        entries = cast(Sequence[Any], data) if isinstance(data, list | tuple) else ()
        return entries[part] if part < len(entries) else None
    if isinstance(data, Mapping):
        return cast(Mapping[str, Any], data).get(part)
    return getattr(data, part, None) if isinstance(data, Keyed) and part in type(data).model_fields else None


def table_at(data: object, *parts: Part) -> Mapping[str, Any]:
    """The table at a place of nested tables and lists; an empty one if there is none."""
    for part in parts:
        data = step(data, part)
    return cast(Mapping[str, Any], data) if isinstance(data, Mapping) else {}


def list_at(data: object, *parts: Part) -> list[Any]:
    """The list at a place of nested tables and lists; an empty one if there is none."""
    for part in parts:
        data = step(data, part)
    return cast(list[Any], data) if isinstance(data, list) else []


def example_of(model: type[Keyed], key: str) -> str | None:
    """A valid value of a key as it stands in a file; None if the key has no simple value."""
    described = describe(model)[key]
    simple = described.value.kind not in ("table", "union") and described.example is not None
    return toml_value(described.example) if simple else None


def by_marking_key(tables: Sequence[type[Keyed]], data: Mapping[str, Any]) -> type[Keyed]:
    """The table whose marking key is there; the first one if none is."""
    return next((model for model in tables if model.marking_key in data), tables[0])


def kind_key(model: type[Keyed]) -> str:
    """The key that holds the kind of a table: "kind" or "model"."""
    return next(key for key in KIND_KEYS if key in model.model_fields)


def kind_of_table(model: type[Keyed]) -> str:
    """The word by which a table of several kinds is known in a file, such as "site-energies"; its name otherwise."""
    for key in KIND_KEYS:
        if key in model.model_fields and is_kind(describe(model)[key]):
            return describe(model)[key].value.words[0]
    return model.name_in_messages


def is_kind(key: Key) -> bool:
    """Whether a key tells the kind of its table."""
    return key.name in KIND_KEYS and len(key.value.words) == 1


def example_table(model: type[Keyed], like: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A valid table of the model with its required keys, or those that stand for others.

    Values are taken from `like` where it has the key.
    """
    made: dict[str, Any] = {}
    known = like or {}
    for name, key in describe(model).items():
        if is_kind(key):
            made[name] = key.value.words[0]
        elif name in known:
            made[name] = known[name]
        elif key.required or name in model.example_keys:
            made[name] = key.example
    return made


def _key(model: type[Keyed], name: str, entry: FieldInfo) -> Key:
    value = _value(entry.annotation, tuple(entry.metadata))
    key = Key(name=name, value=value, required=entry.is_required(), description=entry.description or "",
              default=_default(entry, value), table=model)  # fmt: skip
    # without a default that is left out, such a key would not tell kinds of tables in a file
    return replace(key, required=key.required or is_kind(key), example=_example(entry, value))


def _value(annotation: Any, metadata: tuple[Any, ...]) -> Value:
    annotation, metadata = _stripped(annotation, metadata)
    for marker in metadata:
        if isinstance(marker, Quantity):
            entry = None if marker.entries is None else Value(kind="table", tables=(marker.entries,))
            return Value(kind="quantity", dimension=marker.dimension, bounds=marker.bounds, marker=marker, entry=entry)
        if isinstance(marker, Number):
            return Value(kind="number", bounds=marker.bounds, marker=marker)
        if isinstance(marker, Marker):
            inner = marker.parts or marker.listed
            return Value(kind="value", dimension=getattr(marker, "dimension", None), marker=marker,
                         entry=None if inner is None else _value(float, (inner,)), tables=marker.tables,
                         whole=marker.parts is not None)  # fmt: skip
        if hasattr(marker, "described_as"):
            return _value(marker.described_as, ())
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return Value(kind="choice", words=tuple(map(str, arguments)))
    if _is_table(annotation):
        return Value(kind="table", tables=(annotation,))
    if origin in (Union, types.UnionType):
        tables = tuple(_stripped(part, ())[0] for part in arguments)
        if all(map(_is_table, tables)):
            return Value(kind="union", tables=tables)
    if origin is dict:
        whole = any(isinstance(marker, PartsOfWhole) for marker in metadata)
        return Value(kind="mapping", entry=_value(arguments[1], ()), whole=whole)
    if origin is tuple:
        length = None if arguments[-1] is Ellipsis else len(arguments)
        return Value(kind="list", entry=_value(arguments[0], ()), length=length)
    simple: dict[Any, Kind] = {bool: "flag", int: "integer", float: "number", str: "text"}
    return Value(kind=simple.get(annotation, "value"), bounds=_bounds(metadata))


def _bounds(metadata: Sequence[Any]) -> Bounds:
    """Bounds that stand in an annotation as pydantic knows them."""
    inner = [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else (item,))]
    names = {"above": "gt", "at_least": "ge", "below": "lt", "at_most": "le"}
    found = {ours: getattr(item, theirs) for item in inner for ours, theirs in names.items() if hasattr(item, theirs)}
    return Bounds(**found)


def _stripped(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without `Annotated` and `| None`, and what stood in it."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metadata = (*metadata, *more)
        elif get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
            remaining = tuple(part for part in get_args(annotation) if part is not type(None))
            annotation = Union[remaining]  # noqa: UP007
        else:
            return annotation, metadata


def _default(entry: FieldInfo, value: Value) -> Any:
    extra = entry.json_schema_extra
    if isinstance(extra, Mapping) and "default" in extra:
        return extra["default"]
    plain = value.kind not in ("table", "union", "mapping") and entry.default is not PydanticUndefined
    return entry.default if plain and entry.default not in ((), "") else None


def _example(entry: FieldInfo, value: Value) -> Any:
    if entry.examples:
        return entry.examples[0]
    if value.marker is not None:
        return tomllib.loads(f"value = {value.marker.example()}")["value"]
    if value.kind == "choice":
        return value.words[0]
    return example_table(value.tables[0]) if value.tables else None


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
