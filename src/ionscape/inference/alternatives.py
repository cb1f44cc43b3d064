"""Models that the residuals of a fit ask for: a foreign ion whose D depends on its own density.

D of a foreign ion is a constant in most fits, and what it is instead, where it is not, distorts the width of the site
energies and the trapped fraction. So ln D of each such ion is made a straight line over its density, from none to the
native density. At the optimum of the fit, where the line is level, the derivative by its slope tells whether the
residuals follow it (score test: Rao, Proc. Camb. Philos. Soc. 44 (1948) 50), at the price of one simulation. Where they
do, the line is fitted, and its evidence says whether it is the better model.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import FitError
from ionscape.experiment import ConstantSpecification, Experiment, TableSpecification

from .evidence import log_evidence
from .forward import Evaluation, ForwardModel
from .least_squares import EDGE, StartResult, covariance_of, minimise
from .parameters import Parameter, coordinates_of
from .problem import FitProblem

NOTABLE = 0.01
"""p-value of the score test below which the line is fitted."""
CONVINCING = 3.0
"""Gain of the logarithm of the evidence from which a model is proposed: 20 to 1."""
MOST_SIMULATIONS = 25
_COEFFICIENT = re.compile(r"ions\.([^.\[\]]+)\.diffusion\.coefficient")


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """A density-dependent D of a foreign ion instead of a constant one.

    Attributes:
        ion: the ion.
        parameter: name of the parameter that was its constant D.
        p_value: of the score test: probability of so large a slope of the residuals if D is constant.
        widened: the parameter of the experiment whose interval would widen most if the slope were free.
        widening: factor by which it would.
        log_evidence_gain: against the constant D; NaN if it was not fitted.
        ratio: D at the native density over D at none; NaN if it was not fitted.
        coefficients: D at none and at the native density [m^2/s].
        cost: of the fit; NaN if it was not fitted.
    """

    ion: str
    parameter: str
    p_value: float
    widened: str
    widening: float
    log_evidence_gain: float = math.nan
    ratio: float = math.nan
    coefficients: tuple[float, float] = (math.nan, math.nan)
    cost: float = math.nan

    @property
    def proposed(self) -> bool:
        """Whether it is the better model by far."""
        return self.log_evidence_gain > CONVINCING

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def alternatives(problem: FitProblem, best: StartResult) -> tuple[list[Alternative], int]:
    """Density-dependent D for each foreign ion with a free constant one.

    Args:
        problem: that was fitted.
        best: its optimum, with derivatives.

    Returns:
        What was found, and the simulations that it took.
    """
    found: list[Alternative] = []
    spent = 0
    known = log_evidence(problem, best, covariance_of(best.evaluation)[0])
    for parameter in problem.parameters:
        other = with_density_dependence(problem, parameter)
        if other is None:
            continue
        model = ForwardModel(problem=other)
        start = _level(problem, parameter, other, best)
        evaluation = model.evaluate(start)
        if evaluation is None:
            continue
        p_value, widened, widening = examined_slope(other, evaluation)
        alternative = Alternative(
            ion=parameter.paths[0][1].split(".")[1], parameter=parameter.name, p_value=p_value, widened=widened,
            widening=widening,
        )  # fmt: skip
        if alternative.p_value < NOTABLE:
            alternative = _fitted(model, start, alternative, known)
        spent += model.simulations
        found.append(alternative)
    return found, spent


def with_density_dependence(problem: FitProblem, parameter: Parameter) -> FitProblem | None:
    """The problem with ln D of an ion as a line between two values in place of one; None if it has no such constant D.

    Args:
        problem: that was fitted.
        parameter: the constant D of an ion in one data set or several.
    """
    matches = [(number, _COEFFICIENT.fullmatch(path)) for number, path in parameter.paths]
    ions = {match[1] for _, match in matches if match}
    if parameter.kind != "experiment" or len(ions) != 1 or not all(match for _, match in matches):
        return None
    (ion,) = ions
    places = [number for number, _ in matches]
    datasets = list(problem.datasets)
    for number in places:
        experiment = _with_line(datasets[number].experiment, ion)
        if experiment is None:
            return None
        datasets[number] = replace(datasets[number], experiment=experiment)
    ends = [
        replace(
            parameter, name=f"ions.{ion}.diffusion.coefficients[{k}]", scale="log", prior=None,
            paths=tuple((number, f"ions.{ion}.diffusion.coefficients[{k}]") for number in places),
        )
        for k in (0, 1)
    ]  # fmt: skip
    if parameter.lower <= 0.0:
        return None
    place = problem.parameters.index(parameter)
    parameters = (*problem.parameters[:place], *ends, *problem.parameters[place + 1 :])
    return replace(problem, datasets=tuple(datasets), parameters=parameters)


def _with_line(experiment: Experiment, ion: str) -> Experiment | None:
    """The experiment with a table of two equal D between density 0 and that of all native ions."""
    own = experiment.ions[ion].diffusion
    replaced = any(ion in stage.diffusion for stage in experiment.stages)
    native = experiment.sample.native.get(ion, 0.0)
    if not isinstance(own, ConstantSpecification) or own.coefficient == 0.0 or replaced or native > 0.0:
        return None
    assert own.reference_temperature is not None
    assert own.activation_energy is not None
    line = TableSpecification(
        densities=(0.0, experiment.bulk_density / abs(experiment.ions[ion].charge)),
        coefficients=(own.coefficient, own.coefficient),
        reference_temperature=own.reference_temperature,
        activation_energy=own.activation_energy,
    )
    return experiment.replace({f"ions.{ion}.diffusion": line})


def direction_of(problem: FitProblem, best: StartResult, found: Alternative) -> FloatArray | None:
    """Change of the residuals from the constant to the line, to first order, shape (residuals,); None if it fails.

    Args:
        problem: that was fitted.
        best: its optimum.
        found: a line that was fitted.
    """
    parameter = problem.parameters[problem.index(found.parameter)]
    other = with_density_dependence(problem, parameter)
    evaluation = (
        None if other is None else ForwardModel(problem=other).evaluate(_level(problem, parameter, other, best))
    )
    if other is None or evaluation is None:
        return None
    place = _first_end(other)
    end = other.parameters[place]
    # both ends move, apart, by half the logarithm of the ratio
    apart = 0.5 * math.log(found.ratio) / math.log(end.upper / end.lower)
    return apart * (evaluation.jacobian[:, place + 1] - evaluation.jacobian[:, place])


def _level(before: FitProblem, parameter: Parameter, problem: FitProblem, best: StartResult) -> FloatArray:
    """Coordinates of the optimum in the problem with the line, which is level there."""
    values = {
        each.name: each.value(float(coordinate))
        for each, coordinate in zip(before.parameters, best.coordinates, strict=True)
    }
    there = [values.get(each.name, values[parameter.name]) for each in problem.parameters]
    return coordinates_of(problem.parameters, np.array(there))


def _first_end(problem: FitProblem) -> int:
    return next(place for place, each in enumerate(problem.parameters) if each.name.endswith("coefficients[0]"))


def examined_slope(problem: FitProblem, evaluation: Evaluation) -> tuple[float, str, float]:
    """What the residuals say of a slope of ln D where it is level.

    Args:
        problem: with the line.
        evaluation: of the optimum with the constant, with derivatives.

    Returns:
        p-value of the level line; the parameter of the experiment whose interval a free slope would widen most, and the
        factor.
    """
    from scipy.stats import chi2

    place = _first_end(problem)
    jacobian = evaluation.jacobian
    # a change of both ends alike is the constant's, which the fit has settled; the difference is the slope
    slope = jacobian[:, place + 1] - jacobian[:, place]
    level = jacobian[:, place] + jacobian[:, place + 1]
    others = np.delete(jacobian, [place, place + 1], axis=1)
    names = [each for k, each in enumerate(problem.parameters) if k not in (place, place + 1)]
    base = np.column_stack([others, level])
    told = np.linalg.norm(base, axis=0) > 0.0
    basis, _ = np.linalg.qr(base[:, told])
    alone = slope - basis @ (basis.T @ slope)
    size = float(alone @ alone)
    if size <= 1e-12 * float(slope @ slope):
        return 1.0, "", 1.0
    p_value = float(chi2.sf(float(alone @ evaluation.residuals) ** 2 / size, 1))
    # with a slope of the variance 1/size more, a parameter gets that times the square of its dependence on it
    dependence = np.linalg.lstsq(base[:, told], slope)[0]
    variance = np.diag(np.linalg.pinv(base[:, told].T @ base[:, told]))
    factors = np.ones(told.size)
    factors[told] = np.sqrt(1.0 + dependence**2 / (size * variance))
    best = max((k for k, each in enumerate(names) if each.kind == "experiment"), key=lambda k: factors[k], default=None)
    return (p_value, "", 1.0) if best is None else (p_value, names[best].name, float(factors[best]))


def _fitted(model: ForwardModel, start: FloatArray, found: Alternative, known: float) -> Alternative:
    """The line fitted from where it is level."""
    problem = model.problem
    try:
        line = minimise(model, np.clip(start, EDGE, 1.0 - EDGE), precision=1e-4, maximum=MOST_SIMULATIONS)
    except FitError:
        return found
    place = _first_end(problem)
    low, high = (problem.parameters[place + k].value(float(line.coordinates[place + k])) for k in (0, 1))
    evidence = log_evidence(problem, line, covariance_of(line.evaluation)[0])
    return replace(
        found, log_evidence_gain=evidence - known, ratio=high / low, coefficients=(low, high), cost=line.cost
    )
