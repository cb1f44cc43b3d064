"""Site energies of two alkali ions: each site was shaped by one of them and costs the other a mismatch energy.

The picture is that of Maass, Bunde and Ingram (Phys. Rev. Lett. 68, 3064 (1992)): a site that was an ion's own when the
glass was made does not fit another one. Here it is one number, ε = V0 (Q + η), and W more for an ion on a site of the
other's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import InputError
from ionscape.glass import Composition, Glass, make_glass

from .landscape import (
    Landscape,
    LandscapeModel,
    RandomSource,
    child_seed,
    landscape_of_all_ions,
    lowest,
    middle_of_gap,
    seed_sequence,
)

OWN_SITES = 4
"""Stream of random numbers, after those of the landscape."""
BEYOND = 60.0
"""Thermal energies beyond all levels where an occupation is 0 or 1 to rounding."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MixedLandscape:
    """Energies of the sites of one random glass with two alkali ions.

    Attributes:
        shared: the landscape without mismatch, with all ions in it.
        own_sites: bool (nx, ny, nz), the sites that the second ion shaped; the first one shaped all others.
        symbols: of the first and of the second ion.
        ions: how many of them there are.
        mismatch_energy: W [J].
    """

    shared: Landscape = field(repr=False)
    own_sites: NDArray[np.bool_] = field(repr=False)
    symbols: tuple[str, str]
    ions: tuple[int, int]
    mismatch_energy: float

    def energies(self, symbol: str) -> FloatArray:
        """Site energies of an ion [J] (nx, ny, nz), NaN at blocked sites.

        Raises:
            InputError: there is no such ion.
        """
        if symbol not in self.symbols:
            raise InputError("is not one of the ions", key="symbol", value=symbol,
                             remedy=f"choose {' or '.join(self.symbols)}")  # fmt: skip
        foreign = self.own_sites if symbol == self.symbols[0] else ~self.own_sites
        return self.shared.energies + self.mismatch_energy * foreign


@dataclass(frozen=True, kw_only=True)
class SharedLevels:
    """Equilibrium of two ions on the same sites, with one ion per site.

    Both kinds of sites are filled by a Fermi function each, by ions that are the first one with a certain probability:
    f_i = p/(exp β(e_i − m) + 1), e the energies without mismatch; p and m depend on who shaped the site alone.

    Attributes:
        levels: m of the sites of the first and of the second ion [J].
        penalties: −kT ln p [J], by ion and by who shaped the site.
    """

    levels: tuple[float, float]
    penalties: tuple[tuple[float, float], tuple[float, float]]


def generate_mixed_landscape(
    glass: Glass | Composition | str,
    *,
    lattice: int | Sequence[int] = 100,
    rng: RandomSource,
    model: LandscapeModel,
) -> MixedLandscape:
    """One random landscape of a glass with two alkali ions.

    The shared part is that of a glass with as many ions of one kind, of the same seed. Of its accessible sites the
    share of the second ion, chosen at random, is the second ion's; the choices of neighbouring shares are nested.

    Args:
        glass: with two alkali ions.
        lattice: sites along each axis, or along all of them.
        rng: a seed, or a generator.
        model: parameters, with a mismatch energy.

    Raises:
        InputError: the glass has one alkali ion, no mismatch energy is given, or the lattice is too small for an ion
            of each kind.
    """
    glass = glass if isinstance(glass, Glass) else make_glass(glass)
    composition = glass.composition
    if composition.second_alkali is None:
        raise InputError("has one alkali ion", key="glass", value=composition.formula,
                         remedy="give two, or take generate_landscape")  # fmt: skip
    if model.mismatch_energy is None:
        raise InputError("is missing", key="mismatch_energy", bound="the glass has two alkali ions",
                         remedy="give the energy that a site of the other ion costs, such as 0.2 eV")  # fmt: skip
    seed = seed_sequence(rng)
    shared = landscape_of_all_ions(glass, lattice=lattice, seed=seed, model=model)
    share = composition.second_alkali_fraction
    keys = np.random.Generator(np.random.PCG64(child_seed(seed, OWN_SITES))).random(shared.accessible.size)
    inside = shared.accessible.reshape(-1)
    own = np.zeros(inside.size, np.bool_)
    own[inside] = lowest(keys[inside], round(share * shared.accessible_sites))
    second = round(share * shared.ions)
    if not 0 < second < shared.ions:
        raise InputError("is too small for an ion of each kind", key="lattice", value=list(shared.lattice),
                         remedy="give a larger one")  # fmt: skip
    return MixedLandscape(
        shared=shared, own_sites=own.reshape(shared.lattice), symbols=(composition.alkali, composition.second_alkali),
        ions=(shared.ions - second, second), mismatch_energy=model.mismatch_energy,
    )  # fmt: skip


