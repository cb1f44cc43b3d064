"""The result of a fit: a dataset with estimates, intervals, fitted profiles, curves and their bands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import NORMAL_95
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.errors import InputError
from ionscape.files.table_files import Columns
from ionscape.provenance import provenance_attributes
from ionscape.remarks import Remark, remark_attributes, remark_entries, stored_remarks

from .curves import curve_variables
from .evidence import log_evidence, log_volume
from .forward import ForwardModel, unspread
from .interval_check import RISES
from .least_squares import StartResult
from .misfit import Misfit
from .parameters import Parameter, values_of
from .problem import DataSet, FitProblem, with_discrepancies
from .reading_results import reading_variables, stored_readings

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape fit 1"
CONTENT = Content(
    form=FORMAT,
    what="the result of a fit",
    command="ionscape fit",
    variables={
        **dict.fromkeys(("estimate", "estimate_error", "lower_95", "upper_95"), ("parameter",)),
        "start_cost": ("start",),
        "start_simulations": ("start",),
    },
    labels=dict.fromkeys(("parameter", "unit", "kind"), ("parameter",)),
    attributes={
        "title": "text", "file": "text", "method": "text", "datasets": "JSON", "ions": "JSON",
         "warnings": "JSON", "settings": "JSON", "cost": "number",
        "degrees_of_freedom": "number", "bayesian_information_criterion": "number",
        "akaike_information_criterion": "number", "log_evidence": "number", "simulations": "number",
        "failed_simulations": "number", "source": "text", "source_sha256": "text", "created": "text",
        "ionscape_version": "text",
    },
    numbered={
        "depth": ("point",), "measured": ("point", "ion"), "measured_error": ("point", "ion"),
        "fitted": ("point", "ion"), "residual": ("point", "ion"),
    },
    possible={"remarks": "JSON", "raw_files": "JSON", "raw_sha256": "JSON", "assumed": "JSON"},
    counted="ions",
)  # fmt: skip

OF_A_PARAMETER = (
    "estimate", "estimate_error", "lower_95", "upper_95", "lower_68", "upper_68", "lower_bound", "upper_bound",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class FitResult(StoredResult):
    """What a fit gives.

    Attributes:
        dataset: estimates, intervals, profiles and curves with named axes and units (reference: fit file).
        problem: what was fitted; None for a result read from a file whose inputs are not at hand.
    """

    dataset: xarray.Dataset
    problem: FitProblem | None = None

    @property
    def remarks_of_fit(self) -> tuple[Remark, ...]:
        """Those of the fit itself, without what is to be said about the file that it was read from."""
        return stored_remarks(self.dataset.attrs)

    def summary(self) -> dict[str, Any]:
        """Title, warnings, `parameters` by path with 95 % intervals, cost; in SI units (reference: fit file)."""
        data = self.dataset
        parameters = {
            str(name): {
                "value": float(data["estimate"].values[place]),
                "error": float(data["estimate_error"].values[place]),
                "lower_95": float(data["lower_95"].values[place]),
                "upper_95": float(data["upper_95"].values[place]),
                "unit": str(data["unit"].values[place]),
                "kind": str(data["kind"].values[place]),
            }
            for place, name in enumerate(data["parameter"].values)
        }
        attributes = data.attrs
        return {
            "title": str(attributes["title"]),
            **remark_entries(self.remarks),
            "parameters": parameters,
            "cost": float(attributes["cost"]),
            "degrees_of_freedom": int(attributes["degrees_of_freedom"]),
            "reduced_chi_square": float(attributes["cost"]) / max(int(attributes["degrees_of_freedom"]), 1),
            "bayesian_information_criterion": float(attributes["bayesian_information_criterion"]),
            "akaike_information_criterion": float(attributes["akaike_information_criterion"]),
            "log_evidence": float(attributes["log_evidence"]),
            "simulations": int(attributes["simulations"]),
            "failed_simulations": int(attributes["failed_simulations"]),
            "starts": [float(value) for value in data["start_cost"].values],
            "method": str(attributes["method"]),
            # results of older versions were not judged
            "misfit": bool(attributes["misfit"]) if "misfit" in attributes else None,
            "misfit_p_value": _finite(attributes.get("misfit_p_value")),
            "residual_correlation": _finite(attributes.get("residual_correlation")),
            "discrepancies": _discrepancies(data),
            "readings": stored_readings(data),
        }

    def columns(self) -> Columns:
        """The parameters, a row for each, in the SI unit that stands beside its name."""
        data = self.dataset
        return [
            ("parameter", [str(name) for name in data["parameter"].values]),
            ("unit", [str(unit) or "1" for unit in data["unit"].values]),
            ("kind", [str(kind) for kind in data["kind"].values]),
            *((name, data[name].values.tolist()) for name in OF_A_PARAMETER),
        ]


def _finite(value: Any) -> float | None:
    """A number, or None where there is none."""
    return None if value is None or not np.isfinite(value) else float(value)


def _discrepancies(data: xarray.Dataset) -> list[dict[str, float] | None]:
    """Size and length [m] of the discrepancy of each data set; None for none."""
    found: list[dict[str, float] | None] = []
    for number in range(len(json.loads(data.attrs["datasets"]))):
        name = f"discrepancy_share_{number}"
        own = data[name].attrs if name in data else None
        found.append(None if own is None else {"size": float(own["size"]), "length": float(own["length"])})
    return found


def load_fit_result(path: str | Path, *, with_problem: bool = True) -> FitResult:
    """Read a result that `FitResult.to_netcdf` wrote; its problem is read again where its file is still there.

    Args:
        path: of the result.
        with_problem: read the problem again; otherwise only the result itself is opened.

    Raises:
        InputError: the file does not exist, is no result of a fit, or is damaged.
    """
    from .problem import load_fit

    dataset = read_dataset(path, CONTENT)
    file = str(dataset.attrs["file"])
    try:
        reference = str(dataset.attrs.get("reference", "")) or None
        problem = load_fit(file, reference=reference) if with_problem and file and Path(file).is_file() else None
    except InputError:
        problem = None
    if problem is not None:
        stored = [
            None
            if known is None
            else {
                **known,
                "shares": dataset[f"discrepancy_share_{number}"].values.T,
                "directions": dataset.get(f"discrepancy_direction_{number}", np.zeros(0)),
            }
            for number, known in enumerate(_discrepancies(dataset))
        ]
        problem = with_discrepancies(problem, stored) if len(stored) == len(problem.datasets) else problem
    return FitResult(dataset=dataset, problem=problem)


def make_fit_result(
    problem: FitProblem,
    best: StartResult,
    results: Sequence[StartResult],
    covariance: FloatArray,
    *,
    remarks: Sequence[Remark],
    failures: Sequence[str],
    rises: FloatArray | None = None,
    misfit: Misfit | None = None,
    further_simulations: int = 0,
) -> FitResult:
    """Put a fit into a dataset.

    Args:
        problem: what was fitted.
        best: the best start.
        results: all starts.
        covariance: of the coordinates, shape (parameters, parameters).
        remarks: for the reader.
        failures: sentences about failed simulations.
        rises: of the cost at the ends of the 95 % intervals, shape (2, parameters); None if they were not simulated.
        misfit: what the residuals by noise alone say of the model; None if they were not judged.
        further_simulations: beside those of the starts.
    """
    import xarray

    parameters = problem.parameters
    variables: dict[str, Any] = {
        **_estimates(problem, best, covariance),
        **_interval_checks(len(parameters), rises),
        "start_cost": ("start", np.array([result.cost for result in results])),
        "start_simulations": ("start", np.array([result.simulations for result in results])),
        "start_estimate": (
            ("start", "parameter"), np.array([values_of(parameters, result.coordinates) for result in results])
        ),
        **_profiles(problem, best),
        **reading_variables(problem, best, covariance),
        **curve_variables(problem, best.coordinates, covariance),
    }  # fmt: skip
    coordinates = {
        "parameter": list(problem.names),
        "other_parameter": list(problem.names),
        "unit": ("parameter", [parameter.unit for parameter in parameters]),
        "kind": ("parameter", [parameter.kind for parameter in parameters]),
        "scale": ("parameter", [parameter.scale for parameter in parameters]),
        "lower_bound": ("parameter", [parameter.lower for parameter in parameters]),
        "upper_bound": ("parameter", [parameter.upper for parameter in parameters]),
        "prior": ("parameter", [_prior_text(parameter) for parameter in parameters]),
    }
    attributes = {
        **_attributes(problem, best, covariance),
        **_judgement(misfit),
        "simulations": sum(result.simulations for result in results) + further_simulations,
        "failed_simulations": len(failures),
        **remark_attributes(remarks),
    }
    return FitResult(dataset=xarray.Dataset(variables, coords=coordinates, attrs=attributes), problem=problem)


def _estimates(problem: FitProblem, best: StartResult, covariance: FloatArray) -> dict[str, Any]:
    """Estimates with covariances and the intervals of 95 and 68 %, which lie within the bounds."""
    parameters = problem.parameters
    slopes = np.array([
        parameter.slope(float(coordinate)) for parameter, coordinate in zip(parameters, best.coordinates, strict=True)
    ])  # fmt: skip
    deviation = np.sqrt(np.diag(covariance))
    pairs = ("parameter", "other_parameter")
    variables: dict[str, Any] = {
        "estimate": ("parameter", values_of(parameters, best.coordinates)),
        "estimate_error": ("parameter", deviation * slopes),
        "covariance": (pairs, covariance * np.outer(slopes, slopes)),
        "correlation": (pairs, covariance / np.outer(deviation, deviation)),
        "coordinate": ("parameter", best.coordinates, {"long_name": "place between the bounds, 0 to 1"}),
        "coordinate_covariance": (pairs, covariance),
    }
    for level, quantile in ((95, NORMAL_95), (68, 1.0)):
        for name, sign in (("lower", -1.0), ("upper", 1.0)):
            ends = np.clip(best.coordinates + sign * quantile * deviation, 0.0, 1.0)
            variables[f"{name}_{level}"] = ("parameter", values_of(parameters, ends))
    return variables


def _interval_checks(count: int, rises: FloatArray | None) -> dict[str, Any]:
    """How far the cost rises at the ends of the intervals; not a number where that was not simulated."""
    told = "rise of the cost at the end of the least-squares interval, the others refitted to first order"
    rows = np.full((len(RISES), count), np.nan) if rises is None else rises
    return {name: ("parameter", row, {"units": "1", "long_name": told}) for name, row in zip(RISES, rows, strict=True)}


MISFIT_ATTRIBUTES = (
    "misfit", "misfit_p_value", "misfit_chi_square", "misfit_degrees_of_freedom", "misfit_size_p_value",
    "misfit_order_p_value", "misfit_depths", "residual_correlation",
)  # fmt: skip


def _judgement(misfit: Misfit | None) -> dict[str, Any]:
    """What is kept of the judgement of the residuals."""
    if misfit is None:
        return {}
    numbers = (
        misfit.p_value, misfit.chi_square, misfit.degrees_of_freedom, misfit.size_p_value, misfit.order_p_value,
        misfit.correlation,
    )  # fmt: skip
    # the last digits of sums over hundreds of rows are not those of every process
    p_value, chi_square, freedom, size, order, correlation = (float(f"{number:.8g}") for number in numbers)
    values = (int(misfit.significant), p_value, chi_square, freedom, size, order, list(misfit.stretch), correlation)
    return dict(zip(MISFIT_ATTRIBUTES, values, strict=True))


def _attributes(problem: FitProblem, best: StartResult, covariance: FloatArray) -> dict[str, Any]:
    """What was fitted, from which files, and how well the best start agrees with it."""
    count, size = len(problem.parameters), _compared(problem, best)
    # costs with different discrepancies differ by their constants too
    volume = log_volume(problem)
    return {
        "format": FORMAT,
        "method": "least-squares",
        "title": problem.title,
        "file": problem.file or "",
        "datasets": json.dumps([data.name for data in problem.datasets]),
        "raw_files": json.dumps([_of_profile(data, "raw_file") for data in problem.datasets]),
        "raw_sha256": json.dumps([_of_profile(data, "raw_sha256") for data in problem.datasets]),
        "ions": json.dumps([list(data.ions) for data in problem.datasets]),
        "cost": best.cost,
        "degrees_of_freedom": size - count,
        "bayesian_information_criterion": best.cost + volume + count * float(np.log(size)),
        "akaike_information_criterion": best.cost + volume + 2.0 * count,
        "log_evidence": log_evidence(problem, best, covariance),
        **({"reference": problem.reference} if problem.reference is not None else {}),
        **provenance_attributes(source=problem.source, settings=problem.settings.model_dump(), kind="source"),
    }


def _of_profile(data: DataSet, key: str) -> str:
    """An attribute of the profile of a data set; empty without a profile."""
    return "" if data.profile is None else str(data.profile.dataset.attrs[key])


def _compared(problem: FitProblem, best: StartResult) -> int:
    """Number of residuals, without those of cells of a table that are empty."""
    absent = sum(int(np.count_nonzero(~np.isfinite(data.variance))) for data in problem.datasets)
    return best.evaluation.residuals.size - absent


def _prior_text(parameter: Parameter) -> str:
    """A prior in words, values in SI units."""
    prior = parameter.prior
    if prior is None:
        return "uniform"
    if prior.scale == "log":
        moves = "" if prior.follows is None else f", moves with {prior.follows.name}"
        return f"log-normal, median {np.exp(prior.mean):.6g} {parameter.unit}".strip() + (
            f", relative deviation {prior.standard_deviation:.3g}{moves}"
        )
    return f"normal, {prior.mean:.6g} ± {prior.standard_deviation:.3g} {parameter.unit}".strip()


def _profiles(problem: FitProblem, best: StartResult) -> dict[str, Any]:
    """Data, fitted densities and standardised residuals of every data set, with its number behind the names."""
    found: dict[str, Any] = {}
    residuals, begin = unspread(problem, best.evaluation)[0], 0
    values = dict(zip(problem.names, values_of(problem.parameters, best.coordinates), strict=True))
    for number, (data, density) in enumerate(zip(problem.datasets, best.evaluation.densities, strict=True)):
        if data.profile is None:
            begin += data.further_residuals
            continue
        prefix = f"{data.name}:" if data.name else ""
        factors = np.array([
            values.get(f"{prefix}sensitivity_factor.{ion}", factor)
            for ion, factor in zip(data.ions, data.factors, strict=True)
        ])  # fmt: skip
        raw = factors[:, None] * data.intensity
        # of positive sign also with anions
        total = data.charge_density
        # the factor common to a point is divided out, as the residuals do; stated densities have none
        shown = raw * total / np.maximum(data.charges @ raw, 1e-3 * total)
        if data.factor_errors is not None:
            shown = np.where(np.isfinite(data.variance), raw, np.nan)
        size = data.intensity.size
        dims = (f"point_{number}", f"ion_{number}")
        found[f"depth_{number}"] = (dims[0], data.depth, {"units": "m"})
        found[f"measured_{number}"] = (dims, shown.T, {"units": "1/m^3"})
        found[f"measured_error_{number}"] = (
            dims, (factors[:, None] * np.sqrt(data.variance)).T, {"units": "1/m^3", "long_name": "by counting"}
        )  # fmt: skip
        found[f"fitted_{number}"] = (dims, density.T, {"units": "1/m^3"})
        found[f"residual_{number}"] = (
            dims, residuals[begin : begin + size].reshape(data.intensity.shape).T,
            {"units": "1", "long_name": "in standard deviations of the noise"},
        )  # fmt: skip
        begin += size + data.further_residuals
        departure = data.discrepancy
        if departure is not None:
            told = "share of the charge, with which the discrepancy of the model grows"
            stated = {"units": "1", "long_name": told, "size": departure.size, "length": departure.length}
            found[f"discrepancy_share_{number}"] = (dims, departure.shares.T, stated)
            if len(departure.directions):
                towards = departure.directions.reshape(-1, *departure.shares.shape)
                found[f"discrepancy_direction_{number}"] = (
                    (f"direction_{number}", dims[1], dims[0]), towards,
                    {"units": "1", "long_name": "change of the residuals towards a better model"},
                )  # fmt: skip
    return found


def model_of(result: FitResult) -> ForwardModel:
    """A forward model of the problem of a result.

    Raises:
        InputError: the result was read from a file and its inputs are not at hand.
    """
    if result.problem is None:
        raise InputError("is not at hand", file=str(result.dataset.attrs["file"]) or None,
                         remedy="run the fit again where its input files lie")  # fmt: skip
    return ForwardModel(problem=result.problem)
