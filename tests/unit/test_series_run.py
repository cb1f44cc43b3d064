"""A series: averages, the same on any executor, resumed, fitted; expected numbers by hand or from the paper."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from ionscape.cli.describe import describe_series
from ionscape.cli.series_table import print_result
from ionscape.errors import FitError, InputError, IonscapeError
from ionscape.figures import activation_energies, arrhenius_plot, conductivities
from ionscape.glass import LiteratureGlass, make_glass
from ionscape.hopping import activation_energy, conductivity, generate_landscape, published_model
from ionscape.remarks import of_kinds
from ionscape.scaleout import RunStore, Tally, make_executor
from ionscape.series import (
    Series,
    SeriesResult,
    fit_attempt_frequency,
    fit_energy_scale,
    load_series_result,
    parse_series,
    run_series,
)
from ionscape.series.averages import Averages, arrhenius_energies, error_of_log_mean, mean_and_errors, mean_of_open
from ionscape.series.fit import NOISES, _fitted
from ionscape.series.remarks import LEFT_OUT, NO_PATHS, SMALL_NETWORK, SMALL_PERCOLATION, error_remarks, lattice_remarks
from ionscape.series.tasks import NETWORK, PERCOLATION, random_numbers

ELECTRON_VOLT = 1.602176634e-19  # J
BOLTZMANN = 1.380649e-23  # J/K

QUICK = parse_series(
    """
title = "Li, quick"

