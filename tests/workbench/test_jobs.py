"""Jobs: progress, results, failures with their sentence, cancelling, and what survives a killed server."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.workbench.jobs import JobRunner
from ionscape.workbench.live import LiveModel
from ionscape.workbench.project import open_project
from ionscape.workbench.wording import page_words
from rubidium_project import fill

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPERIMENT = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
SERIES = """
title = "a quick series"
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = [0.0, 0.5, 1.0]
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[percolation]
lattice = 24
landscapes = {landscapes}
[random]
seed = 1
"""
pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are ended by signals")


def wait_for(condition, seconds=300.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


@pytest.fixture
def project(tmp_path):
    opened = open_project(tmp_path / "project")
    yield opened
    opened.close()


@pytest.fixture
def jobs(project):
    runner = JobRunner(project)
    yield runner
    runner.close()


class TestResults:
    def test_a_simulation_is_that_of_the_package(self, project, jobs):
        from ionscape.experiment import parse_experiment
        from ionscape.transport import Settings, load_result, simulate

        project.document.replace(EXPERIMENT)
        heard = []
        project.subscribe(lambda what: heard.append(jobs.jobs[-1].state) if what == "jobs" else None)
        width = "ions.Li.diffusion.width"
        job = jobs.submit("simulate", {"model": "electroneutral", "values": {width: 3.2e-20}, "label": "wide"})
        assert jobs.wait(job, 90)
        assert job.state == "finished", job.ending.told()
        assert job.results == ["results/simulations/0001.nc"]
        assert job.fraction == 1.0
        assert heard[0] in {"waiting", "running"}  # on a busy machine it has begun before the first word arrives
        wait_for(lambda: heard[-1] == "finished", 10)
        stored = load_result(project.folder / job.results[0])
        here = simulate(
            parse_experiment(EXPERIMENT).replace({width: 3.2e-20}), settings=Settings(model="electroneutral")
        )
        np.testing.assert_array_equal(stored.dataset["density"].values, here.dataset["density"].values)

    def test_a_failure_is_the_sentence_of_the_command_line(self, project, jobs):
        from ionscape.experiment import parse_experiment

        project.document.replace(EXPERIMENT)
        project.document.set("stages[0].duration", "-1 h")
        job = jobs.submit("simulate")
        assert jobs.wait(job, 60)
        with pytest.raises(InputError) as caught:
            parse_experiment(project.document.text, file="analysis.toml")
        assert (job.state, job.ending.told()) == ("failed", str(caught.value))
        assert job.ending.told(page_words).startswith('stage 1 duration = "-1 h": ')
        assert json.loads((project.folder / "jobs/0001.json").read_text())["reason"]["parts"]["value"] == "-1 h"

    def test_a_calibration_does_not_wait_for_heavy_jobs(self, project, jobs):
        from ionscape.profiling import load_profile

        fill(project)
        heavy = [jobs.submit("simulate"), jobs.submit("simulate")]
        wait_for(lambda: heavy[0].identifier in jobs._running)
        process = jobs._running[heavy[0].identifier].worker.process
        os.kill(process.pid, signal.SIGSTOP)  # so that it takes longer than the calibration on any machine
        light = jobs.submit("calibrate")
        assert jobs.wait(light, 60)
        assert light.state == "finished", light.ending.told()
        assert load_profile(project.folder / "results/profile.nc").ions
        assert heavy[1].state == "waiting"
        jobs.cancel(heavy[1])
        assert heavy[1].state == "cancelled"
        os.kill(process.pid, signal.SIGCONT)
        jobs.cancel(heavy[0])
        assert jobs.wait(heavy[0], 60)

    def test_unknown_kinds(self, jobs):
        with pytest.raises(InputError, match="is no kind of job"):
            jobs.submit("magic")

    def test_a_fit_that_is_no_more_that_of_the_document(self, jobs):
        job = jobs.submit("mcmc")
        assert jobs.wait(job, 60)
        assert job.state == "failed"
        assert "fit.nc: does not exist" in job.ending.told()


class TestCancel:
    @pytest.mark.slow
    def test_keeps_the_best_of_a_fit(self, project, jobs):
        from ionscape.inference import load_fit_result
        from ionscape.inference.remarks import STOPPED

        fill(project)
        job = jobs.submit("fit", {"starts": 6, "processes": 1})
        wait_for(lambda: any(search["simulations"] > 3 for search in job.progress.get("searches", ())))
        jobs.cancel(job)
        assert jobs.wait(job, 60)
        assert job.state == "cancelled"
        assert job.results == ["results/fit.nc"]
        assert "best fit up to there is kept" in job.ending.told()
        result = load_fit_result(project.folder / "results/fit.nc")
        stored = result.dataset
        assert result.remarks == (STOPPED(),)
        # simulated once more with a tenth of the tolerance
        assert stored.attrs["cost"] == pytest.approx(job.progress["cost"], rel=0.05, abs=5.0)
        assert not (project.folder / "jobs/scratch/0001").exists()

    def test_keeps_what_a_simulation_has_reached(self, project, jobs):
        from ionscape.transport import load_result

        project.document.replace(EXPERIMENT)
        job = jobs.submit("simulate", {"tolerance": 1e-8})
        wait_for(lambda: job.progress.get("steps", 0) > 0)
        jobs.cancel(job)
        assert jobs.wait(job, 60)
        assert job.state == "cancelled"
        assert load_result(project.folder / job.results[0]).dataset["time"].values[-1] > 0.0

    def test_a_job_that_does_not_listen_is_ended(self, project):
        jobs = JobRunner(project, grace=0.5)
        project.series.replace(SERIES.format(landscapes=1000))
        job = jobs.submit("series", {"processes": 1})
        wait_for(lambda: job.progress.get("done", 0) > 0)
        process = jobs._running[job.identifier].worker.process
        os.kill(process.pid, signal.SIGSTOP)  # as one that hangs
        jobs.cancel(job)
        assert jobs.wait(job, 30)
        assert job.state == "cancelled"
        assert not process.is_alive()
        jobs.close()


SERVER = """
import sys, time
from ionscape.workbench.jobs import JobRunner
from ionscape.workbench.project import open_project
if __name__ == "__main__":
    project = open_project(sys.argv[1])
    runner = JobRunner(project)
    runner.submit("series", {"processes": 2})
    time.sleep(600)
