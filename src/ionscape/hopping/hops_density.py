"""Energies of ions that repel each other, as they stand in a result: density of states, and whether they drift."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from ionscape.arrays import FloatArray
from ionscape.remarks import Kind, Remark

from .hops_charges import BIN_WIDTH, Charged
from .hops_coulomb import ChargedRecord
from .hops_statistics import standard_error

COULOMB_NUMBERS = {
    "interacting_network_conductivity": (
        "S/m", "dc conductivity of the network of the mean hops over each link, which that of the hops is not above"),
    "single_site_chemical_potential": ("J", "energy at which as many sites are taken as vacant"),
    "energy_per_ion": ("J", "of all ions, their sites and what their deviations from the mean interact"),
    "energy_drift": ("1", "energy of the second half of the runs less that of the first, in kT"),
    "energy_drift_error": ("1", "standard error of energy_drift"),
    "start_dependence": ("1", "energy of runs that began with all sites alike less that of the others, in kT"),
    "start_dependence_error": ("1", "standard error of start_dependence"),
    "equilibration_sweeps": ("1", "attempted exchanges for each accessible site before a run"),
}  # fmt: skip
"""Of ions that repel each other alone."""
DENSITIES = {
    "vacant_density_of_states": "vacant sites by what an ion takes to come there",
    "occupied_density_of_states": "occupied sites by what is regained when their ion goes",
}
ENERGY_UNITS = {"single_site_energy": "J", **dict.fromkeys(DENSITIES, "1/J")}
"""Of what is over the energy of single sites."""
NOT_IN_EQUILIBRIUM = Kind(
    "ions_not_in_equilibrium",
    "The energy of the ions {how}, by {value:.3g} ± {error:.2g} kT in all.",
)
SEEN = 4.0
"""Standard errors beyond which a drift is remarked on: with two numbers in each of many runs, three are not rare."""


def energies_of_ions(records: Sequence[ChargedRecord], charged: Charged, *, conductivity: float) -> dict[str, Any]:
    """Variables of the result.

    Args:
        records: of the replicas.
        charged: the ions.
        conductivity: of a collective D of 1, in steps and times of the lattice [S/m].
    """
    thermal_energy = charged.thermal_energy
    energies = np.array([record.energies for record in records])
    half = energies.shape[1] // 2
    drifts = energies[:, half:].mean(axis=1) - energies[:, :half].mean(axis=1)
    means, alike = energies.mean(axis=1), np.array([record.alike for record in records])
    start, start_error = math.nan, math.nan
    if min(np.count_nonzero(alike), np.count_nonzero(~alike)) > 1:
        start = float(means[alike].mean() - means[~alike].mean())
        start_error = math.hypot(standard_error(means[alike]), standard_error(means[~alike]))
    counts = np.array([record.counts for record in records])
    middles = charged.edges[:-1] + 0.5 * BIN_WIDTH / thermal_energy
    level = _chemical_potential(middles, *counts.mean(axis=0))
    numbers = {
        "interacting_network_conductivity": charged.network * conductivity,
        "single_site_chemical_potential": level * thermal_energy,
        "energy_per_ion": float(means.mean()) / charged.ions * thermal_energy,
        "energy_drift": float(drifts.mean()),
        "energy_drift_error": standard_error(drifts),
        "start_dependence": start,
        "start_dependence_error": start_error,
        "equilibration_sweeps": float(charged.sweeps),
    }
    found: dict[str, Any] = {
        name: ((), numbers[name], {"units": unit, "long_name": meaning})
        for name, (unit, meaning) in COULOMB_NUMBERS.items()
    }
    densities = counts / (charged.energies.size * BIN_WIDTH)
    for row, (name, meaning) in enumerate(DENSITIES.items()):
        mean, error = densities[:, row].mean(axis=0), densities[:, row].std(axis=0, ddof=1) / math.sqrt(len(records))
        found[name] = ("single_site_energy", mean, {"units": "1/J", "long_name": f"{meaning}, per accessible site"})
        found[f"{name}_error"] = (
            "single_site_energy", error, {"units": "1/J", "long_name": f"standard error of {name}"}
        )  # fmt: skip
    attributes = {"units": "J", "long_name": "energy of a site over the chemical potential"}
    found["single_site_energy"] = ("single_site_energy", (middles - level) * thermal_energy, attributes)
    return found


def _chemical_potential(energies: FloatArray, vacant: FloatArray, occupied: FloatArray) -> float:
    """Energy over kT by whose Fermi function as many sites are taken as are.

    Sites that are taken and vacant sites of the same energy are as exp(-(E - μ)/kT) to one in equilibrium, as the
    energy of a site does not depend on whether it is taken.
    """
    both = vacant + occupied

    def surplus(level: float) -> float:
        return float(both @ expit(level - energies) - occupied.sum())

    if not surplus(float(energies[0])) < 0.0 < surplus(float(energies[-1])):
        return math.nan
    return float(brentq(surplus, float(energies[0]), float(energies[-1])))


def coulomb_remarks(variables: Mapping[str, Any]) -> list[Remark]:
    """What is to be said where the ions were not in equilibrium."""
    remarks: list[Remark] = []
    for name, how in (
        ("energy_drift", "drifts during the runs"),
        ("start_dependence", "depends on how the runs began"),
    ):
        value, error = variables[name][1], variables[f"{name}_error"][1]
        if abs(value) > SEEN * error > 0.0:
            remarks.append(NOT_IN_EQUILIBRIUM(how=how, value=value, error=error))
    return remarks
