"""Conditions that change within a stage, against Ohm's law over time, stages one after the other, and differences."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import ionscape as isc
from experiments import constant, contact, experiment, irradiation, run, site_energies
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.experiment import Experiment, parse_experiment
from ionscape.files.values import read_scalar
from ionscape.transport import Settings, make_grid
from ionscape.transport.pieces import changes_over, make_piece
from ionscape.transport.stage_arrays import make_scales
from ionscape.transport.variation import Variation

NATIVE, AREA, THICKNESS = 1.4e28, 28.26e-6, 2.325e-3
HOUR = 3600.0
HOURS = 40.0 * HOUR
Entries = list[dict[str, Any]]


def line(*points: tuple[float, float]) -> Entries:
    """Times [s] and values on straight lines."""
    return [{"time": time, "value": value} for time, value in points]


def steps(*points: tuple[float, float]) -> Entries:
    """The same held from time to time."""
    return [entry | {"join": "step"} for entry in line(*points)]


def lithium_glass(**conditions: Any) -> Experiment:
    """Li onto a Li glass: nothing changes but the current."""
    stage = irradiation("Li", 15.0, HOURS) | conditions
    return experiment(ions={"Li": constant(5e-19)}, native={"Li": NATIVE}, stages=[stage], area=AREA)


def rubidium_glass(*stages: dict[str, Any], kind: str = "fixed") -> Experiment:
    ions = {"Li": site_energies(5.8e-19), "Rb": constant(2.67e-22)}
    return experiment(ions=ions, native={"Li": NATIVE}, stages=stages, area=AREA, grid={"kind": kind})


def charge_of(result: isc.SimulationResult) -> float:
    return float(result.dataset["collected_charge"].values[-1].sum())


# Ohm's law -----------------------------------------------------------------------------------------------------------


def ohmic_charge(potential: Any, temperature: Any, *, start: float, end: float) -> float:
    """What a glass of constant D passes: A/L times the integral of e^2 n D(T)/(k_B T) U over the time."""

    def current(time: float) -> float:
        t = temperature(time)
        d = 5e-19 * np.exp(-0.65 * ELECTRON_VOLT / BOLTZMANN_CONSTANT * (1.0 / t - 1.0 / 323.15))
        return AREA / THICKNESS * ELEMENTARY_CHARGE**2 * NATIVE * d / (BOLTZMANN_CONSTANT * t) * potential(time)

    return quad(current, start, end, epsabs=0.0, epsrel=1e-10, limit=200)[0]


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_charge_on_ramps_is_the_integral_of_ohms_law(model: str) -> None:
    conditions = {
        "source_potential": line((0.0, 4.0), (10.0 * HOUR, 16.0)),
        "temperature": line((0.0, 300.0), (25.0 * HOUR, 350.0), (HOURS, 320.0)),
    }
    result = isc.simulate(lithium_glass(**conditions), settings=Settings(model=model, relative_tolerance=1e-6))
    times = [0.0, 10.0 * HOUR, 25.0 * HOUR, HOURS]
    potential = lambda time: float(np.interp(time, [0.0, 10.0 * HOUR], [4.0, 16.0]))  # noqa: E731
    temperature = lambda time: float(np.interp(time, [*times[::2], HOURS], [300.0, 350.0, 320.0]))  # noqa: E731
    expected = [ohmic_charge(potential, temperature, start=a, end=b) for a, b in pairwise(times)]
    collected = result.dataset["collected_charge"].values[:, 0]
    # a snapshot stands at every time of the programme
    found = collected[np.searchsorted(result.dataset["time"].values, np.array(times) * (1.0 - 1e-12))]
    assert np.diff(found) == pytest.approx(expected, rel=2e-5)


def test_charge_of_a_ramped_beam_is_its_integral() -> None:
    """A beam too weak to hold the surface; what it brings is half the sum of its ends times the time."""
    conditions = {"beam_current": line((0.0, 1e-9), (HOURS / 2.0, 3e-9))}
    state = run(lithium_glass(**conditions))
    assert state.surface_potential < 14.0
    whole = (2e-9 * HOURS / 2.0 + 3e-9 * HOURS / 2.0) / (ELEMENTARY_CHARGE * NATIVE * AREA)
    assert state.injected["Li"] == pytest.approx(whole, rel=1e-6)


def test_current_and_surface_potential_follow_a_programme() -> None:
    programme = line((0.0, 5.0), (20.0 * HOUR, 15.0)) + steps((30.0 * HOUR, 10.0))
    data = isc.simulate(lithium_glass(source_potential=programme)).dataset
    times = data["time"].values
    late = (times > 60.0) & (np.abs(times - 30.0 * HOUR) > 60.0)
    applied = np.interp(times, [0.0, 20.0 * HOUR, 30.0 * HOUR], [5.0, 15.0, 10.0])
    assert data["surface_potential"].values[late] == pytest.approx(applied[late], rel=1e-5)
    assert data["current"].values[late] == pytest.approx(data["current"].values[-1] * applied[late] / 10.0, rel=1e-4)


# stages one after the other ------------------------------------------------------------------------------------------


def test_steps_are_stages_to_the_last_bit() -> None:
    half = 20.0 * HOUR
    programmed = rubidium_glass(
        irradiation("Rb", 15.0, 2.0 * half)
        | {"temperature": steps((0.0, 313.15), (half, 323.15)), "source_potential": steps((0.0, 9.0), (half, 15.0))}
    )
    apart = rubidium_glass(irradiation("Rb", 9.0, half, temperature=313.15), irradiation("Rb", 15.0, half))
    grid = make_grid(apart)
    one, two = (isc.simulate(each, grid=grid).dataset for each in (programmed, apart))
    for name in ("density", "potential", "current", "collected_charge"):
        assert np.array_equal(one[name].values[-1], two[name].values[-1]), name
    assert make_grid(programmed).size == pytest.approx(grid.size, rel=0.2)
    # sites are populated by the temperature of the time: a single one of both gives another charge
    between = rubidium_glass(irradiation("Rb", 12.0, 2.0 * half, temperature=318.15))
    assert abs(charge_of(isc.simulate(between)) / float(one["collected_charge"].values[-1].sum()) - 1.0) > 0.01


def test_a_programme_that_does_not_change_is_a_value_to_the_last_bit() -> None:
    plain = rubidium_glass(irradiation("Rb", 15.0, HOURS))
    listed = plain.replace({"stages[0].source_potential": line((0.0, 15.0), (HOURS, 15.0)),
                            "stages[0].temperature": steps((0.0, 323.15))})  # fmt: skip
    one, two = (isc.simulate(each).dataset for each in (plain, listed))
    assert np.array_equal(one["density"].values, two["density"].values)
    assert np.array_equal(one["current"].values, two["current"].values)


@pytest.mark.parametrize("kind", ["fixed", "moving"])
@pytest.mark.parametrize("key", ["source_potential", "temperature"])
def test_a_ramp_is_the_limit_of_short_stages(key: str, kind: str) -> None:
    """Stages with the values of their middles: the rest falls with the square of their number."""
    low, high = {"source_potential": (5.0, 15.0), "temperature": (303.15, 328.15)}[key]
    stage = irradiation("Rb", 12.0, HOURS)
    ramp = rubidium_glass(stage | {key: line((0.0, low), (HOURS, high))}, kind=kind)
    grid, tight = make_grid(ramp), Settings(relative_tolerance=1e-5, snapshots_per_stage=1)
    whole = isc.simulate(ramp, grid=grid, settings=tight)
    left = []
    for number in (6, 12):
        values = low + (high - low) * (np.arange(number) + 0.5) / number
        parts = [stage | {key: float(value), "duration": HOURS / number} for value in values]
        left.append(isc.simulate(rubidium_glass(*parts, kind=kind), grid=grid, settings=tight))
    errors = [charge_of(each) / charge_of(whole) - 1.0 for each in left]
    assert abs(errors[1]) < 2e-3
    assert errors[0] / errors[1] == pytest.approx(4.0, abs=0.5)
    # of the profiles too, after the error of the short stages has been extrapolated away
    coarse, fine, exact = (each.dataset["density"].values[-1] / NATIVE for each in (*left, whole))
    extrapolated = fine + (fine - coarse) / 3.0
    width = np.gradient(make_grid(ramp).faces)[:-1]
    difference = (np.abs(extrapolated - exact).sum(axis=1) * width).sum()
    moved = (np.abs(exact[:, 1]) * width).sum()
    assert difference < 2e-3 * moved


def test_both_grids_agree_on_a_ramp() -> None:
    stage = irradiation("Rb", 15.0, HOURS) | {
        "source_potential": line((0.0, 5.0), (HOURS / 2.0, 15.0)), "temperature": line((0.0, 308.15), (HOURS, 323.15))
    }  # fmt: skip
    still, moving = (run(rubidium_glass(stage, kind=kind)) for kind in ("fixed", "moving"))
    assert moving.collected["Li"] == pytest.approx(still.collected["Li"], rel=2e-3)
    assert moving.crossing("Rb") == pytest.approx(still.crossing("Rb"), rel=2e-3)


def test_the_grid_holds_what_a_ramp_of_temperature_exchanges() -> None:
    """Nearly all of the charge passes at the hot end; the zone of equal cells reaches as far, and not ten times."""
    stage = irradiation("Rb", 15.0, HOURS) | {"temperature": line((0.0, 293.15), (HOURS, 343.15))}
    described = rubidium_glass(stage)
    state = run(described)
    zone = make_grid(described).zone
    assert state.crossing("Rb") < zone < 4.0 * state.crossing("Rb")


@pytest.mark.parametrize("kind", ["fixed", "moving"])
def test_points_on_a_line_cost_a_step_each(kind: str) -> None:
    """Steps go on where lines meet, and what they calculate does not depend on the points between."""
    ends, points = np.array([0.0, HOURS]), np.linspace(0.0, HOURS, 41)
    results = [
        isc.simulate(rubidium_glass(
            irradiation("Rb", 15.0, HOURS)
            | {"source_potential": line(*zip(times.tolist(), (5.0 + 10.0 * times / HOURS).tolist(), strict=True))},
            kind=kind,
        ))
        for times in (ends, points)
    ]  # fmt: skip
    whole, parts = (int(result.dataset["stage_steps"].values.sum()) for result in results)
    assert parts < whole + 2 * len(points)
    assert charge_of(results[1]) == pytest.approx(charge_of(results[0]), rel=1e-4)


# pulses, reversal ----------------------------------------------------------------------------------------------------


def test_pulses_pass_the_charge_of_their_times() -> None:
    """Thirty pulses of 15 V between rests at 3 V, in a glass where the current follows the potential at once."""
    period, on = HOUR, 0.25 * HOUR
    entries = [entry for k in range(30) for entry in steps((k * period, 15.0), (k * period + on, 3.0))]
    state = run(lithium_glass(source_potential=entries, duration=30.0 * period))
    steady = run(lithium_glass(source_potential=15.0, duration=30.0 * period))
    assert state.collected["Li"] == pytest.approx(steady.collected["Li"] * (0.25 + 0.75 * 3.0 / 15.0), rel=1e-4)
    times = state.result.dataset["time"].values
    for k in range(30):
        assert np.abs(times - (k * period + on)).min() < 1e-6


def test_reversal_at_a_contact_depletes_the_back() -> None:
    """The electrode at the back gives nothing back: what leaves at the surface is the charge of a depletion layer.

    Its charge is A sqrt(2 eps e n U) (Schottky), the potential being much larger than k_B T/e.
    """
    hours = 2.0 * HOUR
    stage = contact(5.0, 2.0 * hours, composition={"K": 1.0}) | {"potential": steps((0.0, 5.0), (hours, -5.0))}
    ions = {"Na": constant(1e-16), "K": constant(2e-17)}
    described = experiment(ions=ions, native={"Na": 1e27}, stages=[stage], thickness=2e-6, area=1e-4)
    state = run(described)
    data = state.result.dataset
    entered = data["injected_charge"].sel(ion="K").values
    turn = int(np.searchsorted(data["time"].values, hours * (1.0 - 1e-9)))
    assert entered[turn] > 0.0
    assert np.all(np.diff(entered[: turn + 1]) >= 0.0)
    left = data["injected_charge"].sum("ion").values[turn] - data["injected_charge"].sum("ion").values[-1]
    layer = 1e-4 * np.sqrt(2.0 * 7.0 * VACUUM_PERMITTIVITY * ELEMENTARY_CHARGE * 1e27 * 5.0)
    assert left == pytest.approx(layer, rel=0.02)
    assert np.all(np.diff(data["collected_charge"].values, axis=0) >= -1e-9 * data["collected_charge"].values.max())
    assert data["surface_potential"].values[[turn, -1]] == pytest.approx([5.0, -5.0])
    apart = contact(5.0, hours, composition={"K": 1.0}), contact(-5.0, hours, composition={"K": 1.0})
    two = experiment(ions=ions, native={"Na": 1e27}, stages=apart, thickness=2e-6, area=1e-4)
    again = isc.simulate(two, grid=make_grid(described)).dataset
    assert np.array_equal(data["density"].values[-1], again["density"].values[-1])


def test_a_ramp_through_zero_at_a_contact_closes_the_balance() -> None:
    hours = 2.0 * HOUR
    stage = contact(5.0, hours, composition={"K": 0.5, "Na": 0.5}) | {"potential": line((0.0, 2.0), (hours, -2.0))}
    ions = {"Na": constant(1e-16), "K": constant(2e-17)}
    run(experiment(ions=ions, native={"Na": 1e27}, stages=[stage], thickness=2e-6, area=1e-4))


def test_the_electroneutral_model_refuses_a_reversal_that_only_charges_the_glass() -> None:
    stage = contact(5.0, HOUR, composition={"K": 1.0}) | {"potential": steps((0.0, 5.0), (0.5 * HOUR, -5.0))}
    ions = {"Na": constant(1e-16), "K": constant(2e-17)}
    described = experiment(ions=ions, native={"Na": 1e27}, stages=[stage], thickness=2e-6, area=1e-4)
    with pytest.raises(isc.InputError, match="-5 V only charges the glass"):
        isc.simulate(described, settings=Settings(model="electroneutral"))


@pytest.mark.parametrize("kind", ["storage", "contact"])
def test_temperature_ramps_where_no_beam_is(kind: str) -> None:
    """Interdiffusion and storage through a ramp, against short stages at the temperatures of their middles."""
    hours, low, high, number = 10.0 * HOUR, 560.0, 640.0, 40
    ions = {"Na": constant(4e-16, temperature=600.0), "K": constant(1e-16, temperature=600.0)}
    salt = contact(0.0, hours, temperature=600.0, composition={"K": 1.0})
    body = salt if kind == "contact" else {"kind": "storage", "duration": hours}
    before = [] if kind == "contact" else [salt]

    def of(*stages: dict[str, Any]) -> Experiment:
        return experiment(ions=ions, native={"Na": 1e27}, stages=[*before, *stages], thickness=1e-4, area=1e-4)

    ramp = of(body | {"temperature": line((0.0, low), (hours, high))})
    grid, tight = make_grid(ramp), Settings(relative_tolerance=1e-5)
    values = low + (high - low) * (np.arange(number) + 0.5) / number
    parts = of(*(body | {"temperature": float(value), "duration": hours / number} for value in values))
    one, two = (isc.simulate(each, grid=grid, settings=tight).dataset["density"].values[-1] for each in (ramp, parts))
    assert np.abs(one - two).max() < 2e-3 * 1e27


# derivatives ---------------------------------------------------------------------------------------------------------


def variation(described: Experiment, path: str, spacing: float = 5e-5) -> Variation:
    value = read_scalar(described, path).value
    lower, upper = (described.replace({path: value * (1.0 + sign * spacing)}) for sign in (-1, 1))
    return Variation(name=path, lower=lower, upper=upper, spacing=2.0 * spacing)


PATHS = (
    "stages[0].source_potential[0].value", "stages[0].source_potential[1].value", "stages[0].source_potential[1].time",
    "stages[0].temperature[0].value", "stages[0].temperature[1].value", "ions.Rb.diffusion.coefficient",
    "ions.Li.diffusion.width", "stages[0].duration",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["fixed", "moving"])
def test_derivatives_through_ramps(kind: str) -> None:
    """Values and a time of the programmes, and parameters that act on ln D, whose tables change with the time."""
    stage = irradiation("Rb", 15.0, HOURS) | {
        "source_potential": line((0.0, 5.0), (15.0 * HOUR, 15.0)),
        "temperature": line((0.0, 310.0), (25.0 * HOUR, 323.15), (30.0 * HOUR, 323.15)),
    }
    described = rubidium_glass(stage, kind=kind)
    grid, tight = make_grid(described), Settings(relative_tolerance=1e-6, snapshots_per_stage=2)
    found = isc.simulate(described, grid=grid, settings=tight,
                         variations=[variation(described, path) for path in PATHS]).dataset  # fmt: skip
    plain = isc.simulate(described, grid=grid, settings=tight).dataset
    assert np.array_equal(found["density"].values, plain["density"].values)
    step = 1e-3
    for path in PATHS:
        value = read_scalar(described, path).value
        low, high = (
            isc.simulate(described.replace({path: value * (1.0 + sign * step)}), grid=grid, settings=tight).dataset
            for sign in (-1, 1)
        )
        slopes = found.sel(parameter=path)
        charge = (high["collected_charge"].values[-1].sum() - low["collected_charge"].values[-1].sum()) / (2.0 * step)
        assert float(slopes["collected_charge_slope"].values[-1].sum()) == pytest.approx(charge, rel=1e-3), path
        current = (float(high["current"].values[-1]) - float(low["current"].values[-1])) / (2.0 * step)
        assert float(slopes["current_slope"].values[-1]) == pytest.approx(current, rel=5e-3), path
        density = (high["density"].values[-1] - low["density"].values[-1]) / (2.0 * step)
        assert np.abs(slopes["density_slope"].values[-1] - density).sum() < 0.03 * np.abs(density).sum(), path


def test_derivatives_through_a_ramped_beam_current() -> None:
    stage = irradiation("Rb", 15.0, HOURS) | {"beam_current": line((0.0, 1e-9), (HOURS, 3e-9))}
    described = rubidium_glass(stage)
    grid, path = make_grid(described), "stages[0].beam_current[1].value"
    found = isc.simulate(described, grid=grid, variations=[variation(described, path)]).dataset
    # half of what the second value brings
    expected = 0.5 * 3e-9 * HOURS
    assert float(found["injected_charge_slope"].values[-1].sum()) == pytest.approx(expected, rel=1e-5)


def test_a_time_cannot_be_varied_past_another() -> None:
    half = HOURS / 2.0
    described = lithium_glass(
        source_potential=line((0.0, 5.0), (half, 15.0)), temperature=line((0.0, 310.0), (half, 320.0))
    )
    with pytest.raises(isc.InputError, match=r"source_potential\[1\].time: moves a time of a programme past another"):
        isc.simulate(described, variations=[variation(described, "stages[0].source_potential[1].time")])


# tables of ln D ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["cosine-squared", "gaussian"])
def test_tables_on_a_ramp_are_those_of_the_temperature(shape: str) -> None:
    """Over 100 K, ln D of site energies is interpolated to far below the tolerance; between all knots."""
    ions = {"Li": site_energies(5.8e-19, shape=shape), "Rb": constant(2.67e-22)}
    stage = irradiation("Rb", 15.0, HOURS) | {"temperature": line((0.0, 280.0), (HOURS, 380.0))}
    described = experiment(ions=ions, native={"Li": NATIVE}, stages=[stage], area=AREA)
    pieces, scales, grid = described.in_pieces(), make_scales(described), make_grid(described)

    def arrays(of: Any, changing: bool) -> Any:
        changes = changes_over([pieces], 0) if changing else changes_over([of], 0)
        return make_piece(of, 0, changes=changes, scales=scales, cells=grid.cells(), start=0.0,
                          surface_displacement=0.0, back_field=0.0, present=np.array([True, True]),
                          settings=Settings())  # fmt: skip

    ramp = arrays(pieces, changing=True)
    for share in (0.0, 0.13, 0.5, 0.77, 1.0):
        alone = described.replace({"stages[0].temperature": 280.0 + 100.0 * share}).in_pieces()
        expected, found = arrays(alone, changing=False).problem, ramp.at(share * HOURS)
        assert found.coefficients.knots[..., 0] == pytest.approx(expected.coefficients.knots[..., 0], abs=1e-6)
        assert found.medium.thermal == pytest.approx(expected.medium.thermal, rel=1e-14)
        assert found.boundaries.holding == pytest.approx(expected.boundaries.holding, rel=1e-6)


# the file ------------------------------------------------------------------------------------------------------------

FILE = """
[sample]
thickness = "2.325 mm"
illuminated_area = "28.26 mm^2"
relative_permittivity = 7
native = { Li = "1.4e28 1/m^3" }

