"""Production of entropy: what drift and diffusion dissipate, cell by cell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import InputError

from .arrays import Problem, make_workspace
from .cross_terms import ABSENT
from .grid import cells_of
from .linearised import assembled
from .settings import Settings
from .stage_arrays import make_scales, make_stage
from .suitability import ions_with_populations

if TYPE_CHECKING:
    import xarray

    from .solution import SimulationResult


def entropy_production(result: SimulationResult) -> xarray.DataArray:
    """Entropy that the ions produce in every cell at every kept time [W/(K m^3)].

        sigma = sum_i J_i (-d mu_i/dx) / T >= 0,    mu_i = k_B T ln n_i + Z_i e phi

    J_i are the fluxes of the solver, cross terms included, through the faces between the cells; each gives half of what
    it produces to the cells on both sides. What is dissipated in the first half cell, next to a contact, is left out.

    Args:
        result: of a simulation.

    Returns:
        Dimensions (time, depth), or (time, cell) with the coordinate `mesh_depth` where the grid moved.

    Raises:
        InputError: an ion has populations.

    Source: Gunawan 2024 ESI (S 18 to S 20); de Groot & Mazur 1962, chapter IV.
    """
    import xarray

    data, experiment = result.dataset, result.experiment
    populated = ions_with_populations(experiment)
    if populated:
        raise InputError(
            "is not calculated: ions that change the level of their sites produce entropy too", file=experiment.file,
            key=f"ions.{populated[0]}.diffusion", remedy='describe the ion by the model "site-energies" for it',
        )  # fmt: skip
    scales = make_scales(experiment)
    settings = Settings(**json.loads(data.attrs["settings"]))
    moved = "mesh_density" in data
    densities = data["mesh_density" if moved else "density"].values / scales.density
    potentials = data["mesh_potential" if moved else "potential"].values
    sizes = data["mesh_cell_size"].values if moved else np.broadcast_to(data["cell_size"].values, potentials.shape)
    starts = np.concatenate([[0.0], np.cumsum([stage.duration for stage in experiment.stages])])
    produced = np.zeros(potentials.shape)
    # sizes as a copy: for an array that cannot be written to, the kernels would be compiled anew
    for place, index in enumerate(data["stage"].values.astype(int)):
        stages = list(experiment.stages)
        stages[index] = experiment.stage_at(index, float(data["time"].values[place]))
        described = experiment.model_copy(update={"stages": tuple(stages)})
        stage = make_stage(
            described, index, scales=scales, cells=cells_of(np.array(sizes[place])), start=float(starts[index]),
            surface_displacement=0.0, back_field=0.0, present=np.ones(len(scales.names), dtype=np.bool_),
            settings=settings,
        )  # fmt: skip
        produced[place] = _in_cells(stage.problem, densities[place], potentials[place])
    dims = ("time", "cell" if moved else "depth")
    coordinates = {"time": data["time"]}
    coordinates |= {"mesh_depth": data["mesh_depth"]} if moved else {"depth": data["depth"]}
    attributes = {"units": "W/(K m^3)", "long_name": "production of entropy"}
    return xarray.DataArray(
        produced * BOLTZMANN_CONSTANT * scales.density, dims=dims, coords=coordinates, name="entropy_production",
        attrs=attributes,
    )  # fmt: skip


def _in_cells(problem: Problem, densities: FloatArray, potential: FloatArray) -> FloatArray:
    """Production in units of k_B and the density scale [1/s], shape (cells,)."""
    medium = problem.medium
    y = np.column_stack([densities - medium.native, potential])
    work = make_workspace(*densities.shape)
    assembled(y, 1.0, problem, 0, work)
    present = np.maximum(densities, ABSENT)
    force = -np.diff(np.log(present), axis=0) - medium.thermal * np.outer(np.diff(potential), medium.charges)
    at_faces = np.einsum("ki,ki->k", work.flux[1:], force)
    padded = np.concatenate([[0.0], at_faces, [0.0]])
    in_cells = 0.5 * (padded[1:] + padded[:-1])
    # the drift over the last half cell
    in_cells[-1] += work.back_flux @ medium.charges * medium.thermal * potential[-1]
    return in_cells / problem.cells.size
