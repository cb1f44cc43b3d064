"""What a fit has to say of its own model: is it a misfit, what would be better, what was assumed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.remarks import Remark

from .alternatives import Alternative, direction_of
from .discrepancy import likeliest
from .forward import ForwardModel, background_counts, expected_counts, unspread
from .least_squares import POLISHING_SIMULATIONS, StartResult, fine_model, minimise
from .misfit import Misfit
from .noise import share_responses, whitened_counts
from .parameters import Parameter, values_of
from .problem import DataSet, FitProblem
from .remarks import BACKGROUND, CONSTANT, MISFIT, PROPOSAL, PULL

ROUNDS = 2
"""Searches with a discrepancy: its size follows from residuals that change with it."""
LARGEST_PULL = 2.0
ASSUMED_BACKGROUND = 0.01
"""Share of the counts in the bulk for which the effect of a background is told."""
NOTABLE_SHIFT = 1.0  # standard errors
NOTABLE_WIDENING = 2.0


def with_alternatives(misfit: Misfit, found: Sequence[Alternative]) -> Misfit:
    """The judgement with the directed tests for a D that depends on density added to those of the residuals alone."""
    if math.isnan(misfit.p_value):
        return misfit  # of a fit without profiles, or of too few points
    least = min((alternative.p_value for alternative in found), default=1.0)
    # the tests of the residuals together count as one
    p_value = min(1.0, (1 + len(found)) * min(misfit.p_value, least)) if found else misfit.p_value
    return replace(misfit, p_value=p_value)


def refit_with_discrepancy(
    problem: FitProblem, best: StartResult, better: Sequence[Alternative] = ()
) -> tuple[FitProblem, StartResult]:
    """The optimum with a smooth discrepancy of the model, whose size and length its residuals tell.

    Args:
        problem: that was fitted.
        best: its optimum, with derivatives.
        better: models that were found to be better; how far the data go towards them is left open.

    Returns:
        The problem with the discrepancies of its data sets, and its optimum.
    """
    towards = [direction_of(problem, best, alternative) for alternative in better]
    directions = np.array([direction for direction in towards if direction is not None])
    directions = directions.reshape(-1, best.evaluation.residuals.size)
    for _ in range(ROUNDS):
        problem = _with_discrepancies(problem, best, directions)
        found = minimise(fine_model(problem), best.coordinates, precision=1e-4, maximum=POLISHING_SIMULATIONS)
        best = replace(
            found, simulations=best.simulations + found.simulations, failures=(*best.failures, *found.failures)
        )
    return problem, best


def _with_discrepancies(problem: FitProblem, best: StartResult, directions: FloatArray) -> FitProblem:
    """The likeliest discrepancy of each data set, of its own residuals; the others take part with their information."""
    residuals, jacobian = unspread(problem, best.evaluation)
    datasets: list[DataSet] = []
    begin = 0
    for number, data in enumerate(problem.datasets):
        end = begin + data.intensity.size
        if data.profile is None:
            datasets.append(data)
            begin = end + data.further_residuals
            continue
        here = np.arange(begin, end)
        elsewhere = np.delete(jacobian, here, axis=0)
        # beyond its own residuals a direction is at least known within the bounds
        known = elsewhere.T @ elsewhere + np.eye(jacobian.shape[1])
        shares = shares_of(problem, number, best)
        found = likeliest(
            data.depth, shares, share_responses(data, problem.settings.discrepancy), residuals[here], jacobian[here],
            known, directions=directions[:, here], shortest=data.response.standard_deviation,
        )  # fmt: skip
        datasets.append(replace(data, discrepancy=found))
        begin = end + data.further_residuals
    return replace(problem, datasets=tuple(datasets))


def shares_of(problem: FitProblem, number: int, best: StartResult) -> FloatArray:
    """Share of each ion in the charge of all at the points of a data set, shape (ions, points)."""
    data = problem.datasets[number]
    amounts = np.abs(data.charges)[:, None] * np.maximum(best.evaluation.densities[number], 0.0)
    # Where a stated profile lacks an ion, the charge that is missing is its own.
    least = np.finfo(float).tiny if data.factor_errors is None else data.charge_density
    return amounts / np.maximum(amounts.sum(axis=0), least)


def misfit_remarks(misfit: Misfit, found: Sequence[Alternative], problem: FitProblem) -> list[Remark]:
    """What a misfit is, where it shows, what was done about the intervals, and what to try."""
    proposals = [_proposal(alternative) for alternative in found if alternative.proposed]
    if not misfit.significant:
        return [*proposals, *map(_assumption, filter(_rests_on_constant, found))]
    departures = [data.discrepancy for data in problem.datasets if data.discrepancy is not None]
    told = MISFIT(
        p_value=misfit.p_value, reduced_chi_square=misfit.reduced_chi_square, correlation=misfit.correlation,
        data_set=misfit.data_set, ion=misfit.ion, start=misfit.stretch[0], stop=misfit.stretch[1],
        excess=misfit.excess, discrepancy_sizes=tuple(each.size for each in departures),
        discrepancy_lengths=tuple(each.length for each in departures),
        directed=any(len(each.directions) for each in departures), proposals=len(proposals),
    )  # fmt: skip
    return [told, *proposals]


def _rests_on_constant(found: Alternative) -> bool:
    return not found.proposed and found.widening > NOTABLE_WIDENING


def _assumption(found: Alternative) -> Remark:
    return CONSTANT(found.widened, ion=found.ion, p_value=found.p_value, widening=found.widening)


def _proposal(found: Alternative) -> Remark:
    return PROPOSAL(
        found.parameter, ion=found.ion, ratio=found.ratio, coefficients=found.coefficients,
        log_evidence_gain=found.log_evidence_gain,
    )  # fmt: skip


def pull_remarks(parameters: Sequence[Parameter], coordinates: FloatArray, covariance: FloatArray) -> list[Remark]:
    """Parameters that the data draw away from what was stated of them.

    The difference of estimate and statement has the variance of the statement less that of the estimate; more than two
    of its standard deviations are a contradiction.

    Args:
        parameters: of the fit.
        coordinates: of the optimum, shape (parameters,).
        covariance: of the coordinates, shape (parameters, parameters).
    """
    found: list[Remark] = []
    values = values_of(tuple(parameters), coordinates)
    names = [parameter.name for parameter in parameters]
    for place, (parameter, value) in enumerate(zip(parameters, values, strict=True)):
        prior = parameter.prior
        if prior is None:
            continue
        row = np.zeros(len(parameters))
        row[place] = prior.slope(float(value)) * parameter.slope(float(coordinates[place]))
        given = None
        if prior.follows is not None:
            other = names.index(prior.follows.name)
            given = float(values[other])
            row[other] = prior.slope_by_given() * parameters[other].slope(float(coordinates[other]))
        left = 1.0 - float(row @ covariance @ row)
        pull = prior.residual(float(value), given) / math.sqrt(max(left, 0.01))
        if abs(pull) > LARGEST_PULL:
            stated = math.exp(prior.mean) if prior.scale == "log" else prior.mean
            found.append(PULL(
                parameter.name, stated=stated, value=float(value), unit=parameter.unit, standard_errors=abs(pull)
            ))  # fmt: skip
    return found


def background_remarks(problem: FitProblem, best: StartResult, covariance: FloatArray) -> list[Remark]:
    """Native ions without a stated background, where one of a hundredth of the bulk would move a parameter notably.

    No χ² shows such a background: what a plateau holds of the ion takes it up. To first order the estimates move by
    −C Jᵀ dr for a change dr of the residuals.
    """
    found: list[Remark] = []
    begin = 0
    deviation = np.sqrt(np.diag(covariance))
    residual_slopes = best.evaluation.jacobian
    model = ForwardModel(problem=problem)
    for number, data in enumerate(problem.datasets):
        stated = {path for parameter in problem.parameters for where, path in parameter.paths if where == number}
        values = values_of(problem.parameters, best.coordinates)
        for ion, name in enumerate(data.ions):
            if data.native[ion] <= 0.0 or f"background.{name}" in stated or data.factor_errors is not None:
                continue
            prefix = f"{data.name}:" if data.name else ""
            factor = float(values[problem.index(f"{prefix}sensitivity_factor.{name}")])
            counts = np.zeros_like(data.intensity)
            counts[ion] = ASSUMED_BACKGROUND * background_counts(data, ion, factor)
            change = np.zeros(best.evaluation.residuals.size)
            change[begin : begin + counts.size] = model.spread_counts(number, whitened_counts(problem, number, counts))
            moved = -covariance @ residual_slopes.T @ change / deviation
            experimental = [k for k, each in enumerate(problem.parameters) if each.kind == "experiment"]
            worst = max(experimental, key=lambda k, moved=moved: abs(moved[k]))
            if abs(moved[worst]) < NOTABLE_SHIFT:
                continue
            parameter = problem.parameters[worst]
            shift = moved[worst] * deviation[worst] * parameter.slope(float(best.coordinates[worst]))
            relative = shift / values[worst]
            least = float(np.min(expected_counts(problem, number, best.evaluation)[ion])) * factor / data.native[ion]
            found.append(BACKGROUND(
                parameter.name, ion=name, data_set=data.name, background=ASSUMED_BACKGROUND,
                relative_shift=float(relative), standard_errors=abs(float(moved[worst])), largest_background=least,
            ))  # fmt: skip
        begin += data.intensity.size + data.further_residuals
    return found
