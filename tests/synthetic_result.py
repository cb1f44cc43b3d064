"""A hand-made result of a double exchange, for tests of what only reads results: fronts prescribed, nothing solved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from ionscape.experiment import Experiment

HOUR = 3600.0
BULK = 1.4e28
FIRST_FRONT, SECOND_FRONT, CAESIUM_FRONT = 50e-9, 100e-9, 85e-9  # at the end of the stages [m]
PLATEAU = 0.1

EXPERIMENT = """
title = "Cs@(Rb@Li3B7O12), prescribed fronts"

[sample]
thickness = "2.325 mm"
illuminated_area = "28.26 mm^2"
relative_permittivity = 7
native = { Li = "1.4e28 1/m^3" }

[chamber]
aperture_distance = "8 mm"

[ions.Li.diffusion]
model = "site-energies"
bulk_coefficient = "5.8e-19 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.65 eV"
width = "0.16 eV"
excess_sites = 0.10
trapped_fraction = 0.10
trapped_width = "0.05 eV"

[ions.Rb.diffusion]
model = "constant"
coefficient = "2.67e-22 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.65 eV"

[ions.Cs.diffusion]
model = "constant"
coefficient = "3.1e-23 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.65 eV"

[[stages]]
kind = "irradiation"
beam = "Rb"
source_potential = "15 V"
temperature = "323.15 K"
duration = "100 h"

[[stages]]
kind = "irradiation"
beam = "Cs"
source_potential = "15 V"
temperature = "323.15 K"
duration = "200 h"

[stages.diffusion.Li]
model = "site-energies"
bulk_coefficient = "5.8e-19 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.65 eV"
width = "0.16 eV"
excess_sites = 0.10
trapped_fraction = 0.03
trapped_width = "0.05 eV"

