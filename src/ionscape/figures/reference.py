"""The figure of a reference measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT

from .plot import Axis, Curve, Panel, Plot
from .render_matplotlib import Drawing

if TYPE_CHECKING:
    from ionscape.reference import Reference

INVERSE = Axis(label="1000 K /", symbol="T")
COLOUR, OUTLIER_COLOUR = "#0072B2", "#D55E00"
PER_CENTIMETRE = 0.01


@Drawing
def reference_arrhenius(result: Reference) -> Plot:
    """Draw σT, or σ, over 1/T with the law and its standard error, and what the points leave of it.

    Points that are not fitted are hollow.
    """
    data = result.dataset
    kelvin = data["temperature"].values
    products = result.law == "conductivity-temperature"
    factor = np.where(products, kelvin, 1.0) * PER_CENTIMETRE
    values, errors = data["conductivity"].values * factor, data["conductivity_error"].values * factor
    inverse = 1000.0 / kelvin
    across = np.linspace(inverse.min(), inverse.max(), 60)
    temperatures = 1000.0 / across
    law = result.conductivity(temperatures) * np.where(products, temperatures, 1.0) * PER_CENTIMETRE
    covariance = data["covariance"].values
    slopes = np.stack([np.ones(across.size), -1.0 / (BOLTZMANN_CONSTANT * temperatures)])
    spread = np.sqrt(np.einsum("ip,ij,jp->p", slopes, covariance, slopes))
    volts = float(data["activation_energy"]) / ELECTRON_VOLT
    error = float(np.sqrt(covariance[1, 1])) / ELECTRON_VOLT
    used, away = data["used"].values.astype(bool), data["outlier"].values.astype(bool)

    def points(name: str, chosen: np.ndarray, *, residual: bool, **style: Any) -> Curve:
        y = data["residual"].values if residual else values
        own = np.where(np.isfinite(errors), errors, 0.0)
        half = own / values if residual else own
        return Curve(name=name, x=inverse[chosen], y=y[chosen], lower=(y - half)[chosen], upper=(y + half)[chosen],
                     interval="standard error", kind="points", marker="o", legend=not residual, **style)  # fmt: skip

    def all_points(*, residual: bool) -> tuple[Curve, ...]:
        groups = (("measured", used & ~away, {"colour": COLOUR}), ("outlier", used & away, {"colour": OUTLIER_COLOUR}),
                  ("left out", ~used, {"colour": COLOUR, "filled": False}))  # fmt: skip
        return tuple(points(name, chosen, residual=residual, **style) for name, chosen, style in groups if chosen.any())

    line = Curve(name=f"E = {volts:.4f} ± {error:.4f} eV", x=across, y=law, lower=law * np.exp(-spread),
                 upper=law * np.exp(spread), interval="standard error", colour="black", thickness=1.1)  # fmt: skip
    symbol, unit = ("σT", "S K/cm") if products else ("σ", "S/cm")
    above = Panel(title=str(data.attrs["title"]), horizontal=INVERSE,
                  vertical=Axis(symbol=symbol, unit=unit, size=1.0 / PER_CENTIMETRE, log=True),
                  curves=(line, *all_points(residual=False)))  # fmt: skip
    zero = Curve(name="law", x=across, y=np.zeros(across.size), colour="black", thickness=1.1, legend=False)
    below = Panel(horizontal=INVERSE, vertical=Axis(label=f"ln {symbol} less law"), legend="",
                  curves=(zero, *all_points(residual=True)))  # fmt: skip
    return Plot(name="reference-arrhenius", panels=(above, below), heights=(2.2, 1.0), size=(6.0, 5.6))
