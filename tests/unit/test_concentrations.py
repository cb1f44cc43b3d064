"""Tables of concentrations: what their columns say, densities by the native glass, and what is refused."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st

import ionscape as isc
from ionscape.errors import InputError
from ionscape.figures.measurement import calibrated_profile, density_panel
from ionscape.glass.composition import ATOMIC_WEIGHTS
from ionscape.glass.formula import formula_atoms
from ionscape.profiling.concentration_table import read_concentrations, read_unit
from ionscape.profiling.intervals import interval_matrix
from ionscape.profiling.resolution import GaussianResponse, MixingRoughnessInformationResponse

# 0.25 Na2O 0.75 SiO2 of 2.43 g/cm^3: 0.5 Na, 0.75 Si and 1.75 O in a formula unit
MASS = 0.5 * ATOMIC_WEIGHTS["Na"] + 0.75 * ATOMIC_WEIGHTS["Si"] + 1.75 * ATOMIC_WEIGHTS["O"]
UNITS = 2430.0 / (1e-3 * MASS) * 6.02214076e23
WEIGHTS_DIFFER = 3e-5
"""Standard atomic weights are rounded where natural materials differ; the isotopes give Si 28.0855, not 28.085."""
GLASS = 'glass = "0.25 Na2O 0.75 SiO2"\nmass_density = "2.43 g/cm^3"\n'


def profile_of(
    folder: Path, table: str, settings: str = "relative_error = 0.02\n", *, glass: str = GLASS, top: str = ""
):
    (folder / "table.csv").write_text(table, encoding="utf-8")
    text = f'[measurement]\nfile = "table.csv"\n{top}[measurement.concentrations]\n{glass}{settings}'
    (folder / "table.toml").write_text(text, encoding="utf-8")
    return isc.calibrate(folder / "table.toml")


def shares(kind: str, sodium: float, potassium: float) -> dict[str, float]:
    """What an analysis of a glass with so many Na and K in a formula unit gives in per cent, from its atoms."""
    silicon, oxygen = 0.75, 1.75
    if kind == "at.%":
        all_atoms = sodium + potassium + silicon + oxygen
        return {"Na": sodium / all_atoms, "K": potassium / all_atoms, "Si": silicon / all_atoms}
    if kind == "mol%":
        oxides = 0.5 * sodium + 0.5 * potassium + silicon
        return {"Na2O": 0.5 * sodium / oxides, "K2O": 0.5 * potassium / oxides, "SiO2": silicon / oxides}
    weights = ATOMIC_WEIGHTS
    mass = sodium * weights["Na"] + potassium * weights["K"] + silicon * weights["Si"] + oxygen * weights["O"]
    if kind == "wt.% of elements":
        return {"Na": sodium * weights["Na"] / mass, "K": potassium * weights["K"] / mass,
                "Si": silicon * weights["Si"] / mass}  # fmt: skip
    return {"Na2O": sodium * (weights["Na"] + 0.5 * weights["O"]) / mass,
            "K2O": potassium * (weights["K"] + 0.5 * weights["O"]) / mass,
            "SiO2": silicon * (weights["Si"] + 2.0 * weights["O"]) / mass}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "network"),
    [
        *itertools.product(["at.%", "mol%", "wt.%", "wt.% of elements"], ["columns", "difference"]),
        *itertools.product(["at.%", "mol%"], ["number"]),  # of wt.% it is refused, see below
    ],
)
def test_shares_become_the_ions_of_an_exchanged_glass(kind: str, network: str, tmp_path: Path) -> None:
    there = [shares(kind, 0.2, 0.3), shares(kind, 0.4, 0.1), shares(kind, 0.5, 1e-6)]
    sodium, potassium, silicon = there[0]
    names = {"columns": [sodium, potassium, silicon], "difference": [sodium, potassium], "number": [potassium]}[network]
    unit = kind.split()[0]
    lines = ["depth (µm), " + ", ".join(f"{name} ({unit})" for name in names)]
    lines += [f"{k + 1}, " + ", ".join(f"{100.0 * each[name]:.9g}" for name in names) for k, each in enumerate(there)]
    profile = profile_of(tmp_path, "\n".join(lines))
    assert profile.summary()["concentrations"] == {"unit": unit, "network": network}
    density = profile.dataset["density"]
    assert density.sel(ion="K").values == pytest.approx(UNITS * np.array([0.3, 0.1, 1e-6]), rel=WEIGHTS_DIFFER)
    if network != "number":
        assert density.sel(ion="Na").values == pytest.approx(UNITS * np.array([0.2, 0.4, 0.5]), rel=WEIGHTS_DIFFER)
    assert profile.dataset["depth"].values == pytest.approx([1e-6, 2e-6, 3e-6])


def test_two_ions_that_are_replaced_by_one_of_charge_two_keep_the_network(tmp_path: Path) -> None:
    atoms = {"Na": 0.3, "Ca": 0.1, "Si": 0.75, "O": 1.75}
    percent = {name: 100.0 * number / sum(atoms.values()) for name, number in atoms.items()}
    table = f"depth (nm), Na (at.%), Ca (at.%)\n50, {percent['Na']:.9g}, {percent['Ca']:.9g}\n"
    profile = profile_of(tmp_path, table, top="charges = { Ca = 2 }\n")
    assert profile.dataset["density"].values[0] == pytest.approx([0.3 * UNITS, 0.1 * UNITS], rel=WEIGHTS_DIFFER)
    assert profile.dataset["balance"].values[0] == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("names", [("Na2O", "K2O", "SiO2"), ("Na2O", "K2O")])
def test_errors_of_all_columns_reach_the_densities(names: tuple[str, ...], tmp_path: Path) -> None:
    values = {name: 100.0 * share for name, share in shares("wt.%", 0.2, 0.3).items()}
    error = {"Na2O": 0.3, "K2O": 0.2, "SiO2": 0.5}

    def density(changed: dict[str, float]) -> xarray.Dataset:
        heads = ", ".join(f"{name} (wt.%), {name} error (wt.%)" for name in names)
        row = ", ".join(f"{changed[name]:.12g}, {error[name]}" for name in names)
        return profile_of(tmp_path, f"depth (nm), {heads}\n100, {row}\n", settings="").dataset

    found = density(values)
    step = 1e-4
    slopes = [(density({**values, name: values[name] + step})["density"].values[0] - found["density"].values[0]) / step
              for name in names]  # fmt: skip
    expected = sum((slope * error[name]) ** 2 for slope, name in zip(slopes, names, strict=True))
    assert found["intensity_variance"].values[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "kind", "size"),
    [("1/cm^3", "number density", 1e6), ("atoms/cm3", "number density", 1e6), ("at/cm^3", "number density", 1e6),
     ("cm-3", "number density", 1e6), ("nm⁻³", "number density", 1e27), ("1/m^3", "number density", 1.0),
     ("at.%", "at.%", 1.0), ("at %", "at.%", 1.0), ("mol %", "mol%", 1.0), ("wt%", "wt.%", 1.0),
     ("mass %", "wt.%", 1.0)],
)  # fmt: skip
def test_units_are_understood_as_laboratories_write_them(text: str, kind: str, size: float) -> None:
    assert (read_unit(text).kind, read_unit(text).size) == (kind, pytest.approx(size))


def test_elements_may_have_depths_of_their_own_and_cells_may_be_empty(tmp_path: Path) -> None:
    table = "depth K (um); K [atoms/cm3]; depth Ag (um); Ag [atoms/cm3]; Ag error\n"
    table += "1; 1e21; 1,5; 2e21; 1e19\n2; 9e20; 2; 1e21; 1e19\n3; ; 4; 5e20; 1e19\n"
    profile = profile_of(tmp_path, table, glass="", top='native = { Na = "1e28 1/m^3" }\n')
    data = profile.dataset
    assert data["depth"].values == pytest.approx([1e-6, 1.5e-6, 2e-6, 4e-6])
    assert data["density"].sel(ion="K").values == pytest.approx([1e27, math.nan, 9e26, math.nan], nan_ok=True)
    assert data["density"].sel(ion="Ag").values == pytest.approx([math.nan, 2e27, 1e27, 5e26], nan_ok=True)
    assert data["intensity_variance"].sel(ion="Ag").values[1:] == pytest.approx(1e50)
    assert "no column" in profile.warnings[0]
    profile.to_netcdf(tmp_path / "stored.nc")
    assert isc.load_profile(tmp_path / "stored.nc").summary()["incorporated"] == profile.summary()["incorporated"]


def test_one_ion_alone_is_drawn_in_units_of_the_native_ones(tmp_path: Path) -> None:
    top = 'native = { Na = "1e28 1/m^3" }\n'
    profile = profile_of(tmp_path, "depth (nm), K (1/nm^3)\n10, 8\n20, 5\n", glass="", top=top)
    curve = next(curve for curve in density_panel(profile).curves if curve.name == "K")
    assert curve.y == pytest.approx([0.8, 0.5])
    assert calibrated_profile.plot(profile).panels


def test_layers_that_were_etched_off_are_intervals(tmp_path: Path) -> None:
    table, _ = read_concentrations(_written(tmp_path, "thickness (nm), Na (1/nm^3)\n100, 4\n50, 8\n150, 10\n"))
    assert table.edges is not None
    assert table.edges[0] == pytest.approx([0.0, 1e-7, 1.5e-7])
    assert table.edges[1] == pytest.approx([1e-7, 1.5e-7, 3e-7])
    ends = "depth from (nm), depth to (nm), Na (1/nm^3)\n0, 100, 4\n100, 150, 8\n150, 300, 10\n"
    other, _ = read_concentrations(_written(tmp_path, ends))
    assert other.edges == pytest.approx(table.edges)
    profile = profile_of(tmp_path, ends, glass="", top='native = { Na = "1e28 1/m^3" }\n')
    assert profile.dataset["incorporated"].values == pytest.approx([-(6e27 * 100e-9 + 2e27 * 50e-9)])


def _written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


ROWS = "10, 5, 1\n20, 6, 1\n"


@pytest.mark.parametrize(
    ("table", "settings", "glass", "message"),
    [
        ("depth (nm), Na\n10, 5\n", "relative_error = 0.02", GLASS, "column Na: has no unit"),
        ("depth, Na (at.%)\n10, 5\n", "relative_error = 0.02", GLASS, "column 1.*has no unit of length"),
        ("depth (nm), Na (at.%)\n10, 5\n", "", GLASS, "has no errors.*relative_error"),
        ("depth (nm), Na (wt.%)\n10, 5\n", "relative_error = 0.02", "", "concentrations.glass: is missing"),
        ("depth (nm), K (wt.%)\n10, 5\n", "relative_error = 0.02", GLASS, "has no column of Na"),
        (f"depth (nm), Na (at.%), Na error\n{ROWS.replace(', 1', ', -1')}", "", GLASS, "line 2.*not greater than 0"),
        (f"depth (nm), Na (at.%), K error\n{ROWS}", "", GLASS, "is the error of no column"),
        (f"depth (nm), Na (at.%), Na sigma (wt.%)\n{ROWS}", "", GLASS, "another unit than its values"),
        ("depth (nm), Na (at.%)\n20, 5\n10, 6\n", "relative_error = 0.02", GLASS, "line 3.*not greater than the one"),
        ("depth (nm), Na (at.%), Si (at.%)\n10, 50, 60\n", "relative_error = 0.02", GLASS, "sums up to 110 %"),
        ("depth (nm), Na2O (mol%), K (mol%)\n10, 5, 5\n", "relative_error = 0.02", GLASS, "K: is no oxide"),
        ("depth (nm), K2O (at.%)\n10, 5\n", "relative_error = 0.02", GLASS, "K2O: is no element"),
        ("depth (nm), Na (at.%), K (wt.%)\n10, 5, 5\n", "relative_error = 0.02", GLASS, "K: has other units"),
        ("depth (nm), Xx (at.%)\n10, 5\n", "relative_error = 0.02", GLASS, "is no element and no oxide"),
        ("depth (nm), Na (at.%)\n10, <0.1\n", "relative_error = 0.02", GLASS, "line 2.*is not a number"),
        ("depth (nm), Na (at.%)\n10, 0\n", "relative_error = 0.02", GLASS, "is 0 at a depth.*absolute_error"),
        ("depth (nm), Na (at.%)\n10, -5\n", "absolute_error = 0.1", GLASS, "negative by more than three"),
        ("from (nm), Na (at.%)\n10, 5\n", "relative_error = 0.02", GLASS, "one end of the intervals"),
        ("thickness (nm), Na (at.%)\n-10, 5\n", "relative_error = 0.02", GLASS, "layer without thickness"),
        ("depth (nm), Na (at.%)\n10, 5\n", "relative_error = 0.02", GLASS.replace("0.75", "0.7"), "sum to 0.95"),
        ("depth (nm), Na (at.%)\n10, 5\n", "unit = 3", GLASS, "concentrations.unit"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence(
    table: str, settings: str, glass: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        profile_of(tmp_path, table, settings, glass=glass)
    assert "\n" not in str(caught.value)
    assert re.match(r".*table\.(csv|toml)", str(caught.value))


def test_keys_of_counts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"measurement\.pulses_per_point: belongs to counts"):
        profile_of(tmp_path, "depth (nm), Na (at.%)\n10, 5\n", top="pulses_per_point = 100\n")


def test_a_glass_that_is_not_that_of_the_sample_is_told(tmp_path: Path) -> None:
    top = 'native = { Na = "9e27 1/m^3" }\nbulk_region = ["5 nm", "25 nm"]\n'
    profile = profile_of(tmp_path, "depth (nm), Na (at.%)\n10, 16.7\n20, 16.6\n", top=top)
    assert [remark.code for remark in profile.remarks] == ["other_glass", "other_bulk"]


def test_atoms_of_any_oxides_are_counted() -> None:
    assert formula_atoms("14 Na2O 10 Al2O3 76 SiO2") == pytest.approx({"Na": 0.28, "O": 1.96, "Al": 0.2, "Si": 0.76})
    assert formula_atoms("CaO·Al2O3·2SiO2") == pytest.approx({"Ca": 1, "O": 8, "Al": 2, "Si": 2})


@given(
    width=st.floats(0.5, 30.0),
    ends=st.lists(st.floats(0.0, 90.0), min_size=2, max_size=5, unique_by=lambda value: round(value, 1)),
    mixed=st.booleans(),
)
def test_means_over_intervals_are_means_of_points(width: float, ends: list[float], mixed: bool) -> None:
    edges = np.array([0.0, 3.0, 10.0, 11.0, 40.0, 80.0, 130.0])
    intervals = np.array([sorted(ends)[:-1], sorted(ends)[1:]])
    if mixed:
        response = MixingRoughnessInformationResponse(mixing_length=width, roughness=width, information_depth=1.0)
    else:
        response = GaussianResponse(sigma=width)
    matrix = interval_matrix(response, edges, intervals)
    parts = (np.arange(150) + 0.5) / 150
    exact = np.mean([response.matrix(edges, intervals[0] + part * np.diff(intervals, axis=0)[0]) for part in parts], 0)
    assert matrix.sum(axis=1) == pytest.approx(1.0)
    # a row is divided by its sum once, not at each point, which matters at the surface alone
    away = intervals[0] > 4.0 * width
    assert matrix[away] == pytest.approx(exact[away], abs=3e-3)


def test_without_a_response_an_interval_is_shared_out_among_its_cells() -> None:
    matrix = interval_matrix(
        GaussianResponse(sigma=0.0), [0.0, 10.0, 20.0, 30.0], [[5.0, 20.0, 25.0], [20.0, 25.0, 45.0]]
    )
    assert matrix == pytest.approx(np.array([[1 / 3, 2 / 3, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]))
