"""From columns to a profile: what every format has in common, and what every profile must fulfil."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError, nearest_name
from ionscape.files.quantities import unit_size
from ionscape.profiling.crater_scan import HEIGHT, LATERAL, UNIT_ALIASES
from ionscape.profiling.raw import Channel, RawProfile
from ionscape.profiling.species import parse_species

from .text import Layout, file_hash, read_numbers

TOTALS = frozenset({"total", "sum", "total ion", "total ions", "total ion current", "total counts", "tic"})

_RATIO = re.compile(r"(?P<numerator>[^/]+?)\s*/\s*(?:\(\s*(?P<bracketed>[^()]+?)\s*\)|(?P<bare>[^()/]+?))\s*")
_SLASHED = re.compile(
    r"\s*((?:.*[\s_])?(?:time|depth|sputtertime|temps|tiempo|profondeur|profundidad)|t|.*(?:zeit|tiefe))\s*/\s*\(?([^\W\d_]+)\)?\s*"
    r"|\s*(.+?)\s*/\s*(counts|count|cts)\s*",
    re.IGNORECASE,
)
# A mass-to-charge ratio with its number, in front of it or behind it.
_MASS = re.compile(
    r"(?P<before>\d+(?:[.,]\d+)?)?\s*[(\[]?\b(?:m\s*/\s*[zqe]|mass\s*/\s*charge|(?:amu|u|da)\s*/\s*e|mass|amu)\b"
    r"\s*[)\]]?\s*[=:]?\s*(?P<behind>\d+(?:[.,]\d+)?)?(?:\s*(?:u|amu|da|th))?\s*[)\]]?",
    re.IGNORECASE,
)
TIME_WORDS = ("zeit", "temps", "tiempo")
DEPTH_WORDS = ("tiefe", "profondeur", "profundidad")
TIME_UNITS = frozenset({"s", "sec", "second", "seconds", "ms", "min", "minute", "minutes", "h", "hr", "hour", "hours"})
UNITS_OF_OTHERS = {
    "sek": "s",
    "sekunden": "s",
    "secs": "s",
    "minuten": "min",
    "mins": "min",
    "std": "h",
    "stunden": "h",
}
DEPTH_UNITS = frozenset({"m", "nm", "um", "µm", "\u03bcm", "mm", "å", "\u212b", "angstrom", "angstroms", "micron"})
_DENSITY = re.compile(
    r"(?:1|at|atoms?|ions?|#)?\s*/?\s*(?:[cmnuµ]?m\s*(?:\^|\*\*)?\s*-?\s*3|[cmnuµ]?m⁻³|cc)|"
    r"(?:at|atom|atomic|mol|mole|wt|mass|weight)?\.?\s*(?:%|percent)|(?:at|atomic|mol|mole)\.?\s*fraction|pp[mb](?:[aw])?",
    re.IGNORECASE,
)
_RATE = re.compile(r"(?:counts?|cnts?|cts?|c|1)\s*/\s*(?:s|sec|second|min)|cps|s\s*\^?\s*-1|s⁻¹|hz", re.IGNORECASE)
_LAST_SLASH = re.compile(r"(.+?)\s*/\s*\(?([^()]+)\)?\s*")
_WITH_UNIT = re.compile(r"\s*(.*?)\s*(?:\(([^()]*)\)|\[([^\[\]]*)\])\s*")


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the numbers of a profile stand in its file, so that an error can name line and column.

    Attributes:
        lines: line of the file of each data point; empty where the file has no lines.
    """

    lines: Sequence[int] = field(default=())

    def key(self, point: int, column: int | None = None) -> str:
        """Line and column of a data point, the point counted from 0 and the column from 1."""
        line = f"line {self.lines[point]}" if len(self.lines) else f"data point {point + 1}"
        return line if column is None else f"{line}, column {column}"


def make_channel(name: str, *, column: int, mass: float | None = None) -> Channel:
    """The channel of a name.

    Args:
        name: as it stands in the file.
        column: of the file, counted from 1.
        mass: as the file states it [u].
    """
    name = name.strip()
    if (given := _mass_to_charge(name)) is not None:
        species = parse_species(given[0]) if given[0] else None
        kind = "not recognised" if species is None else "ion"
        mass = given[1] if mass is None else mass
        return Channel(name=name, kind=kind, species=species, mass=mass, column=column)
    if name.lower() in TOTALS:
        return Channel(name=name, kind="total", mass=mass, column=column)
    if ratio_parts(name) is not None:
        return Channel(name=name, kind="ratio", mass=mass, column=column)
    species = parse_species(name)
    kind = "not recognised" if species is None else "ion"
    return Channel(name=name, kind=kind, species=species, mass=mass, column=column)


