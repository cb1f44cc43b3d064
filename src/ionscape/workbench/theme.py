"""Dark or light: what figures need to know of the page they are drawn in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nicegui import ui

if TYPE_CHECKING:
    from ionscape.workbench.session import Session

ASK = "document.body.classList.contains('body--dark')"


def is_dark(session: Session) -> bool:
    """Whether the page of a tab is dark; light until the browser has answered where it follows the system."""
    dark = session.state.get("dark")
    if dark is not None and dark.value is not None:
        return bool(dark.value)
    return bool(session.state.get("theme.system_is_dark", False))


def on_theme(session: Session, draw: Callable[[], Any]) -> None:
    """Draw again whenever the page becomes dark or light; call it while the page is built."""

    async def ask() -> None:
        try:
            found = bool(await ui.run_javascript(ASK, timeout=2.0))
        except (TimeoutError, RuntimeError):
            return
        if found != bool(session.state.get("theme.system_is_dark", False)):
            session.state["theme.system_is_dark"] = found
            await _drawn(draw)

    async def redraw() -> None:
        await _drawn(draw)

    dark = session.state.get("dark")
    if dark is not None:
        dark.on_value_change(redraw)
        if dark.value is None:
            ui.timer(0.2, ask, once=True)


def empty_figure() -> dict[str, Any]:
    """A figure before there is anything to draw."""
    clear = "rgba(0,0,0,0)"
    layout = {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": clear,
        "plot_bgcolor": clear,
    }
    return {"data": [], "layout": layout, "config": {"displayModeBar": False, "displaylogo": False, "responsive": True}}


async def _drawn(draw: Callable[[], Any]) -> None:
    found = draw()
    if hasattr(found, "__await__"):
        await found
