"""Instruments of synthetic measurements: the spectrometer with its sputter beam, and the profilometer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from ionscape.arguments import non_negative, positive
from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.profiling.crater_scan import CraterScan
from ionscape.profiling.isotopes import most_abundant
from ionscape.profiling.resolution import DepthResponse, GaussianResponse

SMALLEST_ABUNDANCE = 0.01
"""Isotopes that are rarer have no channel of their own unless they are asked for."""

FEWEST_MISSED_PULSES = 30.0
"""Pulses of a data point that must be expected to miss: if none missed, the Poisson correction would be infinite."""


@dataclass(frozen=True, kw_only=True)
class Profilometer:
    """How the crater is scanned, and what keeps the scans from being perfect.

    Attributes:
        scans: number of scans of the crater.
        length: of a scan [m].
        step: between its points [m].
        crater_width: distance between the middles of the walls [m]; the crater lies in the middle of the scan.
        wall_width: standard deviation of the (Gaussian) slope of a wall [m].
        tilt: of the sample in the direction of the scan, height over length [1].
        tilt_scatter: standard deviation of the tilt from scan to scan [1].
        bow: height of the middle of the scan above its ends by which the stylus path or sample is curved [m].
        rim_height: of what is heaped up outside each wall, three `wall_width` away from its middle [m].
        rim_width: standard deviation of the (Gaussian) cross-section of the rim [m].
        surface_roughness: root mean square height of the unsputtered surface [m].
        valley_roughness: root mean square height of the crater floor [m].
        correlation_length: of the roughness along the scan [m].
        noise: standard deviation of the height of a point, uncorrelated [m].
        depth_scatter: standard deviation of the depth from scan to scan, relative to the depth [1].
        offset: between the first and the second scan in the lateral position of its points, at most [m].
    """

    scans: int = 3
    length: float = 700e-6
    step: float = 0.5e-6
    crater_width: float = 320e-6
    wall_width: float = 10e-6
    tilt: float = 5e-6
    tilt_scatter: float = 5e-7
    bow: float = 0.0
    rim_height: float = 0.0
    rim_width: float = 10e-6
    surface_roughness: float = 0.5e-9
    valley_roughness: float = 0.5e-9
    correlation_length: float = 1e-6
    noise: float = 1e-9
    depth_scatter: float = 0.01
    offset: float = 1e-7

    def __post_init__(self) -> None:
        """Check signs and that a surface is left on both sides of the crater."""
        for name in ("scans", "length", "step", "crater_width", "wall_width", "rim_width"):
            positive(name, getattr(self, name))
        for name in ("tilt_scatter", "surface_roughness", "valley_roughness", "correlation_length", "noise",
                     "depth_scatter", "offset"):  # fmt: skip
            non_negative(name, getattr(self, name))
        taken = self.crater_width + 2.0 * self._disturbed
        if not taken < 0.9 * self.length:
            raise InputError(
                "must be longer than the crater with its walls and rims", key="length", value=self.length,
                bound=f"these take {taken:.3g} m of at most 90 %",
            )  # fmt: skip

    @property
    def _disturbed(self) -> float:
        """Distance from the middle of a wall to where the surface is flat [m]."""
        rim = 3.0 * self.wall_width + 4.0 * self.rim_width if self.rim_height != 0.0 else 0.0
        return max(4.0 * self.wall_width, rim)

    @property
    def surface_regions(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Start and stop of the unsputtered surface on both sides [m], away from walls and rims."""
        stop = 0.5 * (self.length - self.crater_width) - self._disturbed
        return (0.02 * self.length, stop), (self.length - stop, 0.98 * self.length)

    @property
    def valley_region(self) -> tuple[float, float]:
        """Start and stop of the crater floor [m], away from the walls."""
        half = max(0.5 * self.crater_width - 4.0 * self.wall_width, 0.25 * self.crater_width)
        return 0.5 * self.length - half, 0.5 * self.length + half


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """What the synthetic instrument is like and how it was set.

    Attributes:
        sputter_rate: depth of the finished crater over its sputter time [m/s].
        yields: Poisson-corrected counts per data point by ion, at `bulk_density`, all isotopes together [1].
        points: number of data points.
        interval: sputter time of one data point [s]; or else give `maximum_depth`.
        maximum_depth: depth of the finished crater [m].
        isotopes: by ion those that have a channel, such as {"Rb": ("85Rb", "87Rb")}; the others have one channel for
            each isotope of at least 1 %.
        abundances: by isotope the share of its element in place of the natural one [1], for enriched material.
        pulses_per_point: N, primary pulses per data point; None for counts that are Poisson distributed and written
            as they were counted.
        common_factor: relative standard deviation of the factor shared by all channels of a data point [1].
        transient_amplitude: by which all intensities are higher at the surface, relative to the steady state [1].
        transient_depth: over which that falls to 1/e [m].
        relative_rates: by ion the sputter rate of a glass with that ion alone over that of a glass with the ions that
            are not named [1]; mixed glasses lie between by the shares of the charge.
        markers: by element of the network its counts per data point at the mean sputter rate, all isotopes together
            [1]; each has a channel of its main isotope.
        response: of the depth profile.
        background: counts of each channel and data point without any ions [1].
        other_share: intensity of everything that has no channel but is part of the total, relative to the channels [1].
        sputter_current: of the sputter beam [A]; it only sets the dose columns of the export.
        profilometer: how the crater is scanned.
    """

    sputter_rate: float
    yields: Mapping[str, float]
    points: int
    interval: float | None = None
    maximum_depth: float | None = None
    isotopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    abundances: Mapping[str, float] = field(default_factory=dict[str, float])
    pulses_per_point: int | None = 16384
    common_factor: float = 0.012
    transient_amplitude: float = 1.2
    transient_depth: float = 1.5e-9
    relative_rates: Mapping[str, float] = field(default_factory=dict[str, float])
    markers: Mapping[str, float] = field(default_factory=dict[str, float])
    response: DepthResponse = field(default_factory=lambda: GaussianResponse(sigma=2e-9))
    background: float = 0.0
    other_share: float = 0.3
    sputter_current: float = 80e-9
    profilometer: Profilometer = field(default_factory=Profilometer)

    def __post_init__(self) -> None:
        """Check signs and that the duration is given once."""
        for name in ("sputter_rate", "points", "transient_depth", "sputter_current"):
            positive(name, getattr(self, name))
        for name in ("common_factor", "background", "other_share"):
            non_negative(name, getattr(self, name))
        if (self.interval is None) == (self.maximum_depth is None):
            raise InputError("give one of the two", key="interval, maximum_depth")
        name, span = ("maximum_depth", self.maximum_depth) if self.interval is None else ("interval", self.interval)
        positive(name, span or 0.0)
        if self.transient_amplitude <= -1.0:
            raise InputError("must be greater than -1", key="transient_amplitude", value=self.transient_amplitude)
        if self.pulses_per_point is not None and self.pulses_per_point < 2:
            raise InputError("must be 2 at least", key="pulses_per_point", value=self.pulses_per_point)
        if not isinstance(cast(object, self.yields), Mapping):
            raise InputError("must give the counts of each ion", key="yields",
                             remedy='write a mapping such as {"Li": 3600.0, "Rb": 6900.0}')  # fmt: skip
        for key in ("yields", "relative_rates", "markers"):
            for name, value in getattr(self, key).items():
                positive(f"{key}.{name}", value)
        for name in self.markers:
            if name in self.yields:
                raise InputError("is an ion of the profile", key=f"markers.{name}", remedy="name what does not move")

    @property
    def total_time(self) -> float:
        """Sputter time of all data points [s]."""
        if self.interval is not None:
            return self.points * self.interval
        assert self.maximum_depth is not None
        return self.maximum_depth / self.sputter_rate

    @property
    def crater_depth(self) -> float:
        """Depth of the finished crater [m]."""
        return self.sputter_rate * self.total_time

    @property
    def sputter_time(self) -> FloatArray:
        """Of each data point, in the middle of its interval [s], shape (points,)."""
        middle = np.arange(self.points, dtype=np.float64) + 0.5
        return middle * (self.total_time / self.points)


