"""What is done to a sample over time, where it changes within a stage: potential, beam current, temperature."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from ionscape.files.quantities import DIMENSIONS, DimensionName

from .plot import Axis, Curve, Panel, axis_in
from .states import Result
from .style import axis_unit

if TYPE_CHECKING:
    from ionscape.experiment import Experiment

CONDITIONS: dict[str, tuple[DimensionName, str]] = {
    "potential": ("voltage", "potential"),
    "beam_current": ("current", "beam current"),
    "temperature": ("temperature", "temperature"),
}
"""Dimension and words of what a programme may change."""


def condition_panels(result: Result, horizontal: Axis) -> list[Panel]:
    """A panel for every condition that changes within a stage, over the time of the whole experiment.

    Args:
        result: a simulation.
        horizontal: axis of the time.
    """
    experiment = result.experiment
    changing = {
        "potential" if key == stage.surface_law().potential_key else key
        for stage in experiment.stages
        for key in stage.programmes
    }
    return [_panel(experiment, name, horizontal) for name in CONDITIONS if name in changing]


def piece_starts(experiment: Experiment) -> list[float]:
    """Times at which a stage begins or its conditions begin to change otherwise [s]."""
    return [0.0, *accumulate(stage.duration for stage in experiment.in_pieces().starts.stages)][:-1]


def _panel(experiment: Experiment, name: str, horizontal: Axis) -> Panel:
    dimension, words = CONDITIONS[name]
    times, values = np.array(list(_points(experiment, name))).T
    largest = float(np.nanmax(np.abs(values)))
    if dimension == "temperature":
        vertical = Axis(label=words, unit=DIMENSIONS[dimension].unit)
    else:
        vertical = axis_in(axis_unit(largest, dimension), words, DIMENSIONS[dimension].unit)
    curve = Curve(name=words, x=times / horizontal.size, y=values / vertical.size, colour="black", thickness=1.5)
    return Panel(horizontal=horizontal, vertical=vertical, curves=(curve,), legend="")


def _points(experiment: Experiment, name: str) -> Iterator[tuple[float, float]]:
    """Times [s] and values at the ends of straight lines; no number where there is none, as in storage."""
    pieces = experiment.in_pieces()
    for start, first, last in zip(piece_starts(experiment), pieces.starts.stages, pieces.ends.stages, strict=True):
        for time, stage in ((start, first), (start + first.duration, last)):
            value = stage.first_temperature if name == "temperature" else getattr(stage.surface_law(), name)
            yield time, np.nan if value is None else value
