"""A result of a fit that was put together by hand: every number is known, nothing is simulated."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray

from ionscape.inference import FitResult

NAMES = ["ions.Li.diffusion.bulk_coefficient", "ions.Li.diffusion.width", "depth_scale"]
ESTIMATE = np.array([5.4528e-19, 2.4362e-20, 0.9991])
ERROR = np.array([6.163e-21, 6.877e-23, 0.0114])
LOWER, UPPER = np.array([2e-19, 1.2e-20, 0.93]), np.array([1.5e-18, 4.9e-20, 1.06])
SOURCE = '[measurement]\nfile = "raw & <wild>.txt"\ncrater_scans = ["a.csv", "b.csv"]\n'
EVIL = '<script>alert("Rb")</script> & $x_{'


def hand_made(
    *, title: str = "Rb on glass", names: tuple[str, ...] = ("",), method: str = "least-squares"
) -> FitResult:
    rng = np.random.default_rng(7)
    depth = np.linspace(4e-9, 80e-9, 60)
    density = np.linspace(0.05, 1.1, 40) * 1.4e28
    energy = np.linspace(-2.5e-19, -0.7e-19, 50)
    variables: dict[str, Any] = {
        "estimate": ("parameter", ESTIMATE),
        "estimate_error": ("parameter", ERROR),
        "correlation": (("parameter", "other_parameter"), np.array([[1, -0.7, 0.99], [-0.7, 1, 0.1], [0.99, 0.1, 1]])),
        "start_cost": ("start", np.array([110.0, 110.01, 140.0])),
        "start_simulations": ("start", np.array([10, 12, 14])),
        "start_estimate": (("start", "parameter"), np.array([ESTIMATE, ESTIMATE, 1.02 * ESTIMATE])),
    }
    for level, quantile in ((68, 1.0), (95, 1.96)):
        variables[f"lower_{level}"] = ("parameter", np.maximum(ESTIMATE - quantile * ERROR, LOWER))
        variables[f"upper_{level}"] = ("parameter", np.minimum(ESTIMATE + quantile * ERROR, UPPER))
    for k in range(len(names)):
        fitted = 1.4e28 / (1.0 + np.exp((np.array([[-1.0], [1.0]]) * (depth - 40e-9)) / 4e-9)).T
        residual = rng.standard_normal(fitted.shape)
        dims = (f"point_{k}", f"ion_{k}")
        variables[f"depth_{k}"] = (dims[0], depth)
        variables[f"fitted_{k}"] = (dims, fitted)
        variables[f"measured_{k}"] = (dims, fitted + 1e26 * residual)
        variables[f"measured_error_{k}"] = (dims, np.full(fitted.shape, 1e26))
        variables[f"residual_{k}"] = (dims, residual)
        axis = f"fermi_density_{k}"
        variables[axis] = (axis, density)
        for ion, power in (("Li", 8.0), ("Rb", 0.0)):
            variables |= _curve(f"diffusion_coefficient_{k}_{ion}", axis, 1e-22 * np.exp(power * density / 1.4e28))
            variables |= _curve(f"activation_energy_{k}_{ion}", axis, 1e-19 * np.ones_like(density))
        variables[f"energy_{k}_Li"] = (f"energy_{k}_Li", energy)
        bell = 3e47 * np.exp(-(((energy + 1.4e-19) / 2e-20) ** 2))
        variables |= _curve(f"site_energy_density_{k}_Li", f"energy_{k}_Li", bell)
    coordinates = {
        "parameter": NAMES,
        "unit": ("parameter", ["m^2/s", "J", ""]),
        "kind": ("parameter", ["experiment", "experiment", "measurement"]),
        "scale": ("parameter", ["log", "linear", "linear"]),
        "lower_bound": ("parameter", LOWER),
        "upper_bound": ("parameter", UPPER),
    }
    attributes = {
        "format": "ionscape fit 1",
        "method": method,
        "title": title,
        "file": "/nowhere/rb fit.toml",
        "datasets": json.dumps(list(names)),
        "ions": json.dumps([["Li", "Rb"]] * len(names)),
        "cost": 110.0,
        "degrees_of_freedom": 117,
        "bayesian_information_criterion": 124.4,
        "akaike_information_criterion": 116.0,
        "log_evidence": -70.5,
        "simulations": 36,
        "failed_simulations": 0,
        "warnings": json.dumps([f"depth_scale is bad {title}."]),
        "source": SOURCE,
        "source_sha256": "0" * 64,
        "settings": json.dumps({"starts": 3, "method": "least-squares", "seed": 5}),
        "created": "2020-01-01T00:00:00+00:00",
        "ionscape_version": "0.0.1",
        "python_version": "3.11.0",
        "numpy_version": "2.0.0",
    }
    return FitResult(dataset=xarray.Dataset(variables, coords=coordinates, attrs=attributes))


def with_posterior(result: FitResult) -> FitResult:
    """The same with draws of the posterior and profile likelihoods of the first two parameters."""
    rng = np.random.default_rng(3)
    steps = np.linspace(-3.0, 3.0, 9)
    value = ESTIMATE[:, None] + steps * ERROR[:, None]
    cost = 110.0 + np.broadcast_to(steps**2, value.shape).copy()
    cost[2] = np.nan
    data = result.dataset.assign(
        sample=(("draw", "parameter"), ESTIMATE + ERROR * rng.standard_normal((500, 3))),
        profile_value=(("parameter", "profile_point"), value),
        profile_cost=(("parameter", "profile_point"), cost),
        r_hat=("parameter", np.array([1.001, 1.002, 1.003])),
        effective_sample_size=("parameter", np.array([400.0, 410.0, 420.0])),
    )
    return FitResult(dataset=data)


def _curve(name: str, axis: str, values: np.ndarray[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: (axis, values)}
    for ending, factor in (("lower_95", 0.9), ("lower_68", 0.95), ("upper_68", 1.05), ("upper_95", 1.1)):
        found[f"{name}_{ending}"] = (axis, factor * values)
    return found
