"""Beams of several ions against what follows from constant coefficients: shares of the current, zone and fronts."""

from __future__ import annotations

import numpy as np
import pytest

import ionscape as isc
from experiments import constant, experiment, irradiation, run
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.experiment import Experiment

NATIVE, AREA = 1.4e28, 28.26e-6
HOURS = 3600.0
RB, CS = 4e-22, 1e-22


def both(fractions: dict[str, float], *, current: float | None = None, charges: dict[str, int] | None = None,
         hours: float = 300.0) -> Experiment:  # fmt: skip
    """Rb and Cs at once into a much faster glass; D_Rb/D_Cs = 4."""
    stage = irradiation("Rb", 15.0, hours * HOURS, beam_current=current) | {"beam": fractions}
    ions = {"Li": constant(5e-18), "Rb": constant(RB), "Cs": constant(CS)}
    return experiment(ions=ions, native={"Li": NATIVE}, stages=[stage], area=AREA, charges=charges)


@pytest.mark.parametrize("share", [0.5, 0.8])
@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_zone_and_fronts_of_constant_coefficients(share: float, model: str) -> None:
    """n_i/n = (f_i/D_i) / sum f_k/D_k behind both fronts; the slower ends at f Q/n_zone, both together at Q/n."""
    state = run(both({"Rb": share, "Cs": 1.0 - share}), model=model)
    amount = state.injected["Rb"] + state.injected["Cs"]
    assert state.injected["Rb"] == pytest.approx(share * amount, rel=1e-9)
    weights = {"Rb": share / RB, "Cs": (1.0 - share) / CS}
    zone = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    slower = (1.0 - share) * amount / zone["Cs"]
    behind = (state.depth > 0.2 * slower) & (state.depth < 0.7 * slower)
    for name in ("Rb", "Cs"):
        assert state.fraction[name][behind] == pytest.approx(zone[name], rel=5e-3)
    # half of the zone's caesium, and half of all lithium, as the integral places them
    assert state.crossing("Cs", 0.5 * zone["Cs"]) == pytest.approx(slower, rel=5e-3)
    assert state.crossing("Li") == pytest.approx(amount, rel=5e-3)
    between = (state.depth > slower + 0.3 * (amount - slower)) & (state.depth < amount - 0.3 * (amount - slower))
    assert state.fraction["Rb"][between] == pytest.approx(1.0, abs=0.02)


def test_a_weak_beam_brings_its_current_in_these_shares() -> None:
    current, hours = 2e-9, 50.0
    state = run(both({"Rb": 0.25, "Cs": 0.75}, current=current, hours=hours))
    assert state.surface_potential < 14.0
    whole = current * hours * HOURS / (ELEMENTARY_CHARGE * NATIVE * AREA)
    # what charges the surface is not injected charge lost: every ion of the beam enters
    assert state.injected["Rb"] == pytest.approx(0.25 * whole, rel=1e-6)
    assert state.injected["Cs"] == pytest.approx(0.75 * whole, rel=1e-6)


def test_fractions_are_those_of_the_current_whatever_the_charges() -> None:
    result = isc.simulate(both({"Rb": 0.5, "Cs": 0.5}, charges={"Cs": 2}, current=2e-9, hours=20.0))
    rubidium, caesium = (result.dataset["injected_charge"].sel(ion=name).values[-1] for name in ("Rb", "Cs"))
    assert caesium == pytest.approx(rubidium, rel=1e-9)
    ions = caesium / (2.0 * ELEMENTARY_CHARGE * AREA)
    inside = (result.dataset["density"].isel(time=-1).sel(ion="Cs") * result.dataset["cell_size"]).sum()
    assert float(inside) == pytest.approx(ions, rel=1e-9)


def test_one_ion_in_a_table_is_that_ion() -> None:
    described = both({"Rb": 1.0}, hours=10.0)
    named = described.replace({"stages[0].beam": "Rb"})
    found, expected = (isc.simulate(each).dataset["density"].values for each in (described, named))
    assert np.array_equal(found, expected)


def test_titles_and_texts_name_all_ions() -> None:
    described = both({"Rb": 0.5, "Cs": 0.5})
    stage = described.stages[0]
    assert stage.title == "Rb + Cs irradiation"
    assert stage.in_short() == "irradiation with Rb and Cs, source at 15 V"
    assert isc.parse_experiment(described.to_toml()) == described
    assert Experiment.model_validate(described.model_dump()) == described


@pytest.mark.parametrize(
    ("beam", "words"),
    [
        ('{ Rb = 0.5, Cs = 0.4 }', ["stages[0].beam", "add up to 0.9", "change the fractions"]),
        ('{ Rb = 1.5, Cs = -0.5 }', ["stages[0].beam", "1.5", "at most 1"]),
        ('{ Rb = "half", Cs = 0.5 }', ["stages[0].beam", "half", "a plain number"]),
        ('{ Rb = 0.5, K = 0.5 }', ["stages[0].beam.K", "not described"]),
        ('{}', ["stages[0].beam", "add up to 0"]),
        ('3', ["stages[0].beam", "must be an ion or a table of ions"]),
        ('{ Rb = 0.5, F = 0.5 }', ["stages[0].source_potential", "F has the charge -1", "ions of one sign"]),
    ],
)  # fmt: skip
def test_bad_beams_get_one_sentence(beam: str, words: list[str]) -> None:
    fluorine = constant(1e-22)
    described = experiment(
        ions={"Li": constant(5e-18), "Rb": constant(RB), "Cs": constant(CS), "F": fluorine}, charges={"F": -1},
        native={"Li": NATIVE}, stages=[irradiation("Rb", 15.0, HOURS)], area=AREA,
    )  # fmt: skip
    text = described.to_toml()
    assert text.count('beam = "Rb"') == 1
    with pytest.raises(isc.InputError) as caught:
        isc.parse_experiment(text.replace('beam = "Rb"', f"beam = {beam}"), file="x.toml")
    for word in words:
        assert word in str(caught.value)
