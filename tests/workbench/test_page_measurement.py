"""The page of the measurement: files are told apart, regions are dragged and typed, mistakes stand beside fields."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from nicegui.elements.upload_files import SmallFileUpload

from ionscape.errors import InputError
from ionscape.figures.measurement import crater_panel
from ionscape.profiling import load_profile, read_raw_profile
from ionscape.profiling.crater import step_height
from ionscape.profiling.crater_scan import read_crater_scan
from ionscape.workbench.measuring import (
    assignment,
    changes_for_experiment,
    changes_for_file,
    measure,
    moved_crater_regions,
    region_text,
    role_of_file,
    suggested_channels,
)
from page_visits import Visit, visit

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = EXAMPLES / "measurements"
EXPORT = FILES / "rb-mono-a.txt"
SCANS = [FILES / f"rb-mono-a-crater-{number}.csv" for number in (1, 2, 3)]
TRUTH = json.loads((FILES / "rb-mono-a-truth.json").read_text(encoding="utf-8"))
EXPERIMENT = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
MEASUREMENT = """
[measurement]
file = "uploads/rb-mono-a.txt"
crater_scans = ["uploads/rb-mono-a-crater-1.csv", "uploads/rb-mono-a-crater-2.csv", "uploads/rb-mono-a-crater-3.csv"]
depth_resolution = "2 nm"
"""


@pytest.fixture
def folder(tmp_path):
    """A project with the uploaded files."""
    project = tmp_path / "project"
    (project / "uploads").mkdir(parents=True)
    (project / "analysis.toml").write_text("", encoding="utf-8")
    for path in (EXPORT, *SCANS):
        shutil.copy(path, project / "uploads")
    return project


def upload(path: Path) -> SmallFileUpload:
    return SmallFileUpload(path.name, "text/plain", path.read_bytes())


def test_files_are_told_apart(tmp_path):
    assert role_of_file(EXPORT) == "export"
    assert [role_of_file(path) for path in SCANS] == ["crater scan"] * 3
    neither = tmp_path / "notes.txt"
    neither.write_text("Dear diary,\nthe sample was warm.\n", encoding="utf-8")
    with pytest.raises(InputError):
        role_of_file(neither)
    scan = tmp_path / "scan.csv"
    scan.write_text("Lateral (um),Height (nm)\n0.1,2\n0.2,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="a longer scan"):
        role_of_file(scan)


def test_what_a_file_changes():
    raw = read_raw_profile(EXPORT)
    channels = {"Li": ["^6Li+", "Li+"], "Rb": ["Rb+", "^87Rb+"]}
    assert suggested_channels(raw) == channels
    new = changes_for_file("uploads/a.txt", "export", {}, raw)
    assert new["measurement.file"] == "uploads/a.txt"
    assert new["measurement.channels"] == channels
    assert new["measurement.depth_resolution"] == "2 nm"
    again = {"measurement": {"file": "uploads/old.txt", "saturated": ["Li+"], "depth_resolution": "3 nm"}}
    other = changes_for_file("uploads/a.txt", "export", {**again, "sample": {}, "ions": {"Li": {}}}, raw)
    assert other["measurement.channels"] is None  # the experiment names the ions
    assert other["measurement.saturated"] is None
    assert "measurement.depth_resolution" not in other
    scans = {"measurement": {"crater_scans": ["a.csv"]}}
    assert changes_for_file("a.csv", "crater scan", scans) == {}
    assert changes_for_file("b.csv", "crater scan", scans) == {"measurement.crater_scans": ["a.csv", "b.csv"]}


def test_the_experiment_takes_over_what_it_says_itself():
    raw = read_raw_profile(EXPORT)
    table = {"file": "a", "native": {"Li": "1.4e28 1/m^3"}, "channels": suggested_channels(raw)}
    assert changes_for_experiment({"measurement": table}, raw) == {}
    data = {"measurement": table, "sample": {}, "ions": {"Li": {}, "Rb": {}}}
    changes = {"measurement.native": None, "measurement.channels": None, "sample.native.Li": "1.4e28 1/m^3"}
    assert changes_for_experiment(data, raw) == changes
    data["sample"] = {"native": {"Li": "1.3e28 1/m^3"}}
    assert "sample.native.Li" not in changes_for_experiment(data, raw)
    data["measurement"] = {**table, "channels": {"Li": ["Li+"], "Rb": ["Rb+"]}}
    assert "measurement.channels" not in changes_for_experiment(data, raw)  # corrected by hand


def test_channels_count_to_the_ions_that_are_known():
    raw = read_raw_profile(EXPORT)
    assert set(assignment(raw, {}).values()) == {""}
    found = assignment(raw, {"ions": {"Rb": {}}})
    assert found == {"^6Li+": "", "Li+": "", "Rb+": "Rb", "^87Rb+": "Rb"}
    given = {"measurement": {"channels": {"Li": ["^6Li+"]}}, "ions": {"Li": {}, "Rb": {}}}
    assert assignment(raw, given) == {"^6Li+": "Li", "Li+": "", "Rb+": "", "^87Rb+": ""}


def test_dragged_regions_as_they_are_written():
    assert region_text((1.1e-7, 4e-9), "nm") == ["4 nm", "110 nm"]
    assert region_text((-3e-9, 1.6004e-7), "nm") == ["0 nm", "160 nm"]
    step = step_height(read_crater_scan(SCANS[0]))
    assert len(step.regions.surface) == 2
    changes = moved_crater_regions(step, {"surface 2": (5.5e-4, 6.8e-4), "valley": (2.6e-4, 4.4e-4)})
    assert changes["measurement.valley_region"] == ["260 µm", "440 µm"]
    assert changes["measurement.surface_regions"][1] == ["550 µm", "680 µm"]
    assert changes["measurement.surface_regions"][0] == region_text(step.regions.surface[0], "µm")
    beyond = moved_crater_regions(step, {"valley": (-1.0, 4.4e-4)})["measurement.valley_region"]
    assert float(beyond[0].split()[0]) == pytest.approx(0.051)  # the scan begins there


def test_measuring_goes_as_far_as_it_can(folder):
    document = folder / "analysis.toml"
    assert measure(document).errors == {}
    document.write_text(MEASUREMENT.replace("crater-2", "crater-9"), encoding="utf-8")
    found = measure(document)
    assert found.raw is not None
    assert sorted(found.scans) == [0, 2]
    assert "measurement.crater_scans[1]" in found.errors
    assert found.profile is None


def test_from_dropped_files_to_densities(tmp_path):
    folder = tmp_path / "project"

    async def act(page: Visit) -> None:
        await page.element("measurement-upload").handle_uploads([upload(path) for path in (*SCANS, EXPORT)])
        await page.until(lambda: page.there("form-measurement.native.Li"))
        assert page.document.get("measurement.file") == "uploads/rb-mono-a.txt"
        assert len(page.document.get("measurement.crater_scans")) == 3
        await page.until(lambda: page.shown("measurement-needed"))
        assert "bulk density of the native ion (Li or Rb) is needed" in page.element("measurement-needed").text
        assert not page.shown("measurement-problem")
        assert "16384 pulses per point" in page.texts()
        assert page.there("measurement-crater-plot")
        page.set("form-measurement.native.Li", "1.4e28 1/m^3")
        page.user.find(marker="form-measurement.native.Li").trigger("blur")
        await page.until(lambda: page.there("measurement-profile-plot"))
        assert not page.shown("measurement-needed")

    visit(folder, "measurement", act)
    profile = load_profile(folder / "results" / "profile.nc")
    found = profile.summary()
    rate, error = found["sputter_rate"], found["sputter_rate_error"]
    assert rate == pytest.approx(1e-9 * TRUTH["sputter_rate_nm_per_s"], abs=3.0 * error)
    lithium = profile.dataset["density"].sel(ion="Li")
    inside = lithium.where((lithium["depth"] > 19e-9) & (lithium["depth"] < 21e-9)).mean()
    assert float(inside) / 1.4e28 == pytest.approx(TRUTH["li_fraction"]["20"], abs=0.005)


def test_an_unusable_file_is_named(tmp_path):
    async def act(page: Visit) -> None:
        wrong = SmallFileUpload("notes.txt", "text/plain", b"Dear diary,\nthe sample was warm.\n")
        await page.element("measurement-upload").handle_uploads([wrong])
        await page.until(lambda: "notes.txt" in page.texts())
        assert page.element("measurement-upload-error").visible
        assert page.session.project.uploads() == []  # what is refused is not kept
        assert page.document.get("measurement") is None
        await page.settled()

    visit(tmp_path / "project", "measurement", act)


def test_the_same_content_is_taken_once(tmp_path):
    async def act(page: Visit) -> None:
        drop = page.element("measurement-upload").handle_uploads
        await drop([upload(SCANS[1]), upload(SCANS[0])])
        names = [f"uploads/{scan.name}" for scan in SCANS[:2]]
        await page.until(lambda: page.document.get("measurement.crater_scans") == names)
        await drop([SmallFileUpload("copy.csv", "text/csv", SCANS[0].read_bytes())])
        await page.until(lambda: "copy.csv: is not taken again; rb-mono-a-crater-1.csv" in page.texts())
        assert page.document.get("measurement.crater_scans") == names
        assert len(page.session.project.uploads()) == 2
        page.session.edit("measurement.crater_scans", names[1:])
        await drop([SmallFileUpload("copy.csv", "text/csv", SCANS[0].read_bytes())])
        await page.until(lambda: page.document.get("measurement.crater_scans") == names)  # it had been taken out
        assert "is not taken again" not in page.texts()
        await page.settled()

    visit(tmp_path / "project", "measurement", act)


def test_files_over_the_limit_are_refused_and_later_ones_taken(tmp_path):
    async def act(page: Visit) -> None:
        # each file is sent by itself, so that the limit holds for each
        element = page.element("measurement-upload")
        assert element.props["max-file-size"] == 22_000
        assert "batch" not in element.props
        told = []
        page.session.notify = lambda text, **_: told.append(text)
        page.user.find(marker="measurement-upload").trigger("rejected", ["huge.txt"])
        page.user.find(marker="measurement-upload").trigger("failed", [413, ["other.txt"]])
        page.user.find(marker="measurement-upload").trigger("failed", [0, ["third.txt"]])
        assert told[0] == (
            "huge.txt: is too large; at most 0.02098 MiB per file are taken; leave out what is not needed,"
            " or start with a larger --upload-limit."
        )
        assert told[1].startswith("other.txt: is too large")
        assert told[2] == "third.txt: could not be sent; drop it again."
        big = SmallFileUpload("big.txt", "text/plain", b"0" * 22_001)
        await element.handle_uploads([big, *map(upload, SCANS)])
        await page.until(lambda: len(page.document.get("measurement.crater_scans") or ()) == 3)
        assert "at most 0.02098 MiB are taken" in page.texts()
        page.user.find(marker="measurement-upload").trigger("start")
        page.user.find(marker="measurement-upload").trigger("finish")
        assert "at most 0.02098 MiB are taken" not in page.texts()
        await page.settled()

    assert 3 * min(scan.stat().st_size for scan in SCANS) > 22_000 > max(scan.stat().st_size for scan in SCANS)
    visit(tmp_path / "project", "measurement", act, upload_limit=22_000)


def test_an_assumed_resolution_is_marked_until_it_is_confirmed(tmp_path):
    async def begin(page: Visit) -> None:
        await page.element("measurement-upload").handle_uploads([upload(EXPORT)])
        await page.until(lambda: "assumed; the width of site energies depends on it" in page.texts())
        assert page.session.project.assumed == {"measurement.depth_resolution"}
        await page.settled()

    async def edit(page: Visit) -> None:
        assert "assumed; the width of site energies" in page.texts()  # after a restart
        page.session.edit("measurement.depth_resolution", "3 nm")
        await page.until(lambda: "assumed; the width of site energies" not in page.texts())
        page.session.undo()
        await page.until(lambda: "assumed; the width of site energies" in page.texts())
        page.click("measurement-resolution-confirm")
        await page.until(lambda: "assumed; the width of site energies" not in page.texts())
        await page.settled()

    async def look(page: Visit) -> None:
        assert page.document.get("measurement.depth_resolution") == "2 nm"
        assert page.session.project.assumed == frozenset()
        assert "assumed; the width of site energies" not in page.texts()
        await page.settled()

    for act in (begin, edit, look):
        visit(tmp_path / "project", "measurement", act)


def test_files_outside_of_the_project_are_not_opened(folder):
    shutil.copy(EXPORT, folder.parent / "secret.txt")
    text = MEASUREMENT.replace("uploads/rb-mono-a.txt", "../secret.txt").replace("uploads/rb-mono-a-crater-2", "/etc/x")

    async def act(page: Visit) -> None:
        await page.until(lambda: page.texts().count("lies outside of the project") >= 2)
        assert "upload the file, and name it as it is listed under uploads" in page.texts()
        assert not page.there("measurement-channel-table")
        await page.settled()

    visit(folder, "measurement", act, text=EXPERIMENT + text)
    found = measure(folder / "analysis.toml")
    assert found.raw is None
    assert found.profile is None
    assert sorted(found.scans) == [0, 2]
    assert {"measurement.file", "measurement.crater_scans[1]"} <= set(found.errors)


def test_names_of_regions_stand_above_the_curve():
    panel = crater_panel(step_height(read_crater_scan(SCANS[0])))
    low, high = panel.vertical.limits
    height = panel.curves[0].y
    assert low < height.min()
    assert high > height.max() + 0.15 * np.ptp(height)


def test_regions_are_dragged_and_typed(folder):
    async def act(page: Visit) -> None:
        await page.until(lambda: page.there("measurement-profile-plot"))
        page.user.find(marker="measurement-profile-plot").trigger(
            "plotly_relayout", {"shapes[0].x0": 110.0, "shapes[0].x1": 150.0, "shapes[0].y0": 0.2}
        )
        assert page.document.get("measurement.bulk_region") == ["110 nm", "150 nm"]
        await page.until(lambda: page.element("measurement-bulk-from").value == "110 nm")
        page.user.find(marker="measurement-profile-plot").trigger("plotly_relayout", {"xaxis.range[0]": 3.0})
        page.user.find(marker="measurement-crater-plot").trigger(
            "plotly_relayout", {"shapes[2].x0": 260.0, "shapes[2].x1": 440.0}
        )
        await page.until(lambda: page.document.get("measurement.valley_region") == ["260 µm", "440 µm"])
        page.set("measurement-fit-from", "5 nm")
        page.user.find(marker="measurement-fit-from").trigger("blur")
        first, last = page.document.get("measurement.fit_region")
        assert first == "5 nm"
        assert last.endswith(" nm")  # what was found
        await page.settled()
        page.set("measurement-bulk-to", "100 nm")
        page.user.find(marker="measurement-bulk-to").trigger("blur")
        await page.until(lambda: "bulk region" in page.texts() and "must rise" in page.texts())
        page.click("measurement-regions-automatic")
        await page.until(lambda: page.element("measurement-bulk-to").value == "")
        assert page.document.get("measurement.fit_region") is None
        await page.until(lambda: "must rise" not in page.texts())

    visit(folder, "measurement", act, text=EXPERIMENT + MEASUREMENT)


def test_a_region_that_the_data_refuse_stands_beside_its_field(folder):
    async def act(page: Visit) -> None:
        await page.until(lambda: "holds 0 points" in page.texts())
        assert "holds 0 points" in page.element("measurement-bulk-error").text
        assert not page.there("measurement-profile-plot")

    visit(folder, "measurement", act, text=EXPERIMENT + MEASUREMENT + 'bulk_region = ["300 nm", "400 nm"]\n')


def test_channels_and_method_are_corrected(folder):
    async def act(page: Visit) -> None:
        await page.until(lambda: page.there("measurement-profile-plot"))
        page.set("measurement-ion-^87Rb+", "not used")
        assert page.document.get("measurement.channels") == {"Li": ["^6Li+", "Li+"], "Rb": ["Rb+"]}
        await page.until(lambda: page.there("measurement-recognise"))
        page.click("measurement-recognise")
        assert page.document.get("measurement.channels") is None
        await page.settled()
        page.set("measurement-saturated-Li+", True)
        assert page.document.get("measurement.saturated") == ["Li+"]
        page.set("form-measurement.density_method", "equal")
        await page.until(
            lambda: page.element("measurement-profile-plot").figure["layout"]["title"]["text"].endswith("equal")
        )

    visit(folder, "measurement", act, text=EXPERIMENT + MEASUREMENT)
    profile = load_profile(folder / "results" / "profile.nc")
    assert profile.dataset.attrs["density_method"] == "equal"
    assert "Li+" not in profile.dataset["channel"].values
    assert np.isfinite(profile.dataset["density"].values).all()


def test_a_known_rate_takes_the_place_of_the_crater(folder):
    async def act(page: Visit) -> None:
        await page.until(lambda: page.there("measurement-profile-plot"))
        page.set("measurement-depth-scale", "sputter_rate")
        await page.until(lambda: page.there("form-measurement.sputter_rate.value"))
        assert page.document.get("measurement.crater_scans") is None
        page.set("form-measurement.sputter_rate.value", "0.5 nm")
        await page.until(lambda: "sputter rate value" in page.texts())
        page.set("measurement-depth-scale", "crater_scans")
        await page.until(lambda: not page.there("form-measurement.sputter_rate.value"))
        assert len(page.document.get("measurement.crater_scans")) == 3

    visit(folder, "measurement", act, text=EXPERIMENT + MEASUREMENT)


def test_a_mistake_in_a_region_stands_beside_it_and_the_last_densities_stay(folder):
    async def act(page: Visit) -> None:
        await page.until(lambda: page.there("measurement-profile-plot"))
        page.set("measurement-fit-from", "5 nm")
        page.set("measurement-fit-to", "160")
        page.user.find(marker="measurement-fit-to").trigger("blur")
        await page.until(lambda: page.shown("measurement-problem"))
        error = page.element("measurement-fit-error")
        assert page.shown("measurement-fit-error")
        assert error.text.startswith('fit region, to = "160": is a number without a unit')
        assert "fit region, to" in page.element("measurement-problem").text
        assert page.texts().count("is a number without a unit") == 1
        assert page.there("measurement-profile-plot")
        assert page.shown("measurement-earlier")
        page.click("measurement-undo")
        await page.until(lambda: not page.shown("measurement-earlier"))
        field = "form-measurement.pulses_per_point"
        assert not page.element("section-measurement").value
        page.set(field, "many")
        await page.until(lambda: page.element("section-measurement").value)
        page.click("measurement-undo")
        page.set("form-measurement.depth_resolution", "40 nm")
        await page.until(lambda: page.shown("measurement-resolution-doubt"))
        page.session.edit("ions.Rb", None)
        await page.until(lambda: page.there("measurement-unused-Rb"))

    visit(folder, "measurement", act, text=EXPERIMENT + MEASUREMENT)
