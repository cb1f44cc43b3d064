"""Run the stages of an experiment one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from time import perf_counter

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import ConvergenceError, SimulationInterrupted
from ionscape.experiment import Experiment
from ionscape.interrupts import undisturbed

from .arrays import (
    LAST_STEP,
    LONGEST_STEP,
    NEXT_STEP,
    REGIME,
    REJECTED,
    SINCE_JUMP,
    STEPS,
    SURFACE_CLOSED,
    SURFACE_OPEN_CIRCUIT,
    SYSTEMS,
    TIME,
    Control,
    State,
    make_workspace,
)
from .current import current_density, current_slopes
from .differences import EXACT_NEWTON_TOLERANCE, Pace, differentiated
from .faces import last_potential_at_open_circuit, potentials_at_closed_faces
from .grid import Grid, make_grid
from .history import History, Kept, Work
from .integrate import FINISHED, GRID_STRAYED, STEP_TOO_SMALL, advance
from .level_arrays import Populations, Sites, make_populations, on_ramp
from .moving import more_moving_cells
from .pieces import StageTables, changes_over, make_piece, varied_pieces
from .pile_up import pile_up_clause
from .population_arrays import native_populations, populated_systems
from .population_results import full_sites_clause
from .runge_kutta import METHODS, backward_euler
from .settings import Progress, Settings
from .slopes import Slopes
from .solution import SimulationResult, make_result
from .stage_arrays import StageArrays, displacement_at_surface, field_at_back, make_scales
from .suitability import ions_with_populations, refuse_beside_populations, refuse_without_charge
from .tangent_arrays import Tangents, go_on, one_by_one
from .variation import Variation, vary_stage

ATTEMPTS_PER_CALL = 256
"""Most steps that are tried between two looks at progress, interruption and limits."""

MOST_MOVING_STEPS = 5000
"""Attempted steps of a stage after which cells that move are given up for a fixed grid: they usually take hundreds."""

NEWTON_TOLERANCE = 0.1
"""Tolerance of Newton's method in units of the step tolerance."""


def simulate(
    experiment: Experiment,
    *,
    settings: Settings | None = None,
    progress: Callable[[Progress], None] | None = None,
    grid: Grid | None = None,
    variations: Sequence[Variation] = (),
) -> SimulationResult:
    """Simulate all stages of an experiment with the Nernst-Planck-Poisson equations (Gunawan 2026, eq. 2-4).

    Args:
        experiment: what `load_experiment` returns.
        settings: numerical settings; None for the defaults.
        progress: called after every bundle of time steps.
        grid: cells to use; None for the choice of `make_grid`, with more cells where those that move do not suffice.
            Results of similar experiments are comparable to the last digits on the same grid only.
        variations: parameters by which densities, currents and charges are differentiated along with the steps.

    Returns:
        Densities, potential, currents and charges over time, and their derivatives.

    Raises:
        ConvergenceError: the equations cannot be solved with any time step, or `maximum_steps` is reached; `partial`
            holds the result up to there.
        SimulationInterrupted: by Ctrl-C; `partial` holds the result so far.
        InputError: the grid does not fit the sample, or the electroneutral model cannot describe a stage; a diffusion
            model that no file can name acts in a stage whose temperature changes; populations are asked for with what
            they do not go with.
    """
    settings = settings or Settings()
    if settings.model == "electroneutral":
        refuse_without_charge(experiment)
    if any("temperature" in stage.programmes for stage in experiment.stages):
        experiment.self_contained_source()  # what no file can hold is refused before the work
    refuse_beside_populations(experiment)
    given, grid = grid is not None, grid if grid is not None else make_grid(experiment)
    if variations and ions_with_populations(experiment):

        def simulate_at(varied: Experiment, cells: Grid, pace: Pace) -> SimulationResult:
            return _simulate(varied, settings, progress, cells, (), more_cells=False, pace=pace)

        return differentiated(simulate_at, experiment, grid, variations)
    while True:
        try:
            return _simulate(experiment, settings, progress, grid, variations, more_cells=not given)
        except _TooFewCells as error:
            grid, given = replace(grid, moving=error.wanted), True
        except _CannotFollow as error:
            if experiment.grid.kind == "moving":
                raise error.as_convergence_error() from None
            grid = replace(grid, moving=None, stayed=error.time)


