"""The energies of sites: where to draw them, and those of a system that several ions share, as the native glass has it.

Energies of a system are counted from the middle of its mobile sites, as in its populations.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.files.quantities import format_quantity

from .axes import MOBILE_ENERGY, SITES
from .lettering import with_minus
from .plot import Curve, Label, Mark, Panel
from .states import Array
from .style import ion_styles

if TYPE_CHECKING:
    from ionscape.diffusivity import SiteEnergyDistribution, SiteSystem
    from ionscape.experiment import Experiment

ENERGY_POINTS = 1500
GAUSSIAN_REACH = 4.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))  # full widths at half maximum: 4 standard deviations
LEVELS_PER_THERMAL_ENERGY = 40.0
"""So many that the Fermi level is the one of a continuous distribution: the error is of second order."""


def energy_grid(distribution: SiteEnergyDistribution, marks: Sequence[float], *, points: int = ENERGY_POINTS) -> Array:
    """Return energies [J] across all branches with the given marks among them, where shaded areas begin and end."""
    edges: list[float] = []
    for branch in distribution.branches:
        if math.isfinite(branch.lowest) and math.isfinite(branch.highest):
            edges += [branch.lowest, branch.highest]
            continue
        # a Gaussian has fallen to 3e-4 of its top at 1.7 full widths at half maximum, 4 standard deviations
        reach = GAUSSIAN_REACH * branch.full_width_at_half_maximum
        edges += [branch.centre - reach, branch.centre + reach]
    margin = 0.04 * (max(edges) - min(edges))
    grid = np.linspace(min(edges) - margin, max(edges) + margin, points)
    return np.unique(np.concatenate([grid, np.asarray(marks, dtype=np.float64)]))


def mobile_width(distribution: SiteEnergyDistribution, bulk: float) -> tuple[Curve, Label]:
    """Full width at half maximum of the mobile sites as a line with its length.

    Args:
        distribution: of the energies.
        bulk: density to which sites are counted [1/m^3].
    """
    mobile = distribution.branches[0]
    width = np.array([-0.5, 0.5]) * mobile.full_width_at_half_maximum
    half = 0.5 * mobile.largest_density_of_states * ELECTRON_VOLT / bulk
    line = Curve(name="full width at half maximum", x=(mobile.centre + width) / ELECTRON_VOLT, legend=False,
                 y=np.full(2, half), marker="|", colour="black", thickness=1.0)  # fmt: skip
    text = f"{1000 * mobile.full_width_at_half_maximum / ELECTRON_VOLT:.0f} meV"
    return line, Label(text=text, x=mobile.centre / ELECTRON_VOLT, y=half, anchor=("center", "bottom"))


def population_systems(experiment: Experiment, stage: int) -> Iterator[SiteSystem]:
    """The site systems on which ions have populations in a stage (from 0), each once."""
    from ionscape.diffusivity import PopulationDiffusion

    models = experiment.diffusion_models(stage).values()
    systems = {model.sites.name: model.sites for model in models if isinstance(model, PopulationDiffusion)}
    yield from systems.values()


def system_panel(experiment: Experiment, system: SiteSystem, stage: int) -> Panel:
    """The sites of a system and how the native ions fill them at the temperature with which a stage begins.

    That is the distribution of Fermi and Dirac, in which each native ion has its share on every level; sites per eV and
    per density of the ions that the system holds.

    Args:
        experiment: what is described.
        system: of it.
        stage: counted from 0.
    """
    from scipy.special import expit

    temperature, native = experiment.stages[stage].first_temperature, system.native_density
    thermal = BOLTZMANN_CONSTANT * temperature
    level = system.levels(thermal / LEVELS_PER_THERMAL_ENERGY).fermi_level(native, temperature)
    distribution = system.distribution
    energy = energy_grid(distribution, [level])
    sites = np.asarray(distribution.density_of_states(energy)) * ELECTRON_VOLT / native
    volts, filled = energy / ELECTRON_VOLT, sites * expit((level - energy) / thermal)
    styles = ion_styles(experiment.ions)
    curves: list[Curve] = []
    below = np.zeros_like(volts)
    for name in experiment.sites[system.name].holds if system.name in experiment.sites else system.ions:
        share = experiment.sample.native.get(name, 0.0) / native
        if share > 0.0:
            above = below + share * filled
            curves.append(Curve(name=f"{name} of the native glass", x=volts, y=above, lower=below, upper=above,
                                kind="band", colour=styles[name].colour, strength=0.5))  # fmt: skip
            below = above
    curves.append(Curve(name="all sites", x=volts, y=sites, colour="black", thickness=1.3))
    line, label = mobile_width(distribution, native)
    kelvin = format_quantity(temperature, "temperature", digits=5)
    value = with_minus(f"{level / ELECTRON_VOLT:.3f}")
    mark = Mark(value=level / ELECTRON_VOLT, symbol="E_F", name=f"({kelvin}) = {value} eV", colour="black", legend=True)
    return Panel(
        title=f"sites {system.name}, {'shared' if len(system.ions) > 1 else 'held'} by {', '.join(system.ions)}",
        horizontal=replace(MOBILE_ENERGY, limits=(float(volts[0]), float(volts[-1]))), curves=(*curves, line),
        vertical=replace(SITES, limits=(0.0, 1.08 * float(sites.max()))), marks=(mark,), labels=(label,),
    )  # fmt: skip
