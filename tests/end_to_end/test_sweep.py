"""Sweeps: every combination in one dataset, the same on any executor, resumed after an end in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import xarray
from rich.console import Console

import ionscape as isc
from commands import call_here
from ionscape import figures
from ionscape.cli.sweep_table import print_sweep
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.errors import InputError, IonscapeError
from ionscape.experiment import Experiment
from ionscape.results import SweepResult
from ionscape.scaleout import Tally, make_executor
from ionscape.sweeps import axis_name, common_faces, parse_vary, sweep
from ionscape.transport import Settings, simulate

QUICK = Settings(model="electroneutral", relative_tolerance=3e-3, snapshots_per_stage=5)
COEFFICIENT = "ions.Rb.diffusion.coefficient"
VOLTAGE = "stages[0].source_potential"
VARY = {COEFFICIENT: ["1.3e-22 m^2/s", 2.67e-22], VOLTAGE: ["5 V", "15 V", "30 V"]}


@pytest.fixture(scope="module")
def experiment(mono_cait_file: Path) -> Experiment:
    return isc.load_experiment(mono_cait_file)


@pytest.fixture(scope="module")
def swept(experiment: Experiment) -> xarray.Dataset:
    return sweep(experiment, VARY, settings=QUICK, scheduler="serial")


def same(one: xarray.Dataset, other: xarray.Dataset) -> bool:
    """Equal to the last digit, apart from what the clock says."""
    left, right = (data.drop_vars("wall_time").drop_attrs() for data in (one, other))
    return left.identical(right)


# --- what a sweep gives ----------------------------------------------------------------------------------------------


def test_has_a_dimension_for_every_parameter(swept):
    assert dict(swept["density"].sizes) == {
        "Rb_coefficient": 2, "stage_0_source_potential": 3, "stage": 1, "depth": swept.sizes["depth"], "ion": 2,
    }  # fmt: skip
    np.testing.assert_array_equal(swept["Rb_coefficient"], [1.3e-22, 2.67e-22])
    np.testing.assert_array_equal(swept["stage_0_source_potential"], [5.0, 15.0, 30.0])
    assert swept["Rb_coefficient"].attrs["units"] == "m^2/s"
    assert swept["Rb_coefficient"].attrs["path"] == COEFFICIENT
    assert swept.attrs["simulations"] == 6
    assert swept.attrs["failed_simulations"] == 0
    assert set(swept["error"].values.flat) == {""}


@pytest.mark.parametrize(("coefficient", "voltage"), [("1.3e-22", "30"), ("2.67e-22", "5")])
def test_points_are_those_of_single_simulations(swept, experiment, coefficient, voltage):
    varied = {"ions.Rb.diffusion.coefficient": f"{coefficient} m^2/s", "stages[0].source_potential": f"{voltage} V"}
    single = simulate(experiment.replace(varied), settings=QUICK)
    point = swept.sel(Rb_coefficient=float(coefficient), stage_0_source_potential=float(voltage)).isel(stage=0)
    (numbers,) = single.summary()["stages"]
    for name in ("collected_charge", "final_current", "front_depth", "front_width", "plateau"):
        assert float(point[name]) == numbers[name]
    profile = single.dataset["density"].isel(time=-1)
    for ion in ("Li", "Rb"):
        # linear interpolation to the common depths, which are at least as fine
        interpolated = np.interp(point["depth"], profile["depth"], profile.sel(ion=ion))
        np.testing.assert_allclose(point["density"].sel(ion=ion), interpolated, rtol=1e-12)
    assert point.sizes["depth"] >= profile.sizes["depth"]


def test_charge_follows_the_potential(swept):
    # almost all of the potential drops across the unchanged glass, which is an ohmic resistance
    charge = swept["collected_charge"].isel(stage=0)
    ratio = charge.sel(stage_0_source_potential=15.0) / charge.sel(stage_0_source_potential=5.0)
    assert ratio.values == pytest.approx([3.0, 3.0], rel=0.05)


def test_a_swept_melt_tells_the_amount_of_each_ion(repository):
    """What entered is what lies in the glass; a legend and an axis have units for people."""
    melt = isc.load_experiment(repository / "examples" / "molten-salt-exchange.toml")
    vary = {"stages[0].melt.K": [0.9, 1.0], "stages[0].duration": ["30 min", "1 h"]}
    data = sweep(melt, vary, settings=QUICK, scheduler="serial")
    single = simulate(melt.replace({"stages[0].melt": {"K": 0.9, "Na": 0.1}, "stages[0].duration": 3600.0}),
                      settings=QUICK)  # fmt: skip
    state = single.dataset.isel(time=-1)
    cells = (state["density"].sel(ion="K") * state["cell_size"]).sum()
    potassium = data["injected_charges"].isel(stage_0_melt_K=0, stage_0_duration=1, stage=0).sel(ion="K")
    assert float(potassium) == pytest.approx(float(cells) * melt.sample.illuminated_area * ELEMENTARY_CHARGE, rel=1e-9)
    result = SweepResult(dataset=data)
    assert result.summary()["points"][1]["stages"][0]["injected_charges"]["K"] == float(potassium)
    assert "injected_charge of K (C)" in dict(result.columns())
    charge, front, _ = figures.swept_values.plot(result).panels
    assert [curve.name for curve in charge.curves[:2]] == [
        f"Na, stages[0].duration = {time} h" for time in ("0.5", "1")
    ]
    assert charge.curves[3].y[0] == pytest.approx(1e3 * float(potassium))
    assert front.vertical.label == "front depth"  # no charge is collected
    console = Console(record=True, width=200, file=StringIO())
    print_sweep(console, data)
    printed = console.export_text()
    assert "injected charge of K" in printed
    assert " charge / " not in printed


def test_a_swept_plate_tells_its_stress(repository):
    """Stress is in proportion to Young's modulus, which has a unit, and to the dilatation; the layer knows neither."""
    glass = isc.load_experiment(repository / "examples" / "li-na-k-strengthened.toml")
    vary = {"mechanics.young_modulus": ["78 GPa", "39 GPa"]}
    data = sweep(glass, vary, settings=QUICK, scheduler="serial")
    full, half = (data.isel(mechanics_young_modulus=place, stage=1) for place in (0, 1))
    assert data["mechanics_young_modulus"].attrs["units"] == "Pa"
    for name in ("surface_stress", "central_stress"):
        assert float(full[name]) == pytest.approx(2.0 * float(half[name]), rel=1e-12)
    assert float(full["surface_stress"]) < 0.0 < float(full["central_stress"])
    assert float(full["depth_of_layer"]) == pytest.approx(float(half["depth_of_layer"]), rel=1e-12)


