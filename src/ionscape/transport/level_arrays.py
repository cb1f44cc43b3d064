"""What the kernels of the populations read (`levels`): arrays in scaled units, bundled in named tuples.

P ions with populations, G systems of sites, L levels (of the longest system); the other letters are those of `levels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ionscape.arrays import FloatArray

from .arrays import IntegerArray

LEAST_VACANCY = 1e-9
"""Share of the sites that stay empty in a cell, however much an iterate of Newton's method wants there."""


class Sites(NamedTuple):
    """The systems of sites in one stage."""

    ion: IntegerArray  # (P,) its place among all ions
    members: IntegerArray  # (G, P) places of the ions of a system, filled up with -1
    counts: IntegerArray  # (G,) how many they are
    levels: IntegerArray  # (G,) how many levels a system has
    sites: FloatArray  # (G, L) S, 0 beyond the levels
    factor: FloatArray  # (G, L) e
    release: FloatArray  # (P,) kappa [1/s]
    unit: FloatArray  # (P,) density of the native ions of the system: the activity of an ion is that times theta


class Populations(NamedTuple):
    """The populations of all cells, and buffers of a step."""

    sites: Sites
    log_factor: FloatArray  # (M, G, L) ln e at the places of a ramp of temperature (`ramp`); M is 0 without one
    log_release: FloatArray  # (M, P) ln kappa there
    held: FloatArray  # (cells, P, L) n
    rate: FloatArray  # (cells, P, L) of the last substep of the last step [1/s]
    values: FloatArray  # (substeps, cells, P, L)
    rates: FloatArray  # (substeps, cells, P, L) [1/s]
    base: FloatArray  # (cells, P, L) b of the running substep
    kept: FloatArray  # (cells, P) its sum over the levels
    free: FloatArray  # (cells, G, L) S - sum b, not below zero
    stay: FloatArray  # (P, L) 1 / (1 + s kappa e)
    capture: FloatArray  # (P, L) alpha [1]
    theta: FloatArray  # (cells, P)
    activity: FloatArray  # (cells, ions) what flows: the density of an ion without populations, unit theta of one with
    slope: FloatArray  # (cells, ions, ions) derivative of the activity of the first by the density of the second
    vacancy: FloatArray  # (2, L) v and v / A of one cell
    gain: FloatArray  # (P,) g
    matrix: FloatArray  # (P, 2 P) d density / d theta, and what becomes its inverse
    wanted: FloatArray  # (P,) density less what the levels keep


def make_populations(sites: Sites, held: FloatArray, *, substeps: int, ions: int) -> Populations:
    """Buffers around the populations of all cells, shape (cells, P, L), whose state they become."""
    cells, count, levels = held.shape
    systems = len(sites.levels)
    theta = np.zeros((cells, count))
    for a in range(count):
        g = int(np.flatnonzero((sites.members == a).any(axis=1))[0])
        on_levels = [int(member) for member in sites.members[g, : sites.counts[g]]]
        vacant = sites.sites[g].sum() - held[:, on_levels].sum(axis=(1, 2))
        theta[:, a] = (held[:, a] @ sites.factor[g]) / np.maximum(vacant, LEAST_VACANCY)
    return Populations(
        sites=sites,
        log_factor=np.zeros((0, systems, levels)),
        log_release=np.zeros((0, count)),
        held=held.copy(),
        rate=np.zeros((cells, count, levels)),
        values=np.zeros((substeps, cells, count, levels)),
        rates=np.zeros((substeps, cells, count, levels)),
        base=np.zeros((cells, count, levels)),
        kept=np.zeros((cells, count)),
        free=np.zeros((cells, systems, levels)),
        stay=np.zeros((count, levels)),
        capture=np.zeros((count, levels)),
        theta=theta,
        activity=np.zeros((cells, ions)),
        slope=np.zeros((cells, ions, ions)),
        vacancy=np.zeros((2, levels)),
        gain=np.zeros(count),
        matrix=np.zeros((count, 2 * count)),
        wanted=np.zeros(count),
    )


def on_ramp(populations: Populations, sites: Sites, nodes: Sequence[Sites]) -> Populations:
    """The same populations at the conditions of a piece.

    Args:
        populations: at the end of the piece before.
        sites: at the temperature with which the piece begins.
        nodes: at those of the tables of its ramp; none where the temperature does not change.
    """
    if not nodes:
        return populations._replace(sites=sites, log_factor=populations.log_factor[:0],
                                    log_release=populations.log_release[:0])  # fmt: skip
    return populations._replace(
        sites=sites._replace(factor=sites.factor.copy(), release=sites.release.copy()),
        log_factor=np.log([each.factor for each in nodes]), log_release=np.log([each.release for each in nodes]),
    )  # fmt: skip
