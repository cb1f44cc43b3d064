"""Fits: data with residuals, D(n), activation and site energies (as Gunawan 2024, Figs. 1, 2, 4).

Everything is read from the dataset of a result, so that a result whose inputs are gone is drawn as well.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.errors import InputError

from .axes import (
    ACTIVATION,
    DENSITY,
    DIFFUSION,
    FERMI_DENSITY,
    PER_CUBIC_NANOMETRE,
    SITE_ENERGY,
    SITES_PER_VOLUME,
    depth_axis,
)
from .fit_values import chosen_data_set, curve_ions, residual_limit
from .lettering import wrapped
from .plot import ZERO_LINE, Axis, Curve, Label, Panel, Plot, entry
from .render_matplotlib import Drawing
from .style import LOWEST_DECADES, darker, ion_styles

if TYPE_CHECKING:
    from ionscape.inference import FitResult

TYPICAL_WIDTH = 95  # percentile of the widths of a band up to which its axis reaches
BANDS = ((95, 0.22), (68, 0.3))
"""Level in per cent and strength, from the back to the front: one shines through the other."""
DARK = 0.45
"""Strength of both bands on top of each other."""


@Drawing
def fitted_profile(result: FitResult, number: int = 0) -> Plot:
    """Draw measured and fitted densities of a data set over depth; below, the standardised residuals of every ion.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    name, ions = chosen_data_set(result, number)
    data = result.dataset
    if not ions:
        raise InputError("has no profile", key="number", value=number, remedy='draw the figure "readings"')
    depth = data[f"depth_{number}"].values
    horizontal = depth_axis(float(depth[-1]))
    x, styles = depth / horizontal.size, ion_styles(ions)
    curves: list[Curve] = []
    residuals: list[Panel] = []
    for place, ion in enumerate(ions):
        measured, error, fitted = (
            data[f"{kind}_{number}"].values[:, place] / PER_CUBIC_NANOMETRE
            for kind in ("measured", "measured_error", "fitted")
        )
        colour = styles[ion].colour
        curves.append(Curve(name=f"{ion} measured, ± 1 σ of counting", x=x, y=measured, lower=measured - error,
                            upper=measured + error, interval="1 σ", kind="points", colour=colour, strength=0.5,
                            thickness=1.2, order=-0.5))  # fmt: skip
        curves.append(Curve(name=f"{ion} fitted", x=x, y=fitted, colour=darker(colour), thickness=1.5, order=1.0))
        residuals.append(_residuals(ion, colour, x, data[f"residual_{number}"].values[:, place], horizontal))
    upper = Panel(
        title=_title(result, name), horizontal=replace(horizontal, hidden=True), curves=tuple(curves),
        vertical=DENSITY,
    )  # fmt: skip
    lower = [replace(panel, horizontal=replace(horizontal, hidden=panel is not residuals[-1])) for panel in residuals]
    return Plot(
        name=f"fit-{name}" if name else "fit", panels=(upper, *lower), share="x",
        heights=(3.4, *([0.9] * len(ions))), size=(7.0, 4.0 + 0.9 * len(ions)),
    )  # fmt: skip


def _residuals(ion: str, colour: str, x: np.ndarray, residual: np.ndarray, horizontal: Axis) -> Panel:
    """Standardised residuals of one ion over depth, with the band of two standard deviations."""
    limit, ends = residual_limit(residual), np.array([0.0, float(x[-1])])
    band = Curve(name="±2 σ", x=ends, y=np.zeros(2), lower=np.full(2, -2.0), upper=np.full(2, 2.0), kind="band",
                 colour="#888888", strength=0.2)  # fmt: skip
    points = Curve(name=f"{ion} residual", x=x, y=residual, kind="points", colour=colour, thickness=0.75, legend=False)
    grey = Label(text="grey: ±2 σ", x=1.0, y=0.0, frame=("panel", "panel"), anchor=("right", "bottom"), size=6.5)
    return Panel(horizontal=horizontal, vertical=Axis(label=ion, unit="σ", limits=(-limit, limit)),
                 curves=(band, points), marks=(ZERO_LINE,), labels=(grey,), legend="")  # fmt: skip