def scan_crater(
    profilometer: Profilometer, depth: float, *, rng: np.random.Generator | int
) -> tuple[tuple[CraterScan, ...], FloatArray]:
    """Scans of a crater (its cross-section: Gunawan 2024 ESI Fig. S2) and the depth [m] that each really crosses."""
    from scipy.special import erf

    generator = np.random.default_rng(rng)
    count = round(profilometer.length / profilometer.step) + 1
    middle, half = 0.5 * profilometer.length, 0.5 * profilometer.crater_width
    scans: list[CraterScan] = []
    depths = depth * (1.0 + profilometer.depth_scatter * generator.standard_normal(profilometer.scans))
    for number in range(profilometer.scans):
        x = np.arange(count, dtype=np.float64) * profilometer.step + generator.uniform(0.0, 1.0) * profilometer.offset
        outside = np.abs(x - middle) - half
        inside = 0.5 * (1.0 - np.asarray(erf(outside / (math.sqrt(2.0) * profilometer.wall_width))))
        from_rim = (outside - 3.0 * profilometer.wall_width) / profilometer.rim_width
        rim = profilometer.rim_height * np.exp(-0.5 * from_rim**2)
        tilt = profilometer.tilt + profilometer.tilt_scatter * generator.standard_normal()
        bow = profilometer.bow * (1.0 - ((x - middle) / middle) ** 2)
        rough = _correlated(count, profilometer.correlation_length / profilometer.step, generator)
        amplitude = inside * profilometer.valley_roughness + (1.0 - inside) * profilometer.surface_roughness
        noise = profilometer.noise * generator.standard_normal(count)
        height = tilt * x + bow + rim - depths[number] * inside + amplitude * rough + noise
        # three decimals of µm and nm: the digits that a profilometer exports
        scans.append(
            CraterScan(
                file="",
                lateral=np.round(x * 1e6, 3) * 1e-6,
                height=np.round(height * 1e9, 3) * 1e-9,
                header=("Lateral (um),Height (nm)",),
            )
        )
    return tuple(scans), depths


def channel_name(isotope: str) -> str:
    """Name of the channel of an isotope: the main isotope is not labelled in exports."""
    element = isotope.lstrip("0123456789")
    return f"{element}+" if isotope == most_abundant(element) else f"^{isotope}+"


def _correlated(count: int, length: float, rng: np.random.Generator) -> FloatArray:
    """Gaussian random numbers of variance 1, smoothed over `length` points (standard deviation of the kernel)."""
    if length < 0.1:
        return rng.standard_normal(count)
    reach = max(1, math.ceil(4.0 * length))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / length) ** 2)
    kernel /= math.sqrt(float((kernel**2).sum()))
    return np.convolve(rng.standard_normal(count + 2 * reach), kernel, mode="valid")
