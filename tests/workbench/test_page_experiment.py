"""The page of the experiment: what is typed stands in the file, and mistakes stand beside what was typed."""

import shutil
import tomllib
from pathlib import Path

import pytest

from ionscape.errors import InputError
from ionscape.experiment import (
    Contact,
    Irradiation,
    Isotherm,
    Sample,
    SiteEnergySpecification,
    load_experiment,
    parse_experiment,
)
from ionscape.wording import name_of
from ionscape.workbench.form_fields import field_problem
from ionscape.workbench.opening import preset, with_opened
from ionscape.workbench.pages.experiment import PRESETS
from ionscape.workbench.wording import page_words
from page_visits import Visit, visit

EXAMPLES = Path(__file__).parents[2] / "examples"
RUBIDIUM = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
CAESIUM = (EXAMPLES / "rb-cs-double-cait.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_the_examples(name):
    assert preset(f"{name}.toml") == (EXAMPLES / f"{name}.toml").read_bytes()


def test_other_experiment_leaves_measurement_and_fit_alone():
    text = RUBIDIUM + '\n[measurement]\nfile = "a.txt" # mine\n\n[fit]\nstarts = 2\n'
    found = with_opened(text, CAESIUM, file="x.toml").text
    data = tomllib.loads(found)
    assert data["title"] == "Cs@(Rb@Li3B7O12)"
    assert data["measurement"] == {"file": "a.txt"}
    assert data["fit"] == {"starts": 2}
    assert "# mine" in found


MEASURED = '[measurement]\nfile = "uploads/a.txt" # mine\nchannels = { Rb = ["Rb+"] }\n'
FIT = '[fit]\nstarts = 2\n[fit.parameters]\n"ions.Rb.diffusion.coefficient" = { lower = 1, upper = 2 }\n'


@pytest.mark.parametrize(
    ("before", "file", "from_before", "sentence"),
    [
        (RUBIDIUM + MEASURED + FIT, CAESIUM, ("measurement", "fit"),
         "x.toml holds no measurement and no fit: those of the project stay."),
        (RUBIDIUM + FIT, CAESIUM, ("fit",), "x.toml holds no fit: that of the project stays."),
        (RUBIDIUM + MEASURED + FIT, CAESIUM + '[measurement]\nfile = "uploads/b.txt"\n', ("fit",),
         "x.toml holds no fit: that of the project stays. The measurement of the project was replaced by that of"
         " x.toml; the curved arrow takes that back."),
        (RUBIDIUM + MEASURED, 'experiment = "rb.toml"\n[measurement]\nfile = "b.txt"\n' + FIT, ("experiment",),
         "x.toml holds no experiment: that of the project stays. The measurement of the project was replaced by that of"
         " x.toml; the curved arrow takes that back."),
        ('experiment = "rb.toml"\n' + MEASURED + FIT, RUBIDIUM, ("measurement", "fit"),
         "x.toml holds no measurement and no fit: those of the project stay."),
        ("fit.starts = 3\nmeasurement = { file = 'a' }\n" + RUBIDIUM, CAESIUM, ("measurement", "fit"),
         "x.toml holds no measurement and no fit: those of the project stay."),
        (RUBIDIUM, CAESIUM, (), ""),
        ("", 'experiment = "rb.toml"\n' + MEASURED + FIT, (), ""),
        ("", CAESIUM, (), ""),
    ],
)  # fmt: skip
def test_a_file_replaces_only_the_parts_that_it_has(before, file, from_before, sentence):
    found = with_opened(before, file, file="x.toml")
    data, mine, theirs = (tomllib.loads(text) for text in (found.text, before, file))
    others = ("measurement", "fit")
    for part in others:
        assert data.get(part) == (mine if part in from_before else theirs).get(part)
    source = mine if "experiment" in from_before else theirs
    described = {key: value for key, value in data.items() if key not in others}
    assert described == {key: value for key, value in source.items() if key not in others}
    assert found.sentence == sentence
    if "measurement" in from_before and "# mine" in before:
        assert "# mine" in found.text
    if not from_before:
        assert found.text == file


@pytest.mark.parametrize(
    "file", ["", 'title = "a"\n', '[glass]\nalkali = "Li"\n', "fit = [", "[experiment]\nfile = 'a'\n"]
)
def test_a_file_without_any_part_changes_nothing(file):
    with pytest.raises(InputError, match=r"^x.toml: .*(holds no experiment, measurement or fit|TOML)"):
        with_opened(RUBIDIUM + MEASURED, file, file="x.toml")


def test_preset_fills_the_form_and_draws(tmp_path):
    async def act(page: Visit) -> None:
        assert page.there("experiment-empty")
        page.click("experiment-preset-rb-cs-double-cait")
        await page.until(lambda: page.there("form-stages[2].duration"))
        assert page.element("form-stages[2].duration").value == "203.12 h"
        assert page.document.text == CAESIUM
        drawn = lambda: page.element("experiment-diffusion").figure["data"]  # noqa: E731
        # an entry of the legend alone has one point
        await page.until(lambda: sum(len(trace["x"]) > 1 for trace in drawn()) == 5)
        assert page.element("experiment-sites").visible

    visit(tmp_path / "project", "experiment", act)


def test_what_is_typed_stands_in_the_file_and_in_the_figure(tmp_path):
    async def act(page: Visit) -> None:
        await page.until(lambda: bool(page.element("experiment-diffusion").figure["data"]))
        before = page.element("experiment-diffusion").figure["data"][0]["y"][-1]
        page.set("form-ions.Li.diffusion.bulk_coefficient", "1.16e-18 m^2/s")
        await page.until(lambda: page.element("experiment-diffusion").figure["data"][0]["y"][-1] != before)
        assert page.element("experiment-diffusion").figure["data"][0]["y"][-1] == pytest.approx(2 * before)
        page.set("form-sample.relative_permittivity", "7.5")
        page.set("form-stages[0].beam_current", "20 nA")
        page.set("form-ions.Li.diffusion.shape", "gaussian")
        await page.settled()
        experiment = load_experiment(page.document.path)
        assert experiment.sample.relative_permittivity == 7.5
        assert experiment.stages[0].beam_current == pytest.approx(20e-9)
        assert "# grounded aperture" in page.document.text
        page.set("form-stages[0].beam_current", "")
        assert page.document.get("stages[0].beam_current") is None

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("sample.thickness", "-2 mm"),
        ("sample.thickness", ""),
        ("sample.native.Li", "1.4e28"),
        ("stages[0].duration", "94.46 mV"),
        ("ions.Li.diffusion.trapped_fraction", "1.5"),
        ("ions.Rb.charge", "0"),
    ],
)
def test_mistake_is_told_beside_the_control_as_on_the_command_line(tmp_path, path, typed):
    async def act(page: Visit) -> None:
        page.set(f"form-{path}", typed)
        await page.settled()
        with pytest.raises(InputError) as caught:
            parse_experiment(page.document.text, file="analysis.toml")
        assert page_words(caught.value) in page.texts()
        assert "error" in page.element(f"form-{path}").props
        await page.until(lambda: page.element("experiment-note").visible)

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_stages_are_added_copied_moved_and_removed(tmp_path):
    async def act(page: Visit) -> None:
        def kinds() -> list[str]:
            return [stage["kind"] for stage in page.document.get("stages")]

        page.click("add-stages-storage")
        await page.until(lambda: page.there("form-stages[1].duration"))
        assert kinds() == ["irradiation", "storage"]
        page.click("up-stages[1]")
        await page.settled()
        assert kinds() == ["storage", "irradiation"]
        page.click("copy-stages[1]")
        await page.until(lambda: page.there("form-stages[2].duration"))
        assert kinds() == ["storage", "irradiation", "irradiation"]
        page.click("remove-stages[0]")
        await page.settled()
        assert kinds() == ["irradiation", "irradiation"]
        page.click("add-stages-contact")
        await page.settled()
        load_experiment(page.document.path)
        page.click("experiment-undo")
        await page.settled()
        assert kinds() == ["irradiation", "irradiation"]

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_ions_and_models_are_added_and_changed(tmp_path):
    async def act(page: Visit) -> None:
        page.set("add-ions-name", "K")
        page.click("add-ions")
        await page.until(lambda: page.there("form-ions.K.diffusion.model"))
        page.set("form-ions.K.diffusion.model", "site-energies")
        await page.until(lambda: page.there("form-ions.K.diffusion.width"))
        # nobody has given the coefficient of the constant model
        assert page.document.get("ions.K.diffusion.bulk_coefficient") == "5e-19 m^2/s"
        page.set("form-ions.K.diffusion.model", "table")
        await page.until(lambda: page.there("form-ions.K.diffusion.densities"))
        load_experiment(page.document.path)
        page.set("add-stages[0].diffusion", "Li")
        await page.until(lambda: page.there("form-stages[0].diffusion.Li.width"))
        assert page.document.get("stages[0].diffusion.Li") == page.document.get("ions.Li.diffusion")
        page.click("remove-ions.K")
        await page.settled()
        assert page.document.get("ions.K") is None

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_text_of_the_file_can_be_edited_and_mistakes_leave_it_alone(tmp_path):
    async def act(page: Visit) -> None:
        page.click("experiment-text")
        page.set("experiment-editor", "title = ")
        page.click("experiment-text-apply")
        await page.settled()
        assert "analysis.toml" in page.element("experiment-text-error").text
        assert "not valid TOML" in page.element("experiment-text-error").text
        assert page.document.text == RUBIDIUM
        page.set("experiment-editor", CAESIUM)
        page.click("experiment-text-apply")
        await page.until(lambda: page.there("form-stages[2].duration"))
        assert page.document.text == CAESIUM

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_file_of_the_command_line_is_opened_and_taken_away_as_it_is(tmp_path):
    async def act(page: Visit) -> None:
        from nicegui.elements.upload_files import SmallFileUpload

        upload = page.element("experiment-upload")
        with page.user.client:
            await upload.handle_uploads([SmallFileUpload("bad.toml", "application/toml", b"title = ")])
        await page.settled()
        assert any("bad.toml" in text and "not valid TOML" in text for text in page.user.notify.messages)
        assert page.document.text == ""
        with page.user.client:
            await upload.handle_uploads([SmallFileUpload("cs.toml", "application/toml", CAESIUM.encode())])
        await page.until(lambda: page.document.text == CAESIUM)
        page.click("experiment-save")
        answer = await page.user.download.next()
        assert answer.content == CAESIUM.encode()
        page.document.replace(CAESIUM + MEASURED)
        await page.settled()
        with page.user.client:
            await upload.handle_uploads([SmallFileUpload("rb.toml", "application/toml", RUBIDIUM.encode())])
        await page.until(lambda: page.document.get("title") == "Rb@Li3B7O12")
        assert page.document.get("measurement.file") == "uploads/a.txt"
        await page.until(lambda: any("rb.toml holds no measurement" in text for text in page.user.notify.messages))
        page.click("experiment-undo")
        await page.until(lambda: page.document.text == CAESIUM + MEASURED)

    visit(tmp_path / "project", "experiment", act)


