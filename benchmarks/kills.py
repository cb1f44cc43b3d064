"""Jobs killed at random moments and taken up again: is anything lost, half-written, calculated twice, or different?

    python benchmarks/kills.py                  ten kills of every kind
    python benchmarks/kills.py --kills 3        fewer
    python benchmarks/kills.py --only sweep     kinds whose name contains a word

Each kind of job is run once without disturbance, which gives its duration and its numbers. Then it is begun anew in an
empty folder, killed (SIGKILL to all of its processes, or to those of a workbench's job alone; SIGINT, as by Ctrl-C,
where a row says so) at a seeded random moment of its duration, and given again with the same words; those that follow
the hops of glasses with another number of processes. After the kill every file is opened; after the end the files of
tasks that were finished before must still be the same files, and all numbers are compared to the last bit. A job that
has ended before its moment, since the machine was less busy, is begun again with an earlier one. The last rows kill
while a result is being written: as soon as its temporary file appears, or up to 30 ms later.

Three small jobs come first, in which the kernels are compiled if the cache (NUMBA_CACHE_DIR) does not have them.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from killing import (
    Job,
    begin,
    differences,
    fit_job,
    fresh,
    go_on,
    hops_job,
    kill,
    look,
    series_job,
    simulate_job,
    sweep_job,
    until,
    workbench_job,
)

SEED = 20261121
AT_ONCE = 3  # kills of one kind beside each other, each in its own folder
MOST_TRIES = 8
LATEST_IN_WRITING = 0.03  # s


@dataclass(kw_only=True)
class Row:
    """What the kills of one kind showed."""

    name: str
    seconds: float
    tasks: int
    kept: list[int] = field(default_factory=list[int])
    repeated: int = 0
    faults: list[str] = field(default_factory=list[str])
    temporary: int = 0
    remaining: int = 0
    orphans: float = 0.0
    different: list[str] = field(default_factory=list[str])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    # of a shell in the background children would inherit that it is ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = shutil.which("ionscape", path=str(Path(sys.executable).parent)) or "ionscape"
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="kills-") as folder, cluster(arguments.only) as address:
        jobs = [
            fit_job(command, "--processes", "1"),
            fit_job(command, "--processes", "1", "--method", "mcmc"),
            sweep_job(command, "--processes", "2"),
            series_job(command, "--processes", "2"),
            *([series_job(command, "--scheduler", address)] if address else []),
            workbench_job("fit", only_job=False, processes=1),
            workbench_job("series", only_job=True),
            simulate_job(command),
            *(
                hops_job(command, verb, processes=2, again=again, ends=ends)
                for verb in ("hops", "spectrum", "mobility")
                for ends, again in ((signal.SIGKILL, 1), (signal.SIGINT, 3))
            ),
        ]
        for job in (
            fit_job(command, "--processes", "1", starts=1),
            series_job(command, "--processes", "1", landscapes=4),
            hops_job(command, "hops", processes=1, again=1, ends=signal.SIGKILL, landscapes=2),
        ):
            reference(job, Path(folder) / "warm")
        began = time.monotonic()
        for number, job in enumerate(jobs):
            writing = replace(job, name=f"{job.name}, while writing")
            wanted = job.name in ("sweep", "simulate")
            if arguments.only not in writing.name:
                continue
            rng = np.random.default_rng([arguments.seed, number])
            place = Path(folder) / str(number)
            row = reference(job, place)
            if arguments.only in job.name:
                rows.append(killed(job, place, row, moments(row.seconds, arguments.kills, rng)))
            if wanted:
                bare = Row(name=writing.name, seconds=row.seconds, tasks=row.tasks)
                delays = [
                    waiting_for_a_file(job.results[0], x) for x in rng.uniform(0, LATEST_IN_WRITING, arguments.kills)
                ]
                rows.append(killed(writing, place, bare, delays, finished=True))
            shutil.rmtree(place)
            for done in rows[-1 - wanted :]:
                print(shown(done), *(f"FAULT {text}" for text in [*done.faults, *done.different]), sep="\n", flush=True)
        print(f"{time.monotonic() - began:.0f} s in all")
    sys.exit(any(row.faults or row.different or row.repeated or row.remaining for row in rows))


@contextmanager
def cluster(only: str) -> Generator[str]:
    """Address of a Dask cluster of two processes; empty if it is not installed or not wanted."""
    try:
        from distributed import LocalCluster
    except ImportError:
        yield ""
        return
    if only not in "conductivity, Dask, while writing":
        yield ""
        return
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as made:
        yield str(made.scheduler_address)


def reference(job: Job, place: Path) -> Row:
    """One run without disturbance."""
    folder = fresh(job, place / "reference")
    began = time.monotonic()
    process = begin(job, folder)
    process.wait()
    seconds = time.monotonic() - began
    left = look(job, folder)
    if process.returncode or left.faults or left.temporary:
        raise SystemExit(f"{job.name}: {left.faults} {left.temporary} {(folder / 'log.txt').read_text()}")
    return Row(name=job.name, seconds=seconds, tasks=len(left.finished))


Moment = Callable[[Path, int], None]
"""Waits in the folder of a job until it is to be killed; gets the number of the try."""


def moments(seconds: float, count: int, rng: np.random.Generator) -> list[Moment]:
    """One in each of as many equal parts of the run."""

    def wait_until(moment: float) -> Moment:
        return lambda _folder, tries: time.sleep(moment * 0.6**tries)

    return [wait_until((number + rng.random()) / count * seconds) for number in range(count)]


def waiting_for_a_file(name: str, delay: float) -> Moment:
    """Until the temporary file of a result is there, and a little longer."""

    def wait(folder: Path, tries: int) -> None:
        stem, suffix = Path(name).stem, Path(name).suffix
        until(lambda: any(folder.glob(f".{stem}.*{suffix}")) or (folder / name).exists())
        time.sleep(delay * 0.5**tries)

    return wait


def killed(job: Job, place: Path, row: Row, waits: list[Moment], *, finished: bool = False) -> Row:
    """Kill at each of some moments."""

    def one(number: int) -> None:
        folder = place / f"{job.name} {number}".replace(",", "").replace(" ", "-")
        for tries in range(MOST_TRIES):
            fresh(job, folder)
            if finished:
                for store in job.stores:
                    shutil.copytree(place / "reference" / store, folder / store)
            process = begin(job, folder)
            waits[number](folder, tries)
            orphans = kill(job, process, folder)
            if orphans is not None:
                break
            (folder / "go on").touch()  # for a job that was not killed
            process.wait()
        else:
            row.faults.append(f"kill {number} never came in time")
            return
        left = look(job, folder)
        go_on(job, process, folder)
        after = look(job, folder)
        row.kept.append(len(left.finished))
        row.orphans = max(row.orphans, orphans)
        row.temporary += len(left.temporary)
        row.remaining += len(after.temporary)
        row.repeated += sum(after.finished.get(name) != about for name, about in left.finished.items())
        row.faults += [f"kill {number}: {fault}" for fault in [*left.faults, *after.faults]]
        if len(after.finished) != row.tasks:
            row.faults.append(f"kill {number}: {len(after.finished)} instead of {row.tasks} tasks")
        row.different += [f"kill {number}: {name}" for name in differences(job, folder, place / "reference")]
        shutil.rmtree(folder)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(len(waits))))
    return row


def shown(row: Row) -> str:
    """A row of the table."""
    kept = f"{min(row.kept)} to {max(row.kept)} of {row.tasks}" if row.tasks and row.kept else "-"
    different = "none" if not row.different else len(row.different)
    cells = (
        row.name, len(row.kept), f"{row.seconds:.1f} s", kept, row.repeated, len(row.faults),
        f"{row.temporary}, {row.remaining}", f"{row.orphans:.2f} s", different,
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main()
