"""Finite elements on a line: the matrices of a second-order equation.

Matrices are symmetric bands as LAPACK stores them (lower form): `band[k, j]` is the entry (j + k, j).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ionscape.arrays import FloatArray


@cache
def reference_element(degree: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Gauss points on (0, 1) with their weights, and values and derivatives of the shape functions at them.

    The shape functions are Lagrange polynomials through equidistant points: up to degree 4 as well conditioned as
    others.

    Returns:
        Points and weights (points,), values and derivatives (points, degree + 1).
    """
    roots, weights = np.polynomial.legendre.leggauss(degree + 2)
    points = 0.5 * (roots + 1.0)
    places = np.linspace(0.0, 1.0, degree + 1)
    values, derivatives = np.empty((2, points.size, degree + 1))
    for number, place in enumerate(places):
        others = np.delete(places, number)
        shape = np.polynomial.Polynomial.fromroots(others) / np.prod(place - others)
        values[:, number], derivatives[:, number] = shape(points), shape.deriv()(points)
    return points, 0.5 * weights, values, derivatives


def gauss_points(nodes: FloatArray, degree: int) -> FloatArray:
    """The points at which coefficients are needed (elements, points)."""
    points = reference_element(degree)[0]
    return nodes[:-1, None] + np.diff(nodes)[:, None] * points


def stiffness(nodes: FloatArray, coefficient: FloatArray, degree: int) -> FloatArray:
    """∫ c φ_i' φ_j' dx as a band; the coefficient c at the Gauss points (elements, points)."""
    _, weights, _, derivatives = reference_element(degree)
    scaled = coefficient * weights / np.diff(nodes)[:, None]
    return _band(np.einsum("eq,qi,qj->ije", scaled, derivatives, derivatives, optimize=True))


def mass(nodes: FloatArray, coefficient: FloatArray, degree: int) -> FloatArray:
    """∫ c φ_i φ_j dx as a band; the coefficient c at the Gauss points (elements, points)."""
    _, weights, values, _ = reference_element(degree)
    scaled = coefficient * weights * np.diff(nodes)[:, None]
    return _band(np.einsum("eq,qi,qj->ije", scaled, values, values, optimize=True))


def _band(blocks: FloatArray) -> FloatArray:
    """The matrix of all elements from theirs (degree + 1, degree + 1, elements)."""
    degree, elements = blocks.shape[0] - 1, blocks.shape[2]
    band = np.zeros((degree + 1, degree * elements + 1))
    for row in range(degree + 1):
        for column in range(row + 1):
            stop = column + degree * (elements - 1) + 1
            band[row - column, column:stop:degree] += blocks[row, column]
    return band


def in_second_degree(vector: FloatArray) -> FloatArray:
    """What elements of second degree keep of a vector of third degree that vanishes at both ends."""
    whole = np.concatenate([[0.0], vector, [0.0]])
    middle = (9.0 * (whole[1::3] + whole[2::3]) - whole[:-1:3] - whole[3::3]) / 16.0
    kept = np.empty(2 * middle.size + 1)
    kept[0::2], kept[1::2] = whole[::3], middle
    return kept[1:-1]


def inner(band: FloatArray, *, last: bool = False) -> FloatArray:
    """The band without its first and its last row and column, where the solution vanishes; `last` keeps the last."""
    cut = band[:, 1 : None if last else -1].copy()
    for below in range(1, band.shape[0]):
        cut[below, cut.shape[1] - below :] = 0.0
    return cut
