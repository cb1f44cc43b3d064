"""Values with units at the edge of the package: text to SI numbers on the way in, SI numbers to text on the way out.

Inside the package there are plain SI floats only. pint reads the units; its registry is made once, at the first use,
since that takes half a second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from ionscape.constants import AVOGADRO_CONSTANT, ELECTRON_VOLT
from ionscape.errors import InputError

__all__ = ["DimensionName", "format_quantity", "quantity", "unit_size"]

DimensionName = Literal[
    "length", "area", "number density", "diffusion coefficient", "energy", "temperature", "time", "voltage", "current",
    "charge", "velocity", "frequency", "rate", "conductivity", "mass density", "pressure", "resistance",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DisplayUnit:
    """A unit in which values are shown to people.

    Attributes:
        unit: its name.
        size: the unit in SI units.
        smallest: the smallest magnitude, in this unit, for which it is chosen.
    """

    unit: str
    size: float
    smallest: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """What a quantity measures.

    Attributes:
        name: with which messages speak of it.
        unit: its SI unit.
        example: a valid text.
        display: units for people, from the smallest to the largest; empty for the SI unit alone.
    """

    name: DimensionName
    unit: str
    example: str
    display: tuple[DisplayUnit, ...] = field(default=())


def _units(**sizes: float) -> tuple[DisplayUnit, ...]:
    return tuple(DisplayUnit(unit=unit, size=size) for unit, size in sizes.items())


_ALL_DIMENSIONS = (
    Dimension(name="length", unit="m", example="2.325 mm", display=_units(pm=1e-12, nm=1e-9, µm=1e-6, mm=1e-3, m=1.0)),
    Dimension(
        name="area",
        unit="m^2",
        example="28.26 mm^2",
        display=(
            DisplayUnit(unit="nm^2", size=1e-18),
            DisplayUnit(unit="µm^2", size=1e-12),
            DisplayUnit(unit="mm^2", size=1e-6, smallest=0.01),
            DisplayUnit(unit="m^2", size=1.0, smallest=0.01),
        ),
    ),
    Dimension(name="number density", unit="1/m^3", example="1.4e28 1/m^3"),
    Dimension(name="diffusion coefficient", unit="m^2/s", example="5.8e-19 m^2/s"),
    Dimension(
        name="energy",
        unit="J",
        example="0.65 eV",
        display=(
            DisplayUnit(unit="meV", size=1e-3 * ELECTRON_VOLT),
            # Activation energies and widths are quoted as fractions of an electron volt.
            DisplayUnit(unit="eV", size=ELECTRON_VOLT, smallest=0.1),
        ),
    ),
    Dimension(name="temperature", unit="K", example="323.15 K"),
    Dimension(
        name="time", unit="s", example="94.46 h", display=_units(ns=1e-9, µs=1e-6, ms=1e-3, s=1.0, min=60.0, h=3600.0)
    ),
    Dimension(
        name="voltage",
        unit="V",
        example="15 V",
        display=(*_units(nV=1e-9, µV=1e-6, mV=1e-3), DisplayUnit(unit="V", size=1.0, smallest=0.1), *_units(kV=1e3)),
    ),
    Dimension(
        name="current",
        unit="A",
        example="20 nA",
        display=_units(fA=1e-15, pA=1e-12, nA=1e-9, µA=1e-6, mA=1e-3, A=1.0),
    ),
    Dimension(name="velocity", unit="m/s", example="0.22 nm/s", display=(DisplayUnit(unit="nm/s", size=1e-9),)),
    Dimension(name="frequency", unit="Hz", example="4e14 Hz"),
    Dimension(name="rate", unit="1/s", example="217 1/s"),
    Dimension(name="conductivity", unit="S/m", example="1e-7 S/m"),
    Dimension(name="resistance", unit="ohm", example="3.2 Mohm"),
    Dimension(name="mass density", unit="kg/m^3", example="2.3 g/cm^3"),
    Dimension(
        name="pressure",
        unit="Pa",
        example="72 GPa",
        display=(*_units(Pa=1.0, kPa=1000.0, MPa=1000000.0), DisplayUnit(unit="GPa", size=1000000000.0, smallest=10.0)),
    ),
    Dimension(name="charge", unit="C", example="2.52 mC", display=_units(pC=1e-12, nC=1e-9, µC=1e-6, mC=1e-3, C=1.0)),
)

DIMENSIONS: Mapping[DimensionName, Dimension] = MappingProxyType({entry.name: entry for entry in _ALL_DIMENSIONS})
"""All dimensions that the package reads or shows, by name."""

_NUMBER_AND_UNIT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\d.])\s*(.*?)\s*", re.DOTALL)
_NOT_FINITE = re.compile(r"\s*[+-]?(nan|inf|infinity)\b", re.IGNORECASE)
_UNIT_CHARACTERS = re.compile(r"(?:[^\W\d]|[1/°%(])[\w°%·*/^().+\-⁻\s]*")
# Powers have one digit and are not raised again: pint would evaluate 9^9^9^9 as a number.
_UNUSUAL_POWER = re.compile(r"(?:\^|\*\*)(?!\s*\(?\s*[+-]?\d(?![\d.]))|\d\s*\)?\s*(?:\^|\*\*)")
LONGEST_UNIT = 40


def quantity(text: object, dimension: DimensionName) -> float:
    """Read a number with its unit and give it in SI units.

    Temperatures are absolute: "50 degC" is 323.15 K. Energies are per particle: "62.7 kJ/mol" is divided by
    Avogadro's constant.

    Args:
        text: number and unit, such as "2.325 mm", "1.4e28 1/m^3" or "50 degC".
        dimension: what the number has to measure, a key of `DIMENSIONS`.

    Returns:
        The value in the SI unit of the dimension (`DIMENSIONS[dimension].unit`), finite.

    Raises:
        InputError: not a text, no number, no unit, unknown unit, wrong dimension, or not finite.

    Examples:
        >>> quantity("2 mm", "length")
        0.002
        >>> quantity("50 degC", "temperature")
        323.15
    """
    wanted = DIMENSIONS[dimension]
    remedy = f"give {_with_article(wanted.name)} with its unit, such as {_quoted(wanted.example)}"
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise InputError(f"must be a text with a number and a unit of {wanted.name}", value=text, remedy=remedy)
    if not isinstance(text, str):
        raise InputError("is a number without a unit", value=text, remedy=remedy)
    # Minus signs from word processors and papers.
    match = _NUMBER_AND_UNIT.fullmatch(text.replace("\N{MINUS SIGN}", "-"))
    if match is None:
        problem = "must be finite" if _NOT_FINITE.match(text) else "does not start with a number"
        raise InputError(problem, value=text, remedy=remedy)
    number, unit = float(match[1]), match[2]
    if not unit:
        raise InputError("is a number without a unit", value=text, remedy=remedy)
    if not math.isfinite(number):
        raise InputError("must be finite", value=text, remedy=remedy)
    if unit.startswith(","):
        remedy = f"write a decimal point, as in {_quoted(wanted.example)}"
        raise InputError("has a decimal comma", value=text, remedy=remedy)
    try:
        value = _to_si(number, unit, wanted)
    except InputError as error:
        raise error.located(value=text) from None
    if not math.isfinite(value):
        raise InputError("must be finite", value=text, remedy=remedy)
    return value


def unit_size(unit: str, dimension: DimensionName) -> float:
    """The size of a unit in SI units, to scale a column of numbers: 1e-6 for "mm^2" and "area".

    Args:
        unit: in letters, as behind a number in a file.
        dimension: the one that it must have.

    Raises:
        InputError: the unit is unknown, of another dimension, or has an offset as degC has.
    """
    wanted = DIMENSIONS[dimension]
    try:
        size, twice = _to_si(1.0, unit, wanted), _to_si(2.0, unit, wanted)
    except InputError as error:
        raise error.located(value=unit) from None
    if twice != 2.0 * size:
        raise InputError("has an offset and cannot scale a column", value=unit, remedy=f"use {_quoted(wanted.unit)}")
    return size


def format_quantity(value: float, dimension: DimensionName, *, digits: int = 4) -> str:
    """Show an SI value to people, in the unit that suits its magnitude.

    Args:
        value: in the SI unit of the dimension.
        dimension: a key of `DIMENSIONS`.
        digits: significant digits.

    Returns:
        A text that `quantity` reads back to the digits shown.

    Examples:
        >>> format_quantity(5.11e-8, "length")
        '51.1 nm'
        >>> format_quantity(2.819e-3, "charge")
        '2.819 mC'
    """
    chosen = display_unit(value, dimension, digits=digits)
    return f"{value / chosen.size:.{digits}g} {chosen.unit}"


def display_unit(value: float, dimension: DimensionName, *, digits: int = 4) -> DisplayUnit:
    """The unit that suits the magnitude of an SI value: that in which `format_quantity` shows it."""
    shown_in = DIMENSIONS[dimension]
    units = shown_in.display or (DisplayUnit(unit=shown_in.unit, size=1.0),)
    if not math.isfinite(value) or value == 0.0:
        return next((unit for unit in units if unit.size == 1.0), units[-1])
    # Rounded first, so that 999.99999 nm is shown as 1 µm.
    magnitude = float(f"{abs(value):.{digits}g}")
    # The tolerance absorbs the rounding of the quotient.
    fitting = [unit for unit in units if magnitude / unit.size >= unit.smallest * (1.0 - 1e-12)]
    return fitting[-1] if fitting else units[0]


def dimension_of(unit: str) -> DimensionName | None:
    """The dimension that an SI unit measures, if it has units for people; None for any other unit."""
    return next((name for name, entry in DIMENSIONS.items() if entry.unit == unit and entry.display), None)


def with_error(value: float, error: float) -> tuple[str, str]:
    """A value and its error to the same decimal place, the error with two digits.

    Both carry one power of ten where the numbers are too large or too small to be read without.

    Examples:
        >>> with_error(164.5271, 1.0)
        ('164.5', '1.0')
        >>> with_error(3.9121e24, 2.134e22)
        ('3.912e+24', '0.021e+24')
    """
    if not (math.isfinite(value) and math.isfinite(error) and error > 0.0):
        return (f"{value:.5g}", "-") if math.isfinite(value) else ("-", "-")
    error = float(f"{error:.1e}")
    place = math.floor(math.log10(error)) - 1  # of the second digit of the error
    top = math.floor(math.log10(max(abs(value), error)))
    if place <= 0 and -3 <= top < 6:
        return f"{value:.{-place}f}", f"{error:.{-place}f}"
    size, decimals = 10.0**top, top - place
    return f"{value / size:.{decimals}f}e{top:+03d}", f"{error / size:.{decimals}f}e{top:+03d}"


def shown_unit(unit: str) -> tuple[float, str]:
    """Size and name of the unit in which people read values of an SI unit."""
    return {"J": (ELECTRON_VOLT, "eV"), "m": (1e-9, "nm"), "s": (3600.0, "h")}.get(unit, (1.0, unit))


@cache
def unit_registry() -> Any:
    """The one pint registry of the package, made at the first call."""
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@cache
def _parsed_unit(unit: str) -> Any:
    """The pint unit of a text.

    Raises:
        InputError: it is not a unit that pint knows.
    """
    from tokenize import TokenError

    import pint

    remedy = 'write units as in "mm", "1/m^3", "cm^-3", "m^2/s", "eV", "degC"'
    problem = f"has no valid unit in {_quoted(unit)}"
    plausible = _UNIT_CHARACTERS.fullmatch(unit) and not _UNUSUAL_POWER.search(unit) and len(unit) <= LONGEST_UNIT
    if not plausible:
        raise InputError(problem, remedy=remedy, code="no_unit")
    try:
        return unit_registry().parse_units(unit)
    except pint.UndefinedUnitError as error:
        names = error.args[0]
        unknown = names if isinstance(names, str) else ", ".join(names)
        if power := re.fullmatch(r"([^\W\d]+)(\d)", unknown):
            remedy = f"write powers as in {_quoted(f'{power[1]}^{power[2]}')}"
        raise InputError(f"has the unknown unit {_quoted(unknown)}", remedy=remedy) from None
    except (
        pint.PintError,
        ValueError,
        TypeError,
        AttributeError,
        AssertionError,
        SyntaxError,
        TokenError,
        ArithmeticError,
    ):
        # pint lets the errors of Python's tokenizer and of its own parser through.
        raise InputError(problem, remedy=remedy, code="no_unit") from None


def _to_si(number: float, unit: str, wanted: Dimension) -> float:
    parsed = _parsed_unit(unit)
    registry = unit_registry()
    dimensionality = parsed.dimensionality
    expected = registry.parse_units(wanted.unit).dimensionality
    per_mole = wanted.name == "energy" and dimensionality == registry.parse_units("J/mol").dimensionality
    # A temperature difference has the dimension of a temperature, yet is none.
    difference = wanted.name == "temperature" and str(parsed).startswith("delta_")
    if not (dimensionality == expected or per_mole) or difference:
        found = _dimension_found(dimensionality)
        found = "a temperature difference" if difference else found
        remedy = f"use a unit of {wanted.name}, as in {_quoted(wanted.example)}"
        if wanted.name == "temperature" and unit == "C":
            remedy = f"write degrees Celsius as {_quoted(f'{number:g} degC')}"
        if wanted.name == "number density":
            found, remedy = _amount_remedy(number, parsed, found, remedy)
        raise InputError(f"is {found} where {_with_article(wanted.name)} is expected", remedy=remedy)
    try:
        value = registry.Quantity(number, parsed).to("J/mol" if per_mole else wanted.unit).magnitude
    except OverflowError:
        raise InputError("is too large", remedy=f"use a unit as in {_quoted(wanted.example)}") from None
    return float(value) / (AVOGADRO_CONSTANT if per_mole else 1.0)


def _amount_remedy(number: float, unit: Any, found: str, remedy: str) -> tuple[str, str]:
    """What stands where a number density is expected, and how one is made of it."""
    registry = unit_registry()
    dimensionality = unit.dimensionality
    if dimensionality == registry.parse_units("mol/m^3").dimensionality:
        moles = float(registry.Quantity(number, unit).to("mol/m^3").magnitude)
        density = f"{moles * AVOGADRO_CONSTANT:.7g} 1/m^3"
        return "an amount per volume", f"write {_quoted(density)}, which is that times the Avogadro constant"
    if dimensionality == registry.parse_units("kg/m^3").dimensionality:
        return found, "multiply it by the Avogadro constant and divide it by the molar mass"
    if not dimensionality or dimensionality == registry.parse_units("mol").dimensionality:
        return "a share" if "percent" in str(unit) else found, (
            "the ions per m^3 are the density of the glass in g/cm^3 over the molar mass of its formula in g/mol, times"
            " 6.02214e29, times the ions in the formula"
        )
    return found, remedy


def _dimension_found(dimensionality: Any) -> str:
    registry = unit_registry()
    for entry in DIMENSIONS.values():
        if registry.parse_units(entry.unit).dimensionality == dimensionality:
            return _with_article(entry.name)
    return "a pure number" if not dimensionality else f"of dimension {dimensionality}"


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _quoted(text: str) -> str:
    return f'"{text}"'


def percent(share: float) -> str:
    """A share in percent with three digits; never 100 % unless it is all."""
    return "100 %" if share == 1.0 else f"{min(100.0 * share, 99.9):.3g} %"
