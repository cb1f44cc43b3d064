"""Network former units of a glass and the site energies that follow from them, as Bosi 2021, Figs. 1 to 3.

Borate units are blue, phosphate units red to yellow, silicate units green; the darker, the more charge they carry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError

from .axes import BORATE_FRACTION, MIXING_RATIO
from .lettering import lowered_digits, with_minus
from .plot import Axis, Curve, Mark, Panel, Plot, area
from .render_matplotlib import Drawing
from .style import LineStyle, colour_of_map, ion_styles

if TYPE_CHECKING:
    from ionscape.glass import Glass, NetworkFormerUnits, UnitKind
    from ionscape.hopping import Landscape
    from ionscape.series import Series

LEAST_FRACTION = 1e-6  # of a unit that is drawn
LEAST_SHARE = 0.02  # of the sites with a counter charge that gets a line of its own
LEAST_TAIL = 2e-4  # of the sites on either side that are not shown
CHARGE_STEP = 0.5
BINS = 80
UNITS_AXIS = Axis(label="units per network former cation", limits=(0.0, None))

UNIT_STYLES: dict[str, tuple[str, LineStyle]] = {
    "B4": ("#0B3C8C", "solid"),
    "B3": ("#8AB8E6", (0, (5, 1.5))),
    "B2": ("#2E7EBF", (0, (1, 1))),
    "B1": ("#17BECF", (0, (3, 1, 1, 1))),
    "P4": ("#7A0177", (0, (3, 1, 1, 1, 1, 1))),
    "P3": ("#F2B84B", (0, (5, 1.5))),
    "P2": ("#E07B1A", "solid"),
    "P1": ("#B8330E", (0, (6, 1.5, 1, 1.5))),
    "P0": ("#6B0F0F", (0, (1, 1))),
    "Q4": ("#A6D96A", (0, (5, 1.5))),
    "Q3": ("#4DAF4A", "solid"),
    "Q2": ("#1B7837", (0, (6, 1.5, 1, 1.5))),
    "Q1": ("#00441B", (0, (3, 1, 1, 1, 1, 1))),
    "Q0": ("#526B2D", (0, (1, 1))),
}
_ORDER = tuple(UNIT_STYLES)
OWN_COLOURS = ("#555555", "#9C7A5B", "#8A5BA6", "#A65B73")
"""Of units without a name of the package's own, in their order."""


def unit_style(name: str, kinds: Sequence[UnitKind]) -> tuple[str, LineStyle]:
    """Colour and line of a kind of units among those of a glass."""
    if name in UNIT_STYLES:
        return UNIT_STYLES[name]
    own = [kind.name for kind in kinds if kind.name not in UNIT_STYLES]
    return OWN_COLOURS[own.index(name) % len(OWN_COLOURS)], (0, (4, 1.5))


def _in_order(kinds: Sequence[UnitKind]) -> list[UnitKind]:
    """As they are drawn: borate, phosphate, silicate, others."""
    place = {name: number for number, name in enumerate(_ORDER)}
    return sorted(kinds, key=lambda kind: place.get(kind.name, len(place)))


def units_panel(glass: Glass) -> Panel:
    """The fractions of network former units as bars, each with the charge of its kind."""
    units = glass.units
    present = [kind for kind in _in_order(units.kinds) if units[kind.name] > LEAST_FRACTION]
    bars = [
        Curve(name=kind.symbol, x=np.array([float(place)]), y=np.array([units[kind.name]]), kind="bars",
              colour=unit_style(kind.name, units.kinds)[0], notes=(f"{100.0 * units[kind.name]:.1f} %",), legend=False)
        for place, kind in enumerate(present)
    ]  # fmt: skip
    ticks = tuple(f"{kind.symbol}\n{_charge(kind.charge)}" for kind in present)
    return Panel(
        horizontal=Axis(label="network former unit and its charge", ticks=ticks,
                        limits=(-0.6, max(len(present), 3) - 0.4)),
        vertical=replace(UNITS_AXIS, limits=(0.0, 1.15 * max(units[kind.name] for kind in present))),
        curves=tuple(bars), legend="",
    )  # fmt: skip


