"""Ions that share sites of different energies: the sites, their levels, and what moves an ion that is resolved on them.

An ion leaves its site with a rate that falls with the depth of the site, moves above the threshold of transport, and is
captured by an empty site. With the activity θ_i of the ions above the threshold (1 for the native ions of the
native glass together), the occupation n_i(E) of sites S(E) of which v(E) = S(E) − Σ_j n_j(E) are empty, and
e(E) = exp((E − E_F)/k_B T) counted from the Fermi level of the native glass,

    ∂n_i(E)/∂t = κ_i (θ_i v(E) − e(E) n_i(E)),        J_i = −D_i n_b (∂θ_i/∂x + Z_i θ_i (e/k_B T) ∂φ/∂x),

so that two numbers describe an ion: D_i, its diffusion coefficient at θ_i = 1, and κ_i, its release rate from a site
at the Fermi level. Release and capture obey detailed balance: in equilibrium n_i(E)/v(E) = θ_i/e(E), the distribution
of Fermi and Dirac. A closure D(n) is the limit in which each ion fills its sites from the bottom to the top.

This is the multiple-trapping picture of dispersive transport (Noolandi 1977; Schmidlin 1977) with the charge and the
sites of several ions; the questions that it answers are those of Gunawan 2024 (3.2) and 2026 (4).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import non_negative, positive
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.diffusivity.models import ConstantDiffusion
from ionscape.diffusivity.site_energies import SiteEnergyDistribution
from ionscape.errors import InputError

LEVELS_PER_THERMAL_ENERGY = 2.0
"""Spacing of the levels unless another one is wanted: half of k_B T at the coldest stage."""

OUTERMOST = 1e-9
"""A distribution without a lowest (highest) energy has its first (last) level where this share of the sites ends."""


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Sites of a system as levels.

    Attributes:
        energy: of the levels, rising, on the axis of the distribution, shape (levels,) [J].
        sites: density of their sites, shape (levels,) [1/m^3].
        width: range of energies that each stands for [J].
    """

    energy: FloatArray
    sites: FloatArray
    width: float

    def fermi_level(self, density: float, temperature: float) -> float:
        """Chemical potential at which the levels hold a density [J]: Σ S/(1 + exp((E − E_F)/k_B T)) = n.

        Args:
            density: of all ions on the sites, greater than 0 and less than that of the sites [1/m^3].
            temperature: [K].

        Raises:
            InputError: the sites cannot hold the density.
        """
        from scipy.optimize import brentq
        from scipy.special import expit

        positive("temperature", temperature)
        total = float(self.sites.sum())
        if not 0.0 < density < total:
            bound = f"must be greater than 0 and less than the {total:.6g} 1/m^3 of all sites"
            raise InputError("does not fit on the sites", key="density", value=density, bound=bound)
        thermal = BOLTZMANN_CONSTANT * temperature
        reduced = (self.energy - self.energy[0]) / thermal
        # all levels at the highest (lowest) energy would hold more (less)
        odds = float(np.log(density / (total - density)))

        def excess(level: float) -> float:
            return float(self.sites @ expit(level - reduced)) - density

        level = brentq(excess, odds - 1.0, odds + float(reduced[-1]) + 1.0, xtol=1e-13, rtol=1e-15)
        return float(self.energy[0]) + thermal * float(level)


@dataclass(frozen=True, kw_only=True)
class SiteSystem:
    """Sites that several ions share.

    Attributes:
        name: of the system.
        distribution: of the energies of the sites; only differences of energies matter [J].
        native_density: of the ions that the sites hold in the native glass, n_b [1/m^3].
        ions: names of the ions that can take a site.
    """

    name: str
    distribution: SiteEnergyDistribution
    native_density: float
    ions: tuple[str, ...]

    def __post_init__(self) -> None:
        positive("native_density", self.native_density)
        if not self.native_density < self.distribution.total_sites:
            bound = f"must be less than the {self.distribution.total_sites:.6g} 1/m^3 of all sites"
            raise InputError("leaves no site empty", key="native_density", value=self.native_density, bound=bound)

    @property
    def vacant_density(self) -> float:
        """Empty sites of the native glass [1/m^3]."""
        return self.distribution.total_sites - self.native_density

    def levels(self, spacing: float) -> Levels:
        """The sites as levels of equal spacing.

        The weights are differences of the cumulative distribution, so that no site is lost; each level has the middle
        of its interval, which is of second order in the spacing. Intervals without sites are left out.

        Args:
            spacing: of the levels [J].
        """
        positive("spacing", spacing)
        distribution, total = self.distribution, self.distribution.total_sites
        lowest, highest = distribution.lowest, distribution.highest
        if not np.isfinite(lowest):
            lowest = float(distribution.fermi_energy(OUTERMOST * total))
        if not np.isfinite(highest):
            highest = float(distribution.fermi_energy((1.0 - OUTERMOST) * total))
        count = max(1, int(np.ceil((highest - lowest) / spacing - 1e-9)))
        edges = np.linspace(lowest, highest, count + 1)
        held = distribution.cumulative(edges)
        held[0], held[-1] = 0.0, total  # what lies beyond belongs to the outermost levels
        sites = np.diff(held)
        filled = sites > 1e-15 * total
        middles, sites = (0.5 * (edges[1:] + edges[:-1]))[filled], sites[filled]
        return Levels(energy=middles, sites=sites * (total / sites.sum()), width=float(edges[1] - edges[0]))


