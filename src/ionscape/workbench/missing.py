"""What an experiment still needs: all keys at once, where the reader of the file stops at the first one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ionscape.errors import InputError, MissingKey
from ionscape.experiment.distribution import DistributionTable
from ionscape.experiment.models import Experiment
from ionscape.files.description import Value, describe, example_of, is_kind
from ionscape.files.fields import Keyed
from ionscape.wording import join_path

Place = tuple[str | int, ...]


def missing_keys(data: Mapping[str, Any], *, file: str) -> dict[str, InputError]:
    """The keys that an experiment still needs, by path.

    Args:
        data: of the experiment, as it stands in the document.
        file: name of the document, for the sentences.
    """
    found: dict[str, InputError] = {}
    for place, model in _missing(Experiment, data, ()):
        path, key = join_path(place), str(place[-1])
        found[path] = MissingKey(key, key=path, file=file, example=example_of(model, key))
    return found


STATE_A_DISTRIBUTION = ("width", "file", "energies", "weights", "sites")
"""Keys of which one must be there; the first is what most people want."""


def _missing(model: type[Keyed], table: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, type[Keyed]]]:
    if issubclass(model, DistributionTable) and all(table.get(key) is None for key in STATE_A_DISTRIBUTION):
        yield (*place, STATE_A_DISTRIBUTION[0]), model
    for key in describe(model).values():
        here, value = (*place, key.name), table.get(key.name)
        if is_kind(key):
            continue  # a table without its kind is told by the reader of the file
        if value is None and key.required and key.value.kind != "table":
            yield here, model
        else:
            yield from _missing_inside(key.value, {} if value is None and key.required else value, here)


def _missing_inside(value: Value, found: Any, place: Place) -> Iterator[tuple[Place, type[Keyed]]]:
    """What the tables lack that a value holds."""
    if value.entry is not None and isinstance(found, Mapping | list):
        entries = found.items() if isinstance(found, Mapping) else enumerate(cast(list[Any], found))
        for part, entry in cast(Iterable[tuple[str | int, Any]], entries):
            yield from _missing_inside(value.entry, entry, (*place, part))
    elif value.tables and isinstance(found, Mapping):
        table = cast(Mapping[str, Any], found)
        chosen = value.table_of(table)
        if chosen is not None:
            yield from _missing(chosen, table, place)
