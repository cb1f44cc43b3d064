"""Tables of concentrations over depth: which column is what, in which unit, with which error.

    depth (µm), K2O (mol%), K2O error (mol%), Na2O (mol%)      one depth per point
    from (nm), to (nm), Na (wt.%)                              means of intervals, or `thickness (nm)` of layers
    depth K (µm), K (at.%), depth Na (µm), Na (at.%)           each element at depths of its own

Empty cells were not measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.files.columns import to_number
from ionscape.files.csv_table import CsvTable, read_csv_table
from ionscape.files.quantities import unit_size

from .crater_scan import UNIT_ALIASES
from .raw import Channel, RawProfile
from .readers.build import split_unit
from .readers.text import file_hash
from .species import parse_species

FORMAT = "concentrations"
EXAMPLE = '"depth (nm), K2O (mol%), K2O error (mol%)"'
UNITS = "1/cm^3, at.%, mol% or wt.%"
IntArray = NDArray[np.intp]
UnitKind = Literal["number density", "at.%", "mol%", "wt.%"]
Role = Literal["depth", "from", "to", "thickness", "value", "error"]

_ERROR = re.compile(r"\b(?:error|err|sigma|std|uncertainty|standard deviation)\b|[±σ]", re.IGNORECASE)
_EDGES: Mapping[Role, re.Pattern[str]] = {
    "from": re.compile(r"\b(?:from|top|start)\b", re.IGNORECASE),
    "to": re.compile(r"\b(?:to|bottom|end)\b", re.IGNORECASE),
    "thickness": re.compile(r"\bthickness\b", re.IGNORECASE),
    "depth": re.compile(r"\bdepth\b", re.IGNORECASE),
}
_SHARES: Mapping[str, UnitKind] = {
    "at": "at.%", "atom": "at.%", "atomic": "at.%", "mol": "mol%", "mole": "mol%", "wt": "wt.%", "weight": "wt.%",
    "mass": "wt.%",
}  # fmt: skip
_SHARE = re.compile(r"(at|atom|atomic|mol|mole|wt|weight|mass)\.?\s*-?\s*%", re.IGNORECASE)
_BEHIND = re.compile(r"(.+?)\s*(?:/\s*)?((?:at|atom|atomic|mol|mole|wt|weight|mass)\.?\s*-?\s*%)", re.IGNORECASE)
_SLASHED = re.compile(r"(\S+)\s*/\s*\(?((?:1/|atoms?/|ions?/)?[nµuc]?m\S*)\)?", re.IGNORECASE)
_COUNTED = re.compile(r"(?:atoms?|at|ions?)\.?\s*(/|(?=[nµuc]?m\^?[-⁻]))\s*", re.IGNORECASE)
_PASSED_OVER = re.compile(r"(?:point|number|no\.?|line|comment|total|sum|#)\b.*|", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit of concentrations.

    Attributes:
        kind: what it counts.
        size: of a number density [1/m^3]; 1 for shares.
    """

    kind: UnitKind
    size: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class ConcentrationColumn:
    """Concentrations of an element, or of its oxide.

    Attributes:
        name: of the column, without its unit.
        element: that is not oxygen, unless nothing else is there.
        atoms: of it in the formula of the name: 2 for K2O, 1 for K.
        oxygens: in that formula.
        unit: as the header states it; None where it states none.
        values: in that unit, NaN where nothing was measured, shape (points,).
        errors: standard deviations, shape (points,); None where the table has none.
    """

    name: str
    element: str
    atoms: int
    oxygens: int
    unit: str | None
    values: FloatArray
    errors: FloatArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class ConcentrationTable:
    """A table of concentrations as it was read.

    Attributes:
        file: its name.
        depth: of the points, or middle of the intervals [m], rising, shape (points,).
        edges: upper and lower end of the intervals [m], shape (2, points); None for points.
        columns: the concentrations.
    """

    file: str
    depth: FloatArray
    edges: FloatArray | None
    columns: tuple[ConcentrationColumn, ...]

    def raw(self, sha256: str) -> RawProfile:
        """The numbers as they stand in the table, where other measurements have their counts."""
        channels = tuple(
            Channel(name=column.name, kind="ion", species=parse_species(column.name), column=place)
            for place, column in enumerate(self.columns, start=2)
        )
        return RawProfile(
            file=self.file, format=FORMAT, sha256=sha256, sputter_time=None, depth=self.depth, channels=channels,
            intensity=np.array([column.values for column in self.columns]),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What the head of a column says."""

    place: int
    role: Role
    name: str = ""
    unit: str | None = None
    size: float = 1.0


def read_concentrations(path: str | Path) -> tuple[ConcentrationTable, str]:
    """Read a table of concentrations and the hash of its file.

    Raises:
        InputError: a column has no unit of depth or is no element, a value is missing, negative or no number, depths do
            not rise; names line and column.
    """
    path = Path(path)
    table = read_csv_table(path, file=str(path), is_header=_names_depth)
    if not table.rows:
        raise InputError("has no numbers below the names of its columns", file=str(path), key=f"line {table.line}")
    heads = [head for place, cell in enumerate(table.names) if (head := _head(table, place, cell)) is not None]
    table.check([head.place for head in heads])
    _check_heads(table, heads)
    depth, edges, rows = _depths(table, heads)
    columns = tuple(
        _column(table, head, heads, _rows_of(table, rows, head), depth.size) for head in heads if head.role == "value"
    )
    measured = np.any([np.isfinite(column.values) for column in columns], axis=0)
    if not measured.any():
        raise InputError("has no concentrations below the names of its columns", file=str(path),
                         key=f"line {table.line}", remedy="give numbers")  # fmt: skip
    columns = tuple(
        replace(column, values=column.values[measured],
                errors=None if column.errors is None else column.errors[measured])
        for column in columns
    )  # fmt: skip
    edges = None if edges is None else edges[:, measured]
    return ConcentrationTable(file=str(path), depth=depth[measured], edges=edges, columns=columns), file_hash(path)


def read_unit(text: str) -> Unit:
    """The unit of concentrations of a text such as "at.%", "mol %", "atoms/cm^3" or "cm-3".

    Raises:
        InputError: it is none.
    """
    share = _SHARE.fullmatch(text.strip())
    if share is not None:
        return Unit(kind=_SHARES[share[1].lower()])
    plain = _COUNTED.sub(lambda match: "1/" if match[1] else "", text.strip())
    plain = re.sub(r"(m)\s*(?:\^|\*\*)?\s*(-?)3$", r"\1^\g<2>3", plain.replace("⁻³", "-3").replace("³", "3"))
    try:
        return Unit(kind="number density", size=unit_size(plain, "number density"))
    except InputError:
        raise InputError("is no unit of concentrations", value=text, remedy=f"write {UNITS}") from None


def _names_depth(cells: Sequence[str]) -> bool:
    """Whether one of the cells is the head of a column of depths, and none is a number."""
    named = any(_EDGES[role].search(cell) for cell in cells for role in ("depth", "thickness", "from"))
    return named and not any(to_number(cell) is not None for cell in cells)


def _head(table: CsvTable, place: int, cell: str) -> _Head | None:
    """What the head of a column says; None for one that is passed over."""
    key = f"line {table.line}, column {place + 1}"
    role: Role | None = next((role for role, pattern in _EDGES.items() if pattern.search(cell)), None)
    if role is not None:
        name, unit = split_unit(cell)
        if unit is None:
            raise InputError("has no unit of length", file=table.file, key=key, value=cell,
                             remedy=f'write it as in "{name} (nm)"')  # fmt: skip
        try:
            size = unit_size(UNIT_ALIASES.get(unit, unit), "length")
        except InputError as error:
            raise error.located(file=table.file, key=key) from None
        for pattern in _EDGES.values():
            name = pattern.sub("", name)
        return _Head(place=place, role=role, name=name.strip(" _-,"), size=size)
    if _PASSED_OVER.fullmatch(cell.strip()):
        return None
    name, unit = _name_and_unit(cell)
    bare = _ERROR.sub("", name).strip(" _-,")
    if _ERROR.search(cell):
        return _Head(place=place, role="error", name=bare, unit=unit)
    if _element(bare) is None:
        raise InputError("is no element and no oxide of one", file=table.file, key=key, value=cell,
                         remedy=f"write the header line as {EXAMPLE}, and delete other columns")  # fmt: skip
    if unit is not None:
        try:
            read_unit(unit)
        except InputError as error:
            raise error.replace(file=table.file, key=key, value=cell) from None
    return _Head(place=place, role="value", name=bare, unit=unit)


def _name_and_unit(cell: str) -> tuple[str, str | None]:
    for pattern in (_BEHIND, _SLASHED):
        if (match := pattern.fullmatch(cell.strip())) is not None:
            return match[1].strip(), match[2]
    return split_unit(cell)


def _element(name: str) -> tuple[str, int, int] | None:
    """Element, its atoms and the oxygens of a formula; None for anything but an element or an oxide of one."""
    species = parse_species(name)
    if species is None:
        return None
    atoms = dict(species.elements)
    oxygens = atoms.pop("O", 0)
    if not atoms:
        return ("O", 1, 0) if oxygens == 1 else None
    if len(atoms) > 1:
        return None
    (element, number), *_ = atoms.items()
    return element, number, oxygens


def _depths(table: CsvTable, heads: Sequence[_Head]) -> tuple[FloatArray, FloatArray | None, dict[str, IntArray]]:
    """Depths of all points, ends of the intervals, and where the rows stand among the points, −1 for rows without.

    The latter by the element whose depths they are, "" for depths of all, each of shape (rows,).
    """
    by_name: dict[str, dict[Role, _Head]] = {}
    for head in heads:
        if head.role in _EDGES:
            by_name.setdefault(_own(head.name), {})[head.role] = head
    ends = {name: _ends(table, columns) for name, columns in by_name.items()}
    if len({each.ndim for each in ends.values()}) > 1:
        raise InputError("has points and intervals", file=table.file, key=f"line {table.line}",
                         remedy="give the one or the others in a file")  # fmt: skip
    middles = {name: each if each.ndim == 1 else each.mean(axis=0) for name, each in ends.items()}
    points = np.unique(np.concatenate([each[np.isfinite(each)] for each in middles.values()]))
    rows = {
        name: np.where(np.isfinite(each), np.searchsorted(points, np.nan_to_num(each)), -1)
        for name, each in middles.items()
    }
    first = next(iter(ends.values()))
    if first.ndim == 1:
        return points, None, rows
    edges = np.empty((2, points.size))
    for name, each in ends.items():
        known = rows[name] >= 0
        edges[:, rows[name][known]] = each[:, known]
    return points, edges, rows


def _own(name: str) -> str:
    found = _element(name) if name else None
    return "" if found is None else found[0]


def _ends(table: CsvTable, columns: Mapping[Role, _Head]) -> FloatArray:
    """Depths of the rows [m], shape (rows,), or ends of their intervals, shape (2, rows); NaN where cells are empty."""
    numbers = {role: _numbers(table, head.place, size=head.size) for role, head in columns.items()}
    where = next(iter(columns.values())).place
    if "thickness" in numbers:
        thickness = numbers["thickness"]
        _refuse(table, where, ~(thickness > 0.0), "is a layer without thickness", "give its thickness")
        lower = np.cumsum(thickness)
        return np.array([lower - thickness, lower])
    if ("from" in numbers) != ("to" in numbers):
        raise InputError("gives one end of the intervals only", file=table.file, key=f"line {table.line}",
                         remedy='write "from (nm), to (nm)", or "depth (nm)" for points')  # fmt: skip
    if "from" in numbers:
        upper, lower = numbers["from"], numbers["to"]
        _refuse(table, columns["to"].place, ~(lower > upper), "ends where it begins or above", "give the lower end")
        _refuse(table, where, np.append(False, upper[1:] < lower[:-1] - 1e-6 * lower[:-1]),
                "begins above the end of the one before", "sort the intervals by depth")  # fmt: skip
        return np.array([upper, lower])
    depth = numbers["depth"]
    known = np.isfinite(depth)
    rising = np.zeros(depth.size, dtype=bool)
    rising[known] = np.append(True, np.diff(depth[known]) > 0.0)
    _refuse(table, where, known & ~rising, "is a depth that is not greater than the one before",
            "sort the points by depth, each depth once")  # fmt: skip
    _refuse(table, where, known & (depth < 0.0), "is a depth above the surface", "leave the line out")
    return depth


def _rows_of(table: CsvTable, rows: Mapping[str, IntArray], head: _Head) -> IntArray:
    """Where the rows of a column stand among the points: by depths of its element, else by those of all."""
    element = _own(head.name)
    found = rows.get(element, rows.get(""))
    if found is None:
        raise InputError("has no depths", file=table.file, key=f"line {table.line}, column {head.place + 1}",
                         value=table.names[head.place],
                         remedy=f'add a column "depth {element} (nm)", or "depth (nm)" for all')  # fmt: skip
    return found


def _column(table: CsvTable, head: _Head, heads: Sequence[_Head], rows: IntArray, points: int) -> ConcentrationColumn:
    found = _element(head.name)
    assert found is not None
    element, atoms, oxygens = found
    values, errors = _placed(table, head, rows, points), None
    for other in heads:
        if other.role == "error" and _belongs(other, head):
            errors = _placed(table, other, rows, points)
            _check_errors(table, head, other)
    return ConcentrationColumn(
        name=head.name, element=element, atoms=atoms, oxygens=oxygens, unit=head.unit, values=values, errors=errors
    )


def _belongs(error: _Head, value: _Head) -> bool:
    """Whether a column of errors is that of a column of values: by its name, or without one by standing behind it."""
    return error.name == value.name or (error.name == "" and error.place == value.place + 1)


def _check_heads(table: CsvTable, heads: Sequence[_Head]) -> None:
    """Refuse what is there twice, and errors of nothing."""
    values = [head for head in heads if head.role == "value"]
    if not values:
        raise InputError("has no column of concentrations", file=table.file, key=f"line {table.line}",
                         remedy=f"write the header line as {EXAMPLE}")  # fmt: skip
    for number, head in enumerate(heads):
        key, cell = f"line {table.line}, column {head.place + 1}", table.names[head.place]
        if any(other.role == head.role and other.name == head.name for other in heads[:number]):
            raise InputError("is there twice", file=table.file, key=key, value=cell,
                             remedy="delete one of the two columns")  # fmt: skip
        if head.role == "error" and not any(_belongs(head, value) for value in values):
            raise InputError("is the error of no column", file=table.file, key=key, value=cell,
                             remedy='name it as its values, as in "K2O (mol%), K2O error (mol%)"')  # fmt: skip


def _check_errors(table: CsvTable, value: _Head, error: _Head) -> None:
    errors = _numbers(table, error.place)
    _refuse(table, error.place, np.isfinite(errors) & ~(errors > 0.0), "is an error that is not greater than 0",
            "give one standard deviation")  # fmt: skip
    unknown = np.isfinite(_numbers(table, value.place)) & ~np.isfinite(errors)
    _refuse(table, error.place, unknown, "is empty where a value has been measured", "give one standard deviation")
    if error.unit is not None and value.unit is not None and read_unit(error.unit) != read_unit(value.unit):
        raise InputError("has another unit than its values", file=table.file,
                         key=f"line {table.line}, column {error.place + 1}", value=table.names[error.place],
                         remedy=f"give it in {value.unit}")  # fmt: skip


def _placed(table: CsvTable, head: _Head, rows: IntArray, points: int) -> FloatArray:
    """The numbers of a column at the points, NaN elsewhere, shape (points,)."""
    numbers = _numbers(table, head.place)
    _refuse(table, head.place, np.isfinite(numbers) & (rows < 0), "has no depth", "give its depth, or empty the cell")
    found = np.full(points, np.nan)
    there = rows >= 0
    found[rows[there]] = numbers[there]
    return found


def _numbers(table: CsvTable, place: int, *, size: float = 1.0) -> FloatArray:
    """The numbers of a column times a size, NaN where a cell is empty, shape (rows,)."""
    remedy = "write a number, or leave the cell empty where nothing was measured"
    return np.array([
        table.number(row, place, size=size, remedy=remedy) if cells[place] else np.nan
        for row, (_, cells) in enumerate(table.rows)
    ])  # fmt: skip


def _refuse(table: CsvTable, place: int, wrong: NDArray[np.bool_], problem: str, remedy: str) -> None:
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise InputError(problem, file=table.file, key=table.key(row, place), value=table.rows[row][1][place],
                         remedy=remedy)  # fmt: skip
