"""The page of the experiment: a form of the file, D(n) and S(E) as the numbers change, presets, the text itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, run, ui

from ionscape.errors import InputError
from ionscape.experiment.cross_terms import CrossTerms, ions_of_pair
from ionscape.experiment.models import Experiment
from ionscape.experiment.parts import BackElectrode, Chamber, GridSpecification, Sample
from ionscape.files.description import describe, example_table, table_at
from ionscape.files.fields import Keyed
from ionscape.workbench.form_fields import single_value
from ionscape.workbench.forms import mistakes_line, structure
from ionscape.workbench.opening import preset, with_opened
from ionscape.workbench.pages.experiment_form import ExperimentForm
from ionscape.workbench.pages.experiment_ions import IonList
from ionscape.workbench.pages.latest import Latest
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import (
    OUTLINED,
    QUIET,
    button,
    column,
    file_buttons,
    line,
    row,
    sides,
    text_button,
    undo_button,
)
from ionscape.workbench.plots import experiment_plots, with_draft
from ionscape.workbench.reading import NOT_OF_THE_EXPERIMENT, about_experiment, remarks_of
from ionscape.workbench.wording import page_words

if TYPE_CHECKING:
    from ionscape.workbench.session import Session

PRESETS = {
    "rb-mono-cait": "Rb⁺ on Li3B7O12: one irradiation (Gunawan 2026)",
    "rb-cs-double-cait": "Cs⁺ on Rb⁺ on Li3B7O12: sequential double irradiation (Gunawan 2026)",
    "ag-na-waveguide": "Ag⁺ for Na⁺ in soda-lime glass: a planar waveguide (Ramaswamy 1986)",
    "strengthened-aluminosilicate": "K⁺ for Na⁺ in an aluminosilicate: strengthening in two baths (illustrative)",
}
LARGEST_FILE = 2**20
BEFORE_FIGURES = (
    "Here appear, as soon as nothing is missing: the diffusion coefficients of the ions over their density, D(n), and"
    " the energies of their sites, both as the numbers on the left change."
)
EARLIER = "The figures show the last description without mistakes."
ALWAYS_SHOWN = ("sample", "chamber", "sites", "cross_terms", "back_electrode", "mechanics", "optics", "grid")
PLATE = ("mechanics", "optics")
PAIRS = "cross_terms.pairs"
FIGURE_HEIGHT = "max(250px, calc(50vh - 42px))"


class Page:
    """Controls of one tab."""

    def __init__(self, session: Session) -> None:
        """Build everything and listen to changes."""
        self.session = session
        self.document = session.project.document
        self.open_sections: dict[str, bool] = {}
        self.draft: dict[str, Any] = {}  # what is being typed and not written yet
        self.ions = IonList(session)
        self.drawing = Latest(self._draw_once)
        left, right = sides()
        with left:
            self._toolbar()
            self.mistakes = line("error").mark("experiment-mistakes")
            self.problems = line("error").mark("experiment-problems")
            self.assumed = row()
            with self.assumed:
                self.assumed_text = line("warning").mark("experiment-assumed")
                text_button("all are right", lambda: session.project.confirm(*self._assumed()),
                            "experiment-confirm-all").style("flex: none")  # fmt: skip
            self.unusual = line("warning").mark("experiment-unusual")
            self.form_place = column()
        with right:
            self._figures()
        self.structure: Any = None
        self._refresh_form()
        session.on_change(self._changed)
        ui.timer(0.05, self.drawing.request, once=True)
        ui.timer(0.05, self.ions.find_elements, once=True)

    # left ------------------------------------------------------------------------------------------------------------

    def _toolbar(self) -> None:
        with row(4):
            presets = ui.button("Preset", icon="science").props(OUTLINED).mark("experiment-preset")
            with presets, ui.menu():
                for name, title in PRESETS.items():
                    item = ui.menu_item(title, on_click=partial(self._load_preset, name))
                    item.mark(f"experiment-preset-{name}")
            file_buttons(
                self.session, "experiment", "document", self._open, accept=".toml,.txt", largest=LARGEST_FILE,
                tips=("Open a TOML file of the command line",
                      "Take the TOML file away; the command line reads it as it is"),
            )  # fmt: skip
            ui.space()
            undo_button(self.session, "experiment-undo")
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
            with form.section("sites", lambda: "Site systems", opened=bool(self.document.get("sites"))):
                # any name is a good one, while models choose among those that are there
                form.add("sites", replace(describe(Experiment)["sites"], name="site systems"))
            with form.section("ions", lambda: "Ions"):
                self.ions.build(form, data.get("ions"))
            with form.section("stages", lambda: f"Stages ({len(self.document.get('stages') or [])})"):
                form.tables("stages", describe(Experiment)["stages"], header=self._stage_header,
                            new=self._new_stage)  # fmt: skip
            with form.section("chamber", lambda: "Chamber", opened=False):
                form.table("chamber", Chamber)
            with form.section("cross_terms", lambda: "Cross terms", opened=False):
                form.table("cross_terms", CrossTerms)
            with form.section("back_electrode", lambda: "Back electrode", opened=False):
                form.table("back_electrode", BackElectrode)
            with form.section("plate", lambda: "Stress and refractive index", opened=self._describes_plate()):
                for key in PLATE:
                    form.key(key, Experiment)
            with form.section("grid", lambda: "Numerical grid", opened=False):
                form.table("grid", GridSpecification)
        form.update()
        self._show_problems()

    def _describes_plate(self) -> bool:
        return any(self.document.get(key) is not None for key in PLATE)

    def _beginning(self) -> None:
        """What an empty page offers."""
        line(
            "note",
            "Nothing is described yet. Begin with a preset and change what is different in your experiment, open a file"
            " of the command line, or fill in the form: first the ions, then sample and stages.",
        ).mark("experiment-empty")
        for name, title in PRESETS.items():
            begin = partial(self._load_preset, name)
            text_button(title, begin, f"experiment-begin-{name}", icon="science", look=f"{QUIET} align=left")

    def _names(self) -> dict[str, Any]:
        def ions() -> list[str]:
            return list(map(str, table_at(self.document.get("ions"))))

        def pairs() -> list[str]:
            charges = {
                name: ion.get("charge", 1)
                for name, ion in table_at(self.document.get("ions")).items()
                if isinstance(ion, Mapping)
            }
            named = {frozenset(ions_of_pair(pair, charges) or ()) for pair in self.document.get(PAIRS) or ()}
            return [
                f"{first}-{second}"
                for first, second in combinations(charges, 2)
                if charges[first] == charges[second] and frozenset((first, second)) not in named
            ]

        keys = ("beam", "native", "composition", "melt", "entering", "diffusion", "dilatation", "index_change")
        systems = lambda: list(map(str, table_at(self.document.get("sites"))))  # noqa: E731
        return {**dict.fromkeys(keys, ions), "pairs": pairs, "sites": systems}

    def _stage_header(self, number: int) -> str:
        stage = self.document.get(f"stages[{number}]")
        if not isinstance(stage, Mapping):
            return f"{number + 1}"
        beam = stage.get("beam")
        brought = " + ".join(map(str, beam)) if isinstance(beam, Mapping) else beam
        words = [str(word) for word in (brought, stage.get("kind")) if word]
        return f"{number + 1}  {' '.join(words)}, {stage.get('duration', '?')}"

    def _new_stage(self, model: type[Keyed]) -> tuple[dict[str, Any], list[str]]:
        """A stage at the temperature and for the time of the last one, and what is known of it.

        A beam brings a foreign ion; where it is not known which, the key is left to be filled in.
        """
        stages = self.document.get("stages")
        last = stages[-1] if isinstance(stages, list) and stages and isinstance(stages[-1], dict) else {}
        given = ("temperature", "duration", "beam", "source_potential")
        like = {key: single_value(last[key], "last") for key in given if key in last}
        made = example_table(model, like={key: value for key, value in like.items() if key in model.model_fields})
        ions = self._names()["beam"]()
        if "beam" in model.model_fields and like.get("beam") not in ions:
            made["beam"] = self.form.foreign_ion()
            if made["beam"] is None:
                del made["beam"]
        if "blocking" in model.model_fields:
            made |= {"potential": describe(model)["potential"].example, "blocking": True}
        assumed = self.session.project.assumed
        place = f"stages[{len(stages or ()) - 1}]"
        return made, [key for key in like if f"{place}.{key}" not in assumed]

    def _show_problems(self) -> None:
        """Sentences that no control shows; those about the measurement and the fit belong to their pages."""
        own = about_experiment(self.form.homeless_errors())
        self.problems.set_text(" ".join(map(page_words, own.values())))
        self.mistakes.set_text(mistakes_line(about_experiment(self.form.mistakes())))
        assumed = self._assumed()
        self.assumed.set_visibility(bool(assumed))
        self.assumed_text.set_text(
            f"{len(assumed)} value{'s are' if len(assumed) > 1 else ' is'} assumed, not yours, and marked below: please"
            " check."
        )

    def _assumed(self) -> list[str]:
        """The assumed values of the experiment."""
        return list(about_experiment(dict.fromkeys(self.session.project.assumed)))

    def _load_preset(self, name: str) -> None:
        text = with_opened(self.document.text, preset(f"{name}.toml").decode(), file=name).text
        self.session.project.forget_assumed(kept=NOT_OF_THE_EXPERIMENT)
        self.document.replace(text)

    async def _open(self, name: str, content: bytes) -> None:
        opened = with_opened(self.document.text, content.decode("utf-8-sig"), file=name)
        self.session.project.forget_assumed(kept=opened.kept_keys)
        self.document.replace(opened.text)
        if opened.sentence:
            self.session.notify(opened.sentence)

    # right -----------------------------------------------------------------------------------------------------------

    def _figures(self) -> None:
        self.text_shown, self.told = False, BEFORE_FIGURES
        self.note = line("note", BEFORE_FIGURES).classes("q-pa-md").style("max-width: 620px").mark("experiment-note")
        self.plots = column()
        with self.plots:
            self.diffusion = PlotView(self.session, mark="experiment-diffusion", height=FIGURE_HEIGHT, stays=True,
                                      label="diffusion coefficients over density")  # fmt: skip
            self.sites = PlotView(self.session, mark="experiment-sites", height=FIGURE_HEIGHT, label="site energies")
        self.text_place = column(6)
        self.text_place.set_visibility(False)
        with self.text_place:
            with row(8):
                line("note", "analysis.toml, as the command line reads it")
                text_button("Apply", self._apply_text, "experiment-text-apply", look="dense size=sm")
                text_button("Discard", self._show_document, "experiment-text-discard", look=OUTLINED)
            self.text_error = line("error").mark("experiment-text-error")
            self.editor = ui.codemirror(self.document.text, language="TOML", theme="basicLight").classes("w-full")
            self.editor.style("height: calc(100vh - 110px)").mark("experiment-editor")
            self.editor.props["aria-label"] = "text of the file"

    def show_text(self, shown: bool) -> None:
        """Show the text of the file in place of the figures, or the figures."""
        self.text_shown = shown
        self.plots.set_visibility(not shown)
        self._show_note()
        self.text_place.set_visibility(shown)
        if shown:
            self.editor.set_theme("basicDark" if self.session.theme.is_dark else "basicLight")
            self._show_document()

    def _show_document(self) -> None:
        self.editor.set_value(self.document.text)
        self.text_error.set_text("")

    def _apply_text(self) -> None:
        try:
            self.document.replace(str(self.editor.value or ""))
        except InputError as error:
            self.text_error.set_text(str(error))
            return
        self.session.check()
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
        await self.drawing.request()

    async def _draw_once(self) -> None:
        draft, experiment, found = dict(self.draft), self.session.experiment, None
        self.unusual.set_text(" ".join(remarks_of(experiment)))
        if draft:
            folder = self.session.project.folder
            experiment = await run.io_bound(partial(with_draft, self.document.data, draft, folder=folder))
        if experiment is not None:
            found = await run.io_bound(experiment_plots, experiment)
        if not self.session.alive:
            return
        if found is not None:
            self.diffusion.show(found[0])
            self.sites.show(found[1] if len(found) > 1 else None)
        if found is not None or not draft:
            self._show_note(drawn=found is not None)

    def _typing(self, path: str, value: Any) -> None:
        """Draw with a value that is being typed; it is written when that is finished."""
        self.draft = {path: value}
        background_tasks.create(self.drawing.request(), name="figures of what is typed")

    def _show_note(self, *, drawn: bool | None = None) -> None:
        """What is to be said of the figures, unless the text stands in their place."""
        if drawn is not None:
            earlier = EARLIER if about_experiment(self.session.errors) else ""
            self.told = "" if drawn else earlier if self.diffusion.plot is not None else BEFORE_FIGURES
        self.note.set_text("" if self.text_shown else self.told)
