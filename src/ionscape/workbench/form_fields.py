"""What a form shows of a table of a file: read from the pydantic models that also read the file, without any page."""

from __future__ import annotations

import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from ionscape.errors import InputError, toml_value
from ionscape.files.fields import Number, Quantity, Table
from ionscape.files.validation import first_problem
from ionscape.workbench.wording import label_of

FieldKind = Literal[
    "quantity", "number", "integer", "flag", "choice", "text", "list", "mapping", "union", "table", "tables", "value"
]
KIND_KEYS = ("kind", "model")


@dataclass(frozen=True, kw_only=True)
class FieldDescription:
    """One key of a table.

    Attributes:
        key: as in the file.
        label: for people.
        kind: which control shows it; "value" is anything else, written as in the file.
        required: whether the table needs it.
        help: what it means, its bounds, what its absence means.
        example: a valid value as plain data; None if there is none.
        default: what an absent key stands for, as it is read in a file; empty if absence has a meaning of its own.
        choices: words of a choice.
        models: tables that may stand there, one of a "table", several of a "union"; of a "mapping" those of its
            entries.
        entry: kind of the entries of a mapping or list.
        model: table that the key belongs to, which says what is wrong with a value alone.
    """

    key: str
    label: str
    kind: FieldKind
    required: bool
    help: str
    example: Any = None
    default: str = ""
    choices: tuple[str, ...] = ()
    models: tuple[type[Table], ...] = ()
    entry: FieldKind = "text"
    model: type[Table] | None = None


def describe_fields(model: type[Table]) -> tuple[FieldDescription, ...]:
    """Describe all keys of a table but the one that tells its kind."""
    return tuple(
        describe_field(model, key)
        for key, field in model.model_fields.items()
        if not (key in KIND_KEYS and _is_literal_of_one(field.annotation))
    )


def describe_field(model: type[Table], key: str) -> FieldDescription:
    """Describe one key of a table."""
    field = model.model_fields[key]
    annotation, markers = _stripped(field.annotation, tuple(field.metadata))
    kind, choices, models, entry = _kind_of(annotation, markers)
    return FieldDescription(
        key=key, label=label_of(key), kind=kind, required=field.is_required(), help=_help(field, markers),
        example=_example(model, key), default=_default(field, kind), choices=choices, models=models, entry=entry,
        model=model,
    )  # fmt: skip


def field_problem(model: type[Table], key: str, value: object, *, path: str, file: str | None = None) -> str | None:
    """The sentence about a value of one key by itself: its unit, bounds, or kind; None if it is good or absent.

    Args:
        model: of the table.
        key: of the table.
        value: as it stands in the file.
        path: of the key, for the sentence.
        file: name of the file, for the sentence.
    """
    if value is None or key not in model.model_fields:
        return None
    try:
        _adapter(model, key).validate_python(value)
    except ValidationError as error:
        found = first_problem(error, file=None, data=value)
        inner = (found.key or "") if isinstance(value, Mapping | list) else ""
        place = path + (inner if inner.startswith("[") or not inner else f".{inner}")
        # a value at its end is shown, a whole table is not
        wrong = found.value if inner else (None if isinstance(value, Mapping) else value)
        return str(InputError(found.problem, file=file, key=place, value=wrong, bound=found.bound,
                              remedy=found.remedy))  # fmt: skip
    return None


@lru_cache(maxsize=512)
def _adapter(model: type[Table], key: str) -> TypeAdapter[Any]:
    field = model.model_fields[key]
    kind: Any = field.annotation
    for marker in field.metadata:
        kind = Annotated.__class_getitem__((kind, marker))  # pyright: ignore[reportAttributeAccessIssue]
    return TypeAdapter(kind)


def kind_of_table(model: type[Table]) -> str:
    """The word by which a table of several kinds is known in a file, such as "site-energies"; its name otherwise."""
    for key in KIND_KEYS:
        if key in model.model_fields and _is_literal_of_one(model.model_fields[key].annotation):
            return str(get_args(model.model_fields[key].annotation)[0])
    return model.name_in_messages


def kind_key(model: type[Table]) -> str:
    """The key that holds the kind of a table: "kind" or "model"."""
    return next(key for key in KIND_KEYS if key in model.model_fields)


