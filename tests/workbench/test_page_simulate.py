"""The page of the simulations: run, cancel, look at times, compare, move parameters."""

import json
import math
import shutil
from pathlib import Path

import pytest
import xarray

import ionscape as isc
from ionscape.files.quantities import quantity
from ionscape.files.values import Scalar
from ionscape.profiling import DepthProfile
from ionscape.workbench import archive, script
from ionscape.workbench.pages.simulate_sliders import WRITTEN_DIGITS, SliderRange
from ionscape.workbench.project import open_project
from page_visits import Visit, visit

EXAMPLES = Path(__file__).parents[2] / "examples"
RUBIDIUM = isc.load_experiment(EXAMPLES / "rb-mono-cait.toml").replace({"stages[0].duration": "2 h"}).to_toml()


@pytest.mark.parametrize(
    ("scalar", "low", "high"),
    [
        (Scalar(path="d", value=1e-19, dimension="diffusion coefficient"), 1e-19 / 10**1.5, 1e-19 * 10**1.5),
        (Scalar(path="t", value=300.0, dimension="temperature"), 240.0, 360.0),
        (Scalar(path="f", value=0.1, dimension=None), 0.0, 0.3),
        (Scalar(path="u", value=-10.0, dimension="voltage"), -20.0, -2.5),
    ],
)
def test_sliders_reach_around_the_present_value(scalar, low, high):
    reach = SliderRange.around(scalar)
    assert (reach.value(0.0), reach.value(1.0)) == pytest.approx((low, high))
    assert reach.value(reach.place(scalar.value)) == pytest.approx(scalar.value)
    assert reach.place(math.inf if not reach.log else 1.0) == 1.0


def test_values_are_written_as_the_file_has_them():
    scalar = Scalar(path="w", value=0.0, dimension="energy")
    text = scalar.written(0.21923 * 1.602176634e-19, digits=WRITTEN_DIGITS)
    assert text == "0.21923 eV"
    assert quantity(text, "energy") == pytest.approx(0.21923 * 1.602176634e-19)
    assert Scalar(path="f", value=0.0, dimension=None).written(0.123456789, digits=WRITTEN_DIGITS) == 0.12346


def test_run_appears_and_can_be_looked_at_at_any_time(tmp_path):
    async def act(page: Visit) -> None:
        await page.until(lambda: page.element("simulate-run").enabled)
        page.set("simulate-model", "electroneutral")
        page.click("simulate-run")
        await page.until(lambda: page.there("simulate-show-0001.nc"), seconds=90)
        await page.until(lambda: len(page.element("simulate-profiles").figure["data"]) == 3)
        assert "2 h of 2 h" in page.element("simulate-time-label").text
        late = page.element("simulate-profiles").figure["data"][1]["y"]
        page.set("simulate-time", 1)
        await page.until(lambda: page.element("simulate-profiles").figure["data"][1]["y"] != late)
        assert "run 1 finished" in page.texts()
        assert not page.shown("simulate-remarks")
        page.session.edit("title", "another name")
        page.session.edit("stages[0].duration", "3 h")
        await page.until(lambda: page.shown("simulate-remarks"))
        assert "has been changed since run 0001" in page.element("simulate-remarks").text
        page.session.edit("stages[0].duration", "120 min")
        await page.until(lambda: not page.shown("simulate-remarks"))

    visit(tmp_path / "project", "simulate", act, text=RUBIDIUM)


def store_profile(project, file, native):
    """A hand-made profile of Li, Rb and Cs in a glass with one native density of lithium, 1 point."""
    endings = ("density", "density_lower_95", "density_upper_95")
    values = {name: (("depth", "ion"), [[0.5e28, 0.5e28, 0.4e28]]) for name in endings}
    values |= {"bulk_density": ("ion", [native, 0.0, 0.0]), "charge_number": ("ion", [1.0, 1.0, 1.0])}
    attributes = {"format": "ionscape depth profile 1", "settings": json.dumps({"file": file}), "warnings": "[]",
                  "title": "by hand", "density_method": "charge-balance"}  # fmt: skip
    dataset = xarray.Dataset(values, {"depth": [20e-9], "ion": ["Li", "Rb", "Cs"]}, attributes)
    dataset.to_netcdf(project.result_path("profile.nc"), engine="h5netcdf")
    project.changed("results")


