"""Profilometer scans across a sputter crater, as they are exported."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.experiment.tables import read_text
from ionscape.quantities import unit_size

FEWEST_POINTS = 50
HEADER_EXAMPLE = '"Lateral (um),Height (nm)"'

_DELIMITERS = ("\t", ";", ",", None)
_HEADER_CELL = re.compile(r"\s*\"?\s*(.*?)\s*[\s(\[]\s*([^\W\d_]+)\s*[)\]]?\s*\"?\s*")
_LATERAL = re.compile(r"lateral|distance|position|^x\b", re.IGNORECASE)
_HEIGHT = re.compile(r"height|profile|raw|total|^z\b", re.IGNORECASE)
_UNIT_ALIASES = {"A": "angstrom", "Å": "angstrom", "\u212b": "angstrom", "micron": "um", "microns": "um"}


@dataclass(frozen=True, kw_only=True, eq=False)
class CraterScan:
    """Heights along a line across a crater.

    Attributes:
        file: name of the file; empty for one that never was a file.
        lateral: position along the line [m], rising, shape (points,).
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
        if not np.all(np.diff(self.lateral) > 0.0):
            raise InputError("has lateral positions that do not rise", file=self.file or None)


def read_crater_scan(path: str | Path) -> CraterScan:
    """Read a profilometer scan.

    The last line before the numbers names the columns with their units, as `Lateral (um),Height (nm)`; what stands in
    front of it (the settings of a Dektak export) is kept as header. Columns are parted by tabs, semicolons, commas or
    blanks; decimal commas are understood where the comma does not part columns. Of more than two columns those named
    like positions and heights are taken. A scan from right to left is turned round.

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
    columns, sizes = _columns(lines[:start], delimiter, file=file)
    rows, numbers = _rows(lines, start, delimiter, file=file)
    if not text.endswith(("\n", "\r")):
        _check_last_digits(lines[start:], delimiter, file=file, line=numbers[-1])
    table = np.array(rows)[:, columns] * np.array(sizes)
    steps = np.diff(table[:, 0])
    if bool(np.all(steps < 0.0)) and len(steps):
        table = table[::-1]
    else:
        wrong = np.flatnonzero(steps <= 0.0)
        if wrong.size:
            raise InputError("has a position that is not greater than that of the line before", file=file,
                             key=f"line {numbers[int(wrong[0]) + 1]}", remedy="sort the lines by position")  # fmt: skip
    return CraterScan(file=file, lateral=table[:, 0].copy(), height=table[:, 1].copy(), header=tuple(lines[:start]))


def _text(path: Path) -> str:
    try:
        text = read_text(path)
    except InputError as error:
        if "UTF-8" not in error.problem:
            raise
        content = path.read_bytes()
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = content.decode("utf-16" if wide else "latin-1", errors="replace")
    if "\x00" in text:
        raise InputError("is not a text", file=str(path), remedy="export the scan as text in two columns")
    return text


def _cells(line: str, delimiter: str | None) -> list[str]:
    cells = [cell.strip().strip('"').strip() for cell in line.split(delimiter)]
    # Many exports end each line with a delimiter.
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _number(cell: str, delimiter: str | None) -> float | None:
    cell = cell.replace("\N{MINUS SIGN}", "-")
    if "_" in cell:
        return None
    try:
        return float(cell.replace(",", ".") if delimiter != "," else cell)
    except ValueError:
        return None


def _is_row(line: str, delimiter: str | None) -> bool:
    cells = _cells(line, delimiter)
    return len(cells) >= 2 and all(_number(cell, delimiter) is not None for cell in cells)


def _columns(header: list[str], delimiter: str | None, *, file: str) -> tuple[tuple[int, int], tuple[float, float]]:
    """Which columns are position and height, and the sizes of their units [m]."""
    named = [number for number, line in enumerate(header) if line.strip()]
    remedy = f"write a header line with units above the numbers, as {HEADER_EXAMPLE}"
    if not named:
        raise InputError("has no header line, so that the units are unknown", file=file, remedy=remedy)
    line = named[-1]
    cells = _cells(header[line], delimiter)
    if len(cells) < 2:
        raise InputError("is not a header line for the numbers below it", file=file, key=f"line {line + 1}",
                         value=header[line].strip(), remedy=remedy)  # fmt: skip
    lateral = next((place for place, cell in enumerate(cells) if _LATERAL.search(cell)), 0)
    others = [place for place in range(len(cells)) if place != lateral]
    height = next((place for place in others if _HEIGHT.search(cells[place])), others[0])
    above = _cells(header[named[-2]], delimiter) if len(named) > 1 else []
    if len(above) == len(cells) and all(re.fullmatch(r"[(\[]?[^\W\d_]+[)\]]?", cell) for cell in cells):
        # Names in one line, units alone in the next.
        lateral = next((place for place, cell in enumerate(above) if _LATERAL.search(cell)), 0)
        others = [place for place in range(len(cells)) if place != lateral]
        height = next((place for place in others if _HEIGHT.search(above[place])), others[0])
        cells = [f"{name} ({unit.strip('()[]')})" for name, unit in zip(above, cells, strict=True)]
    sizes = [
        _unit(cells[place], file=file, key=f"line {line + 1}, column {place + 1}", remedy=remedy)
        for place in (lateral, height)
    ]
    return (lateral, height), (sizes[0], sizes[1])


def _unit(cell: str, *, file: str, key: str, remedy: str) -> float:
    match = _HEADER_CELL.fullmatch(cell)
    if match is None:
        raise InputError("is a column name without a unit", file=file, key=key, value=cell, remedy=remedy)
    try:
        return unit_size(_UNIT_ALIASES.get(match[2], match[2]), "length")
    except InputError as error:
        raise InputError(error.problem, file=file, key=key, value=cell, remedy=remedy) from None


def _rows(lines: list[str], start: int, delimiter: str | None, *, file: str) -> tuple[list[list[float]], list[int]]:
    """Numbers of all lines from `start`, and the number of each line counted from 1."""
    width = len(_cells(lines[start], delimiter))
    rows: list[list[float]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines[start:], start=start + 1):
        cells = _cells(line, delimiter)
        if not cells:
            continue
        if len(cells) != width:
            raise InputError(f"has {len(cells)} values where {width} are expected", file=file, key=f"line {number}",
                             remedy="the file may be cut off; export the scan again")  # fmt: skip
        row: list[float] = []
        for column, cell in enumerate(cells, start=1):
            value = _number(cell, delimiter)
            if value is None or not math.isfinite(value):
                problem = "is not a number" if value is None else "must be finite"
                raise InputError(problem, file=file, key=f"line {number}, column {column}", value=cell,
                                 remedy="correct it, or delete the line")  # fmt: skip
            row.append(value)
        rows.append(row)
        numbers.append(number)
    return rows, numbers


def _check_last_digits(lines: list[str], delimiter: str | None, *, file: str, line: int) -> None:
    """Refuse a last number with fewer decimals than every other of its column: the file ends within it."""
    cells = [_cells(text, delimiter)[-1] for text in lines if text.strip()]
    decimals = [len(re.split("[.,]", cell)[1]) if re.search("[.,]", cell) else 0 for cell in cells]
    if len(cells) > 1 and decimals[-1] < min(decimals[:-1]):
        raise InputError("ends within a number", file=file, key=f"line {line}", value=cells[-1],
                         remedy="the file may be cut off; export the scan again")  # fmt: skip
