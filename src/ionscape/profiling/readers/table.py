"""Plain tables: CSV with commas or semicolons, or columns between tabs.

A line above the numbers names the columns, time and depth with their units, "sputter time (s)" or "Sputter Time / s";
the units may also stand in a line of their own below the names, and titles above them. Lines that start with "#" are
comments (the header may be the last of them), and rows of empty cells below the numbers end the table:

    sputter time (s), total, Li-6, Li, Rb
    0.85, 19723, 44, 669, 10251
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from ionscape.errors import InputError
from ionscape.files.columns import delimiter_in, row_cells, split_cells, to_number
from ionscape.profiling.raw import Channel, RawProfile

from .build import (
    Header,
    check_counted,
    distinct_channels,
    make_channel,
    ratio_parts,
    read_profile,
    scale_of,
    split_unit,
)
from .text import decoded_head, open_text

NAME = "table"
DESCRIPTION = "table in CSV or between tabs with a column of sputter time or depth"
EXTENSIONS = (".csv", ".tsv", ".txt", ".dat")

HEADER_EXAMPLE = '"sputter time (s), Li-6, Li, Rb"'
COUNT_UNITS = frozenset({"", "counts", "count", "cts", "1"})
LONGEST_HEADER = 400
"""Lines in which the names of the columns are looked for."""
OWN_TIMES = "where each ion has its own times, interpolate all ions to one time axis first"
_UNIT = re.compile(r"(?!nan$|inf$)[^\W\d_]{1,6}(?:/[^\W\d_]{1,6})?|counts?", re.IGNORECASE)
# Numbers that belong to a data point and are no counts.
OTHER_COLUMNS = ("data point", "point", "cycle", "scan", "index", "dose", "fluence", "#")


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file could be a table: any text.

    Args:
        path: not used.
        head: first bytes of the file.
    """
    del path
    return bool(decoded_head(head).strip())


def read(path: Path) -> RawProfile:
    """Read a table.

    Raises:
        InputError: a column has no name or unit, or the table is damaged; with line and column.
    """
    return read_profile(path, _read_header(path), format=NAME)


def _read_header(path: Path) -> Header:
    lines, line, below = _header_lines(path)
    text = lines[line - 1].removeprefix("#").strip(" ")
    delimiter = delimiter_in(text, usual=",")
    try:
        heads = tuple(split_cells(text, delimiter))
    except csv.Error as error:
        remedy = f"write the header line as {HEADER_EXAMPLE}"
        raise InputError(f"is no header ({error})", file=str(path), key=f"line {line}", remedy=remedy) from None
    while len(heads) > 1 and not heads[-1]:
        heads = heads[:-1]
    _check_titles(lines[: line - 1], heads, file=str(path))
    units = _units(below, delimiter, len(heads))
    if units:
        lines = [*lines, below.rstrip("\n")]
        heads = tuple(
            f"{head} ({unit})" if unit and split_unit(head)[1] is None else head
            for head, unit in zip(heads, units, strict=True)
        )
    scales: dict[str, tuple[int, float]] = {}
    channels: list[Channel] = []
    for place, head in enumerate(heads):
        try:
            _sort_column(head, place, heads=heads, scales=scales, channels=channels)
        except InputError as error:
            raise error.located(file=str(path), key=f"line {line}, column {place + 1}") from None
    remedy = f"write the header line as {HEADER_EXAMPLE}"
    if not scales:
        problem = "has no column of time or depth"
        raise InputError(problem, file=str(path), key=f"line {line}", value=", ".join(heads), remedy=remedy)
    if not channels:
        raise InputError("has no column of counts", file=str(path), key=f"line {line}", remedy=remedy)
    distinct = distinct_channels(channels, file=str(path), line=line)
    return Header(lines=tuple(lines), delimiter=delimiter, heads=heads, scales=scales, channels=distinct)


def _units(line: str, delimiter: str, columns: int) -> tuple[str, ...]:
    """The units of the columns if a line holds nothing else, as below the names in an export of Origin; else empty."""
    cells = [cell.strip("()[] ") for cell in row_cells(line.rstrip("\n"), delimiter)]
    known = all(not cell or _UNIT.fullmatch(cell) for cell in cells)
    return (*cells, *[""] * (columns - len(cells))) if known and cells and len(cells) <= columns else ()


