"""Gunawan 2026, Fig. 5: what of the rubidium maximum remains when the cells of the grid are refined."""

from comparison import EXAMPLES, beside, print_table, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import save

CELLS = size(page=(0.8, 0.4, 0.2), full=(0.8, 0.4, 0.2, 0.1), coarse=(2.0, 1.0))  # nm
EXPERIMENT = isc.load_experiment(EXAMPLES / "rb-cs-double-cait.toml")

figure = Figure(figsize=(6.4, 3.8), layout="constrained")
axes = figure.subplots()
rows = []
for cell in CELLS:
    result = isc.simulate(EXPERIMENT.replace({"grid.cell": f"{cell} nm"}))
    end = result.dataset["density"].isel(time=-1) / result.experiment.bulk_density
    end = end.assign_coords(depth=end["depth"] * 1e9)
    for ion, line in (("Rb", "-"), ("Cs", ":")):
        label = f"{ion}, cells of {cell} nm"
        axes.plot(end["depth"], end.sel(ion=ion), ls=line, color=f"C{CELLS.index(cell)}", label=label)
    beyond = end.sel(ion="Rb").where(end["depth"] > 101.0)
    rows += [
        beside(f"front of Li / nm, cells of {cell} nm", "", "", result.summary()["stages"][2]["front_depth"] * 1e9),
        beside(f"highest Rb at the Cs front, cells of {cell} nm", "", "", float(beyond.max())),
        beside(f"its depth / nm, cells of {cell} nm", "", "", float(beyond.idxmax("depth"))),
    ]
axes.set(xlim=(85, 120), ylim=(0, 0.8), xlabel="depth / nm", ylabel=r"$n/n_\mathrm{bulk}$")
axes.legend(frameon=False, fontsize=8)
save(figure, "double_cait_refinement.png")
print_table(rows)
