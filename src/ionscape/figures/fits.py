"""Fits: data with residuals, D(n), activation and site energies, parameters (as Gunawan 2024, Figs. 1, 2, 4).

Everything is read from the dataset of a result, so that a result whose inputs are gone is drawn as well.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.figures.style import IonStyle, axis_unit, inner_legend, ion_styles, new_figure, reject, shade, tidy
from ionscape.quantities import DIMENSIONS, DisplayUnit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ionscape.inference import FitResult
    from ionscape.sims.raw import FloatArray

PER_CUBIC_NANOMETRE = 1e27  # 1/m^3
TITLE_WIDTH = 78  # characters on a line
LIGHT, DARK = 0.22, 0.45  # strength of the bands of 95 and of 68 %
FERMI_LABEL = r"density that sets the Fermi level / nm$^{-3}$"
TYPICAL_WIDTH = 95  # percentile of the widths of a band up to which its axis reaches
LOWEST_DECADES = 10  # below its largest value a diffusion coefficient is not followed further than this
SAME_OPTIMUM = 1.0  # of the cost: searches that end so close together have found the same
LEAST_DIFFERENCE = 1e-4  # of costs, on the logarithmic axis
CHI_SQUARE_68, CHI_SQUARE_95 = 1.0, 3.841458820694124  # of one degree of freedom
GREY = "#555555"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PRETTY = {"m^2/s": "m²/s", "1/m^3": "m⁻³", "m^2": "m²", "nm^2": "nm²", "µm^2": "µm²", "mm^2": "mm²"}


def data_sets(result: FitResult) -> list[tuple[str, list[str]]]:
    """Name and ions of every data set of a result, in order; the name is empty if there is one only."""
    attributes = result.dataset.attrs
    names = [str(name) for name in json.loads(attributes["datasets"])]
    ions = [[str(ion) for ion in entry] for entry in json.loads(attributes["ions"])]
    return list(zip(names, ions, strict=True))


def curve_ions(result: FitResult, kind: str, number: int) -> list[str]:
    """Ions of which a data set has a curve such as `diffusion_coefficient` or `site_energy_density`."""
    prefix, ending = f"{kind}_{number}_", "_lower_95"
    names = [str(name) for name in result.dataset.data_vars]
    return [name[len(prefix) : -len(ending)] for name in names if name.startswith(prefix) and name.endswith(ending)]


def shown_unit(unit: str, value: float) -> DisplayUnit:
    """The unit in which a parameter is read best: eV, nm and so on, or the SI unit with a power of ten.

    Args:
        unit: SI unit; empty for a pure number.
        value: typical magnitude in it.
    """
    display = next((entry.display for entry in DIMENSIONS.values() if entry.unit == unit), ())
    size = abs(value)
    if display and size > 0.0 and math.isfinite(size):
        fitting = [entry for entry in display if size >= entry.smallest * entry.size * (1.0 - 1e-12)]
        chosen = fitting[-1] if fitting else display[0]
        return DisplayUnit(unit=_PRETTY.get(chosen.unit, chosen.unit), size=chosen.size)
    power = math.floor(math.log10(size)) if size > 0.0 and math.isfinite(size) else 0
    pretty = _PRETTY.get(unit, unit)
    if -3 < power < 4:
        return DisplayUnit(unit=pretty, size=1.0)
    return DisplayUnit(unit=f"10{str(power).translate(_SUPERSCRIPTS)} {pretty}".strip(), size=10.0**power)


def short_names(names: Sequence[str]) -> list[str]:
    """Parameters as they are written along an axis: `ions.Li.diffusion.width` is `Li width`."""
    short = [
        name.replace("ions.", "").replace("diffusion.", "").replace("sensitivity_factor.", "factor ").replace(":", ": ")
        for name in names
    ]
    short = [name.replace(".", " ").replace("_", " ") for name in short]
    return short if len(set(short)) == len(short) else list(names)


def fitted_profile(result: FitResult, number: int = 0) -> Figure:
    """Draw measured and fitted densities of a data set over depth; below, the standardised residuals of every ion.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    name, ions = _data_set(result, number)
    data = result.dataset
    figure = new_figure(7.0, 4.0 + 0.9 * len(ions))
    panels = figure.subplots(1 + len(ions), 1, sharex=True, height_ratios=(3.4, *([0.9] * len(ions))), squeeze=False)
    axes, lower = panels[0, 0], list(panels[1:, 0])
    depth = data[f"depth_{number}"].values
    unit = axis_unit(float(depth[-1]), "length")
    styles = ion_styles(ions)
    for place, ion in enumerate(ions):
        style = styles[ion]
        measured, error, fitted = (
            data[f"{kind}_{number}"].values[:, place] / PER_CUBIC_NANOMETRE
            for kind in ("measured", "measured_error", "fitted")
        )
        pale = shade(style.colour, 0.5)
        axes.errorbar(depth / unit.size, measured, error, fmt="o", ms=2.2, color=pale, elinewidth=0.6, zorder=1.5,
                      label=f"{_plain(ion)} measured")  # fmt: skip
        axes.plot(depth / unit.size, fitted, color=_darker(style.colour), lw=1.5, zorder=3,
                  label=f"{_plain(ion)} fitted")  # fmt: skip
    axes.set_ylim(bottom=0.0)
    tidy(axes, horizontal="", vertical=r"density / nm$^{-3}$")
    axes.set_title(_title(result, name), fontsize=10, loc="left", parse_math=False)
    inner_legend(axes)
    for place, (ion, panel) in enumerate(zip(ions, lower, strict=True)):
        _draw_residuals(panel, depth / unit.size, data[f"residual_{number}"].values[:, place], ion, styles[ion])
    lower[-1].set_xlabel(f"depth / {unit.unit}")
    axes.set_xlim(0.0, float(depth[-1]) / unit.size)
    return figure


