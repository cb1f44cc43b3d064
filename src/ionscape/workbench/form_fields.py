"""What a form shows of a table of a file: read from the pydantic models that also read the file, without any page."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, cast

from pydantic import TypeAdapter, ValidationError

from ionscape.errors import InputError, toml_value
from ionscape.files.description import Key, Value, describe, is_kind
from ionscape.files.fields import IN_FILE, Keyed
from ionscape.files.validation import first_problem
from ionscape.workbench.wording import label_of

FieldKind = Literal[
    "quantity", "number", "integer", "flag", "choice", "text", "list", "mapping", "union", "table", "tables", "value"
]


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
    models: tuple[type[Keyed], ...] = ()
    entry: FieldKind = "text"
    model: type[Keyed] | None = None


def describe_fields(model: type[Keyed]) -> tuple[FieldDescription, ...]:
    """Describe all keys of a table but the one that tells its kind."""
    return tuple(describe_field(model, name) for name, key in describe(model).items() if not is_kind(key))


def describe_field(model: type[Keyed], name: str) -> FieldDescription:
    """Describe one key of a table."""
    key = describe(model)[name]
    value, kind, entry = key.value, _kind(key.value), key.value.entry
    return FieldDescription(
        key=name, label=label_of(name), kind=kind, required=key.required, help=_help(key), example=key.example,
        default="" if key.default is None else key.default if isinstance(key.default, str)
        else show_entry(key.default, kind),
        choices=value.words, models=value.tables or (entry.tables if entry is not None else ()),
        entry=_kind(entry) if entry is not None else "text", model=model,
    )  # fmt: skip


def field_problem(
    model: type[Keyed], key: str, value: object, *, path: str, file: str | None = None
) -> InputError | None:
    """The error of a value of one key by itself: its unit, bounds, or kind; None if it is good or absent.

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
        _adapter(model, key).validate_python(value, context=IN_FILE)
    except ValidationError as error:
        found = first_problem(error, file=None, data=value)
        inner = (found.key or "") if isinstance(value, Mapping | list) else ""
        place = path + (inner if inner.startswith("[") or not inner else f".{inner}")
        # a value at its end is shown, a whole table is not
        wrong = found.value if inner else (None if isinstance(value, Mapping) else value)
        found.file, found.key, found.value = file, place, wrong
        return found
    return None


@lru_cache(maxsize=512)
def _adapter(model: type[Keyed], key: str) -> TypeAdapter[Any]:
    field = model.model_fields[key]
    kind: Any = field.annotation
    for marker in field.metadata:
        kind = Annotated.__class_getitem__((kind, marker))  # pyright: ignore[reportAttributeAccessIssue]
    return TypeAdapter(kind)


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


def _kind(value: Value) -> FieldKind:
    """Which control shows what may stand at a place."""
    if value.kind == "list" and value.entry is not None:
        if value.entry.tables:
            return "tables"
        return "list" if value.entry.kind in ("text", "quantity") else "value"
    return value.kind


def _help(key: Key) -> str:
    bounds = key.value.bounds.describe() if key.value.kind in ("quantity", "number") else ""
    words = [key.description, f"Must be {bounds}." if bounds else ""]
    if key.value.kind == "quantity":
        words.append(f"A number with its unit, such as {key.example}.")
    return " ".join(word for word in words if word)
