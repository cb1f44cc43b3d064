"""Conductivities of hops in time beside those of the network of mean occupations, as Bosi 2021 solves it."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.figures import save

# of benchmarks/network_against_hops.py, which took two hours: a line for each landscape and temperature
STUDY = np.genfromtxt(Path(__file__).with_suffix(".csv"), delimiter=",", names=True)
STUDY = STUDY[STUDY["cap_error"] == 0.075]  # others compare caps
SERIES = ((0.5, 16, "C0", -0.5), (0.5, 35, "C1", 0.5), (0.0, 16, "C2", -1.5), (1.0, 16, "C3", 1.5))  # x, sites, place
LEVEL = 0.68  # eV, taken off the right figure, so that its slopes can be told apart
NAMES = ("network_conductivity", "conductivity")
FEWEST, MOST = 4, 20  # landscapes for a slope
DRAWS = 2000  # of the bootstrap


def landscapes_of(x, lattice, kelvin):
    return STUDY[(STUDY["x"] == x) & (STUDY["lattice"] == lattice) & (STUDY["temperature"] == kelvin)]


def temperatures_of(x, lattice):
    """From 1000 K down."""
    return np.unique(STUDY["temperature"][(STUDY["x"] == x) & (STUDY["lattice"] == lattice)])[::-1]


def ratio_of_means(lines):
    """Mean σ of the hops over that of the network, and its standard error from the scatter of the landscapes."""
    hops, network = lines["conductivity"], lines["network_conductivity"]
    ratio = hops.mean() / network.mean()
    return ratio, (hops - ratio * network).std(ddof=1) / network.mean() / np.sqrt(len(lines))


def arrhenius(kelvins, sigmas):
    """E_a in eV and ln A of σT = A exp(-E_a/kT)."""
    slope, intercept = np.polyfit(ELECTRON_VOLT / (BOLTZMANN_CONSTANT * kelvins), np.log(sigmas * kelvins), 1)
    return np.array([-slope, intercept])


def table(*rows):
    for number, row in enumerate(rows):
        print(f"| {' | '.join(row)} |")
        if number == 0:
            print("| --- " * len(row) + "|")
    print()


figure = Figure(figsize=(9.0, 4.2), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=(1.3, 1.0))
cases = [
    ("x, sites, T", "landscapes", "ratio of the means", "mean of the ratios", "median", "quartiles", "least, greatest")
]
for x, lattice, colour, side in SERIES:
    for number, kelvin in enumerate(temperatures_of(x, lattice)):
        lines = landscapes_of(x, lattice, kelvin)
        ratios, place = lines["network_ratio"], 1000 / kelvin + 0.035 * side
        mean, error = ratio_of_means(lines)
        left.plot(np.full(ratios.size, place), ratios, ".", ms=4, color=colour, alpha=0.4)
        left.errorbar(place, mean, error, fmt="o", ms=6, mfc="white", capsize=3, color=colour,
                      label=None if number else f"x = {x:g}, {lattice}³ sites")  # fmt: skip
        low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
        cases.append((
            f"{x:g}, {lattice}³, {kelvin:g} K", f"{ratios.size}", f"{mean:.3f} ± {error:.3f}",
            f"{ratios.mean():.3f} ± {ratios.std(ddof=1) / np.sqrt(ratios.size):.3f}", f"{middle:.2f}",
            f"{low:.2f} to {high:.2f}", f"{ratios.min():.2f}, {ratios.max():.2f}",
        ))  # fmt: skip
left.axhline(1.0, color="0.5", lw=0.8)
left.set(xlabel="1000 K / $T$", ylabel="σ(hops) / σ(network)", ylim=(0.0, 1.1))
left.legend(frameon=False, fontsize=8, loc="lower left")
table(*cases)

slopes = [(
    "x, sites, T", "landscapes", "E_a, network / eV", "E_a, hops / eV", "difference / meV", "prefactor, hops/network",
    "its error",
)]  # fmt: skip
rng = np.random.default_rng(1)
for x, lattice, colour, _ in SERIES:
    kelvins = [kelvin for kelvin in temperatures_of(x, lattice) if landscapes_of(x, lattice, kelvin).size >= FEWEST]
    kelvins = np.array(kelvins)
    # a line for each temperature, a column for each landscape, whose scatter is shared; NaN where hops are not known
    numbers = landscapes_of(x, lattice, kelvins.min())["landscape"].astype(int)
    sigmas = {name: np.full((kelvins.size, MOST), np.nan) for name in NAMES}
    for row, kelvin in enumerate(kelvins):
        lines = landscapes_of(x, lattice, kelvin)
        for name, values in sigmas.items():
            values[row, lines["landscape"].astype(int)] = lines[name]

    def fits(chosen, kelvins=kelvins, sigmas=sigmas):
        return [arrhenius(kelvins, np.nanmean(values[:, chosen], axis=1)) for values in sigmas.values()]

    network, hops = fits(numbers)
    drawn = np.array([np.subtract(*fits(rng.choice(numbers, numbers.size))) for _ in range(DRAWS)])
    more, error = hops - network, drawn.std(axis=0)
    slopes.append((
        f"{x:g}, {lattice}³, {kelvins.min():g} to {kelvins.max():g} K", f"{numbers.size}", f"{network[0]:.3f}",
        f"{hops[0]:.3f}", f"{1000 * more[0]:.0f} ± {1000 * error[0]:.0f}",
        f"{np.exp(more[1]):.2f}", f"{100 * error[1]:.0f} %",
    ))  # fmt: skip
    if x != 0.5:
        continue
    inverse = ELECTRON_VOLT / (BOLTZMANN_CONSTANT * kelvins)
    for (energy, intercept), style in ((network, "--"), (hops, "-")):
        right.plot(1000 / kelvins, np.exp(intercept + (LEVEL - energy) * inverse), style, color=colour, lw=1)
    lift = kelvins * np.exp(LEVEL * inverse)
    for (name, values), fill in zip(sigmas.items(), ("none", colour), strict=True):
        values = values[:, numbers]
        error = np.nanstd(values, axis=1, ddof=1) / np.sqrt(np.isfinite(values).sum(axis=1))
        label = f"{'hops' if name == 'conductivity' else 'network'}, {lattice}³ sites"
        right.errorbar(1000 / kelvins, np.nanmean(values, axis=1) * lift, error * lift, fmt="o", mfc=fill, capsize=2,
                       color=colour, label=label)  # fmt: skip
lifted = f"$\\sigma T\\,\\exp({LEVEL}\\,\\mathrm{{eV}}/k_BT)$ / (S K m$^{{-1}}$)"
right.set(xlabel="1000 K / $T$", ylabel=lifted, yscale="log")
right.legend(frameon=False, fontsize=8)
table(*slopes)
save(figure, "network_against_hops.png")