def fitted_diffusion_coefficients(result: FitResult, number: int = 0) -> Figure:
    """Draw D of every ion over the density that sets its Fermi level, with bands of 68 and 95 %.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    name, _ = _data_set(result, number)
    ions = curve_ions(result, "diffusion_coefficient", number)
    figure, axes, lower = _curve_panels()
    scale = (PER_CUBIC_NANOMETRE, 1.0)
    _draw_curves(axes, lower, result, "diffusion_coefficient", number, ions, scale=scale, relative=True)
    axes.set_yscale("log")
    highest = max((float(line.get_ydata().max()) for line in axes.lines), default=0.0)  # pyright: ignore
    if highest > 0.0:
        axes.set_ylim(bottom=max(axes.get_ylim()[0], highest * 10.0**-LOWEST_DECADES))
    tidy(axes, horizontal="", vertical=r"$D$ / (m$^2$ s$^{-1}$)")
    tidy(lower, horizontal=FERMI_LABEL, vertical="band / %")
    _titled(axes, result, name)
    return figure


def fitted_activation_energies(result: FitResult, number: int = 0) -> Figure:
    """Draw the activation energy of every ion over the density that sets its Fermi level, with bands of 68 and 95 %.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    name, _ = _data_set(result, number)
    ions = curve_ions(result, "activation_energy", number)
    figure, axes, lower = _curve_panels()
    scale = (PER_CUBIC_NANOMETRE, ELECTRON_VOLT)
    _draw_curves(axes, lower, result, "activation_energy", number, ions, scale=scale)
    tidy(axes, horizontal="", vertical=r"$E_\mathrm{act}$ / eV")
    tidy(lower, horizontal=FERMI_LABEL, vertical="band / eV")
    _titled(axes, result, name)
    return figure


def fitted_site_energies(result: FitResult, number: int = 0) -> Figure:
    """Draw the site energy distributions from the threshold of transport, with bands of 68 and 95 %.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set, or none of its ions has site energies.
    """
    name, _ = _data_set(result, number)
    ions = curve_ions(result, "site_energy_density", number)
    if not ions:
        raise InputError("has no ion with a site energy distribution", key="number", value=number,
                         remedy='choose a data set with an ion whose diffusion model is "site-energies"')  # fmt: skip
    figure, axes, lower = _curve_panels()
    scale = (ELECTRON_VOLT, PER_CUBIC_NANOMETRE / ELECTRON_VOLT)
    _draw_curves(axes, lower, result, "site_energy_density", number, ions, scale=scale)
    tidy(axes, horizontal="", vertical=r"$S(E)$ / (eV$^{-1}$ nm$^{-3}$)")
    tidy(lower, horizontal="site energy from transport threshold / eV", vertical="band")
    axes.set_ylim(bottom=0.0)
    _titled(axes, result, name)
    return figure