@Drawing
def fitted_diffusion_coefficients(result: FitResult, number: int = 0) -> Plot:
    """Draw D of every ion over the density that sets its Fermi level, with bands of 68 and 95 %.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    plot = _banded(result, "diffusion_coefficient", number, FERMI_DENSITY, DIFFUSION, about="%")
    upper = plot.panels[0]
    lines = [curve.y for curve in upper.curves if curve.kind == "line" and curve.x.size]
    highest = max((float(np.nanmax(y)) for y in lines), default=0.0)
    lowest = min((float(np.nanmin(y[y > 0.0])) for y in lines if (y > 0.0).any()), default=0.0)
    limits = (max(lowest, highest * 10.0**-LOWEST_DECADES) / 2.0, 2.0 * highest) if highest > 0.0 else (None, None)
    upper = replace(upper, vertical=replace(upper.vertical, limits=limits))
    return replace(plot, name=f"{plot.name}-diffusion-coefficients", panels=(upper, plot.panels[1]))


@Drawing
def fitted_activation_energies(result: FitResult, number: int = 0) -> Plot:
    """Draw the activation energy of every ion over the density that sets its Fermi level, with bands of 68 and 95 %.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    plot = _banded(result, "activation_energy", number, FERMI_DENSITY, ACTIVATION, about="eV")
    return replace(plot, name=f"{plot.name}-activation-energies")


@Drawing
def fitted_site_energies(result: FitResult, number: int = 0) -> Plot:
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
    plot = _banded(result, "site_energy_density", number, SITE_ENERGY, SITES_PER_VOLUME)
    return replace(plot, name=f"{plot.name}-site-energies")


def _banded(result: FitResult, kind: str, number: int, horizontal: Axis, vertical: Axis, *, about: str = "") -> Plot:
    """Curves with their bands, and below them the bands about the curves, which may be as narrow as the lines.

    about: unit of the bands below; in per cent they are relative to the curve.
    """
    name, _ = chosen_data_set(result, number)
    data, ions = result.dataset, curve_ions(result, kind, number)
    styles = ion_styles(ions)
    upper: list[Curve] = []
    lower: list[Curve] = []
    limit, ends = 0.0, [math.inf, -math.inf]
    for ion in ions:
        stored, style = f"{kind}_{number}_{ion}", styles[ion]
        x = data[str(data[stored].dims[0])].values / horizontal.size
        y = data[stored].values / vertical.size
        reference = np.where(y > 0.0, y, np.nan) / 100.0 if about == "%" else np.ones_like(y)
        for level, strength in BANDS:
            low, high = (data[f"{stored}_{end}_{level}"].values / vertical.size for end in ("lower", "upper"))
            band = Curve(name=f"{ion}, {level} %", x=x, y=y, lower=low, upper=high, kind="band", legend=False,
                         colour=style.colour, strength=strength)  # fmt: skip
            upper.append(band)
            below, above = (low - y) / reference, (high - y) / reference
            lower.append(
                replace(band, name=f"{band.name} about the curve", y=np.zeros_like(y), lower=below, upper=above)
            )
            # where a curve jumps its band is as wide as the jump: the axis is for the rest
            limit = max(limit, float(np.nanpercentile(np.maximum(-below, above), TYPICAL_WIDTH)))
        upper.append(Curve(name=ion, x=x, y=y, colour=darker(style.colour), line=style.line, thickness=1.3))
        ends = [min(ends[0], float(x.min())), max(ends[1], float(x.max()))]
    upper += [entry(f"{level} %", kind="band", colour="black", strength=strength)
              for level, strength in ((68, DARK), (95, BANDS[0][1]))]  # fmt: skip
    horizontal = replace(horizontal, limits=(ends[0], ends[1]) if ions else (None, None))
    reach = (-1.4 * limit, 1.4 * limit) if 0.0 < limit < math.inf else (None, None)
    return Plot(
        name=f"fit-{name}" if name else "fit", share="x", heights=(3.2, 1.0), size=(6.4, 5.2),
        panels=(
            Panel(title=_title(result, name), horizontal=replace(horizontal, hidden=True), vertical=vertical,
                  curves=tuple(upper)),
            Panel(horizontal=horizontal, vertical=Axis(label="band", unit=about, limits=reach), curves=tuple(lower),
                  marks=(ZERO_LINE,), legend=""),
        ),
    )  # fmt: skip


def _title(result: FitResult, name: str) -> str:
    title = str(result.dataset.attrs["title"])
    return wrapped(f"{title}: {name}" if name else title)
