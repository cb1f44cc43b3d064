"""Texts with units to SI numbers and back."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys

import pytest

from ionscape.errors import ConvergenceError, InputError, SimulationInterrupted, nearest_name, show_value
from ionscape.files.quantities import DIMENSIONS, DimensionName, format_quantity, quantity, unit_registry, unit_size

EV = 1.602176634e-19


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("2.325 mm", "length", 2.325e-3),
        ("2.325mm", "length", 2.325e-3),
        ("5 angstrom", "length", 5e-10),
        ("3 µm", "length", 3e-6),
        ("3 um", "length", 3e-6),
        ("+.5e1 nm", "length", 5e-9),
        ("\N{MINUS SIGN}2 mm", "length", -2e-3),
        ("28.26 mm^2", "area", 28.26e-6),
        ("28.26 mm²", "area", 28.26e-6),
        ("1.4e28 1/m^3", "number density", 1.4e28),
        ("1.4e22 cm^-3", "number density", 1.4e28),
        ("1.4e22 1/cm**3", "number density", 1.4e28),
        ("5.8e-19 m^2/s", "diffusion coefficient", 5.8e-19),
        ("5.8e-15 cm²/s", "diffusion coefficient", 5.8e-19),
        ("5.8e-15 cm² s⁻¹", "diffusion coefficient", 5.8e-19),
        ("0.65 eV", "energy", 0.65 * EV),
        ("650 meV", "energy", 0.65 * EV),
        ("96.48533212331 kJ/mol", "energy", EV),  # Faraday's constant times one volt
        ("323.15 K", "temperature", 323.15),
        ("50 degC", "temperature", 323.15),
        ("50 °C", "temperature", 323.15),
        ("122 degF", "temperature", 323.15),
        ("-273.15 degC", "temperature", 0.0),
        ("94.46 h", "time", 94.46 * 3600.0),
        ("2 d", "time", 172800.0),
        ("15 V", "voltage", 15.0),
        ("20 nA", "current", 20e-9),
        ("2.52 mC", "charge", 2.52e-3),
    ],
)
def test_texts_become_si_numbers(text: str, dimension: DimensionName, expected: float) -> None:
    assert quantity(text, dimension) == pytest.approx(expected, rel=1e-12, abs=1e-12 if expected == 0.0 else 0.0)


@pytest.mark.parametrize(
    ("value", "dimension", "said"),
    [
        (2.325, "length", ["2.325", "number without a unit", '"2.325 mm"']),
        ("2.325", "length", ['"2.325"', "number without a unit", '"2.325 mm"']),
        ("2.3 s", "length", ["is a time where a length is expected", '"2.325 mm"']),
        ("2.3 mm", "energy", ["is a length where an energy is expected", '"0.65 eV"']),
        ("2.3 S/cm", "length", ["where a length is expected"]),
        ("3 %", "length", ["pure number where a length is expected"]),
        ("50 C", "temperature", ["is a charge where a temperature is expected"]),
        ("50 delta_degC", "temperature", ["temperature difference"]),
        ("2.3 foo", "length", ["unknown unit", '"foo"']),
        ("1.4e28 1/m3", "number density", ["unknown unit", '"m3"', '"m^3"']),
        # the Avogadro constant times 1400 mol/m^3
        ("1.4 mol/l", "number density", ["amount per volume", '"8.430997e+26 1/m^3"', "Avogadro"]),
        ("14 mol%", "number density", ["is a share where", "molar mass"]),
        ("14 %", "number density", ["is a share where", "molar mass"]),
        ("2.3 g/cm^3", "number density", ["is a mass density where", "molar mass"]),
        ("mm", "length", ["does not start with a number"]),
        ("", "length", ["does not start with a number"]),
        ("2,3 mm", "length", ["decimal comma", "decimal point"]),
        ("1.2.3 mm", "length", ["does not start with a number"]),
        ("nan mm", "length", ["must be finite"]),
        ("inf mm", "length", ["must be finite"]),
        ("1e999 mm", "length", ["must be finite"]),
        ("1e300 km^3/mm^2", "length", ["must be finite"]),
        ("1 Ym^9*Ym^9/m^9/m^8", "length", ["too large"]),
        ("3 (m", "length", ["no valid unit"]),
        ("3 m/", "length", ["no valid unit"]),
        ("3 m^9^9^9^9^9", "length", ["no valid unit"]),  # not evaluated as a number
        ("3 __import__('os')", "length", ["no valid unit"]),
        (True, "length", ["true", "must be a text"]),
        (None, "length", ["must be a text"]),
        (["2 mm"], "length", ["must be a text"]),
    ],
)
def test_unusable_values_are_one_sentence(value: object, dimension: DimensionName, said: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        quantity(value, dimension)
    message = str(caught.value)
    for words in said:
        assert words in message
    assert message.endswith(".")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("value", "dimension", "shown"),
    [
        (5.11e-8, "length", "51.1 nm"),
        (2.325e-3, "length", "2.325 mm"),
        (999.99999e-9, "length", "1 μm"),
        (0.0, "length", "0 m"),
        (28.26e-6, "area", "28.26 mm^2"),
        (2.819e-3, "charge", "2.819 mC"),
        (-8.52e-9, "current", "-8.52 nA"),
        (94.46 * 3600.0, "time", "94.46 h"),
        (90.0, "time", "1.5 min"),
        (0.65 * EV, "energy", "0.65 eV"),
        (0.0278 * EV, "energy", "27.8 meV"),
        (15.0, "voltage", "15 V"),
        (0.5, "voltage", "0.5 V"),
        (1.4e28, "number density", "1.4e+28 1/m^3"),
        (5.8e-19, "diffusion coefficient", "5.8e-19 m^2/s"),
        (math.nan, "length", "nan m"),
    ],
)
def test_values_are_shown_in_units_for_people(value: float, dimension: DimensionName, shown: str) -> None:
    assert format_quantity(value, dimension) == shown


def test_every_example_is_valid_and_every_display_unit_has_its_size() -> None:
    for name, dimension in DIMENSIONS.items():
        assert quantity(dimension.example, name) > 0.0
        assert quantity(f"1 {dimension.unit}", name) == 1.0
        for unit in dimension.display:
            assert quantity(f"1 {unit.unit}", name) == pytest.approx(unit.size, rel=1e-12)


def test_units_scale_columns() -> None:
    assert unit_size("cm^-3", "number density") == pytest.approx(1e6)
    assert unit_size("nm^2/s", "diffusion coefficient") == pytest.approx(1e-18)
    with pytest.raises(InputError, match="offset"):
        unit_size("degC", "temperature")
    with pytest.raises(InputError, match='"mm": is a length where a number density is expected'):
        unit_size("mm", "number density")


def test_the_registry_is_made_once_and_only_when_needed() -> None:
    assert unit_registry() is unit_registry()
    code = "import sys, ionscape.files.quantities; print('pint' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_an_error_says_file_key_value_bound_and_remedy() -> None:
    error = InputError(
        "is out of range",
        file="rb.toml",
        key="sample.thickness",
        value="-2 mm",
        bound="0 is the bound",
        remedy="give more",
    )
    assert str(error) == 'rb.toml: sample.thickness = "-2 mm": is out of range; 0 is the bound; give more.'
    assert str(InputError("is missing")) == "is missing."
    assert str(InputError("is unknown", key="a\nb")) == "a\\nb: is unknown."
    assert str(InputError("is long", value="x" * 100)).count("x") < 60


def test_an_error_is_located_only_where_it_is_not_yet() -> None:
    error = InputError("is not a number", file="table.csv", key="line 2, column 1")
    located = error.located(file="rb.toml", key="ions.Li.diffusion.file", value="table.csv")
    assert str(located) == "table.csv: line 2, column 1: is not a number."
    assert str(InputError("is bad").located(file="a", key="b", value=1)) == "a: b = 1: is bad."


@pytest.mark.parametrize(
    "error",
    [
        InputError("is bad", file="a.toml", key="b.c", value=3),
        ConvergenceError("no step is accepted", time=12.0, stage=1, depth=5e-9, partial={"steps": 3}),
        SimulationInterrupted(partial={"steps": 3}),
    ],
)
def test_errors_cross_processes(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.__dict__ == error.__dict__


def test_a_convergence_error_says_where_and_when() -> None:
    message = str(ConvergenceError("no step is accepted", time=3600.0, stage=1, depth=5.11e-8))
    assert "stages[1]" in message
    assert "3600 s" in message
    assert "51.1 nm" in message


def test_exit_statuses() -> None:
    assert InputError("is bad").exit_status == 2
    assert SimulationInterrupted().exit_status == 130


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        ("a", '"a"'),
        (3.0, "3.0"),
        ([1, "b"], '[1, "b"]'),
        ({"Li": "1 nm", "a b": {}}, '{ Li = "1 nm", "a b" = {} }'),
    ],
)
def test_values_are_shown_as_in_the_file(value: object, shown: str) -> None:
    assert show_value(value) == shown


def test_the_nearest_name() -> None:
    assert nearest_name("thicknes", ["thickness", "native"]) == "thickness"
    assert nearest_name("rB", ["Li", "Rb"]) == "Rb"
    assert nearest_name("x", []) is None
