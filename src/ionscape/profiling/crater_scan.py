"""Profilometer scans across a sputter crater, as they are exported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.files.columns import has_thousands_separators, row_cells, split_cells, to_number
from ionscape.files.csv_table import CsvTable
from ionscape.files.kinds import kind_of
from ionscape.files.quantities import unit_size
from ionscape.files.text import read_bytes, text_encoding

FEWEST_POINTS = 50
HEADER_EXAMPLE = '"Lateral (um),Height (nm)"'

_DELIMITERS = ("\t", ";", ",", None)
_HEADER_CELL = re.compile(r"\s*\"?\s*(.*?)\s*[\s(\[]\s*([^\W\d_]+)\s*[)\]]?\s*\"?\s*")
LATERAL = re.compile(r"lateral|distance|position|^x\b", re.IGNORECASE)
HEIGHT = re.compile(r"height|profile|raw|total|^z\b", re.IGNORECASE)
UNIT_ALIASES = {"A": "angstrom", "Å": "angstrom", "\u212b": "angstrom", "micron": "um", "microns": "um"}


@dataclass(frozen=True, kw_only=True, eq=False)
class CraterScan:
    """Heights along a line across a crater.

    Attributes:
        file: name of the file; empty for one that never was a file.
        lateral: position along the line [m], rising, shape (points,); positions that are equal because they were
            printed with too few digits are spread evenly, see `spread_positions`.
        height: upwards [m], shape (points,).
        header: lines in front of the numbers as they stand.
    """

    file: str
    lateral: FloatArray
    height: FloatArray
    header: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the two columns make a scan.

        Raises:
            InputError: shapes differ, there are fewer than 50 points, positions do not rise, or a number is not finite.
        """
        shapes = (np.shape(self.lateral), np.shape(self.height))
        if shapes[0] != shapes[1] or len(shapes[0]) != 1:
            raise InputError("must have lateral positions and heights of one shape (points,)", file=self.file or None,
                             value=f"{shapes[0]} and {shapes[1]}")  # fmt: skip
        if shapes[0][0] < FEWEST_POINTS:
            raise InputError(f"has {shapes[0][0]} points", file=self.file or None,
                             bound=f"at least {FEWEST_POINTS} are needed", remedy="give a longer scan")  # fmt: skip
        if not (np.all(np.isfinite(self.lateral)) and np.all(np.isfinite(self.height))):
            raise InputError("has positions or heights that are not finite", file=self.file or None)
        steps = np.diff(self.lateral)
        if np.any(steps < 0.0) or not np.any(steps > 0.0):
            raise InputError("has lateral positions that do not rise", file=self.file or None)
        if not np.all(steps > 0.0):
            object.__setattr__(self, "lateral", spread_positions(self.lateral))


def spread_positions(lateral: FloatArray) -> FloatArray:
    """Positions that rise from point to point, where the digits of an export leave neighbours equal.

    A profilometer steps evenly; beyond 10 mm five digits no longer tell the steps apart. The middle of each run of
    equal positions keeps its place, and the points of a run are spread between the middles of its neighbours; heights
    are not touched, as a mean of some of them would give these less noise than others have.

    Args:
        lateral: positions that never fall, with two different ones at least, shape (points,).

    Returns:
        Rising positions, shape (points,); what stood alone is unchanged.
    """
    values, first, count = np.unique(lateral, return_index=True, return_counts=True)
    middle = first + 0.5 * (count - 1)
    index = np.arange(lateral.size, dtype=np.float64)
    spread = np.interp(index, middle, values)
    for outside, edge, other in ((index < middle[0], 0, 1), (index > middle[-1], -1, -2)):
        slope = (values[edge] - values[other]) / (middle[edge] - middle[other])
        spread[outside] = values[edge] + slope * (index[outside] - middle[edge])
    alone = np.repeat(count == 1, count)
    spread[alone] = lateral[alone]
    return spread


def read_crater_scan(path: str | Path) -> CraterScan:
    """Read a profilometer scan.

    The last line before the numbers names the columns with their units, as `Lateral (um),Height (nm)`; what stands in
    front of it (the settings of a Dektak export) is kept as header. Columns are parted by tabs, semicolons, commas or
    blanks; decimal commas are understood where the comma does not part columns, or stands between quotation marks. Of
    more than two columns those named like positions and heights are taken. A scan from right to left is turned round,
    and neighbouring positions that are equal in the digits printed are spread evenly. What may be a thousands separator
    or a cell cut in two is refused.

    Args:
        path: of the file, in UTF-8, UTF-16 with byte order mark, or Latin-1.

    Returns:
        The scan in SI units.

    Raises:
        InputError: naming file, line and column, both counted from 1.
    """
    path = Path(path)
    file = str(path)
    text = _text(path)
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        raise InputError("is empty", file=file, remedy="export the scan again")
    delimiter = max(_DELIMITERS, key=lambda candidate: sum(_is_row(line, candidate) for line in lines))
    start = next((number for number, line in enumerate(lines) if _is_row(line, delimiter)), None)
    if start is None:
        raise InputError("has no line with two numbers", file=file,
                         remedy=f"give two columns below a header line {HEADER_EXAMPLE}")  # fmt: skip
    columns, sizes, named = _columns(lines[:start], delimiter, file=file)
    cells = _table(lines, start, delimiter, max(columns), named=named, file=file)
    numbers = [line for line, _ in cells.rows]
    table = np.array([
        [cells.number(row, place, remedy="correct it, or delete the line") for place in range(len(cells.names))]
        for row in range(len(numbers))
    ])  # fmt: skip
    cells.check(columns)
    if not text.endswith(("\n", "\r")):
        _check_last_digits([row[-1] for _, row in cells.rows], file=file, line=numbers[-1])
    table = table[:, columns] * np.array(sizes)
    steps = np.diff(table[:, 0])
    if steps.size and not np.any(steps):
        raise InputError("has the same position in every line", file=file, key=f"line {numbers[0]}",
                         value=lines[numbers[0] - 1].strip(), remedy="export the scan with more digits")  # fmt: skip
    if bool(np.all(steps <= 0.0)):
        table = table[::-1]
    elif np.any(steps < 0.0):
        # Against the way that most points go: a scan from right to left falls.
        rising = np.count_nonzero(steps > 0.0) >= np.count_nonzero(steps < 0.0)
        wrong = numbers[int(np.argmax(steps < 0.0 if rising else steps > 0.0)) + 1]
        raise InputError("has a position that goes back behind that of the line before", file=file, key=f"line {wrong}",
                         value=lines[wrong - 1].strip(),
                         remedy="sort the lines by position, and give one scan per file")  # fmt: skip
    return CraterScan(file=file, lateral=table[:, 0].copy(), height=table[:, 1].copy(), header=tuple(lines[:start]))