def density_of_states_panel(landscape: Landscape) -> Panel:
    """The density of states per accessible site, the occupied part filled, with the Fermi energy.

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
    # The Fermi energy lies within an interval of the histogram; the fill ends there and not at the interval's middle.
    grid = np.sort(np.append(energy, fermi))
    heights = np.interp(grid, energy, density)
    parts = (("occupied", grid <= fermi, ion_styles([alkali])[alkali].colour), ("vacant", grid >= fermi, "#7F7F7F"))
    curves = [area(name, grid[inside], heights[inside], colour=colour, strength=0.3) for name, inside, colour in parts]
    curves.append(Curve(name="all", x=energy, y=density, colour="black", thickness=1.3, legend=False))
    steps = np.round(charges / CHARGE_STEP).astype(int)
    drawn = [step for step in np.unique(steps) if np.count_nonzero(steps == step) >= LEAST_SHARE * len(energies)]
    for place, step in enumerate(drawn):
        part = np.histogram(energies[steps == step], edges)[0] / (len(energies) * width)
        tone = colour_of_map("viridis", 0.85 * place / max(len(drawn) - 1, 1))
        name = f"Q ≈ {with_minus(f'{step * CHARGE_STEP:g}')}"
        curves.append(Curve(name=name, x=energy, y=part, colour=tone, thickness=1.0))
    mark = Mark(value=fermi, name=f"= {with_minus(f'{fermi:.3f}')} eV", symbol="E_F", colour="black", thickness=0.9,
                legend=True)  # fmt: skip
    return Panel(
        horizontal=Axis(label="site energy", symbol="ε", unit="eV", limits=(lowest, highest)),
        vertical=Axis(label="density of states per accessible site", unit="eV⁻¹",
                      limits=(0.0, 1.05 * float(density.max()))),
        curves=tuple(curves), marks=(mark,), legend="beside",
    )  # fmt: skip


def mixing_panel(
    alkali: str,
    alkali_oxide_fraction: float,
    *,
    units_of: Callable[[float], NetworkFormerUnits] | None = None,
    points: int = 401,
) -> Panel:
    """The units over x; see `units_against_mixing_ratio`."""
    from ionscape.glass import Composition, network_former_units

    def of_model(borate: float) -> NetworkFormerUnits:
        return network_former_units(
            Composition(alkali=alkali, alkali_oxide_fraction=alkali_oxide_fraction, borate_fraction=borate)
        )

    y = alkali_oxide_fraction
    title = f"{y:.4g} {lowered_digits(alkali + '2O')} – {1 - y:.4g} [x B₂O₃ – (1−x) P₂O₅]"
    return _panel_over_ratio(units_of or of_model, points, title=title, horizontal=BORATE_FRACTION)


def _panel_over_ratio(
    units_of: Callable[[float], NetworkFormerUnits], points: int, *, title: str, horizontal: Axis
) -> Panel:
    ratio, kinds, table = _units_table(units_of, points)
    curves: list[Curve] = []
    for kind in _in_order(kinds):
        fractions = table[kind.name]
        present = np.nan_to_num(fractions) > LEAST_FRACTION
        if not present.any():
            continue
        # A line begins and ends on the axis, but does not run along it.
        near = present | np.append(present[1:], False) | np.append(False, present[:-1])
        colour, line = unit_style(kind.name, kinds)
        shown = np.where(near, fractions, np.nan)
        curves.append(Curve(name=kind.symbol, x=ratio, y=shown, colour=colour, line=line))
    return Panel(
        title=title, legend="beside", horizontal=replace(horizontal, limits=(0.0, 1.0)), vertical=UNITS_AXIS,
        curves=tuple(curves),
    )  # fmt: skip


@Drawing
def units_against_mixing_ratio(
    alkali: str,
    alkali_oxide_fraction: float,
    *,
    units_of: Callable[[float], NetworkFormerUnits] | None = None,
    points: int = 401,
) -> Plot:
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
    panel = mixing_panel(alkali, alkali_oxide_fraction, units_of=units_of, points=points)
    return Plot(name="network-former-units", panels=(panel,), size=(6.2, 4.2))


def series_units(series: Series) -> Plot:
    """The units over the mixing ratio with the parameters or measured units of a series, its glasses marked."""
    from ionscape.series.glass_settings import GlassTable

    def units_of(ratio: float) -> NetworkFormerUnits:
        return series.maker.glass(ratio).units

    composition, table = series.glasses[0].composition, series.settings.glass
    if isinstance(table, GlassTable):
        panel = mixing_panel(composition.alkali, composition.alkali_oxide_fraction, units_of=units_of, points=201)
    elif table.other_formula is None:
        return Plot(name="network-former-units", panels=(units_panel(series.glasses[0]),), size=(6.2, 4.2))
    else:
        panel = _panel_over_ratio(units_of, 201, title=lowered_digits(table.in_words), horizontal=MIXING_RATIO)
    names = {kind.symbol: kind.name for glass in series.glasses for kind in glass.units.kinds}
    points: list[Curve] = []
    for curve in panel.curves:
        name = names.get(str(curve.name), "")
        fractions = np.array([glass.units.fractions.get(name, 0.0) for glass in series.glasses])
        there = fractions > LEAST_FRACTION
        points.append(replace(curve, name=f"{curve.name} of the series", x=np.array(series.mixing_ratios)[there],
                              y=fractions[there], kind="points", legend=False))  # fmt: skip
    return Plot(name="network-former-units", panels=(replace(panel, curves=(*points, *panel.curves)),), size=(6.2, 4.2))


@Drawing
def glass_overview(glass: Glass, landscape: Landscape | None = None) -> Plot:
    """Draw the network former units of a glass and, beside them, the density of states of a landscape.

    Args:
        glass: the glass.
        landscape: one of its landscapes; without it there are the units only.
    """
    panels = (units_panel(glass), *(() if landscape is None else (density_of_states_panel(landscape),)))
    return Plot(
        name="glass", title=lowered_digits(glass.composition.formula), panels=panels,
        layout=(tuple(range(len(panels))),), widths=(1.0, 1.25)[: len(panels)],
        size=(5.2 if landscape is None else 10.8, 4.0),
    )  # fmt: skip


def _units_table(
    units_of: Callable[[float], NetworkFormerUnits], points: int
) -> tuple[np.ndarray, list[UnitKind], dict[str, np.ndarray]]:
    """The ratios, all kinds that occur, and the fractions of each, NaN where there are no units."""
    ratios = np.linspace(0.0, 1.0, points)
    found: list[NetworkFormerUnits | None] = []
    refusal: InputError | None = None
    for value in ratios:
        try:
            found.append(units_of(float(value)))
        except InputError as error:
            refusal = error
            found.append(None)
    kinds = list({kind.name: kind for units in found if units is not None for kind in units.kinds}.values())
    if refusal is not None and not kinds:
        raise refusal
    table = {
        kind.name: np.array([np.nan if units is None else units.fractions.get(kind.name, 0.0) for units in found])
        for kind in kinds
    }
    return ratios, kinds, table


def _charge(charge: int) -> str:
    return "0" if charge == 0 else with_minus(f"{charge:+d}")
