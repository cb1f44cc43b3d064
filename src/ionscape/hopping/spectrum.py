"""The complex conductivity of a landscape over frequency."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import positive_number, shown
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.errors import InputError, NetworkError, PercolationError

from .jumps import JumpLaw, joined_links, jumps_of, periodic_conductances, too_cold
from .network import Method
from .percolation import no_path
from .response import ComplexArray, Response, solve_response
from .site_energies import SiteEnergies
from .spectrum_result import ConductivitySpectrum, make_spectrum
from .statistics import ions_of, occupation_variances

PER_DECADE = 10
"""Frequencies that are chosen where none are asked for."""
BEYOND = 10.0
"""The highest of them, in units of the fastest rate."""
LEAST_RANGE = 1e-4
"""The lowest in units of the highest is this at most."""
RELAXATIONS_PER_DECADE, FINE_RELAXATIONS_PER_DECADE = 6, 24
"""Of the spectrum with which Kramers and Kronig's relations are checked, and where those do not do."""
LARGEST_KRAMERS_KRONIG_ERROR = 1e-2
"""Beyond which a result is refused; the relaxations are too far apart for less than some 1e-3."""
HIGHEST_FREQUENCY = 1e26
"""Asked for [1/s]: beyond, the space of the solutions loses its digits, and far above any rate σ is constant anyway."""
LEAST_POWER = 1e-120
"""Of dc over that of the fastest hops: the squares of less cannot be told from 0."""
LEAST_FREQUENCIES = 8
"""From which on there is enough for that check."""


def conductivity_spectrum(
    landscape: SiteEnergies,
    *,
    temperature: float,
    angular_frequency: ArrayLike | None = None,
    jumps: JumpLaw | None = None,
    ions: float | None = None,
    direction: int = 0,
    method: Method = "automatic",
    title: str = "",
) -> ConductivitySpectrum:
    """Complex conductivity of the network of mean occupations over frequency, faces joined along the field.

    The occupations are linearised about equilibrium: a site stores the charge β e² f (1 − f) per volt of its
    electrochemical potential, a link conducts as without a frequency (Bosi 2021 (7)). Hops correlate beyond that: their
    conductivity is lower (`kinetic_monte_carlo`).

    Args:
        landscape: the landscape, that of a glass or one's own (`landscape_from_energies`).
        temperature: [K].
        angular_frequency: ω, at least 0, where 0 is dc [1/s]; None for ten to the decade, from where the conductivity
            begins to rise to above the fastest rate.
        jumps: law of the jumps; that of the landscape's model if None.
        ions: number of ions, which may be fractional; that of the glass if None.
        direction: axis of the field, 0, 1 or 2.
        method: solver of the networks; "automatic" chooses.
        title: of the result.

    Raises:
        InputError: a value out of range.
        PercolationError: no way leads around the lattice.
        NetworkError: a solution failed one of its tests, or the result one of its: positive, and the two parts related
            by Kramers and Kronig.
    """
    value = positive_number(temperature, key="temperature")
    law = jumps_of(landscape, jumps)
    count = ions_of(landscape, ions)
    # in units of the rate of a hop without a barrier but the least one, and of the conductance that belongs to it
    rate = unit_rate(law, value)
    conductance = ELEMENTARY_CHARGE**2 * rate / (BOLTZMANN_CONSTANT * value)
    wanted = None if angular_frequency is None else frequencies_of(angular_frequency) / rate
    joined = joined_links(landscape, direction)
    logarithms = periodic_conductances(joined, landscape, law, temperature=value, ions=ions) - math.log(conductance)
    capacitances = occupation_variances(landscape, value, ions=ions)
    fastest = 4.0 * math.exp(float(logarithms.max())) if logarithms.size else 1.0
    if not fastest > 0.0:
        raise too_cold(value)
    some = None if wanted is None else wanted[wanted > 0.0]
    lowest = None if some is None else float(some.min(initial=BEYOND * fastest))
    highest = BEYOND * fastest if some is None else float(some.max(initial=BEYOND * fastest))
    try:
        response = solve_response(joined, logarithms, capacitances, lowest=lowest, highest=highest, method=method)
    except PercolationError:
        raise no_path(landscape, direction) from None
    if wanted is None:
        ends = math.log10(min(float(response.shifts[-2]), LEAST_RANGE * highest)), math.log10(highest)
        wanted = np.concatenate([[0.0], np.logspace(*ends, round(PER_DECADE * (ends[1] - ends[0])) + 1)])
    if not float(response.powers[-1]) > LEAST_POWER:
        raise too_cold(value)
    unit = conductance / (landscape.accessible.size * law.jump_distance)
    found, errors = _checked(response, wanted)
    numbers = {
        "dc_conductivity": float(response.powers[-1]) * unit,
        "lower_bound": float(response.powers[-1]) * response.lower * unit,
        "upper_bound": float(response.powers[-1]) * response.upper * unit,
        "high_frequency_conductivity": float(response.conductances @ joined.forces) * unit,
        "relaxation_time": response.relaxation / rate,
        **errors,
    }
    settings = {"direction": direction, "method": method, "shifts": len(response.shifts)}
    return make_spectrum(wanted * rate, found * unit, numbers, landscape, law, temperature=value, ions=count,
                   settings=settings, title=title)  # fmt: skip


