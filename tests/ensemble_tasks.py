"""Functions of tasks, in a module that other processes can import, and a job that can be killed."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ionscape.errors import ConvergenceError
from ionscape.scaleout import Outcome, RunStore, make_executor, run

SEED = 20260


def run_traces(count: int, folder: Path, seconds: float = 0.0, **options: Any) -> list[Outcome]:
    """Run `leave_trace` for numbers from 0 on."""
    inputs = [(number,) for number in range(count)]
    return run(leave_trace, inputs, identity=str(SEED), shared=(str(folder), seconds), **options)


def drawn(number: int) -> np.ndarray:
    return np.random.default_rng([SEED, number]).normal(size=5)


def leave_trace(folder: str, seconds: float, number: int) -> dict[str, Any]:
    """Leave one file per start, take some time, and draw random numbers."""
    handle = Path(folder) / f"{number}-{os.getpid()}-{time.monotonic_ns()}"
    handle.touch()
    time.sleep(seconds)
    return {"number": number, "pid": os.getpid(), "drawn": drawn(number)}


def tell_on_the_way(seconds: float, number: int, report: Callable[[Any], None]) -> int:
    """Tell three times how far it is."""
    for step in range(3):
        report({"step": step, "value": 0.5 * number})
        time.sleep(seconds)
    return os.getpid()


def starts(folder: Path, number: int) -> int:
    return len(list(folder.glob(f"{number}-*")))


def fail_at_two(number: int) -> float:
    if number == 2:
        raise ConvergenceError("the equations cannot be solved", time=1.0, stage=0, partial=object())
    if number == 3:
        raise ZeroDivisionError("unexpected")
    return number**2


def end_process(folder: str, number: int) -> int:
    """The first process that gets number 2 dies as one does that the system kills."""
    flag = Path(folder) / "died"
    if number == 2 and not flag.exists():
        flag.touch()
        os._exit(9)
    return number


def hold_the_interpreter(folder: str, number: int) -> None:
    """Half a minute in a function that lets no other thread of the process run, as compiled kernels do."""
    del number
    (Path(folder) / str(os.getpid())).touch()
    ctypes.PyDLL(None).sleep(30)


def environment(names: tuple[str, ...]) -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in names}


def version_of_process() -> str:
    return f"1.{os.getpid()}"


def run_job(store: Path, traces: Path, processes: int) -> None:
    with make_executor(processes=processes) as executor:
        run_traces(12, traces, 0.3, executor=executor, store=RunStore(store))


if __name__ == "__main__":
    run_job(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
