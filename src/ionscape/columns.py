"""Numbers in the cells of a table: which mark is the decimal one, and where a thousands separator looks like one.

"5.035" is five and a bit in one country and five thousand in another. A file that leaves both open is refused, never
guessed at.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

NO_THOUSANDS = "write the numbers without thousands separators (5035), or with other than three decimals (5.0350)"

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE | re.ASCII)
_BELOW_THOUSAND = re.compile(r"[+-]?\d{1,3}", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
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


def to_number(cell: str) -> float | None:
    """A number with a decimal point or comma; None if it is none."""
    plain = cell.strip().replace("\N{MINUS SIGN}", "-").replace(",", ".")
    return float(plain) if _NUMBER.fullmatch(plain) else None


def decimal_mark(cell: str) -> str | None:
    """The decimal mark of a number, "." or ","; None without one."""
    return next((mark for mark in ",." if mark in cell), None)


def has_thousands_separators(cell: str) -> bool:
    """Whether a cell is a number with separators that cannot be decimal marks, as 1.234.567 or 5,035.2 or 5 035."""
    return _SEPARATED.fullmatch(cell.strip().replace("\N{MINUS SIGN}", "-")) is not None


def grouped_cell(cells: Sequence[str]) -> str | None:
    """A cell such as "5.035" of a column in which that may be 5035; None where every cell can be read in one way only.

    Such a column holds nothing but whole numbers below 1000, at least one of them not 0, and numbers with exactly three
    digits behind the mark: all that thousands separators leave. One cell of another kind ("0.125", "12.5", "1035",
    "1e3") shows that the mark is that of decimals.

    Args:
        cells: the texts of the numbers of a column, or of several that were written in the same way.
    """
    found, whole = None, False
    for cell in cells:
        text = cell.strip().replace("\N{MINUS SIGN}", "-")
        if _BELOW_THOUSAND.fullmatch(text):
            whole = whole or bool(text.strip("+-0"))
        elif _GROUPED.fullmatch(text):
            found = found or text
        elif text:
            return None
    return found if whole else None


def thousands_problem(cell: str) -> str:
    """What is wrong with a column in which `cell` may be a number above a thousand."""
    other = cell.replace(".", "").replace(",", "")
    return (
        f"may be {other}: its column holds whole numbers below 1000 and numbers with exactly three decimals only, as"
        " thousands separators leave them"
    )