def test_samples_of_different_thickness_share_depths(experiment):
    data = sweep(experiment, {"sample.thickness": ["1 mm", "2.325 mm"]}, settings=QUICK, scheduler="serial")
    thin, thick = (data["density"].isel(sample_thickness=i, stage=0, ion=0) for i in (0, 1))
    below = data["depth"] > 1e-3
    assert bool(below.any())
    assert bool(thin[below].isnull().all())
    assert bool(thin[~below].notnull().all())
    assert bool(thick.notnull().all())


def test_a_failed_simulation_is_counted_and_leaves_the_others(experiment, tmp_path):
    # so few steps are allowed that the higher potential, with its deeper front, does not get through
    steps = {
        volts: int(sweep(experiment, {VOLTAGE: [volts]}, settings=QUICK, scheduler="serial")["steps"].item())
        for volts in (1.0, 30.0)
    }
    assert steps[1.0] != steps[30.0]
    few = Settings(
        model="electroneutral", relative_tolerance=3e-3, snapshots_per_stage=5, maximum_steps=sum(steps.values()) // 2
    )
    tallies: list[Tally] = []
    data = sweep(
        experiment, {VOLTAGE: [1.0, 30.0]}, settings=few, scheduler="serial", store=tmp_path, progress=tallies.append
    )
    failing = int(np.argmax([steps[1.0], steps[30.0]]))
    errors = data["error"].values
    assert errors[1 - failing] == ""
    assert "steps" in errors[failing]
    assert data.attrs["failed_simulations"] == 1 == tallies[-1].failed
    assert bool(data["density"].isel(stage_0_source_potential=failing).isnull().all())
    assert bool(data["density"].isel(stage_0_source_potential=1 - failing).notnull().all())
    with pytest.raises(IonscapeError, match="all 1 simulations failed"):
        sweep(experiment, {VOLTAGE: [(1.0, 30.0)[failing]]}, settings=few, scheduler="serial")


