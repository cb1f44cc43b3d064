"""The command line in this process: what it prints and its exit status, without the second in which Python starts."""

from __future__ import annotations

import contextlib
import io
import subprocess
from pathlib import Path


def call_here(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` of the command in a folder would give it; one test of each file starts the real one."""
    from ionscape.cli.main import main

    words = [str(argument) for argument in arguments]
    out, err = io.StringIO(), io.StringIO()
    status: object = None
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(words)
        except SystemExit as leaving:
            status = leaving.code
    assert isinstance(status, int)
    return subprocess.CompletedProcess(["ionscape", *words], status, out.getvalue(), err.getvalue())
