"""The page of the experiment: a form of the file, D(n) and S(E) as the numbers change, presets, the text itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, events, run, ui

from ionscape.errors import InputError
from ionscape.experiment.models import Experiment
from ionscape.experiment.parts import BackElectrode, Chamber, GridSpecification, Sample
from ionscape.figures.plot import Plot
from ionscape.figures.render_plotly import to_plotly
from ionscape.files.description import example_table
from ionscape.files.fields import Keyed
from ionscape.workbench.form_controls import button
from ionscape.workbench.form_fields import describe_field
from ionscape.workbench.forms import mistakes_line, structure
from ionscape.workbench.opening import with_opened
from ionscape.workbench.pages import notes
from ionscape.workbench.pages.experiment_form import ExperimentForm
from ionscape.workbench.pages.experiment_ions import IonList
from ionscape.workbench.pages.experiment_plots import plots_of
from ionscape.workbench.pages.file_buttons import file_buttons
from ionscape.workbench.reading import NOT_OF_THE_EXPERIMENT, experiment_remarks
from ionscape.workbench.theme import empty_figure, is_dark, on_theme
from ionscape.workbench.wording import page_words

if TYPE_CHECKING:
    from ionscape.workbench.session import Session

PRESETS = {
    "rb-mono-cait": "Rb⁺ on Li3B7O12: one irradiation (Gunawan 2026)",
    "rb-cs-double-cait": "Cs⁺ on Rb⁺ on Li3B7O12: sequential double irradiation (Gunawan 2026)",
}
LARGEST_FILE = 2**20
BEFORE_FIGURES = (
    "Here appear, as soon as nothing is missing: the diffusion coefficients of the ions over their density, D(n), and"
    " the energies of their sites, both as the numbers on the left change."
)
ALWAYS_SHOWN = ("sample", "chamber", "back_electrode", "grid")
FIGURE_HEIGHT = "height: max(250px, calc(50vh - 42px))"


def build(session: Session) -> None:
    """Make the page in the current container."""
    notes.add_style()
    ExperimentPage(session)


def preset_text(name: str) -> str:
    """Text of the experiment file of a preset."""
    return (files("ionscape.workbench") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def with_experiment(text: str, experiment: str) -> str:
    """A document whose experiment is another one; its measurement and fit stay."""
    return with_opened(text, experiment, file="experiment").text


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
        self.ions = IonList(session)
        with ui.row().classes("w-full no-wrap items-stretch").style("gap: 0"):
            with ui.column().classes("workbench-settings").style("gap: 8px"):
                self._toolbar()
                self.mistakes = ui.label().classes("workbench-error").props("role=status").mark("experiment-mistakes")
                self.problems = ui.label().classes("workbench-error").props("role=alert").mark("experiment-problems")
                self.assumed = ui.row().classes("w-full items-center no-wrap").style("gap: 6px")
                with self.assumed:
                    self.assumed_text = notes.warning("").mark("experiment-assumed")
                    right = ui.button("all are right", on_click=lambda: session.project.confirm(*self._assumed()))
                    right.props("flat dense no-caps size=sm").style("flex: none").mark("experiment-confirm-all")
                self.unusual = notes.warning("").mark("experiment-unusual")
                self.unusual.set_visibility(False)
                self.form_place = ui.column().classes("w-full").style("gap: 4px")
            with ui.column().classes("workbench-figures").style("gap: 4px"):
                self._figures()
        self.structure: Any = None
        self._refresh_form()
        session.on_change(self._changed)
        on_theme(session, partial(self._draw, force=True))
        ui.timer(0.05, self._draw, once=True)
        ui.timer(0.05, self.ions.find_elements, once=True)

    # left ------------------------------------------------------------------------------------------------------------

    def _toolbar(self) -> None:
        with ui.row().classes("w-full items-center no-wrap").style("gap: 4px"):
            presets = ui.button("Preset", icon="science").props("dense outline size=sm").mark("experiment-preset")
            with presets, ui.menu():
                for name, title in PRESETS.items():
                    item = ui.menu_item(title, on_click=partial(self._load_preset, name))
                    item.mark(f"experiment-preset-{name}")
            self.upload = file_buttons(
                "experiment", opened=self._open, rejected=self._reject, saved=self._save, accept=".toml,.txt",
                largest=LARGEST_FILE,
                tips=("Open a TOML file of the command line",
                      "Take the TOML file away; the command line reads it as it is"),
            )  # fmt: skip
            ui.space()
            button("undo", "take back the last change", self._undo, "experiment-undo")
            button("code", "the file as text", lambda: self.show_text(not self.text_shown), "experiment-text")

    def _refresh_form(self) -> None:
        """Build the form for the tables that are there now."""
        self.structure = structure(self.document.data, always=ALWAYS_SHOWN)
        self.form_place.clear()
        self.form = ExperimentForm(self.session, names=self._names(), open_sections=self.open_sections,
                                    typing=self._typing)  # fmt: skip
        form, data = self.form, self.document.data
        with self.form_place:
            if not data:
                self._beginning()
            with ui.element("div").classes("w-full"):
                form.key("title", Experiment)
            with form.section("sample", lambda: "Sample"):
                form.table("sample", Sample)
            with form.section("ions", lambda: "Ions"):
                self.ions.build(form, data.get("ions"))
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

    def _beginning(self) -> None:
        """What an empty page offers."""
        ui.label(
            "Nothing is described yet. Begin with a preset and change what is different in your experiment, open a file"
            " of the command line, or fill in the form: first the ions, then sample and stages."
        ).classes("workbench-note").mark("experiment-empty")
        for name, title in PRESETS.items():
            begin = ui.button(title, icon="science", on_click=partial(self._load_preset, name))
            begin.props("flat dense no-caps size=sm align=left").mark(f"experiment-begin-{name}")

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

    def _new_stage(self, model: type[Keyed]) -> tuple[dict[str, Any], list[str]]:
        """A stage at the temperature and for the time of the last one, and what is known of it.

        A beam brings a foreign ion; where it is not known which, the key is left to be filled in.
        """
        stages = self.document.get("stages")
        last = stages[-1] if isinstance(stages, list) and stages and isinstance(stages[-1], dict) else {}
        given = ("temperature", "duration", "beam", "source_potential")
        like = {key: last[key] for key in given if key in last}
        made = example_table(model, like={key: value for key, value in like.items() if key in model.model_fields})
        ions = self._names()["beam"]()
        if "beam" in model.model_fields and like.get("beam") not in ions:
            made["beam"] = self.form.foreign_ion()
            if made["beam"] is None:
                del made["beam"]
        if "blocking" in model.model_fields:
            made["blocking"] = True
        assumed = self.session.project.assumed
        place = f"stages[{len(stages or ()) - 1}]"
        return made, [key for key in like if f"{place}.{key}" not in assumed]

    def _show_problems(self) -> None:
        """Sentences that no control shows; those about the measurement and the fit belong to their pages."""
        own = [error for key, error in self.form.homeless_errors().items()
               if not key.startswith(NOT_OF_THE_EXPERIMENT)]  # fmt: skip
        self.problems.set_text(" ".join(map(page_words, own)))
        self.problems.set_visibility(bool(own))
        wrong = {key: error for key, error in self.form.mistakes().items() if not key.startswith(NOT_OF_THE_EXPERIMENT)}
        self.mistakes.set_text(mistakes_line(wrong))
        self.mistakes.set_visibility(bool(wrong))
        assumed = self._assumed()
        self.assumed.set_visibility(bool(assumed))
        self.assumed_text.set_text(
            f"{len(assumed)} value{'s are' if len(assumed) > 1 else ' is'} assumed, not yours, and marked below: please"
            " check."
        )

    def _assumed(self) -> list[str]:
        """The assumed values of the experiment."""
        return [path for path in self.session.project.assumed if not path.startswith(NOT_OF_THE_EXPERIMENT)]

    def _load_preset(self, name: str) -> None:
        text = with_experiment(self.document.text, preset_text(name))
        self.session.project.forget_assumed(kept=NOT_OF_THE_EXPERIMENT)
        self._replaced(self.session.replace(text))

    async def _open(self, event: events.UploadEventArguments) -> None:
        try:
            text = (await event.file.read()).decode("utf-8-sig")
        except UnicodeDecodeError:
            self.session.notify(f"{event.file.name}: is not a text in UTF-8.", kind="negative")
            return
        finally:
            self.upload.reset()
        try:
            opened = with_opened(self.document.text, text, file=event.file.name)
        except InputError as error:
            self.session.notify(str(error), kind="negative")
            return
        self.session.project.forget_assumed(kept=opened.kept_keys)
        self._replaced(self.session.replace(opened.text))
        if opened.sentence:
            self.session.notify(opened.sentence)

    def _check(self, text: str, name: str) -> str | None:
        """The sentence about text that is not TOML, with the name of the user's file."""
        from ionscape.files.toml import parse_toml

        try:
            parse_toml(text, file=name)
        except InputError as error:
            return str(error)
        return None

    def _replaced(self, problem: InputError | None) -> None:
        if problem is not None and problem not in self.session.errors.values():
            self.session.notify(str(problem), kind="negative")

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
        self.note = ui.label(BEFORE_FIGURES).classes("workbench-note q-pa-md").style("max-width: 620px")
        self.note.mark("experiment-note")
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
        self.text_error.set_text(" ".join(map(str, self.session.errors.values())))

    # changes ---------------------------------------------------------------------------------------------------------

    async def _changed(self, what: str) -> None:
        if what != "document":
            return
        self.draft = {}
        await self.ions.find_elements()
        if structure(self.document.data, always=ALWAYS_SHOWN) != self.structure:
            self.form.finish_typing()
            focused = self.form.focused
            self._refresh_form()
            self.form.focus(focused)
        else:
            self.form.update()
            self._show_problems()
            self.ions.show_elements()
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
                remarks: list[str] = []
                if self.document.data:
                    found = await run.io_bound(plots_of, str(self.document.path), self.drawn_draft)
                    remarks = await run.io_bound(experiment_remarks, self.document.path) or []
                if not self.session.alive:
                    return
                self.unusual.set_text(" ".join(remarks))
                self.unusual.set_visibility(bool(remarks))
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
            drawn = bool(self.session.state.get("experiment.plots"))
            text = "The figures show the last description without mistakes." if drawn else BEFORE_FIGURES
            self.note.set_text(text if problems or not drawn else "")
            self.note.set_visibility(bool(self.note.text) and not self.text_shown)
            return
        self.note.set_text("")
        self.note.set_visibility(False)
        dark = is_dark(self.session)
        diffusion, sites = found
        self.session.state["experiment.plots"] = [plot for plot in found if plot is not None]
        self.diffusion.update_figure(to_plotly(diffusion, dark=dark))
        self.sites.set_visibility(sites is not None)
        if sites is not None:
            self.sites.update_figure(to_plotly(sites, dark=dark))
