"""What every simulation must keep, whatever the experiment, and how results must change when the experiment does."""

from __future__ import annotations

import copy
from itertools import count, islice
from typing import Any

import numpy as np
import pytest

from ionscape.errors import ConvergenceError
from ionscape.experiment import parse_experiment
from ionscape.transport import Settings, SimulationResult, entropy_production, simulate
from strategies import (
    ELEMENTARY_CHARGE,
    VACUUM_PERMITTIVITY,
    as_toml,
    random_experiment,
    random_experiment_data,
    random_populations,
    with_programmes,
)

RANDOM_EXPERIMENTS = 40
BALANCE_TOLERANCE = 1e-10
PROFILE_TOLERANCE = 2e-3
"""Between two runs that the time steps distinguish, in units of the native density."""

Data = dict[str, Any]


def few_ions(*, number: int) -> list[int]:
    """So many seeds whose random experiments have one to three ions.

    For four, all kernels would be compiled once more: unit/test_transport_uncompiled.py has them as plain Python, and
    benchmarks/robustness.py has many.
    """
    seeds = count(10_000)
    few = (seed for seed in seeds if len(random_experiment_data(np.random.default_rng(seed))["ions"]) <= 3)
    return list(islice(few, number))


def constant(coefficient: float) -> Data:
    return {
        "model": "constant",
        "coefficient": f"{coefficient:g} m^2/s",
        "reference_temperature": "323.15 K",
        "activation_energy": "0.65 eV",
    }


def base_experiment() -> Data:
    """A quick one: 10 um of glass, a foreign ion 100 times slower, native D that falls off at 10 %."""
    lithium = {
        "model": "site-energies",
        "bulk_coefficient": "5e-19 m^2/s",
        "reference_temperature": "323.15 K",
        "activation_energy": "0.65 eV",
        "width": "0.16 eV",
        "trapped_fraction": 0.1,
        "trapped_width": "0.05 eV",
    }
    stage = {"kind": "irradiation", "beam": "Rb", "source_potential": "5 V"}
    return {
        "sample": {
            "thickness": "10 um",
            "illuminated_area": "30 mm^2",
            "relative_permittivity": 7,
            "native": {"Li": "1.4e28 1/m^3"},
        },
        "ions": {"Li": {"diffusion": lithium}, "Rb": {"diffusion": constant(5e-21)}},
        "stages": [{**stage, "temperature": "323.15 K", "duration": "20 min"}],
        "grid": {"cell": "2 nm", "zone": "200 nm", "surface_cell": "0.5 nm", "growth": 1.15},
    }


def run(data: Data, **settings: Any) -> SimulationResult:
    return simulate(parse_experiment(as_toml(data)), settings=Settings(**settings))


def final(result: SimulationResult, ion: str) -> np.ndarray:
    """Densities at the end in units of the total native density."""
    scale = sum(result.experiment.sample.native.values())
    return result.dataset["density"].sel(ion=ion).values[-1] / scale


def charge(result: SimulationResult, kind: str = "injected_charge") -> float:
    return float(result.dataset[kind].values[-1].sum())


def check_invariants(result: SimulationResult) -> None:
    data = result.dataset
    for name in ("density", "potential", "current", "surface_potential", "injected_charge", "collected_charge"):
        assert np.isfinite(data[name].values).all(), name
    assert data["density"].values.min() >= 0.0
    assert np.abs(data["balance_error"].values).max() <= BALANCE_TOLERANCE
    # at the back electrode ions only leave; into storage and from a blocking contact none pass
    charges = np.array([ion.charge for ion in result.experiment.ions.values()])
    left = np.diff(data["collected_charge"].values * np.sign(charges), axis=0)
    sample = result.experiment.sample
    inventory = ELEMENTARY_CHARGE * sum(sample.native.values()) * sample.thickness * sample.illuminated_area
    passed = max(np.abs(data[f"{kind}_charge"].values).max() for kind in ("injected", "collected"))
    assert left.min(initial=0.0) >= -1e-3 * passed - 1e-15 * inventory
    entered = np.diff(data["injected_charge"].values, axis=0)
    for index, stage in enumerate(result.experiment.stages):
        inside = data["stage"].values[1:] == index
        if stage.kind == "storage":
            assert (left[inside] == 0.0).all()
        if stage.kind == "storage" or (stage.kind == "contact" and stage.blocking):
            assert (entered[inside] == 0.0).all()
        if stage.kind == "contact" and stage.potential is None:
            assert (left[inside] == 0.0).all()
            assert (data["current"].values[1:][inside] == 0.0).all()
            check_gauss(result, data["stage"].values == index)


