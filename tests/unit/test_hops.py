"""Hops in time: what is refused, what a seed and a file give again, and the statistics of the slopes."""

from __future__ import annotations

import numpy as np
import pytest

import ionscape as isc
from ionscape.constants import ELECTRON_VOLT
from ionscape.hopping.hops_kernels import EVENTS, hop
from ionscape.hopping.hops_setup import drawn_state, hopping_system
from ionscape.hopping.hops_statistics import LAGS, SAMPLES, WINDOWS, Control, single_displacements, slopes
from ionscape.hopping.jumps import jumps_of

JUMPS = isc.JumpLaw(barrier=1e-20, attempt_frequency=1e13, jump_distance=5e-10)
FLAT = isc.landscape_from_energies(np.zeros((4, 3, 2)))
ROUGH = isc.landscape_from_energies(np.linspace(0.0, 5e-20, 24).reshape(4, 3, 2))


def hops(landscape=FLAT, **given):
    arguments = {"jumps": JUMPS, "temperature": 500.0, "ions": 12, "rng": 1, "relative_error": 0.2}
    return isc.kinetic_monte_carlo(landscape, **{**arguments, **given})


def blocked_plane():
    energies = np.zeros((4, 3, 2))
    energies[2] = np.nan
    return isc.landscape_from_energies(energies)


def pocket():
    """A path whose sites are all filled beside a vacancy that no ion of it can reach."""
    energies = np.full((4, 5, 1), np.nan)
    energies[:, 0] = -1.6e-19
    energies[1:3, 2] = 1.6e-19
    return isc.landscape_from_energies(energies)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"ions": 23.5}, isc.InputError, "ions = 23.5: leaves 0.5 vacancies on 24 sites; at least one vacancy"),
        ({"ions": 0.5}, isc.InputError, "at least one ion is needed"),
        ({"ions": 11.5, "ensemble": "canonical"}, isc.InputError, "must be a whole number where it is fixed"),
        ({"ensemble": "micro"}, isc.InputError, 'ensemble = "micro": must be "grand canonical" or "canonical"'),
        ({"temperature": 0.0}, isc.InputError, "temperature = 0.0: must be a finite number greater than 0"),
        ({"cap": "high"}, isc.InputError, 'cap = "high": is no cap'),
        ({"cap": -1.0}, isc.InputError, "cap = -1.0"),
        ({"relative_error": 0.5}, isc.InputError, "relative_error = 0.5: must be between 0 and 0.3"),
        ({"direction": 3}, isc.InputError, "direction = 3"),
        ({"rng": -1}, isc.InputError, "rng = -1"),
        ({"landscape": blocked_plane()}, isc.PercolationError, "0.75 of the sites are accessible: block fewer, or"),
        ({"landscape": pocket(), "ions": 4.0}, isc.InputError, "are disconnected"),
        ({"landscape": ROUGH, "temperature": 0.1}, isc.InputError, "temperature = 0.1: gives rates too small for"),
        ({"most_hops": 1000.0}, isc.HoppingError, "1e.03 hops are too few to mean anything"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_one_sentence(given, error, words):
    with pytest.raises(error, match=words):
        hops(**given)


def test_a_seed_gives_the_same_hops_and_a_file_holds_them(tmp_path):
    first, second, other = hops(), hops(), hops(rng=2)
    assert first.summary() == second.summary()
    assert first.summary()["diffusion_coefficient"] != other.summary()["diffusion_coefficient"]
    first.to_netcdf(tmp_path / "hops.nc")
    read = isc.load(tmp_path / "hops.nc")
    assert isinstance(read, isc.Hops)
    assert read.summary() == first.summary()
    assert read.columns() == first.columns()
    assert np.all(read.dataset["occupation"].shape == (4, 3, 2))


def test_a_run_that_is_less_sure_than_asked_says_so():
    found = hops(relative_error=0.002, most_hops=1.5e5)
    codes = [remark.code for remark in found.remarks]
    assert "hops_not_as_sure" in codes
    assert found.summary()["diffusion_coefficient_error"] > 0.002 * found.summary()["diffusion_coefficient"]


def test_slopes_are_taken_where_they_no_longer_fall():
    """2 D t + 2 B (1 - exp(-t/τ)) with τ at the fourth lag: the slope there is too high, and at long lags it is D."""
    rng = np.random.default_rng(1)
    lags = np.array(LAGS) * 1.0
    exact = 2.0 * lags + 2.0 * 8.0 * (1.0 - np.exp(-lags / 8.0))
    found = slopes(exact * (1.0 + 0.002 * rng.standard_normal((200, 1))), lags, target=0.01)
    assert found.lag is not None
    assert found.used >= 6
    assert found.mean == pytest.approx(1.0, abs=3.0 * found.error)
    falling = slopes(np.sqrt(lags) * (1.0 + 0.01 * rng.standard_normal((200, 1))), lags, target=0.01)
    assert falling.lag is None


def test_a_control_takes_off_the_noise_that_is_shared():
    rng = np.random.default_rng(2)
    shared, own = rng.normal(3.0, 1.0, 500), rng.normal(0.0, 0.1, (500, 2))
    values = 7.0 + 2.0 * (shared - 3.0)[:, None] + own
    adjusted = Control(values=shared, mean=3.0).adjusted(values)
    assert adjusted.std(axis=0) == pytest.approx(0.1, rel=0.1)
    assert adjusted.mean(axis=0) == pytest.approx(7.0, abs=0.02)


def test_displacements_of_single_ions_add_up_over_windows():
    """Ions with constant velocities: the square of velocity times lag, within windows and across them."""
    each = SAMPLES // WINDOWS
    velocity = np.array([1, -2, 3])
    squares = np.tile(np.sum((velocity[:, None] * np.arange(1, each + 1)) ** 2, axis=0), (WINDOWS, 1)).astype(float)
    moved = np.tile((velocity * each).astype(np.int32), (WINDOWS, 1))
    assert single_displacements(squares, moved) == pytest.approx(14.0 * np.array(LAGS) ** 2)


def test_lists_and_sums_are_right_after_many_hops():
    """Vacancies, tree and displacements against the occupations and places that the ions have come to."""
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=6, rng=1)
    system = hopping_system(
        landscape, jumps_of(landscape), temperature=1500.0, ions=None, ensemble="grand canonical", cap="automatic",
        direction=0,
    )  # fmt: skip
    generator = np.random.default_rng(3)
    state = drawn_state(system, generator)
    planes = np.nonzero(landscape.accessible)[0]
    at_first = np.empty(state.displacements.size, int)
    taken = state.occupied == 1
    at_first[state.ions[taken]] = planes[taken]
    record = np.empty((2, 1))
    hop(system.ways, state, np.array([2e4 / system.hop_rate]), record, generator)
    assert state.counts[EVENTS] > 10_000
    taken = state.occupied == 1
    assert sorted(state.ions[taken]) == list(range(state.displacements.size))
    assert sorted(state.vacancies) == np.flatnonzero(~taken).tolist()
    assert np.array_equal(state.numbers[state.vacancies], np.arange(state.vacancies.size))
    moved = planes[taken] - at_first[state.ions[taken]] - state.displacements[state.ions[taken]]
    assert np.all(moved % 6 == 0)
    assert record[1, 0] == np.sum(state.displacements.astype(float) ** 2)
    tree, leaves = state.tree.copy(), state.tree.size // 2
    ways = system.ways
    rates = (ways.rates * state.occupied[ways.neighbours]).sum(axis=1)[state.vacancies]
    assert tree[leaves : leaves + rates.size] == pytest.approx(rates)
    assert tree[1] == pytest.approx(rates.sum())


