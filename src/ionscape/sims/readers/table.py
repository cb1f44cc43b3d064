"""Plain tables: CSV with commas or semicolons, or columns between tabs.

The first line names the columns, time and depth with their units; lines that start with "#" are comments (the header
may be the last of them):

    sputter time (s), total, Li-6, Li, Rb
    0.85, 19723, 44, 669, 10251
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ionscape.errors import InputError
from ionscape.sims.raw import Channel, RawProfile

from .build import Places, build_profile, distinct_channels, make_channel, ratio_parts, scale_of, split_unit
from .text import Layout, decoded_head, file_hash, open_text, read_number, read_numbers

NAME = "table"
DESCRIPTION = "table in CSV or between tabs with a column of sputter time or depth"
EXTENSIONS = (".csv", ".tsv", ".txt", ".dat")

HEADER_EXAMPLE = '"sputter time (s), Li-6, Li, Rb"'
COUNT_UNITS = frozenset({"", "counts", "count", "cts", "1"})
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
    header = _read_header(path)
    layout = Layout(header=header.line, columns=len(header.heads), delimiter=header.delimiter)
    table = read_numbers(path, layout)
    taken = {place for place, _ in header.scales.values()} | {channel.column - 1 for channel in header.channels}
    places = [channel.column - 1 for channel in header.channels]
    adjacent = places == list(range(places[0], places[0] + len(places)))
    return build_profile(
        file=str(path),
        format=NAME,
        sha256=file_hash(path),
        channels=header.channels,
        # A view where one is possible: the counts are most of the file.
        intensity=(table.values[:, places[0] : places[-1] + 1] if adjacent else table.values[:, places]).T,
        columns={head: table.values[:, place] for place, head in enumerate(header.heads) if place not in taken},
        scales={what: (place + 1, table.values[:, place] * size) for what, (place, size) in header.scales.items()},
        places=Places(lines=table.lines),
        header=header.lines,
        comments=table.comments,
        smoothing=next((line.strip("# ") for line in header.lines if "smoothing" in line.lower()), None),
    )


@dataclass(frozen=True, kw_only=True)
class _Header:
    lines: tuple[str, ...]
    line: int
    delimiter: str
    heads: tuple[str, ...]
    scales: dict[str, tuple[int, float]]
    channels: tuple[Channel, ...]


def _read_header(path: Path) -> _Header:
    lines, line = _header_lines(path)
    text = lines[line - 1].removeprefix("#").strip(" ")
    delimiter = next((sign for sign in "\t;," if sign in text), ",")
    try:
        heads = tuple(cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, skipinitialspace=True)))
    except (csv.Error, StopIteration) as error:
        remedy = f"write the header line as {HEADER_EXAMPLE}"
        raise InputError(f"is no header ({error})", file=str(path), key=f"line {line}", remedy=remedy) from None
    heads = heads[:-1] if heads and not heads[-1] else heads
    scales: dict[str, tuple[int, float]] = {}
    channels: list[Channel] = []
    for place, head in enumerate(heads):
        try:
            _sort_column(head, place, heads=heads, scales=scales, channels=channels)
        except InputError as error:
            raise error.located(file=str(path), key=f"line {line}, column {place + 1}") from None
    remedy = f"write the header line as {HEADER_EXAMPLE}"
    if not scales:
        raise InputError("has no column of time or depth", file=str(path), key=f"line {line}", remedy=remedy)
    if not channels:
        raise InputError("has no column of counts", file=str(path), key=f"line {line}", remedy=remedy)
    distinct = distinct_channels(channels, file=str(path), line=line)
    return _Header(lines=tuple(lines), line=line, delimiter=delimiter, heads=heads, scales=scales, channels=distinct)


def _header_lines(path: Path) -> tuple[list[str], int]:
    """The lines up to the header, and the number of the header line: the first line that is no comment.

    If that holds numbers already, the header is the last comment before it.
    """
    lines: list[str] = []
    with open_text(path) as stream:
        for text in stream:
            if text.startswith("#") or not text.strip():
                lines.append(text.rstrip("\n"))
                continue
            if read_number(text.replace(";", ",").replace("\t", ",").split(",")[0]) is None:
                lines.append(text.rstrip("\n"))
                return lines, len(lines)
            break
    if not lines or not lines[-1].startswith("#"):
        problem = "is no header with the names of the columns"
        remedy = f"write the header line as {HEADER_EXAMPLE}"
        raise InputError(problem, file=str(path), key=f"line {max(len(lines), 1)}", remedy=remedy)
    return lines, len(lines)


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
    if read_number(head) is not None:
        raise InputError("is a number where a name is expected", value=head, remedy=f"write it as {HEADER_EXAMPLE}")
    if head in heads[:place]:
        raise InputError("is there twice", value=head, remedy="rename or delete one of the two columns")
    scale = scale_of(head)
    if scale is not None:
        if scale[0] in scales:
            raise InputError(f"is a second column of {scale[0]}", value=head, remedy="delete one of the two columns")
        scales[scale[0]] = (place, scale[1])
        return
    if head.lower().startswith(OTHER_COLUMNS):
        return
    if ratio_parts(head) is not None:
        channels.append(make_channel(head, column=place + 1))
        return
    name, unit = split_unit(head)
    if (unit or "").lower() not in COUNT_UNITS:
        remedy = "give counts per data point, which carry their own error"
        raise InputError(f'has the unit "{unit}" where counts are expected', value=head, remedy=remedy)
    channels.append(make_channel(name, column=place + 1))
