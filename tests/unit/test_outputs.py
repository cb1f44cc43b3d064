"""Files are complete or absent, whatever happens to the process that writes them."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import xarray

from ionscape.datasets import load_checked, write_dataset
from ionscape.errors import InputError
from ionscape.figures.plot import Axis, Curve, Panel, Plot, to_csv
from ionscape.files.table_files import write_table
from ionscape.files.writing import atomic_output, check_output, write_text
from ionscape.inference import FitResult
from ionscape.profiling import DepthProfile
from ionscape.series import SeriesResult
from ionscape.transport import SimulationResult

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

DIES = """
import os, pathlib, signal, sys
from ionscape.files.writing import atomic_output
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
    holder = kind(dataset=dataset, **({"experiment": None} if kind is SimulationResult else {}))
    target = tmp_path / "a.nc"
    holder.to_netcdf(target)
    assert load_checked(target, remedy="").identical(dataset)

    def half(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        holder.to_netcdf(target)
    assert load_checked(target, remedy="").identical(dataset)
    assert hidden(tmp_path) == []


def test_a_dataset_keeps_its_encoding(tmp_path) -> None:
    dataset = xarray.Dataset({"x": ("t", [0.0] * 1000)})
    write_dataset(dataset, tmp_path / "a.nc", encoding={"x": {"zlib": True, "complevel": 1}})
    stored = xarray.load_dataset(tmp_path / "a.nc", engine="h5netcdf")
    assert stored["x"].encoding["zlib"] is True


FULL = """
import resource, sys
import numpy as np, xarray
from ionscape.cli.main import main
from ionscape.datasets import write_dataset
from ionscape.cli import calibrate
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
dataset = xarray.Dataset({"x": ("t", np.random.default_rng(1).random(100_000))})
def write(*_, **__): write_dataset(dataset, "RESULT.nc")
calibrate.check_outputs = write  # the first thing that the command does
main(["calibrate", "a.toml"])
"""


@posix
def test_a_full_disk_is_one_sentence_and_not_the_end_of_the_interpreter(tmp_path) -> None:
    """The HDF5 library ends in a segmentation fault where it cannot close a file: 139 after 200 lines."""
    done = subprocess.run(
        [sys.executable, "-c", FULL], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    sentence = "RESULT.nc: cannot be written (File too large); make room there, or choose another folder.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
    assert list(tmp_path.iterdir()) == []


def everything_that_is_written(folder: Path) -> dict[str, Callable[[], object]]:
    """A writer for each format, by the name of its file."""
    from matplotlib.figure import Figure

    from fit_results import hand_made
    from ionscape.cli.table import write_summary
    from ionscape.experiment import parse_experiment
    from ionscape.figures import movie, save
    from ionscape.report import write_report
    from ionscape.scaleout import Outcome, RunStore
    from synthetic_result import EXPERIMENT, SyntheticResult, synthetic_dataset

    experiment = parse_experiment(EXPERIMENT)
    simulated = SyntheticResult(dataset=synthetic_dataset(experiment), experiment=experiment)
    store = RunStore(folder)
    return {
        "a.nc": lambda: write_dataset(simulated.dataset, folder / "a.nc"),
        "a.csv": lambda: SimulationResult(**vars(simulated)).to_csv(folder / "a.csv"),
        "a.json": lambda: write_summary({"title": "a"}, folder / "a.json"),
        "a.png": lambda: save(Figure(), folder / "a.png"),
        "a.pdf": lambda: save(Figure(), folder / "a.pdf"),
        "a.svg": lambda: save(Figure(), folder / "a.svg"),
        "a.gif": lambda: movie(cast(Any, simulated), folder / "a.gif", frames=2),
        "a.mp4": lambda: movie(cast(Any, simulated), folder / "a.mp4", frames=2),
        "a-data": lambda: write_report(hand_made(), folder / "a.html"),
        "": lambda: store.put(Outcome(key="a", value=1.0)),
    }


def test_a_full_disk_is_one_sentence_for_every_format_and_leaves_nothing_behind(tmp_path, monkeypatch) -> None:
    written = everything_that_is_written(tmp_path)

    def half(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", half)
    for name, write in written.items():
        with pytest.raises(InputError, match=r"cannot be written \(No space left on device\)") as caught:
            write()
        assert str(caught.value).startswith(str(tmp_path / name))
    assert [path.name for path in tmp_path.rglob("*")] == ["a-data"]  # the folder, empty


def test_a_film_that_the_encoder_cannot_write_is_refused(tmp_path, monkeypatch) -> None:
    from ionscape.figures import movie as module

    def cut(path: Path, *_: object) -> None:
        path.write_bytes(b"\x00\x00\x00\x10ftypisom0000\x00\x00\x10\x00moov")

    monkeypatch.setattr(sys.modules[module.__module__], "_encode", cut)
    with pytest.raises(InputError, match="takes no film"):
        module(cast(Any, None), tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_names_that_no_encoding_knows_are_written_as_escapes(tmp_path) -> None:
    write_text(tmp_path / "a.json", json.dumps({"file": "\udcff σ"}, ensure_ascii=False))
    assert json.loads((tmp_path / "a.json").read_bytes().decode("utf-8")) == {"file": "\udcff σ"}


@pytest.mark.parametrize("name", ["a" * 300 + ".nc", "測" * 90 + ".nc", "a\0b.nc"])
def test_a_name_that_no_file_can_have_is_refused_before_the_work(tmp_path, name):
    with pytest.raises(InputError, match="is no name for a file"):
        check_output(tmp_path / name, extensions=(".nc",))


@posix
@pytest.mark.parametrize("name", ["a" * 251 + ".csv", "測" * 83 + ".csv", "\U0001f600" * 62 + ".csv", "a." + "b" * 200])
def test_every_name_that_a_file_can_have_can_be_written(tmp_path, name):
    """Temporary names are not longer than the file system allows, 255 bytes."""
    write_text(tmp_path / name, "x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


FORMULAS = (
    '=HYPERLINK("http://evil.example")',
    "=1+1",
    "+1+1",
    "@SUM(1)",
    "-2+3",
    " =1",
    "\t=1",
    "\r=1",
    "\uff1d1",
    "Rb;=1+1",
)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("writer", ["simulation", "profile", "report", "workbench"])
def test_no_cell_of_a_csv_file_is_a_formula(tmp_path, name, writer):
    """Names come from files of others, and a spreadsheet would run them; some divide lines at semicolons."""
    path = tmp_path / "table.csv"
    if writer == "simulation":
        values = {"density": (("time", "ion", "depth"), [[[1.0]]]), "potential": (("time", "depth"), [[-0.5]]),
                  "stage": ("time", [0])}  # fmt: skip
        dataset = xarray.Dataset(values, {"time": [0.0], "depth": [1e-9], "ion": [name]})
        SimulationResult(dataset=dataset, experiment=cast(Any, None)).to_csv(path)
    elif writer == "profile":
        endings = ("", "_lower_95", "_upper_95", "_systematic_lower", "_systematic_upper")
        both = {f"density{ending}": (("depth", "ion"), [[-0.5]]) for ending in endings}
        dataset = xarray.Dataset({**both, "intensity": (("depth", "ion"), [[1.0]])}, {"depth": [1e-9], "ion": [name]},
                                 attrs={"density_method": "charge-balance"})  # fmt: skip
        DepthProfile(dataset=dataset).to_csv(path)
    elif writer == "report":
        write_table([(name, [name, "-0.5", -0.5])], path)
    else:
        axis = Axis(label=name)
        curve = Curve(name=name, x=np.array([1.0]), y=np.array([-0.5]))
        plot = Plot(name="p", panels=(Panel(horizontal=axis, vertical=axis, curves=(curve,)),))
        path.write_text(to_csv(plot), encoding="utf-8", newline="")
    for delimiter in ",;\t":
        with path.open(encoding="utf-8", newline="") as lines:
            cells = [cell for row in csv.reader(lines, delimiter=delimiter) for cell in row]
        found = [cell for cell in cells if re.match(r"\s*[=+\-@\uff1d]|[\t\r]", cell)]
        assert {float(cell) for cell in found if delimiter == ","} <= {-0.5}  # numbers stay numbers
        assert not [cell for cell in found if not cell.startswith("-0.5")]
    assert name.strip() in path.read_text(encoding="utf-8").replace('""', '"').replace("'", "")
