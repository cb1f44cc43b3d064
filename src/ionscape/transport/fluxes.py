"""Fluxes between neighbouring cells: Bernoulli kernel, diffusion coefficient of a face, Scharfetter-Gummel flux.

Every function returns a value together with its derivatives, so that the Jacobian is made where the flux is made.
"""

from __future__ import annotations

import math

from ionscape.arrays import FloatArray
from ionscape.compiled import ordered_kernel

#: Dimensionless potential step over the last half cell below which the outflow to the back electrode is smoothed.
OUTFLOW_SMOOTHING = 1e-3


@ordered_kernel
def bernoulli(w: float) -> tuple[float, float]:
    """B(w) = w / (exp(w) - 1) and dB/dw.

    Near zero the quotient is 0/0 and its derivative loses all digits, so a Taylor polynomial is used for |w| < 0.05,
    whose first neglected terms (w^8 / 1209600 and w^7 / 151200) are below 1e-14. Elsewhere only exp(-|w|) is taken,
    which cannot overflow.
    """
    if abs(w) < 0.05:
        s = w * w
        value = 1.0 - 0.5 * w + s * (1.0 / 12.0 - s * (1.0 / 720.0 - s / 30240.0))
        slope = -0.5 + w * (1.0 / 6.0 - s * (1.0 / 180.0 - s / 5040.0))
        return value, slope
    e = math.exp(-abs(w))
    q = 1.0 / (1.0 - e)
    if w > 0.0:
        value = w * e * q
        return value, (e - value) * q
    value = -w * q
    return value, (value * e - 1.0) * q


@ordered_kernel
def face_coefficient(donor: float, receiver: float) -> tuple[float, float, float]:
    """Diffusion coefficient of a face, from that of the cell that gives and the cell that receives, and both slopes.

    D falling along the flux: contraharmonic mean, which tends to the donor's D where the receiver's vanishes, so that
    an ion whose D vanishes with its own density enters cells where it is absent at the speed of its shock. D rising
    along the flux: harmonic mean, so that a donor whose ions are trapped gives (almost) none, however mobile they
    would be in the receiving cell. Both means and their first derivatives agree where the two D are equal: the scheme
    stays of second order where D is smooth. One mean for both directions fails one of the two cases, D of the mean
    density fails both (docs: explanation/face-coefficient).
    """
    total = donor + receiver
    a = donor / total
    b = receiver / total
    if receiver > donor:
        return 2.0 * b * donor, 2.0 * b * b, 2.0 * a * a
    return a * donor + b * receiver, 1.0 - 2.0 * b * b, 1.0 - 2.0 * a * a


@ordered_kernel
def outflow(u: float) -> tuple[float, float]:
    """max(0, u) with continuous slope, and its derivative: the drift that carries ions into the back electrode.

    u is the dimensionless potential step over the last half cell. Zero for u < 0: an electrode gives no ion back. The
    cubic blend between 0 and ``OUTFLOW_SMOOTHING`` leaves no offset above it.
    """
    if u <= 0.0:
        return 0.0, 0.0
    if u >= OUTFLOW_SMOOTHING:
        return u, 1.0
    r = u / OUTFLOW_SMOOTHING
    return u * r * (2.0 - r), r * (4.0 - 3.0 * r)


@ordered_kernel
def log_coefficient(knots: FloatArray, spacing_inverse: float, density: float) -> tuple[float, float]:
    """Ln D and its derivative by density from a table with uniform knots (cubic Hermite, constant beyond both ends)."""
    x = density * spacing_inverse
    last = knots.shape[0] - 1
    if x <= 0.0:
        return knots[0, 0], 0.0
    if x >= last:
        return knots[last, 0], 0.0
    i = int(x)
    t = x - i
    y0 = knots[i, 0]
    m0 = knots[i, 1]
    m1 = knots[i + 1, 1]
    rise = knots[i + 1, 0] - y0
    c2 = 3.0 * rise - 2.0 * m0 - m1
    c3 = m0 + m1 - 2.0 * rise
    return y0 + t * (m0 + t * (c2 + t * c3)), (m0 + t * (2.0 * c2 + 3.0 * c3 * t)) * spacing_inverse
