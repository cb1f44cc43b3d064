"""Kinetic Monte Carlo of ions that repel each other: every hop changes the energies of all sites.

What is kept is the energy of each site with the potential of all other ions, E_i, on the whole lattice. An ion takes
E_j - E_i - G_ij to go from i to j: it is no longer where it was, and E_j has its own potential from there. Afterwards
every E_k grows by G_kj - G_ki.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.compiled import inlined_kernel, ordered_kernel

from .hops_kernels import CORRECTED, EVENTS, RETURNS, SQUARES, TIME, VARIATION, WAYS, HopState, Ways, fill
from .reduction_kernels import IntArray


class Charges(NamedTuple):
    """What ions do to each other. Energies are in units of kT.

    Attributes:
        table: G, energy of two ions by their distance along the axes (nx, ny, 2 nz); along the last axis it begins at
            -nz, so that a row of sites reads a row of the table.
        places: place of each accessible site on the lattice (sites, 3).
    """

    table: FloatArray
    places: IntArray


@ordered_kernel
def exchange(
    charges: Charges, occupied: NDArray[np.uint8], vacancies: IntArray, levels: FloatArray, energy: FloatArray,
    attempts: int, generator: np.random.Generator,
) -> None:  # fmt: skip
    """Towards equilibrium: exchanges of an ion and a vacancy over any distance, accepted as Metropolis et al. (1953).

    Args:
        charges: of the ions.
        occupied: 1 where an ion is (sites,); changed in place, as are the next three.
        vacancies: site of each vacancy (vacancies,).
        levels: E of each site (nx, ny, nz).
        energy: of all ions (1,).
        attempts: how many.
        generator: of the random numbers.
    """
    places = charges.places
    for _ in range(attempts):
        site = int(generator.random() * occupied.size)
        vacancy = int(generator.random() * vacancies.size)
        uniform = generator.random()
        if occupied[site] == 0:
            continue
        target = vacancies[vacancy]
        cost = _cost(places[site], places[target], levels, charges.table)
        if cost > 0.0 and uniform >= math.exp(-cost):
            continue
        occupied[site], occupied[target] = 0, 1
        vacancies[vacancy] = site
        energy[0] += cost
        _shift(places[site], places[target], levels, charges.table)


@ordered_kernel
def hop_charged(
    ways: Ways, charges: Charges, state: HopState, levels: FloatArray, energy: FloatArray, times: FloatArray,
    record: FloatArray, generator: np.random.Generator,
) -> None:  # fmt: skip
    """Let ions hop until the last of some times; the state at each of them is written down.

    Args:
        ways: all hops, whose rates are the factors by which those of the energies are multiplied.
        charges: of the ions.
        state: where they are; its tree has the sums of the rates into each vacancy at its leaves.
        levels: E of each site (nx, ny, nz), changed in place.
        energy: of all ions (1,), changed in place.
        times: rising (samples,), not before that of the state.
        record: collective corrected displacement, sum of the squared displacements, energy (3, samples).
        generator: of the random numbers.
    """
    count = state.vacancies.size
    rates = np.empty((count, WAYS))
    time, corrected = state.sums[TIME], state.sums[CORRECTED]
    variation, squares = state.sums[VARIATION], state.sums[SQUARES]
    events, returns = state.counts[EVENTS], state.counts[RETURNS]
    sample = 0
    total = _rates(ways, charges, state.occupied, state.vacancies, levels, rates, state.tree)
    following = time + generator.standard_exponential() / total
    while sample < times.size:
        if not following < times[sample]:
            # nothing happens before; the waiting time has no memory of what was waited already
            time = times[sample]
            record[0, sample], record[1, sample], record[2, sample] = corrected, squares, energy[0]
            sample += 1
            continue
        time = following
        rest = generator.random() * total
        # rounding must not lead to where nothing can hop
        vacancy, chosen = -1, -1
        for number in range(count):
            leaf = state.tree[number]
            if leaf > 0.0:
                vacancy = number
                if rest < leaf:
                    break
                rest -= leaf
        for way in range(WAYS):
            rate = rates[vacancy, way]
            if rate > 0.0:
                chosen = way
                if rest < rate:
                    break
                rest -= rate
        site = state.vacancies[vacancy]
        origin = ways.neighbours[site, chosen]
        here, there = charges.places[origin], charges.places[site]
        energy[0] += _cost(here, there, levels, charges.table)
        back, square = fill(vacancy, chosen, time, ways, state)
        events += 1
        returns += back
        corrected += ways.corrected[site, chosen]
        variation += ways.corrected[site, chosen] ** 2
        squares += square
        _shift(here, there, levels, charges.table)
        total = _rates(ways, charges, state.occupied, state.vacancies, levels, rates, state.tree)
        following = time + generator.standard_exponential() / total
    state.sums[TIME], state.sums[CORRECTED] = time, corrected
    state.sums[VARIATION], state.sums[SQUARES] = variation, squares
    state.counts[EVENTS], state.counts[RETURNS] = events, returns


@inlined_kernel
def _rates(
    ways: Ways, charges: Charges, occupied: NDArray[np.uint8] | FloatArray, vacancies: IntArray, levels: FloatArray,
    rates: FloatArray, sums: FloatArray,
) -> Any:  # fmt: skip
    """Rates of all hops into each vacancy by their ways (vacancies, 6), their sums (vacancies,), and that of all."""
    total = 0.0
    for vacancy in range(vacancies.size):
        site = vacancies[vacancy]
        x, y, z = charges.places[site, 0], charges.places[site, 1], charges.places[site, 2]
        level = levels[x, y, z]
        into = 0.0
        for way in range(WAYS):
            origin = ways.neighbours[site, way]
            rate = ways.rates[site, way] * occupied[origin]
            if rate > 0.0:
                place = charges.places[origin]
                cost = level - levels[place[0], place[1], place[2]] - _beside(way, charges.table)
                if cost > 0.0:
                    rate *= math.exp(-cost)
            rates[vacancy, way] = rate
            into += rate
        sums[vacancy] = into
        total += into
    return total


@inlined_kernel
def _beside(way: Any, table: FloatArray) -> Any:
    """G of neighbours along the axis of a way."""
    axis = way // 2
    return table[int(axis == 0), int(axis == 1), table.shape[2] // 2 + int(axis == 2)]


@inlined_kernel
def _cost(here: IntArray, there: IntArray, levels: FloatArray, table: FloatArray) -> Any:
    """Of the way of an ion from one place to another that is vacant."""
    nz = levels.shape[2]
    x, y, z = there[0] - here[0], there[1] - here[1], there[2] - here[2]
    # a negative index counts from the end, which is where the period leads
    shared = table[x, y, nz + z]
    return levels[there[0], there[1], there[2]] - levels[here[0], here[1], here[2]] - shared


@inlined_kernel
def _shift(here: IntArray, there: IntArray, levels: FloatArray, table: FloatArray) -> None:
    """Energies of all sites after an ion went from one place to another."""
    nx, ny, nz = levels.shape
    for x in range(nx):
        away_x, near_x = x - here[0], x - there[0]
        for y in range(ny):
            away = table[away_x, y - here[1], nz - here[2] :]
            near = table[near_x, y - there[1], nz - there[2] :]
            row = levels[x, y]
            for z in range(nz):
                row[z] += near[z] - away[z]
