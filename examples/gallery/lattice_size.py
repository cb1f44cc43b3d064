"""How the mean conductivity depends on the lattice: 35 sites along an edge, as in Bosi 2021, are not enough."""

import numpy as np
from comparison import absolute, print_table, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import save

GLASS, ROOM = "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", 293.15  # K
INDEPENDENT = {10: -7.27, 20: -8.49, 35: -8.83, 50: -8.90, 100: -8.995}  # log10 of the mean in S/cm
LANDSCAPES = size(
    page={10: 200, 20: 60, 35: 20, 50: 6, 70: 2},
    full={10: 2000, 20: 300, 35: 60, 50: 30, 70: 12, 100: 12},
    coarse={10: 200, 20: 20},
)

rows = []
logarithms, errors = [], []
for lattice, count in LANDSCAPES.items():
    values = np.array([
        isc.conductivity(isc.generate_landscape(GLASS, lattice=lattice, rng=seed), temperature=ROOM)["conductivity"]
        for seed in range(count)
    ])  # fmt: skip
    logarithms.append(np.log10(values.mean() / 100))  # S/cm
    errors.append(values.std(ddof=1) / np.sqrt(count) / values.mean() / np.log(10))
    if lattice in INDEPENDENT:
        quantity = f"log10 σ(20 °C) / (S/cm), {lattice}³ sites, mean of {count} (± {errors[-1]:.2f})"
        rows.append(absolute(quantity, "independent calculation", INDEPENDENT[lattice], logarithms[-1]))
print_table(rows, stated="stated")

figure = Figure(figsize=(6.0, 3.8), layout="constrained")
axes = figure.subplots()
axes.errorbar(list(LANDSCAPES), logarithms, errors, marker="o", ms=4, capsize=2, label="here")
axes.plot(list(INDEPENDENT), list(INDEPENDENT.values()), "kx", label="independent calculation")
axes.set(xscale="log", xlabel="sites along an edge", ylabel=r"$\log_{10}\,\sigma(20\,°\mathrm{C})$ / (S/cm)")
axes.set_xticks([10, 20, 35, 50, 100], ["10", "20", "35", "50", "100"], minor=False)
axes.minorticks_off()
axes.legend(frameon=False)
save(figure, "lattice_size.png")
