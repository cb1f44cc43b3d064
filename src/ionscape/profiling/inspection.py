"""What a depth profile holds and what in it deserves a second look, before anything is calibrated with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .counts_check import why_not_counts
from .isotope_ratios import IsotopeRatio, isotope_ratio
from .isotopes import ISOTOPES, abundances, isotope_mass
from .pulses import infer_pulses
from .raw import Channel, ChannelKind, RawProfile
from .readers import read_raw_profile
from .species import Species

Reason = Literal["same nominal mass", "isotope", "carbon-13", "hydride"]

LARGEST_MASS_DIFFERENCE = 0.010
"""Difference between stated mass and that of the species [u] beyond which the assignment is doubtful."""

RESOLVED = 3000.0
"""Resolving power m/Δm that every time-of-flight spectrometer reaches: peaks further apart are told apart."""

SMALLEST_CONTRIBUTION = 0.01
"""Part of a channel's counts from which an expected contribution is listed."""

HYDRIDE_FRACTION = 0.01
"""Hydride per parent ion, XH+/X+, that is assumed where nothing is known; metals show 0.1 to several per cent."""


@dataclass(frozen=True, kw_only=True)
class ChannelInspection:
    """One channel in figures.

    Attributes:
        name: of the channel.
        kind: see `Channel`.
        species: formula that was recognised; None if none was.
        mass: as the file states it [u]; None if it states none.
        expected_mass: of the species, per charge [u]; None without one.
        total_counts: sum over all data points; NaN for ratios.
        largest_counts: NaN for a ratio without a finite value.
        detected_fraction: largest fraction of pulses with a detected ion; None where the pulses are not known.
        corrected: whether its counts obey the Poisson correction exactly; the counts of a peak that comes after others
            do not, since the detector is blind behind each ion. None where the pulses are not known.
        dead_time_limited: number of data points in which nearly every pulse saw an ion.
    """

    name: str
    kind: ChannelKind
    species: str | None
    mass: float | None
    expected_mass: float | None
    total_counts: float
    largest_counts: float
    detected_fraction: float | None
    corrected: bool | None
    dead_time_limited: int

    @property
    def mass_difference(self) -> float | None:
        """Stated less expected mass [u]; None where one of them is missing."""
        if self.mass is None or self.expected_mass is None:
            return None
        return self.mass - self.expected_mass

    @property
    def mass_is_doubtful(self) -> bool:
        """Whether the stated mass is not that of the species."""
        difference = self.mass_difference
        return difference is not None and abs(difference) > LARGEST_MASS_DIFFERENCE


@dataclass(frozen=True, kw_only=True)
class Interference:
    """An ion that may be counted in a channel of another.

    Attributes:
        channel: name of the channel.
        other: the ion that may disturb it.
        reason: "same nominal mass" (of a channel of the file), "isotope", "carbon-13" or "hydride" of another channel.
        resolving_power: m/Δm that tells both apart.
        contribution: expected part of the counts of the channel if the peaks are not resolved; None where it cannot
            be said. That of a hydride rests on an assumed 1 %.
    """

    channel: str
    other: str
    reason: Reason
    resolving_power: float
    contribution: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """What `inspect` finds; `as_mapping` gives it for JSON.

    Attributes:
        file: name.
        format: name.
        sha256: of the bytes of the file.
        points: number of data points.
        sputter_time: first and last [s]; None if the file gives none.
        depth: first and last [m]; None if the file gives none.
        pulses: primary pulses per data point by which the counts were Poisson-corrected; None if they were not or if
            it cannot be told.
        pulses_status: "inferred", "uncorrected", "unknown" or "given".
        pulses_values: number of counts from whose fractions the pulses were inferred; None unless they were.
        pulses_matching: share of these that agree with them, below 1 where channels do not obey the correction.
        smoothing: what the file says of it.
        not_counts: why the intensities are no counts, so that they cannot be calibrated; None if nothing says so.
        channels: in the order of the file.
        isotope_ratios: each isotope against the most abundant one of its element.
        interferences: suspected, the largest contribution first.
        empty_points: data points, counted from 1, in which no channel has counts.
    """

    file: str
    format: str
    sha256: str
    points: int
    sputter_time: tuple[float, float] | None
    depth: tuple[float, float] | None
    pulses: int | None
    pulses_status: str
    pulses_values: int | None
    pulses_matching: float | None
    smoothing: str | None
    not_counts: str | None
    channels: tuple[ChannelInspection, ...]
    isotope_ratios: tuple[IsotopeRatio, ...]
    interferences: tuple[Interference, ...]
    empty_points: tuple[int, ...]

    @property
    def not_recognised(self) -> tuple[str, ...]:
        """Names of channels that are no ion, ratio or total that is known."""
        return tuple(channel.name for channel in self.channels if channel.kind == "not recognised")

    @property
    def doubtful_masses(self) -> tuple[ChannelInspection, ...]:
        """Channels whose stated mass is not that of their species."""
        return tuple(channel for channel in self.channels if channel.mass_is_doubtful)

    def as_mapping(self) -> dict[str, object]:
        """Everything but the profiles themselves, in SI units, for JSON."""
        return {
            **{"pulses_per_point" if name == "pulses" else name: value for name, value in vars(self).items()},
            "channels": [{**vars(channel), "mass_difference": channel.mass_difference} for channel in self.channels],
            "isotope_ratios": [
                {name: value for name, value in vars(ratio).items() if name not in ("ratio", "error")}
                for ratio in self.isotope_ratios
            ],
            "interferences": [vars(interference) for interference in self.interferences],
            "not_recognised": self.not_recognised,
            "doubtful_masses": [channel.name for channel in self.doubtful_masses],
        }


