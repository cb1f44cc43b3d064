"""The page of the files: everything can be taken away, and what is taken away is complete."""

import csv
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ionscape.experiment import parse_experiment
from ionscape.transport import Settings, load_result, simulate
from ionscape.workbench import archive
from ionscape.workbench.archive import FORMS, figures, picture, write_archive
from ionscape.workbench.jobs import Job
from ionscape.workbench.project import open_project
from ionscape.workbench.script import SCRIPT_FILE
from page_visits import Visit, ui_elements, visit
from strange_files import STRANGE, make_strange

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = [EXAMPLES / "measurements" / name for name in (
    "rb-mono-a.txt", "rb-mono-a-crater-1.csv", "rb-mono-a-crater-2.csv", "rb-mono-a-crater-3.csv")]  # fmt: skip
EXPERIMENT = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
MEASUREMENT = """
[measurement]
file = "uploads/rb-mono-a.txt"
crater_scans = ["uploads/rb-mono-a-crater-1.csv", "uploads/rb-mono-a-crater-2.csv", "uploads/rb-mono-a-crater-3.csv"]
depth_resolution = "2 nm"
"""


def fill(project):
    """A measurement, its experiment, and one simulation."""
    for path in FILES:
        project.add_upload(path.name, path)
    project.document.replace(EXPERIMENT + MEASUREMENT)
    result = simulate(parse_experiment(EXPERIMENT), settings=Settings(model="electroneutral"))
    result.to_netcdf(project.result_path("simulations/0001.nc"))
    project.changed("results")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of a project in which something was done."""
    opened = open_project(tmp_path_factory.mktemp("files") / "project")
    fill(opened)
    opened.close()
    return opened.folder


@pytest.fixture(scope="module")
def drawn(folder):
    """All figures of that project."""
    opened = open_project(folder)
    try:
        return figures(opened)
    finally:
        opened.close()


@pytest.fixture
def project(folder):
    opened = open_project(folder)
    yield opened
    opened.close()


def shown(page: Visit, marker: str) -> bool:
    with page.user.client:
        return any(element.visible for element in ui_elements(marker))


def test_every_page_has_its_figures(drawn):
    found = {figure.name for figure in drawn}
    assert {"measurement-calibrated-profile", "measurement-crater-rb-mono-a-crater-1"} <= found
    assert len([name for name in found if name.startswith("experiment-")]) == 2
    assert len([name for name in found if name.startswith("simulation-0001")]) >= 5
    assert len(found) == len(drawn)


def test_unfinished_documents_have_no_figures_and_do_no_harm(tmp_path):
    project = open_project(tmp_path / "project")
    try:
        assert figures(project) == []
        project.document.set("sample.thickness", "-1 m")
        project.series.set("glass.alkali", "Xe")
        assert figures(project) == []
    finally:
        project.close()


@pytest.mark.parametrize("form", FORMS)
def test_pictures_are_what_they_are_called(drawn, form):
    figure = next(one for one in drawn if one.group == "experiment")
    content = picture(figure.plot, form)
    assert content.startswith({"svg": b"<?xml", "png": b"\x89PNG", "csv": b""}[form])
    assert picture(figure.plot, form) == content


def test_numbers_of_a_figure_are_those_of_the_result(drawn, folder):
    figure = next(one for one in drawn if one.name.startswith("simulation-0001") and "urrent" in one.name)
    rows = list(csv.reader(io.StringIO(picture(figure.plot, "csv").decode())))
    numbers = np.array([[float(cell) for cell in row[:2]] for row in rows[1:] if row[0] and row[1]])
    result = load_result(folder / "results/simulations/0001.nc")
    axis = figure.plot.panels[0].horizontal
    times = result.dataset["time"].values
    assert numbers[:, 0].max() * axis.size == pytest.approx(times.max(), rel=1e-6)


def test_archive_is_a_project_and_a_folder_of_the_command_line(project, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "RESOLUTION", 30)
    job = Job(identifier="0001", kind="simulate", options={"model": "electroneutral"}, state="finished")
    path = tmp_path / "all.zip"
    write_archive(project, [job], path)
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        packed.extractall(tmp_path / "there")
    assert len(names) == len(set(names))
    assert not [name for name in names if name.startswith(("jobs", ".", "/")) or ".." in name]
    assert {"analysis.toml", SCRIPT_FILE, "uploads/rb-mono-a.txt", "results/simulations/0001.nc"} <= set(names)
    for figure in drawn:
        assert {f"figures/{figure.name}.{form}" for form in FORMS} <= set(names)
    assert load_result(tmp_path / "there/results/simulations/0001.nc").dataset.sizes["ion"] == 2
    again = open_project(tmp_path / "there")
    try:
        assert again.document.text == project.document.text
        assert again.look().errors == {}
    finally:
        again.close()


def test_page_lists_and_hands_out(folder, monkeypatch):
    monkeypatch.setattr(archive, "FORMS", ("csv",))  # figures in the archive are the matter of the test before

    async def act(page: Visit) -> None:
        await page.until(lambda: page.there("files-csv-measurement-calibrated-profile"), 60)
        await page.until(lambda: not shown(page, "files-busy"), 60)
        page.click("files-show-measurement-calibrated-profile")
        await page.until(lambda: page.element("files-heading").text == "measurement-calibrated-profile")
        assert page.element("files-figure").figure["data"]
        page.click("files-csv-measurement-calibrated-profile")
        response = await page.user.download.next(timeout=20)
        assert response.content.decode().startswith("depth (nm),")
        page.click("files-download-analysis.toml")
        response = await page.user.download.next(timeout=20)
        # the simulated browser asks for the path of a file; that the real one gets it is tried end to end
        assert Path(str(response.url.path)) == folder / "analysis.toml"
        page.click("files-script")
        await page.until(lambda: shown(page, "files-code"))
        assert "isc.simulate(experiment" in page.element("files-code").content
        page.click("files-script-download")
        response = await page.user.download.next(timeout=20)
        assert response.text == page.element("files-code").content
        page.click("files-archive")
        response = await page.user.download.next(timeout=120)
        with zipfile.ZipFile(Path(str(response.url.path))) as packed:
            assert SCRIPT_FILE in packed.namelist()

    visit(folder, "files", act)


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
def test_what_is_no_file_of_the_project_is_named_and_never_taken_away(tmp_path):
    folder = tmp_path / "project"
    for name in ("uploads", "results/simulations", "jobs"):
        (folder / name).mkdir(parents=True)
    (folder / "project.json").write_text('{"format": "ionscape project 1", "created": "2026-01-01"}')
    (tmp_path / "outside.toml").write_text(EXPERIMENT, encoding="utf-8")
    (folder / "analysis.toml").symlink_to(tmp_path / "outside.toml")
    for kind in STRANGE:
        for place in ("uploads", "results", "results/simulations", "jobs"):
            make_strange(kind, folder / place / f"1{kind}.json", tmp_path)
    for name in ("profile.nc", "fit.nc", "series.nc"):
        make_strange("link", folder / "results" / name, tmp_path)
    (folder / "uploads" / os.fsdecode(b"\xff.txt")).write_text("x")

    async def act(page: Visit) -> None:
        await page.until(lambda: not shown(page, "files-busy"), 60)
        told = page.texts()
        for kind, why in (("link", "a link that leads out of the project"), ("folder", "a link that leads out"),
                          ("dangling", "a link that leads nowhere"), ("loop", "a link that leads nowhere"),
                          ("pipe", "no regular file"), ("pair", "a link")):  # fmt: skip
            for place in ("uploads", "results", "results/simulations"):
                assert f"{place}/1{kind}.json: {why}" in told
        assert "results/fit.nc: a link that leads out of the project" in told
        assert "uploads/?.txt: a name that is no text" in told
        page.click("files-download-analysis.toml")
        assert (await page.user.download.next(timeout=20)).text == EXPERIMENT
        page.click("files-archive")
        response = await page.user.download.next(timeout=60)
        with zipfile.ZipFile(Path(str(response.url.path))) as packed:
            assert {name for name in packed.namelist() if "hard link" not in name and "figures/" not in name} == {
                "analysis.toml", "project.json", SCRIPT_FILE,
            }  # fmt: skip
        for tab in ("measurement", "experiment", "simulate", "fit", "glass"):
            page.click(f"tab-{tab}")
            page.set("tabs", tab)
            await page.settled()

    visit(folder, "files", act)


def test_new_results_appear(tmp_path):
    async def act(page: Visit) -> None:
        await page.until(lambda: not shown(page, "files-busy"), 60)
        assert not page.there("files-download-results/simulations/0001.nc")
        fill(page.session.project)
        await page.until(lambda: page.there("files-download-results/simulations/0001.nc"), 60)
        await page.until(lambda: page.there("files-show-experiment-diffusion-coefficients"), 60)

    visit(tmp_path / "project", "files", act)
