"""Ions that repel each other: their equilibrium, and what kinetic Monte Carlo needs to know of them.

At a fixed number of ions sites are no longer independent. Each replica begins with occupations that are drawn as if
they were, or all sites alike, and is brought to equilibrium by exchanges of ions and vacancies over any distance, which
go where hops would take very long. A pilot finds out how many it takes: until the energy is the same from both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import HoppingError, InputError

from .coulomb import CoulombInteraction, check_size
from .hops_charges import FIRST_SWEEPS, Charged, Drawn, charged_ions, counted
from .hops_coulomb_kernels import hop_charged
from .hops_kernels import HopState, Ways
from .hops_setup import Cap, HoppingSystem, hopping_system, state_of
from .jumps import JumpLaw, joined_links, periodic_excess
from .periodic import PeriodicLinks
from .site_energies import SiteEnergies, landscape_from_energies
from .statistics import chemical_potential

PILOTS = 12
"""Equilibria by which the number of exchanges is found, half of them from each kind of beginning."""
MOST_SWEEPS = 65_536
LOOKS = 64
"""At each pilot, over as many sweeps again."""
LEAST_HOPS_SEEN = 1e-250
"""Mean hops over a link, below which they are nothing."""
DISAGREEMENT = 2.0
"""Standard errors by which the energies of the two kinds of beginnings may differ."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ChargedRecord:
    """What one replica tells of the energies.

    Attributes:
        alike: whether all sites were alike at its beginning.
        energies: of all ions over kT, at each sample (samples,).
        counts: sites by energy, those that are vacant and those that are taken (2, bins), means over the replica.
    """

    alike: bool
    energies: FloatArray = field(repr=False)
    counts: FloatArray = field(repr=False)


class ChargedIons:
    """Ions of one replica, that begin in equilibrium and hop.

    Attributes:
        state: where they are.
    """

    state: HopState

    def __init__(self, ways: Ways, charged: Charged, generator: np.random.Generator) -> None:
        """Draw the beginning; every other replica begins with all sites alike."""
        self._ways, self._charged, self._generator = ways, charged, generator
        self._alike = bool(generator.random() < 0.5)
        self._drawn = charged.drawn(generator, alike=self._alike, sweeps=charged.sweeps)
        self.state = state_of(self._drawn.occupied == 1)
        self._edges = charged.edges
        self._energies: list[FloatArray] = []
        self._counts: list[FloatArray] = []

    def hop(self, times: FloatArray, record: FloatArray) -> None:
        """Let them hop; the displacements at some times go into a record (2, samples)."""
        whole = np.empty((3, times.size))
        drawn = self._drawn
        hop_charged(self._ways, self._charged.charges, self.state, drawn.levels, drawn.energy, times, whole,
                    self._generator)  # fmt: skip
        record[:] = whole[:2]
        self._energies.append(whole[2])
        self._counts.append(counted(self._charged, self.state.occupied, drawn.levels, self._edges))

    def kept(self) -> tuple[FloatArray, float]:
        """E of each site of the lattice (nx, ny, nz) and the energy of all ions, as they were kept, over kT."""
        return self._drawn.levels, float(self._drawn.energy[0])

    def recorded(self) -> ChargedRecord:
        """What it tells of the energies."""
        return ChargedRecord(
            alike=self._alike, energies=np.concatenate(self._energies), counts=np.mean(self._counts, axis=0)
        )


def charged_system(
    landscape: SiteEnergies, jumps: JumpLaw, coulomb: CoulombInteraction, *, temperature: float, ions: float | None,
    cap: Cap, direction: int, relative_error: float, generator: np.random.Generator,
) -> HoppingSystem:  # fmt: skip
    """Set up the hops of ions that repel each other; other arguments as of `kinetic_monte_carlo`.

    Corrected displacements and the cap are those of the network of the mean hops over each link. Whatever ψ is, the
    corrected displacement differs from the displacement by a function of the state, and this ψ makes it vary least; a
    factor that is the same for both ways of a link leaves the equilibrium as it is.

    Raises:
        InputError: as of `hopping_system`; a lattice with open faces, or one that is too large.
        PercolationError: no way leads around the lattice.
        HoppingError: energies from different beginnings do not become the same.
    """
    if not landscape.periodic:
        remedy = 'join them (transverse_faces = "periodic"): the sum over all images needs it'
        raise InputError("cannot be calculated between open faces", key="coulomb", remedy=remedy)
    check_size(landscape.lattice)
    set_up = partial(
        hopping_system, landscape, jumps, temperature=temperature, ions=ions, ensemble="canonical", cap=cap,
        direction=direction, relative_error=relative_error,
    )  # fmt: skip
    free = set_up()
    thermal_energy = BOLTZMANN_CONSTANT * temperature
    charged = charged_ions(landscape, int(free.ions), thermal_energy, coulomb.energy(jumps.jump_distance))
    charged, drawn = _pilot(charged, generator)
    joined = joined_links(landscape, direction)
    excess = periodic_excess(joined, landscape, jumps) / thermal_energy
    found = set_up(exchanges=_mean_hops(charged, drawn, joined, generator) - excess)
    return replace(found, compared=free.network, charged=replace(charged, network=found.network))


