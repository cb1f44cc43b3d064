"""Plots of glasses: units, site energies, activation energy and conductivity over the mixing ratio, Arrhenius plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.figures import glass as glass_figures
from ionscape.figures.series import ROOM_FOR_BARS
from ionscape.figures.series_values import (
    BARS,
    INVERSE_TEMPERATURE,
    PER_CENTIMETRE,
    SAME_COMPOSITION,
    TemperatureColours,
    by_borate_fraction,
    colour_of_map,
    conductivity_products,
    has_values,
    measured_conductivities,
    measured_products,
    shown_temperatures,
    slope_line,
    spread_places,
)
from ionscape.figures.style import ion_styles
from ionscape.workbench.drawing import Axis, Curve, Mark, Plot

if TYPE_CHECKING:
    import xarray

    from ionscape.hopping import Landscape
    from ionscape.series import Series, SeriesResult

UNIT_POINTS = 201
ENDS = ("", "_lower_95", "_upper_95")
LEAST_FRACTION, LEAST_TAIL, BINS = glass_figures.LEAST_FRACTION, glass_figures.LEAST_TAIL, glass_figures.BINS
SOURCE_COLOURS = ("#333333", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
MANY_COLOUR = "#8A8A8A"
UNIT_STYLES = glass_figures.UNIT_STYLES


def units_plot(series: Series) -> Plot:
    """Fractions of network former units over the mixing ratio, with those of the compositions of the series marked.

    Args:
        series: whose alkali, alkali oxide fraction and parameters of the units, or measured units, are used.
    """
    from ionscape.glass import UNIT_KINDS

    symbols = {kind.name: kind.symbol for kind in UNIT_KINDS}
    x, table = _units(series)
    places = np.array(series.borate_fractions)
    lines: list[Curve] = []
    points: list[Curve] = []
    for name, (colour, line) in UNIT_STYLES.items():
        fractions = table[name]
        present = np.nan_to_num(fractions) > LEAST_FRACTION
        if not present.any():
            continue
        # a line begins and ends on the axis, but does not run along it
        near = present | np.append(present[1:], False) | np.append(False, present[:-1])
        shown = np.where(near, fractions, np.nan)
        lines.append(Curve(name=symbols[name], x=x, y=shown, colour=colour, line=line))
        values = np.array([glass.units[name] for glass in series.glasses])
        points.append(Curve(name=f"{symbols[name]} of the series", x=places[values > LEAST_FRACTION], colour=colour,
                            y=values[values > LEAST_FRACTION], kind="points", legend=False))  # fmt: skip
    composition = series.glasses[0].composition
    y, oxide = composition.alkali_oxide_fraction, f"{composition.alkali}₂O"
    return Plot(
        name="network-former-units", title=f"{y:.4g} {oxide} – {1 - y:.4g} [x B₂O₃ – (1−x) P₂O₅]",
        horizontal=_mixing_ratio(), vertical=Axis(label="units per network former cation", limits=(0.0, None)),
        curves=(*points, *lines),
    )  # fmt: skip


def landscape_plot(landscape: Landscape) -> Plot:
    """Density of states per accessible site of one landscape, the occupied part filled, with the Fermi energy."""
    energies = landscape.energies[landscape.accessible] / ELECTRON_VOLT
    fermi = landscape.fermi_energy / ELECTRON_VOLT
    lowest, highest = (float(value) for value in np.quantile(energies, (LEAST_TAIL, 1.0 - LEAST_TAIL)))
    edges = np.linspace(lowest, highest, BINS + 1)
    energy, width = 0.5 * (edges[1:] + edges[:-1]), (highest - lowest) / BINS
    density = np.histogram(energies, edges)[0] / (len(energies) * width)
    # the Fermi energy lies within an interval of the histogram; the fill ends there and not at the interval's middle
    grid = np.sort(np.append(energy, fermi))
    heights = np.interp(grid, energy, density)
    composition = landscape.glass.composition
    colour = ion_styles([composition.alkali])[composition.alkali].colour

    def filled(name: str, inside: Any, shade: str) -> Curve:
        return Curve(name=name, x=grid[inside], y=heights[inside], lower=np.zeros(int(inside.sum())),
                     upper=heights[inside], kind="band", colour=shade, strength=0.45)  # fmt: skip

    sites = landscape.energies.shape
    return Plot(
        name="site-energies", title=f"site energies at x = {composition.borate_fraction:.4g}, {sites[0]}³ sites",
        horizontal=Axis(label="site energy", unit="eV", size=ELECTRON_VOLT),
        vertical=Axis(label="density of states per site", unit="eV⁻¹", size=1.0 / ELECTRON_VOLT, limits=(0.0, None)),
        curves=(
            filled("occupied", grid <= fermi, colour), filled("vacant", grid >= fermi, "#7F7F7F"),
            Curve(name="all", x=energy, y=density, thickness=1.3, legend=False),
        ),
        marks=(Mark(name=f"Fermi energy {fermi:.3f} eV", value=fermi),),
    )  # fmt: skip


def activation_energy_plot(result: SeriesResult) -> Plot | None:
    """Activation energy of σT over the mixing ratio, with 95 % intervals and measured glasses; None without any."""
    data = result.dataset
    if not has_values(data, "activation_energy"):
        return None
    alkali = str(data.attrs["alkali"])
    title = str(data.attrs["title"])
    x, (energy, low, high) = by_borate_fraction(data, *(f"activation_energy{end}" for end in ENDS))
    low, high = _drawn(energy, low), _drawn(energy, high)
    title += _intervals("bars", energy, low, high)
    curves = [Curve(name="model", x=x, y=energy, lower=low, upper=high, interval="95 %",
                    colour=ion_styles([alkali])[alkali].colour)]  # fmt: skip
    curves.append(Curve(name="compositions", x=x, y=energy, lower=low, upper=high, interval="95 %", kind="points",
                        colour=curves[0].colour, legend=False))  # fmt: skip
    if "measured_activation_energy" in data:
        measured = data["measured_activation_energy"].values
        names = [str(name) for name in data["measured_source"].values]
        known = [name for name, value in zip(names, measured, strict=True) if np.isfinite(value)]
        sources = list(dict.fromkeys(known))
        many = len(sources) > len(SOURCE_COLOURS)
        for number, name in enumerate(sources):
            mine = np.array([one == name for one in names]) & np.isfinite(measured)
            # too many for the legend: it says what they are, who it was is told under the mouse and in the CSV
            curves.append(Curve(name=name, x=data["measured_x"].values[mine], y=measured[mine], kind="points",
                                colour=MANY_COLOUR if many else SOURCE_COLOURS[number], thickness=3.0,
                                legend=not many))  # fmt: skip
        title += f"; points: {len(sources)} publications" if many else ""
    return Plot(
        name="activation-energies", title=title, curves=tuple(curves), horizontal=_mixing_ratio(),
        vertical=Axis(label="activation energy of σT", unit="eV", size=ELECTRON_VOLT),
    )  # fmt: skip


def conductivity_plot(result: SeriesResult) -> Plot | None:
    """Conductivity over the mixing ratio at all temperatures, with measured ones; None without any.

    Where attempt frequencies were fitted, dashed lines are with the frequency of the series, solid ones with those.
    """
    data = result.dataset
    if not has_values(data, "conductivity"):
        return None
    fitted = has_values(data, "fitted_attempt_frequency")
    temperatures = [float(value) for value in data["temperature"].values]
    shown = shown_temperatures(data)
    colours = TemperatureColours([*temperatures, *shown])
    x, (values, lows, highs) = by_borate_fraction(data, *(f"conductivity{end}" for end in ENDS))
    bands = ""
    curves: list[Curve] = []
    for temperature in shown:
        where, value = measured_conductivities(data, temperature)
        curves.append(Curve(name=f"measured, {temperature:.5g} K", x=where, y=value, kind="points", thickness=3.0,
                            colour=colours(temperature), legend=False))  # fmt: skip
    for place in np.argsort(temperatures)[::-1]:
        value = values[:, place] * PER_CENTIMETRE
        lower, upper = (_drawn(value, ends[:, place] * PER_CENTIMETRE) for ends in (lows, highs))
        bands = bands or _intervals("bands", value, lower, upper)
        name, colour = f"{temperatures[place]:.5g} K", colours(temperatures[place])
        curves.append(Curve(name=name, x=x, y=value, lower=lower, upper=upper, interval="95 %", colour=colour,
                            line="dashed" if fitted else "solid"))  # fmt: skip
        if fitted:
            _, (adapted, used) = by_borate_fraction(data, "fitted_attempt_frequency", "attempt_frequency")
            curves.append(Curve(name=f"{name}, frequency fitted", x=x, y=value * adapted / used, colour=colour,
                                legend=False))  # fmt: skip
    title = "points: measured" if shown else str(data.attrs["title"])
    title += ("; solid: frequency fitted at each x" if fitted else "") + bands
    return Plot(
        name="conductivities", title=title, curves=tuple(curves), horizontal=_mixing_ratio(),
        vertical=_conductivity_axis("conductivity", "S/cm", 1.0 / PER_CENTIMETRE, curves),
    )  # fmt: skip


def arrhenius_plot(result: SeriesResult) -> Plot | None:
    """σT over 1/T, lines with the slope of the activation energy from percolation, measured glasses; None without."""
    data = result.dataset
    if not has_values(data, "conductivity"):
        return None
    temperatures = data["temperature"].values
    inverse = INVERSE_TEMPERATURE / temperatures
    places = spread_places(data["x"].values)
    curves: list[Curve] = []
    bars = ""
    for number, place in enumerate(places):
        x, colour = float(data["x"].values[place]), colour_of_map("viridis", 0.85 * number / max(len(places) - 1, 1))
        product, *ends = conductivity_products(data, place)
        lower, upper = (_drawn(product, end) for end in ends)
        bars = bars or _intervals("bars", product, lower, upper)
        curves.append(Curve(name=f"x = {x:.3g}", x=inverse, y=product, lower=lower, upper=upper,
                            interval="95 %", kind="points", colour=colour, thickness=3.0))  # fmt: skip
        if "activation_energy" in data and len(temperatures) > 1:
            energy = float(data["activation_energy"].values[place])
            across, line = slope_line(inverse, product, energy)
            curves.append(Curve(name=f"x = {x:.3g}, slope {energy:.3f} eV", x=across, y=line, colour=colour,
                                thickness=1.1, legend=False))  # fmt: skip
        curves.extend(_measured_products(data, x, colour))
    return Plot(
        name="arrhenius", title=f"points: conductivities; lines: slope of the activation energy from percolation{bars}",
        horizontal=Axis(label="1000 K/T"), vertical=_conductivity_axis("σT", "S K/cm", 100.0, curves),
        curves=tuple(curves),
    )  # fmt: skip


def series_plots(result: SeriesResult) -> tuple[Plot, ...]:
    """All plots that a result has numbers for."""
    made = (activation_energy_plot(result), conductivity_plot(result), arrhenius_plot(result))
    return tuple(plot for plot in made if plot is not None)


def _mixing_ratio() -> Axis:
    return Axis(label="x = B/(B+P)", limits=(-0.02, 1.02))


def _units(series: Series) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Fractions of all kinds of units over x, not-a-number where no units balance the charge."""
    from ionscape.series.load import make_series_glass

    x = np.linspace(0.0, 1.0, UNIT_POINTS)
    table = {name: np.full(UNIT_POINTS, np.nan) for name in UNIT_STYLES}
    for number, value in enumerate(x):
        try:
            units = make_series_glass(series.settings, float(value), series.measured_units).units
        except InputError:
            continue
        for name in table:
            table[name][number] = units[name]
    return x, table


