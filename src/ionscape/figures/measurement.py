"""Raw counts, crater scans and calibrated densities of a measurement (as Gunawan 2024 ESI, Figs. S1 to S4)."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .axes import DENSITY, DEPTH, MICROMETRE, NANOMETRE, PER_CUBIC_NANOMETRE, SPUTTER_TIME
from .lettering import plain_formula, power_of_ten, wrapped
from .plot import ZERO_LINE, Axis, Curve, Label, Panel, Plot, Region, SecondAxis, entry, grid_layout
from .render_matplotlib import Drawing
from .style import IonStyle, axis_unit, ion_styles

if TYPE_CHECKING:
    from ionscape.arrays import FloatArray
    from ionscape.profiling import CraterDepth, DepthProfile, RawProfile
    from ionscape.profiling.crater import StepHeight
    from ionscape.profiling.crater_scan import CraterScan

CALIBRATION_COLOUR = "#009E73"
BULK_COLOUR = "#0072B2"
SURFACE_COLOUR = "#D55E00"
FIT_COLOUR = "#CC79A7"
FEW_CHANNELS = 8  # up to which colours tell the elements and dashes the isotopes
LONGEST_INNER_LEGEND = 6
LONGEST_COLUMN = 4  # of panels with crater scans
FILE_WIDTH = 34
ROOM_FOR_NAMES = 0.18
"""Part of the height of a crater scan that is left free above it."""
DARK, LIGHT = 0.35, 0.18  # strength of the bands: statistical, between the normalisations
ISOTOPE_LINES = ("solid", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)))


@Drawing
def raw_counts(profile: DepthProfile) -> Plot:
    """Draw the counts of every channel over sputter time, with the depth on the upper axis."""
    data = profile.dataset
    depth, timed = data["depth"].values / NANOMETRE, "sputter_time" in data
    panel = counts_panel(profile, over="time" if timed else "depth")
    if timed and np.isfinite(data.attrs["sputter_rate"]):
        panel = replace(panel, upper=SecondAxis(axis=DEPTH, at=data["sputter_time"].values, values=depth))
    outside = data.sizes["channel"] > LONGEST_INNER_LEGEND
    return Plot(
        name="counts", title=wrapped(data.attrs["title"]),
        panels=(replace(panel, legend="" if outside else "inside"),), legend="right" if outside else "",
        size=(8.2 if outside else 7.0, 4.4),
    )  # fmt: skip


def counts_panel(profile: DepthProfile, *, over: str = "depth", regions: bool = False) -> Panel:
    """Counts of every channel of a calibrated measurement, points limited by the dead time marked.

    Args:
        profile: a calibrated measurement.
        over: "depth" or "time", along the abscissa.
        regions: draw its regions (`bulk`, `calibration`, `fit`), to be dragged.
    """
    from ionscape.profiling.counting import dead_time_limited

    data = profile.dataset
    names, counts = [str(name) for name in data["channel"].values], data["channel_counts"].values
    if profile.is_stated:
        depth = data["depth"].values / NANOMETRE
        panel = _counts(names, depth, counts, replace(DEPTH, limits=(0.0, float(depth[-1]))))
        return replace(panel, vertical=Axis(label="as in the table", unit=_stated_unit(profile), limits=(0.0, None)))
    pulses = int(data.attrs["pulses_per_point"])
    limited = np.asarray(dead_time_limited(counts, pulses if pulses > 0 else None), dtype=bool)
    x = data["sputter_time"].values if over == "time" else data["depth"].values / NANOMETRE
    saturated: list[Curve] = []
    for place, (name, style) in enumerate(zip(names, channel_styles(names), strict=True)):
        where = limited[:, place]
        if where.any():
            saturated.append(Curve(name=f"{plain_formula(name)} saturated", x=x[where], y=counts[where, place],
                                   kind="points", marker="v", colour=style.colour, thickness=2.2))  # fmt: skip
    horizontal = replace(SPUTTER_TIME if over == "time" else DEPTH, limits=(0.0, float(x[-1])))
    return _counts(names, x, counts, horizontal, further=saturated, regions=_regions(profile) if regions else ())


def raw_counts_panel(raw: RawProfile) -> Panel:
    """Counts of the ions of an export over sputter time (or depth)."""
    names = [channel.name for channel in raw.channels if channel.kind == "ion"]
    x, axis = (raw.sputter_time, SPUTTER_TIME) if raw.sputter_time is not None else (raw.depth, DEPTH)
    assert x is not None
    counts = np.stack([raw.counts(name) for name in names], axis=1)
    return replace(_counts(names, x / axis.size, counts, axis), title=Path(raw.file).name)


def _counts(
    names: Sequence[str], x: FloatArray, counts: FloatArray, horizontal: Axis, *, further: Sequence[Curve] = (),
    regions: Sequence[Region] = (),
) -> Panel:  # fmt: skip
    curves = [
        Curve(name=plain_formula(name), x=x, y=np.where(counts[:, place] > 0.0, counts[:, place], np.nan),
              colour=style.colour, line=style.line, thickness=1.1)
        for place, (name, style) in enumerate(zip(names, channel_styles(names), strict=True))
    ]  # fmt: skip
    vertical = Axis(label="counts per data point", log=True)
    return Panel(horizontal=horizontal, vertical=vertical, curves=(*curves, *further), regions=tuple(regions))


def channel_styles(names: Sequence[str]) -> list[IonStyle]:
    """Colour and dashes of each channel.

    Up to eight channels have the colour of their element, as ions have in all figures, and dashes by isotope; more of
    them have twenty colours in turn.
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    from ionscape.profiling.isotopes import ISOTOPES
    from ionscape.profiling.species import parse_species

    if len(names) > FEW_CHANNELS:
        palette = colormaps["tab20"]
        # The dark colours first: the light ones follow them in the palette.
        order = [*range(0, 20, 2), *range(1, 20, 2)]
        return [
            IonStyle(colour=to_hex(palette(order[k % 20])), line=ISOTOPE_LINES[k // 20 % len(ISOTOPE_LINES)])
            for k in range(len(names))
        ]
    species = [parse_species(name) for name in names]
    owners = [(found.element if found else None) or name for name, found in zip(names, species, strict=True)]
    colours = ion_styles(dict.fromkeys(owners))
    abundance = [ISOTOPES[found.isotope].abundance if found and found.isotope else 1.0 for found in species]
    styles: list[IonStyle] = []
    for owner, share in zip(owners, abundance, strict=True):
        # The main isotope has the solid line.
        rank = sum(other == owner and larger > share for other, larger in zip(owners, abundance, strict=True))
        styles.append(IonStyle(colour=colours[owner].colour, line=ISOTOPE_LINES[rank % len(ISOTOPE_LINES)]))
    return styles


@Drawing
def calibrated_profile(profile: DepthProfile) -> Plot:
    """Draw the densities over depth with their 95 % intervals and band of normalisations; below, the charge balance."""
    data = profile.dataset
    total = profile.native_density
    upper = density_panel(profile)
    outside = sum(curve.legend for curve in upper.curves) > LONGEST_INNER_LEGEND
    title = f"{wrapped(data.attrs['title'])}\nmethod: {data.attrs['density_method']}"
    unity = Label(text=f" = {power_of_ten(total)} m⁻³", symbol="n_bulk", x=1.0, y=1.0, frame=("panel", "panel"),
                  anchor=("right", "bottom"), size=8.0)  # fmt: skip
    # the title stands above both panels
    balanced = bool(np.isfinite(data["balance"].values).any())
    upper = replace(upper, horizontal=replace(upper.horizontal, hidden=balanced), title="", labels=(unity,),
                    legend="" if outside else "inside")  # fmt: skip
    if not balanced:
        size = (8.8 if outside else 7.0, 4.6)
        legend = "right" if outside else ""
        return Plot(name="calibrated-profile", title=title, panels=(upper,), legend=legend, size=size)
    return Plot(
        name="calibrated-profile", title=title, panels=(upper, balance_panel(profile)), heights=(3.2, 1.0), share="x",
        legend="right" if outside else "", size=(8.8 if outside else 7.0, 6.0),
    )  # fmt: skip


def density_panel(profile: DepthProfile, *, regions: bool = True, normalised: bool = True) -> Panel:
    """Densities over depth with their 95 % intervals and the band of normalisations.

    Args:
        profile: a calibrated measurement.
        regions: draw its regions (`bulk`, `calibration`, `fit`), to be dragged.
        normalised: as fractions of the bulk density; otherwise per cubic nanometre.
    """
    data = profile.dataset
    depth = data["depth"].values / NANOMETRE
    total = profile.native_density if normalised else PER_CUBIC_NANOMETRE
    styles = ion_styles(profile.ions)

    measured = [np.isfinite(data["density"].values[:, place]) for place in range(len(profile.ions))]

    # means of intervals are steps
    ends = data["interval"].values / NANOMETRE if "interval" in data else depth[:, None]

    def of(name: str, place: int) -> FloatArray:
        return np.repeat(data[name].values[measured[place], place] / total, ends.shape[1])

    def at(place: int) -> FloatArray:
        return ends[measured[place]].ravel()

    bands = (
        ("density_systematic_lower", "density_systematic_upper", LIGHT, _systematic(profile)),
        ("density_lower_95", "density_upper_95", DARK, "95 %, statistical"),
    )
    bands = tuple(band for band in bands if band[-1])
    curves = [
        Curve(name=f"{ion}, {text}", x=at(place), y=of("density", place), lower=of(lower, place),
              upper=of(upper, place), kind="band", colour=styles[ion].colour, strength=strength, legend=False)
        for lower, upper, strength, text in bands
        for place, ion in enumerate(profile.ions)
    ]  # fmt: skip
    curves += [
        Curve(name=ion, x=at(place), y=of("density", place), colour=styles[ion].colour, thickness=1.3)
        for place, ion in enumerate(profile.ions)
    ]
    curves += [entry(text, kind="band", colour="black", strength=strength) for _, _, strength, text in reversed(bands)]
    lowest = min(0.0, float(np.nanmin(data["density_lower_95"].values)) / total)
    vertical = Axis(label="density", symbol="n/n_bulk") if normalised else DENSITY
    return Panel(
        title=f"densities, method {data.attrs['density_method']}", curves=tuple(curves),
        horizontal=replace(DEPTH, limits=(0.0, float(ends[-1, -1]))),
        vertical=replace(vertical, limits=(lowest, None)), regions=_regions(profile) if regions else (),
    )  # fmt: skip


def balance_panel(profile: DepthProfile) -> Panel:
    """What the charge balance misses before it is shared out, with the band of two standard deviations of noise."""
    data = profile.dataset
    depth = data["depth"].values / NANOMETRE
    balance, error = 100.0 * data["balance"].values, 200.0 * data["balance_error"].values
    if not np.isfinite(balance).any():
        unknown = Label(text="none: a native ion was not measured", x=0.5, y=0.5, frame=("panel", "panel"), size=8.0)
        return Panel(horizontal=replace(DEPTH, limits=(0.0, float(depth[-1]))), labels=(unknown,), legend="",
                     vertical=Axis(label="balance", unit="%", limits=(-1.0, 1.0)))  # fmt: skip
    low, high = (value / NANOMETRE for value in data.attrs["calibration_region"])
    reach = np.maximum(np.abs(balance), error)[(depth >= low) & (depth <= high)]
    limit = 1.3 * float(np.nanmax(reach)) if np.isfinite(reach).any() else 1.0
    largest = float(np.nanmax(np.abs(balance)))
    noise = Label(
        text="grey: ±2 σ of noise", x=1.0, y=0.95, frame=("panel", "panel"), anchor=("right", "top"), size=8.0
    )
    labels = [noise]
    if largest > limit:
        place = float(depth[int(np.nanargmax(np.abs(balance)))])
        text = f"cut off: up to {float(f'{largest:.2g}'):g} % at {place:.3g} nm"
        labels.append(Label(text=text, x=0.06, y=0.95, frame=("panel", "panel"), anchor=("left", "top"), size=8.0))
    return Panel(
        horizontal=replace(DEPTH, limits=(0.0, float(depth[-1]))), labels=tuple(labels),
        # room for the labels above the data
        vertical=Axis(label="balance", unit="%", limits=(-limit, 1.5 * limit)),
        marks=(ZERO_LINE,),
        curves=(
            Curve(name="±2 σ of noise", x=depth, y=np.zeros_like(depth), lower=-error, upper=error, kind="band",
                  colour="black", strength=0.15),
            Curve(name="balance", x=depth, y=balance, colour="black", thickness=0.7),
        ),
        legend="",
    )  # fmt: skip


@Drawing
def crater_scans(crater: CraterDepth) -> Plot:
    """Draw the levelled scans across the crater with the regions whose heights were compared."""
    scans = len(crater.steps)
    layout = grid_layout(scans, 1 if scans <= LONGEST_COLUMN else 2, downwards=True)
    columns, rows = len(layout[0]), len(layout)
    deepest = max(float(np.ptp(step.levelled.height)) for step in crater.steps)
    panels: list[Panel] = []
    for number, step in enumerate(crater.steps):
        panel = crater_panel(step, deepest=deepest)
        lowest = number % rows == rows - 1 or number == scans - 1
        panels.append(replace(panel, horizontal=replace(panel.horizontal, hidden=not lowest),
                              vertical=replace(panel.vertical, limits=(None, None)),
                              regions=tuple(replace(region, named=False) for region in panel.regions)))  # fmt: skip
    mean = f"{crater.depth / NANOMETRE:.2f} ± {crater.error / NANOMETRE:.2f} nm"
    return Plot(
        name="crater", title=f"crater depth {mean} (one standard deviation); surface orange, valley blue", share="x",
        panels=tuple(panels), layout=layout, size=(7.0 if columns == 1 else 9.0, 1.4 + 1.7 * rows),
    )  # fmt: skip


def crater_panel(scan: CraterScan | StepHeight, *, deepest: float | None = None) -> Panel:
    """One scan across the crater with the regions whose heights are compared.

    The regions are named `valley`, `surface 1`, `surface 2` and so on; an evaluated scan is drawn levelled.

    Args:
        scan: as measured, or evaluated.
        deepest: difference of heights that sets the unit [m]; None for that of the scan.
    """
    from ionscape.profiling.crater import StepHeight

    step = scan if isinstance(scan, StepHeight) else None
    shown = step.levelled if step is not None else scan
    assert not isinstance(shown, StepHeight)
    unit = axis_unit(float(np.ptp(shown.height)) if deepest is None else deepest, "length")
    low, high = float(shown.height.min()) / unit.size, float(shown.height.max()) / unit.size
    curve = Curve(name="height", x=shown.lateral / MICROMETRE, y=shown.height / unit.size, colour="#555555",
                  thickness=0.8)  # fmt: skip
    found: list[Region] = []
    if step is not None:
        found = [
            Region(name=f"surface {number}", start=start / MICROMETRE, end=end / MICROMETRE, colour=SURFACE_COLOUR)
            for number, (start, end) in enumerate(step.regions.surface, start=1)
        ]
        start, end = step.regions.valley
        found.append(Region(name="valley", start=start / MICROMETRE, end=end / MICROMETRE, colour=BULK_COLOUR))
    return Panel(
        title=textwrap.shorten(Path(shown.file).name, FILE_WIDTH, placeholder="…"), curves=(curve,),
        remark="" if step is None else f"{step.depth / NANOMETRE:.2f} ± {step.error / NANOMETRE:.2f} nm",
        horizontal=Axis(label="lateral position", unit="µm", size=MICROMETRE), regions=tuple(found),
        # room for the names of the regions above the curve
        vertical=Axis(label="height", unit=unit.unit, size=unit.size,
                      limits=(low - 0.05 * (high - low), high + ROOM_FOR_NAMES * (high - low))), legend="",
    )  # fmt: skip


def _systematic(profile: DepthProfile) -> str:
    """What the systematic band shows; nothing where there is none."""
    data = profile.dataset
    if profile.is_stated:
        return "95 %, scale" if np.any(data["sensitivity_factor_error"].values > 0.0) else ""
    return "between the normalisations" + (",\nmarker and constant rate" if data.attrs.get("marker") else "")


def _stated_unit(profile: DepthProfile) -> str:
    unit = json.loads(profile.dataset.attrs["concentrations"])["unit"]
    return "" if unit == "number density" else unit


def _regions(profile: DepthProfile) -> tuple[Region, ...]:
    attributes = profile.dataset.attrs
    colours = {"bulk": BULK_COLOUR, "calibration": CALIBRATION_COLOUR, "fit": FIT_COLOUR}
    return tuple(
        Region(name=name, start=float(attributes[f"{name}_region"][0]) / NANOMETRE, bar=True,
               end=float(attributes[f"{name}_region"][1]) / NANOMETRE, colour=colour)
        for name, colour in colours.items()
        # nothing was calibrated, and no bulk is looked for, in stated densities
        if not profile.is_stated or (name != "calibration" and len(set(attributes[f"{name}_region"])) > 1)
    )  # fmt: skip
