"""A plot in a page: drawn again for dark and light ground; its regions can be dragged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import events, ui

from ionscape.figures.plot import Plot
from ionscape.figures.render_plotly import moved_regions, to_plotly
from ionscape.workbench.session import Session

Moved = Callable[[dict[str, tuple[float, float]]], Any]

SMALL = 200
"""Height in pixels below which a plot has no buttons of its own, which would cover it."""
ROW = 150
"""Height in pixels that every row of panels has at least."""
NO_AXIS = {"visible": False}
CLEAR = "rgba(0,0,0,0)"
EMPTY: Mapping[str, Any] = {
    "data": [],
    "layout": {"xaxis": NO_AXIS, "yaxis": NO_AXIS, "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR},
    "config": {"displayModeBar": False, "displaylogo": False, "responsive": True},
}
"""A figure before there is anything to draw."""


class PlotView:
    """A place for a plot. Without one it is not shown, unless its place stays empty."""

    def __init__(
        self, session: Session, *, mark: str, label: str, height: int | str, moved: Moved | None = None,
        small: bool = False, stays: bool = False, layout: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Make the place.

        Args:
            session: of the tab.
            mark: marker for tests.
            label: for screen readers.
            height: in pixels, at least; or as a style has it.
            moved: gets the regions that were dragged, ends in SI units by name.
            small: whether its texts are.
            stays: whether there is an empty figure where there is no plot.
            layout: what is other than in all figures, as plotly has it.
        """
        self.plot: Plot | None = None
        self.element: ui.plotly | None = None
        self._mark, self._label, self._height, self._small, self._stays = mark, label, height, small, stays
        self._moved, self._layout = moved, layout or {}
        self._drawn = 0
        self._session = session
        self._place = ui.element("div").classes("w-full").style("min-width: 0")
        session.theme.on_change(lambda: self.show(self.plot))
        self.show(None)

    def set_visibility(self, visible: bool) -> None:
        """Show the place with what is in it, or hide it."""
        self._place.set_visibility(visible)

    def show(self, plot: Plot | None) -> None:
        """Draw a plot; None takes it away."""
        self.plot = plot
        if plot is None and not self._stays:
            # plotly cannot measure an element that is hidden
            self._place.clear()
            self.element = None
            return
        height = self._height if isinstance(self._height, str) else f"{max(self._height, ROW * _rows(plot))}px"
        figure = dict(EMPTY) if plot is None else self._figure(plot)
        if self.element is None:
            with self._place:
                self.element = ui.plotly(figure).classes("w-full").style(f"height: {height}").mark(self._mark)
            self.element.props('role="img"').props["aria-label"] = self._label
            if self._moved is not None:
                self.element.on("plotly_relayout", self._relayout)
        else:
            self.element.style(f"height: {height}").update_figure(figure)

    def _figure(self, plot: Plot) -> dict[str, Any]:
        figure = to_plotly(plot, dark=self._session.theme.is_dark, small=self._small, editable=self._moved is not None)
        self._drawn += 1
        # what was dragged is drawn where the document has it, even if that refuses the new place
        figure["layout"] |= {"editrevision": self._drawn, **self._layout}
        if isinstance(self._height, int) and self._height < SMALL:
            figure["config"]["displayModeBar"] = False
        return figure

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


def _rows(plot: Plot | None) -> int:
    return 1 if plot is None else len(plot.rows)
