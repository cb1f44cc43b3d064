"""Numbers in a text export: one pass over its lines, in which nothing is dropped without a word.

The numbers go through `numpy.loadtxt`, whose compiled parser takes a line at a time, so that a file needs no more
memory than its numbers. Where it refuses, the file is read again cell by cell to name the line and the column.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import re
from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.files.columns import (
    NO_THOUSANDS,
    grouped_cell,
    has_thousands_separators,
    split_cells,
    thousands_problem,
    to_number,
)
from ionscape.files.text import CONTROL_BYTES, read_bytes, text_encoding

HEAD = 1 << 20
"""Bytes from which encoding and format are recognised."""

CUT_OFF = "the file was cut off or damaged, export it again; if its lines are complete, mend the line breaks"

# Microsoft's C library writes 0/0 as "-nan(ind)".
_INDEFINITE = re.compile(r"-?nan\([a-z]*\)")


def read_head(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        InputError: it does not exist, is a folder, may not be read, or is empty.
    """
    head = read_bytes(path, HEAD)
    if not head.strip():
        raise InputError("is empty", file=str(path), remedy="export the measurement again")
    return head


def file_hash(path: Path) -> str:
    """SHA-256 of the bytes of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def without_text(head: bytes) -> str | None:
    """The first byte that no text holds, and its place; None for a text."""
    match = None if text_encoding(head) is not None else CONTROL_BYTES.search(head)
    if match is None:
        return None
    line = head.count(b"\n", 0, match.start()) + 1
    column = match.start() - head.rfind(b"\n", 0, match.start())
    return f"byte 0x{match[0][0]:02x} at line {line}, character {column}"


def decoded_head(head: bytes) -> str:
    """The first characters of a text file, empty for binary data."""
    encoding = text_encoding(head)
    return "" if encoding is None else head.decode(encoding, errors="replace")


@contextmanager
def open_text(path: Path) -> Generator[TextIO]:
    """Open a text export in its own encoding; lines end in LF, CRLF or CR and are given with LF.

    Raises:
        InputError: see `read_head`; or it is no text.
    """
    head = read_head(path)
    encoding = text_encoding(head)
    if encoding is None:
        raise InputError(
            f"is not a text file ({without_text(head)})",
            file=str(path),
            remedy="export the measurement as text (ASCII)",
        )
    # A stray byte becomes visible as \xfc: in a comment it stays legible, in a number it is an error with its place.
    with path.open(encoding=encoding, errors="backslashreplace") as text:
        yield text


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the numbers of an export stand.

    Attributes:
        header: number of lines before the first line of numbers.
        columns: how many numbers each line must have.
        delimiter: between them.
        alike: columns, counted from 0, whose numbers were written in the same way, as those of all counts.
    """

    header: int
    columns: int
    delimiter: str
    alike: Sequence[int] = field(default=())


@dataclass(frozen=True, kw_only=True, eq=False)
class NumberTable:
    """The numbers of an export.

    Attributes:
        values: shape (lines of numbers, columns).
        lines: line of the file of each line of numbers, counted from 1.
        comments: comment lines among and behind the numbers.
    """

    values: FloatArray
    lines: Sequence[int]
    comments: tuple[str, ...]


def read_numbers(path: Path, layout: Layout) -> NumberTable:
    """All numbers of a text export.

    Args:
        path: of the file.
        layout: as its header tells.

    Raises:
        InputError: there is no line of numbers; a line is cut off, commented out or longer or shorter than expected; a
            cell is no number; or a column may hold thousands separators. It names the line and the column.
    """
    with open_text(path) as stream:
        lines = _NumberLines(stream, file=str(path), layout=layout)
        try:
            values = _parse(lines, layout)
        except ValueError as error:
            reason = str(error)
        else:
            if values.shape == (len(lines.numbers), layout.columns):
                if lines.marked:
                    _check_thousands(path, layout, values)
                return NumberTable(values=values, lines=lines.numbers, comments=tuple(lines.comments))
            reason = f"{values.shape[0]} x {values.shape[1]} numbers of {len(lines.numbers)} x {layout.columns}"
    _name_fault(path, layout)
    raise InputError(f"cannot be read as numbers ({reason})", file=str(path), remedy="export it again")


