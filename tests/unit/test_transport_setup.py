"""Grid, settings, summary and files of a simulation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ionscape as isc
from experiments import constant, contact
from ionscape.transport import Settings, front_figures, make_grid
from ionscape.transport.suitability import refuse_without_charge

EXPERIMENT = isc.load_experiment(Path(__file__).resolve().parents[2] / "examples" / "rb-mono-cait.toml")


def test_automatic_grid_fills_the_sample_and_covers_the_zone() -> None:
    grid = make_grid(EXPERIMENT)
    assert grid.size.sum() == pytest.approx(2.325e-3, rel=1e-12)
    # the front ends at 51 nm; the law of the grid must not fall short of it
    assert 55e-9 < grid.zone < 120e-9
    ratio = grid.size[1:] / grid.size[:-1]
    assert ratio.max() <= 1.3 + 1e-9
    assert ratio.min() > 0.75
    assert grid.size[0] == pytest.approx(0.1 * grid.cell)
    assert grid.faces[-1] == pytest.approx(2.325e-3, rel=1e-12)
    assert np.all(np.diff(grid.depth) > 0.0)


def test_given_grid_is_obeyed() -> None:
    given = {"cell": "1 nm", "zone": "90 nm", "surface_cell": "0.5 nm", "growth": 1.5}
    grid = make_grid(EXPERIMENT.replace({"grid": given}))
    assert grid.size[0] == pytest.approx(0.5e-9)
    assert np.isclose(grid.size, 1e-9).sum() > 80
    behind = grid.size[grid.depth > 100e-9]
    assert behind[2:] / behind[1:-1] == pytest.approx(1.5, rel=1e-6)


def test_ions_that_pile_up_at_the_back_are_resolved_there() -> None:
    """The layer of Gouy and Chapman, by hand: b = 2 (Debye length)^2 / q, q what Ohm's law lets through."""
    grid = make_grid(EXPERIMENT.replace({"back_electrode.deposits": ["Rb"]}))
    thermal = 8.617333e-5 * 323.15
    debye_length = np.sqrt(7.0 * 8.8541878e-12 * thermal / (1.602177e-19 * 1.4e28))
    passed = 5.8e-19 * 15.0 / thermal / 2.325e-3 * 94.46 * 3600.0
    assert grid.size[-1] == pytest.approx(0.4 * debye_length**2 / passed, rel=1e-3)
    assert grid.size[0] == make_grid(EXPERIMENT.replace({"grid.kind": "fixed"})).size[0]
    assert grid.size.sum() == pytest.approx(2.325e-3, rel=1e-12)
    assert np.all(np.diff(grid.depth) > 0.0)


def test_a_front_that_the_automatic_cells_do_not_resolve_is_remarked_on() -> None:
    """Charge law and width of the steady front by hand: at 2 kV it is a tenth of a nanometre wide."""
    steep = EXPERIMENT.replace({"stages[0].source_potential": "2 kV"})
    native, foreign, seconds, thickness = 5.8e-19, 2.67e-22, 94.46 * 3600.0, 2.325e-3
    slowness, drive = 1.0 / foreign - 1.0 / native, 2000.0 / (8.617333e-5 * 323.15) * seconds
    resistance = thickness / native
    amount = (np.sqrt(resistance**2 + 2.0 * slowness * drive) - resistance) / slowness
    width = 2.0 * np.log(0.84 / 0.16) * seconds / (amount * slowness)
    assert make_grid(steep).front_cell is None  # cells that move do
    steep = steep.replace({"grid.kind": "fixed"})
    grid = make_grid(steep)
    assert grid.front_cell == pytest.approx(width / 16.0, rel=1e-3)
    assert grid.cell == pytest.approx(grid.zone / 800.0)
    with pytest.raises(isc.ConvergenceError) as caught:
        isc.simulate(steep, settings=Settings(maximum_steps=1))
    (sentence,) = caught.value.partial.summary()["warnings"]
    assert sentence.startswith(f"Cells of {grid.cell * 1e9:.3g} nm place the front of the native ions but do not")
    assert f"cells of {1e12 * width / 16.0:.3g} pm" in sentence
    assert make_grid(EXPERIMENT).front_cell is None


