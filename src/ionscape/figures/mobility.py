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
    """Draw D over the filling and over the share of native ions at each temperature, with standard errors."""
    from ionscape.hopping.mobility_result import PARTS

    data = result.dataset
    kelvins = [float(kelvin) for kelvin in data["temperature"].values]
    colours = TemperatureColours(kelvins)
    panels: list[Panel] = []
    for origin in result.origins:
        begins, axis = PARTS[origin]
        curves: list[Curve] = []
        for row, kelvin in enumerate(kelvins):
            names = f"{begins}diffusion_coefficient", f"{begins}diffusion_coefficient_error"
            value, error = (data[name].values[row] for name in names)
            value = np.where(value > 0.0, value, np.nan)
            curves.append(Curve(name=f"{kelvin:.5g} K", x=data[axis].values, y=value, marker="o",
                                lower=np.maximum(value - error, 1e-3 * value), upper=value + error,
                                interval="standard error", colour=colours(kelvin),
                                legend=not panels))  # fmt: skip
        across = "filling of the sites" if origin == "filling" else "native ions over all ions"
        title = str(data.attrs["title"] or data.attrs["glass"])
        panels.append(Panel(title="" if panels else title, horizontal=Axis(label=across),
                            vertical=Axis(label="diffusion coefficient", unit="m²/s", log=True), curves=tuple(curves),
                            legend=""))  # fmt: skip
    return Plot(name="landscape-mobility", panels=tuple(panels), legend="right", size=(6.4, 3.6 * len(panels)))