def test_a_measurement_is_drawn_over_its_own_sample_only(monkeypatch, tmp_path):
    """The hand-made run has 1.4e28 lithium ions per cubic metre, rubidium and caesium."""
    from synthetic_result import EXPERIMENT, synthetic_result

    # without the variables that a profile has besides
    monkeypatch.setattr("ionscape.profiling.load_profile", lambda path: DepthProfile(dataset=xarray.load_dataset(path)))
    folder = tmp_path / "project"
    project = open_project(folder)
    dataset = synthetic_result().dataset
    dataset.attrs.setdefault("format", "ionscape simulation result 1")
    dataset.to_netcdf(project.result_path("simulations/0001.nc"), engine="h5netcdf")
    project.document.replace(EXPERIMENT + '[measurement]\nfile = "uploads/m.txt"\n')
    store_profile(project, "uploads/m.txt", 1.4e28)
    project.close()

    async def act(page: Visit) -> None:
        def drawn():
            return sum("measured" in one["name"] for one in page.element("simulate-profiles").figure["data"])

        def in_archive():
            (plot,) = [one for one in archive._simulations(page.session.project) if one.name.endswith("profiles")]
            return sum("measured" in curve.name for curve in plot.curves)

        await page.until(lambda: drawn() == 3)
        assert in_archive() == 3
        store_profile(page.session.project, "uploads/m.txt", 1.5e28)  # of another glass
        await page.until(lambda: drawn() == 0 and page.shown("simulate-remarks"))
        assert "not laid over it" in page.element("simulate-remarks").text
        assert in_archive() == 0
        store_profile(page.session.project, "uploads/m.txt", 1.4e28)
        await page.until(lambda: drawn() == 3)
        page.session.edit("measurement.file", "uploads/other.txt")
        await page.until(lambda: drawn() == 0)
        assert in_archive() == 0
        assert not list(script._calibration(page.session.project))
        page.session.edit("measurement.file", "uploads/m.txt")
        await page.until(lambda: drawn() == 3)
        page.session.edit("measurement", None)
        await page.until(lambda: drawn() == 0 and not page.shown("simulate-measurement"))

    visit(folder, "simulate", act)


def test_runs_of_a_project_are_there_when_it_is_opened_again_and_can_be_compared(tmp_path):
    from synthetic_result import synthetic_result

    folder = tmp_path / "project"
    project = open_project(folder)
    stored = project.result_path("simulations/0001.nc")
    dataset = synthetic_result().dataset
    dataset.attrs.setdefault("format", "ionscape simulation result 1")
    dataset.to_netcdf(stored, engine="h5netcdf")
    shutil.copy(stored, stored.with_name("0002.partial.nc"))
    project.close()

    async def act(page: Visit) -> None:
        await page.until(lambda: bool(page.element("simulate-profiles").figure["data"]))
        assert page.element("simulate-remarks").text.startswith("Run 0002 was stopped: it ends at 300 h of 300 h.")
        alone = len(page.element("simulate-profiles").figure["data"])
        page.set("simulate-compare-0001.nc", True)
        await page.until(lambda: len(page.element("simulate-profiles").figure["data"]) > alone)
        page.set("simulate-normalised", False)
        title = lambda: page.element("simulate-profiles").figure["layout"]["yaxis"]["title"]["text"]  # noqa: E731
        await page.until(lambda: "nm⁻³" in title())

    visit(folder, "simulate", act, text=RUBIDIUM)


