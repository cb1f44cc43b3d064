"""The installed command from a fit file to estimates."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from coarser import copy_coarser_examples
from commands import call_here
from ionscape.inference import forward

pytestmark = pytest.mark.slow


def call(command: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    words = [command, *(str(argument) for argument in arguments)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def finished(parts: Path) -> bool:
    """Whether a store holds an outcome."""
    return parts.is_dir() and any(not entry.name.startswith(".") for entry in parts.iterdir())


@pytest.fixture(scope="module")
def fit_file(tmp_path_factory):
    return copy_coarser_examples(tmp_path_factory.mktemp("coarser") / "examples") / "rb-mono-fit.toml"


@pytest.fixture(scope="module")
def fitted(command, fit_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fitted")
    # in one process, which need not wait for others to start; docs/how-to/fit-a-measurement.md has one for each core
    words = ("fit", fit_file, "--output", "fit.nc", "--summary", "fit.json", "--starts", 1, "--processes", 1)
    return folder, call(command, *words, folder=folder)


def test_fit_writes_result_and_summary(fitted, examples_folder) -> None:
    folder, done = fitted
    assert done.returncode == 0, done.stderr
    summary = json.loads((folder / "fit.json").read_text())
    truth = json.loads((examples_folder / "measurements" / "rb-mono-a-truth.json").read_text())["parameters"]
    electron_volt = 1.602176634e-19
    for path, value in {
        "ions.Li.diffusion.bulk_coefficient": truth["DB"],
        "ions.Li.diffusion.width": truth["G1"] * electron_volt,
        "ions.Li.diffusion.trapped_fraction": truth["S2"],
        "ions.Rb.diffusion.coefficient": truth["DF"],
    }.items():
        entry = summary["parameters"][path]
        assert abs(entry["value"] - value) < 3.0 * entry["error"], path
        assert entry["lower_95"] < entry["value"] < entry["upper_95"]
        assert path in done.stdout
    assert summary["simulations"] <= 50
    assert summary["failed_simulations"] == 0
    assert summary["title"] == "Rb@Li3B7O12, synthetic measurement a"
    assert all(warning.endswith(".") for warning in summary["warnings"])


def test_a_fit_is_taken_up_again(fitted, fit_file, monkeypatch) -> None:
    folder, _ = fitted

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a simulation was run again")

    monkeypatch.setattr(forward, "simulate", refuse)
    words = ("fit", fit_file, "--output", "fit.nc", "--summary", "again.json", "--starts", 1)
    done = call_here(*words, folder=folder)
    assert done.returncode == 0, done.stderr
    first, again = (json.loads((folder / name).read_text()) for name in ("fit.json", "again.json"))
    assert again == first


def test_an_interrupted_fit_keeps_its_finished_starts(command, fit_file, tmp_path) -> None:
    words = [command, "fit", str(fit_file), "--output", "fit.nc", "--starts", "6", "--processes", "1", "--quiet"]
    running = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    parts = tmp_path / "fit.runs"
    deadline = time.monotonic() + 120.0
    while time.monotonic() < deadline and not finished(parts):
        time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=60)
    assert running.returncode in (0, 128 + signal.SIGTERM), errors
    assert running.returncode == 0 or "the same command goes on from there" in errors
    assert "Traceback" not in errors
    assert finished(parts)


@pytest.mark.parametrize(
    ("pattern", "replacement", "sentence"),
    [
        ('"ions.Li.diffusion.width"', '"ions.Li.diffusion.widht"', "nearest path"),
        ('lower = "2e-19 m^2/s"', 'lower = "2e-18 m^2/s"', "less than the upper bound"),
        ("[measurement]", '[datasets]\nRb = "rb.toml"\n[measuremnt]', "is an unknown key in a file with [datasets]"),
    ],
)
def test_bad_fits_get_one_sentence_and_write_nothing(examples_folder, tmp_path, pattern, replacement, sentence) -> None:
    shutil.copytree(examples_folder, tmp_path / "examples")
    file = tmp_path / "examples" / "rb-mono-fit.toml"
    file.write_text(re.sub(re.escape(pattern), replacement, file.read_text(), count=1))
    (tmp_path / "out").mkdir()
    done = call_here("fit", file, "--output", "fit.nc", folder=tmp_path / "out")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list((tmp_path / "out").iterdir())
