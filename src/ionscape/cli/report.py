"""`ionscape report`: the result of a fit in, a page with figures, tables and how to reproduce it out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ionscape.cli.options import Overwrite, Quiet, check_outputs
from ionscape.cli.terminal import say


def report_command(
    result: Annotated[Path, typer.Argument(metavar="FIT.nc", help="Result of `ionscape fit`.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="REPORT.html|pdf", help="Page [default: FIT's name with .html, here]."),
    ] = None,
    quiet: Quiet = False,
    overwrite: Overwrite = True,
) -> None:
    """Write the report of a fit as one HTML page, or as PDF.

    The numbers of every figure are written as CSV into REPORT-data.
    """
    from ionscape.inference import load_fit_result
    from ionscape.report import REPORT_EXTENSIONS, write_report

    target = output if output is not None else Path(f"{result.stem}.html")
    check_outputs(("--output", target, REPORT_EXTENSIONS), overwrite=overwrite)
    page, *tables = write_report(load_fit_result(result), target, result_file=result, overwrite=overwrite)
    if not quiet:
        say(f"written: {page} and {len(tables)} tables in {tables[0].parent}")
