"""The figure of D(n, T) of a landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .plot import Axis, Curve, Panel, Plot
from .render_matplotlib import Drawing
from .series import TemperatureColours

if TYPE_CHECKING:
    from ionscape.hopping import Mobility


@Drawing
def landscape_mobility(result: Mobility) -> Plot:
    """Draw D over the share of native ions, or over the filling, at each temperature, with standard errors."""
    data = result.dataset
    kelvins = [float(kelvin) for kelvin in data["temperature"].values]
    colours = TemperatureColours(kelvins)
    curves: list[Curve] = []
    for row, kelvin in enumerate(kelvins):
        value, error = (data[name].values[row] for name in ("diffusion_coefficient", "diffusion_coefficient_error"))
        value = np.where(value > 0.0, value, np.nan)
        curves.append(Curve(name=f"{kelvin:.5g} K", x=data["share"].values, y=value, marker="o",
                            lower=np.maximum(value - error, 1e-3 * value), upper=value + error,
                            interval="standard error", colour=colours(kelvin)))  # fmt: skip
    across = "filling of the sites" if result.origin == "filling" else "native ions over all ions"
    return Plot(
        name="landscape-mobility",
        panels=(
            Panel(title=str(data.attrs["title"] or data.attrs["glass"]), horizontal=Axis(label=across),
                  vertical=Axis(label="diffusion coefficient", unit="m²/s", log=True), curves=tuple(curves), legend=""),
        ),
        legend="right", size=(6.4, 4.2),
    )  # fmt: skip
