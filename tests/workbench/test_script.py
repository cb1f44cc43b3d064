"""The script that does again what was clicked: run by itself, it gives the same numbers to the last digit."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import xarray

from ionscape.workbench.jobs import JobRunner
from ionscape.workbench.project import open_project
from ionscape.workbench.script import FOLDER, SCRIPT_FILE, project_script
from killing import rubidium_fit
from rubidium_project import fill, one_document

WIDTH = "ions.Li.diffusion.width"
SERIES = """
title = "a quick series"
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = [0.0, 0.5]
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[percolation]
lattice = 20
landscapes = 4
"""
pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are ended by signals")


def document() -> str:
    """The measurement and the experiment of the examples, with one parameter to fit on coarse cells."""
    return one_document(rubidium_fit(starts=1))


def finished(jobs, kind, options=None):
    job = jobs.submit(kind, options)
    assert jobs.wait(job, 600)
    assert job.state == "finished", job.ending.told()
    return job


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """The folder of a project in which everything was done, closed again, and its script."""
    folder = tmp_path_factory.mktemp("script") / "project"
    project = open_project(folder)
    jobs = JobRunner(project)
    try:
        fill(project, document())
        project.series.replace(SERIES)
        finished(jobs, "calibrate")
        finished(jobs, "simulate", {"model": "electroneutral"})
        finished(jobs, "simulate", {"model": "electroneutral", "tolerance": 0.003, "values": {WIDTH: 3.1e-20},
                                    "label": "a wider\nband"})  # fmt: skip
        # what is changed afterwards does not change what was calculated before
        before = project.document.get("stages[0].temperature")
        project.document.set("stages[0].temperature", "60 degC")
        finished(jobs, "simulate", {"model": "electroneutral"})
        project.document.set("stages[0].temperature", before)
        # in one process, and by the script in as many as there are cores
        finished(jobs, "fit", {"starts": 1, "method": "least-squares", "processes": 1})
        finished(jobs, "report")
        finished(jobs, "series", {"landscapes": 2, "processes": 1})
        assert 'isc.load_series(PROJECT / "series.toml")' in project_script(project, jobs.jobs)
        project.series.set("landscape.noise", 0.4)
        text = project_script(project, jobs.jobs)
    finally:
        jobs.close()
        project.close()
    return folder, text


@pytest.mark.slow
def test_the_script_reproduces_every_result_to_the_last_digit(analysed, tmp_path):
    folder, text = analysed
    copy = tmp_path / "taken away"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("jobs", ".lock"))
    (copy / SCRIPT_FILE).write_text(text, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(copy / SCRIPT_FILE)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "DIFFERS" not in run.stdout
    names = ["profile.nc", *(f"simulations/000{number}.nc" for number in (2, 3, 4)), "fit.nc", "series.nc"]
    assert [line.split(":")[0] for line in run.stdout.splitlines() if ".nc: " in line] == names
    assert "  ions.Li.diffusion.bulk_coefficient = " in run.stdout
    assert "report.html: written into" in run.stdout
    for name in names:
        # read anew, not by the comparison of the script
        here, there = (
            xarray.load_dataset(place / name, engine="h5netcdf") for place in (copy / FOLDER, folder / "results")
        )
        assert set(here.variables) == set(there.variables)
        for variable in set(there.variables) - {"stage_wall_time"}:
            np.testing.assert_array_equal(here[variable].values, there[variable].values, err_msg=f"{name} {variable}")
    assert (copy / FOLDER / "report.html").is_file()


def test_the_script_calls_public_functions_on_the_files(analysed):
    _, text = analysed
    compile(text, SCRIPT_FILE, "exec")
    assert 'load_experiment(PROJECT / "analysis.toml")' in text
    assert f"experiment.replace({{'{WIDTH}': 3.1e-20}})" in text
    assert "isc.Settings(model='electroneutral', relative_tolerance=0.003)" in text
    # the document of then, where it has changed
    assert text.count("EXPERIMENT_0004") == 2
    assert "series = isc.parse_series(SERIES, folder=PROJECT)" in text
    assert "series = series.with_landscapes(2)" in text
    assert "# simulation 0003: a wider band" in text


def test_an_empty_project_has_a_script_too(tmp_path):
    project = open_project(tmp_path / "new")
    try:
        project.document.set("title", 'odd """ title \\ with marks')
        text = project_script(project, ())
    finally:
        project.close()
    compile(text, SCRIPT_FILE, "exec")
    assert "nothing has been calculated yet" in text


def test_texts_with_any_marks_are_quoted():
    from ionscape.workbench.script import _quoted

    for text in ("a\nb\n", "a'''b\n", "back\\slash\n", "no end", "\r\n", ""):
        assert eval(_quoted(text)) == text
