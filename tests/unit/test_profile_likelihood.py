"""Profile likelihoods of models whose profiles are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytic_models import OLD, Analytic, fitted, parameter, problem_of
from ionscape.errors import InputError
from ionscape.inference.profile_likelihood import crossing, profile_likelihood
from ionscape.inference.remarks import BETTER_OPTIMUM, OPEN_END, PROFILE_FAILED
from ionscape.inference.result import FitResult
from ionscape.remarks import of_kinds
from ionscape.scaleout import RunStore, make_executor

ROOT_95, ROOT_68 = 1.959963984540054, 1.0


def profiled(formula: str, **more: object) -> tuple[FitResult, FitResult, Analytic]:
    problem = problem_of(parameter("a.b", lower=1.0, upper=3.0), parameter("factor", "measurement"))
    model = Analytic(problem=problem, formula=formula)
    start = (0.62, 0.5) if formula == "valleys" else (0.3, 0.5)
    result = fitted(model, start)
    return result, profile_likelihood(result, model=model, **more), model  # type: ignore[arg-type]


def test_profile_of_a_normal_likelihood_is_its_marginal() -> None:
    before, after, _ = profiled("linear")
    data = after.dataset
    # the profile of x alone: the second residual is brought to zero by y
    for end, sign in (("lower", -1), ("upper", 1)):
        for level, root in (("95", ROOT_95), ("68", ROOT_68)):
            expected = 1.0 + 2.0 * (0.4 + sign * root * 0.03)
            assert float(data[f"{end}_{level}"][0]) == pytest.approx(expected, abs=1e-3 * 0.06)
    # the nuisance parameter was not asked for
    assert float(data["lower_95"][1]) == float(before.dataset["lower_95"][1])
    assert np.isnan(data["profile_value"].values[1]).all()
    value, cost = data["profile_value"].values[0], data["profile_cost"].values[0]
    assert cost == pytest.approx(1.0 + ((value - 1.0) / 2.0 - 0.4) ** 2 / 0.03**2, abs=1e-6)
    assert np.all(np.diff(value) > 0.0)
    other = data["profile_estimate"].values[0, :, 1]
    assert other == pytest.approx(0.5 + 2.0 * ((value - 1.0) / 2.0 - 0.4), abs=1e-5)
    assert data.attrs["method"] == "profile-likelihood"
    assert after.remarks == (OLD,)
    assert data.attrs["simulations"] > before.dataset.attrs["simulations"]


def test_profile_of_a_skewed_likelihood() -> None:
    _, after, _ = profiled("logarithm")
    for end, sign in (("lower", -1), ("upper", 1)):
        expected = 1.0 + 2.0 * 0.2 * math.exp(sign * ROOT_95 * 0.3)
        assert float(after.dataset[f"{end}_95"][0]) == pytest.approx(expected, rel=2e-3)


def test_named_parameters_and_more_points() -> None:
    _, after, _ = profiled("linear", parameters=["factor"], points=8)
    deviation = math.hypot(0.05, 2.0 * 0.03)
    assert float(after.dataset["upper_95"][1]) == pytest.approx(0.5 + ROOT_95 * deviation, abs=1e-3 * deviation)
    assert np.isfinite(after.dataset["profile_value"].values[1]).sum() == 17


def test_undetermined_from_above() -> None:
    _, after, _ = profiled("flat above")
    assert float(after.dataset["upper_95"][0]) == 3.0
    assert of_kinds(after.remarks, OPEN_END) == [OPEN_END("a.b", end="upper", reason="")]
    assert "a.b is undetermined from above: its 95 % interval ends at its upper bound." in after.warnings


def test_better_optimum_becomes_the_reference() -> None:
    before, after, _ = profiled("valleys")
    assert float(before.dataset["coordinate"][0]) == pytest.approx(0.6, abs=0.1)
    assert float(after.dataset["coordinate"][0]) == pytest.approx(0.35, abs=0.001)
    assert after.dataset.attrs["cost"] == pytest.approx(0.0, abs=1e-6)
    (better,) = of_kinds(after.remarks, BETTER_OPTIMUM)
    assert better.numbers["before"] == before.dataset.attrs["cost"] > better.numbers["cost"]
    assert after.dataset["start_cost"].values == pytest.approx(before.dataset["start_cost"].values)


def test_failed_simulations_are_reported() -> None:
    problem = problem_of(parameter("a.b"), parameter("factor", "measurement"))
    model = Analytic(problem=problem, formula="failing")
    result = fitted(model, (0.4, 0.5))
    wide = result.dataset.copy()
    wide["coordinate_covariance"] = 25.0 * wide["coordinate_covariance"]
    after = profile_likelihood(FitResult(dataset=wide, problem=problem), model=model, points=2)  # type: ignore[arg-type]
    assert of_kinds(after.remarks, PROFILE_FAILED)
    assert after.dataset.attrs["failed_simulations"] >= 1


def test_resumed_and_in_processes(tmp_path: object) -> None:
    store = RunStore(tmp_path / "runs")  # type: ignore[operator]
    _, first, _ = profiled("linear", store=store)
    assert len(store) == 2
    result, second, model = profiled("linear", store=store)
    before = model.simulations
    profile_likelihood(result, model=model, store=store)  # type: ignore[arg-type]
    assert model.simulations == before
    assert second.dataset.drop_attrs().equals(first.dataset.drop_attrs())
    with make_executor("serial") as executor:
        _, third, _ = profiled("linear", executor=executor)
    assert third.dataset.drop_attrs().equals(first.dataset.drop_attrs())


def test_crossing() -> None:
    distance = np.array([1.0, 2.0, 3.0])
    assert crossing(distance, distance**2, 4.0) == pytest.approx(2.0)
    assert crossing(distance, distance**2, 2.25) == pytest.approx(1.5)
    assert crossing(distance, distance**2, 9.5) is None
    # a second valley: the interval ends behind it
    assert crossing(np.array([1.0, 2.0, 3.0, 4.0]), np.array([4.0, 9.0, 0.0, 16.0]), 4.0) == pytest.approx(3.5, abs=0.2)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="at least 2"):
        profiled("linear", points=1)
    with pytest.raises(InputError, match=r"a\.b"):
        profiled("linear", parameters=["a.c"])
