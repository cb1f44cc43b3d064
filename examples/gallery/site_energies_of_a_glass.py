"""Bosi 2021, section II: density of states of the ion sites at five borate fractions, with the Fermi energy."""

from dataclasses import replace

from comparison import beside, print_table, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.constants import ELECTRON_VOLT
from ionscape.figures import save
from ionscape.figures.glass import density_of_states_panel
from ionscape.figures.render_matplotlib import draw_panel

FRACTIONS = (0.0, 0.2, 0.4, 1.0)
LATTICE = size(page=60, full=100, coarse=30)

figure = Figure(figsize=(9.6, 6.4), layout="constrained")
rows = []
for axes, x in zip(figure.subplots(2, 2, sharex=True, sharey=True).ravel(), FRACTIONS, strict=True):
    glass = isc.make_glass(f"0.33 Li2O 0.67 ({x} B2O3 {1 - x} P2O5)")
    landscape = isc.generate_landscape(glass, lattice=LATTICE, rng=1)
    draw_panel(axes, replace(density_of_states_panel(landscape), title=f"x = {x}"))
    axes.label_outer()
    energies = landscape.energies[landscape.accessible] / ELECTRON_VOLT
    rows += [
        beside(f"mean of the site energies / eV, x = {x}", "", "", energies.mean()),
        beside(f"standard deviation / eV, x = {x}", "", "", energies.std()),
        beside(f"Fermi energy / eV, x = {x}", "", "", landscape.fermi_energy / ELECTRON_VOLT),
    ]
save(figure, "site_energies_of_a_glass.png")
print_table(rows, stated="stated")
