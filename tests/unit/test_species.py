"""Names of channels to species; masses from the atomic mass evaluation, added up by hand."""

from __future__ import annotations

import pytest

from ionscape.profiling.species import parse_species


@pytest.mark.parametrize(
    ("name", "composition", "charge"),
    [
        ("^6Li+", (("6Li", 1),), 1),
        ("6Li+", (("6Li", 1),), 1),
        ("[6]Li+", (("6Li", 1),), 1),
        ("⁶Li⁺", (("6Li", 1),), 1),
        ("Li-6", (("6Li", 1),), 1),
        ("Li+", (("Li", 1),), 1),
        ("Rb", (("Rb", 1),), 1),
        ("Cs_2+", (("Cs", 2),), 1),
        ("Cs2+", (("Cs", 2),), 1),
        (" Cs _2 +", (("Cs", 2),), 1),
        ("Cs₂O⁺", (("Cs", 2), ("O", 1)), 1),
        ("Rb2O+", (("Rb", 2), ("O", 1)), 1),
        ("CsI+", (("Cs", 1), ("I", 1)), 1),
        ("^13CH_5N_2+", (("13C", 1), ("H", 5), ("N", 2)), 1),
        ("^13CC_25H_21N_2+", (("13C", 1), ("C", 25), ("H", 21), ("N", 2)), 1),
        ("C_81H_68N_4O_8+", (("C", 81), ("H", 68), ("N", 4), ("O", 8)), 1),
        ("CH_3NH_3+", (("C", 1), ("H", 6), ("N", 1)), 1),
        ("Cs_2^6Li+", (("Cs", 2), ("6Li", 1)), 1),
        ("Ca++", (("Ca", 1),), 2),
        ("Ca^2+", (("Ca", 1),), 2),
        ("O_2-", (("O", 2),), -1),
        ("D+", (("2H", 1),), 1),
    ],
)
def test_names_are_read(name: str, composition: tuple[tuple[str, int], ...], charge: int) -> None:
    species = parse_species(name)
    assert species is not None
    assert species.composition == composition
    assert species.charge == charge


@pytest.mark.parametrize(
    "name",
    [
        "",
        "+",
        "total",
        "Intensity",
        "Xx+",
        "^99Li+",
        "Cs_0+",
        "li+",
        "Li+Rb",
        "2+",
        "Substrate",
        "I+ / ( Pb+ )",
        "Li+" * 99,
    ],
)
def test_doubtful_names_are_no_species(name: str) -> None:
    assert parse_species(name) is None


def test_an_unlabelled_element_is_its_most_abundant_isotope() -> None:
    isotopes = {name: parse_species(name) for name in ("Li+", "Sn+", "Pb+", "Rb+", "K+", "Ag+")}
    assert {name: species.isotope for name, species in isotopes.items() if species} == {
        "Li+": "7Li", "Sn+": "120Sn", "Pb+": "208Pb", "Rb+": "85Rb", "K+": "39K", "Ag+": "107Ag",
    }  # fmt: skip


def test_a_cluster_has_neither_element_nor_isotope() -> None:
    species = parse_species("Cs_2+")
    assert species is not None
    assert species.is_cluster
    assert species.element is None
    assert species.isotope is None
    assert dict(species.elements) == {"Cs": 2}


def test_masses_are_those_of_the_atoms_without_the_electrons() -> None:
    # AME2020: 6Li 6.0151228874, 113In 112.904060451, 115In 114.903878773, 40Ca 39.962590851; electron 5.4858e-4 u.
    for name, nominal, mass in (
        ("^6Li+", 6, 6.0151228874 - 5.4858e-4),
        ("^113InIn+", 228, 112.904060451 + 114.903878773 - 5.4858e-4),
        ("Ca++", 40, 39.962590851 - 2 * 5.4858e-4),
    ):
        species = parse_species(name)
        assert species is not None
        assert species.nominal_mass == nominal
        assert species.exact_mass == pytest.approx(mass, abs=2e-7)
