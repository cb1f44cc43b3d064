"""Populations on the energies of sites: exact limits, and figures of an independent calculation."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments import Final, FloatArray, borate, constant, experiment, irradiation, run
from ionscape import (
    Settings,
    effective_diffusion,
    entropy_production,
    load_experiment,
    load_result,
    population_overlap,
    simulate,
)
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.diffusivity import PopulationDiffusion, SiteSystem
from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.transport import Variation, make_grid
from ionscape.transport.differences import Pace
from ionscape.transport.run import _simulate

BULK, HOURS = 1.4e28, 3600.0
D_LITHIUM, D_RUBIDIUM = 5.8e-19, 2.67e-22


def population(coefficient: float, release_rate: float, *, sites: SiteSystem, spacing: float | None = None) -> object:
    """An ion on these sites, D [m²/s] and κ [1/s] at 323.15 K."""
    return PopulationDiffusion(
        sites=sites, coefficient_at_reference=coefficient, reference_temperature=323.15,
        activation_energy_value=0.65 * ELECTRON_VOLT, release_rate_at_reference=release_rate, level_spacing=spacing,
    )  # fmt: skip


@cache
def first_stage(
    lithium: float, rubidium: float, *, spacing: float | None = None, tolerance: float = 3e-4, model: str = "full"
) -> Final:
    """The first stage of Gunawan 2026 with these release rates [1/s]."""
    described = experiment(
        ions={"Li": constant(D_LITHIUM), "Rb": constant(D_RUBIDIUM)}, native={"Li": BULK},
        stages=[irradiation("Rb", 15.0, 94.46 * HOURS)],
    ).replace({
        "ions.Li.diffusion": population(D_LITHIUM, lithium, sites=borate("Li", "Rb"), spacing=spacing),
        "ions.Rb.diffusion": population(D_RUBIDIUM, rubidium, sites=borate("Li", "Rb"), spacing=spacing),
    })  # fmt: skip
    return run(described, relative_tolerance=tolerance, snapshots_per_stage=4, model=model)


def charge(state: Final) -> float:
    """Charge that passed [mC]."""
    return float(state.result.dataset["collected_charge"].isel(time=-1).sum()) * 1e3


@pytest.mark.parametrize(
    ("rubidium", "expected_charge", "front", "lithium"),
    [
        (3.4e-4, 2.833, 47.1, (0.110, 0.123, 0.330)),
        (3.4e-3, 2.830, 48.2, (0.100, 0.101, 0.216)),
        (0.034, 2.831, 48.7, (0.100, 0.100, 0.137)),
        (0.34, 2.831, 48.8, (0.097, 0.099, 0.112)),
    ],
)
def test_first_stage_against_an_independent_calculation(
    rubidium: float, expected_charge: float, front: float, lithium: tuple[float, float, float]
) -> None:
    """Another program, with backward Euler on 241 cells, good to 0.3 nm and 0.01: κ of lithium 2172 times as large."""
    state = first_stage(2172.0 * rubidium, rubidium)
    assert charge(state) == pytest.approx(expected_charge, abs=1.5e-3)
    assert state.crossing("Li") * 1e9 == pytest.approx(front, abs=0.3)
    assert np.interp([5e-9, 20e-9, 40e-9], state.depth, state.fraction["Li"]) == pytest.approx(lithium, abs=0.01)


@pytest.mark.parametrize("model", ["electroneutral", "full"])
def test_of_fast_release_remain_two_constant_diffusion_coefficients(model: str) -> None:
    """The share of an ion is then the same on every level, so that its activity is its density.

    The deepest levels release 1e11 times as slowly as those at the Fermi level, and have to be fast too.
    """
    fast = first_stage(1e11, 1e11, model=model)
    ions = {"Li": constant(D_LITHIUM), "Rb": constant(D_RUBIDIUM)}
    stages = [irradiation("Rb", 15.0, 94.46 * HOURS)]
    described = experiment(ions=ions, native={"Li": BULK}, stages=stages, grid={"kind": "fixed"})
    plain = run(described, model=model, snapshots_per_stage=4)
    assert charge(fast) == pytest.approx(2.8369, abs=5e-4)
    assert fast.crossing("Li") * 1e9 == pytest.approx(44.756, abs=0.03)
    difference = np.interp(plain.depth, fast.depth, fast.fraction["Rb"]) - plain.fraction["Rb"]
    assert np.abs(difference)[plain.depth > 0.3e-9].max() < 1e-3


def test_second_order_in_time() -> None:
    """The steps that a simulation chose, in halves and in eighths; the first three after a jump are of first order."""
    described = first_stage(0.7, 3.4e-4).result.experiment.replace({"grid.cell": 2e-9, "grid.zone": 70e-9})
    settings, grid = Settings(relative_tolerance=3e-3, snapshots_per_stage=1), make_grid(described)

    def at_end(pace: Pace) -> FloatArray:
        result = _simulate(described, settings, None, grid, (), more_cells=False, pace=pace)
        return result.dataset["density"].isel(time=-1).values / BULK

    pace = Pace()
    at_end(pace)
    steps = np.concatenate([np.repeat(np.array(pace.steps[:3]) / 10, 10), pace.steps[3:]])
    found = [
        at_end(Pace(steps=np.repeat(steps / parts, parts).tolist(), following=True)) for parts in (1, 2, 8)
    ]  # fmt: skip
    whole, half = (float(np.abs(each - found[-1]).max()) for each in found[:-1])
    assert np.log2(whole / half) == pytest.approx(np.log2((1 - 1 / 64) / (1 / 4 - 1 / 64)), abs=0.3)


def test_populations_are_part_of_a_result(tmp_path: Path) -> None:
    """They add up to the densities, fit on their sites, and are those of Fermi and Dirac at first; files keep them."""
    described = first_stage(0.7, 3.4e-4).result.experiment
    result = simulate(described, settings=Settings(populations_per_stage=3, snapshots_per_stage=12))
    population = result.population
    assert population.dims == ("time", "depth", "ion", "energy")
    assert population["time"].values[0] == 0.0
    assert population["time"].values[-1] == result.dataset["time"].values[-1]
    assert population.sizes["time"] == 4
    density = result.dataset["density"].sel(time=population["time"])
    assert np.abs(population.sum("energy") - density).max() < 1e-12 * BULK
    assert float(population.min()) >= 0.0
    sites = result.dataset["site_density"]
    assert float((population.sum("ion") - sites).max()) < 1e-12 * BULK
    level = result.dataset["native_fermi_energy"].values[0, 0]
    filled = 1.0 / (1.0 + np.exp((population["energy"] - level) / (BOLTZMANN_CONSTANT * 323.15)))
    native = population.isel(time=0, depth=5).sel(ion="Li")
    assert native.values == pytest.approx((sites * filled).values, rel=1e-9, abs=1e-12 * BULK)
    path = tmp_path / "result.nc"
    result.to_netcdf(path)
    assert load_result(path).population.equals(population)


def test_what_other_methods_would_measure_of_populations() -> None:
    """In the native glass D is that of the bulk; ions that mix quickly overlap, others do not."""
    slow, fast = first_stage(0.7, 3.4e-4).result, first_stage(1e11, 1e11).result
    for result in (slow, fast):
        coefficient = effective_diffusion(result).sel(ion="Li")
        assert coefficient.isel(time=-1, depth=-1).item() == pytest.approx(D_LITHIUM, rel=1e-6)
        assert coefficient.isel(time=0, depth=0).item() == pytest.approx(D_LITHIUM, rel=1e-9)
    end = fast.population["depth"].values[np.searchsorted(fast.population["depth"].values, 45e-9)]
    assert effective_diffusion(fast).sel(ion="Rb", depth=end).isel(time=-1).item() == pytest.approx(
        D_RUBIDIUM, rel=1e-3
    )
    overlaps = [population_overlap(each, "Li", "Rb").sel(depth=40e-9, method="nearest").isel(time=-1).item()
                for each in (slow, fast)]  # fmt: skip
    assert overlaps[1] == pytest.approx(1.0, abs=1e-3)
    assert overlaps[0] < 0.6
    with pytest.raises(InputError, match="has no populations"):
        population_overlap(slow, "Li", "Cs")
    with pytest.raises(InputError, match="ions that change the level"):
        entropy_production(slow)


def test_derivatives_are_those_of_whole_simulations() -> None:
    """Steps that are taken again give what differences of accurate simulations, far apart, give."""
    base = first_stage(0.7, 3.4e-4).result.experiment

    def varied(rubidium: float, coefficient: float) -> Experiment:
        sites = borate("Li", "Rb")
        return base.replace({
            "ions.Li.diffusion": population(D_LITHIUM, 0.7, sites=sites),
            "ions.Rb.diffusion": population(coefficient, rubidium, sites=sites),
        })  # fmt: skip

    def pair(parameter: int, change: float) -> tuple[Experiment, Experiment]:
        values = [[3.4e-4, D_RUBIDIUM], [3.4e-4, D_RUBIDIUM]]
        values[0][parameter] *= 1.0 - change
        values[1][parameter] *= 1.0 + change
        return varied(*values[0]), varied(*values[1])

    names = ["release rate", "coefficient"]
    variations = []
    for number, name in enumerate(names):
        lower, upper = pair(number, 1e-4)
        variations.append(Variation(name=name, lower=lower, upper=upper, spacing=2e-4))
    grid = make_grid(base)
    found = simulate(base, settings=Settings(snapshots_per_stage=2), grid=grid, variations=variations).dataset
    for number, name in enumerate(names):
        sides = [simulate(side, settings=Settings(snapshots_per_stage=2, relative_tolerance=3e-5), grid=grid).dataset
                 for side in pair(number, 0.05)]  # fmt: skip
        for quantity in ("density", "collected_charge"):
            lower, upper = (side[quantity].isel(time=-1).sel(ion="Li").values for side in sides)
            expected = (upper - lower) / 0.1
            slope = found[f"{quantity}_slope"].sel(parameter=name, ion="Li")
            slope = slope.isel(stage_end=-1) if quantity == "density" else slope.isel(time=-1)
            scale = np.abs(expected).max()
            assert np.abs(slope.values - expected).max() < 0.02 * scale + (2e-7 if quantity != "density" else 0.0)


def test_a_ramp_of_temperature_is_the_limit_of_many_stages(repository: Path) -> None:
    """Fermi level, release rates and D follow the temperature within a stage."""
    base = load_experiment(repository / "examples" / "rb-mono-populations.toml")
    hours, low, high = 3.0, 313.15, 353.15

    def charge_and_front(stages: list[Any]) -> tuple[float, float]:
        state = run(base.replace({"stages": stages}), snapshots_per_stage=1, relative_tolerance=1e-4)
        return charge(state), state.crossing("Rb", 0.2) * 1e9

    ramp = [{"time": 0.0, "value": low}, {"time": hours * HOURS, "value": high}]
    found = charge_and_front([irradiation("Rb", 15.0, hours * HOURS) | {"temperature": ramp}])
    coarse, fine = [], []
    for count, kept in ((5, coarse), (10, fine)):
        middles = low + (high - low) * (np.arange(count) + 0.5) / count
        parts = [irradiation("Rb", 15.0, hours * HOURS / count, temperature=float(each)) for each in middles]
        kept.extend(charge_and_front(parts))
    extrapolated = (4.0 * np.array(fine) - coarse) / 3.0  # the error is of second order
    assert np.abs(np.array(fine) / found - 1.0).max() < 4e-3
    assert extrapolated == pytest.approx(found, rel=7e-4)
