"""The page of the measurement: from the files of the instrument to calibrated densities with their errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

from nicegui import background_tasks, run, ui

from ionscape.errors import InputError
from ionscape.files.description import table_at
from ionscape.profiling import DepthProfile
from ionscape.profiling.calibration_rows import calibration_rows
from ionscape.profiling.crater import StepHeight
from ionscape.wording import name_of
from ionscape.workbench.measuring import (
    Measured,
    changes_for_experiment,
    known_ions,
    measure,
    moved_crater_regions,
    region_text,
)
from ionscape.workbench.measuring_remarks import still_needed
from ionscape.workbench.pages.latest import Latest
from ionscape.workbench.pages.measurement_channels import ChannelTable
from ionscape.workbench.pages.measurement_files import FileList
from ionscape.workbench.pages.measurement_settings import MeasurementSettings
from ionscape.workbench.pages.plot_view import PlotView
from ionscape.workbench.parts import QUIET, column, line, sides, text_button
from ionscape.workbench.plots import crater_plot, measured_plots
from ionscape.workbench.session import Session
from ionscape.workbench.wording import page_words

_STYLE = """
.measurement-upload { border: 1px dashed rgba(128, 128, 128, 0.7); border-radius: 4px; }
.measurement-upload .q-uploader__header { background: transparent; color: inherit; }
.measurement-upload .q-uploader__title { font-size: 13px; font-weight: 400; line-height: 1.3; white-space: normal; }
.measurement-upload .q-uploader__subtitle, .measurement-upload .q-uploader__list { display: none; }
.measurement-compact .q-field__control, .measurement-compact .q-field__native { min-height: 26px; height: 26px; }
.measurement-compact .q-field__marginal { height: 26px; }
.measurement-summary td, .measurement-summary th { padding: 1px 14px 1px 0; text-align: left; font-size: 12px; }
"""
WELCOME = (
    "Drop the depth profile that the instrument exported (SurfaceLab text, table with a header line, .ita) and the"
    " profilometer scans across the crater on the left. The channels are recognised, the regions are found; both can be"
    " corrected."
)
EARLIER = "The densities are those of the last settings without mistakes."
NO_PLACE = "measurement"


class Page:
    """Files and settings on the left, crater, counts and densities on the right."""

    def __init__(self, session: Session) -> None:
        """Make the elements, and measure what the document has already."""
        ui.add_css(_STYLE)
        self.session = session
        self.found = Measured()
        self._fingerprint: object = None
        self._measuring = Latest(self._measure_once)
        self._scan = 0
        self._good: tuple[Any, DepthProfile] | None = None  # the last calibrated profile with what it is of
        left, right = sides()
        with left:
            self._files = FileList(session)
            self._channels = ChannelTable(session)
            self._settings = MeasurementSettings(session)
        with right:
            self._figures()
        session.on_change(self._changed)
        self._show()
        ui.timer(0.01, self.refresh, once=True)

    def _figures(self) -> None:
        self._welcome = line("note", WELCOME).classes("q-pa-md").style("max-width: 620px")
        with ui.row().classes("w-full items-center").style("gap: 8px; min-height: 20px; flex: none"):
            self._busy = ui.spinner(size="1.2em").mark("measurement-busy")
            self._busy.set_visibility(False)
            self._state = ui.label().classes("workbench-note").mark("measurement-state")
        self._problem = line("error").mark("measurement-problem")
        self._needed = line("warning").mark("measurement-needed")
        self._earlier = line("warning").mark("measurement-earlier")
        self._warnings = column(2).mark("measurement-warnings")
        self._profile = PlotView(
            self.session, mark="measurement-profile-plot", label="Calibrated densities over depth", height=300,
            moved=self._moved_profile,
        )  # fmt: skip
        self._balance = PlotView(
            self.session, mark="measurement-balance-plot", label="Charge balance over depth", height=130,
        )  # fmt: skip
        with ui.row().classes("w-full no-wrap").style("gap: 8px"):
            with ui.column().style("gap: 0; flex: 1 1 0; min-width: 0"):
                self._scans = ui.row().classes("items-center").style("gap: 0; min-height: 26px")
                self._crater = PlotView(
                    self.session, mark="measurement-crater-plot", label="Scan across the crater", height=240,
                    moved=self._moved_crater,
                )  # fmt: skip
            with ui.column().style("gap: 0; flex: 1 1 0; min-width: 0"):
                self._counts = PlotView(
                    self.session, mark="measurement-counts-plot", label="Counts of the channels", height=266,
                        )  # fmt: skip
        self._summary = ui.html("", sanitize=False).classes("measurement-summary").mark("measurement-summary")

    # what happens ----------------------------------------------------------------------------------------------------

    def _changed(self, what: str) -> None:
        if what == "document":
            changes = changes_for_experiment(self.session.project.document.data, self.found.raw)
            if changes:
                self.session.edit_many(dict(changes), follows=True)
                return  # it is told again
            self._show()
        if what in ("document", "uploads"):
            background_tasks.create(self.refresh(), name="measurement")

    async def refresh(self) -> None:
        """Read and calibrate again if anything that matters has changed; one calculation at a time."""
        try:
            await self._measuring.request()
        finally:
            self._busy.set_visibility(self._measuring.busy)

    async def _measure_once(self) -> None:
        data = {key: value for key, value in self.session.project.document.data.items() if key != "fit"}
        fingerprint = (repr(data), tuple(path.name for path in self.session.project.uploads()))
        if fingerprint == self._fingerprint:
            return
        self._fingerprint = fingerprint
        self._busy.set_visibility(True)
        if self.found.errors:
            # they may be outdated; the document's own sentences stay
            self.found = replace(self.found, errors={})
            self._show()
        self._state.set_text("Reading and calibrating ...")
        found = await run.io_bound(self._measure)
        if found is not None:  # otherwise the server is being stopped
            self.found = found
            self._show()

    def _measure(self) -> Measured:
        """In a thread: calibrate, and keep the profile where the other pages find it."""
        project = self.session.project
        try:
            found = measure(project.document.path)
            if found.profile is not None:
                found.profile.to_netcdf(project.result_path("profile.nc"))
        except InputError as error:
            return Measured(errors={NO_PLACE: error})
        if found.profile is not None:
            project.changed("results")
        return found

    def _moved_profile(self, moved: dict[str, tuple[float, float]]) -> None:
        self.session.edit_many({f"measurement.{name}_region": region_text(ends, "nm") for name, ends in moved.items()})

    def _moved_crater(self, moved: dict[str, tuple[float, float]]) -> None:
        scan = self.found.scans.get(self._scan)
        if isinstance(scan, StepHeight):
            self.session.edit_many(moved_crater_regions(scan, moved))

    def _choose_scan(self, number: int) -> None:
        self._scan = number
        self._show_crater()

    # what is shown ---------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        data, found = self.session.project.document.data, self.found
        needed = still_needed(data, found)
        found = replace(found, errors={key: error for key, error in found.errors.items() if key not in needed})
        sample = _sample_of(data)
        if found.profile is not None:
            self._good = sample, found.profile
        elif self._good is not None and self._good[0] != sample:
            self._good = None
        errors = {**found.errors, **self.session.errors}
        problem = _problem_text(data, found)
        earlier = found.profile is None and self._good is not None and bool(problem or needed)
        self._earlier.set_text(EARLIER if earlier else "")
        if found.profile is None and self._good is not None:
            found = replace(found, profile=self._good[1])
        self._needed.set_text(" ".join(needed.values()))
        self._files.show(data, found, errors)
        self._channels.show(data, found, errors)
        self._settings.show(data, found, errors)
        begun = isinstance(data.get("measurement"), Mapping)
        self._welcome.set_text("" if begun else WELCOME)
        self._state.set_text(_state_text(found))
        self._problem.set_text(problem if begun else "")
        self._warnings.clear()
        if found.profile is not None:
            with self._warnings:
                for remark in found.profile.remarks:
                    line("warning", page_words(remark))
        plots = {plot.name: plot for plot in measured_plots(found.profile, found.raw)}
        self._profile.show(plots.get("calibrated-profile"))
        self._balance.show(plots.get("charge-balance"))
        self._counts.show(plots.get("counts") or plots.get("raw-counts"))
        self._show_crater()
        self._summary.set_content("" if found.profile is None else _summary_table(found.profile))

    def _show_crater(self) -> None:
        scans = self.found.scans
        if self._scan not in scans:
            self._scan = next(iter(scans), 0)
        self._scans.clear()
        with self._scans:
            for number in scans if len(scans) > 1 else ():
                text_button(f"scan {number + 1}", partial(self._choose_scan, number), f"measurement-scan-{number}",
                            look=QUIET + ("" if number == self._scan else " color=grey"))  # fmt: skip
        self._crater.show(crater_plot(scans[self._scan]) if self._scan in scans else None)


def _sample_of(data: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the densities are of, as long as it stays: the export and the ions."""
    return table_at(data, "measurement").get("file"), *table_at(data, "ions")


def _problem_text(data: Mapping[str, Any], found: Measured) -> str:
    """What keeps the measurement from being calibrated; sentences that stand beside a field are not repeated."""
    if found.profile is not None or not found.errors:
        return ""
    told = [page_words(error) for key, error in found.errors.items() if not key.startswith("measurement.")]
    if not told:
        names = ", ".join(name_of(key) for key in found.errors)
        return f"Not calibrated: see what is said beside the fields on the left ({names})."
    if not known_ions(data):
        told.append("The page Experiment has examples to begin with.")
    return " ".join(dict.fromkeys(told))


def _state_text(found: Measured) -> str:
    if found.profile is None:
        return ""
    return (
        "Drag the coloured regions in the figures, or type them on the left. Dark bands are 95 % statistical intervals,"
        " light ones the span of the normalisations."
    )


def _summary_table(profile: DepthProfile) -> str:
    """The figures of the calibration as on the command line."""
    cells = "".join(
        f"<tr><td>{escape(row.label)}</td><td>{' ± '.join(filter(None, row.shown))}</td></tr>"
        for row in calibration_rows(profile.summary())
    )
    return f"<table>{cells}</table>"
