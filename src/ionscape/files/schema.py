"""JSON schemas of files, as they stand in TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

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
    return entries
