"""Site energy distributions and their populations.

As Gunawan 2024, Fig. 4, and Gunawan 2026, Figs. 2, 4, 6 and 7. Energies are counted from the threshold of
long-range transport, so that the Fermi level lies at minus the activation energy (Gunawan 2026, eq. 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError

from .axes import SITE_ENERGY, SITES
from .coefficients import stage_list
from .lettering import with_minus
from .plot import Curve, Label, Mark, Panel, Plot, area, grid_layout
from .populations import calculated_populations, check_depth, kept_times, nearest, system_names, with_common_ends
from .render_matplotlib import Drawing
from .site_systems import ENERGY_POINTS, energy_grid, mobile_width, population_systems, system_panel
from .states import Result, State, arrival_order, stage_ends, state_at
from .style import STAGE_LINES, axis_unit, ion_styles, reject

if TYPE_CHECKING:
    from ionscape.diffusivity import DiffusionModel, SiteEnergyDistribution
    from ionscape.experiment import Experiment

LEAST_POPULATION = 1e-4  # of bulk: less would be a line without area


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
            remedy='choose an ion and a stage whose diffusion model is "site-energies" or "populations"',
        )
    return model.distribution


@Drawing
def site_energy_distribution(
    experiment: Experiment, ion: str | None = None, stage: int = 0, moved_fraction: float | None = None
) -> Plot:
    """Draw the site energies of an ion, the populated and the moved part shaded and the Fermi levels marked.

    Gunawan 2024, Fig. 4. Energies in eV from the threshold of long-range transport; densities of sites per eV and per
    native density of the ions that are counted. Of an ion with populations they are the sites that it shares with
    others, as the native ions fill them at the temperature with which the stage begins, and their energies are counted
    from the middle of the mobile sites.

    Args:
        experiment: the description of the experiment.
        ion: its name; its diffusion model in that stage must be made from site energies, or be one of populations. The
            first native ion without.
        stage: counted from 0.
        moved_fraction: the part of the ions that has left, from the top down, 0 to 1; without it, all ions but the
            trapped ones (those of every branch but the first). Not of an ion with populations.

    Raises:
        InputError: no such ion or stage, no site energies, a fraction outside 0 to 1, or one of an ion with
            populations.
    """
    from ionscape.diffusivity import PopulationDiffusion

    ion = next(iter(experiment.sample.native)) if ion is None else ion
    if ion not in experiment.ions:
        raise reject("ion", ion, experiment.ions)
    number = stage_list(experiment, stage)[0]
    model = experiment.diffusion_models(number)[ion]
    if isinstance(model, PopulationDiffusion):
        if moved_fraction is not None:
            raise InputError(
                f"says nothing of {ion}, whose populations are calculated", key="moved_fraction", value=moved_fraction,
                remedy="leave it out, and draw the populations of a result to see which sites have been left",
            )  # fmt: skip
        panel = replace(system_panel(experiment, model.sites, number), legend="")
        return Plot(name=f"site-energies-{ion}", panels=(panel,), legend="above", columns=3, size=(6.4, 4.2))
    distribution = _distribution(model, ion)
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
    # with one branch all ions move by default: what is not there has no entry in the legend, and no Fermi level
    some_stay, some_move = filled[1] > LEAST_POPULATION * native, moved_fraction > LEAST_POPULATION
    curves: list[Curve] = []
    if some_stay:
        inside = energy <= left
        curves.append(area(f"{ion} that stays", volts[inside], sites[inside], colour=colour, strength=0.3))
    if some_move:
        inside = (energy >= left) & (energy <= full)
        name = f"{ion} that has moved, {100 * moved_fraction:.3g} %"
        curves.append(area(name, volts[inside], sites[inside], colour=colour, strength=0.75))
    curves.append(Curve(name="all sites", x=volts, y=sites, colour="black", thickness=1.3))
    levels = [(full / ELECTRON_VOLT, "dashed", "full")]
    if some_stay and some_move:
        levels.append((left / ELECTRON_VOLT, "dotted", "depleted"))
    marks = [
        Mark(value=level, name=f"{text}: {with_minus(f'{level:.3f}')} eV", symbol="E_F", line=line, colour="black",
             legend=True)
        for level, line, text in levels
    ]  # fmt: skip
    line, label = mobile_width(distribution, bulk)
    curves.append(line)
    panel = Panel(
        horizontal=replace(SITE_ENERGY, limits=(float(volts[0]), float(volts[-1]))), curves=tuple(curves),
        vertical=replace(SITES, limits=(0.0, 1.08 * float(sites.max()))), marks=tuple(marks), labels=(label,),
        legend="",
    )  # fmt: skip
    return Plot(name=f"site-energies-{ion}", panels=(panel,), legend="above", columns=3, size=(6.4, 4.0))


def all_site_energies(experiment: Experiment) -> Plot | None:
    """Densities of sites of every ion with their Fermi levels in the native glass, models that are the same once.

    A system of sites on which ions have populations has a panel of its own.

    Returns:
        None if no ion has site energies or populations in a stage in which ions are driven.
    """
    from ionscape.diffusivity import SiteEnergyDiffusion

    styles = ion_styles(experiment.ions)
    curves: list[Curve] = []
    marks: dict[tuple[str, str], Mark] = {}
    for name in experiment.ions:
        drawn: list[object] = []
        for number in stage_list(experiment, None):
            model = experiment.diffusion_models(number)[name]
            if not isinstance(model, SiteEnergyDiffusion) or name not in arrival_order(experiment, number):
                continue
            if model.distribution in drawn:
                continue
            distribution, colour = model.distribution, styles[name].colour
            bulk = experiment.reference_density(name, number)
            level = float(distribution.fermi_energy(experiment.native_fermi_density(name, number) or bulk))
            energy = energy_grid(distribution, [level], points=ENERGY_POINTS // 2)
            sites = np.asarray(distribution.density_of_states(energy)) * ELECTRON_VOLT / bulk
            label = f"{name}, stage {number + 1}" if drawn else name
            volts, inside = energy / ELECTRON_VOLT, energy <= level
            curves.append(area(f"{label}, occupied", volts[inside], sites[inside], colour=colour, legend=False,
                               strength=0.15 if drawn else 0.3))  # fmt: skip
            curves.append(Curve(name=label, x=volts, y=sites, colour=colour, thickness=1.5,
                                line=STAGE_LINES[len(drawn) % len(STAGE_LINES)]))  # fmt: skip
            value = with_minus(f"{level / ELECTRON_VOLT:.3f}")
            mark = Mark(value=level / ELECTRON_VOLT, symbol="E_F", name=f"({name}) = {value} eV", colour=colour,
                        legend=True)  # fmt: skip
            marks.setdefault((name, value), mark)
            drawn.append(distribution)
    panels: list[Panel] = []
    if curves:
        panels.append(Panel(title="site energies", horizontal=SITE_ENERGY, vertical=SITES, curves=tuple(curves),
                            marks=tuple(marks.values())))  # fmt: skip
    systems: dict[str, Panel] = {}
    for number in stage_list(experiment, None):
        for system in population_systems(experiment, number):
            if system.name not in systems:
                systems[system.name] = system_panel(experiment, system, number)
    panels += systems.values()
    return Plot(name="site-energies", panels=tuple(panels), size=(6.4, 4.2 * len(panels))) if panels else None


@Drawing
def local_populations(result: Result, time: float | Sequence[float] | None = None, depth: float = 1e-8) -> Plot:
    """Draw who sits on which site energies at one depth: one panel per time (Gunawan 2026, Fig. 2).

    The native ion fills its sites from the bottom up to its local density; the sites it has left are taken from the top
    down, each later ion pushing the earlier ones down in turn; sites above them are vacant and stay unshaded. The
    common energy axis is that of the native ion and is an illustration: each ion has its own barriers. Where the
    populations have been calculated they are drawn as they are, on top of each other, at the kept times next to those
    wanted; the energies are then counted from the middle of the mobile sites.

    Args:
        result: a simulation.
        time: one time or several [s]; without any, the end of every stage.
        depth: depth below the irradiated surface [m].

    Raises:
        InputError: a time or depth outside the simulation, or no ion whose diffusion is made from site energies.
    """
    experiment = result.experiment
    if time is None:
        times = list(stage_ends(result.dataset).values())
    else:
        times = [float(time)] if isinstance(time, int | float) else [float(one) for one in time]
    check_depth(experiment, depth)
    if "population" in result.dataset:
        times = list(dict.fromkeys(nearest(kept_times(result), moment) for moment in times))
        systems = system_names(result)
        rows = [[calculated_populations(result, moment, depth, name) for moment in times] for name in systems]
    else:
        systems = ("",)
        rows = [[_populations(experiment, state_at(result.dataset, moment), depth) for moment in times]]
    clock, unit = axis_unit(max(times), "time"), axis_unit(depth, "length")
    panels: list[Panel] = []
    for name, row in zip(systems, rows, strict=True):
        for place, (panel, moment) in enumerate(zip(with_common_ends(row), times, strict=True)):
            title = f"{moment / clock.size:.4g} {clock.unit}"
            panels.append(replace(panel, title=f"{name}, {title}" if len(rows) > 1 else title,
                                  vertical=replace(panel.vertical, hidden=place > 0)))  # fmt: skip
    return Plot(
        name="populations", title=f"populations at a depth of {depth / unit.size:.4g} {unit.unit}",
        share="both" if len(rows) == 1 else "", panels=tuple(panels),
        layout=grid_layout(len(panels), len(times)), size=(1.4 + 2.6 * len(times), 0.6 + 4.2 * len(rows)),
    )  # fmt: skip


def _populations(experiment: Experiment, state: State, depth: float) -> Panel:
    """The populations at one depth and time; the density of all sites is the last curve."""
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
    curves: list[Curve] = []
    labels: list[Label] = []
    for name, density, low, high in zip(order, local, levels[:-1], levels[1:], strict=True):
        if density < LEAST_POPULATION * bulk:
            continue
        inside = (energy >= low) & (energy <= high)
        curves.append(Curve(name=name, x=sites[inside], y=volts[inside], lower=np.zeros(int(inside.sum())),
                            upper=sites[inside], kind="band", sideways=True, colour=styles[name].colour,
                            strength=0.6))  # fmt: skip
        # The median of the population: the mean may fall into the gap between two branches.
        share = np.cumsum(sites[inside] * np.gradient(volts[inside]))
        middle = float(np.interp(0.5 * share[-1], share, volts[inside]))
        reach = float(sites[np.abs(volts - middle) < LABEL_REACH].max())
        labels.append(Label(text=f"{name} {density / bulk:.2f}", x=reach, y=middle))
    curves.append(Curve(name="all sites", x=sites, y=volts, colour="black", thickness=1.2))
    native = float(levels[1]) / ELECTRON_VOLT
    labels.append(Label(text=f"({order[0]})", symbol="E_F", x=1.0, y=native, frame=("panel", "data"),
                        anchor=("right", "bottom")))  # fmt: skip
    mark = Mark(value=native, across="horizontal", colour="black", thickness=0.9)
    return Panel(horizontal=SITES, vertical=SITE_ENERGY, curves=tuple(curves), labels=tuple(labels), marks=(mark,),
                 legend="")  # fmt: skip


LABEL_REACH = 0.03  # eV: about half the height of a line of text


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
