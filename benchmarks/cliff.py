"""How soft the cliff of D(n) may be: steps and observables over the width of its smoothing, in density and in energy.

    python benchmarks/cliff.py

D jumps where the trapped branch is full and the mobile one empty. The table of ln D averages over four of its intervals
there; fewer intervals mean a softer cliff. A Fermi edge of some temperature softens it in energy instead: the chemical
potential mu of n = int S(E) / (1 + exp((E - mu) / k_B T)) dE in place of the energy up to which sites are filled. Its
D is that of the bulk at the bulk density in every case.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from thin_fronts import cases

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.diffusivity.models import SiteEnergyDiffusion
from ionscape.experiment import Experiment
from ionscape.transport import Settings, simulate

CASES = ("first stage, Rb 323 K", "thin front, Cs-like 393 K", "thinner front, K-like 393 K")
INTERVALS = (16384, 4096, 2048, 1024, 512)
EDGES = (0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True, eq=False)
class FermiEdge:
    """D(n) of a site energy model whose sites are filled at a temperature of their own.

    Attributes:
        cold: the model, filled from the bottom to the top.
        bulk_density: at which D is that of the model [1/m^3].
        warmth: temperature of the filling in units of that of the sample.
    """

    cold: SiteEnergyDiffusion
    bulk_density: float
    warmth: float
    fermi_level_counts: tuple[str, ...] | None = None
    jumps: tuple[float, ...] = ()

    @property
    def density_limit(self) -> float | None:
        """That of all sites [1/m^3]."""
        return self.cold.density_limit

    def activation_energy(self, density: ArrayLike) -> FloatArray:
        """That of the cold model [J]."""
        return self.cold.activation_energy(density)

    def coefficient(self, density: ArrayLike, temperature: float) -> FloatArray:
        """D(n, T) [m^2/s]."""
        thermal = BOLTZMANN_CONSTANT * temperature
        held, potentials = _filling(self, thermal * self.warmth)
        rise = np.interp(np.asarray(density, dtype=float), held, potentials) - np.interp(
            self.bulk_density, held, potentials
        )
        # the last sites have ever higher chemical potentials
        bulk = self.cold.coefficient(self.bulk_density, temperature)
        return np.minimum(bulk * np.exp(rise / thermal), 1e6 * bulk)


@cache
def _filling(model: FermiEdge, thermal: float) -> tuple[FloatArray, FloatArray]:
    """Densities [1/m^3] over chemical potentials [J]."""
    nodes, weights = np.polynomial.legendre.leggauss(600)
    distribution = model.cold.distribution
    potentials = np.linspace(distribution.lowest - 15.0 * thermal, distribution.highest + 15.0 * thermal, 8000)
    held = np.zeros_like(potentials)
    for branch in distribution.branches:
        half = 0.5 * (branch.highest - branch.lowest)
        energies = branch.lowest + half * (nodes + 1.0)
        sites = branch.density_of_states(energies) * weights * half
        held += expit((potentials[:, None] - energies) / thermal) @ sites
    return held, potentials


def report(name: str, experiment: Experiment, settings: Settings) -> None:
    """Print one line."""
    result = simulate(experiment, settings=settings)
    stage = result.summary()["stages"][-1]
    print(
        f"{name:28s} {result.dataset.attrs['steps']:6d} {1e9 * stage['front_depth']:10.3f}"
        f" {1e9 * stage['front_width']:9.4f} {1e3 * stage['injected_charge']:9.4f} {stage['plateau']:9.5f}",
        flush=True,
    )


def main() -> int:
    """Print a table for each case."""
    for case in CASES:
        experiment = cases()[case]
        model = experiment.diffusion_model("Li", 0)
        assert isinstance(model, SiteEnergyDiffusion)
        print(f"\n{case}\n{'':28s}  steps   front/nm  width/nm charge/mC   plateau")
        for intervals in INTERVALS:
            report(f"table of {intervals} intervals", experiment, Settings(table_intervals=intervals))
        for warmth in EDGES:
            soft = FermiEdge(model, experiment.bulk_density, warmth)
            report(f"Fermi edge of {warmth:g} k_B T", experiment.replace({"ions.Li.diffusion": soft}), Settings())
    return 0


if __name__ == "__main__":
    sys.exit(main())
