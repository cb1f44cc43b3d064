"""Where a result comes from: version of the package, hash of the input, settings, time."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, cast

import numpy as np

DISTRIBUTION = "ionscape"
UNKNOWN_VERSION = "0+unknown"


@cache
def package_version() -> str:
    """Version of the installed package; "0+unknown" where it runs from a folder without being installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return UNKNOWN_VERSION


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def settings_text(settings: object) -> str:
    """Settings as JSON with sorted keys, so that equal settings give equal texts.

    Args:
        settings: a dataclass instance, a named tuple, or a mapping, of numbers, texts, sequences and mappings.

    Raises:
        TypeError: something in it has no JSON form.
    """
    return json.dumps(_plain(settings), sort_keys=True, ensure_ascii=False)


def provenance_attributes(
    *, source: str, settings: object, kind: Literal["experiment", "source"] = "experiment"
) -> dict[str, str]:
    """Attributes to store with a result.

    Args:
        source: self-contained text of the input file.
        settings: see `settings_text`.
        kind: under which name the text is stored, that of an experiment or that of another input file.

    Returns:
        `ionscape_version`, the text as `experiment` or `source`, its hash as `experiment_sha256` or `source_sha256`,
        `settings` (JSON), `created` (ISO 8601, UTC), `python_version`, `numpy_version`.
    """
    return {
        "ionscape_version": package_version(),
        kind: source,
        f"{kind}_sha256": text_hash(source),
        "settings": settings_text(settings),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python_version": platform.python_version(),
        "numpy_version": np.__version__,
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(cast(Any, value)._asdict())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic | np.ndarray):
        return cast(Any, value).tolist()
    return value
