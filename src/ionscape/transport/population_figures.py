"""What follows from populations on the energies of the sites: coefficients that others would measure, and overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionscape.diffusivity import PopulationDiffusion
from ionscape.errors import InputError

from .solution import SimulationResult

if TYPE_CHECKING:
    import xarray

    from ionscape.experiment import Experiment


def effective_diffusion(result: SimulationResult) -> xarray.DataArray:
    """D of Nernst and Einstein, all ions counted: D_i θ_i n_b/n_i, dimensions time, depth and ion [m^2/s].

    It is the D of a closure D(n) that drives the same current in the same field; where the activity does not follow the
    density, diffusion has another one. Not a number where the ion is not there, and for ions without populations.

    Args:
        result: of a simulation with populations.

    Raises:
        InputError: no ion of the experiment has populations.

    Source: J_i = −D_i n_b (∂θ_i/∂x + Z_i θ_i (e/k_B T) ∂φ/∂x), compared with −D n_i Z_i (e/k_B T) ∂φ/∂x.
    """
    found = coefficients_in_a_field(result.experiment, result.population, result.dataset["activity"])
    return found.rename("effective_diffusion").assign_attrs(units="m^2/s", long_name="effective diffusion coefficient")


def coefficients_in_a_field(
    experiment: Experiment, population: xarray.DataArray, activity: xarray.DataArray
) -> xarray.DataArray:
    """What `effective_diffusion` tells, of the populations [1/m^3] and activities at some of the kept times."""
    density = population.sum("energy", skipna=False)
    ends = np.cumsum([stage.duration for stage in experiment.stages])
    found = density.copy(data=np.full(density.shape, np.nan))
    for place, time in enumerate(population["time"].values):
        index = min(int(np.searchsorted(ends, time * (1.0 - 1e-12))), len(ends) - 1)
        temperature = experiment.stage_at(index, float(time)).first_temperature
        for name, model in experiment.diffusion_models(index).items():
            if not isinstance(model, PopulationDiffusion):
                continue
            coefficient = float(model.coefficient(0.0, temperature))
            theta = activity.isel(population_time=place).sel(ion=name).values
            there = density.isel(time=place).sel(ion=name).values
            flowing = coefficient * theta * model.sites.native_density
            at = {"time": place, "ion": list(population["ion"].values).index(name)}
            found[at] = np.divide(flowing, there, out=np.full_like(there, np.nan), where=there > 0.0)
    return found


def population_overlap(result: SimulationResult, first: str, second: str) -> xarray.DataArray:
    """Overlap of two ions on the energies of their sites, dimensions time and depth: 1 mixed, 0 apart.

    The part of their normalised populations that is the same, Σ min(n_1(E)/n_1, n_2(E)/n_2).

    Args:
        result: of a simulation with populations.
        first: name of an ion.
        second: name of another one.

    Raises:
        InputError: an ion has no populations.
    """
    population = result.population
    shares = []
    for name in (first, second):
        own = population.sel(ion=name) if name in population["ion"].values else None
        if own is None or bool(own.isnull().all()):
            names = [str(each) for each in population["ion"].values]
            raise InputError("has no populations", key="ion", value=name, remedy=f"choose of {', '.join(names)}")
        total = own.sum("energy")
        shares.append((own / total.where(total > 0.0)).fillna(0.0))
    return np.minimum(shares[0], shares[1]).sum("energy").rename("population_overlap")
