"""Progress of many independent parts, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ionscape.cli.options import STORE_EXTENSION
from ionscape.compiled import kernels_are_cached
from ionscape.errors import SimulationInterrupted

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from ionscape.datasets import StoredResult
    from ionscape.scaleout import Tally

AnyResult = TypeVar("AnyResult", bound="StoredResult")


def compiling(kernels: str) -> str:
    """What to add to the name of a task whose compiled code is not there yet."""
    return "" if kernels_are_cached(kernels) else ", compiling on first use"


@contextmanager
def starting(what: str, *, quiet: bool, kernels: str = "transport") -> Generator[None]:
    """Say on a terminal what is being done, and whether that compiles first, until it is done."""
    if quiet:
        yield
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what + compiling(kernels)):
        yield


@contextmanager
def progress_bar(*columns: ProgressColumn | str, quiet: bool, **fields: Any) -> Generator[Callable[..., None] | None]:
    """Show a bar with texts around it on standard error, from the first news on, and give the function that moves it.

    Args:
        columns: of the line, before the time that has passed; texts are formats of the `task`.
        quiet: show nothing, and give None.
        fields: `total`, and what the texts name in `task.fields`, at the beginning.
    """
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, TimeElapsedColumn

    display = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=False)
    bar = display.add_task("", **fields)

    def show(note: str = "", **news: Any) -> None:
        display.start()
        if note:
            display.console.print(note, soft_wrap=True, highlight=False, markup=False)
        display.update(bar, **news)

    try:
        yield show
    finally:
        if display.live.is_started:
            display.stop()


@contextmanager
def tally_display(what: str, *, quiet: bool, kernels: str = "transport") -> Generator[Callable[[Tally], None] | None]:
    """Show how many parts are done and give the function that moves the bar; None if `quiet`.

    Args:
        what: the parts, in the plural.
        kernels: subpackage whose compiled code they need.
        quiet: show nothing.
    """
    from rich.progress import BarColumn, MofNCompleteColumn

    columns = (MofNCompleteColumn(), what, BarColumn(), "{task.fields[remarks]}")
    begins = "starting" + compiling(kernels)
    with progress_bar(*columns, quiet=quiet, total=None, remarks="") as update:

        def show(tally: Tally) -> None:
            assert update is not None
            counts = ((tally.resumed, "found in the store"), (tally.failed, "failed"))
            remarks = [f"{count} {what}" for count, what in counts if count]
            if tally.latest is None and tally.finished < tally.total:
                remarks.append("waiting" if tally.note else begins)
            update(tally.note, total=tally.total, completed=tally.finished, remarks=", ".join(remarks))

        # not before there is something to count: a refusal comes without a bar
        yield None if update is None else show


@contextmanager
def taken_up(what: str, parts: str, folder: object) -> Generator[None]:
    """Say, where something is interrupted, that its finished parts are kept and the same command goes on from them."""
    try:
        yield
    except (KeyboardInterrupt, SimulationInterrupted) as interruption:
        stopped = SimulationInterrupted(
            f"{what} was interrupted; finished {parts} are in {folder}, and the same command goes on from there"
        )
        for note in getattr(interruption, "__notes__", ()):
            stopped.add_note(note)
        raise stopped from None


def kept_result(
    calculate: Callable[..., AnyResult], given: Any, target: Path, what: str, *, store: Path | None,
    scheduler: str | None, processes: int | None, quiet: bool,
) -> tuple[AnyResult, Path]:  # fmt: skip
    """Calculate landscapes with a bar, keep what is finished, and write the result.

    Args:
        calculate: with what is given; takes `store`, `scheduler`, `processes` and `progress`.
        given: what a file says.
        target: file of the result.
        what: is interrupted, with its article.
        store: folder of the finished landscapes; None for one beside the result.
        scheduler: as of `make_executor`.
        processes: as of `make_executor`.
        quiet: whether nothing is shown.

    Returns:
        The result, and the folder.
    """
    folder = store if store is not None else target.with_suffix(STORE_EXTENSION)
    with taken_up(what, "landscapes", folder), tally_display("landscapes", quiet=quiet, kernels="hopping") as show:
        result = calculate(given, store=folder, scheduler=scheduler, processes=processes, progress=show)
    result.to_netcdf(target)
    return result, folder
