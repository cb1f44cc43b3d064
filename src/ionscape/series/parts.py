"""Landscapes of a hops file at their temperatures: each is a part that a stopped run keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.errors import InputError, IonscapeError
from ionscape.glass import Glass
from ionscape.scaleout import Executor, RunStore, Tally, make_executor, run

from .hops_file import HopsFile
from .hops_settings import LandscapesTable
from .tasks import jump_law

if TYPE_CHECKING:
    import numpy as np

    from ionscape.hopping import JumpLaw, Landscape, LandscapeModel


@dataclass(frozen=True, kw_only=True)
class LandscapePart:
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
        barriers: kind and width [J] of their distribution over the links; None where all are equal.
        settings: further arguments of what is calculated.
    """

    glass: Glass
    model: LandscapeModel
    lattice: int
    seed: int
    landscape: int
    temperature: float
    attempt_frequency: float
    jump_distance: float
    barriers: tuple[str, float] | None
    settings: Mapping[str, Any]

    def made(self, rng: np.random.SeedSequence) -> tuple[Landscape, JumpLaw]:
        """The landscape and the law of its jumps."""
        from ionscape.hopping import generate_landscape

        law = jump_law(self.model, self.barriers, rng, attempt_frequency=self.attempt_frequency,
                       jump_distance=self.jump_distance)  # fmt: skip
        return generate_landscape(self.glass, lattice=self.lattice, rng=rng, model=self.model), law


def calculated_parts(
    function: Callable[[LandscapePart], dict[str, Any]], given: HopsFile, table: LandscapesTable, *, name: str,
    settings: Mapping[str, Any], identity: str, store: str | Path | None, executor: Executor | None,
    scheduler: str | None, processes: int | None, progress: Callable[[Tally], None] | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """What a function makes of each landscape of a file at each temperature; landscapes vary fastest.

    Args:
        function: of the top of a module; what it returns has the key `refused` where a landscape cannot be used.
        given: the file.
        table: which landscapes and temperatures.
        name: of the table.
        settings: further arguments.
        identity: names what else the outcomes depend on.
        store: folder where finished parts are kept; None keeps none.
        executor: of `make_executor`; None makes one of the next two.
        scheduler: None for processes on this machine, "serial", or the address of a Dask scheduler.
        processes: on this machine; None for one per core.
        progress: called at the start, and after every part.

    Raises:
        InputError: landscapes cannot be used.
        IonscapeError: some failed, or the store cannot be written.
    """
    hopping = given.settings.hopping
    tasks = [
        LandscapePart(
            glass=glass, model=model, lattice=table.lattice, seed=given.settings.random.seed, landscape=number,
            temperature=temperature, attempt_frequency=float(hopping.attempt_frequency),
            jump_distance=hopping.jump_distance, barriers=given.barriers.spread, settings=settings,
        )
        for glass, model in zip(given.glasses, given.models, strict=True)
        for temperature in table.temperatures for number in range(table.landscapes)
    ]  # fmt: skip
    kept = None if store is None else RunStore(store)
    # cold ones first: they take longest
    order = sorted(range(len(tasks)), key=lambda number: tasks[number].temperature)
    with make_executor(scheduler, processes, executor=executor) as chosen:
        outcomes = run(
            function, [(tasks[number],) for number in order], identity=identity, executor=chosen, store=kept,
            report=progress,
        )  # fmt: skip
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        raise IonscapeError(f"{len(failed)} of {len(outcomes)} landscapes failed; the first: {failed[0].error}")
    found = dict(zip(order, (outcome.value for outcome in outcomes), strict=True))
    refused = [value["refused"] for value in found.values() if "refused" in value]
    if refused:
        raise InputError(
            f"has {len(refused)} of {len(tasks)} landscapes that cannot be used; the first: {refused[0].rstrip('.')}",
            file=given.file, key=name,
            remedy="a larger lattice or another seed has other landscapes",
        )  # fmt: skip
    return [found[number] for number in range(len(tasks))]
