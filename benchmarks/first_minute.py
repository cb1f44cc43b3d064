"""What a user waits for at the command line: processor and wall time of the first and of later calls.

    python benchmarks/first_minute.py

Every command runs in a process of its own, as typed. The first calls compile into an empty folder; later ones find the
compiled code there. Times are the least of so many calls, except for those that compile.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MONO, DOUBLE = (str(EXAMPLES / name) for name in ("rb-mono-cait.toml", "rb-cs-double-cait.toml"))


def timed(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Processor and wall time [s] of a command in a folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "kernels"), "PYTHONWARNINGS": "ignore"}
    subprocess.run(arguments, cwd=folder, env=environment, check=True, capture_output=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--repeats", type=int, default=5, help="calls of each command that does not compile (default 5)"
    )
    repeats = parser.parse_args().repeats
    command, python = str(Path(sys.executable).with_name("ionscape")), sys.executable
    table = Table(title="Seconds of processor and wall time")
    for column in ("command", "processor", "wall"):
        table.add_column(column, justify="left" if column == "command" else "right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            ("first simulate of two ions, compiles", [command, "simulate", MONO, "--output", "rb.nc"], 1),
            ("first simulate of three ions, compiles", [command, "simulate", DOUBLE, "--output", "cs.nc"], 1),
            ("simulate", [command, "simulate", MONO, "--output", "rb.nc"], repeats),
            ("check", [command, "check", MONO], repeats),
            ("summary", [command, "summary", "rb.nc"], repeats),
            ("figure", [command, "figure", "rb.nc", "profiles", "--output", "rb.png"], repeats),
            ("import ionscape", [python, "-c", "import ionscape"], repeats),
            ("import ionscape.transport", [python, "-c", "import ionscape.transport"], repeats),
        ]
        for label, arguments, times in rows:
            found = [timed(arguments, folder) for _ in range(times)]
            table.add_row(label, *(f"{min(values):.2f}" for values in zip(*found, strict=True)))
    Console().print(table)


if __name__ == "__main__":
    main()
