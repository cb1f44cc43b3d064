"""The page of the glasses: the form writes a series file, figures follow, jobs calculate it, literature is overlaid."""

import asyncio
import contextlib
from pathlib import Path

import numpy as np
import pytest
from nicegui.elements.upload_files import SmallFileUpload

from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.figures import activation_energies, arrhenius_plot, conductivities
from ionscape.figures.glass import density_of_states_panel, series_units
from ionscape.figures.plot import to_csv
from ionscape.figures.registry import plots_of
from ionscape.glass import read_literature
from ionscape.hopping import generate_landscape
from ionscape.series import parse_series, run_series
from ionscape.workbench.opening import preset
from ionscape.workbench.pages.glass import LITERATURE, PRESET, preset_text
from ionscape.workbench.wording import page_words
from page_visits import Visit, ui_elements, visit

EXAMPLES = Path(__file__).parents[2] / "examples"
SERIES = f"""
title = "a quick series"
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = {{ from = 0.0, to = 1.0, step = 0.5 }}
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[percolation]
lattice = 20
landscapes = 2
[network]
lattice = 12
landscapes = 2
temperatures = ["20 degC", "150 degC"]
[experiment]
file = "{LITERATURE}"
leave_out = ["Ibrahim"]
"""


@pytest.fixture(scope="module")
def series():
    return parse_series(SERIES, file="series.toml", folder=EXAMPLES)


@pytest.fixture(scope="module")
def result(series):
    return run_series(series, scheduler="serial")


def shown(page: Visit, marker: str) -> bool:
    with page.user.client:
        return any(element.visible for element in ui_elements(marker))


class TestPlots:
    def test_preset_and_literature_are_the_examples(self):
        assert preset_text().replace("uploads/", "") == (EXAMPLES / PRESET).read_text(encoding="utf-8")
        assert preset(LITERATURE) == (EXAMPLES / LITERATURE).read_bytes()

    def test_units_add_up_to_the_network_formers(self, series):
        plot = series_units(series)
        lines = [curve for curve in plot.curves if curve.kind == "line"]
        assert {curve.name for curve in lines} >= {"B⁽⁴⁾", "P⁽²⁾", "P⁽³⁾"}
        total = np.sum([np.nan_to_num(curve.y) for curve in lines], axis=0)
        # a line ends beside its zeros, where it is left out
        np.testing.assert_allclose(total, 1.0, atol=2e-6)
        # B(4) grows with x until every phosphate has its share: fraction x up to 3/7 (Bosi 2021, Fig. 1)
        borate = next(curve for curve in lines if curve.name == "B⁽⁴⁾")
        rising = (borate.x > 0.05) & (borate.x < 0.42)
        np.testing.assert_allclose(borate.y[rising], borate.x[rising], atol=1e-9)

    def test_all_sites_are_in_the_density_of_states(self, series):
        landscape = generate_landscape(series.glasses[1], lattice=20, rng=1, model=series.model)
        plot = density_of_states_panel(landscape)
        everything = next(curve for curve in plot.curves if curve.name == "all")
        step = everything.x[1] - everything.x[0]
        # the outermost four of ten thousand sites are not shown
        assert everything.y.sum() * step == pytest.approx(1.0, abs=1e-3)
        assert plot.marks[0].value == pytest.approx(landscape.fermi_energy / ELECTRON_VOLT)
        occupied = plot.curves[0]
        share = np.trapezoid(occupied.y, occupied.x)
        # ions per accessible site
        assert share == pytest.approx(1.0 - series.model.vacant_site_fraction, abs=0.01)

    def test_literature_is_overlaid(self, result):
        plot = activation_energies.plot(result)
        measured = [curve for curve in plot.curves if curve.kind == "points"]
        known = {f"{glass.author} {glass.year}" for glass in read_literature(EXAMPLES / LITERATURE)}
        assert measured
        assert {curve.name for curve in measured} <= known
        assert all(0.3 < value < 1.2 for curve in measured for value in curve.y)

    def test_arrhenius_lines_have_the_slope_of_the_activation_energy(self, result):
        plot = arrhenius_plot.plot(result)
        lines = [curve for curve in plot.curves if "slope" in curve.name and curve.x.size]
        assert len(lines) == 3
        for place, line in enumerate(lines):
            slope = -np.diff(np.log(line.y)) / np.diff(line.x) * 1000.0 * BOLTZMANN_CONSTANT / ELECTRON_VOLT
            assert slope[0] == pytest.approx(float(result.dataset["activation_energy"][place]), rel=1e-9)

    def test_conductivities_are_in_siemens_per_centimetre(self, result):
        plot = conductivities.plot(result)
        model = next(curve for curve in plot.curves if curve.name == "model, 293.15 K")
        np.testing.assert_allclose(model.y, result.dataset["conductivity"].values[:, 0] / 100.0)
        # intervals of 95 %, as in the tables, and both the legend and the head of the table of the figure say so
        known = np.isfinite(result.dataset["conductivity_upper_95"].values[:, 0])
        expected = result.dataset["conductivity_upper_95"].values[known, 0] / 100.0
        np.testing.assert_allclose(model.upper[known], expected)
        assert known.any()
        assert any("95 % intervals" in curve.name for curve in plot.curves)
        assert "model, 293.15 K upper 95 % (S/cm)" in to_csv(plot).splitlines()[0]
        assert plot.panels[0].vertical.log

    def test_what_was_not_calculated_is_not_drawn(self):
        text = SERIES[: SERIES.index("[network]")]
        only_energies = run_series(parse_series(text, folder=EXAMPLES), scheduler="serial")
        assert [plot.name for plot in plots_of("series", only_energies)] == ["activation-energies"]
        text = SERIES[: SERIES.index("[percolation]")] + SERIES[SERIES.index("[network]") : SERIES.index("[exp")]
        only_conductivities = run_series(parse_series(text), scheduler="serial")
        assert [plot.name for plot in plots_of("series", only_conductivities)] == ["conductivities", "arrhenius"]


