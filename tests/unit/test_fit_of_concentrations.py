"""Fits of stated concentrations: noise and factors as stated, means of intervals, against an exact solution.

Two ions of equal D are exchanged through the surface: c = erfc(x / 2 √(D t)), whatever the density of the glass.
"""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erfc

import ionscape as isc
from ionscape.inference.forward import ForwardModel
from ionscape.inference.parameters import coordinates_of
from ionscape.inference.problem import FitProblem, load_fit

D, DURATION, NATIVE = 1e-15, 8 * 3600.0, 1e28
LENGTH = 2.0 * math.sqrt(D * DURATION)  # 10.7 µm
ION = """
[ions.{name}.diffusion]
model = "constant"
coefficient = "1e-15 m^2/s"
reference_temperature = "420 degC"
activation_energy = "1.0 eV"
"""
EXPERIMENT = (
    """
title = "K for Na"
[sample]
thickness = "1 mm"
illuminated_area = "1 cm^2"
relative_permittivity = 7.5
native = { Na = "1e28 1/m^3" }
"""
    + ION.format(name="Na")
    + ION.format(name="K")
    + """
[[stages]]
kind = "contact"
composition = { K = 1.0 }
temperature = "420 degC"
duration = "8 h"
"""
)
FIT = """
experiment = "exchange.toml"
[measurement]
file = "table.csv"
[measurement.concentrations]
{errors}
[fit]
starts = 1
cell = "150 nm"
[fit.parameters."ions.K.diffusion.coefficient"]
lower = "3e-16 m^2/s"
upper = "3e-15 m^2/s"
scale = "log"
ties = ["ions.Na.diffusion.coefficient"]
"""


def problem_of(folder: Path, table: str, errors: str) -> FitProblem:
    (folder / "exchange.toml").write_text(EXPERIMENT, encoding="utf-8")
    (folder / "table.csv").write_text(table, encoding="utf-8")
    (folder / "fit.toml").write_text(FIT.replace("{errors}", errors), encoding="utf-8")
    return load_fit(folder / "fit.toml")


def mean(upper: float, lower: float) -> float:
    """Mean of erfc(x / L) between two depths, by its integral z erfc z − exp(−z²)/√π."""

    def integral(x: float) -> float:
        z = x / LENGTH
        return LENGTH * (z * math.erfc(z) - math.exp(-(z**2)) / math.sqrt(math.pi))

    return (integral(lower) - integral(upper)) / (lower - upper)


def layers_of_potassium() -> str:
    ends = np.linspace(0.0, 24.0, 7)  # µm: much changes within 4 µm
    rows = [f"{a:g}, {b:g}, {NATIVE * mean(1e-6 * a, 1e-6 * b):.9g}" for a, b in itertools.pairwise(ends)]
    return "\n".join(["from (um), to (um), K (1/m^3)", *rows])


def test_layers_are_compared_as_means_of_the_profile(tmp_path: Path) -> None:
    errors = "absolute_error = 2e25\nscale_error = 0.02\ndepth_error = 0.01"
    problem = problem_of(tmp_path, layers_of_potassium(), errors)
    assert problem.names == ("ions.K.diffusion.coefficient", "depth_scale", "sensitivity_factor.K")
    model = ForwardModel(problem=problem)
    start = coordinates_of(problem.parameters, np.array([parameter.start for parameter in problem.parameters]))
    found = model.evaluate(start)
    assert found is not None
    assert np.abs(found.residuals).max() < 0.5
    # as values at their middles the layers would be off
    middles = np.asarray(erfc(1e-6 * np.arange(2.0, 24.0, 4.0) / LENGTH))
    means = [mean(1e-6 * a, 1e-6 * (a + 4.0)) for a in np.arange(0.0, 24.0, 4.0)]
    assert NATIVE * np.abs(middles - means).max() > 2.5 * 2e25
    for place in range(3):
        shifted = [start.copy(), start.copy()]
        step = 0.02 if place == 0 else 1e-3
        shifted[0][place] += step
        shifted[1][place] -= step
        ends = [model.evaluate(each, derivatives=False) for each in shifted]
        assert ends[0] is not None
        assert ends[1] is not None
        slope = (ends[0].residuals - ends[1].residuals) / (2.0 * step)
        assert found.jacobian[:, place] == pytest.approx(slope, abs=0.02 * np.abs(slope).max())


def test_a_fit_of_one_ion_finds_the_coefficient_within_its_interval(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    depth = np.linspace(1.0, 25.0, 25)
    share = np.asarray(erfc(1e-6 * depth / LENGTH))
    error = 0.01 * share + 0.005
    values = share + error * rng.standard_normal(depth.size)
    rows = [
        f"{x:g}, {NATIVE * value:.6g}, {NATIVE * sigma:.6g}"
        for x, value, sigma in zip(depth, values, error, strict=True)
    ]
    problem = problem_of(tmp_path, "\n".join(["depth (um), K (1/m^3), K error", *rows]), "")
    assert problem.names == ("ions.K.diffusion.coefficient",)
    result = isc.fit(problem)
    found = result.summary()["parameters"]["ions.K.diffusion.coefficient"]
    assert found["lower_95"] < D < found["upper_95"]
    # of the mean of 25 points with errors of 0.5 to 1.5 %
    assert 0.003 < found["error"] / found["value"] < 0.03
    assert 0.4 < result.summary()["reduced_chi_square"] < 1.8
    assert not result.summary()["misfit"]


def test_few_layers_that_contradict_the_model_are_a_misfit_and_empty_cells_count_nothing(tmp_path: Path) -> None:
    rows = ["from (um), to (um), K (1/m^3), Na (1/m^3)", "0, 4, 2e27, 8e27", "4, 8, 6e27,", "8, 12, 7e27,"]
    rows += ["12, 16, 1e27,", "16, 20, 3e27,"]
    problem = problem_of(tmp_path, "\n".join(rows), "relative_error = 0.05")
    summary = isc.fit(problem).summary()
    assert summary["misfit"]
    assert summary["degrees_of_freedom"] == 6 - 1
