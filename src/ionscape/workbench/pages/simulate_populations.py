"""Who sits on which sites at a depth and time of a run, beside its profile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from nicegui import run, ui

from ionscape.figures.populations import kept_times, nearest, populations_beside_profile
from ionscape.figures.profiles import moment_title, shown_depth_of
from ionscape.figures.states import state_at, values
from ionscape.figures.style import axis_unit
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import column, line, row

if TYPE_CHECKING:
    from ionscape.figures.plot import Plot
    from ionscape.transport import SimulationResult
    from ionscape.workbench.session import Session

FIGURE = "max(380px, calc(100vh - 210px))"
DEPTHS = 200
"""Places of the slider of the depth, down to where profiles are drawn."""
FIRST_DEPTH = 0.2
"""Of that depth, where the slider stands at first."""
EXPLAINED = (
    "Populations are kept of the native glass and at some times of every stage. Ions that share levels have mixed;"
    " white is vacant."
)


class Populations:
    """A figure with sliders of time and depth."""

    def __init__(self, session: Session, draw: Callable[[], Awaitable[None]]) -> None:
        """Build everything, hidden.

        Args:
            session: of the tab.
            draw: called when a slider has moved.
        """
        self.place = column(2).mark("simulate-at-a-depth")
        with self.place:
            self.view = PlotView(session, mark="simulate-populations", height=FIGURE, stays=True,
                                 label="populations over site energy beside densities over depth")  # fmt: skip
            with row(12).classes("q-px-md"):
                self.time_label = ui.label("time").style("min-width: 260px").mark("simulate-populations-time-label")
                self.time = ui.slider(min=0, max=1, step=1, value=1, on_change=draw).mark("simulate-populations-time")
                self.time.props("dense markers").props["aria-label"] = "time of the populations"
            with row(12).classes("q-px-md"):
                self.depth_label = ui.label("depth").style("min-width: 260px").mark("simulate-populations-depth-label")
                self.depth = ui.slider(min=0, max=DEPTHS, step=1, value=FIRST_DEPTH * DEPTHS, on_change=draw)
                self.depth.mark("simulate-populations-depth").props("dense").props["aria-label"] = "depth"
            line("note", EXPLAINED).classes("q-px-md")
        self.place.set_visibility(False)

    @staticmethod
    def offered(result: SimulationResult | None) -> bool:
        """Whether there is something to show."""
        return result is not None and "population" in result.dataset

    def begin(self, result: SimulationResult) -> None:
        """Stand at the end of a run that is shown from now on."""
        if self.offered(result):
            last = kept_times(result).size - 1
            self.time.props(f"max={last}")
            self.time.set_value(last)

    async def plot(self, result: SimulationResult, *, normalised: bool) -> Plot | None:
        """The figure at the time and depth of the sliders, which are told beside them.

        Args:
            result: of a simulation with populations.
            normalised: densities as fractions of bulk.
        """
        times = kept_times(result)
        time = float(times[min(int(self.time.value or 0), times.size - 1)])
        below = shown_depth_of(result) * float(self.depth.value or 0) / DEPTHS
        depth = nearest(values(result.dataset, "depth"), below)
        clock, unit = axis_unit(float(times[-1]), "time"), axis_unit(shown_depth_of(result), "length")
        self.time_label.set_text(moment_title(result.experiment, state_at(result.dataset, time), clock))
        self.depth_label.set_text(f"depth {depth / unit.size:.4g} {unit.unit}")
        return await run.io_bound(partial(populations_beside_profile, result, time, depth, normalised=normalised))
