"""Figures of a series of glasses: activation energies, conductivities, Arrhenius plots, with measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.figures.series_values import (
    BARS,
    INVERSE_TEMPERATURE,
    PER_CENTIMETRE,
    SAME_COMPOSITION,
    TemperatureColours,
    by_borate_fraction,
    colour_of_map,
    conductivity_products,
    error_bars,
    frequency_interval,
    has_values,
    measured_conductivities,
    measured_products,
    shown_temperatures,
    slope_line,
    spread_places,
)
from ionscape.figures.style import ion_styles, new_figure, tidy

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ionscape.series import SeriesResult

BORATE_FRACTION = "borate fraction $x$"
ROOM_FOR_BARS = 100.0
"""Factor beyond the values to which a logarithmic axis reaches for their bars."""
MOST_LABELLED = 100.0
"""Ratio of the ends of a logarithmic axis up to which more than whole decades are labelled."""
INTERVAL = ("", "_lower_95", "_upper_95")
MARKERS = "sDv^<>ph*Xd8P"
"""Of publications; the second time round they are filled, so that no two of 26 look alike."""


def activation_energies(result: SeriesResult) -> Figure:
    """Draw the activation energy against the borate fraction, with 95 % intervals and measured glasses.

    Raises:
        InputError: the result holds no activation energies.
    """
    data = result.dataset
    _need(data, "activation_energy", "a table [percolation]")
    figure = new_figure(6.6, 4.0)
    axes = figure.subplots()
    style = ion_styles([str(data.attrs["alkali"])])[str(data.attrs["alkali"])]
    x, (energy, low, high) = by_borate_fraction(data, *(f"activation_energy{end}" for end in INTERVAL))
    bars = error_bars(energy, low, high)
    _plot_model(axes, x, energy, bars, color=style.colour, lw=1.6, marker="o", ms=4, zorder=3,
                label="model, one landscape" if bars is None else "model, mean and\n95 % interval")  # fmt: skip
    if "measured_activation_energy" in data:
        _draw_sources(axes, data, data["measured_x"].values, data["measured_activation_energy"].values)
    _finish(axes, data, vertical="activation energy of $\\sigma T$ / eV")
    figure.legend(fontsize=8, frameon=False, loc="outside right upper")
    return figure


def conductivities(result: SeriesResult) -> Figure:
    """Draw the conductivity against the borate fraction at all temperatures, and measured conductivities.

    Where attempt frequencies were fitted, a second panel shows them, and solid lines the conductivities with them.

    Raises:
        InputError: the result holds no conductivities.
    """
    data = result.dataset
    _need(data, "conductivity", "a table [network]")
    fitted = has_values(data, "fitted_attempt_frequency")
    figure = new_figure(6.6, 6.4 if fitted else 4.4)
    panels = figure.subplots(2 if fitted else 1, 1, squeeze=False, sharex=True, height_ratios=(2.4, 1.0)[: 1 + fitted])
    axes: Axes = panels[0, 0]
    temperatures = [float(value) for value in data["temperature"].values]
    colours = TemperatureColours([*temperatures, *shown_temperatures(data)])
    x, (conductivity, low, high) = by_borate_fraction(data, *(f"conductivity{end}" for end in INTERVAL))
    # by how much the frequency that was fitted for each x changes a conductivity
    factor = np.full_like(x, np.nan)
    if fitted:
        _, (adapted, used) = by_borate_fraction(data, "fitted_attempt_frequency", "attempt_frequency")
        factor = adapted / used
    known = np.isfinite(factor)
    for place in np.argsort(temperatures)[::-1]:
        value, *ends = (values[:, place] * PER_CENTIMETRE for values in (conductivity, low, high))
        _plot_model(
            axes, x, value, error_bars(value, *ends), color=colours(temperatures[place]), lw=1.4,
            ls=(0, (4, 2)) if fitted else "solid", marker="o", ms=3.5, label=f"model, {temperatures[place]:.5g} K",
        )  # fmt: skip
        if fitted:
            axes.plot(x[known], (value * factor)[known], color=colours(temperatures[place]), lw=1.4)
    _draw_measured_conductivities(axes, data, colours)
    _logarithmic(axes)
    # labelled before the second panel takes over the horizontal axis
    _finish(axes, data, vertical=r"$\sigma$ / (S cm$^{-1}$)")
    handles, labels = axes.get_legend_handles_labels()
    if fitted:
        handles += _lines((0, (4, 2)), "solid")
        labels += ["with the frequency\nof the series", "with the frequency fitted\nfor each x"]
    _explain_bars(axes, handles, labels)
    figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside right upper")
    if fitted:
        axes.set_xlabel("")
        _draw_frequencies(panels[1, 0], data)
    return figure


def arrhenius_plot(result: SeriesResult, borate_fractions: Sequence[float] | None = None) -> Figure:
    """Draw σT against 1/T, with lines whose slopes are the activation energies from percolation, and measured glasses.

    Args:
        result: of a series.
        borate_fractions: compositions to draw, the nearest ones are taken; at most six evenly spaced ones if None.

    Raises:
        InputError: the result holds no conductivities, or those of a single temperature.
    """
    data = result.dataset
    _need(data, "conductivity", "a table [network]")
    if data.sizes["temperature"] < 2:
        raise InputError("is one only", key="temperature", remedy="run the series with two temperatures or more")
    figure = new_figure(6.6, 4.6)
    axes = figure.subplots()
    places = _places(data["x"].values, borate_fractions)
    temperatures = data["temperature"].values
    inverse = INVERSE_TEMPERATURE / temperatures
    colours = [colour_of_map("viridis", 0.9 * float(share)) for share in np.linspace(0.0, 1.0, max(len(places), 2))]
    for place, colour in zip(places, colours, strict=False):
        product, *ends = conductivity_products(data, place)
        x = float(data["x"].values[place])
        # a size that differs would look as if it meant something; compositions that lie on each other show their rims
        _plot_model(axes, inverse, product, error_bars(product, *ends), color=colour, ls="none", marker="o",
                    ms=5, mec="white", mew=0.5, label=f"x = {x:.3g}")  # fmt: skip
        if "activation_energy" in data:
            across, line = slope_line(inverse, product, float(data["activation_energy"].values[place]))
            axes.plot(across, line, color=colour, lw=1.1)
        _draw_measured_products(axes, data, x, colour)
    _logarithmic(axes)
    axes.set_title(str(data.attrs["title"]), fontsize=10, loc="left", parse_math=False)
    tidy(axes, horizontal="1000 K / $T$", vertical=r"$\sigma T$ / (S K cm$^{-1}$)")
    handles, labels = _meanings(axes, data)
    figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside right upper")
    return figure


def _need(data: xarray.Dataset, name: str, what: str) -> None:
    if not has_values(data, name):
        raise InputError("is missing", key=name, remedy=f"run the series with {what}")


def _finish(axes: Axes, data: xarray.Dataset, *, vertical: str) -> None:
    axes.set_title(str(data.attrs["title"]), fontsize=10, loc="left", parse_math=False)
    axes.set_xlim(-0.03, 1.03)
    tidy(axes, horizontal=BORATE_FRACTION, vertical=vertical)


def _draw_sources(axes: Axes, data: xarray.Dataset, x: FloatArray, values: FloatArray) -> None:
    """Measured values of glasses, a marker for each publication that has one."""
    known = np.isfinite(values)
    sources = np.array([str(source) for source in data["measured_source"].values])
    for place, name in enumerate(dict.fromkeys(sources[known].tolist())):
        mine = (sources == name) & known
        filled = place >= len(MARKERS)
        axes.plot(x[mine], values[mine], ls="none", marker=MARKERS[place % len(MARKERS)], ms=5, color="#444444",
                  mfc="#444444" if filled else "none", label=name.replace("$", r"\$"))  # fmt: skip


def _plot_model(
    axes: Axes, horizontal: FloatArray, vertical: FloatArray, bars: FloatArray | None, **style: Any
) -> None:
    """Values of the model, with error bars if they have any, so that the legend shows none either."""
    if bars is None:
        axes.plot(horizontal, vertical, **style)
    else:
        axes.errorbar(horizontal, vertical, bars, capsize=2, **style)


def _plot_measured(axes: Axes, horizontal: FloatArray, vertical: FloatArray, colour: Any, **others: Any) -> None:
    """Measured values as open diamonds, before those of the model and with a white rim, so that neither is hidden."""
    from matplotlib.patheffects import withStroke

    axes.plot(horizontal, vertical, ls="none", marker="D", ms=4.8, mew=0.9, mfc="none", color=colour, zorder=4,
              path_effects=[withStroke(linewidth=1.7, foreground="white")], **others)  # fmt: skip


def _draw_measured_conductivities(axes: Axes, data: xarray.Dataset, colours: TemperatureColours) -> None:
    """Measured conductivities at the temperatures shown, open and coloured by temperature."""
    for temperature in reversed(shown_temperatures(data)):
        x, value = measured_conductivities(data, temperature)
        _plot_measured(axes, x, value, colours(temperature), label=f"measured, {temperature:.5g} K")


def _draw_frequencies(axes: Axes, data: xarray.Dataset) -> None:
    """Attempt frequencies: those used dashed, those that measured conductivities ask for solid."""
    names = ("fitted_attempt_frequency", "fitted_attempt_frequency_error", "attempt_frequency")
    x, (fitted, error, used) = by_borate_fraction(data, *names)
    known = np.isfinite(fitted)
    bars = error_bars(fitted[known], *frequency_interval(fitted[known], error[known]))
    _plot_model(axes, x[known], fitted[known], bars, color="black", marker="o", ms=3.5, lw=1.2)
    axes.plot(x, used, color="black", lw=1.0, ls=(0, (4, 2)))
    _logarithmic(axes)
    _thin_ticks(axes)
    tidy(axes, horizontal=BORATE_FRACTION, vertical=r"$\nu$ / Hz")


def _logarithmic(axes: Axes) -> None:
    """A logarithmic axis for the values: bars of few landscapes span tens of decades and run out of it.

    The caps of bars are lines as well, with a marker of their own.
    """
    axes.set_yscale("log")
    shown = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines if line.get_marker() != "_"]
    values = np.concatenate([part[np.isfinite(part) & (part > 0.0)] for part in shown if part.size > 0] or [np.ones(1)])
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, values.min() / ROOM_FOR_BARS), min(high, values.max() * ROOM_FOR_BARS))


def _explain_bars(axes: Axes, handles: list[Any], labels: list[str]) -> None:
    """Add to a legend what the error bars are, if there are any."""
    if axes.containers:
        handles.append(_lines("none")[0])
        handles[-1].set(marker="|", ms=9, mew=1.0)
        labels.append("bars: " + BARS.replace(" of", "\nof"))


def _thin_ticks(axes: Axes) -> None:
    """Label 1, 2 and 5 of a decade, or whole decades where there are more than two: labels must not touch."""
    from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

    low, high = axes.get_ylim()
    steps = (1.0, 2.0, 5.0) if high < MOST_LABELLED * low else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=steps))
    axes.yaxis.set_major_formatter(LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(np.inf, np.inf)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _places(x: FloatArray, wanted: Sequence[float] | None) -> list[int]:
    """Compositions to draw, by rising borate fraction."""
    if wanted is None:
        return spread_places(x)
    return sorted({int(np.argmin(np.abs(x - value))) for value in wanted}, key=lambda place: float(x[place]))


def _draw_measured_products(axes: Axes, data: xarray.Dataset, x: float, colour: Any) -> None:
    """Measured σT of glasses whose borate fraction is that of a composition."""
    inverse, product = measured_products(data, x)
    _plot_measured(axes, inverse, product, colour)


def _lines(*styles: Any) -> list[Any]:
    """Black lines for a legend."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], color="black", lw=1.2, ls=style) for style in styles]


def _meanings(axes: Axes, data: xarray.Dataset) -> tuple[list[Any], list[str]]:
    """Entries of the legend: compositions, and what lines and open symbols mean."""
    from matplotlib.lines import Line2D

    handles, labels = axes.get_legend_handles_labels()
    if "activation_energy" in data:
        handles.append(Line2D([], [], color="black", lw=1.1))
        labels.append("slope: activation\nenergy from percolation")
    if any(line.get_marker() == "D" and np.size(line.get_xdata()) for line in axes.lines):
        handles.append(Line2D([], [], color="black", ls="none", marker="D", ms=4.5, mfc="none"))
        labels.append(f"measured, x ± {SAME_COMPOSITION:g}")
    _explain_bars(axes, handles, labels)
    return handles, labels
