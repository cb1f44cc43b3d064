"""ln D over density as a table with slopes: the form in which compiled kernels read any diffusion model."""

from __future__ import annotations

import math

import numpy as np

from ionscape.diffusivity.models import DiffusionModel
from ionscape.diffusivity.site_energies import FloatArray
from ionscape.errors import InputError

DEFAULT_INTERVALS = 4096

SMALLEST_COEFFICIENT = 1e-60
"""Floor of D in tables [m^2/s], so that ln D is finite: an ion with it moves 1e-27 m in a thousand hours."""


def log_diffusion_table(
    model: DiffusionModel, *, temperature: float, maximum_density: float, intervals: int = DEFAULT_INTERVALS
) -> tuple[FloatArray, FloatArray]:
    """Tabulate ln D(n) on uniform knots, with slopes for a monotone cubic Hermite interpolation (PCHIP).

    The values at the knots are those of the model. A jump of D between two knots, as at the trapped fraction,
    becomes a monotone rise over that one interval: maximum_density/intervals is the stated width of the smoothing.

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
    from scipy.interpolate import PchipInterpolator

    if intervals < 2:
        raise InputError("must be at least 2", key="intervals", value=intervals)
    if not (math.isfinite(maximum_density) and maximum_density > 0.0):
        raise InputError("must be finite and greater than 0", key="maximum_density", value=maximum_density)
    # Densities are scaled to knot numbers: squares of densities and their inverses strain the range of numbers.
    knots = np.arange(intervals + 1, dtype=float)
    coefficients = model.coefficient(knots * (maximum_density / intervals), temperature)
    values = np.log(np.maximum(coefficients, SMALLEST_COEFFICIENT))
    slopes = np.asarray(PchipInterpolator(knots, values).derivative()(knots), dtype=float)
    return values, slopes * (intervals / maximum_density)
