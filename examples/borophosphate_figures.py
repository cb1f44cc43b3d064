"""Figures 4 to 10 of Bosi & Maass 2021 for three series of glasses, a table of comparisons, and what lies behind them.

    python examples/borophosphate_figures.py --folder figures          # some minutes
    python examples/borophosphate_figures.py --folder figures --quick  # small lattices, to see that it works

The paper's experiments are not in the shipped data: other glasses of the same compositions take their place. Numbers of
the paper are those that its text states; where it shows a curve only, the table has a dash.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray

import ionscape as isc
from ionscape.figures import (
    activation_energies,
    arrhenius_plot,
    conductivities,
    critical_path_figure,
    current_map,
    save,
)
from ionscape.hopping import conductivity, critical_path, current_distribution, generate_landscape
from ionscape.series import Series, SeriesResult, parse_series, run_series

EXAMPLES = Path(__file__).parent
FILES = {
    "Li 0.33": "li-borophosphate-series.toml",
    "Na 0.35": "na-35-borophosphate-series.toml",
    "Na 0.40": "na-40-borophosphate-series.toml",
}
SMALLER = {"lattice = 100": "lattice = 20", "landscapes = 20": "landscapes = 2",
           "lattice = 35": "lattice = 12", "landscapes = 30": "landscapes = 2"}  # fmt: skip
OTHER_SODIUM = {'"0.76 eV"': '"0.73 eV"', "noise = 0.30": "noise = 0.32"}  # dashed line of Fig. 6
PAPER = {  # largest relative deviations of E_a and of the conductivity, attempt frequency for all x and for each [Hz]
    "Li 0.33": ("0.4 %", "15 %", "4e14", "1e15..1e14"),
    "Na 0.35": ("0.5 %", "16 %", "-", "-"),
    "Na 0.40": ("0.5 %", "22 %", "-", "1e14..1e15"),
}
ARRHENIUS = {0.2: 5e14, 0.4: 1.5e14}  # x and attempt frequency [Hz] of Fig. 7
ARRHENIUS_DEVIATION = "23 %"  # of the conductivities there
ARRHENIUS_CHANGES = {
    "{ from = 0.0, to = 1.0, step = 0.1 }": str(list(ARRHENIUS)),
    '["20 degC", "100 degC", "150 degC"]': str([f"{kelvin} K" for kelvin in range(303, 564, 20)]).replace("'", '"'),
}
GLASS = "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)"
ROOM = 293.15  # K


def load(name: str, *, quick: bool, changes: dict[str, str] | None = None) -> Series:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    for old, new in ((changes or {}) | (SMALLER if quick else {})).items():
        text = text.replace(old, new)
    return parse_series(text, file=name, folder=EXAMPLES)


def with_frequencies(result: SeriesResult) -> SeriesResult:
    """The glasses of Fig. 7, each with its attempt frequency, to which a conductivity is proportional."""
    data = result.dataset
    factor = xarray.DataArray(list(ARRHENIUS.values()), dims="x") / data["attempt_frequency"]
    changed = {name: data[name] * factor for name in ("conductivity", "conductivity_error", "attempt_frequency")}
    return SeriesResult(dataset=data.assign(changed))


def draw(results: dict[str, SeriesResult], other: SeriesResult, arrhenius: SeriesResult, folder: Path) -> None:
    lithium, sodium, rich = results.values()
    figures = {
        4: activation_energies(lithium), 5: conductivities(lithium),
        6: activation_energies(sodium), 7: arrhenius_plot(arrhenius), 8: conductivities(sodium),
        9: activation_energies(rich), 10: conductivities(rich),
    }  # fmt: skip
    axes = figures[6].axes[0]
    data = other.dataset
    axes.plot(data["x"], data["activation_energy"], "--", color="black", lw=1.2, label="0.73 eV, 0.32")
    (legend,) = figures[6].legends
    legend.remove()
    figures[6].legend(fontsize=8, frameon=False, loc="outside right upper")
    for number, figure in figures.items():
        save(figure, folder / f"figure-{number}.png")


def largest_error(result: SeriesResult, name: str) -> str:
    data = result.dataset
    return f"{100 * float((data[f'{name}_error'] / data[name]).max()):.2g} %"


def compare(results: dict[str, SeriesResult], arrhenius: SeriesResult) -> None:
    print(f"{'series':8} {'quantity':46} {'paper':>10} {'here':>10} {'experiment':>11}")
    for name, result in results.items():
        data = result.dataset
        energy = data["activation_energy"]
        paper = PAPER[name]
        fitted = data["fitted_attempt_frequency"].dropna("x").sortby("x").values
        shown = f"{fitted[0]:.0e}..{fitted[-1]:.0e}".replace("e+", "e") if fitted.size else "-"
        common = f"{float(data['common_attempt_frequency']):.1e}".replace("e+", "e")
        rows = [
            ("largest relative error of the mean E_a", paper[0], largest_error(result, "activation_energy"), "-"),
            ("largest relative error of the mean σ", paper[1], largest_error(result, "conductivity"), "-"),
            ("attempt frequency for all x / Hz", paper[2], common, "-"),
            ("attempt frequency, least to largest x / Hz", paper[3], shown, "-"),
        ]
        if name == "Na 0.35":
            error = largest_error(arrhenius, "conductivity")
            rows.append(("largest relative error of σ, 303 to 563 K", ARRHENIUS_DEVIATION, error, "-"))
            for x, frequency in ARRHENIUS.items():
                rows.append(
                    (f"attempt frequency of Fig. 7, x = {x} / Hz", f"{frequency:.2g}".replace("e+", "e"), "given", "-")
                )
        for x in (0.0, 1.0):
            near = np.abs(data["measured_x"].values - x) < 0.03
            measured = data["measured_activation_energy"].values[near]
            measured = measured[np.isfinite(measured)]
            shown = f"{np.median(measured):.2f} ({measured.size})" if measured.size else "-"
            rows.append((f"E_a / eV at x = {x:g}; median (number)", "-", f"{float(energy.sel(x=x)):.3f}", shown))
            point = data["measured_temperature"].values == ROOM
            at = near[data["measured_point_glass"].values] & point
            values = np.log10(data["measured_conductivity"].values[at] / 100.0)
            shown = f"{np.median(values):.2f} ({values.size})" if values.size else "-"
            here = float(data["log10_conductivity"].sel(x=x, temperature=ROOM, method="nearest")) - 2.0
            rows.append((f"log10 σ(20 °C) / (S/cm) at x = {x:g}", "-", f"{here:.2f}", shown))
        slope = float(np.abs(data["arrhenius_energy"] / energy - 1.0).max())
        rows.append(("Arrhenius slope against E_a, largest difference", "-", f"{100 * slope:.1f} %", "-"))
        for quantity, *cells in rows:
            print(f"{name:8} {quantity:46} {cells[0]:>10} {cells[1]:>10} {cells[2]:>11}")


def extrapolate(lattices: Sequence[int], landscapes: int) -> None:
    """Mean conductivity against the lattice, and its limit: log10 σ linear in 1/N for the three largest lattices."""
    means = []
    for lattice in lattices:
        values = [
            float(
                conductivity(generate_landscape(GLASS, lattice=lattice, rng=number), temperature=ROOM)["conductivity"]
            )
            for number in range(landscapes)
        ]
        means.append(np.log10(np.mean(values)) - 2.0)
        print(f"{GLASS}, {lattice}³ sites: log10 σ(20 °C) / (S/cm) {means[-1]:.2f}")
    slope, limit = np.polyfit(1.0 / np.array(lattices[-3:]), means[-3:], 1)
    print(f"extrapolated to infinite lattices: {limit:.2f} (slope {slope:.1f} per 1/N)")


def draw_ways(lattice: int, folder: Path) -> None:
    """Where the current flows, and the path whose highest barrier is the activation energy."""
    landscape = generate_landscape(GLASS, lattice=lattice, rng=1)
    save(current_map(current_distribution(landscape, temperature=ROOM)), folder / "current.png")
    save(critical_path_figure(critical_path(landscape)), folder / "critical_path.png")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("figures"), help="where the figures go")
    parser.add_argument("--quick", action="store_true", help="small lattices")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    how = {"scheduler": "serial"} if options.quick else {"store": options.folder / "landscapes.runs"}
    results = {name: run_series(load(file, quick=options.quick), **how) for name, file in FILES.items()}
    other = run_series(load(FILES["Na 0.35"], quick=options.quick, changes=OTHER_SODIUM), **how)
    arrhenius = with_frequencies(
        run_series(load(FILES["Na 0.35"], quick=options.quick, changes=ARRHENIUS_CHANGES), **how)
    )
    draw(results, other, arrhenius, options.folder)
    compare(results, arrhenius)
    extrapolate((8, 12, 16) if options.quick else (20, 35, 50, 70, 100), 2 if options.quick else 8)
    draw_ways(20 if options.quick else 100, options.folder)
    print(f"ionscape {isc.__version__}: figures in {options.folder}")


if __name__ == "__main__":
    main()
