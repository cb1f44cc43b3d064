"""Tables of measured network former units in CSV files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from ionscape.errors import InputError, nearest_name
from ionscape.files.csv_table import read_csv_table
from ionscape.files.fields import FRACTION, NOT_NEGATIVE
from ionscape.glass.kinds import UNIT_KINDS
from ionscape.glass.units import MEASURED_TOLERANCE, NetworkFormerUnits

UNIT_NAMES = tuple(kind.name for kind in UNIT_KINDS)
COLUMNS = ("x", *UNIT_NAMES)


def read_measured_units(path: str | Path) -> list[tuple[float, NetworkFormerUnits]]:
    """Read measured fractions of units against the borate fraction from a CSV file.

    The first line names the columns: `x` and kinds of units (`B4`, `P2` ...); kinds without a column are absent. Each
    further line is one glass, in fractions or in per cent. Empty lines and lines that start with `#` are skipped.
    The sum of each line has to be 1 (or 100 %) within 0.03 and is then scaled to 1.

    Returns:
        (x, units), sorted by x.

    Raises:
        InputError: naming file, line and column.
    """
    file = str(path)
    found: dict[float, NetworkFormerUnits] = {}
    table = read_csv_table(Path(path), file=file, by_name=True)
    _check_header(table.names, file=file)
    for row, (number, _) in enumerate(table.rows):
        line = f"line {number}"
        values = {
            name: table.number(row, place, bounds=FRACTION if name == "x" else NOT_NEGATIVE, remedy="write 0 for none")
            for place, name in enumerate(table.names)
        }
        borate = values.pop("x")
        if borate in found:
            raise InputError("appears twice", file=file, key=f"{line}, x", value=borate, remedy="keep one of the lines")
        found[borate] = _units(values, borate=borate, file=file, line=line)
    if not found:
        raise InputError("has no line of numbers", file=file, remedy=f"start it with {', '.join(COLUMNS)}")
    return sorted(found.items())


def _check_header(header: Sequence[str], *, file: str) -> None:
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
