"""The simulations of a project and the measurement beside them: found, read, made into plots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.files.quantities import format_quantity
from ionscape.workbench.reading import once_per_file

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.transport import SimulationResult
    from ionscape.workbench.jobs import Job
    from ionscape.workbench.session import Session


@dataclass(frozen=True, kw_only=True)
class Run:
    """A simulation in the project.

    Attributes:
        path: of its file.
        number: as its job has it.
        words: for the list of runs: what was simulated, and when.
        job: that made it; None if its record is not there.
    """

    path: Path
    number: str
    words: tuple[str, ...] = ()
    job: Job | None = None

    @property
    def name(self) -> str:
        """Of its file."""
        return self.path.name

    @property
    def partial(self) -> bool:
        """Whether it ended before the experiment did."""
        return ".partial" in self.name

    @property
    def label(self) -> str:
        """For the list of runs."""
        return f"{self.number}  {', '.join((*self.words, 'not finished') if self.partial else self.words)}"


def find_runs(session: Session) -> list[Run]:
    """The simulations in the project, the oldest first."""
    jobs = {job.identifier: job for job in session.jobs.jobs}
    found: list[Run] = []
    for path in session.project.results("simulations/*.nc"):
        number = path.name.split(".", 1)[0]
        job = jobs.get(number)
        words = (str(job.options.get("label") or job.options.get("model", "full")), job.ended[11:16]) if job else ()
        found.append(Run(path=path, number=number, words=tuple(filter(None, words)), job=job))
    return found


def remarks_on(shown: Run, result: SimulationResult, experiment: Experiment | None) -> list[str]:
    """What is to be known of a run before its figures are looked at: whether it ended early, and is of this document.

    Args:
        shown: the run.
        result: of it.
        experiment: of the document as it is now.
    """
    found: list[str] = []
    if shown.partial:
        reached = format_quantity(float(result.dataset["time"].values[-1]), "time")
        wanted = format_quantity(sum(stage.duration for stage in result.experiment.stages), "time")
        failed = shown.job is not None and shown.job.state == "failed"
        why = "did not converge" if failed else "was stopped"
        found.append(f"Run {shown.number} {why}: it ends at {reached} of {wanted}.")
    if experiment is None or _described(experiment) != _described(result.experiment):
        found.append(
            f"The experiment has been changed since run {shown.number}: the figures show the former one."
            " Simulate again to see what the present one gives."
        )
    return found


def _described(experiment: Experiment) -> dict[str, Any]:
    return experiment.model_dump(exclude={"title"})


@once_per_file
def load_run(path: Path) -> SimulationResult:
    """Read the result of a simulation."""
    from ionscape.transport import load_result

    return load_result(path)
