"""The installed command from a series file to a list of conductivities."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
import xarray

from commands import call_here

SERIES = """
title = "Li, quick"

[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = [0.0, 0.5]

[percolation]
lattice = 16
landscapes = 3

[network]
lattice = 12
landscapes = 3
temperatures = ["303 K", "393 K"]
"""


def call(command: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    words = [command, *(str(argument) for argument in arguments)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def finished(runs: Path) -> int:
    """Outcomes in a store."""
    return sum(not entry.name.startswith(".") for entry in runs.iterdir()) if runs.is_dir() else 0


@pytest.fixture(scope="module")
def done(command, tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    (folder / "li.toml").write_text(SERIES)
    words = ("conductivity", "li.toml", "--output", "series.nc", "--summary", "series.json")
    return folder, call(command, *words, folder=folder)


def test_writes_result_summary_and_figures(done) -> None:
    folder, run = done
    assert run.returncode == 0, run.stderr
    summary = json.loads((folder / "series.json").read_text())
    entries = summary["compositions"]
    assert summary["warnings"]
    assert [entry["x"] for entry in entries] == [0.0, 0.5]
    with xarray.open_dataset(folder / "series.nc", engine="h5netcdf") as data:
        assert data["activation_energy"].attrs["units"] == "eV"
        assert data["conductivity"].attrs["units"] == "S/m"
        for place, entry in enumerate(entries):
            assert entry["y"] == 0.33
            assert entry["activation_energy"] == float(data["activation_energy"][place])
            assert entry["activation_energy_error"] == float(data["activation_energy_error"][place])
            assert entry["conductivity"]["303 K"]["value"] == float(
                data["conductivity"].isel(x=place).sel(temperature=303.0)
            )
            assert entry["conductivity"]["393 K"]["error"] > 0.0
            assert entry["attempt_frequency"] == 4e14
            assert sum(entry["units"].values()) == pytest.approx(1.0)
    for kind in ("activation-energy", "conductivity", "arrhenius"):
        assert (folder / f"series-{kind}.png").stat().st_size > 5_000
    assert "E_a" in run.stdout
    assert "written: series.nc, series.json" in run.stdout
    assert "12/12 landscapes" in run.stderr


def test_is_taken_up_again_with_other_processes(done) -> None:
    folder, _ = done
    before = (folder / "series.json").read_text()
    words = ("conductivity", "li.toml", "-o", "series.nc", "--summary", "again.json", "--processes", 1, "--no-figure")
    again = call_here(*words, folder=folder)
    assert again.returncode == 0, again.stderr
    assert "12 found in the store" in again.stderr
    anew = call_here(*words, "--store", "other.runs", "--quiet", folder=folder)
    assert anew.returncode == 0, anew.stderr
    assert anew.stdout == anew.stderr == ""
    assert (folder / "again.json").read_text() == before


def test_a_killed_run_loses_nothing(command, tmp_path) -> None:
    (tmp_path / "li.toml").write_text(SERIES)
    words = [command, "conductivity", "li.toml", "-o", "series.nc", "--summary", "series.json", "--landscapes", "200"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        limit = time.monotonic() + 120
        while finished(tmp_path / "series.runs") < 5 and time.monotonic() < limit:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    kept = finished(tmp_path / "series.runs")
    assert kept >= 5
    assert not (tmp_path / "series.nc").exists()
    # the shorter series consists of the first landscapes of the longer one
    again = call_here(*words[1:-1], "2", "--processes", 1, folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "8/8 landscapes" in again.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("0.33", "1.1"), "li.toml: glass.alkali_oxide_fraction = 1.1: must be greater than 0 and less than 1"),
        (
            ("0.33", "0.6"),
            "li.toml: glass.alkali_oxide_fraction = 0.6: leaves no room: the ions and their vacancies would need 1.58",
        ),
        (('"303 K"', '"-1 K"'), 'li.toml: network.temperatures[0] = "-1 K": must be greater than 0 K'),
        (("lattice = 16", "lattice = 2"), "li.toml: percolation.lattice = 2: is too small: 4 of its 8 sites"),
        (('"393 K"', '"5 K"'), 'li.toml: network.temperatures[1] = "5 K": gives a conductivity too small'),
        (("[percolation]", '[experiment]\nfile = "t.csv"\nauthors = ["No"]\n[percolation]'), "experiment.authors = "),
        (
            ("[percolation]", '[experiment]\nfile = "t.csv"\nleave_out = ["9"]\n[percolation]'),
            "experiment.leave_out = ",
        ),
        (
            ("borate_fraction", 'measured_units = "u.csv"\nborate_fraction'),
            'li.toml: glass.measured_units = "u.csv": has no measured units at x = 0',
        ),
        (("0.33", "0.15"), "leaves too few accessible sites: large lattices have no path from face to face; 0.186 of"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(tmp_path, change, sentence) -> None:
    (tmp_path / "li.toml").write_text(SERIES.replace(*change))
    (tmp_path / "u.csv").write_text("x,B4,B3,P2,P3\n0.5,42,8,7,43\n")
    (tmp_path / "t.csv").write_text(
        "ID,Li2O,Na2O,K2O,Rb2O,Cs2O,B2O3,P2O5,RO20,RO100,RO150,RO300,Author\n1,33,0,0,0,0,0,67,12.0,9.0,,,Able A.\n"
    )
    run = call_here("conductivity", "li.toml", "--quiet", "--processes", 1, folder=tmp_path)
    assert run.returncode == 2
    assert sentence in run.stderr
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""


def test_file_that_does_not_exist(tmp_path) -> None:
    run = call_here("conductivity", "none.toml", folder=tmp_path)
    assert run.returncode == 2
    assert "none.toml: does not exist" in run.stderr


def test_schema_of_a_series_file(tmp_path) -> None:
    run = call_here("schema", "series", folder=tmp_path)
    assert run.returncode == 0
    assert json.loads(run.stdout)["title"] == "ionscape series file"


def test_a_refusal_comes_without_a_bar(tmp_path) -> None:
    text = SERIES.replace(
        "[percolation]", '[landscape]\nenergy_scale = "fit"\n\n[experiment]\nfile = "t.csv"\n\n[percolation]'
    )
    (tmp_path / "li.toml").write_text(text)
    (tmp_path / "t.csv").write_text(
        "ID,Li2O,Na2O,K2O,Rb2O,Cs2O,B2O3,P2O5,RO20,RO100,RO150,RO300,Author\n1,33,0,0,0,0,0,67,12.0,9.0,,,Able A.\n"
    )
    run = call_here("conductivity", "li.toml", "--processes", 1, folder=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("li.toml: landscape.energy_scale")
    assert run.stderr.count("\n") == 1


def test_a_series_is_described_drawn_and_summed_up_again(done) -> None:
    folder, _ = done
    described = call_here("check", "li.toml", folder=folder)
    assert described.returncode == 0, described.stderr
    assert "glasses: Li, y = 0.33, 2 compositions, x = 0 to 0.5" in described.stdout
    for kind in ("activation-energy", "conductivity", "arrhenius"):
        drawn = call_here("figure", "series.nc", kind, "--output", f"again-{kind}.png", folder=folder)
        assert drawn.returncode == 0, drawn.stderr
        assert (folder / f"again-{kind}.png").stat().st_size > 5_000
    told = call_here("summary", "series.nc", "--summary", "told.json", folder=folder)
    assert told.returncode == 0, told.stderr
    assert "E_a" in told.stdout
    assert (folder / "told.json").read_text() == (folder / "series.json").read_text()
    wrong = call_here("figure", "series.nc", "profiles", "--output", "a.png", folder=folder)
    assert wrong.returncode == 2
    assert "is the result of a series of glasses, of which there is no figure profiles" in wrong.stderr
    for words in (("a.csv",), ("--output", "a.csv")):
        done = call_here("export", "series.nc", *words, folder=folder)
        assert done.returncode == 0, done.stderr
    with (folder / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with xarray.open_dataset(folder / "series.nc", engine="h5netcdf") as data:
        points = [(x, kelvin, data.sel(x=x, temperature=kelvin)) for x in (0.0, 0.5) for kelvin in (303.0, 393.0)]
        for row, (x, kelvin, point) in zip(rows, points, strict=True):
            assert (float(row["x"]), float(row["y"]), float(row["temperature (K)"])) == (x, 0.33, kelvin)
            conductivity = float(point["conductivity"])
            assert float(row["conductivity (S/m)"]) == pytest.approx(conductivity, rel=1e-9, abs=0)
            assert float(row["conductivity lower bound (S/m)"]) <= conductivity * (1.0 + 1e-9)
            assert float(row["activation energy (eV)"]) == pytest.approx(float(point["activation_energy"]), rel=1e-9)
            product = float(row["log10 of conductivity times temperature (S K/m)"])
            assert 10.0**product == pytest.approx(conductivity * kelvin, rel=1e-6, abs=0)
    twice = call_here("export", "series.nc", "a.csv", "--output", "b.csv", folder=folder)
    assert (twice.returncode, "is given twice" in twice.stderr) == (2, True)
