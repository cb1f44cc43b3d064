"""Tables of files are validated here, and pydantic's report becomes the one sentence about the first problem."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from ionscape.errors import InputError, nearest_name, toml_value
from ionscape.files.description import describe, kind_of_table, step, value_at
from ionscape.files.fields import KIND_KEYS, InFile, Keyed
from ionscape.wording import join_path, split_path

Location = Sequence[str | int]
AnyTable = TypeVar("AnyTable", bound=Keyed)

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


def read_table(
    model: type[AnyTable], data: object, *, file: str | None, context: InFile | None = None, below: str = ""
) -> AnyTable:
    """The table that data describe.

    Args:
        model: of the table.
        data: as they stand in a file, or from Python, where quantities may be SI floats.
        file: its name, for the message.
        context: where the data come from; None for Python.
        below: path of the table in the file; empty for the file itself.

    Raises:
        InputError: something in it cannot be used; names file, key, value, bound and remedy.
    """
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        problem = first_problem(error, file=file, data=data, model=model)
        if below:
            problem.key = f"{below}.{problem.key}" if problem.key else below
        raise problem from None


def first_problem(
    error: ValidationError, *, file: str | None, data: object, model: type[Keyed] | None = None
) -> InputError:
    """The first problem that pydantic found, as one sentence.

    Args:
        error: pydantic's report.
        file: name of the file, for the message.
        data: what was validated.
        model: of the table that was validated; None for a value alone.
    """
    details: Any = error.errors(include_url=False)[0]
    path = _path_in_file(details["loc"], data)
    if details["type"] == "missing" and isinstance(details["loc"][-1], int):
        path = path.rsplit("[", 1)[0]  # the list itself is there, one of its values is not
    context: dict[str, Any] = details.get("ctx", {})
    found = context.get("error")
    if isinstance(found, InputError):
        key = ".".join(part for part in (path, context.get("field")) if part).replace(".[", "[")
        return found.located(file=file, key=key or None, value=_shown(data, key))
    return _standard_problem(details, path, model, data).located(file=file, key=path or None, value=_shown(data, path))


def _shown(data: object, path: str) -> object:
    """The value at a path; None if there is none, or a whole table."""
    for part in split_path(path):
        data = step(data, part)
    return None if isinstance(data, Mapping) else data


def _standard_problem(details: Any, path: str, model: type[Keyed] | None, data: object) -> InputError:
    kind, context = details["type"], details.get("ctx", {})
    if kind in _LISTS:
        return _list_problem(details, path, model, data)
    if kind in _BOUNDS:
        word, name, remedy = _BOUNDS[kind]
        return InputError(f"must be {word} {context[name]}", remedy=remedy)
    if kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        return InputError(f"has no {key}", remedy=f'add {key} = "...", one of {_kinds(path, model, data)}')
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


def _list_problem(details: Any, path: str, model: type[Keyed] | None, data: object) -> InputError:
    """A value where a list is expected, or a list with too few or too many values."""
    kind, found, key = details["type"], details.get("input"), path.rsplit(".", 1)[-1]
    name = key.split("[", 1)[0]
    shown = _example(path.split("[", 1)[0], model, data)
    remedy = f"write {name} = {shown}" if shown else None
    if kind in ("missing", "too_short"):
        return InputError("has too few values", remedy=remedy or "add what is missing")
    if kind == "too_long":
        return InputError("has too many values", remedy=remedy or "leave out what is too much")
    if isinstance(found, str) and remedy is None:
        remedy = f"write {key} = [{toml_value(found)}]"
    return InputError("must be a list", remedy=remedy or f"{_IN_BRACKETS}, several tables as [[{key}]]")


def _kinds(path: str, model: type[Keyed] | None, data: object) -> str:
    """The words for the kinds of tables of which one may stand at a path."""
    described = None if model is None else value_at(model, split_path(path), data)
    return ", ".join(toml_value(kind_of_table(table)) for table in described.tables) if described else "its kinds"


def _example(path: str, model: type[Keyed] | None, data: object) -> str | None:
    """A valid list at a path, as it stands in a file; None if there is none that helps."""
    *before, last = split_path(path) or ("",)
    around = None if model is None else value_at(model, before, data)
    place = data
    for part in before:
        place = step(place, part)
    table = around.table_of(place) if around is not None and around.tables else None
    key = describe(table).get(str(last)) if table is not None else None
    entry = key.value.entry if key is not None else None
    # texts are shown as they were written, and tables stand below a line of their own
    of_numbers = entry is not None and not entry.tables and entry.kind != "text"
    return toml_value(key.example) if key is not None and of_numbers and key.example is not None else None


def _double_quoted(text: str) -> str:
    return text.replace("'", '"')


def _path_in_file(location: Location, data: object) -> str:
    parts: list[str | int] = []
    skipped = False
    for part in location:
        tag = isinstance(data, Mapping) and any(data.get(key) == part for key in KIND_KEYS)
        if tag and not skipped:
            skipped = True
            continue
        skipped = False
        if isinstance(part, int):
            data = data[part] if isinstance(data, Sequence) and part < len(data) else None
        elif part.startswith("["):  # no key of the file: pydantic's word for a key, or the tag of a table
            continue
        else:
            data = data.get(part) if isinstance(data, Mapping) else None
        parts.append(part)
    return join_path(parts)
