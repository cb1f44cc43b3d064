"""Counting: the Poisson correction, pulses from printed counts, and the factor that all channels share."""

import math

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.profiling import counting
from ionscape.profiling.pulses import infer_pulses


def printed(values: np.ndarray, form: str) -> np.ndarray:
    return np.vectorize(lambda value: float(format(value, form)))(values)


def measured(rng: np.random.Generator, *, pulses: int, common: float, points: int = 300) -> np.ndarray:
    """Corrected intensities of three channels of 2 %, 10 % and 40 % of the pulses, by the definition of the model."""
    means = pulses * np.array([0.02, 0.1, 0.4])[:, None] * (1.0 + common * rng.standard_normal(points))
    detected = rng.binomial(pulses, 1.0 - np.exp(-means / pulses))
    return -pulses * np.log(1.0 - detected / pulses)


def test_correction_of_half_the_pulses_is_ln_2():
    assert counting.poisson_corrected([500], 1000)[0] == pytest.approx(1000 * math.log(2.0))
    assert counting.detected_counts([1000 * math.log(2.0)], 1000)[0] == pytest.approx(500)


def test_every_pulse_seen_stays_finite():
    assert counting.poisson_corrected([1000], 1000)[0] == pytest.approx(1000 * math.log(2000.0))


@pytest.mark.parametrize(("counts", "pulses"), [([-1.0], 10), ([math.nan], 10), ([11.0], 10), ([1.0], 0)])
def test_impossible_counts_are_refused(counts: list[float], pulses: int):
    with pytest.raises(InputError):
        counting.poisson_corrected(counts, pulses)


def test_variance_is_that_of_binomial_counts():
    rng = np.random.default_rng(1)
    pulses, mean = 16384, 20000.0
    detected = rng.binomial(pulses, 1.0 - math.exp(-mean / pulses), 20000)
    scatter = np.var(-pulses * np.log(1.0 - detected / pulses))
    assert counting.intensity_variance(mean, pulses) == pytest.approx(scatter, rel=0.05)


def test_variance_without_pulses_is_the_count_and_at_least_one():
    assert counting.intensity_variance([0.0, 0.5, 400.0], None).tolist() == [1.0, 1.0, 400.0]


@pytest.mark.parametrize("pulses", [None, 1024])
@pytest.mark.parametrize("mean", [2.0, 30.0, 900.0])
def test_drawn_intervals_cover_the_mean(pulses: int | None, mean: float):
    rng = np.random.default_rng(2)
    if pulses is None:
        observed = rng.poisson(mean, 400).astype(float)
    else:
        observed = -pulses * np.log(1.0 - rng.binomial(pulses, 1.0 - math.exp(-mean / pulses), 400) / pulses)
    draws = counting.draw_intensity(observed, pulses, rng, 2000)
    assert draws.shape == (2000, 400)
    lower, upper = np.quantile(draws, [0.025, 0.975], axis=0)
    # Binomial scatter of the coverage itself is 0.011; discreteness at a mean of 2 adds a few percent.
    assert 0.90 <= np.mean((lower < mean) & (mean < upper)) <= 0.99


def test_draws_stay_finite_at_saturation_and_zero():
    draws = counting.draw_intensity([0.0, 1e5, 1e7], 1024, np.random.default_rng(3), 500)
    assert np.isfinite(draws).all()
    assert (draws >= 0.0).all()


def test_dead_time_limit():
    # n/N = 0.95 is I = N ln 20.
    limit = 1000 * math.log(20.0)
    assert counting.dead_time_limited([0.99 * limit, 1.01 * limit], 1000).tolist() == [False, True]
    assert not counting.dead_time_limited([1e9], None).any()