def check_gauss(result: SimulationResult, inside: np.ndarray) -> None:
    """Without a current the charge of the sample and that of the surface beside it add up to what they were."""
    data, sample = result.dataset, result.experiment.sample
    if "mesh_depth" in data or inside.sum() < 2:
        return  # on cells that move the field at the surface is not stored
    charges = np.array([ion.charge for ion in result.experiment.ions.values()])
    size = data["cell_size"].values
    unit = sample.relative_permittivity * VACUUM_PERMITTIVITY / ELEMENTARY_CHARGE
    drop = data["surface_potential"].values[inside] - data["potential"].values[inside, 0]
    on_surface = unit * drop / (0.5 * size[0])
    native = [sample.native.get(name, 0.0) for name in result.experiment.ions]
    in_cells = size @ (data["density"].values[inside] - native) @ charges
    moved = size @ np.abs(data["density"].values[inside] - native).sum(axis=2).T
    total = on_surface + in_cells
    # the stored densities are rounded as a whole, what has moved may be a tiny part of them
    rounding = np.finfo(float).eps * float(np.sum(native)) * sample.thickness
    assert np.ptp(total) <= 1e-9 * (np.abs(on_surface).max() + moved.max()) + rounding


@pytest.fixture(scope="module")
def base_result() -> SimulationResult:
    return run(base_experiment())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2, 4, 5, 9, 10, 16, 17, 18])
def test_a_random_experiment_with_programmes_keeps_it_too(seed: int) -> None:
    """Ramps, pulses and reversals in stages of all kinds; seeds of up to three ions and a few hundred steps."""
    data = random_experiment_data(np.random.default_rng(seed))
    experiment = parse_experiment(as_toml(with_programmes(data, np.random.default_rng(seed + 1))))
    result = simulate(experiment)
    assert result.dataset["time"].values[-1] == pytest.approx(experiment.duration)
    check_invariants(result)


@pytest.mark.slow
@pytest.mark.parametrize("seed", few_ions(number=RANDOM_EXPERIMENTS))
def test_a_random_experiment_keeps_what_must_be_kept_or_raises_the_documented_error(seed: int) -> None:
    experiment = parse_experiment(random_experiment(np.random.default_rng(seed)))
    failure = None
    try:
        result = simulate(experiment, settings=Settings(maximum_steps=400, relative_tolerance=1e-3))
    except ConvergenceError as error:
        failure, result = error, error.partial
    if failure is None:
        assert result.dataset["time"].values[-1] == pytest.approx(experiment.duration)
    else:
        assert str(failure).endswith(").")
        assert 0 <= failure.stage < len(experiment.stages)
        assert 0.0 <= failure.time <= experiment.duration
    check_invariants(result)


# two ions on the same sites; 20 fills them next to a back electrode that does not take what arrives there
@pytest.mark.parametrize("seed", [2, 9, 10, 14, 17, 20, 27, 30, 36, 57])
def test_populations_keep_within_their_sites(seed: int) -> None:
    experiment = parse_experiment(random_populations(np.random.default_rng(seed)))
    result = simulate(experiment, settings=Settings(relative_tolerance=1e-3))
    check_invariants(result)
    held = np.nan_to_num(result.population.values)  # not a number where an ion has no population
    assert held.min() >= 0.0
    assert (held.sum(axis=2) - result.dataset["site_density"].values).max() <= 1e-12 * experiment.bulk_density


def test_a_failure_says_that_sites_are_full() -> None:
    """Ions that nothing takes at the back electrode; what was reached of the first of two stages can be looked at."""
    experiment = parse_experiment(random_populations(np.random.default_rng(16)))
    with pytest.raises(ConvergenceError, match=r"% of the sites of shared are taken .* let back_electrode") as caught:
        simulate(experiment)
    assert caught.value.partial is not None
    assert caught.value.partial.population.sizes["ion"] == 2


@pytest.mark.parametrize("haven_ratio", [0.05, 0.5])
@pytest.mark.parametrize("seed", [1, 3, 4, 5, 7])  # of two and three ions
def test_cross_terms_keep_what_must_be_kept_and_produce_entropy(seed: int, haven_ratio: float) -> None:
    data = {**random_experiment_data(np.random.default_rng(20_000 + seed)), "cross_terms": {"haven_ratio": haven_ratio}}
    settings = Settings(maximum_steps=300, relative_tolerance=1e-3)
    try:
        result = simulate(parse_experiment(as_toml(data)), settings=settings)
    except ConvergenceError as error:
        result = error.partial
    check_invariants(result)
    produced = entropy_production(result).values
    assert produced.min() >= -1e-9 * produced.max()


@pytest.mark.parametrize("model", ["full", "electroneutral"])
@pytest.mark.parametrize("seed", [3, 11, 14])
def test_the_same_experiment_twice_gives_the_same_numbers(seed: int, model: Any) -> None:
    text = random_experiment(np.random.default_rng(seed))
    settings = Settings(model=model, maximum_steps=60, relative_tolerance=1e-3)

    def densities() -> np.ndarray:
        try:
            return simulate(parse_experiment(text), settings=settings).dataset["density"].values
        except ConvergenceError as error:
            return error.partial.dataset["density"].values

    assert np.array_equal(densities(), densities())


