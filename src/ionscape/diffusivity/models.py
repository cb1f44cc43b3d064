"""Diffusion coefficients D(n, T) as the transport equations use them: constant, from site energies, tabulated.

Densities in 1/m^3, temperatures in K, energies in J, diffusion coefficients in m^2/s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import non_negative, positive
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.diffusivity.branches import Shape
from ionscape.diffusivity.site_energies import SiteEnergyDistribution, site_distribution
from ionscape.errors import InputError

LARGEST_EXPONENT = 600.0
"""Largest exponent of an Arrhenius factor; exp(710) is too large for a number."""


LARGEST_TAIL = 0.1
"""Share of the sites at most in which the Fermi energy of a distribution without a highest energy is a parabola."""


@runtime_checkable
class DiffusionModel(Protocol):
    """What every diffusion model offers; `density` is the density that sets the Fermi level."""

    def coefficient(self, density: ArrayLike, temperature: float) -> FloatArray:
        """D(n, T) [m^2/s], of the shape of `density` [1/m^3], at a temperature [K]."""
        ...

    def activation_energy(self, density: ArrayLike) -> FloatArray:
        """E_act(n) [J], of the shape of `density` [1/m^3]."""
        ...

    @property
    def fermi_level_counts(self) -> tuple[str, ...] | None:
        """Ions whose densities add up to the one that sets the Fermi level; None for the ion itself."""
        ...

    @property
    def density_limit(self) -> float | None:
        """Density above which D no longer changes [1/m^3]; None if D does not depend on density at all."""
        ...

    @property
    def jumps(self) -> tuple[float, ...]:
        """Densities at which D jumps [1/m^3], rising."""
        ...


@dataclass(frozen=True, kw_only=True)
class ConstantDiffusion:
    """D independent of density, with Arrhenius temperature dependence.

    Attributes:
        coefficient_at_reference: D at the reference temperature [m^2/s]; 0 for an immobile ion.
        reference_temperature: [K]; None for an immobile ion.
        activation_energy_value: [J].
    """

    coefficient_at_reference: float
    reference_temperature: float | None = None
    activation_energy_value: float = 0.0

    def __post_init__(self) -> None:
        non_negative("coefficient_at_reference", self.coefficient_at_reference)
        non_negative("activation_energy_value", self.activation_energy_value)
        if self.reference_temperature is not None:
            positive("reference_temperature", self.reference_temperature)
        elif self.activation_energy_value > 0.0:
            remedy = "give the temperature at which the coefficient holds"
            raise InputError("is missing", key="reference_temperature", remedy=remedy)

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
        """D(T) = D_ref exp(−(E_act/k_B)(1/T − 1/T_ref)) [m^2/s], of the shape of `density` [1/m^3]."""
        factor = _arrhenius_factor(self.activation_energy_value, temperature, self.reference_temperature)
        return np.full(np.shape(np.asarray(density)), self.coefficient_at_reference * factor)

    def activation_energy(self, density: ArrayLike) -> FloatArray:
        """E_act [J], of the shape of `density` [1/m^3]."""
        return np.full(np.shape(np.asarray(density)), self.activation_energy_value)


@dataclass(frozen=True, kw_only=True)
class SiteEnergyDiffusion:
    """D(n, T) = D_0 exp(−E_act(n)/k_B T) with E_act(n) = −E_F(n) (Gunawan 2024 ESI (S16, S17); 2026 (eq. 6, 7)).

    The threshold energy of long-range transport is the zero of the energy axis. D_0 is constant: at every
    temperature E_act(n) acts at every n.

    A distribution without a highest energy has its last sites at ever higher ones: D would grow by tens of decades
    within a thousandth of the density, which no ion shows that piles up at an electrode. Beyond `tail_density` the
    Fermi energy goes on as a parabola, of the same slope there and level where all sites are full.

    Attributes:
        distribution: site energies [J].
        prefactor: D_0 [m^2/s].
        fermi_level_counts: ions whose densities set the Fermi level; None for the ion itself.
        tail_density: where the parabola begins [1/m^3]; None for a distribution that has a highest energy.
    """

    distribution: SiteEnergyDistribution
    prefactor: float
    fermi_level_counts: tuple[str, ...] | None = None
    tail_density: float | None = None

    def __post_init__(self) -> None:
        positive("prefactor", self.prefactor)
        if self.tail_density is not None and not 0.0 < self.tail_density < self.distribution.total_sites:
            bound = f"less than the {self.distribution.total_sites:.4g} 1/m^3 of all sites"
            raise InputError("must lie between", key="tail_density", value=self.tail_density, bound=bound)

    @property
    def density_limit(self) -> float | None:
        """Density of all sites [1/m^3]; above it D keeps its top value."""
        return self.distribution.total_sites

    @property
    def jumps(self) -> tuple[float, ...]:
        """Densities at which a branch of site energies is full and the next one empty [1/m^3]."""
        return self.distribution.gaps

    def coefficient(self, density: ArrayLike, temperature: float) -> FloatArray:
        """D(n, T) [m^2/s], of the shape of `density` [1/m^3], at a temperature [K]."""
        positive("temperature", temperature)
        exponent = -self.activation_energy(density) / (BOLTZMANN_CONSTANT * temperature)
        return self.prefactor * np.exp(exponent)

    def activation_energy(self, density: ArrayLike) -> FloatArray:
        """E_act(n) = −E_F(n) [J], of the shape of `density` [1/m^3]; negative above the threshold of transport."""
        begin = self.tail_density
        if begin is None:
            return -self.distribution.fermi_energy(density)
        densities = np.asarray(density, dtype=float)
        energy = self.distribution.fermi_energy(np.minimum(densities, begin))
        length = self.distribution.total_sites - begin
        beyond = np.clip((densities - begin) / length, 0.0, 1.0)
        return -(energy + self._slope_of_tail * length * beyond * (1.0 - 0.5 * beyond))

    @cached_property
    def _slope_of_tail(self) -> float:
        """dE_F/dn where the tail begins [J m^3]."""
        energy = self.distribution.fermi_energy(self.tail_density or 0.0)
        return 1.0 / float(self.distribution.density_of_states(energy))


@dataclass(frozen=True, kw_only=True, eq=False)
class TableDiffusion:
    """D over density as a table: ln D interpolated monotonically with continuous slope (PCHIP), Arrhenius in T.

    Beyond the first and the last knot D keeps the value of that knot.

    Attributes:
        densities: knots, increasing, two or more, shape (k,) [1/m^3].
        coefficients: D at the knots and the reference temperature, positive, shape (k,) [m^2/s].
        reference_temperature: [K].
        activation_energy_value: the same at every density [J].
        fermi_level_counts: ions whose densities add up to the table's density; None for the ion itself.
    """

    densities: tuple[float, ...]
    coefficients: tuple[float, ...]
    reference_temperature: float
    activation_energy_value: float
    fermi_level_counts: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if len(self.densities) < 2 or len(self.densities) != len(self.coefficients):
            problem = f"has {len(self.densities)} densities and {len(self.coefficients)} coefficients"
            raise InputError(problem, key="densities", remedy="give two or more of each, equally many")
        if not all(a < b for a, b in zip(self.densities, self.densities[1:], strict=False)):
            raise InputError("must increase from knot to knot", key="densities", value=self.densities)
        non_negative("densities", min(self.densities))
        for value in self.coefficients:
            positive("coefficients", value)
        positive("reference_temperature", self.reference_temperature)
        non_negative("activation_energy_value", self.activation_energy_value)

    @property
    def density_limit(self) -> float | None:
        """The last knot [1/m^3]."""
        return self.densities[-1]

    @property
    def jumps(self) -> tuple[float, ...]:
        """Nowhere: the interpolation is continuous."""
        return ()

    def coefficient(self, density: ArrayLike, temperature: float) -> FloatArray:
        """D(n, T) [m^2/s], of the shape of `density` [1/m^3], at a temperature [K]."""
        inside = np.clip(np.asarray(density, dtype=float), self.densities[0], self.densities[-1])
        factor = _arrhenius_factor(self.activation_energy_value, temperature, self.reference_temperature)
        return np.exp(np.asarray(self._log_coefficient(inside), dtype=float)) * factor

    def activation_energy(self, density: ArrayLike) -> FloatArray:
        """E_act [J], of the shape of `density` [1/m^3]: one value."""
        return np.full(np.shape(np.asarray(density)), self.activation_energy_value)

    @cached_property
    def _log_coefficient(self) -> Any:
        from scipy.interpolate import PchipInterpolator

        return PchipInterpolator(np.array(self.densities), np.log(self.coefficients))


def site_energy_diffusion(
    *,
    bulk_density: float,
    bulk_coefficient: float,
    reference_temperature: float,
    activation_energy: float,
    width: float | None = None,
    excess_sites: float = 0.10,
    trapped_fraction: float = 0.0,
    trapped_width: float | None = None,
    trapped_offset: float | None = None,
    shape: Shape = "cosine-squared",
    energies: Sequence[float] | None = None,
    weights: Sequence[float] | None = None,
    fermi_level_counts: tuple[str, ...] | None = None,
    reference_density: float | None = None,
) -> SiteEnergyDiffusion:
    """The diffusion model of an ion whose sites have a distribution of energies (Gunawan 2024 ESI (S15–S17)).

    The energy axis is such that E_act(reference_density) is `activation_energy`, and D_0 such that D is
    `bulk_coefficient` there.

    Args:
        bulk_density: n_bulk, unit in which sites are counted: the density that the ions which set the Fermi level have
            in the native glass [1/m^3].
        bulk_coefficient: D at the reference density and temperature [m^2/s].
        reference_temperature: [K].
        activation_energy: E_act at the reference density [J].
        width: of the distribution; see `site_distribution` for it and the following ones.
        excess_sites: of the distribution.
        trapped_fraction: of the distribution.
        trapped_width: of the distribution.
        trapped_offset: of the distribution.
        shape: of the distribution.
        energies: of the distribution.
        weights: of the distribution.
        fermi_level_counts: ions whose densities set the Fermi level; None for the ion itself.
        reference_density: that at which `bulk_coefficient` and `activation_energy` hold, no more than there are sites
            [1/m^3]; None for n_bulk.

    Raises:
        InputError: a value is out of its bounds.
    """
    for key, value in (("bulk_coefficient", bulk_coefficient), ("reference_temperature", reference_temperature)):
        positive(key, value)
    non_negative("activation_energy", activation_energy)
    at_zero = site_distribution(
        bulk_density=bulk_density, width=width, excess_sites=excess_sites, trapped_fraction=trapped_fraction,
        trapped_width=trapped_width, trapped_offset=trapped_offset, shape=shape, energies=energies, weights=weights,
    )  # fmt: skip
    reference = bulk_density if reference_density is None else reference_density
    positive("reference_density", reference)
    endless = not math.isfinite(at_zero.highest)
    sites = (1.0 + excess_sites) * bulk_density
    if reference > sites or (reference == sites and endless):
        bound = f"must be {'less than' if endless else 'at most'} {sites:.6g} 1/m^3"
        remedy = "give a density that the ions can have on these sites, or more excess_sites"
        problem = "is more than the sites can hold"
        raise InputError(problem, key="reference_density", value=reference, bound=bound, remedy=remedy)
    exponent = activation_energy / (BOLTZMANN_CONSTANT * reference_temperature)
    if exponent > LARGEST_EXPONENT:
        problem = f"gives a prefactor of {bulk_coefficient:.3g} m^2/s times exp({exponent:.0f}), too large for a number"
        remedy = "lower the activation energy or raise the reference temperature"
        raise InputError(problem, key="activation_energy", value=activation_energy, remedy=remedy)
    distribution = at_zero.shifted(-activation_energy - float(at_zero.fermi_energy(reference)))
    tail_density = None
    if endless:
        # the density at which the coefficient holds stays outside
        sites = distribution.total_sites
        tail_density = sites - min(LARGEST_TAIL * sites, 0.5 * (sites - bulk_density))
    return SiteEnergyDiffusion(
        distribution=distribution,
        prefactor=bulk_coefficient * math.exp(exponent),
        fermi_level_counts=fermi_level_counts,
        tail_density=tail_density,
    )


def _arrhenius_factor(activation_energy: float, temperature: float, reference_temperature: float | None) -> float:
    positive("temperature", temperature)
    if reference_temperature is None:
        return 1.0
    exponent = -activation_energy / BOLTZMANN_CONSTANT * (1.0 / temperature - 1.0 / reference_temperature)
    if exponent > LARGEST_EXPONENT:
        remedy = f"keep it closer to the reference temperature of {reference_temperature:g} K"
        problem = f"multiplies D by exp({exponent:.0f}), too large for a number"
        raise InputError(problem, key="temperature", value=temperature, remedy=remedy)
    return math.exp(exponent)