class _TooFewCells(Exception):
    """A grid that moves, on which layers beside the front need more cells than there are."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted = wanted


class _CannotFollow(ConvergenceError):
    """A grid that moves, and cannot."""

    def as_convergence_error(self) -> ConvergenceError:
        return ConvergenceError(self.message, time=self.time, stage=self.stage, depth=self.depth, partial=self.partial)


def _simulate(
    experiment: Experiment, settings: Settings, progress: Callable[[Progress], None] | None, grid: Grid,
    variations: Sequence[Variation], *, more_cells: bool, pace: Pace | None = None,
) -> SimulationResult:  # fmt: skip
    cells = grid.cells()
    scales = make_scales(experiment)
    history = History()
    ions = len(scales.names)
    count = len(cells.size)
    y = np.zeros((count, ions + 1))
    entered, departed = np.zeros(ions), np.zeros(ions)
    displacement, back_field = 0.0, 0.0  # at both faces, which keep them without a current
    start = 0.0
    slopes = Slopes.at_start(variations, cells=count, ions=ions)
    systems = populated_systems(experiment)
    populations: Populations | None = None
    history.kept.append(Kept(
        time=0.0, stage=0, y=y, faces=cells.faces.copy(), surface_potential=0.0, entered=entered, departed=departed,
        current=0.0, current_slopes=np.zeros(len(variations)), departed_slopes=slopes.departed,
    ))  # fmt: skip

    def partial() -> SimulationResult:
        return make_result(
            experiment, settings=settings, grid=grid, scales=scales, history=history, variations=variations,
            systems=systems,
        )  # fmt: skip

    pieces = experiment.in_pieces()
    sides = [
        (varied_pieces(variation.lower, pieces, variation.name), varied_pieces(variation.upper, pieces, variation.name))
        for variation in variations
    ]
    tables = [StageTables() for _ in range(1 + 2 * len(variations))]
    state: State | None = None
    tangents: Tangents | None = None
    try:
        for number, index in enumerate(pieces.stages):
            present = np.any(scales.native + y[:, :ions] > 0.0, axis=0)
            changes = changes_over([pieces, *chain(*sides)], number)
            stage = make_piece(
                pieces, number, changes=changes, tables=tables[0], scales=scales, cells=cells, start=start,
                surface_displacement=displacement, back_field=back_field, present=present, settings=settings,
                systems=systems,
            )  # fmt: skip
            jumps = pieces.jumps_at(number)
            if stage.sites is not None and (populations is None or jumps):
                if populations is None:
                    held = native_populations(stage.sites, scales.native, count)
                else:
                    held = populations.held
                substeps = len(METHODS[settings.method]().nodes)
                first = populations is None
                populations = make_populations(stage.sites, held, substeps=substeps, ions=ions)
                if first:
                    history.kept[0] = replace(history.kept[0], populations=held, theta=populations.theta.copy())
            if populations is not None and stage.sites is not None:
                populations = on_ramp(populations, stage.sites, _sites_of_nodes(stage))
            state = _start_state(stage, y, entered, departed) if state is None or jumps else _go_on(state)
            before, tangents, varied = tangents, None, None
            if variations:
                varied = vary_stage(
                    variations, number, stage, pieces=sides, changes=changes, tables=tables[1:], experiment=experiment,
                    scales=scales, grid=grid, start=start, displacement=displacement, back_field=back_field,
                    face_slopes=slopes.at_faces, present=present, settings=settings,
                )  # fmt: skip
                tangents = slopes.tangents(varied, substeps=len(METHODS[settings.method]().nodes))
                if before is not None and not jumps:
                    tangents = go_on(
                        before, state.derivative, state.back_rate, knots=varied.knots, variants=varied.variants
                    )  # fmt: skip
            _run_stage(
                experiment, index, stage, state, tangents, populations, back_field, jumps, more_cells, grid, history,
                settings, progress, partial, pace,
            )  # fmt: skip
            if tangents is not None and varied is not None:
                slopes = slopes.after(tangents, varied, stage, variations, state.y[:, ions])
                if index not in pieces.stages[number + 1 :]:
                    history.stage_end_slopes.append((slopes.state[:, :ions], slopes.faces))
            displacement = displacement_at_surface(stage.last, float(state.y[0, ions]))
            back_field = field_at_back(stage.last, float(state.y[-1, ions]), back_field)
            y, entered, departed, start = state.y, state.entered, state.departed, stage.end
    except KeyboardInterrupt:
        with undisturbed():
            reached = partial()
        raise SimulationInterrupted(partial=reached) from None
    with undisturbed():  # all is done but to say it
        return partial()


def _sites_of_nodes(stage: StageArrays) -> list[Sites]:
    """Systems of sites at the temperatures of the tables of a ramp; none where the temperature does not change."""
    if stage.ramp.nodes.size == 0 or stage.ramp.temperature[0] == stage.ramp.temperature[1]:
        return []
    return [arrays.sites for _, arrays in stage.nodes if arrays.sites is not None]


def _start_state(stage: StageArrays, y: FloatArray, entered: FloatArray, departed: FloatArray) -> State:
    cells, m = y.shape
    first = y.copy()
    if stage.first_potential is not None:
        first[:, m - 1] = stage.first_potential
    return State(
        y=first,
        previous=y.copy(),
        derivative=np.zeros((cells, m - 1)),
        surface_rate=np.zeros(m - 1),
        back_rate=np.zeros(m - 1),
        entered=entered.copy(),
        departed=departed.copy(),
        clock=np.array([stage.start, stage.first_step, 0.0, 1.0, np.inf]),
        counters=np.array([0, 0, 0, stage.regime, 0], dtype=np.int64),
    )


def _go_on(state: State) -> State:
    """The state for a piece whose conditions go on where those of the piece before ended, as do steps and rates."""
    counters = np.zeros_like(state.counters)
    kept = [REGIME, SINCE_JUMP]
    counters[kept] = state.counters[kept]
    return state._replace(counters=counters)


def _run_stage(
    experiment: Experiment,
    index: int,
    stage: StageArrays,
    state: State,
    tangents: Tangents | None,
    populations: Populations | None,
    back_field: float,
    jumps: bool,
    more_cells: bool,
    grid: Grid,
    history: History,
    settings: Settings,
    progress: Callable[[Progress], None] | None,
    partial: Callable[[], SimulationResult],
    pace: Pace | None,
) -> None:
    """Integrate a stage or a piece of one, keeping about ``snapshots_per_stage`` states of the whole stage."""
    began = perf_counter()
    count, m = state.y.shape
    accuracy = NEWTON_TOLERANCE if pace is None else EXACT_NEWTON_TOLERANCE
    following = pace is not None and pace.following
    tolerance = settings.relative_tolerance_of(experiment.stages[index])
    control = Control(
        # steps that are taken again have been judged
        tolerance=1e300 if following else tolerance, newton=accuracy * tolerance,
        weights=_error_weights(grid), smallest_step=1e-17 * (stage.end - stage.start),
    )  # fmt: skip
    work = make_workspace(count, m - 1)
    method, starter = METHODS[settings.method](), backward_euler()
    marks = _snapshot_marks(stage.start, stage.end, jumps=jumps, count=settings.snapshots_per_stage,
                            share=(stage.end - stage.start) / experiment.stages[index].duration)  # fmt: skip
    steps_before = sum(history.steps)
    done = history.work_of(index)
    attempts_before = int(done.steps + done.rejected)
    _count(history, index, state, began, done)

    due = _population_marks(experiment, index, settings.populations_per_stage)

    def keep() -> None:
        before, time = history.kept[-1].time, float(state.clock[TIME])
        if time > before:
            kept = _kept(index, stage, state, tangents, back_field)
            if populations is not None and np.any((due > before) & (due <= time)):
                kept = replace(kept, populations=populations.held.copy(), theta=populations.theta.copy())
            history.kept.append(kept)

    try:
        while True:
            attempts = attempts_before + int(state.counters[STEPS] + state.counters[REJECTED])
            limit = min(ATTEMPTS_PER_CALL if pace is None else 1, settings.maximum_steps - attempts)
            if pace is not None and pace.following:
                state.clock[NEXT_STEP] = pace.next_step()
                state.clock[LONGEST_STEP] = np.inf
            steps = int(state.counters[STEPS])
            mark = float(marks[min(int(np.searchsorted(marks, state.clock[TIME], side="right")), len(marks) - 1)])
            status = advance(state, mark, stage.end, limit, method, starter, stage.problem, stage.ramp, control, work,
                             tangents, populations)  # fmt: skip
            time = float(state.clock[TIME])
            if pace is not None and int(state.counters[STEPS]) > steps:
                pace.took(float(state.clock[LAST_STEP]))
            if time >= mark or status == FINISHED:
                keep()
            _count(history, index, state, began, done)
            if progress is not None:
                progress(Progress(
                    stage=index, stages=len(experiment.stages), time=time, stage_end=stage.end,
                    fraction=time / experiment.duration, steps=steps_before + int(state.counters[STEPS]),
                ))  # fmt: skip
            if more_cells and grid.moving is not None:
                wanted = more_moving_cells(grid.moving, float(work.asked[0]))
                if wanted > grid.moving:
                    raise _TooFewCells(wanted)
            if status == FINISHED:
                return
            taken = attempts_before + int(state.counters[STEPS] + state.counters[REJECTED])
            exhausted = taken >= settings.maximum_steps
            loses = grid.moving is not None and experiment.grid.kind is None and taken >= MOST_MOVING_STEPS
            if loses or status in (STEP_TOO_SMALL, GRID_STRAYED) or exhausted:
                keep()
                worst = int(np.argmax(np.abs(work.update_before[:, : m - 1]).max(axis=1)))
                reason = (
                    f"{settings.maximum_steps} time steps were not enough for this stage; allow more in the settings"
                    if exhausted
                    else f"the cells that move with the fronts took {taken} time steps"
                    if loses
                    else "the cells that move with the fronts left the surface behind"
                    if status == GRID_STRAYED
                    else f"no time step down to {control.smallest_step:.2g} s converges"
                )
                size = stage.problem.cells.size
                depth = float(size[: worst + 1].sum() - 0.5 * size[worst])
                failure = _CannotFollow if grid.moving is not None and not exhausted else ConvergenceError
                reached = partial()
                reason += pile_up_clause(reached.dataset) or full_sites_clause(
                    reached.dataset, populated_systems(experiment)
                )
                raise failure(reason, time=time, stage=index, depth=depth, partial=reached)
    except KeyboardInterrupt:
        keep()
        raise


def _count(history: History, index: int, state: State, began: float, done: Work) -> None:
    """Enter how much work a stage has taken so far.

    Args:
        history: where it is entered.
        index: of the stage.
        state: of the running piece of the stage.
        began: when that piece began by the clock of the machine.
        done: what the pieces before have taken.
    """
    history.steps[index:] = [done.steps + int(state.counters[STEPS])]
    history.rejected[index:] = [done.rejected + int(state.counters[REJECTED])]
    history.iterations[index:] = [done.iterations + int(state.counters[SYSTEMS])]
    history.wall_times[index:] = [done.wall_time + perf_counter() - began]


def _error_weights(grid: Grid) -> FloatArray:
    """Weights of the squared errors of the cells: the mean over the width of the narrowest front.

    A front that the grid resolves is judged as a whole, so that finer cells need no smaller steps. One that is
    narrower than a cell is judged by the cell in which it stands: what is left behind there is frozen in. Cells that
    move get new weights in every step (`mesh.steer`).
    """
    if grid.moving is not None:
        return np.ones(grid.moving)
    return np.minimum(grid.size / grid.front_width, 1.0)


def _snapshot_marks(start: float, end: float, *, jumps: bool, share: float, count: int) -> FloatArray:
    """Times of snapshots [s] of a piece that is a share of its stage, of which so many are wanted in all.

    Where conditions have jumped at its start, there are more at first.
    """
    duration = end - start
    count = max(1, round(share * count))
    later = start + duration * np.linspace(1.0 / count, 1.0, count)
    if not jumps:
        return later
    early = start + duration * np.geomspace(1e-6, 1.0 / count, 9)[:-1]
    return np.concatenate([early, later])


def _population_marks(experiment: Experiment, index: int, count: int) -> FloatArray:
    """Times in a stage after which the next kept state keeps its populations [s]; the last one is its end."""
    start = sum(stage.duration for stage in experiment.stages[:index])
    marks = start + experiment.stages[index].duration * np.arange(1, count + 1) / count
    marks[-1] *= 1.0 - 1e-12  # the pieces of a stage add up to its end but for rounding
    return marks


def _kept(index: int, stage: StageArrays, state: State, tangents: Tangents | None, back_field: float) -> Kept:
    """A copy of the state, and the current through it.

    The kernels count the potential from the last cell where the surface is closed, and from a contact at open circuit.
    The displacements at closed faces are those that the stage before ended with; `faces` tells what they add.
    """
    y = state.y.copy()
    surface = float(y[0, -1])
    now = stage.at(float(state.clock[TIME]))
    law, full = now.boundaries.law, now.medium.permittivity > 0.0
    if law == SURFACE_CLOSED and full:
        surface, last = potentials_at_closed_faces(now, y, back_field)
        y[:, -1] += last
        surface += last
    elif law == SURFACE_OPEN_CIRCUIT:
        last = last_potential_at_open_circuit(now, y, back_field) if full else 0.0
        surface = last - float(y[-1, -1])  # of the contact, whose potential the kernels take as zero
        y[:, -1] += surface
    if stage.driven:
        surface = now.boundaries.applied_potential
    return Kept(
        time=float(state.clock[TIME]),
        stage=index,
        y=y,
        faces=stage.problem.cells.faces.copy(),
        surface_potential=surface,
        entered=state.entered.copy(),
        departed=state.departed.copy(),
        current=current_density(state, stage.problem),
        current_slopes=current_slopes(state, stage.problem, tangents) if tangents is not None else np.zeros(0),
        departed_slopes=one_by_one(tangents.departed, tangents.parameters)
        if tangents is not None
        else np.zeros((state.departed.size, 0)),
        **(_slopes_of(tangents, y.shape[1] - 1) if tangents is not None else {}),
    )


def _slopes_of(tangents: Tangents, ions: int) -> dict[str, FloatArray]:
    """Derivatives of the state and of moving faces, as they are kept."""
    return {"state_slopes": one_by_one(tangents.values[0], tangents.parameters)[:, :ions],
            "face_slopes": one_by_one(tangents.faces, tangents.parameters)}  # fmt: skip