def _pilot(charged: Charged, generator: np.random.Generator) -> tuple[Charged, list[Drawn]]:
    """With the number of sweeps that it takes to equilibrium and the chemical potential, and some states of it.

    Raises:
        HoppingError: energies from different beginnings do not become the same.
    """
    sweeps = FIRST_SWEEPS
    drawn = [charged.drawn(generator, alike=bool(number % 2), sweeps=sweeps) for number in range(PILOTS)]
    while True:
        energies = np.zeros((PILOTS, LOOKS))
        for number, each in enumerate(drawn):
            for look in range(LOOKS):
                charged.exchanged(each, sweeps // LOOKS, generator)
                energies[number, look] = each.energy[0]
        means = energies.mean(axis=1).reshape(-1, 2)
        difference = float(np.diff(means.mean(axis=0))[0])
        error = float(np.hypot(*means.std(axis=0, ddof=1))) / math.sqrt(len(means))
        if abs(difference) <= max(DISAGREEMENT * error, 1e-9 * abs(means).max()):
            return replace(charged, sweeps=2 * sweeps, middle=_chemical_potential(charged, drawn)), drawn
        sweeps *= 2
        if sweeps > MOST_SWEEPS:
            raise HoppingError(
                f"the ions do not come to equilibrium: after {sweeps:,} attempted exchanges for each site their energy"
                f" still depends on the beginning, by {abs(difference) / error:.0f} standard errors; give a higher"
                " temperature"
            )


def _chemical_potential(charged: Charged, drawn: list[Drawn]) -> float:
    """Over kT, for the energies that single sites have in some states."""
    kelvin = charged.thermal_energy / BOLTZMANN_CONSTANT
    levels = np.array([each.levels[tuple(charged.charges.places.T)] for each in drawn])
    stacked = landscape_from_energies(levels[:, :, None] * charged.thermal_energy)
    return chemical_potential(stacked, kelvin, ions=float(charged.ions * len(drawn))) / charged.thermal_energy


def _mean_hops(
    charged: Charged, drawn: list[Drawn], joined: PeriodicLinks, generator: np.random.Generator
) -> FloatArray:
    """Logarithms of how many ions go over each link in equilibrium per time 1/(ν exp(-βu0)), either way (m,).

    A link is hardly ever seen with an ion on its upper site, but given all others the four states of its two sites have
    known weights, 1, exp(-a), exp(-b) and exp(-a - b - G) with a and b their energies over μ while both are vacant:
    hops are exp(-max(a, b)) of their sum. The mean is over as many sweeps again as it took to equilibrium.
    """
    table, places = charged.charges.table, tuple(charged.charges.places.T)
    begin = table.shape[2] // 2
    steps = [(int(axis == 0), int(axis == 1), begin + int(axis == 2)) for axis in range(3)]
    # an axis of length one has no links, nor a place one step away
    beside = np.array([table[step] if all(np.less(step, table.shape)) else 0.0 for step in steps])[joined.along]
    total = np.zeros(beside.size)
    for each in drawn:
        for _ in range(LOOKS):
            charged.exchanged(each, charged.sweeps // LOOKS, generator)
            there = each.levels[places] - charged.middle
            one = there[joined.first] - beside * each.occupied[joined.second]
            other = there[joined.second] - beside * each.occupied[joined.first]
            states = np.logaddexp(np.logaddexp(0.0, -one - other - beside), np.logaddexp(-one, -other))
            total += np.exp(-np.maximum(one, other) - states)
    return np.log(np.maximum(total / (len(drawn) * LOOKS), LEAST_HOPS_SEEN))
