"""Populations on the energies of their sites, as a simulation has them (Gunawan 2026, Fig. 2, calculated)."""

from __future__ import annotations

import numpy as np

from ionscape.constants import ELECTRON_VOLT

from .axes import MOBILE_ENERGY, SITES
from .plot import Curve, Label, Mark, Panel
from .site_systems import population_systems
from .states import Result, arrival_order
from .style import ion_styles

LEAST_SHARE = 5e-3
"""Of the native ions: less is drawn and not named."""


def calculated_populations(result: Result, time: float, depth: float) -> Panel:
    """The ions of a system on its sites at one kept time and depth, on top of each other.

    The density of all sites is the last curve. Of several systems it is the first one.

    Args:
        result: of a simulation with populations.
        time: a kept one [s].
        depth: below the irradiated surface [m].
    """
    data, experiment = result.dataset, result.experiment
    place = int(data["stage"].sel(time=time).values) if time > 0.0 else 0
    system = str(data["system"].values[0])
    levels = data["site_system"].values == system
    cell = int(np.abs(data["depth"].values - depth).argmin())
    here = data["population"].sel(population_time=time).isel(depth=cell).values[:, levels]
    volts = data["energy"].values[levels] / ELECTRON_VOLT
    native = next(each for each in population_systems(experiment, place) if each.name == system).native_density
    width = data["energy_width"].values[levels] / ELECTRON_VOLT * native
    names = [str(name) for name in data["ion"].values]
    styles = ion_styles(experiment.ions)
    curves: list[Curve] = []
    labels: list[Label] = []
    below = np.zeros(volts.size)
    for name in arrival_order(experiment, place):
        own = here[names.index(name)]
        share = float(own.sum()) / native
        if not own.any() or np.isnan(own).any():
            continue
        above = below + own / width
        curves.append(Curve(name=name, x=above, y=volts, lower=below, upper=above, kind="band", sideways=True,
                            colour=styles[name].colour, strength=0.6))  # fmt: skip
        if share > LEAST_SHARE:
            middle = float(np.interp(0.5, np.cumsum(own) / own.sum(), volts))
            labels.append(Label(text=f"{name} {share:.2f}", x=float(np.interp(middle, volts, above)), y=middle))
        below = above
    sites = data["site_density"].values[levels] / width
    curves.append(Curve(name="all sites", x=sites, y=volts, colour="black", thickness=1.2))
    level = float(data["native_fermi_energy"].sel(system=system).values[place]) / ELECTRON_VOLT
    labels.append(Label(text="(native glass)", symbol="E_F", x=1.0, y=level, frame=("panel", "data"),
                        anchor=("right", "bottom")))  # fmt: skip
    mark = Mark(value=level, across="horizontal", colour="black", thickness=0.9)
    return Panel(horizontal=SITES, vertical=MOBILE_ENERGY, curves=tuple(curves), labels=tuple(labels), marks=(mark,),
                 legend="")  # fmt: skip
