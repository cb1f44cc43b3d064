"""Current and charge against time, and the overview that joins the main figures of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.figures.energies import draw_diffusion_coefficients, label_stage_lines
from ionscape.figures.profiles import draw_potential, draw_profiles, stage_title, zone_name
from ionscape.figures.states import (
    Array,
    Result,
    ion_names,
    mobile_ions,
    shown_depth,
    stage_ends,
    stage_numbers,
    state_at,
    values,
)
from ionscape.figures.style import axis_unit, inner_legend, ion_styles, new_figure, tidy

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_TITLED = 0.09  # of all time: the name of a shorter stage would run into its neighbours
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


def _mark_stages(axes: Axes, result: Result, unit_size: float, *, titles: bool) -> None:
    """Draw a vertical line at the end of every stage but the last, and the stages' numbers along the top."""
    start = 0.0
    ends = stage_ends(result.dataset)
    if len(ends) < 2:
        return
    for stage, end in ends.items():
        if stage != max(ends):
            axes.axvline(end / unit_size, color="0.6", lw=0.8, zorder=0)
        if titles and end - start > LEAST_TITLED * max(ends.values()):
            kind = stage_title(result.experiment, stage).split(", ", 1)[1]
            axes.annotate(
                kind.replace(" ", "\n"), (0.5 * (start + end) / unit_size, 1.0), xycoords=("data", "axes fraction"),
                xytext=(0, 2), textcoords="offset points", ha="center", va="bottom", fontsize=8, color="0.35",
            )  # fmt: skip
        start = end


def draw_current(axes: Axes, result: Result, *, titles: bool = True) -> None:
    """Draw the current through the back electrode over time into `axes`."""
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
    _mark_stages(axes, result, clock.size, titles=titles)


def draw_charge(axes: Axes, result: Result) -> None:
    """Draw the charge of each ion that was injected and collected over time into `axes`."""
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
                    color=styles[name].colour, ls=line, lw=1.6, label=f"{name} {what}",
                )  # fmt: skip

    # Dashes on top, since what enters and what leaves often agree.
    draw(collected, "collected", "solid")
    draw(injected, "injected", "dashed")
    tidy(axes, horizontal=f"time / {clock.unit}", vertical=f"charge / {unit.unit}")
    axes.set_xlim(0, (float(times[-1]) or 1.0) / clock.size)
    _mark_stages(axes, result, clock.size, titles=False)
    if largest > 0.0:
        # Above the panel: charges of both signs leave no corner of it free.
        axes.legend(
            fontsize=9, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.1, columnspacing=1.2,
            handlelength=1.8, frameon=False,
        )  # fmt: skip
    else:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no ion passes a face", ha="center", va="center", transform=axes.transAxes, color="0.35")


def current_and_charge(result: Result) -> Figure:
    """Draw the current through the back electrode and the charge of each ion, injected and collected, over time.

    The ends of the stages are marked.
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
    draw_profiles(panels["profile"], experiment, final, limit=limit)
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
