"""The conditions under which a fit holds: numbers of the experiment that were taken as known, and who gave them."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from ionscape.files.quantities import format_quantity
from ionscape.files.values import Scalar, scalars
from ionscape.wording import name_of, split_path

from .parts import TextTable

if TYPE_CHECKING:
    from ionscape.inference import FitProblem, FitResult

ASSUMED = "assumed"
MEANING = (
    "Assumed: nobody has given or confirmed this value; it is a default or a suggestion of the program, and no interval"
    " contains its error."
)
NUMERICAL = ("grid.",)
"""Beginnings of the paths of numbers that are none of the experiment in the laboratory."""


def assumed_paths(result: FitResult) -> tuple[str, ...]:
    """Paths of the values of which the result says that nobody has given or confirmed them."""
    return tuple(str(path) for path in json.loads(str(result.dataset.attrs.get("assumed", "[]"))))


def assumed_conditions(result: FitResult) -> tuple[str, ...]:
    """Those of the assumed values that were taken as known."""
    fitted = {str(name).rpartition(":")[2] for name in result.dataset["parameter"].values}
    return tuple(path for path in assumed_paths(result) if path not in fitted)


def assumed_notice(result: FitResult) -> str:
    """The sentence about assumed values at the head of a report; empty without any."""
    names = [name_of(path) for path in assumed_conditions(result)]
    if not names:
        return ""
    return (
        f"{len(names)} condition{'s are' if len(names) > 1 else ' is'} assumed, given or confirmed by nobody:"
        f" {', '.join(names)}. The estimates hold for these values, and no interval contains their errors."
    )


def conditions_table(result: FitResult, problem: FitProblem) -> TextTable:
    """Table of the numbers of the experiments that were not fitted; assumed ones are marked."""
    assumed = set(assumed_paths(result))
    fitted = {place for parameter in problem.parameters for place in parameter.paths}
    rows: list[tuple[str, ...]] = []
    hints: list[str] = []
    for number, data in enumerate(problem.datasets):
        source = tomllib.loads(data.experiment.source)
        for path, scalar in scalars(data.experiment).items():
            if (number, path) in fitted or path.startswith(NUMERICAL):
                continue
            given = _is_given(source, path) and path not in assumed
            prefix = f"{data.name}: " if data.name else ""
            rows.append((f"{prefix}{name_of(path)}", value_text(scalar), "" if given else ASSUMED))
            hints.append(path)
    header = ("taken as known", "value", "")
    return TextTable(header=header, rows=tuple(rows), hints=tuple(hints), numeric=frozenset({1}))


def value_text(scalar: Scalar) -> str:
    """A value with its unit."""
    if scalar.dimension is None:
        return f"{scalar.value:.4g}"
    # 323.15 K is no round number
    digits = 5 if scalar.dimension == "temperature" else 4
    text = format_quantity(scalar.value, scalar.dimension, digits=digits)
    return text.replace("m^2", "m²").replace("1/m^3", "m⁻³")


def _is_given(source: Any, path: str) -> bool:
    """Whether a file has a value at a path."""
    for part in split_path(path):
        try:
            source = source[part]
        except (LookupError, TypeError):
            return False
    return True
