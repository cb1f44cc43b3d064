"""D(n, T) of the landscapes that a file describes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ionscape.errors import InputError
from ionscape.scaleout import Executor, RunStore, Tally, make_executor

from .hops_file import HopsFile, without_coulomb
from .tasks import distributed

if TYPE_CHECKING:
    from ionscape.hopping import Mobility


def run_mobility(
    given: HopsFile,
    *,
    store: str | Path | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    processes: int | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> Mobility:
    """D(n, T) of the one glass of a file, see `landscape_diffusion`.

    Args:
        given: what `load_hops_file` returns.
        store: folder where finished landscapes are kept; those found there are not calculated again. None keeps none.
        executor: of `make_executor`, to use one for several calls; None makes one of the next two.
        scheduler: None for processes on this machine, "serial", or the address of a Dask scheduler.
        processes: on this machine; None for one per core. In a script, several need `if __name__ == "__main__":`.
        progress: called at the start, and after every landscape.

    Raises:
        InputError: several glasses; a value out of range.
        PercolationError: no landscape has a path, at any share.
        IonscapeError: a landscape failed, or the store cannot be written.
    """
    from ionscape.hopping import JumpLaw, MobileIon, landscape_diffusion
    from ionscape.hopping.mobility import FILLINGS, SecondIon

    without_coulomb(given, "D(n, T)")
    table, hopping = given.mobility, given.settings.hopping
    if len(given.glasses) != 1:
        raise InputError("must be one, as D(n, T) is that of one glass", file=given.file, key="glass.borate_fraction",
                         value=list(given.settings.glass.mixing_ratios), remedy="leave the others out")  # fmt: skip
    barrier, spread = given.models[0].least_barrier, given.barriers.spread
    law = JumpLaw(
        barrier=barrier if spread is None else distributed(barrier, spread, seed=given.settings.random.seed),
        attempt_frequency=float(hopping.attempt_frequency), jump_distance=hopping.jump_distance,
    )  # fmt: skip
    second: SecondIon | None = None
    if table.second_ion is not None:
        given_ion = table.second_ion
        second = given_ion.mobility if given_ion.mobility != "mobile" else MobileIon(
            barrier=given_ion.barrier, attempt_frequency=given_ion.attempt_frequency
        )  # fmt: skip
    filling = FILLINGS if table.filling is None and second is None else table.filling
    with make_executor(scheduler, processes, executor=executor) as chosen:
        try:
            found = landscape_diffusion(
                given.glasses[0], temperature=table.temperatures, filling=filling, second_ion=second,
                shares=table.shares, lattice=table.lattice,
                landscapes=table.landscapes, model=given.models[0], jumps=law, rng=given.settings.random.seed,
                executor=chosen, store=None if store is None else RunStore(store), progress=progress, title=given.title,
            )  # fmt: skip
        except InputError as error:
            key = {"temperature": "temperatures"}.get(error.key or "", error.key)
            raise error.replace(file=given.file, key=f"mobility.{key}") from None
    # of one glass: numbers, where other results have them over x
    said = given.variables
    attributes = {name: float(values[0]) for name, (_, values, _) in said.items()}
    if "glass_transition" in said:
        attributes |= {name: said["glass_transition"][2][name] for name in ("barrier_factor", "origin")}
    return replace(found, dataset=found.dataset.assign_attrs(attributes))
