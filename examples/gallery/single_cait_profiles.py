"""Gunawan 2024, Fig. 1: lithium and the foreign ion over depth, for two widths of the trapped site energies.

Source potential and duration are not stated. They are chosen here so that in the end the field in the bulk is that of
ESI Table 1 and the front stands at the stated 100 nm; the shape of the profile is then a result.
"""

import numpy as np
from comparison import EXAMPLES, absolute, print_table, relative, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save
from ionscape.relations import sharp_front_time, thermal_voltage

BULK, D_LITHIUM, THICKNESS, FRONT, TEMPERATURE = 1.4e28, 3.9e-17, 2.3e-3, 100e-9, 393.15  # SI
FALL_OFF = {"K": 0.20, "Rb": 0.10, "Cs": 0.03}  # ESI 2.6
COEFFICIENT = {"K": 1.87e-22, "Rb": 0.90e-21, "Cs": 1.36e-21}  # m^2/s, ESI Table 2, best match
FIELD = {"K": 1.427e3, "Rb": 3.97e3, "Cs": 3.40e3}  # e E/(k_B T) in the bulk in 1/m, ESI Table 1
GRADIENT = {"K": 1.19e36, "Rb": 3.30e35, "Cs": 3.43e35}  # of the Li density at the front in 1/m^4, ESI Table 1
PLATEAU = {"K": 0.15, "Rb": 0.07, "Cs": 0.03}  # Fig. 1
IN_ZONE = {"K": 1.96e27, "Rb": 1.12e27, "Cs": 4.2e26}  # density of Li there in 1/m^3, ESI Table 1
TRAPPED_WIDTHS = {0.05: ":", 0.25: "-"}  # eV; not stated
CELL = size(page=0.5, full=0.2, coarse=1.0)  # nm


def simulate(ion, trapped_width):
    """The experiment with one foreign ion; width of the trapped site energies in eV."""
    left = PLATEAU[ion]
    potential = (
        FIELD[ion] * thermal_voltage(TEMPERATURE) * (THICKNESS + FRONT * D_LITHIUM / COEFFICIENT[ion] / (1 - left))
    )
    duration = sharp_front_time(
        depth=FRONT * (1 - left), residual_fraction=left, voltage=potential, thickness=THICKNESS,
        native_diffusion_coefficient=D_LITHIUM, foreign_diffusion_coefficient=COEFFICIENT[ion],
        temperature=TEMPERATURE,
    )  # fmt: skip
    potassium = isc.load_experiment(EXAMPLES / "gallery" / "single_cait.toml")
    return isc.simulate(potassium.replace({
        "title": f"{ion}@Li3B7O12", "ions": {"Li": potassium.ions["Li"], ion: potassium.ions["K"]},
        f"ions.{ion}.diffusion.coefficient": COEFFICIENT[ion], "ions.Li.diffusion.trapped_fraction": FALL_OFF[ion],
        "ions.Li.diffusion.trapped_width": f"{trapped_width} eV", "stages[0].beam": ion,
        "stages[0].source_potential": float(potential), "stages[0].duration": float(duration),
        "grid.cell": f"{CELL} nm",
    }))  # fmt: skip


figure = Figure(figsize=(6.4, 7.2), layout="constrained")
panels = figure.subplots(3, 1, sharex=True)
styles = ion_styles(["Li", *FALL_OFF])
rows = []
for axes, ion in zip(panels, FALL_OFF, strict=True):
    for trapped_width, line in TRAPPED_WIDTHS.items():
        result = simulate(ion, trapped_width)
        end = result.dataset["density"].isel(time=-1) / BULK
        depth, lithium = end["depth"].values * 1e9, end.sel(ion="Li").values
        for name in ("Li", ion):
            label = f"{name}, Γ2 = {trapped_width} eV"
            axes.plot(depth, end.sel(ion=name), color=styles[name].colour, ls=line, lw=1.5, label=label)
        zone = np.mean(lithium[(depth > 20) & (depth < 60)])
        rows.append(absolute(f"{ion}: Li in the zone, Γ2 = {trapped_width} eV", "Fig. 1", PLATEAU[ion], zone))
    stage = result.summary()["stages"][0]
    steepest = np.gradient(lithium, depth * 1e-9).max() * BULK
    rows += [
        absolute(f"{ion}: Li in the zone, Γ2 = {trapped_width} eV", "ESI Table 1", IN_ZONE[ion] / BULK, zone),
        relative(f"{ion}: front / nm", "section 3.1, sets the duration", 100, stage["front_depth"] * 1e9),
        relative(f"{ion}: gradient of Li at the front / m⁻⁴", "ESI Table 1", GRADIENT[ion], steepest),
    ]
    axes.set(xlim=(0, 200), ylim=(0, 1.03), ylabel=r"$n/n_\mathrm{bulk}$")
    axes.legend(frameon=False, fontsize=8, loc="center right")
panels[-1].set_xlabel("depth / nm")
save(figure, "single_cait_profiles.png")
print_table(rows)