[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = [0.0, 0.5]

[landscape]
energy_scale = "0.64 eV"
noise = 0.42

[hopping]
attempt_frequency = "4e14 Hz"
jump_distance = "5 angstrom"

[percolation]
lattice = 14
landscapes = 3

[network]
lattice = 10
landscapes = 4
temperatures = ["303 K", "393 K"]

[random]
seed = 5
"""
).settings

LITERATURE = """ID,Li2O,Na2O,K2O,Rb2O,Cs2O,B2O3,P2O5,RO20,RO100,RO150,RO300,TG,DENSITY,Author,Year
1,33,0,0,0,0,0,67,12.0,9.0,,,,,Able A.,1980
2,33,0,0,0,0,33.5,33.5,9.0,7.0,,,,,Able A.,1980
3,33,0,0,0,0,67,0,10.0,7.5,,,,,Able A.,1980
"""
MEASURED = {"experiment": {"file": "literature.csv"}}


def quick(changes: Mapping[str, Any] | None = None, **place: Any) -> Series:
    """The quick series with other values by path, read as a file is; `place`: file and folder."""
    return parse_series(QUICK.replace(changes or {}).to_toml(), **place)


@pytest.fixture(scope="module")
def result() -> SeriesResult:
    return run_series(quick(), scheduler="serial")


def test_has_the_dimensions_that_the_reference_names(result: SeriesResult) -> None:
    data = result.dataset
    assert data["activation_energy"].dims == ("x",)
    assert data["conductivity"].dims == ("x", "temperature")
    assert data["landscape_activation_energy"].shape == (2, 3)
    assert data["landscape_conductivity"].shape == (2, 4, 2)
    assert data["activation_energy"].attrs["units"] == "eV"
    assert data["conductivity"].attrs["units"] == "S/m"
    np.testing.assert_array_equal(data["x"], [0.0, 0.5])
    np.testing.assert_array_equal(data["temperature"], [303.0, 393.0])


def test_averages_are_those_of_single_landscapes(result: SeriesResult) -> None:
    glass = make_glass("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)")
    model = published_model(glass.composition)
    energies = [
        activation_energy(
            generate_landscape(glass, lattice=14, rng=np.random.SeedSequence([5, PERCOLATION, number]), model=model)
        ) / ELECTRON_VOLT
        for number in range(3)
    ]  # fmt: skip
    point = result.dataset.sel(x=0.5)
    assert float(point["activation_energy"]) == pytest.approx(np.mean(energies), rel=1e-12)
    error = math.sqrt(sum((energy - np.mean(energies)) ** 2 for energy in energies) / 2 / 3)
    assert float(point["activation_energy_error"]) == pytest.approx(error, rel=1e-9)
    single = [
        conductivity(
            generate_landscape(glass, lattice=10, rng=np.random.SeedSequence([5, NETWORK, number]), model=model),
            temperature=[303.0, 393.0], attempt_frequency=4e14, jump_distance=5e-10,
        )["conductivity"].values
        for number in range(4)
    ]  # fmt: skip
    np.testing.assert_allclose(point["conductivity"], np.mean(single, axis=0), rtol=1e-9)
    np.testing.assert_allclose(point["log10_conductivity"], np.log10(np.mean(single, axis=0)), rtol=1e-9)
    assert (point["conductivity_lower_bound"] <= point["conductivity"]).all()
    assert (point["conductivity_upper_bound"] >= point["conductivity"]).all()


def test_compositions_share_random_numbers() -> None:
    first, second = (np.random.default_rng(random_numbers(5, PERCOLATION, 2)).random(3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, np.random.default_rng(random_numbers(5, NETWORK, 2)).random(3))


def test_conductivity_is_proportional_to_frequency_and_inverse_distance(result: SeriesResult) -> None:
    series = quick({"hopping.attempt_frequency": "1e13 Hz", "hopping.jump_distance": "4 angstrom"})
    other = run_series(series, scheduler="serial").dataset["conductivity"]
    np.testing.assert_allclose(other, result.dataset["conductivity"] / 40.0 * 5.0 / 4.0, rtol=1e-12)


def test_summary_has_one_entry_per_composition(result: SeriesResult) -> None:
    summary = json.loads(json.dumps(result.summary()))
    assert summary["title"] == result.dataset.attrs["title"]
    assert tuple(summary["warnings"]) == result.warnings != ()
    entries = summary["compositions"]
    assert [entry["x"] for entry in entries] == [0.0, 0.5]
    ends = ("", "_error", "_lower_95", "_upper_95")
    assert set(entries[0]) == {
        "x", "y", *(f"activation_energy{end}" for end in ends), *(f"arrhenius_energy{end}" for end in ends),
        "conductivity", "attempt_frequency", "attempt_frequency_error", "log10_attempt_frequency_error",
        "attempt_frequency_origin", "barrier", "glass_transition", "units",
    }  # fmt: skip
    assert set(entries[0]["conductivity"]) == {"303 K", "393 K"}
    cold = result.dataset.sel(x=0.5, temperature=303.0)
    told = entries[1]["conductivity"]["303 K"]
    assert told == {
        "value": float(cold["conductivity"]), "error": float(cold["conductivity_error"]),
        **{end: float(cold[f"conductivity_{end}"]) for end in ("lower_95", "upper_95", "lower_bound", "upper_bound")},
    }  # fmt: skip
    assert told["lower_95"] < told["lower_bound"] <= told["value"] <= told["upper_bound"] < told["upper_95"]
    assert (summary["energy_scale"], summary["noise"], summary["energy_scale_origin"]) == (
        pytest.approx(0.64), 0.42, "given",
    )  # fmt: skip
    assert summary["energy_scale_error"] is summary["energy_scale_chi_square"] is None
    assert (entries[0]["attempt_frequency_error"], entries[0]["attempt_frequency_origin"]) == (0.0, "given")
    assert entries[0]["y"] == 0.33
    assert entries[0]["attempt_frequency"] == 4e14
    # 0.33/0.67 ions per phosphate unit, each a P(2)
    assert entries[0]["units"]["P2"] == pytest.approx(0.33 / 0.67)
    assert sum(entries[1]["units"].values()) == pytest.approx(1.0)


def test_ion_density_is_that_of_the_lattice(result: SeriesResult) -> None:
    # 0.33/0.67 ions per cell of (5 angstrom)^3
    assert float(result.dataset["ion_density"][0]) == pytest.approx(0.33 / 0.67 / 125e-30, rel=1e-9, abs=0)


def test_the_numbers_do_not_depend_on_the_executor(result: SeriesResult) -> None:
    with make_executor(processes=2) as executor:
        other = run_series(quick(), executor=executor)
    left, right = (data.drop_attrs() for data in (result.dataset, other.dataset))
    assert left.identical(right)


def test_finished_landscapes_are_found_again(result: SeriesResult, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(tally: Tally) -> None:
        if tally.finished == 5:
            raise Stopped

    with pytest.raises(Stopped):
        run_series(quick(), scheduler="serial", store=tmp_path / "runs", progress=stop)
    assert len(RunStore(tmp_path / "runs")) == 5
    tallies: list[Tally] = []
    again = run_series(quick(), scheduler="serial", store=tmp_path / "runs", progress=tallies.append)
    assert tallies[0].resumed == 5
    assert tallies[0].total == 2 * (3 + 4)
    assert again.dataset.drop_attrs().identical(result.dataset.drop_attrs())
    more = quick().with_landscapes(5)
    run_series(more, scheduler="serial", store=tmp_path / "runs", progress=tallies.append)
    assert tallies[-1].resumed == 14


def test_result_is_read_back(result: SeriesResult, tmp_path: Path) -> None:
    result.to_netcdf(tmp_path / "series.nc")
    read = load_series_result(tmp_path / "series.nc")
    assert read.summary() == result.summary()
    assert read.warnings == result.warnings
    with pytest.raises(InputError, match="does not exist"):
        load_series_result(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("no")
    with pytest.raises(InputError, match="is not a NetCDF file"):
        load_series_result(tmp_path / "text.nc")


def test_a_lattice_without_paths_says_how_many_have_one() -> None:
    # where all landscapes must have a path, the file alone is refused
    series = quick({
        "percolation.least_percolating_fraction": 0.5, "network.least_percolating_fraction": 0.5,
        "percolation.lattice": 24, "glass.alkali_oxide_fraction": 0.2,
    }, file="li.toml")  # fmt: skip
    with pytest.raises(InputError, match=r"0 of 3 landscapes \(0%\) have a path .* 0\.263 of the sites") as caught:
        run_series(series, scheduler="serial")
    assert caught.value.exit_status == 2


def test_activation_energies_alone(tmp_path: Path) -> None:
    alone = run_series(quick({"network": None, "percolation.landscapes": 1}), scheduler="serial")
    assert "conductivity" not in alone.dataset
    alone.to_netcdf(tmp_path / "alone.nc")
    entry = load_series_result(tmp_path / "alone.nc").summary()["compositions"][0]
    assert entry["conductivity"] == {}
    assert math.isnan(entry["activation_energy_error"])  # one landscape tells nothing about the scatter
    with pytest.raises(InputError, match="conductivity: is missing"):
        conductivities(alone)


def test_mean_and_errors_by_hand() -> None:
    mean, error, scatter = mean_and_errors(np.array([[1.0, 2.0, 3.0, np.nan], [4.0, np.nan, np.nan, np.nan]]))
    np.testing.assert_allclose(mean, [2.0, 4.0])
    np.testing.assert_allclose(scatter, [1.0, np.nan])
    np.testing.assert_allclose(error, [1.0 / math.sqrt(3.0), np.nan])


def test_directions_and_landscapes_without_a_path_are_left_out() -> None:
    values = np.array([[[1.0, 3.0], [5.0, np.nan], [np.nan, np.nan]]])
    np.testing.assert_array_equal(mean_of_open(values, axis=2), [[2.0, 5.0, np.nan]])
    mean, _, _ = mean_and_errors(mean_of_open(values, axis=2))
    np.testing.assert_array_equal(mean, [3.5])


def test_one_rule_for_energies_and_conductivities_without_a_path() -> None:
    # 0.4 of the sites are accessible on small lattices: some landscapes have a path along some directions
    small = {"lattice": 6, "landscapes": 20, "least_percolating_fraction": 0.1, "directions": 2}
    result = run_series(
        quick({
            "glass.alkali_oxide_fraction": 0.255, "glass.borate_fraction": 0.5, "percolation": small,
            "network": {**small, "temperatures": ["303 K", "393 K"]},
        }),
        scheduler="serial",
    )  # fmt: skip
    data = result.dataset.isel(x=0)
    for fraction, values in (
        ("percolated_fraction", data["landscape_activation_energy"]),
        ("network_percolated_fraction", data["landscape_conductivity"].isel(temperature=0)),
    ):
        assert 0.1 < float(data[fraction]) < 1.0
        known = values.values[np.isfinite(values.values)]
        assert known.size > 0
        assert (known > 0.0).all()
    np.testing.assert_allclose(data["activation_energy"], data["landscape_activation_energy"].mean(), rtol=1e-12)
    np.testing.assert_allclose(
        data["conductivity"], data["landscape_conductivity"].mean("network_landscape"), rtol=1e-9
    )
    shown = [f"{float(data[name]):.0%}" for name in ("percolated_fraction", "network_percolated_fraction")]
    (remark,) = of_kinds(result.remarks, NO_PATHS)
    warning = str(remark)
    assert f"{shown[0]} of the landscapes for activation energies" in warning
    assert f"{shown[1]} of the landscapes for conductivities" in warning


def test_a_temperature_too_low_for_a_number_is_an_input_error() -> None:
    series = quick({"network.temperatures[1]": "8 K"}, file="li.toml")
    with pytest.raises(InputError, match=r'li.toml: network.temperatures\[1\] = "8 K": gives a conductivity too small'):
        run_series(series, scheduler="serial")


def test_a_number_of_landscapes_that_is_none_is_refused() -> None:
    for wrong in (0, -1, 1.5, None):
        with pytest.raises(InputError, match=r"landscapes = .*must be a whole number of at least 1"):
            quick().with_landscapes(wrong)  # type: ignore[arg-type]


def test_the_warning_of_the_lattice_speaks_of_the_lattice_used(result: SeriesResult) -> None:
    assert [remark.numbers["lattice"] for remark in of_kinds(result.remarks, SMALL_PERCOLATION, SMALL_NETWORK)] == [10]
    assert [text.count("³") for text in result.warnings if "Conductivities on 10³ sites are too high" in text] == [1]


def test_small_lattices_are_named_before_anything_is_calculated() -> None:
    small = quick({"percolation.lattice": 3})
    energies, conductivities = lattice_remarks(small.settings)
    assert energies == SMALL_PERCOLATION(lattice=3)
    assert (conductivities.code, conductivities.numbers["lattice"]) == (SMALL_NETWORK.code, 10)
    assert {f"warning: {energies}", f"warning: {conductivities}"} <= set(describe_series(small))
    assert any("lattice spacing of 5 Å implies" in line for line in describe_series(small))
    (only,) = lattice_remarks(QUICK)
    assert only == conductivities


def test_glasses_left_out_are_listed_with_reasons(tmp_path: Path) -> None:
    (tmp_path / "literature.csv").write_text(LITERATURE)
    measured = {"file": "literature.csv", "leave_out": ["2"]}
    result = run_series(quick({"experiment": measured}, folder=tmp_path), scheduler="serial")
    assert list(result.dataset["left_out_identifier"].values) == ["2"]
    assert list(result.dataset["left_out_reason"].values) == ["left out by name"]
    assert LEFT_OUT(count=1, glasses=("Able A. 1980",), x=(0.5,), why=("left out by name",)) in result.remarks
    assert "1 measured glass was left out: Able A. 1980 at x = 0.5 (left out by name)." in result.warnings
    result.to_netcdf(tmp_path / "series.nc")
    assert load_series_result(tmp_path / "series.nc").remarks == result.remarks


def test_arrhenius_energy_of_an_exact_law() -> None:
    temperatures = np.array([250.0, 300.0, 400.0])
    sigma = 5.0 / temperatures * np.exp(-0.7 * ELECTRON_VOLT / (BOLTZMANN * temperatures))
    # landscapes that conduct better or worse, by the same factor at all temperatures
    slope, error = arrhenius_energies(sigma * np.array([[[0.2], [1.0], [7.0]]]), list(temperatures))
    assert slope[0] == pytest.approx(0.7, rel=1e-9)
    assert error[0] == pytest.approx(0.0, abs=1e-12)
    alone, unknown = arrhenius_energies(np.array([[sigma, np.nan * sigma]]), list(temperatures))
    assert alone[0] == pytest.approx(0.7, rel=1e-9)
    assert math.isnan(unknown[0])


def test_error_of_the_arrhenius_energy_is_that_of_many_repetitions() -> None:
    # landscapes that differ by 3 % in their slopes, and by much more in a factor common to all temperatures
    generator = np.random.default_rng(4)
    temperatures = np.array([293.0, 333.0, 373.0])
    inverse = ELECTRON_VOLT / (BOLTZMANN * temperatures)
    count, scatter = 10, 0.004
    slopes = 0.7 + scatter * generator.standard_normal((400, count))
    common = 0.1 * generator.standard_normal((400, count))
    # about the middle, so that slope and factor do not act together
    sigma = np.exp(common[..., None] - slopes[..., None] * (inverse - inverse.mean())) / temperatures
    found, error = arrhenius_energies(sigma, list(temperatures))
    # the scatter of the repeated means, and that of the slopes themselves: the standard error of a mean of ten
    assert np.sqrt(np.mean(error**2)) == pytest.approx(found.std(), rel=0.12)
    assert np.sqrt(np.mean(error**2)) == pytest.approx(scatter / math.sqrt(count), rel=0.05)
    # temperatures as if they were independent: several times too large
    weights = (inverse - inverse.mean()) / np.sum((inverse - inverse.mean()) ** 2)
    independent = np.sqrt(((sigma.std(axis=1, ddof=1) / sigma.mean(axis=1)) ** 2 / count) @ weights**2)
    assert np.mean(independent) > 2.0 * np.mean(error)


def test_error_of_the_mean_conductivity_covers_skewed_landscapes() -> None:
    # log-normal conductivities with the scatter of small lattices, half a decade; their expectation is exp(s²/2)
    generator = np.random.default_rng(8)
    scatter, count = 0.5 * math.log(10.0), 8
    sigma = np.exp(scatter * generator.standard_normal((3000, count, 1)))
    off = np.abs(np.log(sigma.mean(axis=1)) - 0.5 * scatter**2)[:, 0]
    half = scipy.stats.t.ppf(0.975, count - 1)
    plain = (scipy.stats.sem(sigma, axis=1) / sigma.mean(axis=1))[:, 0]
    error = error_of_log_mean(sigma)[:, 0]
    once = 2.0 * scipy.stats.t.cdf(1.0, count - 1) - 1.0
    assert np.mean(off < plain) < once - 0.1
    assert np.mean(off < error) == pytest.approx(once, abs=0.06)
    assert np.mean(off < half * plain) < 0.88
    assert np.mean(off < half * error) > 0.91
    # where landscapes differ little, it is the relative standard error of the mean
    alike = 1.0 + 0.02 * generator.standard_normal((50, count, 1))
    relative = scipy.stats.sem(alike, axis=1) / alike.mean(axis=1)
    np.testing.assert_allclose(error_of_log_mean(alike), relative, rtol=0.03)
    assert np.isnan(error_of_log_mean(alike[:, :1])).all()
    # logarithms hundreds of units apart, as at low temperature
    assert np.isfinite(error_of_log_mean(np.array([[[1e-300], [1e-10], [1e-20]]]))).all()


def test_intervals_are_those_of_student(result: SeriesResult) -> None:
    data = result.dataset
    landscapes = data["landscape_activation_energy"].values
    interval = scipy.stats.t.interval(0.95, 2, landscapes.mean(axis=1), scipy.stats.sem(landscapes, axis=1))
    np.testing.assert_allclose(
        (data["activation_energy_lower_95"], data["activation_energy_upper_95"]), interval, rtol=1e-9
    )
    half = scipy.stats.t.ppf(0.975, 3) * data["log10_conductivity_error"]
    np.testing.assert_allclose(
        np.log10((data["conductivity_lower_95"], data["conductivity_upper_95"])),
        (data["log10_conductivity"] - half, data["log10_conductivity"] + half),
    )


def averages(energies: int, conductivities: np.ndarray) -> Averages:
    """Of one composition."""
    sigma = conductivities[None, :, None, None]
    return Averages(
        activation_energy=np.full((1, energies, 1), 1e-19), fermi_energy=np.zeros((1, energies)), conductivity=sigma,
        percolates=np.ones(sigma.shape[:3], bool), lower_bound=sigma, upper_bound=sigma, methods=("none",),
    )  # fmt: skip


def test_few_or_skewed_landscapes_are_warned_of() -> None:
    assert error_remarks(averages(4, np.array([1.0, 1.1, 1.2, 1.3])), None) == []
    (one,) = error_remarks(averages(1, np.array([1.0, 1.1, 1.2, 1.3])), None)
    assert str(one) == "The activation energies of one landscape have no errors."
    (few,) = error_remarks(averages(2, np.array([1.0, 100.0])), None)
    assert str(few).startswith("The activation energies and conductivities are means over 2 landscapes")
    assert few.numbers["uncertainty"] == pytest.approx(0.5**0.5)  # 1/√2
    assert few.numbers["factor"] == pytest.approx(12.706, abs=1e-3)  # Student's t, one degree of freedom
    (skewed,) = error_remarks(averages(4, np.array([1.0, 10.0, 1.0, 10.0])), None)
    assert skewed.numbers["decades"] == pytest.approx((1.0 / 3.0) ** 0.5)  # √(1/3)


def test_a_fit_that_does_not_fit_is_warned_of() -> None:
    ratio = {0.0: 2.0 - np.array(NOISES), 1.0: 1.0 + 0.5 * np.array(NOISES)}
    error = {0.0: 1e-6, 1.0: 1e-6}
    # pairs of glasses of one composition, d apart: the mean is met, and each is d/2 = 5 or 0.7 errors off
    for difference, warned in ((1e-20, True), (1.4e-21, False)):
        points = [
            (x, energy + sign * 0.5 * difference, 1e-21)
            for x, energy in ((0.0, 1.6e-19), (1.0, 1.2e-19)) for sign in (-1.0, 1.0)
        ]  # fmt: skip
        found = error_remarks(averages(4, np.array([1.0, 1.1, 1.2, 1.3])), _fitted(points, ratio, error))
        assert len(found) == warned
        if warned:
            # four residuals of 5 errors, two parameters
            assert found[0].numbers["chi_square"] == pytest.approx(100.0, rel=1e-2)
            assert found[0].numbers["freedom"] == 2
            assert "χ² is 100 for 2 degrees of freedom, and the errors of both were raised by a factor of 7.1" in str(
                found[0]
            )


# --- fits -------------------------------------------------------------------------------------------------------------


def fit_points(energy_scale: float, noise: float) -> list[tuple[float, float, float]]:
    """Activation energies at both ends with those parameters, and an error of 10 meV."""
    points = []
    for x, formula in ((0.0, "0.33 Li2O 0.67 P2O5"), (1.0, "0.33 Li2O 0.67 B2O3")):
        glass = make_glass(formula)
        model = quick({"landscape.energy_scale": energy_scale * ELECTRON_VOLT, "landscape.noise": noise}).model
        energies = [
            activation_energy(
                generate_landscape(glass, lattice=30, rng=np.random.SeedSequence([5, PERCOLATION, number]), model=model)
            )
            for number in range(4)
        ]
        points.append((x, float(np.mean(energies)), 0.01 * ELECTRON_VOLT))
    return points


def test_energy_scale_and_noise_are_found_again() -> None:
    series = quick({"percolation.lattice": 30, "percolation.landscapes": 4})
    fitted = fit_energy_scale(series, measured=fit_points(0.8, 0.33))
    # errors of 10 meV leave both uncertain, and on small lattices the table is rough; their combination is sharp
    assert abs(fitted.energy_scale - 0.8 * ELECTRON_VOLT) < 0.7 * fitted.energy_scale_error
    assert abs(fitted.noise - 0.33) < 0.7 * fitted.noise_error
    assert 0.0 < fitted.energy_scale_error < 0.2 * ELECTRON_VOLT
    assert 0.0 < fitted.noise_error < 0.2
    assert fitted.correlation < -0.5  # more noise and a lower scale do much the same
    np.testing.assert_allclose(fitted.fitted, fitted.measured, rtol=1e-6)


def test_published_parameters_follow_from_confirmed_energies() -> None:
    # activation energies of an independent calculation on 100^3 sites with 0.64 eV and 0.42 (Bosi 2021, section V.A)
    points = [(0.0, 0.857 * ELECTRON_VOLT, 0.01 * ELECTRON_VOLT), (1.0, 0.706 * ELECTRON_VOLT, 0.01 * ELECTRON_VOLT)]
    series = quick({"percolation.lattice": 50, "percolation.landscapes": 6})
    fitted = fit_energy_scale(series, measured=points)
    assert fitted.energy_scale / ELECTRON_VOLT == pytest.approx(0.64, abs=0.04)
    assert fitted.noise == pytest.approx(0.42, abs=0.05)


def test_energies_out_of_reach_are_refused() -> None:
    points = [(0.0, 0.9 * ELECTRON_VOLT, 1e-21), (1.0, 0.05 * ELECTRON_VOLT, 1e-21)]
    with pytest.raises(FitError, match="ask for a noise outside"):
        fit_energy_scale(quick(), measured=points)
    with pytest.raises(
        InputError,
        match=r"measured: must have activation energies at two or more borate fractions, those given are at x = 0;",
    ):
        fit_energy_scale(quick(), measured=points[:1])


def glass(x: float, conductivities: dict[float, float]) -> LiteratureGlass:
    return LiteratureGlass(
        identifier="1", alkali="Li", alkali_oxide_fraction=0.33, borate_fraction=x, conductivity=conductivities,
        glass_transition=None, mass_density=None, author="Able A.", year=1980,
    )  # fmt: skip


def test_attempt_frequency_is_a_geometric_mean_of_ratios() -> None:
    fitted = fit_attempt_frequency(
        np.array([[1e-9, 1e-7], [1e-8, 1e-6]]), borate_fractions=[0.0, 1.0], temperatures=[300.0, 400.0],
        attempt_frequency=1e14, composition_tolerance=0.03, error=0.1,
        measured=[glass(0.01, {300.0: 2e-9, 400.0: 8e-7}), glass(0.5, {300.0: 1e-9, 500.0: 1.0})],
    )  # fmt: skip
    # ratios 2 and 8 at x = 0; nothing near x = 1
    assert fitted.frequency[0] == pytest.approx(4e14, rel=1e-9, abs=0)
    assert math.isnan(fitted.frequency[1])
    # one glass: its temperatures are not independent; their standard deviation is more than the given 0.1 decades
    assert fitted.relative_error[0] == pytest.approx(math.log(8.0 / 2.0) / math.sqrt(2.0))
    assert list(fitted.glasses) == [1, 0]
    # at 500 K there is no model value; ln of the model is linear in x, here 10^(1/2) times the value at x = 0
    assert fitted.common_glasses == 2
    ratios = [math.sqrt(2.0 * 8.0) / 10**0.01, 1.0 / 10**0.5]
    assert fitted.common == pytest.approx(1e14 * math.prod(ratios) ** (1.0 / 2.0), rel=1e-9, abs=0)


def test_error_of_the_frequency_holds_that_of_the_model_once() -> None:
    sigma = np.array([[1e-9, 1e-7], [1e-8, 1e-6]])
    options = {
        "borate_fractions": [1.0, 0.0], "temperatures": [300.0, 400.0], "attempt_frequency": 1e14,
        "composition_tolerance": 0.03, "error": 0.1,
    }  # fmt: skip
    several = [glass(1.0, {300.0: 1e-9 * 3.0**sign, 400.0: 1e-7 * 3.0**sign}) for sign in (-1.0, 1.0, -1.0, 1.0)]
    relative = np.array([[0.3, 0.3], [0.5, 0.5]])
    fitted = fit_attempt_frequency(sigma, measured=several, conductivity_error=relative * sigma, **options)
    # four glasses, ln 3 off their mean on either side; the same landscapes for all
    scatter = math.sqrt(4.0 * math.log(3.0) ** 2 / 3.0) / 2.0
    assert fitted.relative_error[0] == pytest.approx(math.hypot(scatter, 0.3))
    assert fitted.common_relative_error == pytest.approx(math.hypot(scatter, 0.3))
    one = [glass(0.75, {350.0: 1e-8})]
    fitted = fit_attempt_frequency(sigma, measured=one, conductivity_error=relative * sigma, **options)
    # three parts of the first composition and one of the second
    model = 0.75 * 0.3 + 0.25 * 0.5
    assert fitted.common_relative_error == pytest.approx(math.hypot(0.1 * math.log(10.0), model))
    with_one_landscape = fit_attempt_frequency(sigma, measured=several, conductivity_error=np.nan * sigma, **options)
    assert math.isnan(with_one_landscape.relative_error[0])  # unknown, not 0


def test_landscape_error_is_common_to_the_glasses_of_one_composition() -> None:
    # E/V0 falls linearly with the noise; one error of 2 % of the table at each end, and measurements without errors
    noises = np.array(NOISES)
    ratio = {0.0: 2.0 - noises, 1.0: 1.0 + 0.5 * noises}
    error = {0.0: 0.02, 1.0: 0.02}
    ends = [(0.0, 1.6e-19, 1e-24), (1.0, 1.2e-19, 1e-24)]
    once, often = (_fitted(points, ratio, error) for points in (ends, ends * 25))
    assert once.energy_scale == pytest.approx(1e-19, rel=1e-6, abs=0)
    assert often.noise == pytest.approx(0.4, rel=1e-6)
    # measuring the same again does not make the landscapes better
    np.testing.assert_allclose(often.covariance, once.covariance, rtol=1e-3)
    # by hand: (V0, noise) from E0 = V0 (2 - s), E1 = V0 (1 + s/2): J at V0 = 1, s = 0.4
    jacobian = np.array([[1.6, -1.0], [1.2, 0.5]])
    inverse = np.linalg.inv(jacobian)
    expected = inverse @ np.diag([(0.02 * 1.6) ** 2, (0.02 * 1.2) ** 2]) @ inverse.T
    np.testing.assert_allclose(once.covariance / np.outer([1e-19, 1.0], [1e-19, 1.0]), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            (),
            r"x = 0 and at x = 1; the measured glasses .* have them at x = 0, 0.5;.*fit_to = \"all\"",
        ),
        (("1.9", "1.1"), r"x = 0 and at x = 1; the measured glasses of \"literature.csv\" have them at none;"),
    ],
)
def test_what_is_missing_for_a_fit_of_the_energy_scale_is_said(
    tmp_path: Path, changes: tuple[str, ...], sentence: str
) -> None:
    table = LITERATURE.replace("10.0,7.5", "10.0,") if not changes else LITERATURE.replace(",9.0,,,", ",,,,")
    if changes:
        table = table.replace("9.0,7.0", "9.0,").replace("10.0,7.5", "10.0,")
    (tmp_path / "literature.csv").write_text(table)
    series = quick({"landscape": {"energy_scale": "fit"}, **MEASURED}, file="li.toml", folder=tmp_path)
    with pytest.raises(InputError, match=sentence):
        run_series(series, scheduler="serial")


def test_conductivities_between_temperatures_follow_arrhenius() -> None:
    def law(temperature: float) -> float:
        return math.exp(-8000.0 / temperature) / temperature

    fitted = fit_attempt_frequency(
        np.array([[law(300.0), law(400.0)]]), borate_fractions=[0.5], temperatures=[300.0, 400.0],
        attempt_frequency=1e14, composition_tolerance=0.03, error=0.1, measured=[glass(0.5, {350.0: 3.0 * law(350.0)})],
    )  # fmt: skip
    assert fitted.frequency[0] == pytest.approx(3e14, rel=1e-9, abs=0)
    assert fitted.relative_error[0] == pytest.approx(0.1 * math.log(10.0))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> SeriesResult:
    folder = tmp_path_factory.mktemp("compared")
    (folder / "literature.csv").write_text(LITERATURE)
    series = quick({
        "hopping.attempt_frequency": "fit", "network.temperatures": ["20 degC", "100 degC"],
        "glass.borate_fraction": [0.0, 0.25, 0.5], **MEASURED,
    }, folder=folder)  # fmt: skip
    return run_series(series, scheduler="serial")


def test_fitted_frequencies_reproduce_the_measurements(compared: SeriesResult) -> None:
    data = compared.dataset
    # 10^-12 and 10^-9 S/cm at x = 0: the mean of the logarithms is met
    mean = float(np.log10(data["conductivity"].sel(x=0.0)).mean())
    assert mean == pytest.approx((-10.0 - 7.0) / 2.0, abs=1e-6)
    assert list(data["attempt_frequency_origin"].values) == ["fitted", "interpolated", "fitted"]
    first, middle, last = (float(value) for value in data["attempt_frequency"])
    assert middle == pytest.approx(math.sqrt(first * last), rel=1e-9, abs=0)
    energy = data["measured_activation_energy"].values[0]
    kelvins = 1.0 / 293.15 - 1.0 / 373.15
    expected = BOLTZMANN / ELECTRON_VOLT * (3.0 * math.log(10.0) + math.log(373.15 / 293.15)) / kelvins
    assert energy == pytest.approx(expected, rel=1e-9)


def test_tables_show_which_frequency_was_used_and_how_sure_it_is(
    compared: SeriesResult, capsys: pytest.CaptureFixture[str]
) -> None:
    print_result(compared)
    shown = capsys.readouterr().out
    rows = [line for line in shown.splitlines() if "10^" in line]
    for place, row in zip((0, 2), (rows[0], rows[2]), strict=True):
        frequency, decades = (
            float(compared.dataset[name][place]) for name in ("attempt_frequency", "log10_attempt_frequency_error")
        )
        found = re.search(r"10\^\((\S+) ± (\S+)\)", row)
        assert found is not None
        assert float(found[1]) == pytest.approx(math.log10(frequency), abs=0.051)
        assert float(found[2]) == pytest.approx(1.96 * decades, rel=0.06)
    assert rows[1].endswith("interpolated  ")
    assert "± of the attempt frequency, 95 % in decades, is common to all temperatures" in shown
    # three landscapes for the activation energy: 4.303 standard errors are half of a 95 % interval
    assert "± of E_a: half of the 95 % interval of the mean over 3 landscapes, by Student's t" in shown
    half = 4.303 * float(compared.dataset["activation_energy_error"][0])
    assert float(rows[0].split()[3]) == pytest.approx(half, abs=0.0051)
    assert "± of log σ and slope: half of the 95 % interval of the mean over 4 landscapes, by Student's t" in shown
    # of four 3.182 standard errors; the table says so in its head, and its numbers are those of the figures
    assert "log σ ± 95 %" in shown
    assert "E_a ± 95 %" in shown
    row = next(line for line in shown.splitlines() if line.split()[:1] == ["0"] and "10^" not in line)
    half = 3.182 * float(compared.dataset["log10_conductivity_error"][0, 0])
    assert float(row.split()[3]) == pytest.approx(half, rel=0.06)
    (axes, _) = conductivities(compared).axes
    cold = axes.containers[-1].lines[2][0].get_segments()[0][:, 1]
    assert np.log10(cold[1] / cold[0]) == pytest.approx(2.0 * half, rel=1e-3)
    assert "bars: 95 % intervals\nof the means" in [text.get_text() for text in axes.figure.legends[0].get_texts()]


def test_frequency_without_usable_measurements_is_refused(tmp_path: Path) -> None:
    (tmp_path / "literature.csv").write_text(LITERATURE)
    changes = {"hopping.attempt_frequency": "fit-common", "network.temperatures": ["500 K"], **MEASURED}
    with pytest.raises(InputError, match="finds no measured conductivity"):
        run_series(quick(changes, folder=tmp_path), scheduler="serial")


def test_figures_are_drawn_with_measurements(compared: SeriesResult, result: SeriesResult) -> None:
    assert [axes.get_ylabel() for axes in conductivities(compared).axes] == [
        "$σ$ / (S/cm)", "$ν$ / Hz",
    ]  # fmt: skip
    (axes,) = activation_energies(compared).axes
    (measured,) = [line for line in axes.lines if line.get_label() == "Able A. 1980"]
    assert len(measured.get_xdata()) == 3
    assert len(conductivities(result).axes) == 1
    (axes,) = arrhenius_plot(result, [0.5]).axes
    (line,) = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    # slope of ln(σT) over 1000 K / T
    (left, right), (top, bottom) = line.get_xdata(), line.get_ydata()
    energy = -math.log(bottom / top) / (right - left) * 1000.0 * BOLTZMANN / ELECTRON_VOLT
    assert energy == pytest.approx(float(result.dataset["activation_energy"].sel(x=0.5)), rel=1e-9)


def test_failed_networks_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from ionscape.errors import NetworkError

    def fails(*_: object, **__: object) -> None:
        raise NetworkError("current in is not current out.")

    monkeypatch.setattr("ionscape.hopping.conductivity", fails)
    with pytest.raises(IonscapeError, match="8 of 14 landscapes failed; the first: current in is not"):
        run_series(quick(), scheduler="serial")


def test_publications_of_the_activation_energy_have_markers_of_their_own(result: SeriesResult) -> None:
    # 20 publications with an energy, and 20 others before them that are not drawn
    sources = np.array([f"Author {number}" for number in range(40)], dtype=object)
    energies = np.where(np.arange(40) < 20, np.nan, 0.7)
    data = result.dataset.assign(
        measured_x=("measured_glass", np.full(40, 0.3)),
        measured_activation_energy=("measured_glass", energies),
        measured_source=("measured_glass", sources),
    )
    figure = activation_energies(SeriesResult(dataset=data))
    (axes,) = figure.axes
    drawn = [line for line in axes.lines if str(line.get_label()).startswith("Author")]
    assert [line.get_label() for line in drawn] == list(sources[20:])
    looks = {(line.get_marker(), line.get_markerfacecolor()) for line in drawn}
    assert len(looks) == 20
    assert drawn[0].get_marker() == "s"
    # beside the axes, not over the points
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert legend.get_window_extent().x0 > axes.get_window_extent().x1
