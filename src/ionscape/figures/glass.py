"""Network former units of a glass and the site energies that follow from them, as Bosi 2021, Figs. 1 to 3.

Borate units are blue, phosphate units red to yellow; the darker, the more charge they carry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.figures.series_values import colour_of_map
from ionscape.figures.style import LineStyle, ion_styles, new_figure, shade, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ionscape.glass import Glass, NetworkFormerUnits
    from ionscape.hopping import Landscape

LEAST_FRACTION = 1e-6  # of a unit that is drawn
LEAST_SHARE = 0.02  # of the sites with a counter charge that gets a line of its own
LEAST_TAIL = 2e-4  # of the sites on either side that are not shown
CHARGE_STEP = 0.5
BINS = 80

UNIT_STYLES: dict[str, tuple[str, LineStyle]] = {
    "B4": ("#0B3C8C", "solid"),
    "B3": ("#8AB8E6", (0, (5, 1.5))),
    "B2": ("#2E7EBF", (0, (1, 1))),
    "P4": ("#7A0177", (0, (3, 1, 1, 1, 1, 1))),
    "P3": ("#F2B84B", (0, (5, 1.5))),
    "P2": ("#E07B1A", "solid"),
    "P1": ("#B8330E", (0, (6, 1.5, 1, 1.5))),
    "P0": ("#6B0F0F", (0, (1, 1))),
}
_ORDER = ("B4", "B3", "B2", "P4", "P3", "P2", "P1", "P0")


def draw_units(axes: Axes, glass: Glass) -> None:
    """Draw the fractions of network former units as bars, each with the charge of its kind."""
    from ionscape.glass import UNIT_KINDS

    kinds = {kind.name: kind for kind in UNIT_KINDS}
    present = [name for name in _ORDER if glass.units[name] > LEAST_FRACTION]
    heights = [glass.units[name] for name in present]
    bars = axes.bar(range(len(present)), heights, color=[UNIT_STYLES[name][0] for name in present], width=0.7)
    axes.bar_label(bars, labels=[_percent(height) for height in heights], padding=2, fontsize=9)
    axes.set_xticks(range(len(present)), [f"{kinds[name].symbol}\n{_charge(kinds[name].charge)}" for name in present])
    axes.set_ylim(0.0, 1.15 * max(heights))
    axes.set_xlim(-0.6, max(len(present), 3) - 0.4)
    tidy(axes, horizontal="network former unit and its charge", vertical="units per network former cation")


def draw_density_of_states(axes: Axes, landscape: Landscape) -> None:
    """Draw the density of states per accessible site, the occupied part filled, with the Fermi energy.

    Thin lines are the parts of the sites whose counter charge is nearest to the multiple of a half that the legend
    beside the panel gives, the darker the more negative: single charges are too many to be told apart.
    """
    energies = landscape.energies[landscape.accessible] / ELECTRON_VOLT
    charges = landscape.counter_charge[landscape.accessible]
    fermi = landscape.fermi_energy / ELECTRON_VOLT
    lowest, highest = (float(value) for value in np.quantile(energies, (LEAST_TAIL, 1.0 - LEAST_TAIL)))
    edges = np.linspace(lowest, highest, BINS + 1)
    energy, width = 0.5 * (edges[1:] + edges[:-1]), (highest - lowest) / BINS
    density = np.histogram(energies, edges)[0] / (len(energies) * width)
    alkali = landscape.glass.composition.alkali
    colour = ion_styles([alkali])[alkali].colour
    # The Fermi energy lies within an interval of the histogram; the fill ends there and not at the interval's middle.
    grid = np.sort(np.append(energy, fermi))
    heights = np.interp(grid, energy, density)
    axes.fill_between(grid, heights, where=list(grid <= fermi), color=shade(colour, 0.3), lw=0, label="occupied")
    axes.fill_between(grid, heights, where=list(grid >= fermi), color=shade("#7F7F7F", 0.3), lw=0, label="vacant")
    axes.plot(energy, density, color="black", lw=1.3)
    axes.axvline(fermi, color="black", lw=0.9, ls="dashed", label=rf"$E_\mathrm{{F}}$ = {_minus(f'{fermi:.3f}')} eV")
    steps = np.round(charges / CHARGE_STEP).astype(int)
    drawn = [step for step in np.unique(steps) if np.count_nonzero(steps == step) >= LEAST_SHARE * len(energies)]
    for place, step in enumerate(drawn):
        part = np.histogram(energies[steps == step], edges)[0] / (len(energies) * width)
        tone = colour_of_map("viridis", 0.85 * place / max(len(drawn) - 1, 1))
        axes.plot(energy, part, color=tone, lw=1.0, label=f"Q ≈ {_minus(f'{step * CHARGE_STEP:g}')}")
    axes.set_ylim(0.0, 1.05 * float(density.max()))
    tidy(
        axes,
        horizontal=r"site energy $\varepsilon$ / eV",
        vertical=r"density of states per accessible site / eV$^{-1}$",
    )
    axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, borderaxespad=0.0)


def draw_units_against_mixing_ratio(
    axes: Axes,
    alkali: str,
    alkali_oxide_fraction: float,
    *,
    units_of: Callable[[float], NetworkFormerUnits] | None = None,
    points: int = 401,
) -> None:
    """Draw the units over x into `axes`; see `units_against_mixing_ratio`."""
    from ionscape.glass import Composition, network_former_units

    def of_model(borate: float) -> NetworkFormerUnits:
        return network_former_units(
            Composition(alkali=alkali, alkali_oxide_fraction=alkali_oxide_fraction, borate_fraction=borate)
        )

    borate, table = _units_table(units_of or of_model, points)
    for name in _ORDER:
        fractions = table[name]
        present = np.nan_to_num(fractions) > LEAST_FRACTION
        if not present.any():
            continue
        # A line begins and ends on the axis, but does not run along it.
        near = present | np.append(present[1:], False) | np.append(False, present[:-1])
        colour, line = UNIT_STYLES[name]
        axes.plot(borate, np.where(near, fractions, np.nan), color=colour, ls=line, lw=1.8, label=_symbol(name))
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(bottom=0.0)
    tidy(axes, horizontal="$x$ = B / (B + P)", vertical="units per network former cation")
    axes.legend(fontsize=10, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, borderaxespad=0.0)


def units_against_mixing_ratio(
    alkali: str,
    alkali_oxide_fraction: float,
    *,
    units_of: Callable[[float], NetworkFormerUnits] | None = None,
    points: int = 401,
) -> Figure:
    """Draw the fractions of network former units over the borate fraction x at a constant alkali oxide fraction.

    Args:
        alkali: symbol of the alkali ion.
        alkali_oxide_fraction: y.
        units_of: the units at x, for other parameters or measured units; those of the model without it. Where it
            raises `InputError`, as for a charge that cannot be carried, there is a gap.
        points: number of x from 0 to 1.

    Raises:
        InputError: the composition is not valid, or there are no units at any x.
    """
    from ionscape.glass import Composition

    Composition(alkali=alkali, alkali_oxide_fraction=alkali_oxide_fraction, borate_fraction=0.0)
    figure = new_figure(6.2, 4.2)
    axes = figure.subplots()
    draw_units_against_mixing_ratio(axes, alkali, alkali_oxide_fraction, units_of=units_of, points=points)
    y = alkali_oxide_fraction
    axes.set_title(f"{y:.4g} {_subscripts(alkali + '2O')} – {1 - y:.4g} [x B₂O₃ – (1−x) P₂O₅]", fontsize=10)
    return figure


def glass_overview(glass: Glass, landscape: Landscape | None = None) -> Figure:
    """Draw the network former units of a glass and, beside them, the density of states of a landscape.

    Args:
        glass: the glass.
        landscape: one of its landscapes; without it there are the units only.
    """
    figure = new_figure(10.8 if landscape is not None else 5.2, 4.0)
    if landscape is None:
        draw_units(figure.subplots(), glass)
    else:
        left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.25))
        draw_units(left, glass)
        draw_density_of_states(right, landscape)
    figure.suptitle(_subscripts(glass.composition.formula), fontsize=11)
    return figure


def _units_table(
    units_of: Callable[[float], NetworkFormerUnits], points: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The x and the fractions of each kind, NaN where there are none."""
    borate = np.linspace(0.0, 1.0, points)
    table = {name: np.full(points, np.nan) for name in _ORDER}
    refusal: InputError | None = None
    for number, value in enumerate(borate):
        try:
            units = units_of(float(value))
        except InputError as error:
            refusal = error
            continue
        for name in _ORDER:
            table[name][number] = units[name]
    if refusal is not None and np.isnan(table["B4"]).all():
        raise refusal
    return borate, table


def _symbol(name: str) -> str:
    from ionscape.glass import UNIT_KINDS

    return next(kind.symbol for kind in UNIT_KINDS if kind.name == name)


def _charge(charge: int) -> str:
    return "0" if charge == 0 else _minus(f"{charge:+d}")


def _minus(number: str) -> str:
    """A number with a minus sign instead of a hyphen."""
    return number.replace("-", "\N{MINUS SIGN}")


def _percent(fraction: float) -> str:
    return f"{100.0 * fraction:.1f} %"


def _subscripts(formula: str) -> str:
    """Digits behind a letter as subscripts."""
    digits = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    shown = ""
    for before, letter in zip(" " + formula, formula, strict=False):
        shown += letter.translate(digits) if before.isalpha() and letter.isdigit() else letter
    return shown
