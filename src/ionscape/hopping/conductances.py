"""From a landscape to the network of its link conductances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.compiled import kernel
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE

from .checks import positive_number
from .links import Links, links
from .network import Network
from .statistics import chemical_potential

if TYPE_CHECKING:
    from .landscape import Landscape


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
    temperature = positive_number(temperature, key="temperature")
    attempt_frequency = positive_number(attempt_frequency, key="attempt_frequency")
    joined = links(landscape, direction)
    thermal_energy = BOLTZMANN_CONSTANT * temperature
    potential = chemical_potential(landscape, temperature)
    flat: FloatArray = landscape.energies.reshape(-1)
    prefactor = math.log(ELEMENTARY_CHARGE**2 * attempt_frequency / thermal_energy)
    logarithms = _log_conductances(
        flat,
        joined.first,
        joined.second,
        potential,
        thermal_energy,
        prefactor - landscape.model.least_barrier / thermal_energy,
    )
    numbers, count = _number_nodes(landscape, joined)
    network = Network(
        nodes=count,
        first=numbers[joined.first],
        second=numbers[joined.second],
        logarithms=logarithms,
        source=0,
        drain=1,
    )
    return network, numbers.reshape(landscape.lattice)


def _number_nodes(landscape: Landscape, joined: Links) -> tuple[NDArray[np.int32], int]:
    """Node of each site by its flat index: 0 at the source, 1 at the drain, -1 where blocked; and their number."""
    inside = landscape.accessible.reshape(-1).copy()
    inside[joined.source] = inside[joined.drain] = False
    numbers = np.cumsum(inside, dtype=np.int32) + np.int32(1)
    count = int(numbers[-1]) + 1
    numbers[~inside] = -1
    numbers[joined.source], numbers[joined.drain] = 0, 1
    return numbers, count


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
