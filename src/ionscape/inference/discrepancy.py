"""What the model leaves out, as a smooth random departure of the densities along the depth.

A model that misses its data by more than noise does so in shapes: a plateau that slopes otherwise, a front of another
form. Errors that are independent from point to point (a factor on χ², Birge's ratio) average out over hundreds of
points, so that intervals stay far too narrow. Here the shares f of the ions (of the charge Q of all mobile ions per
volume) depart from the model by

    Δf(x) = s A(x) z(x),    A = diag(√f) − f √fᵀ,    A Aᵀ = diag(f) − f fᵀ

with independent Gaussian processes z_k of unit variance and correlation exp(−(x − x')²/2ℓ²). They keep the sum of the
shares (neutrality), and vanish where there is one ion only: the untouched glass is known. Size s and length ℓ are those
with the greatest restricted likelihood of the residuals r, whose derivatives by the parameters are J,

    −2 ln L = ln|V| + ln|Jᵀ V⁻¹ J| + rᵀ (V⁻¹ − V⁻¹ J (Jᵀ V⁻¹ J)⁻¹ Jᵀ V⁻¹) r,    V = 1 + s² G(ℓ)

(Patterson and Thompson, Biometrika 58 (1971) 545; discrepancies of models: Kennedy and O'Hagan, J. R. Stat. Soc. B 63
(2001) 425). The fit is then repeated with the residuals V^(−1/2) r, and intervals follow as always.

What a smooth departure cannot stand for is an error of the model that looks like a change of its parameters. Where
another model is known to be better, the change d of the residuals from the one to the other is a direction of that
kind: V = 1 + s² G + Σ d dᵀ leaves open how far the data go along it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray

SMALLEST_SIZE, LARGEST_SIZE = 1e-4, 0.5
SHORTEST_LENGTH = 0.5e-9  # m; front and response are hardly ever sharper
LENGTHS = 8  # of the grid from which the search for the maximum starts


@dataclass(frozen=True, kw_only=True, eq=False)
class Discrepancy:
    """A smooth random departure of the shares of the ions from the model.

    Attributes:
        size: s, standard deviation where the ions are equally many, times two.
        length: ℓ, over which it stays alike [m].
        shares: f at the data points, shape (ions, points).
        directions: d, of whitened residuals, shape (directions, ions · points).
    """

    size: float
    length: float
    shares: FloatArray
    directions: FloatArray


def departures(depth: FloatArray, shares: FloatArray, counts: FloatArray, length: float) -> FloatArray:
    """Covariance of the whitened residuals by a discrepancy of size 1: G(ℓ), shape (ions · points, ions · points).

    Args:
        depth: of the points [m], shape (points,).
        shares: f, shape (ions, points).
        counts: whitened residual of each ion by the share of each other, shape (ions, ions, points): [i, k] is the
            change of the residual of i where the share of k changes by one.
        length: ℓ [m].
    """
    roots = np.sqrt(shares)
    ions, points = shares.shape
    mixing = np.eye(ions)[:, :, None] * roots[:, None, :] - shares[:, None, :] * roots[None, :, :]
    loads = np.einsum("ikp,kjp->ijp", counts, mixing)
    alike = np.exp(-0.5 * ((depth[:, None] - depth[None, :]) / length) ** 2)
    covariance = np.einsum("ijp,ljq->iplq", loads, loads) * alike[None, :, None, :]
    return covariance.reshape(ions * points, ions * points)


def root_of(covariance: FloatArray, size: float, directions: FloatArray) -> FloatArray:
    """Lower triangular root of V = 1 + s² G + Σ d dᵀ, of the shape of G.

    Args:
        covariance: G, shape (residuals, residuals).
        size: s.
        directions: d, shape (directions, residuals).
    """
    whole = np.eye(len(covariance)) + size**2 * covariance + directions.T @ directions
    return np.asarray(np.linalg.cholesky(whole), dtype=np.float64)


def restricted_deviance(variances: FloatArray, residual: FloatArray, jacobian: FloatArray, known: FloatArray) -> float:
    """−2 ln L of a residual, but for a constant, where V is diagonal.

    Args:
        variances: diagonal of V, shape (residuals,).
        residual: r, shape (residuals,).
        jacobian: J, shape (residuals, parameters).
        known: information about the parameters from elsewhere, shape (parameters, parameters).
    """
    weighted = jacobian / variances[:, None]
    information = jacobian.T @ weighted + known
    pulled = weighted.T @ residual
    determinant = float(np.sum(np.log(variances))) + float(np.linalg.slogdet(information)[1])
    return determinant + float(residual @ (residual / variances) - pulled @ np.linalg.solve(information, pulled))


def likeliest(
    depth: FloatArray,
    shares: FloatArray,
    counts: FloatArray,
    residual: FloatArray,
    jacobian: FloatArray,
    known: FloatArray,
    *,
    directions: FloatArray,
    shortest: float,
) -> Discrepancy:
    """Size and length with the greatest restricted likelihood: of lengths on a grid the best one and its neighbourhood.

    In units of the root of 1 + Σ d dᵀ and in the eigenvectors of what G(ℓ) is there, V is diagonal for every size.

    Args:
        depth: of the points [m], shape (points,).
        shares: f, shape (ions, points).
        counts: see `departures`.
        residual: r of this data set at the optimum, shape (ions · points,).
        jacobian: J, shape (ions · points, parameters).
        known: information about the parameters from priors and other data, shape (parameters, parameters).
        directions: d, shape (directions, ions · points).
        shortest: least length [m]: below the depth resolution the instrument shows nothing.
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import minimize_scalar

    longest = 0.5 * float(depth[-1] - depth[0])
    lengths = np.log(np.geomspace(min(max(shortest, SHORTEST_LENGTH), 0.5 * longest), longest, LENGTHS))
    fixed = root_of(np.zeros((residual.size, residual.size)), 0.0, directions)
    inner = solve_triangular(fixed, np.column_stack([residual, jacobian]), lower=True)
    sizes = float(np.log(SMALLEST_SIZE)), float(np.log(LARGEST_SIZE))

    def best_size(length: float) -> tuple[float, float]:
        """Deviance and logarithm of the size at the logarithm of a length."""
        covariance = departures(depth, shares, counts, float(np.exp(length)))
        half = solve_triangular(fixed, covariance, lower=True)
        values, vectors = np.linalg.eigh(solve_triangular(fixed, half.T, lower=True))
        values, turned = np.maximum(values, 0.0), vectors.T @ inner
        rest, slopes = turned[:, 0], turned[:, 1:]

        def deviance(size: float) -> float:
            return restricted_deviance(1.0 + np.exp(2.0 * size) * values, rest, slopes, known)

        found: Any = minimize_scalar(deviance, bounds=sizes, method="bounded", options={"xatol": 0.01})
        return float(found.fun), float(found.x)

    on_grid = [best_size(float(length))[0] for length in lengths]
    place = int(np.argmin(on_grid))
    around = lengths[max(place - 1, 0)], lengths[min(place + 1, len(lengths) - 1)]
    found: Any = minimize_scalar(
        lambda length: best_size(float(length))[0], bounds=around, method="bounded", options={"xatol": 0.1}
    )
    length = float(found.x) if found.fun < on_grid[place] else float(lengths[place])
    return Discrepancy(
        size=float(np.exp(best_size(length)[1])), length=float(np.exp(length)), shares=shares, directions=directions
    )
