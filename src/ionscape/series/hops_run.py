"""Hops of a file in time: every landscape of every composition at every temperature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.errors import HoppingError, InputError, PercolationError
from ionscape.scaleout import Executor, Tally

from .hops_file import HopsFile
from .hops_result import HopsOfGlasses, make_result
from .parts import LandscapePart, calculated_parts
from .tasks import random_numbers

if TYPE_CHECKING:
    from ionscape.hopping import Hops

HOPS = 2
"""Purpose, by which landscapes get random numbers of their own; see `tasks`."""
HOPS_PER_SECOND = 4e6
"""By which a budget of time becomes one of hops."""
CHARGED_HOPS_PER_SECOND = 7e8
"""Times the sites of the lattice, of ions that repel each other."""
BEYOND = 20.0
"""Hops that a run may take to begin at all, in units of its share of the budget."""
ROUNDING = 1.0001
CONTENTS = "hops 4"
"""Of what a part returns: outcomes that a store holds from before a change of it are not found."""


def run_hops(
    given: HopsFile,
    *,
    store: str | Path | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    processes: int | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> HopsOfGlasses:
    """Follow the hops of all landscapes of a file.

    Args:
        given: what `load_hops_file` returns.
        store: folder where finished parts are kept; those found there are not calculated again. None keeps none.
        executor: of `make_executor`, to use one for several calls; None makes one of the next two.
        scheduler: None for processes on this machine, "serial", or the address of a Dask scheduler.
        processes: on this machine; None for one per core. In a script, several need `if __name__ == "__main__":`.
        progress: called at the start, and after every part.

    Returns:
        Means over the landscapes, and the values of each. The numbers depend on the seed alone, not on the executor.

    Raises:
        InputError: a landscape has no path, or no ion that can follow one.
        HoppingError: all runs are too short to mean anything.
        IonscapeError: the store cannot be written.
    """
    from ionscape.hopping import CoulombInteraction

    table, most_hops = given.kinetic_monte_carlo, given.kinetic_monte_carlo.most_hops
    coulomb = given.settings.hopping.coulomb
    if table.budget is not None:
        runs = len(given.glasses) * len(table.temperatures) * table.landscapes
        charged_rate = CHARGED_HOPS_PER_SECOND / table.lattice**3
        most_hops = table.budget * (HOPS_PER_SECOND if coulomb is None else min(HOPS_PER_SECOND, charged_rate)) / runs
    settings: dict[str, Any] = {
        "ensemble": table.ensemble or ("grand canonical" if coulomb is None else "canonical"), "cap": table.cap,
        "relative_error": table.relative_error, "most_hops": most_hops, "tracer": table.tracer,
    }  # fmt: skip
    if coulomb is not None:
        settings["coulomb"] = CoulombInteraction(relative_permittivity=coulomb.relative_permittivity)
    found = calculated_parts(
        follow, given, table, name="kinetic_monte_carlo", settings=settings, identity=CONTENTS, store=store,
        executor=executor, scheduler=scheduler, processes=processes, progress=progress,
    )  # fmt: skip
    return make_result(found, title=given.title, source=given.source, settings=given.settings, table=table,
                       borate_fractions=given.settings.glass.mixing_ratios, variables=given.variables,
                       allowed=most_hops)  # fmt: skip


def follow(part: LandscapePart) -> dict[str, Any]:
    """Hops of one landscape at one temperature: values by name as of `Hops`, without its sites; or why not.

    A run that needs more hops than it is allowed to begin takes them, up to `BEYOND` times as many. One that is too
    short even so has its network, and says why under `too_short`: a mean without the landscapes that are slow would be
    too high.
    """
    from ionscape.hopping import child_seed, conductivity, kinetic_monte_carlo

    seed = random_numbers(part.seed, HOPS, part.landscape)
    landscape, law = part.made(seed)

    def followed(most_hops: float) -> Hops:
        settings: dict[str, Any] = {**part.settings, "most_hops": most_hops}
        return kinetic_monte_carlo(
            landscape, jumps=law, temperature=part.temperature, rng=child_seed(seed, HOPS), **settings
        )

    allowed = float(part.settings["most_hops"])
    try:
        try:
            hops = followed(allowed)
        except HoppingError as error:
            if error.least_hops is None or error.least_hops > BEYOND * allowed:
                raise
            hops = followed(ROUNDING * error.least_hops)
    except (PercolationError, InputError) as error:
        return {"refused": str(error)}
    except HoppingError as error:
        network = conductivity(landscape, jumps=law, temperature=part.temperature, electrodes=False)
        return {"too_short": str(error), "network_conductivity": network["conductivity"].values}
    data = hops.dataset
    return {
        str(name): data[name].values
        for name in data.variables
        if set(data[name].dims) <= {"lag_time", "tracer_lag_time", "single_site_energy"}
    }
