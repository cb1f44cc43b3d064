"""Tables of measured network former units in CSV files."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from ionscape.errors import InputError, nearest_name
from ionscape.files.columns import delimiter_of, to_number
from ionscape.files.kinds import kind_of
from ionscape.glass.units import MEASURED_TOLERANCE, UNIT_NAMES, NetworkFormerUnits

COLUMNS = ("x", *UNIT_NAMES)


def read_unit_table(path: Path) -> list[tuple[float, NetworkFormerUnits]]:
    """Read (x, units) from a CSV file, sorted by x; see `ionscape.glass.read_measured_units`.

    Raises:
        InputError: naming file, line and column.
    """
    file = str(path)
    header: list[str] = []
    found: dict[float, NetworkFormerUnits] = {}
    text = _text(path)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter_of(text.splitlines()), skipinitialspace=True)
    for cells in reader:
        if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            _check_header(header, file=file)
            continue
        line = f"line {reader.line_num}"
        values = _row(cells, header, file=file, line=line)
        borate = values.pop("x")
        if borate in found:
            raise InputError("appears twice", file=file, key=f"{line}, x", value=borate, remedy="keep one of the lines")
        found[borate] = _units(values, borate=borate, file=file, line=line)
    if not found:
        raise InputError("has no line of numbers", file=file, remedy=f"start it with {', '.join(COLUMNS)}")
    return sorted(found.items())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        if (kind := kind_of(path)) is not None:
            raise kind.error(str(path)) from None
        raise InputError("is not a text in UTF-8", file=str(path), remedy="save it in UTF-8") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"cannot be read ({reason})", file=str(path), remedy="check its name and folder") from None


def _check_header(header: list[str], *, file: str) -> None:
    for name in header:
        if name not in COLUMNS:
            raise InputError(
                "is not a column of a table of units", file=file, key="line 1", value=name,
                remedy=f'the nearest is "{nearest_name(name, COLUMNS)}"; the columns are {", ".join(COLUMNS)}',
            )  # fmt: skip
        if header.count(name) > 1:
            raise InputError("appears twice", file=file, key="line 1", value=name, remedy="keep one of the columns")
    if "x" not in header:
        raise InputError("lacks the column x", file=file, remedy="give the borate fraction of each glass")


def _row(cells: list[str], header: list[str], *, file: str, line: str) -> dict[str, float]:
    if len(cells) != len(header):
        raise InputError(
            f"has {len(cells)} values for {len(header)} columns",
            file=file,
            key=line,
            remedy="complete it, and put numbers with a decimal comma between quotation marks",
        )
    values: dict[str, float] = {}
    for name, cell in zip(header, cells, strict=True):
        number = to_number(cell)
        values[name] = math.nan if number is None else number
        if not (math.isfinite(values[name]) and values[name] >= 0.0):
            raise InputError(
                "must be a number from 0 on", file=file, key=f"{line}, {name}", value=cell, remedy="write 0 for none"
            )
    if values["x"] > 1.0:
        raise InputError("must be from 0 to 1", file=file, key=f"{line}, x", value=values["x"])
    return values


def _units(values: dict[str, float], *, borate: float, file: str, line: str) -> NetworkFormerUnits:
    total = math.fsum(values.values())
    scale = 100.0 if abs(total - 100.0) <= 100.0 * MEASURED_TOLERANCE else 1.0
    if abs(total / scale - 1.0) > MEASURED_TOLERANCE:
        raise InputError(f"sums to {total:.6g} instead of 1 or 100", file=file, key=line, remedy="check the numbers")
    units = NetworkFormerUnits(fractions={name: values.get(name, 0.0) / total for name in UNIT_NAMES})
    boron = math.fsum(value for name, value in units.fractions.items() if name.startswith("B"))
    if abs(boron - borate) > MEASURED_TOLERANCE:
        problem = f"has {boron:.4g} borate units per network former cation where x is {borate:.4g}"
        raise InputError(problem, file=file, key=line, remedy="check the numbers")
    return units
