"""Natural isotopes: masses and abundances.

The table `isotopes.csv` beside this module holds, for every element that occurs in nature:

- masses of the neutral atoms [u]: atomic mass evaluation AME2020, Chinese Physics C 45, 030003 (2021);
- abundances (fractions of the atoms): isotopic compositions of the elements, Commission on Isotopic Abundances and
  Atomic Weights of IUPAC (CIAAW), 2021; where CIAAW gives an interval since natural materials differ, its bounds, and
  as the conventional value the representative composition of IUPAC 2009, Pure Appl. Chem. 83, 397 (2011), for lithium
  7.59 % 6Li.

Lithium from stores and glass makers is often depleted or enriched in 6Li: abundances can be overridden.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from ionscape.errors import InputError, nearest_name


@dataclass(frozen=True, kw_only=True)
class Isotope:
    """A natural isotope.

    Attributes:
        name: mass number and element, "6Li".
        element: its symbol.
        mass_number: protons and neutrons.
        mass: of the neutral atom [u].
        abundance: conventional fraction of the atoms of the element.
        interval: fractions found in normal materials, where CIAAW gives an interval; None elsewhere.
    """

    name: str
    element: str
    mass_number: int
    mass: float
    abundance: float
    interval: tuple[float, float] | None = None


def _load_table() -> Mapping[str, Isotope]:
    table: dict[str, Isotope] = {}
    with (files("ionscape.profiling") / "isotopes.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            element = row["isotope"].lstrip("0123456789")
            lower, upper = row["lower bound"], row["upper bound"]
            table[row["isotope"]] = Isotope(
                name=row["isotope"],
                element=element,
                mass_number=int(row["isotope"].removesuffix(element)),
                mass=float(row["mass (u)"]),
                abundance=float(row["abundance"]),
                interval=(float(lower), float(upper)) if lower else None,
            )
    return MappingProxyType(table)


def _group_by_element(table: Mapping[str, Isotope]) -> Mapping[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for isotope in table.values():
        groups.setdefault(isotope.element, []).append(isotope.name)
    return MappingProxyType({element: tuple(names) for element, names in groups.items()})


ISOTOPES: Mapping[str, Isotope] = _load_table()
"""All natural isotopes by name."""

ELEMENTS: Mapping[str, tuple[str, ...]] = _group_by_element(ISOTOPES)
"""Names of the isotopes of each element, from light to heavy."""


def isotope_mass(isotope: str) -> float:
    """Mass of the neutral atom [u].

    Raises:
        InputError: no natural isotope has that name.
    """
    return _isotope(isotope).mass


def most_abundant(element: str) -> str:
    """The isotope that makes the largest part of an element in nature: "7Li" of "Li".

    Raises:
        InputError: no element of the table has that symbol.
    """
    return max(_isotopes_of(element), key=lambda name: ISOTOPES[name].abundance)


def abundances(element: str, overrides: Mapping[str, float] | None = None) -> Mapping[str, float]:
    """Fractions of the isotopes of an element; their sum is 1.

    Args:
        element: symbol, "Li".
        overrides: fractions by isotope, such as {"6Li": 0.95} for an enriched material; the isotopes of the element
            that it does not name share the rest in their natural proportion. Other elements in it do not matter.

    Returns:
        Fractions by name of isotope, from light to heavy.

    Raises:
        InputError: unknown element or isotope, a fraction outside 0 to 1, or fractions that do not add up.
    """
    names = _isotopes_of(element)
    given: dict[str, float] = {}
    for name, fraction in (overrides or {}).items():
        if _isotope(name).element == element:
            if not 0.0 <= fraction <= 1.0:
                raise InputError("must be a fraction from 0 to 1", key=f"abundance of {name}", value=fraction)
            given[name] = fraction
    others = {name: ISOTOPES[name].abundance for name in names if name not in given}
    rest = 1.0 - sum(given.values())
    if rest < -1e-9 or (not others and abs(rest) > 1e-9):
        problem = f"the given abundances of {element} add up to {1.0 - rest:.6g}"
        raise InputError(problem, bound="the sum must be 1", remedy="leave out those that are not known")
    scale = max(rest, 0.0) / sum(others.values()) if others else 0.0
    return MappingProxyType({name: given[name] if name in given else scale * others[name] for name in names})


def _isotope(name: str) -> Isotope:
    if name not in ISOTOPES:
        remedy = f'the nearest is "{nearest_name(name, ISOTOPES)}"; write mass number and symbol, as in "6Li"'
        raise InputError("is not a natural isotope", value=name, remedy=remedy)
    return ISOTOPES[name]


def _isotopes_of(element: str) -> tuple[str, ...]:
    if element not in ELEMENTS:
        remedy = f'the nearest is "{nearest_name(element, ELEMENTS)}"'
        raise InputError("is not the symbol of a natural element", value=element, remedy=remedy)
    return ELEMENTS[element]
