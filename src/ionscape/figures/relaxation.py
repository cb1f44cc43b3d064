"""Figure of spin-lattice relaxation: spectral densities over frequency, rates over the inverse temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionscape.errors import InputError

from .lettering import power_of_ten
from .plot import Axis, Curve, Panel, Plot
from .render_matplotlib import Drawing
from .series import DASHES, INVERSE_TEMPERATURE, TemperatureColours
from .style import colour_of_map

if TYPE_CHECKING:
    import xarray

    from ionscape.series import SpectraOfGlasses

MOST_CURVES = 8
MOST_RATES = 5
"""Frequencies at which rates are drawn over the temperature, spread over those at which one has its maximum there."""
ONE_TIME = "one relaxation time"


@Drawing
def relaxation_rates(result: SpectraOfGlasses | xarray.Dataset) -> Plot:
    """Draw the spectral density of the occupations over frequency, and J(ω) + 4 J(2ω) over the inverse temperature.

    Dashed is that of one relaxation time with the same value at the lowest frequency of the coldest one, whose flanks
    have the slope −2. Rates are drawn where there are three temperatures or more.

    Raises:
        InputError: the result has none.
    """
    data: xarray.Dataset = getattr(result, "dataset", result)  # pyright: ignore[reportAssignmentType]
    if "spectral_density" not in data:
        raise InputError("has no spectral density", key="spectral_density",
                         remedy="calculate it with `spin_lattice_relaxation = true` in [spectrum]")  # fmt: skip
    for axis in ("temperature", "x"):
        data = data if axis in data.dims else data.expand_dims(axis)
    data = data.isel(angular_frequency=data["angular_frequency"].values > 0.0).sortby("angular_frequency")
    panels = [_densities(data)]
    if data.sizes["temperature"] > 2:
        panels.append(_rates(data))
    return Plot(name="spin-lattice-relaxation", panels=tuple(panels), size=(7.2, 3.6 * len(panels) + 0.4))


def _densities(data: xarray.Dataset) -> Panel:
    """J over ω."""
    kelvins, omega = data["temperature"].values, data["angular_frequency"].values
    colours = TemperatureColours([float(kelvin) for kelvin in kelvins])
    curves: list[Curve] = []
    for row in range(data.sizes["x"]):
        for column, kelvin in enumerate(kelvins):
            values, errors = (data[name].transpose("x", "temperature", ...).values[row, column]
                              for name in ("spectral_density", "spectral_density_error"))  # fmt: skip
            label = _label(data, row, f"{kelvin:.5g} K")
            curves.append(Curve(name=label, x=omega, y=values, lower=np.maximum(values - errors, 1e-3 * values),
                                upper=values + errors, interval="standard error",
                                colour=colours(float(kelvin))))  # fmt: skip
    curves = curves[:MOST_CURVES]
    coldest = data["spectral_density"].transpose("x", "temperature", ...).values[0, int(np.argmin(kelvins))]
    debye = coldest[0] / (1.0 + (omega * coldest[0] / 2.0) ** 2)
    debye[debye < 0.1 * coldest.min()] = np.nan
    curves.append(Curve(name=ONE_TIME, x=omega, y=debye, colour="black", line=DASHES, thickness=1.0))
    return Panel(
        title=str(data.attrs.get("title", "")),
        horizontal=Axis(label="angular frequency", symbol="ω", unit="1/s", log=True),
        vertical=Axis(label="spectral density", symbol="J", unit="s", log=True), curves=tuple(curves), legend="beside",
    )  # fmt: skip


def _rates(data: xarray.Dataset) -> Panel:
    """J(ω) + 4 J(2ω) over 1/T, at frequencies whose rate has its maximum within the temperatures, if there are some."""
    inverse = INVERSE_TEMPERATURE / data["temperature"].values
    rates = data["relaxation_rate"].transpose("x", "temperature", "angular_frequency").values
    omega = data["angular_frequency"].values
    place = np.argmax(rates[0], axis=0)
    inside = np.flatnonzero((place > 0) & (place < inverse.size - 1))
    shown = inside if inside.size else np.arange(omega.size)
    chosen = np.unique(shown[np.linspace(0, shown.size - 1, min(MOST_RATES, shown.size)).astype(int)])
    names = [f"{power_of_ten(float(f'{omega[column]:.2g}'))} 1/s" for column in chosen]
    curves = [
        Curve(name=_label(data, row, names[number]), x=inverse, y=rates[row, :, column], marker="o",
              colour=colour_of_map("viridis", 0.85 * number / max(chosen.size - 1, 1)))
        for row in range(data.sizes["x"]) for number, column in enumerate(chosen)
    ]  # fmt: skip
    return Panel(
        horizontal=Axis(label="1000 K /", symbol="T"),
        vertical=Axis(label="J(ω) + 4 J(2ω)", unit="s", log=True),
        curves=tuple(curves[:MOST_CURVES]),
        legend="beside",
        legend_title="ω",
    )


def _label(data: xarray.Dataset, row: int, text: str) -> str:
    return text if data.sizes["x"] == 1 else f"x = {data['x'].values[row]:.3g}, {text}"
