"""Activation energy of the conductivity as the bottleneck of the best percolating path."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import whole_number
from ionscape.arrays import FloatArray
from ionscape.errors import InputError, PercolationError
from ionscape.glass import Composition, Glass

from .jumps import JumpLaw, barriers_between, jumps_of, node_numbers
from .landscape import Landscape, LandscapeModel, child_seed, generate_landscape
from .lattice import Links, links
from .memory import PATH_BYTES, check_memory
from .site_energies import SiteEnergies
from .union_find import bottleneck

SOURCE, DRAIN = 0, 1  # nodes of the electrodes
SITE_THRESHOLD = 0.3116
"""Fraction of accessible sites above which a simple cubic lattice percolates: Xu, Wang, Lv and Deng 2014."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CriticalPath:
    """Path between the electrodes in the minimum spanning tree of the links.

    Of all paths between any two of its sites it has the lowest highest barrier.

    Attributes:
        sites: int (k, 3), lattice coordinates from the first plane to the last one.
        barriers: Δ of its links (k - 1,) [J].
        activation_energy: the highest of them [J].
        bottleneck: index of the highest barrier.
        direction: axis of the field.
    """

    sites: NDArray[np.int64]
    barriers: FloatArray
    activation_energy: float
    bottleneck: int
    direction: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ActivationEnergies:
    """Activation energies of several landscapes of one glass.

    Attributes:
        values: [J] (landscapes, directions), NaN where no path leads through.
        directions: axes of the field.
        lattice: sites along the three axes.
    """

    values: FloatArray
    directions: tuple[int, ...]
    lattice: tuple[int, int, int]

    @property
    def percolating_fraction(self) -> float:
        """Share of landscapes and directions that have a path."""
        return float(np.mean(np.isfinite(self.values)))

    @property
    def of_landscapes(self) -> FloatArray:
        """Mean over the directions of each landscape that has a path [J]; they share their sites, so count as one."""
        open_directions = np.isfinite(self.values)
        counts = open_directions.sum(axis=1)
        sums = np.where(open_directions, self.values, 0.0).sum(axis=1)
        return sums[counts > 0] / counts[counts > 0]

    @property
    def mean(self) -> float:
        """Mean over the landscapes that have a path [J]."""
        return float(np.mean(self.of_landscapes))

    @property
    def scatter(self) -> float:
        """Standard deviation over the landscapes [J]; NaN of fewer than two."""
        return float(np.std(self.of_landscapes, ddof=1)) if len(self.of_landscapes) > 1 else math.nan

    @property
    def mean_error(self) -> float:
        """Standard error of the mean [J]; NaN of fewer than two landscapes."""
        return self.scatter / math.sqrt(len(self.of_landscapes))


def activation_energy(landscape: Landscape, *, direction: int = 0, jumps: JumpLaw | None = None) -> float:
    """Activation energy of the conductivity at low temperature [J]: Bosi 2021 (8b), (9).

    The lowest barrier up to which links connect the first plane of sites along `direction` with the last one.

    Args:
        landscape: the landscape.
        direction: axis of the field, 0, 1 or 2.
        jumps: law of the jumps; that of the landscape's model if None.

    Raises:
        PercolationError: no path of accessible sites leads through.
        InputError: no such direction.
    """
    _, barriers, link = _bottleneck(landscape, direction, jumps_of(landscape, jumps))
    return float(barriers[link])


def _bottleneck(landscape: Landscape, direction: int, jumps: JumpLaw) -> tuple[Links, FloatArray, int]:
    """Links of a landscape, their barriers [J], and the link that is the bottleneck.

    Raises:
        PercolationError: no path of accessible sites leads through.
        InputError: no such direction, or too little memory.
    """
    network = links(landscape, direction)
    check_memory(PATH_BYTES * network.first.size, f"the best path over {network.first.size} links")
    barriers = barriers_between(landscape, jumps, network.first, network.second)
    link = bottleneck(network.source, network.drain, network.sites, network.first, network.second, barriers)
    if link < 0:
        raise no_path(landscape, direction)
    return network, barriers, link


