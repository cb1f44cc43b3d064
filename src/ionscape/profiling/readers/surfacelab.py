"""Depth profiles that SurfaceLab exports as text.

The header holds a line about smoothing, a line with the names of the channels, in most versions a line with their
masses, and a line with the heads of all columns. In newer versions each starts with "#"; cells are separated by tabs
(by commas or semicolons once a spreadsheet has saved the file), and lines end with one:

    # Profile Smoothing is Disabled
    #				total	^6Li+	Li+
    #				N/A	6.0151	7.0160
    #Data Point #	Sputter Time (s)	Dose (ions)	Fluence (ions/cm^2)	Intensity	Intensity	Intensity
    1	0	4.23609e+11	4.70676e+14	19723.1	44.0592	669.494

It is known by that structure: names stand above the heads of the intensities, whatever these are called, and nothing
stands above the time.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from ionscape.errors import InputError
from ionscape.files.columns import delimiter_in, split_cells, to_number
from ionscape.profiling.raw import Channel, RawProfile

from .build import Header, distinct_channels, make_channel, read_profile, scale_of
from .text import decoded_head, open_text

NAME = "surfacelab"
DESCRIPTION = "SurfaceLab text export of a depth profile"
EXTENSIONS = (".txt", ".asc")

LONGEST_HEADER = 30
"""Lines within which the line of heads stands."""

NO_MASS = frozenset({"n/a", "na", "-", "", "nan"})


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file is such an export.

    Args:
        path: not used.
        head: first bytes of the file.
    """
    del path
    lines = decoded_head(head).splitlines()[:LONGEST_HEADER]
    commented = [line.lower() for line in lines if line.startswith("#")]
    marks = ("profile smoothing", "data point", "sputter time")
    if any("\t" in line for line in lines) and any(mark in line for line in commented for mark in marks):
        return True
    place = _head_place(lines)
    if place is None:
        return False
    delimiter = delimiter_in(lines[place])
    heads = _cells(lines[place], delimiter)
    return any(_names_channels(_cells(line, delimiter), heads) for line in lines[:place])


def read(path: Path) -> RawProfile:
    """Read a SurfaceLab export.

    Raises:
        InputError: it is damaged or incomplete; with line and column.
    """
    return read_profile(path, _read_header(path), format=NAME)


def _read_header(path: Path) -> Header:
    with open_text(path) as stream:
        lines = _header_lines(stream)
    place = _head_place(lines)
    remedy = "export the profile with its header"
    if place is None:
        problem = "has no line of column heads that names the sputter time"
        raise InputError(problem, file=str(path), key=f"line {len(lines) + 1}", remedy=remedy)
    lines, delimiter = lines[: place + 1], delimiter_in(lines[place])
    # A title fills the first cell, alone or in a line of its own width.
    width = len(_cells(lines[place], delimiter))
    rows = [(number, _cells(line, delimiter)) for number, line in enumerate(lines, start=1)]
    rows = [row for row in rows if any(row[1][1:]) and (len(row[1]) == width or not row[1][0])]
    if len(rows) < 2:
        problem = "has no line with names of channels"
        raise InputError(problem, file=str(path), key=f"line {place + 1}", remedy=remedy)
    place = len(rows) - 1
    closed = not rows[place][1][-1]
    heads = rows[place][1][:-1] if closed else rows[place][1]
    names = _row(rows[0], heads, what="names", closed=closed, file=str(path))
    first = _first_intensity(heads, names)
    scales = _scales(heads, first=first, line=rows[place][0], file=str(path))
    if any(names[:first]) or all(to_number(name) is not None or name.lower() in NO_MASS for name in names):
        problem = "must name the channels, each above its Intensity"
        raise InputError(problem, file=str(path), key=f"line {rows[0][0]}", remedy="export it again")
    masses = _masses(rows[1] if place > 1 else None, heads, first=first, closed=closed, file=str(path))
    channels: list[Channel] = []
    for column, (name, mass) in enumerate(zip(names[first:], masses, strict=True), start=first + 1):
        if not name:
            key = f"line {rows[0][0]}, column {column}"
            raise InputError("is a channel without a name", file=str(path), key=key, remedy="give it a name")
        channels.append(make_channel(name, column=column, mass=mass))
    distinct = distinct_channels(channels, file=str(path), line=rows[0][0])
    return Header(lines=tuple(lines), delimiter=delimiter, heads=heads, scales=scales, channels=distinct)


def _header_lines(stream: TextIO) -> list[str]:
    """The lines before the numbers: up to the first that begins with one."""
    lines: list[str] = []
    for line in stream:
        text = line.rstrip("\n")
        if not text.startswith("#") and _begins_with_number(text):
            break
        lines.append(text)
        if len(lines) == LONGEST_HEADER or _head_place(lines) is not None:
            break
    return lines


