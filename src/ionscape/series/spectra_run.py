"""Conductivity spectra of a file: every landscape of every composition at every temperature, as parts that are kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError, IonscapeError, PercolationError
from ionscape.glass import Glass
from ionscape.scaleout import Executor, RunStore, Tally, make_executor, run

from .hops_run import HopsFile
from .spectra_result import SpectraOfGlasses, make_spectra
from .tasks import random_numbers

if TYPE_CHECKING:
    from ionscape.hopping import LandscapeModel

SPECTRA = 3
"""Purpose, by which landscapes get random numbers of their own; see `tasks`."""
CONTENTS = "spectra 1"
"""Of what a part returns: outcomes that a store holds from before a change of it are not found."""


@dataclass(frozen=True, kw_only=True)
class SpectrumTask:
    """What is calculated in one go: all on which its outcome depends.

    Attributes:
        glass: composition and units.
        model: of the landscape.
        lattice: sites along each edge.
        seed: of the file.
        landscape: its number.
        temperature: [K].
        attempt_frequency: ν [Hz].
        jump_distance: a [m].
        angular_frequency: ω [1/s].
    """

    glass: Glass
    model: LandscapeModel
    lattice: int
    seed: int
    landscape: int
    temperature: float
    attempt_frequency: float
    jump_distance: float
    angular_frequency: tuple[float, ...]


def run_spectra(
    given: HopsFile,
    *,
    store: str | Path | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    processes: int | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> SpectraOfGlasses:
    """Conductivity spectra of all landscapes of a file.

    Args:
        given: what `load_hops_file` returns.
        store: folder where finished parts are kept; those found there are not calculated again. None keeps none.
        executor: of `make_executor`, to use one for several calls; None makes one of the next two.
        scheduler: None for processes on this machine, "serial", or the address of a Dask scheduler.
        processes: on this machine; None for one per core. In a script, several need `if __name__ == "__main__":`.
        progress: called at the start, and after every part.

    Raises:
        InputError: a frequency out of range, or a landscape has no path.
        IonscapeError: a solution failed one of its tests, or the store cannot be written.
    """
    table, hopping = given.spectrum, given.settings.hopping
    lowest, highest = table.frequencies.lowest, table.frequencies.to
    highest = 10.0 * float(hopping.attempt_frequency) if highest is None else highest
    if not highest > lowest:
        bound = f"must be above the lowest frequency, {lowest:g} Hz"
        raise InputError("leaves no range", file=given.file, key="spectrum.frequencies.to", value=highest,
                         bound=bound)  # fmt: skip
    frequency = _frequencies(lowest, highest, table.frequencies.per_decade)
    tasks = [
        SpectrumTask(
            glass=glass, model=given.model, lattice=table.lattice, seed=given.settings.random.seed, landscape=number,
            temperature=temperature, attempt_frequency=float(hopping.attempt_frequency),
            jump_distance=hopping.jump_distance, angular_frequency=tuple(frequency.tolist()),
        )
        for glass in given.glasses for temperature in table.temperatures for number in range(table.landscapes)
    ]  # fmt: skip
    with make_executor(scheduler, processes, executor=executor) as chosen:
        outcomes = run(spectrum_of, [(task,) for task in tasks], identity=CONTENTS, executor=chosen,
                       store=None if store is None else RunStore(store), report=progress)  # fmt: skip
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        raise IonscapeError(f"{len(failed)} of {len(outcomes)} landscapes failed; the first: {failed[0].error}")
    refused = [outcome.value["refused"] for outcome in outcomes if "refused" in outcome.value]
    if refused:
        raise InputError(
            f"gives {len(refused)} of {len(tasks)} landscapes without a spectrum; the first: {refused[0]}",
            file=given.file, key="spectrum.lattice", value=table.lattice,
            remedy="give a larger lattice or another seed",
        )  # fmt: skip
    return make_spectra(
        [outcome.value for outcome in outcomes], title=given.title, source=given.source,
        settings=given.settings.model_dump(), table=table, borate_fractions=given.settings.glass.mixing_ratios,
        angular_frequency=frequency,
    )  # fmt: skip


def _frequencies(lowest: float, highest: float, per_decade: int) -> FloatArray:
    """Angular frequencies with dc [1/s]."""
    count = math.ceil(per_decade * math.log10(highest / lowest)) + 1
    return 2.0 * math.pi * np.concatenate([[0.0], np.geomspace(lowest, highest, count)])


def spectrum_of(task: SpectrumTask) -> dict[str, Any]:
    """The spectrum of one landscape at one temperature: `real`, `imaginary` [S/m] and the scalars; or why not."""
    from ionscape.hopping import JumpLaw, conductivity_spectrum, generate_landscape
    from ionscape.hopping.spectrum_result import NUMBERS

    landscape = generate_landscape(task.glass, lattice=task.lattice, model=task.model,
                                   rng=random_numbers(task.seed, SPECTRA, task.landscape))  # fmt: skip
    law = JumpLaw(
        barrier=task.model.least_barrier, attempt_frequency=task.attempt_frequency, jump_distance=task.jump_distance
    )
    try:
        found = conductivity_spectrum(landscape, temperature=task.temperature, jumps=law,
                                      angular_frequency=task.angular_frequency).dataset  # fmt: skip
    except (PercolationError, InputError) as error:
        return {"refused": str(error)}
    sigma = found["conductivity"].values
    return {"real": np.real(sigma), "imaginary": np.imag(sigma), **{name: float(found[name]) for name in NUMBERS}}
