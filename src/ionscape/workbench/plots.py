"""Views that follow a page: runs at the time of a slider with others beside them, an experiment that is being typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.errors import InputError
from ionscape.figures import diffusion_coefficients
from ionscape.figures.currents import current_panel
from ionscape.figures.energies import all_site_energies
from ionscape.figures.measurement import balance_panel, counts_panel, crater_panel, density_panel, raw_counts_panel
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
from ionscape.wording import split_path

from .document import set_at
from .reading import experiment_of

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.profiling import DepthProfile, RawProfile
    from ionscape.profiling.crater import StepHeight
    from ionscape.profiling.crater_scan import CraterScan

    from .live import LiveProfile

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
    found: LiveProfile,
    *,
    profile: DepthProfile | None = None,
    reference: Result | None = None,
    normalised: bool = True,
) -> Plot:
    """The profile of the electroneutral model while a slider moves, down to where it, or the run behind it, changes.

    Args:
        experiment: gives the native densities.
        found: densities that are not kept in a result.
        profile: a measurement to lay over it.
        reference: a simulation whose last state is drawn pale behind it.
        normalised: as fractions of the native density of the ions that are exchanged.
    """
    depth, last = found.depth, found.density[-1]
    change = np.abs(last - last[:, -1:]).max(axis=0)
    near = depth < 0.5 * depth[-1]
    deep = depth[near][change[near] > 0.02 * change[near].max()] if change[near].max() > 0.0 else depth[:1]
    limits = [1.2 * float(deep.max(initial=0.0)), *([shown_depth_of(reference)] if reference is not None else [])]
    limit = min(max(limits), float(depth[-1]))
    names = tuple(name for name in experiment.ions if name in found.ions)
    now = np.stack([last[found.ions.index(name)] for name in names], axis=1)
    scale = DensityScale(experiment=experiment, exchanging=exchanging_ions(experiment, names, depth, now), limit=limit,
                         normalised=normalised)  # fmt: skip
    curves = scale.measured(profile) if profile is not None else []
    if reference is not None:
        end = state_at(reference.dataset, float(values(reference.dataset, "time")[-1]))
        behind = density_scale(reference, limit, normalised=normalised)
        curves += behind.curves(end, suffix=", last run", strength=0.45, **OTHER_RUN)
    state = State(time=0.0, stage=len(experiment.stages) - 1, depth=depth, density=now, potential=np.zeros_like(depth),
                  surface_potential=0.0, last_cell=0.0, ions=names)  # fmt: skip
    curves += scale.curves(state, absent=True)
    return Plot(name="profiles", panels=(scale.panel(curves, title="end of the last stage, electroneutral model"),))


def measured_plots(profile: DepthProfile | None, raw: RawProfile | None = None) -> Iterator[Plot]:
    """Counts, densities and charge balance of a measurement; the raw counts of one that is not calibrated."""
    if profile is not None:
        yield Plot(name="counts", panels=(counts_panel(profile, regions=True),))
        yield Plot(name="calibrated-profile", panels=(density_panel(profile),))
        yield Plot(name="charge-balance", panels=(balance_panel(profile),))
    elif raw is not None:
        yield Plot(name="raw-counts", panels=(raw_counts_panel(raw),))


def crater_plot(scan: StepHeight | CraterScan) -> Plot:
    """A scan across the crater, named after its file."""
    panel = crater_panel(scan)
    return Plot(name=f"crater-{panel.title.removesuffix('.csv')}", panels=(panel,))


def with_draft(data: Any, draft: Mapping[str, Any], *, folder: Path) -> Experiment | None:
    """The experiment of the data of a document, in which some values are other ones; None if it cannot be used."""
    for key, value in draft.items():
        with suppress(InputError):  # it has no place yet
            set_at(data, split_path(key), value)
    try:
        return experiment_of(data, folder=folder, file="")
    except InputError:
        return None


def experiment_plots(experiment: Experiment) -> list[Plot]:
    """D(n), and the site energies where there are any."""
    return [plot for plot in (diffusion_coefficients.plot(experiment), all_site_energies(experiment)) if plot]
