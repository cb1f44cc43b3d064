"""Derivatives of a simulation by differences of whole simulations that take the same time steps.

Where no derivatives are carried along (`tangents`): for populations on the energies of sites. Simulations that choose
their steps differ by noise; with the steps of the first one, on its grid, and with every substep solved to rounding,
they are smooth functions of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ionscape.errors import ConvergenceError
from ionscape.experiment import Experiment

from .grid import Grid
from .solution import SimulationResult
from .variation import Variation, cells_of_varied

EXACT_NEWTON_TOLERANCE = 1e-6
"""Tolerance of Newton's method in units of the step tolerance: one more iteration, which converges quadratically."""


@dataclass(kw_only=True)
class Pace:
    """The time steps of a simulation, noted by the first one and followed by the others.

    Attributes:
        steps: lengths of the accepted steps [s].
        following: whether they are taken again.
        taken: how many have been.
    """

    steps: list[float] = field(default_factory=list[float])
    following: bool = False
    taken: int = 0

    def again(self) -> Pace:
        """The same steps, to be followed from the first one on."""
        return Pace(steps=self.steps, following=True)

    def next_step(self) -> float:
        """Length of the step to be taken [s]."""
        return self.steps[min(self.taken, len(self.steps) - 1)]

    def took(self, step: float) -> None:
        """Note a step [s]."""
        self.taken += 1
        if not self.following:
            self.steps.append(step)


def differentiated(
    simulate_at: Callable[[Experiment, Grid, Pace], SimulationResult], experiment: Experiment, grid: Grid,
    variations: Sequence[Variation],
) -> SimulationResult:  # fmt: skip
    """The result of a simulation with its derivatives; the variables of those that are carried along.

    Args:
        simulate_at: simulates an experiment on a grid at a pace.
        experiment: that is simulated.
        grid: for all.
        variations: the parameters; both experiments of each take the steps of the first simulation.

    Raises:
        ConvergenceError: a varied experiment cannot be simulated with these steps.
    """
    pace = Pace()
    base = simulate_at(experiment, grid, pace)
    columns: dict[str, list[Any]] = {name: [] for name in ("density", "current", "collected_charge", "injected_charge")}
    ends = [int(np.flatnonzero(base.dataset["stage"].values == index)[-1]) for index in range(len(experiment.stages))]
    for variation in variations:
        sides = []
        for side in (variation.lower, variation.upper):
            varied = replace(grid, size=cells_of_varied(side, experiment, grid, grid.cells()).size)
            sides.append(base if side is experiment or side == experiment else simulate_at(side, varied, pace.again()))
        lower, upper = (side.dataset for side in sides)
        if lower.sizes["time"] != upper.sizes["time"]:
            raise ConvergenceError(f"a small change of {variation.name} asks for other time steps, so that it has no"
                                   " derivative here", time=0.0, stage=0, depth=0.0, partial=base)  # fmt: skip
        for name, column in columns.items():
            column.append((upper[name].values - lower[name].values) / variation.spacing)
    at_ends = {"density", "injected_charge"}
    by_parameter = {"long_name": "derivative by the parameter, in SI units per unit of it"}
    slopes = {}
    for name, column in columns.items():
        values, dims = np.stack(column, axis=-1), [*base.dataset[name].dims, "parameter"]
        if name in at_ends:
            values, dims[0] = values[ends], "stage_end"
        slopes[f"{name}_slope"] = (tuple(dims), values, by_parameter)
    dataset = base.dataset.assign(slopes).assign_coords(parameter=[variation.name for variation in variations])
    return SimulationResult(dataset=dataset, experiment=base.experiment)
