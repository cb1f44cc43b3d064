"""Tables of diffusion coefficients in CSV files, and where the text of such files comes from."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from ionscape.errors import InputError, nearest_name
from ionscape.files.columns import NO_THOUSANDS, check_columns, delimiter_of, has_thousands_separators, to_number
from ionscape.files.quantities import DimensionName, unit_size
from ionscape.files.text import read_text

COLUMNS: Mapping[str, DimensionName] = {"density": "number density", "coefficient": "diffusion coefficient"}
HEADER_EXAMPLE = '"density (1/m^3), coefficient (m^2/s)"'

_COLUMN_HEADER = re.compile(r"\s*([^()]+?)\s*\((.+)\)\s*")


class Attachments:
    """The texts of the files that an experiment refers to.

    Args:
        given: texts by the name used in the experiment file; where it is not empty nothing is read from disk.
        folder: where the files lie otherwise.
    """

    def __init__(self, *, given: Mapping[str, str], folder: Path) -> None:
        """Start with the given texts."""
        self.given = dict(given)
        self.folder = folder
        self.texts = dict(given)
        """All texts given or read so far, by name."""

    def text(self, name: str) -> str:
        """The text of a file.

        Raises:
            InputError: it is not there or not readable.
        """
        if name in self.texts:
            return self.texts[name]
        if self.given:
            remedy = f'the nearest attachment is "{nearest_name(name, self.given)}"; attach all files or none'
            raise InputError("is not among the [attachments]", remedy=remedy)
        path = self.folder / name
        try:
            self.texts[name] = read_text(path)
        except InputError as error:
            # The sentence is to start with the experiment file, where the name stands.
            raise InputError(f"{error.problem} ({path})", remedy=error.remedy) from None
        return self.texts[name]


def parse_diffusion_table(text: str, *, file: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Read a table of diffusion coefficients.

    The first line names the two columns with their units, `density (1/m^3), coefficient (m^2/s)`, in any order. Empty
    lines and lines that start with `#` are skipped. Decimal commas are understood between quotation marks and where
    semicolons or tabs part the columns; what may be a thousands separator is refused.

    Args:
        text: in CSV with commas, semicolons or tabs.
        file: its name, for messages.

    Returns:
        Densities [1/m^3] and coefficients [m^2/s], each of shape (k,), k ≥ 2, densities increasing and not negative,
        coefficients positive.

    Raises:
        InputError: naming the line and the column, both counted from 1.
    """
    reader = csv.reader(io.StringIO(text), delimiter=delimiter_of(text.splitlines()), skipinitialspace=True)
    places: list[tuple[list[str], int]] = []
    sizes: list[tuple[str, float]] = []
    rows: list[tuple[int, dict[str, float]]] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if not sizes:
                sizes = _read_header(cells, file=file, line=reader.line_num)
            else:
                places.append((cells, reader.line_num))
                rows.append((reader.line_num, _read_row(cells, sizes, file=file, line=reader.line_num)))
    except csv.Error as error:
        problem = f"is not valid CSV ({error})"
        raise InputError(
            problem, file=file, key=f"line {reader.line_num}", remedy="check its quotation marks"
        ) from None
    check_columns(
        (
            [(f"line {line}, column {column + 1}", cells[column]) for cells, line in places]
            for column in range(len(sizes))
        ),
        file=file,
    )
    if len(rows) < 2:
        remedy = f"give a header line {HEADER_EXAMPLE} and two or more lines of numbers"
        raise InputError(f"has {len(rows)} lines of numbers", file=file, remedy=remedy)
    for (_, before), (line, row) in pairwise(rows):
        if not row["density"] > before["density"]:
            problem = "has a density that is not greater than that of the line before"
            raise InputError(problem, file=file, key=f"line {line}", remedy="sort the lines by density")
    return tuple(row["density"] for _, row in rows), tuple(row["coefficient"] for _, row in rows)


def _read_header(cells: list[str], *, file: str, line: int) -> list[tuple[str, float]]:
    sizes: list[tuple[str, float]] = []
    remedy = f"write the header line as {HEADER_EXAMPLE}"
    for column, cell in enumerate(cells, start=1):
        key = f"line {line}, column {column}"
        match = _COLUMN_HEADER.fullmatch(cell)
        if match is None:
            raise InputError("is not a column name with its unit", file=file, key=key, value=cell, remedy=remedy)
        name, unit = match[1].lower(), match[2]
        if name not in COLUMNS:
            problem = f'is an unknown column, the nearest is "{nearest_name(name, COLUMNS)}"'
            raise InputError(problem, file=file, key=key, value=cell, remedy=remedy)
        if name in dict(sizes):
            raise InputError("is there twice", file=file, key=key, value=cell, remedy=remedy)
        try:
            sizes.append((name, unit_size(unit, COLUMNS[name])))
        except InputError as error:
            raise error.located(file=file, key=key) from None
    if len(sizes) != len(COLUMNS):
        missing = " and ".join(name for name in COLUMNS if name not in dict(sizes))
        raise InputError(f"lacks the column {missing}", file=file, key=f"line {line}", remedy=remedy)
    return sizes


def _read_row(cells: list[str], sizes: list[tuple[str, float]], *, file: str, line: int) -> dict[str, float]:
    if len(cells) != len(sizes):
        problem = f"has {len(cells)} values where {len(sizes)} are expected"
        remedy = "write two numbers with one comma between them, and decimal commas between quotation marks"
        raise InputError(problem, file=file, key=f"line {line}", remedy=remedy)
    row: dict[str, float] = {}
    for column, (cell, (name, size)) in enumerate(zip(cells, sizes, strict=True), start=1):
        key = f"line {line}, column {column}"
        number = to_number(cell)
        if number is None:
            remedy = NO_THOUSANDS if has_thousands_separators(cell) else "write it as in 5.8e-19"
            raise InputError("is not a number", file=file, key=key, value=cell, remedy=remedy)
        value = number * size
        if not math.isfinite(value):
            raise InputError("must be finite", file=file, key=key, value=cell)
        if name == "coefficient" and value <= 0.0:
            remedy = "the logarithm of the coefficient is interpolated"
            raise InputError("must be greater than 0", file=file, key=key, value=cell, remedy=remedy)
        if value < 0.0:
            raise InputError("must be at least 0", file=file, key=key, value=cell)
        row[name] = value
    return row
