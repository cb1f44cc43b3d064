"""Melts without electrodes: thermal ion exchange at open circuit, and at 0 V, where a current flows.

Two ions of charge 1 in a neutral glass diffuse into each other with D = D_A / (1 - alpha c), c the fraction of the
entering ion A and alpha = 1 - D_A / D_B. With a held surface c is a function of eta = x / (2 sqrt(D_A t)) alone, which
an integration in eta gives to any accuracy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import erfc

from experiments import Final, constant, contact, experiment, final_state, irradiation, melt, run, storage
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.experiment import Experiment, Isotherm
from ionscape.files.values import read_scalar
from ionscape.transport import Settings, simulate
from ionscape.transport.grid import make_grid
from ionscape.transport.variation import Variation

THERMAL = BOLTZMANN_CONSTANT * 323.15 / ELEMENTARY_CHARGE
DENSITY = 1e28
ENTERING, DURATION = 1e-17, 1e5
LENGTH = 2.0 * math.sqrt(ENTERING * DURATION)
TABLE = {
    0.0: (1.128379, 0.476936, 1.385904),
    0.5: (1.388353, 0.632691, 1.539827),
    0.9: (2.034655, 1.015072, 1.842638),
    0.99: (2.903127, 1.476391, 2.180857),
}
"""-D c'(0) / D_A, and eta at c = 0.5 and 0.05, by alpha; known values that hold the integration below to account."""


@dataclass(frozen=True)
class Similarity:
    """-D c'(0) / D_A by eta, and eta where c has some values."""

    flux: float
    at: Any


@cache
def similarity(alpha: float, surface: float = 1.0) -> Similarity:
    """(D c')' = -2 eta c' / D_A, integrated from the erfc far ahead to the surface, where c has the given value."""
    far = 6.0

    def integrated(logarithm: float) -> Any:
        amount = math.exp(logarithm)
        start = [amount * erfc(far), -amount * 2.0 / math.sqrt(math.pi) * math.exp(-(far**2))]

        def slopes(eta: float, y: Any) -> list[float]:
            gradient = y[1] * (1.0 - alpha * y[0])
            return [gradient, -2.0 * eta * gradient]

        return solve_ivp(slopes, (far, 0.0), start, method="DOP853", rtol=1e-12, atol=1e-30, dense_output=True)

    found = integrated(brentq(lambda x: min(integrated(x).y[0, -1], 9.0) - surface, -5.0, 8.0, xtol=1e-13))
    return Similarity(
        flux=-float(found.y[1, -1]), at=lambda level: brentq(lambda eta: found.sol(eta)[0] - level, 0.0, far)
    )


def exchange(alpha: float, **options: Any) -> Experiment:
    """K enters a glass of Na from a melt at open circuit."""
    return experiment(
        ions={"Na": constant(ENTERING / (1.0 - alpha)), "K": constant(ENTERING)}, native={"Na": DENSITY},
        stages=[melt(DURATION, **({"composition": {"K": 1.0}} | options))], grid={"cell": LENGTH / 64},
    )  # fmt: skip


def depth_of(state: Final, level: float) -> float:
    """Depth at which the entering ion passes a fraction, in units of 2 sqrt(D_A t)."""
    profile = PchipInterpolator(state.depth, state.fraction["K"])
    return float(brentq(lambda x: profile(x) - level, state.depth[0], 4.0 * LENGTH)) / LENGTH


@pytest.mark.parametrize("alpha", TABLE)
def test_the_similarity_solution_has_its_known_values(alpha: float) -> None:
    found = similarity(alpha)
    assert (found.flux, found.at(0.5), found.at(0.05)) == pytest.approx(TABLE[alpha], abs=1e-6)


@pytest.mark.parametrize("model", ["full", "electroneutral"])
@pytest.mark.parametrize("alpha", TABLE)
def test_thermal_exchange_is_the_similarity_solution(alpha: float, model: str) -> None:
    state, exact = run(exchange(alpha), model=model, relative_tolerance=1e-6), similarity(alpha)
    # int J dt = (-D c'(0) / D_A) sqrt(D_A t)
    assert state.injected["K"] == pytest.approx(exact.flux * 0.5 * LENGTH, rel=1e-4, abs=0)
    for level in (0.5, 0.05):
        assert depth_of(state, level) == pytest.approx(exact.at(level), abs=1e-4)
    # one for one to rounding, but for what the field charges the surface with; nothing passes the back
    rounding = 1e-9 if model == "full" else 1e-14
    assert abs(state.injected["K"] + state.injected["Na"]) < rounding * state.injected["K"]
    assert set(state.collected.values()) == {0.0}
    assert not state.result.dataset["current"].values.any()


