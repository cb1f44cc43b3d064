"""Stress and guided light of a run whose experiment describes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from nicegui import run, ui

from ionscape.errors import InputError
from ionscape.figures.plates import modes_figure, stress_figure
from ionscape.files.quantities import format_quantity
from ionscape.files.table_files import Rows
from ionscape.files.values import read_value
from ionscape.transport.plate_results import plate_stress, waveguide_modes
from ionscape.transport.plate_rows import mode_rows, stress_rows
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import FIELD, column, line, row, table_of
from ionscape.workbench.wording import page_words

if TYPE_CHECKING:
    from ionscape.figures.plot import Plot
    from ionscape.transport import SimulationResult
    from ionscape.workbench.session import Session

FIGURE = "max(420px, calc(100vh - 260px))"
USUAL_WAVELENGTH = "632.8 nm"


class _PlateTab:
    """A figure with a table below it."""

    mark: ClassVar[str]
    label: ClassVar[str]

    def __init__(self, session: Session, draw: Callable[[], Awaitable[None]]) -> None:
        """Build everything, hidden.

        Args:
            session: of the tab.
            draw: called when a choice has changed.
        """
        self.place = column(2).mark(f"simulate-at-{self.mark}")
        with self.place:
            self.choices(draw)
            self.problem = line("error").mark(f"simulate-{self.mark}-problem")
            self.view = PlotView(session, mark=f"simulate-{self.mark}", height=FIGURE, stays=True, label=self.label)
            self.remarks = line("banner").mark(f"simulate-{self.mark}-remarks")
            self.table = column(2).classes("q-px-md q-pb-md")
        self.place.set_visibility(False)

    def choices(self, draw: Callable[[], Awaitable[None]]) -> None:
        """Add what can be chosen; nothing here."""

    def begin(self, result: SimulationResult) -> None:
        """Stand at the end of a run that is shown from now on."""

    async def plot(self, result: SimulationResult, *, normalised: bool) -> Plot | None:  # noqa: ARG002
        """The figure of a run, with the table below it; None where it cannot be, which is told."""
        plot: Plot | None = None
        rows: Rows | None = None
        problem, remarks = "", ""
        try:
            found = await run.io_bound(partial(self.found, result))
            if found is None:
                return None  # the workbench closes
            plot, rows, remarks = found
        except InputError as error:
            problem = page_words(error)
        self.problem.set_text(problem)
        self.remarks.set_text(remarks)
        self.table.clear()
        if rows is not None:
            with self.table:
                line("note", rows.title)
                table_of(rows, f"simulate-{self.mark}")
        return plot

    def found(self, result: SimulationResult) -> tuple[Plot, Rows, str]:
        """Figure, table and remarks."""
        raise NotImplementedError


class Stress(_PlateTab):
    """Stress over depth and time."""

    mark, label = "stress", "stress over depth and over time"

    @staticmethod
    def offered(result: SimulationResult | None) -> bool:
        """Whether there is something to show."""
        return result is not None and result.experiment.mechanics is not None

    def found(self, result: SimulationResult) -> tuple[Plot, Rows, str]:
        """Figure, table and remarks."""
        stress = plate_stress(result)
        return stress_figure.plot(result), stress_rows(stress), " ".join(map(page_words, stress.remarks))


class Modes(_PlateTab):
    """Guided modes at a wavelength."""

    mark, label = "modes", "refractive index over depth and fields of the guided modes"

    @staticmethod
    def offered(result: SimulationResult | None) -> bool:
        """Whether there is something to show."""
        return result is not None and result.experiment.optics is not None

    def choices(self, draw: Callable[[], Awaitable[None]]) -> None:
        """The wavelength."""
        with row(12).classes("q-px-md"):
            self.wavelength = ui.input(label="wavelength", on_change=draw).props(f"{FIELD} debounce=500")
            self.wavelength.mark("simulate-modes-wavelength")

    def begin(self, result: SimulationResult) -> None:
        """Offer the wavelength of the experiment."""
        if self.offered(result):
            self.wavelength.props["placeholder"] = self._usual(result)

    @staticmethod
    def _usual(result: SimulationResult) -> str:
        optics = result.experiment.optics
        if optics is None or optics.wavelength is None:
            return USUAL_WAVELENGTH
        return format_quantity(optics.wavelength, "length", digits=9)

    def found(self, result: SimulationResult) -> tuple[Plot, Rows, str]:
        """Figure, table and remarks."""
        text = str(self.wavelength.value or self._usual(result))
        length = read_value(text, "length", key="wavelength")
        modes = waveguide_modes(result, wavelength=length)
        return modes_figure.plot(result, modes), mode_rows(modes), ""
