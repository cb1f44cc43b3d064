"""A lattice of ion sites and its links: which sites are neighbours, and which touch the electrodes."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import shown
from ionscape.compiled import kernel
from ionscape.errors import InputError

if TYPE_CHECKING:
    from .site_energies import SiteEnergies

_LARGEST_INDEX = np.iinfo(np.int32).max


@dataclass(frozen=True, kw_only=True)
class Lattice:
    """A simple cubic lattice of sites.

    Attributes:
        shape: sites along the three axes.
        periodic: whether opposite faces are joined, of each axis or of all of them.
    """

    shape: tuple[int, int, int]
    periodic: bool | tuple[bool, bool, bool] = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """Pairs of neighbouring accessible sites, found when it is made.

    A site is named by its flat index in C order. Each pair appears once, whichever of its faces join it. The planes of
    electrodes are at one potential each, so that no pair within one of them is among the links, and their faces are not
    joined.

    Attributes:
        lattice: where the sites are.
        accessible: bool (nx, ny, nz), sites that an ion can take.
        electrodes: axis of the field, whose end planes are the electrodes; None without any.
        first: int32 (m,), flat index of one site of each link.
        second: int32 (m,), flat index of the other one, its successor along an axis (by way of a face, if periodic).
        source: int32 (s,), accessible sites of the first plane along the field; empty without electrodes.
        drain: int32 (d,), accessible sites of the last plane.

    Raises:
        InputError: no such axis, fewer than two planes along it, sites that are not those of the lattice, or more than
            32 bits can number.
    """

    lattice: Lattice
    accessible: NDArray[np.bool_] = field(repr=False)
    electrodes: int | None = None
    first: NDArray[np.int32] = field(init=False, repr=False)
    second: NDArray[np.int32] = field(init=False, repr=False)
    source: NDArray[np.int32] = field(init=False, repr=False)
    drain: NDArray[np.int32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Find the pairs."""
        shape, accessible = self.lattice.shape, self.accessible
        if accessible.shape != shape:
            raise InputError("must have the sites of the lattice", key="accessible", value=accessible.shape)
        if accessible.size > _LARGEST_INDEX:
            raise InputError("must be below 2^31 in total", key="lattice", value=accessible.size)
        along = -1 if self.electrodes is None else axis(self.electrodes)
        ends = [np.empty(0, np.int32)] * 2
        if along >= 0:
            if shape[along] < 2:
                problem = "must be at least 2 along the field, one plane for each electrode"
                raise InputError(problem, key="lattice", value=shape[along])
            planes = np.moveaxis(np.arange(accessible.size, dtype=np.int32).reshape(shape), along, 0)
            open_planes = np.moveaxis(accessible, along, 0)
            ends = [planes[plane][open_planes[plane]] for plane in (0, -1)]
        periodic = np.broadcast_to(self.lattice.periodic, 3) & (np.arange(3) != along)
        open_sites: NDArray[Any] = np.ascontiguousarray(accessible).view(np.uint8)
        found = (*_collect_links(open_sites, along, periodic), *ends)
        for name, sites in zip(("first", "second", "source", "drain"), found, strict=True):
            object.__setattr__(self, name, sites)

    @property
    def sites(self) -> int:
        """Number of sites of the lattice, blocked ones included."""
        return self.accessible.size


def links(landscape: SiteEnergies, direction: int = 0) -> Links:
    """Links of a landscape for a field along an axis, whose end planes are the electrodes.

    Args:
        landscape: the landscape.
        direction: axis of the field, 0, 1 or 2.

    Raises:
        InputError: no such direction, or fewer than two planes along it.
    """
    lattice = Lattice(shape=landscape.lattice, periodic=landscape.periodic)
    return Links(lattice=lattice, accessible=landscape.accessible, electrodes=axis(direction))


@kernel
def _collect_links(
    open_sites: NDArray[np.uint8], direction: int, periodic: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Neighbouring pairs of open sites, in the order of their first site and of the axes.

    open_sites: uint8 (nx, ny, nz), 1 where accessible; periodic: bool (3,), whether the faces of an axis are joined.
    """
    nx, ny, nz = open_sites.shape
    flat = open_sites.reshape(-1)
    first = np.empty(0, np.int32)
    second = np.empty(0, np.int32)
    for filling in range(2):
        # The first round only counts: memory for three links per site would be four times what is needed.
        count = 0
        for x in range(nx):
            end_x = direction == 0 and (x == 0 or x == nx - 1)
            # A lattice of two planes has the pair already: it is not linked a second time through the face.
            step_x = ny * nz if x + 1 < nx else (-(nx - 1) * ny * nz if periodic[0] and nx > 2 else 0)
            for y in range(ny):
                end_y = direction == 1 and (y == 0 or y == ny - 1)
                step_y = nz if y + 1 < ny else (-(ny - 1) * nz if periodic[1] and ny > 2 else 0)
                row = (x * ny + y) * nz
                for z in range(nz):
                    site = row + z
                    if flat[site] == 0:
                        continue
                    at_end = end_x or end_y or (direction == 2 and (z == 0 or z == nz - 1))
                    step_z = 1 if z + 1 < nz else (-(nz - 1) if periodic[2] and nz > 2 else 0)
                    steps = (step_x, step_y, step_z)
                    for along in range(3):
                        step = steps[along]
                        # an electrode is at one potential: no links within its plane
                        if step == 0 or (at_end and along != direction) or flat[site + step] == 0:
                            continue
                        if filling:
                            first[count] = site
                            second[count] = site + step
                        count += 1
        if not filling:
            first = np.empty(count, np.int32)
            second = np.empty(count, np.int32)
    return first, second


def axis(direction: object) -> int:
    """The direction of the field as an int.

    Raises:
        InputError: it is not 0, 1 or 2.
    """
    if isinstance(direction, bool) or not isinstance(direction, numbers.Integral) or int(direction) not in (0, 1, 2):
        raise InputError("must be 0, 1 or 2, an axis of the lattice", key="direction", value=shown(direction))
    return int(direction)
