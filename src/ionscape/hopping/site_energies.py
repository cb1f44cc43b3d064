"""Sites of given energies on a simple cubic lattice: what hops need to know of a landscape, whatever made it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arguments import shown
from ionscape.arrays import FloatArray
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.errors import InputError

LARGEST_ENERGY = 100.0 * ELEMENTARY_CHARGE  # J
"""Beyond which an energy is one of another unit: ten times what binds an ion to a solid."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteEnergies:
    """Energies of the ion sites of a lattice, shape (nx, ny, nz).

    Attributes:
        energies: site energies [J], NaN at blocked sites.
        periodic: whether opposite faces of the lattice are joined, but for those of electrodes.
    """

    energies: FloatArray = field(repr=False)
    periodic: bool

    @property
    def lattice(self) -> tuple[int, int, int]:
        """Sites along the three axes."""
        nx, ny, nz = self.energies.shape
        return nx, ny, nz

    @cached_property
    def accessible(self) -> NDArray[np.bool_]:
        """Whether an ion can take the site."""
        return ~np.isnan(self.energies)

    @cached_property
    def accessible_sites(self) -> int:
        """Number of sites that an ion can take."""
        return int(np.count_nonzero(self.accessible))


def in_joules(energy: float, *, key: str, problem: str) -> None:
    """Refuse an energy that no site or barrier of a solid has, which is one in eV, meV or kJ/mol.

    Args:
        energy: [J].
        key: of the argument.
        problem: what is wrong with it, less the bound.

    Raises:
        InputError: it is larger than any.
    """
    if energy > LARGEST_ENERGY:
        raise InputError(f"{problem} {LARGEST_ENERGY / ELEMENTARY_CHARGE:g} eV", key=key, value=energy,
                         remedy=f"give joules: 1 eV is {ELEMENTARY_CHARGE:.4g} J")  # fmt: skip


def landscape_from_energies(energies: ArrayLike, periodic: bool = True) -> SiteEnergies:
    """A landscape of one's own site energies.

    Args:
        energies: [J] (nx, ny, nz), NaN at blocked sites; axis 0 is along the field unless another direction is asked
            for. An axis of length one has no links.
        periodic: whether the faces beside the field are joined. Those across the field are electrodes in
            `conductivity`, and joined in all that needs no electrodes.

    Raises:
        InputError: not an array of three axes, an infinite energy, energies that are none in joules, or fewer than two
            sites that an ion can take.
    """
    try:
        values: FloatArray = np.array(energies, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise InputError("must be an array of numbers", key="energies", value=shown(type(energies).__name__)) from None
    if values.ndim != 3:
        remedy = "give one axis along the field and two across it, of length one where there is none"
        raise InputError("must have three axes", key="energies", value=list(values.shape), remedy=remedy)
    if np.isinf(values).any():
        raise InputError("must be finite, or NaN where a site is blocked", key="energies", value="an infinite number")
    if not isinstance(cast(object, periodic), bool | np.bool_):
        raise InputError("must be True or False", key="periodic", value=shown(periodic))
    known = values[~np.isnan(values)]
    in_joules(float(np.ptp(known)) if known.size else 0.0, key="energies", problem="spans more than")
    values.setflags(write=False)
    landscape = SiteEnergies(energies=values, periodic=bool(periodic))
    if landscape.accessible_sites < 2:
        problem = "must have at least two sites that an ion can take"
        raise InputError(problem, key="energies", value=landscape.accessible_sites)
    return landscape
