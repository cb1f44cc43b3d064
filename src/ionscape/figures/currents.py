"""Current and charge against time, and the overview that joins the main figures of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray

from .coefficients import diffusion_panel, stage_entries
from .conditions import condition_panels, piece_starts
from .lettering import with_minus
from .plot import Axis, Curve, Label, Mark, Panel, Plot, axis_in
from .profiles import (
    density_scale,
    diffusion_over_depth_panel,
    named_stages,
    potential_panel,
    shown_depth_of,
    zone_name,
)
from .render_matplotlib import Drawing
from .states import Result, State, ion_names, stage_ends, stage_numbers, state_at, values
from .style import axis_unit, ion_styles

LEAST_APART = 0.03  # of all time: closer numbers of stages would run into each other
MOST_NAMED = 6  # stages: more lines of names would leave no room for the current
BRIEF = 1e-3  # of a stage or of all time: what lasts no longer is a line in any figure
HIGHEST_WHOLE = 2.0  # times the other currents: brief ones beyond them by no more are drawn whole
NOT_CUT = 0.2  # of the range of the other currents: what reaches no farther beyond them lies within the panel
LEAST_BETWEEN = 0.12  # of all time: room for the height of a current that is cut
LEAST_CHARGE = 1e-4  # of the largest charge: below it an ion's line would only lie on the axis
SAME_CHARGE = 0.01  # of the largest charge: lines closer than that hide each other
DASH = 2.2  # times the thickness of a line
GREY = "#595959"


def _settled(result: Result) -> NDArray[np.bool_]:
    """Return which stored times lie beyond the first thousandth of their stage, where the field is built up.

    So it is of every part of a stage with conditions of its own; a part that lasts no longer than a thousandth of all
    time is a line in any figure.
    """
    times, whole = values(result.dataset, "time"), result.experiment.duration
    settled = np.zeros(times.size, dtype=np.bool_)
    for start, end in pairwise([*piece_starts(result.experiment), whole]):
        if end - start > BRIEF * whole:
            settled |= (times > start + BRIEF * (end - start)) & (times <= end * (1.0 + 1e-12))
    return settled


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """A current that runs out of the panel: at what time [s], and how high [A]."""

    time: float
    current: float


def _shown_and_cut(result: Result) -> tuple[FloatArray, list[_Cut]]:
    """The currents that set the scale [A], and what is cut of brief ones that are much higher.

    What charges the sample as a capacitor when a potential is switched on may be so high that nothing else could be
    read. The highest of neighbours stands for them.
    """
    times, current = values(result.dataset, "time"), values(result.dataset, "current")
    settled = _settled(result)
    shown = current[settled] if settled.any() else current
    lowest, highest = min(0.0, float(shown.min())), max(0.0, float(shown.max()))
    room = HIGHEST_WHOLE * (highest - lowest)
    if room == 0.0 or (highest - current.max() >= -room and current.min() - lowest >= -room):
        return current, []
    kept: list[_Cut] = []
    gap = LEAST_BETWEEN * float(times[-1] - times[0])
    beyond = np.where(current > highest, current - highest, np.minimum(current - lowest, 0.0))
    for place in np.argsort(-np.abs(beyond), kind="stable"):
        if not abs(beyond[place]) > NOT_CUT * (highest - lowest):
            break
        near = any(abs(each.time - times[place]) < gap and each.current * beyond[place] > 0.0 for each in kept)
        if not near:
            kept.append(_Cut(time=float(times[place]), current=float(current[place])))
    return shown, sorted(kept, key=lambda each: each.time)


def stage_marks(ends: dict[int, float]) -> list[tuple[str, float]]:
    """Return what to write above each stage, its number from 1, and where [s]; short neighbours share one mark.

    Args:
        ends: end of each stage [s], by its number from 0.
    """
    total = max(ends.values())
    groups: list[tuple[int, int, float, float]] = []
    start = 0.0
    for stage, end in ends.items():
        if groups and 0.5 * (start + end) - 0.5 * sum(groups[-1][2:]) < LEAST_APART * total:
            groups[-1] = (groups[-1][0], stage, groups[-1][2], end)
        else:
            groups.append((stage, stage, start, end))
        start = end
    return [
        (f"{first + 1}" if first == last else f"{first + 1}\N{EN DASH}{last + 1}", 0.5 * (begin + end))
        for first, last, begin, end in groups
    ]


def stage_lines(result: Result) -> list[str]:
    """Return a line for every stage that was reached: number, name and the current at its end.

    A current that is small beside that of another stage cannot be read from the axis.
    """
    dataset, experiment = result.dataset, result.experiment
    stages, current = stage_numbers(dataset), values(dataset, "current")
    reached = list(stage_ends(dataset))
    lines: list[str] = []
    for stage, name in zip(reached, named_stages(experiment, reached), strict=True):
        at_end = float(current[np.flatnonzero(stages == stage)[-1]])
        unit = axis_unit(at_end, "current", least=1.0)
        idle = experiment.stages[stage].surface_law().potential is None
        lines.append(f"{stage + 1}  {name}" + ("" if idle else f": {at_end / unit.size:.3g} {unit.unit} at the end"))
    return lines


def _time_axis(result: Result) -> Axis:
    end = float(values(result.dataset, "time")[-1]) or 1.0
    return axis_in(axis_unit(end, "time"), "time", "s", limits=(0.0, end))


def _stage_ends(result: Result, unit_size: float) -> list[Mark]:
    """A line at the end of every stage but the last."""
    ends = list(stage_ends(result.dataset).values())[:-1]
    return [Mark(value=end / unit_size, line="solid", colour="#999999", thickness=0.8) for end in ends]


def current_panel(result: Result, *, time: float | None = None, stages: bool = True) -> Panel:
    """The current through the back electrode over time, under the names of several stages.

    Args:
        result: a simulation.
        time: a moment to be marked [s].
        stages: name the stages and their last currents.
    """
    dataset, horizontal = result.dataset, _time_axis(result)
    times, current = values(dataset, "time"), values(dataset, "current")
    extremes, cut = _shown_and_cut(result)
    largest = float(np.abs(extremes).max())
    unit = axis_unit(largest, "current", least=0.5)
    lowest, highest = min(0.0, float(extremes.min())), max(0.0, float(extremes.max()))
    # what is cut has its height written above the other lines
    margin = (0.2 if cut else 0.05) * (highest - lowest) or unit.size
    down, up = (any(sign * each.current > 0.0 for each in cut) for sign in (-1.0, 1.0))
    limits = (lowest - margin if lowest < 0.0 or down else 0.0,
              highest + margin if highest > 0.0 or lowest == 0.0 or up else 0.0)  # fmt: skip
    marks = _stage_ends(result, horizontal.size)
    if time is not None:
        marks.append(Mark(value=time / horizontal.size, line="solid", colour="#D55E00"))
    ends = stage_ends(dataset) if stages else {}
    named = [
        Label(text=text, x=middle / horizontal.size, y=1.0, frame=("data", "panel"), anchor=("center", "bottom"),
              colour=GREY, size=8.0)
        for text, middle in (stage_marks(ends) if len(ends) > 1 else ())
    ]  # fmt: skip
    named += [_height_of(each, horizontal) for each in cut]
    if largest == 0.0:
        named.append(Label(text="open circuit: no current flows", x=0.5, y=0.5, frame=("panel", "panel"),
                           anchor=("center", "center"), colour=GREY, size=9.0))  # fmt: skip
    curve = Curve(name="current", x=times / horizontal.size, y=current / unit.size, colour="black", thickness=1.5)
    return Panel(
        horizontal=horizontal, vertical=axis_in(unit, "current", "A", limits=limits), curves=(curve,),
        marks=tuple(marks), labels=tuple(named), legend="",
        title="\n".join(stage_lines(result)) if 1 < len(ends) <= MOST_NAMED else "",
    )  # fmt: skip


def _height_of(cut: _Cut, horizontal: Axis) -> Label:
    """How high a current is that runs out of the panel."""
    high = cut.current > 0.0
    unit, place = axis_unit(cut.current, "current", least=1.0), cut.time / horizontal.size
    late = place > 0.8 * (horizontal.limits[1] or np.inf)
    text = f"{'↑' if high else '↓'} {with_minus(f'{cut.current / unit.size:.3g}')} {unit.unit}"
    return Label(text=text, x=place, y=0.99 if high else 0.01, frame=("data", "panel"), colour=GREY, size=8.0,
                 anchor=("right" if late else "left", "top" if high else "bottom"))  # fmt: skip


def charge_panel(result: Result) -> Panel:
    """The charge that each ion carried through the surface and through the back over time.

    It is positive from the surface to the back: an anion that leaves through the surface counts as positive too.
    """
    dataset, horizontal = result.dataset, _time_axis(result)
    times, names = values(dataset, "time"), ion_names(dataset)
    charges = {"back": values(dataset, "collected_charge"), "surface": values(dataset, "injected_charge")}
    largest = max(float(np.abs(charge).max()) for charge in charges.values())
    unit, styles = axis_unit(largest, "charge", least=0.5), ion_styles(names)
    curves = [
        Curve(name=f"{name}, {face}", x=times / horizontal.size, y=charge[:, column] / unit.size, thickness=1.6,
              colour=styles[name].colour, line="dashed" if face == "surface" else "solid")
        for face, charge in charges.items()
        for column, name in enumerate(names)
        if np.abs(charge[:, column]).max() > LEAST_CHARGE * largest
    ]  # fmt: skip
    curves = _side_by_side(curves, nearness=SAME_CHARGE * largest / unit.size)
    nothing = Label(text="no ion passes a face", x=0.5, y=0.5, frame=("panel", "panel"), anchor=("center", "center"),
                    colour=GREY)  # fmt: skip
    return Panel(
        horizontal=horizontal, vertical=axis_in(unit, "charge", "C", limits=(None, None) if curves else (-1.0, 1.0)),
        curves=tuple(curves), marks=tuple(_stage_ends(result, horizontal.size)), labels=() if curves else (nothing,),
        # above the panel: charges of both signs leave no corner of it free
        legend="above", legend_title="through surface or back; positive towards the back",
    )  # fmt: skip


def _side_by_side(curves: list[Curve], *, nearness: float) -> list[Curve]:
    """Curves of which those that lie on each other take turns in showing their dashes.

    What enters and what leaves often agrees, and so do two ions of one beam.

    Args:
        curves: in the order in which they are drawn.
        nearness: largest distance of curves that look like one.
    """
    groups: list[list[int]] = []
    for number, curve in enumerate(curves):
        same = next((group for group in groups if np.abs(curves[group[0]].y - curve.y).max() <= nearness), None)
        if same is None:
            groups.append([number])
        else:
            same.append(number)
    found = list(curves)
    for group in groups:
        # a gap shows what is drawn whole, or the paper
        turns = len(group) + (curves[group[0]].line != "solid")
        for turn, number in enumerate(group, start=turns - len(group)):
            if turn and turns > 2:
                found[number] = replace(curves[number], line=(0.0, (0.0, DASH * turn, DASH, DASH * (turns - 1 - turn))))
    return found


@Drawing
def current_and_charge(result: Result) -> Plot:
    """Draw the current through the back electrode and the charge of each ion through both faces over time.

    The ends of the stages are marked. Charges are positive from the surface to the back. Potential, beam current and
    temperature stand above, where they change within a stage.
    """
    current, charge = _currents(result)
    conditions = condition_panels(result, current.horizontal)
    heights = (*(0.6 for _ in conditions), 1.0, 1.0) if conditions else ()
    return Plot(name="current", panels=(*conditions, current, charge), heights=heights, share="x",
                size=(6.4, 5.4 + 1.5 * len(conditions)))  # fmt: skip


def _currents(result: Result) -> tuple[Panel, Panel]:
    """Current above charge, with one abscissa."""
    upper = current_panel(result)
    return replace(upper, horizontal=replace(upper.horizontal, hidden=True)), charge_panel(result)


@Drawing
def overview(result: Result) -> Plot:
    """Draw the final profile, the diffusion coefficients, current and charge, and the potential as one page.

    Potential, beam current and temperature over time stand above the current, where they change within a stage. Where
    ions have populations, diffusion coefficients are effective ones over depth, as no density determines them.
    """
    experiment, dataset = result.experiment, result.dataset
    final = state_at(dataset, max(stage_ends(dataset).values()))
    limit = shown_depth_of(result, [final.time])
    clock, scale = axis_unit(final.time, "time"), density_scale(result, limit)
    current, charge = _currents(result)
    diffusion = _diffusion(result, final, limit)
    conditions = [
        replace(panel, vertical=replace(panel.vertical, label=f"{panel.vertical.label}\n"))  # they are low
        for panel in condition_panels(result, current.horizontal)
    ]
    below = tuple((5 + number, 4) for number in range(len(conditions)))
    return Plot(
        name="overview",
        title=experiment.title,
        panels=(
            scale.panel(scale.curves(final), title=f"profile after {final.time / clock.size:.4g} {clock.unit}"),
            diffusion,
            current,
            charge,
            replace(potential_panel(final, limit=limit), title=f"potential in the {zone_name(experiment, limit)}"),
            *conditions,
        ),
        layout=((0, 1), (0, 1), *below, (2, 4), (3, 4)),
        heights=(1.0, 1.0, *(0.5 for _ in conditions), 1.0, 1.0) if conditions else (),
        size=(11.0, 8.0 + 1.2 * len(conditions)),
    )


def _diffusion(result: Result, final: State, limit: float) -> Panel:
    """D(n) with all its stages; effective D over depth where ions have populations."""
    if "population" in result.dataset:
        panel = diffusion_over_depth_panel(result, final, limit=limit)
        return replace(panel, title="effective diffusion coefficients")
    panel, stages = diffusion_panel(result.experiment), stage_entries(result.experiment)
    return replace(panel, title="diffusion coefficients",
                   curves=(*panel.curves, *(stages if len(stages) > 1 else ())))  # fmt: skip
