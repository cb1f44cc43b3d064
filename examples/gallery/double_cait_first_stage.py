"""Gunawan 2026, Fig. 3: rubidium and lithium over depth after 94.46 h of irradiation with Rb+."""

import numpy as np
from comparison import EXAMPLES, absolute, beside, print_table, relative
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

result = isc.simulate(isc.load_experiment(EXAMPLES / "rb-mono-cait.toml"))
stage = result.summary()["stages"][0]
end = result.dataset.isel(time=-1)
fraction = end["density"] / result.experiment.bulk_density
depth = end["depth"].values * 1e9

figure = Figure(figsize=(6.4, 4.0), layout="constrained")
axes = figure.subplots()
for name, style in ion_styles(["Li", "Rb"]).items():
    axes.plot(depth, fraction.sel(ion=name), color=style.colour, lw=1.8, label=name)
axes.plot(depth, fraction.sum("ion"), color="black", lw=0.8, label="sum")
axes.set(xlim=(0, 100), ylim=(0, 1.05), xlabel="depth / nm", ylabel=r"$n/n_\mathrm{bulk}$")
axes.legend(frameon=False, loc="center right")
save(figure, "double_cait_first_stage.png")

zone = (depth > 0) & (depth < 40)
lithium = fraction.sel(ion="Li").values
conditions = result.experiment.diffusion_models(0)["Li"]
print_table([
    relative("front (Li = 1/2) / nm", "text and Fig. 3", 40, stage["front_depth"] * 1e9),
    absolute("Li left in the first 40 nm, mean", "text", 0.10, lithium[zone].mean()),
    beside("Li at 5, 20 and 40 nm: it slopes", "text", "slight slope",
           ", ".join(f"{value:.3f}" for value in np.interp([5, 20, 40], depth, lithium))),
    relative("charge / mC", "section 2", 2.52, stage["collected_charge"] * 1e3),
    beside("current at the start and the end / nA", "-", "-",
           f"{stage['initial_current'] * 1e9:.2f}, {stage['final_current'] * 1e9:.2f}"),
    absolute("excess charge at the front / permille of bulk", "text", -1.0, stage["peak_excess_charge"] * 1e3),
    relative("D_0 of Li / (m²/s)", "below Fig. 3", 7.8e-9, conditions.prefactor),
])  # fmt: skip
