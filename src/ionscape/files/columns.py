"""Numbers in the cells of a table: which mark is the decimal one, and where a thousands separator looks like one.

"5.035" is five and a bit in one country and five thousand in another. A file that leaves both open is refused, never
guessed at.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence

from ionscape.errors import InputError

DELIMITERS = ("\t", ";", ",")
NO_THOUSANDS = "write the numbers without thousands separators (5035), or with other than three decimals (5.0350)"

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE | re.ASCII)
_BELOW_THOUSAND = re.compile(r"[+-]?\d{1,3}", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_SIX_DIGITS = re.compile(r"[+-]?\d{3}[.,]\d\d[1-9]", re.ASCII)
# Two groups, decimals behind a group, or a separator that is no decimal mark anywhere.
_SEPARATED = re.compile(
    r"[+-]?[1-9]\d{0,2}(?:(?:(?:\.\d{3}){2,}|(?:,\d{3}){2,})|(?:\.\d{3})+,\d+|(?:,\d{3})+\.\d+"
    r"|(?:['\u2019\s\u00a0\u202f]\d{3})+(?:[.,]\d+)?)",
    re.ASCII,
)


def split_cells(line: str, delimiter: str | None) -> list[str]:
    """The cells of a line without blanks around them; a delimiter between quotation marks parts none.

    Args:
        line: of the file, without its end.
        delimiter: between cells; None for blanks.

    Raises:
        csv.Error: a cell is too long.
    """
    if delimiter is None:
        return [cell.strip('"') for cell in line.split()]
    row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in row]


def row_cells(line: str, delimiter: str | None) -> list[str]:
    """The cells of a line up to the last that is not empty; none of a line that is no CSV.

    Many exports end each line with a delimiter.

    Args:
        line: of a table.
        delimiter: between cells; None for blanks.
    """
    try:
        cells = split_cells(line, delimiter)
    except csv.Error:
        return []
    while cells and not cells[-1]:
        cells.pop()
    return cells


def delimiter_of(lines: Iterable[str]) -> str:
    """What parts the cells of a table: tab, semicolon or comma, by its first line that is no comment."""
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    # Titles in quotation marks may hold another one.
    return max(reversed(DELIMITERS), key=first.count)


def delimiter_in(line: str, *, usual: str = "\t") -> str:
    """What parts the cells of a line: the first of tab, semicolon and comma that is in it, `usual` if none is."""
    return next((sign for sign in DELIMITERS if sign in line), usual)


def to_number(cell: str) -> float | None:
    """A number with a decimal point or comma; None if it is none."""
    plain = _plain(cell).replace(",", ".")
    return float(plain) if _NUMBER.fullmatch(plain) else None


def decimal_mark(cell: str) -> str | None:
    """The decimal mark of a number, "." or ","; None without one."""
    return next((mark for mark in ",." if mark in cell), None)


def has_thousands_separators(cell: str) -> bool:
    """Whether a cell is a number with separators that cannot be decimal marks, as 1.234.567 or 5,035.2 or 5 035."""
    return _SEPARATED.fullmatch(_plain(cell)) is not None


def grouped_cell(cells: Sequence[str]) -> str | None:
    """A cell such as "5.035" of a column in which that may be 5035; None where every cell can be read in one way only.

    Such a column holds nothing but whole numbers below 1000 and numbers with exactly three digits behind the mark: all
    that thousands separators leave. One cell of another kind ("0.125", "12.5", "1035", "1e3") shows that the mark is
    that of decimals. So do six digits beside no whole number but 0, if none ends with 0: those of "616.453" are what
    most programs print.

    Args:
        cells: the texts of the numbers of a column, or of several that were written in the same way.
    """
    found, whole, others, six = None, False, False, True
    for cell in cells:
        text = _plain(cell)
        if _BELOW_THOUSAND.fullmatch(text):
            whole, others = True, others or bool(text.strip("+-0"))
        elif _GROUPED.fullmatch(text):
            found, six = found or text, six and _SIX_DIGITS.fullmatch(text) is not None
        elif text:
            return None
    return found if others or (whole and not six) else None


def thousands_problem(cell: str) -> str:
    """What is wrong with a column in which `cell` may be a number above a thousand."""
    other = cell.replace(".", "").replace(",", "")
    return (
        f"may be {other}: its column holds whole numbers below 1000 and numbers with exactly three decimals only, as"
        " thousands separators leave them"
    )


def check_columns(columns: Iterable[Sequence[tuple[str, str]]], *, file: str) -> None:
    """Refuse numbers that may be a thousand times as large, and a table with two decimal marks.

    Args:
        columns: place in the file, such as "line 3, column 2", and text of each number, column by column.
        file: name of the file.

    Raises:
        InputError: with the first cell that leaves open what it says.
    """
    usual: tuple[str, str] | None = None
    for column in columns:
        for place, cell in column:
            mark = decimal_mark(cell)
            if mark is not None and usual is not None and mark != usual[0]:
                raise InputError(f'has another decimal mark than "{usual[1]}"', file=file, key=place, value=cell,
                                 remedy=f"use one mark, and {NO_THOUSANDS}")  # fmt: skip
            if mark is not None and usual is None:
                usual = mark, cell
        if (found := grouped_cell([cell for _, cell in column])) is not None:
            place, cell = next((place, cell) for place, cell in column if _plain(cell) == found)
            raise InputError(thousands_problem(found), file=file, key=place, value=cell, remedy=NO_THOUSANDS)


def _plain(cell: str) -> str:
    return cell.strip().replace("\N{MINUS SIGN}", "-")
