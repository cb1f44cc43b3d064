"""Synthetic measurements against closed forms and the statistics that they claim to have."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special, stats

from ionscape.errors import InputError
from ionscape.profiling.crater_scan import read_crater_scan
from ionscape.profiling.load import load_measurement, make_measurement
from ionscape.profiling.readers import read_raw_profile
from ionscape.profiling.resolution import GaussianResponse, MixingRoughnessInformationResponse
from ionscape.profiling.synthetic import (
    DensityProfile,
    Instrument,
    Profilometer,
    profile_from_densities,
    profile_from_result,
    scan_crater,
    synthesise,
)

BULK = 1.4e28
LITHIUM_6 = 0.0759  # Meija et al., Pure Appl. Chem. 88 (2016) 293
FRONT = 50e-9


def plain(points: int = 4000, **changes: Any) -> Instrument:
    """An instrument without transient and common factor."""
    settings: dict[str, Any] = {
        "sputter_rate": 0.2e-9, "yields": {"Li": 4000.0}, "points": points, "maximum_depth": 100e-9,
        "common_factor": 0.0, "transient_amplitude": 0.0,
    }  # fmt: skip
    return Instrument(**{**settings, **changes})


def uniform(ion: str = "Li") -> DensityProfile:
    return profile_from_densities(np.array([0.0, 50e-9, 150e-9]), {ion: np.full(2, BULK)}, BULK)


def exchanged(residual: float = 0.1) -> DensityProfile:
    """A sharp front at 50 nm behind which a part of the native ions stays."""
    edges = np.linspace(0.0, 150e-9, 1501)
    behind = edges[1:] < FRONT + 1e-12
    native = np.where(behind, residual * BULK, BULK)
    return profile_from_densities(edges, {"Li": native, "Rb": BULK - native}, BULK)


def two_ions(**changes: Any) -> Instrument:
    return plain(**{"points": 400, "yields": {"Li": 4000.0, "Rb": 6000.0}, **changes})


def channel(measurement: Any, name: str) -> np.ndarray:
    return measurement.raw.counts(name)


@pytest.mark.parametrize("pulses", [None, 4096, 16384])
def test_counts_have_the_mean_and_variance_of_a_pulsed_detector(pulses: int | None) -> None:
    """Var(I) = N (exp(I/N) - 1) to first order, I without a limit of pulses."""
    measured = synthesise(uniform(), plain(pulses_per_point=pulses), rng=1)
    for name, share in (("^6Li+", LITHIUM_6), ("Li+", 1.0 - LITHIUM_6)):
        counts, mean = channel(measured, name), 4000.0 * share
        variance = mean if pulses is None else pulses * np.expm1(mean / pulses)
        # the table of isotopes may hold another value of the abundance interval, 0.0741 to 0.0771
        assert counts.mean() == pytest.approx(mean, rel=0.03)
        found = counts.var(ddof=1) / (counts.mean() if pulses is None else variance)
        assert found == pytest.approx(1.0, abs=5 * np.sqrt(2 / counts.size) + 0.03)


def test_intensities_are_corrected_whole_counts_with_six_digits() -> None:
    counts = channel(synthesise(uniform(), plain(), rng=2), "Li+")
    detected = 16384 * (1.0 - np.exp(-counts / 16384))
    assert_allclose(detected, np.round(detected), atol=0.01)
    assert all(float(f"{value:.6g}") == value for value in counts)


def test_nothing_detected_is_written_as_in_real_exports() -> None:
    profile = profile_from_densities(np.array([0.0, 1e-7]), {"Li": [BULK], "Rb": [0.0]}, BULK)
    counts = channel(synthesise(profile, two_ions(), rng=3), "Rb+")
    assert_array_equal(counts, 0.0)
    assert np.signbit(counts).all()


def test_the_common_factor_moves_all_channels_of_a_point_together() -> None:
    measured = synthesise(uniform(), plain(20_000, common_factor=0.05, yields={"Li": 9000.0}), rng=4)
    factor = measured.truth["common_factor"].values
    assert factor.mean() == pytest.approx(1.0, abs=5 * 0.05 / np.sqrt(factor.size))
    assert factor.std() == pytest.approx(0.05, rel=5 / np.sqrt(2 * factor.size) + 0.01)
    light, heavy = channel(measured, "^6Li+"), channel(measured, "Li+")
    counting = 16384 * np.expm1(heavy.mean() / 16384) / heavy.mean() ** 2
    assert (heavy / heavy.mean()).var() == pytest.approx(0.05**2 + counting, rel=0.05)
    # the ratio of isotopes does not feel the factor
    expected = counting + 16384 * np.expm1(light.mean() / 16384) / light.mean() ** 2
    assert (light / heavy / (light.mean() / heavy.mean())).var() == pytest.approx(expected, rel=0.06)


def test_the_transient_raises_all_channels_at_the_surface() -> None:
    instrument = plain(2000, transient_amplitude=1.5, transient_depth=3e-9)
    truth = synthesise(uniform(), instrument, rng=5).truth
    depth = truth["depth"].values
    for mean in truth["mean_intensity"].values:
        assert_allclose(mean / mean[-1], 1.0 + 1.5 * np.exp(-depth / 3e-9), rtol=1e-9)


def test_a_sharp_front_is_smeared_into_an_error_function() -> None:
    measured = synthesise(exchanged(), two_ions(response=GaussianResponse(sigma=3e-9)), rng=6)
    depth = measured.truth["depth"].values
    step = 0.5 * (1.0 + special.erf((depth - FRONT) / (np.sqrt(2.0) * 3e-9)))
    assert_allclose(measured.truth["density"].sel(ion="Li"), BULK * (0.1 + 0.9 * step), rtol=0, atol=1e-6 * BULK)
    sharp = measured.truth["density_unconvolved"].sel(ion="Li")
    assert_allclose(sharp, np.where(depth < FRONT, 0.1, 1.0) * BULK)


def test_truth_follows_from_the_definitions() -> None:
    measured = synthesise(exchanged(), two_ions(), rng=7)
    truth, raw = measured.truth, measured.raw
    assert_allclose(truth["sensitivity_factor"], [BULK / 4000.0, BULK / 6000.0], rtol=1e-12)
    assert_allclose(truth["incorporated"], [-0.9 * BULK * FRONT, 0.9 * BULK * FRONT], rtol=1e-9)
    assert float(truth["crater_depth"]) == pytest.approx(100e-9)
    # the first point stands in the middle of its interval
    assert_allclose(raw.sputter_time, (np.arange(400) + 0.5) * 500.0 / 400, rtol=5e-6)
    assert_allclose(truth["depth"], 0.2e-9 * (np.arange(400) + 0.5) * 500.0 / 400)
    bulk = truth["depth"].values > FRONT + 15e-9
    lithium = channel(measured, "^6Li+") + channel(measured, "Li+")
    error = np.sqrt(lithium[bulk].var() / bulk.sum())
    assert lithium[bulk].mean() == pytest.approx(4000.0, abs=5 * error)


def test_the_interval_of_a_point_can_be_given_instead_of_the_depth() -> None:
    one = plain(100, interval=5.0, maximum_depth=None)
    other = plain(100)
    assert one.crater_depth == pytest.approx(other.crater_depth)
    assert_allclose(one.sputter_time, other.sputter_time)


def test_isotopes_can_be_chosen_and_enriched() -> None:
    enriched = plain(abundances={"6Li": 0.95, "7Li": 0.05}, isotopes={"Li": ("6Li",)})
    measured = synthesise(uniform(), enriched, rng=8)
    assert [one.name for one in measured.raw.channels] == ["total", "^6Li+"]
    assert float(measured.truth["sensitivity_factor"][0]) == pytest.approx(BULK / (4000.0 * 0.95))
    assert_allclose(measured.truth["mean_intensity"], 4000.0 * 0.95)


def test_rare_isotopes_have_no_channel() -> None:
    measured = synthesise(uniform("K"), plain(100, yields={"K": 4000.0}), rng=9)
    assert [one.name for one in measured.raw.channels] == ["total", "K+", "^41K+"]
    # 0.0117 % of potassium is the isotope of mass 40 (Meija et al. 2016)
    assert float(measured.truth["sensitivity_factor"][0]) == pytest.approx(BULK / 4000.0 / (1 - 0.000117), rel=1e-5)


def test_equal_seeds_give_equal_measurements() -> None:
    one, same = (synthesise(exchanged(), two_ions(), rng=10) for _ in range(2))
    other = synthesise(exchanged(), two_ions(), rng=11)
    assert one.raw.sha256 == same.raw.sha256 != other.raw.sha256
    assert_array_equal(one.raw.intensity, same.raw.intensity)
    assert_array_equal(one.crater_scans[1].height, same.crater_scans[1].height)


PROFILOMETER = Profilometer(scans=40, tilt=4e-5, tilt_scatter=0.0, bow=0.0, depth_scatter=0.02, rim_height=0.0)


def test_scans_show_the_step_between_surface_and_floor() -> None:
    scans, depths = scan_crater(PROFILOMETER, 150e-9, rng=12)
    left, right = PROFILOMETER.surface_regions
    valley = PROFILOMETER.valley_region
    for scan, depth in zip(scans, depths, strict=True):
        x, height = scan.lateral, scan.height
        surface = ((x > left[0]) & (x < left[1])) | ((x > right[0]) & (x < right[1]))
        slope, level = np.polyfit(x[surface], height[surface], 1)
        assert slope == pytest.approx(4e-5, abs=1e-6)
        floor = (x > valley[0]) & (x < valley[1])
        step = -(height - slope * x - level)[floor].mean()
        assert step == pytest.approx(depth, abs=0.4e-9)
    test = stats.kstest((depths / 150e-9 - 1.0) / 0.02, "norm")
    assert test.pvalue > 1e-3


def test_scans_are_tilted_bowed_rimmed_and_rough_as_asked() -> None:
    quiet = {"scans": 1, "tilt": 0.0, "tilt_scatter": 0.0, "noise": 0.0, "surface_roughness": 0.0,
             "valley_roughness": 0.0, "depth_scatter": 0.0, "offset": 0.0}  # fmt: skip
    (bowed,), _ = scan_crater(Profilometer(**quiet, bow=20e-9), 100e-9, rng=13)
    assert bowed.height[0] == pytest.approx(0.0, abs=1e-12)
    assert bowed.height[len(bowed.height) // 2] == pytest.approx(-80e-9, rel=1e-9)
    (rimmed,), _ = scan_crater(Profilometer(**quiet, rim_height=5e-9), 100e-9, rng=13)
    # walls at 190 and 510 µm with a standard deviation of 10 µm, the rims at three of these outside
    for place in (160e-6, 540e-6):
        at_rim = np.argmin(np.abs(rimmed.lateral - place))
        assert rimmed.height[at_rim] == pytest.approx(5e-9 - 100e-9 * stats.norm.sf(3.0), abs=2e-12)
    outside = (rimmed.lateral < 115e-6) | (rimmed.lateral > 585e-6)
    assert_allclose(rimmed.height[outside], 0.0, atol=2e-12)
    rough = {**quiet, "valley_roughness": 3e-9, "surface_roughness": 1e-9}
    (scan,), _ = scan_crater(Profilometer(**rough, step=0.1e-6), 100e-9, rng=13)
    inside = np.abs(scan.lateral - 350e-6) < 110e-6
    assert scan.height[inside].std() == pytest.approx(3e-9, rel=0.15)
    assert scan.height[scan.lateral < 130e-6].std() == pytest.approx(1e-9, rel=0.2)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    measured = synthesise(exchanged(), two_ions(), rng=14)
    path = measured.write(tmp_path, "sample")
    raw = read_raw_profile(tmp_path / "sample.txt")
    assert raw.format == measured.raw.format == "surfacelab"
    assert raw.sha256 == measured.raw.sha256
    assert_array_equal(raw.intensity, measured.raw.intensity)
    assert_array_equal(raw.sputter_time, measured.raw.sputter_time)
    assert raw.header == measured.raw.header
    assert raw.channels == measured.raw.channels
    assert {name: list(column) for name, column in raw.columns.items()} == {
        name: list(column) for name, column in measured.raw.columns.items()
    }
    for number, scan in enumerate(measured.crater_scans, start=1):
        again = read_crater_scan(tmp_path / f"sample-crater-{number}.csv")
        assert_allclose(again.lateral, scan.lateral, rtol=1e-12, atol=1e-18)
        assert_allclose(again.height, scan.height, rtol=1e-12, atol=1e-18)
    truth = json.loads((tmp_path / "sample-truth.json").read_text(encoding="utf-8"))
    assert truth["sputter_rate"] == 0.2e-9
    assert truth["instrument"]["yields"] == {"Li": 4000.0, "Rb": 6000.0}
    assert "synthetic" in tomllib.loads(path.read_text(encoding="utf-8"))["title"]
    loaded = load_measurement(path)
    assert dict(loaded.native) == pytest.approx({"Li": BULK})
    assert loaded.settings.channels == {"Li": ("^6Li+", "Li+"), "Rb": ("Rb+", "^87Rb+")}
    assert len(loaded.crater_scans) == 3


def test_a_measurement_needs_no_files() -> None:
    measured = synthesise(exchanged(), two_ions(pulses_per_point=4096, yields={"Li": 900.0, "Rb": 800.0}), rng=15)
    ready = make_measurement(measured.raw, measured.table(), crater_scans=measured.crater_scans)
    assert ready.settings.pulses_per_point == 4096
    assert ready.raw is measured.raw


def test_other_responses_are_written_too() -> None:
    response = MixingRoughnessInformationResponse(mixing_length=2e-9, roughness=1e-9, information_depth=0.5e-9)
    measured = synthesise(exchanged(), two_ions(response=response), rng=17)
    settings = make_measurement(measured.raw, measured.table()).settings
    assert settings.depth_resolution is not None
    expected = {"mixing_length": 2e-9, "roughness": 1e-9, "information_depth": 5e-10, "relative_error": 0.2}
    dumped = settings.depth_resolution.model_dump()
    assert dumped.pop("model") == "mixing-roughness-information"
    assert dumped == pytest.approx(expected)


EXPERIMENT = """
title = "Rb on a glass"
[sample]
thickness = "1 mm"
illuminated_area = "28 mm^2"
relative_permittivity = 7
native = { Li = "1.4e28 1/m^3" }
[ions.Li.diffusion]
model = "constant"
coefficient = "6e-19 m^2/s"
reference_temperature = "323 K"
activation_energy = "0.65 eV"
[ions.Rb.diffusion]
model = "constant"
coefficient = "3e-22 m^2/s"
reference_temperature = "323 K"
activation_energy = "0.65 eV"
[[stages]]
kind = "irradiation"
beam = "Rb"
source_potential = "15 V"
temperature = "323 K"
duration = "1 h"
"""


def simulated() -> Any:
    """What `simulate` would return, with two kept times."""
    import xarray

    from ionscape.experiment import parse_experiment

    density = np.zeros((2, 3, 2))
    density[0, :, 0] = BULK
    density[1] = [[0.1 * BULK, 0.9 * BULK], [BULK, 0.0], [BULK, -1e-290]]
    dataset = xarray.Dataset(
        {"density": (("time", "depth", "ion"), density), "cell_size": ("depth", [50e-9, 100e-9, 850e-9])},
        coords={"time": [0.0, 3600.0], "ion": np.array(["Li", "Rb"], dtype=object)},
    )
    return SimpleNamespace(dataset=dataset, experiment=parse_experiment(EXPERIMENT))


def test_a_simulation_is_measured_at_its_end_or_at_a_time(tmp_path: Path) -> None:
    end = profile_from_result(simulated())
    assert_allclose(end.edges, [0.0, 50e-9, 150e-9, 1e-6])
    assert_allclose(end.densities["Li"], [0.1 * BULK, BULK, BULK])
    assert_array_equal(end.densities["Rb"][1:], 0.0)
    assert end.bulk_density == BULK
    assert_allclose(profile_from_result(simulated(), time=100.0).densities["Li"], BULK)
    measured = synthesise(simulated(), two_ions(), rng=16)
    loaded = load_measurement(measured.write(tmp_path, "rb"))
    assert loaded.experiment is not None
    assert dict(loaded.native) == {"Li": BULK}
    assert loaded.title == "Rb on a glass, synthetic measurement"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sputter_rate": 0.0}, "sputter_rate = 0.0: must be finite and greater than 0"),
        ({"points": 0}, "points = 0.0: must be finite and greater than 0"),
        ({"interval": 1.0}, "interval, maximum_depth: give one of the two"),
        ({"maximum_depth": None}, "interval, maximum_depth: give one of the two"),
        ({"common_factor": -0.1}, "common_factor = -0.1: must be finite and at least 0"),
        ({"pulses_per_point": 1}, "pulses_per_point = 1: must be 2 at least"),
        ({"transient_amplitude": -1.0}, "transient_amplitude = -1.0: must be greater than -1"),
        ({"yields": {"Li": 0.0}}, "yields.Li = 0.0: must be finite and greater than 0"),
        ({"yields": {}}, "yields.Li: is not given"),
        ({"yields": {"Li": 1.0, "Rb": 1.0}}, "yields.Rb: is the yield of an ion that the profile lacks"),
        ({"yields": {"Li": 1e6}}, "every pulse would detect"),
        ({"isotopes": {"Li": ("8Li",)}}, 'isotopes.Li = "8Li": is no isotope of the ion'),
        ({"maximum_depth": 200e-9}, "profile: ends at 1.5e-07 m"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        synthesise(uniform(), plain(**changes), rng=1)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: profile_from_densities(np.array([0.0, 1e-9]), {"Li": [1.0, 2.0]}, 1.0), "has the shape (2,)"),
        (lambda: profile_from_densities(np.array([1e-9, 2e-9]), {"Li": [1.0]}, 1.0), "must rise from 0"),
        (lambda: profile_from_densities(np.array([0.0, 2e-9]), {"Li": [-1.0]}, 1.0), "must not be negative"),
        (lambda: profile_from_densities(np.array([0.0, 2e-9]), {"Li": [1.0]}, 0.0), "must be greater than 0"),
        (lambda: Profilometer(crater_width=690e-6), "must be longer than the crater"),
        (lambda: Profilometer(noise=-1e-9), "must be finite and at least 0"),
    ],
)
def test_impossible_profiles_and_craters_are_refused(make: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert sentence in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        synthesise(uniform(), plain(50), rng=1).write(tmp_path / "absent", "sample")


def benchmark() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "calibration_coverage.py"
    if not path.exists():
        pytest.skip("the benchmarks are not part of this copy")
    specification = importlib.util.spec_from_file_location("calibration_coverage", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_intervals_of_calibrations_hold_the_truth() -> None:
    """A short version of benchmarks/calibration_coverage.py; the limits are five binomial errors below 95 %."""
    script = benchmark()
    cases = script.run_cases(range(1000, 1020), processes=1, method="charge-balance", resamples=400)
    assert [case["problem"] for case in cases] == [None] * 20
    table = script.coverage(cases)
    scalars = [entry for label, entry in table.items() if label.startswith(("depth scale", "sensitivity"))]
    held, number = (sum(entry[key] for entry in scalars) for key in ("covered", "intervals"))
    assert held / number > 0.95 - 5 * np.sqrt(0.95 * 0.05 / number)
    for label, entry in table.items():
        if label.startswith("densities,"):
            assert entry["coverage"] == pytest.approx(0.95, abs=max(0.05, 5 * entry["error"])), label
