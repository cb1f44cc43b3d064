"""Links of a lattice of ion sites: which sites are neighbours, and which touch the electrodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.compiled import kernel
from ionscape.errors import InputError

from .checks import axis

if TYPE_CHECKING:
    from ionscape.hopping.landscape import Landscape

TransverseFaces = Literal["periodic", "open"]

_LARGEST_INDEX = np.iinfo(np.int32).max


@dataclass(frozen=True, kw_only=True)
class Links:
    """Pairs of neighbouring accessible sites, for a field along one axis of the lattice.

    A site is named by its flat index in C order. Each pair appears once, whichever of its faces join it. Two sites of
    the same electrode are at the same potential, so that no pair of them is among the links.

    Attributes:
        first: int32 (m,), flat index of one site of each link.
        second: int32 (m,), flat index of the other one, its successor along an axis (by way of a face, if periodic).
        source: int32 (s,), accessible sites of the first plane along the field.
        drain: int32 (d,), accessible sites of the last plane.
        shape: sites along the three axes.
        direction: axis of the field, 0, 1 or 2.
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    source: NDArray[np.int32]
    drain: NDArray[np.int32]
    shape: tuple[int, int, int]
    direction: int

    @property
    def sites(self) -> int:
        """Number of sites of the lattice, blocked ones included."""
        return self.shape[0] * self.shape[1] * self.shape[2]


def links(landscape: Landscape, direction: int = 0) -> Links:
    """Links of a landscape for a field along `direction`, open there, with the transverse faces of its model.

    Args:
        landscape: the landscape.
        direction: axis of the field, 0, 1 or 2.

    Raises:
        InputError: see `lattice_links`.
    """
    return lattice_links(landscape.accessible, direction=direction, transverse_faces=landscape.model.transverse_faces)


def lattice_links(
    accessible: NDArray[np.bool_], *, direction: int = 0, transverse_faces: TransverseFaces = "periodic"
) -> Links:
    """Links of a simple cubic lattice for a field along `direction`.

    Args:
        accessible: bool (nx, ny, nz), sites that an ion can take.
        direction: axis of the field; its two end planes are the electrodes.
        transverse_faces: "periodic" joins opposite faces of the other two axes; "open" does not.

    Raises:
        InputError: no such direction, fewer than two planes along it, or more sites than 32 bits can number.
    """
    direction = axis(direction)
    if accessible.ndim != 3:
        raise InputError("must have three axes", key="accessible", value=f"{accessible.ndim} axes")
    if accessible.shape[direction] < 2:
        raise InputError(
            "must be at least 2 along the field, one plane for each electrode",
            key="lattice",
            value=accessible.shape[direction],
        )
    if accessible.size > _LARGEST_INDEX:
        raise InputError("must be below 2^31 in total", key="lattice", value=accessible.size)
    open_sites: NDArray[Any] = np.ascontiguousarray(accessible).view(np.uint8)
    periodic = np.array([transverse_faces == "periodic" and axis != direction for axis in range(3)])
    first, second = _collect_links(open_sites, direction, periodic)
    numbers = np.arange(accessible.size, dtype=np.int32).reshape(accessible.shape)
    ends: list[NDArray[np.int32]] = []
    for plane in (0, accessible.shape[direction] - 1):
        where = tuple(plane if axis == direction else slice(None) for axis in range(3))
        ends.append(np.ascontiguousarray(numbers[where][accessible[where]]))
    nx, ny, nz = accessible.shape
    return Links(first=first, second=second, source=ends[0], drain=ends[1], shape=(nx, ny, nz), direction=direction)


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
                    end_z = direction == 2 and (z == 0 or z == nz - 1)
                    step_z = 1 if z + 1 < nz else (-(nz - 1) if periodic[2] and nz > 2 else 0)
                    if step_x != 0 and not end_y and not end_z and flat[site + step_x] != 0:
                        if filling:
                            first[count] = site
                            second[count] = site + step_x
                        count += 1
                    if step_y != 0 and not end_x and not end_z and flat[site + step_y] != 0:
                        if filling:
                            first[count] = site
                            second[count] = site + step_y
                        count += 1
                    if step_z != 0 and not end_x and not end_y and flat[site + step_z] != 0:
                        if filling:
                            first[count] = site
                            second[count] = site + step_z
                        count += 1
        if not filling:
            first = np.empty(count, np.int32)
            second = np.empty(count, np.int32)
    return first, second
