"""`ionscape sweep`: an experiment file and values of its parameters in, all simulations in one file out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionscape.cli.simulate import RESULT_EXTENSIONS, Model
from ionscape.errors import InputError, IonscapeError, SimulationInterrupted
from ionscape.outputs import atomic_output, check_output

if TYPE_CHECKING:
    import xarray

    from ionscape.scaleout import Tally

STORE_EXTENSION = ".runs"


def sweep_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Experiment, a TOML file.", show_default=False)],
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="PATH=VALUES",
            help='Parameter and its values, such as "ions.Cs.diffusion.coefficient=2.4e-23,3.1e-23 m^2/s"; may be given'
            " several times, for all combinations.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="SWEEP.nc", help="Result [default: FILE's name with -sweep.nc, here]."),
    ] = None,
    model: Annotated[Model, typer.Option(help="Full equations, or their electroneutral limit.")] = Model.full,
    tolerance: Annotated[
        float | None, typer.Option(min=1e-10, max=0.1, help="Relative tolerance of the time integration.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine [default: one per core].", show_default=False)
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask scheduler to use instead, such as tcp://10.0.0.1:8786."),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where finished simulations are kept [default: SWEEP.runs]."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace an existing result.")] = True,
) -> None:
    """Simulate an experiment with every combination of values; a stopped sweep goes on where it was."""
    from ionscape.experiment import load_experiment
    from ionscape.sweeps import parse_vary, sweep
    from ionscape.transport import Settings

    experiment = load_experiment(file)
    values: dict[str, list[float | str]] = {}
    for text in vary:
        path, texts = parse_vary(text)
        if path in values:
            raise InputError("is given twice", key="--vary", value=path, remedy="give all of its values at once")
        values[path] = list(texts)
    target = output if output is not None else Path(file.stem + "-sweep.nc")
    target = check_output(target, extensions=RESULT_EXTENSIONS, key="--output", overwrite=overwrite)
    folder = store if store is not None else target.with_suffix(STORE_EXTENSION)
    settings = Settings(model=model.value)
    if tolerance is not None:
        settings = replace(settings, relative_tolerance=tolerance)
    try:
        with tally_display(quiet=quiet) as show:
            dataset = sweep(
                experiment, values, settings=settings, store=folder, scheduler=scheduler, processes=processes,
                progress=show,
            )  # fmt: skip
    except (KeyboardInterrupt, SimulationInterrupted):
        raise SimulationInterrupted(
            f"the sweep was interrupted; finished simulations are in {folder}, and the same command goes on from there"
        ) from None
    with atomic_output(target) as temporary:
        dataset.to_netcdf(temporary, engine="h5netcdf")
    _report(dataset, target, folder, quiet=quiet)


@contextmanager
def tally_display(*, quiet: bool) -> Generator[Callable[[Tally], None] | None]:
    """Show how many simulations are done on standard error and give the function that moves it; None if `quiet`."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        MofNCompleteColumn(),
        TextColumn("simulations"),
        BarColumn(),
        TextColumn("{task.fields[remarks]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as display:
        bar = display.add_task("sweep", total=None, remarks="")

        def show(tally: Tally) -> None:
            counts = ((tally.resumed, "found in the store"), (tally.failed, "failed"))
            remarks = ", ".join(f"{count} {what}" for count, what in counts if count)
            display.update(bar, total=tally.total, completed=tally.finished, remarks=remarks)

        yield show


def _report(dataset: xarray.Dataset, target: Path, folder: Path, *, quiet: bool) -> None:
    """Say what was written, and which simulations failed.

    Raises:
        IonscapeError: some did.
    """
    failed, total = int(dataset.attrs["failed_simulations"]), int(dataset.attrs["simulations"])
    if not quiet:
        typer.echo(f"written: {target} ({total - failed} simulations, each also kept in {folder})")
    if failed:
        first = next(str(text) for text in dataset["error"].values.flat if text)
        raise IonscapeError(f"{failed} of {total} simulations failed, the others are in {target}; the first: {first}")
