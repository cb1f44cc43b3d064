"""Conditions that change over a piece of a stage: what the kernels read at a time.

Potential, beam current and temperature T lie on straight lines over the time. The tables of ln D are interpolated over
s, a linear function of 1/T that runs from 0 to 1 between the lowest and the highest temperature of the stage, by
Lagrange's polynomial through Chebyshev's points: exact for Arrhenius' law, and smooth in time, so that no order of the
time steps is lost as it would be at the kinks of lines.
"""

from __future__ import annotations

import math

from ionscape.arrays import FloatArray
from ionscape.compiled import inner_kernel, ordered_kernel

from .arrays import Boundaries, Coefficients, Medium, Problem, Ramp
from .copying import add_weighted


@inner_kernel
def share_of(ramp: Ramp, time: float) -> float:
    """Share of a piece that has passed at a time."""
    if ramp.duration == 0.0:
        return 0.0
    return min(max((time - ramp.start) / ramp.duration, 0.0), 1.0)


@ordered_kernel
def weight_of_node(nodes: FloatArray, node: int, place: float) -> float:
    """Lagrange's polynomial of one of the nodes at a place s; Python calls it too."""
    weight = 1.0
    for other in range(nodes.shape[0]):
        if other != node:
            weight *= (place - nodes[other]) / (nodes[node] - nodes[other])
    return weight


@inner_kernel
def conditions_at(problem: Problem, ramp: Ramp, share: float) -> Problem:
    """The problem of a piece after a share of it; its tables are those of the next call too."""
    if ramp.duration == 0.0:
        return problem
    cells, medium, coefficients, boundaries = (
        problem.cells,
        problem.medium,
        problem.coefficients,
        problem.boundaries,
    )
    potential = ramp.potential[0] + share * (ramp.potential[1] - ramp.potential[0])
    beam_flux = ramp.beam_flux[0]
    if ramp.beam_flux[1] != beam_flux:  # both are infinite without a limit
        beam_flux += share * (ramp.beam_flux[1] - beam_flux)
    thermal, holding, knots = medium.thermal, boundaries.holding, coefficients.knots
    held_coefficient = boundaries.held_coefficient
    count = ramp.nodes.shape[0]
    first, last = ramp.temperature[0], ramp.temperature[1]
    if count > 0 and first != last:
        temperature = first + share * (last - first)
        thermal *= first / temperature
        low, high = ramp.ends[0], ramp.ends[1]
        place = (low - temperature) / (low - high) * (high / temperature)
        knots, held_coefficient = ramp.knots_now, ramp.held_coefficient_now
        knots[:] = 0.0
        held_coefficient[:] = 0.0
        log_holding = 0.0
        for m in range(count):
            weight = weight_of_node(ramp.nodes, m, place)
            add_weighted(knots, weight, ramp.knots[m])
            add_weighted(held_coefficient, weight, ramp.log_held_coefficient[m])
            log_holding += weight * ramp.log_holding[m]
        for i in range(held_coefficient.shape[0]):
            held_coefficient[i] = math.exp(held_coefficient[i])
        holding = math.copysign(math.exp(log_holding), holding)
    return Problem(
        cells,
        Medium(medium.charges, medium.ions, medium.permittivity, thermal, medium.native, medium.coupling),
        Coefficients(knots, coefficients.spacing_inverse, coefficients.counts),
        Boundaries(
            boundaries.law, boundaries.beam_share, beam_flux, holding, potential, boundaries.vacuum,
            boundaries.surface_displacement, boundaries.back_field, boundaries.held, held_coefficient,
            boundaries.deposits,
        ),
    )  # fmt: skip