def shared_levels(landscape: MixedLandscape, temperature: float) -> SharedLevels:
    """Levels and shares at which there are as many ions of each kind as there are.

    With chemical potentials μ1 and μ2 and δ = μ1 − μ2, a site of the first ion holds e^(βμ1) + e^(β(μ2 − W)) in the
    place of e^(βm), one of the second e^(βμ2) + e^(β(μ1 − W)). The number of first ions rises with δ at any number of
    all ions.

    Args:
        landscape: the landscape.
        temperature: [K]; 0 gives the limit.

    Raises:
        InputError: the temperature is below 0.
    """
    if not 0.0 <= temperature < math.inf:
        raise InputError("must be at least 0", key="temperature", value=temperature)
    energies = landscape.shared.energies
    parts = tuple(energies[landscape.shared.accessible & side] for side in (~landscape.own_sites, landscape.own_sites))
    if temperature == 0.0:
        return _ground_state(landscape, parts)
    from scipy.optimize import brentq
    from scipy.special import expit

    thermal, mismatch = BOLTZMANN_CONSTANT * temperature, landscape.mismatch_energy
    first, total = landscape.ions[0], sum(landscape.ions)
    low = min(float(part.min()) for part in parts) - BEYOND * thermal - mismatch
    high = max(float(part.max()) for part in parts) + BEYOND * thermal + mismatch

    def levels(delta: float) -> tuple[float, float]:
        """M of both kinds of sites, for the number of all ions."""
        apart = thermal * (np.logaddexp(delta / thermal, -mismatch / thermal)
                           - np.logaddexp(0.0, (delta - mismatch) / thermal))  # fmt: skip

        def excess(level: float) -> float:
            filled = (expit((level + apart - parts[0]) / thermal), expit((level - parts[1]) / thermal))
            return float(filled[0].sum() + filled[1].sum()) - total

        level = float(brentq(excess, low - abs(apart), high + abs(apart), xtol=1e-12 * thermal))  # pyright: ignore[reportArgumentType]
        return level + float(apart), level

    def excess_of_first(delta: float) -> float:
        found = levels(delta)
        filled = [float(expit((level - part) / thermal).sum()) for level, part in zip(found, parts, strict=True)]
        shares = expit((delta + mismatch) / thermal), expit((delta - mismatch) / thermal)
        return float(shares[0]) * filled[0] + float(shares[1]) * filled[1] - first

    delta = float(brentq(excess_of_first, low - high, high - low, xtol=1e-12 * thermal))  # pyright: ignore[reportArgumentType]
    penalties = tuple(
        (
            thermal * float(np.logaddexp(0.0, -sign * (delta + mismatch) / thermal)),
            thermal * float(np.logaddexp(0.0, -sign * (delta - mismatch) / thermal)),
        )
        for sign in (1.0, -1.0)
    )
    return SharedLevels(levels=levels(delta), penalties=(penalties[0], penalties[1]))


def _ground_state(landscape: MixedLandscape, parts: tuple[FloatArray, ...]) -> SharedLevels:
    """The limit of low temperature: each ion on its own sites, unless it gains more than W on the other's."""
    mismatch = landscape.mismatch_energy
    first, second = landscape.ions
    room = [part.size - count for part, count in zip(parts, landscape.ions, strict=True)]
    levels = None
    if min(room) > 0:
        levels = middle_of_gap(parts[0], first), middle_of_gap(parts[1], second)
    if levels is None or abs(levels[0] - levels[1]) > mismatch:
        # the ions that are one kind too many for its sites lie on the other's, W higher
        crowded = room[0] < room[1] if levels is None else levels[0] > levels[1]
        apart = mismatch if crowded else -mismatch
        level = middle_of_gap(np.concatenate((parts[0] - apart, parts[1])), first + second)
        levels = level + apart, level
    delta = levels[0] - levels[1]
    penalties = tuple(
        (max(0.0, -sign * (delta + mismatch)), max(0.0, -sign * (delta - mismatch))) for sign in (1.0, -1.0)
    )
    return SharedLevels(levels=levels, penalties=(penalties[0], penalties[1]))