def test_populations_of_a_run_that_has_some_are_shown_at_a_depth_and_time(tmp_path):
    """The hand-made run has 90 % rubidium above its front, and none in the native glass."""
    from synthetic_result import population_result, synthetic_result

    folder = tmp_path / "project"
    project = open_project(folder)
    other = synthetic_result()
    other.dataset.attrs.setdefault("format", "ionscape simulation result 1")
    other.to_netcdf(project.result_path("simulations/0001.nc"))
    population_result().to_netcdf(project.result_path("simulations/0002.nc"))
    project.close()

    async def act(page: Visit) -> None:
        def texts():
            layout = page.element("simulate-populations").figure["layout"]
            return {entry["text"].split("<")[0] for entry in layout.get("annotations", ())}

        await page.until(lambda: page.shown("simulate-tabs"), seconds=60)
        assert not page.shown("simulate-at-a-depth")
        page.set("simulate-tabs", "Populations")
        await page.until(lambda: page.shown("simulate-at-a-depth") and not page.shown("simulate-at-a-time"))
        page.set("simulate-populations-depth", 40)
        await page.until(lambda: {"Li 0.10", "Rb 0.90", "at 14.75 nm"} <= texts(), seconds=60)
        assert page.element("simulate-populations-depth-label").text == "depth 14.75 nm"
        page.set("simulate-populations-time", 0)
        await page.until(lambda: "Li 1.00" in texts())
        assert page.element("simulate-populations-time-label").text == "stage 1, Rb irradiation, after 0 h"
        page.click("simulate-show-0001.nc")
        await page.until(lambda: page.shown("simulate-at-a-time") and not page.shown("simulate-tabs"))

    visit(folder, "simulate", act)


def test_stress_and_modes_of_a_run_that_describes_them_have_tabs(tmp_path):
    from synthetic_result import synthetic_result

    folder = tmp_path / "project"
    project = open_project(folder)
    plain = synthetic_result()
    for number, result in enumerate((plain, plain.of_plate()), start=1):
        result.dataset.attrs["format"] = "ionscape simulation result 1"
        result.to_netcdf(project.result_path(f"simulations/000{number}.nc"))
    project.close()

    async def act(page: Visit) -> None:
        await page.until(lambda: page.shown("simulate-tabs"), seconds=60)
        assert not page.shown("simulate-tab-Populations")
        page.set("simulate-tabs", "Stress")
        await page.until(lambda: page.shown("simulate-at-stress") and not page.shown("simulate-at-a-time"))
        await page.until(lambda: page.element("simulate-stress").figure["data"], seconds=60)
        assert page.element("simulate-stress-cell-0-0").text == "1"
        assert float(page.element("simulate-stress-cell-0-2").text) < 0.0
        page.set("simulate-tabs", "Modes")
        await page.until(lambda: page.shown("simulate-at-modes") and page.element("simulate-modes").figure["data"])
        first = page.element("simulate-modes-cell-0-1").text
        page.set("simulate-modes-wavelength", "150 nm")
        await page.until(lambda: page.element("simulate-modes-cell-0-1").text != first)
        page.set("simulate-modes-wavelength", "150")
        await page.until(lambda: page.shown("simulate-modes-problem"))
        assert "unit" in page.element("simulate-modes-problem").text
        page.click("simulate-show-0001.nc")
        await page.until(lambda: page.shown("simulate-at-a-time") and not page.shown("simulate-tabs"))

    visit(folder, "simulate", act)


def test_slider_is_followed_and_its_value_written_on_release(tmp_path):
    path = "ions.Li.diffusion.width"

    async def act(page: Visit) -> None:
        await page.until(lambda: path in page.element("simulate-parameter").options)
        assert page.element("simulate-parameter").options[path] == f"Li width Γ  ({path})"
        page.set("simulate-parameter", path)
        page.set("simulate-on-release", False)
        page.set(f"slider-{path}", 190)
        await page.until(lambda: bool(page.element("simulate-profiles").figure["data"]), seconds=90)
        assert "electroneutral" in page.element("simulate-profiles").figure["layout"]["title"]["text"]
        assert page.document.get(path) == "0.16 eV"
        for name in ("potential", "diffusion", "current"):  # of the run, not of the slider
            assert "workbench-stale" in page.element(f"simulate-{name}").classes
        page.user.find(marker=f"slider-{path}").trigger("change")
        await page.settled()
        assert quantity(page.document.get(path), "energy") > 0.25 * 1.602176634e-19
        assert page.session.jobs.jobs == ()

    visit(tmp_path / "project", "simulate", act, text=RUBIDIUM)


def test_mistake_in_the_experiment_is_told_and_nothing_can_be_started(tmp_path):
    async def act(page: Visit) -> None:
        await page.until(lambda: not page.element("simulate-run").enabled)
        assert "sample thickness" in page.element("simulate-problem").text

    visit(tmp_path / "project", "simulate", act, text=RUBIDIUM.replace("2.325 mm", "-1 mm"))
