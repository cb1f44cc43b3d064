"""The page of the files: documents, results, every figure with its numbers, the script, all of it as one archive."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nicegui import run, ui

from ionscape.errors import InputError
from ionscape.workbench.archive import FORMS, MEDIA_TYPES, Figure, Form, figures, picture, write_archive
from ionscape.workbench.pages.latest import Latest
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import OUTLINED, QUIET, button, column, heading, line, row, sides, text_button
from ionscape.workbench.script import SCRIPT_FILE, project_script

if TYPE_CHECKING:
    from ionscape.workbench.session import Session

ARCHIVE = "archive.zip"
EVERYTHING = "Everything (zip)"
SCRIPT_NOTE = (
    "The script reads the documents and uploads of the project: run it in the folder of the project, or take it with"
    " its folder."
)
LARGE = "max(300px, calc(100vh - 130px))"
MEANINGS = {
    ".nc": "result, NetCDF",
    ".html": "report with its figures",
    ".pdf": "report",
    ".csv": "numbers of a figure of the report",
    ".toml": "document, as the command line reads it",
    ".json": "settings",
}


class Page:
    """Files on the left, one figure or the script on the right."""

    def __init__(self, session: Session) -> None:
        """Build everything and listen to changes."""
        self.session = session
        self.figures: list[Figure] = []
        self.chosen: str | None = None
        self.listing = Latest(self._list_figures)
        left, right = sides()
        with left.style("gap: 6px"):
            with row(8):
                self.archive = text_button(EVERYTHING, self._archive, "files-archive", icon="download", look="dense")
                text_button("Script", self._script, "files-script", icon="code", look="dense outline",
                            tip="A Python script that does again what was clicked")  # fmt: skip
                self.spinner = ui.spinner(size="1.2em").mark("files-busy")
            line("note", f"In the folder {session.project.folder}").style("overflow-wrap: anywhere")
            self.list = column(0).mark("files-list")
            self.figure_list = column(0).mark("files-figures")
        with right:
            with row(8).style("min-height: 32px"):
                self.heading = heading("").mark("files-heading")
                ui.space()
                self.script_button = text_button("Download the script", self._download_script, "files-script-download",
                                                 icon="download", look=OUTLINED)  # fmt: skip
                self.script_archive = text_button("Script with its folder (zip)", self._archive, "files-script-archive",
                                                  icon="download", look=OUTLINED)  # fmt: skip
            self.script_note = ui.label(SCRIPT_NOTE).classes("workbench-note").mark("files-script-note")
            self.figure = PlotView(session, mark="files-figure", label="the chosen figure", height=LARGE, stays=True)
            self.code = ui.code("", language="python").classes("w-full").style("font-size: 12px").mark("files-code")
            self._show_script(False)
        self._show_files()
        session.on_change(self._changed)
        ui.timer(0.05, self.refresh, once=True)

    # lists -----------------------------------------------------------------------------------------------------------

    def _show_files(self) -> None:
        project = self.session.project
        self.list.clear()
        with self.list:
            for title, paths in (("Documents", project.documents()), ("Results", _first_results(project.results())),
                                 ("Uploaded", project.uploads())):  # fmt: skip
                if not paths:
                    continue
                heading(title).style("margin-top: 6px")
                for path in paths:
                    self._file_row(path)
            foreign = project.foreign()
            if foreign:
                heading("Not used").style("margin-top: 6px").mark("files-foreign")
                for name, why in foreign.items():
                    line("note", f"{name}: {why}").style("overflow-wrap: anywhere")

    def _file_row(self, path: Path) -> None:
        project = self.session.project
        name = path.name if path in project.documents() else project.relative(path)
        with row().style("min-height: 24px"):
            ui.label(name).classes("ellipsis").style("flex: 1 1 0; min-width: 0").tooltip(
                MEANINGS.get(path.suffix, "as it was uploaded")
            )
            ui.label(_size(path)).classes("workbench-note")
            button("download", f"download {name}", partial(self._download, path), f"files-download-{name}")
            if path.parent.name == "uploads":
                used = project.in_use(path)
                text = f"{name} is in use" if used else f"remove {name}"
                remove = button("delete", text, partial(self._ask_to_remove, path), f"files-remove-{name}")
                remove.set_enabled(not used)

    def _show_figures(self) -> None:
        if self.figures and self.chosen not in [figure.name for figure in self.figures]:
            self.chosen = self.figures[0].name
        self.figure_list.clear()
        with self.figure_list:
            for group in dict.fromkeys(figure.group for figure in self.figures):
                heading(f"Figures: {group}").style("margin-top: 6px")
                for figure in self.figures:
                    if figure.group == group:
                        self._figure_row(figure)
        self._show_figure()

    def _figure_row(self, figure: Figure) -> None:
        chosen = figure.name == self.chosen
        with row(2).style("min-height: 24px"):
            shown = text_button(figure.plot.name, partial(self._choose, figure.name), f"files-show-{figure.name}",
                                look=f"{QUIET} align=left" + ("" if chosen else " color=grey"))  # fmt: skip
            shown.style("flex: 1 1 0; min-width: 0; justify-content: start")
            shown.props["aria-label"] = f"show {figure.name}"
            for form in FORMS:
                take = text_button(form.upper(), partial(self._take, figure, form), f"files-{form}-{figure.name}")
                take.props["aria-label"] = f"{figure.name} as {form.upper()}"

    # what happens ----------------------------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Make the list of figures again; changes that come meanwhile are taken in at the end, together."""
        self.spinner.set_visibility(True)
        await self.listing.request()
        self.spinner.set_visibility(self.listing.busy)

    async def _list_figures(self) -> None:
        self.figures = await run.io_bound(figures, self.session.project) or []
        self._show_figures()

    def _choose(self, name: str) -> None:
        self.chosen = name
        self._show_script(False)
        self._show_figures()

    def _show_figure(self) -> None:
        figure = next((figure for figure in self.figures if figure.name == self.chosen), None)
        if self.code.visible:
            return
        self.heading.set_text("" if figure is None else figure.name)
        self.figure.show(None if figure is None else figure.plot)

    async def _take(self, figure: Figure, form: Form) -> None:
        content = await run.io_bound(picture, figure.plot, form)
        if content is not None:
            ui.download(content, f"{figure.name}.{form}", MEDIA_TYPES[form])

    def _download(self, path: Path) -> None:
        """Only what is listed, and lies in the project."""
        project = self.session.project
        for document in (project.document, project.series, project.landscapes):
            if path == document.path and path.is_symlink():
                ui.download(document.text.encode(), path.name, "application/toml")
                return
        try:
            ui.download.file(project.inside(project.relative(path)))
        except (InputError, OSError, ValueError) as error:
            self.session.notify(str(error), kind="negative")

    def _ask_to_remove(self, path: Path) -> None:
        """Remove an uploaded file after a question."""

        def remove() -> None:
            dialog.close()
            try:
                self.session.project.remove_upload(path)
            except (InputError, OSError) as error:
                self.session.notify(str(error), kind="negative")

        with ui.dialog(value=True) as dialog, ui.card():
            ui.label(f"Remove {path.name} from the project? No document names it.")
            with ui.row():
                text_button("Remove", remove, "files-remove-yes", look="dense color=negative")
                text_button("Keep it", dialog.close, "files-remove-no", look="dense outline")

    async def _script(self) -> None:
        text = await run.io_bound(project_script, self.session.project, self.session.jobs.jobs)
        self.code.set_content(text or "")
        self._show_script(True)
        self.heading.set_text(f"{SCRIPT_FILE}: does again what was clicked")

    def _show_script(self, shown: bool) -> None:
        """Show the script in place of a figure, or the figure."""
        for element in (self.code, self.script_button, self.script_archive, self.script_note):
            element.set_visibility(shown)
        self.figure.set_visibility(not shown)

    async def _download_script(self) -> None:
        text = await run.io_bound(project_script, self.session.project, self.session.jobs.jobs)
        ui.download((text or "").encode(), SCRIPT_FILE, "text/x-python")

    async def _archive(self) -> None:
        project = self.session.project
        folder = project.folder / "jobs" / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        self.archive.disable()
        self.archive.set_text("Packing …")
        self.spinner.set_visibility(True)
        try:
            path = folder / ARCHIVE
            await run.io_bound(write_archive, project, self.session.jobs.jobs, path)
            ui.download.file(path, f"{project.folder.name}.zip")
            self.session.notify(f"{project.folder.name}.zip goes to the downloads of the browser.", kind="positive")
        except (InputError, OSError) as error:
            self.session.notify(str(error), kind="negative")
        finally:
            self.archive.enable()
            self.archive.set_text(EVERYTHING)
            self.spinner.set_visibility(self.listing.busy)

    async def _changed(self, what: str) -> None:
        if what == "jobs":
            return
        self._show_files()
        await self.refresh()


def _first_results(paths: list[Path]) -> list[Path]:
    """Results without the numbers of the figures of a report, which are offered as figures."""
    return [path for path in paths if not path.parent.name.endswith("-data")]


def _size(path: Path) -> str:
    try:
        size = float(path.stat().st_size)
    except OSError:
        return "gone"
    for unit in ("B", "kB", "MB"):
        if size < 1000.0:
            return f"{size:.3g} {unit}"
        size /= 1000.0
    return f"{size:.3g} GB"
