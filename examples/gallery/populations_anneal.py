"""An anneal between two irradiations with rubidium: lithium that is left tells whether populations mix."""

from comparison import EXAMPLES, absolute, beside, print_table, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import save

CELL = size(page=4.0, full=0.7, coarse=8.0)  # nm
RATES = {0.1: 0.033, 4e-4: 0.093}  # release rate of Rb in 1/s and what is left
EXPERIMENT = isc.load_experiment(EXAMPLES / "rb-mono-populations.toml")
(IRRADIATION,) = EXPERIMENT.model_dump(exclude_unset=True)["stages"]
IRRADIATION |= {"source_potential": "100 V", "duration": "94 h"}
ANNEAL = {"kind": "storage", "temperature": "473 K", "duration": "10 min"}

figure = Figure(figsize=(6.8, 4.0), layout="constrained")
axes = figure.subplots()
rows = []
for number, (rate, stated) in enumerate(RATES.items()):
    for stages, line in (([IRRADIATION, ANNEAL, IRRADIATION], "-"), ([IRRADIATION, IRRADIATION], ":")):
        varied = {"stages": stages, "ions.Rb.diffusion.release_rate": rate, "grid.cell": f"{CELL} nm"}
        settings = isc.Settings(relative_tolerance=size(page=3e-3, full=3e-4, coarse=3e-3))
        result = isc.simulate(EXPERIMENT.replace(varied), settings=settings)
        lithium = result.dataset["density"].isel(time=-1).sel(ion="Li") / result.experiment.bulk_density
        annealed = len(stages) == 3
        label = f"{rate:g}/s, " + ("annealed" if annealed else "not annealed")
        axes.plot(lithium["depth"] * 1e9, lithium, color=f"C{number}", ls=line, label=label)
        left = float(lithium.interp(depth=20e-9))
        where = f"Li at 20 nm, release rate of Rb {label}"
        rows.append(absolute(where, "", stated, left) if annealed else beside(where, "", "", left))
axes.set(xlim=(0, 600), ylim=(0, 0.2), xlabel="depth / nm", ylabel=r"$n_\mathrm{Li}/n_\mathrm{bulk}$")
axes.legend(frameon=False, fontsize=9, loc="upper left")
save(figure, "populations_anneal.png")
print_table(rows, "independent calculation")
