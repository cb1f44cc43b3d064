"""Which model gives the network former units of a glass."""

from __future__ import annotations

from collections.abc import Sequence

from ionscape.errors import InputError
from ionscape.glass.composition import LARGEST_TETRAHEDRAL_BORATE_FRACTION, Composition
from ionscape.glass.silicates import borosilicate_units, silicate_units
from ionscape.glass.units import NetworkFormerUnits, borophosphate_units

BOROPHOSPHATE_KEYS = ("tetrahedral_borate_limit", "phosphate_disproportionation", "pyrophosphate_disproportionation")
SILICATE_KEYS = ("silicate_equilibrium",)


def network_former_units(
    composition: Composition,
    *,
    tetrahedral_borate_limit: float | None = None,
    phosphate_disproportionation: float | None = None,
    pyrophosphate_disproportionation: float | None = None,
    silicate_equilibrium: Sequence[float] | None = None,
) -> NetworkFormerUnits:
    """Return the fractions of network former units of a glass; its network former cations and charge are balanced.

    Borates, phosphates and borophosphates have one model (`borophosphate_units`), alkali silicates
    (`silicate_units`) and borosilicates (`borosilicate_units`) one each. Which alkali ions there are does not count.

    Args:
        composition: the glass.
        tetrahedral_borate_limit: c_B, from 0 to 1: largest fraction of B(4) among all network former cations of a glass
            without silica; 3/7 if None.
        phosphate_disproportionation: fraction, from 0 to 1, of the P(2) units that react; 0 if None.
        pyrophosphate_disproportionation: fraction, from 0 to 1, of the P(1) units that react; 0 if None.
        silicate_equilibrium: k_3, k_2, k_1 of 2 Q(n) = Q(n−1) + Q(n+1) in a silicate glass; all 0 if None.

    Raises:
        InputError: a parameter out of its bounds, or one of another model; more ions than the units have charge for; a
            glass for which there is no model.

    Examples:
        >>> glass = Composition(alkali="Li", alkali_oxide_fraction=0.33, borate_fraction=1.0)
        >>> {name: round(value, 3) for name, value in network_former_units(glass).fractions.items() if value}
        {'B4': 0.429, 'B2': 0.064, 'B3': 0.507}
    """
    values = (tetrahedral_borate_limit, phosphate_disproportionation, pyrophosphate_disproportionation)
    given = dict(zip((*BOROPHOSPHATE_KEYS, *SILICATE_KEYS), (*values, silicate_equilibrium), strict=True))
    formers = composition.formers.keys()
    known = () if {"B", "Si"} <= formers else SILICATE_KEYS if "Si" in formers else BOROPHOSPHATE_KEYS
    for key, value in given.items():
        if value is not None and key not in known:
            raise InputError(
                f"belongs to another network than that of {composition.formula}", key=key,
                value=list(value) if isinstance(value, Sequence) else value, remedy="leave it out",
            )  # fmt: skip
    if "Si" not in formers:
        limit, first, second = values
        return borophosphate_units(
            composition,
            tetrahedral_borate_limit=LARGEST_TETRAHEDRAL_BORATE_FRACTION if limit is None else limit,
            phosphate_disproportionation=first or 0.0,
            pyrophosphate_disproportionation=second or 0.0,
        )
    if "P" in formers:
        raise InputError(
            "has no model of its network former units, since it holds phosphate and silica",
            key="glass", value=composition.formula, remedy="give the units",
        )  # fmt: skip
    if "B" in formers:
        return borosilicate_units(composition)
    return silicate_units(composition, equilibrium=silicate_equilibrium)
