"""Depth responses against closed forms and numerical convolution."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

from ionscape.errors import InputError
from ionscape.profiling.resolution import DepthResponse, GaussianResponse, MixingRoughnessInformationResponse
from ionscape.profiling.resolution_estimate import estimate_resolution

EDGES = np.linspace(0.0, 200e-9, 401)
AT = np.linspace(5e-9, 150e-9, 60)


def observed(response: DepthResponse, edges: np.ndarray, density: np.ndarray, at: np.ndarray) -> np.ndarray:
    return response.matrix(edges, at) @ density


def mri(mixing: float, roughness: float, information: float) -> MixingRoughnessInformationResponse:
    return MixingRoughnessInformationResponse(mixing_length=mixing, roughness=roughness, information_depth=information)


def test_gaussian_turns_a_step_into_an_error_function():
    density = (0.5 * (EDGES[1:] + EDGES[:-1]) > 80e-9).astype(float)
    sigma = 3e-9
    measured = observed(GaussianResponse(sigma=sigma), EDGES, density, AT)
    assert measured == pytest.approx(0.5 * (1.0 + erf((AT - 80e-9) / sigma / math.sqrt(2.0))), abs=1e-12)


def test_the_response_ends_at_the_surface():
    # At the surface itself half of a Gaussian is left: a layer of one σ shows erf(1/√2).
    matrix = GaussianResponse(sigma=2e-9).matrix([0.0, 2e-9, 100e-9], [0.0])
    assert matrix[0, 0] == pytest.approx(erf(1.0 / math.sqrt(2.0)))


@pytest.mark.parametrize("response", [GaussianResponse(sigma=5e-9), mri(3e-9, 2e-9, 1e-9), mri(0.0, 0.0, 0.0)])
def test_constants_stay_and_ions_keep_their_columns(response: GaussianResponse | MixingRoughnessInformationResponse):
    density = np.column_stack([np.full(400, 0.3), np.full(400, 0.7)])
    measured = observed(response, EDGES, density, np.linspace(-1e-9, 250e-9, 50))
    assert measured == pytest.approx(np.tile([0.3, 0.7], (50, 1)))


def test_no_width_samples():
    edges = np.array([0.0, 1.0, 3.0])
    expected = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    assert GaussianResponse(sigma=0.0).matrix(edges, [0.5, 1.0, 9.0]).tolist() == expected
    assert mri(0.0, 0.0, 0.0).matrix(edges, [0.5, 1.0, 9.0]).tolist() == expected


def test_coarse_cells_are_integrated_exactly():
    fine, coarse = np.linspace(0.0, 100e-9, 1001), np.linspace(0.0, 100e-9, 11)
    profile = np.linspace(1.0, 2.0, 10)
    for response in (GaussianResponse(sigma=2e-9), mri(3e-9, 1e-9, 0.5e-9)):
        from_fine = observed(response, fine, np.repeat(profile, 100), AT[:40])
        assert observed(response, coarse, profile, AT[:40]) == pytest.approx(from_fine, rel=1e-12)


def test_a_scaled_response_is_as_much_wider():
    """Observed from twice as far at cells twice as large, a response of twice the lengths shows the same."""
    density = np.cos(np.linspace(0.0, 3.0, EDGES.size - 1)) ** 2
    for response in (GaussianResponse(sigma=2e-9), mri(3e-9, 1e-9, 0.5e-9)):
        wider = response.scaled(2.0)
        assert wider.standard_deviation == pytest.approx(2.0 * response.standard_deviation)
        expected = observed(response, EDGES, density, AT)
        assert observed(wider, 2.0 * EDGES, density, 2.0 * AT) == pytest.approx(expected, rel=1e-9)


def test_mri_is_the_convolution_of_its_three_parts():
    mixing, roughness, information = 3.0, 1.5, 0.8

    def response(distance: float) -> float:
        # Exponential of mixing (mean 0) and of information depth convolved by hand, then the Gaussian numerically.
        def sharp(z: float) -> float:
            shifted = z + mixing
            rate = math.exp(-shifted / mixing) if shifted >= 0.0 else math.exp(shifted / information)
            return rate / (mixing + information)

        def gaussian(z: float) -> float:
            return math.exp(-0.5 * (z / roughness) ** 2) / (roughness * math.sqrt(2.0 * math.pi))

        return quad(lambda z: sharp(z) * gaussian(distance - z), -40.0, 60.0, points=[-mixing, distance], limit=300)[0]

    model = mri(mixing, roughness, information)
    for distance in (-5.0, -3.0, -1.0, 0.0, 2.0, 8.0):
        numerical = (model.cumulative(distance + 1e-4) - model.cumulative(distance - 1e-4)) / 2e-4
        assert numerical == pytest.approx(response(distance), rel=1e-5)


def test_mri_moments():
    model = mri(3e-9, 1e-9, 0.5e-9)
    place = np.linspace(-60e-9, 120e-9, 180001)
    density = np.gradient(model.cumulative(place), place)
    mean = np.trapezoid(density * place, place)
    assert mean == pytest.approx(-0.5e-9, rel=1e-4)
    variance = np.trapezoid(density * (place - mean) ** 2, place)
    assert math.sqrt(variance) == pytest.approx(math.sqrt(9.0 + 1.0 + 0.25) * 1e-9, rel=1e-4)
    assert model.standard_deviation == pytest.approx(math.sqrt(10.25) * 1e-9)


@pytest.mark.parametrize("lengths", [(1e-15, 2e-9, 0.0), (0.0, 2e-9, 1e-15), (1e-15, 2e-9, 1e-15)])
def test_mri_without_exponentials_is_gaussian(lengths: tuple[float, float, float]):
    assert mri(*lengths).matrix(EDGES, AT) == pytest.approx(GaussianResponse(sigma=2e-9).matrix(EDGES, AT), abs=1e-6)


@pytest.mark.parametrize("lengths", [(50e-9, 1e-13, 1e-9), (1e-12, 50e-9, 1e-12), (5e-9, 0.0, 0.0), (0.0, 0.0, 2e-9)])
def test_mri_is_stable_for_extreme_lengths(lengths: tuple[float, float, float]):
    cumulative = mri(*lengths).cumulative(np.linspace(-1e-6, 1e-6, 20001))
    assert np.isfinite(cumulative).all()
    assert np.diff(cumulative).min() > -1e-12
    assert cumulative[0] == pytest.approx(0.0, abs=1e-6)
    assert cumulative[-1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("sigma", [1e-9, 2e-9, 20e-9])
def test_width_of_a_front(sigma: float):
    rng = np.random.default_rng(1)
    depth = np.arange(420) * 0.38e-9
    # A slope on both sides, as the plateau of a replacement zone has it.
    truth = 0.1 + 0.001 * depth * 1e9 + 0.42 * (1.0 + erf((depth - 60e-9) / sigma / math.sqrt(2.0)))
    found = [
        estimate_resolution(depth, truth + 0.015 * rng.standard_normal(420), np.full(420, 0.015)) for _ in range(20)
    ]
    assert np.mean([abs(entry.sigma - sigma) < 1.96 * entry.error for entry in found]) >= 0.85
    assert np.mean([entry.sigma for entry in found]) == pytest.approx(sigma, rel=0.05)
    assert np.mean([entry.depth for entry in found]) == pytest.approx(60e-9, rel=0.02)
    assert np.mean([entry.height for entry in found]) == pytest.approx(0.84, rel=0.05)


def test_the_sharpest_of_two_fronts_counts():
    rng = np.random.default_rng(2)
    depth = np.arange(600) * 0.38e-9
    truth = erf((depth - 60e-9) / 8e-9) - erf((depth - 150e-9) / 3e-9) + 1.5
    found = estimate_resolution(depth, truth + 0.01 * rng.standard_normal(600), np.full(600, 0.01))
    assert found.sigma == pytest.approx(3e-9 / math.sqrt(2.0), rel=0.1)
    assert found.depth == pytest.approx(150e-9, rel=0.01)


def test_noise_has_no_front():
    rng = np.random.default_rng(3)
    with pytest.raises(InputError, match="no step"):
        estimate_resolution(np.arange(300.0), rng.standard_normal(300), np.ones(300))


def test_wrong_input_is_said():
    with pytest.raises(InputError, match="rise"):
        GaussianResponse(sigma=1e-9).matrix([0.0, 2.0, 1.0], [0.0])
    with pytest.raises(InputError, match="at least 0"):
        GaussianResponse(sigma=-1.0)
    with pytest.raises(InputError, match="at least 0"):
        mri(1.0, math.nan, 1.0)
    with pytest.raises(InputError, match="finite"):
        GaussianResponse(sigma=1e-9).matrix([0.0, 1.0], [math.nan])
    with pytest.raises(InputError, match="shape"):
        estimate_resolution([0.0, 1.0], [1.0], [1.0])
