"""Depth profiles that SurfaceLab exports as text.

The header holds a line about smoothing, a line with the names of the channels, in most versions a line with their
masses, and a line with the heads of all columns; each starts with "#". Cells are separated by tabs, and lines end with
one:

    # Profile Smoothing is Disabled
    #				total	^6Li+	Li+
    #				N/A	6.0151	7.0160
    #Data Point #	Sputter Time (s)	Dose (ions)	Fluence (ions/cm^2)	Intensity	Intensity	Intensity
    1	0	4.23609e+11	4.70676e+14	19723.1	44.0592	669.494
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ionscape.errors import InputError
from ionscape.sims.raw import Channel, RawProfile

from .build import Places, build_profile, distinct_channels, make_channel, scale_of
from .text import Layout, decoded_head, file_hash, open_text, read_number, read_numbers

NAME = "surfacelab"
DESCRIPTION = "SurfaceLab text export of a depth profile"
EXTENSIONS = (".txt", ".asc")

NO_MASS = frozenset({"n/a", "na", "-", "", "nan"})


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file is such an export.

    Args:
        path: not used.
        head: first bytes of the file.
    """
    del path
    text = decoded_head(head)
    lines = [line.lower() for line in text.splitlines()[:20] if line.startswith("#")]
    marks = ("profile smoothing", "data point", "sputter time")
    return "\t" in text and any(mark in line for line in lines for mark in marks)


def read(path: Path) -> RawProfile:
    """Read a SurfaceLab export.

    Raises:
        InputError: it is damaged or incomplete; with line and column.
    """
    header = _read_header(path)
    first = header.channels[0].column - 1
    layout = Layout(header=len(header.lines), columns=len(header.heads), delimiter="\t")
    table = read_numbers(path, layout)
    scales = {what: (place + 1, table.values[:, place] * size) for what, (place, size) in header.scales.items()}
    taken = {place for place, _ in header.scales.values()}
    return build_profile(
        file=str(path),
        format=NAME,
        sha256=file_hash(path),
        channels=header.channels,
        # A view: the counts are most of the file and are not to stand in memory twice.
        intensity=table.values[:, first:].T,
        columns={head: table.values[:, place] for place, head in enumerate(header.heads[:first]) if place not in taken},
        scales=scales,
        places=Places(lines=table.lines),
        header=header.lines,
        comments=table.comments,
        smoothing=next((line.strip("# ") for line in header.lines if "smoothing" in line.lower()), None),
    )


@dataclass(frozen=True, kw_only=True)
class _Header:
    lines: tuple[str, ...]
    heads: tuple[str, ...]
    scales: dict[str, tuple[int, float]]
    channels: tuple[Channel, ...]


def _read_header(path: Path) -> _Header:
    with open_text(path) as stream:
        lines = _header_lines(stream)
    rows = [(number, _cells(line)) for number, line in enumerate(lines, start=1) if line.count("\t") >= 1]
    place = next((place for place, (_, cells) in enumerate(rows) if _is_head(cells)), None)
    if place is None:
        problem = "has no line of column heads that starts with # and names the sputter time"
        remedy = "export the profile with its header"
        raise InputError(problem, file=str(path), key=f"line {len(lines) + 1}", remedy=remedy)
    if not place:
        remedy = "export the profile with its header"
        raise InputError("has no line with names of channels", file=str(path), key=f"line {rows[0][0]}", remedy=remedy)
    closed = not rows[place][1][-1]
    heads = rows[place][1][:-1] if closed else rows[place][1]
    scales = _scales(heads, line=rows[place][0], file=str(path))
    names = _row(rows[0], heads, what="names", closed=closed, file=str(path))
    first = next(column for column, head in enumerate(heads) if "intensity" in head.lower())
    if any(names[:first]) or all(read_number(name) is not None or name.lower() in NO_MASS for name in names):
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
    return _Header(lines=tuple(lines), heads=heads, scales=scales, channels=distinct)


def _header_lines(stream: TextIO) -> list[str]:
    """The lines up to and including that of the heads, or up to the first that is none of a header."""
    lines: list[str] = []
    for line in stream:
        if not line.startswith("#") and line.strip():
            break
        lines.append(line.rstrip("\n"))
        if _is_head(_cells(line)):
            break
    return lines


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.rstrip("\n").removeprefix("#").split("\t"))


def _is_head(cells: tuple[str, ...]) -> bool:
    return len(cells) > 1 and any("intensity" in cell.lower() for cell in cells) and bool(cells[0])


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


def _scales(heads: tuple[str, ...], *, line: int, file: str) -> dict[str, tuple[int, float]]:
    scales: dict[str, tuple[int, float]] = {}
    for place, head in enumerate(heads):
        key = f"line {line}, column {place + 1}"
        try:
            scale = scale_of(head)
        except InputError as error:
            raise error.located(file=file, key=key) from None
        if scale is not None and scale[0] in scales:
            raise InputError(f"is a second column of {scale[0]}", file=file, key=key, value=head)
        if (head.lower() != "intensity" and head in heads[:place]) or not head:
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
        mass = None if cell.lower() in NO_MASS else read_number(cell)
        if cell.lower() not in NO_MASS and not (mass is not None and 0.0 < mass < 1e6):
            key = f"line {row[0]}, column {column}"
            remedy = 'write a mass in u, or "N/A"'
            raise InputError("is not a mass", file=file, key=key, value=cell, remedy=remedy)
        masses.append(mass)
    return masses
