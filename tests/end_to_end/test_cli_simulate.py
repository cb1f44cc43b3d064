"""The installed command from an experiment file to files that other programs read."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from commands import call_here
from ionscape import figures

pytestmark = pytest.mark.slow


def call(command: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in `folder` and return what it printed."""
    words = [command, *(str(argument) for argument in arguments)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=600)


@pytest.fixture(scope="module")
def finished(
    command: str, mono_cait_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The main job, run once: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("mono")
    done = call(command, "simulate", mono_cait_file, "--output", "rb.nc", "--summary", "rb.json", folder=folder)
    return folder, done


def test_the_main_job(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = finished
    assert done.returncode == 0, done.stderr
    assert {path.name for path in folder.iterdir()} == {"rb.nc", "rb.png", "rb.json"}
    assert "front depth / nm" in done.stdout
    assert "simulated" in done.stderr
    assert (folder / "rb.png").read_bytes().startswith(b"\x89PNG")


def test_summary_meets_the_independent_calculation(finished: tuple[Path, object]) -> None:
    summary = json.loads((finished[0] / "rb.json").read_text(encoding="utf-8"))
    assert (summary["title"], summary["warnings"]) == ("Rb@Li3B7O12", [])
    (stage,) = summary["stages"]
    assert stage["collected_charge"] == pytest.approx(2.819e-3, rel=0.01)
    assert stage["initial_current"] == pytest.approx(8.52e-9, rel=0.01)
    assert stage["final_current"] == pytest.approx(8.08e-9, rel=0.01)
    assert stage["front_depth"] == pytest.approx(51.1e-9, rel=0.01)


def test_result_is_read_without_the_package(finished: tuple[Path, object]) -> None:
    program = (
        "import h5py, sys\nwith h5py.File(sys.argv[1]) as file:\n"
        "    print(file['density'].shape == (len(file['time']), len(file['depth']), len(file['ion'])))\n"
        "    print('[sample]' in file.attrs['experiment'])\n"
    )
    path = finished[0] / "rb.nc"
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


@pytest.mark.parametrize(
    ("kind", "name"), [("overview", "o.svg"), ("profiles", "p.pdf"), ("populations", "l.png"), ("movie", "m.gif")]
)
def test_figures_of_the_stored_result(
    finished: tuple[Path, object], kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "movie", partial(figures.movie, frames=2))  # the next but one has all
    done = call_here("figure", "rb.nc", kind, "--output", name, folder=finished[0])
    assert done.returncode == 0, done.stderr
    (finished[0] / name).unlink()


def test_export_and_summary_of_the_stored_result(finished: tuple[Path, object]) -> None:
    folder = finished[0]
    done = call_here("export", "rb.nc", "rb.csv", folder=folder)
    assert done.returncode == 0, done.stderr
    with (folder / "rb.csv").open(encoding="utf-8") as table:
        assert "depth" in table.readline()
    (folder / "rb.csv").unlink()
    assert "1: irradiation" in call_here("summary", "rb.nc", folder=folder).stdout


def test_double_exchange_with_film(double_cait_file: Path, tmp_path: Path) -> None:
    import imageio_ffmpeg

    done = call_here("simulate", double_cait_file, "-o", "double.nc", "--movie", "double.mp4", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"double.nc", "double.png", "double.mp4"}
    assert imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "double.mp4"))[0] > 100
    assert "3: irradiation" in done.stdout


def test_a_bad_file_costs_nothing(mono_cait_file: Path, tmp_path: Path) -> None:
    text = mono_cait_file.read_text(encoding="utf-8").replace('"2.325 mm"', '"-2 mm"')
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    done = call_here("simulate", "bad.toml", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "sample.thickness" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"bad.toml"}


@pytest.mark.skipif(os.name == "nt", reason="signals of another kind")
def test_an_interruption_saves_what_there_is(command: str, double_cait_file: Path, tmp_path: Path) -> None:
    # A tolerance that keeps it busy for long after the progress bar has appeared.
    words = [command, "simulate", str(double_cait_file), "--output", "double.nc", "--tolerance", "1e-10"]
    errors = tmp_path.with_name("errors.txt")
    environment = {**os.environ, "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1", "COLUMNS": "120"}
    with errors.open("w") as sink:
        running = subprocess.Popen(words, cwd=tmp_path, stdout=sink, stderr=sink, env=environment)
        try:
            deadline = time.monotonic() + 300
            while not re.search(r"\b[1-9]\d* steps", errors.read_text(encoding="utf-8")):
                assert running.poll() is None, "it ended before it could be interrupted"
                assert time.monotonic() < deadline
                time.sleep(0.2)
            running.send_signal(signal.SIGTERM)  # what a cluster sends; Ctrl-C goes the same way (unit/test_cli.py)
            status = running.wait(timeout=60)
        finally:
            running.kill()
            running.wait()
    assert status == 128 + signal.SIGTERM
    assert [path.name for path in tmp_path.iterdir()] == ["double.partial.nc"]
    printed = errors.read_text(encoding="utf-8")
    assert "double.partial.nc" in printed
    assert "Traceback" not in printed
    done = call_here("figure", "double.partial.nc", "overview", "--output", "partial.png", folder=tmp_path)
    assert done.returncode == 0, done.stderr
