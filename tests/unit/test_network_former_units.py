"""Fractions of network former units: values of the reconstruction worked out by hand, NMR, and measured ones."""

from __future__ import annotations

import pickle

import pytest

from ionscape.errors import InputError
from ionscape.glass import (
    UNIT_KINDS,
    Composition,
    Glass,
    NetworkFormerUnits,
    interpolate_units,
    make_glass,
    measured_units,
    network_former_units,
    read_measured_units,
)


def units(oxide: float, borate: float, **parameters: float) -> NetworkFormerUnits:
    glass = Composition(alkali="Li", alkali_oxide_fraction=oxide, borate_fraction=borate)
    return network_former_units(glass, **parameters)


@pytest.mark.parametrize(
    ("oxide", "borate", "expected"),
    [
        # Confirmed by an independent calculation, three decimals.
        (0.33, 0.0, {"P3": 0.507, "P2": 0.493}),
        (0.33, 0.5, {"B4": 0.429, "B3": 0.071, "P3": 0.436, "P2": 0.064}),
        (0.33, 1.0, {"B4": 0.429, "B3": 0.507, "B2": 0.064}),
        (0.40, 0.9, {"B4": 0.429, "B3": 0.471, "P1": 0.062, "P0": 0.038}),
        # By hand: metaphosphate, pyrophosphate (R = 2), orthophosphate (R = 3).
        (1 / 2, 0.0, {"P2": 1.0}),
        (2 / 3, 0.0, {"P1": 1.0}),
        (3 / 4, 0.0, {"P0": 1.0}),
        # By hand, R = 1/4 and x = 0.4: B4 + P4 = 0.4 + ..., B4 - P4 = R.
        (0.2, 0.4, {"B4": 0.4, "P4": 0.15, "P3": 0.45}),
        (0.2, 1.0, {"B4": 0.25, "B3": 0.75}),
    ],
)
def test_known_values(oxide, borate, expected):
    found = units(oxide, borate)
    for kind in UNIT_KINDS:
        assert found[kind.name] == pytest.approx(expected.get(kind.name, 0.0), abs=6e-4), kind.name


def test_lithium_diborate_against_nmr():
    # Measured B3 / B4 / B2 of lithium diborate glass: 50 / 42 / 8 per cent.
    found = units(1 / 3, 1.0)
    for name, measured in (("B3", 0.50), ("B4", 0.42), ("B2", 0.08)):
        assert found[name] == pytest.approx(measured, abs=0.011)


def test_limit_of_tetrahedral_borate():
    assert units(0.33, 1.0, tetrahedral_borate_limit=0.4)["B4"] == 0.4
    assert units(0.33, 1.0, tetrahedral_borate_limit=0.0)["B2"] == pytest.approx(33 / 67)


def test_disproportionation_by_hand():
    # All P(2) at x = 0, y = 1/2: a fifth of it reacts, half of that becomes P(3), half P(1).
    found = units(0.5, 0.0, phosphate_disproportionation=0.2)
    assert [found[name] for name in ("P3", "P2", "P1")] == pytest.approx([0.1, 0.8, 0.1])
    found = units(2 / 3, 0.0, pyrophosphate_disproportionation=0.2)
    assert [found[name] for name in ("P2", "P1", "P0")] == pytest.approx([0.1, 0.8, 0.1])


def test_too_many_ions():
    with pytest.raises(InputError, match=r"at x = 1 choose an alkali oxide fraction up to 0\.5000"):
        units(0.6, 1.0)
    assert units(0.5, 1.0)["B2"] == pytest.approx(4 / 7)
    with pytest.raises(InputError, match="charges at most"):
        units(0.76, 0.0)


@pytest.mark.parametrize(
    "parameter",
    ["tetrahedral_borate_limit", "phosphate_disproportionation", "pyrophosphate_disproportionation"],
)
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_bad_parameters(parameter, value):
    with pytest.raises(InputError, match=parameter):
        units(0.33, 0.5, **{parameter: value})


def test_units_are_checked():
    good = units(0.33, 0.5).fractions
    with pytest.raises(InputError, match="lacks P4"):
        NetworkFormerUnits(fractions={name: value for name, value in good.items() if name != "P4"})
    with pytest.raises(InputError, match="sum to"):
        NetworkFormerUnits(fractions={**good, "P4": 0.1})
    with pytest.raises(InputError, match="from 0 to 1"):
        NetworkFormerUnits(fractions={**good, "P4": -0.1})
    with pytest.raises(InputError, match="the nearest is B4"):
        NetworkFormerUnits(fractions={**good, "b4": 0.0})


def test_glasses_travel_to_other_processes():
    glass = make_glass("0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)", mass_density=2300.0)
    assert pickle.loads(pickle.dumps(glass)) == glass
    assert make_glass(glass) is glass
    assert isinstance(make_glass(glass.composition), Glass)
    assert make_glass(glass, mass_density=2400.0).units == glass.units


def test_measured_units():
    # Measured lithium diborate; charge 0.42 + 0.08 = 0.5 = R.
    glass = make_glass("Li2O·2B2O3", {"B3": 50, "B4": 42, "B2": 8})
    assert glass.units["B4"] == pytest.approx(0.42)
    composition = glass.composition
    with pytest.raises(InputError, match=r"carry 0\.4 negative charges"):
        measured_units(composition, {"B3": 0.6, "B4": 0.4})
    assert measured_units(composition, {"B3": 0.6, "B4": 0.4}, tolerance=0.11)["B4"] == 0.4
    with pytest.raises(InputError, match=r"have 0\.9 borate units"):
        measured_units(composition, {"B3": 0.4, "B4": 0.5, "P3": 0.1})
    with pytest.raises(InputError, match="sum to"):
        measured_units(composition, {"B3": 0.4, "B4": 0.5})
    with pytest.raises(InputError, match="contradicts"):
        make_glass(composition, {"B3": 0.5, "B4": 0.5}, tetrahedral_borate_limit=0.4)


def test_table_of_measured_units(tmp_path):
    table = tmp_path / "units.csv"
    table.write_text("# measured\nx, B4, B3, P3, P2\n0.5, 40, 10, 40, 10\n\n0, 0, 0, 50, 50\n")
    entries = read_measured_units(table)
    assert [borate for borate, _ in entries] == [0.0, 0.5]
    between = interpolate_units(entries, 0.25)
    assert [between[name] for name in ("B4", "B3", "P3", "P2")] == pytest.approx([0.2, 0.05, 0.45, 0.3])
    with pytest.raises(InputError, match=r"from 0 to 0\.5"):
        interpolate_units(entries, 0.6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no line of numbers"),
        ("x,B4\n", "no line of numbers"),
        ("x,B5\n0,1\n", 'the nearest is "B'),
        ("B4,P3\n0,1\n", "lacks the column x"),
        ("x,P3,P3\n0,1,0\n", "appears twice"),
        ("x,P3\n0,1\n0,1\n", "line 3, x"),
        ("x,P3\n0\n", "1 values for 2 columns"),
        ("x,P3\n0,one\n", "line 2, P3"),
        ("x,P3\n0,-1\n", "line 2, P3"),
        ("x,P3\n2,1\n", "line 2, x"),
        ("x,P3\n0,0.8\n", "sums to 0.8"),
        ("x,P3\n0.5,1\n", "borate units"),
    ],
)
def test_bad_tables_of_measured_units(tmp_path, text, words):
    table = tmp_path / "units.csv"
    table.write_text(text)
    with pytest.raises(InputError) as caught:
        read_measured_units(table)
    assert words in str(caught.value)
    assert str(table) in str(caught.value)
