"""Gunawan 2026, Fig. 5: Cs on (Rb on Li3B7O12) over depth, with three diffusion coefficients of Cs."""

import numpy as np
from comparison import EXAMPLES, absolute, beside, print_table, relative, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

BEST = "3.1e-23"
COEFFICIENTS = {"2.4e-23": "--", BEST: "-", "3.8e-23": ":"}  # D of Cs in m^2/s and its line, as in the paper
CELL = size(page=0.4, full=0.1, coarse=1.0)  # nm
EXPERIMENT = isc.load_experiment(EXAMPLES / "rb-cs-double-cait.toml")


def profiles(coefficient):
    """Result, depth in nm, cells in nm and the fraction of each ion at the end."""
    varied = {"ions.Cs.diffusion.coefficient": f"{coefficient} m^2/s", "grid.cell": f"{CELL} nm"}
    result = isc.simulate(EXPERIMENT.replace(varied))
    end = result.dataset.isel(time=-1)
    fractions = {ion: end["density"].sel(ion=ion).values / result.experiment.bulk_density for ion in ("Li", "Rb", "Cs")}
    return result, end["depth"].values * 1e9, end["cell_size"].values * 1e9, fractions


def deepest(depth, fraction, level):
    """Deepest place where a fraction passes a level."""
    last = int(np.flatnonzero(fraction >= level)[-1])
    return np.interp(-level, -fraction[last : last + 2], depth[last : last + 2])


figure = Figure(figsize=(6.8, 4.3), layout="constrained")
axes = figure.subplots()
styles = ion_styles(["Li", "Rb", "Cs"])
ahead = {}
for coefficient, line in COEFFICIENTS.items():
    result, depth, cell, fraction = profiles(coefficient)
    for ion, style in styles.items():
        axes.plot(depth, fraction[ion], color=style.colour, ls=line)
    ahead[coefficient] = deepest(depth, fraction["Rb"], 0.25) - deepest(depth, fraction["Cs"], 0.25)
    if coefficient == BEST:
        first, _, second = result.summary()["stages"]
        # the exchanged zone: down to where Li has risen by 16 % of the step from its plateau to bulk
        zone = depth < depth[np.argmax(fraction["Li"] > 0.03 + 0.16 * 0.97)]
        mean = {ion: np.average(fraction[ion][zone], weights=cell[zone]) for ion in styles}
        highest = fraction["Rb"][depth > 50].max()
for ion, style in styles.items():
    axes.plot([], [], color=style.colour, label=ion)
for coefficient, line in COEFFICIENTS.items():
    axes.plot([], [], color="black", ls=line, label=f"$D$ of Cs = {coefficient} m$^2$/s")
axes.set(xlim=(0, 160), ylim=(0, 1.02), xlabel="depth / nm", ylabel=r"$n/n_\mathrm{bulk}$")
axes.legend(frameon=False, fontsize=9, loc="center right")
save(figure, "double_cait_profiles.png")

print_table([
    absolute("mean Li in the zone", "section 4", 0.03, mean["Li"]),
    absolute("mean Rb in the zone", "section 4", 0.40, mean["Rb"]),
    absolute("mean Cs in the zone", "section 4", 0.57, mean["Cs"]),
    relative("front of Li / nm", "section 4", 100, second["front_depth"] * 1e9),
    relative("charge of the Rb beam / mC", "section 2", 2.52, first["injected_charge"] * 1e3),
    relative("charge of the Cs beam / mC", "section 2", 2.28, second["injected_charge"] * 1e3),
    *(beside(f"Rb ahead of Cs / nm, D of Cs = {name}", "section 4", "15 (measured)", value)
      for name, value in ahead.items()),
    absolute("highest Rb beyond 50 nm", "section 4", 0.57, highest),
])  # fmt: skip
