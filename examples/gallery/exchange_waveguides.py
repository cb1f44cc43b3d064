"""Silver in soda-lime glass without and with a field, and buried; potassium in Pyrex: what the profiles tell."""

import numpy as np
from comparison import EXAMPLES, beside, print_table, relative
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

PER_MINUTE = 60e12  # m²/s in µm²/min
HALF = 0.476936  # where erfc is 1/2


def depth_of(profile, share):
    """Deepest place at which a profile has a share of its largest value [m]."""
    values, depth = profile.values / profile.values.max(), profile["depth"].values
    last = np.flatnonzero(values >= share)[-1]
    return float(np.interp(-share, -values[last : last + 2], depth[last : last + 2]))


def density(result, ion, stage):
    """Density of an ion over depth at the end of a stage."""
    times = np.flatnonzero(result.dataset["stage"].values == stage)
    return result.dataset["density"].sel(ion=ion).isel(time=times[-1])


figure = Figure(figsize=(8.6, 3.6), layout="constrained")
silver_axes, potassium_axes = figure.subplots(1, 2)
colour = ion_styles(["Ag", "K"])
thermal = isc.simulate(isc.load_experiment(EXAMPLES / "ag-na-waveguide.toml"))
driven = isc.simulate(isc.load_experiment(EXAMPLES / "ag-na-buried-waveguide.toml"))
for result, stage, line, label in (
    (thermal, 0, ":", "60 min"), (driven, 0, "--", "15 min at 50 V"), (driven, 1, "-", "15 min more without Ag"),
):  # fmt: skip
    profile = density(result, "Ag", stage) / result.experiment.bulk_density
    silver_axes.plot(profile["depth"] * 1e6, profile, color=colour["Ag"].colour, ls=line, label=label)
silver_axes.set(xlim=(0, 35), ylim=(0, None), xlabel="depth / µm", ylabel="Ag / all ions")

hour = thermal.experiment.stages[0].duration
diffused = (depth_of(density(thermal, "Ag", 0), 0.5) / (2 * HALF)) ** 2 / hour
first = driven.experiment.stages[0]
field = first.potential / driven.experiment.sample.thickness
profile = density(driven, "Ag", 0)
mobility = depth_of(profile, 0.5) / (field * first.duration)
# ½ erfc has 84 and 16 % one standard deviation √(2 D t) to either side
spread = 0.5 * (depth_of(profile, 0.158655) - depth_of(profile, 0.841345))
buried = density(driven, "Ag", 1)
rows = [
    relative("D of Ag, melt without field / (µm²/min)", "Ramaswamy 1986", 0.133, diffused * PER_MINUTE),
    relative("D of Ag, from the width of the front in the field / (µm²/min)", "Ramaswamy 1986", 0.133,
             spread**2 / (2 * first.duration) * PER_MINUTE),
    relative("mobility of Ag / (µm²/(V min))", "Ramaswamy 1986", 15.55, mobility * PER_MINUTE),
    beside("depth of the largest Ag density after the second stage / µm", "", "", float(buried.idxmax("depth")) * 1e6),
]  # fmt: skip
for name, result in (("surface guide", thermal), ("buried guide", driven)):
    modes = isc.waveguide_modes(result).TE.effective_index
    rows.append(beside(f"TE modes at 632.8 nm, {name}", "", "", f"{modes.size}, the first {modes[0]:.4f}"))

pyrex = isc.load_experiment(EXAMPLES / "k-na-pyrex.toml")
for celsius, line in ((350, ":"), (400, "--"), (450, "-")):
    kelvin = celsius + 273.15
    result = isc.simulate(pyrex.replace({"stages[0].temperature": kelvin}))
    profile = density(result, "K", 0) / pyrex.bulk_density
    potassium_axes.plot(profile["depth"] * 1e6, profile, color=colour["K"].colour, ls=line, label=f"{celsius} °C, 4 h")
    stated = 8.2e-4 * np.exp(-26000 / (1.98720 * kelvin))
    here = (depth_of(profile, 0.5) / (2 * HALF)) ** 2 / result.experiment.stages[0].duration * 1e4
    rows.append(relative(f"D of K and Na in Pyrex, {celsius} °C / (cm²/s)", "Iino 1977", stated, here))
potassium_axes.set(xlim=(0, 20), ylim=(0, None), xlabel="depth / µm", ylabel="K / all ions")
for axes in (silver_axes, potassium_axes):
    axes.set_ylim(0, 1.45 * axes.get_ylim()[1])
    axes.legend(frameon=False, fontsize=9, loc="upper right")
save(figure, "exchange_waveguides.png")
print_table(rows, "stated")
