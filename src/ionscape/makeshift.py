"""Folders in place of those that an installation without a home, or that may not be written, does not have."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path


def makeshift_folder(name: str) -> Path | None:
    """A folder among the temporary files that lasts, and that nobody else can write to: what lies there may be run.

    Args:
        name: of what is kept there.

    Returns:
        None if there is no such folder.
    """
    folder = makeshift_path(name)
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return None
    safe = os.name != "posix" or (found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
    return folder if stat.S_ISDIR(found.st_mode) and safe else None


def makeshift_path(name: str) -> Path | None:
    """Where `makeshift_folder` makes one; None if there is no folder for temporary files."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    try:
        base = Path(tempfile.gettempdir())
        # the last resort of Python, where nobody looks for it
        return None if base == Path.cwd() else base / f"ionscape-{name}-{user}"
    except OSError:
        return None


def house_matplotlib() -> None:
    """Where there is no home, give matplotlib a folder; else it makes one for every process, and tells of it."""
    if sys.platform != "linux" or "MPLCONFIGDIR" in os.environ:
        return
    try:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home())
        nearest = next(place for place in (home / "matplotlib", home, Path.home()) if place.is_dir())
        if os.access(nearest, os.W_OK | os.X_OK):
            return
    except (OSError, RuntimeError, StopIteration):
        pass
    folder = makeshift_folder("matplotlib")
    if folder is not None:
        os.environ["MPLCONFIGDIR"] = str(folder)
