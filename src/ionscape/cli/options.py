"""Options that several commands have: one name, one meaning, one sentence of help."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ionscape.errors import InputError
from ionscape.files.writing import check_output

if TYPE_CHECKING:
    from ionscape.transport import Settings

RESULT_EXTENSIONS = (".nc",)
STORE_EXTENSION = ".runs"  # of the folder beside a result in which its finished parts are kept


Model = Literal["full", "electroneutral"]
ModelChoice = Annotated[Model, typer.Option("--model", help="Full equations, or their electroneutral limit.")]
Tolerance = Annotated[
    float | None,
    typer.Option("--tolerance", min=1e-10, max=0.1, help="Relative tolerance of the time integration."),
]
SummaryFile = Annotated[Path | None, typer.Option("--summary", metavar="FILE.json", help="Write the summary there.")]
NoFigure = Annotated[bool, typer.Option("--no-figure", help="Draw no figure.")]
Processes = Annotated[
    int | None,
    typer.Option("--processes", min=1, help="Processes on this machine [default: one per core].", show_default=False),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Dask scheduler to use instead, such as tcp://10.0.0.1:8786."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Overwrite = Annotated[bool, typer.Option("--overwrite/--no-overwrite", help="Replace existing files.")]


def chosen_settings(model: Model, tolerance: float | None) -> Settings:
    """The settings of simulations as these options have them."""
    from ionscape.transport import Settings

    usual = Settings(model=model)
    return usual if tolerance is None else replace(usual, relative_tolerance=tolerance)


def check_outputs(
    *outputs: tuple[str, Path | None, tuple[str, ...]], overwrite: bool, file: Path | None = None
) -> None:
    """Make sure that every file can be written, before the work begins.

    Args:
        outputs: option, path and possible extensions of each; those without a path are passed over.
        overwrite: whether a file may be there already.
        file: that is read, and must not be written over.

    Raises:
        InputError: an unknown extension, a missing folder, a file that must not be overwritten, or one named twice.
    """
    wanted = [(option, path, extensions) for option, path, extensions in outputs if path is not None]
    for option, path, extensions in wanted:
        check_output(path, extensions=extensions, key=option, overwrite=overwrite)
    used = set() if file is None else {file.resolve()}
    for _, path, _ in wanted:
        if path.resolve() in used:
            raise InputError("is used for two files", value=str(path), remedy="give every file its own name")
        used.add(path.resolve())


def with_summary(summary: Path | None) -> tuple[str, Path | None, tuple[str, ...]]:
    """The file of --summary as `check_outputs` wants it."""
    return "--summary", summary, (".json",)


def drawn_figures(
    figures: Iterable[Path | None] | None, default: Path, *, draw: bool, key: str = "--figure"
) -> list[Path]:
    """The files of --figure, or of the option `key`, or a default one; none with --no-figure.

    Raises:
        InputError: both are given.
    """
    given = [path for path in figures or () if path is not None]
    if given and not draw:
        raise InputError("contradicts --no-figure", key=key, value=str(given[0]), remedy="give one of the two")
    return (given or [default]) if draw else []
