"""Depth by an immobile marker: the constant rate where nothing changes, and the truth where the rate is uneven."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erfc

import ionscape as isc
from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.profiling import DepthProfile, Instrument, Measurement, SyntheticMeasurement, make_measurement
from ionscape.profiling.depth_scale import DepthScale
from ionscape.profiling.marker import MarkerScale, transient_points
from ionscape.profiling.synthetic import profile_from_densities, synthesise
from ionscape.profiling.synthetic.density_profile import sputtered_depth

Q = 1.4e28
FRONT = 50e-9


def scale_of(counts: FloatArray, *, surface: float = 0.0, beyond: float = 0.0, error: float = 0.0) -> MarkerScale:
    edges = 2.0 * np.arange(counts.size + 1.0)
    constant = DepthScale.from_crater(
        depth=160e-9, depth_error=error, total_time=float(edges[-1]) + beyond, surface_time=surface
    )
    return MarkerScale(element="Si", constant=constant, edges=edges, counts=counts, variance=counts)


@given(
    count=st.floats(1.0, 1e6), points=st.integers(2, 60), beyond=st.floats(0.0, 50.0), surface=st.floats(0.0, 0.9),
)  # fmt: skip
def test_a_constant_marker_is_a_constant_rate(count: float, points: int, beyond: float, surface: float) -> None:
    scale = scale_of(np.full(points, count), surface=surface * 2.0 * points, beyond=beyond)
    times = np.linspace(0.0, scale.total_time, 37)
    assert scale.depth(times) == pytest.approx(scale.constant.depth(times), abs=1e-20)


@given(
    counts=st.lists(st.floats(1.0, 1e5), min_size=2, max_size=60), beyond=st.floats(0.0, 50.0),
    surface=st.floats(0.0, 0.9), seed=st.integers(0, 100),
)  # fmt: skip
def test_the_whole_depth_is_kept_and_depths_rise(counts: list[float], beyond: float, surface: float, seed: int) -> None:
    scale = scale_of(np.array(counts), surface=surface * 2.0 * len(counts), beyond=beyond)
    times = np.linspace(0.0, scale.total_time, 41)
    for depth in (scale.depth(times), *scale.draw_depths(times, np.random.default_rng(seed), 3)):
        assert depth[-1] == pytest.approx(scale.constant.depth(scale.total_time))
        assert np.all(np.diff(depth) >= -1e-20)
    assert scale.depth(scale.surface_time) == pytest.approx(0.0, abs=1e-20)


def test_twice_the_counts_are_twice_the_depth() -> None:
    scale = scale_of(np.repeat([200.0, 100.0], [40, 80]))
    assert scale.depth([0.0, 40.0, 80.0, 240.0]) == pytest.approx([0.0, 40e-9, 80e-9, 160e-9])


def test_errors_by_counting_are_those_of_drawn_counts() -> None:
    scale = scale_of(np.repeat([30.0, 90.0], [60, 60]))
    times = np.array([20.0, 100.0, 180.0, 230.0])
    drawn = scale.draw_depths(times, np.random.default_rng(2), 4000)
    assert scale.counting_error(times) == pytest.approx(drawn.std(axis=0), rel=0.05)
    wide = scale_of(np.full(50, 1e9), error=1.6e-9).draw_depths([100.0], np.random.default_rng(3), 4000)
    assert wide.std() == pytest.approx(1.6e-9, rel=0.05)


def test_a_transient_is_found_where_there_is_one() -> None:
    rng = np.random.default_rng(4)
    steady = np.full(400, 1000.0)
    falling = steady * (1.0 + 1.2 * np.exp(-np.arange(400) / 5.0))
    flat = [transient_points(rng.poisson(steady).astype(float), steady) for _ in range(50)]
    found = [transient_points(rng.poisson(falling).astype(float), falling) for _ in range(50)]
    assert sum(points > 0 for points in flat) <= 3
    # after 20 points what is left of it is 2 %, two thirds of the noise of a point
    assert min(found) >= 15
    assert max(found) <= 60


def uneven(*, points: int = 320, silicon: float = 3000.0, seed: int = 1) -> SyntheticMeasurement:
    """A Rb plateau of 0.9 and a front, in a glass of which that with Rb is sputtered 1.5 times as fast."""
    edges = np.linspace(0.0, 200e-9, 1001)
    middle = 0.5 * (edges[1:] + edges[:-1])
    share = 0.45 * np.asarray(erfc((middle - FRONT) / 12e-9))
    profile = profile_from_densities(edges, {"Li": Q * (1.0 - share), "Rb": Q * share}, Q)
    instrument = Instrument(
        sputter_rate=0.22e-9, yields={"Li": 3600.0, "Rb": 6900.0}, points=points, maximum_depth=160e-9,
        markers={"Si": silicon}, relative_rates={"Rb": 1.5},
    )  # fmt: skip
    return synthesise(profile, instrument, rng=seed)


def measured(synthetic: SyntheticMeasurement, **changes: object) -> Measurement:
    table = {
        key: value for key, value in {**synthetic.table(), "resamples": 200, **changes}.items() if value is not None
    }
    return make_measurement(synthetic.raw, table, crater_scans=synthetic.crater_scans)


def covered(profile: DepthProfile, synthetic: SyntheticMeasurement) -> float:
    """Share of the points in the exchanged zone at which the truth is within the 95 % interval."""
    data, truth = profile.dataset, synthetic.truth
    zone = (data["depth"].values > 5e-9) & (data["depth"].values < 80e-9)
    true = np.array([np.interp(data["depth"].values, truth["depth"].values, column) for column in truth["density"].T]).T
    inside = (data["density_lower_95"].values <= true) & (true <= data["density_upper_95"].values)
    return float(inside[zone].mean())


def front(profile: DepthProfile) -> float:
    """Depth at which half of the plateau is left [m]."""
    data = profile.dataset
    smooth = np.convolve(data["density"].sel(ion="Rb").values, np.ones(7) / 7.0, mode="same")
    place = int(np.flatnonzero(smooth > 0.45 * Q)[-1])
    return float(data["depth"].values[place])


def test_the_marker_finds_the_truth_that_a_constant_rate_misses() -> None:
    synthetic = uneven()
    marked = isc.calibrate(measured(synthetic))
    constant = isc.calibrate(measured(synthetic, marker=None))
    assert covered(marked, synthetic) >= 0.9
    assert covered(constant, synthetic) < 0.6
    # the front within three standard deviations of the crater depth and a data point
    error = 3.0 * marked.summary()["crater_depth_error"] * FRONT / 160e-9 + 160e-9 / 320
    assert abs(front(marked) - FRONT) < error
    # by a constant rate the exchanged glass has 50 nm/1.45 of 50 nm/1.45 + 110 nm parts of the crater
    assert abs(front(constant) - 160e-9 * (50.0 / 1.45) / (50.0 / 1.45 + 110.0)) < 1.5e-9

    summary = marked.summary()
    assert summary["marker"] == "Si"
    assert 10e-9 < summary["depth_systematic_largest"] < 14e-9
    assert {"uneven_rate", "marker_transient"} == {remark.code for remark in marked.remarks}
    data = marked.dataset
    assert np.all(data["depth_systematic_lower"].values <= data["depth"].values)
    # the band of the densities holds what a constant rate says, but for noise
    there = np.interp(FRONT, constant.dataset["depth"].values, constant.dataset["density"].sel(ion="Rb").values)
    at = int(np.argmin(np.abs(data["depth"].values - FRONT)))
    assert data["density_systematic_lower"].sel(ion="Rb").values[at] == pytest.approx(there, abs=0.03 * Q)


def test_a_scale_of_few_counts_says_how_little_it_knows() -> None:
    few = isc.calibrate(measured(uneven(silicon=40.0, points=200)))
    many = isc.calibrate(measured(uneven(points=200)))
    at = [int(np.argmin(np.abs(each.dataset["depth"].values - FRONT))) for each in (few, many)]
    errors = [float(each.dataset["depth_counting_error"].values[k]) for each, k in zip((few, many), at, strict=True)]
    assert errors[0] > 2.5 * errors[1]
    assert few.summary()["common_factor"] > 2.0 * many.summary()["common_factor"]


def test_sputtering_at_two_rates_takes_the_time_of_both() -> None:
    edges = np.array([0.0, 40e-9, 200e-9])
    profile = profile_from_densities(edges, {"Li": np.array([0.0, Q]), "Rb": np.array([Q, 0.0])}, Q)
    instrument = Instrument(
        sputter_rate=0.2e-9, yields={"Li": 1e3, "Rb": 1e3}, points=800, maximum_depth=160e-9, relative_rates={"Rb": 2.0}
    )
    depth, rate = sputtered_depth(profile, instrument)
    # 20 and 120 parts of 140 of 800 s
    assert np.interp(40e-9, depth, instrument.sputter_time) == pytest.approx(800.0 * 20.0 / 140.0, rel=1e-3)
    assert rate[0] / rate[-1] == pytest.approx(2.0)
    assert rate.mean() == pytest.approx(1.0, rel=1e-2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"marker": "Sr"}, 'marker = "Sr": has no channel.*nearest element of the export is "Si"'),
        ({"marker": "Rb"}, "is a channel of an ion that moves"),
        ({"marker": {"element": "Si", "channels": ["Si2+"]}}, "marker.channels"),
        ({"marker": {"element": "Si", "steady_from": "1e4 s"}}, "steady_from.*leaves no points behind"),
        ({"marker": {"elment": "Si"}}, 'nearest known key is "element"'),
        (
            {"sputter_rate": {"value": "0.2 nm/s", "error": "2 pm/s"}, "sputter_time": None},
            "marker = .*contradicts sputter_rate",
        ),
    ],
)
def test_markers_that_tell_nothing_are_refused(changes: dict[str, object], message: str) -> None:
    synthetic = uneven(points=120)
    with pytest.raises(InputError, match=message):
        isc.calibrate(measured(synthetic, **changes))


def test_a_marker_without_counts_is_refused() -> None:
    with pytest.raises(InputError, match="counts per data point somewhere"):
        isc.calibrate(measured(uneven(points=120, silicon=0.5)))


def test_a_synthetic_measurement_names_its_marker(tmp_path: Path) -> None:
    path = uneven(points=120).write(tmp_path, "marked")
    assert isc.load_measurement(path).settings.marker is not None
