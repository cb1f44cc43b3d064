"""From shares in per cent to ions per volume, by a network that stays as it was in the native glass.

Ions are exchanged for one another while the network, silicon, aluminium, boron and their oxygen, neither moves nor
changes its volume. Of N formula units per volume, N = ρ N_A / M, each holds a_e atoms of the element e. A point at
which m_i moles of the ion i were found beside U formula units of network holds n_i = N m_i / U of it. U is known from

    columns     network elements j have columns:  U = Σ m_j / Σ a_j
    difference  what the mobile ions, of which all are in the table, leave of 100 %:  U = (100 − Σ s_i) / S
    number      a constant number of atoms (at.%) or oxides (mol%):  U = 100 / S_0

    letter   meaning                                                                   unit
    ρ, M     mass density, and molar mass of the formula, of the native glass          kg/m^3, kg/mol
    s_i      share of the ion: atoms, oxides, or the mass of its element               %
    m_i      atoms of the ion in 100 atoms, 100 oxides or 100 g of the glass           1, mol
    S, S_0   atoms, oxides or mass of a formula unit, without the mobile ions, or all  1, g/mol

`number` is `difference` for ions of equal charge that are exchanged one for one, and needs no column of the ion that
leaves. The mass of a glass changes with its ions, so there is no such short cut for wt.%. Densities are per volume of
the native glass: that exchanged glass is denser or swells by some per mille is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import AVOGADRO_CONSTANT
from ionscape.errors import InputError
from ionscape.glass.formula import formula_atoms

from .concentration_table import ConcentrationColumn, UnitKind
from .isotopes import ELEMENTS, ISOTOPES, abundances

Reference = Literal["columns", "difference", "number"]
EXCHANGED = frozenset({"H", "Li", "Na", "K", "Rb", "Cs", "Ag", "Cu", "Tl"})
"""Ions that are mobile where nothing else is known."""
TWO_IN_AN_OXIDE = EXCHANGED | {
    "B", "Al", "P", "Fe", "As", "Sb", "Bi", "Ga", "In", "Y", "La", "Nb", "Ta", "V",
}  # fmt: skip
"""Elements whose oxide has two of them, as Na2O, B2O3 and P2O5; other oxides have one cation."""


@dataclass(frozen=True, kw_only=True)
class NativeGlass:
    """The glass before anything was exchanged.

    Attributes:
        atoms: a_e, atoms of each element in a formula unit.
        units: N, formula units per volume [1/m^3].
        weights: atomic weight of each natural element [g/mol].
    """

    atoms: Mapping[str, float]
    units: float
    weights: Mapping[str, float]

    def density(self, element: str) -> float:
        """Atoms of an element per volume [1/m^3]."""
        return self.units * self.atoms.get(element, 0.0)

    def content(self, kind: UnitKind, *, without: Collection[str] = ()) -> float:
        """S of the module: atoms, oxides or mass [g/mol] of a formula unit, without some elements."""
        if kind == "at.%":
            return sum(number for element, number in self.atoms.items() if element not in without)
        if kind == "mol%":
            kept = {element: number for element, number in self.atoms.items() if element not in (*without, "O")}
            return sum(number / (2.0 if element in TWO_IN_AN_OXIDE else 1.0) for element, number in kept.items())
        return sum(number * self.weights[element] for element, number in self.atoms.items() if element not in without)


def native_glass(formula: str, mass_density: float, enriched: Mapping[str, float]) -> NativeGlass:
    """The native glass by its formula and mass density.

    Args:
        formula: in moles, such as "0.14 Na2O 0.10 Al2O3 0.76 SiO2".
        mass_density: [kg/m^3].
        enriched: abundances of isotopes that are not the natural ones, by isotope.

    Raises:
        InputError: the formula cannot be read, or names what is no element.
    """
    atoms = formula_atoms(formula)
    for element in atoms:
        if element not in ELEMENTS:
            raise InputError(f"has the unknown element {element}", value=formula, remedy="correct it")
    weights = {element: _weight(element, enriched) for element in ELEMENTS}
    molar = 1e-3 * sum(number * weights[element] for element, number in atoms.items())
    return NativeGlass(atoms=atoms, units=mass_density * AVOGADRO_CONSTANT / molar, weights=weights)


def _weight(element: str, enriched: Mapping[str, float]) -> float:
    return sum(share * ISOTOPES[name].mass for name, share in abundances(element, enriched).items())


def densities_of_shares(
    columns: Sequence[ConcentrationColumn],
    errors: FloatArray,
    depth: FloatArray,
    kind: UnitKind,
    glass: NativeGlass,
    mobile: Collection[str],
) -> tuple[FloatArray, FloatArray, Reference]:
    """Number densities of the mobile ions from shares in per cent.

    Errors are propagated to first order, those of all columns of a point together; what two ions of a point then have
    in common is not kept.

    Args:
        columns: of elements or their oxides, in one kind of unit.
        errors: standard deviations of the values [%], shape (columns, points).
        depth: of the points, between which shares are interpolated where only others were measured, shape (points,).
        kind: "at.%", "mol%" or "wt.%".
        glass: before the exchange.
        mobile: ions that are exchanged.

    Returns:
        Densities and standard deviations of the columns of mobile ions [1/m^3], shape (ions, points), and what the
        network was known by.

    Raises:
        InputError: shares of more than 100 %, or nothing that tells the network.
    """
    values = np.array([column.values for column in columns])
    filled, errors = (np.array([_filled(row, depth) for row in rows]) for rows in (values, errors))
    per_value = np.array([_moles(column, kind, glass.weights) for column in columns])
    is_mobile = np.array([column.element in mobile for column in columns])
    is_network = np.array([column.element in glass.atoms for column in columns]) & ~is_mobile
    in_table = {column.element for column in columns}
    start = 0.0
    slope = np.zeros(len(columns))  # of U by each value
    if is_network.any():
        reference: Reference = "columns"
        atoms = [glass.atoms[column.element] for column, used in zip(columns, is_network, strict=True) if used]
        slope[is_network] = per_value[is_network] / sum(atoms)
    elif all(ion in in_table for ion in mobile if ion in glass.atoms):
        reference = "difference"
        held = glass.content(kind, without=mobile)
        shares = [_own_share(column, kind, glass.weights) if column.element in mobile else 0.0 for column in columns]
        start, slope = 100.0 / held, -np.array(shares) / held
    elif kind != "wt.%":
        reference = "number"
        start = 100.0 / glass.content(kind)
    else:
        missing = ", ".join(ion for ion in mobile if ion in glass.atoms and ion not in in_table)
        raise InputError(f"has no column of {missing}, so that wt.% leave the network open",
                         remedy="add it, or a column of a network element such as Si or SiO2")  # fmt: skip
    units = start + slope @ filled
    if not np.all(units > 0.0):
        raise InputError("leaves no network in the glass", value=float(f"{units.min():.3g}"),
                         remedy="check the units of the columns and the formula of the glass")  # fmt: skip
    density = glass.units * (per_value[:, None] * values)[is_mobile] / units
    # by the value of each column: through U, and its own
    slopes = -density[:, None, :] * slope[None, :, None] / units
    own = np.flatnonzero(is_mobile)
    slopes[np.arange(own.size), own] += glass.units * per_value[own, None] / units
    return density, np.sqrt(np.sum((slopes * errors) ** 2, axis=1)), reference


def _filled(values: FloatArray, depth: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    return np.interp(depth, depth[known], values[known])


def _moles(column: ConcentrationColumn, kind: UnitKind, weights: Mapping[str, float]) -> float:
    """Atoms of the element of a column by its values."""
    if kind != "wt.%":
        return float(column.atoms)
    return column.atoms / (column.atoms * weights[column.element] + column.oxygens * weights["O"])


def _own_share(column: ConcentrationColumn, kind: UnitKind, weights: Mapping[str, float]) -> float:
    """Share that leaves the network, by the value of a column: of a mass without the oxygen, which stays."""
    return _moles(column, kind, weights) * weights[column.element] if kind == "wt.%" else 1.0
