"""The page of the glasses: a series of compositions, its units and site energies, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from nicegui import events, run, ui

from ionscape.errors import InputError, IonscapeError
from ionscape.figures.glass import density_of_states_panel, series_units
from ionscape.figures.plot import Plot
from ionscape.figures.registry import plots_of
from ionscape.figures.render_plotly import to_plotly
from ionscape.files.description import example_table
from ionscape.files.fields import Keyed
from ionscape.files.toml import parse_toml
from ionscape.remarks import Remark
from ionscape.series.settings import (
    ExperimentTable,
    GlassTable,
    HoppingTable,
    LandscapeTable,
    NetworkTable,
    PercolationTable,
    RandomTable,
    SeriesTable,
)
from ionscape.workbench.form_controls import button
from ionscape.workbench.form_fields import FieldDescription, describe_fields
from ionscape.workbench.forms import Form, structure
from ionscape.workbench.pages import take_up
from ionscape.workbench.pages.file_buttons import file_buttons
from ionscape.workbench.pages.latest import Latest
from ionscape.workbench.theme import empty_figure, is_dark, on_theme
from ionscape.workbench.wording import page_words

if TYPE_CHECKING:
    from ionscape.series import SeriesResult
    from ionscape.workbench.jobs import Job
    from ionscape.workbench.session import Session

PRESET = "li-borophosphate-series.toml"
LITERATURE = "sciglass-alkali-borophosphates.csv"
LARGEST_TABLE = 16 * 2**20
SHOWN_LATTICE = 40
"""Sites along each edge of the landscape whose site energies are drawn while the numbers change."""
QUICK_LANDSCAPES = 3
FIGURE_HEIGHT = "height: max(230px, calc(50vh - 52px)); min-width: 0"
QUANTITY_OR_WORD = ("energy_scale", "attempt_frequency")
OPTIONAL: Mapping[str, tuple[str, type[Keyed]]] = {
    "percolation": ("Lattices for the activation energy", PercolationTable),
    "network": ("Lattices for the conductivity", NetworkTable),
    "experiment": ("Measurements to compare with", ExperimentTable),
}


def build(session: Session) -> None:
    """Make the page in the current container."""
    GlassPage(session)


def preset_text() -> str:
    """Text of the series file to begin with; its measurements lie in the folder of the uploads."""
    text = (files("ionscape.workbench") / "presets" / PRESET).read_text(encoding="utf-8")
    return text.replace(f'"{LITERATURE}"', f'"uploads/{LITERATURE}"')


def literature_table() -> bytes:
    """The measured glasses that come with the package (SciGlass, under the Open Database License)."""
    return (files("ionscape.workbench") / "presets" / LITERATURE).read_bytes()


class GlassPage:
    """Controls of one tab."""

    def __init__(self, session: Session) -> None:
        """Build everything and listen to changes."""
        self.session = session
        self.document = session.project.series
        self.open_sections: dict[str, bool] = {}
        self.drawing = Latest(self._draw_once)
        self.plots: dict[str, Plot | None] = {}
        with ui.row().classes("w-full no-wrap items-stretch").style("gap: 0"):
            with ui.column().classes("workbench-settings").style("gap: 8px"):
                self._toolbar()
                self._controls()
                self.problems = ui.label().classes("workbench-error").props("role=alert").mark("glass-problems")
                self.form_place = ui.column().classes("w-full").style("gap: 4px")
            with ui.column().classes("workbench-figures").style("gap: 4px"):
                self._figures()
        self.structure: Any = None
        self._refresh_form()
        self._show_state()
        session.on_change(self._changed)
        on_theme(session, self._show_plots)
        ui.timer(0.05, self.draw, once=True)

    # left ------------------------------------------------------------------------------------------------------------

    def _toolbar(self) -> None:
        with ui.row().classes("w-full items-center no-wrap").style("gap: 4px"):
            preset = ui.button("Preset", icon="science", on_click=self._load_preset).props("dense outline size=sm")
            preset.mark("glass-preset").tooltip("Li borophosphates of Bosi & Maass 2021 with measurements of SciGlass")
            self.upload = file_buttons(
                "glass", opened=self._uploaded, rejected=self._reject, saved=self._save, accept=".toml,.csv",
                largest=LARGEST_TABLE,
                tips=("A series file (TOML), or a table of measured glasses or units (CSV)",
                      "Take series.toml away; `ionscape conductivity` reads it as it is"),
            )  # fmt: skip
            ui.space()
            button("undo", "take back the last change", self._undo, "glass-undo")

    def _controls(self) -> None:
        with ui.row().classes("w-full items-center no-wrap").style("gap: 8px"):
            self.run_button = ui.button("Calculate", icon="play_arrow", on_click=self._run).props("dense")
            self.run_button.classes("q-px-sm").mark("glass-run")
            self.cancel_button = ui.button("Cancel", on_click=self._cancel).props("dense outline")
            self.cancel_button.classes("q-px-sm").mark("glass-cancel")
            self.quick = ui.checkbox("quick look", value=False).props("dense").mark("glass-quick")
            self.quick.tooltip(f"{QUICK_LANDSCAPES} landscapes of each composition instead of the numbers of the form")
        self.progress = ui.linear_progress(value=0.0, show_value=False).props("instant-feedback rounded")
        self.progress.props["aria-label"] = "progress of the series"
        take_up.line(self.session, ("series",), "glass-take-up")
        self.state = ui.label().classes("workbench-note").mark("glass-state")
        self.problem = ui.label().classes("workbench-error").props("role=alert").mark("glass-problem")
        self.warnings = ui.column().classes("w-full").style("gap: 2px").mark("glass-warnings")

    def _refresh_form(self) -> None:
        """Build the form for the tables that are there now."""
        self.structure = structure(self.document.data)
        self.form_place.clear()
        names = {"file": self._tables, "measured_units": self._tables}
        self.form = form = Form(self.session, document="series", names=names, open_sections=self.open_sections)
        with self.form_place:
            if not self.document.data:
                ui.label(
                    "Nothing is described yet. Begin with the preset, open a series file, or fill in the form."
                ).classes("workbench-note").mark("glass-empty")
            with ui.element("div").classes("w-full"):
                form.key("title", SeriesTable)
            self._table(form, "glass", "Compositions", GlassTable)
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
            add = ui.button(title, icon="add", on_click=partial(self._add_table, path, model))
            add.props("flat dense size=sm no-caps").mark(f"glass-add-{path}")
            form.place_for_errors(path)
            return
        with form.section(path, lambda: title, opened=opened):
            with ui.element("div").classes("w-full").style("display: grid; grid-template-columns: 1fr 1fr; gap: 8px"):
                for described in describe_fields(model):
                    self._field(form, f"{path}.{described.key}", described)
            if optional:
                remove = ui.button("leave out", icon="delete", on_click=partial(form.edit, path, None))
                remove.props("flat dense size=sm no-caps").mark(f"glass-remove-{path}")

    def _field(self, form: Form, path: str, described: FieldDescription) -> None:
        if described.key in QUANTITY_OR_WORD:
            # a quantity, or a word such as "fit"
            described = replace(described, kind="quantity")
        if described.key == "borate_fraction" and isinstance(self.document.get(path, {}), Mapping):
            with ui.element("div").style(
                "grid-column: 1 / -1; display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 8px"
            ):
                for key, label, example in (("from", "x from", 0.0), ("to", "x to", 1.0), ("step", "step", 0.1)):
                    form.add(f"{path}.{key}", FieldDescription(
                        key=key, label=label, kind="number", required=True, help=described.help, example=example,
                    ))  # fmt: skip
            form.place_for_errors(path)
            return
        form.add(path, described)

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

    def _keep_literature(self) -> str:
        project = self.session.project
        return project.relative(project.add_upload(LITERATURE, literature_table()))

    def _load_preset(self) -> None:
        self._keep_literature()
        self.document.replace(preset_text())

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        content = await event.file.read()
        self.upload.reset()
        name = event.file.name
        try:
            if name.lower().endswith(".toml"):
                text = content.decode("utf-8-sig")
                if "glass" not in parse_toml(text, file=name):
                    raise InputError("holds no series of glasses", file=name, remedy="open a file with a table [glass]")
                self.document.replace(text)
            else:
                path = await run.io_bound(self.session.project.add_upload, name, content)
                if path is not None:
                    self.session.notify(f"{self.session.project.relative(path)} can be chosen in the form now.")
                    self._refresh_form()
        except UnicodeDecodeError:
            self.session.notify(f"{name}: is not a text in UTF-8.", kind="negative")
        except InputError as error:
            self.session.notify(str(error), kind="negative")

    def _reject(self) -> None:
        self.session.notify("The file is too large (at most 16 MiB).", kind="negative")

    def _save(self) -> None:
        ui.download(self.document.text.encode(), "series.toml", "application/toml")

    def _undo(self) -> None:
        if not self.document.undo():
            self.session.notify("There is nothing to take back.")

    def _run(self) -> None:
        self.session.jobs.submit("series", {"landscapes": QUICK_LANDSCAPES} if self.quick.value else {})
        self._show_state()

    def _cancel(self) -> None:
        job = self._job()
        if job is not None and job.active:
            self.session.jobs.cancel(job)

    def _job(self) -> Job | None:
        return self.session.jobs.latest("series")

    def _show_state(self) -> None:
        job = self._job()
        active = job is not None and job.active
        self.run_button.set_enabled(bool(self.document.data) and not self.session.series_errors and not active)
        self.cancel_button.set_enabled(active)
        self.progress.set_visibility(active)
        self.state.set_text("")
        self.problem.set_visibility(False)
        if job is None:
            return
        self.progress.set_value(job.fraction or 0.0)
        if job.active:
            done, total = job.progress.get("done", 0), job.progress.get("total")
            found = job.progress.get("resumed", 0)
            words = f"{done} of {total} landscapes" if total else "starts" if job.state == "running" else "waits"
            self.state.set_text(words + (f", {found} of an earlier run" if found else ""))
        elif job.state == "finished":
            self.state.set_text("finished")
        else:
            self.problem.set_text(page_words(job.message) or job.state)
            self.problem.set_visibility(True)

    def _show_problems(self) -> None:
        """Sentences that no control shows."""
        text = " ".join(map(page_words, self.form.homeless_errors().values()))
        self.problems.set_text(text)
        self.problems.set_visibility(bool(text))

    # right -----------------------------------------------------------------------------------------------------------

    def _figures(self) -> None:
        self.elements: dict[str, ui.plotly] = {}
        with ui.row().classes("w-full items-center no-wrap q-px-md").style("gap: 12px; min-height: 32px"):
            self.mixing_label = ui.label("x").style("min-width: 90px").mark("glass-mixing-label")
            self.mixing = ui.slider(min=0, max=1, step=1, value=0, on_change=self.draw).mark("glass-mixing")
            self.mixing.props("dense").style("max-width: 320px")
            self.mixing.props["aria-label"] = "composition whose site energies are drawn"
            ui.space()
            kinds = {"conductivity": "over x", "arrhenius": "over 1/T"}
            self.kind = ui.toggle(kinds, value="conductivity", on_change=self._show_plots).props("dense size=sm")
            self.kind.mark("glass-kind").props["aria-label"] = "conductivities over the mixing ratio or temperature"
        with ui.element("div").classes("w-full").style("display: grid; grid-template-columns: 1fr 1fr; gap: 4px"):
            for name, text in (
                ("units", "network former units over the mixing ratio"),
                ("landscape", "site energies of one composition"),
                ("energies", "activation energies over the mixing ratio"),
                ("conductivity", "conductivities"),
            ):
                element = ui.plotly(empty_figure()).classes("w-full").style(FIGURE_HEIGHT).mark(f"glass-{name}")
                element.props('role="img"').props["aria-label"] = text
                self.elements[name] = element
        self.note = ui.label(
            "Activation energies and conductivities appear here after Calculate; finished landscapes are kept, and only"
            " those that are missing are calculated."
        ).classes("workbench-note q-px-md").mark("glass-note")  # fmt: skip

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
        path = self.session.project.folder / "results" / "series.nc"
        if path.is_file():
            try:
                found = await run.io_bound(_result_plots, str(path), path.stat().st_mtime_ns)
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
                ui.label(page_words(warning)).classes("text-warning").style("font-size: 12px; line-height: 1.3")

    def _show_plots(self) -> None:
        dark = is_dark(self.session)
        self.note.set_visibility(not any(self.plots.get(name) for name in ("energies", "conductivity")))
        shown = {**self.plots, "conductivity": self.plots.get(str(self.kind.value))}
        for name, element in self.elements.items():
            plot = shown.get(name)
            element.set_visibility(plot is not None)
            figure = empty_figure() if plot is None else to_plotly(plot, dark=dark)
            if name == "units":
                # up to eight short names: beside the lines rather than in rows above them
                figure["layout"]["legend"] = {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1.0}
            element.update_figure(figure)

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
    from ionscape.hopping import generate_landscape, published_model
    from ionscape.series import parse_series
    from ionscape.workbench.reading import parse_document

    try:
        series = parse_document(text, parse_series, file="series.toml", folder=folder)
    except InputError:
        return None
    place = min(place, len(series.glasses) - 1)
    glass = series.glasses[place]
    landscape: Plot | None = None
    try:
        model = series.model or published_model(glass.composition)
        made = generate_landscape(glass, lattice=SHOWN_LATTICE, rng=series.settings.random.seed, model=model)
        title = f"site energies at x = {glass.composition.borate_fraction:.4g}, {SHOWN_LATTICE}³ sites"
        landscape = Plot(name="site-energies", title=title, panels=(density_of_states_panel(made),))
    except IonscapeError:
        pass  # no published energy scale: it is known once the series has been calculated
    return len(series.glasses), series.borate_fractions[place], {"units": series_units(series), "landscape": landscape}


@lru_cache(maxsize=2)
def _result_plots(path: str, _changed: int) -> tuple[dict[str, Plot | None], tuple[Remark, ...]]:
    """Plots of a stored result, and what a reader must know of it."""
    from ionscape.series import load_series_result

    result: SeriesResult = load_series_result(path)
    plots = {plot.name: plot for plot in plots_of("series", result)}
    shown = {"energies": "activation-energies", "conductivity": "conductivities", "arrhenius": "arrhenius"}
    return {name: plots.get(plot) for name, plot in shown.items()}, result.remarks
