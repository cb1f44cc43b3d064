"""A plot in a page: drawn again for dark and light ground; its regions can be dragged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import events, ui

from ionscape.figures.plot import Plot
from ionscape.figures.render_plotly import moved_regions, to_plotly
from ionscape.workbench.session import Session
from ionscape.workbench.theme import is_dark, on_theme

Moved = Callable[[dict[str, tuple[float, float]]], Any]

SMALL = 200
"""Height in pixels below which a plot has no buttons of its own, which would cover it."""
ROW = 150
"""Height in pixels that every row of panels has at least."""


class PlotView:
    """A place for a plot. Without one it is not shown."""

    def __init__(self, session: Session, *, mark: str, label: str, height: int, moved: Moved | None = None) -> None:
        """Make the place.

        Args:
            session: of the tab.
            mark: marker for tests.
            label: for screen readers.
            height: in pixels, at least.
            moved: gets the regions that were dragged, ends in SI units by name.
        """
        self.plot: Plot | None = None
        self.element: ui.plotly | None = None
        self._mark, self._label, self._height = mark, label, height
        self._moved = moved
        self._drawn = 0
        self._session = session
        self._place = ui.element("div").classes("w-full")
        on_theme(session, lambda: self.show(self.plot))

    def show(self, plot: Plot | None) -> None:
        """Draw a plot; None takes it away."""
        self.plot = plot
        if plot is None:
            # plotly cannot measure an element that is hidden
            self._place.clear()
            self.element = None
            return
        figure = to_plotly(plot, dark=is_dark(self._session), editable=self._moved is not None)
        self._drawn += 1
        # what was dragged is drawn where the document has it, even if that refuses the new place
        figure["layout"]["editrevision"] = self._drawn
        if self._height < SMALL:
            figure["config"]["displayModeBar"] = False
        height = f"height: {max(self._height, ROW * len(plot.rows))}px"
        if self.element is None:
            with self._place:
                self.element = ui.plotly(figure).classes("w-full").style(height).mark(self._mark)
            self.element.props('role="img"').props["aria-label"] = self._label
            if self._moved is not None:
                self.element.on("plotly_relayout", self._relayout)
        else:
            self.element.style(height).update_figure(figure)

    def _relayout(self, event: events.GenericEventArguments) -> None:
        if self.plot is None or self._moved is None or not isinstance(event.args, Mapping):
            return
        if not any(str(key).startswith("shapes") for key in event.args):
            return  # zoomed
        moved = moved_regions(self.plot, event.args)
        if moved:
            self._moved(moved)
        else:
            self.show(self.plot)