class _NumberLines:
    """Iterator over the lines of numbers as `numpy.loadtxt` takes them: without line end, with decimal points.

    It raises `InputError` at a line that cannot be trusted.
    """

    def __init__(self, stream: TextIO, *, file: str, layout: Layout) -> None:
        self.numbers = array("L")
        self.comments: list[str] = []
        self._stream = stream
        self._file = file
        self._line = 0
        self._layout = layout
        self._decimal: str | None = None
        self._closing: int | None = None
        self._empty: int | None = None
        self._blank = f' "{layout.delimiter}'

    @property
    def marked(self) -> bool:
        """Whether a decimal mark was met."""
        return self._decimal is not None

    def __iter__(self) -> Iterator[str]:
        delimiter = self._layout.delimiter
        for line in self._stream:
            self._line += 1
            if self._line <= self._layout.header:
                continue
            row = line.removesuffix("\n")
            if not row.strip(self._blank):
                # Spreadsheets write empty cells below the last number; between numbers something is missing.
                self._empty = self._empty or (self._line if row.strip(" ") else None)
                continue
            if row[0] == "#":
                self._keep_comment(row)
                continue
            if self._empty is not None:
                self._line = self._empty
                raise self.error("has empty cells only, and numbers follow", remedy="fill or delete the line")
            quoted = '"' in row
            if quoted:
                row = self._without_quotes(row, complete=line[-1] == "\n")
            row = self._without_closing_delimiters(row, complete=line[-1] == "\n")
            if "," in row and delimiter != ",":
                row = self._with_points(row)
            elif "." in row and not quoted:
                self._set_decimal(".", row)
            self.numbers.append(self._line)
            row = _INDEFINITE.sub("nan", row) if "(" in row else row
            yield row.replace("\N{MINUS SIGN}", "-")
        if isinstance(self._stream.newlines, tuple) and "\r" in self._stream.newlines:
            raise self.error("ends with half a line break (CR), or another line does", remedy=CUT_OFF)

    def error(self, problem: str, *, column: int | None = None, value: object = None, remedy: str = "") -> InputError:
        """An error at the line given last."""
        key = f"line {self._line}" + (f", column {column}" if column else "")
        return InputError(problem, file=self._file, key=key, value=value, remedy=remedy or "export the file again")

    def _keep_comment(self, row: str) -> None:
        if row.count(self._layout.delimiter) >= self._layout.columns - 1:
            problem = "is a comment with as many cells as a line of numbers"
            raise self.error(problem, remedy="delete the line or its # sign")
        self.comments.append(row)

    def _without_quotes(self, row: str, *, complete: bool) -> str:
        """The row with cells as they stand between quotation marks; decimal commas among them become points."""
        delimiter = self._layout.delimiter
        try:
            cells = split_cells(row, delimiter)
        except csv.Error as error:
            raise self.error(f"is not valid CSV ({error})", remedy="check its quotation marks") from None
        if complete and row.count('"') % 2:
            raise self.error("has an open quotation mark", remedy="check its quotation marks")
        for column, cell in enumerate(cells, start=1):
            if delimiter in cell.replace(",", "."):
                raise self.error("is not a number", column=column, value=cell)
        self._set_decimals(cells)
        return delimiter.join(cell.replace(",", ".") for cell in cells) if delimiter == "," else delimiter.join(cells)

    def _without_closing_delimiters(self, row: str, *, complete: bool) -> str:
        delimiter, columns = self._layout.delimiter, self._layout.columns
        cells = row.count(delimiter) + 1
        if not complete:
            # Every exporting program ends the last line; without that, the last digits may be missing.
            raise self.error(f"ends without a line break in cell {cells} of {columns}", remedy=CUT_OFF)
        if self._closing is None:
            closing = len(row) - len(row.rstrip(delimiter)) if delimiter in row else 0
            # SurfaceLab ends each line with a tab, and a spreadsheet each row with the cells of an empty column.
            self._closing = max(0, min(closing, cells - columns))
        if self._closing:
            end = delimiter * self._closing
            if not row.endswith(end):
                problem = f"has {cells} cells and does not end as the lines before"
                raise self.error(problem, remedy=f"{columns} cells are expected, export the file again")
            row = row[: -len(end)]
        return row

    def _set_decimal(self, sign: str, row: str = "", *, column: int | None = None, value: str | None = None) -> None:
        if self._decimal is None:
            self._decimal = sign
        elif self._decimal != sign:
            other, usual = ("comma", "point") if sign == "," else ("point", "comma")
            if column is None:
                cells = row.split(self._layout.delimiter)
                column = next(place for place, cell in enumerate(cells, start=1) if sign in cell)
                value = cells[column - 1]
            problem = f"has a decimal {other} where the cells before have a decimal {usual}"
            remedy = f"use one decimal mark, and {NO_THOUSANDS}"
            raise self.error(problem, column=column, value=value, remedy=remedy)

    def _set_decimals(self, cells: Sequence[str]) -> None:
        """The decimal mark of each cell in turn, so that the second mark of a line is the one that is named."""
        for column, cell in enumerate(cells, start=1):
            if "," in cell and "." in cell and has_thousands_separators(cell):
                raise self.error("has thousands separators", column=column, value=cell, remedy=NO_THOUSANDS)
            for sign in sorted(set(cell) & {",", "."}, key=cell.index):
                self._set_decimal(sign, column=column, value=cell)

    def _with_points(self, row: str) -> str:
        if "." in row:
            self._set_decimals(row.split(self._layout.delimiter))
        else:
            self._set_decimal(",", row)
        return row.replace(",", ".")


