"""Energy scale and noise of the landscape from measured activation energies (Bosi 2021 V)."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import FitError, InputError
from ionscape.scaleout import Executor, RunStore, Tally

from .load import Series, landscape_model
from .settings import FIT
from .tasks import LandscapeTask, landscape_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ionscape.glass import Glass
    from ionscape.hopping import LandscapeModel


NOISES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
"""Noises at which activation energies are tabulated; they are smooth between."""
DEGREE = 3
"""Of the polynomials in the noise that smooth the table."""
LANDSCAPES = 8
"""At most so many landscapes per noise and composition: the same ones for all, so that differences are smooth."""
LATTICE = 60
"""Where the series has no lattice for activation energies."""
MOST_PLACES = 6  # borate fractions named one by one in a sentence
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
        series: compositions, lattice and landscapes; its own energy scale and noise are not used. A barrier that is
            an energy, as that of a glass transition, adds to E_a and is no part of the table.
        measured: borate fraction, activation energy [J] and its standard error [J] of each glass; those of the table
            [experiment] if None.
        executor: of `make_executor`; None runs everything in this process.
        store: where finished landscapes are kept.
        progress: called after every landscape.

    Raises:
        InputError: activation energies at fewer than two borate fractions; says which there are.
        FitError: the best noise lies at the end of the table.
    """
    points = list(measured) if measured is not None else _points(series)
    _check_points(points, series, from_file=measured is None)
    places = sorted({point[0] for point in points})
    ratio, error = _tabulate(series, places, executor, store, progress)
    barrier = {x: series.barriers.energy(series.maker.glass(x), x) or 0.0 for x in places}
    found = _fitted([(x, energy - barrier[x], given) for x, energy, given in points], ratio, error)
    added = np.array([barrier[x] for x in found.borate_fractions])
    return replace(found, measured=found.measured + added, fitted=found.fitted + added)


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
    return points


def _check_points(points: Sequence[tuple[float, float, float]], series: Series, *, from_file: bool) -> None:
    """Refuse activation energies at fewer than two borate fractions, and say what is missing."""
    found = sorted({x for x, *_ in points})
    if len(found) >= 2:
        return
    table = series.settings.experiment
    remedy = "give energy_scale and noise, or other measurements"
    if not from_file or table is None or series.literature is None:
        problem = f"must have activation energies at two or more borate fractions, those given are at {_places(found)}"
        raise InputError(problem, key="measured", remedy="add others")
    known = {glass.borate_fraction for glass in series.literature.glasses if glass.activation_energy is not None}
    where = f'the measured glasses of "{table.file}" have them at {_places(known)}'
    if table.fit_to == "ends":
        problem = f"needs measured activation energies at x = 0 and at x = 1; {where}"
        if len(known) >= 2:
            remedy = f'write fit_to = "all" under [experiment], or {remedy}'
    else:
        problem = f"needs measured activation energies at two or more borate fractions; {where}"
    raise InputError(problem, file=series.file, key="landscape.energy_scale", value=FIT, remedy=remedy)


def _places(borate_fractions: Collection[float]) -> str:
    """Borate fractions for a sentence; of many, the least and the largest."""
    x = sorted(borate_fractions)
    if not x:
        return "none"
    if len(x) > MOST_PLACES:
        return f"{len(x)} x from {x[0]:.3g} to {x[-1]:.3g}"
    return "x = " + ", ".join(f"{value:.3g}" for value in x)


def _tabulate(
    series: Series,
    borate_fractions: Sequence[float],
    executor: Executor | None,
    store: RunStore | None,
    progress: Callable[[Tally], None] | None,
) -> tuple[dict[float, FloatArray], dict[float, float]]:
    """E_a/V0 at all noises by borate fraction, and its relative standard error."""
    table = series.settings.percolation
    lattice, landscapes = (LATTICE, LANDSCAPES) if table is None else (table.lattice, min(table.landscapes, LANDSCAPES))
    tasks = [
        LandscapeTask(
            glass=(glass := series.maker.glass(x)),
            model=_of_unit_energy(series, glass, x, noise),
            lattice=lattice,
            directions=1,
            seed=series.settings.random.seed,
            landscape=number,
        )
        for x in borate_fractions
        for noise in NOISES
        for number in range(landscapes)
    ]
    found = landscape_values(tasks, executor=executor, store=store, progress=progress)
    energies = np.array([value["activation_energy"][0] for value in found]) / UNIT_ENERGY
    ratio: dict[float, FloatArray] = {}
    error: dict[float, float] = {}
    for x, values in zip(borate_fractions, energies.reshape(-1, len(NOISES), landscapes), strict=True):
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


def _of_unit_energy(series: Series, glass: Glass, ratio: float, noise: float) -> LandscapeModel:
    """The model to tabulate, with its barrier only where that is in units of the energy scale."""
    model = landscape_model(series.settings, energy_scale=UNIT_ENERGY, noise=noise)
    if series.barriers.energy(glass, ratio) is not None:
        return replace(model, barrier=0.0)
    return series.barriers.applied(model, glass, ratio)


def _fitted(
    points: Sequence[tuple[float, float, float]], ratio: Mapping[float, FloatArray], error: Mapping[float, float]
) -> EnergyScaleFit:
    """Least squares for V0 and the noise to a table of E_a/V0.

    The error of the table at one x is common to all glasses measured there, so that many of them do not average it out:
    the residuals are multiplied by the inverse Cholesky factor of their covariance matrix.
    """
    from scipy.optimize import least_squares

    # a bottleneck jumps from link to link as the noise grows: a smooth curve, not one through every value
    curves = {x: np.polynomial.Polynomial.fit(NOISES, values, DEGREE) for x, values in ratio.items()}
    measured = np.array([energy for _, energy, _ in points])
    places = np.array([x for x, *_ in points])
    landscapes = np.array([error[x] * energy for x, energy, _ in points])
    common = np.where(places[:, None] == places[None, :], np.outer(landscapes, landscapes), 0.0)
    # in units of a number near 1, since the squares of energies in J are tiny
    variance = (common + np.diag([given**2 for *_, given in points])) / UNIT_ENERGY**2
    whitening = np.linalg.inv(np.linalg.cholesky(variance)) / UNIT_ENERGY

    def model(noise: float) -> FloatArray:
        return np.array([float(curves[x](noise)) for x, *_ in points])

    def residuals(parameters: FloatArray) -> FloatArray:
        return whitening @ (parameters[0] * UNIT_ENERGY * model(parameters[1]) - measured)

    def scale(noise: float) -> float:
        """Best energy scale for a noise, in `UNIT_ENERGY`."""
        values = whitening @ model(noise)
        return float(values @ (whitening @ measured) / (values @ values)) / UNIT_ENERGY

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
            f"the measured activation energies ask for a noise outside {NOISES[0]:g} to {NOISES[-1]:g}: give"
            " the energy scale and the noise of the landscape, or check the measurements."
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
