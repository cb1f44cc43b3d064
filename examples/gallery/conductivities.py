"""Bosi 2021, Figs. 5, 8 and 10: conductivities of three series of glasses against the borate fraction.

Dashed: one attempt frequency for all glasses, 4e14 Hz; solid and right: fitted to what was measured at each x.
"""

import numpy as np
from comparison import EXAMPLES, absolute, beside, print_table, relative, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import save

SERIES = {
    "Li 0.33": ("Fig. 5", "li-borophosphate-series.toml"),
    "Na 0.35": ("Fig. 8", "na-35-borophosphate-series.toml"),
    "Na 0.40": ("Fig. 10", "na-40-borophosphate-series.toml"),
}
LATTICE = size(page=35, full=35, coarse=12)
LANDSCAPES = size(page=4, full=30, coarse=2)
LARGEST_ERROR = {"Li 0.33": "≤ 15", "Na 0.35": "≤ 16", "Na 0.40": "≤ 22"}  # percent


def run(file):
    """A series file with another number of landscapes and without its activation energies."""
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    text = text[: text.index("[percolation]")] + text[text.index("[network]") :]
    for old, new in {"lattice = 35": f"lattice = {LATTICE}", "landscapes = 30": f"landscapes = {LANDSCAPES}"}.items():
        assert old in text
        text = text.replace(old, new)
    series = isc.parse_series(text, file=file, folder=EXAMPLES)
    return isc.run_series(series, scheduler="serial").dataset.sortby("x")


figure = Figure(figsize=(8.6, 9.0), layout="constrained")
panels = figure.subplots(3, 2, sharex=True, width_ratios=(2, 1))
rows = []
for (axes, beside_it), (name, (source, file)) in zip(panels, SERIES.items(), strict=True):
    data = run(file)
    fitted = data["fitted_attempt_frequency"].dropna("x")
    beside_it.semilogy(fitted["x"], fitted, "o-", color="black", lw=1, ms=4)
    beside_it.axhline(4e14, color="black", lw=0.9, ls="--")
    beside_it.set(ylabel="attempt frequency / Hz")
    measured_x, shown = (
        data["measured_x"].values[data["measured_point_glass"].values],
        data["measured_temperature"].values,
    )
    for number, temperature in enumerate(data["temperature"].values):
        mean = data["conductivity"].sel(temperature=temperature) / 100  # S/cm
        error = data["conductivity_error"].sel(temperature=temperature) / 100
        axes.errorbar(data["x"], mean, error, color=f"C{number}", ls="--", lw=1.2, marker="o", ms=3, capsize=2,
                      label=f"model, {temperature - 273.15:.0f} °C")  # fmt: skip
        adapted = mean.sel(x=fitted["x"]) * fitted / data["attempt_frequency"].sel(x=fitted["x"])
        axes.plot(fitted["x"], adapted, color=f"C{number}", lw=1.2)
        at = np.isclose(shown, temperature, atol=0.5)
        axes.plot(
            measured_x[at], data["measured_conductivity"].values[at] / 100, "s", mfc="none", color=f"C{number}", ms=4
        )
    axes.plot([], [], "s", mfc="none", color="black", ms=4, label="measured (SciGlass)")
    axes.set(yscale="log", ylabel=r"$\sigma$ / (S cm$^{-1}$)", title=f"{source}: {name[3:]} {name[:2]}₂O")
    # as in the paper the plain standard error, which is less than `conductivity_error` where landscapes differ much
    single = data["landscape_conductivity"]
    plain = single.std("network_landscape", ddof=1) / np.sqrt(single.count("network_landscape"))
    largest = float((plain / data["conductivity"]).max()) * 100
    rows.append(beside(f"{name}: largest relative error of the mean / %", source, LARGEST_ERROR[name], largest))
    common = float(data["common_attempt_frequency"])
    if name == "Li 0.33":
        room = np.log10(data["conductivity"].sel(temperature=293.15) / 100)
        rows += [
            absolute(f"{name}: log10 σ(20 °C) / (S/cm) at x = 0.5", "independent calculation, 35³", -8.83,
                     float(room.sel(x=0.5, method="nearest"))),
            relative(f"{name}: attempt frequency for all x / Hz (other experiments)", source, 4e14, common),
            relative(f"{name}: attempt frequency fitted at the least x / Hz", source, 1e15, float(fitted[0])),
            relative(f"{name}: attempt frequency fitted at the largest x / Hz", source, 1e14, float(fitted[-1])),
        ]  # fmt: skip
    else:
        rows.append(beside(f"{name}: attempt frequency for all x / Hz (other experiments)", source, "drawn", common))
        span = f"{float(fitted.min()):.1e} to {float(fitted.max()):.1e}"
        stated = "1e14 to 1e15" if name == "Na 0.40" else "drawn"
        rows.append(beside(f"{name}: attempt frequencies fitted at each x / Hz", source, stated, span))
for axes in panels[-1]:
    axes.set(xlim=(-0.03, 1.03), xlabel="borate fraction $x$")
handles, labels = panels[0, 0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, fontsize=8)
save(figure, "conductivities.png")
print_table(rows, stated="stated")
