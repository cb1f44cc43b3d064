"""What a form shows of a table of a file: read from the pydantic models that also read the file, without any page."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, cast

from pydantic import TypeAdapter, ValidationError

from ionscape.errors import InputError, toml_value
from ionscape.files.description import Key, Kind, Value
from ionscape.files.fields import IN_FILE, Keyed
from ionscape.files.validation import first_problem

FieldKind = Kind | Literal["tables"]
"""Which control shows a value: "tables" is a list of them, "value" anything else, written as in the file."""


def control_of(value: Value) -> FieldKind:
    """Which control shows what may stand at a place."""
    if value.kind == "list" and value.entry is not None:
        if value.entry.tables:
            return "tables"
        return "list" if value.entry.kind in ("text", "quantity") else "value"
    return value.kind


def help_of(key: Key) -> str:
    """What a key means, its bounds, how it is written."""
    bounds = key.value.bounds.describe() if key.value.kind in ("quantity", "number") else ""
    words = [key.description, f"Must be {bounds}." if bounds else ""]
    if key.value.kind == "quantity" and key.example is not None:
        words.append(f"A number with its unit, such as {key.example}.")
        if key.value.entry is not None:
            entry = f'{{ time = "0 h", value = "{key.example}" }}'
            words.append(f"A list over time is written as in the file: [{entry}, ...].")
    return " ".join(word for word in words if word)


def placeholder_of(key: Key) -> str:
    """What an empty control shows: the default, or an example."""
    kind = control_of(key.value)
    if key.default is not None:
        return key.default if isinstance(key.default, str) else show_entry(key.default, kind)
    if key.required:
        return f"such as {show_entry(key.example, kind)}" if key.example is not None else ""
    return "not given"


def entry_of(key: Key) -> Key:
    """An entry of a mapping as a key, of which no names are offered."""
    assert key.value.entry is not None
    example = next(iter(key.example.values()), None) if isinstance(key.example, Mapping) else None
    return Key(name=f"{key.name}.", value=key.value.entry, required=True, description=key.description, example=example)


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
    if kind == "value" or (kind == "quantity" and text.startswith("[")):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def single_value(value: Any, which: Literal["first", "last"]) -> Any:
    """The first or last value where a list of values over time stands, else the value itself."""
    entries = cast(list[Any], value) if isinstance(value, list) else []
    entry: Any = entries[0 if which == "first" else -1] if entries else value
    return cast(Mapping[str, Any], entry).get("value") if isinstance(entry, Mapping) and entries else value


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
