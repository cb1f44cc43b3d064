"""Which channels of a measurement belong to which ion, and with what weight they are summed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .isotopes import abundances
from .raw import Channel, RawProfile

if TYPE_CHECKING:
    from .load import Measurement


@dataclass(frozen=True, kw_only=True, eq=False)
class IonChannels:
    """The channels that are used.

    Attributes:
        ions: names of the ions, native ones first, shape (ions,).
        channels: names of the channels, shape (channels,).
        counts: their counts, shape (channels, points).
        weights: counts of an ion are `weights @ counts`, shape (ions, channels).
    """

    ions: tuple[str, ...]
    channels: tuple[str, ...]
    counts: FloatArray
    weights: FloatArray

    @property
    def intensity(self) -> FloatArray:
        """Counts of each ion, shape (ions, points)."""
        return self.weights @ self.counts


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """Counts with their noise.

    Attributes:
        intensity: I, shape (..., ions, points); leading axes are resamplings.
        variance: of I by counting alone, shape (ions, points).
        common_factor: s, relative standard deviation of the factor shared by all channels of a data point.
    """

    intensity: FloatArray
    variance: FloatArray
    common_factor: float


@dataclass(frozen=True, kw_only=True, eq=False)
class IonCounts(Counts):
    """Counts of the ions of a measurement.

    Attributes:
        channels: what was summed.
        pulses: primary pulses per data point; None without Poisson correction.
        common_factor_error: standard deviation of the common factor.
        limited: points at which a channel is limited by the dead time, shape (points,).
        taken_off: background that has been taken off, over the counts in the bulk as they were: 1 for foreign ions, of
            which there are none, shape (ions,); None for none.
        taken_off_error: its standard deviation, shape (ions,); None for none.
        relative: factor of the counts of each point that makes them relative to those of a marker, shape (points,);
            None without one.
    """

    channels: IonChannels
    pulses: int | None
    common_factor_error: float
    limited: NDArray[np.bool_]
    taken_off: FloatArray | None = None
    taken_off_error: FloatArray | None = None
    relative: FloatArray | None = None

    def without_background(self, share: FloatArray, error: FloatArray, bulk: NDArray[np.bool_]) -> IonCounts:
        """The same with a background taken off everywhere.

        Args:
            share: background of each ion over its mean counts in the bulk, shape (ions,).
            error: its standard deviation, shape (ions,).
            bulk: points in the unchanged bulk, shape (points,).
        """
        background = share * self.intensity[:, bulk].mean(axis=1)
        return replace(self, intensity=self.intensity - background[:, None], taken_off=share, taken_off_error=error)


def ion_channels(measurement: Measurement) -> IonChannels:
    """Find the channels of every ion.

    The isotopes of an element are summed (Gunawan 2026, before eq. 1). Where channels are left out as saturated, the
    others are divided by their share of the abundance, which rebuilds the element.

    Raises:
        InputError: a channel does not exist or is used twice; an ion has none left; no ion is known.
    """
    chosen = _chosen(measurement)
    raw, saturated = measurement.raw, measurement.settings.saturated
    for number, name in enumerate(saturated):
        if not any(name in names for names in chosen.values()):
            key = f"measurement.saturated[{number}]"
            raise InputError("is not a channel of any ion", file=measurement.file, key=key, value=name,
                             remedy="leave it out")  # fmt: skip
    used: list[str] = []
    weights: list[tuple[int, int, float]] = []
    for ion, names in enumerate(chosen.values()):
        kept = [name for name in names if name not in saturated]
        weight = _rebuilding_weight(measurement, list(chosen)[ion], names, kept)
        for name in kept:
            weights.append((ion, len(used), weight))
            used.append(name)
    matrix = np.zeros((len(chosen), len(used)))
    for ion, channel, weight in weights:
        matrix[ion, channel] = weight
    counts = np.array([raw.counts(name) for name in used])
    return IonChannels(ions=tuple(chosen), channels=tuple(used), counts=counts, weights=matrix)


def _chosen(measurement: Measurement) -> dict[str, tuple[str, ...]]:
    """Channels of each ion by name, native ions first."""
    given = measurement.settings.channels
    found: Mapping[str, Sequence[str]]
    if given is None:
        ions = {**measurement.native, **measurement.charges}
        by_element = _by_element(measurement.raw)
        found = {
            ion: by_element[ion.rstrip("+-0123456789")] for ion in ions if ion.rstrip("+-0123456789") in by_element
        }
        absent = [ion for ion in measurement.native if ion not in found]
        if absent:
            raise InputError(
                f"has no channel that was recognised as {absent[0]}", file=measurement.raw.file or None,
                remedy=f'name it in the table [measurement], as in channels = {{ {absent[0]} = ["..."] }}',
            )  # fmt: skip
    else:
        _check_given(measurement, given)
        found = given
    if not found:
        raise InputError(
            "names no ion", file=measurement.file, key="measurement.channels",
            remedy='give the native ions with their density, as in native = { Li = "1.4e28 1/m^3" }, and the channels',
        )  # fmt: skip
    order = sorted(found, key=lambda ion: ion not in measurement.native)
    return {ion: tuple(found[ion]) for ion in order}


def _check_given(measurement: Measurement, given: Mapping[str, Sequence[str]]) -> None:
    seen: dict[str, str] = {}
    for ion, names in given.items():
        key = f"measurement.channels.{ion}"
        known = set(measurement.native) | set(measurement.charges)
        if measurement.experiment is not None and ion not in known:
            raise InputError("is not an ion of the experiment", file=measurement.file, key=key,
                             remedy=f"known are {', '.join(sorted(known))}")  # fmt: skip
        if not names:
            raise InputError("must not be empty", file=measurement.file, key=key, remedy="name at least one channel")
        for name in names:
            try:
                channel = measurement.raw.channels[measurement.raw.index(name)]
            except InputError as error:
                problem = f"{error.problem} {measurement.raw.file}"
                raise error.replace(problem=problem, file=measurement.file, key=key, value=name) from None
            if channel.kind in ("ratio", "total"):
                raise InputError(f"is a {channel.kind}, not the counts of an ion", file=measurement.file, key=key,
                                 value=name, remedy="name the channels of its isotopes")  # fmt: skip
            if name in seen:
                raise InputError(f"belongs to {seen[name]} already", file=measurement.file, key=key, value=name,
                                 remedy="use every channel once")  # fmt: skip
            seen[name] = ion
    for ion in measurement.native:
        if ion not in given:
            raise InputError("is missing", file=measurement.file, key=f"measurement.channels.{ion}",
                             remedy=f"name the channels of the native ion {ion}")  # fmt: skip


def _by_element(raw: RawProfile) -> dict[str, tuple[str, ...]]:
    """Names of the channels that are monatomic ions, by element."""
    found: dict[str, tuple[str, ...]] = {}
    for channel in raw.channels:
        element = channel.species.element if channel.kind == "ion" and channel.species is not None else None
        if element is not None:
            found[element] = (*found.get(element, ()), channel.name)
    return found


def _rebuilding_weight(measurement: Measurement, ion: str, names: Sequence[str], kept: Sequence[str]) -> float:
    """What the counts of the remaining isotopes are multiplied with."""
    if not kept:
        raise InputError("leaves no channel of the ion", file=measurement.file, key="measurement.saturated", value=ion,
                         remedy="keep at least one isotope")  # fmt: skip
    if len(kept) == len(names):
        return 1.0
    shares = {name: _abundance(measurement, measurement.raw.channels[measurement.raw.index(name)]) for name in names}
    return sum(shares.values()) / sum(shares[name] for name in kept)


def _abundance(measurement: Measurement, channel: Channel) -> float:
    species = channel.species
    if species is None or species.element is None or species.isotope is None:
        raise InputError("is not an isotope, so that its element cannot be rebuilt", file=measurement.file,
                         key="measurement.saturated", value=channel.name,
                         remedy="leave out isotopes of monatomic ions only")  # fmt: skip
    return abundances(species.element, measurement.settings.abundances)[species.isotope]
