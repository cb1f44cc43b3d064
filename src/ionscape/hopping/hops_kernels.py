"""Kinetic Monte Carlo of ions with site exclusion: one hop after the other, drawn from a sum tree over the vacancies.

A hop fills a vacancy from one of its neighbours, so that the vacancies, few in a glass, are the list to draw from: each
is a leaf of the tree, with the sum of the rates of the hops into it (Bortz, Kalos and Lebowitz 1975; the tree as in
Blue, Beichl and Sullivan 1995). A hop changes the leaves of that vacancy and of those beside its old and its new site.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.compiled import inlined_kernel, ordered_kernel

from .reduction_kernels import IntArray, LongArray

WAYS = 6
"""Of a site of a simple cubic lattice: from its predecessor and its successor along each axis, in this order."""
TIME, CORRECTED, VARIATION, SQUARES = range(4)
EVENTS, RETURNS = range(2)


class Ways(NamedTuple):
    """All hops into each site. Rates are in units of ν exp(-β u0), lengths in steps of the lattice.

    Attributes:
        neighbours: site from which the ion comes (sites, 6); the site itself where there is none.
        rates: of the hop (sites, 6), 0 where there is none.
        corrected: its displacement along the field, less the change of a function of the state (sites, 6).
        steps: its displacement along the field (sites, 6).
    """

    neighbours: IntArray
    rates: FloatArray
    corrected: FloatArray
    steps: NDArray[np.int8]


class HopState(NamedTuple):
    """Where the ions are, and what they have done; changed in place.

    Attributes:
        occupied: 1 where an ion is (sites,), uint8; or, where ions differ, by how much faster it hops, float.
        ions: which ion is on each site (sites,); of a vacant site that which was there last.
        vacancies: site of each vacancy (vacancies,).
        numbers: which vacancy is on each site, -1 without one (sites,).
        before: site from which each vacancy came by its last hop, -1 at first (vacancies,).
        since: when it came to its site (vacancies,).
        tree: sums of the rates of hops into vacancies, the root at 1, the leaves behind the middle (2 leaves,).
        displacements: of each ion along the field since the last reset (ions,).
        vacant: time for which each site has been vacant (sites,), up to the last hop of its vacancy.
        sums: time; collective corrected displacement; sum of the squares of its steps; sum of the squares of
            `displacements`.
        counts: hops; hops by which an ion went back to where it had just come from.
    """

    occupied: NDArray[np.uint8] | FloatArray
    ions: IntArray
    vacancies: IntArray
    numbers: IntArray
    before: IntArray
    since: FloatArray
    tree: FloatArray
    displacements: IntArray
    vacant: FloatArray
    sums: FloatArray
    counts: LongArray


@ordered_kernel
def plant(ways: Ways, state: HopState) -> None:
    """Fill the tree from the occupations."""
    leaves = state.tree.size // 2
    state.tree[:] = 0.0
    for vacancy in range(state.vacancies.size):
        state.tree[leaves + vacancy] = _rate_into(state.vacancies[vacancy], ways, state)
    for node in range(leaves - 1, 0, -1):
        state.tree[node] = state.tree[2 * node] + state.tree[2 * node + 1]


@ordered_kernel
def hop(ways: Ways, state: HopState, times: FloatArray, record: FloatArray, generator: np.random.Generator) -> None:
    """Let ions hop until the last of some times; the state at each of them is written down.

    Args:
        ways: all hops.
        state: where they are.
        times: rising (samples,), not before that of the state.
        record: collective corrected displacement, and sum of the squared displacements (2, samples).
        generator: of the random numbers.
    """
    tree, leaves = state.tree, state.tree.size // 2
    time, corrected = state.sums[TIME], state.sums[CORRECTED]
    variation, squares = state.sums[VARIATION], state.sums[SQUARES]
    events, returns = state.counts[EVENTS], state.counts[RETURNS]
    sample = 0
    following = time + generator.standard_exponential() / tree[1]
    while sample < times.size:
        if not following < times[sample]:
            # nothing happens before; the waiting time has no memory of what was waited already
            time = times[sample]
            record[0, sample] = corrected
            record[1, sample] = squares
            sample += 1
            continue
        time = following
        rest = generator.random() * tree[1]
        node = 1
        while node < leaves:
            left, right = tree[2 * node], tree[2 * node + 1]
            # rounding must not lead to where nothing can hop
            to_right = (rest >= left) and (right > 0.0)
            rest -= left * to_right
            node = 2 * node + to_right
        vacancy = node - leaves
        site = state.vacancies[vacancy]
        chosen = -1
        for way in range(WAYS):
            rate = ways.rates[site, way] * state.occupied[ways.neighbours[site, way]]
            if rate > 0.0:
                chosen = way
                if rest < rate:
                    break
                rest -= rate
        back, square = fill(vacancy, chosen, time, ways, state)
        origin = state.vacancies[vacancy]
        events += 1
        returns += back
        corrected += ways.corrected[site, chosen]
        variation += ways.corrected[site, chosen] ** 2
        squares += square
        _renew(vacancy, ways, state)
        for place in (site, origin):
            for way in range(WAYS):
                other = state.numbers[ways.neighbours[place, way]]
                if other >= 0 and other != vacancy:
                    _renew(other, ways, state)
        following = time + generator.standard_exponential() / tree[1]
    state.sums[TIME], state.sums[CORRECTED] = time, corrected
    state.sums[VARIATION], state.sums[SQUARES] = variation, squares
    state.counts[EVENTS], state.counts[RETURNS] = events, returns


@inlined_kernel
def fill(vacancy: Any, way: Any, time: Any, ways: Ways, state: HopState) -> Any:
    """Let the ion at the other end of a way hop into a vacancy, which then is where the ion was.

    Returns:
        Whether it went back to where it had just come from, and the change of the sum of the squared displacements.
    """
    site = state.vacancies[vacancy]
    origin = ways.neighbours[site, way]
    ion = state.ions[origin]
    step = np.int32(ways.steps[site, way])
    back = state.before[vacancy] == origin and state.ions[site] == ion
    square = step * (2 * state.displacements[ion] + step)
    state.displacements[ion] += step
    state.ions[site] = ion
    state.occupied[site] = state.occupied[origin]
    state.occupied[origin] = 0
    state.vacant[site] += time - state.since[vacancy]
    state.since[vacancy] = time
    state.before[vacancy] = site
    state.numbers[site] = -1
    state.numbers[origin] = vacancy
    state.vacancies[vacancy] = origin
    return back, square


@inlined_kernel
def _rate_into(site: Any, ways: Ways, state: HopState) -> Any:
    """Sum of the rates of the hops into a vacant site."""
    total = 0.0
    for way in range(WAYS):
        total += ways.rates[site, way] * state.occupied[ways.neighbours[site, way]]
    return total


@inlined_kernel
def _renew(vacancy: Any, ways: Ways, state: HopState) -> None:
    """The leaf of a vacancy and all sums that contain it, from below: no rounding errors add up."""
    tree = state.tree
    node = tree.size // 2 + vacancy
    tree[node] = _rate_into(state.vacancies[vacancy], ways, state)
    node >>= 1
    while node > 0:
        tree[node] = tree[2 * node] + tree[2 * node + 1]
        node >>= 1
