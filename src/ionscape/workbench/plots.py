"""Views of simulations that follow the page: at the time of a slider, with a measurement and other runs beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.figures.currents import current_panel
from ionscape.figures.plot import Plot
from ionscape.figures.profiles import (
    DensityScale,
    density_scale,
    diffusion_over_depth_panel,
    moment_title,
    potential_panel,
    shown_depth_of,
)
from ionscape.figures.states import Result, State, state_at, values
from ionscape.figures.style import STAGE_LINES, axis_unit
from ionscape.transport.exchange import exchanging_ions

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.profiling import DepthProfile

OTHER_RUN: dict[str, Any] = {"thickness": 1.2, "order": -1.0}


def plots_at(
    result: Result,
    time: float,
    *,
    profile: DepthProfile | None = None,
    others: Sequence[tuple[str, Result]] = (),
    normalised: bool = True,
) -> list[Plot]:
    """Densities, potential, diffusion coefficients over depth and current of a run at one time.

    Args:
        result: a simulation.
        time: from the start of the first stage [s].
        profile: a measurement to lay over the densities, as points with 95 % error bars.
        others: further simulations by name, as thin lines at the same time (or at their end, where they are shorter).
        normalised: densities as fractions of the native density of the ions that are exchanged; otherwise per cubic
            nanometre.

    Raises:
        InputError: the time lies outside the simulated interval.
    """
    state = state_at(result.dataset, time)
    limit = max(shown_depth_of(run) for run in (result, *(other for _, other in others)))
    scale = density_scale(result, limit, normalised=normalised)
    curves = scale.measured(profile) if profile is not None else []
    for number, (name, other) in enumerate(others):
        last = float(values(other.dataset, "time")[-1])
        line = STAGE_LINES[1 + number % (len(STAGE_LINES) - 1)]
        own = density_scale(other, limit, normalised=normalised)
        curves += own.curves(state_at(other.dataset, min(time, last)), suffix=f", {name}", line=line, strength=0.65,
                             **OTHER_RUN)  # fmt: skip
    curves += scale.curves(state)
    clock = axis_unit(float(values(result.dataset, "time")[-1]), "time")
    densities = scale.panel(curves, title=moment_title(result.experiment, state, clock))
    return [
        Plot(name="profiles", panels=(densities,)),
        _small("potential", potential_panel(state, limit=limit), "potential"),
        _small(
            "diffusion-over-depth", diffusion_over_depth_panel(result, state, limit=limit), "diffusion coefficients"
        ),
        _small("current", current_panel(result, time=time, stages=False), "current"),
    ]


def _small(name: str, panel: Any, title: str) -> Plot:
    return Plot(name=name, panels=(replace(panel, title=title),))


def live_plot(
    experiment: Experiment,
    depth: FloatArray,
    densities: Mapping[str, FloatArray],
    *,
    title: str = "",
    profile: DepthProfile | None = None,
    reference: Result | None = None,
    limit: float | None = None,
    normalised: bool = True,
) -> Plot:
    """Densities that are not kept in a result: those of the electroneutral model while a slider moves.

    Args:
        experiment: gives the native densities.
        depth: shape (points,) [m].
        densities: of every ion, shape (points,) [1/m^3].
        title: above the plot.
        profile: a measurement to lay over it.
        reference: a simulation whose last state is drawn pale behind it.
        limit: end of the abscissa [m]; None for all depths.
        normalised: as fractions of the native density of the ions that are exchanged.
    """
    limit = float(depth[-1]) if limit is None else limit
    names = tuple(name for name in experiment.ions if name in densities)
    now = np.stack([densities[name] for name in names], axis=1)
    scale = DensityScale(experiment=experiment, exchanging=exchanging_ions(experiment, names, depth, now), limit=limit,
                         normalised=normalised)  # fmt: skip
    curves = scale.measured(profile) if profile is not None else []
    if reference is not None:
        last = state_at(reference.dataset, float(values(reference.dataset, "time")[-1]))
        behind = density_scale(reference, limit, normalised=normalised)
        curves += behind.curves(last, suffix=", last run", strength=0.45, **OTHER_RUN)
    state = State(time=0.0, stage=len(experiment.stages) - 1, depth=depth, density=now, potential=np.zeros_like(depth),
                  surface_potential=0.0, last_cell=0.0, ions=names)  # fmt: skip
    curves += scale.curves(state, absent=True)
    return Plot(name="profiles", panels=(scale.panel(curves, title=title),))
