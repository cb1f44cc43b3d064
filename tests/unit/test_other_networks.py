"""Units of silicates, borosilicates and glasses with two alkali ions: published values and limits, numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.glass import ALL_KINDS, Composition, make_glass, own_units, parse_composition
from ionscape.glass.kinds import formal_charge
from ionscape.hopping import LandscapeModel, generate_landscape
from ionscape.series import parse_series


def ratios(ratio: float, silica: float) -> str:
    """A sodium borosilicate with R = Na2O / B2O3 and K = SiO2 / B2O3."""
    total = ratio + 1.0 + silica
    return f"{ratio / total:.12f} Na2O {1.0 / total:.12f} B2O3 {silica / total:.12f} SiO2"


def test_potassium_disilicate_against_nmr():
    # Davis et al., J. Phys. Chem. A 114, 5503 (2010): k_3 = 0.0103 from Q4 7.2(3), Q3 82.9(1), Q2 9.8(6) %. Measured Q2
    # and Q4 differ, which their charge forbids, by 2.6 %; their mean is what a balanced glass has.
    units = make_glass("K2O 2 SiO2", silicate_equilibrium=(0.0103, 0.0, 0.0)).units
    assert units["Q3"] == pytest.approx(0.829, abs=0.003)
    assert 0.5 * (units["Q2"] + units["Q4"]) == pytest.approx(0.5 * (0.072 + 0.098), abs=0.003)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("Na2O 9 SiO2", {"Q4": 7 / 9, "Q3": 2 / 9}),
        ("Na2O 2 SiO2", {"Q3": 1.0}),
        ("2 Na2O 3 SiO2", {"Q3": 2 / 3, "Q2": 1 / 3}),
        ("Na2O SiO2", {"Q2": 1.0}),
        ("3 Na2O 2 SiO2", {"Q1": 1.0}),
        ("2 Na2O SiO2", {"Q0": 1.0}),
    ],
)
def test_binary_silicates_by_hand(formula, expected):
    units = make_glass(formula).units
    assert units.fractions == pytest.approx({name: expected.get(name, 0.0) for name in units.names}, abs=1e-12)


@pytest.mark.parametrize("constants", [(0.1, 0.2, 0.05), (0.3, 0.0, 0.0)])
@pytest.mark.parametrize("oxide", [0.05, 1 / 3, 0.4])
def test_silicates_in_equilibrium(oxide, constants):
    glass = Composition(alkali="Na", alkali_oxide_fraction=oxide, borate_fraction=0.0, silicate_fraction=1.0)
    units = make_glass(glass, silicate_equilibrium=constants).units
    assert units.balance(glass).largest < 1e-12
    for n, constant in zip((3, 2, 1), constants, strict=True):
        product = units[f"Q{n - 1}"] * units[f"Q{n + 1}"]
        assert product == pytest.approx(constant * units[f"Q{n}"] ** 2, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("silica", [0.5, 2.0, 4.0, 8.0])
def test_borosilicates_of_yun_dell_and_bray(silica):
    # N4 as published: R, then 1/2 + K/16 up to 1/2 + K/4, then (8 + K)/12 (1 - R/(2 + K)), which vanishes at 2 + K.
    for ratio in np.linspace(0.05, 2.0 + silica, 23):
        glass = make_glass(ratios(ratio, silica))
        units, boron = glass.units, glass.composition.borate_fraction
        if ratio <= 0.5 + silica / 16:
            published = ratio
        elif ratio <= 0.5 + silica / 4:
            published = 0.5 + silica / 16
        else:
            published = (8 + silica) / 12 * (1 - ratio / (2 + silica))
        assert units["B4"] / boron == pytest.approx(published, abs=1e-8)
        assert units.balance(glass.composition).largest < 1e-9
    # pyroborate and metasilicate are left at the end
    assert units["B1"] + units["Q2"] == pytest.approx(1.0, abs=1e-8)


def test_borosilicate_groups_by_hand():
    # K = 8, R = 1: reedmergnerite NaBSi4O10, that is one B(4) and four Q(4).
    units = make_glass("Na2O B2O3 8 SiO2").units
    assert (units["B4"], units["Q4"]) == pytest.approx((0.2, 0.8))
    # and 1.5 non-bridging oxygens per such group when N4 begins to fall, R = 2.5
    assert make_glass("5 Na2O 2 B2O3 16 SiO2").units["Q3"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("formula", "given", "words"),
    [
        ("Na2O B2O3 9 SiO2", {}, "holds up to 8; give the units"),
        ("0.79 Na2O 0.1 B2O3 0.11 SiO2", {}, r"holds up to 2 \+ K = 3.1"),
        ("0.7 Na2O 0.3 SiO2", {}, "4 charges at most"),
        ("0.3 Na2O 0.3 SiO2 0.4 P2O5", {}, "holds phosphate and silica; give the units"),
        ("0.3 Na2O 0.7 SiO2", {"tetrahedral_borate_limit": 0.4}, "belongs to another network"),
        ("0.3 Na2O 0.7 B2O3", {"silicate_equilibrium": (0.1, 0.0, 0.0)}, "belongs to another network"),
        ("0.3 Na2O 0.7 SiO2", {"silicate_equilibrium": (0.1, -0.1, 0.0)}, "three numbers of at least 0"),
        ("0.3 Na2O 0.7 SiO2", {"units": {"Q4": 0.3, "Q3": 0.7}}, "carry 0.7 negative charges"),
        ("0.3 Na2O 0.7 SiO2", {"units": {"B4": 1.0}}, "the units are Q0, Q1, Q2, Q3, Q4"),
        ("0.2 Na2O 0.4 B2O3 0.4 SiO2", {"units": {"B4": 1 / 3, "Q4": 2 / 3}}, "0.3333 borate units"),
        ("0.1 Li2O 0.1 Na2O 0.1 K2O 0.7 SiO2", {}, "has 3 alkali oxides"),
    ],
)
def test_refusals(formula, given, words):
    with pytest.raises(InputError, match=words):
        make_glass(formula, **given)


def test_stated_units_of_a_glass_without_a_model():
    glass = make_glass("0.25 Na2O 0.5 SiO2 0.25 P2O5", {"P2": 0.5, "Q4": 0.5})
    assert glass.units.balance(glass.composition).largest == 0.0


def test_two_alkali_ions():
    found = parse_composition("0.20 Li2O 0.13 Na2O 0.67 B2O3")
    assert (found.alkali, found.second_alkali) == ("Li", "Na")
    assert found.second_alkali_fraction == pytest.approx(13 / 33)
    # 2 atoms of each alkali and of boron, oxygen: 0.33 + 3 * 0.67
    grams = 0.40 * 6.94 + 0.26 * 22.98977 + 1.34 * 10.81 + (0.33 + 3 * 0.67) * 15.999
    assert found.molar_mass == pytest.approx(1e-3 * grams)
    assert make_glass(found).units.fractions == make_glass("0.33 Li2O 0.67 B2O3").units.fractions
    again = parse_composition(found.formula)
    assert again.second_alkali_fraction == pytest.approx(13 / 33, abs=2e-6)


def test_moles_of_silica():
    # Na2O 3 SiO2: two ions for three silicon, 242.2 g per mole of formula, four moles of oxides
    glass = parse_composition("Na2O·3SiO2")
    assert glass.ions_per_cation == pytest.approx(2 / 3)
    assert glass.molar_mass == pytest.approx(0.24223 / 4, rel=1e-4)
    assert parse_composition(ratios(1.3, 2.0)).formers == pytest.approx({"B": 0.5, "Si": 0.5})


def test_charges_of_the_kinds_are_those_of_their_oxygens():
    # bridging oxygens by name; of the others P(n) and Q(n) have 4 - n, B(n) 3 - n up to n = 3
    others = {"B2": 1, "B1": 2} | {f"{former}{n}": 4 - n for former in "PQ" for n in range(4)}
    for kind in ALL_KINDS:
        left = others.get(kind.name, 0)
        assert formal_charge(kind.cation, int(kind.name[1]), left) == kind.charge, kind.name
        assert kind.sharing in (None, left), kind.name


OWN = {"cation": "Si", "bridging_oxygens": 3, "non_bridging_oxygens": 1, "charge": -1, "fraction": 0.6}


def test_own_units_give_the_landscape_of_the_same_named_ones():
    model = LandscapeModel(energy_scale=1e-19, noise=0.3)
    of = {name: make_glass("3 Na2O 10 SiO2", own_units({"Q4": 0.4, name: entry}))
          for name, entry in (("Q3", 0.6), ("mine", OWN), ("spread", OWN | {"delocalised": True}))}  # fmt: skip
    made = {name: generate_landscape(glass, lattice=8, rng=1, model=model) for name, glass in of.items()}
    assert np.array_equal(made["Q3"].charge_parts, made["mine"].charge_parts)
    assert not np.array_equal(made["Q3"].charge_parts, made["spread"].charge_parts)
    # every unit but those without an open neighbour gives its charge away
    for landscape in made.values():
        units = landscape.charge_parts.sum() / 840.0
        assert units == pytest.approx(-0.6 * 512, abs=3.0 * (0.24 * 512) ** 0.5)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"Q4": 0.4, "X": OWN | {"charge": -2}}, r"X\.charge = -2: does not balance: .* has -1"),
        ({"Q4": 0.4, "X": OWN | {"non_bridging_oxygens": 0, "charge": 1}}, "has no non-bridging oxygen"),
        ({"Q4": 0.4, "X": OWN | {"cation": "Ge"}}, r"X\.cation"),
        ({"Q4": 0.4, "X": OWN | {"delocalised": True, "shared_by": 2}}, "contradicts delocalised"),
        ({"Q4": 0.4, "Q9": 0.6}, "the nearest is Q4"),
        ({"Q4": 1.4}, "must be a fraction from 0 to 1"),
        ({}, "must be a table of units"),
    ],
)
def test_refused_units(table, words):
    with pytest.raises(InputError, match=words):
        own_units(table)


SERIES = """
[glass]
formula = "0.25 Na2O 0.75 SiO2"
other_formula = "0.25 Na2O 0.25 B2O3 0.5 SiO2"
mixing_ratio = [0.0, 0.4, 1.0]
[landscape]
energy_scale = "0.6 eV"
noise = 0.3
[percolation]
lattice = 10
landscapes = 1
"""


def test_a_series_of_formulas(tmp_path):
    series = parse_series(SERIES)
    assert series.mixing_ratios == (0.0, 0.4, 1.0)
    # moles of oxides: 0.25 Na2O, 0.1 B2O3, 0.65 SiO2
    middle = series.glasses[1].composition
    assert middle.formers == pytest.approx({"B": 0.2 / 0.85, "Si": 0.65 / 0.85})
    assert middle.ions_per_cation == pytest.approx(0.5 / 0.85)
    (tmp_path / "my-units.toml").write_text("[units]\nQ4 = 0.3333\nQ3 = 0.6667\n")
    own = SERIES.replace('other_formula = "0.25 Na2O 0.25 B2O3 0.5 SiO2"\nmixing_ratio = [0.0, 0.4, 1.0]', "{}")
    found = parse_series(own.format('units = "my-units.toml"'), folder=tmp_path)
    assert found.glasses[0].units.fractions == pytest.approx({"Q4": 1 / 3, "Q3": 2 / 3}, abs=1e-4)
    assert list(found.hashes) == ["my-units.toml"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("0.5 SiO2", "0.5 GeO2", 'glass.other_formula = "0.25 Na2O 0.25 B2O3 0.5 GeO2": has the unknown oxide'),
        ("mixing_ratio", "units = { Q4 = 1.0 }\nmixing_ratio", "glass.units: belong to one glass"),
        ('other_formula = "0.25 Na2O 0.25 B2O3 0.5 SiO2"', "", "glass.other_formula: is missing"),
        ("0.25 Na2O 0.75", "0.6 Na2O 0.4", 'glass.formula = "0.6 Na2O 0.4 SiO2": leaves no room'),
        ("mixing_ratio = [0.0, 0.4, 1.0]", "mixing_ratio = 1.5", "glass.mixing_ratio = 1.5: must be at least 0"),
        ("0.5 SiO2", "0.5 P2O5", "0.4, since glass has no model"),
        ("[percolation]", '[experiment]\nfile = "x.csv"\n[percolation]', "experiment: compares borophosphates"),
        ("0.25 Na2O 0.25 B2O3 0.5", "0.25 K2O 0.75", "landscape.mismatch_energy: is missing"),
        ('energy_scale = "0.6 eV"\nnoise = 0.3', "", "landscape.energy_scale: is not known"),
    ],
)
def test_refused_series(old, new, words):
    with pytest.raises(InputError) as error:
        parse_series(SERIES.replace(old, new))
    assert words in str(error.value)
