"""Gunawan 2024, Fig. 4: site energies of lithium in Li3B7O12, and the part that has moved in each experiment."""

import numpy as np
from comparison import absolute, beside, print_table
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.constants import ELECTRON_VOLT
from ionscape.figures import ion_styles, save

BULK = 1.4e28  # 1/m^3
FALL_OFF = {"K": 0.20, "Rb": 0.10, "Cs": 0.03}  # where D falls off, in units of the native density: ESI 2.6

distributions = {
    ion: isc.site_energy_diffusion(
        bulk_density=BULK, bulk_coefficient=3.9e-17, reference_temperature=393.15,
        activation_energy=0.65 * ELECTRON_VOLT, width=0.16 * ELECTRON_VOLT,
        excess_sites=0.10, trapped_fraction=fall_off, trapped_width=0.05 * ELECTRON_VOLT,
    ).distribution
    for ion, fall_off in FALL_OFF.items()
}  # fmt: skip

figure = Figure(figsize=(6.4, 4.2), layout="constrained")
axes = figure.subplots()
styles = ion_styles(["Li", *FALL_OFF])
energy = np.linspace(-1.5, -0.45, 2400)
for ion, distribution in distributions.items():
    sites = distribution.density_of_states(energy * ELECTRON_VOLT) * ELECTRON_VOLT / BULK
    axes.plot(energy, sites, color=styles[ion].colour, ls=styles[ion].line, lw=1.3, label=f"sites, {ion}-CAIT")
    if ion == "K":
        moved = (energy > -1.1) & (energy < -0.65)
        axes.fill_between(
            energy, sites, where=moved, color=styles["Li"].colour, alpha=0.3, lw=0, label="mobile Li, K-CAIT"
        )
axes.axvline(-0.65, color="black", lw=0.9, ls="dashed")
axes.text(-0.64, 4.4, "Fermi level\nat the start", fontsize=9, va="top")
axes.set(xlim=(-1.5, -0.45), ylim=(0, 4.6), xlabel="site energy from the threshold of transport / eV",
         ylabel=r"sites / $n_\mathrm{bulk}$ / eV$^{-1}$")  # fmt: skip
axes.legend(frameon=False, fontsize=9, loc="upper left")
save(figure, "single_cait_site_energies.png")

mobile = distributions["Rb"].branches[0]
rows = [
    absolute("full width at half maximum of the mobile branch / meV", "section 3.3", 250,
             mobile.full_width_at_half_maximum / ELECTRON_VOLT * 1e3),
]  # fmt: skip
for ion, distribution in distributions.items():
    lowest, highest = distribution.fermi_energy(np.array([FALL_OFF[ion] * 1.0001, 1.0]) * BULK) / ELECTRON_VOLT
    rows.append(beside(f"populated part of the mobile branch / eV, {ion}-CAIT", "Fig. 4", "drawn", highest - lowest))
print_table(rows)
