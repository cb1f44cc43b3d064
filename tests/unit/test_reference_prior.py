"""The reference measurement as a prior of a fit: two parameters that are known together."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.inference import load_fit
from ionscape.inference.forward import _priors  # pyright: ignore[reportPrivateUsage]
from ionscape.inference.parameters import coordinates_of
from ionscape.reference import Reference, reference_from_conductivities

COEFFICIENT, ENERGY = "ions.Li.diffusion.bulk_coefficient", "ions.Li.diffusion.activation_energy"
FREE_ENERGY = f'"{ENERGY}" = {{ lower = "0.5 eV", upper = "0.8 eV" }}\n'
KELVIN = np.array([303.15, 343.15, 383.15])


@pytest.fixture(scope="module")
def reference() -> Reference:
    sigma = np.exp(14.2 - 0.66 * ELECTRON_VOLT / (BOLTZMANN_CONSTANT * KELVIN)) / KELVIN
    return reference_from_conductivities(KELVIN, sigma, relative_error=0.05, common_error=0.02)


@pytest.fixture
def file(repository: Path, tmp_path: Path) -> Path:
    """The shipped fit with the activation energy free too."""
    examples = repository / "examples"
    text = (examples / "rb-mono-fit.toml").read_text(encoding="utf-8")
    text = text.replace('"measurements/', f'"{examples}/measurements/').replace('"rb-mono', f'"{examples}/rb-mono')
    path = tmp_path / "fit.toml"
    path.write_text(text.replace("[fit.parameters]", "[fit.parameters]\n" + FREE_ENERGY, 1), encoding="utf-8")
    return path


def test_both_residuals_together_are_the_distance_in_the_covariance(file: Path, reference: Reference, tmp_path: Path):
    reference.to_netcdf(tmp_path / "reference.nc")
    problem = load_fit(file, reference=tmp_path / "reference.nc")
    parameters = tuple(each for each in problem.parameters if each.name in (COEFFICIENT, ENERGY))
    assert {each.name for each in parameters} == {COEFFICIENT, ENERGY}
    names = [each.name for each in parameters]
    mean, covariance = reference.diffusion_prior(323.15, density=1.4e28)
    rng = np.random.default_rng(4)
    for _ in range(5):
        drawn = dict(zip((COEFFICIENT, ENERGY), rng.multivariate_normal(mean, covariance), strict=True))
        values = np.array([math.exp(drawn[name]) if name == COEFFICIENT else drawn[name] for name in names])
        coordinates = coordinates_of(parameters, values)
        residuals, jacobian = _priors(parameters, values, coordinates)
        away = np.array([drawn[COEFFICIENT], drawn[ENERGY]]) - mean
        assert residuals @ residuals == pytest.approx(away @ np.linalg.solve(covariance, away), rel=1e-9)
        for place, parameter in enumerate(parameters):
            step = np.zeros(2)
            step[place] = 1e-6
            moved = np.array([each.value(float(u)) for each, u in zip(parameters, coordinates + step, strict=True)])
            slope = (_priors(parameters, moved, coordinates + step)[0] - residuals) / 1e-6
            assert jacobian[:, place] == pytest.approx(slope, rel=1e-4, abs=1e-4), parameter.name


def test_a_fixed_activation_energy_leaves_the_whole_error_to_the_coefficient(
    repository: Path, reference: Reference, tmp_path: Path
):
    reference.to_netcdf(tmp_path / "reference.nc")
    problem = load_fit(repository / "examples" / "rb-mono-fit.toml", reference=tmp_path / "reference.nc")
    prior = problem.parameters[problem.index(COEFFICIENT)].prior
    assert prior is not None
    value, error = reference.diffusion_coefficient(323.15, density=1.4e28)
    assert (math.exp(prior.mean), prior.standard_deviation) == pytest.approx((value, error / value))
    assert prior.follows is None


def test_a_fit_file_names_its_reference_beside_it(file: Path, reference: Reference, tmp_path: Path):
    reference.to_netcdf(tmp_path / "reference.nc")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[fit]\n", '[fit]\nreference = "reference.nc"\n', 1), encoding="utf-8")
    problem = load_fit(file)
    assert problem.reference == str((tmp_path / "reference.nc").resolve())
    assert problem.parameters[problem.index(COEFFICIENT)].prior is not None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (f'"{COEFFICIENT}"', '"ions.Li.diffusion.excess_sites"', "neither is free"),
        ('upper = "0.8 eV" }', 'upper = "0.8 eV", prior = { kind = "normal", mean = "0.65 eV",'
         ' standard_deviation = "0.01 eV" } }', "has a prior beside the reference"),
    ],
)  # fmt: skip
def test_what_the_reference_cannot_say_is_refused_in_one_sentence(
    file: Path, reference: Reference, tmp_path: Path, old: str, new: str, sentence: str
):
    reference.to_netcdf(tmp_path / "reference.nc")
    text = file.read_text(encoding="utf-8").replace(old, new, 1)
    if "excess" in new:
        text = text.replace(FREE_ENERGY, "").replace(
            '{ lower = "2e-19 m^2/s", upper = "1.5e-18 m^2/s", scale = "log" }', "{ lower = 0.05, upper = 0.2 }"
        )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        load_fit(file, reference=tmp_path / "reference.nc")


def test_charge_and_current_curve_are_not_both_counted(file: Path):
    text = file.read_text(encoding="utf-8")
    assert "observed_charge" in text
    curve = '[fit]\ncurrent_curve = { file = "current.csv", relative_error = 0.02 }\n'
    file.write_text(text.replace("[fit]\n", curve, 1), encoding="utf-8")
    with pytest.raises(InputError, match="counted twice"):
        load_fit(file)
