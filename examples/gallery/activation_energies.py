"""Bosi 2021, Figs. 4, 6 and 9: activation energies of three series of glasses against the borate fraction."""

import numpy as np
from comparison import EXAMPLES, beside, print_table, relative, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

SERIES = {
    "Li 0.33": ("Fig. 4", "li-borophosphate-series.toml"),
    "Na 0.35": ("Fig. 6", "na-35-borophosphate-series.toml"),
    "Na 0.40": ("Fig. 9", "na-40-borophosphate-series.toml"),
}
LATTICE = size(page=60, full=100, coarse=40)
LANDSCAPES = size(page=2, full=20, coarse=2)
INDEPENDENT = {("Li 0.33", 0.0): 0.857, ("Li 0.33", 0.4): 0.703, ("Li 0.33", 1.0): 0.706,
               ("Na 0.35", 0.0): 0.856, ("Na 0.35", 1.0): 0.661}  # fmt: skip
LARGEST_ERROR = {"Li 0.33": "≤ 0.4", "Na 0.35": "≤ 0.5", "Na 0.40": "≤ 0.5"}  # percent


def run(file, changes):
    """A series file with another number of landscapes and without its conductivities."""
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    text = text[: text.index("[network]")] + text[text.index("[random]") :]
    for old, new in {
        "lattice = 100": f"lattice = {LATTICE}",
        "landscapes = 20": f"landscapes = {LANDSCAPES}",
        **changes,
    }.items():
        assert old in text
        text = text.replace(old, new)
    series = isc.parse_series(text, file=file, folder=EXAMPLES)
    return isc.run_series(series, scheduler="serial").dataset.sortby("x")


figure = Figure(figsize=(6.6, 8.4), layout="constrained")
rows = []
for axes, (name, (source, file)) in zip(figure.subplots(3, 1, sharex=True, sharey=True), SERIES.items(), strict=True):
    data = run(file, {})
    energy, error = data["activation_energy"], data["activation_energy_error"]
    colour = ion_styles([name[:2]])[name[:2]].colour
    axes.errorbar(data["x"], energy, error, color=colour, lw=1.5, marker="o", ms=3.5, capsize=2, label="model")
    if name == "Na 0.35":  # the dashed line of Fig. 6
        other = run(file, {"0.76 eV": "0.73 eV", "noise = 0.30": "noise = 0.32"})
        axes.plot(other["x"], other["activation_energy"], "--", color=colour, lw=1.2, label="model, 0.73 eV and 0.32")
    axes.plot(data["measured_x"], data["measured_activation_energy"], "s", mfc="none", color="black", ms=4,
              label="measured (SciGlass)")  # fmt: skip
    axes.set(ylabel=r"$E_\mathrm{a}$ / eV", title=f"{source}: {name[3:]} {name[:2]}₂O")
    axes.legend(frameon=False, fontsize=8, loc="upper right")
    for x in (0.0, 0.4, 1.0):
        here = float(energy.sel(x=x, method="nearest"))
        if (name, x) in INDEPENDENT:
            rows.append(
                relative(f"{name}: E_a / eV at x = {x:g}", "independent calculation", INDEPENDENT[name, x], here)
            )
    largest = float((error / energy).max()) * 100
    rows.append(beside(f"{name}: largest relative error of the mean / %", source, LARGEST_ERROR[name], largest))
    measured = data["measured_activation_energy"].values
    off = measured - np.interp(data["measured_x"], data["x"], energy)
    rows.append(beside(f"{name}: measured minus model, mean (largest) / eV", source, "drawn",
                       f"{np.nanmean(off):+.3f} ({off[np.nanargmax(np.abs(off))]:+.3f})"))  # fmt: skip
axes.set(xlim=(-0.03, 1.03), xlabel="borate fraction $x$")
save(figure, "activation_energies.png")
print_table(rows, stated="stated")
