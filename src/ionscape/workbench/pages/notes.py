"""Sentences in a page that deserve attention but are no errors."""

from __future__ import annotations

from nicegui import ui

_STYLE = """
.workbench-warning { color: var(--q-warning); font-size: 12px; line-height: 1.3; }
.body--dark .workbench-warning { color: #e0a84a; }
.workbench-banner { border-left: 4px solid #e69f00; background: rgba(230, 159, 0, 0.16); padding: 6px 12px;
  font-size: 14px; line-height: 1.4; font-weight: 500; }
"""


def add_style() -> None:
    """Add what `warning` needs to the page; call it once while a page is built."""
    ui.add_css(_STYLE)


def warning(text: str) -> ui.label:
    """A sentence to be noticed, legible on dark and light ground."""
    return ui.label(text).classes("workbench-warning w-full")


def banner(text: str) -> ui.label:
    """A sentence that nobody may overlook: what is shown is not what was asked for."""
    return ui.label(text).classes("workbench-banner w-full").props("role=status")
