"""Scalars of an experiment by their paths, such as `ions.Li.diffusion.width` or `stages[0].temperature`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from ionscape.errors import InputError, nearest_name, toml_value
from ionscape.experiment import Experiment
from ionscape.experiment.load import of_experiment
from ionscape.experiment.tables import Attachments
from ionscape.files.fields import Number, Quantity
from ionscape.files.quantities import DIMENSIONS, DimensionName
from ionscape.files.validation import first_problem


@dataclass(frozen=True, kw_only=True)
class Scalar:
    """A number of an experiment.

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


def read_scalar(experiment: Experiment, path: str) -> Scalar:
    """The scalar of an experiment at a path.

    Raises:
        InputError: there is none; the nearest path is named, one of the same ion if an ion is named.
    """
    known = scalars(experiment)
    if path not in known:
        what = _what_stands_at(experiment, path)
        ions = {name.lower() for name in experiment.ions} & {str(part).lower() for part in _parts(path)}
        same = [other for other in known if ions & {str(part).lower() for part in _parts(other)}]
        nearest = nearest_name(path, same or known)
        if what:
            problem = f"is {what} and cannot be varied, as only numbers without steps can"
            remedy = f'write an experiment file for each value, or vary a number such as "{nearest}"'
            raise InputError(problem, key=path, remedy=remedy)
        raise InputError("is not a number of the experiment", key=path, remedy=f'the nearest path is "{nearest}"')
    return known[path]


def _what_stands_at(experiment: Experiment, path: str) -> str:
    """What an experiment has at a path that is no scalar; empty if it has nothing there, or a table."""
    node: Any = experiment
    for part in _parts(path):
        if isinstance(part, int):
            entries: tuple[Any, ...] = node if isinstance(node, tuple) else ()
            node = entries[part] if part < len(entries) else None
        elif isinstance(node, dict):
            node = cast(dict[str, Any], node).get(part)
        elif isinstance(node, BaseModel) and part in type(node).model_fields:
            node = getattr(node, part)
        else:
            return ""
    # a truth value is a whole number to Python
    kinds = {bool: "true or false", int: "a whole number", str: "a text"}
    return next((name for kind, name in kinds.items() if isinstance(node, kind)), "")


def scalars(experiment: Experiment) -> dict[str, Scalar]:
    """All scalars of an experiment by path; those that are absent from the file and have no default are left out."""
    return {scalar.path: scalar for scalar in _walk(experiment, "")}


def with_values(experiment: Experiment, values: Mapping[str, float]) -> Experiment:
    """The same experiment with other values.

    Args:
        experiment: made by `load_experiment` or `parse_experiment`.
        values: in SI units, by path.

    Raises:
        InputError: a path does not exist, or the values do not make an experiment.
    """
    known = scalars(experiment)
    data = _data_of(experiment)
    for path, value in values.items():
        scalar = known[path] if path in known else read_scalar(experiment, path)
        data = _replaced(data, _parts(path), f"{float(value)!r} {scalar.unit}" if scalar.dimension else float(value))
    attachments = Attachments(given=experiment.attachments, folder=_NOWHERE)
    try:
        changed = Experiment.model_validate(data, context=attachments)
    except ValidationError as error:
        raise first_problem(error, file=experiment.file, data=data) from None
    return changed.with_origin(source=text_of(data), file=experiment.file, attachments=dict(experiment.attachments))


def text_of(data: Mapping[str, Any]) -> str:
    """Text of an experiment file, one line for each table."""
    return "\n".join(f"{_toml_key(key)} = {toml_value(value)}" for key, value in data.items()) + "\n"


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def _data_of(experiment: Experiment) -> Mapping[str, Any]:
    data = of_experiment(_parsed(experiment.source))
    return {key: value for key, value in data.items() if key != "attachments"}


@lru_cache(maxsize=64)
def _parsed(source: str) -> Mapping[str, Any]:
    return tomllib.loads(source)


def _replaced(data: Any, parts: Sequence[str | int], value: Any) -> Any:
    """A copy of nested tables and lists in which one entry is another."""
    if not parts:
        return value
    part, rest = parts[0], parts[1:]
    if isinstance(part, int):
        entries = list(cast(Sequence[Any], data))
        entries[part] = _replaced(entries[part], rest, value)
        return entries
    table = dict(cast(Mapping[str, Any], data)) if data is not None else {}
    table[part] = _replaced(table.get(part), rest, value)
    return table


def _parts(path: str) -> list[str | int]:
    found = re.findall(r"\[(\d+)\]|([^.\[\]]+)", path)
    return [int(index) if index else name for index, name in found]


def _walk(node: Any, path: str) -> Iterator[Scalar]:
    if isinstance(node, BaseModel):
        for name, field in type(node).model_fields.items():
            value = getattr(node, name)
            where = f"{path}.{name}" if path else name
            dimension = _dimension(field.annotation, field.metadata)
            if isinstance(value, float) and dimension is not _NO_SCALAR:
                yield Scalar(path=where, value=value, dimension=cast(DimensionName | None, dimension))
            elif isinstance(value, BaseModel | tuple | dict):
                yield from _walk_entries(value, where, field.annotation)


def _walk_entries(value: Any, where: str, annotation: Any) -> Iterator[Scalar]:
    if isinstance(value, BaseModel):
        yield from _walk(value, where)
    elif isinstance(value, dict):
        inner = _dimension(annotation, [])
        for key, entry in cast(dict[str, Any], value).items():
            if isinstance(entry, float) and inner is not _NO_SCALAR:
                yield Scalar(path=f"{where}.{key}", value=entry, dimension=cast(DimensionName | None, inner))
            else:
                yield from _walk(entry, f"{where}.{key}")
    else:
        inner = _dimension(annotation, [])
        for index, entry in enumerate(cast(tuple[Any, ...], value)):
            if isinstance(entry, float) and inner is not _NO_SCALAR:
                yield Scalar(path=f"{where}[{index}]", value=entry, dimension=cast(DimensionName | None, inner))
            else:
                yield from _walk(entry, f"{where}[{index}]")


_NO_SCALAR = object()
_NOWHERE = Path()


def _dimension(annotation: Any, metadata: Sequence[Any]) -> object:
    """Dimension that a field's marker states, None for a pure number; `_NO_SCALAR` without a marker."""
    for marker in metadata:
        if isinstance(marker, Quantity):
            return marker.dimension
        if isinstance(marker, Number):
            return None
    for part in getattr(annotation, "__args__", ()):
        found = _dimension(part, getattr(part, "__metadata__", ()))
        if found is not _NO_SCALAR:
            return found
    return _NO_SCALAR
