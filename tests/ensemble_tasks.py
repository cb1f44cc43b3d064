"""Functions of tasks, in a module that other processes can import, and a job that can be killed."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ionscape.errors import ConvergenceError
from ionscape.scaleout import RunStore, Task, make_executor

SEED = 20260


def tasks_of(count: int, folder: Path, seconds: float = 0.0) -> list[Task]:
    return [Task(key=f"task {i}", arguments=(i, str(folder), seconds)) for i in range(count)]


def leave_trace(number: int, folder: str, seconds: float, rng: np.random.Generator | None = None) -> dict[str, Any]:
    """Leave one file per start, take some time, and draw random numbers."""
    handle = Path(folder) / f"{number}-{os.getpid()}-{time.monotonic_ns()}"
    handle.touch()
    time.sleep(seconds)
    drawn = None if rng is None else rng.normal(size=5)
    return {"number": number, "pid": os.getpid(), "drawn": drawn}


def starts(folder: Path, number: int) -> int:
    return len(list(folder.glob(f"{number}-*")))


def fail_at_two(number: int) -> float:
    if number == 2:
        raise ConvergenceError("the equations cannot be solved", time=1.0, stage=0, partial=object())
    if number == 3:
        raise ZeroDivisionError("unexpected")
    return number**2


def end_process(number: int, folder: str) -> int:
    """The first process that gets number 2 dies as one does that the system kills."""
    flag = Path(folder) / "died"
    if number == 2 and not flag.exists():
        flag.touch()
        os._exit(9)
    return number


def hold_the_interpreter(folder: str) -> None:
    """Half a minute in a function that lets no other thread of the process run, as compiled kernels do."""
    (Path(folder) / str(os.getpid())).touch()
    ctypes.PyDLL(None).sleep(30)


def environment(names: tuple[str, ...]) -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in names}


def version_of_process() -> str:
    return f"1.{os.getpid()}"


def run_job(store: Path, traces: Path, processes: int) -> None:
    with make_executor(processes=processes) as executor:
        executor.map(leave_trace, tasks_of(12, traces, 0.3), store=RunStore(store), seed=SEED)


if __name__ == "__main__":
    run_job(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
