"""Ions that repel each other: the energies of their sites, and draws of their places near equilibrium."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import ELECTRON_VOLT

from .coulomb import lattice_potential
from .hops_coulomb_kernels import Charges, exchange
from .site_energies import SiteEnergies

FIRST_SWEEPS = 64
"""Attempted exchanges for each accessible site, at first; twice as many until it is enough."""
BINS, BIN_WIDTH = 400, 0.01 * ELECTRON_VOLT
"""Of the energies of single sites, around the chemical potential of the pilot."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Charged:
    """What repulsion adds to a system of hops. Energies are in units of kT.

    Attributes:
        charges: tables of the kernels.
        energies: of the accessible sites without other ions (sites,).
        empty: E of each site of the lattice without any vacancy (nx, ny, nz).
        ions: their number.
        sweeps: attempted exchanges for each accessible site before a replica begins.
        middle: of the energies of single sites that are counted: chemical potential of the pilot.
        thermal_energy: kT [J].
        network: least Σ g (e + ∇ψ)² of the network with g the mean hops over each link.
    """

    charges: Charges
    energies: FloatArray = field(repr=False)
    empty: FloatArray = field(repr=False)
    ions: int
    thermal_energy: float
    sweeps: int = FIRST_SWEEPS
    middle: float = 0.0
    network: float = math.nan

    @property
    def edges(self) -> FloatArray:
        """Of the bins in which energies of single sites are counted, over kT (bins + 1,)."""
        reach = 0.5 * BINS * BIN_WIDTH / self.thermal_energy
        return np.linspace(self.middle - reach, self.middle + reach, BINS + 1)

    def levels(self, occupied: NDArray[np.uint8]) -> FloatArray:
        """E of each site of the lattice, with the potential of all other ions (nx, ny, nz)."""
        found = self.empty.copy()
        nx, ny, nz = found.shape
        for x, y, z in self.charges.places[occupied == 0].tolist():
            table = self.charges.table
            rows, columns = np.arange(nx) - x, np.arange(ny) - y
            found -= table[rows[:, None], columns[None, :], nz - z : 2 * nz - z]
        return found

    def energy(self, occupied: NDArray[np.uint8], levels: FloatArray) -> float:
        """Of all ions: their sites without others, and half of what their deviations from the mean interact."""
        excess = occupied - self.ions / occupied.size
        potentials = levels[tuple(self.charges.places.T)] - self.energies
        return float(self.energies @ occupied + 0.5 * excess @ potentials)

    def drawn(self, generator: np.random.Generator, *, alike: bool, sweeps: int) -> Drawn:
        """Occupations close to equilibrium.

        Args:
            generator: of the random numbers.
            alike: whether all sites are alike at first; else as ions that do not interact.
            sweeps: attempted exchanges for each site.
        """
        # with noise of the logistic distribution the lowest ones are close to a draw of the Fermi function
        noise = generator.logistic(size=self.energies.size)
        order = np.argsort(noise if alike else self.energies + noise)
        occupied = np.zeros(self.energies.size, np.uint8)
        occupied[order[: self.ions]] = 1
        levels = self.levels(occupied)
        made = Drawn(occupied, np.flatnonzero(occupied == 0).astype(np.int32), levels,
                      np.array([self.energy(occupied, levels)]))  # fmt: skip
        self.exchanged(made, sweeps, generator)
        return made

    def exchanged(self, drawn: Drawn, sweeps: int, generator: np.random.Generator) -> None:
        """Closer to equilibrium by some sweeps."""
        exchange(self.charges, drawn.occupied, drawn.vacancies, drawn.levels, drawn.energy,
                 sweeps * self.energies.size, generator)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Drawn:
    """Occupations (sites,), sites of the vacancies, levels (nx, ny, nz), energy (1,); changed in place."""

    occupied: NDArray[np.uint8]
    vacancies: NDArray[np.int32]
    levels: FloatArray
    energy: FloatArray


def charged_ions(landscape: SiteEnergies, ions: int, thermal_energy: float, neighbours: float) -> Charged:
    """Ions of a periodic landscape.

    Args:
        landscape: the landscape.
        ions: their number.
        thermal_energy: kT [J].
        neighbours: energy of two ions at the distance of one step [J].
    """
    potential = lattice_potential(landscape.lattice) * (neighbours / thermal_energy)
    accessible = landscape.accessible
    # of ions on all accessible sites, less their mean
    excess = np.where(accessible, 1.0 - ions / landscape.accessible_sites, 0.0)
    empty = np.real(np.fft.ifftn(np.fft.fftn(potential) * np.fft.fftn(excess)))
    return Charged(
        charges=Charges(np.concatenate((potential, potential), axis=2), np.argwhere(accessible).astype(np.int32)),
        energies=landscape.energies[accessible] / thermal_energy,
        empty=np.where(accessible, landscape.energies, 0.0) / thermal_energy + empty,
        ions=ions,
        thermal_energy=thermal_energy,
    )


def counted(
    charged: Charged, occupied: NDArray[np.uint8] | FloatArray, levels: FloatArray, edges: FloatArray
) -> FloatArray:
    """Sites by their energy, those that are vacant and those that are taken (2, bins)."""
    there = levels[tuple(charged.charges.places.T)]
    return np.array([np.histogram(there[occupied == taken], edges)[0] for taken in (0, 1)], dtype=np.float64)