@pytest.mark.parametrize(("key", "value"), [("grid.cell", "1 mm"), ("grid.zone", "5 mm")])
def test_grid_that_does_not_fit_the_sample(key: str, value: str) -> None:
    with pytest.raises(isc.InputError) as caught:
        make_grid(EXPERIMENT.replace({key: value}))
    assert key in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [{"model": "half"}, {"method": "euler"}, {"relative_tolerance": 0.0}, {"relative_tolerance": float("nan")},
     {"maximum_steps": 0}, {"snapshots_per_stage": 0}, {"table_intervals": 1}, {"holding_tolerance": 1.0}],
)  # fmt: skip
def test_settings_out_of_bounds(values: dict[str, object]) -> None:
    with pytest.raises(isc.InputError) as caught:
        Settings(**values)  # type: ignore[arg-type]
    assert next(iter(values)) in str(caught.value)


def test_front_figures_of_a_known_profile() -> None:
    depth = np.linspace(0.05e-9, 200e-9, 4000)
    fraction = 0.1 + 0.9 / (1.0 + np.exp(-(depth - 80e-9) / 2e-9))
    front, width, plateau = front_figures(depth, fraction)
    # 0.1 + 0.9 / (1 + e^-u) = 1/2 at u = ln(0.4/0.5); 16 to 84 % of a logistic step: 2 ln(0.84/0.16) decay lengths
    assert front == pytest.approx(80e-9 + 2e-9 * np.log(0.4 / 0.5), rel=1e-6, abs=0)
    assert width == pytest.approx(4e-9 * np.log(0.84 / 0.16), rel=1e-4, abs=0)
    assert plateau == pytest.approx(0.1, abs=1e-8)


def test_profile_without_a_front() -> None:
    assert front_figures(np.array([1e-9, 2e-9, 3e-9]), np.ones(3)) == (None, None, None)


@pytest.fixture(scope="module")
def result() -> isc.SimulationResult:
    return isc.simulate(EXPERIMENT)


def test_result_holds_what_it_needs_to_be_understood_alone(result: isc.SimulationResult, tmp_path: Path) -> None:
    path = tmp_path / "rb.nc"
    result.to_netcdf(path)
    again = isc.load_result(path)
    assert again.summary() == result.summary()
    assert again.experiment == result.experiment
    for name in ("density", "potential", "current", "surface_potential", "injected_charge", "collected_charge"):
        assert again.dataset[name].attrs["units"]
        assert np.array_equal(again.dataset[name].values, result.dataset[name].values)
    assert json.loads(again.dataset.attrs["settings"])["method"] == Settings().method
    assert json.loads(again.dataset.attrs["grid"])["cells"] == result.dataset.sizes["depth"]