def test_preset_fills_the_form_and_draws(tmp_path):
    async def act(page: Visit) -> None:
        assert page.there("glass-empty")
        assert not page.element("glass-run").enabled
        page.click("glass-preset")
        await page.until(lambda: page.element("form-landscape.energy_scale").value == "0.64 eV")
        assert page.element("form-experiment.file").value == f"uploads/{LITERATURE}"
        await page.until(lambda: shown(page, "glass-units") and len(page.element("glass-units").figure["data"]) > 8, 60)
        await page.until(lambda: shown(page, "glass-landscape"))
        assert page.element("glass-run").enabled
        before = page.element("glass-landscape").figure["layout"]["title"]["text"]
        page.set("glass-mixing", 4)
        await page.until(lambda: page.element("glass-landscape").figure["layout"]["title"]["text"] != before)
        assert page.element("glass-mixing-label").text == "x = 0.4"

    visit(tmp_path / "project", "glass", act)


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("glass.alkali_oxide_fraction", "1.5"),
        ("glass.borate_fraction.step", "0"),
        ("landscape.energy_scale", "0.64 m"),
        ("percolation.lattice", "1"),
        ("hopping.attempt_frequency", "often"),
    ],
)
def test_mistake_is_told_beside_the_control_as_on_the_command_line(tmp_path, path, typed):
    async def act(page: Visit) -> None:
        page.session.project.add_upload(LITERATURE, EXAMPLES / LITERATURE)
        page.session.project.series.replace(SERIES.replace(f'"{LITERATURE}"', f'"uploads/{LITERATURE}"'))
        await page.until(lambda: page.there(f"form-{path}"))
        page.set(f"form-{path}", typed)
        await page.settled()
        series = page.session.project.series
        with pytest.raises(InputError) as caught:
            parse_series(series.text, file="series.toml", folder=page.session.project.folder)
        assert page_words(caught.value) in page.texts()
        assert not page.element("glass-run").enabled
        page.click("glass-undo")
        await page.until(lambda: page_words(caught.value) not in page.texts())

    visit(tmp_path / "project", "glass", act)


def test_tables_are_added_and_left_out(tmp_path):
    async def act(page: Visit) -> None:
        page.session.project.series.replace(SERIES[: SERIES.index("[network]")])
        await page.until(lambda: page.there("glass-add-network"))
        page.click("glass-add-network")
        await page.until(lambda: page.there("form-network.lattice"))
        page.click("glass-add-experiment")
        await page.until(lambda: page.there("form-experiment.file"))
        await page.settled()
        # the measurements of the package, where none were uploaded
        assert page.session.project.series.get("experiment.file") == f"uploads/{LITERATURE}"
        assert page.session.series_errors == {}
        page.click("glass-remove-network")
        await page.until(lambda: page.there("glass-add-network"))
        assert page.session.project.series.get("network") is None

    visit(tmp_path / "project", "glass", act)


