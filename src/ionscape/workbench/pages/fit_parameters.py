"""Which numbers of the experiment are free: ticked, with bounds, scale and prior; and how they are fitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from nicegui import ui

from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.files.description import Value, describe
from ionscape.inference.settings import FitTable, ParameterTable, PriorTable
from ionscape.wording import parameter_words
from ionscape.workbench.fitting import (
    Choice,
    bound_problems,
    choices,
    parameter_path,
    suggested_parameters,
)
from ionscape.workbench.forms import Form
from ionscape.workbench.parts import button, column, grid, heading, line, row, text_button
from ionscape.workbench.session import Session

OBSERVED_CHARGE = "fit.observed_charge"
FOLLOW = "The bounds of the fit, which nobody has touched, follow the values of the experiment."
SETTINGS = (
    "starts", "discrepancy", "robust", "fit_depth_scale", "fit_resolution", "surface_offset", "seed",
    "cell", "tolerance", "maximum_simulations",
)  # fmt: skip


class FitForm(Form):
    """A form whose sentences are also those of the last attempt to fit."""

    def __init__(self, session: Session, found: Mapping[str, InputError]) -> None:
        """Begin without controls."""
        super().__init__(session)
        self.found = found
        self.bounds: Mapping[str, InputError] = {}

    def begin(self, path: str, value: Any, *, known: Collection[str] = ()) -> None:
        """Write something to begin with; what only a measurement can tell is left to be filled in."""
        super().begin(path, {} if path == OBSERVED_CHARGE else value, known=known)

    @property
    def errors(self) -> Mapping[str, InputError]:
        """Errors by path."""
        return {**self.found, **super().errors, **self.bounds}


class ParameterList:
    """The numbers of the experiment with a box to tick each free, and the settings of the fit."""

    def __init__(self, session: Session) -> None:
        """Make the place."""
        self._session = session
        self._shown: object = None
        self._form: FitForm | None = None
        self._open: dict[str, bool] = {}
        self._suggested: dict[str, Any] | None = None  # what was written here last, and follows the experiment
        self._told = False  # that it does
        self._box = column().mark("fit-parameters")

    @property
    def mistakes(self) -> dict[str, InputError]:
        """What is wrong with bounds and settings, by path."""
        found = {} if self._form is None else self._form.mistakes()
        return {key: error for key, error in found.items() if key.startswith("fit")}

    def suggest(self, experiment: Experiment | None) -> bool:
        """Tick the usual numbers where nothing has been chosen yet; True if the document was changed.

        What was suggested and not touched since follows the experiment.
        """
        if experiment is None:
            return False
        document, before = self._session.project.document, self._suggested
        present, found = document.get("fit.parameters"), suggested_parameters(experiment)
        if present and present == found:
            self._suggested = found  # a change was taken back
            return False
        if (present and present != before) or (present is None and before is not None):
            return False
        if not found or found == before:
            return False
        self._suggested = found
        if present and not self._told:
            self._told = True
            self._session.notify(FOLLOW)
        self._session.edit_many({"fit.parameters": found}, follows=document.can_undo)
        return True

    def keep(self) -> None:
        """Let the bounds be those of somebody, which do not follow the experiment."""
        self._suggested = {}

    def show(self, experiment: Experiment | None, found: Mapping[str, InputError], *, mistaken: bool = False) -> None:
        """Show the document as it is now.

        Args:
            experiment: of the document, or the last one that could be read; None if there is none.
            found: errors by path of the last attempt to fit.
            mistaken: whether the experiment of the document has a mistake.
        """
        free = self._session.project.document.get("fit.parameters") or {}
        offered = () if experiment is None else choices(experiment)
        structure = (
            tuple((each.path, each.value) for each in offered),
            tuple((name, isinstance(entry, Mapping) and "prior" in entry) for name, entry in free.items()),
            self._session.project.document.get(OBSERVED_CHARGE) is None,
            mistaken,
        )
        if structure != self._shown or self._form is None:
            self._shown = structure
            self._form = FitForm(self._session, found)
            self._form.open_sections = self._open
            self._build(experiment, offered, free, mistaken=mistaken)
        self._form.found = found
        self._form.bounds = {} if experiment is None else bound_problems(free, experiment)
        self._form.update()

    def _build(
        self, experiment: Experiment | None, offered: tuple[Choice, ...], free: Mapping[str, Any], *, mistaken: bool
    ) -> None:
        assert self._form is not None
        self._box.clear()
        with self._box:
            with row():
                heading("Free parameters")
                ui.space()
                usual = text_button("the usual ones", partial(self._reset, experiment), "fit-usual",
                                    tip="Tick the usual numbers with fresh bounds")  # fmt: skip
                usual.set_enabled(experiment is not None)
            self._form.place_for_errors("fit.parameters")
            if experiment is None and not mistaken:
                line("note", "An experiment is needed first: see the page Experiment.")
            known = {each.path for each in offered}
            for name in free:
                if name.rpartition(":")[2] not in known:
                    self._stranger(name, kept=experiment is None or mistaken)
            shown = [each for each in offered if each.usual or each.beside or each.path in free]
            for each in shown:
                self._row(each, each.path in free, free.get(each.path))
            others = [each for each in offered if each not in shown]
            if others:
                with self._form.section("fit.others", lambda: "Other numbers of the experiment", opened=False):
                    for each in others:
                        self._row(each, False, None)
            self._form.key(OBSERVED_CHARGE, FitTable)
            with self._form.section("fit", lambda: "Settings of the fit", opened=False):
                self._form.table("fit", FitTable, only=SETTINGS)

    def _row(self, choice: Choice, ticked: bool, entry: Any) -> None:
        assert self._form is not None
        name = f"{choice.group} {choice.label}"
        with row().style("min-height: 24px"):
            box = ui.checkbox(name, value=ticked, on_change=lambda event: self._tick(choice, bool(event.value)))
            box.props("dense").mark(f"fit-free-{choice.path}").tooltip(choice.path)
            ui.space()
            shown = choice.value.replace("m^2/s", "m²/s").replace("1/m^3", "m⁻³")
            ui.label(shown).classes("workbench-note").tooltip("In the experiment: the first value of the fit")
        if not ticked:
            if choice.beside:
                line("note", choice.beside).mark(f"fit-beside-{choice.path}")
            return
        prior = isinstance(entry, Mapping) and "prior" in entry
        number, quantity = Value(kind="number"), Value(kind="quantity")
        value = number if isinstance(choice.suggestion["lower"], float) else quantity
        keys, of_prior = describe(ParameterTable), describe(PriorTable)
        with grid("1fr 1fr 88px 24px", gap=4).style("align-items: start").classes("fit-bounds"):
            for key in ("lower", "upper"):
                self._form.add(parameter_path(choice.path, key),
                               replace(keys[key], value=value, example=choice.suggestion[key]))  # fmt: skip
            self._form.add(parameter_path(choice.path, "scale"), keys["scale"])
            button("remove" if prior else "add", f"{'remove' if prior else 'add'} prior of {name}",
                   partial(self._prior, choice, not prior), f"fit-prior-{choice.path}")  # fmt: skip
            if prior:
                relative = entry["prior"].get("kind") == "log-normal"
                for key, label, shown_as in (
                    ("kind", "prior", of_prior["kind"].value),
                    ("mean", "", value),
                    ("standard_deviation", "relative σ" if relative else "σ", number if relative else value),
                ):
                    self._form.add(parameter_path(choice.path, "prior", key), replace(of_prior[key], value=shown_as),
                                   label=label)  # fmt: skip
        with ui.element("div").classes("w-full"):
            self._form.place_for_errors(parameter_path(choice.path))

    def _stranger(self, name: str, *, kept: bool) -> None:
        """A free parameter of the document that the experiment does not have, or that cannot be looked up now."""
        assert self._form is not None
        with row():
            ui.label(parameter_words(name)).style("flex: 1 1 0").tooltip(name)
            if not kept:
                ui.label("not in the experiment").classes("workbench-error")
                button("close", f"remove {name}", partial(self._session.edit, parameter_path(name), None),
                       f"fit-remove-{name}")  # fmt: skip
        self._form.place_for_errors(parameter_path(name))

    def _tick(self, choice: Choice, ticked: bool) -> None:
        path = parameter_path(choice.path)
        if ticked != (self._session.project.document.get(path) is not None):
            self._session.edit(path, dict(choice.suggestion) if ticked else None)

    def _prior(self, choice: Choice, wanted: bool) -> None:
        path = parameter_path(choice.path, "prior")
        if not wanted:
            self._session.edit(path, None)
            return
        plain = isinstance(choice.suggestion["lower"], float)
        mean: str | float = float(choice.value) if plain else choice.value
        self._session.edit(path, {"kind": "log-normal", "mean": mean, "standard_deviation": 0.2})

    def _reset(self, experiment: Experiment | None) -> None:
        if experiment is not None:
            found = suggested_parameters(experiment)
            self._suggested = found
            self._session.edit("fit.parameters", found)