def inspect(
    profile: str | Path | RawProfile,
    *,
    pulses: int | None = None,
    overrides: Mapping[str, float] | None = None,
) -> Inspection:
    """Look through a depth profile.

    Args:
        profile: file of an export, or what `read_raw_profile` made of it.
        pulses: primary pulses per data point; without it, they are inferred from the counts.
        overrides: abundances of isotopes that are not the natural ones, see `abundances`.

    Returns:
        Channels, pulses, isotope ratios, suspected interferences.

    Raises:
        InputError: the file cannot be read, an override is not valid, or so few pulses could not give the counts.
    """
    raw = profile if isinstance(profile, RawProfile) else read_raw_profile(profile)
    ions = [channel for channel in raw.channels if channel.kind == "ion"]
    counted = [place for place, channel in enumerate(raw.channels) if channel.kind != "ratio"]
    sums = raw.intensity[counted].sum(axis=0) if counted else np.ones(raw.points)
    found = infer_pulses(raw.intensity[counted])
    status, is_inferred = found.status if counted else "unknown", pulses is None and found.pulses is not None
    if pulses is not None:
        _check_pulses(raw, pulses)
        status = "given"
    pulses = found.pulses if pulses is None else pulses
    # whether a channel obeys the correction is known for the pulses that its counts ask for
    obeying = zip(counted, found.consistent, strict=True) if pulses is not None and pulses == found.pulses else ()
    corrected = {place: bool(obeys) for place, obeys in obeying}
    return Inspection(
        file=raw.file,
        format=raw.format,
        sha256=raw.sha256,
        points=raw.points,
        sputter_time=_range(raw.sputter_time),
        depth=_range(raw.depth),
        pulses=pulses,
        pulses_status=status,
        pulses_values=found.values if is_inferred else None,
        pulses_matching=found.matching if is_inferred else None,
        smoothing=raw.smoothing,
        not_counts=why_not_counts(raw),
        channels=tuple(
            _inspect_channel(channel, raw.intensity[place], pulses, corrected.get(place))
            for place, channel in enumerate(raw.channels)
        ),
        isotope_ratios=tuple(_isotope_ratios(raw, pulses, overrides)),
        interferences=_interferences(raw, ions, overrides),
        empty_points=tuple(int(point) + 1 for point in np.flatnonzero(sums == 0.0)),
    )


def _check_pulses(raw: RawProfile, pulses: int) -> None:
    """Refuse pulses with which the counts could not be: with one pulse left that missed, they are N ln N."""
    highest = pulses * math.log(pulses)
    for channel, counts in zip(raw.channels, raw.intensity, strict=True):
        # Half a unit of the sixth digit: counts are printed rounded.
        if channel.kind == "ion" and counts.max() > highest * (1.0 + 5e-6):
            raise InputError(
                f"is too small for the {counts.max():.6g} counts of {channel.name}",
                file=raw.file or None, key="pulses", value=pulses,
                bound=f"Poisson-corrected counts of so many pulses are at most {highest:.6g}",
                remedy="give the primary pulses per data point, or leave them out to have them inferred",
            )  # fmt: skip


def _range(values: FloatArray | None) -> tuple[float, float] | None:
    return None if values is None else (float(values[0]), float(values[-1]))


def _inspect_channel(
    channel: Channel, counts: FloatArray, pulses: int | None, corrected: bool | None
) -> ChannelInspection:
    from .counting import dead_time_limited, detected_counts

    is_ratio, finite = channel.kind == "ratio", counts[np.isfinite(counts)]
    limited, fraction = 0, None
    if channel.kind == "ion" and pulses is not None:
        fraction = float(detected_counts(counts, pulses).max()) / pulses
        limited = int(np.count_nonzero(dead_time_limited(counts, pulses)))
    return ChannelInspection(
        name=channel.name,
        kind=channel.kind,
        species=channel.species.name if channel.species else None,
        mass=channel.mass,
        expected_mass=_mass_to_charge(channel.species) if channel.species else None,
        total_counts=math.nan if is_ratio else float(counts.sum()),
        largest_counts=float(finite.max()) if finite.size else math.nan,
        detected_fraction=fraction,
        corrected=corrected if channel.kind == "ion" else None,
        dead_time_limited=limited,
    )


