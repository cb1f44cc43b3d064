"""`ionscape doctor` names what an installation consists of."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import ionscape


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


@pytest.fixture(scope="module")
def homeless(tmp_path_factory) -> Path:
    """A folder with an installation beside which nothing can be cached, for root neither, and no home."""
    folder = tmp_path_factory.mktemp("homeless")
    package = Path(str(ionscape.__file__)).parent
    shutil.copytree(package, folder / "ionscape", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("ionscape/__pycache__", "home"):
        (folder / file).touch()  # where a folder is wanted
    (folder / "temporary").mkdir()
    return folder


def in_it(homeless: Path, program: str) -> subprocess.CompletedProcess[str]:
    without = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "COVERAGE", "MPL"))}
    home = str(homeless / "home")
    environment = {
        **without, "PYTHONPATH": str(homeless), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(homeless / "temporary"),
        "HOME": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", program], cwd=homeless, env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


DOCTOR = "from ionscape.cli import main\nmain(['doctor'])"
COMPILES = """
from ionscape import compiled
def half(x): return 0.5 * x
half.__code__ = half.__code__.replace(co_filename=compiled.__file__)
half.__module__ = "ionscape.compiled"
first, second = compiled.kernel(half), compiled.kernel(half)
print(first(3.0), second(5.0), compiled.cache_folder()[0])
"""
POSIX = pytest.mark.skipif(os.name != "posix", reason="users and their folders as POSIX has them")


@POSIX
def test_without_any_place_for_a_cache_it_is_a_makeshift_and_said_in_one_line(homeless) -> None:
    kept = homeless / "temporary" / f"ionscape-kernels-{os.getuid()}"
    done = in_it(homeless, COMPILES)
    assert done.stdout.startswith(f"1.5 2.5 {kept}")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"compiled code is kept in {kept}")
    assert kept.stat().st_mode & 0o777 == 0o700
    assert list(kept.rglob("*.nbc"))
    done = in_it(homeless, DOCTOR)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"1 kernels in {kept}" in done.stdout
    assert "a makeshift" in done.stdout
    assert done.stdout.endswith("to be mended: compiled code\n")


@POSIX
def test_code_is_not_taken_from_a_folder_that_others_can_write_to(homeless) -> None:
    kept = homeless / "temporary" / f"ionscape-kernels-{os.getuid()}"
    kept.mkdir(exist_ok=True)
    kept.chmod(0o777)
    done = in_it(homeless, COMPILES)
    assert done.stdout == "1.5 2.5 None\n"
    assert done.stderr.count("\n") == 1
    assert "every start compiles" in done.stderr
    done = in_it(homeless, DOCTOR)
    assert done.returncode == 1
    assert "can be kept nowhere" in done.stdout
