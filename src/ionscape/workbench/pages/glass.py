"""The page of the glasses: a series of compositions, its units and site energies, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nicegui import run, ui

from ionscape.errors import InputError, IonscapeError
from ionscape.figures.glass import density_of_states_panel, series_units
from ionscape.figures.plot import Plot
from ionscape.figures.registry import plots_of
from ionscape.files.description import Key, Value, describe, example_table, table_at
from ionscape.files.fields import Keyed
from ionscape.files.toml import parse_toml
from ionscape.remarks import Remark
from ionscape.series.glass_settings import FormulaTable, GlassTable
from ionscape.series.settings import (
    ExperimentTable,
    HoppingTable,
    LandscapeTable,
    NetworkTable,
    PercolationTable,
    RandomTable,
    SeriesTable,
)
from ionscape.workbench.forms import Form, structure
from ionscape.workbench.landscapes import CALCULATIONS
from ionscape.workbench.opening import preset
from ionscape.workbench.pages.glass_landscapes import LandscapesTab
from ionscape.workbench.pages.job_panel import JobPanel, state_of_landscapes
from ionscape.workbench.pages.latest import Latest
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import OUTLINED, column, file_buttons, grid, line, row, sides, text_button, undo_button
from ionscape.workbench.reading import once_per_file, parse_document
from ionscape.workbench.wording import page_words

if TYPE_CHECKING:
    from ionscape.series import SeriesResult
    from ionscape.workbench.session import Session

SERIES = "series"
"""Name of the first tab; those of the others are in `CALCULATIONS`."""
PRESET = "li-borophosphate-series.toml"
LITERATURE = "sciglass-alkali-borophosphates.csv"
"""The measured glasses that come with the package (SciGlass, under the Open Database License)."""
LARGEST_TABLE = 16 * 2**20
SHOWN_LATTICE = 40
"""Sites along each edge of the landscape whose site energies are drawn while the numbers change."""
QUICK_LANDSCAPES = 3
FIGURE_HEIGHT = "max(230px, calc(50vh - 70px))"
QUANTITY_OR_WORD = ("energy_scale", "attempt_frequency")
NOTHING_YET = "Nothing is described yet. Begin with the preset, open a series file, or fill in the form."
NOT_CALCULATED = (
    "Activation energies and conductivities appear here after Calculate; finished landscapes are kept, and only those"
    " that are missing are calculated."
)
OPTIONAL: Mapping[str, tuple[str, type[Keyed]]] = {
    "percolation": ("Lattices for the activation energy", PercolationTable),
    "network": ("Lattices for the conductivity", NetworkTable),
    "experiment": ("Measurements to compare with", ExperimentTable),
}


def preset_text() -> str:
    """Text of the series file to begin with; its measurements lie in the folder of the uploads."""
    return preset(PRESET).decode().replace(f'"{LITERATURE}"', f'"uploads/{LITERATURE}"')


class Page:
    """Controls of one tab."""

    def __init__(self, session: Session) -> None:
        """Build everything and listen to changes."""
        self.session = session
        self.document = session.project.series
        self.open_sections: dict[str, bool] = {}
        self.drawing = Latest(self._draw_once)
        self.plots: dict[str, Plot | None] = {}
        self._tabs()
        self._show_state()
        session.on_change(self._changed)
        ui.timer(0.05, self.draw, once=True)

    def _tabs(self) -> None:
        """The series, and what is calculated of the landscapes of one glass, built when it is looked at first."""
        titles = {SERIES: "Series", **{kind: each.title for kind, each in CALCULATIONS.items()}}
        self.shown = ui.tabs().props("dense no-caps inline-label align=left").mark("glass-tabs")
        self.shown.props["aria-label"] = "what is calculated of the glasses"
        with self.shown:
            for name, title in titles.items():
                ui.tab(name, label=title).mark(f"glass-tab-{name}")
        self.built: dict[str, LandscapesTab] = {}
        panels: dict[str, ui.tab_panel] = {}
        with ui.tab_panels(self.shown, value=SERIES, keep_alive=True).classes("w-full workbench-tabs-within"):
            for name in titles:
                with ui.tab_panel(name) as panels[name]:
                    if name == SERIES:
                        self._series()

        def show(name: str) -> None:
            if name in CALCULATIONS and name not in self.built:
                with panels[name]:
                    self.built[name] = LandscapesTab(self.session, name)

        self.shown.on_value_change(lambda event: show(str(event.value)))

    def _series(self) -> None:
        session = self.session
        left, right = sides()
        with left:
            self._toolbar()
            self.panel = JobPanel(session, "series", "glass", "series", ("Calculate", self._run))
            with self.panel.buttons:
                self.quick = ui.checkbox("quick look", value=False).props("dense").mark("glass-quick")
                self.quick.tooltip(f"{QUICK_LANDSCAPES} landscapes of each composition, not the numbers of the form")
            self.warnings = column(2).mark("glass-warnings")
            self.problems = line("error").mark("glass-problems")
            self.form_place = column()
        with right:
            self._figures()
        self.structure: Any = None
        self._refresh_form()

    # left ------------------------------------------------------------------------------------------------------------

    def _toolbar(self) -> None:
        with row(4):
            text_button("Preset", self._load_preset, "glass-preset", icon="science", look=OUTLINED,
                        tip="Li borophosphates of Bosi & Maass 2021 with measurements of SciGlass")  # fmt: skip
            file_buttons(
                self.session, "glass", "series", self._open, accept=".toml,.csv", largest=LARGEST_TABLE,
                tips=("A series file or units of your own (TOML), or a table of measured glasses or units (CSV)",
                      "Take series.toml away; `ionscape conductivity` reads it as it is"),
            )  # fmt: skip
            ui.space()
            undo_button(self.session, "glass-undo", "series")

    def _refresh_form(self) -> None:
        """Build the form for the tables that are there now."""
        self.structure = structure(self.document.data)
        self.form_place.clear()
        names = {"file": self._tables, "measured_units": self._tables, "units": self._unit_files}
        self.form = form = Form(self.session, document="series", names=names, open_sections=self.open_sections)
        with self.form_place:
            if not self.document.data:
                line("note", NOTHING_YET).mark("glass-empty")
            with ui.element("div").classes("w-full"):
                form.key("title", SeriesTable)
            by_formula = "formula" in table_at(self.document.data, "glass")
            self._table(form, "glass", "Compositions", FormulaTable if by_formula else GlassTable)
            self._table(form, "landscape", "Site energies", LandscapeTable)
            self._table(form, "hopping", "Jump rates", HoppingTable)
            for key, (title, model) in OPTIONAL.items():
                self._table(form, key, title, model, optional=True)
            self._table(form, "random", "Random numbers", RandomTable, opened=False)
        form.update()
        self._show_problems()

    def _table(
        self, form: Form, path: str, title: str, model: type[Keyed], *, opened: bool = True, optional: bool = False
    ) -> None:
        """A section of the form; an optional table that is absent can be added."""
        present = self.document.get(path) is not None
        if optional and not present:
            text_button(title, partial(self._add_table, path, model), f"glass-add-{path}", icon="add")
            form.place_for_errors(path)
            return
        with form.section(path, lambda: title, opened=opened):
            with grid("1fr 1fr"):
                for key in describe(model).values():
                    self._field(form, f"{path}.{key.name}", key)
            if optional:
                text_button("leave out", partial(form.edit, path, None), f"glass-remove-{path}", icon="delete")

    def _field(self, form: Form, path: str, key: Key) -> None:
        if key.name in QUANTITY_OR_WORD:
            # a quantity, or a word such as "fit"
            key = replace(key, value=Value(kind="quantity"))
        if key.name in ("borate_fraction", "mixing_ratio") and isinstance(self.document.get(path, {}), Mapping):
            with grid("1fr 1fr 1fr").style("grid-column: 1 / -1"):
                for name, example in (("from", 0.0), ("to", 1.0), ("step", 0.1)):
                    end = Key(name=name, value=Value(kind="number"), required=True, description=key.description,
                              example=example)  # fmt: skip
                    form.add(f"{path}.{name}", end, label="step" if name == "step" else f"x {name}")
            form.place_for_errors(path)
            return
        form.add(path, key)

    def _add_table(self, path: str, model: type[Keyed]) -> None:
        made = example_table(model)
        if path == "experiment":
            tables = self._tables()
            made = {**made, "file": tables[-1] if tables else self._keep_literature()}
        self.form.edit(path, made)

    def _tables(self) -> list[str]:
        """Tables that were uploaded."""
        project = self.session.project
        return [project.relative(path) for path in project.uploads() if path.suffix.lower() == ".csv"]

    def _unit_files(self) -> list[str]:
        """Files of units that were uploaded."""
        project = self.session.project
        return [project.relative(path) for path in project.uploads() if path.suffix.lower() == ".toml"]

    def _keep_literature(self) -> str:
        project = self.session.project
        return project.relative(project.add_upload(LITERATURE, preset(LITERATURE)))

    def _load_preset(self) -> None:
        self._keep_literature()
        self.document.replace(preset_text())

    async def _open(self, name: str, content: bytes) -> None:
        if name.lower().endswith(".toml"):
            text = content.decode("utf-8-sig")
            data = parse_toml(text, file=name)
            if "glass" in data:
                self.document.replace(text)
                return
            if "units" not in data:
                raise InputError("holds no series of glasses", file=name, remedy="open a file with a table [glass]")
        path = await run.io_bound(self.session.project.add_upload, name, content)
        if path is not None:
            self.session.notify(f"{self.session.project.relative(path)} can be chosen in the form now.")
            self._refresh_form()

    def _run(self) -> None:
        self.session.jobs.submit("series", {"landscapes": QUICK_LANDSCAPES} if self.quick.value else {})
        self._show_state()

    def _show_state(self) -> None:
        job = self.panel.job
        state, problem = state_of_landscapes(job)
        ready = bool(self.document.data) and not self.session.series_errors and not (job is not None and job.active)
        self.panel.show(ready=ready, state=state, problem=problem)

    def _show_problems(self) -> None:
        """Sentences that no control shows."""
        self.problems.set_text(" ".join(map(page_words, self.form.homeless_errors().values())))

    # right -----------------------------------------------------------------------------------------------------------

    def _figures(self) -> None:
        with row(12).classes("q-px-md").style("min-height: 32px"):
            self.mixing_label = ui.label("x").style("min-width: 90px").mark("glass-mixing-label")
            self.mixing = ui.slider(min=0, max=1, step=1, value=0, on_change=self.draw).mark("glass-mixing")
            self.mixing.props("dense").style("max-width: 320px")
            self.mixing.props["aria-label"] = "composition whose site energies are drawn"
            ui.space()
            kinds = {"conductivity": "over x", "arrhenius": "over 1/T"}
            self.kind = ui.toggle(kinds, value="conductivity", on_change=self._show_plots).props("dense size=sm")
            self.kind.mark("glass-kind").props["aria-label"] = "conductivities over the mixing ratio or temperature"
        # up to eight short names of units: beside the lines rather than in rows above them
        beside = {"units": {"legend": {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1.0}}}
        with grid("1fr 1fr", gap=4):
            self.views = {
                name: PlotView(self.session, mark=f"glass-{name}", label=text, height=FIGURE_HEIGHT,
                               layout=beside.get(name))
                for name, text in (
                    ("units", "network former units over the mixing ratio"),
                    ("landscape", "site energies of one composition"),
                    ("energies", "activation energies over the mixing ratio"),
                    ("conductivity", "conductivities"),
                )
            }  # fmt: skip
        self.note = line("note", NOT_CALCULATED).classes("q-px-md").mark("glass-note")

    async def draw(self) -> None:
        """Draw the latest state; changes that come meanwhile are drawn at the end, together."""
        await self.drawing.request()

    async def _draw_once(self) -> None:
        text, folder = self.document.text, str(self.session.project.folder)
        place = int(self.mixing.value or 0)
        made = await run.io_bound(_series_plots, text, folder, place) if text.strip() else None
        if made is not None:
            count, x, plots = made
            self.plots |= plots
            self.mixing.props(f"max={max(count - 1, 1)}")
            self.mixing_label.set_text(f"x = {x:.4g}")
        elif not text.strip():
            self.plots |= {"units": None, "landscape": None}
        path = self.session.project.result("series.nc")
        if path is not None:
            try:
                found = await run.io_bound(_result_plots, path)
                if found is not None:
                    self.plots |= found[0]
                    self._show_warnings(found[1])
            except (InputError, OSError) as error:
                self.session.notify(str(error), kind="negative")
        self._show_plots()

    def _show_warnings(self, warnings: tuple[Remark, ...]) -> None:
        self.warnings.clear()
        with self.warnings:
            for warning in warnings:
                line("warning", page_words(warning))

    def _show_plots(self) -> None:
        calculated = any(self.plots.get(name) for name in ("energies", "conductivity"))
        self.note.set_text("" if calculated else NOT_CALCULATED)
        shown = {**self.plots, "conductivity": self.plots.get(str(self.kind.value))}
        for name, view in self.views.items():
            view.show(shown.get(name))

    # changes ---------------------------------------------------------------------------------------------------------

    async def _changed(self, what: str) -> None:
        if what == "series":
            if structure(self.document.data) != self.structure:
                self._refresh_form()
            else:
                self.form.update()
                self._show_problems()
            self._show_state()
            await self.draw()
        elif what == "jobs":
            self._show_state()
        elif what == "results":
            await self.draw()


def _series_plots(text: str, folder: str, place: int) -> tuple[int, float, dict[str, Plot | None]] | None:
    """Number of compositions, the chosen one, and the plots that need no calculation; None if it cannot be used."""
    from ionscape.hopping import published_model
    from ionscape.series import parse_series
    from ionscape.series.tasks import landscape_of_glass

    try:
        series = parse_document(text, parse_series, file="series.toml", folder=folder)
    except InputError:
        return None
    place = min(place, len(series.glasses) - 1)
    glass = series.glasses[place]
    landscape: Plot | None = None
    try:
        model = published_model(glass.composition) if series.model is None else series.models[place]
        made = landscape_of_glass(glass, lattice=SHOWN_LATTICE, seed=series.settings.random.seed, model=model)
        title = f"site energies at x = {series.mixing_ratios[place]:.4g}, {SHOWN_LATTICE}³ sites"
        landscape = Plot(name="site-energies", title=title, panels=(density_of_states_panel(made),))
    except IonscapeError:
        pass  # no published energy scale: it is known once the series has been calculated
    return len(series.glasses), series.mixing_ratios[place], {"units": series_units(series), "landscape": landscape}


@once_per_file
def _result_plots(path: Path) -> tuple[dict[str, Plot | None], tuple[Remark, ...]]:
    """Plots of a stored result, and what a reader must know of it."""
    from ionscape.series import load_series_result

    result: SeriesResult = load_series_result(path)
    plots = {plot.name: plot for plot in plots_of("series", result)}
    shown = {"energies": "activation-energies", "conductivity": "conductivities", "arrhenius": "arrhenius"}
    return {name: plots.get(plot) for name, plot in shown.items()}, result.remarks
