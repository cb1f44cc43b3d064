"""Fits: data with residuals, D(n), activation and site energies (as Gunawan 2024, Figs. 1, 2, 4).

Everything is read from the dataset of a result, so that a result whose inputs are gone is drawn as well.
"""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.figures.fit_values import (
    BANDS,
    DARK,
    LIGHT,
    banded_curve,
    chosen_data_set,
    curve_ions,
    fitted_densities,
    residual_limit,
)
from ionscape.figures.profiles import PER_CUBIC_NANOMETRE
from ionscape.figures.style import (
    LOWEST_DECADES,
    IonStyle,
    axis_unit,
    inner_legend,
    ion_styles,
    new_figure,
    plain_text,
    shade,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ionscape.arrays import FloatArray
    from ionscape.inference import FitResult

TITLE_WIDTH = 78  # characters on a line
FERMI_LABEL = r"density that sets the Fermi level / nm$^{-3}$"
TYPICAL_WIDTH = 95  # percentile of the widths of a band up to which its axis reaches


def fitted_profile(result: FitResult, number: int = 0) -> Figure:
    """Draw measured and fitted densities of a data set over depth; below, the standardised residuals of every ion.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    name, ions = chosen_data_set(result, number)
    data = result.dataset
    figure = new_figure(7.0, 4.0 + 0.9 * len(ions))
    panels = figure.subplots(1 + len(ions), 1, sharex=True, height_ratios=(3.4, *([0.9] * len(ions))), squeeze=False)
    axes, lower = panels[0, 0], list(panels[1:, 0])
    depth = data[f"depth_{number}"].values
    unit = axis_unit(float(depth[-1]), "length")
    styles = ion_styles(ions)
    for place, ion in enumerate(ions):
        style = styles[ion]
        measured, error, fitted = fitted_densities(result, number, place)
        pale = shade(style.colour, 0.5)
        axes.errorbar(depth / unit.size, measured, error, fmt="o", ms=2.2, color=pale, elinewidth=0.6, zorder=1.5,
                      label=f"{plain_text(ion)} measured, ± 1 σ of counting")  # fmt: skip
        axes.plot(depth / unit.size, fitted, color=_darker(style.colour), lw=1.5, zorder=3,
                  label=f"{plain_text(ion)} fitted")  # fmt: skip
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
    scale = (PER_CUBIC_NANOMETRE, 1.0)
    figure, axes, lower = _curve_figure(result, "diffusion_coefficient", number, scale=scale, relative=True)
    axes.set_yscale("log")
    highest = max((float(line.get_ydata().max()) for line in axes.lines), default=0.0)  # pyright: ignore
    if highest > 0.0:
        axes.set_ylim(bottom=max(axes.get_ylim()[0], highest * 10.0**-LOWEST_DECADES))
    tidy(axes, horizontal="", vertical=r"$D$ / (m$^2$ s$^{-1}$)")
    tidy(lower, horizontal=FERMI_LABEL, vertical="band / %")
    return figure


def fitted_activation_energies(result: FitResult, number: int = 0) -> Figure:
    """Draw the activation energy of every ion over the density that sets its Fermi level, with bands of 68 and 95 %.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    scale = (PER_CUBIC_NANOMETRE, ELECTRON_VOLT)
    figure, axes, lower = _curve_figure(result, "activation_energy", number, scale=scale)
    tidy(axes, horizontal="", vertical=r"$E_\mathrm{act}$ / eV")
    tidy(lower, horizontal=FERMI_LABEL, vertical="band / eV")
    return figure


def fitted_site_energies(result: FitResult, number: int = 0) -> Figure:
    """Draw the site energy distributions from the threshold of transport, with bands of 68 and 95 %.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set, or none of its ions has site energies.
    """
    chosen_data_set(result, number)
    if not curve_ions(result, "site_energy_density", number):
        raise InputError("has no ion with a site energy distribution", key="number", value=number,
                         remedy='choose a data set with an ion whose diffusion model is "site-energies"')  # fmt: skip
    scale = (ELECTRON_VOLT, PER_CUBIC_NANOMETRE / ELECTRON_VOLT)
    figure, axes, lower = _curve_figure(result, "site_energy_density", number, scale=scale)
    tidy(axes, horizontal="", vertical=r"$S(E)$ / (eV$^{-1}$ nm$^{-3}$)")
    tidy(lower, horizontal="site energy from transport threshold / eV", vertical="band")
    axes.set_ylim(bottom=0.0)
    return figure


def _draw_residuals(axes: Axes, depth: FloatArray, residual: FloatArray, ion: str, style: IonStyle) -> None:
    axes.axhspan(-2.0, 2.0, color="#EEEEEE", lw=0)
    axes.annotate("grey: ± 2 σ", (1.0, 0.0), (-3.0, 2.0), xycoords="axes fraction", textcoords="offset points",
                  ha="right", fontsize=6.5, color="#666666")  # fmt: skip
    axes.axhline(0.0, color="black", lw=0.5)
    axes.plot(depth, residual, "o", ms=1.8, color=style.colour)
    limit = residual_limit(residual)
    axes.set_ylim(-limit, limit)
    tidy(axes, horizontal="", vertical=f"{plain_text(ion)} / $\\sigma$")


def _curve_figure(
    result: FitResult, kind: str, number: int, *, scale: tuple[float, float], relative: bool = False
) -> tuple[Figure, Axes, Axes]:
    """Curves with their bands, and below them the bands about the curves, which may be as narrow as the lines.

    scale: SI sizes of the units of both axes; relative: bands in per cent of the curve.
    """
    name, _ = chosen_data_set(result, number)
    ions = curve_ions(result, kind, number)
    figure = new_figure(6.4, 5.2)
    axes, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1.0))
    axes.margins(x=0.0)
    styles = ion_styles(ions)
    limit = 0.0
    for ion in ions:
        curve, style = banded_curve(result, kind, number, ion, scale=scale), styles[ion]
        reference = np.where(curve.y > 0.0, curve.y, np.nan) / 100.0 if relative else np.ones_like(curve.y)
        for level, strength in BANDS:
            low, high = curve.bands[level]
            axes.fill_between(curve.x, low, high, color=shade(style.colour, strength), lw=0)
            below, above = (low - curve.y) / reference, (high - curve.y) / reference
            lower.fill_between(curve.x, below, above, color=style.colour, alpha=strength, lw=0)
            # where a curve jumps its band is as wide as the jump: the axis is for the rest
            limit = max(limit, float(np.nanpercentile(np.maximum(-below, above), TYPICAL_WIDTH)))
        axes.plot(curve.x, curve.y, color=_darker(style.colour), lw=1.3, ls=style.line, label=plain_text(ion))
    lower.axhline(0.0, color="black", lw=0.5)
    if limit > 0.0 and math.isfinite(limit):
        lower.set_ylim(-1.4 * limit, 1.4 * limit)
    _titled(axes, result, name)
    return figure, axes, lower


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


def _darker(colour: str) -> Any:
    from matplotlib.colors import to_rgb

    return tuple(0.8 * part for part in to_rgb(colour))
