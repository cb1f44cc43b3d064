"""Plots of a fit: data and fitted densities, residuals, curves with bands, correlation, profile likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import CHI_SQUARE_68, CHI_SQUARE_95, ELECTRON_VOLT
from ionscape.figures.fit_values import (
    BANDS,
    banded_curve,
    chosen_data_set,
    curve_ions,
    fitted_densities,
    likelihood_limit,
    likelihood_profile,
    profiled,
    readable_unit,
    residual_limit,
    short_names,
)
from ionscape.figures.profiles import PER_CUBIC_NANOMETRE
from ionscape.figures.style import LOWEST_DECADES, axis_unit, ion_styles, reject
from ionscape.workbench.drawing import Axis, Curve, Mark, Plot

if TYPE_CHECKING:
    from ionscape.inference import FitResult

FERMI_AXIS = Axis(label="density that sets the Fermi level", unit="nm⁻³", size=PER_CUBIC_NANOMETRE)


def fit_plot(result: FitResult, number: int = 0) -> Plot:
    """Measured and fitted densities of a data set over depth.

    Args:
        result: of a fit.
        number: of the data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    name, ions = chosen_data_set(result, number)
    data = result.dataset
    depth = data[f"depth_{number}"].values
    unit = axis_unit(float(depth[-1]), "length")
    styles = ion_styles(ions)
    points: list[Curve] = []
    lines: list[Curve] = []
    for place, ion in enumerate(ions):
        measured, error, fitted = fitted_densities(result, number, place)
        points.append(Curve(name=f"{ion} measured", x=depth / unit.size, y=measured, lower=measured - error,
                            upper=measured + error, interval="1 σ", kind="points", colour=styles[ion].colour,
                            strength=0.55, thickness=1.2))  # fmt: skip
        lines.append(Curve(name=f"{ion} fitted", x=depth / unit.size, y=fitted, colour=styles[ion].colour))
    return Plot(
        name=f"fit-{name}" if name else "fit", title=f"{name or data.attrs['title']}; bars: 1 σ of counting",
        curves=(*points, *lines),
        horizontal=Axis(label="depth", unit=unit.unit, size=unit.size, limits=(0.0, float(depth[-1]) / unit.size)),
        vertical=Axis(label="density", unit="nm⁻³", size=PER_CUBIC_NANOMETRE, limits=(0.0, None)),
    )  # fmt: skip


def residual_plot(result: FitResult, number: int = 0) -> Plot:
    """Standardised residuals of every ion of a data set over depth, with the band of two standard deviations.

    Raises:
        InputError: there is no such data set.
    """
    name, ions = chosen_data_set(result, number)
    data = result.dataset
    depth = data[f"depth_{number}"].values
    unit = axis_unit(float(depth[-1]), "length")
    x = depth / unit.size
    styles = ion_styles(ions)
    residual = data[f"residual_{number}"].values
    limit = residual_limit(residual)
    band = Curve(name="±2 σ", x=x, y=np.zeros_like(x), lower=np.full_like(x, -2.0), upper=np.full_like(x, 2.0),
                 kind="band", colour="#888888", strength=0.25, legend=False)  # fmt: skip
    points = [Curve(name=ion, x=x, y=residual[:, place], kind="points", colour=styles[ion].colour, thickness=1.2)
              for place, ion in enumerate(ions)]  # fmt: skip
    return Plot(
        name=f"residuals-{name}" if name else "residuals", title="grey: ± 2 σ", curves=(band, *points),
        horizontal=Axis(label="depth", unit=unit.unit, size=unit.size, limits=(0.0, float(x[-1]))),
        vertical=Axis(label="residual", unit="σ", limits=(-limit, limit)),
    )  # fmt: skip


def fit_diffusion_plot(result: FitResult, number: int = 0) -> Plot:
    """D of every ion over the density that sets its Fermi level, with bands of 68 and 95 %.

    Raises:
        InputError: there is no such data set.
    """
    curves = _curves(result, "diffusion_coefficient", number, PER_CUBIC_NANOMETRE, 1.0)
    lines = [curve for curve in curves if curve.kind == "line"]
    highest = max((float(np.nanmax(curve.y)) for curve in lines), default=0.0)
    lowest = min((float(np.nanmin(curve.y[curve.y > 0.0])) for curve in lines if (curve.y > 0.0).any()), default=0.0)
    limits = (max(lowest, highest * 10.0**-LOWEST_DECADES) / 2.0, 2.0 * highest) if highest > 0.0 else (None, None)
    return Plot(
        name="fit-diffusion-coefficients",
        title=f"diffusion coefficients{_temperature(result, number)}, bands of 68 and 95 %",
        horizontal=FERMI_AXIS,
        vertical=Axis(label="D", unit="m²/s", log=True, limits=limits),
        curves=curves,
    )


