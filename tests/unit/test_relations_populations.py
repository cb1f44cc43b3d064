"""Mixing and release against rate equations of a closed box and of one level, integrated by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from ionscape import relations
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.errors import InputError

TEMPERATURE = 323.15
THERMAL = BOLTZMANN_CONSTANT * TEMPERATURE


def test_deep_levels_of_a_closed_box_mix_with_their_own_rates() -> None:
    """Fast ions fill the deep levels, slow and fast ones share the others; activities follow from the balance.

    Few sites are deep, so that activities stay where they are while these mix.
    """
    depth = np.array([-8.0, -6.0, -4.0, -1.0, 0.0, 1.0, 2.0])  # in k_B T from the Fermi level
    sites = np.where(depth < -2.0, 1e-4, 1.0)
    relative, rates, share = np.exp(depth), np.array([[1.0], [1e4]]), 0.4
    filled = sites / (1.0 + relative)
    slow = np.where(depth < -2.0, 0.0, share * filled)

    def change(_: float, packed: np.ndarray) -> np.ndarray:
        held = packed.reshape(2, -1)
        vacant = sites - held.sum(axis=0)
        activity = (held @ relative / vacant.sum())[:, None]
        return (rates * (activity * vacant - relative * held)).ravel()

    expected = relations.mixing_rate(
        depth * THERMAL, release_rate=1.0, activity=share, fast_activity=1.0 - share, temperature=TEMPERATURE
    )
    end = 8.0 / expected[0]
    start = np.concatenate([slow, filled - slow])
    found = solve_ivp(change, (0.0, end), start, method="BDF", rtol=1e-7, atol=1e-13, dense_output=True)
    for level in range(3):
        times = np.array([0.5, 2.0]) / expected[level]
        missing = found.sol(end)[level] - found.sol(times)[level]
        assert np.log(missing[0] / missing[1]) / (times[1] - times[0]) == pytest.approx(expected[level], rel=0.01)
    assert expected[:2] == pytest.approx(relative[:2] / (1.0 - share), rel=0.01)


@pytest.mark.parametrize("activity", [1e-6, 1e-3, 1e-1])
def test_a_deep_level_loses_what_is_not_taken_again(activity: float) -> None:
    """Lithium leaves a level 12 k_B T deep that rubidium, 500 times as slow, takes; activities are held."""
    rates, activities, relative = np.array([1.0, 2e-3]), np.array([activity, 1.0]), np.exp(-12.0)

    def change(_: float, held: np.ndarray) -> np.ndarray:
        return rates * (activities * (1.0 - held.sum()) - relative * held)

    share = relations.recaptured_share(
        release_rate=rates[0], activity=activity, other_release_rate=rates[1], other_activity=1.0
    )
    end = 0.5 / (relative * (1.0 - share))
    found = solve_ivp(change, (0.0, end), [1.0, 0.0], method="LSODA", rtol=1e-9, atol=1e-13)
    left = found.y[0, -1]
    # where both ions share the level in the end, the slow return of lithium makes up for some of the loss
    final = activity / (1.0 + activity)
    assert -np.log((left - final) / (1.0 - final)) == pytest.approx(0.5 * (1.0 + activity), rel=0.01)
    alone = relations.release_limited_density(
        [-12.0 * THERMAL], [1.0], release_rate=1.0, time=end, temperature=TEMPERATURE
    )
    if activity < 1e-5:
        assert alone == pytest.approx(left, rel=0.01)
    else:
        assert alone < left


def test_the_least_of_a_plateau_is_the_one_of_an_independent_simulation() -> None:
    """Lithium at 5 nm of the first stage of Gunawan 2026 with κ = 738/s and 0.34/s: 0.097, by another program.

    Traps hold 0.1, 0.5027 eV below the middle of the mobile sites, above which E_F lies by 0.1355861 eV; the zone is
    free of mobile lithium down to 5 nm after some of the 94.46 h, as the front reaches 49 nm.
    """
    width, middle = 0.05, -0.16 * np.pi - 0.1355861
    energy = np.linspace(-0.5, 0.5, 201)[1:-1] * np.pi * width + middle
    sites = np.cos((energy - middle) / width) ** 2
    hours = np.array([0.5, 0.9]) * 94.46
    left = relations.release_limited_density(
        energy * ELECTRON_VOLT, 0.1 * sites / sites.sum(), release_rate=738.0, time=3600.0 * hours,
        temperature=TEMPERATURE,
    )  # fmt: skip
    assert left[1] - 5e-4 < 0.097 < left[0] + 5e-4
    with pytest.raises(InputError, match="as long as energy"):
        relations.release_limited_density([0.0], [1.0, 2.0], release_rate=1.0, time=1.0, temperature=300.0)
    with pytest.raises(InputError, match="no ion has any"):
        relations.recaptured_share(release_rate=1.0, activity=0.0, other_release_rate=1.0, other_activity=0.0)
