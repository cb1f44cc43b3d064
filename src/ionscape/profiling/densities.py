"""From counts to densities: sensitivity factors, and the ways to share out what the charge balance is off.

Symbols: I counts of an ion [1], b sensitivity factor [1/m^3], Z charge number, n = b I density [1/m^3], q = Σ Z n of
    the bulk, s relative standard deviation of the factor that all channels of a data point share. In a neutral glass
    with a fixed network Σ Z n = q at every depth (Gunawan 2024 ESI S4; excess charges stay below a permille).

Arrays of counts have shape (..., ions, points), factors (..., ions); leading axes are resamplings of the same data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.errors import InputError

from .channels import Counts
from .settings import DensityMethod

BoolArray = NDArray[np.bool_]

ROBUST_SCALE = 2.385
"""Residual, in standard deviations, from which a point loses weight (Cauchy's weight, 95 % efficient for normal
noise): the sputter transient is tens of standard deviations off and must not count."""

LEVEL_POINTS = 15  # over which counts are averaged for the variance by the common factor
RUN_POINTS = 5  # over which a deviation of the balance is averaged before it is called significant

NORMAL_MAD = 0.6745  # median of |x| of a standard normal variable


@dataclass(frozen=True, kw_only=True, eq=False)
class Balance:
    """What is known of the glass.

    Attributes:
        charges: charge numbers, shape (ions,); of the sign that makes `total` positive.
        native: density of each ion in the bulk [1/m^3], 0 for foreign ones, shape (ions,).
        bulk: points in the unchanged bulk, shape (points,).
        zone: points at which the sensitivity factors are determined, shape (points,).
    """

    charges: FloatArray
    native: FloatArray
    bulk: BoolArray
    zone: BoolArray

    @property
    def total(self) -> float:
        """q, the charge of all mobile ions in the bulk in units of the elementary charge [1/m^3]."""
        return float(self.charges @ self.native)


@dataclass(frozen=True, kw_only=True, eq=False)
class Factors:
    """Sensitivity factors and how well the charge balance closes with them.

    Attributes:
        values: b [1/m^3 per count], shape (..., ions); leading axes are resamplings.
        covariance: from the fit [1/m^6], shape (ions, ions); zero for methods that state none.
        common_factor: s, as used for the weights.
        reduced_chi_square: of the balance with the noise known beforehand; 1 for noise alone.
    """

    values: FloatArray
    covariance: FloatArray
    common_factor: float
    reduced_chi_square: float


def charge_balance_factors(counts: Counts, balance: Balance) -> Factors:
    """Sensitivity factors of all ions together, from Σ Z b I = q in the zone and b I = n in the bulk.

    Non-negative least squares of r / sqrt(V), with V = s² (Σ Z b I)² + Σ Z² b² var(I) at the factors themselves: the
    counts are noisy regressors, and ordinary least squares would pull the factors of ions with few counts towards
    zero. Points that miss the balance by many standard deviations lose their weight (`ROBUST_SCALE`).

    Args:
        counts: of shape (ions, points); their common factor is raised until the residuals in zone and bulk have the
            scatter that it predicts.
        balance: what is known of the glass.

    Raises:
        InputError: an ion has no counts there, or its factor cannot be told from that of the others.
    """
    from scipy.optimize import brentq, least_squares

    start = papers_factors(counts.intensity, balance)
    size = np.maximum(start, 1e-3 * balance.total / np.maximum(counts.intensity.max(axis=-1), 1.0))

    def solve(spread: float) -> Any:
        def residuals(scaled: FloatArray) -> FloatArray:
            return _rows(scaled * size, counts, balance, spread)[0]

        return least_squares(
            residuals, start / size, bounds=(0.0, np.inf), loss="cauchy", f_scale=ROBUST_SCALE, x_scale="jac"
        )

    spread = counts.common_factor
    solution = solve(spread)
    chi_square = _reduced_chi_square(solution.fun)
    for _ in range(3):
        # s enters the weights and the scatter gives s: three rounds settle it, since the factors hardly depend on it
        factors = solution.x * size

        def excess(trial: float, factors: FloatArray = factors) -> float:
            return _scale(_rows(factors, counts, balance, trial)[0]) - 1.0

        if excess(spread) > 0.0:
            spread = float(brentq(excess, spread, 1.0)) if excess(1.0) < 0.0 else 1.0
            solution = solve(spread)
    information = solution.jac.T @ solution.jac
    try:
        covariance = np.linalg.inv(information) * np.outer(size, size)
    except np.linalg.LinAlgError:
        raise _no_contrast() from None
    return Factors(values=solution.x * size, covariance=covariance, common_factor=spread, reduced_chi_square=chi_square)


def refit_charge_balance(factors: Factors, counts: Counts, balance: Balance, *, steps: int = 4) -> FloatArray:
    """The factors that `charge_balance_factors` would give for resampled counts, for many resamplings at once.

    Gauss–Newton steps with the same weights from the factors of the data; the plain version is
    `charge_balance_factors`.

    Args:
        factors: of the data.
        counts: resampled, with the variance of the data.
        balance: what is known of the glass.
        steps: Gauss–Newton steps.

    Returns:
        Shape (resamples, ions).
    """
    size = factors.values
    values = np.broadcast_to(size, counts.intensity.shape[:-1]).copy()
    for _ in range(steps):
        rows, jacobian = _rows(values, counts, balance, factors.common_factor, derivative=True)
        weight = np.sqrt(1.0 / (1.0 + (rows / ROBUST_SCALE) ** 2))
        scaled = jacobian * weight[..., None, :] * np.where(size > 0.0, size, 1.0)[:, None]
        matrix = scaled @ np.swapaxes(scaled, -1, -2)
        # An ion with the factor 0 has no direction of its own; the unit keeps the matrix regular.
        matrix = matrix + np.diag(np.where(size > 0.0, 0.0, 1.0))
        step = np.linalg.solve(matrix, (scaled @ (rows * weight)[..., None]))[..., 0]
        values = np.maximum(values - step * size, 0.0)
    return values


def papers_factors(intensity: FloatArray, balance: Balance) -> FloatArray:
    """Sensitivity factors as in Gunawan 2024 ESI: native ions from the bulk (S3), foreign ones by least squares (S5).

    With several foreign ions, S5 becomes the normal equations of all of them together; negative factors become zero.

    Args:
        intensity: shape (..., ions, points).
        balance: what is known of the glass.

    Raises:
        InputError: an ion has no counts where its factor is determined.
    """
    is_native = balance.native > 0.0
    charges = balance.charges
    factors = np.zeros(intensity.shape[:-1])
    mean = intensity[..., is_native, :][..., balance.bulk].mean(axis=-1)
    if np.any(mean <= 0.0):
        raise InputError("has no counts of a native ion", key="bulk_region", remedy="choose a region deep in the glass")
    factors[..., is_native] = balance.native[is_native] / mean
    zone = intensity[..., balance.zone]
    missing = balance.total - np.einsum("i,...i,...ip->...p", charges, factors, zone)
    foreign = zone[..., ~is_native, :] * charges[~is_native, None]
    if foreign.shape[-2]:
        normal = foreign @ np.swapaxes(foreign, -1, -2)
        diagonal = np.sqrt(np.einsum("...ii->...i", normal))
        if np.any(diagonal <= 0.0):
            raise _no_contrast()
        # scaled to unit diagonal: counts of different ions differ by decades
        scaled = normal / (diagonal[..., :, None] * diagonal[..., None, :])
        if np.any(np.linalg.cond(scaled) > 1e12):
            raise _no_contrast()
        right = (foreign @ missing[..., None])[..., 0] / diagonal
        factors[..., ~is_native] = np.maximum(np.linalg.solve(scaled, right[..., None])[..., 0] / diagonal, 0.0)
    return factors


def equal_sensitivity_factors(intensity: FloatArray, balance: Balance) -> FloatArray:
    """One factor for all ions, as Gunawan 2026 (eq. 1) silently assumes, such that the bulk has its density."""
    sums = np.einsum("i,...ip->...p", balance.charges, intensity)[..., balance.bulk].mean(axis=-1)
    return np.broadcast_to((balance.total / sums)[..., None], intensity.shape[:-1]).copy()


def plain_factors(method: DensityMethod, intensity: FloatArray, balance: Balance) -> FloatArray:
    """Sensitivity factors of a method that states no errors, shape (..., ions)."""
    return (equal_sensitivity_factors if method == "summed-intensities" else papers_factors)(intensity, balance)


def shared_out(method: DensityMethod, factors: Factors, counts: Counts, balance: Balance) -> FloatArray:
    """Densities that obey the charge balance at every point.

    With Δ = Σ Z b I − q the residual is shared out

    - "proportional", "summed-intensities": in proportion, n = b I q / (q + Δ) (Gunawan 2024 ESI S6, S7 times n_bulk);
    - "equal": in equal charges, n = b I − Δ / (K Z) for K ions (S8, S9);
    - "charge-balance": as the noise asks for, n = b I − Δ C Z / (Zᵀ C Z) with C = s² n nᵀ + diag(b² var(I)): in
      proportion where the common factor prevails, to the ion with the larger counting error where that prevails.

    Args:
        method: one of these.
        factors: b and s.
        counts: I and its variance.
        balance: what is known of the glass.

    Returns:
        Densities [1/m^3], shape (..., ions, points).
    """
    raw = factors.values[..., :, None] * counts.intensity
    total = np.einsum("i,...ip->...p", balance.charges, raw)[..., None, :]
    if method in ("proportional", "summed-intensities"):
        return raw * balance.total / np.where(total > 0.0, total, balance.total)
    if method == "equal":
        share = 1.0 / (balance.charges.size * balance.charges)[:, None]
        return raw - (total - balance.total) * share
    # An ion without a single count at a point has nothing to be corrected there.
    counting = factors.values[..., :, None] ** 2 * np.where(raw > 0.0, counts.variance, 0.0)
    common = _local_common_factor(total, counting, balance, factors.common_factor)
    spread = common * raw * total + counting * balance.charges[:, None]
    norm = np.einsum("i,...ip->...p", balance.charges, spread)[..., None, :]
    return raw - (total - balance.total) * spread / np.where(norm > 0.0, norm, 1.0)


def _local_common_factor(total: FloatArray, counting: FloatArray, balance: Balance, common_factor: float) -> FloatArray:
    """s² at every point: what noise cannot explain at three standard deviations is a factor common to all channels.

    That is what the sputter transient is, in which counts are up to some times higher; before the zone of calibration
    all is shared out in proportion.

    Args:
        total: Σ Z b I [1/m^3], shape (..., 1, points).
        counting: b² var(I) [1/m^6], shape (..., ions, points).
        balance: what is known of the glass.
        common_factor: s away from the transient.
    """
    noise = np.einsum("i,...ip->...p", balance.charges**2, counting)[..., None, :] + (common_factor * total) ** 2
    off = total - balance.total
    # A run of points that are all off a little is as significant as one that is off much.
    mean = scipy.ndimage.uniform_filter1d(off, RUN_POINTS, axis=-1, mode="nearest")
    quiet = scipy.ndimage.uniform_filter1d(noise, RUN_POINTS, axis=-1, mode="nearest") / RUN_POINTS
    excess = np.maximum.reduce([off**2 - 9.0 * noise, mean**2 - 9.0 * quiet, np.zeros_like(off)])
    excess[..., : int(np.argmax(balance.zone))] = np.inf
    excess = np.minimum(excess, total**2)
    return common_factor**2 + excess / np.where(total > 0.0, total, 1.0) ** 2


def point_covariance(method: DensityMethod, factors: Factors, counts: Counts, balance: Balance) -> FloatArray:
    """Covariance of the densities of one point by counting and common factor, at given sensitivity factors.

    C' = D C Dᵀ with C of `shared_out` and D = ∂n/∂(b I) of the method.

    Returns:
        [1/m^6], shape (points, ions, ions).
    """
    raw = (factors.values[:, None] * counts.intensity).T
    charges = balance.charges
    total = raw @ charges
    covariance = factors.common_factor**2 * raw[:, :, None] * raw[:, None, :]
    ions = charges.size
    covariance[:, np.arange(ions), np.arange(ions)] += (factors.values[:, None] ** 2 * counts.variance).T
    unit = np.eye(ions)
    if method in ("proportional", "summed-intensities"):
        safe = np.where(total > 0.0, total, balance.total)[:, None, None]
        derivative = balance.total / safe * (unit - raw[:, :, None] * charges / safe)
    elif method == "equal":
        derivative = np.broadcast_to(unit - charges / (ions * charges[:, None]), covariance.shape)
    else:
        spread = covariance @ charges
        norm = np.maximum(spread @ charges, np.finfo(float).tiny)
        derivative = unit - spread[:, :, None] * charges / norm[:, None, None]
    return derivative @ covariance @ np.swapaxes(derivative, -1, -2)


def balance_deviation(counts: Counts, balance: Balance, factors: Factors) -> FloatArray:
    """(Σ Z b I − q) / q at every point, shape (points,)."""
    return (balance.charges * factors.values) @ counts.intensity / balance.total - 1.0


def balance_error(counts: Counts, balance: Balance, factors: Factors) -> FloatArray:
    """Standard deviation of `balance_deviation` by common factor and counting, shape (points,)."""
    noise = (balance.charges * factors.values) ** 2 @ counts.variance / balance.total**2
    return np.sqrt(noise + factors.common_factor**2)


def _rows(
    factors: FloatArray, counts: Counts, balance: Balance, spread: float, *, derivative: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Residuals in standard deviations, and their derivatives with respect to the factors.

    Returns:
        Rows (..., rows): the balance at each point of the zone, then every native ion at each point of the bulk;
        derivatives (..., ions, rows), empty unless asked for.
    """
    intensity, variance = counts.intensity, counts.variance
    rows: list[FloatArray] = []
    derivatives: list[FloatArray] = []
    # Noise in the variance itself would give low points more weight.
    even = scipy.ndimage.uniform_filter1d(intensity, LEVEL_POINTS, axis=-1, mode="nearest")

    def add(charges: FloatArray, where: BoolArray, target: float) -> None:
        weighted = intensity[..., where] * charges[:, None]
        total = np.einsum("...i,...ip->...p", factors, weighted)
        level = even[..., where] * charges[:, None]
        total_level = np.einsum("...i,...ip->...p", factors, level)
        squares = variance[:, where] * charges[:, None] ** 2
        scatter = np.maximum(
            spread**2 * total_level**2 + np.einsum("...i,ip->...p", factors**2, squares), (1e-9 * target) ** 2
        )
        root = np.sqrt(scatter)
        rows.append((total - target) / root)
        if derivative:
            slope = 2.0 * spread**2 * total_level[..., None, :] * level + 2.0 * factors[..., :, None] * squares
            residual = (total - target)[..., None, :]
            derivatives.append(weighted / root[..., None, :] - 0.5 * residual * slope / (root**3)[..., None, :])

    add(balance.charges, balance.zone, balance.total)
    for ion in np.flatnonzero(balance.native):
        only = np.zeros_like(balance.charges)
        only[ion] = balance.charges[ion]
        add(only, balance.bulk, float(balance.charges[ion] * balance.native[ion]))
    return np.concatenate(rows, axis=-1), np.concatenate(derivatives, axis=-1) if derivative else np.empty(0)


def _scale(rows: FloatArray) -> float:
    return float(np.median(np.abs(rows))) / NORMAL_MAD


def _reduced_chi_square(rows: FloatArray) -> float:
    """Chi square of the rows per row, without those beyond five standard deviations of their own scatter."""
    kept = rows[np.abs(rows) <= 5.0 * max(_scale(rows), np.finfo(float).tiny)]
    return float(np.mean(kept**2)) if kept.size else float("nan")


def _no_contrast() -> InputError:
    return InputError(
        "gives no sensitivity factor for one of the ions",
        key="calibration_region",
        remedy="choose a region in which every ion has counts and their shares change, or leave that ion out",
    )


def with_covariance(factors: Factors, samples: FloatArray) -> Factors:
    """The factors with the covariance of resampled ones, shape (resamples, ions)."""
    return replace(factors, covariance=np.atleast_2d(np.cov(samples, rowvar=False)))
