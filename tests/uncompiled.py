"""Small simulations by the kernels as plain Python; run with NUMBA_DISABLE_JIT=1: `python uncompiled.py RESULTS.npz`.

The file has the densities at the end of each experiment, derivatives of one of them, and densities by another flux law.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from experiments import constant, contact, experiment, irradiation, site_energies
from ionscape.experiment import Experiment
from ionscape.transport import Settings, equations, simulate
from ionscape.transport.variation import Variation

SETTINGS = Settings(relative_tolerance=1e-2, snapshots_per_stage=2)
GRID = {"cell": 4e-9, "zone": 32e-9, "surface_cell": 4e-9, "growth": 2.0}
NATIVE = {"Li": 1.4e28}


def beam() -> Experiment:
    """Rb in front of site energies, then open circuit."""
    storage = {"kind": "storage", "temperature": 323.15, "duration": 3600.0}
    return experiment(
        ions={"Li": site_energies(1e-18), "Rb": constant(1e-20)}, native=NATIVE,
        stages=[irradiation("Rb", 1.0, 3600.0, beam_current=1e-9), storage], grid=GRID,
    )  # fmt: skip


def melt(cells: float = 4e-9) -> Experiment:
    """Exchange between two ions of constant D, one ten times the other, out of a contact."""
    return experiment(
        ions={"Li": constant(1e-18), "Rb": constant(1e-19)}, native=NATIVE,
        stages=[contact(0.0, 100.0, composition={"Rb": 1.0})], grid=GRID | {"cell": cells, "surface_cell": cells},
    )  # fmt: skip


def alike(parts: int) -> Experiment:
    """One ion replaces another, each as so many ions that differ in nothing but their names."""
    native, foreign = ("Li", "Na")[:parts], ("K", "Rb")[:parts]
    coefficients = {**dict.fromkeys(native, 1e-18), **dict.fromkeys(foreign, 1e-20)}
    stage = irradiation(foreign[0], 10.0, 7200.0) | {"beam": dict.fromkeys(foreign, 1.0 / parts)}
    return experiment(
        ions={name: constant(value) for name, value in coefficients.items()},
        native=dict.fromkeys(native, NATIVE["Li"] / parts), stages=[stage], grid=GRID,
    )  # fmt: skip


def variation(experiment: Experiment) -> Variation:
    """By the logarithm of the bulk coefficient."""
    path = "ions.Li.diffusion.bulk_coefficient"
    lower, upper = (experiment.replace({path: 1e-18 * (1.0 + sign * 1e-4)}) for sign in (-1, 1))
    return Variation(name=path, lower=lower, upper=upper, spacing=2e-4)


def results() -> dict[str, NDArray[np.float64]]:
    """Densities at the end, derivatives along with those of the beam."""
    first = beam()
    ended = simulate(first, settings=SETTINGS, variations=[variation(first)]).dataset
    return {
        "beam": ended["density"].values[-1],
        "beam_slope": ended["density_slope"].values[-1],
        "melt": simulate(melt(), settings=SETTINGS).dataset["density"].values[-1],
    }


def central(
    z: float, thermal: float, weights: tuple[float, float, float], inverse_distance: float,
    n_left: float, n_right: float, d_left: float, d_right: float,
) -> tuple[float, ...]:  # fmt: skip
    """A flux law of one's own: central differences, and the mean D of both cells."""
    w = weights[1] - weights[0]  # B(-w) - B(w) is w
    mobility = 0.5 * (d_left + d_right) * inverse_distance
    mean = 0.5 * (n_left + n_right)
    bracket = n_left - n_right - w * mean
    half = 0.5 * inverse_distance * bracket
    return (
        mobility * bracket, mobility * (1.0 - 0.5 * w), -mobility * (1.0 + 0.5 * w), -mobility * z * thermal * mean,
        half * d_left, half * d_right,
    )  # fmt: skip


if __name__ == "__main__":
    with np.errstate(over="ignore", invalid="ignore"):  # steps that are too long are tried, and fail
        found = results()
        found["alike"] = simulate(alike(2), settings=SETTINGS).dataset["density"].values[-1]
        equations.scharfetter_gummel = central
        for name, cells in (("own_coarse", 4e-9), ("own_fine", 2e-9)):
            found[name] = simulate(melt(cells), settings=SETTINGS).dataset["density"].values[-1]
    np.savez(sys.argv[1], allow_pickle=False, **found)