"""


class TestKilledServer:
    def test_the_job_ends_and_is_taken_up_where_it_was(self, tmp_path):
        folder = tmp_path / "project"
        project = open_project(folder)
        project.series.replace(SERIES.format(landscapes=60))
        project.close()
        script = tmp_path / "server.py"
        script.write_text(SERVER, encoding="utf-8")
        server = subprocess.Popen([sys.executable, str(script), str(folder)])
        store = folder / "jobs/stores/series"
        try:
            wait_for(lambda: len(list(store.glob("[0-9a-f]*.npz"))) >= 20)
        finally:
            server.kill()
            server.wait()
        wait_for(lambda: not _processes_with(folder), 20)
        kept = len(list(store.glob("[0-9a-f]*.npz")))
        assert 20 <= kept < 180

        project = open_project(folder)
        runner = JobRunner(project)
        (job,) = runner.jobs
        assert job.state == "interrupted"
        assert json.loads((folder / "jobs/0001.json").read_text())["state"] == "interrupted"
        runner.take_up(job)
        assert runner.wait(job, 120)
        assert job.state == "finished", job.ending.told()
        assert job.progress["resumed"] >= kept
        assert job.progress["done"] == job.progress["total"] == 180
        assert (folder / "results/series.nc").is_file()
        runner.close()
        project.close()

    def test_closing_interrupts(self, project):
        jobs = JobRunner(project)
        project.document.replace(EXPERIMENT)
        first, second = (jobs.submit("simulate", {"tolerance": 1e-8}) for _ in range(2))
        wait_for(lambda: first.state == "running")
        jobs.close()
        assert (first.state, second.state) == ("interrupted", "interrupted")
        again = JobRunner(project)
        assert [job.state for job in again.jobs] == ["interrupted", "interrupted"]
        assert again.submit("report").identifier == "0003"
        again.close()

    def test_damaged_records_are_passed_over(self, project):
        (project.folder / "jobs/0001.json").write_text("{", encoding="utf-8")
        (project.folder / "jobs/0002.json").write_text("{}", encoding="utf-8")
        (project.folder / "jobs/0003.json").write_text('{"identifier": "x", "kind": "fit"}', encoding="utf-8")
        assert JobRunner(project).jobs == ()


def _processes_with(folder: Path) -> list[str]:
    """Processes whose command or working files name a folder; spawned ones name it in their first message only."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            files = list((path.parent / "fd").iterdir())
            if any(str(folder) in str(file.readlink()) for file in files):
                found.append(path.parent.name)
        except OSError:
            continue
    return found