@pytest.mark.parametrize("alpha", [0.99, -9.0])
def test_thermal_exchange_on_the_automatic_grid(alpha: float) -> None:
    state, exact = run(exchange(alpha).replace({"grid.cell": None})), similarity(alpha)
    assert state.injected["K"] == pytest.approx(exact.flux * 0.5 * LENGTH, rel=1.5e-3, abs=0)
    for level in (0.5, 0.05):
        assert depth_of(state, level) == pytest.approx(exact.at(level), abs=5e-4)


def test_thermal_exchange_on_cells_that_move() -> None:
    moving = exchange(0.9).replace({"grid": {"kind": "moving"}})
    state, exact = run(moving), similarity(0.9)
    assert state.result.dataset.attrs["grid"].find("moving") > 0
    assert state.injected["K"] == pytest.approx(exact.flux * 0.5 * LENGTH, rel=2e-3, abs=0)
    assert abs(state.injected["K"] + state.injected["Na"]) < 1e-9 * state.injected["K"]
    assert state.surface_potential == pytest.approx(THERMAL * math.log(10.0), rel=1e-6)


# --- the potential of the melt ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["full", "electroneutral"])
@pytest.mark.parametrize("held", [1.0, 0.3])
@pytest.mark.parametrize("charge", [1, 2])
def test_the_potential_of_the_melt_is_that_of_the_exact_integral(charge: int, held: float, model: str) -> None:
    """psi' = -sum Z D n' / sum Z^2 D n has a closed form where two ions carry the charge C of a neutral glass."""
    slow, fast = 1e-19, 1e-17
    state = run(experiment(
        ions={"Na": constant(fast), "M": constant(slow)}, charges={"M": charge}, native={"Na": DENSITY},
        thickness=2e-6, stages=[melt(1800.0, composition={"M": held, "Na": 1.0 - held})],
    ), model=model)  # fmt: skip
    front = (1.0 - held) / (1.0 - held + charge * held)  # the density of sodium that the melt holds
    if charge == 1:
        expected = math.log(fast / (fast * front + slow * (1.0 - front)))
    else:
        # n_M = (C - n_Na) / Z: the integrand is (D_Na - D_M) dn / (Z D_M C + (D_Na - Z D_M) n)
        conducting = [charge * slow + (fast - charge * slow) * n for n in (front, 1.0)]
        expected = (fast - slow) / (fast - charge * slow) * math.log(conducting[1] / conducting[0])
    # with ions of one charge the cells have it exactly, but for the charge of the front
    tolerance = 1e-4 if charge == 2 else 1e-5 if model == "full" else 1e-12
    assert state.surface_potential == pytest.approx(THERMAL * expected, rel=tolerance)
    assert state.result.dataset["potential"].values[-1, -1] == pytest.approx(0.0, abs=1e-9)


def test_a_melt_of_the_native_ions_does_nothing() -> None:
    state = run(experiment(
        ions={"Na": constant(1e-17), "K": constant(1e-19)}, native={"Na": 0.7e28, "K": 0.3e28}, thickness=2e-6,
        stages=[melt(1800.0, composition={"Na": 0.7, "K": 0.3})],
    ))  # fmt: skip
    for name, share in (("Na", 0.7), ("K", 0.3)):
        assert state.fraction[name] == pytest.approx(share, rel=1e-12)
    assert state.surface_potential == pytest.approx(0.0, abs=1e-12)


def test_a_charge_at_the_back_stays_and_the_melt_knows_it() -> None:
    """A beam leaves a field at the back; the bulk is neutral at once, and both faces are those of the same glass."""
    state = run(experiment(
        ions={"Li": constant(1e-17), "Rb": constant(1e-19)}, native={"Li": DENSITY}, thickness=2e-6,
        stages=[irradiation("Rb", 0.5, 1800.0), melt(60.0, composition={"Li": 1.0})],
    ))  # fmt: skip
    assert state.surface_potential == pytest.approx(0.0, abs=1e-4)
    assert state.collected["Li"] == final_state(state.result, stage=0).collected["Li"] > 0.0


# --- short circuit ----------------------------------------------------------------------------------------------------


