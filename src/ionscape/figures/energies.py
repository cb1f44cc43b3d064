"""Diffusion coefficients, site energy distributions and their populations.

As Gunawan 2024, Figs. 2 and 4, and Gunawan 2026, Figs. 2, 4, 6 and 7. Energies are counted from the threshold of
long-range transport, so that the Fermi level lies at minus the activation energy (Gunawan 2026, eq. 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.figures.profiles import stage_title, stages_and_temperatures
from ionscape.figures.states import Array, Result, State, arrival_order, state_at
from ionscape.figures.style import (
    LOWEST_DECADES,
    STAGE_LINES,
    axis_unit,
    inner_legend,
    ion_styles,
    new_figure,
    place_labels,
    reject,
    shade,
    tidy,
    upper_legend,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ionscape.diffusivity import Branch, DiffusionModel, SiteEnergyDistribution
    from ionscape.experiment import Experiment

ENERGY_LABEL = "site energy from transport threshold / eV"
DENSITY_LABEL = r"$S(E)\,/\,n_\mathrm{bulk}$ / eV$^{-1}$"
LABEL_REACH = 0.03  # eV: about half the height of a line of text
ENERGY_POINTS = 1500
SAME_COEFFICIENT = 0.2  # relative difference of two diffusion coefficients that looks like none over some decades
LEAST_POPULATION = 1e-4  # of bulk: less would be a line without area


def _stage_list(experiment: Experiment, stages: int | Sequence[int] | None) -> list[int]:
    """Return the stages to draw; by default those in which ions are driven, or all if there is none."""
    count = len(experiment.stages)
    if stages is None:
        driven = [number for number, stage in enumerate(experiment.stages) if stage.kind != "storage"]
        return driven or list(range(count))
    chosen = [stages] if isinstance(stages, int) else list(stages)
    for number in chosen:
        if not 0 <= number < count:
            raise reject("stage", number, range(count))
    return chosen


def draw_diffusion_coefficients(axes: Axes, experiment: Experiment, stages: int | Sequence[int] | None = None) -> None:
    """Draw D over the density that sets the Fermi level into `axes`; see `diffusion_coefficients`."""
    fraction = np.unique(np.concatenate([np.geomspace(1e-4, 1e-2, 50), np.linspace(0.0, 1.0, 2001)[1:]]))
    chosen = _stage_list(experiment, stages)
    styles = ion_styles(experiment.ions)
    labels: list[tuple[float, str, str]] = []
    counted: dict[str, str] = {}
    highest, depends = 0.0, False
    for line, number in zip(_cycle(len(chosen)), chosen, strict=True):
        models = experiment.diffusion_models(number)
        temperature = experiment.stages[number].temperature
        for name in arrival_order(experiment, number):
            density = fraction * experiment.reference_density(name, number)
            coefficient = np.asarray(models[name].coefficient(density, temperature), dtype=np.float64)
            if not coefficient.max() > 0:
                continue
            axes.semilogy(fraction, coefficient, color=styles[name].colour, ls=line, lw=1.8)
            labels.append((float(coefficient[-1]), name, styles[name].colour))
            counts = models[name].fermi_level_counts
            if counts and counts != (name,):
                counted[name] = f"{name}: {' + '.join(counts)}"
            highest = max(highest, float(coefficient.max()))
            depends |= float(np.ptp(coefficient)) > 0.0
    note = f" ({'; '.join(counted.values())})" if counted else ""
    what = f"density that sets the Fermi level{note}" if depends else "density, on which no coefficient depends"
    tidy(
        axes,
        horizontal=rf"{what}, $n/n_\mathrm{{bulk}}$",
        vertical=r"$D$ / (m$^2$ s$^{-1}$)",
    )
    axes.set_xlim(0, 1)
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, highest * 10.0**-LOWEST_DECADES), top)
    shown = [label for label in _distinct(labels) if label[0] >= axes.get_ylim()[0]]
    place_labels(axes, shown, gap=min(0.055, 1.0 / max(len(shown), 1)))


def _distinct(labels: Sequence[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    """Return labels (height, text, colour) without those whose text stands at nearly the same height before."""
    kept: list[tuple[float, str, str]] = []
    for height, text, colour in labels:
        if not any(text == other and abs(height / level - 1) < SAME_COEFFICIENT for level, other, _ in kept):
            kept.append((height, text, colour))
    return kept


def label_stage_lines(axes: Axes, experiment: Experiment) -> None:
    """Say inside `axes` which kind of line belongs to which stage, where all stages are drawn and there are several."""
    from matplotlib.lines import Line2D

    chosen = _stage_list(experiment, None)
    if len(chosen) > 1:
        lines = [Line2D([], [], color="black", ls=line, lw=1.5) for line in _cycle(len(chosen))]
        inner_legend(axes, lines, stages_and_temperatures(experiment, chosen))


def diffusion_coefficients(experiment: Experiment, stages: int | Sequence[int] | None = None) -> Figure:
    """Draw the diffusion coefficients [m^2/s] of all ions over the density that sets their Fermi level.

    The abscissa is a fraction of `Experiment.reference_density`, the native density of the ions that are counted;
    coefficients that do not depend on it are horizontal lines. Gunawan 2024, Fig. 2; Gunawan 2026, Figs. 4, 6, 7.

    Args:
        experiment: the description of the experiment.
        stages: the stage or stages (from 0) whose models and temperatures to draw, one kind of line for each; without
            it, all stages but storage. An ion appears from the stage on in which it is present.

    Raises:
        InputError: there is no such stage.
    """
    from matplotlib.lines import Line2D

    chosen = _stage_list(experiment, stages)
    figure = new_figure(6.2, 4.2)
    axes = figure.subplots()
    draw_diffusion_coefficients(axes, experiment, chosen)
    upper_legend(
        figure,
        [Line2D([], [], color="black", ls=line, lw=1.5) for line in _cycle(len(chosen))],
        [f"{stage_title(experiment, number)}, {experiment.stages[number].temperature:.5g} K" for number in chosen],
        columns=2,
    )
    return figure


def _cycle(count: int) -> list[str | tuple[float, tuple[float, ...]]]:
    return [STAGE_LINES[number % len(STAGE_LINES)] for number in range(count)]


def _distribution(model: DiffusionModel, ion: str) -> SiteEnergyDistribution:
    """Return the site energies behind a diffusion model.

    Raises:
        InputError: the model is not made from site energies.
    """
    from ionscape.diffusivity import SiteEnergyDiffusion

    if not isinstance(model, SiteEnergyDiffusion):
        raise InputError(
            "has no site energy distribution in this stage",
            key=f"ions.{ion}.diffusion",
            remedy='choose an ion and a stage whose diffusion model is "site-energies"',
        )
    return model.distribution


def energy_grid(distribution: SiteEnergyDistribution, marks: Sequence[float], *, points: int = ENERGY_POINTS) -> Array:
    """Return energies [J] across all branches with the given marks among them, where shaded areas begin and end."""
    edges: list[float] = []
    for branch in distribution.branches:
        # One cos² period ends at π/2 widths; a Gaussian has fallen to 3e-4 of its top at 4 standard deviations.
        reach = (0.5 * np.pi if branch.shape == "cosine-squared" else 4.0) * branch.width
        edges += [branch.centre - reach, branch.centre + reach]
    margin = 0.04 * (max(edges) - min(edges))
    grid = np.linspace(min(edges) - margin, max(edges) + margin, points)
    return np.unique(np.concatenate([grid, np.asarray(marks, dtype=np.float64)]))


def site_energy_distribution(
    experiment: Experiment, ion: str, stage: int = 0, moved_fraction: float | None = None
) -> Figure:
    """Draw the site energies of an ion, the populated and the moved part shaded and the Fermi levels marked.

    Gunawan 2024, Fig. 4. Energies in eV from the threshold of long-range transport; densities of sites per eV and per
    native density of the ions that are counted.

    Args:
        experiment: the description of the experiment.
        ion: its name; its diffusion model in that stage must be made from site energies.
        stage: counted from 0.
        moved_fraction: the part of the ions that has left, from the top down, 0 to 1; without it, all ions but the
            trapped ones (those of every branch but the first).

    Raises:
        InputError: no such ion or stage, no site energies, or a fraction outside 0 to 1.
    """
    if ion not in experiment.ions:
        raise reject("ion", ion, experiment.ions)
    number = _stage_list(experiment, stage)[0]
    distribution = _distribution(experiment.diffusion_models(number)[ion], ion)
    bulk = experiment.reference_density(ion, number)
    native = experiment.native_fermi_density(ion, number) or bulk
    if moved_fraction is None:
        moved_fraction = 1.0 - sum(branch.weight for branch in distribution.branches[1:]) / native
    if not 0 <= moved_fraction <= 1:
        raise InputError(
            "is no fraction", key="moved_fraction", value=moved_fraction, bound="must be between 0 and 1",
            remedy="give the part of the ions that has left, for example 0.85",
        )  # fmt: skip
    filled = np.array([native, (1 - moved_fraction) * native])
    full, left = (float(level) for level in distribution.fermi_energy(filled))
    energy = energy_grid(distribution, [full, left])
    sites = np.asarray(distribution.density_of_states(energy)) * ELECTRON_VOLT / bulk
    volts = energy / ELECTRON_VOLT
    colour = ion_styles(experiment.ions)[ion].colour

    figure = new_figure(6.4, 4.0)
    axes = figure.subplots()
    # with one branch all ions move by default: what is not there has no entry in the legend, and no Fermi level
    some_stay, some_move = filled[1] > LEAST_POPULATION * native, moved_fraction > LEAST_POPULATION
    if some_stay:
        axes.fill_between(
            volts, sites, where=(energy <= left).tolist(), color=shade(colour, 0.3), lw=0, label=f"{ion} that stays"
        )
    if some_move:
        axes.fill_between(
            volts, sites, where=((energy >= left) & (energy <= full)).tolist(), color=shade(colour, 0.75), lw=0,
            label=f"{ion} that has moved, {100 * moved_fraction:.3g} %",
        )  # fmt: skip
    axes.plot(volts, sites, color="black", lw=1.3, label="all sites")
    top = float(sites.max())
    levels = [(full, "dashed", "full"), *([(left, "dotted", "depleted")] if some_stay and some_move else [])]
    for level, line, text in levels:
        value = level / ELECTRON_VOLT
        axes.axvline(value, color="black", lw=1.0, ls=line, label=rf"$E_\mathrm{{F}}$ {text}: ${value:.3f}$ eV")
    _mark_width(axes, distribution.branches[0], bulk)
    tidy(axes, horizontal=ENERGY_LABEL, vertical=DENSITY_LABEL)
    axes.set_ylim(0, 1.08 * top)
    axes.set_xlim(volts[0], volts[-1])
    upper_legend(figure, columns=3)
    return figure


def _mark_width(axes: Axes, branch: Branch, bulk: float) -> None:
    """Draw a double arrow across a branch at half its height and write its full width above it."""
    centre, width = branch.centre / ELECTRON_VOLT, branch.full_width_at_half_maximum / ELECTRON_VOLT
    height = 0.5 * float(branch.density_of_states(branch.centre)) * ELECTRON_VOLT / bulk
    arrow = {"arrowstyle": "<->", "color": "black", "lw": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (centre - width / 2, height), (centre + width / 2, height), arrowprops=arrow)
    axes.text(centre, height, f"{1000 * width:.0f} meV", ha="center", va="bottom")


def local_populations(result: Result, time: float | Sequence[float], depth: float) -> Figure:
    """Draw who sits on which site energies at one depth: one panel per time (Gunawan 2026, Fig. 2).

    The native ion fills its sites from the bottom up to its local density; the sites it has left are taken from the top
    down, each later ion pushing the earlier ones down in turn; sites above them are vacant and stay unshaded. The
    common energy axis is that of the native ion and is an illustration: each ion has its own barriers.

    Args:
        result: a simulation.
        time: one time or several [s].
        depth: depth below the irradiated surface [m].

    Raises:
        InputError: a time or depth outside the simulation, or no ion whose diffusion is made from site energies.
    """
    experiment = result.experiment
    times = [float(time)] if isinstance(time, int | float) else [float(one) for one in time]
    thickness = experiment.sample.thickness
    if not 0 <= depth <= thickness:
        raise InputError(
            "lies outside the sample", key="depth", value=f"{depth * 1e9:.6g} nm",
            bound=f"must be between 0 and {thickness * 1e9:.6g} nm", remedy="choose a depth inside the sample",
        )  # fmt: skip
    figure = new_figure(1.4 + 2.6 * len(times), 4.8)
    panels = figure.subplots(1, len(times), sharex=True, sharey=True, squeeze=False)[0]
    clock = axis_unit(max(times), "time")
    widest = max(
        _draw_populations(axes, experiment, state_at(result.dataset, moment), depth)
        for axes, moment in zip(panels, times, strict=True)
    )
    for axes, moment in zip(panels, times, strict=True):
        tidy(axes, horizontal=DENSITY_LABEL, vertical=ENERGY_LABEL)
        axes.set_title(f"{moment / clock.size:.4g} {clock.unit}", fontsize=10)
        axes.label_outer()
    panels[0].set_xlim(0, 1.4 * widest)
    unit = axis_unit(depth, "length")
    figure.suptitle(f"populations at a depth of {depth / unit.size:.4g} {unit.unit}", fontsize=11)
    return figure


def _draw_populations(axes: Axes, experiment: Experiment, state: State, depth: float) -> float:
    """Draw the populations at one depth and time into `axes`; return the largest density of sites in its unit."""
    styles = ion_styles(experiment.ions)
    present = arrival_order(experiment, state.stage)
    host, distribution = _host_distribution(experiment, state.stage, present)
    # ions of the other sign take none of its sites
    order = [name for name in present if experiment.ions[name].charge * experiment.ions[host].charge > 0]
    bulk = experiment.reference_density(host, state.stage)
    local = np.array([max(float(np.interp(depth, state.depth, state.of(name))), 0.0) for name in order])
    filled = np.minimum(np.concatenate([[0.0], np.cumsum(local)]), distribution.total_sites)
    levels = distribution.fermi_energy(filled)
    energy = energy_grid(distribution, levels.tolist())
    sites = distribution.density_of_states(energy) * ELECTRON_VOLT / bulk
    volts = energy / ELECTRON_VOLT
    for name, density, low, high in zip(order, local, levels[:-1], levels[1:], strict=True):
        if density < LEAST_POPULATION * bulk:
            continue
        inside = (energy >= low) & (energy <= high)
        colour = shade(styles[name].colour, 0.6)
        axes.fill_betweenx(volts, sites, where=inside.tolist(), color=colour, lw=0, label=name)
        # The median of the population: the mean may fall into the gap between two branches.
        share = np.cumsum(sites[inside] * np.gradient(volts[inside]))
        middle = float(np.interp(0.5 * share[-1], share, volts[inside]))
        axes.annotate(
            f"{name} {density / bulk:.2f}", (float(sites[np.abs(volts - middle) < LABEL_REACH].max()), middle),
            xytext=(6, 0), textcoords="offset points", va="center", fontsize=9,
        )  # fmt: skip
    axes.plot(sites, volts, color="black", lw=1.2)
    native = float(levels[1]) / ELECTRON_VOLT
    axes.axhline(native, color="black", lw=0.9, ls="dashed")
    axes.annotate(
        rf"$E_\mathrm{{F}}$({order[0]})", (1.0, native), xycoords=("axes fraction", "data"), xytext=(0, 2),
        textcoords="offset points", ha="right", va="bottom", fontsize=9,
    )  # fmt: skip
    return float(sites.max())


def _host_distribution(experiment: Experiment, stage: int, order: Sequence[str]) -> tuple[str, SiteEnergyDistribution]:
    """Return the ion that came first among those described by site energies, and these."""
    from ionscape.diffusivity import SiteEnergyDiffusion

    models = experiment.diffusion_models(stage)
    hosts = [(name, model.distribution) for name in order if isinstance(model := models[name], SiteEnergyDiffusion)]
    if not hosts:
        raise InputError(
            "has no ion with a site energy distribution", key=f"stages[{stage}]",
            remedy='choose a stage in which the diffusion model of an ion is "site-energies"',
        )  # fmt: skip
    return hosts[0]
