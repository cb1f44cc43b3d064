"""Network former units: their fractions, and how borate and phosphate units share the charge of the alkali ions.

A unit is B(n) or P(n) with n bridging oxygens. The model is a reconstruction that obeys what Bosi 2021, section II, and
the abstracts of the papers cited there state; `docs/explanation/network-former-units.md` derives it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import fraction
from ionscape.errors import InputError, nearest_name
from ionscape.glass.composition import LARGEST_TETRAHEDRAL_BORATE_FRACTION, Composition
from ionscape.glass.kinds import UNIT_KINDS, UnitKind, kinds_of

SUM_TOLERANCE = 1e-9
MEASURED_TOLERANCE = 0.03


@dataclass(frozen=True, kw_only=True)
class UnitBalance:
    """What is left over when units are balanced against a composition, per network former cation.

    Attributes:
        boron: borate units minus x.
        phosphorus: phosphate units minus (1 − x), or what silica leaves of it.
        charge: charge of all units plus that of the ions, in elementary charges.
        silicon: silicate units minus silicon.
    """

    boron: float
    phosphorus: float
    charge: float
    silicon: float = 0.0

    @property
    def largest(self) -> float:
        """The largest of them by its magnitude."""
        return max(map(abs, (self.boron, self.phosphorus, self.charge, self.silicon)))


@dataclass(frozen=True, kw_only=True)
class NetworkFormerUnits:
    """Fractions of the kinds of units among all network former cations.

    Attributes:
        fractions: by name of the kind, all of them, in their order; they sum to 1.
        kinds: what the units are; those of borophosphates if not given.

    Raises:
        InputError: a name is missing or unknown, a fraction is not from 0 to 1, or the sum is not 1.
    """

    fractions: Mapping[str, float]
    kinds: tuple[UnitKind, ...] = UNIT_KINDS

    def __post_init__(self) -> None:
        """Check names, values and sum."""
        values = _checked_fractions(self.fractions, self.kinds)
        absent = [name for name in self.names if name not in self.fractions]
        if absent:
            raise InputError(f"lacks {', '.join(absent)}", key="units", remedy="give all kinds of units")
        total = math.fsum(values.values())
        if abs(total - 1.0) > SUM_TOLERANCE:
            raise InputError(f"sum to {total:.6g} instead of 1", key="units", remedy="divide them by their sum")
        # A plain dictionary, since read-only views cannot be sent to other processes.
        object.__setattr__(self, "fractions", values)

    def __getitem__(self, name: str) -> float:
        return self.fractions[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the kinds, in their order."""
        return tuple(kind.name for kind in self.kinds)

    def as_array(self) -> NDArray[np.float64]:
        """The fractions, shape (kinds,), in the order of `kinds`."""
        return np.array([self.fractions[name] for name in self.names])

    def of_cation(self, cation: str) -> float:
        """Fraction of all units with that network former cation."""
        return math.fsum(self.fractions[kind.name] for kind in self.kinds if kind.cation == cation)

    def balance(self, composition: Composition) -> UnitBalance:
        """Balance cations and charge against a composition; all of it vanishes for units of the models."""
        boron, phosphorus, silicon = (
            self.of_cation(cation) - composition.formers.get(cation, 0.0) for cation in ("B", "P", "Si")
        )
        charge = math.fsum(kind.charge * self.fractions[kind.name] for kind in self.kinds)
        return UnitBalance(
            boron=boron, phosphorus=phosphorus, silicon=silicon, charge=charge + composition.ions_per_cation
        )


