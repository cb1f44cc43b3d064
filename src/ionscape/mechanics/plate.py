"""Equilibrium of a plate whose free strain depends on the depth alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ionscape.arrays import FloatArray

Faces = Literal["both", "front"]
Bending = Literal["suppressed", "free"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PlateShape:
    """The cells of a plate that carry its stress.

    Attributes:
        depth: of the centres of the cells below the surface [m], (cells,); points of the surface may be among them.
        size: of the cells [m], (cells,), 0 of points; they fill the thickness, or half of it.
        thickness: of the whole plate [m].
        faces: "both" if the other half of the plate mirrors the cells, "front" if they are all of it.
        bending: "suppressed" if the plate stays flat, "free" if it curves until no moment is left; a plate with two
            equal faces stays flat by itself.
    """

    depth: FloatArray = field(repr=False)
    size: FloatArray = field(repr=False)
    thickness: float
    faces: Faces
    bending: Bending

    @staticmethod
    def of_cells(
        depth: FloatArray, size: FloatArray, *, thickness: float, faces: Faces, bending: Bending
    ) -> PlateShape:
        """The cells of a calculated profile; of two faces, those that lie above the middle, the last one cut there."""
        if faces == "both":
            starts = depth - 0.5 * size
            kept = int(np.count_nonzero(starts < 0.5 * thickness * (1.0 - 1e-12)))
            size = size[:kept].copy()
            size[-1] = 0.5 * thickness - starts[kept - 1]
            depth = starts[:kept] + 0.5 * size
        return PlateShape(depth=depth, size=size, thickness=thickness, faces=faces, bending=bending)

    @property
    def middle(self) -> float:
        """Depth of the mid-plane [m]."""
        return 0.5 * self.thickness


def misfit_strain(free: FloatArray, shape: PlateShape) -> FloatArray:
    """What of a free strain the plate does not follow: ε − ε̄ − κ (x − d/2), cell means.

    The plate stretches by ε̄ = ∫ε dx/d, so that no force is left, ∫σ dx = 0, and if it may bend, curves by
    κ = 12 ∫ε (x − d/2) dx/d³, so that no moment is left. The stress of an elastic plate is −E/(1 − ν) of it.

    Args:
        free: strain that each depth would have by itself [1], (..., cells); cells beyond those of the shape are
            left out.
        shape: of the plate.

    Returns:
        (..., cells of the shape).

    Source: A. R. Cooper & D. A. Krohn, J. Am. Ceram. Soc. 52, 665 (1969) for exchanged plates; the equilibrium is that
    of thermal stress, S. P. Timoshenko & J. N. Goodier, Theory of Elasticity, chapter 13.
    """
    strain = free[..., : shape.size.size]
    # the cells may not quite add up to the thickness: dividing by their own sum leaves no force behind
    mean = (strain @ shape.size) / shape.size.sum()
    misfit = strain - mean[..., None]
    if shape.faces == "front" and shape.bending == "free":
        arm = shape.depth - shape.middle
        second_moment = float(np.sum(shape.size * (arm**2 + shape.size**2 / 12.0)))
        curvature = (misfit @ (shape.size * arm)) / second_moment
        misfit = misfit - curvature[..., None] * (arm - np.sum(shape.size * arm) / shape.size.sum())
    return misfit


def at_depth(values: FloatArray, shape: PlateShape, depth: float) -> FloatArray:
    """Values of the cells (..., cells) on the straight lines through their centres, and beyond the first and last."""
    place = int(np.clip(np.searchsorted(shape.depth, depth), 1, shape.depth.size - 1))
    left, right = shape.depth[place - 1], shape.depth[place]
    share = (depth - left) / (right - left)
    return values[..., place - 1] * (1.0 - share) + values[..., place] * share


def zero_crossing(stress: FloatArray, depth: FloatArray) -> float:
    """Depth at which the stress first has another sign than at the surface [m]; NaN if it has none, or nowhere.

    Args:
        stress: over depth, from the surface on (depths,).
        depth: of it, rising (depths,).
    """
    changed = np.flatnonzero(stress * np.sign(stress[0]) < 0.0)
    if not changed.size:
        return float("nan")
    after = int(changed[0])
    left, right = stress[after - 1], stress[after]
    return float(depth[after - 1] + (depth[after] - depth[after - 1]) * left / (left - right))
