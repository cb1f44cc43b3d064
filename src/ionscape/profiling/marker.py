"""Depth by an immobile element: where its counts come from as much glass each, they tell how much has been sputtered.

The sputter rate of a glass depends on its composition, and where ions were exchanged the composition depends on depth.
An element of the network is there as often in each volume; if its useful yield is constant, each of its counts belongs
to the same depth, and with the depth D of the crater

    x(t) = D (T − t_0)/T · ∫_{t_0}^t I_m dt / ∫_{t_0}^T I_m dt

    letter   meaning                                                               unit   shape
    I_m      counts of the marker at the data points, constant within one          1      (points,)
    t_0, T   sputter time of the surface, and of the whole crater                  s      scalar
    D        depth of the crater                                                   m      scalar

Behind the last data point the mean of the deepest tenth goes on. In the sputter transient yields are not constant:
there the mean of the counts behind it is taken. Counts of the ions relative to those of the marker are free of what
both have in common: the sputter rate, the transient, and the factor that all channels of a data point share, whose
place the counting noise of the marker takes.

That yields do not change is an assumption as good as that of a constant rate, so the difference of both is carried as a
systematic band.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arrays import FloatArray
from ionscape.errors import InputError, nearest_name

from .channels import IonCounts
from .counting import intensity_variance, local_mean
from .depth_scale import DepthScale
from .raw import RawProfile
from .settings import MarkerTable

DEEPEST_SHARE = 0.1  # of the data points, whose mean goes on below the last
FEWEST_COUNTS = 5.0
"""Mean counts of a marker over nine points below which nothing is told by its ratio."""
STEADY_POINTS = 10  # of which means are compared to find the end of the transient
LONGEST_TRANSIENT = 0.15  # of the data points
SIGNIFICANT = 3.0  # standard deviations


@dataclass(frozen=True, kw_only=True, eq=False)
class MarkerScale:
    """Depth as a function of sputter time by the counts of a marker; see the module.

    Attributes:
        element: of the marker.
        constant: the scale of a constant rate through the same crater.
        edges: sputter times between the data points, first and last end among them [s], shape (points + 1,).
        counts: of the marker, steady in the transient, shape (points,).
        variance: of the counts, shape (points,).
        transient: data points whose counts were replaced.
    """

    element: str
    constant: DepthScale
    edges: FloatArray
    counts: FloatArray
    variance: FloatArray
    transient: int = 0

    @property
    def rate(self) -> float:
        """Mean sputter rate of the crater [m/s]."""
        return self.constant.rate

    @property
    def rate_error(self) -> float:
        """Standard deviation of `rate` [m/s]."""
        return self.constant.rate_error

    @property
    def surface_time(self) -> float:
        """Sputter time at which the surface is reached [s]."""
        return self.constant.surface_time

    @property
    def total_time(self) -> float:
        """Sputter time of the whole crater [s]."""
        return self.constant.total_time

    def rate_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval that holds the mean rate with probability `level` [m/s], by Student's t."""
        return self.constant.rate_interval(level)

    def depth(self, time: ArrayLike) -> FloatArray:
        """Depth at a sputter time [s] in m, of the shape of `time`."""
        return self._depths(np.asarray(time, dtype=np.float64), self.counts)

    def counting_error(self, time: ArrayLike) -> FloatArray:
        """Standard deviation of `depth` by the counts of the marker alone [m], of the shape of `time`.

        Of x ∝ A/(A + B), with A and B the counts above and below: x A B/(A + B) √(var A/A² + var B/B²)/A.
        """
        times = np.asarray(time, dtype=np.float64)
        whole = self.depth(self.total_time)
        share = np.clip(self.depth(times) / whole, 0.0, 1.0)
        above = np.interp(times, self.edges, np.append(0.0, np.cumsum(self.variance)))
        below = np.sum(self.variance) - above
        total = float(np.sum(self.counts))
        return whole * np.sqrt((1.0 - share) ** 2 * above + share**2 * below) / total

    def draw_depths(self, time: ArrayLike, rng: np.random.Generator, size: int) -> FloatArray:
        """Depths [m] at sputter times [s] for crater depths and counts drawn from their errors.

        Shape (size, *time.shape).
        """
        times = np.asarray(time, dtype=np.float64)
        stretch = self.constant.draw_depths(self.total_time, rng, size) / self.constant.depth(self.total_time)
        noise = rng.standard_normal((size, self.counts.size))
        drawn = np.maximum(self.counts + np.sqrt(self.variance) * noise, 0.0)
        return np.array([factor * self._depths(times, counts) for factor, counts in zip(stretch, drawn, strict=True)])

    def _depths(self, times: FloatArray, counts: FloatArray) -> FloatArray:
        first, last, start = self.edges[0], self.edges[-1], self.surface_time
        widths = np.diff(self.edges)
        deepest = max(round(DEEPEST_SHARE * counts.size), 1)
        ends = np.concatenate([[min(first, start)], self.edges, [max(last, self.total_time)]])
        further = (counts[0] / widths[0], counts[-deepest:].sum() / widths[-deepest:].sum())
        sums = np.cumsum([further[0] * (ends[1] - ends[0]), *counts, further[1] * (ends[-1] - ends[-2])])
        sums = np.append(0.0, sums)
        origin, end = np.interp([start, self.total_time], ends, sums)
        glass = float(self.constant.depth(self.total_time))
        depth = glass * (np.interp(times, ends, sums) - origin) / (end - origin)
        # Above the surface there is no marker: there the mean rate goes on, so that depths stay in order.
        return np.where(times < start, self.constant.depth(times), depth)


