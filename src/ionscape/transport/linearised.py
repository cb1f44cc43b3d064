"""Small changes about a state: what is stored and what flows, apart.

The residual of a substep (`equations`) is that of M dY/dt + F(Y, U) = 0 with the applied potential U: its Jacobian is
M + s K, K = dF/dY, for a step s. For a sinusoidal change of U about a steady state the same two matrices give
(i omega M + K) dY = -(i omega dM/dU + dF/dU) dU, as in VoronoiFVM.jl's impedance of a system (Fuhrmann).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.compiled import ordered_kernel

from .arrays import Problem, Workspace, make_workspace
from .equations import assemble

if TYPE_CHECKING:
    from scipy.sparse import csc_array


class Linearised(NamedTuple):
    """M and K of the unknowns, cell by cell, the potential last; their rows are those of `equations`."""

    storage: csc_array  # (cells m, cells m) M
    flux: csc_array  # (cells m, cells m) K [1/s]
    stored_by_potential: FloatArray  # (cells m,) derivative of what is stored by the applied potential [1/V]
    flux_by_potential: FloatArray  # (cells m,) of what flows [1/(V s)]


def linearise(problem: Problem, y: FloatArray, regime: int, *, time: float) -> Linearised:
    """Storage and flux about a state.

    Args:
        problem: of a stage.
        y: the unknowns, shape (cells, ions + 1).
        regime: of the beam.
        time: about which the two are equally large [s]; it decides about rounding errors alone.
    """
    jacobians, slopes = [], []
    shift = 1e-4 / problem.medium.thermal
    for step in (time, 2.0 * time):
        work = make_workspace(*y[:, 1:].shape)
        residuals = []
        for sign in (1.0, -1.0):
            boundaries = problem.boundaries._replace(
                applied_potential=problem.boundaries.applied_potential + sign * shift
            )
            assembled(y, step, problem._replace(boundaries=boundaries), regime, work)
            residuals.append(work.residual.ravel().copy())
        assembled(y, step, problem, regime, work)
        jacobians.append(_sparse(work))
        slopes.append((residuals[0] - residuals[1]) / (2.0 * shift))
    # both are straight lines over the step
    return Linearised(
        storage=2.0 * jacobians[0] - jacobians[1],
        flux=(jacobians[1] - jacobians[0]) / time,
        stored_by_potential=2.0 * slopes[0] - slopes[1],
        flux_by_potential=(slopes[1] - slopes[0]) / time,
    )


@ordered_kernel
def assembled(y: FloatArray, step: float, problem: Problem, regime: int, work: Workspace) -> None:
    """`equations.assemble` about a state that does not change, for calls from Python."""
    assemble(y, y[:, :-1].copy(), step, problem, regime, work, None)


def _sparse(work: Workspace) -> csc_array:
    from scipy.sparse import bsr_array

    count = len(work.diagonal)
    blocks = np.concatenate([work.lower[1:], work.diagonal, work.upper[:-1]])
    rows = np.concatenate([np.arange(1, count), np.arange(count), np.arange(count - 1)])
    columns = np.concatenate([np.arange(count - 1), np.arange(count), np.arange(1, count)])
    order = np.lexsort((columns, rows))
    starts = np.searchsorted(rows[order], np.arange(count + 1))
    return bsr_array((blocks[order], columns[order], starts)).tocsc()