def parameter_correlation(result: FitResult) -> Figure:
    """Draw the correlation matrix of all parameters."""
    data = result.dataset
    correlation = data["correlation"].values
    names = short_names([str(name) for name in data["parameter"].values])
    count = len(names)
    size = 2.6 + 0.55 * count
    figure = new_figure(size + 0.8, size)
    axes = figure.subplots()
    picture = axes.imshow(correlation, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    axes.set_xticks(range(count), names, rotation=45, ha="right", rotation_mode="anchor", fontsize=8, parse_math=False)
    axes.set_yticks(range(count), names, fontsize=8, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row in range(count):
        for column in range(count):
            value = float(correlation[row, column])
            colour = "white" if abs(value) > 0.6 else "black"
            text = "–" if not math.isfinite(value) else f"{round(value, 2) + 0.0:.2f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=7.5, color=colour)
    figure.colorbar(picture, ax=axes, shrink=0.8, label="correlation")
    return figure


def fit_starts(result: FitResult) -> Figure:
    """Draw where the starts ended: their costs above the best one, and their parameters between the bounds."""
    data = result.dataset
    cost = data["start_cost"].values
    order = np.argsort(cost)
    difference = np.maximum(cost[order] - cost[order[0]], LEAST_DIFFERENCE)
    names = short_names([str(name) for name in data["parameter"].values])
    figure = new_figure(8.6, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.6))
    same = difference < SAME_OPTIMUM
    left.plot(np.arange(1, len(cost) + 1)[same], difference[same], "o", color="#0072B2", label="same optimum")
    if not same.all():
        left.plot(np.arange(1, len(cost) + 1)[~same], difference[~same], "s", color="#D55E00", label="elsewhere")
    left.set_yscale("log")
    left.set_ylim(0.5 * LEAST_DIFFERENCE, 3.0 * max(float(difference.max()), SAME_OPTIMUM))
    left.set_xlim(0.5, len(cost) + 0.5)
    left.xaxis.get_major_locator().set_params(integer=True)
    tidy(left, horizontal="start, best first", vertical=f"cost above the best (at least {LEAST_DIFFERENCE:g})")
    left.legend(fontsize=8, frameon=False, loc="upper left")
    for rank in range(len(cost) - 1, -1, -1):
        colour = "#0072B2" if same[rank] else "#D55E00"
        right.plot(_coordinates(result, data["start_estimate"].values[order[rank]]), range(len(names)),
                   "o" if same[rank] else "s", color=shade(colour, 0.7), ms=5, mfc="none")  # fmt: skip
    right.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
    right.invert_yaxis()
    right.set_xlim(-0.02, 1.02)
    right.grid(axis="y", lw=0.4, color="#CCCCCC")
    tidy(right, horizontal="place between the bounds", vertical="")
    return figure


def likelihood_profiles(result: FitResult) -> Figure:
    """Draw the profile likelihoods, all other parameters refitted, beside the parabola of the standard error.

    Raises:
        InputError: the result holds none.
    """
    data = result.dataset
    places = profiled(result)
    if not places:
        raise InputError("holds no profile likelihood", key="result", remedy='fit with method = "profile-likelihood"')
    names = short_names([str(name) for name in data["parameter"].values])
    figure, panels = _panels(len(places), width=3.4, height=2.7)
    for axes, place in zip(panels, places, strict=False):
        value, cost = (data[kind].values[place] for kind in ("profile_value", "profile_cost"))
        known = np.isfinite(value) & np.isfinite(cost)
        value, cost = value[known], cost[known]
        estimate = float(data["estimate"].values[place])
        unit = shown_unit(str(data["unit"].values[place]), estimate)
        order = np.argsort(value)
        excess = cost[order] - min(float(cost.min()), float(data.attrs["cost"]))
        axes.plot(value[order] / unit.size, excess, "o-", color="#0072B2", ms=3, lw=1.3, label="profile")
        fine = np.linspace(value.min(), value.max(), 200)
        axes.plot(
            fine / unit.size, _parabola(result, place, fine), color=GREY, lw=1.0, ls=(0, (4, 2)), label="parabola"
        )
        for level, text in ((CHI_SQUARE_68, "68 %"), (CHI_SQUARE_95, "95 %")):
            axes.axhline(level, color="black", lw=0.5)
            axes.text(0.99, level, text, fontsize=7, ha="right", va="bottom", transform=axes.get_yaxis_transform())
        axes.set_ylim(0.0, max(1.15 * CHI_SQUARE_95, min(1.05 * float(excess.max()), 4.0 * CHI_SQUARE_95)))
        axes.locator_params(axis="x", nbins=5)
        tidy(axes, horizontal=_axis_name(names[place], unit), vertical="cost above the least")
    panels[0].legend(fontsize=8, frameon=False, loc="upper center")
    return figure


def profiled(result: FitResult) -> list[int]:
    """Places of the parameters of which the result holds a profile likelihood."""
    data = result.dataset
    if "profile_value" not in data or "profile_cost" not in data:
        return []
    known = np.isfinite(data["profile_value"].values) & np.isfinite(data["profile_cost"].values)
    return [place for place, count in enumerate(known.sum(axis=1)) if count >= 2]


def posterior_corner(result: FitResult) -> Figure:
    """Draw the draws of the posterior: every experiment parameter alone and every pair; lines bound 68 and 95 %.

    Raises:
        InputError: the result holds no draws.
    """
    data = result.dataset
    if "sample" not in data:
        raise InputError("holds no draws of the posterior", key="result", remedy='fit with method = "mcmc"')
    all_names = short_names([str(name) for name in data["parameter"].values])
    kinds = [str(kind) for kind in data["kind"].values]
    places = [place for place, kind in enumerate(kinds) if kind == "experiment"] or list(range(len(kinds)))
    sample = data["sample"].values
    weight = data["weight"].values if "weight" in data else np.ones(sample.shape[0])
    units = [shown_unit(str(data["unit"].values[place]), float(data["estimate"].values[place])) for place in places]
    count = len(places)
    figure = new_figure(1.2 + 1.75 * count, 1.0 + 1.6 * count)
    grid = figure.subplots(count, count, squeeze=False, sharex="col")
    for row in range(count):
        for column in range(count):
            axes: Axes = grid[row, column]
            if column > row:
                axes.set_visible(False)
                continue
            horizontal = sample[:, places[column]] / units[column].size
            if row == column:
                _draw_marginal(axes, horizontal, weight)
            else:
                vertical = sample[:, places[row]] / units[row].size
                # thousands of squares as one picture: a vector file of them is slow to open
                axes.hist2d(horizontal, vertical, bins=30, weights=weight, cmap="Blues", rasterized=True)
            tidy(axes, horizontal="", vertical="")
            axes.tick_params(labelsize=7)
            axes.locator_params(nbins=4)
            if row == count - 1:
                axes.set_xlabel(_axis_name(all_names[places[column]], units[column], split=True), fontsize=8)
            if column == 0 and row > 0:
                axes.set_ylabel(_axis_name(all_names[places[row]], units[row], split=True), fontsize=8)
            elif column > 0 and column != row:
                axes.tick_params(labelleft=False)
    return figure


def _draw_marginal(axes: Axes, values: FloatArray, weight: FloatArray) -> None:
    axes.hist(values, bins=40, weights=weight, color=shade("#0072B2", DARK), lw=0)
    order = np.argsort(values)
    share = np.cumsum(weight[order]) / np.sum(weight)
    for level, line in ((0.025, "dotted"), (0.15865, "dashed"), (0.84135, "dashed"), (0.975, "dotted")):
        axes.axvline(float(np.interp(level, share, values[order])), color="black", lw=0.8, ls=line)
    axes.set_yticks([])


def _draw_residuals(axes: Axes, depth: FloatArray, residual: FloatArray, ion: str, style: IonStyle) -> None:
    axes.axhspan(-2.0, 2.0, color="#EEEEEE", lw=0)
    axes.axhline(0.0, color="black", lw=0.5)
    axes.plot(depth, residual, "o", ms=1.8, color=style.colour)
    limit = max(3.5, 1.1 * float(np.nanmax(np.abs(residual))))
    axes.set_ylim(-limit, limit)
    tidy(axes, horizontal="", vertical=f"{_plain(ion)} / $\\sigma$")


def _curve_panels() -> tuple[Figure, Axes, Axes]:
    """A panel for curves and a lower one for their bands, which may be as narrow as the lines."""
    figure = new_figure(6.4, 5.2)
    axes, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1.0))
    axes.margins(x=0.0)
    return figure, axes, lower


