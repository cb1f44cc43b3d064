"""What an experiment still needs: all keys at once, where the reader of the file stops at the first one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from ionscape.errors import InputError
from ionscape.experiment.models import Experiment
from ionscape.files.fields import Table

from .document import join_path
from .form_fields import FieldDescription, describe_fields, kind_key, kind_of_table

IS_MISSING = "is missing"
Place = tuple[str | int, ...]


def missing_keys(data: Mapping[str, Any], *, file: str) -> dict[str, str]:
    """Sentences about the keys that an experiment still needs, by path, as the command line says them.

    Args:
        data: of the experiment, as it stands in the document.
        file: name of the document, for the sentences.
    """
    found: dict[str, str] = {}
    for place, model in _missing(Experiment, data, ()):
        path, key = join_path(place), str(place[-1])
        example = model.example_of(key)
        remedy = f"add it, for example {key} = {example}" if example else "add this table"
        found[path] = str(InputError(IS_MISSING, file=file, key=path, remedy=remedy))
    return found


@lru_cache(maxsize=64)
def _fields(model: type[Table]) -> tuple[FieldDescription, ...]:
    return describe_fields(model)


def _missing(model: type[Table], table: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, type[Table]]]:
    for field in _fields(model):
        here, value = (*place, field.key), table.get(field.key)
        if value is None and field.required and field.kind != "table":
            yield here, model
        elif value is None and field.required:
            yield from _missing(field.models[0], {}, here)
        elif field.kind in ("table", "union", "mapping", "tables"):
            for inner, entry in _tables(field, value, here):
                chosen = _model_of(field, entry)
                if chosen is not None:
                    yield from _missing(chosen, entry, inner)


def _tables(field: FieldDescription, value: Any, place: Place) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The tables that a value holds, each with its place."""
    entries: list[tuple[Place, Any]] = [(place, value)]
    if field.kind == "mapping":
        entries = [((*place, str(name)), each) for name, each in _items(value)]
    elif field.kind == "tables":
        entries = [((*place, number), each) for number, each in enumerate(_entries(value))]
    for inner, entry in entries:
        if isinstance(entry, Mapping):
            yield inner, cast(Mapping[str, Any], entry)


def _model_of(field: FieldDescription, entry: Mapping[str, Any]) -> type[Table] | None:
    """The model of a table; None where its kind is not chosen, which the reader of the file tells."""
    if len(field.models) < 2:
        return next(iter(field.models), None)
    kind = entry.get(kind_key(field.models[0]))
    return next((model for model in field.models if kind_of_table(model) == kind), None)


def _items(value: Any) -> list[tuple[Any, Any]]:
    return list(cast(Mapping[Any, Any], value).items()) if isinstance(value, Mapping) else []


def _entries(value: Any) -> Sequence[Any]:
    return cast(Sequence[Any], value) if isinstance(value, list) else ()
