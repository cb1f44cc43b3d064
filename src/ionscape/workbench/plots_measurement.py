"""Plots of a measurement: counts, crater scans, calibrated densities and their charge balance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ionscape.figures.measurement import (
    BULK_COLOUR,
    CALIBRATION_COLOUR,
    DARK,
    LIGHT,
    NANOMETRE,
    SURFACE_COLOUR,
    channel_styles,
)
from ionscape.figures.style import axis_unit, ion_styles
from ionscape.workbench.drawing import Axis, Curve, Plot, Region, plain_formula

if TYPE_CHECKING:
    from ionscape.profiling import DepthProfile, RawProfile
    from ionscape.profiling.crater import StepHeight
    from ionscape.profiling.crater_scan import CraterScan

MICROMETRE = 1e-6
FIT_COLOUR = "#CC79A7"
ROOM_FOR_NAMES = 0.18
"""Part of the height of a crater scan that is left free above it."""


def raw_counts_plot(raw: RawProfile, channels: Sequence[str] | None = None) -> Plot:
    """Counts of the channels of an export over sputter time (or depth).

    Args:
        raw: what the instrument wrote.
        channels: names of those to draw; None for all ions.

    Raises:
        InputError: there is no such channel.
    """
    names = [channel.name for channel in raw.channels if channel.kind == "ion"] if channels is None else list(channels)
    timed = raw.sputter_time is not None
    x = raw.sputter_time if raw.sputter_time is not None else raw.depth
    assert x is not None
    curves = tuple(
        Curve(name=plain_formula(name), x=x / (1.0 if timed else NANOMETRE), y=raw.counts(name), colour=style.colour,
              line=style.line, thickness=1.2)
        for name, style in zip(names, channel_styles(names), strict=True)
    )  # fmt: skip
    horizontal = Axis(label="sputter time", unit="s") if timed else Axis(label="depth", unit="nm", size=NANOMETRE)
    return Plot(name="raw-counts", title=Path(raw.file).name, horizontal=horizontal,
                vertical=Axis(label="counts per data point", log=True), curves=curves)  # fmt: skip


def counts_plot(profile: DepthProfile, *, regions: bool = True) -> Plot:
    """Counts of every channel of a calibrated measurement over depth, points limited by the dead time marked.

    Args:
        profile: a calibrated measurement.
        regions: draw its regions, to be dragged.
    """
    from ionscape.profiling.counting import dead_time_limited

    data = profile.dataset
    names = [str(name) for name in data["channel"].values]
    depth, counts = data["depth"].values / NANOMETRE, data["channel_counts"].values
    pulses = int(data.attrs["pulses_per_point"])
    limited = np.asarray(dead_time_limited(counts, pulses if pulses > 0 else None), dtype=bool)
    curves: list[Curve] = []
    for place, (name, style) in enumerate(zip(names, channel_styles(names), strict=True)):
        curves.append(Curve(name=plain_formula(name), x=depth, y=counts[:, place], colour=style.colour,
                            line=style.line, thickness=1.2))  # fmt: skip
        saturated = limited[:, place]
        if saturated.any():
            curves.append(Curve(name=f"{plain_formula(name)} saturated", x=depth[saturated], kind="points",
                                y=counts[saturated, place], colour=style.colour))  # fmt: skip
    return Plot(
        name="counts", title="", horizontal=_depth_axis(depth), curves=tuple(curves),
        vertical=Axis(label="counts per data point", log=True), regions=_regions(profile) if regions else (),
    )  # fmt: skip


def crater_plot(scan: CraterScan | StepHeight, *, regions: bool = True) -> Plot:
    """One scan across the crater with the regions whose heights are compared.

    The regions are named `valley`, `surface 1`, `surface 2` and so on; an evaluated scan is drawn levelled.

    Args:
        scan: as measured, or evaluated.
        regions: draw the regions of an evaluated scan, to be dragged.
    """
    from ionscape.profiling.crater import StepHeight

    step = scan if isinstance(scan, StepHeight) else None
    shown = step.levelled if step is not None else scan
    assert not isinstance(shown, StepHeight)
    unit = axis_unit(float(np.ptp(shown.height)), "length")
    curve = Curve(name="height", x=shown.lateral / MICROMETRE, y=shown.height / unit.size, colour="#555555",
                  thickness=0.9)  # fmt: skip
    title = Path(shown.file).name
    found: list[Region] = []
    if step is not None:
        title += f": {step.depth / NANOMETRE:.2f} ± {step.error / NANOMETRE:.2f} nm (1 σ)"
        found = [
            Region(name=f"surface {number}", start=start / MICROMETRE, end=end / MICROMETRE, colour=SURFACE_COLOUR)
            for number, (start, end) in enumerate(step.regions.surface, start=1)
        ]
        valley = step.regions.valley
        found.append(Region(name="valley", start=valley[0] / MICROMETRE, end=valley[1] / MICROMETRE,
                            colour=BULK_COLOUR))  # fmt: skip
    low, high = float(shown.height.min()) / unit.size, float(shown.height.max()) / unit.size
    return Plot(
        name=f"crater-{Path(shown.file).stem}", title=title, curves=(curve,), regions=tuple(found) if regions else (),
        horizontal=Axis(label="lateral position", unit="µm", size=MICROMETRE),
        # room for the names of the regions above the curve
        vertical=Axis(label="height", unit=unit.unit, size=unit.size,
                      limits=(low - 0.05 * (high - low), high + ROOM_FOR_NAMES * (high - low))),
    )  # fmt: skip


def calibrated_plot(profile: DepthProfile, *, regions: bool = True, normalised: bool = True) -> Plot:
    """Densities over depth with their 95 % intervals and the band of normalisations.

    Args:
        profile: a calibrated measurement.
        regions: draw its regions (`bulk`, `calibration`, `fit`), to be dragged.
        normalised: as fractions of the bulk density; otherwise per cubic nanometre.
    """
    data = profile.dataset
    depth = data["depth"].values / NANOMETRE
    total = float(np.sum(data["bulk_density"].values)) if normalised else 1e27
    styles = ion_styles(profile.ions)
    curves: list[Curve] = []
    bands = (
        ("density_systematic_lower", "density_systematic_upper", LIGHT, "between the normalisations"),
        ("density_lower_95", "density_upper_95", DARK, "95 %, statistical"),
    )
    for lower, upper, strength, text in bands:
        for place, ion in enumerate(profile.ions):
            low, high = (data[name].values[:, place] / total for name in (lower, upper))
            curves.append(Curve(name=f"{ion}, {text}", x=depth, y=0.5 * (low + high), lower=low, upper=high,
                                kind="band", colour=styles[ion].colour, strength=strength, legend=False))  # fmt: skip
    for place, ion in enumerate(profile.ions):
        curves.append(Curve(name=ion, x=depth, y=data["density"].values[:, place] / total, colour=styles[ion].colour,
                            thickness=1.4))  # fmt: skip
    lowest = min(0.0, float(np.nanmin(data["density_lower_95"].values)) / total)
    return Plot(
        name="calibrated-profile", title=f"densities, method {data.attrs['density_method']}",
        horizontal=_depth_axis(depth), curves=tuple(curves), regions=_regions(profile) if regions else (),
        vertical=Axis(label="density/n_bulk", limits=(lowest, None)) if normalised
        else Axis(label="density", unit="nm⁻³", size=1e27, limits=(lowest, None)),
    )  # fmt: skip


def balance_plot(profile: DepthProfile) -> Plot:
    """What the charge balance misses before it is shared out, with the band of two standard deviations of noise."""
    data = profile.dataset
    depth = data["depth"].values / NANOMETRE
    balance, error = 100.0 * data["balance"].values, 200.0 * data["balance_error"].values
    low, high = (value / NANOMETRE for value in data.attrs["calibration_region"])
    inside = (depth >= low) & (depth <= high)
    reach = np.maximum(np.abs(balance), error)[inside]
    limit = 1.3 * float(np.nanmax(reach)) if np.isfinite(reach).any() else 1.0
    return Plot(
        name="charge-balance", title="", horizontal=_depth_axis(depth),
        vertical=Axis(label="balance", unit="%", limits=(-limit, limit)),
        curves=(
            Curve(name="±2 σ of noise", x=depth, y=np.zeros_like(depth), lower=-error, upper=error, kind="band",
                  colour="#888888", strength=0.3),
            Curve(name="balance", x=depth, y=balance, colour="black", thickness=0.9),
        ),
    )  # fmt: skip


def _depth_axis(depth: np.ndarray) -> Axis:
    return Axis(label="depth", unit="nm", size=NANOMETRE, limits=(0.0, float(depth[-1])))


def _regions(profile: DepthProfile) -> tuple[Region, ...]:
    attributes = profile.dataset.attrs
    colours = {"bulk": BULK_COLOUR, "calibration": CALIBRATION_COLOUR, "fit": FIT_COLOUR}
    return tuple(
        Region(name=name, start=float(attributes[f"{name}_region"][0]) / NANOMETRE,
               end=float(attributes[f"{name}_region"][1]) / NANOMETRE, colour=colour)
        for name, colour in colours.items()
    )  # fmt: skip