def test_charges_scale_with_the_area_and_profiles_do_not(base_result: SimulationResult) -> None:
    data = base_experiment()
    data["sample"]["illuminated_area"] = "60 mm^2"
    result = run(data)
    assert charge(result) == pytest.approx(2.0 * charge(base_result), rel=1e-9)
    assert charge(result, "collected_charge") == pytest.approx(2.0 * charge(base_result, "collected_charge"), rel=1e-9)
    np.testing.assert_allclose(final(result, "Rb"), final(base_result, "Rb"), rtol=0, atol=1e-9)


def test_a_beam_current_scales_with_the_area() -> None:
    data = base_experiment()
    data["stages"][0]["beam_current"] = "2 uA"
    one = run(data)
    data["sample"]["illuminated_area"] = "60 mm^2"
    data["stages"][0]["beam_current"] = "4 uA"
    two = run(data)
    assert charge(two) == pytest.approx(2.0 * charge(one), rel=1e-6)
    np.testing.assert_allclose(final(two, "Rb"), final(one, "Rb"), rtol=0, atol=1e-6)


def test_ions_ten_times_as_mobile_do_the_same_in_a_tenth_of_the_time(base_result: SimulationResult) -> None:
    data = base_experiment()
    data["ions"]["Li"]["diffusion"]["bulk_coefficient"] = "5e-18 m^2/s"
    data["ions"]["Rb"]["diffusion"] = constant(5e-20)
    data["stages"][0]["duration"] = "2 min"
    result = run(data)
    assert charge(result) == pytest.approx(charge(base_result), rel=1e-6)
    np.testing.assert_allclose(final(result, "Rb"), final(base_result, "Rb"), rtol=0, atol=1e-6)


def test_anions_and_a_negative_potential_give_the_mirror_image(base_result: SimulationResult) -> None:
    data = base_experiment()
    for ion in data["ions"].values():
        ion["charge"] = -1
    data["stages"][0]["source_potential"] = "-5 V"
    result = run(data)
    assert charge(result) == pytest.approx(-charge(base_result), rel=1e-9)
    for ion in ("Li", "Rb"):
        np.testing.assert_allclose(final(result, ion), final(base_result, ion), rtol=0, atol=1e-9)
    mirrored = result.dataset["potential"].values[-1]
    np.testing.assert_allclose(-mirrored, base_result.dataset["potential"].values[-1], rtol=0, atol=1e-8)


def test_the_mirror_image_holds_for_a_contact_and_storage() -> None:
    data = base_experiment()
    contact = {"kind": "contact", "potential": "2 V", "composition": {"Li": 0.25, "Rb": 0.75}}
    data["stages"] = [
        {**contact, "temperature": "323.15 K", "duration": "20 min"},
        {"kind": "storage", "temperature": "300 K", "duration": "1 h"},
    ]
    cations = run(data)
    mirrored = copy.deepcopy(data)
    for ion in mirrored["ions"].values():
        ion["charge"] = -1
    mirrored["stages"][0]["potential"] = "-2 V"
    anions = run(mirrored)
    for ion in ("Li", "Rb"):
        np.testing.assert_allclose(final(anions, ion), final(cations, ion), rtol=0, atol=1e-9)


def test_the_order_of_the_ions_in_the_file_does_not_matter(base_result: SimulationResult) -> None:
    data = base_experiment()
    data["ions"] = dict(reversed(data["ions"].items()))
    result = run(data)
    for ion in ("Li", "Rb"):
        np.testing.assert_allclose(final(result, ion), final(base_result, ion), rtol=0, atol=1e-6)


def test_an_ion_that_never_comes_changes_nothing(base_result: SimulationResult) -> None:
    data = base_experiment()
    data["ions"]["K"] = {"diffusion": constant(1e-15)}
    result = run(data)
    assert not result.dataset["density"].sel(ion="K").values.any()
    assert not result.dataset["balance_error"].sel(ion="K").values.any()
    np.testing.assert_allclose(final(result, "Rb"), final(base_result, "Rb"), rtol=0, atol=1e-6)


def test_the_same_ion_under_two_names_is_one_ion(base_result: SimulationResult) -> None:
    data = base_experiment()
    lithium = data["ions"].pop("Li")["diffusion"]
    for name in ("Li6", "Li7"):
        data["ions"][name] = {"diffusion": {**lithium, "fermi_level_counts": ["Li6", "Li7"]}}
    data["sample"]["native"] = {"Li6": "0.4e28 1/m^3", "Li7": "1e28 1/m^3"}
    result = run(data)
    total = final(result, "Li6") + final(result, "Li7")
    np.testing.assert_allclose(total, final(base_result, "Li"), rtol=0, atol=PROFILE_TOLERANCE)


