"""The gallery: its scripts run at coarse sizes; their tables, and those kept from the published sizes, hold."""

from __future__ import annotations

import io
import re
import runpy
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
GALLERY = REPOSITORY / "examples" / "gallery"
PAGES = REPOSITORY / "docs" / "gallery"
SCRIPTS = sorted(path.stem for path in GALLERY.glob("*.py") if path.stem not in {"__main__", "comparison"})
WITHOUT_FIGURE = {"foreign_diffusion"}
WITHOUT_TABLE = {"critical_path", "current_map", "double_cait_populations", "populations_sites"}

Table = dict[str, dict[str, str]]  # quantity -> column -> cell
Run = Callable[[str], tuple[Table, bytes]]


def read_table(text: str) -> Table:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return {line[0]: dict(zip(lines[0], line, strict=True)) for line in lines[2:]}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a script once, at coarse sizes: its table and its figure."""
    made: dict[str, tuple[Table, bytes]] = {}
    folder = tmp_path_factory.mktemp("gallery")

    def run_script(name: str) -> tuple[Table, bytes]:
        if name not in made:
            printed = io.StringIO()
            with pytest.MonkeyPatch.context() as patch, chdir(folder), redirect_stdout(printed):
                patch.setenv("IONSCAPE_GALLERY", "coarse")
                patch.syspath_prepend(str(GALLERY))
                try:
                    runpy.run_path(str(GALLERY / f"{name}.py"), run_name="__main__")
                finally:
                    sys.modules.pop("comparison", None)
            figure = folder / f"{name}.png"
            made[name] = read_table(printed.getvalue()), figure.read_bytes() if figure.exists() else b""
        return made[name]

    return run_script


def difference(table: Table, quantity: str, *, stated: str = "paper") -> float:
    """Relative where the table states percent."""
    row = table[quantity]
    if row["difference"].endswith("%"):
        return float(row["here"]) / float(row[stated]) - 1.0
    return float(row["here"]) - float(row[stated])


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_draws_and_prints(name: str, run: Run) -> None:
    table, figure = run(name)
    assert (len(figure) > 10_000) == (name not in WITHOUT_FIGURE)
    assert bool(table) == (name not in WITHOUT_TABLE)


def test_every_script_stands_on_one_page_and_every_kept_table_is_of_a_script() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    assert sorted(re.findall(r"^<!-- gallery: ([\w-]+) -->$", pages, re.MULTILINE)) == SCRIPTS
    assert {path.stem for path in (PAGES / "published-sizes").glob("*.md")} <= set(SCRIPTS)


def test_single_cait_agrees_with_what_the_paper_states(run: Run) -> None:
    table, _ = run("foreign_diffusion")
    for ion in ("K", "Cs"):  # the row of Rb is misprinted
        # Gunawan 2024: within 10 % of the best match of the simulations; its own evaluation is rounded to three digits
        assert abs(difference(table, f"D of {ion}, S79 beside the best match / (m²/s)")) < 0.10
        assert abs(difference(table, f"D of {ion}, S79 / (m²/s)")) < 0.02
    table, _ = run("single_cait_diffusion")
    for ion in ("Rb", "Cs"):
        # Γ1 = 0.16 eV is rounded; 0.005 eV more or less change D at half the density by 13 %
        assert abs(difference(table, f"D of Li at the front, {ion}-CAIT / (m²/s)")) < 0.13
    assert float(table["largest ratio of D(n) from n = 0.2 to 0.7, Γ1 = 0.135 and 0.18 eV, K-CAIT"]["here"]) > 10.0
    assert float(table["decades from bulk to the fall-off, Rb-CAIT"]["here"]) > 4.0
    table, _ = run("single_cait_site_energies")
    assert abs(difference(table, "full width at half maximum of the mobile branch / meV")) < 8.0  # π/2 · 0.005 eV
    table, _ = run("single_cait_profiles")
    for ion in ("K", "Rb", "Cs"):
        # Gunawan 2026: plateaus differ by a few percent of bulk from sample to sample
        assert abs(difference(table, f"{ion}: Li in the zone, Γ2 = 0.05 eV")) < 0.05
        if ion != "Rb":
            assert abs(difference(table, f"{ion}: gradient of Li at the front / m⁻⁴")) < 0.10


def test_double_cait_agrees_with_what_the_paper_states(run: Run) -> None:
    table, _ = run("double_cait_first_stage")
    assert abs(difference(table, "D_0 of Li / (m²/s)")) < 0.03  # 0.65 eV and 5.8e-19 m²/s at 323 K: 7.96e-9
    # the paper's zone and charge are known not to be met: 51.1 nm and 2.819 mC are confirmed by another calculation
    assert difference(table, "front (Li = 1/2) / nm") == pytest.approx(51.1 / 40 - 1, abs=0.01)
    assert difference(table, "charge / mC") == pytest.approx(2.819 / 2.52 - 1, abs=0.01)
    table, _ = run("double_cait_profiles")
    for ion in ("Li", "Rb", "Cs"):
        assert abs(difference(table, f"mean {ion} in the zone")) < 0.03
    assert abs(difference(table, "front of Li / nm")) < 0.02
    ahead = [float(table[f"Rb ahead of Cs / nm, D of Cs = {value}"]["here"]) for value in ("2.4e-23", "3.8e-23")]
    assert ahead[0] > 5.0 > -5.0 > ahead[1]


def test_exchanged_glasses_have_the_coefficients_that_are_stated(run: Run) -> None:
    table, _ = run("exchange_waveguides")
    for quantity, bound in (
        ("D of Ag, melt without field / (µm²/min)", 0.01),
        # ½ exp(4 x r) erfc(x + r) is added by the surface: 1/(4 √π r) = 3 % of the profile where x = r = 4
        ("D of Ag, from the width of the front in the field / (µm²/min)", 0.07),
        ("mobility of Ag / (µm²/(V min))", 0.02),
        *((f"D of K and Na in Pyrex, {celsius} °C / (cm²/s)", 0.005) for celsius in (350, 400, 450)),
    ):
        assert abs(difference(table, quantity, stated="stated")) < bound, quantity
    table, _ = run("exchange_protons")
    for quantity, row in table.items():
        if row["difference"]:
            assert abs(difference(table, quantity, stated="stated")) < 0.005, quantity


def test_a_calibrated_synthetic_measurement_comes_out_as_it_went_in(run: Run) -> None:
    table, _ = run("measurement")
    for method in ("proportional", "equal", "charge-balance"):
        assert abs(difference(table, f"Li from 6 to 14 nm, {method}", stated="truth")) < 0.01
        assert abs(difference(table, f"front / nm, {method}", stated="truth")) < 0.015


def test_small_lattices_agree_with_an_independent_calculation(run: Run) -> None:
    table, _ = run("lattice_size")
    assert len(table) >= 2
    for quantity in table:
        (error,) = re.findall(r"± ([\d.]+)", quantity)
        assert abs(difference(table, quantity, stated="stated")) < 3 * float(error)


def kept(name: str) -> Table:
    return read_table((PAGES / "published-sizes" / f"{name}.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["activation_energies", "arrhenius", "conductivities"])
def test_kept_tables_have_the_rows_that_the_scripts_print(name: str, run: Run) -> None:
    assert list(kept(name)) == list(run(name)[0])


def test_kept_activation_energies_agree_with_an_independent_calculation() -> None:
    table = kept("activation_energies")
    compared = [quantity for quantity, row in table.items() if row["source"] == "independent calculation"]
    assert len(compared) == 5
    for quantity in compared:
        assert abs(difference(table, quantity, stated="stated")) < 0.014  # the scatter of its single landscapes


def test_kept_conductivities_agree_with_independent_calculations() -> None:
    for quantity in (table := kept("lattice_size")):
        (error,) = re.findall(r"± ([\d.]+)", quantity)
        assert abs(difference(table, quantity, stated="stated")) < max(0.1, 3 * float(error))
    table = kept("conductivities")
    assert abs(difference(table, "Li 0.33: log10 σ(20 °C) / (S/cm) at x = 0.5", stated="stated")) < 0.15
    table = kept("arrhenius")
    slopes = [quantity for quantity in table if "slope" in quantity]
    for quantity in slopes:
        assert abs(difference(table, quantity, stated="stated")) < 0.03
