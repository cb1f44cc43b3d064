"""Files are complete or absent, whatever happens to the process that writes them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import xarray

from ionscape.datasets import load_checked, write_dataset
from ionscape.errors import InputError
from ionscape.inference import FitResult
from ionscape.outputs import atomic_output, write_text
from ionscape.series import SeriesResult
from ionscape.sims import DepthProfile
from ionscape.transport import SimulationResult

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

DIES = """
import os, pathlib, signal, sys
from ionscape.outputs import atomic_output
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "replace": pathlib.Path.replace = die
if sys.argv[2] == "fsync": os.fsync = die
with atomic_output(sys.argv[1], durable=True) as temporary:
    temporary.write_text("new, and whole" if sys.argv[2] != "write" else "ne")
    if sys.argv[2] == "write": die()
"""


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@posix
@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_a_writer_that_is_killed_leaves_the_earlier_file_and_the_next_one_tidies_up(tmp_path, moment) -> None:
    target = tmp_path / "a.nc"
    target.write_text("earlier")
    done = subprocess.run([sys.executable, "-c", DIES, str(target), moment], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "earlier"
    (left,) = hidden(tmp_path)
    with atomic_output(tmp_path / "b.json") as temporary:
        temporary.write_text("{}")
    assert hidden(tmp_path) == [], left
    assert target.read_text() == "earlier"


@posix
def test_only_what_dead_processes_of_this_machine_left_is_removed(tmp_path) -> None:
    """Names of others are made from one of our own, with another process or another machine in its place."""
    (tmp_path / "other").mkdir()
    with atomic_output(tmp_path / "other" / "a.nc") as temporary:
        temporary.touch()
        own = temporary.name
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stem, place, process, thread = re.fullmatch(r"\.(a)\.([0-9a-f]{8})-(\d+)-(\d+)\.nc", own).groups()
    assert process == str(os.getpid())
    other = "00000000" if place != "00000000" else "11111111"
    kept = {
        f".{stem}.{place}-{os.getppid()}-{thread}.nc",
        f".{stem}.{other}-{gone.pid}-{thread}.nc",
        ".hidden.nc",
        f"{stem}.{place}-{gone.pid}-{thread}.nc",
    }
    for name in (*kept, f".{stem}.{place}-{gone.pid}-{thread}.nc", f".x.y.{place}-{gone.pid}-1"):
        (tmp_path / name).touch()
    with atomic_output(tmp_path / "a.nc") as temporary:
        temporary.touch()
    assert {path.name for path in tmp_path.iterdir()} == kept | {"a.nc", "other"}


def test_the_content_is_on_the_disk_before_the_name(tmp_path, monkeypatch) -> None:
    target = tmp_path / "a.nc"
    target.write_text("earlier")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"a\.nc: cannot be written \(No space left on device\)"):
        write_text(target, "new", durable=True)
    assert target.read_text() == "earlier"
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("kind", [SimulationResult, FitResult, DepthProfile, SeriesResult])
def test_results_are_written_whole_from_a_script_too(tmp_path, monkeypatch, kind) -> None:
    dataset = xarray.Dataset({"x": ("t", [1.0, 2.0])}, attrs={"format": "test"})
    holder = SimpleNamespace(dataset=dataset)
    target = tmp_path / "a.nc"
    kind.to_netcdf(holder, target)
    assert load_checked(target, remedy="").identical(dataset)

    def half(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        kind.to_netcdf(holder, target)
    assert load_checked(target, remedy="").identical(dataset)
    assert hidden(tmp_path) == []


def test_a_dataset_keeps_its_encoding(tmp_path) -> None:
    dataset = xarray.Dataset({"x": ("t", [0.0] * 1000)})
    write_dataset(dataset, tmp_path / "a.nc", encoding={"x": {"zlib": True, "complevel": 1}})
    stored = xarray.load_dataset(tmp_path / "a.nc", engine="h5netcdf")
    assert stored["x"].encoding["zlib"] is True
