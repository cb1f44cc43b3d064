"""Numbers in a text export: one pass over its lines, in which nothing is dropped without a word.

The numbers go through `numpy.loadtxt`, whose compiled parser takes a line at a time, so that a file needs no more
memory than its numbers. Where it refuses, the file is read again cell by cell to name the line and the column.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import itertools
import re
from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.experiment.tables import missing_file

HEAD = 1 << 20
"""Bytes from which encoding and format are recognised."""

CUT_OFF = "the file was cut off or damaged, export it again; if its lines are complete, mend the line breaks"

_NUMBER = re.compile(r"\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf(?:inity)?)\s*", re.IGNORECASE | re.ASCII)
# Microsoft's C library writes 0/0 as "-nan(ind)".
_INDEFINITE = re.compile(r"-?nan\([a-z]*\)")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def read_head(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        InputError: it does not exist, is a folder, may not be read, or is empty.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except FileNotFoundError:
        raise missing_file(path) from None
    except IsADirectoryError:
        raise InputError("is a folder", file=str(path), remedy="give the file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "check its name and permissions"
        raise InputError(f"cannot be read ({reason})", file=str(path), remedy=remedy) from None
    if not head.strip():
        raise InputError("is empty", file=str(path), remedy="export the measurement again")
    return head


def file_hash(path: Path) -> str:
    """SHA-256 of the bytes of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def text_encoding(head: bytes) -> str | None:
    """Encoding of a text by its first bytes: UTF-8, UTF-16 with its mark, or else Latin-1; None for binary data."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _CONTROL_BYTES.search(head):
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def without_text(head: bytes) -> str | None:
    """The first byte that no text holds, and its place; None for a text."""
    match = None if text_encoding(head) is not None else _CONTROL_BYTES.search(head)
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
    with path.open("rb") as stream, _decoded(stream, encoding) as text:
        yield text


def _decoded(stream: BinaryIO, encoding: str) -> TextIO:
    # A stray byte becomes visible as \xfc: in a comment it stays legible, in a number it is an error with its place.
    return io.TextIOWrapper(stream, encoding=encoding, errors="backslashreplace")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the numbers of an export stand.

    Attributes:
        header: number of lines before the first line of numbers.
        columns: how many numbers each line must have.
        delimiter: between them.
    """

    header: int
    columns: int
    delimiter: str


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
        InputError: there is no line of numbers; a line is cut off, commented out or longer or shorter than expected;
            or a cell is no number. It names the line and the column.
    """
    with open_text(path) as stream:
        lines = _NumberLines(stream, file=str(path), layout=layout)
        try:
            values = _parse(lines, layout)
        except ValueError as error:
            reason = str(error)
        else:
            if values.shape == (len(lines.numbers), layout.columns):
                return NumberTable(values=values, lines=lines.numbers, comments=tuple(lines.comments))
            reason = f"{values.shape[0]} x {values.shape[1]} numbers of {len(lines.numbers)} x {layout.columns}"
    _name_fault(path, layout)
    raise InputError(f"cannot be read as numbers ({reason})", file=str(path), remedy="export it again")


def read_number(text: str) -> float | None:
    """A number of a header, with decimal point or comma; None if it is none."""
    plain = text.replace(",", ".")
    return float(plain) if _NUMBER.fullmatch(plain) else None


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
        self._decimal: str | None = "." if layout.delimiter == "," else None
        self._closing: bool | None = None

    def __iter__(self) -> Iterator[str]:
        delimiter = self._layout.delimiter
        for line in self._stream:
            self._line += 1
            if self._line <= self._layout.header:
                continue
            row = line.removesuffix("\n")
            if not row.strip(" "):
                continue
            if row[0] == "#":
                self._keep_comment(row)
                continue
            row = self._without_closing_delimiter(row, complete=line[-1] == "\n")
            if "," in row and delimiter != ",":
                row = self._with_points(row)
            elif "." in row:
                self._set_decimal(".", row)
            self.numbers.append(self._line)
            yield _INDEFINITE.sub("nan", row) if "(" in row else row
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

    def _without_closing_delimiter(self, row: str, *, complete: bool) -> str:
        delimiter, columns = self._layout.delimiter, self._layout.columns
        if not complete:
            # Every exporting program ends the last line; without that, the last digits may be missing.
            problem = f"ends without a line break in cell {row.count(delimiter) + 1} of {columns}"
            raise self.error(problem, remedy=CUT_OFF)
        if self._closing is None:
            self._closing = row.endswith(delimiter)
        if self._closing:
            if row[-1] != delimiter:
                problem = f"has {row.count(delimiter) + 1} cells and does not end as the lines before"
                raise self.error(problem, remedy=f"{columns} cells are expected, export the file again")
            row = row[:-1]
        if not row.strip():
            raise self.error("has empty cells only")
        return row

    def _set_decimal(self, sign: str, row: str) -> None:
        if self._decimal is None:
            self._decimal = sign
        elif self._decimal != sign:
            other, usual = ("comma", "point") if sign == "," else ("point", "comma")
            cells = row.split(self._layout.delimiter)
            column = next(place for place, cell in enumerate(cells, start=1) if sign in cell)
            problem = f"has a decimal {other} where the cells before have a decimal {usual}"
            raise self.error(problem, column=column, value=cells[column - 1])

    def _with_points(self, row: str) -> str:
        self._set_decimal(",", row)
        if "." in row:
            self._set_decimal(".", row)
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


def _name_fault(path: Path, layout: Layout) -> None:
    """Raise the error of the first cell that is no number or the first line of another length."""
    with open_text(path) as stream:
        lines = _NumberLines(stream, file=str(path), layout=layout)
        for row in lines:
            cells = row.split(layout.delimiter)
            if len(cells) != layout.columns:
                raise lines.error(f"has {len(cells)} cells where {layout.columns} are expected")
            for column, cell in enumerate(cells, start=1):
                if not cell.strip():
                    raise lines.error("is empty", column=column)
                if not _NUMBER.fullmatch(cell):
                    raise lines.error("is not a number", column=column, value=cell)
