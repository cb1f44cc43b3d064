"""Kinds of network former units: what a landscape has to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ionscape.errors import InputError
from ionscape.glass.composition import FORMERS, Composition

LARGEST_CHARGE: Final = 4
"""Elementary charges of a unit: orthosilicate has as many; eight units of that charge on one site can be counted."""
MOST_SHARING_SITES: Final = 8
"""Ion sites around a unit."""

VALENCES: Final = {"B": 3, "P": 5, "Si": 4}
"""Of the network former cations."""


def formal_charge(cation: str, bridging_oxygens: int, non_bridging_oxygens: int) -> int:
    """Charge of a unit in elementary charges: a bridging oxygen takes one of its valence, another one two."""
    return VALENCES[cation] - bridging_oxygens - 2 * non_bridging_oxygens


@dataclass(frozen=True, kw_only=True)
class UnitKind:
    """A kind of network former unit (Bosi 2021, Fig. 1).

    Attributes:
        name: such as "B4" or "Q3": network former and number of bridging oxygens.
        symbol: for people, such as "B⁽⁴⁾".
        cation: symbol of the network former cation, one of "B", "P" and "Si".
        charge: in elementary charges, from -4 to 4.
        sharing: number k of neighbouring ion sites, chosen at random, that share its counter charge: its non-bridging
            oxygens; None: all open neighbours share it (Bosi 2021, Fig. 2).
        bridging_oxygens: oxygens that it shares with another unit.

    Raises:
        InputError: an unknown cation, or a charge or number of sites that is no whole number within its bounds.
    """

    name: str
    symbol: str
    cation: str
    charge: int
    sharing: int | None
    bridging_oxygens: int

    def __post_init__(self) -> None:
        """Check cation, charge and sites."""
        if self.cation not in FORMERS:
            raise InputError(
                "is not a network former cation", key=f"{self.name}.cation", value=self.cation,
                remedy=f"choose one of {', '.join(FORMERS)}",
            )  # fmt: skip
        if abs(self.charge) > LARGEST_CHARGE:
            raise InputError(f"must be from {-LARGEST_CHARGE} to {LARGEST_CHARGE}", key=f"{self.name}.charge",
                             value=self.charge)  # fmt: skip
        if self.sharing is not None and not 1 <= self.sharing <= MOST_SHARING_SITES:
            raise InputError(f"must be from 1 to {MOST_SHARING_SITES}", key=f"{self.name}.shared_by",
                             value=self.sharing)  # fmt: skip


def _kind(name: str, symbol: str, charge: int, sharing: int | None) -> UnitKind:
    cation = "Si" if name.startswith("Q") else name[0]
    return UnitKind(name=name, symbol=symbol, cation=cation, charge=charge, sharing=sharing,
                    bridging_oxygens=int(name[1:]))  # fmt: skip


UNIT_KINDS: tuple[UnitKind, ...] = (
    _kind("B4", "B⁽⁴⁾", -1, None),
    _kind("P4", "P⁽⁴⁾", 1, None),
    _kind("B2", "B⁽²⁾", -1, 1),
    _kind("P0", "P⁽⁰⁾", -3, 4),
    _kind("P1", "P⁽¹⁾", -2, 3),
    _kind("P2", "P⁽²⁾", -1, 2),
    _kind("B3", "B⁽³⁾", 0, None),
    _kind("P3", "P⁽³⁾", 0, None),
)
"""Those of borophosphates. Their order is fixed: landscapes of one seed draw units from the sum of fractions in it."""

SILICATE_KINDS: tuple[UnitKind, ...] = (
    _kind("Q0", "Q⁰", -4, 4),
    _kind("Q1", "Q¹", -3, 3),
    _kind("Q2", "Q²", -2, 2),
    _kind("Q3", "Q³", -1, 1),
    _kind("Q4", "Q⁴", 0, None),
)
"""Those of silicates: SiO4 tetrahedra, each non-bridging oxygen with one charge."""

BOROSILICATE_KINDS: tuple[UnitKind, ...] = (
    UNIT_KINDS[0], _kind("B1", "B⁽¹⁾", -2, 2), *SILICATE_KINDS[2:4], _kind("B3", "B⁽³⁾", 0, None), SILICATE_KINDS[4],
)  # fmt: skip
"""Those of the Yun-Dell-Bray model: B(1), pyroborate, has two non-bridging oxygens."""

ALL_KINDS: tuple[UnitKind, ...] = tuple(dict.fromkeys((*UNIT_KINDS, *BOROSILICATE_KINDS, *SILICATE_KINDS)))
"""All that have a name here."""


def kinds_of(composition: Composition) -> tuple[UnitKind, ...]:
    """The kinds that the model of a glass has; all that have a name where there is no model for it."""
    formers = composition.formers.keys()
    if "Si" not in formers:
        return UNIT_KINDS
    if formers == {"Si"}:
        return SILICATE_KINDS
    return BOROSILICATE_KINDS if formers == {"B", "Si"} else ALL_KINDS
