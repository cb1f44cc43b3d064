"""Figures of conductivity spectra: over frequency, and scaled to one curve beside that of random barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray

from .plot import Axis, Curve, Panel, Plot
from .render_matplotlib import Drawing
from .series import DASHES, TemperatureColours
from .style import colour_of_map

if TYPE_CHECKING:
    from ionscape.hopping import ConductivitySpectrum

MOST_CURVES = 8
MASTER_CURVE = "random barriers"


@Drawing
def conductivity_spectra(result: ConductivitySpectrum) -> Plot:
    """Draw the real part of the conductivity over the angular frequency, and the imaginary part dashed."""
    curves: list[Curve] = []
    for label, omega, sigma, _, colour in _parts(result):
        above = omega > 0.0
        name = label or "real part"
        curves.append(Curve(name=name, x=omega[above], y=np.real(sigma)[above], colour=colour))
        curves.append(Curve(name=f"{label}, imaginary part" if label else "imaginary part", x=omega[above],
                            y=np.where(np.imag(sigma) > 0.0, np.imag(sigma), np.nan)[above], colour=colour, line=DASHES,
                            thickness=1.0, legend=not label))  # fmt: skip
    return Plot(
        name="conductivity-spectra",
        panels=(
            Panel(title=str(result.dataset.attrs["title"]),
                  horizontal=Axis(label="angular frequency", symbol="ω", unit="1/s", log=True),
                  vertical=Axis(label="conductivity", unit="S/m", log=True), curves=tuple(curves), legend=""),
        ),
        legend="right", size=(6.8, 4.4),
    )  # fmt: skip


@Drawing
def scaled_spectra(result: ConductivitySpectrum) -> Plot:
    """Draw the real part over its dc value over ωτ, with τ of the rise at low frequencies, and the master curve."""
    from ionscape.hopping import random_barrier_conductivity

    curves: list[Curve] = []
    for label, omega, sigma, time, colour in _parts(result):
        above = omega > 0.0
        curves.append(Curve(name=label or "this landscape", x=omega[above] * time,
                            y=np.real(sigma)[above] / np.real(sigma)[0], colour=colour))  # fmt: skip
    scaled = np.logspace(-2.0, 8.0, 201)
    curves.append(Curve(name=MASTER_CURVE, x=scaled, y=np.real(random_barrier_conductivity(scaled)), colour="black",
                        line=DASHES, thickness=1.0))  # fmt: skip
    return Plot(
        name="scaled-spectra",
        panels=(
            Panel(title=str(result.dataset.attrs["title"]),
                  horizontal=Axis(label="scaled frequency", symbol="ωτ", log=True, limits=(1e-2, 1e8)),
                  vertical=Axis(symbol="σ′/σ(0)", log=True, limits=(0.5, 1e6)), curves=tuple(curves), legend=""),
        ),
        legend="right", size=(6.8, 4.4),
    )  # fmt: skip


def _parts(result: ConductivitySpectrum) -> list[tuple[str, FloatArray, FloatArray, float, str]]:
    """What is drawn: label, ω, σ, τ and colour; dc is the first frequency."""
    data = result.dataset
    omega = data["angular_frequency"].values
    order = np.argsort(omega)
    if "temperature" not in data.dims:
        sigma = data["conductivity"].values[order]
        if omega[order][0] > 0.0:
            sigma, omega = np.append(float(data["dc_conductivity"]), sigma), np.append(0.0, omega[order])
        return [("", np.sort(omega), sigma, float(data["relaxation_time"]), colour_of_map("plasma", 0.3))]
    kelvins = data["temperature"].values
    colours = TemperatureColours([float(kelvin) for kelvin in kelvins])
    found: list[tuple[str, FloatArray, FloatArray, float, str]] = []
    for row, x in enumerate(data["x"].values):
        for column, kelvin in enumerate(kelvins):
            label = f"{kelvin:.5g} K" if data.sizes["x"] == 1 else f"x = {x:.3g}, {kelvin:.5g} K"
            found.append((label, omega[order], data["conductivity"].values[row, column][order],
                          float(data["relaxation_time"].values[row, column]), colours(float(kelvin))))  # fmt: skip
    return found[:MOST_CURVES]
