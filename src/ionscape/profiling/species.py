"""What a channel of a mass spectrum detects: an element, an isotope or a cluster, read from the name of the channel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .isotopes import ELEMENTS, ISOTOPES, isotope_mass, most_abundant

ELECTRON_MASS = 5.485799090e-4
"""Mass of the electron [u] (CODATA 2018); a positive ion lacks it."""

LONGEST_NAME = 200

_SUPERSCRIPT_DIGITS, _SUBSCRIPT_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"
_PLAIN = str.maketrans(_SUPERSCRIPT_DIGITS + _SUBSCRIPT_DIGITS + "⁺₊⁻₋−–", "0123456789" * 2 + "++----")
_SCRIPTS = ((re.compile(f"([{_SUPERSCRIPT_DIGITS}]+)"), r"^\1"), (re.compile(f"([{_SUBSCRIPT_DIGITS}]+)"), r"_\1"))
_CHARGE = re.compile(r"(?:\^(\d))?(\++|-+)$")
_MASS_BEHIND = re.compile(r"([A-Z][a-z]?)-(\d{1,3})")
_PART = re.compile(r"(?:\^?\[?(\d{1,3})\]?)?([A-Z][a-z]?)(?:_?(\d{1,3}))?")
_MARKED_PART = re.compile(r"(?:\^\[?(\d{1,3})\]?)?([A-Z][a-z]?)(?:_?(\d{1,3}))?")


@dataclass(frozen=True, kw_only=True)
class Species:
    """An ion that the spectrometer detects.

    Attributes:
        name: as written, such as "^6Li+".
        composition: isotopes ("6Li") and unlabelled elements ("Cs") with their numbers, each once, in the order of
            the name.
        charge: in elementary charges; +1 where the name states no sign.
    """

    name: str
    composition: tuple[tuple[str, int], ...]
    charge: int = 1

    @property
    def is_cluster(self) -> bool:
        """Whether it holds more than one atom."""
        return sum(number for _, number in self.composition) > 1

    @property
    def element(self) -> str | None:
        """The element of a monatomic ion, None for a cluster."""
        return None if self.is_cluster else element_of(self.composition[0][0])

    @property
    def isotope(self) -> str | None:
        """The isotope of a monatomic ion, None for a cluster; an unlabelled element is its most abundant isotope."""
        return None if self.is_cluster else _labelled(self.composition[0][0])

    @property
    def elements(self) -> Mapping[str, int]:
        """Numbers of atoms by element, isotopes taken together."""
        numbers: dict[str, int] = {}
        for part, number in self.composition:
            numbers[element_of(part)] = numbers.get(element_of(part), 0) + number
        return MappingProxyType(numbers)

    @property
    def nominal_mass(self) -> int:
        """Sum of the mass numbers."""
        return sum(ISOTOPES[_labelled(part)].mass_number * number for part, number in self.composition)

    @property
    def exact_mass(self) -> float:
        """Mass of the ion, that is without the electrons it lacks [u]."""
        atoms = sum(isotope_mass(_labelled(part)) * number for part, number in self.composition)
        return atoms - self.charge * ELECTRON_MASS


def parse_species(text: str) -> Species | None:
    """The ion that a channel is named after, None where the name leaves a doubt.

    Mass numbers stand before the element ("^6Li+", "6Li+", "[6]Li+") or behind it with a hyphen ("Li-6"), numbers of
    atoms behind it ("Cs_2+", "Cs2+"). Behind the first element a mass number needs its mark ("Cs^6Li+"). Superscripts,
    subscripts and spaces do not matter.

    Args:
        text: name of the channel.

    Returns:
        The species; None for a name that is no formula of known elements and isotopes.

    Examples:
        >>> parse_species("^6Li+").composition
        (('6Li', 1),)
        >>> parse_species("Cs_2O+").composition
        (('Cs', 2), ('O', 1))
        >>> parse_species("total") is None
        True
    """
    if len(text) > LONGEST_NAME:
        return None
    formula = "".join(text.split())
    for script, marked in _SCRIPTS:
        formula = script.sub(marked, formula)
    formula = formula.translate(_PLAIN)
    charge = 1
    if sign := _CHARGE.search(formula):
        charge = int(sign[1] or len(sign[2])) * (1 if sign[2][0] == "+" else -1)
        formula = formula[: sign.start()]
    if charge == 0:
        return None
    if behind := _MASS_BEHIND.fullmatch(formula):
        formula = f"^{behind[2]}{behind[1]}"
    composition = _parse_composition(formula)
    return None if composition is None else Species(name=text.strip(), composition=composition, charge=charge)


def element_of(part: str) -> str:
    """The element of an isotope ("6Li") or of an element itself ("Li")."""
    return part.lstrip("0123456789")


def _labelled(part: str) -> str:
    return part if part in ISOTOPES else most_abundant(part)


def _parse_composition(formula: str) -> tuple[tuple[str, int], ...] | None:
    numbers: dict[str, int] = {}
    place = 0
    while place < len(formula):
        match = (_MARKED_PART if place else _PART).match(formula, place)
        if match is None:
            return None
        mass_number, element, number = match[1], match[2], int(match[3] or 1)
        if element == "D" and mass_number is None:
            mass_number, element = "2", "H"
        part = f"{int(mass_number)}{element}" if mass_number else element
        known = part in ISOTOPES if mass_number else element in ELEMENTS
        if not known or number == 0:
            return None
        numbers[part] = numbers.get(part, 0) + number
        place = match.end()
    return tuple(numbers.items()) or None