def unit_rate(law: JumpLaw, temperature: float) -> float:
    """Rate of a hop over the least barrier alone, or the mean one of several [1/s].

    Args:
        law: of the jumps.
        temperature: [K].

    Raises:
        InputError: it is too small for a floating-point number.
    """
    rate = law.attempt_frequency * math.exp(-law.mean_barrier / (BOLTZMANN_CONSTANT * temperature))
    if not rate > 0.0:
        raise too_cold(temperature)
    return rate


def frequencies_of(given: ArrayLike) -> FloatArray:
    """Angular frequencies as an array (n,) [1/s].

    Args:
        given: one or several.

    Raises:
        InputError: none, or one that is not finite and at least 0.
    """
    try:
        values: FloatArray = np.atleast_1d(np.asarray(given, dtype=np.float64))
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 1 or values.size == 0 or not (np.isfinite(values) & (values >= 0.0)).all():
        problem = "must be a number or a list of numbers, finite and at least 0 [1/s]"
        raise InputError(problem, key="angular_frequency", value=shown(given))
    if values.max() > HIGHEST_FREQUENCY:
        problem = f"must be at most {HIGHEST_FREQUENCY:g}/s: no ion hops as fast"
        raise InputError(problem, key="angular_frequency", value=float(values.max()))
    return values


def _checked(response: Response, frequency: FloatArray) -> tuple[ComplexArray, dict[str, float]]:
    """σ times the number of sites at scaled frequencies, and what its tests tell.

    Raises:
        NetworkError: a real part is not above 0, an imaginary one below it, or the parts are not related as causes
            demand.
    """
    found = response.at(frequency)
    if not (found.real > 0.0).all():
        raise NetworkError("the solution of a network of conductances is wrong: σ(ω) has a real part below 0")
    if (found.imag < -LARGEST_KRAMERS_KRONIG_ERROR * np.abs(found)).any():
        raise NetworkError("the solution of a network of conductances is wrong: σ(ω) has an imaginary part below 0")
    # the error falls exponentially with the shifts per decade: that of twice as many is its square
    estimated = float(np.max(np.abs(response.halved().at(frequency) - found) / np.abs(found))) ** 2
    causal = kramers_kronig_distance(frequency, found, float(response.powers[-1]))
    if causal > 0.5 * LARGEST_KRAMERS_KRONIG_ERROR:  # few relaxations far apart, as in the cold, need a finer spectrum
        causal = kramers_kronig_distance(frequency, found, float(response.powers[-1]), FINE_RELAXATIONS_PER_DECADE)
    if causal > LARGEST_KRAMERS_KRONIG_ERROR:
        raise NetworkError(
            f"the solution of a network of conductances is wrong: the parts of σ(ω) are {causal:.2g} of it off"
            " the relation of Kramers and Kronig"
        )
    return found, {"estimated_error": estimated, "kramers_kronig_error": causal}


def kramers_kronig_distance(
    frequency: FloatArray, conductivity: ComplexArray, steady: float, per_decade: int = RELAXATIONS_PER_DECADE
) -> float:
    """Largest relative distance of a spectrum from the nearest one of relaxations, σ(0) + Σ a iω/(iω + λ) with a ≥ 0.

    Any sum of relaxations obeys the relations of Kramers and Kronig, and is positive (the test of Boukamp 1995 and
    Schönleber 2014, for conductivities). Not a number for too few frequencies.

    Args:
        frequency: ω (n,).
        conductivity: σ (n,).
        steady: σ(0).
        per_decade: relaxations of the nearest one.
    """
    from scipy.optimize import nnls

    above = frequency > 0.0
    if np.count_nonzero(above) < LEAST_FREQUENCIES:
        return math.nan
    rate, values = 1j * frequency[above], conductivity[above]
    ends = math.log10(float(frequency[above].min())) - 1.0, math.log10(float(frequency[above].max())) + 2.0
    relaxations = np.logspace(*ends, round(per_decade * (ends[1] - ends[0])) + 1)
    weight = 1.0 / np.abs(values)
    matrix = rate[:, None] / (rate[:, None] + relaxations) * weight[:, None]
    target = (values - steady) * weight
    # relaxations of equal weight in the fit, whatever the size of σ where they act
    size = np.linalg.norm(matrix, axis=0)
    solution, _ = nnls(np.concatenate([matrix.real, matrix.imag]) / size, np.concatenate([target.real, target.imag]))
    return float(np.max(np.abs(matrix @ (solution / size) - target)))
