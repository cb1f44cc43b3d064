"""Set-up shared by all tests: the cache of compiled kernels, hypothesis profiles, the example files."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import ionscape

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = Path(str(ionscape.__file__)).parent  # loads no kernel
KERNELS = (PACKAGE / "transport", PACKAGE / "hopping")
UNUSED_CACHES_ARE_KEPT_FOR = 7 * 24 * 3600.0  # s


def kernel_cache_folder() -> Path:
    """Folder for the compiled kernels in their present state.

    numba renews a cache file when the source file of that function changes, but not when a function from another file
    that was inlined into it does. One folder per state of all kernel files rules out a test of yesterday's code.
    """
    state = hashlib.sha256()
    modules = [path for folder in KERNELS for path in folder.rglob("*.py")]
    for path in sorted([*modules, PACKAGE / "compiled.py", PACKAGE / "inner_compiler.py"]):
        state.update(path.relative_to(PACKAGE).as_posix().encode())
        state.update(path.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    caches = base / "ionscape" / "kernels-under-test"
    try:
        caches.mkdir(parents=True, exist_ok=True)
    except OSError:
        caches = Path(tempfile.gettempdir()) / "ionscape-kernels-under-test"
        caches.mkdir(exist_ok=True)
    folder = caches / state.hexdigest()[:20]
    folder.mkdir(exist_ok=True)
    os.utime(folder)
    for other in caches.iterdir():
        if time.time() - other.stat().st_mtime > UNUSED_CACHES_ARE_KEPT_FOR:
            shutil.rmtree(other, ignore_errors=True)
    return folder


# numba reads it when it is imported, which no test module may do before this line.
os.environ.setdefault("NUMBA_CACHE_DIR", str(kernel_cache_folder()))
# The same holds for numpy. Matrices here have some hundred rows: on as many cores as workers, threads wait for each
# other and burn four times the processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("developer", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("developer"), derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


LONGEST_FILES = (
    "end_to_end/test_documentation_snippets.py",
    "end_to_end/test_workbench_browser.py",
    "validation/test_fit.py",
    "workbench/test_page_fit.py",
    "workbench/test_jobs.py",
    "end_to_end/test_kills.py",
    "workbench/test_page_experiment.py",
    "workbench/test_script.py",
    "workbench/test_page_measurement.py",
    "end_to_end/test_cli_simulate.py",
    "end_to_end/test_sweep.py",
    "unit/test_scaleout.py",
    "workbench/test_page_files.py",
    "unit/test_posterior.py",
    "end_to_end/test_cli_fit.py",
    "unit/test_level_kernels.py",
    "properties/test_transport_properties.py",
    "unit/test_cli.py",
    "validation/test_second_ways.py",
    "end_to_end/test_cli_conductivity.py",
    "validation/test_cross_terms.py",
    "end_to_end/test_gallery.py",
    "unit/test_inference.py",
    "workbench/test_page_glass.py",
    "workbench/test_app.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all kernels before the workers start, when all tests are asked for."""
    config = session.config
    is_worker = hasattr(config, "workerinput")
    if is_worker or config.option.collectonly or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    config.get_terminal_writer().line("compiling the kernels, which takes a minute unless they are in the cache")
    # a failure shows in the tests as well
    subprocess.run([sys.executable, str(REPOSITORY / "tests" / "kernels.py")], check=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: one that begins last would leave all workers but one idle."""
    places = {REPOSITORY / "tests" / file: place for place, file in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root folder of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def examples_folder() -> Path:
    """Folder of the experiment files that ship with the project."""
    return REPOSITORY / "examples"


@pytest.fixture(scope="session")
def mono_cait_file(examples_folder: Path) -> Path:
    """Rb+ on a lithium borate glass: one irradiation stage."""
    return examples_folder / "rb-mono-cait.toml"


@pytest.fixture(scope="session")
def double_cait_file(examples_folder: Path) -> Path:
    """Cs+ after Rb+ on a lithium borate glass: irradiation, storage, irradiation."""
    return examples_folder / "rb-cs-double-cait.toml"


@pytest.fixture(scope="session")
def command() -> str:
    """Path of the installed command, next to the running interpreter or on the search path."""
    found = shutil.which("ionscape", path=sysconfig.get_path("scripts")) or shutil.which("ionscape")
    if found is None:
        pytest.skip("the command ionscape is not installed; install with `pip install -e .`")
    return found