def test_capped_hops_conduct_as_those_without_a_cap():
    model = isc.LandscapeModel(energy_scale=0.35 * ELECTRON_VOLT, noise=0.3)
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=8, rng=3, model=model)
    capped, whole = (
        isc.kinetic_monte_carlo(
            landscape, temperature=600.0, rng=seed, cap=cap, relative_error=0.03, tracer=False
        ).summary()
        for seed, cap in ((1, 2.0), (2, "none"))
    )  # fmt: skip
    assert capped["cap_bias"] < 0.0 == whole["cap_bias"]
    assert 2.0 == capped["cap"] < whole["cap"]
    errors = np.hypot(capped["conductivity_error"], whole["conductivity_error"])
    assert abs(capped["conductivity"] - whole["conductivity"]) < 3.0 * errors
    assert errors < 0.05 * whole["conductivity"]


def test_a_tracer_that_is_not_waited_for_has_an_upper_bound():
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=6, rng=1)
    asked = {"temperature": 1000.0, "rng": 1, "relative_error": 0.2}
    waited = isc.kinetic_monte_carlo(landscape, **asked, most_hops=3e6)
    assert [remark.code for remark in waited.remarks] == ["tracer_still_falls"]
    found = isc.kinetic_monte_carlo(landscape, **asked, tracer=False)
    assert not found.remarks
    summary = found.summary()
    assert np.isnan(summary["tracer_diffusion_coefficient"])
    assert summary["tracer_upper_bound"] > 0.0
    assert summary["hops"] < 1e7
    assert summary["diffusion_coefficient_error"] < 0.2 * summary["diffusion_coefficient"]