def _begins_with_number(line: str) -> bool:
    cells = _cells(line, delimiter_in(line))
    return len(cells) > 1 and to_number(cells[0]) is not None


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    text = line.rstrip("\n").removeprefix("#")
    try:
        return tuple(split_cells(text, delimiter)) if '"' in text else tuple(map(str.strip, text.split(delimiter)))
    except csv.Error:
        return ()


def _head_place(lines: Sequence[str]) -> int | None:
    """Which line holds the heads of the columns; None if none does."""
    return next((place for place, line in enumerate(lines) if _is_head(_cells(line, delimiter_in(line)))), None)


def _is_head(cells: tuple[str, ...]) -> bool:
    """Whether cells are heads of columns: a time or depth with its unit among them, or intensities."""
    if len(cells) < 2 or not cells[0] or any(to_number(cell) is not None for cell in cells):
        return False  # numbers, or a setting with its value
    return any(_is_intensity(cell) for cell in cells) or any(map(_is_scale, cells))


def _names_channels(cells: tuple[str, ...], heads: tuple[str, ...]) -> bool:
    """Whether a line names the channels: something stands above each intensity, nothing above the columns before."""
    columns = len(heads) - (not heads[-1])
    names = cells[:columns]
    first = _first_intensity(heads, names)
    if len(names) < columns or not 0 < first < columns or any(names[:first]) or not all(names[first:]):
        return False
    if any(_is_intensity(head) for head in heads):
        return True
    # Heads of any other name: the ions then stand above them, not in them.
    return _ions(names[first:]) > _ions(heads[first:columns])


def _ions(names: tuple[str, ...]) -> int:
    return sum(make_channel(name, column=1).kind != "not recognised" for name in names)


def _is_intensity(head: str) -> bool:
    # "Intensity", "Intensity (Raw. Poisson Corrected)", "Intensität"
    return "intens" in head.lower()


def _is_scale(head: str) -> bool:
    try:
        return scale_of(head) is not None
    except InputError:
        return False


def _first_intensity(heads: tuple[str, ...], names: tuple[str, ...]) -> int:
    """The first column with counts: by its head, or else by the first name above."""
    by_head = next((column for column, head in enumerate(heads) if _is_intensity(head)), None)
    return by_head if by_head is not None else next((column for column, name in enumerate(names) if name), 0)


def _row(
    row: tuple[int, tuple[str, ...]], heads: tuple[str, ...], *, what: str, closed: bool, file: str
) -> tuple[str, ...]:
    """The cells of a header line, as many as column heads; closed by a tab if the line of heads is."""
    number, cells = row
    if closed and not cells[-1]:
        cells = cells[:-1]
    if len(cells) != len(heads):
        problem = f"has {len(cells)} cells with the {what} of the columns where {len(heads)} are expected"
        raise InputError(problem, file=file, key=f"line {number}", remedy="export it again")
    return cells


def _scales(heads: tuple[str, ...], *, first: int, line: int, file: str) -> dict[str, tuple[int, float]]:
    scales: dict[str, tuple[int, float]] = {}
    for place, head in enumerate(heads):
        key = f"line {line}, column {place + 1}"
        try:
            scale = scale_of(head)
        except InputError as error:
            raise error.located(file=file, key=key) from None
        if scale is not None and scale[0] in scales:
            raise InputError(f"is a second column of {scale[0]}", file=file, key=key, value=head)
        if (place < first and head in heads[:place]) or not head:
            problem = "is there twice" if head else "has no column head"
            raise InputError(problem, file=file, key=key, value=head or None, remedy="export it again")
        if scale is not None:
            scales[scale[0]] = (place, scale[1])
    if not scales:
        remedy = 'export it with the column "Sputter Time (s)"'
        raise InputError("has no column of sputter time or depth", file=file, key=f"line {line}", remedy=remedy)
    return scales


def _masses(
    row: tuple[int, tuple[str, ...]] | None, heads: tuple[str, ...], *, first: int, closed: bool, file: str
) -> list[float | None]:
    if row is None:
        return [None] * (len(heads) - first)
    masses: list[float | None] = []
    for column, cell in enumerate(_row(row, heads, what="masses", closed=closed, file=file)[first:], start=first + 1):
        mass = None if cell.lower() in NO_MASS else to_number(cell)
        if cell.lower() not in NO_MASS and not (mass is not None and 0.0 < mass < 1e6):
            key = f"line {row[0]}, column {column}"
            remedy = 'write a mass in u, or "N/A"'
            raise InputError("is not a mass", file=file, key=key, value=cell, remedy=remedy)
        masses.append(mass)
    return masses