def _draw_curves(
    axes: Axes,
    lower: Axes,
    result: FitResult,
    kind: str,
    number: int,
    ions: Sequence[str],
    *,
    scale: tuple[float, float],
    relative: bool = False,
) -> None:
    """Draw curves with their bands into `axes`, and the bands about the curves into `lower`.

    scale: SI sizes of the units of both axes; relative: bands in per cent of the curve.
    """
    data = result.dataset
    styles = ion_styles(ions)
    limit = 0.0
    for ion in ions:
        name, style = f"{kind}_{number}_{ion}", styles[ion]
        axis = str(data[name].dims[0])
        horizontal, curve = data[axis].values / scale[0], data[name].values / scale[1]
        reference = np.where(curve > 0.0, curve, np.nan) / 100.0 if relative else np.ones_like(curve)
        for level, strength in ((95, LIGHT), (68, DARK)):
            low, high = (data[f"{name}_{end}_{level}"].values / scale[1] for end in ("lower", "upper"))
            axes.fill_between(horizontal, low, high, color=shade(style.colour, strength), lw=0)
            below, above = (low - curve) / reference, (high - curve) / reference
            lower.fill_between(horizontal, below, above, color=style.colour, alpha=strength, lw=0)
            # where a curve jumps its band is as wide as the jump: the axis is for the rest
            limit = max(limit, float(np.nanpercentile(np.maximum(-below, above), TYPICAL_WIDTH)))
        axes.plot(horizontal, curve, color=_darker(style.colour), lw=1.3, ls=style.line, label=_plain(ion))
    lower.axhline(0.0, color="black", lw=0.5)
    if limit > 0.0 and math.isfinite(limit):
        lower.set_ylim(-1.4 * limit, 1.4 * limit)


