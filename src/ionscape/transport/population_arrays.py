"""From the site systems of an experiment to the arrays of its populations (`levels`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.diffusivity import Levels, PopulationDiffusion, SiteSystem
from ionscape.diffusivity.populations import LEVELS_PER_THERMAL_ENERGY
from ionscape.errors import InputError
from ionscape.experiment import Experiment

from .level_arrays import Sites


@dataclass(frozen=True, kw_only=True)
class PopulatedSystem:
    """A site system whose populations a simulation follows.

    Attributes:
        system: the sites.
        levels: how their energies are resolved.
        ions: those that sit on them, in the order of the experiment.
    """

    system: SiteSystem
    levels: Levels
    ions: tuple[str, ...]

    def factor(self, temperature: float) -> FloatArray:
        """The e = exp((E − E_F)/k_B T), counted from the Fermi level of the native glass, shape (levels,)."""
        level = self.levels.fermi_level(self.system.native_density, temperature)
        return np.exp((self.levels.energy - level) / (BOLTZMANN_CONSTANT * temperature))


def populated_systems(experiment: Experiment) -> tuple[PopulatedSystem, ...]:
    """The systems of all ions with populations, with the same levels in all stages."""
    found: dict[str, tuple[SiteSystem, list[str], list[float]]] = {}
    for index in range(len(experiment.stages)):
        for name, model in experiment.diffusion_models(index).items():
            if isinstance(model, PopulationDiffusion):
                _, ions, spacings = found.setdefault(model.sites.name, (model.sites, [], []))
                if name not in ions:
                    ions.append(name)
                if model.level_spacing is not None:
                    spacings.append(model.level_spacing)
    coldest = min(stage.first_temperature for stage in experiment.sampled()[0].stages)
    usual = BOLTZMANN_CONSTANT * coldest / LEVELS_PER_THERMAL_ENERGY
    return tuple(
        PopulatedSystem(system=system, levels=system.levels(min(spacings, default=usual)), ions=tuple(ions))
        for system, ions, spacings in found.values()
    )


def make_sites(
    systems: tuple[PopulatedSystem, ...], experiment: Experiment, index: int, *, names: tuple[str, ...], density: float
) -> Sites | None:
    """Arrays of the systems at the temperature with which a stage begins; None without any.

    Args:
        systems: of the experiment.
        experiment: with the stage.
        index: of the stage, counted from 0.
        names: of all ions.
        density: unit of density [1/m^3].
    """
    if not systems:
        return None
    populated = [name for name in names if any(name in each.ions for each in systems)]
    models = experiment.diffusion_models(index)
    temperature = experiment.stages[index].first_temperature
    shape = len(systems), max(len(each.levels.energy) for each in systems)
    members = np.full((len(systems), len(populated)), -1, dtype=np.int64)
    sites, factor = np.zeros(shape), np.ones(shape)
    for g, each in enumerate(systems):
        members[g, : len(each.ions)] = sorted(populated.index(name) for name in each.ions)
        count = len(each.levels.energy)
        sites[g, :count] = each.levels.sites / density
        factor[g, :count] = each.factor(temperature)
    release, unit = np.zeros(len(populated)), np.zeros(len(populated))
    for p, name in enumerate(populated):
        model = models[name]
        if not isinstance(model, PopulationDiffusion):
            remedy = "give the ion the model populations in all stages, or in none"
            raise InputError("has a population in some stages only", file=experiment.file, key=f"ions.{name}.diffusion",
                             remedy=remedy)  # fmt: skip
        release[p] = model.release_rate(temperature)
        unit[p] = model.sites.native_density / density
    return Sites(
        ion=np.array([names.index(name) for name in populated], dtype=np.int64),
        members=members,
        counts=np.array([len(each.ions) for each in systems], dtype=np.int64),
        levels=np.array([len(each.levels.energy) for each in systems], dtype=np.int64),
        sites=sites,
        factor=factor,
        release=release,
        unit=unit,
    )


def native_populations(sites: Sites, native: FloatArray, cells: int) -> FloatArray:
    """Populations of the native glass in equilibrium, shape (cells, P, levels), from its densities, shape (ions,).

    Every native ion has its share of each level.
    """
    held = np.zeros((sites.ion.size, sites.sites.shape[1]))
    for g in range(len(sites.levels)):
        members = sites.members[g, : sites.counts[g]]
        filled = sites.sites[g] / (1.0 + sites.factor[g])
        for p in members:
            held[p] = filled * (native[sites.ion[p]] / filled.sum())
    return np.repeat(held[None], cells, axis=0)


def activities_at_contact(
    systems: tuple[PopulatedSystem, ...], densities: dict[str, float], temperature: float
) -> dict[str, float]:
    """Activities n_b θ of ions that a contact holds in equilibrium, by name [1/m^3].

    Args:
        systems: of the experiment.
        densities: that it holds, by ion [1/m^3].
        temperature: [K].
    """
    found: dict[str, float] = {}
    thermal = BOLTZMANN_CONSTANT * temperature
    for each in systems:
        held = {name: densities.get(name, 0.0) for name in each.ions}
        total, native = sum(held.values()), each.system.native_density
        if total == 0.0:
            found |= held
            continue
        level = each.levels.fermi_level(total, temperature)
        theta = math.exp((level - each.levels.fermi_level(native, temperature)) / thermal)
        found |= {name: native * theta * value / total for name, value in held.items()}
    return found
