"""ln D over density as a table with slopes: the form in which compiled kernels read any diffusion model."""

from __future__ import annotations

import math

import numpy as np

from ionscape.arguments import positive
from ionscape.arrays import FloatArray
from ionscape.diffusivity.models import DiffusionModel
from ionscape.errors import InputError

DEFAULT_INTERVALS = 4096

SMALLEST_COEFFICIENT = 1e-60
"""Floor of D in tables [m^2/s], so that ln D is finite: an ion with it moves 1e-27 m in a thousand hours."""

SMOOTHING_INTERVALS = 4
"""Width over which a jump of ln D is averaged, in intervals of the table."""

SMOOTHED_KNOTS = 64
"""Knots to either side of a jump that are averaged: farther away the average does not differ from the value."""


def log_diffusion_table(
    model: DiffusionModel, *, temperature: float, maximum_density: float, intervals: int = DEFAULT_INTERVALS
) -> tuple[FloatArray, FloatArray]:
    """Tabulate ln D(n) on uniform knots, with slopes for a monotone cubic Hermite interpolation (PCHIP).

    The values at the knots are those of the model. Where D jumps, as at the trapped fraction, ln D is averaged over
    `SMOOTHING_INTERVALS` intervals around each knot: that is the stated width of the smoothing, and the table follows
    a jump that lies anywhere between two knots continuously, so that results have derivatives by its place.

    Args:
        model: any diffusion model.
        temperature: [K].
        maximum_density: last knot [1/m^3]; `model.density_limit` loses nothing.
        intervals: number of intervals, 2 or more.

    Returns:
        ln D [ln(m^2/s)] and d ln D/dn [m^3] at the knots n_k = k·maximum_density/intervals, each of shape
        (intervals + 1,); D is at least `SMALLEST_COEFFICIENT`.

    Raises:
        InputError: an argument is out of its bounds.
    """
    if intervals < 2:
        raise InputError("must be at least 2", key="intervals", value=intervals)
    positive("maximum_density", maximum_density)
    # Densities are scaled to knot numbers: squares of densities and their inverses strain the range of numbers.
    knots = np.arange(intervals + 1, dtype=float)
    coefficients = model.coefficient(knots * (maximum_density / intervals), temperature)
    values = np.log(np.maximum(coefficients, SMALLEST_COEFFICIENT))
    for jump in model.jumps:
        _smooth_jump(values, jump * (intervals / maximum_density), model, temperature, maximum_density / intervals)
    return values, monotone_slopes(values) * (intervals / maximum_density)


def monotone_slopes(values: FloatArray) -> FloatArray:
    """Slopes at knots one apart for a monotone cubic Hermite interpolation (Fritsch & Butland 1984; Moler 2004).

    Between rises of one sign the harmonic mean of both, else zero; at the ends a parabola through three knots, kept
    from overshooting. As `scipy.interpolate.PchipInterpolator` has it, whose import takes longer than a simulation.

    Args:
        values: at three or more knots, shape (knots,).
    """
    rises = np.diff(values)
    before, after = rises[:-1], rises[1:]
    slopes = np.zeros_like(values)
    same = (np.sign(before) == np.sign(after)) & (before != 0.0) & (after != 0.0)
    slopes[1:-1][same] = 1.0 / ((3.0 / before[same] + 3.0 / after[same]) / 6.0)
    for place, near, next_one in ((0, rises[0], rises[1]), (-1, rises[-1], rises[-2])):
        slope = (3.0 * near - next_one) / 2.0
        if np.sign(slope) != np.sign(near):
            slope = 0.0
        elif np.sign(near) != np.sign(next_one) and abs(slope) > 3.0 * abs(near):
            slope = 3.0 * near
        slopes[place] = slope
    return slopes


def _smooth_jump(values: FloatArray, jump: float, model: DiffusionModel, temperature: float, spacing: float) -> None:
    """Replace ln D at the knots around a jump by its averages, in place; `jump` in units of the spacing [1/m^3].

    Each average is integrated from both sides of the jump apart, by Gauss and Legendre's rule of eight nodes.
    """
    last = len(values) - 1
    # The ends of the table, where ln D may be as steep, keep their values.
    reach = min(SMOOTHED_KNOTS, 0.5 * jump, 0.5 * (last - jump))
    knots = np.arange(math.ceil(jump - reach), math.floor(jump + reach) + 1)
    if not knots.size:
        return
    half = 0.5 * SMOOTHING_INTERVALS
    nodes, weights = np.polynomial.legendre.leggauss(8)
    starts, ends = knots - half, knots + half
    middle = np.clip(jump, starts, ends)
    average = np.zeros(knots.size)
    for low, high in ((starts, middle), (middle, ends)):
        width = high - low
        places = low[:, None] + 0.5 * width[:, None] * (nodes + 1.0)
        coefficients = model.coefficient(np.clip(places, 0.0, last) * spacing, temperature)
        logarithms = np.log(np.maximum(coefficients, SMALLEST_COEFFICIENT))
        average += 0.5 * width * (logarithms @ weights)
    average /= SMOOTHING_INTERVALS
    # D grows with density: where it bends within an interval, averages must not pass the values beside them
    lowest, highest = values[max(knots[0] - 1, 0)], values[min(knots[-1] + 1, last)]
    values[knots] = np.clip(average, lowest, highest) if lowest <= highest else average
