"""The command line without a solver: `simulate` and `load_result` are replaced by ones that know a hand-made result."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray
from rich.console import Console

import ionscape as isc
import ionscape.transport
from fit_results import ERROR, ESTIMATE, hand_made
from ionscape import figures
from ionscape.cli import main
from ionscape.cli.table import print_summary
from ionscape.datasets import write_dataset
from ionscape.errors import ConvergenceError, InputError, SimulationInterrupted
from ionscape.files.writing import atomic_output
from ionscape.inference import FURTHER
from synthetic_result import EXPERIMENT, HOUR, SyntheticResult, synthetic_result

Run = Callable[..., int]


@pytest.fixture
def run() -> Run:
    """Run the command line in this process and return its exit status."""

    def call(*arguments: object) -> int:
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        code = leaving.value.code
        return code if isinstance(code, int) else 0 if code is None else 1

    return call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with an experiment file."""
    (tmp_path / "double.toml").write_text(EXPERIMENT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read_sheet(path: Path) -> list[list[str]]:
    """The cells of the only sheet of an XLSX file, numbers with ten digits as in CSV."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as archive:
        sheet, shared = (
            ElementTree.fromstring(archive.read(f"xl/{part}.xml")) for part in ("worksheets/sheet1", "sharedStrings")
        )
        assert archive.testzip() is None
    texts = ["".join(entry.itertext()) for entry in shared.iter(f"{space}si")]
    rows: list[list[str]] = []
    for row in sheet.iter(f"{space}row"):
        cells: dict[int, str] = {}
        for cell in row:
            letters, value = str(cell.get("r")).rstrip("0123456789"), "".join(cell.itertext())
            place = reduce(lambda before, letter: 26 * before + ord(letter) - 64, letters, 0)
            cells[place] = texts[int(value)] if cell.get("t") == "s" else f"{float(value):.10g}"
        rows.append([cells.get(place, "") for place in range(1, max(cells) + 1)])
    return rows


class Solver:
    """Stands for the solver: notes how it was called and returns or raises what it is told."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.outcome: SyntheticResult | BaseException = synthetic_result()

    def simulate(self, _: Any, *, settings: Any = None, progress: Any = None) -> Any:
        self.calls.append(settings)
        if progress is not None:
            end = 300 * HOUR
            progress(
                ionscape.transport.Progress(
                    stage=0, stages=2, time=end / 3, stage_end=100 * HOUR, fraction=1 / 3, steps=7
                )
            )
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.fixture
def solver(monkeypatch: pytest.MonkeyPatch) -> Solver:
    replacement = Solver()
    monkeypatch.setattr(ionscape.transport, "simulate", replacement.simulate, raising=False)
    return replacement


@pytest.fixture
def stored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stored result, and a `load_result` that reads it."""
    path = folder / "double.nc"
    result = synthetic_result()
    result.to_netcdf(path)
    monkeypatch.setattr(ionscape.transport, "load_result", lambda _: result, raising=False)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"double.toml"}


class TestInformation:
    def test_version(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        from ionscape.provenance import package_version

        assert run("--version") == 0
        assert capsys.readouterr().out == f"ionscape {package_version()}\n"

    def test_help_names_every_command_and_loads_nothing_heavy(self) -> None:
        program = (
            "import sys\nfrom ionscape.cli import main\n"
            "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
            "heavy = {'numba', 'matplotlib', 'xarray', 'pint', 'scipy', 'pydantic', 'numpy'} & set(sys.modules)\n"
            "sys.exit(', '.join(heavy) or 0)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for command in ("simulate", "check", "figure", "summary", "export", "schema", "cite"):
            assert command in done.stdout

    def test_schema_is_json(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("schema") == 0
        assert "sample" in json.loads(capsys.readouterr().out)["properties"]
        # every table of the reference has one
        for part, key in (("measurement", "crater_scans"), ("fit", "current_curve"), ("series", "percolation")):
            assert run("schema", part) == 0
            assert key in json.loads(capsys.readouterr().out)["properties"]

    def test_cite_gives_the_identifiers(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("cite") == 0
        printed = capsys.readouterr().out
        for identifier in ("10.1039/d4cp00262h", "10.1039/D6CP00772D", "10.48550/arXiv.2111.05666"):
            assert identifier in printed

    def test_check_describes(self, run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("check", folder / "double.toml") == 0
        printed = capsys.readouterr().out
        for part in ("2.325 mm", "irradiation with Rb, source at 15 V", "200 h", "323.15 K", "Li, Rb"):
            assert part in printed
        # σ = e² n D / k T and I = σ A U / L of 1.4e28 Li/m³ with 5.8e-19 m²/s at 50 °C
        for part in ("D 5.8e-19 m^2/s at 323.15 K", "D 2.67e-22 m^2/s", "conductivity 4.67", "current 8.51"):
            assert part in printed
        assert "Debye length 27.7 pm" in printed  # as the reference states for this glass, 0.028 nm

    @pytest.mark.parametrize(("anions", "charge", "warned"), [("2e25", "+1e+25 e/m^3", True), ("1e25", "none", False)])
    def test_check_says_what_charge_the_network_carries(
        self, run: Run, folder: Path, capsys: pytest.CaptureFixture[str], anions: str, charge: str, warned: bool
    ) -> None:
        model = 'model = "constant", coefficient = "1e-15 m^2/s", reference_temperature = "500 K"'
        text = f"""
            ions.Na.diffusion = {{ {model}, activation_energy = "0 J" }}
            ions.F = {{ charge = -1, diffusion = {{ {model}, activation_energy = "0 J" }} }}
            [[stages]]
            kind = "contact"
            blocking = true
            potential = "1 V"
            temperature = "500 K"
            duration = "1 h"
            [sample]
            thickness = "1 um"
            illuminated_area = "1 cm^2"
            relative_permittivity = 8
            native = {{ Na = "1e25 1/m^3", F = "{anions} 1/m^3" }}
        """
        (folder / "salt.toml").write_text(text, encoding="utf-8")
        assert run("check", folder / "salt.toml") == 0
        printed = capsys.readouterr().out
        assert f"fixed charge of the network: {charge}" in printed
        assert ("warning: The native ions are not neutral although F can move" in printed) == warned
        assert run("check", folder / "double.toml") == 0
        assert "fixed charge of the network: -1.4e+28 e/m^3" in capsys.readouterr().out

    def test_a_sweep_is_named_where_a_result_is_expected(
        self, run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        xarray.Dataset(attrs={"format": "ionscape sweep 1"}).to_netcdf(folder / "sweep.nc", engine="h5netcdf")
        assert run("figure", folder / "sweep.nc", "overview", "-o", "a.png") == 2
        printed = capsys.readouterr().err
        assert "is a sweep, of which there is no figure overview" in printed
        assert "draw values" in printed

    def test_a_sweep_is_printed_as_a_table_of_its_points(
        self, run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        points = np.arange(1.0, 41.0)
        stages = np.ones((40, 2))
        stages[1] = np.nan  # the second failed
        errors = np.full(40, "", dtype=object)
        errors[1] = "too many steps"
        reasons = np.full((40, 2), "{}", dtype=object)
        reasons[2, 1] = '{"front_width": "the plateau is too high"}'
        of_stages = {"collected_charge": 2e-6, "front_depth": 3e-9, "front_width": 4e-9, "plateau": 0.1}
        xarray.Dataset(
            {
                **{
                    key: (("volts", "stage"), size * points[:, None] * stages, {"units": unit})
                    for (key, size), unit in zip(of_stages.items(), ("C", "m", "m", "1"), strict=True)
                },
                "missing": (("volts", "stage"), reasons),
                "error": ("volts", errors),
            },
            coords={
                "volts": ("volts", points, {"units": "V", "path": "stages[0].source_potential"}),
                "kind": ("stage", np.array(["irradiation", "irradiation"], dtype=object)),
            },
            attrs={"format": "ionscape sweep 1", "title": "Forty points", "experiment": EXPERIMENT},
        ).pipe(write_dataset, folder / "sweep.nc")
        assert run("summary", folder / "sweep.nc", "--summary", folder / "s.json") == 0
        printed = capsys.readouterr().out
        lines = [line.split() for line in printed.splitlines()]
        assert ["1", "4", "3", "4", "0.1000"] in lines  # 2 µC in each of two stages, 3 nm, 4 nm
        assert ["30", "120", "90", "120", "3.0000"] in lines
        assert ["2", "failed"] in lines
        assert "Forty points" in printed
        assert "… and 10 more points" in printed
        assert "point 3: no front width, since the plateau is too high." in printed
        assert [words for words in lines if words[:1] == ["31"]] == []
        written = json.loads((folder / "s.json").read_text(encoding="utf-8"))
        assert (written["title"], written["warnings"], len(written["points"])) == ("Forty points", [], 40)
        assert written["points"][0]["values"] == {"stages[0].source_potential": 1.0}
        assert written["points"][0]["stages"][1]["front_depth"] == 3e-9
        assert written["points"][1]["error"] == "too many steps"
        assert written["points"][1]["stages"][0]["front_depth"] is None
        assert run("export", folder / "sweep.nc", folder / "s.csv") == 0
        with (folder / "s.csv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == 80  # points times stages
        first = rows[1]
        assert (first["stages[0].source_potential (V)"], first["stage"], first["kind"]) == ("1", "2", "irradiation")
        assert (float(first["front_depth (m)"]), first["error"]) == (3e-9, "")
        assert (rows[2]["front_depth (m)"], rows[2]["error"]) == ("", "too many steps")
        assert run("export", folder / "sweep.nc", folder / "s.xlsx") == 0
        assert read_sheet(folder / "s.xlsx") == [list(rows[0]), *([*row.values()] for row in rows)]
        assert run("figure", folder / "sweep.nc", "values", "-o", folder / "s.svg") == 0
        charge = figures.swept_values.plot(isc.load(folder / "sweep.nc")).panels[0]
        shown = charge.curves[0].y * charge.vertical.size  # 2 µC in each of two stages, but for the one that failed
        np.testing.assert_allclose(shown, np.where(points == 2.0, np.nan, 4e-6 * points))

    def test_a_stored_fit_is_printed_drawn_and_exported(
        self, run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = folder / "f.nc"
        hand_made(names=("one", "two")).to_netcdf(file)
        assert run("summary", file, "--summary", folder / "f.json") == 0
        printed = capsys.readouterr().out
        assert "ions.Li.diffusion.width" in printed
        assert "warning: depth_scale is bad Rb on glass." in printed
        # a cost of 110 for 117 degrees of freedom; chi square by its number n is 1 ± √(2/n)
        assert "0.940 per degree of freedom, where noise alone gives 1.000 ± 0.131" in printed
        assert json.loads((folder / "f.json").read_text(encoding="utf-8"))["cost"] == 110.0
        assert run("export", file, folder / "f.csv") == 0
        with (folder / "f.csv").open(encoding="utf-8") as stream:
            row = next(row for row in csv.DictReader(stream) if row["parameter"] == "ions.Li.diffusion.width")
        assert (row["unit"], row["kind"]) == ("J", "experiment")
        assert float(row["estimate"]) == pytest.approx(ESTIMATE[1], rel=1e-9, abs=0)
        assert float(row["upper_95"]) == pytest.approx(ESTIMATE[1] + 1.96 * ERROR[1], rel=1e-9, abs=0)
        for kind in ("profiles", "correlation"):
            assert run("figure", file, kind, "-o", folder / f"{kind}.svg") == 0
            assert (folder / f"{kind}.svg").stat().st_size > 1000
        assert run("figure", file, "profiles", "--data-set", "2", "-o", folder / "second.svg") == 0
        capsys.readouterr()
        for words, sentence in (
            (("profiles", "--data-set", "3"), "--data-set = 3: is beyond the 2 of this fit"),
            (("profiles", "--time", "1 h"), "--time: does not belong to f.nc, which is a fit"),
            (("overview",), "is the result of a fit, of which there is no figure overview; draw profiles, diffusion"),
            (("posterior",), "holds no draws of the posterior"),
        ):
            assert run("figure", file, *words, "-o", folder / "x.svg") == 2
            assert sentence in capsys.readouterr().err
            assert not (folder / "x.svg").exists()

    def test_a_posterior_that_is_refused_leaves_the_fit(
        self, run: Run, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(*_: object, **__: object) -> None:
            raise InputError("the best point lies at the bounds", remedy="widen the bounds")

        monkeypatch.setattr("ionscape.inference.fit", lambda *_, **__: hand_made())
        monkeypatch.setitem(FURTHER, "mcmc", refused)
        file = Path(__file__).parents[2] / "examples" / "rb-mono-fit.toml"
        assert run("fit", file, "--method", "mcmc", "-o", folder / "f.nc") == 2
        lines = capsys.readouterr().err.splitlines()
        assert "the best point lies at the bounds; widen the bounds." in lines
        assert any("least-squares fit is in" in line and "f.nc" in line for line in lines)
        assert run("summary", folder / "f.nc", "--quiet") == 0

    def test_what_is_no_result_is_named(self, run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for form, sentence in (("surfacelab", "`ionscape inspect`"), ("ionscape fit 9", 'holds "ionscape fit 9"')):
            xarray.Dataset(attrs={"format": form}).to_netcdf(folder / "other.nc", engine="h5netcdf")
            assert run("summary", folder / "other.nc") == 2
            assert sentence in capsys.readouterr().err

    def test_check_describes_contacts_and_storage(
        self, run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        start, end = EXPERIMENT.index("[[stages]]"), len(EXPERIMENT)
        stages = """
            [[stages]]
            kind = "contact"
            composition = { Rb = 1.0 }
            potential = "10 V"
            temperature = "50 degC"
            duration = "1 h"
            [[stages]]
            kind = "contact"
            blocking = true
            potential = "10 V"
            temperature = "50 degC"
            duration = "1 h"
            [[stages]]
            kind = "storage"
            temperature = "5 degC"
            duration = "1 h"
            [[stages]]
            kind = "irradiation"
            beam = "Rb"
            beam_current = "20 nA"
            source_potential = "15 V"
            temperature = "50 degC"
            duration = "1 h"
        """
        (folder / "double.toml").write_text(EXPERIMENT.replace(EXPERIMENT[start:end], stages), encoding="utf-8")
        assert run("check", "double.toml") == 0
        printed = capsys.readouterr().out
        for part in ("contact with Rb at 10 V", "blocking contact at 10 V", "storage, open circuit", "beam of 20 nA"):
            assert part in printed


class TestSimulate:
    def test_writes_result_figure_and_table(
        self, run: Run, folder: Path, solver: Solver, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("simulate", "double.toml") == 0
        assert names(folder) == {"double.nc", "double.png"}
        printed = capsys.readouterr()
        for part in ("front depth / nm", "2.8", "50", "-0.06", "written: double.nc, double.png"):
            assert part in printed.out
        assert solver.calls[0].model == "full"

    def test_writes_everything_that_is_asked_for(
        self, run: Run, folder: Path, solver: Solver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ionscape.figures, "movie", partial(ionscape.figures.movie, frames=2))
        (folder / "out").mkdir()
        options = ["--output", "out/a.nc", "--summary", "s.json", "--csv", "p.csv", "--movie", "m.gif", "--quiet"]
        options += ["--figure", "a.svg", "--figure", "a.pdf", "--model", "electroneutral", "--tolerance", "1e-5"]
        assert run("simulate", "double.toml", *options) == 0
        assert names(folder) == {"out", "s.json", "p.csv", "m.gif", "a.svg", "a.pdf"}
        assert names(folder / "out") == {"a.nc"}
        assert solver.calls[0].model == "electroneutral"
        assert solver.calls[0].relative_tolerance == 1e-5
        stages = json.loads((folder / "s.json").read_text(encoding="utf-8"))["stages"]
        assert stages[0]["front_depth"] == 50e-9
        assert stages[1]["plateau"] is None  # NaN is no JSON

    def test_default_tolerance_is_that_of_the_settings(self, run: Run, folder: Path, solver: Solver) -> None:
        assert run("simulate", "double.toml", "--no-figure") == 0
        assert solver.calls == [ionscape.transport.Settings()]
        assert names(folder) == {"double.nc"}

    @pytest.mark.usefixtures("folder", "solver")
    def test_quiet_prints_nothing(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("simulate", "double.toml", "--quiet", "--no-figure") == 0
        assert capsys.readouterr() == ("", "")

    @pytest.mark.usefixtures("folder", "solver")
    def test_progress_goes_to_standard_error(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("simulate", "double.toml", "--no-figure") == 0
        printed = capsys.readouterr()
        assert "stage 1 of 2" in printed.err
        assert "100 h simulated" in printed.err
        assert "simulated" not in printed.out

    @pytest.mark.usefixtures("solver")
    def test_replaces_an_earlier_result_unless_told_not_to(self, run: Run, folder: Path) -> None:
        (folder / "double.nc").write_text("old", encoding="utf-8")
        assert run("simulate", "double.toml", "--no-figure", "--no-overwrite") == 2
        assert (folder / "double.nc").read_text(encoding="utf-8") == "old"
        assert run("simulate", "double.toml", "--no-figure") == 0
        assert (folder / "double.nc").stat().st_size > 1000


class TestBadInput:
    """Status 2, one sentence, nothing simulated and nothing written."""

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--output", "a.txt"], ["--output", '"a.txt"', "end the name with .nc"]),
            (["--output", "a"], ["has no extension"]),
            (["--output", "nowhere/a.nc"], ["nowhere", "does not exist"]),
            (["--figure", "a.bmp"], ["--figure", ".png or .svg or .pdf"]),
            (["--movie", "a.mov"], ["--movie", ".mp4 or .gif"]),
            (["--summary", "a.txt"], ["--summary", ".json"]),
            (["--csv", "a.txt"], ["--csv", ".csv"]),
            (["--figure", "a.png", "--figure", "./a.png"], ["used for two files"]),
            (["--figure", "a.png", "--no-figure"], ["contradicts --no-figure"]),
        ],
    )
    def test_output(
        self,
        run: Run,
        folder: Path,
        solver: Solver,
        capsys: pytest.CaptureFixture[str],
        options: list[str],
        words: list[str],
    ) -> None:
        assert run("simulate", "double.toml", *options) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert len(printed.err.splitlines()) == 1
        assert printed.err.endswith(".\n")
        for word in words:
            assert word in printed.err
        assert not solver.calls
        assert names(folder) == set()

    @pytest.mark.usefixtures("solver")
    def test_a_folder_is_no_file(self, run: Run, folder: Path) -> None:
        (folder / "a.nc").mkdir()
        assert run("simulate", "double.toml", "--output", "a.nc") == 2

    def test_the_experiment_is_not_overwritten(self, run: Run, folder: Path, solver: Solver) -> None:
        (folder / "odd.nc").write_text(EXPERIMENT, encoding="utf-8")
        assert run("simulate", "odd.nc") == 2
        assert (folder / "odd.nc").read_text(encoding="utf-8") == EXPERIMENT
        assert not solver.calls

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ('thickness = "2.325 mm"', 'thickness = "-2 mm"', ["sample.thickness", '"-2 mm"', "greater than 0"]),
            ('beam = "Cs"', 'beam = "Cz"', ['"Cz"', "Cs"]),
            ("relative_permittivity", "relative_permitivity", ["relative_permittivity"]),
        ],
    )
    @pytest.mark.parametrize("command", ["simulate", "check"])
    @pytest.mark.usefixtures("solver")
    def test_experiment(
        self,
        run: Run,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        command: str,
        old: str,
        new: str,
        words: list[str],
    ) -> None:
        (folder / "double.toml").write_text(EXPERIMENT.replace(old, new), encoding="utf-8")
        assert run(command, "double.toml") == 2
        printed = capsys.readouterr()
        assert len(printed.err.splitlines()) == 1
        for word in ("double.toml", *words):
            assert word in printed.err
        assert names(folder) == set()

    @pytest.mark.usefixtures("folder")
    def test_missing_experiment(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("simulate", "none.toml") == 2
        assert "none.toml" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "arguments",
        [
            ["simulate"],
            ["simulate", "double.toml", "--tolerence", "1e-3"],
            ["simulate", "double.toml", "--tolerance", "5"],
            ["simulate", "double.toml", "--model", "half"],
            ["simulat", "double.toml"],
        ],
    )
    @pytest.mark.usefixtures("folder")
    def test_usage(self, run: Run, solver: Solver, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
        assert run(*arguments) == 2
        assert "Error" in capsys.readouterr().err
        assert not solver.calls


class TestInterruptedRuns:
    def test_no_convergence_saves_what_there_is(
        self, run: Run, folder: Path, solver: Solver, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "double.nc").write_text("earlier", encoding="utf-8")
        solver.outcome = ConvergenceError(
            "the step became too small", time=3600.0, stage=1, depth=5e-8, partial=synthetic_result(stages=1)
        )
        assert run("simulate", "double.toml", "--quiet") == 1
        assert names(folder) == {"double.nc", "double.partial.nc"}
        assert (folder / "double.nc").read_text(encoding="utf-8") == "earlier"
        error = capsys.readouterr().err
        assert "the step became too small" in error
        assert "double.partial.nc" in error
        assert "Traceback" not in error

    def test_no_convergence_without_any_result(self, run: Run, folder: Path, solver: Solver) -> None:
        solver.outcome = ConvergenceError("no start", time=0.0, stage=0, depth=None)
        assert run("simulate", "double.toml") == 1
        assert names(folder) == set()

    def test_interruption_saves_what_there_is(
        self, run: Run, folder: Path, solver: Solver, capsys: pytest.CaptureFixture[str]
    ) -> None:
        solver.outcome = SimulationInterrupted(partial=synthetic_result(stages=1))
        assert run("simulate", "double.toml") == 130
        assert names(folder) == {"double.partial.nc"}
        assert "double.partial.nc" in capsys.readouterr().err

    def test_interruption_before_the_first_step(self, run: Run, folder: Path, solver: Solver) -> None:
        solver.outcome = KeyboardInterrupt()
        assert run("simulate", "double.toml") == 130
        assert names(folder) == set()

    def test_a_failed_write_leaves_the_earlier_file(self, tmp_path: Path) -> None:
        target = tmp_path / "a.nc"
        target.write_text("earlier", encoding="utf-8")

        def write_half() -> None:
            with atomic_output(target) as temporary:
                assert temporary.suffix == ".nc"
                temporary.write_text("half", encoding="utf-8")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            write_half()
        assert target.read_text(encoding="utf-8") == "earlier"
        assert list(tmp_path.iterdir()) == [target]


class TestStoredResults:
    @pytest.mark.parametrize(
        ("kind", "options"),
        [
            ("overview", []),
            ("profiles", ["--time", "20 h", "--time", "50 h", "--densities"]),
            ("profiles", []),
            ("diffusion", ["--stage", "2"]),
            ("energies", ["--ion", "Li", "--moved", "0.85"]),
            ("energies", []),
            ("populations", ["--depth", "30 nm"]),
            ("populations", ["--time", "100 h"]),
            ("current", []),
            ("potential", []),
        ],
    )
    def test_draws_every_kind(self, run: Run, stored: Path, kind: str, options: list[str]) -> None:
        output = stored.with_name("figure.png")
        assert run("figure", stored, kind, "--output", output, *options) == 0
        assert output.stat().st_size > 5000

    def test_draws_the_film(self, run: Run, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import ionscape.figures

        drawn: list[tuple[Path, float | None]] = []
        monkeypatch.setattr(ionscape.figures, "movie", lambda _, path, *, depth: drawn.append((path, depth)))
        film = stored.with_name("film.mp4")
        assert run("figure", stored, "movie", "--output", film) == 0
        assert run("figure", stored, "movie", "--output", film, "--depth", "20 nm") == 0
        assert drawn == [(film, None), (film, pytest.approx(20e-9))]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["profiles", "--output", "a.mp4"], [".png or .svg or .pdf"]),
            (["movie", "--output", "a.png"], [".mp4 or .gif"]),
            (["current", "--output", "a.png", "--depth", "3 nm"], ["--depth", "populations"]),
            (["profiles", "--output", "a.png", "--time", "3 nm"], ["--time", '"3 nm"', "time"]),
            (["profiles", "--output", "a.png", "--time", "9000 h"], ["between 0 h and 300 h"]),
            (["energies", "--output", "a.png", "--ion", "Cs"], ["ions.Cs.diffusion"]),
        ],
    )
    def test_refuses(
        self, run: Run, stored: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
    ) -> None:
        assert run("figure", stored, *arguments) == 2
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1
        for word in words:
            assert word in error
        assert names(stored.parent) == {"double.nc"}

    @pytest.mark.usefixtures("folder")
    def test_a_missing_result(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("summary", "none.nc") == 2
        assert '"none.nc"' in capsys.readouterr().err

    def test_summary(self, run: Run, stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("summary", stored, "--summary", stored.with_name("s.json")) == 0
        table = capsys.readouterr().out
        assert "1: irradiation" in table
        assert max(len(line) for line in table.splitlines()) <= 80
        assert json.loads(stored.with_name("s.json").read_text(encoding="utf-8"))["stages"][1]["front_depth"] is None

    def test_export(self, run: Run, stored: Path) -> None:
        assert run("export", stored, stored.with_name("p.csv")) == 0
        assert stored.with_name("p.csv").read_text(encoding="utf-8").startswith("time")
        assert run("export", stored, stored.with_name("p.txt")) == 2


@pytest.mark.usefixtures("folder")
def test_an_error_from_outside_is_not_hidden(solver: Solver) -> None:
    solver.outcome = ZeroDivisionError("a defect")
    with pytest.raises(ZeroDivisionError):
        main(["simulate", "double.toml", "--quiet"])


def test_warnings_stand_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    summary = {**synthetic_result().summary(), "warnings": ["The ion F has the charge +1."]}
    print_summary(Console(), summary)
    assert capsys.readouterr().out.splitlines()[-1] == "warning: The ion F has the charge +1."


def test_values_have_a_unit_that_suits_the_largest_of_their_line(capsys: pytest.CaptureFixture[str]) -> None:
    stages = [
        {"kind": "contact", "final_current": 2.319e-5, "front_depth": 3.2e-6, "injected_charge": 0.0},
        {"kind": "contact", "final_current": 1.144e-7, "front_depth": math.nan, "injected_charge": 0.0},
    ]
    print_summary(Console(), {"title": "a", "stages": stages, "warnings": []})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["current", "at", "the", "end", "/", "μA", "23.19", "0.1144"] in lines
    assert ["front", "depth", "/", "μm", "3.2", "-"] in lines
    assert ["injected", "charge", "/", "C", "0", "0"] in lines


def test_a_figure_that_does_not_exist_says_why_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    reason = "no native ion has been replaced"
    stages = [
        {"kind": "storage", "final_current": 0.0, "front_depth": None, "zone_voltage": None,
         "missing": {"front_depth": reason, "zone_voltage": reason, "plateau": "the zone is shallow"}},
        {"kind": "contact", "final_current": 1e-7, "front_depth": 3e-6, "zone_voltage": 0.1, "missing": {}},
    ]  # fmt: skip
    print_summary(Console(soft_wrap=True), {"title": "a", "stages": stages, "warnings": []})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "stage 1: no front depth and zone voltage, since no native ion has been replaced.",
        "stage 1: no plateau, since the zone is shallow.",
    ]


def test_input_errors_read_as_one_sentence() -> None:
    error = InputError("is wrong", key="--output", value="a.b", remedy="do otherwise")
    assert str(error) == '--output = "a.b": is wrong; do otherwise.'