def _mass_to_charge(species: Species) -> float:
    return species.exact_mass / abs(species.charge)


def _isotope_channels(raw: RawProfile) -> dict[str, dict[str, str]]:
    """Names of channels by element and isotope; of two channels of one isotope the first."""
    found: dict[str, dict[str, str]] = {}
    for channel in raw.channels:
        species = channel.species
        if species is not None and species.isotope is not None and abs(species.charge) == 1:
            found.setdefault(ISOTOPES[species.isotope].element, {}).setdefault(species.isotope, channel.name)
    return found


def _isotope_ratios(
    raw: RawProfile, pulses: int | None, overrides: Mapping[str, float] | None
) -> Iterator[IsotopeRatio]:
    for element, channels in _isotope_channels(raw).items():
        fractions = abundances(element, overrides)
        present = [isotope for isotope in channels if fractions[isotope] > 0.0]
        if len(present) < 2:
            continue
        reference = max(present, key=lambda isotope: fractions[isotope])
        for isotope in present:
            if isotope != reference:
                yield isotope_ratio(raw, channels[isotope], channels[reference], pulses=pulses, overrides=overrides)


def _interferences(
    raw: RawProfile, ions: list[Channel], overrides: Mapping[str, float] | None
) -> tuple[Interference, ...]:
    totals = {channel.name: float(raw.counts(channel.name).sum()) for channel in ions}
    found = [entry for channel in ions for entry in _disturbing(channel, ions, totals, overrides)]
    return tuple(sorted(found, key=lambda entry: -(entry.contribution or 0.0)))


def _disturbing(
    channel: Channel, ions: list[Channel], totals: Mapping[str, float], overrides: Mapping[str, float] | None
) -> Iterator[Interference]:
    """Ions that fall on the peak of a channel and could make a part of its counts."""
    species, counts = channel.species, totals[channel.name]
    if species is None or counts <= 0.0:
        return
    for other in ions:
        if other.species is None or other is channel or other.species.charge != species.charge:
            continue
        for candidate in _candidates(species, other.species, totals[other.name], overrides):
            power = _resolving_power(species.exact_mass, candidate.mass)
            known = candidate.reason != "same nominal mass"
            if RESOLVED < power < math.inf and candidate.counts > SMALLEST_CONTRIBUTION * counts:
                yield Interference(
                    channel=channel.name,
                    other=other.name if not known else candidate.name,
                    reason=candidate.reason,
                    resolving_power=power,
                    contribution=min(candidate.counts / counts, 1.0) if known else None,
                )


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """An ion that is expected beside another: its mass [u] and its counts."""

    name: str
    reason: Reason
    mass: float
    counts: float


def _candidates(
    species: Species, other: Species, counts: float, overrides: Mapping[str, float] | None
) -> Iterator[_Candidate]:
    """What the ions of another channel bring along at the nominal mass of a species."""
    distance = species.nominal_mass - other.nominal_mass
    if distance == 0 and other.composition != species.composition:
        yield _Candidate(name=other.name, reason="same nominal mass", mass=other.exact_mass, counts=counts)
    if distance == 1 and other.element not in (None, "H"):
        mass = other.exact_mass + isotope_mass("1H")
        expected = HYDRIDE_FRACTION * counts
        yield _Candidate(name=f"hydride of {other.name}", reason="hydride", mass=mass, counts=expected)
    carbons = dict(other.composition).get("C", 0)
    if distance == 1 and carbons:
        carbon = abundances("C", overrides)
        expected = carbons * carbon["13C"] / carbon["12C"] * counts
        mass = other.exact_mass + isotope_mass("13C") - isotope_mass("12C")
        yield _Candidate(name=f"{other.name} with 13C", reason="carbon-13", mass=mass, counts=expected)
    if other.isotope is not None and other.element not in species.elements:
        fractions = abundances(ISOTOPES[other.isotope].element, overrides)
        wanted = ISOTOPES[other.isotope].mass_number + distance
        for isotope, fraction in fractions.items():
            if distance and ISOTOPES[isotope].mass_number == wanted and fractions[other.isotope] > 0.0:
                mass = other.exact_mass + isotope_mass(isotope) - isotope_mass(other.isotope)
                expected = counts * fraction / fractions[other.isotope]
                yield _Candidate(name=f"{isotope} beside {other.name}", reason="isotope", mass=mass, counts=expected)


def _resolving_power(mass: float, other: float) -> float:
    """m/Δm, infinite for the same composition under two names."""
    difference = abs(mass - other)
    return mass / difference if difference > 1e-6 else math.inf