def _text(path: Path) -> str:
    content = read_bytes(path)
    encoding = text_encoding(content)
    if encoding is None:
        kind = kind_of(path)
        raise (
            kind.error(str(path))
            if kind is not None
            else InputError("is not a text", file=str(path), remedy="export the scan as text in two columns")
        )
    return content.decode(encoding, errors="replace")


def _is_row(line: str, delimiter: str | None) -> bool:
    cells = row_cells(line, delimiter)
    # Thousands separators are refused later on; here they must not hide what parts the columns.
    return len(cells) >= 2 and all(to_number(cell) is not None or has_thousands_separators(cell) for cell in cells)


def _columns(
    header: list[str], delimiter: str | None, *, file: str
) -> tuple[tuple[int, int], tuple[float, float], int | None]:
    """Which columns are position and height, the sizes of their units [m], and how many have a name.

    Names that blanks part cannot be counted: then None.
    """
    named = [number for number, line in enumerate(header) if line.strip()]
    remedy = f"write a header line with units above the numbers, as {HEADER_EXAMPLE}"
    if not named:
        raise InputError("has no header line, so that the units are unknown", file=file, remedy=remedy)
    line = named[-1]
    cells = row_cells(header[line], delimiter)
    if len(cells) < 2:
        raise InputError("is not a header line for the numbers below it", file=file, key=f"line {line + 1}",
                         value=header[line].strip(), remedy=remedy)  # fmt: skip
    names, above = cells, row_cells(header[named[-2]], delimiter) if len(named) > 1 else []
    if len(above) == len(cells) and all(re.fullmatch(r"[(\[]?[^\W\d_]+[)\]]?", cell) for cell in cells):
        # Names in one line, units alone in the next.
        names = above
        cells = [f"{name} ({unit.strip('()[]')})" for name, unit in zip(above, cells, strict=True)]
    lateral = next((place for place, name in enumerate(names) if LATERAL.search(name)), 0)
    others = [place for place in range(len(names)) if place != lateral]
    height = next((place for place in others if HEIGHT.search(names[place])), others[0])
    sizes = [
        _unit(cells[place], file=file, key=f"line {line + 1}, column {place + 1}", remedy=remedy)
        for place in (lateral, height)
    ]
    return (lateral, height), (sizes[0], sizes[1]), None if delimiter is None else len(cells)


def _unit(cell: str, *, file: str, key: str, remedy: str) -> float:
    match = _HEADER_CELL.fullmatch(cell)
    if match is None:
        raise InputError("is a column name without a unit", file=file, key=key, value=cell, remedy=remedy)
    try:
        return unit_size(UNIT_ALIASES.get(match[2], match[2]), "length")
    except InputError as error:
        raise error.replace(file=file, key=key, value=cell, remedy=remedy) from None


def _table(lines: list[str], start: int, delimiter: str | None, last: int, *, named: int | None, file: str) -> CsvTable:
    """The cells of all lines from `start`, up to the last of each that is not empty.

    last: the last column that is used, counted from 0; named: how many have a name, None if that cannot be told.
    """
    width = len(row_cells(lines[start], delimiter))
    # The last columns may be empty, where the delimiters show that they are there.
    whole = len(split_cells(lines[start], delimiter))
    if named is not None and (width > named or whole < named or width <= last):
        problem = f"has {width} values below the names of {named} columns"
        remedy = "give each column a name and numbers"
        if delimiter == "," and width > named:
            problem += ": decimal commas cut them in two"
            remedy = "put numbers with a decimal comma between quotation marks, or export with semicolons or tabs"
        raise InputError(problem, file=file, key=f"line {start + 1}", value=lines[start].strip(), remedy=remedy)
    cells = ((number, row_cells(line, delimiter)) for number, line in enumerate(lines[start:], start=start + 1))
    rows = [(number, tuple(row)) for number, row in cells if row]
    for number, row in rows:
        if len(row) != width:
            raise InputError(f"has {len(row)} values where {width} are expected", file=file, key=f"line {number}",
                             remedy="the file may be cut off; export the scan again")  # fmt: skip
    return CsvTable(file=file, line=start, names=("",) * width, rows=tuple(rows))


def _check_last_digits(cells: list[str], *, file: str, line: int) -> None:
    """Refuse a last number with fewer decimals than every other of its column: the file ends within it."""
    decimals = [len(re.split("[.,]", cell)[1]) if re.search("[.,]", cell) else 0 for cell in cells]
    if len(cells) > 1 and decimals[-1] < min(decimals[:-1]):
        raise InputError("ends within a number", file=file, key=f"line {line}", value=cells[-1],
                         remedy="the file may be cut off; export the scan again")  # fmt: skip