def test_files_can_be_opened(tmp_path):
    async def act(page: Visit) -> None:
        upload = page.element("glass-upload")
        await upload.handle_uploads([SmallFileUpload("mine.csv", "text/csv", preset(LITERATURE))])
        await page.until(lambda: "uploads/mine.csv can be chosen" in str(page.user.notify.messages))
        text = SERIES.replace(LITERATURE, "uploads/mine.csv")
        await upload.handle_uploads([SmallFileUpload("series.toml", "application/toml", text.encode())])
        await page.until(lambda: page.session.project.series.text == text)
        await upload.handle_uploads([SmallFileUpload("broken.toml", "application/toml", b"a = = 1")])
        await page.until(lambda: "is not valid TOML" in str(page.user.notify.messages))
        await upload.handle_uploads([SmallFileUpload("rb.toml", "application/toml", b"[sample]\nthickness = 1")])
        await page.until(lambda: "rb.toml: holds no series of glasses" in str(page.user.notify.messages))
        assert page.session.project.series.text == text

    visit(tmp_path / "project", "glass", act)


@pytest.mark.slow
def test_series_is_calculated_as_by_the_package(tmp_path, result):
    from ionscape.series import load_series_result

    async def act(page: Visit) -> None:
        page.session.project.add_upload(LITERATURE, EXAMPLES / LITERATURE)
        page.session.project.series.replace(SERIES.replace(f'"{LITERATURE}"', f'"uploads/{LITERATURE}"'))
        await page.until(lambda: page.element("glass-run").enabled)
        assert shown(page, "glass-note")
        page.click("glass-run")
        await page.until(lambda: page.element("glass-state").text.startswith("finished"), 120)
        await page.until(lambda: shown(page, "glass-energies"))
        assert not shown(page, "glass-note")
        stored = load_series_result(page.session.project.folder / "results" / "series.nc").dataset
        for name in ("activation_energy", "conductivity"):
            np.testing.assert_array_equal(stored[name].values, result.dataset[name].values)
        page.set("glass-kind", "arrhenius")
        await page.until(
            lambda: "<i>σ</i><i>T</i>" in str(page.element("glass-conductivity").figure["layout"]["yaxis"]["title"])
        )

    visit(tmp_path / "project", "glass", act)


def test_any_glass_has_the_form_of_formulas(tmp_path):
    text = """[glass]
formula = "0.33 Li2O 0.67 B2O3"
other_formula = "0.33 Na2O 0.67 B2O3"
mixing_ratio = { from = 0.0, to = 1.0, step = 0.5 }
[landscape]
energy_scale = "0.7 eV"
noise = 0.36
mismatch_energy = "0.15 eV"
[percolation]
lattice = 10
landscapes = 1
"""

    async def act(page: Visit) -> None:
        upload = page.element("glass-upload")
        await upload.handle_uploads([SmallFileUpload("series.toml", "application/toml", text.encode())])
        await page.until(lambda: page.there("form-glass.other_formula"))
        assert page.element("form-glass.other_formula").value == "0.33 Na2O 0.67 B2O3"
        await page.until(lambda: shown(page, "glass-units") and shown(page, "glass-landscape"), 60)
        page.set("glass-mixing", 1)
        await page.until(lambda: page.element("glass-mixing-label").text == "x = 0.5")
        units = b"[units]\nB3 = 0.5\nB4 = 0.4\nB2 = 0.1\n"
        await upload.handle_uploads([SmallFileUpload("mine.toml", "application/toml", units)])
        await page.until(lambda: "uploads/mine.toml can be chosen" in str(page.user.notify.messages))
        page.set("form-glass.formula", "0.33 Li2O 0.67 GeO2")
        await page.until(lambda: "unknown oxide GeO2" in page.texts())

    visit(tmp_path / "project", "glass", act)


