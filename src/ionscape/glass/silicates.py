"""Network former units of alkali silicate and borosilicate glasses.

`docs/explanation/other-networks.md` has the sources and what they were compared with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ionscape.arguments import number
from ionscape.errors import InputError
from ionscape.glass.composition import ROUNDING, Composition
from ionscape.glass.kinds import BOROSILICATE_KINDS, SILICATE_KINDS
from ionscape.glass.units import NetworkFormerUnits

MOST_CHARGES = 4.0  # of a silicate tetrahedron
LARGEST_SILICA_RATIO = 8.0
"""K = SiO2 / B2O3 up to which the borosilicate model holds: every boron is in a reedmergnerite group there."""
LEAST_CONSTANT = 1e-30  # that counts as none: its root, in which fractions go, is below rounding
ABSENT = 1e-14  # fraction of units that there are none of


def silicate_units(composition: Composition, *, equilibrium: Sequence[float] | None = None) -> NetworkFormerUnits:
    """Return the fractions of Q(n), SiO4 tetrahedra with n bridging oxygens; silicon and charge are balanced.

    Without constants the distribution is binary: each tetrahedron takes one charge before any takes a second (Maekawa
    et al., J. Non-Cryst. Solids 127, 53 (1991), compare measured ones with it). With them, 2 Q(n) = Q(n−1) + Q(n+1) is
    in equilibrium, k_n = [Q(n−1)] [Q(n+1)] / [Q(n)]².

    Args:
        composition: the glass; silica is its only network former.
        equilibrium: k_3, k_2 and k_1, 0 or greater; none happens if None.

    Raises:
        InputError: not three numbers of at least 0, or more than four ions per silicon.

    Examples:
        >>> glass = Composition(alkali="K", alkali_oxide_fraction=1 / 3, borate_fraction=0.0, silicate_fraction=1.0)
        >>> units = silicate_units(glass, equilibrium=(0.0103, 0.0, 0.0))
        >>> [round(units[name], 3) for name in ("Q4", "Q3", "Q2")]
        [0.084, 0.831, 0.084]
    """
    charge = composition.ions_per_cation
    if charge > MOST_CHARGES * (1.0 + ROUNDING):
        raise InputError(
            f"brings {charge:.4g} ions per network former cation, but its units carry {MOST_CHARGES:g} charges at most",
            key="alkali_oxide_fraction", value=composition.alkali_oxide_fraction,
            remedy="choose an alkali oxide fraction up to 0.6666",
        )  # fmt: skip
    constants = _constants(equilibrium)
    charges = np.arange(5.0)
    if not any(constants) or charge >= MOST_CHARGES:
        shares = np.maximum(1.0 - np.abs(charges - min(charge, MOST_CHARGES)), 0.0)
    else:
        shares = _in_equilibrium(charge, constants)
    fractions = {f"Q{4 - place}": float(share) for place, share in enumerate(shares)}
    return NetworkFormerUnits(fractions=fractions, kinds=SILICATE_KINDS)


def _constants(given: Sequence[float] | None) -> tuple[float, ...]:
    key = "silicate_equilibrium"
    values = (0.0, 0.0, 0.0) if given is None else tuple(number(value, key=key) for value in given)
    if len(values) != 3 or min(values) < 0.0:
        raise InputError(
            "must be three numbers of at least 0", key=key, value=list(values), remedy="give k_3, k_2 and k_1"
        )
    return values


def _in_equilibrium(charge: float, constants: Sequence[float]) -> np.ndarray:
    """Shares of tetrahedra with 0 to 4 charges, in mutual equilibrium, that carry `charge` on the average.

    The conditions are those of shares w_c z^c: the weights w follow from the constants, z from the mean charge, which
    rises with it.
    """
    from scipy.optimize import brentq

    logarithms = np.zeros(5)
    for place, constant in enumerate(constants, start=2):
        bend = math.log(max(constant, LEAST_CONSTANT))
        logarithms[place] = bend + 2.0 * logarithms[place - 1] - logarithms[place - 2]

    def shares(exponent: float) -> np.ndarray:
        powers = logarithms + exponent * np.arange(5.0)
        weights = np.exp(powers - powers.max())
        return weights / weights.sum()

    width = float(np.abs(np.diff(logarithms)).max()) + 100.0
    exponent = float(brentq(lambda value: shares(value) @ np.arange(5.0) - charge, -width, width, xtol=1e-14))  # pyright: ignore[reportArgumentType]
    found = shares(exponent)
    found[found < ABSENT] = 0.0
    return found


def borosilicate_units(composition: Composition) -> NetworkFormerUnits:
    """Return the fractions of units of the Yun-Dell-Bray model; boron, silicon and charge are balanced.

    With R = M2O / B2O3 and K = SiO2 / B2O3, per boron (Yun and Bray, J. Non-Cryst. Solids 27, 363 (1978); Dell, Bray
    and Xiao, J. Non-Cryst. Solids 58, 1 (1983)):

        R ≤ 1/2 + K/16                 the ions make B(4) of B(3): N4 = R
        R ≤ 1/2 + K/4                  N4 = 1/2 + K/16, further ions make Q(3) of Q(4)
        R ≤ 2 + K                      the groups of before turn into pyroborate B(1) and Q(2), in proportion:
                                       N4 = (8 + K)/12 (1 − R/(2 + K))

    Args:
        composition: the glass, of borate and silica.

    Raises:
        InputError: K above 8, for which the model does not hold, or R above 2 + K.
    """
    boron, silicon = composition.formers["B"], composition.formers["Si"]
    ratio, silica = composition.ions_per_cation / boron, 2.0 * silicon / boron
    if silica > LARGEST_SILICA_RATIO * (1.0 + ROUNDING):
        raise InputError(
            f"has SiO2 / B2O3 = {silica:.4g}, and the model of borosilicate glasses holds up to"
            f" {LARGEST_SILICA_RATIO:g}",
            key="silicate_fraction", value=composition.silicate_fraction, remedy="give the units",
        )  # fmt: skip
    silica = min(silica, LARGEST_SILICA_RATIO)
    first, second, last = 0.5 + silica / 16.0, 0.5 + silica / 4.0, 2.0 + silica
    if ratio > last * (1.0 + ROUNDING):
        raise InputError(
            f"gives M2O / B2O3 = {ratio:.4g}, and the model of borosilicate glasses holds up to 2 + K = {last:.4g}",
            key="alkali_oxide_fraction", value=composition.alkali_oxide_fraction, remedy="give the units",
        )  # fmt: skip
    four = min(ratio, first)
    three = min(max(ratio - first, 0.0), second - first)  # Q(3) per boron
    turned = min(max((ratio - second) / (last - second), 0.0), 1.0)
    kept = 1.0 - turned
    fractions = {
        "B4": boron * four * kept,
        "B1": boron * turned,
        "Q2": silicon * turned,
        "Q3": boron * three * kept,
        "B3": boron * (1.0 - four) * kept,
        "Q4": max(silicon - boron * three, 0.0) * kept,
    }
    return NetworkFormerUnits(fractions=fractions, kinds=BOROSILICATE_KINDS)