def test_every_control_has_a_name_for_screen_readers(tmp_path):
    async def act(page: Visit) -> None:
        from nicegui import ui

        from page_visits import ui_kind

        with page.user.client:
            controls = [*ui_kind(ui.input), *ui_kind(ui.select)]
            buttons = [one for one in ui_kind(ui.button) if not one.text]
        assert len(controls) > 15
        for control in controls:
            assert control.props.get("aria-label") or control.props.get("label")
        for one in buttons:
            assert one.props.get("aria-label"), one

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_every_mistake_is_told_and_counted(tmp_path):
    async def act(page: Visit) -> None:
        page.set("form-sample.thickness", "-2 mm")
        page.set("form-stages[0].duration", "94.46 mV")
        await page.settled()
        for path in ("sample.thickness", "stages[0].duration"):
            assert "error" in page.element(f"form-{path}").props
            assert f"{name_of(path)} = " in page.texts()
        assert page.element("experiment-mistakes").text == "2 mistakes: sample thickness, stage 1 duration"
        page.set("form-sample.thickness", "2 mm")
        page.set("form-stages[0].duration", "94 h")
        await page.settled()
        assert "mistake:" not in page.texts()

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_all_that_is_missing_is_told_at_once_in_the_words_of_the_page(tmp_path):
    async def act(page: Visit) -> None:
        assert "Here appear" in page.element("experiment-note").text
        page.set("add-ions-name", "Rb")
        page.click("add-ions")
        await page.until(lambda: page.there("form-ions.Rb.diffusion.model"))
        line = page.element("experiment-mistakes").text
        parts = [f"sample {part}" for part in ("thickness", "illuminated area", "relative permittivity", "native")]
        assert line == f"Still missing: {', '.join([*parts, 'stages'])}"
        assert "Please give: sample thickness, such as 2.325 mm." in page.texts()
        assert ": is missing" not in page.texts()
        assert page.texts().count("There are no stages yet") == 1

    visit(tmp_path / "project", "experiment", act)


