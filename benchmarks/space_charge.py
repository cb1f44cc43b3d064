"""Charges and stored potentials at faces that let no ion pass, on the automatic grid and on other cells.

    python benchmarks/space_charge.py

Every case ends with a minute or more of storage, whose potential is what a layer of space charge has kept. The columns
are the automatic grid, the same with slowly growing cells, with outermost cells of half the size, and with outermost
cells of 0.1 nm, as a file may ask for them; where Poisson's and Boltzmann's equations give the result, it stands first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.experiment import Experiment
from ionscape.transport import make_grid, simulate

TEMPERATURE, DENSITY, PERMITTIVITY = 323.15, 1e28, 7.0
THERMAL = BOLTZMANN_CONSTANT * TEMPERATURE / ELEMENTARY_CHARGE
LENGTH = math.sqrt(PERMITTIVITY * VACUUM_PERMITTIVITY * THERMAL / (ELEMENTARY_CHARGE * DENSITY))
Data = dict[str, Any]


def layer(psi: float) -> float:
    """Charge of a layer over which psi falls, over e n [m] (Gouy and Chapman)."""
    return LENGTH * math.sqrt(2.0 * max(math.expm1(-psi) + psi, 0.0))


def drop(charge: float) -> float:
    """Drop over a layer in which ions have piled up, in thermal voltages."""
    return float(brentq(lambda psi: layer(-psi) - charge, 0.0, 200.0)) if charge > 1e-16 else 0.0


def ohmic(potential: float, coefficient: float, thickness: float, duration: float) -> float:
    """Charge that piles up at a back that takes no ion, over e n [m]: Ohm's law less the drop over the layer."""

    def rate(_: float, charge: Any) -> list[float]:
        return [coefficient / thickness * (potential / THERMAL - drop(float(charge[0])))]

    return float(solve_ivp(rate, (0.0, duration), [0.0], method="LSODA", rtol=1e-9, atol=1e-20).y[0, -1])


def sample(ions: dict[str, float], native: dict[str, float], stages: list[Data], **options: Any) -> Experiment:
    """Ions by their D [m^2/s] in a glass of 1 um or of another thickness."""
    charges = options.get("charges", {})
    data: Data = {
        "sample": {
            "thickness": options.get("thickness", 1e-6), "illuminated_area": 1e-4,
            "relative_permittivity": PERMITTIVITY, "native": native,
        },
        "ions": {
            name: {
                "charge": charges.get(name, 1),
                "diffusion": {
                    "model": "constant", "coefficient": coefficient, "reference_temperature": TEMPERATURE,
                    "activation_energy": "0.65 eV",
                },
            }
            for name, coefficient in ions.items()
        },
        "stages": [{"temperature": TEMPERATURE, "duration": 60.0, **stage} for stage in stages],
    }  # fmt: skip
    if "deposits" in options:
        data["back_electrode"] = {"deposits": options["deposits"]}
    return Experiment.model_validate(data)