def short_circuit(entering: float, native: float, thickness: float, duration: float, cells: int) -> tuple[float, float]:
    """Amounts that entered and left at 0 V: a method of lines of the electroneutral limit, nothing of it shared.

    J_A + J_B = I and no potential between the faces: I int dx / sigma = ln(sigma(0) / sigma(L)) with
    sigma = D_A c + D_B (1 - c), and J_A = -D_A D_B c' / sigma + D_A c I / sigma.
    """
    step = thickness / cells

    def parts(c: Any) -> tuple[Any, float]:
        at_faces = np.concatenate([[1.0], 0.5 * (c[1:] + c[:-1]), c[-1:]])
        sigma = entering * at_faces + native * (1.0 - at_faces)
        slope = np.concatenate([[2.0 * (c[0] - 1.0)], np.diff(c), [0.0]]) / step
        weights = np.full(cells + 1, step)
        weights[[0, -1]] *= 0.5
        current = math.log(sigma[0] / sigma[-1]) / float((weights / sigma).sum())
        return -entering * native * slope / sigma + entering * at_faces * current / sigma, current

    def rates(_: float, y: Any) -> Any:
        flux, current = parts(y[:-2])
        return np.concatenate([-np.diff(flux) / step, [flux[0], current]])

    solution = solve_ivp(rates, (0.0, duration), np.zeros(cells + 2), method="BDF", rtol=1e-8, atol=1e-11)
    return float(solution.y[-2, -1]), float(solution.y[-1, -1])


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_at_0_volt_a_faster_ion_drives_a_current(model: str) -> None:
    fast, slow, thickness, duration = 1e-17, 1e-18, 1e-6, 6e4
    state = run(experiment(
        ions={"Na": constant(slow), "Ag": constant(fast)}, native={"Na": DENSITY}, thickness=thickness,
        stages=[contact(0.0, duration, composition={"Ag": 1.0})], grid={"cell": thickness / 500},
    ), model=model, relative_tolerance=1e-5)  # fmt: skip
    # second order in the cells of the reference: two of them give its limit
    coarse, fine = (np.array(short_circuit(fast, slow, thickness, duration, cells)) for cells in (100, 200))
    entered, passed = fine + (fine - coarse) / 3.0
    assert passed > 0.1 * entered  # it matters here
    assert state.injected["Ag"] == pytest.approx(entered, rel=2e-3, abs=0)
    assert sum(state.collected.values()) == pytest.approx(passed, rel=2e-3, abs=0)
    assert sum(state.injected.values()) == pytest.approx(passed, rel=2e-3, abs=0)


# --- isotherm ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("constant_of_it", "exponent"), [(0.2, 1.5), (1.0, 1.0), (40.0, 0.7), (1e-9, 2.0), (1e9, 3.0)])
def test_the_isotherm_is_that_of_its_equation(constant_of_it: float, exponent: float) -> None:
    isotherm = Isotherm(entering="K", equilibrium_constant=constant_of_it, exponent=exponent)
    for a in (1e-6, 0.02, 0.5, 0.99):
        held = isotherm.surface_fractions({"Na": 1.0 - a, "K": a})
        # ln(a_A / a_B) = n ln(c_A / c_B) - ln K
        left = exponent * math.log(held["K"] / held["Na"]) - math.log(constant_of_it)
        assert left == pytest.approx(math.log(a / (1.0 - a)), abs=1e-12 + 1e-13 * abs(math.log(constant_of_it)))
        assert sum(held.values()) == pytest.approx(1.0, abs=1e-15)
    ideal = Isotherm(entering="K", equilibrium_constant=1.0, exponent=1.0).surface_fractions({"K": 0.3, "Na": 0.7})
    assert ideal == pytest.approx({"K": 0.3, "Na": 0.7})
    # a pure melt leaves no other ion in the surface
    assert isotherm.surface_fractions({"K": 1.0, "Na": 0.0}) == {"K": 1.0, "Na": 0.0}


def test_the_isotherm_of_the_other_ion_is_the_inverse() -> None:
    forth = Isotherm(entering="K", equilibrium_constant=0.2, exponent=1.5).surface_fractions({"K": 0.9, "Na": 0.1})
    back = Isotherm(entering="Na", equilibrium_constant=5.0, exponent=1.5).surface_fractions({"K": 0.9, "Na": 0.1})
    assert forth == pytest.approx(back, rel=1e-14)


