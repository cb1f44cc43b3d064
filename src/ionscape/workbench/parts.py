"""What the pages are made of: their two sides, buttons, and sentences that are there only while they say something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

from nicegui import events, ui

from ionscape.errors import InputError

if TYPE_CHECKING:
    from ionscape.files.table_files import Rows
    from ionscape.workbench.session import Session, Which

FIELD = "dense outlined stack-label hide-bottom-space"
TIP = 'delay=700 max-width=320px anchor="top middle" self="bottom middle"'
"""Above a field: below it stands the sentence about its value."""
QUIET = "flat dense no-caps size=sm"
OUTLINED = "dense outline no-caps size=sm"
_ROLES = {"error": "role=alert", "banner": "role=status"}


def sides() -> tuple[ui.column, ui.column]:
    """The settings on the left of a page and the figures on its right."""
    with ui.row().classes("w-full no-wrap items-stretch").style("gap: 0"):
        return (
            ui.column().classes("workbench-settings").style("gap: 8px"),
            ui.column().classes("workbench-figures").style("gap: 4px"),
        )


def row(gap: int = 6) -> ui.row:
    """A row of elements that is not broken."""
    return ui.row().classes("w-full items-center no-wrap").style(f"gap: {gap}px")


def column(gap: int = 4) -> ui.column:
    """A column of elements."""
    return ui.column().classes("w-full").style(f"gap: {gap}px")


def grid(columns: str, *, gap: int = 8) -> ui.element:
    """A grid with the given widths of its columns."""
    return ui.element("div").classes("w-full").style(f"display: grid; grid-template-columns: {columns}; gap: {gap}px")


def heading(text: str) -> ui.label:
    """A heading among settings."""
    return ui.label(text).classes("text-weight-medium")


def line(kind: Literal["note", "error", "warning", "banner"], text: str = "") -> ui.label:
    """A sentence that takes no room while it is empty.

    Args:
        kind: a note; what is wrong; what deserves attention; what nobody may overlook, as that what is shown is not
            what was asked for.
        text: of the sentence.
    """
    made = ui.label(text).classes(f"workbench-{kind} w-full").props(_ROLES.get(kind, ""))
    return made.bind_visibility_from(made, "text", backward=bool)


def table_of(rows: Rows, mark: str) -> None:
    """A table of texts, each marked `MARK-cell-ROW-COLUMN`."""
    with grid(f"repeat({len(rows.head)}, max-content)").style("gap: 1px 22px").props('role="table"'):
        for text in rows.head:
            ui.label(text).classes("workbench-note").style("text-align: right")
        for number, cells in enumerate(rows.rows):
            for place, text in enumerate(cells):
                ui.label(text).style("text-align: right").mark(f"{mark}-cell-{number}-{place}")


def button(icon: str, text: str, action: Callable[[], Any], mark: str) -> ui.button:
    """A small round button with a text for screen readers, shown as a tip as well."""
    made = ui.button(icon=icon, on_click=lambda: action()).props("flat dense round size=sm")
    made.props["aria-label"] = text
    made.mark(mark).tooltip(text)
    return made


def text_button(
    text: str, action: Callable[[], Any], mark: str, *, icon: str | None = None, tip: str = "", look: str = QUIET
) -> ui.button:
    """A button with a text."""
    made = ui.button(text, icon=icon, on_click=lambda: action()).props(look).mark(mark)
    if "flat" not in look:
        made.classes("q-px-sm")
    return made.tooltip(tip) if tip else made


def undo_button(session: Session, mark: str, which: Which = "document") -> ui.button:
    """A button that takes back the last change of a document."""
    return button("undo", "take back the last change", lambda: session.undo(which), mark)


def file_buttons(
    session: Session, name: str, which: Which, opened: Callable[[str, bytes], Awaitable[object]], *, accept: str,
    largest: int, tips: tuple[str, str],
) -> None:  # fmt: skip
    """Add buttons that open a file of the command line in a form and take the document away.

    Args:
        session: of the tab.
        name: of the page, which begins their marks.
        which: of the documents.
        opened: gets the name of a file and what is in it; an `InputError` is told.
        accept: extensions on offer, such as ".toml,.csv".
        largest: size of a file in bytes.
        tips: what the two buttons do.
    """
    document = session.document(which)

    async def take(event: events.UploadEventArguments) -> None:
        content = await event.file.read()
        upload.reset()
        try:
            await opened(event.file.name, content)
        except UnicodeDecodeError:
            session.notify(f"{event.file.name}: is not a text in UTF-8.", kind="negative")
        except InputError as error:
            session.notify(str(error), kind="negative")

    def reject() -> None:
        session.notify(f"The file is too large (at most {largest // 2**20} MiB).", kind="negative")

    def save() -> None:
        ui.download(document.text.encode(), document.path.name, "application/toml")

    upload = ui.upload(on_upload=take, auto_upload=True, max_file_size=largest, on_rejected=reject)
    upload.props(f'accept="{accept}"').classes("hidden").mark(f"{name}-upload")
    pick = lambda: upload.run_method("pickFiles")  # noqa: E731
    text_button("Open", pick, f"{name}-open", icon="folder_open", tip=tips[0], look=OUTLINED)
    text_button("Save", save, f"{name}-save", icon="download", tip=tips[1], look=OUTLINED)
