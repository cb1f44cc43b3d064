"""Raw counts, crater scans and calibrated densities of a measurement (as Gunawan 2024 ESI, Figs. S1 to S4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.figures.style import TOTAL, axis_unit, inner_legend, ion_styles, new_figure, shade, tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ionscape.sims import CraterDepth, DepthProfile
    from ionscape.sims.raw import FloatArray

NANOMETRE = 1e-9
CALIBRATION_COLOUR = "#009E73"
BULK_COLOUR = "#0072B2"
SURFACE_COLOUR = "#D55E00"


def raw_counts(profile: DepthProfile) -> Figure:
    """Draw the counts of every channel over sputter time, with the depth on the upper axis."""
    data = profile.dataset
    figure = new_figure(7.0, 4.4)
    axes = figure.subplots()
    timed = "sputter_time" in data
    depth = data["depth"].values / NANOMETRE
    abscissa = data["sputter_time"].values if timed else depth
    names = [str(name) for name in data["channel"].values]
    # Colours by channel, not by element: the isotopes of one element must be told apart.
    for number, name in enumerate(names):
        counts = data["channel_counts"].values[:, number]
        axes.plot(abscissa, np.where(counts > 0.0, counts, np.nan), color=f"C{number}", lw=1.1, label=plain_name(name))
    limited = data["dead_time_limited"].values.astype(bool)
    if limited.any():
        axes.plot(abscissa[limited], np.full(limited.sum(), axes.get_ylim()[1]), "v", color="black", ms=4,
                  label="limited by dead time")  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlim(0.0, abscissa[-1])
    tidy(axes, horizontal="sputter time / s" if timed else "depth / nm", vertical="counts per data point")
    if timed and np.isfinite(data.attrs["sputter_rate"]):
        times, depths = _extended(abscissa), _extended(depth)

        def depth_of(time: Any) -> Any:
            return np.interp(time, times, depths)

        def time_of(depth: Any) -> Any:
            return np.interp(depth, depths, times)

        upper = axes.secondary_xaxis("top", functions=(depth_of, time_of))
        upper.set_xlabel("depth / nm")
        upper.tick_params(direction="in")
    figure.suptitle(data.attrs["title"], fontsize=10, x=0.02, ha="left")
    inner_legend(axes)
    return figure


def calibrated_profile(profile: DepthProfile) -> Figure:
    """Draw the densities over depth with their 95 % intervals and band of normalisations; below, the charge balance."""
    data = profile.dataset
    figure = new_figure(7.0, 6.0)
    axes, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1.0))
    depth = data["depth"].values / NANOMETRE
    total = float(np.sum(data["bulk_density"].values * data["charge_number"].values))
    styles = ion_styles(profile.ions)
    for number, ion in enumerate(profile.ions):
        style = styles[ion]
        fraction = {
            name: data[name].values[:, number] / total
            for name in (
                "density",
                "density_lower",
                "density_upper",
                "density_systematic_lower",
                "density_systematic_upper",
            )
        }
        axes.fill_between(depth, fraction["density_systematic_lower"], fraction["density_systematic_upper"],
                          color=shade(style.colour, 0.18), lw=0)  # fmt: skip
        axes.fill_between(depth, fraction["density_lower"], fraction["density_upper"],
                          color=shade(style.colour, 0.4), lw=0)  # fmt: skip
        axes.plot(depth, fraction["density"], color=style.colour, lw=1.2, label=ion)
    axes.set_ylim(bottom=min(0.0, float(np.nanmin(data["density_lower"].values)) / total))
    tidy(axes, horizontal="", vertical=r"density / $n_\mathrm{bulk}$")
    axes.set_title(_title(profile), fontsize=10, loc="left")
    _mark_region(axes, data.attrs["calibration_region"], CALIBRATION_COLOUR, "calibration", height=1.0)
    _mark_region(axes, data.attrs["bulk_region"], BULK_COLOUR, "bulk", height=1.0)
    inner_legend(axes)
    error = 2.0 * data["balance_error"].values
    lower.fill_between(depth, 100 * -error, 100 * error, color=shade("black", 0.15), lw=0, label="noise, 95 %")
    lower.plot(depth, 100 * data["balance"].values, color=TOTAL.colour, lw=0.7)
    lower.axhline(0.0, color="black", lw=0.5)
    inside = data["depth"].values >= data.attrs["calibration_region"][0]
    limit = 100 * 1.5 * max(float(np.max(np.abs(data["balance"].values[inside]))), float(error.max()))
    lower.set_ylim(-limit, limit)
    lower.set_xlim(0.0, depth[-1])
    tidy(lower, horizontal="depth / nm", vertical="balance / %")
    return figure


def crater_scans(crater: CraterDepth) -> Figure:
    """Draw the levelled scans across the crater with the regions whose heights were compared."""
    figure = new_figure(7.0, 1.2 + 1.7 * len(crater.steps))
    panels: Sequence[Axes] = list(figure.subplots(len(crater.steps), 1, sharex=True, squeeze=False)[:, 0])
    deepest = max(float(np.ptp(step.levelled.height)) for step in crater.steps)
    unit = axis_unit(deepest, "length")
    for axes, step in zip(panels, crater.steps, strict=True):
        lateral = step.levelled.lateral / 1e-6
        axes.plot(lateral, step.levelled.height / unit.size, color="#555555", lw=0.7)
        for region in step.regions.surface:
            axes.axvspan(region[0] / 1e-6, region[1] / 1e-6, color=SURFACE_COLOUR, alpha=0.2, lw=0)
        valley = step.regions.valley
        axes.axvspan(valley[0] / 1e-6, valley[1] / 1e-6, color=BULK_COLOUR, alpha=0.2, lw=0)
        tidy(axes, horizontal="", vertical=f"height / {unit.unit}")
        axes.set_title(
            f"{step.depth / 1e-9:.2f} ± {step.error / 1e-9:.2f} nm", fontsize=9, loc="right", color="#333333"
        )
    panels[-1].set_xlabel("lateral position / µm")
    panels[0].set_title("surface (orange) and valley (blue)", fontsize=9, loc="left")
    return figure


def _extended(rising: FloatArray) -> FloatArray:
    """The values with one more at either end, far outside, on the straight line through the last two."""
    span = rising[-1] - rising[0]
    first, last = rising[1] - rising[0], rising[-1] - rising[-2]
    steps = span / min(first, last)
    return np.concatenate([[rising[0] - steps * first], rising, [rising[-1] + steps * last]])


def plain_name(channel: str) -> str:
    """Name of a channel as a formula: `^6Li+` becomes ⁶Li⁺ in mathematical text."""
    name = channel.strip()
    sign = ""
    while name and name[-1] in "+-":
        sign, name = name[-1] + sign, name[:-1]
    mass = ""
    if name.startswith("^"):
        digits = len(name[1:]) - len(name[1:].lstrip("0123456789"))
        mass, name = name[1 : 1 + digits], name[1 + digits :]
    if not name.isalpha():
        return channel.replace("$", r"\$")
    prefix = f"$^{{{mass}}}$" if mass else ""
    return f"{prefix}{name}" + (f"$^{{{sign}}}$" if sign else "")


def _title(profile: DepthProfile) -> str:
    found = profile.dataset.attrs
    return f"{found['title']}   ({found['density_method']})"


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
