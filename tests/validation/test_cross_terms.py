"""Cross terms against exact solutions, Onsager's matrix and what they must leave alone."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from scipy import integrate

import ionscape as isc
from experiments import constant, contact, experiment, irradiation, run, storage
from ionscape import relations
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.experiment import Experiment
from ionscape.files.values import read_scalar
from ionscape.transport import Settings, make_grid, variation
from ionscape.transport.variation import Variation

NATIVE, AREA = 1.4e28, 28.26e-6
HOURS = 3600.0


def colours(haven_ratio: float, *, potential: float, hours: float) -> Experiment:
    """Two colours of one ion in 20 um of glass: the field is uniform."""
    ions = {"Li": constant(5e-21), "Rb": constant(5e-21)}
    return experiment(
        ions=ions, native={"Li": NATIVE}, stages=[irradiation("Rb", potential, hours * HOURS)], area=AREA,
        thickness=20e-6, cross_terms={"haven_ratio": haven_ratio},
    )  # fmt: skip


@pytest.mark.parametrize("haven_ratio", [0.3, 0.7])
@pytest.mark.parametrize(("potential", "hours"), [(1.0, 3000.0), (5.0, 1500.0)])
def test_two_colours_drift_with_the_mobility_and_spread_with_the_tracer_coefficient(
    haven_ratio: float, potential: float, hours: float
) -> None:
    """Advection and dispersion with a flux inlet: v from D_sigma, spreading with D* = H D_sigma."""
    described = colours(haven_ratio, potential=potential, hours=hours)
    for tolerance, allowed in (Settings().relative_tolerance, 5e-3), (1e-5, 2e-3):
        state = run(described, relative_tolerance=tolerance)
        velocity = state.injected["Rb"] / (hours * HOURS)
        field = state.surface_potential / 20e-6
        assert velocity == pytest.approx(5e-21 * field / relations.thermal_voltage(323.15), rel=1e-3)
        exact = relations.flux_inlet_fraction(
            state.depth, hours * HOURS, velocity=velocity, diffusion_coefficient=haven_ratio * 5e-21
        )
        assert state.fraction["Rb"] == pytest.approx(exact, abs=allowed)


@pytest.mark.parametrize("model", ["full", "electroneutral"])
@pytest.mark.parametrize("haven_ratio", [0.3, 0.8])
def test_interdiffusion_without_current_is_slower_by_the_haven_ratio(haven_ratio: float, model: str) -> None:
    """H D1 D2 n / (D1 n1 + D2 n2), the profile followed by another method from where the field was taken off."""
    native, foreign, hours = 4e-20, 1e-20, 400.0
    ions = {"Na": constant(native), "K": constant(foreign)}
    stages = [irradiation("K", 40.0, 100.0 * HOURS), storage(hours * HOURS)]
    state = run(
        experiment(ions=ions, native={"Na": NATIVE}, stages=stages, area=AREA, thickness=20e-6,
                   cross_terms={"haven_ratio": haven_ratio}, grid={"kind": "fixed"}), model=model,
    )  # fmt: skip
    data = state.result.dataset
    start = data["density"].values[np.flatnonzero(data["stage"].values == 0)[-1], :, 1] / NATIVE
    distance = 0.5 * (state.size[1:] + state.size[:-1])

    def rate(_: float, fraction: np.ndarray) -> np.ndarray:
        middle = 0.5 * (fraction[1:] + fraction[:-1])
        coefficient = haven_ratio * native * foreign / (native * (1.0 - middle) + foreign * middle)
        flux = np.concatenate([[0.0], -coefficient * np.diff(fraction) / distance, [0.0]])
        return -np.diff(flux) / state.size

    span = (0.0, hours * HOURS)
    exact = integrate.solve_ivp(rate, span, start, method="LSODA", rtol=1e-8, atol=1e-10, lband=1, uband=1).y[:, -1]
    assert np.abs(exact - start).max() > 0.1
    assert state.fraction["K"] == pytest.approx(exact, abs=1e-3)


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_exchange_with_a_melt_has_a_haven_ratio_of_diffusion(model: str) -> None:
    """Ions pass a contact at open circuit one for one: all depths are in proportion to the root of H."""
    ions = {"Na": constant(1e-19), "K": constant(2e-20)}
    melt = {"kind": "contact", "composition": {"K": 1.0}, "temperature": 323.15, "duration": 1e5}
    states = [
        run(experiment(ions=ions, native={"Na": NATIVE}, stages=[melt], area=AREA, cross_terms={"haven_ratio": ratio}),
            model=model)
        for ratio in (1.0, 0.25)
    ]  # fmt: skip
    for level in (0.2, 0.5, 0.8):
        assert states[1].crossing("K", level) == pytest.approx(0.5 * states[0].crossing("K", level), rel=2e-3)
    assert states[1].injected["K"] == pytest.approx(0.5 * states[0].injected["K"], rel=2e-3)
    assert states[1].injected["Na"] == pytest.approx(-states[1].injected["K"], rel=1e-9)


def test_a_front_under_a_given_current_is_that_of_another_scale() -> None:
    """With x and t in units of H the equations at a given current are those of H = 1: c(x, t; H) = c(x/H, t/H; 1)."""
    ions = {"Li": constant(5.8e-19), "Rb": constant(2.67e-22)}
    states = [
        run(experiment(ions=ions, native={"Li": NATIVE}, area=AREA, cross_terms={"haven_ratio": ratio},
                       stages=[irradiation("Rb", 100.0, ratio * 100.0 * HOURS, beam_current=8e-9)]))
        for ratio in (1.0, 0.4)
    ]  # fmt: skip
    for level in (0.16, 0.5, 0.84):
        assert states[1].crossing("Li", level) == pytest.approx(0.4 * states[0].crossing("Li", level), rel=3e-3)


@pytest.mark.parametrize("kind", ["fixed", "moving"])
def test_a_haven_ratio_of_one_is_the_equation_without_cross_terms(kind: str) -> None:
    described = isc.load_experiment("examples/rb-mono-cait.toml").replace({"grid.kind": kind})
    same = described.replace({"cross_terms.haven_ratio": 1.0})
    expected, found = isc.simulate(described).dataset, isc.simulate(same).dataset
    for name in ("density", "potential", "current"):
        assert np.array_equal(expected[name].values, found[name].values)


def three(cross_terms: dict[str, Any]) -> Experiment:
    """Two foreign ions at once into a faster glass, then rest."""
    ions = {"Li": constant(5e-19), "Rb": constant(4e-21), "Cs": constant(1e-21)}
    beam = irradiation("Rb", 15.0, 30.0 * HOURS) | {"beam": {"Rb": 0.5, "Cs": 0.5}}
    return experiment(ions=ions, native={"Li": NATIVE}, stages=[beam, storage(20.0 * HOURS)], area=AREA,
                      thickness=1e-3, cross_terms=cross_terms)  # fmt: skip


def test_equal_pairs_are_a_haven_ratio() -> None:
    one = isc.simulate(three({"haven_ratio": 0.6})).dataset
    pairs = isc.simulate(three({"pairs": {"Li-Rb": 0.4, "Cs-Li": 0.4, "Rb-Cs": 0.4}})).dataset
    assert np.array_equal(one["density"].values, pairs["density"].values)


def test_cross_terms_leave_the_zone_of_a_mixed_beam_alone() -> None:
    """Where drift alone matters n_i/n = (f_i/D_i) / sum f_k/D_k behind both fronts, whatever the ions pass on."""
    ions = {"Li": constant(5e-18), "Rb": constant(4e-22), "Cs": constant(1e-22)}
    stage = irradiation("Rb", 15.0, 300.0 * HOURS) | {"beam": {"Rb": 0.5, "Cs": 0.5}}
    state = run(experiment(ions=ions, native={"Li": NATIVE}, stages=[stage], area=AREA,
                           cross_terms={"pairs": {"Rb-Cs": 0.7, "Li-Cs": -0.5}}))  # fmt: skip
    slower = 0.625 * (state.injected["Rb"] + state.injected["Cs"])
    behind = (state.depth > 0.2 * slower) & (state.depth < 0.7 * slower)
    assert state.fraction["Cs"][behind] == pytest.approx(0.8, rel=5e-3)
    assert state.crossing("Cs", 0.4) == pytest.approx(slower, rel=5e-3)


@pytest.mark.parametrize("seed", range(6))
def test_entropy_is_produced_everywhere(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = ("Li", "Rb", "Cs")
    pairs = {f"{a}-{b}": float(1.0 - rng.exponential(0.7)) for a, b in (names[:2], names[1:], names[::2])}
    ions = {name: constant(float(10.0 ** rng.uniform(-22, -19))) for name in names}
    stages = [
        irradiation("Rb", 15.0, 20.0 * HOURS), contact(-1.0, 5.0 * HOURS, composition={"Li": 0.4, "Cs": 0.6}),
        storage(20.0 * HOURS),
    ]  # fmt: skip
    described = experiment(ions=ions, native={"Li": 0.8 * NATIVE, "Cs": 0.2 * NATIVE}, stages=stages, area=AREA,
                           thickness=1e-4, cross_terms={"pairs": pairs})  # fmt: skip
    result = isc.simulate(described)
    produced = isc.entropy_production(result).values
    assert produced.max() > 0.0
    assert produced.min() >= -1e-12 * produced.max()
    assert np.abs(result.dataset["balance_error"].values).max() < 1e-12


def test_entropy_production_of_plain_conduction_is_joules_heat() -> None:
    """Sigma = sigma_dc E^2 / T in a glass in which nothing but its own ion moves."""
    described = experiment(ions={"Li": constant(1e-18)}, native={"Li": NATIVE}, thickness=1e-5, area=AREA,
                           stages=[contact(3.0, 1.0 * HOURS, composition={"Li": 1.0})])  # fmt: skip
    result = isc.simulate(described)
    conductivity = NATIVE * ELEMENTARY_CHARGE * 1e-18 / relations.thermal_voltage(323.15)
    heat = conductivity * (3.0 / 1e-5) ** 2 / 323.15
    produced = isc.entropy_production(result).isel(time=-1).values
    assert produced @ result.dataset["cell_size"].values == pytest.approx(heat * 1e-5, rel=1e-3)


@pytest.mark.parametrize("kind", ["fixed", "moving"])
def test_derivatives_by_coefficients_are_those_of_the_residual(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the derivatives of the fluxes by every ln D, as through differences of the whole residual."""
    described = three({"pairs": {"Li-Rb": 0.6, "Rb-Cs": -0.4}}).replace({"grid.kind": kind})
    paths = [f"ions.{name}.diffusion.coefficient" for name in ("Li", "Rb", "Cs")]
    variations = []
    for path in paths:
        low, high = (
            described.replace({path: read_scalar(described, path).value * (1.0 + sign * 1e-4)}) for sign in (-1, 1)
        )
        variations.append(Variation(name=path, lower=low, upper=high, spacing=2e-4))
    settings = Settings(snapshots_per_stage=4)
    direct = isc.simulate(described, settings=settings, variations=variations).dataset["density_slope"].values
    monkeypatch.setattr(variation, "_changes_more", Mock(return_value=True))
    by_residual = isc.simulate(described, settings=settings, variations=variations).dataset["density_slope"].values
    for number in range(3):
        size = np.abs(by_residual[-1, ..., number]).max()
        assert size > 1e-3 * NATIVE
        assert np.abs(direct[..., number] - by_residual[..., number]).max() < 1e-5 * size


@pytest.mark.parametrize("path", ["cross_terms.haven_ratio", "ions.Rb.diffusion.coefficient"])
def test_derivatives_are_those_of_differences(path: str) -> None:
    described = three({"haven_ratio": 0.6}).replace({"grid.kind": "fixed"})
    settings = Settings(relative_tolerance=1e-5, snapshots_per_stage=4)
    value = read_scalar(described, path).value
    low, high = (described.replace({path: value * (1.0 + sign * 1e-4)}) for sign in (-1, 1))
    varied = Variation(name=path, lower=low, upper=high, spacing=2e-4)
    grid = make_grid(described)
    found = isc.simulate(described, settings=settings, grid=grid, variations=[varied]).dataset
    sides = [
        isc.simulate(described.replace({path: value * (1.0 + sign * 2e-3)}), settings=settings, grid=grid).dataset
        for sign in (-1, 1)
    ]
    difference = (sides[1]["density"].values[-1] - sides[0]["density"].values[-1]) / 4e-3
    slope = found["density_slope"].values[-1, ..., 0]
    assert np.abs(difference).max() > 0.05 * NATIVE
    assert np.abs(slope - difference).max() < 0.02 * np.abs(difference).max()
