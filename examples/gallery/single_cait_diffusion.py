"""Gunawan 2024, Fig. 2: D of native lithium over its own density, for three foreign ions of constant D."""

import numpy as np
from comparison import absolute, beside, print_table, relative
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.constants import ELECTRON_VOLT
from ionscape.figures import ion_styles, save

BULK, TEMPERATURE = 1.4e28, 393.15  # 1/m^3, K
D_LITHIUM = 3.9e-17  # m^2/s at the native density, ESI Table 1
IONS = {  # foreign ion: where D of Li falls off (ESI 2.6), D of the ion in m^2/s (ESI Table 2, best match)
    "K": (0.20, 1.87e-22),
    "Rb": (0.10, 0.90e-21),
    "Cs": (0.03, 1.36e-21),
}
PLATEAU = {"K": 1.96e27, "Rb": 1.12e27, "Cs": 4.2e26}  # density of Li in the replacement zone in 1/m^3, ESI Table 1
D_FRONT = {"K": 3.72e-19, "Rb": 7.08e-19, "Cs": 7.08e-19}  # D of Li half way to the bulk in m^2/s, ESI Table 1


def lithium(fall_off, width=0.16):
    """D(n) of lithium that falls off at a fraction of the native density; width of the site energies in eV."""
    return isc.site_energy_diffusion(
        bulk_density=BULK, bulk_coefficient=D_LITHIUM, reference_temperature=TEMPERATURE,
        activation_energy=0.65 * ELECTRON_VOLT, width=width * ELECTRON_VOLT,
        excess_sites=0.10, trapped_fraction=fall_off, trapped_width=0.05 * ELECTRON_VOLT,
    )  # fmt: skip


figure = Figure(figsize=(6.4, 4.2), layout="constrained")
axes = figure.subplots()
styles = ion_styles(["Li", *IONS])
fraction = np.linspace(0.005, 1, 2000)
rows = []
for ion, (fall_off, foreign) in IONS.items():
    model = lithium(fall_off)
    style = styles[ion]
    coefficient = model.coefficient(fraction * BULK, TEMPERATURE)
    axes.semilogy(fraction, coefficient, color=styles["Li"].colour, ls=style.line, label=f"Li$^+$, {ion}-CAIT")
    axes.axhline(foreign, color=style.colour, ls=style.line, label=f"{ion}$^+$")
    front = float(model.coefficient((BULK + PLATEAU[ion]) / 2, TEMPERATURE))
    rows.append(relative(f"D of Li at the front, {ion}-CAIT / (m²/s)", "ESI Table 1", D_FRONT[ion], front))

caesium = lithium(0.03)  # the one that can be followed furthest down
rubidium = lithium(0.10)
decades = np.log10(D_LITHIUM / rubidium.coefficient(0.1001 * BULK, TEMPERATURE))
energy = (caesium.activation_energy(np.array([0.1, 1.0]) * BULK) / ELECTRON_VOLT).tolist()
rows += [
    beside("decades from bulk to the fall-off, Rb-CAIT", "section 3.1", "more than 4", decades),
    absolute(
        "E_act at 1/10 of the bulk density minus that of the bulk / eV", "section 3.2", 0.3, energy[0] - energy[1]
    ),
]
middle = np.linspace(0.201, 0.7, 500) * BULK
for ion, (fall_off, _) in IONS.items():
    narrow, wide = (lithium(fall_off, width).coefficient(middle, TEMPERATURE) for width in (0.135, 0.18))
    quantity = f"largest ratio of D(n) from n = 0.2 to 0.7, Γ1 = 0.135 and 0.18 eV, {ion}-CAIT"
    rows.append(beside(quantity, "ESI 2.6", "more than 10", (narrow / wide).max()))
print_table(rows)

axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower right")
axes.set(xlim=(0, 1), ylim=(1e-26, 1e-16), xlabel=r"$n_\mathrm{Li}/n_\mathrm{bulk}$", ylabel=r"$D$ / (m$^2$ s$^{-1}$)")
save(figure, "single_cait_diffusion.png")
