"""Conductivity spectra of a file: every landscape of every composition at every temperature."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError, PercolationError
from ionscape.scaleout import Executor, Tally

from .hops_file import HopsFile, without_coulomb
from .parts import LandscapePart, calculated_parts
from .spectra_result import RELAXATION, SpectraOfGlasses, make_spectra
from .tasks import random_numbers

SPECTRA = 3
"""Purpose, by which landscapes get random numbers of their own; see `tasks`."""
CONTENTS = "spectra 3"
"""Of what a part returns: outcomes that a store holds from before a change of it are not found."""


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
    without_coulomb(given, "conductivity spectra")
    table = given.spectrum
    frequency = _frequencies(*given.frequency_range, table.frequencies.per_decade)
    settings = {"angular_frequency": tuple(frequency.tolist()),
                "probes": table.probes if table.spin_lattice_relaxation else None}  # fmt: skip
    found = calculated_parts(
        spectrum_of, given, table, name="spectrum", settings=settings,
        identity=CONTENTS, store=store, executor=executor, scheduler=scheduler, processes=processes, progress=progress,
    )  # fmt: skip
    return make_spectra(
        found, title=given.title, source=given.source, settings=given.settings.model_dump(), table=table,
        borate_fractions=given.settings.glass.mixing_ratios, angular_frequency=frequency, of_glasses=given.variables,
    )  # fmt: skip


def _frequencies(lowest: float, highest: float, per_decade: int) -> FloatArray:
    """Angular frequencies with dc [1/s]."""
    count = math.ceil(per_decade * math.log10(highest / lowest)) + 1
    return 2.0 * math.pi * np.concatenate([[0.0], np.geomspace(lowest, highest, count)])


def spectrum_of(part: LandscapePart) -> dict[str, Any]:
    """The spectrum of one landscape at one temperature: `real`, `imaginary` [S/m] and the scalars; or why not.

    With probes also what `RELAXATION` names, which is not a number at dc.
    """
    from ionscape.hopping import child_seed, conductivity_spectrum, spin_lattice_relaxation
    from ionscape.hopping.spectrum_result import NUMBERS

    seed = random_numbers(part.seed, SPECTRA, part.landscape)
    landscape, law = part.made(seed)
    omega, probes = part.settings["angular_frequency"], part.settings["probes"]
    relaxation: dict[str, Any] = {}
    try:
        found = conductivity_spectrum(
            landscape, temperature=part.temperature, jumps=law, angular_frequency=omega
        ).dataset
        if probes is not None:
            data = spin_lattice_relaxation(landscape, temperature=part.temperature, jumps=law, probes=probes,
                                           angular_frequency=omega[1:], rng=child_seed(seed, SPECTRA))  # fmt: skip
            relaxation = {name: np.append(np.nan, data[name].values) for name in RELAXATION}
    except (PercolationError, InputError) as error:
        return {"refused": str(error)}
    sigma = found["conductivity"].values
    numbers = {name: float(found[name]) for name in NUMBERS}
    return {"real": np.real(sigma), "imaginary": np.imag(sigma), **numbers, **relaxation}
