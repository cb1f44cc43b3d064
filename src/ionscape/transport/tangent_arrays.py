"""What the kernels read and write of derivatives by parameters (`tangents`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ionscape.arrays import FloatArray

from .arrays import LANES, IntegerArray, Variants


class Tangents(NamedTuple):
    """Derivatives by P parameters in Q groups, in the scaled units of the kernels per unit of the parameter."""

    values: FloatArray  # (substeps, cells, ions + 1, Q, LANES) S; the state is that of the last substep
    rates: FloatArray  # (substeps, cells, ions, Q, LANES) R
    back: FloatArray  # (substeps, ions, Q, LANES) of the fluxes through the back
    known: FloatArray  # (cells, ions, Q, LANES) K
    departed: FloatArray  # (ions, Q, LANES) of the amount that left
    log_coefficient: FloatArray  # (cells, ions, Q, LANES) of ln D
    face: FloatArray  # (ions, Q, LANES) of the fluxes through one face, by ln D
    knots: FloatArray  # (ions, intervals + 1, 2, Q, LANES) of the table of ln D and its slopes
    acts: IntegerArray  # (ions,) 1 where some parameter changes ln D of the ion
    variants: Variants
    parameters: int  # P
    potential_before: FloatArray  # (Q, LANES) of the potential of the first cell, one step before
    faces: FloatArray  # (cells + 1, Q, LANES) xi, of the depths of moving faces, at the start of the step
    velocity: FloatArray  # (cells + 1, Q, LANES) of their velocities in the step
    aim: FloatArray  # (cells + 1, Q, LANES) where they should have been at the start of the last step
    size: FloatArray  # (cells, Q, LANES) of the sizes of the moving cells in the running substep
    line: FloatArray  # (cells + 1,) of the elimination for xi


def go_on(
    tangents: Tangents, rates: FloatArray, back: FloatArray, *, knots: FloatArray, variants: Variants
) -> Tangents:  # fmt: skip
    """The derivatives for a piece of a stage whose conditions go on where those of the piece before ended.

    A parameter that makes a piece longer makes all flow faster in it, as the kernels have it
    (`tangents.subtract_varied_residuals`), and not as much so in the next piece.

    Args:
        tangents: of the piece before, whose arrays live on.
        rates: of the departures, shape (cells, ions) [1/s].
        back: flux through the back, shape (ions,) [m/s].
        knots: derivatives of the tables of ln D, shape (ions, intervals + 1, 2, P).
        variants: see `Variants`.
    """
    faster = _stretching(variants, tangents.parameters) - _stretching(tangents.variants, tangents.parameters)
    tangents.rates[0] += rates[..., None, None] * in_groups(faster)
    tangents.back[0] += back[..., None, None] * in_groups(faster)
    acts = np.any(knots != 0.0, axis=(1, 2, 3)).astype(np.int64)
    return tangents._replace(knots=in_groups(knots), acts=acts, variants=variants)


def _stretching(variants: Variants, parameters: int) -> FloatArray:
    """Derivatives of the duration of a piece, in units of it, shape (P,)."""
    slopes = np.zeros(parameters)
    slopes[variants.parameters] = (variants.duration[1] - variants.duration[0]) / variants.spacing
    return slopes


def in_groups(values: FloatArray) -> FloatArray:
    """Values over parameters, shape (..., P), in groups: shape (..., Q, LANES), a copy filled up with zeros."""
    *axes, parameters = values.shape
    groups = -(-parameters // LANES)
    result = np.zeros((*axes, groups * LANES))
    result[..., :parameters] = values
    return result.reshape(*axes, groups, LANES)


def one_by_one(values: FloatArray, parameters: int) -> FloatArray:
    """The inverse of `in_groups`, as a copy."""
    return values.reshape(*values.shape[:-2], -1)[..., :parameters].copy()


def make_tangents(
    *, cells: int, ions: int, substeps: int, knots: FloatArray, variants: Variants, state: FloatArray,
    departed: FloatArray, faces: FloatArray,
) -> Tangents:  # fmt: skip
    """Buffers for one stage of the experiment.

    Args:
        cells: number of cells.
        ions: number of ions.
        substeps: of the Runge-Kutta method, the explicit first one included.
        knots: derivatives of the tables of ln D, shape (ions, intervals + 1, 2, P).
        variants: see `Variants`.
        state: S at the start, shape (cells, ions + 1, P).
        departed: derivative of the amounts that have left, shape (ions, P).
        faces: that of the depths of moving faces, shape (cells + 1, P).
    """
    grouped = in_groups(departed)
    lanes = grouped.shape[1:]
    values = np.zeros((substeps, cells, ions + 1, *lanes))
    values[0] = in_groups(state)
    return Tangents(
        values=values,
        rates=np.zeros((substeps, cells, ions, *lanes)),
        back=np.zeros((substeps, ions, *lanes)),
        known=np.zeros((cells, ions, *lanes)),
        departed=grouped,
        log_coefficient=np.zeros((cells, ions, *lanes)),
        face=np.zeros((ions, *lanes)),
        knots=in_groups(knots),
        acts=np.any(knots != 0.0, axis=(1, 2, 3)).astype(np.int64),
        variants=variants,
        parameters=departed.shape[1],
        potential_before=np.zeros(lanes),
        faces=in_groups(faces),
        velocity=np.zeros((cells + 1, *lanes)),
        aim=np.zeros((cells + 1, *lanes)),
        size=np.zeros((cells, *lanes)),
        line=np.zeros(cells + 1),
    )
