"""The simulations of a project and the measurement beside them: found, read, made into plots."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.errors import InputError
from ionscape.figures.plot import Plot
from ionscape.figures.profiles import shown_depth_of
from ionscape.files.quantities import format_quantity
from ionscape.workbench.plots import live_plot, plots_at
from ionscape.workbench.reading import read_experiment

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.profiling import DepthProfile
    from ionscape.transport import SimulationResult
    from ionscape.workbench.jobs import Job
    from ionscape.workbench.live import LiveProfile
    from ionscape.workbench.session import Session


@dataclass(frozen=True, kw_only=True)
class Run:
    """A simulation in the project.

    Attributes:
        name: of its file.
        path: of its file.
        label: for the list of runs.
        job: that made it; None if its record is not there.
    """

    name: str
    path: Path
    label: str
    job: Job | None = None


def find_runs(session: Session) -> list[Run]:
    """The simulations in the project, the oldest first."""
    jobs = {job.identifier: job for job in session.jobs.jobs}
    found: list[Run] = []
    for path in session.project.results("simulations/*.nc"):
        number = path.name.split(".", 1)[0]
        job = jobs.get(number)
        words = [str(job.options.get("label") or job.options.get("model", "full"))] if job else []
        if job and job.ended:
            words.append(job.ended[11:16])
        if ".partial" in path.name:
            words.append("not finished")
        found.append(Run(name=path.name, path=path, label=f"{number}  {', '.join(words)}", job=job))
    return found


def remarks_on(shown: Run, result: SimulationResult, document: Path) -> list[str]:
    """What is to be known of a run before its figures are looked at: whether it ended early, and is of this document.

    Args:
        shown: the run.
        result: of it.
        document: of the project as it is now.
    """
    found: list[str] = []
    if ".partial" in shown.name:
        reached = format_quantity(float(result.dataset["time"].values[-1]), "time")
        wanted = format_quantity(sum(stage.duration for stage in result.experiment.stages), "time")
        failed = shown.job is not None and shown.job.state == "failed"
        why = "did not converge" if failed else "was stopped"
        found.append(f"Run {shown.label.split(' ')[0]} {why}: it ends at {reached} of {wanted}.")
    try:
        same = _described(read_experiment(document)) == _described(result.experiment)
    except InputError:
        same = False
    if not same:
        found.append(
            f"The experiment has been changed since run {shown.label.split(' ')[0]}: the figures show the former one."
            " Simulate again to see what the present one gives."
        )
    return found


def _described(experiment: Experiment) -> dict[str, Any]:
    return experiment.model_dump(exclude={"title"})


def views_at(
    result: SimulationResult, time: float, profile: DepthProfile | None,
    others: list[tuple[str, SimulationResult]], normalised: bool,
) -> list[Plot]:  # fmt: skip
    """The four plots of a run at a time [s], other runs by name and the measurement beside it."""
    return plots_at(result, time, profile=profile, others=others, normalised=normalised)


def live_plots(
    experiment: Experiment, found: LiveProfile, profile: DepthProfile | None, reference: SimulationResult | None,
    normalised: bool,
) -> list[Plot]:  # fmt: skip
    """The profile of the electroneutral model, down to where it, or the run beside it, changes."""
    densities = {name: found.density[-1, place] for place, name in enumerate(found.ions)}
    change = np.abs(found.density[-1] - found.density[-1][:, -1:]).max(axis=0)
    near = found.depth < 0.5 * found.depth[-1]
    deep = found.depth[near][change[near] > 0.02 * change[near].max()] if change[near].max() > 0.0 else found.depth[:1]
    limits = [1.2 * float(deep.max(initial=0.0)), *([shown_depth_of(reference)] if reference is not None else [])]
    limit = min(max(limits), float(found.depth[-1]))
    return [live_plot(experiment, found.depth, densities, title="end of the last stage, electroneutral model",
                      profile=profile, reference=reference, limit=limit, normalised=normalised)]  # fmt: skip


@lru_cache(maxsize=8)
def load_run(path: str, _changed: int) -> SimulationResult:
    """Read the result of a simulation, which is kept until its file changes."""
    from ionscape.transport import load_result

    return load_result(path)
