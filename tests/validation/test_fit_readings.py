"""Stresses, depths of layer and effective indices as data of a fit: derivatives, synthetic readings, bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import ionscape as isc
from ionscape.experiment import Experiment, parse_experiment
from ionscape.figures import fitted_readings
from ionscape.inference import FitProblem, fit, load_fit, load_fit_result, make_fit
from ionscape.inference.forward import ForwardModel
from ionscape.inference.least_squares import search
from ionscape.inference.parameters import coordinates_of
from ionscape.optics import followed_indices
from ionscape.report.contents import build_report
from ionscape.transport import Settings

EXPERIMENT = """
title = "Ag for Na"
[sample]
thickness = "1 mm"
illuminated_area = "1 cm^2"
relative_permittivity = 7
native = { Na = "6e27 1/m^3" }
[ions.Na.diffusion]
model = "constant"
coefficient = "4e-15 m^2/s"
reference_temperature = "300 degC"
activation_energy = "0.9 eV"
[ions.Ag.diffusion]
model = "constant"
coefficient = "2e-15 m^2/s"
reference_temperature = "300 degC"
activation_energy = "0.9 eV"
[[stages]]
kind = "contact"
melt = { Ag = 0.02, Na = 0.98 }
isotherm = { entering = "Ag", equilibrium_constant = 30, exponent = 1.2 }
temperature = "300 degC"
duration = "1 h"
[mechanics]
young_modulus = "72 GPa"
poisson_ratio = 0.22
exchangeable = 14
dilatation = { Ag = 2e-4 }
[optics]
refractive_index = 1.512
index_change = { Ag = 0.09 }
elasto_optic = { p11 = 0.12, p12 = 0.27 }
wavelength = "632.8 nm"
"""
RELAXING = (
    'relaxation = { model = "stretched", time = "1 h", reference_temperature = "300 degC", activation_energy = "2 eV",'
    " exponent = 0.5 }\n[optics]"
)
AG, ISOTHERM = "ions.Ag.diffusion.coefficient", "stages[0].isotherm.equilibrium_constant"
DILATATION, CHANGE = "mechanics.dilatation.Ag", "optics.index_change.Ag"
BOUNDS = {
    AG: {"lower": "5e-16 m^2/s", "upper": "8e-15 m^2/s", "scale": "log", "start": "4e-15 m^2/s"},
    ISOTHERM: {"lower": 5.0, "upper": 100.0, "scale": "log", "start": 20.0},
    DILATATION: {"lower": 5e-5, "upper": 5e-4, "scale": "log", "start": 3e-4},
    CHANGE: {"lower": 0.03, "upper": 0.2},
    "mechanics.young_modulus": {"lower": "50 GPa", "upper": "100 GPa"},
    "optics.elasto_optic.p12": {"lower": 0.1, "upper": 0.4},
    "sample.thickness": {"lower": "0.1 mm", "upper": "2 mm"},
    "stages[0].duration": {"lower": "30 min", "upper": "2 h", "start": "65 min"},
    "stages[0].temperature": {"lower": "280 degC", "upper": "330 degC", "start": "302 degC"},
}
TRUTH = {AG: 2e-15, ISOTHERM: 30.0, DILATATION: 2e-4}
STRESS = {
    "surface_stress": "-90 MPa", "surface_stress_error": "2 MPa", "central_stress": "0.5 MPa",
    "central_stress_error": "20 kPa", "depth_of_layer": "10 um", "depth_of_layer_error": "0.3 um",
}  # fmt: skip
LIGHT = {"TE": [1.530, 1.521, 1.515], "TM": [1.530, 1.520], "error": 1e-4}


def problem_of(
    experiment: Experiment, *free: str, stress: object = (), light: object = (), tolerance: float = 1e-4
) -> FitProblem:
    settings = {
        "parameters": {path: BOUNDS[path] for path in free}, "stress_readings": stress, "effective_indices": light,
        "starts": 1, "tolerance": tolerance,
    }  # fmt: skip
    return make_fit({"": experiment}, settings)


def starts_of(problem: FitProblem) -> np.ndarray:
    return coordinates_of(problem.parameters, np.array([parameter.start for parameter in problem.parameters]))


@pytest.mark.parametrize("relaxing", [False, True], ids=["elastic", "relaxing"])
def test_derivatives_are_those_of_simulations(relaxing: bool) -> None:
    """Mode 6 is guided nowhere near these parameters, and is continued."""
    experiment = parse_experiment(EXPERIMENT.replace("[optics]", RELAXING) if relaxing else EXPERIMENT)
    light = {**LIGHT, "TE": [1.53, 1.525, 1.52, 1.518, 1.516, 1.514, 1.512]}
    thickness = "sample.thickness"
    free = [path for path in BOUNDS if path != thickness] if relaxing else [AG, thickness]
    problem = problem_of(experiment, *free, stress=[STRESS], light=[light], tolerance=1e-6)
    start = starts_of(problem)
    model = ForwardModel(problem=problem)
    evaluation = model.evaluate(start)
    assert evaluation is not None
    assert np.isfinite(evaluation.residuals).all()
    for place in range(len(problem.parameters)):
        step = np.zeros(start.size)
        step[place] = 1e-2
        ends = [model.evaluate(start + sign * step, derivatives=False) for sign in (1.0, -1.0)]
        assert ends[0] is not None
        assert ends[1] is not None
        differences = (ends[0].residuals - ends[1].residuals) / 2e-2
        # The layer ends on a straight line between two cells, along which it moves faster or more slowly than on the
        # curve by up to h f''/(2 f') = 0.067 µm/(2 · 2.5 µm).
        layer = np.array([reading.kind == "depth_of_layer" for reading in problem.datasets[0].readings])
        near = np.where(layer, 1.4e-2, 2e-3) * np.abs(differences).max()
        assert (np.abs(evaluation.jacobian[:, place] - differences) <= near).all(), problem.names[place]


def test_parameters_of_the_tables_need_no_simulation() -> None:
    problem = problem_of(parse_experiment(EXPERIMENT), AG, DILATATION, CHANGE, stress=[STRESS], light=[LIGHT])
    model = ForwardModel(problem=problem)
    start = starts_of(problem)
    first = model.evaluate(start)
    second = model.evaluate(start + np.array([0.0, 0.1, 0.1]))
    assert model.simulations == 1
    assert first is not None
    assert second is not None
    # the stress is linear in the dilatation
    dilatation = problem.parameters[1]
    stress = [-90.0 + 2.0 * float(each.residuals[0]) for each in (first, second)]
    ratio = dilatation.value(float(start[1]) + 0.1) / dilatation.value(float(start[1]))
    assert stress[1] / stress[0] == pytest.approx(ratio, rel=1e-12)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[isc.FitResult, Path]:
    """A fit to synthetic readings of a finer simulation, from a file without a measurement."""
    folder = tmp_path_factory.mktemp("readings")
    (folder / "glass.toml").write_text(EXPERIMENT, encoding="utf-8")
    experiment = parse_experiment(EXPERIMENT)
    result = isc.simulate(experiment, settings=Settings(relative_tolerance=1e-5, snapshots_per_stage=1))
    modes, stress = isc.waveguide_modes(result), isc.plate_stress(result).dataset.isel(time=-1)
    rng = np.random.default_rng(5)
    read = {name: (each + 1e-4 * rng.normal(size=each.size)).tolist() for name, each in modes.effective_index.items()}
    errors = {"surface_stress": 2e6, "central_stress": 2e4, "depth_of_layer": 0.3e-6}
    noisy = {name: float(stress[name]) + error * rng.normal() for name, error in errors.items()}
    lines = ["[fit.parameters]\n"]
    for path in (AG, ISOTHERM, DILATATION):
        entry = ", ".join(f"{key} = {value!r}".replace("'", '"') for key, value in BOUNDS[path].items())
        lines.append(f'"{path}" = {{ {entry} }}\n')
    units = {"surface_stress": "Pa", "central_stress": "Pa", "depth_of_layer": "m"}
    lines += ["[[fit.stress_readings]]\n", "after_stage = 1\n"]
    for name, unit in units.items():
        lines.append(f'{name} = "{noisy[name]!r} {unit}"\n{name}_error = "{errors[name]!r} {unit}"\n')
    lines += [
        "[[fit.effective_indices]]\n",
        f"TE = {read['TE']}\nTM = {read['TM']}\nerror = 1e-4\n",
        "[fit]\nstarts = 1\n",
    ]
    file = folder / "glass-fit.toml"
    file.write_text('title = "readings"\nexperiment = "glass.toml"\n' + "".join(lines), encoding="utf-8")
    result = fit(load_fit(file))
    return result, folder


def test_synthetic_readings_give_their_truth(fitted: tuple[isc.FitResult, Path]) -> None:
    result, _ = fitted
    found = result.summary()
    for path, value in TRUTH.items():
        entry = found["parameters"][path]
        assert abs(entry["value"] - value) < 3.0 * entry["error"], path
        assert entry["error"] < 0.05 * value
    freedom = found["degrees_of_freedom"]
    assert freedom == len(found["readings"]) - 3
    assert abs(found["cost"] - freedom) < 4.0 * math.sqrt(2.0 * freedom)
    pulls = np.array([row["pull"] for row in found["readings"]], dtype=float)
    assert np.abs(pulls).max() < 4.0
    assert found["misfit_p_value"] is None


def test_readings_are_stored_drawn_and_reported(fitted: tuple[isc.FitResult, Path]) -> None:
    result, folder = fitted
    result.to_netcdf(folder / "fit.nc")
    stored = load_fit_result(folder / "fit.nc")
    rows = stored.summary()["readings"]
    assert rows == result.summary()["readings"]
    row = rows[0]
    assert row["reading"] == "surface stress after stage 1"
    assert row["residual"] == pytest.approx((row["measured"] - row["fitted"]) / row["error"])
    plot = fitted_readings.plot(stored)
    assert len(plot.panels) == 2
    other = stored.dataset.assign(reading_measured=stored.dataset["reading_measured"] + 1.0)
    with pytest.raises(isc.InputError, match="was not fitted to the data"):
        isc.compare({"one": stored, "other": replace(stored, dataset=other)})
    tables = [table for section in build_report(stored).sections for table in section.tables]
    assert any(table.header[0] == "reading" and len(table.rows) == len(rows) for table in tables)


def test_a_search_finds_back_from_a_guide_of_fewer_modes() -> None:
    """It begins in the corner of the bounds where hardly a mode is guided."""
    experiment = parse_experiment(EXPERIMENT)
    result = isc.simulate(experiment, settings=Settings(snapshots_per_stage=1))
    modes = isc.waveguide_modes(result).effective_index
    light = {"TE": modes["TE"].tolist(), "TM": modes["TM"].tolist(), "error": 1e-4}
    problem = problem_of(experiment, AG, ISOTHERM, light=[light])
    corner = np.full(2, 0.01)
    first = ForwardModel(problem=problem).evaluate(corner, derivatives=False)
    assert first is not None
    assert experiment.optics is not None
    index = experiment.optics.refractive_index
    values = [reading.value + reading.error * float(off)
              for reading, off in zip(problem.datasets[0].readings, first.residuals, strict=True)]  # fmt: skip
    assert sum(value > index for value in values) <= 2 < len(values)
    found = search(problem, corner, soften=False)
    assert found.converged
    for parameter, coordinate in zip(problem.parameters, found.coordinates, strict=True):
        assert parameter.value(float(coordinate)) == pytest.approx(TRUTH[parameter.name], rel=2e-3)


def test_each_data_set_has_its_own_readings(tmp_path: Path) -> None:
    """Two plates, one twice as thick and exchanged four times as long: all of its lengths are twice as large."""
    for name, duration, thickness in (("short", "1 h", "1 mm"), ("long", "4 h", "2 mm")):
        text = EXPERIMENT.replace('duration = "1 h"', f'duration = "{duration}"').replace("1 mm", thickness)
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    entry = 'depth_of_layer = "10 um"\ndepth_of_layer_error = "1 um"\n'
    (tmp_path / "fit.toml").write_text(
        f'[datasets]\nshort = "short.toml"\nlong = "long.toml"\n[fit.parameters]\n"{AG}" = {{ lower = "1e-15 m^2/s",'
        ' upper = "4e-15 m^2/s" }\n'
        f'[[fit.stress_readings]]\ndata_set = "long"\n{entry}[[fit.stress_readings]]\ndata_set = "short"\n{entry}',
        encoding="utf-8",
    )
    problem = load_fit(tmp_path / "fit.toml")
    evaluation = ForwardModel(problem=problem).evaluate(starts_of(problem))
    assert evaluation is not None
    short, long = 10.0 + evaluation.residuals  # µm, errors are 1 µm
    assert long == pytest.approx(2.0 * short, rel=2e-3)


@pytest.mark.parametrize(
    ("key", "entry", "said"),
    [
        ("effective_indices", {**LIGHT, "TE": [1.515, 1.521]}, r"effective_indices\[0\].TE\[1\].*must fall"),
        ("effective_indices", {"TE": [1.52]}, "error: is missing; give error for all modes"),
        ("effective_indices", {"error": 1e-4}, "TE: is missing"),
        ("effective_indices", {"TE": [1.52], "TE_errors": [1e-4, 1e-4]}, "2 values for 1 modes"),
        ("effective_indices", {**LIGHT, "after_stage": 2}, r"after_stage = 2.*beyond the 1 stage of"),
        ("effective_indices", {**LIGHT, "data_set": "a"}, r'data_set = "a".*is no data set'),
        ("stress_readings", {"surface_stress": "-90 MPa"}, "surface_stress_error: is missing"),
        ("stress_readings", {"surface_stress_error": "9 MPa"}, "surface_stress_error.*has no value"),
        ("stress_readings", {"after_stage": 1}, "at least one of"),
        ("stress_readings", {**STRESS, "after_stage": 3}, r"after_stage = 3.*beyond"),
    ],
)
def test_bad_readings_are_refused(key: str, entry: dict[str, object], said: str) -> None:
    settings = {"parameters": {AG: BOUNDS[AG]}, key: [entry]}
    with pytest.raises(isc.InputError, match=said):
        make_fit({"": parse_experiment(EXPERIMENT)}, settings)


@pytest.mark.parametrize(
    ("key", "entry", "table"),
    [("stress_readings", STRESS, "mechanics"), ("effective_indices", {**LIGHT, "wavelength": "500 nm"}, "optics")],
)
def test_readings_need_the_tables_of_the_glass(key: str, entry: dict[str, object], table: str) -> None:
    bare = parse_experiment(EXPERIMENT).model_copy(update={"mechanics": None, "optics": None})
    with pytest.raises(isc.InputError, match=rf"fit\.{key}\[0\]: needs .* add a table \[{table}\]"):
        make_fit({"": bare}, {"parameters": {AG: BOUNDS[AG]}, key: [entry]})


def test_a_file_of_readings_is_no_experiment() -> None:
    text = 'experiment = "glass.toml"\n[fit]\n'
    with pytest.raises(isc.InputError, match="is a fit file, not an experiment file; use `ionscape fit`"):
        parse_experiment(text)


def test_an_experiment_without_any_data_is_refused() -> None:
    with pytest.raises(isc.InputError, match="nothing to compare with"):
        make_fit({"": parse_experiment(EXPERIMENT)}, {"parameters": {AG: BOUNDS[AG]}})


@pytest.mark.parametrize("polarisation", ["TE", "TM"])
def test_modes_beyond_cutoff_continue_the_index_of_the_substrate(polarisation: Literal["TE", "TM"]) -> None:
    """A film guides mode m from k h √(n_f² − n_s²) = m π + atan(r √((n_s² − n_c²)/(n_f² − n_s²))) on.

    r is 1 for TE and n_f²/n_c² for TM modes.
    """
    film, substrate, cover, height, wavelength = 1.52, 1.5, 1.0, 2e-6, 1e-6
    depth = np.array([0.0, height, height, 2.0 * height])

    def plate(film: float) -> tuple[np.ndarray, np.ndarray, float]:
        index = np.array([film, film, substrate, substrate])
        return index, index, cover

    contrast = film**2 - substrate**2
    ratio = 1.0 if polarisation == "TE" else (film / cover) ** 2
    phase = np.arange(4) * np.pi + math.atan(ratio * math.sqrt((substrate**2 - cover**2) / contrast))
    cutoff = 2.0 * np.pi * height * math.sqrt(contrast) / phase
    indices, changes = followed_indices(
        depth, [plate(film), plate(film + 1e-6)], wavelength=wavelength, polarisation=polarisation, modes=4
    )
    guided = cutoff > wavelength
    assert guided.tolist() == [True, False, False, False]
    known = isc.slab_modes(depth, plate(film)[0], wavelength=wavelength).effective_index[polarisation]
    assert indices[0] == pytest.approx(known[0], abs=1e-12)
    # the elements are as small as light of the given wavelength asks for, not that of higher modes
    expected = substrate - 0.01 * (1.0 - cutoff[1:] / wavelength)
    np.testing.assert_allclose(indices[1:], expected, atol=2e-6)
    beside, _ = followed_indices(depth, [plate(film + 1e-4)], wavelength=wavelength, polarisation=polarisation, modes=4)
    np.testing.assert_allclose(changes[0] / 1e-6, (beside - indices) / 1e-4, rtol=0.02)