[stages.diffusion.Rb]
model = "site-energies"
bulk_coefficient = "2.67e-22 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.65 eV"
width = "0.1432 eV"
excess_sites = 0.10
trapped_fraction = 0.10
trapped_width = "0.05 eV"
fermi_level_counts = ["Rb", "Li"]
"""


@dataclass(frozen=True, kw_only=True)
class SyntheticResult:
    """The same attributes and methods as the result of a simulation."""

    dataset: xr.Dataset
    experiment: Experiment

    def of_plate(self) -> SyntheticResult:
        """The same of a glass whose strain and refractive index are described, much of both: its zone is thin."""
        tables = {
            "mechanics": {"young_modulus": 72e9, "poisson_ratio": 0.22, "exchangeable": 10.0,
                          "dilatation": {"Rb": 2e-3, "Cs": 3e-3}},
            "optics": {"refractive_index": 1.5, "index_change": {"Rb": 0.3, "Cs": 0.4}, "wavelength": 2e-7},
        }  # fmt: skip
        described = self.experiment.replace(tables)
        dataset = self.dataset.assign_attrs(experiment=described.to_toml())
        return SyntheticResult(dataset=dataset, experiment=described)

    def summary(self) -> dict[str, Any]:
        """Plausible numbers under the agreed keys; NaN where a quantity does not exist."""
        stage = {
            "kind": "irradiation",
            "collected_charge": 2.8e-3,
            "injected_charge": 2.8e-3,
            "initial_current": 8.5e-9,
            "final_current": 8.1e-9,
            "front_depth": FIRST_FRONT,
            "front_width": 3e-9,
            "plateau": PLATEAU,
            "peak_excess_charge": -6e-5,
            "zone_voltage": 0.8,
            "balance_error": 1e-13,
            "steps": 400,
            "wall_time": 0.1,
        }
        return {
            "title": self.experiment.title,
            "warnings": [],
            "stages": [stage, {**stage, "plateau": float("nan"), "front_depth": None}],
        }

    def to_netcdf(self, path: str | Path) -> None:
        """Write the dataset."""
        self.dataset.to_netcdf(path, engine="h5netcdf")

    def to_csv(self, path: str | Path) -> None:
        """Write something tabular."""
        Path(path).write_text("time,depth\n", encoding="utf-8")

    def columns(self) -> list[tuple[str, list[float]]]:
        """Something tabular."""
        return [("time", []), ("depth", [])]


def step_down(depth: np.ndarray, front: float, width: float = 1.5e-9) -> np.ndarray:
    """A logistic step from 1 at the surface to 0 beyond `front`."""
    return 1 / (1 + np.exp(np.clip((depth - front) / width, -60, 60)))


def synthetic_dataset(experiment: Experiment, *, stages: int = 2, per_stage: int = 30) -> xr.Dataset:
    """The dataset of a run through the first `stages` stages, with times that are not equidistant."""
    import xarray as xr

    spread = np.linspace(0, 1, per_stage + 1) ** 1.5
    time = np.concatenate([100 * HOUR * spread, 100 * HOUR + 200 * HOUR * spread[1:]])
    stage = np.concatenate([np.zeros(per_stage + 1, dtype=int), np.ones(per_stage, dtype=int)])
    keep = stage < stages
    time, stage = time[keep], stage[keep]
    faces = np.concatenate([np.linspace(0, 200e-9, 401), np.geomspace(201e-9, 2.325e-3, 120)])
    depth, cell = 0.5 * (faces[1:] + faces[:-1]), np.diff(faces)

    progress = np.where(stage == 0, time / (100 * HOUR), (time - 100 * HOUR) / (200 * HOUR))
    density = np.empty((time.size, depth.size, 3))
    for index, (where, part) in enumerate(zip(stage, progress, strict=True)):
        exchanged = step_down(
            depth, FIRST_FRONT * part if where == 0 else FIRST_FRONT + (SECOND_FRONT - FIRST_FRONT) * part
        )
        if where == 0 and part == 0:
            exchanged = np.zeros_like(depth)
        left = PLATEAU if where == 0 else PLATEAU - 0.07 * part
        caesium = 0.6 * step_down(depth, CAESIUM_FRONT * part) * (where == 1) * (part > 0)
        lithium = 1 - (1 - left) * exchanged
        density[index] = BULK * np.stack([lithium, 1 - lithium - caesium * exchanged, caesium * exchanged], axis=1)
    current = np.where(progress == 0, 0.0, 8.5e-9 - 0.4e-9 * progress - 0.4e-9 * stage)
    passed = np.concatenate([[0.0], np.cumsum(np.diff(time) * 0.5 * (current[1:] + current[:-1]))])
    first = passed[stage == 0][-1]
    nothing = np.zeros_like(passed)
    injected = np.stack([nothing, np.minimum(passed, first), np.maximum(passed - first, 0)], axis=1)
    collected = np.stack([passed, nothing, nothing], axis=1)
    surface = np.where(time > 0, 15.0, 0.0)
    drop = 0.05 * (1 - step_down(depth, 60e-9, 2e-9))
    potential = surface[:, None] * (1 - drop - (1 - drop) * depth / faces[-1])
    return xr.Dataset(
        {
            "density": (("time", "depth", "ion"), density, {"units": "1/m^3"}),
            "potential": (("time", "depth"), potential, {"units": "V"}),
            "current": ("time", current, {"units": "A"}),
            "surface_potential": ("time", surface, {"units": "V"}),
            "injected_charge": (("time", "ion"), injected, {"units": "C"}),
            "collected_charge": (("time", "ion"), collected, {"units": "C"}),
            "stage": ("time", stage),
            "cell_size": ("depth", cell, {"units": "m"}),
            "balance_error": ("ion", np.zeros(3)),
        },
        coords={"time": time, "depth": depth, "ion": ["Li", "Rb", "Cs"]},
        attrs={"title": experiment.title, "experiment": EXPERIMENT},
    )


def synthetic_result(*, stages: int = 2) -> SyntheticResult:
    """A result as a simulation returns it; with one stage, as if it had been interrupted after it."""
    from ionscape.experiment import parse_experiment

    experiment = parse_experiment(EXPERIMENT)
    return SyntheticResult(dataset=synthetic_dataset(experiment, stages=stages), experiment=experiment)


def population_result() -> SyntheticResult:
    """Rubidium for lithium, one stage, both ions on every level in the ratio of their densities, at two kept times.

    The activity of lithium is the square of its fraction, so that its effective D is D times that fraction.
    """
    from ionscape.experiment import load_experiment

    path = Path(__file__).parents[1] / "examples" / "rb-mono-populations.toml"
    experiment = load_experiment(path).replace({"stages[0].duration": 100 * HOUR})
    dataset = synthetic_dataset(experiment, stages=1).isel(ion=[0, 1])
    system = experiment.site_systems["borate"]
    levels = system.levels(0.05 * 1.602176634e-19)
    fermi = levels.fermi_level(BULK, 323.15)
    filled = levels.sites / (1.0 + np.exp((levels.energy - fermi) / (1.380649e-23 * 323.15)))
    share = dataset["density"].values[[0, -1]] / BULK
    activity = np.stack([share[..., 0] ** 2, share[..., 1]], axis=-1)
    names = ("population_time", "depth", "ion", "energy")
    dataset = dataset.assign(
        population=(names, share[..., None] * filled), activity=(names[:3], activity),
        site_density=("energy", levels.sites), energy_width=("energy", np.full(levels.sites.size, levels.width)),
        native_fermi_energy=(("experiment_stage", "system"), [[fermi]]),
    ).assign_coords(
        population_time=dataset["time"].values[[0, -1]], energy=levels.energy, system=["borate"],
        site_system=("energy", ["borate"] * levels.sites.size),
    )  # fmt: skip
    dataset.attrs |= {"experiment": experiment.to_toml(), "format": "ionscape simulation result 1", "settings": "{}"}
    return SyntheticResult(dataset=dataset, experiment=experiment)
