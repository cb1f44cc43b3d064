"""Protons for alkali ions in an electric field: a poled soda-lime glass, and one with many site energies."""

import numpy as np
from comparison import EXAMPLES, beside, print_table, relative
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.figures import ion_styles, save


def run(name):
    """A result, the depth of its front (half of the alkali ions), conductivity at the start: SI."""
    experiment = isc.load_experiment(EXAMPLES / f"{name}.toml")
    result = isc.simulate(experiment)
    data, sample = result.dataset, experiment.sample
    (native,) = sample.native
    share = data["density"].isel(time=-1).sel(ion=native).values / sample.native[native]
    front = float(np.interp(0.5, share[:-1], data["depth"].values[:-1]))
    field = experiment.stages[0].potential / sample.thickness
    start = float(data["current"].isel(time=1)) / (sample.illuminated_area * field)
    return result, front, start


figure = Figure(figsize=(8.6, 5.4), layout="constrained")
panels = figure.subplots(2, 2)
poled, front, start = run("poling-with-protons")
substituted, second_front, second_start = run("lagp-proton-substitution")
for row, (result, deepest, unit) in zip(panels, ((poled, front, 1e6), (substituted, second_front, 1e9)), strict=True):
    data, experiment = result.dataset, result.experiment
    styles = ion_styles(list(data["ion"].values))
    for ion, style in styles.items():
        profile = data["density"].isel(time=-1).sel(ion=ion) / experiment.bulk_density
        row[0].plot(profile["depth"] * unit, profile, color=style.colour, ls=style.line, label=ion)
    unit_name = "µm" if unit == 1e6 else "nm"
    row[0].set(xlim=(0, 1.6 * deepest * unit), xlabel=f"depth / {unit_name}", ylabel="share of all ions",
               title=experiment.title)  # fmt: skip
    row[0].legend(frameon=False, fontsize=9)
    row[1].semilogx(data["time"][1:] / 60, data["current"][1:] * 1e6, color="black")
    row[1].set(ylim=(0, None), xlabel="time / min", ylabel="current / µA")
save(figure, "exchange_protons.png")

stage, sample = poled.experiment.stages[0], poled.experiment.sample
mobility = start / (sample.native["Na"] * ELEMENTARY_CHARGE)
# layer and glass in series share the voltage: x²/(2 µ_H) + (d x − x²/2)/µ_Na = U t
across = stage.potential * stage.duration - (sample.thickness * front - front**2 / 2) / mobility
print_table([
    relative("mobility of Na, from the current at the start / (m²/(V s))", "Scherbak 2022, ± 1.8e-15", 4.8e-15,
             mobility),
    relative("mobility of H, from the depth of the front / (m²/(V s))", "Scherbak 2022, ± 0.8e-18", 2.4e-18,
             front**2 / 2 / across),
    beside("depth of the front, poled for 30 min at 500 V / µm", "", "", front * 1e6),
    relative("conductivity of LAGP glass at 50 °C, from the current at the start / (S/cm)", "Baek 2026", 1.73e-9,
             second_start / 100),
    beside("depth of the front in LAGP glass / nm", "Rein 2024", "several 100", second_front * 1e9),
], "stated")  # fmt: skip
