"""From composition to a CAIT profile: D(n) of the landscapes of Li3B7O12, and the profile that each kind gives."""

from dataclasses import replace

import numpy as np
from comparison import EXAMPLES, absolute, print_table, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

GLASS = "0.30 Li2O 0.70 B2O3"
ENSEMBLE = {
    "lattice": size(page=60, full=60, coarse=20), "landscapes": size(page=3, full=8, coarse=2),
    "temperature": [323.0, 393.0],
}  # fmt: skip
FILLINGS = {0.98: (0.908, -4.9), 0.95: (0.774, 0.0), 0.9: (0.672, 3.8), 0.8: (0.559, 8.1), 0.6: (0.510, 10.1)}
REPLACED = {0.0: 0.774, 0.05: 0.777, 0.1: 0.836, 0.2: 0.999}
ELECTRON_VOLT = 1.602176634e-19

mixed = isc.landscape_diffusion(GLASS, filling=None, second_ion=isc.MobileIon(), **ENSEMBLE)
shares = [0.6, 0.65, 0.7, 0.725, 0.75, 0.775, *(1.0 - part for part in sorted(REPLACED, reverse=True))]
frozen = isc.landscape_diffusion(GLASS, filling=sorted(FILLINGS), shares=sorted(shares), **ENSEMBLE)

experiment = isc.load_experiment(EXAMPLES / "rb-mono-cait.toml")
native = experiment.bulk_density
closure = experiment.diffusion_model("Li", 0)
at_bulk = float(closure.coefficient(native, 323.15))


def scaled(mobility, origin="replacement"):
    """Its D(n), in units such that D of the native glass is the measured one: its course over n is compared."""
    model = mobility.model(origin=origin, native_density=native)
    factor = at_bulk / float(model.coefficient(native, 323.15))
    return replace(model, coefficients=tuple(tuple(factor * value for value in row) for row in model.coefficients))


models = {
    "site energies of Gunawan 2026": closure,
    "landscape, ions share all sites": scaled(mixed),
    "landscape, Rb stays in the highest": scaled(frozen),
    "landscape over its filling": scaled(frozen, "filling"),
}
figure = Figure(figsize=(9.0, 4.2), layout="constrained")
coefficients, profiles = figure.subplots(1, 2)
fractions = np.linspace(0.02, 1.03, 400)
styles = ion_styles(["Li", "Rb"])
for number, (name, model) in enumerate(models.items()):
    course = np.maximum(model.coefficient(fractions * native, 323.15), 1e-40) / at_bulk
    coefficients.semilogy(fractions, course, color=f"C{number}", label=name)
    if model is models["landscape over its filling"]:
        continue  # it is not that of ions that are replaced
    result = isc.simulate(experiment.replace({"ions.Li.diffusion": model}))
    end = result.dataset["density"].isel(time=-1) / native
    for ion, line in (("Li", "-"), ("Rb", ":")):
        profiles.plot(end["depth"] * 1e9, end.sel(ion=ion), color=f"C{number}", ls=line)
coefficients.set(xlabel=r"$n_\mathrm{Li}/n_\mathrm{bulk}$", ylabel=r"$D/D_\mathrm{bulk}$", ylim=(1e-12, 1e6))
coefficients.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 0.28))
profiles.set(xlim=(0, 80), ylim=(0, 1.05), xlabel="depth / nm", ylabel=r"$n/n_\mathrm{bulk}$, Li solid, Rb dotted")
save(figure, "composition_to_profile.png")

over = frozen.dataset.isel(temperature=0)
reference = float(np.log(over["diffusion_coefficient"].sel(filling=0.95)))
rows = []
for share, (barrier, course) in FILLINGS.items():
    here = over.sel(filling=share)
    energy, logarithm = float(here["activation_energy"]) / ELECTRON_VOLT, float(np.log(here["diffusion_coefficient"]))
    rows.append(absolute(f"barrier at a filling of {share:g} / eV", "", barrier, energy))
    rows.append(absolute(f"ln D over that at 0.95, filling {share:g}", "", course, logarithm - reference))
for part, barrier in REPLACED.items():
    here = float(frozen.dataset["native_activation_energy"].sel(share=1.0 - part, method="nearest")) / ELECTRON_VOLT
    rows.append(
        absolute(f"barrier of Li, {100 * part:g} % of it replaced in the highest sites / eV", "", barrier, here)
    )
print_table(rows, "independent calculation")
