"""`ionscape spectrum` and `ionscape mobility`: from a hops file to results, figures, impedances and an experiment."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import ionscape as isc
from commands import call_here

FILE = """
title = "Li, quick"
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = 0.5
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
barrier = 0.1
[hopping]
attempt_frequency = "4e14 Hz"
[kinetic_monte_carlo]
lattice = 6
landscapes = 2
temperatures = ["900 K", "1200 K"]
"""
MOBILITY = """
[mobility]
lattice = 8
landscapes = 2
temperatures = ["900 K"]
filling = [0.8, 0.95]
second_ion = { mobility = "random" }
"""
SPECTRUM = '[spectrum]\nlattice = 6\nlandscapes = 1\ntemperatures = ["900 K"]\nfrequencies = { from = "1 kHz" }\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("spectrum")
    (made / "li.toml").write_text(FILE)
    (made / "mobility.toml").write_text(FILE + MOBILITY)
    (made / "one.toml").write_text(FILE + SPECTRUM)
    for words in (
        ("spectrum", "li.toml", "--output", "spectra.nc", "--summary", "spectra.json"),
        ("spectrum", "one.toml", "--output", "one.nc", "--impedance", "z.csv", "--no-impedance-header", "--no-figure"),
        ("mobility", "mobility.toml", "--output", "mobility.nc", "--summary", "mobility.json"),
    ):
        run = call_here(*words, "--scheduler", "serial", folder=made)
        assert run.returncode == 0, run.stderr
    return made


def test_spectra_of_the_landscapes_of_hops(folder: Path) -> None:
    """Without a table of their own; dc is that of the network, and the figures are there."""
    result = isc.load(folder / "spectra.nc")
    assert isinstance(result, isc.SpectraOfGlasses)
    data = result.dataset
    assert data["conductivity"].dims == ("x", "temperature", "angular_frequency")
    assert data["conductivity"].dtype == complex
    assert data["angular_frequency"].values[0] == 0.0
    assert data["conductivity"].values[..., 0] == pytest.approx(data["dc_conductivity"].values)
    assert data["landscape_dc_conductivity"].sizes["landscape"] == 2
    cold, warm = json.loads((folder / "spectra.json").read_text())["spectra"]
    assert 0.0 < cold["dc_conductivity"] < warm["dc_conductivity"] < warm["high_frequency_conductivity"]
    for name in ("spectra-frequency.png", "spectra-scaled.png", "mobility.png"):
        assert (folder / name).stat().st_size > 10_000
    for words in (("summary", "spectra.nc"), ("export", "spectra.nc", "table.csv"), ("check", "one.toml"),
                  ("figure", "spectra.nc", "scaled", "--output", "a.svg")):  # fmt: skip
        run = call_here(*words, folder=folder)
        assert run.returncode == 0, run.stderr


def test_impedances_are_those_of_the_sample(folder: Path) -> None:
    """Frequencies fall, as instruments write them; without a header the file holds numbers alone."""
    frequency, real, imaginary = np.loadtxt(folder / "z.csv", delimiter=",", unpack=True)
    assert (np.diff(frequency) < 0.0).all()
    assert frequency[-1] == pytest.approx(1e3)
    direct = float(isc.load(folder / "one.nc").dataset["dc_conductivity"].item())
    assert real[-1] == pytest.approx(1e-3 / (direct * 1e-4), rel=1e-3)
    assert (imaginary < 0.0).all()


def test_a_mobility_goes_into_an_experiment(folder: Path) -> None:
    found = isc.load(folder / "mobility.nc")
    assert isinstance(found, isc.Mobility)
    assert json.loads((folder / "mobility.json").read_text())["origins"] == ["filling", "replacement"]
    model = found.model(native_density=1e28)
    native = found.dataset["native_diffusion_coefficient"].values[0, -1]
    assert model.coefficient(1e28, 900.0) == pytest.approx(native)


@pytest.mark.parametrize(
    ("verb", "old", "new", "said"),
    [
        ("spectrum", 'from = "1 kHz"', 'from = "1 kHz", to = "1 Hz"', "must be above the lowest"),
        ("spectrum", "lattice = 6", "lattice = 1", "lattice"),
        ("spectrum", "[kinetic_monte_carlo]", "[kinetic_monte_carl]", "the nearest known key"),
        ("mobility", "borate_fraction = 0.5", "borate_fraction = [0.2, 0.5]", "that of one glass"),
        ("spectrum", "[hopping]", "[hopping]\nbarrier = 0.1", "stands in [landscape] too"),
        ("mobility", "[kinetic_monte_carlo]", "[mobility]\nfilling = [1.2]", "mobility.filling"),
        ("mobility", "[hopping]", "[hopping]\nbarrier = -1", "hopping.barrier"),
    ],
)
def test_what_cannot_be_used_is_refused(verb: str, old: str, new: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text((FILE if verb == "mobility" else FILE + SPECTRUM).replace(old, new))
    run = call_here(verb, "bad.toml", "--scheduler", "serial", "--quiet", folder=tmp_path)
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr
