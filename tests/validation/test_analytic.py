"""Simulations against closed solutions, and against solvers of one equation that share nothing with the package."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special

from experiments import (
    Final,
    FloatArray,
    constant,
    contact,
    experiment,
    irradiation,
    run,
    storage,
)
from ionscape import relations
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY

BULK_DENSITY = 1.4e28
TEMPERATURE = 323.15
AREA = 28.26e-6
THICKNESS = 2.325e-3
THERMAL_VOLTAGE = BOLTZMANN_CONSTANT * TEMPERATURE / ELEMENTARY_CHARGE


def near(value: object, rel: float) -> object:
    """Equal to a relative tolerance alone: amounts in metres and currents in ampere are tiny numbers."""
    return pytest.approx(value, rel=rel, abs=0.0)


def cell_averages(state: Final, function: object) -> FloatArray:
    """Averages of a function of depth over the cells."""
    points, weights = np.polynomial.legendre.leggauss(5)
    places = state.depth[:, None] + 0.5 * state.size[:, None] * points
    return np.asarray(function(places) @ weights / 2)  # type: ignore[operator]


# --- widths of fronts on the grid that is chosen ----------------------------------------------------------------------


def drifting_share(depth: FloatArray, *, speed: float, spread: float, duration: float, held: bool) -> FloatArray:
    """Foreign share where both ions have the same D, so that the field stays uniform: advection and dispersion.

    The surface is held at one (Ogata and Banks 1961) or lets in what the field carries (Lindstrom et al. 1967).
    """
    reach, moved = 2.0 * np.sqrt(spread * duration), speed * duration
    ahead, behind = (depth - moved) / reach, (depth + moved) / reach
    # exp(v x / D) erfc(behind) without overflow
    product = np.exp(-(ahead**2)) * special.erfcx(behind)
    if held:
        return 0.5 * (special.erfc(ahead) + product)
    return (
        0.5 * special.erfc(ahead)
        + np.sqrt(speed * moved / (np.pi * spread)) * np.exp(-(ahead**2))
        - 0.5 * (1.0 + speed * (depth + moved) / spread) * product
    )


@pytest.mark.parametrize(
    ("kind", "thickness", "voltage"),
    [
        ("irradiation", 20e-6, 5.0),
        ("irradiation", 100e-6, 50.0),
        ("a second beam that pushes the first", 20e-6, 5.0),
        ("contact", 20e-6, 5.0),
        ("storage", 20e-6, 5.0),
    ],
)
def test_a_front_that_nothing_sharpens_is_as_wide_as_diffusion_makes_it(
    kind: str, thickness: float, voltage: float
) -> None:
    """Ions of one diffusion coefficient, a quarter of the sample exchanged; to 0.5 %, as the documents promise."""
    coefficient, depth = 1e-17, 0.25 * thickness
    speed = coefficient * voltage / (THERMAL_VOLTAGE * thickness)
    duration = depth / speed
    first = irradiation("K", voltage, duration)
    halves = [irradiation("K", voltage, 0.5 * duration), irradiation("Rb", voltage, 0.5 * duration)]
    later = 0.2 * duration
    stages = {
        "irradiation": [first],
        "a second beam that pushes the first": halves,
        "contact": [contact(voltage, duration, composition={"K": 1.0})],
        "storage": [first, storage(later)],
    }[kind]
    state = run(
        experiment(
            ions={"Na": constant(coefficient), "K": constant(coefficient), "Rb": constant(coefficient)},
            native={"Na": BULK_DENSITY}, thickness=thickness, stages=stages,
        ),
        model="electroneutral",
    )  # fmt: skip
    fine = np.linspace(0.0, 3.0 * depth, 2001)
    share = drifting_share(fine, speed=speed, spread=coefficient, duration=duration, held=kind == "contact")
    if kind == "storage":
        reach = 4.0 * coefficient * later
        kernel = np.exp(-((fine[:, None] - fine) ** 2) / reach) + np.exp(-((fine[:, None] + fine) ** 2) / reach)
        share = np.trapezoid(kernel * share, fine, axis=1) / np.sqrt(np.pi * reach)
    places = np.interp([0.16, 0.5, 0.84], 1.0 - share, fine)
    found = np.interp([0.16, 0.5, 0.84], state.fraction["Na"], state.depth)
    assert found[2] - found[0] == near(places[2] - places[0], 5e-3)
    assert found[1] == near(places[1], 2e-3)


def test_the_edge_of_a_depletion_layer_is_resolved() -> None:
    """Poisson and Boltzmann: with p the potential behind the edge in thermal voltages, p'^2 = 2 (p - 1 + exp(-p))."""
    state = run(
        experiment(
            ions={"Na": constant(1e-15)}, native={"Na": 1e24}, thickness=5e-6,
            stages=[contact(100.0, 300.0, blocking=True)],
        )
    )  # fmt: skip
    length = np.sqrt(VACUUM_PERMITTIVITY * 7.0 * THERMAL_VOLTAGE / (ELEMENTARY_CHARGE * 1e24))
    width, _ = integrate.quad(
        lambda p: 1.0 / np.sqrt(2.0 * (p - 1.0 + np.exp(-p))), -np.log(0.84), -np.log(0.16)
    )  # fmt: skip
    found = np.interp([0.16, 0.84], state.fraction["Na"], state.depth)
    assert found[1] - found[0] == near(width * length, 5e-3)


# --- depletion at a blocking anode ------------------------------------------------------------------------------------


@pytest.mark.parametrize("charge", [1, 2])
def test_depletion_at_a_blocking_anode(charge: int) -> None:
    glass = {
        "voltage": 1000.0,
        "density": 1e24 / charge,
        "relative_permittivity": 5.0,
        "thickness": 10e-6,
        "diffusion_coefficient": 1e-16,
        "temperature": 500.0,
        "charge": charge,
    }
    final = float(
        relations.final_depletion_width(
            **{key: glass[key] for key in ("voltage", "density", "relative_permittivity", "charge")}
        )
    )
    constant_of_time = float(relations.depletion_time(**glass))
    result = run(
        experiment(
            ions={"Na": constant(1e-16, temperature=500.0)},
            native={"Na": glass["density"]},
            charges={"Na": charge},
            thickness=10e-6,
            relative_permittivity=5.0,
            stages=[contact(1000.0, 6.0 * constant_of_time, temperature=500.0, blocking=True)],
            grid={"cell": 1e-9, "zone": 1.1 * final, "surface_cell": 1e-9, "growth": 1.05},
        ),
        relative_tolerance=1e-5,
    ).result
    data = result.dataset
    missing = 1.0 - data["density"].values[:, :, 0] / glass["density"]
    half = data["depth"].values < 5e-6
    widths = missing[:, half] @ data["cell_size"].values[half]
    times = data["time"].values
    expected = relations.depletion_width(times, **glass)
    assert final == near(0.743e-6, 1e-3)
    assert widths == pytest.approx(expected, abs=2e-3 * final)
    # the edge is sharp: ten Debye lengths before it everything has left, ten behind it nothing
    debye = np.sqrt(
        5.0 * VACUUM_PERMITTIVITY * BOLTZMANN_CONSTANT * 500.0 / ((charge * ELEMENTARY_CHARGE) ** 2 * glass["density"])
    )
    depth, last = data["depth"].values, missing[-1]
    assert np.all(last[depth < final - 10 * debye] > 0.999)
    assert np.all(np.abs(last[(depth > final + 10 * debye) & half]) < 0.001)
    # what was driven out was collected at the back, up to the charge at the cathode
    collected = data["collected_charge"].values[-1, 0] / (charge * ELEMENTARY_CHARGE * glass["density"] * AREA)
    inside = float(missing[-1] @ data["cell_size"].values)
    assert collected == near(inside, 1e-9)
    assert np.all(data["injected_charge"].values == 0.0)


# --- two ions that move alike -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_equal_mobility_at_constant_flux(model: str) -> None:
    # the zone is as wide as the diffusion length: drift and diffusion count alike
    diffusion, flux, duration = 1e-19, 2e-13, 4e5
    state = run(
        experiment(
            ions={"Li": constant(diffusion), "Tr": constant(diffusion)},
            native={"Li": BULK_DENSITY},
            thickness=3e-6,
            stages=[
                irradiation("Tr", 1e3, duration, beam_current=flux * ELEMENTARY_CHARGE * BULK_DENSITY * AREA)
            ],
            area=AREA,
            grid={"cell": 2e-9, "zone": 1.0e-6, "surface_cell": 0.2e-9, "growth": 1.05},
        ),
        model=model,
        relative_tolerance=1e-6,
    )  # fmt: skip
    expected = cell_averages(
        state,
        lambda depth: relations.flux_inlet_fraction(depth, duration, velocity=flux, diffusion_coefficient=diffusion),
    )
    assert state.injected["Tr"] == near(flux * duration, 1e-6)
    assert state.fraction["Tr"] == pytest.approx(expected, abs=1e-4)
    # the field is uniform
    field = -np.diff(state.potential) / np.diff(state.depth)
    between = (state.depth[1:] < 1e-6) & (state.depth[:-1] > 5e-9)  # the surface itself is charged
    assert field[between] == near(flux * THERMAL_VOLTAGE / diffusion, 2e-3)


# --- exchange without a field -----------------------------------------------------------------------------------------


def thermal_exchange(native: float, foreign: float, duration: float, **settings: object) -> Final:
    return run(
        experiment(
            ions={"Na": constant(native), "K": constant(foreign)},
            native={"Na": BULK_DENSITY},
            stages=[contact(0.0, duration, composition={"K": 1.0})],
        ),
        **settings,
    )


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_thermal_exchange_of_equal_ions_is_plain_diffusion(model: str) -> None:
    diffusion, duration = 1e-19, 1e5
    state = thermal_exchange(diffusion, diffusion, duration, model=model)
    length = 2.0 * np.sqrt(diffusion * duration)
    expected = cell_averages(state, lambda depth: special.erfc(depth / length))
    assert state.fraction["K"] == pytest.approx(expected, abs=5e-4)
    assert state.injected["K"] == near(length / np.sqrt(np.pi), 1e-3)
    assert state.injected["Na"] == near(-state.injected["K"], 1e-3)


def boltzmann_profile(ratio: float) -> tuple[FloatArray, FloatArray]:
    """Entering fraction against z = depth/√(D_native t) for thermal exchange from a held surface, c = 1 at z = 0.

    -(z/2) dc/dz = d/dz (D(c)/D_native dc/dz), with the interdiffusion coefficient D(c) of two ions of equal charge.
    """

    def scaled(fraction: FloatArray) -> FloatArray:
        return relations.interdiffusion_coefficient(
            diffusion_coefficient_a=1.0, diffusion_coefficient_b=ratio, density_a=1.0 - fraction, density_b=fraction
        )

    def slope(place: FloatArray, state: FloatArray) -> FloatArray:
        fraction, flow = state
        gradient = flow / scaled(np.clip(fraction, 0.0, 1.0))
        return np.vstack([gradient, -0.5 * place * gradient])

    def ends(surface: FloatArray, deep: FloatArray) -> FloatArray:
        return np.array([surface[0] - 1.0, deep[0]])

    reach = 12.0 * np.sqrt(max(ratio, 1.0))
    place = np.linspace(0.0, reach, 4001)
    guess = special.erfc(0.5 * place / np.sqrt(ratio))
    solution = integrate.solve_bvp(
        slope, ends, place, np.vstack([guess, np.gradient(guess, place)]), tol=1e-8, max_nodes=200_000
    )
    assert solution.status == 0
    return place, solution.sol(place)[0]


@pytest.mark.parametrize("ratio", [0.1, 10.0])
@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_thermal_exchange_of_unequal_ions(ratio: float, model: str) -> None:
    native, duration = 1e-19, 1e5
    state = thermal_exchange(native, ratio * native, duration, model=model)
    place, profile = boltzmann_profile(ratio)
    expected = cell_averages(
        state, lambda depth: np.interp(depth / np.sqrt(native * duration), place, profile, right=0.0)
    )
    # the diffusion potential drives a small current through the whole sample
    assert state.fraction["K"] == pytest.approx(expected, abs=2e-3)
    length = np.sqrt(native * duration)
    assert state.injected["K"] == near(float(np.trapezoid(profile, place)) * length, 2e-3)


