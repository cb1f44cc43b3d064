"""The ions of an experiment: added under the names of the export, each with what is to be said about its name."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import run, ui

from ionscape.experiment.parts import Ion
from ionscape.files.description import table_at
from ionscape.profiling.isotopes import ELEMENTS as ISOTOPES_OF
from ionscape.wording import join_path
from ionscape.workbench.measuring import MOBILE_ELEMENTS, export_elements
from ionscape.workbench.measuring_remarks import ion_name_remark
from ionscape.workbench.pages.experiment_form import ExperimentForm
from ionscape.workbench.parts import button, line, row, text_button

if TYPE_CHECKING:
    from ionscape.workbench.session import Session

ELEMENT_NAMES = {
    "hydrogen": "H", "lithium": "Li", "sodium": "Na", "potassium": "K", "rubidium": "Rb", "caesium": "Cs",
    "cesium": "Cs", "copper": "Cu", "silver": "Ag", "thallium": "Tl", "magnesium": "Mg", "calcium": "Ca",
    "strontium": "Sr", "barium": "Ba", "zinc": "Zn", "fluorine": "F", "fluoride": "F", "chlorine": "Cl",
    "chloride": "Cl", "oxygen": "O",
}  # fmt: skip
"""Symbols of the elements that people spell out."""
_CHARGE = re.compile(r"(?:(?<=[A-Za-z])\d?[+-]|[+-]{2,}|[⁰¹²³⁴-⁹]*[⁺⁻])$")


class IonList:
    """Sections of the ions of a form, which is built again and again."""

    def __init__(self, session: Session) -> None:
        """Begin without a form."""
        self.session = session
        self.document = session.project.document
        self.form: ExperimentForm | None = None
        self.remarks: dict[str, ui.label] = {}
        self.elements: tuple[str, ...] = ()  # of the export
        self.measured_file: Any = None

    def build(self, form: ExperimentForm, ions: object) -> None:
        """Make the sections of the ions of a form."""
        self.form = form
        self.remarks = {}
        for name in table_at(ions):
            path = join_path(("ions", str(name)))
            with form.section(path, partial(str, name)):
                self.remarks[str(name)] = line("warning").mark(f"remark-{path}")
                form.table(path, Ion)
                text_button(f"remove {name}", partial(form.edit, path, None), f"remove-{path}", icon="delete")

        def add() -> None:
            self._add_ion(str(entry.value or "").strip())

        with row(2):
            entry = ui.input(label="add an ion", placeholder="such as K").props("dense outlined stack-label")
            entry.classes("col").mark("add-ions-name").on("keydown.enter", add)
            button("add", "add the ion", add, "add-ions")
        self.offered = ui.row().classes("w-full items-center").style("gap: 2px")
        self.show_elements()

    def _add_ion(self, name: str) -> None:
        """Add an ion under the symbol of its element, whatever the case of its letters and without its charge."""
        symbol = ELEMENT_NAMES.get(name.lower())
        if symbol is not None:
            self.session.notify(f"{name}: ions are named by the symbol of their element; write {symbol}.")
            return
        plain = _CHARGE.sub("", name) or name
        known = next((each for each in (*self.elements, *ISOTOPES_OF) if each.lower() == plain.lower()), plain)
        if known and self.document.get(join_path(("ions", known))) is not None:
            self.session.notify(f"{known} is there already.")
            return
        if known != name:
            self.session.notify(f"Added as {known}{', as the export has it' if known in self.elements else ''}.")
        if known and self.form is not None:
            self.form.add_ion(known)

    async def find_elements(self) -> None:
        """Read which elements the export has, where it is another one."""
        file = self.document.get("measurement.file")
        if file == self.measured_file:
            return
        self.measured_file = file
        self.elements = (await run.io_bound(export_elements, self.document.path) or ()) if file else ()
        if self.session.alive and self.form is not None:
            self.show_elements()

    def show_elements(self) -> None:
        """Offer the elements of the export as ions, and say which ion is none of them."""
        data = self.document.data
        for name, label in self.remarks.items():
            counted = name in table_at(data, "measurement", "channels")
            label.set_text("" if counted else ion_name_remark(name, self.elements))
        ions = [str(ion).rstrip("+-0123456789") for ion in table_at(data, "ions")]
        missing = [name for name in self.elements if name in MOBILE_ELEMENTS and name not in ions]
        self.offered.clear()
        with self.offered:
            if missing:
                ui.label("in the export:").classes("workbench-note")
            for name in missing:
                offer = text_button(name, partial(self._add_ion, name), f"add-ions-{name}", icon="add")
                offer.props["aria-label"] = f"add the ion {name} of the export"
