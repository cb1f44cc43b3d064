"""The commands on measurements and calibrated profiles, called within the process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ionscape.cli.main import main
from ionscape.files.quantities import with_error

Run = Callable[..., int]


@pytest.fixture(scope="module")
def folder(examples_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example with a profile beside it, whose title looks like markup."""
    target = tmp_path_factory.mktemp("measured") / "examples"
    shutil.copytree(examples_folder, target, ignore=shutil.ignore_patterns("*.py"))
    path = target / "rb-mono-fit.toml"
    text = path.read_text(encoding="utf-8").replace('title = "', 'title = "run [/a] [bold]x ', 1)
    path.write_text(text.replace('depth_resolution = "2 nm"', "resamples = 100"), encoding="utf-8")
    return target


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    return int(caught.value.code or 0)


@pytest.fixture(scope="module")
def profile(folder: Path) -> Path:
    path = folder / "p.nc"
    assert run("calibrate", folder / "rb-mono-fit.toml", "--output", path, "--quiet") == 0
    return path


def test_a_title_is_no_markup(folder: Path, profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("summary", profile) == 0
    assert "run [/a] [bold]x Rb@Li3B7O12" in capsys.readouterr().out
    assert (folder / "p-counts.png").is_file()


def test_summary_export_and_figures_of_a_profile(profile: Path, tmp_path: Path) -> None:
    assert run("summary", profile, "--summary", tmp_path / "s.json", "--quiet") == 0
    assert json.loads((tmp_path / "s.json").read_text())["pulses_per_point"] == 16384
    assert run("export", profile, tmp_path / "p.csv") == 0
    assert (tmp_path / "p.csv").read_text().startswith("depth (m),sputter time (s),Li (1/m^3)")
    for kind in ("counts", "densities"):
        assert run("figure", profile, kind, "--output", tmp_path / f"{kind}.png") == 0
        assert (tmp_path / f"{kind}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("calibrate", "measurements/rb-mono-a.txt"), "is an export (surfacelab), which says nothing of the sample"),
        (("calibrate", "rb-mono-cait.toml"), "is an experiment file, not a measurement file"),
        (("calibrate", "rb-mono-fit.toml", "--method", "foo"), "Invalid value for '--method'"),
        (("simulate", "rb-mono-fit.toml"), "is a measurement file, not an experiment file; use `ionscape calibrate`"),
        (("check", "rb-mono-fit.toml"), "is a measurement file, not an experiment file; use `ionscape calibrate`"),
        (("inspect", "rb-mono-fit.toml"), "is a TOML file, not an export"),
        (("inspect", "measurements/rb-mono-a-crater-1.csv"), "is a scan across the crater"),
        (
            ("inspect", "measurements/rb-mono-a.txt", "--pulses", "1000"),
            "--pulses = 1000: is too small for the 10250.7",
        ),
        (("figure", "p.nc", "current", "--output", "x.png"), "is a calibrated profile, of which there is no figure"),
    ],
)
def test_refusals(
    folder: Path, profile: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...], sentence: str,
) -> None:  # fmt: skip
    assert profile.is_file()
    monkeypatch.chdir(folder)
    assert run(*arguments) == 2
    assert sentence in capsys.readouterr().err


def test_inspect_overwrites_unless_told_not_to(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    export, target = folder / "measurements" / "rb-mono-a.txt", tmp_path / "i.json"
    target.write_text("{}")
    assert run("inspect", export, "--summary", target, "--no-overwrite") == 2
    assert run("inspect", export, "--summary", target) == 0
    assert json.loads(target.read_text())["pulses_per_point"] == 16384
    told = capsys.readouterr().out
    assert "of the 1584 telling counts agree, obeyed exactly by 4 of 4 ion channels" in told


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (164.5271, 1.0, ("164.5", "1.0")),
        (160.28, 0.94, ("160.28", "0.94")),
        (0.22491, 0.00132, ("0.2249", "0.0013")),
        (3.8825e24, 5.3e21, ("3.8825e+24", "0.0053e+24")),
        (-5.868e20, 8.5e18, ("-5.868e+20", "0.085e+20")),
        (12.0, 123.0, ("0.1e+02", "1.2e+02")),
        (1.0, 0.0, ("1", "-")),
        (float("nan"), 1.0, ("-", "-")),
    ],
)
def test_a_value_and_its_error_end_at_the_same_place(value: float, error: float, shown: tuple[str, str]) -> None:
    assert with_error(value, error) == shown
