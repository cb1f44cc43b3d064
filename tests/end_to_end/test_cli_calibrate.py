"""The installed commands from an instrument's export to a calibrated profile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from commands import call_here

pytestmark = pytest.mark.slow


def call(command: str, *arguments: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [command, *(str(argument) for argument in arguments)]
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **environment}
    )


@pytest.fixture(scope="module")
def calibrated(command, examples_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrated")
    done = call(
        command, "calibrate", examples_folder / "rb-mono-fit.toml", "--output", "profile.nc", "--summary", "s.json",
        "--csv", "profile.csv", folder=folder,
    )  # fmt: skip
    return folder, done


def test_calibrate_writes_what_it_says(calibrated):
    folder, done = calibrated
    assert done.returncode == 0, done.stderr
    assert {path.name for path in folder.iterdir()} == {
        "profile.nc", "profile.csv", "s.json", "profile.png", "profile-counts.png", "profile-crater.png"
    }  # fmt: skip
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size > 10_000
    for words in ("crater depth / nm", "sensitivity factor Rb", "incorporated Rb", "written: profile.nc"):
        assert words in done.stdout
    # 1.2 % was put in; what the balance scatters holds drifts besides, is another number and has another name
    summary = json.loads((folder / "s.json").read_text())
    assert summary["common_factor"] == pytest.approx(0.012, abs=2.0 * summary["common_factor_error"])
    assert summary["balance_scatter"] >= summary["common_factor"]
    for name, key in (("by neighbouring points", "common_factor"), ("by the charge balance", "balance_scatter")):
        (row,) = [line for line in done.stdout.splitlines() if f"common factor, {name} / %" in line]
        assert float(row.split("%")[1].split()[0]) == pytest.approx(100.0 * summary[key], abs=0.006)


def test_summary_holds_the_truth(calibrated, examples_folder):
    summary = json.loads((calibrated[0] / "s.json").read_text())
    truth = json.loads((examples_folder / "measurements" / "rb-mono-a-truth.json").read_text())
    assert summary["title"] == "Rb@Li3B7O12, synthetic measurement a"
    off = summary["sputter_rate"] - 1e-9 * truth["sputter_rate_nm_per_s"]
    assert abs(off) < 3.0 * summary["sputter_rate_error"]
    assert summary["pulses_per_point"] == truth["parameters"]["N"]


def test_method_is_chosen_on_the_command_line(examples_folder, tmp_path):
    file = examples_folder / "rb-mono-fit.toml"
    done = call_here("calibrate", file, "--method", "equal", "--no-figure", "--summary", "s.json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "s.json").read_text())["method"] == "equal"
    assert {path.name for path in tmp_path.iterdir()} == {"rb-mono-fit-profile.nc", "s.json"}


def test_inspect_names_channels_and_pulses(command, examples_folder, tmp_path):
    file = examples_folder / "measurements" / "rb-mono-a.txt"
    done = call(command, "inspect", file, "--summary", "found.json", folder=tmp_path, COLUMNS="100")
    assert done.returncode == 0, done.stderr
    assert "^6Li+" in done.stdout
    assert "16384 pulses" in done.stdout
    assert json.loads((tmp_path / "found.json").read_text())["pulses_per_point"] == 16384


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('bulk_region = ["110 nm", "160 nm"]', 'bulk_region = ["910 nm", "990 nm"]'), "bulk_region"),
        (("[measurement]", "[measurment]"), 'nearest known key is "measurement"'),
        (("^6Li+", "^7Li+"), "nearest channel"),
    ],
)
def test_bad_files_get_one_sentence_and_write_nothing(examples_folder, tmp_path, change, sentence):
    shutil.copytree(examples_folder, tmp_path / "examples")
    file = tmp_path / "examples" / "rb-mono-fit.toml"
    file.write_text(file.read_text().replace(*change))
    (tmp_path / "out").mkdir()
    done = call_here("calibrate", file, "--output", "profile.nc", folder=tmp_path / "out")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list((tmp_path / "out").iterdir())
