"""Jobs that are killed and taken up again: real commands in folders of their own, and a look at all they leave there.

Run as a script it is a server of the workbench without a page: `python killing.py PROJECT KIND OPTIONS`.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from rubidium_project import fill, one_document

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MARK = "IONSCAPE_KILL_TEST"  # in the environment of a job, by which all of its processes are found
TEMPORARY = re.compile(r"\..*\.[0-9a-f]{8}-\d+-\d+(\.[^.]*)?")
OF_TIME_AND_PLACE = {"created", "content_sha256", "wall_time", "stage_wall_time", "file", "raw_files"}
"""What two equal runs differ in: when, how long, in which folder."""
LIMIT = 240.0  # s, for anything that is waited for

BOUNDS = {"lower": "4e-19 m^2/s", "upper": "7e-19 m^2/s", "scale": "log"}


def rubidium_fit(starts: int) -> dict[str, Any]:
    """A fit of one parameter with coarse cells."""
    return {
        "parameters": {"ions.Li.diffusion.bulk_coefficient": BOUNDS}, "cell": "2 nm", "tolerance": 3e-3,
        "starts": starts, "seed": 3, "discrepancy": 0.1, "refit_misfit": False, "fit_depth_scale": False,
    }  # fmt: skip


def small_series(landscapes: int) -> str:
    """Text of a series of three glasses."""
    return tomlkit.dumps({
        "title": "a small series",
        "glass": {"alkali": "Li", "alkali_oxide_fraction": 0.33, "borate_fraction": [0.0, 0.5, 1.0]},
        "percolation": {"lattice": 24, "landscapes": landscapes},
        "network": {"lattice": 14, "landscapes": landscapes, "temperatures": ["303 K", "393 K"]},
        "random": {"seed": 1},
    })  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something that can be started, killed and started again with the same words.

    Attributes:
        name: for people.
        prepare: puts the inputs into a folder.
        words: of the command, in that folder.
        results: files that are there at the end, relative.
        stores: folders of finished tasks, relative.
        only_job: a job of the workbench is killed and its server lives, which is then told to go on; otherwise all
            processes are killed, and the same words are given again.
    """

    name: str
    prepare: Callable[[Path], None]
    words: Sequence[str]
    results: Sequence[str]
    stores: Sequence[str] = ()
    only_job: bool = False
    again: Sequence[str] = ()
    """Words of the command that takes it up; the same ones if empty."""
    signal: int = signal.SIGKILL
    """That ends all of its processes."""


@dataclass(kw_only=True)
class Left:
    """What a killed job left: the files of finished tasks, unfinished files, and what cannot be read."""

    finished: dict[str, tuple[int, int]]
    temporary: list[str]
    faults: list[str] = field(default_factory=list[str])


def fit_job(command: str, *more: str, starts: int = 6) -> Job:
    """A fit of one parameter with coarse cells."""

    def prepare(folder: Path) -> None:
        text = one_document(rubidium_fit(starts), exports=EXAMPLES / "measurements")
        (folder / "rb.toml").write_text(text, encoding="utf-8")

    words = [command, "fit", "rb.toml", "-o", "fit.nc", "--summary", "fit.json", "-q", *more]
    name = "fit, posterior" if "mcmc" in more else "fit, least squares"
    return Job(name=name, prepare=prepare, words=words, stores=["fit.runs"], results=["fit.nc", "fit.json"])


def sweep_job(command: str, *more: str, points: int = 60) -> Job:
    """A sweep of one parameter."""
    values = ",".join(str(5 + 0.5 * number) for number in range(points))
    words = [
        command, "sweep", str(EXAMPLES / "rb-mono-cait.toml"), "--vary", f"stages[0].source_potential={values} V",
        "--tolerance", "1e-3", "-o", "rb.nc", "-q", *more,
    ]  # fmt: skip
    return Job(name="sweep", prepare=lambda _folder: None, words=words, stores=["rb.runs"], results=["rb.nc"])


def series_job(command: str, *more: str, landscapes: int = 40) -> Job:
    """Activation energies and conductivities of three glasses."""

    def prepare(folder: Path) -> None:
        (folder / "li.toml").write_text(small_series(landscapes), encoding="utf-8")

    words = [command, "conductivity", "li.toml", "-o", "li.nc", "--summary", "li.json", "--no-figure", "-q", *more]
    name = "conductivity, Dask" if "--scheduler" in more else "conductivity"
    return Job(name=name, prepare=prepare, words=words, stores=["li.runs"], results=["li.nc", "li.json"])