def test_no_compiler_is_loaded_before_something_is_simulated(result: isc.SimulationResult, tmp_path: Path) -> None:
    path = tmp_path / "rb.nc"
    result.to_netcdf(path)
    code = (
        "import sys, ionscape as isc, ionscape.transport\n"
        "from ionscape.transport import Grid, Settings, Variation, front_figures, make_grid\n"
        "stored = isc.load_result(sys.argv[1]); stored.summary(); make_grid(stored.experiment)\n"
        "sys.exit('numba' in sys.modules or 'llvmlite' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0


def test_netcdf_is_readable_without_the_package(result: isc.SimulationResult, tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "rb.nc"
    result.to_netcdf(path)
    with h5py.File(path) as file:
        density = file["density"][:]
        assert density.shape == tuple(result.dataset.sizes[name] for name in ("time", "depth", "ion"))
        assert file["density"].attrs["units"] in ("1/m^3", b"1/m^3")


def test_csv_has_a_row_per_time_and_cell(result: isc.SimulationResult, tmp_path: Path) -> None:
    path = tmp_path / "rb.csv"
    result.to_csv(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "time (s),stage,depth (m),potential (V),Li (1/m^3),Rb (1/m^3)"
    assert len(lines) == 1 + result.dataset.sizes["time"] * result.dataset.sizes["depth"]
    last = [float(cell) for cell in lines[-1].split(",")]
    assert last[4] == pytest.approx(float(result.dataset["density"].values[-1, -1, 0]), rel=1e-9, abs=0)


@pytest.mark.parametrize("content", [None, b"no netcdf", b""])
def test_files_that_are_no_results(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "x.nc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(isc.InputError):
        isc.load_result(path)


def test_progress_is_reported_and_ends_at_one() -> None:
    seen: list[isc.Progress] = []
    isc.simulate(EXPERIMENT, progress=seen.append)
    assert [p.time for p in seen] == sorted(p.time for p in seen)
    assert seen[-1].fraction == pytest.approx(1.0)


def test_too_few_steps_say_where_and_when_and_keep_what_there_is() -> None:
    with pytest.raises(isc.ConvergenceError) as caught:
        isc.simulate(EXPERIMENT, settings=Settings(maximum_steps=40))
    error = caught.value
    assert "stages[0]" in str(error)
    assert error.depth is not None
    assert error.partial.dataset.sizes["time"] > 10
    assert 0.0 < float(error.partial.dataset["time"].values[-1]) < 94.46 * 3600


def test_interruption_keeps_the_result_so_far() -> None:
    reached: list[float] = []

    def stop(progress: isc.Progress) -> None:
        reached.append(progress.time)
        if progress.steps > 50:
            raise KeyboardInterrupt

    with pytest.raises(isc.SimulationInterrupted) as caught:
        isc.simulate(EXPERIMENT, progress=stop)
    partial = caught.value.partial
    assert partial.dataset.sizes["time"] > 10
    assert partial.dataset["time"].values[-1] == reached[-1]
    assert np.all(np.diff(partial.dataset["time"].values) > 0.0)
    assert np.isfinite(partial.dataset["density"].values).all()


def then_contact(potential: float, **options: object) -> dict[str, object]:
    """A contact after the irradiation."""
    return {"stages": [*EXPERIMENT.stages, contact(potential, 3600.0, **options)]}


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        (then_contact(5.0, blocking=True), "stages[1]", "a contact that lets no ion pass"),
        (then_contact(-5.0, blocking=True), "stages[1]", "a contact that lets no ion pass"),
        # the glass loses Li to the contact: a depletion zone at the back
        (then_contact(-5.0, composition={"Rb": 1.0}), "stages[1]", "back electrode gives none back"),
        ({"back_electrode.deposits": []}, "stages[0]", "takes none of the ions that arrive"),
        ({"back_electrode.deposits": ["Rb"]}, "stages[0]", "takes none of the ions that arrive"),
    ],
)
def test_the_electroneutral_model_refuses_what_only_charges_a_zone(
    changes: dict[str, object], place: str, words: str
) -> None:
    with pytest.raises(isc.InputError) as caught:
        isc.simulate(EXPERIMENT.replace(changes), settings=Settings(model="electroneutral"))
    sentence = str(caught.value)
    assert sentence.startswith(f"{EXPERIMENT.file}: {place}: ")
    assert words in sentence
    assert "full model" in sentence


@pytest.mark.parametrize(
    "changes",
    [
        then_contact(0.0, blocking=True),
        then_contact(5.0, composition={"Rb": 1.0}),
        then_contact(-5.0, composition={"Li": 0.9, "F": 0.1})
        | {"ions.F": {"charge": -1, "diffusion": constant(1e-19)}},
        {"back_electrode.deposits": ["Li"]},
    ],
)
def test_the_electroneutral_model_takes_what_lets_a_current_pass(changes: dict[str, object]) -> None:
    refuse_without_charge(EXPERIMENT.replace(changes))
