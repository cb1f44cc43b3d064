"""One landscape of one composition: what an ensemble calculates in one go, as plain data.

The random numbers of a landscape follow from the seed of the series, the purpose and the number of the landscape, not
from the composition: neighbouring compositions share them, so that differences along a series are smooth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ionscape.errors import InputError, IonscapeError, PercolationError
from ionscape.scaleout import Executor, RunStore, Tally, run

if TYPE_CHECKING:
    from ionscape.glass import Glass
    from ionscape.hopping import BarrierDistribution, JumpLaw, Landscape, LandscapeModel, MixedLandscape

PERCOLATION, NETWORK = 0, 1
"""Purposes, by which landscapes get random numbers of their own."""
BARRIERS = 5
"""The same for the barriers of their links."""

CONTENTS = "landscapes 3"
"""Of what a task returns: outcomes that a store holds from before a change of it are not found."""

REFERENCE_FREQUENCY = 1e14  # Hz
REFERENCE_DISTANCE = 5e-10  # m
"""For which conductivities are calculated: they are proportional to the first and to the inverse of the second."""


@dataclass(frozen=True, kw_only=True)
class LandscapeTask:
    """What is calculated of one landscape; all on which the outcome depends, so that series may share a store.

    Attributes:
        glass: composition and units.
        model: of the landscape.
        lattice: sites along each edge.
        directions: how many directions of the field.
        seed: of the series.
        landscape: its number.
        temperatures: [K] of the conductivities; without any, activation energies are calculated.
        barriers: kind and width [J] of their distribution over the links; None where all are equal.
    """

    glass: Glass
    model: LandscapeModel
    lattice: int
    directions: int
    seed: int
    landscape: int
    temperatures: tuple[float, ...] = ()
    barriers: tuple[str, float] | None = None

    @property
    def work(self) -> int:
        """In sites; a conductivity takes about as long as ten searches for a path."""
        return self.lattice**3 * self.directions * (10 * len(self.temperatures) or 1)


def random_numbers(seed: int, purpose: int, landscape: int) -> np.random.SeedSequence:
    """Of one landscape, whatever its composition."""
    return np.random.SeedSequence([seed, purpose, landscape])


def jump_law(
    model: LandscapeModel, barriers: tuple[str, float] | None, numbers: np.random.SeedSequence, *,
    attempt_frequency: float, jump_distance: float,
) -> JumpLaw:  # fmt: skip
    """The law of the jumps in one landscape.

    Args:
        model: of the landscape, with the least barrier, or the mean one.
        barriers: kind and width [J] of their distribution over the links; None where all are equal.
        numbers: of the landscape, of which those of its barriers are made.
        attempt_frequency: ν [Hz].
        jump_distance: a [m].
    """
    from ionscape.hopping import JumpLaw, child_seed

    barrier = model.least_barrier
    if barriers is None:
        return JumpLaw(barrier=barrier, attempt_frequency=attempt_frequency, jump_distance=jump_distance)
    spread = distributed(barrier, barriers, seed=int(child_seed(numbers, BARRIERS).generate_state(1)[0]))
    return JumpLaw(barrier=spread, attempt_frequency=attempt_frequency, jump_distance=jump_distance)


def distributed(mean: float, barriers: tuple[str, float], *, seed: int) -> BarrierDistribution:
    """Barriers around a mean [J], of a kind and width [J]."""
    from ionscape.hopping import BarrierDistribution

    kind, width = barriers
    return BarrierDistribution(distribution=cast(Any, kind), mean=mean, width=width, seed=seed)


def landscape_values(
    tasks: Sequence[LandscapeTask],
    *,
    executor: Executor | None,
    store: RunStore | None,
    progress: Callable[[Tally], None] | None,
) -> list[dict[str, Any]]:
    """Values of each task, see `calculate`.

    Raises:
        IonscapeError: some failed.
    """
    # the larger ones first, so that no process is left with a large one at the end
    order = sorted(range(len(tasks)), key=lambda number: tasks[number].work, reverse=True)
    outcomes = run(
        calculate, [(tasks[number],) for number in order], identity=CONTENTS, executor=executor, store=store,
        report=progress,
    )  # fmt: skip
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        raise IonscapeError(f"{len(failed)} of {len(outcomes)} landscapes failed; the first: {failed[0].error}")
    found = dict(zip(order, outcomes, strict=True))
    return [found[number].value for number in range(len(tasks))]


def calculate(task: LandscapeTask) -> dict[str, Any]:
    """Make the landscape and calculate what is asked, see `activation_energies` and `conductivities`."""
    purpose = NETWORK if task.temperatures else PERCOLATION
    numbers = random_numbers(task.seed, purpose, task.landscape)
    landscape = _landscape(task.glass, lattice=task.lattice, seed=numbers, model=task.model)
    law = jump_law(task.model, task.barriers, numbers, attempt_frequency=REFERENCE_FREQUENCY,
                   jump_distance=REFERENCE_DISTANCE)  # fmt: skip
    verb = conductivities if task.temperatures else activation_energies
    shared = _shared(landscape)
    return {**verb(landscape, law, task), "fermi_energy": float(shared.fermi_energy)}


def landscape_of_glass(glass: Glass, *, lattice: int, seed: int, model: LandscapeModel) -> Landscape:
    """A landscape to be drawn; that which all ions share where there are two."""
    return _shared(_landscape(glass, lattice=lattice, seed=seed, model=model))


def _landscape(
    glass: Glass, *, lattice: int, seed: int | np.random.SeedSequence, model: LandscapeModel
) -> Landscape | MixedLandscape:
    from ionscape.hopping import generate_landscape, generate_mixed_landscape

    generate = generate_landscape if glass.composition.second_alkali is None else generate_mixed_landscape
    return generate(glass, lattice=lattice, rng=seed, model=model)


def _shared(landscape: Landscape | MixedLandscape) -> Landscape:
    from ionscape.hopping import MixedLandscape

    return landscape.shared if isinstance(landscape, MixedLandscape) else landscape


def activation_energies(landscape: Landscape | MixedLandscape, law: JumpLaw, task: LandscapeTask) -> dict[str, Any]:
    """`activation_energy` [J] by direction, NaN without a path, of two ions the lower one; `unshared_units`."""
    from ionscape.hopping import MixedLandscape, activation_energy, mixed_activation_energies

    energies = np.full(task.directions, np.nan)
    for direction in range(task.directions):
        try:
            if isinstance(landscape, MixedLandscape):
                energies[direction] = min(mixed_activation_energies(landscape, direction=direction, jumps=law).values())
            else:
                energies[direction] = activation_energy(landscape, direction=direction, jumps=law)
        except PercolationError:
            continue  # counted, and refused where too many are: see `run_series`
    return {"activation_energy": energies, "unshared_units": int(_shared(landscape).unshared_units)}


def conductivities(landscape: Landscape | MixedLandscape, law: JumpLaw, task: LandscapeTask) -> dict[str, Any]:
    """Conductivities for the frequency and distance of the law, of two ions their sum.

    Returns:
        `conductivity`, `lower_bound`, `upper_bound` [S/m] by direction and temperature, NaN without a path;
        `percolates` by direction; `too_cold` [K], a temperature at which the conductivity is too small for a number,
        NaN if there is none; `method`.
    """
    from ionscape.hopping import MixedLandscape, conductivity

    names = ("conductivity", "lower_bound", "upper_bound")
    values = {name: np.full((task.directions, len(task.temperatures)), np.nan) for name in names}
    percolates = np.zeros(task.directions, np.bool_)
    methods: set[str] = set()
    too_cold = math.nan
    for direction in range(task.directions):
        try:
            if isinstance(landscape, MixedLandscape):
                found, method = _of_both(landscape, law, task, direction)
            else:
                data = conductivity(landscape, temperature=task.temperatures, jumps=law, direction=direction)
                found = {name: data[name].values for name in names}
                method = {str(text) for text in data["method"].values}
        except PercolationError:
            continue  # counted, and refused where too many are: see `run_series`
        except InputError as error:
            if error.key != "temperature":
                raise
            # an outcome that failed has a sentence only; `run_series` says in which key the temperature stands
            too_cold = float(error.value)  # pyright: ignore[reportArgumentType]
            break
        percolates[direction] = True
        for name in names:
            values[name][direction] = found[name]
        methods |= method
    return {
        **values,
        "percolates": percolates,
        "too_cold": too_cold,
        "method": "; ".join(sorted(methods)),
    }


def _of_both(
    landscape: MixedLandscape, law: JumpLaw, task: LandscapeTask, direction: int
) -> tuple[dict[str, Any], set[str]]:
    """Sums of the conductivities of both ions and of their bounds, and how they were found."""
    from ionscape.hopping import mixed_conductivities

    ions = mixed_conductivities(landscape, temperature=task.temperatures, jumps=law, direction=direction).values()
    names = ("conductivity", "lower_bound", "upper_bound")
    return {name: sum(each[name] for each in ions) for name in names}, {"one network for each ion"}