def test_a_melt_holds_what_its_isotherm_gives() -> None:
    isotherm = {"entering": "K", "equilibrium_constant": 0.2, "exponent": 1.5}
    melted = exchange(0.9, composition=None, melt={"K": 0.9, "Na": 0.1}, isotherm=isotherm)
    held = (0.2 * 9.0) ** (1.0 / 1.5)
    surface = held / (1.0 + held)
    assert melted.contact_densities(0) == pytest.approx({"K": surface * DENSITY, "Na": (1.0 - surface) * DENSITY})
    state, exact = run(melted, relative_tolerance=1e-6), similarity(0.9, surface)
    assert state.injected["K"] == pytest.approx(exact.flux * 0.5 * LENGTH, rel=1e-4, abs=0)


# --- derivatives ------------------------------------------------------------------------------------------------------

DIFFERENCE = 1e-3
PATHS = (
    "ions.Na.diffusion.coefficient", "ions.K.diffusion.coefficient", "stages[1].isotherm.equilibrium_constant",
    "stages[1].isotherm.exponent", "stages[1].temperature", "stages[1].duration", "sample.native.Na",
    "sample.thickness", "stages[0].source_potential",
)  # fmt: skip


def varied() -> Experiment:
    """A beam, which leaves a field at the back, a melt at open circuit, and a beam through what it exchanged."""
    isotherm = {"entering": "K", "equilibrium_constant": 0.2, "exponent": 1.5}
    return experiment(
        ions={"Na": constant(1e-17), "K": constant(1e-18)}, native={"Na": DENSITY}, thickness=2e-6,
        stages=[
            irradiation("K", 0.5, 600.0),
            melt(3600.0, melt={"K": 0.9, "Na": 0.1}, isotherm=isotherm),
            irradiation("K", 0.5, 600.0),
        ],
        grid={"cell": 10e-9, "zone": 1e-6, "surface_cell": 2e-9},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_derivatives_against_differences_of_whole_simulations(model: Any) -> None:
    described = varied()
    grid = make_grid(described)
    variations = []
    for path in PATHS:
        value = read_scalar(described, path).value
        lower, upper = (described.replace({path: value * (1.0 + sign * 1e-4)}) for sign in (-1, 1))
        variations.append(Variation(name=path, lower=lower, upper=upper, spacing=2e-4))
    tight = Settings(model=model, relative_tolerance=1e-6, snapshots_per_stage=4)
    found = simulate(described, grid=grid, variations=variations, settings=tight).dataset
    for number, path in enumerate(PATHS):
        if path == "sample.thickness":
            continue  # its cells are those of another sample
        value = read_scalar(described, path).value
        low, high = (
            simulate(described.replace({path: value * (1.0 + sign * DIFFERENCE)}), settings=tight, grid=grid).dataset
            for sign in (-1, 1)
        )
        for key in ("injected_charge", "collected_charge"):
            expected = (high[key].values[-1] - low[key].values[-1]) / (2.0 * DIFFERENCE)
            slope = found[f"{key}_slope"].values[-1, :, number]
            scale = np.abs(found[key].values[-1]).max()
            assert slope == pytest.approx(expected, rel=2e-3, abs=1e-4 * scale), (path, key)
        expected = (high["density"].values[-1] - low["density"].values[-1]) / (2.0 * DIFFERENCE)
        slope = found["density_slope"].values[-1, :, :, number]
        assert np.abs(slope - expected).sum() < 5e-3 * np.abs(expected).sum() + 1e-5 * DENSITY, path


def test_stages_around_a_melt_keep_every_ion() -> None:
    state = run(experiment(
        ions={"Na": constant(1e-17), "K": constant(1e-18), "Ca": constant(1e-21)}, charges={"Ca": 2},
        native={"Na": DENSITY, "Ca": 1e27}, thickness=2e-6,
        stages=[
            melt(600.0, composition={"K": 0.5, "Na": 0.5}), storage(600.0), contact(0.5, 600.0, blocking=True),
            melt(600.0, composition={"Na": 1.0}), storage(600.0),
        ],
    ))  # fmt: skip
    first, last = (final_state(state.result, stage=stage).injected for stage in (0, 4))
    assert first["K"] > 0.0
    assert last["K"] < 0.8 * first["K"]
    # what left while the blocking contact charged the surface comes in from the melt, which discharges it
    charge = {name: ion.charge for name, ion in state.result.experiment.ions.items()}
    net = sum(charge[name] * amount for name, amount in last.items())
    assert net == pytest.approx(sum(charge[name] * amount for name, amount in state.collected.items()), rel=1e-3)
