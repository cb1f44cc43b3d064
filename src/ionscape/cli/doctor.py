"""`ionscape doctor`: what this installation consists of, for a report of a fault."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

OPTIONAL = {
    "nicegui": "workbench: `ionscape workbench`",
    "distributed": "dask: ensembles on a cluster",
    "pySPM": "ita: reads ION-TOF .ita files",
}
"""Distributions behind the extras, and what they are for."""


def doctor_command() -> None:
    """Print versions, processors, the cache of compiled code, and which optional parts are installed."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_header=False)
    for name, value in _facts():
        table.add_row(name, Text(value))
    Console(soft_wrap=True).print(table, highlight=False)


def _facts() -> list[tuple[str, str]]:
    """Names and values in the order in which they are shown."""
    from ionscape.provenance import package_version

    facts = [
        ("ionscape", package_version()),
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("processors", _processors()),
        ("compiled code", _cache()),
    ]
    facts += [(name, _version(name) or "missing: install ionscape again") for name in _needed()]
    for name, purpose in OPTIONAL.items():
        extra, _, use = purpose.partition(": ")
        facts.append((name, _version(name) or f'not installed; `pip install "ionscape[{extra}]"` ({use})'))
    return facts


def _needed() -> list[str]:
    """Distributions that the package cannot do without, in the order of its metadata."""
    from ionscape.provenance import DISTRIBUTION

    try:
        entries = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    return [_name(entry) for entry in entries if "extra ==" not in entry]


def _name(requirement: str) -> str:
    """The distribution of a requirement such as `numpy>=2.0`."""
    end = next((place for place, sign in enumerate(requirement) if not (sign.isalnum() or sign in "-_.")), None)
    return requirement[:end]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processors() -> str:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{os.cpu_count()}, of which this process may use {allowed}"


def _cache() -> str:
    """Where numba keeps compiled kernels, and whether there are any."""
    import ionscape

    given = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(given) if given else Path(str(ionscape.__file__)).parent
    if not given and not os.access(folder, os.W_OK):
        return "in the user's cache folder, since the package's own cannot be written"
    count = sum(1 for _ in folder.rglob("*.nbc")) if folder.is_dir() else 0
    return f"{count} kernels in {folder}" if count else f"none yet; the first simulation fills {folder}"
