"""What the figures of a series of glasses show, taken from the dataset of its result.

Figures and other drawings take it from here, each for its own way of drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT, NORMAL_95

if TYPE_CHECKING:
    import xarray


MOST_LINES = 6
SAME_COMPOSITION = 0.03
NEAR_TEMPERATURE = 25.0  # K: measured temperatures that far outside those of the model are still shown
INVERSE_TEMPERATURE = 1000.0  # axes show 1000 K / T
PER_CENTIMETRE = 0.01  # S/cm in S/m: log10 of σ in S/cm is what the literature shows
BARS = "95 % intervals of the means"
"""What the error bars of all figures of a series are, as its tables have them."""


class TemperatureColours:
    """Colours from cold to hot, the same for a temperature wherever it occurs."""

    def __init__(self, temperatures: Sequence[float]) -> None:
        """Span the colours from the lowest to the highest temperature [K]."""
        self.low, self.high = min(temperatures), max(temperatures)

    def __call__(self, temperature: float) -> str:
        """The colour of a temperature [K]."""
        share = 0.5 if self.high == self.low else (temperature - self.low) / (self.high - self.low)
        return colour_of_map("plasma", 0.05 + 0.75 * share)


def colour_of_map(name: str, place: float) -> str:
    """The colour at a place from 0 to 1 of one of matplotlib's colour maps."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return to_hex(colormaps[name](place))


def has_values(data: xarray.Dataset, name: str) -> bool:
    """Whether there is a variable of that name with any value."""
    return name in data and bool(np.isfinite(data[name].values).any())


def by_borate_fraction(data: xarray.Dataset, *names: str) -> tuple[FloatArray, list[FloatArray]]:
    """Borate fractions that rise, and the values of variables there."""
    x: FloatArray = data["x"].values
    order = np.argsort(x)
    return x[order], [data[name].values[order] for name in names]


def spread_places(x: FloatArray) -> list[int]:
    """Places of evenly spaced compositions by rising borate fraction, at most as many as can be told apart."""
    order = np.argsort(x)
    count = min(len(x), MOST_LINES)
    return [int(order[round(position)]) for position in np.linspace(0, len(x) - 1, count)]


def shown_temperatures(data: xarray.Dataset) -> list[float]:
    """Measured temperatures in or near the range of the model [K]."""
    if "measured_temperature" not in data:
        return []
    measured = np.unique(data["measured_temperature"].values)
    return [float(value) for value in measured[_in_range(measured, data["temperature"].values)]]


def measured_conductivities(data: xarray.Dataset, temperature: float) -> tuple[FloatArray, FloatArray]:
    """Borate fractions and conductivities [S/cm] of the glasses measured at a temperature [K]."""
    mine = data["measured_temperature"].values == temperature
    x = data["measured_x"].values[data["measured_point_glass"].values[mine]]
    return x, data["measured_conductivity"].values[mine] * PER_CENTIMETRE


def measured_products(data: xarray.Dataset, x: float) -> tuple[FloatArray, FloatArray]:
    """1000 K/T and σT [S K/cm] of measured glasses whose borate fraction is that of a composition; empty without."""
    if "measured_point_glass" not in data:
        return np.empty(0), np.empty(0)
    glass = data["measured_x"].values[data["measured_point_glass"].values]
    temperature = data["measured_temperature"].values
    near = (np.abs(glass - x) <= SAME_COMPOSITION) & _in_range(temperature, data["temperature"].values)
    product = data["measured_conductivity"].values * temperature * PER_CENTIMETRE
    return INVERSE_TEMPERATURE / temperature[near], product[near]


def error_bars(values: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray | None:
    """Lengths of the bars between the ends of intervals, shape (2, n), those below first; None if none has any.

    A value without an interval (not-a-number), or with an infinite one, has bars of length 0.
    """
    with np.errstate(invalid="ignore"):
        bars = np.array([values - lower, upper - values])
    bars = np.where(np.isfinite(bars).all(axis=0), np.maximum(bars, 0.0), 0.0)
    return bars if bars.any() else None


def frequency_interval(frequency: FloatArray, error: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of the 95 % intervals of attempt frequencies, of which ln ν is normal; NaN without an error."""
    factor = np.exp(NORMAL_95 * error / frequency)
    return frequency / factor, frequency * factor


def conductivity_products(data: xarray.Dataset, place: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """σT of a composition and the ends of its 95 % interval [S K/cm] at all temperatures; NaN without one."""
    scale = data["temperature"].values * PER_CENTIMETRE
    value, lower, upper = (data[f"conductivity{end}"].values[place] * scale for end in ("", "_lower_95", "_upper_95"))
    return value, lower, upper


def slope_line(inverse: FloatArray, product: FloatArray, energy: float) -> tuple[FloatArray, FloatArray]:
    """Ends of a line through the middle of points (1000 K/T, σT) with the slope of an activation energy [eV]."""
    slope = energy * ELECTRON_VOLT / (BOLTZMANN_CONSTANT * INVERSE_TEMPERATURE)
    ends = np.array([inverse.min(), inverse.max()])
    return ends, np.exp(np.log(product).mean() - slope * (ends - inverse.mean()))


def _in_range(measured: FloatArray, temperatures: FloatArray) -> NDArray[np.bool_]:
    """Which temperatures lie within or near the others."""
    low, high = temperatures.min() - NEAR_TEMPERATURE, temperatures.max() + NEAR_TEMPERATURE
    return (low <= measured) & (measured <= high)
