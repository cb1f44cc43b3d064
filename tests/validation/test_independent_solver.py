"""Whole simulations against solvers that share no code with the package, on the same grid."""

from __future__ import annotations

import time

import numpy as np
import pytest

import ida_oracle
from experiments import FloatArray, constant, experiment, irradiation, run, site_energies
from ionscape.experiment import Experiment
from oracles import cosine_squared_coefficients, load_twin, tabulated

BULK_DENSITY = 1.4e28
TEMPERATURE = 323.15
DURATION = 94.46 * 3600.0
GRID = {"cell": 0.5e-9, "zone": 70e-9, "surface_cell": 0.5e-9, "growth": 1.15}
LITHIUM = tabulated(
    lambda fractions: cosine_squared_coefficients(fractions, bulk_coefficient=5.8e-19, temperature=TEMPERATURE),
    highest=1.1,
    jump=0.1,
)


def lithium(densities: FloatArray) -> FloatArray:
    return LITHIUM(densities[0])


def fixed(coefficient: float):
    return lambda densities: np.full(densities.shape[1], coefficient)


def first_stage(**beam: float) -> Experiment:
    return experiment(
        ions={"Li": site_energies(5.8e-19), "Rb": constant(2.67e-22)},
        native={"Li": BULK_DENSITY},
        stages=[irradiation("Rb", 15.0, DURATION, **beam)],
        grid=GRID,
    )


def by_ida(described: Experiment, edges: FloatArray, diffusion, **options) -> ida_oracle.Outcome:
    stage = described.stages[0]
    problem = {
        "faces": edges,
        "diffusion": diffusion,
        "charges": tuple(ion.charge for ion in described.ions.values()),
        "initial_densities": np.array([described.sample.native.get(name, 0.0) for name in described.ions]),
        "bulk_density": described.bulk_density,
        "beam": list(described.ions).index(stage.beam),
        "source_potential": stage.source_potential,
        # the surface stays a microvolt below the source
        "surface_stiffness": 1e27 * 5.8e-19 / 2.325e-3 * 14 * 540 / 1e-6,
        "relative_permittivity": described.sample.relative_permittivity,
        "aperture_distance": described.chamber.aperture_distance,
        "temperature": stage.temperature,
        "duration": stage.duration,
        "area": described.sample.illuminated_area,
    }
    began = time.perf_counter()
    outcome = ida_oracle.irradiate(ida_oracle.Irradiation(**(problem | options)), rtol=1e-7, atol=1e-9)
    print(f"\nIDA: {time.perf_counter() - began:.1f} s, {outcome.evaluations} residuals")
    return outcome


def compare(described: Experiment, outcome: ida_oracle.Outcome, **settings: object) -> float:
    """Assert charges and current, and return the largest difference of a density in units of bulk density."""
    state = run(described, **settings)
    assert outcome.depth == pytest.approx(state.depth, rel=1e-9, abs=0.0)
    assert outcome.poisson_violation < 1e-8
    data = state.result.dataset
    assert outcome.injected_charge == pytest.approx(data["injected_charge"].values[-1], rel=1e-4, abs=1e-12)
    assert outcome.collected_charge == pytest.approx(data["collected_charge"].values[-1], rel=1e-4, abs=1e-12)
    assert outcome.current == pytest.approx(state.current, rel=1e-3, abs=0.0)
    fractions = np.array([state.fraction[name] for name in described.ions])
    difference = float(np.max(np.abs(outcome.densities / described.bulk_density - fractions)))
    print(f"largest difference of a density {difference:.1e} of bulk, settings {settings}")
    return difference


@pytest.mark.slow
def test_first_stage_by_ida() -> None:
    described = first_stage()
    state = run(described)
    outcome = by_ida(described, state.edges, (lithium, fixed(2.67e-22)))
    assert compare(described, outcome) < 1e-3
    assert compare(described, outcome, relative_tolerance=1e-6) < 1e-4
    assert outcome.potential == pytest.approx(state.potential, abs=0.02)


@pytest.mark.slow
def test_current_limited_three_ions_of_two_charges_by_ida() -> None:
    described = experiment(
        ions={"Na": constant(1e-18), "Ca": constant(1e-21), "K": constant(3e-20)},
        native={"Na": 0.8 * BULK_DENSITY, "K": 0.2 * BULK_DENSITY},
        charges={"Ca": 2},
        stages=[irradiation("Ca", 100.0, 40 * 3600.0, beam_current=8e-9)],
        grid={"cell": 0.5e-9, "zone": 60e-9, "surface_cell": 0.5e-9, "growth": 1.15},
    )
    state = run(described)
    current = 8e-9 / (2 * 1.602176634e-19 * described.sample.illuminated_area)
    outcome = by_ida(described, state.edges, (fixed(1e-18), fixed(1e-21), fixed(3e-20)), beam_flux=current)
    assert compare(described, outcome) < 1e-3


@pytest.mark.slow
def test_readable_twin() -> None:
    twin = load_twin()
    described = first_stage()
    edges = run(described).edges
    found = twin.run(edges, duration=DURATION, tolerance=1e-9)
    tight = run(described, relative_tolerance=1e-9, method="esdirk4", holding_tolerance=1e-6 / 15.0)
    assert found["depth"] == pytest.approx(tight.depth, rel=1e-9, abs=0.0)
    for name, key in (("Li", "lithium"), ("Rb", "rubidium")):
        difference = float(np.max(np.abs(found[key] - tight.fraction[name])))
        print(f"\nlargest difference of {name}: {difference:.1e}")
        assert difference < 1e-6
    charge = float(tight.result.dataset["collected_charge"].values[-1].sum())
    assert found["charge"] == pytest.approx(charge, rel=1e-6)
    assert found["current"] == pytest.approx(tight.current, rel=1e-6, abs=0.0)
