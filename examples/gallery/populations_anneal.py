"""An anneal between two irradiations with rubidium: lithium that is left tells whether populations mix."""

import numpy as np
from comparison import EXAMPLES, absolute, beside, print_table, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import save
from ionscape.profiling import Instrument, calibrate, make_measurement
from ionscape.profiling.synthetic import profile_from_result, synthesise

CELL = size(page=4.0, full=0.7, coarse=8.0)  # nm
RATES = {0.1: 0.033, 4e-4: 0.093}  # release rate of Rb in 1/s and what is left
EXPERIMENT = isc.load_experiment(EXAMPLES / "rb-mono-populations.toml")
(IRRADIATION,) = EXPERIMENT.model_dump(exclude_unset=True)["stages"]
IRRADIATION |= {"source_potential": "100 V", "duration": "94 h"}
ANNEAL = {"kind": "storage", "temperature": "473 K", "duration": "10 min"}
INSTRUMENT = Instrument(  # of a real measurement: 16384 pulses for a data point, 1.2 % of noise that all channels share
    sputter_rate=1e-9, yields={"Li": 4000.0, "Rb": 5000.0}, points=700, maximum_depth=700e-9,
)  # fmt: skip


def measured(result, seed):
    """Depth in nm, fraction of lithium and its 95 % bounds from synthetic counts, at every 40th point."""
    synthetic = synthesise(profile_from_result(result), INSTRUMENT, rng=np.random.default_rng(seed))
    known = {**synthetic.table(), "native": {"Li": f"{result.experiment.bulk_density!r} 1/m^3"}}
    profile = calibrate(make_measurement(synthetic.raw, known, crater_scans=synthetic.crater_scans))
    own = profile.dataset.sel(ion="Li").isel(depth=slice(20, 520, 40))
    names = ("density", "density_lower_95", "density_upper_95")
    return own["depth"].values * 1e9, *(own[name].values / result.experiment.bulk_density for name in names)


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
        if len(stages) == 3:
            depth, value, low, high = measured(result, number)
            axes.errorbar(depth, value, [value - low, high - value], fmt="o", ms=3, color=f"C{number}", capsize=2)
        left = float(lithium.interp(depth=20e-9))
        where = f"Li at 20 nm, release rate of Rb {label}"
        rows.append(absolute(where, "", stated, left) if annealed else beside(where, "", "", left))
axes.set(xlim=(0, 600), ylim=(0, 0.2), xlabel="depth / nm", ylabel=r"$n_\mathrm{Li}/n_\mathrm{bulk}$")
axes.legend(frameon=False, fontsize=9, loc="upper left")
save(figure, "populations_anneal.png")
print_table(rows, "independent calculation")
