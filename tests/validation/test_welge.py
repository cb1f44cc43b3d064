"""Residual ions and shocks against the profile without diffusion (Welge's construction)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from experiments import Final, FloatArray, constant, experiment, irradiation, run, site_energies, table
from ionscape import relations
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.experiment import Experiment

BULK_DENSITY = 1.4e28


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A simulated profile beside the one without diffusion that holds the same injected amount.

    Attributes:
        state: simulated state at the end
        exact: profile without diffusion
        amount: injected ions / (density · area), Q [m]
        shock: depth of the leading shock without diffusion [m]
        front: depth at which the native fraction is half way across it in the simulation [m]
        difference: native fraction minus that without diffusion, both averaged over the cells (cells,)
    """

    state: Final
    exact: relations.DiffusionFreeProfile
    amount: float
    shock: float
    front: float
    difference: FloatArray

    def largest(self, low: float, high: float, *, apart_from: tuple[float, ...] = (), distance: float = 0.0) -> float:
        """Largest difference between two depths, at least a distance apart from some others."""
        depth = self.state.depth
        chosen = (depth > low) & (depth < high)
        for place in apart_from:
            chosen &= np.abs(depth - place) >= distance
        return float(np.max(np.abs(self.difference[chosen])))


def profile_without_diffusion(described: Experiment, native: str, foreign: str) -> relations.DiffusionFreeProfile:
    models = described.diffusion_models(0)
    temperature = described.stages[0].temperature
    return relations.diffusion_free_profile(
        native_diffusion=lambda n: models[native].coefficient(n * BULK_DENSITY, temperature),
        foreign_diffusion=lambda n: models[foreign].coefficient(n * BULK_DENSITY, temperature),
    )


def compare(described: Experiment, native: str, foreign: str, **settings: object) -> Comparison:
    state = run(described, **settings)
    exact = profile_without_diffusion(described, native, foreign)
    amount = state.injected[foreign]
    shock = exact.shocks[-1]
    inside = np.linspace(state.edges[:-1], state.edges[1:], 21)
    averages = np.mean(exact.native_fraction(inside / amount), axis=0)
    return Comparison(
        state=state,
        exact=exact,
        amount=amount,
        shock=shock.reduced_depth * amount,
        front=state.crossing(native, 0.5 * (shock.fraction_behind + shock.fraction_ahead)),
        difference=state.fraction[native] - averages,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("trapped_fraction", "hours"), [(0.03, 40.0), (0.20, 32.0)])
def test_residual_ions_at_strong_contrast(trapped_fraction: float, hours: float) -> None:
    bulk, temperature = 3.9e-17, 393.0
    described = experiment(
        ions={
            "Li": site_energies(bulk, temperature=temperature, trapped_fraction=trapped_fraction),
            "Cs": constant(bulk / 2e5, temperature=temperature),
        },
        native={"Li": BULK_DENSITY},
        thickness=2.3e-3,
        stages=[irradiation("Cs", 10.0, hours * 3600.0, temperature=temperature)],
        # a tenth of the cells that would be chosen: how steep the front is does not matter for its place
        grid={"cell": 0.5e-9, "zone": 200e-9},
    )
    found = compare(described, "Li", "Cs")
    print(
        f"\ntrapped {trapped_fraction}: front {found.front * 1e9:.2f} nm, shock {found.shock * 1e9:.2f} nm, "
        f"largest difference {found.largest(5e-9, 0.7 * found.front):.5f}, "
        f"{found.state.result.dataset.attrs['steps']} steps"
    )
    assert 100e-9 < found.front < 200e-9
    assert found.largest(5e-9, 0.7 * found.front) < 0.004
    assert found.front == pytest.approx(found.shock, rel=0.01)


def first_stage(potential: float, duration: float, cell: float) -> Experiment:
    """Contrast 2e3 of the first stage."""
    return experiment(
        ions={"Li": site_energies(5.8e-19), "Rb": constant(2.67e-22)},
        native={"Li": BULK_DENSITY},
        stages=[irradiation("Rb", potential, duration)],
        grid={"cell": cell, "zone": 65e-9, "surface_cell": cell},
    )


@pytest.mark.slow
def test_diffusion_vanishes_with_the_potential_at_weaker_contrast() -> None:
    duration = 94.46 * 3600.0
    low = compare(first_stage(15.0, duration, 0.5e-9), "Li", "Rb", model="electroneutral")
    high = compare(first_stage(150.0, duration / 10, 0.05e-9), "Li", "Rb", model="electroneutral")
    assert high.amount == pytest.approx(low.amount, rel=5e-4)  # equal charge
    kink = float(np.interp(0.1, low.exact.native_fractions, low.exact.reduced_depths)) * low.amount
    places = (kink, low.shock)
    differences = [found.largest(0.0, 60e-9, apart_from=places, distance=3e-9) for found in (low, high)]
    print(f"\nlargest difference at 15 V {differences[0]:.5f}, at 150 V {differences[1]:.5f}")
    assert differences[1] < differences[0] / 5
    # the same depth by depth, wherever there is a difference to speak of
    depths = np.arange(1e-9, 60e-9, 0.5e-9)
    depths = depths[np.min(np.abs(depths[:, None] - np.array(places)), axis=1) >= 3e-9]
    by_depth = [np.abs(np.interp(depths, found.state.depth, found.difference)) for found in (low, high)]
    noticeable = by_depth[0] > 1e-3
    assert np.count_nonzero(noticeable) > 50
    assert np.all(by_depth[1][noticeable] < by_depth[0][noticeable] / 5)


