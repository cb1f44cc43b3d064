"""The master curve of random barriers, to which the conductivity of disordered conductors is compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.arguments import shown
from ionscape.arrays import FloatArray
from ionscape.errors import InputError

STEPS_PER_DECADE = 8
SMALLEST = 1e-4
"""Scaled frequency at which σ̃ = 1 + iω̃ is exact enough to begin with."""
MOST_ITERATIONS = 50


def random_barrier_conductivity(scaled_frequency: ArrayLike) -> NDArray[np.complex128]:
    """Conductivity over that of dc of the random barrier model in the limit of low temperatures.

    ln σ̃ = (iω̃/σ̃) (1 + 8iω̃/(3σ̃))^(−1/3) (Schrøder & Dyre 2008, Phys. Rev. Lett. 101, 025901), scaled so that
    σ̃ ≈ 1 + iω̃ at low frequencies.

    Args:
        scaled_frequency: ω̃ = ω τ, at least 0 (any shape); τ is the `relaxation_time` of a spectrum.

    Returns:
        σ̃, complex, of the same shape.

    Raises:
        InputError: a frequency below 0, or no number.
    """
    wanted: FloatArray = np.asarray(scaled_frequency, dtype=np.float64)
    if not (np.isfinite(wanted) & (wanted >= 0.0)).all():
        raise InputError("must be finite and at least 0", key="scaled_frequency", value=shown(scaled_frequency))
    if wanted.size == 0:
        return wanted.astype(np.complex128)
    # from low frequencies on, each solution begins where the one before ended
    ladder = np.unique(np.concatenate([
        wanted.ravel(),
        SMALLEST * 10.0 ** np.arange(0.0, max(np.log10(max(wanted.max(), SMALLEST) / SMALLEST), 0.0),
                                     1.0 / STEPS_PER_DECADE),
    ]))  # fmt: skip
    values = np.empty(ladder.size, dtype=np.complex128)
    logarithm = 0j
    for place, frequency in enumerate(ladder):
        logarithm = _solve(1j * frequency, logarithm if frequency > SMALLEST else 1j * frequency)
        values[place] = np.exp(logarithm)
    return values[np.searchsorted(ladder, wanted)]


def _solve(rate: complex, logarithm: complex) -> complex:
    """Newton's method for ln σ̃ from a guess; x = iω̃/σ̃ and ln σ̃ = x (1 + 8x/3)^(−1/3)."""
    for _ in range(MOST_ITERATIONS):
        x = rate * np.exp(-logarithm)
        base = 1.0 + 8.0 * x / 3.0
        mismatch = logarithm - x * base ** (-1.0 / 3.0)
        slope = 1.0 + x * (base ** (-1.0 / 3.0) - 8.0 / 9.0 * x * base ** (-4.0 / 3.0))
        step = mismatch / slope
        logarithm -= step
        if abs(step) < 1e-14 * max(1.0, abs(logarithm)):
            break
    return complex(logarithm)