def critical_path(landscape: Landscape, *, direction: int = 0, jumps: JumpLaw | None = None) -> CriticalPath:
    """The path through the bottleneck that sets the activation energy, with its barriers.

    It is the path between the electrodes in the minimum spanning tree of the links, by Kruskal's method. Links whose
    barrier the same site decides are equal; of equal links the earlier one in the lattice is preferred.

    Args:
        landscape: the landscape.
        direction: axis of the field, 0, 1 or 2.
        jumps: law of the jumps; that of the landscape's model if None.

    Raises:
        PercolationError: no path of accessible sites leads through.
        InputError: no such direction.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    law = jumps_of(landscape, jumps)
    network, barriers, link = _bottleneck(landscape, direction, law)
    low = np.flatnonzero(barriers <= barriers[link])
    order = low[np.argsort(barriers[low], kind="stable")]
    # electrodes are one node each; of the links between two nodes the first counts, as a sparse matrix adds them
    nodes = node_numbers(network).reshape(-1)
    ends = nodes[np.stack((network.first[order], network.second[order]))].astype(np.int64)
    count = int(nodes.max()) + 1
    _, first = np.unique(ends.min(axis=0) * count + ends.max(axis=0), return_index=True)
    # the place in the order as the weight: no two links are equal, and none is nothing
    ranks = csr_matrix((first + 1, ends[:, first]), shape=(count, count))
    tree = minimum_spanning_tree(ranks).astype(np.int64).tocsr()
    _, before = breadth_first_order(tree, SOURCE, directed=False)
    way = [DRAIN]
    while way[-1] != SOURCE:
        way.append(int(before[way[-1]]))
    taken = order[[max(tree[here, there], tree[there, here]) - 1 for here, there in pairwise(reversed(way))]]
    path = _sites_along(network.first[taken], network.second[taken], nodes)
    steps = barriers_between(landscape, law, path[:-1], path[1:])
    return CriticalPath(
        sites=np.stack(np.unravel_index(path, landscape.lattice), axis=1).astype(np.int64),
        barriers=steps,
        activation_energy=float(barriers[link]),
        bottleneck=int(np.argmax(taken == link)),
        direction=direction,
    )


def _sites_along(first: NDArray[np.int32], second: NDArray[np.int32], nodes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Sites along links that follow each other from the source on."""
    site = first[0] if nodes[first[0]] == SOURCE else second[0]
    sites = [site]
    for one, other in zip(first, second, strict=True):
        site = other if one == site else one
        sites.append(site)
    return np.array(sites, np.int32)


def sample_activation_energies(
    glass: Glass | Composition | str,
    *,
    lattice: int | Sequence[int] = 100,
    landscapes: int = 20,
    directions: int = 1,
    rng: int | np.random.SeedSequence,
    model: LandscapeModel | None = None,
) -> ActivationEnergies:
    """Activation energies of several random landscapes of one glass, along one axis or more.

    Args:
        glass: a glass, a composition or a formula.
        lattice: sites along each axis, or along all of them.
        landscapes: number of landscapes; landscape k is made from `child_seed(rng, k)`.
        directions: number of axes, 1 to 3, along which the field is applied in turn.
        rng: seed.
        model: parameters; those published for the alkali if None.

    Raises:
        InputError: a number out of range; see `generate_landscape`.
        PercolationError: none of the landscapes has a path.
    """
    landscapes = whole_number(landscapes, key="landscapes", least=1)
    directions = whole_number(directions, key="directions", least=1)
    if directions > 3:
        raise InputError("must be 1, 2 or 3", key="directions", value=directions)
    values = np.full((landscapes, directions), np.nan)
    landscape = None
    for index in range(landscapes):
        landscape = generate_landscape(glass, lattice=lattice, rng=child_seed(rng, index), model=model)
        for direction in range(directions):
            with contextlib.suppress(PercolationError):
                values[index, direction] = activation_energy(landscape, direction=direction)
    assert landscape is not None
    if not np.isfinite(values).any():
        raise PercolationError(
            f"none of {landscapes} landscapes of {_shape_text(landscape)} sites has a path through it; "
            f"{_remedy(landscape)}"
        )
    return ActivationEnergies(values=values, directions=tuple(range(directions)), lattice=landscape.lattice)


def _shape_text(landscape: SiteEnergies) -> str:
    return " x ".join(map(str, landscape.lattice))


def no_path(landscape: SiteEnergies, direction: int) -> PercolationError:
    """That no path leads from electrode to electrode, and what helps."""
    return PercolationError(
        f"no path of accessible sites leads through the lattice of {_shape_text(landscape)} sites along axis "
        f"{direction}; {_remedy(landscape)}"
    )


def _remedy(landscape: SiteEnergies) -> str:
    fraction = landscape.accessible_sites / landscape.accessible.size
    if not isinstance(landscape, Landscape):
        return f"{fraction:.3g} of the sites are accessible: block fewer, or take another direction."
    if fraction > SITE_THRESHOLD:
        return f"{fraction:.3g} of the sites are accessible, enough in a larger lattice: take one, or another seed."
    return (
        f"{fraction:.3g} of the sites are accessible, below the percolation threshold {SITE_THRESHOLD}: "
        "the glass needs more alkali oxide."
    )
