"""The bulk resistance of an impedance spectrum, and whether the spectrum obeys the relations of Kramers and Kronig.

The `impedance` package would have both, but does not run with this age of numpy: its validation evaluates the text of
numbers, and its fits do not leave their first guess where resistances and capacitances differ by twenty decades. The
model is one line, and the optimiser is scipy's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .spectra import ImpedanceSpectrum

ComplexArray = NDArray[np.complex128]
EXPONENTS = (0.4, 1.0)
BETTER = 10.0
"""By which the Akaike information of a second element has to be better; below it says nothing."""
PARTS_PER_DECADE = 6
"""Of the relaxation times in the test of Kramers and Kronig: so many follow an R∥CPE to 1e-4, and no noise."""
PHASE_OF_BULK = 45.0
"""Degrees: at the lowest frequency of a spectrum that shows its bulk resistance the phase is smaller."""


@dataclass(frozen=True, kw_only=True)
class BulkResistance:
    """What R∥CPE, with or without a blocking electrode in series, tells of a spectrum.

    Attributes:
        resistance: R [Ohm].
        relative_error: standard deviation of R over R, by the scatter of the points.
        exponent: α of the constant-phase element, 1 for a capacitor.
        capacitance: Q^(1/α) R^(1/α − 1), that of the element at the relaxation time [F].
        relaxation_time: (R Q)^(1/α) [s].
        electrode: whether a second constant-phase element in series describes a blocking electrode.
        noise: scatter of the points about the circuit over the modulus.
        kramers_kronig: the same about the nearest spectrum that obeys Kramers and Kronig.
        extrapolated: whether the spectrum ends before its arc comes down, so that R is the circuit's and not seen.
    """

    resistance: float
    relative_error: float
    exponent: float
    capacitance: float
    relaxation_time: float
    electrode: bool
    noise: float
    kramers_kronig: float
    extrapolated: bool


def bulk_resistance(spectrum: ImpedanceSpectrum) -> BulkResistance:
    """Fit R∥CPE, with a constant-phase element in series where the spectrum asks for one.

        Z = 1/(1/R + Q (iω)^α) [+ 1/(Q_e (iω)^α_e)]

    by least squares of real and imaginary part over the modulus, from several first guesses.

    Args:
        spectrum: measured.

    Raises:
        InputError: fewer points than parameters, or no arc.

    Source: Gunawan 2024 reads R from such arcs; Barsoukov & Macdonald, Impedance Spectroscopy (2005), chapter 1.
    """
    omega, impedance = 2.0 * math.pi * spectrum.frequency, spectrum.impedance
    if omega.size < 6:
        raise InputError("has too few points for a circuit", file=spectrum.file, key="frequency", value=omega.size,
                         bound="at least 6")  # fmt: skip
    plain = _best(omega, impedance, electrode=False)
    blocked = _best(omega, impedance, electrode=True)
    count = 2 * omega.size
    # -2 ln L + 2 k with the variance at its best value; elements that the data do not need cost two each
    gain = count * math.log(max(plain.cost, 1e-300) / max(blocked.cost, 1e-300)) - 4.0
    electrode = gain > BETTER
    found = blocked if electrode else plain
    log_r, log_time, exponent = found.x[:3]
    variance = 2.0 * found.cost / (count - found.x.size)
    covariance = np.linalg.pinv(found.jac.T @ found.jac) * variance
    resistance, time = math.exp(log_r), math.exp(log_time)
    lowest = impedance[np.argmin(omega)]
    return BulkResistance(
        resistance=resistance, relative_error=math.sqrt(covariance[0, 0]), exponent=float(exponent),
        capacitance=time / resistance, relaxation_time=time, electrode=electrode, noise=math.sqrt(variance),
        kramers_kronig=kramers_kronig_residual(spectrum),
        extrapolated=bool(not electrode and abs(math.degrees(np.angle(lowest))) > PHASE_OF_BULK),
    )  # fmt: skip


def _circuit(omega: FloatArray, parameters: FloatArray) -> ComplexArray:
    """Impedance for ln R, ln τ, α and, of an electrode, ln of its modulus at ω = 1/τ, and its exponent."""
    resistance, time, exponent = math.exp(parameters[0]), math.exp(parameters[1]), parameters[2]
    total = resistance / (1.0 + (1j * omega * time) ** exponent)
    if parameters.size > 3:
        total = total + math.exp(parameters[3]) * (1j * omega * time) ** -parameters[4]
    return total


def _best(omega: FloatArray, impedance: ComplexArray, *, electrode: bool) -> OptimizeResult:
    """The best of some fits: R may be anywhere between the smallest and largest modulus."""
    moduli = np.abs(impedance)

    def residuals(parameters: FloatArray) -> FloatArray:
        away = (_circuit(omega, parameters) - impedance) / moduli
        return np.concatenate([away.real, away.imag])

    low = [math.log(moduli.min()) - 5.0, -math.log(omega.max()) - 12.0, EXPONENTS[0]]
    high = [math.log(moduli.max()) + 8.0, -math.log(omega.min()) + 12.0, EXPONENTS[1] + 1e-9]
    if electrode:
        low, high = [*low, math.log(moduli.min()) - 25.0, 0.2], [*high, math.log(moduli.max()) + 5.0, 1.0 + 1e-9]
    starts = []
    for share in (0.02, 0.5, 0.98):
        guess = float(np.quantile(np.abs(impedance.real), share))
        nearest = omega[np.argmin(np.abs(np.log(moduli / (guess / math.sqrt(2.0)))))]
        starts.append([math.log(guess), -math.log(nearest), 0.9, *([math.log(0.01 * guess), 0.7] if electrode else [])])
    fits = [least_squares(residuals, np.clip(start, low, high), bounds=(low, high), x_scale="jac") for start in starts]
    return min(fits, key=lambda each: float(each.cost))


def kramers_kronig_residual(spectrum: ImpedanceSpectrum) -> float:
    """Relative distance of a spectrum from the nearest sum of relaxations, all of which obey Kramers and Kronig.

    Root mean square over the points of |Z − Z_KK|/|Z| for a sum of R∥C with relaxation times spread evenly over those
    that were measured, a capacitance and an inductance in series: linear least squares. Noise stays; drift during the
    measurement and responses that are not linear are more than that.

    Args:
        spectrum: measured.

    Source: B. A. Boukamp, J. Electrochem. Soc. 142, 1885 (1995); M. Schönleber, D. Klotz & E. Ivers-Tiffée,
    Electrochim. Acta 131, 20 (2014).
    """
    omega, impedance = 2.0 * math.pi * spectrum.frequency, spectrum.impedance
    decades = math.log10(omega.max() / omega.min())
    count = int(min(max(3, PARTS_PER_DECADE * decades), 0.6 * omega.size))
    times = np.geomspace(1.0 / omega.max(), 1.0 / omega.min(), count)
    columns = np.column_stack([
        np.ones(omega.size), 1.0 / (1.0 + 1j * np.outer(omega, times)), 1.0 / (1j * omega), 1j * omega
    ])  # fmt: skip
    scaled = columns / np.abs(impedance)[:, None]
    sizes = np.abs(scaled).max(axis=0)
    matrix = np.concatenate([(scaled / sizes).real, (scaled / sizes).imag])
    target = impedance / np.abs(impedance)
    measured = np.concatenate([target.real, target.imag])
    found = np.linalg.lstsq(matrix, measured, rcond=1e-12)[0]
    free = max(2 * omega.size - matrix.shape[1], 1)
    return float(np.sqrt(np.sum((matrix @ found - measured) ** 2) / free))
