"""Arrays of a piece of a stage, in which conditions change on straight lines, or not at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.diffusivity.table import SMALLEST_COEFFICIENT
from ionscape.errors import InputError
from ionscape.experiment import Experiment, Pieces

from .arrays import Problem, Ramp
from .stage_arrays import StageArrays, make_stage

TEMPERATURES = (3, 5, 9, 17)
"""At so many temperatures of a ramp tables of ln D are made; more until the next ones would change nothing ..."""
INTERPOLATION_ERROR = 1e-7
"""... beyond this error of ln D."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changes over a piece, of the experiment itself or of one that is varied.

    Attributes:
        anything: whether anything does.
        temperature: whether the temperature does.
    """

    anything: bool
    temperature: bool


def changes_over(pieces: Sequence[Pieces[Experiment]], number: int) -> Changes:
    """What changes over a piece of one of several experiments, counted from 0."""
    ends = [(each.starts.stages[number], each.ends.stages[number]) for each in pieces]
    return Changes(
        anything=any(start is not end and start != end for start, end in ends),
        temperature=any(start.first_temperature != end.first_temperature for start, end in ends),
    )


def varied_pieces(varied: Experiment, pieces: Pieces[Experiment], name: str) -> Pieces[Experiment]:
    """The pieces of an experiment that differs by a parameter.

    Raises:
        InputError: they are others, since a time of a programme has passed another one.
    """
    found = varied.in_pieces()
    if found.stages != pieces.stages:
        raise InputError("moves a time of a programme past another one, or past the end of its stage", key=name,
                         remedy="leave it as it is, or move the other a little")  # fmt: skip
    return found


def make_piece(
    pieces: Pieces[Experiment], number: int, *, changes: Changes, like: StageArrays | None = None, **shared: Any
) -> StageArrays:
    """Arrays of a piece: those of its start, and how they change.

    Args:
        pieces: of the experiment.
        number: of the piece, counted from 0.
        changes: what changes over it.
        like: arrays of the piece of a similar experiment, see `make_stage`.
        shared: arguments of `make_stage`.
    """
    at_start = make_stage(pieces.starts, number, like=None if like is None else like.nodes[0], **shared)
    first = (pieces.starts, at_start)
    if not changes.anything:
        return replace(at_start, nodes=(first,))
    if not changes.temperature:
        last = make_stage(pieces.ends, number, like=first if like is None else like.nodes[-1], **shared)
        return _with_ramp(at_start, pieces, number, (first, (pieces.ends, last)), places=np.zeros(0))
    nodes: dict[float, tuple[Experiment, StageArrays]] = {0.0: first}
    for count in TEMPERATURES if like is None else (len(like.nodes),):
        places = _chebyshev_points(count)
        new = [float(place) for place in places if float(place) not in nodes]
        before = dict(sorted(nodes.items()))
        for place in new:
            experiment = pieces.ends if place == 1.0 else _at_place(pieces, number, place)
            model = first if like is None else like.nodes[int(np.searchsorted(places, place))]
            nodes[place] = (experiment, make_stage(experiment, number, like=model, **shared))
        if count > TEMPERATURES[0] and like is None and _error(before, nodes, new) < INTERPOLATION_ERROR:
            break
    ordered = dict(sorted(nodes.items()))
    return _with_ramp(at_start, pieces, number, tuple(ordered.values()), places=np.array(list(ordered)))


def _chebyshev_points(count: int) -> FloatArray:
    """Extremes of Chebyshev's polynomial, from 0 to 1; those of twice the degree are among them."""
    return np.array([math.sin(0.5 * math.pi * k / (count - 1)) ** 2 for k in range(count)])


def _at_place(pieces: Pieces[Experiment], number: int, place: float) -> Experiment:
    """The experiment at the start of the piece, but for a temperature within it."""
    stages = list(pieces.starts.stages)
    first, last = stages[number].first_temperature, pieces.ends.stages[number].first_temperature
    temperature = 1.0 / ((1.0 - place) / first + place / last)
    stages[number] = stages[number].model_copy(update={"temperature": temperature})
    return pieces.starts.model_copy(update={"stages": tuple(stages)})


def _error(
    before: dict[float, tuple[Experiment, StageArrays]], nodes: dict[float, tuple[Experiment, StageArrays]],
    new: Sequence[float],
) -> float:  # fmt: skip
    """Largest error of ln D at new places by the tables of those before."""
    known, places = np.array([_values(arrays) for _, arrays in before.values()]), list(before)
    largest = 0.0
    for place in new:
        weights = [math.prod((place - b) / (a - b) for b in places if b != a) for a in places]
        guess = np.tensordot(weights, known, 1)
        largest = max(largest, float(np.abs(guess - _values(nodes[place][1])).max()))
    return largest


def _values(arrays: StageArrays) -> FloatArray:
    return arrays.problem.coefficients.knots[..., 0]


def _with_ramp(
    at_start: StageArrays, pieces: Pieces[Experiment], number: int,
    nodes: tuple[tuple[Experiment, StageArrays], ...], *, places: FloatArray,
) -> StageArrays:  # fmt: skip
    first, last = at_start.problem, nodes[-1][1].problem
    inner = [arrays.problem for _, arrays in nodes] if len(places) else []
    shape = first.coefficients.knots.shape
    holding = first.boundaries.holding
    held = [np.log(_held_coefficient(each) / _held_coefficient(first)) for each in inner]
    ramp = Ramp(
        start=at_start.start,
        duration=at_start.end - at_start.start,
        potential=np.array([each.boundaries.applied_potential for each in (first, last)]),
        beam_flux=np.array([each.boundaries.beam_flux for each in (first, last)]),
        temperature=np.array([side.stages[number].first_temperature for side in (pieces.starts, pieces.ends)]),
        nodes=places,
        knots=np.array([each.coefficients.knots for each in inner]).reshape(-1, *shape),
        log_holding=np.array([math.log(each.boundaries.holding / holding) if holding else 0.0 for each in inner]),
        log_held_coefficient=np.array(held).reshape(-1, shape[0]),
        knots_now=np.zeros(shape if inner else (0, 0, 0)),
        held_coefficient_now=np.zeros(shape[0] if inner else 0),
    )
    return replace(at_start, ramp=ramp, nodes=nodes)


def _held_coefficient(problem: Problem) -> FloatArray:
    """D of the ions that a contact holds [m^2/s]; as good as 0 where it holds none."""
    return np.maximum(problem.boundaries.held_coefficient, SMALLEST_COEFFICIENT)
