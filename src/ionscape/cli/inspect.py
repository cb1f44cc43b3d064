"""`ionscape inspect`: what a depth profile holds and what in it deserves a second look."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionscape.cli.options import Overwrite, SummaryFile, check_outputs, with_summary
from ionscape.cli.table import print_table, write_summary
from ionscape.errors import InputError
from ionscape.files.quantities import format_quantity, percent, with_error

if TYPE_CHECKING:
    from rich.console import Console

    from ionscape.profiling.inspection import ChannelInspection, Inspection

PIPED = 200  # columns where the output goes into a file or another program
NARROW = 80  # columns of a terminal below which the tables leave out what is also in the JSON file


def inspect_command(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Depth profile: SurfaceLab export, table, .ita, .nc.", show_default=False),
    ],
    format: Annotated[str | None, typer.Option(help="Format of the file, instead of the one recognised.")] = None,
    pulses: Annotated[int | None, typer.Option(min=1, help="Primary pulses per data point, if known.")] = None,
    summary: SummaryFile = None,
    overwrite: Overwrite = True,
) -> None:
    """Say what a ToF-SIMS depth profile holds: channels, pulses per point, isotope ratios, doubtful assignments."""
    from rich.console import Console

    from ionscape.profiling.inspection import inspect
    from ionscape.profiling.readers import read_raw_profile

    check_outputs(with_summary(summary), overwrite=overwrite)
    raw = read_raw_profile(file, format)
    try:
        found = inspect(raw, pulses=pulses)
    except InputError as error:
        if error.key == "pulses":
            error.file, error.key = None, "--pulses"
        raise
    # Lines that are read by a program or a pager are not broken, unless somebody wants them to be.
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    print_inspection(Console() if known else Console(width=PIPED), found)
    write_summary(_summary(found), summary)


def print_inspection(console: Console, found: Inspection) -> None:
    """Print an inspection: the file in a few lines, a table of channels, one of isotope ratios, and what to look at."""
    from ionscape.profiling.remarks import inspection_remarks

    for line in _head(found):
        console.print(line, highlight=False, markup=False)
    _print_channels(console, found)
    if found.isotope_ratios:
        _print_ratios(console, found)
    for remark in inspection_remarks(found):
        console.print(str(remark), highlight=False, markup=False)


def _summary(found: Inspection) -> dict[str, object]:
    """The same as a mapping, with a title and the remarks as in every summary."""
    from ionscape.profiling.remarks import inspection_remarks
    from ionscape.remarks import remark_entries

    return {"title": Path(found.file).name, **remark_entries(inspection_remarks(found)), **found.as_mapping()}


def _head(found: Inspection) -> Iterator[str]:
    yield f"{Path(found.file).name} ({found.format})"
    yield f"  {found.points} data points, {len(found.channels)} channels"
    if found.sputter_time is not None:
        first, last = (format_quantity(value, "time") for value in found.sputter_time)
        yield f"  sputter time {first} to {last}"
    if found.depth is not None:
        first, last = (format_quantity(value, "length") for value in found.depth)
        yield f"  depth {first} to {last}"
    if found.pulses is not None:
        obeying = [channel.corrected for channel in found.channels if channel.corrected is not None]
        told = [found.pulses_status]
        if found.pulses_matching is not None:
            told.append(f"{percent(found.pulses_matching)} of the {found.pulses_values} telling counts agree")
        if obeying:
            told.append(f"obeyed exactly by {sum(obeying)} of {len(obeying)} ion channels")
        yield f"  {found.pulses} pulses per data point ({', '.join(told)})"
    else:
        counts = "counts are not Poisson-corrected" if found.pulses_status == "uncorrected" else "unknown"
        counts = counts if found.not_counts is None else "none, these are no counts"
        yield f"  pulses per data point: {counts}"
    yield f"  smoothing: {found.smoothing or 'not stated'}"


def _print_channels(console: Console, found: Inspection) -> None:
    from rich.table import Column

    wide = console.width >= NARROW
    rows: list[tuple[str, ...]] = []
    for channel in found.channels:
        mass = "-" if channel.mass is None else f"{channel.mass:.4f}"
        total, largest, fraction = (
            _figure(value) for value in (channel.total_counts, channel.largest_counts, channel.detected_fraction)
        )
        figures = (mass, total, largest, fraction) if wide else (total, fraction)
        rows.append((channel.name, *figures, "; ".join(_channel_remarks(channel))))
    numbers = ("mass / u", "counts", "largest", "n/N") if wide else ("counts", "n/N")
    print_table(console, "channels", [Column("channel", overflow="fold"), *numbers, Column("remark", overflow="fold")],
                rows)  # fmt: skip


def _channel_remarks(channel: ChannelInspection) -> Iterator[str]:
    if channel.kind != "ion":
        yield channel.kind
    if channel.mass_is_doubtful and channel.mass_difference is not None:
        yield f"mass off by {channel.mass_difference:+.3f} u"
    if channel.dead_time_limited:
        yield f"dead time limits {channel.dead_time_limited} points"


def _figure(value: float | None) -> str:
    return f"{value:.4g}" if value is not None and math.isfinite(value) else "-"


def _print_ratios(console: Console, found: Inspection) -> None:
    from rich.table import Column

    wide = console.width >= NARROW
    rows: list[tuple[str, ...]] = []
    for ratio in found.isotope_ratios:
        mean, error = with_error(ratio.mean, ratio.mean_error)
        natural = _figure(ratio.expected)
        constant, expected = f"{ratio.chi_square_constant:.3g}", f"{ratio.chi_square_expected:.3g}"
        figures = (mean, error, natural, constant, expected) if wide else (mean, natural, constant)
        rows.append((f"{ratio.numerator} / {ratio.denominator}", *figures, ratio.verdict))
    numbers = ("mean", "error", "natural", "χ²/n", "χ²/n natural") if wide else ("mean", "natural", "χ²/n")
    columns = [Column("ratio", overflow="fold"), *numbers, Column("verdict", min_width=12)]
    print_table(console, "isotope ratios", columns, rows)