def test_one_stage_cut_into_halves_ends_in_the_same_state(base_result: SimulationResult) -> None:
    data = base_experiment()
    half = {**data["stages"][0], "duration": "10 min"}
    data["stages"] = [half, half]
    result = run(data)
    assert charge(result) == pytest.approx(charge(base_result), rel=1e-3)
    for ion in ("Li", "Rb"):
        np.testing.assert_allclose(final(result, ion), final(base_result, ion), rtol=0, atol=PROFILE_TOLERANCE)


@pytest.mark.parametrize("duration", ["1 ns", "1 us", "1 ms"])
def test_a_stage_of_almost_no_length_changes_almost_nothing(duration: str, base_result: SimulationResult) -> None:
    data = base_experiment()
    tiny = {**data["stages"][0], "duration": duration}
    data["stages"] = [tiny, {"kind": "storage", "temperature": "323.15 K", "duration": duration}, *data["stages"]]
    result = run(data)
    check_invariants(result)
    # a stage begins with the charging of the surface, once more after each interruption
    assert charge(result) == pytest.approx(charge(base_result), rel=1e-3)
    np.testing.assert_allclose(final(result, "Rb"), final(base_result, "Rb"), rtol=0, atol=PROFILE_TOLERANCE)


def test_storage_keeps_every_ion_and_spreads_the_front() -> None:
    data = base_experiment()
    data["ions"]["Li"]["diffusion"] = constant(5e-19)
    data["stages"].append({"kind": "storage", "temperature": "373.15 K", "duration": "10 h"})
    result = run(data)
    check_invariants(result)
    stage = result.dataset["stage"].values
    inside = (result.dataset["density"] * result.dataset["cell_size"]).sum("depth").values
    before, after = inside[stage == 0][-1], inside[-1]
    np.testing.assert_allclose(after, before, rtol=1e-12)
    profile = result.dataset["density"].sel(ion="Rb").values
    steepest = np.abs(np.diff(profile, axis=1)).max(axis=1)
    assert steepest[-1] < 0.8 * steepest[stage == 0][-1]


def test_storage_of_a_uniform_sample_does_nothing() -> None:
    data = base_experiment()
    data["stages"] = [{"kind": "storage", "temperature": "400 K", "duration": "100 h"}]
    result = run(data)
    np.testing.assert_allclose(final(result, "Li"), 1.0, rtol=1e-12)
    assert not result.dataset["current"].values.any()


def test_the_electroneutral_model_gives_the_profiles_of_the_full_model(base_result: SimulationResult) -> None:
    result = run(base_experiment(), model="electroneutral")
    check_invariants(result)
    assert charge(result) == pytest.approx(charge(base_result), rel=5e-3)
    depth = result.dataset["depth"].values
    inside = depth > 2e-9  # the charge of the surface sits in the first cells of the full model
    for ion in ("Li", "Rb"):
        np.testing.assert_allclose(final(result, ion)[inside], final(base_result, ion)[inside], rtol=0, atol=2e-2)


def test_an_electroneutral_sample_is_neutral_everywhere() -> None:
    result = run(base_experiment(), model="electroneutral")
    total = final(result, "Li") + final(result, "Rb")
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-3)
    # that there is no charge is what the model takes for granted, and no figure of it
    (stage,) = result.summary()["stages"]
    assert stage["peak_excess_charge"] is None
    assert "has no charge" in stage["missing"]["peak_excess_charge"]


def test_more_current_than_the_sample_conducts_is_no_limit(base_result: SimulationResult) -> None:
    data = base_experiment()
    data["stages"][0]["beam_current"] = "1 A"
    result = run(data)
    assert charge(result) == pytest.approx(charge(base_result), rel=1e-3)
    np.testing.assert_allclose(final(result, "Rb"), final(base_result, "Rb"), rtol=0, atol=PROFILE_TOLERANCE)


def test_less_current_than_the_sample_conducts_is_all_injected() -> None:
    data = base_experiment()
    data["stages"][0]["beam_current"] = "1 nA"
    result = run(data)
    assert charge(result) == pytest.approx(1e-9 * 1200.0, rel=1e-9)
    assert result.dataset["surface_potential"].values.max() < 5.0


def test_a_source_below_the_surface_potential_lets_nothing_out() -> None:
    data = base_experiment()
    data["stages"].append({**data["stages"][0], "source_potential": "0.5 V", "duration": "1 s"})
    result = run(data)
    check_invariants(result)
    injected = result.dataset["injected_charge"].sel(ion="Rb").values
    assert np.diff(injected).min() >= -1e-6 * injected.max()