[ions.Li.diffusion]
model = "constant"
coefficient = "5e-19 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.65 eV"

[[stages]]
kind = "irradiation"
beam = "Li"
source_potential = PROGRAMME
temperature = "323.15 K"
duration = "10 h"
"""
RAMP = """[
  { time = "0 h", value = "5 V" },
  { time = "1 h", value = "15 V", join = "step" },
  { time = "4 h", value = "9 V" },
]"""


def read(programme: str, key: str = "source_potential") -> Experiment:
    text = FILE.replace("PROGRAMME", programme if key == "source_potential" else '"15 V"')
    if key == "temperature":
        text = text.replace('temperature = "323.15 K"\nduration', f"temperature = {programme}\nduration")
    elif key != "source_potential":
        text += f"{key} = {programme}\n"
    return parse_experiment(text, file="x.toml")


def test_a_file_with_a_programme_reads_back() -> None:
    described = read(RAMP).replace({"title": "ramp"})
    assert parse_experiment(described.to_toml()) == described
    assert '{ time = "1 h", value = "15 V", join = "step" }' in described.to_toml()
    assert described.stages[0].in_short() == "irradiation with Li, source between 5 V and 15 V"
    values = [described.stages[0].at(time * HOUR).surface_law().potential for time in (0.0, 0.5, 1.0, 3.9, 4.0, 9.0)]
    assert values == [5.0, 10.0, 15.0, 15.0, 9.0, 9.0]
    assert Experiment.model_validate(described.model_dump()) == described


def test_a_stored_result_knows_its_programme(tmp_path: Any) -> None:
    result = isc.simulate(read(RAMP))
    result.to_netcdf(tmp_path / "x.nc")
    again = isc.load(tmp_path / "x.nc")
    assert isinstance(again, isc.SimulationResult)
    assert again.experiment == result.experiment
    assert again.summary()["stages"][0]["surface_potential"] == pytest.approx(9.0, rel=1e-5)


class Arrhenius:
    """A diffusion model of one's own."""

    density_limit = None
    fermi_level_counts = None
    jumps: tuple[float, ...] = ()

    def coefficient(self, density: Any, temperature: float) -> Any:
        return 5e-19 * np.exp(-7000.0 * (1.0 / temperature - 1.0 / 323.15)) + 0.0 * np.asarray(density)

    def activation_energy(self, density: Any) -> Any:
        return 7000.0 * BOLTZMANN_CONSTANT + 0.0 * np.asarray(density)


