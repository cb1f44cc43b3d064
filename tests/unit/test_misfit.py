"""Judgement of residuals: distributions of the statistics under noise, against enumeration, quantiles and drawing."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ionscape.inference.discrepancy import departures, likeliest, restricted_deviance, root_of
from ionscape.inference.forward import ForwardModel, unspread
from ionscape.inference.judgement import background_remarks, misfit_remarks, pull_remarks
from ionscape.inference.least_squares import StartResult, covariance_of
from ionscape.inference.misfit import (
    Misfit,
    farthest_stretch,
    judge_residuals,
    neighbours,
    tail_of_form,
    too_few_runs,
)
from ionscape.inference.noise import share_responses, whitening
from ionscape.inference.parameters import Parameter, Prior, coordinates_of
from ionscape.inference.problem import load_fit, with_discrepancies


@pytest.fixture(scope="module")
def problem(examples_folder):
    return load_fit(examples_folder / "rb-mono-fit.toml")


@pytest.fixture(scope="module")
def at_start(problem) -> StartResult:
    """The evaluation at the values of the file, as an optimum."""
    point = coordinates_of(problem.parameters, np.array([parameter.start for parameter in problem.parameters]))
    evaluation = ForwardModel(problem=problem).evaluate(point)
    assert evaluation is not None
    return StartResult(
        coordinates=point, cost=evaluation.cost, evaluation=evaluation, simulations=1, converged=True, message="",
        failures=(),
    )  # fmt: skip


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.0])
def test_a_sum_of_squares_has_the_tail_of_chi_square(scale: float) -> None:
    residual = np.sqrt(scale) * np.linspace(0.5, 1.5, 40)
    expected = stats.chi2.sf(residual @ residual, 40)
    assert tail_of_form(residual, np.eye(40), np.eye(40)) == pytest.approx(expected, rel=1e-9)
    # residuals that parameters have adapted to: a projection of rank 37 has 37 degrees of freedom
    basis, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((40, 3)))
    projection = np.eye(40) - basis @ basis.T
    expected = stats.chi2.sf(residual @ residual, 37)
    assert tail_of_form(residual, np.eye(40), projection) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("reach", [1, 4, 12])
def test_neighbours_have_the_tail_that_drawing_gives(reach: int) -> None:
    rng = np.random.default_rng(reach)
    form = neighbours(np.repeat([0, 1], [60, 20]), reach)
    drawn = rng.standard_normal((40_000, 80))
    values = np.einsum("di,ij,dj->d", drawn, form, drawn)
    for share in (0.5, 0.1, 0.01):
        row = drawn[np.argsort(values)[int((1.0 - share) * len(values))]]
        # the quantile of the drawing has a binomial error
        error = math.sqrt(share * (1.0 - share) / len(values))
        assert tail_of_form(row, form, np.eye(80)) == pytest.approx(share, abs=5.0 * error + 0.06 * share)


def test_neighbours_are_of_one_series() -> None:
    form = neighbours(np.array([0, 0, 0, 1, 1]), 2)
    expected = [[0, 1, 1, 0, 0], [1, 0, 1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0]]
    assert form.tolist() == expected


def test_runs_against_all_orders_of_signs() -> None:
    """Of all orders of 8 positive and 6 negative residuals, the share with as few runs."""
    counts = []
    for places in itertools.combinations(range(14), 8):
        signs = np.full(14, -1.0)
        signs[list(places)] = 1.0
        counts.append(1 + int(np.count_nonzero(signs[1:] != signs[:-1])))
    runs = np.array(counts)
    for wanted in (4, 5, 6, 8):
        order = next(p for p, c in zip(itertools.combinations(range(14), 8), counts, strict=True) if c == wanted)
        residual = np.full(14, -0.3)
        residual[list(order)] = 2.0
        assert too_few_runs([residual]) == pytest.approx(np.mean(runs <= wanted), abs=0.015)
    assert too_few_runs([np.ones(9)]) == 1.0  # one sign only says nothing of its order


def test_the_farthest_stretch_is_found() -> None:
    rng = np.random.default_rng(3)
    residual = rng.standard_normal(120)
    residual[70:81] -= 4.0
    start, stop, mean = farthest_stretch(residual)
    assert abs(start - 70) <= 1
    assert abs(stop - 81) <= 1
    assert mean == pytest.approx(residual[start:stop].mean())


def test_noise_is_no_misfit_and_a_shape_is_one(problem, at_start) -> None:
    """Residuals drawn as the error model says, less what the parameters adapt to; then with a front 0.4 nm off."""
    evaluation = at_start.evaluation
    covariance, _ = covariance_of(evaluation)
    jacobian = evaluation.jacobian
    size = problem.datasets[0].intensity.size
    rng = np.random.default_rng(5)
    p_values, shaped = [], []
    hats = jacobian @ covariance @ jacobian.T
    values = evaluation.densities[0]
    front = np.gradient(values[0], problem.datasets[0].depth) * 0.4e-9 / values[0].max()
    for number in range(30):
        noise = rng.standard_normal(evaluation.residuals.size)
        residuals = noise - hats @ noise
        judged = judge_residuals(problem, replace(evaluation, residuals=residuals), covariance)
        p_values.append(judged.p_value)
        if number >= 6:
            continue
        bent = residuals.copy()
        counts = problem.datasets[0].intensity
        root, _ = whitening(problem.datasets[0], 0.0)
        bent[:size] += (np.array([front, -front]) * counts.max(axis=1)[:, None] / root).ravel()
        shaped.append(judge_residuals(problem, replace(evaluation, residuals=bent), covariance))
    # Bonferroni's bound: at most as many below p as p says, of 30 draws
    assert sum(p < 0.05 for p in p_values) <= 5
    assert np.median(p_values) > 0.3
    assert np.mean([each.significant for each in shaped]) > 0.9
    place = problem.datasets[0].depth[np.argmax(np.abs(front))]
    assert shaped[0].stretch[0] - 3e-9 < place < shaped[0].stretch[1] + 3e-9


def test_only_points_with_counts_of_two_ions_are_judged(problem, at_start) -> None:
    """Behind the front there is lithium only: its residuals change nothing, however large they are."""
    evaluation = at_start.evaluation
    covariance, _ = covariance_of(evaluation)
    data = problem.datasets[0]
    deep = np.zeros_like(data.intensity, dtype=bool)
    deep[:, data.depth > 75e-9] = True
    other = evaluation.residuals.copy()
    other[: deep.size][deep.ravel()] += 5.0
    first = judge_residuals(problem, evaluation, covariance)
    second = judge_residuals(problem, replace(evaluation, residuals=other), covariance)
    assert first == second
    # one share at each point where both ions are expected
    both = np.all(evaluation.densities[0] / data.factors[:, None] >= 5.0, axis=0)
    assert both.sum() - 9.0 < first.degrees_of_freedom <= both.sum() + 2.0


def test_a_factor_common_to_the_ions_is_no_misfit(problem, at_start) -> None:
    """What moves all ions of a point alike, as a drift of the primary current, tells nothing of their shares."""
    evaluation = at_start.evaluation
    covariance, _ = covariance_of(evaluation)
    data = problem.datasets[0]
    counts = evaluation.densities[0] / data.factors[:, None]
    root, common = whitening(data, 0.0)
    drift = 0.05 * np.sin(data.depth / 10e-9) * counts / root
    size = np.sum(common**2, axis=0)
    drift = drift - common * np.sum(common * drift, axis=0) * (1.0 - 1.0 / np.sqrt(1.0 + size)) / size
    other = evaluation.residuals.copy()
    other[: drift.size] += drift.ravel()
    first = judge_residuals(problem, evaluation, covariance)
    second = judge_residuals(problem, replace(evaluation, residuals=other), covariance)
    # the smoothed counts, along which the common factor acts, differ a little from the expected ones
    assert second.chi_square == pytest.approx(first.chi_square, rel=0.05)


def test_departures_keep_the_sum_and_vanish_where_there_is_one_ion() -> None:
    depth = np.linspace(0.0, 50e-9, 30)
    rng = np.random.default_rng(1)
    shares = rng.dirichlet([1.0, 2.0, 3.0], size=30).T
    shares[:, 20:] = np.array([1.0, 0.0, 0.0])[:, None]
    # residuals that are the shares themselves
    plain = np.repeat(np.eye(3)[:, :, None], 30, axis=2)
    covariance = departures(depth, shares, plain, 8e-9).reshape(3, 30, 3, 30)
    assert np.abs(covariance.sum(axis=0)).max() < 1e-14
    assert not covariance[:, 20:].any()
    for point in (0, 7, 19):
        f = shares[:, point]
        assert covariance[:, point, :, point] == pytest.approx(np.diag(f) - np.outer(f, f), abs=1e-14)
    assert np.linalg.eigvalsh(covariance.reshape(90, 90)).min() > -1e-12


def test_restricted_deviance_against_a_wide_prior() -> None:
    """−2 ln of the normal density of r with the parameters' wide prior integrated out, differences of two V."""
    rng = np.random.default_rng(4)
    residual, jacobian = rng.standard_normal(25), rng.standard_normal((25, 3))
    forms = [(a := rng.standard_normal((25, 25))) @ a.T / 25.0 for _ in range(2)]
    nothing = 1e-12 * np.eye(3)
    found = []
    for form in forms:
        values, vectors = np.linalg.eigh(form)
        found.append(restricted_deviance(1.0 + 1.69 * values, vectors.T @ residual, vectors.T @ jacobian, nothing))
    wide = 1e7 * jacobian @ jacobian.T
    expected = [
        -2.0 * stats.multivariate_normal(np.zeros(25), np.eye(25) + 1.69 * form + wide).logpdf(residual)
        for form in forms
    ]
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1], rel=1e-4)


