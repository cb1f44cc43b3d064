"""Stress and refractive index of exchanged plates against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import dawsn, erfc, erfcinv

import ionscape as isc
from experiments import constant, experiment, melt, storage
from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.mechanics import PlateShape, misfit_strain, relaxed

DENSITY, DIFFUSION, DURATION, THICKNESS = 1e28, 1e-15, 1e5, 1e-3
LENGTH = math.sqrt(DIFFUSION * DURATION)  # 10 µm
MECHANICS = {"young_modulus": 72e9, "poisson_ratio": 0.22, "exchangeable": 10.0, "dilatation": {"K": 1e-3}}
STIFFNESS = 72e9 / 0.78 * 1e-3 * 10.0  # Pa at full exchange


def strengthened(**tables) -> Experiment:
    """K for Na, both equally fast: an erfc."""
    made = experiment(
        ions={"Na": constant(DIFFUSION), "K": constant(DIFFUSION)}, native={"Na": DENSITY},
        stages=[melt(DURATION, composition={"K": 1.0})], thickness=THICKNESS,
    )  # fmt: skip
    return made.replace({"mechanics": MECHANICS} | tables)


@pytest.fixture(scope="module")
def result() -> isc.SimulationResult:
    return isc.simulate(strengthened())


def test_both_faces_with_an_erfc_have_the_closed_form(result: isc.SimulationResult):
    summary = isc.plate_stress(result).summary()
    mean = 4.0 * LENGTH / math.sqrt(math.pi) / THICKNESS  # of two faces with amounts of 2 √(Dt/π) each
    assert summary["surface_stress"] == pytest.approx(-STIFFNESS * (1.0 - mean), rel=1e-4)
    assert summary["surface_stress"] == pytest.approx(-902.25e6, rel=1e-4)
    assert summary["central_stress"] == pytest.approx(STIFFNESS * mean, rel=1e-4)
    assert summary["central_stress"] == pytest.approx(20.832e6, rel=1e-4)
    assert summary["depth_of_layer"] == pytest.approx(2.0 * LENGTH * erfcinv(mean), rel=1e-4)
    assert summary["depth_of_layer"] == pytest.approx(32.254e-6, rel=1e-4)


def test_no_force_is_left_at_any_time(result: isc.SimulationResult):
    data = isc.plate_stress(result).dataset
    force = (data["stress"] * data["cell_size"]).sum("depth")
    assert float(np.abs(force).max()) < 1e-12 * float((np.abs(data["stress"]) * data["cell_size"]).sum("depth").max())


def test_one_face_has_half_the_mean_and_bends_if_it_may(result: isc.SimulationResult):
    def stresses(**changes) -> isc.PlateStress:
        changed = result.experiment.replace({"mechanics": MECHANICS | changes})
        return isc.plate_stress(isc.SimulationResult(dataset=result.dataset, experiment=changed))

    flat = stresses(faces="front").summary()
    assert flat["surface_stress"] == pytest.approx(-912.66e6, rel=1e-4)
    bent = stresses(faces="front", bending="free").dataset
    stress, depth, size = (bent[name].values for name in ("stress", "depth", "cell_size"))
    # closed form: ε − ε̄ − κ (x − d/2), mean and moment of an erfc
    amount, moment = 2.0 * LENGTH / math.sqrt(math.pi), LENGTH**2
    mean, curvature = amount / THICKNESS, 12.0 * (moment - amount * THICKNESS / 2.0) / THICKNESS**3
    expected = -STIFFNESS * (erfc(depth / (2.0 * LENGTH)) - mean - curvature * (depth - THICKNESS / 2.0))
    assert stress[-1] == pytest.approx(expected, abs=3e-4 * STIFFNESS)
    arms = size * (depth - THICKNESS / 2.0)
    inner = stress[-1] @ arms
    # the linear part has a moment within each cell too, which the sum over centres leaves out
    inner += STIFFNESS * float(np.sum(size**3)) / 12.0 * curvature
    assert abs(inner) < 2e-6 * STIFFNESS * THICKNESS**2


def test_a_plate_that_bends_freely_carries_no_linear_strain():
    sizes = np.array([1.0, 2.0, 3.0, 4.0]) * 1e-4
    depth = np.cumsum(sizes) - 0.5 * sizes
    shape = PlateShape.of_cells(depth, sizes, thickness=1e-3, faces="front", bending="free")
    free = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 2.0, -1.0, 0.5]])
    misfit = misfit_strain(free, shape)
    assert misfit[0] == pytest.approx(0.0, abs=1e-15)
    assert misfit @ sizes == pytest.approx(0.0, abs=1e-18)


@pytest.mark.parametrize("exponent", [1.0, 0.5])
def test_a_step_decays_as_the_relaxation_function_and_a_ramp_as_its_integral(exponent: float):
    times = np.array([0.0, 0.3, 1.0, 2.5, 4.0])
    step = relaxed(np.ones((5, 1)), times, exponent)[:, 0]
    assert step == pytest.approx(np.exp(-(times**exponent)), rel=1e-12)
    ramp = relaxed(times[:, None], times, exponent)[:, 0]
    exact = [quad(lambda s: math.exp(-(s**exponent)), 0.0, time)[0] for time in times]
    assert ramp == pytest.approx(exact, rel=1e-8)


def test_a_maxwell_glass_relaxes_while_it_is_exchanged(result: isc.SimulationResult):
    lifetime = 3e4
    relaxation = {"model": "maxwell", "time": lifetime, "reference_temperature": 323.15, "activation_energy": 0.0}
    made = result.experiment.replace({"mechanics": MECHANICS | {"relaxation": relaxation}})
    data = isc.plate_stress(isc.SimulationResult(dataset=result.dataset, experiment=made)).dataset
    # the mean grows as √t, with G = ∫ exp(-(t - s)/τ) ds/(2 √(s t_1)) = √(τ/t_1) D(√(t/τ)), Dawson's integral
    mean = 4.0 * LENGTH / math.sqrt(math.pi) / THICKNESS
    central = STIFFNESS * mean * math.sqrt(lifetime / DURATION) * dawsn(math.sqrt(DURATION / lifetime))
    assert float(data["central_stress"][-1]) == pytest.approx(central, rel=2e-3)
    # the surface was strained at once
    surface = -STIFFNESS * math.exp(-DURATION / lifetime) + central
    assert float(data["surface_stress"][-1]) == pytest.approx(surface, rel=2e-2)


def test_relaxation_takes_the_temperatures_of_the_stages():
    energy = 4.5 * 1.602176634e-19
    relaxation = {"model": "maxwell", "time": 1e4, "reference_temperature": 693.15, "activation_energy": energy}
    made = experiment(
        ions={name: constant(DIFFUSION, temperature=693.15) for name in ("Na", "K")}, native={"Na": DENSITY},
        stages=[melt(1e3, composition={"K": 1.0}, temperature=693.15), storage(1e3, temperature=723.15)],
        thickness=THICKNESS,
    ).replace({"mechanics": MECHANICS | {"relaxation": relaxation}})  # fmt: skip
    result = isc.simulate(made)
    summary = isc.plate_stress(result).summary()
    faster = math.exp(-energy / 1.380649e-23 * (1.0 / 723.15 - 1.0 / 693.15))
    # while it is stored, amounts and so the misfit of the mean stay; what is left decays with the faster rate
    first, second = (stage["central_stress"] for stage in summary["stages"])
    assert second == pytest.approx(first * math.exp(-1e3 / 1e4 * faster), rel=5e-3)


def test_index_and_birefringence_follow_from_fractions_and_stress(result: isc.SimulationResult):
    optics = {"refractive_index": 1.51, "index_change": {"K": 0.01}, "elasto_optic": {"p11": 0.12, "p12": 0.27}}
    made = result.experiment.replace({"optics": optics})
    found = isc.refractive_index(isc.SimulationResult(dataset=result.dataset, experiment=made)).isel(time=-1)
    stress = isc.plate_stress(result).dataset["stress"].values[-1]
    cells = result.dataset["density"].sel(ion="K").values[-1, : stress.size - 1] / DENSITY
    fraction = np.append(1.0, cells)  # the melt holds the surface
    # strains of σ in the plane: (1 - ν) σ/E along both axes in it, -2 ν σ/E across; Δ(1/n²) = Σ p ε
    along, across = 0.78 * stress / 72e9, -0.44 * stress / 72e9
    half_cube = 1.51**3 / 2.0
    plane = 1.51 + 0.01 * fraction - half_cube * (0.12 * along + 0.27 * (along + across))
    normal = 1.51 + 0.01 * fraction - half_cube * (0.12 * across + 0.27 * 2.0 * along)
    assert found["in_plane"].values == pytest.approx(plane, rel=1e-9)
    assert found["normal"].values == pytest.approx(normal, rel=1e-9)
    assert found["birefringence"].values == pytest.approx(plane - normal, abs=1e-9)


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"mechanics": MECHANICS | {"dilatation": {}}}, 'mechanics.dilatation: has no value for "K"'),
        ({"mechanics": MECHANICS | {"dilatation": {"K": 1e-3, "Rb": 1e-3}}}, '"Rb", which is not described'),
        ({"optics": {"refractive_index": 1.5, "index_change": {}}}, 'optics.index_change: has no value for "K"'),
        ({"mechanics": MECHANICS | {"poisson_ratio": 0.7}}, "0.7: must be greater than -1 and at most 0.5"),
        ({"mechanics": MECHANICS | {"relaxation": {"model": "stretched", "time": 1.0, "reference_temperature": 300.0,
                                                   "activation_energy": 0.0}}}, "exponent: is missing"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_are_refused_in_one_sentence(tables: dict, sentence: str):
    with pytest.raises(InputError, match=sentence):
        strengthened(**tables)


def test_a_glass_without_the_table_has_no_stress_or_index(result: isc.SimulationResult):
    with pytest.raises(InputError, match="optics: is missing"):
        isc.refractive_index(result)
    bare = isc.SimulationResult(dataset=result.dataset, experiment=result.experiment.replace({"mechanics": None}))
    with pytest.raises(InputError, match="mechanics: is missing"):
        isc.plate_stress(bare)
