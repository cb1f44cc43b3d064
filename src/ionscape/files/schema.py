"""JSON schemas of files, as they stand in TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ionscape.files.fields import KIND_KEYS

if TYPE_CHECKING:
    from pydantic import BaseModel

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(table: type[BaseModel], *, title: str) -> dict[str, Any]:
    """JSON schema of a table as it stands in TOML; see `ionscape.experiment_schema`."""
    schema = _without_null(table.model_json_schema(mode="validation"))
    return {"$schema": SCHEMA_DIALECT, **schema, "title": title}


def _without_null(node: Any) -> Any:
    """The schema without the value null, which TOML lacks: an optional key is absent."""
    if isinstance(node, list):
        return [_without_null(entry) for entry in cast(list[Any], node)]
    if not isinstance(node, dict):
        return node
    entries = {
        key: _without_null(value)
        for key, value in cast(dict[str, Any], node).items()
        if not (key == "default" and value is None)
    }
    choices = entries.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        remaining: list[dict[str, Any]] = [choice for choice in cast(list[Any], choices) if choice != {"type": "null"}]
        del entries["anyOf"]
        entries = {**remaining[0], **entries} if len(remaining) == 1 else {**entries, "anyOf": remaining}
    return _with_kind(entries)


def _with_kind(entries: dict[str, Any]) -> dict[str, Any]:
    """The schema of a table in which the key that tells its kind must be there, though classes say it themselves."""
    keys = cast(dict[str, Any], entries.get("properties", {}))
    kinds = [key for key in KIND_KEYS if isinstance(keys.get(key), dict) and "const" in keys[key]]
    if not kinds:
        return entries
    without = {key: {word: each for word, each in keys[key].items() if word != "default"} for key in kinds}
    required = [key for key in keys if key in kinds or key in entries.get("required", ())]
    return {**entries, "properties": {**keys, **without}, "required": required}