# --- diffusion potentials ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_bi_ionic_potential_after_an_exchange(model: str) -> None:
    # a minute is many dielectric relaxation times of the exchanged zone, and too short for the native ion to return
    native, foreign = 5.8e-21, 2.67e-22
    state = run(
        experiment(
            ions={"Li": constant(native), "Rb": constant(foreign)},
            native={"Li": BULK_DENSITY},
            thickness=THICKNESS / 100,
            stages=[irradiation("Rb", 15.0, 94.46 * 3600), storage(60.0)],
        ),
        model=model,
    )
    expected = float(
        relations.bi_ionic_potential(
            diffusion_coefficient_left=foreign, diffusion_coefficient_right=native, temperature=TEMPERATURE
        )
    )
    surface, bulk = np.interp([10e-9, 200e-9], state.depth, state.potential)
    assert (
        np.interp(10e-9, state.depth, state.fraction["Li"]) < 1e-6
    )  # even few of the fast ions would carry the current
    assert bulk - surface == near(expected, 1e-3)
    assert state.current == 0.0


def test_diffusion_potential_between_ions_of_different_charge() -> None:
    # the charge of both densities is constant, so that every composition lies on Henderson's straight line
    sodium, calcium = 1e-18, 1e-21
    state = run(
        experiment(
            ions={"Na": constant(sodium), "Ca": constant(calcium)},
            native={"Na": BULK_DENSITY},
            charges={"Ca": 2},
            stages=[irradiation("Ca", 15.0, 50 * 3600.0), storage(1.0)],
        )
    )
    assert state.fraction["Na"] + 2 * state.fraction["Ca"] == pytest.approx(1.0, abs=2e-3)
    places = [5e-9, 400e-9]
    surface, bulk = np.interp(places, state.depth, state.potential)
    densities = [
        [np.interp(place, state.depth, state.fraction[name]) for name in ("Na", "Ca")] for place in places
    ]  # fmt: skip
    expected = float(
        relations.henderson_potential(
            diffusion_coefficients=[sodium, calcium],
            densities_left=densities[0],
            densities_right=densities[1],
            temperature=TEMPERATURE,
            charges=[1, 2],
        )
    )
    assert densities[0][1] > 0.49
    assert bulk - surface == near(expected, 1e-3)


# --- a faster foreign ion ---------------------------------------------------------------------------------------------


def scalar_exchange(
    native: float, foreign: float, flux: float, duration: float, *, length: float, cells: int
) -> FloatArray:
    """Native fraction in equal cells by one equation for two ions at constant total flux J, equal charge, neutral.

    dn1/dt = -d/dx (J f1 - D12 dn1/dx), f1 = D1 n1/(D1 n1 + D2 n2), D12 = D1 D2/(D1 n1 + D2 n2); second-order upwind
    with a van Leer limiter, LSODA.
    """
    h = length / cells

    def rate(_time: float, n1: FloatArray) -> FloatArray:
        conductance = native * n1 + foreign * (1.0 - n1)
        share = native * n1 / conductance
        before, behind = np.diff(share)[:-1], np.diff(share)[1:]
        product = np.maximum(before * behind, 0.0)
        limited = np.divide(2 * product, before + behind, out=np.zeros_like(product), where=product > 0.0)
        slope = np.concatenate([[0.0], limited, [0.0]])
        middle = 0.5 * (n1[1:] + n1[:-1])
        mixed = native * foreign / (native * middle + foreign * (1.0 - middle))
        inner = flux * (share + 0.5 * slope)[:-1] - mixed * np.diff(n1) / h
        return -np.diff(np.concatenate([[0.0], inner, [flux]])) / h

    solution = integrate.solve_ivp(
        rate, (0.0, duration), np.ones(cells), method="LSODA", rtol=1e-8, atol=1e-10, lband=2, uband=2
    )  # fmt: skip
    assert solution.success
    return np.asarray(solution.y[:, -1])


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_a_faster_foreign_ion_spreads_ahead(model: str) -> None:
    native, foreign, flux, length = 1e-19, 5e-19, 2e-13, 6e-6
    duration = 4e5
    amount = flux * duration
    state = run(
        experiment(
            ions={"Li": constant(native), "Na": constant(foreign)},
            native={"Li": BULK_DENSITY},
            thickness=length,
            stages=[irradiation("Na", 1e3, duration, beam_current=flux * ELEMENTARY_CHARGE * BULK_DENSITY * AREA)],
            area=AREA,
            grid={"cell": 4e-9, "zone": 3e-6, "surface_cell": 0.4e-9, "growth": 1.05},
        ),
        model=model,
        relative_tolerance=1e-5,
    )
    cells = 1000
    independent = scalar_exchange(native, foreign, flux, duration, length=length, cells=cells)
    edges = np.linspace(0.0, length, cells + 1)
    cumulative = np.concatenate([[0.0], np.cumsum(independent) * length / cells])
    averages = np.diff(np.interp(state.edges, edges, cumulative)) / state.size
    inside = state.depth < 3e-6
    assert state.fraction["Li"][inside] == pytest.approx(averages[inside], abs=2e-3)
    assert state.injected["Na"] == near(amount, 1e-4)


