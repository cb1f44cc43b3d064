"""Posteriors of models whose posteriors are known in closed form or by quadrature; comparison of models."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from analytic_models import Analytic, fitted, parameter, problem_of
from ionscape.errors import FitError, InputError
from ionscape.inference.chains import sample_chains, split_r_hat
from ionscape.inference.comparison import compare
from ionscape.inference.posterior import effective_size, sample_posterior
from ionscape.inference.remarks import POSTERIOR_OPEN_END
from ionscape.inference.result import FitResult
from ionscape.inference.surrogate import Surrogate
from ionscape.scaleout import RunStore


def sampled(formula: str, **more: object) -> tuple[FitResult, Analytic]:
    problem = problem_of(parameter("a.b", lower=1.0, upper=3.0), parameter("factor", "measurement"))
    model = Analytic(problem=problem, formula=formula)
    result = fitted(model, (0.3, 0.5))
    return sample_posterior(result, model=model, **{"seed": 3, **more}), model  # type: ignore[arg-type]


def test_normal_posterior() -> None:
    result, _ = sampled("linear")
    data = result.dataset
    mean = np.array([1.0 + 2.0 * 0.4, 0.5])
    # y = 0.5 + 2 (x - 0.4) + noise, and a.b = 1 + 2 x
    covariance = np.array([[4 * 0.03**2, 4 * 0.03**2], [4 * 0.03**2, 0.05**2 + 4 * 0.03**2]])
    deviation = np.sqrt(np.diag(covariance))
    assert np.max(np.abs(data["posterior_mean"].values - mean) / deviation) < 0.1
    assert data["estimate_error"].values == pytest.approx(deviation, rel=0.06)
    assert data["correlation"].values[0, 1] == pytest.approx(covariance[0, 1] / deviation.prod(), abs=0.05)
    assert data["upper_95"].values == pytest.approx(mean + 1.96 * deviation, abs=0.15 * deviation.max())
    assert data["sample"].shape == (2000, 2)
    assert float(data["weight"].sum()) == pytest.approx(1.0)
    assert np.all(data["r_hat"].values < 1.02)
    assert np.all(data["effective_sample_size"].values >= 400)
    # a model with straight residuals is its own surrogate
    assert data.attrs["posterior_check_effective_sample_size"] == pytest.approx(data.attrs["posterior_check_draws"])
    assert data.attrs["posterior_check_largest_shift"] < 1e-6
    assert data.attrs["method"] == "mcmc"
    # the constant residual 1 adds 1 to the cost everywhere
    expected = -0.5 + 0.5 * math.log((2 * math.pi * 0.03 * 0.05) ** 2)
    assert data.attrs["log_evidence"] == pytest.approx(expected, abs=0.03)


def test_skewed_posterior_by_quadrature() -> None:
    result, _ = sampled("logarithm")
    x = np.linspace(1e-4, 1.0, 200001)
    density = np.exp(-0.5 * (np.log(x / 0.2) / 0.3) ** 2)
    cumulative = np.cumsum(density) / density.sum()
    data = result.dataset
    deviation = 2.0 * math.sqrt(np.average((x - np.average(x, weights=density)) ** 2, weights=density))
    for name, share in (("lower_95", 0.025), ("lower_68", 0.15865), ("upper_68", 0.84135), ("upper_95", 0.975)):
        expected = 1.0 + 2.0 * float(np.interp(share, cumulative, x))
        assert float(data[name][0]) == pytest.approx(expected, abs=0.2 * deviation)
    expected = 1.0 + 2.0 * float(np.average(x, weights=density))
    assert float(data["posterior_mean"][0]) == pytest.approx(expected, abs=0.1 * deviation)
    assert data.attrs["posterior_check_effective_sample_size"] >= 150


def test_posterior_that_its_bound_cuts() -> None:
    result, _ = sampled("near its bound")
    x = np.linspace(0.0, 1.0, 100001)
    density = np.exp(-0.5 * ((x - 0.95) / 0.05) ** 2)
    mean = 1.0 + 2.0 * float(np.average(x, weights=density))
    assert float(result.dataset["posterior_mean"][0]) == pytest.approx(mean, abs=0.01)
    assert POSTERIOR_OPEN_END("a.b", side="above", end="upper") in result.remarks


@pytest.mark.parametrize(
    ("formula", "named"),
    [
        ("beyond its bounds", r"a\.b \(lower bound 0\) and c\.d \(lower bound 0\)"),
        ("beyond one bound", r"a\.b \(upper bound 1\)"),
    ],
)
def test_optimum_at_bounds_that_the_data_contradict(formula: str, named: str) -> None:
    problem = problem_of(parameter("a.b"), parameter("c.d"))
    model = Analytic(problem=problem, formula=formula)
    result = fitted(model, (0.3, 0.5))
    before = model.simulations
    with pytest.raises(InputError, match=f"lies at the bounds of {named}, and .*; widen the bounds") as caught:
        sample_posterior(result, model=model)  # type: ignore[arg-type]
    assert caught.value.exit_status == 2
    assert "nan" not in str(caught.value)
    assert model.simulations == before + 1  # before any sampling


def test_posterior_of_an_optimum_on_its_bound() -> None:
    result, _ = sampled("at its bound", check=60)
    # half of a normal distribution of 0.05, times the width of the bounds
    assert float(result.dataset["posterior_mean"][0]) == pytest.approx(
        1.0 + 2.0 * 0.05 * math.sqrt(2 / math.pi), abs=0.006
    )
    assert POSTERIOR_OPEN_END("a.b", side="below", end="lower") in result.remarks
    # 2.5 % of the draws lie below 0.0016, but the estimate is at 0
    lower, estimate, upper = (float(result.dataset[name][0]) for name in ("lower_95", "estimate", "upper_95"))
    assert lower <= estimate <= upper
    assert upper == pytest.approx(1.0 + 2.0 * 0.05 * 2.2414, abs=0.02)


def test_posterior_across_a_corner_of_the_bounds() -> None:
    problem = problem_of(parameter("a.b"), parameter("c.d"))
    model = Analytic(problem=problem, formula="across a corner")
    result = sample_posterior(fitted(model, (0.3, 0.5)), model=model, seed=3, check=60)  # type: ignore[arg-type]
    # the ridge lies inside from (0, 0.0133) to (0.04, 0) only, x - y changes by a fifth of its error: next to flat
    x = result.dataset["sample"].values[:, 0]
    assert float(np.mean(x)) == pytest.approx(0.02, abs=0.001)
    assert float(np.std(x)) == pytest.approx(0.04 / math.sqrt(12.0), rel=0.06)
    assert np.all(x >= 0.0)


class Stub(Surrogate):
    """A surrogate of which the first `known` sets of points have a density above zero, and no other point has."""

    known = 0
    seen: ClassVar[list[np.ndarray]] = []

    def cost(self, u: np.ndarray) -> np.ndarray:
        if len(self.seen) < self.known:
            self.seen.append(u.copy())
        if not self.seen:
            return np.full(len(u), np.inf)
        return np.where((u[:, None, :] == np.concatenate(self.seen)[None]).all(axis=2).any(axis=1), 0.0, np.inf)


def test_walkers_that_cannot_move(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stub = Stub(
        origin=np.full(2, 0.5), basis=0.1 * np.eye(2), factors=np.zeros((1, 13)), reach=np.full((2, 2), 2.5),
        robust=False,
    )  # fmt: skip
    with pytest.raises(FitError, match="no walker of the chain finds a likelihood above zero"):
        sample_chains(stub, np.random.default_rng(1), 200, ("a.b", "c.d"))
    monkeypatch.setattr(Stub, "known", 2)  # the starts of the two ensembles
    with pytest.raises(FitError, match=r"does not move along a\.b, c\.d in 200 steps") as caught:
        sample_chains(stub, np.random.default_rng(1), 200, ("a.b", "c.d"))
    assert "nan" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_same_seed_same_sample_and_resumed(tmp_path: object) -> None:
    store = RunStore(tmp_path / "runs")  # type: ignore[operator]
    first, model = sampled("linear", store=store, draws=200, check=60)
    spent = model.simulations
    second, model = sampled("linear", store=store, draws=200, check=60)
    assert second.dataset["sample"].equals(first.dataset["sample"])
    assert model.simulations < spent - 60
    other, _ = sampled("linear", draws=200, check=60, seed=4)
    assert not other.dataset["sample"].equals(first.dataset["sample"])


def test_chain_that_is_too_short() -> None:
    with pytest.raises(FitError, match=r"too short.*allow more than 60 steps"):
        sampled("linear", maximum_steps=60)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="check"):
        sampled("linear", check=10)


def test_surrogate_that_is_no_good() -> None:
    problem = problem_of(parameter("a.b"), parameter("factor", "measurement"))

    class Rough(Analytic):
        def evaluate(self, coordinates: np.ndarray, *, derivatives: bool = True):  # type: ignore[no-untyped-def]
            found = super().evaluate(coordinates, derivatives=derivatives)
            if not derivatives:  # what no polynomial follows
                found.residuals[-1] = 6.0 * math.sin(1e6 * coordinates[0])
            return found

    model = Rough(problem=problem, formula="linear")
    result = fitted(model, (0.3, 0.5))
    with pytest.raises(FitError, match="too far from the surrogate"):
        sample_posterior(result, model=model, check=60, draws=100)  # type: ignore[arg-type]


def test_split_r_hat() -> None:
    rng = np.random.default_rng(5)
    same = rng.standard_normal((2000, 8, 2))
    assert np.all(np.abs(split_r_hat(same) - 1.0) < 0.005)
    drift = same.copy()
    drift[:1000, :, 1] += 1.0
    found = split_r_hat(drift)
    # halves with means 1 apart: variance between them 0.25 n/(n - 1) beside a variance of 1 within
    assert found[1] == pytest.approx(math.sqrt(1.0 + 0.25 * 16 / 15), abs=0.02)


def test_effective_size() -> None:
    assert effective_size(np.full(10, 0.1)) == pytest.approx(10.0)
    assert effective_size(np.array([0.5, 0.5, 0.0])) == pytest.approx(2.0)


def test_evidence_of_a_normal_model() -> None:
    # the integral of the likelihood, by an independent formula, for Laplace's approximation of the fit as well
    problem = problem_of(parameter("a.b"), parameter("factor", "measurement"))
    result = fitted(Analytic(problem=problem, formula="linear"), (0.3, 0.5))  # type: ignore[arg-type]
    covariance = np.array([[0.03**2, 2 * 0.03**2], [2 * 0.03**2, 0.05**2 + 4 * 0.03**2]])
    peak = float(multivariate_normal([0.4, 0.5], covariance).logpdf([0.4, 0.5]))
    assert result.dataset.attrs["log_evidence"] == pytest.approx(-0.5 - peak, abs=0.05)


def test_compare() -> None:
    problem = problem_of(parameter("a.b"), parameter("factor", "measurement"))
    narrow = fitted(Analytic(problem=problem, formula="linear"), (0.3, 0.5))
    wide = fitted(Analytic(problem=problem, formula="logarithm"), (0.3, 0.5))
    table = compare({"narrow": narrow, "wide": wide})
    evidence = {"narrow": narrow.dataset.attrs["log_evidence"], "wide": wide.dataset.attrs["log_evidence"]}
    best = max(evidence, key=evidence.__getitem__)
    assert table["model"].values[0] == best
    assert float(table["log_bayes_factor"][1]) == pytest.approx(min(evidence.values()) - max(evidence.values()))
    assert float(table["probability"].sum()) == pytest.approx(1.0)
    assert float(table["bayesian_information_criterion_difference"].min()) == 0.0
    with pytest.raises(InputError, match="missing"):
        compare({})
    other = FitResult(dataset=narrow.dataset.assign_attrs(ions='[["Li"]]'), problem=problem)
    with pytest.raises(InputError, match="not fitted to the data"):
        compare({"narrow": narrow, "other": other})
