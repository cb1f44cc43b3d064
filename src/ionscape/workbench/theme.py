"""Dark or light: what figures need to know of the page they are drawn in."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

ASK = "document.body.classList.contains('body--dark')"


class Theme:
    """Whether the page of a tab is dark, as its button or the system has it. Made while the page is built."""

    def __init__(self) -> None:
        """Follow the system at first, which the browser has to be asked for; light until it has answered."""
        self._dark = ui.dark_mode(value=None, on_change=self._tell)
        self._system_is_dark = False
        self._callbacks: list[Callable[[], None]] = []
        ui.timer(0.2, self._ask, once=True)

    @property
    def is_dark(self) -> bool:
        """Whether figures are drawn on dark ground."""
        return self._system_is_dark if self._dark.value is None else bool(self._dark.value)

    def switch(self) -> None:
        """Dark for light, or light for dark; from "as the system has it" to dark."""
        self._dark.set_value(not self._dark.value)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call a function whenever the page becomes dark or light."""
        self._callbacks.append(callback)

    async def _ask(self) -> None:
        try:
            self._system_is_dark = bool(await ui.run_javascript(ASK, timeout=2.0))
        except (TimeoutError, RuntimeError):
            return
        if self.is_dark:
            self._tell()

    def _tell(self) -> None:
        for callback in self._callbacks:
            callback()
