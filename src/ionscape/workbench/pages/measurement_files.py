"""The files of a measurement: dropped onto the page, told apart, listed, taken out again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from nicegui import events, run, ui

from ionscape.errors import InputError
from ionscape.workbench.forms import button
from ionscape.workbench.measuring import Measured, cached_raw_profile, changes_for_file, role_of_file
from ionscape.workbench.project import LARGEST_UPLOAD
from ionscape.workbench.session import Session


class FileList:
    """The place where files are dropped, and the list of those that the document names."""

    def __init__(self, session: Session) -> None:
        """Make the elements."""
        self._session = session
        self.upload = ui.upload(
            multiple=True, auto_upload=True, max_file_size=LARGEST_UPLOAD, on_multi_upload=self._uploaded,
            on_rejected=lambda: session.notify(
                f"The file is too large: at most {LARGEST_UPLOAD / 2**20:g} MiB.", kind="negative"
            ),
            label="Drop the export and crater scans here, or",
        )  # fmt: skip
        self.upload.classes("w-full measurement-upload").props("flat bordered").mark("measurement-upload")
        self.upload.props["aria-label"] = "Upload the export of the instrument and crater scans"
        self._error = ui.label().classes("workbench-error w-full").props("role=alert").mark("measurement-upload-error")
        self._error.set_visibility(False)
        self._list = ui.column().classes("w-full").style("gap: 0").mark("measurement-files")

    def show(self, data: Mapping[str, Any], found: Measured, errors: Mapping[str, str]) -> None:
        """List the files of the document with the sentences about them."""
        table = data.get("measurement")
        table = table if isinstance(table, Mapping) else {}
        self._list.clear()
        with self._list:
            name = table.get("file")
            if isinstance(name, str) and name:
                note = "export" if found.raw is None else f"export, {found.raw.format}"
                error = errors.get("measurement.file") or errors.get("measurement.format")
                remove = partial(self._session.edit, "measurement.file", None)
                self._row(name, note, error, remove, "measurement-remove-export")
            scans = table.get("crater_scans")
            for number, scan in enumerate(scans if isinstance(scans, list) else ()):
                self._row(str(scan), "crater scan", errors.get(f"measurement.crater_scans[{number}]"),
                          partial(self._remove_scan, number), f"measurement-remove-scan-{number}")  # fmt: skip

    def _row(self, name: str, note: str, error: str | None, remove: Any, mark: str) -> None:
        with ui.row().classes("w-full items-center no-wrap").style("gap: 6px; min-height: 24px"):
            ui.label(PurePosixPath(name).name).classes("ellipsis").style("flex: 1 1 0; min-width: 0").tooltip(name)
            ui.label(note).classes("workbench-note")
            button("close", f"take {PurePosixPath(name).name} out", remove, mark)
        if error:
            ui.label(error).classes("workbench-error w-full").props("role=alert")

    def _remove_scan(self, number: int) -> None:
        scans = list(self._session.project.document.get("measurement.crater_scans") or [])
        del scans[number : number + 1]
        self._session.edit("measurement.crater_scans", scans or None)

    async def _uploaded(self, event: events.MultiUploadEventArguments) -> None:
        """Keep the files, find out what they are, and name them in the document."""
        sentences: list[str] = []
        project = self._session.project
        for file in sorted(event.files, key=lambda each: each.name):
            try:
                path = await run.io_bound(project.add_upload, file.name, await file.read())
                role = None if path is None else await run.io_bound(role_of_file, path)
                if path is None or role is None:
                    return  # the server is being stopped
                raw = await run.io_bound(cached_raw_profile, path) if role == "export" else None
                name = project.relative(path)
                changes = changes_for_file(name, role, project.document.data, raw)
                if changes:
                    self._session.edit_many(changes)
            except InputError as error:
                sentences.append(str(error).replace(f"{project.folder}/uploads/", ""))
        self._error.set_text(" ".join(sentences))
        self._error.set_visibility(bool(sentences))
        self.upload.reset()