def borophosphate_units(
    composition: Composition,
    *,
    tetrahedral_borate_limit: float = LARGEST_TETRAHEDRAL_BORATE_FRACTION,
    phosphate_disproportionation: float = 0.0,
    pyrophosphate_disproportionation: float = 0.0,
) -> NetworkFormerUnits:
    """Return the fractions of units of a borophosphate glass; boron, phosphorus and charge are balanced.

    The negative charge goes first to B(4), up to its limit, then turns P(3) step by step into P(2), P(1) and P(0), and
    last B(3) into B(2). If the borate could take more charge than there is, P(4) units provide it, as far as there is
    phosphate. Then P(2) and P(1) may disproportionate: 2 P(2) → P(3) + P(1) and 2 P(1) → P(2) + P(0), both reckoned
    from the fractions before either happened.

    Args:
        composition: the glass, without silica.
        tetrahedral_borate_limit: c_B, from 0 to 1: largest fraction of B(4) among all network former cations.
        phosphate_disproportionation: fraction, from 0 to 1, of the P(2) units that react.
        pyrophosphate_disproportionation: fraction, from 0 to 1, of the P(1) units that react.

    Raises:
        InputError: a parameter is not from 0 to 1, or the units cannot carry the charge of so many ions.

    Examples:
        >>> glass = Composition(alkali="Li", alkali_oxide_fraction=0.33, borate_fraction=1.0)
        >>> {name: round(value, 3) for name, value in borophosphate_units(glass).fractions.items() if value}
        {'B4': 0.429, 'B2': 0.064, 'B3': 0.507}
    """
    limit = float(fraction("tetrahedral_borate_limit", tetrahedral_borate_limit))
    first = float(fraction("phosphate_disproportionation", phosphate_disproportionation))
    second = float(fraction("pyrophosphate_disproportionation", pyrophosphate_disproportionation))
    borate = composition.borate_fraction
    charge = composition.ions_per_cation
    _check_charge(composition, tetrahedral=min(borate, limit))

    tetrahedral = min(borate, limit)
    excess, left = 0.0, charge - tetrahedral
    if left < 0.0:
        excess = min(-left, 1.0 - borate)  # P(4)
        tetrahedral = charge + excess
        left = 0.0
    phosphate = 1.0 - borate - excess
    # Each phosphate unit takes up to three charges, one after the other for all of them.
    steps = [min(max(left - number * phosphate, 0.0), phosphate) for number in range(3)]
    singly, doubly, triply = steps
    two = singly - doubly
    one = doubly - triply
    trigonal = max(borate - tetrahedral, 0.0)  # the sum of charge and P(4) may be larger by its rounding error
    asymmetric = min(max(left - 3.0 * phosphate, 0.0), trigonal)
    values = {
        "B4": tetrahedral,
        "P4": excess,
        "B2": asymmetric,
        "P0": triply + 0.5 * second * one,
        "P1": one * (1.0 - second) + 0.5 * first * two,
        "P2": two * (1.0 - first) + 0.5 * second * one,
        "B3": max(trigonal - asymmetric, 0.0),
        "P3": max(phosphate - singly, 0.0) + 0.5 * first * two,
    }
    return NetworkFormerUnits(fractions=values)


def measured_units(
    composition: Composition,
    fractions: Mapping[str, float],
    *,
    kinds: Sequence[UnitKind] | None = None,
    tolerance: float = MEASURED_TOLERANCE,
) -> NetworkFormerUnits:
    """Return measured fractions, scaled to a sum of 1, once they agree with the composition.

    Args:
        composition: the glass.
        fractions: by name of the kind; kinds that are not named are absent. Fractions or percentages.
        kinds: what the units are; those of the model of this glass if None.
        tolerance: largest deviation, per network former cation, of the sum from 1, of each network former cation from
            its share and of the charge from that of the ions. Nothing is corrected but the sum.

    Raises:
        InputError: an unknown name, a negative fraction, or a deviation beyond the tolerance, which is said.
    """
    chosen = kinds_of(composition) if kinds is None else tuple(kinds)
    values = _as_fractions(fractions, chosen, tolerance=tolerance)
    total = math.fsum(values.values())
    units = NetworkFormerUnits(fractions={name: value / total for name, value in values.items()}, kinds=chosen)
    remedy = "check the numbers and the composition, or allow more by the tolerance"
    for cation, word in (("B", "borate"), ("Si", "silicate"), ("P", "phosphate")):
        found, share = units.of_cation(cation), composition.formers.get(cation, 0.0)
        if abs(found - share) > tolerance:
            raise InputError(
                f"have {found:.4g} {word} units per network former cation, where"
                f" {'x is' if cation == 'B' else 'there are'} {share:.4g}",
                key="units", bound=f"the tolerance is {tolerance:g}", remedy=remedy,
            )  # fmt: skip
    charge = units.balance(composition).charge
    if abs(charge) > tolerance:
        found = composition.ions_per_cation - charge
        raise InputError(
            f"carry {found:.4g} negative charges per network former cation, where there are "
            f"{composition.ions_per_cation:.4g} ions",
            key="units", bound=f"the tolerance is {tolerance:g}", remedy=remedy,
        )  # fmt: skip
    return units


