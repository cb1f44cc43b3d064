"""Units of the three glass series of Bosi 2021 against the borate fraction x (its Fig. 1 names them)."""

from dataclasses import replace

from comparison import absolute, beside, print_table
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import save
from ionscape.figures.glass import mixing_panel
from ionscape.figures.render_matplotlib import draw_panel

SERIES = {"0.33 Li₂O": ("Li", 0.33), "0.35 Na₂O": ("Na", 0.35), "0.40 Na₂O": ("Na", 0.40)}

figure = Figure(figsize=(10.5, 3.6), layout="constrained")
for axes, (title, (alkali, fraction)) in zip(figure.subplots(1, 3, sharey=True), SERIES.items(), strict=True):
    legend = "beside" if axes is figure.axes[-1] else ""
    draw_panel(axes, replace(mixing_panel(alkali, fraction), title=title, legend=legend))
    axes.label_outer()
save(figure, "network_former_units.png")

diborate = isc.network_former_units(isc.parse_composition("1 Li2O 2 B2O3"))
rows = [
    absolute(f"{unit} of lithium diborate / %", "NMR", measured, 100 * diborate[unit])
    for unit, measured in {"B3": 50, "B4": 42, "B2": 8}.items()
]
for _, (alkali, fraction) in SERIES.items():
    most = max(
        isc.network_former_units(
            isc.Composition(alkali=alkali, alkali_oxide_fraction=fraction, borate_fraction=percent / 100)
        )["P4"]
        for percent in range(101)
    )
    rows.append(beside(f"largest fraction of P4, {fraction} {alkali}2O", "section II", "none above 0.30", most))
print_table(rows, stated="stated")
