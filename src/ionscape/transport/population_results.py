"""Populations on the energies of the sites as parts of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionscape.experiment import Experiment

from .history import History
from .population_arrays import PopulatedSystem
from .stage_arrays import Scales

if TYPE_CHECKING:
    import xarray

SCARCE = 0.1
"""Part of the empty sites of the native glass that are left where a system is called full."""


def add_populations(
    dataset: xarray.Dataset, history: History, systems: tuple[PopulatedSystem, ...], experiment: Experiment,
    scales: Scales,
) -> xarray.Dataset:  # fmt: skip
    """The dataset with the kept populations: variables over `population_time`, depth, ion and energy.

    The energies of all systems follow one another; `site_system` tells to which each belongs. Ions without populations
    have none: not a number.
    """
    kept = [(state.time, state.populations) for state in history.kept if state.populations is not None]
    if not systems or not kept:
        return dataset
    populated = [name for name in scales.names if any(name in each.ions for each in systems)]
    counts = [len(each.levels.energy) for each in systems]
    starts = np.concatenate([[0], np.cumsum(counts)])
    activity = np.full((len(kept), kept[0][1].shape[0], len(scales.names)), np.nan)
    thetas = [state.theta for state in history.kept if state.theta is not None]
    for p, name in enumerate(populated):
        activity[:, :, scales.names.index(name)] = [theta[:, p] for theta in thetas]
    values = np.full((len(kept), kept[0][1].shape[0], len(scales.names), int(starts[-1])), np.nan)
    for g, each in enumerate(systems):
        for name in populated:
            place, p = scales.names.index(name), populated.index(name)
            values[:, :, place, starts[g] : starts[g + 1]] = 0.0
            if name in each.ions:
                for time, (_, held) in enumerate(kept):
                    values[time, :, place, starts[g] : starts[g + 1]] = held[:, p, : counts[g]] * scales.density
    fermi = [
        [each.levels.fermi_level(each.system.native_density, stage.first_temperature) for each in systems]
        for stage in experiment.stages[: dataset.sizes["experiment_stage"]]
    ]
    axis = "on the axis of its distribution, where the mobile branch has its centre at zero"
    return dataset.assign({
        "population": (
            ("population_time", "depth", "ion", "energy"), values,
            {"units": "1/m^3", "long_name": "number density of the ions on sites of an energy"},
        ),
        "activity": (
            ("population_time", "depth", "ion"), activity,
            {"units": "1", "long_name": "activity of the ions above the threshold of transport, 1 in the native glass"},
        ),
        "site_density": (
            "energy", np.concatenate([each.levels.sites for each in systems]),
            {"units": "1/m^3", "long_name": "number density of the sites of an energy"},
        ),
        "energy_width": (
            "energy", np.repeat([each.levels.width for each in systems], counts),
            {"units": "J", "long_name": "range of energies that a level stands for"},
        ),
        "native_fermi_energy": (
            ("experiment_stage", "system"), np.array(fermi),
            {"units": "J", "long_name": "Fermi level of the native glass at the temperature with which a stage begins"},
        ),
    }).assign_coords({
        "population_time": (
            "population_time", np.array([time for time, _ in kept]),
            {"units": "s", "long_name": "time since the first stage began, of the populations"},
        ),
        "energy": (
            "energy", np.concatenate([each.levels.energy for each in systems]),
            {"units": "J", "long_name": f"energy of a site, {axis}"},
        ),
        "site_system": (
            "energy", np.repeat(np.array([each.system.name for each in systems], dtype=object), counts),
        ),
        "system": np.array([each.system.name for each in systems], dtype=object),
    })  # fmt: skip


def full_sites_clause(dataset: xarray.Dataset, systems: tuple[PopulatedSystem, ...]) -> str:
    """What the sentence of a failure adds where hardly a site is left empty; nothing elsewhere."""
    last = dataset["density"].isel(time=-1)
    for each in systems:
        total, native = float(each.levels.sites.sum()), each.system.native_density
        taken = last.sel(ion=list(each.ions)).sum("ion").values
        fullest = int(np.argmax(taken))
        if taken[fullest] > total - SCARCE * (total - native):
            share = min(100.0 * taken[fullest] / total, 100.0)
            return (
                f"; {share:.4g} % of the sites of {each.system.name} are taken at a depth of"
                f" {dataset['depth'].values[fullest] * 1e9:.6g} nm, and {100.0 * native / total:.4g} % in the native"
                " glass: let back_electrode.deposits contain what arrives there, give the system more sites, or apply a"
                " lower potential for a shorter time"
            )
    return ""
