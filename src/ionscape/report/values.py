"""The parameters of a fit as people read them: estimates, intervals, bounds, priors, widths at half maximum."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ionscape.diffusivity import full_width_at_half_maximum
from ionscape.figures.fit_values import readable_unit
from ionscape.inference.reading_results import stored_readings
from ionscape.inference.remarks import NOT_CONVERGED, STOPPED
from ionscape.remarks import of_kinds
from ionscape.wording import parameter_words

from .parts import TextTable

if TYPE_CHECKING:
    from ionscape.inference import FitProblem, FitResult, Parameter

_WIDTH = re.compile(
    r"(?:.*:)?(?:ions\.(?P<ion>[^.]+)\.diffusion|stages\[(?P<stage>\d+)\]\.diffusion\.(?P<other>[^.]+)"
    r"|sites\.(?P<sites>[^.]+))\.(?:trapped_)?width"
)
NO_BREAK = "\N{NO-BREAK SPACE}"
NUMBERS = frozenset({2, 3, 4, 5, 6})
FOUND = ("estimate", "estimate_error", "lower_68", "upper_68", "lower_95", "upper_95")


def ended_early(result: FitResult) -> bool:
    """Whether the search of a fit was given up or stopped before it converged."""
    return bool(of_kinds(result.remarks, NOT_CONVERGED, STOPPED))


def parameter_table(result: FitResult, problem: FitProblem | None, kind: str) -> TextTable:
    """Table of the parameters of the experiment or of the measurement.

    Args:
        result: of the fit.
        problem: what was fitted, for the priors; None if it is not at hand.
        kind: "experiment" or "measurement".
    """
    data = result.dataset
    rows: list[tuple[str, ...]] = []
    hints: list[str] = []
    for place, name in enumerate(str(name) for name in data["parameter"].values):
        if str(data["kind"].values[place]) != kind:
            continue
        found = [float(data[key].values[place]) for key in FOUND]
        lower, upper = (float(data[key].values[place]) for key in ("lower_bound", "upper_bound"))
        unit = readable_unit(str(data["unit"].values[place]), found[0])
        ends = [text for text, value, bound in (("lower", found[-2], lower), ("upper", found[-1], upper))
                if math.isclose(value, bound, rel_tol=1e-9)]  # fmt: skip
        note = f" (ends at the {' and '.join(ends)} bound)" if ends else ""
        *cells, last = _cells(found, unit.size)
        hints.append(name)
        rows.append((
            parameter_words(name), unit.unit.replace(" ", NO_BREAK), *cells, f"{last}{note}",
            f"{lower / unit.size:.4g} to {upper / unit.size:.4g}", prior_text(result, problem, place),
            str(data["scale"].values[place]),
        ))  # fmt: skip
    header = ("parameter", "unit", "estimate", "±", "68 % interval", "95 % interval", "bounds", "prior", "scale")
    return TextTable(header=header, rows=tuple(rows), hints=tuple(hints), numeric=NUMBERS)


def _cells(found: Sequence[float], size: float) -> tuple[str, str, str, str]:
    """Estimate, error and both intervals in a unit of that size, to the decimals of the error."""
    decimals = decimals_of(found[1] / size)
    estimate, error, low68, high68, low95, high95 = (f"{value / size:.{decimals}f}" for value in found)
    return estimate, error, f"{low68} to {high68}", f"{low95} to {high95}"


def decimals_of(error: float) -> int:
    """Decimals that show two digits of an error; four if it is not known.

    Examples:
        >>> decimals_of(0.0162)
        3
        >>> decimals_of(34.0)
        0
    """
    if not (math.isfinite(error) and error > 0.0):
        return 4
    return min(max(1 - math.floor(math.log10(float(f"{error:.1e}"))), 0), 12)


def prior_text(result: FitResult, problem: FitProblem | None, place: int) -> str:
    """What was known of a parameter before the fit, in the unit of the table."""
    data = result.dataset
    if problem is None:
        return str(data["prior"].values[place]) if "prior" in data else "not stored"
    parameter: Parameter = problem.parameters[place]
    if parameter.prior is None:
        return "uniform"
    mean, deviation = parameter.prior.mean, parameter.prior.standard_deviation
    unit = readable_unit(parameter.unit, float(data["estimate"].values[place]))
    if parameter.prior.scale == "log":
        moves = "" if parameter.prior.follows is None else f", moves with {parameter.prior.follows.name}"
        return f"log-normal, median {math.exp(mean) / unit.size:.4g}, relative deviation {deviation:.3g}{moves}"
    return f"normal, {mean / unit.size:.4g} ± {deviation / unit.size:.2g}"


def width_table(result: FitResult, problem: FitProblem | None) -> TextTable | None:
    """Full widths at half maximum that follow from fitted widths of site energies; None if no width was fitted."""
    data = result.dataset
    rows: list[tuple[str, ...]] = []
    for place, name in enumerate(str(name) for name in data["parameter"].values):
        match = _WIDTH.fullmatch(name)
        if match is None:
            continue
        shape = _shape(problem, place, match) if problem is not None else "cosine-squared"
        factor = full_width_at_half_maximum(1.0, shape="gaussian" if shape == "gaussian" else "cosine-squared")
        found = [factor * float(data[key].values[place]) for key in FOUND]
        unit = readable_unit("J", found[0])
        formula = "2√(2 ln 2) Γ, Gaussian" if shape == "gaussian" else "πΓ/2, cos²"
        width = f"full width at half maximum of {parameter_words(name)}"
        rows.append((width, unit.unit, *_cells(found, unit.size), formula))
    if not rows:
        return None
    header = ("derived", "unit", "estimate", "±", "68 % interval", "95 % interval", "from the width Γ by")
    return TextTable(header=header, rows=tuple(rows), numeric=frozenset({2, 3, 4, 5}))


def reading_table(result: FitResult) -> TextTable:
    """Table of the readings beside a profile, with what the fit makes of them; without rows if there are none."""
    rows: list[tuple[str, ...]] = []
    for found in stored_readings(result.dataset):
        unit = readable_unit(found["unit"], found["measured"])
        decimals = decimals_of(found["error"] / unit.size)
        name = f"{found['data_set']}: {found['reading']}" if found["data_set"] else found["reading"]
        numbers = (f"{found[key] / unit.size:.{decimals}f}" for key in ("measured", "error", "fitted"))
        pull = "" if found["pull"] is None else f"{found['pull']:+z.2f}"
        rows.append((name, unit.unit.replace(" ", NO_BREAK), *numbers, f"{found['residual']:+z.2f}", pull))
    header = ("reading", "unit", "measured", "±", "fitted", "residual", "pull")
    return TextTable(header=header, rows=tuple(rows), numeric=frozenset(range(2, 7)))


def _shape(problem: FitProblem, place: int, match: re.Match[str]) -> str:
    number = problem.parameters[place].paths[0][0]
    experiment = problem.datasets[number].experiment
    if match["sites"] is not None:
        return experiment.sites[match["sites"]].shape
    if match["ion"] is not None:
        return str(getattr(experiment.ions[match["ion"]].diffusion, "shape", ""))
    return str(getattr(experiment.stages[int(match["stage"])].diffusion[match["other"]], "shape", ""))
