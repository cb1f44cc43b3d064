"""`ionscape doctor` names what an installation consists of."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version


def test_says_what_is_there(command: str, tmp_path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "COLUMNS": "200"}
    done = subprocess.run([command, "doctor"], capture_output=True, text=True, check=True, timeout=120, env=environment)
    for text in (
        platform.python_version(),
        version("numpy"),
        version("numba"),
        "none yet",
        str(tmp_path),
        "pySPM",
        "nicegui",
    ):
        assert text in done.stdout
    assert "missing" not in done.stdout


def test_counts_compiled_kernels(command: str, tmp_path) -> None:
    for name in ("a.nbc", "b.nbc", "index.nbi"):
        (tmp_path / name).write_bytes(b"")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "COLUMNS": "200"}
    done = subprocess.run([command, "doctor"], capture_output=True, text=True, check=True, timeout=120, env=environment)
    assert "2 kernels in" in done.stdout