RESPONSIVE = """
import sys
from ionscape.workbench.app import serve
from ionscape.workbench.project import open_project
from ionscape.workbench.session import Workbench
if __name__ == "__main__":
    workbench = Workbench.of(open_project(sys.argv[1]))
    workbench.jobs.submit("fit", {"starts": 6})
    serve(workbench, host="127.0.0.1", port=int(sys.argv[2]))
"""


@pytest.mark.slow
def test_the_server_answers_while_a_fit_runs(tmp_path):
    from ionscape.workbench.app import free_port

    project = open_project(tmp_path / "project")
    fill(project)
    project.close()
    port = free_port("127.0.0.1", 0)
    script = tmp_path / "server.py"
    script.write_text(RESPONSIVE, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NICEGUI"))}
    server = subprocess.Popen([sys.executable, str(script), str(project.folder), str(port)], env=environment)
    record = project.folder / "jobs/0001.json"

    def answers():
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/favicon.ico", timeout=5).read()
        except urllib.error.HTTPError as refused:
            return refused.code == 403  # nobody gave the token, which is an answer too
        except OSError:
            return False
        return True

    try:
        wait_for(answers)
        wait_for(lambda: json.loads(record.read_text(encoding="utf-8"))["progress"].get("simulations", 0) > 0)
        for _ in range(20):
            assert answers()
        assert json.loads(record.read_text(encoding="utf-8"))["state"] == "running"
    finally:
        server.terminate()
        server.wait(30)
    assert json.loads(record.read_text(encoding="utf-8"))["state"] == "interrupted"


@pytest.fixture(scope="module")
def live():
    model = LiveModel()
    model.warm_up().result(timeout=240)
    yield model
    model.close()


class TestLiveModel:
    def test_follows_the_values(self, live):
        widths = (2.0e-20, 3.5e-20)
        profiles = [
            live.request(EXPERIMENT, {"ions.Li.diffusion.width": width}).result(timeout=120) for width in widths
        ]
        assert all(found.density.shape == (1, 2, found.depth.size) for found in profiles)
        # the automatic cells follow the width of the front
        at = np.linspace(1e-9, 80e-9, 60)
        lithium = [np.interp(at, found.depth, found.density[0, 0]) for found in profiles]
        assert not np.allclose(*lithium, rtol=1e-3)

    def test_cells_are_limited(self):
        from ionscape.experiment import load_experiment
        from ionscape.transport.grid import make_grid
        from ionscape.workbench.live import MOST_CELLS, coarse_grid

        double = load_experiment(EXAMPLES / "rb-cs-double-cait.toml")
        usual, coarse = make_grid(double).size, coarse_grid(double).size
        assert coarse.sum() == pytest.approx(usual.sum())
        assert coarse.size < 1.3 * MOST_CELLS < usual.size

    def test_is_near_the_result(self, live):
        from ionscape.experiment import parse_experiment
        from ionscape.transport import Settings, simulate

        found = live.request(EXPERIMENT, {}).result(timeout=120)
        data = simulate(parse_experiment(EXPERIMENT), settings=Settings(model="electroneutral")).dataset
        exact = data["density"].isel(time=-1).transpose("ion", "depth").values
        assert found.ions == tuple(data["ion"].values)
        close = [np.interp(data["depth"].values, found.depth, row) for row in found.density[-1]]
        assert np.abs(np.array(close) - exact).max() < 0.02 * 1.4e28
        assert found.time[-1] == pytest.approx(94.46 * 3600)

    def test_answers_the_latest_only(self, live):
        futures = [live.request(EXPERIMENT, {"ions.Li.diffusion.width": 2e-20 + 1e-22 * n}) for n in range(8)]
        answers = [future.result(timeout=120) for future in futures]
        assert answers[-1] is not None
        assert answers[1:-1] == [None] * 6

    def test_what_is_wrong_is_the_sentence_of_the_package(self, live):
        with pytest.raises(InputError, match="thickness"):
            live.request(EXPERIMENT, {"sample.thickness": -1.0}).result(timeout=120)
        assert live.request(EXPERIMENT, {}).result(timeout=120) is not None

    def test_closed_ones_answer_nothing(self):
        model = LiveModel()
        model.close()
        assert model.request(EXPERIMENT, {}).result(timeout=5) is None
