"""Gunawan 2024 ESI, Fig. S5: K on Li3B7O12 with three widths of the mobile site energies of lithium."""

from comparison import EXAMPLES, beside, print_table, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

WIDTHS = {0.135: "-", 0.16: "--", 0.18: ":"}  # eV, and the lines of the paper
EXPERIMENT = isc.load_experiment(EXAMPLES / "gallery" / "single_cait.toml")
CELL = size(page=0.5, full=0.2, coarse=1.0)  # nm

figure = Figure(figsize=(6.4, 3.6), layout="constrained")
axes = figure.subplots()
rows = []
for width, line in WIDTHS.items():
    varied = {"ions.Li.diffusion.width": f"{width} eV", "grid.cell": f"{CELL} nm"}
    result = isc.simulate(EXPERIMENT.replace(varied))
    end = result.dataset["density"].isel(time=-1) / 1.4e28
    for ion, style in ion_styles(["Li", "K"]).items():
        axes.plot(end["depth"] * 1e9, end.sel(ion=ion), color=style.colour, ls=line, label=f"{ion}, Γ1 = {width} eV")
    near = end.sel(ion="Li").interp(depth=[10e-9, 30e-9, 60e-9]).values
    rows += [
        beside(f"Li at 10, 30 and 60 nm, Γ1 = {width} eV", "", "", ", ".join(f"{value:.3f}" for value in near)),
        beside(f"front / nm, Γ1 = {width} eV", "", "", result.summary()["stages"][0]["front_depth"] * 1e9),
    ]
axes.set(xlim=(0, 150), ylim=(0, 1.03), xlabel="depth / nm", ylabel=r"$n/n_\mathrm{bulk}$")
axes.legend(frameon=False, fontsize=8, loc="center right")
save(figure, "single_cait_widths.png")
print_table(rows)
