"""Fronts of hand-made profiles: what is one, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.experiment import Experiment, parse_experiment
from ionscape.transport.exchange import front_figures, native_fraction

THICKNESS = 1e-6
DEPTH = (np.arange(4000) + 0.5) * THICKNESS / 4000
NO_FRONT = (None, None, None)


def experiment(*, fluoride: str = "4e-15 m^2/s") -> Experiment:
    """A glass with calcium and fluoride, into which lanthanum may come."""
    model = (
        'diffusion = { model = "constant", reference_temperature = "500 K", activation_energy = "0 J", coefficient ='
    )
    return parse_experiment(f"""
        sample = {{ thickness = "1 um", illuminated_area = "1 cm^2", relative_permittivity = 8, native = {{ Ca = "1e24 1/m^3", F = "2e24 1/m^3" }} }}
        ions.Ca = {{ charge = 2, {model} "1e-15 m^2/s" }} }}
        ions.La = {{ charge = 3, {model} "1e-17 m^2/s" }} }}
        ions.F = {{ charge = -1, {model} "{fluoride}" }} }}
        stages = [{{ kind = "storage", temperature = "500 K", duration = "1 h" }}]
    """)  # noqa: E501


def fronts(calcium: np.ndarray, lanthanum: np.ndarray, *, fluoride: str = "4e-15 m^2/s"):
    """Front figures for densities [1e24 1/m^3] over DEPTH; fluoride makes the salt neutral."""
    names = ("La", "F", "Ca")  # in another order than in the file
    density = 1e24 * np.stack([lanthanum, 3 * lanthanum + 2 * calcium, calcium], axis=1)
    return front_figures(DEPTH, native_fraction(experiment(fluoride=fluoride), names, density, "Ca"))


def step(place: float, decay: float) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * (DEPTH - place) / decay)


def test_a_front_in_a_diluted_salt_is_where_half_of_the_charge_was_exchanged() -> None:
    # calcium carries the share u of the charge of all cations, whose sum is diluted near the surface
    share, together = step(200e-9, 10e-9), 0.3 + 0.7 * DEPTH / THICKNESS
    front, width, plateau = fronts(share * together, 2 / 3 * (1 - share) * together)
    assert front == pytest.approx(200e-9, rel=1e-6)
    assert width == pytest.approx(2 * np.log(0.84 / 0.16) * 10e-9, rel=1e-3)
    assert plateau == pytest.approx(0.0, abs=1e-4)


def test_a_front_deep_in_a_thin_sample() -> None:
    front, width, plateau = front_figures(DEPTH, 0.1 + 0.9 * step(900e-9, 5e-9))
    assert front == pytest.approx(900e-9 + 5e-9 * np.log(0.4 / 0.5), rel=1e-6)
    assert width == pytest.approx(10e-9 * np.log(0.84 / 0.16), rel=1e-3)
    assert plateau == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("highest", [1.0, 100.0])
def test_a_layer_at_the_back_is_no_front(highest: float) -> None:
    depleted = 1.0 - step(980e-9, 2e-9)
    recovered = highest * step(998e-9, 0.5e-9)
    assert front_figures(DEPTH, depleted) == NO_FRONT
    assert front_figures(DEPTH, 0.4 * depleted + recovered) == NO_FRONT


@pytest.mark.parametrize("surface", [0.0, 0.3])
def test_a_slope_through_the_whole_sample_is_no_front(surface: float) -> None:
    assert front_figures(DEPTH, surface + (1.0 - surface) * DEPTH / THICKNESS) == NO_FRONT
    assert front_figures(DEPTH, surface + (0.9 - surface) * DEPTH / THICKNESS) == NO_FRONT


def test_a_contact_that_empties_the_surface_makes_a_front_only_where_nothing_else_moves() -> None:
    emptied = step(100e-9, 5e-9)
    assert fronts(emptied, np.zeros_like(DEPTH)) == NO_FRONT  # the salt has left
    assert fronts(np.maximum(emptied - 0.5, 0.0), np.zeros_like(DEPTH)) == NO_FRONT  # without a rest
    front, _, _ = fronts(emptied, np.zeros_like(DEPTH), fluoride="0 m^2/s")  # as in thermal poling
    assert front == pytest.approx(100e-9, rel=1e-6)
