"""Parameters by which a simulation is differentiated: pairs of experiments, and what differs between their arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.experiment import Experiment, Pieces

from .arrays import (
    SURFACE_BEAM,
    SURFACE_CLOSED,
    SURFACE_HELD,
    SURFACE_OPEN_CIRCUIT,
    Boundaries,
    Cells,
    Problem,
    Variants,
)
from .grid import Grid, cells_of
from .pieces import Changes, StageTables, make_piece
from .settings import Settings
from .stage_arrays import Scales, StageArrays, displacement_at_surface, field_at_back, make_scales


@dataclass(frozen=True, kw_only=True)
class Variation:
    """A parameter of an experiment, as two experiments in which it is a little lower and a little higher.

    Attributes:
        name: of the parameter.
        lower: experiment with the lower value; it may be the experiment itself.
        upper: experiment with the higher value.
        spacing: higher minus lower value, in the unit by which derivatives are wanted. Ten-thousandths of the value
            are right: the two are used for tables and boundary laws, never for two simulations.
    """

    name: str
    lower: Experiment
    upper: Experiment
    spacing: float


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceSlopes:
    """Derivatives of what both faces keep where no current flows, by the parameters.

    Attributes:
        displacement: of `displacement_at_surface`, shape (P,).
        back_field: of `field_at_back`, shape (P,).
    """

    displacement: FloatArray
    back_field: FloatArray

    @classmethod
    def zero(cls, parameters: int) -> FaceSlopes:
        """Before the first stage."""
        return cls(displacement=np.zeros(parameters), back_field=np.zeros(parameters))

    def after(
        self, varied: VariedStage, base: StageArrays, variations: Sequence[Variation], potential: FloatArray,
        potential_slopes: FloatArray,
    ) -> FaceSlopes:  # fmt: skip
        """Those at the end of a stage.

        Args:
            varied: the stage.
            base: its arrays.
            variations: the parameters.
            potential: of the cells, shape (cells,) [V].
            potential_slopes: its derivatives, shape (cells, P).
        """

        def slopes(of: Callable[[Problem, float], float], place: int, kept: FloatArray | float) -> FloatArray:
            step, here = 1e-6, float(potential[place])
            by_potential = of(base.last, here + step) - of(base.last, here - step)
            result = by_potential / (2.0 * step) * potential_slopes[place]
            for number, (lower, upper) in enumerate(varied.pairs):
                result[number] += (of(upper.last, here) - of(lower.last, here)) / variations[number].spacing
            return result + kept

        stays = base.problem.boundaries.law in (SURFACE_CLOSED, SURFACE_OPEN_CIRCUIT)
        return FaceSlopes(
            displacement=slopes(displacement_at_surface, 0, 0.0),
            back_field=slopes(
                lambda problem, here: field_at_back(problem, here, 0.0), -1, self.back_field if stays else 0.0
            ),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class VariedStage:
    """Derivatives of the arrays of one stage.

    Attributes:
        knots: of the tables of ln D, shape (ions, intervals + 1, 2, P); zero for parameters among the variants.
        variants: the parameters that change more than ln D.
        displacement: arrays of the lower and upper experiment of each parameter, for the end of the stage.
    """

    knots: FloatArray
    variants: Variants
    pairs: tuple[tuple[StageArrays, StageArrays], ...]


def vary_stage(
    variations: Sequence[Variation],
    number: int,
    base: StageArrays,
    *,
    pieces: Sequence[tuple[Pieces[Experiment], Pieces[Experiment]]],
    changes: Changes,
    tables: Sequence[StageTables],
    experiment: Experiment,
    scales: Scales,
    grid: Grid,
    start: float,
    displacement: float,
    back_field: float,
    face_slopes: FaceSlopes,
    present: NDArray[np.bool_],
    settings: Settings,
) -> VariedStage:
    """How each parameter changes a piece of a stage.

    Args:
        variations: the parameters.
        number: of the piece, counted from 0.
        base: arrays of the piece itself.
        pieces: of the lower and upper experiment of each parameter.
        changes: what changes over the piece, in any of the experiments.
        tables: of the pieces before, of the lower and upper experiment of each parameter in turn.
        experiment: to which they belong.
        scales: of the experiment.
        grid: on which it is simulated.
        start: of the piece [s].
        displacement: at the surface, from the piece before [m].
        back_field: at the back, from the piece before [V/m].
        face_slopes: derivatives of both.
        present: which ions the sample contains.
        settings: numerical settings.
    """
    pairs: list[tuple[StageArrays, StageArrays]] = []
    for place, variation in enumerate(variations):
        half = 0.5 * variation.spacing

        def arrays(varied: Pieces[Experiment], half: float, place: int = place) -> StageArrays:
            return make_piece(
                varied, number, changes=changes, tables=tables[2 * place + (half > 0.0)],
                scales=_scales_of(varied.starts, scales),
                cells=cells_of_varied(varied.starts, experiment, grid, base.problem.cells), start=start,
                surface_displacement=displacement + half * float(face_slopes.displacement[place]),
                back_field=back_field + half * float(face_slopes.back_field[place]), present=present,
                settings=settings, like=base,
            )  # fmt: skip

        lower, upper = pieces[place]
        pairs.append((arrays(lower, -half), arrays(upper, half)))
    spacings = [variation.spacing for variation in variations]
    general = [place for place, pair in enumerate(pairs) if any(_changes_more(side, base) for side in pair)]
    knots = np.empty((*base.problem.coefficients.knots.shape, len(variations)))
    for place, (lower, upper) in enumerate(pairs):
        if place in general:
            knots[..., place] = 0.0
        else:
            difference = upper.problem.coefficients.knots - lower.problem.coefficients.knots
            knots[..., place] = difference / spacings[place]
    return VariedStage(knots=knots, variants=_stack(pairs, general, spacings, base), pairs=tuple(pairs))


def native_slopes(variations: Sequence[Variation], scales: Scales) -> FloatArray:
    """Derivatives of the scaled native densities, shape (ions, P)."""
    columns = [
        (_scales_of(variation.upper, scales).native - _scales_of(variation.lower, scales).native) / variation.spacing
        for variation in variations
    ]
    return np.array(columns).T.reshape(len(scales.names), len(variations))


def charge_slopes(variations: Sequence[Variation], scales: Scales) -> FloatArray:
    """Derivatives of the charge that a scaled amount per area stands for [C/m], shape (P,): the area may vary."""
    return np.array([
        ELEMENTARY_CHARGE * scales.density / variation.spacing
        * (variation.upper.sample.illuminated_area - variation.lower.sample.illuminated_area)
        for variation in variations
    ])  # fmt: skip


def _scales_of(varied: Experiment, scales: Scales) -> Scales:
    """Scales of a varied experiment in the unit of density of the unchanged one."""
    own = make_scales(varied)
    return replace(own, native=own.native * (own.density / scales.density), density=scales.density)


def cells_of_varied(varied: Experiment, experiment: Experiment, grid: Grid, cells: Cells) -> Cells:
    """Cells of a varied sample: those behind the exchanged zone, or the last moving one, make up for its thickness."""
    thickness = varied.sample.thickness
    if thickness == experiment.sample.thickness:
        return cells
    if grid.moving is not None:
        size = cells.size.copy()
        size[-1] += thickness - experiment.sample.thickness
        return cells._replace(size=size, distance=cells_of(size).distance)
    behind = grid.depth > grid.zone
    size = grid.size.copy()
    if not behind.any():
        behind[:] = True
    rest = size[behind].sum()
    size[behind] *= (rest + thickness - experiment.sample.thickness) / rest
    return cells_of(size)


def _changes_more(side: StageArrays, base: StageArrays) -> bool:
    """Whether more than the tables of ln D differ."""
    ours, theirs = side.problem, base.problem
    if side.end - side.start != base.end - base.start or not np.array_equal(ours.cells.size, theirs.cells.size):
        return True
    # with the temperature all tables of ln D change in time; fields are compared but for the start and the buffers
    if not all(np.array_equal(a, b) for a, b in zip(side.ramp[1:-2], base.ramp[1:-2], strict=True)):
        return True
    if not all(np.array_equal(a, b) for a, b in zip(ours.medium, theirs.medium, strict=True)):
        return True
    holds = theirs.boundaries.law in (SURFACE_HELD, SURFACE_OPEN_CIRCUIT)
    if holds and not np.array_equal(ours.coefficients.knots, theirs.coefficients.knots):
        return True  # the contact's own D changes with them

    def effective(boundaries: Boundaries) -> list[Any]:
        # holding and held_coefficient act in numerical terms or at contacts only
        left_out = {"holding"} if boundaries.law == SURFACE_BEAM else {"holding", "held_coefficient"}
        left_out |= set() if holds else {"held_coefficient"}
        return [value for name, value in boundaries._asdict().items() if name not in left_out]

    return not all(
        np.array_equal(a, b) for a, b in zip(effective(ours.boundaries), effective(theirs.boundaries), strict=True)
    )


def _stack(
    pairs: Sequence[tuple[StageArrays, StageArrays]], general: Sequence[int], spacings: Sequence[float],
    base: StageArrays,
) -> Variants:  # fmt: skip
    """The problems of the general parameters on top of each other."""
    duration = base.end - base.start
    sides = [[pairs[number][side] for number in general] for side in (0, 1)]

    def stacked(values: Sequence[Any], like: Any) -> FloatArray:
        return np.array(values, dtype=np.asarray(like).dtype).reshape(2, len(general), *np.shape(like))

    def on_top(parts: Sequence[Any], like: Any) -> Any:
        """Named tuples of arrays, as one of the same form; of what the compiler unrolls loops by there is one."""
        if not hasattr(like, "_fields"):
            return like if isinstance(like, tuple) else stacked(parts, like)
        return like._make(on_top([part[number] for part in parts], field) for number, field in enumerate(like))

    return Variants(
        parameters=np.array(general, dtype=np.int64),
        spacing=np.array([spacings[number] for number in general], dtype=float),
        duration=stacked([(arrays.end - arrays.start) / duration for side in sides for arrays in side], 0.0),
        problems=on_top([arrays.problem for side in sides for arrays in side], base.problem),
        ramps=on_top([arrays.ramp for side in sides for arrays in side], base.ramp),
    )
