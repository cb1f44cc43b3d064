"""Current and charge against time, and the overview that joins the main figures of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.figures.energies import draw_diffusion_coefficients, label_stage_lines
from ionscape.figures.profiles import draw_potential, draw_profiles, stages_and_temperatures, zone_name
from ionscape.figures.states import (
    Array,
    Result,
    exchanging_ions,
    ion_names,
    mobile_ions,
    shown_depth,
    stage_ends,
    stage_numbers,
    state_at,
    values,
)
from ionscape.figures.style import axis_unit, inner_legend, ion_styles, legend_that_fits, new_figure, tidy

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

LEAST_APART = 0.03  # of all time: closer numbers of stages would run into each other
MOST_NAMED = 6  # stages: more lines of names would leave no room for the current
LEGEND_SIZE = 9  # points
LEAST_CHARGE = 1e-4  # of the largest charge: below it an ion's line would only lie on the axis


def _settled(dataset: xr.Dataset) -> NDArray[np.bool_]:
    """Return which stored times lie beyond the first thousandth of their stage, where the field is built up."""
    times, stages = values(dataset, "time"), stage_numbers(dataset)
    settled = np.zeros(times.size, dtype=np.bool_)
    start = float(times[0])
    for stage, end in stage_ends(dataset).items():
        settled |= (stages == stage) & (times > start + 1e-3 * (end - start))
        start = end
    return settled


def _mark_stages(axes: Axes, result: Result, unit_size: float) -> None:
    """Draw a vertical line at the end of every stage but the last."""
    ends = stage_ends(result.dataset)
    for stage, end in ends.items():
        if stage != max(ends):
            axes.axvline(end / unit_size, color="0.6", lw=0.8, zorder=0)


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


def _name_stages(axes: Axes, result: Result, unit_size: float) -> None:
    """Write above `axes` the number of every stage, and over these what it is and the current at its end."""
    ends = stage_ends(result.dataset)
    if len(ends) < 2:
        return
    grey: dict[str, Any] = {"fontsize": 8, "color": "0.35"}
    for text, middle in stage_marks(ends):
        axes.annotate(
            text, (middle / unit_size, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom", **grey,
        )  # fmt: skip
    if len(ends) <= MOST_NAMED:
        axes.set_title("\n".join(stage_lines(result)), loc="left", pad=17, **grey)


def stage_lines(result: Result) -> list[str]:
    """Return a line for every stage that was reached: number, name and the current at its end.

    A current that is small beside that of another stage cannot be read from the axis.
    """
    dataset, experiment = result.dataset, result.experiment
    stages, current = stage_numbers(dataset), values(dataset, "current")
    reached = list(stage_ends(dataset))
    lines: list[str] = []
    for stage, title in zip(reached, stages_and_temperatures(experiment, reached), strict=True):
        at_end = float(current[np.flatnonzero(stages == stage)[-1]])
        unit = axis_unit(at_end, "current", least=1.0)
        name = title.removeprefix(f"stage {stage + 1}, ")
        idle = experiment.stages[stage].kind == "storage"
        lines.append(f"{stage + 1}  {name}" + ("" if idle else f": {at_end / unit.size:.3g} {unit.unit} at the end"))
    return lines


def draw_current(axes: Axes, result: Result) -> None:
    """Draw the current through the back electrode over time into `axes`, under the names of several stages."""
    dataset = result.dataset
    times, current = values(dataset, "time"), values(dataset, "current")
    settled = _settled(dataset)
    extremes = current[settled] if settled.any() else current
    largest = float(np.abs(extremes).max())
    unit = axis_unit(largest, "current", least=0.5)
    clock = axis_unit(float(times[-1]), "time")
    axes.plot(times / clock.size, current / unit.size, color="black", lw=1.5)
    tidy(axes, horizontal=f"time / {clock.unit}", vertical=f"current / {unit.unit}")
    axes.set_xlim(0, (float(times[-1]) or 1.0) / clock.size)
    if largest > 0:
        # The peak that charges the sample in the first moments would flatten everything that follows.
        low, high = min(0.0, float(extremes.min())), max(0.0, float(extremes.max()))
        axes.set_ylim((low - 0.08 * (high - low) * (low < 0)) / unit.size, (high + 0.08 * (high - low)) / unit.size)
    _mark_stages(axes, result, clock.size)
    _name_stages(axes, result, clock.size)


def draw_charge(axes: Axes, result: Result) -> None:
    """Draw the charge that each ion carried through the surface and through the back over time into `axes`.

    It is positive from the surface to the back: an anion that leaves through the surface counts as positive too.
    """
    dataset = result.dataset
    times, names = values(dataset, "time"), ion_names(dataset)
    injected, collected = values(dataset, "injected_charge"), values(dataset, "collected_charge")
    largest = float(max(np.abs(injected).max(), np.abs(collected).max()))
    unit, clock = axis_unit(largest, "charge", least=0.5), axis_unit(float(times[-1]), "time")
    styles = ion_styles(names)

    def draw(charge: Array, what: str, line: str) -> None:
        for column, name in enumerate(names):
            if np.abs(charge[:, column]).max() > LEAST_CHARGE * largest:
                axes.plot(
                    times / clock.size, charge[:, column] / unit.size,
                    color=styles[name].colour, ls=line, lw=1.6, label=f"{name}, {what}",
                )  # fmt: skip

    # Dashes on top, since what enters and what leaves often agree.
    draw(collected, "back", "solid")
    draw(injected, "surface", "dashed")
    tidy(axes, horizontal=f"time / {clock.unit}", vertical=f"charge / {unit.unit}")
    axes.set_xlim(0, (float(times[-1]) or 1.0) / clock.size)
    _mark_stages(axes, result, clock.size)
    if largest > 0.0:
        # Above the panel: charges of both signs leave no corner of it free.
        def made(columns: int) -> Legend:
            return axes.legend(
                fontsize=LEGEND_SIZE, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns,
                borderaxespad=0.1, columnspacing=1.2, handlelength=1.8, frameon=False, alignment="left",
                title="through surface or back; positive towards the back", title_fontsize=LEGEND_SIZE,
            )  # fmt: skip

        # a legend wider than the panel would make that narrow; it grows into the margins when the figure is laid out
        room = float(axes.get_window_extent().width)
        legend = legend_that_fits(made, len(axes.get_legend_handles_labels()[1]), room=room)
        legend.get_title().set_color("0.35")
    else:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no ion passes a face", ha="center", va="center", transform=axes.transAxes, color="0.35")


def current_and_charge(result: Result) -> Figure:
    """Draw the current through the back electrode and the charge of each ion through both faces over time.

    The ends of the stages are marked. Charges are positive from the surface to the back.
    """
    figure = new_figure(6.4, 5.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    draw_current(upper, result)
    draw_charge(lower, result)
    upper.label_outer()
    return figure


def overview(result: Result) -> Figure:
    """Draw the final profile, the diffusion coefficients, current and charge, and the potential as one page."""
    experiment, dataset = result.experiment, result.dataset
    ends = stage_ends(dataset)
    final = state_at(dataset, max(ends.values()))
    initial = state_at(dataset, float(values(dataset, "time")[0]))
    limit = shown_depth([final], initial, mobile_ions(experiment))
    clock = axis_unit(final.time, "time")
    figure = new_figure(11.0, 8.0)
    layout: list[Any] = [*[["profile", "diffusion"]] * 2, ["current", "potential"], ["charge", "potential"]]
    panels = figure.subplot_mosaic(layout)
    draw_profiles(panels["profile"], experiment, final, limit=limit, exchanging=exchanging_ions(result))
    inner_legend(panels["profile"])
    panels["profile"].set_title(f"profile after {final.time / clock.size:.4g} {clock.unit}", fontsize=10)
    draw_diffusion_coefficients(panels["diffusion"], experiment)
    label_stage_lines(panels["diffusion"], experiment)
    panels["diffusion"].set_title("diffusion coefficients", fontsize=10)
    draw_current(panels["current"], result)
    draw_charge(panels["charge"], result)
    panels["charge"].sharex(panels["current"])
    panels["current"].set_xlabel("")
    panels["current"].tick_params(labelbottom=False)
    draw_potential(panels["potential"], final, limit=limit, unit=axis_unit(limit, "length"))
    panels["potential"].set_title(f"potential in the {zone_name(experiment, limit)}", fontsize=10)
    if experiment.title:
        figure.suptitle(experiment.title)
    return figure
