"""Coulomb interaction of mobile ions on a periodic lattice: the energy of two neighbours, the potential of a charge.

What interacts are the deviations of the occupations from their mean over the accessible sites: site energies are those
of an ion in the glass with its mean surroundings, so that the mean charge of the ions, and the counter charges that
neutralise it, are in them already.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from ionscape.arguments import positive_number
from ionscape.arrays import FloatArray
from ionscape.constants import ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.errors import InputError

SPLITTING = 0.75
"""α of Ewald's sum, per step of the lattice: both of its parts end below 1e-16 at what the next two say."""
REACH = 8
"""Distance up to which charges are counted one by one, in steps of the lattice."""
ALIASES = (-1, 0, 1)
"""Reciprocal lattice vectors of the lattice of sites by which waves are the same on it."""
MOST_SITES = 1_000_000
"""Of a lattice whose potentials are kept."""


@dataclass(frozen=True, kw_only=True)
class CoulombInteraction:
    """Repulsion e²/(4πε0 ε_r r) of the mobile ions, for `kinetic_monte_carlo`.

    Attributes:
        relative_permittivity: ε_r of the glass without the hops of its mobile ions.

    Raises:
        InputError: it is not a finite number above 0.
    """

    relative_permittivity: float

    def __post_init__(self) -> None:
        """Check the value."""
        value = positive_number(self.relative_permittivity, key="relative_permittivity")
        object.__setattr__(self, "relative_permittivity", value)

    def energy(self, distance: float) -> float:
        """Of two ions, without any others [J].

        Args:
            distance: between them [m].
        """
        return ELEMENTARY_CHARGE**2 / (4.0 * math.pi * VACUUM_PERMITTIVITY * self.relative_permittivity * distance)


@lru_cache(maxsize=4)
def lattice_potential(lattice: Sequence[int]) -> FloatArray:
    """G(r), potential of a unit charge and all its periodic images at the other sites, shape of the lattice.

    Ewald's sum, G = Σ erfc(α r)/r + 4π/V Σ exp(-k²/4α²)/k² cos(k r) - π/(V α²): a homogeneous background neutralises
    the charge, and the mean of G over space is 0 (no field of a surface charge, as between metal electrodes). Sites
    are whole steps apart, so that waves that differ by a reciprocal vector of the lattice of sites are added up first,
    and one Fourier transform gives them at all sites. Unit: that of a charge at the distance of one step.

    letter  meaning
    α       `SPLITTING`
    V       sites of the lattice
    r, k    distance of sites and of images; wave vector, 2π m/L

    Args:
        lattice: sites along the three axes, as a tuple.

    Returns:
        G at each site seen from the first one, where it is 0: no ion feels itself, and what it feels of its own images
        is the same at every site.

    Raises:
        InputError: more sites than `MOST_SITES`.
    """
    from scipy.fft import fftn
    from scipy.special import erfc

    check_size(lattice)
    sites = math.prod(lattice)
    waves = [2.0 * math.pi * np.fft.fftfreq(count) for count in lattice]
    spectrum = np.zeros(tuple(lattice))
    for shift in product(ALIASES, repeat=3):
        x, y, z = (wave + 2.0 * math.pi * alias for wave, alias in zip(waves, shift, strict=True))
        square = x[:, None, None] ** 2 + y[:, None] ** 2 + z**2
        square[square == 0.0] = math.inf
        spectrum += np.exp(-square / (4.0 * SPLITTING**2)) / square
    potential: FloatArray = np.real(fftn(spectrum)) * (4.0 * math.pi / sites)
    potential -= math.pi / (sites * SPLITTING**2)
    steps = np.indices((2 * REACH + 1,) * 3).reshape(3, -1) - REACH
    steps = steps[:, np.any(steps != 0, axis=0)]
    distance = np.sqrt(np.sum(steps**2, axis=0))
    places = tuple(step % count for step, count in zip(steps, lattice, strict=True))
    np.add.at(potential, places, erfc(SPLITTING * distance) / distance)
    potential[0, 0, 0] = 0.0
    potential.setflags(write=False)
    return potential


def check_size(lattice: Sequence[int]) -> None:
    """Refuse a lattice that is too large.

    Raises:
        InputError: it is.
    """
    if math.prod(lattice) > MOST_SITES:
        raise InputError(
            "has too many sites for a Coulomb interaction, of which every hop changes all potentials", key="lattice",
            value=list(lattice), bound=f"at most {MOST_SITES:,} sites", remedy="give a smaller one",
        )  # fmt: skip