# --- executors and the store -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_processes_give_the_same(swept, experiment):
    assert same(sweep(experiment, VARY, settings=QUICK, processes=2), swept)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_dask_cluster_that_loses_a_worker_gives_the_same(swept, experiment, tmp_path):
    distributed = pytest.importorskip("distributed")
    killed: list[int] = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as cluster:

        def kill_a_worker(tally: Tally) -> None:
            if tally.finished == 2 and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        data = sweep(
            experiment, VARY, settings=QUICK, scheduler=cluster.scheduler_address, store=tmp_path,
            progress=kill_a_worker,
        )  # fmt: skip
    assert len(killed) == 1
    assert same(data, swept)


def test_a_sweep_goes_on_and_grows(swept, experiment, tmp_path):
    def stop_after_two(tally: Tally) -> None:
        if tally.finished == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(experiment, VARY, settings=QUICK, scheduler="serial", store=tmp_path, progress=stop_after_two)
    tallies: list[Tally] = []
    with make_executor("serial") as executor:
        data = sweep(experiment, VARY, settings=QUICK, executor=executor, store=tmp_path, progress=tallies.append)
        assert same(data, swept)
        assert (tallies[0].resumed, tallies[0].total) == (2, 6)
        tallies.clear()
        more = {**VARY, VOLTAGE: [*VARY[VOLTAGE], 20.0]}
        sweep(experiment, more, settings=QUICK, executor=executor, store=tmp_path, progress=tallies.append)
        assert (tallies[0].resumed, tallies[0].total) == (6, 8)
        tallies.clear()
        finer = Settings(model="electroneutral", relative_tolerance=2e-3, snapshots_per_stage=5)
        sweep(experiment, {VOLTAGE: [15.0]}, settings=finer, executor=executor, store=tmp_path, progress=tallies.append)
        assert tallies[0].resumed == 0  # other settings are other simulations


# --- input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "values"),
    [
        ("a.b=2.4e-23,3.1e-23,3.8e-23 m^2/s", "a.b", ["2.4e-23 m^2/s", "3.1e-23 m^2/s", "3.8e-23 m^2/s"]),
        (" stages[0].temperature = 323, 333 K, 70 degC", "stages[0].temperature", ["323 K", "333 K", "70 degC"]),
        ("a=0.1,0.2", "a", ["0.1", "0.2"]),
        ("a=1 1/m^3", "a", ["1 1/m^3"]),
        ("a=1 K,2", "a", ["1 K", "2"]),
    ],
)
def test_values_take_the_unit_that_follows(text, path, values):
    assert parse_vary(text) == (path, values)


@pytest.mark.parametrize("text", ["", "a", "=1", "a=", "a=1,,2"])
def test_what_is_no_list_of_values(text):
    with pytest.raises(InputError, match="does not name a path and its values"):
        parse_vary(text)


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ({}, "name at least one parameter"),
        ({"stages[0].beam_current": ["1 nA"]}, 'is not given.* such as "20 nA"'),
        ({"ions.Rb.diffusion.coeficient": [1.0]}, "nearest path is"),
        (
            {"ions.Rb.charge": ["1", "2"]},
            "whole number and cannot be varied.*experiment file for each.*ions.Rb.diffusion",
        ),
        ({"stages[0].kind": ["storage"]}, r"text and cannot be varied.*stages\[0\]"),
        ({COEFFICIENT: []}, "give one or more"),
        ({COEFFICIENT: ["1 V"]}, "diffusion coefficient"),
        ({COEFFICIENT: ["1", "2"]}, "without a unit"),
        ({COEFFICIENT: ["1e-22 m^2/s", 1e-22]}, "occurs twice"),
        ({COEFFICIENT: [float("nan")]}, "finite"),
        ({"ions.Li.diffusion.excess_sites": ["much"]}, "must be a number"),
        ({"sample.thickness": ["-1 mm"]}, "greater than 0"),
    ],
)
def test_bad_input_is_named_before_anything_is_simulated(experiment, vary, words, monkeypatch):
    monkeypatch.setattr("ionscape.sweeps.simulate", lambda *_, **__: pytest.fail("a simulation was started"))
    with pytest.raises(InputError, match=words):
        sweep(experiment, vary, scheduler="serial")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (COEFFICIENT, "Rb_coefficient"),
        ("stages[1].temperature", "stage_1_temperature"),
        ("stages[1].diffusion.Cs.coefficient", "stage_1_Cs_coefficient"),
        ("sample.native.Li", "sample_native_Li"),
    ],
)
def test_names_of_dimensions(path, name):
    assert axis_name(path) == name


