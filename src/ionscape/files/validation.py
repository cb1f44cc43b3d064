"""From pydantic's report to the one sentence about the first problem."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ionscape.errors import InputError, nearest_name, toml_value

Location = Sequence[str | int]

# pydantic names the chosen kind of a table in its paths; the file does not.
KEYS_OF_KINDS = ("kind", "model")

_REMEDIES = {
    "dict_type": ("must be a table", "write [{path}] or {{ ... }}"),
    "model_attributes_type": ("must be a table", "write [{path}] or {{ ... }}"),
    "model_type": ("must be a table", "write [{path}] or {{ ... }}"),
    "string_type": ("must be a text", "put it in quotation marks"),
    "bool_type": ("must be true or false", "write true or false without quotation marks"),
    "int_type": ("must be a whole number", "write it without decimal point and quotation marks"),
}


_LISTS = ("tuple_type", "list_type", "missing", "too_short", "too_long")
_IN_BRACKETS = "write several values in square brackets"
_BOUNDS = {
    "greater_than": ("greater than", "gt", "give a larger one"),
    "greater_than_equal": ("at least", "ge", "give a larger one"),
    "less_than": ("less than", "lt", "give a smaller one"),
    "less_than_equal": ("at most", "le", "give a smaller one"),
}


def first_problem(
    error: ValidationError, *, file: str | None, data: object, example: Mapping[str, str] | None = None
) -> InputError:
    """The first problem that pydantic found, as one sentence.

    Args:
        error: pydantic's report.
        file: name of the experiment file, for the message.
        data: what was validated.
        example: a valid value, as it stands in a file, of keys whose values are lists.
    """
    details: Any = error.errors(include_url=False)[0]
    path = _path_in_file(details["loc"], data)
    if details["type"] == "missing" and isinstance(details["loc"][-1], int):
        path = path.rsplit("[", 1)[0]  # the list itself is there, one of its values is not
    context: dict[str, Any] = details.get("ctx", {})
    found = context.get("error")
    if isinstance(found, InputError):
        key = ".".join(part for part in (path, context.get("field")) if part)
        return found.located(file=file, key=key or None, value=value_at(data, key))
    return _standard_problem(details, path, example or {}).located(
        file=file, key=path or None, value=value_at(data, path)
    )


def value_at(data: object, path: str) -> object:
    """The value at a dotted path such as `stages[2].temperature`; None if there is none, or a whole table."""
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, Sequence) and not isinstance(data, str) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return None if isinstance(data, Mapping) else data


def _standard_problem(details: Any, path: str, example: Mapping[str, str]) -> InputError:
    kind, context = details["type"], details.get("ctx", {})
    if kind in _LISTS:
        return _list_problem(details, path, example)
    if kind in _BOUNDS:
        word, name, remedy = _BOUNDS[kind]
        return InputError(f"must be {word} {context[name]}", remedy=remedy)
    if kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        return InputError(f"has no {key}", remedy=f'add {key} = "...", one of {_kinds(path)}')
    if kind == "union_tag_invalid":
        key = str(context["discriminator"]).strip("'")
        expected = str(context["expected_tags"])
        nearest = nearest_name(str(context["tag"]), expected.replace("'", "").split(", "))
        remedy = f'the nearest is "{nearest}" (known are {_double_quoted(expected)})'
        return InputError("is not known", key=f"{path}.{key}", value=context["tag"], remedy=remedy)
    if kind == "literal_error":
        return InputError("is not known", remedy=f"choose {_double_quoted(str(context['expected']))}")
    if kind in ("string_pattern_mismatch", "string_too_short"):
        remedy = "write a name such as Li or Na+, without spaces, dots and square brackets"
        return InputError("is not the name of an ion", remedy=remedy)
    if kind in _REMEDIES:
        problem, remedy = _REMEDIES[kind]
        number = _whole_number(details.get("input")) if kind == "int_type" else None
        if number is not None:
            remedy = f"write {{key}} = {number}"
        return InputError(problem, remedy=remedy.format(path=path, key=path.rsplit(".", 1)[-1]))
    message = str(details["msg"])
    return InputError(message[:1].lower() + message[1:])


def _whole_number(value: object) -> int | None:
    """What was meant by "+2" or 2.0; None if it is no whole number."""
    try:
        number = float(value) if isinstance(value, str | float) else math.nan
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _list_problem(details: Any, path: str, example: Mapping[str, str]) -> InputError:
    """A value where a list is expected, or a list with too few or too many values."""
    kind, found, key = details["type"], details.get("input"), path.rsplit(".", 1)[-1]
    name = key.split("[", 1)[0]
    shown = example.get(path.split("[", 1)[0])
    remedy = f"write {name} = {shown}" if shown else None
    if kind in ("missing", "too_short"):
        return InputError("has too few values", remedy=remedy or "add what is missing")
    if kind == "too_long":
        return InputError("has too many values", remedy=remedy or "leave out what is too much")
    if isinstance(found, str) and remedy is None:
        remedy = f"write {key} = [{toml_value(found)}]"
    return InputError("must be a list", remedy=remedy or f"{_IN_BRACKETS}, several tables as [[{key}]]")


def _kinds(path: str) -> str:
    if re.fullmatch(r"stages\[\d+\]", path):
        return '"irradiation", "contact", "storage"'
    return '"constant", "site-energies", "table"'


def _double_quoted(text: str) -> str:
    return text.replace("'", '"')


def _path_in_file(location: Location, data: object) -> str:
    path = ""
    skipped = False
    for part in location:
        tag = isinstance(data, Mapping) and any(data.get(key) == part for key in KEYS_OF_KINDS)
        if tag and not skipped:
            skipped = True
            continue
        skipped = False
        if isinstance(part, int):
            path = f"{path}[{part}]"
            data = data[part] if isinstance(data, Sequence) and part < len(data) else None
        elif part == "[key]":
            continue
        else:
            path = f"{path}.{part}" if path else part
            data = data.get(part) if isinstance(data, Mapping) else None
    return path
