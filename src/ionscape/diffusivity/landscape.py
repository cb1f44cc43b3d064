"""D of a computed landscape as a diffusion model, which knows whether its filling or its kind of ions varied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arguments import positive
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.diffusivity.table import SMALLEST_COEFFICIENT
from ionscape.errors import InputError

Origin = Literal["replacement", "filling"]
ORIGINS: dict[str, str] = {
    "replacement": "of native ions where foreign ones replace them, at constant filling",
    "filling": "of one kind of ions over the filling of its sites",
}


@dataclass(frozen=True, kw_only=True)
class LandscapeDiffusion:
    """D(n, T) of an ion in a landscape, between computed shares of its native density and temperatures.

    ln D is a straight line over n between shares, and over 1/T between temperatures and beyond them. Below the least
    share at which a path leads through the landscape the ion does not move.

    Attributes:
        native_density: of the ion [1/m^3].
        shares: n over the native density, rising (k,).
        temperatures: rising (t,) [K].
        coefficients: D (t, k) [m^2/s]; 0 where no path leads through, at the lowest shares only.
        origin: what varied: the kind of the ions on the sites, or how many there are.
        energies: activation energies (k,) [J], with a single temperature only.
    """

    native_density: float
    shares: tuple[float, ...]
    temperatures: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]
    origin: Origin
    energies: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        positive("native_density", self.native_density)
        if self.origin not in ORIGINS:
            raise InputError("is unknown", key="origin", value=self.origin, remedy=f"choose of {', '.join(ORIGINS)}")
        for key, values in (("shares", self.shares), ("temperatures", self.temperatures)):
            if not values or not all(value > 0.0 for value in values) or (np.diff(values) <= 0.0).any():
                raise InputError("must be one number or more above 0, rising", key=key, value=list(values))
        if (len(self.temperatures) == 1) != (self.energies is not None):
            raise InputError("must be given with a single temperature, and only then", key="energies",
                             value=self.energies)  # fmt: skip
        if self.energies is not None and len(self.energies) != len(self.shares):
            raise InputError("must be one for each share", key="energies", value=list(self.energies))
        table = np.asarray(self.coefficients, dtype=float)
        if table.shape != (len(self.temperatures), len(self.shares)) or not (table >= 0.0).all():
            problem = "must be D of every temperature and share, at least 0"
            raise InputError(problem, key="coefficients", value=list(table.shape))
        if not self._open.any():
            problem = "are 0: no path leads through the landscape at any share"
            raise InputError(problem, key="coefficients", value=0.0)

    @property
    def _open(self) -> NDArray[np.bool_]:
        """Whether a path leads through, (k,)."""
        return np.atleast_1d((np.asarray(self.coefficients) > 0.0).all(axis=0))

    @property
    def fermi_level_counts(self) -> tuple[str, ...] | None:
        """None: D depends on the density of the ion itself."""
        return None

    @property
    def density_limit(self) -> float | None:
        """The highest computed density [1/m^3], beyond which D stays."""
        return self.shares[-1] * self.native_density

    @property
    def jumps(self) -> tuple[float, ...]:
        """The density at which the last path is lost [1/m^3]: midway between shares with and without one."""
        first = int(np.flatnonzero(self._open)[0])
        return () if first == 0 else (0.5 * (self.shares[first - 1] + self.shares[first]) * self.native_density,)

    def coefficient(self, density: ArrayLike, temperature: float) -> FloatArray:
        """D(n, T) [m^2/s], of the shape of `density` [1/m^3]."""
        inverse = 1.0 / positive("temperature", temperature)
        if self.energies is not None:
            distance = (inverse - 1.0 / self.temperatures[0]) / BOLTZMANN_CONSTANT
            values = np.exp(self._logarithms(density, 0) - self.activation_energy(density) * distance)
            return self._where_open(density, values)
        at = 1.0 / np.asarray(self.temperatures)
        # the interval of the temperature, the outermost one beyond the ends
        last = int(np.clip(np.searchsorted(-at, -inverse) - 1, 0, at.size - 2))
        weight = (inverse - at[last]) / (at[last + 1] - at[last])
        low, high = self._logarithms(density, last), self._logarithms(density, last + 1)
        return self._where_open(density, np.exp((1.0 - weight) * low + weight * high))

    def activation_energy(self, density: ArrayLike) -> FloatArray:
        """E_act(n) = −k_B d ln D/d(1/T) between the lowest and the highest temperature, or as it is given [J]."""
        if self.energies is not None:
            shares, values = np.asarray(self.shares)[self._open], np.asarray(self.energies)[self._open]
            return np.interp(np.asarray(density, dtype=float) / self.native_density, shares, values)
        first, last = (self._logarithms(density, place) for place in (0, len(self.temperatures) - 1))
        return BOLTZMANN_CONSTANT * (last - first) / (1.0 / self.temperatures[0] - 1.0 / self.temperatures[-1])

    def _logarithms(self, density: ArrayLike, place: int) -> FloatArray:
        """Ln D at one of the temperatures."""
        values = np.asarray(self.coefficients[place])[self._open]
        shares = np.asarray(self.shares)[self._open]
        return np.interp(np.asarray(density, dtype=float) / self.native_density, shares, np.log(values))

    def _where_open(self, density: ArrayLike, coefficient: FloatArray) -> FloatArray:
        lost = self.jumps[0] if self.jumps else -np.inf
        return np.where(np.asarray(density, dtype=float) < lost, SMALLEST_COEFFICIENT, coefficient)
