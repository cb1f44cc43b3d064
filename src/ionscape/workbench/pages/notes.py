"""Sentences in a page that deserve attention but are no errors."""

from __future__ import annotations

from nicegui import ui

_STYLE = """
.workbench-warning { color: var(--q-warning); font-size: 12px; line-height: 1.3; }
.body--dark .workbench-warning { color: #e0a84a; }
"""


def add_style() -> None:
    """Add what `warning` needs to the page; call it once while a page is built."""
    ui.add_css(_STYLE)


def warning(text: str) -> ui.label:
    """A sentence to be noticed, legible on dark and light ground."""
    return ui.label(text).classes("workbench-warning w-full")