@dataclass(frozen=True, kw_only=True)
class PopulationDiffusion:
    """An ion whose population is resolved on the energies of its sites.

    As a diffusion model it is the constant D at θ = 1; the solver follows the population besides.

    Attributes:
        sites: that it shares with other ions, or has for itself.
        coefficient_at_reference: D at θ = 1 and the reference temperature [m^2/s].
        reference_temperature: [K].
        activation_energy_value: of D and of the release rate [J].
        release_rate_at_reference: κ at the reference temperature, from a site at the Fermi level of the native glass
            [1/s].
        level_spacing: of the levels [J]; None for half of k_B T at the coldest stage.
    """

    sites: SiteSystem
    coefficient_at_reference: float
    reference_temperature: float
    activation_energy_value: float
    release_rate_at_reference: float
    level_spacing: float | None = None

    def __post_init__(self) -> None:
        positive("coefficient_at_reference", self.coefficient_at_reference)
        positive("reference_temperature", self.reference_temperature)
        non_negative("activation_energy_value", self.activation_energy_value)
        positive("release_rate_at_reference", self.release_rate_at_reference)
        if self.level_spacing is not None:
            positive("level_spacing", self.level_spacing)

    @property
    def fermi_level_counts(self) -> tuple[str, ...] | None:
        """None: D depends on no density."""
        return None

    @property
    def density_limit(self) -> float | None:
        """None: D depends on no density."""
        return None

    @property
    def jumps(self) -> tuple[float, ...]:
        """Nowhere."""
        return ()

    def coefficient(self, density: ArrayLike, temperature: float) -> FloatArray:
        """D(T) at θ = 1 [m^2/s], of the shape of `density` [1/m^3]."""
        return self._arrhenius.coefficient(density, temperature)

    def activation_energy(self, density: ArrayLike) -> FloatArray:
        """E_act [J], of the shape of `density` [1/m^3]."""
        return self._arrhenius.activation_energy(density)

    def release_rate(self, temperature: float) -> float:
        """κ(T) [1/s]: it changes with temperature as D does, since both are the attempts to cross the threshold."""
        factor = self.coefficient(0.0, temperature) / self.coefficient_at_reference
        return self.release_rate_at_reference * float(factor)

    @property
    def hop_length(self) -> float:
        """ℓ of κ = 6 D n_b/(ℓ² V): how far an ion moves above the threshold before it is captured [m]."""
        ratio = self.sites.native_density / self.sites.vacant_density
        return float(np.sqrt(6.0 * self.coefficient_at_reference * ratio / self.release_rate_at_reference))

    @cached_property
    def _arrhenius(self) -> ConstantDiffusion:
        return ConstantDiffusion(
            coefficient_at_reference=self.coefficient_at_reference, reference_temperature=self.reference_temperature,
            activation_energy_value=self.activation_energy_value,
        )  # fmt: skip


def release_rate_of_hops(
    *, hop_length: float, coefficient: float, native_density: float, vacant_density: float
) -> float:
    """κ = 6 D n_b/(ℓ² V) [1/s]: an ion above the threshold diffuses by ℓ in the three directions until it is captured.

    Args:
        hop_length: ℓ [m].
        coefficient: D at θ = 1 [m^2/s].
        native_density: n_b, of the ions on the sites in the native glass [1/m^3].
        vacant_density: V, of its empty sites [1/m^3].

    Examples:
        >>> rate = release_rate_of_hops(hop_length=4e-10, coefficient=5.8e-19, native_density=1.0, vacant_density=0.1)
        >>> print(f"{rate:.1f}")
        217.5
    """
    positive("hop_length", hop_length)
    positive("coefficient", coefficient)
    positive("native_density", native_density)
    positive("vacant_density", vacant_density)
    return 6.0 * coefficient * native_density / (hop_length**2 * vacant_density)