def _mass_to_charge(name: str) -> tuple[str, float] | None:
    """What else stands in a name such as "Li+ m/z 7.016", and the mass [u]; None if it gives none."""
    match = _MASS.search(name)
    number = match and (match["behind"] or match["before"])
    if match is None or number is None:
        return None
    rest = f"{name[: match.start()]} {name[match.end() :]}".strip(" ,;:()[]")
    return rest, float(number.replace(",", "."))


def ratio_parts(name: str) -> tuple[str, str] | None:
    """Numerator and denominator of the name of a ratio, "X / ( Y )"; None if it is no ratio."""
    match = None if _mass_to_charge(name) is not None else _RATIO.fullmatch(name)
    return None if match is None else (match["numerator"].strip(), match["bracketed"] or match["bare"])


def distinct_channels(channels: Sequence[Channel], *, file: str, line: int) -> tuple[Channel, ...]:
    """The channels with names that are each there once.

    Two peaks may be assigned to one species. Where the file tells them apart by their masses, the mass becomes part of
    the name, "SnO+ (135.9143 u)", and the bare name is none of theirs, so that nobody takes one for the other.

    Raises:
        InputError: two channels have the same name and the same or no mass.
    """
    names = [channel.name for channel in channels]
    distinct = [
        replace(channel, name=f"{channel.name} ({channel.mass:.10g} u)")
        if channel.mass is not None and names.count(channel.name) > 1
        else channel
        for channel in channels
    ]
    seen: dict[str, int] = {}
    for channel in distinct:
        if channel.name in seen:
            problem = f"is there twice, also in column {seen[channel.name]}"
            key = f"line {line}, column {channel.column}"
            remedy = "rename or delete one of the two channels"
            raise InputError(problem, file=file, key=key, value=channel.name, remedy=remedy)
        seen[channel.name] = channel.column
    return tuple(distinct)


def split_unit(head: str) -> tuple[str, str | None]:
    """Name and unit of the head of a column, "Sputter Time (s)" or "Sputter Time / s"; None where no unit is given.

    A slash parts a unit of time, length or counts from the name only: of other units and of ratios it is a part. A mass
    in brackets, "6Li (m/z 6.015)", is part of the name.
    """
    slashed = _SLASHED.fullmatch(head)
    if slashed is not None:
        return slashed[1] or slashed[3], slashed[2] or slashed[4]
    match = _WITH_UNIT.fullmatch(head)
    unit = None if match is None else (match[2] or match[3] or "").strip()
    mass = None if unit is None else _MASS.fullmatch(unit)
    if match is None or (mass is not None and (mass["behind"] or mass["before"])):
        return head.strip(), None
    return match[1], unit


def scale_of(head: str) -> tuple[str, float] | None:
    """What the head of a column says that it measures: ("time" or "depth", size of its unit in SI units) or None.

    Raises:
        InputError: it is a time or a depth without a valid unit.
    """
    name, unit = split_unit(head)
    what = _measured(name, unit)
    if what is None:
        return None
    unit = UNITS_OF_OTHERS.get(unit.rstrip(".").lower(), unit.rstrip(".")) if unit else unit
    example = "sputter time (s)" if what == "time" else "depth (nm)"
    if not unit:
        raise InputError(f"has no unit of {what}", value=head, remedy=f'write it as in "{example}"')
    if unit == ("s" if what == "time" else "m"):
        return what, 1.0  # spares the half second in which the registry of units is made
    return what, unit_size(
        unit if what == "time" else UNIT_ALIASES.get(unit, unit), "time" if what == "time" else "length"
    )


def _measured(name: str, unit: str | None) -> Literal["time", "depth"] | None:
    """What a column measures, by a word of its name or, in any other language, by its unit."""
    words = name.lower().replace("_", " ").split()
    if "time" in words or name.lower() in ("sputtertime", "t") or any(word in name.lower() for word in TIME_WORDS):
        return "time"
    if "depth" in words or any(word in name.lower() for word in DEPTH_WORDS):
        return "depth"
    if unit and unit.lower() in TIME_UNITS:
        return "time"
    # A position or height with its unit belongs to a scan across the crater.
    scanned = LATERAL.search(name) or HEIGHT.search(name)
    return "depth" if unit and unit.lower() in DEPTH_UNITS and not scanned else None