def test_what_is_being_typed_is_kept_and_written_when_it_is_finished(tmp_path):
    thickness, field = "sample.thickness", "form-sample.thickness"

    async def act(page: Visit) -> None:
        await page.until(lambda: bool(page.element("experiment-diffusion").figure["data"]))
        page.user.find(marker=field).trigger("focus")
        page.session.edit(thickness, "3 mm")
        await page.settled()
        assert page.element(field).value == "2.325 mm"  # the cursor is in it
        page.set(field, "4 m")
        page.session.edit(thickness, "5 mm")
        await page.settled()
        assert page.element(field).value == "4 m"
        assert page.document.get(thickness) == "5 mm"
        page.set(field, "4 mm")
        page.user.find(marker=field).trigger("blur")
        assert page.document.get(thickness) == "4 mm"
        page.session.edit(thickness, "6 mm")
        await page.until(lambda: page.element(field).value == "6 mm")

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_a_field_that_was_left_as_it_was_shows_the_document(tmp_path):
    async def act(page: Visit) -> None:
        page.user.find(marker="form-sample.thickness").trigger("focus")
        page.session.edit("sample.thickness", "3 mm")
        await page.settled()
        page.user.find(marker="form-sample.thickness").trigger("blur")
        assert page.element("form-sample.thickness").value == "3 mm"
        assert page.document.get("sample.thickness") == "3 mm"

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_a_value_that_is_refused_leaves_the_field_as_the_document_is(tmp_path, monkeypatch):
    async def act(page: Visit) -> None:
        monkeypatch.setattr(page.session, "edit", lambda path, *_: f"{path} cannot be written.")
        page.set("form-sample.thickness", "4 mm")
        assert page.element("form-sample.thickness").value == "2.325 mm"
        await page.until(lambda: "sample.thickness cannot be written." in page.user.notify.messages)

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_figures_follow_what_is_typed_before_it_is_written(tmp_path):
    field = "form-ions.Li.diffusion.bulk_coefficient"

    async def act(page: Visit) -> None:
        curves = lambda: page.element("experiment-diffusion").figure["data"]  # noqa: E731
        await page.until(lambda: bool(curves()))
        before, text = [list(curve["y"]) for curve in curves()], page.document.text
        page.user.find(marker=field).trigger("focus")
        page.set(field, "9e-18 m^2/s")
        await page.until(lambda: [list(curve["y"]) for curve in curves()] != before)
        assert page.document.text == text
        page.user.find(marker=field).trigger("change")
        assert page.document.get("ions.Li.diffusion.bulk_coefficient") == "9e-18 m^2/s"

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_what_nobody_has_given_is_marked_until_it_is_checked(tmp_path):
    async def act(page: Visit) -> None:
        for name in ("Li", "Rb"):
            page.set("add-ions-name", name)
            page.click("add-ions")
            await page.until(lambda name=name: page.there(f"form-ions.{name}.diffusion.model"))
        page.click("add-stages-irradiation")
        await page.until(lambda: page.there("form-stages[0].duration"))
        assert page.document.get("stages[0].beam") is None  # which ion is native is not known
        page.click("remove-stages[0]")
        await page.until(lambda: page.there("add-sample.native"))
        page.set("add-sample.native", "Li")
        await page.until(lambda: page.there("form-ions.Li.diffusion.width"))
        lithium = page.document.get("ions.Li.diffusion")
        assert (lithium["model"], lithium["bulk_coefficient"]) == ("site-energies", "5e-19 m^2/s")
        assert lithium["trapped_fraction"] > 0.0
        assert page.document.get("ions.Rb.diffusion.model") == "constant"
        page.click("add-stages-irradiation")
        await page.until(lambda: page.there("form-stages[0].duration"))
        assert page.document.get("stages[0].beam") == "Rb"
        marked = {"sample.native.Li", "ions.Li.diffusion.width", "ions.Rb.diffusion.coefficient", "stages[0].duration"}
        assert marked <= page.session.project.assumed
        assert all(page.there(f"assumed-{path}") for path in marked)
        page.set("form-stages[0].duration", "5 h")
        page.click("confirm-ions.Li.diffusion.width")
        await page.until(lambda: not page.there("assumed-ions.Li.diffusion.width"))
        assert not page.there("assumed-stages[0].duration")
        # typed again as it is: somebody's own
        field = "form-ions.Rb.diffusion.coefficient"
        page.user.find(marker=field).trigger("focus")
        page.set(field, "1e-22 m^2/")
        page.set(field, "1e-22 m^2/s")
        page.user.find(marker=field).trigger("blur")
        await page.until(lambda: not page.there("assumed-ions.Rb.diffusion.coefficient"))
        assert page.there("assumed-sample.native.Li")
        # over itself in one go: the control has no news then, only the keys
        field = "form-ions.Rb.diffusion.activation_energy"
        for event in ("focus", "keydown", "blur"):
            page.user.find(marker=field).trigger(event)
        await page.until(lambda: not page.there("assumed-ions.Rb.diffusion.activation_energy"))
        assert page.document.get("ions.Li.diffusion.excess_sites") == 0.1
        assert page.there("assumed-ions.Li.diffusion.excess_sites")
        page.click("experiment-preset-rb-mono-cait")
        await page.until(lambda: page.document.get("sample.thickness") == "2.325 mm")
        assert not page.session.project.assumed

    visit(tmp_path / "project", "experiment", act)