def test_size_and_length_of_a_drawn_discrepancy_are_found() -> None:
    depth = np.linspace(4e-9, 110e-9, 160)
    share = 1.0 / (1.0 + np.exp((depth - 60e-9) / 8e-9))
    shares = np.array([1.0 - share, share])
    shares = 0.08 + 0.84 * shares
    responses = np.repeat(np.array([[40.0, 0.0], [0.0, 60.0]])[:, :, None], depth.size, axis=2)
    covariance = departures(depth, shares, responses, 12e-9)
    rng = np.random.default_rng(8)
    sizes, lengths = [], []
    for _ in range(3):
        residual = root_of(covariance, 0.06, np.zeros((0, 320))) @ rng.standard_normal(320)
        found = likeliest(depth, shares, responses, residual, np.ones((320, 1)), 1e-6 * np.eye(1),
                         directions=np.zeros((0, 320)), shortest=2e-9)  # fmt: skip
        sizes.append(found.size)
        lengths.append(found.length)
    # some ten correlation lengths tell the size to about a fifth in each draw
    assert 0.04 < np.median(sizes) < 0.09
    assert 9e-9 < np.median(lengths) < 16e-9


def test_residuals_with_a_discrepancy_are_those_of_noise_and_discrepancy(problem, at_start) -> None:
    data = problem.datasets[0]
    values = at_start.evaluation.densities[0]
    known = {"size": 0.05, "length": 10e-9, "shares": values / values.sum(axis=0)}
    wider = with_discrepancies(problem, [known])
    evaluation = ForwardModel(problem=wider).evaluate(at_start.coordinates)
    assert evaluation is not None
    residuals, jacobian = unspread(wider, evaluation)
    assert residuals == pytest.approx(at_start.evaluation.residuals, rel=1e-6, abs=1e-6)
    assert jacobian == pytest.approx(at_start.evaluation.jacobian, rel=1e-5, abs=1e-3)
    size = data.intensity.size
    responses = share_responses(data, 0.0)
    # the share of an ion is worth all its counts: b I = n f
    root, common = whitening(data, 0.0)
    counts = float(data.native.sum()) / data.factors
    plain = counts[:, None] / root
    a = common[:, 30]
    inverse_root = np.linalg.inv(np.linalg.cholesky(np.eye(2) + np.outer(a, a)))
    squared = responses[:, :, 30].T @ responses[:, :, 30]
    assert squared == pytest.approx((inverse_root * plain[:, 30]).T @ (inverse_root * plain[:, 30]), rel=1e-9)
    covariance = np.eye(size) + 0.05**2 * departures(data.depth, known["shares"], responses, 10e-9)
    own = at_start.evaluation.residuals[:size]
    expected = own @ np.linalg.solve(covariance, own)
    assert evaluation.residuals[:size] @ evaluation.residuals[:size] == pytest.approx(expected, rel=1e-6)


