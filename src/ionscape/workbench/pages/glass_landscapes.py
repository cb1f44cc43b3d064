"""What is calculated of the landscapes of a glass: spectra, hops in time or D(n, T), with figures and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nicegui import run, ui

import ionscape
from ionscape.errors import InputError
from ionscape.figures.plot import Plot
from ionscape.figures.registry import figures_of, named_plots
from ionscape.files.description import Key, Value, describe, step
from ionscape.files.fields import Keyed
from ionscape.files.table_files import Rows
from ionscape.remarks import Remark
from ionscape.series.hops_settings import KineticMonteCarloTable, LandscapesTable, MobilityTable, SpectrumTable
from ionscape.series.landscape_rows import hops_rows, mobility_rows, spectra_rows
from ionscape.wording import split_path
from ionscape.workbench.archive import packed
from ionscape.workbench.forms import Form
from ionscape.workbench.landscapes import CALCULATIONS, COMPOSITION, Calculation, hops_text, parse_hops
from ionscape.workbench.pages.job_panel import JobPanel, state_of_landscapes
from ionscape.workbench.pages.latest import Latest
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import OUTLINED, column, grid, line, row, sides, table_of, text_button, undo_button
from ionscape.workbench.reading import once_per_file
from ionscape.workbench.wording import page_words

if TYPE_CHECKING:
    from ionscape.workbench.session import Session

MODELS: Mapping[str, type[LandscapesTable]] = {
    "spectrum": SpectrumTable, "hops": KineticMonteCarloTable, "mobility": MobilityTable,
}  # fmt: skip
ROWS: Mapping[str, Callable[[Any], tuple[Rows, ...]]] = {
    "spectrum": lambda result: (spectra_rows(result),), "hops": lambda result: (hops_rows(result),),
    "mobility": mobility_rows,
}  # fmt: skip
EXPLAINED = {
    "spectrum": "The complex conductivity of the network of mean occupations, from dc on. Thickness, area and"
    " permittivity are those of the sample whose impedances are written; they change no conductivity.",
    "hops": "All ions hop, each site taken by one at most. The network of mean occupations is an upper bound of them.",
    "mobility": "D of the ions from the network of mean occupations, for experiments: it has to be said over what."
    " Without a second ion there are more or fewer ions of one kind, over the filling; with one, foreign ions take the"
    " sites of native ones, and the filling stays.",
}
NO_GLASS = "No glass is described yet: begin with the tab Series, whose glass, site energies and jump rates are taken."
NOT_CALCULATED = "Figures and numbers appear here after Calculate. Finished landscapes are kept."
OTHER_SETTINGS = "These numbers were calculated with other settings than those that stand here now."
MIDDLE = Key(
    name="borate_fraction", value=Value(kind="number"), required=False, default="middle of the series",
    description="Mixing ratio x of the one glass; the middle one of the series if absent.",
)  # fmt: skip
SECOND_ION = "mobility"
"""Key that says how foreign ions sit; where it is empty, there are none."""
LABELS = {
    "frequencies.from": "lowest frequency", "frequencies.to": "highest frequency", "second_ion.mobility": "second ion",
    "second_ion.barrier": "its barrier", "frequencies.per_decade": "frequencies per decade",
}  # fmt: skip
FIGURE_HEIGHT = "max(260px, calc(100vh - 330px))"


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """What a page shows of a result.

    Attributes:
        plots: by the names of the figures.
        rows: tables of its numbers.
        remarks: on it.
    """

    plots: Mapping[str, Plot]
    rows: tuple[Rows, ...]
    remarks: tuple[Remark, ...]


class LandscapesTab:
    """Controls of one calculation."""

    def __init__(self, session: Session, kind: str) -> None:
        """Build everything and listen to changes."""
        self.session, self.kind = session, kind
        self.calculation: Calculation = CALCULATIONS[kind]
        self.name = f"glass-{kind}"
        self.document = session.project.landscapes
        self.drawing = Latest(self._draw_once)
        left, right = sides()
        with left:
            self.panel = JobPanel(session, kind, self.name, self.calculation.title, ("Calculate", self._run))
            with self.panel.buttons:
                ui.space()
                undo_button(session, f"{self.name}-undo", "landscapes")
            self.missing = line("note").mark(f"{self.name}-missing")
            line("note", EXPLAINED[kind])
            self.problems = line("error").mark(f"{self.name}-problems")
            self._form()
            self._downloads()
        with right:
            self._figures()
        self._show_state()
        session.on_change(self._changed)
        ui.timer(0.05, self.draw, once=True)

    # left ------------------------------------------------------------------------------------------------------------

    def _form(self) -> None:
        """The keys of the table; those of all three calculations show the same composition."""
        self.form = Form(self.session, document="landscapes", names={SECOND_ION: tuple})
        with grid("1fr 1fr"):
            self.form.add(COMPOSITION, MIDDLE, label="x")
            for path in self.calculation.keys:
                self.form.add(f"{self.calculation.table}.{path}", self._key(path), label=LABELS.get(path, ""))
        self.form.update()
        self._show_problems()

    def _key(self, path: str) -> Key:
        """A key of the table, as what it is without a value."""
        model: type[Keyed] = MODELS[self.kind]
        quick: Any = self.calculation.quick
        *tables, name = split_path(path)
        for table in tables:
            model, quick = describe(model)[str(table)].value.tables[0], step(quick, table)
        key = replace(describe(model)[str(name)], required=False)
        default = step(quick, name)
        # without a second ion there is none
        return (
            replace(key, default=None)
            if name == SECOND_ION
            else key
            if default is None
            else replace(key, default=default)
        )

    def _downloads(self) -> None:
        self.downloads = row(4)
        with self.downloads:
            text_button("Result", self._download_result, f"{self.name}-result", icon="download", look=OUTLINED,
                        tip=f"{self.kind}.nc, as `ionscape {self.kind}` writes it")  # fmt: skip
            if self.kind == "spectrum":
                text_button("Impedances", self._download_impedances, f"{self.name}-impedances", icon="download",
                            look=OUTLINED, tip="Frequency, Z′ and Z″ as CSV, as pyimpspec reads them")  # fmt: skip
        text_button("Hops file", self._download_file, f"{self.name}-file", icon="download",
                    tip=f"These settings with the glass; `ionscape {self.kind}` reads it")  # fmt: skip

    @property
    def _begun(self) -> bool:
        """Whether there is a glass."""
        return bool(self.session.project.series.text.strip())

    def _errors(self) -> dict[str, InputError]:
        """What stands against this calculation, by key: not what is wrong with another one."""
        others = tuple(f"{each.table}." for each in CALCULATIONS.values() if each.kind != self.kind)
        return {key: error for key, error in self.session.landscapes_errors.items() if not key.startswith(others)}

    def _show_problems(self) -> None:
        """Sentences that no control shows."""
        self.missing.set_text("" if self._begun else NO_GLASS)
        homeless = self.form.homeless_errors().keys() & self._errors().keys()
        self.problems.set_text(" ".join(page_words(self._errors()[key]) for key in sorted(homeless)))

    def _source(self) -> str:
        """The hops file as it is now."""
        return hops_text(self.session.project.series.data, self.document.data, self.calculation)

    def _run(self) -> None:
        self.session.jobs.submit(self.kind, {"source": self._source()})
        self._show_state()

    def _show_state(self) -> None:
        job = self.panel.job
        state, problem = state_of_landscapes(job)
        ready = self._begun and not self._errors() and not (job is not None and job.active)
        self.panel.show(ready=ready, state=state, problem=problem)

    def _download_result(self) -> None:
        path = self.session.project.result(f"{self.kind}.nc")
        if path is not None:
            ui.download.file(path, path.name)

    def _download_file(self) -> None:
        ui.download(self._source().encode(), f"{self.kind}.toml", "application/toml")

    async def _download_impedances(self) -> None:
        path = self.session.project.result("spectrum.nc")
        if path is None:
            return
        try:
            found = await run.io_bound(impedances, path, self._source(), self.session.project.folder)
        except (InputError, OSError) as error:
            self.session.notify(str(error), kind="negative")
            return
        if found is not None:
            ui.download(*found)

    # right -----------------------------------------------------------------------------------------------------------

    def _figures(self) -> None:
        self.stale = line("banner").mark(f"{self.name}-stale")
        figures = figures_of(self.calculation.owner)
        # many names over two panels, the upper of which has the title
        below = (
            {"legend": {"orientation": "h", "x": 0.0, "y": -0.16, "yanchor": "top"}} if self.kind == "hops" else None
        )
        with grid("1fr " * min(len(figures), 2), gap=4):
            self.views = {
                name: PlotView(
                    self.session, mark=f"{self.name}-{name}", label=figure.shows, height=FIGURE_HEIGHT, layout=below
                )
                for name, figure in figures.items()
            }
        self.note = line("note", NOT_CALCULATED).classes("q-px-md").mark(f"{self.name}-note")
        with column(2).classes("q-px-md"):
            self.table = column()
            self.remarks = column(2).mark(f"{self.name}-remarks")

    async def draw(self) -> None:
        """Show the latest result."""
        await self.drawing.request()

    async def _draw_once(self) -> None:
        path = self.session.project.result(f"{self.kind}.nc")
        found: Shown | None = None
        if path is not None:
            try:
                found = await run.io_bound(shown_of, path, self.kind)
            except (InputError, OSError) as error:
                self.session.notify(str(error), kind="negative")
        for name, view in self.views.items():
            view.show(None if found is None else found.plots.get(name))
        self.downloads.set_visibility(found is not None)
        self.note.set_text("" if found is not None else NOT_CALCULATED)
        self.table.clear()
        self.remarks.clear()
        if found is not None:
            with self.table:
                for rows in found.rows:
                    line("note", rows.title)
                    table_of(rows, self.name)
            with self.remarks:
                for remark in found.remarks:
                    line("warning", page_words(remark))
        self._show_stale()

    def _show_stale(self) -> None:
        """Say where a result is not that of the settings beside it."""
        written = f"results/{self.kind}.nc"
        made = next((job for job in reversed(self.session.jobs.jobs) if written in job.results), None)
        there = made is not None and self.session.project.result(f"{self.kind}.nc") is not None
        other = made is not None and there and made.options.get("source") != self._source()
        self.stale.set_text(OTHER_SETTINGS if other else "")

    # changes ---------------------------------------------------------------------------------------------------------

    async def _changed(self, what: str) -> None:
        if what in ("series", "landscapes"):
            self.form.update()
            self._show_problems()
            self._show_state()
            self._show_stale()
        elif what == "jobs":
            self._show_state()
        elif what == "results":
            await self.draw()


@once_per_file
def shown_of(path: Path, kind: str) -> Shown:
    """What there is to see of a stored result."""
    calculation = CALCULATIONS[kind]
    result = getattr(ionscape, calculation.load)(path)
    plots = {name: plot for name, _, plot in named_plots(calculation.owner, result)}
    return Shown(plots=plots, rows=ROWS[kind](result), remarks=result.remarks)


def impedances(path: Path, source: str, folder: Path) -> tuple[bytes, str, str]:
    """Impedances of stored spectra, of the sample in a hops file: what is downloaded, its name and type.

    Raises:
        InputError: the result or the file cannot be read.
    """
    table = parse_hops(source, folder=folder).spectrum
    with TemporaryDirectory() as place:
        written = ionscape.load_spectra(path).write_impedances(
            Path(place) / "impedance.csv", thickness=table.thickness, area=table.area,
            relative_permittivity=table.relative_permittivity, header=True,
        )  # fmt: skip
        if len(written) == 1:
            return written[0].read_bytes(), written[0].name, "text/csv"
        return packed(written), "impedances.zip", "application/zip"