def _drawn(values: FloatArray, ends: FloatArray) -> FloatArray:
    """Ends of error bars; where there is no interval, or an infinite one, the value itself."""
    return np.where(np.isfinite(ends), ends, values)


def _intervals(what: str, values: FloatArray, lower: FloatArray, upper: FloatArray) -> str:
    """What the bars or bands of a plot are, for its title; nothing if there are none."""
    return f"; {what}: {BARS}" if bool(((lower < values) | (upper > values)).any()) else ""


def _conductivity_axis(label: str, unit: str, size: float, curves: list[Curve]) -> Axis:
    """A logarithmic axis that reaches no further beyond the values for the intervals of few landscapes."""
    values = np.concatenate([curve.y for curve in curves])
    values = values[np.isfinite(values) & (values > 0.0)]
    ends = np.concatenate(
        [np.concatenate([c.lower, c.upper]) for c in curves if c.lower is not None and c.upper is not None]
    )
    ends = ends[np.isfinite(ends) & (ends > 0.0)]
    low, high = float(values.min()), float(values.max())
    if float(ends.min()) >= low / ROOM_FOR_BARS and float(ends.max()) <= high * ROOM_FOR_BARS:
        return Axis(label=label, unit=unit, size=size, log=True)
    return Axis(label=label, unit=unit, size=size, log=True, limits=(low / ROOM_FOR_BARS, high * ROOM_FOR_BARS))


def _measured_products(data: xarray.Dataset, x: float, colour: str) -> list[Curve]:
    """Measured σT of glasses whose mixing ratio is that of a composition."""
    inverse, product = measured_products(data, x)
    if not product.size:
        return []
    return [Curve(name=f"x = {x:.3g} ± {SAME_COMPOSITION:g}, measured", x=inverse, y=product, kind="points",
                  colour=colour, strength=0.45, thickness=4.0, legend=False)]  # fmt: skip
