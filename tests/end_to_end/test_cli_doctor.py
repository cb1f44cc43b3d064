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
        "extra ita ",
        "extra workbench ",
    ):
        assert text in done.stdout
    assert done.stdout.endswith("nothing is missing that the package needs\n")


def test_counts_compiled_kernels(command: str, tmp_path) -> None:
    for name in ("a.nbc", "b.nbc", "index.nbi"):
        (tmp_path / name).write_bytes(bytes(600_000))
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "COLUMNS": "200"}
    done = subprocess.run([command, "doctor"], capture_output=True, text=True, check=True, timeout=120, env=environment)
    assert f"2 kernels in {tmp_path}, 1.2 MB\n" in done.stdout