def test_an_own_model_on_a_ramp_is_refused_before_the_work() -> None:
    """A file holds its D at one temperature, and every result has a file in it."""
    values = lithium_glass(temperature=line((0.0, 300.0), (HOURS, 320.0))).model_dump()
    values["ions"]["Li"]["diffusion"] = Arrhenius()
    with pytest.raises(isc.InputError, match=r"temperature: is a list of values over time, and a file holds"):
        isc.simulate(Experiment(**values))


def test_values_of_a_programme_have_paths() -> None:
    described = read(RAMP)
    assert described.replace({"stages[0].source_potential[1].value": "12 V"}).stages[0].at(HOUR).in_short() == (
        "irradiation with Li, source at 12 V"
    )
    with pytest.raises(isc.InputError, match=r"cannot be varied as one; vary one of them, such as"):
        read_scalar(described, "stages[0].source_potential")


def test_a_time_behind_the_end_is_remarked() -> None:
    (said,) = read(RAMP.replace("4 h", "40 h")).warnings
    assert "stages[0].source_potential[2].time is 40 h, after the end of stage 1, which lasts 10 h" in said


@pytest.mark.parametrize(
    ("key", "programme", "said"),
    [
        ("source_potential", "[]", ["source_potential", "has no entries"]),
        ("source_potential", '[{ time = "1 h", value = "5 V" }]', ["[0].time", "must be 0", 'time = "0 s"']),
        ("source_potential", RAMP.replace("4 h", "30 min"), ["[2].time", "not be before", "1 h", "sort"]),
        ("source_potential", RAMP.replace("9 V", "0 V"), ["[2].value", "must not be 0", "storage"]),
        ("source_potential", RAMP.replace("9 V", "-9 V"), ["[2].value", "greater than 0", "charge +1"]),
        ("source_potential", RAMP.replace("9 V", "9 K"), ["[2].value", "a temperature where a voltage"]),
        ("source_potential", RAMP.replace('"9 V"', "9"), ["[2].value", "without a unit"]),
        ("source_potential", RAMP.replace("4 h", "4 V"), ["[2].time", "a voltage where a time"]),
        ("source_potential", RAMP.replace("0 h", "-1 h"), ["[0].time", "at least 0"]),
        ("source_potential", RAMP.replace('"step"', '"stairs"'), ["[1].join", '"line" or "step"']),
        ("source_potential", RAMP.replace("value", "valu", 1), ["[0].valu", "unknown key", '"value"']),
        ("source_potential", '[{ time = "0 h" }]', ["[0].value", "is missing", '"15 V"']),
        ("source_potential", '["5 V"]', ["[0]", "must be a table", "time, value, join"]),
        ("source_potential", '{ time = "0 h", value = "5 V" }', ["a list of tables", "brackets"]),
        ("temperature", '[{ time = "0 h", value = "300 K" }, { time = "1 h", value = "0 K" }]', ["[1].value", "0 K"]),
        ("temperature", '[{ time = "0 h", value = "5 V" }]', ["[0].value", "a voltage where a temperature"]),
        ("beam_current", '[{ time = "0 h", value = "0 nA" }]', ["[0].value", "greater than 0"]),
        ("beam_current", '[{ time = "0 h", value = "-1 nA" }]', ["[0].value", "greater than 0"]),
    ],
)  # fmt: skip
def test_bad_programmes_get_one_sentence(key: str, programme: str, said: list[str]) -> None:
    with pytest.raises(isc.InputError) as caught:
        read(programme, key)
    message = str(caught.value)
    assert caught.value.exit_status == 2
    assert message.startswith(f"x.toml: stages[0].{key}")
    assert message.count(". ") == 0
    for words in said:
        assert words in message
