"""Properties of the Poisson correction, of depth scales and of depth responses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionscape.profiling import counting
from ionscape.profiling.depth_scale import DepthScale
from ionscape.profiling.pulses import infer_pulses
from ionscape.profiling.resolution import GaussianResponse, MixingRoughnessInformationResponse

PULSES = st.integers(2, 10**6)


@given(pulses=PULSES, shares=st.lists(st.floats(0.0, 0.9999), min_size=1, max_size=20))
def test_correction_and_its_inverse(pulses: int, shares: list[float]):
    counts = np.minimum(np.array(shares) * pulses, pulses - 0.5)
    corrected = counting.poisson_corrected(counts, pulses)
    assert (corrected >= counts * (1.0 - 1e-12)).all()
    assert counting.detected_counts(corrected, pulses) == pytest.approx(counts, rel=1e-9, abs=1e-9 * pulses)


@given(pulses=PULSES, share=st.floats(0.0, 5.0))
def test_variance_is_never_below_poisson(pulses: int, share: float):
    intensity = share * pulses
    assert counting.intensity_variance(intensity, pulses) >= counting.intensity_variance(intensity, None) * (1 - 1e-12)


@settings(max_examples=25, deadline=None)
@given(pulses=st.integers(500, 40000), seed=st.integers(0, 2**32 - 1))
def test_any_number_of_pulses_is_found_from_six_digits(pulses: int, seed: int):
    rng = np.random.default_rng(seed)
    detected = rng.binomial(pulses, np.array([0.002, 0.02, 0.2, 0.6])[:, None], (4, 150))
    intensity = -pulses * np.log(1.0 - detected / pulses)
    printed = np.vectorize(lambda value: float(f"{value:.6g}"))(intensity)
    found = infer_pulses(printed)
    assert found.status == "inferred"
    assert found.pulses is not None
    # Six digits cannot always tell neighbouring numbers apart.
    assert abs(found.pulses - pulses) <= max(1.0, 2e-4 * pulses)


@given(
    rates=st.lists(st.floats(1e-12, 1e-8), min_size=1, max_size=4),
    steps=st.lists(st.floats(0.5, 200.0), min_size=3, max_size=3),
    surface=st.floats(0.0, 10.0),
)
def test_depth_rises_with_time_and_is_zero_at_the_surface(rates: list[float], steps: list[float], surface: float):
    ends = list(surface + np.cumsum(steps))[: len(rates) - 1]
    scale = DepthScale(rates=tuple(rates), rate_errors=(0.0,) * len(rates), ends=tuple(ends), surface_time=surface)
    time = np.linspace(0.0, 1000.0, 200)
    assert (np.diff(scale.depth(time)) > 0.0).all()
    assert scale.depth([surface])[0] == 0.0


@settings(deadline=None)
@given(
    widths=st.lists(st.floats(1e-11, 5e-8), min_size=2, max_size=40),
    lengths=st.tuples(*[st.one_of(st.just(0.0), st.floats(1e-13, 1e-7))] * 3),
    points=st.lists(st.floats(-1e-8, 1e-6), min_size=1, max_size=10),
)
def test_rows_of_a_response_are_averages(widths: list[float], lengths: tuple[float, float, float], points: list[float]):
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    mixing, roughness, information = lengths
    responses = (
        GaussianResponse(sigma=roughness),
        MixingRoughnessInformationResponse(mixing_length=mixing, roughness=roughness, information_depth=information),
    )
    for response in responses:
        matrix = response.matrix(edges, points)
        assert (matrix >= 0.0).all()
        assert matrix.sum(axis=1) == pytest.approx(1.0)
