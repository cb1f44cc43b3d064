"""The two faces: the law of the beam, contacts, deposits at the back; charges of either sign; models and stages."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from experiments import Final, constant, contact, experiment, irradiation, run, site_energies
from ionscape import relations
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.experiment import Experiment

BULK_DENSITY = 1.4e28
TEMPERATURE = 323.15
AREA = 28.26e-6
THICKNESS = 2.325e-3
THERMAL_VOLTAGE = BOLTZMANN_CONSTANT * TEMPERATURE / ELEMENTARY_CHARGE


def near(value: object, rel: float) -> object:
    """Equal to a relative tolerance alone: amounts in metres and currents in ampere are tiny numbers."""
    return pytest.approx(value, rel=rel, abs=0.0)


def first_stage(**beam: float) -> Experiment:
    return experiment(
        ions={"Li": site_energies(5.8e-19), "Rb": constant(2.67e-22)},
        native={"Li": BULK_DENSITY},
        stages=[irradiation("Rb", 15.0, 94.46 * 3600, **beam)],
        area=AREA,
    )


def test_electroneutral_against_full_model() -> None:
    full = run(first_stage())
    neutral = run(first_stage(), model="electroneutral")
    assert neutral.injected["Rb"] == near(full.injected["Rb"], 2e-4)
    assert neutral.collected["Li"] == near(full.collected["Li"], 2e-4)
    for name in ("Li", "Rb"):
        assert neutral.fraction[name][1:] == pytest.approx(full.fraction[name][1:], abs=2e-3)
    assert neutral.fraction["Li"] + neutral.fraction["Rb"] == pytest.approx(1.0, abs=1e-9)


def test_the_stiffness_of_the_beam_law_does_not_matter() -> None:
    tolerances = (1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)
    charges, steps = [], []
    for tolerance in tolerances:
        state = run(first_stage(), holding_tolerance=tolerance)
        charges.append(state.injected["Rb"])
        steps.append(int(state.result.dataset.attrs["steps"]))
        assert 0.0 <= 15.0 - state.surface_potential <= 1.001 * 15.0 * tolerance
    print(f"\nsteps {steps}, charges relative to the first minus 1: {np.array(charges) / charges[0] - 1}")
    assert np.array(charges) == near(charges[0], 1e-5)
    assert max(steps) <= 1.2 * min(steps)


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_a_weak_beam_enters_completely(model: str) -> None:
    current, duration = 4e-9, 94.46 * 3600
    state = run(first_stage(beam_current=current), model=model)
    charge = ELEMENTARY_CHARGE * BULK_DENSITY * AREA
    assert state.injected["Rb"] * charge == near(current * duration, 1e-9)
    assert state.current == near(current, 1e-6)
    surface = state.result.dataset["surface_potential"].values
    assert 0.0 < surface[-1] < 15.0
    # ohmic bulk, ohmic zone: the surface potential rises with the charge
    established = state.result.dataset["time"].values > 1e-3 * duration
    assert np.all(np.diff(surface[established]) > 0)
    bulk = float(
        relations.native_bulk_current(
            density=BULK_DENSITY, area=AREA, voltage=15.0, thickness=THICKNESS, diffusion_coefficient=5.8e-19,
            temperature=TEMPERATURE,
        )
    )  # fmt: skip
    assert surface[established][0] == near(15.0 * current / bulk, 2e-3)


def test_passage_from_current_to_potential_limited() -> None:
    # the native glass would take 8.52 nA: a beam of 8.3 nA is limiting until the zone has become resistive
    current, duration = 8.3e-9, 94.46 * 3600
    limited = run(first_stage(beam_current=current)).result.dataset
    free = run(first_stage()).result.dataset
    times, currents, surface = (limited[name].values for name in ("time", "current", "surface_potential"))
    held = surface >= 15.0 * (1 - 1e-6)
    assert not held[1:20].any()
    assert held[-1]
    passage = int(np.argmax(held))
    assert np.all(held[passage:])
    established = times > 1e-3 * duration
    assert currents[established & ~held] == near(current, 1e-4)
    assert np.all(np.diff(currents[passage + 1 :]) < 0)
    assert np.all(currents[established] <= current * (1 + 1e-6))
    # at equal charge the source takes over where it alone would drive no more than the beam
    charge, free_charge = (np.sum(data["collected_charge"].values, axis=1) for data in (limited, free))
    at_equal_charge = np.interp(charge[passage + 1 :], free_charge, free["current"].values)
    assert currents[passage + 1 :] == near(at_equal_charge, 2e-3)
    assert np.interp(charge[passage], free_charge, free["current"].values) == near(current, 3e-3)


def test_a_strong_beam_makes_no_difference() -> None:
    free, strong = run(first_stage()), run(first_stage(beam_current=1e-6))
    assert strong.injected["Rb"] == near(free.injected["Rb"], 1e-5)
    assert strong.fraction["Rb"] == pytest.approx(free.fraction["Rb"], abs=1e-3)


def test_a_divalent_ion_brings_its_charge_with_half_the_number() -> None:
    duration, current = 94.46 * 3600.0, 4e-9
    described = experiment(
        ions={"Na": constant(1e-18), "Ca": constant(3e-23)},
        native={"Na": BULK_DENSITY},
        charges={"Ca": 2},
        stages=[irradiation("Ca", 100.0, duration, beam_current=current)],
        area=AREA,
    )
    state = run(described)
    data = state.result.dataset
    assert float(data["injected_charge"].sel(ion="Ca")[-1]) == near(current * duration, 1e-9)
    amount = current * duration / (ELEMENTARY_CHARGE * BULK_DENSITY * AREA)
    assert state.injected["Ca"] == near(amount / 2, 1e-9)
    assert state.collected["Na"] == near(amount, 1e-6)
    inside = (state.depth > 1e-9) & (state.depth < 0.5 * amount)  # the surface itself is charged
    assert state.fraction["Ca"][inside] == pytest.approx(0.5, abs=1e-3)
    assert state.crossing("Na") == near(amount, 0.02)


def test_the_anion_mirrors_the_cation() -> None:
    """Opposite charge and opposite potentials change nothing but signs."""

    def case(charge: int) -> Experiment:
        return experiment(
            ions={"A": site_energies(5.8e-19), "B": constant(2.67e-22)},
            native={"A": BULK_DENSITY},
            charges={"A": charge, "B": charge},
            stages=[irradiation("B", charge * 15.0, 94.46 * 3600)],
        )

    cation, anion = run(case(1)), run(case(-1))
    assert anion.current == near(-cation.current, 1e-9)
    assert anion.potential == pytest.approx(-cation.potential, rel=1e-9, abs=1e-9)
    for name in ("A", "B"):
        assert anion.fraction[name] == pytest.approx(cation.fraction[name], abs=1e-9)
        assert anion.injected[name] == near(cation.injected[name], 1e-9)


def test_stages_follow_each_other_without_a_seam() -> None:
    def case(*durations: float) -> Final:
        return run(
            experiment(
                ions={"Li": site_energies(5.8e-19), "Rb": constant(2.67e-22)},
                native={"Li": BULK_DENSITY},
                stages=[irradiation("Rb", 15.0, duration) for duration in durations],
                grid={"cell": 0.5e-9, "zone": 80e-9},
            )
        )

    whole, halves = case(94.46 * 3600), case(47.23 * 3600, 47.23 * 3600)
    assert halves.injected["Rb"] == near(whole.injected["Rb"], 1e-4)
    assert halves.fraction["Li"] == pytest.approx(whole.fraction["Li"], abs=3e-3)


# --- electrodes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["full", "electroneutral"])
@pytest.mark.parametrize("celsius", [20.0, 50.0, 120.0])
def test_a_beam_of_the_native_ion_changes_nothing(model: str, celsius: float) -> None:
    temperature = celsius + 273.15
    state = run(
        experiment(
            ions={"Li": site_energies(5.8e-19)},
            native={"Li": BULK_DENSITY},
            stages=[irradiation("Li", 15.0, 3600.0, temperature=temperature)],
            area=AREA,
        ),
        model=model,
    )
    activation = np.exp(-0.65 * ELEMENTARY_CHARGE / BOLTZMANN_CONSTANT * (1 / temperature - 1 / TEMPERATURE))
    expected = relations.native_bulk_current(
        density=BULK_DENSITY, area=AREA, voltage=15.0, thickness=THICKNESS,
        diffusion_coefficient=5.8e-19 * activation, temperature=temperature,
    )  # fmt: skip
    assert state.current == near(float(expected), 1e-5)
    assert state.fraction["Li"][4:] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_contact_in_a_uniform_field(model: str) -> None:
    """Equal mobility: the first-type solution of advection and dispersion (Ogata and Banks 1961)."""
    diffusion, potential, thickness, duration = 1e-19, 0.5, 3e-6, 6e5
    state = run(
        experiment(
            ions={"Na": constant(diffusion), "Tr": constant(diffusion)},
            native={"Na": BULK_DENSITY},
            thickness=thickness,
            stages=[contact(potential, duration, composition={"Tr": 1.0})],
            grid={"cell": 4e-9, "zone": 2e-6, "surface_cell": 0.2e-9},
        ),
        model=model,
        relative_tolerance=1e-6,
    )
    speed = diffusion * potential / (THERMAL_VOLTAGE * thickness)
    spread = 2 * np.sqrt(diffusion * duration)
    behind = (state.depth + speed * duration) / spread
    ahead = (state.depth - speed * duration) / spread
    expected = 0.5 * (special.erfc(ahead) + np.exp(-(ahead**2)) * special.erfcx(behind))
    assert state.fraction["Tr"] == pytest.approx(expected, abs=5e-4)
    assert state.collected["Na"] == near(speed * duration, 1e-3)


@pytest.mark.parametrize("voltage", [2e-3, 15.0])
def test_ions_of_two_charge_numbers_share_the_current_as_their_conductivities(voltage: float) -> None:
    """Z^2 D n of each in a glass that stays uniform, however weak the field at the back electrode is."""
    coefficients, charges = {"Na": 3e-18, "Ca": 1e-18}, {"Na": 1, "Ca": 2}
    native, duration = {"Na": BULK_DENSITY, "Ca": 0.4 * BULK_DENSITY}, 3600.0
    shares = {name: density / sum(native.values()) for name, density in native.items()}
    state = run(
        experiment(
            ions={name: constant(value) for name, value in coefficients.items()},
            native=native,
            charges=charges,
            stages=[contact(voltage, duration, composition=shares)],
            thickness=20e-6,
            grid={"kind": "fixed", "cell": 20e-9, "zone": 20e-6, "surface_cell": 20e-9},
        )
    )
    for name, charge in charges.items():
        amount = charge * coefficients[name] * native[name] * voltage / (THERMAL_VOLTAGE * 20e-6) * duration
        scaled = amount / state.result.experiment.bulk_density
        assert state.collected[name] == near(scaled, 1e-6)
        assert state.injected[name] == near(state.collected[name], 1e-6)


def test_an_ion_that_the_back_electrode_refuses_piles_up() -> None:
    """At rest it feels the field of the current that others carry: n = C exp(x e E/k_B T), with a uniform field."""
    share, potential, thickness = 0.01, 1.0, 1e-6
    state = run(
        experiment(
            ions={"Na": constant(1e-18), "K": constant(4e-19)},
            native={"Na": (1 - share) * BULK_DENSITY, "K": share * BULK_DENSITY},
            thickness=thickness,
            stages=[irradiation("Na", potential, 6e5)],
            deposits=["Na"],
            grid={"cell": 2e-9, "zone": thickness / 2, "surface_cell": 0.2e-9},
        )
    )
    decay = thickness * THERMAL_VOLTAGE / potential
    expected = share * thickness / decay * np.exp((state.depth - thickness) / decay)
    inside = (state.depth > 5e-9) & (state.depth < thickness - 5e-9)
    assert state.fraction["K"][inside] == pytest.approx(expected[inside], abs=2e-3)
    assert state.collected["K"] == 0.0
    assert state.injected["K"] == 0.0
    assert float(np.sum(state.fraction["K"] * state.size)) == near(share * thickness, 1e-10)
    assert state.current == near(
        float(
            relations.native_bulk_current(
                density=BULK_DENSITY, area=AREA, voltage=potential, thickness=thickness,
                diffusion_coefficient=1e-18, temperature=TEMPERATURE,
            )
        ),
        5e-3,
    )  # fmt: skip


WIDE_GAUSSIAN = {"shape": "gaussian", "width": "0.25 eV", "excess_sites": 0.2, "trapped_fraction": 0.0}


def test_gaussian_site_energies_at_a_blocking_anode_come_to_rest() -> None:
    """The back fills up beyond the number of sites; without a current ln n + e phi / k_B T is one number everywhere."""
    state = run(
        experiment(
            ions={"Li": site_energies(1e-15, **WIDE_GAUSSIAN)}, native={"Li": 1.3e27}, thickness=1e-6, deposits=[],
            stages=[contact(20.0, 3e4, blocking=True)],
        )
    )  # fmt: skip
    filled = state.fraction["Li"]
    assert filled[-1] > 100.0
    held = filled > 1e-3 * filled[-1]
    level = np.log(filled[held]) + state.potential[held] / THERMAL_VOLTAGE
    assert level == pytest.approx(level[-1], abs=5e-3)
    assert float(np.sum(filled * state.size)) == near(1e-6, 1e-10)


@pytest.mark.parametrize("kind", ["an anion at the surface", "a divalent ion that monovalent ones replace"])
def test_gaussian_site_energies_of_an_ion_that_piles_up(kind: str) -> None:
    """Its density passes the number of sites: D levels off there, and every step of the simulation converges."""
    if kind == "an anion at the surface":
        described = experiment(
            ions={"Li": constant(1e-15), "Cl": site_energies(1e-16, **WIDE_GAUSSIAN)},
            native={"Li": 1.3e27, "Cl": 1e26}, charges={"Cl": -1}, thickness=1e-6,
            stages=[irradiation("Li", 10.0, 1e4)],
        )  # fmt: skip
    else:
        shared = WIDE_GAUSSIAN | {"fermi_level_counts": ["Na", "Ca"]}
        described = experiment(
            ions={"Ca": site_energies(1e-15, **WIDE_GAUSSIAN), "Na": site_energies(1e-12, **shared)},
            native={"Ca": 1e26}, charges={"Ca": 2}, thickness=7e-5,
            stages=[contact(0.0, 6000.0, composition={"Na": 1.0})],
        )  # fmt: skip
    state = run(described)
    counted = ["Cl"] if "anion" in kind else ["Na", "Ca"]
    sites = 1.2 * described.reference_density(counted[0])
    assert state.result.dataset["density"].sel(ion=counted).sum("ion").max() > sites
    assert state.result.dataset["stage_steps"].values.sum() < 1000


def test_what_cannot_move_does_not_matter() -> None:
    def case(**background: float) -> Final:
        ions = {"Li": site_energies(5.8e-19), "Rb": constant(2.67e-22)}
        ions |= {name: {"model": "constant", "coefficient": "0 m^2/s"} for name in background}
        return run(
            experiment(
                ions=ions,
                native={"Li": BULK_DENSITY, **background},
                charges={name: charge for name, charge in (("X", -1), ("Ba", 2)) if name in background},
                stages=[irradiation("Rb", 15.0, 94.46 * 3600)],
                grid={"cell": 0.5e-9, "zone": 70e-9},
            )
        )

    alone, among = case(), case(X=0.8 * BULK_DENSITY, Ba=0.1 * BULK_DENSITY)
    assert among.injected["Rb"] == near(alone.injected["Rb"], 1e-6)
    assert among.fraction["Li"] == pytest.approx(alone.fraction["Li"], abs=1e-5)
    assert np.ptp(among.fraction["X"]) == 0.0
