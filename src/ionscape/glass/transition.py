"""Glass transition from the network: Bosi 2021, section VI, says that it goes with the number of bridging oxygens.

The paper gives no numbers. The default ones are a straight line through 216 glasses of SciGlass with one alkali oxide,
a fifth to a half of it, B2O3 and P2O5, against the bridging oxygens of the units of the model: correlation 0.88, 35 K
from the line in the root mean square. Along one series at constant alkali oxide the line is steeper (0.33 Li2O: 254 K
for each bridging oxygen), since T_g also falls with the alkali oxide.
"""

from __future__ import annotations

import math

from ionscape.arguments import positive_number
from ionscape.errors import InputError
from ionscape.glass.glass import Glass
from ionscape.glass.units import NetworkFormerUnits

TRANSITION_WITHOUT_BRIDGES = 332.0  # K
TRANSITION_PER_BRIDGING_OXYGEN = 119.0  # K


def bridging_oxygens(units: NetworkFormerUnits) -> float:
    """Bridging oxygens of the units, mean over all network former cations; each joins two of them.

    Args:
        units: of a glass.
    """
    return math.fsum(kind.bridging_oxygens * units[kind.name] for kind in units.kinds)


def estimated_glass_transition(
    glass: Glass, *, without_bridges: float | None = None, per_bridging_oxygen: float | None = None
) -> float:
    """Estimate of the glass transition temperature from the bridging oxygens of a glass, a straight line [K].

    Args:
        glass: with its units.
        without_bridges: where the line begins [K]; 332 K of borophosphates if None.
        per_bridging_oxygen: by how much it rises for each bridging oxygen per network former cation [K]; 119 K of
            borophosphates if None.

    Raises:
        InputError: a value is not above 0, or one is missing for a glass with silica.
    """
    given = {"without_bridges": without_bridges, "per_bridging_oxygen": per_bridging_oxygen}
    for key, value in given.items():
        if value is not None:
            positive_number(value, key=key)
        elif glass.composition.silicate_fraction > 0.0:
            raise InputError(
                "is missing", key=key, bound=f"{glass.composition.formula} has silica, of which no line is known here",
                remedy="give both numbers of the line, or glass transition temperatures",
            )  # fmt: skip
    start = TRANSITION_WITHOUT_BRIDGES if without_bridges is None else without_bridges
    slope = TRANSITION_PER_BRIDGING_OXYGEN if per_bridging_oxygen is None else per_bridging_oxygen
    return start + slope * bridging_oxygens(glass.units)