@pytest.mark.parametrize("pulses", [1000, 4096, 10000, 16384, 65536])
@pytest.mark.parametrize("form", [".6g", ".8g", ".3f", ".17g"])
def test_pulses_are_found(pulses: int, form: str):
    rng = np.random.default_rng(pulses)
    intensity = measured(rng, pulses=pulses, common=0.01) if pulses < 20000 else measured(rng, pulses=pulses, common=0)
    rare = -pulses * np.log(1.0 - rng.binomial(pulses, 20.0 / pulses, (2, 300)) / pulses)
    ratio = intensity[0] / intensity[1]
    everything = printed(np.vstack([rare, intensity, ratio, intensity.sum(axis=0)]), form)
    found = infer_pulses(everything)
    assert (found.status, found.pulses) == ("inferred", pulses)
    assert found.consistent[:2].all()
    assert not found.consistent[5]


def test_whole_counts_are_uncorrected_and_other_numbers_unknown():
    rng = np.random.default_rng(5)
    counts = rng.poisson(np.array([[3.0], [200.0], [30000.0]]), (3, 200)).astype(float)
    assert infer_pulses(counts).status == "uncorrected"
    with_ratio = np.vstack([counts, printed(counts[1] / counts[2], ".6g")])
    found = infer_pulses(with_ratio)
    assert found.status == "uncorrected"
    assert found.consistent.tolist() == [True, True, True, False]
    smoothed = np.array([np.convolve(row, np.ones(3) / 3.0, mode="valid") for row in counts])
    for others in (counts * 0.37, counts / counts.sum(axis=0), smoothed):
        found = infer_pulses(printed(others, ".6g"))
        assert (found.status, found.pulses) == ("unknown", None)


def test_smoothed_corrected_counts_are_not_taken_for_others():
    intensity = measured(np.random.default_rng(6), pulses=16384, common=0.0)
    smoothed = np.array([np.convolve(row, np.ones(3) / 3.0, mode="valid") for row in intensity / 100.0])
    assert infer_pulses(printed(smoothed, ".6g")).status == "unknown"


def test_ratios_to_nothing_are_passed_over():
    intensity = printed(measured(np.random.default_rng(7), pulses=4096, common=0.0), ".6g")
    rare = printed(counting.poisson_corrected(np.arange(300.0) % 40, 4096), ".6g")
    broken = np.vstack([intensity, rare, np.full(300, math.nan), np.full(300, math.inf), np.full(300, 1e308)])
    assert infer_pulses(broken).pulses == 4096


def test_nothing_counted_at_all():
    assert infer_pulses(np.zeros((3, 40))).pulses is None
    with pytest.raises(InputError):
        infer_pulses(np.zeros(40))


@pytest.mark.parametrize("common", [0.0, 0.005, 0.012, 0.03])
def test_common_factor_is_unbiased_with_a_true_error(common: float):
    rng = np.random.default_rng(8)
    pulses, found = 16384, []
    for _ in range(120):
        intensity = measured(rng, pulses=pulses, common=common)
        found.append(counting.common_factor(intensity, counting.intensity_variance(intensity, pulses)))
    variance = np.array([entry.variance for entry in found])
    scatter = variance.std(ddof=1)
    assert abs(variance.mean() - common**2) < 3.0 * scatter / math.sqrt(len(found))
    assert np.mean([entry.variance_error for entry in found]) == pytest.approx(scatter, rel=0.25)
    if common:
        assert np.mean([abs(entry.size - common) < 1.96 * entry.error for entry in found]) > 0.85


def test_fronts_and_transients_are_no_common_factor():
    depth = np.arange(400.0)
    front = 0.5 * (1.0 + np.tanh((depth - 150.0) / 8.0))
    means = np.array([200.0 + 4000.0 * front, 7000.0 * (1.0 - front) + 50.0]) * (1.0 + np.exp(-depth / 6.0))
    counts = np.random.default_rng(9).poisson(means).astype(float)
    found = counting.common_factor(counts, counting.intensity_variance(counts, None))
    assert abs(found.variance) < 3.0 * found.variance_error
    assert found.size < 0.008


def test_too_few_points_have_no_common_factor():
    with pytest.raises(InputError, match="windows"):
        counting.common_factor(np.full((2, 20), 1000.0), np.full((2, 20), 1000.0))
    with pytest.raises(InputError, match="shape"):
        counting.common_factor(np.ones((2, 20)), np.ones((2, 19)))
