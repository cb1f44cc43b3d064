"""Parameters of the landscape and of the rates from measured activation energies and conductivities (Bosi 2021 V)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.errors import FitError, InputError, IonscapeError
from ionscape.scaleout import Executor, RunStore, SerialExecutor, Tally, Task

from .load import Series, landscape_model, make_series_glass
from .tasks import calculate, percolation_task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ionscape.glass import LiteratureGlass

FloatArray = NDArray[np.float64]

NOISES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
"""Noises at which activation energies are tabulated; they are smooth between."""
DEGREE = 3
"""Of the polynomials in the noise that smooth the table."""
LANDSCAPES = 8
"""At most so many landscapes per noise and composition: the same ones for all, so that differences are smooth."""
LATTICE = 60
"""Where the series has no lattice for activation energies."""
UNIT_ENERGY = 1e-19  # J; activation energies are proportional to the energy scale


@dataclass(frozen=True, kw_only=True, eq=False)
class EnergyScaleFit:
    """Energy scale and noise that reproduce measured activation energies.

    Attributes:
        energy_scale: V0 [J].
        noise: standard deviation of the noise in units of V0.
        covariance: of both, shape (2, 2), from the errors of the measurements and of the averages over landscapes;
            larger by the reduced chi square where that exceeds 1.
        chi_square: sum of the squared residuals in standard deviations.
        degrees_of_freedom: measurements minus 2.
        borate_fractions: of the measured glasses, shape (k,).
        measured: their activation energies [J], shape (k,).
        fitted: those of the model [J], shape (k,).
    """

    energy_scale: float
    noise: float
    covariance: FloatArray
    chi_square: float
    degrees_of_freedom: int
    borate_fractions: FloatArray
    measured: FloatArray
    fitted: FloatArray

    @property
    def energy_scale_error(self) -> float:
        """Standard error [J]."""
        return math.sqrt(self.covariance[0, 0])

    @property
    def noise_error(self) -> float:
        """Standard error."""
        return math.sqrt(self.covariance[1, 1])

    @property
    def correlation(self) -> float:
        """Of the errors of both; close to -1 or 1 where only a combination is known."""
        return float(self.covariance[0, 1]) / (self.energy_scale_error * self.noise_error)


@dataclass(frozen=True, kw_only=True, eq=False)
class FrequencyFit:
    """Attempt frequencies that reproduce measured conductivities.

    Attributes:
        frequency: [Hz], shape (compositions,); NaN where nothing was measured.
        relative_error: standard error of its natural logarithm, shape (compositions,).
        points: measurements that entered, shape (compositions,).
        common: one frequency for all measurements [Hz]; NaN if there are none.
        common_relative_error: standard error of its natural logarithm.
        common_points: how many measurements.
    """

    frequency: FloatArray
    relative_error: FloatArray
    points: NDArray[np.int64]
    common: float
    common_relative_error: float
    common_points: int


def fit_energy_scale(
    series: Series,
    *,
    measured: Sequence[tuple[float, float, float]] | None = None,
    executor: Executor | None = None,
    store: RunStore | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> EnergyScaleFit:
    """Find energy scale and noise by least squares to measured activation energies (Bosi 2021 V.A, V.B).

    E_a is proportional to V0 at a given noise, as is the barrier u0. So E_a/V0 is tabulated over the noise, with the
    same random numbers for all, and only two numbers are fitted to the table.

    Args:
        series: compositions, lattice and landscapes; its own energy scale and noise are not used.
        measured: borate fraction, activation energy [J] and its standard error [J] of each glass; those of the table
            [experiment] if None.
        executor: of `make_executor`; None runs everything in this process.
        store: where finished landscapes are kept.
        progress: called after every landscape.

    Raises:
        InputError: fewer than two glasses that differ.
        FitError: the best noise lies at the end of the table.
    """
    points = list(measured) if measured is not None else _points(series)
    if len({point[0] for point in points}) < 2:
        remedy = "add measurements, or give energy_scale and noise"
        raise InputError(
            f"needs activation energies of two or more glasses, there are {len(points)}",
            file=series.file, key="landscape.energy_scale", remedy=remedy,
        )  # fmt: skip
    ratio, error = _tabulate(series, sorted({point[0] for point in points}), executor or SerialExecutor(), store,
                             progress)  # fmt: skip
    return _fitted(points, ratio, error)


def _points(series: Series) -> list[tuple[float, float, float]]:
    """Measured activation energies of the table [experiment]."""
    table = series.settings.experiment
    if table is None or series.literature is None:
        return []
    near = table.composition_tolerance
    points: list[tuple[float, float, float]] = []
    for glass in series.literature.glasses:
        end = float(round(glass.borate_fraction))
        at_end = abs(glass.borate_fraction - end) <= near
        if glass.activation_energy is not None and (at_end or table.fit_to == "all"):
            x = end if at_end else glass.borate_fraction
            points.append((x, glass.activation_energy, table.activation_energy_error))
    if table.fit_to == "ends" and len({x for x, *_ in points}) < 2:
        return []
    return points


def _tabulate(
    series: Series,
    borate_fractions: Sequence[float],
    executor: Executor,
    store: RunStore | None,
    progress: Callable[[Tally], None] | None,
) -> tuple[dict[float, FloatArray], dict[float, float]]:
    """E_a/V0 at all noises by borate fraction, and its relative standard error."""
    table = series.settings.percolation
    lattice, landscapes = (LATTICE, LANDSCAPES) if table is None else (table.lattice, min(table.landscapes, LANDSCAPES))
    tasks: dict[float, list[list[Task]]] = {
        x: [
            [
                percolation_task(
                    make_series_glass(series.settings, x, series.measured_units),
                    landscape_model(series.settings, energy_scale=UNIT_ENERGY, noise=noise),
                    lattice=lattice, directions=1, seed=series.settings.random.seed, landscape=number,
                )
                for number in range(landscapes)
            ]
            for noise in NOISES
        ]
        for x in borate_fractions
    }  # fmt: skip
    outcomes = executor.map(
        calculate, [task for rows in tasks.values() for row in rows for task in row], store=store, progress=progress
    )
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        raise IonscapeError(f"{len(failed)} of {len(outcomes)} landscapes failed; the first: {failed[0].error}")
    found: dict[str, Any] = {outcome.key: outcome.value for outcome in outcomes}
    ratio: dict[float, FloatArray] = {}
    error: dict[float, float] = {}
    for x, rows in tasks.items():
        values = np.array([[found[task.key]["activation_energy"][0] for task in row] for row in rows]) / UNIT_ENERGY
        if not np.isfinite(values).all():
            share = float(np.isfinite(values).mean())
            raise InputError(
                f"is too small: {share:.0%} of the landscapes at x = {x:g} have a path from face to face",
                file=series.file, key="percolation.lattice", value=lattice, remedy="give a larger lattice",
            )  # fmt: skip
        ratio[x] = values.mean(axis=1)
        scatter = values.std(axis=1, ddof=1) if landscapes > 1 else np.zeros(len(NOISES))
        error[x] = float(np.mean(scatter / ratio[x])) / math.sqrt(landscapes)
    return ratio, error


def _fitted(
    points: Sequence[tuple[float, float, float]], ratio: Mapping[float, FloatArray], error: Mapping[float, float]
) -> EnergyScaleFit:
    """Least squares for V0 and the noise to a table of E_a/V0."""
    from scipy.optimize import least_squares

    # a bottleneck jumps from link to link as the noise grows: a smooth curve, not one through every value
    curves = {x: np.polynomial.Polynomial.fit(NOISES, values, DEGREE) for x, values in ratio.items()}
    measured = np.array([energy for _, energy, _ in points])
    deviation = np.array([math.hypot(given, error[x] * energy) for x, energy, given in points])

    def model(noise: float) -> FloatArray:
        return np.array([float(curves[x](noise)) for x, *_ in points])

    def residuals(parameters: FloatArray) -> FloatArray:
        return (parameters[0] * UNIT_ENERGY * model(parameters[1]) - measured) / deviation

    def scale(noise: float) -> float:
        """Best energy scale for a noise, in `UNIT_ENERGY`."""
        values = model(noise) / deviation
        return float(values @ (measured / deviation) / (values @ values)) / UNIT_ENERGY

    starts = np.linspace(NOISES[0], NOISES[-1], 27)
    costs = [float(np.sum(residuals(np.array([scale(noise), noise])) ** 2)) for noise in starts]
    start = float(starts[int(np.argmin(costs))])
    found = least_squares(
        residuals, [scale(start), start], bounds=([0.0, NOISES[0]], [np.inf, NOISES[-1]]), x_scale=[1.0, 0.3],
        xtol=1e-12, ftol=1e-12, gtol=1e-12,
    )  # fmt: skip
    energy_scale, noise = (float(value) for value in found.x)
    if not found.success or min(noise - NOISES[0], NOISES[-1] - noise) < 1e-4:
        raise FitError(
            f"the measured activation energies ask for a noise outside {NOISES[0]:g} to {NOISES[-1]:g}; give"
            " landscape.energy_scale and landscape.noise, or check the measurements."
        )
    chi_square, freedom = float(np.sum(found.fun**2)), len(points) - 2
    jacobian = np.asarray(found.jac) / np.array([UNIT_ENERGY, 1.0])
    # the inverse is formed in units in which both parameters are about 1
    covariance = np.linalg.pinv((jacobian * [UNIT_ENERGY, 1.0]).T @ (jacobian * [UNIT_ENERGY, 1.0]))
    covariance = covariance * np.outer([UNIT_ENERGY, 1.0], [UNIT_ENERGY, 1.0])
    return EnergyScaleFit(
        energy_scale=energy_scale * UNIT_ENERGY,
        noise=noise,
        covariance=covariance * max(1.0, chi_square / freedom if freedom > 0 else 1.0),
        chi_square=chi_square,
        degrees_of_freedom=freedom,
        borate_fractions=np.array([x for x, *_ in points]),
        measured=measured,
        fitted=energy_scale * UNIT_ENERGY * model(noise),
    )


def fit_attempt_frequency(
    conductivity: FloatArray,
    *,
    borate_fractions: Sequence[float],
    temperatures: Sequence[float],
    attempt_frequency: float,
    measured: Sequence[LiteratureGlass],
    composition_tolerance: float,
    error: float,
) -> FrequencyFit:
    """Find attempt frequencies by least squares to the logarithms of measured conductivities (Bosi 2021 V.A).

    A conductivity is proportional to the attempt frequency, so that the best one is a geometric mean of ratios.
    Measurements at temperatures outside those of the model are left out; between them ln(σT) is linear in 1/T. For the
    common frequency, ln(σ) is linear in x between the compositions.

    Args:
        conductivity: of the model [S/m], shape (compositions, temperatures).
        borate_fractions: x of the compositions.
        temperatures: [K].
        attempt_frequency: with which the conductivities were calculated [Hz].
        measured: glasses with conductivities.
        composition_tolerance: by how much x of a measured glass may differ to count for a composition.
        error: standard deviation of the decadic logarithm of a measured conductivity.
    """
    places = np.asarray(borate_fractions)
    found: list[list[float]] = [[] for _ in places]
    every: list[float] = []
    for glass in measured:
        x = glass.borate_fraction
        nearest = int(np.argmin(np.abs(places - x)))
        for temperature, value in glass.conductivity.items():
            calculated = _log_conductivity(conductivity, temperatures, temperature)
            if calculated is None:
                continue
            if abs(places[nearest] - x) <= composition_tolerance:
                found[nearest].append(math.log(value) - calculated[nearest])
            if places.min() - composition_tolerance <= x <= places.max() + composition_tolerance:
                order = np.argsort(places)
                every.append(math.log(value) - float(np.interp(x, places[order], calculated[order])))
    single = math.log(10.0) * error
    means = [_mean_and_error(values, single) for values in found]
    common, common_error = _mean_and_error(every, single)
    return FrequencyFit(
        frequency=attempt_frequency * np.exp(np.array([mean for mean, _ in means])),
        relative_error=np.array([deviation for _, deviation in means]),
        points=np.array([len(values) for values in found]),
        common=attempt_frequency * math.exp(common),
        common_relative_error=common_error,
        common_points=len(every),
    )


def interpolated_frequencies(fit: FrequencyFit, borate_fractions: Sequence[float]) -> FloatArray:
    """Fitted frequencies [Hz], those of compositions without measurements from their neighbours.

    The logarithm is linear in x between fitted compositions and constant outside; NaN if none was fitted.
    """
    places, known = np.asarray(borate_fractions), np.isfinite(fit.frequency)
    if not known.any():
        return np.full(len(places), np.nan)
    order = np.argsort(places[known])
    logarithms = np.interp(places, places[known][order], np.log(fit.frequency[known])[order])
    return np.where(known, fit.frequency, np.exp(logarithms))


def _log_conductivity(conductivity: FloatArray, temperatures: Sequence[float], temperature: float) -> FloatArray | None:
    """Ln σ of all compositions at a temperature between those of the model; None outside."""
    inverse = 1.0 / np.asarray(temperatures)
    slack = 1e-3 * inverse.max()  # 0.3 K at room temperature: rounded temperatures are the same ones
    if not inverse.min() - slack <= 1.0 / temperature <= inverse.max() + slack:
        return None
    order = np.argsort(inverse)
    with np.errstate(divide="ignore"):
        logarithms = np.log(conductivity * np.asarray(temperatures))[:, order]
    at = [float(np.interp(1.0 / temperature, inverse[order], row)) for row in logarithms]
    return np.array(at) - math.log(temperature)


def _mean_and_error(values: Sequence[float], single: float) -> tuple[float, float]:
    """Mean, and its standard error from the given one of a single value or from the scatter, whichever is larger."""
    if not values:
        return math.nan, math.nan
    given = single / math.sqrt(len(values))
    scatter = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(np.mean(values)), max(given, scatter)
