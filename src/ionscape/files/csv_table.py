"""Tables in CSV: names of columns above, numbers below, each with its line and column for messages."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError, nearest_name
from ionscape.files.columns import (
    NO_THOUSANDS,
    check_columns,
    delimiter_of,
    has_thousands_separators,
    split_cells,
    to_number,
)
from ionscape.files.fields import ANY, Bounds, Number, Quantity
from ionscape.files.quantities import unit_size
from ionscape.files.text import read_text

_NAME_AND_UNIT = re.compile(r"\s*([^()]+?)\s*\((.+)\)\s*")
_QUOTED = "put numbers with a decimal comma between quotation marks"


@dataclass(frozen=True, kw_only=True)
class CsvTable:
    """The cells of a table, without comments and empty lines.

    Attributes:
        file: its name, for messages.
        line: on which the names stand, counted from 1.
        names: of the columns, as they stand there.
        rows: line and cells of each row below.
        by_name: whether messages call a column by its name instead of its number, counted from 1.
    """

    file: str
    line: int
    names: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    by_name: bool = False

    def quantities(
        self, wanted: Mapping[str, Quantity | Number], *, example: str, others: bool = False
    ) -> dict[str, FloatArray]:
        """Columns named with their units, as `density (1/m^3)`, in any order and units; of pure numbers without.

        Decimal commas are understood; what may be a thousands separator is refused.

        Args:
            wanted: what stands in the columns, by their names in lower case.
            example: line of names, for messages.
            others: whether there may be other columns, which are passed over.

        Returns:
            The numbers in SI units by name, each of shape (rows,).

        Raises:
            InputError: a column or a number cannot be used; names line and column, both counted from 1.
        """
        remedy = f"write the header line as {example}"
        sizes: dict[str, tuple[int, float]] = {}
        for place, cell in enumerate(self.names):
            key, match = f"line {self.line}, column {place + 1}", _NAME_AND_UNIT.fullmatch(cell)
            name = match[1].lower() if match else ""
            if isinstance(wanted.get(plain := cell.strip().lower()), Number):
                name = plain
            if others and name not in wanted:
                continue
            if match is None and not name:
                raise InputError("is not a column name with its unit", file=self.file, key=key, value=cell,
                                 remedy=remedy)  # fmt: skip
            if name not in wanted:
                problem = f'is an unknown column, the nearest is "{nearest_name(name, wanted)}"'
                raise InputError(problem, file=self.file, key=key, value=cell, remedy=remedy)
            if name in sizes:
                raise InputError("is there twice", file=self.file, key=key, value=cell, remedy=remedy)
            column = wanted[name]
            if isinstance(column, Number):
                if match is not None:
                    raise InputError("has a unit, and its numbers are pure ones", file=self.file, key=key, value=cell,
                                     remedy=remedy)  # fmt: skip
                sizes[name] = place, 1.0
                continue
            assert match is not None
            try:
                sizes[name] = place, unit_size(match[2], column.dimension)
            except InputError as error:
                raise error.located(file=self.file, key=key) from None
        if missing := " and ".join(name for name in wanted if name not in sizes):
            raise InputError(f"lacks the column {missing}", file=self.file, key=f"line {self.line}", remedy=remedy)
        self.check([place for place, _ in sizes.values()])
        rows = range(len(self.rows))
        return {
            name: np.array([self.number(row, place, size=size, bounds=wanted[name].bounds) for row in rows])
            for name, (place, size) in sizes.items()
        }

    def check(self, places: Sequence[int]) -> None:
        """Refuse columns, counted from 0, with two decimal marks or with what may be thousands separators.

        Raises:
            InputError: with the first such cell.
        """
        columns = ([(self.key(row, place), cells[place]) for row, (_, cells) in enumerate(self.rows)]
                   for place in places)  # fmt: skip
        check_columns(columns, file=self.file)

    def key(self, row: int, place: int) -> str:
        """Line and column of a cell, for messages; both are counted from 0 here."""
        return f"line {self.rows[row][0]}, {self.names[place] if self.by_name else f'column {place + 1}'}"

    def number(
        self, row: int, place: int, *, size: float = 1.0, bounds: Bounds = ANY, remedy: str = "write it as in 5.8e-19"
    ) -> float:
        """The finite number of a cell.

        Args:
            row: counted from 0.
            place: of the column, counted from 0.
            size: of its unit, by which it is multiplied.
            bounds: that it has to keep then.
            remedy: where the cell is no number.

        Raises:
            InputError: the cell cannot be used; names line and column.
        """
        cell, key = self.rows[row][1][place], self.key(row, place)
        number = to_number(cell)
        if number is None and has_thousands_separators(cell):
            raise InputError("has thousands separators", file=self.file, key=key, value=cell, remedy=NO_THOUSANDS)
        if number is None:
            raise InputError("is not a number", file=self.file, key=key, value=cell, remedy=remedy)
        if not math.isfinite(number * size):
            raise InputError("must be finite", file=self.file, key=key, value=cell)
        if not bounds.hold(number * size):
            raise InputError(f"must be {bounds.describe()}", file=self.file, key=key, value=cell)
        return number * size


def read_csv_table(
    source: str | Path,
    *,
    file: str,
    is_header: Callable[[Sequence[str]], bool] | None = None,
    complete: bool = True,
    by_name: bool = False,
) -> CsvTable:
    """Read a table with commas, semicolons or tabs.

    Lines that are empty or start with `#` are skipped; cells between quotation marks may hold the delimiter.

    Args:
        source: its text, or the path of a file in UTF-8.
        file: its name, for messages.
        is_header: whether cells are the names of the columns, where titles may stand above them; None for the first
            line.
        complete: whether each row has a cell for each name; otherwise those at its end may be absent, and are empty.
        by_name: whether messages call a column by its name instead of its number.

    Raises:
        InputError: the file cannot be read, has no line of names, or a row has too few or too many cells.
    """
    lines = (read_text(source) if isinstance(source, Path) else source).splitlines()
    start = 0 if is_header is None else _header(lines, is_header)
    if start is None:
        raise InputError("does not name its columns", file=file, remedy="name them in the line above the numbers")
    reader = csv.reader(lines[start:], delimiter=delimiter_of(lines[start:]), skipinitialspace=True)
    names: tuple[str, ...] = ()
    header = 0
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        for cells in reader:
            row, line = tuple(cell.strip() for cell in cells), start + reader.line_num
            if not any(row) or row[0].startswith("#"):
                continue
            if not names:
                names, header = row, line
                continue
            if any(row[len(names) :]) or (complete and len(row) < len(names)):
                raise InputError(f"has {len(row)} values for {len(names)} columns", file=file, key=f"line {line}",
                                 remedy=_QUOTED)  # fmt: skip
            rows.append((line, (*row[: len(names)], *[""] * (len(names) - len(row)))))
    except csv.Error as error:
        raise InputError(f"is not valid CSV ({error})", file=file, key=f"line {start + reader.line_num}",
                         remedy="check its quotation marks") from None  # fmt: skip
    if not names:
        raise InputError("has no line of numbers", file=file, remedy="name its columns, and give numbers below")
    return CsvTable(file=file, line=header, names=names, rows=tuple(rows), by_name=by_name)


def _header(lines: Sequence[str], is_header: Callable[[Sequence[str]], bool]) -> int | None:
    """Which line, counted from 0, names the columns; titles may stand above it, numbers may not."""
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            continue
        cells = split_cells(line, delimiter_of([line]))
        if is_header(cells):
            return number
        if sum(to_number(cell) is not None for cell in cells) > 1:
            break
    return None