def marker_scale(
    table: MarkerTable, raw: RawProfile, counts: IonCounts, constant: DepthScale, *, file: str | None
) -> MarkerScale:
    """The depth scale by the counts of a marker.

    Args:
        table: which marker.
        raw: the export.
        counts: of the ions, none of which may be the marker.
        constant: the scale of a constant rate through the same crater.
        file: of the measurement, for messages.

    Raises:
        InputError: no such channel, a channel of an ion, or too few counts.
    """
    time = raw.sputter_time
    assert time is not None
    channels = _channels(table, raw, counts, file=file)
    each = np.array([raw.counts(name) for name in channels])
    found = each.sum(axis=0)
    smooth = local_mean(each)
    if float(smooth.sum(axis=0).min()) < FEWEST_COUNTS:
        raise InputError(f"has only {float(smooth.sum(axis=0).min()):.2g} counts per data point somewhere", file=file,
                         key="measurement.marker", value=table.element,
                         remedy="choose an element of the network with more, or leave the marker out")  # fmt: skip
    # The size of the common factor is that of the ions, of which it is known.
    variance = intensity_variance(smooth, counts.pulses).sum(axis=0) + (counts.common_factor * smooth.sum(axis=0)) ** 2
    first = int(np.searchsorted(time, constant.surface_time))
    if table.steady_from is not None:
        end = int(np.searchsorted(time, table.steady_from))
    else:
        end = first + transient_points(found[first:], variance[first:])
    if end + STEADY_POINTS > found.size:
        raise InputError("leaves no points behind it", file=file, key="measurement.marker.steady_from",
                         value=table.steady_from, remedy="give an earlier sputter time")  # fmt: skip
    steady, spread = found.copy(), variance.copy()
    behind = slice(end, end + STEADY_POINTS)
    steady[first:end], spread[first:end] = found[behind].mean(), variance[behind].mean()
    middle = 0.5 * (time[1:] + time[:-1])
    edges = np.concatenate([[max(time[0] - (middle[0] - time[0]), 0.0)], middle, [2.0 * time[-1] - middle[-1]]])
    return MarkerScale(
        element=table.element, constant=constant, edges=edges, counts=steady, variance=spread, transient=end - first
    )


def relative_to_marker(counts: IonCounts, table: MarkerTable, raw: RawProfile, *, file: str | None) -> IonCounts:
    """Counts of the ions times the mean of those of the marker over its own, with their noise by counting.

    Raises:
        InputError: no such channel, or a channel of an ion.
    """
    marker = np.sum([raw.counts(name) for name in _channels(table, raw, counts, file=file)], axis=0)
    share = marker.mean() / np.maximum(marker, 1.0)
    return replace(counts, intensity=counts.intensity * share, variance=counts.variance * share**2, relative=share)


def transient_points(counts: FloatArray, variance: FloatArray) -> int:
    """How many points the sputter transient takes in the counts of a marker; 0 where none shows.

    It lasts as long as means of neighbouring runs of points differ significantly, in the same direction. What changes
    for longer than a transient does is the composition of the glass.

    Args:
        counts: of the marker from the surface on, shape (points,).
        variance: of each, shape (points,).
    """
    run = STEADY_POINTS
    most = round(LONGEST_TRANSIENT * counts.size)
    kernel = np.ones(run) / run
    if counts.size < 4 * run:
        return 0
    means, errors = np.convolve(counts, kernel, "valid"), np.convolve(variance, kernel, "valid") / run
    change = means[run:] - means[:-run]
    differs = np.abs(change) > SIGNIFICANT * np.sqrt(errors[run:] + errors[:-run])
    same = differs & (np.sign(change) == np.sign(change[0]))
    end = int(np.argmin(same)) if not same.all() else same.size
    # the run above the last that differs, and the one below it
    return 0 if end == 0 or end > most else end + run


def _channels(table: MarkerTable, raw: RawProfile, counts: IonCounts, *, file: str | None) -> Sequence[str]:
    key = "measurement.marker"
    if table.channels is not None:
        names: Sequence[str] = table.channels
    else:
        known = {
            channel.name: channel.species.element
            for channel in raw.channels
            if channel.kind == "ion" and channel.species is not None and channel.species.element is not None
        }
        names = [name for name, element in known.items() if element == table.element]
        if not names:
            nearest = nearest_name(table.element, sorted(set(filter(None, known.values()))))
            raise InputError("has no channel that was recognised", file=file, key=key, value=table.element,
                             remedy=f'the nearest element of the export is "{nearest}"; or name its channels'
                             f' with marker = {{ element = "{table.element}", channels = ["..."] }}')  # fmt: skip
    for name in names:
        try:
            raw.index(name)
        except InputError as error:
            raise error.replace(problem=f"{error.problem} {raw.file}", file=file, key=f"{key}.channels") from None
        if name in counts.channels.channels:
            raise InputError("is a channel of an ion that moves", file=file, key=key, value=name,
                             remedy="choose an element of the network, such as Si")  # fmt: skip
    return names


def constant_difference(scale: MarkerScale, time: FloatArray) -> tuple[float, float, bool]:
    """Largest difference of the depths from those of a constant rate, its depth [m], and whether counts alone make it.

    Args:
        scale: by the marker.
        time: of the data points [s], shape (points,).
    """
    depth = scale.depth(time)
    off = depth - scale.constant.depth(time)
    place = int(np.argmax(np.abs(off)))
    error = float(scale.counting_error(time[place]))
    return float(off[place]), float(depth[place]), not abs(off[place]) > SIGNIFICANT * max(error, math.ulp(1.0))
