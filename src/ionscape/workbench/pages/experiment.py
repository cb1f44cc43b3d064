"""The page of the experiment: a form of the file, D(n) and S(E) as the numbers change, presets, the text itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, events, run, ui

from ionscape.errors import InputError
from ionscape.experiment.fields import Table
from ionscape.experiment.models import (
    BackElectrode,
    Chamber,
    Contact,
    Experiment,
    GridSpecification,
    Ion,
    Irradiation,
    Sample,
)
from ionscape.workbench.document import join_path, split_path
from ionscape.workbench.form_fields import describe_field, example_table
from ionscape.workbench.forms import Form, button, mistakes_line, structure
from ionscape.workbench.plots import Plot, diffusion_plot, site_energy_plot, to_plotly
from ionscape.workbench.reading import NOT_OF_THE_EXPERIMENT, read_experiment
from ionscape.workbench.theme import empty_figure, is_dark, on_theme

if TYPE_CHECKING:
    from ionscape.experiment import Experiment as ReadExperiment
    from ionscape.workbench.session import Session

PRESETS = {
    "rb-mono-cait": "Rb⁺ on Li3B7O12: one irradiation (Gunawan 2024)",
    "rb-cs-double-cait": "Cs⁺ on Rb⁺ on Li3B7O12: sequential double irradiation (Gunawan 2026)",
}
LARGEST_FILE = 2**20
FIGURE_HEIGHT = "height: max(250px, calc(50vh - 42px))"


def build(session: Session) -> None:
    """Make the page in the current container."""
    ExperimentPage(session)


def preset_text(name: str) -> str:
    """Text of the experiment file of a preset."""
    return (files("ionscape.workbench") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def with_experiment(text: str, experiment: str) -> str:
    """A document whose experiment is another one; its measurement and fit stay."""
    import tomlkit

    document = tomlkit.parse(text)
    kept = tomlkit.document()
    for key in NOT_OF_THE_EXPERIMENT:
        if key in document:
            kept[key] = document[key]
    rest = tomlkit.dumps(kept).strip()
    return experiment.rstrip("\n") + "\n" + (f"\n{rest}\n" if rest else "")


class ExperimentPage:
    """Controls of one tab."""

    def __init__(self, session: Session) -> None:
        """Build everything and listen to changes."""
        self.session = session
        self.document = session.project.document
        self.open_sections: dict[str, bool] = {}
        self.revision = -1
        self.busy = False
        self.draft: dict[str, Any] = {}  # what is being typed and not written yet
        self.drawn_draft: dict[str, Any] = {}
        with ui.row().classes("w-full no-wrap items-stretch").style("gap: 0"):
            with ui.column().classes("workbench-settings").style("gap: 8px"):
                self._toolbar()
                self.mistakes = ui.label().classes("workbench-error").props("role=status").mark("experiment-mistakes")
                self.problems = ui.label().classes("workbench-error").props("role=alert").mark("experiment-problems")
                self.form_place = ui.column().classes("w-full").style("gap: 4px")
            with ui.column().classes("workbench-figures").style("gap: 4px"):
                self._figures()
        self.structure: Any = None
        self._refresh_form()
        session.on_change(self._changed)
        on_theme(session, partial(self._draw, force=True))
        ui.timer(0.05, self._draw, once=True)

    # left ------------------------------------------------------------------------------------------------------------

    def _toolbar(self) -> None:
        with ui.row().classes("w-full items-center no-wrap").style("gap: 4px"):
            presets = ui.button("Preset", icon="science").props("dense outline size=sm").mark("experiment-preset")
            with presets, ui.menu():
                for name, title in PRESETS.items():
                    item = ui.menu_item(title, on_click=partial(self._load_preset, name))
                    item.mark(f"experiment-preset-{name}")
            self.upload = ui.upload(on_upload=self._open, auto_upload=True, max_file_size=LARGEST_FILE,
                                    on_rejected=self._reject).props('accept=".toml,.txt"')  # fmt: skip
            self.upload.classes("hidden").mark("experiment-upload")
            ui.button("Open", icon="folder_open", on_click=lambda: self.upload.run_method("pickFiles")).props(
                "dense outline size=sm"
            ).mark("experiment-open").tooltip("Open a TOML file of the command line")
            ui.button("Save", icon="download", on_click=self._save).props("dense outline size=sm").mark(
                "experiment-save"
            ).tooltip("Take the TOML file away; the command line reads it as it is")
            ui.space()
            button("undo", "take back the last change", self._undo, "experiment-undo")
            button("code", "the file as text", lambda: self.show_text(not self.text_shown), "experiment-text")

    def _refresh_form(self) -> None:
        """Build the form for the tables that are there now."""
        self.structure = structure(self.document.data)
        self.form_place.clear()
        self.form = _ExperimentForm(self.session, names=self._names(), open_sections=self.open_sections,
                                    typing=self._typing)  # fmt: skip
        form, data = self.form, self.document.data
        with self.form_place:
            if not data:
                ui.label(
                    "Nothing is described yet. Begin with a preset, open a file of the command line, or fill in"
                    " the form."
                ).classes("workbench-note").mark("experiment-empty")
            with ui.element("div").classes("w-full"):
                form.key("title", Experiment)
            with form.section("sample", lambda: "Sample"):
                form.table("sample", Sample)
            with form.section("ions", lambda: "Ions"):
                self._ions(form, data.get("ions"))
            with form.section("stages", lambda: f"Stages ({len(self.document.get('stages') or [])})"):
                form.tables("stages", describe_field(Experiment, "stages"), header=self._stage_header,
                            new=self._new_stage)  # fmt: skip
            with form.section("chamber", lambda: "Chamber", opened=False):
                form.table("chamber", Chamber)
            with form.section("back_electrode", lambda: "Back electrode", opened=False):
                form.table("back_electrode", BackElectrode)
            with form.section("grid", lambda: "Numerical grid", opened=False):
                form.table("grid", GridSpecification)
        form.update()
        self._show_problems()

    def _ions(self, form: Form, ions: object) -> None:
        for name in ions if isinstance(ions, Mapping) else ():
            path = join_path(("ions", str(name)))
            with form.section(path, partial(str, name)):
                form.table(path, Ion)
                remove = ui.button(f"remove {name}", icon="delete", on_click=partial(form.edit, path, None))
                remove.props("flat dense size=sm").mark(f"remove-{path}")

        def add() -> None:
            name = str(entry.value or "").strip()
            if name and self.document.get(join_path(("ions", name))) is None:
                ion = {"diffusion": example_table(describe_field(Ion, "diffusion").models[0], _ION_EXAMPLE)}
                form.edit(join_path(("ions", name)), ion)

        with ui.row().classes("w-full no-wrap items-center").style("gap: 2px"):
            entry = ui.input(label="add an ion", placeholder="such as K").props("dense outlined stack-label")
            entry.classes("col").mark("add-ions-name").on("keydown.enter", add)
            button("add", "add the ion", add, "add-ions")

    def _names(self) -> dict[str, Any]:
        def ions() -> list[str]:
            found = self.document.get("ions")
            return [str(name) for name in found] if isinstance(found, Mapping) else []

        return {"beam": ions, "native": ions, "composition": ions, "diffusion": ions}

    def _stage_header(self, number: int) -> str:
        stage = self.document.get(f"stages[{number}]")
        if not isinstance(stage, Mapping):
            return f"{number + 1}"
        words = [str(stage.get(key)) for key in ("beam", "kind") if stage.get(key)]
        return f"{number + 1}  {' '.join(words)}, {stage.get('duration', '?')}"

    def _new_stage(self, model: type[Table]) -> dict[str, Any]:
        """A stage that is valid for the ions there are: at the temperature and for the time of the last one."""
        stages = self.document.get("stages")
        last = stages[-1] if isinstance(stages, list) and stages and isinstance(stages[-1], dict) else {}
        like = {key: last[key] for key in ("temperature", "duration", "beam", "source_potential") if key in last}
        made = example_table(model, like={key: value for key, value in like.items() if key in model.model_fields})
        ions = self._names()["beam"]()
        native = self.document.get("sample.native") or {}
        if model is Irradiation and made["beam"] not in ions and ions:
            made["beam"] = next((name for name in ions if name not in native), ions[0])
        if model is Contact:
            made["blocking"] = True
        return made

    def _show_problems(self) -> None:
        """Sentences that no control shows; those about the measurement and the fit belong to their pages."""
        own = [sentence for key, sentence in self.session.errors.items()
               if sentence in self.form.homeless_errors() and not key.startswith(NOT_OF_THE_EXPERIMENT)]  # fmt: skip
        self.problems.set_text(" ".join(own))
        self.problems.set_visibility(bool(own))
        wrong = [key for key in self.form.mistakes() if not key.startswith(NOT_OF_THE_EXPERIMENT)]
        self.mistakes.set_text(mistakes_line(wrong))
        self.mistakes.set_visibility(bool(wrong))

    def _load_preset(self, name: str) -> None:
        text = with_experiment(self.document.text, preset_text(name))
        self._replaced(self.session.replace(text))

    async def _open(self, event: events.UploadEventArguments) -> None:
        try:
            text = (await event.file.read()).decode("utf-8-sig")
        except UnicodeDecodeError:
            self.session.notify(f"{event.file.name}: is not a text in UTF-8.", kind="negative")
            return
        finally:
            self.upload.reset()
        problem = self._check(text, event.file.name)
        self._replaced(problem or self.session.replace(text))

    def _check(self, text: str, name: str) -> str | None:
        """The sentence about text that is not TOML, with the name of the user's file."""
        from ionscape.experiment.load import parse_toml

        try:
            parse_toml(text, file=name)
        except InputError as error:
            return str(error)
        return None

    def _replaced(self, problem: str | None) -> None:
        if problem and problem not in self.session.errors.values():
            self.session.notify(problem, kind="negative")

    def _reject(self) -> None:
        self.session.notify("The file is too large for an experiment file (at most 1 MiB).", kind="negative")

    def _save(self) -> None:
        ui.download(self.document.text.encode(), "analysis.toml", "application/toml")

    def _undo(self) -> None:
        if not self.session.undo():
            self.session.notify("There is nothing to take back.")

    # right -----------------------------------------------------------------------------------------------------------

    def _figures(self) -> None:
        self.text_shown = False
        self.note = ui.label().classes("workbench-note").mark("experiment-note")
        self.plots = ui.column().classes("w-full").style("gap: 4px")
        with self.plots:
            empty = empty_figure()
            self.diffusion = ui.plotly(empty).classes("w-full").style(FIGURE_HEIGHT).mark("experiment-diffusion")
            self.sites = ui.plotly(empty).classes("w-full").style(FIGURE_HEIGHT).mark("experiment-sites")
            self.diffusion.props["aria-label"] = "diffusion coefficients over density"
            self.sites.props["aria-label"] = "site energies"
        self.text_place = ui.column().classes("w-full").style("gap: 6px")
        self.text_place.set_visibility(False)
        with self.text_place:
            with ui.row().classes("w-full items-center").style("gap: 8px"):
                ui.label("analysis.toml, as the command line reads it").classes("workbench-note")
                ui.space()
                ui.button("Apply", on_click=self._apply_text).props("dense size=sm").mark("experiment-text-apply")
                ui.button("Discard", on_click=self._show_document).props("dense outline size=sm").mark(
                    "experiment-text-discard"
                )
            self.text_error = ui.label().classes("workbench-error").props("role=alert").mark("experiment-text-error")
            self.editor = ui.codemirror(self.document.text, language="TOML", theme="basicLight").classes("w-full")
            self.editor.style("height: calc(100vh - 110px)").mark("experiment-editor")
            self.editor.props["aria-label"] = "text of the file"

    def show_text(self, shown: bool) -> None:
        """Show the text of the file in place of the figures, or the figures."""
        self.text_shown = shown
        self.plots.set_visibility(not shown)
        self.note.set_visibility(not shown and bool(self.note.text))
        self.text_place.set_visibility(shown)
        if shown:
            self.editor.set_theme("basicDark" if is_dark(self.session) else "basicLight")
            self._show_document()

    def _show_document(self) -> None:
        self.editor.set_value(self.document.text)
        self.text_error.set_text("")

    def _apply_text(self) -> None:
        text = str(self.editor.value or "")
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            self.text_error.set_text(self._check(text, "analysis.toml") or "")
            return
        self.session.replace(text)
        self.text_error.set_text(" ".join(self.session.errors.values()))

    # changes ---------------------------------------------------------------------------------------------------------

    async def _changed(self, what: str) -> None:
        if what != "document":
            return
        self.draft = {}
        if structure(self.document.data) != self.structure:
            self.form.finish_typing()
            self._refresh_form()
        else:
            self.form.update()
            self._show_problems()
        if self.text_shown and not self.text_error.text:
            self.editor.set_value(self.document.text)
        await self._draw()

    async def _draw(self, *, force: bool = False) -> None:
        """Draw the latest state; changes that come meanwhile are drawn at the end, together."""
        if self.busy or (self._is_drawn() and not force):
            return
        self.busy = True
        try:
            while not self._is_drawn() or force:
                force = False
                self.revision, self.drawn_draft = self.document.revision, dict(self.draft)
                found = None
                if self.document.data:
                    found = await run.io_bound(_plots_of, str(self.document.path), self.drawn_draft)
                if not self.session.alive:
                    return
                if found is not None or not self.drawn_draft:
                    self._show_plots(found)
        finally:
            self.busy = False

    def _is_drawn(self) -> bool:
        return self.revision == self.document.revision and self.drawn_draft == self.draft

    def _typing(self, path: str, value: Any) -> None:
        """Draw with a value that is being typed; it is written when that is finished."""
        self.draft = {path: value}
        background_tasks.create(self._draw(), name="figures of what is typed")

    def _show_plots(self, found: tuple[Plot, Plot | None] | None) -> None:
        problems = [key for key in self.session.errors if not key.startswith(NOT_OF_THE_EXPERIMENT)]
        if found is None:
            self.note.set_text("The figures show the last description without mistakes." if problems else "")
            self.note.set_visibility(bool(problems) and not self.text_shown)
            return
        self.note.set_visibility(False)
        dark = is_dark(self.session)
        diffusion, sites = found
        self.session.state["experiment.plots"] = [plot for plot in found if plot is not None]
        self.diffusion.update_figure(to_plotly(diffusion, dark=dark))
        self.sites.set_visibility(sites is not None)
        if sites is not None:
            self.sites.update_figure(to_plotly(sites, dark=dark))


