"""Derivatives by parameters, carried along with the steps, against differences between converged simulations."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from experiments import constant, contact
from experiments import experiment as described_by
from ionscape.experiment import Experiment, load_experiment
from ionscape.files.values import read_scalar
from ionscape.transport import Settings, simulate
from ionscape.transport.grid import make_grid
from ionscape.transport.integrate import advance
from ionscape.transport.variation import Variation

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TIGHT = Settings(relative_tolerance=1e-5, snapshots_per_stage=4)
DIFFERENCE = 2e-3
COARSER = {"rb-cs-double-cait.toml": {"grid.cell": 0.5e-9}}  # the derivatives are those on the same cells


@cache
def described(name: str):
    experiment = load_experiment(EXAMPLES / name).replace({"grid.kind": "fixed", **COARSER.get(name, {})})
    return experiment, make_grid(experiment)


def variation(experiment: Experiment, path: str, spacing: float = 1e-4) -> Variation:
    """By the logarithm of the parameter."""
    value = read_scalar(experiment, path).value
    lower, upper = (experiment.replace({path: value * (1.0 + sign * spacing)}) for sign in (-1, 1))
    return Variation(name=path, lower=lower, upper=upper, spacing=2.0 * spacing)


def differences(name: str, path: str, step: float = DIFFERENCE) -> dict[str, np.ndarray]:
    """Central differences of converged simulations on the same grid."""
    experiment, grid = described(name)
    value = read_scalar(experiment, path).value
    low, high = (
        simulate(experiment.replace({path: value * (1.0 + sign * step)}), settings=TIGHT, grid=grid).dataset
        for sign in (-1, 1)
    )
    return {
        key: (high[key].values[-1] - low[key].values[-1]) / (2.0 * step)
        for key in ("density", "collected_charge", "current")
    }


@cache
def slopes(name: str, paths: tuple[str, ...]):
    experiment, grid = described(name)
    return simulate(experiment, grid=grid, variations=[variation(experiment, path) for path in paths]).dataset


MONO = (
    "ions.Li.diffusion.bulk_coefficient", "ions.Li.diffusion.width", "ions.Li.diffusion.trapped_fraction",
    "ions.Rb.diffusion.coefficient", "stages[0].temperature", "sample.native.Li", "stages[0].duration",
    "sample.illuminated_area",
)  # fmt: skip


@pytest.mark.parametrize("path", MONO)
def test_derivatives_of_the_first_stage_at_the_ordinary_tolerance(path: str) -> None:
    found = slopes("rb-mono-cait.toml", MONO).sel(parameter=path)
    expected = differences("rb-mono-cait.toml", path)
    charge = found["collected_charge_slope"].values[-1].sum()
    assert charge == pytest.approx(expected["collected_charge"].sum(), rel=0.01, abs=0)
    assert float(found["current_slope"].values[-1]) == pytest.approx(float(expected["current"]), rel=0.02, abs=0)
    if path == "sample.illuminated_area":
        return  # the densities do not feel it
    density = found["density_slope"].values[-1]
    # next to the kink of D(n) at the trapped fraction the differences themselves are not converged
    allowed = {"stages[0].temperature": 0.12, "sample.native.Li": 0.03, "ions.Li.diffusion.trapped_fraction": 0.03}
    limit = allowed.get(path, 0.02)
    assert np.abs(density - expected["density"]).sum() < limit * np.abs(expected["density"]).sum()


def test_derivatives_go_through_stage_changes() -> None:
    paths = (
        "ions.Rb.diffusion.coefficient",
        "stages[2].diffusion.Li.bulk_coefficient",
        "ions.Cs.diffusion.coefficient",
    )
    found = slopes("rb-cs-double-cait.toml", paths)
    for path in paths[:1]:
        expected = differences("rb-cs-double-cait.toml", path)
        charge = found["collected_charge_slope"].sel(parameter=path).values[-1].sum()
        assert charge == pytest.approx(expected["collected_charge"].sum(), rel=0.01, abs=0)
        density = found["density_slope"].sel(parameter=path).values[-1]
        assert np.abs(density - expected["density"]).sum() < 0.02 * np.abs(expected["density"]).sum()


def test_derivatives_through_a_limited_beam() -> None:
    """The beam first charges the surface, then holds it: both regimes of its law, and a parameter of its own."""
    experiment, _ = described("rb-mono-cait.toml")
    limited = experiment.replace({"stages[0].beam_current": 8.2e-9})
    grid = make_grid(limited)

    def charge(current: float, settings: Settings = TIGHT) -> float:
        varied = limited.replace({"stages[0].beam_current": current})
        return float(simulate(varied, settings=settings, grid=grid).dataset["collected_charge"].values[-1].sum())

    spacing = 1e-4
    lower, upper = (limited.replace({"stages[0].beam_current": 8.2e-9 * (1 + s * spacing)}) for s in (-1, 1))
    found = simulate(
        limited, grid=grid, variations=[Variation(name="beam", lower=lower, upper=upper, spacing=2 * spacing)]
    ).dataset["collected_charge_slope"].values[-1].sum()  # fmt: skip
    expected = (charge(8.2e-9 * 1.002) - charge(8.2e-9 * 0.998)) / 0.004
    assert found == pytest.approx(expected, rel=0.01, abs=0)


def test_derivatives_do_not_depend_on_how_many_are_carried_along() -> None:
    """Alone or in the second of two groups: the same arithmetic, by the same compiled code."""
    together = slopes("rb-mono-cait.toml", MONO)
    compiled = len(cast(Any, advance).signatures)
    for path in (MONO[1], MONO[5]):
        alone = slopes("rb-mono-cait.toml", (path,))
        for name in ("density_slope", "collected_charge_slope", "current_slope"):
            assert np.array_equal(alone[name].sel(parameter=path), together[name].sel(parameter=path)), name
    assert len(cast(Any, advance).signatures) == compiled


def test_balance_of_the_derivatives() -> None:
    """What a parameter makes enter more is inside or has left."""
    data = slopes("rb-mono-cait.toml", MONO)
    experiment, _ = described("rb-mono-cait.toml")
    unit = 1.602176634e-19 * experiment.sample.illuminated_area
    inside = np.einsum("kip,k->ip", data["density_slope"].values[-1], data["cell_size"].values) * unit
    for number, path in enumerate(MONO):
        if path in ("sample.illuminated_area", "sample.native.Li"):
            continue  # they change what is there from the start
        entered = data["injected_charge_slope"].values[-1, :, number]
        left = data["collected_charge_slope"].values[-1, :, number]
        scale = np.abs(entered).max() + np.abs(left).max()
        assert np.abs(inside[:, number] + left - entered).max() < 1e-9 * scale


def test_derivatives_of_the_current_of_a_salt_are_those_of_ohm() -> None:
    """As long as a salt is nearly uniform, I = e²/kT sum Z² n D U A / L: each logarithmic derivative is an integer.

    For the coefficients it is the ion's share of the conductivity: 4 n D of the cation is a third of all.
    """
    salt = described_by(
        ions={"Ca": constant(1e-17), "F": constant(4e-17)},
        native={"Ca": 1e25, "F": 2e25},
        charges={"Ca": 2, "F": -1},
        thickness=500e-9,
        relative_permittivity=8.0,
        stages=[contact(0.1, 1000.0, composition={"Ca": 1 / 3, "F": 2 / 3})],
        grid={"cell": 1e-9, "zone": 450e-9},
    )
    expected = {
        "stages[0].potential": 1.0, "sample.thickness": -1.0, "sample.illuminated_area": 1.0,
        "sample.relative_permittivity": 0.0, "stages[0].duration": 0.0,
        "ions.Ca.diffusion.coefficient": 1 / 3, "ions.F.diffusion.coefficient": 2 / 3,
    }  # fmt: skip
    found = simulate(salt, grid=make_grid(salt), variations=[variation(salt, path) for path in expected]).dataset
    time = found["time"].values
    early = (time > 1e-3) & (time < 0.1)
    assert early.sum() >= 3
    relative = found["current_slope"].values[early] / found["current"].values[early, None]
    assert relative == pytest.approx(np.tile(list(expected.values()), (early.sum(), 1)), abs=0.01)
