"""What a fit has given: estimates with intervals, warnings, figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from nicegui import ui

from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.figures.plot import Plot
from ionscape.figures.registry import figures_of
from ionscape.files.values import scalars
from ionscape.inference import FitResult
from ionscape.inference.remarks import AT_BOUND, DEPENDS, MISFIT, NOT_CONVERGED, STOPPED, TOGETHER, UNDETERMINED
from ionscape.remarks import Remark, of_kinds, sentence
from ionscape.wording import name_of, parameter_words
from ionscape.workbench.fitting import at_bounds, result_rows
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import OUTLINED, QUIET, column, grid, heading, line, row, text_button
from ionscape.workbench.session import Session

WRITTEN_DIGITS = 6
PROFILE = "profiles"
METHODS = {
    "least-squares": "Least squares",
    "profile-likelihood": "Profile likelihood",
    "mcmc": "Posterior (Markov chains)",
}
STALE = "The document has been changed since this fit: fit again before you continue from it."
EARLY = (NOT_CONVERGED, STOPPED)
OWN_SENTENCES = {
    DEPENDS.code: "{0} holds for {1} = {values:g}, on which it depends: tick that too where it is not known.",
}
"""Of remarks whose remedy is another one in the page."""
HEAD = ("parameter", "estimate", "± one standard deviation", "95 % interval", "unit")


class FitResults:
    """The result of the last fit."""

    def __init__(self, session: Session, *, widen: Callable[[Mapping[str, str]], Any]) -> None:
        """Make the elements, which are shown when there is a result.

        Args:
            session: of the tab.
            widen: gets the parameters at whose bounds the search has ended, with the side, to move these bounds.
        """
        self._widen = widen
        self.result: FitResult | None = None
        self._choice = PROFILE
        self._box = column(6).mark("fit-results")
        with self._box:
            with ui.row().classes("w-full items-baseline").style("gap: 12px"):
                self._title = heading("").mark("fit-method")
                self._quality = ui.label().classes("workbench-note").mark("fit-quality")
            self._unfinished = line("banner").mark("fit-not-converged")
            self._stale = line("warning").mark("fit-stale")
            self._ended = row(8).mark("fit-at-bounds")
            self._table = column().mark("fit-table")
            self._warnings = column(2).mark("fit-warnings")
            self._figures = ui.row().classes("items-center").style("gap: 2px").mark("fit-figures")
            self._plot = PlotView(session, mark="fit-plot", label="Figure of the fit", height=320)
        self._box.set_visibility(False)

    def show(self, result: FitResult | None) -> None:
        """Show a result."""
        self.result = result
        self._box.set_visibility(result is not None)
        if result is None:
            return
        found = result.summary()
        method = str(found["method"])
        self._title.set_text(METHODS.get(method, method))
        self._quality.set_text(
            f"cost {found['cost']:.2f} for {found['degrees_of_freedom']} degrees of freedom"
            f" (reduced {found['reduced_chi_square']:.3g}), {found['simulations']} simulations"
        )
        early = " ".join(_said(result, of_kinds(result.remarks, *EARLY)))
        if early:
            self._title.set_text(f"{METHODS.get(method, method)}: did not converge")
        self._unfinished.set_text(early)
        self._stale.set_text(STALE if result.problem is None else "")
        self._show_ended(result)
        self._show_table(result)
        self._warnings.clear()
        with self._warnings:
            for sentence in grouped_warnings(result):
                line("warning", sentence)
        self._show_figure(self._choice)

    def _show_ended(self, result: FitResult) -> None:
        """One sentence about all parameters at their bounds, before anything else, and what to do."""
        ended = at_bounds(result)
        self._ended.clear()
        self._ended.set_visibility(bool(ended))
        if not ended:
            return
        names = ", ".join(f"{parameter_words(name)} at the {side} one" for name, side in ended.items())
        with self._ended:
            line(
                "warning",
                f"The search ended at bounds ({names}), so these numbers are no estimates: widen the bounds, or check"
                " the values from which the search starts, and fit again.",
            ).classes("text-weight-medium")
            text_button("widen them", partial(self._widen, ended), "fit-widen", look=OUTLINED).style("flex: none")

    def _show_table(self, result: FitResult) -> None:
        self._table.clear()
        with self._table:
            table = grid("1.5fr 0.9fr 1.2fr 1.4fr 0.6fr").style("gap: 1px 14px; max-width: 860px").props('role="table"')
        with table:
            for place, text in enumerate(HEAD):
                ui.label(text).classes("workbench-note").style("text-align: right" if 0 < place < 4 else "")
            for row in result_rows(result):
                dim = "opacity: 0.6;" if row["nuisance"] else ""
                for place, key in enumerate(("parameter", "estimate", "error", "interval", "unit")):
                    cell = ui.label(row[key]).style(dim + (" text-align: right" if 0 < place < 4 else ""))
                    cell.mark(f"fit-{key}-{row['name']}")
                    if not place:
                        cell.tooltip(row["name"])

    def _show_figure(self, name: str) -> None:
        result = self.result
        if result is None:
            return
        figures = _figures(result)
        self._choice = name if name in figures else PROFILE
        self._figures.clear()
        with self._figures:
            for each in figures:
                text_button(each, partial(self._show_figure, each), f"fit-figure-{each.replace(' ', '-')}",
                            look=QUIET + ("" if each == self._choice else " color=grey"))  # fmt: skip
        self._plot.show(figures[self._choice])


def grouped_warnings(result: FitResult) -> list[str]:
    """The remarks of a fit in the words of the page: what to do first, parameters with the same trouble together."""
    remarks = result.remarks
    undetermined = [parameter_words(remark.about[0]) for remark in of_kinds(remarks, UNDETERMINED)]
    together = [
        f"{' and '.join(map(parameter_words, remark.about))} ({remark.numbers['correlation']:.3f})"
        for remark in of_kinds(remarks, TOGETHER)
    ]
    found: list[str] = []
    if undetermined:
        found.append(f"Fix these, or give them priors: the data leave {', '.join(undetermined)} undetermined.")
    if together:
        found.append(
            f"Do not read these alone, or fix one of each: determined together only (correlation) are"
            f" {'; '.join(together)}."
        )
    # those about an early end, or about bounds, stand above all others
    grouped = of_kinds(remarks, MISFIT, UNDETERMINED, TOGETHER, AT_BOUND, *EARLY)
    others = [remark for remark in remarks if remark not in grouped]
    return [*_said(result, of_kinds(remarks, MISFIT)), *found, *_said(result, others)]


def _said(result: FitResult, remarks: Iterable[Remark]) -> list[str]:
    """Remarks in the words of the page."""
    parameters = {str(name) for name in result.dataset["parameter"].values}

    def name(path: str) -> str:
        return parameter_words(path) if path in parameters else name_of(path)

    return [sentence(remark, name=name, own=OWN_SENTENCES) for remark in remarks]


def fitted_values(result: FitResult, experiment: Experiment) -> dict[str, str | float]:
    """The estimates of the numbers of an experiment as they are written into its file, by path."""
    known = scalars(experiment)
    found: dict[str, str | float] = {}
    for name, kind, value in zip(result.dataset["parameter"].values, result.dataset["kind"].values,
                                 result.dataset["estimate"].values, strict=True):  # fmt: skip
        path = str(name)
        if str(kind) == "experiment" and path in known:
            found[path] = known[path].written(float(value), digits=WRITTEN_DIGITS)
    return found


def _figures(result: FitResult) -> dict[str, Plot]:
    """The figures that a result has numbers for, by their names on the buttons."""
    found: dict[str, Plot] = {}
    for name, figure in figures_of("fit").items():
        with suppress(InputError):
            found[name.replace("-", " ")] = figure.plot(result)
    return found
