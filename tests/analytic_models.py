"""Models whose likelihoods are known in closed form, in place of simulations."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ionscape.inference.forward import Evaluation
from ionscape.inference.least_squares import StartResult, covariance_of, minimise
from ionscape.inference.parameters import Parameter
from ionscape.inference.problem import FitProblem
from ionscape.inference.result import FitResult, make_fit_result
from ionscape.inference.settings import FitTable
from ionscape.remarks import AS_WRITTEN


def parameter(name: str, kind: str = "experiment", lower: float = 0.0, upper: float = 1.0, **more: object) -> Parameter:
    return Parameter(name=name, kind=kind, lower=lower, upper=upper, start=0.5 * (lower + upper), **more)  # type: ignore[arg-type]


def problem_of(*parameters: Parameter) -> FitProblem:
    table = FitTable.model_validate({"parameters": {p.name: {"lower": p.lower, "upper": p.upper} for p in parameters}})
    return FitProblem(datasets=(), parameters=parameters, settings=table, title="analytic")


@dataclass(kw_only=True)
class Analytic:
    """Residuals given by a formula of the coordinates, of the kind named by `formula`."""

    problem: FitProblem
    formula: str
    simulations: int = 0
    failures: list[str] = field(default_factory=list)

    def evaluate(self, coordinates: np.ndarray, *, derivatives: bool = True) -> Evaluation | None:
        self.simulations += 1
        x, y = coordinates[0], coordinates[-1]
        if self.formula == "failing" and x > 0.6:
            self.failures.append("the equations cannot be solved")
            return None
        if self.formula in ("linear", "failing"):
            residuals = np.array([(x - 0.4) / 0.03, (y - 0.5 - 2.0 * (x - 0.4)) / 0.05, 1.0])
            jacobian = np.array([[1 / 0.03, 0.0], [-2.0 / 0.05, 1 / 0.05], [0.0, 0.0]])
        elif self.formula == "banana":  # x is normal, y lies on a parabola over it
            u = x - 0.4
            residuals = np.array([u / 0.05, (y - 0.5 - 2.0 * u - 12.0 * u**2) / 0.004])
            jacobian = np.array([[1 / 0.05, 0.0], [-(2.0 + 24.0 * u) / 0.004, 1 / 0.004]])
        elif self.formula == "logarithm":  # normal in ln x
            residuals = np.array([math.log(max(x, 1e-9) / 0.2) / 0.3, (y - 0.5) / 0.1])
            jacobian = np.array([[1 / (0.3 * max(x, 1e-9)), 0.0], [0.0, 1 / 0.1]])
        elif self.formula == "flat above":
            low = min(x - 0.5, 0.0)
            residuals = np.array([low / 0.05, (y - 0.5) / 0.1])
            jacobian = np.array([[1 / 0.05 if x < 0.5 else 0.0, 0.0], [0.0, 1 / 0.1]])
        elif self.formula == "near its bound":
            residuals = np.array([(x - 0.95) / 0.05, (y - 0.5) / 0.1])
            jacobian = np.array([[1 / 0.05, 0.0], [0.0, 1 / 0.1]])
        elif self.formula == "beyond its bounds":  # both below, x by 10 and y by 6 standard deviations
            residuals = np.array([(x + 0.5) / 0.05, (y + 0.6) / 0.1])
            jacobian = np.array([[1 / 0.05, 0.0], [0.0, 1 / 0.1]])
        elif self.formula == "beyond one bound":
            residuals = np.array([(x - 1.5) / 0.05, (y - 0.5) / 0.1])
            jacobian = np.array([[1 / 0.05, 0.0], [0.0, 1 / 0.1]])
        elif self.formula == "at its bound":  # the other half is cut off
            residuals = np.array([x / 0.05, (y - 0.5) / 0.1])
            jacobian = np.array([[1 / 0.05, 0.0], [0.0, 1 / 0.1]])
        elif self.formula == "across a corner":  # x + 3 y is 0.04, and known 2000 times better than x - y
            residuals = np.array([(x + 3.0 * y - 0.04) / 1e-4, (x - y) / 0.2])
            jacobian = np.array([[1e4, 3e4], [5.0, -5.0]])
        else:  # two valleys: a deep one at 0.35, a shallow one at 0.6
            residuals = np.array([(x - 0.35) * (x - 0.6) / 0.012, 3.0 * (x - 0.35), (y - 0.5) / 0.1])
            jacobian = np.array([[(2 * x - 0.95) / 0.012, 0.0], [3.0, 0.0], [0.0, 1 / 0.1]])
        return Evaluation(
            coordinates=coordinates.copy(), residuals=residuals,
            jacobian=jacobian if derivatives else np.empty((0, 0)), densities=(),
        )  # fmt: skip


OLD = AS_WRITTEN(text="An old warning.")


def fitted(model: Analytic, start: tuple[float, float] = (0.45, 0.5)) -> FitResult:
    best: StartResult = minimise(model, np.array(start))  # type: ignore[arg-type]
    return make_fit_result(model.problem, best, [best], covariance_of(best.evaluation)[0], remarks=[OLD], failures=())
