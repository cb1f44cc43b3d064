"""Rises of the cost at the ends of least-squares intervals, for models whose costs are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytic_models import OLD, Analytic, fitted, parameter, problem_of
from ionscape.inference.interval_check import (
    LARGEST_RISE,
    LEAST_RISE,
    interval_end,
    rise_remarks,
    rises_at_ends,
    without_rise_remarks,
)
from ionscape.inference.least_squares import StartResult, cost_of, covariance_of, minimise
from ionscape.inference.profile_likelihood import profile_likelihood
from ionscape.inference.remarks import INTERVAL
from ionscape.inference.result import FitResult, make_fit_result
from ionscape.remarks import of_kinds

ROOT_95 = 1.959963984540054


def checked(
    formula: str, start: tuple[float, float], kind: str = "experiment"
) -> tuple[FitResult, Analytic, np.ndarray]:
    model = Analytic(problem=problem_of(parameter("a.b"), parameter("c.d", kind)), formula=formula)
    best: StartResult = minimise(model, np.array(start), precision=1e-10)  # type: ignore[arg-type]
    covariance, _ = covariance_of(best.evaluation)
    model.simulations = 0
    rises = rises_at_ends(model, best, covariance)  # type: ignore[arg-type]
    remarks = rise_remarks(model.problem.parameters, best.coordinates, covariance, rises)
    result = make_fit_result(
        model.problem, best, [best], covariance, remarks=[OLD, *remarks], failures=(), rises=rises,
        further_simulations=model.simulations,
    )  # fmt: skip
    return result, model, rises


def test_a_normal_likelihood_rises_as_it_must() -> None:
    result, model, rises = checked("linear", (0.3, 0.5))
    # the bounds are six standard deviations away or more and tell nothing
    assert rises == pytest.approx(np.full((2, 2), ROOT_95**2), rel=1e-3)
    assert result.remarks == (OLD,)
    assert model.simulations == 5  # the optimum, and both ends of two intervals
    assert result.dataset.attrs["simulations"] == 5 + result.dataset["start_simulations"].values.sum()


def test_on_a_parabola_only_the_parameter_whose_interval_is_wrong_is_named() -> None:
    """x is normal; y = 1/2 + 2 u + 12 u² with u = x - 0.4, so that its own profile follows from the root of u."""
    result, _, rises = checked("banana", (0.38, 0.45))
    x = ROOT_95 * 0.05
    assert rises[:, 0] == pytest.approx((x / 0.05) ** 2, rel=0.01)
    # y at the end of its interval, and where the parabola has this value
    y = 2.0 * x
    u = (math.sqrt(4.0 + 48.0 * y) - 2.0) / 24.0
    assert rises[1, 1] == pytest.approx((u / 0.05) ** 2, rel=0.1)
    assert (u / 0.05) ** 2 < LEAST_RISE
    # below it has this value nowhere: the profile rises by more than the distance of the vertex
    assert -y < -4.0 / 48.0
    assert rises[0, 1] > LARGEST_RISE
    assert result.remarks == (OLD, INTERVAL("c.d", lower=rises[0, 1], upper=rises[1, 1]))
    assert "at its lower end and by" in result.warnings[1]
    assert "--method profile-likelihood" in result.warnings[1]
    assert result.dataset["rise_at_upper_95"].values == pytest.approx(rises[1])


def test_an_interval_that_is_too_narrow_on_one_side() -> None:
    """The cost is normal in ln x: upwards it rises by (ln(1 + 1.96 σ/x)/0.3)² only."""
    _, _, rises = checked("logarithm", (0.3, 0.5), kind="measurement")
    deviation = 0.3 * 0.2
    expected = [(math.log1p(sign * ROOT_95 * deviation / 0.2) / 0.3) ** 2 for sign in (-1.0, 1.0)]
    assert rises[:, 0] == pytest.approx(expected, rel=1e-3)
    assert expected[1] < LEAST_RISE * 1.06
    assert expected[0] > LARGEST_RISE
    # parameters of the measurement are not looked at
    assert np.isnan(rises[:, 1]).all()


def test_limits_and_bounds() -> None:
    parameters, optimum = (parameter("a.b"), parameter("c.d")), np.array([0.5, 0.97])
    covariance = np.diag([0.01, 0.01])
    narrow = np.array([[0.99 * LEAST_RISE, 3.8], [3.8, 0.5]])
    remarks = rise_remarks(parameters, optimum, covariance, narrow)
    # where the interval ends at its bound it cannot be too narrow
    assert remarks == [INTERVAL("a.b", lower=0.99 * LEAST_RISE)]
    wide = np.array([[LEAST_RISE, 3.8], [LARGEST_RISE, 1.01 * LARGEST_RISE]])
    assert rise_remarks(parameters, optimum, covariance, wide) == [INTERVAL("c.d", upper=1.01 * LARGEST_RISE)]
    assert rise_remarks(parameters, optimum, covariance, np.full((2, 2), np.nan)) == []
    assert without_rise_remarks([OLD, *remarks], ["c.d"]) == [OLD, *remarks]
    assert without_rise_remarks([OLD, *remarks], ["a.b"]) == [OLD]


def test_the_others_follow_within_their_bounds() -> None:
    covariance = np.array([[0.04, 0.03], [0.03, 0.04]])
    end = interval_end(np.array([0.5, 0.9]), covariance, 0, 1.0)
    assert end == pytest.approx([0.5 + ROOT_95 * 0.2, 1.0])
    assert interval_end(np.array([0.2, 0.5]), covariance, 0, -1.0) == pytest.approx([0.0, 0.5 - 0.75 * 0.2])


def test_a_failed_simulation_leaves_its_rise_open() -> None:
    model = Analytic(problem=problem_of(parameter("a.b"), parameter("c.d", "measurement")), formula="failing")
    best: StartResult = minimise(model, np.array([0.4, 0.5]))  # type: ignore[arg-type]
    rises = rises_at_ends(model, best, np.diag([0.02, 0.01]))  # type: ignore[arg-type]
    assert np.isfinite(rises[0, 0])
    assert np.isnan(rises[1, 0])
    assert len(model.failures) == 1


def test_profile_likelihood_takes_the_warning_back() -> None:
    result, model, _ = checked("banana", (0.38, 0.45))
    other = profile_likelihood(result, model=model, parameters=["a.b"])  # type: ignore[arg-type]
    assert [remark.about for remark in of_kinds(other.remarks, INTERVAL)] == [("c.d",)]
    own = profile_likelihood(result, model=model, parameters=["c.d"])  # type: ignore[arg-type]
    assert own.remarks == (OLD,)
    assert np.isnan(own.dataset["rise_at_upper_95"].values).tolist() == [False, True]


def test_robust_costs_grow_with_the_residual_beyond_the_scale() -> None:
    residuals = np.array([0.5, -1.345, 3.0])
    assert cost_of(residuals, robust=False) == pytest.approx(0.25 + 1.345**2 + 9.0)
    assert cost_of(residuals, robust=True) == pytest.approx(0.25 + 1.345**2 + 1.345**2 * (2.0 * 3.0 / 1.345 - 1.0))


def test_fits_that_were_not_checked_say_nothing() -> None:
    model = Analytic(problem=problem_of(parameter("a.b"), parameter("c.d")), formula="banana")
    assert np.isnan(fitted(model).dataset["rise_at_lower_95"].values).all()  # type: ignore[arg-type]
