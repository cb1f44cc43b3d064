"""Calibration of whole measurements: settings, regions, errors and files."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.experiment import load_experiment
from ionscape.experiment.remarks import CHARGE
from ionscape.profiling import Instrument, calibrate, load_measurement, load_profile, make_measurement, synthesise
from ionscape.profiling.calibration_rows import calibration_rows
from ionscape.profiling.channels import ion_channels
from ionscape.profiling.inspection import inspect
from ionscape.profiling.raw import Channel, RawProfile
from ionscape.profiling.regions import bulk_start, surface_time, transient_end
from ionscape.profiling.remarks import ASSUMED_SPUTTER_TIME, DEAD_TIME, FOREIGN_IN_BULK, UNUSED_SPUTTER_TIME
from ionscape.profiling.species import parse_species
from ionscape.profiling.synthetic import profile_from_densities
from ionscape.remarks import of_kinds
from ionscape.transport import simulate

BULK = 1.4e28
TABLE = {"native": {"Li": "1.4e28 1/m^3"}, "sputter_rate": {"value": "0.2 nm/s", "error": "0.002 nm/s"}}


def counted(seed: int = 1, *, points: int = 200, channels=None, common: float = 0.01) -> RawProfile:
    """Counts of a native plateau, a front at half the depth, and bulk; one point per nanometre of depth."""
    rng = np.random.default_rng(seed)
    depth = np.arange(points) + 0.5
    native = 0.1 + 0.9 / (1.0 + np.exp(-(depth - 80.0) / 2.0))
    means = channels or {
        "^6Li+": 0.0759 * 4000.0 * native,
        "Li+": 0.9241 * 4000.0 * native,
        "Rb+": 0.7217 * 9000.0 * (1.0 - native),
        "^87Rb+": 0.2783 * 9000.0 * (1.0 - native),
    }
    shared = rng.normal(1.0, common, size=points)
    return RawProfile(
        file="made up",
        format="test",
        sha256="0",
        sputter_time=5.0 * depth,
        channels=tuple(
            Channel(name=name, kind="ion", species=parse_species(name), column=2 + k) for k, name in enumerate(means)
        ),
        intensity=np.array([rng.poisson(mean * shared) for mean in means.values()], dtype=float),
    )


@pytest.fixture(scope="module")
def example(examples_folder):
    return load_measurement(examples_folder / "rb-mono-fit.toml")


@pytest.fixture(scope="module")
def example_profile(example):
    return calibrate(example)


def test_example_recovers_the_truth_it_was_made_from(example_profile, examples_folder):
    truth = json.loads((examples_folder / "measurements" / "rb-mono-a-truth.json").read_text())
    summary = example_profile.summary()
    rate = truth["sputter_rate_nm_per_s"] * 1e-9
    assert summary["sputter_rate_lower_95"] <= rate <= summary["sputter_rate_upper_95"]
    assert summary["sputter_rate_error"] <= 0.02 * summary["sputter_rate"]
    area = truth["parameters"]["A"]
    charge = truth["charge_mC"] * 1e-3 / 1.602176634e-19 / area
    assert summary["incorporated"]["Rb"]["value"] == pytest.approx(charge, rel=0.03, abs=0)
    assert summary["incorporated"]["Li"]["value"] == pytest.approx(-charge, rel=0.03, abs=0)
    assert summary["pulses_per_point"] == 16384
    # well away from the front the response of 2 nm changes nothing
    data = example_profile.dataset
    for depth in (10, 20, 30, 60):
        low, value, high = (
            float(np.interp(depth * 1e-9, data["depth"], data[name].values[:, 0])) / BULK
            for name in ("density_lower_95", "density", "density_upper_95")
        )
        assert low <= truth["li_fraction"][str(depth)] + 1e-9 or value == pytest.approx(1.0, abs=2e-3)
        assert truth["li_fraction"][str(depth)] <= high + 1e-3


def test_methods_differ_but_agree_within_their_band(example):
    data = {name: calibrate(example, density_method=name).dataset for name in ("proportional", "equal")}
    inside = (data["equal"]["depth"].values > 5e-9) & (data["equal"]["depth"].values < 40e-9)
    difference = np.abs(data["equal"]["density"] - data["proportional"]["density"]).values[inside]
    band = (data["equal"]["density_systematic_upper"] - data["equal"]["density_systematic_lower"]).values[inside]
    assert difference == pytest.approx(band, rel=1e-6, abs=1e-6 * BULK)
    assert difference.max() < 0.05 * BULK


def test_summed_intensities_are_the_molar_fractions_of_the_counts(example):
    data = calibrate(example, density_method="summed-intensities", resamples=100).dataset
    counts = data["intensity"].values
    assert data["density"].values / BULK == pytest.approx(counts / counts.sum(axis=1)[:, None], rel=1e-9)


def test_same_seed_same_numbers_other_seed_other_intervals(example):
    first, again, other = (calibrate(example, seed=seed, resamples=100).dataset for seed in (1, 1, 2))
    assert first["density_upper_95"].identical(again["density_upper_95"])
    assert not np.array_equal(first["density_upper_95"], other["density_upper_95"])
    assert np.array_equal(first["density"], other["density"])


def test_profile_survives_its_files(example_profile, tmp_path):
    example_profile.to_netcdf(tmp_path / "p.nc")
    back = load_profile(tmp_path / "p.nc")
    assert back.summary() == example_profile.summary()
    example_profile.to_csv(tmp_path / "p.csv")
    table = np.genfromtxt(tmp_path / "p.csv", delimiter=",", names=True)
    assert table["Li_1m3"] == pytest.approx(back.dataset["density"].values[:, 0], rel=1e-9)
    assert len(table) == back.dataset.sizes["depth"] == 420


def test_raw_export_and_settings_in_python():
    profile = calibrate(
        make_measurement(counted(), {**TABLE, "channels": {"Li": ["^6Li+", "Li+"], "Rb": ["Rb+", "^87Rb+"]}})
    )
    factors = profile.dataset["sensitivity_factor"].values
    errors = profile.dataset["sensitivity_factor_error"].values
    assert np.all(np.abs(factors - BULK / np.array([4000.0, 9000.0])) < 4.0 * errors)
    start, stop = profile.summary()["bulk_region"]
    assert 88e-9 < start < 130e-9
    assert stop == pytest.approx(199.5e-9)


def test_channels_are_found_by_their_elements():
    measurement = make_measurement(counted(), {**TABLE, "charges": {"Rb": 1}})
    found = ion_channels(measurement)
    assert found.ions == ("Li", "Rb")
    assert found.intensity[0] == pytest.approx(measurement.raw.counts("^6Li+") + measurement.raw.counts("Li+"))


def test_saturated_isotope_is_rebuilt_from_the_other():
    measurement = make_measurement(counted(), {**TABLE, "charges": {"Rb": 1}, "saturated": ["Li+"]})
    found = ion_channels(measurement)
    assert found.intensity[0] == pytest.approx(measurement.raw.counts("^6Li+") / 0.0759, rel=2e-3)
    enriched = measurement.with_settings(abundances={"6Li": 0.95, "7Li": 0.05})
    assert ion_channels(enriched).intensity[0] == pytest.approx(measurement.raw.counts("^6Li+") / 0.95, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"native": None}, "native: is not known"),
        ({"bulk_region": ["500 nm", "600 nm"]}, "bulk_region.*holds 0 points"),
        ({"bulk_region": ["60 nm", "20 nm"]}, "bulk_region.*must rise"),
        ({"density_method": "magic"}, "density_method.*is not known.*charge-balance"),
        ({"channels": {"Li": ["7Li+"], "Rb": ["Rb+"]}}, "channels.Li.*nearest channel is"),
        ({"channels": {"Li": ["Li+"], "Rb": ["Li+"]}}, "belongs to Li already"),
        ({"channels": {"Rb": ["Rb+"]}}, "channels.Li: is missing"),
        ({"sputter_rate": None}, "has no depth scale"),
        ({"crater_depth": {"value": "160 nm", "error": "1 nm"}}, "contradicts"),
        ({"saturated": ["Rb+", "^87Rb+"]}, "leaves no channel"),
        ({"saturated": ["Cs+"]}, "is not a channel of any ion"),
        ({"pulses": 16384}, 'unknown key.*"pulses_per_point"'),
        ({"layers": [{"sputter_rate": {"value": "1 nm/s", "error": "0 nm/s"}}], "sputter_rate": None}, None),
    ],
)  # fmt: skip
def test_bad_settings_get_one_sentence(changes, sentence):
    base = make_measurement(counted(), {**TABLE, "charges": {"Rb": 1}})
    if sentence is None:
        assert calibrate(base, resamples=100, **changes).summary()["sputter_rate"] == pytest.approx(1e-9, abs=0)
        return
    with pytest.raises(InputError, match=sentence) as caught:
        calibrate(base, resamples=100, **changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "replacement", "sentence"),
    [
        (r'file = "[^"]*rb-mono-a.txt"', 'file = "absent.txt"', r"measurement.file.*does not exist"),
        (r"crater-2.csv", "crater-9.csv", r"measurement.crater_scans\[1\].*does not exist"),
        (r'experiment = "rb-mono-cait.toml"', 'experiment = "rb-cait.toml"', r'experiment.*nearest.*rb-mono-cait'),
        (r"\[measurement\]", "[measurements]", 'measurements.*nearest known key is "measurement"'),
        (r"Rb = \[", "Cs = [", "channels.Cs.*not an ion of the experiment"),
        (r'density_method = "charge-balance"', "density_method = 3", "density_method"),
        (r'title = "', 'title = ', "not valid TOML"),
    ],
)  # fmt: skip
def test_bad_measurement_files_get_one_sentence(examples_folder, tmp_path, pattern, replacement, sentence):
    import shutil

    shutil.copytree(examples_folder, tmp_path / "examples", ignore=shutil.ignore_patterns("*.py"))
    path = tmp_path / "examples" / "rb-mono-fit.toml"
    text, changed = re.subn(pattern, replacement, path.read_text(), count=1)
    assert changed == 1
    Path(path).write_text(text)
    with pytest.raises(InputError, match=sentence) as caught:
        calibrate(load_measurement(path))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_layers_have_their_own_rates():
    layers = [
        {"sputter_rate": {"value": "0.1 nm/s", "error": "0.001 nm/s"}, "until": "500 s"},
        {"sputter_rate": {"value": "0.3 nm/s", "error": "0.001 nm/s"}},
    ]
    measurement = make_measurement(counted(), {**TABLE, "charges": {"Rb": 1}, "sputter_rate": None, "layers": layers})
    depth = calibrate(measurement, resamples=100).dataset["depth"].values
    time = measurement.raw.sputter_time
    assert depth == pytest.approx(np.where(time < 500.0, 1e-10 * time, 5e-8 + 3e-10 * (time - 500.0)), rel=1e-12, abs=0)


def test_an_overburdened_detector_is_named():
    depth = np.arange(120) + 0.5
    native = 0.1 + 0.9 / (1.0 + np.exp(-(depth - 50.0) / 2.0))
    raw = counted(points=120, channels={"Li+": 70_000.0 * native, "Rb+": 3000.0 * (1.0 - native)})
    profile = calibrate(
        make_measurement(raw, {**TABLE, "charges": {"Rb": 1}, "pulses_per_point": 16384}), resamples=100
    )
    assert [remark.numbers["channel"] for remark in of_kinds(profile.remarks, DEAD_TIME)] == ["Li+"]
    assert profile.dataset["dead_time_limited"].values[-1] == 1


@pytest.mark.parametrize(("charges", "said"), [({"Ca": 1}, "+1, but"), ({"Ca": 2}, "")])
def test_an_unusual_charge_of_a_measurement_without_experiment_is_warned_of(charges, said):
    depth = np.arange(120) + 0.5
    native = 0.1 + 0.9 / (1.0 + np.exp(-(depth - 50.0) / 2.0))
    raw = counted(points=120, channels={"Li+": 3000.0 * native, "Ca+": 3000.0 * (1.0 - native)})
    profile = calibrate(make_measurement(raw, {**TABLE, "charges": charges}), resamples=100)
    found = [str(remark) for remark in of_kinds(profile.remarks, CHARGE)]
    assert len(found) == (1 if said else 0)
    assert not said or (said in found[0] and "write Ca = 2 in measurement.charges" in found[0])


def test_normalised_exports_are_refused():
    raw = counted()
    shares = RawProfile(
        file="shares.txt", format="test", sha256="0", sputter_time=raw.sputter_time, channels=raw.channels,
        intensity=raw.intensity / raw.intensity.sum(axis=0) * 1.234567,
    )  # fmt: skip
    with pytest.raises(InputError, match="no counts"):
        calibrate(make_measurement(shares, {**TABLE, "charges": {"Rb": 1}}))


def test_regions():
    rng = np.random.default_rng(2)
    time = np.arange(100.0)
    rising = np.where(time < 6, 10.0, 1000.0)
    assert surface_time(time, np.array([rising])) == pytest.approx(5.5, abs=0.1)
    assert surface_time(time, np.array([np.full(100, 500.0)])) == 0.0
    native = np.where(time < 60, 100.0, 1000.0) + rng.normal(0.0, 3.0, size=100)
    assert 60 <= bulk_start(native, np.full(100, 9.0), common_factor=0.0) <= 75
    with pytest.raises(InputError, match="level off"):
        bulk_start(np.linspace(1.0, 1000.0, 100), np.full(100, 9.0), common_factor=0.0)
    deviation = np.concatenate([np.linspace(50.0, 4.0, 12), rng.normal(size=88)])
    assert 22 <= transient_end(deviation) <= 28


def test_fractions_near_the_front_hold_the_truth_as_the_response_shows_it(example_profile, examples_folder):
    """The table of the truth is coarse; a simulation that agrees with it at every depth fills in what lies between."""
    truth = json.loads((examples_folder / "measurements" / "rb-mono-a-truth.json").read_text())
    given = truth["parameters"]
    site_energies = {"bulk_coefficient": f"{given['DB']} m^2/s", "width": f"{given['G1']} eV",
                     "trapped_fraction": given["S2"]}  # fmt: skip
    experiment = load_experiment(examples_folder / "rb-mono-cait.toml").replace({
        "grid.kind": "fixed",
        "ions.Rb.diffusion.coefficient": f"{given['DF']} m^2/s",
        **{f"ions.Li.diffusion.{key}": value for key, value in site_energies.items()},
    })  # fmt: skip
    simulated = simulate(experiment).dataset.isel(time=-1).sel(ion="Li")
    depth, share = simulated["depth"].values, simulated["density"].values / BULK
    for place, fraction in truth["li_fraction"].items():
        assert np.interp(1e-9 * float(place), depth, share) == pytest.approx(fraction, abs=5e-4)
    fine = np.arange(0.025e-9, 120e-9, 0.05e-9)
    fractions = np.interp(fine, depth, share)
    data = example_profile.dataset.sel(ion="Li")
    for place in (10e-9, 20e-9, 30e-9, 40e-9, 60e-9):
        weight = np.exp(-0.5 * ((place - fine) / (1e-9 * given["sig_nm"])) ** 2)
        convolved = weight @ fractions / weight.sum()
        low, high = (
            np.interp(place, data["depth"], data[name]) / BULK for name in ("density_lower_95", "density_upper_95")
        )
        assert low <= convolved <= high, place


def test_ions_of_charge_two_are_counted_as_ions_and_balanced_as_charges():
    """Where 90 % of Li+ went, half as many Ca2+ stand; each replaces two, by number and per area."""
    edges = np.linspace(0.0, 160e-9, 1601)
    native = np.where(edges[1:] < 50.05e-9, 0.1, 1.0) * BULK
    known = profile_from_densities(edges, {"Li": native, "Ca": (BULK - native) / 2.0}, BULK, charges={"Ca": 2})
    instrument = Instrument(sputter_rate=0.2e-9, yields={"Li": 3600.0, "Ca": 6900.0}, points=300, maximum_depth=150e-9)
    measured = synthesise(known, instrument, rng=3)
    base = make_measurement(measured.raw, measured.table(), crater_scans=measured.crater_scans)
    for method in ("charge-balance", "proportional"):
        profile = calibrate(base, density_method=method, resamples=100)
        data = profile.dataset
        plateau = data["density"].sel(depth=slice(10e-9, 40e-9)).mean("depth").values / BULK
        assert plateau == pytest.approx([0.1, 0.45], abs=0.004)
        gained = profile.summary()["incorporated"]
        # 2 % of the depth scale
        assert gained["Ca"]["value"] == pytest.approx(0.45 * BULK * 50e-9, rel=0.02, abs=0)
        assert gained["Li"]["value"] == pytest.approx(-2.0 * gained["Ca"]["value"], rel=1e-9, abs=0)


def test_half_the_interval_is_1_96_standard_deviations_of_a_ratio_of_counts():
    """With the depth known, what is left is the share p = r/(1 + r) of a ratio r of counts: δp = p (1 − p) δr/r."""
    points = 400
    share = np.where(np.arange(points) < 200, 0.2, 1.0)
    raw = counted(points=points, channels={"Li+": 900.0 * share, "Rb+": 2500.0 * (1.0 - share)})
    table = {**TABLE, "sputter_rate": {"value": "0.2 nm/s", "error": "0 nm/s"}, "charges": {"Rb": 1},
             "bulk_region": ["220 nm", "400 nm"], "calibration_region": ["0 nm", "200 nm"]}  # fmt: skip
    data = calibrate(make_measurement(raw, table)).dataset.isel(depth=slice(20, 180))
    half = 0.5 * (data["density_upper_95"] - data["density_lower_95"]).mean("depth").values / BULK
    expected = 1.96 * 0.2 * 0.8 * np.sqrt(1.0 / (900.0 * 0.2) + 1.0 / (2500.0 * 0.8))
    assert half == pytest.approx([expected, expected], rel=0.06)


def test_error_of_what_was_incorporated_is_no_matter_of_luck(example, example_profile):
    """Three scans and the assumed scatter leave three degrees of freedom: of Student's t, 68 % lie within 1.20 standard
    errors, 95 % in 3.18."""
    errors, widths = [], []
    for profile in (example_profile, calibrate(example, seed=6)):
        found, rate = profile.summary()["incorporated"]["Rb"], profile.summary()
        relative = rate["sputter_rate_error"] / rate["sputter_rate"] * found["value"]
        errors.append(found["error"] / relative)
        widths.append(0.5 * (found["upper_95"] - found["lower_95"]) / relative)
    assert errors == pytest.approx([1.20] * 2, rel=0.15)
    assert widths == pytest.approx([3.18] * 2, rel=0.3)


def test_which_sputter_time_the_crater_belongs_to_is_said_and_can_be_given():
    # 300 points of 1 s to a crater of 160 nm that was sputtered for 714 s; the rate is 160 nm / 714 s = 0.22409 nm/s
    raw = counted(points=300)
    assert raw.sputter_time is not None
    cut = replace(raw, sputter_time=raw.sputter_time / 5.0)
    table = {
        **TABLE,
        "charges": {"Rb": 1},
        "sputter_rate": None,
        "crater_depth": {"value": "160 nm", "error": "1.6 nm"},
    }
    assumed = calibrate(make_measurement(cut, table), resamples=100)
    given = calibrate(make_measurement(cut, {**table, "sputter_time": "714 s"}), resamples=100)
    assumption = ASSUMED_SPUTTER_TIME("measurement.sputter_time", time=300.0)
    assert assumption in assumed.remarks
    assert "sputtered for 300 s" in str(assumption)
    assert not of_kinds(given.remarks, ASSUMED_SPUTTER_TIME)
    found, known = assumed.summary(), given.summary()
    assert (found["crater_sputter_time"], found["crater_sputter_time_from"]) == (300.0, "last data point")
    assert (known["crater_sputter_time"], known["crater_sputter_time_from"]) == (714.0, "given")
    assert known["sputter_rate"] == pytest.approx(160e-9 / 714.0)
    assert found["sputter_rate"] == pytest.approx(160e-9 / 300.0)
    rows = {row.label: row.value for row in calibration_rows(found)}
    assert rows["sputter time of the crater (last data point) / s"] == 300.0
    # a rate that is given needs no time
    rate = calibrate(make_measurement(cut, {**TABLE, "charges": {"Rb": 1}}), resamples=100)
    assert math.isnan(rate.summary()["crater_sputter_time"])
    assert not of_kinds(rate.remarks, ASSUMED_SPUTTER_TIME)


def _normalised(raw: RawProfile, how: str) -> RawProfile:
    """The same export after somebody divided the counts."""
    others = np.linspace(15.0, 25.0, raw.points)  # what has no channel grows along the profile
    total = np.random.default_rng(5).poisson(others * raw.intensity.sum(axis=0)).astype(float)
    whole = Channel(name="total", kind="total", column=9)
    match how:
        case "to the total":
            return replace(raw, intensity=raw.intensity / total)
        case "to the total, in 1e4":
            return replace(raw, intensity=1e4 * raw.intensity / total)
        case "to the total, which stays":
            made = np.vstack([np.round(1e4 * raw.intensity / total), np.full(raw.points, 1e4)])
            return replace(raw, intensity=made, channels=(*raw.channels, whole))
        case "to ten million":
            return replace(raw, intensity=np.round(1e7 * raw.intensity / total))
        case "to their sum":
            return replace(raw, intensity=100.0 * raw.intensity / raw.intensity.sum(axis=0))
        case "to a channel":
            silicon = Channel(name="Si+", kind="ion", species=parse_species("Si+"), column=9)
            made = np.vstack([1e3 * raw.intensity / total, np.full(raw.points, 1e3)])
            return replace(raw, intensity=made, channels=(*raw.channels, silicon))
        case "thousands lost":
            return replace(raw, intensity=raw.intensity / 1000.0)
        case "densities":
            return replace(raw, intensity=raw.intensity * 3.1e24)
        case "by its heads":
            return replace(raw, header=("Sputter Time (s)\tIntensity (Normalized)",))
        case _:
            return replace(raw, intensity=np.vstack([raw.intensity, total]), channels=(*raw.channels, whole))


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("to the total", "lie between 0 and 1"), ("to the total, in 1e4", "less than counts of their size"),
        ("to the total, which stays", "the channel total is the same in all points (1e+04)"),
        ("to ten million", "more than counts of their size"), ("to their sum", "the sum of all channels is the same"),
        ("to a channel", "is the same in all points (1"), ("thousands lost", "between 0 and 1"),
        ("densities", "are densities"), ("by its heads", "call them normalised"),
        ("not at all", None),
    ],
)  # fmt: skip
def test_counts_are_told_from_what_was_made_of_them(how: str, reason: str | None):
    for seed in (1, 2):
        raw = _normalised(counted(seed, points=300, common=0.02), how)
        found = inspect(raw)
        measurement = make_measurement(raw, {**TABLE, "charges": {"Rb": 1}, "resamples": 100})
        if reason is None:
            assert found.not_counts is None
            calibrate(measurement)
            continue
        assert reason in str(found.not_counts)
        assert found.as_mapping()["not_counts"] == found.not_counts
        with pytest.raises(InputError, match=r"holds no counts: .*export Poisson-corrected or raw counts") as caught:
            calibrate(measurement)
        assert reason in str(caught.value)


@pytest.mark.parametrize("window", [1, 3, 5, 9])
def test_smoothed_counts_are_found_when_they_were_rounded(window):
    raw = counted(3, points=300)
    means = [np.convolve(np.pad(ion, window // 2, mode="edge"), np.ones(window) / window, mode="valid")
             for ion in raw.intensity]  # fmt: skip
    found = inspect(replace(raw, intensity=np.round(means))).not_counts
    assert found is None if window == 1 else "less than counts of their size" in str(found)
    said = inspect(replace(raw, intensity=np.round(means), smoothing="Profile Smoothing is Enabled")).not_counts
    assert said is None


@pytest.mark.parametrize("common", [0.0, 0.01, 0.05])
def test_millions_of_counts_with_a_common_factor_are_counts(common):
    # where a front leaves few of the many, these tell too little of a factor that is common to all
    rubidium = 9e6 / (1.0 + np.exp((np.arange(150.0) - 60.0) / 2.0))
    raw = counted(4, points=150, channels={"Li+": 0.1 * (9.9e6 - rubidium), "Rb+": rubidium}, common=common)
    assert inspect(raw).not_counts is None
    fewer = counted(
        4, points=150, channels={"Li+": 1e-5 * (9.9e6 - rubidium), "Rb+": 20.0 + 1e-4 * rubidium}, common=common
    )
    assert "multiplied" in str(inspect(replace(fewer, intensity=1e4 * fewer.intensity)).not_counts)


def test_a_sputter_time_that_is_not_used_is_said():
    raw = counted()
    table = {**TABLE, "charges": {"Rb": 1}}
    given = calibrate(make_measurement(raw, {**table, "sputter_time": "1200 s"}), resamples=100)
    (remark,) = of_kinds(given.remarks, UNUSED_SPUTTER_TIME)
    assert remark.about == ("measurement.sputter_time", "measurement.sputter_rate")
    assert (
        given.summary()["sputter_rate"]
        == calibrate(make_measurement(raw, table), resamples=100).summary()["sputter_rate"]
    )


@pytest.mark.parametrize("points", [1, 2])
def test_a_profile_of_hardly_a_point_is_refused(points):
    table = {**TABLE, "charges": {"Rb": 1}, "bulk_region": ["0 nm", "200 nm"]}
    with pytest.raises(InputError, match=f"bulk_region: holds {points} points") as caught:
        calibrate(make_measurement(counted(points=points), table))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("points", [3, 4, 7, 12, 30])
def test_a_profile_of_few_points_is_warned_of(points):
    table = {**TABLE, "charges": {"Rb": 1}, "bulk_region": ["0 nm", "200 nm"]}
    profile = calibrate(make_measurement(counted(points=points), table), resamples=100)
    assert profile.dataset.sizes["depth"] == points
    assert of_kinds(profile.remarks, FOREIGN_IN_BULK)


def test_anions_are_calibrated_as_cations_are():
    base = make_measurement(counted(), {**TABLE, "charges": {"Rb": 1}})
    positive, negative = (calibrate(base, charges={"Li": sign, "Rb": sign}, resamples=100).dataset for sign in (1, -1))
    assert np.array_equal(positive["density"], negative["density"])
    assert np.array_equal(positive["density_upper_95"], negative["density_upper_95"])
    assert list(negative["charge_number"].values) == [-1.0, -1.0]


def with_background(share: float, *, layer: int = 0) -> RawProfile:
    """The same counts with a constant background of lithium, a share of those of its bulk; a layer without ions."""
    raw = counted(points=240)
    depth = np.arange(240) + 0.5
    native = np.where(depth < layer, 0.0, 0.1 + 0.9 / (1.0 + np.exp(-(depth - layer - 80.0) / 2.0)))
    rng = np.random.default_rng(3)
    foreign = np.where(depth < layer, 0.0, 1.0 - native)
    means = [0.0759 * 4000.0 * (native + share), 0.9241 * 4000.0 * (native + share)]
    means += [0.7217 * 9000.0 * foreign, 0.2783 * 9000.0 * foreign]
    shared = rng.normal(1.0, 0.01, size=240)
    return replace(raw, intensity=np.array([rng.poisson(mean * shared) for mean in means], dtype=float))


REGIONS = {
    **TABLE, "bulk_region": ["110 nm", "215 nm"], "calibration_region": ["25 nm", "110 nm"],
    "channels": {"Li": ["^6Li+", "Li+"], "Rb": ["Rb+", "^87Rb+"]},
}  # fmt: skip


def plateau(raw: RawProfile, **table: object) -> tuple[float, float]:
    """Fraction of lithium in the plateau, which is 0.1, and half its interval at one point."""
    data = calibrate(make_measurement(raw, {**REGIONS, **table})).dataset.sel(ion="Li")
    inside = (data["depth"].values > 30e-9) & (data["depth"].values < 65e-9)
    width = 0.5 * (data["density_upper_95"] - data["density_lower_95"]).values[inside] / BULK
    return float(data["density"].values[inside].mean() / BULK), float(np.median(width))


def test_a_stated_background_of_a_native_ion_is_taken_off():
    """3 % of the true bulk are 0.03/1.03 of the counts there; unknown, they raise the plateau to 0.13/1.03."""
    raw = with_background(0.03)
    plain, width = plateau(raw)
    assert plain == pytest.approx(0.13 / 1.03, abs=0.002)
    known, sure = plateau(raw, native_background={"Li": {"value": 0.03 / 1.03, "error": 0.0}})
    assert known == pytest.approx(0.1, abs=0.002)
    assert sure == pytest.approx(width, rel=0.15)
    _, unsure = plateau(raw, native_background={"Li": {"value": 0.03 / 1.03, "error": 0.02}})
    # a background off by ±1.96 · 0.02 moves the plateau by 0.9 of it, beside its own noise
    assert unsure == pytest.approx(np.hypot(sure, 0.9 * 1.96 * 0.02), rel=0.1)


def test_a_background_is_measured_where_the_ion_must_be_absent():
    raw = with_background(0.03, layer=20)
    absent = {"Li": {"absent_region": ["-19 nm", "-1 nm"]}}
    surface = {"surface_time": "100 s"}
    profile = calibrate(make_measurement(raw, {**REGIONS, **surface, "native_background": absent}))
    share, error = json.loads(profile.dataset.attrs["native_background"])["Li"]
    assert abs(share - 0.03 / 1.03) < 3.0 * error
    # 18 points of 120 counts each
    assert error == pytest.approx(np.sqrt(120.0 / 18.0) / 4120.0, rel=0.4)
    assert plateau(raw, native_background=absent, **surface)[0] == pytest.approx(0.1, abs=0.003)


@pytest.mark.parametrize(
    ("background", "sentence"),
    [
        ({"Rb": {"value": 0.01, "error": 0.01}}, "native_background.Rb: is not a native ion with a channel; name one"),
        ({"Li": {"value": 0.01}}, "native_background.Li.error: is missing; add it"),
        (
            {"Li": {"value": 0.01, "absent_region": ["1 nm", "19 nm"]}},
            r"absent_region = .*: contradicts value and error",
        ),
        ({"Li": {"absent_region": ["19 nm", "1 nm"]}}, r"absent_region = .*: must rise"),
        ({"Li": {"absent_region": ["900 nm", "990 nm"]}}, "native_background.Li.absent_region: holds 0 points"),
        (
            {"Li": {"absent_region": ["150 nm", "199 nm"]}},
            "native_background.Li: is 100 % of the counts of Li.* at its least, 9",
        ),
        ({"Li": {"value": 1.0, "error": 0.1}}, "native_background.Li.value = 1.0: must be at least 0 and less than 1"),
    ],
)
def test_a_background_that_cannot_be_is_refused(background, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        plateau(with_background(0.0), native_background=background)
    assert "\n" not in str(caught.value)
