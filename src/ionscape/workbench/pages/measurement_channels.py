"""Which channels of an export count to which ion, and the densities of native ions where no experiment gives them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from ionscape.workbench.drawing import plain_formula
from ionscape.workbench.forms import FIELD, TYPING_PAUSE
from ionscape.workbench.measuring import (
    Measured,
    assignment,
    channel_remarks,
    channels_by_element,
    channels_of,
    inspection_remarks,
    known_ions,
)
from ionscape.workbench.session import Session

UNUSED = "not used"


class ChannelTable:
    """A row for every channel of ions: counts, the ion it counts to, whether its detector was saturated."""

    def __init__(self, session: Session) -> None:
        """Make the place."""
        self._session = session
        self._box = ui.column().classes("w-full").style("gap: 2px").mark("measurement-channels")
        self._shown: object = None

    def show(self, data: Mapping[str, Any], found: Measured, errors: Mapping[str, str]) -> None:
        """Show the channels of the export."""
        raw, inspection = found.raw, found.inspection
        table = data.get("measurement")
        table = table if isinstance(table, Mapping) else {}
        keys = ("channels", "native", "charges", "saturated", "file")
        own = tuple(f"measurement.{key}" for key in keys[:-1])
        told = {key: text for key, text in errors.items() if key.startswith(own)}
        shown = (raw, known_ions(data), repr([table.get(key) for key in keys]), "ions" in data, tuple(told.items()))
        if shown == self._shown:
            return
        self._shown = shown
        self._box.clear()
        if raw is None or inspection is None:
            return
        assigned = assignment(raw, data)
        saturated = [str(name) for name in table.get("saturated") or ()]
        options = list(dict.fromkeys([*known_ions(data), *(ion for ion in assigned.values() if ion)]))
        if "ions" not in data:
            # without an experiment every element may be an ion
            options = list(dict.fromkeys([*options, *channels_by_element(raw)]))
        by_name = {channel.name: channel for channel in inspection.channels}
        with self._box:
            with (
                ui.element("div")
                .classes("w-full")
                .style(
                    "display: grid; grid-template-columns: 1fr 70px 104px 30px; gap: 3px 6px; align-items: center;"
                    " max-height: 260px; overflow-y: auto"
                )
            ):
                for heading in ("channel", "counts", "ion", "sat."):
                    label = ui.label(heading).classes("workbench-note")
                    if heading == "sat.":
                        label.tooltip("Detector saturated: left out, the element is rebuilt from its other isotopes")
                for name, ion in assigned.items():
                    self._row(name, ion, assigned, options, saturated, by_name[name])
            self._densities(data, table, sorted({ion for ion in assigned.values() if ion}, key=options.index))
            for sentence in dict.fromkeys(told.values()):
                ui.label(sentence).classes("workbench-error w-full").props("role=alert")
            with ui.row().classes("w-full items-center no-wrap").style("gap: 6px"):
                ui.label(". ".join(inspection_remarks(inspection)) + ".").classes("workbench-note").style("flex: 1 1 0")
                if "channels" in table and "ions" in data:
                    again = ui.button("recognise", on_click=lambda: self._session.edit("measurement.channels", None))
                    again.props("flat dense size=sm").mark("measurement-recognise")
                    again.tooltip("Assign the channels by their elements again")

    def _row(
        self, name: str, ion: str, assigned: dict[str, str], options: list[str], saturated: list[str], channel: Any
    ) -> None:
        remark = channel_remarks(channel)
        with ui.column().style("gap: 0; min-width: 0"):
            ui.label(plain_formula(name)).classes("ellipsis").tooltip(name)
            if remark:
                ui.label(remark).classes("workbench-note")
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

    def _densities(self, data: Mapping[str, Any], table: Mapping[str, Any], ions: list[str]) -> None:
        """Densities of the native ions: of the experiment, or to be typed while there is none."""
        sample = data.get("sample")
        native = sample.get("native") if isinstance(sample, Mapping) else None
        if isinstance(data.get("ions"), Mapping):
            given = ", ".join(f"{ion} {density}" for ion, density in (native or {}).items())
            ui.label(f"Native density, from the experiment: {given or 'not given'}").classes("workbench-note")
            return
        typed = table.get("native")
        ui.label("Bulk density of the native ions; empty for foreign ones. An experiment gives it as well.").classes(
            "workbench-note"
        )
        with ui.element("div").classes("w-full").style("display: grid; grid-template-columns: 1fr 1fr; gap: 6px"):
            for ion in ions:
                value = typed.get(ion) if isinstance(typed, Mapping) else None
                field = ui.input(label=f"{ion} bulk density", value="" if value is None else str(value),
                                 placeholder="such as 1.4e28 1/m^3")  # fmt: skip
                field.props(f"{FIELD} debounce={TYPING_PAUSE} autocomplete=off").mark(f"measurement-native-{ion}")
                field.on("blur", partial(self._write_density, ion, field))
                field.on("keydown.enter", partial(self._write_density, ion, field))

    def _write_density(self, ion: str, field: ui.input) -> None:
        value = str(field.value or "").strip() or None
        self._session.edit(f'measurement.native."{ion}"', value)
