"""Figures of a series of glasses: activation energies, conductivities, Arrhenius plots, with measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT, NORMAL_95
from ionscape.errors import InputError

from .axes import ratio_axis
from .plot import Axis, Curve, Panel, Plot, entry
from .render_matplotlib import Drawing
from .style import LineStyle, colour_of_map, ion_styles

if TYPE_CHECKING:
    import xarray

    from ionscape.series import SeriesResult

MOST_LINES = 6
SAME_COMPOSITION = 0.03
NEAR_TEMPERATURE = 25.0  # K: measured temperatures that far outside those of the model are still shown
INVERSE_TEMPERATURE = 1000.0  # axes show 1000 K / T
PER_CENTIMETRE = 0.01  # S/cm in S/m: log10 of σ in S/cm is what the literature shows
BARS = "bars: 95 % intervals\nof the means"
"""What the error bars of all figures of a series are, as its tables have them."""
ROOM_FOR_BARS = 100.0
"""Factor beyond the values to which a logarithmic axis reaches for their bars."""
INTERVAL = ("", "_lower_95", "_upper_95")
DASHES: LineStyle = (0, (4, 2))
MARKERS = "sDv^<>ph*Xd8P"
"""Of publications; the second time round they are filled, so that no two of 26 look alike."""


class TemperatureColours:
    """Colours from cold to hot, the same for a temperature wherever it occurs."""

    def __init__(self, temperatures: Sequence[float]) -> None:
        """Span the colours from the lowest to the highest temperature [K]."""
        self.low, self.high = min(temperatures), max(temperatures)

    def __call__(self, temperature: float) -> str:
        """The colour of a temperature [K]."""
        share = 0.5 if self.high == self.low else (temperature - self.low) / (self.high - self.low)
        return colour_of_map("plasma", 0.05 + 0.75 * share)


def has_values(result: SeriesResult, name: str) -> bool:
    """Whether a result has a variable of that name with any value."""
    return name in result.dataset and bool(np.isfinite(result.dataset[name].values).any())


def _need(result: SeriesResult, name: str, what: str) -> xarray.Dataset:
    if not has_values(result, name):
        raise InputError("is missing", key=name, remedy=f"run the series with {what}")
    return result.dataset


@Drawing
def activation_energies(result: SeriesResult) -> Plot:
    """Draw the activation energy against the borate fraction, with 95 % intervals and measured glasses.

    Raises:
        InputError: the result holds no activation energies.
    """
    data = _need(result, "activation_energy", "a table [percolation]")
    alkali = str(data.attrs["alkali"])
    x, (energy, low, high) = _by_borate_fraction(data, *(f"activation_energy{end}" for end in INTERVAL))
    model = _model("model, mean and\n95 % interval", x, energy, low, high, colour=ion_styles([alkali])[alkali].colour,
                   thickness=1.6, order=1.0)  # fmt: skip
    curves = [model if model.lower is not None else replace(model, name="model, one landscape")]
    if "measured_activation_energy" in data:
        curves += _sources(data, data["measured_x"].values, data["measured_activation_energy"].values)
    vertical = Axis(label="activation energy of", symbol="σT", unit="eV")
    panel = Panel(title=str(data.attrs["title"]), horizontal=ratio_axis(data), vertical=vertical, curves=tuple(curves),
                  legend="")  # fmt: skip
    return Plot(name="activation-energies", panels=(panel,), legend="right", size=(6.6, 4.0))


@Drawing
def conductivities(result: SeriesResult) -> Plot:
    """Draw the conductivity against the borate fraction at all temperatures, and measured conductivities.

    Where attempt frequencies were fitted, a second panel shows them, and solid lines the conductivities with them.

    Raises:
        InputError: the result holds no conductivities.
    """
    data = _need(result, "conductivity", "a table [network]")
    fitted = has_values(result, "fitted_attempt_frequency")
    temperatures = [float(value) for value in data["temperature"].values]
    shown = _shown_temperatures(data)
    colours = TemperatureColours([*temperatures, *shown])
    x, (conductivity, low, high) = _by_borate_fraction(data, *(f"conductivity{end}" for end in INTERVAL))
    # by how much the frequency that was fitted for each x changes a conductivity
    factor = np.full_like(x, np.nan)
    if fitted:
        _, (adapted, used) = _by_borate_fraction(data, "fitted_attempt_frequency", "attempt_frequency")
        factor = adapted / used
    known = np.isfinite(factor)
    curves: list[Curve] = []
    for place in np.argsort(temperatures)[::-1]:
        value, *ends = (values[:, place] * PER_CENTIMETRE for values in (conductivity, low, high))
        text, colour = f"{temperatures[place]:.5g} K", colours(temperatures[place])
        curves.append(_model(f"model, {text}", x, value, *ends, colour=colour, thickness=1.4,
                             line=DASHES if fitted else "solid"))  # fmt: skip
        if fitted:
            curves.append(Curve(name=f"model, {text}, frequency fitted", x=x[known], y=(value * factor)[known],
                                colour=colour, thickness=1.4, legend=False))  # fmt: skip
    for temperature in reversed(shown):
        mine = data["measured_temperature"].values == temperature
        where = data["measured_x"].values[data["measured_point_glass"].values[mine]]
        value = data["measured_conductivity"].values[mine] * PER_CENTIMETRE
        curves.append(_measured(f"measured, {temperature:.5g} K", where, value, colours(temperature)))
    vertical = _logarithmic(Axis(symbol="σ", unit="S/cm", size=1.0 / PER_CENTIMETRE), curves)
    if fitted:
        curves.append(entry("with the frequency\nof the series", colour="black", line=DASHES, thickness=1.2))
        curves.append(entry("with the frequency fitted\nfor each x", colour="black", thickness=1.2))
    panels = [Panel(title=str(data.attrs["title"]), horizontal=replace(ratio_axis(data), hidden=fitted), legend="",
                    vertical=vertical, curves=(*curves, *_bars_entry(curves)))]  # fmt: skip
    if fitted:
        panels.append(_frequencies(data))
    return Plot(name="conductivities", panels=tuple(panels), heights=(2.4, 1.0)[: 1 + fitted], share="x",
                legend="right", size=(6.6, 6.4 if fitted else 4.4))  # fmt: skip


@Drawing
def arrhenius_plot(result: SeriesResult, borate_fractions: Sequence[float] | None = None) -> Plot:
    """Draw σT against 1/T, with lines whose slopes are the activation energies from percolation, and measured glasses.

    Args:
        result: of a series.
        borate_fractions: compositions to draw, the nearest ones are taken; at most six evenly spaced ones if None.

    Raises:
        InputError: the result holds no conductivities, or those of a single temperature.
    """
    data = _need(result, "conductivity", "a table [network]")
    if data.sizes["temperature"] < 2:
        raise InputError("is one only", key="temperature", remedy="run the series with two temperatures or more")
    places = _places(data["x"].values, borate_fractions)
    temperatures = data["temperature"].values
    inverse, scale = INVERSE_TEMPERATURE / temperatures, temperatures * PER_CENTIMETRE
    sloped = "activation_energy" in data
    curves: list[Curve] = []
    for place, share in zip(places, np.linspace(0.0, 0.9, max(len(places), 2)), strict=False):
        x, colour = float(data["x"].values[place]), colour_of_map("viridis", float(share))
        product, *ends = (data[f"conductivity{end}"].values[place] * scale for end in INTERVAL)
        # a size that differs would look as if it meant something; compositions that lie on each other show their rims
        curves.append(_model(f"x = {x:.3g}", inverse, product, *ends, colour=colour, kind="points", thickness=4.0))
        if sloped:
            energy = float(data["activation_energy"].values[place])
            across, line = _slope_line(inverse, product, energy)
            curves.append(Curve(name=f"x = {x:.3g}, slope {energy:.3f} eV", x=across, y=line, colour=colour,
                                thickness=1.1, legend=False))  # fmt: skip
        across, line = _measured_products(data, x)
        if across.size:
            name = f"x = {x:.3g} ± {SAME_COMPOSITION:g}, measured"
            curves.append(replace(_measured(name, across, line, colour), legend=False))
    entries = [entry("slope: activation\nenergy from percolation", colour="black", thickness=1.1)] if sloped else []
    if any(curve.marker == "D" for curve in curves):
        entries.append(_measured(f"measured, x ± {SAME_COMPOSITION:g}", np.empty(0), np.empty(0), "black"))
    vertical = _logarithmic(Axis(symbol="σT", unit="S K/cm", size=1.0 / PER_CENTIMETRE), curves)
    panel = Panel(title=str(data.attrs["title"]), horizontal=Axis(label="1000 K /", symbol="T"), vertical=vertical,
                  curves=(*curves, *entries, *_bars_entry(curves)), legend="")  # fmt: skip
    return Plot(name="arrhenius", panels=(panel,), legend="right", size=(6.6, 4.6))


def _by_borate_fraction(data: xarray.Dataset, *names: str) -> tuple[FloatArray, list[FloatArray]]:
    """Borate fractions that rise, and the values of variables there."""
    x: FloatArray = data["x"].values
    order = np.argsort(x)
    return x[order], [data[name].values[order] for name in names]


def _model(name: str, x: FloatArray, y: FloatArray, low: FloatArray, high: FloatArray, **style: Any) -> Curve:
    """Values of the model with error bars if any of them has an interval, which is neither unknown nor infinite."""
    found = bool((np.isfinite(low) & np.isfinite(high) & (high > low)).any())
    ends: dict[str, Any] = {"lower": low, "upper": high, "interval": "95 %"} if found else {}
    return Curve(name=name, x=x, y=y, marker="o", **ends, **style)


def _measured(name: str, x: FloatArray, y: FloatArray, colour: str) -> Curve:
    """Measured values as open diamonds in front of those of the model."""
    return Curve(name=name, x=x, y=y, kind="points", marker="D", filled=False, colour=colour, thickness=4.5, order=2.0)


def _sources(data: xarray.Dataset, x: FloatArray, values: FloatArray) -> list[Curve]:
    """Measured values of glasses, a marker for each publication that has one."""
    known = np.isfinite(values)
    sources = np.array([str(source) for source in data["measured_source"].values])
    return [
        Curve(name=name, x=x[(sources == name) & known], y=values[(sources == name) & known], kind="points",
              marker=MARKERS[place % len(MARKERS)], filled=place >= len(MARKERS), colour="#444444", thickness=4.8)
        for place, name in enumerate(dict.fromkeys(sources[known].tolist()))
    ]  # fmt: skip


def _frequencies(data: xarray.Dataset) -> Panel:
    """Attempt frequencies: those used dashed, those that measured conductivities ask for solid, ln ν being normal."""
    names = ("fitted_attempt_frequency", "fitted_attempt_frequency_error", "attempt_frequency")
    x, (fitted, error, used) = _by_borate_fraction(data, *names)
    known = np.isfinite(fitted)
    factor = np.exp(NORMAL_95 * error[known] / fitted[known])
    curves = (
        _model("fitted", x[known], fitted[known], fitted[known] / factor, fitted[known] * factor, colour="black",
               thickness=1.2, legend=False),
        Curve(name="used", x=x, y=used, colour="black", thickness=1.0, line=DASHES, legend=False),
    )  # fmt: skip
    vertical = _logarithmic(Axis(symbol="ν", unit="Hz"), curves)
    return Panel(horizontal=ratio_axis(data), vertical=vertical, curves=curves, legend="")


def _bars_entry(curves: Sequence[Curve]) -> list[Curve]:
    """What the error bars are, for the legend, if there are any."""
    found = any(curve.lower is not None for curve in curves)
    return [entry(BARS, kind="points", marker="|", colour="black", thickness=9.0)] if found else []


def _logarithmic(axis: Axis, curves: Sequence[Curve]) -> Axis:
    """A logarithmic axis that ends not far beyond the values: bars of few landscapes span tens of decades."""
    values = np.concatenate([curve.y for curve in curves])
    values = values[np.isfinite(values) & (values > 0.0)]
    low, high = (float(values.min()), float(values.max())) if values.size else (1.0, 1.0)
    ends = np.concatenate([values, *(end for curve in curves if curve.ends for end in curve.ends)])
    ends = ends[np.isfinite(ends) & (ends > 0.0)]
    lowest, highest = max(low / ROOM_FOR_BARS, float(ends.min())), min(high * ROOM_FOR_BARS, float(ends.max()))
    room = (highest / lowest) ** 0.05 or 1.0
    return replace(axis, log=True, limits=(lowest / max(room, 1.05), highest * max(room, 1.05)))


def _shown_temperatures(data: xarray.Dataset) -> list[float]:
    """Measured temperatures in or near the range of the model [K]."""
    if "measured_temperature" not in data:
        return []
    measured = np.unique(data["measured_temperature"].values)
    return [float(value) for value in measured[_in_range(measured, data["temperature"].values)]]


def _measured_products(data: xarray.Dataset, x: float) -> tuple[FloatArray, FloatArray]:
    """1000 K/T and σT [S K/cm] of measured glasses whose borate fraction is that of a composition; empty without."""
    if "measured_point_glass" not in data:
        return np.empty(0), np.empty(0)
    glass = data["measured_x"].values[data["measured_point_glass"].values]
    temperature = data["measured_temperature"].values
    near = (np.abs(glass - x) <= SAME_COMPOSITION) & _in_range(temperature, data["temperature"].values)
    product = data["measured_conductivity"].values * temperature * PER_CENTIMETRE
    return INVERSE_TEMPERATURE / temperature[near], product[near]


def _slope_line(inverse: FloatArray, product: FloatArray, energy: float) -> tuple[FloatArray, FloatArray]:
    """Ends of a line through the middle of points (1000 K/T, σT) with the slope of an activation energy [eV]."""
    slope = energy * ELECTRON_VOLT / (BOLTZMANN_CONSTANT * INVERSE_TEMPERATURE)
    ends = np.array([inverse.min(), inverse.max()])
    return ends, np.exp(np.log(product).mean() - slope * (ends - inverse.mean()))


def _places(x: FloatArray, wanted: Sequence[float] | None) -> list[int]:
    """Compositions to draw by rising borate fraction: the nearest to those wanted, or evenly spaced ones."""
    if wanted is not None:
        return sorted({int(np.argmin(np.abs(x - value))) for value in wanted}, key=lambda place: float(x[place]))
    order, count = np.argsort(x), min(len(x), MOST_LINES)
    return [int(order[round(position)]) for position in np.linspace(0, len(x) - 1, count)]


def _in_range(measured: FloatArray, temperatures: FloatArray) -> NDArray[np.bool_]:
    """Which temperatures lie within or near the others."""
    low, high = temperatures.min() - NEAR_TEMPERATURE, temperatures.max() + NEAR_TEMPERATURE
    return (low <= measured) & (measured <= high)
