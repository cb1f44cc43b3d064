"""The law of the jumps: barriers and conductances of the links between sites of given energies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import number, positive_number, shown
from ionscape.arrays import FloatArray
from ionscape.compiled import kernel
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.errors import InputError

from .barriers import BarrierDistribution
from .landscape import Landscape
from .lattice import Links, axis, links
from .network import Network
from .periodic import PeriodicLinks, periodic_links
from .site_energies import SiteEnergies, in_joules
from .statistics import chemical_potential

ATTEMPT_FREQUENCY = 4e14  # Hz; Bosi 2021, section V.A
JUMP_DISTANCE = 5e-10  # m; Bosi 2021, section V.A


@dataclass(frozen=True, kw_only=True)
class JumpLaw:
    """Rate of the jumps from a site i to a free neighbour j: ν exp(-β u0) min(1, exp(-β (ε_j - ε_i))), Bosi 2021 (5).

    Attributes:
        barrier: u0, least barrier of a jump [J], or a distribution of it over the links.
        attempt_frequency: ν [Hz].
        jump_distance: a, the lattice constant [m].

    Raises:
        InputError: a value out of range.
    """

    barrier: float | BarrierDistribution
    attempt_frequency: float = ATTEMPT_FREQUENCY
    jump_distance: float = JUMP_DISTANCE

    def __post_init__(self) -> None:
        """Check every value."""
        if not isinstance(self.barrier, BarrierDistribution) and number(self.barrier, key="barrier") < 0.0:
            raise InputError("must be a finite number of at least 0", key="barrier", value=self.barrier)
        in_joules(self.mean_barrier, key="barrier", problem="is more than")
        for key in ("attempt_frequency", "jump_distance"):
            object.__setattr__(self, key, positive_number(getattr(self, key), key=key))

    @property
    def mean_barrier(self) -> float:
        """u0, or the mean of its distribution [J]."""
        return self.barrier.mean if isinstance(self.barrier, BarrierDistribution) else self.barrier

    def excess(self, first: NDArray[Any], second: NDArray[Any], lattice: Sequence[int]) -> FloatArray | float:
        """Barriers of links less the mean one [J] (m,); 0 where all are equal.

        Args:
            first: flat index of one site of each (m,).
            second: of the other, its neighbour; of two links between the same two sites each begins at its first.
            lattice: sites along the three axes.
        """
        if not isinstance(self.barrier, BarrierDistribution):
            return 0.0
        shape = tuple(lattice)
        here, there = (np.stack(np.unravel_index(sites, shape)) for sites in (first, second))
        axes = np.argmax(here != there, axis=0)
        links = np.arange(axes.size)
        forward = (here[axes, links] + 1) % np.asarray(shape)[axes] == there[axes, links]
        begin = np.where(forward, first, second).astype(np.int64)
        return self.barrier.of_links(axes, begin, math.prod(shape)) - self.barrier.mean


def too_cold(temperature: float) -> InputError:
    """That rates at a temperature [K] are smaller than a number can be."""
    problem = "gives rates too small for floating-point numbers"
    return InputError(problem, key="temperature", value=temperature, remedy="give a higher one")


def jumps_of(landscape: SiteEnergies, jumps: JumpLaw | None = None, **given: float) -> JumpLaw:
    """The law that is given, or the one with the barrier of a landscape's model.

    Args:
        landscape: the landscape.
        jumps: the law; None makes one of the model.
        given: further values of the law of the model.

    Raises:
        InputError: a value out of range; neither a law nor a model; a law and a further value.
    """
    if jumps is not None:
        for key, value in given.items():
            remedy = "leave it out: the law of the jumps has it"
            raise InputError("is given twice", key=key, value=shown(value), remedy=remedy)
        return jumps
    if not isinstance(landscape, Landscape):
        remedy = "give JumpLaw(barrier=...): these site energies are of no model"
        raise InputError("is missing", key="jumps", remedy=remedy)
    return JumpLaw(barrier=landscape.model.least_barrier, **given)


def barriers_between(
    landscape: Landscape, jumps: JumpLaw, first: NDArray[np.int32], second: NDArray[np.int32]
) -> FloatArray:
    """Barriers Δ at low temperature between pairs of sites, given by their flat indices [J] (m,): Bosi 2021 (8b)."""
    barriers = link_barriers(first, second, landscape.energies.reshape(-1), landscape.fermi_energy, jumps.mean_barrier)
    return barriers + jumps.excess(first, second, landscape.lattice)


def conductance_network(
    landscape: Landscape, *, temperature: float, attempt_frequency: float, direction: int = 0
) -> tuple[Network, NDArray[np.int32]]:
    """Network of the link conductances g_ij = β e² w_ij f_i (1 - f_j) of Bosi 2021 (7).

    The sites of the first plane along `direction` are the source, those of the last plane the drain.

    Args:
        landscape: the landscape.
        temperature: [K].
        attempt_frequency: ν [Hz].
        direction: axis of the field.

    Returns:
        The network, ln g in ln S, and the node of each site, int32 (nx, ny, nz), -1 at blocked ones.

    Raises:
        InputError: temperature or frequency is not above 0, or there is no such direction.
    """
    jumps = jumps_of(landscape, attempt_frequency=attempt_frequency)
    joined = links(landscape, direction)
    (network,) = conductance_networks(joined, landscape, jumps, [temperature])
    return network, node_numbers(joined)


def conductance_networks(
    joined: Links, landscape: SiteEnergies, jumps: JumpLaw, temperatures: Sequence[float], ions: float | None = None
) -> Iterator[Network]:
    """The network of the same links at one temperature [K] after the other, see `conductance_network`."""
    numbers = node_numbers(joined).reshape(-1)
    nodes = int(numbers.max()) + 1
    first, second = numbers[joined.first], numbers[joined.second]
    energies: FloatArray = landscape.energies.reshape(-1)
    for temperature in temperatures:
        logarithms = _logarithms(energies, joined.first, joined.second, landscape, jumps, temperature, ions)
        logarithms -= jumps.excess(joined.first, joined.second, landscape.lattice) / (BOLTZMANN_CONSTANT * temperature)
        yield Network(nodes=nodes, first=first, second=second, logarithms=logarithms, source=0, drain=1)


def periodic_conductances(
    joined: PeriodicLinks, landscape: SiteEnergies, jumps: JumpLaw, *, temperature: float, ions: float | None = None
) -> FloatArray:
    """Logarithms of the conductances of the links of a periodic lattice [ln S] (m,), as in `conductance_network`."""
    energies = landscape.energies[landscape.accessible]
    logarithms = _logarithms(energies, joined.first, joined.second, landscape, jumps, temperature, ions)
    return logarithms - periodic_excess(joined, landscape, jumps) / (BOLTZMANN_CONSTANT * temperature)


def periodic_excess(joined: PeriodicLinks, landscape: SiteEnergies, jumps: JumpLaw) -> FloatArray | float:
    """`JumpLaw.excess` of the links of a periodic lattice [J] (m,)."""
    sites = np.flatnonzero(landscape.accessible)
    return jumps.excess(sites[joined.first], sites[joined.second], landscape.lattice)


def joined_links(landscape: SiteEnergies, direction: int = 0) -> PeriodicLinks:
    """Links of a landscape whose faces along the field are joined, those beside it as the landscape says.

    Raises:
        InputError: no such direction, or a single plane along it.
    """
    along = axis(direction)
    if landscape.lattice[along] < 2:
        problem = "must be at least 2 along the field: an axis of length one has no links"
        raise InputError(problem, key="lattice", value=list(landscape.lattice))
    return periodic_links(landscape.accessible, along, transverse=landscape.periodic)


def hops_in_equilibrium(
    joined: PeriodicLinks, landscape: SiteEnergies, jumps: JumpLaw, *, temperature: float, ions: float | None = None
) -> FloatArray:
    """Logarithms of how many ions go over each link in equilibrium per time 1/(ν exp(-βu0)), either way (m,).

    Of distributed barriers u0 is the mean.
    """
    energies = landscape.energies[landscape.accessible]
    logarithms = _exchanges(energies, joined.first, joined.second, landscape, temperature, ions, 0.0)
    return logarithms - periodic_excess(joined, landscape, jumps) / (BOLTZMANN_CONSTANT * temperature)


def _logarithms(
    energies: FloatArray, first: NDArray[np.int32], second: NDArray[np.int32], landscape: SiteEnergies,
    jumps: JumpLaw, temperature: float, ions: float | None,
) -> FloatArray:  # fmt: skip
    """Logarithms of the conductances of links [ln S]; the chemical potential is that of the landscape."""
    thermal_energy = BOLTZMANN_CONSTANT * positive_number(temperature, key="temperature")
    prefactor = math.log(ELEMENTARY_CHARGE**2 * jumps.attempt_frequency / thermal_energy)
    prefactor -= jumps.mean_barrier / thermal_energy
    return _exchanges(energies, first, second, landscape, temperature, ions, prefactor)


def _exchanges(
    energies: FloatArray, first: NDArray[np.int32], second: NDArray[np.int32], landscape: SiteEnergies,
    temperature: float, ions: float | None, prefactor: float,
) -> FloatArray:  # fmt: skip
    potential = chemical_potential(landscape, temperature, ions=ions)
    return _log_conductances(energies, first, second, potential, BOLTZMANN_CONSTANT * temperature, prefactor)


def node_numbers(joined: Links) -> NDArray[np.int32]:
    """Node of each site (nx, ny, nz): 0 at the source, 1 at the drain, -1 where blocked."""
    inside = joined.accessible.reshape(-1).copy()
    inside[joined.source] = inside[joined.drain] = False
    numbers = np.cumsum(inside, dtype=np.int32) + np.int32(1)
    numbers[~inside] = -1
    numbers[joined.source], numbers[joined.drain] = 0, 1
    return numbers.reshape(joined.lattice.shape)


@kernel
def _log_conductances(
    energies: FloatArray, first: Any, second: Any, potential: float, thermal_energy: float, prefactor: float
) -> FloatArray:
    """Logarithms of the link conductances [ln S].

    With Metropolis rates min(1, exp(-β(ε_j - ε_i))) f_i (1 - f_j) is symmetric: it is f(-a) f(b), where a is the lower
    and b the higher energy above the chemical potential and f the Fermi function. Logarithms cannot under- or overflow.
    """
    logarithms = np.empty(first.size)
    for link in range(first.size):
        one = (energies[first[link]] - potential) / thermal_energy
        other = (energies[second[link]] - potential) / thermal_energy
        lower, higher = min(one, other), max(one, other)
        empty = min(lower, 0.0) - math.log1p(math.exp(-abs(lower)))
        full = min(-higher, 0.0) - math.log1p(math.exp(-abs(higher)))
        logarithms[link] = prefactor + empty + full
    return logarithms


@kernel
def link_barriers(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    energies: NDArray[np.float64],
    fermi_energy: float,
    least_barrier: float,
) -> NDArray[np.float64]:
    """Δ = u0 + (|εi - εj| + |εi - εF| + |εj - εF|) / 2 of each link: Bosi 2021 (8b).

    Half the sum of the distances between three numbers is the range that they span: Δ = u0 + max - min.

    letter  meaning                        shape
    εi, εj  energies [J] at first, second  (sites,)
    εF      fermi_energy [J]
    u0      least_barrier [J]
    Δ       returned [J]                   (m,)
    """
    barriers = np.empty(len(first))
    for link in range(len(first)):
        a = energies[first[link]]
        b = energies[second[link]]
        barriers[link] = least_barrier + (max(a, b, fermi_energy) - min(a, b, fermi_energy))
    return barriers
