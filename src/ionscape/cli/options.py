"""Options that several commands have: one name, one meaning, one sentence of help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

RESULT_EXTENSIONS = (".nc",)
STORE_EXTENSION = ".runs"  # of the folder beside a result in which its finished parts are kept


class Model(StrEnum):
    """Which equations are solved."""

    full = "full"
    electroneutral = "electroneutral"


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