def test_common_grid_is_the_finer_one_everywhere():
    fine, deep = np.full(10, 1.0), np.full(20, 3.0)
    np.testing.assert_allclose(common_faces([fine, deep]), [*range(11), *range(13, 59, 3), 60])
    np.testing.assert_array_equal(common_faces([deep, deep]), np.arange(0.0, 61.0, 3.0))


# --- command line ----------------------------------------------------------------------------------------------------


def arguments(mono_cait_file: Path, *more: str) -> list[str]:
    quick = ["--model", "electroneutral", "--tolerance", "3e-3", "--output", "rb.nc"]
    return ["sweep", str(mono_cait_file), "--vary", f"{COEFFICIENT}=1.3e-22, 2.67e-22 m^2/s", *quick, *more]


@pytest.mark.slow
def test_command(command, mono_cait_file, tmp_path):
    # in one process, which need not wait for others to start: the next test and the one above have two
    words = [command, *arguments(mono_cait_file, "--vary", f"{VOLTAGE}=5,15 V", "--processes", "1")]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"rb.nc", "rb.runs"}
    assert "4/4 simulations" in done.stderr
    assert "written: rb.nc (4 simulations" in done.stdout
    assert all(heading in done.stdout for heading in ("plateau", "potential"))
    data = xarray.load_dataset(tmp_path / "rb.nc", engine="h5netcdf")
    assert dict(data["front_depth"].sizes) == {"Rb_coefficient": 2, "stage_0_source_potential": 2, "stage": 1}
    assert bool(data["front_depth"].notnull().all())
    assert json.loads(data.attrs["vary"])[VOLTAGE] == [5.0, 15.0]
    again = call_here(*words[1:], folder=tmp_path)
    assert "4 found in the store" in again.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_command_stopped_by_ctrl_c(command, mono_cait_file, tmp_path):
    values = ",".join(str(volts) for volts in range(5, 65))
    words = [command, *arguments(mono_cait_file, "--vary", f"{VOLTAGE}={values} V", "--processes", "2")]
    job = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("rb.runs/[!.]*.npz"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(job.pid, signal.SIGINT)  # as a terminal does
    _, errors = job.communicate(timeout=60)
    assert job.returncode == 130
    assert "the same command goes on from there" in errors
    assert "Traceback" not in errors
    assert len(list(tmp_path.glob("rb.runs/[!.]*.npz"))) >= 2
    assert not (tmp_path / "rb.nc").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--vary", "stages[0].temprature=300 K"], "nearest path is"),
        (["--vary", f"{COEFFICIENT}=1e-22 m^2/s"], "is given twice"),
        (["--scheduler", "here"], "is not the address of a scheduler"),
    ],
)
def test_command_with_bad_input(mono_cait_file, tmp_path, more, words):
    done = call_here(*arguments(mono_cait_file, *more), folder=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()[-1]) > 0
    assert not (tmp_path / "rb.nc").exists()


def test_the_page_on_sweep_files_names_all_that_a_sweep_holds(swept, repository):
    page = (repository / "docs" / "reference" / "sweep-file.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", page))
    assert described >= {str(name) for name in swept.variables} - {"stage_0_source_potential"}
    assert described >= set(swept.attrs)
