"""Conductivity and activation energy of two alkali ions that share the sites of a landscape.

Each ion has a network of its own, with its jump rates from its sites to vacancies, g = β e² w f (1 − Σ f), whose
potentials are its own; the conductivity is the sum of both. Forces of one ion on the other, beyond that they take each
other's sites, are left out (explanation: other networks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import positive_number
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.errors import InputError, PercolationError

from .conductivity import MOST_DECADES
from .jumps import JumpLaw, jumps_of, node_numbers
from .lattice import Links, links
from .mixed import MixedLandscape, SharedLevels, shared_levels
from .network import Network, solve_network
from .percolation import no_path
from .union_find import bottleneck

NUMBERS = ("conductivity", "lower_bound", "upper_bound")


def mixed_conductivities(
    landscape: MixedLandscape,
    *,
    temperature: Sequence[float],
    jumps: JumpLaw | None = None,
    direction: int = 0,
    tolerance: float = 1e-3,
) -> dict[str, dict[str, FloatArray]]:
    """Dc conductivities of both ions between electrodes, as `conductivity` of one: Bosi 2021 (7), (10)-(13).

    Args:
        landscape: the landscape.
        temperature: several [K].
        jumps: law of the jumps of both; that of the landscape's model if None.
        direction: axis of the field, 0, 1 or 2.
        tolerance: largest distance of the bounds relative to the conductivity.

    Returns:
        By symbol of the ion `conductivity`, `lower_bound`, `upper_bound` [S/m], over the temperatures.

    Raises:
        InputError: a value out of range; a temperature so low that the conductivity is below 1e-300 S/m.
        PercolationError: no path of accessible sites connects the electrodes.
        NetworkError: a solution failed one of its tests.
    """
    law = jumps_of(landscape.shared, jumps)
    joined = links(landscape.shared, direction)
    numbers = node_numbers(joined).reshape(-1)
    nodes, first, second = int(numbers.max()) + 1, numbers[joined.first], numbers[joined.second]
    planes = landscape.shared.lattice[direction]
    size = math.log(planes * planes / landscape.shared.accessible.size / law.jump_distance)
    excess = law.excess(joined.first, joined.second, landscape.shared.lattice)
    found: dict[str, dict[str, list[float]]] = {symbol: {name: [] for name in NUMBERS} for symbol in landscape.symbols}
    for kelvin in temperature:
        thermal = BOLTZMANN_CONSTANT * positive_number(kelvin, key="temperature")
        levels = shared_levels(landscape, kelvin)
        prefactor = math.log(ELEMENTARY_CHARGE**2 * law.attempt_frequency / thermal) - law.mean_barrier / thermal
        for ion, symbol in enumerate(landscape.symbols):
            barriers = _full(landscape, joined, levels, ion, thermal) + _empty(landscape, joined, levels, ion, thermal)
            barriers = barriers + excess
            network = Network(nodes=nodes, first=first, second=second, logarithms=prefactor - barriers / thermal,
                              source=0, drain=1)  # fmt: skip
            try:
                solution = solve_network(network, tolerance=tolerance)
            except PercolationError:
                raise no_path(landscape.shared, direction) from None
            logarithm = solution.log_conductance + size
            if abs(logarithm) > MOST_DECADES * math.log(10.0):
                raise InputError("gives a conductivity beyond the range of floating-point numbers", key="temperature",
                                 value=kelvin, remedy="give a higher one")  # fmt: skip
            value = math.exp(logarithm)
            for name, factor in zip(NUMBERS, (1.0, solution.lower, solution.upper), strict=True):
                found[symbol][name].append(value * factor)
    return {symbol: {name: np.array(values) for name, values in entry.items()} for symbol, entry in found.items()}


def mixed_activation_energies(
    landscape: MixedLandscape, *, direction: int = 0, jumps: JumpLaw | None = None
) -> dict[str, float]:
    """Activation energies of both ions at low temperature [J], by symbol; the lower one is that of the conductivity.

    Args:
        landscape: the landscape.
        direction: axis of the field, 0, 1 or 2.
        jumps: law of the jumps of both; that of the landscape's model if None.

    Raises:
        PercolationError: no path of accessible sites leads through.
        InputError: no such direction.
    """
    joined = links(landscape.shared, direction)
    law = jumps_of(landscape.shared, jumps)
    levels = shared_levels(landscape, 0.0)
    least = law.mean_barrier + law.excess(joined.first, joined.second, landscape.shared.lattice)
    found: dict[str, float] = {}
    for ion, symbol in enumerate(landscape.symbols):
        barriers = least + _full(landscape, joined, levels, ion, 0.0) + _empty(landscape, joined, levels, ion, 0.0)
        link = bottleneck(joined.source, joined.drain, joined.sites, joined.first, joined.second, barriers)
        if link < 0:
            raise no_path(landscape.shared, direction)
        found[symbol] = float(barriers[link])
    return found


def _ends(landscape: MixedLandscape, joined: Links, ion: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Of each link the site that is the higher one for the ion, and the lower one."""
    energies = landscape.energies(landscape.symbols[ion]).reshape(-1)
    rising = energies[joined.second] >= energies[joined.first]
    return np.where(rising, joined.second, joined.first), np.where(rising, joined.first, joined.second)


def _full(landscape: MixedLandscape, joined: Links, levels: SharedLevels, ion: int, thermal: float) -> FloatArray:
    """−kT ln of the occupation of the higher site of each link by the ion [J] (m,)."""
    higher, _ = _ends(landscape, joined, ion)
    kinds = landscape.own_sites.reshape(-1)[higher].astype(np.intp)
    above = landscape.shared.energies.reshape(-1)[higher] - np.array(levels.levels)[kinds]
    return np.array(levels.penalties[ion])[kinds] + _softened(above, thermal)


def _empty(landscape: MixedLandscape, joined: Links, levels: SharedLevels, ion: int, thermal: float) -> FloatArray:
    """−kT ln of the probability that the lower site of each link is vacant [J] (m,)."""
    _, lower = _ends(landscape, joined, ion)
    kinds = landscape.own_sites.reshape(-1)[lower].astype(np.intp)
    return _softened(np.array(levels.levels)[kinds] - landscape.shared.energies.reshape(-1)[lower], thermal)


def _softened(energies: FloatArray, thermal: float) -> FloatArray:
    """KT ln(1 + exp(E/kT)), the positive part in the limit."""
    positive = np.maximum(energies, 0.0)
    return positive if thermal == 0.0 else positive + thermal * np.log1p(np.exp(-np.abs(energies) / thermal))
