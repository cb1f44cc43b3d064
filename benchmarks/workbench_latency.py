"""How fast the workbench answers: its event loop while a fit runs on all cores, and profiles while a slider moves.

    python benchmarks/workbench_latency.py

The server runs the fit of the shipped example with six starts, one process per core; a page is asked for twenty times a
second. The live model is asked for the profiles of two experiments with another width of the site energies each time.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SERVER = """
import sys
from ionscape.workbench.app import Workbench, serve
from ionscape.workbench.project import open_project
workbench = Workbench.of(open_project(sys.argv[1]))
workbench.jobs.submit("fit", {"starts": 6})
serve(workbench, host="127.0.0.1", port=int(sys.argv[2]), token="benchmark")
"""


def fill(folder: Path) -> None:
    """A project with the shipped example."""
    import re

    from ionscape.workbench.project import open_project

    project = open_project(folder)
    experiment = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
    rest = re.sub(
        r"^(title|experiment) = .*\n", "", (EXAMPLES / "rb-mono-fit.toml").read_text(encoding="utf-8"), flags=re.M
    )
    for path in sorted((EXAMPLES / "measurements").glob("rb-mono-a*")):
        if path.suffix != ".json":
            project.add_upload(path.name, path)
    project.document.replace(experiment + "\n" + rest.replace("measurements/", "uploads/"))
    project.close()


def event_loop(seconds: float) -> list[float]:
    """Times until an answer while a fit runs [s]."""
    from ionscape.workbench.app import free_port

    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "project")
        port = free_port("127.0.0.1", 0)
        script = Path(folder) / "server.py"
        script.write_text(SERVER, encoding="utf-8")
        server = subprocess.Popen([sys.executable, str(script), f"{folder}/project", str(port)])
        record = Path(folder) / "project/jobs/0001.json"
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/favicon.ico", headers={"Cookie": "ionscape-token=benchmark"}
        )
        waits: list[float] = []
        try:
            begun = time.monotonic()
            while time.monotonic() - begun < 120.0 and not (record.exists() and '"simulations"' in record.read_text()):
                time.sleep(0.2)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                began = time.perf_counter()
                urllib.request.urlopen(asked, timeout=10).read()
                waits.append(time.perf_counter() - began)
                time.sleep(0.05)
        finally:
            server.terminate()
            server.wait(30)
    return waits


def slider(file: str, path: str, values: list[float]) -> list[float]:
    """Times until the profiles follow [s], after the first answer."""
    from ionscape.workbench.live import LiveModel

    model = LiveModel()
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    waits = []
    try:
        model.request(text, {}).result(timeout=300)
        for value in values:
            began = time.perf_counter()
            model.request(text, {path: value}).result(timeout=60)
            waits.append(time.perf_counter() - began)
    finally:
        model.close()
    return waits


def show(name: str, waits: list[float], aim: float) -> None:
    """One line: median, 95 % and the aim."""
    ordered = sorted(waits)
    print(f"{name:<46}{1e3 * statistics.median(ordered):>10.0f}{1e3 * ordered[int(0.95 * len(ordered))]:>10.0f}"
          f"{1e3 * aim:>10.0f}", flush=True)  # fmt: skip


def main() -> None:
    """Run the benchmark from the command line."""
    print(f"{'':<46}{'median/ms':>10}{'95 %/ms':>10}{'aim/ms':>10}")
    widths = [float(value) for value in np.linspace(2.0e-20, 3.5e-20, 15)]
    for file in ("rb-mono-cait.toml", "rb-cs-double-cait.toml"):
        show(f"profile follows a slider, {file}", slider(file, "ions.Li.diffusion.width", widths), 0.25)
    show("event loop while a fit runs on all cores", event_loop(15.0), 0.1)


if __name__ == "__main__":
    main()
