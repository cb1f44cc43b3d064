"""Bosi 2021, Fig. 7: Arrhenius plots of two glasses; the slope from the network beside E_a from percolation."""

import numpy as np
from comparison import EXAMPLES, beside, print_table, relative, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.figures import save

FREQUENCIES = {0.2: 5e14, 0.4: 1.5e14}  # borate fraction and attempt frequency in Hz
MODEL = isc.LandscapeModel(energy_scale=0.76 * ELECTRON_VOLT, noise=0.30)
TEMPERATURES = np.arange(303.0, 564.0, size(page=52.0, full=20.0, coarse=130.0))  # K; steps of 20 K in the paper
NETWORKS, LANDSCAPES = (
    size(page=(35, 4), full=(35, 30), coarse=(12, 2)),
    size(page=(60, 4), full=(100, 20), coarse=(40, 2)),
)
MEASURED = isc.read_literature(EXAMPLES / "sciglass-alkali-borophosphates.csv")


def mean_and_error(values):
    return np.mean(values, axis=0), np.std(values, axis=0, ddof=1) / np.sqrt(len(values))


figure = Figure(figsize=(6.4, 4.4), layout="constrained")
axes = figure.subplots()
rows = []
for number, (x, frequency) in enumerate(FREQUENCIES.items()):
    glass = f"0.35 Na2O 0.65 ({x} B2O3 {1 - x} P2O5)"
    lattice, landscapes = NETWORKS
    conductivities = [
        isc.conductivity(isc.generate_landscape(glass, lattice=lattice, rng=seed, model=MODEL),
                         temperature=TEMPERATURES, attempt_frequency=frequency)["conductivity"].values / 100
        for seed in range(landscapes)
    ]  # fmt: skip
    sigma, error = mean_and_error(conductivities)
    lattice, landscapes = LANDSCAPES
    energy, _ = mean_and_error([
        isc.activation_energy(isc.generate_landscape(glass, lattice=lattice, rng=seed, model=MODEL)) / ELECTRON_VOLT
        for seed in range(landscapes)
    ])  # fmt: skip
    inverse = ELECTRON_VOLT / (BOLTZMANN_CONSTANT * TEMPERATURES)
    axes.errorbar(1000 / TEMPERATURES, sigma * TEMPERATURES, error * TEMPERATURES, fmt="o", mfc="none",
                  color=f"C{number}", label=f"x = {x}: network, ν = {frequency:.1e} Hz")  # fmt: skip
    middle = len(TEMPERATURES) // 2
    line = (sigma * TEMPERATURES)[middle] * np.exp(-energy * (inverse - inverse[middle]))
    axes.semilogy(1000 / TEMPERATURES, line, color=f"C{number}", lw=1, label=f"slope of percolation, {energy:.3f} eV")
    slope = -np.polyfit(inverse, np.log(sigma * TEMPERATURES), 1)[0]
    rows += [
        relative(f"x = {x}: Arrhenius slope / eV, beside E_a of percolation", "Fig. 7, lines", energy, slope),
        beside(f"x = {x}: largest relative error of the mean σ / %", "Fig. 7", "≤ 23", (error / sigma).max() * 100),
    ]
axes.set(xlabel="1000 K / $T$", ylabel=r"$\sigma T$ / (S K cm$^{-1}$)")
axes.legend(frameon=False, fontsize=8)
save(figure, "arrhenius.png")
print_table(rows, stated="stated")