def example_table(model: type[Table], like: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A valid table of the model with its required keys; values are taken from `like` where it has the key."""
    made: dict[str, Any] = {}
    known = like or {}
    for key, field in model.model_fields.items():
        if key in KIND_KEYS and _is_literal_of_one(field.annotation):
            made[key] = get_args(field.annotation)[0]
        elif key in known:
            made[key] = known[key]
        elif field.is_required():
            made[key] = describe_field(model, key).example
    return made


def parse_entry(text: str, kind: FieldKind) -> Any:
    """What is written into the file for the text of a control; None removes the key.

    What cannot be read is kept as a text, so that the file's own reader says what is wrong with it.
    """
    text = text.strip()
    if not text:
        return None
    if kind == "integer":
        try:
            return int(text.replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            return parse_entry(text, "number")
    if kind == "number":
        try:
            number = float(text.replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            return text
        return int(text) if text.isdigit() else number
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind == "value":
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def show_entry(value: Any, kind: FieldKind) -> str:
    """The text of a control for a value of the file."""
    if value is None:
        return ""
    if kind == "list" and isinstance(value, Sequence) and not isinstance(value, str):
        entries = cast(Sequence[Any], value)
        return ", ".join(entry if isinstance(entry, str) else toml_value(entry) for entry in entries)
    if isinstance(value, str) and kind != "value":
        return value
    if isinstance(value, float) and kind in ("number", "integer"):
        return f"{value:.12g}"
    return toml_value(value)


def _kind_of(
    annotation: Any, markers: tuple[Any, ...]
) -> tuple[FieldKind, tuple[str, ...], tuple[type[Table], ...], FieldKind]:
    """Kind of a control, words to choose from, models of tables, kind of the entries."""
    none: tuple[Any, ...] = ()
    for marker in markers:
        if isinstance(marker, Quantity):
            return "quantity", none, none, "text"
        if isinstance(marker, Number):
            return "number", none, none, "text"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "choice", tuple(str(word) for word in arguments), none, "text"
    if _is_table(annotation):
        return "table", none, (annotation,), "text"
    if origin in (Union, types.UnionType) and all(_is_table(part) for part in arguments):
        return "union", none, arguments, "text"
    if origin is dict:
        inner, inner_markers = _stripped(arguments[1], ())
        kind, _, models, _ = _kind_of(inner, inner_markers)
        return "mapping", none, models, kind
    if origin is tuple:
        inner, inner_markers = _stripped(arguments[0], ())
        kind, _, models, _ = _kind_of(inner, inner_markers)
        if kind in ("table", "union"):
            return "tables", none, models, kind
        return ("list" if kind in ("text", "quantity") else "value"), none, none, kind
    simple: dict[Any, FieldKind] = {bool: "flag", int: "integer", float: "number", str: "text"}
    return simple.get(annotation, "value"), none, none, "text"


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


def _help(field: FieldInfo, markers: Sequence[Any]) -> str:
    words = [field.description or ""]
    for marker in markers:
        bounds = marker.bounds.describe() if isinstance(marker, Quantity | Number) else ""
        if bounds:
            words.append(f"Must be {bounds}.")
        if isinstance(marker, Quantity):
            words.append(f"A number with its unit, such as {marker.example().strip(chr(34))}.")
    return " ".join(word for word in words if word)


def _example(model: type[Table], key: str) -> Any:
    text = model.example_of(key)
    if text is None:
        field = model.model_fields[key]
        annotation, markers = _stripped(field.annotation, tuple(field.metadata))
        kind, choices, models, _ = _kind_of(annotation, markers)
        marker = next((marker for marker in markers if isinstance(marker, Quantity | Number)), None)
        if marker is not None:
            return tomllib.loads(f"value = {marker.example()}")["value"]
        if kind == "choice":
            return choices[0]
        return example_table(models[0]) if models and kind in ("table", "union") else None
    return tomllib.loads(f"value = {text}")["value"]


def _default(field: FieldInfo, kind: FieldKind) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, Mapping) and "default" in extra:
        return str(extra["default"])
    value = field.default
    if field.is_required() or value is None or kind in ("table", "tables", "union", "mapping") or value in ((), ""):
        return ""
    return show_entry(value, kind) if isinstance(value, str | int | float) else ""


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is_literal_of_one(annotation: Any) -> bool:
    return get_origin(annotation) is Literal and len(get_args(annotation)) == 1
