"""The three calculations behind Gunawan 2026, Fig. 5: Cs on (Rb on Li3B7O12) with three diffusion coefficients of Cs.

Draws the profiles after both irradiations and prints what the paper states beside what comes out here, then how the
rubidium maximum changes when the cells are refined.

    python examples/double_cait_figure5.py [--output double_cait_figure5.png] [--quick]
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import ion_styles, save

EXPERIMENT = Path(__file__).with_name("rb-cs-double-cait.toml")
BEST_MATCH = "3.1e-23"
COEFFICIENTS = {"2.4e-23": "--", BEST_MATCH: "-", "3.8e-23": ":"}  # D_Cs / (m^2/s) and its line, as in the paper


def run(coefficient, cell=None):
    """Simulate the double experiment with one diffusion coefficient of Cs, on cells of a given size [nm]."""
    text = EXPERIMENT.read_text(encoding="utf-8").replace(f'"{BEST_MATCH} m^2/s"', f'"{coefficient} m^2/s"')
    if cell is not None:
        text += f'\n[grid]\ncell = "{cell} nm"\n'
    return isc.simulate(isc.parse_experiment(text, file=EXPERIMENT.name))


def profiles(result):
    """Depth / nm, cell sizes / nm and the fractions of the ions at the end, by name."""
    data = result.dataset
    fractions = data["density"].isel(time=-1) / result.experiment.bulk_density
    by_ion = {str(ion): fractions.sel(ion=ion).values for ion in data["ion"].values}
    return data["depth"].values * 1e9, data["cell_size"].values * 1e9, by_ion


def deepest(depth, fraction, level):
    """Deepest place where a fraction passes a level."""
    last = int(np.flatnonzero(fraction >= level)[-1])
    step = (fraction[last] - level) / (fraction[last] - fraction[last + 1])
    return depth[last] + step * (depth[last + 1] - depth[last])


def features(result):
    """The figures that the paper states."""
    depth, size, n = profiles(result)
    first, _, second = result.summary()["stages"]
    front = second["front_depth"] * 1e9
    # the exchanged zone: down to where Li has risen by 16 % of the step from its plateau of 0.03 to bulk
    zone = depth < depth[np.argmax(n["Li"] > 0.03 + 0.16 * 0.97)]
    highest = int(np.argmax(np.where(depth > 0.5 * front, n["Rb"], 0.0)))
    return {
        "charge of the Rb beam / mC": first["injected_charge"] * 1e3,
        "charge of the Cs beam / mC": second["injected_charge"] * 1e3,
        "Li front after stage 1 / nm": first["front_depth"] * 1e9,
        "Li front at the end / nm": front,
        **{f"mean {ion} in the zone": np.average(n[ion][zone], weights=size[zone]) for ion in n},
        "Rb ahead of Cs (at 0.25) / nm": deepest(depth, n["Rb"], 0.25) - deepest(depth, n["Cs"], 0.25),
        "highest Rb beyond half the front": n["Rb"][highest],
        "depth of the highest Rb / nm": depth[highest],
    }


PAPER = {
    "charge of the Rb beam / mC": 2.52,
    "charge of the Cs beam / mC": 2.28,
    "Li front after stage 1 / nm": 40,
    "Li front at the end / nm": 100,
    "mean Li in the zone": 0.03,
    "mean Rb in the zone": 0.40,
    "mean Cs in the zone": 0.57,
    "Rb ahead of Cs (at 0.25) / nm": 15,
    "highest Rb beyond half the front": 0.57,
}

REMARKS = """
The experiment's figures are compared with calculations. Two differences are real and are not tuned away: the first zone
is 51 nm deep here ("40 nm" in the paper), and the charges in the paper amount to 76 nm of full exchange while its front
lies at 100 nm. The rubidium maximum depends on which densities set the Fermi level of Rb (here Rb + Li, the sites not
yet taken by Cs), and on how well the caesium front is resolved: see the table of cells.
"""


def draw(results, path):
    """Profiles of all ions for the three coefficients."""
    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    axes = figure.subplots()
    styles = ion_styles(["Li", "Rb", "Cs"])
    for coefficient, line in COEFFICIENTS.items():
        depth, _, fractions = profiles(results[coefficient])
        for ion, fraction in fractions.items():
            label = f"{ion}" if coefficient == BEST_MATCH else None
            axes.plot(depth, fraction, color=styles[ion].colour, linestyle=line, label=label)
    for coefficient, line in COEFFICIENTS.items():
        axes.plot([], [], color="black", linestyle=line, label=f"$D_{{Cs}}$ = {coefficient} m$^2$/s")
    axes.set(xlim=(0, 160), ylim=(0, 1.02), xlabel="depth / nm", ylabel=r"fraction of bulk $n/n_\mathrm{bulk}$")
    axes.legend(frameon=False)
    axes.set_title("Cs@(Rb@Li$_3$B$_7$O$_{12}$) after both irradiations")
    save(figure, path)


def print_table(columns, first_column="paper"):
    """One row per feature, one column per calculation, the differences from the paper for the best match."""
    names = list(columns)
    print(f"{'':36}{first_column:>9}" + "".join(f"{name:>11}" for name in names) + f"{'difference':>12}")
    for key in next(iter(columns.values())):
        paper = PAPER.get(key)
        best = columns[BEST_MATCH if BEST_MATCH in columns else names[-1]][key]
        difference = f"{best - paper:+12.3g}" if paper is not None else ""
        stated = f"{paper:9.3g}" if paper is not None else f"{'':9}"
        print(f"{key:36}{stated}" + "".join(f"{columns[name][key]:11.4g}" for name in names) + difference)


def main(arguments=None):
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="double_cait_figure5.png")
    parser.add_argument("--quick", action="store_true", help="coarse cells, no refinement")
    options = parser.parse_args(arguments)
    cell = 1.0 if options.quick else None
    results = {coefficient: run(coefficient, cell) for coefficient in COEFFICIENTS}
    draw(results, options.output)
    print("D_Cs / (m^2/s) in the columns; the difference is that of", BEST_MATCH)
    print_table({coefficient: features(result) for coefficient, result in results.items()})
    print(REMARKS)
    if not options.quick:
        print(f"Refinement of the cells, D_Cs = {BEST_MATCH} m^2/s")
        print_table({f"{size} nm": features(run(BEST_MATCH, size)) for size in (0.4, 0.2, 0.1)})
    print(f"\nwritten: {options.output}")


if __name__ == "__main__":
    main()