def test_a_pull_is_measured_by_what_the_statement_leaves() -> None:
    """Stated 1 ± 0.1, data 1.4 ± 0.1: the estimate is 1.2 ± 0.0707, and data and statement are 2.83 errors apart."""
    prior = Prior(mean=1.0, standard_deviation=0.1, scale="linear")
    parameter = Parameter(name="depth_scale", kind="measurement", lower=0.0, upper=2.0, start=1.0, prior=prior)
    variance = 0.5 * 0.1**2
    (told,) = pull_remarks([parameter], np.array([0.6]), np.array([[variance / 4.0]]))
    assert (told.code, told.about) == ("pull", ("depth_scale",))
    assert (told.numbers["stated"], told.numbers["value"]) == pytest.approx((1.0, 1.2))
    assert told.numbers["standard_errors"] == pytest.approx(8.0**0.5)
    assert "from the stated 1 to 1.2, which is 2.8 standard errors" in str(told)
    assert pull_remarks([parameter], np.array([0.56]), np.array([[variance / 4.0]])) == []


def test_an_assumed_background_is_told_with_its_effect(problem, at_start) -> None:
    covariance, _ = covariance_of(at_start.evaluation)
    (told,) = background_remarks(problem, at_start, covariance)
    assert (told.code, told.about) == ("background", ("ions.Li.diffusion.trapped_fraction",))
    assert (told.numbers["ion"], told.numbers["background"]) == ("Li", 0.01)
    assert told.numbers["standard_errors"] > 1.0
    assert "Give measurement.native_background if you know it." in str(told)


def test_sentences_about_a_misfit(problem) -> None:
    found = Misfit(
        p_value=1e-9, chi_square=300.0, degrees_of_freedom=200.0, correlation=0.31, size_p_value=1e-5,
        order_p_value=1e-9, data_set="", ion="Li", stretch=(38e-9, 47e-9), excess=1.2,
    )  # fmt: skip
    (told,) = misfit_remarks(found, [], problem)
    for part in ("misfit: p = 1e-09", "reduced chi square 1.50", "from 38 to 47 nm", "more Li", "too narrow"):
        assert part in str(told)
    assert (told.numbers["start"], told.numbers["stop"], told.numbers["discrepancy_sizes"]) == (38e-9, 47e-9, ())
    assert misfit_remarks(replace(found, p_value=0.3), [], problem) == []
