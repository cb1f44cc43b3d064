"""Compiles every kernel that the tests use, once and in two processes, before the first test needs one.

A kernel is compiled anew for every number of ions, and once more where derivatives are carried along. Left to the
tests, that happens in several processes at the same time, under the tracer of the coverage.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

PROCESSES = 2
SHORT = 60.0  # s
IONS = ("Li", "Na", "K", "Rb")
SERIES = """
title = "the smallest"
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = [0.5]
[percolation]
lattice = 16
landscapes = 1
[network]
lattice = 12
landscapes = 1
temperatures = ["303 K"]
"""


def simulated(ions: int, parameters: int = 0) -> None:
    """A short irradiation of so many ions, with derivatives by so many parameters."""
    from experiments import constant, experiment, irradiation
    from ionscape.transport import simulate
    from ionscape.transport.variation import Variation

    names = IONS[:ions]
    described = experiment(
        ions={name: constant(1e-19) for name in names},
        native={"Li": 1.4e28},
        stages=[irradiation(names[-1], 1.0, SHORT)],
        grid={"cell": 2e-9, "zone": 20e-9, "surface_cell": 2e-9, "growth": 2.0},
    )
    lower, upper = (described.replace({"stages[0].temperature": 323.15 + sign}) for sign in (-0.1, 0.1))
    variations = [
        Variation(name=f"temperature {number}", lower=lower, upper=upper, spacing=0.2) for number in range(parameters)
    ]
    simulate(described, variations=variations)


def hopped() -> None:
    """Activation energy and conductivity of one small landscape."""
    from ionscape.series import parse_series, run_series

    run_series(parse_series(SERIES), scheduler="serial")


# the longest ones first
TASKS: tuple[Callable[[], None], ...] = (
    hopped,
    partial(simulated, 3, 1),
    partial(simulated, 2, 1),
    partial(simulated, 4),
    partial(simulated, 1),
    partial(simulated, 3),
    partial(simulated, 2),
)


def _timed(number: int) -> float:
    began = time.perf_counter()
    TASKS[number]()
    return time.perf_counter() - began


def compile_all() -> list[float]:
    """Compile what the cache does not hold; how long each task took [s]."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        return list(pool.map(_timed, range(len(TASKS))))


if __name__ == "__main__":
    print(os.environ.get("NUMBA_CACHE_DIR"), [round(seconds, 1) for seconds in compile_all()])
