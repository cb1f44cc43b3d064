"""Free parameters: bounds, scale, prior, and the coordinate in which they are varied."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.files.quantities import DimensionName
from ionscape.wording import join_path

Scale = Literal["linear", "log"]


@dataclass(frozen=True, kw_only=True)
class Follows:
    """How the mean of a prior moves with another parameter: two parameters that are known together.

    Attributes:
        name: of the other parameter.
        mean: its value at which the prior has its own mean, in SI units.
        slope: of the mean by that value.
    """

    name: str
    mean: float
    slope: float


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A normal prior on the scale of its parameter: of the value itself, or of its logarithm.

    Attributes:
        mean: on that scale.
        standard_deviation: on that scale; where another parameter is given, that which is left then.
        scale: "linear" (normal) or "log" (log-normal).
        follows: the parameter that is given, None for none.
    """

    mean: float
    standard_deviation: float
    scale: Scale
    follows: Follows | None = None

    def residual(self, value: float, given: float | None = None) -> float:
        """Deviation of a value in standard deviations; `given` is the value of the parameter that it follows."""
        shown = math.log(value) if self.scale == "log" else value
        moved = 0.0 if self.follows is None or given is None else self.follows.slope * (given - self.follows.mean)
        return (shown - self.mean - moved) / self.standard_deviation

    def slope_by_given(self) -> float:
        """Derivative of `residual` by the value of the parameter that it follows."""
        return 0.0 if self.follows is None else -self.follows.slope / self.standard_deviation

    def slope(self, value: float) -> float:
        """Derivative of `residual` by the value."""
        return (1.0 / value if self.scale == "log" else 1.0) / self.standard_deviation


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A free parameter.

    Attributes:
        name: path in the experiment, or what it says of the measurement.
        kind: "experiment", or "measurement" for nuisance parameters of the measurement.
        lower: bound in SI units.
        upper: bound in SI units.
        scale: on which it is varied.
        start: first value in SI units.
        unit: SI unit; empty for a pure number.
        dimension: what it measures; None for a pure number.
        prior: what is known beforehand; None for a uniform prior within the bounds.
        paths: (data set, path) of everything that takes the value; data sets by their number.
    """

    name: str
    kind: Literal["experiment", "measurement"]
    lower: float
    upper: float
    scale: Scale = "linear"
    start: float
    unit: str = ""
    dimension: DimensionName | None = None
    prior: Prior | None = None
    paths: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        key, shown = join_path(("fit", "parameters", self.name, "lower")), f"{self.lower:.6g} {self.unit}".strip()
        if not self.lower < self.upper:
            raise InputError("must be less than the upper bound", key=key, value=shown,
                             remedy="exchange or widen the bounds")  # fmt: skip
        if self.scale == "log" and self.lower <= 0.0:
            raise InputError("must be greater than 0 on a logarithmic scale", key=key, value=shown,
                             remedy='raise it, or take scale = "linear"')  # fmt: skip
        if not self.lower <= self.start <= self.upper:
            raise InputError(
                "lies outside of the bounds", key=join_path(("fit", "parameters", self.name, "start")),
                value=f"{self.start:.6g} {self.unit}".strip(),
                bound=f"from {self.lower:.6g} to {self.upper:.6g} {self.unit}".strip(),
                remedy="widen the bounds, or give a start within them",
            )  # fmt: skip

    def coordinate(self, value: float) -> float:
        """Place between the bounds on the scale of the parameter, 0 to 1."""
        if self.scale == "log":
            return math.log(value / self.lower) / math.log(self.upper / self.lower)
        return (value - self.lower) / (self.upper - self.lower)

    def value(self, coordinate: float) -> float:
        """The value at a coordinate."""
        if self.scale == "log":
            return self.lower * (self.upper / self.lower) ** coordinate
        return self.lower + coordinate * (self.upper - self.lower)

    def slope(self, coordinate: float) -> float:
        """Derivative of the value by the coordinate."""
        if self.scale == "log":
            return self.value(coordinate) * math.log(self.upper / self.lower)
        return self.upper - self.lower


def values_of(parameters: tuple[Parameter, ...], coordinates: FloatArray) -> FloatArray:
    """Values in SI units of coordinates, shape (parameters,)."""
    return np.array([
        parameter.value(float(coordinate)) for parameter, coordinate in zip(parameters, coordinates, strict=True)
    ])  # fmt: skip


def coordinates_of(parameters: tuple[Parameter, ...], values: FloatArray) -> FloatArray:
    """Coordinates of values in SI units, shape (parameters,)."""
    return np.array([
        parameter.coordinate(float(value)) for parameter, value in zip(parameters, values, strict=True)
    ])  # fmt: skip