def _header_lines(path: Path) -> tuple[list[str], int, str]:
    """The lines up to the header, its number and the line below it.

    The header is the last line above the numbers that names a time or depth; if none does, the first that is no
    comment, of which the error then speaks. If the numbers begin at once, it is the last comment before them.
    """
    with open_text(path) as stream:
        lines = [text.rstrip("\n") for text in itertools.islice(stream, LONGEST_HEADER)]
    first: int | None = None
    header = last = 0
    for number, text in enumerate(lines, start=1):
        below = lines[number] if number < len(lines) else ""
        if text.startswith("#") or not text.strip(' "\t;,'):
            last = number
            continue
        if _begins_with_number(text, titled=first is not None):
            break
        header = number if _names_columns(text, below) else header
        first = first or number
    if header or first is not None:
        header = header or first or 0
        return lines[:header], header, lines[header] if header < len(lines) else ""
    if not last or not lines[last - 1].startswith("#"):
        problem = "is no header with the names of the columns"
        remedy = f"write the header line as {HEADER_EXAMPLE}"
        raise InputError(problem, file=str(path), key=f"line {max(last, 1)}", remedy=remedy)
    return lines[:last], last, ""


def _begins_with_number(text: str, *, titled: bool) -> bool:
    """Whether the numbers begin with a line; below a title a number alone, as a year, does not."""
    cells = [cell for cell in row_cells(text, delimiter_in(text, usual=",")) if cell]
    return bool(cells) and to_number(cells[0]) is not None and (len(cells) > 1 or not titled)


def _names_columns(text: str, below: str) -> bool:
    """Whether a line names two columns at least, one of them of time or depth whose unit it or the next line gives."""
    delimiter = delimiter_in(text, usual=",")
    heads = row_cells(text, delimiter)
    if any(to_number(head) is not None for head in heads):
        return False  # a setting with its value, as "sputter time (s), 300"
    units = _units(below, delimiter, len(heads))
    for place, head in enumerate(heads if len(heads) > 1 else ()):
        try:
            if scale_of(f"{head} ({units[place]})" if units and split_unit(head)[1] is None else head) is not None:
                return True
        except InputError:
            continue
    return False


def _check_titles(lines: Sequence[str], heads: tuple[str, ...], *, file: str) -> None:
    """Refuse a row of numbers above the names of the columns: nothing is left out as a title that may be a point."""
    for number, text in enumerate(lines, start=1):
        cells = [cell for cell in row_cells(text, delimiter_in(text, usual=",")) if cell]
        numbers = sum(to_number(cell) is not None for cell in cells)
        if not text.startswith("#") and numbers >= 2 and len(cells) >= len(heads) - 1:
            raise InputError("has numbers above the names of the columns", file=file, key=f"line {number}",
                             remedy="put them below, or delete the line")  # fmt: skip


def _sort_column(
    head: str,
    place: int,
    *,
    heads: tuple[str, ...],
    scales: dict[str, tuple[int, float]],
    channels: list[Channel],
) -> None:
    """Add a column to the scales or to the channels, or to neither."""
    if not head:
        raise InputError("is a column without a name", remedy="give each column a name")
    if to_number(head) is not None:
        raise InputError("is a number where a name is expected", value=head, remedy=f"write it as {HEADER_EXAMPLE}")
    scale = scale_of(head)
    if scale is not None and scale[0] in scales:
        problem, remedy = f"is a second column of {scale[0]}", f"delete one of the two columns, or {OWN_TIMES}"
        raise InputError(problem, value=head, remedy=remedy)
    if head in heads[:place]:
        raise InputError("is there twice", value=head, remedy="rename or delete one of the two columns")
    if scale is not None:
        scales[scale[0]] = (place, scale[1])
        return
    if head.lower().startswith(OTHER_COLUMNS):
        return
    name, unit = split_unit(head)
    check_counted(head)
    if ratio_parts(head) is not None and (unit or "ratio").lower() not in COUNT_UNITS:
        channels.append(make_channel(head, column=place + 1))
        return
    if (unit or "").lower() not in COUNT_UNITS:
        remedy = "give counts per data point, which carry their own error"
        raise InputError(f'has the unit "{unit}" where counts are expected', value=head, remedy=remedy)
    channels.append(make_channel(name, column=place + 1))
