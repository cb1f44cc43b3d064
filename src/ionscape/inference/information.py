"""Which densities inform D(n): what the data would tell of a D that is free at every density.

Gunawan 2024 ESI, 2.6, argues by eye (Fig. S5) that densities between plateau and bulk hardly matter. Here D(n) of an
ion is replaced by a table of its own values, whose logarithms at the knots are free; the data's information about each
of them follows from the derivatives of the residuals.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.experiment import Experiment, TableSpecification

from .forward import ForwardModel
from .parameters import Parameter, coordinates_of
from .problem import FitProblem
from .result import FitResult

if TYPE_CHECKING:
    import xarray

KNOTS = 23  # equidistant ones, from 0 to the density of all sites
BESIDE_JUMP = 0.004  # of bulk: further knots to either side of a jump of D
RANGE = 10.0  # bounds of the coefficients at the knots, as a factor


def information_by_density(result: FitResult, ion: str, *, dataset: int = 0) -> xarray.Dataset:
    """Fisher information of a data set about ln D of an ion at each density.

    Args:
        result: of a fit whose inputs are at hand.
        ion: whose D is freed.
        dataset: number of the data set.

    Returns:
        Over `density` [1/m^3]: `coefficient` [m^2/s], `information` about ln D at the knot with all others known,
        `standard_deviation` of ln D that follows from it, and `jointly_determined`, that with all knots free together.

    Raises:
        InputError: the ion does not exist, its D does not depend on density, or the inputs are not at hand.
    """
    import xarray

    problem = result.problem
    if problem is None:
        raise InputError("is not at hand", file=str(result.dataset.attrs["file"]) or None,
                         remedy="run the fit again where its input files lie")  # fmt: skip
    coordinates = result.dataset["coordinate"].values
    experiment = ForwardModel(problem=problem).experiment(dataset, coordinates)
    freed, density, coefficient = _freed(experiment, ion, problem.datasets[dataset].stage)
    free = _knot_problem(problem, dataset, freed, ion, coefficient, coordinates)
    start = coordinates_of(free.parameters, np.array([parameter.start for parameter in free.parameters]))
    evaluation = ForwardModel(problem=free).evaluate(start)
    if evaluation is None:
        raise InputError("cannot be simulated with a table of D", key=ion)
    # coordinates run over ln(RANGE²)
    jacobian = evaluation.jacobian[:, : density.size] / (2.0 * np.log(RANGE))
    information = np.sum(jacobian**2, axis=0)
    whole = evaluation.jacobian / (2.0 * np.log(RANGE))
    joint = np.sqrt(np.diag(np.linalg.pinv(whole.T @ whole + 1e-6 * np.eye(whole.shape[1])))[: density.size])
    with np.errstate(divide="ignore"):
        alone = 1.0 / np.sqrt(information)
    return xarray.Dataset(
        {
            "coefficient": ("density", coefficient, {"units": "m^2/s"}),
            "information": ("density", information, {"units": "1", "long_name": "about ln D, all others known"}),
            "standard_deviation": ("density", alone, {"units": "1", "long_name": "of ln D, all others known"}),
            "jointly_determined": ("density", joint, {"units": "1", "long_name": "of ln D, all free together"}),
        },
        coords={"density": ("density", density, {"units": "1/m^3"})},
        attrs={"ion": ion, "title": problem.title},
    )


def _freed(experiment: Experiment, ion: str, stage: int) -> tuple[Experiment, FloatArray, FloatArray]:
    """The experiment with D(n) of an ion as a table, its densities [1/m^3] and coefficients [m^2/s]."""
    models = experiment.diffusion_models(stage)
    if ion not in models:
        raise InputError("is not an ion of the experiment", key=ion, remedy=f"known are {', '.join(models)}")
    model = models[ion]
    if model.density_limit is None:
        raise InputError("has a D that does not depend on density", key=ion, remedy="choose another ion")
    bulk, limit = experiment.reference_density(ion, stage), model.density_limit
    jumps = [jump + sign * BESIDE_JUMP * bulk for jump in model.jumps for sign in (-1.0, 1.0)]
    density = np.unique([*np.linspace(0.0, limit, KNOTS), *jumps])
    density = density[(density >= 0.0) & (density <= limit)]
    temperature = experiment.stages[stage].first_temperature
    coefficient = np.maximum(model.coefficient(density, temperature), 1e-40)
    table = TableSpecification(
        densities=tuple(density.tolist()),
        coefficients=tuple(coefficient.tolist()),
        reference_temperature=temperature,
        activation_energy=0.65 * ELECTRON_VOLT,
        fermi_level_counts=model.fermi_level_counts,
    )
    others = {
        f"stages[{number}].diffusion": {name: other for name, other in entry.diffusion.items() if name != ion}
        for number, entry in enumerate(experiment.stages)
    }
    # a site system that no other ion is on would be left without ions
    left = {system for name in experiment.ions if name != ion for system in experiment.systems_of(name)}
    sites = {"sites": {name: each for name, each in experiment.sites.items() if name in left}}
    freed = {f"ions.{ion}.diffusion": table, **others, **(sites if len(left) < len(experiment.sites) else {})}
    return experiment.replace(freed), density, coefficient


def _knot_problem(
    problem: FitProblem,
    dataset: int,
    experiment: Experiment,
    ion: str,
    coefficient: FloatArray,
    coordinates: FloatArray,
) -> FitProblem:
    """The data set alone, with the coefficients of the table and the parameters of the measurement free."""
    knots = tuple(
        Parameter(
            name=f"ions.{ion}.diffusion.coefficients[{k}]", kind="experiment", lower=float(value) / RANGE,
            upper=float(value) * RANGE, scale="log", start=float(value), unit="m^2/s",
            dimension="diffusion coefficient", paths=((0, f"ions.{ion}.diffusion.coefficients[{k}]"),),
        )
        for k, value in enumerate(coefficient)
    )  # fmt: skip
    kept = tuple(
        replace(
            parameter,
            start=parameter.value(float(coordinate)),
            paths=tuple((0, path) for number, path in parameter.paths if number == dataset),
        )
        for parameter, coordinate in zip(problem.parameters, coordinates, strict=True)
        if parameter.kind == "measurement" and any(number == dataset for number, _ in parameter.paths)
    )
    data = replace(problem.datasets[dataset], experiment=experiment)
    return replace(problem, datasets=(data,), parameters=(*knots, *kept))