def test_hops_are_cancelled_and_what_cannot_be_calculated_is_told_at_once(tmp_path):
    async def act(page: Visit) -> None:
        page.session.project.series.replace(SERIES[: SERIES.index("[percolation]")])
        for kind, path, typed in (
            ("mobility", "mobility.landscapes", "1"), ("mobility", "mobility.shares", "0.5"),
            ("spectrum", "spectrum.frequencies.to", "1 uHz"),
        ):  # fmt: skip
            page.set("glass-tabs", kind)
            await page.until(lambda kind=kind: page.there(f"glass-{kind}-run"))
            if path.endswith("shares"):
                page.set("form-mobility.second_ion.mobility", "frozen")
            await page.until(lambda kind=kind: page.element(f"glass-{kind}-run").enabled)
            before = page.element(f"form-{path}").value
            page.set(f"form-{path}", typed)
            await page.until(lambda kind=kind: not page.element(f"glass-{kind}-run").enabled)
            assert page_words(page.session.landscapes_errors[path]) in page.texts()
            page.set(f"form-{path}", before)
        page.set("glass-tabs", "hops")
        await page.until(lambda: page.there("glass-hops-run"))
        for path, typed in {"lattice": "16", "landscapes": "40", "relative_error": "0.01"}.items():
            page.set(f"form-kinetic_monte_carlo.{path}", typed)
        await page.until(lambda: page.element("glass-hops-run").enabled)
        assert not page.element("glass-hops-cancel").enabled
        page.click("glass-hops-run")
        await page.until(lambda: page.element("glass-hops-cancel").enabled)
        page.click("glass-hops-cancel")
        await page.until(lambda: page.element("glass-hops-run").enabled)
        job = page.session.jobs.latest("hops")
        assert job is not None
        assert job.state == "cancelled"
        assert job.ending.told(page_words) in page.texts()
        assert not page.element("glass-hops-cancel").enabled
        assert page.session.project.result("hops.nc") is None

    visit(tmp_path / "project", "glass", act)


def test_a_visit_ends_even_where_its_loop_would_not(tmp_path):
    async def act(page: Visit) -> None:
        async def stubborn() -> None:
            while True:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(60.0)

        task = asyncio.create_task(stubborn())
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        await page.settled()
        raise AssertionError("what went wrong")

    with pytest.raises(TimeoutError, match="longer than 1 s"):
        visit(tmp_path / "project", "glass", act, longest=1.0)


def test_spectrum_of_the_landscapes_is_calculated_as_by_the_package(tmp_path):
    from ionscape import load_spectra, run_spectra
    from ionscape.series import parse_hops_file
    from ionscape.workbench.pages.glass_landscapes import impedances

    async def act(page: Visit) -> None:
        project = page.session.project
        project.series.replace(SERIES[: SERIES.index("[percolation]")])
        page.set("glass-tabs", "spectrum")
        await page.until(lambda: page.there("glass-spectrum-run"))
        for path, typed in {"lattice": "6", "landscapes": "1", "temperatures": "600 K", "frequencies.from": "1 kHz",
                            "frequencies.per_decade": "1"}.items():  # fmt: skip
            page.set(f"form-spectrum.{path}", typed)
        page.set("form-glass.borate_fraction", "1.5")
        await page.settled()
        assert page_words(page.session.landscapes_errors["glass.borate_fraction"]) in page.texts()
        assert not page.element("glass-spectrum-run").enabled
        page.set("form-glass.borate_fraction", "0.5")
        await page.until(lambda: page.element("glass-spectrum-run").enabled)
        page.click("glass-spectrum-run")
        await page.until(lambda: page.element("glass-spectrum-state").text == "finished", 120)
        await page.until(lambda: shown(page, "glass-spectrum-scaled") and shown(page, "glass-spectrum-frequency"))
        source = page.session.jobs.latest("spectrum").options["source"]
        result = run_spectra(parse_hops_file(source), scheduler="serial")
        stored = load_spectra(project.folder / "results" / "spectrum.nc")
        np.testing.assert_array_equal(stored.dataset["conductivity"].values, result.dataset["conductivity"].values)
        direct = float(result.dataset["dc_conductivity"].item())
        assert page.element("glass-spectrum-cell-0-2").text == f"{direct:.4g}"
        content, name, _ = impedances(project.folder / "results" / "spectrum.nc", source, project.folder)
        assert (name, content.decode().count("\n")) == ("impedance.csv", stored.dataset.sizes["angular_frequency"])
        page.set("form-spectrum.lattice", "7")
        await page.until(lambda: shown(page, "glass-spectrum-stale"))
        page.set("glass-tabs", "mobility")
        await page.until(lambda: page.there("form-mobility.temperatures"))
        page.set("form-mobility.temperatures", "-300 K")
        await page.settled()
        assert page_words(page.session.landscapes_errors["mobility.temperatures[0]"]) in page.texts()
        assert not page.element("glass-mobility-run").enabled
        page.set("glass-tabs", "hops")
        await page.until(lambda: page.there("glass-hops-run"))
        assert page.element("glass-hops-run").enabled
        assert not page.element("form-kinetic_monte_carlo.tracer").value

    visit(tmp_path / "project", "glass", act)