class _ExperimentForm(Form):
    """The form of an experiment, which knows good tables to begin with."""

    def example(self, model: type[Table], path: str, name: str) -> dict[str, Any]:
        """A model of an ion in a stage begins as a copy of the one that it replaces."""
        del path
        general = self.document.get(join_path(("ions", name, "diffusion")))
        return general if isinstance(general, dict) else example_table(model)

    def converted(self, model: type[Table], like: Mapping[str, Any]) -> dict[str, Any]:
        """D at the reference temperature keeps its value under the name that it has in the other kind."""
        known = dict(like)
        for one, other in (("coefficient", "bulk_coefficient"), ("bulk_coefficient", "coefficient")):
            if one in known and other in model.model_fields:
                known[other] = known[one]
        known = {key: value for key, value in known.items() if key in model.model_fields}
        if "densities" in model.model_fields:
            known |= {"densities": ["0 1/m^3", "1e28 1/m^3"]} if not known.get("file") else {}
            known |= {"coefficients": ["1e-22 m^2/s", "1e-20 m^2/s"]} if not known.get("file") else {}
        return example_table(model, like=known)


_ION_EXAMPLE = {
    "coefficient": "1e-22 m^2/s",
    "reference_temperature": "323.15 K",
    "activation_energy": "0.65 eV",
}


def _with_draft(path: str, draft: Mapping[str, Any]) -> ReadExperiment:
    """The experiment of a document with some values replaced."""
    import tomlkit

    from ionscape.experiment import parse_experiment
    from ionscape.experiment.load import parse_toml

    file = Path(path)
    data: Any = parse_toml(file.read_text(encoding="utf-8"), file=file.name)
    for key, value in draft.items():
        *outer, last = split_path(key)
        node = data
        try:
            for part in outer:
                node = node[part]
            if value is None:
                node.pop(last, None)
            else:
                node[last] = value
        except (LookupError, TypeError, AttributeError):
            continue  # its table is not there yet
    kept = {key: value for key, value in data.items() if key not in NOT_OF_THE_EXPERIMENT}
    return parse_experiment(tomlkit.dumps(kept), file=file.name, folder=file.parent)


def _plots_of(path: str, draft: Mapping[str, Any]) -> tuple[Plot, Plot | None] | None:
    """Both figures of a document with some values replaced; None if it cannot be used."""
    try:
        experiment = _with_draft(path, draft) if draft else read_experiment(path)
        return diffusion_plot(experiment), site_energy_plot(experiment)
    except InputError:
        return None
