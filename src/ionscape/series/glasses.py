"""The glasses that a table [glass] describes; whatever is wrong with one becomes one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ionscape.errors import InputError
from ionscape.files.text import read_named
from ionscape.glass import (
    Composition,
    Glass,
    NetworkFormerUnits,
    OwnUnits,
    interpolate_units,
    make_glass,
    own_units,
    parse_composition,
    read_measured_units,
    read_own_units,
)
from ionscape.provenance import text_hash

from .glass_settings import FormulaTable, GlassTable


@dataclass(frozen=True, kw_only=True, eq=False)
class GlassMaker:
    """Makes the glass of any mixing ratio.

    Attributes:
        table: of the file.
        measured_units: of some compositions, which take the place of the model of the units; empty without them.
        own_units: of the one glass; None for those of a model.
        hashes: SHA-256 of the files that the table refers to, by name.
    """

    table: GlassTable | FormulaTable
    measured_units: tuple[tuple[float, NetworkFormerUnits], ...] = ()
    own_units: OwnUnits | None = None
    hashes: Mapping[str, str]

    @property
    def stated(self) -> bool:
        """Whether the units are given, not those of a model."""
        return bool(self.measured_units) or self.own_units is not None

    def composition(self, ratio: float) -> Composition:
        """That of the mixing ratio x.

        Raises:
            InputError: a formula cannot be read.
        """
        table = self.table
        if isinstance(table, GlassTable):
            return Composition(
                alkali=table.alkali, alkali_oxide_fraction=table.alkali_oxide_fraction, borate_fraction=ratio
            )
        first = _parsed(table.formula, "formula")
        if table.other_formula is None:
            return first
        _parsed(table.other_formula, "other_formula")
        return parse_composition(f"{1.0 - ratio:.12f} ({table.formula}) {ratio:.12f} ({table.other_formula})")

    def glass(self, ratio: float) -> Glass:
        """That of the mixing ratio x.

        Raises:
            InputError: no units balance the charge, or given ones do not fit the composition.
        """
        table, composition = self.table, self.composition(ratio)
        if self.measured_units:
            units = interpolate_units(list(self.measured_units), ratio)
            return make_glass(composition, units, mass_density=table.mass_density)
        if isinstance(table, FormulaTable):
            return make_glass(
                composition, self.own_units, mass_density=table.mass_density,
                silicate_equilibrium=table.silicate_equilibrium,
            )  # fmt: skip
        return make_glass(
            composition,
            mass_density=table.mass_density,
            tetrahedral_borate_limit=table.tetrahedral_borate_limit,
            phosphate_disproportionation=table.phosphate_disproportionation,
            pyrophosphate_disproportionation=table.pyrophosphate_disproportionation,
        )

    def glasses(self, *, file: str | None) -> tuple[Glass, ...]:
        """All, in the order of the file.

        Args:
            file: its name, for messages.

        Raises:
            InputError: one of them cannot be used; says which.
        """
        return tuple(self._named(ratio, file=file) for ratio in self.table.mixing_ratios)

    def compositions(self, *, file: str | None) -> tuple[Composition, ...]:
        """Those of all glasses; they need no units yet."""
        try:
            return tuple(map(self.composition, self.table.mixing_ratios))
        except InputError as error:
            raise error.replace(file=file, key=f"glass.{error.key}") from None

    def _named(self, ratio: float, *, file: str | None) -> Glass:
        table = self.table
        try:
            return self.glass(ratio)
        except InputError as error:
            if error.code == "no_measured_units" and isinstance(table, GlassTable):
                raise error.located(file=file, key="glass.measured_units", value=table.measured_units) from None
            if isinstance(table, FormulaTable) and error.key in ("formula", "other_formula", "units"):
                value = getattr(table, error.key, None)
                raise error.replace(
                    file=file, key=f"glass.{error.key}", value=value if isinstance(value, str) else None
                ) from None
            # one of several compositions: the sentence says which
            problem = f"cannot be used at x = {ratio:g}, since {error.key or 'it'} {error.problem}"
            raise error.replace(problem=problem, file=file, key="glass", value=None) from None


def _parsed(formula: str, key: str) -> Composition:
    try:
        return parse_composition(formula)
    except InputError as error:
        raise error.replace(key=key, value=formula) from None


def glass_maker(table: GlassTable | FormulaTable, folder: Path, *, file: str | None) -> GlassMaker:
    """Read the files that a table names.

    Args:
        table: of the file.
        folder: where the files lie to which it refers.
        file: its name, for messages.

    Raises:
        InputError: one of them cannot be used.
    """
    found: dict[str, Any] = {}
    hashes: dict[str, str] = {}
    if isinstance(table, GlassTable):
        if (name := table.measured_units) is not None:
            hashes[name] = text_hash(read_named(folder / name, file=file, key="glass.measured_units"))
            found["measured_units"] = tuple(read_measured_units(folder / name))
    elif isinstance(table.units, str):
        hashes[table.units] = text_hash(read_named(folder / table.units, file=file, key="glass.units"))
        found["own_units"] = read_own_units(folder / table.units)
    elif table.units is not None:
        found["own_units"] = own_units(table.units, file=file, key="glass.units")
    return GlassMaker(table=table, hashes=hashes, **found)
