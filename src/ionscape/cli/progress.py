"""Progress of many independent parts, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ionscape.compiled import kernels_are_cached

if TYPE_CHECKING:
    from ionscape.scaleout import Tally


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
def tally_display(what: str, *, quiet: bool, kernels: str = "transport") -> Generator[Callable[[Tally], None] | None]:
    """Show how many parts are done and give the function that moves the bar; None if `quiet`.

    Args:
        what: the parts, in the plural.
        kernels: subpackage whose compiled code they need.
        quiet: show nothing.
    """
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        MofNCompleteColumn(),
        TextColumn(what),
        BarColumn(),
        TextColumn("{task.fields[remarks]}"),
        TimeElapsedColumn(),
    )
    display = Progress(*columns, console=Console(stderr=True), transient=False)
    bar = display.add_task(what, total=None, remarks="")
    begins = "starting" + compiling(kernels)
    try:

        def show(tally: Tally) -> None:
            display.start()  # not before there is something to count: a refusal comes without a bar
            if tally.note:
                display.console.print(tally.note, soft_wrap=True, highlight=False, markup=False)
            counts = ((tally.resumed, "found in the store"), (tally.failed, "failed"))
            remarks = [f"{count} {what}" for count, what in counts if count]
            if tally.latest is None and tally.finished < tally.total:
                remarks.append("waiting" if tally.note else begins)
            display.update(bar, total=tally.total, completed=tally.finished, remarks=", ".join(remarks))

        yield show
    finally:
        if display.live.is_started:
            display.stop()
