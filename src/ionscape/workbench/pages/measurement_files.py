"""The files of a measurement: dropped onto the page, told apart, listed, taken out again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import PurePath, PurePosixPath
from typing import Any

from nicegui import events, run, ui

from ionscape.errors import InputError
from ionscape.files.description import list_at, table_at
from ionscape.workbench.measuring import (
    RESOLUTION,
    Measured,
    cached_raw_profile,
    changes_for_file,
    is_named,
    role_of_file,
)
from ionscape.workbench.parts import button, column, line, row
from ionscape.workbench.project import safe_name
from ionscape.workbench.session import Session
from ionscape.workbench.wording import page_words

TOO_LARGE_STATUS = 413
_NAMES_OF_REJECTED = "(entries) => emit(entries.map((entry) => entry.file.name))"
_STATUS_AND_NAMES = "(info) => emit([info.xhr ? info.xhr.status : 0, info.files.map((file) => file.name)])"


class FileList:
    """The place where files are dropped, and the list of those that the document names."""

    def __init__(self, session: Session) -> None:
        """Make the elements."""
        self._session = session
        self._limit = session.workbench.upload_limit
        self._one_by_one = asyncio.Lock()
        self._sentences: dict[str, str] = {}
        # each file comes in a request of its own: the limit holds for every single one
        self.upload = ui.upload(
            multiple=True, auto_upload=True, max_file_size=self._limit, on_upload=self._uploaded,
            label="Drop the export and crater scans here, or",
        )  # fmt: skip
        self.upload.on("rejected", self._rejected, js_handler=_NAMES_OF_REJECTED)
        self.upload.on("failed", self._failed, js_handler=_STATUS_AND_NAMES)
        self.upload.on("start", self._started, args=[])
        self.upload.on("finish", self.upload.reset, args=[])  # what failed must not stand in the way of later files
        self.upload.classes("w-full measurement-upload").props("flat bordered").mark("measurement-upload")
        self.upload.props["aria-label"] = "Upload the export of the instrument and crater scans"
        self._error = line("error").mark("measurement-upload-error")
        self._list = column(0).mark("measurement-files")

    def show(self, data: Mapping[str, Any], found: Measured, errors: Mapping[str, InputError]) -> None:
        """List the files of the document with the sentences about them."""
        table = table_at(data, "measurement")
        self._list.clear()
        with self._list:
            name = table.get("file")
            if isinstance(name, str) and name:
                note = "export" if found.raw is None else f"export, {found.raw.format}"
                error = errors.get("measurement.file") or errors.get("measurement.format")
                remove = partial(self._session.edit, "measurement.file", None)
                self._row(name, note, error, remove, "measurement-remove-export")
            for number, scan in enumerate(list_at(table, "crater_scans")):
                self._row(str(scan), "crater scan", errors.get(f"measurement.crater_scans[{number}]"),
                          partial(self._remove_scan, number), f"measurement-remove-scan-{number}")  # fmt: skip

    def _row(self, name: str, note: str, error: InputError | None, remove: Any, mark: str) -> None:
        with row().style("min-height: 24px"):
            ui.label(PurePosixPath(name).name).classes("ellipsis").style("flex: 1 1 0; min-width: 0").tooltip(name)
            ui.label(note).classes("workbench-note")
            button("close", f"take {PurePosixPath(name).name} out", remove, mark)
        if error is not None:
            line("error", page_words(error))

    def _remove_scan(self, number: int) -> None:
        scans = list(self._session.project.document.get("measurement.crater_scans") or [])
        del scans[number : number + 1]
        self._session.edit("measurement.crater_scans", scans or None)

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        """Keep a file, find out what it is, and name it in the document."""
        name = event.file.name
        async with self._one_by_one:
            try:
                sentence = await self._take(name, await event.file.read())
            except InputError as error:
                sentence = page_words(error.replace(file=error.file and PurePath(error.file).name))
        if sentence:
            self._sentences[name] = sentence
        else:
            self._sentences.pop(name, None)
        self._show_sentences()

    async def _take(self, name: str, content: bytes) -> str:
        """What is to be said about a file that was not taken; empty if it was."""
        project = self._session.project
        if len(content) <= self._limit:
            known = await run.io_bound(project.same_upload, content)
            if known is not None and is_named(project.relative(known), project.document.data):
                return f"{name}: is not taken again; {known.name}, which is there already, has the same content."
        else:
            known = None
        path = known or await run.io_bound(partial(project.add_upload, name, content, limit=self._limit))
        if path is None:
            return ""  # the server is being stopped
        try:
            role = await run.io_bound(role_of_file, path)
            if role is None:
                return ""
            raw = await run.io_bound(cached_raw_profile, path) if role == "export" else None
            changes = changes_for_file(project.relative(path), role, project.document.data, raw)
        except InputError:
            if known is None and not project.in_use(path):
                await run.io_bound(project.remove_upload, path)  # what is refused is not kept
            raise
        if RESOLUTION in changes:
            project.assume({RESOLUTION: changes[RESOLUTION]})
        if changes:
            self._session.edit_many(changes)
        return ""

    def _started(self) -> None:
        self._sentences.clear()
        self._show_sentences()

    def _rejected(self, event: events.GenericEventArguments) -> None:
        """The browser has not sent files because of their size."""
        self._session.notify(self._too_large(_names(event.args)), kind="negative")

    def _failed(self, event: events.GenericEventArguments) -> None:
        """The server has not taken files."""
        status, names = event.args if isinstance(event.args, list) and len(event.args) == 2 else (0, [])
        if status == TOO_LARGE_STATUS:
            self._session.notify(self._too_large(_names(names)), kind="negative")
        else:
            self._session.notify(f"{_names(names)}: could not be sent; drop it again.", kind="negative")

    def _too_large(self, names: str) -> str:
        return (
            f"{names}: is too large; at most {self._limit / 2**20:.4g} MiB per file are taken; leave out what is not"
            " needed, or start with a larger --upload-limit."
        )

    def _show_sentences(self) -> None:
        self._error.set_text(" ".join(self._sentences.values()))


def _names(names: Any) -> str:
    """Names as the browser sent them, a list or a single one."""
    listed = names if isinstance(names, list) else [names]
    return ", ".join(safe_name(str(name)) for name in listed if name) or "The file"