def check_counted(head: str) -> None:
    """Refuse the head of a column that says densities, shares or rates where counts are needed.

    Raises:
        InputError: what it is, and what to give.
    """
    _, unit = split_unit(head)
    if unit is None:
        slashed = _LAST_SLASH.fullmatch(head)
        unit = slashed[2].strip() if slashed else None
    if unit and _DENSITY.fullmatch(unit):
        raise InputError(
            f'is a density or share ("{unit}"), not counts: the profile has been quantified already', value=head,
            remedy="give the counts per data point that it was made from, which carry their own error; in a measurement"
            " file, a table [measurement.concentrations] takes concentrations as they are",
        )  # fmt: skip
    if unit and _RATE.fullmatch(unit):
        raise InputError(
            f'is a rate ("{unit}"), not counts', value=head,
            remedy="multiply it by the counting time of a data point: counts carry their own error",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Header:
    """What stands above the numbers of a text export.

    Attributes:
        lines: as they stand in the file.
        delimiter: between the cells of all lines.
        heads: of the columns.
        scales: "time" and "depth", at least one, each with its place among the columns and the size of its unit.
        channels: of distinct names, at least one, by rising columns.
    """

    lines: tuple[str, ...]
    delimiter: str
    heads: tuple[str, ...]
    scales: Mapping[str, tuple[int, float]]
    channels: tuple[Channel, ...]


def read_profile(path: Path, header: Header, *, format: str) -> RawProfile:
    """The profile of a text export: the numbers below its header.

    Args:
        path: of the export.
        header: of it.
        format: name of its format.

    Raises:
        InputError: the numbers are damaged or incomplete; with line and column.
    """
    counted = tuple(channel.column - 1 for channel in header.channels if channel.kind != "ratio")
    layout = Layout(header=len(header.lines), columns=len(header.heads), delimiter=header.delimiter, alike=counted)
    table = read_numbers(path, layout)
    places = [channel.column - 1 for channel in header.channels]
    taken = {place for place, _ in header.scales.values()} | set(places)
    adjacent = places == list(range(places[0], places[0] + len(places)))
    return build_profile(
        file=str(path),
        format=format,
        sha256=file_hash(path),
        channels=header.channels,
        # A view where one is possible: the counts are most of the file and are not to stand in memory twice.
        intensity=(table.values[:, places[0] : places[-1] + 1] if adjacent else table.values[:, places]).T,
        columns={head: table.values[:, place] for place, head in enumerate(header.heads) if place not in taken},
        scales={what: (place + 1, table.values[:, place] * size) for what, (place, size) in header.scales.items()},
        places=Places(lines=table.lines),
        header=header.lines,
        comments=table.comments,
        smoothing=next((line.strip("# ") for line in header.lines if "smoothing" in line.lower()), None),
    )


def build_profile(
    *,
    file: str,
    format: str,
    sha256: str,
    channels: tuple[Channel, ...],
    intensity: FloatArray,
    columns: Mapping[str, FloatArray],
    scales: Mapping[str, tuple[int, FloatArray]],
    places: Places,
    header: Sequence[str] = (),
    comments: Sequence[str] = (),
    smoothing: str | None = None,
) -> RawProfile:
    """A checked profile.

    Args:
        file: its name.
        format: name of its format.
        sha256: of its bytes.
        channels: of distinct names, at least one.
        intensity: shape (channels, points).
        columns: other columns by name, each of shape (points,).
        scales: "time" [s] and "depth" [m], at least one, each with its column in the file and of shape (points,).
        places: to name line and column in errors.
        header: lines.
        comments: lines.
        smoothing: what the file says of it.

    Raises:
        InputError: time, depth or counts are not finite, negative, or do not rise; data points are missing.
    """
    for name, values in columns.items():
        if name.lower().strip("# ").startswith(("data point", "datapoint")):
            _check_numbering(values, file=file, places=places)
    for what, (column, values) in scales.items():
        _check_rising(values, what=what, column=column, file=file, places=places)
    for channel, counts in zip(channels, intensity, strict=True):
        _check_counts(channel, counts, file=file, places=places)
    time, depth = scales.get("time"), scales.get("depth")
    return RawProfile(
        file=file,
        format=format,
        sha256=sha256,
        sputter_time=None if time is None else time[1],
        depth=None if depth is None else depth[1],
        channels=channels,
        intensity=intensity,
        columns=dict(columns),
        header=tuple(header),
        comments=tuple(comments),
        smoothing=smoothing,
    )


def make_raw_profile(
    counts: Mapping[str, ArrayLike],
    *,
    sputter_time: ArrayLike | None = None,
    depth: ArrayLike | None = None,
    masses: Mapping[str, float] | None = None,
    columns: Mapping[str, ArrayLike] | None = None,
    file: str | Path = "",
    format: str = "made in Python",
    header: Sequence[str] = (),
    comments: Sequence[str] = (),
    smoothing: str | None = None,
) -> RawProfile:
    """A profile of numbers that are at hand, checked as those of a file are.

    Args:
        counts: of each channel by its name, each of shape (points,); names such as "^6Li+" are recognised as ions.
        sputter_time: of each data point [s], rising, shape (points,).
        depth: of each data point [m], rising, shape (points,), where there are no times.
        masses: of channels by name [u]; those that are not named have none.
        columns: other numbers of the data points by name, each of shape (points,).
        file: that they come from; if it exists, its hash is kept.
        format: name of its format.
        header: lines worth keeping.
        comments: lines worth keeping.
        smoothing: what is known of it.

    Returns:
        The profile.

    Raises:
        InputError: there are no channels, no points, neither times nor depths; shapes differ; something is no number;
            times or depths do not rise; counts are negative or not finite; a mass is that of no channel.
    """
    name = str(file)
    given = {"time": ("sputter_time", sputter_time), "depth": ("depth", depth)}
    axes = {what: _row(values, file=name, key=key) for what, (key, values) in given.items() if values is not None}
    if not axes or not counts:
        missing = "has neither sputter times nor depths" if counts else "has no channels"
        raise InputError(
            missing, file=name or None, remedy="give sputter_time [s] or depth [m], and the counts by name"
        )
    points = next(iter(axes.values())).shape

    def row(key: str, values: ArrayLike) -> FloatArray:
        return _row(values, file=name, key=key, shape=points)

    return build_profile(
        file=name,
        format=format,
        sha256=file_hash(Path(file)) if name and Path(file).is_file() else "",
        channels=_made_channels(counts, masses or {}, first=len(axes) + 1, file=name),
        intensity=np.array([row(f"counts of {channel}", values) for channel, values in counts.items()]),
        columns={key: row(key, values) for key, values in (columns or {}).items()},
        scales={what: (place, row(what, values)) for place, (what, values) in enumerate(axes.items(), start=1)},
        places=Places(),
        header=header,
        comments=comments,
        smoothing=smoothing,
    )


def _made_channels(
    counts: Mapping[str, ArrayLike], masses: Mapping[str, float], *, first: int, file: str
) -> tuple[Channel, ...]:
    for channel in masses:
        if channel not in counts:
            remedy = f'the nearest channel is "{nearest_name(channel, counts)}"'
            raise InputError("is the mass of no channel", file=file or None, key="masses", value=channel, remedy=remedy)
    made = [make_channel(name, column=column, mass=masses.get(name)) for column, name in enumerate(counts, start=first)]
    return distinct_channels(made, file=file, line=1)


def _row(values: ArrayLike, *, file: str, key: str, shape: tuple[int, ...] | None = None) -> FloatArray:
    """Numbers of the data points, shape (points,) and of `shape` if given."""
    try:
        row = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("holds something that is no number", file=file or None, key=key,
                         remedy="give one number for each data point") from None  # fmt: skip
    if row.ndim != 1 or not row.size or (shape is not None and row.shape != shape):
        wanted = "(points,)" if shape is None else str(shape)
        raise InputError(f"has the shape {row.shape}", file=file or None, key=key, bound=f"{wanted} is needed",
                         remedy="give one number for each data point")  # fmt: skip
    return row


def _first(wrong: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(wrong)) if wrong.any() else None


def _check_numbering(values: FloatArray, *, file: str, places: Places) -> None:
    wrong = _first(values != np.arange(1, values.size + 1))
    if wrong is not None:
        problem = f"is data point {values[wrong]:.10g} where {wrong + 1} is expected, lines are missing or out of order"
        raise InputError(problem, file=file, key=places.key(wrong), remedy="export it again")


def _check_rising(values: FloatArray, *, what: str, column: int, file: str, places: Places) -> None:
    unit = "s" if what == "time" else "m"
    wrong = _first(~(np.isfinite(values) & (values >= 0.0)))
    if wrong is not None:
        key, problem = places.key(wrong, column), f"is a {what} that is not finite or negative"
        remedy = "correct it, or delete the line"
        raise InputError(problem, file=file, key=key, value=float(values[wrong]), remedy=remedy)
    wrong = _first(~(np.diff(values) > 0.0))
    if wrong is not None:
        before, here = values[wrong : wrong + 2]
        problem = f"is a {what} of {here:.10g} {unit} that is not greater than the {before:.10g} {unit} before"
        raise InputError(problem, file=file, key=places.key(wrong + 1, column), remedy="export it again")


def _check_counts(channel: Channel, counts: FloatArray, *, file: str, places: Places) -> None:
    if channel.kind == "ratio":  # 0/0 and 1/0 are to be expected where a signal vanishes
        return
    if float(counts.min()) >= 0.0 and np.isfinite(counts.max()):
        return
    wrong = _first(~(np.isfinite(counts) & (counts >= 0.0)))
    if wrong is not None:
        problem = f"must be a finite number of counts of {channel.name} of at least 0"
        key = places.key(wrong, channel.column)
        remedy = "export counts, without subtraction of a background, or delete the line"
        raise InputError(problem, file=file, key=key, value=float(counts[wrong]), remedy=remedy)
