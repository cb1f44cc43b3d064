"""Depth profiles of ion exchange in a field so strong that diffusion does not matter (Welge's construction).

Densities are fractions of the constant total density, n1 (native) + n2 (foreign) = 1; depths are divided by the
exchanged amount Q = ∫ n2 dx (injected ions per area / total density), which also removes time and current.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arguments import finite, fraction
from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.relations._arguments import DiffusionOfFraction, coefficient_function

UNIFORM_INTERVALS: Final = 4000
NARROWEST_INTERVAL: Final = 1e-10
"""Native fractions: below it rounding of f spoils the slopes. Next to n1 = 0 it is taken relative to n1."""
SMALLEST_SHOCK: Final = 2.0 / UNIFORM_INTERVALS
LARGEST_TURN: Final = 0.01
"""Relative change of slope from one interval to the next that is still refined away."""
LARGEST_ROUNDS: Final = 40


@dataclass(frozen=True, kw_only=True)
class Shock:
    """A jump of composition.

    Attributes:
        reduced_depth: x/Q, where it stands.
        fraction_behind: native fraction on the side of the surface.
        fraction_ahead: native fraction on the side of the bulk.
    """

    reduced_depth: float
    fraction_behind: float
    fraction_ahead: float


@dataclass(frozen=True, kw_only=True)
class DiffusionFreeProfile:
    """Profile of shocks and rarefactions.

    Attributes:
        reduced_depths: x/Q in increasing order; a shock stands there twice (points,)
        native_fractions: n1 at these depths, not decreasing (points,)
        shocks: the jumps, by increasing depth
        front: x/Q of the leading edge, beyond which nothing has changed
    """

    reduced_depths: FloatArray
    native_fractions: FloatArray
    shocks: tuple[Shock, ...]
    front: float

    def native_fraction(self, reduced_depth: ArrayLike) -> FloatArray:
        """Native fraction n1 at x/Q (any shape): 0 before the first point, 1 beyond the front."""
        depth = finite("reduced_depth", reduced_depth)
        return np.interp(depth, self.reduced_depths, self.native_fractions, left=0.0, right=1.0)


def fractional_flow(
    native_fraction: ArrayLike, *, native_diffusion: DiffusionOfFraction, foreign_diffusion: DiffusionOfFraction
) -> FloatArray:
    """Foreign ion's share of the current where no gradients exist.

        f2 = D2 n2 / (D1 n1 + D2 n2)

    ======  ======================================================================  =======  =====
    n1      `native_fraction`, n2 = 1 - n1                                          1        (...)
    D1      native coefficient: a number or a function of n1                        m²/s
    D2      foreign coefficient: a number or a function of n2                       m²/s
    f2      share of the current                                                    1        (...)
    ======  ======================================================================  =======  =====

    Valid for local electroneutrality and equal charges: both ions drift in the same field.

    Raises:
        InputError: a fraction outside 0 to 1, a negative coefficient, or a composition that does not conduct at all.

    Source: the two fluxes of Gunawan 2024 ESI (S 70), divided by their sum.
    """
    native = fraction("native_fraction", native_fraction)
    carried = coefficient_function("native_diffusion", native_diffusion)(native) * native
    foreign = coefficient_function("foreign_diffusion", foreign_diffusion)(1 - native) * (1 - native)
    total = carried + foreign
    if np.any(total <= 0):
        raise InputError(
            "no ion can move at this native fraction", key="native_fraction", value=float(native[total <= 0].flat[0]),
            remedy="give one of the two ions a diffusion coefficient greater than 0 there",
        )  # fmt: skip
    return foreign / total


def rankine_hugoniot_speed(
    *,
    fraction_behind: float,
    fraction_ahead: float,
    native_diffusion: DiffusionOfFraction,
    foreign_diffusion: DiffusionOfFraction,
) -> float:
    """Speed of a jump of composition per unit of total flux, (f2b - f2a)/(n2b - n2a): metres of depth per metre of Q.

    `fraction_behind` and `fraction_ahead` are native fractions; the diffusion coefficients as in `fractional_flow`. It
    is the balance of the foreign ion over the jump; whether the jump lasts is another matter (the entropy condition:
    f2 between the two stays below the chord).

    Raises:
        InputError: equal fractions, or those of `fractional_flow`.
    """
    if fraction_behind == fraction_ahead:
        raise InputError("must differ from fraction_ahead", key="fraction_behind", value=fraction_behind)
    share = fractional_flow(
        np.array([fraction_behind, fraction_ahead]),
        native_diffusion=native_diffusion, foreign_diffusion=foreign_diffusion,
    )  # fmt: skip
    return float((share[0] - share[1]) / (fraction_ahead - fraction_behind))


def diffusion_free_profile(
    *, native_diffusion: DiffusionOfFraction, foreign_diffusion: DiffusionOfFraction
) -> DiffusionFreeProfile:
    """Profile that a constant composition of the beam drives into the native glass when diffusion does not matter.

        x/Q = df2/dn2   on the upper concave envelope of f2(n2), from n2 = 0 (bulk) to n2 = 1 (beam)

    Straight parts of the envelope are shocks, curved ones rarefactions, corners of it layers of constant composition.
    ∫ n2 dx = Q holds by construction, whatever the current did in time.

    Args:
        native_diffusion: D1 [m²/s], a number or a function of the native fraction n1 (any shape).
        foreign_diffusion: D2 [m²/s], a number or a function of the foreign fraction n2 (any shape). Both may jump;
            only their ratio matters, so units are free as long as they agree.

    Validity: e times the voltage across the replaced layer much larger than k_B T, so that gradients matter only inside
    the shocks; local electroneutrality; equal charges.

    Source: drift terms of Gunawan 2024 (eq. 1) for both ions at constant total flux, Gunawan 2024 ESI (S 67, S 70); a
    scalar conservation law whose entropy solution is the envelope (Welge's construction for the Buckley-Leverett
    equation).

    Raises:
        InputError: a negative or undefined coefficient, or a composition that does not conduct at all.
    """

    def native_share(native: FloatArray) -> FloatArray:
        # f1 rather than f2: it keeps its relative accuracy where few native ions are left, and df1/dn1 = df2/dn2.
        carried = first(native) * native
        total = carried + second(1 - native) * (1 - native)
        return carried / total

    first = coefficient_function("native_diffusion", native_diffusion)
    second = coefficient_function("foreign_diffusion", foreign_diffusion)
    fractional_flow(np.linspace(0.0, 1.0, 101), native_diffusion=first, foreign_diffusion=second)
    tail = np.logspace(-12, -2, 500)
    # Closer to n1 = 1 than 1e-9 the rounding of n1 itself would bend the envelope.
    native = np.unique(np.concatenate([[0.0], tail, np.linspace(0, 1, UNIFORM_INTERVALS + 1), 1 - tail[tail > 1e-9]]))
    share = native_share(native)
    for _ in range(LARGEST_ROUNDS):
        corners = _lower_hull(native, share)
        added = _refinement(native, share, corners)
        if len(added) == 0:
            break
        native, order = np.unique(np.concatenate([native, added]), return_index=True)
        share = np.concatenate([share, native_share(added)])[order]
    return _profile(native, share, _lower_hull(native, share))


def _lower_hull(abscissa: FloatArray, ordinate: FloatArray) -> NDArray[np.intp]:
    """Indices of the points on the lower convex envelope (monotone chain)."""
    x, y = abscissa.tolist(), ordinate.tolist()
    hull: list[int] = []
    for point in range(len(x)):
        while len(hull) > 1:
            start, middle = hull[-2], hull[-1]
            rise = (y[middle] - y[start]) * (x[point] - x[start])
            if rise < (y[point] - y[start]) * (x[middle] - x[start]):
                break
            hull.pop()
        hull.append(point)
    return np.array(hull, dtype=np.intp)


def _refinement(native: FloatArray, share: FloatArray, corners: NDArray[np.intp]) -> FloatArray:
    """Midpoints to add on both sides of the corners where the slope turns or a straight part ends."""
    slopes = np.diff(share[corners]) / np.diff(native[corners])
    straight = np.diff(corners) > 1
    turns = slopes[1:] - slopes[:-1] > LARGEST_TURN * slopes[1:]
    inner = corners[1:-1][turns | straight[1:] | straight[:-1]]
    intervals = np.unique(np.concatenate([inner - 1, inner]))
    low, high = native[intervals], native[intervals + 1]
    wide = high - low > 2 * NARROWEST_INTERVAL * np.maximum(low, 1e-9)
    return (low[wide] + high[wide]) / 2


def _profile(native: FloatArray, share: FloatArray, corners: NDArray[np.intp]) -> DiffusionFreeProfile:
    n1 = native[corners]
    slopes = np.diff(share[corners]) / np.diff(n1)
    jumps = (np.diff(corners) > 1) & (np.diff(n1) > SMALLEST_SHOCK)
    middles = (n1[1:] + n1[:-1]) / 2
    # A short interval stands for the point of the rarefaction at its middle (second order); a shock keeps both ends.
    depths = np.repeat(slopes, np.where(jumps, 2, 1))
    starts = np.cumsum(np.where(jumps, 2, 1)) - np.where(jumps, 2, 1)
    fractions = np.empty_like(depths)
    fractions[starts] = np.where(jumps, n1[:-1], middles)
    fractions[starts[jumps] + 1] = n1[1:][jumps]
    shocks = tuple(
        Shock(reduced_depth=float(slopes[k]), fraction_behind=float(n1[k]), fraction_ahead=float(n1[k + 1]))
        for k in np.flatnonzero(jumps)
    )
    return DiffusionFreeProfile(
        reduced_depths=depths, native_fractions=fractions, shocks=shocks, front=float(slopes[-1])
    )