def _titled(axes: Axes, result: FitResult, name: str) -> None:
    from matplotlib.patches import Patch

    axes.set_title(_title(result, name), fontsize=10, loc="left", parse_math=False)
    handles, labels = axes.get_legend_handles_labels()
    bands = [
        Patch(color=shade("black", DARK), lw=0, label="68 %"),
        Patch(color=shade("black", LIGHT), lw=0, label="95 %"),
    ]
    inner_legend(axes, [*handles, *bands], [*labels, *(str(band.get_label()) for band in bands)])


def _title(result: FitResult, name: str) -> str:
    title = str(result.dataset.attrs["title"])
    return textwrap.fill(f"{title}: {name}" if name else title, TITLE_WIDTH)


def _data_set(result: FitResult, number: int) -> tuple[str, list[str]]:
    known = data_sets(result)
    if not 0 <= number < len(known):
        raise reject("data set", number, range(len(known)))
    return known[number]


def _coordinates(result: FitResult, estimates: FloatArray) -> FloatArray:
    """Places of parameters between their bounds, each on its scale, 0 to 1."""
    data = result.dataset
    lower, upper = data["lower_bound"].values, data["upper_bound"].values
    linear = (estimates - lower) / (upper - lower)
    logarithmic = np.array([str(scale) == "log" for scale in data["scale"].values])
    places = linear.copy()
    places[logarithmic] = (np.log(estimates / np.where(logarithmic, lower, 1.0))[logarithmic]
                           / np.log(upper[logarithmic] / lower[logarithmic]))  # fmt: skip
    return places


def _parabola(result: FitResult, place: int, values: FloatArray) -> FloatArray:
    """Cost above the least one that the standard error predicts, quadratic on the scale of the parameter."""
    data = result.dataset
    estimate, error = (float(data[kind].values[place]) for kind in ("estimate", "standard_error"))
    if str(data["scale"].values[place]) == "log":
        return (np.log(values / estimate) * estimate / error) ** 2
    return ((values - estimate) / error) ** 2


def _panels(count: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    columns = min(count, 3)
    rows = math.ceil(count / columns)
    figure = new_figure(width * columns, height * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    panels: list[Axes] = list(grid.ravel())
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, panels


def _axis_name(name: str, unit: DisplayUnit, *, split: bool = False) -> str:
    return _plain(name) + (("\n" if split else " ") + f"/ {unit.unit}" if unit.unit else "")


def _plain(name: str) -> str:
    """A name without mathematical text."""
    return name.replace("$", r"\$")


def _darker(colour: str) -> Any:
    from matplotlib.colors import to_rgb

    return tuple(0.8 * part for part in to_rgb(colour))