def test_names_of_ions_are_held_against_the_export(tmp_path):
    folder = tmp_path / "project"
    (folder / "uploads").mkdir(parents=True)
    (folder / "analysis.toml").write_text("", encoding="utf-8")
    shutil.copy(EXAMPLES / "measurements" / "rb-mono-a.txt", folder / "uploads")

    async def act(page: Visit) -> None:
        await page.until(lambda: page.there("add-ions-Rb"))
        page.click("add-ions-Li")
        await page.until(lambda: page.document.get("sample.native.Li") == "1.3e28 1/m^3")
        assert page.document.get("ions.Li.diffusion.model") == "site-energies"
        assert "sample.native.Li" not in page.session.project.assumed
        page.set("add-ions-name", "rb")
        page.click("add-ions")
        await page.until(lambda: page.there("form-ions.Rb.diffusion.model"))
        assert not page.there("add-ions-Rb")
        page.session.edit("ions.rb", page.document.get("ions.Rb"))
        await page.until(lambda: page.there("remark-ions.rb"))
        assert page.element("remark-ions.rb").text.startswith("The export has Rb, not rb")
        assert not page.shown("remark-ions.Rb")

    text = '[measurement]\nfile = "uploads/rb-mono-a.txt"\nnative = { Li = "1.3e28 1/m^3" }\n'
    visit(folder, "experiment", act, text=text)


