"""Paths, parameters, problems and residuals of fits."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.experiment import TableSpecification, load_experiment, parse_experiment
from ionscape.files.values import read_scalar, scalars
from ionscape.inference import Parameter, Prior, load_fit, make_fit
from ionscape.inference.fit import _assumed_sites, is_last
from ionscape.inference.forward import ForwardModel
from ionscape.inference.least_squares import covariance_of, starting_points
from ionscape.inference.noise import whitened
from ionscape.inference.parameters import coordinates_of, values_of
from ionscape.inference.remarks import AT_BOUND
from ionscape.profiling import load_measurement

ELECTRON_VOLT = 1.602176634e-19


@pytest.fixture(scope="module")
def problem(examples_folder):
    return load_fit(examples_folder / "rb-mono-fit.toml")


def test_scalars_are_found_by_their_paths(double_cait_file) -> None:
    experiment = load_experiment(double_cait_file)
    known = scalars(experiment)
    assert known["ions.Li.diffusion.width"].value == pytest.approx(0.16 * ELECTRON_VOLT, abs=0)
    assert known["ions.Li.diffusion.width"].unit == "J"
    assert known["stages[2].diffusion.Rb.trapped_fraction"].dimension is None
    assert known["sample.native.Li"].unit == "1/m^3"
    path = "stages[2].diffusion.Rb.reference_density"
    referred = experiment.replace({path: "1.33e28 1/m^3"})
    assert scalars(referred)[path].value == 1.33e28
    model = referred.replace({path: 1.3e28}).diffusion_model("Rb", 2)
    assert float(model.coefficient(1.3e28, 323.15)) == pytest.approx(2.67e-22, rel=1e-9)
    with pytest.raises(InputError, match=r'nearest path is "ions\.Li\.diffusion\.width"'):
        read_scalar(experiment, "ions.Li.diffusion.widht")


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        # cesium and rubidium have a key of that name
        ("ions.Li.diffusion.coefficient", r"ions\.Li\.diffusion\.bulk_coefficient"),
        # lithium alone has this one
        ("ions.cs.diffusion.width", r"ions\.Cs\.diffusion\.\w+"),
        ("stages[1].temprature", r"stages\[1\]\.temperature"),
    ],
)
def test_the_path_proposed_is_one_of_the_same_ion(double_cait_file, path: str, nearest: str) -> None:
    with pytest.raises(InputError, match=f'nearest path is "{nearest}"'):
        read_scalar(load_experiment(double_cait_file), path)


def test_changed_values_make_an_experiment_that_survives_its_own_text(double_cait_file) -> None:
    experiment = load_experiment(double_cait_file)
    values = {path: scalar.value * 1.01 for path, scalar in scalars(experiment).items()}
    changed = experiment.replace(values)
    for path, value in values.items():
        assert read_scalar(changed, path).value == pytest.approx(value, rel=1e-12, abs=0), path
    again = parse_experiment(changed.self_contained_source())
    assert scalars(again) == scalars(changed)
    with pytest.raises(InputError, match="thickness"):
        experiment.replace({"sample.thickness": -1.0})


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_coordinates_go_both_ways_with_their_slope(scale) -> None:
    parameter = Parameter(name="p", kind="experiment", lower=2e-19, upper=1.5e-18, scale=scale, start=5e-19)
    for coordinate in (0.0, 0.3, 1.0):
        assert parameter.coordinate(parameter.value(coordinate)) == pytest.approx(coordinate, abs=1e-12)
    slope = (parameter.value(0.3 + 1e-6) - parameter.value(0.3 - 1e-6)) / 2e-6
    assert parameter.slope(0.3) == pytest.approx(slope, rel=1e-6, abs=0)
    both = (parameter, parameter)
    assert coordinates_of(both, values_of(both, np.array([0.2, 0.7]))) == pytest.approx([0.2, 0.7])


def test_priors_are_normal_on_their_scale() -> None:
    normal, logarithmic = (
        Prior(mean=1.0, standard_deviation=0.02, scale="linear"),
        Prior(mean=np.log(2e-22), standard_deviation=0.3, scale="log"),
    )
    assert normal.residual(1.04) == pytest.approx(2.0)
    assert logarithmic.residual(2e-22 * np.exp(0.3)) == pytest.approx(1.0)
    assert logarithmic.slope(2e-22) * 2e-22 == pytest.approx(1.0 / 0.3)


def test_whitened_residuals_have_the_covariance_of_the_error_model() -> None:
    """C = diag(v) + s² m mᵀ, against the matrix itself."""
    rng = np.random.default_rng(1)
    variance, level, spread = rng.uniform(1.0, 50.0, 3), rng.uniform(5.0, 400.0, 3), 0.02
    covariance = np.diag(variance) + spread**2 * np.outer(level, level)
    root = np.sqrt(variance)
    columns = [whitened((row / root)[:, None], (spread * level / root)[:, None])[:, 0] for row in np.eye(3)]
    whitening = np.array(columns).T
    assert whitening @ covariance @ whitening.T == pytest.approx(np.eye(3), abs=1e-10)


def test_problem_of_the_example(problem) -> None:
    assert problem.names[:4] == tuple(problem.settings.parameters)
    factors = {"sensitivity_factor.Li", "sensitivity_factor.Rb"}
    assert set(problem.names[4:]) == {"depth_scale", "depth_resolution", *factors}
    # stated as 2 nm without an error: 20 % of it
    resolution = problem.parameters[problem.index("depth_resolution")]
    assert resolution.prior.scale == "log"
    assert np.exp(resolution.prior.mean) == pytest.approx(2e-9)
    assert resolution.prior.standard_deviation == 0.2
    depth_scale = problem.parameters[problem.index("depth_scale")]
    # the crater's interval is Student's, with two degrees of freedom; the prior has the same one
    attributes = problem.datasets[0].profile.dataset.attrs
    half = 0.5 * (attributes["sputter_rate_upper_95"] - attributes["sputter_rate_lower_95"])
    assert depth_scale.prior.standard_deviation * 1.96 == pytest.approx(half / attributes["sputter_rate"], rel=1e-3)
    points = starting_points(problem, 11, seed=3)
    assert points.shape == (11, 8)
    assert np.all((points > 0.0) & (points < 1.0))
    assert np.array_equal(points, starting_points(problem, 11, seed=3))


def test_several_data_sets_share_parameters(examples_folder) -> None:
    measurement = load_measurement(examples_folder / "rb-mono-fit.toml")
    width = {"lower": "0.08 eV", "upper": "0.30 eV"}
    rubidium = {"lower": "5e-23 m^2/s", "upper": "2e-21 m^2/s", "scale": "log"}
    joint = make_fit(
        {"a": measurement, "b": measurement},
        {"parameters": {"ions.Li.diffusion.width": width, "b:ions.Rb.diffusion.coefficient": rubidium}},
    )
    shared, own = joint.parameters[:2]
    assert shared.paths == ((0, "ions.Li.diffusion.width"), (1, "ions.Li.diffusion.width"))
    assert own.paths == ((1, "ions.Rb.diffusion.coefficient"),)
    assert "b:depth_scale" in joint.names
    point = coordinates_of(joint.parameters, np.array([parameter.start for parameter in joint.parameters]))
    model = ForwardModel(problem=joint)
    experiments = [model.experiment(number, point) for number in (0, 1)]
    assert scalars(experiments[0]) == scalars(experiments[1])


def test_covariance_of_an_undetermined_parameter_is_that_of_its_bounds() -> None:
    from ionscape.inference.forward import Evaluation

    jacobian = np.zeros((5, 2))
    jacobian[:, 0] = 100.0
    covariance, alone = covariance_of(
        Evaluation(coordinates=np.full(2, 0.5), residuals=np.zeros(5), jacobian=jacobian, densities=())
    )
    assert np.sqrt(covariance[1, 1]) == pytest.approx(1.0 / np.sqrt(12.0))
    assert np.sqrt(covariance[0, 0]) == pytest.approx(1.0 / np.sqrt(5e4), rel=1e-3)
    assert alone[1] == np.inf


@pytest.mark.parametrize(
    ("pattern", "replacement", "sentence"),
    [
        (r'"ions.Li.diffusion.width"', '"ions.Li.diffusion.widht"', 'widht.*nearest path is "ions.Li.diffusion.width"'),
        (r'lower = "2e-19 m\^2/s"', 'lower = "7e-19 m^2/s", start = "5e-19 m^2/s"', r'coefficient"\.start.*outside'),
        (r'lower = "2e-19 m\^2/s"', 'lower = "3e-18 m^2/s"', r'bulk_coefficient"\.lower.*less than the upper bound'),
        (r'lower = "0.08 eV"', 'lower = "0.08 nm"', r'width"\.lower.*energy'),
        (r"lower = 0.01", 'lower = "0.01"', r'trapped_fraction"\.lower.*without quotation marks'),
        (r'method = "least-squares"', 'method = "annealing"', "fit.method.*least-squares"),
        (r'relative_error = 0.05', "relative_error = -0.05", "observed_charge.relative_error.*greater than 0"),
        (r'fit_region = \["4 nm", "110 nm"\]', 'fit_region = ["500 nm", "600 nm"]', "fit_region"),
        (r"\[fit\]\n", "[fit]\nmethods = 3\n", 'methods.*nearest known key is "method"'),
        (r'scale = "log"', 'scale = "logarithmic"', "scale.*not known"),
        (r'experiment = "rb-mono-cait.toml"[^\n]*', "", "experiment"),
    ],
)  # fmt: skip
def test_bad_fit_files_get_one_sentence(examples_folder, tmp_path, pattern, replacement, sentence) -> None:
    shutil.copytree(examples_folder, tmp_path / "examples", ignore=shutil.ignore_patterns("*.py"))
    path = tmp_path / "examples" / "rb-mono-fit.toml"
    text, changed = re.subn(pattern, replacement, path.read_text(), count=1)
    assert changed == 1
    Path(path).write_text(text)
    with pytest.raises(InputError, match=sentence) as caught:
        load_fit(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "key", "nearest"),
    [
        ('titel = "three ions"', "titel", "title"),
        ("[Fit.parameters]", "Fit", "fit"),
        ("[data_sets]", "data_sets", "datasets"),
    ],
)
def test_unknown_keys_of_a_joint_fit_are_refused(examples_folder, tmp_path, line, key, nearest) -> None:
    width = '"ions.Li.diffusion.width" = { lower = "0.08 eV", upper = "0.30 eV" }'
    data_set = f"a = {str(examples_folder / 'rb-mono-fit.toml')!r}"
    good = f"[datasets]\n{data_set}\n[fit.parameters]\n{width}\n"
    path = tmp_path / "joint.toml"
    path.write_text(good, encoding="utf-8")
    assert load_fit(path).names[0] == "ions.Li.diffusion.width"
    path.write_text(f"{line}\n{good}", encoding="utf-8")
    with pytest.raises(InputError, match=f'{key}: is an unknown key.*nearest known key is "{nearest}"') as caught:
        load_fit(path)
    assert "\n" not in str(caught.value)


def test_a_measurement_without_a_fit_says_so(examples_folder) -> None:
    with pytest.raises(InputError, match=r"fit: is missing"):
        load_fit(examples_folder / "rb-mono-cait.toml")


def test_a_width_says_for_which_excess_of_sites_it_holds_unless_that_is_fitted(examples_folder) -> None:
    measurement = load_measurement(examples_folder / "rb-mono-fit.toml")
    width, excess = "ions.Li.diffusion.width", "ions.Li.diffusion.excess_sites"
    bounds = {width: {"lower": "0.08 eV", "upper": "0.30 eV"}, excess: {"lower": 0.01, "upper": 0.5}}

    def said(*names: str) -> list[str]:
        free = {name: bounds[name.rpartition(":")[2]] for name in names}
        return [
            str(remark)
            for remark in _assumed_sites(make_fit({"A": measurement, "B": measurement}, {"parameters": free}))
        ]

    ending = " = 0.1, which was not fitted and on which it depends."
    assert said(width) == [f"{width} holds for {excess}{ending}"]
    assert said(width, excess) == []
    # fitted in the one data set, it is still assumed in the other
    assert said(f"A:{width}", f"B:{width}", f"A:{excess}") == [f"B:{width} holds for B:{excess}{ending}"]


def test_parameters_of_a_measurement_have_the_slopes_that_differences_give(examples_folder) -> None:
    """Width of the response and background, with a response of three lengths; by central differences of residuals."""
    measurement = load_measurement(examples_folder / "rb-mono-fit.toml").with_settings(
        depth_resolution={
            "model": "mixing-roughness-information", "mixing_length": "1.5 nm", "roughness": "1 nm",
            "information_depth": "0.5 nm", "relative_error": 0.1,
        },
        native_background={"Li": {"value": 0.02, "error": 0.01}},
    )  # fmt: skip
    width = {"lower": "0.08 eV", "upper": "0.30 eV"}
    problem = make_fit({"": measurement}, {"parameters": {"ions.Li.diffusion.width": width}})
    start = coordinates_of(problem.parameters, np.array([parameter.start for parameter in problem.parameters]))
    model = ForwardModel(problem=problem)
    jacobian = model.evaluate(start).jacobian
    resolution = problem.parameters[problem.index("depth_resolution")]
    assert resolution.start == pytest.approx(np.sqrt(1.5**2 + 1.0 + 0.25) * 1e-9)
    assert resolution.prior.standard_deviation == 0.1
    background = problem.parameters[problem.index("background.Li")]
    assert (background.start, background.prior.mean, background.prior.standard_deviation) == (0.02, 0.02, 0.01)
    for name in ("depth_resolution", "background.Li", "depth_scale"):
        place, step = problem.index(name), 1e-3
        ends = []
        for sign in (1.0, -1.0):
            moved = start.copy()
            moved[place] += sign * step
            ends.append(model.evaluate(moved, derivatives=False).residuals)
        slope = (ends[0] - ends[1]) / (2.0 * step)
        assert np.abs(slope - jacobian[:, place]).max() < 2e-3 * np.abs(slope).max()


def test_a_resolution_without_error_bars_is_taken_as_exact(examples_folder) -> None:
    measurement = load_measurement(examples_folder / "rb-mono-fit.toml")
    free = {"parameters": {"ions.Li.diffusion.width": {"lower": "0.08 eV", "upper": "0.30 eV"}}}
    exact = measurement.with_settings(depth_resolution={"value": "2 nm", "error": "0 nm"})
    assert "depth_resolution" not in make_fit({"": exact}, free).names
    assert "depth_resolution" not in make_fit({"": measurement}, {**free, "fit_resolution": False}).names
    known = measurement.with_settings(depth_resolution={"value": "2 nm", "error": "0.1 nm"})
    problem = make_fit({"": known}, free)
    assert problem.parameters[problem.index("depth_resolution")].prior.standard_deviation == pytest.approx(0.05)


class WithOwnModel:
    """D of the foreign ion as an object: twice as large in the exchanged glass as for a single ion."""

    fermi_level_counts = None
    density_limit = 1.4e28
    jumps = ()

    def coefficient(self, density, temperature):
        filled = np.minimum(np.asarray(density, dtype=float), self.density_limit) / self.density_limit
        exponent = 0.65 * ELECTRON_VOLT / 1.380649e-23 * (1.0 / temperature - 1.0 / 323.15)
        return 2e-22 * (1.0 + filled) * np.exp(-exponent)

    def activation_energy(self, density):
        return np.full(np.shape(density), 0.65 * ELECTRON_VOLT)


def test_an_own_diffusion_model_is_fitted_with_as_its_table_is(examples_folder) -> None:
    """Residuals and derivatives of the other parameters agree with those of a table that was made by hand."""
    measurement = load_measurement(examples_folder / "rb-mono-fit.toml")
    densities = np.linspace(0.0, 1.4e28, 4001)
    own = WithOwnModel()
    table = TableSpecification(
        model="table", densities=tuple(densities.tolist()), coefficients=tuple(own.coefficient(densities, 323.15)),
        reference_temperature=323.15, activation_energy=0.65 * ELECTRON_VOLT,
    )  # fmt: skip
    bounds = {"ions.Li.diffusion.width": {"lower": "0.08 eV", "upper": "0.30 eV"}}
    found = []
    for model in (own, table):
        experiment = measurement.experiment.replace({"ions.Rb.diffusion": model})
        problem = make_fit({"": replace(measurement, experiment=experiment)}, {"parameters": bounds})
        start = coordinates_of(problem.parameters, np.array([each.start for each in problem.parameters]))
        found.append(ForwardModel(problem=problem).evaluate(start))
    assert np.abs(found[0].residuals - found[1].residuals).max() < 1e-4 * np.abs(found[1].residuals).max()
    assert np.abs(found[0].jacobian - found[1].jacobian).max() < 1e-3 * np.abs(found[1].jacobian).max()


@pytest.mark.parametrize(("upper", "said"), [(1.0, "the largest value that it can have"), (0.9, "widen the bounds")])
def test_a_bound_of_the_quantity_itself_is_no_bound_to_widen(upper: float, said: str, examples_folder: Path) -> None:
    described = load_experiment(examples_folder / "rb-mono-cait.toml").replace({"cross_terms.haven_ratio": 0.5})
    parameter = Parameter(name="cross_terms.haven_ratio", kind="experiment", lower=0.2, upper=upper, start=0.5,
                          paths=((0, "cross_terms.haven_ratio"),))  # fmt: skip
    problem = Mock(datasets=[Mock(experiment=described)])
    last = is_last(problem, parameter, lower=False)
    assert said in str(AT_BOUND(parameter.name, side="upper", last=last))
    assert not is_last(problem, parameter, lower=True)
