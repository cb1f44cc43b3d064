"""What a killed workbench leaves behind is tidied up, and a job that goes on from a fit begins where it began."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace

import pytest
import xarray

from ionscape.inference import FURTHER
from ionscape.workbench import tasks
from ionscape.workbench.jobs import FORMAT, JobRunner
from ionscape.workbench.project import open_project


@pytest.fixture
def project(tmp_path):
    opened = open_project(tmp_path / "project")
    yield opened
    opened.close()


def test_a_start_removes_what_no_job_needs(project):
    jobs = project.folder / "jobs"
    for identifier, state in (("0001", "finished"), ("0002", "running"), ("0003", "failed")):
        record = {"format": FORMAT, "identifier": identifier, "kind": "mcmc", "state": state}
        (jobs / f"{identifier}.json").write_text(json.dumps(record), encoding="utf-8")
        (jobs / f"{identifier}.beginning.nc").touch()
    (jobs / "scratch" / "0002").mkdir(parents=True)
    (jobs / "scratch" / "0002" / "start-0000.json").touch()
    runner = JobRunner(project)
    assert [job.state for job in runner.jobs] == ["finished", "interrupted", "failed"]
    assert not (jobs / "scratch").exists()
    # those of jobs that can be taken up are needed then
    assert sorted(path.name for path in jobs.glob("*.nc")) == ["0002.beginning.nc", "0003.beginning.nc"]
    runner.close()


class Found:
    """A fit of which only attributes matter."""

    remarks = ()

    def __init__(self, dataset):
        self.dataset = dataset
        self.problem = object()

    def to_netcdf(self, path):
        self.dataset.to_netcdf(path, engine="h5netcdf")


@pytest.mark.skipif(os.name != "posix", reason="processes are ended by signals")
def test_a_job_that_had_replaced_the_fit_begins_with_the_earlier_one(project, monkeypatch):
    file = project.result_path("fit.nc")
    begun: list[str] = []

    def sample(result, **_):
        begun.append(result.dataset.attrs["method"])
        return Found(result.dataset.assign_attrs(method="mcmc"))

    monkeypatch.setitem(FURTHER, "mcmc", sample)
    monkeypatch.setattr(tasks, "read_fit_result", lambda path, _: Found(xarray.load_dataset(path, engine="h5netcdf")))
    Found(xarray.Dataset(attrs={"method": "least-squares", "created": "monday"})).to_netcdf(file)

    def run(identifier):
        context = tasks.JobContext(
            folder=project.folder, identifier=identifier, kind="mcmc", sender=SimpleNamespace(send=lambda _: None)
        )
        tasks.TASKS["mcmc"](context, {"processes": 1})
        return xarray.load_dataset(file, engine="h5netcdf").attrs["method"]

    # killed after the result was written and before its record was, it is taken up again
    assert [run("0001"), run("0001")] == ["mcmc", "mcmc"]
    assert begun == ["least-squares", "least-squares"]
    # another job goes on from what is there now, and so does this one from another fit
    run("0002")
    Found(xarray.Dataset(attrs={"method": "profile-likelihood", "created": "tuesday"})).to_netcdf(file)
    run("0001")
    assert begun[2:] == ["mcmc", "profile-likelihood"]