def test_an_ion_is_added_by_the_symbol_of_its_element_and_once(tmp_path):
    async def act(page: Visit) -> None:
        def add(name):
            page.element("add-ions-name").set_value(name)
            page.click("add-ions")

        for name in ("Rb+", "RB+", "Rubidium"):
            add(name)
            await page.settled()
        assert list(page.document.get("ions")) == ["Li", "Rb"]
        told = " ".join(page.user.notify.messages)
        assert "Rb is there already." in told
        assert "write Rb." in told
        add("k+")
        await page.until(lambda: "K" in page.document.get("ions"))
        page.session.edit("sample.thickness", "2.325 m")
        await page.until(lambda: page.shown("experiment-unusual"))
        assert "sample thickness is 2.325 m" in page.element("experiment-unusual").text
        page.click("remove-ions.Rb")
        await page.until(lambda: "choose another ion" in page.texts())
        await page.until(lambda: page.element("form-stages[0].beam").options == ["Li", "K"])
        assert page.element("form-stages[0].beam").value is None
        assert page.document.get("stages[0].beam") == "Rb"
        assert "[ions" not in page.texts()

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


@pytest.mark.parametrize(
    ("model", "key", "value", "remedy"),
    [
        (SiteEnergySpecification, "trapped_fraction", "5 %", "write 0.05."),
        (Irradiation, "duration", "94 h 30 min", "write 94.5 h."),
        (Sample, "thickness", "1.4·10^3 µm", "write 1.4e3 µm."),
    ],
)
def test_what_people_write_gets_its_own_remedy(model, key, value, remedy):
    error = field_problem(model, key, value, path=key)
    assert error is not None
    found = page_words(error)
    assert found.endswith(f"; {remedy}")
    assert "quotation" not in found


