"""`ionscape glass` as a user calls it."""

from __future__ import annotations

import json
import subprocess

import pytest

from commands import call_here

FORMULA = "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)"


def call(command, folder, *words):
    return subprocess.run(
        [command, "glass", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_command(command, tmp_path):
    done = call(command, tmp_path, FORMULA, "--summary", "glass.json")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"glass.png", "glass.json"}
    assert "written: glass.json, glass.png" in done.stdout
    assert "B⁽⁴⁾" in done.stdout
    assert "Fermi energy" in done.stdout
    found = json.loads((tmp_path / "glass.json").read_text(encoding="utf-8"))
    assert (found["x"], found["y"]) == (0.4, 0.33)
    assert found["title"].startswith("0.33 Li2O")
    assert found["units"]["B4"] == 0.4
    assert sum(found["units"].values()) == pytest.approx(1.0)
    assert found["ion_density"] == pytest.approx(3.9e27, rel=0.02)
    # 0.703 eV at 100^3 sites; one landscape of 60^3 scatters more.
    assert found["landscape"]["activation_energy"] == pytest.approx(0.703, rel=0.03)
    (remark,) = found["warnings"]
    assert "lattice spacing of 5 Å" in remark


def test_own_parameters_and_no_figure(tmp_path):
    table = tmp_path / "units.csv"
    table.write_text("x,B4,B3,B2\n1,42,50,8\n")
    done = call_here(
        "glass", "K2O·2B2O3", "--energy-scale", "0.7 eV", "--noise", "0.3", "--lattice", "20", "--no-figure",
        "--measured-units", str(table), "--mass-density", "2.2 g/cm^3", "--summary", "k.json", "--quiet",
        folder=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = json.loads((tmp_path / "k.json").read_text(encoding="utf-8"))
    assert found["units"]["B2"] == pytest.approx(0.08)
    assert found["landscape"]["energy_scale"] == pytest.approx(0.7)
    assert found["ion_density_basis"] == "mass density"
    assert not (tmp_path / "glass.png").exists()


def test_without_published_parameters_there_are_units_only(tmp_path):
    done = call_here("glass", "0.33 Cs2O 0.67 B2O3", "--figure", "cs.svg", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a landscape needs --energy-scale and --noise" in done.stdout
    assert "10.9 percentage points" in done.stdout
    assert (tmp_path / "cs.svg").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5"], "is not closed"),
        (["0.2 Li2O 0.1 Na2O 0.1 K2O 0.6 B2O3"], "3 alkali oxides"),
        (["0.6 Li2O 0.4 B2O3"], "charges at most"),
        (["1.0 Li2O 0.0 B2O3"], "no network former"),
        ([FORMULA, "--energy-scale", "0.6"], "--energy-scale"),
        ([FORMULA, "--noise=-1"], "--noise"),
        ([FORMULA, "--vacant-site-fraction", "0.9"], "no room"),
        ([FORMULA, "--lattice", "1"], "--lattice"),
        ([FORMULA, "--jump-distance", "0 nm"], "--jump-distance"),
        ([FORMULA, "--tetrahedral-borate-limit", "2"], "--tetrahedral-borate-limit"),
        ([FORMULA, "--measured-units", "none.csv"], "none.csv"),
        ([FORMULA, "--noise", "1e300"], "--noise = 1e+300: must be from 0 to 10"),
        ([FORMULA, "--mass-density", "2.3 g/cm^3", "--jump-distance", "4 angstrom"], "--jump-distance"),
        ([FORMULA, "--figure", "a.bmp"], "unknown extension"),
        ([FORMULA, "--figure", "a.png", "--no-figure"], "contradicts"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, words, sentence):
    done = call_here("glass", *words, folder=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("formula", ["LiPO3", "0.55 Li2O 0.45 P2O5"])
def test_glasses_without_room_for_a_landscape_have_units_all_the_same(tmp_path, formula):
    done = call_here("glass", formula, "--summary", "glass.json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    # 0.5 Li2O: one ion per cation, and 0.95 of the sites filled
    assert "warning: There is no landscape, since y leaves no room" in done.stdout
    assert "times the ion sites there are; y is at most 0.4872 with 0.05 of the sites vacant" in done.stdout
    assert "tetrahedral" not in done.stdout
    found = json.loads((tmp_path / "glass.json").read_text(encoding="utf-8"))
    assert found["landscape"] is None
    assert found["units"]["P2"] == pytest.approx(1.0 if formula == "LiPO3" else 7.0 / 9.0)
    assert (tmp_path / "glass.png").exists()


def test_units_that_were_not_measured_name_file_and_option(tmp_path):
    (tmp_path / "units.csv").write_text("x,B4,B3,B2\n1,42,50,8\n")
    done = call_here("glass", FORMULA, "--measured-units", "units.csv", folder=tmp_path)
    assert done.returncode == 2
    assert '--measured-units = "units.csv": has no measured units at x = 0.4; they are known from 1 to 1' in done.stderr


def test_a_content_between_published_ones_is_named(tmp_path):
    """Bosi 2021, sections V.A and V.B: 0.76 eV and 0.30 for 0.35 Na2O, 0.93 eV and 0.25 for 0.40 Na2O."""
    quick = ("--no-figure", "--lattice", "12", "--summary", "na.json")
    for content, rest, taken, scale in (("0.37", "0.63", 0.35, 0.76), ("0.38", "0.62", 0.40, 0.93)):
        done = call_here("glass", f"{content} Na2O {rest} B2O3", *quick, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"V0 = {scale} eV" in done.stdout
        assert f"(published for {taken:.2f} Na2O)" in done.stdout
        found = json.loads((tmp_path / "na.json").read_text(encoding="utf-8"))
        assert found["landscape"]["published_for_y"] == taken
        (warning,) = (text for text in found["warnings"] if "published for" in text)
        assert f"not for y = {content}" in warning
        assert "y = 0.375" in warning
        assert all(each in warning for each in ("0.35 Na2O", "0.40 Na2O", "0.76 eV", "0.93 eV"))
    own = call_here(
        "glass", "0.38 Na2O 0.62 B2O3", "--noise", "0.3", "--energy-scale", "0.9 eV", *quick, folder=tmp_path
    )
    assert "published" not in own.stdout
    half = call_here("glass", "0.40 Na2O 0.60 B2O3", "--noise", "0.3", *quick, folder=tmp_path)
    assert "(V0 published for 0.40 Na2O)" in half.stdout