def cases() -> dict[str, tuple[Experiment, tuple[float, float] | None]]:
    """Experiments with the charge that passed surface or back [nm] and the stored potential [V], where known."""
    storage: Data = {"kind": "storage"}

    def blocking(potential: float) -> Data:
        return {"kind": "contact", "potential": potential, "blocking": True, "duration": 1e4}

    def beam(ion: str, potential: float, duration: float) -> Data:
        return {"kind": "irradiation", "beam": ion, "source_potential": potential, "duration": duration}

    held: Data = {"kind": "contact", "potential": -5.0, "composition": {"Na": 1.0}, "duration": 1e4}
    shorted: Data = {"kind": "contact", "potential": 0.0, "composition": {"Rb": 1.0}, "duration": 1800.0}
    sodium, salt, in_salt = {"Na": DENSITY}, {"Na": 1e27, "F": 1e27}, {"Na": 1e-16, "F": 1e-17}
    gathered = ohmic(15.0, 5.8e-19, 2e-3, 3.4e5)
    return {
        "anode 0.1 V": (sample({"Na": 1e-14}, sodium, [blocking(0.1), storage]), (layer(0.1 / THERMAL) * 1e9, 0.1)),
        "anode 10 V": (sample({"Na": 1e-14}, sodium, [blocking(10.0), storage]), (layer(10.0 / THERMAL) * 1e9, 10.0)),
        "anode 10 V, slow K": (
            sample({"Na": 1e-14, "K": 1e-18}, {"Na": 7e27, "K": 3e27}, [blocking(10.0), storage]), None,
        ),
        "anode 5 V after a beam": (
            sample({"Na": 1e-15, "K": 1e-17}, sodium, [beam("K", 1.0, 1e3), blocking(5.0), storage]), None,
        ),
        "cathode -10 V": (sample({"Na": 1e-14}, sodium, [blocking(-10.0), storage]), (0.0, -10.0)),
        "anode, back takes none": (sample({"Na": 1e-14}, sodium, [blocking(10.0), storage], deposits=[]), (0.0, 10.0)),
        "melt at -5 V": (sample({"Na": 1e-15}, sodium, [held, storage]), (layer(5.0 / THERMAL) * 1e9, -5.0)),
        "melt at 0 V, slower ion": (sample({"Na": 1e-17, "Rb": 1e-19}, sodium, [shorted, storage]), None),
        "beam, back takes none": (
            sample({"Na": 5.8e-19}, sodium, [beam("Na", 15.0, 3.4e5), storage], thickness=2e-3, deposits=[]),
            (gathered * 1e9, THERMAL * drop(gathered)),
        ),
        "beam of Rb, back takes none": (
            sample({"Na": 5.8e-19, "Rb": 1e-21}, sodium, [beam("Rb", 15.0, 3.4e5), storage], thickness=2e-3,
                   deposits=[]), None,
        ),
        "back takes Na, not K": (
            sample({"Na": 1e-17, "K": 1e-18}, {"Na": 9e27, "K": 1e27}, [beam("Na", 5.0, 1e5), storage],
                   deposits=["Na"]), None,
        ),
        "salt, anode 5 V": (sample(in_salt, salt, [blocking(5.0), storage], charges={"F": -1}), None),
        "salt, both faces block": (
            sample(in_salt, salt, [blocking(5.0), storage], charges={"F": -1}, deposits=[]), None,
        ),
    }  # fmt: skip


def measured(experiment: Experiment) -> tuple[float, float, int]:
    """Charge through the surface or, if larger, the back [nm], stored potential [V], number of cells."""
    data = simulate(experiment).dataset
    unit = ELEMENTARY_CHARGE * experiment.bulk_density * experiment.sample.illuminated_area * 1e-9
    through = max(abs(float(data[f"{face}_charge"][-1].sum())) for face in ("injected", "collected"))
    return through / unit, float(data["surface_potential"][-1]), len(data["depth"])


def main() -> None:
    """Print the table."""
    print(f"{'case':28} {'exact':>20} {'automatic':>20} {'growth 1.03':>20} {'outermost / 2':>20} {'0.1 nm':>20} cells")
    for name, (experiment, exact) in cases().items():
        size = make_grid(experiment).size
        grids: list[Data] = [
            {}, {"grid.growth": 1.03}, {"grid.surface_cell": 0.5 * float(np.minimum(size[0], size[-1]))},
            {"grid.surface_cell": min(1e-10, make_grid(experiment).cell)},
        ]  # fmt: skip
        found = [measured(experiment.replace(grid)) for grid in grids]
        columns = ["" if exact is None else f"{exact[0]:.5g} nm {exact[1]:.4f} V"]
        columns += [f"{charge:.5g} nm {potential:.4f} V" for charge, potential, _ in found]
        print(f"{name:28} " + " ".join(f"{column:>20}" for column in columns) + f" {found[0][2]:5d}", flush=True)


if __name__ == "__main__":
    main()
