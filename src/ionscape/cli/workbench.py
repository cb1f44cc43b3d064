"""`ionscape workbench`: the whole analysis in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ionscape.cli.terminal import say
from ionscape.optional import require_extra


def workbench_command(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Project; made if it is not there.", show_default="ionscape-project"),
    ] = Path("ionscape-project"),
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port [default: the first free one from 8420 on].", show_default=False),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Listen there instead of on this machine alone."),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
    upload_limit: Annotated[
        int, typer.Option(metavar="MIB", min=1, help="Largest file that can be uploaded, in MiB.")
    ] = 512,
) -> None:
    """Open the workbench: a local web page for the whole analysis, kept in an ordinary folder.

    The address that is printed holds a token, new at each start: without it nobody gets in, neither other accounts of
    this machine nor other machines. The browser keeps it as a cookie.
    """
    require_extra("workbench", value="ionscape workbench")
    from ionscape.workbench.app import run_workbench

    run_workbench(
        folder, host=host, port=port, browser=not no_browser, upload_limit=upload_limit * 2**20,
        announce=lambda line: say(line, err=True),
    )  # fmt: skip
