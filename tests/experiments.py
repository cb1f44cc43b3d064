"""Experiments from plain SI numbers, and simulations of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ionscape as isc
from ionscape.constants import ELECTRON_VOLT, ELEMENTARY_CHARGE
from ionscape.diffusivity import Branch, SiteEnergyDistribution, SiteSystem
from ionscape.experiment import Experiment

FloatArray = NDArray[np.float64]
Table = dict[str, Any]


def constant(coefficient: float, *, temperature: float = 323.15) -> Table:
    """A constant diffusion coefficient [m²/s]; its activation energy does not matter at the reference temperature."""
    return {
        "model": "constant",
        "coefficient": coefficient,
        "reference_temperature": temperature,
        "activation_energy": "0.65 eV",
    }


def site_energies(bulk_coefficient: float, *, temperature: float = 323.15, **options: Any) -> Table:
    """Two cos² branches of the lithium borate glass; `options` replace or add keys of the file."""
    return {
        "model": "site-energies",
        "bulk_coefficient": bulk_coefficient,
        "reference_temperature": temperature,
        "activation_energy": "0.65 eV",
        "width": "0.16 eV",
        "excess_sites": 0.10,
        "trapped_fraction": 0.10,
        "trapped_width": "0.05 eV",
    } | options


def borate(*ions: str, trapped_fraction: float = 0.10) -> SiteSystem:
    """The sites of lithium in the glass of Gunawan 2026 (Table 1), which these ions share."""
    width, native = 0.16 * ELECTRON_VOLT, 1.4e28
    branches = (
        Branch(centre=0.0, width=width, weight=(1.1 - trapped_fraction) * native),
        Branch(centre=-np.pi * width, width=0.05 * ELECTRON_VOLT, weight=trapped_fraction * native),
    )
    distribution = SiteEnergyDistribution(branches=branches)
    return SiteSystem(name="borate", distribution=distribution, native_density=native, ions=ions)


def table(densities: Sequence[float], coefficients: Sequence[float], *, temperature: float = 323.15) -> Table:
    """Diffusion coefficients [m²/s] over densities [1/m³]."""
    return {
        "model": "table",
        "densities": [float(value) for value in densities],
        "coefficients": [float(value) for value in coefficients],
        "reference_temperature": temperature,
        "activation_energy": "0.65 eV",
    }


def irradiation(
    beam: str, potential: float, duration: float, *, temperature: float = 323.15, beam_current: float | None = None
) -> Table:
    """An irradiation stage [V, s, K, A]."""
    stage = {
        "kind": "irradiation",
        "beam": beam,
        "source_potential": potential,
        "temperature": temperature,
        "duration": duration,
    }
    if beam_current is not None:
        stage["beam_current"] = beam_current
    return stage


def contact(potential: float, duration: float, *, temperature: float = 323.15, **options: Any) -> Table:
    """A contact stage; `options`: composition={...} or blocking=True."""
    return melt(duration, temperature=temperature, **options) | {"potential": potential}


def melt(duration: float, *, temperature: float = 323.15, **options: Any) -> Table:
    """A contact at open circuit; `options`: composition={...}, or melt={...} and isotherm={...}."""
    return {"kind": "contact", "temperature": temperature, "duration": duration} | options


def storage(duration: float, *, temperature: float = 323.15) -> Table:
    """A storage stage."""
    return {"kind": "storage", "temperature": temperature, "duration": duration}


def experiment(
    *,
    ions: Mapping[str, Table],
    native: Mapping[str, float],
    stages: Sequence[Table],
    thickness: float = 2.325e-3,
    area: float = 28.26e-6,
    relative_permittivity: float = 7.0,
    charges: Mapping[str, int] | None = None,
    grid: Mapping[str, float | str] | None = None,
    deposits: Sequence[str] | None = None,
    cross_terms: Table | None = None,
) -> Experiment:
    """An experiment from SI numbers; `grid`: kind, or cell, zone, surface_cell [m], growth."""
    content: Table = {
        "sample": {
            "thickness": thickness,
            "illuminated_area": area,
            "relative_permittivity": relative_permittivity,
            "native": dict(native),
        },
        "ions": {
            name: {"charge": (charges or {}).get(name, 1), "diffusion": diffusion} for name, diffusion in ions.items()
        },
        "stages": list(stages),
    }
    if deposits is not None:
        content["back_electrode"] = {"deposits": list(deposits)}
    if cross_terms is not None:
        content["cross_terms"] = cross_terms
    if grid is not None:
        content["grid"] = dict(grid)
    return Experiment.model_validate(content)


@dataclass(frozen=True, kw_only=True)
class Final:
    """State at the end of a simulation.

    Attributes:
        depth, size: centres and sizes of the cells [m] (cells,)
        fraction: density / n_bulk, by ion (cells,)
        potential: [V] (cells,)
        surface_potential: [V]
        injected, collected: amounts that passed surface and back / (n_bulk · area) [m], by ion
        current: [A]
        time: [s]
        result: the whole result
    """

    depth: FloatArray
    size: FloatArray
    fraction: dict[str, FloatArray]
    potential: FloatArray
    surface_potential: float
    injected: dict[str, float]
    collected: dict[str, float]
    current: float
    time: float
    result: isc.SimulationResult

    @property
    def edges(self) -> FloatArray:
        """Faces of the cells [m] (cells + 1,)."""
        return np.concatenate([[0.0], np.cumsum(self.size)])

    def crossing(self, name: str, level: float = 0.5) -> float:
        """Depth [m] at which the fraction of an ion passes a level for the last time; linear between centres."""
        above = self.fraction[name] > level
        last = int(np.flatnonzero(above[1:] != above[:-1])[-1])
        left, right = self.fraction[name][last], self.fraction[name][last + 1]
        return float(self.depth[last] + (level - left) / (right - left) * (self.depth[last + 1] - self.depth[last]))


def run(described: Experiment, *, stage: int | None = None, **settings: Any) -> Final:
    """Simulate with `isc.Settings(**settings)` and return the state at the end of a stage (the last one by default).

    Whatever a test is about, densities must not be negative and every ion's balance must close.
    """
    result = isc.simulate(described, settings=isc.Settings(**settings))
    assert float(result.dataset["density"].min()) >= 0.0
    assert float(np.abs(result.dataset["balance_error"]).max()) <= 1e-10
    return final_state(result, stage=stage)


def final_state(result: isc.SimulationResult, *, stage: int | None = None) -> Final:
    """State at the end of a stage (the last one by default) of a result."""
    data = result.dataset
    described = result.experiment
    stages = data["stage"].values
    last = len(stages) - 1 if stage is None else int(np.flatnonzero(stages == stage)[-1])
    at_end = data.isel(time=last)
    names = [str(name) for name in data["ion"].values]
    bulk = described.bulk_density
    charge = ELEMENTARY_CHARGE * bulk * described.sample.illuminated_area
    amounts = {
        key: {
            name: float(at_end[key].values[i]) / (charge * described.ions[name].charge) for i, name in enumerate(names)
        }
        for key in ("injected_charge", "collected_charge")
    }
    return Final(
        depth=data["depth"].values,
        size=data["cell_size"].values,
        fraction={name: at_end["density"].values[:, i] / bulk for i, name in enumerate(names)},
        potential=at_end["potential"].values,
        surface_potential=float(at_end["surface_potential"]),
        injected=amounts["injected_charge"],
        collected=amounts["collected_charge"],
        current=float(at_end["current"]),
        time=float(at_end["time"]),
        result=result,
    )