def test_a_beam_of_several_ions_is_shown_as_in_the_file(tmp_path: Path) -> None:
    async def act(page: Visit) -> None:
        control = page.element("form-stages[0].beam")
        assert control.value == "{ Rb = 0.5, Cs = 0.5 }"
        page.session.edit("stages[0].beam", {"Rb": 0.25, "Cs": 0.5})
        await page.until(lambda: "add up to 0.75" in page.texts())

    text = (Path(__file__).resolve().parents[2] / "examples" / "rb-cs-simultaneous-cait.toml").read_text()
    visit(tmp_path / "project", "experiment", act, text=text)


def test_a_programme_is_shown_and_edited_as_in_the_file(tmp_path: Path) -> None:
    async def act(page: Visit) -> None:
        programme = '[{ time = "0 h", value = "5 V" }, { time = "1 h", value = "15 V" }]'
        page.set("form-stages[0].source_potential", programme)
        await page.settled()
        await page.until(lambda: page.element("form-stages[0].source_potential").value == programme)
        assert len(load_experiment(page.document.path).stages[0].programmes["source_potential"]) == 2
        page.set("form-stages[0].source_potential", programme.replace("15 V", "15 K"))
        await page.settled()
        await page.until(lambda: "a temperature where a voltage is expected" in page.texts())
        # a new stage begins with what the last one ended with
        page.set("form-stages[0].source_potential", programme)
        await page.settled()
        page.click("add-stages-irradiation")
        await page.until(lambda: page.there("form-stages[1].source_potential"))
        assert page.element("form-stages[1].source_potential").value == "15 V"

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_a_melt_is_described_in_the_form(tmp_path):
    """Both ions with their fractions, and the isotherm with its constants; what is missing is said beside the key."""

    async def act(page: Visit) -> None:
        page.click("add-stages-contact")
        await page.until(lambda: page.there("form-stages[1].potential"))
        page.set("form-stages[1].blocking", False)
        page.set("form-stages[1].potential", "")
        for name, fraction in (("Rb", "0.9"), ("Li", "0.1")):
            page.set("add-stages[1].melt", name)
            await page.until(lambda name=name: page.there(f"form-stages[1].melt.{name}"))
            page.set(f"form-stages[1].melt.{name}", fraction)
        await page.settled()
        await page.until(lambda: "needs an isotherm" in page.texts())
        page.click("add-stages[1].isotherm")
        await page.until(lambda: page.there("form-stages[1].isotherm.entering"))
        page.set("form-stages[1].isotherm.entering", "Rb")
        page.set("form-stages[1].isotherm.equilibrium_constant", "0.2")
        page.set("form-stages[1].isotherm.exponent", "1.5")
        await page.settled()
        stage = load_experiment(page.document.path).stages[1]
        assert isinstance(stage, Contact)
        assert (stage.potential, stage.melt) == (None, {"Rb": 0.9, "Li": 0.1})
        assert stage.isotherm == Isotherm(entering="Rb", equilibrium_constant=0.2, exponent=1.5)

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)


