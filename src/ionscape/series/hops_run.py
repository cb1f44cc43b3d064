"""Hops of a file: every landscape of every composition at every temperature, each a part that a stopped run keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.errors import InputError, IonscapeError, PercolationError
from ionscape.files.fields import IN_FILE
from ionscape.files.text import read_text
from ionscape.files.toml import parse_toml
from ionscape.files.validation import read_table
from ionscape.glass import Glass
from ionscape.scaleout import Executor, RunStore, Tally, make_executor, run

from .glasses import glass_maker
from .hops_result import HopsOfGlasses, make_result
from .hops_settings import HopsTable, KineticMonteCarloTable, MobilityTable, SpectrumTable, of_landscapes
from .load import content_of, landscape_of
from .tasks import random_numbers

if TYPE_CHECKING:
    from ionscape.hopping import LandscapeModel

HOPS = 2
"""Purpose, by which landscapes get random numbers of their own; see `tasks`."""
HOPS_PER_SECOND = 4e6
"""By which a budget of time becomes one of hops."""
CONTENTS = "hops 2"
"""Of what a part returns: outcomes that a store holds from before a change of it are not found."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HopsFile:
    """What a hops file says.

    Attributes:
        settings: the file in SI units.
        glasses: in the order of the file.
        model: of the landscapes.
        title: shown in figures.
        file: name of the file it was read from; None if there is none.
        source: its text.
    """

    settings: HopsTable
    glasses: tuple[Glass, ...]
    model: LandscapeModel
    title: str = ""
    file: str | None = None
    source: str = ""

    @property
    def kinetic_monte_carlo(self) -> KineticMonteCarloTable:
        """What is asked of hops in time."""
        return of_landscapes(self.settings, KineticMonteCarloTable, "kinetic_monte_carlo")

    @property
    def spectrum(self) -> SpectrumTable:
        """What is asked of spectra."""
        return of_landscapes(self.settings, SpectrumTable, "spectrum")

    @property
    def mobility(self) -> MobilityTable:
        """What is asked of D(n, T)."""
        return of_landscapes(self.settings, MobilityTable, "mobility")

    def with_landscapes(self, number: int) -> HopsFile:
        """The same with another number of landscapes."""
        tables = {name: table.model_copy(update={"landscapes": number}) for name, table in self.settings.tables.items()}
        return replace(self, settings=self.settings.model_copy(update=tables))


@dataclass(frozen=True, kw_only=True)
class HopsTask:
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
        settings: further arguments of `kinetic_monte_carlo`.
    """

    glass: Glass
    model: LandscapeModel
    lattice: int
    seed: int
    landscape: int
    temperature: float
    attempt_frequency: float
    jump_distance: float
    settings: Mapping[str, Any]


def load_hops_file(path: str | Path) -> HopsFile:
    """Read a hops file (TOML); files that it refers to are looked for in its folder.

    Args:
        path: of the file.

    Raises:
        InputError: a file cannot be read, or something in it cannot be used; names file, key, value, bound and remedy.
    """
    return parse_hops_file(read_text(Path(path)), file=str(path), folder=Path(path).parent)


def parse_hops_file(text: str, *, file: str | None = None, folder: str | Path = ".") -> HopsFile:
    """The same from the text of a file.

    Args:
        text: in TOML.
        file: its name, for messages; None if there is none.
        folder: where the files lie to which it refers.

    Raises:
        InputError: something in the text cannot be used.
    """
    from ionscape.hopping.landscape import count_sites

    data = parse_toml(text, file=file)
    settings = read_table(HopsTable, data, file=file, context=IN_FILE)
    glasses = glass_maker(settings.glass, Path(folder), file=file).glasses(file=file)
    for name, table in settings.tables.items():
        try:
            count_sites(glasses[0].composition, settings.landscape.vacant_site_fraction, table.lattice**3)
        except InputError as error:
            if error.key != "lattice":
                raise error.replace(file=file, **content_of(settings)) from None
            raise error.replace(
                file=file, key=f"{name}.lattice", value=table.lattice, remedy="give a larger lattice"
            ) from None
    return HopsFile(
        settings=settings,
        glasses=glasses,
        model=landscape_of(settings, glasses[0].composition, file=file),
        title=settings.title or (Path(file).stem if file else ""),
        file=file,
        source=text,
    )


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
        IonscapeError: a run is too short to mean anything, or the store cannot be written.
    """
    table, hopping = given.kinetic_monte_carlo, given.settings.hopping
    most_hops = table.most_hops
    if table.budget is not None:
        runs = len(given.glasses) * len(table.temperatures) * table.landscapes
        most_hops = table.budget * HOPS_PER_SECOND / runs
    tasks = [
        HopsTask(
            glass=glass, model=given.model, lattice=table.lattice, seed=given.settings.random.seed, landscape=number,
            temperature=temperature, attempt_frequency=float(hopping.attempt_frequency),
            jump_distance=hopping.jump_distance,
            settings={
                "ensemble": table.ensemble, "cap": table.cap, "relative_error": table.relative_error,
                "most_hops": most_hops, "tracer": table.tracer,
            },
        )
        for glass in given.glasses for temperature in table.temperatures for number in range(table.landscapes)
    ]  # fmt: skip
    kept = None if store is None else RunStore(store)
    # cold ones first: they take longest
    order = sorted(range(len(tasks)), key=lambda number: tasks[number].temperature)
    with make_executor(scheduler, processes, executor=executor) as chosen:
        outcomes = run(
            follow, [(tasks[number],) for number in order], identity=CONTENTS, executor=chosen, store=kept,
            report=progress,
        )  # fmt: skip
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        raise IonscapeError(f"{len(failed)} of {len(outcomes)} landscapes failed; the first: {failed[0].error}")
    found = dict(zip(order, (outcome.value for outcome in outcomes), strict=True))
    refused = [value["refused"] for value in found.values() if "refused" in value]
    if refused:
        raise InputError(
            f"gives {len(refused)} of {len(tasks)} landscapes that cannot be followed; the first: {refused[0]}",
            file=given.file, key="kinetic_monte_carlo.lattice", value=table.lattice,
            remedy="give a larger lattice or another seed",
        )  # fmt: skip
    return make_result(
        [found[number] for number in range(len(tasks))], title=given.title, source=given.source,
        settings=given.settings, table=table, borate_fractions=given.settings.glass.mixing_ratios,
    )  # fmt: skip


def follow(task: HopsTask) -> dict[str, Any]:
    """Hops of one landscape at one temperature: values by name as of `Hops`, without its sites; or why not."""
    from ionscape.hopping import JumpLaw, child_seed, generate_landscape, kinetic_monte_carlo

    seed = random_numbers(task.seed, HOPS, task.landscape)
    law = JumpLaw(
        barrier=task.model.least_barrier, attempt_frequency=task.attempt_frequency, jump_distance=task.jump_distance
    )
    landscape = generate_landscape(task.glass, lattice=task.lattice, rng=seed, model=task.model)
    try:
        hops = kinetic_monte_carlo(
            landscape, jumps=law, temperature=task.temperature, rng=child_seed(seed, HOPS), **task.settings
        )
    except (PercolationError, InputError) as error:
        return {"refused": str(error)}
    data = hops.dataset
    return {
        str(name): data[name].values
        for name in data.variables
        if set(data[name].dims) <= {"lag_time", "tracer_lag_time"}
    }
