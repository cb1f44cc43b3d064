"""What the instrument wrote: counts of every channel over sputter time, with everything else in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ionscape.arrays import FloatArray
from ionscape.errors import InputError, nearest_name

from .species import Species

ChannelKind = Literal["ion", "ratio", "total", "not recognised"]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One column of counts.

    Attributes:
        name: as it stands in the file, such as "^6Li+".
        kind: "ion" (an element, isotope or cluster that was recognised), "ratio" of two channels, "total" of the
            spectrum, or "not recognised".
        species: what was detected; None unless `kind` is "ion".
        mass: as the file states it [u]; None where it states none.
        column: column of the file, counted from 1.
    """

    name: str
    kind: ChannelKind
    species: Species | None = None
    mass: float | None = None
    column: int


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RawProfile:
    """A depth profile as the instrument exported it.

    Attributes:
        file: name of the file; empty for one that never was a file.
        format: name of its format, such as "surfacelab".
        sha256: hash of the bytes of the file, hexadecimal.
        sputter_time: of each data point [s], rising, shape (points,); None where the file gives depths only.
        depth: of each data point [m], rising, shape (points,); None where the file gives sputter times.
        channels: the columns of counts.
        intensity: counts, shape (channels, points); Poisson-corrected where the instrument did so.
        columns: every other column of numbers by its name in the file (data point, dose, ...), each of shape (points,).
        header: the lines of the header as they stand.
        comments: the comment lines behind the header as they stand.
        smoothing: what the file says of smoothing; None if it says nothing.
    """

    file: str
    format: str
    sha256: str
    sputter_time: FloatArray | None
    depth: FloatArray | None = None
    channels: tuple[Channel, ...]
    intensity: FloatArray
    columns: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    header: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    smoothing: str | None = None

    def __repr__(self) -> str:
        return f"RawProfile({self.file!r}, {self.format}, {len(self.channels)} channels, {self.points} points)"

    @property
    def points(self) -> int:
        """Number of data points."""
        return self.intensity.shape[1]

    def index(self, name: str) -> int:
        """Place of a channel among `channels`.

        Raises:
            InputError: there is no channel of that name; the nearest is named.
        """
        names = [channel.name for channel in self.channels]
        if name not in names:
            nearest = nearest_name(name, names)
            raise InputError("is not a channel of the file", file=self.file or None, value=name,
                             remedy=f'the nearest channel is "{nearest}"')  # fmt: skip
        return names.index(name)

    def counts(self, name: str) -> FloatArray:
        """Counts of a channel, shape (points,).

        Raises:
            InputError: there is no channel of that name; the nearest is named.
        """
        return self.intensity[self.index(name)]
