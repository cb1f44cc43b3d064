"""A fit once more: scipy's least squares with finite differences on public functions, and a contour of chi-square.

Of the package only the simulation, the counts with their variances and the priors are used; the depth response, the
error model, the derivatives, the covariance and the intervals are made here.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, special

import ionscape as isc
from experiments import FloatArray
from rubidium_project import one_document

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BULK, FOREIGN = "ions.Li.diffusion.bulk_coefficient", "ions.Rb.diffusion.coefficient"
GRID = {"cell": 1e-9, "zone": 120e-9, "surface_cell": 0.2e-9}


def described(bulk: float, foreign: float) -> isc.Experiment:
    """The example with the true width and trapped fraction, on cells that are the same for all parameters."""
    truth = json.loads((EXAMPLES / "measurements" / "rb-mono-a-truth.json").read_text(encoding="utf-8"))["parameters"]
    site_energies = {"width": f"{truth['G1']} eV", "trapped_fraction": truth["S2"]}
    varied = {f"ions.Li.diffusion.{key}": value for key, value in site_energies.items()}
    return isc.load_experiment(EXAMPLES / "rb-mono-cait.toml").replace(
        {BULK: bulk, FOREIGN: foreign, "grid": GRID, **varied}
    )


@cache
def simulated(bulk: float, foreign: float) -> tuple[FloatArray, FloatArray, float]:
    """Edges of the cells [m], densities of Li and Rb (cells, 2) [1/m³] and charge [C] at the end."""
    # differences through the steps of an integrator need a tight tolerance
    settings = isc.Settings(relative_tolerance=1e-6, snapshots_per_stage=2, method="esdirk4")
    data = isc.simulate(described(bulk, foreign), settings=settings).dataset
    edges = np.concatenate([[0.0], np.cumsum(data["cell_size"].values)])
    charge = float(data["collected_charge"].values[-1].sum())
    return edges, data["density"].sel(ion=["Li", "Rb"]).values[-1], charge


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> isc.FitResult:
    folder = tmp_path_factory.mktemp("fit")
    wanted = {
        "parameters": {
            BULK: {"lower": "2e-19 m^2/s", "upper": "1.5e-18 m^2/s", "scale": "log"},
            FOREIGN: {"lower": "5e-23 m^2/s", "upper": "2e-21 m^2/s", "scale": "log"},
        },
        "tolerance": 1e-5, "observed_charge": {"value": "2.653 mC", "relative_error": 0.05},
    }  # fmt: skip
    experiment = described(5.8e-19, 2.67e-22).to_toml()
    text = one_document(wanted, experiment=experiment, exports=EXAMPLES / "measurements")
    (folder / "fit.toml").write_text(text, encoding="utf-8")
    return isc.fit(isc.load_fit(folder / "fit.toml"), starts=1, check_intervals=False)


def residuals_of(problem: isc.FitProblem) -> object:
    """Residuals by ln D_bulk, ln D_foreign, both ln factors, depth scale and ln resolution, both priors last."""
    (data,) = problem.datasets
    assert data.ions == ("Li", "Rb")
    scale = problem.parameters[problem.index("depth_scale")].prior
    assert scale is not None
    padded = np.pad(data.intensity, ((0, 0), (4, 4)), mode="edge")
    level = np.array([np.convolve(row, np.full(9, 1 / 9), "valid") for row in padded])
    roots = []
    for point in range(level.shape[1]):
        common = data.common_factor * level[:, point]
        roots.append(np.linalg.cholesky(np.diag(data.variance[:, point]) + np.outer(common, common)))

    def residuals(theta: FloatArray) -> FloatArray:
        edges, density, charge = simulated(float(np.exp(theta[0])), float(np.exp(theta[1])))
        depth = theta[4] * data.depth
        # a Gaussian over what is inside the sample
        below = special.ndtr((edges[None, :] - depth[:, None]) / np.exp(theta[5]))
        weights = np.diff(below, axis=1) / (1.0 - below[:, :1])
        counts = (weights @ density).T / np.exp(theta[2:4])[:, None]
        difference = data.intensity - counts
        whitened = [np.linalg.solve(root, column) for root, column in zip(roots, difference.T, strict=True)]
        further = [
            (charge - 2.653e-3) / (0.05 * 2.653e-3), (theta[4] - scale.mean) / scale.standard_deviation,
            (theta[5] - np.log(2e-9)) / 0.2,  # stated without an error
        ]  # fmt: skip
        return np.concatenate([np.ravel(whitened), further])

    return residuals


@pytest.fixture(scope="module")
def independent(fitted: isc.FitResult) -> tuple[object, FloatArray, FloatArray, float]:
    """Residuals, optimum, covariance and cost of scipy's least squares."""
    assert fitted.problem is not None
    residuals = residuals_of(fitted.problem)
    start = np.concatenate(
        [np.log([5.8e-19, 2.67e-22]), np.log(fitted.problem.datasets[0].factors), [1.0, np.log(2e-9)]]
    )

    def jacobian(theta: FloatArray) -> FloatArray:
        columns = []
        for step in np.diag([1e-3, 1e-3, 1e-4, 1e-4, 1e-4, 1e-3]):
            columns.append((residuals(theta + step) - residuals(theta - step)) / (2 * step.sum()))
        return np.array(columns).T

    found = optimize.least_squares(residuals, start, jac=jacobian, method="lm", xtol=1e-8, ftol=1e-9)
    assert found.success
    slopes = jacobian(found.x)
    return residuals, found.x, np.linalg.inv(slopes.T @ slopes), 2.0 * found.cost


