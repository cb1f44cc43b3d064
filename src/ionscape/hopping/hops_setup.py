"""What kinetic Monte Carlo needs to know of a landscape: rates, the cap on them, the corrected displacements."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from ionscape.arguments import positive_number, shown
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import InputError, NetworkError, PercolationError

from .hops_charges import Charged
from .hops_kernels import WAYS, HopState, Ways, plant
from .jumps import JumpLaw, hops_in_equilibrium, joined_links, periodic_excess, too_cold
from .percolation import no_path
from .periodic import PeriodicLinks, solve_periodic
from .site_energies import SiteEnergies
from .statistics import ions_of, occupations

Ensemble = Literal["grand canonical", "canonical"]
Cap = float | Literal["automatic", "none"]

LARGEST_BIAS = 0.01
"""Of the conductivity of the network by an automatic cap, in any case."""
BIAS_PART = 1.0 / 15.0
"""Of the error asked for, which that bias may be: where both were measured, the hops felt a cap ten to twenty times as
much as the network, since what surrounds the bottleneck relaxes more slowly."""
CAPS = tuple(1.0 + 0.5 * step for step in range(17))
"""Decades above the bottleneck that are tried."""
SOLVER_TOLERANCE = 1e-4
"""Of the networks whose difference is the bias."""
LEAST_SHARE = 0.01
"""Ions and vacancies on the sites that hang together around the lattice, below which nothing can be transported."""
MOST_DRAWS = 100_000


@dataclass(frozen=True, kw_only=True, eq=False)
class HoppingSystem:
    """Ions on a periodic lattice. Rates are in units of ν exp(-βu0) with the mean u0, lengths in steps of the lattice.

    Attributes:
        ways: all hops, with capped rates.
        potentials: ψ of the sites, by which the displacements of `ways` are corrected (sites,).
        occupations: Fermi function of each accessible site (sites,).
        ions: their number; a mean unless the ensemble is canonical.
        ensemble: "grand canonical", occupations drawn from the Fermi function; "canonical", their number fixed.
        network: least Σ g (e + ∇ψ)² of the network with g the hops in equilibrium: collective mean-square displacement
            per time, halved, if only mean occupations mattered.
        capped_network: the same with capped rates.
        cap: decades above the bottleneck at which rates are capped; infinite without a cap.
        transport_rate: hops in equilibrium over the bottleneck.
        hop_rate: of all hops, capped.
        disconnected: share of the ions on sites from which no way leads around the lattice.
        compared: that network of which the conductivity of the hops is a ratio.
        charged: where ions repel each other: rates are then to be multiplied by factors of energies that every hop
            changes, and `occupations` and `compared` are those of ions that do not.
    """

    ways: Ways = field(repr=False)
    potentials: FloatArray = field(repr=False)
    occupations: FloatArray = field(repr=False)
    ions: float
    ensemble: Ensemble
    network: float
    capped_network: float
    cap: float
    transport_rate: float
    hop_rate: float
    disconnected: float
    compared: float
    charged: Charged | None = None

    @property
    def carriers(self) -> float:
        """Ions or vacancies, whichever are fewer."""
        return min(self.ions, self.occupations.size - self.ions)

    @property
    def bias(self) -> float:
        """What the cap does to the conductivity of the network, relative; it estimates what it does to the hops."""
        return self.capped_network / self.network - 1.0


def hopping_system(
    landscape: SiteEnergies, jumps: JumpLaw, *, temperature: float, ions: float | None, ensemble: Ensemble, cap: Cap,
    direction: int,
    relative_error: float = LARGEST_BIAS / BIAS_PART, exchanges: FloatArray | None = None,
) -> HoppingSystem:  # fmt: skip
    """Set up the hops of a landscape; arguments as of `kinetic_monte_carlo`.

    Where ions repel each other, `exchanges` has the logarithms of how many go over each link in equilibrium per time
    1/(ν exp(-βu0)), either way (m,); rates then leave out the energies, as every hop changes them.

    Raises:
        InputError: a value out of range, fewer than one ion or one vacancy, or none of either where a way leads.
        PercolationError: no way leads around the lattice.
    """
    thermal_energy = BOLTZMANN_CONSTANT * positive_number(temperature, key="temperature")
    count = _checked_ions(landscape, ions, ensemble)
    decades, bias = _checked_cap(cap), min(LARGEST_BIAS, BIAS_PART * relative_error)
    joined = joined_links(landscape, direction)
    filled = occupations(landscape, temperature, ions=count)[landscape.accessible]
    energies = landscape.energies[landscape.accessible] / thermal_energy
    if exchanges is None:
        exchanges = hops_in_equilibrium(joined, landscape, jumps, temperature=temperature, ions=count)
    else:
        energies = np.zeros_like(energies)
    try:
        plain = solve_periodic(joined, exchanges, tolerance=SOLVER_TOLERANCE)
    except PercolationError:
        raise no_path(landscape, direction) from None
    if not math.exp(plain.bottleneck) * math.exp(plain.log_conductance) > 0.0:
        raise too_cold(temperature)
    _check_connected(filled, plain.conducting)
    chosen, used = decades, plain
    if decades is None or math.isfinite(decades):
        for step in CAPS if decades is None else (decades,):
            chosen, used = step, solve_periodic(
                joined, np.minimum(exchanges, plain.bottleneck + step * math.log(10.0)), tolerance=SOLVER_TOLERANCE
            )  # fmt: skip
            if 1.0 - math.exp(used.log_conductance - plain.log_conductance) < bias:
                break
        else:
            if decades is None:
                raise NetworkError(f"no cap up to {CAPS[-1]:g} decades above the bottleneck biases the network by less"
                                   f" than {bias:.2%}; take cap = \"none\"")  # fmt: skip
    assert chosen is not None
    caps = np.exp(np.minimum(0.0, plain.bottleneck + min(chosen, 300.0) * math.log(10.0) - exchanges))
    factors = caps * np.exp(-periodic_excess(joined, landscape, jumps) / thermal_energy)
    return HoppingSystem(
        ways=_ways(joined, energies, factors, used.potentials),
        potentials=used.potentials,
        occupations=filled,
        ions=count,
        ensemble=ensemble,
        network=math.exp(plain.log_conductance),
        capped_network=math.exp(used.log_conductance),
        cap=chosen,
        transport_rate=math.exp(plain.bottleneck),
        hop_rate=2.0 * float(np.sum(np.exp(exchanges) * caps)),
        disconnected=float(filled[~plain.conducting].sum()) / count,
        compared=math.exp(plain.log_conductance),
    )


def _ways(joined: PeriodicLinks, energies: FloatArray, caps: FloatArray, potentials: FloatArray) -> Ways:
    """All hops into each site, from links, site energies over kT, factors of the rates, and ψ."""
    sites = joined.nodes
    neighbours = np.repeat(np.arange(sites, dtype=np.int32)[:, None], WAYS, axis=1)
    rates, corrected = np.zeros((sites, WAYS)), np.zeros((sites, WAYS))
    steps = np.zeros((sites, WAYS), np.int8)
    for into, origin, back, sign in ((joined.second, joined.first, 0, 1), (joined.first, joined.second, 1, -1)):
        way = 2 * joined.along.astype(np.int64) + back
        step = sign * joined.forces
        neighbours[into, way] = origin
        rates[into, way] = np.exp(np.minimum(0.0, energies[origin] - energies[into])) * caps
        corrected[into, way] = step + potentials[into] - potentials[origin]
        steps[into, way] = step
    return Ways(neighbours, rates, corrected, steps)


def drawn_state(system: HoppingSystem, generator: np.random.Generator) -> HopState:
    """Ions on their sites as they are in equilibrium, before the first hop.

    Independent draws from the Fermi function are the grand canonical equilibrium; those with the given number of ions
    among them are the canonical one, whatever the chemical potential is.

    Raises:
        NetworkError: no draw had that number of ions.
    """
    filled = system.occupations
    for _ in range(MOST_DRAWS):
        taken = generator.random(filled.size) < filled
        if system.ensemble == "grand canonical" or np.count_nonzero(taken) == system.ions:
            break
    else:
        raise NetworkError(f"none of {MOST_DRAWS} draws of the occupations had {system.ions:g} ions")
    state = state_of(taken)
    plant(system.ways, state)
    return state


def state_of(taken: NDArray[np.bool_]) -> HopState:
    """The state before the first hop, of the sites that are taken (sites,); its tree is empty."""
    vacancies = np.flatnonzero(~taken).astype(np.int32)
    count = vacancies.size
    numbers = np.full(taken.size, -1, np.int32)
    numbers[vacancies] = np.arange(count)
    ions = np.cumsum(taken, dtype=np.int32) - np.int32(1)
    leaves = 1 << max(count - 1, 1).bit_length()
    return HopState(
        occupied=taken.astype(np.uint8),
        ions=np.where(taken, ions, -1).astype(np.int32),
        vacancies=vacancies,
        numbers=numbers,
        before=np.full(count, -1, np.int32),
        since=np.zeros(count),
        tree=np.zeros(2 * leaves),
        displacements=np.zeros(taken.size - count, np.int32),
        vacant=np.zeros(taken.size),
        sums=np.zeros(4),
        counts=np.zeros(2, np.int64),
    )


def _checked_ions(landscape: SiteEnergies, ions: float | None, ensemble: Ensemble) -> float:
    if ensemble not in ("grand canonical", "canonical"):
        raise InputError('must be "grand canonical" or "canonical"', key="ensemble", value=shown(ensemble))
    count = ions_of(landscape, ions)
    vacancies = landscape.accessible_sites - count
    for least, what in ((count, "ion"), (vacancies, "vacancy")):
        if least < 1.0:
            problem = (
                f"leaves {least:.3g} {'ions' if what == 'ion' else 'vacancies'} on {landscape.accessible_sites} sites"
            )
            raise InputError(problem, key="ions", value=ions, bound=f"at least one {what} is needed")
    if ensemble == "canonical" and count != round(count):
        remedy = 'give one, or take ensemble = "grand canonical"'
        raise InputError("must be a whole number where it is fixed", key="ions", value=count, remedy=remedy)
    return count


def _checked_cap(cap: Cap) -> float | None:
    """Decades above the bottleneck, infinite for none; None where they are to be found."""
    if cap == "automatic":
        return None
    if cap == "none":
        return math.inf
    if isinstance(cast(object, cap), str):
        remedy = 'write "automatic", "none", or the decades above the bottleneck'
        raise InputError("is no cap", key="cap", value=shown(cap), remedy=remedy)
    return positive_number(cap, key="cap")


def _check_connected(filled: FloatArray, conducting: NDArray[np.bool_]) -> None:
    """Refuse a landscape whose ions, or vacancies, are all where no way leads.

    Raises:
        InputError: they are.
    """
    there = filled[conducting]
    for count, what in ((float(there.sum()), "ions"), (float((1.0 - there).sum()), "vacancies")):
        if count < LEAST_SHARE:
            raise InputError(
                f"are disconnected: sites from which a way leads around the lattice hold {count:.2g} {what} on average",
                key="ions", value=float(filled.sum()), remedy="give another number of ions, or a higher temperature",
            )  # fmt: skip