def _temperature(result: FitResult, number: int) -> str:
    """At which temperature the coefficients of a data set hold, where its problem is at hand."""
    if result.problem is None:
        return ""
    data = result.problem.datasets[number]
    return f" at {data.experiment.stages[data.stage].temperature:.5g} K (stage {data.stage + 1})"


def fit_activation_energy_plot(result: FitResult, number: int = 0) -> Plot:
    """Activation energy of every ion over the density that sets its Fermi level, with bands of 68 and 95 %.

    Raises:
        InputError: there is no such data set.
    """
    curves = _curves(result, "activation_energy", number, PER_CUBIC_NANOMETRE, ELECTRON_VOLT)
    return Plot(
        name="fit-activation-energies",
        title="activation energies, bands of 68 and 95 %",
        horizontal=FERMI_AXIS,
        vertical=Axis(label="E_act", unit="eV", size=ELECTRON_VOLT),
        curves=curves,
    )


def fit_site_energy_plot(result: FitResult, number: int = 0) -> Plot | None:
    """Site energies from the threshold of transport, with bands of 68 and 95 %; None if no ion has any.

    Raises:
        InputError: there is no such data set.
    """
    curves = _curves(result, "site_energy_density", number, ELECTRON_VOLT, PER_CUBIC_NANOMETRE / ELECTRON_VOLT)
    if not curves:
        return None
    return Plot(
        name="fit-site-energies", title="site energies, bands of 68 and 95 %", curves=curves,
        horizontal=Axis(label="site energy from transport threshold", unit="eV", size=ELECTRON_VOLT),
        vertical=Axis(label="S(E)", unit="eV⁻¹ nm⁻³", size=PER_CUBIC_NANOMETRE / ELECTRON_VOLT, limits=(0.0, None)),
    )  # fmt: skip


def correlation_plot(result: FitResult) -> Plot:
    """Correlation matrix of all parameters."""
    data = result.dataset
    names = tuple(short_names([str(name) for name in data["parameter"].values]))
    return Plot(
        name="correlation",
        title="correlation of the parameters",
        horizontal=Axis(label="", ticks=names),
        vertical=Axis(label="", ticks=names),
        matrix=np.asarray(data["correlation"].values, dtype=float),
    )


def likelihood_plot(result: FitResult, place: int) -> Plot:
    """Profile likelihood of one parameter, all others refitted.

    Args:
        result: of a fit with profile likelihoods.
        place: of the parameter, one of `ionscape.figures.fit_values.profiled`.

    Raises:
        InputError: the result holds no profile of that parameter.
    """
    known = profiled(result)
    if place not in known:
        raise reject("profile likelihood", place, known)
    data = result.dataset
    value, excess = likelihood_profile(result, place)
    unit = readable_unit(str(data["unit"].values[place]), float(data["estimate"].values[place]))
    name = short_names([str(one) for one in data["parameter"].values])[place]
    curve = Curve(name="profile", x=value / unit.size, y=excess, colour="#0072B2", thickness=1.4)
    return Plot(
        name=f"likelihood-{name.replace(' ', '-')}", title=name, curves=(curve,),
        horizontal=Axis(label=name, unit=unit.unit, size=unit.size),
        vertical=Axis(label="cost above the least", limits=(0.0, likelihood_limit(excess))),
        marks=tuple(Mark(name=text, value=level, across="horizontal", line="dotted")
                    for level, text in ((CHI_SQUARE_68, "68 %"), (CHI_SQUARE_95, "95 %"))),
    )  # fmt: skip


def _curves(result: FitResult, kind: str, number: int, across: float, along: float) -> tuple[Curve, ...]:
    """Curves of all ions with both bands; `across` and `along` are the SI sizes of the units of both axes."""
    chosen_data_set(result, number)
    ions = curve_ions(result, kind, number)
    styles = ion_styles(ions)
    bands: list[Curve] = []
    lines: list[Curve] = []
    for ion in ions:
        found, style = banded_curve(result, kind, number, ion, scale=(across, along)), styles[ion]
        for level, strength in BANDS:
            low, high = found.bands[level]
            bands.append(Curve(name=f"{ion}, {level} %", x=found.x, y=found.y, lower=low, upper=high, kind="band",
                               legend=False, colour=style.colour, strength=strength))  # fmt: skip
        lines.append(Curve(name=ion, x=found.x, y=found.y, colour=style.colour, line=style.line, thickness=1.4))
    return (*bands, *lines)
