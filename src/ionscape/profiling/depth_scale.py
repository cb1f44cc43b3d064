"""From sputter time to depth: one rate, or one for each layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import non_negative, positive
from ionscape.arrays import FloatArray
from ionscape.errors import InputError

NARROWEST, WIDEST = 0.2, 5.0
"""Bounds of a drawn rate, as multiples of the rate: with few scans Student's t has no variance, and a rate that is
hardly above zero or beyond all reason would tell nothing."""


@dataclass(frozen=True, kw_only=True)
class DepthScale:
    """Depth as a function of sputter time, piecewise linear, with the error of its rates.

    The rate is that of each layer and constant within it (Gunawan 2024 ESI 2.3 found no change between diffusion zone
    and bulk). Errors of different layers are independent.

    Attributes:
        rates: of each layer from the surface downwards [m/s], shape (layers,).
        rate_errors: one standard deviation of each [m/s], shape (layers,).
        ends: sputter times at which the layers but the last one end [s], rising, shape (layers − 1,).
        degrees_of_freedom: of the errors; inf where they are known.
        surface_time: sputter time at which the surface is reached [s]; before it the depth is negative.
        total_time: sputter time of the whole crater [s]; nan where the rate was given.
    """

    rates: tuple[float, ...]
    rate_errors: tuple[float, ...]
    ends: tuple[float, ...] = ()
    degrees_of_freedom: float = math.inf
    surface_time: float = 0.0
    total_time: float = math.nan

    def __post_init__(self) -> None:
        """Check signs, numbers and order.

        Raises:
            InputError: a rate is not positive, an error is negative, or layers and their ends do not match.
        """
        if len(self.rates) != len(self.rate_errors) or len(self.rates) != len(self.ends) + 1:
            raise InputError("must have an error for each rate and an end for each layer but the last", key="layers")
        for rate, error in zip(self.rates, self.rate_errors, strict=True):
            positive("sputter_rate", rate)
            non_negative("sputter_rate error", error)
        if not all(after > before for before, after in zip((self.surface_time, *self.ends), self.ends, strict=False)):
            raise InputError("must rise and lie behind the surface", key="layers", value=str(list(self.ends)),
                             remedy="give the sputter time at which each layer but the last ends")  # fmt: skip

    @classmethod
    def from_crater(
        cls,
        *,
        depth: float,
        depth_error: float,
        total_time: float,
        surface_time: float = 0.0,
        degrees_of_freedom: float = math.inf,
    ) -> DepthScale:
        """Rate = crater depth / total sputter time (Gunawan 2024 ESI 2.3).

        Args:
            depth: of the crater [m].
            depth_error: its standard deviation [m].
            total_time: sputter time of the whole crater [s].
            surface_time: sputter time at which the surface is reached [s].
            degrees_of_freedom: of the error.

        Returns:
            The scale.

        Raises:
            InputError: depth or time is not positive.
        """
        positive("sputter_time", total_time)
        return cls(
            rates=(depth / total_time,),
            rate_errors=(depth_error / total_time,),
            degrees_of_freedom=degrees_of_freedom,
            surface_time=surface_time,
            total_time=total_time,
        )

    @property
    def rate(self) -> float:
        """Sputter rate of the uppermost layer [m/s]."""
        return self.rates[0]

    @property
    def rate_error(self) -> float:
        """Standard deviation of `rate` [m/s]."""
        return self.rate_errors[0]

    def rate_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval that holds the rate of the uppermost layer with probability `level` [m/s], by Student's t."""
        width = student_quantile(level, self.degrees_of_freedom) * self.rate_error
        return self.rate - width, self.rate + width

    def depth(self, time: ArrayLike) -> FloatArray:
        """Depth at a sputter time [s] in m, of the shape of `time`."""
        return np.tensordot(np.array(self.rates), self._times_in_layers(time), axes=1)

    def depth_error(self, time: ArrayLike) -> FloatArray:
        """Standard deviation of `depth` [m], of the shape of `time`."""
        return np.sqrt(np.tensordot(np.array(self.rate_errors) ** 2, self._times_in_layers(time) ** 2, axes=1))

    def draw_depths(self, time: ArrayLike, rng: np.random.Generator, size: int) -> FloatArray:
        """Depths [m] at sputter times [s] for rates drawn from their errors, shape (size, *time.shape)."""
        shape = (size, len(self.rates))
        finite = math.isfinite(self.degrees_of_freedom)
        deviates = rng.standard_t(self.degrees_of_freedom, shape) if finite else rng.standard_normal(shape)
        rates = np.array(self.rates)
        drawn = np.clip(rates + np.array(self.rate_errors) * deviates, NARROWEST * rates, WIDEST * rates)
        return np.tensordot(drawn, self._times_in_layers(time), axes=1)

    def _times_in_layers(self, time: ArrayLike) -> FloatArray:
        """Time spent in each layer up to `time` [s], negative in the first one before the surface is reached.

        Shape (layers, *time.shape).
        """
        times = np.asarray(time, dtype=np.float64)
        starts = (self.surface_time, *self.ends)
        ends = (*self.ends, math.inf)
        # Before the surface the first rate goes on, so that depths stay in order there.
        return np.stack([
            np.minimum(times, end) - start if not number else np.clip(times, start, end) - start
            for number, (start, end) in enumerate(zip(starts, ends, strict=True))
        ])  # fmt: skip


def default_total_time(time: ArrayLike) -> float:
    """Total sputter time where none is given [s]: the last time plus the first.

    A point that stands in the middle of its cycle at the start stands so at the end too; exports that start at 0 give
    the time before each point, and then the crater is as old as its last point.
    """
    times = np.asarray(time, dtype=np.float64)
    return float(times[-1] + times[0])


def student_quantile(level: float, degrees_of_freedom: float) -> float:
    """Half width of a two-sided interval in standard deviations: 1.96 for 0.95 and many degrees of freedom."""
    from scipy.special import ndtri, stdtrit

    probability = 0.5 * (1.0 + level)
    known = not math.isfinite(degrees_of_freedom)
    return float(ndtri(probability) if known else stdtrit(degrees_of_freedom, probability))