def test_a_faster_foreign_ion_at_high_voltage_is_a_rarefaction() -> None:
    native, ratio, thickness, potential = 5.8e-19, 4.0, 50e-6, 1000.0
    duration = 5e-6 * thickness * THERMAL_VOLTAGE / (native * potential)
    state = run(
        experiment(
            ions={"Li": constant(native), "Na": constant(ratio * native)},
            native={"Li": BULK_DENSITY},
            thickness=thickness,
            stages=[irradiation("Na", potential, duration)],
            grid={"cell": 0.1e-6, "zone": 30e-6},
        )
    )
    amount = state.injected["Na"]
    exact = relations.diffusion_free_profile(native_diffusion=native, foreign_diffusion=ratio * native)
    expected = cell_averages(state, lambda depth: exact.native_fraction(depth / amount))
    reduced = state.depth / amount
    # diffusion rounds the two ends of the fan, at x/Q = 1/4 and 4
    inside = (reduced > 0.5) & (reduced < 3.3)
    assert np.count_nonzero(inside) > 50
    assert state.fraction["Li"][inside] == pytest.approx(expected[inside], abs=5e-3)


# --- current against injected amount ----------------------------------------------------------------------------------


def test_current_through_a_formed_front() -> None:
    """U e/k_B T = J ∫dx/(D1 n1 + D2 n2) + ln(D1/D2): resistance of the logistic front and its diffusion potential."""
    native, foreign, potential = 5.8e-19, 2.67e-22, 15.0
    state = run(
        experiment(
            ions={"Li": constant(native), "Rb": constant(foreign)},
            native={"Li": BULK_DENSITY},
            stages=[irradiation("Rb", potential, 94.46 * 3600)],
            area=AREA,
        )
    )
    amount = state.injected["Rb"]
    flux = state.current / (ELEMENTARY_CHARGE * BULK_DENSITY * AREA)
    depth = np.concatenate([np.linspace(0.0, 3 * amount, 20001), [THICKNESS]])
    fraction = relations.logistic_wave_fraction(
        depth - amount, flux=flux, native_diffusion_coefficient=native, foreign_diffusion_coefficient=foreign
    )
    resistance = float(np.trapezoid(1.0 / (native * fraction + foreign * (1 - fraction)), depth))
    drive = potential / THERMAL_VOLTAGE - float(np.log(native / foreign))
    assert flux == near(drive / resistance, 5e-4)
    # what the logistic front conducts better than a sharp one is just its diffusion potential: the sharp law is exact
    law = relations.sharp_front_depth(
        time=state.time, voltage=potential, thickness=THICKNESS, native_diffusion_coefficient=native,
        foreign_diffusion_coefficient=foreign, temperature=TEMPERATURE,
    )  # fmt: skip
    assert amount == near(float(law), 5e-4)
