"""`ionscape sweep`: an experiment file and values of its parameters in, all simulations in one file out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionscape.cli.options import (
    RESULT_EXTENSIONS,
    STORE_EXTENSION,
    ModelChoice,
    Overwrite,
    Processes,
    Quiet,
    Scheduler,
    Tolerance,
    check_outputs,
    chosen_settings,
)
from ionscape.cli.progress import taken_up, tally_display
from ionscape.cli.table import print_written
from ionscape.errors import InputError, IonscapeError

if TYPE_CHECKING:
    import xarray


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
    model: ModelChoice = "full",
    tolerance: Tolerance = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where finished simulations are kept [default: SWEEP.runs]."),
    ] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Simulate an experiment with every combination of values; a stopped sweep goes on where it was."""
    from ionscape.experiment import load_experiment
    from ionscape.sweeps import parse_vary, sweep

    experiment = load_experiment(file)
    values: dict[str, list[float | str]] = {}
    for text in vary:
        path, texts = parse_vary(text)
        if path in values:
            raise InputError("is given twice", key="--vary", value=path, remedy="give all of its values at once")
        values[path] = list(texts)
    target = output if output is not None else Path(file.stem + "-sweep.nc")
    check_outputs(("--output", target, RESULT_EXTENSIONS), overwrite=overwrite)
    folder = store if store is not None else target.with_suffix(STORE_EXTENSION)
    with taken_up("the sweep", "simulations", folder), tally_display("simulations", quiet=quiet) as show:
        dataset = sweep(
            experiment, values, settings=chosen_settings(model, tolerance), store=folder, scheduler=scheduler,
            processes=processes, progress=show,
        )  # fmt: skip
    from ionscape.datasets import write_dataset  # only here, as it takes numpy with it

    write_dataset(dataset, target)
    _report(dataset, target, folder, quiet=quiet)


def _report(dataset: xarray.Dataset, target: Path, folder: Path, *, quiet: bool) -> None:
    """Say what was written, and which simulations failed.

    Raises:
        IonscapeError: some did.
    """
    failed, total = int(dataset.attrs["failed_simulations"]), int(dataset.attrs["simulations"])
    if not quiet:
        from rich.console import Console

        from ionscape.cli.sweep_table import print_sweep

        print_sweep(Console(), dataset)
        print_written([target], f"{total - failed} simulations, each also kept in {folder}")
    if failed:
        first = next(str(text) for text in dataset["error"].values.flat if text)
        raise IonscapeError(f"{failed} of {total} simulations failed, the others are in {target}; the first: {first}")