def test_estimates_and_intervals_of_an_independent_fit(
    fitted: isc.FitResult, independent: tuple[object, FloatArray, FloatArray, float]
) -> None:
    _, optimum, covariance, cost = independent
    data = fitted.dataset
    assert data.attrs["cost"] == pytest.approx(cost, abs=0.1)
    errors = np.sqrt(np.diag(covariance))
    for place, name in enumerate((BULK, FOREIGN)):
        one = data.sel(parameter=name)
        value = float(np.exp(optimum[place]))
        assert abs(np.log(float(one["estimate"]) / value)) < 0.05 * errors[place]
        assert float(one["estimate_error"]) == pytest.approx(value * errors[place], rel=0.01, abs=0)
        for side, sign in (("lower_95", -1.0), ("upper_95", 1.0)):
            end = np.log(float(one[side]) / value)
            assert end == pytest.approx(sign * 1.959964 * errors[place], rel=0.03, abs=0)
    expected = covariance[0, 1] / errors[0] / errors[1]
    found = float(data["correlation"].sel(parameter=BULK, other_parameter=FOREIGN))
    assert found == pytest.approx(expected, abs=0.02)


def test_the_interval_ends_where_chi_square_has_risen_by_its_quantile(
    fitted: isc.FitResult, independent: tuple[object, FloatArray, FloatArray, float]
) -> None:
    """At either end of the interval of D_foreign all others are minimised anew, D_bulk over a grid."""
    residuals, optimum, covariance, cost = independent
    one = fitted.dataset.sel(parameter=FOREIGN)
    slope = covariance[0, 1] / covariance[1, 1]
    left = np.sqrt(covariance[0, 0] - covariance[0, 1] * slope)
    for side in ("lower_95", "upper_95"):
        end = np.log(float(one[side]))
        ridge = optimum[0] + slope * (end - optimum[1])
        costs = []
        for offset in (-1.0, 0.0, 1.0):
            fixed = np.array([ridge + offset * left, end])
            rest = optimize.least_squares(
                lambda theta, fixed=fixed: residuals(np.concatenate([fixed, theta])), optimum[2:], method="lm",
                x_scale=np.sqrt(np.diag(covariance))[2:],
            )  # fmt: skip
            costs.append(2.0 * rest.cost)
        a, b, c = np.polyfit([-1.0, 0.0, 1.0], costs, 2)
        assert a > 0.0
        assert c - b**2 / (4 * a) - cost == pytest.approx(3.841, rel=0.1)
