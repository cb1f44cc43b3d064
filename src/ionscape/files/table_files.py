"""Tables of named columns as files: CSV, and XLSX, in which no spreadsheet mistakes the decimal point."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ionscape.errors import InputError

from .writing import csv_cell, write_bytes, write_text

TABLE_EXTENSIONS = (".csv", ".xlsx")
MOST_ROWS = 1_048_576
"""Of a sheet of XLSX."""

Columns = Sequence[tuple[str, Sequence[Any] | NDArray[Any]]]
"""Name with unit, and numbers or texts, of every column; columns that end early leave their cells empty."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table of texts, for the command line and the workbench alike.

    Attributes:
        title: what the numbers are of, and what their errors are.
        head: of the columns.
        rows: as many texts each.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_NOT_OF_XML = re.compile(r"[^\t\n\r -\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # equal tables are equal files


def write_table(columns: Columns, path: str | Path) -> None:
    """Write a table as CSV or XLSX, by the extension of `path`, complete or not at all.

    Args:
        columns: see `Columns`.
        path: ending in .csv or .xlsx; an earlier file is replaced.

    Raises:
        InputError: the disk does not take it, or a sheet has no room for so many rows.
    """
    if Path(path).suffix.lower() == ".xlsx":
        write_bytes(path, xlsx_bytes(columns))
    else:
        write_text(path, csv_text(columns))


def csv_text(columns: Columns) -> str:
    """A table as CSV, one line per row; a number that does not exist is empty."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow([csv_cell(name) for name, _ in columns])
    writer.writerows([_csv_cell(value) for value in row] for row in _rows(columns))
    return output.getvalue()


def xlsx_bytes(columns: Columns) -> bytes:
    """A table as the only sheet of an XLSX file; the same table gives the same bytes.

    Raises:
        InputError: a sheet has no room for so many rows.
    """
    import xlsxwriter

    rows = list(_rows(columns))
    if len(rows) >= MOST_ROWS:
        bound = f"at most {MOST_ROWS - 1}"
        raise InputError(
            "are too many for a sheet of XLSX",
            key="rows",
            value=len(rows),
            bound=bound,
            remedy="write the table as CSV",
        )
    output = io.BytesIO()
    # a name that begins with = or looks like an address is a name
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(output, plain) as book:
        book.set_properties({"created": _EARLIEST})
        sheet = book.add_worksheet("table")
        head: tuple[Any, ...] = tuple(name for name, _ in columns)
        for number, row in enumerate([head, *rows]):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, place, _NOT_OF_XML.sub("\N{REPLACEMENT CHARACTER}", value))
                elif math.isfinite(value):
                    sheet.write_number(number, place, float(value))
    return output.getvalue()


def _rows(columns: Columns) -> Iterable[tuple[Any, ...]]:
    return zip_longest(*(values for _, values in columns), fillvalue="")


def _csv_cell(value: Any) -> str:
    if isinstance(value, str):
        return csv_cell(value)
    return f"{value:.10g}" if math.isfinite(value) else ""
