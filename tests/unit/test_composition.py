"""Formulas of glasses, ion densities, and what is known to fail; numbers from the papers or by hand."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.glass import (
    Composition,
    flat_range,
    ion_number_density,
    known_weaknesses,
    lattice_density_remarks,
    network_former_units,
    parse_composition,
    read_literature,
    select_series,
)
from ionscape.glass.literature import FAR_FROM_OTHERS


def composition(alkali: str = "Li", oxide: float = 0.33, borate: float = 0.4) -> Composition:
    return Composition(alkali=alkali, alkali_oxide_fraction=oxide, borate_fraction=borate)


@pytest.mark.parametrize(
    "text",
    [
        "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)",
        "0.33Li2O-0.67[0.4B2O3-0.6P2O5]",
        "0.33 Li2O – 0.67 [0.4 B2O3 – 0.6 P2O5]",
        "33 Li2O 26.8 B2O3 40.2 P2O5",
        "33 mol% Li2O, 26.8 mol% B2O3, 40.2 mol% P2O5",
        "33Li2O·26.8B2O3·40.2P2O5 (mol%)",
        "33% Li2O + 67% (40% B2O3 + 60% P2O5)",
        "0.33Li₂O–0.67{0.4B₂O₃–0.6P₂O₅}",
        "(Li2O)0.33(B2O3)0.268(P2O5)0.402",
        "[Li_2O]_{0.33}[(B_2O_3)_{0.4}(P_2O_5)_{0.6}]_{0.67}",
        ".33 Li2O .67 (2 B2O3 3 P2O5)",
        "0.402 P2O5 0.268 B2O3 0.33 Li2O",
        "33/100 Li2O 67/100 (2/5 B2O3 3/5 P2O5)",
        "0.33 LiO1/2 0.67 (0.4 BO3/2 0.6 PO5/2)",
    ],
)
def test_spellings_of_one_glass(text):
    assert parse_composition(text) == composition()


@pytest.mark.parametrize(
    ("text", "alkali", "oxide", "borate"),
    [
        ("Li2O·2B2O3", "Li", 1 / 3, 1.0),
        ("Li₂O·2B₂O₃", "Li", 1 / 3, 1.0),
        ("Li2B4O7", "Li", 1 / 3, 1.0),
        ("Li3B7O12", "Li", 0.3, 1.0),
        ("NaPO3", "Na", 0.5, 0.0),
        ("Li2O 2 (B2O3 P2O5)", "Li", 1 / 5, 0.5),
        ("0.4 Na2O 0.6 P2O5", "Na", 0.4, 0.0),
        ("(Na2O)0.4(BPO4)0.6", "Na", 0.4, 0.5),
        ("33.3 K2O 33.3 B2O3 33.3 P2O5", "K", 1 / 3, 0.5),
        ("0.3 Rb2O 0.7 B2O3 0 P2O5", "Rb", 0.3, 1.0),
        ("0.25 Cs2O 0.75 (1 B2O3)", "Cs", 0.25, 1.0),
    ],
)
def test_ratios_and_compounds(text, alkali, oxide, borate):
    found = parse_composition(text)
    assert found.alkali == alkali
    assert found.alkali_oxide_fraction == pytest.approx(oxide, rel=1e-12)
    assert found.borate_fraction == pytest.approx(borate, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be the formula"),
        ("   ", "must be the formula"),
        ("glass", 'cannot be read from "glass" on'),
        ("0.33 li2O 0.67 B2O3", 'cannot be read from "li2O" on'),
        ("0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5", 'has a "(" that is not closed; add a ")"'),
        ("0.33 Li2O 0.67 0.4 B2O3 0.6 P2O5)", "where the amount"),
        ("0.33 Li2O 0.67 B2O3)", "without its opening bracket"),
        ("0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5]", 'closes a "(" with a "]"'),
        ("0.33 Li2O 0.67 ()", "an empty bracket"),
        ("0.2 Li2O 0.1 Na2O 0.1 K2O 0.6 B2O3", "has 3 alkali oxides (Li, Na, K)"),
        ("0.4 GeO2 0.6 Li2O", "unknown oxide GeO2"),
        ("0.3 Li2O 0.6 B2O3", "sum to 0.9"),
        ("33 Li2O 66 B2O3", "sum to 99"),
        ("0.67 B2O3 0.33 P2O5", "has no alkali oxide"),
        ("Li2O", "has no network former"),
        ("0 Li2O B2O3", "has no alkali oxide"),
        ("0.33 LiO 0.67 B2O3", "not a neutral oxide"),
        ("0,33 Li2O 0,67 B2O3", "decimal comma"),
        ("33 wt% Li2O 67 wt% B2O3", "per cent by weight"),
        ("0.33 Li2O 0.67", "has nothing where"),
        ("- 0.33 Li2O", "before the first oxide"),
        ("0.33 Li2O - 0.67 B2O3 -", "no oxide behind"),
        ("1/0 Li2O 1 B2O3", "divides by zero"),
        ("(" * 400, "more than 20 brackets"),
        ("0.3 Li2O 0.7 ((B2O3)", "is not closed"),
        ("Li2O " * 400, "longer than"),
    ],
)
def test_bad_formulas_are_one_sentence(text, words):
    with pytest.raises(InputError, match=r"glass = ") as caught:
        parse_composition(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"oxide": 0.0}, "greater than 0 and less than 1"),
        ({"oxide": 1.0}, "greater than 0 and less than 1"),
        ({"oxide": 33.0}, "greater than 0 and less than 1"),
        ({"oxide": float("nan")}, "finite number"),
        ({"oxide": "0.33"}, "finite number"),
        ({"borate": -0.1}, "from 0 to 1"),
        ({"borate": 1.1}, "from 0 to 1"),
        ({"alkali": "Ag"}, "Li, Na, K, Rb, Cs"),
    ],
)
def test_bad_fractions(changed, words):
    with pytest.raises(InputError, match=words):
        composition(**changed)


def test_formula_and_numpy_numbers():
    assert composition().formula == "0.33 Li2O – 0.67 (0.4 B2O3 – 0.6 P2O5)"
    assert str(composition(borate=1.0)) == "0.33 Li2O – 0.67 B2O3"
    assert type(composition(oxide=np.float64(0.33)).alkali_oxide_fraction) is float
    assert composition().ions_per_cation == pytest.approx(33 / 67, rel=1e-12)


def test_ion_density_of_the_lattice():
    # Li2O content of 0.33 and 5 angstrom: 3.9e27 1/m^3.
    found = ion_number_density(composition(), lattice_constant=5e-10)
    assert found.value == pytest.approx(33 / 67 / 125e-30, rel=1e-12)
    assert found.value == pytest.approx(3.9e27, rel=0.02)
    assert found.basis == "lattice constant"


def test_ion_density_of_lithium_diborate():
    # By hand: Li2B4O7 weighs 169.11 g/mol, with 2.27 g/cm^3 that is 2 * 6.02214e23 * 2.27 / 169.11 per cm^3.
    found = ion_number_density(parse_composition("Li2B4O7"), mass_density=2270.0)
    assert found.value == pytest.approx(2 * 6.02214076e23 * 2.27 / 169.11e-6, rel=1e-4)
    assert found.basis == "mass density"
    for given in ({}, {"mass_density": 1.0, "lattice_constant": 1.0}, {"mass_density": -1.0}):
        with pytest.raises(InputError):
            ion_number_density(composition(), **given)


def test_known_weaknesses():
    def codes(**changes):
        return [remark.code for remark in known_weaknesses(composition(**changes))]

    assert codes() == []
    assert codes(alkali="Cs") == codes(alkali="K") == ["misses_nmr"]
    assert "NMR by 10.9 percentage points in Cs glasses" in str(known_weaknesses(composition(alkali="Cs"))[0])
    assert codes(oxide=0.5, borate=0.1)[0] == "much_alkali_oxide"
    assert "above 0.45" in str(known_weaknesses(composition(oxide=0.5, borate=0.1))[0])
    assert codes(oxide=0.2, borate=0.1)[0] == "little_alkali_oxide"
    assert "P(4)" in str(known_weaknesses(composition(oxide=0.2, borate=0.1))[0])
    assert codes(borate=0.7)[0] == "flat"
    # without boron there are neither B(4) nor, without their counterpart, P(4) units
    (high,), (low,) = (known_weaknesses(composition(oxide=oxide, borate=0.0)) for oxide in (0.5, 0.2))
    assert (high.code, low.code) == ("much_alkali_oxide_without_borate", "little_alkali_oxide_of_one_former")
    assert "borate" not in str(high)
    assert "below 0.3" in str(low)
    assert "P(4)" not in str(low)


def test_flat_range_of_the_lithium_series():
    # 3/7, and 1 - (33/67 - 3/7) = 0.936.
    assert flat_range(composition()) == pytest.approx((3 / 7, 1 - (33 / 67 - 3 / 7)), rel=1e-12)
    # Fewer ions than c_B, y = 0.25: P(4) provides 3/7 - 1/3, as long as there is so much phosphate.
    assert flat_range(composition(oxide=0.25)) == pytest.approx((3 / 7, 1 - (3 / 7 - 1 / 3)), rel=1e-12)
    # At y = 0.55 there are more charges than phosphate could take singly: no such range.
    first, last = flat_range(composition(oxide=0.55))
    assert first == last


@pytest.mark.parametrize("oxide", [0.05, 0.2, 0.25, 0.3, 0.33, 0.4, 0.48])
@pytest.mark.parametrize("limit", [0.0, 0.2, 3 / 7, 0.6, 0.9, 1.0])
def test_flat_range_is_where_a_scan_finds_no_charged_unit_to_change(oxide, limit):
    x = np.linspace(0.0, 1.0, 2001)
    units = [
        network_former_units(composition(oxide=oxide, borate=float(value)), tetrahedral_borate_limit=limit)
        for value in x
    ]
    charged = np.array([[fractions[name] for name in ("B4", "P4", "B2", "P0", "P1", "P2")] for fractions in units])
    flat = np.flatnonzero((np.abs(np.diff(charged, axis=0)) < 1e-9).all(axis=1))
    first, last = flat_range(composition(oxide=oxide), tetrahedral_borate_limit=limit)
    if flat.size < 2:
        assert last - first <= 1e-3
    else:
        assert (x[flat[0]], x[flat[-1] + 1]) == pytest.approx((first, last), abs=1.1e-3)


def test_ion_density_of_the_lattice_beside_measured_ones(examples_folder):
    # SciGlass: 10 and 90 % of the mass densities of glasses with lithium as the only alkali, read here by hand
    with (examples_folder / "sciglass-alkali-borophosphates.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["DENSITY"] and float(row["Li2O"] or 0.0) > 0.0]
    others = ("Na2O", "K2O", "Rb2O", "Cs2O")
    densities = [float(row["DENSITY"]) for row in rows if not any(float(row[name] or 0.0) for name in others)]
    low, high = np.percentile(densities, [10.0, 90.0])
    assert (low, high) == pytest.approx((2.12, 2.44), abs=0.01)
    # 0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5): 29.88, 69.62 and 141.94 g/mol, 0.66 ions per mole of oxides
    molar_mass = 0.33 * 29.88 + 0.67 * 0.5 * (69.62 + 141.94)
    implied = 33 / 67 / 125e-30
    ratios = [0.66 * 6.02214e29 * density / molar_mass / implied for density in (low, high)]
    (remark,) = lattice_density_remarks([composition(borate=0.5)], 5e-10)
    assert "3.94e+27 1/m^3 is the one that the lattice spacing of 5 Å implies" in str(remark)
    assert (remark.numbers["side"], remark.numbers["ratios"]) == ("below", pytest.approx(ratios, abs=0.06))
    assert "not rescaled" in str(remark)
    assert lattice_density_remarks([composition(borate=0.5)], 3.5e-10) == ()
    (dense,) = lattice_density_remarks([composition(borate=0.5)], 2e-10)
    assert dense.numbers["side"] == "above"
    (unknown,) = lattice_density_remarks([composition("Cs", borate=0.5)], 5e-10)
    assert "whatever that of the glass is" in str(unknown)


@pytest.fixture(scope="module")
def literature(request):
    folder = request.config.rootpath / "examples"
    return read_literature(folder / "sciglass-alkali-borophosphates.csv")


def test_literature_units(literature):
    assert len(literature) == 1306
    series = select_series(literature, "Li", 0.333, tolerance=0.001, authors=["Magistris"])
    half = next(glass for glass in series.glasses if abs(glass.borate_fraction - 0.5) < 0.01)
    # log10 of the resistivity at 20 degC is 9.06 in ohm cm.
    assert half.conductivity[293.15] == pytest.approx(10 ** (2 - 9.06), rel=1e-4, abs=0)
    assert half.glass_transition == pytest.approx(443 + 273.15)
    assert half.activation_energy is None


def test_literature_activation_energies_agree_with_the_database(literature, examples_folder):
    import csv

    with (examples_folder / "sciglass-alkali-borophosphates.csv").open(encoding="utf-8") as file:
        printed = {row["ID"]: row["Ea_sT_20_100"] for row in csv.DictReader(file) if row["Ea_sT_20_100"]}
    compared = 0
    for glass in literature:
        # from the resistivities alone
        glass = replace(glass, given_activation_energy=None)
        if glass.identifier in printed and glass.activation_energy is not None:
            assert glass.activation_energy / 1.602176634e-19 == pytest.approx(
                float(printed[glass.identifier]), rel=1e-6
            )
            # k_B times 330 K is 0.028 eV.
            difference = glass.activation_energy - glass.activation_energy_of_conductivity
            assert difference / 1.602176634e-19 == pytest.approx(0.0284, abs=4e-4)
            compared += 1
    assert compared > 300


def test_series_leaves_out_what_is_wrong_by_decades(literature):
    series = select_series(literature, "Li", 0.33)
    assert {"Muller K.-P."} <= {glass.author for glass, _ in series.left_out}
    assert {reason.code for _, reason in series.left_out} == {FAR_FROM_OTHERS.code}
    positions = [glass.borate_fraction for glass in series.glasses]
    assert positions == sorted(positions)
    everything = select_series(literature, "Li", 0.33, largest_deviation=None)
    assert len(everything.glasses) == len(series.glasses) + len(series.left_out)
    # Two entries of other series: a name that fits nothing is a mistake.
    for wrong in ({"leave_out": ["513700019025"]}, {"authors": ["Magistriss"]}, {"leave_out": ["Magistriss"]}):
        with pytest.raises(InputError, match="fits no glass of the series"):
            select_series(literature, "Li", 0.33, **wrong)
    without = select_series(literature, "Li", 0.33, leave_out=["Magistris", "4363600603325"])
    assert not any(glass.author.startswith("Magistris") for glass in without.glasses)


def test_literature_refuses_other_tables(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match=r"lacks the columns one of Li2O, .*, B2O3, P2O5 and one of RO20, .*100_150"):
        read_literature(table)
    with pytest.raises(InputError, match="lacks the columns Na2O, B2O3, P2O5 and one of RO20"):
        read_literature(table, alkali="Na")
    with pytest.raises(InputError, match="does not exist"):
        read_literature(tmp_path / "b.csv")
    header = "Li2O,Na2O,K2O,Rb2O,Cs2O,B2O3,P2O5,RO20,RO100,RO150,RO300\n"
    table.write_text(header + "33,0,0,0,0,67,0,ten,,,\n")
    with pytest.raises(InputError, match='line 2, RO20 = "ten"'):
        read_literature(table)


def test_a_table_of_ones_own_needs_few_columns(tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("Na2O, B2O3, P2O5, RO20, Ea_sT_20_100\n40, 0, 60, 10.2,\n40, 30, 30, , 0.66\n")
    first, second = read_literature(table, alkali="Na")
    assert (first.alkali, first.alkali_oxide_fraction, first.borate_fraction) == ("Na", 0.4, 0.0)
    assert first.conductivity == {293.15: pytest.approx(10 ** (2 - 10.2), rel=1e-12, abs=0)}
    assert (first.activation_energy, second.conductivity) == (None, {})
    assert second.activation_energy == pytest.approx(0.66 * 1.602176634e-19, rel=1e-12, abs=0)
    found = select_series([first, second], "Na", 0.4)
    assert found.glasses == found.not_judged == (first, second)
    # what the table gives counts, not what follows from resistivities
    table.write_text("Na2O,B2O3,P2O5,RO20,RO100,Ea_sT_20_100\n40,0,60,10,7,0.5\n")
    (given,) = read_literature(table)
    assert given.activation_energy == pytest.approx(0.5 * 1.602176634e-19, rel=1e-12, abs=0)
    table.write_text("Na2O,B2O3,P2O5,Ea_sT_20_100\n40,0,60,64\n")
    with pytest.raises(InputError, match=r"line 2, Ea_sT_20_100 = 64.*in eV"):
        read_literature(table)


def test_resistivities_out_of_range_are_refused(tmp_path):
    table = tmp_path / "a.csv"
    header = "Li2O,Na2O,K2O,Rb2O,Cs2O,B2O3,P2O5,RO20,RO100,RO150,RO300\n"
    for value in ("400", "-400", "-50.1", "1e308"):
        table.write_text(f"{header}33,0,0,0,0,67,0,12,{value},,\n")
        with pytest.raises(InputError, match=r"line 2, RO100 = .*: must be from -50 to 50"):
            read_literature(table)