def test_pairs_of_ions_are_chosen_and_changed(tmp_path):
    async def act(page: Visit) -> None:
        page.click("experiment-preset-rb-cs-double-cait")
        await page.until(lambda: page.there("add-cross_terms.pairs"))
        assert sorted(page.element("add-cross_terms.pairs").options) == ["Li-Cs", "Li-Rb", "Rb-Cs"]
        page.set("add-cross_terms.pairs", "Li-Rb")
        await page.until(lambda: page.there("form-cross_terms.pairs.Li-Rb"))
        page.set("form-cross_terms.pairs.Li-Rb", 0.4)
        await page.settled()
        assert tomllib.loads(page.document.text)["cross_terms"] == {"pairs": {"Li-Rb": 0.4}}
        assert sorted(page.element("add-cross_terms.pairs").options) == ["Li-Cs", "Rb-Cs"]

    visit(tmp_path / "project", "experiment", act)


def test_ions_are_put_on_a_site_system(tmp_path):
    """A system is begun for the native ions; a model that is put on it loses its own distribution."""

    async def act(page: Visit) -> None:
        page.set("add-sites-name", "borate")
        page.click("add-sites")
        await page.until(lambda: page.there("form-sites.borate.trapped_fraction"))
        assert page.document.get("sites.borate.holds") == ["Li"]
        assert "[sites.borate]" in page.document.text
        page.set("form-ions.Li.diffusion.sites", "borate")
        await page.settled()
        assert set(page.document.get("ions.Li.diffusion")) == {
            "model", "sites", "bulk_coefficient", "reference_temperature", "activation_energy"
        }  # fmt: skip
        page.set("form-sites.borate.trapped_fraction", 0.03)
        await page.settled()
        assert load_experiment(page.document.path).sites["borate"].trapped_fraction == 0.03
        for ion in ("Li", "Rb"):
            page.set(f"form-ions.{ion}.diffusion.model", "populations")
            await page.until(lambda ion=ion: page.there(f"form-ions.{ion}.diffusion.release_rate"))
        page.set("form-ions.Rb.diffusion.release_rate", "1e-3 1/s")
        await page.settled()
        described = load_experiment(page.document.path)
        assert described.site_systems["borate"].ions == ("Li", "Rb")
        assert described.diffusion_model("Rb", 0).release_rate_at_reference == 1e-3
        # back to the closure on the same sites
        for ion in ("Li", "Rb"):
            page.set(f"form-ions.{ion}.diffusion.model", "site-energies")
            await page.until(lambda ion=ion: page.there(f"form-ions.{ion}.diffusion.width"))
        await page.settled()
        assert load_experiment(page.document.path).diffusion_model("Rb", 0).fermi_level_counts == ("Li", "Rb")

    visit(tmp_path / "project", "experiment", act, text=RUBIDIUM)
