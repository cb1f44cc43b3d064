"""Arrays of a piece of a stage, in which conditions change on straight lines, or not at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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

Node = tuple[Experiment, StageArrays]


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


@dataclass(kw_only=True)
class StageTables:
    """Tables of ln D that the pieces of a stage share; grows while these are made, one after the other.

    Attributes:
        stage: for which they hold.
        single: experiments and their arrays by temperature [K].
        several: the same at the places between the lowest and the highest temperature of the stage.
        ends: these two temperatures, shape (2,) [K].
    """

    stage: int = -1
    single: dict[float, Node] = field(default_factory=dict[float, Node])
    several: tuple[Node, ...] = ()
    ends: FloatArray = field(default_factory=lambda: np.zeros(2))


def make_piece(
    pieces: Pieces[Experiment], number: int, *, changes: Changes, tables: StageTables | None = None,
    like: StageArrays | None = None, **shared: Any,
) -> StageArrays:  # fmt: skip
    """Arrays of a piece: those of its start, and how they change.

    Args:
        pieces: of the experiment.
        number: of the piece, counted from 0.
        changes: what changes over it.
        tables: of the pieces before.
        like: arrays of the piece of a similar experiment, see `make_stage`.
        shared: arguments of `make_stage`.
    """
    tables = StageTables() if tables is None else tables
    if tables.stage != pieces.stages[number]:
        tables.stage, tables.several = pieces.stages[number], ()
        tables.single.clear()
    first, last = (side.stages[number].first_temperature for side in (pieces.starts, pieces.ends))
    if changes.temperature and not tables.several:
        tables.ends, tables.several = _tables_of_stage(pieces, number, like, shared)
    if tables.several and first != last:
        start = make_stage(pieces.starts, number, coefficients=tables.several[0][1].problem.coefficients, **shared)
    else:
        known = tables.single.get(first, None if like is None else (like.nodes[0][0], like))
        start = make_stage(pieces.starts, number, like=known, **shared)
        tables.single[first] = (pieces.starts, start)
    if not changes.anything:
        return replace(start, nodes=((pieces.starts, start),))
    end = make_stage(pieces.ends, number, coefficients=start.problem.coefficients, **shared).problem
    if changes.temperature and start.sites is not None:
        _refuse_other_activities(start.problem, end, pieces, number)
    nodes = tables.several if changes.temperature else ()
    ramp = _ramp(start, end, temperatures=(first, last), ends=tables.ends, nodes=nodes)
    return replace(start, ramp=ramp, at_end=end, nodes=nodes or ((pieces.starts, start),))


def _refuse_other_activities(start: Problem, end: Problem, pieces: Pieces[Experiment], number: int) -> None:
    """Refuse a contact that holds other activities at the end of a ramp than at its start.

    Those of ions that share the places of the native ones are their shares at all temperatures; where a contact holds
    fewer ions of a system of sites, or more, their activities change with the temperature.
    """
    held = start.boundaries.held
    if not np.allclose(held, end.boundaries.held, rtol=1e-6, atol=0.0):
        raise InputError(
            "holds fewer ions on a system of sites, or more, than the native glass, so that activities change with"
            " the temperature", file=pieces.starts.file, key=f"stages[{pieces.stages[number]}].composition",
            remedy="divide the stage into stages of constant temperature",
        )  # fmt: skip


def _tables_of_stage(
    pieces: Pieces[Experiment], number: int, like: StageArrays | None, shared: Mapping[str, Any]
) -> tuple[FloatArray, tuple[Node, ...]]:
    """Lowest and highest temperature of the stage of a piece, and arrays at places between them."""
    temperatures = [
        side.stages[other].first_temperature
        for other, stage in enumerate(pieces.stages)
        if stage == pieces.stages[number]
        for side in (pieces.starts, pieces.ends)
    ]
    ends = min(temperatures), max(temperatures)
    nodes: dict[float, Node] = {}
    for count in TEMPERATURES if like is None else (len(like.nodes),):
        places = _chebyshev_points(count)
        new = [float(place) for place in places if float(place) not in nodes]
        before = dict(sorted(nodes.items()))
        for place in new:
            experiment = _at_place(pieces.starts, number, place, ends)
            model = next(iter(nodes.values()), None)
            if like is not None:
                model = like.nodes[int(np.argmin(abs(places - place)))]
            nodes[place] = (experiment, make_stage(experiment, number, like=model, **shared))
        if before and _error(before, nodes, new) < INTERPOLATION_ERROR:
            break
    return np.array(ends), tuple(node for _, node in sorted(nodes.items()))


def _chebyshev_points(count: int) -> FloatArray:
    """Extremes of Chebyshev's polynomial, from 0 to 1; those of twice the degree are among them."""
    return np.array([math.sin(0.5 * math.pi * k / (count - 1)) ** 2 for k in range(count)])


def _at_place(experiment: Experiment, number: int, place: float, ends: tuple[float, float]) -> Experiment:
    """The experiment with a temperature of a piece that lies at a place between two others."""
    stages = list(experiment.stages)
    temperature = 1.0 / ((1.0 - place) / ends[0] + place / ends[1])
    stages[number] = stages[number].model_copy(update={"temperature": temperature})
    return experiment.model_copy(update={"stages": tuple(stages)})


def _error(
    before: dict[float, Node], nodes: dict[float, Node],
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
    values = arrays.problem.coefficients.knots[..., 0].ravel()
    return values if arrays.sites is None else np.concatenate([values, np.log(arrays.sites.factor).ravel()])


def _ramp(
    start: StageArrays, end: Problem, *, temperatures: tuple[float, float], ends: FloatArray, nodes: Sequence[Node]
) -> Ramp:
    problems, first = [arrays.problem for _, arrays in nodes], start.problem
    shape = first.coefficients.knots.shape
    held = [np.log(np.maximum(each.boundaries.held_coefficient, SMALLEST_COEFFICIENT)) for each in problems]
    return Ramp(
        start=start.start,
        duration=start.end - start.start,
        potential=np.array([each.boundaries.applied_potential for each in (first, end)]),
        beam_flux=np.array([each.boundaries.beam_flux for each in (first, end)]),
        temperature=np.array(temperatures),
        ends=ends,
        nodes=_chebyshev_points(len(nodes)) if nodes else np.zeros(0),
        knots=np.array([each.coefficients.knots for each in problems]).reshape(-1, *shape),
        log_holding=np.array([math.log(abs(each.boundaries.holding) or 1.0) for each in problems]),
        log_held_coefficient=np.array(held).reshape(-1, shape[0]),
        knots_now=np.zeros(shape if nodes else (0, 0, 0)),
        held_coefficient_now=np.zeros(shape[0] if nodes else 0),
    )
