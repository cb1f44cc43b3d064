"""Densities and potential over depth (as Gunawan 2024, Fig. 1; Gunawan 2026, Figs. 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.figures.states import (
    Array,
    Result,
    State,
    bulk_density,
    exchanging_ions,
    has_mobile_salt,
    mobile_ions,
    reference_density,
    shown_depth,
    stage_ends,
    state_at,
    values,
)
from ionscape.figures.style import TOTAL, axis_unit, ion_styles, new_figure, shade, tidy, upper_legend
from ionscape.files.quantities import DisplayUnit

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from ionscape.experiment import Experiment

PER_CUBIC_NANOMETRE = 1e27  # 1/m^3
WHOLE = 0.999  # of the thickness: a figure that reaches so deep shows the whole sample
HIGHEST_LINEAR = 20.0  # times the native density
LEAST_LOGARITHMIC = 1e-3  # of the native density
LEAST_FRACTION = 1e-6  # of bulk: an ion that has not come yet would only draw over the axis


def stage_title(experiment: Experiment, stage: int) -> str:
    """Return a short name of a stage such as `stage 1, Rb irradiation`."""
    description = experiment.stages[stage]
    words = [" + ".join(description.newcomers), description.kind]
    if description.kind == "contact" and description.blocking:
        words[0] = "blocking"
    return f"stage {stage + 1}, {' '.join(filter(None, words))}"


def stages_and_temperatures(experiment: Experiment, stages: Sequence[int]) -> list[str]:
    """Return the short names of stages, with their temperatures where these differ."""
    temperatures = [experiment.stages[stage].temperature for stage in stages]
    titles = [stage_title(experiment, stage) for stage in stages]
    if len(set(temperatures)) < 2:
        return titles
    return [f"{title}, {temperature:.5g} K" for title, temperature in zip(titles, temperatures, strict=True)]


def profile_curves(experiment: Experiment, state: State) -> dict[str, Array]:
    """Return what a profile shows, each of shape (cells,) [1/m^3]: every mobile ion by name, then their sum.

    The sum is named `total`, or `charge` (weighted with the charge numbers) where these differ from one; with anions it
    has no meaning and is left out.
    """
    names = [name for name in state.ions if name in mobile_ions(experiment)]
    charges = [experiment.ions[name].charge for name in names]
    curves = {name: state.of(name) for name in names}
    if names and min(charges) > 0:
        weighted = [charge * state.of(name) for name, charge in zip(names, charges, strict=True)]
        curves["total" if max(charges) == 1 else "charge"] = np.sum(weighted, axis=0)
    return curves


def draw_profiles(
    axes: Axes,
    experiment: Experiment,
    state: State,
    *,
    limit: float,
    normalised: bool = True,
    strength: float = 1.0,
    absent: bool = False,
    exchanging: Sequence[str] | None = None,
) -> dict[str, Line2D]:
    """Draw the density of every mobile ion and their sum over depth up to `limit` [m] into `axes`.

    Args:
        axes: where to draw.
        experiment: what was simulated.
        state: the time to draw.
        limit: end of the abscissa [m].
        normalised: as fractions of the native density of the ions that are exchanged instead of per cubic nanometre.
        strength: depth of colour from 0 (white) to 1, to tell several times apart.
        absent: draw ions too that have not come yet, as a line along the axis.
        exchanging: native ions that are exchanged (`states.exchanging_ions`); all mobile ones without it.

    Returns:
        The lines by the names of `profile_curves`.
    """
    unit = axis_unit(limit, "length")
    count = cells_shown(state.depth, limit)
    curves = profile_curves(experiment, state)
    styles = ion_styles(name for name in curves if name in experiment.ions)
    lines: dict[str, Line2D] = {}
    highest = 0.0
    for name, density in curves.items():
        native = reference_density(experiment, name, exchanging)
        if not absent and density.max() < LEAST_FRACTION * native:
            continue
        highest = max(highest, float(density[:count].max()) / native)
        unity = native if normalised else PER_CUBIC_NANOMETRE
        look = styles.get(name, TOTAL)
        (lines[name],) = axes.plot(
            state.depth[:count] / unit.size, density[:count] / unity, label=name, lw=look.thickness,
            color=shade(look.colour, strength), ls=look.line, zorder=look.order + strength,
        )  # fmt: skip
    tidy(
        axes,
        horizontal=f"depth / {unit.unit}",
        vertical=fraction_label(experiment, exchanging) if normalised else r"density / nm$^{-3}$",
    )
    axes.set_xlim(0, limit / unit.size)
    unity = 1.0 if normalised else bulk_density(experiment, exchanging) / PER_CUBIC_NANOMETRE
    scale_densities(axes, highest, unity=unity)
    return lines


def scale_densities(axes: Axes, highest: float, *, unity: float = 1.0) -> None:
    """Make the ordinate linear from 0 on, or logarithmic where ions pile up so high that the rest would be flat.

    Args:
        axes: of densities.
        highest: density that is drawn, as a fraction of the native one.
        unity: the native one in the unit of the axis.
    """
    if highest > HIGHEST_LINEAR or axes.get_yscale() == "log":
        axes.set_yscale("log")
        axes.set_ylim(bottom=LEAST_LOGARITHMIC * unity)
    else:
        axes.set_ylim(bottom=0)


def staying_ions(experiment: Experiment, exchanging: Sequence[str] | None) -> tuple[str, ...]:
    """Return the mobile native ions that are not exchanged, to which fractions of bulk do not refer."""
    mobile = [name for name in experiment.sample.native if name not in experiment.immobile_ions]
    return tuple(name for name in mobile if exchanging and name not in exchanging)


def fraction_label(experiment: Experiment, exchanging: Sequence[str] | None = None) -> str:
    """Return the name of normalised densities, in mathematical text."""
    if staying_ions(experiment, exchanging):
        return f"density / native density of {' + '.join(exchanging or ())}"
    if has_mobile_salt(experiment):
        return "fraction of native ions\n" + r"of like charge $n/n_\mathrm{native}$"
    return r"fraction of bulk $n/n_\mathrm{bulk}$"


def zone_name(experiment: Experiment, limit: float) -> str:
    """Return what to call the part of the sample from the surface to `limit` [m]."""
    if limit >= WHOLE * experiment.sample.thickness:
        return "whole sample"
    arriving = any(stage.newcomers for stage in experiment.stages)
    return "exchanged zone" if arriving else "zone below the surface"


def cells_shown(depth: Array, limit: float) -> int:
    """Return how many cells to draw so that the lines reach the end of the abscissa: one more than lie before it."""
    return min(int(np.searchsorted(depth, limit)) + 2, depth.size)


def depth_profiles(result: Result, times: Sequence[float] | None = None, normalised: bool = True) -> Figure:
    """Draw the density of each ion and their sum over depth, up to about one and a half times the depth of the front.

    Args:
        result: a simulation.
        times: the times [s] to draw into one panel, early ones pale; without them, the end of every stage in a panel
            of its own.
        normalised: as fractions of the native density of the ions that are exchanged, in a salt of those of like
            charge; otherwise per cubic nanometre.

    Raises:
        InputError: a time outside the simulated interval.
    """
    experiment, dataset = result.experiment, result.dataset
    names, exchanging = mobile_ions(experiment), exchanging_ions(result)
    initial = state_at(dataset, float(values(dataset, "time")[0]))
    chosen = sorted(times) if times is not None else list(stage_ends(dataset).values())
    states = [state_at(dataset, time) for time in chosen]
    limit = shown_depth(states, initial, names)
    if times is not None:
        return _profiles_at_times(experiment, states, limit=limit, normalised=normalised, exchanging=exchanging)
    columns = 1 if len(states) <= 3 else 2
    rows = -(-len(states) // columns)
    figure = new_figure(6.4 * columns, 0.7 + (3.2 if rows == 1 else 2.5 * rows))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, state in zip(panels.flat, states, strict=False):
        draw_profiles(axes, experiment, state, limit=limit, normalised=normalised, exchanging=exchanging)
        unit = axis_unit(chosen[-1], "time")
        axes.set_title(
            f"{stage_title(experiment, state.stage)}, after {state.time / unit.size:.4g} {unit.unit}", fontsize=10
        )
        axes.label_outer()
    for axes in panels.flat[len(states) :]:
        axes.set_visible(False)
    if rows > 1:
        # one name for all rows: low panels have no room for their own
        name = panels[0, 0].yaxis.label
        figure.supylabel(name.get_text(), fontsize=name.get_fontsize())
        for axes in panels.flat:
            axes.set_ylabel("")
    _legend_above(figure, experiment)
    return figure


def _profiles_at_times(
    experiment: Experiment, states: Sequence[State], *, limit: float, normalised: bool, exchanging: Sequence[str]
) -> Figure:
    """Draw several times into one panel, from pale to full colour."""
    from matplotlib.lines import Line2D

    figure = new_figure(6.8, 4.2)
    axes = figure.subplots()
    strengths = np.linspace(0.35, 1.0, len(states)) if len(states) > 1 else np.ones(1)
    for state, strength in zip(states, strengths, strict=True):
        draw_profiles(
            axes, experiment, state, limit=limit, normalised=normalised, strength=float(strength), exchanging=exchanging
        )  # fmt: skip
    unit = axis_unit(states[-1].time, "time")
    axes.legend(
        [Line2D([], [], lw=3, color=shade("black", float(strength))) for strength in strengths],
        [f"{state.time / unit.size:.4g} {unit.unit}" for state in states],
        title="time", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip
    _legend_above(figure, experiment)
    return figure


def _legend_above(figure: Figure, experiment: Experiment) -> None:
    """Write above all panels what their lines are; each is named once, in the order of the experiment."""
    entries: dict[str, Artist] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        # Later lines replace earlier ones: the last of several times has the full colour.
        entries |= dict(zip(labels, handles, strict=True))
    order = [*experiment.ions, "total", "charge"]
    labels = sorted(entries, key=order.index)
    upper_legend(figure, [entries[label] for label in labels], labels, columns=len(labels))


def draw_potential(axes: Axes, state: State, *, limit: float, unit: DisplayUnit, colour: Any = "black") -> None:
    """Draw the potential [V] over depth up to `limit` [m] into `axes`."""
    thickness = state.depth[-1] + 0.5 * state.last_cell
    depth = np.concatenate([[0.0], state.depth, [thickness]])
    volts = np.concatenate([[state.surface_potential], state.potential, [0.0]])
    count = int(np.searchsorted(depth, limit)) + 2
    axes.plot(depth[:count] / unit.size, volts[:count], color=colour, lw=1.5)
    tidy(axes, horizontal=f"depth / {unit.unit}", vertical="potential / V")
    axes.set_xlim(0, limit / unit.size)


def potential(result: Result, times: Sequence[float] | None = None) -> Figure:
    """Draw the potential over depth: in the exchanged zone, if there is one, and beside it in the whole sample.

    Args:
        result: a simulation.
        times: the times [s] to draw, early ones pale; without them, the end of every stage.

    Raises:
        InputError: a time outside the simulated interval.
    """
    from matplotlib import colormaps

    experiment, dataset = result.experiment, result.dataset
    chosen = sorted(times) if times is not None else list(stage_ends(dataset).values())
    states = [state_at(dataset, time) for time in chosen]
    initial = state_at(dataset, float(values(dataset, "time")[0]))
    zone = shown_depth(states, initial, mobile_ions(experiment))
    thickness = experiment.sample.thickness
    limits = [zone, thickness] if zone < WHOLE * thickness else [thickness]
    colours = colormaps["cividis"](np.linspace(0.8, 0.0, len(states)) if len(states) > 1 else [0.0])
    clock = axis_unit(chosen[-1], "time")
    figure = new_figure(4.2 * len(limits), 3.8)
    panels = figure.subplots(1, len(limits), squeeze=False)[0]
    for state, colour in zip(states, colours, strict=True):
        for axes, limit in zip(panels, limits, strict=True):
            draw_potential(axes, state, limit=limit, unit=axis_unit(limit, "length"), colour=colour)
        panels[0].lines[-1].set_label(
            f"{state.time / clock.size:.4g} {clock.unit}"
            + (f", {stage_title(experiment, state.stage)}" if times is None else "")
        )
    for axes, limit in zip(panels, limits, strict=True):
        axes.set_title(zone_name(experiment, limit), fontsize=10)
    upper_legend(figure, columns=min(len(states), 3))
    return figure
