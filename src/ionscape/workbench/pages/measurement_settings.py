"""Settings of a measurement: depth scale, density method, regions; each field shows the sentence about its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from nicegui import ui

from ionscape.errors import InputError
from ionscape.files.description import Value, describe, table_at
from ionscape.files.fields import Keyed
from ionscape.files.quantities import quantity
from ionscape.profiling.crater import StepHeight
from ionscape.profiling.settings import MeasuredLength, MeasuredVelocity, MeasurementTable
from ionscape.workbench.form_fields import help_of
from ionscape.workbench.forms import Form
from ionscape.workbench.measuring import ASSUMED_RESOLUTION, RESOLUTION, Measured, region_text
from ionscape.workbench.parts import FIELD, column, heading, line, row, text_button, undo_button
from ionscape.workbench.session import Session
from ionscape.workbench.wording import page_words

DEPTH_SCALES = {
    "crater_scans": "crater scans",
    "crater_depth": "crater depth, known",
    "sputter_rate": "sputter rate, known",
}
STARTING_VALUES: Mapping[str, dict[str, str]] = {
    "crater_depth": {"value": "160 nm", "error": "1.5 nm"},
    "sputter_rate": {"value": "0.22 nm/s", "error": "0.002 nm/s"},
}
FURTHER_KEYS = (
    "background", "common_factor", "pulses_per_point", "sputter_time", "surface_time", "profilometer_error",
    "single_scan_scatter", "after_stage", "resamples", "seed", "format", "abundances",
)  # fmt: skip
REGIONS = ("bulk", "calibration", "fit")
ELSEWHERE = tuple(f"measurement.{key}" for key in (
    "file", "crater_scans", "surface_regions", "valley_region", "channels", "native", "charges", "saturated",
    *(f"{name}_region" for name in REGIONS),
))  # fmt: skip
"""Keys that are not fields of the form: their sentences stand beside what shows them."""
LARGEST_RESOLUTION = 0.1
"""Of the depth of a profile; a larger one is a slip more likely than an instrument."""
SCALE_MODELS: Mapping[str, type[Keyed]] = {"crater_depth": MeasuredLength, "sputter_rate": MeasuredVelocity}


class MeasurementForm(Form):
    """A form whose sentences are those about the files as well, not about the document alone."""

    marked_elsewhere = (RESOLUTION,)

    def __init__(self, session: Session) -> None:
        """Begin without controls."""
        super().__init__(session)
        self.found: Mapping[str, InputError] = {}

    @property
    def errors(self) -> Mapping[str, InputError]:
        """Errors by path: of the document, and of what was found in its files, but those that stand elsewhere."""
        found = {**self.found, **super().errors}
        return {key: error for key, error in found.items() if not key.startswith(ELSEWHERE)}


class RegionField:
    """Both ends of a region; empty where it is found automatically, what was found stands behind in grey."""

    def __init__(
        self, label: str, *, help: str, unit: Literal["nm", "µm"], mark: str, write: Callable[[list[str] | None], Any]
    ) -> None:
        """Make the two fields.

        Args:
            label: of the region.
            help: what it is for.
            unit: in which it is shown where it was found.
            mark: marker for tests.
            write: gets both ends as typed, None where both are empty.
        """
        self._unit: Literal["nm", "µm"] = unit
        self._write_ends = write
        self._found: tuple[float, float] | None = None
        self._given = ["", ""]
        self._fields: list[ui.input] = []
        with row():
            ui.label(label).style("width: 84px").tooltip(help)
            for word in ("from", "to"):
                field = ui.input(label=word).props(f"{FIELD} autocomplete=off").style("flex: 1 1 0; min-width: 0")
                field.mark(f"{mark}-{word}").props["aria-label"] = f"{label} region {word}"
                field.on("blur", self._write)
                field.on("keydown.enter", self._write)
                self._fields.append(field)
        self._error = line("error").mark(f"{mark}-error")

    def show(self, value: Any, found: tuple[float, float] | None, error: InputError | None) -> None:
        """Show the region of the document, the one that was found [m], and what is wrong with it."""
        self._found = found
        given = [str(end) for end in value] if isinstance(value, list) and len(value) == 2 else ["", ""]
        hints = [f"automatic ({self._unit})"] * 2 if found is None else region_text(found, self._unit)
        for field, text, before, hint in zip(self._fields, given, self._given, hints, strict=True):
            if text != before:  # what is being typed stays
                field.set_value(text)
            field.props["placeholder"] = hint
        self._given = given
        self._error.set_text("" if error is None else page_words(error))

    def _write(self) -> None:
        """An end that is left empty is the one that was found; both empty leave the region to be found."""
        typed = [str(field.value or "").strip() for field in self._fields]
        if typed == self._given:
            return
        if not any(typed):
            self._given = typed
            self._write_ends(None)
            return
        ends = ["", ""] if self._found is None else region_text(self._found, self._unit)
        typed = [text or end for text, end in zip(typed, ends, strict=True)]
        if all(typed):
            self._given = typed
            for field, text in zip(self._fields, typed, strict=True):
                field.set_value(text)
            self._write_ends(typed)


class MeasurementSettings:
    """Everything about a measurement that is typed or chosen."""

    def __init__(self, session: Session) -> None:
        """Make the elements."""
        self._session = session
        self._form = MeasurementForm(session)
        self._scale_shown = ""
        self._crater: dict[str, RegionField] = {}
        self._found_crater: list[tuple[float, float]] = []
        self._scans: list[str] = []  # as long as another depth scale has their place
        keys = describe(MeasurementTable)
        _heading("Depth scale")
        self._scale = ui.select(dict(DEPTH_SCALES), value="crater_scans", on_change=lambda event: self._choose_scale(
            str(event.value)))  # fmt: skip
        self._scale.props("dense outlined options-dense hide-bottom-space").classes("w-full")
        self._scale.mark("measurement-depth-scale").props["aria-label"] = "depth scale from"
        self._scale_box = column(6)
        with ui.element("div").classes("w-full"):
            resolution = replace(keys["depth_resolution"], value=Value(kind="quantity"), example="2 nm")
            self._form.add(RESOLUTION, resolution, label="depth resolution (standard deviation)")
        with row():
            self._assumed = line("warning").mark("measurement-resolution-assumed")
            confirm = partial(session.project.confirm, RESOLUTION)
            self._confirm = text_button("confirm", confirm, "measurement-resolution-confirm",
                                        tip="This is the depth resolution of the instrument")  # fmt: skip
        self._doubt = line("warning").mark("measurement-resolution-doubt")
        _heading("Densities")
        with ui.element("div").classes("w-full"):
            self._form.key("measurement.density_method", MeasurementTable)
        with row():
            _heading("Regions of the depth profile")
            ui.space()
            text_button("automatic", self._leave_to_be_found, "measurement-regions-automatic",
                        tip="Leave the three regions to be found")  # fmt: skip
            undo_button(session, "measurement-undo")
        self._regions = {
            name: RegionField(
                name, unit="nm", mark=f"measurement-{name}", write=partial(session.edit, f"measurement.{name}_region"),
                help=help_of(keys[f"{name}_region"]),
            )
            for name in REGIONS
        }  # fmt: skip
        with self._form.section("measurement", lambda: "Further settings", opened=False):
            self._form.table("measurement", MeasurementTable, only=FURTHER_KEYS)

    def show(self, data: Mapping[str, Any], found: Measured, errors: Mapping[str, InputError]) -> None:
        """Show the document as it is now."""
        table = table_at(data, "measurement")
        scale = next((key for key in ("crater_depth", "sputter_rate") if key in table), "crater_scans")
        if scale != self._scale_shown:
            self._scale_shown = scale
            self._scale.set_value(scale)
            self._build_scale(scale)
        self._form.found = found.errors
        self._form.update()
        assumed = RESOLUTION in self._session.project.assumed
        self._assumed.set_text(ASSUMED_RESOLUTION if assumed else "")
        self._confirm.set_visibility(assumed)
        self._doubt.set_text(_resolution_doubt(table.get("depth_resolution"), found))
        if scale == "crater_scans":
            self._show_crater_regions(table, found, errors)
        attributes = {} if found.profile is None else found.profile.dataset.attrs
        for name, field in self._regions.items():
            ends = attributes.get(f"{name}_region")
            pair = None if ends is None else (float(ends[0]), float(ends[1]))
            field.show(table.get(f"{name}_region"), pair, _about(errors, f"measurement.{name}_region"))

    def _choose_scale(self, scale: str) -> None:
        if scale == self._scale_shown:
            return
        changes: dict[str, Any] = {f"measurement.{key}": None for key in STARTING_VALUES if key != scale}
        if scale in STARTING_VALUES:
            # one depth scale only; the files stay in the folder
            keys = ("crater_scans", "surface_regions", "valley_region", "profilometer_error")
            changes |= {f"measurement.{key}": None for key in keys}
            changes[f"measurement.{scale}"] = dict(STARTING_VALUES[scale])
        else:
            if self._scans:
                changes["measurement.crater_scans"] = self._scans
        self._scans = self._session.project.document.get("measurement.crater_scans") or self._scans
        self._session.edit_many(changes)

    def _leave_to_be_found(self) -> None:
        self._session.edit_many({f"measurement.{name}_region": None for name in REGIONS})

    def _build_scale(self, scale: str) -> None:
        self._scale_box.clear()
        self._crater = {}
        with self._scale_box:
            if scale in SCALE_MODELS:
                self._form.table(f"measurement.{scale}", SCALE_MODELS[scale])
                return
            line("note", "Heights are compared between these parts of a scan; drag them in the figure.")
            for name, write in (
                ("surface 1", partial(self._write_surface, 0)),
                ("surface 2", partial(self._write_surface, 1)),
                ("valley", partial(self._session.edit, "measurement.valley_region")),
            ):
                self._crater[name] = RegionField(
                    name, unit="µm", mark=f"measurement-{name.replace(' ', '-')}", write=write,
                    help="Lateral positions, the same for all scans",
                )  # fmt: skip

    def _write_surface(self, number: int, ends: list[str] | None) -> None:
        """Both surfaces stand in one list: the other one stays as it is, or as it was found."""
        given = self._session.project.document.get("measurement.surface_regions")
        found = [region_text(each, "µm") for each in self._found_crater]
        regions: list[Any] = given if isinstance(given, list) else found
        changed = [*regions[:number], *([ends] if ends is not None else []), *regions[number + 1 :]]
        self._session.edit("measurement.surface_regions", changed or None)

    def _show_crater_regions(self, table: Mapping[str, Any], found: Measured, errors: Mapping[str, InputError]) -> None:
        step = next((scan for scan in found.scans.values() if isinstance(scan, StepHeight)), None)
        self._found_crater = [] if step is None else list(step.regions.surface)
        given = table.get("surface_regions")
        for number in (0, 1):
            value = given[number] if isinstance(given, list) and number < len(given) else None
            known = self._found_crater[number] if number < len(self._found_crater) and given is None else None
            key = f"measurement.surface_regions[{number}]"
            error = _about(errors, key) or (errors.get("measurement.surface_regions") if number == 0 else None)
            self._crater[f"surface {number + 1}"].show(value, known, error)
        valley = None if step is None else step.regions.valley
        self._crater["valley"].show(table.get("valley_region"), valley, _about(errors, "measurement.valley_region"))


def _about(errors: Mapping[str, InputError], key: str) -> InputError | None:
    """The error of a region, or of one of its ends."""
    return next((error for each, error in errors.items() if each == key or each.startswith(f"{key}[")), None)


def _resolution_doubt(value: Any, found: Measured) -> str:
    """A sentence about a depth resolution that is large beside the profile; empty for none."""
    if not isinstance(value, str) or found.profile is None:
        return ""
    try:
        resolution = quantity(value, "length")
    except InputError:
        return ""  # the field says so
    depth = float(found.profile.dataset["depth"].values[-1])
    if resolution <= LARGEST_RESOLUTION * depth:
        return ""
    return f"That is more than a tenth of the profile ({depth / 1e-9:.3g} nm deep): please check number and unit."


def _heading(text: str) -> None:
    heading(text).style("margin-top: 6px")
