"""Files of depth profiles: one function for all formats, one module for each.

A new format is a module with a NAME, a DESCRIPTION, its EXTENSIONS, `recognises(path, head)` and `read(path)`: one of
this package is entered in `FORMATS`, one from outside is given to `read_raw_profile`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

from ionscape.errors import InputError, nearest_name
from ionscape.profiling.crater_scan import read_crater_scan
from ionscape.profiling.raw import RawProfile

from . import iontof, stored, surfacelab, table
from .build import make_raw_profile
from .stored import write_raw_profile
from .text import read_head, without_text
from .unread import refuse_unread

__all__ = ["FORMATS", "Format", "make_raw_profile", "read_raw_profile", "write_raw_profile"]


class Format(Protocol):
    """What a format provides: a module of it, or any object with these five names."""

    @property
    def NAME(self) -> str:
        """By which `read_raw_profile` knows it."""
        ...

    @property
    def DESCRIPTION(self) -> str:
        """For messages."""
        ...

    @property
    def EXTENSIONS(self) -> tuple[str, ...]:
        """Usual ends of file names, with their dots."""
        ...

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether a file is of this format, by its name and its first bytes."""
        ...

    def read(self, path: Path) -> RawProfile:
        """Read a file of this format.

        Raises:
            InputError: it is damaged or incomplete.
        """
        ...


FORMATS: tuple[Format, ...] = (stored, iontof, surfacelab, table)
"""All formats, from the most to the least particular: the first that recognises a file reads it."""


def read_raw_profile(path: str | Path, format: str | Format | None = None) -> RawProfile:
    """Read a depth profile as the instrument or this package wrote it.

    Args:
        path: of the file.
        format: name of its format, one of those in `FORMATS`, or a format of your own (a module or object as `Format`
            describes it); without it, it is recognised by its content.

    Returns:
        Counts, sputter times or depths, and everything else that stands in the file.

    Raises:
        InputError: unknown format; or a file that is missing, damaged, cut off or incomplete: one sentence with line
            and column.
    """
    names = {known.NAME: known for known in FORMATS}
    if format is not None and not isinstance(format, str):
        return _read_with(format, Path(path))
    if format is not None and format not in names:
        remedy = f'the nearest is "{nearest_name(format, names)}"'
        problem = "is not a format of depth profiles"
        raise InputError(problem, key="format", value=format, remedy=f"{remedy} (known are {', '.join(names)})")
    file = Path(path)
    head = read_head(file)
    refuse_unread(file, head)
    if format is not None:
        return names[format].read(file)
    if file.suffix.lower() == ".toml":
        remedy = "give the export itself; `ionscape calibrate` reads a file with [measurement]"
        raise InputError("is a TOML file, not an export of the instrument", file=str(file), remedy=remedy)
    for known in FORMATS:
        if known.recognises(file, head):
            return _read(known, file)
    kinds = "; ".join(f"{known.NAME}: {known.DESCRIPTION}" for known in FORMATS)
    reason = without_text(head)
    problem = "has none of the known formats" + (f" and is no text ({reason})" if reason else "")
    remedy = f"export the profile as text, or save its table as CSV; known are {kinds}"
    raise InputError(problem, file=str(file), remedy=remedy)


def _read_with(format: Format, file: Path) -> RawProfile:
    """Read a file with a format from outside, of which nothing is sure."""
    lacking = [name for name in ("NAME", "read") if not hasattr(format, name)]
    if lacking:
        raise InputError(f"has no {lacking[0]}", key="format", value=repr(format)[:60],
                         remedy="give the name of a known format, or a module with NAME and read(path)")  # fmt: skip
    read_head(file)
    raw = cast(object, format.read(file))
    if not isinstance(raw, RawProfile):
        problem = f"gave {type(raw).__name__} where a RawProfile is expected"
        raise InputError(problem, key=f"format {format.NAME}", remedy="return what make_raw_profile makes")
    return raw


def _read(known: Format, file: Path) -> RawProfile:
    """Read a file; what cannot be read as a table may be a scan across the crater."""
    try:
        return known.read(file)
    except InputError:
        if known is table and _is_crater_scan(file):
            raise InputError("is a scan across the crater, not a depth profile", file=str(file),
                             remedy="name it under crater_scans in the table [measurement]") from None  # fmt: skip
        raise


def _is_crater_scan(file: Path) -> bool:
    try:
        read_crater_scan(file)
    except InputError:
        return False
    return True
