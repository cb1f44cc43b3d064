"""Tables of named columns as files: CSV, and XLSX for spreadsheets.

An XLSX file is a zip file of a few XML parts (ECMA-376, part 1, 18.2 and 18.3); numbers are stored with all their
digits, so that no spreadsheet reads a decimal point as that of another language.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from ionscape.errors import InputError

from .writing import csv_cell, write_bytes, write_text

TABLE_EXTENSIONS = (".csv", ".xlsx")
MOST_ROWS = 1_048_576
"""Of a sheet of XLSX."""

Columns = Sequence[tuple[str, Sequence[Any]]]
"""Name with unit, and numbers or texts, of every column; columns that end early leave their cells empty."""

_NOT_OF_XML = re.compile(r"[^\t\n\r -\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # equal tables are equal files
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="table" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


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
    lines = "".join(f"<row>{''.join(map(_xlsx_cell, row))}</row>" for row in ([name for name, _ in columns], *rows))
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, text in {**_PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            part = zipfile.ZipInfo(name, _EARLIEST)
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}')
    return output.getvalue()


def _rows(columns: Columns) -> Iterable[tuple[Any, ...]]:
    return zip_longest(*(values for _, values in columns), fillvalue="")


def _csv_cell(value: Any) -> str:
    if isinstance(value, str):
        return csv_cell(value)
    return f"{value:.10g}" if math.isfinite(value) else ""


def _xlsx_cell(value: Any) -> str:
    if isinstance(value, str):
        text = escape(_NOT_OF_XML.sub("\N{REPLACEMENT CHARACTER}", value))
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>' if value else "<c/>"
    return f"<c><v>{float(value)!r}</v></c>" if math.isfinite(value) else "<c/>"
