"""The files that a document names: the workbench opens only regular files within the folder of its project."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from ionscape.errors import InputError
from ionscape.files.description import list_at, table_at
from ionscape.files.text import read_text
from ionscape.files.toml import parse_toml
from ionscape.wording import join_path

REMEDY = "upload the file, and name it as it is listed under uploads"

Found = dict[str, InputError]


def check_named_files(data: Mapping[str, Any], *, root: Path, file: str) -> None:
    """Refuse a document that names a file outside of the project, before any of its files is opened.

    Args:
        data: of the document, which lies in `root`.
        root: folder of the project.
        file: name of the document, for messages.

    Raises:
        InputError: of the first such name.
    """
    for error in refused_files(data, root=root, file=file).values():
        raise error


def refused_files(data: Mapping[str, Any], *, root: Path, file: str) -> Found:
    """What is wrong with the names of files in a document: errors by key; a file that is absent is none.

    Documents that it names (an experiment, data sets) are looked into in the same way.
    """
    return _refused(data, folder=root, root=root.resolve(), file=file, seen=frozenset())


def _refused(data: Mapping[str, Any], *, folder: Path, root: Path, file: str, seen: frozenset[Path]) -> Found:
    found: Found = {}
    for key, name, is_document in _named(data):
        problem = _problem(folder, name, root)
        if problem is None and is_document:
            problem = _problem_inside((folder / name).resolve(), root, seen)
        if problem is not None:
            found[key] = InputError(problem, file=file, key=key, value=name, remedy=REMEDY)
    return found


def _named(data: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Key, name, and whether the file may name others; what is no text is left to those who read the document."""
    for key, value, is_document in _candidates(data):
        if isinstance(value, str) and value:
            yield key, value, is_document


def _candidates(data: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    yield "measurement.file", table_at(data, "measurement").get("file"), False
    for number, scan in enumerate(list_at(data, "measurement", "crater_scans")):
        yield f"measurement.crater_scans[{number}]", scan, False
    yield "experiment", data.get("experiment"), True
    yield "experiment.file", table_at(data, "experiment").get("file"), False
    yield "glass.measured_units", table_at(data, "glass").get("measured_units"), False
    yield "glass.units", table_at(data, "glass").get("units"), False
    yield "fit.current_curve.file", table_at(data, "fit", "current_curve").get("file"), False
    for name, entry in table_at(data, "datasets").items():
        yield join_path(("datasets", name)), entry, True
    if not table_at(data, "attachments"):
        # otherwise the tables stand in the document itself
        for key in ("ions", "sites", "stages"):
            for parts, name in _tables_below(data.get(key), (key,)):
                yield join_path(parts), name, False


def _tables_below(node: object, parts: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Files at any depth, as a diffusion model may be made of others."""
    if isinstance(node, Mapping):
        for key, value in cast(Mapping[str, Any], node).items():
            if key == "file":
                yield (*parts, key), value
            yield from _tables_below(value, (*parts, key))
    elif isinstance(node, list):
        for number, value in enumerate(cast(list[Any], node)):
            yield from _tables_below(value, (*parts, number))


def _problem(folder: Path, name: str, root: Path) -> str | None:
    """What speaks against opening a file; nothing outside of the project is touched to find it out."""
    outside = "lies outside of the project"
    if "\0" in name:
        return "is no name that a file can have"
    # as it is written, then as the links in the folder lead
    written = Path(os.path.normpath(folder.resolve() / name))
    if not written.is_relative_to(root):
        return outside
    try:
        target = (folder / name).resolve()
        if not target.is_relative_to(root):
            return outside
        if target.exists() and not target.is_file():
            return "is not a regular file"
    except (OSError, RuntimeError, ValueError):
        return "cannot be looked at"
    return None


def _problem_inside(path: Path, root: Path, seen: frozenset[Path]) -> str | None:
    """What speaks against a document because of the files that it names in turn."""
    if path in seen or not path.is_file():
        return None
    try:
        data = parse_toml(read_text(path), file=path.name)
    except InputError:
        return None  # an export, or said by whoever reads it
    for key, error in _refused(data, folder=path.parent, root=root, file=path.name, seen=seen | {path}).items():
        return f'names "{error.value}" ({key}), which {error.problem}'
    return None
