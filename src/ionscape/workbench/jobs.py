"""Long computations in processes of their own: progress, cancelling, results, failures; knows nothing of web pages."""

from __future__ import annotations

import json
import math
import shutil
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ionscape.errors import InputError
from ionscape.files.writing import write_text

from .endings import DIED, LEFT, NOTHING_SAVED, Ending, entered_ending
from .processes import Worker
from .project import beginning_file
from .tasks import TASKS, run_job

if TYPE_CHECKING:
    from pathlib import Path

    from .project import Project

State = Literal["waiting", "running", "finished", "failed", "cancelled", "interrupted"]

LIGHT_KINDS = ("calibrate", "report")
"""Those of a few seconds, which do not wait for the others."""
GRACE = 30.0
"""Time [s] that a cancelled job has to save what it has found."""
SAVE_PROGRESS_EVERY = 2.0
FORMAT = "ionscape job 1"


@dataclass(kw_only=True, eq=False)
class Job:
    """A computation that was asked for; its attributes change while it runs.

    Attributes:
        identifier: "0001", "0002", ...: in the order of submission.
        kind: one of `ionscape.workbench.tasks.TASKS`.
        options: plain data; `ionscape.workbench.tasks` describes them.
        state: what has become of it.
        progress: last report, plain data; its keys are described in `ionscape.workbench.tasks`.
        ending: what there is to say at its end.
        results: files that it has written, relative to the project.
        submitted: when, ISO 8601.
        started: when, ISO 8601; empty before.
        ended: when, ISO 8601; empty before.
    """

    identifier: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    state: State = "waiting"
    progress: dict[str, Any] = field(default_factory=dict[str, Any])
    ending: Ending = field(default_factory=Ending)
    results: list[str] = field(default_factory=list[str])
    submitted: str = ""
    started: str = ""
    ended: str = ""

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")

    @property
    def fraction(self) -> float | None:
        """How much of it is done, 0 to 1; None if that is not known."""
        if self.state == "finished":
            return 1.0
        if "fraction" in self.progress:
            return float(self.progress["fraction"])
        total = self.progress.get("total", self.progress.get("starts"))
        return float(self.progress.get("done", 0)) / total if total else None


