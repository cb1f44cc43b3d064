"""Units of one's own from a table of a file: what each kind is, and how many of them there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import Field, model_validator

from ionscape.arguments import shown
from ionscape.errors import InputError, nearest_name
from ionscape.files.fields import FRACTION, IN_FILE, NOT_NEGATIVE, Number, reject
from ionscape.files.table import Table
from ionscape.files.text import read_text
from ionscape.files.toml import parse_toml
from ionscape.files.validation import read_table

from .kinds import ALL_KINDS, LARGEST_CHARGE, MOST_SHARING_SITES, VALENCES, UnitKind, formal_charge


class UnitTable(Table):
    """A kind of network former unit and its fraction."""

    name_in_messages: ClassVar[str] = "unit"

    cation: Literal["B", "P", "Si"] = Field(description="Network former cation.", examples=["Si"])
    bridging_oxygens: Annotated[int, Field(strict=True, ge=0, le=MOST_SHARING_SITES)] = Field(
        description="Oxygens shared with another unit.", examples=[3]
    )
    non_bridging_oxygens: Annotated[int, Field(strict=True, ge=0, le=MOST_SHARING_SITES)] = Field(
        description="Oxygens of this unit alone.", examples=[1]
    )
    charge: Annotated[int, Field(strict=True, ge=-LARGEST_CHARGE, le=LARGEST_CHARGE)] = Field(
        description="In elementary charges: valence less bridging and twice the non-bridging oxygens.", examples=[-1]
    )
    delocalised: bool = Field(
        default=False, description="Whether all open neighbouring ion sites share the charge, not a few of them."
    )
    shared_by: Annotated[int, Field(strict=True, ge=1, le=MOST_SHARING_SITES)] | None = Field(
        default=None, description="Ion sites that share the charge; the number of non-bridging oxygens if absent."
    )
    fraction: Annotated[float, Number(FRACTION, shown=0.5)] = Field(
        description="Of all units of the glass; all fractions sum to 1."
    )
    symbol: str = Field(default="", description="In tables and figures; the name if absent.", examples=["Q³"])

    @model_validator(mode="after")
    def _charge_is_balanced(self) -> Self:
        formal = formal_charge(self.cation, self.bridging_oxygens, self.non_bridging_oxygens)
        if self.charge != formal:
            reject(
                f"does not balance: {self.cation} with {self.bridging_oxygens} bridging and"
                f" {self.non_bridging_oxygens} non-bridging oxygens has {formal:+d}",
                field="charge", bound=f"valence {VALENCES[self.cation]}, −1 per bridging, −2 per non-bridging oxygen",
                remedy="correct the charge or the oxygens",
            )  # fmt: skip
        if self.delocalised and self.shared_by is not None:
            reject("contradicts delocalised = true", field="shared_by", remedy="leave one of them out")
        if self.charge and not self.delocalised and not (self.shared_by or self.non_bridging_oxygens):
            remedy = "write delocalised = true, or shared_by"
            reject("has no non-bridging oxygen that could hold it", field="charge", remedy=remedy)
        return self

    def kind(self, name: str) -> UnitKind:
        """What a landscape has to know of it."""
        sharing = None if self.delocalised or not self.charge else self.shared_by or self.non_bridging_oxygens
        symbol = self.symbol or next((kind.symbol for kind in ALL_KINDS if kind.name == name), name)
        return UnitKind(name=name, symbol=symbol, cation=self.cation, charge=self.charge, sharing=sharing,
                        bridging_oxygens=self.bridging_oxygens)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OwnUnits:
    """Kinds of units and their fractions.

    Attributes:
        kinds: what they are, in the order of the file.
        fractions: of each, by name.
    """

    kinds: tuple[UnitKind, ...]
    fractions: Mapping[str, float]


def read_own_units(path: str | Path, *, name: str | None = None) -> OwnUnits:
    """Read units from the table [units] of a TOML file; see `own_units`.

    Args:
        path: of the file.
        name: what messages call it; the path if None.

    Raises:
        InputError: naming file and key.
    """
    file = name or str(path)
    data = parse_toml(read_text(Path(path)), file=file)
    for key in data:
        if key != "units":
            raise InputError("is an unknown key", file=file, key=key, remedy="a file of units has tables [units.NAME]")
    if "units" not in data:
        raise InputError("has no units", file=file, remedy="give a table [units.NAME] for each kind")
    return own_units(data["units"], file=file)


def own_units(table: object, *, file: str | None = None, key: str = "units") -> OwnUnits:
    """The units of a table: for each name a fraction, if the kind is one of the package, or a table that says it.

    Args:
        table: by name.
        file: where it stands, for messages.
        key: its path there.

    Raises:
        InputError: naming file and key; the fractions do not sum to 1, or the charge of a unit is not that of its
            oxygens.

    Examples:
        >>> own_units({"Q4": 0.4, "Q3": 0.6}).kinds[1].charge
        -1
    """
    if not isinstance(table, Mapping) or not table:
        raise InputError("must be a table of units", file=file, key=key, value=shown(table),
                         remedy="write { Q4 = 0.4, Q3 = 0.6 }, or a table for each unit")  # fmt: skip
    known = {kind.name: kind for kind in ALL_KINDS}
    kinds: list[UnitKind] = []
    fractions: dict[str, float] = {}
    for name, entry in cast(Mapping[str, Any], table).items():
        if isinstance(entry, Mapping):
            read = read_table(UnitTable, entry, file=file, context=IN_FILE, below=f"{key}.{name}")
            kinds.append(read.kind(name))
            fractions[name] = read.fraction
            continue
        if name not in known:
            nearest = nearest_name(name, known)
            raise InputError(
                "is no unit of the package", file=file, key=f"{key}.{name}",
                remedy=f"the nearest is {nearest}; of others give a table with cation, oxygens, charge, fraction",
            )  # fmt: skip
        if isinstance(entry, bool) or not isinstance(entry, int | float) or not NOT_NEGATIVE.hold(entry) or entry > 1:
            raise InputError("must be a fraction from 0 to 1", file=file, key=f"{key}.{name}", value=shown(entry))
        kinds.append(known[name])
        fractions[name] = float(entry)
    return OwnUnits(kinds=tuple(kinds), fractions=fractions)
