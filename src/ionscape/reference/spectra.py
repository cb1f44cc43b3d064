"""Impedance spectra as programs write them: columns of frequency and impedance, with or without names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import ICE_POINT
from ionscape.errors import InputError
from ionscape.files.columns import delimiter_of, row_cells, to_number
from ionscape.files.quantities import unit_size
from ionscape.files.text import read_text

_UNIT = re.compile(r"^(.*?)\s*(?:[\[(]\s*([^\])]*?)\s*[\])]|/\s*([^/]+))?$")
_NAMES = (
    ("frequency", re.compile(r"f|freq\w*\.?", re.IGNORECASE)),
    (
        "imaginary",
        re.compile(r"-?\s*(?:im\W*z?\W*|z\w*(?:''|\"|″|’’)|z\w*[_ ]?im\w*|im\w*(?:[_ ]\w+)?)", re.IGNORECASE),
    ),
    ("real", re.compile(r"re\W*z?\W*|z\w*(?:'|′|’)|z\w*[_ ]?re\w*|re\w*(?:[_ ]\w+)?", re.IGNORECASE)),
    ("modulus", re.compile(r"\|z\w*\||impedance|(?:abs|mag)\w*\W*z?\W*|z", re.IGNORECASE)),
    ("phase", re.compile(r"-?\s*(?:phase|phi|theta|φ|ϕ|θ)\w*\W*\w*\W*", re.IGNORECASE)),
    ("temperature", re.compile(r"t|temp\w*\.?(?:\s*\w+)?", re.IGNORECASE)),
)
"""By which columns are known, in this order; units stand in brackets or behind a slash."""
_TEMPERATURE = re.compile(r"temp\w*\W{0,6}?([+-]?\d+(?:[.,]\d+)?)\s*(K|°\s*C|℃|deg\s*C|C)\b", re.IGNORECASE)
_IN_NAME = re.compile(r"(?<![A-Za-z\d.,])([+-]?\d+(?:[.,]\d+)?)[\s_]*(K|°C|degC|C)(?![A-Za-z])")
LEAST_CELLS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class ImpedanceSpectrum:
    """A measured impedance.

    Attributes:
        file: where it stood.
        temperature: [K].
        frequency: [Hz], (points,).
        impedance: Z′ + iZ″, Z″ below 0 for a capacitor [Ohm], (points,).
    """

    file: str
    temperature: float
    frequency: FloatArray = field(repr=False)
    impedance: NDArray[np.complex128] = field(repr=False)


def read_impedance(path: str | Path, temperature: float | None = None) -> tuple[ImpedanceSpectrum, ...]:
    """Read a text file with the columns frequency, Z′ and Z″, or frequency, |Z| and phase.

    Columns are known by their names (`frequency (Hz)`, `Z' (kOhm)`, `Zs'' [Ohms]`, `-Im(Z)/Ohm`, `|Z|`,
    `Phase [deg]`) in any order; without names they are frequency, Z′ and Z″ in Hz and Ohm, as impedance.py reads
    them. A column of −Z″ is turned, and so is one of Z″ that is positive nearly everywhere. The temperature stands
    in a column, in the lines above, or in the name of the file (`323K.csv`, `glass_50degC.txt`).

    Args:
        path: of the file.
        temperature: [K]; that of the file or of its name if None.

    Returns:
        One spectrum; of a file with a column of temperatures one for each sweep.

    Raises:
        InputError: no such columns, a number that cannot be used, or no temperature.
    """
    target = Path(path)
    lines = read_text(target).splitlines()
    head, rows, numbers = _table(lines, str(target))
    places = _places(head, str(target))
    values = {name: np.array([row[place] for row in rows]) * size for name, (place, size) in places.items()}
    if "temperature" in places and _is_celsius(head, places["temperature"][0]):
        values["temperature"] = values["temperature"] + ICE_POINT
    frequency = values["frequency"]
    if np.any(~(frequency > 0.0)):
        worst = int(np.flatnonzero(~(frequency > 0.0))[0])
        raise InputError("must be above 0", file=str(target), key=f"line {numbers[worst]}, frequency",
                         value=float(frequency[worst]))  # fmt: skip
    impedance = _impedance(values)
    wrong = ~np.isfinite(impedance) | (np.abs(impedance) == 0.0)
    if wrong.any():
        raise InputError("is no impedance", file=str(target), key=f"line {numbers[int(np.flatnonzero(wrong)[0])]}",
                         value=str(impedance[wrong][0]))  # fmt: skip
    sweeps = _sweeps(frequency) if "temperature" in values else [slice(None)]
    found: list[ImpedanceSpectrum] = []
    for sweep in sweeps:
        own = values["temperature"][sweep] if "temperature" in values else None
        kelvin = temperature
        if kelvin is None:
            kelvin = float(np.mean(own)) if own is not None else _stated_temperature(target, lines)
        if not kelvin > 0.0:
            raise InputError("must be above absolute zero", file=str(target), key="temperature", value=kelvin)
        found.append(ImpedanceSpectrum(file=target.name, temperature=kelvin, frequency=frequency[sweep],
                                       impedance=impedance[sweep]))  # fmt: skip
    return tuple(found)


def _table(lines: Sequence[str], file: str) -> tuple[tuple[str, ...] | None, list[list[float]], list[int]]:
    """Names of the columns, or None, the numbers below, and their lines."""
    plain = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    delimiter = delimiter_of(plain[len(plain) // 2 :]) if plain else "\t"
    if plain and delimiter not in plain[len(plain) // 2]:
        delimiter = None
    head: tuple[str, ...] | None = None
    rows: list[list[float]] = []
    numbers: list[int] = []
    before: tuple[str, ...] = ()
    for number, line in enumerate(lines, start=1):
        cells = row_cells(line.lstrip("#! ").strip() if not rows else line.strip(), delimiter)
        values = [to_number(cell) for cell in cells]
        if len(values) >= LEAST_CELLS and all(value is not None for value in values):
            if not rows:
                head = before if len(before) >= LEAST_CELLS else None
            if rows and len(values) != len(rows[0]):
                raise InputError("has another number of cells than the rows above", file=file, key=f"line {number}",
                                 value=len(values), bound=f"{len(rows[0])}")  # fmt: skip
            rows.append([float(value) for value in values if value is not None])
            numbers.append(number)
        elif rows and cells and not line.lstrip().startswith("#"):
            cell = next((cell for cell, value in zip(cells, values, strict=True) if value is None), line.strip())
            raise InputError("is not a number", file=file, key=f"line {number}", value=cell)
        elif cells:
            before = tuple(cells)
    if not rows:
        remedy = "give columns of frequency, Z' and Z'', with their names above"
        raise InputError("holds no table of three columns of numbers", file=file, remedy=remedy)
    return head, rows, numbers


def _places(head: tuple[str, ...] | None, file: str) -> dict[str, tuple[int, float]]:
    """Column and size of the unit of each quantity."""
    if head is None:
        return {"frequency": (0, 1.0), "real": (1, 1.0), "imaginary": (2, 1.0)}
    found: dict[str, tuple[int, float]] = {}
    for place, cell in enumerate(head):
        match = _UNIT.match(cell.strip().strip('"'))
        assert match is not None
        name, unit = match[1].strip(), (match[2] or match[3] or "").strip()
        if re.fullmatch(r"-?\s*(?:im|re)", name, re.IGNORECASE) and unit.lower().startswith("z"):
            unit = cell.rpartition("/")[2].strip() if "/" in cell else ""  # Re(Z)/Ohm
        known = next((what for what, pattern in _NAMES if pattern.fullmatch(name)), None)
        if known is None or known in found:
            continue
        size = _size(known, unit, file, cell)
        sign = -1.0 if known in ("imaginary", "phase") and name.startswith(("-", "\N{MINUS SIGN}")) else 1.0
        found[known] = place, sign * size
    polar = "modulus" in found and "phase" in found
    if "frequency" not in found or not (polar or ("real" in found and "imaginary" in found)):
        remedy = "name the columns as in: frequency (Hz), Z' (ohm), Z'' (ohm)"
        raise InputError("does not name frequency, Z' and Z''", file=file, value=", ".join(head), remedy=remedy)
    return found


def _size(what: str, unit: str, file: str, cell: str) -> float:
    """The unit of a column in SI units; of temperatures that of a difference."""
    if what == "phase":
        return 1.0 if unit.lower() in ("rad", "radian", "radians") else math.pi / 180.0
    plain = unit.replace("\N{OHM SIGN}", "ohm").replace("\N{GREEK CAPITAL LETTER OMEGA}", "ohm")
    plain = re.sub(r"ohms\b", "ohm", plain, flags=re.IGNORECASE)
    plain = re.sub(r"([kMGm]?)Ohm\b", r"\1ohm", plain)
    if what == "temperature" or not plain:
        return 1.0
    try:
        return unit_size(plain, "frequency" if what == "frequency" else "resistance")
    except InputError as error:
        raise error.located(file=file, key=cell) from None


def _is_celsius(head: tuple[str, ...] | None, place: int) -> bool:
    return head is not None and re.search(r"[\[(/]\s*(?:°|deg)?\s*C\b|℃", head[place]) is not None


def _impedance(values: dict[str, FloatArray]) -> NDArray[np.complex128]:
    if "real" in values and "imaginary" in values:
        real, imaginary = values["real"], values["imaginary"]
    else:
        whole = values["modulus"] * np.exp(1j * values["phase"])
        real, imaginary = whole.real, whole.imag
    # of glasses Z″ is negative; programs that draw Nyquist plots write it positive
    turned = -imaginary if np.count_nonzero(imaginary > 0.0) > 0.5 * imaginary.size else imaginary
    return real + 1j * turned


def _sweeps(frequency: FloatArray) -> list[slice]:
    """Where one sweep after the other begins: the frequency jumps back."""
    steps = np.sign(np.diff(frequency))
    usual = np.sign(steps.sum())
    starts = [0, *(np.flatnonzero(steps == -usual) + 1).tolist()]
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], frequency.size], strict=True)]


def _stated_temperature(path: Path, lines: Sequence[str]) -> float:
    """The temperature that the lines of a file or its name state [K].

    Raises:
        InputError: neither does.
    """
    for text, pattern in ((" ".join(lines[:60]), _TEMPERATURE), (path.stem, _IN_NAME)):
        if match := pattern.search(text):
            value = float(match[1].replace(",", "."))
            return value if match[2].upper() == "K" else value + ICE_POINT
    remedy = 'write it into the name of the file ("323K.csv", "50degC.csv") or in a line "temperature: 323 K" above'
    raise InputError("states no temperature", file=str(path), remedy=remedy)
