"""Series files: every form of a value, every mistake in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ionscape.errors import InputError
from ionscape.hopping.published import PUBLISHED_FOR_OTHERS
from ionscape.remarks import of_kinds
from ionscape.series import load_series, parse_series, series_schema
from ionscape.series.remarks import NOT_JUDGED, SOMEWHERE, file_remarks

ELECTRON_VOLT = 1.602176634e-19  # J

LITHIUM = """
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = { from = 0.0, to = 1.0, step = 0.2 }

[landscape]
energy_scale = "0.64 eV"
noise = 0.42

[hopping]
attempt_frequency = "4e14 Hz"
jump_distance = "5 angstrom"

[percolation]
lattice = 100
landscapes = 20

[network]
lattice = 35
landscapes = 30
temperatures = ["303 K", "70 degC"]
"""


def changed(*changes: tuple[str, str]) -> str:
    text = LITHIUM
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_values_are_in_si_units() -> None:
    series = parse_series(LITHIUM)
    settings = series.settings
    assert series.model is not None
    assert series.model.energy_scale == pytest.approx(0.64 * ELECTRON_VOLT, rel=1e-9, abs=0)
    assert series.model.noise == 0.42
    assert series.model.vacant_site_fraction == 0.05
    assert series.model.transverse_faces == "periodic"
    assert settings.hopping.attempt_frequency == pytest.approx(4e14, rel=1e-9, abs=0)
    assert settings.hopping.jump_distance == pytest.approx(5e-10, rel=1e-9, abs=0)
    assert settings.network is not None
    assert settings.network.temperatures == pytest.approx((303.0, 343.15), rel=1e-9, abs=0)
    assert settings.random.seed == 1


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{ from = 0.0, to = 1.0, step = 0.2 }", (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        ("{ from = 0.0, to = 1.0, step = 0.04 }", tuple(round(0.04 * place, 2) for place in range(26))),
        ("{ from = 0.1, to = 0.5, step = 0.3 }", (0.1, 0.4)),
        ("[1.0, 0, 0.5]", (1.0, 0.0, 0.5)),
        ("0.4", (0.4,)),
        ("1", (1.0,)),
    ],
)
def test_forms_of_the_borate_fraction(text: str, values: tuple[float, ...]) -> None:
    series = parse_series(changed(("{ from = 0.0, to = 1.0, step = 0.2 }", text)))
    assert series.mixing_ratios == values
    assert tuple(glass.composition.borate_fraction for glass in series.glasses) == values


def test_published_parameters_stand_in_for_absent_ones() -> None:
    series = parse_series(changed(('energy_scale = "0.64 eV"\nnoise = 0.42\n', "")))
    assert series.model is not None
    # Bosi 2021, section V.A
    assert series.model.energy_scale == pytest.approx(0.64 * ELECTRON_VOLT, rel=1e-9, abs=0)
    assert series.model.noise == 0.42


def test_measured_units_take_the_place_of_the_model(tmp_path: Path) -> None:
    # charge: 0.3 + 0.1925 = 0.33/0.67 = 0.4925 ions per cation at both ends
    (tmp_path / "units.csv").write_text("x,B4,B3,P3,P2\n0.3,0.3,0,0.5075,0.1925\n0.5,0.4,0.1,0.4075,0.0925\n")
    text = changed(
        ("{ from = 0.0, to = 1.0, step = 0.2 }", "[0.3, 0.4]"),
        ('alkali = "Li"', 'alkali = "Li"\nmeasured_units = "units.csv"'),
    )
    (tmp_path / "li.toml").write_text(text)
    first, second = load_series(tmp_path / "li.toml").glasses
    assert first.units.fractions["B4"] == pytest.approx(0.3, abs=1e-4)
    assert second.units.fractions["B4"] == pytest.approx(0.35, abs=1e-4)
    assert second.units.fractions["P2"] == pytest.approx(0.1425, abs=1e-4)


def test_units_that_do_not_balance_the_charge_are_refused(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("x,B4,B3,P3,P2\n0.3,0.1,0.2,0.6,0.1\n0.5,0.1,0.4,0.4,0.1\n")
    text = changed(
        ("{ from = 0.0, to = 1.0, step = 0.2 }", "[0.4]"),
        ('alkali = "Li"', 'alkali = "Li"\nmeasured_units = "units.csv"'),
    )
    with pytest.raises(InputError, match=r"x = 0\.4.*0\.2 negative charges.*0\.4925 ions"):
        parse_series(text, folder=tmp_path)


WRONG = [
    (("lattice = 100", "lattice = 2"), "percolation.lattice = 2: is too small: 4 of its 8 sites are accessible"),
    (("lattice = 35", "lattice = 2"), "network.lattice = 2: is too small: 4 of its 8 sites are accessible"),
    (("= 0.33", "= 1.2"), "glass.alkali_oxide_fraction = 1.2: must be greater than 0 and less than 1"),
    (("= 0.33", "= 0.0"), "glass.alkali_oxide_fraction = 0.0: must be greater than 0 and less than 1"),
    # y/(1-y)/0.95 = 1 at y = 0.95/1.95
    (("= 0.33", "= 0.6"), "at most 0.4872"),
    # 0.2/0.8/0.95
    (("= 0.33", "= 0.2"), "0.2: leaves too few accessible sites: large lattices have no path"),
    (("= 0.33", "= 0.2"), "0.263 of the sites are accessible, and a cubic lattice percolates from 0.3116 on"),
    (('alkali = "Li"', 'alkali = "Fr"'), 'glass.alkali = "Fr": is not known'),
    (("borate_fraction =", "borat_fraction ="), 'glass.borat_fraction: is an unknown key; the nearest known key'),
    (("step = 0.2", "step = 0.0"), "glass.borate_fraction.step = 0.0: must be greater than 0"),
    (("step = 0.2", "step = 1e-4"), "glass.borate_fraction.step = 0.0001: makes 10001 compositions"),
    (("to = 1.0", "to = 1.5"), "glass.borate_fraction.to = 1.5: must be at least 0 and at most 1"),
    (("from = 0.0", "begin = 0.0"), "glass.borate_fraction.begin = 0.0: is an unknown key"),
    (("{ from = 0.0, to = 1.0, step = 0.2 }", "[0.1, 0.1]"), "has the value 0.1 twice"),
    (("{ from = 0.0, to = 1.0, step = 0.2 }", "[]"), "glass.borate_fraction = []: must not be empty"),
    (("{ from = 0.0, to = 1.0, step = 0.2 }", '"all"'), 'must be a number, a list of numbers or a range'),
    (('"0.64 eV"', '"0.64 V"'), "is a voltage where an energy is expected"),
    (('"0.64 eV"', '"fitt"'), 'or write "fit"'),
    (("noise = 0.42\n", ""), "landscape.noise: is missing"),
    (('"4e14 Hz"', '"-4e14 Hz"'), "must be greater than 0"),
    (('"4e14 Hz"', '"fit"'), "hopping.attempt_frequency = \"fit\": needs measurements"),
    (("lattice = 100", "lattice = 1"), "percolation.lattice = 1: must be at least 2"),
    (("landscapes = 20", "landscapes = 0"), "percolation.landscapes = 0: must be at least 1"),
    (('"303 K"', '"0 K"'), 'network.temperatures[0] = "0 K": must be greater than 0 K'),
    (('"303 K"', '"-5 K"'), 'network.temperatures[0] = "-5 K": must be greater than 0 K'),
    (('"303 K"', '"343.15 K"'), "network.temperatures[1] = \"70 degC\": occurs twice"),
    (('["303 K", "70 degC"]', '"303 K"'), "network.temperatures = \"303 K\": must be a list"),
    (("[network]", "[netwerk]"), 'netwerk: is an unknown key; the nearest known key is "network"'),
    (("[glass]", '[experiment]\nfile = "none.csv"\n\n[glass]'), "experiment.file: does not exist"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_a_mistake_is_one_sentence(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_series(changed(change), file="li.toml")
    message = str(caught.value)
    assert message.startswith("li.toml: ")
    assert sentence in message
    assert "\n" not in message
    assert caught.value.exit_status == 2


def test_other_files_are_recognised() -> None:
    with pytest.raises(InputError, match="is an experiment file, not a series file"):
        parse_series("[sample]\nthickness = '1 mm'\n", file="x.toml")


def test_nothing_to_calculate_is_refused() -> None:
    text = LITHIUM[: LITHIUM.index("[percolation]")]
    with pytest.raises(InputError, match=r"add \[percolation\] for activation energies"):
        parse_series(text)


def test_schema_describes_every_key() -> None:
    schema = series_schema()
    assert {"GlassTable", "LandscapeTable", "HoppingTable", "PercolationTable", "NetworkTable"} <= set(schema["$defs"])
    for definition in (schema, *schema["$defs"].values()):
        assert definition["additionalProperties"] is False
        for key, entry in definition["properties"].items():
            assert entry.get("description") or "$ref" in entry, key
    assert "null" not in json.dumps(schema)


@pytest.mark.parametrize("name", ["li", "na-35", "na-40"])
def test_examples_are_read(examples_folder: Path, name: str) -> None:
    series = load_series(examples_folder / f"{name}-borophosphate-series.toml")
    assert series.literature is not None
    assert len(series.literature.glasses) >= 2


OWN = "ID,Li2O,B2O3,P2O5,RO20,RO100,Ea_sT_20_100,Author,Year\n"


def with_measurements(folder: Path, rows: str) -> Path:
    (folder / "own.csv").write_text(OWN + rows)
    (folder / "li.toml").write_text(changed(("[network]", '[experiment]\nfile = "own.csv"\n\n[network]')))
    return folder / "li.toml"


def test_measurements_of_ones_own(tmp_path: Path) -> None:
    file = with_measurements(tmp_path, "1,33,0,67,12,9,,Able A.,1980\n2,33,67,0,,,0.7,Able A.,1980\n")
    series = load_series(file)
    assert series.literature is not None
    assert len(series.literature.glasses) == 2
    remarks = file_remarks(series)
    (not_judged,) = of_kinds(remarks, NOT_JUDGED)
    assert (not_judged.numbers["kept"], not_judged.numbers["count"]) == (2, 2)
    (flat,) = of_kinds(remarks, SOMEWHERE["flat"])
    assert str(flat).startswith("At x = 0.6 to 0.8: From x = ")
    with_measurements(tmp_path, "1,33,0,67,,,,Able A.,1980\n2,33,67,0,,,,Able A.,1980\n")
    with pytest.raises(
        InputError, match=r"has 2 glasses with 0\.33 Li2O, but no conductivity and no activation energy"
    ):
        load_series(file)
    with_measurements(tmp_path, "1,20,0,80,12,9,,Able A.,1980\n")
    with pytest.raises(InputError, match=r"has no glass with 0\.33 Li2O"):
        load_series(file)


def test_published_parameters_of_another_content_are_named() -> None:
    text = changed(('energy_scale = "0.64 eV"\nnoise = 0.42\n', ""), ("= 0.33", "= 0.4"), ('"Li"', '"Na"'))
    assert not of_kinds(file_remarks(parse_series(text)), PUBLISHED_FOR_OTHERS)
    (other,) = of_kinds(file_remarks(parse_series(text.replace("= 0.4\n", "= 0.385\n"))), PUBLISHED_FOR_OTHERS)
    assert (other.numbers["glasses"], other.numbers["content"]) == ("0.40 Na2O", 0.385)
    assert "published for 0.40 Na2O (Bosi 2021) and not for y = 0.385" in str(other)
    assert not of_kinds(file_remarks(parse_series(changed(("= 0.33", "= 0.4")))), PUBLISHED_FOR_OTHERS)
