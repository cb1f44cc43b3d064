"""Sensitivity factors and normalisations against arithmetic by hand, other methods, and simulated counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.errors import InputError
from ionscape.profiling import densities
from ionscape.profiling.channels import Counts
from ionscape.profiling.densities import Balance, Factors

BULK = 1.4e28
METHODS = ("proportional", "equal", "summed-intensities", "charge-balance")


def counts_of(intensity: np.ndarray, variance: np.ndarray, common_factor: float) -> Counts:
    return Counts(intensity=intensity, variance=variance, common_factor=common_factor)


def factors_of(values: np.ndarray, common_factor: float) -> Factors:
    return Factors(
        values=values, covariance=np.zeros((values.size, values.size)), common_factor=common_factor,
        reduced_chi_square=np.nan,
    )  # fmt: skip


def balance_of(points: int, *, native=(1.0, 0.0), charges=(1.0, 1.0), bulk: int = 40) -> Balance:
    index = np.arange(points)
    return Balance(
        charges=np.array(charges),
        native=np.array(native) * BULK,
        bulk=index >= points - bulk,
        zone=index < points - bulk,
    )


def two_ion_counts(points: int, plateau: float, native_yield: float, foreign_yield: float):
    """True mean counts of a plateau of native ions, a smooth front and bulk."""
    position = np.linspace(0.0, 1.0, points)
    native = plateau + (1.0 - plateau) / (1.0 + np.exp(-(position - 0.5) / 0.02))
    return np.array([native * native_yield, (1.0 - native) * foreign_yield]), np.array([native, 1.0 - native]) * BULK


def test_factors_of_the_papers_are_s3_and_s5_term_by_term():
    rng = np.random.default_rng(1)
    counts = rng.uniform(50.0, 900.0, size=(2, 30))
    known = balance_of(30, bulk=10)
    found = densities.papers_factors(counts, known)
    a = BULK / np.mean(counts[0, -10:])
    lithium, foreign = counts[0, :20], counts[1, :20]
    b = sum(2 * BULK * m - 2 * a * li * m for li, m in zip(lithium, foreign, strict=True)) / sum(
        2 * m * m for m in foreign
    )
    assert found == pytest.approx([a, b], rel=1e-12, abs=0)


def test_normalisations_of_the_papers_by_hand():
    counts, factors = np.array([[300.0, 80.0], [100.0, 700.0]]), np.array([2e25, 1.5e25])
    known = Balance(
        charges=np.ones(2), native=np.array([BULK, 0.0]), bulk=np.array([True, False]), zone=np.array([False, True])
    )
    raw = [[6.0e27, 1.6e27], [1.5e27, 1.05e28]]

    def shared(method):
        return densities.shared_out(method, factors_of(factors, 0.01), counts_of(counts, counts, 0.01), known)

    for point in (0, 1):
        lithium, foreign = raw[0][point], raw[1][point]
        # S6, S7 are fractions: times n_bulk
        expected = [BULK * lithium / (lithium + foreign), BULK * foreign / (lithium + foreign)]
        assert shared("proportional")[:, point] == pytest.approx(expected, rel=1e-12, abs=0)
        off = lithium + foreign - BULK
        assert shared("equal")[:, point] == pytest.approx([lithium - off / 2, foreign - off / 2], rel=1e-12, abs=0)


def test_summed_intensities_give_molar_fractions_of_the_counts():
    counts = np.array([[10.0, 20.0, 30.0], [30.0, 20.0, 10.0], [60.0, 60.0, 60.0]])
    known = Balance(
        charges=np.ones(3), native=np.array([BULK, 0.0, 0.0]), bulk=np.arange(3) == 2, zone=np.arange(3) < 2
    )
    factors = densities.equal_sensitivity_factors(counts, known)
    found = densities.shared_out(
        "summed-intensities", factors_of(factors, 0.01), counts_of(counts, counts, 0.01), known
    )
    assert found / BULK == pytest.approx(counts / 100.0 * [[1.0, 1.0, 1.0]] * [[1.0]], rel=1e-12)


@given(
    st.sampled_from(METHODS),
    st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=2, max_size=4),
    st.integers(0, 2**31),
)
def test_every_method_obeys_the_charge_balance_at_every_point(method, charges, seed):
    rng = np.random.default_rng(seed)
    ions = len(charges)
    counts = rng.uniform(1.0, 5000.0, size=(ions, 7))
    native = np.zeros(ions)
    native[0] = BULK
    known = Balance(charges=np.array(charges), native=native, bulk=np.arange(7) > 4, zone=np.arange(7) <= 4)
    factors, noisy = factors_of(rng.uniform(1e24, 1e26, size=ions), 0.012), counts_of(counts, counts, 0.012)
    found = densities.shared_out(method, factors, noisy, known)
    assert known.charges @ found == pytest.approx(np.full(7, known.total), rel=1e-9, abs=0)
    covariance = densities.point_covariance(method, factors, noisy, known)
    # what the balance fixes is not uncertain, and no variance is negative
    scale = float(np.abs(covariance).max())
    assert np.abs(covariance @ known.charges).max() <= 1e-7 * scale
    assert np.linalg.eigvalsh(covariance).min() >= -1e-9 * scale


@pytest.mark.parametrize("method", METHODS)
def test_covariance_of_a_point_is_that_of_simulated_counts(method):
    rng = np.random.default_rng(5)
    known = balance_of(2, bulk=1)
    mean, factors, spread = np.array([400.0, 2500.0]), np.array([7e24, 4.48e24]), 0.02
    common = rng.normal(1.0, spread, size=(200_000, 1))
    counts = rng.poisson(mean * common).astype(float)[..., None] * np.ones(2)
    variance = np.repeat(mean[:, None], 2, axis=1)
    used = factors_of(np.full(2, 4e24) if method == "summed-intensities" else factors, spread)
    drawn = densities.shared_out(method, used, counts_of(counts, variance, spread), known)[..., 0]
    mean_counts = counts_of(np.repeat(mean[:, None], 2, axis=1), variance, spread)
    stated = densities.point_covariance(method, used, mean_counts, known)[0]
    assert np.cov(drawn.T) == pytest.approx(stated, rel=0.02, abs=2e-3 * stated.max())


def test_factors_have_no_bias_where_ordinary_least_squares_has_one():
    """Few counts make regressors noisy; the true factors are those of the simulated yields."""
    rng = np.random.default_rng(7)
    mean, _ = two_ion_counts(160, 0.15, 60.0, 12.0)
    true = BULK / np.array([60.0, 12.0])
    known = balance_of(160)
    weighted, ordinary = [], []
    for _ in range(60):
        counts = rng.poisson(mean * rng.normal(1.0, 0.012, size=160)).astype(float)
        found = densities.charge_balance_factors(counts_of(counts, mean, 0.012), known)
        weighted.append(found.values / true)
        ordinary.append(densities.papers_factors(counts, known) / true)
    error = np.std(weighted, axis=0, ddof=1) / np.sqrt(60)
    assert np.all(np.abs(np.mean(weighted, axis=0) - 1.0) < 4.0 * error + 0.005)
    assert abs(np.mean(ordinary, axis=0)[1] - 1.0) > 0.03


def test_three_ions_with_charges_come_back():
    rng = np.random.default_rng(11)
    position = np.linspace(0.0, 1.0, 240)
    first = np.exp(-(((position - 0.25) / 0.12) ** 2)) * 0.6
    native = 1.0 / (1.0 + np.exp(-(position - 0.6) / 0.02)) * (1.0 - first)
    share = np.array([native, first, 1.0 - native - first])
    charges = np.array([1.0, 2.0, 1.0])
    yields = np.array([4000.0, 9000.0, 700.0])
    mean = share / charges[:, None] * yields[:, None]
    counts = rng.poisson(mean * rng.normal(1.0, 0.01, size=240)).astype(float)
    index = np.arange(240)
    known = Balance(charges=charges, native=np.array([BULK, 0.0, 0.0]), bulk=index > 190, zone=index <= 190)
    found = densities.charge_balance_factors(counts_of(counts, np.maximum(counts, 1.0), 0.01), known)
    error = np.sqrt(np.diag(found.covariance))
    assert np.all(np.abs(found.values - BULK / yields) < 4.0 * error)
    assert error / found.values == pytest.approx(np.zeros(3), abs=0.02)
    assert found.reduced_chi_square == pytest.approx(1.0, abs=0.25)


def test_sputter_transient_hardly_moves_the_factors():
    rng = np.random.default_rng(3)
    mean, _ = two_ion_counts(300, 0.08, 4000.0, 9000.0)
    transient = 1.0 + 0.9 * np.exp(-np.arange(300) / 5.0)
    counts = rng.poisson(mean * transient * rng.normal(1.0, 0.012, size=300)).astype(float)
    found = densities.charge_balance_factors(counts_of(counts, np.maximum(counts, 1.0), 0.012), balance_of(300))
    error = np.sqrt(np.diag(found.covariance))
    assert np.all(np.abs(found.values - BULK / np.array([4000.0, 9000.0])) < 3.0 * error)
    assert found.common_factor < 0.02


def test_quick_refit_agrees_with_the_plain_one():
    rng = np.random.default_rng(13)
    mean, _ = two_ion_counts(200, 0.1, 500.0, 3000.0)
    counts = rng.poisson(mean * rng.normal(1.0, 0.012, size=200)).astype(float)
    known = balance_of(200)
    variance = np.maximum(counts, 1.0)
    found = densities.charge_balance_factors(counts_of(counts, variance, 0.012), known)
    drawn = counts + rng.normal(0.0, np.sqrt(np.maximum(counts, 1.0)), size=(5, 2, 200))
    quick = densities.refit_charge_balance(found, counts_of(drawn, variance, 0.012), known)
    for values, sample in zip(quick, drawn, strict=True):
        plain = densities.charge_balance_factors(counts_of(sample, variance, found.common_factor), known)
        if plain.common_factor == found.common_factor:
            assert values == pytest.approx(plain.values, rel=1e-4, abs=0)
        else:  # the plain one has raised its noise, which changes its weights
            assert values == pytest.approx(plain.values, rel=3e-3, abs=0)


def test_an_ion_without_counts_has_no_factor():
    counts = np.vstack([np.full(60, 500.0), np.zeros(60)])
    with pytest.raises(InputError, match="no sensitivity factor"):
        densities.papers_factors(counts, balance_of(60, bulk=20))


def test_indistinguishable_foreign_ions_are_refused():
    shape = np.linspace(1.0, 0.0, 60)
    counts = np.array([1000.0 * (1 - shape), 300.0 * shape, 600.0 * shape])
    index = np.arange(60)
    known = Balance(charges=np.ones(3), native=np.array([BULK, 0.0, 0.0]), bulk=index > 45, zone=index <= 45)
    with pytest.raises(InputError, match="no sensitivity factor"):
        densities.papers_factors(counts, known)


def test_covariance_of_resampled_factors():
    samples = np.array([[1.0, 4.0], [3.0, 8.0]])
    start = Factors(values=np.zeros(2), covariance=np.zeros((2, 2)), common_factor=0.0, reduced_chi_square=1.0)
    assert densities.with_covariance(start, samples).covariance == pytest.approx(np.array([[2.0, 4.0], [4.0, 8.0]]))
