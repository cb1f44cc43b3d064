"""Fluxes between neighbouring cells: Bernoulli kernel, diffusion coefficient of a face, Scharfetter-Gummel flux.

Every function returns a value together with its derivatives, so that the Jacobian is made where the flux is made.
"""

from __future__ import annotations

import math

from ionscape.arrays import FloatArray
from ionscape.compiled import inlined_kernel, ordered_kernel

#: Potential step over the last half cell, in thermal voltages, below which outflow to the back electrode is smoothed.
#: The field at the back is too large by up to a seventh of it: 1e-3 had kept weak currents in the glass for a while.
OUTFLOW_SMOOTHING = 1e-7


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


@inlined_kernel
def scharfetter_gummel(
    z: float, thermal: float, weights: tuple[float, float, float], inverse_distance: float,
    n_left: float, n_right: float, d_left: float, d_right: float,
) -> tuple[float, float, float, float, float, float]:  # fmt: skip
    """Flux of one ion from left to right through a face (Scharfetter & Gummel 1969), and its derivatives.

    J = D (B(w) n_left - B(-w) n_right) / distance is exact for constant D and field between the two points. Which side
    gives, the sign of the bracket, decides about the D of the face (`face_coefficient`).

    Args:
        z: charge number.
        thermal: e / k_B T [1/V].
        weights: B(w), B(-w) and dB/dw (w); the same for all ions of one charge number.
        inverse_distance: of the two points [1/m].
        n_left: scaled density on the left.
        n_right: on the right.
        d_left: diffusion coefficient on the left [m^2/s].
        d_right: on the right.

    Returns:
        The flux [m/s]; its derivatives by both densities at fixed D, by the potential step (right minus left), and by
        ln D on the left and on the right.
    """
    b_plus, b_minus, db_plus = weights
    bracket = b_plus * n_left - b_minus * n_right
    if bracket >= 0.0:
        d_face, slope_left, slope_right = face_coefficient(d_left, d_right)
    else:
        d_face, slope_right, slope_left = face_coefficient(d_right, d_left)
    mobility = d_face * inverse_distance
    by_drop = mobility * z * thermal * (db_plus * n_left - (db_plus + 1.0) * n_right)
    force = bracket * inverse_distance
    return (
        mobility * bracket, mobility * b_plus, -(mobility * b_minus), by_drop,
        force * slope_left * d_left, force * slope_right * d_right,
    )  # fmt: skip


@inlined_kernel
def flux_weights(z: float, thermal: float, drop: float) -> tuple[float, float, float]:
    """B(w), B(-w) and dB/dw (w) of w = z e / k_B T times the potential step over the face [V]."""
    w = z * thermal * drop
    b_plus, db_plus = bernoulli(w)
    return b_plus, b_plus + w, db_plus


@ordered_kernel
def outflow(u: float, smoothing: float) -> tuple[float, float]:
    """max(0, u) with continuous slope, and its derivative: the drift that carries ions into the back electrode.

    Zero for u < 0: an electrode gives no ion back. The cubic blend between 0 and ``smoothing`` leaves no offset above
    it. Inside it the drift is as in a weaker field, which has to be the same one for all ions that leave: ions of
    several charge numbers would otherwise share the current in the ratio of Z^3 D n instead of Z^2 D n.

    Args:
        u: charge number times the potential step over the last half cell [thermal voltages].
        smoothing: charge number times ``OUTFLOW_SMOOTHING``, positive.
    """
    if u <= 0.0:
        return 0.0, 0.0
    if u >= smoothing:
        return u, 1.0
    r = u / smoothing
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
