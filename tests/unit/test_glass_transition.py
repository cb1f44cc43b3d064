"""Barriers from the glass transition: the estimate of it, every form in a file, what the landscapes get."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ionscape as isc
from ionscape.cli.describe import describe_series
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.glass import Composition, bridging_oxygens, make_glass, own_units, read_literature
from ionscape.series import load_hops_file, parse_hops_file, parse_series, run_mobility, run_series, run_spectra
from ionscape.series.fit import fit_energy_scale

EXAMPLES = Path(__file__).parents[2] / "examples"
SERIES = """
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = [0.0, 0.5, 1.0]

[landscape]
energy_scale = "0.64 eV"
noise = 0.42

[hopping]
barrier = BARRIER

[percolation]
lattice = 10
landscapes = 2
"""


def with_barrier(text: str) -> str:
    return SERIES.replace("BARRIER", text)


def least_barriers(text: str, **place: object) -> list[float]:
    """Barriers of the three glasses over k_B [K]."""
    series = parse_series(with_barrier(text), **place)  # type: ignore[arg-type]
    return [model.least_barrier / BOLTZMANN_CONSTANT for model in series.models]


def test_bridging_oxygens_are_those_of_the_units() -> None:
    assert bridging_oxygens(make_glass("0.5 Li2O 0.5 P2O5").units) == pytest.approx(2.0)  # chains
    assert bridging_oxygens(make_glass("0.333333333 Na2O 0.666666667 SiO2").units) == pytest.approx(3.0)  # Q3
    # three of each B2O3, and one more for each B(4) that an oxide makes; P2O5 loses one for each ion
    assert bridging_oxygens(make_glass("0.2 Li2O 0.8 B2O3").units) == pytest.approx(3.0 + 0.25)
    own = own_units({"mine": {"cation": "P", "bridging_oxygens": 2, "non_bridging_oxygens": 2, "charge": -1,
                              "fraction": 1.0}})  # fmt: skip
    assert bridging_oxygens(make_glass("0.5 Li2O 0.5 P2O5", own).units) == pytest.approx(2.0)


def test_the_line_is_that_through_measured_glasses() -> None:
    known: list[tuple[float, float]] = []
    for entry in read_literature(EXAMPLES / "sciglass-alkali-borophosphates.csv"):
        if entry.glass_transition is None or entry.alkali is None or not 0.2 <= entry.alkali_oxide_fraction <= 0.5:
            continue
        glass = make_glass(Composition(alkali=entry.alkali, alkali_oxide_fraction=entry.alkali_oxide_fraction,
                                       borate_fraction=entry.borate_fraction))  # fmt: skip
        known.append((isc.estimated_glass_transition(glass), entry.glass_transition))
    estimated, measured = np.array(known).T
    assert len(known) == 216
    assert np.polyfit(estimated, measured, 1) == pytest.approx([1.0, 0.0], abs=4.0)
    assert np.corrcoef(estimated, measured)[0, 1] == pytest.approx(0.88, abs=0.01)
    assert np.std(measured - estimated) == pytest.approx(35.0, abs=1.0)


def test_barrier_is_that_of_the_paper_at_its_typical_transition() -> None:
    """Bosi 2021, section III: 700 K is 0.06 eV."""
    assert isc.barrier_of_glass_transition(700.0) / ELECTRON_VOLT == pytest.approx(0.06, abs=5e-4)
    assert isc.barrier_of_glass_transition(350.0, factor=2.0) == pytest.approx(isc.barrier_of_glass_transition(700.0))


def test_every_form_gives_each_glass_its_barrier(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("# own\nglass transition (K),x\n760,1.0\n480,0\n", encoding="utf-8")
    assert least_barriers('"700 K"') == pytest.approx([700.0] * 3)
    assert least_barriers('"426.85 degC"') == pytest.approx([700.0] * 3)
    assert least_barriers('{ from_glass_transition = "700 K", factor = 0.5 }') == pytest.approx([350.0] * 3)
    assert least_barriers('{ from_glass_transition = ["484 K", "716 K", "759 K"] }') == pytest.approx([484, 716, 759])
    by_file = least_barriers('{ from_glass_transition = "known.csv" }', folder=tmp_path)
    assert by_file == pytest.approx([480.0, 620.0, 760.0])
    line = '{ from_glass_transition = { without_bridges = "100 K", per_bridging_oxygen = "200 K" } }'
    # P: 3 less 0.33/0.67; B: 4 (3/7) + 2 (0.33/0.67 - 3/7) + 3 of the rest
    ions = 0.33 / 0.67
    ends = [100.0 + 200.0 * (3.0 - ions), 100.0 + 200.0 * (3.0 + 3 / 7 - (ions - 3 / 7))]
    assert least_barriers(line)[::2] == pytest.approx(ends)
    glasses = parse_series(with_barrier("0.1")).glasses
    assert least_barriers("{ from_glass_transition = true }") == pytest.approx(
        [isc.estimated_glass_transition(glass) for glass in glasses]
    )


def test_result_has_transition_factor_and_barrier_and_paths_follow() -> None:
    """All links of a glass are lower or higher by what u0 changes, and so is the bottleneck."""
    given = '{ from_glass_transition = ["484 K", "716 K", "759 K"], factor = 1.5 }'
    data = run_series(parse_series(with_barrier(given)), scheduler="serial").dataset
    plain = run_series(parse_series(with_barrier("0.0")), scheduler="serial").dataset
    barrier = 1.5 * BOLTZMANN_CONSTANT * np.array([484.0, 716.0, 759.0]) / ELECTRON_VOLT
    assert data["barrier"].values == pytest.approx(barrier)
    assert data["glass_transition"].values == pytest.approx([484.0, 716.0, 759.0])
    assert (data["glass_transition"].attrs["barrier_factor"], data["glass_transition"].attrs["origin"]) == (
        1.5,
        "given",
    )
    assert "glass_transition" not in plain
    difference = data["landscape_activation_energy"] - plain["landscape_activation_energy"]
    assert difference.values == pytest.approx(np.repeat(barrier[:, None], 2, axis=1))


def test_spectra_and_series_have_the_same_barrier(tmp_path: Path) -> None:
    text = with_barrier('{ from_glass_transition = "650 K" }').replace("[0.0, 0.5, 1.0]", "0.5")
    table = '[spectrum]\nlattice = 6\nlandscapes = 1\ntemperatures = ["700 K"]\nfrequencies = { from = "1 GHz" }\n'
    (tmp_path / "hops.toml").write_text(text.split("[percolation]")[0] + table, encoding="utf-8")
    given = load_hops_file(tmp_path / "hops.toml")
    found = run_spectra(given, scheduler="serial").dataset
    assert found["barrier"].values == pytest.approx([BOLTZMANN_CONSTANT * 650.0])
    assert found["glass_transition"].values == pytest.approx([650.0])
    (tmp_path / "hops.toml").write_text((text.split("[percolation]")[0] + table).replace(
        '{ from_glass_transition = "650 K" }', f'"{BOLTZMANN_CONSTANT * 650.0 / ELECTRON_VOLT} eV"'
    ), encoding="utf-8")  # fmt: skip
    other = run_spectra(load_hops_file(tmp_path / "hops.toml"), scheduler="serial").dataset
    assert found["conductivity"].values == pytest.approx(other["conductivity"].values, rel=1e-6)


def test_diffusion_of_a_landscape_says_its_barrier() -> None:
    text = with_barrier("{ from_glass_transition = true, factor = 2.0 }").replace("[0.0, 0.5, 1.0]", "0.0")
    table = '[mobility]\nlattice = 8\nlandscapes = 2\ntemperatures = ["700 K"]\nfilling = [0.9]\n'
    found = run_mobility(parse_hops_file(text.split("[percolation]")[0] + table), scheduler="serial").dataset.attrs
    glass = make_glass("0.33 Li2O 0.67 P2O5")
    assert found["glass_transition"] == pytest.approx(isc.estimated_glass_transition(glass))
    assert found["barrier"] == pytest.approx(2.0 * BOLTZMANN_CONSTANT * found["glass_transition"])
    assert found["barrier_factor"] == 2.0


def test_a_barrier_that_is_an_energy_adds_to_fitted_activation_energies() -> None:
    """E_a = V0 r + u0: with u0 more in what was measured and in the file, the fitted energy scale is the same."""
    measured = [(0.0, 0.80 * ELECTRON_VOLT, 0.01 * ELECTRON_VOLT), (1.0, 0.62 * ELECTRON_VOLT, 0.01 * ELECTRON_VOLT)]
    kelvins = {0.0: 484.0, 1.0: 759.0}
    more = [(x, energy + BOLTZMANN_CONSTANT * kelvins[x], error) for x, energy, error in measured]
    without = fit_energy_scale(parse_series(with_barrier("0.0")), measured=measured)
    series = parse_series(with_barrier('{ from_glass_transition = ["484 K", "716 K", "759 K"] }'))
    with_it = fit_energy_scale(series, measured=more)
    assert with_it.energy_scale == pytest.approx(without.energy_scale, rel=1e-6)
    assert with_it.noise == pytest.approx(without.noise, rel=1e-6)
    assert with_it.fitted - without.fitted == pytest.approx([BOLTZMANN_CONSTANT * kelvins[x] for x in (0.0, 1.0)])


@pytest.mark.parametrize(
    ("barrier", "said"),
    [
        ('"700 m"', 'or a glass transition such as "700 K"'),
        ('"-700 K"', "greater than 0 K"),
        ("{ from_glass_transition = false }", "is no glass transition"),
        ("{ from_glass_transition = 700 }", "is no glass transition"),
        ('{ from_glass_transition = ["700 K", "650 K"] }', "2 temperatures for 3 mixing ratios"),
        ('{ from_glass_transition = "gone.csv" }', "from_glass_transition: does not exist"),
        ('{ from_glass_transition = "short.csv" }', "is not known at x = 1"),
        ("{ from_glass_transition = true, factor = 0 }", "factor"),
        ('{ from_glass_transition = true, width = "1 eV" }', "width"),
        ('{ from_glass_transition = { without_bridges = "300 K" } }', "per_bridging_oxygen"),
        ("{ factor = 1.0 }", "from_glass_transition"),
    ],
)
def test_mistakes_are_one_sentence(barrier: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("x,glass transition (K)\n0,480\n0.5,700\n", encoding="utf-8")
    with pytest.raises(isc.InputError) as caught:
        parse_series(with_barrier(barrier), folder=tmp_path)
    assert said in str(caught.value)
    assert "hopping.barrier" in str(caught.value)


@pytest.mark.parametrize(
    "barrier",
    [
        '"700 K"',
        "{ from_glass_transition = true, factor = 0.5 }",
        '{ from_glass_transition = ["484 K", "716 K", "759 K"] }',
        '{ from_glass_transition = { without_bridges = "100 K", per_bridging_oxygen = "200 K" } }',
        '{ distribution = "uniform", mean = "0.1 eV", width = "0.02 eV" }',
        '"0.064 eV"',
    ],
)
def test_a_file_is_written_as_it_was_read(barrier: str) -> None:
    series = parse_series(with_barrier(barrier))
    again = parse_series(series.settings.to_toml())
    assert again.settings == series.settings
    assert again.models == series.models


@pytest.mark.parametrize(
    ("barrier", "said"),
    [
        ("0.1", "0.1 V0"),
        ('"0.064 eV"', "0.064 eV"),
        ('"700 K"', "0.060 eV, 1 k_B T_g with T_g = 700 K (given)"),
        (
            '{ from_glass_transition = ["484 K", "716 K", "759 K"], factor = 2 }',
            "0.083 to 0.131 eV, 2 k_B T_g with T_g = 484 to 759 K (given)",
        ),
        (
            '{ distribution = "uniform", mean = "0.1 eV", width = "0.02 eV" }',
            "0.100 eV in the mean, uniform over the links, width 0.020 eV",
        ),
    ],
)
def test_a_description_says_what_the_barrier_is(barrier: str, said: str) -> None:
    assert f"  least barrier: {said}" in list(describe_series(parse_series(with_barrier(barrier))))


def test_a_value_of_a_barrier_is_replaced_by_its_path() -> None:
    series = parse_series(with_barrier('{ from_glass_transition = "700 K" }'))
    changed = series.settings.replace({"hopping.barrier.factor": 2.0})
    assert parse_series(changed.to_toml()).models[0].least_barrier == pytest.approx(
        isc.barrier_of_glass_transition(700.0, factor=2.0)
    )


def test_silica_needs_a_line_of_its_own() -> None:
    text = """
[glass]
formula = "0.25 Na2O 0.75 SiO2"
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[hopping]
barrier = { from_glass_transition = LINE }
[percolation]
lattice = 10
landscapes = 1
"""
    with pytest.raises(isc.InputError, match="has silica"):
        parse_series(text.replace("LINE", "true"))
    line = '{ without_bridges = "100 K", per_bridging_oxygen = "200 K" }'
    assert parse_series(text.replace("LINE", line)).models[0].least_barrier > 0.0