GLASS_OF_HOPS = """
title = "hops"
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = 0.5
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[hopping]
attempt_frequency = "4e14 Hz"
"""
TABLES_OF_HOPS = {
    "hops": {"name": "kinetic_monte_carlo", "lattice": 5, "relative_error": 0.25, "most_hops": 3e7, "tracer": False},
    "spectrum": {"name": "spectrum", "lattice": 16, "frequencies": {"from": "1 kHz"}},
    "mobility": {"name": "mobility", "lattice": 20, "filling": [0.8, 0.9, 0.95]},
}


def hops_job(command: str, verb: str, *, processes: int, again: int, ends: int, landscapes: int = 40) -> Job:
    """One of the verbs of a hops file, taken up with another number of processes.

    Args:
        command: the program.
        verb: "hops", "spectrum" or "mobility".
        processes: at first.
        again: processes with which it is taken up.
        ends: signal that ends it.
        landscapes: each at two temperatures, together for mobility.
    """

    def prepare(folder: Path) -> None:
        table = {**TABLES_OF_HOPS[verb], "landscapes": landscapes, "temperatures": ["1500 K", "2000 K"]}
        text = GLASS_OF_HOPS + tomlkit.dumps({str(table.pop("name")): table})
        (folder / "li.toml").write_text(text, encoding="utf-8")

    words = [command, verb, "li.toml", "-o", "li.nc", "--summary", "li.json", "--no-figure", "-q", "--processes"]
    name = f"{verb}, {signal.Signals(ends).name}"
    return Job(name=name, prepare=prepare, words=[*words, str(processes)], again=[*words, str(again)], signal=ends,
               stores=["li.runs"], results=["li.nc", "li.json"])  # fmt: skip


def simulate_job(command: str) -> Job:
    """A simulation with all of its files."""
    results = ["rb.nc", "rb.json", "rb.csv", "rb.png"]
    words = [
        command, "simulate", str(EXAMPLES / "rb-mono-cait.toml"), "-o", "rb.nc", "--summary", "rb.json",
        "--csv", "rb.csv", "--tolerance", "1e-6", "-q",
    ]  # fmt: skip
    return Job(name="simulate", prepare=lambda _folder: None, words=words, results=results)


def workbench_job(kind: str, *, only_job: bool, starts: int = 6, landscapes: int = 40, processes: int = 2) -> Job:
    """A job of the workbench; with `only_job` its processes are killed and the server lives."""

    def prepare(folder: Path) -> None:
        from ionscape.workbench.project import open_project

        project = open_project(folder / "project")
        fill(project, one_document(rubidium_fit(starts)))
        project.series.replace(small_series(landscapes))
        project.close()

    options = json.dumps({"processes": processes, **({"method": "mcmc"} if kind == "posterior" else {})})
    kind = "fit" if kind == "posterior" else kind
    words = [sys.executable, str(Path(__file__).resolve()), "project", kind, options]
    return Job(
        name=f"workbench, {kind}, {'job' if only_job else 'server'} killed", prepare=prepare, words=words,
        stores=[f"project/jobs/stores/{kind}"], results=[f"project/results/{kind}.nc"], only_job=only_job,
    )  # fmt: skip


# --- start, kill, go on ----------------------------------------------------------------------------------------------


def begin(job: Job, folder: Path, *, again: bool = False) -> subprocess.Popen[bytes]:
    """Start a job, or take it up again, in a process group of its own."""
    log = (folder / "log.txt").open("ab")
    words = job.again if again and job.again else job.words
    with log:
        return subprocess.Popen(
            list(words), cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, MARK: str(folder)},
        )  # fmt: skip


def processes_of(folder: Path) -> list[int]:
    """All processes of a job, whatever their group."""
    wanted = f"{MARK}={folder}".encode()
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            if state != "Z" and wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def kill(job: Job, process: subprocess.Popen[bytes], folder: Path) -> float | None:
    """Kill and say after how many seconds nothing was left of it; None if it had ended."""
    if process.poll() is not None:
        return None
    if not job.only_job:
        os.killpg(process.pid, job.signal)
        process.wait(LIMIT)
        if process.returncode == 0:
            return None  # it was ending, or a parent that ignores Ctrl-C has taught it to
        return until(lambda: not processes_of(folder))
    leaders: list[int] = []
    while not leaders:  # until the job has a process, which makes a group of its own
        if process.poll() is not None:
            return None
        leaders = [pid for pid in processes_of(folder) if pid != process.pid and _group(pid) == pid]
    others = [pid for pid in processes_of(folder) if pid != leaders[0] and _group(pid) == leaders[0]]
    os.kill(leaders[0], signal.SIGKILL)  # the job alone: the processes that it has started must end by themselves
    return until(lambda: not set(others) & set(processes_of(folder)))


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


