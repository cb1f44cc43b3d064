"""Raw counts, crater scans and calibrated densities of a measurement (as Gunawan 2024 ESI, Figs. S1 to S4)."""

from __future__ import annotations

import math
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.figures.style import TOTAL, IonStyle, axis_unit, inner_legend, ion_styles, new_figure, shade, tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ionscape.arrays import FloatArray
    from ionscape.profiling import CraterDepth, DepthProfile

NANOMETRE = 1e-9
CALIBRATION_COLOUR = "#009E73"
BULK_COLOUR = "#0072B2"
SURFACE_COLOUR = "#D55E00"
FEW_CHANNELS = 8  # up to which colours tell the elements and dashes the isotopes
LONGEST_INNER_LEGEND = 6
LONGEST_COLUMN = 4  # of panels with crater scans
TITLE_WIDTH = 78  # characters on a line
FILE_WIDTH = 34
DARK, LIGHT = 0.4, 0.18  # strength of the bands: statistical, between the normalisations
ISOTOPE_LINES = ("solid", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)))


def raw_counts(profile: DepthProfile) -> Figure:
    """Draw the counts of every channel over sputter time, with the depth on the upper axis."""
    data = profile.dataset
    names = [str(name) for name in data["channel"].values]
    outside = len(names) > LONGEST_INNER_LEGEND
    figure = new_figure(8.2 if outside else 7.0, 4.4)
    axes = figure.subplots()
    timed = "sputter_time" in data
    depth = data["depth"].values / NANOMETRE
    abscissa = data["sputter_time"].values if timed else depth
    limited = _limited(profile)
    for number, (name, style) in enumerate(zip(names, channel_styles(names), strict=True)):
        counts = data["channel_counts"].values[:, number]
        saturated = limited[:, number]
        label = plain_name(name) + (" (saturated)" if saturated.any() else "")
        axes.plot(abscissa, np.where(counts > 0.0, counts, np.nan), color=style.colour, ls=style.line, lw=1.1,
                  label=label)  # fmt: skip
        axes.plot(abscissa[saturated], counts[saturated], "v", color=style.colour, ms=3)
    axes.set_yscale("log")
    axes.set_xlim(0.0, abscissa[-1])
    tidy(axes, horizontal="sputter time / s" if timed else "depth / nm", vertical="counts per data point")
    if timed and np.isfinite(data.attrs["sputter_rate"]):
        _depth_axis(axes, abscissa, depth)
    figure.suptitle(_wrapped(data.attrs["title"]), fontsize=10, x=0.02, ha="left", parse_math=False)
    if outside:
        figure.legend(loc="outside right upper", fontsize=8, ncols=1 + (len(names) - 1) // 24, frameon=False)
    else:
        inner_legend(axes)
    return figure


def channel_styles(names: Sequence[str]) -> list[IonStyle]:
    """Colour and dashes of each channel.

    Up to eight channels have the colour of their element, as ions have in all figures, and dashes by isotope; more of
    them have twenty colours in turn.
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    from ionscape.profiling.isotopes import ISOTOPES
    from ionscape.profiling.species import parse_species

    if len(names) > FEW_CHANNELS:
        palette = colormaps["tab20"]
        # The dark colours first: the light ones follow them in the palette.
        order = [*range(0, 20, 2), *range(1, 20, 2)]
        return [
            IonStyle(colour=to_hex(palette(order[k % 20])), line=ISOTOPE_LINES[k // 20 % len(ISOTOPE_LINES)])
            for k in range(len(names))
        ]
    species = [parse_species(name) for name in names]
    owners = [(found.element if found else None) or name for name, found in zip(names, species, strict=True)]
    colours = ion_styles(dict.fromkeys(owners))
    abundance = [ISOTOPES[found.isotope].abundance if found and found.isotope else 1.0 for found in species]
    styles: list[IonStyle] = []
    for owner, share in zip(owners, abundance, strict=True):
        # The main isotope has the solid line.
        rank = sum(other == owner and larger > share for other, larger in zip(owners, abundance, strict=True))
        styles.append(IonStyle(colour=colours[owner].colour, line=ISOTOPE_LINES[rank % len(ISOTOPE_LINES)]))
    return styles


def calibrated_profile(profile: DepthProfile) -> Figure:
    """Draw the densities over depth with their 95 % intervals and band of normalisations; below, the charge balance."""
    from matplotlib.patches import Patch

    data = profile.dataset
    figure = new_figure(7.0, 6.0)
    axes, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1.0))
    depth = data["depth"].values / NANOMETRE
    total = float(np.sum(data["bulk_density"].values))
    styles = ion_styles(profile.ions)
    for number, ion in enumerate(profile.ions):
        colour = styles[ion].colour

        def fraction(name: str, number: int = number) -> FloatArray:
            return data[name].values[:, number] / total

        bands = (
            ("density_systematic_lower", "density_systematic_upper", LIGHT),
            ("density_lower_95", "density_upper_95", DARK),
        )
        for low, high, strength in bands:
            axes.fill_between(depth, fraction(low), fraction(high), color=shade(colour, strength), lw=0)
        axes.plot(depth, fraction("density"), color=colour, lw=1.2, label=ion)
    axes.set_ylim(bottom=min(0.0, float(np.nanmin(data["density_lower_95"].values)) / total))
    bulk = r"$n_\mathrm{bulk}$"
    tidy(axes, horizontal="", vertical=f"density / {bulk},  {bulk} = {_power(total)} m$^{{-3}}$")
    title = f"{_wrapped(data.attrs['title'])}\nmethod: {data.attrs['density_method']}"
    axes.set_title(title, fontsize=10, loc="left", pad=9, parse_math=False)
    _mark_region(axes, data.attrs["calibration_region"], CALIBRATION_COLOUR, "calibration", height=1.0)
    _mark_region(axes, data.attrs["bulk_region"], BULK_COLOUR, "bulk", height=1.0)
    bands = [
        Patch(color=shade("black", DARK), lw=0, label="95 %, statistical"),
        Patch(color=shade("black", LIGHT), lw=0, label="between the normalisations"),
    ]
    handles, labels = axes.get_legend_handles_labels()
    entries = [*handles, *bands], [*labels, *(str(band.get_label()) for band in bands)]
    if len(labels) > LONGEST_INNER_LEGEND:
        figure.set_figwidth(8.8)
        figure.legend(*entries, loc="outside right upper", fontsize=8, frameon=False)
    else:
        inner_legend(axes, *entries)
    _draw_balance(lower, profile)
    lower.set_xlim(0.0, depth[-1])
    return figure


def crater_scans(crater: CraterDepth) -> Figure:
    """Draw the levelled scans across the crater with the regions whose heights were compared."""
    scans = len(crater.steps)
    columns = 1 if scans <= LONGEST_COLUMN else 2
    rows = math.ceil(scans / columns)
    figure = new_figure(7.0 if columns == 1 else 9.0, 1.4 + 1.7 * rows)
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
    panels: Sequence[Axes] = list(grid.T.ravel())
    deepest = max(float(np.ptp(step.levelled.height)) for step in crater.steps)
    unit = axis_unit(deepest, "length")
    for axes, step in zip(panels[:scans], crater.steps, strict=True):
        lateral = step.levelled.lateral / 1e-6
        axes.plot(lateral, step.levelled.height / unit.size, color="#555555", lw=0.7)
        for region in step.regions.surface:
            axes.axvspan(region[0] / 1e-6, region[1] / 1e-6, color=SURFACE_COLOUR, alpha=0.2, lw=0)
        valley = step.regions.valley
        axes.axvspan(valley[0] / 1e-6, valley[1] / 1e-6, color=BULK_COLOUR, alpha=0.2, lw=0)
        tidy(axes, horizontal="", vertical=f"height / {unit.unit}")
        value = f"{step.depth / NANOMETRE:.2f} ± {step.error / NANOMETRE:.2f} nm"
        name = textwrap.shorten(Path(step.levelled.file).name, FILE_WIDTH, placeholder="…")
        axes.set_title(name, fontsize=9, loc="left", parse_math=False)
        axes.set_title(value, fontsize=9, loc="right", color="#333333")
    for axes in panels[scans:]:
        axes.set_visible(False)
    for column in range(columns):
        last = panels[min((column + 1) * rows, scans) - 1]
        last.set_xlabel("lateral position / µm")
        last.tick_params(labelbottom=True)
    mean = f"{crater.depth / NANOMETRE:.2f} ± {crater.error / NANOMETRE:.2f} nm"
    figure.suptitle(f"crater depth {mean} (one standard deviation); surface orange, valley blue", fontsize=10, x=0.02,
                    ha="left")  # fmt: skip
    return figure


def plain_name(channel: str) -> str:
    """Name of a channel as a formula: `^6Li+` becomes ⁶Li⁺ and `Cs_2+` Cs₂⁺ in mathematical text."""
    name = re.sub(r"\s+", " ", channel.strip())
    match = re.fullmatch(r"((?:\^?\d*[A-Z][a-z]?(?:_?\d+)?)+)([+-]*)", name)
    if match is None:
        return name.replace("$", r"\$")
    formula = re.sub(r"\^(\d+)", r"$^{\1}$", match[1])
    formula = re.sub(r"^(\d+)", r"$^{\1}$", formula)
    formula = re.sub(r"(?<=[A-Za-z])_?(\d+)", r"$_{\1}$", formula)
    return formula + (f"$^{{{match[2]}}}$" if match[2] else "")


def _limited(profile: DepthProfile) -> Any:
    """Where a channel is limited by the dead time of its detector, shape (points, channels)."""
    from ionscape.profiling.counting import dead_time_limited

    data = profile.dataset
    pulses = int(data.attrs["pulses_per_point"])
    return dead_time_limited(data["channel_counts"].values, pulses if pulses > 0 else None)


def _depth_axis(axes: Axes, time: FloatArray, depth: FloatArray) -> None:
    """Put the depth [nm] on the upper edge."""
    times, depths = _extended(time), _extended(depth)

    def depth_of(time: Any) -> Any:
        return np.interp(time, times, depths)

    def time_of(depth: Any) -> Any:
        return np.interp(depth, depths, times)

    upper = axes.secondary_xaxis("top", functions=(depth_of, time_of))
    upper.set_xlabel("depth / nm")
    upper.tick_params(direction="in")


def _draw_balance(axes: Axes, profile: DepthProfile) -> None:
    """Draw what the charge balance misses before it is shared out, with the band that noise explains."""
    data = profile.dataset
    depth = data["depth"].values
    balance, error = 100.0 * data["balance"].values, 200.0 * data["balance_error"].values
    axes.fill_between(depth / NANOMETRE, -error, error, color=shade("black", 0.15), lw=0, label="±2 σ of noise")
    axes.plot(depth / NANOMETRE, balance, color=TOTAL.colour, lw=0.7)
    axes.axhline(0.0, color="black", lw=0.5)
    low, high = data.attrs["calibration_region"]
    inside = (depth >= low) & (depth <= high)
    limit = 1.3 * float(np.nanmax(np.maximum(np.abs(balance), error)[inside]))
    axes.set_ylim(-limit, 1.5 * limit)  # room for the legend above the data
    tidy(axes, horizontal="depth / nm", vertical="balance / %")
    axes.legend(fontsize=8, loc="upper right", framealpha=0.85, edgecolor="none", borderaxespad=0.2)
    largest = float(np.nanmax(np.abs(balance)))
    if largest > limit:
        place = float(depth[int(np.nanargmax(np.abs(balance)))]) / NANOMETRE
        note = f"cut off: up to {float(f'{largest:.2g}'):g} % at {place:.3g} nm"
        axes.text(0.06, 0.95, note, fontsize=8, ha="left", va="top", transform=axes.transAxes)


def _extended(rising: FloatArray) -> FloatArray:
    """The values with one more at either end, far outside, on the straight line through the last two."""
    span = rising[-1] - rising[0]
    first, last = rising[1] - rising[0], rising[-1] - rising[-2]
    steps = span / min(first, last)
    return np.concatenate([[rising[0] - steps * first], rising, [rising[-1] + steps * last]])


def _wrapped(title: str) -> str:
    return textwrap.fill(title, TITLE_WIDTH)


def _power(value: float) -> str:
    """A number with its power of ten in mathematical text."""
    mantissa, exponent = f"{value:.3e}".split("e")
    return rf"{mantissa.rstrip('0').rstrip('.')}$\times$10$^{{{int(exponent)}}}$"


def _mark_region(axes: Axes, region: Sequence[float], colour: str, name: str, *, height: float) -> None:
    """Draw a bar along the upper edge over a region of depths."""
    start, stop = (value / NANOMETRE for value in region)
    transform = axes.get_xaxis_transform()
    axes.plot(
        [start, stop], [height, height], color=colour, lw=3, solid_capstyle="butt", transform=transform, clip_on=False
    )
    axes.text(
        0.5 * (start + stop), height - 0.015, name, color=colour, fontsize=8, ha="center", va="top", transform=transform
    )