class JobRunner:
    """Runs the jobs of a project: one heavy one at a time, light ones beside it. Usable from any thread."""

    def __init__(self, project: Project, *, grace: float = GRACE) -> None:
        """Read the records; what an earlier server left running is interrupted."""
        self.project = project
        self.grace = grace
        self._lock = threading.RLock()
        self._lanes = {name: ThreadPoolExecutor(1, thread_name_prefix=f"jobs-{name}") for name in ("light", "heavy")}
        self._running: dict[str, _Running] = {}
        self._closed = False
        self._jobs: dict[str, Job] = {job.identifier: job for job in self._read_records()}
        # of no use to anybody since the lock of the project is ours
        shutil.rmtree(project.folder / "jobs" / "scratch", ignore_errors=True)
        for job in self._jobs.values():
            self._tidy(job)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs of the project, the latest last."""
        with self._lock:
            return tuple(self._jobs.values())

    @property
    def active(self) -> tuple[Job, ...]:
        """Those that wait or run."""
        return tuple(job for job in self.jobs if job.active)

    def latest(self, kind: str) -> Job | None:
        """The latest job of a kind; None if there is none."""
        return next((job for job in reversed(self.jobs) if job.kind == kind), None)

    def submit(self, kind: str, options: Mapping[str, Any] | None = None) -> Job:
        """Ask for a computation; returns at once.

        Raises:
            InputError: the kind is not known.
        """
        if kind not in TASKS:
            raise InputError("is no kind of job", value=kind, remedy=f"choose one of {', '.join(TASKS)}")
        with self._lock:
            number = 1 + max((int(identifier) for identifier in self._jobs), default=0)
            job = Job(identifier=f"{number:04d}", kind=kind, options=dict(options or {}), submitted=_now())
            self._jobs[job.identifier] = job
            self._enqueue(job)
        self.project.changed("jobs")
        return job

    def take_up(self, job: Job) -> Job:
        """Run a job again that was interrupted, cancelled or failed; what it has finished is not done again."""
        with self._lock:
            if job.active:
                return job
            job.state, job.ending, job.started, job.ended, job.progress = "waiting", Ending(), "", "", {}
            self._enqueue(job)
        self.project.changed("jobs")
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job; it may save what it has found so far, within the grace time. Returns at once."""
        with self._lock:
            if job.state == "waiting":
                job.state, job.ended = "cancelled", _now()
                self._save(job)
            running = self._running.get(job.identifier)
            if running is not None:
                running.cancelled = True
        if running is not None:
            running.worker.interrupt()
            end = partial(running.worker.end, grace=self.grace)
            threading.Thread(target=end, daemon=True).start()
        self.project.changed("jobs")

    def wait(self, job: Job, timeout: float = math.inf) -> bool:
        """Wait in this thread until a job has ended; False if the time [s] is over before. Not for the event loop."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            with self._lock:  # until its record is written
                if not job.active:
                    return True
            time.sleep(0.05)
        return False

    def close(self) -> None:
        """End all jobs as a killed server would: they are interrupted and can be taken up again."""
        with self._lock:
            self._closed = True
            for job in self.active:
                if job.state == "waiting":
                    job.state = "interrupted"
                    self._save(job)
            running = list(self._running.values())
        for each in running:
            each.worker.end(grace=0.0)
        for lane in self._lanes.values():
            lane.shutdown()

    # -- in the threads of the two lanes --------------------------------------------------------------------------

    def _enqueue(self, job: Job) -> None:
        if self._closed:
            raise InputError("cannot be started", value=job.kind, remedy="the workbench is being closed")
        self._save(job)
        self._lanes["light" if job.kind in LIGHT_KINDS else "heavy"].submit(self._work, job)

    def _work(self, job: Job) -> None:
        with self._lock:
            if job.state != "waiting":
                return  # cancelled meanwhile
            job.state, job.started = "running", _now()
            self._save(job)
            running = self._start(job)
        self.project.changed("jobs")
        try:
            self._follow(running)
        finally:
            with self._lock:
                self._running.pop(job.identifier, None)
        self.project.changed("jobs")

    def _start(self, job: Job) -> _Running:
        given = job.kind, dict(job.options), str(self.project.folder), job.identifier
        running = _Running(job=job, worker=Worker(run_job, *given, name=f"ionscape-{job.kind}", leads=True))
        self._running[job.identifier] = running
        return running

    def _follow(self, running: _Running) -> None:
        """Take the reports of a process until it ends."""
        job = running.job
        outcome: dict[str, Any] | None = None
        saved = time.monotonic()
        for kind, content in running.worker.messages():
            if kind == "progress":
                job.progress = content
                if time.monotonic() - saved > SAVE_PROGRESS_EVERY:
                    saved = time.monotonic()
                    self._save(job)
                self.project.changed("jobs")
            elif kind == "outcome":
                outcome = content
        running.worker.process.join()
        running.worker.connection.close()
        with self._lock:
            self._conclude(running, outcome)
            self._save(job)
            self._tidy(job)
        if job.results:
            self.project.changed("results")

    def _conclude(self, running: _Running, outcome: dict[str, Any] | None) -> None:
        job = running.job
        job.ended = _now()
        if outcome is not None:
            job.state, job.results, job.ending = outcome["state"], outcome["results"], entered_ending(outcome)
        elif self._closed:
            job.state = "interrupted"
        elif running.cancelled:
            job.state, job.ending = "cancelled", Ending(reason=NOTHING_SAVED())
        else:
            job.state, job.ending = "failed", Ending(reason=DIED())

    # -- records --------------------------------------------------------------------------------------------------

    def _record(self, job: Job) -> Path:
        return self.project.folder / "jobs" / f"{job.identifier}.json"

    def _save(self, job: Job) -> None:
        with self._lock:
            record = {"format": FORMAT, **{name: getattr(job, name) for name in _PLAIN}, **job.ending.entries()}
            # a value that JSON has not, such as a date of a document, is only shown
            text = json.dumps(record, indent=1, ensure_ascii=False, default=str)
            # a disk that is full must not end the thread that waits for the job, which says it itself
            with suppress(InputError):
                write_text(self._record(job), text + "\n")

    def _tidy(self, job: Job) -> None:
        """Remove what a finished job has no use for; only one that is not finished may be taken up again."""
        if job.state == "finished":
            beginning_file(self.project.folder, job.identifier).unlink(missing_ok=True)

    def _read_records(self) -> list[Job]:
        found: list[Job] = []
        for path in sorted((self.project.folder / "jobs").glob("[0-9]*.json")):
            if not path.is_file():
                continue  # reading a pipe would never end
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
                job = Job(**{name: record[name] for name in _PLAIN if name in record}, ending=entered_ending(record))
                if record["format"] != FORMAT or job.identifier != path.stem or not job.identifier.isdigit():
                    continue
            except (OSError, ValueError, TypeError, KeyError, AttributeError):
                continue  # a record says nothing that a result does not: one that cannot be read is passed over
            if job.active:
                job.state, job.ending = "interrupted", Ending(reason=LEFT())
                self._save(job)
            found.append(job)
        return found


_PLAIN = tuple(each.name for each in fields(Job) if each.name != "ending")


@dataclass(kw_only=True, eq=False)
class _Running:
    job: Job
    worker: Worker
    cancelled: bool = False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
