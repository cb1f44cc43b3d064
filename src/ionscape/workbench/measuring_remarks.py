"""What is to be said about an export, its channels and ions, and about what a measurement waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ionscape.files.description import table_at
from ionscape.profiling.remarks import INTERFERENCE, MORE_INTERFERENCES, inspection_remarks
from ionscape.remarks import of_kinds

from .measuring import Measured, assignment
from .wording import page_words

if TYPE_CHECKING:
    from ionscape.profiling.inspection import ChannelInspection, Inspection

INTERFERENCES_SHOWN = 4


def ion_name_remark(name: str, elements: Sequence[str]) -> str:
    """What is to be said about the name of an ion beside the elements of an export; empty for nothing."""
    element = name.rstrip("+-0123456789")
    if not elements or element in elements:
        return ""
    meant = next((each for each in elements if each.lower() == element.lower()), None)
    if meant is not None:
        return f"The export has {meant}, not {element}: no channel counts to this ion. Add it again as {meant}."
    return f"The export has no {element}: no channel counts to this ion."


def channel_remarks(channel: ChannelInspection) -> str:
    """What is to be said about a channel, empty for nothing."""
    said: list[str] = []
    if channel.kind == "not recognised":
        said.append("not recognised")
    if channel.mass_is_doubtful and channel.mass_difference is not None:
        said.append(f"mass off by {channel.mass_difference:+.3f} u")
    if channel.dead_time_limited:
        said.append(f"dead time limits {channel.dead_time_limited} points")
    return "; ".join(said)


def words_about_export(found: Inspection) -> list[str]:
    """What an inspection says of the whole export, one sentence each."""
    if found.pulses is not None:
        told = [f"{found.points} data points, {found.pulses} pulses per point ({found.pulses_status})"]
    elif found.pulses_status == "uncorrected":
        told = [f"{found.points} data points, counts without Poisson correction"]
    else:
        told = [f"{found.points} data points, pulses per point unknown"]
    if found.not_counts is not None:
        told = [f"{found.points} data points", f"no counts: {found.not_counts}"]
    told += [
        f"{ratio.numerator}/{ratio.denominator}: {ratio.verdict}"
        for ratio in found.isotope_ratios
        if ratio.verdict != "natural"
    ]
    beside = of_kinds(inspection_remarks(found, most=INTERFERENCES_SHOWN), INTERFERENCE, MORE_INTERFERENCES)
    return [*(f"{text}." for text in told), *map(page_words, beside)]


def still_needed(data: Mapping[str, Any], found: Measured) -> dict[str, str]:
    """What a measurement waits for that is only begun, as requests, by the path of the sentence that each replaces."""
    table = table_at(data, "measurement")
    asked: dict[str, str] = {}
    if "measurement.native" in found.errors and not table.get("native") and "ions" not in data:
        assigned = {} if found.raw is None else assignment(found.raw, data)
        ions = list(dict.fromkeys(ion for ion in assigned.values() if ion))
        named = f" ({' or '.join(ions)})" if ions else ""
        asked["measurement.native"] = (
            f"The bulk density of the native ion{named} is needed: give it under the channels, or describe the"
            " experiment on its page."
        )
    depth = found.errors.get("measurement")
    if depth is not None and depth.code == "no_depth_scale":
        asked["measurement"] = (
            "A depth scale is needed: drop the profilometer scans across the crater, or give crater depth or sputter"
            " rate."
        )
    return asked
