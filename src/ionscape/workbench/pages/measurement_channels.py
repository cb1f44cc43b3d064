"""Which channels of an export count to which ion, and the densities of native ions where no experiment gives them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from ionscape.errors import InputError
from ionscape.figures.lettering import plain_formula
from ionscape.files.description import describe, table_at
from ionscape.profiling.settings import MeasurementTable
from ionscape.wording import join_path
from ionscape.workbench.form_fields import entry_of
from ionscape.workbench.forms import Form
from ionscape.workbench.measuring import (
    Measured,
    assignment,
    channels_by_element,
    channels_of,
    known_ions,
    unused_elements,
)
from ionscape.workbench.measuring_remarks import channel_remarks, words_about_export
from ionscape.workbench.parts import column, grid, line, row, text_button
from ionscape.workbench.session import Session
from ionscape.workbench.wording import page_words

UNUSED = "not used"
HINT = "Bulk density of the native ions; empty for foreign ones. An experiment gives it as well."


class Densities(Form):
    """Fields whose sentences stand among those about the channels."""

    @property
    def errors(self) -> Mapping[str, InputError]:
        """None of its own."""
        return {}


class ChannelTable:
    """A row for every channel of ions: counts, the ion it counts to, whether its detector was saturated."""

    def __init__(self, session: Session) -> None:
        """Make the place."""
        self._session = session
        with column(2).mark("measurement-channels"):
            self._box, self._density_box, self._told_box = (column(2) for _ in range(3))
        self._shown: object = None
        self._densities_shown: object = None
        self._form = Densities(session)

    def show(self, data: Mapping[str, Any], found: Measured, errors: Mapping[str, InputError]) -> None:
        """Show the channels of the export."""
        raw, inspection = found.raw, found.inspection
        table = table_at(data, "measurement")
        self._told_box.clear()
        if raw is None or inspection is None:
            self._shown = self._densities_shown = None
            self._box.clear()
            self._density_box.clear()
            return
        self._tell(data, table, found, errors)
        keys = ("channels", "saturated", "file")
        shown = (raw, known_ions(data), repr([table.get(key) for key in keys]), "ions" in data)
        if shown != self._shown:
            self._shown = shown
            self._box.clear()
            self._channels(data, table, raw, inspection)
        self._densities(data, list(dict.fromkeys(ion for ion in assignment(raw, data).values() if ion)))

    def _channels(self, data: Mapping[str, Any], table: Mapping[str, Any], raw: Any, inspection: Any) -> None:
        assigned = assignment(raw, data)
        saturated = [str(name) for name in table.get("saturated") or ()]
        options = list(dict.fromkeys([*known_ions(data), *(ion for ion in assigned.values() if ion)]))
        if "ions" not in data:
            # without an experiment every element may be an ion
            options = list(dict.fromkeys([*options, *channels_by_element(raw)]))
        by_name = {channel.name: channel for channel in inspection.channels}
        scrolls = "align-items: center; max-height: 260px; overflow-y: auto"
        with self._box, grid("1fr 64px 100px 58px").style(f"gap: 3px 6px; {scrolls}"):
            for heading in ("channel", "counts", "ion", "saturated"):
                label = ui.label(heading).classes("workbench-note")
                if heading == "saturated":
                    label.tooltip("Detector saturated: left out, the element is rebuilt from its other isotopes")
            for name, ion in assigned.items():
                self._row(name, ion, assigned, options, saturated, by_name[name])

    def _tell(
        self, data: Mapping[str, Any], table: Mapping[str, Any], found: Measured, errors: Mapping[str, InputError]
    ) -> None:
        """What is to be said about the channels."""
        raw, inspection = found.raw, found.inspection
        assert raw is not None
        assert inspection is not None
        own = tuple(f"measurement.{key}" for key in ("channels", "native", "charges", "saturated"))
        told = dict.fromkeys(page_words(error) for key, error in errors.items() if key.startswith(own))
        with self._told_box:
            for sentence in told:
                line("error", sentence)
            for element in unused_elements(raw, data) if "ions" in data and "channels" not in table else ():
                line(
                    "warning",
                    f"{element} is in the export, but no ion of the experiment: its channels are not used. Add it on"
                    " the page Experiment.",
                ).mark(f"measurement-unused-{element}")
            with row():
                line("note", " ".join(words_about_export(inspection))).style("flex: 1 1 0")
                if "channels" in table and "ions" in data:
                    again = partial(self._session.edit, "measurement.channels", None)
                    text_button("recognise", again, "measurement-recognise",
                                tip="Assign the channels by their elements again")  # fmt: skip

    def _row(
        self, name: str, ion: str, assigned: dict[str, str], options: list[str], saturated: list[str], channel: Any
    ) -> None:
        remark = channel_remarks(channel)
        with ui.column().style("gap: 0; min-width: 0"):
            ui.label(plain_formula(name)).classes("ellipsis").tooltip(name)
            line("note", remark)
        ui.label(f"{channel.total_counts:.3g}")
        select = ui.select([UNUSED, *options], value=ion or UNUSED, on_change=lambda event: self._assign(
            assigned, name, "" if event.value in (None, UNUSED) else str(event.value)))  # fmt: skip
        select.props("dense outlined options-dense hide-bottom-space").mark(f"measurement-ion-{name}")
        select.classes("measurement-compact").props["aria-label"] = f"ion of channel {name}"
        box = ui.checkbox(value=name in saturated, on_change=lambda event: self._saturate(
            saturated, name, bool(event.value)))  # fmt: skip
        box.props("dense").mark(f"measurement-saturated-{name}").props["aria-label"] = f"channel {name} is saturated"
        box.set_enabled(bool(ion))

    def _assign(self, assigned: dict[str, str], name: str, ion: str) -> None:
        changed = {**assigned, name: ion}
        if changed != assigned:
            saturated = self._session.project.document.get("measurement.saturated") or []
            kept = [one for one in saturated if changed.get(one)]
            self._session.edit_many(
                {"measurement.channels": channels_of(changed) or None, "measurement.saturated": kept or None}
            )

    def _saturate(self, saturated: list[str], name: str, value: bool) -> None:
        changed = [one for one in saturated if one != name] + ([name] if value else [])
        self._session.edit("measurement.saturated", changed or None)

    def _densities(self, data: Mapping[str, Any], ions: list[str]) -> None:
        """Densities of the native ions: of the experiment, or to be typed while there is none."""
        known = isinstance(data.get("ions"), Mapping)
        shown = table_at(data, "sample", "native") if known else ions
        if shown != self._densities_shown:
            self._densities_shown = shown
            self._density_box.clear()
            self._form = Densities(self._session)
            with self._density_box:
                if known:
                    given = ", ".join(f"{ion} {density}" for ion, density in table_at(shown).items())
                    line("note", f"Native density, from the experiment: {given or 'not given'}")
                else:
                    line("note", HINT)
                    density = entry_of(describe(MeasurementTable)["native"])
                    with grid("1fr 1fr", gap=6):
                        for ion in ions:
                            path = join_path(("measurement", "native", ion))
                            self._form.simple(path, density, f"{ion} bulk density")
        self._form.update()
