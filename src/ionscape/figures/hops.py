"""Figures of hops in time: displacements and their slopes, conductivities beside the network's, energies of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError

from .plot import Axis, Curve, Mark, Panel, Plot
from .render_matplotlib import Drawing
from .series import DASHES, INVERSE_TEMPERATURE, TemperatureColours
from .style import colour_of_map

if TYPE_CHECKING:
    import xarray

    from ionscape.hopping import Hops
    from ionscape.series import HopsOfGlasses

MOST_CURVES = 6
DOTS = (0, (1, 1.5))
NANOMETRE = 1e-9
MOST_ERROR = 0.3
"""Of a slope over that of the network, beyond which it is not drawn."""
KINDS = {"": "all together", "tracer_": "single ions"}


@Drawing
def hop_displacements(result: Hops | HopsOfGlasses) -> Plot:
    """Draw mean-square displacements per ion over the lag, of all ions together and of single ones, and their slopes.

    The slope of all together begins at the network's value, and falls to that of the hops; it is drawn with standard
    errors.
    """
    data = result.dataset
    upper: list[Curve] = []
    lower: list[Curve] = []
    for label, part, colour in _parts(data):
        network = float(part["network_conductivity"] * part["diffusion_coefficient"] / part["conductivity"])
        for prefix, kind in KINDS.items():
            lags, squares = part[f"{prefix}lag_time"], part[f"{prefix}mean_square_displacement"] / NANOMETRE**2
            name = f"{label}, {kind}" if label else kind
            upper.append(Curve(name=name, x=lags, y=squares, colour=colour, line=DASHES if prefix else "solid",
                               marker="o", filled=not prefix, thickness=1.3))  # fmt: skip
        slope, error = part["half_slope"] / network, part["half_slope_error"] / network
        # errors as large as the value say nothing, and hide the others
        slope = np.where(error < MOST_ERROR, slope, np.nan)
        lower.append(Curve(name=label or KINDS[""], x=part["lag_time"], y=slope, lower=slope - error,
                           upper=slope + error, interval="standard error", colour=colour, marker="o", thickness=1.3,
                           legend=False))  # fmt: skip
    lag = Axis(label="lag", unit="s", log=True)
    square = Axis(label="mean-square displacement", unit="nm²", size=NANOMETRE**2, si_unit="m²", log=True)
    return Plot(
        name="hop-displacements",
        panels=(
            Panel(title=str(data.attrs["title"]), horizontal=Axis(label="lag", unit="s", log=True, hidden=True),
                  vertical=square, curves=tuple(upper), legend=""),
            Panel(horizontal=lag, vertical=Axis(label="slope / network"), curves=tuple(lower), legend="",
                  marks=(Mark(value=1.0, across="horizontal"),)),
        ),
        heights=(2.0, 1.0), share="x", legend="right", size=(6.8, 5.6),
    )  # fmt: skip


@Drawing
def hop_conductivities(result: HopsOfGlasses) -> Plot:
    """Draw σT of the hops and of the network over the inverse temperature, and their ratio, with standard errors."""
    data = result.dataset
    kelvins = data["temperature"].values
    inverse = INVERSE_TEMPERATURE / kelvins
    upper: list[Curve] = []
    lower: list[Curve] = []
    for row, x in enumerate(data["x"].values):
        colour = colour_of_map("viridis", 0.8 * row / max(data.sizes["x"] - 1, 1))
        value, error = (data[name].values[row] for name in ("conductivity", "conductivity_error"))
        ratio, own = (data[name].values[row] for name in ("network_ratio", "network_ratio_error"))
        upper.append(
            Curve(
                name=f"x = {x:.3g}, hops",
                x=inverse,
                y=value * kelvins,
                lower=(value - error) * kelvins,
                upper=(value + error) * kelvins,
                interval="standard error",
                colour=colour,
                marker="o",
            )
        )
        upper.append(
            Curve(
                name=f"x = {x:.3g}, network",
                x=inverse,
                y=data["network_conductivity"].values[row] * kelvins,
                colour=colour,
                line=DASHES,
                marker="s",
                filled=False,
            )
        )
        lower.append(
            Curve(
                name=f"x = {x:.3g}",
                x=inverse,
                y=ratio,
                lower=ratio - own,
                upper=ratio + own,
                interval="standard error",
                colour=colour,
                marker="o",
                legend=False,
            )
        )
    across = Axis(label="1000 K /", symbol="T")
    return Plot(
        name="hop-conductivities",
        panels=(
            Panel(title=str(data.attrs["title"]), horizontal=Axis(label="1000 K /", symbol="T", hidden=True),
                  vertical=Axis(symbol="σT", unit="S K/m", log=True), curves=tuple(upper), legend=""),
            Panel(horizontal=across, vertical=Axis(label="hops / network"), curves=tuple(lower), legend="",
                  marks=(Mark(value=1.0, across="horizontal"),)),
        ),
        heights=(2.0, 1.0), share="x", legend="right", size=(6.8, 5.6),
    )  # fmt: skip


@Drawing
def hop_density_of_states(result: Hops | HopsOfGlasses) -> Plot:
    """Draw the density of states of single sites with the potential of all other ions, over the chemical potential.

    Raises:
        InputError: the ions did not repel each other.
    """
    data = result.dataset
    prefix = "" if "temperature" not in data.dims else "landscape_"
    if f"{prefix}single_site_energy" not in data:
        raise InputError("is that of ions that do not repel each other", key="result",
                         remedy="give a Coulomb interaction")  # fmt: skip
    names = ("occupied_density_of_states", "vacant_density_of_states")
    curves: list[Curve] = []
    highest, ends = 0.0, [0.0]
    for label, part, colour in _parts(data, ("single_site_energy", *names)):
        energy = part["single_site_energy"] / ELECTRON_VOLT
        occupied, vacant = (part[name] * ELECTRON_VOLT for name in names)
        both = occupied + vacant
        highest = max(highest, float(np.nanmax(both)))
        ends += [float(end) for end in energy[both > 0.0][[0, -1]]]
        for name, values, line in (("all", both, "solid"), ("occupied", occupied, DASHES), ("vacant", vacant, DOTS)):
            whole = f"{label}, {name}" if label else name
            curves.append(Curve(name=whole, x=energy, y=values, colour=colour, line=line,
                                thickness=1.3 if name == "all" else 0.9))  # fmt: skip
    panel = Panel(
        title=str(data.attrs["title"]), curves=tuple(curves), legend="", marks=(Mark(value=0.0, across="vertical"),),
        horizontal=Axis(label="energy of a site over the chemical potential", unit="eV", limits=(min(ends), max(ends))),
        vertical=Axis(label="density of states", unit="1/eV", limits=(0.0, 1.05 * highest)),
    )  # fmt: skip
    return Plot(name="hop-density-of-states", panels=(panel,), legend="right", size=(6.8, 4.0))


def _parts(data: xarray.Dataset, names: tuple[str, ...] = ()) -> list[tuple[str, dict[str, FloatArray], str]]:
    """What is drawn: label, values by name, colour; of glasses the first landscape at each temperature."""
    names = names or ("network_conductivity", "conductivity", "diffusion_coefficient", "half_slope", "half_slope_error",
             *(f"{prefix}{name}" for prefix in KINDS for name in ("lag_time", "mean_square_displacement")))  # fmt: skip
    if "temperature" not in data.dims:
        return [("", {name: data[name].values for name in names}, colour_of_map("plasma", 0.3))]
    kelvins = data["temperature"].values
    colours = TemperatureColours([float(kelvin) for kelvin in kelvins])
    found: list[tuple[str, dict[str, FloatArray], str]] = []
    for row, x in enumerate(data["x"].values):
        for column, kelvin in enumerate(kelvins):
            values = {name: data[f"landscape_{name}"].values[row, column, 0] for name in names}
            label = f"{kelvin:.5g} K" if data.sizes["x"] == 1 else f"x = {x:.3g}, {kelvin:.5g} K"
            found.append((label, values, colours(float(kelvin))))
    return found[:MOST_CURVES]
