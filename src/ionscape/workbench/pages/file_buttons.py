"""The buttons that open a file of the command line in a form and take it away again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui


def file_buttons(
    name: str,
    *,
    opened: Callable[[Any], Any],
    rejected: Callable[[], Any],
    saved: Callable[[], Any],
    accept: str,
    largest: int,
    tips: tuple[str, str],
) -> ui.upload:
    """Add Open and Save to the current row.

    Args:
        name: of the page, which begins their marks.
        opened: gets the event of an upload.
        rejected: called for a file that is too large.
        saved: called to take the file away.
        accept: extensions on offer, such as ".toml,.csv".
        largest: size of a file in bytes.
        tips: what the two buttons do.

    Returns:
        The hidden control behind Open.
    """
    upload = ui.upload(on_upload=opened, auto_upload=True, max_file_size=largest, on_rejected=rejected)
    upload.props(f'accept="{accept}"').classes("hidden").mark(f"{name}-upload")
    open_button = ui.button("Open", icon="folder_open", on_click=lambda: upload.run_method("pickFiles"))
    open_button.props("dense outline size=sm").mark(f"{name}-open").tooltip(tips[0])
    save_button = ui.button("Save", icon="download", on_click=saved)
    save_button.props("dense outline size=sm").mark(f"{name}-save").tooltip(tips[1])
    return upload
