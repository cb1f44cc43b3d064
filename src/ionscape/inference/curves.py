"""D(n), E_act(n) and S(E) of the fitted experiments with their bands, from draws of the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import PERCENTILES_68, PERCENTILES_95
from ionscape.diffusivity import SiteEnergyDiffusion
from ionscape.experiment import Experiment

from .forward import ForwardModel
from .problem import FitProblem

DRAWS = 200
CURVE_POINTS = 241
LEVELS = {
    "lower_95": PERCENTILES_95[0], "lower_68": PERCENTILES_68[0], "upper_68": PERCENTILES_68[1],
    "upper_95": PERCENTILES_95[1],
}  # fmt: skip
"""Percentiles of draws by the names of the ends of intervals."""


def curve_variables(
    problem: FitProblem, coordinates: FloatArray, covariance: FloatArray, *, draws: FloatArray | None = None
) -> dict[str, Any]:
    """Curves of every ion of every data set at its last stage, with bands of 68 and 95 %.

    Args:
        problem: what was fitted.
        coordinates: of the optimum, shape (parameters,).
        covariance: of the coordinates.
        draws: coordinates drawn from the posterior, shape (draws, parameters); None for a normal one.
    """
    if draws is None:
        rng = np.random.default_rng(problem.settings.seed)
        draws = rng.multivariate_normal(coordinates, covariance, size=DRAWS, method="eigh")
    draws = np.clip(draws, 0.0, 1.0)
    model = ForwardModel(problem=problem)
    found: dict[str, Any] = {}
    for number, data in enumerate(problem.datasets):
        bulk = data.experiment.bulk_density
        density = np.linspace(0.0, 1.1, CURVE_POINTS)[1:] * bulk
        best = model.experiment(number, coordinates)
        drawn = [model.experiment(number, row) for row in draws]
        found[f"fermi_density_{number}"] = (f"fermi_density_{number}", density, {"units": "1/m^3"})
        for ion in best.ions:
            for name, unit, curve in (
                ("diffusion_coefficient", "m^2/s", _coefficient),
                ("activation_energy", "J", _activation_energy),
            ):
                curves = [curve(experiment, data.stage, ion, density) for experiment in (best, *drawn)]
                found |= _with_bands(f"{name}_{number}_{ion}", f"fermi_density_{number}", curves[0], curves[1:], unit)
        found |= _site_energies(number, data.stage, best, drawn)
    return found


def _coefficient(experiment: Experiment, stage: int, ion: str, density: FloatArray) -> FloatArray:
    model = experiment.diffusion_model(ion, stage)
    return model.coefficient(density, experiment.stages[stage].first_temperature)


def _activation_energy(experiment: Experiment, stage: int, ion: str, density: FloatArray) -> FloatArray:
    return experiment.diffusion_model(ion, stage).activation_energy(density)


def _site_energies(number: int, stage: int, best: Experiment, drawn: list[Experiment]) -> dict[str, Any]:
    """S(E) of the ions that have site energies, over energies from the threshold of transport downwards."""
    found: dict[str, Any] = {}
    for ion, model in best.diffusion_models(stage).items():
        if not isinstance(model, SiteEnergyDiffusion):
            continue
        branches = model.distribution.branches
        width = max(branch.full_width_at_half_maximum for branch in branches)
        low = min(branch.centre for branch in branches) - 1.5 * width
        high = max(branch.centre for branch in branches) + 1.5 * width
        energy = np.linspace(low, high, CURVE_POINTS)
        axis = f"energy_{number}_{ion}"

        def curve(experiment: Experiment, ion: str = ion, energy: FloatArray = energy) -> FloatArray:
            own = experiment.diffusion_model(ion, stage)
            assert isinstance(own, SiteEnergyDiffusion)
            return own.distribution.density_of_states(energy)

        found[axis] = (axis, energy, {"units": "J"})
        found |= _with_bands(
            f"site_energy_density_{number}_{ion}", axis, curve(best), [curve(e) for e in drawn], "1/(m^3 J)"
        )
    return found


def _with_bands(name: str, axis: str, best: FloatArray, drawn: list[FloatArray], unit: str) -> dict[str, Any]:
    found: dict[str, Any] = {name: (axis, best, {"units": unit})}
    bands = np.percentile(np.array(drawn), list(LEVELS.values()), axis=0)
    for level, band in zip(LEVELS, bands, strict=True):
        # the curve lies in its band, also where the optimum is at a bound and all draws are on one side
        enclosing = np.minimum if level.startswith("lower") else np.maximum
        found[f"{name}_{level}"] = (axis, enclosing(band, best), {"units": unit})
    return found
