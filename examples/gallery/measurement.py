"""Gunawan 2024 ESI, Figs. S1 to S4, on synthetic counts: from counts over sputter time to densities over depth."""

import json

import numpy as np
from comparison import EXAMPLES, absolute, print_table, relative
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

measurement = isc.load_measurement(EXAMPLES / "rb-mono-fit.toml")
proportional = isc.calibrate(measurement, density_method="proportional")  # S6, S7
equal = isc.calibrate(measurement, density_method="equal")  # S8, S9
own = isc.calibrate(measurement)  # one sensitivity factor per element, fitted to the balance of charge
truth = json.loads((EXAMPLES / "measurements" / "rb-mono-a-truth.json").read_text(encoding="utf-8"))

figure = Figure(figsize=(8.8, 6.4), layout="constrained")
(counts, crater), (summed, shared) = figure.subplots(2, 2)
styles = ion_styles(["Li", "Rb"])
data = proportional.dataset
for channel in data["channel"].values:
    counts.semilogy(data["sputter_time"], data["channel_counts"].sel(channel=channel), lw=0.9, label=str(channel))
counts.set(xlabel="sputter time / s", ylabel="counts per data point", title="as S1: counts of isotopes")
scan = proportional.crater.steps[0]
crater.plot(scan.levelled.lateral * 1e6, scan.levelled.height * 1e9, color="black", lw=0.7)
for region, colour in [*((side, "C1") for side in scan.regions.surface), (scan.regions.valley, "C0")]:
    crater.axvspan(region[0] * 1e6, region[1] * 1e6, color=colour, alpha=0.25, lw=0)
crater.set(xlabel="lateral position / µm", ylabel="height / nm", title=f"as S2: step of {scan.depth * 1e9:.1f} nm")
depth = data["depth"].values * 1e9
fractions = data["intensity"] * data["sensitivity_factor"] / data["bulk_density"].sum()
for ion, style in styles.items():
    summed.plot(depth, fractions.sel(ion=ion), color=style.colour, lw=1, label=ion)
    for profile, line in ((proportional, "--"), (equal, "-")):
        density = profile.dataset["density"].sel(ion=ion) / data["bulk_density"].sum()
        shared.plot(depth, density, color=style.colour, ls=line, lw=1, label=f"{ion}, {profile.summary()['method']}")
summed.plot(depth, fractions.sum("ion"), color="black", lw=0.8, label="sum")
summed.set(ylim=(0, 1.3), title="as S3: scaled by S3 and S5")
shared.set(ylim=(0, 1.3), title="as S4: deviation shared out, S6 to S9")
for axes in (summed, shared):
    axes.set(xlim=(0, 110), xlabel="depth / nm", ylabel=r"$n/n_\mathrm{bulk}$")
    axes.legend(frameon=False, fontsize=8, loc="center right")
counts.legend(frameon=False, fontsize=8, loc="lower right")
save(figure, "measurement.png")

rows = [
    relative("sputter rate / (nm/s)", "truth", truth["sputter_rate_nm_per_s"], own.summary()["sputter_rate"] * 1e9),
]
for profile in (proportional, equal, own):
    method = profile.summary()["method"]
    lithium = profile.dataset["density"].sel(ion="Li").values / 1.4e28
    plateau = lithium[(depth > 6) & (depth < 14)].mean()
    front = depth[depth > 5][np.argmax(lithium[depth > 5] > 0.5)]
    rows += [
        absolute(f"Li from 6 to 14 nm, {method}", "truth", truth["li_fraction"]["10"], plateau),
        relative(f"front / nm, {method}", "truth", truth["front_nm"], front),
    ]
print_table(rows, stated="truth")
