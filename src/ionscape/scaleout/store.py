"""Outcomes on disk: what a stopped job has finished, for the job that goes on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.errors import InputError
from ionscape.files.writing import write_bytes

from .tasks import Outcome

FORMAT = "ionscape run store 1"
EXTENSION = ".npz"
_STRUCTURE = "structure"
_ARRAY, _TUPLE = "\0array", "\0tuple"
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, NotImplementedError, struct.error, zipfile.BadZipFile)
"""What numpy and zipfile raise when a file is not there, cut off or changed."""


class RunStore:
    """A folder with one small file per finished task, to which outcomes are only added.

    A file appears under its name when it is complete, so a job may be killed at any moment. Two jobs may use one folder
    at the same time. The files are NumPy archives of plain arrays and JSON: reading one runs no code.

    Values may consist of None, booleans, numbers, texts, numpy arrays of numbers or texts, and tuples, lists and
    mappings (with texts as keys) of them.
    """

    def __init__(self, folder: str | Path) -> None:
        """Open the folder, which is made if it is not there.

        Raises:
            InputError: it cannot be made, is a file, or takes no files.
        """
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise InputError(
                "is a file, not a folder", value=str(folder), remedy="choose another folder for the runs"
            ) from None
        except OSError as error:
            raise InputError(
                f"the folder cannot be made ({error.strerror})", value=str(folder), remedy="choose another folder"
            ) from None
        if not os.access(self.folder, os.W_OK):
            raise InputError("takes no files", value=str(folder), remedy="choose another folder for the runs")

    def __len__(self) -> int:
        """Number of outcomes."""
        return sum(1 for _ in self._files())

    def __contains__(self, key: str) -> bool:
        """Whether there is a readable outcome of a task."""
        return self.get(key) is not None

    def get(self, key: str) -> Outcome | None:
        """The outcome of a task; None if there is none, or none that can be read, which is then found anew."""
        path = self._path(key)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                entry = json.loads(str(archive[_STRUCTURE]))
                if entry["format"] != FORMAT or entry["key"] != key:
                    return None
                value = _rebuilt(entry["value"], archive)
        except _DAMAGE:
            return None
        return Outcome(key=key, value=value, error=entry["error"], repeatable=entry["repeatable"])

    def put(self, outcome: Outcome) -> None:
        """Add an outcome.

        Raises:
            InputError: the disk does not take it; what was added before is untouched.
            TypeError: the value contains something else than plain data.
        """
        arrays: dict[str, NDArray[Any]] = {}
        entry = {
            "format": FORMAT,
            "key": outcome.key,
            "value": _plain(outcome.value, arrays),
            "error": outcome.error,
            "repeatable": outcome.repeatable,
        }
        path = self._path(outcome.key)
        try:
            buffer = io.BytesIO()
            np.savez(buffer, allow_pickle=False, **{_STRUCTURE: np.array(json.dumps(entry))}, **arrays)
            write_bytes(path, buffer.getvalue(), durable=True)
        except InputError as error:
            raise InputError(
                f"the outcome of a task {error.problem}", file=str(self.folder),
                remedy=f"the {len(self)} stored before are kept, and the same command goes on from there",
            ) from None  # fmt: skip

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode('utf-8')).hexdigest()[:40]}{EXTENSION}"

    def _files(self) -> Iterator[Path]:
        return (path for path in self.folder.glob(f"*{EXTENSION}") if not path.name.startswith("."))


def _plain(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    """The value as JSON, with its arrays moved to `arrays`."""
    if isinstance(value, np.ndarray):
        found = cast(NDArray[Any], value)
        if found.dtype.kind not in "biufcU":
            raise TypeError(f"an array of {found.dtype} cannot be stored")
        name = f"array_{len(arrays)}"
        arrays[name] = found
        return {_ARRAY: name}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return {_TUPLE: [_plain(item, arrays) for item in cast(tuple[Any, ...], value)]}
    if isinstance(value, Sequence):
        return [_plain(item, arrays) for item in cast(Sequence[Any], value)]
    if isinstance(value, Mapping):
        entries = cast(Mapping[Any, Any], value)
        if not all(isinstance(name, str) and not name.startswith("\0") for name in entries):
            raise TypeError("a mapping whose keys are not all texts cannot be stored")
        return {name: _plain(item, arrays) for name, item in entries.items()}
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def _rebuilt(value: Any, archive: Mapping[str, NDArray[Any]]) -> Any:
    if isinstance(value, list):
        return [_rebuilt(item, archive) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        entries = cast(dict[str, Any], value)
        if _ARRAY in entries:
            return archive[entries[_ARRAY]]
        if _TUPLE in entries:
            return tuple(_rebuilt(item, archive) for item in entries[_TUPLE])
        return {name: _rebuilt(item, archive) for name, item in entries.items()}
    return value
