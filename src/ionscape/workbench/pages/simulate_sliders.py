"""Sliders of parameters: the profile follows while one moves, and its value is written on release."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from ionscape.errors import IonscapeError
from ionscape.files.values import Scalar, parts_following, scalars
from ionscape.wording import name_of
from ionscape.workbench.parts import button, column, heading, line, row

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.workbench.live import LiveProfile
    from ionscape.workbench.session import Session

SLIDER_STEPS = 200
DECADES = 1.5  # that a slider of a diffusion coefficient reaches to either side
KELVINS = 60.0  # that a slider of a temperature reaches to either side
WRITTEN_DIGITS = 5


@dataclass(frozen=True, kw_only=True)
class SliderRange:
    """Where a slider of a parameter reaches.

    Attributes:
        low: lower end in SI units.
        high: upper end in SI units.
        log: whether steps are factors.
    """

    low: float
    high: float
    log: bool

    @classmethod
    def around(cls, scalar: Scalar) -> SliderRange:
        """A sensible range around the present value of a parameter."""
        value = scalar.value
        if scalar.dimension == "diffusion coefficient" and value > 0.0:
            return cls(low=value * 10.0**-DECADES, high=value * 10.0**DECADES, log=True)
        if scalar.dimension == "temperature":
            return cls(low=max(value - KELVINS, 0.5 * value), high=value + KELVINS, log=False)
        if scalar.dimension is None and 0.0 <= value < 1.0:
            return cls(low=0.0, high=min(max(3.0 * value, 0.2), 0.99), log=False)
        ends = sorted((0.25 * value, 2.0 * value)) if value else [-1.0, 1.0]
        return cls(low=ends[0], high=ends[1], log=False)

    def value(self, place: float) -> float:
        """The value at a place from 0 to 1."""
        if self.log:
            return self.low * (self.high / self.low) ** place
        return self.low + place * (self.high - self.low)

    def place(self, value: float) -> float:
        """The place of a value, kept within 0 and 1."""
        if self.log:
            found = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            found = (value - self.low) / (self.high - self.low)
        return min(max(found, 0.0), 1.0)


class Sliders:
    """The part of the page that moves parameters.

    Attributes:
        live: experiment and profile of the electroneutral model while a slider moves; None before and after.
        moved: values of the parameters that are moved and not written yet, in SI units.
    """

    def __init__(
        self, session: Session, *, draw: Callable[[], Awaitable[None]], stale: Callable[[bool], None],
        submit: Callable[[dict[str, str]], str],
    ) -> None:  # fmt: skip
        """Make the controls in the current container.

        Args:
            session: of the tab.
            draw: draws the page with `live`.
            stale: greys out the figures that do not follow.
            submit: starts a simulation with options, and returns its identifier.
        """
        self.session = session
        self.document = session.project.document
        self.live: tuple[Experiment, LiveProfile] | None = None
        self.moved: dict[str, float] = {}
        self._draw, self._stale, self._submit = draw, stale, submit
        self._sliders: dict[str, tuple[Scalar, SliderRange, ui.slider, ui.label]] = {}
        self._known: dict[str, Scalar] = {}
        self._following: str | None = None  # the run that the last release of a slider started
        self._warm = False
        self._controls()

    def _controls(self) -> None:
        ui.separator()
        heading("Move parameters")
        line(
            "note",
            "The profile at the end follows with the electroneutral model while a slider moves; on release the value is"
            " written into the experiment.",
        )
        self._chooser = ui.select({}, label="parameter", with_input=True, on_change=self._choose)
        self._chooser.props("dense outlined stack-label options-dense").classes("w-full").mark("simulate-parameter")
        self._chooser.props["aria-label"] = "add a slider for a parameter"
        self._place = column(2)
        self._on_release = ui.checkbox("simulate with the full model on release", value=True).props("dense")
        self._on_release.mark("simulate-on-release")
        self._note = line("note").mark("simulate-live")

    def offer(self) -> None:
        """Offer the parameters of the document; sliders of those that are gone go too."""
        if self.session.experiment is None:
            return
        found = {name: scalar for name, scalar in scalars(self.session.experiment).items()
                 if not name.startswith("grid.")}  # fmt: skip
        self._known = found
        self._offer_others()
        for path in list(self._sliders):
            if path not in found:
                self._remove_slider(path)
                continue
            _, reach, slider, label = self._sliders[path]
            scalar = found[path]
            self._sliders[path] = (scalar, reach, slider, label)
            if path not in self.moved:
                label.set_text(f"{name_of(path)} = {scalar.written(digits=WRITTEN_DIGITS)}")
                place = round(SLIDER_STEPS * reach.place(scalar.value))
                if slider.value != place:
                    slider.set_value(place)

    def _offer_others(self) -> None:
        """Offer the parameters without a slider, those of the ions first, in words with the key of the file."""
        others = sorted((path for path in self._known if path not in self._sliders),
                        key=lambda path: not path.startswith("ions."))  # fmt: skip
        self._chooser.set_options({path: f"{name_of(path)}  ({path})" for path in others})

    def _choose(self, event: Any) -> None:
        path = event.value
        if path is None or path in self._sliders or path not in self._known:
            return
        self._chooser.set_value(None)
        scalar = self._known[path]
        reach = SliderRange.around(scalar)
        with self._place, column(0).mark(f"slider-row-{path}"):
            with row(4):
                label = ui.label(f"{name_of(path)} = {scalar.written(digits=WRITTEN_DIGITS)}").classes("col ellipsis")
                label.style("font-size: 12px").mark(f"slider-value-{path}").tooltip(path)
                button("close", f"remove the slider of {name_of(path)}", partial(self._remove_slider, path),
                       f"unslide-{path}")  # fmt: skip
            slider = ui.slider(min=0, max=SLIDER_STEPS, step=1, value=round(SLIDER_STEPS * reach.place(scalar.value)))
            slider.props("dense").classes("q-px-sm").mark(f"slider-{path}").props["aria-label"] = name_of(path)
        self._sliders[path] = (scalar, reach, slider, label)
        slider.on_value_change(partial(self._moved, path))
        slider.on("change", partial(self._released, path))
        self._offer_others()
        if not self._warm:
            self._warm = True
            self._note.set_text("The electroneutral model is being started.")
        self.session.live.warm_up()

    def _remove_slider(self, path: str) -> None:
        _, _, slider, _ = self._sliders.pop(path)
        self.moved.pop(path, None)
        assert slider.parent_slot is not None
        slider.parent_slot.parent.delete()
        self._offer_others()

    async def _moved(self, path: str, event: Any) -> None:
        """Follow a slider with the electroneutral model; only the latest request is answered."""
        if path not in self._sliders:
            return
        scalar, reach, _, label = self._sliders[path]
        place = float(event.value or 0.0)
        if place == round(SLIDER_STEPS * reach.place(scalar.value)) and path not in self.moved:
            return
        self.moved[path] = reach.value(place / SLIDER_STEPS)
        label.set_text(f"{name_of(path)} = {scalar.written(self.moved[path], digits=WRITTEN_DIGITS)}")
        self._stale(True)
        found = await self._simulated(dict(self.moved))
        if found is not None:
            self.live = found
            await self._draw()

    async def _simulated(self, moved: Mapping[str, float]) -> tuple[Experiment, LiveProfile] | None:
        try:
            text = self.document.text
            folder = str(self.session.project.folder)
            future = self.session.live.request(text, moved, folder=folder, file="analysis.toml")
            found = await asyncio.wrap_future(future)
            experiment = self.session.experiment
        except IonscapeError as error:
            self._note.set_text(str(error))
            return None
        if found is None or experiment is None:
            return None
        self._note.set_text(f"electroneutral model, {found.wall_time:.2f} s")
        return experiment, found

    def _released(self, path: str) -> None:
        """Write the value into the experiment, and simulate with the full model."""
        if path not in self.moved:
            return
        scalar, moved = self._sliders[path][0], self.moved.pop(path)
        written = scalar.written(moved, digits=WRITTEN_DIGITS)
        others = parts_following(self.session.experiment, path, written) if self.session.experiment else {}
        errors = self.session.edit_many({path: written, **others})
        if errors:
            self._note.set_text(str(next(iter(errors.values()))))
        elif self._on_release.value:
            job = self.session.jobs.latest("simulate")
            if job is not None and job.active and job.identifier == self._following:
                self.session.jobs.cancel(job)
            label = f"full, {name_of(path)} {scalar.written(moved, digits=WRITTEN_DIGITS)}"
            self._following = self._submit({"model": "full", "label": label})
