"""What an inspection shows and a calibration finds wanting: kinds of remarks and their sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionscape.files.quantities import percent
from ionscape.remarks import Kind, Name, Remark

if TYPE_CHECKING:
    from .inspection import Inspection

INTERFERENCES_NAMED = 12


def _interference(remark: Remark, _: Name) -> str:
    n = remark.numbers
    part = "" if n["contribution"] is None else f", up to {percent(n['contribution'])} of its counts"
    told = f"{n['reason']}; told apart by m/Δm = {n['resolving_power']:.0f}{part}"
    return f"{n['channel']} may hold {n['other']} ({told})."


NO_COUNTS = Kind("no_counts", "These are no counts: {reason}. `ionscape calibrate` needs counts per data point.")
NOT_RECOGNISED = Kind("not_recognised", "Not recognised: {channels}.")
EMPTY_POINTS = Kind("empty_points", "No counts in any channel at data points {points}.")
INTERFERENCE = Kind("interference", _interference)
MORE_INTERFERENCES = Kind("more_interferences", "{count} more possible interferences are of smaller weight.")

DEAD_TIME = Kind(
    "dead_time",
    "Channel {channel} is limited by the detector's dead time at {points} points: name it as saturated to rebuild its"
    " element from the other isotopes.",
)
OTHER_PULSES = Kind(
    "other_pulses", "The counts look like {found} pulses per data point, not like the {given} that are given."
)
UNKNOWN_NOISE = Kind(
    "unknown_noise",
    "The intensities are neither whole numbers nor Poisson-corrected ones; their noise is taken as that of counts.",
)
NO_COMMON_FACTOR = Kind(
    "no_common_factor",
    "Too few points have counts enough to show a factor common to all channels; give"
    " {path[measurement.common_factor]} if you know it from other measurements.",
)
FOUND_SURFACE = Kind(
    "found_surface",
    "The surface is taken at a sputter time of {time:.4g} s, where the counts have risen to half.",
)
UNUSED_SPUTTER_TIME = Kind(
    "unused_sputter_time",
    "{0} is not used: depths follow from {1}. It belongs to {path[measurement.crater_scans]} or"
    " {path[measurement.crater_depth]}.",
)
ASSUMED_SPUTTER_TIME = Kind(
    "assumed_sputter_time",
    "The crater is taken to have been sputtered for {time:.6g} s, of which the last data point is the only evidence: if"
    " it was sputtered for longer, depths come out too large. Give its {0}.",
)
MARKER_TRANSIENT = Kind(
    "marker_transient",
    "Up to {time:.4g} s of sputtering the counts of {element} are those of the sputter transient; the mean of those"
    " behind it is taken instead. Look at the counts, and give {0} if it ends elsewhere.",
)
UNEVEN_RATE = Kind(
    "uneven_rate",
    "By the counts of {element} depths are up to {largest:length 3} off those of a constant sputter rate, at"
    " {at:length 3}. The systematic band spans both.",
)
SINGLE_SCAN = Kind(
    "single_scan",
    "A single crater scan does not show how the depth scatters from place to place:"
    " {path[measurement.single_scan_scatter]} is taken for it. Measure more scans.",
)
ONE_SIDE = Kind(
    "one_side",
    "Crater scan {number} shows the surface on one side only, so that its bow is not removed: look at the figure, and"
    " give {path[measurement.surface_regions]} on both sides if you can.",
)
SCANS_DISAGREE = Kind(
    "scans_disagree",
    "The crater scans disagree ({depths:length 4}): look at the figure, and give the regions.",
)
NO_CHANNEL = Kind("no_channel", "The ion {ion} has no channel; the charge balance leaves it out.")
NO_COLUMN = Kind("no_column", "The ion {ion} has no column of concentrations.")
OTHER_GLASS = Kind(
    "other_glass",
    "{path[measurement.concentrations.glass]} and its mass density give {of_glass:.4g} ions of {ion} per m³, the sample"
    " has {of_sample:.4g}: one of the two is wrong.",
)
OTHER_BULK = Kind(
    "other_bulk",
    "The table has {measured:.4g} ions of {ion} per m³ in the bulk region, the sample {of_sample:.4g}: check units,"
    " standard and {path[measurement.bulk_region]}.",
)
FOREIGN_IN_BULK = Kind(
    "foreign_in_bulk",
    "{ion} has {share:percent 2} of its largest counts in the bulk region: a background, or that is not the bulk.",
)
NO_TRANSIENT_END = Kind(
    "no_transient_end",
    "No end of the sputter transient was found: the charge balance is nowhere steady. Give"
    " {path[measurement.calibration_region]}.",
)
FACTOR_AT_LIMIT = Kind(
    "factor_at_limit",
    "The sensitivity factor of {ion} is at its limit 0: its counts do not follow the charge balance. Leave {ion} out,"
    " or give {path[measurement.calibration_region]} and {path[measurement.bulk_region]}.",
)
LOOSE_FACTOR = Kind(
    "loose_factor",
    "The data hardly determine the sensitivity factor of {ion}: the shares of the ions change too little in the"
    " calibration region.",
)
BALANCE_OFF = Kind(
    "balance_off",
    "The charge balance is off by {scatter:percent 2} from depth to depth where the scatter of neighbouring points"
    " explains {explained:percent 2}: the bulk region is not the bulk, yields depend on the composition, an"
    " interference, or a charged surface.",
)


def inspection_remarks(found: Inspection, *, most: int = INTERFERENCES_NAMED) -> list[Remark]:
    """What is to be looked at in an export.

    Args:
        found: the inspection.
        most: interferences that are named; of the others only the number is given.
    """
    remarks: list[Remark] = []
    if found.not_counts is not None:
        remarks.append(NO_COUNTS(reason=found.not_counts))
    if found.not_recognised:
        remarks.append(NOT_RECOGNISED(channels=tuple(found.not_recognised)))
    if found.empty_points:
        remarks.append(EMPTY_POINTS(points=tuple(map(int, found.empty_points))))
    remarks += [
        INTERFERENCE(
            channel=entry.channel, other=entry.other, reason=entry.reason, contribution=entry.contribution,
            resolving_power=entry.resolving_power,
        )
        for entry in found.interferences[:most]
    ]  # fmt: skip
    more = len(found.interferences) - most
    return [*remarks, MORE_INTERFERENCES(count=more)] if more > 0 else remarks
