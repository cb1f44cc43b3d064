"""Guided modes of plates whose modes are known in closed form, and the way back from their effective indices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erfc, jv, jvp

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.optics import inverse_wkb, slab_modes

LIGHT = 632.8e-9
WAVENUMBER = 2.0 * math.pi / LIGHT
SUBSTRATE, RISE, DEPTH = 1.5125, 0.01, 5e-6
PUBLISHED = [1.517860784, 1.515305327, 1.513840500, 1.512999373, 1.512589690]
"""TE modes of the exponential profile in air, by Bessel functions."""


def exponential(depth: FloatArray) -> FloatArray:
    return np.sqrt(SUBSTRATE**2 + 2.0 * SUBSTRATE * RISE * np.exp(-depth / DEPTH))


def bessel_cutoff(mode: int) -> float:
    """Cut-off wavelength of a TE mode of n_s² + 2 n_s Δn exp(-x/d) under air.

    With the order 0 that a mode has at its cut-off E = J_0(V exp(-x/2d)), V = 2 k d √(2 n_s Δn), and at the surface
    V J_0'(V)/(2d) = -k √(n_s² - 1) J_0(V), since E rises there as in the cover.
    """
    ratio = math.sqrt(SUBSTRATE**2 - 1.0) / math.sqrt(2.0 * SUBSTRATE * RISE)
    roots = [
        brentq(lambda v: -jvp(0, v) - ratio * jv(0, v), low, low + 0.01)
        for low in np.arange(0.01, 20.0, 0.01)
        if (-jvp(0, low) - ratio * jv(0, low)) * (-jvp(0, low + 0.01) - ratio * jv(0, low + 0.01)) < 0.0
    ]
    return 2.0 * math.pi * 2.0 * DEPTH * math.sqrt(2.0 * SUBSTRATE * RISE) / float(roots[mode])


def test_an_exponential_profile_has_the_modes_of_bessel_functions_and_wkb_misses_them_by_up_to_3e_5():
    depth = np.linspace(0.0, 150e-6, 4001)
    modes = slab_modes(depth, exponential(depth), wavelength=LIGHT)
    assert modes.TE.effective_index == pytest.approx(PUBLISHED, abs=1e-9)  # as many digits as they have
    away = modes.TE.wkb_effective_index - PUBLISHED
    assert 2.9e-5 < away[0] < 3.1e-5
    assert np.all((away > 0.0) & (away < 3.1e-5))
    assert modes.TE.cutoff_wavelength[:5] == pytest.approx([bessel_cutoff(mode) for mode in range(5)], rel=1e-6)


def test_a_function_and_few_values_of_it_give_the_same_modes_within_the_error_that_is_stated():
    depth = np.linspace(0.0, 150e-6, 151)
    of_function = slab_modes(depth, exponential, wavelength=LIGHT).TE
    of_values = slab_modes(depth, exponential(depth), wavelength=LIGHT).TE
    assert of_function.effective_index == pytest.approx(PUBLISHED, abs=1e-9)
    missed = np.abs(of_values.effective_index - PUBLISHED)
    assert np.all(missed < of_values.estimated_error)
    assert np.all(of_values.estimated_error < 100.0 * missed)


FILM, UNDER, ABOVE, THICKNESS = 1.6, 1.5, 1.0, 3e-6


def film_modes(polarisation: str) -> list[float]:
    """The dispersion relation of a film with steps at both faces."""
    below, above = ((FILM / UNDER) ** 2, (FILM / ABOVE) ** 2) if polarisation == "TM" else (1.0, 1.0)

    def phase(index: float) -> float:
        across = math.sqrt(FILM**2 - index**2)
        lost = math.atan(below * math.sqrt(index**2 - UNDER**2) / across)
        return WAVENUMBER * THICKNESS * across - lost - math.atan(above * math.sqrt(index**2 - ABOVE**2) / across)

    count = math.floor(phase(UNDER + 1e-13) / math.pi) + 1
    ends = UNDER + 1e-13, FILM - 1e-13
    return [brentq(lambda index, m=m: phase(index) - m * math.pi, *ends, xtol=1e-15) for m in range(count)]


@pytest.mark.parametrize("polarisation", ["TE", "TM"])
def test_a_film_has_the_modes_and_cut_offs_of_its_dispersion_relation(polarisation: str):
    steps = [0.0, THICKNESS, THICKNESS, 2.0 * THICKNESS]
    found = slab_modes(steps, [FILM, FILM, UNDER, UNDER], wavelength=LIGHT)
    same = slab_modes([0.0, THICKNESS], lambda at: np.full(at.shape, FILM), wavelength=LIGHT, substrate_index=UNDER)
    exact = film_modes(polarisation)
    for modes in (found, same):
        assert modes.effective_index[polarisation] == pytest.approx(exact, abs=2e-9)
    asymmetry = (UNDER**2 - ABOVE**2) / (FILM**2 - UNDER**2)
    lost = math.atan(((FILM / ABOVE) ** 2 if polarisation == "TM" else 1.0) * math.sqrt(asymmetry))
    whole = 2.0 * math.pi * THICKNESS * math.sqrt(FILM**2 - UNDER**2)
    cutoffs = [whole / (lost + mode * math.pi) for mode in range(len(exact))]
    assert getattr(found, polarisation).cutoff_wavelength[: len(exact)] == pytest.approx(cutoffs, rel=1e-7)


def test_a_parabolic_profile_has_the_levels_of_an_oscillator():
    highest, middle, curvature = 1.53, 250e-6, 1e4

    def parabola(depth: FloatArray) -> FloatArray:
        return np.sqrt(highest**2 - np.minimum(((depth - middle) * curvature) ** 2, 0.09))

    modes = slab_modes(np.linspace(0.0, 2.0 * middle, 301), parabola, wavelength=LIGHT, cover_index=1.4).TE
    levels = highest**2 - (2.0 * np.arange(30) + 1.0) * curvature / WAVENUMBER
    assert modes.effective_index[:30] == pytest.approx(np.sqrt(levels), abs=1e-10)
    # a beam of the width of the fundamental mode takes all of it and none of the odd ones
    width = math.sqrt(2.0 / (curvature * WAVENUMBER))
    assert modes.overlap(width, middle)[:2] == pytest.approx([1.0, 0.0], abs=1e-3)


def test_fields_are_normalised_orthogonal_and_have_one_more_zero_each():
    depth = np.linspace(0.0, 150e-6, 1501)
    modes = slab_modes(depth, exponential(depth), wavelength=LIGHT).TE
    overlaps = np.trapezoid(modes.field[:, None, :] * modes.field[None, :, :], modes.depth)
    assert overlaps == pytest.approx(np.eye(5), abs=1e-4)
    for number, field in enumerate(modes.field):
        strong = field[np.abs(field) > 1e-3 * np.abs(field).max()]
        assert np.count_nonzero(np.diff(np.sign(strong))) == number


def test_stress_that_sets_the_index_across_the_plane_apart_moves_tm_modes_as_much():
    depth = np.linspace(0.0, 150e-6, 1501)
    plain = slab_modes(depth, exponential, wavelength=LIGHT)
    split = slab_modes(depth, exponential, wavelength=LIGHT, index_normal=lambda at: exponential(at) + 1e-4)
    assert split.TE.effective_index == pytest.approx(plain.TE.effective_index, abs=1e-11)
    assert split.TM.effective_index - plain.TM.effective_index == pytest.approx(1e-4, rel=0.02)


@pytest.mark.parametrize("polarisation", ["TE", "TM"])
@pytest.mark.parametrize(
    "profile",
    [exponential, lambda at: 1.51 + 0.03 * erfc(at / 6e-6), lambda at: 1.51 + 0.02 * np.exp(-((at / 5e-6) ** 2))],
)
def test_inverse_wkb_finds_the_profile_between_the_turning_points(profile, polarisation: str):
    modes = slab_modes(np.linspace(0.0, 100e-6, 801), profile, wavelength=LIGHT)
    found = inverse_wkb(modes.effective_index[polarisation], wavelength=LIGHT, polarisation=polarisation)
    between = np.linspace(found.turning_depth[0], found.turning_depth[-1], 30)
    rise = float(profile(np.zeros(1))[0] - profile(np.full(1, 1e-3))[0])
    away = (np.interp(between, found.depth, found.index) - profile(between)) / rise
    assert np.abs(away).max() < 0.03
    # beyond the modes it is a continuation, and worse
    assert abs(found.surface_index - profile(np.zeros(1))[0]) < 0.2 * rise


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"wavelength": 632.8}, "wavelength = 632.8: is no wavelength of light; give it in metres"),
        ({"index": [1.5, 1.5]}, "guides no mode"),
        ({"index": [1.51, 1.51, 1.5], "depth": [0.0, 1e-7, 1e-7]}, "guides no mode at this wavelength"),
        ({"index": [0.15, 0.15]}, "is no refractive index"),
        ({"index": [1.5]}, "must have one value for each depth"),
        ({"depth": [0.0, -1e-6]}, "must not be negative or fall"),
        ({"modes": 0}, "must be a whole number"),
    ],
)
def test_what_cannot_be_a_waveguide_is_said_in_one_sentence(arguments: dict, sentence: str):
    chosen = {"depth": [0.0, 2e-6], "index": [1.52, 1.5], "wavelength": LIGHT} | arguments
    with pytest.raises(InputError, match=sentence):
        slab_modes(chosen.pop("depth"), chosen.pop("index"), **chosen)


@pytest.mark.parametrize(
    ("indices", "sentence"),
    [
        ([1.52, 1.51], "too few modes"),
        ([1.51, 1.52, 1.53], "must fall"),
        ([1.5, 1.2, 0.9], "above the index of the cover"),
    ],
)
def test_effective_indices_that_are_no_set_of_modes_are_refused(indices: list[float], sentence: str):
    with pytest.raises(InputError, match=sentence):
        inverse_wkb(indices, wavelength=LIGHT)