def _parse(lines: _NumberLines, layout: Layout) -> FloatArray:
    iterator = iter(lines)
    first = next(iterator, None)
    if first is None:
        raise lines.error("is the last line, there are no numbers behind the header")
    values = np.loadtxt(
        itertools.chain((first,), iterator), delimiter=layout.delimiter, comments=None, ndmin=2, dtype=np.float64
    )
    values += 0.0  # "-0" of a rounded small number becomes 0
    return values


def _check_thousands(path: Path, layout: Layout, values: FloatArray) -> None:
    """Refuse columns that may hold thousands separators.

    The numbers tell quickly which columns could be such; the texts of these are then looked at.
    """
    alone = [(column,) for column in range(layout.columns) if column not in layout.alike]
    for columns in (tuple(layout.alike), *alone):
        # The first lines settle nearly every file, without a copy of its numbers.
        if not all(_may_be_grouped(values[:until, list(columns)]) for until in (1000, None)):
            continue
        with open_text(path) as stream:
            lines = _NumberLines(stream, file=str(path), layout=layout)
            rows = [[row.split(layout.delimiter)[column] for column in columns] for row in lines]
        found = grouped_cell([cell for row in rows for cell in row])
        if found is not None:
            line, row = next((number, row) for number, row in zip(lines.numbers, rows, strict=True) if found in row)
            key = f"line {line}, column {columns[row.index(found)] + 1}"
            raise InputError(thousands_problem(found), file=str(path), key=key, value=found, remedy=NO_THOUSANDS)


def _may_be_grouped(values: FloatArray) -> bool:
    """Whether there are only whole numbers below 1000 and numbers that three decimals can write."""
    size = np.where(np.isfinite(values), np.abs(values), 0.5)
    below = (size == np.floor(size)) & (size < 1000.0)
    grouped = (size >= 1.0) & (size < 1000.0) & (np.abs(1000.0 * size - np.round(1000.0 * size)) < 1e-6)
    return bool(size.size and np.all(below | grouped))


def _name_fault(path: Path, layout: Layout) -> None:
    """Raise the error of the first cell that is no number or the first line of another length."""
    with open_text(path) as stream:
        lines = _NumberLines(stream, file=str(path), layout=layout)
        for row in lines:
            cells = row.split(layout.delimiter)
            if len(cells) != layout.columns:
                problem, remedy = f"has {len(cells)} cells where {layout.columns} are expected", ""
                if len(cells) > layout.columns and layout.delimiter == ",":
                    remedy = "put numbers with a decimal comma between quotation marks, or part columns by semicolons"
                raise lines.error(problem, remedy=remedy)
            for column, cell in enumerate(cells, start=1):
                if not cell.strip():
                    raise lines.error("is empty", column=column)
                if has_thousands_separators(cell):
                    raise lines.error("has thousands separators", column=column, value=cell, remedy=NO_THOUSANDS)
                if to_number(cell) is None:
                    raise lines.error("is not a number", column=column, value=cell)