def interpolate_units(table: list[tuple[float, NetworkFormerUnits]], borate_fraction: float) -> NetworkFormerUnits:
    """Interpolate measured units linearly in x; at constant y this keeps the balances of boron and charge.

    Args:
        table: (x, units) sorted by x, as from `read_measured_units`.
        borate_fraction: x, within the table.

    Raises:
        InputError: x lies outside the table.
    """
    positions = [entry[0] for entry in table]
    if not positions or not positions[0] <= borate_fraction <= positions[-1]:
        measured = f"from {positions[0]:g} to {positions[-1]:g}" if positions else "nowhere"
        raise InputError(
            f"has no measured units at x = {borate_fraction:.6g}", bound=f"they are known {measured}",
            remedy="add a line to the table or use the model", code="no_measured_units",
        )  # fmt: skip
    rows = np.array([units.as_array() for _, units in table])
    first = table[0][1]
    values = [float(np.interp(borate_fraction, positions, rows[:, column])) for column in range(len(first.names))]
    total = math.fsum(values)
    fractions = {name: value / total for name, value in zip(first.names, values, strict=True)}
    return NetworkFormerUnits(fractions=fractions, kinds=first.kinds)


def _check_charge(composition: Composition, *, tetrahedral: float) -> None:
    """Refuse more ions than all phosphate as P(0) and all other borate as B(2) have charge for."""
    borate = composition.borate_fraction
    capacity = tetrahedral + 3.0 * (1.0 - borate) + (borate - tetrahedral)
    charge = composition.ions_per_cation
    if charge > capacity * (1.0 + 1e-12):
        largest = capacity / (1.0 + capacity)
        raise InputError(
            f"brings {charge:.4g} ions per network former cation, but its units carry {capacity:.4g} charges at most",
            key="alkali_oxide_fraction", value=composition.alkali_oxide_fraction,
            remedy=f"at x = {borate:.4g} choose an alkali oxide fraction up to {math.floor(largest * 1e4) / 1e4:.4f}",
        )  # fmt: skip


def _checked_fractions(fractions: Mapping[str, float], kinds: Sequence[UnitKind]) -> dict[str, float]:
    names = [kind.name for kind in kinds]
    for name, value in fractions.items():
        if name not in names:
            nearest = nearest_name(str(name), names)
            raise InputError(
                "is not a network former unit", key="units", value=str(name),
                remedy=f"the nearest is {nearest}; the units are {', '.join(names)}",
            )  # fmt: skip
        if not (math.isfinite(value) and 0.0 <= value <= 1.0):
            raise InputError("must be from 0 to 1", key=f"units.{name}", value=value)
    return {name: float(fractions.get(name, 0.0)) for name in names}


def _as_fractions(fractions: Mapping[str, float], kinds: Sequence[UnitKind], *, tolerance: float) -> dict[str, float]:
    """Fractions of all kinds from fractions or percentages whose sum is right within the tolerance."""
    total = math.fsum(fractions.values())
    scale = 100.0 if abs(total - 100.0) <= 100.0 * tolerance else 1.0
    values = _checked_fractions({name: value / scale for name, value in fractions.items()}, kinds)
    if abs(total / scale - 1.0) > tolerance:
        raise InputError(
            f"sum to {total:.6g} instead of 1 or 100", key="units", bound=f"the tolerance is {tolerance:g}",
            remedy="check the numbers",
        )  # fmt: skip
    return values