# ln D rises in proportion to the density up to 30 % of bulk, from a value that no ion ever feels
VANISHING = np.concatenate([np.linspace(0.0, 0.3, 31), [0.5, 1.0]])


def vanishing(coefficient: float) -> FloatArray:
    return coefficient * np.exp(np.log(1e-20) * np.maximum(1.0 - VANISHING / 0.3, 0.0))


def shock_speed(described: Experiment, native: str, foreign: str, **settings: object) -> tuple[float, float, float]:
    """Speed of the front per injected amount over the second half of the run; by Rankine and Hugoniot; amount [m]."""
    state = run(described, **settings)
    exact = profile_without_diffusion(described, native, foreign)
    shock = exact.shocks[-1]
    level = 0.5 * (shock.fraction_behind + shock.fraction_ahead)
    data = state.result.dataset
    names = [str(name) for name in data["ion"].values]
    charge = ELEMENTARY_CHARGE * described.ions[foreign].charge * BULK_DENSITY * described.sample.illuminated_area
    amounts = data["injected_charge"].values[:, names.index(foreign)] / charge
    later = amounts > 0.5 * amounts[-1]
    depths = []
    for density in data["density"].values[later]:
        fraction = density[:, names.index(native)] / BULK_DENSITY
        last = int(np.flatnonzero(fraction < level)[-1])
        depths.append(np.interp(level, fraction[last : last + 2], state.depth[last : last + 2]))
    # a straight line through many fronts averages over their places within a cell
    speed = float(np.polyfit(amounts[later], depths, 1)[0])
    models, temperature = described.diffusion_models(0), described.stages[0].temperature
    expected = relations.rankine_hugoniot_speed(
        fraction_behind=shock.fraction_behind,
        fraction_ahead=shock.fraction_ahead,
        native_diffusion=lambda n: models[native].coefficient(n * BULK_DENSITY, temperature),
        foreign_diffusion=lambda n: models[foreign].coefficient(n * BULK_DENSITY, temperature),
    )
    assert expected == pytest.approx(shock.reduced_depth, rel=1e-3)
    print(
        f"\nshock {shock.fraction_behind:.3f} -> {shock.fraction_ahead:.3f}: speed {speed:.4f}, expected {expected:.4f}"
    )
    return speed, expected, float(amounts[-1])


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(table(VANISHING * BULK_DENSITY, vanishing(2.67e-22)), id="table"),
        pytest.param(site_energies(2.67e-22, width="0.1432 eV"), id="site energies"),
        pytest.param(
            site_energies(2.67e-22, width="0.1 eV", shape="gaussian", trapped_fraction=0.0), id="gaussian"
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_slow_ion_whose_mobility_vanishes_with_its_density(foreign: dict[str, object], model: str) -> None:
    duration = 94.46 * 3600.0
    described = experiment(
        ions={"Li": constant(5.8e-19), "Rb": foreign},
        native={"Li": BULK_DENSITY},
        stages=[irradiation("Rb", 15.0, duration)],
    )
    speed, expected, amount = shock_speed(described, "Li", "Rb", model=model)
    assert speed == pytest.approx(expected, rel=0.01)
    # a front that locks would take voltage and with it charge
    law = relations.sharp_front_depth(
        time=duration,
        voltage=15.0,
        thickness=2.325e-3,
        native_diffusion_coefficient=5.8e-19,
        foreign_diffusion_coefficient=2.67e-22,
        temperature=323.15,
    )
    assert amount == pytest.approx(float(law), rel=0.01)


FRACTIONS = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 60)])


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(table(VANISHING * BULK_DENSITY, vanishing(10 * 5.8e-19)), id="exponential"),
        pytest.param(table(FRACTIONS * BULK_DENSITY, 10 * 5.8e-19 * np.maximum(FRACTIONS, 1e-6)), id="proportional"),
        pytest.param(site_energies(10 * 5.8e-19, width="0.1432 eV", trapped_fraction=0.3), id="site energies"),
    ],
)  # fmt: skip
def test_fast_ion_whose_mobility_vanishes_with_its_density(foreign: dict[str, object]) -> None:
    # eU/k_BT of the replaced layer is some thousand: only the shock selects what stands behind it
    native, thickness, potential = 5.8e-19, 50e-6, 500.0
    thermal_voltage = 0.0278468
    described = experiment(
        ions={"Li": constant(native), "Rb": foreign},
        native={"Li": BULK_DENSITY},
        thickness=thickness,
        stages=[irradiation("Rb", potential, 5e-6 * thickness * thermal_voltage / (native * potential))],
        grid={"cell": 0.1e-6, "zone": 20e-6},
    )
    speed, expected, _ = shock_speed(described, "Li", "Rb")
    assert speed == pytest.approx(expected, rel=0.01)