def until(condition: Callable[[], bool]) -> float:
    """Wait; how long it took [s]."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < LIMIT, "it took too long"
        time.sleep(0.02)
    return time.monotonic() - began


def go_on(job: Job, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Take a killed job up again and wait for its end."""
    if job.only_job:
        (folder / "go on").touch()
    else:
        process = begin(job, folder, again=True)
    process.wait(LIMIT)
    assert process.returncode == 0, (folder / "log.txt").read_text(encoding="utf-8")


# --- what is on disk -------------------------------------------------------------------------------------------------


def look(job: Job, folder: Path) -> Left:
    """Open every file; those whose names say that they are unfinished are only counted."""
    finished: dict[str, tuple[int, int]] = {}
    for store in job.stores:
        for path in sorted((folder / store).glob("[!.]*")):
            about = path.stat()
            finished[path.name] = about.st_ino, about.st_mtime_ns
    left = Left(finished=finished, temporary=[])
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name in ("log.txt", "go on", ".lock"):
            continue
        if TEMPORARY.fullmatch(path.name):
            left.temporary.append(str(path.relative_to(folder)))
            continue
        try:
            read(path)
        except Exception as error:  # noqa: BLE001 - whatever a reader says
            left.faults.append(f"{path.relative_to(folder)}: {type(error).__name__}: {error}")
    return left


def read(path: Path) -> Any:
    """All of a file, by its extension.

    Raises:
        ValueError: nobody knows what it is.
    """
    if path.suffix == ".nc":
        import xarray

        return xarray.load_dataset(path, engine="h5netcdf")
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    if path.suffix == ".png":
        from matplotlib.image import imread

        return imread(path)
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".json":
        return json.loads(text)
    if path.suffix == ".toml":
        return tomllib.loads(text)
    if path.suffix in (".csv", ".txt"):
        rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
        if path.parent.name != "uploads" and len({len(row) for row in rows}) != 1:
            raise ValueError("has rows of different length")
        return rows
    raise ValueError("is of no known kind")


def differences(job: Job, folder: Path, other: Path) -> list[str]:
    """Names of all that differs between the results of two runs, to the last bit."""
    found: list[str] = []
    for name in job.results:
        one, two = read(folder / name), read(other / name)
        if not hasattr(one, "variables"):
            found += [] if _same(one, two) else [name]
            continue
        keys = {*map(str, one.variables), *map(str, two.variables)} - OF_TIME_AND_PLACE
        found += [
            f"{name}: {key}"
            for key in keys
            if key not in one or key not in two or not _same(one[key].values, two[key].values)
        ]
        keys = {*one.attrs, *two.attrs} - OF_TIME_AND_PLACE
        found += [f"{name}: attribute {key}" for key in keys if not _same(one.attrs.get(key), two.attrs.get(key))]
    return found


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        keys = {*one, *two} - OF_TIME_AND_PLACE
        return all(key in one and key in two and _same(one[key], two[key]) for key in keys)
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        if one.dtype != two.dtype or one.shape != two.shape:
            return False
        return one.tolist() == two.tolist() if one.dtype == object else one.tobytes() == two.tobytes()
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        return False
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(_same(x, y) for x, y in zip(one, two, strict=True))
    return one == two or (one != one and two != two)


def fresh(job: Job, folder: Path) -> Path:
    """The folder, empty but for the inputs of a job."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    job.prepare(folder)
    return folder


# --- a server --------------------------------------------------------------------------------------------------------


def serve(folder: Path, kind: str, options: Mapping[str, Any]) -> None:
    """Open a project, begin a job or take up the one that is there, and end when it has finished.

    When the processes of the job are killed, it is taken up as soon as the file `go on` lies beside the project.
    """
    from ionscape.workbench.endings import DIED
    from ionscape.workbench.jobs import JobRunner
    from ionscape.workbench.project import open_project

    project = open_project(folder)
    runner = JobRunner(project)
    job = runner.take_up(runner.jobs[-1]) if runner.jobs else runner.submit(kind, options)
    while runner.wait(job) and job.state != "finished":
        print(job.state, job.ending.told(), flush=True)
        if job.ending.reason != DIED():
            sys.exit(1)
        until((folder.parent / "go on").is_file)
        runner.take_up(job)
    runner.close()
    project.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]).resolve(), sys.argv[2], json.loads(sys.argv[3]))
