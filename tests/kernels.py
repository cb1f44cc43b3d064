"""Compiles every kernel that the tests use, once and in two processes, before the first test needs one.

A kernel is compiled anew for every number of ions, and once more each where derivatives are carried along, where
populations are followed and where entropy is asked for. Left to the tests, that happens in several processes at the
same time, each of which compiles all that it calls.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionscape.experiment import Experiment

PROCESSES = 2
SHORT = 60.0  # s
IONS = ("Li", "Na", "K")
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
    """A short irradiation of so many ions, with derivatives by so many parameters, and the entropy that is produced."""
    from ionscape.transport import entropy_production, simulate
    from ionscape.transport.variation import Variation

    described = irradiated(IONS[:ions])
    lower, upper = (described.replace({"stages[0].temperature": 323.15 + sign}) for sign in (-0.1, 0.1))
    variations = [
        Variation(name=f"temperature {number}", lower=lower, upper=upper, spacing=0.2) for number in range(parameters)
    ]
    result = simulate(described, variations=variations)
    entropy_production(result)


def populated(ions: int) -> None:
    """The same of ions whose populations are followed."""
    from ionscape.transport import simulate

    on_sites = {
        "model": "populations", "sites": "glass", "bulk_coefficient": 1e-19, "reference_temperature": 323.15,
        "activation_energy": "0.65 eV", "release_rate": 1e-3,
    }  # fmt: skip
    simulate(irradiated(IONS[:ions]).replace({
        "sites": {"glass": {"holds": ["Li"], "width": "0.16 eV", "excess_sites": 0.1}},
        **{f"ions.{name}.diffusion": on_sites for name in IONS[:ions]},
    }))  # fmt: skip


def irradiated(names: Sequence[str]) -> Experiment:
    """Some seconds of an irradiation with the last of these ions, in few cells."""
    from experiments import constant, experiment, irradiation

    return experiment(
        ions={name: constant(1e-19) for name in names},
        native={"Li": 1.4e28},
        stages=[irradiation(names[-1], 1.0, SHORT)],
        grid={"cell": 2e-9, "zone": 20e-9, "surface_cell": 2e-9, "growth": 2.0},
    )


def hopped() -> None:
    """Activation energy and conductivity of one small landscape, and hops in it."""
    import ionscape as isc
    from ionscape.series import parse_series, run_series

    run_series(parse_series(SERIES), scheduler="serial")
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=6, rng=5)
    isc.kinetic_monte_carlo(landscape, temperature=1000.0, rng=1, relative_error=0.1, most_hops=4e5)
    isc.hops_of_two_ions(
        landscape, temperature=1500.0, second_ion=isc.MobileIon(), native_share=0.5, rng=1, relative_error=0.29
    )


def in_turn(*parts: Callable[[], None]) -> None:
    """One after the other: what they have in common is compiled once."""
    for part in parts:
        part()


# the longest ones first
TASKS: tuple[Callable[[], None], ...] = (
    partial(in_turn, *(partial(simulated, 3, 1), partial(simulated, 3), partial(populated, 3))),
    partial(in_turn, *(partial(simulated, 2, 1), partial(simulated, 2), partial(populated, 2))),
    hopped,
    partial(simulated, 1),
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
