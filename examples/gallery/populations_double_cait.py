"""The double CAIT of Gunawan 2026 with populations on the energies of the sites: profiles, and who sits where."""

import numpy as np
from comparison import EXAMPLES, absolute, print_table, relative, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

CELL = size(page=0.8, full=0.1, coarse=2.0)  # nm
LEFT = {1.0: 0.006, 0.1: 0.036, 1e-2: 0.14, 1e-3: 0.31, 4e-4: 0.38, 1e-4: 0.40}  # Rb behind Cs over release rate in 1/s
EXPERIMENT = isc.load_experiment(EXAMPLES / "rb-cs-double-populations.toml")
IRRADIATIONS = [stage for stage in EXPERIMENT.model_dump(exclude_unset=True)["stages"] if stage["kind"] != "storage"]
WITHOUT_STORAGE = EXPERIMENT.replace({"stages": IRRADIATIONS, "grid.cell": f"{CELL} nm"})


def profile(result, stage):
    """Depth in nm, cells and the fraction of each ion at the end of a stage, and the depth of the front in nm."""
    state = result.dataset.isel(time=np.flatnonzero(result.dataset["stage"].values == stage)[-1])
    fraction = {
        ion: state["density"].sel(ion=ion).values / result.experiment.bulk_density for ion in ("Li", "Rb", "Cs")
    }
    depth = state["depth"].values * 1e9
    return depth, state["cell_size"].values, fraction, np.interp(0.5, fraction["Li"], depth)


def means(result, stage):
    """Mean fractions over 0.85 of the depth of the front: the zone without the front."""
    depth, cell, fraction, front = profile(result, stage)
    zone = depth < 0.85 * front
    return {ion: np.average(own[zone], weights=cell[zone]) for ion, own in fraction.items()}


result = isc.simulate(WITHOUT_STORAGE)
figure = Figure(figsize=(6.8, 4.3), layout="constrained")
axes = figure.subplots()
styles = ion_styles(["Li", "Rb", "Cs"])
for stage, line in ((0, ":"), (1, "-")):
    depth, _, fraction, front = profile(result, stage)
    for ion, style in styles.items():
        if fraction[ion].any():
            axes.plot(depth, fraction[ion], color=style.colour, ls=line, label=ion if stage else None)
axes.set(xlim=(0, 160), ylim=(0, 1.02), xlabel="depth / nm", ylabel=r"$n/n_\mathrm{bulk}$")
axes.legend(frameon=False, fontsize=9, loc="center right")
save(figure, "populations_double_cait.png")

mean, first = means(result, 1), means(result, 0)
rows = [
    absolute("mean Li in the zone", "", 0.03, mean["Li"]),
    absolute("mean Rb in the zone", "", 0.32, mean["Rb"]),
    absolute("mean Cs in the zone", "", 0.65, mean["Cs"]),
    absolute("mean Li in the zone after the first stage", "", 0.071, first["Li"]),
    absolute("highest Rb", "", 0.575, fraction["Rb"].max()),
    relative("front of Li / nm", "", 108, front),
]
for rate, stated in size(page=LEFT, full=LEFT, coarse={1e-2: LEFT[1e-2]}).items():
    coefficient = 3.1e-23  # m^2/s, of Cs in Gunawan 2026
    end = isc.simulate(WITHOUT_STORAGE.replace({
        "sites.borate.trapped_fraction": 0.10, "ions.Rb.diffusion.release_rate": rate,
        "ions.Cs.diffusion.bulk_coefficient": coefficient,
        "ions.Cs.diffusion.release_rate": rate * coefficient / 2.67e-22,
    }))  # fmt: skip
    depth, _, fraction, front = profile(end, 1)
    behind = float(np.interp(0.3 * front, depth, fraction["Rb"]))
    rows.append(absolute(f"Rb behind Cs, release rate of Rb {rate:g}/s", "", stated, behind))
print_table(rows, "independent calculation")
